/*-------------------------------------------------------------------------
 *
 * storescan.c
 *		Rows of a view from the store: base, visible deltas and the
 *		transaction's own overlay merged, forms of one group united, finished.
 *
 * Invariants:
 *
 * - Groups come in the order of their canonical key bytes.
 * - The overlay is copied when the scan starts: later changes of this
 *	 transaction have command ids that the snapshot does not count, but they
 *	 would move what the overlay's rows point to.
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
#include "maintain/overlay.h"
#include "miscadmin.h"
#include "scan/storescan.h"
#include "store/shared.h"
#include "store/store.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "view/catalog.h"
#include "view/finish.h"
#include "view/settings.h"

#define REASON_DAMAGED "the store is damaged: a group with a negative count"
#define REASON_TOO_OLD "the store is older than the commit log"

/* A row of the overlay, as copied. */
typedef struct OwnRow
{
	char	   *key;
	uint32		keylen;
	IvmPiece	piece;
} OwnRow;

/* The least key that was not consumed yet, and where it occurs. */
typedef struct Head
{
	const char *key;
	uint32		keylen;
	bool		stored;			/* scan->stored */
	OwnRow	   *own;
} Head;

/* A group of a run. */
typedef struct RunGroup
{
	char	   *key;			/* first form with a positive count */
	uint32		keylen;
	IvmState   *state;
} RunGroup;

struct IvmStoreScan
{
	IvmView    *view;
	MemoryContext cxt;			/* the scan */
	MemoryContext startcxt;		/* since the last (re)start */
	MemoryContext rowcxt;		/* the row just returned */
	IvmFinish  *finish;
	uint32		generation;
	bool		unique;			/* distinct keys are distinct groups */

	IvmRowScan *rows;
	IvmStoredRow stored;
	bool		have_stored;
	bool		stored_ended;
	OwnRow	   *own;
	int			nown;
	int			next_own;

	IvmState   *state;			/* unique: the group being added up */
	MemoryContext runcxt;		/* else: the run */
	List	   *run;			/* of RunGroup */
	int			next_run;

	int64		deltas;
	bool		group_seen;		/* for one_row views */
	const char *unfit;
};

