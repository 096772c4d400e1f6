/*-------------------------------------------------------------------------
 *
 * shared.h
 *		The extension's shared memory: is there a store, which databases want
 *		the custodian, where is the launcher, which builds failed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SHARED_H
#define IVM_SHARED_H

#include "datatype/timestamp.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define IVM_MAX_DATABASES	256 /* with a slot of their own; more are served too, at a coarser grain */

extern void IvmSharedInstallHooks(void);	/* from _PG_init, in the postmaster */
extern bool IvmSharedReady(void);			/* the library was preloaded */

/* Serializes the opening of environments (held for the open only). */
extern LWLock *IvmSharedOpenLock(void);

/* Ask for the custodian's attention to this database (any time; cheap when already asked). */
extern void IvmSharedWakeCustodian(void);

/*
 * Launcher's side.  A request stays up until a worker attaches, so that writers
 * do not wake the launcher for nothing meanwhile.
 */
extern void IvmSharedSetLauncher(struct Latch *latch);	/* NULL at exit */

typedef enum IvmSharedInterest
{
	IVM_INTEREST_ANY,
	IVM_INTEREST_REQUESTED,		/* somebody asks for the custodian */
	IVM_INTEREST_LEFTOVER,		/* its last worker left something undone */
	IVM_INTEREST_INSTALLED		/* its last worker found the extension there */
} IvmSharedInterest;

/* Databases of that interest that no worker serves now; dboids has room for IVM_MAX_DATABASES. */
extern int	IvmSharedDatabases(IvmSharedInterest interest, Oid *dboids);
extern bool IvmSharedTakeOverflow(void);	/* a database without a slot asked: look at all */
extern void IvmSharedForget(Oid dboid);		/* the database is no more */

/* Worker's side: announce that this database is being served; false if another worker serves it. */
extern bool IvmSharedWorkerAttach(Oid dboid);
extern void IvmSharedWorkerDetach(void);
extern bool IvmSharedWorkerTakeRequest(void);	/* was there a request since the last call? */
extern void IvmSharedWorkerReport(bool installed, bool leftover);

/* Store brokenness per database, until the next start. */
extern void IvmSharedSetBroken(Oid dboid);
extern bool IvmSharedIsBroken(Oid dboid);

/* Old stores could not be removed at start: no store may be used. */
extern void IvmSharedSetUnusable(void);

/*
 * Builds that failed, of this database's views: why, and when to try again
 * (exponential back-off).  Kept in a small table; the oldest are forgotten.
 */
#define IVM_FAILURE_TEXT	256

/* Returns true where this failure is news (first of its kind, so worth the server log). */
extern bool IvmSharedBuildFailed(uint32 view, const char *message);
extern void IvmSharedBuildSucceeded(uint32 view);
extern bool IvmSharedBuildFailure(uint32 view, TimestampTz *retry_at, char message[IVM_FAILURE_TEXT]);

/*
 * Damage that a reader has seen in a view of this database: generations up to
 * that number are not used any more.  Most often it is a function's that is not as immutable
 * as declared, so it must not stop other views.  The oldest reports are forgotten.
 */
extern bool IvmSharedReportDamage(uint32 view, uint32 generation);	/* true: it is news */
extern bool IvmSharedIsDamaged(uint32 view, uint32 generation);

#endif							/* IVM_SHARED_H */
