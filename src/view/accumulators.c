/*-------------------------------------------------------------------------
 *
 * accumulators.c
 *		From a query's aggregates to the accumulators that a view keeps.
 *
 * Aggregates over the same arguments and FILTER share an accumulator where one
 * kind can serve both: sum, avg, count and stddev of a column need one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "view/aggregates.h"
#include "view/querytext.h"
#include "view/split.h"

/*
 * Is the aggregate kept as a sum?  ORDER BY does not matter to such, nor DISTINCT
 * to those of truth values.
 */
static bool
is_additive(const Aggref *aggref)
{
	IvmAccumKind kind;

	return aggref->aggkind == AGGKIND_NORMAL && IvmAggregateKind(aggref->aggfnoid, &kind) &&
		(aggref->aggdistinct == NIL || kind == IVM_ACC_BOOL);
}

/* Its arguments, without what it is ordered by. */
static List *
arguments_of(const Aggref *aggref)
{
	List	   *args = NIL;
	ListCell   *lc;

	foreach(lc, aggref->args)
	{
		if (!lfirst_node(TargetEntry, lc)->resjunk)
			args = lappend(args, lfirst_node(TargetEntry, lc)->expr);
	}
	return args;
}

/* What one aggregate needs, by itself. */
static void
accumulator_for(IvmSplit *split, Aggref *aggref, IvmAccumSpec *spec)
{
	ListCell   *lc;

	memset(spec, 0, sizeof(IvmAccumSpec));
	(void) IvmAggregateKind(aggref->aggfnoid, &spec->kind);
	foreach(lc, arguments_of(aggref))
		spec->args[spec->nargs++] = IvmSplitPlanLinear(split, lfirst(lc));
	if (spec->nargs > 0)
		spec->argtype = getBaseType(exprType((Node *) spec->args[0]));
	if (aggref->aggfilter != NULL)
		spec->filter = IvmSplitPlanLinear(split, (Node *) aggref->aggfilter);
}

static bool
same_input(const IvmAccumSpec *a, const IvmAccumSpec *b)
{
	return a->nargs == b->nargs && equal(a->args[0], b->args[0]) &&
		equal(a->args[1], b->args[1]) && equal(a->filter, b->filter);
}

static bool
serves(const IvmAccumSpec *have, const IvmAccumSpec *want)
{
	return same_input(have, want) &&
		(have->kind == want->kind || IvmAccumServes(have->kind, want->kind));
}

/* Is wanted[i] better computed from another one? Of two that serve each other the first stays. */
static bool
is_superfluous(const IvmAccumSpec *wanted, int n, int i)
{
	for (int j = 0; j < n; j++)
	{
		if (j != i && serves(&wanted[j], &wanted[i]) &&
			(j < i || !serves(&wanted[i], &wanted[j])))
			return true;
	}
	return false;
}

static bool
is_row_count(Aggref *aggref)
{
	return aggref->aggstar && aggref->aggfilter == NULL;
}

static void
describe_state(IvmView *view)
{
	IvmAccumKind *kinds = palloc_array(IvmAccumKind, Max(view->naccums, 1));
	Oid		   *argtypes = palloc_array(Oid, Max(view->naccums, 1));

	for (int i = 0; i < view->naccums; i++)
	{
		kinds[i] = view->accums[i].kind;
		argtypes[i] = view->accums[i].argtype;
	}
	view->statedesc = IvmStateDescMake(view->naccums, kinds, argtypes);
}

static void
describe_slots(IvmView *view)
{
	static const IvmAccumKind member = IVM_ACC_MEMBER;
	static const Oid none = InvalidOid;

	for (int i = 0; i < view->nslots; i++)
		view->slots[i].statedesc = IvmStateDescMake(view->slots[i].total, &member, &none);
}

/* How each aggregate is kept; the wanted accumulators are in the order of the additive ones. */
static int
choose_ways(IvmSplit *split, IvmAccumSpec *wanted)
{
	int			nwanted = 0;

	for (int i = 0; i < split->view->naggs; i++)
	{
		Aggref	   *aggref = list_nth_node(Aggref, split->aggs, i);
		IvmAggSpec *agg = &split->view->aggs[i];

		agg->part = IvmStarPart(split, aggref);
		if (agg->part > 0)
			continue;			/* a satellite's */
		agg->aggfnoid = aggref->aggfnoid;
		agg->rettype = aggref->aggtype;
		agg->rettypmod = exprTypmod((Node *) aggref);
		agg->retcollid = aggref->aggcollid;
		if (is_row_count(aggref))
			agg->how = IVM_AGG_ROWS;
		else if (is_additive(aggref))
		{
			agg->how = IVM_AGG_STATE;
			accumulator_for(split, aggref, &wanted[nwanted++]);
		}
		else
			IvmSplitArrange(split, aggref, agg);
	}
	return nwanted;
}

void
IvmSplitAccumulators(IvmSplit *split)
{
	IvmView    *view = split->view;
	int			naggs = list_length(split->aggs);
	IvmAccumSpec *wanted = palloc0_array(IvmAccumSpec, Max(naggs, 1));
	int			nwanted;

	view->naggs = naggs;
	view->aggs = palloc0_array(IvmAggSpec, Max(naggs, 1));
	view->accums = palloc0_array(IvmAccumSpec, Max(naggs, 1));

	nwanted = choose_ways(split, wanted);
	for (int i = 0; i < nwanted; i++)
	{
		if (!is_superfluous(wanted, nwanted, i))
			view->accums[view->naccums++] = wanted[i];
	}

	nwanted = 0;
	for (int i = 0; i < naggs; i++)
	{
		IvmAggSpec *agg = &view->aggs[i];

		if (agg->part > 0 || agg->how != IVM_AGG_STATE)
			continue;
		while (!serves(&view->accums[agg->accum], &wanted[nwanted]))
			agg->accum++;
		nwanted++;
	}
	describe_state(view);
	describe_slots(view);
}
