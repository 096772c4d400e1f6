/*-------------------------------------------------------------------------
 *
 * generation.c
 *		Generations: reserve, load, pick; and what the store knows of a view.
 *
 * The rule of reading (model/store_protocol.py, read()): take the newest
 * generation whose maker the snapshot sees; use it if it was built under the
 * reader's fingerprint and its B sees every invalidation that the snapshot
 * sees; else answer live.  There is no falling back to an older one: what made
 * the newest unusable makes the older ones unusable too.
 *
 * Visibility is asked outside of LMDB's transactions, about copies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/directory.h"
#include "store/entries.h"
#include "store/layout.h"
#include "store/rows.h"
#include "store/shared.h"

#define SAMPLE_ROWS		200		/* of the base, to estimate its size */
#define SCAN_ENTRIES	1024	/* delta entries read at once where all are looked at */

/*
 * Making
 */

uint32
IvmGenerationReserve(uint32 view, FullTransactionId maker)
{
	MDB_txn    *txn = IvmWriteBegin(2, 0, IVM_SPACE_BUILD);
	uint32		number;
	int			rc;

	rc = IvmTakeNumber(txn, &number);
	if (rc == 0)
		rc = IvmDirectoryPutMarker(txn, view, number, maker);
	if (rc != 0)
		IvmStoreError(rc, "writing");
	IvmWriteCommit();
	return number;
}

/* Put one base row; append where it is the last of all, which fills pages well. */
static int
load_row(MDB_cursor *cursor, const IvmBaseRow *row, char *key, Size keylen, bool *append)
{
	Size		keysize = IvmWholeKeySize(row->keylen);
	int			rc;

	for (;;)
	{
		MDB_val		k = {keylen, key};
		MDB_val		v = {keysize + row->statelen, NULL};
		char	   *to;

		rc = mdb_cursor_put(cursor, &k, &v, MDB_RESERVE | (*append ? MDB_APPEND : 0));
		if (rc == MDB_KEYEXIST && *append)
		{
			*append = false;
			continue;
		}
		if (rc != 0)
			return rc;
		to = IvmWholeKeyWrite(v.mv_data, row->key, row->keylen);
		memcpy(to, row->state, row->statelen);
		return 0;
	}
}

/* As many rows as make a chunk: their number, and the bytes of their values. */
static int
load_chunk_size(const IvmBaseRow *rows, int nrows, Size *bytes)
{
	int			n = 0;

	*bytes = 0;
	while (n < nrows && n < IVM_CHUNK_OPS && *bytes < IVM_CHUNK_BYTES)
	{
		*bytes += IvmWholeKeySize(rows[n].keylen) + rows[n].statelen;
		n++;
	}
	return n;
}

void
IvmGenerationLoad(uint32 number, const IvmBaseRow *rows, int nrows)
{
	char	   *keys = palloc(IVM_CHUNK_OPS * IVM_MAX_STORE_KEY);
	Size	   *keylens = palloc(IVM_CHUNK_OPS * sizeof(Size));

	while (nrows > 0)
	{
		MDB_cursor *cursor;
		Size		bytes;
		int			n = load_chunk_size(rows, nrows, &bytes);
		bool		append = true;
		int			rc;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
			keylens[i] = IvmStoreKeyMake(keys + i * IVM_MAX_STORE_KEY, number,
										 rows[i].key, rows[i].keylen);

		rc = mdb_cursor_open(IvmWriteBegin(n, bytes, IVM_SPACE_BUILD), ivm_dbis[IVM_DBI_BASE], &cursor);
		for (int i = 0; i < n && rc == 0; i++)
			rc = load_row(cursor, &rows[i], keys + i * IVM_MAX_STORE_KEY, keylens[i], &append);
		if (rc != 0)
			IvmStoreError(rc, "writing");
		IvmWriteCommit();
		rows += n;
		nrows -= n;
	}
	pfree(keys);
	pfree(keylens);
}

bool
IvmXidSetUsable(const IvmXidSet *b, FullTransactionId maker)
{
	FullTransactionId birth = IvmStoreBirth();

	for (int i = 0; i < b->nxip; i++)
	{
		if (FullTransactionIdPrecedes(b->xip[i], birth) &&
			!FullTransactionIdEquals(b->xip[i], maker))
			return false;
	}
	return true;
}

/*
 * Picking
 */

/* Does the snapshot see all that is in B?  (False where it is hard to tell.) */
static bool
snapshot_contains(Snapshot snapshot, const IvmXidSet *b)
{
	IvmXidSet  *s = IvmXidSetOfSnapshot(snapshot);

	if (FullTransactionIdPrecedes(s->xmax, b->xmax))
		return false;
	for (int i = 0; i < s->nxip; i++)
	{
		if (IvmXidSetContains(b, s->xip[i]))
			return false;
	}
	return true;
}

/* May the maker itself use its generation under this snapshot? */
static bool
usable_for_maker(const IvmGeneration *gen, Snapshot snapshot, const char **reason)
{
	if (gen->cid >= snapshot->curcid)
		*reason = "the cursor is older than the build";
	else if (!snapshot_contains(snapshot, gen->b))
		*reason = "the snapshot is older than the build";
	else
		return true;
	return false;
}

