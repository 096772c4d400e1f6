/*-------------------------------------------------------------------------
 *
 * fold.c
 *		Folding deltas into the base, and removing what nobody can need.
 *
 * The rules of folding (model/store_protocol.py, fold()):
 *
 * - Nothing is folded while a marker's maker runs: a delta that the coming
 *	 generation's B does not contain would be lost to it.  Nor beside two
 *	 generations, for the same reason.
 * - A delta whose tag precedes the horizon has the same fate for every snapshot:
 *	 committed and not in B, it is added to the base; committed and in B, or
 *	 not committed, it is deleted.
 * - Where there is no generation at all, such a delta is deleted too: the B of
 *	 any that comes is taken later, and so contains it.
 *
 * A chunk goes in steps: read the directory, a few deltas, ask the commit
 * log, read the bases concerned, compute; then one write transaction, which
 * first sees whether generations and markers are still the same, and of each
 * key whether its base and deltas are.  What has changed meanwhile is left to
 * a later pass.  A base row whose state has become zero is deleted.
 *
 * Removing.  A generation goes when its maker did not commit, or when every
 * snapshot sees the maker of a newer one; a marker, when its maker has ended;
 * an invalidation, when it did not commit, or when it is in the B of every generation, and
 * no build is under way whose B may lack it.  The entries change in one write
 * transaction, if generations and markers are still as they were when judged.
 * Base rows go afterwards: until then their number is listed as dead.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/accum.h"
#include "store/directory.h"
#include "store/entries.h"
#include "store/fold.h"
#include "store/layout.h"
#include "store/rows.h"

#define CHUNK_DELTAS	(IVM_CHUNK_OPS / 2)	/* each may need a put of its key's base, too */

/* What is to become of a delta. */
typedef enum DeltaFate
{
	DELTA_KEEP,
	DELTA_DROP,
	DELTA_ADD
} DeltaFate;

typedef struct FoldDelta
{
	const IvmEntry *entry;
	IvmRowParts parts;
	DeltaFate	fate;
} FoldDelta;

/* Adjacent deltas of one key. */
typedef struct FoldGroup
{
	FoldDelta  *deltas;
	int			ndeltas;
	bool		add;			/* some are added to the base */
	char		key[IVM_MAX_STORE_KEY]; /* of the base row */
	Size		keylen;
	const IvmEntry *old;		/* base row as read, or NULL */
	const char *new;			/* value to be, or NULL: delete it */
	Size		newlen;
} FoldGroup;

typedef struct Fold
{
	MemoryContext cxt;			/* reset with each chunk */
	FullTransactionId horizon;
	IvmDirectory *dir;			/* in cxt */
	const IvmGeneration *gen;	/* the only one, or NULL */
	FoldGroup  *groups;
	int			ngroups;
	int			nops;
	Size		bytes;
} Fold;

/* Is folding allowed?  Sets fold->gen. */
static bool
may_fold(Fold *fold, uint32 view)
{
	fold->dir = IvmDirectoryRead(view);
	if (fold->dir->ngens > 1 || IvmDirectoryBuilding(fold->dir))
		return false;
	fold->gen = fold->dir->ngens == 1 ? &fold->dir->gens[0] : NULL;

	/* A generation that its maker's end has made void is pruning's business. */
	return fold->gen == NULL || fold->dir->settled[0] ||
		IvmXidFateOf(fold->gen->maker) == IVM_XID_COMMITTED;
}

static DeltaFate
decide(const Fold *fold, const IvmRowParts *parts)
{
	bool		in_b = true;
	bool		committed = true;

	for (int i = 0; i <= parts->nmore; i++)
	{
		FullTransactionId xid = IvmTagXid(parts->xid, parts->more, i);

		if (!FullTransactionIdPrecedes(xid, fold->horizon))
			return DELTA_KEEP;
		in_b = in_b && (fold->gen == NULL || IvmXidSetContains(fold->gen->b, xid));
	}
	if (in_b)
		return DELTA_DROP;		/* whether it committed or not */
	for (int i = 0; i <= parts->nmore; i++)
	{
		switch (IvmXidFateOf(IvmTagXid(parts->xid, parts->more, i)))
		{
			case IVM_XID_COMMITTED:
				break;
			case IVM_XID_ABORTED:
				return DELTA_DROP;
			case IVM_XID_RUNNING:
			case IVM_XID_FORGOTTEN:
				committed = false;
				break;
		}
	}
	return committed ? DELTA_ADD : DELTA_KEEP;
}

