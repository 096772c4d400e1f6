/*-------------------------------------------------------------------------
 *
 * upper.c
 *		Reading a view that has an upper query (see upper.h).
 *
 * The query is always run to its end, so a store that turns out unfit in the
 * middle has given nothing away: the core just ends, and the rows are not used.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "scan/upper.h"
#include "store/generation.h"
#include "utils/memutils.h"

struct IvmUpperRead
{
	IvmView    *view;
	MemoryContext cxt;
	IvmLiveQuery *query;
	IvmCoreSource source;
	IvmCoreShape shape;

	/* of the last run */
	const IvmGeneration *gen;
	Snapshot	snapshot;
	const IvmKeyRange *ranges;
	int			nranges;
	IvmStoreScan *core;			/* made when first needed */
	const char *unfit;
};

/* Start the core's rows from the first one. */
static void
restart_core(void *arg)
{
	IvmUpperRead *upper = arg;
	MemoryContext oldcxt = MemoryContextSwitchTo(upper->cxt);

	if (upper->core == NULL)
		upper->core = IvmStoreScanBegin(upper->view, upper->gen, upper->snapshot,
										upper->ranges, upper->nranges, NULL, NULL);
	else
		IvmStoreScanRestart(upper->core, upper->gen, upper->snapshot,
							upper->ranges, upper->nranges);
	MemoryContextSwitchTo(oldcxt);
}

static bool
next_of_core(void *arg, TupleTableSlot *slot)
{
	IvmUpperRead *upper = arg;

	if (upper->unfit != NULL)
		return false;
	return IvmStoreScanNext(upper->core, slot, &upper->unfit) == IVM_STORE_ROW;
}

/* The order in which the store has the core's rows: by its keys, as far as bytes tell. */
static List *
core_order(const IvmView *view)
{
	List	   *order = NIL;
	int			nkeys = view->nkeys - (view->nsets > 0);	/* not by the number of a grouping set */

	for (int i = 0; i < nkeys; i++)
	{
		const IvmKeyColumn *col = &view->keydesc->cols[i];

		if (col->klass != IVM_KEY_ORDERED)
			break;
		order = lappend_int(order, col->descending ? -(i + 1) : i + 1);
	}
	return order;
}

IvmUpperRead *
IvmUpperBegin(IvmView *view, List *quals, List *sortcols, const bool *wanted)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw upper query",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	IvmUpperRead *upper = palloc0(sizeof(IvmUpperRead));

	upper->view = view;
	upper->cxt = cxt;
	upper->source = (IvmCoreSource) {next_of_core, restart_core, upper};
	upper->shape.rows = Max(IvmGenerationEstimateRows(view->id), 1);
	upper->shape.order = core_order(view);
	upper->query = IvmLivePrepareUpper(view, &upper->shape, &upper->source, quals, sortcols, wanted);
	MemoryContextSwitchTo(oldcxt);
	return upper;
}

bool
IvmUpperRun(IvmUpperRead *upper, const IvmGeneration *gen, Snapshot snapshot,
			const IvmKeyRange *ranges, int nranges, ParamListInfo params, const char **reason)
{
	upper->gen = gen;
	upper->snapshot = snapshot;
	upper->ranges = ranges;
	upper->nranges = nranges;
	upper->unfit = NULL;
	IvmLiveExecute(upper->query, params, snapshot);
	*reason = upper->unfit;
	return upper->unfit == NULL;
}

IvmLiveQuery *
IvmUpperRows(IvmUpperRead *upper)
{
	return upper->query;
}

int64
IvmUpperDeltas(const IvmUpperRead *upper)
{
	return upper->core ? IvmStoreScanDeltas(upper->core) : 0;
}

void
IvmUpperEnd(IvmUpperRead *upper)
{
	IvmLiveEnd(upper->query);
	if (upper->core)
		IvmStoreScanEnd(upper->core);
	MemoryContextDelete(upper->cxt);
}
