/*-------------------------------------------------------------------------
 *
 * inflight_prune.c
 *		Removing what transactions in flight have left (see inflight.h).
 *
 * Entries of transactions before the horizon change no more, so they are
 * listed first, and then deleted by key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/entries.h"
#include "store/inflightkeys.h"

#define PRUNE_ROWS		64

static int
delete_key(MDB_txn *txn, const char *key, Size keylen, int64 *removed)
{
	MDB_val		k = {keylen, (void *) key};
	int			rc = mdb_del(txn, ivm_dbis[IVM_DBI_INFLIGHT], &k, NULL);

	if (rc == MDB_NOTFOUND)
		return 0;
	*removed += (rc == 0);
	return rc;
}

static int
row_probes(const IvmEntry *entry)
{
	return entry->valuelen < ROW_HEAD ? 0 : (unsigned char) entry->value[sizeof(int32)];
}

/* Delete a row and what leads to it. */
static int
delete_row(MDB_txn *txn, const IvmEntry *entry, int64 *removed)
{
	const char *from = entry->value + ROW_HEAD;
	int			rc = delete_key(txn, entry->key, entry->keylen, removed);

	for (int i = 0; i < row_probes(entry) && rc == 0; i++, from += PROBE_SIZE)
	{
		char		key[PROBE_KEY];
		IvmProbe	probe;

		memcpy(&probe.column, from, sizeof(uint16));
		memcpy(&probe.hash, from + sizeof(uint16), sizeof(uint64));
		probe_prefix(key, IvmGet32(entry->key + 1), &probe);
		memcpy(key + PROBE_PREFIX, entry->key + ROW_PREFIX, TAIL_LENGTH);
		rc = delete_key(txn, key, PROBE_KEY, removed);
	}
	return rc;
}

/* Delete the first n of the entries: rows, or headers. */
static int64
delete_entries(const IvmEntries *entries, int n)
{
	int64		removed = 0;
	int			done = 0;

	while (done < n)
	{
		int			nops = 0;
		int			end = done;
		MDB_txn    *txn;
		int			rc = 0;

		while (end < n && nops < IVM_CHUNK_OPS)
		{
			const IvmEntry *entry = &entries->entries[end++];

			nops += 1 + (entry->key[0] == KIND_ROW ? row_probes(entry) : 0);
		}
		txn = IvmWriteBegin(nops, 0, IVM_SPACE_MAINTAIN);
		for (; done < end && rc == 0; done++)
		{
			const IvmEntry *entry = &entries->entries[done];

			rc = entry->key[0] == KIND_ROW ? delete_row(txn, entry, &removed) :
				delete_key(txn, entry->key, entry->keylen, &removed);
		}
		if (rc != 0)
			IvmStoreError(rc, "deleting from");
		IvmWriteCommit();
	}
	return removed;
}

/*
 * Delete entries with the prefix, which the xid follows, of transactions before the horizon; *more: there are others.
 */
static int64
prune_prefix(IvmEntries *entries, const char *prefix, Size prefixlen, FullTransactionId horizon,
			 bool *more)
{
	int64		removed = 0;
	int			n;

	do
	{
		CHECK_FOR_INTERRUPTS();
		IvmEntriesRead(entries, IVM_DBI_INFLIGHT, prefix, prefixlen, NULL, 0, false, PRUNE_ROWS);
		for (n = 0; n < entries->n; n++)
		{
			const IvmEntry *entry = &entries->entries[n];
			uint64		xid;

			if (entry->keylen < prefixlen + sizeof(uint64))
				IvmStoreCorrupted("malformed entry of a transaction in flight");
			xid = IvmGet64(entry->key + prefixlen);
			if (xid >= U64FromFullTransactionId(horizon))
			{
				*more = true;
				break;
			}
			if (entry->key[0] == KIND_ROW &&
				entry->valuelen < ROW_HEAD + row_probes(entry) * PROBE_SIZE)
				IvmStoreCorrupted("malformed row of a transaction in flight");
		}
		removed += delete_entries(entries, n);
	} while (n == PRUNE_ROWS);
	return removed;
}

int64
IvmInflightPrune(FullTransactionId horizon, bool *more)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm inflight prune",
											  ALLOCSET_DEFAULT_SIZES);
	IvmEntries	entries;
	char		prefix[ROW_PREFIX];
	uint32		relation = 0;
	int64		removed = 0;

	*more = false;
	IvmEntriesInit(&entries, cxt, PRUNE_ROWS, 16 * 1024);
	for (;;)
	{
		const char	kind = KIND_ROW;

		row_prefix(prefix, relation);
		IvmEntriesRead(&entries, IVM_DBI_INFLIGHT, &kind, 1, prefix, ROW_PREFIX, false, 1);
		if (entries.n == 0)
			break;
		if (entries.entries[0].keylen != ROW_KEY)
			IvmStoreCorrupted("malformed row of a transaction in flight");
		relation = IvmGet32(entries.entries[0].key + 1);
		row_prefix(prefix, relation);
		removed += prune_prefix(&entries, prefix, ROW_PREFIX, horizon, more);
		if (relation++ == PG_UINT32_MAX)
			break;
	}
	prefix[0] = KIND_HEADER;
	removed += prune_prefix(&entries, prefix, 1, horizon, more);
	MemoryContextDelete(cxt);
	return removed;
}
