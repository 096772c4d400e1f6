/*-------------------------------------------------------------------------
 *
 * leaves.h
 *		The leaf tables of base tables, and what is known of them.  (The
 *		questions about views are declared in catalog.h.)
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_LEAVES_H
#define IVM_LEAVES_H

#include "nodes/pg_list.h"

/* For catalog.c: set up; a relcache invalidation (sets flags only); views changed. */
extern void IvmLeavesInitialize(void);
extern void IvmLeavesInvalidate(Oid relid);
extern void IvmLeavesForgetViews(void);

/* Leaf tables of a table (itself, where it is one): list of Oid ascending; takes no locks. */
extern List *IvmLeavesOfTable(Oid relid, bool inh);

/* Views over a table or one of its ancestors, as relids, without loading them. */
extern List *IvmLeafViewRelids(Oid leaf);

#endif							/* IVM_LEAVES_H */
