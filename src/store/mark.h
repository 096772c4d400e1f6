/*-------------------------------------------------------------------------
 *
 * mark.h
 *		The crash protocol: the store survives only a clean stop (DESIGN section 11).
 *
 * At every start (of the cluster, and after a backend's crash) the mark is
 * consumed; without a fitting one all stores are removed before anyone opens
 * them.  At a clean shutdown the postmaster, last of all, syncs the stores and
 * writes the mark {system id, timeline, shutdown checkpoint LSN}.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_MARK_H
#define IVM_MARK_H

#define IVM_STORE_DIR	"ivm_fdw/pgsql_tmp"	/* relative to the data directory */
#define IVM_MARK_FILE	IVM_STORE_DIR "/clean"

/* A database's store was found damaged: the next clean shutdown must not vouch for it.  Never throws. */
extern void IvmMarkBroken(Oid dboid);

extern void IvmMarkStartup(void);	/* shmem_startup_hook; also registers the exit callback */

#endif							/* IVM_MARK_H */
