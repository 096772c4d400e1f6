/*-------------------------------------------------------------------------
 *
 * upkeep.c
 *		The custodian's worker: keeps the views of one database in good order.
 *
 * It works in rounds: builds what has no usable generation, folds, prunes,
 * removes what belongs to nobody any more; naps; and leaves when some rounds
 * in a row have found nothing to do, or when somebody wants the database.
 *
 * Invariants:
 *	- Each step is a transaction of its own.  Between rounds there is none, so a
 *	  napping worker holds back no horizon and no lock.
 *	- A step's error is caught and ends that step only.  A view that cannot be
 *	  built is left alone for a while that doubles each time.
 *	- Nothing is removed from the store under an id that ivm_fdw.view holds or
 *	  may come to hold: ids are listed from the store first, then looked up with a
 *	  snapshot that sees the rows of transactions in progress (prepared ones too).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_extension.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "admin/custodian.h"
#include "admin/inspect.h"
#include "ivm_fdw.h"
#include "maintain/rebuild.h"
#include "store/fold.h"
#include "store/generation.h"
#include "store/inflight.h"
#include "store/mark.h"
#include "store/shared.h"
#include "store/store.h"
#include "view/catalog.h"
#include "view/triggers.h"

#define IDLE_ROUNDS		2		/* rounds with nothing to do before the worker leaves */
#define RARE_ROUNDS		30		/* leftover triggers and the like: each so many rounds */
#define NAP_SLICE_MS	100		/* how long others wait for us to leave, at most */
#define IDLE_SHARE		5		/* of the time, without progress: five parts nap, one part work */
#define NEAR_RETRY_MS	5000	/* stay for a retry that is due so soon */

typedef struct Upkeep
{
	MemoryContext cxt;			/* of the round */
	List	   *entries;		/* IvmViewEntry *, of this round */
	FullTransactionId horizon;	/* of this round */
	FullTransactionId last_horizon;	/* up to which everything was folded */
	bool		unfolded;		/* deltas were left, for a later horizon or worker */
	int			rounds;
	bool		installed;		/* the extension is there */
	bool		progress;		/* this round has changed something */
	bool		retry_soon;		/* something will be due shortly */
	bool		leftover;		/* something is left for a later worker */
} Upkeep;

typedef void (*UpkeepStep) (Upkeep *upkeep, void *arg);

/* ---- running a step ---- */

/*
 * Run a step in a transaction of its own.  Returns NULL, or the error that ended it (in
 * the round's context).
 */
static ErrorData *
run_step(UpkeepStep step, Upkeep *upkeep, void *arg)
{
	ErrorData  *volatile error = NULL;

	CHECK_FOR_INTERRUPTS();
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		step(upkeep, arg);
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(upkeep->cxt);
		error = CopyErrorData();
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(upkeep->cxt);
	return error;
}

/* The same for steps whose errors concern only the server's log. */
static void
run_step_logged(UpkeepStep step, Upkeep *upkeep, void *arg, const char *what)
{
	ErrorData  *error = run_step(step, upkeep, arg);

	if (error == NULL)
		return;
	upkeep->leftover = true;
	ereport(LOG,
			(errcode(error->sqlerrcode),
			 errmsg("ivm_fdw: could not %s: %s", what, error->message),
			 error->detail ? errdetail_internal("%s", error->detail) : 0,
			 error->hint ? errhint("%s", error->hint) : 0));
}

/* ---- what there is ---- */

static void
list_views(Upkeep *upkeep, void *arg)
{
	Oid			catalog = IvmCatalogRelid();
	MemoryContext old;

	upkeep->installed = OidIsValid(catalog);
	if (!upkeep->installed)
		return;
	old = MemoryContextSwitchTo(upkeep->cxt);
	upkeep->entries = IvmViewEntries(GetActiveSnapshot());
	MemoryContextSwitchTo(old);

	/* our own snapshot would hold the horizon back */
	PopActiveSnapshot();
	InvalidateCatalogSnapshot();
	upkeep->horizon = IvmHorizon(catalog);
	PushActiveSnapshot(GetTransactionSnapshot());
}

static char *
view_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		return psprintf("%u", relid);
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name);
}

