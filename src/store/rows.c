/*-------------------------------------------------------------------------
 *
 * rows.c
 *		Tagged put of deltas, and the merged read of base and deltas.
 *
 * Publishing.  Deltas first, then generation records and invalidations, in as
 * few write transactions as the bounds of a chunk allow.  What an error
 * leaves behind has a tag that will never commit.
 *
 * Reading.  A batch of rows is copied out of one read transaction: of each
 * key the base row and *all* of its deltas, so that folding can move a delta
 * into the base between two batches but never within a key.  Which of the
 * deltas count is decided after the transaction, about the copies, since that
 * may need the commit log.  The next batch seeks the key after the last.
 *
 * Long keys.  LMDB orders keys with one truncated prefix by their hash.  Such
 * a run is read into one batch whole, and sorted there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/directory.h"
#include "store/layout.h"
#include "store/rows.h"

#define FIRST_BATCH_ROWS	8
#define BATCH_GROWTH		8
#define MAX_BATCH_ROWS		1024
#define FIRST_BUFFER		2048
#define FIRST_DELTAS		16
#define VERDICTS			64

/*
 * Publishing
 */

static Size
delta_value_size(const IvmDelta *delta)
{
	return 1 + IvmWholeKeySize(delta->keylen) + delta->statelen;
}

/* As many deltas as make a chunk, and the bytes of their values. */
static int
delta_chunk_size(const IvmDelta *deltas, int ndeltas, Size *bytes)
{
	int			n = 0;

	*bytes = 0;
	while (n < ndeltas && n < IVM_CHUNK_OPS && *bytes < IVM_CHUNK_BYTES)
		*bytes += delta_value_size(&deltas[n++]);
	return n;
}

