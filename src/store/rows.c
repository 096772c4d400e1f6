/*-------------------------------------------------------------------------
 *
 * rows.c
 *		The merged read of base and deltas.
 *
 * A batch of rows is copied out of one read transaction: of each key the base
 * row and *all* of its deltas, so that folding can move a delta into the base
 * between two batches but never within a key.  Which of the deltas count is
 * decided after the transaction (batch.c).  The next batch seeks the key after
 * the last, or before it in a backward scan, where both cursors move the other way.
 *
 * Long keys.  LMDB orders keys with one truncated prefix by their hash.  Such
 * a run is read into one batch whole, and sorted there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/batch.h"
#include "store/env.h"
#include "store/layout.h"
#include "store/rows.h"

#define FIRST_BATCH_ROWS	8
#define BATCH_GROWTH		8
#define MAX_BATCH_ROWS		1024

struct IvmRowScan
{
	MemoryContext cxt;
	char		base_prefix[4];
	char		delta_prefix[4];
	const IvmKeyRange *ranges;
	int			nranges;
	IvmKeyRange everything;
	bool		backward;

	/* where the next batch starts */
	int			visited;		/* ranges that are done */
	bool		resume;			/* past the key in last[], else at the range's end */
	char		last[IVM_TRUNCATED_LENGTH]; /* physical key */
	Size		lastlen;
	bool		done;

	int			batch_rows;		/* as many as the batch may have */
	int			next;			/* row of it */
	IvmBatch	batch;
	IvmPiece   *pieces;
	int			maxpieces;
};

/* One of the two cursors, on an entry that is in the range, or at its end. */
typedef struct Side
{
	MDB_cursor *cursor;
	const char *prefix;
	bool		is_delta;
	bool		valid;
	IvmRowParts parts;
} Side;

IvmRowScan *
IvmRowScanBegin(const IvmGeneration *gen, Snapshot snapshot,
				const IvmKeyRange *ranges, int nranges, bool backward)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm row scan",
											  ALLOCSET_DEFAULT_SIZES);
	IvmRowScan *scan = MemoryContextAllocZero(cxt, sizeof(IvmRowScan));

	scan->cxt = cxt;
	IvmPut32(scan->base_prefix, gen->number);
	IvmPut32(scan->delta_prefix, gen->view);
	IvmBatchInit(&scan->batch, cxt, gen, snapshot, FIRST_BATCH_ROWS);
	IvmRowScanRestart(scan, ranges, nranges, backward);
	return scan;
}

void
IvmRowScanRestart(IvmRowScan *scan, const IvmKeyRange *ranges, int nranges, bool backward)
{
	scan->nranges = nranges > 0 ? nranges : 1;
	scan->ranges = nranges > 0 ? ranges : &scan->everything;
	scan->backward = backward;
	scan->visited = 0;
	scan->resume = false;
	scan->done = false;
	scan->batch_rows = FIRST_BATCH_ROWS;
	scan->next = 0;
	IvmBatchReset(&scan->batch);
}

void
IvmRowScanEnd(IvmRowScan *scan)
{
	MemoryContextDelete(scan->cxt);
}

static inline const IvmKeyRange *
current_range(const IvmRowScan *scan)
{
	return &scan->ranges[scan->backward ? scan->nranges - 1 - scan->visited : scan->visited];
}

/* Take the entry under the cursor apart. */
static IvmFill
side_load(const IvmRowScan *scan, Side *side, int rc, MDB_val *key, MDB_val *value, int *lmdb_rc)
{
	const IvmKeyRange *range = current_range(scan);
	bool		good;

	side->valid = false;
	if (rc == MDB_NOTFOUND)
		return IVM_FILL_OK;
	if (rc != 0)
	{
		*lmdb_rc = rc;
		return IVM_FILL_LMDB;
	}
	if (key->mv_size < 4 || memcmp(key->mv_data, side->prefix, 4) != 0)
		return IVM_FILL_OK;

	if (side->is_delta)
		good = IvmDeltaParse(key->mv_data, key->mv_size, value->mv_data, value->mv_size,
							 &side->parts);
	else
		good = IvmBaseParse(key->mv_data, key->mv_size, value->mv_data, value->mv_size,
							&side->parts);
	if (!good)
		return IVM_FILL_CORRUPT;
	side->valid = scan->backward ?
		!IvmPhysicalBelow(side->parts.phys, side->parts.physlen, range) :
		!IvmPhysicalBeyond(side->parts.phys, side->parts.physlen, range);
	return IVM_FILL_OK;
}

