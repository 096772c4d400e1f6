/*-------------------------------------------------------------------------
 *
 * functions.c
 *		What code a view's expressions run: is it immutable, is it a user's,
 *		do its results depend on settings?
 *
 * A view keeps results, so an expression must give for the same row always the
 * same: once planned, as an index expression has to be, it must be immutable, or depend on
 * settings that are pinned and on nothing else (mutable.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
#include "view/functions.h"
#include "view/mutable.h"
#include "view/querytext.h"
#include "view/settings.h"
#include "view/stablefuncs.h"

/* ---- mutable functions ---- */

typedef struct FunctionSearch
{
	Oid			func;			/* what is looked for */
	Node	   *node;			/* found: where it is called */
} FunctionSearch;

static bool
is_wanted_function(Oid func, void *arg)
{
	return func == ((FunctionSearch *) arg)->func;
}

/* Functions that a node calls by itself, an aggregate's own included. */
static bool
node_calls(Node *node, check_function_callback checker, void *arg)
{
	if ((IsA(node, Aggref) || IsA(node, WindowFunc)) &&
		IvmCheckAggregateFunctions(node, checker, arg))
		return true;
	return check_functions_in_node(node, checker, arg);
}

static bool
search_walker(Node *node, void *arg)
{
	FunctionSearch *search = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, search_walker, arg, 0);
	if (node_calls(node, is_wanted_function, arg))
	{
		search->node = node;
		return true;
	}
	return expression_tree_walker(node, search_walker, arg);
}

/* Finds the first node that is mutable by itself, arguments first: the root of the matter. */
static bool
mutable_walker(Node *node, void *arg)
{
	uint32		pins = 0;
	FuncExpr   *call;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, mutable_walker, arg, 0);
	call = IvmCallWithColumns(node);
	if (call != NULL ? mutable_walker((Node *) call->args, arg) :
		expression_tree_walker(node, mutable_walker, arg))
		return true;
	return IvmNodeIsMutable(node, arg, &pins);
}

static bool
is_not_immutable(Oid func, void *arg)
{
	return func_volatile(func) != PROVOLATILE_IMMUTABLE;
}

/*
 * The expression without the STABLE functions that were found acceptable:
 * rows of their arguments, called values of their types, stand in their place.
 */
static Node *
accepted_mutator(Node *node, void *arg)
{
	RowExpr    *row;
	RelabelType *stand_in;

	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, accepted_mutator, arg, 0);
	if (!check_functions_in_node(node, is_not_immutable, NULL))
		return expression_tree_mutator(node, accepted_mutator, arg);
	row = makeNode(RowExpr);
	row->row_typeid = RECORDOID;
	if (IsA(node, CoerceViaIO))
		row->args = list_make1(((CoerceViaIO *) node)->arg);
	else
		row->args = list_copy(IvmNodeArguments(node));
	if (IsA(node, Aggref))
		row->args = lappend(row->args, ((Aggref *) node)->aggfilter);
	stand_in = makeRelabelType((Expr *) expression_tree_mutator((Node *) row, accepted_mutator, arg),
							   exprType(node), exprTypmod(node), exprCollation(node),
							   COERCE_EXPLICIT_CAST);
	return (Node *) stand_in;
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

