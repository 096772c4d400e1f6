/*-------------------------------------------------------------------------
 *
 * typeio.c
 *		How values of a type are converted to text and back: does it depend
 *		on anything but the value and pinned settings?
 *
 * The conversion functions of containers are STABLE because those of their
 * elements may be: what counts is the elements.  Labels of enums and names of
 * composites' attributes are followed (ddl.c): renaming them redefines the views.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/tupdesc.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "view/settings.h"
#include "view/stablefuncs.h"
#include "view/typeio.h"

typedef struct Conversion
{
	IvmTypeUse	use;
	uint32	   *pins;
	IvmTypeFault *fault;
} Conversion;

static bool converts(Conversion *conv, Oid type, Node *expr);

static bool
blame(Conversion *conv, Oid type, Oid func)
{
	conv->fault->type = type;
	conv->fault->func = func;
	conv->fault->use = conv->use;
	return false;
}

static bool
depends(Conversion *conv, IvmPin pin)
{
	*conv->pins |= (uint32) 1 << pin;
	return true;
}

/* The conversion function of a type that is no container */
static bool
function_converts(Conversion *conv, Oid base)
{
	const IvmStableFunc *stable;
	Oid			func;
	Oid			ioparam;
	bool		isvarlena;

	if (conv->use == IVM_TYPE_READ)
		getTypeInputInfo(base, &func, &ioparam);
	else
		getTypeOutputInfo(base, &func, &isvarlena);

	stable = IvmStableFuncFind(func);
	if (stable != NULL && stable->kind == IVM_STABLE_PINS)
	{
		*conv->pins |= stable->pins;
		return true;
	}
	return func_volatile(func) == PROVOLATILE_IMMUTABLE || blame(conv, base, func);
}

static bool
columns_convert(Conversion *conv, TupleDesc tupdesc)
{
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (!att->attisdropped && !converts(conv, att->atttypid, NULL))
			return false;
	}
	return true;
}

/* An anonymous row: its expression has to tell the columns. */
static bool
record_converts(Conversion *conv, Oid base, Node *expr)
{
	TupleDesc	tupdesc = NULL;
	ListCell   *lc;

	if (base == RECORDOID && expr != NULL && IsA(expr, RowExpr))
	{
		foreach(lc, ((RowExpr *) expr)->args)
		{
			if (!converts(conv, exprType(lfirst(lc)), lfirst(lc)))
				return false;
		}
		return true;
	}
	if (base == RECORDOID && expr != NULL)
		tupdesc = get_expr_result_tupdesc(expr, true);
	return tupdesc != NULL ? columns_convert(conv, tupdesc) : blame(conv, base, InvalidOid);
}

static bool
composite_converts(Conversion *conv, Oid base)
{
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(base, -1);
	bool		result = columns_convert(conv, tupdesc);

	ReleaseTupleDesc(tupdesc);
	return result;
}

/* JSON and XML have their own way with some types; *done: that was all. */
static bool
special_converts(Conversion *conv, Oid base, bool *done)
{
	Oid			func;

	*done = true;
	switch (base)
	{
		case DATEOID:
		case TIMESTAMPOID:
			return true;
		case TIMESTAMPTZOID:
			return depends(conv, IVM_PIN_TIMEZONE);
		case BYTEAOID:
			if (conv->use == IVM_TYPE_XML)
				return depends(conv, IVM_PIN_XMLBINARY);
			break;
		default:
			break;
	}
	*done = false;
	if (conv->use == IVM_TYPE_JSON && base >= FirstNormalObjectId &&
		get_typtype(base) != TYPTYPE_COMPOSITE && !OidIsValid(get_element_type(base)) &&
		find_coercion_pathway(JSONOID, base, COERCION_EXPLICIT, &func) == COERCION_PATH_FUNC &&
		OidIsValid(func))
	{
		*done = true;
		return blame(conv, base, func);
	}
	return true;
}

/* A value in a container, or as such, that is printed whatever it is printed in */
static bool
converts_plainly(Conversion *conv, Oid type)
{
	Conversion	inner = *conv;

	if (conv->use != IVM_TYPE_READ)
		inner.use = IVM_TYPE_PRINTED;
	return converts(&inner, type, NULL);
}

static bool
converts(Conversion *conv, Oid type, Node *expr)
{
	Oid			base = getBaseType(type);
	Oid			elemtype = get_element_type(base);
	bool		done = false;

	check_stack_depth();
	if (conv->use == IVM_TYPE_JSON || conv->use == IVM_TYPE_XML)
	{
		bool		result = special_converts(conv, base, &done);

		if (done)
			return result;
	}
	if (OidIsValid(elemtype))
	{
		if (conv->use == IVM_TYPE_READ)
			depends(conv, IVM_PIN_ARRAY_NULLS);
		return converts(conv, elemtype, NULL);
	}
	if (base == RECORDOID || base == RECORDARRAYOID)
		return record_converts(conv, base, expr);
	switch (get_typtype(base))
	{
		case TYPTYPE_COMPOSITE:
			if (conv->use == IVM_TYPE_XML)
				return converts_plainly(conv, base);
			return composite_converts(conv, base);
		case TYPTYPE_RANGE:
			return converts_plainly(conv, get_range_subtype(base));
		case TYPTYPE_MULTIRANGE:
			return converts_plainly(conv, get_multirange_range(base));
		case TYPTYPE_ENUM:
			return true;
		default:
			return function_converts(conv, base);
	}
}

bool
IvmTypeConverts(Oid type, Node *expr, IvmTypeUse use, uint32 *pins, IvmTypeFault *fault)
{
	Conversion	conv = {use, pins, fault};

	return converts(&conv, type, expr);
}
