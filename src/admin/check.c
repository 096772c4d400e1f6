/*-------------------------------------------------------------------------
 *
 * check.c
 *		ivm_fdw_check(query): how each part of a query would be kept and what
 *		a read costs, or what is refused, where and why.  Creates nothing.
 *
 * A refusal is an answer here: the error is caught (in a subtransaction, which
 * cleans up after it) and told as rows.  What is no judgement of the query
 * (cancel, out of memory…) is raised as ever.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "compat.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/ruleutils.h"
#include "view/catalog.h"
#include "view/definition.h"
#include "view/grouping.h"
#include "view/privileges.h"

PG_FUNCTION_INFO_V1(ivm_fdw_check);

#define EXCERPT_CHARS	40

/* What the parts are described from. */
typedef struct Check
{
	ReturnSetInfo *rsinfo;
	const char *text;
	Query	   *query;
	IvmView    *view;
	List	   *dpcontext;		/* to print expressions over the base table */
} Check;

/* One row of the answer; NULL leaves a column empty. */
static void
put_row(Check *check, const char *part, const char *item, const char *how, const char *cost)
{
	const char *texts[4] = {part, item, how, cost};
	Datum		values[4];
	bool		nulls[4];

	for (int i = 0; i < 4; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	tuplestore_putvalues(check->rsinfo->setResult, check->rsinfo->setDesc, values, nulls);
}

static char *
print_expression(Check *check, Node *expr)
{
	return deparse_expression(expr, check->dpcontext, false, false);
}

/* ---- a query that can be kept ---- */

static char *
used_columns(IvmView *view)
{
	StringInfoData buf;
	int			member = -1;

	initStringInfo(&buf);
	while ((member = bms_next_member(view->columns, member)) >= 0)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 quote_identifier(get_attname(view->baserel,
													  member + FirstLowInvalidHeapAttributeNumber,
													  false)));
	return buf.len > 0 ? buf.data : "none";
}

static void
describe_table(Check *check)
{
	IvmView    *view = check->view;
	int			children = view->inh ?
		list_length(find_all_inheritors(view->baserel, AccessShareLock, NULL)) - 1 : 0;

	put_row(check, "table",
			quote_qualified_identifier(get_namespace_name(get_rel_namespace(view->baserel)),
									   get_rel_name(view->baserel)),
			children == 0 ? "captured by row triggers" :
			psprintf("captured by row triggers, with its partitions or children (%d now)", children),
			psprintf("a write evaluates each changed row once; rows unchanged in the used columns (%s) cost nothing further",
					 used_columns(view)));
	if (view->where != NULL)
		put_row(check, "where", print_expression(check, check->query->jointree->quals),
				"applied to each changed row", "nothing at reads");
}

static void
describe_keys(Check *check)
{
	IvmView    *view = check->view;

	if (view->one_row)
		put_row(check, "key", NULL, "none: always one row", "a read is one lookup");
	for (int i = 0; i < view->nkeys; i++)
	{
		bool		ordered = view->keydesc->cols[i].klass == IVM_KEY_ORDERED;

		put_row(check, psprintf("key %d", i + 1),
				print_expression(check, (Node *) view->keyexprs[i]),
				ordered ? "in order of its values" : "by equality, in no order",
				psprintf("%s%s narrow a read%s",
						 ordered ? "=, = ANY, IS NULL, <, <=, >, >= and BETWEEN" :
						 "=, = ANY and IS NULL",
						 i == 0 ? "" : " after = on the keys before it",
						 ordered && i == 0 ? "; ORDER BY it needs no sort" : ""));
	}
}

static const char *
accumulator_words(IvmAccumKind kind)
{
	switch (kind)
	{
		case IVM_ACC_COUNT:
			return "a count";
		case IVM_ACC_BOOL:
			return "a count, and a count of true";
		case IVM_ACC_INT:
			return "a count and an exact sum";
		case IVM_ACC_INT_SQ:
			return "a count, and exact sums of values and squares";
		case IVM_ACC_NUMERIC:
			return "an exact sum, and a count for each display scale";
		case IVM_ACC_NUMERIC_SQ:
			return "exact sums of values and squares, and a count for each display scale";
		case IVM_ACC_FLOAT:
			return "a count and an exact sum, the same in any order";
		case IVM_ACC_FLOAT_SQ:
			return "a count, and exact sums of values and squares, the same in any order";
		case IVM_ACC_FLOAT_XY:
			return "a count, and exact sums of both values, their squares and products";
		case IVM_ACC_INTERVAL:
			return "a count, and exact sums of months, days and microseconds";
		case IVM_ACC_MEMBER:
			break;				/* of elements only */
	}
	return "a sum";
}

static bool
aggregates_walker(Node *node, List **aggs)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		*aggs = list_append_unique(*aggs, node);
		return false;
	}
	return expression_tree_walker(node, aggregates_walker, aggs);
}

