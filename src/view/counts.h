/*-------------------------------------------------------------------------
 *
 * counts.h
 *		Parts of a view that count into accumulators, and conditions on these counts
 *		(private to the splitting of queries).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_COUNTS_H
#define IVM_COUNTS_H

#include "view/definition.h"

/*
 * Give a part a state of so many counts.  Its rows count as rows of the key (into
 * -1), or into the count of that number only.
 */
extern void IvmCountsSet(IvmView *part, int ncounts, int into);

/* Make the counts aggregates of the finish row. */
extern void IvmCountsShow(IvmView *view);

/* Is a count (number i, shown) zero, or else positive? */
extern Expr *IvmCountIsZero(const IvmView *view, int i);
extern Expr *IvmCountIsPositive(const IvmView *view, int i);

/* The next part of a view that counts under the view's own keys; the first is the view itself. */
extern IvmView *IvmCountsNextPart(IvmView *view);

#endif							/* IVM_COUNTS_H */