/* The sequence number after the last one under a key and xid that has some already. */
static int
next_sequence(MDB_txn *txn, FullTransactionId xid, char *key, Size keylen, uint32 *sequence)
{
	MDB_val		k = {IvmDeltaTail(key, keylen, xid, PG_UINT32_MAX), key};
	MDB_val		v;
	MDB_cursor *cursor;
	int			rc;

	rc = mdb_cursor_open(txn, ivm_dbis[IVM_DBI_DELTA], &cursor);
	if (rc != 0)
		return rc;
	rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
	if (rc == 0)
		rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
	else if (rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
	if (rc == 0)
		*sequence = IvmGet32((char *) k.mv_data + k.mv_size - sizeof(uint32)) + 1;
	mdb_cursor_close(cursor);
	return rc;
}

/* Put a delta under a sequence number of its own. */
static int
put_delta(MDB_txn *txn, FullTransactionId xid, const IvmDelta *delta, char *key, Size keylen)
{
	uint32		sequence = 0;

	for (;;)
	{
		MDB_val		k = {IvmDeltaTail(key, keylen, xid, sequence), key};
		MDB_val		v = {delta_value_size(delta), NULL};
		char	   *to;
		int			rc;

		rc = mdb_put(txn, ivm_dbis[IVM_DBI_DELTA], &k, &v, MDB_NOOVERWRITE | MDB_RESERVE);
		if (rc == MDB_KEYEXIST)
			rc = next_sequence(txn, xid, key, keylen, &sequence);
		else if (rc == 0)
		{
			to = v.mv_data;
			*to++ = 0;			/* no further xids in the tag */
			to = IvmWholeKeyWrite(to, delta->key, delta->keylen);
			memcpy(to, delta->state, delta->statelen);
			return 0;
		}
		if (rc != 0)
			return rc;
	}
}

static int
put_records(MDB_txn *txn, FullTransactionId xid, IvmGeneration *const *gens, int ngens,
			const uint32 *invalid_views, int ninvalid)
{
	int			rc = 0;

	for (int i = 0; i < ngens && rc == 0; i++)
		rc = IvmDirectoryPutGeneration(txn, gens[i]);
	for (int i = 0; i < ninvalid && rc == 0; i++)
		rc = IvmDirectoryPutInvalid(txn, invalid_views[i], xid);
	return rc;
}

void
IvmStorePublish(FullTransactionId xid, const IvmDelta *deltas, int ndeltas,
				IvmGeneration *const *gens, int ngens,
				const uint32 *invalid_views, int ninvalid)
{
	char		one_key[IVM_MAX_STORE_KEY];
	Size		one_len;
	char	   *keys = one_key;
	Size	   *keylens = &one_len;
	bool		last;

	/* Keys are made before the transaction, since long ones are hashed. */
	if (ndeltas > 1)
	{
		keys = palloc(Min(ndeltas, IVM_CHUNK_OPS) * IVM_MAX_STORE_KEY);
		keylens = palloc(Min(ndeltas, IVM_CHUNK_OPS) * sizeof(Size));
	}

	if (ndeltas == 0 && ngens == 0 && ninvalid == 0)
		return;
	do
	{
		MDB_txn    *txn;
		Size		bytes;
		int			n = delta_chunk_size(deltas, ndeltas, &bytes);
		int			nops = n;
		int			rc = 0;

		for (int i = 0; i < n; i++)
			keylens[i] = IvmStoreKeyMake(keys + i * IVM_MAX_STORE_KEY, deltas[i].view,
										 deltas[i].key, deltas[i].keylen);
		last = (n == ndeltas);
		if (last)
		{
			nops += ngens + ninvalid;
			for (int i = 0; i < ngens; i++)
				bytes += IvmGenerationRecordSize(gens[i]);
		}

		txn = IvmWriteBegin(nops, bytes, IVM_SPACE_PUBLISH);
		for (int i = 0; i < n && rc == 0; i++)
			rc = put_delta(txn, xid, &deltas[i], keys + i * IVM_MAX_STORE_KEY, keylens[i]);
		if (rc == 0 && last)
			rc = put_records(txn, xid, gens, ngens, invalid_views, ninvalid);
		if (rc != 0)
			IvmStoreError(rc, "writing");
		IvmWriteCommit();
		deltas += n;
		ndeltas -= n;
	} while (!last);

	if (keys != one_key)
	{
		pfree(keys);
		pfree(keylens);
	}
}

/*
 * Reading
 */

/* A delta of the batch; pointers lead into the buffer. */
typedef struct BatchDelta
{
	FullTransactionId xid;
	const char *more;
	const char *state;
	uint32		statelen;
	int			nmore;
} BatchDelta;

typedef struct BatchRow
{
	const char *key;			/* whole key */
	const char *base;			/* state, or NULL */
	uint32		keylen;
	uint32		baselen;
	int			first;			/* of its deltas */
	int			ndeltas;
} BatchRow;

/* What the scan thinks of a transaction. */
typedef struct Verdict
{
	FullTransactionId xid;
	IvmSight	sight;
	bool		in_b;
} Verdict;

struct IvmRowScan
{
	MemoryContext cxt;
	char		base_prefix[4];
	char		delta_prefix[4];
	const IvmXidSet *b;
	Snapshot	snapshot;
	const IvmKeyRange *ranges;
	int			nranges;
	IvmKeyRange everything;

	/* where the next batch starts */
	int			range;
	bool		resume;			/* after the key in last[], else at the range's lower end */
	char		last[IVM_MAX_STORE_KEY];	/* physical key, behind room for a prefix */
	Size		lastlen;		/* of the physical key */
	bool		done;

	/* the batch */
	int			batch_rows;		/* as many as this one may have */
	BatchRow   *rows;
	int			nrows;
	int			maxrows;
	int			next;
	BatchDelta *deltas;
	int			ndeltas;
	int			maxdeltas;
	char	   *buffer;
	Size		used;
	Size		size;
	IvmPiece   *pieces;
	int			maxpieces;
	Verdict		verdicts[VERDICTS];
};

/* What ended the filling of a batch. */
typedef enum FillEnd
{
	FILL_OK,					/* enough rows, or the end */
	FILL_NO_ROOM,				/* the buffer is full */
	FILL_NO_ROWS,				/* the array of rows is */
	FILL_NO_DELTAS,				/* the array of deltas is */
	FILL_LMDB,					/* an error code */
	FILL_CORRUPT
} FillEnd;

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
				const IvmKeyRange *ranges, int nranges)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm row scan",
											  ALLOCSET_DEFAULT_SIZES);
	IvmRowScan *scan = MemoryContextAlloc(cxt, sizeof(IvmRowScan));

	memset(scan, 0, sizeof(IvmRowScan));
	scan->cxt = cxt;
	IvmPut32(scan->base_prefix, gen->number);
	IvmPut32(scan->delta_prefix, gen->view);
	scan->b = gen->b;
	scan->snapshot = snapshot;
	scan->nranges = nranges > 0 ? nranges : 1;
	scan->ranges = nranges > 0 ? ranges : &scan->everything;
	scan->batch_rows = FIRST_BATCH_ROWS;
	scan->maxrows = FIRST_BATCH_ROWS;
	scan->rows = MemoryContextAlloc(cxt, scan->maxrows * sizeof(BatchRow));
	scan->maxdeltas = FIRST_DELTAS;
	scan->deltas = MemoryContextAlloc(cxt, scan->maxdeltas * sizeof(BatchDelta));
	scan->size = FIRST_BUFFER;
	scan->buffer = MemoryContextAlloc(cxt, scan->size);
	return scan;
}

