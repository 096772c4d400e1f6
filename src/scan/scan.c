/*-------------------------------------------------------------------------
 *
 * scan.c
 *		The executor's side of reads.
 *
 * Begin does next to nothing, since many plan nodes never run.  The first call
 * for a row evaluates the comparands of the key conditions, turns them into
 * ranges and starts the reader; so does the first call after a rescan whose
 * parameters changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "scan/conditions.h"
#include "scan/paths.h"
#include "scan/scan.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "view/catalog.h"

typedef enum ScanPhase
{
	SCAN_UNSTARTED,				/* evaluate, then start the reader */
	SCAN_REWIND,				/* the same rows again */
	SCAN_RUNNING
} ScanPhase;

typedef struct ViewScan
{
	MemoryContext cxt;			/* the scan */
	MemoryContext valuecxt;		/* since the last evaluation of comparands */
	ScanPhase	phase;

	/* made at the first row */
	IvmView    *view;
	IvmReader  *reader;
	IvmReadRequest request;
	List	   *conds;			/* of IvmKeyCond */
	ExprState **comparands;		/* by condition, NULL where there is none */
	Datum	   *values;
	bool	   *nulls;
	ParamListInfo params;		/* the same for a live query */
	IvmKeyRanges ranges;
} ViewScan;

void
IvmBeginForeignScan(ForeignScanState *node, int eflags)
{
	ViewScan  *state;

	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	state = palloc0(sizeof(ViewScan));
	state->cxt = CurrentMemoryContext;
	node->fdw_state = state;
}

/* As an array, NULL where all are wanted. */
static bool *
wanted_array(const IvmView *view, List *wanted)
{
	bool	   *array;
	ListCell   *lc;

	if (list_length(wanted) == view->noutputs)
		return NULL;
	array = palloc0(Max(view->noutputs, 1) * sizeof(bool));
	foreach(lc, wanted)
		array[lfirst_int(lc)] = true;
	return array;
}

/*
 * Is the plan made for this definition?  Redefinition invalidates plans, but one
 * that is already running cannot be made anew.  As long as the columns are the
 * same a live query gives what it asks for; key columns it knows may be none any more.
 */
static bool
same_definition(const IvmView *view, Oid planned, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	int			ncolumns = 0;

	for (int i = 0; i < desc->natts; i++)
		ncolumns += !TupleDescAttr(desc, i)->attisdropped;
	if (ncolumns != view->noutputs)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view %s was redefined while the query was planned", view->name),
				 errhint("Repeat the query.")));
	return view->id == planned;
}

/* Condition and comparand expressions, ready to be evaluated. */
static void
prepare_conditions(ForeignScanState *node, ViewScan *state, List *private)
{
	ForeignScan *plan = castNode(ForeignScan, node->ss.ps.plan);
	int			nconds;
	ListCell   *lc;

	state->conds = IvmKeyCondsFromPlan(list_nth(private, IVM_PLAN_CONDS), plan->fdw_exprs);
	nconds = list_length(state->conds);
	state->comparands = palloc0(Max(nconds, 1) * sizeof(ExprState *));
	state->values = palloc0(Max(nconds, 1) * sizeof(Datum));
	state->nulls = palloc0(Max(nconds, 1) * sizeof(bool));
	state->params = NULL;
	foreach(lc, state->conds)
	{
		IvmKeyCond *cond = lfirst(lc);
		int			i = foreach_current_index(lc);

		cond->key = state->view->outkey[cond->output];	/* -1 only if redefined */
		if (cond->comparand != NULL)
			state->comparands[i] = ExecInitExpr(cond->comparand, (PlanState *) node);
	}
}

/* Key columns that the conditions compare with a single value. */
static List *
constant_keys(List *conds)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		if (IvmCondIsConstant(cond->kind))
			keys = list_append_unique_int(keys, cond->key);
	}
	return keys;
}

