/*-------------------------------------------------------------------------
 *
 * commit.h
 *		Transaction callbacks: publish at pre-commit, undo, wake the custodian.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_COMMIT_H
#define IVM_COMMIT_H

/* From _PG_init: early, since a callback registered while a transaction commits is not called for it. */
extern void IvmCommitRegister(void);

/*
 * To be called after something was captured: publishes at once where this
 * transaction's publication is over already (changes made by another
 * extension's pre-commit callback).
 */
extern void IvmCommitCaptured(void);

/* Is it over?  Then captured changes can no longer be taken back. */
extern bool IvmCommitIsOver(void);

/* Wake the custodian when the transaction has ended. */
extern void IvmCommitWakeCustodian(void);

#endif							/* IVM_COMMIT_H */
