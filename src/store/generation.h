/*-------------------------------------------------------------------------
 *
 * generation.h
 *		Generations (the bases of views), markers and invalidations.
 *
 * DESIGN section 10; model/store_protocol.py is the executable form.
 *
 * Difference from the design's wording: most changes that escape capture
 * (TRUNCATE, rewriting ALTER, ATTACH, DETACH, DROP of a partition, DISABLE
 * TRIGGER) are told by a *fingerprint* of the base tables (leaf oids,
 * relfilenodes, oids and states of the capture triggers).  A generation
 * remembers the fingerprint under which it was built, and is usable only where
 * the reader's catalogs give the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_GENERATION_H
#define IVM_GENERATION_H

#include "store/visibility.h"
#include "datatype/timestamp.h"

typedef struct IvmGeneration
{
	uint32		view;			/* view's definition id */
	uint32		number;			/* unique in the store, ascending, never used again */
	FullTransactionId maker;
	CommandId	cid;			/* the maker's command; its older cursors must not use it */
	uint64		fingerprint;	/* of the base tables */
	IvmXidSet  *b;				/* what the base contains */
	int64		rows;			/* rows in the base (kept by fold) */
	TimestampTz built;			/* when the build ended */
	int64		build_us;		/* how long it took, microseconds */
} IvmGeneration;

/*
 * Reserve a generation number and put the marker (view, maker), which pauses
 * folding of the view until the maker has ended.  Must come before B is taken.
 * One rebuild of a view at a time, from here to the end of the maker (the
 * caller's lock sees to it): generations are published in the order of their numbers.
 */
extern uint32 IvmGenerationReserve(uint32 view, FullTransactionId maker);

/*
 * Load base rows of a reserved generation: keys ascending
 * (IvmPhysicalKeyCompare), each once.  Chunked; a crash or abort leaves only
 * garbage that the custodian removes.
 */
typedef struct IvmBaseRow
{
	const char *key;
	uint32		keylen;
	const char *state;			/* packed */
	uint32		statelen;
} IvmBaseRow;
extern void IvmGenerationLoad(uint32 number, const IvmBaseRow *rows, int nrows);

/*
 * May a base be built from this snapshot?  Not while another transaction than
 * the maker runs in it whose changes a store before this one took (a prepared
 * one, from before a restart).
 */
extern bool IvmXidSetUsable(const IvmXidSet *b, FullTransactionId maker);

/*
 * Find the newest generation whose maker the snapshot sees, and say whether
 * it may be used.  own/nown: the current transaction's unpublished generations
 * of this view, oldest first; own_invalid: the current transaction has invalidated
 * the view after the newest of these.  Returns a copy in CurrentMemoryContext, or NULL with
 * *reason (a constant string: why the store cannot answer).
 */
extern IvmGeneration *IvmGenerationPick(uint32 view, Snapshot snapshot, uint64 fingerprint,
										IvmGeneration **own, int nown, bool own_invalid,
										const char **reason);

/* What status and the custodian want to know of a view. */
typedef struct IvmViewStoreInfo
{
	bool		has_generation; /* a generation made by a committed transaction */
	IvmGeneration newest;		/* the newest such (b is NULL) */
	int			ngenerations;
	bool		building;		/* a running transaction's marker */
	bool		invalid;		/* the newest generation needs a rebuild: an invalidation that it does
								 * not contain, or a delta that has outlived the commit log */
	int64		pending;		/* delta entries */
	FullTransactionId oldest_tag;	/* of the pending deltas; Invalid if none */
	int64		bytes;			/* approximate size of base and delta entries */
} IvmViewStoreInfo;
extern void IvmViewStoreInfoGet(uint32 view, IvmViewStoreInfo *info);

/* Estimated number of rows of the newest committed generation, or -1 */
extern double IvmGenerationEstimateRows(uint32 view);

/* Ids of all views that have anything in the store; palloc'd. */
extern uint32 *IvmStoreViews(int *nviews);

/* Remove everything of a view whose definition is gone. In small transactions; returns entries removed. */
extern int64 IvmStoreDropView(uint32 view);

#endif							/* IVM_GENERATION_H */
