/*-------------------------------------------------------------------------
 *
 * inflight.c
 *		Registering and finding signed rows of transactions in flight (see
 *		inflight.h; inflightkeys.h for the entries).
 *
 * Rows without a header (yet) do not exist for anybody.  A position is the id of the LMDB write
 * transaction that the header came in, so those that a read transaction finds are those up to its own id.
 *
 * Nothing that a commit does here depends on how much is pending.  The headers
 * that matter are looked up by the snapshot's list of running xids, not by
 * scanning; and a scan, within a relation or a probe's value, leaps from one
 * of the others to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "store/entries.h"
#include "store/inflight.h"
#include "store/inflightkeys.h"

#define FIRST_OTHERS	16
#define BATCH_ITEMS		64
#define FIRST_BUFFER	4096

uint64
IvmProbeHash(const char *value, Size len)
{
	return hash_bytes_extended((const unsigned char *) value, len, 0);
}

/*
 * Registering
 */

/* S: registered, and without our own changes. */
static Snapshot
latest_snapshot(void)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());

	snapshot->curcid = FirstCommandId;
	return snapshot;
}

/* A registration's relations, as its header lists them. */
typedef struct Registration
{
	const IvmInflightOwn *own;
	int			nrelations;
	uint32	   *relations;
	bool	   *lost;
	int			rest;			/* rows before it are written already */
	const IvmInflight *inflight;
	uint64		position;		/* what it got */
} Registration;

static void
note_relation(Registration *reg, uint32 relation, bool lost)
{
	for (int i = 0; i < reg->nrelations; i++)
	{
		if (reg->relations[i] == relation)
		{
			reg->lost[i] |= lost;
			return;
		}
	}
	reg->relations = reg->relations == NULL ? palloc(sizeof(uint32)) :
		repalloc(reg->relations, (reg->nrelations + 1) * sizeof(uint32));
	reg->lost = reg->lost == NULL ? palloc(sizeof(bool)) :
		repalloc(reg->lost, (reg->nrelations + 1) * sizeof(bool));
	reg->relations[reg->nrelations] = relation;
	reg->lost[reg->nrelations++] = lost;
}

static void
registration_init(Registration *reg, const IvmInflightOwn *own)
{
	uint32		last = 0;

	memset(reg, 0, sizeof(*reg));
	reg->own = own;
	for (int i = 0; i < own->nrows; i++)
	{
		Assert(own->rows[i].sign != 0 && own->rows[i].nprobes <= IVM_MAX_PROBES);
		if (i == 0 || own->rows[i].relation != last)
			note_relation(reg, own->rows[i].relation, false);
		last = own->rows[i].relation;
	}
	for (int i = 0; i < own->nlost; i++)
		note_relation(reg, own->lost[i], true);
}

/* As many rows from the first one on as make a chunk. */
static int
row_chunk(const IvmInflightOwn *own, int first, int *nops, Size *bytes)
{
	int			i = first;

	*nops = 0;
	*bytes = 0;
	while (i < own->nrows && *bytes < IVM_CHUNK_BYTES &&
		   *nops + own->rows[i].nprobes < IVM_CHUNK_OPS)
	{
		const IvmInflightRow *row = &own->rows[i++];

		*nops += 1 + row->nprobes;
		*bytes += ROW_HEAD + row->nprobes * PROBE_SIZE + row->len;
	}
	return i - first;
}

static int
put_probe(MDB_txn *txn, uint32 relation, const IvmProbe *probe, const char *tail)
{
	char		key[PROBE_KEY];
	MDB_val		k = {PROBE_KEY, key};
	MDB_val		v = {0, NULL};

	probe_prefix(key, relation, probe);
	memcpy(key + PROBE_PREFIX, tail, TAIL_LENGTH);
	return mdb_put(txn, ivm_dbis[IVM_DBI_INFLIGHT], &k, &v, 0);
}