static IvmFill
side_next(const IvmRowScan *scan, Side *side, int *lmdb_rc)
{
	MDB_val		key;
	MDB_val		value;
	int			rc = mdb_cursor_get(side->cursor, &key, &value,
									scan->backward ? MDB_PREV : MDB_NEXT);

	return side_load(scan, side, rc, &key, &value, lmdb_rc);
}

/*
 * Put the cursor on the first entry of the range, or the first one after the
 * physical key in scan->last.
 */
static int
seek_forward(const IvmRowScan *scan, const Side *side, MDB_val *key, MDB_val *value)
{
	const IvmKeyRange *range = current_range(scan);
	char	   *buf = key->mv_data;
	char	   *start = buf + 4;
	Size		len;
	Size		sought;
	int			rc;

	if (scan->resume)
	{
		len = scan->lastlen;
		memcpy(start, scan->last, len);
		if (side->is_delta)
		{
			memset(start + len, 0xFF, IVM_DELTA_TAIL);
			len += IVM_DELTA_TAIL;
		}
	}
	else
	{
		/* The first of long keys that share a prefix is not known: filtered later. */
		len = Min(range->lowerlen, IVM_KEY_LIMIT);
		memcpy(start, range->lower, len);
	}
	key->mv_size = sought = 4 + len;
	rc = mdb_cursor_get(side->cursor, key, value, MDB_SET_RANGE);
	if (rc == 0 && scan->resume && key->mv_size == sought &&
		memcmp(key->mv_data, buf, sought) == 0)
		rc = mdb_cursor_get(side->cursor, key, value, MDB_NEXT);
	return rc;
}

/*
 * Put the cursor on the last entry of the range, or the last one before those
 * of the physical key in scan->last: find the first that is none, and step back.
 */
static int
seek_backward(const IvmRowScan *scan, const Side *side, MDB_val *key, MDB_val *value)
{
	const IvmKeyRange *range = current_range(scan);
	char	   *end = (char *) key->mv_data + 4;
	Size		len = 0;
	int			rc;

	if (scan->resume)
	{
		len = scan->lastlen;
		memcpy(end, scan->last, len);
	}
	else if (range->upperlen > 0)
	{
		len = Min(range->upperlen, IVM_KEY_LIMIT);
		memcpy(end, range->upper, len);
	}
	if (!scan->resume && (range->upperlen == 0 || IvmKeyIsLong(range->upperlen)))
	{
		/* after all keys, or all long ones that share the bound's prefix: filtered later */
		memset(end + len, 0xFF, IVM_MAX_STORE_KEY - 4 - len);
		len = IVM_MAX_STORE_KEY - 4;
	}
	key->mv_size = 4 + len;
	rc = mdb_cursor_get(side->cursor, key, value, MDB_SET_RANGE);
	if (rc == MDB_NOTFOUND)
		return mdb_cursor_get(side->cursor, key, value, MDB_LAST);
	return rc == 0 ? mdb_cursor_get(side->cursor, key, value, MDB_PREV) : rc;
}

static IvmFill
side_seek(const IvmRowScan *scan, Side *side, int *lmdb_rc)
{
	char		buf[IVM_MAX_STORE_KEY];
	MDB_val		key = {0, buf};
	MDB_val		value;
	int			rc;

	memcpy(buf, side->prefix, 4);
	side->cursor = IvmReadCursor(side->is_delta ? IVM_DBI_DELTA : IVM_DBI_BASE, &rc);
	if (rc == 0)
		rc = scan->backward ? seek_backward(scan, side, &key, &value) :
			seek_forward(scan, side, &key, &value);
	return side_load(scan, side, rc, &key, &value, lmdb_rc);
}

