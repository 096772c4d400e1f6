/*-------------------------------------------------------------------------
 *
 * live.c
 *		Queries that a read runs (see live.h).
 *
 * The query becomes a subquery of "SELECT wanted columns FROM (query) WHERE
 * quals ORDER BY sort columns", so that the planner itself decides which
 * conditions go inside.  It is planned and run as the view's owner, in the
 * view's environment, under the reader's snapshot, always to its end: nothing
 * of it is left running when control returns to the reader.
 *
 * Quals must come from key conditions only, whose operators belong to default
 * operator classes: they are run with the owner's rights.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "executor/executor.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_node.h"
#include "parser/parse_oper.h"
#include "parser/parse_relation.h"
#include "rewrite/rewriteDefine.h"
#include "rewrite/rewriteHandler.h"
#include "scan/live.h"
#include "scan/upperplans.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"
#include "view/settings.h"

struct IvmLiveQuery
{
	const IvmView *view;
	Query	   *query;			/* the view's query, or its upper query */
	IvmCoreShape shape;			/* of the core, under an upper query */
	IvmCoreSource *source;		/* its rows; NULL: no upper query */
	MemoryContext cxt;			/* all of it */
	MemoryContext runcxt;		/* one execution */
	List	   *quals;
	List	   *sortcols;
	const bool *wanted;
	const char *text;			/* for logs */
	PlannedStmt *plan;
	Tuplestorestate *rows;
	TupleTableSlot *slot;
};

/* The query, to be run with the owner's rights. */
static Query *
owned_query(const IvmLiveQuery *live)
{
	Query	   *query = copyObject(live->query);

	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	setRuleCheckAsUser((Node *) query, live->view->owner);
	return query;
}

/* Target list over the subquery: columns not wanted are NULLs, so that the planner drops them. */
static List *
outer_targets(IvmLiveQuery *live, Query *inner)
{
	List	   *targets = NIL;
	ListCell   *lc;

	foreach(lc, inner->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Expr	   *expr;

		if (tle->resjunk)
			continue;
		if (live->wanted != NULL && !live->wanted[tle->resno - 1] &&
			!list_member_int(live->sortcols, tle->resno) &&
			!list_member_int(live->sortcols, -tle->resno))
			expr = (Expr *) makeNullConst(exprType((Node *) tle->expr), -1, InvalidOid);
		else
			expr = (Expr *) makeVarFromTargetEntry(1, tle);
		targets = lappend(targets, makeTargetEntry(expr, tle->resno,
												   pstrdup(tle->resname), false));
	}
	return targets;
}

/* ORDER BY the sort columns. */
static List *
outer_order(IvmLiveQuery *live, List *targets)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, live->sortcols)
	{
		TargetEntry *tle = list_nth_node(TargetEntry, targets, abs(lfirst_int(lc)) - 1);
		bool		descending = lfirst_int(lc) < 0;
		SortGroupClause *clause = makeNode(SortGroupClause);

		tle->ressortgroupref = list_length(clauses) + 1;
		clause->tleSortGroupRef = tle->ressortgroupref;
		get_sort_group_operators(exprType((Node *) tle->expr), !descending, true, descending,
								 descending ? NULL : &clause->sortop, &clause->eqop,
								 descending ? &clause->sortop : NULL, &clause->hashable);
		clause->nulls_first = descending;
		clauses = lappend(clauses, clause);
	}
	return clauses;
}

static Query *
build_query(IvmLiveQuery *live)
{
	Query	   *inner = owned_query(live);
	Query	   *outer = makeNode(Query);
	ParseState *pstate = make_parsestate(NULL);
	RangeTblRef *ref = makeNode(RangeTblRef);

	addRangeTableEntryForSubquery(pstate, inner, makeAlias("view", NIL), false, true);
	ref->rtindex = 1;

	outer->commandType = CMD_SELECT;
	outer->querySource = QSRC_ORIGINAL;
	outer->canSetTag = true;
	outer->rtable = pstate->p_rtable;
	outer->targetList = outer_targets(live, inner);
	outer->sortClause = outer_order(live, outer->targetList);
	outer->jointree = makeFromExpr(list_make1(ref),
								   live->quals == NIL ? NULL :
								   (Node *) make_ands_explicit(live->quals));
	free_parsestate(pstate);
	return outer;
}

/* What the plan of an upper query is for. */
static IvmUpperPlanKey
upper_plan_key(const IvmLiveQuery *live)
{
	IvmUpperPlanKey key = {live->view->id, live->view->owner, live->shape.rows};
	List	   *wanted = NIL;

	for (int i = 0; live->wanted != NULL && i < live->view->noutputs; i++)
		wanted = lappend_int(wanted, live->wanted[i]);
	key.request = list_make4(live->quals, live->sortcols, live->shape.order, wanted);
	return key;
}

static Query *
rewritten_query(IvmLiveQuery *live)
{
	Query	   *query = build_query(live);

	AcquireRewriteLocks(query, true, false);
	return linitial_node(Query, QueryRewrite(query));
}

