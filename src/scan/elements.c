/*-------------------------------------------------------------------------
 *
 * elements.c
 *		Aggregates over arrangements: read from the elements of a group.
 *
 * An extremum takes the first or last elements until one has a positive
 * count.  The number of elements is the total over folded ones, put right by those with
 * pending changes.  Else all elements are given to PostgreSQL's own aggregates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "maintain/overlay.h"
#include "miscadmin.h"
#include "scan/aggregate.h"
#include "scan/elements.h"
#include "scan/merge.h"
#include "scan/ranges.h"
#include "store/pending.h"
#include "utils/memutils.h"
#include "view/settings.h"

struct IvmElements
{
	const IvmView *view;
	const IvmGeneration *gen;
	Snapshot	snapshot;
	MemoryContext cxt;
	bool	   *needed;			/* by aggregate */
	IvmMerge   *merge;
	IvmAggregate **aggregates;	/* by arrangement; NULL where none is run */
	NullableDatum *results;		/* by aggregate */
	int64		deltas;			/* besides the merge's */
};

/* ---- beginning and end ---- */

/* Is a call of the arrangement needed?  Sets wanted by call. */
static bool
calls_wanted(const IvmElements *elements, int slot, bool *wanted)
{
	const IvmView *view = elements->view;
	bool		any = false;

	for (int i = 0; i < view->naggs; i++)
	{
		const IvmAggSpec *agg = &view->aggs[i];

		if (agg->how == IVM_AGG_ELEMENTS && agg->slot == slot && elements->needed[i])
			any = wanted[agg->call] = true;
	}
	return any;
}

static void
begin_aggregates(IvmElements *elements)
{
	const IvmView *view = elements->view;
	IvmEvalEnv	env;

	elements->aggregates = palloc0(sizeof(IvmAggregate *) * (view->nslots + 1));
	IvmEvalEnterOwner(view, &env);
	for (int i = 0; i < view->nslots; i++)
	{
		bool	   *wanted = palloc0(sizeof(bool) * (list_length(view->slots[i].calls) + 1));

		if (calls_wanted(elements, i, wanted))
			elements->aggregates[i] = IvmAggregateBegin(view, i, wanted);
	}
	IvmEvalLeave(&env);
}

static bool *
needed_aggregates(const IvmView *view, const IvmFinish *finish)
{
	bool	   *needed = palloc0(sizeof(bool) * (view->naggs + 1));
	bool		any = false;

	for (int i = 0; i < view->naggs; i++)
		any |= needed[i] = view->aggs[i].how >= IVM_AGG_LEAST && IvmFinishNeeds(finish, i);
	return any ? needed : NULL;
}

IvmElements *
IvmElementsBegin(const IvmView *view, const IvmGeneration *gen, Snapshot snapshot,
				 const IvmFinish *finish)
{
	bool	   *needed = needed_aggregates(view, finish);
	MemoryContext cxt;
	MemoryContext oldcxt;
	IvmElements *elements;

	if (needed == NULL)
		return NULL;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw elements", ALLOCSET_SMALL_SIZES);
	oldcxt = MemoryContextSwitchTo(cxt);
	elements = palloc0(sizeof(IvmElements));
	elements->view = view;
	elements->gen = gen;
	elements->snapshot = snapshot;
	elements->cxt = cxt;
	elements->needed = needed;
	elements->merge = IvmMergeBegin(view, gen, snapshot);
	elements->results = palloc0(sizeof(NullableDatum) * view->naggs);
	begin_aggregates(elements);
	MemoryContextSwitchTo(oldcxt);
	return elements;
}

void
IvmElementsEnd(IvmElements *elements)
{
	for (int i = 0; i < elements->view->nslots; i++)
	{
		if (elements->aggregates[i] != NULL)
			IvmAggregateEnd(elements->aggregates[i]);
	}
	IvmMergeEnd(elements->merge);
	MemoryContextDelete(elements->cxt);
}

int64
IvmElementsDeltas(const IvmElements *elements)
{
	return elements->deltas + IvmMergeDeltas(elements->merge);
}

/* ---- keys of elements ---- */

/* The part of a group's key that starts those of its elements. */
static Size
owner_length(const IvmView *view, const IvmGroupKey *group)
{
	if (view->owner_has_forms)
		return group->keylen - 1;
	return IvmKeyCanonicalLength(view->keydesc, group->key + 1, group->keylen - 1);
}

