/*-------------------------------------------------------------------------
 *
 * accum_numeric.c
 *		Accumulators of numerics, and of int8 where squares are summed.
 *
 * PostgreSQL prints a sum with the largest display scale of its inputs, so
 * the inputs of each scale are counted.  Where value * 10^scale is an int64,
 * as of nearly all amounts of money, the scale's own int128 takes it (which
 * 2^63 rows cannot overflow); longer ones go to a common sum in digits.
 *
 * Numerics are read in their storage format: it cannot change while
 * pg_upgrade keeps tables, and a call of numeric_send for each row would cost
 * more than everything else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "compat.h"
#include "fmgr.h"
#include "store/accumkinds.h"

#define DEC_DIGITS		4
#define POWERS_OF_TEN	19

static const int64 power_of_ten[POWERS_OF_TEN] = {
	INT64CONST(1), INT64CONST(10), INT64CONST(100), INT64CONST(1000), INT64CONST(10000),
	INT64CONST(100000), INT64CONST(1000000), INT64CONST(10000000), INT64CONST(100000000),
	INT64CONST(1000000000), INT64CONST(10000000000), INT64CONST(100000000000),
	INT64CONST(1000000000000), INT64CONST(10000000000000), INT64CONST(100000000000000),
	INT64CONST(1000000000000000), INT64CONST(10000000000000000),
	INT64CONST(100000000000000000), INT64CONST(1000000000000000000)
};

/* ---------------------------------------------------------------------
 * Reading a numeric
 * ---------------------------------------------------------------------
 */

typedef enum NumericClass
{
	NUM_FINITE,
	NUM_NAN,
	NUM_PINF,
	NUM_NINF
} NumericClass;

/* A numeric in storage format; sum of digit[i] * 10^(4 * (weight - i)) */
typedef struct NumericParts
{
	NumericClass klass;
	bool		neg;
	int			scale;
	int			weight;
	int			ndigits;
	const char *digits;			/* int16s, unaligned */
	struct varlena *copy;		/* detoasted, to be freed, or NULL */
} NumericParts;

static inline uint16
read_uint16(const char *p)
{
	uint16		v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline int
numeric_digit(const NumericParts *v, int i)
{
	return (int16) read_uint16(v->digits + i * sizeof(int16));
}

static inline void
numeric_open(NumericParts *v, Datum value)
{
	struct varlena *num = (struct varlena *) DatumGetPointer(value);
	const char *data;
	uint16		header;
	Size		header_size;

	v->copy = NULL;
	if (unlikely(VARATT_IS_EXTERNAL(num) || VARATT_IS_COMPRESSED(num)))
		num = v->copy = pg_detoast_datum_packed(num);
	data = VARDATA_ANY(num);
	header = read_uint16(data);
	v->klass = NUM_FINITE;
	if ((header & 0xC000) == 0xC000)
	{
		v->klass = header == 0xC000 ? NUM_NAN : header == 0xD000 ? NUM_PINF : NUM_NINF;
		return;
	}
	if (header & 0x8000)
	{
		v->neg = (header & 0x2000) != 0;
		v->scale = (header & 0x1F80) >> 7;
		v->weight = (header & 0x3F) - (header & 0x40);
		header_size = sizeof(uint16);
	}
	else
	{
		v->neg = (header & 0x4000) != 0;
		v->scale = header & IVM_MAX_SCALE;
		v->weight = (int16) read_uint16(data + sizeof(uint16));
		header_size = 2 * sizeof(uint16);
	}
	v->digits = data + header_size;
	v->ndigits = (int) ((VARSIZE_ANY_EXHDR(num) - header_size) / sizeof(int16));
}

static inline void
numeric_close(NumericParts *v)
{
	if (unlikely(v->copy != NULL))
		pfree(v->copy);
}

/* value * 10^scale, if that is an int64 without much ado */
static inline bool
numeric_mantissa(const NumericParts *v, int64 *mantissa)
{
	int64		m = 0;
	int			shift = v->scale + DEC_DIGITS * (v->weight - v->ndigits + 1);

	if (v->ndigits == 0)
	{
		*mantissa = 0;
		return true;
	}
	if (v->ndigits > 5 || shift >= POWERS_OF_TEN || shift <= -DEC_DIGITS)
		return false;
	for (int i = 0; i < v->ndigits; i++)
	{
		if (__builtin_mul_overflow(m, IVM_DECIMAL_BASE, &m) ||
			__builtin_add_overflow(m, numeric_digit(v, i), &m))
			return false;
	}
	if (shift < 0)
		m /= power_of_ten[-shift];	/* digits beyond the scale are zero */
	else if (__builtin_mul_overflow(m, power_of_ten[shift], &m))
		return false;
	*mantissa = v->neg ? -m : m;
	return true;
}

/* ---------------------------------------------------------------------
 * Sums by scale, and in digits
 * ---------------------------------------------------------------------
 */

static IvmScaleSum *
insert_scale(IvmNumericAccum *a, int at, int scale)
{
	IvmScaleSum *s = IvmNumericScales(a);
	int			room = a->more ? a->maxscales : IVM_SCALES_OWN;

	if (a->nscales >= room)
	{
		IvmScaleSum *more = palloc(2 * room * sizeof(IvmScaleSum));

		memcpy(more, s, a->nscales * sizeof(IvmScaleSum));
		if (a->more)
			pfree(a->more);
		a->more = s = more;
		a->maxscales = 2 * room;
	}
	memmove(s + at + 1, s + at, (a->nscales - at) * sizeof(IvmScaleSum));
	a->nscales++;
	memset(s + at, 0, sizeof(IvmScaleSum));
	s[at].scale = scale;
	return s + at;
}

static IvmScaleSum *
scale_sum(IvmNumericAccum *a, int scale)
{
	IvmScaleSum *s = IvmNumericScales(a);
	int			lo = 0;
	int			hi = a->nscales;

	if (likely(hi > 0 && s[0].scale == scale))
		return s;
	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (s[mid].scale < scale)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < a->nscales && s[lo].scale == scale)
		return s + lo;
	return insert_scale(a, lo, scale);
}

