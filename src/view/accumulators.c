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
#include "utils/regproc.h"
#include "view/aggregates.h"
#include "view/querytext.h"
#include "view/split.h"

#define KEPT_AGGREGATES \
	"Kept are count, sum, avg, bool_and, bool_or, every, stddev, variance, covar, corr and regr aggregates of built-in types."

static void
refuse_aggregate(Aggref *aggref, const char *text, const char *format, const char *hint)
{
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg(format, format_procedure(aggref->aggfnoid)),
			errhint("%s", hint),
			IvmErrLocation(text, aggref->location));
}

void
IvmRefuseAggregate(Aggref *aggref, const char *text)
{
	IvmAccumKind kind;

	if (aggref->aggkind != AGGKIND_NORMAL)
		refuse_aggregate(aggref, text,
						 "ordered-set aggregate %s is not supported in the query of a view",
						 KEPT_AGGREGATES);
	if (!IvmAggregateKind(aggref->aggfnoid, &kind))
		refuse_aggregate(aggref, text,
						 "aggregate %s is not supported in the query of a view",
						 KEPT_AGGREGATES);
	if (aggref->aggdistinct != NIL)
		refuse_aggregate(aggref, text,
						 "aggregate %s with DISTINCT is not supported in the query of a view",
						 "Add the argument to GROUP BY, and aggregate over the view when you read it.");
	if (aggref->aggorder != NIL)
		refuse_aggregate(aggref, text,
						 "aggregate %s with ORDER BY is not supported in the query of a view",
						 "Leave ORDER BY out: the result of this aggregate does not depend on it.");
}

/* What one aggregate needs, by itself. */
static void
accumulator_for(IvmSplit *split, Aggref *aggref, IvmAccumSpec *spec)
{
	ListCell   *lc;

	memset(spec, 0, sizeof(IvmAccumSpec));
	if (!IvmAggregateKind(aggref->aggfnoid, &spec->kind) || list_length(aggref->args) > 2)
		IvmRefuseAggregate(aggref, split->text);
	foreach(lc, aggref->args)
		spec->args[spec->nargs++] =
			IvmSplitPlanLinear(split, (Node *) lfirst_node(TargetEntry, lc)->expr);
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

void
IvmSplitAccumulators(IvmSplit *split)
{
	IvmView    *view = split->view;
	int			naggs = list_length(split->aggs);
	IvmAccumSpec *wanted = palloc0_array(IvmAccumSpec, Max(naggs, 1));
	int			nwanted = 0;

	view->naggs = naggs;
	view->aggs = palloc0_array(IvmAggSpec, Max(naggs, 1));
	view->accums = palloc0_array(IvmAccumSpec, Max(naggs, 1));

	for (int i = 0; i < naggs; i++)
	{
		Aggref	   *aggref = list_nth_node(Aggref, split->aggs, i);

		if (!is_row_count(aggref))
			accumulator_for(split, aggref, &wanted[nwanted++]);
	}
	for (int i = 0; i < nwanted; i++)
	{
		if (!is_superfluous(wanted, nwanted, i))
			view->accums[view->naccums++] = wanted[i];
	}

	nwanted = 0;
	for (int i = 0; i < naggs; i++)
	{
		Aggref	   *aggref = list_nth_node(Aggref, split->aggs, i);
		IvmAggSpec *agg = &view->aggs[i];

		agg->aggfnoid = aggref->aggfnoid;
		agg->rettype = aggref->aggtype;
		agg->retcollid = aggref->aggcollid;
		agg->accum = -1;
		if (is_row_count(aggref))
			continue;
		agg->accum = 0;
		while (!serves(&view->accums[agg->accum], &wanted[nwanted]))
			agg->accum++;
		nwanted++;
	}
	describe_state(view);
}
