/*-------------------------------------------------------------------------
 *
 * canonical.h
 *		What SQL leaves open in a query is settled, so that the store and a live
 *		query give the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CANONICAL_H
#define IVM_CANONICAL_H

#include "nodes/parsenodes.h"

/*
 * Settle a query, in place, in all its parts: float aggregates become exact
 * ones; aggregates whose result depends on the order of their input get a total
 * one; so do DISTINCT ON and LIMIT; ORDER BY without effect goes.
 */
extern void IvmCanonicalQuery(Query *query);

/* The same for one aggregate. */
extern void IvmCanonicalAggref(Aggref *aggref);

#endif							/* IVM_CANONICAL_H */
