/*-------------------------------------------------------------------------
 *
 * reader.c
 *		Rows of a view, from the store where it can answer, live otherwise.
 *
 * The choice is made at each start, never at planning.  A store that proves
 * unfit in the middle (damaged, or older than the commit log) is replaced by a
 * live query as long as no row has been handed out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "ivm_fdw.h"
#include "scan/live.h"
#include "scan/reader.h"
#include "scan/upper.h"
#include "store/shared.h"
#include "utils/memutils.h"
#include "view/privileges.h"

struct IvmReader
{
	IvmView    *view;
	IvmReadRequest request;
	MemoryContext cxt;			/* the reader */
	MemoryContext startcxt;		/* the last start */

	bool		captured;		/* for IvmStorePick */

	/* of the last start */
	Snapshot	snapshot;
	const IvmKeyRanges *ranges;
	ParamListInfo params;
	IvmGeneration *gen;			/* NULL: live */
	const char *reason;			/* why live */
	bool		nothing;		/* no row can qualify */
	bool		handed_out;		/* a row was */

	/* made when first needed */
	IvmStoreScan *store;
	IvmUpperRead *upper;		/* instead of store, where there is an upper query */
	IvmLiveQuery *live;

	IvmLiveQuery *rows;			/* NULL: the store's; else the query that has the last start's rows */
};

/* Number of a generation that failed this session in the middle; not tried again. */
static uint32 unfit_generation = 0;

/* This session's reads, by where they were answered from. */
static int64 store_reads = 0;
static int64 live_reads = 0;

IvmGeneration *
IvmReaderPick(const IvmView *view, Snapshot snapshot, bool *captured, const char **reason)
{
	IvmViewLockTables(view);
	if (!ivm_use_store)
	{
		*reason = "ivm_fdw.use_store is off";
		return NULL;
	}
	return IvmStorePick(view, snapshot, captured, reason);
}

IvmReader *
IvmReaderBegin(IvmView *view, const IvmReadRequest *request)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw reader",
											  ALLOCSET_SMALL_SIZES);
	IvmReader  *reader = MemoryContextAllocZero(cxt, sizeof(IvmReader));

	reader->view = view;
	reader->request = *request;
	reader->cxt = cxt;
	reader->startcxt = AllocSetContextCreate(cxt, "ivm_fdw reader start", ALLOCSET_SMALL_SIZES);
	IvmViewLockTables(view);
	IvmCheckReadable(view);
	return reader;
}

/* Run the query. */
static void
start_live(IvmReader *reader)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(reader->cxt);

	if (reader->live == NULL)
		reader->live = IvmLivePrepare(reader->view, reader->request.quals,
									  reader->request.sortcols, reader->request.wanted);
	IvmLiveExecute(reader->live, reader->params, reader->snapshot);
	reader->rows = reader->live;
	live_reads++;
	MemoryContextSwitchTo(oldcxt);
}

/* The store cannot answer after all. */
static void
leave_store(IvmReader *reader, const char *reason)
{
	unfit_generation = reader->gen->number;
	IvmSharedWakeCustodian();
	if (reader->handed_out)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("cannot read on in view %s", reader->view->name),
				 errdetail("The reason is: %s.", reason),
				 errhint("Repeat the query; it will be answered live until the store is built anew.")));
	ereport(LOG,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("view %s is read live", reader->view->name),
			 errdetail("The reason is: %s.", reason)));
	reader->gen = NULL;
	reader->reason = reason;
	start_live(reader);
}

/* Run the upper query over the store; where that proves unfit, the whole query. */
static void
start_upper(IvmReader *reader, const IvmKeyRange *ranges, int nranges)
{
	const char *reason;
	MemoryContext oldcxt = MemoryContextSwitchTo(reader->cxt);

	if (reader->upper == NULL)
		reader->upper = IvmUpperBegin(reader->view, reader->request.quals,
									  reader->request.constants, reader->request.sortcols,
									  reader->request.wanted);
	MemoryContextSwitchTo(oldcxt);
	if (IvmUpperRun(reader->upper, reader->gen, reader->snapshot, ranges, nranges,
					reader->params, &reason))
		reader->rows = IvmUpperRows(reader->upper);
	else
		leave_store(reader, reason);
}