static IvmLimbs *
wide_sum(IvmLimbs **limbs)
{
	if (*limbs == NULL)
		*limbs = palloc0(sizeof(IvmLimbs));
	return *limbs;
}

void
IvmDecimalAdd(IvmLimbs *limbs, uint128 magnitude, int scale, int sign)
{
	int			lo = -((scale + DEC_DIGITS - 1) / DEC_DIGITS);
	int			pad = (int) power_of_ten[-lo * DEC_DIGITS - scale];
	uint128		carry = 0;
	int			n = 0;
	int			digit[12];
	int64	   *limb;

	/* 39 decimal places and 3 of padding */
	for (; magnitude != 0 || carry != 0; n++)
	{
		carry += (uint128) (uint32) (magnitude % IVM_DECIMAL_BASE) * pad;
		magnitude /= IVM_DECIMAL_BASE;
		digit[n] = (int) (carry % IVM_DECIMAL_BASE);
		carry /= IVM_DECIMAL_BASE;
	}
	if (n == 0)
		return;
	limb = IvmLimbsWindow(limbs, lo, lo + n - 1, IVM_BASE_DECIMAL);
	for (int i = 0; i < n; i++)
		limb[i] += sign * digit[i];
}

static void
wide_add(IvmLimbs *limbs, const NumericParts *v, int sign)
{
	int64	   *limb;

	limb = IvmLimbsWindow(limbs, v->weight - v->ndigits + 1, v->weight, IVM_BASE_DECIMAL);
	if (v->neg)
		sign = -sign;
	for (int i = 0; i < v->ndigits; i++)
		limb[v->ndigits - 1 - i] += sign * numeric_digit(v, i);
}

/* The square by school's method; a column sums up to 2^15 * 10^8 at most. */
static void
wide_add_square(IvmLimbs *limbs, const NumericParts *v, int sign)
{
	int			n = v->ndigits;
	int64	   *square = palloc0(2 * n * sizeof(int64));
	int64	   *limb;
	int64		carry = 0;

	for (int i = 0; i < n; i++)
	{
		int64		d = numeric_digit(v, n - 1 - i);

		for (int j = 0; j < n; j++)
			square[i + j] += d * numeric_digit(v, n - 1 - j);
	}
	limb = IvmLimbsWindow(limbs, 2 * (v->weight - n + 1), 2 * v->weight + 1, IVM_BASE_DECIMAL);
	for (int i = 0; i < 2 * n; i++)
	{
		carry += square[i];
		limb[i] += sign * (carry % IVM_DECIMAL_BASE);
		carry /= IVM_DECIMAL_BASE;
	}
	pfree(square);
}

