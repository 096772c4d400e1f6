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
	IvmAggregate ***aggregates; /* by part and arrangement; NULL where none is run */
	NullableDatum *results;		/* by aggregate */
	int64		deltas;			/* besides the merge's */
};

/* ---- beginning and end ---- */

/* Is a call of a part's arrangement needed?  Sets wanted by call. */
static bool
calls_wanted(const IvmElements *elements, int part, int slot, bool *wanted)
{
	const IvmView *view = elements->view;
	bool		any = false;

	for (int i = 0; i < view->naggs; i++)
	{
		const IvmAggSpec *agg = &view->aggs[i];

		if (agg->how == IVM_AGG_ELEMENTS && agg->part == part && agg->slot == slot &&
			elements->needed[i])
			any = wanted[agg->call] = true;
	}
	return any;
}

static IvmAggregate **
begin_part(IvmElements *elements, int number)
{
	const IvmView *part = elements->view->parts[number];
	IvmAggregate **aggregates = palloc0(sizeof(IvmAggregate *) * (part->nslots + 1));

	for (int i = 0; i < part->nslots; i++)
	{
		bool	   *wanted = palloc0(sizeof(bool) * (list_length(part->slots[i].calls) + 1));

		if (calls_wanted(elements, number, i, wanted))
			aggregates[i] = IvmAggregateBegin(part, i, wanted);
	}
	return aggregates;
}

static void
begin_aggregates(IvmElements *elements)
{
	const IvmView *view = elements->view;
	IvmEvalEnv	env;

	elements->aggregates = palloc(sizeof(IvmAggregate **) * view->nparts);
	IvmEvalEnterOwner(view, &env);
	for (int i = 0; i < view->nparts; i++)
		elements->aggregates[i] = begin_part(elements, i);
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
IvmElementsRestart(IvmElements *elements, const IvmGeneration *gen, Snapshot snapshot)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(elements->cxt);

	elements->deltas += IvmMergeDeltas(elements->merge);
	IvmMergeEnd(elements->merge);
	elements->gen = gen;
	elements->snapshot = snapshot;
	elements->merge = IvmMergeBegin(elements->view, gen, snapshot);
	MemoryContextSwitchTo(oldcxt);
}

