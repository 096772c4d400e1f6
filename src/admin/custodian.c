/*-------------------------------------------------------------------------
 *
 * custodian.c
 *		The custodian's launcher: which database gets a worker, and when.
 *
 * Invariants:
 *	- The launcher is connected to no database, so it never stands in the way
 *	  of anybody who wants one for himself.
 *	- No worker is started in a database that somebody wants for himself, and
 *	  one that does not leave by itself then (it is building) is terminated.
 *	- A request stays up until a worker has taken it, so none is lost when a
 *	  worker cannot be started, or dies.
 *	- Nothing depends on the launcher for being right: it may die at any time.
 *
 * At its start the launcher visits every database once, since nobody tells it what
 * the last run of the cluster left undone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "admin/custodian.h"
#include "ivm_fdw.h"
#include "store/mark.h"
#include "store/shared.h"
#include "store/store.h"

#define MAX_WORKERS			2
#define RESTART_SECONDS		5
#define WATCH_MS			500		/* how often running workers are looked after */
#define SLOW_TICK_NAPS		100		/* leftovers, dropped databases: each so many naps */
#define VISIT_TICKS			10		/* all databases with the extension: each so many slow ticks */
#define MAX_BACKOFF_NAPS	60

typedef struct DatabaseEntry
{
	Oid			dboid;
	bool		wanted;			/* a worker is to be started */
	TimestampTz not_before;
	int			fruitless;		/* workers that ended without taking the request */
} DatabaseEntry;

typedef struct RunningWorker
{
	BackgroundWorkerHandle *handle; /* NULL: no worker */
	Oid			dboid;
	int			in_the_way;		/* looks at which the database was wanted by others */
} RunningWorker;

typedef struct DatabaseRow
{
	Oid			dboid;
	bool		visit;			/* can be connected to, and is no template */
} DatabaseRow;

static MemoryContext launcher_cxt;
static List *databases = NIL;	/* of DatabaseEntry *, in launcher_cxt */
static RunningWorker running[MAX_WORKERS];
static TimestampTz next_slow_tick;
static int	slow_ticks = 0;

static TimestampTz
after_ms(TimestampTz t, int64 ms)
{
	return t + ms * 1000;
}

static DatabaseEntry *
find_database_entry(Oid dboid)
{
	ListCell   *lc;

	foreach(lc, databases)
	{
		DatabaseEntry *entry = lfirst(lc);

		if (entry->dboid == dboid)
			return entry;
	}
	return NULL;
}

static DatabaseEntry *
database_entry(Oid dboid)
{
	DatabaseEntry *entry = find_database_entry(dboid);
	MemoryContext old;

	if (entry != NULL)
		return entry;
	old = MemoryContextSwitchTo(launcher_cxt);
	entry = palloc0(sizeof(DatabaseEntry));
	entry->dboid = dboid;
	databases = lappend(databases, entry);
	MemoryContextSwitchTo(old);
	return entry;
}

static bool
is_running_in(Oid dboid)
{
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (running[i].handle != NULL && running[i].dboid == dboid)
			return true;
	}
	return false;
}

bool
IvmDatabaseIsWanted(Oid dboid)
{
	LOCKTAG		tag;

	/* the lock that every starting session takes for an instant */
	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, dboid, 0);
	if (LockAcquire(&tag, RowExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, true);
	return false;
}

/* ---- pg_database and the directory of stores ---- */

static DatabaseRow *
make_database_row(HeapTuple tuple)
{
	Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
	DatabaseRow *row = palloc(sizeof(DatabaseRow));

	row->dboid = form->oid;
	row->visit = form->datallowconn && !form->datistemplate;
	return row;
}

/* Rows of pg_database (DatabaseRow *), in CurrentMemoryContext. */
static List *
read_databases(void)
{
	MemoryContext cxt = CurrentMemoryContext;
	List	   *rows = NIL;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);

		rows = lappend(rows, make_database_row(tuple));
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(cxt);
	return rows;
}

static bool
database_exists(List *rows, Oid dboid)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		if (((DatabaseRow *) lfirst(lc))->dboid == dboid)
			return true;
	}
	return false;
}