/* All elements of a group in an arrangement. */
static void
element_range(const IvmView *view, int slot, const IvmGroupKey *group, IvmKeyRange *range)
{
	Size		ownerlen = owner_length(view, group);
	char	   *prefix = palloc(ownerlen + 1);

	prefix[0] = IVM_SLOT_BYTE(view, slot);
	memcpy(prefix + 1, group->key + 1, ownerlen);
	IvmPrefixRange(prefix, ownerlen + 1, range);
}

/* The columns of an element from its key, in CurrentMemoryContext. */
static void
decode_element(const IvmView *view, int slot, const IvmKeyRange *range,
			   const char *key, uint32 keylen, Datum *values, bool *nulls)
{
	IvmKeyDecode(view->slots[slot].keydesc, key + range->lowerlen, keylen - range->lowerlen,
				 NULL, values, nulls);
}

/*
 * The next element with a positive count, which is returned; 0 at the end, or
 * where the merge says why not.
 */
static int64
next_element(IvmElements *elements, int slot, const char **key, uint32 *keylen)
{
	const IvmStateDesc *desc = elements->view->slots[slot].statedesc;
	IvmState   *state = palloc(desc->size);

	while (IvmMergePeek(elements->merge, key, keylen))
	{
		CHECK_FOR_INTERRUPTS();
		IvmStateInit(desc, state);
		IvmMergeTake(elements->merge, state);
		if (state->rows > 0)
			return state->rows;
		if (state->rows < 0)
			IvmMergeSetUnfit(elements->merge, IVM_REASON_DAMAGED);
	}
	return 0;
}

/* ---- the three ways ---- */

static void
read_extremum(IvmElements *elements, const IvmAggSpec *agg, const IvmGroupKey *group,
			  NullableDatum *result)
{
	IvmKeyRange range;
	const char *key;
	uint32		keylen;

	element_range(elements->view, agg->slot, group, &range);
	IvmMergeStart(elements->merge, &range, 1, agg->how == IVM_AGG_GREATEST);
	result->isnull = true;
	if (next_element(elements, agg->slot, &key, &keylen) > 0)
		decode_element(elements->view, agg->slot, &range, key, keylen,
					   &result->value, &result->isnull);
}

static int64
count_pieces(const IvmStateDesc *desc, const IvmPiece *pieces, int npieces)
{
	IvmState   *state = palloc(desc->size);
	int64		count;

	IvmStateInit(desc, state);
	for (int i = 0; i < npieces; i++)
		IvmStateUnpackAdd(desc, state, pieces[i].state, pieces[i].statelen);
	count = state->rows;
	pfree(state);
	return count;
}

/* How an element with pending changes (row NULL: none in the store) puts the total right. */
static int
correction(IvmElements *elements, const IvmStateDesc *desc, const IvmStoredRow *row,
		   const IvmOverlayRow *own)
{
	int64		base = row ? count_pieces(desc, row->pieces, row->has_base) : 0;
	int64		visible = row ? count_pieces(desc, row->pieces, row->npieces) : 0;

	visible += own ? own->state->rows : 0;
	elements->deltas += (row ? row->ndeltas : 0) + (own != NULL);
	if (visible < 0)
		IvmMergeSetUnfit(elements->merge, IVM_REASON_DAMAGED);
	return (visible > 0) - (base > 0);
}

/* Both in key order. */
static int64
corrections(IvmElements *elements, const IvmStateDesc *desc, const IvmStoredRow *rows, int nrows,
			const IvmOverlayRow *own, int nown)
{
	int64		sum = 0;
	int			i = 0;
	int			j = 0;

	while (i < nrows || j < nown)
	{
		int			cmp = i == nrows ? 1 : j == nown ? -1 :
		IvmPhysicalKeyCompare(rows[i].key, rows[i].keylen, own[j].key, own[j].keylen);

		sum += correction(elements, desc, cmp <= 0 ? &rows[i] : NULL, cmp >= 0 ? &own[j] : NULL);
		i += cmp <= 0;
		j += cmp >= 0;
	}
	return sum;
}