/* What can be done only with the definition at hand: once a scan. */
static void
prepare(ForeignScanState *node, ViewScan *state)
{
	ForeignScan *plan = castNode(ForeignScan, node->ss.ps.plan);
	Relation	rel = node->ss.ss_currentRelation;
	List	   *private = plan->fdw_private;
	MemoryContext oldcxt = MemoryContextSwitchTo(state->cxt);
	int		   *outputs;

	state->valuecxt = AllocSetContextCreate(state->cxt, "ivm_fdw key conditions",
											ALLOCSET_SMALL_SIZES);
	state->view = IvmViewGet(RelationGetRelid(rel));
	if (!same_definition(state->view, linitial_oid(list_nth(private, IVM_PLAN_VIEW)), rel))
		state->request.live_reason = "the view was redefined after the query was planned";
	prepare_conditions(node, state, private);

	outputs = IvmOutputsOfColumns(RelationGetDescr(rel));
	state->request.wanted = wanted_array(state->view, list_nth(private, IVM_PLAN_WANTED));
	state->request.columns = IvmColumnsOfOutputs(RelationGetDescr(rel));
	state->request.sortcols = list_nth(private, IVM_PLAN_SORTCOLS);
	state->request.quals = IvmKeyCondsForLive(state->conds, plan->fdw_recheck_quals,
											  plan->scan.scanrelid, outputs);
	state->request.constants = constant_keys(state->conds);
	state->reader = IvmReaderBegin(state->view, &state->request);
	MemoryContextSwitchTo(oldcxt);
}

/* Values of the comparands, for ranges and for a live query. */
static void
evaluate_comparands(ForeignScanState *node, ViewScan *state)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	ListCell   *lc;

	if (state->conds != NIL)
		state->params = makeParamList(list_length(state->conds));
	foreach(lc, state->conds)
	{
		IvmKeyCond *cond = lfirst(lc);
		int			i = foreach_current_index(lc);
		ParamExternData *param = &state->params->params[i];

		*param = (ParamExternData) {.isnull = true};
		if (cond->comparand == NULL)
			continue;
		state->values[i] = ExecEvalExpr(state->comparands[i], econtext, &state->nulls[i]);
		param->value = state->values[i];
		param->isnull = state->nulls[i];
		param->pflags = PARAM_FLAG_CONST;
		param->ptype = exprType((Node *) cond->comparand);
	}
}

/* Evaluate and start. */
static void
start(ForeignScanState *node, ViewScan *state)
{
	MemoryContext oldcxt;

	if (state->reader == NULL)
		prepare(node, state);

	MemoryContextReset(state->valuecxt);
	oldcxt = MemoryContextSwitchTo(state->valuecxt);
	evaluate_comparands(node, state);
	if (state->request.live_reason == NULL)
		IvmKeyRangesMake(state->view->keydesc, state->conds, state->values, state->nulls,
						 &state->ranges);
	IvmReaderStart(state->reader, node->ss.ps.state->es_snapshot, &state->ranges, state->params);
	MemoryContextSwitchTo(oldcxt);
}

/* Does the row satisfy the key conditions, where the ranges alone do not prove it? */
static bool
recheck(ForeignScanState *node, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQual(node->fdw_recheck_quals, econtext);
}

TupleTableSlot *
IvmIterateForeignScan(ForeignScanState *node)
{
	ViewScan  *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	if (state->phase == SCAN_UNSTARTED)
		start(node, state);
	else if (state->phase == SCAN_REWIND)
		IvmReaderRewind(state->reader);
	state->phase = SCAN_RUNNING;

	while (IvmReaderNext(state->reader, slot))
	{
		if (!state->ranges.recheck || recheck(node, slot))
			break;
		ResetExprContext(node->ss.ps.ps_ExprContext);
	}
	return slot;
}

void
IvmReScanForeignScan(ForeignScanState *node)
{
	ViewScan  *state = node->fdw_state;

	if (node->ss.ps.chgParam != NULL)
		state->phase = SCAN_UNSTARTED;
	else if (state->phase == SCAN_RUNNING)
		state->phase = SCAN_REWIND;
}

void
IvmEndForeignScan(ForeignScanState *node)
{
	ViewScan  *state = node->fdw_state;

	if (state != NULL && state->reader != NULL)
		IvmReaderEnd(state->reader);
}

IvmReader *
IvmScanReader(ForeignScanState *node)
{
	ViewScan  *state = node->fdw_state;

	return state ? state->reader : NULL;
}
