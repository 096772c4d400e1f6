/*-------------------------------------------------------------------------
 *
 * capture.c
 *		The trigger functions on base tables: a changed row becomes signed
 *		contributions to the overlay.
 *
 * A contribution carries the command id of the heap change itself (cmin of
 * the new row, cmax of the old one), not of the moment at which the trigger
 * fires: that is what a cursor's snapshot is compared with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "maintain/capture.h"
#include "maintain/commit.h"
#include "maintain/linear.h"
#include "maintain/overlay.h"
#include "maintain/rebuild.h"
#include "storage/bufmgr.h"
#include "store/shared.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "view/catalog.h"
#include "view/options.h"
#include "view/settings.h"

PG_FUNCTION_INFO_V1(ivm_fdw_capture);
PG_FUNCTION_INFO_V1(ivm_fdw_truncated);

/* Memory for one row. */
typedef struct RowBuffers
{
	MemoryContext cxt;			/* reset after the row */
	StringInfoData old_key;
	StringInfoData new_key;
} RowBuffers;

static RowBuffers *
make_buffers(MemoryContext parent)
{
	MemoryContext old = MemoryContextSwitchTo(parent);
	RowBuffers *buffers = palloc(sizeof(RowBuffers));

	initStringInfo(&buffers->old_key);
	initStringInfo(&buffers->new_key);
	buffers->cxt = AllocSetContextCreate(parent, "ivm captured row", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	return buffers;
}

/*
 * Buffers are reused from row to row, except where user code might change a
 * base table in its turn and so come back here.
 */
static RowBuffers *
get_buffers(const IvmView *view)
{
	static RowBuffers *common = NULL;

	if (view->user_code)
		return make_buffers(CurrentMemoryContext);
	if (common == NULL)
		common = make_buffers(TopMemoryContext);
	return common;
}

static void
check_called_by_trigger_manager(FunctionCallInfo fcinfo, bool row)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	IvmRequirePreloaded();
	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!trigdata->tg_trigger->tgisinternal ||
		(TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ? !row : row))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function belongs to ivm_fdw's own triggers"),
				 errhint("ivm_fdw installs its triggers by itself when a view is created.")));
}

/* The command that inserted a row version of this transaction. */
static CommandId
inserting_command(HeapTuple tuple)
{
	/* COPY FREEZE: no older cursor can exist */
	if (HeapTupleHeaderXminFrozen(tuple->t_data))
		return FirstCommandId;
	return HeapTupleHeaderGetCmin(tuple->t_data);
}

static void
capture_error_context(void *arg)
{
	const IvmView *view = arg;

	errcontext("maintenance of view %s", view->name);
}

/* A state of the view in the row's memory, empty. */
static IvmState *
new_state(const IvmView *view)
{
	IvmState   *state = palloc(view->statedesc->size);

	IvmStateInit(view->statedesc, state);
	return state;
}

/*
 * The row's old and new form (either may be NULL) as contributions.  An
 * update within a group is one contribution, and none where nothing changes.
 */
static void
capture_row(IvmLinear *linear, IvmView *view, RowBuffers *buffers,
			TupleTableSlot *oldslot, TupleTableSlot *newslot, CommandId cid)
{
	StringInfo	old_key = &buffers->old_key;
	StringInfo	new_key = &buffers->new_key;
	bool		was_in = oldslot && IvmLinearKey(linear, oldslot, old_key);
	bool		is_in = newslot && IvmLinearKey(linear, newslot, new_key);
	bool		same_key = was_in && is_in && old_key->len == new_key->len &&
	memcmp(old_key->data, new_key->data, new_key->len) == 0;
	IvmState   *state;

	if (was_in)
	{
		state = new_state(view);
		IvmLinearAccumulate(linear, oldslot, -1, state);
		if (same_key)
			IvmLinearAccumulate(linear, newslot, 1, state);
		if (!same_key || !IvmStateIsZero(view->statedesc, state))
			IvmOverlayAdd(view, old_key->data, old_key->len, state, cid);
	}
	if (is_in && !same_key)
	{
		state = new_state(view);
		IvmLinearAccumulate(linear, newslot, 1, state);
		IvmOverlayAdd(view, new_key->data, new_key->len, state, cid);
	}
}

static void
capture_for_view(IvmView *view, Relation rel, TupleTableSlot *oldslot, TupleTableSlot *newslot,
				 CommandId cid)
{
	IvmLinear  *linear = IvmLinearGet(view, rel);
	RowBuffers *buffers = get_buffers(view);
	IvmEvalEnv	env;
	ErrorContextCallback callback;
	MemoryContext old;

	if (oldslot && newslot && IvmLinearSameInput(linear, oldslot, newslot))
	{
		IvmLinearRelease(linear);
		return;
	}

	callback.callback = capture_error_context;
	callback.arg = view;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	IvmEvalEnter(view, &env);

	old = MemoryContextSwitchTo(buffers->cxt);
	capture_row(linear, view, buffers, oldslot, newslot, cid);
	MemoryContextSwitchTo(old);
	MemoryContextReset(buffers->cxt);

	IvmEvalLeave(&env);
	IvmLinearRelease(linear);
	error_context_stack = callback.previous;
}

/*
 * AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW.
 */
Datum
ivm_fdw_capture(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Relation	rel;
	TupleTableSlot *oldslot = NULL,
			   *newslot = NULL;
	CommandId	cid;
	ListCell   *lc;

	check_called_by_trigger_manager(fcinfo, true);
	rel = trigdata->tg_relation;

	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
	{
		newslot = trigdata->tg_trigslot;
		cid = inserting_command(trigdata->tg_trigtuple);
	}
	else if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		oldslot = trigdata->tg_trigslot;
		newslot = trigdata->tg_newslot;
		cid = inserting_command(trigdata->tg_newtuple);
	}
	else
	{
		oldslot = trigdata->tg_trigslot;
		cid = HeapTupleHeaderGetCmax(trigdata->tg_trigtuple->t_data);
	}

	foreach(lc, IvmViewsOfLeaf(RelationGetRelid(rel)))
		capture_for_view(lfirst(lc), rel, oldslot, newslot, cid);
	IvmCommitCaptured();
	return PointerGetDatum(NULL);
}

/*
 * AFTER TRUNCATE FOR EACH STATEMENT.  The table has its new storage already.
 */
Datum
ivm_fdw_truncated(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Oid			leaf;
	ListCell   *lc;

	check_called_by_trigger_manager(fcinfo, false);
	leaf = RelationGetRelid(trigdata->tg_relation);

	foreach(lc, IvmViewsOfLeaf(leaf))
	{
		IvmView    *view = lfirst(lc);

		/* captured rows are not kept by leaf, nor are published ones in reach */
		if (view->baserel == leaf && list_length(IvmViewLeaves(view)) == 1 && !IvmCommitIsOver())
			IvmEmptyView(view);
		else
			IvmOverlayLose(view->id);
	}
	IvmCommitCaptured();
	return PointerGetDatum(NULL);
}

/* May this transaction have changed the table before? */
static bool
maybe_changed(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	bool		changed = rel->rd_createSubid == InvalidSubTransactionId ||
	RelationGetNumberOfBlocks(rel) > 0;

	relation_close(rel, NoLock);
	return changed;
}

void
IvmCaptureBegins(const IvmView *view, bool had_xid)
{
	ListCell   *lc;

	if (!had_xid)
		return;
	foreach(lc, IvmViewLeaves(view))
	{
		if (maybe_changed(lfirst_oid(lc)))
		{
			IvmOverlayLose(view->id);
			return;
		}
	}
}
