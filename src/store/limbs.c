/*-------------------------------------------------------------------------
 *
 * limbs.c
 *		Exact sums of any width, in signed limbs.
 *
 * Invariant: |limb| <= pending * (base - 1) and pending < 2^31, so no limb
 * ever overflows.  Carries round towards zero: after a pass every limb is
 * smaller than the base in magnitude, the sign of the sum is the sign of its
 * highest nonzero limb, and the sum is zero iff all limbs are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/limbs.h"

#define BINARY_UNIT			(INT64CONST(1) << 32)
#define CARRY_LIMBS			3

/*
 * Positions that packed sums may have.  Binary ones in bytes: products of
 * doubles reach from 2^-2148 to 2^2048, plus 64 bits for their number.
 * Decimal ones in digits: squares of numerics (weight up to 32767, 16383
 * digits behind the point).
 */
#define BINARY_MIN_BYTE		(-276)
#define BINARY_MAX_BYTE		276
#define DECIMAL_MIN_DIGIT	(-8200)
#define DECIMAL_MAX_DIGIT	65560

static inline int64 *
limbs_of(IvmLimbs *l)
{
	return l->ext ? l->ext : l->own;
}

static inline const int64 *
limbs_of_const(const IvmLimbs *l)
{
	return l->ext ? l->ext : l->own;
}

/* The slow path of IvmLimbsWindow: widen the run to include lo .. hi. */
int64 *
IvmLimbsGrow(IvmLimbs *l, int lo, int hi)
{
	int			newlo = lo;
	int			newhi = hi;
	int			need;
	int64	   *limbs;

	if (l->n > 0)
	{
		newlo = Min(lo, l->lo);
		newhi = Max(hi, l->lo + l->n - 1);
	}
	need = newhi - newlo + 1;

	if (need <= IVM_LIMBS_OWN)
	{
		/* the first ones: take all of own[], some to spare on both sides */
		newlo -= (IVM_LIMBS_OWN - need) / 2;
		need = IVM_LIMBS_OWN;
		memset(l->own, 0, sizeof(l->own));
	}
	else
	{
		int			slack = 2 + need / 8;

		newlo -= slack;
		need += 2 * slack;
		limbs = palloc0(need * sizeof(int64));
		if (l->n > 0)
			memcpy(limbs + (l->lo - newlo), limbs_of(l), l->n * sizeof(int64));
		if (l->ext)
			pfree(l->ext);
		l->ext = limbs;
	}
	l->lo = newlo;
	l->n = need;
	return limbs_of(l) + (lo - newlo);
}

/* Propagate carries; what leaves the last limb is returned. */
static inline int64
carry_pass(int64 *limbs, int n, int64 base)
{
	int64		carry = 0;

	for (int i = 0; i < n; i++)
	{
		int64		v = limbs[i] + carry;

		carry = v / base;
		limbs[i] = v - carry * base;
	}
	return carry;
}

/* the base as a constant to the loop, or each step would cost a division */
static int64
carry_limbs(int64 *limbs, int n, IvmLimbsBase base)
{
	if (base == IVM_BASE_BINARY)
		return carry_pass(limbs, n, BINARY_UNIT);
	return carry_pass(limbs, n, IVM_DECIMAL_BASE);
}

/*
 * A carry is below 2^31, which is one binary limb or three decimal ones, all
 * of them smaller than the base.
 */
static void
store_carry(int64 *limbs, int64 carry, IvmLimbsBase base)
{
	int64		unit = base == IVM_BASE_BINARY ? BINARY_UNIT : IVM_DECIMAL_BASE;

	for (int i = 0; i < CARRY_LIMBS; i++)
	{
		limbs[i] = carry % unit;
		carry /= unit;
	}
	Assert(carry == 0);
}

void
IvmLimbsCarry(IvmLimbs *l, IvmLimbsBase base)
{
	int64		carry = carry_limbs(limbs_of(l), l->n, base);

	if (carry != 0)
	{
		int			top = l->lo + l->n;

		store_carry(IvmLimbsGrow(l, top, top + CARRY_LIMBS - 1), carry, base);
	}
	l->pending = 1;
}

void
IvmLimbsAdd(IvmLimbs *dst, const IvmLimbs *src, int sign, IvmLimbsBase base)
{
	const int64 *from = limbs_of_const(src);
	int			first = 0;
	int			end = src->n;
	int64	   *to;

	while (end > 0 && from[end - 1] == 0)
		end--;
	while (first < end && from[first] == 0)
		first++;
	if (first == end)
		return;

	if (dst->pending + src->pending > IVM_LIMBS_MAX_PENDING)
		IvmLimbsCarry(dst, base);
	to = IvmLimbsWindow(dst, src->lo + first, src->lo + end - 1, base);
	dst->pending += src->pending;
	for (int i = first; i < end; i++)
		to[i - first] += sign < 0 ? -from[i] : from[i];
}

bool
IvmLimbsIsZero(const IvmLimbs *l, IvmLimbsBase base)
{
	const int64 *limbs = limbs_of_const(l);
	IvmDigits	d;
	bool		zero;
	int			i;

	for (i = 0; i < l->n && limbs[i] == 0; i++)
		;
	if (i == l->n)
		return true;

	/* nonzero limbs may still cancel out */
	IvmLimbsCanonical(l, base, &d);
	zero = (d.n == 0);
	IvmDigitsFree(&d);
	return zero;
}

