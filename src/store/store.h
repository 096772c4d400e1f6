/*-------------------------------------------------------------------------
 *
 * store.h
 *		A database's LMDB environment: availability, opening, maintenance.
 *		(LMDB's own types stay in store/env.h, which only store/ includes.)
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_STORE_H
#define IVM_STORE_H

#include "access/transam.h"

/*
 * May this process use the store?  False in recovery (standby), in binary
 * upgrade, in a standalone backend, when the store was declared broken, and when the library was
 * not preloaded.  *reason (may be NULL) gets a constant string.
 */
extern bool IvmStoreAvailable(const char **reason);

/*
 * Has somebody made the store?  Who only reads asks this first: a store is made by
 * writers and builds, so that a read does not fail where there is no room for one.
 */
extern bool IvmStoreExists(void);

/* Open lazily (other calls do it by themselves); ERROR with errcode and HINT on failure. */
extern void IvmStoreOpen(void);

/*
 * A running transaction before this xid may have changes that the store lacks:
 * it was prepared before the store was born.  (Others that ran at the store's
 * birth publish into it when they commit.)
 */
extern FullTransactionId IvmStoreBirth(void);

/* Clear reader slots of dead processes (custodian). */
extern void IvmStoreReaderCheck(void);

/* Declare the store of this database unusable until the next start (damage was seen). */
extern void IvmStoreSetBroken(void);

/* Remove a dropped database's directory (custodian's launcher; db must not exist). */
extern void IvmStoreRemoveDatabase(Oid dboid);

#endif							/* IVM_STORE_H */
