/*-------------------------------------------------------------------------
 *
 * check_upper.c
 *		What a read computes over the kept rows, as rows of ivm_fdw_check: the
 *		upper query, from its innermost block outwards.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "admin/check.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "view/flatten.h"

/* ---- clauses ---- */

/* ORDER BY's list, with directions. */
static char *
print_order(Query *block, List *clauses)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, clauses)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Node	   *expr = get_sortgroupclause_expr(clause, block->targetList);
		bool		descending = clause->sortop == lookup_type_cache(exprType(expr), TYPECACHE_GT_OPR)->gt_opr;

		appendStringInfo(&buf, "%s%s%s", buf.len > 0 ? ", " : "", IvmCheckPrint(block, expr),
						 descending ? " DESC" : "");
		if (clause->nulls_first != descending)
			appendStringInfoString(&buf, descending ? " NULLS LAST" : " NULLS FIRST");
	}
	return buf.data;
}

/* PostgreSQL prints (?) for a window where it does not know the query. */
static char *
print_window(Query *block, WindowFunc *func)
{
	WindowClause *window = NULL;
	StringInfoData buf;
	ListCell   *lc;

	foreach(lc, block->windowClause)
	{
		if (lfirst_node(WindowClause, lc)->winref == func->winref)
			window = lfirst_node(WindowClause, lc);
	}
	initStringInfo(&buf);
	appendStringInfoString(&buf, IvmCheckPrint(block, (Node *) func));
	if (window == NULL || buf.len < 3 || strcmp(buf.data + buf.len - 3, "(?)") != 0)
		return buf.data;
	buf.len -= 2;
	buf.data[buf.len] = '\0';
	if (window->partitionClause != NIL)
		appendStringInfo(&buf, "PARTITION BY %s",
						 IvmCheckPrintClauses(block, window->partitionClause));
	if (window->orderClause != NIL)
		appendStringInfo(&buf, "%sORDER BY %s", window->partitionClause ? " " : "",
						 print_order(block, window->orderClause));
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

typedef struct Found
{
	List	   *windows;
	List	   *aggs;
	List	   *set_functions;
} Found;

static bool
find_walker(Node *node, void *arg)
{
	Found	   *found = arg;

	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc))
		found->windows = list_append_unique(found->windows, node);
	else if (IsA(node, Aggref))
		found->aggs = list_append_unique(found->aggs, node);
	else if ((IsA(node, FuncExpr) && ((FuncExpr *) node)->funcretset) ||
			 (IsA(node, OpExpr) && ((OpExpr *) node)->opretset))
		found->set_functions = list_append_unique(found->set_functions, node);
	return expression_tree_walker(node, find_walker, arg);
}

static void
put(IvmCheck *check, const char *part, const char *item)
{
	IvmCheckPut(check, part, item, "not kept", "computed at each read, by the upper query");
}

static void
put_list(IvmCheck *check, const char *part, Query *block, List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
		put(check, part, IvmCheckPrint(block, lfirst(lc)));
}

/* ---- LIMIT ---- */

/* The block of the upper query that is over the kept rows. */
static Query *
block_over_core(Query *query)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		Query	   *found = NULL;

		if (rte->rtekind == RTE_NAMEDTUPLESTORE)
			return query;
		if (rte->rtekind == RTE_SUBQUERY)
			found = block_over_core(rte->subquery);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* Do the kept rows come in the order of the block's ORDER BY, at least by its first column? */
static bool
comes_in_order(const IvmView *view, Query *block)
{
	SortGroupClause *clause;
	Var		   *var;
	IvmKeyColumn *col;
	Oid			sortop;

	if (block->sortClause == NIL || block->windowClause != NIL || view->nkeys == 0)
		return false;
	clause = linitial_node(SortGroupClause, block->sortClause);
	var = (Var *) get_sortgroupclause_expr(clause, block->targetList);
	col = &view->keydesc->cols[0];
	if (!IsA(var, Var) || var->varattno != 1 || col->klass != IVM_KEY_ORDERED)
		return false;
	sortop = col->descending ? lookup_type_cache(exprType((Node *) var), TYPECACHE_GT_OPR)->gt_opr :
		lookup_type_cache(exprType((Node *) var), TYPECACHE_LT_OPR)->lt_opr;
	return clause->sortop == sortop && clause->nulls_first == col->descending;
}