static bool
usable(const IvmGeneration *gen, const IvmDirectory *dir, Snapshot snapshot,
	   uint64 fingerprint, const char **reason)
{
	if (FullTransactionIdEquals(gen->maker, GetTopFullTransactionIdIfAny()) &&
		!usable_for_maker(gen, snapshot, reason))
		return false;
	if (IvmSharedIsDamaged(gen->view, gen->number))
	{
		*reason = "damage was seen: a group with a negative count";
		return false;
	}
	if (gen->fingerprint != fingerprint)
	{
		*reason = "a base table was changed in a way that needs a rebuild";
		return false;
	}
	for (int i = 0; i < dir->ninvalid; i++)
	{
		IvmSight	sight;

		if (IvmXidSetContains(gen->b, dir->invalid[i]))
			continue;
		sight = IvmSnapshotSees(snapshot, dir->invalid[i]);
		if (sight == IVM_SEEN)
			*reason = "changes escaped capture";
		else if (sight == IVM_TOO_OLD)
			*reason = "the store is too old";
		else
			continue;
		return false;
	}
	return true;
}

/* Newest published generation whose maker the snapshot sees, or NULL. */
static IvmGeneration *
newest_seen(const IvmDirectory *dir, Snapshot snapshot, const char **reason)
{
	*reason = dir->ngens == 0 ? "not built yet" : "the snapshot is older than the build";
	for (int i = dir->ngens - 1; i >= 0; i--)
	{
		if (dir->settled[i])
			return &dir->gens[i];
		switch (IvmSnapshotSees(snapshot, dir->gens[i].maker))
		{
			case IVM_SEEN:
				return &dir->gens[i];
			case IVM_TOO_OLD:
				*reason = "the store is too old";
				return NULL;
			case IVM_UNSEEN:
				break;
		}
	}
	return NULL;
}

IvmGeneration *
IvmGenerationPick(uint32 view, Snapshot snapshot, uint64 fingerprint,
				  IvmGeneration **own, int nown, bool own_invalid,
				  const char **reason)
{
	IvmDirectory *dir = IvmDirectoryRead(view);
	IvmGeneration *gen;

	*reason = NULL;
	if (own_invalid)
	{
		*reason = "changes of this transaction escaped capture";
		return NULL;
	}
	gen = nown > 0 ? own[nown - 1] : newest_seen(dir, snapshot, reason);
	if (gen == NULL || !usable(gen, dir, snapshot, fingerprint, reason))
		return NULL;
	*reason = NULL;
	return gen;
}

/*
 * Looking
 */

/* The newest generation made by a committed transaction, or NULL. */
static IvmGeneration *
newest_committed(const IvmDirectory *dir)
{
	for (int i = dir->ngens - 1; i >= 0; i--)
	{
		if (dir->settled[i] || IvmXidFateOf(dir->gens[i].maker) == IVM_XID_COMMITTED)
			return &dir->gens[i];
	}
	return NULL;
}

double
IvmGenerationEstimateRows(uint32 view)
{
	IvmGeneration *gen;

	if (!IvmStoreAvailable(NULL))
		return -1;
	gen = newest_committed(IvmDirectoryRead(view));
	return gen ? gen->rows : -1;
}

static int64
entries_bytes(const IvmEntries *entries)
{
	int64		bytes = 0;

	for (int i = 0; i < entries->n; i++)
		bytes += entries->entries[i].keylen + entries->entries[i].valuelen;
	return bytes;
}

static void
keep_older(FullTransactionId *oldest, FullTransactionId xid)
{
	if (!FullTransactionIdIsValid(*oldest) || FullTransactionIdPrecedes(xid, *oldest))
		*oldest = xid;
}

/*
 * Count the pending deltas, their oldest tag and size.  Returns the oldest tag
 * that is not in the B of the newest generation.
 */
static FullTransactionId
look_at_deltas(uint32 view, const IvmXidSet *b, IvmEntries *entries, IvmViewStoreInfo *info)
{
	FullTransactionId outside = InvalidFullTransactionId;
	char		prefix[4];
	char		last[IVM_MAX_STORE_KEY];
	Size		lastlen = 0;

	IvmPut32(prefix, view);
	do
	{
		CHECK_FOR_INTERRUPTS();
		IvmEntriesRead(entries, IVM_DBI_DELTA, prefix, sizeof(prefix),
					   lastlen ? last : NULL, lastlen, true, SCAN_ENTRIES);
		for (int i = 0; i < entries->n; i++)
		{
			const IvmEntry *entry = &entries->entries[i];
			IvmRowParts parts;

			if (!IvmDeltaParse(entry->key, entry->keylen, entry->value, entry->valuelen, &parts))
				IvmStoreCorrupted("malformed delta");
			for (int j = 0; j <= parts.nmore; j++)
			{
				FullTransactionId xid = IvmTagXid(parts.xid, parts.more, j);

				keep_older(&info->oldest_tag, xid);
				if (b && !IvmXidSetContains(b, xid))
					keep_older(&outside, xid);
			}
			memcpy(last, entry->key, entry->keylen);
			lastlen = entry->keylen;
		}
		info->pending += entries->n;
		info->bytes += entries_bytes(entries);
	} while (entries->n == SCAN_ENTRIES);
	return outside;
}

