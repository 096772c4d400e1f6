/*-------------------------------------------------------------------------
 *
 * varint.c
 *		The long forms of variable-length integers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"
#include "store/varint.h"

void
IvmPackedCorrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a stored row of a view is damaged"),
			 errhint("Rebuild the view with ivm_fdw_rebuild().")));
}

#ifdef WORDS_BIGENDIAN
#define LITTLE_ENDIAN_64(v)	pg_bswap64(v)
#define LITTLE_ENDIAN_32(v)	pg_bswap32(v)
#else
#define LITTLE_ENDIAN_64(v)	(v)
#define LITTLE_ENDIAN_32(v)	(v)
#endif

static inline uint64
read_uint32(const uint8 *p)
{
	uint32		v;

	memcpy(&v, p, sizeof(v));
	return LITTLE_ENDIAN_32(v);
}

/* n bytes, little-endian, 1 <= n <= 8, and none beyond end */
static inline uint64
read_bytes(const uint8 *p, const uint8 *end, int n)
{
	uint64		v;

	if (likely(end - p >= sizeof(v)))
	{
		memcpy(&v, p, sizeof(v));
		return LITTLE_ENDIAN_64(v) & (PG_UINT64_MAX >> (64 - 8 * n));
	}
	/* two loads that may overlap */
	if (n >= 4)
		return read_uint32(p) | read_uint32(p + n - 4) << (8 * (n - 4));
	v = p[0];
	if (n > 1)
		v |= (uint64) p[1] << 8 | (uint64) p[n - 1] << (8 * (n - 1));
	return v;
}

/* Write the bytes of v that are not zero, but clobber eight. */
static inline uint8 *
write_bytes(uint8 *p, uint64 v)
{
	uint64		bytes = LITTLE_ENDIAN_64(v);

	memcpy(p, &bytes, sizeof(bytes));
	return p + pg_leftmost_one_pos64(v) / 8 + 1;
}

/* How many bytes follow a first byte that is not the value itself */
static inline int
long_varint_size(IvmReader *r, int most)
{
	int			n;

	if (r->p >= r->end)
		IvmPackedCorrupt();
	n = *r->p++ - IVM_VARINT_SMALL + 1;
	if (n < 1 || n > most || n > r->end - r->p)
		IvmPackedCorrupt();
	return n;
}

/* What is not the short form, which callers have dealt with; or no byte at all */
uint64
IvmReadLongVarint(IvmReader *r)
{
	int			n = long_varint_size(r, sizeof(uint64));
	uint64		v = read_bytes(r->p, r->end, n);

	r->p += n;
	return v;
}

int128
IvmReadVarint128(IvmReader *r)
{
	uint128		v;
	int			n;

	if (likely(r->p < r->end && *r->p < IVM_VARINT_SMALL + sizeof(uint64)))
		return IvmReadVarint(r);
	n = long_varint_size(r, sizeof(uint128));
	v = read_bytes(r->p, r->end, Min(n, 8));
	if (n > 8)
		v |= (uint128) read_bytes(r->p + 8, r->end, n - 8) << 64;
	r->p += n;
	return (int128) (v >> 1) ^ -(int128) (v & 1);
}

uint8 *
IvmWriteLongVarint(uint8 *p, uint128 v)
{
	uint8	   *first = p++;
	uint64		low = (uint64) v;
	uint64		high = (uint64) (v >> 64);

	if (high != 0)
	{
		low = LITTLE_ENDIAN_64(low);
		memcpy(p, &low, sizeof(low));
		p = write_bytes(p + sizeof(low), high);
	}
	else
		p = write_bytes(p, low);
	*first = (uint8) (IVM_VARINT_SMALL + (p - first) - 2);
	return p;
}
