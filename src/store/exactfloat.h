/*-------------------------------------------------------------------------
 *
 * exactfloat.h
 *		Exact sums of floats and of their products, and what is computed from
 *		them: rationals, rounded once.
 *
 * Sums are IvmLimbs of base 2^32; every finite double and every product of
 * two is a multiple of 2^-2148, so nothing is ever lost, and order does not
 * matter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_EXACTFLOAT_H
#define IVM_EXACTFLOAT_H

#include "store/limbs.h"

/* sum += sign * x, and sum += sign * x * y; x and y are finite. */
extern void IvmExactAdd(IvmLimbs *sum, double x, int sign);
extern void IvmExactAddProduct(IvmLimbs *sum, double x, double y, int sign);

/*
 * Integers times a power of 2^32.  Longest are products of two second moments
 * (4400 bits each); the rest is room for a division's shifts.
 */
#define IVM_BIG_LIMBS	300

typedef struct IvmBig
{
	bool		neg;
	int			lo;				/* times 2^(32 * lo) */
	int			n;				/* 0 is zero; the highest limb is not */
	uint32		limb[IVM_BIG_LIMBS];
} IvmBig;

typedef enum IvmFloatFormat
{
	IVM_FORMAT_FLOAT4,
	IVM_FORMAT_FLOAT8
} IvmFloatFormat;

extern void IvmBigFromLimbs(IvmBig *r, const IvmLimbs *sum);
extern void IvmBigFromInt(IvmBig *r, int64 v);
extern void IvmBigMul(IvmBig *r, const IvmBig *a, const IvmBig *b);
extern void IvmBigSub(IvmBig *r, const IvmBig *a, const IvmBig *b);

/*
 * The nearest float (ties to even) to a, to p / q, and to the root of p / q
 * with the sign of p.  q is positive.  ERROR where it is out of range.
 */
extern double IvmBigRound(const IvmBig *a, IvmFloatFormat format);
extern double IvmBigQuotient(const IvmBig *p, const IvmBig *q);
extern double IvmBigRootOfQuotient(const IvmBig *p, const IvmBig *q);

#endif							/* IVM_EXACTFLOAT_H */
