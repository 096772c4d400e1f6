/*-------------------------------------------------------------------------
 *
 * rebuild.c
 *		Building a generation of a view beside running writers.
 *
 * The order is what makes it exact (DESIGN section 10): base tables locked
 * AccessShare, then the rebuild lock; then the marker in the store, which
 * pauses folding; then B, the latest snapshot, with curcid 0, so that the
 * maker's own changes stay out of the base and go on counting as deltas.
 *
 * The leaf tables are read by plain scans and the rows go through the same
 * compiled code as captured rows do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "compat.h"
#include "executor/executor.h"
#include "maintain/groups.h"
#include "maintain/linear.h"
#include "maintain/overlay.h"
#include "maintain/rebuild.h"
#include "maintain/rebuild_sort.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "store/store.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "view/catalog.h"
#include "view/leaves.h"
#include "view/settings.h"
#include "view/triggers.h"

/* ---- locks ---- */

/* One rebuild at a time a view; stops neither readers nor writers. */
static bool
take_rebuild_lock(uint32 view, bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, IvmCatalogRelid(), view, 0);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

static void
lock_base_tables(const IvmView *view)
{
	List	   *rels = list_copy(IvmViewLeaves(view));
	ListCell   *lc;

	for (int i = 0; i < view->nrels; i++)
		rels = list_append_unique_oid(rels, view->rels[i].relid);

	list_sort(rels, list_oid_cmp);
	foreach(lc, rels)
		LockRelationOid(lfirst_oid(lc), AccessShareLock);
}

/* ---- what stands against a build ---- */

/*
 * Has this transaction given a leaf new storage?  A rewrite stamps all rows
 * with this transaction's xid, so what was there before is not told apart.
 */
static bool
has_own_storage(const IvmView *view)
{
	ListCell   *lc;
	bool		found = false;

	foreach(lc, IvmViewLeaves(view))
	{
		Relation	rel = try_relation_open(lfirst_oid(lc), AccessShareLock);

		if (rel == NULL)
			continue;			/* the fingerprint will tell */
		if (rel->rd_createSubid == InvalidSubTransactionId &&
			IvmRelationHasNewStorage(rel))
			found = true;
		relation_close(rel, NoLock);
	}
	return found;
}

static bool
can_build(const IvmView *view, const char **why)
{
	if (!IvmStoreAvailable(why))
		return false;
	if (IvmOverlayLost(view->id))
		*why = "this transaction has changed base tables in ways that were not captured";
	else if (has_own_storage(view))
		*why = "this transaction has given a base table new storage";
	else
		return true;
	return false;
}

/* ---- reading the base tables ---- */

/* IvmLinearSink: the sum under the key. */
static IvmState *
built_group(void *arg, const char *key, uint32 keylen, const IvmStateDesc *desc)
{
	return IvmGroupsGet(arg, desc, key, keylen)->state;
}

static void
build_row(IvmLinear *linear, TupleTableSlot *slot, IvmBuildSort *sort)
{
	IvmGroups  *groups = IvmBuildSortGroups(sort);
	MemoryContext old = MemoryContextSwitchTo(IvmGroupsContext(groups));

	IvmLinearCount(linear, slot, 1, built_group, groups);
	MemoryContextSwitchTo(old);
}

static void
build_leaf(IvmView *view, Oid leaf, Snapshot snapshot, IvmBuildSort *sort)
{
	Relation	rel = try_relation_open(leaf, AccessShareLock);
	IvmLinear  *linear;
	TupleTableSlot *slot;
	TableScanDesc scan;

	if (rel == NULL)
		return;					/* dropped just now: the fingerprint will tell */
	linear = IvmLinearGet(view, rel);
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		build_row(linear, slot, sort);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	IvmLinearRelease(linear);
	relation_close(rel, NoLock);
}

/* The rows of a join. */
static void
build_join(IvmView *part, Snapshot snapshot, IvmBuildSort *sort)
{
	IvmLinear  *linear = IvmLinearGet(part, NULL);
	PlannedStmt *plan;
	QueryDesc  *query;
	TupleTableSlot *slot;

	PushActiveSnapshot(snapshot);
	plan = pg_plan_query(copyObject(part->source), part->name, 0, NULL);
	query = CreateQueryDesc(plan, part->name, snapshot, InvalidSnapshot, None_Receiver,
							NULL, NULL, 0);
	standard_ExecutorStart(query, 0);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		slot = ExecProcNode(query->planstate);
		if (TupIsNull(slot))
			break;
		build_row(linear, slot, sort);
	}
	standard_ExecutorFinish(query);
	standard_ExecutorEnd(query);
	FreeQueryDesc(query);
	PopActiveSnapshot();
	IvmLinearRelease(linear);
}

