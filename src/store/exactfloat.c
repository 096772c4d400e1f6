/*-------------------------------------------------------------------------
 *
 * exactfloat.c
 *		Exact sums of floats, and correct rounding of what follows from them.
 *
 * Big integers have a fixed size, so that finishing a row allocates nothing.
 * Every result is rounded exactly once, from 128 leading bits of the exact
 * value and a flag whether anything follows them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "port/pg_bitutils.h"
#include "store/exactfloat.h"
#include "utils/float.h"

#define EXPONENT_BITS(bits)		((int) ((bits) >> 52) & 0x7FF)
#define MANTISSA_MASK			((UINT64CONST(1) << 52) - 1)

/* floor(v / 32) for the exponents that occur */
static inline int
limb_of_bit(int v)
{
	return ((v + 4096) >> 5) - 128;
}

/* x = mantissa * 2^exponent, by magnitude */
static inline uint64
split_double(double x, int *exponent, bool *neg)
{
	union
	{
		double		d;
		uint64		bits;
	}			u = {.d = x};
	int			e = EXPONENT_BITS(u.bits);

	*neg = u.bits >> 63;
	*exponent = Max(e, 1) - 1075;
	return (u.bits & MANTISSA_MASK) | (uint64) (e != 0) << 52;
}

void
IvmExactAdd(IvmLimbs *sum, double x, int sign)
{
	int			exponent;
	bool		neg;
	uint64		mantissa = split_double(x, &exponent, &neg);
	int			at = limb_of_bit(exponent);
	uint128		v = (uint128) mantissa << (exponent - 32 * at);
	int64	   *limb;

	if (mantissa == 0)
		return;
	limb = IvmLimbsWindow(sum, at, at + 2, IVM_BASE_BINARY);
	if (neg != (sign < 0))
	{
		limb[0] -= (uint32) v;
		limb[1] -= (uint32) (v >> 32);
		limb[2] -= (uint32) (v >> 64);
	}
	else
	{
		limb[0] += (uint32) v;
		limb[1] += (uint32) (v >> 32);
		limb[2] += (uint32) (v >> 64);
	}
}

void
IvmExactAddProduct(IvmLimbs *sum, double x, double y, int sign)
{
	int			ex,
				ey;
	bool		negx,
				negy;
	uint128		v = split_double(x, &ex, &negx);
	int			at;
	int			shift;
	int64	   *limb;
	uint32		part[5];

	v *= split_double(y, &ey, &negy);
	if (v == 0)
		return;
	at = limb_of_bit(ex + ey);
	shift = ex + ey - 32 * at;

	/* 106 bits, shifted by up to 31, take five limbs */
	part[0] = (uint32) v << shift;
	v >>= 32 - shift;
	for (int i = 1; i < 5; i++, v >>= 32)
		part[i] = (uint32) v;

	limb = IvmLimbsWindow(sum, at, at + 4, IVM_BASE_BINARY);
	for (int i = 0; i < 5; i++)
		limb[i] += (negx ^ negy) != (sign < 0) ? -(int64) part[i] : (int64) part[i];
}

/* ---------------------------------------------------------------------
 * Big integers
 * ---------------------------------------------------------------------
 */

static void
big_strip(IvmBig *a)
{
	while (a->n > 0 && a->limb[a->n - 1] == 0)
		a->n--;
}

/* No sum of actual rows is that long. */
static void
big_check_size(int n)
{
	if (n > IVM_BIG_LIMBS)
		IvmPackedCorrupt();
}

void
IvmBigFromLimbs(IvmBig *r, const IvmLimbs *sum)
{
	IvmDigits	d;

	IvmLimbsCanonical(sum, IVM_BASE_BINARY, &d);
	big_check_size(d.n);
	r->neg = d.neg;
	r->lo = d.lo;
	r->n = d.n;
	for (int i = 0; i < d.n; i++)
		r->limb[i] = (uint32) d.digit[i];
	IvmDigitsFree(&d);
}

void
IvmBigFromInt(IvmBig *r, int64 v)
{
	uint64		u = v < 0 ? -(uint64) v : (uint64) v;

	r->neg = v < 0;
	r->lo = 0;
	r->n = 2;
	r->limb[0] = (uint32) u;
	r->limb[1] = (uint32) (u >> 32);
	big_strip(r);
}

