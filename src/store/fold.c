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
 * first sees whether generations and markers are still the same, and the bases
 * and deltas.  If not (another folder was here), the chunk is left to a later pass.
 * A base row whose state has become zero is deleted.
 *
 * An element that counts in a total (IVM_ACC_MEMBER) changes it where its rows
 * become positive or cease to be, in the same write transaction: in each of them a total
 * is the number of its owner's elements that are positive in the base (rows.h).
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

#define CHUNK_DELTAS	(IVM_CHUNK_OPS / 3)	/* each may change its key's base and a total, too */

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

/* A base row, as it is and as it is to be. */
typedef struct BaseChange
{
	char		key[IVM_MAX_STORE_KEY];
	Size		keylen;
	const IvmEntry *old;		/* as read, or NULL */
	const char *new;			/* value to be, or NULL: delete it */
	Size		newlen;
} BaseChange;

/* Adjacent deltas of one key. */
typedef struct FoldGroup
{
	FoldDelta  *deltas;
	int			ndeltas;
	bool		add;			/* some are added to the base */
	BaseChange	base;
} FoldGroup;

/* A totals row that changes. */
typedef struct FoldTotal
{
	const char *key;			/* whole */
	uint32		keylen;
	int64		change;
	BaseChange	base;
} FoldTotal;