/* ---------------------------------------------------------------------
 * The accumulator
 * ---------------------------------------------------------------------
 */

static inline void
accum_mantissa(IvmNumericAccum *a, int64 m, int scale, int sign, bool squares)
{
	IvmScaleSum *s = scale_sum(a, scale);

	s->n += sign;
	s->sum += (int128) m * sign;
	if (!squares)
		return;
	if (m > PG_INT32_MIN && m <= PG_INT32_MAX)
		s->sumsq += m * m * sign;
	else
		IvmDecimalAdd(wide_sum(&a->widesq), (uint128) ((int128) m * m), 2 * scale, sign);
}

static inline void
accum_numeric(IvmNumericAccum *a, Datum value, int sign, bool squares)
{
	NumericParts v;
	int64		m;

	numeric_open(&v, value);
	a->n += sign;
	if (unlikely(v.klass != NUM_FINITE))
		*(v.klass == NUM_NAN ? &a->nan : v.klass == NUM_PINF ? &a->pinf : &a->ninf) += sign;
	else if (likely(numeric_mantissa(&v, &m)))
		accum_mantissa(a, m, v.scale, sign, squares);
	else
	{
		scale_sum(a, v.scale)->n += sign;
		wide_add(wide_sum(&a->wide), &v, sign);
		if (squares)
			wide_add_square(wide_sum(&a->widesq), &v, sign);
	}
	numeric_close(&v);
}

static void
numeric_accum_row(void *acc, const Datum *args, Oid argtype, int sign)
{
	Assert(argtype == NUMERICOID);
	accum_numeric(acc, args[0], sign, false);
}

static void
numericsq_accum_row(void *acc, const Datum *args, Oid argtype, int sign)
{
	if (argtype == INT8OID)
	{
		((IvmNumericAccum *) acc)->n += sign;
		accum_mantissa(acc, DatumGetInt64(args[0]), 0, sign, true);
	}
	else
	{
		Assert(argtype == NUMERICOID);
		accum_numeric(acc, args[0], sign, true);
	}
}

static void
numeric_add_state(void *dst, const void *src, int sign)
{
	IvmNumericAccum *d = dst;
	const IvmNumericAccum *s = src;

	d->n += sign * s->n;
	d->nan += sign * s->nan;
	d->pinf += sign * s->pinf;
	d->ninf += sign * s->ninf;
	for (int i = 0; i < s->nscales; i++)
	{
		const IvmScaleSum *from = IvmNumericScales(s) + i;
		IvmScaleSum *to = scale_sum(d, from->scale);

		to->n += sign * from->n;
		to->sum += sign * from->sum;
		to->sumsq += sign * from->sumsq;
	}
	if (s->wide)
		IvmLimbsAdd(wide_sum(&d->wide), s->wide, sign, IVM_BASE_DECIMAL);
	if (s->widesq)
		IvmLimbsAdd(wide_sum(&d->widesq), s->widesq, sign, IVM_BASE_DECIMAL);
}

static inline bool
scale_iszero(const IvmScaleSum *s)
{
	return s->n == 0 && (s->sum | s->sumsq) == 0;
}

static inline bool
wide_iszero(const IvmLimbs *limbs)
{
	return limbs == NULL || IvmLimbsIsZero(limbs, IVM_BASE_DECIMAL);
}

static bool
numeric_iszero(const void *acc)
{
	const IvmNumericAccum *a = acc;

	if ((a->n | a->nan | a->pinf | a->ninf) != 0)
		return false;
	for (int i = 0; i < a->nscales; i++)
	{
		if (!scale_iszero(IvmNumericScales(a) + i))
			return false;
	}
	return wide_iszero(a->wide) && wide_iszero(a->widesq);
}

/* ---------------------------------------------------------------------
 * Packed: flags; NaN and infinities; number of scales; scale, count and sum
 * (and sum of squares) of each; sums in digits.  n follows from the counts.
 * ---------------------------------------------------------------------
 */

