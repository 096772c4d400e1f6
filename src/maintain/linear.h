/*-------------------------------------------------------------------------
 *
 * linear.h
 *		The linear part of a view, compiled for one leaf table: from a row to
 *		its key and its contribution to the state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_LINEAR_H
#define IVM_LINEAR_H

#include "executor/tuptable.h"
#include "utils/rel.h"
#include "view/definition.h"

typedef struct IvmLinear IvmLinear;

/*
 * The compiled form for rows of a leaf (columns are matched by name), or, with NULL,
 * for the rows of a part's source query.  Lives
 * as long as the view, or, where it runs code that is not built in, until the
 * (sub)transaction's end; get it anew for each row or scan, and release it, so
 * that user code which comes back here gets another one.
 */
extern IvmLinear *IvmLinearGet(IvmView *view, Relation leaf);
extern void IvmLinearRelease(IvmLinear *linear);

/* A transaction, or a subtransaction by abort, has ended: forget what may be left in the middle. */
extern void IvmLinearForgetUserCode(bool transaction_ended);

/* Do two rows agree, bit by bit, in every column that the view uses? */
extern bool IvmLinearSameInput(IvmLinear *linear, TupleTableSlot *a, TupleTableSlot *b);

/*
 * Where the contribution to a key is to be counted: returns a state of this
 * description that lives as long as the caller needs it.  The key is not kept.
 */
typedef IvmState *(*IvmLinearSink) (void *arg, const char *key, uint32 keylen,
									const IvmStateDesc *desc);

/*
 * Count a row of the leaf, with its sign, under every key that it contributes to: its
 * group (in each grouping set) and its elements.  For a row and its new
 * version keys come in the same order.  What states need is allocated in CurrentMemoryContext.
 */
extern void IvmLinearCount(IvmLinear *linear, TupleTableSlot *slot, int sign,
						   IvmLinearSink sink, void *arg);

#endif							/* IVM_LINEAR_H */
