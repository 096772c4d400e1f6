/*-------------------------------------------------------------------------
 *
 * shared.c
 *		The extension's shared memory.
 *
 * Invariants:
 *	- The structure exists only where the library was preloaded; a process in
 *	  which it is not attached uses no store at all.
 *	- A slot belongs to one database from its first use until the launcher has
 *	  seen that the database is gone, so a backend may keep the pointer to the
 *	  slot of the database it is connected to.
 *	- A database that finds no slot loses nothing but precision: its requests
 *	  make the launcher look at every database, and its breakage stops all stores.
 *	- A request (requested = 1) is raised after the change it speaks of was
 *	  published, and lowered before the worker looks; both with full barriers.
 *	  So none is lost, and a raised one costs a writer a barrier and a read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "store/mark.h"
#include "store/shared.h"

#define SHARED_NAME			"ivm_fdw"
#define MAX_FAILURES		128
#define MAX_DAMAGES			64
#define FIRST_RETRY_MS		1000
#define LAST_RETRY_MS		(5 * 60 * 1000)

typedef enum SharedLock
{
	LOCK_SLOTS,					/* allocation of slots, and the tables of failures and damages */
	LOCK_OPEN,					/* opening of environments */
	NUM_LOCKS
} SharedLock;

typedef struct DatabaseSlot
{
	Oid			dboid;			/* InvalidOid: free */
	pg_atomic_uint32 requested;
	pg_atomic_uint32 server;	/* pid of the worker that serves it, or 0 */
	bool		broken;
	bool		leftover;
	bool		installed;
} DatabaseSlot;

typedef struct BuildFailure
{
	Oid			dboid;			/* InvalidOid: free */
	uint32		view;
	int			failures;
	TimestampTz last;
	TimestampTz retry_at;
	char		message[IVM_FAILURE_TEXT];
} BuildFailure;

typedef struct Damage
{
	Oid			dboid;
	uint32		view;
	uint32		generation;
} Damage;

typedef struct SharedState
{
	Latch	   *launcher;		/* a PGPROC's latch: the memory is valid for ever */
	bool		unusable;
	pg_atomic_uint32 overflow;
	DatabaseSlot slots[IVM_MAX_DATABASES];
	BuildFailure failures[MAX_FAILURES];
	uint32		ndamages;		/* ever reported; the last MAX_DAMAGES are kept */
	Damage		damages[MAX_DAMAGES];
} SharedState;

static SharedState *shared = NULL;
static LWLockPadded *locks = NULL;
static DatabaseSlot *my_slot = NULL;	/* of the database we are connected to */
static DatabaseSlot *served_slot = NULL;	/* in a worker */

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static void
request_shmem(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();

	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedState)));
	RequestNamedLWLockTranche(SHARED_NAME, NUM_LOCKS);
}

static void
init_shared(SharedState *state)
{
	memset(state, 0, sizeof(SharedState));
	pg_atomic_init_u32(&state->overflow, 0);
	for (int i = 0; i < IVM_MAX_DATABASES; i++)
	{
		pg_atomic_init_u32(&state->slots[i].requested, 0);
		pg_atomic_init_u32(&state->slots[i].server, 0);
	}
}

/*
 * Runs at every start of the cluster and after a backend's crash; both times
 * before any process could open a store, so this is where the mark is judged.
 */
static void
startup_shmem(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(SHARED_NAME, sizeof(SharedState), &found);
	locks = GetNamedLWLockTranche(SHARED_NAME);
	if (!found)
		init_shared(shared);
	LWLockRelease(AddinShmemInitLock);

	if (!found)
		IvmMarkStartup();
}

void
IvmSharedInstallHooks(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}

bool
IvmSharedReady(void)
{
	return shared != NULL;
}

LWLock *
IvmSharedOpenLock(void)
{
	Assert(shared != NULL);
	return &locks[LOCK_OPEN].lock;
}

static LWLock *
slots_lock(void)
{
	return &locks[LOCK_SLOTS].lock;
}

/*
 * The slot of a database, made where there is none; NULL where all are taken.
 */
static DatabaseSlot *
find_slot(Oid dboid)
{
	DatabaseSlot *slot = NULL;

	LWLockAcquire(slots_lock(), LW_EXCLUSIVE);
	for (int i = 0; i < IVM_MAX_DATABASES; i++)
	{
		DatabaseSlot *s = &shared->slots[i];

		if (s->dboid == dboid)
		{
			slot = s;
			break;
		}
		if (!OidIsValid(s->dboid) && slot == NULL)
			slot = s;
	}
	if (slot != NULL)
		slot->dboid = dboid;
	LWLockRelease(slots_lock());
	return slot;
}