/* Size of a base, from a sample of its rows. */
static int64
estimate_base_bytes(const IvmGeneration *gen, IvmEntries *entries)
{
	char		prefix[4];

	IvmPut32(prefix, gen->number);
	IvmEntriesRead(entries, IVM_DBI_BASE, prefix, sizeof(prefix), NULL, 0, false, SAMPLE_ROWS);
	if (entries->n == 0)
		return 0;
	return entries_bytes(entries) * (gen->rows / (double) entries->n);
}

void
IvmViewStoreInfoGet(uint32 view, IvmViewStoreInfo *info)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm view info",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	IvmDirectory *dir = IvmDirectoryRead(view);
	IvmGeneration *gen = newest_committed(dir);
	IvmEntries	entries;
	FullTransactionId oldest;

	memset(info, 0, sizeof(*info));
	info->oldest_tag = InvalidFullTransactionId;
	info->ngenerations = dir->ngens;
	info->building = IvmDirectoryBuilding(dir);
	IvmEntriesInit(&entries, cxt, SCAN_ENTRIES, 64 * 1024);
	if (gen)
	{
		info->has_generation = true;
		info->newest = *gen;
		info->newest.b = NULL;
		info->bytes = estimate_base_bytes(gen, &entries);
		for (int i = 0; i < dir->ninvalid && !info->invalid; i++)
			info->invalid = !IvmXidSetContains(gen->b, dir->invalid[i]) &&
				IvmXidFateOf(dir->invalid[i]) == IVM_XID_COMMITTED;
	}
	oldest = look_at_deltas(view, gen ? gen->b : NULL, &entries, info);

	/* A delta that no reader can judge any more makes the generation useless. */
	if (FullTransactionIdIsValid(oldest) && IvmXidFateOf(oldest) == IVM_XID_FORGOTTEN)
		info->invalid = true;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* The next view, from id `from` on, that has an entry in the table; false where there is none. */
static bool
next_view(IvmEntries *entries, IvmDbi dbi, uint32 from, uint32 *view)
{
	char		start[4];

	IvmPut32(start, from);
	IvmEntriesRead(entries, dbi, NULL, 0, start, sizeof(start), false, 1);
	if (entries->n == 0)
		return false;
	if (dbi == IVM_DBI_DELTA && entries->entries[0].keylen < sizeof(start) + IVM_DELTA_TAIL)
		return false;			/* a table's name: the last of the keys */
	*view = IvmGet32(entries->entries[0].key);
	return true;
}

uint32 *
IvmStoreViews(int *nviews)
{
	IvmEntries	entries;
	int			capacity = 64;
	uint32	   *views = palloc(capacity * sizeof(uint32));
	uint32		from = 0;

	*nviews = 0;
	IvmEntriesInit(&entries, CurrentMemoryContext, 1, 1024);
	for (;;)
	{
		uint32		a = 0,
					b = 0;
		bool		have_a = next_view(&entries, IVM_DBI_DIRECTORY, from, &a);
		bool		have_b = next_view(&entries, IVM_DBI_DELTA, from, &b);

		if (!have_a && !have_b)
			return views;
		if (!have_a || (have_b && b < a))
			a = b;
		if (*nviews == capacity)
			views = repalloc(views, (capacity *= 2) * sizeof(uint32));
		views[(*nviews)++] = a;
		if (a == PG_UINT32_MAX)
			return views;
		from = a + 1;
	}
}

int64
IvmStoreDropView(uint32 view)
{
	IvmDirectory *dir = IvmDirectoryRead(view);
	char		prefix[4];
	int64		total = 0;

	/* Base rows before the entries that lead to them, so that an interruption loses none. */
	for (int i = 0; i < dir->ngens; i++)
	{
		IvmPut32(prefix, dir->gens[i].number);
		total += IvmDeletePrefix(IVM_DBI_BASE, prefix, sizeof(prefix));
	}
	for (int i = 0; i < dir->nmarkers; i++)
	{
		IvmPut32(prefix, dir->markers[i].number);
		total += IvmDeletePrefix(IVM_DBI_BASE, prefix, sizeof(prefix));
	}
	for (int i = 0; i < dir->ndead; i++)
	{
		IvmPut32(prefix, dir->dead[i]);
		total += IvmDeletePrefix(IVM_DBI_BASE, prefix, sizeof(prefix));
	}
	IvmPut32(prefix, view);
	total += IvmDeletePrefix(IVM_DBI_DELTA, prefix, sizeof(prefix));
	total += IvmDeletePrefix(IVM_DBI_DIRECTORY, prefix, sizeof(prefix));
	return total;
}
