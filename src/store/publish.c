/*-------------------------------------------------------------------------
 *
 * publish.c
 *		Tagged put of a transaction's deltas (see publish.h).
 *
 * Deltas first, then generation records and invalidations, in as few write
 * transactions as the bounds of a chunk allow.  What an error leaves behind
 * has a tag that will never commit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/directory.h"
#include "store/layout.h"
#include "store/publish.h"

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
