/*-------------------------------------------------------------------------
 *
 * slots.c
 *		From the aggregates that are no sums to the arrangements that a view keeps.
 *
 * min and max are the first and last element of an arrangement in byte order,
 * count(DISTINCT) is the number of elements of one.  For everything else
 * PostgreSQL's own aggregate is run over the group's elements; the columns of such
 * an element are what the aggregate's arguments and ORDER BY are made of.
 *
 * Aggregates share an arrangement where they can: by the same argument, or, where each
 * row counts, by the same FILTER.  Those for which equal rows count once
 * have arrangements of their own, which may be much smaller.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "view/aggregates.h"
#include "view/canonical.h"
#include "view/functions.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/split.h"

/* ---- what an aggregate is ---- */

/* Does the aggregate give the first (-1) or the last (1) of its argument's type's usual order? */
static int
extremum(const Aggref *aggref)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	Oid			sortop = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggsortop;
	Oid			opfamily;
	Oid			opcintype;
	int16		strategy;

	ReleaseSysCache(tuple);
	if (!OidIsValid(sortop) || list_length(aggref->args) < 1 ||
		!get_ordering_op_properties(sortop, &opfamily, &opcintype, &strategy))
		return 0;
	return strategy == BTLessStrategyNumber ? -1 : 1;
}

/* Is the result the same when equal rows are given once? */
static bool
counts_once(const Aggref *aggref)
{
	return aggref->aggdistinct != NIL || extremum(aggref) != 0 ||
		IvmAggregateIsIdempotent(aggref->aggfnoid);
}

/* ---- slots ---- */

static bool
same_columns(const IvmSlotSpec *a, const IvmSlotSpec *b)
{
	if (a->ncols != b->ncols)
		return false;
	for (int i = 0; i < a->ncols; i++)
	{
		if (!equal(a->cols[i], b->cols[i]))
			return false;
	}
	return true;
}

/* The arrangement like this one, added where there is none. */
static int
find_or_add_slot(IvmSplit *split, const IvmSlotSpec *spec)
{
	IvmView    *view = split->view;

	for (int i = 0; i < view->nslots; i++)
	{
		IvmSlotSpec *slot = &view->slots[i];

		if (slot->strict == spec->strict && slot->canonical == spec->canonical &&
			slot->once == spec->once && equal(slot->filter, spec->filter) &&
			same_columns(slot, spec))
		{
			slot->total |= spec->total;
			return i;
		}
	}
	if (view->slots == NULL)
		view->slots = palloc0_array(IvmSlotSpec, list_length(split->aggs));
	view->slots[view->nslots] = *spec;
	return view->nslots++;
}

static Expr *
plan_filter(IvmSplit *split, const Aggref *aggref)
{
	return aggref->aggfilter ? IvmSplitPlanLinear(split, (Node *) aggref->aggfilter) : NULL;
}

static IvmKeyDesc *
describe_columns(List *columns, Oid collation, IvmKeyDemand demand)
{
	IvmKeyColumnSpec *specs = palloc0_array(IvmKeyColumnSpec, list_length(columns) + 1);
	ListCell   *lc;

	foreach(lc, columns)
	{
		IvmKeyColumnSpec *spec = &specs[foreach_current_index(lc)];

		spec->type = exprType(lfirst(lc));
		spec->typmod = exprTypmod(lfirst(lc));
		spec->collation = OidIsValid(collation) ? collation : exprCollation(lfirst(lc));
		spec->demand = demand;
	}
	return IvmKeyDescMakeColumns(list_length(columns), specs);
}

static void
set_columns(IvmSplit *split, IvmSlotSpec *slot, List *columns)
{
	ListCell   *lc;

	slot->ncols = list_length(columns);
	slot->cols = palloc_array(Expr *, slot->ncols + 1);
	foreach(lc, columns)
		slot->cols[foreach_current_index(lc)] = IvmSplitPlanLinear(split, lfirst(lc));
}

