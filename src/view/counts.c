/*-------------------------------------------------------------------------
 *
 * counts.c
 *		Parts of a view that count into accumulators, and conditions on these
 *		counts (see counts.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/typcache.h"
#include "view/counts.h"

/*
 * A state of so many counts.  Rows count as rows of the key (into -1), or into the
 * count of that number only.
 */
static void
set_counts(IvmView *part, int ncounts, int into)
{
	IvmAccumKind *kinds = palloc_array(IvmAccumKind, ncounts + 1);
	Oid		   *argtypes = palloc0_array(Oid, ncounts + 1);

	part->naccums = ncounts;
	part->accums = palloc0_array(IvmAccumSpec, ncounts + 1);
	for (int i = 0; i < ncounts; i++)
	{
		kinds[i] = part->accums[i].kind = IVM_ACC_COUNT;
		if (i != into)
			part->accums[i].filter = (Expr *) makeBoolConst(false, false);
	}
	part->statedesc = IvmStateDescMake(ncounts, kinds, argtypes);
	part->no_rows = into >= 0;
}

void
IvmCountsShow(IvmView *view)
{
	view->naggs = view->naccums;
	view->aggs = palloc0_array(IvmAggSpec, view->naggs + 1);
	for (int i = 0; i < view->naggs; i++)
		view->aggs[i] = (IvmAggSpec)
	{
		.how = IVM_AGG_STATE,.aggfnoid = F_COUNT_,.accum = i,.rettype = INT8OID,.rettypmod = -1
	};
}

static Expr *
compare_with_zero(const IvmView *view, int i, Oid operator)
{
	Expr	   *count = (Expr *) makeVar(1, view->nkeys + i + 1, INT8OID, -1, InvalidOid, 0);
	Expr	   *zero = (Expr *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0),
										  false, FLOAT8PASSBYVAL);

	return make_opclause(operator, BOOLOID, false, count, zero, InvalidOid, InvalidOid);
}

Expr *
IvmCountIsZero(const IvmView *view, int i)
{
	return compare_with_zero(view, i, lookup_type_cache(INT8OID, TYPECACHE_EQ_OPR)->eq_opr);
}

Expr *
IvmCountIsPositive(const IvmView *view, int i)
{
	return compare_with_zero(view, i, lookup_type_cache(INT8OID, TYPECACHE_GT_OPR)->gt_opr);
}

/* The next part; the first is the view itself. */
static IvmView *
next_part(IvmView *view)
{
	IvmView    *part = view;

	if (view->nparts > 0)
	{
		part = palloc0_object(IvmView);
		part->cxt = view->cxt;
		part->branch = true;
		part->repeats = view->repeats;
	}
	view->parts[view->nparts++] = part;
	return part;
}

void
IvmCountsSplitPart(IvmSplit *split, Query *query, List *varnos, List *keys,
				   int ngrouped, int ncounts, int into)
{
	IvmView    *part = next_part(split->view);
	IvmSplit	sub = {.view = part,.scratch = split->scratch,.text = split->text,.query = query,
		.keys = keys,.ngrouped = ngrouped,.descending = split->descending,
		.varno = linitial_int(varnos),.joins = list_length(varnos) > 1
	};

	sub.expands = sub.joins || list_length(query->jointree->fromlist) > 1 ||
		expression_returns_set((Node *) keys);
	if (!sub.joins)
	{
		part->baserel = rt_fetch(sub.varno, query->rtable)->relid;
		part->inh = rt_fetch(sub.varno, query->rtable)->inh;
	}
	IvmOpenTables(&sub, varnos);
	IvmSplitLinear(&sub);
	IvmCloseTables(&sub);
	set_counts(part, ncounts, into);
	split->view->user_code |= part->user_code;
	split->view->needs_pins |= part->needs_pins;
}
