/*-------------------------------------------------------------------------
 *
 * pending.c
 *		An owner's total and its pending elements (see pending.h).
 *
 * One read transaction, so that total, bases and deltas belong together: a
 * fold between two would count an element twice, or not at all.  An extra key
 * that has deltas as well is read twice; what is found without deltas is then forgotten.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/accum.h"
#include "store/batch.h"
#include "store/env.h"
#include "store/pending.h"

#define FIRST_ROWS		8
#define TOTAL_VALUE		32		/* bytes of a count's state, at most */

typedef struct Pending
{
	const IvmGeneration *gen;
	const IvmKeyRange *range;
	const char *total;			/* whole key */
	uint32		totallen;
	const IvmKeyBytes *extra;
	int			nextra;
	char	  **longs;			/* of extra keys: store key where it is long, else NULL; or NULL */
	IvmBatch	batch;
	MDB_cursor *base;
	MDB_cursor *delta;
	int			lmdb_rc;
} Pending;

/* Keys that must be hashed are made before the transaction. */
static void
prepare_extra(Pending *pending)
{
	for (int i = 0; i < pending->nextra; i++)
	{
		const IvmKeyBytes *key = &pending->extra[i];

		if (!IvmKeyIsLong(key->len))
			continue;
		if (pending->longs == NULL)
			pending->longs = palloc0(pending->nextra * sizeof(char *));
		pending->longs[i] = palloc(IVM_MAX_STORE_KEY);
		IvmStoreKeyMake(pending->longs[i], pending->gen->number, key->key, key->len);
	}
}

/* The base row under a store key; *found false where there is none. */
static IvmFill
get_base(Pending *pending, const char *key, Size keylen, IvmRowParts *parts, bool *found)
{
	MDB_val		k = {keylen, (void *) key};
	MDB_val		v;
	int			rc = mdb_cursor_get(pending->base, &k, &v, MDB_SET_KEY);

	*found = (rc == 0);
	if (rc == MDB_NOTFOUND)
		return IVM_FILL_OK;
	if (rc != 0)
	{
		pending->lmdb_rc = rc;
		return IVM_FILL_LMDB;
	}
	if (!IvmBaseParse(k.mv_data, k.mv_size, v.mv_data, v.mv_size, parts))
		return IVM_FILL_CORRUPT;
	return IVM_FILL_OK;
}

/* Give the batch's new row the base under a store key, where there is one. */
static IvmFill
add_base(Pending *pending, const char *key, Size keylen)
{
	IvmBatchRow *row = &pending->batch.rows[pending->batch.nrows];
	IvmRowParts parts;
	bool		found;
	IvmFill		end = get_base(pending, key, keylen, &parts, &found);

	if (end != IVM_FILL_OK || !found)
		return end;
	if (!IvmBatchRowHasKey(row, &parts))
		return IVM_FILL_CORRUPT;
	return IvmBatchSetBase(&pending->batch, row, &parts);
}

/* Take the delta under the cursor apart; *valid false where it is beyond the range. */
static IvmFill
load_delta(Pending *pending, int rc, const MDB_val *key, const MDB_val *value,
		   IvmRowParts *parts, bool *valid)
{
	char		prefix[4];

	*valid = false;
	if (rc == MDB_NOTFOUND)
		return IVM_FILL_OK;
	if (rc != 0)
	{
		pending->lmdb_rc = rc;
		return IVM_FILL_LMDB;
	}
	IvmPut32(prefix, pending->gen->view);
	if (key->mv_size < 4 || memcmp(key->mv_data, prefix, 4) != 0)
		return IVM_FILL_OK;
	if (!IvmDeltaParse(key->mv_data, key->mv_size, value->mv_data, value->mv_size, parts))
		return IVM_FILL_CORRUPT;
	*valid = !IvmPhysicalBeyond(parts->phys, parts->physlen, pending->range);
	return IVM_FILL_OK;
}

/* Copy the key under the delta cursor, with its base and all its deltas, and move past it. */
static IvmFill
copy_pending_key(Pending *pending, IvmRowParts *parts, bool *valid)
{
	IvmBatch   *batch = &pending->batch;
	IvmBatchRow *row = &batch->rows[batch->nrows];
	char		store_key[IVM_MAX_STORE_KEY];
	uint32		physlen = parts->physlen;
	IvmFill		end = IvmBatchNewRow(batch, parts->key, parts->keylen);

	IvmPut32(store_key, pending->gen->number);
	memcpy(store_key + 4, parts->phys, physlen);
	if (end == IVM_FILL_OK)
		end = add_base(pending, store_key, 4 + physlen);
	while (end == IVM_FILL_OK && *valid && parts->physlen == physlen &&
		   memcmp(parts->phys, store_key + 4, physlen) == 0)
	{
		MDB_val		key;
		MDB_val		value;

		end = IvmBatchAddDelta(batch, row, parts);
		if (end == IVM_FILL_OK)
		{
			int			rc = mdb_cursor_get(pending->delta, &key, &value, MDB_NEXT);

			end = load_delta(pending, rc, &key, &value, parts, valid);
		}
	}
	if (end == IVM_FILL_OK && IvmKeyInRange(row->key, row->keylen, pending->range))
		batch->nrows++;
	return end;
}

static IvmFill
fill_pending(Pending *pending)
{
	const IvmKeyRange *range = pending->range;
	char		start[IVM_MAX_STORE_KEY];
	Size		len = Min(range->lowerlen, IVM_KEY_LIMIT);
	MDB_val		key = {4 + len, start};
	MDB_val		value;
	IvmRowParts parts;
	bool		valid;
	IvmFill		end;
	int			rc;

	IvmPut32(start, pending->gen->view);
	memcpy(start + 4, range->lower, len);
	rc = mdb_cursor_get(pending->delta, &key, &value, MDB_SET_RANGE);
	end = load_delta(pending, rc, &key, &value, &parts, &valid);
	while (end == IVM_FILL_OK && valid)
		end = copy_pending_key(pending, &parts, &valid);
	return end;
}