/* Put a row and its probes. */
static int
put_row(MDB_txn *txn, const IvmInflightOwn *own, uint32 sequence)
{
	const IvmInflightRow *row = &own->rows[sequence];
	char		key[ROW_KEY];
	MDB_val		k = {ROW_KEY, key};
	MDB_val		v = {ROW_HEAD + row->nprobes * PROBE_SIZE + row->len, NULL};
	char	   *to;
	int			rc;

	row_prefix(key, row->relation);
	put_who(key + ROW_PREFIX, own->xid, own->publication);
	IvmPut32(key + ROW_PREFIX + WHO_LENGTH, sequence);
	rc = mdb_put(txn, ivm_dbis[IVM_DBI_INFLIGHT], &k, &v, MDB_RESERVE);
	if (rc != 0)
		return rc;
	to = v.mv_data;
	memcpy(to, &row->sign, sizeof(int32));
	to += sizeof(int32);
	*to++ = (char) row->nprobes;
	for (int i = 0; i < row->nprobes; i++)
	{
		memcpy(to, &row->probes[i].column, sizeof(uint16));
		memcpy(to + sizeof(uint16), &row->probes[i].hash, sizeof(uint64));
		to += PROBE_SIZE;
	}
	if (row->len > 0)
		memcpy(to, row->data, row->len);
	for (int i = 0; i < row->nprobes && rc == 0; i++)
		rc = put_probe(txn, row->relation, &row->probes[i], key + ROW_PREFIX);
	return rc;
}

static int
put_rows(MDB_txn *txn, const IvmInflightOwn *own, int first, int n)
{
	int			rc = 0;

	for (int i = 0; i < n && rc == 0; i++)
		rc = put_row(txn, own, first + i);
	return rc;
}

/* Operations and bytes of a header. */
#define header_ops(reg)		(1 + (reg)->nrelations)
#define header_bytes(reg)	(sizeof(uint64) + (reg)->nrelations * HEADER_ITEM)

/* Put the header, and its position as the last one of its relations. */
static int
put_header(MDB_txn *txn, Registration *reg)
{
	char		key[HEADER_KEY];
	MDB_val		k = {HEADER_KEY, key};
	MDB_val		v = {header_bytes(reg), NULL};
	char	   *to;
	int			rc;

	reg->position = mdb_txn_id(txn);
	header_key(key, reg->own->xid, reg->own->publication);
	rc = mdb_put(txn, ivm_dbis[IVM_DBI_INFLIGHT], &k, &v, MDB_RESERVE);
	if (rc != 0)
		return rc;
	to = v.mv_data;
	memcpy(to, &reg->position, sizeof(uint64));
	to += sizeof(uint64);
	for (int i = 0; i < reg->nrelations; i++)
	{
		uint32		item[2] = {reg->relations[i], reg->lost[i]};

		memcpy(to, item, HEADER_ITEM);
		to += HEADER_ITEM;
	}
	k.mv_size = LAST_KEY;
	v.mv_size = sizeof(uint64);
	v.mv_data = &reg->position;
	for (int i = 0; i < reg->nrelations && rc == 0; i++)
	{
		last_key(key, reg->relations[i]);
		rc = mdb_put(txn, ivm_dbis[IVM_DBI_INFLIGHT], &k, &v, 0);
	}
	return rc;
}

/* Write rows, and with the last of them the header.  Returns S, taken just before that. */
static Snapshot
write_registration(Registration *reg)
{
	const IvmInflightOwn *own = reg->own;
	Snapshot	snapshot = NULL;

	do
	{
		int			nops;
		Size		bytes;
		int			n = row_chunk(own, reg->rest, &nops, &bytes);
		bool		last = (reg->rest + n == own->nrows);
		MDB_txn    *txn;
		int			rc;

		CHECK_FOR_INTERRUPTS();
		if (last)
		{
			snapshot = latest_snapshot();
			nops += header_ops(reg);
			bytes += header_bytes(reg);
		}
		txn = IvmWriteBegin(nops, bytes, IVM_SPACE_PUBLISH);
		rc = put_rows(txn, own, reg->rest, n);
		if (rc == 0 && last)
			rc = put_header(txn, reg);
		if (rc != 0)
			IvmStoreError(rc, "writing");
		IvmWriteCommit();
		reg->rest += n;
	} while (snapshot == NULL);
	return snapshot;
}

/*
 * Finding others
 */