void
IvmLimbsCanonical(const IvmLimbs *l, IvmLimbsBase base, IvmDigits *out)
{
	int64		unit = base == IVM_BASE_BINARY ? BINARY_UNIT : IVM_DECIMAL_BASE;
	int			n = l->n + CARRY_LIMBS;
	int64	   *digit = out->own;
	int			first = 0;

	out->buffer = NULL;
	if (n > lengthof(out->own))
		digit = out->buffer = palloc(n * sizeof(int64));
	memcpy(digit, limbs_of_const(l), l->n * sizeof(int64));
	store_carry(digit + l->n, carry_limbs(digit, l->n, base), base);

	while (n > 0 && digit[n - 1] == 0)
		n--;
	out->neg = n > 0 && digit[n - 1] < 0;

	/* limbs of the other sign borrow from the next */
	for (int i = 0; i < n; i++)
	{
		if (out->neg)
			digit[i] = -digit[i];
	}
	for (int i = 0; i < n; i++)
	{
		if (digit[i] < 0)
		{
			digit[i] += unit;
			digit[i + 1]--;
		}
	}

	while (n > 0 && digit[n - 1] == 0)
		n--;
	while (first < n && digit[first] == 0)
		first++;
	out->digit = digit + first;
	out->lo = l->lo + first;
	out->n = n - first;
}

void
IvmDigitsFree(IvmDigits *d)
{
	if (d->buffer)
		pfree(d->buffer);
}

/*
 * Packed: length and sign; position of the lowest; the digits.  Binary sums
 * count in bytes, decimal ones in digits of two bytes.  Zero is one byte.
 */
static uint8 *
write_binary_digits(uint8 *p, const IvmDigits *d)
{
	int			first = 0;
	int			end = 4 * d->n;

#define BYTE_OF(j)	((uint8) (d->digit[(j) / 4] >> (8 * ((j) % 4))))
	while (BYTE_OF(first) == 0)
		first++;
	while (BYTE_OF(end - 1) == 0)
		end--;
	p = IvmWriteUvarint(p, (uint64) (end - first) << 1 | d->neg);
	p = IvmWriteVarint(p, 4 * d->lo + first);
	for (int j = first; j < end; j++)
		*p++ = BYTE_OF(j);
#undef BYTE_OF
	return p;
}

static uint8 *
write_decimal_digits(uint8 *p, const IvmDigits *d)
{
	p = IvmWriteUvarint(p, (uint64) d->n << 1 | d->neg);
	p = IvmWriteVarint(p, d->lo);
	for (int j = 0; j < d->n; j++)
	{
		*p++ = (uint8) d->digit[j];
		*p++ = (uint8) (d->digit[j] >> 8);
	}
	return p;
}

void
IvmLimbsPack(const IvmLimbs *l, IvmLimbsBase base, StringInfo buf)
{
	IvmDigits	d;
	uint8	   *p;

	IvmLimbsCanonical(l, base, &d);
	p = IvmWriteBegin(buf, 2 * IVM_VARINT_MAX + 4 * d.n);
	if (d.n == 0)
		p = IvmWriteUvarint(p, 0);
	else if (base == IVM_BASE_BINARY)
		p = write_binary_digits(p, &d);
	else
		p = write_decimal_digits(p, &d);
	IvmWriteEnd(buf, p);
	IvmDigitsFree(&d);
}

static void
add_packed_bytes(IvmLimbs *dst, int lobyte, int nbytes, bool neg, const uint8 *p)
{
	int			lo = (lobyte - BINARY_MIN_BYTE) / 4 + BINARY_MIN_BYTE / 4;
	int			hi = (lobyte + nbytes - 1 - BINARY_MIN_BYTE) / 4 + BINARY_MIN_BYTE / 4;
	int64	   *limb = IvmLimbsWindow(dst, lo, hi, IVM_BASE_BINARY);
	int			at = lobyte - 4 * lo;	/* byte within the limb */

	for (const uint8 *end = p + nbytes; p < end; limb++, at = 0)
	{
		uint32		v = 0;

		for (; at < 4 && p < end; at++)
			v |= (uint32) *p++ << (8 * at);
		*limb += neg ? -(int64) v : (int64) v;
	}
}

static void
add_packed_digits(IvmLimbs *dst, int lo, int n, bool neg, const uint8 *p)
{
	int64	   *limb = IvmLimbsWindow(dst, lo, lo + n - 1, IVM_BASE_DECIMAL);

	for (int i = 0; i < n; i++, p += 2)
	{
		int64		v = p[0] | p[1] << 8;

		if (v >= IVM_DECIMAL_BASE)
			IvmPackedCorrupt();
		limb[i] += neg ? -v : v;
	}
}

void
IvmLimbsUnpackAdd(IvmLimbs *dst, IvmLimbsBase base, IvmReader *r)
{
	bool		binary = (base == IVM_BASE_BINARY);
	uint64		head = IvmReadUvarint(r);
	uint64		n = head >> 1;
	int64		lo;
	Size		size;

	if (head == 0)
		return;
	lo = IvmReadVarint(r);
	size = binary ? n : 2 * n;
	if (n == 0 || n > DECIMAL_MAX_DIGIT - DECIMAL_MIN_DIGIT || size > r->end - r->p ||
		lo < (binary ? BINARY_MIN_BYTE : DECIMAL_MIN_DIGIT) ||
		lo + (int64) n > (binary ? BINARY_MAX_BYTE : DECIMAL_MAX_DIGIT))
		IvmPackedCorrupt();
	if (binary)
		add_packed_bytes(dst, (int) lo, (int) n, head & 1, r->p);
	else
		add_packed_digits(dst, (int) lo, (int) n, head & 1, r->p);
	r->p += size;
}
