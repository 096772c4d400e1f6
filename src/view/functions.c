/*-------------------------------------------------------------------------
 *
 * functions.c
 *		What code a view's expressions run: is it immutable, is it a user's,
 *		do its results depend on settings?
 *
 * A view keeps results, so an expression must give for the same row always the
 * same: it has to be immutable once planned, as an index expression has to be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "view/functions.h"
#include "view/querytext.h"

/* ---- mutable functions ---- */

typedef struct MutableSearch
{
	Oid			only;			/* look for this function, whatever it is */
	Node	   *node;			/* found: the node */
	Oid			func;			/* the function it calls, or InvalidOid */
	char		volatility;
} MutableSearch;

static bool
is_mutable(Oid func, void *arg)
{
	MutableSearch *search = (MutableSearch *) arg;
	char		volatility = func_volatile(func);

	if (OidIsValid(search->only) ? func != search->only :
		volatility == PROVOLATILE_IMMUTABLE)
		return false;
	search->func = func;
	search->volatility = volatility;
	return true;
}

/* Finds the first node that is not immutable by itself, arguments first: the root of the matter. */
static bool
mutable_walker(Node *node, void *arg)
{
	MutableSearch *search = (MutableSearch *) arg;

	if (node == NULL)
		return false;
	if (expression_tree_walker(node, mutable_walker, arg))
		return true;
	if (check_functions_in_node(node, is_mutable, arg))
	{
		search->node = node;
		return true;
	}

	/*
	 * XML functions pass for immutable in PostgreSQL, but their results depend
	 * on settings (xmlbinary, time zone) and on the way types print.
	 */
	if (!OidIsValid(search->only) &&
		(IsA(node, SQLValueFunction) || IsA(node, NextValueExpr) ||
		 (IsA(node, XmlExpr) && ((XmlExpr *) node)->op != IS_DOCUMENT)))
	{
		search->node = node;
		search->func = InvalidOid;
		search->volatility = IsA(node, NextValueExpr) ? PROVOLATILE_VOLATILE : PROVOLATILE_STABLE;
		return true;
	}
	return false;
}

static const char *
describe_value_function(SQLValueFunction *node)
{
	switch (node->op)
	{
		case SVFOP_CURRENT_DATE:
			return "CURRENT_DATE";
		case SVFOP_CURRENT_TIME:
		case SVFOP_CURRENT_TIME_N:
			return "CURRENT_TIME";
		case SVFOP_CURRENT_TIMESTAMP:
		case SVFOP_CURRENT_TIMESTAMP_N:
			return "CURRENT_TIMESTAMP";
		case SVFOP_LOCALTIME:
		case SVFOP_LOCALTIME_N:
			return "LOCALTIME";
		case SVFOP_LOCALTIMESTAMP:
		case SVFOP_LOCALTIMESTAMP_N:
			return "LOCALTIMESTAMP";
		case SVFOP_CURRENT_CATALOG:
			return "CURRENT_CATALOG";
		case SVFOP_CURRENT_SCHEMA:
			return "CURRENT_SCHEMA";
		case SVFOP_SESSION_USER:
			return "SESSION_USER";
		default:
			return "CURRENT_USER";
	}
}

static char *
describe_cast(Oid from, Oid to)
{
	return psprintf("the cast from %s to %s", format_type_be(from), format_type_be(to));
}

/* What a user would call the node: a function, an operator, a cast. */
static const char *
describe_node(Node *node, Oid func)
{
	switch (nodeTag(node))
	{
		case T_SQLValueFunction:
			return describe_value_function((SQLValueFunction *) node);
		case T_XmlExpr:
			return "an XML expression";
		case T_CoerceViaIO:
			return describe_cast(exprType((Node *) ((CoerceViaIO *) node)->arg), exprType(node));
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			return psprintf("operator %s", format_operator(((OpExpr *) node)->opno));
		case T_ScalarArrayOpExpr:
			return psprintf("operator %s", format_operator(((ScalarArrayOpExpr *) node)->opno));
		case T_FuncExpr:
			{
				FuncExpr   *call = (FuncExpr *) node;

				if (call->args != NIL &&
					(call->funcformat == COERCE_EXPLICIT_CAST ||
					 call->funcformat == COERCE_IMPLICIT_CAST))
					return describe_cast(exprType(linitial(call->args)), call->funcresulttype);
			}
			/* FALLTHROUGH */
		default:
			return OidIsValid(func) ? psprintf("function %s", format_procedure(func)) :
				"an expression";
	}
}

static bool
is_zoned(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMETZOID;
}

/* Does the function read the clock? */
static bool
tells_the_time(Node *node, Oid func)
{
	if (IsA(node, SQLValueFunction))
		return ((SQLValueFunction *) node)->op <= SVFOP_LOCALTIMESTAMP_N;
	return func == F_NOW || func == F_TRANSACTION_TIMESTAMP || func == F_STATEMENT_TIMESTAMP ||
		func == F_CLOCK_TIMESTAMP || func == F_TIMEOFDAY ||
		func == F_AGE_TIMESTAMP || func == F_AGE_TIMESTAMPTZ;
}

/* Does it take or give a time whose meaning depends on the session's time zone? */
static bool
depends_on_time_zone(Node *node, Oid func)
{
	Oid		   *argtypes;
	int			nargs;

	if (is_zoned(exprType(node)))
		return true;
	if (IsA(node, CoerceViaIO))
		return is_zoned(exprType((Node *) ((CoerceViaIO *) node)->arg));
	if (!OidIsValid(func))
		return false;
	get_func_signature(func, &argtypes, &nargs);
	for (int i = 0; i < nargs; i++)
	{
		if (is_zoned(argtypes[i]))
			return true;
	}
	return false;
}