static int
compare_numbers(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

static int
compare_others(const void *a, const void *b)
{
	const IvmOther *x = a;
	const IvmOther *y = b;

	if (x->relation != y->relation)
		return x->relation < y->relation ? -1 : 1;
	if (!FullTransactionIdEquals(x->xid, y->xid))
		return FullTransactionIdPrecedes(x->xid, y->xid) ? -1 : 1;
	return x->publication < y->publication ? -1 : x->publication > y->publication;
}

/* Note what a header has of the partners' relations.  False where the array is full. */
static bool
note_header(IvmInflight *inflight, FullTransactionId xid, uint32 publication,
			const MDB_val *value, int capacity, bool *good)
{
	const char *item = (const char *) value->mv_data + sizeof(uint64);
	int			n = (value->mv_size - sizeof(uint64)) / HEADER_ITEM;
	uint64		position;

	*good = value->mv_size >= sizeof(uint64) && value->mv_size == sizeof(uint64) + n * HEADER_ITEM;
	if (!*good)
		return true;
	memcpy(&position, value->mv_data, sizeof(uint64));
	if (position >= inflight->position)
		return true;
	for (int i = 0; i < n; i++, item += HEADER_ITEM)
	{
		uint32		relation[2];

		memcpy(relation, item, HEADER_ITEM);
		if (bsearch(&relation[0], inflight->partners, inflight->npartners, sizeof(uint32),
					compare_numbers) == NULL)
			continue;
		if (inflight->nothers == capacity)
			return false;
		inflight->others[inflight->nothers++] = (IvmOther)
		{
			.relation = relation[0],.xid = xid,.publication = publication,.lost = relation[1] != 0
		};
	}
	return true;
}

/* In a read transaction: the headers of transactions that are not in the set.  False where the array is full. */
static bool
read_headers(IvmInflight *inflight, const IvmXidSet *seen, int capacity, int *lmdb_rc, bool *good)
{
	FullTransactionId next = IvmXidSetNextAbsent(seen, FullTransactionIdFromU64(0));
	MDB_cursor *cursor = IvmReadCursor(IVM_DBI_INFLIGHT, lmdb_rc);
	char		sought[HEADER_KEY];
	MDB_val		key = {HEADER_KEY, sought};
	MDB_val		value;
	bool		room = true;

	inflight->nothers = 0;
	header_key(sought, next, 0);
	if (*lmdb_rc == 0)
		*lmdb_rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (*lmdb_rc == 0 && *good && room)
	{
		const char *k = key.mv_data;
		FullTransactionId xid;

		if (key.mv_size != HEADER_KEY || k[0] != KIND_HEADER)
			return true;
		xid = FullTransactionIdFromU64(IvmGet64(k + 1));
		next = IvmXidSetNextAbsent(seen, xid);
		if (FullTransactionIdEquals(next, xid))
		{
			room = note_header(inflight, xid, IvmGet32(k + 9), &value, capacity, good);
			*lmdb_rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
		else
		{
			header_key(sought, next, 0);
			key.mv_size = HEADER_KEY;
			key.mv_data = sought;
			*lmdb_rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
		}
	}
	return room;
}

/* Find the headers that S does not see; position 0: as of now, else those before it. */
static void
find_others(IvmInflight *inflight, const IvmXidSet *seen)
{
	bool		now = (inflight->position == 0);
	int			capacity = FIRST_OTHERS;

	for (;;)
	{
		int			lmdb_rc = 0;
		bool		good = true;
		bool		room;

		inflight->others = palloc(capacity * sizeof(IvmOther));
		IvmReadBegin();
		if (now)
			inflight->position = IvmReadPosition() + 1;
		room = read_headers(inflight, seen, capacity, &lmdb_rc, &good);
		if (lmdb_rc != 0 && lmdb_rc != MDB_NOTFOUND)
			IvmStoreError(lmdb_rc, "reading");
		if (!good)
			IvmStoreCorrupted("malformed header of a transaction in flight");
		IvmReadEnd();
		if (room)
			break;
		pfree(inflight->others);
		capacity *= 4;
	}
	qsort(inflight->others, inflight->nothers, sizeof(IvmOther), compare_others);
}

bool
IvmInflightForgetAborted(IvmInflight *inflight)
{
	int			n = 0;
	bool		any;

	for (int i = 0; i < inflight->nothers; i++)
	{
		if (IvmXidFateOf(inflight->others[i].xid) != IVM_XID_ABORTED)
			inflight->others[n++] = inflight->others[i];
	}
	any = n < inflight->nothers;
	inflight->nothers = n;
	return any;
}

/* The handle, with others up to the position (0: now). */
static IvmInflight *
make_inflight(FullTransactionId xid, Snapshot snapshot, uint64 position,
			  const uint32 *partners, int npartners)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm inflight",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	IvmInflight *inflight = palloc0(sizeof(IvmInflight));
	uint32	   *sorted = palloc(npartners * sizeof(uint32) + 1);
	IvmXidSet  *seen;

	inflight->cxt = cxt;
	inflight->snapshot = snapshot;
	inflight->position = position;
	memcpy(sorted, partners, npartners * sizeof(uint32));
	qsort(sorted, npartners, sizeof(uint32), compare_numbers);
	inflight->partners = sorted;
	inflight->npartners = npartners;
	seen = IvmXidSetOfSnapshot(inflight->snapshot);
	inflight->all_lost = !IvmXidSetUsable(seen, xid);
	find_others(inflight, seen);
	(void) IvmInflightForgetAborted(inflight);
	MemoryContextSwitchTo(old);
	return inflight;
}

IvmInflight *
IvmInflightRegister(const IvmInflightOwn *own, const uint32 *partners, int npartners)
{
	Registration reg;
	Snapshot	snapshot;

	registration_init(&reg, own);
	snapshot = write_registration(&reg);
	return make_inflight(own->xid, snapshot, reg.position, partners, npartners);
}

IvmInflight *
IvmInflightLook(FullTransactionId xid, const uint32 *partners, int npartners)
{
	return make_inflight(xid, latest_snapshot(), 0, partners, npartners);
}

/* Has somebody registered rows of a partner's relation since the look? */
static int
check_partners(MDB_txn *txn, const IvmInflight *inflight, bool *met)
{
	for (int i = 0; i < inflight->npartners; i++)
	{
		char		key[LAST_KEY];
		MDB_val		k = {LAST_KEY, key};
		MDB_val		v;
		uint64		last;
		int			rc;

		last_key(key, inflight->partners[i]);
		rc = mdb_get(txn, ivm_dbis[IVM_DBI_INFLIGHT], &k, &v);
		if (rc == MDB_NOTFOUND)
			continue;
		if (rc == 0 && v.mv_size != sizeof(uint64))
			rc = MDB_CORRUPTED;
		if (rc != 0)
			return rc;
		memcpy(&last, v.mv_data, sizeof(uint64));
		*met |= last >= inflight->position;
	}
	return 0;
}

/* The part of a publication that registers (IvmPublishExtra). */
static int
put_registration(MDB_txn *txn, void *arg, bool *refuse)
{
	Registration *reg = arg;
	int			rc = check_partners(txn, reg->inflight, refuse);

	if (rc != 0 || *refuse)
		return rc;
	rc = put_rows(txn, reg->own, 0, reg->own->nrows);
	return rc == 0 ? put_header(txn, reg) : rc;
}

bool
IvmInflightPublish(const IvmInflight *inflight, const IvmInflightOwn *own,
				   const IvmPublication *pub)
{
	Registration reg;
	IvmPublishExtra extra = {.put = put_registration,.arg = &reg};

	if (row_chunk(own, 0, &extra.nops, &extra.bytes) < own->nrows)
		return false;
	registration_init(&reg, own);
	reg.inflight = inflight;
	extra.nops += header_ops(&reg);
	extra.bytes += header_bytes(&reg);
	return IvmStorePublishTogether(pub, &extra);
}

void
IvmInflightEnd(IvmInflight *inflight)
{
	UnregisterSnapshot(inflight->snapshot);
	MemoryContextDelete(inflight->cxt);
}

bool
IvmInflightHas(const IvmInflight *inflight, uint32 relation)
{
	for (int i = 0; i < inflight->nothers; i++)
	{
		if (inflight->others[i].relation == relation)
			return true;
	}
	return false;
}

bool
IvmInflightLost(const IvmInflight *inflight, uint32 relation)
{
	for (int i = 0; i < inflight->nothers; i++)
	{
		if (inflight->others[i].relation == relation && inflight->others[i].lost)
			return true;
	}
	return inflight->all_lost;
}

/*
 * Reading the others' rows
 */

struct IvmInflightScan
{
	MemoryContext cxt;
	const IvmOther *others;		/* of the relation */
	int			nothers;
	char		prefix[PROBE_PREFIX];
	Size		prefixlen;
	uint32		relation;

	/* where the next batch starts */
	int			other;
	bool		resume;			/* after the entry with that tail */
	char		last[TAIL_LENGTH];

	/* the batch */
	IvmInflightItem items[BATCH_ITEMS];
	int			nitems;
	int			next;
	char	   *buffer;
	Size		used;
	Size		size;
};

IvmInflightScan *
IvmInflightScanBegin(const IvmInflight *inflight, uint32 relation, const IvmProbe *probe)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm inflight scan",
											  ALLOCSET_DEFAULT_SIZES);
	IvmInflightScan *scan = MemoryContextAllocZero(cxt, sizeof(IvmInflightScan));
	int			i = 0;

	scan->cxt = cxt;
	scan->relation = relation;
	while (i < inflight->nothers && inflight->others[i].relation < relation)
		i++;
	scan->others = &inflight->others[i];
	while (i + scan->nothers < inflight->nothers &&
		   scan->others[scan->nothers].relation == relation)
		scan->nothers++;
	scan->size = FIRST_BUFFER;
	scan->buffer = MemoryContextAlloc(cxt, scan->size);
	IvmInflightScanAgain(scan, probe);
	return scan;
}

