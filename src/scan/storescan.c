/*-------------------------------------------------------------------------
 *
 * storescan.c
 *		Rows of a view from the store: base, visible deltas and the
 *		transaction's own overlay merged, forms of one group united, finished.
 *
 * Invariants:
 *
 * - Groups come in the order of their canonical key bytes; those without rows, which
 *	 aggregation without GROUP BY and empty grouping sets have all the same, at the end.
 * - A key in the store with a negative visible count proves damage.  It is
 *	 reported before any row of its group is.
 *
 * Where distinct keys can be one group (IvmKeyIsUnique is false), all keys with
 * the same canonical part, a "run", are read and clustered first: under one
 * hash several groups may interleave.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "maintain/joinrows.h"
#include "maintain/overlay.h"
#include "miscadmin.h"
#include "scan/elements.h"
#include "scan/merge.h"
#include "scan/satellites.h"
#include "scan/storescan.h"
#include "store/shared.h"
#include "store/store.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "view/catalog.h"
#include "view/finish.h"
#include "view/settings.h"

/* A group of a run, or the only one. */
typedef struct RunGroup
{
	List	   *keys;			/* of IvmGroupKey: its forms; first one with rows, if any */
	IvmState   *state;
} RunGroup;

struct IvmStoreScan
{
	IvmView    *view;
	MemoryContext cxt;			/* the scan */
	MemoryContext startcxt;		/* since the last (re)start */
	MemoryContext groupcxt;		/* the group just read */
	MemoryContext rowcxt;		/* the row just returned */
	IvmFinish  *finish;
	uint32		generation;
	const IvmKeyRange *ranges;
	int			nranges;
	bool		unique;			/* distinct keys are distinct groups */

	IvmMerge   *merge;
	IvmSatellites *satellites;	/* NULL: the view has none */
	IvmElements *elements;		/* NULL: not needed */

	IvmState   *state;			/* unique: the group being added up */
	RunGroup	group;			/* unique: the group */
	IvmGroupKey key;
	MemoryContext runcxt;		/* else: the run */
	List	   *run;			/* of RunGroup */
	int			next_run;

	RunGroup   *current;
	IvmWholeGroup whole;		/* of the current group */
	IvmState   *only_state;		/* where there are no satellites: */
	IvmPartGroup only_part;
	int64		repeats;		/* it is shown again so often */
	bool	   *always_seen;	/* by view->always */
	int64		deltas;			/* merged before the last start */
	const char *unfit;
};

