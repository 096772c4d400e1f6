/*-------------------------------------------------------------------------
 *
 * accumkinds.h
 *		What the kinds of accumulators hold, and what each kind can do.
 *
 * For accum*.c, and for those who compute results from accumulators; all
 * others use accum.h.
 *
 * Every kind but IVM_ACC_MEMBER starts with the signed number of its inputs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ACCUMKINDS_H
#define IVM_ACCUMKINDS_H

#include "store/accum.h"
#include "store/exactfloat.h"

typedef struct IvmCountAccum
{
	int64		n;
} IvmCountAccum;

typedef struct IvmBoolAccum
{
	int64		n;
	int64		ntrue;
} IvmBoolAccum;

typedef struct IvmIntAccum
{
	int64		n;
	int128		sum;
} IvmIntAccum;

typedef struct IvmIntSqAccum
{
	IvmIntAccum base;
	int128		sumsq;
} IvmIntSqAccum;

typedef struct IvmIntervalAccum
{
	int64		n;				/* infinite ones included */
	int64		pinf;
	int64		ninf;
	int128		month;
	int128		day;
	int128		time;
} IvmIntervalAccum;

typedef struct IvmMemberAccum
{
	uint32		ownerlen;
} IvmMemberAccum;

/*
 * The inputs of one display scale: sum of value * 10^scale where that is an
 * int64, and of its square where it has no more than 31 bits.  The others are
 * counted here too, but summed up in digits.  Which way an input goes depends
 * on it alone, so what was added is taken away from the same place.
 */
typedef struct IvmScaleSum
{
	int32		scale;
	int64		n;
	int128		sum;
	int128		sumsq;
} IvmScaleSum;

#define IVM_SCALES_OWN	2
#define IVM_MAX_SCALE	0x3FFF	/* numeric's */

/* IVM_ACC_NUMERIC and, with squares, IVM_ACC_NUMERIC_SQ */
typedef struct IvmNumericAccum
{
	int64		n;				/* NaN and infinities included */
	int64		nan;
	int64		pinf;
	int64		ninf;
	int32		nscales;		/* sorted by scale */
	int32		maxscales;		/* room in more[] */
	IvmScaleSum *more;			/* NULL: they are in own[] */
	IvmScaleSum own[IVM_SCALES_OWN];
	IvmLimbs   *wide;			/* sums of the long inputs, or NULL */
	IvmLimbs   *widesq;
} IvmNumericAccum;

typedef struct IvmFloatAccum
{
	int64		n;				/* NaN and infinities included */
	int64		nan;
	int64		pinf;
	int64		ninf;
	int64		negzero;		/* a sum of nothing but -0 is -0 */
	IvmLimbs	sum;			/* of the finite ones */
} IvmFloatAccum;

typedef struct IvmFloatSqAccum
{
	IvmFloatAccum base;
	IvmLimbs	sumsq;
} IvmFloatSqAccum;

/* Arguments come in the order of SQL's binary aggregates: Y, X. */
typedef struct IvmFloatXYAccum
{
	IvmFloatAccum x;
	IvmFloatAccum y;
	IvmLimbs	xx;
	IvmLimbs	yy;
	IvmLimbs	xy;				/* of pairs where both are finite */
} IvmFloatXYAccum;

typedef struct IvmAccumOps
{
	Size		size;
	void		(*accum) (void *acc, const Datum *args, Oid argtype, int sign);
	void		(*add) (void *dst, const void *src, int sign);
	bool		(*iszero) (const void *acc);
	void		(*pack) (const void *acc, StringInfo buf);
	void		(*unpack) (void *acc, IvmReader *r);	/* acc += packed */
} IvmAccumOps;

extern const IvmAccumOps IvmNumericOps;
extern const IvmAccumOps IvmNumericSqOps;
extern const IvmAccumOps IvmFloatOps;
extern const IvmAccumOps IvmFloatSqOps;
extern const IvmAccumOps IvmFloatXYOps;

static inline IvmScaleSum *
IvmNumericScales(const IvmNumericAccum *acc)
{
	return acc->more ? acc->more : (IvmScaleSum *) acc->own;
}

/* limbs (decimal) += sign * magnitude * 10^-scale */
extern void IvmDecimalAdd(IvmLimbs *limbs, uint128 magnitude, int scale, int sign);

#endif							/* IVM_ACCUMKINDS_H */
