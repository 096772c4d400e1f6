/*-------------------------------------------------------------------------
 *
 * setop.c
 *		UNION, INTERSECT and EXCEPT.
 *
 * Each branch is a part of the view that counts its rows under the whole row as
 * key.  UNION ALL shows a key as often as it has rows, UNION once.  EXCEPT and
 * INTERSECT count the rows of what is on their left, and those on their right in
 * an accumulator, which must be zero, or positive, for a row to be shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_coerce.h"
#include "parser/parsetree.h"
#include "view/counts.h"
#include "view/flatten.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/setop.h"

typedef struct IvmSetop
{
	SetOperationStmt *top;
	List	   *left;			/* range table indexes of branches whose rows are shown */
	List	   *right;			/* of those that are compared with */
	int		   *position;		/* key column of each output */
} IvmSetop;

static void
refuse_setop(IvmSplit *split, const char *what, const char *hint)
{
	IvmRefuse(split->text, IvmSetOperationLocation(split->text),
			  psprintf("%s is not supported in the query of a view", what), hint);
}

/* The branches of a tree of UNIONs; all: only UNION ALL will do. */
static List *
union_branches(IvmSplit *split, Node *node, bool all)
{
	SetOperationStmt *setop = (SetOperationStmt *) node;

	if (IsA(node, RangeTblRef))
		return list_make1_int(((RangeTblRef *) node)->rtindex);
	if (setop->op != SETOP_UNION || (all && !setop->all))
		refuse_setop(split, "a set operation inside of another one, but for UNION in UNION",
					 "Make views of the parts, and combine them in the query that reads the views.");
	return list_concat(union_branches(split, setop->larg, all),
					   union_branches(split, setop->rarg, all));
}

/* A branch is a SELECT of rows. */
static void
check_branch(IvmSplit *split, Query *branch)
{
	ListCell   *lc;

	if (branch->hasAggs || branch->groupClause != NIL || branch->groupingSets != NIL ||
		branch->havingQual != NULL || branch->hasWindowFuncs || branch->distinctClause != NIL ||
		branch->limitCount != NULL || branch->limitOffset != NULL || branch->setOperations != NULL)
		refuse_setop(split, "a set operation over grouping, DISTINCT, LIMIT or windows",
					 "Make views of the branches, and combine them in the query that reads the views.");
	foreach(lc, branch->jointree->fromlist)
	{
		if (!IsA(lfirst(lc), RangeTblRef))
			refuse_setop(split, "a set operation over an outer join",
						 "Make views of the branches, and combine them in the query that reads the views.");
	}
	if (IvmFromEntries(branch, RTE_RELATION) == NIL)
		refuse_setop(split, "a branch of a set operation without a table",
					 "Leave the branch out, and add its rows when you read the view.");
	if (IvmFromEntries(branch, RTE_SUBQUERY) != NIL)
		refuse_setop(split, "a branch of a set operation over a subquery",
					 "Write the branch over tables.");
}

static Query *
branch_query(IvmSplit *split, int rtindex)
{
	return rt_fetch(rtindex, split->query->rtable)->subquery;
}

void
IvmSetopFind(IvmSplit *split)
{
	IvmSetop   *setop = palloc0_object(IvmSetop);
	SetOperationStmt *top = castNode(SetOperationStmt, split->query->setOperations);
	ListCell   *lc;

	setop->top = top;
	if (top->op == SETOP_UNION)
		setop->left = union_branches(split, (Node *) top, top->all);
	else if (!top->all)
	{
		setop->left = union_branches(split, top->larg, false);
		setop->right = union_branches(split, top->rarg, false);
	}
	else
		refuse_setop(split, top->op == SETOP_EXCEPT ? "EXCEPT ALL" : "INTERSECT ALL",
					 "Leave ALL out, or compare the branches in the query that reads the views.");
	foreach(lc, setop->left)
		check_branch(split, branch_query(split, lfirst_int(lc)));
	foreach(lc, setop->right)
		check_branch(split, branch_query(split, lfirst_int(lc)));
	split->setop = setop;
}