/* Are changes of a base table queued for AFTER triggers, so that not all are captured? */
static bool
capture_pending(const IvmView *view)
{
	ListCell   *lc;

	if (!TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return false;
	for (int i = 0; i < view->nrels; i++)
	{
		if (AfterTriggerPendingOnRel(view->rels[i].relid))
			return true;
	}
	foreach(lc, IvmViewLeaves(view))
	{
		if (AfterTriggerPendingOnRel(lfirst_oid(lc)))
			return true;
	}
	return false;
}

IvmGeneration *
IvmStorePick(const IvmView *view, Snapshot snapshot, bool *captured, const char **reason)
{
	uint64		fingerprint;
	IvmGeneration **own;
	int			nown;
	IvmGeneration *gen;

	if (!IvmStoreAvailable(reason))
		return NULL;
	if (IsolationIsSerializable())
	{
		*reason = "serializable transaction";
		return NULL;
	}
	if (!IsMVCCSnapshot(snapshot) || snapshot->takenDuringRecovery)
	{
		*reason = "the snapshot was not taken by a running primary";
		return NULL;
	}
	if (IsParallelWorker() && TransactionIdIsValid(GetTopTransactionIdIfAny()))
	{
		*reason = "parallel worker of a writing transaction";
		return NULL;
	}
	if (!IvmViewFingerprint(view, &fingerprint, reason))
		return NULL;
	if ((captured == NULL || !*captured) && capture_pending(view))
	{
		*reason = "changes of the running statement are still to be captured";
		return NULL;
	}
	if (IvmJoinRowsPending(view))
	{
		*reason = "changes of this transaction are joined at its commit";
		return NULL;
	}
	if (captured != NULL)
		*captured = true;
	own = IvmOverlayGenerations(view->id, &nown);
	gen = IvmGenerationPick(view->id, snapshot, fingerprint, own, nown,
							IvmOverlayLost(view->id), reason);
	if (gen == NULL)
		IvmSharedWakeCustodian();	/* it may not know: a copied database, for one */
	return gen;
}

static char *
copy_bytes(const char *bytes, Size len)
{
	char	   *copy = palloc(Max(len, 1));

	memcpy(copy, bytes, len);
	return copy;
}

static void
end_reading(IvmStoreScan *scan)
{
	if (scan->merge)
	{
		scan->deltas += IvmMergeDeltas(scan->merge);
		IvmMergeEnd(scan->merge);
	}
	if (scan->satellites)
	{
		scan->deltas += IvmSatellitesDeltas(scan->satellites);
		IvmSatellitesEnd(scan->satellites);
	}
	scan->satellites = NULL;
	scan->merge = NULL;
}

void
IvmStoreScanRestart(IvmStoreScan *scan, const IvmGeneration *gen, Snapshot snapshot,
					const IvmKeyRange *ranges, int nranges)
{
	static const IvmKeyRange all_groups = {"\0", 1, "\1", 1};
	MemoryContext oldcxt;

	end_reading(scan);
	MemoryContextReset(scan->startcxt);
	MemoryContextReset(scan->groupcxt);
	MemoryContextReset(scan->rowcxt);
	if (scan->runcxt)
		MemoryContextReset(scan->runcxt);

	scan->generation = gen->number;
	scan->ranges = nranges > 0 ? ranges : &all_groups;
	scan->nranges = nranges > 0 ? nranges : 1;
	oldcxt = MemoryContextSwitchTo(scan->startcxt);
	scan->merge = IvmMergeBegin(scan->view, gen, snapshot);
	IvmMergeStart(scan->merge, scan->ranges, scan->nranges, false);
	if (scan->view->nparts > 1 && !scan->view->parts[1]->branch)
		scan->satellites = IvmSatellitesBegin(scan->view, gen, snapshot);
	scan->always_seen = palloc0(scan->view->nalways * sizeof(bool));
	MemoryContextSwitchTo(oldcxt);

	if (scan->elements != NULL)
		IvmElementsRestart(scan->elements, gen, snapshot);
	scan->run = NIL;
	scan->next_run = 0;
	scan->current = NULL;
	scan->repeats = 0;
	scan->unfit = NULL;
}

IvmStoreScan *
IvmStoreScanBegin(IvmView *view, const IvmGeneration *gen, Snapshot snapshot,
				  const IvmKeyRange *ranges, int nranges,
				  const bool *wanted, const int *columns)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw store scan",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	IvmStoreScan *scan = palloc0(sizeof(IvmStoreScan));

	scan->view = view;
	scan->cxt = cxt;
	scan->startcxt = AllocSetContextCreate(cxt, "ivm_fdw store scan start",
										   ALLOCSET_SMALL_SIZES);
	scan->groupcxt = AllocSetContextCreate(cxt, "ivm_fdw store scan group",
										   ALLOCSET_SMALL_SIZES);
	scan->rowcxt = AllocSetContextCreate(cxt, "ivm_fdw store scan row",
										 ALLOCSET_SMALL_SIZES);
	scan->finish = IvmFinishBegin(view, wanted, columns);

	/* rows of a table are shown form by form */
	scan->unique = view->repeats || IvmKeyIsUnique(view->keydesc);
	if (scan->unique)
	{
		scan->state = palloc(view->statedesc->size);
		scan->group.state = scan->state;
		scan->group.keys = list_make1(&scan->key);
	}
	else
		scan->runcxt = AllocSetContextCreate(cxt, "ivm_fdw store scan run",
											 ALLOCSET_DEFAULT_SIZES);
	scan->elements = IvmElementsBegin(view, gen, snapshot, scan->finish);
	MemoryContextSwitchTo(oldcxt);

	IvmStoreScanRestart(scan, gen, snapshot, ranges, nranges);
	return scan;
}

/* The next group where each key is one; NULL at the end, or scan->unfit. */
static RunGroup *
next_unique(IvmStoreScan *scan)
{
	if (!IvmMergePeek(scan->merge, &scan->key.key, &scan->key.keylen))
		return NULL;
	IvmStateInit(scan->view->statedesc, scan->state);
	IvmMergeTake(scan->merge, scan->state);
	if (scan->state->rows < 0)
	{
		scan->unfit = IVM_REASON_DAMAGED;
		return NULL;
	}
	return &scan->group;
}

/* The group of the run that a key belongs to, or NULL. */
static RunGroup *
find_in_run(IvmStoreScan *scan, const char *key, uint32 keylen)
{
	ListCell   *lc;

	foreach(lc, scan->run)
	{
		RunGroup   *group = lfirst(lc);
		IvmGroupKey *first = linitial(group->keys);

		if (IvmKeySameGroup(scan->view->keydesc, first->key + 1, first->keylen - 1,
							key + 1, keylen - 1))
			return group;
	}
	return NULL;
}

