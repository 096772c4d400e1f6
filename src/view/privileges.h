/*-------------------------------------------------------------------------
 *
 * privileges.h
 *		What a view's owner must be allowed to do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_PRIVILEGES_H
#define IVM_PRIVILEGES_H

#include "view/definition.h"

/*
 * May the view be read: its owner still has SELECT on what the query reads, and
 * no row-level security applies to the owner.  ERROR otherwise.
 */
extern void IvmCheckReadable(const IvmView *view);

/*
 * May this role be the owner of a view with this query: readable as above,
 * EXECUTE on its functions, TRIGGER on its base tables.  ERROR otherwise.
 */
extern void IvmCheckDefiner(Query *query, Oid owner);

#endif							/* IVM_PRIVILEGES_H */
