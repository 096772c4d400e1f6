/*-------------------------------------------------------------------------
 *
 * definition.c
 *		What a view is: from its analysed query to an IvmView.
 *
 * The work is done elsewhere: refuse.c judges the query's shape and its table,
 * functions.c its functions, split.c and accumulators.c split it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parse_oper.h"
#include "parser/parsetree.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "view/aggregates.h"
#include "view/definition.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/split.h"

/* Put exact aggregates in the place of PostgreSQL's over floats. */
static bool
make_exact_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		Oid			exact = IvmExactAggregate(((Aggref *) node)->aggfnoid);

		if (OidIsValid(exact))
			((Aggref *) node)->aggfnoid = exact;
		return false;
	}
	return expression_tree_walker(node, make_exact_walker, arg);
}

/*
 * ORDER BY goes, with what is in the target list for its sake only: a reader
 * of a view has no claim to an order, and it would cost a sort.
 */
static void
drop_order(Query *query)
{
	List	   *targets = NIL;
	ListCell   *lc;

	query->sortClause = NIL;
	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk && get_sortgroupref_clause_noerr(tle->ressortgroupref,
														  query->groupClause) == NULL)
			continue;
		tle->resno = list_length(targets) + 1;
		targets = lappend(targets, tle);
	}
	query->targetList = targets;
}

/* What a live read runs. */
static Query *
live_query(Query *query)
{
	query = copyObject(query);
	drop_order(query);
	make_exact_walker((Node *) query->targetList, NULL);
	make_exact_walker(query->havingQual, NULL);
	return query;
}

/* The only table of a query that IvmRefuseShape lets pass. */
static RangeTblEntry *
base_of(Query *query)
{
	return rt_fetch(linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex,
					query->rtable);
}

static void
split_query(IvmView *view, Query *query, const char *text)
{
	IvmSplit	split = {.view = view, .text = text};

	split.scratch = AllocSetContextCreate(view->cxt, "ivm view analysis", ALLOCSET_DEFAULT_SIZES);
	split.base = table_open(view->baserel, AccessShareLock);

	MemoryContextSwitchTo(split.scratch);
	split.query = copyObject(query);
	IvmFlattenGroupExprs(split.query);
	IvmSplitCollect(&split);
	MemoryContextSwitchTo(view->cxt);

	IvmSplitLinear(&split);
	IvmSplitFinish(&split);

	table_close(split.base, NoLock);
	MemoryContextDelete(split.scratch);
}

IvmView *
IvmAnalyzeView(Query *query, const char *query_text)
{
	IvmView    *view = palloc0_object(IvmView);
	IvmQueryText frame;
	RangeTblEntry *rte;

	IvmQueryTextPush(&frame, query_text);
	IvmRefuseShape(query, query_text);
	rte = base_of(query);
	if (query_text != NULL)
		IvmRefuseTable(rte, query_text);

	view->cxt = CurrentMemoryContext;
	view->baserel = rte->relid;
	view->inh = rte->inh;
	split_query(view, query, query_text);
	view->query = live_query(query);
	IvmQueryTextPop(&frame);
	return view;
}

static void
add_to_group_by(Query *query, Var *var)
{
	SortGroupClause *clause = makeNode(SortGroupClause);
	TargetEntry *tle = tlist_member((Expr *) var, query->targetList);

	if (tle == NULL)
	{
		tle = makeTargetEntry((Expr *) var, list_length(query->targetList) + 1, NULL, true);
		query->targetList = lappend(query->targetList, tle);
	}
	clause->tleSortGroupRef = assignSortGroupRef(tle, query->targetList);
	get_sort_group_operators(var->vartype, false, true, false,
							 &clause->sortop, &clause->eqop, NULL, &clause->hashable);
	query->groupClause = lappend(query->groupClause, clause);
}

void
IvmSpellOutGrouping(Query *query)
{
	IvmView		view = {0};
	IvmSplit	split = {.view = &view};
	ListCell   *lc;

	if (query->constraintDeps == NIL)
		return;
	split.query = copyObject(query);
	IvmFlattenGroupExprs(split.query);
	split.base = table_open(base_of(query)->relid, AccessShareLock);
	IvmSplitCollect(&split);
	table_close(split.base, NoLock);

	drop_order(query);			/* it may rely on the key as well */
	for_each_from(lc, split.keys, split.ngrouped)
		add_to_group_by(query, copyObject(lfirst_node(Var, lc)));
	list_free(query->constraintDeps);
	query->constraintDeps = NIL;
}
