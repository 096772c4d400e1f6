/*-------------------------------------------------------------------------
 *
 * fold.h
 *		Folding: committed deltas below the horizon are added to the base and
 *		deleted; those below it that did not commit are deleted; generations
 *		that nobody can need any more are removed (DESIGN section 9).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_FOLD_H
#define IVM_FOLD_H

#include "store/visibility.h"

/*
 * One pass over a view, in short LMDB write transactions.  Returns the number
 * of delta entries that went away.  *more tells that entries remain which a
 * later pass (a higher horizon, or generations pruned) can fold.  Prune first.
 */
extern int64 IvmFoldView(uint32 view, FullTransactionId horizon, bool *more);

/* Remove generations, markers and invalidations that are dead; returns entries removed. */
extern int64 IvmPruneGenerations(uint32 view, FullTransactionId horizon);

#endif							/* IVM_FOLD_H */
