/*-------------------------------------------------------------------------
 *
 * publish.h
 *		Tagged put of a transaction's deltas, generations and invalidations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_PUBLISH_H
#define IVM_PUBLISH_H

#include "store/generation.h"

typedef struct IvmDelta
{
	uint32		view;
	const char *key;
	uint32		keylen;
	const char *state;			/* packed */
	uint32		statelen;
} IvmDelta;

/*
 * Publish a transaction's deltas, new generations and invalidations under its
 * top xid.  Deltas should come in key order within a view.  May be called more
 * than once for a transaction.  ERROR leaves at most garbage under a tag that
 * will never commit.
 */
extern void IvmStorePublish(FullTransactionId xid, const IvmDelta *deltas, int ndeltas,
							IvmGeneration *const *gens, int ngens,
							const uint32 *invalid_views, int ninvalid);

#endif							/* IVM_PUBLISH_H */
