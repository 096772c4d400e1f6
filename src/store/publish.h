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
	int			nmore;			/* further transactions of the tag, at most IVM_MAX_MORE_XIDS */
	const FullTransactionId *more;
} IvmDelta;

#define IVM_MAX_MORE_XIDS	255

/* The view is invalid for who sees xid, unless with a generation whose B has it. */
typedef struct IvmInvalidation
{
	uint32		view;
	FullTransactionId xid;
} IvmInvalidation;

/* What a transaction publishes. */
typedef struct IvmPublication
{
	FullTransactionId xid;		/* top-level; leads the tag of every delta */
	const IvmDelta *deltas;		/* should be in key order within a view; several of a key may have the same or different tags */
	int			ndeltas;
	IvmGeneration *const *gens;
	int			ngens;
	const IvmInvalidation *invalid; /* as of xid, and as of those whom a join has met (inflight.h) */
	int			ninvalid;
} IvmPublication;

/*
 * May be called more than once for a transaction.  ERROR leaves at most garbage
 * under a tag that will never commit.
 */
extern void IvmStorePublish(const IvmPublication *pub);

/* Something that goes into a publication's own write transaction (for store/ only). */
struct MDB_txn;
typedef struct IvmPublishExtra
{
	int			nops;
	Size		bytes;

	/* Comes first; sets *refuse where nothing is to be written.  An LMDB error code or 0. */
	int			(*put) (struct MDB_txn *txn, void *arg, bool *refuse);
	void	   *arg;
} IvmPublishExtra;

/*
 * Publish all in one write transaction, with something else.  False, and
 * nothing is written, where that refuses or where it is too much for one.
 */
extern bool IvmStorePublishTogether(const IvmPublication *pub, const IvmPublishExtra *extra);

#endif							/* IVM_PUBLISH_H */
