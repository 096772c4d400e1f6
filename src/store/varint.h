/*-------------------------------------------------------------------------
 *
 * varint.h
 *		Integers in as few bytes as they need: little-endian groups of seven
 *		bits, the top bit of a byte says that another follows.  Signed ones
 *		are zigzag encoded, so that small magnitudes are short.
 *
 * Readers never look past their end; what they cannot read is reported as
 * ERRCODE_DATA_CORRUPTED.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_VARINT_H
#define IVM_VARINT_H

#include "lib/stringinfo.h"

#define IVM_VARINT_MAX		10	/* bytes of a 64-bit integer, at most */
#define IVM_VARINT128_MAX	19	/* of a 128-bit one */

typedef struct IvmReader
{
	const uint8 *p;
	const uint8 *end;
} IvmReader;

/* ereport(ERROR): these bytes are not what was packed */
extern void IvmPackedCorrupt(void) __attribute__((noreturn, cold));

extern uint64 IvmReadLongVarint(IvmReader *r);
extern int128 IvmReadVarint128(IvmReader *r);
extern uint8 *IvmWriteVarint128(uint8 *p, int128 v);

static inline uint64
IvmReadUvarint(IvmReader *r)
{
	if (likely(r->p < r->end && *r->p < 0x80))
		return *r->p++;
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
	while (v >= 0x80)
	{
		*p++ = (uint8) v | 0x80;
		v >>= 7;
	}
	*p++ = (uint8) v;
	return p;
}

static inline uint8 *
IvmWriteVarint(uint8 *p, int64 v)
{
	return IvmWriteUvarint(p, ((uint64) v << 1) ^ (uint64) (v >> 63));
}

/* Room for size bytes at the end of buf ... */
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
