/*-------------------------------------------------------------------------
 *
 * compat.h
 *		What differs between PostgreSQL's major versions: the only place that
 *		tests PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_COMPAT_H
#define IVM_COMPAT_H

#include "access/transam.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "rewrite/rewriteManip.h"
#include "utils/selfuncs.h"
#include "utils/pg_locale.h"
#include "utils/acl.h"
#include "utils/rel.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * From 18 on the parser replaces grouped expressions in the target list and
 * HAVING by references to a range table entry of their own.  Undo that, in place.
 */
static inline void
IvmFlattenGroupExprs(Query *query)
{
#if PG_VERSION_NUM >= 180000
	if (query->hasGroupRTE)
	{
		query->targetList = (List *)
			flatten_group_exprs(NULL, query, (Node *) query->targetList);
		query->havingQual = flatten_group_exprs(NULL, query, query->havingQual);
	}
#endif
}

/* Replace Vars of the query's joins in a node of it by what they stand for. */
static inline Node *
IvmFlattenJoinAliases(Query *query, Node *node)
{
#if PG_VERSION_NUM >= 160000
	return flatten_join_alias_vars(NULL, query, node);
#else
	return flatten_join_alias_vars(query, node);
#endif
}

/* From 16 on Vars know which outer joins null them: pass that on to what takes a Var's place. */
static inline Node *
IvmAddNullingRels(Node *expr, const Var *var)
{
#if PG_VERSION_NUM >= 160000
	if (var->varnullingrels != NULL)
		return add_nulling_relids(expr, pull_varnos(NULL, expr), var->varnullingrels);
#endif
	return expr;
}

/* Append the range table of a subquery, whose Vars are offset already. */
static inline void
IvmAppendRangeTable(Query *query, Query *subquery)
{
#if PG_VERSION_NUM >= 160000
	CombineRangeTables(&query->rtable, &query->rteperminfos,
					   subquery->rtable, subquery->rteperminfos);
#else
	query->rtable = list_concat(query->rtable, subquery->rtable);
#endif
}

/* Is the column computed at each read (18 and later), so that stored rows lack it? */
static inline bool
IvmIsVirtualColumn(Form_pg_attribute att)
{
#if PG_VERSION_NUM >= 180000
	return att->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	return false;
#endif
}

/* Has the current transaction given the relation new storage? */
static inline bool
IvmRelationHasNewStorage(Relation rel)
{
#if PG_VERSION_NUM >= 160000
	return rel->rd_firstRelfilelocatorSubid != InvalidSubTransactionId;
#else
	return rel->rd_firstRelfilenodeSubid != InvalidSubTransactionId;
#endif
}

static inline bool
IvmIsOwner(Oid relid, Oid userid)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relid, userid);
#else
	return pg_class_ownercheck(relid, userid);
#endif
}

/* ERROR where the checkAsUser of the query's range table may not read what it reads. */
static inline void
IvmCheckQueryPermissions(const Query *query)
{
#if PG_VERSION_NUM >= 160000
	(void) ExecCheckPermissions(query->rtable, query->rteperminfos, true);
#else
	(void) ExecCheckRTPerms(query->rtable, true);
#endif
}

static inline AclResult
IvmFunctionAclCheck(Oid funcid, Oid userid)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, funcid, userid, ACL_EXECUTE);
#else
	return pg_proc_aclcheck(funcid, userid, ACL_EXECUTE);
#endif
}

/* Does the collation compare bytes, by PostgreSQL's own account? */
static inline bool
IvmCollationIsC(Oid collation)
{
#if PG_VERSION_NUM >= 180000
	return pg_newlocale_from_collation(collation)->collate_is_c;
#else
	return lc_collate_is_c(collation);
#endif
}

/* Run a query to its end; it will not be run again. */
static inline void
IvmExecutorRunAll(QueryDesc *desc)
{
#if PG_VERSION_NUM >= 180000
	ExecutorRun(desc, ForwardScanDirection, 0);
#else
	ExecutorRun(desc, ForwardScanDirection, 0, true);
#endif
}

/* The pathkey of an expression under an ordering operator, if the query knows it. */
static inline List *
IvmExistingPathkey(PlannerInfo *root, Expr *expr, Oid opno, RelOptInfo *rel)
{
#if PG_VERSION_NUM >= 160000
	return build_expression_pathkey(root, expr, opno, rel->relids, false);
#else
	return build_expression_pathkey(root, expr, NULL, opno, rel->relids, false);
#endif
}

static inline double
IvmEstimateArrayLength(PlannerInfo *root, Node *array)
{
#if PG_VERSION_NUM >= 170000
	return estimate_array_length(root, array);
#else
	return estimate_array_length(array);
#endif
}

static inline ForeignPath *
IvmForeignScanPath(PlannerInfo *root, RelOptInfo *rel, double rows,
				   Cost startup_cost, Cost total_cost, List *pathkeys,
				   Relids required_outer, List *fdw_private)
{
#if PG_VERSION_NUM >= 180000
	return create_foreignscan_path(root, rel, NULL, rows, 0, startup_cost, total_cost,
								   pathkeys, required_outer, NULL, NIL, fdw_private);
#elif PG_VERSION_NUM >= 170000
	return create_foreignscan_path(root, rel, NULL, rows, startup_cost, total_cost,
								   pathkeys, required_outer, NULL, NIL, fdw_private);
#else
	return create_foreignscan_path(root, rel, NULL, rows, startup_cost, total_cost,
								   pathkeys, required_outer, NULL, fdw_private);
#endif
}

/* Oldest xid that the commit log still knows; under XactTruncationLock. */
static inline TransactionId
IvmOldestClogXid(void)
{
#if PG_VERSION_NUM >= 170000
	return TransamVariables->oldestClogXid;
#else
	return ShmemVariableCache->oldestClogXid;
#endif
}

#endif							/* IVM_COMPAT_H */