static int64
count_elements(IvmElements *elements, int slot, const IvmGroupKey *group)
{
	IvmKeyRange range;
	IvmOverlayRow *own;
	IvmKeyBytes *extra;
	int			nown;
	char	   *totalkey;
	int64		total;
	IvmStoredRow *rows;
	int			nrows;

	element_range(elements->view, slot, group, &range);
	own = IvmOverlayRows(elements->view, elements->snapshot->curcid, &range, 1, &nown);
	extra = palloc(sizeof(IvmKeyBytes) * (nown + 1));
	for (int i = 0; i < nown; i++)
		extra[i] = (IvmKeyBytes) {own[i].key, own[i].keylen};
	totalkey = palloc(IvmTotalsKeyLength(range.lowerlen - 1));
	IvmTotalsKeyWrite(totalkey, range.lower, range.lowerlen - 1);
	if (!IvmPendingRead(elements->gen, elements->snapshot, totalkey,
						IvmTotalsKeyLength(range.lowerlen - 1), &range, extra, nown,
						&total, &rows, &nrows))
	{
		IvmMergeSetUnfit(elements->merge, IVM_REASON_TOO_OLD);
		return 0;
	}
	if (total < 0)
		IvmMergeSetUnfit(elements->merge, IVM_REASON_DAMAGED);
	return total + corrections(elements, elements->view->slots[slot].statedesc, rows, nrows,
							   own, nown);
}

/* Give all elements to an arrangement's calls; results by call. */
static NullableDatum *
run_aggregate(IvmElements *elements, int slot, List *keys)
{
	const IvmView *view = elements->view;
	IvmAggregate *aggregate = elements->aggregates[slot];
	int			ncols = view->slots[slot].ncols;
	Datum	   *values = palloc(sizeof(Datum) * (ncols + 1));
	bool	   *nulls = palloc(sizeof(bool) * (ncols + 1));
	NullableDatum *results = palloc0(sizeof(NullableDatum) * list_length(view->slots[slot].calls));
	MemoryContext rowcxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw element",
												 ALLOCSET_SMALL_SIZES);
	const IvmGroupKey *first = linitial(keys);
	ListCell   *lc;

	IvmAggregateClear(aggregate);
	foreach(lc, keys)
	{
		IvmKeyRange range;
		const char *key;
		uint32		keylen;
		int64		copies;
		MemoryContext oldcxt;

		element_range(view, slot, lfirst(lc), &range);
		IvmMergeStart(elements->merge, &range, 1, false);
		oldcxt = MemoryContextSwitchTo(rowcxt);
		while ((copies = next_element(elements, slot, &key, &keylen)) > 0)
		{
			decode_element(view, slot, &range, key, keylen, values, nulls);
			IvmAggregateAdd(aggregate, values, nulls, copies);
			MemoryContextReset(rowcxt);
		}
		MemoryContextSwitchTo(oldcxt);
		if (!view->owner_has_forms)
			break;				/* the forms of a key share their elements */
	}
	MemoryContextDelete(rowcxt);
	if (IvmMergeUnfit(elements->merge) == NULL)
		IvmAggregateResults(aggregate, first->key + 1, first->keylen - 1, results);
	return results;
}

/* Run an arrangement's aggregates and spread their results. */
static void
read_calls(IvmElements *elements, int slot, List *keys)
{
	const IvmView *view = elements->view;
	NullableDatum *results;
	IvmEvalEnv	env;

	IvmEvalEnter(view, &env);
	results = run_aggregate(elements, slot, keys);
	IvmEvalLeave(&env);
	for (int i = 0; i < view->naggs; i++)
	{
		const IvmAggSpec *agg = &view->aggs[i];

		if (agg->how == IVM_AGG_ELEMENTS && agg->slot == slot && elements->needed[i])
			elements->results[i] = results[agg->call];
	}
}

const NullableDatum *
IvmElementsRead(IvmElements *elements, List *keys, const char **reason)
{
	const IvmView *view = elements->view;

	for (int i = 0; i < view->naggs; i++)
	{
		const IvmAggSpec *agg = &view->aggs[i];
		NullableDatum *result = &elements->results[i];

		if (!elements->needed[i] || agg->how == IVM_AGG_ELEMENTS)
			continue;
		if (agg->how == IVM_AGG_DISTINCT)
		{
			result->value = Int64GetDatum(count_elements(elements, agg->slot, linitial(keys)));
			result->isnull = false;
		}
		else
			read_extremum(elements, agg, linitial(keys), result);
	}
	for (int i = 0; i < view->nslots; i++)
	{
		if (elements->aggregates[i] != NULL)
			read_calls(elements, i, keys);
	}
	*reason = IvmMergeUnfit(elements->merge);
	return *reason == NULL ? elements->results : NULL;
}
