/*-------------------------------------------------------------------------
 *
 * env.c
 *		The LMDB environment of the database.
 *
 * One environment a process, opened at first use, never in a process that
 * forks.  All processes must agree about the size of the map, since with
 * MDB_WRITEMAP an open truncates the file to it.
 *
 * Space.  The map is a sparse file; writing to a page whose block cannot be
 * allocated would be SIGBUS.  So it is an invariant that every page before
 * the environment's next page number has a block: each write transaction
 * reserves, from that number on, what it can need at worst, and only then
 * writes.  Pages that LMDB takes from its free list lie before it.  lock.mdb
 * is made and allocated whole before LMDB opens it.
 *
 * Worst case of a transaction of n operations, each on a tree of depth d: an
 * operation copies the d pages of its path, splits at most as many and adds a
 * root, or, deleting, copies one neighbour a level: 2d + 2 pages; and the
 * pages of its value, if large.  To that add the tree of trees, and the free
 * list: the entries that this transaction adds (8 bytes for each page that it
 * copies) and those that it may read and write back (at most all).
 *
 * Near the end of the map or of the disk, what is left is kept for folding
 * and deleting, which make room again; other transactions then go on only
 * where the free list has enough pages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "common/file_perm.h"
#include "miscadmin.h"
#include "port.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"

#include "ivm_fdw.h"
#include "store/env.h"
#include "store/mark.h"
#include "store/shared.h"
#include "store/visibility.h"

#define STORE_FORMAT		3	/* with mark.c's MARK_FORMAT, by which a start removes older stores */
#define RESERVE_STEP		(4 * 1024 * 1024)
#define MAX_HEADROOM		(16 * 1024 * 1024)
#define SPARE_DEPTH			2	/* levels that trees may grow during a transaction */
#define UNKNOWN_DEPTH		12	/* assumed where looking would cost more than it saves */
#define LMDB_FILES			2	/* that an environment keeps open */
#define LOCK_FILE_SLOT		64	/* LMDB's reader slots, and its header, are cache lines */
#define LOCK_FILE_HEADER	(8 * LOCK_FILE_SLOT)

/* The only entry of the meta table. */
typedef struct StoreMeta
{
	uint32		format;
	uint32		next_number;	/* of generations */
	uint64		id;
	uint64		birth;
} StoreMeta;

MDB_dbi		ivm_dbis[IVM_NDBIS];

/*
 * Deltas are in LMDB's main table, beside the records of the named ones: every
 * publication writes there, and so has no record of a table to update as well.
 * The names sort after all keys of deltas, and are shorter.
 */
#define TABLE_NAME(name)	"\377\377\377\377" name
static const char *const dbi_names[IVM_NDBIS] = {
	TABLE_NAME("meta"), TABLE_NAME("directory"), TABLE_NAME("base"), NULL, TABLE_NAME("inflight")
};
static char meta_key[] = "store";

static MDB_env *env = NULL;
static bool exit_callback_registered = false;
static StoreMeta store_meta;
static size_t map_size;
static size_t page_size;
static size_t reserved;			/* bytes of data.mdb known to have blocks */

static MDB_txn *read_txn = NULL;	/* kept, reset between uses */
static MDB_cursor *read_cursors[IVM_NDBIS];
static bool read_cursor_fresh[IVM_NDBIS];
static bool read_active = false;
static MDB_txn *write_txn = NULL;

/*
 * Errors
 */

static void
end_transactions(void)
{
	if (read_active)
		IvmReadEnd();
	if (write_txn)
		IvmWriteAbort();
}

void
IvmStoreCorrupted(const char *what)
{
	end_transactions();
	IvmStoreSetBroken();
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the store of incremental views is damaged: %s", what),
			 errhint("Views are answered by their queries until the server is restarted, which makes a new store.")));
}

