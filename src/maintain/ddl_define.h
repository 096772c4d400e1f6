/*-------------------------------------------------------------------------
 *
 * ddl_define.h
 *		Making and remaking the definition of a view.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_DDL_DEFINE_H
#define IVM_DDL_DEFINE_H

#include "nodes/pg_list.h"

/*
 * Make the definition of a foreign table from its options: check it, keep it
 * under a new id, record its dependencies, install the triggers.
 * pinned_literals: the query's literals are read under the view's settings (that is how
 * they were dumped), else under the session's.
 * had_xid: the transaction may have written before the statement.
 */
extern void IvmDefineView(Oid relid, bool pinned_literals, bool had_xid);

/* The same definition, but what it computes has changed: a new id. */
extern void IvmRedefineView(Oid relid, bool had_xid);

/* Names may have changed: write option "query" anew from the tree, if it differs. */
extern void IvmRefreshQueryText(Oid relid);

/* Names of the view's columns have changed: option "key" names these positions. */
extern void IvmRenewKeyOption(Oid relid, List *positions);

#endif							/* IVM_DDL_DEFINE_H */
