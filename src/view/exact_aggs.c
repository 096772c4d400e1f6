/*-------------------------------------------------------------------------
 *
 * exact_aggs.c
 *		Exact float aggregates for SQL: ivm_fdw.sum(float8) and its kin.
 *
 * They run on the very accumulators and final functions that views are kept
 * with, so that a live query and the store give the same digits.  A
 * transition state is a group's state with one accumulator; rows counts the
 * inputs.  As everything subtracts, they serve moving windows too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "compat.h"
#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "view/aggregates.h"

typedef struct ExactState
{
	IvmStateDesc *desc;
	IvmState   *state;
} ExactState;

static ExactState *
make_exact_state(IvmStateDesc *desc)
{
	ExactState *exact = palloc(sizeof(ExactState));

	exact->desc = desc;
	exact->state = palloc(desc->size);
	IvmStateInit(desc, exact->state);
	return exact;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function called outside of an aggregate"),
				 errhint("Call the aggregates of schema ivm_fdw, not their parts.")));
	return context;
}

/* Transition with sign +1, inverse transition with -1; nulls are left out. */
static Datum
exact_transition(FunctionCallInfo fcinfo, IvmAccumKind kind, Oid argtype, int sign)
{
	MemoryContext old = MemoryContextSwitchTo(aggregate_context(fcinfo));
	ExactState *exact;
	int			nargs = kind == IVM_ACC_FLOAT_XY ? 2 : 1;
	Datum		args[2] = {(Datum) 0, (Datum) 0};
	bool		anynull = false;

	if (PG_ARGISNULL(0))
		exact = make_exact_state(IvmStateDescMake(1, &kind, &argtype));
	else
		exact = (ExactState *) PG_GETARG_POINTER(0);
	for (int i = 0; i < nargs; i++)
	{
		anynull |= PG_ARGISNULL(i + 1);
		args[i] = PG_GETARG_DATUM(i + 1);
	}
	if (!anynull)
	{
		exact->state->rows += sign;
		IvmStateAccumRow(exact->desc, exact->state, 0, args, sign);
	}
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(exact);
}

#define EXACT_TRANSITION(name, kind, argtype) \
PG_FUNCTION_INFO_V1(ivm_fdw_##name##_accum); \
Datum \
ivm_fdw_##name##_accum(PG_FUNCTION_ARGS) \
{ \
	return exact_transition(fcinfo, kind, argtype, 1); \
} \
PG_FUNCTION_INFO_V1(ivm_fdw_##name##_remove); \
Datum \
ivm_fdw_##name##_remove(PG_FUNCTION_ARGS) \
{ \
	return exact_transition(fcinfo, kind, argtype, -1); \
} \
extern int	no_such_variable

EXACT_TRANSITION(float4, IVM_ACC_FLOAT, FLOAT4OID);
EXACT_TRANSITION(float8, IVM_ACC_FLOAT, FLOAT8OID);
EXACT_TRANSITION(float4_squares, IVM_ACC_FLOAT_SQ, FLOAT4OID);
EXACT_TRANSITION(float8_squares, IVM_ACC_FLOAT_SQ, FLOAT8OID);
EXACT_TRANSITION(pairs, IVM_ACC_FLOAT_XY, FLOAT8OID);

PG_FUNCTION_INFO_V1(ivm_fdw_exact_combine);
Datum
ivm_fdw_exact_combine(PG_FUNCTION_ARGS)
{
	MemoryContext old = MemoryContextSwitchTo(aggregate_context(fcinfo));
	ExactState *into = PG_ARGISNULL(0) ? NULL : (ExactState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		ExactState *from = (ExactState *) PG_GETARG_POINTER(1);

		if (into == NULL)
			into = make_exact_state(IvmStateDescMake(1, from->desc->kinds, from->desc->argtypes));
		IvmStateAdd(into->desc, into->state, from->state, 1);
	}
	MemoryContextSwitchTo(old);
	if (into == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(into);
}

PG_FUNCTION_INFO_V1(ivm_fdw_exact_serialize);
Datum
ivm_fdw_exact_serialize(PG_FUNCTION_ARGS)
{
	ExactState *exact = (ExactState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	initStringInfo(&buf);
	appendStringInfoSpaces(&buf, VARHDRSZ);
	IvmStatePack(exact->desc, exact->state, &buf);
	SET_VARSIZE(buf.data, buf.len);
	PG_RETURN_BYTEA_P((bytea *) buf.data);
}

PG_FUNCTION_INFO_V1(ivm_fdw_exact_deserialize);
Datum
ivm_fdw_exact_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *packed = PG_GETARG_BYTEA_PP(0);
	const char *data = VARDATA_ANY(packed);
	Size		len = VARSIZE_ANY_EXHDR(packed);
	ExactState *exact;

	(void) aggregate_context(fcinfo);
	exact = make_exact_state(IvmStateDescOfPacked(data, len));
	IvmStateUnpackAdd(exact->desc, exact->state, data, len);
	PG_RETURN_POINTER(exact);
}

/* What the aggregate of PostgreSQL would return for the same inputs */
static Datum
exact_final(FunctionCallInfo fcinfo, Oid aggfnoid)
{
	ExactState *exact;
	Datum		result;
	bool		isnull;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	exact = (ExactState *) PG_GETARG_POINTER(0);
	result = IvmAggregateFinal(aggfnoid, exact->desc, exact->state, 0, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	return result;
}

#define EXACT_FINAL(name, aggfnoid) \
PG_FUNCTION_INFO_V1(ivm_fdw_##name##_final); \
Datum \
ivm_fdw_##name##_final(PG_FUNCTION_ARGS) \
{ \
	return exact_final(fcinfo, aggfnoid); \
} \
extern int	no_such_variable

EXACT_FINAL(float4_sum, F_SUM_FLOAT4);
EXACT_FINAL(float8_sum, F_SUM_FLOAT8);
EXACT_FINAL(float8_avg, F_AVG_FLOAT8);
EXACT_FINAL(float8_var_pop, F_VAR_POP_FLOAT8);
EXACT_FINAL(float8_var_samp, F_VAR_SAMP_FLOAT8);
EXACT_FINAL(float8_stddev_pop, F_STDDEV_POP_FLOAT8);
EXACT_FINAL(float8_stddev_samp, F_STDDEV_SAMP_FLOAT8);
EXACT_FINAL(regr_sxx, F_REGR_SXX);
EXACT_FINAL(regr_syy, F_REGR_SYY);
EXACT_FINAL(regr_sxy, F_REGR_SXY);
EXACT_FINAL(regr_avgx, F_REGR_AVGX);
EXACT_FINAL(regr_avgy, F_REGR_AVGY);
EXACT_FINAL(regr_r2, F_REGR_R2);
EXACT_FINAL(regr_slope, F_REGR_SLOPE);
EXACT_FINAL(regr_intercept, F_REGR_INTERCEPT);
EXACT_FINAL(covar_pop, F_COVAR_POP);
EXACT_FINAL(covar_samp, F_COVAR_SAMP);
EXACT_FINAL(corr, F_CORR);
