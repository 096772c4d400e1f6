/*-------------------------------------------------------------------------
 *
 * visibility.c
 *		Which transactions does a snapshot see?
 *
 * The fate of a transaction that has ended never changes, so that a small
 * table of known fates saves most look-ups in the commit log.  The commit log
 * is only asked about xids that it still has: one that is not older than this
 * process's own xmin is safe, for any other XactTruncationLock is held.
 *
 * 32-bit xids are widened relative to the next xid; all that a snapshot or
 * the process array can hold is less than 2^31 away from it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "compat.h"
#include "store/visibility.h"

#define FATE_CACHE_SIZE		512
#define HALF_OF_XIDS		(UINT64CONST(1) << 31)

typedef struct KnownFate
{
	uint64		xid;			/* 0: none */
	bool		committed;
} KnownFate;

static KnownFate known_fates[FATE_CACHE_SIZE];

static FullTransactionId
widen(TransactionId xid, FullTransactionId next)
{
	uint64		base = U64FromFullTransactionId(next);

	if (!TransactionIdIsNormal(xid))
		return FullTransactionIdFromEpochAndXid(0, xid);
	return FullTransactionIdFromU64(base + (int64) (int32) (xid - (uint32) base));
}

FullTransactionId
IvmFullXid(TransactionId xid)
{
	return widen(xid, ReadNextFullTransactionId());
}

FullTransactionId
IvmTopFullXid(void)
{
	return GetTopFullTransactionId();
}

static void
check_snapshot(Snapshot snapshot)
{
	Assert(snapshot->snapshot_type == SNAPSHOT_MVCC);
	if (snapshot->takenDuringRecovery)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the store of incremental views cannot be read with a snapshot that was taken during recovery")));
}

static int
compare_xids(const void *a, const void *b)
{
	FullTransactionId x = *(const FullTransactionId *) a;
	FullTransactionId y = *(const FullTransactionId *) b;

	if (FullTransactionIdPrecedes(x, y))
		return -1;
	return FullTransactionIdPrecedes(y, x);
}

IvmXidSet *
IvmXidSetOfSnapshot(Snapshot snapshot)
{
	FullTransactionId next = ReadNextFullTransactionId();
	FullTransactionId own = GetTopFullTransactionIdIfAny();
	IvmXidSet  *set = palloc(sizeof(IvmXidSet));

	check_snapshot(snapshot);
	set->xmin = widen(snapshot->xmin, next);
	set->xmax = widen(snapshot->xmax, next);
	set->nxip = 0;
	set->xip = palloc((snapshot->xcnt + 1) * sizeof(FullTransactionId));
	for (uint32 i = 0; i < snapshot->xcnt; i++)
		set->xip[set->nxip++] = widen(snapshot->xip[i], next);

	/* A snapshot does not list its own transaction among the running ones. */
	if (FullTransactionIdIsValid(own) && FullTransactionIdPrecedes(own, set->xmax))
	{
		set->xip[set->nxip++] = own;
		if (FullTransactionIdPrecedes(own, set->xmin))
			set->xmin = own;
	}
	qsort(set->xip, set->nxip, sizeof(FullTransactionId), compare_xids);
	return set;
}

bool
IvmXidSetContains(const IvmXidSet *set, FullTransactionId xid)
{
	if (FullTransactionIdPrecedes(xid, set->xmin))
		return true;
	if (!FullTransactionIdPrecedes(xid, set->xmax))
		return false;
	return bsearch(&xid, set->xip, set->nxip, sizeof(FullTransactionId), compare_xids) == NULL;
}

FullTransactionId
IvmXidSetNextAbsent(const IvmXidSet *set, FullTransactionId xid)
{
	int			low = 0;
	int			high = set->nxip;

	if (!FullTransactionIdPrecedes(xid, set->xmax))
		return xid;
	while (low < high)
	{
		int			mid = (low + high) / 2;

		if (FullTransactionIdPrecedes(set->xip[mid], xid))
			low = mid + 1;
		else
			high = mid;
	}
	return low < set->nxip ? set->xip[low] : set->xmax;
}

