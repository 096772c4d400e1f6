/*-------------------------------------------------------------------------
 *
 * varint.h
 *		Integers in as few bytes as they need: one byte up to 239, else a byte
 *		that tells how many follow, little-endian (so that reading is one load,
 *		no loop).  Signed ones are zigzag encoded: small magnitudes are short.
 *
 * Readers never look past their end; what they cannot read is reported as
 * ERRCODE_DATA_CORRUPTED.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_VARINT_H
#define IVM_VARINT_H

#include "lib/stringinfo.h"

#define IVM_VARINT_MAX		9	/* bytes of a 64-bit integer, at most */
#define IVM_VARINT128_MAX	17	/* of a 128-bit one */
#define IVM_VARINT_SMALL	240 /* what is smaller is the byte itself */

typedef struct IvmReader
{
	const uint8 *p;
	const uint8 *end;
} IvmReader;

/* ereport(ERROR): these bytes are not what was packed */
extern void IvmPackedCorrupt(void) __attribute__((noreturn, cold));

extern uint64 IvmReadLongVarint(IvmReader *r);
extern int128 IvmReadVarint128(IvmReader *r);
extern uint8 *IvmWriteLongVarint(uint8 *p, uint128 v);

/*
 * Inline as long as eight bytes can be loaded at once, which is everywhere but
 * at the very end: a full scan reads several of these for each row.
 */
static inline uint64
IvmReadUvarint(IvmReader *r)
{
	const uint8 *p = r->p;

#ifndef WORDS_BIGENDIAN
	if (likely(r->end - p > sizeof(uint64)))
	{
		int			n = *p - (IVM_VARINT_SMALL - 1);
		uint64		v;

		if (n <= 0)
		{
			r->p = p + 1;
			return *p;
		}
		if (likely(n <= sizeof(uint64)))
		{
			memcpy(&v, p + 1, sizeof(v));
			r->p = p + 1 + n;
			return v & (PG_UINT64_MAX >> (64 - 8 * n));
		}
	}
#endif
	if (p < r->end && *p < IVM_VARINT_SMALL)
	{
		r->p = p + 1;
		return *p;
	}
	return IvmReadLongVarint(r);
}

static inline int64
IvmReadVarint(IvmReader *r)
{
	uint64		u = IvmReadUvarint(r);

	return (int64) (u >> 1) ^ -(int64) (u & 1);
}

static inline uint8 *
IvmWriteUvarint(uint8 *p, uint64 v)
{
	if (unlikely(v >= IVM_VARINT_SMALL))
		return IvmWriteLongVarint(p, v);
	*p++ = (uint8) v;
	return p;
}

static inline uint8 *
IvmWriteVarint(uint8 *p, int64 v)
{
	return IvmWriteUvarint(p, ((uint64) v << 1) ^ (uint64) (v >> 63));
}

static inline uint8 *
IvmWriteVarint128(uint8 *p, int128 v)
{
	uint128		u = ((uint128) v << 1) ^ (uint128) (v >> 127);

	return u < IVM_VARINT_SMALL ? IvmWriteUvarint(p, (uint64) u) : IvmWriteLongVarint(p, u);
}

/*
 * Room for size bytes at the end of buf (each integer counted with its MAX,
 * whatever it needs: writers may clobber that much) ...
 */
static inline uint8 *
IvmWriteBegin(StringInfo buf, Size size)
{
	enlargeStringInfo(buf, (int) size);
	return (uint8 *) buf->data + buf->len;
}

/* ... of which those before end were used. */
static inline void
IvmWriteEnd(StringInfo buf, uint8 *end)
{
	buf->len = (int) ((char *) end - buf->data);
	buf->data[buf->len] = '\0';
}

#endif							/* IVM_VARINT_H */