void
IvmRowScanEnd(IvmRowScan *scan)
{
	MemoryContextDelete(scan->cxt);
}

/* Is the physical key certainly not below the upper end? */
static inline bool
beyond_range(const char *phys, uint32 physlen, const IvmKeyRange *range)
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

/* Precise test, where a bound or the key is long. */
static bool
in_range(const char *key, uint32 keylen, const IvmKeyRange *range)
{
	if (IvmPhysicalKeyCompare(key, keylen, range->lower, range->lowerlen) < 0)
		return false;
	return range->upperlen == 0 ||
		IvmPhysicalKeyCompare(key, keylen, range->upper, range->upperlen) < 0;
}

/* Take the entry under the cursor apart. */
static FillEnd
side_load(Side *side, int rc, MDB_val *key, MDB_val *value, const IvmKeyRange *range, int *lmdb_rc)
{
	bool		good;

	side->valid = false;
	if (rc == MDB_NOTFOUND)
		return FILL_OK;
	if (rc != 0)
	{
		*lmdb_rc = rc;
		return FILL_LMDB;
	}
	if (key->mv_size < 4 || memcmp(key->mv_data, side->prefix, 4) != 0)
		return FILL_OK;

	if (side->is_delta)
		good = IvmDeltaParse(key->mv_data, key->mv_size, value->mv_data, value->mv_size,
							 &side->parts);
	else
		good = IvmBaseParse(key->mv_data, key->mv_size, value->mv_data, value->mv_size,
							&side->parts);
	if (!good)
		return FILL_CORRUPT;
	side->valid = !beyond_range(side->parts.phys, side->parts.physlen, range);
	return FILL_OK;
}

static FillEnd
side_next(Side *side, const IvmKeyRange *range, int *lmdb_rc)
{
	MDB_val		key;
	MDB_val		value;
	int			rc = mdb_cursor_get(side->cursor, &key, &value, MDB_NEXT);

	return side_load(side, rc, &key, &value, range, lmdb_rc);
}

/*
 * Put the cursor on the first entry of the range, or the first one after the
 * physical key in scan->last.
 */
static FillEnd
side_seek(IvmRowScan *scan, Side *side, int *lmdb_rc)
{
	const IvmKeyRange *range = &scan->ranges[scan->range];
	char		buf[IVM_MAX_STORE_KEY];
	MDB_val		key = {0, buf};
	MDB_val		value;
	int			rc;

	memcpy(buf, side->prefix, 4);
	if (scan->resume)
	{
		memcpy(buf + 4, scan->last, scan->lastlen);
		key.mv_size = 4 + scan->lastlen;
		if (side->is_delta)
		{
			memset(buf + key.mv_size, 0xFF, IVM_DELTA_TAIL);
			key.mv_size += IVM_DELTA_TAIL;
		}
	}
	else
	{
		/* The first of long keys that share a prefix is not known: filtered later. */
		key.mv_size = 4 + Min(range->lowerlen, IVM_KEY_LIMIT);
		memcpy(buf + 4, range->lower, key.mv_size - 4);
	}

	side->valid = false;
	side->cursor = IvmReadCursor(side->is_delta ? IVM_DBI_DELTA : IVM_DBI_BASE, &rc);
	if (rc == 0)
	{
		Size		sought = key.mv_size;

		rc = mdb_cursor_get(side->cursor, &key, &value, MDB_SET_RANGE);
		if (rc == 0 && scan->resume && key.mv_size == sought &&
			memcmp(key.mv_data, buf, sought) == 0)
			rc = mdb_cursor_get(side->cursor, &key, &value, MDB_NEXT);
	}
	return side_load(side, rc, &key, &value, range, lmdb_rc);
}