static List *
list_store_directories(void)
{
	List	   *oids = NIL;
	DIR		   *dir;
	struct dirent *de;

	if (access(IVM_STORE_DIR, F_OK) != 0)
		return NIL;
	dir = AllocateDir(IVM_STORE_DIR);
	while ((de = ReadDirExtended(dir, IVM_STORE_DIR, LOG)) != NULL)
	{
		if (strspn(de->d_name, "0123456789") == strlen(de->d_name))
			oids = lappend_oid(oids, (Oid) strtoul(de->d_name, NULL, 10));
	}
	FreeDir(dir);
	return oids;
}

/* ---- what is wanted ---- */

/* All databases, or those that were never visited (a copy of another may hold views). */
static void
want_databases_of(List *rows, bool all)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		DatabaseRow *row = lfirst(lc);

		if (row->visit && (all || find_database_entry(row->dboid) == NULL))
			database_entry(row->dboid)->wanted = true;
	}
}

static void
want_databases(IvmSharedInterest interest)
{
	Oid			dboids[IVM_MAX_DATABASES];
	int			n = IvmSharedDatabases(interest, dboids);

	for (int i = 0; i < n; i++)
		database_entry(dboids[i])->wanted = true;
}

/*
 * Remove the traces of dropped databases, and notice new ones.  The candidates are listed before
 * pg_database is read: whoever has a slot or a directory was connected to a
 * database whose creation had committed by then.
 */
static void
follow_databases(void)
{
	List	   *directories = list_store_directories();
	Oid			slots[IVM_MAX_DATABASES];
	int			nslots = IvmSharedDatabases(IVM_INTEREST_ANY, slots);
	List	   *rows = read_databases();
	ListCell   *lc;

	for (int i = 0; i < nslots; i++)
	{
		if (!database_exists(rows, slots[i]))
			IvmSharedForget(slots[i]);
	}
	foreach(lc, directories)
	{
		if (!database_exists(rows, lfirst_oid(lc)))
			IvmStoreRemoveDatabase(lfirst_oid(lc));
	}
	foreach(lc, databases)
	{
		DatabaseEntry *entry = lfirst(lc);

		if (database_exists(rows, entry->dboid))
			continue;
		databases = foreach_delete_current(databases, lc);
		pfree(entry);
	}
	want_databases_of(rows, false);
}

static void
slow_tick(TimestampTz now)
{
	if (now < next_slow_tick)
		return;
	next_slow_tick = after_ms(now, (int64) ivm_custodian_naptime_ms * SLOW_TICK_NAPS);
	follow_databases();
	want_databases(IVM_INTEREST_LEFTOVER);
	if (slow_ticks++ % VISIT_TICKS == VISIT_TICKS - 1)
		want_databases(IVM_INTEREST_INSTALLED);
}

/* ---- workers ---- */

/*
 * A worker has ended.  Give the database a rest; a longer one each time that
 * workers end without having taken the request for which they were started.
 */
static void
note_worker_end(Oid dboid, TimestampTz now)
{
	DatabaseEntry *entry = database_entry(dboid);
	Oid			requested[IVM_MAX_DATABASES];
	int			n = IvmSharedDatabases(IVM_INTEREST_REQUESTED, requested);
	bool		again = false;
	int64		naps = 1;

	for (int i = 0; i < n; i++)
		again |= (requested[i] == dboid);
	entry->fruitless = again ? entry->fruitless + 1 : 0;
	if (entry->fruitless > 1)
		naps = Min((int64) 1 << Min(entry->fruitless, 10), MAX_BACKOFF_NAPS);
	entry->not_before = after_ms(now, ivm_custodian_naptime_ms * naps);
}

static void
collect_workers(TimestampTz now)
{
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		pid_t		pid;

		if (running[i].handle == NULL ||
			GetBackgroundWorkerPid(running[i].handle, &pid) != BGWH_STOPPED)
			continue;
		pfree(running[i].handle);
		running[i].handle = NULL;
		note_worker_end(running[i].dboid, now);
	}
}

/*
 * A worker leaves by itself when it sees that the database is wanted.  One
 * that is busy building does not see it: end it, and have it started again later.
 */
static void
make_way(TimestampTz now)
{
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		RunningWorker *w = &running[i];

		if (w->handle == NULL)
			continue;
		if (!IvmDatabaseIsWanted(w->dboid))
			w->in_the_way = 0;
		else if (++w->in_the_way == 2)
		{
			TerminateBackgroundWorker(w->handle);
			database_entry(w->dboid)->wanted = true;
		}
	}
}

