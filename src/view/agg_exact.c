/*-------------------------------------------------------------------------
 *
 * agg_exact.c
 *		Results of aggregates over integers, numeric, money and interval.
 *
 * Where a result fits an int64 it is made at once.  Everything else goes
 * through PostgreSQL's own final functions: its serialized transition state is
 * rebuilt from the sums, which gives its digits by construction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "nodes/execnodes.h"
#include "utils/cash.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "view/agg_finals.h"

/* numeric.c's signs, as its serialized states have them */
#define SERIALIZED_POS	0x0000
#define SERIALIZED_NEG	0x4000

/* ---------------------------------------------------------------------
 * The sums of an accumulator, of whichever kind
 * ---------------------------------------------------------------------
 */

/* Is the sum an int64 at the largest scale of the inputs?  Then that. */
static bool
simple_sum(const void *acc, IvmAccumKind kind, int64 *mantissa, int *scale)
{
	const IvmNumericAccum *a = acc;
	int128		sum = 0;

	*scale = 0;
	if (kind == IVM_ACC_INT || kind == IVM_ACC_INT_SQ)
		sum = ((const IvmIntAccum *) acc)->sum;
	else
	{
		if ((a->nan | a->pinf | a->ninf) != 0 ||
			(a->wide && !IvmLimbsIsZero(a->wide, IVM_BASE_DECIMAL)))
			return false;
		for (int i = 0; i < a->nscales; i++)
		{
			const IvmScaleSum *s = IvmNumericScales(a) + i;

			if (s->n == 0)
				continue;
			for (; sum != 0 && *scale < s->scale; (*scale)++)
			{
				if (__builtin_mul_overflow(sum, 10, &sum))
					return false;
			}
			*scale = s->scale;
			if (__builtin_add_overflow(sum, s->sum, &sum))
				return false;
		}
	}
	*mantissa = (int64) sum;
	return *mantissa == sum;
}

/* PostgreSQL's NumericAggState, before it is serialized */
typedef struct NumericSums
{
	int64		n;				/* finite inputs */
	int64		nan;
	int64		pinf;
	int64		ninf;
	int			scale;			/* largest of the inputs */
	IvmLimbs	sum;
	IvmLimbs	sumsq;
} NumericSums;

static void
add_int128(IvmLimbs *limbs, int128 v, int scale)
{
	IvmDecimalAdd(limbs, v < 0 ? -(uint128) v : (uint128) v, scale, v < 0 ? -1 : 1);
}

static void
gather_int_sums(NumericSums *sums, const void *acc, IvmAccumKind kind)
{
	sums->n = ((const IvmIntAccum *) acc)->n;
	add_int128(&sums->sum, ((const IvmIntAccum *) acc)->sum, 0);
	if (kind == IVM_ACC_INT_SQ)
		add_int128(&sums->sumsq, ((const IvmIntSqAccum *) acc)->sumsq, 0);
}

static void
gather_numeric_sums(NumericSums *sums, const IvmNumericAccum *a)
{
	for (int i = 0; i < a->nscales; i++)
	{
		const IvmScaleSum *s = IvmNumericScales(a) + i;

		sums->n += s->n;
		if (s->n > 0)
			sums->scale = s->scale;
		add_int128(&sums->sum, s->sum, s->scale);
		add_int128(&sums->sumsq, s->sumsq, 2 * s->scale);
	}
	sums->nan = a->nan;
	sums->pinf = a->pinf;
	sums->ninf = a->ninf;
	if (a->wide)
		IvmLimbsAdd(&sums->sum, a->wide, 1, IVM_BASE_DECIMAL);
	if (a->widesq)
		IvmLimbsAdd(&sums->sumsq, a->widesq, 1, IVM_BASE_DECIMAL);
}

/* As numericvar_serialize does. */
static void
serialize_sum(StringInfo buf, const IvmLimbs *sum, int scale)
{
	IvmDigits	d;

	IvmLimbsCanonical(sum, IVM_BASE_DECIMAL, &d);
	pq_sendint32(buf, d.n);
	pq_sendint32(buf, d.n > 0 ? d.lo + d.n - 1 : 0);
	pq_sendint32(buf, d.neg ? SERIALIZED_NEG : SERIALIZED_POS);
	pq_sendint32(buf, scale);
	for (int i = d.n - 1; i >= 0; i--)
		pq_sendint16(buf, (uint16) d.digit[i]);
	IvmDigitsFree(&d);
}

/*
 * PostgreSQL's result, from the final function given.  Its states of sums and
 * of integers (numeric_poly_*) differ, its results do not, so that one of each
 * is enough: numeric's.
 */
static Datum
finish_numeric(const void *acc, IvmAccumKind kind, bool squares, PGFunction final, bool *isnull)
{
	NumericSums sums = {0};
	StringInfoData buf;
	static AggState aggstate = {.ss.ps.type = T_AggState};

	LOCAL_FCINFO(fcinfo, 2);

	if (kind == IVM_ACC_INT || kind == IVM_ACC_INT_SQ)
		gather_int_sums(&sums, acc, kind);
	else
		gather_numeric_sums(&sums, acc);

	pq_begintypsend(&buf);
	pq_sendint64(&buf, sums.n);
	serialize_sum(&buf, &sums.sum, sums.scale);
	if (squares)
		serialize_sum(&buf, &sums.sumsq, 2 * sums.scale);
	pq_sendint32(&buf, sums.scale);
	pq_sendint64(&buf, sums.n);	/* inputs of that scale: matters only to window frames */
	pq_sendint64(&buf, sums.nan);
	pq_sendint64(&buf, sums.pinf);
	pq_sendint64(&buf, sums.ninf);

	/* deserializers insist on being called for an aggregate */
	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, (fmNodePtr) &aggstate, NULL);
	fcinfo->args[0].value = PointerGetDatum(pq_endtypsend(&buf));
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = (Datum) 0;
	fcinfo->args[1].isnull = false;
	fcinfo->args[0].value = squares ? numeric_deserialize(fcinfo) : numeric_avg_deserialize(fcinfo);

	fcinfo->nargs = 1;
	fcinfo->isnull = false;
	fcinfo->args[0].value = final(fcinfo);
	*isnull = fcinfo->isnull;
	return fcinfo->args[0].value;
}