void
IvmStoreError(int rc, const char *doing)
{
	end_transactions();

	switch (rc)
	{
		case MDB_MAP_FULL:
		case MDB_TXN_FULL:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the store of incremental views of database %u is full", MyDatabaseId),
					 errdetail("It may hold %d MB.", ivm_map_size_mb),
					 errhint("Increase ivm_fdw.map_size and restart the server.")));
			break;
		case ENOSPC:
		case EDQUOT:
			errno = rc;
			ereport(ERROR,
					(errcode(ERRCODE_DISK_FULL),
					 errmsg("could not reserve space for the store of incremental views: %m"),
					 errhint("Free space on the file system of the data directory.")));
			break;
		case MDB_READERS_FULL:
			ereport(ERROR,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("too many processes read the store of incremental views"),
					 errhint("Try again; if it persists, restart the server.")));
			break;
		case ENOMEM:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory while %s the store of incremental views", doing),
					 errhint("The store needs address space for ivm_fdw.map_size.")));
			break;
		case MDB_INVALID:
		case MDB_VERSION_MISMATCH:
		case MDB_CORRUPTED:
		case MDB_PAGE_NOTFOUND:
		case MDB_PANIC:
		case MDB_CURSOR_FULL:
		case MDB_PAGE_FULL:
		case MDB_BAD_TXN:
		case MDB_BAD_DBI:
		case MDB_BAD_RSLOT:
		case MDB_BAD_VALSIZE:
		case MDB_INCOMPATIBLE:
		case MDB_MAP_RESIZED:
		case MDB_NOTFOUND:
			IvmStoreCorrupted(mdb_strerror(rc));
			break;
		default:
			errno = rc;
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not go on %s the store of incremental views: %s",
							doing, mdb_strerror(rc)),
					 errhint("Check directory \"%s\" in the data directory.", IVM_STORE_DIR)));
	}
	pg_unreachable();
}

/*
 * Opening and closing
 */

bool
IvmStoreAvailable(const char **reason)
{
	const char *why = NULL;

	if (!IsUnderPostmaster)
		why = "stand-alone backend";
	else if (IsBinaryUpgrade)
		why = "binary upgrade";
	else if (!OidIsValid(MyDatabaseId))
		why = "no database";
	else if (!IvmSharedReady())
		why = "ivm_fdw is not in shared_preload_libraries";
	else if (RecoveryInProgress())
		why = "server is in recovery";
	else if (IvmSharedIsBroken(MyDatabaseId))
		why = "store is damaged";

	if (reason)
		*reason = why;
	return why == NULL;
}

void
IvmStoreSetBroken(void)
{
	if (OidIsValid(MyDatabaseId) && IvmSharedReady())
		IvmSharedSetBroken(MyDatabaseId);
}

static void
close_env(void)
{
	if (!env)
		return;
	if (write_txn)
		mdb_txn_abort(write_txn);
	for (int i = 0; i < IVM_NDBIS; i++)
	{
		if (read_cursors[i])
			mdb_cursor_close(read_cursors[i]);
		read_cursors[i] = NULL;
	}
	if (read_txn)
		mdb_txn_abort(read_txn);
	mdb_env_close(env);
	for (int i = 0; i < LMDB_FILES; i++)
		ReleaseExternalFD();
	env = NULL;
	read_txn = NULL;
	write_txn = NULL;
	read_active = false;
}

static void
close_at_exit(int code, Datum arg)
{
	close_env();
}

/*
 * Nothing of LMDB may outlive an error; the code avoids it, this makes sure.
 * (The error has already released interrupts that were held.)
 */
static void
end_at_abort(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_ABORT && event != XACT_EVENT_PARALLEL_ABORT)
		return;
	if (read_active)
		IvmReadEnd();
	if (write_txn)
		mdb_txn_abort(write_txn);
	write_txn = NULL;
}

static int
allocate_file(int fd, off_t offset, off_t len)
{
	int			rc;

	do
	{
		rc = posix_fallocate(fd, offset, len);
	} while (rc == EINTR);
	return rc;
}

/*
 * Make lock.mdb large enough for all readers, and give it its blocks.  Must
 * come before mdb_env_open: closing the file would drop this process's locks on it.
 */
static void
prepare_lock_file(const char *dir)
{
	char		path[MAXPGPATH];
	Size		nreaders = MaxBackends + NUM_AUXILIARY_PROCS + max_prepared_xacts;
	int			fd;
	int			rc;

	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	fd = BasicOpenFilePerm(path, O_RDWR | O_CREAT | PG_BINARY, S_IRUSR | S_IWUSR);
	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	rc = allocate_file(fd, 0, LOCK_FILE_HEADER + nreaders * LOCK_FILE_SLOT);
	close(fd);
	if (rc != 0)
		IvmStoreError(rc, "opening");
}

static void
make_directory(const char *path)
{
	if (mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create directory \"%s\": %m", path)));
}

/*
 * The xid before which a running transaction's changes may be missing in a new
 * store.  Those that run now in this server will publish here when they commit;
 * only prepared ones have published already, into a store that is no more.
 */