/* ---- branches ---- */

/* An output of a branch, as the set operation has it. */
static Node *
branch_output(const IvmSetop *setop, Query *branch, int resno)
{
	Node	   *expr = (Node *) get_tle_by_resno(branch->targetList, resno)->expr;
	Oid			type = list_nth_oid(setop->top->colTypes, resno - 1);
	int32		typmod = list_nth_int(setop->top->colTypmods, resno - 1);
	Oid			collation = list_nth_oid(setop->top->colCollations, resno - 1);

	expr = coerce_to_common_type(NULL, expr, type, "UNION");
	if (exprTypmod(expr) != typmod || exprCollation(expr) != collation)
		expr = (Node *) makeRelabelType((Expr *) expr, type, typmod, collation,
										COERCE_IMPLICIT_CAST);
	return expr;
}

/* The order of the key: the outputs that lead it, then the others. */
static List *
key_order(const IvmSplit *split, int noutputs)
{
	List	   *order = list_copy(split->key);

	for (int i = 1; i <= noutputs; i++)
		order = list_append_unique_int(order, i);
	return order;
}

static void
split_branch(IvmSplit *split, List *order, int rtindex, int into)
{
	IvmSetop   *setop = split->setop;
	Query	   *query = copyObject(branch_query(split, rtindex));
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, order)
		keys = lappend(keys, branch_output(setop, query, lfirst_int(lc)));
	IvmCountsSplitPart(split, query, IvmFromEntries(query, RTE_RELATION), keys,
					   list_length(split->key), setop->right != NIL, into);
}

/* The core's columns are its keys; the view's, where there is no upper query, in their own order. */
static void
set_targets(IvmSplit *split, List *order)
{
	IvmView    *view = split->view;
	IvmSetop   *setop = split->setop;
	int			noutputs = list_length(order);
	ListCell   *lc;

	view->ntargets = noutputs;
	view->targets = palloc_array(Expr *, noutputs + 1);
	setop->position = palloc_array(int, noutputs + 1);
	foreach(lc, order)
		setop->position[lfirst_int(lc) - 1] = foreach_current_index(lc);
	for (int i = 0; i < noutputs; i++)
	{
		int			key = split->has_upper ? i : setop->position[i];
		IvmKeyColumn *col = &view->keydesc->cols[key];

		view->targets[i] = (Expr *) makeVar(1, key + 1, col->type, col->typmod, col->collation, 0);
	}
	if (split->has_upper)
		return;
	view->noutputs = noutputs;
	view->outkey = setop->position;
}

void
IvmSetopSplit(IvmSplit *split)
{
	IvmView    *view = split->view;
	IvmSetop   *setop = split->setop;
	List	   *order = key_order(split, list_length(setop->top->colTypes));
	ListCell   *lc;

	view->repeats = setop->top->all;
	view->parts = palloc_array(IvmView *, list_length(setop->left) + list_length(setop->right));
	foreach(lc, setop->left)
		split_branch(split, order, lfirst_int(lc), -1);
	foreach(lc, setop->right)
		split_branch(split, order, lfirst_int(lc), 0);
	IvmCountsShow(view);
	if (setop->top->op == SETOP_EXCEPT)
		view->having = IvmCountIsZero(view, 0);
	else if (setop->top->op == SETOP_INTERSECT)
		view->having = IvmCountIsPositive(view, 0);
	set_targets(split, order);
}

/* The outputs refer to the first branch's. */
static Node *
core_column(Node *node, void *arg)
{
	IvmSetop   *setop = arg;
	Var		   *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && var->varlevelsup == 0)
		return (Node *) makeVar(1, setop->position[var->varattno - 1] + 1, var->vartype,
								var->vartypmod, var->varcollid, 0);
	return expression_tree_mutator(node, core_column, arg);
}

void
IvmSetopReplace(IvmSplit *split)
{
	Query	   *query = split->query;

	query->targetList = (List *) core_column((Node *) query->targetList, split->setop);
	query->setOperations = NULL;
	query->distinctClause = NIL;
}