/* Count the key that was peeked at into its group of the run. */
static void
add_to_run(IvmStoreScan *scan, const char *key, uint32 keylen)
{
	const IvmStateDesc *desc = scan->view->statedesc;
	IvmState   *state = palloc(desc->size);
	IvmGroupKey *form;
	RunGroup   *group;

	IvmStateInit(desc, state);
	IvmMergeTake(scan->merge, state);
	if (state->rows < 0)
		scan->unfit = IVM_REASON_DAMAGED;
	if (state->rows <= 0 && IvmStateIsZero(desc, state))
		return;					/* a form that the group no longer has */

	form = palloc(sizeof(IvmGroupKey));
	form->key = copy_bytes(key, keylen);
	form->keylen = keylen;
	group = find_in_run(scan, key, keylen);
	if (group != NULL)
	{
		/* a form with rows is what is shown */
		if (state->rows > 0 && group->state->rows == 0)
			group->keys = lcons(form, group->keys);
		else
			group->keys = lappend(group->keys, form);
		IvmStateAdd(desc, group->state, state, 1);
		return;
	}
	group = palloc(sizeof(RunGroup));
	group->keys = list_make1(form);
	group->state = state;
	scan->run = lappend(scan->run, group);
}

/* Read all keys with the next canonical part.  False at the end, or scan->unfit. */
static bool
read_run(IvmStoreScan *scan)
{
	const char *key;
	uint32		keylen;
	Size		canonlen;
	char	   *canon;

	MemoryContextReset(scan->runcxt);
	scan->run = NIL;
	scan->next_run = 0;
	if (!IvmMergePeek(scan->merge, &key, &keylen))
		return false;

	canonlen = 1 + IvmKeyCanonicalLength(scan->view->keydesc, key + 1, keylen - 1);
	canon = copy_bytes(key, canonlen);
	do
	{
		CHECK_FOR_INTERRUPTS();
		add_to_run(scan, key, keylen);
	} while (scan->unfit == NULL && IvmMergePeek(scan->merge, &key, &keylen) &&
			 keylen >= canonlen && memcmp(key, canon, canonlen) == 0);
	return scan->unfit == NULL;
}

/* The same where equal values can differ in form, or hashes be equal. */
static RunGroup *
next_of_run(IvmStoreScan *scan)
{
	while (scan->next_run >= list_length(scan->run))
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(scan->runcxt);
		IvmEvalEnv	env;
		bool		found;

		/* comparing keys may run a type's own code */
		if (scan->view->user_code)
			IvmEvalEnter(scan->view, &env);
		found = read_run(scan);
		if (scan->view->user_code)
			IvmEvalLeave(&env);
		MemoryContextSwitchTo(oldcxt);
		if (!found)
			return NULL;
	}
	return list_nth(scan->run, scan->next_run++);
}

/* Is it a group that there always is?  Notes that it was seen. */
static bool
is_always(IvmStoreScan *scan, const RunGroup *group)
{
	const IvmView *view = scan->view;
	const IvmGroupKey *key = linitial(group->keys);

	for (int i = 0; i < view->nalways; i++)
	{
		if (view->always[i].keylen == key->keylen &&
			memcmp(view->always[i].key, key->key, key->keylen) == 0)
			return scan->always_seen[i] = true;
	}
	return false;
}

static bool
is_in_ranges(const IvmStoreScan *scan, const IvmAlwaysKey *key)
{
	for (int i = 0; i < scan->nranges; i++)
	{
		const IvmKeyRange *range = &scan->ranges[i];

		if (IvmPhysicalKeyCompare(key->key, key->keylen, range->lower, range->lowerlen) >= 0 &&
			(range->upperlen == 0 ||
			 IvmPhysicalKeyCompare(key->key, key->keylen, range->upper, range->upperlen) < 0))
			return true;
	}
	return false;
}

/* When all groups were read: the next one that there always is, although it has no rows. */
static RunGroup *
next_always(IvmStoreScan *scan)
{
	const IvmView *view = scan->view;

	for (int i = 0; i < view->nalways; i++)
	{
		RunGroup   *group;
		IvmGroupKey *key;

		if (scan->always_seen[i] || !is_in_ranges(scan, &view->always[i]))
			continue;
		scan->always_seen[i] = true;
		group = palloc(sizeof(RunGroup));
		key = palloc(sizeof(IvmGroupKey));
		key->key = view->always[i].key;
		key->keylen = view->always[i].keylen;
		group->keys = list_make1(key);
		group->state = palloc(view->statedesc->size);
		IvmStateInit(view->statedesc, group->state);
		return group;
	}
	return NULL;
}

