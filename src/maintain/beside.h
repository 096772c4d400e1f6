/*-------------------------------------------------------------------------
 *
 * beside.h
 *		Evaluation with rows of others in flight, which may yet be rolled back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_BESIDE_H
#define IVM_BESIDE_H

#include "store/inflight.h"

/*
 * Others' rows may be such that evaluation fails, and yet no fault of ours.  So where
 * it fails beside others, wait for their ends, and, if any has aborted, try again without
 * its rows (memory in cxt is reset before); else the error stands.  Others than those that have registered before are not
 * waited for, so nobody waits in a circle.
 */
extern void IvmEvaluateBeside(IvmInflight *inflight, FullTransactionId xid,
							  void (*evaluate) (void *arg), void *arg, MemoryContext cxt);

#endif							/* IVM_BESIDE_H */
