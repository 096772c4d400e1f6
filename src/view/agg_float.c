/*-------------------------------------------------------------------------
 *
 * agg_float.c
 *		Results of aggregates over floats: exact rationals, rounded once.
 *
 * NULLs, NaN and infinities are PostgreSQL's; the digits are those of the
 * exact result, whatever the order of the inputs.  With N inputs and exact
 * sums S, the second moments that PostgreSQL calls Sxx, Syy and Sxy are
 * (N * S(ab) - S(a) * S(b)) / N; here they are kept times N, as integers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "view/agg_finals.h"

static inline Datum
float_null(bool *isnull)
{
	*isnull = true;
	return (Datum) 0;
}

/* Is the sum decided by NaN or infinities?  Then to what. */
static bool
special_sum(const IvmFloatAccum *a, double *sum)
{
	if (a->nan != 0 || (a->pinf != 0 && a->ninf != 0))
		*sum = get_float8_nan();
	else if (a->pinf != 0)
		*sum = get_float8_infinity();
	else if (a->ninf != 0)
		*sum = -get_float8_infinity();
	else
		return false;
	return true;
}

static inline bool
all_finite(const IvmFloatAccum *a)
{
	return (a->nan | a->pinf | a->ninf) == 0;
}

Datum
IvmFinalFloatSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	const IvmFloatAccum *a = acc;
	bool		single = aggfnoid == F_SUM_FLOAT4;
	double		sum;

	if (a->n == 0)
		return float_null(isnull);
	*isnull = false;
	if (!special_sum(a, &sum))
	{
		IvmBig		exact;

		IvmBigFromLimbs(&exact, &a->sum);
		sum = IvmBigRound(&exact, single ? IVM_FORMAT_FLOAT4 : IVM_FORMAT_FLOAT8);
		if (a->negzero == a->n)
			sum = -0.0;
	}
	return single ? Float4GetDatum((float4) sum) : Float8GetDatum(sum);
}

/* Not null: the caller knows that there are inputs. */
static double
float_mean(const IvmFloatAccum *a)
{
	IvmBig		sum,
				n;
	double		mean;

	if (special_sum(a, &mean))
		return mean;
	IvmBigFromLimbs(&sum, &a->sum);
	IvmBigFromInt(&n, a->n);
	return IvmBigQuotient(&sum, &n);
}

Datum
IvmFinalFloatAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	const IvmFloatAccum *a = acc;

	if (a->n == 0)
		return float_null(isnull);
	*isnull = false;
	return Float8GetDatum(float_mean(a));
}

/* r = N * S(ab) - S(a) * S(b); false where it is NaN */
static bool
second_moment(IvmBig *r, const IvmLimbs *ab, const IvmFloatAccum *a, const IvmFloatAccum *b)
{
	IvmBig		n,
				sum_a,
				sum_b,
				left,
				right;

	if (!all_finite(a) || !all_finite(b))
		return false;
	IvmBigFromInt(&n, a->n);
	IvmBigFromLimbs(&sum_a, ab);
	IvmBigMul(&left, &n, &sum_a);
	IvmBigFromLimbs(&sum_a, &a->sum);
	IvmBigFromLimbs(&sum_b, &b->sum);
	IvmBigMul(&right, &sum_a, &sum_b);
	IvmBigSub(r, &left, &right);
	return true;
}

/* r = a * b of two counts */
static void
product_of_counts(IvmBig *r, int64 a, int64 b)
{
	IvmBig		big_a,
				big_b;

	IvmBigFromInt(&big_a, a);
	IvmBigFromInt(&big_b, b);
	IvmBigMul(r, &big_a, &big_b);
}

Datum
IvmFinalFloatVariance(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	const IvmFloatSqAccum *a = acc;
	int64		n = a->base.n;
	bool		root;
	bool		population;
	IvmBig		moment,
				divisor;

	population = aggfnoid == F_VAR_POP_FLOAT4 || aggfnoid == F_VAR_POP_FLOAT8 ||
		aggfnoid == F_STDDEV_POP_FLOAT4 || aggfnoid == F_STDDEV_POP_FLOAT8;
	root = aggfnoid == F_STDDEV_POP_FLOAT4 || aggfnoid == F_STDDEV_POP_FLOAT8 ||
		aggfnoid == F_STDDEV_SAMP_FLOAT4 || aggfnoid == F_STDDEV_SAMP_FLOAT8 ||
		aggfnoid == F_STDDEV_FLOAT4 || aggfnoid == F_STDDEV_FLOAT8;

	if (n < (population ? 1 : 2))
		return float_null(isnull);
	*isnull = false;
	if (!second_moment(&moment, &a->sumsq, &a->base, &a->base))
		return Float8GetDatum(get_float8_nan());
	product_of_counts(&divisor, n, population ? n : n - 1);
	return Float8GetDatum(root ? IvmBigRootOfQuotient(&moment, &divisor) :
						  IvmBigQuotient(&moment, &divisor));
}

