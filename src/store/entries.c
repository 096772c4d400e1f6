/*-------------------------------------------------------------------------
 *
 * entries.c
 *		Adjacent entries of a table (see entries.h).
 *
 * Buffers that are too small end the read transaction; it is begun anew when
 * they have grown, so that what is returned comes from one transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/entries.h"

void
IvmEntriesInit(IvmEntries *entries, MemoryContext cxt, int capacity, Size size)
{
	entries->cxt = cxt;
	entries->n = 0;
	entries->capacity = capacity;
	entries->size = size;
	entries->entries = MemoryContextAlloc(cxt, capacity * sizeof(IvmEntry));
	entries->data = MemoryContextAlloc(cxt, size);
}

/* Make room for more (twice as much, or what one entry needs). */
static void
entries_grow(IvmEntries *entries, bool more_entries, Size need)
{
	if (more_entries)
	{
		entries->capacity *= 4;
		pfree(entries->entries);
		entries->entries = MemoryContextAllocHuge(entries->cxt,
												  entries->capacity * sizeof(IvmEntry));
	}
	else
	{
		entries->size = Max(entries->size * 4, need);
		pfree(entries->data);
		entries->data = MemoryContextAllocHuge(entries->cxt, entries->size);
	}
}

/*
 * Fill the buffers.  Returns MDB_NOTFOUND at the end of the prefix or after
 * max entries, 0 where a buffer is full (*need: 0 if it is the array), else an error.
 */
static int
entries_fill(IvmEntries *entries, MDB_cursor *cursor, MDB_val *key, MDB_val *value,
			 const char *prefix, Size prefixlen, int max, Size *need)
{
	Size		used = 0;
	int			rc = 0;

	while (rc == 0)
	{
		IvmEntry   *entry;

		if (key->mv_size < prefixlen || memcmp(key->mv_data, prefix, prefixlen) != 0 ||
			entries->n >= max)
			return MDB_NOTFOUND;
		*need = 0;
		if (entries->n >= entries->capacity)
			return 0;
		*need = used + key->mv_size + value->mv_size;
		if (*need > entries->size)
			return 0;

		entry = &entries->entries[entries->n++];
		entry->key = memcpy(entries->data + used, key->mv_data, key->mv_size);
		entry->keylen = key->mv_size;
		used += key->mv_size;
		entry->value = memcpy(entries->data + used, value->mv_data, value->mv_size);
		entry->valuelen = value->mv_size;
		used += value->mv_size;
		rc = mdb_cursor_get(cursor, key, value, MDB_NEXT);
	}
	return rc;
}

void
IvmEntriesRead(IvmEntries *entries, IvmDbi dbi, const char *prefix, Size prefixlen,
			   const char *start, Size startlen, bool after, int max)
{
	for (;;)
	{
		MDB_cursor *cursor;
		MDB_val		key = {start ? startlen : prefixlen, (void *) (start ? start : prefix)};
		MDB_val		value;
		Size		need = 0;
		int			rc;

		entries->n = 0;
		IvmReadBegin();
		cursor = IvmReadCursor(dbi, &rc);
		if (rc == 0)
			rc = mdb_cursor_get(cursor, &key, &value, key.mv_size > 0 ? MDB_SET_RANGE : MDB_FIRST);
		if (rc == 0 && start && after &&
			key.mv_size == startlen && memcmp(key.mv_data, start, startlen) == 0)
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		if (rc == 0)
			rc = entries_fill(entries, cursor, &key, &value, prefix, prefixlen, max, &need);
		if (rc != 0 && rc != MDB_NOTFOUND)
			IvmStoreError(rc, "reading");
		IvmReadEnd();
		if (rc == MDB_NOTFOUND)
			return;
		entries_grow(entries, need == 0, need);
	}
}

int64
IvmDeletePrefix(IvmDbi dbi, const char *prefix, Size prefixlen)
{
	int64		total = 0;
	int			n;

	do
	{
		MDB_cursor *cursor;
		MDB_txn    *txn;
		MDB_val		key = {prefixlen, (void *) prefix};
		MDB_val		value;
		int			rc;

		CHECK_FOR_INTERRUPTS();
		txn = IvmWriteBegin(IVM_CHUNK_OPS, 0, IVM_SPACE_MAINTAIN);
		n = 0;
		rc = mdb_cursor_open(txn, ivm_dbis[dbi], &cursor);
		if (rc == 0)
			rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		while (rc == 0 && n < IVM_CHUNK_OPS &&
			   key.mv_size >= prefixlen && memcmp(key.mv_data, prefix, prefixlen) == 0)
		{
			rc = mdb_cursor_del(cursor, 0);
			n++;
			if (rc == 0)
				rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
		if (rc != 0 && rc != MDB_NOTFOUND)
			IvmStoreError(rc, "deleting from");
		if (n > 0)
			IvmWriteCommit();
		else
			IvmWriteAbort();
		total += n;
	} while (n == IVM_CHUNK_OPS);
	return total;
}