/* The base rows under the snapshot; returns their number. */
static int64
build_rows(IvmView *view, uint32 number, Snapshot snapshot)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm build",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	IvmBuildSort *sort = IvmBuildSortBegin();
	IvmEvalEnv	env;
	ListCell   *lc;
	int64		rows;

	IvmEvalEnterOwner(view, &env);
	for (int i = 0; i < view->nparts; i++)
	{
		IvmView    *part = view->parts[i];

		if (part->noccurrences > 0)
		{
			build_join(part, snapshot, sort);
			continue;
		}
		foreach(lc, IvmLeavesOfTable(part->baserel, part->inh))
			build_leaf(part, lfirst_oid(lc), snapshot, sort);
	}
	IvmEvalLeave(&env);
	rows = IvmBuildSortLoad(sort, number);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return rows;
}

/* ---- generations ---- */

/*
 * Reserve a number, take B and fill a generation's description.  The snapshot is registered;
 * NULL where B cannot be used.
 */
static Snapshot
begin_generation(const IvmView *view, IvmGeneration *gen, const char **why)
{
	Snapshot	snapshot;

	memset(gen, 0, sizeof(*gen));
	gen->view = view->id;
	gen->maker = IvmTopFullXid();
	gen->cid = GetCurrentCommandId(true);
	if (!IvmViewFingerprint(view, &gen->fingerprint, why))
		return NULL;
	gen->number = IvmGenerationReserve(view->id, gen->maker);

	snapshot = RegisterSnapshot(GetLatestSnapshot());
	snapshot->curcid = FirstCommandId;
	gen->b = IvmXidSetOfSnapshot(snapshot);
	if (IvmXidSetUsable(gen->b, gen->maker))
		return snapshot;
	UnregisterSnapshot(snapshot);
	*why = "a transaction older than the store has not ended";
	return NULL;
}

static int64
build_generation(IvmView *view, const char **why)
{
	TimestampTz started = GetCurrentTimestamp();
	IvmGeneration gen;
	Snapshot	snapshot = begin_generation(view, &gen, why);
	uint64		fingerprint;

	if (snapshot == NULL)
		return -1;
	gen.rows = build_rows(view, gen.number, snapshot);
	UnregisterSnapshot(snapshot);

	AcceptInvalidationMessages();
	if (!IvmViewFingerprint(view, &fingerprint, why))
		return -1;
	if (fingerprint != gen.fingerprint)
	{
		*why = "the base tables were altered during the build";
		return -1;
	}
	gen.built = GetCurrentTimestamp();
	gen.build_us = gen.built - started;
	IvmOverlayAddGeneration(&gen);
	return view->one_row ? 1 : gen.rows;	/* the group of no rows is not stored */
}

/*
 * The view's definition, with its base tables and the rebuild lock locked;
 * NULL where the lock is taken and wait is false.
 */
static IvmView *
lock_view(Oid relid, bool wait, const char **why)
{
	for (;;)
	{
		IvmView    *view = IvmViewGet(relid);
		uint64		fingerprint;

		if (wait && !IvmViewFingerprint(view, &fingerprint, why))
			IvmTriggersInstall(view);
		lock_base_tables(view);
		if (!take_rebuild_lock(view->id, wait))
		{
			*why = "another rebuild of the view is running";
			return NULL;
		}
		if (IvmViewGet(relid)->id == view->id)
			return IvmViewGet(relid);
	}
}

int64
IvmRebuildView(Oid relid, bool wait, const char **why)
{
	const char *reason = NULL;
	IvmView    *view;
	int64		rows = -1;

	LockRelationOid(relid, AccessShareLock);
	view = lock_view(relid, wait, &reason);
	if (view && can_build(view, &reason))
		rows = build_generation(view, &reason);
	if (why)
		*why = reason;
	return rows;
}

void
IvmEmptyView(IvmView *view)
{
	const char *why;
	IvmGeneration gen;
	Snapshot	snapshot;

	IvmOverlayTruncate(view, GetCurrentCommandId(true));
	if (!IvmStoreAvailable(NULL) || !take_rebuild_lock(view->id, false))
		return;					/* reads are live until the custodian has built */
	snapshot = begin_generation(view, &gen, &why);
	if (snapshot == NULL)
		return;
	UnregisterSnapshot(snapshot);
	gen.built = GetCurrentTimestamp();
	IvmOverlayAddGeneration(&gen);
}