/* Room in the buffer, or NULL. */
static inline char *
take(IvmRowScan *scan, Size len)
{
	char	   *p = scan->buffer + scan->used;

	if (len > scan->size - scan->used)
		return NULL;
	scan->used += len;
	return p;
}

static inline FillEnd
copy_bytes(IvmRowScan *scan, const char *from, uint32 len, const char **to)
{
	char	   *p = take(scan, len);

	if (p == NULL)
		return FILL_NO_ROOM;
	*to = memcpy(p, from, len);
	return FILL_OK;
}

/* Copy the delta under the cursor to the row. */
static FillEnd
copy_delta(IvmRowScan *scan, BatchRow *row, const IvmRowParts *parts)
{
	BatchDelta *delta;

	if (row->keylen != parts->keylen || memcmp(row->key, parts->key, parts->keylen) != 0)
		return FILL_CORRUPT;	/* two whole keys under one hash */
	if (scan->ndeltas == scan->maxdeltas)
		return FILL_NO_DELTAS;
	delta = &scan->deltas[scan->ndeltas];
	delta->xid = parts->xid;
	delta->nmore = parts->nmore;
	delta->statelen = parts->statelen;
	if (copy_bytes(scan, parts->more, parts->nmore * sizeof(uint64), &delta->more) != FILL_OK ||
		copy_bytes(scan, parts->state, parts->statelen, &delta->state) != FILL_OK)
		return FILL_NO_ROOM;
	scan->ndeltas++;
	row->ndeltas++;
	return FILL_OK;
}

/* Which of the sides has the smaller physical key: -1 base, 1 delta, 0 both the same. */
static inline int
compare_sides(const Side *base, const Side *delta)
{
	if (!base->valid)
		return 1;
	if (!delta->valid)
		return -1;
	return IvmPhysicalKeyCompare(base->parts.phys, base->parts.physlen,
								 delta->parts.phys, delta->parts.physlen);
}

/*
 * Copy the next key's base row and deltas into a new batch row, and move the
 * cursors past them.  phys and *physlen get the physical key.
 */
static FillEnd
copy_row(IvmRowScan *scan, Side *base, Side *delta, char *phys, Size *physlen, int *lmdb_rc)
{
	const IvmKeyRange *range = &scan->ranges[scan->range];
	int			which = compare_sides(base, delta);
	const IvmRowParts *parts = which <= 0 ? &base->parts : &delta->parts;
	BatchRow   *row;
	FillEnd		end;

	if (scan->nrows == scan->maxrows)
		return FILL_NO_ROWS;
	row = &scan->rows[scan->nrows];
	row->keylen = parts->keylen;
	row->base = NULL;
	row->first = scan->ndeltas;
	row->ndeltas = 0;
	*physlen = parts->physlen;
	memcpy(phys, parts->phys, *physlen);
	end = copy_bytes(scan, parts->key, parts->keylen, &row->key);

	if (end == FILL_OK && which <= 0)
	{
		row->baselen = base->parts.statelen;
		end = copy_bytes(scan, base->parts.state, base->parts.statelen, &row->base);
		if (end == FILL_OK)
			end = side_next(base, range, lmdb_rc);
	}
	if (which >= 0)
	{
		while (end == FILL_OK && delta->valid && delta->parts.physlen == *physlen &&
			   memcmp(delta->parts.phys, phys, *physlen) == 0)
		{
			end = copy_delta(scan, row, &delta->parts);
			if (end == FILL_OK)
				end = side_next(delta, range, lmdb_rc);
		}
	}
	if (end == FILL_OK)
		scan->nrows++;
	return end;
}