void
IvmInflightScanAgain(IvmInflightScan *scan, const IvmProbe *probe)
{
	if (probe)
		probe_prefix(scan->prefix, scan->relation, probe);
	else
		row_prefix(scan->prefix, scan->relation);
	scan->prefixlen = probe ? PROBE_PREFIX : ROW_PREFIX;
	scan->other = 0;
	scan->resume = false;
	scan->nitems = scan->next = 0;
}

void
IvmInflightScanEnd(IvmInflightScan *scan)
{
	MemoryContextDelete(scan->cxt);
}

typedef enum CopyEnd
{
	COPY_OK,
	COPY_FULL,					/* the batch */
	COPY_LMDB,					/* an error code */
	COPY_CORRUPT
} CopyEnd;

/* Copy a row's value into the batch.  *need: the buffer's size that would do. */
static CopyEnd
copy_item(IvmInflightScan *scan, FullTransactionId xid, const MDB_val *value, Size *need)
{
	const char *from = value->mv_data;
	IvmInflightItem *item;
	Size		head;
	char	   *to;

	if (scan->nitems == BATCH_ITEMS)
		return COPY_FULL;
	item = &scan->items[scan->nitems];
	if (value->mv_size < ROW_HEAD)
		return COPY_CORRUPT;
	head = ROW_HEAD + (unsigned char) from[sizeof(int32)] * PROBE_SIZE;
	if (value->mv_size < head)
		return COPY_CORRUPT;
	item->xid = xid;
	item->len = value->mv_size - head;
	memcpy(&item->sign, from, sizeof(int32));
	*need = scan->used + MAXALIGN(item->len);
	if (*need > scan->size)
		return COPY_FULL;
	to = scan->buffer + scan->used;
	memcpy(to, from + head, item->len);
	item->data = to;
	scan->used = *need;
	scan->nitems++;
	return COPY_OK;
}