/* Are changes of a base table queued for AFTER triggers, so that not all are captured? */
static bool
capture_pending(const IvmView *view)
{
	ListCell   *lc;

	if (!TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return false;
	if (AfterTriggerPendingOnRel(view->baserel))
		return true;
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

/* Copy the part of the overlay that the snapshot counts. */
static void
copy_overlay(IvmStoreScan *scan, Snapshot snapshot, const IvmKeyRange *ranges, int nranges)
{
	IvmOverlayRow *rows;
	StringInfoData packed;

	scan->next_own = 0;
	rows = IvmOverlayRows(scan->view, snapshot->curcid, ranges, nranges, &scan->nown);
	if (rows == NULL || scan->nown == 0)
		return;

	scan->own = palloc_extended(scan->nown * sizeof(OwnRow), MCXT_ALLOC_HUGE);
	initStringInfo(&packed);
	for (int i = 0; i < scan->nown; i++)
	{
		OwnRow	   *own = &scan->own[i];

		own->key = copy_bytes(rows[i].key, rows[i].keylen);
		own->keylen = rows[i].keylen;
		resetStringInfo(&packed);
		IvmStatePack(scan->view->statedesc, rows[i].state, &packed);
		own->piece.state = copy_bytes(packed.data, packed.len);
		own->piece.statelen = packed.len;
	}
	pfree(packed.data);
	pfree(rows);
}

void
IvmStoreScanRestart(IvmStoreScan *scan, const IvmGeneration *gen, Snapshot snapshot,
					const IvmKeyRange *ranges, int nranges)
{
	MemoryContext oldcxt;

	if (scan->rows)
		IvmRowScanEnd(scan->rows);
	scan->rows = NULL;
	MemoryContextReset(scan->startcxt);
	MemoryContextReset(scan->rowcxt);
	if (scan->runcxt)
		MemoryContextReset(scan->runcxt);

	scan->generation = gen->number;
	oldcxt = MemoryContextSwitchTo(scan->startcxt);
	copy_overlay(scan, snapshot, ranges, nranges);
	scan->rows = IvmRowScanBegin(gen, snapshot, ranges, nranges, false);
	MemoryContextSwitchTo(oldcxt);

	scan->have_stored = scan->stored_ended = false;
	scan->run = NIL;
	scan->next_run = 0;
	scan->group_seen = false;
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
	scan->rowcxt = AllocSetContextCreate(cxt, "ivm_fdw store scan row",
										 ALLOCSET_SMALL_SIZES);
	scan->finish = IvmFinishBegin(view, wanted, columns);
	scan->unique = IvmKeyIsUnique(view->keydesc);
	if (scan->unique)
		scan->state = palloc(view->statedesc->size);
	else
		scan->runcxt = AllocSetContextCreate(cxt, "ivm_fdw store scan run",
											 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(oldcxt);

	IvmStoreScanRestart(scan, gen, snapshot, ranges, nranges);
	return scan;
}

/* Find the least key not consumed.  False where there is none, or scan->unfit was set. */
static bool
peek(IvmStoreScan *scan, Head *head)
{
	OwnRow	   *own = scan->next_own < scan->nown ? &scan->own[scan->next_own] : NULL;
	int			cmp;

	if (!scan->have_stored && !scan->stored_ended)
	{
		bool		too_old = false;

		scan->have_stored = IvmRowScanNext(scan->rows, &scan->stored, &too_old);
		scan->stored_ended = !scan->have_stored;
		if (too_old)
		{
			scan->unfit = REASON_TOO_OLD;
			return false;
		}
	}
	if (!scan->have_stored && own == NULL)
		return false;

	if (!scan->have_stored)
		cmp = 1;
	else if (own == NULL)
		cmp = -1;
	else
		cmp = IvmPhysicalKeyCompare(scan->stored.key, scan->stored.keylen,
									own->key, own->keylen);

	head->stored = cmp <= 0;
	head->own = cmp >= 0 ? own : NULL;
	head->key = head->stored ? scan->stored.key : own->key;
	head->keylen = head->stored ? scan->stored.keylen : own->keylen;
	return true;
}

/* Add the head to a state and consume it; its key stays valid until the next peek. */
static void
consume(IvmStoreScan *scan, const Head *head, IvmState *state)
{
	const IvmStateDesc *desc = scan->view->statedesc;

	if (head->stored)
	{
		for (int i = 0; i < scan->stored.npieces; i++)
			IvmStateUnpackAdd(desc, state, scan->stored.pieces[i].state,
							  scan->stored.pieces[i].statelen);
		scan->deltas += scan->stored.ndeltas;
		scan->have_stored = false;
	}
	if (head->own)
	{
		IvmStateUnpackAdd(desc, state, head->own->piece.state, head->own->piece.statelen);
		scan->deltas++;
		scan->next_own++;
	}
}

/* The next group where each key is one.  False at the end, or scan->unfit. */
static bool
next_unique(IvmStoreScan *scan, Head *group)
{
	if (!peek(scan, group))
		return false;
	IvmStateInit(scan->view->statedesc, scan->state);
	consume(scan, group, scan->state);
	if (scan->state->rows < 0)
	{
		scan->unfit = REASON_DAMAGED;
		return false;
	}
	return true;
}

/* The group of the run that a key belongs to, or NULL. */
static RunGroup *
find_in_run(IvmStoreScan *scan, const Head *head)
{
	ListCell   *lc;

	foreach(lc, scan->run)
	{
		RunGroup   *group = lfirst(lc);

		if (IvmKeySameGroup(scan->view->keydesc, group->key, group->keylen,
							head->key, head->keylen))
			return group;
	}
	return NULL;
}

/* Count a key's state into its group of the run. */
static void
add_to_run(IvmStoreScan *scan, const Head *head)
{
	const IvmStateDesc *desc = scan->view->statedesc;
	IvmState   *state = palloc(desc->size);
	RunGroup   *group;

	IvmStateInit(desc, state);
	consume(scan, head, state);
	if (state->rows < 0)
		scan->unfit = REASON_DAMAGED;
	if (state->rows <= 0)
		return;					/* a form that the group no longer has */

	group = find_in_run(scan, head);
	if (group != NULL)
	{
		IvmStateAdd(desc, group->state, state, 1);
		return;
	}
	group = palloc(sizeof(RunGroup));
	group->key = copy_bytes(head->key, head->keylen);
	group->keylen = head->keylen;
	group->state = state;
	scan->run = lappend(scan->run, group);
}

/* Read all keys with the next canonical part.  False at the end, or scan->unfit. */
static bool
read_run(IvmStoreScan *scan)
{
	const IvmKeyDesc *desc = scan->view->keydesc;
	Head		head;
	Size		canonlen;
	char	   *canon;

	MemoryContextReset(scan->runcxt);
	scan->run = NIL;
	scan->next_run = 0;
	if (!peek(scan, &head))
		return false;

	canonlen = IvmKeyCanonicalLength(desc, head.key, head.keylen);
	canon = copy_bytes(head.key, canonlen);
	do
	{
		CHECK_FOR_INTERRUPTS();
		add_to_run(scan, &head);
	} while (scan->unfit == NULL && peek(scan, &head) &&
			 head.keylen >= canonlen && memcmp(head.key, canon, canonlen) == 0);
	return scan->unfit == NULL;
}

/* The same where equal values can differ in form, or hashes be equal. */
static bool
next_of_run(IvmStoreScan *scan, RunGroup **group)
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
			return false;
	}
	*group = list_nth(scan->run, scan->next_run++);
	return true;
}

/* Finish the next group, whether it is shown or not. */
static bool
next_group(IvmStoreScan *scan, TupleTableSlot *slot, bool *shown)
{
	if (scan->unique)
	{
		Head		group;

		if (!next_unique(scan, &group))
			return false;
		*shown = IvmFinishRow(scan->finish, group.key, group.keylen, scan->state, slot);
	}
	else
	{
		RunGroup   *group;

		if (!next_of_run(scan, &group))
			return false;
		*shown = IvmFinishRow(scan->finish, group->key, group->keylen, group->state, slot);
	}
	scan->group_seen = true;
	return true;
}

/* A view without GROUP BY has its one group also when there are no rows at all. */
static bool
finish_empty_group(IvmStoreScan *scan, TupleTableSlot *slot)
{
	IvmState   *state = palloc(scan->view->statedesc->size);

	scan->group_seen = true;
	IvmStateInit(scan->view->statedesc, state);
	return IvmFinishRow(scan->finish, "", 0, state, slot);
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

IvmStoreScanResult
IvmStoreScanNext(IvmStoreScan *scan, TupleTableSlot *slot, const char **reason)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(scan->rowcxt);
	bool		shown = false;
	bool		more = true;

	while (more && !shown)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(scan->rowcxt);
		more = next_group(scan, slot, &shown);
	}
	if (!more && scan->unfit == NULL && scan->view->one_row && !scan->group_seen)
		shown = finish_empty_group(scan, slot);
	MemoryContextSwitchTo(oldcxt);

	if (scan->unfit != NULL)
	{
		if (strcmp(scan->unfit, REASON_DAMAGED) == 0)
			report_damage(scan);
		*reason = scan->unfit;
		return IVM_STORE_UNFIT;
	}
	return shown ? IVM_STORE_ROW : IVM_STORE_END;
}

int64
IvmStoreScanDeltas(const IvmStoreScan *scan)
{
	return scan->deltas;
}

void
IvmStoreScanEnd(IvmStoreScan *scan)
{
	if (scan->rows)
		IvmRowScanEnd(scan->rows);
	IvmFinishEnd(scan->finish);
	MemoryContextDelete(scan->cxt);
}
