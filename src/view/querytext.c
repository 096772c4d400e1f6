/*-------------------------------------------------------------------------
 *
 * querytext.c
 *		The text of a view's query: parsing it, and error positions in it.
 *
 * Errors of PostgreSQL's own parser and ours alike point into the query text,
 * never into the statement that contains it as an option.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "view/definition.h"
#include "view/querytext.h"

/* The same conversion as for SPI and SQL functions. */
static void
query_text_error_callback(void *arg)
{
	const char *text = ((IvmQueryText *) arg)->text;
	int			position = geterrposition();

	if (text == NULL)
		return;
	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
	else
		errcontext("query of a view \"%s\"", text);
}

void
IvmQueryTextPush(IvmQueryText *frame, const char *text)
{
	frame->text = text;
	frame->callback.callback = query_text_error_callback;
	frame->callback.arg = frame;
	frame->callback.previous = error_context_stack;
	error_context_stack = &frame->callback;
}

void
IvmQueryTextPop(IvmQueryText *frame)
{
	Assert(error_context_stack == &frame->callback);
	error_context_stack = frame->callback.previous;
}

int
IvmErrLocation(const char *text, int location)
{
	if (text == NULL || location < 0)
		return 0;
	return errposition(pg_mbstrlen_with_len(text, location) + 1);
}

/* The text's only statement; ERROR where there is none, or more than one. */
static RawStmt *
parse_one_statement(const char *text)
{
	List	   *parsed = raw_parser(text, RAW_PARSE_DEFAULT);

	if (parsed == NIL)
		ereport(ERROR,
				errcode(ERRCODE_SYNTAX_ERROR),
				errmsg("the query of a view is empty"),
				errhint("Give the SELECT whose result the view is to hold."));
	if (list_length(parsed) > 1)
		ereport(ERROR,
				errcode(ERRCODE_SYNTAX_ERROR),
				errmsg("the query of a view has more than one statement"),
				errhint("Give a single SELECT."),
				IvmErrLocation(text, lsecond_node(RawStmt, parsed)->stmt_location));
	return linitial_node(RawStmt, parsed);
}

static void
check_is_select(const char *text, RawStmt *parsed)
{
	SelectStmt *select = (SelectStmt *) parsed->stmt;

	if (!IsA(select, SelectStmt))
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("the query of a view must be a SELECT"),
				errhint("Give a single SELECT."),
				IvmErrLocation(text, parsed->stmt_location));
	if (select->intoClause != NULL)
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("%s is not supported in the query of a view", "SELECT INTO"),
				errhint("Leave INTO out: the view itself holds the result."),
				IvmErrLocation(text, exprLocation((Node *) select->intoClause)));
}

Query *
IvmParseQuery(const char *text)
{
	IvmQueryText frame;
	RawStmt    *parsed;
	Query	   *query;

	IvmQueryTextPush(&frame, text);
	parsed = parse_one_statement(text);
	check_is_select(text, parsed);
	query = parse_analyze_fixedparams(parsed, text, NULL, 0, NULL);
	IvmQueryTextPop(&frame);
	return query;
}

/* Where an item of FROM, or a SELECT, can be pointed at. */
static int
raw_location(Node *node)
{
	if (node == NULL)
		return -1;
	switch (nodeTag(node))
	{
		case T_JoinExpr:
			return raw_location(((JoinExpr *) node)->rarg);
		case T_RangeSubselect:
			return raw_location(((RangeSubselect *) node)->subquery);
		case T_RangeFunction:
			return exprLocation(linitial(linitial_node(List, ((RangeFunction *) node)->functions)));
		case T_RangeTableFunc:
			return ((RangeTableFunc *) node)->location;
		case T_SelectStmt:
			{
				SelectStmt *select = (SelectStmt *) node;

				if (select->op != SETOP_NONE)
					return raw_location((Node *) select->larg);
				if (select->valuesLists != NIL)
					return exprLocation((Node *) select->valuesLists);
				return exprLocation((Node *) select->targetList);
			}
		default:
			return exprLocation(node);
	}
}

static SelectStmt *
parse_select_again(const char *text)
{
	return castNode(SelectStmt, parse_one_statement(text)->stmt);
}

int
IvmFromLocation(const char *text, int n)
{
	SelectStmt *select;

	if (text == NULL)
		return -1;
	select = parse_select_again(text);
	if (n >= list_length(select->fromClause))
		return raw_location((Node *) select);
	return raw_location(list_nth(select->fromClause, n));
}

int
IvmSetOperationLocation(const char *text)
{
	SelectStmt *select;

	if (text == NULL)
		return -1;
	select = parse_select_again(text);
	return raw_location((Node *) select->rarg);
}
