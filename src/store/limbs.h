/*-------------------------------------------------------------------------
 *
 * limbs.h
 *		Exact sums of any width: a run of signed 64-bit limbs, limb k of which
 *		counts units of base^k (k may be negative).
 *
 * Base 2^32 carries sums of floats, base 10^4 sums of long numerics.  Adding a
 * value touches only the limbs it overlaps; carries are left in the limbs'
 * upper halves and propagated when they could overflow, or when the canonical
 * form (sign and magnitude) is asked for.
 *
 * A struct of all zeroes is a valid zero.  Limbs that do not fit into the
 * struct are allocated in CurrentMemoryContext.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_LIMBS_H
#define IVM_LIMBS_H

#include "store/varint.h"

typedef enum IvmLimbsBase
{
	IVM_BASE_BINARY,			/* 2^32 */
	IVM_BASE_DECIMAL			/* 10^4, numeric's own */
} IvmLimbsBase;

#define IVM_DECIMAL_BASE	10000
#define IVM_LIMBS_OWN		6

typedef struct IvmLimbs
{
	int32		lo;				/* position of the first limb */
	int32		n;				/* number of limbs; 0 is zero */
	uint32		pending;		/* |limb| <= pending * (base - 1) */
	int64	   *ext;			/* the limbs, or NULL where own[] holds them */
	int64		own[IVM_LIMBS_OWN];
} IvmLimbs;

/* Sign and magnitude, without zeroes at either end; n = 0 is zero. */
typedef struct IvmDigits
{
	bool		neg;
	int			lo;				/* position of digit[0] */
	int			n;
	int64	   *digit;			/* lowest first, 0 .. base - 1 */
	int64	   *buffer;			/* what IvmDigitsFree frees, or NULL */
	int64		own[16];
} IvmDigits;

/* carries must be propagated before pending grows beyond */
#define IVM_LIMBS_MAX_PENDING	((uint32) 1 << 30)

extern int64 *IvmLimbsGrow(IvmLimbs *l, int lo, int hi);
extern void IvmLimbsCarry(IvmLimbs *l, IvmLimbsBase base);

/*
 * The limbs from position lo on, after making room for lo .. hi and for one
 * more addition of values below the base to each.
 */
static inline int64 *
IvmLimbsWindow(IvmLimbs *l, int lo, int hi, IvmLimbsBase base)
{
	if (unlikely(l->pending >= IVM_LIMBS_MAX_PENDING))
		IvmLimbsCarry(l, base);
	l->pending++;
	if (likely(lo >= l->lo && hi < l->lo + l->n))
		return (l->ext ? l->ext : l->own) + (lo - l->lo);
	return IvmLimbsGrow(l, lo, hi);
}

/* dst += sign * src */
extern void IvmLimbsAdd(IvmLimbs *dst, const IvmLimbs *src, int sign, IvmLimbsBase base);
extern bool IvmLimbsIsZero(const IvmLimbs *l, IvmLimbsBase base);

extern void IvmLimbsCanonical(const IvmLimbs *l, IvmLimbsBase base, IvmDigits *out);
extern void IvmDigitsFree(IvmDigits *d);

extern void IvmLimbsPack(const IvmLimbs *l, IvmLimbsBase base, StringInfo buf);
/* dst += what was packed */
extern void IvmLimbsUnpackAdd(IvmLimbs *dst, IvmLimbsBase base, IvmReader *r);

#endif							/* IVM_LIMBS_H */