/* ---- arrangements in byte order ---- */

/* The fields of ROW(…) where it is an anonymous one; else the expression itself. */
static List *
fields_of(Node *expr)
{
	RowExpr    *row = (RowExpr *) expr;

	if (IsA(expr, RowExpr) && row->row_typeid == RECORDOID)
		return row->args;
	return list_make1(expr);
}

/* All plain arguments have a default equality that bytes can tell. */
static bool
bytes_tell_equality(List *columns, Oid collation, IvmKeyDesc **desc)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		if (get_typtype(getBaseType(exprType(lfirst(lc)))) == TYPTYPE_PSEUDO)
			return false;
	}
	*desc = describe_columns(columns, collation, IVM_KEY_DEMAND_VALUE);
	return !IvmKeyHasClass(*desc, IVM_KEY_HASHED) && !IvmKeyHasClass(*desc, IVM_KEY_IMAGE);
}

static Node *
only_argument(const Aggref *aggref)
{
	return (Node *) linitial_node(TargetEntry, aggref->args)->expr;
}

static bool
arrange_extremum(IvmSplit *split, Aggref *aggref, IvmAggSpec *agg)
{
	int			end = extremum(aggref);
	IvmSlotSpec slot = {.strict = true};
	List	   *columns;

	if (end == 0 || split->view->owner_has_forms)
		return false;
	columns = list_make1(only_argument(aggref));
	if (!bytes_tell_equality(columns, aggref->inputcollid, &slot.keydesc) ||
		slot.keydesc->cols[0].klass != IVM_KEY_ORDERED)
		return false;
	slot.filter = plan_filter(split, aggref);
	set_columns(split, &slot, columns);
	agg->how = end < 0 ? IVM_AGG_LEAST : IVM_AGG_GREATEST;
	agg->slot = find_or_add_slot(split, &slot);
	return true;
}

static bool
arrange_distinct_count(IvmSplit *split, Aggref *aggref, IvmAggSpec *agg)
{
	IvmSlotSpec slot = {.total = true};
	List	   *columns;

	if (aggref->aggfnoid != F_COUNT_ANY || aggref->aggdistinct == NIL ||
		split->view->owner_has_forms)
		return false;
	columns = fields_of(only_argument(aggref));
	if (columns == NIL || !bytes_tell_equality(columns, aggref->inputcollid, &slot.keydesc))
		return false;
	slot.strict = !IsA(only_argument(aggref), RowExpr);	/* a row of nulls is a value */
	slot.canonical = slot.keydesc->has_forms;
	slot.filter = plan_filter(split, aggref);
	set_columns(split, &slot, columns);
	agg->how = IVM_AGG_DISTINCT;
	agg->slot = find_or_add_slot(split, &slot);
	return true;
}

/* ---- PostgreSQL's own aggregates over elements ---- */

typedef struct Columns
{
	List	   *exprs;			/* of the element, as written */
	IvmSplit   *split;
} Columns;

/* Collect the columns that an argument is made of: itself, but for rows and forms. */
static void
collect_columns(Columns *columns, Node *expr)
{
	ListCell   *lc;

	if (IsA(expr, RowExpr) && ((RowExpr *) expr)->row_typeid == RECORDOID)
	{
		foreach(lc, ((RowExpr *) expr)->args)
			collect_columns(columns, lfirst(lc));
	}
	else if (contain_var_clause(expr))
		columns->exprs = list_append_unique(columns->exprs, expr);
}

/* Replace what the element holds by its columns, and keys in direct arguments by parameters. */
static Node *
call_mutator(Node *node, void *arg)
{
	Columns    *columns = arg;
	int			i;

	if (node == NULL)
		return NULL;
	if (!IsA(node, TargetEntry) && !IsA(node, List) &&
		(i = IvmPositionInList(columns->exprs, node)) >= 0)
		return (Node *) makeVar(1, i + 1, exprType(node), exprTypmod(node), exprCollation(node), 0);
	return expression_tree_mutator(node, call_mutator, arg);
}

