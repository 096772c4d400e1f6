/*-------------------------------------------------------------------------
 *
 * finish.h
 *		The finishing part: from a group's key and state to an output row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_FINISH_H
#define IVM_FINISH_H

#include "executor/tuptable.h"
#include "view/definition.h"

typedef struct IvmFinish IvmFinish;

/*
 * Prepare to finish rows.  wanted: output columns (0-based) that are asked for,
 * NULL for all; others are left NULL and not computed (HAVING's needs are
 * always met).  columns: the 0-based slot column that each output goes to, NULL
 * where they are the same.  Both are kept.  Allocates in CurrentMemoryContext.
 */
extern IvmFinish *IvmFinishBegin(const IvmView *view, const bool *wanted, const int *columns);

/* Is the result of an aggregate asked for? */
extern bool IvmFinishNeeds(const IvmFinish *finish, int agg);

/*
 * Finish one group into slot (filled as a virtual tuple).  key is as in the store.
 * rows: how many rows it has; states: by part.  arranged: results of the aggregates over arrangements, by aggregate (NULL where there are
 * none).  Returns false where HAVING is not true.  Results live in
 * CurrentMemoryContext, which the caller resets between rows; some live only
 * until the next call.  Enters the evaluation environment by itself where needed.
 */
extern bool IvmFinishRow(IvmFinish *finish, const char *key, Size keylen,
						 int64 rows, IvmState *const *states, const NullableDatum *arranged,
						 TupleTableSlot *slot);

extern void IvmFinishEnd(IvmFinish *finish);

#endif							/* IVM_FINISH_H */