/* ---- building ---- */

typedef struct BuildTask
{
	const IvmViewEntry *entry;
	bool		needed;
	bool		built;
	char	   *name;			/* in the round's context */
	const char *reason;			/* why reads are live, or why it was not built */
} BuildTask;

/*
 * Does the view want a build?  A view that somebody is altering or dropping is
 * left for the next round.
 */
static void
check_view(Upkeep *upkeep, void *arg)
{
	BuildTask  *task = arg;
	Oid			relid = task->entry->relid;
	IvmViewStoreInfo info;
	const char *reason;

	task->needed = false;
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
	{
		upkeep->retry_soon = true;
		return;
	}
	if (get_rel_name(relid) == NULL || IvmViewGet(relid)->id != task->entry->id)
		return;
	task->name = MemoryContextStrdup(upkeep->cxt, view_name(relid));
	if (IvmInspectView(relid, GetActiveSnapshot(), &reason) != IVM_VIEW_BUILDING)
		return;
	task->reason = reason;
	IvmViewStoreInfoGet(task->entry->id, &info);
	if (info.building)
		upkeep->retry_soon = true;	/* by somebody else */
	else
		task->needed = true;
}

static void
build_view(Upkeep *upkeep, void *arg)
{
	BuildTask  *task = arg;
	const char *why = NULL;
	int64		rows;

	pgstat_report_activity(STATE_RUNNING,
						   psprintf("ivm_fdw: building view %s", task->name));
	rows = IvmRebuildView(task->entry->relid, false, &why);
	task->built = rows >= 0;
	if (task->built)
		ereport(DEBUG1,
				(errmsg_internal("ivm_fdw: built view %s: " INT64_FORMAT " rows", task->name, rows)));
	else
		task->reason = why;
}