static Node *
direct_mutator(Node *node, void *arg)
{
	IvmSplit   *split = arg;
	Param	   *param;
	int			i;

	if (node == NULL)
		return NULL;
	if (IsA(node, List) || (i = IvmPositionInList(split->keys, node)) < 0)
		return expression_tree_mutator(node, direct_mutator, arg);
	param = makeNode(Param);
	param->paramkind = PARAM_EXTERN;
	param->paramid = i + 1;
	param->paramtype = exprType(node);
	param->paramtypmod = exprTypmod(node);
	param->paramcollid = exprCollation(node);
	param->location = -1;
	return (Node *) param;
}

/* An arrangement for which this aggregate's columns can be added to those that are there. */
static int
find_open_slot(IvmSplit *split, const Expr *filter)
{
	for (int i = 0; i < split->view->nslots; i++)
	{
		IvmSlotSpec *slot = &split->view->slots[i];

		if (slot->calls != NIL && !slot->once && equal(slot->filter, filter))
			return i;
	}
	return -1;
}

/*
 * The columns of the arrangement as written: from the aggregates that are called on it
 * already (kept in split order) and this one.
 */
static void
written_columns(IvmSplit *split, int slot, IvmAggSpec *upto, Columns *columns)
{
	for (IvmAggSpec *agg = split->view->aggs; agg < upto; agg++)
	{
		Aggref	   *aggref = list_nth_node(Aggref, split->aggs, agg - split->view->aggs);
		ListCell   *lc;

		if (agg->part > 0 || agg->how != IVM_AGG_ELEMENTS || agg->slot != slot)
			continue;
		foreach(lc, aggref->args)
			collect_columns(columns, (Node *) lfirst_node(TargetEntry, lc)->expr);
	}
}

static void
arrange_elements(IvmSplit *split, Aggref *aggref, IvmAggSpec *agg)
{
	IvmView    *view = split->view;
	Columns		columns = {NIL, split};
	IvmSlotSpec spec = {.once = counts_once(aggref)};
	Aggref	   *call = copyObject(aggref);
	int			open = -1;
	ListCell   *lc;

	if (split->text != NULL)
		IvmRefuseMutable((Node *) aggref, (Node *) aggref, split->text);
	view->user_code |= IvmRunsUserCode((Node *) aggref);
	view->needs_pins |= IvmDependsOnSettings((Node *) aggref);

	IvmCanonicalAggref(call);
	spec.filter = plan_filter(split, aggref);
	if (!spec.once)
		open = find_open_slot(split, spec.filter);
	if (open >= 0)
		written_columns(split, open, agg, &columns);
	foreach(lc, aggref->args)
		collect_columns(&columns, (Node *) lfirst_node(TargetEntry, lc)->expr);

	set_columns(split, &spec, columns.exprs);
	spec.keydesc = describe_columns(columns.exprs, InvalidOid, IVM_KEY_DEMAND_VALUE);
	call->args = (List *) call_mutator((Node *) call->args, &columns);
	call->aggdirectargs = (List *) direct_mutator((Node *) call->aggdirectargs, split);
	call->aggfilter = NULL;
	call->location = -1;

	agg->how = IVM_AGG_ELEMENTS;
	if (open >= 0)
	{
		view->slots[open].ncols = spec.ncols;
		view->slots[open].cols = spec.cols;
		view->slots[open].keydesc = spec.keydesc;
		agg->slot = open;
	}
	else
		agg->slot = find_or_add_slot(split, &spec);
	agg->call = list_length(view->slots[agg->slot].calls);
	view->slots[agg->slot].calls = lappend(view->slots[agg->slot].calls, call);
}

void
IvmSplitArrange(IvmSplit *split, Aggref *aggref, IvmAggSpec *agg)
{
	if (!arrange_extremum(split, aggref, agg) && !arrange_distinct_count(split, aggref, agg))
		arrange_elements(split, aggref, agg);
}
