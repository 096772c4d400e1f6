/*-------------------------------------------------------------------------
 *
 * refuse.c
 *		What a view's query must not contain, and which tables it must not be
 *		over.
 *
 * After IvmRefuseShape a query is: one relation in FROM, WHERE, GROUP BY of plain
 * columns or expressions (or DISTINCT instead of it, or neither), HAVING,
 * targets without subqueries, window functions and set-returning functions.
 * ORDER BY without LIMIT passes, and is ignored: a view has no order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
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

typedef struct FindNodeContext
{
	NodeTag		tag;			/* T_Invalid: anything that returns a set */
	Node	   *found;
} FindNodeContext;

static bool
find_node_walker(Node *node, void *arg)
{
	FindNodeContext *context = (FindNodeContext *) arg;
	bool		hit;

	if (node == NULL)
		return false;
	if (context->tag == T_Invalid)
		hit = (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcretset) ||
			(IsA(node, OpExpr) && ((OpExpr *) node)->opretset);
	else
		hit = nodeTag(node) == context->tag;
	if (hit)
	{
		context->found = node;
		return true;
	}
	if (IsA(node, Query))
		return false;
	return expression_tree_walker(node, find_node_walker, arg);
}

/* Location of the first node of a kind in the query's expressions. */
static int
location_of_first(Query *query, NodeTag tag)
{
	FindNodeContext context = {tag, NULL};

	if (!find_node_walker((Node *) query->targetList, &context) &&
		!find_node_walker((Node *) query->jointree, &context))
		find_node_walker(query->havingQual, &context);
	return exprLocation(context.found);
}

static bool
query_contains(Query *query, NodeTag tag)
{
	FindNodeContext context = {tag, NULL};

	return find_node_walker((Node *) query->targetList, &context) ||
		find_node_walker(query->havingQual, &context);
}

/* WITH, UNION…, LIMIT, FOR UPDATE: the clauses around a plain SELECT. */
static void
refuse_clauses(Query *query, const char *text)
{
	if (query->cteList != NIL)
		IvmRefuse(text, exprLocation(linitial(query->cteList)),
				  "WITH is not supported in the query of a view",
				  "Write the query over the table itself.");
	if (query->setOperations != NULL)
		IvmRefuse(text, IvmSetOperationLocation(text),
				  "UNION, INTERSECT and EXCEPT are not supported in the query of a view",
				  "Make a view for each part, and combine them in the query that reads the views.");
	if (query->limitOffset != NULL)
		IvmRefuse(text, exprLocation(query->limitOffset),
				  "OFFSET is not supported in the query of a view",
				  "Leave it out, and use OFFSET when you read the view.");
	if (query->limitCount != NULL)
		IvmRefuse(text, exprLocation(query->limitCount),
				  "LIMIT is not supported in the query of a view",
				  "Leave it out, and use ORDER BY and LIMIT when you read the view.");
	if (query->rowMarks != NIL)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "row locks (FOR UPDATE, FOR SHARE) are not supported in the query of a view",
				  "Leave the locking clause out.");
}

/* What may not occur anywhere in the expressions. */
static void
refuse_expressions(Query *query, const char *text)
{
	if (query->hasSubLinks)
		IvmRefuse(text, location_of_first(query, T_SubLink),
				  "subqueries are not supported in the query of a view",
				  "Write the condition over columns of the table, or apply the subquery when you read the view.");
	if (query->hasWindowFuncs)
		IvmRefuse(text, location_of_first(query, T_WindowFunc),
				  "window functions are not supported in the query of a view",
				  "Compute them in the query that reads the view.");
	if (query->hasTargetSRFs)
		IvmRefuse(text, location_of_first(query, T_Invalid),
				  "set-returning functions are not supported in the query of a view",
				  "Leave the function out, and apply it when you read the view.");
}

static void
refuse_grouping(Query *query, const char *text)
{
	int			first = Max(exprLocation((Node *) query->targetList), 0);	/* TABLE t has none */
	bool		grouped = query->groupClause != NIL || query->hasAggs || query->havingQual != NULL;
	List	   *keys = query->groupClause != NIL ? query->groupClause : query->distinctClause;

	if (query->groupingSets != NIL)
		IvmRefuse(text, exprLocation(linitial(query->groupingSets)),
				  "GROUPING SETS, ROLLUP, CUBE and GROUP BY () are not supported in the query of a view",
				  "Make a view for each grouping set, with an ordinary GROUP BY.");
	if (query_contains(query, T_GroupingFunc))
		IvmRefuse(text, location_of_first(query, T_GroupingFunc),
				  "GROUPING() is not supported in the query of a view",
				  "Leave it out: without GROUPING SETS it is always zero.");
	if (query->hasDistinctOn)
		IvmRefuse(text, first,
				  "DISTINCT ON is not supported in the query of a view",
				  "Use GROUP BY, or apply DISTINCT ON when you read the view.");
	if (query->distinctClause != NIL && grouped)
		IvmRefuse(text, first,
				  "DISTINCT together with GROUP BY, HAVING or aggregates is not supported in the query of a view",
				  "Leave DISTINCT out, and use it when you read the view.");
	if (query->distinctClause == NIL && !grouped)
		IvmRefuse(text, first,
				  "a query without GROUP BY, DISTINCT and aggregates is not supported as a view",
				  "Such a query shows the rows of a table: group them with GROUP BY or DISTINCT, or read the table itself.");
	if (!grouping_is_sortable(keys) && !grouping_is_hashable(keys))
		IvmRefuse(text, first,
				  "grouping by a type that can only be hashed together with one that can only be sorted is not supported",
				  "PostgreSQL cannot run such a query: cast one of the columns, to text for instance.");
}

/* The only item of FROM, or an error that says what is there instead. */
static void
refuse_from(Query *query, const char *text)
{
	static const char over_table[] = "Write the query over one table.";
	List	   *from = query->jointree->fromlist;
	RangeTblEntry *rte;

	if (from == NIL)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "the query of a view has no table in FROM", over_table);
	if (list_length(from) > 1 || !IsA(linitial(from), RangeTblRef))
		IvmRefuse(text, IvmFromLocation(text, list_length(from) > 1 ? 1 : 0),
				  "joins are not supported in the query of a view",
				  "Make the view over one table, and join it with the others when you read it.");

	rte = rt_fetch(linitial_node(RangeTblRef, from)->rtindex, query->rtable);
	if (rte->rtekind == RTE_SUBQUERY)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "subqueries in FROM are not supported in the query of a view", over_table);
	if (rte->rtekind == RTE_FUNCTION || rte->rtekind == RTE_TABLEFUNC)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "functions in FROM are not supported in the query of a view", over_table);
	if (rte->rtekind == RTE_VALUES)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "VALUES is not supported in the query of a view", over_table);
	if (rte->rtekind != RTE_RELATION)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "FROM contains something that is not a table", over_table);
	if (rte->tablesample != NULL)
		IvmRefuse(text, IvmFromLocation(text, 0),
				  "TABLESAMPLE is not supported in the query of a view",
				  "Leave it out: a view is kept over all rows of its table.");
}

void
IvmRefuseShape(Query *query, const char *text)
{
	if (query->commandType != CMD_SELECT)
		IvmRefuse(text, 0, "the query of a view must be a SELECT", "Give a single SELECT.");
	refuse_clauses(query, text);
	refuse_expressions(query, text);
	refuse_from(query, text);
	refuse_grouping(query, text);
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