/* Not the view's fault, and not worth the log: somebody has locked what we need. */
static bool
was_in_the_way(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

static void
note_failure(Upkeep *upkeep, const BuildTask *task, const ErrorData *error)
{
	const char *message = error ? error->message : task->reason ? task->reason : "unknown reason";
	bool		failed = error != NULL && !was_in_the_way(error);
	bool		news = IvmSharedBuildFailed(task->entry->id,
											psprintf("%s: %s", failed ? "last build failed" : "cannot be built yet", message));

	upkeep->leftover = true;
	upkeep->retry_soon = true;
	ereport(failed && news ? LOG : DEBUG1,
			(errcode(error ? error->sqlerrcode : ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("ivm_fdw: could not build view %s: %s",
					task->name ? task->name : psprintf("%u", task->entry->relid), message),
			 error && error->detail ? errdetail_internal("%s", error->detail) : 0,
			 error && error->hint ? errhint("%s", error->hint) : 0));
}

/* Has the view failed lately?  Then leave it alone until its time has come. */
static bool
is_resting(Upkeep *upkeep, uint32 view)
{
	char		message[IVM_FAILURE_TEXT];
	TimestampTz retry_at;
	TimestampTz now = GetCurrentTimestamp();

	if (!IvmSharedBuildFailure(view, &retry_at, message) || retry_at <= now)
		return false;
	upkeep->leftover = true;
	if (!TimestampDifferenceExceeds(now, retry_at, NEAR_RETRY_MS))
		upkeep->retry_soon = true;
	return true;
}

static void
tend_view(Upkeep *upkeep, const IvmViewEntry *entry)
{
	BuildTask	task = {.entry = entry};
	ErrorData  *error;

	if (is_resting(upkeep, entry->id))
		return;
	error = run_step(check_view, upkeep, &task);
	if (error == NULL && task.needed)
	{
		error = run_step(build_view, upkeep, &task);
		if (error == NULL && task.built)
		{
			/* Built, yet not usable, is a failure too: do not build without end. */
			upkeep->progress = true;
			error = run_step(check_view, upkeep, &task);
			task.built = !task.needed;
		}
		if (error != NULL || !task.built)
		{
			note_failure(upkeep, &task, error);
			return;
		}
	}
	if (error != NULL)
		note_failure(upkeep, &task, error);
	else
		IvmSharedBuildSucceeded(entry->id);
}

/* ---- folding ---- */

static void
fold_view(Upkeep *upkeep, void *arg)
{
	const IvmViewEntry *entry = arg;
	bool		more = false;
	int64		gone;

	PopActiveSnapshot();		/* folding needs none, and may take a while */
	/* an older generation in the way of folding goes first */
	gone = IvmPruneGenerations(entry->id, upkeep->horizon);
	gone += IvmFoldView(entry->id, upkeep->horizon, &more);
	PushActiveSnapshot(GetTransactionSnapshot());
	if (gone > 0)
		upkeep->progress = true;
	if (more)
		upkeep->unfolded = true;
}

static void
prune_inflight(Upkeep *upkeep, void *arg)
{
	bool		more;

	PopActiveSnapshot();
	if (IvmInflightPrune(upkeep->horizon, &more) > 0)
		upkeep->progress = true;
	upkeep->unfolded |= more;
	PushActiveSnapshot(GetTransactionSnapshot());
}

/*
 * Everything below the last horizon is folded already, and what was published
 * since is above it; so without a new horizon there is nothing to do, but for
 * views that were paused by a build.
 */
static bool
fold_is_due(const Upkeep *upkeep)
{
	return !FullTransactionIdEquals(upkeep->horizon, upkeep->last_horizon) ||
		upkeep->rounds % RARE_ROUNDS == 0;
}

/* ---- what belongs to nobody ---- */

static bool
store_exists(void)
{
	char		path[MAXPGPATH];

	snprintf(path, sizeof(path), "%s/%u", IVM_STORE_DIR, MyDatabaseId);
	return access(path, F_OK) == 0;
}

/* Is the extension there, or on its way, or not yet gone for good? */
static bool
extension_may_live(void)
{
	SnapshotData dirty;
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	InitDirtySnapshot(dirty);
	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(IVM_EXTENSION_NAME));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, &dirty, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

static void
drop_dead_views(Upkeep *upkeep, void *arg)
{
	int			nids;
	uint32	   *ids = IvmStoreViews(&nids);
	int			nunknown = 0;
	SnapshotData dirty;
	List	   *entries;

	for (int i = 0; i < nids; i++)
		nunknown += !IvmViewIdIsIn(upkeep->entries, ids[i]);
	if (nunknown == 0)
		return;
	/* Without a catalog to look into, only an extension that is surely gone leaves ids behind. */
	if (!upkeep->installed && extension_may_live())
		return;
	InitDirtySnapshot(dirty);
	entries = IvmViewEntries(&dirty);
	for (int i = 0; i < nids; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (IvmViewIdIsIn(entries, ids[i]))
			continue;
		if (IvmStoreDropView(ids[i]) > 0)
			upkeep->progress = true;
		IvmSharedBuildSucceeded(ids[i]);	/* forget its failures */
	}
}

/*
 * Triggers that no view uses go; those that a view lacks come.  Creating a
 * view locks its tables against this, and tables that are locked are left alone.
 */
static void
tidy_triggers(Upkeep *upkeep, void *arg)
{
	if (IvmTriggersTidy() > 0)
		upkeep->progress = true;
}

static void
clear_stale_readers(Upkeep *upkeep, void *arg)
{
	IvmStoreReaderCheck();
}

static void
clean_up(Upkeep *upkeep)
{
	run_step_logged(clear_stale_readers, upkeep, NULL, "clear stale readers of the store");
	run_step_logged(tidy_triggers, upkeep, NULL, "tidy up the capture triggers");
}

/* ---- rounds ---- */

/* What is there to do?  Nothing, where the extension is not, or its store cannot be used. */
static bool
begin_round(Upkeep *upkeep)
{
	MemoryContextReset(upkeep->cxt);
	MemoryContextSwitchTo(upkeep->cxt);
	upkeep->entries = NIL;
	upkeep->progress = upkeep->retry_soon = upkeep->leftover = false;
	run_step_logged(list_views, upkeep, NULL, "list the views");
	return IvmStoreAvailable(NULL) && (upkeep->installed || store_exists());
}

static bool
do_round(Upkeep *upkeep)
{
	ListCell   *lc;

	if (!begin_round(upkeep))
		return false;
	pgstat_report_activity(STATE_RUNNING, "ivm_fdw: keeping views in order");
	foreach(lc, upkeep->entries)
		tend_view(upkeep, lfirst(lc));
	if (fold_is_due(upkeep))
	{
		upkeep->unfolded = false;
		foreach(lc, upkeep->entries)
			run_step_logged(fold_view, upkeep, lfirst(lc), "fold a view");
		if (store_exists())
			run_step_logged(prune_inflight, upkeep, NULL, "prune rows of ended transactions");
		upkeep->last_horizon = upkeep->horizon;
	}
	upkeep->leftover |= upkeep->unfolded;	/* rounds that need not fold know of it, too */
	if (store_exists())
		run_step_logged(drop_dead_views, upkeep, NULL, "remove dropped views");
	if (upkeep->installed && upkeep->rounds % RARE_ROUNDS == 0)
		clean_up(upkeep);
	upkeep->rounds++;
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	return upkeep->installed;
}

/*
 * Sleep after a round; longer after one that took long for nothing (many
 * views).  Returns false where somebody wants the database for himself.
 */
static bool
nap(const Upkeep *upkeep, TimestampTz round_start)
{
	TimestampTz start = GetCurrentTimestamp();
	int64		ms = ivm_custodian_naptime_ms;
	TimestampTz until;

	if (!upkeep->progress)
		ms = Max(ms, TimestampDifferenceMilliseconds(round_start, start) * IDLE_SHARE);
	until = TimestampTzPlusMilliseconds(start, ms);

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();

		if (IvmDatabaseIsWanted(MyDatabaseId))
			return false;
		if (now >= until)
			return true;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 Min(TimestampDifferenceMilliseconds(now, until) + 1, NAP_SLICE_MS),
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
}

static void
work(Upkeep *upkeep)
{
	int			idle = 0;

	for (;;)
	{
		TimestampTz start = GetCurrentTimestamp();
		bool		requested = IvmSharedWorkerTakeRequest();
		bool		useful = do_round(upkeep);

		IvmSharedWorkerReport(upkeep->installed, upkeep->leftover);
		if (!useful)
			return;
		if (requested || upkeep->progress || upkeep->retry_soon)
			idle = 0;
		else if (++idle >= IDLE_ROUNDS || upkeep->rounds == 1)
			return;				/* the first round alone tells that nothing goes on here */
		if (!nap(upkeep, start))
		{
			IvmSharedWorkerReport(true, true);
			IvmSharedWakeCustodian();	/* come again when the database is free */
			return;
		}
	}
}

/*
 * Settings of the database or the cluster must not change how we work.  Locks
 * are not worth waiting for: others may queue up behind us, and in a deadlock
 * (DROP TABLE ... CASCADE takes a table before its views) we must be the one that gives
 * way, before the other's deadlock check.
 */
static void
set_worker_settings(void)
{
	static const struct
	{
		const char *name;
		const char *value;
	}			settings[] = {
		{"search_path", ""},
		{"zero_damaged_pages", "false"},
		{"statement_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"synchronous_commit", "off"},	/* the store does not outlive a crash */
		{"session_replication_role", "origin"},
		{"application_name", "ivm_fdw custodian"}
	};

	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i].name, settings[i].value, PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", psprintf("%d", Max(1, Min(100, DeadlockTimeout / 2))),
					PGC_SUSET, PGC_S_OVERRIDE);
}

static void
worker_exit(int code, Datum arg)
{
	IvmSharedWorkerDetach();
}

void
IvmWorkerMain(Datum arg)
{
	Oid			dboid = DatumGetObjectId(arg);
	Upkeep		upkeep = {.last_horizon = InvalidFullTransactionId};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(dboid, InvalidOid, 0);

	before_shmem_exit(worker_exit, (Datum) 0);
	if (!IvmSharedWorkerAttach(dboid))
		proc_exit(0);
	set_worker_settings();
	upkeep.cxt = AllocSetContextCreate(TopMemoryContext, "ivm custodian round",
									   ALLOCSET_DEFAULT_SIZES);
	work(&upkeep);
	proc_exit(0);
}