/* Ask the commit log about an old xid, which it may have forgotten. */
static IvmXidFate
old_fate(FullTransactionId xid)
{
	IvmXidFate	fate;
	FullTransactionId oldest;

	LWLockAcquire(XactTruncationLock, LW_SHARED);
	oldest = widen(IvmOldestClogXid(), ReadNextFullTransactionId());
	if (FullTransactionIdPrecedes(xid, oldest))
		fate = IVM_XID_FORGOTTEN;
	else
		fate = TransactionIdDidCommit(XidFromFullTransactionId(xid)) ?
			IVM_XID_COMMITTED : IVM_XID_ABORTED;
	LWLockRelease(XactTruncationLock);
	return fate;
}

/* Fate of a transaction that has ended. */
static IvmXidFate
final_fate(FullTransactionId xid)
{
	KnownFate  *known = &known_fates[U64FromFullTransactionId(xid) % FATE_CACHE_SIZE];
	TransactionId xmin = MyProc->xmin;
	IvmXidFate	fate;

	if (known->xid == U64FromFullTransactionId(xid))
		return known->committed ? IVM_XID_COMMITTED : IVM_XID_ABORTED;

	if (TransactionIdIsNormal(xmin) &&
		!FullTransactionIdPrecedes(xid, IvmFullXid(xmin)))
		fate = TransactionIdDidCommit(XidFromFullTransactionId(xid)) ?
			IVM_XID_COMMITTED : IVM_XID_ABORTED;
	else
		fate = old_fate(xid);

	if (fate != IVM_XID_FORGOTTEN)
	{
		known->xid = U64FromFullTransactionId(xid);
		known->committed = (fate == IVM_XID_COMMITTED);
	}
	return fate;
}

/*
 * A snapshot's xmax, widened.  Kept from call to call, since most calls are
 * about one snapshot; read anew where the xid at hand is implausibly far from it.
 */
static uint64
widened_xmax(Snapshot snapshot, uint64 near)
{
	static TransactionId last = InvalidTransactionId;
	static uint64 last_widened;

	if (snapshot->xmax != last ||
		near + HALF_OF_XIDS < last_widened || near > last_widened + HALF_OF_XIDS)
	{
		last_widened = U64FromFullTransactionId(IvmFullXid(snapshot->xmax));
		last = snapshot->xmax;
	}
	return last_widened;
}

IvmSight
IvmSnapshotSees(Snapshot snapshot, FullTransactionId fxid)
{
	TransactionId xid = XidFromFullTransactionId(fxid);
	uint64		xmax;

	check_snapshot(snapshot);
	if (FullTransactionIdEquals(fxid, GetTopFullTransactionIdIfAny()))
		return IVM_SEEN;

	xmax = widened_xmax(snapshot, U64FromFullTransactionId(fxid));
	if (U64FromFullTransactionId(fxid) >= xmax)
		return IVM_UNSEEN;
	if (U64FromFullTransactionId(fxid) + HALF_OF_XIDS > xmax &&
		!TransactionIdPrecedes(xid, snapshot->xmin))
	{
		for (uint32 i = 0; i < snapshot->xcnt; i++)
		{
			if (snapshot->xip[i] == xid)
				return IVM_UNSEEN;
		}
	}

	switch (final_fate(fxid))
	{
		case IVM_XID_COMMITTED:
			return IVM_SEEN;
		case IVM_XID_FORGOTTEN:
			return IVM_TOO_OLD;
		default:
			return IVM_UNSEEN;
	}
}

IvmXidFate
IvmXidFateOf(FullTransactionId fxid)
{
	uint64		next = U64FromFullTransactionId(ReadNextFullTransactionId());
	uint64		xid = U64FromFullTransactionId(fxid);

	if (xid >= next)
		return IVM_XID_RUNNING;

	/* In progress first: the commit log is written before that ends. */
	if (xid + HALF_OF_XIDS > next &&
		TransactionIdIsInProgress(XidFromFullTransactionId(fxid)))
		return IVM_XID_RUNNING;
	return final_fate(fxid);
}

FullTransactionId
IvmHorizon(Oid ownTable)
{
	Relation	rel = table_open(ownTable, AccessShareLock);
	FullTransactionId horizon = IvmFullXid(GetOldestNonRemovableTransactionId(rel));

	table_close(rel, AccessShareLock);
	return horizon;
}
