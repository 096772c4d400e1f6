/*-------------------------------------------------------------------------
 *
 * rows.h
 *		Merged read of base rows and deltas.
 *
 * Base rows are keyed (generation, key), deltas (view, key, xid, sequence).
 * Keys longer than LMDB allows are kept as a prefix and their SHA-256, the
 * whole key then stands in the value; callers see whole keys only.  No key of
 * a view may be a proper prefix of another of its keys.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ROWS_H
#define IVM_ROWS_H

#include "store/generation.h"

/*
 * The order in which scans return rows, overlays are merged and bases are
 * loaded: memcmp of the whole keys, shorter first.  (LMDB orders long keys of
 * one prefix by their hash; that shows nowhere.)
 */
extern int	IvmPhysicalKeyCompare(const char *a, Size alen, const char *b, Size blen);

/*
 * The first byte of a key says what it is of: a group, an element of an
 * arrangement (slots 1 to 253: slot, owner, element), or a slot's total for an owner.
 *
 * Totals rows are in bases only, made by builds and folding, and count in `rows`
 * the owner's elements in that base whose own rows are positive: of those elements whose state
 * holds IVM_ACC_MEMBER, in every LMDB transaction.  There is none where the count is 0.
 */
#define IVM_SLOT_GROUPS		((char) 0x00)
#define IVM_SLOT_TOTALS		((char) 0xFF)

static inline bool
IvmKeyIsGroup(const char *key, uint32 keylen)
{
	return keylen > 0 && key[0] == IVM_SLOT_GROUPS;
}

/* Bytes of the totals row's key of an element (or of its slot and owner), and write it. */
#define IvmTotalsKeyLength(ownerlen)	(2 + (ownerlen))
extern void IvmTotalsKeyWrite(char *to, const char *element, uint32 ownerlen);

/* [lower, upper) in whole-key bytes; upperlen 0: no upper bound. */
typedef struct IvmKeyRange
{
	const char *lower;
	uint32		lowerlen;
	const char *upper;
	uint32		upperlen;
} IvmKeyRange;

typedef struct IvmPiece			/* a packed state */
{
	const char *state;
	uint32		statelen;
} IvmPiece;

typedef struct IvmStoredRow
{
	const char *key;			/* whole key */
	uint32		keylen;
	bool		has_base;		/* the first piece is the base */
	int			npieces;		/* base first where there is one, then visible deltas */
	IvmPiece   *pieces;
	int			ndeltas;		/* how many of the pieces are deltas */
} IvmStoredRow;

typedef struct IvmRowScan IvmRowScan;

/*
 * Read the rows of a generation and the deltas that the snapshot sees and the
 * generation's B does not, merged, in the order of IvmPhysicalKeyCompare, or
 * backward in the reverse of it.  Ranges are ascending and disjoint, also for a
 * backward scan, which visits the last one first; nranges 0: all.
 * Each batch is read in a short LMDB read transaction of its own.  Everything
 * is allocated in a child of CurrentMemoryContext; gen, snapshot and ranges are not copied and must
 * outlive the scan.
 */
extern IvmRowScan *IvmRowScanBegin(const IvmGeneration *gen, Snapshot snapshot,
								   const IvmKeyRange *ranges, int nranges, bool backward);

/* Scan other ranges under the same generation and snapshot; allocates nothing. */
extern void IvmRowScanRestart(IvmRowScan *scan, const IvmKeyRange *ranges, int nranges,
							  bool backward);

/*
 * Next row into *row (valid until the next call).  Returns false at the end.  *too_old is set when a tag has
 * outlived the commit log; the caller must answer live.
 */
extern bool IvmRowScanNext(IvmRowScan *scan, IvmStoredRow *row, bool *too_old);
extern void IvmRowScanEnd(IvmRowScan *scan);

#endif							/* IVM_ROWS_H */
