/*-------------------------------------------------------------------------
 *
 * directory.c
 *		A view's directory in the store (see directory.h).
 *
 * Reads copy the entries out of one read transaction and take them apart
 * afterwards.  The functions that change entries run inside the caller's
 * write transaction: they return LMDB's code, and neither allocate nor report.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/directory.h"
#include "store/entries.h"
#include "store/layout.h"

#define KIND_GENERATION		'G'
#define KIND_INVALID		'I'
#define KIND_MARKER			'M'
#define KIND_DEAD			'X'

#define KEY_HEAD			5	/* view, kind */
#define KEY_MAX				(KEY_HEAD + 12)
#define UNBOUNDED			PG_INT32_MAX

typedef struct GenerationRecord
{
	uint64		maker;
	uint64		fingerprint;
	int64		rows;
	int64		built;
	int64		build_us;
	uint64		xmin;
	uint64		xmax;
	uint32		cid;
	uint32		nxip;
	uint64		settled;
	/* nxip times uint64 follow */
} GenerationRecord;

static Size
make_key(char *buf, uint32 view, char kind)
{
	IvmPut32(buf, view);
	buf[4] = kind;
	return KEY_HEAD;
}

static Size
make_number_key(char *buf, uint32 view, char kind, uint32 number)
{
	Size		len = make_key(buf, view, kind);

	IvmPut32(buf + len, number);
	return len + 4;
}

static Size
make_marker_key(char *buf, uint32 view, uint32 number, FullTransactionId maker)
{
	Size		len = make_number_key(buf, view, KIND_MARKER, number);

	IvmPut64(buf + len, U64FromFullTransactionId(maker));
	return len + 8;
}

static Size
make_invalid_key(char *buf, uint32 view, FullTransactionId xid)
{
	Size		len = make_key(buf, view, KIND_INVALID);

	IvmPut64(buf + len, U64FromFullTransactionId(xid));
	return len + 8;
}

/*
 * Reading
 */

/* The process's buffers for directory entries. */
static IvmEntries *
directory_entries(void)
{
	static IvmEntries *entries = NULL;

	if (entries == NULL)
	{
		MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "ivm directory",
												  ALLOCSET_DEFAULT_SIZES);
		IvmEntries *e = MemoryContextAllocZero(cxt, sizeof(IvmEntries));

		IvmEntriesInit(e, cxt, 16, 2048);
		entries = e;
	}
	return entries;
}

static void
parse_generation(IvmDirectory *dir, const IvmEntry *entry)
{
	IvmGeneration *gen = &dir->gens[dir->ngens];
	GenerationRecord record;
	IvmXidSet  *b;

	if (entry->keylen != KEY_HEAD + 4 || entry->valuelen < sizeof(record))
		IvmStoreCorrupted("malformed generation");
	memcpy(&record, entry->value, sizeof(record));
	if (entry->valuelen != sizeof(record) + record.nxip * sizeof(uint64))
		IvmStoreCorrupted("malformed generation");

	b = palloc(sizeof(IvmXidSet));
	b->xmin = FullTransactionIdFromU64(record.xmin);
	b->xmax = FullTransactionIdFromU64(record.xmax);
	b->nxip = record.nxip;
	b->xip = palloc(record.nxip * sizeof(FullTransactionId));
	memcpy(b->xip, entry->value + sizeof(record), record.nxip * sizeof(uint64));

	gen->view = dir->view;
	gen->number = IvmGet32(entry->key + KEY_HEAD);
	gen->maker = FullTransactionIdFromU64(record.maker);
	gen->cid = record.cid;
	gen->fingerprint = record.fingerprint;
	gen->b = b;
	gen->rows = record.rows;
	gen->built = record.built;
	gen->build_us = record.build_us;
	dir->settled[dir->ngens++] = record.settled != 0;
}