static Oid
aggregate_of(Node *node)
{
	return IsA(node, Aggref) ? ((Aggref *) node)->aggfnoid : ((WindowFunc *) node)->winfnoid;
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
		case T_TableFunc:
			return "XMLTABLE";
		case T_Aggref:
		case T_WindowFunc:
			if (func >= FirstNormalObjectId && func != aggregate_of(node))
				return psprintf("function %s of aggregate %s", format_procedure(func),
								format_procedure(aggregate_of(node)));
			return psprintf("function %s", format_procedure(aggregate_of(node)));
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

/* Does it find a zone's offset of today? */
static bool
asks_for_todays_offset(Oid func)
{
	switch (func)
	{
		case F_TIMETZ_TIME:
		case F_TIMEZONE_TEXT_TIMETZ:
		case F_JSONB_PATH_EXISTS_TZ:
		case F_JSONB_PATH_MATCH_TZ:
		case F_JSONB_PATH_QUERY_TZ:
		case F_JSONB_PATH_QUERY_ARRAY_TZ:
		case F_JSONB_PATH_QUERY_FIRST_TZ:
			return true;
		default:
			return false;
	}
}

/* Is it a type whose input knows 'now' and 'today'? */
static bool
reads_the_clock(Oid type)
{
	return type == DATEOID || type == TIMEOID || type == TIMETZOID ||
		type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

static const char *
hint_for_type(const IvmTypeFault *fault)
{
	if (fault->use == IVM_TYPE_READ && reads_the_clock(fault->type))
		return psprintf("Text such as 'now' or 'today' makes a %s by the clock: convert with a format, as in to_date(value, 'YYYY-MM-DD') or to_timestamp(value, 'YYYY-MM-DD HH24:MI:SS').",
						format_type_be(fault->type));
	if (fault->use == IVM_TYPE_READ)
		return psprintf("What text makes as a value of type %s depends on other data: keep the text in the view, and convert it when you read the view.",
						format_type_be(fault->type));
	if (fault->type == RECORDOID || fault->type == RECORDARRAYOID)
		return "The columns of the row are not known: cast it to a named composite type.";
	if (fault->use == IVM_TYPE_JSON && get_func_rettype(fault->func) == JSONOID)
		return psprintf("Type %s has a cast to json of its own, which may change: apply it in the query, as in value::json.",
						format_type_be(fault->type));
	return psprintf("How a value of type %s is printed depends on other data: keep the value itself in the view, and apply this when you read the view.",
					format_type_be(fault->type));
}

static const char *
hint_for(const IvmMutable *found)
{
	if (tells_the_time(found->node, found->func))
		return "A view cannot follow the clock: make the compared column a key of the view, and compare it with the time when you read the view.";
	if (asks_for_todays_offset(found->func))
		return "It takes today's offset of a time zone: use timestamps with dates, or a constant offset, as in (value AT TIME ZONE INTERVAL '+02:00').";
	if (OidIsValid(found->type.type))
		return hint_for_type(&found->type);
	if (found->volatility == PROVOLATILE_VOLATILE)
		return "A view keeps what is the same at each evaluation: leave it out, and apply it when you read the view.";
	if (found->func >= FirstNormalObjectId)
		return "If it gives the same result for the same arguments for ever, declare it IMMUTABLE; else keep the arguments in the view, and apply it when you read the view.";
	return "The result depends on the session or on other data: keep the value itself in the view, and apply this when you read the view.";
}

/* Where the function is called in the query as written, or else where the expression is. */
static int
find_location(const IvmMutable *found, Node *written)
{
	FunctionSearch search = {found->func, NULL};
	IvmMutable	place = {0};
	int			location = -1;

	if (OidIsValid(found->func))
		(void) search_walker(written, &search);
	else if (mutable_walker(written, &place))
		search.node = place.node;
	if (search.node != NULL)
		location = exprLocation(search.node);
	return location >= 0 ? location : exprLocation(written);
}

void
IvmRefuseMutable(Node *planned, Node *written, const char *text)
{
	IvmMutable	found = {0};

	if (!mutable_walker(planned, &found))
	{
		if (!contain_mutable_functions(accepted_mutator(planned, NULL)))
			return;
		/* a kind of node that this version of the server knows and we do not */
		memset(&found, 0, sizeof(found));
		found.node = planned;
		found.volatility = PROVOLATILE_STABLE;
	}

	/* Planning may have inlined it from a function's body: positions there mean nothing here. */
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("%s is %s, not IMMUTABLE, so a view over it cannot be kept",
				   describe_node(found.node, found.func),
				   found.volatility == PROVOLATILE_VOLATILE ? "VOLATILE" : "STABLE"),
			errhint("%s", hint_for(&found)),
			IvmErrLocation(text, find_location(&found, written)));
}

/* ---- user code ---- */

/* Conversions between encodings are looked up by search_path, and may be anybody's. */
static bool
is_user_function(Oid func, void *arg)
{
	const IvmStableFunc *stable = IvmStableFuncFind(func);

	return func >= FirstNormalObjectId || (stable != NULL && stable->kind == IVM_STABLE_CONVERTS);
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
arguments_run_user_code(Node *node)
{
	ListCell   *lc;

	foreach(lc, IvmNodeArguments(node))
	{
		if (IvmTypeRunsUserCode(exprType(lfirst(lc))))
			return true;
	}
	return false;
}

/*
 * A built-in function over arrays, rows or ranges (array_eq, record_eq,
 * to_json) calls the functions of their elements' types.
 */
static bool
user_code_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, user_code_walker, arg, 0);
	if (node_calls(node, is_user_function, NULL) || arguments_run_user_code(node))
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
		case T_CoerceViaIO:
			if (IvmTypeRunsUserCode(exprType((Node *) ((CoerceViaIO *) node)->arg)) ||
				IvmTypeRunsUserCode(((CoerceViaIO *) node)->resulttype))
				return true;
			break;
		case T_FuncExpr:		/* as json_populate_record makes it */
			if (IvmTypeRunsUserCode(((FuncExpr *) node)->funcresulttype))
				return true;
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

/* ---- conversions ---- */

static Oid
language_of(Oid func)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(func));
	Oid			language = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
		ReleaseSysCache(tuple);
	}
	return language;
}