static FullTransactionId
new_birth(void)
{
	FullTransactionId birth = FullTransactionIdFromEpochAndXid(0, FirstNormalTransactionId);

	for (int i = 0; i < max_prepared_xacts; i++)
	{
		PGPROC	   *proc = &PreparedXactProcs[i];
		FullTransactionId after;

		/* What was prepared before this server's start is there already, so no lock is needed. */
		if (proc->databaseId != MyDatabaseId || !TransactionIdIsNormal(proc->xid) ||
			!TransactionIdIsInProgress(proc->xid))
			continue;
		after = IvmFullXid(proc->xid);
		FullTransactionIdAdvance(&after);
		if (FullTransactionIdPrecedes(birth, after))
			birth = after;
	}
	return birth;
}

/* Open the tables; with flag MDB_CREATE, make a new store. */
static int
open_tables(MDB_txn *txn, unsigned int flags, const StoreMeta *newmeta)
{
	MDB_val		key = {sizeof(meta_key) - 1, meta_key};
	MDB_val		value = {sizeof(StoreMeta), (void *) newmeta};
	int			rc = 0;

	for (int i = 0; i < IVM_NDBIS && rc == 0; i++)
		rc = mdb_dbi_open(txn, dbi_names[i], flags, &ivm_dbis[i]);
	if (rc == 0 && (flags & MDB_CREATE))
		rc = mdb_put(txn, ivm_dbis[IVM_DBI_META], &key, &value, MDB_NOOVERWRITE);
	if (rc == 0)
		rc = mdb_get(txn, ivm_dbis[IVM_DBI_META], &key, &value);
	if (rc == 0 && value.mv_size != sizeof(StoreMeta))
		rc = MDB_VERSION_MISMATCH;
	if (rc == 0)
		memcpy(&store_meta, value.mv_data, sizeof(StoreMeta));
	if (rc == 0 && store_meta.format != STORE_FORMAT)
		rc = MDB_VERSION_MISMATCH;
	return rc;
}

/* Open the tables of the store, or make them where it is new. */
static void
open_store(void)
{
	MDB_txn    *txn;
	int			rc;

	rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	if (rc != 0)
		IvmStoreError(rc, "opening");
	rc = open_tables(txn, 0, NULL);
	if (rc == 0)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);

	if (rc == MDB_NOTFOUND)
	{
		StoreMeta	newmeta = {.format = STORE_FORMAT,.next_number = 1};

		newmeta.birth = U64FromFullTransactionId(new_birth());
		if (!pg_strong_random(&newmeta.id, sizeof(newmeta.id)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate an id for the store of incremental views")));
		txn = IvmWriteBegin(IVM_NDBIS + 1, 0, IVM_SPACE_PUBLISH);
		rc = open_tables(txn, MDB_CREATE, &newmeta);
		if (rc == 0)
			IvmWriteCommit();
	}
	if (rc != 0)
		IvmStoreError(rc, "opening");
}

/* The environment proper, under the lock that serializes opening. */
static void
open_env(void)
{
	char		path[MAXPGPATH];
	MDB_stat	stat;
	int			rc;

	make_directory("ivm_fdw");
	make_directory(IVM_STORE_DIR);
	snprintf(path, sizeof(path), "%s/%u", IVM_STORE_DIR, MyDatabaseId);
	make_directory(path);
	prepare_lock_file(path);

	map_size = (size_t) ivm_map_size_mb * 1024 * 1024;
	rc = mdb_env_create(&env);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env, map_size);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env, IVM_NDBIS);
	if (rc == 0)
		rc = mdb_env_open(env, path,
						  MDB_NOTLS | MDB_NOSYNC | MDB_WRITEMAP | MDB_NORDAHEAD | MDB_NOMEMINIT,
						  S_IRUSR | S_IWUSR);
	if (rc == 0)
		rc = mdb_env_stat(env, &stat);
	if (rc != 0)
	{
		if (env)
			mdb_env_close(env);
		env = NULL;
		IvmStoreError(rc, "opening");
	}
	for (int i = 0; i < LMDB_FILES; i++)
		ReserveExternalFD();
	page_size = stat.ms_psize;
	reserved = 0;
}

bool
IvmStoreExists(void)
{
	char		path[MAXPGPATH];

	if (env)
		return true;
	snprintf(path, sizeof(path), "%s/%u/data.mdb", IVM_STORE_DIR, MyDatabaseId);
	return access(path, F_OK) == 0;
}

