/*-------------------------------------------------------------------------
 *
 * varint.c
 *		The long forms of variable-length integers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/varint.h"

void
IvmPackedCorrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a stored row of a view is damaged"),
			 errhint("Rebuild the view with ivm_fdw_rebuild().")));
}

uint64
IvmReadLongVarint(IvmReader *r)
{
	uint64		v = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8		b;

		if (r->p >= r->end)
			break;
		b = *r->p++;
		if (shift == 63 && b > 1)
			break;
		v |= (uint64) (b & 0x7F) << shift;
		if (b < 0x80)
			return v;
	}
	IvmPackedCorrupt();
}

int128
IvmReadVarint128(IvmReader *r)
{
	uint128		v = 0;

	/* nearly always it is short: spare the 128-bit shifts */
	if (likely(r->p < r->end && *r->p < 0x80))
		return IvmReadVarint(r);

	for (int shift = 0; shift < 128; shift += 7)
	{
		uint8		b;

		if (r->p >= r->end)
			break;
		b = *r->p++;
		if (shift == 126 && b > 3)
			break;
		v |= (uint128) (b & 0x7F) << shift;
		if (b < 0x80)
			return (int128) (v >> 1) ^ -(int128) (v & 1);
	}
	IvmPackedCorrupt();
}

uint8 *
IvmWriteVarint128(uint8 *p, int128 v)
{
	uint128		u = ((uint128) v << 1) ^ (uint128) (v >> 127);

	while (u > PG_UINT64_MAX)
	{
		*p++ = (uint8) u | 0x80;
		u >>= 7;
	}
	return IvmWriteUvarint(p, (uint64) u);
}
