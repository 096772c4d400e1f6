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

#include "compat.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "view/canonical.h"
#include "view/catalog.h"
#include "view/definition.h"
#include "view/flatten.h"
#include "view/outer.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/setop.h"
#include "view/split.h"

/* What a live read runs. */
static Query *
live_query(Query *query)
{
	query = copyObject(query);
	IvmCanonicalQuery(query);
	return query;
}

static IvmWritten *
as_written(const IvmSplit *split)
{
	IvmWritten *written = palloc_object(IvmWritten);

	written->whole = copyObject(split->whole);
	written->keys = copyObject(split->keys);
	written->aggs = copyObject(split->aggs);
	return written;
}

static void
split_core(IvmSplit *split)
{
	IvmView    *view = split->view;

	if (split->setop != NULL)
	{
		if (split->text != NULL)
			view->written = as_written(split);
		IvmSetopSplit(split);
		IvmSplitUpper(split);
		return;
	}
	if (!split->joins && split->outer == NULL)
	{
		RangeTblEntry *rte = rt_fetch(split->varno, split->query->rtable);

		view->baserel = rte->relid;
		view->inh = rte->inh;
	}
	MemoryContextSwitchTo(split->scratch);
	IvmSplitCollect(split);
	MemoryContextSwitchTo(view->cxt);
	if (split->text != NULL)
		view->written = as_written(split);

	if (split->outer != NULL)
		IvmOuterSplit(split);
	else
		IvmSplitLinear(split);
	if (split->satellites != NIL)
		IvmStarSplit(split);
	IvmSplitFinish(split);
	IvmSplitUpper(split);
	IvmCloseTables(split);
}

/* Number the slots of all parts, and list the tables. */
static void
assemble_parts(IvmView *view)
{
	int			next = 0;

	if (view->nparts == 0)
	{
		view->nparts = 1;
		view->parts = palloc_object(IvmView *);
		view->parts[0] = view;
	}
	view->descs = palloc0_array(IvmStateDesc *, 256);
	for (int i = 0; i < view->nparts; i++)
	{
		IvmView    *part = view->parts[i];

		part->number = i;
		part->descs = view->descs;
		if (part->branch)
			continue;			/* its slots are the view's own */
		if (next + 1 + part->nslots > IVM_MAX_SLOTS)
			ereport(ERROR,
					errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("the query of a view needs more than %d arrangements", IVM_MAX_SLOTS),
					errhint("Distribute its aggregates among several views."));
		part->slot_base = next;
		view->descs[next++] = part->statedesc;
		for (int s = 0; s < part->nslots; s++)
			view->descs[next++] = part->slots[s].statedesc;
	}
}

static int
compare_rels(const void *a, const void *b)
{
	Oid			x = ((const IvmBaseRel *) a)->relid;
	Oid			y = ((const IvmBaseRel *) b)->relid;

	return (x > y) - (x < y);
}

/* Add the columns of a table that a part uses. */
static void
use_rel_columns(IvmBaseRel *rel, const IvmView *part)
{
	if (rel->relid == part->baserel)
		rel->columns = bms_add_members(rel->columns, part->columns);
	for (int i = 0; i < part->noccurrences; i++)
	{
		if (rel->relid == part->occurrences[i].relid)
			rel->columns = bms_add_members(rel->columns, part->occurrences[i].columns);
	}
}

/* The tables that are named in FROM, in all blocks; in the order of oids. */
static void
list_rels(IvmView *view, Query *query)
{
	List	   *rtes = IvmBaseEntries(query);
	ListCell   *lc;

	view->rels = palloc_array(IvmBaseRel, list_length(rtes) + 1);
	foreach(lc, rtes)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);
		bool		known = false;

		for (int i = 0; i < view->nrels && !known; i++)
		{
			known = view->rels[i].relid == rte->relid;
			if (known)
				view->rels[i].inh |= rte->inh;
		}
		if (!known)
			view->rels[view->nrels++] = (IvmBaseRel) {rte->relid, rte->inh, NULL};
	}
	qsort(view->rels, view->nrels, sizeof(IvmBaseRel), compare_rels);
	for (int i = 0; i < view->nparts; i++)
	{
		for (int r = 0; r < view->nrels; r++)
		{
			use_rel_columns(&view->rels[r], view->parts[i]);
		}
	}
}

const IvmBaseRel *
IvmViewBaseRel(const IvmView *view, Oid relid)
{
	for (int i = 0; i < view->nrels; i++)
	{
		if (view->rels[i].relid == relid)
			return &view->rels[i];
	}
	return NULL;
}

int
IvmViewKeyOfTarget(const IvmView *view, int target)
{
	const Var  *var = target < view->ntargets ? (const Var *) view->targets[target] : NULL;

	if (var == NULL || !IsA(var, Var) || var->varattno > view->nkeys)
		return -1;
	return var->varattno - 1;
}

void
IvmViewLockTables(const IvmView *view)
{
	for (int i = 0; i < view->nrels; i++)
		LockRelationOid(view->rels[i].relid, AccessShareLock);
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
	assemble_parts(view);
	list_rels(view, query);
	view->query = live_query(query);
	if (query_text != NULL)
		IvmRefuseGrouping(view->query, query_text);
	MemoryContextDelete(split.scratch);
	IvmQueryTextPop(&frame);
	return view;
}
