/*-------------------------------------------------------------------------
 *
 * mark.c
 *		The crash protocol: the store survives only a clean stop.
 *
 * Invariants:
 *	- The mark exists on disk only while no process can have a store open: it is
 *	  durably removed before shared memory can be used at a start, and written
 *	  by the postmaster after the last child is gone and the stores are synced.
 *	- It names the shutdown checkpoint that it belongs to (with its time, since
 *	  two copies of a cluster may go different ways to the same position).  Only a
 *	  cluster that starts from just that checkpoint, without recovery of any kind, keeps
 *	  its stores; to every other the transactions in the tags may mean something else.
 *	- Nothing here may throw: an error in the postmaster would take down the
 *	  cluster.  What cannot be removed makes the stores unusable until the next start.
 *
 * Start and exit run in the postmaster (or a standalone backend), before or
 * after all other processes, so nothing here needs locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/pg_control.h"
#include "common/file_utils.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "storage/ipc.h"

#include "store/mark.h"
#include "store/shared.h"

#define MARK_FORMAT		3		/* of the mark, and of the store's files */
#define MARK_MAXLEN		256
#define MARK_TMP_FILE	IVM_STORE_DIR "/clean.tmp"
#define STORE_DATA_FILE	"data.mdb"
#define BROKEN_FILE		"broken"	/* in a store that was found damaged */

/* After a failed removal the directory may hold anything: never mark it clean. */
static bool removal_failed = false;

/*
 * Read pg_control without get_controlfile(), which throws.  False where it
 * cannot be read or is damaged.
 */
static bool
read_control_file(ControlFileData *control)
{
	int			fd = BasicOpenFile(XLOG_CONTROL_FILE, O_RDONLY | PG_BINARY);
	ssize_t		nread;
	pg_crc32c	crc;

	if (fd < 0)
		return false;
	nread = read(fd, control, sizeof(ControlFileData));
	close(fd);
	if (nread != sizeof(ControlFileData))
		return false;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, (char *) control, offsetof(ControlFileData, crc));
	FIN_CRC32C(crc);
	return EQ_CRC32C(crc, control->crc);
}

/*
 * The mark that fits the cluster as pg_control describes it; false where none
 * does, because it was not shut down cleanly as a primary.
 */
static bool
fitting_mark(char mark[MARK_MAXLEN])
{
	ControlFileData control;

	if (!read_control_file(&control) || control.state != DB_SHUTDOWNED)
		return false;
	snprintf(mark, MARK_MAXLEN,
			 "ivm_fdw %d\nsystem " UINT64_FORMAT "\ntimeline %u\n"
			 "checkpoint %X/%X\nxid " UINT64_FORMAT "\ntime " INT64_FORMAT "\n",
			 MARK_FORMAT, control.system_identifier,
			 control.checkPointCopy.ThisTimeLineID,
			 LSN_FORMAT_ARGS(control.checkPoint),
			 U64FromFullTransactionId(control.checkPointCopy.nextXid),
			 (int64) control.checkPointCopy.time);
	return true;
}

/*
 * Will this start replay WAL that the stores know nothing of, or write without
 * maintaining them?
 */
static bool
start_leaves_store_behind(void)
{
	return access(STANDBY_SIGNAL_FILE, F_OK) == 0 ||
		access(RECOVERY_SIGNAL_FILE, F_OK) == 0 ||
		access(BACKUP_LABEL_FILE, F_OK) == 0 ||
		!IsPostmasterEnvironment ||
		IsBinaryUpgrade;
}

static bool
read_mark(char mark[MARK_MAXLEN])
{
	int			fd = BasicOpenFile(IVM_MARK_FILE, O_RDONLY | PG_BINARY);
	ssize_t		nread;

	if (fd < 0)
		return false;
	nread = read(fd, mark, MARK_MAXLEN - 1);
	close(fd);
	if (nread < 0)
		return false;
	mark[nread] = '\0';
	return true;
}

/*
 * Take the mark away for good, before anyone can change what it vouches for.
 * Returns whether it fitted.
 */
static bool
consume_mark(void)
{
	char		found[MARK_MAXLEN];
	char		fitting[MARK_MAXLEN];
	bool		fits;

	if (access(IVM_MARK_FILE, F_OK) != 0)
		return false;
	fits = read_mark(found) &&
		fitting_mark(fitting) &&
		strcmp(found, fitting) == 0 &&
		!start_leaves_store_behind();
	if (durable_unlink(IVM_MARK_FILE, WARNING) != 0)
		return false;			/* reported; removing the stores will fail too, or do */
	return fits;
}

static bool
directory_is_empty(const char *path)
{
	DIR		   *dir = AllocateDir(path);
	struct dirent *de;
	bool		empty = true;

	if (dir == NULL)
		return false;
	while ((de = ReadDirExtended(dir, path, LOG)) != NULL)
	{
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			empty = false;
	}
	FreeDir(dir);
	return empty;
}

