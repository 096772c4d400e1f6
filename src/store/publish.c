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
	return 1 + delta->nmore * sizeof(uint64) + IvmWholeKeySize(delta->keylen) + delta->statelen;
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
			Assert(delta->nmore <= IVM_MAX_MORE_XIDS);
			to = v.mv_data;
			*to++ = delta->nmore;
			if (delta->nmore > 0)
				memcpy(to, delta->more, delta->nmore * sizeof(uint64));
			to += delta->nmore * sizeof(uint64);
			to = IvmWholeKeyWrite(to, delta->key, delta->keylen);
			memcpy(to, delta->state, delta->statelen);
			return 0;
		}
		if (rc != 0)
			return rc;
	}
}

static int
put_records(MDB_txn *txn, const IvmPublication *pub)
{
	int			rc = 0;

	for (int i = 0; i < pub->ngens && rc == 0; i++)
		rc = IvmDirectoryPutGeneration(txn, pub->gens[i]);
	for (int i = 0; i < pub->ninvalid && rc == 0; i++)
		rc = IvmDirectoryPutInvalid(txn, pub->invalid[i].view, pub->invalid[i].xid);
	return rc;
}

/* Physical keys of a chunk's deltas, made before the transaction, since long ones are hashed. */
typedef struct ChunkKeys
{
	char	   *keys;			/* IVM_MAX_STORE_KEY bytes each */
	Size	   *lens;
	char		one_key[IVM_MAX_STORE_KEY];
	Size		one_len;
} ChunkKeys;

static void
keys_init(ChunkKeys *keys, int ndeltas)
{
	int			n = Min(ndeltas, IVM_CHUNK_OPS);

	keys->keys = n > 1 ? palloc(n * IVM_MAX_STORE_KEY) : keys->one_key;
	keys->lens = n > 1 ? palloc(n * sizeof(Size)) : &keys->one_len;
}

static void
keys_free(ChunkKeys *keys)
{
	if (keys->keys == keys->one_key)
		return;
	pfree(keys->keys);
	pfree(keys->lens);
}

/*
 * Write n deltas from the first on; with the last ones the records, too, and
 * what else is to be in that write transaction.  Returns whether it was written.
 */
static bool
write_chunk(const IvmPublication *pub, int first, int n, Size bytes, ChunkKeys *keys,
			const IvmPublishExtra *extra)
{
	const IvmDelta *deltas = pub->deltas + first;
	bool		last = (first + n == pub->ndeltas);
	bool		refuse = false;
	int			nops = n;
	MDB_txn    *txn;
	int			rc = 0;

	for (int i = 0; i < n; i++)
		keys->lens[i] = IvmStoreKeyMake(keys->keys + i * IVM_MAX_STORE_KEY, deltas[i].view,
										deltas[i].key, deltas[i].keylen);
	if (last)
	{
		nops += pub->ngens + pub->ninvalid;
		for (int i = 0; i < pub->ngens; i++)
			bytes += IvmGenerationRecordSize(pub->gens[i]);
	}
	if (extra)
	{
		nops += extra->nops;
		bytes += extra->bytes;
	}

	txn = IvmWriteBegin(nops, bytes, IVM_SPACE_PUBLISH);
	if (extra)
		rc = extra->put(txn, extra->arg, &refuse);
	if (rc == 0 && refuse)
	{
		IvmWriteAbort();
		return false;
	}
	for (int i = 0; i < n && rc == 0; i++)
		rc = put_delta(txn, pub->xid, &deltas[i], keys->keys + i * IVM_MAX_STORE_KEY,
					   keys->lens[i]);
	if (rc == 0 && last)
		rc = put_records(txn, pub);
	if (rc != 0)
		IvmStoreError(rc, "writing");
	IvmWriteCommit();
	return true;
}

void
IvmStorePublish(const IvmPublication *pub)
{
	ChunkKeys	keys;
	int			done = 0;

	if (pub->ndeltas == 0 && pub->ngens == 0 && pub->ninvalid == 0)
		return;
	keys_init(&keys, pub->ndeltas);
	do
	{
		Size		bytes;
		int			n = delta_chunk_size(pub->deltas + done, pub->ndeltas - done, &bytes);

		(void) write_chunk(pub, done, n, bytes, &keys, NULL);
		done += n;
	} while (done < pub->ndeltas);
	keys_free(&keys);
}

bool
IvmStorePublishTogether(const IvmPublication *pub, const IvmPublishExtra *extra)
{
	ChunkKeys	keys;
	Size		bytes;
	int			n = delta_chunk_size(pub->deltas, pub->ndeltas, &bytes);
	bool		written;

	if (n < pub->ndeltas || n + extra->nops > IVM_CHUNK_OPS ||
		bytes + extra->bytes > IVM_CHUNK_BYTES)
		return false;
	keys_init(&keys, n);
	written = write_chunk(pub, 0, n, bytes, &keys, extra);
	keys_free(&keys);
	return written;
}
