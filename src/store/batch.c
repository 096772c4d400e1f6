/*-------------------------------------------------------------------------
 *
 * batch.c
 *		Rows copied out of a read transaction (see batch.h).
 *
 * Which deltas count is decided about the copies, outside of the transaction,
 * since that may need the commit log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/batch.h"
#include "store/env.h"

#define FIRST_BUFFER	2048
#define FIRST_DELTAS	16
#define GROWTH			4

void
IvmBatchInit(IvmBatch *batch, MemoryContext cxt, const IvmGeneration *gen, Snapshot snapshot,
			 int maxrows)
{
	memset(batch, 0, sizeof(IvmBatch));
	batch->cxt = cxt;
	batch->b = gen->b;
	batch->snapshot = snapshot;
	batch->maxrows = maxrows;
	batch->rows = MemoryContextAllocHuge(cxt, maxrows * sizeof(IvmBatchRow));
	batch->maxdeltas = FIRST_DELTAS;
	batch->deltas = MemoryContextAlloc(cxt, batch->maxdeltas * sizeof(IvmBatchDelta));
	batch->size = FIRST_BUFFER;
	batch->buffer = MemoryContextAlloc(cxt, batch->size);
}

void
IvmBatchGrowRows(IvmBatch *batch, int maxrows)
{
	batch->maxrows = maxrows;
	pfree(batch->rows);
	batch->rows = MemoryContextAllocHuge(batch->cxt, batch->maxrows * sizeof(IvmBatchRow));
}

void
IvmBatchGrow(IvmBatch *batch, IvmFill lacking)
{
	switch (lacking)
	{
		case IVM_FILL_NO_ROOM:
			batch->size *= GROWTH;
			pfree(batch->buffer);
			batch->buffer = MemoryContextAllocHuge(batch->cxt, batch->size);
			break;
		case IVM_FILL_NO_DELTAS:
			batch->maxdeltas *= GROWTH;
			pfree(batch->deltas);
			batch->deltas = MemoryContextAllocHuge(batch->cxt,
												   batch->maxdeltas * sizeof(IvmBatchDelta));
			break;
		case IVM_FILL_NO_ROWS:
			IvmBatchGrowRows(batch, batch->maxrows * GROWTH);
			break;
		case IVM_FILL_OK:
		case IVM_FILL_LMDB:
		case IVM_FILL_CORRUPT:
			Assert(false);
	}
}

void
IvmBatchFailed(IvmFill why, int lmdb_rc)
{
	if (why == IVM_FILL_LMDB)
		IvmStoreError(lmdb_rc, "reading");
	if (why == IVM_FILL_CORRUPT)
		IvmStoreCorrupted("malformed row");
}

/* Asked once as long as the table holds it. */
static inline IvmVerdict *
verdict_on(IvmBatch *batch, FullTransactionId xid)
{
	IvmVerdict *verdict = &batch->verdicts[U64FromFullTransactionId(xid) % IVM_BATCH_VERDICTS];

	if (!FullTransactionIdEquals(verdict->xid, xid))
	{
		verdict->in_b = IvmXidSetContains(batch->b, xid);
		verdict->judged = false;
		verdict->xid = xid;
	}
	return verdict;
}

static inline IvmSight
sight_of(IvmBatch *batch, FullTransactionId xid)
{
	IvmVerdict *verdict = verdict_on(batch, xid);

	if (!verdict->judged)
		verdict->sight = IvmSnapshotSees(batch->snapshot, xid);
	verdict->judged = true;
	return verdict->sight;
}

/*
 * A tag counts where the snapshot sees all of it and B does not.  What is in B
 * is in the base, however old: the commit log is not asked.  But where only a
 * part of the tag is, it is asked about all: a transaction in B may have aborted.
 */
static bool
delta_counts(IvmBatch *batch, const IvmBatchDelta *delta, bool *too_old)
{
	bool		in_b = true;
	bool		forgotten = false;

	for (int i = 0; i <= delta->nmore && in_b; i++)
		in_b = verdict_on(batch, IvmTagXid(delta->xid, delta->more, i))->in_b;
	if (in_b)
		return false;
	for (int i = 0; i <= delta->nmore; i++)
	{
		IvmSight	sight = sight_of(batch, IvmTagXid(delta->xid, delta->more, i));

		if (sight == IVM_UNSEEN)
			return false;
		forgotten = forgotten || sight == IVM_TOO_OLD;
	}
	*too_old = forgotten;
	return !forgotten;
}

bool
IvmBatchJudge(IvmBatch *batch, const IvmBatchRow *stored, IvmPiece *pieces, IvmStoredRow *row)
{
	IvmPiece   *piece = pieces;

	row->key = stored->key;
	row->keylen = stored->keylen;
	row->pieces = pieces;
	row->has_base = stored->base != NULL;
	if (stored->base)
		*piece++ = (IvmPiece){stored->base, stored->baselen};
	for (int i = 0; i < stored->ndeltas; i++)
	{
		const IvmBatchDelta *delta = &batch->deltas[stored->first + i];
		bool		too_old = false;

		if (delta_counts(batch, delta, &too_old))
			*piece++ = (IvmPiece){delta->state, delta->statelen};
		else if (too_old)
			return false;
	}
	row->npieces = piece - pieces;
	row->ndeltas = row->npieces - row->has_base;
	return true;
}