/* Remove the files of a store that could not be made, under the lock that serializes opening. */
static void
remove_unmade(void)
{
	static const char *const files[LMDB_FILES] = {"data.mdb", "lock.mdb"};

	for (int i = 0; i < LMDB_FILES; i++)
	{
		char		path[MAXPGPATH];

		snprintf(path, sizeof(path), "%s/%u/%s", IVM_STORE_DIR, MyDatabaseId, files[i]);
		(void) unlink(path);
	}
}

void
IvmStoreOpen(void)
{
	const char *reason;
	bool		made;

	if (env)
		return;
	if (!IvmStoreAvailable(&reason))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the store of incremental views cannot be used: %s", reason),
				 errhint("Load ivm_fdw with shared_preload_libraries on a primary server.")));

	if (!exit_callback_registered)
	{
		on_proc_exit(close_at_exit, (Datum) 0);
		RegisterXactCallback(end_at_abort, NULL);
		exit_callback_registered = true;
	}

	LWLockAcquire(IvmSharedOpenLock(), LW_EXCLUSIVE);
	made = IvmStoreExists();
	PG_TRY();
	{
		open_env();
		open_store();
		LWLockRelease(IvmSharedOpenLock());
	}
	PG_CATCH();
	{
		close_env();
		if (!made)
			remove_unmade();
		PG_RE_THROW();
	}
	PG_END_TRY();
}

FullTransactionId
IvmStoreBirth(void)
{
	IvmStoreOpen();
	return FullTransactionIdFromU64(store_meta.birth);
}

void
IvmStoreReaderCheck(void)
{
	int			dead;
	int			rc;

	IvmStoreOpen();
	rc = mdb_reader_check(env, &dead);
	if (rc != 0)
		IvmStoreError(rc, "checking readers of");
}

void
IvmStoreRemoveDatabase(Oid dboid)
{
	char		path[MAXPGPATH];
	struct stat st;

	Assert(dboid != MyDatabaseId);
	snprintf(path, sizeof(path), "%s/%u", IVM_STORE_DIR, dboid);
	if (stat(path, &st) == 0)
		rmtree(path, true);
}

/*
 * Count the pages on LMDB's free list, as far as max.  Table 0 is that list:
 * arrays of page numbers, their count first.  In the open read transaction.
 */