static int
compare_rows(const void *a, const void *b)
{
	const BatchRow *x = a;
	const BatchRow *y = b;

	return IvmPhysicalKeyCompare(x->key, x->keylen, y->key, y->keylen);
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
	const IvmKeyRange *range = &scan->ranges[scan->range];
	int			n = start;

	for (int i = start; i < scan->nrows; i++)
	{
		if (in_range(scan->rows[i].key, scan->rows[i].keylen, range))
			scan->rows[n++] = scan->rows[i];
	}
	scan->nrows = n;
	if (n > start + 1)
		qsort(scan->rows + start, n - start, sizeof(BatchRow), compare_rows);
}

/*
 * Copy rows of the current range.  Where there is no room, the batch ends
 * after the last complete row or run (scan->nrows, last[]).
 */
static FillEnd
fill_from_range(IvmRowScan *scan, int *lmdb_rc)
{
	const IvmKeyRange *range = &scan->ranges[scan->range];
	bool		long_bounds = IvmKeyIsLong(range->lowerlen) || IvmKeyIsLong(range->upperlen);
	Side		base = {.prefix = scan->base_prefix,.is_delta = false};
	Side		delta = {.prefix = scan->delta_prefix,.is_delta = true};
	FillEnd		end;

	end = side_seek(scan, &base, lmdb_rc);
	if (end == FILL_OK)
		end = side_seek(scan, &delta, lmdb_rc);
	while (end == FILL_OK && (base.valid || delta.valid) && scan->nrows < scan->batch_rows)
	{
		int			start = scan->nrows;
		char		phys[IVM_TRUNCATED_LENGTH];
		Size		physlen;

		end = copy_row(scan, &base, &delta, phys, &physlen, lmdb_rc);
		while (end == FILL_OK && unlikely(IvmPhysicalIsTruncated(physlen)) &&
			   (run_goes_on(&base, phys) || run_goes_on(&delta, phys)))
			end = copy_row(scan, &base, &delta, phys, &physlen, lmdb_rc);

		if (end != FILL_OK)
		{
			scan->nrows = start;
			break;
		}
		if (unlikely(IvmPhysicalIsTruncated(physlen) || long_bounds))
			finish_run(scan, start);
		memcpy(scan->last, phys, physlen);
		scan->lastlen = physlen;
		scan->resume = true;
	}
	if (end == FILL_OK && !base.valid && !delta.valid)
	{
		scan->range++;
		scan->resume = false;
	}
	return end;
}

/* Make room; what the buffer or array held is not needed any more. */
static void
grow_buffer(IvmRowScan *scan)
{
	scan->size *= 4;
	pfree(scan->buffer);
	scan->buffer = MemoryContextAllocHuge(scan->cxt, scan->size);
}

static void
grow_deltas(IvmRowScan *scan)
{
	scan->maxdeltas *= 4;
	pfree(scan->deltas);
	scan->deltas = MemoryContextAllocHuge(scan->cxt, scan->maxdeltas * sizeof(BatchDelta));
}

static void
grow_rows(IvmRowScan *scan, int maxrows)
{
	scan->maxrows = maxrows;
	pfree(scan->rows);
	scan->rows = MemoryContextAllocHuge(scan->cxt, scan->maxrows * sizeof(BatchRow));
}

/* Read the next batch, which may be empty only at the end. */
static void
fill_batch(IvmRowScan *scan)
{
	FillEnd		end;

	for (;;)
	{
		int			lmdb_rc = 0;

		CHECK_FOR_INTERRUPTS();
		scan->nrows = scan->ndeltas = scan->next = 0;
		scan->used = 0;
		end = FILL_OK;
		IvmReadBegin();
		while (end == FILL_OK && scan->range < scan->nranges && scan->nrows < scan->batch_rows)
			end = fill_from_range(scan, &lmdb_rc);
		if (end == FILL_LMDB)
			IvmStoreError(lmdb_rc, "reading");
		if (end == FILL_CORRUPT)
			IvmStoreCorrupted("malformed row");
		IvmReadEnd();
		if (end == FILL_OK || scan->nrows > 0)
			break;
		/* a row, or a run of long keys, that does not fit */
		if (end == FILL_NO_ROOM)
			grow_buffer(scan);
		else if (end == FILL_NO_DELTAS)
			grow_deltas(scan);
		else
			grow_rows(scan, scan->maxrows * 4);
	}
	scan->done = (scan->range >= scan->nranges);
}

