/*-------------------------------------------------------------------------
 *
 * aggregates.h
 *		The additive aggregates: which accumulator each is kept as, and how its
 *		result is computed from it (PostgreSQL's own digits).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_AGGREGATES_H
#define IVM_AGGREGATES_H

#include "store/accum.h"

/* Is the aggregate kept additively?  Sets the accumulator's kind. */
extern bool IvmAggregateKind(Oid aggfnoid, IvmAccumKind *kind);

/* Is the result of an aggregate that is none of these the same, in any order, when equal rows are given once? */
extern bool IvmAggregateIsIdempotent(Oid aggfnoid);

/*
 * May an aggregate be computed from an accumulator of another kind that holds the
 * same arguments (count(x) from the sum's, sum from the variance's)?
 */
extern bool IvmAccumServes(IvmAccumKind have, IvmAccumKind want);

/*
 * The aggregate's result from accumulator number i of the state (whose kind
 * serves it).  Allocates in CurrentMemoryContext.
 */
extern Datum IvmAggregateFinal(Oid aggfnoid, const IvmStateDesc *desc, const IvmState *state,
							   int i, bool *isnull);

/*
 * The exact, order-independent replacement in schema ivm_fdw for an aggregate over floats
 * (used by live queries and builds), or InvalidOid where PostgreSQL's own is exact.
 */
extern Oid	IvmExactAggregate(Oid aggfnoid);

#endif							/* IVM_AGGREGATES_H */