static int
count_free_pages(size_t max, size_t *pages)
{
	MDB_cursor *cursor;
	MDB_val		key;
	MDB_val		value;
	int			rc;

	*pages = 0;
	rc = mdb_cursor_open(read_txn, 0, &cursor);
	if (rc != 0)
		return rc;
	while (*pages < max && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
	{
		size_t		count;

		memcpy(&count, value.mv_data, sizeof(count));
		*pages += count;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/*
 * Read transactions
 */

void
IvmReadBegin(void)
{
	int			rc;

	IvmStoreOpen();
	Assert(!read_active && !write_txn);

	if (read_txn)
		rc = mdb_txn_renew(read_txn);
	else
		rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &read_txn);
	if (rc != 0)
		IvmStoreError(rc, "reading");
	read_active = true;
	memset(read_cursor_fresh, 0, sizeof(read_cursor_fresh));
}

/* NULL and *rc set on failure. */
MDB_cursor *
IvmReadCursor(IvmDbi dbi, int *rc)
{
	Assert(read_active);
	*rc = 0;
	if (!read_cursor_fresh[dbi])
	{
		if (read_cursors[dbi])
			*rc = mdb_cursor_renew(read_txn, read_cursors[dbi]);
		else
			*rc = mdb_cursor_open(read_txn, ivm_dbis[dbi], &read_cursors[dbi]);
		if (*rc != 0)
			return NULL;
		read_cursor_fresh[dbi] = true;
	}
	return read_cursors[dbi];
}

uint64
IvmReadPosition(void)
{
	Assert(read_active);
	return mdb_txn_id(read_txn);
}

void
IvmReadEnd(void)
{
	Assert(read_active);
	mdb_txn_reset(read_txn);
	read_active = false;
}

/*
 * Write transactions
 */

/* Pages that the transaction may take at worst; see the head of this file. */
static int
worst_case_pages(MDB_txn *txn, int nops, Size bytes, size_t *pages)
{
	MDB_stat	stat;
	unsigned int depth = UNKNOWN_DEPTH;
	size_t		copied;
	int			rc;

	if (nops > 8 && ivm_dbis[IVM_DBI_DELTA] != 0)
	{
		depth = 0;
		for (int i = 0; i < IVM_NDBIS; i++)
		{
			rc = mdb_stat(txn, ivm_dbis[i], &stat);
			if (rc != 0)
				return rc;
			depth = Max(depth, stat.ms_depth);
		}
		depth += SPARE_DEPTH;
	}
	rc = mdb_stat(txn, 0, &stat);	/* the free list */
	if (rc != 0)
		return rc;

	copied = (size_t) nops * (2 * depth + 2) + 4 * UNKNOWN_DEPTH;
	*pages = copied
		+ bytes / page_size + nops	/* large values, the last page of each partly filled */
		+ copied * sizeof(size_t) / page_size + 1
		+ 2 * (stat.ms_leaf_pages + stat.ms_overflow_pages + stat.ms_branch_pages);
	return 0;
}

/* Give blocks to data.mdb up to the offset. */
static int
reserve_to(size_t next, size_t end)
{
	mdb_filehandle_t fd;
	int			rc;

	if (end <= reserved)
		return 0;
	rc = mdb_env_get_fd(env, &fd);
	if (rc == 0)
		rc = allocate_file(fd, next, end - next);
	if (rc == 0)
		reserved = end;
	return rc;
}

/* Has the free list, besides the write transaction that is open, so many pages? */
static bool
have_free_pages(size_t pages)
{
	size_t		found = 0;
	int			rc;

	rc = read_txn ? mdb_txn_renew(read_txn) : mdb_txn_begin(env, NULL, MDB_RDONLY, &read_txn);
	if (rc != 0)
		return false;
	rc = count_free_pages(pages, &found);
	mdb_txn_reset(read_txn);
	return rc == 0 && found >= pages;
}

/* Give blocks to the pages that the write transaction may take. */
static int
reserve_blocks(MDB_txn *txn, int nops, Size bytes, IvmSpace space)
{
	MDB_envinfo info;
	size_t		pages;
	size_t		next;
	size_t		need;
	size_t		want;
	int			rc;

	rc = mdb_env_info(env, &info);
	if (rc == 0)
		rc = worst_case_pages(txn, nops, bytes, &pages);
	if (rc != 0)
		return rc;

	next = ((size_t) info.me_last_pgno + 1) * page_size;
	need = next + pages * page_size;
	want = need + space * Min(MAX_HEADROOM, map_size / 8);
	if (want <= reserved)
		return 0;
	if (want > map_size)
		rc = MDB_MAP_FULL;
	else
	{
		rc = reserve_to(next, Min(want + RESERVE_STEP, map_size));
		if (rc == ENOSPC || rc == EDQUOT)
			rc = reserve_to(next, want);
		if (rc != ENOSPC && rc != EDQUOT)
			return rc;
	}

	/* Little is left. */
	{
		int			rc2 = reserve_to(next, Min(need, map_size));

		if (rc2 != 0)
			return rc2;
	}
	return space == IVM_SPACE_MAINTAIN || have_free_pages(2 * pages) ? 0 : rc;
}

MDB_txn *
IvmWriteBegin(int nops, Size bytes, IvmSpace space)
{
	int			rc;

	if (!env)
		IvmStoreOpen();
	Assert(!read_active && !write_txn);

	HOLD_INTERRUPTS();
	rc = mdb_txn_begin(env, NULL, 0, &write_txn);
	if (rc != 0)
	{
		write_txn = NULL;
		RESUME_INTERRUPTS();
		IvmStoreError(rc, "writing");
	}
	rc = reserve_blocks(write_txn, nops, bytes, space);
	if (rc != 0)
		IvmStoreError(rc, "writing");
	return write_txn;
}

void
IvmWriteCommit(void)
{
	MDB_txn    *txn = write_txn;
	int			rc;

	Assert(txn);
	write_txn = NULL;
	rc = mdb_txn_commit(txn);
	RESUME_INTERRUPTS();
	if (rc != 0)
		IvmStoreError(rc, "writing");
}

void
IvmWriteAbort(void)
{
	MDB_txn    *txn = write_txn;

	Assert(txn);
	write_txn = NULL;
	mdb_txn_abort(txn);
	RESUME_INTERRUPTS();
}

int
IvmTakeNumber(MDB_txn *txn, uint32 *number)
{
	MDB_val		key = {sizeof(meta_key) - 1, meta_key};
	MDB_val		value;
	StoreMeta	meta;
	int			rc;

	rc = mdb_get(txn, ivm_dbis[IVM_DBI_META], &key, &value);
	if (rc != 0)
		return rc;
	memcpy(&meta, value.mv_data, sizeof(meta));
	*number = meta.next_number++;
	value.mv_data = &meta;
	return mdb_put(txn, ivm_dbis[IVM_DBI_META], &key, &value, 0);
}