/* A STABLE function in SQL may have been inlined, and be anything. */
static bool
may_convert(Oid func, void *arg)
{
	const IvmStableFunc *stable = IvmStableFuncFind(func);

	if (stable != NULL)
		return stable->kind != IVM_STABLE_PINS;
	return func >= FirstNormalObjectId && func_volatile(func) != PROVOLATILE_IMMUTABLE &&
		language_of(func) == SQLlanguageId;
}

static bool
conversions_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, conversions_walker, arg, 0);
	if (IsA(node, CoerceViaIO) || IsA(node, XmlExpr) || IsA(node, TableFunc) ||
		node_calls(node, may_convert, NULL))
		return true;
	return expression_tree_walker(node, conversions_walker, arg);
}

bool
IvmConvertsValues(Node *expr)
{
	return conversions_walker(expr, NULL);
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

	if (func >= FirstNormalObjectId || IvmStableFuncFind(func) != NULL)
		return true;
	result = get_func_signature(func, &argtypes, &nargs);
	if (!is_plain_type(result) && !is_text_type(result))
		return true;
	for (int i = 0; i < nargs; i++)
	{
		Oid			type = argtypes[i];

		if (is_text_type(type))
			text = true;
		else if (!is_plain_type(type) &&
				 !((type == TIMESTAMPTZOID || type == TIMETZOID) && result == BOOLOID))
			return true;
		else if (is_text_type(result) && type != INT4OID && type != BOOLOID)
			return true;
	}
	/* such as to_char(integer, text), where text is not first */
	return is_text_type(result) && !(text && is_text_type(argtypes[0]));
}

static bool
is_listed(Oid func, void *arg)
{
	return IvmStableFuncFind(func) != NULL;
}

/* Aggregates do not, but for those that print; see their arguments. */
static bool
settings_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Query:
			return query_tree_walker((Query *) node, settings_walker, arg, 0);
		case T_CoerceViaIO:
		case T_CoerceToDomain:
		case T_XmlExpr:
		case T_TableFunc:
		case T_SQLValueFunction:
			return true;
		case T_Aggref:
		case T_WindowFunc:
			if (IvmCheckAggregateFunctions(node, is_listed, NULL))
				return true;
			break;
		default:
			if (check_functions_in_node(node, may_depend_on_settings, NULL))
				return true;
			break;
	}
	return expression_tree_walker(node, settings_walker, arg);
}

bool
IvmDependsOnSettings(Node *expr)
{
	return settings_walker(expr, NULL);
}

static bool
pins_walker(Node *node, void *arg)
{
	IvmMutable	ignored = {0};

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, pins_walker, arg, 0);
	(void) IvmNodeIsMutable(node, &ignored, arg);
	return expression_tree_walker(node, pins_walker, arg);
}

char *
IvmSettingsOf(Node *expr)
{
	uint32		pins = 0;

	(void) pins_walker(expr, &pins);
	return IvmPinNames(pins);
}
