/*-------------------------------------------------------------------------
 *
 * mutable.c
 *		Is a node of an expression more than immutable under pinned settings?
 *
 * Functions that PostgreSQL calls immutable are taken at their word, STABLE
 * built-in ones where they are in the list (stablefuncs.c) and the types at hand
 * convert (typeio.c).  An aggregate is what the functions are that it runs; its
 * own volatility says nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "view/mutable.h"
#include "view/stablefuncs.h"

typedef struct Judge
{
	Node	   *node;
	IvmMutable *found;
	uint32	   *pins;
} Judge;

static bool
guilty(Judge *judge, Oid func, char volatility)
{
	judge->found->node = judge->node;
	judge->found->func = func;
	judge->found->volatility = volatility;
	return true;
}

/* A type's conversion is at fault: what calls it is as mutable as that. */
static bool
guilty_by_type(Judge *judge, Oid func)
{
	Oid			conversion = judge->found->type.func;
	char		volatility = OidIsValid(conversion) ? func_volatile(conversion) : PROVOLATILE_STABLE;

	return guilty(judge, func, volatility == PROVOLATILE_VOLATILE ? volatility : PROVOLATILE_STABLE);
}

List *
IvmNodeArguments(Node *node)
{
	List	   *args = NIL;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_FuncExpr:
			return ((FuncExpr *) node)->args;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			return ((OpExpr *) node)->args;
		case T_ScalarArrayOpExpr:
			return ((ScalarArrayOpExpr *) node)->args;
		case T_WindowFunc:
			return ((WindowFunc *) node)->args;
		case T_XmlExpr:
			return list_concat_copy(((XmlExpr *) node)->named_args, ((XmlExpr *) node)->args);
		case T_Aggref:
			foreach(lc, ((Aggref *) node)->args)
				args = lappend(args, lfirst_node(TargetEntry, lc)->expr);
			return list_concat(args, ((Aggref *) node)->aggdirectargs);
		default:
			return NIL;
	}
}

/* ---- aggregates ---- */

static bool
is_aggregate(Oid func)
{
	return get_func_prokind(func) == PROKIND_AGGREGATE;
}

bool
IvmCheckAggregateFunctions(Node *node, IvmFunctionChecker checker, void *arg)
{
	Oid			aggfnoid = IsA(node, Aggref) ? ((Aggref *) node)->aggfnoid : ((WindowFunc *) node)->winfnoid;
	HeapTuple	tuple;
	Oid			funcs[5] = {InvalidOid};
	int			nfuncs = 0;

	if (!is_aggregate(aggfnoid))
		return checker(aggfnoid, arg);
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggfnoid));
	if (!HeapTupleIsValid(tuple))
		return false;
	else
	{
		Form_pg_aggregate agg = (Form_pg_aggregate) GETSTRUCT(tuple);

		funcs[nfuncs++] = agg->aggtransfn;
		funcs[nfuncs++] = agg->aggfinalfn;
		if (IsA(node, WindowFunc))
		{
			funcs[nfuncs++] = agg->aggmtransfn;
			funcs[nfuncs++] = agg->aggminvtransfn;
			funcs[nfuncs++] = agg->aggmfinalfn;
		}
		ReleaseSysCache(tuple);
	}
	for (int i = 0; i < nfuncs; i++)
	{
		if (OidIsValid(funcs[i]) && checker(funcs[i], arg))
			return true;
	}
	return false;
}

/* ---- functions ---- */

static bool
arguments_convert(Judge *judge, IvmTypeUse use)
{
	ListCell   *lc;

	foreach(lc, IvmNodeArguments(judge->node))
	{
		if (!IvmTypeConverts(exprType(lfirst(lc)), lfirst(lc), use, judge->pins, &judge->found->type))
			return false;
	}
	return true;
}