/* Which of the sides has the next physical key: -1 base, 1 delta, 0 both the same. */
static inline int
compare_sides(const IvmRowScan *scan, const Side *base, const Side *delta)
{
	int			c;

	if (!base->valid)
		return 1;
	if (!delta->valid)
		return -1;
	c = IvmPhysicalKeyCompare(base->parts.phys, base->parts.physlen,
							  delta->parts.phys, delta->parts.physlen);
	return scan->backward ? -c : c;
}

/*
 * Copy the next key's base row and deltas into a new row of the batch, and move the
 * cursors past them.  phys and *physlen get the physical key.
 */
static IvmFill
copy_row(IvmRowScan *scan, Side *base, Side *delta, char *phys, Size *physlen, int *lmdb_rc)
{
	IvmBatch   *batch = &scan->batch;
	int			which = compare_sides(scan, base, delta);
	const IvmRowParts *parts = which <= 0 ? &base->parts : &delta->parts;
	IvmBatchRow *row = &batch->rows[batch->nrows];
	IvmFill		end = IvmBatchNewRow(batch, parts->key, parts->keylen);

	if (end != IVM_FILL_OK)
		return end;
	*physlen = parts->physlen;
	memcpy(phys, parts->phys, *physlen);
	if (which <= 0)
	{
		end = IvmBatchSetBase(batch, row, &base->parts);
		if (end == IVM_FILL_OK)
			end = side_next(scan, base, lmdb_rc);
	}
	if (which >= 0)
	{
		while (end == IVM_FILL_OK && delta->valid && delta->parts.physlen == *physlen &&
			   memcmp(delta->parts.phys, phys, *physlen) == 0)
		{
			end = IvmBatchAddDelta(batch, row, &delta->parts);
			if (end == IVM_FILL_OK)
				end = side_next(scan, delta, lmdb_rc);
		}
	}
	if (end == IVM_FILL_OK)
		batch->nrows++;
	return end;
}

static int
compare_rows(const void *a, const void *b)
{
	const IvmBatchRow *x = a;
	const IvmBatchRow *y = b;

	return IvmPhysicalKeyCompare(x->key, x->keylen, y->key, y->keylen);
}

static int
compare_rows_backward(const void *a, const void *b)
{
	return compare_rows(b, a);
}

/* Does the next entry have a long key with the prefix of this one? */
static bool
run_goes_on(const Side *side, const char *phys)
{
	return side->valid && IvmPhysicalIsTruncated(side->parts.physlen) &&
		memcmp(side->parts.phys, phys, IVM_KEY_LIMIT) == 0;
}

/* Forget rows of the run from `start` on that lie outside of the range, and sort the others. */
static void
finish_run(IvmRowScan *scan, int start)
{
	const IvmKeyRange *range = current_range(scan);
	IvmBatchRow *rows = scan->batch.rows;
	int			n = start;

	for (int i = start; i < scan->batch.nrows; i++)
	{
		if (IvmKeyInRange(rows[i].key, rows[i].keylen, range))
			rows[n++] = rows[i];
	}
	scan->batch.nrows = n;
	if (n > start + 1)
		qsort(rows + start, n - start, sizeof(IvmBatchRow),
			  scan->backward ? compare_rows_backward : compare_rows);
}

/*
 * Copy rows of the current range.  Where there is no room, the batch ends
 * after the last complete row or run (batch.nrows, last[]).
 */
