/*-------------------------------------------------------------------------
 *
 * merge.h
 *		A view's keys as a snapshot sees them: what is stored and the
 *		transaction's own overlay, merged in key order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_MERGE_H
#define IVM_MERGE_H

#include "store/generation.h"
#include "store/rows.h"
#include "view/definition.h"

typedef struct IvmMerge IvmMerge;

/* Constant strings: why the store turned out not to be able to answer. */
#define IVM_REASON_DAMAGED "the store is damaged: a key with a negative count"
#define IVM_REASON_TOO_OLD "the store is older than the commit log"

/*
 * Prepare to read; gen and snapshot must outlive it.  Allocates in a child of
 * CurrentMemoryContext.
 */
extern IvmMerge *IvmMergeBegin(const IvmView *view, const IvmGeneration *gen, Snapshot snapshot);

/*
 * Start to read these ranges (kept, not copied), from the end where backward.
 * The overlay is copied: later changes of this transaction have command ids that the
 * snapshot does not count, but they would move what the overlay's rows point to.
 */
extern void IvmMergeStart(IvmMerge *merge, const IvmKeyRange *ranges, int nranges, bool backward);

/*
 * The next key, which stays the next until it is taken; false at the end, or
 * where IvmMergeUnfit tells why there is none.
 */
extern bool IvmMergePeek(IvmMerge *merge, const char **key, uint32 *keylen);

/*
 * Take the key that was peeked at: add what it has to a state of its slot's description.  The key
 * stays valid until the next peek.
 */
extern void IvmMergeTake(IvmMerge *merge, IvmState *state);

extern const char *IvmMergeUnfit(const IvmMerge *merge);	/* NULL: all is well */
extern void IvmMergeSetUnfit(IvmMerge *merge, const char *reason);
extern int64 IvmMergeDeltas(const IvmMerge *merge); /* deltas (stored, and own keys) merged so far */
extern void IvmMergeEnd(IvmMerge *merge);

#endif							/* IVM_MERGE_H */