static DatabaseSlot *
find_my_slot(void)
{
	if (my_slot == NULL && OidIsValid(MyDatabaseId))
		my_slot = find_slot(MyDatabaseId);
	return my_slot;
}

static void
wake_launcher(void)
{
	Latch	   *latch = *(Latch *volatile *) &shared->launcher;

	/* At worst the PGPROC has a new owner meanwhile, who is woken once for nothing. */
	if (latch != NULL)
		SetLatch(latch);
}

void
IvmSharedWakeCustodian(void)
{
	DatabaseSlot *slot;

	if (shared == NULL)
		return;
	slot = find_my_slot();
	if (slot != NULL)
	{
		pg_memory_barrier();	/* what we published comes before the look at the flag */
		if (pg_atomic_read_u32(&slot->requested) != 0)
			return;
		if (pg_atomic_exchange_u32(&slot->requested, 1) == 0 &&
			pg_atomic_read_u32(&slot->server) == 0)
			wake_launcher();	/* a serving worker looks by itself, before it leaves */
	}
	else if (OidIsValid(MyDatabaseId) &&
			 pg_atomic_exchange_u32(&shared->overflow, 1) == 0)
		wake_launcher();
}

void
IvmSharedSetLauncher(struct Latch *latch)
{
	*(Latch *volatile *) &shared->launcher = latch;
	pg_memory_barrier();
}

static bool
slot_has_interest(const DatabaseSlot *slot, IvmSharedInterest interest)
{
	switch (interest)
	{
		case IVM_INTEREST_ANY:
			return true;
		case IVM_INTEREST_REQUESTED:
			return pg_atomic_read_u32(unconstify(pg_atomic_uint32 *, &slot->requested)) != 0;
		case IVM_INTEREST_LEFTOVER:
			return slot->leftover;
		case IVM_INTEREST_INSTALLED:
			return slot->installed;
	}
	return false;
}

int
IvmSharedDatabases(IvmSharedInterest interest, Oid *dboids)
{
	int			n = 0;

	LWLockAcquire(slots_lock(), LW_SHARED);
	for (int i = 0; i < IVM_MAX_DATABASES; i++)
	{
		DatabaseSlot *slot = &shared->slots[i];

		if (OidIsValid(slot->dboid) &&
			pg_atomic_read_u32(&slot->server) == 0 &&
			slot_has_interest(slot, interest))
			dboids[n++] = slot->dboid;
	}
	LWLockRelease(slots_lock());
	return n;
}

bool
IvmSharedTakeOverflow(void)
{
	return pg_atomic_read_u32(&shared->overflow) != 0 &&
		pg_atomic_exchange_u32(&shared->overflow, 0) != 0;
}

/*
 * No backend can be connected to a database that does not exist, so nobody
 * has a pointer to its slot.
 */
void
IvmSharedForget(Oid dboid)
{
	LWLockAcquire(slots_lock(), LW_EXCLUSIVE);
	for (int i = 0; i < IVM_MAX_DATABASES; i++)
	{
		DatabaseSlot *slot = &shared->slots[i];

		if (slot->dboid != dboid)
			continue;
		slot->dboid = InvalidOid;
		pg_atomic_write_u32(&slot->requested, 0);
		slot->broken = slot->leftover = slot->installed = false;
	}
	for (int i = 0; i < MAX_FAILURES; i++)
	{
		if (shared->failures[i].dboid == dboid)
			shared->failures[i].dboid = InvalidOid;
	}
	LWLockRelease(slots_lock());
}

/*
 * Without a slot the worker goes on unannounced: two at once in a database are
 * harmless (everything they do takes its own locks), only wasteful.
 */
bool
IvmSharedWorkerAttach(Oid dboid)
{
	DatabaseSlot *slot = find_slot(dboid);
	uint32		expected = 0;

	if (slot == NULL)
		return true;
	if (!pg_atomic_compare_exchange_u32(&slot->server, &expected, (uint32) MyProcPid))
		return false;
	served_slot = slot;
	return true;
}

void
IvmSharedWorkerDetach(void)
{
	if (served_slot == NULL)
		return;
	pg_atomic_exchange_u32(&served_slot->server, 0);
	/* Who asked while we served did not wake the launcher. */
	if (pg_atomic_read_u32(&served_slot->requested) != 0)
		wake_launcher();
	served_slot = NULL;
}

bool
IvmSharedWorkerTakeRequest(void)
{
	return served_slot != NULL &&
		pg_atomic_exchange_u32(&served_slot->requested, 0) != 0;
}