/* Copy the row that the entry with this tail is, or leads to. */
static CopyEnd
copy_entry(IvmInflightScan *scan, MDB_cursor *cursor, const char *tail, const MDB_val *value,
		   Size *need, int *lmdb_rc)
{
	char		key[ROW_KEY];
	MDB_val		k = {ROW_KEY, key};
	MDB_val		v;
	CopyEnd		end;

	if (scan->prefixlen == PROBE_PREFIX)
	{
		row_prefix(key, scan->relation);
		memcpy(key + ROW_PREFIX, tail, TAIL_LENGTH);
		*lmdb_rc = mdb_get(mdb_cursor_txn(cursor), ivm_dbis[IVM_DBI_INFLIGHT], &k, &v);
		if (*lmdb_rc != 0)
			return *lmdb_rc == MDB_NOTFOUND ? COPY_CORRUPT : COPY_LMDB;
		value = &v;
	}
	end = copy_item(scan, FullTransactionIdFromU64(IvmGet64(tail)), value, need);
	if (end == COPY_OK)
	{
		memcpy(scan->last, tail, TAIL_LENGTH);
		scan->resume = true;
	}
	return end;
}

/* Put the cursor on the first entry of the current one of the others, or after the last one copied. */
static int
seek(IvmInflightScan *scan, MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
	char		sought[PROBE_KEY];
	int			rc;

	memcpy(sought, scan->prefix, scan->prefixlen);
	if (scan->resume)
		memcpy(sought + scan->prefixlen, scan->last, TAIL_LENGTH);
	else
	{
		put_who(sought + scan->prefixlen, scan->others[scan->other].xid,
				scan->others[scan->other].publication);
		IvmPut32(sought + scan->prefixlen + WHO_LENGTH, 0);
	}
	key->mv_size = scan->prefixlen + TAIL_LENGTH;
	key->mv_data = sought;
	rc = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
	if (rc == 0 && scan->resume && key->mv_size == scan->prefixlen + TAIL_LENGTH &&
		memcmp(key->mv_data, sought, key->mv_size) == 0)
		rc = mdb_cursor_get(cursor, key, value, MDB_NEXT);
	return rc;
}

