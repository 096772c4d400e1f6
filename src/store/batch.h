/*-------------------------------------------------------------------------
 *
 * batch.h
 *		Rows copied out of a read transaction: of each key its base state and
 *		all of its deltas; and, once that has ended, which of these count.
 *
 * Private to store/.  What is added inside a read transaction neither
 * allocates nor reports: where there is no room, the caller ends the
 * transaction, lets the batch grow, and begins anew.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_BATCH_H
#define IVM_BATCH_H

#include "store/layout.h"
#include "store/rows.h"

#define IVM_BATCH_VERDICTS	64

/* What ended the filling of a batch. */
typedef enum IvmFill
{
	IVM_FILL_OK,				/* enough rows, or the end */
	IVM_FILL_NO_ROOM,			/* the buffer is full */
	IVM_FILL_NO_ROWS,			/* the array of rows is */
	IVM_FILL_NO_DELTAS,			/* the array of deltas is */
	IVM_FILL_LMDB,				/* an error code */
	IVM_FILL_CORRUPT
} IvmFill;

/* A delta of the batch; pointers lead into the buffer. */
typedef struct IvmBatchDelta
{
	FullTransactionId xid;
	const char *more;
	const char *state;
	uint32		statelen;
	int			nmore;
} IvmBatchDelta;

typedef struct IvmBatchRow
{
	const char *key;			/* whole key */
	const char *base;			/* state, or NULL */
	uint32		keylen;
	uint32		baselen;
	int			first;			/* of its deltas */
	int			ndeltas;
} IvmBatchRow;

/* What a snapshot thinks of a transaction. */
typedef struct IvmVerdict
{
	FullTransactionId xid;
	bool		in_b;			/* ended before the generation, committed or not */
	bool		judged;			/* sight is known */
	IvmSight	sight;
} IvmVerdict;

typedef struct IvmBatch
{
	MemoryContext cxt;
	const IvmXidSet *b;
	Snapshot	snapshot;
	IvmBatchRow *rows;
	int			nrows;
	int			maxrows;
	IvmBatchDelta *deltas;
	int			ndeltas;
	int			maxdeltas;
	char	   *buffer;
	Size		used;
	Size		size;
	IvmVerdict	verdicts[IVM_BATCH_VERDICTS];
} IvmBatch;

/* The buffers are allocated in cxt; the generation and the snapshot must outlive the batch. */
extern void IvmBatchInit(IvmBatch *batch, MemoryContext cxt, const IvmGeneration *gen,
						 Snapshot snapshot, int maxrows);

static inline void
IvmBatchReset(IvmBatch *batch)
{
	batch->nrows = batch->ndeltas = 0;
	batch->used = 0;
}

/* Outside of transactions: get rid of the rows, and make room for more of what was lacking. */
extern void IvmBatchGrow(IvmBatch *batch, IvmFill lacking);
extern void IvmBatchGrowRows(IvmBatch *batch, int maxrows);

/* Inside of one: report, where that is no lack of room. */
extern void IvmBatchFailed(IvmFill why, int lmdb_rc);

/*
 * Outside: fill *row, with pieces (room for the base's and all the deltas') for the base and
 * the deltas that count.  False where a tag has outlived the commit log.
 */
extern bool IvmBatchJudge(IvmBatch *batch, const IvmBatchRow *stored, IvmPiece *pieces,
						  IvmStoredRow *row);

static inline IvmFill
IvmBatchCopy(IvmBatch *batch, const char *from, uint32 len, const char **to)
{
	char	   *p = batch->buffer + batch->used;

	if (len > batch->size - batch->used)
		return IVM_FILL_NO_ROOM;
	batch->used += len;
	*to = memcpy(p, from, len);
	return IVM_FILL_OK;
}

/* A row without base and deltas; it counts from batch->nrows++ on, which is the caller's. */
static inline IvmFill
IvmBatchNewRow(IvmBatch *batch, const char *key, uint32 keylen)
{
	IvmBatchRow *row = &batch->rows[batch->nrows];

	if (batch->nrows == batch->maxrows)
		return IVM_FILL_NO_ROWS;
	row->keylen = keylen;
	row->base = NULL;
	row->first = batch->ndeltas;
	row->ndeltas = 0;
	return IvmBatchCopy(batch, key, keylen, &row->key);
}

/* Is this the row of that whole key?  Else there are two under one hash. */
static inline bool
IvmBatchRowHasKey(const IvmBatchRow *row, const IvmRowParts *parts)
{
	return row->keylen == parts->keylen && memcmp(row->key, parts->key, parts->keylen) == 0;
}

static inline IvmFill
IvmBatchSetBase(IvmBatch *batch, IvmBatchRow *row, const IvmRowParts *parts)
{
	row->baselen = parts->statelen;
	return IvmBatchCopy(batch, parts->state, parts->statelen, &row->base);
}

/* The row must be the last one. */
static inline IvmFill
IvmBatchAddDelta(IvmBatch *batch, IvmBatchRow *row, const IvmRowParts *parts)
{
	IvmBatchDelta *delta = &batch->deltas[batch->ndeltas];

	if (!IvmBatchRowHasKey(row, parts))
		return IVM_FILL_CORRUPT;
	if (batch->ndeltas == batch->maxdeltas)
		return IVM_FILL_NO_DELTAS;
	delta->xid = parts->xid;
	delta->nmore = parts->nmore;
	delta->statelen = parts->statelen;
	if (IvmBatchCopy(batch, parts->more, parts->nmore * sizeof(uint64), &delta->more) != IVM_FILL_OK ||
		IvmBatchCopy(batch, parts->state, parts->statelen, &delta->state) != IVM_FILL_OK)
		return IVM_FILL_NO_ROOM;
	batch->ndeltas++;
	row->ndeltas++;
	return IVM_FILL_OK;
}

/* Is the physical key certainly not below the upper end? */
static inline bool
IvmPhysicalBeyond(const char *phys, uint32 physlen, const IvmKeyRange *range)
{
	Size		len;
	int			c;

	if (range->upperlen == 0)
		return false;
	len = IvmPhysicalIsTruncated(physlen) ? IVM_KEY_LIMIT : physlen;
	c = memcmp(phys, range->upper, Min(len, range->upperlen));
	if (c != 0)
		return c > 0;
	return len >= range->upperlen;
}

/* Is it certainly below the lower end? */
static inline bool
IvmPhysicalBelow(const char *phys, uint32 physlen, const IvmKeyRange *range)
{
	Size		len = IvmPhysicalIsTruncated(physlen) ? IVM_KEY_LIMIT : physlen;
	Size		lower = Min(range->lowerlen, IVM_KEY_LIMIT);
	int			c = memcmp(phys, range->lower, Min(len, lower));

	return c != 0 ? c < 0 : len < lower;
}

/* Precise test of whole keys, needed where a bound or the key is long. */
static inline bool
IvmKeyInRange(const char *key, uint32 keylen, const IvmKeyRange *range)
{
	if (IvmPhysicalKeyCompare(key, keylen, range->lower, range->lowerlen) < 0)
		return false;
	return range->upperlen == 0 ||
		IvmPhysicalKeyCompare(key, keylen, range->upper, range->upperlen) < 0;
}

#endif							/* IVM_BATCH_H */
