/*-------------------------------------------------------------------------
 *
 * refuse.c
 *		What a view's query must not contain, and which tables it must not be
 *		over.
 *
 * Further judgements are made where the parts are dealt with: functions.c,
 * flatten.c, block.c, split.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "ivm_fdw.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/rel.h"
#include "view/catalog.h"
#include "view/definition.h"
#include "view/querytext.h"
#include "view/refuse.h"

void
IvmRefuse(const char *text, int location, const char *message, const char *hint)
{
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg_internal("%s", message),
			errhint("%s", hint),
			IvmErrLocation(text, location));
}

/* ---- shape of the query ---- */

/* UNION…, FOR UPDATE, TABLESAMPLE: the clauses around a plain SELECT. */
static void
refuse_clauses(Query *query, const char *text)
{
	ListCell   *lc;

	if (query->rowMarks != NIL)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "row locks (FOR UPDATE, FOR SHARE) are not supported in the query of a view",
				  "Leave the locking clause out.");
	foreach(lc, query->rtable)
	{
		if (lfirst_node(RangeTblEntry, lc)->tablesample != NULL)
			IvmRefuse(text, IvmFromLocation(text, 0),
					  "TABLESAMPLE is not supported in the query of a view",
					  "Leave it out: a view is kept over all rows of its table.");
	}
}

static bool
refuse_walker(Node *node, void *arg)
{
	const char *text = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		refuse_clauses((Query *) node, text);
		return query_tree_walker((Query *) node, refuse_walker, arg, 0);
	}
	return expression_tree_walker(node, refuse_walker, arg);
}

void
IvmRefuseShape(Query *query, const char *text)
{
	if (query->commandType != CMD_SELECT)
		IvmRefuse(text, 0, "the query of a view must be a SELECT", "Give a single SELECT.");
	refuse_walker((Node *) query, (void *) text);
}

/* ---- grouping ---- */

/* An aggregate that wants its input sorted rules grouping by hash out. */
static bool
sorts_walker(Node *node, void *arg)
{
	Aggref	   *aggref = (Aggref *) node;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref) && aggref->agglevelsup == 0 &&
		(aggref->aggorder != NIL || aggref->aggdistinct != NIL || AGGKIND_IS_ORDERED_SET(aggref->aggkind)))
		return true;
	return expression_tree_walker(node, sorts_walker, arg);
}

static bool
can_group(Query *query)
{
	List	   *keys = query->groupClause != NIL ? query->groupClause : query->distinctClause;

	if (grouping_is_sortable(keys))
		return true;
	return grouping_is_hashable(keys) &&
		(query->groupClause == NIL ||
		 (!sorts_walker((Node *) query->targetList, NULL) && !sorts_walker(query->havingQual, NULL)));
}

static bool
grouping_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		IvmRefuseGrouping((Query *) node, arg);
		return false;
	}
	return expression_tree_walker(node, grouping_walker, arg);
}

void
IvmRefuseGrouping(Query *query, const char *text)
{
	if (!can_group(query))
		IvmRefuse(text, exprLocation((Node *) query->targetList),
				  "grouping by a type that can only be hashed together with one that can only be sorted, or with an aggregate that sorts, is not supported",
				  "PostgreSQL cannot run such a query: cast one of the columns, to text for instance.");
	query_tree_walker(query, grouping_walker, (void *) text, 0);
}

/* ---- base table ---- */

/* What a relation is, where it cannot be a base table; else NULL. */
static const char *
unfit_kind(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
			return NULL;
		case RELKIND_VIEW:
			return "a view";
		case RELKIND_MATVIEW:
			return "a materialized view";
		case RELKIND_FOREIGN_TABLE:
			return IvmIsView(RelationGetRelid(rel)) ?
				"itself a view of ivm_fdw" : "a foreign table";
		case RELKIND_SEQUENCE:
			return "a sequence";
		default:
			return "not a table";
	}
}

static void
refuse_relation(Relation rel, const char *text, bool child)
{
	const char *kind = unfit_kind(rel);
	const char *what = child ? "partition or child table" : "relation";
	int			location = IvmFromLocation(text, 0);

	if (kind != NULL)
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("%s \"%s\" is %s, over which no view can be kept",
					   what, RelationGetRelationName(rel), kind),
				errhint("Write the query over ordinary or partitioned tables of this database."),
				IvmErrLocation(text, location));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("%s \"%s\" is temporary, over which no view can be kept",
					   what, RelationGetRelationName(rel)),
				errhint("Use a permanent or unlogged table."),
				IvmErrLocation(text, location));
	if (RELKIND_HAS_STORAGE(rel->rd_rel->relkind) &&
		rel->rd_tableam != GetHeapamTableAmRoutine())
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("%s \"%s\" does not use the table access method \"heap\"",
					   what, RelationGetRelationName(rel)),
				errhint("Views are kept over heap tables only."),
				IvmErrLocation(text, location));
}

/* Tables on which nobody can, or should, put triggers. */
static void
refuse_system_table(Relation rel, const char *text)
{
	bool		own = RelationGetNamespace(rel) == get_namespace_oid(IVM_CATALOG_SCHEMA, true);

	if (!own && !IsSystemRelation(rel))
		return;
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg(own ? "table \"%s\" is ivm_fdw's own, over which no view can be kept" :
				   "relation \"%s\" is a system catalog, over which no view can be kept",
				   RelationGetRelationName(rel)),
			errhint("Query it directly."),
			IvmErrLocation(text, IvmFromLocation(text, 0)));
}

void
IvmRefuseTable(RangeTblEntry *rte, const char *text)
{
	Relation	rel = table_open(rte->relid, AccessShareLock);
	ListCell   *lc;

	refuse_system_table(rel, text);
	refuse_relation(rel, text, false);
	if (!rte->inh && rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  psprintf("ONLY \"%s\" has no rows, because the table is partitioned",
						   RelationGetRelationName(rel)),
				  "Leave ONLY out.");
	table_close(rel, NoLock);

	if (!rte->inh)
		return;
	foreach(lc, find_all_inheritors(rte->relid, AccessShareLock, NULL))
	{
		Oid			child = lfirst_oid(lc);

		if (child == rte->relid)
			continue;
		rel = table_open(child, NoLock);
		refuse_relation(rel, text, true);
		table_close(rel, NoLock);
	}
}