static bool
start_worker(RunningWorker *w, Oid dboid)
{
	BackgroundWorker worker;
	MemoryContext old;
	bool		ok;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, IVM_EXTENSION_NAME, BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "IvmWorkerMain", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "ivm_fdw custodian of database %u", dboid);
	strlcpy(worker.bgw_type, "ivm_fdw custodian", BGW_MAXLEN);
	worker.bgw_main_arg = ObjectIdGetDatum(dboid);
	worker.bgw_notify_pid = MyProcPid;

	old = MemoryContextSwitchTo(launcher_cxt);
	ok = RegisterDynamicBackgroundWorker(&worker, &w->handle);
	MemoryContextSwitchTo(old);
	if (!ok)
		w->handle = NULL;
	w->dboid = dboid;
	w->in_the_way = 0;
	return ok;
}

static RunningWorker *
free_worker(void)
{
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (running[i].handle == NULL)
			return &running[i];
	}
	return NULL;
}

/* Who has just been served comes last the next time. */
static void
move_to_end(int i)
{
	MemoryContext old = MemoryContextSwitchTo(launcher_cxt);
	DatabaseEntry *entry = list_nth(databases, i);

	databases = list_delete_nth_cell(databases, i);
	databases = lappend(databases, entry);
	MemoryContextSwitchTo(old);
}

/* Start workers where they are due, the longest waiting first. */
static void
start_workers(TimestampTz now)
{
	int			n = list_length(databases);

	for (int i = 0; i < n; i++)
	{
		DatabaseEntry *entry = list_nth(databases, i);
		RunningWorker *w = free_worker();

		if (w == NULL)
			return;
		if (!entry->wanted || entry->not_before > now || is_running_in(entry->dboid))
			continue;
		if (IvmDatabaseIsWanted(entry->dboid) || !start_worker(w, entry->dboid))
		{
			entry->not_before = after_ms(now, ivm_custodian_naptime_ms);
			continue;
		}
		entry->wanted = false;
		move_to_end(i--);
		n--;
	}
}

/* ---- main loop ---- */

static long
nap_ms(TimestampTz now)
{
	TimestampTz until = next_slow_tick;
	bool		can_start = free_worker() != NULL;
	ListCell   *lc;

	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (running[i].handle != NULL)
			until = Min(until, after_ms(now, WATCH_MS));
	}
	foreach(lc, databases)
	{
		DatabaseEntry *entry = lfirst(lc);

		if (can_start && entry->wanted && !is_running_in(entry->dboid))
			until = Min(until, entry->not_before);
	}
	return Max(TimestampDifferenceMilliseconds(now, until), 1);
}

static void
launcher_exit(int code, Datum arg)
{
	IvmSharedSetLauncher(NULL);
}

static void
launcher_round(MemoryContext round_cxt)
{
	TimestampTz now = GetCurrentTimestamp();

	collect_workers(now);
	if (IvmSharedTakeOverflow())
		want_databases_of(read_databases(), true);
	want_databases(IVM_INTEREST_REQUESTED);
	slow_tick(now);
	make_way(now);
	start_workers(now);
	MemoryContextReset(round_cxt);
}

void
IvmLauncherMain(Datum arg)
{
	MemoryContext round_cxt;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	launcher_cxt = AllocSetContextCreate(TopMemoryContext, "ivm custodian launcher",
										 ALLOCSET_DEFAULT_SIZES);
	round_cxt = AllocSetContextCreate(TopMemoryContext, "ivm custodian round",
									  ALLOCSET_DEFAULT_SIZES);
	before_shmem_exit(launcher_exit, (Datum) 0);
	IvmSharedSetLauncher(MyLatch);
	MemoryContextSwitchTo(round_cxt);
	want_databases_of(read_databases(), true);

	for (;;)
	{
		/* Exit code 1: the postmaster starts us again, should that be of use. */
		if (ShutdownRequestPending)
			proc_exit(1);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		launcher_round(round_cxt);
		pgstat_report_activity(STATE_IDLE, NULL);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 nap_ms(GetCurrentTimestamp()), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

void
IvmCustodianRegister(void)
{
	BackgroundWorker worker;

	if (IsBinaryUpgrade)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker.bgw_library_name, IVM_EXTENSION_NAME, BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "IvmLauncherMain", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "ivm_fdw custodian launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "ivm_fdw custodian launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}
