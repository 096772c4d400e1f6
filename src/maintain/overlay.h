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
#include "store/publish.h"
#include "store/rows.h"
#include "view/definition.h"

/* Count one signed contribution (not kept) under a key, made by the heap change of command cid. */
extern void IvmOverlayAdd(IvmView *view, const char *key, uint32 keylen,
						  const IvmState *delta, CommandId cid);

/* TRUNCATE of the view's only base table by command cid: what was captured before it is void. */
extern void IvmOverlayTruncate(IvmView *view, CommandId cid);

/*
 * The overlay can no longer be relied upon: some change of the current
 * (sub)transaction is not in it.  The view is invalid as of this transaction.
 */
extern void IvmOverlayLose(uint32 view);

/* An unpublished generation that this transaction made (copied). */
extern void IvmOverlayAddGeneration(const IvmGeneration *gen);

/* For readers: unpublished generations (oldest first); whether a change after the newest of them is lost. */
extern IvmGeneration **IvmOverlayGenerations(uint32 view, int *ngens);
extern bool IvmOverlayLost(uint32 view);

/*
 * Rows of the overlay within the ranges (none: all) for a snapshot: sorted in
 * physical key order, summed per key, without the elements at or above
 * curcid.  Copies in CurrentMemoryContext.
 */
typedef struct IvmOverlayRow
{
	const char *key;
	uint32		keylen;
	const IvmState *state;
} IvmOverlayRow;

extern IvmOverlayRow *IvmOverlayRows(const IvmView *view, CommandId curcid,
									 const IvmKeyRange *ranges, int nranges, int *nrows);

/* --- for commit.c --- */

/* Net content of the overlay, packed, in order, in CurrentMemoryContext. */
typedef struct IvmOverlayNet
{
	IvmDelta   *deltas;
	int			ndeltas;
	IvmGeneration **gens;
	int			ngens;
	uint32	   *invalid;
	int			ninvalid;
} IvmOverlayNet;

extern bool IvmOverlayIsEmpty(void);
extern void IvmOverlayNetContent(IvmOverlayNet *net);

extern void IvmOverlayForget(void); /* all of it: published, or the transaction has ended */
extern void IvmOverlayAbortSub(SubTransactionId subid);

#endif							/* IVM_OVERLAY_H */
