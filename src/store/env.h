/*-------------------------------------------------------------------------
 *
 * env.h
 *		The LMDB environment of the database: transactions, space, errors.
 *		Private to store/: the only includer of <lmdb.h>.
 *
 * Contract for users of this header:
 *
 * - Between IvmReadBegin and IvmReadEnd, and between IvmWriteBegin and
 *	 IvmWriteCommit or IvmWriteAbort, nothing may ereport, palloc, or check for
 *	 interrupts.  Memory is prepared before; what does not fit ends the
 *	 transaction, and the caller tries again with more.
 * - Transactions do not nest, and none outlives the function that began it.
 * - A write transaction declares beforehand how many operations (puts and
 *	 deletes) and value bytes it may need; that bounds the pages that it can
 *	 dirty, and blocks for all of these are reserved before the first one is
 *	 touched (see env.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ENV_H
#define IVM_ENV_H

#include <lmdb.h>

#include "store/store.h"

typedef enum IvmDbi
{
	IVM_DBI_META,				/* what the store is */
	IVM_DBI_DIRECTORY,			/* generations, markers, invalidations */
	IVM_DBI_BASE,				/* base rows */
	IVM_DBI_DELTA,				/* pending deltas */
	IVM_DBI_INFLIGHT			/* rows of transactions that joins may meet */
} IvmDbi;
#define IVM_NDBIS	(IVM_DBI_INFLIGHT + 1)

/* Handles, good after IvmReadBegin or IvmWriteBegin. */
extern MDB_dbi ivm_dbis[IVM_NDBIS];

/* At most so many operations a write transaction: bounds how long the write lock is held. */
#define IVM_CHUNK_OPS	256

/* Value bytes after which a chunk ends (one entry may be larger). */
#define IVM_CHUNK_BYTES	(256 * 1024)

/* Read transaction, with one cursor a table. */
extern void IvmReadBegin(void);
extern MDB_cursor *IvmReadCursor(IvmDbi dbi, int *rc);
extern uint64 IvmReadPosition(void);	/* id of the last write transaction that it sees */
extern void IvmReadEnd(void);

/*
 * How much of the space that is left a write transaction must leave to others
 * (in units of a headroom, see env.c), so that a store that is full can still
 * be folded, and a build that does not fit does not hinder writers.
 */
typedef enum IvmSpace
{
	IVM_SPACE_MAINTAIN,			/* deleting and folding: may take the last page */
	IVM_SPACE_PUBLISH,
	IVM_SPACE_BUILD
} IvmSpace;

/* Write transaction.  Interrupts are held until it ends. */
extern MDB_txn *IvmWriteBegin(int nops, Size bytes, IvmSpace space);
extern void IvmWriteCommit(void);	/* ERROR when it fails; it is then undone */
extern void IvmWriteAbort(void);

/* End whatever transaction is open and report an LMDB or system error code. */
extern void IvmStoreError(int rc, const char *doing) pg_attribute_noreturn();

/* The same for content that cannot be right. */
extern void IvmStoreCorrupted(const char *what) pg_attribute_noreturn();

/* Take the next generation number, inside a write transaction. */
extern int	IvmTakeNumber(MDB_txn *txn, uint32 *number);

#endif							/* IVM_ENV_H */