/* Second moments divided by a count, or by a product of two. */
static Datum
pair_moment(const IvmFloatXYAccum *a, Oid aggfnoid)
{
	IvmBig		moment,
				divisor;
	bool		finite;
	int64		n = a->x.n;

	if (aggfnoid == F_REGR_SXX)
		finite = second_moment(&moment, &a->xx, &a->x, &a->x);
	else if (aggfnoid == F_REGR_SYY)
		finite = second_moment(&moment, &a->yy, &a->y, &a->y);
	else
		finite = second_moment(&moment, &a->xy, &a->x, &a->y);
	if (!finite)
		return Float8GetDatum(get_float8_nan());

	if (aggfnoid == F_COVAR_POP)
		product_of_counts(&divisor, n, n);
	else if (aggfnoid == F_COVAR_SAMP)
		product_of_counts(&divisor, n, n - 1);
	else
		IvmBigFromInt(&divisor, n);
	return Float8GetDatum(IvmBigQuotient(&moment, &divisor));
}

/* (Sy - Sx * Sxy / Sxx) / N, where the moments are N times as large */
static double
intercept(const IvmFloatXYAccum *a, const IvmBig *sxx, const IvmBig *sxy)
{
	IvmBig		sum,
				left,
				right,
				divisor,
				n;

	IvmBigFromLimbs(&sum, &a->y.sum);
	IvmBigMul(&left, &sum, sxx);
	IvmBigFromLimbs(&sum, &a->x.sum);
	IvmBigMul(&right, &sum, sxy);
	IvmBigSub(&sum, &left, &right);
	IvmBigFromInt(&n, a->x.n);
	IvmBigMul(&divisor, &n, sxx);
	return IvmBigQuotient(&sum, &divisor);
}

/* What relates the moments to each other: slope, intercept, r2, corr. */
static Datum
pair_relation(const IvmFloatXYAccum *a, Oid aggfnoid, bool *isnull)
{
	IvmBig		sxx,
				syy,
				sxy,
				p,
				q;
	bool		finite_x = second_moment(&sxx, &a->xx, &a->x, &a->x);
	bool		finite_y = second_moment(&syy, &a->yy, &a->y, &a->y);
	bool		correlates = aggfnoid == F_REGR_R2 || aggfnoid == F_CORR;

	/* all x equal: no line, or a vertical one */
	if (finite_x && sxx.n == 0)
		return float_null(isnull);
	if (correlates && finite_y && syy.n == 0)
	{
		if (aggfnoid == F_CORR)
			return float_null(isnull);
		return Float8GetDatum(1.0);
	}
	if (!second_moment(&sxy, &a->xy, &a->x, &a->y))
		return Float8GetDatum(get_float8_nan());

	if (aggfnoid == F_REGR_SLOPE)
		return Float8GetDatum(IvmBigQuotient(&sxy, &sxx));
	if (aggfnoid == F_REGR_INTERCEPT)
		return Float8GetDatum(intercept(a, &sxx, &sxy));

	IvmBigMul(&p, &sxy, &sxy);
	IvmBigMul(&q, &sxx, &syy);
	if (aggfnoid == F_REGR_R2)
		return Float8GetDatum(IvmBigQuotient(&p, &q));
	p.neg = sxy.neg;
	return Float8GetDatum(IvmBigRootOfQuotient(&p, &q));
}

Datum
IvmFinalFloatPairs(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	const IvmFloatXYAccum *a = acc;

	if (a->x.n < (aggfnoid == F_COVAR_SAMP ? 2 : 1))
		return float_null(isnull);
	*isnull = false;
	switch (aggfnoid)
	{
		case F_REGR_AVGX:
			return Float8GetDatum(float_mean(&a->x));
		case F_REGR_AVGY:
			return Float8GetDatum(float_mean(&a->y));
		case F_REGR_SLOPE:
		case F_REGR_INTERCEPT:
		case F_REGR_R2:
		case F_CORR:
			return pair_relation(a, aggfnoid, isnull);
		default:
			return pair_moment(a, aggfnoid);
	}
}
