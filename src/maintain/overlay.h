/*-------------------------------------------------------------------------
 *
 * overlay.h
 *		The transaction's own deltas, in backend memory.
 *
 * Each element has its subtransaction and the command id of the heap change.
 * ROLLBACK TO drops a subtransaction's elements; a scan counts the elements
 * below its snapshot's curcid.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_OVERLAY_H
#define IVM_OVERLAY_H

#include "store/generation.h"
#include "view/definition.h"

/* Count one signed contribution under a key; delta is added (not kept). */
extern void IvmOverlayAdd(IvmView *view, const char *key, uint32 keylen,
						  const IvmState *delta, CommandId cid);

/* TRUNCATE of the view's only base table at command cid: what was captured so far is void. */
extern void IvmOverlayTruncate(IvmView *view, CommandId cid);

/* The overlay can no longer be relied upon (from the current subtransaction on): the view is invalid as of this transaction. */
extern void IvmOverlayLose(uint32 view);

/* An unpublished generation that this transaction made. */
extern void IvmOverlayAddGeneration(IvmGeneration *gen);

/* For readers: unpublished generations (oldest first), and whether the overlay is lost. */
extern IvmGeneration **IvmOverlayGenerations(uint32 view, int *ngens);
extern bool IvmOverlayLost(uint32 view);

/* Any element of this view? (cheap) */
extern bool IvmOverlayHas(uint32 view);

/*
 * Rows of the overlay within [lower, upper) for a snapshot: sorted by
 * IvmPhysicalKeyCompare, summed per key, elements at or above curcid left out.
 * Allocated in CurrentMemoryContext.
 */
typedef struct IvmOverlayRow
{
	const char *key;
	uint32		keylen;
	const IvmState *state;
} IvmOverlayRow;
struct IvmKeyRange;
extern IvmOverlayRow *IvmOverlayRows(IvmView *view, CommandId curcid,
									 const struct IvmKeyRange *ranges, int nranges, int *nrows);

#endif							/* IVM_OVERLAY_H */
