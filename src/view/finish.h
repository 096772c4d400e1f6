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
 * Prepare to finish rows.  wanted: output columns (0-based) that are asked for;
 * others are left NULL and not computed (HAVING's needs are always met).
 * Allocates in CurrentMemoryContext.
 */
extern IvmFinish *IvmFinishBegin(const IvmView *view, const bool *wanted);

/*
 * Finish one group into slot (virtual, noutputs columns).  Returns false where
 * the group is not shown (no rows and not one_row; HAVING).  Results live in
 * per-row memory until the next call.  Enters the evaluation environment by itself where needed.
 */
extern bool IvmFinishRow(IvmFinish *finish, const char *key, Size keylen,
						 const IvmState *state, TupleTableSlot *slot);

#endif							/* IVM_FINISH_H */