static IvmFill
fill_from_range(IvmRowScan *scan, int *lmdb_rc)
{
	const IvmKeyRange *range = current_range(scan);
	bool		long_bounds = IvmKeyIsLong(range->lowerlen) || IvmKeyIsLong(range->upperlen);
	Side		base = {.prefix = scan->base_prefix,.is_delta = false};
	Side		delta = {.prefix = scan->delta_prefix,.is_delta = true};
	IvmFill		end;

	end = side_seek(scan, &base, lmdb_rc);
	if (end == IVM_FILL_OK)
		end = side_seek(scan, &delta, lmdb_rc);
	while (end == IVM_FILL_OK && (base.valid || delta.valid) &&
		   scan->batch.nrows < scan->batch_rows)
	{
		int			start = scan->batch.nrows;
		char		phys[IVM_TRUNCATED_LENGTH];
		Size		physlen;

		end = copy_row(scan, &base, &delta, phys, &physlen, lmdb_rc);
		while (end == IVM_FILL_OK && unlikely(IvmPhysicalIsTruncated(physlen)) &&
			   (run_goes_on(&base, phys) || run_goes_on(&delta, phys)))
			end = copy_row(scan, &base, &delta, phys, &physlen, lmdb_rc);

		if (end != IVM_FILL_OK)
		{
			scan->batch.nrows = start;
			break;
		}
		if (unlikely(IvmPhysicalIsTruncated(physlen) || long_bounds))
			finish_run(scan, start);
		memcpy(scan->last, phys, physlen);
		scan->lastlen = physlen;
		scan->resume = true;
	}
	if (end == IVM_FILL_OK && !base.valid && !delta.valid)
	{
		scan->visited++;
		scan->resume = false;
	}
	return end;
}

/* Read the next batch, which may be empty only at the end. */
static void
fill_batch(IvmRowScan *scan)
{
	IvmFill		end;

	for (;;)
	{
		int			lmdb_rc = 0;

		CHECK_FOR_INTERRUPTS();
		IvmBatchReset(&scan->batch);
		scan->next = 0;
		end = IVM_FILL_OK;
		IvmReadBegin();
		while (end == IVM_FILL_OK && scan->visited < scan->nranges &&
			   scan->batch.nrows < scan->batch_rows)
			end = fill_from_range(scan, &lmdb_rc);
		IvmBatchFailed(end, lmdb_rc);
		IvmReadEnd();
		if (end == IVM_FILL_OK || scan->batch.nrows > 0)
			break;
		IvmBatchGrow(&scan->batch, end);	/* a row, or a run of long keys, does not fit */
	}
	scan->done = (scan->visited >= scan->nranges);
}

/*
 * Before the next batch: more rows, in larger buffers.  Nothing of the last
 * batch is needed any more.
 */
static void
next_batch(IvmRowScan *scan)
{
	IvmBatch   *batch = &scan->batch;

	if (scan->next > 0 && !scan->done)
	{
		if (batch->used > batch->size / BATCH_GROWTH)
			IvmBatchGrow(batch, IVM_FILL_NO_ROOM);
		if (batch->ndeltas > batch->maxdeltas / BATCH_GROWTH)
			IvmBatchGrow(batch, IVM_FILL_NO_DELTAS);
		scan->batch_rows = Min(scan->batch_rows * BATCH_GROWTH, MAX_BATCH_ROWS);
		if (batch->maxrows < scan->batch_rows)
			IvmBatchGrowRows(batch, scan->batch_rows);
	}
	fill_batch(scan);
}

bool
IvmRowScanNext(IvmRowScan *scan, IvmStoredRow *row, bool *too_old)
{
	*too_old = false;
	for (;;)
	{
		const IvmBatchRow *stored;

		if (scan->next >= scan->batch.nrows)
		{
			if (scan->done)
				return false;
			next_batch(scan);
			continue;
		}
		stored = &scan->batch.rows[scan->next++];
		if (unlikely(stored->ndeltas >= scan->maxpieces))
		{
			if (scan->pieces)
				pfree(scan->pieces);
			scan->maxpieces = stored->ndeltas * 2 + 8;
			scan->pieces = MemoryContextAllocHuge(scan->cxt, scan->maxpieces * sizeof(IvmPiece));
		}
		if (!IvmBatchJudge(&scan->batch, stored, scan->pieces, row))
		{
			*too_old = true;
			return false;
		}
		if (row->npieces > 0)
			return true;
	}
}