static void
parse_entry(IvmDirectory *dir, const IvmEntry *entry)
{
	const char *key = entry->key;

	if (entry->keylen < KEY_HEAD + 4)
		IvmStoreCorrupted("malformed directory entry");
	switch (key[4])
	{
		case KIND_GENERATION:
			parse_generation(dir, entry);
			break;
		case KIND_INVALID:
			dir->invalid[dir->ninvalid++] = FullTransactionIdFromU64(IvmGet64(key + KEY_HEAD));
			break;
		case KIND_MARKER:
			dir->markers[dir->nmarkers].number = IvmGet32(key + KEY_HEAD);
			dir->markers[dir->nmarkers++].maker = FullTransactionIdFromU64(IvmGet64(key + KEY_HEAD + 4));
			break;
		case KIND_DEAD:
			dir->dead[dir->ndead++] = IvmGet32(key + KEY_HEAD);
			break;
		default:
			IvmStoreCorrupted("unknown directory entry");
	}
	if (key[4] == KIND_GENERATION || key[4] == KIND_MARKER)
	{
		memcpy(dir->signature + dir->signaturelen, key, entry->keylen);
		dir->signaturelen += entry->keylen;
	}
}

IvmDirectory *
IvmDirectoryRead(uint32 view)
{
	IvmEntries *entries = directory_entries();
	IvmDirectory *dir = palloc0(sizeof(IvmDirectory));
	char		prefix[4];
	int			n = 0;

	IvmPut32(prefix, view);
	if (IvmStoreExists())
	{
		IvmEntriesRead(entries, IVM_DBI_DIRECTORY, prefix, sizeof(prefix), NULL, 0, false, UNBOUNDED);
		n = entries->n;
	}
	dir->view = view;
	dir->gens = palloc(n * sizeof(IvmGeneration));
	dir->settled = palloc(n * sizeof(bool));
	dir->markers = palloc(n * sizeof(IvmMarker));
	dir->invalid = palloc(n * sizeof(FullTransactionId));
	dir->dead = palloc(n * sizeof(uint32));
	dir->signature = palloc(n * KEY_MAX);
	for (int i = 0; i < n; i++)
		parse_entry(dir, &entries->entries[i]);
	return dir;
}

bool
IvmDirectoryHasNumber(const IvmDirectory *dir, uint32 number)
{
	for (int i = 0; i < dir->ngens; i++)
	{
		if (dir->gens[i].number == number)
			return true;
	}
	return false;
}

bool
IvmDirectoryBuilding(const IvmDirectory *dir)
{
	for (int i = 0; i < dir->nmarkers; i++)
	{
		if (IvmXidFateOf(dir->markers[i].maker) == IVM_XID_RUNNING)
			return true;
	}
	return false;
}

int
IvmDirectoryUnchanged(MDB_txn *txn, const IvmDirectory *dir, bool *unchanged)
{
	MDB_cursor *cursor;
	char		prefix[4];
	MDB_val		key = {sizeof(prefix), prefix};
	MDB_val		value;
	Size		at = 0;
	int			rc;

	*unchanged = false;
	IvmPut32(prefix, dir->view);
	rc = mdb_cursor_open(txn, ivm_dbis[IVM_DBI_DIRECTORY], &cursor);
	if (rc != 0)
		return rc;
	for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		 rc == 0 && key.mv_size > KEY_HEAD && memcmp(key.mv_data, prefix, sizeof(prefix)) == 0;
		 rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
	{
		char		kind = ((char *) key.mv_data)[4];

		if (kind != KIND_GENERATION && kind != KIND_MARKER)
			continue;
		if (at + key.mv_size > dir->signaturelen ||
			memcmp(key.mv_data, dir->signature + at, key.mv_size) != 0)
			return 0;
		at += key.mv_size;
	}
	if (rc == MDB_NOTFOUND)
		rc = 0;
	*unchanged = (at == dir->signaturelen);
	return rc;
}

/*
 * Changing, inside a write transaction
 */

static int
put_empty(MDB_txn *txn, char *key, Size keylen)
{
	MDB_val		k = {keylen, key};
	MDB_val		v = {0, NULL};

	return mdb_put(txn, ivm_dbis[IVM_DBI_DIRECTORY], &k, &v, 0);
}

