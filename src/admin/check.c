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
#include "admin/check.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "view/flatten.h"
#include "view/grouping.h"
#include "view/privileges.h"

PG_FUNCTION_INFO_V1(ivm_fdw_check);

#define EXCERPT_CHARS	40

void
IvmCheckPut(IvmCheck *check, const char *part, const char *item, const char *how, const char *cost)
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

/* ---- a query that can be kept ---- */

/* The block with the table in its FROM; NULL: none in this query. */
static Query *
find_core(Query *query)
{
	ListCell   *lc;

	if (IvmFromEntries(query, RTE_RELATION) != NIL)
		return query;
	foreach(lc, IvmFromEntries(query, RTE_SUBQUERY))
	{
		Query	   *core = find_core(rt_fetch(lfirst_int(lc), query->rtable)->subquery);

		if (core != NULL)
			return core;
	}
	return NULL;
}

/* The target list that is needed to count what is kept under keys. */
static List *
key_targets(IvmCheck *check)
{
	List	   *targets = NIL;
	ListCell   *lc;

	if (check->view->repeats)
	{
		foreach(lc, check->view->written->keys)
			targets = lappend(targets, makeTargetEntry(copyObject(lfirst(lc)), list_length(targets) + 1,
													   NULL, false));
		return targets;
	}
	foreach(lc, check->core->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (get_sortgroupref_clause_noerr(tle->ressortgroupref, check->core->groupClause) == NULL)
			continue;
		tle = copyObject(tle);
		tle->resno = list_length(targets) + 1;
		tle->resjunk = false;
		targets = lappend(targets, tle);
	}
	return targets;
}

/* A query with as many rows as are kept under keys, for an estimate. */
static Query *
core_rows(IvmCheck *check)
{
	Query	   *query = copyObject(check->core);
	ListCell   *lc;

	query->sortClause = NIL;
	if (!check->view->one_row)
		query->havingQual = NULL;	/* groups are read before HAVING is applied */
	if (check->view->upper == NULL && check->view->nparts == 1)
		return query;
	if (!check->view->repeats && query->groupClause == NIL && query->groupingSets == NIL && !query->hasAggs)
		return query;			/* a subquery with DISTINCT */
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_JOIN)
			rte->rtekind = RTE_RESULT;	/* joins with other parts are no more */
	}
	query->targetList = key_targets(check);
	query->hasTargetSRFs = expression_returns_set((Node *) query->targetList);
	query->limitCount = query->limitOffset = NULL;
	query->distinctClause = NIL;
	query->windowClause = NIL;
	query->hasDistinctOn = query->hasWindowFuncs = false;
	return query;
}

static double
estimate(Query *query, const char *text, Cost *cost)
{
	Plan	   *plan = planner(copyObject(query), text, CURSOR_OPT_PARALLEL_OK, NULL)->planTree;

	if (cost != NULL)
		*cost = plan->total_cost;
	return plan->plan_rows;
}

static void
describe_reads(IvmCheck *check)
{
	bool		joins = check->core == NULL || check->view->source != NULL || IvmCheckCountsMatches(check->view);
	double		rows = estimate(joins ? check->view->query : core_rows(check), check->text, NULL);
	Cost		cost;

	estimate(check->view->query, check->text, &cost);
	IvmCheckPut(check, "read", "whole view", "from the store",
				psprintf(check->view->repeats ? "reads all rows, about %.0f" :
						 "reads all groups, about %.0f", rows));
	IvmCheckPut(check, "read", "whole view", "live, where the store cannot answer",
				psprintf("the query itself, of cost %.0f", cost));
}

static void
describe_query(IvmCheck *check)
{
	Query	   *query = IvmParseQuery(check->text);

	IvmSpellOutGrouping(query, check->text);
	check->view = IvmAnalyzeView(query, check->text, NIL);
	IvmCheckDefiner(query, GetUserId());
	check->core = find_core(check->view->written->whole);
	IvmCheckParts(check);
	if (check->core != NULL)
		IvmCheckUpper(check);
	IvmCheckSettings(check);
	if (query->sortClause != NIL && query->limitCount == NULL && query->limitOffset == NULL &&
		!query->hasDistinctOn)
		IvmCheckPut(check, "order by", NULL, "ignored: a view has no order",
					"use ORDER BY when you read the view");
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
describe_refusal(IvmCheck *check, ErrorData *error)
{
	int			position = error->internalpos > 0 ? error->internalpos : error->cursorpos;

	IvmCheckPut(check, "refused", excerpt(check->text, position), error->message, NULL);
	if (error->detail != NULL)
		IvmCheckPut(check, "why", NULL, error->detail, NULL);
	if (error->hint != NULL)
		IvmCheckPut(check, "instead", NULL, error->hint, NULL);
}

/* As PL/pgSQL's exception blocks do it. */
static void
check_in_subtransaction(IvmCheck *check)
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
	IvmCheck	check = {0};

	InitMaterializedSRF(fcinfo, 0);
	check.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	check.text = text_to_cstring(PG_GETARG_TEXT_PP(0));
	check_in_subtransaction(&check);
	return (Datum) 0;
}