typedef struct Fold
{
	MemoryContext cxt;			/* reset with each chunk */
	FullTransactionId horizon;
	IvmDirectory *dir;			/* in cxt */
	const IvmGeneration *gen;	/* the only one, or NULL */
	FoldGroup  *groups;
	int			ngroups;
	FoldTotal  *totals;			/* room for as many as there are groups */
	int			ntotals;
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
	fold->totals = NULL;
	fold->ntotals = 0;
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

/* Read the base row whose store key stands in change. */
static void
read_base(BaseChange *change)
{
	IvmEntries *entries = palloc(sizeof(IvmEntries));

	IvmEntriesInit(entries, CurrentMemoryContext, 1, 256);
	IvmEntriesRead(entries, IVM_DBI_BASE, change->key, change->keylen, NULL, 0, false, 1);
	change->old = entries->n > 0 && entries->entries[0].keylen == change->keylen ?
		&entries->entries[0] : NULL;
}

/* Add the base row that was read, which must be of this whole key. */
static void
add_old(const BaseChange *change, const char *key, uint32 keylen,
		const IvmStateDesc *desc, IvmState *state)
{
	const IvmEntry *old = change->old;
	IvmRowParts parts;

	if (old == NULL)
		return;
	if (!IvmBaseParse(old->key, old->keylen, old->value, old->valuelen, &parts) ||
		parts.keylen != keylen || memcmp(parts.key, key, keylen) != 0)
		IvmStoreCorrupted("malformed row");
	IvmStateUnpackAdd(desc, state, parts.state, parts.statelen);
}

/* The base row is to hold this state. */
static void
set_new(BaseChange *change, const char *key, uint32 keylen,
		const IvmStateDesc *desc, const IvmState *state)
{
	StringInfoData buf;

	change->new = NULL;
	change->newlen = 0;
	if (IvmStateIsZero(desc, state))
		return;
	initStringInfo(&buf);
	enlargeStringInfo(&buf, IvmWholeKeySize(keylen));
	buf.len = IvmWholeKeyWrite(buf.data, key, keylen) - buf.data;
	IvmStatePack(desc, state, &buf);
	change->new = buf.data;
	change->newlen = buf.len;
}

/*
 * The total of an element's owner changes.  Owners come one after the other,
 * but for those whose keys the store orders by their hash.
 */
static void
change_total(Fold *fold, const IvmRowParts *element, uint32 ownerlen, int change)
{
	uint32		keylen = IvmTotalsKeyLength(ownerlen);
	FoldTotal  *total;
	char	   *key;

	if (1 + ownerlen > element->keylen)
		IvmStoreCorrupted("malformed element");
	for (int i = fold->ntotals - 1; i >= 0; i--)
	{
		total = &fold->totals[i];
		if (total->keylen == keylen && memcmp(total->key + 1, element->key, keylen - 1) == 0)
		{
			total->change += change;
			return;
		}
		if (!IvmKeyIsLong(keylen))
			break;
	}
	if (fold->totals == NULL)
		fold->totals = palloc(fold->ngroups * sizeof(FoldTotal));
	total = &fold->totals[fold->ntotals++];
	key = palloc(keylen);
	IvmTotalsKeyWrite(key, element->key, ownerlen);
	total->key = key;
	total->keylen = keylen;
	total->change = change;
}

/* The base row that a group's base and deltas add up to, and what that means to a total. */
static void
compute_base(Fold *fold, FoldGroup *group)
{
	const IvmRowParts *first = &group->deltas->parts;
	BaseChange *base = &group->base;
	IvmStateDesc *desc = IvmStateDescOfPacked(first->state, first->statelen);
	IvmState   *state = palloc(desc->size);
	bool		was_positive;
	uint32		ownerlen;

	IvmPut32(base->key, fold->gen->number);
	memcpy(base->key + 4, first->phys, first->physlen);
	base->keylen = 4 + first->physlen;
	read_base(base);

	IvmStateInit(desc, state);
	add_old(base, first->key, first->keylen, desc, state);
	was_positive = state->rows > 0;
	for (int i = 0; i < group->ndeltas; i++)
	{
		const FoldDelta *delta = &group->deltas[i];

		if (delta->fate == DELTA_ADD)
			IvmStateUnpackAdd(desc, state, delta->parts.state, delta->parts.statelen);
	}
	set_new(base, first->key, first->keylen, desc, state);
	if (was_positive != (state->rows > 0) && IvmStateGetMember(desc, state, &ownerlen))
		change_total(fold, first, ownerlen, was_positive ? -1 : 1);
}

/*
 * The totals row that is to be.  A count that is negative comes from another
 * folder's work between two reads (then the chunk will be given up), or is damage that readers will notice.
 */
static void
compute_total(const Fold *fold, FoldTotal *total)
{
	IvmStateDesc *desc = IvmStateDescMake(0, NULL, NULL);
	IvmState	count;

	total->base.keylen = IvmStoreKeyMake(total->base.key, fold->gen->number,
										 total->key, total->keylen);
	read_base(&total->base);
	IvmStateInit(desc, &count);
	add_old(&total->base, total->key, total->keylen, desc, &count);
	count.rows += total->change;
	set_new(&total->base, total->key, total->keylen, desc, &count);
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

static int
verify_base(MDB_txn *txn, const BaseChange *change, bool *same)
{
	return verify_entry(txn, IVM_DBI_BASE, change->key, change->keylen, change->old, same);
}

/* Is everything that the new bases were computed from as it was read? */
static int
verify_chunk(MDB_txn *txn, const Fold *fold, bool *same)
{
	int			rc = 0;

	*same = true;
	for (int i = 0; i < fold->ngroups && rc == 0 && *same; i++)
	{
		const FoldGroup *group = &fold->groups[i];

		if (!group->add)
			continue;
		rc = verify_base(txn, &group->base, same);
		for (int j = 0; j < group->ndeltas && rc == 0; j++)
		{
			const IvmEntry *entry = group->deltas[j].entry;

			if (group->deltas[j].fate == DELTA_ADD)
				rc = verify_entry(txn, IVM_DBI_DELTA, entry->key, entry->keylen, entry, same);
		}
	}
	for (int i = 0; i < fold->ntotals && rc == 0 && *same; i++)
		rc = verify_base(txn, &fold->totals[i].base, same);
	return rc;
}

static int
apply_base(MDB_txn *txn, BaseChange *change)
{
	MDB_val		k = {change->keylen, change->key};
	MDB_val		v = {change->newlen, (void *) change->new};

	if (change->new)
		return mdb_put(txn, ivm_dbis[IVM_DBI_BASE], &k, &v, 0);
	if (change->old)
		return mdb_del(txn, ivm_dbis[IVM_DBI_BASE], &k, NULL);
	return 0;
}

/* Delete a group's deltas, and write its new base. */
static int
apply_group(MDB_txn *txn, FoldGroup *group, int64 *rows, int64 *removed)
{
	const IvmRowParts *parts = &group->deltas->parts;
	int			rc = 0;

	if (group->add)
	{
		rc = apply_base(txn, &group->base);
		if (IvmKeyIsGroup(parts->key, parts->keylen))
			*rows += (group->base.new != NULL) - (group->base.old != NULL);
	}
	for (int i = 0; i < group->ndeltas && rc == 0; i++)
	{
		const IvmEntry *entry = group->deltas[i].entry;
		MDB_val		k = {entry->keylen, (void *) entry->key};

		if (group->deltas[i].fate == DELTA_KEEP)
			continue;
		rc = mdb_del(txn, ivm_dbis[IVM_DBI_DELTA], &k, NULL);
		if (rc == 0)
			(*removed)++;
		else if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	return rc;
}

/*
 * One write transaction.  Returns the number of deltas that went away (0 where
 * something has changed), -1 if folding is not allowed any more.
 */
static int64
apply_chunk(Fold *fold)
{
	MDB_txn    *txn = IvmWriteBegin(fold->nops, fold->bytes, IVM_SPACE_MAINTAIN);
	bool		unchanged;
	bool		same = true;
	int64		rows = 0;
	int64		removed = 0;
	int			rc = IvmDirectoryUnchanged(txn, fold->dir, &unchanged);

	if (rc == 0 && unchanged)
		rc = verify_chunk(txn, fold, &same);
	if (rc == 0 && !(unchanged && same))
	{
		IvmWriteAbort();
		return unchanged ? 0 : -1;
	}
	for (int i = 0; i < fold->ngroups && rc == 0; i++)
		rc = apply_group(txn, &fold->groups[i], &rows, &removed);
	for (int i = 0; i < fold->ntotals && rc == 0; i++)
		rc = apply_base(txn, &fold->totals[i].base);
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

/* Compute the bases and totals that a chunk changes. */
static void
compute_chunk(Fold *fold)
{
	for (int i = 0; i < fold->ngroups; i++)
	{
		FoldGroup  *group = &fold->groups[i];

		if (!group->add)
			continue;
		compute_base(fold, group);
		fold->nops++;
		fold->bytes += group->base.newlen;
	}
	for (int i = 0; i < fold->ntotals; i++)
	{
		compute_total(fold, &fold->totals[i]);
		fold->nops++;
		fold->bytes += fold->totals[i].base.newlen;
	}
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
	compute_chunk(fold);
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
