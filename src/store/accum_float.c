/*-------------------------------------------------------------------------
 *
 * accum_float.c
 *		Accumulators of floats: exact sums of values, squares and products.
 *
 * NaN and infinities are counted apart and never enter the sums, so that
 * they can leave again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "store/accumkinds.h"

/* Count a value and, where it is finite, add it; returns whether it is. */
static inline bool
float_accum_value(IvmFloatAccum *a, double value, int sign)
{
	a->n += sign;
	if (likely(isfinite(value)))
	{
		if (value != 0)
			IvmExactAdd(&a->sum, value, sign);
		else if (signbit(value))
			a->negzero += sign;
		return true;
	}
	if (isnan(value))
		a->nan += sign;
	else if (value > 0)
		a->pinf += sign;
	else
		a->ninf += sign;
	return false;
}

static inline double
float_argument(Datum value, Oid argtype)
{
	Assert(argtype == FLOAT4OID || argtype == FLOAT8OID);
	return argtype == FLOAT4OID ? (double) DatumGetFloat4(value) : DatumGetFloat8(value);
}

static void
float_accum_row(void *acc, const Datum *args, Oid argtype, int sign)
{
	float_accum_value(acc, float_argument(args[0], argtype), sign);
}

static void
float_add(void *dst, const void *src, int sign)
{
	IvmFloatAccum *d = dst;
	const IvmFloatAccum *s = src;

	d->n += sign * s->n;
	d->nan += sign * s->nan;
	d->pinf += sign * s->pinf;
	d->ninf += sign * s->ninf;
	d->negzero += sign * s->negzero;
	IvmLimbsAdd(&d->sum, &s->sum, sign, IVM_BASE_BINARY);
}

static inline int64
float_rarities(const IvmFloatAccum *a)
{
	return a->nan | a->pinf | a->ninf | a->negzero;
}

static bool
float_iszero(const void *acc)
{
	const IvmFloatAccum *a = acc;

	return (a->n | float_rarities(a)) == 0 && IvmLimbsIsZero(&a->sum, IVM_BASE_BINARY);
}

/* A flag tells whether the counts that are nearly always zero follow. */
static void
float_pack(const void *acc, StringInfo buf)
{
	const IvmFloatAccum *a = acc;
	uint8	   *p = IvmWriteBegin(buf, 1 + 5 * IVM_VARINT_MAX);
	bool		rare = float_rarities(a) != 0;

	*p++ = rare;
	p = IvmWriteVarint(p, a->n);
	if (rare)
	{
		p = IvmWriteVarint(p, a->nan);
		p = IvmWriteVarint(p, a->pinf);
		p = IvmWriteVarint(p, a->ninf);
		p = IvmWriteVarint(p, a->negzero);
	}
	IvmWriteEnd(buf, p);
	IvmLimbsPack(&a->sum, IVM_BASE_BINARY, buf);
}

static void
float_unpack(void *acc, IvmReader *r)
{
	IvmFloatAccum *a = acc;
	uint64		rare = IvmReadUvarint(r);

	if (rare > 1)
		IvmPackedCorrupt();
	a->n += IvmReadVarint(r);
	if (rare)
	{
		a->nan += IvmReadVarint(r);
		a->pinf += IvmReadVarint(r);
		a->ninf += IvmReadVarint(r);
		a->negzero += IvmReadVarint(r);
	}
	IvmLimbsUnpackAdd(&a->sum, IVM_BASE_BINARY, r);
}

static void
floatsq_accum_row(void *acc, const Datum *args, Oid argtype, int sign)
{
	IvmFloatSqAccum *a = acc;
	double		x = float_argument(args[0], argtype);

	if (float_accum_value(&a->base, x, sign))
		IvmExactAddProduct(&a->sumsq, x, x, sign);
}

static void
floatsq_add(void *dst, const void *src, int sign)
{
	IvmFloatSqAccum *d = dst;
	const IvmFloatSqAccum *s = src;

	float_add(&d->base, &s->base, sign);
	IvmLimbsAdd(&d->sumsq, &s->sumsq, sign, IVM_BASE_BINARY);
}