/* Is it the entry of the current one of the others (0), of one before (-1) or behind (1)? */
static int
compare_who(const IvmInflightScan *scan, const char *tail)
{
	char		who[WHO_LENGTH];

	put_who(who, scan->others[scan->other].xid, scan->others[scan->other].publication);
	return memcmp(tail, who, WHO_LENGTH);
}

/* Copy entries, leaping from one of the others to the next. */
static CopyEnd
fill(IvmInflightScan *scan, MDB_cursor *cursor, Size *need, int *lmdb_rc)
{
	MDB_val		key;
	MDB_val		value;
	CopyEnd		end = COPY_OK;

	*lmdb_rc = seek(scan, cursor, &key, &value);
	while (*lmdb_rc == 0)
	{
		const char *tail = (char *) key.mv_data + scan->prefixlen;

		if (key.mv_size != scan->prefixlen + TAIL_LENGTH ||
			memcmp(key.mv_data, scan->prefix, scan->prefixlen) != 0)
			break;
		while (scan->other < scan->nothers && compare_who(scan, tail) > 0)
			scan->other++;
		if (scan->other == scan->nothers)
			break;
		if (compare_who(scan, tail) == 0)
		{
			end = copy_entry(scan, cursor, tail, &value, need, lmdb_rc);
			if (end != COPY_OK)
				return end;
			*lmdb_rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		}
		else
		{
			scan->resume = false;
			*lmdb_rc = seek(scan, cursor, &key, &value);
		}
	}
	if (*lmdb_rc != 0 && *lmdb_rc != MDB_NOTFOUND)
		return COPY_LMDB;
	scan->other = scan->nothers;
	return COPY_OK;
}

static void
fill_batch(IvmInflightScan *scan)
{
	for (;;)
	{
		Size		need = 0;
		int			lmdb_rc;
		MDB_cursor *cursor;
		CopyEnd		end;

		CHECK_FOR_INTERRUPTS();
		scan->nitems = scan->next = 0;
		scan->used = 0;
		IvmReadBegin();
		cursor = IvmReadCursor(IVM_DBI_INFLIGHT, &lmdb_rc);
		end = lmdb_rc == 0 ? fill(scan, cursor, &need, &lmdb_rc) : COPY_LMDB;
		if (end == COPY_LMDB)
			IvmStoreError(lmdb_rc, "reading");
		if (end == COPY_CORRUPT)
			IvmStoreCorrupted("malformed row of a transaction in flight");
		IvmReadEnd();
		if (end == COPY_OK || scan->nitems > 0)
			return;
		scan->size = need;
		pfree(scan->buffer);
		scan->buffer = MemoryContextAllocHuge(scan->cxt, scan->size);
	}
}

bool
IvmInflightScanNext(IvmInflightScan *scan, IvmInflightItem *item)
{
	if (scan->next >= scan->nitems)
	{
		if (scan->other >= scan->nothers)
			return false;
		fill_batch(scan);
		if (scan->nitems == 0)
			return false;
	}
	*item = scan->items[scan->next++];
	return true;
}
