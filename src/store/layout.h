/*-------------------------------------------------------------------------
 *
 * layout.h
 *		Keys and values of the store's tables, as bytes.
 *
 *	base		generation be32, physical key
 *				-> [whole key,] state
 *	delta		view be32, physical key, xid be64, sequence be32
 *				-> number of further xids (1 byte), these, [whole key,] state
 *	directory	view be32, kind (1 byte), …	(directory.h)
 *
 * The physical key is the key itself up to IVM_KEY_LIMIT bytes; of a longer
 * one, that many bytes and the SHA-256 of the whole key, which then leads the
 * state (length, bytes).  The length tells which.  Keys of a view are prefix-free, and
 * so are therefore physical keys: a truncated one has a hash only where its
 * whole key differs from all short ones already.
 *
 * Numbers in keys are big-endian, so that they sort; in values native.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_LAYOUT_H
#define IVM_LAYOUT_H

#include "port/pg_bswap.h"
#include "store/visibility.h"

#define IVM_HASH_LENGTH		32
#define IVM_DELTA_TAIL		12	/* xid and sequence */
#define IVM_KEY_LIMIT		463 /* 511 less the parts around and the hash */
#define IVM_TRUNCATED_LENGTH	(IVM_KEY_LIMIT + IVM_HASH_LENGTH)
#define IVM_MAX_STORE_KEY	(4 + IVM_TRUNCATED_LENGTH + IVM_DELTA_TAIL)

#define IvmKeyIsLong(keylen)	((keylen) > IVM_KEY_LIMIT)
#define IvmPhysicalIsTruncated(physlen) ((physlen) == IVM_TRUNCATED_LENGTH)

static inline void
IvmPut32(char *to, uint32 n)
{
	n = pg_hton32(n);
	memcpy(to, &n, sizeof(n));
}

static inline void
IvmPut64(char *to, uint64 n)
{
	n = pg_hton64(n);
	memcpy(to, &n, sizeof(n));
}

static inline uint32
IvmGet32(const char *from)
{
	uint32		n;

	memcpy(&n, from, sizeof(n));
	return pg_ntoh32(n);
}

static inline uint64
IvmGet64(const char *from)
{
	uint64		n;

	memcpy(&n, from, sizeof(n));
	return pg_ntoh64(n);
}

/* Write prefix (view or generation) and physical key to buf; returns their length.  May ereport for long keys only. */
extern Size IvmStoreKeyMake(char *buf, uint32 prefix, const char *key, uint32 keylen);

/* Append xid and sequence to a delta's key. */
static inline Size
IvmDeltaTail(char *buf, Size len, FullTransactionId xid, uint32 sequence)
{
	IvmPut64(buf + len, U64FromFullTransactionId(xid));
	IvmPut32(buf + len + 8, sequence);
	return len + IVM_DELTA_TAIL;
}

/* Bytes that a whole key takes in the value. */
static inline Size
IvmWholeKeySize(uint32 keylen)
{
	return IvmKeyIsLong(keylen) ? sizeof(uint32) + keylen : 0;
}

static inline char *
IvmWholeKeyWrite(char *to, const char *key, uint32 keylen)
{
	if (!IvmKeyIsLong(keylen))
		return to;
	memcpy(to, &keylen, sizeof(keylen));
	memcpy(to + sizeof(keylen), key, keylen);
	return to + sizeof(keylen) + keylen;
}

/* A stored row or delta, taken apart; pointers lead into the entry. */
typedef struct IvmRowParts
{
	const char *phys;
	uint32		physlen;
	const char *key;			/* whole */
	uint32		keylen;
	const char *state;
	uint32		statelen;
	/* deltas */
	FullTransactionId xid;
	int			nmore;
	const char *more;			/* nmore further xids, unaligned */
} IvmRowParts;

/* False where the entry is malformed. */
extern bool IvmBaseParse(const char *key, Size keylen, const char *value, Size valuelen,
						 IvmRowParts *parts);
extern bool IvmDeltaParse(const char *key, Size keylen, const char *value, Size valuelen,
						  IvmRowParts *parts);

/* Xid number i of a delta's tag (0: the first). */
static inline FullTransactionId
IvmTagXid(FullTransactionId first, const char *more, int i)
{
	uint64		xid;

	if (i == 0)
		return first;
	memcpy(&xid, more + (i - 1) * sizeof(xid), sizeof(xid));
	return FullTransactionIdFromU64(xid);
}

#endif							/* IVM_LAYOUT_H */
