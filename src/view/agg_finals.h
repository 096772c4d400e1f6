/*-------------------------------------------------------------------------
 *
 * agg_finals.h
 *		Results of additive aggregates, by family of accumulators.  For
 *		aggregates.c and exact_aggs.c.
 *
 * A final function reads an accumulator of any kind that serves its
 * aggregate, and returns what PostgreSQL's own would, NULL included.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_AGG_FINALS_H
#define IVM_AGG_FINALS_H

#include "store/accumkinds.h"

typedef Datum (*IvmFinalFunction) (const void *acc, IvmAccumKind kind, Oid aggfnoid,
								   bool *isnull);

/* agg_exact.c: integers, numeric, money, interval */
extern Datum IvmFinalIntSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalIntAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalMoneySum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalNumericSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalNumericAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalNumericVariance(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalIntervalSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalIntervalAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);

/* agg_float.c */
extern Datum IvmFinalFloatSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalFloatAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalFloatVariance(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);
extern Datum IvmFinalFloatPairs(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull);

#endif							/* IVM_AGG_FINALS_H */
