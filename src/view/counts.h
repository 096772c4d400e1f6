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

#include "view/split.h"

/* Make the counts aggregates of the finish row. */
extern void IvmCountsShow(IvmView *view);

/* Is a count (number i, shown) zero, or else positive? */
extern Expr *IvmCountIsZero(const IvmView *view, int i);
extern Expr *IvmCountIsPositive(const IvmView *view, int i);

/*
 * Split the next part of a view that counts under the view's own keys; the first is the view itself.  query has
 * the part's FROM, and the tables (varnos) among it; the keys are in the order of the view's, which
 * ngrouped of them lead.  Its rows count as rows of the key (into -1), or into the one of
 * ncounts counts with that number only.
 */
extern void IvmCountsSplitPart(IvmSplit *split, Query *query, List *varnos, List *keys,
							   int ngrouped, int ncounts, int into);

#endif							/* IVM_COUNTS_H */