void
IvmBigMul(IvmBig *r, const IvmBig *a, const IvmBig *b)
{
	Assert(r != a && r != b);
	big_check_size(a->n + b->n);
	r->neg = a->neg != b->neg;
	r->lo = a->lo + b->lo;
	r->n = a->n + b->n;
	memset(r->limb, 0, r->n * sizeof(uint32));
	for (int i = 0; i < a->n; i++)
	{
		uint64		carry = 0;

		for (int j = 0; j < b->n; j++)
		{
			carry += (uint64) a->limb[i] * b->limb[j] + r->limb[i + j];
			r->limb[i + j] = (uint32) carry;
			carry >>= 32;
		}
		r->limb[i + b->n] = (uint32) carry;
	}
	big_strip(r);
}

static inline uint32
big_limb_at(const IvmBig *a, int position)
{
	int			i = position - a->lo;

	return i >= 0 && i < a->n ? a->limb[i] : 0;
}

/* Compare magnitudes, looking at positions lo .. hi - 1. */
static int
big_cmp_abs(const IvmBig *a, const IvmBig *b, int lo, int hi)
{
	for (int k = hi - 1; k >= lo; k--)
	{
		uint32		x = big_limb_at(a, k);
		uint32		y = big_limb_at(b, k);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

void
IvmBigSub(IvmBig *r, const IvmBig *a, const IvmBig *b)
{
	int			lo = a->n == 0 ? b->lo : b->n == 0 ? a->lo : Min(a->lo, b->lo);
	int			hi = Max(a->n ? a->lo + a->n : lo, b->n ? b->lo + b->n : lo) + 1;
	bool		add = a->neg != b->neg;
	bool		swap = !add && big_cmp_abs(a, b, lo, hi) < 0;
	const IvmBig *x = swap ? b : a;
	const IvmBig *y = swap ? a : b;
	int64		carry = 0;

	Assert(r != a && r != b);
	big_check_size(hi - lo);
	r->neg = a->neg != swap;
	r->lo = lo;
	r->n = hi - lo;
	for (int k = lo; k < hi; k++)
	{
		carry += big_limb_at(x, k);
		carry += add ? (int64) big_limb_at(y, k) : -(int64) big_limb_at(y, k);
		r->limb[k - lo] = (uint32) carry;
		carry >>= 32;
	}
	big_strip(r);
}

/* ---------------------------------------------------------------------
 * Rounding
 * ---------------------------------------------------------------------
 */

/* m * 2^exponent, where m has its highest bit set; inexact: and a bit more */
typedef struct Leading
{
	uint128		m;
	int			exponent;
	bool		inexact;
} Leading;

static Leading
big_leading(const IvmBig *a, bool inexact)
{
	Leading		l = {0};
	int			shift = 31 - pg_leftmost_one_pos32(a->limb[a->n - 1]);
	int			k = a->n - 1;

	for (int i = 0; i < 4; i++, k--)
		l.m = l.m << 32 | (k >= 0 ? a->limb[k] : 0);
	l.exponent = 32 * (a->lo + a->n - 4) - shift;
	l.inexact = inexact;
	if (shift > 0)
	{
		uint32		next = k >= 0 ? a->limb[k] : 0;

		l.m = l.m << shift | next >> (32 - shift);
		l.inexact |= (uint32) (next << shift) != 0;
		k--;
	}
	for (; k >= 0 && !l.inexact; k--)
		l.inexact = a->limb[k] != 0;
	return l;
}

static double
round_leading(bool neg, Leading l, IvmFloatFormat format)
{
	bool		single = (format == IVM_FORMAT_FLOAT4);
	int			precision = single ? FLT_MANT_DIG : DBL_MANT_DIG;
	int			smallest = single ? FLT_MIN_EXP - FLT_MANT_DIG : DBL_MIN_EXP - DBL_MANT_DIG;
	int			quantum = Max(l.exponent + 128 - precision, smallest);
	int			shift = quantum - l.exponent;
	uint64		keep = 0;
	double		result;

	/* subnormals keep fewer bits, or none */
	if (shift <= 128)
	{
		uint128		half = (uint128) 1 << (shift - 1);
		uint128		rest = l.m & (half | (half - 1));

		keep = shift == 128 ? 0 : (uint64) (l.m >> shift);
		if (rest > half || (rest == half && (l.inexact || (keep & 1))))
			keep++;
	}
	result = ldexp((double) keep, quantum);
	if (result > (single ? FLT_MAX : DBL_MAX))
		float_overflow_error();
	return neg ? -result : result;
}

double
IvmBigRound(const IvmBig *a, IvmFloatFormat format)
{
	if (a->n == 0)
		return 0.0;
	return round_leading(a->neg, big_leading(a, false), format);
}

/* limbs << shift into r, with one limb more; 0 <= shift < 32 */
static void
shift_limbs(uint32 *r, const uint32 *limb, int n, int shift)
{
	uint64		carry = 0;

	for (int i = 0; i < n; i++)
	{
		carry |= (uint64) limb[i] << shift;
		r[i] = (uint32) carry;
		carry >>= 32;
	}
	r[n] = (uint32) carry;
}

/*
 * One digit of a long division (Knuth 4.3.1, algorithm D): u[0 .. n] by
 * v[0 .. n - 1], whose highest bit is set.  u becomes the remainder.
 */
static uint32
divide_step(uint32 *u, const uint32 *v, int n)
{
	uint64		top = (uint64) u[n] << 32 | u[n - 1];
	uint64		q = top / v[n - 1];
	uint64		r = top % v[n - 1];
	int64		borrow = 0;
	uint64		carry = 0;

	while (q > PG_UINT32_MAX || q * v[n - 2] > (r << 32 | u[n - 2]))
	{
		q--;
		r += v[n - 1];
		if (r > PG_UINT32_MAX)
			break;
	}
	for (int i = 0; i < n; i++)
	{
		carry += q * v[i];
		borrow += (int64) u[i] - (uint32) carry;
		u[i] = (uint32) borrow;
		borrow >>= 32;
		carry >>= 32;
	}
	borrow += (int64) u[n] - (int64) carry;
	u[n] = (uint32) borrow;
	if (borrow < 0)
	{
		/* one too many: add the divisor back */
		q--;
		carry = 0;
		for (int i = 0; i < n; i++)
		{
			carry += (uint64) u[i] + v[i];
			u[i] = (uint32) carry;
			carry >>= 32;
		}
		u[n] += (uint32) carry;
	}
	return (uint32) q;
}

/*
 * Leading bits of |p| / q.  p is cut or filled to five limbs more than q, so
 * that the quotient has at least 128 bits; what was cut only makes it inexact.
 */
static Leading
leading_of_quotient(const IvmBig *p, const IvmBig *q)
{
	uint32		u[IVM_BIG_LIMBS + 8];
	uint32		v[IVM_BIG_LIMBS + 2];
	IvmBig		quotient;
	bool		inexact = false;
	int			qpad = q->n == 1 ? 1 : 0;	/* divide_step wants two limbs */
	int			n = q->n + qpad;
	int			cut = p->n - (n + 5);
	int			shift = 31 - pg_leftmost_one_pos32(q->limb[q->n - 1]);

	v[0] = 0;
	shift_limbs(v + qpad, q->limb, q->n, shift);
	memset(u, 0, Max(-cut, 0) * sizeof(uint32));
	shift_limbs(u + Max(-cut, 0), p->limb + Max(cut, 0), p->n - Max(cut, 0), shift);
	for (int i = 0; i < cut && !inexact; i++)
		inexact = p->limb[i] != 0;

	quotient.n = 6;
	quotient.lo = (p->lo + cut) - (q->lo - qpad);
	for (int k = 5; k >= 0; k--)
		quotient.limb[k] = divide_step(u + k, v, n);
	for (int i = 0; i < n && !inexact; i++)
		inexact = u[i] != 0;
	big_strip(&quotient);
	return big_leading(&quotient, inexact);
}

double
IvmBigQuotient(const IvmBig *p, const IvmBig *q)
{
	if (p->n == 0)
		return 0.0;
	return round_leading(p->neg, leading_of_quotient(p, q), IVM_FORMAT_FLOAT8);
}

/* floor(sqrt(m)) for m >= 2^126 */
static uint64
root_of_128(uint128 m)
{
	double		guess = sqrt((double) m);
	uint64		r = guess >= 18446744073709549568.0 ? PG_UINT64_MAX : (uint64) guess;
	uint128		better = ((uint128) r + m / r) >> 1;

	/* good to 2^-53; one step of Newton's makes it good to a unit */
	r = better > PG_UINT64_MAX ? PG_UINT64_MAX : (uint64) better;
	while ((uint128) r * r > m)
		r--;
	while (r < PG_UINT64_MAX && (uint128) (r + 1) * (r + 1) <= m)
		r++;
	return r;
}

double
IvmBigRootOfQuotient(const IvmBig *p, const IvmBig *q)
{
	Leading		l;
	uint64		root;

	if (p->n == 0)
		return 0.0;
	l = leading_of_quotient(p, q);
	if (l.exponent & 1)
	{
		l.inexact |= (l.m & 1) != 0;
		l.m >>= 1;
		l.exponent++;
	}
	root = root_of_128(l.m);
	l.inexact |= (uint128) root * root != l.m;
	l.m = (uint128) root << 64;
	l.exponent = l.exponent / 2 - 64;
	return round_leading(p->neg, l, IVM_FORMAT_FLOAT8);
}
