/*-------------------------------------------------------------------------
 *
 * upper.c
 *		The upper query: what is left of a view's query when its core is taken out.
 *
 * In it the core block is a SELECT from a range table entry for a named
 * tuplestore, whose columns are the core's finish row; grouping, HAVING and WHERE
 * have been done in the core.
 *
 * A condition on an output of the view may be applied to the core's rows
 * where every block in between would let the planner push it down: the output
 * is a column that all windows partition by, that DISTINCT ON or grouping is by, and there is
 * no LIMIT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "view/canonical.h"
#include "view/functions.h"
#include "view/namedrows.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/setop.h"
#include "view/split.h"

/* ---- the core as a range table entry ---- */

static RangeTblEntry *
core_rte(const IvmView *view)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);

	IvmNamedRows(rte, IVM_CORE_NAME, IvmDescOfExprs(view->targets, view->ntargets), 1000);
	return rte;
}

/* Turn the core block, in place, into a SELECT from what is kept. */
static void
replace_core(IvmSplit *split)
{
	Query	   *query = split->query;
	RangeTblRef *ref = makeNode(RangeTblRef);
	bool		grouping = query->groupClause != NIL || query->groupingSets != NIL ||
	query->hasAggs || query->havingQual != NULL;
	ListCell   *lc;

	ref->rtindex = 1;
	if (split->setop != NULL)
		IvmSetopReplace(split);
	else
		query->targetList = (List *) IvmSplitMutate(split, (Node *) query->targetList);
	foreach(lc, query->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, lc);

		window->startOffset = IvmSplitMutate(split, window->startOffset);
		window->endOffset = IvmSplitMutate(split, window->endOffset);
	}
	query->rtable = list_make1(core_rte(split->view));
	query->jointree = makeFromExpr(list_make1(ref), NULL);
	query->hasSubLinks = false; /* EXISTS and IN were taken out */
	if (split->rows_only)
		query->havingQual = IvmSplitMutate(split, query->havingQual);
	else
	{
		query->groupClause = NIL;
		query->groupingSets = NIL;
		query->havingQual = NULL;
		query->hasAggs = false;
	}
	if (!grouping && split->grouped)
		query->distinctClause = NIL;	/* the core is that */
	query->hasTargetSRFs = expression_returns_set((Node *) query->targetList);
}

/* ---- narrowing ---- */

static bool
is_in_clause(TargetEntry *tle, List *clauses)
{
	return tle->ressortgroupref != 0 &&
		get_sortgroupref_clause_noerr(tle->ressortgroupref, clauses) != NULL;
}

/* Would the planner push a condition on this output down into the block? */
static bool
passes_block(Query *query, TargetEntry *tle)
{
	ListCell   *lc;

	if (query->limitCount != NULL || query->limitOffset != NULL || query->setOperations != NULL ||
		query->groupingSets != NIL || query->hasSubLinks)
		return false;
	foreach(lc, query->windowClause)
	{
		if (!is_in_clause(tle, lfirst_node(WindowClause, lc)->partitionClause))
			return false;
	}
	if (query->hasDistinctOn && !is_in_clause(tle, query->distinctClause))
		return false;
	if ((query->groupClause != NIL || query->hasAggs) && !is_in_clause(tle, query->groupClause))
		return false;
	return true;
}

static bool
has_outer_join(Node *jointree)
{
	ListCell   *lc;

	if (IsA(jointree, RangeTblRef))
		return false;
	if (IsA(jointree, JoinExpr))
		return ((JoinExpr *) jointree)->jointype != JOIN_INNER ||
			has_outer_join(((JoinExpr *) jointree)->larg) ||
			has_outer_join(((JoinExpr *) jointree)->rarg);
	foreach(lc, castNode(FromExpr, jointree)->fromlist)
	{
		if (has_outer_join(lfirst(lc)))
			return true;
	}
	return false;
}

/* The core's output (from 0) by which a condition on an output can narrow the read, or -1. */
static int
narrowing_column(Query *query, AttrNumber resno)
{
	TargetEntry *tle = get_tle_by_resno(query->targetList, resno);
	Var		   *var = (Var *) tle->expr;
	RangeTblEntry *rte;

	if (!IsA(var, Var) || var->varlevelsup != 0 || !passes_block(query, tle) ||
		has_outer_join((Node *) query->jointree))
		return -1;
	rte = rt_fetch(var->varno, query->rtable);
	if (rte->rtekind == RTE_NAMEDTUPLESTORE)
		return var->varattno - 1;
	if (rte->rtekind != RTE_SUBQUERY)
		return -1;
	return narrowing_column(rte->subquery, var->varattno);
}

static void
set_outputs(IvmSplit *split)
{
	IvmView    *view = split->view;
	ListCell   *lc;

	view->outkey = palloc_array(int, list_length(view->upper->targetList) + 1);
	foreach(lc, view->upper->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		int			column;

		if (tle->resjunk)
			continue;
		column = narrowing_column(view->upper, tle->resno);
		if (column >= 0)
			column = IvmViewKeyOfTarget(view, column);
		if (column >= 0 && view->keydesc->cols[column].descending)
			column = -1;
		view->outkey[view->noutputs++] = column;
	}
}

/* ---- checks ---- */

/* Everything that the upper query evaluates must be as reliable as what is kept. */
static bool
check_walker(Node *node, void *arg)
{
	IvmSplit   *split = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, check_walker, arg, QTW_IGNORE_RT_SUBQUERIES * 0);
	if (IsA(node, TargetEntry))
	{
		Node	   *expr = (Node *) ((TargetEntry *) node)->expr;

		IvmSplitNoteRead(split, eval_const_expressions(NULL, copyObject(expr)), expr);
		return false;
	}
	if (IsA(node, FromExpr) || IsA(node, JoinExpr) || IsA(node, RangeTblRef) ||
		IsA(node, List) || IsA(node, RangeTblFunction) || IsA(node, WindowClause) ||
		IsA(node, SortGroupClause))
		return expression_tree_walker(node, check_walker, arg);
	IvmSplitNoteRead(split, node, node);
	return false;
}

void
IvmSplitUpper(IvmSplit *split)
{
	IvmView    *view = split->view;

	if (!split->has_upper)
		return;
	if (split->text != NULL)
		query_tree_walker(split->whole, check_walker, split, 0);
	replace_core(split);
	MemoryContextSwitchTo(view->cxt);
	view->upper = copyObject(split->whole);
	IvmCanonicalQuery(view->upper);
	set_outputs(split);
}