/* Sort the entries into groups, and decide about each.  Returns the number that stay. */
static int
make_groups(Fold *fold, const IvmEntries *entries)
{
	FoldDelta  *deltas = palloc(entries->n * sizeof(FoldDelta));
	FoldGroup  *group = NULL;
	int			kept = 0;

	fold->groups = palloc(entries->n * sizeof(FoldGroup));
	fold->ngroups = 0;
	fold->nops = 1;				/* the generation's record */
	fold->bytes = fold->gen ? IvmGenerationRecordSize(fold->gen) : 0;
	for (int i = 0; i < entries->n; i++)
	{
		const IvmEntry *entry = &entries->entries[i];
		FoldDelta  *delta = &deltas[i];

		delta->entry = entry;
		if (!IvmDeltaParse(entry->key, entry->keylen, entry->value, entry->valuelen, &delta->parts))
			IvmStoreCorrupted("malformed delta");
		delta->fate = decide(fold, &delta->parts);
		if (delta->fate == DELTA_KEEP)
			kept++;
		else
			fold->nops++;

		if (group == NULL || group->deltas->parts.physlen != delta->parts.physlen ||
			memcmp(group->deltas->parts.phys, delta->parts.phys, delta->parts.physlen) != 0)
		{
			group = &fold->groups[fold->ngroups++];
			group->deltas = delta;
			group->ndeltas = 0;
			group->add = false;
		}
		group->ndeltas++;
		group->add |= (delta->fate == DELTA_ADD);
	}
	return kept;
}

/* Read the base row of a group. */
static void
read_base(const Fold *fold, FoldGroup *group)
{
	const IvmRowParts *parts = &group->deltas->parts;
	IvmEntries *entries = palloc(sizeof(IvmEntries));

	IvmPut32(group->key, fold->gen->number);
	memcpy(group->key + 4, parts->phys, parts->physlen);
	group->keylen = 4 + parts->physlen;
	IvmEntriesInit(entries, CurrentMemoryContext, 1, 256);
	IvmEntriesRead(entries, IVM_DBI_BASE, group->key, group->keylen, NULL, 0, false, 1);
	group->old = entries->n > 0 && entries->entries[0].keylen == group->keylen ?
		&entries->entries[0] : NULL;
}

/* The base row that a group's base and deltas add up to. */
static void
compute_base(FoldGroup *group)
{
	IvmRowParts *first = &group->deltas->parts;
	IvmStateDesc *desc = IvmStateDescOfPacked(first->state, first->statelen);
	IvmState   *state = palloc0(desc->size);
	StringInfoData buf;
	char	   *whole;

	IvmStateInit(desc, state);
	if (group->old)
	{
		const IvmEntry *old = group->old;
		IvmRowParts parts;

		if (!IvmBaseParse(old->key, old->keylen, old->value, old->valuelen, &parts) ||
			parts.keylen != first->keylen || memcmp(parts.key, first->key, parts.keylen) != 0)
			IvmStoreCorrupted("malformed row");
		IvmStateUnpackAdd(desc, state, parts.state, parts.statelen);
	}
	for (int i = 0; i < group->ndeltas; i++)
	{
		if (group->deltas[i].fate == DELTA_ADD)
			IvmStateUnpackAdd(desc, state, group->deltas[i].parts.state,
							  group->deltas[i].parts.statelen);
	}
	group->new = NULL;
	group->newlen = 0;
	if (IvmStateIsZero(desc, state))
		return;

	initStringInfo(&buf);
	enlargeStringInfo(&buf, IvmWholeKeySize(first->keylen));
	whole = IvmWholeKeyWrite(buf.data, first->key, first->keylen);
	buf.len = whole - buf.data;
	IvmStatePack(desc, state, &buf);
	group->new = buf.data;
	group->newlen = buf.len;
}