void
IvmSharedWorkerReport(bool installed, bool leftover)
{
	if (served_slot == NULL)
		return;
	served_slot->installed = installed;
	served_slot->leftover = leftover;
}

/*
 * A database without a slot cannot be told from others: stop all stores then.
 */
void
IvmSharedSetBroken(Oid dboid)
{
	DatabaseSlot *slot = find_slot(dboid);

	if (slot == NULL)
		shared->unusable = true;
	else if (!slot->broken)
		slot->broken = true;
	else
		return;
	IvmMarkBroken(dboid);
}

bool
IvmSharedIsBroken(Oid dboid)
{
	DatabaseSlot *slot;

	if (shared->unusable)
		return true;
	slot = (dboid == MyDatabaseId) ? find_my_slot() : find_slot(dboid);
	return slot != NULL && slot->broken;
}

void
IvmSharedSetUnusable(void)
{
	shared->unusable = true;
}

/*
 * The entry of a view; where there is none and make is set, a free one or the
 * one that was touched longest ago.  Caller holds the lock.
 */
static BuildFailure *
find_failure(uint32 view, bool make)
{
	BuildFailure *oldest = &shared->failures[0];

	for (int i = 0; i < MAX_FAILURES; i++)
	{
		BuildFailure *f = &shared->failures[i];

		if (f->dboid == MyDatabaseId && f->view == view)
			return f;
		if (OidIsValid(oldest->dboid) && (!OidIsValid(f->dboid) || f->last < oldest->last))
			oldest = f;
	}
	if (!make)
		return NULL;
	memset(oldest, 0, sizeof(BuildFailure));
	oldest->dboid = MyDatabaseId;
	oldest->view = view;
	return oldest;
}

bool
IvmSharedBuildFailed(uint32 view, const char *message)
{
	BuildFailure *f;
	char		text[IVM_FAILURE_TEXT];
	int64		delay;
	bool		news;

	/* as it will be kept: cut at a character's end */
	memset(text, 0, sizeof(text));
	memcpy(text, message, pg_mbcliplen(message, strlen(message), IVM_FAILURE_TEXT - 1));

	LWLockAcquire(slots_lock(), LW_EXCLUSIVE);
	f = find_failure(view, true);
	news = strcmp(f->message, text) != 0;
	memcpy(f->message, text, sizeof(text));
	delay = (int64) FIRST_RETRY_MS << Min(f->failures, 16);
	f->failures++;
	f->last = GetCurrentTimestamp();
	f->retry_at = TimestampTzPlusMilliseconds(f->last, Min(delay, LAST_RETRY_MS));
	LWLockRelease(slots_lock());
	return news;
}

void
IvmSharedBuildSucceeded(uint32 view)
{
	BuildFailure *f;

	LWLockAcquire(slots_lock(), LW_EXCLUSIVE);
	f = find_failure(view, false);
	if (f != NULL)
		f->dboid = InvalidOid;
	LWLockRelease(slots_lock());
}

bool
IvmSharedBuildFailure(uint32 view, TimestampTz *retry_at, char message[IVM_FAILURE_TEXT])
{
	BuildFailure *f;

	if (shared == NULL)
		return false;
	LWLockAcquire(slots_lock(), LW_SHARED);
	f = find_failure(view, false);
	if (f != NULL)
	{
		*retry_at = f->retry_at;
		memcpy(message, f->message, IVM_FAILURE_TEXT);
	}
	LWLockRelease(slots_lock());
	return f != NULL;
}

/* Caller holds the lock. */
static bool
is_damaged(uint32 view, uint32 generation)
{
	for (uint32 i = 0; i < Min(shared->ndamages, MAX_DAMAGES); i++)
	{
		Damage	   *d = &shared->damages[i];

		if (d->dboid == MyDatabaseId && d->view == view && d->generation >= generation)
			return true;
	}
	return false;
}

bool
IvmSharedReportDamage(uint32 view, uint32 generation)
{
	bool		news;

	LWLockAcquire(slots_lock(), LW_EXCLUSIVE);
	news = !is_damaged(view, generation);
	if (news)
		shared->damages[shared->ndamages++ % MAX_DAMAGES] =
			(Damage) {.dboid = MyDatabaseId,.view = view,.generation = generation};
	LWLockRelease(slots_lock());
	return news;
}

bool
IvmSharedIsDamaged(uint32 view, uint32 generation)
{
	bool		damaged;

	if (shared->ndamages == 0)
		return false;
	LWLockAcquire(slots_lock(), LW_SHARED);
	damaged = is_damaged(view, generation);
	LWLockRelease(slots_lock());
	return damaged;
}