void
IvmElementsEnd(IvmElements *elements)
{
	for (int p = 0; p < elements->view->nparts; p++)
	{
		for (int i = 0; i < elements->view->parts[p]->nslots; i++)
		{
			if (elements->aggregates[p][i] != NULL)
				IvmAggregateEnd(elements->aggregates[p][i]);
		}
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
owner_length(const IvmView *part, const IvmGroupKey *group)
{
	if (part->owner_has_forms)
		return group->keylen - 1;
	return IvmKeyCanonicalLength(part->keydesc, group->key + 1, group->keylen - 1);
}

/* All elements of a group in an arrangement. */
static void
element_range(const IvmView *part, int slot, const IvmGroupKey *group, IvmKeyRange *range)
{
	Size		ownerlen = owner_length(part, group);
	char	   *prefix = palloc(ownerlen + 1);

	prefix[0] = IVM_SLOT_BYTE(part, slot);
	memcpy(prefix + 1, group->key + 1, ownerlen);
	IvmPrefixRange(prefix, ownerlen + 1, range);
}

/* The columns of an element from its key, in CurrentMemoryContext. */
static void
decode_element(const IvmView *part, int slot, const IvmKeyRange *range,
			   const char *key, uint32 keylen, Datum *values, bool *nulls)
{
	IvmKeyDecode(part->slots[slot].keydesc, key + range->lowerlen, keylen - range->lowerlen,
				 NULL, values, nulls);
}

/*
 * The next element with a positive count, which is returned; 0 at the end, or
 * where the merge says why not.
 */
static int64
next_element(IvmElements *elements, const IvmView *part, int slot,
			 const char **key, uint32 *keylen)
{
	const IvmStateDesc *desc = part->slots[slot].statedesc;
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
	const IvmView *part = elements->view->parts[agg->part];
	IvmKeyRange range;
	const char *key;
	uint32		keylen;

	element_range(part, agg->slot, group, &range);
	IvmMergeStart(elements->merge, &range, 1, agg->how == IVM_AGG_GREATEST);
	result->isnull = true;
	if (next_element(elements, part, agg->slot, &key, &keylen) > 0)
		decode_element(part, agg->slot, &range, key, keylen, &result->value, &result->isnull);
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
count_elements(IvmElements *elements, const IvmView *part, int slot, const IvmGroupKey *group)
{
	IvmKeyRange range;
	IvmOverlayRow *own;
	IvmKeyBytes *extra;
	int			nown;
	char	   *totalkey;
	int64		total;
	IvmStoredRow *rows;
	int			nrows;

	element_range(part, slot, group, &range);
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
	return total + corrections(elements, part->slots[slot].statedesc, rows, nrows,
							   own, nown);
}

/* Give the elements of a group to the aggregates. */
static void
give_elements(IvmElements *elements, const IvmView *part, int slot, IvmAggregate *aggregate,
			  const IvmPartGroup *group)
{
	int			ncols = part->slots[slot].ncols;
	Datum	   *values = palloc(sizeof(Datum) * (ncols + 1));
	bool	   *nulls = palloc(sizeof(bool) * (ncols + 1));
	MemoryContext rowcxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw element",
												 ALLOCSET_SMALL_SIZES);
	ListCell   *lc;

	foreach(lc, group->keys)
	{
		IvmKeyRange range;
		const char *key;
		uint32		keylen;
		int64		copies;
		MemoryContext oldcxt;

		element_range(part, slot, lfirst(lc), &range);
		IvmMergeStart(elements->merge, &range, 1, false);
		oldcxt = MemoryContextSwitchTo(rowcxt);
		while ((copies = next_element(elements, part, slot, &key, &keylen)) > 0)
		{
			decode_element(part, slot, &range, key, keylen, values, nulls);
			IvmAggregateAdd(aggregate, values, nulls, copies * group->times);
			MemoryContextReset(rowcxt);
		}
		MemoryContextSwitchTo(oldcxt);
		if (!part->owner_has_forms)
			break;				/* the forms of a key share their elements */
	}
	MemoryContextDelete(rowcxt);
}

/* A row of nulls in the place of a satellite's rows. */
static void
give_null_element(const IvmSlotSpec *slot, IvmAggregate *aggregate, int64 times)
{
	Datum	   *values = palloc(sizeof(Datum) * (slot->ncols + 1));
	bool	   *nulls = palloc(sizeof(bool) * (slot->ncols + 1));

	for (int c = 0; c < slot->ncols; c++)
	{
		values[c] = slot->null_element[c].value;
		nulls[c] = slot->null_element[c].isnull;
	}
	IvmAggregateAdd(aggregate, values, nulls, times);
}

/* Give all elements to an arrangement's calls; results by call. */
static NullableDatum *
run_aggregate(IvmElements *elements, const IvmView *part, int slot, IvmAggregate *aggregate,
			  const IvmPartGroup *group)
{
	NullableDatum *results = palloc0(sizeof(NullableDatum) * list_length(part->slots[slot].calls));
	const IvmGroupKey *first = linitial(group->keys);

	IvmAggregateClear(aggregate);
	if (!group->is_null)
		give_elements(elements, part, slot, aggregate, group);
	else if (part->slots[slot].has_null_element)
		give_null_element(&part->slots[slot], aggregate, group->times);
	if (IvmMergeUnfit(elements->merge) == NULL)
		IvmAggregateResults(aggregate, first->key + 1, first->keylen - 1, results);
	return results;
}

/* Run an arrangement's aggregates and spread their results. */
static void
read_calls(IvmElements *elements, int number, int slot, const IvmPartGroup *group)
{
	const IvmView *view = elements->view;
	NullableDatum *results;
	IvmEvalEnv	env;

	IvmEvalEnter(view, &env);
	results = run_aggregate(elements, view->parts[number], slot,
							elements->aggregates[number][slot], group);
	IvmEvalLeave(&env);
	for (int i = 0; i < view->naggs; i++)
	{
		const IvmAggSpec *agg = &view->aggs[i];

		if (agg->how == IVM_AGG_ELEMENTS && agg->part == number && agg->slot == slot &&
			elements->needed[i])
			elements->results[i] = results[agg->call];
	}
}

/* An aggregate that an arrangement's order or number of elements tells. */
static void
read_one(IvmElements *elements, const IvmAggSpec *agg, const IvmPartGroup *group,
		 NullableDatum *result)
{
	const IvmView *part = elements->view->parts[agg->part];
	const IvmSlotSpec *slot = &part->slots[agg->slot];

	if (group->is_null)
	{
		/* the element of nulls, where there is one */
		result->isnull = agg->how != IVM_AGG_DISTINCT &&
			(!slot->has_null_element || slot->null_element[0].isnull);
		result->value = agg->how == IVM_AGG_DISTINCT ?
			Int64GetDatum(slot->has_null_element) : slot->null_element[0].value;
	}
	else if (agg->how == IVM_AGG_DISTINCT)
	{
		result->value = Int64GetDatum(count_elements(elements, part, agg->slot,
													 linitial(group->keys)));
		result->isnull = false;
	}
	else
		read_extremum(elements, agg, linitial(group->keys), result);
}

const NullableDatum *
IvmElementsRead(IvmElements *elements, const IvmPartGroup *groups, const char **reason)
{
	const IvmView *view = elements->view;

	for (int i = 0; i < view->naggs; i++)
	{
		const IvmAggSpec *agg = &view->aggs[i];

		if (elements->needed[i] && agg->how != IVM_AGG_ELEMENTS)
			read_one(elements, agg, &groups[agg->part], &elements->results[i]);
	}
	for (int p = 0; p < view->nparts; p++)
	{
		for (int i = 0; i < view->parts[p]->nslots; i++)
		{
			if (elements->aggregates[p][i] != NULL)
				read_calls(elements, p, i, &groups[p]);
		}
	}
	*reason = IvmMergeUnfit(elements->merge);
	return *reason == NULL ? elements->results : NULL;
}