static int
delete(MDB_txn *txn, char *key, Size keylen)
{
	MDB_val		k = {keylen, key};
	int			rc = mdb_del(txn, ivm_dbis[IVM_DBI_DIRECTORY], &k, NULL);

	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
IvmDirectoryPutMarker(MDB_txn *txn, uint32 view, uint32 number, FullTransactionId maker)
{
	char		key[KEY_MAX];

	return put_empty(txn, key, make_marker_key(key, view, number, maker));
}

int
IvmDirectoryDeleteMarker(MDB_txn *txn, uint32 view, const IvmMarker *marker)
{
	char		key[KEY_MAX];

	return delete(txn, key, make_marker_key(key, view, marker->number, marker->maker));
}

int
IvmDirectoryPutInvalid(MDB_txn *txn, uint32 view, FullTransactionId xid)
{
	char		key[KEY_MAX];

	return put_empty(txn, key, make_invalid_key(key, view, xid));
}

int
IvmDirectoryDeleteInvalid(MDB_txn *txn, uint32 view, FullTransactionId xid)
{
	char		key[KEY_MAX];

	return delete(txn, key, make_invalid_key(key, view, xid));
}

int
IvmDirectoryPutDead(MDB_txn *txn, uint32 view, uint32 number)
{
	char		key[KEY_MAX];

	return put_empty(txn, key, make_number_key(key, view, KIND_DEAD, number));
}

int
IvmDirectoryDeleteDead(MDB_txn *txn, uint32 view, uint32 number)
{
	char		key[KEY_MAX];

	return delete(txn, key, make_number_key(key, view, KIND_DEAD, number));
}

Size
IvmGenerationRecordSize(const IvmGeneration *gen)
{
	return sizeof(GenerationRecord) + gen->b->nxip * sizeof(uint64);
}

static int
put_generation(MDB_txn *txn, const IvmGeneration *gen, int64 rows, bool settled)
{
	GenerationRecord record = {
		.maker = U64FromFullTransactionId(gen->maker),
		.fingerprint = gen->fingerprint,
		.rows = rows,
		.built = gen->built,
		.build_us = gen->build_us,
		.xmin = U64FromFullTransactionId(gen->b->xmin),
		.xmax = U64FromFullTransactionId(gen->b->xmax),
		.cid = gen->cid,
		.nxip = gen->b->nxip,
		.settled = settled
	};
	char		key[KEY_MAX];
	MDB_val		k = {make_number_key(key, gen->view, KIND_GENERATION, gen->number), key};
	MDB_val		v = {IvmGenerationRecordSize(gen), NULL};
	int			rc = mdb_put(txn, ivm_dbis[IVM_DBI_DIRECTORY], &k, &v, MDB_RESERVE);

	if (rc != 0)
		return rc;
	memcpy(v.mv_data, &record, sizeof(record));
	memcpy((char *) v.mv_data + sizeof(record), gen->b->xip, gen->b->nxip * sizeof(uint64));
	return 0;
}

int
IvmDirectoryPutGeneration(MDB_txn *txn, const IvmGeneration *gen)
{
	return put_generation(txn, gen, gen->rows, false);
}

int
IvmDirectoryDeleteGeneration(MDB_txn *txn, uint32 view, uint32 number)
{
	char		key[KEY_MAX];

	return delete(txn, key, make_number_key(key, view, KIND_GENERATION, number));
}

/* The record's own count of rows and flag may be newer than those that were read. */
static int
change_generation(MDB_txn *txn, const IvmGeneration *gen, int64 rows, bool settle)
{
	char		key[KEY_MAX];
	MDB_val		k = {make_number_key(key, gen->view, KIND_GENERATION, gen->number), key};
	MDB_val		v;
	GenerationRecord record;
	int			rc = mdb_get(txn, ivm_dbis[IVM_DBI_DIRECTORY], &k, &v);

	if (rc != 0)
		return rc;
	if (v.mv_size != IvmGenerationRecordSize(gen))
		return MDB_CORRUPTED;
	memcpy(&record, v.mv_data, sizeof(record));
	return put_generation(txn, gen, record.rows + rows, record.settled || settle);
}

int
IvmDirectorySettle(MDB_txn *txn, const IvmGeneration *gen)
{
	return change_generation(txn, gen, 0, true);
}

int
IvmDirectoryAddRows(MDB_txn *txn, const IvmGeneration *gen, int64 rows)
{
	return change_generation(txn, gen, rows, false);
}
