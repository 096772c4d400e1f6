/*-------------------------------------------------------------------------
 *
 * merge.c
 *		A view's keys as a snapshot sees them (see merge.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "maintain/overlay.h"
#include "scan/merge.h"
#include "utils/memutils.h"

struct IvmMerge
{
	const IvmView *view;
	const IvmGeneration *gen;
	Snapshot	snapshot;
	MemoryContext cxt;
	MemoryContext startcxt;		/* the overlay's rows, since the last start */
	bool		backward;

	IvmRowScan *rows;			/* made when first needed */
	IvmStoredRow stored;
	bool		have_stored;
	bool		stored_ended;
	IvmOverlayRow *own;			/* in the order of the scan */
	int			nown;
	int			next_own;

	/* the key that was peeked at: where it occurs */
	bool		in_store;
	bool		in_own;

	int64		deltas;
	const char *unfit;
};

IvmMerge *
IvmMergeBegin(const IvmView *view, const IvmGeneration *gen, Snapshot snapshot)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw merge",
											  ALLOCSET_SMALL_SIZES);
	IvmMerge   *merge = MemoryContextAllocZero(cxt, sizeof(IvmMerge));

	merge->view = view;
	merge->gen = gen;
	merge->snapshot = snapshot;
	merge->cxt = cxt;
	merge->startcxt = AllocSetContextCreate(cxt, "ivm_fdw merge start", ALLOCSET_SMALL_SIZES);
	return merge;
}

static void
reverse(IvmOverlayRow *rows, int n)
{
	for (int i = 0; i < n / 2; i++)
	{
		IvmOverlayRow row = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = row;
	}
}

void
IvmMergeStart(IvmMerge *merge, const IvmKeyRange *ranges, int nranges, bool backward)
{
	MemoryContext oldcxt;

	MemoryContextReset(merge->startcxt);
	oldcxt = MemoryContextSwitchTo(merge->startcxt);
	merge->own = IvmOverlayRows(merge->view, merge->snapshot->curcid, ranges, nranges,
								&merge->nown);
	merge->next_own = 0;
	if (backward)
		reverse(merge->own, merge->nown);

	MemoryContextSwitchTo(merge->cxt);
	if (merge->rows == NULL)
		merge->rows = IvmRowScanBegin(merge->gen, merge->snapshot, ranges, nranges, backward);
	else
		IvmRowScanRestart(merge->rows, ranges, nranges, backward);
	MemoryContextSwitchTo(oldcxt);
	merge->backward = backward;
	merge->have_stored = merge->stored_ended = false;
}

/* Have the next stored row at hand, if there is one. */
static bool
load_stored(IvmMerge *merge)
{
	bool		too_old = false;

	if (merge->have_stored || merge->stored_ended)
		return true;
	merge->have_stored = IvmRowScanNext(merge->rows, &merge->stored, &too_old);
	merge->stored_ended = !merge->have_stored;
	if (too_old)
		merge->unfit = IVM_REASON_TOO_OLD;
	return !too_old;
}

bool
IvmMergePeek(IvmMerge *merge, const char **key, uint32 *keylen)
{
	const IvmOverlayRow *own = merge->next_own < merge->nown ? &merge->own[merge->next_own] : NULL;
	int			cmp;

	if (merge->unfit != NULL || !load_stored(merge) || (!merge->have_stored && own == NULL))
		return false;
	if (!merge->have_stored)
		cmp = 1;
	else if (own == NULL)
		cmp = -1;
	else
	{
		cmp = IvmPhysicalKeyCompare(merge->stored.key, merge->stored.keylen,
									own->key, own->keylen);
		if (merge->backward)
			cmp = -cmp;
	}
	merge->in_store = cmp <= 0;
	merge->in_own = cmp >= 0;
	*key = merge->in_store ? merge->stored.key : own->key;
	*keylen = merge->in_store ? merge->stored.keylen : own->keylen;
	return true;
}

void
IvmMergeTake(IvmMerge *merge, IvmState *state)
{
	const IvmOverlayRow *own = &merge->own[merge->next_own];
	const IvmStateDesc *desc = IvmViewStateDesc(merge->view, merge->in_store ?
												merge->stored.key : own->key);

	if (merge->in_store)
	{
		for (int i = 0; i < merge->stored.npieces; i++)
			IvmStateUnpackAdd(desc, state, merge->stored.pieces[i].state,
							  merge->stored.pieces[i].statelen);
		merge->deltas += merge->stored.ndeltas;
		merge->have_stored = false;
	}
	if (merge->in_own)
	{
		IvmStateAdd(desc, state, own->state, 1);
		merge->deltas++;
		merge->next_own++;
	}
}

const char *
IvmMergeUnfit(const IvmMerge *merge)
{
	return merge->unfit;
}

void
IvmMergeSetUnfit(IvmMerge *merge, const char *reason)
{
	merge->unfit = reason;
}

int64
IvmMergeDeltas(const IvmMerge *merge)
{
	return merge->deltas;
}

void
IvmMergeEnd(IvmMerge *merge)
{
	if (merge->rows)
		IvmRowScanEnd(merge->rows);
	MemoryContextDelete(merge->cxt);
}
