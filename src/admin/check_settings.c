/*-------------------------------------------------------------------------
 *
 * check_settings.c
 *		The expressions of a query whose results depend on pinned settings, as
 *		rows of ivm_fdw_check.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "admin/check.h"
#include "parser/parsetree.h"
#include "view/flatten.h"
#include "view/functions.h"

typedef struct Told
{
	IvmCheck   *check;
	List	   *exprs;			/* looked at already */
} Told;

static void
tell(Told *told, Query *block, Node *expr)
{
	char	   *settings;

	if (expr == NULL || list_member(told->exprs, expr))
		return;
	told->exprs = lappend(told->exprs, expr);
	settings = IvmSettingsOf(expr);
	if (settings != NULL)
		IvmCheckPut(told->check, "settings", IvmCheckPrint(block, expr),
					psprintf("depends on %s", settings),
					"as they are when the view is created, whoever writes or reads");
}

static void
tell_quals(Told *told, Query *block, Node *jointree)
{
	ListCell   *lc;

	if (IsA(jointree, FromExpr))
	{
		foreach(lc, ((FromExpr *) jointree)->fromlist)
			tell_quals(told, block, lfirst(lc));
		tell(told, block, ((FromExpr *) jointree)->quals);
	}
	else if (IsA(jointree, JoinExpr))
	{
		tell_quals(told, block, ((JoinExpr *) jointree)->larg);
		tell_quals(told, block, ((JoinExpr *) jointree)->rarg);
		tell(told, block, ((JoinExpr *) jointree)->quals);
	}
}

/* A block, after those in its FROM. */
static void
tell_block(Told *told, Query *block)
{
	ListCell   *lc;

	foreach(lc, IvmFromEntries(block, RTE_SUBQUERY))
		tell_block(told, rt_fetch(lfirst_int(lc), block->rtable)->subquery);
	foreach(lc, IvmFromEntries(block, RTE_FUNCTION))
	{
		List	   *functions = rt_fetch(lfirst_int(lc), block->rtable)->functions;
		ListCell   *lf;

		foreach(lf, functions)
			tell(told, block, lfirst_node(RangeTblFunction, lf)->funcexpr);
	}
	tell_quals(told, block, (Node *) block->jointree);
	if (block == told->check->core)
	{
		foreach(lc, told->check->view->written->keys)
			tell(told, block, lfirst(lc));
		foreach(lc, told->check->view->written->aggs)
			tell(told, block, lfirst(lc));
	}
	foreach(lc, block->targetList)
		tell(told, block, (Node *) lfirst_node(TargetEntry, lc)->expr);
	tell(told, block, block->havingQual);
}

void
IvmCheckSettings(IvmCheck *check)
{
	Told		told = {check, NIL};

	tell_block(&told, check->view->written->whole);
}
