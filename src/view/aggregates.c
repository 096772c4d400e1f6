/*-------------------------------------------------------------------------
 *
 * aggregates.c
 *		The table of additive aggregates: what each is kept as, how its result
 *		is computed, and which of them have an exact replacement.
 *
 * The table is sorted by oid.  These oids are PostgreSQL's own and fixed for
 * ever; a user's aggregate of the same name is not in it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "ivm_fdw.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"
#include "view/agg_finals.h"
#include "view/aggregates.h"

typedef struct AdditiveAggregate
{
	Oid			fnoid;
	IvmAccumKind kind;
	IvmFinalFunction final;
} AdditiveAggregate;

/* COUNT; every kind of accumulator starts with it */
static Datum
final_count(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	*isnull = false;
	return Int64GetDatum(((const IvmCountAccum *) acc)->n);
}

static Datum
final_bool(const void *acc, IvmAccumKind kind, Oid aggfnoid, bool *isnull)
{
	const IvmBoolAccum *b = acc;

	*isnull = b->n == 0;
	return BoolGetDatum(aggfnoid == F_BOOL_OR ? b->ntrue > 0 : b->ntrue == b->n);
}

static const AdditiveAggregate additive_aggregates[] = {
	{F_AVG_INT8, IVM_ACC_INT, IvmFinalNumericAvg},
	{F_AVG_INT4, IVM_ACC_INT, IvmFinalIntAvg},
	{F_AVG_INT2, IVM_ACC_INT, IvmFinalIntAvg},
	{F_AVG_NUMERIC, IVM_ACC_NUMERIC, IvmFinalNumericAvg},
	{F_AVG_FLOAT4, IVM_ACC_FLOAT, IvmFinalFloatAvg},
	{F_AVG_FLOAT8, IVM_ACC_FLOAT, IvmFinalFloatAvg},
	{F_AVG_INTERVAL, IVM_ACC_INTERVAL, IvmFinalIntervalAvg},
	{F_SUM_INT8, IVM_ACC_INT, IvmFinalNumericSum},
	{F_SUM_INT4, IVM_ACC_INT, IvmFinalIntSum},
	{F_SUM_INT2, IVM_ACC_INT, IvmFinalIntSum},
	{F_SUM_FLOAT4, IVM_ACC_FLOAT, IvmFinalFloatSum},
	{F_SUM_FLOAT8, IVM_ACC_FLOAT, IvmFinalFloatSum},
	{F_SUM_MONEY, IVM_ACC_INT, IvmFinalMoneySum},
	{F_SUM_INTERVAL, IVM_ACC_INTERVAL, IvmFinalIntervalSum},
	{F_SUM_NUMERIC, IVM_ACC_NUMERIC, IvmFinalNumericSum},
	{F_COUNT_ANY, IVM_ACC_COUNT, final_count},
	{F_VARIANCE_INT8, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_VARIANCE_INT4, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_VARIANCE_INT2, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_VARIANCE_FLOAT4, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_VARIANCE_FLOAT8, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_VARIANCE_NUMERIC, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_STDDEV_INT8, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_STDDEV_INT4, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_STDDEV_INT2, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_STDDEV_FLOAT4, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_STDDEV_FLOAT8, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_STDDEV_NUMERIC, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_BOOL_AND, IVM_ACC_BOOL, final_bool},
	{F_BOOL_OR, IVM_ACC_BOOL, final_bool},
	{F_EVERY, IVM_ACC_BOOL, final_bool},
	{F_VAR_SAMP_INT8, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_VAR_SAMP_INT4, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_VAR_SAMP_INT2, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_VAR_SAMP_FLOAT4, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_VAR_SAMP_FLOAT8, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_VAR_SAMP_NUMERIC, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_STDDEV_SAMP_INT8, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_STDDEV_SAMP_INT4, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_STDDEV_SAMP_INT2, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_STDDEV_SAMP_FLOAT4, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_STDDEV_SAMP_FLOAT8, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_STDDEV_SAMP_NUMERIC, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_VAR_POP_INT8, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_VAR_POP_INT4, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_VAR_POP_INT2, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_VAR_POP_FLOAT4, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_VAR_POP_FLOAT8, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_VAR_POP_NUMERIC, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_STDDEV_POP_INT8, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_STDDEV_POP_INT4, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_STDDEV_POP_INT2, IVM_ACC_INT_SQ, IvmFinalNumericVariance},
	{F_STDDEV_POP_FLOAT4, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_STDDEV_POP_FLOAT8, IVM_ACC_FLOAT_SQ, IvmFinalFloatVariance},
	{F_STDDEV_POP_NUMERIC, IVM_ACC_NUMERIC_SQ, IvmFinalNumericVariance},
	{F_COUNT_, IVM_ACC_COUNT, final_count},
	{F_REGR_COUNT, IVM_ACC_COUNT, final_count},
	{F_REGR_SXX, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_SYY, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_SXY, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_AVGX, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_AVGY, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_R2, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_SLOPE, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_REGR_INTERCEPT, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_COVAR_POP, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_COVAR_SAMP, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
	{F_CORR, IVM_ACC_FLOAT_XY, IvmFinalFloatPairs},
};

static const AdditiveAggregate *
find_additive(Oid aggfnoid)
{
	int			lo = 0;
	int			hi = lengthof(additive_aggregates);

	while (lo < hi)
	{
		int			mid = (lo + hi) / 2;

		if (additive_aggregates[mid].fnoid == aggfnoid)
			return &additive_aggregates[mid];
		if (additive_aggregates[mid].fnoid < aggfnoid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool
IvmAggregateKind(Oid aggfnoid, IvmAccumKind *kind)
{
	const AdditiveAggregate *agg = find_additive(aggfnoid);

	if (agg == NULL)
		return false;
	*kind = agg->kind;
	return true;
}

bool
IvmAggregateIsIdempotent(Oid aggfnoid)
{
	switch (aggfnoid)
	{
		case F_BIT_AND_INT2:
		case F_BIT_AND_INT4:
		case F_BIT_AND_INT8:
		case F_BIT_AND_BIT:
		case F_BIT_OR_INT2:
		case F_BIT_OR_INT4:
		case F_BIT_OR_INT8:
		case F_BIT_OR_BIT:
		case F_RANGE_AGG_ANYRANGE:
		case F_RANGE_INTERSECT_AGG_ANYRANGE:
		case F_RANGE_INTERSECT_AGG_ANYMULTIRANGE:
			return true;
		default:
			return false;
	}
}

bool
IvmAccumServes(IvmAccumKind have, IvmAccumKind want)
{
	if (have == want)
		return true;
	switch (want)
	{
		case IVM_ACC_COUNT:
			return true;
		case IVM_ACC_INT:
			/* int8's squares are summed up as numeric */
			return have == IVM_ACC_INT_SQ || have == IVM_ACC_NUMERIC_SQ;
		case IVM_ACC_NUMERIC:
			return have == IVM_ACC_NUMERIC_SQ;
		case IVM_ACC_FLOAT:
			return have == IVM_ACC_FLOAT_SQ;
		default:
			return false;
	}
}

Datum
IvmAggregateFinal(Oid aggfnoid, const IvmStateDesc *desc, const IvmState *state,
				  int i, bool *isnull)
{
	const AdditiveAggregate *agg = find_additive(aggfnoid);

	Assert(agg != NULL && IvmAccumServes(desc->kinds[i], agg->kind));
	return agg->final(IvmStateAccum(desc, state, i), desc->kinds[i], aggfnoid, isnull);
}

Oid
IvmExactAggregate(Oid aggfnoid)
{
	const AdditiveAggregate *agg = find_additive(aggfnoid);
	Oid			schema;
	Oid			exact;
	HeapTuple	tuple;
	Form_pg_proc proc;

	if (agg == NULL || (agg->kind != IVM_ACC_FLOAT && agg->kind != IVM_ACC_FLOAT_SQ &&
						agg->kind != IVM_ACC_FLOAT_XY))
		return InvalidOid;
	schema = get_namespace_oid(IVM_CATALOG_SCHEMA, true);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(aggfnoid));
	if (!OidIsValid(schema) || !HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("the exact aggregates of %s are missing", IVM_EXTENSION_NAME),
				 errhint("Create the extension %s in this database.", IVM_EXTENSION_NAME)));
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	exact = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							PointerGetDatum(NameStr(proc->proname)),
							PointerGetDatum(&proc->proargtypes),
							ObjectIdGetDatum(schema));
	if (!OidIsValid(exact))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("aggregate %s.%s is missing", IVM_CATALOG_SCHEMA, NameStr(proc->proname)),
				 errhint("Drop and create the extension %s.", IVM_EXTENSION_NAME)));
	ReleaseSysCache(tuple);
	return exact;
}
