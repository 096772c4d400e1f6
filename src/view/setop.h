/*-------------------------------------------------------------------------
 *
 * setop.h
 *		UNION, INTERSECT and EXCEPT (private to the splitting of queries).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SETOP_H
#define IVM_SETOP_H

#include "view/split.h"

/* The core block is a set operation: see which; refuse what cannot be kept. */
extern void IvmSetopFind(IvmSplit *split);

/* The view's parts: its branches.  Also the targets, where there is no upper query. */
extern void IvmSetopSplit(IvmSplit *split);

/* Turn the block, in place, into a SELECT of the core's columns (range table entry 1). */
extern void IvmSetopReplace(IvmSplit *split);

#endif							/* IVM_SETOP_H */
