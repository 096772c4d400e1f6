/*-------------------------------------------------------------------------
 *
 * ddl_check.h
 *		Statements that are refused, with the reason and a way out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_DDL_CHECK_H
#define IVM_DDL_CHECK_H

#include "nodes/parsenodes.h"
#include "view/settings.h"

/* ALTER TABLE or ALTER FOREIGN TABLE of a view, beforehand. */
extern void IvmCheckAlterView(Oid relid, AlterTableStmt *stmt);

/* ALTER TABLE of a table that may be, or lie above or below, a base table, beforehand. */
extern void IvmCheckAlterTable(Oid relid, AlterTableStmt *stmt);

/* A view is a foreign table without constraints, defaults, parents and children. */
extern void IvmCheckViewShape(Oid relid);

/* Its columns fit the query's output: number, types, typmods, collations. */
extern void IvmCheckViewColumns(Oid relid, Query *query);

#endif							/* IVM_DDL_CHECK_H */