/* Is the entry in the table, with this value (NULL: must not be there)? */
static int
verify_entry(MDB_txn *txn, IvmDbi dbi, const char *key, Size keylen, const IvmEntry *expected,
			 bool *same)
{
	MDB_val		k = {keylen, (void *) key};
	MDB_val		v;
	int			rc = mdb_get(txn, ivm_dbis[dbi], &k, &v);

	if (rc == 0)
		*same = *same && expected && v.mv_size == expected->valuelen &&
			memcmp(v.mv_data, expected->value, v.mv_size) == 0;
	else if (rc == MDB_NOTFOUND)
	{
		*same = *same && expected == NULL;
		rc = 0;
	}
	return rc;
}

/* Write a group's new base, where base and deltas are as they were read. */
static int
apply_base(MDB_txn *txn, FoldGroup *group, bool *same, int64 *rows)
{
	MDB_val		k = {group->keylen, group->key};
	MDB_val		v = {group->newlen, (void *) group->new};
	int			rc = verify_entry(txn, IVM_DBI_BASE, group->key, group->keylen, group->old, same);

	for (int i = 0; i < group->ndeltas && rc == 0; i++)
	{
		const IvmEntry *entry = group->deltas[i].entry;

		if (group->deltas[i].fate == DELTA_ADD)
			rc = verify_entry(txn, IVM_DBI_DELTA, entry->key, entry->keylen, entry, same);
	}
	if (rc != 0 || !*same)
		return rc;

	*rows += (group->new != NULL) - (group->old != NULL);
	if (group->new)
		return mdb_put(txn, ivm_dbis[IVM_DBI_BASE], &k, &v, 0);
	if (group->old)
		return mdb_del(txn, ivm_dbis[IVM_DBI_BASE], &k, NULL);
	return 0;
}

