/*-------------------------------------------------------------------------
 *
 * definition.c
 *		What a view is: from its analysed query to an IvmView.
 *
 * The work is done elsewhere: refuse.c judges the query's shape and its table,
 * flatten.c pulls up subqueries, block.c finds the core, functions.c judges functions,
 * split.c, accumulators.c and slots.c split the core, upper.c makes the upper query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "compat.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "view/canonical.h"
#include "view/definition.h"
#include "view/flatten.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/split.h"

/* What a live read runs. */
static Query *
live_query(Query *query)
{
	query = copyObject(query);
	IvmCanonicalQuery(query);
	return query;
}

static void
split_core(IvmSplit *split)
{
	IvmView    *view = split->view;
	RangeTblEntry *rte = rt_fetch(split->varno, split->query->rtable);

	if (split->text != NULL)
		IvmRefuseTable(rte, split->text);
	view->baserel = rte->relid;
	view->inh = rte->inh;
	split->base = table_open(view->baserel, AccessShareLock);

	MemoryContextSwitchTo(split->scratch);
	IvmSplitCollect(split);
	MemoryContextSwitchTo(view->cxt);

	IvmSplitLinear(split);
	IvmSplitFinish(split);
	IvmSplitUpper(split);
	table_close(split->base, NoLock);
}

IvmView *
IvmAnalyzeView(Query *query, const char *query_text, List *key)
{
	IvmView    *view = palloc0_object(IvmView);
	IvmSplit	split = {.view = view,.text = query_text,.key = key};
	IvmQueryText frame;

	IvmQueryTextPush(&frame, query_text);
	view->cxt = CurrentMemoryContext;
	split.scratch = AllocSetContextCreate(view->cxt, "ivm view analysis", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(split.scratch);
	IvmRefuseShape(query, query_text);
	split.whole = copyObject(query);
	IvmFlattenGroupExprs(split.whole);
	split.whole = IvmFlattenQuery(split.whole, query_text);
	IvmFindCore(&split);
	MemoryContextSwitchTo(view->cxt);

	split_core(&split);
	view->query = live_query(query);
	MemoryContextDelete(split.scratch);
	IvmQueryTextPop(&frame);
	return view;
}