/* The next group that exists; NULL at the end, or scan->unfit.  In groupcxt. */
static RunGroup *
next_group(IvmStoreScan *scan)
{
	RunGroup   *group;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		group = scan->unique ? next_unique(scan) : next_of_run(scan);
		if (scan->unfit == NULL)
			scan->unfit = IvmMergeUnfit(scan->merge);
		if (scan->unfit != NULL)
			return NULL;
		if (group == NULL)
			return next_always(scan);
		if (is_always(scan, group) || group->state->rows > 0)
			return group;
	}
}

/* Finish the current group.  False where it is not shown, or scan->unfit. */
static bool
finish_group(IvmStoreScan *scan, TupleTableSlot *slot)
{
	const IvmGroupKey *key = linitial(scan->current->keys);
	const NullableDatum *arranged = NULL;

	if (scan->elements != NULL)
	{
		arranged = IvmElementsRead(scan->elements, scan->whole.parts, &scan->unfit);
		if (arranged == NULL)
			return false;
	}
	return IvmFinishRow(scan->finish, key->key, key->keylen, scan->whole.rows,
						scan->whole.states, arranged, slot);
}

/* Put the parts of the current group together.  False where the join has no row. */
static bool
join_parts(IvmStoreScan *scan)
{
	RunGroup   *group = scan->current;

	if (scan->satellites != NULL)
		return IvmSatellitesJoin(scan->satellites, group->keys, group->state, &scan->whole,
								 &scan->unfit);
	scan->only_state = group->state;
	scan->only_part = (IvmPartGroup) {group->keys, false, 1};
	scan->whole = (IvmWholeGroup) {group->state->rows, &scan->only_state, &scan->only_part};
	return true;
}

/* Move on to the next group. */
static bool
advance(IvmStoreScan *scan)
{
	MemoryContext oldcxt;
	bool		found;

	do
	{
		MemoryContextReset(scan->groupcxt);
		oldcxt = MemoryContextSwitchTo(scan->groupcxt);
		scan->current = next_group(scan);
		found = scan->current != NULL && join_parts(scan);
		MemoryContextSwitchTo(oldcxt);
	} while (!found && scan->current != NULL && scan->unfit == NULL);
	if (!found)
		return false;
	scan->repeats = scan->view->repeats ? scan->current->state->rows : 1;
	return true;
}

/* See to it that the generation is not used any more, and that another one is built. */
static void
report_damage(IvmStoreScan *scan)
{
	if (IvmSharedReportDamage(scan->view->id, scan->generation))
		ereport(LOG,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("ivm_fdw: view %s has a group with a negative count", scan->view->name),
				 errdetail("It is answered live until it has been built anew."),
				 errhint("Look for functions in its query that are not as immutable as declared.")));
	IvmSharedWakeCustodian();
}

/* Show the current group once more, or the next one that is shown. */
static bool
next_row(IvmStoreScan *scan, TupleTableSlot *slot)
{
	for (;;)
	{
		if (scan->repeats == 0 && !advance(scan))
			return false;
		MemoryContextReset(scan->rowcxt);
		if (finish_group(scan, slot))
		{
			scan->repeats--;
			return true;
		}
		if (scan->unfit != NULL)
			return false;
		scan->repeats = 0;
	}
}

IvmStoreScanResult
IvmStoreScanNext(IvmStoreScan *scan, TupleTableSlot *slot, const char **reason)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(scan->rowcxt);
	bool		shown = next_row(scan, slot);

	MemoryContextSwitchTo(oldcxt);
	if (scan->unfit != NULL)
	{
		if (strcmp(scan->unfit, IVM_REASON_DAMAGED) == 0)
			report_damage(scan);
		*reason = scan->unfit;
		return IVM_STORE_UNFIT;
	}
	return shown ? IVM_STORE_ROW : IVM_STORE_END;
}

int64
IvmStoreScanDeltas(const IvmStoreScan *scan)
{
	return scan->deltas + (scan->merge ? IvmMergeDeltas(scan->merge) : 0) +
		(scan->satellites ? IvmSatellitesDeltas(scan->satellites) : 0) +
		(scan->elements ? IvmElementsDeltas(scan->elements) : 0);
}

void
IvmStoreScanEnd(IvmStoreScan *scan)
{
	end_reading(scan);
	if (scan->elements)
		IvmElementsEnd(scan->elements);
	IvmFinishEnd(scan->finish);
	MemoryContextDelete(scan->cxt);
}
