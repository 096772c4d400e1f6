/*-------------------------------------------------------------------------
 *
 * commit.c
 *		Transaction callbacks: publish at pre-commit, undo, wake the custodian.
 *
 * The overlay goes to the store at PRE_COMMIT and PRE_PREPARE, under the top
 * xid.  It does not matter what becomes of the transaction afterwards: readers
 * ask the commit log.  Nothing of ours can fail once publication is over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "maintain/commit.h"
#include "maintain/joinrows.h"
#include "maintain/linear.h"
#include "maintain/overlay.h"
#include "maintain/propagate.h"
#include "store/shared.h"
#include "store/store.h"
#include "utils/memutils.h"

static bool publication_over = false;	/* in this transaction */
static bool wake_at_end = false;

/* Write the net overlay, and what joined rows amount to, to the store; and begin empty ones. */
static void
publish(void)
{
	MemoryContext cxt;
	MemoryContext old;
	IvmOverlayNet net;

	if (IvmOverlayIsEmpty() && IvmJoinRowsIsEmpty())
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm publish", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	IvmOverlayNetContent(&net);
	if (IvmStoreAvailable(NULL) &&
		(net.ndeltas + net.ngens + net.ninvalid > 0 || !IvmJoinRowsIsEmpty()))
	{
		wake_at_end = true;		/* what a failure leaves is to be removed */
		IvmPropagate(&net);
	}
	IvmOverlayForget();
	IvmJoinRowsForget();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			publish();
			publication_over = true;
			return;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_ABORT:
			if (wake_at_end)
				IvmSharedWakeCustodian();
			break;
		default:
			return;				/* parallel workers write nothing */
	}
	IvmOverlayForget();
	IvmJoinRowsForget();
	IvmLinearForgetUserCode(true);
	publication_over = false;
	wake_at_end = false;
}

static void
subxact_callback(SubXactEvent event, SubTransactionId mySubid,
				 SubTransactionId parentSubid, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	IvmOverlayAbortSub(mySubid);
	IvmJoinRowsAbortSub(mySubid);
	IvmLinearForgetUserCode(false);
}

void
IvmCommitRegister(void)
{
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
}

void
IvmCommitCaptured(void)
{
	if (publication_over)
		publish();
}

bool
IvmCommitIsOver(void)
{
	return publication_over;
}

void
IvmCommitWakeCustodian(void)
{
	wake_at_end = true;
}
