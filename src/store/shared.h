/*-------------------------------------------------------------------------
 *
 * shared.h
 *		The extension's shared memory: is there a store, which databases want
 *		the custodian, where is the launcher.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SHARED_H
#define IVM_SHARED_H

extern void IvmSharedInstallHooks(void);	/* from _PG_init, in the postmaster */
extern bool IvmSharedReady(void);			/* the library was preloaded */

/* Ask for the custodian's attention to this database (any time; cheap when already asked). */
extern void IvmSharedWakeCustodian(void);

/* Launcher's side */
extern void IvmSharedSetLauncher(struct Latch *latch);	/* NULL at exit */
extern int	IvmSharedTakeRequests(Oid *dboids, int max); /* clears them */
/* Worker's side: announce that this database is being served; false if another worker serves it. */
extern bool IvmSharedWorkerAttach(Oid dboid);
extern void IvmSharedWorkerDetach(void);

/* Store brokenness per database, until the next start. */
extern void IvmSharedSetBroken(Oid dboid);
extern bool IvmSharedIsBroken(Oid dboid);

#endif							/* IVM_SHARED_H */