/* ---------------------------------------------------------------------
 * Integers and numeric
 * ---------------------------------------------------------------------
 */

static inline int64
inputs_of(const void *acc)
{
	return ((const IvmCountAccum *) acc)->n;
}

static inline Datum
no_inputs(bool *isnull)
{
	*isnull = true;
	return (Datum) 0;
}

/* sum(int2), sum(int4): an int8, which wraps as PostgreSQL's does */
Datum
IvmFinalIntSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	if (inputs_of(acc) == 0)
		return no_inputs(isnull);
	*isnull = false;
	return Int64GetDatum((int64) ((const IvmIntAccum *) acc)->sum);
}

static inline Datum
divide_by_count(Numeric sum, int64 n)
{
	return DirectFunctionCall2(numeric_div, NumericGetDatum(sum),
							   NumericGetDatum(int64_to_numeric(n)));
}

/* avg(int2), avg(int4): the same sum, divided as numeric */
Datum
IvmFinalIntAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	Datum		sum = IvmFinalIntSum(acc, kind, aggfnoid, isnull);

	if (*isnull)
		return sum;
	return divide_by_count(int64_to_numeric(DatumGetInt64(sum)), inputs_of(acc));
}

static Datum
numeric_sum_or_avg(const void *acc, IvmAccumKind kind, bool avg, bool *isnull)
{
	int64		mantissa;
	int			scale;
	Numeric		sum;

	if (inputs_of(acc) == 0)
		return no_inputs(isnull);
	if (!simple_sum(acc, kind, &mantissa, &scale))
		return finish_numeric(acc, kind, false, avg ? numeric_avg : numeric_sum, isnull);
	*isnull = false;
	sum = scale == 0 ? int64_to_numeric(mantissa) : int64_div_fast_to_numeric(mantissa, scale);
	return avg ? divide_by_count(sum, inputs_of(acc)) : NumericGetDatum(sum);
}

/* sum(int8), sum(numeric) */
Datum
IvmFinalNumericSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	return numeric_sum_or_avg(acc, kind, false, isnull);
}

/* avg(int8), avg(numeric) */
Datum
IvmFinalNumericAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	return numeric_sum_or_avg(acc, kind, true, isnull);
}

/* stddev and variance of integers and numeric */
Datum
IvmFinalNumericVariance(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	PGFunction	final;

	switch (aggfnoid)
	{
		case F_VAR_POP_INT2:
		case F_VAR_POP_INT4:
		case F_VAR_POP_INT8:
		case F_VAR_POP_NUMERIC:
			final = numeric_var_pop;
			break;
		case F_STDDEV_POP_INT2:
		case F_STDDEV_POP_INT4:
		case F_STDDEV_POP_INT8:
		case F_STDDEV_POP_NUMERIC:
			final = numeric_stddev_pop;
			break;
		case F_STDDEV_INT2:
		case F_STDDEV_INT4:
		case F_STDDEV_INT8:
		case F_STDDEV_NUMERIC:
		case F_STDDEV_SAMP_INT2:
		case F_STDDEV_SAMP_INT4:
		case F_STDDEV_SAMP_INT8:
		case F_STDDEV_SAMP_NUMERIC:
			final = numeric_stddev_samp;
			break;
		default:
			final = numeric_var_samp;
			break;
	}
	return finish_numeric(acc, kind, true, final, isnull);
}

/* ---------------------------------------------------------------------
 * Money and interval
 * ---------------------------------------------------------------------
 */

Datum
IvmFinalMoneySum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	int128		sum = ((const IvmIntAccum *) acc)->sum;

	if (inputs_of(acc) == 0)
		return no_inputs(isnull);
	if (sum < PG_INT64_MIN || sum > PG_INT64_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("money out of range")));
	*isnull = false;
	return CashGetDatum((Cash) sum);
}

static Interval *
interval_sum(const IvmIntervalAccum *a)
{
	Interval   *sum = palloc0(sizeof(Interval));
	bool		overflow;

	sum->month = (int32) a->month;
	sum->day = (int32) a->day;
	sum->time = (TimeOffset) a->time;
	overflow = sum->month != a->month || sum->day != a->day || sum->time != a->time;
#ifdef INTERVAL_NOT_FINITE
	/* infinities of both signs are an error, and so is a sum that looks infinite */
	overflow |= INTERVAL_NOT_FINITE(sum);
	if (a->pinf != 0 || a->ninf != 0)
	{
		overflow = a->pinf != 0 && a->ninf != 0;
		if (a->pinf != 0)
			INTERVAL_NOEND(sum);
		else
			INTERVAL_NOBEGIN(sum);
	}
#endif
	if (overflow)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	return sum;
}

Datum
IvmFinalIntervalSum(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	if (inputs_of(acc) == 0)
		return no_inputs(isnull);
	*isnull = false;
	return IntervalPGetDatum(interval_sum(acc));
}

Datum
IvmFinalIntervalAvg(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	if (inputs_of(acc) == 0)
		return no_inputs(isnull);
	*isnull = false;
	return DirectFunctionCall2(interval_div, IntervalPGetDatum(interval_sum(acc)),
							   Float8GetDatum((double) inputs_of(acc)));
}