static bool
floatsq_iszero(const void *acc)
{
	const IvmFloatSqAccum *a = acc;

	return float_iszero(&a->base) && IvmLimbsIsZero(&a->sumsq, IVM_BASE_BINARY);
}

static void
floatsq_pack(const void *acc, StringInfo buf)
{
	const IvmFloatSqAccum *a = acc;

	float_pack(&a->base, buf);
	IvmLimbsPack(&a->sumsq, IVM_BASE_BINARY, buf);
}

static void
floatsq_unpack(void *acc, IvmReader *r)
{
	IvmFloatSqAccum *a = acc;

	float_unpack(&a->base, r);
	IvmLimbsUnpackAdd(&a->sumsq, IVM_BASE_BINARY, r);
}

static void
floatxy_accum_row(void *acc, const Datum *args, Oid argtype, int sign)
{
	IvmFloatXYAccum *a = acc;
	double		y = DatumGetFloat8(args[0]);
	double		x = DatumGetFloat8(args[1]);
	bool		finite_x = float_accum_value(&a->x, x, sign);
	bool		finite_y = float_accum_value(&a->y, y, sign);

	if (finite_x)
		IvmExactAddProduct(&a->xx, x, x, sign);
	if (finite_y)
		IvmExactAddProduct(&a->yy, y, y, sign);
	if (finite_x && finite_y)
		IvmExactAddProduct(&a->xy, x, y, sign);
}

static void
floatxy_add(void *dst, const void *src, int sign)
{
	IvmFloatXYAccum *d = dst;
	const IvmFloatXYAccum *s = src;

	float_add(&d->x, &s->x, sign);
	float_add(&d->y, &s->y, sign);
	IvmLimbsAdd(&d->xx, &s->xx, sign, IVM_BASE_BINARY);
	IvmLimbsAdd(&d->yy, &s->yy, sign, IVM_BASE_BINARY);
	IvmLimbsAdd(&d->xy, &s->xy, sign, IVM_BASE_BINARY);
}

static bool
floatxy_iszero(const void *acc)
{
	const IvmFloatXYAccum *a = acc;

	return float_iszero(&a->x) && float_iszero(&a->y) &&
		IvmLimbsIsZero(&a->xx, IVM_BASE_BINARY) &&
		IvmLimbsIsZero(&a->yy, IVM_BASE_BINARY) &&
		IvmLimbsIsZero(&a->xy, IVM_BASE_BINARY);
}

static void
floatxy_pack(const void *acc, StringInfo buf)
{
	const IvmFloatXYAccum *a = acc;

	float_pack(&a->x, buf);
	float_pack(&a->y, buf);
	IvmLimbsPack(&a->xx, IVM_BASE_BINARY, buf);
	IvmLimbsPack(&a->yy, IVM_BASE_BINARY, buf);
	IvmLimbsPack(&a->xy, IVM_BASE_BINARY, buf);
}

static void
floatxy_unpack(void *acc, IvmReader *r)
{
	IvmFloatXYAccum *a = acc;

	float_unpack(&a->x, r);
	float_unpack(&a->y, r);
	IvmLimbsUnpackAdd(&a->xx, IVM_BASE_BINARY, r);
	IvmLimbsUnpackAdd(&a->yy, IVM_BASE_BINARY, r);
	IvmLimbsUnpackAdd(&a->xy, IVM_BASE_BINARY, r);
}

const IvmAccumOps IvmFloatOps = {
	sizeof(IvmFloatAccum), float_accum_row, float_add, float_iszero, float_pack, float_unpack
};

const IvmAccumOps IvmFloatSqOps = {
	sizeof(IvmFloatSqAccum), floatsq_accum_row, floatsq_add, floatsq_iszero,
	floatsq_pack, floatsq_unpack
};

const IvmAccumOps IvmFloatXYOps = {
	sizeof(IvmFloatXYAccum), floatxy_accum_row, floatxy_add, floatxy_iszero,
	floatxy_pack, floatxy_unpack
};