/*
 * Before the next batch: more rows, in larger buffers.  Nothing of the last
 * batch is needed any more.
 */
static void
next_batch(IvmRowScan *scan)
{
	if (scan->next > 0 && !scan->done)
	{
		if (scan->used > scan->size / BATCH_GROWTH)
			grow_buffer(scan);
		if (scan->ndeltas > scan->maxdeltas / BATCH_GROWTH)
			grow_deltas(scan);
		scan->batch_rows = Min(scan->batch_rows * BATCH_GROWTH, MAX_BATCH_ROWS);
		if (scan->maxrows < scan->batch_rows)
			grow_rows(scan, scan->batch_rows);
	}
	fill_batch(scan);
}

/* Asked once as long as the table holds it.  The snapshot sees what is in B, since it sees B's maker. */
static inline const Verdict *
verdict_on(IvmRowScan *scan, FullTransactionId xid)
{
	Verdict    *verdict = &scan->verdicts[U64FromFullTransactionId(xid) % VERDICTS];

	if (!FullTransactionIdEquals(verdict->xid, xid))
	{
		verdict->in_b = IvmXidSetContains(scan->b, xid);
		verdict->sight = verdict->in_b ? IVM_SEEN : IvmSnapshotSees(scan->snapshot, xid);
		verdict->xid = xid;
	}
	return verdict;
}

/*
 * A tag counts where the snapshot sees all of it and B does not.  What is in B
 * is in the base, however old: the commit log is not asked.
 */
static bool
delta_counts(IvmRowScan *scan, const BatchDelta *delta, bool *too_old)
{
	bool		in_b = true;
	bool		seen = true;
	bool		forgotten = false;

	for (int i = 0; i <= delta->nmore; i++)
	{
		const Verdict *verdict = verdict_on(scan, IvmTagXid(delta->xid, delta->more, i));

		in_b = in_b && verdict->in_b;
		seen = seen && verdict->sight != IVM_UNSEEN;
		forgotten = forgotten || verdict->sight == IVM_TOO_OLD;
	}
	if (in_b || !seen)
		return false;
	*too_old = forgotten;
	return !forgotten;
}

bool
IvmRowScanNext(IvmRowScan *scan, IvmStoredRow *row, bool *too_old)
{
	*too_old = false;
	for (;;)
	{
		const BatchRow *stored;

		if (scan->next >= scan->nrows)
		{
			if (scan->done)
				return false;
			next_batch(scan);
			continue;
		}
		stored = &scan->rows[scan->next++];
		if (unlikely(stored->ndeltas >= scan->maxpieces))
		{
			if (scan->pieces)
				pfree(scan->pieces);
			scan->maxpieces = stored->ndeltas * 2 + 8;
			scan->pieces = MemoryContextAllocHuge(scan->cxt, scan->maxpieces * sizeof(IvmPiece));
		}
		row->key = stored->key;
		row->keylen = stored->keylen;
		row->pieces = scan->pieces;
		row->npieces = 0;
		row->ndeltas = 0;
		if (stored->base)
		{
			scan->pieces[row->npieces].state = stored->base;
			scan->pieces[row->npieces++].statelen = stored->baselen;
		}
		for (int i = 0; i < stored->ndeltas; i++)
		{
			const BatchDelta *delta = &scan->deltas[stored->first + i];

			if (!delta_counts(scan, delta, too_old))
			{
				if (*too_old)
					return false;
				continue;
			}
			scan->pieces[row->npieces].state = delta->state;
			scan->pieces[row->npieces++].statelen = delta->statelen;
			row->ndeltas++;
		}
		if (row->npieces > 0)
			return true;
	}
}
