/*-------------------------------------------------------------------------
 *
 * split.c
 *		Splitting a grouped query into the linear part (WHERE, keys,
 *		accumulators) and the finishing part (targets and HAVING over a
 *		group's keys and aggregates).
 *
 * Expressions are matched with group keys as they were written, as the parser
 * and the planner match them; each piece is planned (simplified) afterwards.
 * A column in the finishing part that no key covers depends functionally on
 * the keys (the parser has made sure): it becomes a further key column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"
#include "view/functions.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/split.h"

/* ---- planning expressions ---- */

/* Refuse what is in a column reference but not in the row that a trigger gets. */
static bool
refuse_unfit_vars(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;
	Var		   *var = (Var *) node;

	if (node == NULL)
		return false;
	if (!IsA(node, Var))
		return expression_tree_walker(node, refuse_unfit_vars, arg);

	if (var->varattno == 0)
		IvmRefuse(split->text, var->location,
				  "whole-row references are not supported in the query of a view",
				  "Name the columns that the view is to use.");
	if (var->varattno < 0)
		IvmRefuse(split->text, var->location,
				  psprintf("system column \"%s\" is not supported in the query of a view",
						   NameStr(SystemAttributeDefinition(var->varattno)->attname)),
				  "Leave it out: it does not belong to a row's content.");
	if (IvmIsVirtualColumn(TupleDescAttr(RelationGetDescr(split->base), var->varattno - 1)))
		IvmRefuse(split->text, var->location,
				  psprintf("virtual generated column \"%s\" is not supported in the query of a view",
						   get_attname(RelationGetRelid(split->base), var->varattno, false)),
				  "Write its expression, or generate the column STORED.");
	return false;
}

/* Plan an expression, with the checks that the parts have in common. */
static Expr *
plan_expression(IvmSplit *split, Node *expr, Node *written)
{
	IvmView    *view = split->view;
	MemoryContext cxt = MemoryContextSwitchTo(split->scratch);
	Expr	   *planned = expression_planner((Expr *) copyObject(expr));

	if (split->text != NULL)
		IvmRefuseMutable((Node *) planned, written, split->text);

	/* planning may have inlined a user's function, or a built-in one */
	view->user_code |= IvmRunsUserCode(written) || IvmRunsUserCode((Node *) planned);
	view->needs_pins |= IvmDependsOnSettings(written) || IvmDependsOnSettings((Node *) planned);
	MemoryContextSwitchTo(cxt);
	return copyObject(planned);
}

Expr *
IvmSplitPlanLinear(IvmSplit *split, Node *written)
{
	Expr	   *planned;

	refuse_unfit_vars(written, split);
	planned = plan_expression(split, written, written);
	pull_varattnos((Node *) planned, 1, &split->view->columns);
	return planned;
}

/* ---- collecting keys and aggregates ---- */

static int
position_in_list(List *list, Node *node)
{
	for (int i = 0; i < list_length(list); i++)
	{
		if (equal(list_nth(list, i), node))
			return i;
	}
	return -1;
}

/* Refuse another equality than the type's default, as ORDER BY … USING can ask for. */
static void
refuse_unusual_equality(IvmSplit *split, SortGroupClause *clause, Node *key)
{
	Oid			type = exprType(key);

	if (clause->eqop != lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr)
		IvmRefuse(split->text, exprLocation(key),
				  psprintf("grouping by another equality than the usual one of type %s is not supported in the query of a view",
						   format_type_be(type)),
				  "Leave ORDER BY ... USING out.");
}

/* Anonymous rows have a type that only one session knows. */
static void
refuse_anonymous_rows(IvmSplit *split, Node *key)
{
	Oid			type = getBaseType(exprType(key));
	Oid			element = get_element_type(type);

	if (get_typtype(OidIsValid(element) ? element : type) == TYPTYPE_PSEUDO)
		IvmRefuse(split->text, exprLocation(key),
				  psprintf("grouping by values of type %s is not supported in the query of a view",
						   format_type_be(type)),
				  "Group by the fields themselves.");
}

static void
collect_group_keys(IvmSplit *split)
{
	Query	   *query = split->query;
	ListCell   *lc;

	foreach(lc, query->groupClause != NIL ? query->groupClause : query->distinctClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Node	   *key = get_sortgroupclause_expr(clause, query->targetList);

		refuse_anonymous_rows(split, key);
		refuse_unusual_equality(split, clause, key);
		split->keys = list_append_unique(split->keys, key);
	}
}

/*
 * With children, rows of one primary key can be many, and PostgreSQL shows any
 * of them.
 */