static void
describe_limit(IvmCheck *check, Query *block)
{
	StringInfoData buf;
	Query	   *upper = block_over_core(check->view->upper);
	bool		ends_early = block == check->core && comes_in_order(check->view, upper);

	if (block->limitCount == NULL && block->limitOffset == NULL)
		return;
	initStringInfo(&buf);
	if (block->sortClause != NIL)
		appendStringInfo(&buf, "ORDER BY %s ", print_order(block, block->sortClause));
	if (block->limitOffset != NULL)
		appendStringInfo(&buf, "OFFSET %s ", IvmCheckPrint(block, block->limitOffset));
	if (block->limitCount != NULL)
		appendStringInfo(&buf, "LIMIT %s ", IvmCheckPrint(block, block->limitCount));
	buf.data[buf.len - 1] = '\0';
	IvmCheckPut(check, "limit", buf.data, "not kept: all rows are",
				ends_early ? "applied at each read, which ends where it has them, since rows come in that order" :
				"applied at each read, by the upper query");
}

/* ---- blocks ---- */

/* What an outer block does before its windows: FROM, WHERE, grouping. */
static void
describe_grouping(IvmCheck *check, Query *block, Found *found)
{
	Node	   *quals = block->jointree->quals;

	if (quals != NULL)
		put(check, "upper where", IvmCheckPrint(block, IsA(quals, List) ?
												(Node *) make_ands_explicit((List *) quals) : quals));
	if (block->groupClause != NIL)
		put(check, "upper group by", IvmCheckPrintClauses(block, block->groupClause));
	put_list(check, "upper aggregate", block, found->aggs);
	if (block->havingQual != NULL)
		put(check, "upper having", IvmCheckPrint(block, block->havingQual));
}

/* In the core: is its DISTINCT what it groups by? */
static bool
distinct_is_kept(IvmCheck *check, Query *block)
{
	return block == check->core && !block->hasDistinctOn && block->groupClause == NIL &&
		!block->hasAggs && !block->hasWindowFuncs && !check->view->repeats;
}

static void
describe_block(IvmCheck *check, Query *block)
{
	Found		found = {0};
	ListCell   *lc;

	if (block != check->core)
	{
		foreach(lc, IvmFromEntries(block, RTE_SUBQUERY))
			describe_block(check, rt_fetch(lfirst_int(lc), block->rtable)->subquery);
	}
	find_walker((Node *) block->targetList, &found);
	find_walker(block->havingQual, &found);
	if (block != check->core)
		describe_grouping(check, block, &found);
	foreach(lc, found.windows)
		put(check, "window", print_window(block, lfirst(lc)));
	foreach(lc, found.set_functions)
	{
		if (block != check->core || !list_member(check->view->written->keys, lfirst(lc)))
			put(check, "set of rows", IvmCheckPrint(block, lfirst(lc)));
	}
	if (block->hasDistinctOn)
		put(check, "distinct on", IvmCheckPrintClauses(block, block->distinctClause));
	else if (block->distinctClause != NIL && !distinct_is_kept(check, block))
		put(check, "distinct", IvmCheckPrintClauses(block, block->distinctClause));
	describe_limit(check, block);
}

void
IvmCheckUpper(IvmCheck *check)
{
	IvmView    *view = check->view;
	int			narrowing = IvmCheckNarrowingKeys(view);

	if (view->upper == NULL)
		return;
	describe_block(check, view->written->whole);
	IvmCheckPut(check, "upper query", NULL, "run by PostgreSQL at each read, over the kept rows, in the order of their key",
				narrowing == 0 ? "takes kept rows as it needs them: no condition narrows a read" :
				"takes kept rows as it needs them: those that conditions on keys narrow the read to, else all");
}
