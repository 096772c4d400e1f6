/*-------------------------------------------------------------------------
 *
 * rebuild.h
 *		Building a generation of a view beside running writers (DESIGN section 10).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_REBUILD_H
#define IVM_REBUILD_H

#include "view/definition.h"

/*
 * Build a new generation of the view in the current transaction.  Returns the
 * number of its groups.  wait: wait for another rebuild of the view and for
 * locks that repair capture, else return -1 at once; also -1 where the store cannot take one now; *why is
 * then a constant string.
 */
extern int64 IvmRebuildView(Oid relid, bool wait, const char **why);

/*
 * The view's only base table was truncated by this transaction: what was captured before is void,
 * and an empty generation replaces the base.
 */
extern void IvmEmptyView(IvmView *view);

#endif							/* IVM_REBUILD_H */
