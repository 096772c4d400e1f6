/*-------------------------------------------------------------------------
 *
 * beside.c
 *		Evaluation with rows of others in flight (see beside.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "maintain/beside.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* Is it an error of evaluation, and not of its circumstances? */
static bool
is_of_evaluation(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return false;
		default:
			return true;
	}
}

/* Wait for the end of all others.  Returns whether one of them has aborted. */
static bool
wait_for_others(IvmInflight *inflight, FullTransactionId xid)
{
	for (int i = 0; i < inflight->nothers; i++)
	{
		FullTransactionId other = inflight->others[i].xid;

		if (!FullTransactionIdEquals(other, xid) && IvmXidFateOf(other) == IVM_XID_RUNNING)
			XactLockTableWait(XidFromFullTransactionId(other), NULL, NULL, XLTW_None);
	}
	return IvmInflightForgetAborted(inflight);
}

/* Evaluate in a subtransaction.  Returns the error that ended it, or NULL. */
static ErrorData *
try_to_evaluate(void (*evaluate) (void *arg), void *arg)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		evaluate(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return error;
}

void
IvmEvaluateBeside(IvmInflight *inflight, FullTransactionId xid,
				  void (*evaluate) (void *arg), void *arg, MemoryContext cxt)
{
	ErrorData  *error;

	if (inflight->nothers == 0)
	{
		evaluate(arg);
		return;
	}
	while ((error = try_to_evaluate(evaluate, arg)) != NULL)
	{
		if (!is_of_evaluation(error) || !wait_for_others(inflight, xid))
			ReThrowError(error);
		FreeErrorData(error);
		MemoryContextReset(cxt);
	}
}
