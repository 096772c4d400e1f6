/*-------------------------------------------------------------------------
 *
 * outer.h
 *		Outer joins, EXISTS and IN: rows that depend on whether others match
 *		(private to the splitting of queries).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_OUTER_H
#define IVM_OUTER_H

#include "view/split.h"

/*
 * Take EXISTS, NOT EXISTS and IN out of the block's WHERE, and outer joins out of its FROM.  False where there is
 * nothing of the kind.  varnos: the block's tables, to which those of EXISTS and IN are added.
 */
extern bool IvmOuterFind(IvmSplit *split);

/* The linear part of such a block: the parts of the view, and HAVING.  After collecting. */
extern void IvmOuterSplit(IvmSplit *split);

#endif							/* IVM_OUTER_H */