static const char *
hint_for(const MutableSearch *found)
{
	if (tells_the_time(found->node, found->func))
		return "A view cannot follow the clock: make the compared column a key of the view, and compare it with the time when you read the view.";
	if (found->volatility == PROVOLATILE_VOLATILE)
		return "A view keeps what is the same at each evaluation: leave it out, and apply it when you read the view.";
	if (depends_on_time_zone(found->node, found->func))
		return "The result depends on the session's time zone: convert with a constant zone first, as in (value AT TIME ZONE 'UTC').";
	return "The result depends on settings or other data: keep the value itself in the view, and apply this when you read the view.";
}

void
IvmRefuseMutable(Node *planned, Node *written, const char *text)
{
	MutableSearch found = {0};
	MutableSearch place = {0};
	int			location = -1;

	if (!contain_mutable_functions(planned) && !mutable_walker(planned, &found))
		return;
	if (found.node == NULL && !mutable_walker(planned, &found))
	{
		/* a kind of node that this version of the server knows and we do not */
		found.node = planned;
		found.volatility = PROVOLATILE_STABLE;
	}

	/* Planning may have inlined it from a function's body: positions there mean nothing here. */
	place.only = found.func;
	if (mutable_walker(written, &place))
		location = exprLocation(place.node);
	if (location < 0)
		location = exprLocation(written);

	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("%s is %s, not IMMUTABLE, so a view over it cannot be kept",
				   describe_node(found.node, found.func),
				   found.volatility == PROVOLATILE_VOLATILE ? "VOLATILE" : "STABLE"),
			errhint("%s", hint_for(&found)),
			IvmErrLocation(text, location));
}

/* ---- user code ---- */

static bool
is_user_function(Oid func, void *arg)
{
	return func >= FirstNormalObjectId;
}

bool
IvmTypeRunsUserCode(Oid type)
{
	Oid			element;

	type = getBaseType(type);
	element = get_element_type(type);
	if (OidIsValid(element))
		type = getBaseType(element);

	if (type == RECORDOID || type == RECORDARRAYOID)
		return true;			/* of whatever */

	/* comparing enums calls built-in functions only */
	return type >= FirstNormalObjectId && get_typtype(type) != TYPTYPE_ENUM;
}

static bool
user_code_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_user_function, NULL))
		return true;
	switch (nodeTag(node))
	{
		case T_CoerceToDomain:
			return true;		/* its constraints are anybody's */
		case T_MinMaxExpr:
			if (IvmTypeRunsUserCode(((MinMaxExpr *) node)->minmaxtype))
				return true;
			break;
		case T_SubscriptingRef:
			if (IvmTypeRunsUserCode(((SubscriptingRef *) node)->refcontainertype))
				return true;
			break;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:

			/*
			 * A built-in function over arrays, rows or ranges (array_eq,
			 * record_eq) calls the functions of their elements' types.
			 */
			{
				List	   *args = IsA(node, FuncExpr) ? ((FuncExpr *) node)->args :
					IsA(node, ScalarArrayOpExpr) ? ((ScalarArrayOpExpr *) node)->args :
					((OpExpr *) node)->args;
				ListCell   *lc;

				foreach(lc, args)
				{
					if (IvmTypeRunsUserCode(exprType(lfirst(lc))))
						return true;
				}
			}
			break;
		default:
			break;
	}
	return expression_tree_walker(node, user_code_walker, arg);
}

bool
IvmRunsUserCode(Node *expr)
{
	return user_code_walker(expr, NULL);
}

/* ---- dependence on settings ---- */

/* Types whose values are computed with without regard to any setting. */
static bool
is_plain_type(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case CHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case INTERVALOID:
		case UUIDOID:
		case OIDOID:
			return true;
		default:
			return false;
	}
}

static bool
is_text_type(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID || type == NAMEOID;
}

/*
 * Judged by its types: what gives a plain type from plain types and text, or a truth
 * value from points in time, or text from text and integers.  That leaves out
 * whatever prints (to_char, output functions) or names a time zone.
 */
static bool
may_depend_on_settings(Oid func, void *arg)
{
	Oid		   *argtypes;
	int			nargs;
	Oid			result;
	bool		text = false;

	if (func >= FirstNormalObjectId)
		return true;
	result = get_func_signature(func, &argtypes, &nargs);
	if (!is_plain_type(result) && !is_text_type(result))
		return true;
	for (int i = 0; i < nargs; i++)
	{
		Oid			type = argtypes[i];

		if (is_text_type(type))
			text = true;
		else if (!is_plain_type(type) && !(is_zoned(type) && result == BOOLOID))
			return true;
		else if (is_text_type(result) && type != INT4OID && type != BOOLOID)
			return true;
	}
	/* such as to_char(integer, text), where text is not first */
	return is_text_type(result) && !(text && is_text_type(argtypes[0]));
}

static bool
settings_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref))		/* kept ones do not; see their arguments */
		return expression_tree_walker(node, settings_walker, arg);
	if (IsA(node, CoerceViaIO) || IsA(node, CoerceToDomain) || IsA(node, XmlExpr) ||
		IsA(node, SQLValueFunction))
		return true;
	if (check_functions_in_node(node, may_depend_on_settings, NULL))
		return true;
	return expression_tree_walker(node, settings_walker, arg);
}

bool
IvmDependsOnSettings(Node *expr)
{
	return settings_walker(expr, NULL);
}