#define PACKED_SPECIAL	1
#define PACKED_WIDE		2
#define PACKED_WIDESQ	4

static void
pack_numeric(const IvmNumericAccum *a, StringInfo buf, bool squares)
{
	const IvmScaleSum *s = IvmNumericScales(a);
	int			nscales = 0;
	int			flags = 0;
	uint8	   *p;

	for (int i = 0; i < a->nscales; i++)
		nscales += !scale_iszero(s + i);
	if ((a->nan | a->pinf | a->ninf) != 0)
		flags |= PACKED_SPECIAL;
	if (!wide_iszero(a->wide))
		flags |= PACKED_WIDE;
	if (!wide_iszero(a->widesq))
		flags |= PACKED_WIDESQ;

	p = IvmWriteBegin(buf, (5 + 2 * nscales) * IVM_VARINT_MAX + 2 * nscales * IVM_VARINT128_MAX);
	p = IvmWriteUvarint(p, flags);
	if (flags & PACKED_SPECIAL)
	{
		p = IvmWriteVarint(p, a->nan);
		p = IvmWriteVarint(p, a->pinf);
		p = IvmWriteVarint(p, a->ninf);
	}
	p = IvmWriteUvarint(p, nscales);
	for (int i = 0; i < a->nscales; i++)
	{
		if (scale_iszero(s + i))
			continue;
		p = IvmWriteUvarint(p, s[i].scale);
		p = IvmWriteVarint(p, s[i].n);
		p = IvmWriteVarint128(p, s[i].sum);
		if (squares)
			p = IvmWriteVarint128(p, s[i].sumsq);
	}
	IvmWriteEnd(buf, p);
	if (flags & PACKED_WIDE)
		IvmLimbsPack(a->wide, IVM_BASE_DECIMAL, buf);
	if (flags & PACKED_WIDESQ)
		IvmLimbsPack(a->widesq, IVM_BASE_DECIMAL, buf);
}

static void
unpack_numeric(IvmNumericAccum *a, IvmReader *r, bool squares)
{
	uint64		flags = IvmReadUvarint(r);
	uint64		nscales;
	int64		n;

	if (flags > (PACKED_SPECIAL | PACKED_WIDE | (squares ? PACKED_WIDESQ : 0)))
		IvmPackedCorrupt();
	if (flags & PACKED_SPECIAL)
	{
		a->n += n = IvmReadVarint(r);
		a->nan += n;
		a->n += n = IvmReadVarint(r);
		a->pinf += n;
		a->n += n = IvmReadVarint(r);
		a->ninf += n;
	}
	nscales = IvmReadUvarint(r);
	while (nscales-- > 0)
	{
		uint64		scale = IvmReadUvarint(r);
		IvmScaleSum *s;

		if (scale > IVM_MAX_SCALE)
			IvmPackedCorrupt();
		s = scale_sum(a, (int) scale);
		a->n += n = IvmReadVarint(r);
		s->n += n;
		s->sum += IvmReadVarint128(r);
		if (squares)
			s->sumsq += IvmReadVarint128(r);
	}
	if (flags & PACKED_WIDE)
		IvmLimbsUnpackAdd(wide_sum(&a->wide), IVM_BASE_DECIMAL, r);
	if (flags & PACKED_WIDESQ)
		IvmLimbsUnpackAdd(wide_sum(&a->widesq), IVM_BASE_DECIMAL, r);
}

static void
numeric_pack(const void *acc, StringInfo buf)
{
	pack_numeric(acc, buf, false);
}

static void
numeric_unpack(void *acc, IvmReader *r)
{
	unpack_numeric(acc, r, false);
}

static void
numericsq_pack(const void *acc, StringInfo buf)
{
	pack_numeric(acc, buf, true);
}

static void
numericsq_unpack(void *acc, IvmReader *r)
{
	unpack_numeric(acc, r, true);
}

const IvmAccumOps IvmNumericOps = {
	sizeof(IvmNumericAccum), numeric_accum_row, numeric_add_state, numeric_iszero,
	numeric_pack, numeric_unpack
};

const IvmAccumOps IvmNumericSqOps = {
	sizeof(IvmNumericAccum), numericsq_accum_row, numeric_add_state, numeric_iszero,
	numericsq_pack, numericsq_unpack
};
