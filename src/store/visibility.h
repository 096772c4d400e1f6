/*-------------------------------------------------------------------------
 *
 * visibility.h
 *		Which transactions does a snapshot see?
 *
 * Tags are top-level transaction ids, 64 bits wide.  PostgreSQL's snapshots
 * and commit log are the only judges (DESIGN section 5).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_VISIBILITY_H
#define IVM_VISIBILITY_H

#include "access/transam.h"
#include "utils/snapshot.h"

/* What a snapshot sees, in storable form: B of a generation (top-level xids only). */
typedef struct IvmXidSet
{
	FullTransactionId xmin;		/* all before are in the set */
	FullTransactionId xmax;		/* none from here on is */
	int			nxip;
	FullTransactionId *xip;		/* running ones between, ascending: not in the set */
} IvmXidSet;

typedef enum IvmSight
{
	IVM_UNSEEN,
	IVM_SEEN,
	IVM_TOO_OLD					/* the commit log no longer knows: the store is too old */
} IvmSight;

/* Widen a 32-bit xid that is at most 2^31 away from the next xid. */
extern FullTransactionId IvmFullXid(TransactionId xid);

/* The current transaction's top-level xid, assigned if need be. */
extern FullTransactionId IvmTopFullXid(void);

/*
 * The set that an MVCC snapshot with curcid 0 sees: without the current
 * transaction.  Allocated in CurrentMemoryContext.
 */
extern IvmXidSet *IvmXidSetOfSnapshot(Snapshot snapshot);

/* Of an ended or own transaction: is it in the set? */
extern bool IvmXidSetContains(const IvmXidSet *set, FullTransactionId xid);

/* The smallest xid from the given one on that is not in the set. */
extern FullTransactionId IvmXidSetNextAbsent(const IvmXidSet *set, FullTransactionId xid);

/* Does the snapshot see the transaction (own top-level transaction: always)? */
extern IvmSight IvmSnapshotSees(Snapshot snapshot, FullTransactionId xid);

typedef enum IvmXidFate
{
	IVM_XID_RUNNING,			/* in progress or prepared */
	IVM_XID_COMMITTED,
	IVM_XID_ABORTED,			/* aborted, or vanished in a crash */
	IVM_XID_FORGOTTEN			/* the commit log no longer knows */
} IvmXidFate;

extern IvmXidFate IvmXidFateOf(FullTransactionId xid);

/*
 * Transactions before it are seen by every snapshot of this database if they
 * committed: GetOldestNonRemovableTransactionId of the table (one of the extension's own).
 */
extern FullTransactionId IvmHorizon(Oid ownTable);

#endif							/* IVM_VISIBILITY_H */
