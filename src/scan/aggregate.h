/*-------------------------------------------------------------------------
 *
 * aggregate.h
 *		PostgreSQL's own aggregates, run over the elements of one group after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_AGGREGATE_H
#define IVM_AGGREGATE_H

#include "view/definition.h"

typedef struct IvmAggregate IvmAggregate;

/*
 * Prepare to run an arrangement's calls that are wanted (by position).  Allocates in
 * CurrentMemoryContext.  As for the functions below, the caller is in the view's environment.
 */
extern IvmAggregate *IvmAggregateBegin(const IvmView *view, int slot, const bool *wanted);

extern void IvmAggregateClear(IvmAggregate *aggregate); /* begin a group */

/* Give an element, as often as it counts. */
extern void IvmAggregateAdd(IvmAggregate *aggregate, const Datum *values, const bool *nulls,
							int64 copies);

/*
 * Results for what was given, by call, copied to CurrentMemoryContext; key is the group's, as in the store
 * (without its slot).
 */
extern void IvmAggregateResults(IvmAggregate *aggregate, const char *key, Size keylen,
								NullableDatum *results);

extern void IvmAggregateEnd(IvmAggregate *aggregate);

#endif							/* IVM_AGGREGATE_H */