static bool
is_mutable(Oid func, void *arg)
{
	Judge	   *judge = arg;
	const IvmStableFunc *stable = IvmStableFuncFind(func);
	bool		converts = true;

	if (stable == NULL)
		return func_volatile(func) != PROVOLATILE_IMMUTABLE && guilty(judge, func, func_volatile(func));
	*judge->pins |= stable->pins;
	switch (stable->kind)
	{
		case IVM_STABLE_PINS:
		case IVM_STABLE_CONVERTS:
			break;
		case IVM_STABLE_PRINTS:
			converts = arguments_convert(judge, IVM_TYPE_PRINTED);
			break;
		case IVM_STABLE_JSON:
			converts = arguments_convert(judge, IVM_TYPE_JSON);
			break;
		case IVM_STABLE_READS:
			converts = IvmTypeConverts(exprType(judge->node), judge->node, IVM_TYPE_READ,
									   judge->pins, &judge->found->type);
			break;
		case IVM_STABLE_READS_COLUMNS:
			return guilty(judge, func, PROVOLATILE_STABLE);
	}
	return !converts && guilty_by_type(judge, func);
}

static bool
cast_is_mutable(Judge *judge, CoerceViaIO *cast)
{
	Node	   *arg = (Node *) cast->arg;
	Oid			func;
	Oid			ioparam;
	bool		isvarlena;

	if (!IvmTypeConverts(exprType(arg), arg, IVM_TYPE_PRINTED, judge->pins, &judge->found->type))
	{
		getTypeOutputInfo(exprType(arg), &func, &isvarlena);
		return guilty_by_type(judge, func);
	}
	if (!IvmTypeConverts(cast->resulttype, NULL, IVM_TYPE_READ, judge->pins, &judge->found->type))
	{
		getTypeInputInfo(cast->resulttype, &func, &ioparam);
		return guilty_by_type(judge, func);
	}
	return false;
}

/* Columns of the given types, read from text */
static bool
columns_are_mutable(Judge *judge, List *types, Oid func)
{
	ListCell   *lc;

	foreach(lc, types)
	{
		if (!IvmTypeConverts(lfirst_oid(lc), NULL, IVM_TYPE_READ, judge->pins, &judge->found->type))
			return guilty_by_type(judge, func);
	}
	return false;
}

FuncExpr *
IvmCallWithColumns(Node *node)
{
	RangeTblFunction *rtfunc = (RangeTblFunction *) node;
	const IvmStableFunc *stable;

	if (!IsA(node, RangeTblFunction) || rtfunc->funccoltypes == NIL || !IsA(rtfunc->funcexpr, FuncExpr))
		return NULL;
	stable = IvmStableFuncFind(((FuncExpr *) rtfunc->funcexpr)->funcid);
	if (stable == NULL || stable->kind != IVM_STABLE_READS_COLUMNS)
		return NULL;
	return (FuncExpr *) rtfunc->funcexpr;
}

bool
IvmNodeIsMutable(Node *node, IvmMutable *found, uint32 *pins)
{
	Judge		judge = {node, found, pins};
	FuncExpr   *call;

	switch (nodeTag(node))
	{
		case T_Aggref:
		case T_WindowFunc:
			return IvmCheckAggregateFunctions(node, is_mutable, &judge);
		case T_CoerceViaIO:
			return cast_is_mutable(&judge, (CoerceViaIO *) node);
		case T_SQLValueFunction:
			return guilty(&judge, InvalidOid, PROVOLATILE_STABLE);
		case T_NextValueExpr:
			return guilty(&judge, InvalidOid, PROVOLATILE_VOLATILE);
		case T_XmlExpr:
			if (((XmlExpr *) node)->op != IS_XMLELEMENT && ((XmlExpr *) node)->op != IS_XMLFOREST)
				return false;	/* of xml and text only */
			return !arguments_convert(&judge, IVM_TYPE_XML) && guilty_by_type(&judge, InvalidOid);
		case T_TableFunc:
			return columns_are_mutable(&judge, ((TableFunc *) node)->coltypes, InvalidOid);
		case T_RangeTblFunction:
			call = IvmCallWithColumns(node);
			return call != NULL &&
				columns_are_mutable(&judge, ((RangeTblFunction *) node)->funccoltypes, call->funcid);
		default:
			return check_functions_in_node(node, is_mutable, &judge);
	}
}