/* The query's aggregates in the order of view->aggs. */
static List *
aggregates_of(Query *query)
{
	List	   *aggs = NIL;
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		if (!lfirst_node(TargetEntry, lc)->resjunk)
			aggregates_walker(lfirst(lc), &aggs);
	}
	aggregates_walker(query->havingQual, &aggs);
	return aggs;
}

static void
describe_aggregates(Check *check)
{
	IvmView    *view = check->view;
	List	   *aggs = aggregates_of(check->query);

	Assert(list_length(aggs) == view->naggs);
	for (int i = 0; i < view->naggs; i++)
	{
		int			accum = view->aggs[i].accum;

		put_row(check, "aggregate", print_expression(check, list_nth(aggs, i)),
				accum < 0 ? "the group's row count" :
				psprintf("accumulator %d: %s", accum + 1,
						 accumulator_words(view->accums[accum].kind)),
				"computed from it for each row read, where asked for");
	}
}

/* Outputs that are more than a key or an aggregate, and HAVING. */
static void
describe_finishing(Check *check)
{
	IvmView    *view = check->view;
	int			i = 0;
	ListCell   *lc;

	foreach(lc, check->query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk)
			continue;
		if (!IsA(view->targets[i++], Var))
			put_row(check, psprintf("column %d", i), print_expression(check, (Node *) tle->expr),
					"not kept", "computed for each row read, where asked for");
	}
	if (view->having != NULL)
		put_row(check, "having", print_expression(check, check->query->havingQual),
				"not kept: all groups are", "computed for each group read");
	if (check->query->sortClause != NIL)
		put_row(check, "order by", NULL, "ignored: a view has no order",
				"use ORDER BY when you read the view");
}

static void
describe_reads(Check *check)
{
	Query	   *query = copyObject(check->view->query);
	Plan	   *plan;

	if (!check->view->one_row)
		query->havingQual = NULL;	/* groups are read before HAVING is applied */
	plan = planner(query, check->text, CURSOR_OPT_PARALLEL_OK, NULL)->planTree;
	put_row(check, "read", "whole view", "from the store",
			psprintf("reads all groups, about %.0f", plan->plan_rows));
	put_row(check, "read", "whole view", "live, where the store cannot answer",
			psprintf("the query itself, of cost %.0f", plan->total_cost));
}

static void
describe_query(Check *check)
{
	check->query = IvmParseQuery(check->text);
	IvmSpellOutGrouping(check->query, check->text);
	check->view = IvmAnalyzeView(check->query, check->text, NIL);
	IvmCheckDefiner(check->query, GetUserId());
	IvmFlattenGroupExprs(check->query);
	check->dpcontext = deparse_context_for(get_rel_name(check->view->baserel),
										   check->view->baserel);
	describe_table(check);
	describe_keys(check);
	describe_aggregates(check);
	describe_finishing(check);
	describe_reads(check);
}

/* ---- a query that is refused ---- */

/* Is the error a judgement of the query? */
static bool
is_refusal(ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case MAKE_SQLSTATE('0', 'A', '0', '0', '0'):	/* feature not supported */
		case MAKE_SQLSTATE('2', '2', '0', '0', '0'):	/* data exception, in a constant */
		case MAKE_SQLSTATE('4', '2', '0', '0', '0'):	/* syntax, access, names, types */
		case MAKE_SQLSTATE('3', 'F', '0', '0', '0'):	/* schema name */
			return true;
		default:
			return false;
	}
}

/* The text from the error's position on, one line, with the position (in characters). */
static char *
excerpt(const char *text, int position)
{
	const char *start = text;
	const char *end;

	if (position <= 0)
		return NULL;
	for (int i = 1; i < position && *start; i++)
		start += pg_mblen(start);
	end = start;
	for (int i = 0; i < EXCERPT_CHARS && *end && *end != '\n'; i++)
		end += pg_mblen(end);
	return psprintf("character %d: %.*s", position, (int) (end - start), start);
}

static void
describe_refusal(Check *check, ErrorData *error)
{
	int			position = error->internalpos > 0 ? error->internalpos : error->cursorpos;

	put_row(check, "refused", excerpt(check->text, position), error->message, NULL);
	if (error->detail != NULL)
		put_row(check, "why", NULL, error->detail, NULL);
	if (error->hint != NULL)
		put_row(check, "instead", NULL, error->hint, NULL);
}

/* As PL/pgSQL's exception blocks do it. */
static void
check_in_subtransaction(Check *check)
{
	MemoryContext oldcontext = CurrentMemoryContext;
	ResourceOwner oldowner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(oldcontext);
	PG_TRY();
	{
		describe_query(check);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(oldcontext);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcontext);
	CurrentResourceOwner = oldowner;

	if (error == NULL)
		return;
	if (!is_refusal(error))
		ReThrowError(error);
	tuplestore_clear(check->rsinfo->setResult);
	describe_refusal(check, error);
}

Datum
ivm_fdw_check(PG_FUNCTION_ARGS)
{
	Check		check = {0};

	InitMaterializedSRF(fcinfo, 0);
	check.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	check.text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	check_in_subtransaction(&check);
	return (Datum) 0;
}