static void
add_dependent_key(IvmSplit *split, Var *var)
{
	char	   *name = get_attname(RelationGetRelid(split->base), var->varattno, false);

	refuse_unfit_vars((Node *) var, split);
	if (split->text != NULL && split->view->inh &&
		split->base->rd_rel->relkind == RELKIND_RELATION && split->base->rd_rel->relhassubclass)
		IvmRefuse(split->text, var->location,
				  psprintf("column \"%s\" is not in GROUP BY, and its table has child tables", name),
				  "Add it to GROUP BY: the primary key is not unique over the child tables.");
	if (!OidIsValid(lookup_type_cache(var->vartype, TYPECACHE_EQ_OPR)->eq_opr))
		IvmRefuse(split->text, var->location,
				  psprintf("column \"%s\" of type %s, which has no equality operator, is not supported beside the keys of a view",
						   name, format_type_be(var->vartype)),
				  "Leave it out, or cast it to a type with equality, such as jsonb for json.");
	split->keys = lappend(split->keys, var);
}

static bool
collect_walker(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		IvmRefuseAggregate((Aggref *) node, split->text);
		split->aggs = list_append_unique(split->aggs, node);
		return false;
	}
	if (position_in_list(split->keys, node) >= 0)
		return false;
	if (IsA(node, Var))
	{
		add_dependent_key(split, (Var *) node);
		return false;
	}
	return expression_tree_walker(node, collect_walker, arg);
}

void
IvmSplitCollect(IvmSplit *split)
{
	Query	   *query = split->query;
	ListCell   *lc;

	collect_group_keys(split);
	split->ngrouped = list_length(split->keys);
	split->view->one_row = split->keys == NIL;
	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (!tle->resjunk)		/* junk: keys that are not shown, and ORDER BY */
			collect_walker((Node *) tle->expr, split);
	}
	collect_walker(query->havingQual, split);
}

/* ---- linear part ---- */

static void
split_keys(IvmSplit *split)
{
	IvmView    *view = split->view;
	int			nkeys = list_length(split->keys);
	Oid		   *types = palloc_array(Oid, Max(nkeys, 1));
	int32	   *typmods = palloc_array(int32, Max(nkeys, 1));
	Oid		   *collations = palloc_array(Oid, Max(nkeys, 1));

	view->nkeys = nkeys;
	view->keyexprs = palloc_array(Expr *, Max(nkeys, 1));
	for (int i = 0; i < nkeys; i++)
	{
		Node	   *key = (Node *) list_nth(split->keys, i);

		view->keyexprs[i] = IvmSplitPlanLinear(split, key);
		types[i] = exprType(key);
		typmods[i] = exprTypmod(key);
		collations[i] = exprCollation(key);
		view->user_code |= IvmTypeRunsUserCode(types[i]);
	}
	view->keydesc = IvmKeyDescMake(nkeys, types, typmods, collations);
}

void
IvmSplitLinear(IvmSplit *split)
{
	Node	   *where = split->query->jointree->quals;

	if (where != NULL)
		split->view->where = IvmSplitPlanLinear(split, where);
	split_keys(split);
	IvmSplitAccumulators(split);
}

/* ---- finishing part ---- */

static Var *
finish_var(Node *replaced, int attno)
{
	return makeVar(1, attno, exprType(replaced), exprTypmod(replaced),
				   exprCollation(replaced), 0);
}

/* Replace keys and aggregates by Vars of the finish row. */
static Node *
finish_mutator(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;
	int			i;

	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref))
	{
		i = position_in_list(split->aggs, node);
		return (Node *) finish_var(node, list_length(split->keys) + i + 1);
	}
	if ((i = position_in_list(split->keys, node)) >= 0)
		return (Node *) finish_var(node, i + 1);
	return expression_tree_mutator(node, finish_mutator, arg);
}

static Expr *
finish_expression(IvmSplit *split, Node *written)
{
	MemoryContext cxt = MemoryContextSwitchTo(split->scratch);
	Node	   *expr = finish_mutator(written, split);

	MemoryContextSwitchTo(cxt);
	return plan_expression(split, expr, written);
}

static int
key_shown_by(IvmView *view, Expr *target)
{
	if (!IsA(target, Var) || ((Var *) target)->varattno > view->nkeys)
		return -1;
	return ((Var *) target)->varattno - 1;
}

void
IvmSplitFinish(IvmSplit *split)
{
	IvmView    *view = split->view;
	int			ntargets = list_length(split->query->targetList);
	ListCell   *lc;

	view->targets = palloc_array(Expr *, Max(ntargets, 1));
	view->outkey = palloc_array(int, Max(ntargets, 1));
	foreach(lc, split->query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Expr	   *target;

		if (tle->resjunk)
			continue;
		target = finish_expression(split, (Node *) tle->expr);
		view->targets[view->noutputs] = target;
		view->outkey[view->noutputs++] = key_shown_by(view, target);
	}
	if (split->query->havingQual != NULL)
		view->having = finish_expression(split, split->query->havingQual);
}