/*
 * Remove all stores.  The removal need not be durable: should it be undone by
 * a power loss, no mark stands beside what comes back.
 */
static void
remove_stores(void)
{
	if (access(IVM_STORE_DIR, F_OK) != 0)
	{
		if (errno == ENOENT)
			return;
	}
	else if (directory_is_empty(IVM_STORE_DIR))
		return;
	else if (rmtree(IVM_STORE_DIR, false))
	{
		ereport(LOG,
				(errmsg("ivm_fdw: removed the stores of all views, which will be built anew"),
				 errdetail("The stores survive only a clean shutdown of this very cluster.")));
		return;
	}

	removal_failed = true;
	IvmSharedSetUnusable();
	ereport(WARNING,
			(errcode_for_file_access(),
			 errmsg("ivm_fdw: could not remove the stores below \"%s\"", IVM_STORE_DIR),
			 errdetail("Views are answered by running their queries."),
			 errhint("Remove the content of the directory and restart the server.")));
}

/*
 * Flush one store.  LMDB writes through a shared mapping, and all processes that
 * had one are gone: their dirty pages are in the page cache as dirty pages of
 * the file, which fsync() of the file writes out like any.  A damaged store goes.
 */
static bool
settle_store(const char *path)
{
	char		file[MAXPGPATH + 16];

	snprintf(file, sizeof(file), "%s/%s", path, BROKEN_FILE);
	if (access(file, F_OK) == 0)
		return rmtree(path, true);
	snprintf(file, sizeof(file), "%s/%s", path, STORE_DATA_FILE);
	if (access(file, F_OK) == 0 && fsync_fname_ext(file, false, false, LOG) != 0)
		return false;
	return fsync_fname_ext(path, true, false, LOG) == 0;
}

static bool
settle_stores(void)
{
	DIR		   *dir = AllocateDir(IVM_STORE_DIR);
	struct dirent *de;
	bool		ok = true;

	if (dir == NULL)
		return false;
	while ((de = ReadDirExtended(dir, IVM_STORE_DIR, LOG)) != NULL)
	{
		char		path[MAXPGPATH];

		if (strspn(de->d_name, "0123456789") != strlen(de->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", IVM_STORE_DIR, de->d_name);
		if (!settle_store(path))
			ok = false;
	}
	FreeDir(dir);
	return ok &&
		fsync_fname_ext(IVM_STORE_DIR, true, false, LOG) == 0 &&
		fsync_fname_ext("ivm_fdw", true, false, LOG) == 0;
}

static void
write_mark(const char *mark)
{
	int			fd;
	bool		ok;

	fd = BasicOpenFile(MARK_TMP_FILE, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);
	if (fd < 0)
	{
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", MARK_TMP_FILE)));
		return;
	}
	errno = ENOSPC;
	ok = write(fd, mark, strlen(mark)) == (ssize_t) strlen(mark) && pg_fsync(fd) == 0;
	if (!ok)
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", MARK_TMP_FILE)));
	close(fd);
	if (ok)
		(void) durable_rename(MARK_TMP_FILE, IVM_MARK_FILE, LOG);
}

/*
 * The postmaster's exit: callbacks of this kind run after shared memory is
 * gone and in reverse order of registration, so the lock file that keeps other
 * servers away is still there.  Whatever the reason of the exit, pg_control tells
 * whether it was a clean shutdown.
 */
static void
postmaster_exit(int code, Datum arg)
{
	char		mark[MARK_MAXLEN];

	if (IsUnderPostmaster || MyProcPid != PostmasterPid)
		return;					/* a child that has not yet forgotten our callbacks */
	if (code != 0 || removal_failed)
		return;
	if (access(IVM_STORE_DIR, F_OK) != 0)
		return;					/* no stores, nothing to vouch for */
	if (fitting_mark(mark) && settle_stores())
		write_mark(mark);
}

void
IvmMarkBroken(Oid dboid)
{
	char		file[MAXPGPATH];
	int			fd;

	snprintf(file, sizeof(file), "%s/%u/%s", IVM_STORE_DIR, dboid, BROKEN_FILE);
	fd = BasicOpenFile(file, O_WRONLY | O_CREAT | PG_BINARY);
	if (fd >= 0)
		close(fd);
	else
		ereport(WARNING,
				(errcode_for_file_access(),
				 errmsg("could not create file \"%s\": %m", file),
				 errhint("Remove the content of directory \"%s\" while the server is stopped.",
						 IVM_STORE_DIR)));
}

void
IvmMarkStartup(void)
{
	static bool registered = false;

	removal_failed = false;
	if (!consume_mark())
		remove_stores();

	/* A standalone backend maintains no store, so it has nothing to mark. */
	if (IsPostmasterEnvironment && !IsBinaryUpgrade && !registered)
	{
		on_proc_exit(postmaster_exit, (Datum) 0);
		registered = true;
	}
}