/* Open the store at the first key. */
static void
start_store(IvmReader *reader)
{
	const IvmKeyRange *ranges = reader->ranges ? reader->ranges->ranges : NULL;
	int			nranges = reader->ranges ? reader->ranges->nranges : 0;

	if (reader->view->upper != NULL)
		start_upper(reader, ranges, nranges);
	else if (reader->store != NULL)
		IvmStoreScanRestart(reader->store, reader->gen, reader->snapshot, ranges, nranges);
	else
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(reader->cxt);

		reader->store = IvmStoreScanBegin(reader->view, reader->gen, reader->snapshot,
										  ranges, nranges,
										  reader->request.wanted, reader->request.columns);
		MemoryContextSwitchTo(oldcxt);
	}
	store_reads++;
}

static void
start(IvmReader *reader)
{
	MemoryContext oldcxt;

	MemoryContextReset(reader->startcxt);
	reader->gen = NULL;
	reader->reason = NULL;
	reader->handed_out = false;
	reader->rows = NULL;
	reader->nothing = reader->ranges != NULL && reader->ranges->nothing;
	if (reader->nothing)
		return;

	oldcxt = MemoryContextSwitchTo(reader->startcxt);
	reader->reason = reader->request.live_reason;
	if (reader->reason == NULL)
		reader->gen = IvmReaderPick(reader->view, reader->snapshot, &reader->captured,
									&reader->reason);
	MemoryContextSwitchTo(oldcxt);
	if (reader->gen != NULL && reader->gen->number == unfit_generation)
	{
		reader->gen = NULL;
		reader->reason = "the store failed an earlier read";
	}
	if (reader->gen != NULL)
		start_store(reader);
	else
		start_live(reader);
}

void
IvmReaderStart(IvmReader *reader, Snapshot snapshot,
			   const IvmKeyRanges *ranges, ParamListInfo params)
{
	reader->snapshot = snapshot;
	reader->ranges = ranges;
	reader->params = params;
	start(reader);
}

void
IvmReaderRewind(IvmReader *reader)
{
	if (reader->rows != NULL)
		IvmLiveRewind(reader->rows);
	else
		start(reader);
}

bool
IvmReaderNext(IvmReader *reader, TupleTableSlot *slot)
{
	const char *reason = NULL;

	if (reader->nothing)
	{
		ExecClearTuple(slot);
		return false;
	}
	if (reader->rows == NULL)
	{
		switch (IvmStoreScanNext(reader->store, slot, &reason))
		{
			case IVM_STORE_ROW:
				reader->handed_out = true;
				return true;
			case IVM_STORE_END:
				ExecClearTuple(slot);
				return false;
			case IVM_STORE_UNFIT:
				ExecClearTuple(slot);
				leave_store(reader, reason);
				break;
		}
	}
	return IvmLiveNext(reader->rows, slot, reader->request.columns);
}

void
IvmReaderEnd(IvmReader *reader)
{
	if (reader->store)
		IvmStoreScanEnd(reader->store);
	if (reader->upper)
		IvmUpperEnd(reader->upper);
	if (reader->live)
		IvmLiveEnd(reader->live);
	MemoryContextDelete(reader->cxt);
}

const char *
IvmReaderLiveReason(const IvmReader *reader)
{
	return reader->reason;
}

int64
IvmReaderDeltas(const IvmReader *reader)
{
	if (reader->upper)
		return IvmUpperDeltas(reader->upper);
	return reader->store ? IvmStoreScanDeltas(reader->store) : 0;
}

PG_FUNCTION_INFO_V1(ivm_fdw_session_reads);

Datum
ivm_fdw_session_reads(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("session_reads() must be called where a row is expected")));
	values[0] = Int64GetDatum(store_reads);
	values[1] = Int64GetDatum(live_reads);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
