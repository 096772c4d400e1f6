/*-------------------------------------------------------------------------
 *
 * status.c
 *		The rows behind the view ivm_fdw_status.
 *
 * Invariant: it never fails on account of a view or of the store.  Each view
 * is looked at in a subtransaction; an error there becomes the view's reason.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/xid8.h"

#include "admin/inspect.h"
#include "admin/status.h"
#include "store/generation.h"
#include "store/shared.h"
#include "store/store.h"

PG_FUNCTION_INFO_V1(ivm_fdw_status);

enum
{
	COL_VIEW,
	COL_STATE,
	COL_REASON,
	COL_ROWS,
	COL_PENDING_DELTAS,
	COL_OLDEST_TAG,
	COL_BYTES,
	COL_LAST_BUILD,
	COL_LAST_BUILD_DURATION,
	COL_SETTINGS,
	NUM_COLS
};

typedef struct StatusRow
{
	Datum		values[NUM_COLS];
	bool		nulls[NUM_COLS];
} StatusRow;

static void
set_value(StatusRow *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

static void
set_text(StatusRow *row, int column, const char *text)
{
	set_value(row, column, CStringGetTextDatum(text));
}

static void
fill_last_build(StatusRow *row, const IvmGeneration *gen)
{
	Interval   *duration = palloc0(sizeof(Interval));

	duration->time = gen->build_us;
	set_value(row, COL_ROWS, Int64GetDatum(gen->rows));
	set_value(row, COL_LAST_BUILD, TimestampTzGetDatum(gen->built));
	set_value(row, COL_LAST_BUILD_DURATION, IntervalPGetDatum(duration));
}

static void
fill_store_info(StatusRow *row, uint32 id)
{
	IvmViewStoreInfo info;

	IvmViewStoreInfoGet(id, &info);
	set_value(row, COL_PENDING_DELTAS, Int64GetDatum(info.pending));
	set_value(row, COL_BYTES, Int64GetDatum(info.bytes));
	if (FullTransactionIdIsValid(info.oldest_tag))
		set_value(row, COL_OLDEST_TAG, FullTransactionIdGetDatum(info.oldest_tag));
	if (info.has_generation)
		fill_last_build(row, &info.newest);
}

/* An error's message may quote what the base table holds. */
static bool
may_know(Oid relid)
{
	bool		missing = false;

	return pg_class_aclcheck_ext(relid, GetUserId(), ACL_SELECT, &missing) == ACLCHECK_OK &&
		!missing;
}

/*
 * A view that wants a build, and whose last one failed, is not being built:
 * say why, and when the custodian tries again.
 */
static void
fill_state(StatusRow *row, const IvmViewEntry *entry)
{
	char		failure[IVM_FAILURE_TEXT];
	TimestampTz retry_at;
	const char *reason;
	IvmViewState state = IvmInspectView(entry->relid, GetActiveSnapshot(), &reason);

	if (state == IVM_VIEW_ACTIVE)
	{
		set_text(row, COL_STATE, "active");
		return;
	}
	if (state == IVM_VIEW_BUILDING &&
		IvmSharedBuildFailure(entry->id, &retry_at, failure))
	{
		state = IVM_VIEW_LIVE;
		reason = psprintf("%s; next attempt after %s",
						  may_know(entry->relid) ? failure : "last build failed",
						  timestamptz_to_str(retry_at));
	}
	set_text(row, COL_STATE, state == IVM_VIEW_BUILDING ? "building" : "live");
	if (reason != NULL)
		set_text(row, COL_REASON, reason);
}

static void
fill_row(StatusRow *row, const IvmViewEntry *entry)
{
	fill_state(row, entry);
	if (IvmStoreAvailable(NULL))
		fill_store_info(row, entry->id);
}

static void
begin_row(StatusRow *row, const IvmViewEntry *entry)
{
	memset(row->nulls, true, sizeof(row->nulls));
	set_value(row, COL_VIEW, ObjectIdGetDatum(entry->relid));
	if (entry->settings != NULL)
		set_text(row, COL_SETTINGS, entry->settings);
}

/* Fill the row in a subtransaction, so that an error becomes its reason. */
static void
fill_row_safely(StatusRow *row, const IvmViewEntry *entry)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	begin_row(row, entry);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		fill_row(row, entry);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(cxt);
		begin_row(row, entry);
		set_text(row, COL_STATE, "live");
		set_text(row, COL_REASON, may_know(entry->relid) ? error->message : "error");
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
}

Datum
ivm_fdw_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row_cxt;
	List	   *entries;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	entries = IvmViewEntries(GetActiveSnapshot());
	row_cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm status row",
									ALLOCSET_DEFAULT_SIZES);
	foreach(lc, entries)
	{
		MemoryContext old = MemoryContextSwitchTo(row_cxt);
		StatusRow	row;

		CHECK_FOR_INTERRUPTS();
		fill_row_safely(&row, lfirst(lc));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values, row.nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_cxt);
	}
	MemoryContextDelete(row_cxt);
	return (Datum) 0;
}