static PlannedStmt *
plan_upper(IvmLiveQuery *live)
{
	IvmUpperPlanKey key = upper_plan_key(live);
	PlannedStmt *plan = IvmUpperPlanFind(&key, live->cxt);

	if (plan == NULL)
	{
		plan = IvmCorePlan(rewritten_query(live), live->text, &live->shape);
		IvmUpperPlanKeep(&key, plan);
	}
	return plan;
}

/* Plan it, once, in the view's environment. */
static void
plan_query(IvmLiveQuery *live)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(live->cxt);

	if (live->source != NULL)
		live->plan = plan_upper(live);
	else
		live->plan = pg_plan_query(rewritten_query(live), live->text, CURSOR_OPT_PARALLEL_OK, NULL);
	MemoryContextSwitchTo(oldcxt);
}

static IvmLiveQuery *
prepare(const IvmView *view, Query *query, List *quals, List *sortcols, const bool *wanted)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw live query",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	IvmLiveQuery *live = palloc0(sizeof(IvmLiveQuery));

	live->view = view;
	live->query = query;
	live->cxt = cxt;
	live->runcxt = AllocSetContextCreate(cxt, "ivm_fdw live rows", ALLOCSET_SMALL_SIZES);
	live->quals = copyObject(quals);
	live->sortcols = list_copy(sortcols);
	live->wanted = wanted;
	live->text = psprintf("live query of view %s", view->name);
	MemoryContextSwitchTo(oldcxt);
	return live;
}

IvmLiveQuery *
IvmLivePrepare(const IvmView *view, List *quals, List *sortcols, const bool *wanted)
{
	return prepare(view, view->query, quals, sortcols, wanted);
}

IvmLiveQuery *
IvmLivePrepareUpper(const IvmView *view, Query *query, const IvmCoreShape *shape,
					IvmCoreSource *source, List *quals, List *sortcols, const bool *wanted)
{
	IvmLiveQuery *live = prepare(view, query, quals, sortcols, wanted);
	MemoryContext oldcxt = MemoryContextSwitchTo(live->cxt);

	live->shape.rows = shape->rows;
	live->shape.order = list_copy(shape->order);
	live->source = source;
	MemoryContextSwitchTo(oldcxt);
	return live;
}

/* Run the plan into live->rows. */
static void
run_plan(IvmLiveQuery *live, ParamListInfo params, Snapshot snapshot)
{
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);
	QueryDesc  *desc;

	SetTuplestoreDestReceiverParams(dest, live->rows, live->runcxt, false, NULL, NULL);
	desc = CreateQueryDesc(live->plan, live->text, snapshot, InvalidSnapshot, dest, params,
						   live->source ? IvmCoreEnvironment(live->source) : NULL, 0);
	ExecutorStart(desc, 0);
	IvmExecutorRunAll(desc);
	ExecutorFinish(desc);
	if (live->slot == NULL)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(live->cxt);

		live->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(desc->tupDesc),
											  &TTSOpsMinimalTuple);
		MemoryContextSwitchTo(oldcxt);
	}
	ExecutorEnd(desc);
	FreeQueryDesc(desc);
	dest->rDestroy(dest);
}

/* Forget the rows of an earlier execution. */
static void
drop_rows(IvmLiveQuery *live)
{
	if (live->slot)
		ExecClearTuple(live->slot);
	if (live->rows)
		tuplestore_end(live->rows);
	live->rows = NULL;
	MemoryContextReset(live->runcxt);
}

void
IvmLiveExecute(IvmLiveQuery *live, ParamListInfo params, Snapshot snapshot)
{
	MemoryContext oldcxt;
	IvmEvalEnv	env;

	drop_rows(live);
	oldcxt = MemoryContextSwitchTo(live->runcxt);
	live->rows = tuplestore_begin_heap(false, false, work_mem);

	IvmEvalEnterOwner(live->view, &env);
	PushActiveSnapshot(snapshot);
	if (live->plan == NULL)
		plan_query(live);
	run_plan(live, params, GetActiveSnapshot());
	PopActiveSnapshot();
	IvmEvalLeave(&env);
	MemoryContextSwitchTo(oldcxt);
}

bool
IvmLiveNext(IvmLiveQuery *live, TupleTableSlot *slot, const int *columns)
{
	MemoryContext oldcxt;
	bool		found;

	ExecClearTuple(slot);
	/* A row read back from disk belongs to the slot, which outlives the caller's context. */
	oldcxt = MemoryContextSwitchTo(live->runcxt);
	found = tuplestore_gettupleslot(live->rows, true, false, live->slot);
	MemoryContextSwitchTo(oldcxt);
	if (!found)
		return false;

	slot_getallattrs(live->slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < live->slot->tts_tupleDescriptor->natts; i++)
	{
		int			to = columns ? columns[i] : i;

		slot->tts_values[to] = live->slot->tts_values[i];
		slot->tts_isnull[to] = live->slot->tts_isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	return true;
}

void
IvmLiveRewind(IvmLiveQuery *live)
{
	ExecClearTuple(live->slot);
	tuplestore_rescan(live->rows);
}

void
IvmLiveEnd(IvmLiveQuery *live)
{
	drop_rows(live);
	if (live->slot)
		ExecDropSingleTupleTableSlot(live->slot);
	MemoryContextDelete(live->cxt);
}
