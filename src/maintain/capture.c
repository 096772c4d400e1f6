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
#include "maintain/joinrows.h"
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

/* A contribution of a row. */
typedef struct Contribution
{
	const char *key;
	uint32		keylen;
	const IvmStateDesc *desc;
	IvmState   *state;
} Contribution;

/* What one row contributes, and where. */
typedef struct RowBuffers
{
	MemoryContext cxt;			/* reset after the row */
	List	   *contributions;	/* of the version being evaluated, in cxt */
} RowBuffers;

static RowBuffers *
make_buffers(MemoryContext parent)
{
	RowBuffers *buffers = MemoryContextAllocZero(parent, sizeof(RowBuffers));

	buffers->cxt = AllocSetContextCreate(parent, "ivm captured row", ALLOCSET_DEFAULT_SIZES);
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

	if (view->user_code || view->source != NULL)
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

/* IvmLinearSink: note a contribution, with a state of its own, in the row's memory. */
static IvmState *
note_contribution(void *arg, const char *key, uint32 keylen, const IvmStateDesc *desc)
{
	RowBuffers *buffers = arg;
	Contribution *contribution = palloc(sizeof(Contribution));
	char	   *copy = palloc(keylen);

	memcpy(copy, key, keylen);
	contribution->key = copy;
	contribution->keylen = keylen;
	contribution->desc = desc;
	contribution->state = palloc(desc->size);
	IvmStateInit(desc, contribution->state);
	buffers->contributions = lappend(buffers->contributions, contribution);
	return contribution->state;
}

static List *
contributions_of(IvmLinear *linear, RowBuffers *buffers, TupleTableSlot *slot, int sign)
{
	buffers->contributions = NIL;
	if (slot != NULL)
		IvmLinearCount(linear, slot, sign, note_contribution, buffers);
	return buffers->contributions;
}

/* Put the contribution at position n together with that of the other version, if the keys are the same. */
static bool
unite(Contribution *old, List *new, int n)
{
	Contribution *other = n < list_length(new) ? list_nth(new, n) : NULL;

	if (other == NULL || old->keylen != other->keylen ||
		memcmp(old->key, other->key, old->keylen) != 0)
		return false;
	IvmStateAdd(old->desc, old->state, other->state, 1);
	other->state = NULL;
	return true;
}

static void
add_contribution(IvmView *view, const Contribution *contribution, CommandId cid)
{
	IvmOverlayAdd(view, contribution->key, contribution->keylen, contribution->state, cid);
}

/*
 * The row's old and new form (either may be NULL) as contributions.  An
 * update that leaves a key is one contribution to it, and none where nothing changes.
 */
static void
capture_row(IvmLinear *linear, IvmView *view, RowBuffers *buffers,
			TupleTableSlot *oldslot, TupleTableSlot *newslot, CommandId cid)
{
	List	   *old = contributions_of(linear, buffers, oldslot, -1);
	List	   *new = contributions_of(linear, buffers, newslot, 1);
	ListCell   *lc;

	foreach(lc, old)
	{
		Contribution *contribution = lfirst(lc);

		if (!unite(contribution, new, foreach_current_index(lc)) ||
			!IvmStateIsZero(contribution->desc, contribution->state))
			add_contribution(view, contribution, cid);
	}
	foreach(lc, new)
	{
		if (((Contribution *) lfirst(lc))->state != NULL)
			add_contribution(view, lfirst(lc), cid);
	}
}

static void
capture_for_part(IvmView *view, Relation rel, TupleTableSlot *oldslot, TupleTableSlot *newslot,
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
	List	   *uses;
	bool		joins = false;
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

	uses = IvmUsesOfLeaf(RelationGetRelid(rel));
	foreach(lc, uses)
	{
		IvmLeafUse *use = lfirst(lc);

		if (use->part->noccurrences > 0)
			joins = true;
		else
			capture_for_part(use->part, rel, oldslot, newslot, cid);
	}
	if (joins)
		IvmJoinRowsCapture(uses, rel, oldslot, newslot, cid);
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

	foreach(lc, IvmUsesOfLeaf(leaf))
	{
		IvmView    *view = ((IvmLeafUse *) lfirst(lc))->view;

		/* captured rows are not kept by leaf, nor are published ones in reach */
		if (view->nrels == 1 && view->baserel == leaf && list_length(IvmViewLeaves(view)) == 1 && !IvmCommitIsOver())
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