static int
apply_group(MDB_txn *txn, FoldGroup *group, int64 *rows, int64 *removed)
{
	bool		same = true;
	int			rc = 0;

	if (group->add)
		rc = apply_base(txn, group, &same, rows);
	for (int i = 0; i < group->ndeltas && rc == 0; i++)
	{
		const IvmEntry *entry = group->deltas[i].entry;
		MDB_val		k = {entry->keylen, (void *) entry->key};

		if (group->deltas[i].fate == DELTA_KEEP ||
			(group->deltas[i].fate == DELTA_ADD && !same))
			continue;
		rc = mdb_del(txn, ivm_dbis[IVM_DBI_DELTA], &k, NULL);
		if (rc == 0)
			(*removed)++;
		else if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	return rc;
}

/* One write transaction.  Returns the number of deltas that went away, -1 if folding is not allowed any more. */
static int64
apply_chunk(Fold *fold)
{
	MDB_txn    *txn = IvmWriteBegin(fold->nops, fold->bytes, IVM_SPACE_MAINTAIN);
	bool		unchanged;
	int64		rows = 0;
	int64		removed = 0;
	int			rc = IvmDirectoryUnchanged(txn, fold->dir, &unchanged);

	if (rc == 0 && !unchanged)
	{
		IvmWriteAbort();
		return -1;
	}
	for (int i = 0; i < fold->ngroups && rc == 0; i++)
		rc = apply_group(txn, &fold->groups[i], &rows, &removed);
	if (rc == 0 && rows != 0)
		rc = IvmDirectoryAddRows(txn, fold->gen, rows);
	if (rc != 0)
		IvmStoreError(rc, "folding");
	if (removed > 0)
		IvmWriteCommit();
	else
		IvmWriteAbort();
	return removed;
}

/*
 * Fold one chunk of deltas.  Returns the number that went away, -1 if folding
 * is not allowed (any more); *kept is the number that stay.
 */
static int64
fold_chunk(Fold *fold, const IvmEntries *entries, int *kept)
{
	*kept = make_groups(fold, entries);
	if (*kept == entries->n)
		return 0;
	for (int i = 0; i < fold->ngroups; i++)
	{
		FoldGroup  *group = &fold->groups[i];

		if (!group->add)
			continue;
		read_base(fold, group);
		compute_base(group);
		fold->nops++;
		fold->bytes += group->newlen;
	}
	return apply_chunk(fold);
}

/* Fold the deltas whose keys start with prefix and are that long (0: any length). */
static int64
fold_prefix(uint32 view, const char *prefix, Size prefixlen, Size keylen,
			FullTransactionId horizon, bool *more)
{
	Fold		fold = {.horizon = horizon};
	IvmEntries	entries;
	char		last[IVM_MAX_STORE_KEY];
	Size		lastlen = 0;
	int64		total = 0;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm fold",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);

	*more = false;
	fold.cxt = AllocSetContextCreate(cxt, "ivm fold chunk", ALLOCSET_DEFAULT_SIZES);
	IvmEntriesInit(&entries, cxt, CHUNK_DELTAS, 16 * 1024);
	do
	{
		int64		removed;
		int			kept;
		const IvmEntry *end;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(fold.cxt);
		IvmEntriesRead(&entries, IVM_DBI_DELTA, prefix, prefixlen,
					   lastlen ? last : NULL, lastlen, true, CHUNK_DELTAS);
		if (entries.n == 0 || (keylen && entries.entries[0].keylen != keylen))
			break;
		end = &entries.entries[entries.n - 1];
		lastlen = end->keylen;
		memcpy(last, end->key, lastlen);

		MemoryContextSwitchTo(fold.cxt);
		removed = may_fold(&fold, view) ? fold_chunk(&fold, &entries, &kept) : -1;
		MemoryContextSwitchTo(cxt);
		if (removed < 0)
		{
			*more = true;
			break;
		}
		total += removed;
		*more |= removed < entries.n;
	} while (entries.n == CHUNK_DELTAS);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return total;
}

int64
IvmFoldView(uint32 view, FullTransactionId horizon, bool *more)
{
	char		prefix[4];

	IvmPut32(prefix, view);
	return fold_prefix(view, prefix, sizeof(prefix), 0, horizon, more);
}

/*
 * Removing
 */

#define PRUNE_ATTEMPTS	3

/* What is to go from a directory; arrays parallel to the directory's. */
typedef struct Prune
{
	IvmDirectory *dir;
	bool	   *generation;
	bool	   *marker;
	bool	   *invalid;
	int			settle;			/* generation that every snapshot sees, newly; or -1 */
	int			removed;
	int			nops;
	Size		bytes;
} Prune;

/* Generations whose maker did not commit, and those before one that everybody sees. */
static void
judge_generations(Prune *prune, FullTransactionId horizon)
{
	const IvmDirectory *dir = prune->dir;
	bool		superseded = false;

	for (int i = dir->ngens - 1; i >= 0; i--)
	{
		IvmXidFate	fate = dir->settled[i] ? IVM_XID_COMMITTED : IvmXidFateOf(dir->gens[i].maker);

		prune->generation[i] = superseded || fate == IVM_XID_ABORTED;
		if (prune->generation[i])
		{
			prune->removed++;
			prune->nops += 2;	/* and the number becomes dead */
		}
		else if (fate == IVM_XID_COMMITTED &&
				 (dir->settled[i] || FullTransactionIdPrecedes(dir->gens[i].maker, horizon)))
		{
			superseded = true;
			if (!dir->settled[i])
			{
				prune->settle = i;
				prune->nops++;
				prune->bytes += IvmGenerationRecordSize(&dir->gens[i]);
			}
		}
	}
}

/* Markers whose maker has ended.  Returns whether another one's runs. */
static bool
judge_markers(Prune *prune)
{
	bool		building = false;

	for (int i = 0; i < prune->dir->nmarkers; i++)
	{
		prune->marker[i] = IvmXidFateOf(prune->dir->markers[i].maker) != IVM_XID_RUNNING;
		if (prune->marker[i])
		{
			prune->removed++;
			prune->nops += 2;
		}
		else
			building = true;
	}
	return building;
}

static void
judge_invalidations(Prune *prune, bool building, FullTransactionId horizon)
{
	const IvmDirectory *dir = prune->dir;

	for (int i = 0; i < dir->ninvalid; i++)
	{
		FullTransactionId xid = dir->invalid[i];
		IvmXidFate	fate = IvmXidFateOf(xid);
		bool		in_all = true;

		for (int j = 0; j < dir->ngens; j++)
			in_all = in_all && (prune->generation[j] || IvmXidSetContains(dir->gens[j].b, xid));
		prune->invalid[i] = fate == IVM_XID_ABORTED ||
			(fate != IVM_XID_RUNNING && in_all && !building &&
			 FullTransactionIdPrecedes(xid, horizon));
		if (prune->invalid[i])
		{
			prune->removed++;
			prune->nops++;
		}
	}
}

static int
prune_entries(MDB_txn *txn, const Prune *prune)
{
	const IvmDirectory *dir = prune->dir;
	uint32		view = dir->view;
	int			rc = 0;

	for (int i = 0; i < dir->ngens && rc == 0; i++)
	{
		if (!prune->generation[i])
			continue;
		rc = IvmDirectoryDeleteGeneration(txn, view, dir->gens[i].number);
		if (rc == 0)
			rc = IvmDirectoryPutDead(txn, view, dir->gens[i].number);
	}
	for (int i = 0; i < dir->nmarkers && rc == 0; i++)
	{
		if (!prune->marker[i])
			continue;
		rc = IvmDirectoryDeleteMarker(txn, view, &dir->markers[i]);
		if (rc == 0 && !IvmDirectoryHasNumber(dir, dir->markers[i].number))
			rc = IvmDirectoryPutDead(txn, view, dir->markers[i].number);
	}
	for (int i = 0; i < dir->ninvalid && rc == 0; i++)
	{
		if (prune->invalid[i])
			rc = IvmDirectoryDeleteInvalid(txn, view, dir->invalid[i]);
	}
	if (rc == 0 && prune->settle >= 0)
		rc = IvmDirectorySettle(txn, &dir->gens[prune->settle]);
	return rc;
}

/* Judge and remove directory entries.  False where the directory changed meanwhile. */
static bool
prune_directory(uint32 view, FullTransactionId horizon, int64 *removed)
{
	Prune		prune = {.dir = IvmDirectoryRead(view),.settle = -1};
	MDB_txn    *txn;
	bool		building;
	bool		unchanged;
	int			rc;

	prune.generation = palloc0(prune.dir->ngens * sizeof(bool));
	prune.marker = palloc0(prune.dir->nmarkers * sizeof(bool));
	prune.invalid = palloc0(prune.dir->ninvalid * sizeof(bool));
	judge_generations(&prune, horizon);
	building = judge_markers(&prune);
	judge_invalidations(&prune, building, horizon);
	if (prune.nops == 0)
		return true;

	txn = IvmWriteBegin(prune.nops, prune.bytes, IVM_SPACE_MAINTAIN);
	rc = IvmDirectoryUnchanged(txn, prune.dir, &unchanged);
	if (rc == 0 && !unchanged)
	{
		IvmWriteAbort();
		return false;
	}
	if (rc == 0)
		rc = prune_entries(txn, &prune);
	if (rc != 0)
		IvmStoreError(rc, "pruning");
	IvmWriteCommit();
	*removed += prune.removed;
	return true;
}

/* Delete the base rows of dead numbers. */
static int64
remove_dead(uint32 view)
{
	IvmDirectory *dir = IvmDirectoryRead(view);
	int64		removed = 0;

	for (int i = 0; i < dir->ndead; i++)
	{
		char		prefix[4];
		int			rc;

		IvmPut32(prefix, dir->dead[i]);
		removed += IvmDeletePrefix(IVM_DBI_BASE, prefix, sizeof(prefix));
		rc = IvmDirectoryDeleteDead(IvmWriteBegin(1, 0, IVM_SPACE_MAINTAIN), view, dir->dead[i]);
		if (rc != 0)
			IvmStoreError(rc, "pruning");
		IvmWriteCommit();
	}
	return removed;
}

int64
IvmPruneGenerations(uint32 view, FullTransactionId horizon)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm prune",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	int64		removed = 0;

	for (int i = 0; i < PRUNE_ATTEMPTS; i++)
	{
		if (prune_directory(view, horizon, &removed))
			break;
	}
	removed += remove_dead(view);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return removed;
}