static IvmFill
fill_extra(Pending *pending)
{
	IvmBatch   *batch = &pending->batch;
	IvmFill		end = IVM_FILL_OK;

	for (int i = 0; i < pending->nextra && end == IVM_FILL_OK; i++)
	{
		const IvmKeyBytes *extra = &pending->extra[i];
		char		short_key[4 + IVM_KEY_LIMIT];

		end = IvmBatchNewRow(batch, extra->key, extra->len);
		if (end != IVM_FILL_OK)
			break;
		if (IvmKeyIsLong(extra->len))
			end = add_base(pending, pending->longs[i], 4 + IVM_TRUNCATED_LENGTH);
		else
			end = add_base(pending, short_key,
						   IvmStoreKeyMake(short_key, pending->gen->number,
										   extra->key, extra->len));
		if (end == IVM_FILL_OK && batch->rows[batch->nrows].base)
			batch->nrows++;
	}
	return end;
}

/* Copy the total's state, of *len bytes (0: there is none). */
static IvmFill
read_total(Pending *pending, const char *store_key, Size keylen, char *state, uint32 *len)
{
	IvmRowParts parts;
	bool		found;
	IvmFill		end = get_base(pending, store_key, keylen, &parts, &found);

	*len = 0;
	if (end != IVM_FILL_OK || !found)
		return end;
	if (parts.statelen > TOTAL_VALUE || parts.keylen != pending->totallen ||
		memcmp(parts.key, pending->total, parts.keylen) != 0)
		return IVM_FILL_CORRUPT;
	*len = parts.statelen;
	memcpy(state, parts.state, parts.statelen);
	return IVM_FILL_OK;
}

static int64
read_all(Pending *pending)
{
	char		store_key[IVM_MAX_STORE_KEY];
	Size		keylen = IvmStoreKeyMake(store_key, pending->gen->number,
										 pending->total, pending->totallen);
	char		state[TOTAL_VALUE];
	uint32		len;
	IvmFill		end;
	IvmState	count = {0};

	for (;;)
	{
		int			rc;

		CHECK_FOR_INTERRUPTS();
		IvmBatchReset(&pending->batch);
		IvmReadBegin();
		end = IVM_FILL_OK;
		pending->base = IvmReadCursor(IVM_DBI_BASE, &rc);
		if (rc == 0)
			pending->delta = IvmReadCursor(IVM_DBI_DELTA, &rc);
		if (rc != 0)
			IvmStoreError(rc, "reading");
		end = read_total(pending, store_key, keylen, state, &len);
		if (end == IVM_FILL_OK)
			end = fill_pending(pending);
		if (end == IVM_FILL_OK)
			end = fill_extra(pending);
		IvmBatchFailed(end, pending->lmdb_rc);
		IvmReadEnd();
		if (end == IVM_FILL_OK)
			break;
		IvmBatchGrow(&pending->batch, end);
	}
	if (len > 0)
		IvmStateUnpackAdd(IvmStateDescMake(0, NULL, NULL), &count, state, len);
	return count.rows;
}

/* In key order; of two rows of one key, the one that has deltas first. */
static int
compare_rows(const void *a, const void *b)
{
	const IvmBatchRow *x = a;
	const IvmBatchRow *y = b;
	int			c = IvmPhysicalKeyCompare(x->key, x->keylen, y->key, y->keylen);

	return c != 0 ? c : y->ndeltas - x->ndeltas;
}

/* Sort the rows, and forget the second ones of a key. */
static void
unite_rows(IvmBatch *batch)
{
	IvmBatchRow *rows = batch->rows;
	int			n = 0;

	qsort(rows, batch->nrows, sizeof(IvmBatchRow), compare_rows);
	for (int i = 0; i < batch->nrows; i++)
	{
		if (n == 0 || IvmPhysicalKeyCompare(rows[i].key, rows[i].keylen,
											rows[n - 1].key, rows[n - 1].keylen) != 0)
			rows[n++] = rows[i];
	}
	batch->nrows = n;
}

bool
IvmPendingRead(const IvmGeneration *gen, Snapshot snapshot,
			   const char *totalkey, uint32 totalkeylen, const IvmKeyRange *range,
			   const IvmKeyBytes *extra, int nextra,
			   int64 *total, IvmStoredRow **rows, int *nrows)
{
	Pending		pending = {
		.gen = gen,.range = range,.total = totalkey,.totallen = totalkeylen,
		.extra = extra,.nextra = nextra
	};
	IvmPiece   *pieces;

	prepare_extra(&pending);
	IvmBatchInit(&pending.batch, CurrentMemoryContext, gen, snapshot, FIRST_ROWS + nextra);
	*total = read_all(&pending);
	unite_rows(&pending.batch);

	*nrows = 0;
	*rows = MemoryContextAllocHuge(CurrentMemoryContext,
								   pending.batch.nrows * sizeof(IvmStoredRow));
	pieces = MemoryContextAllocHuge(CurrentMemoryContext,
									(pending.batch.nrows + pending.batch.ndeltas) * sizeof(IvmPiece));
	for (int i = 0; i < pending.batch.nrows; i++)
	{
		IvmStoredRow *row = &(*rows)[*nrows];

		if (!IvmBatchJudge(&pending.batch, &pending.batch.rows[i], pieces, row))
			return false;
		pieces += row->npieces;
		if (row->npieces > 0)
			(*nrows)++;
	}
	return true;
}
