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

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
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

/* The core's output (from 1) that shows the key column, or 0. */
static int
column_of_key(const IvmView *view, int key)
{
	for (int i = 0; i < view->ntargets; i++)
	{
		if (IvmViewKeyOfTarget(view, i) == key)
			return i + 1;
	}
	return 0;
}

/*
 * The order in which the store has the core's rows: by its keys, as far as
 * bytes tell; those with a single value do not matter.
 */
static List *
core_order(const IvmView *view, List *constants)
{
	List	   *order = NIL;
	int			nkeys = view->nkeys - (view->nsets > 0);	/* not by the number of a grouping set */

	for (int i = 0; i < nkeys; i++)
	{
		const IvmKeyColumn *col = &view->keydesc->cols[i];
		int			column = column_of_key(view, i);

		if (list_member_int(constants, i))
			continue;
		if (col->klass != IVM_KEY_ORDERED || column == 0)
			break;
		order = lappend_int(order, col->descending ? -column : column);
	}
	return order;
}

typedef struct Constants
{
	const IvmView *view;
	List	   *keys;			/* key columns that are compared with a single value */
} Constants;

/* Has the target entry a core column that is compared with a single value? */
static bool
is_constant(const Query *query, SortGroupClause *clause, const Constants *constants)
{
	Node	   *expr = get_sortgroupclause_expr(clause, query->targetList);

	return IsA(expr, Var) && ((Var *) expr)->varlevelsup == 0 &&
		list_member_int(constants->keys, IvmViewKeyOfTarget(constants->view, ((Var *) expr)->varattno - 1));
}

static bool
drop_partitions_walker(Node *node, void *constants)
{
	Query	   *query = (Query *) node;
	ListCell   *lw,
			   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, drop_partitions_walker, constants);
	if (linitial_node(RangeTblEntry, query->rtable)->rtekind != RTE_NAMEDTUPLESTORE)
		return query_tree_walker(query, drop_partitions_walker, constants, 0);
	foreach(lw, query->windowClause)
	{
		WindowClause *window = lfirst_node(WindowClause, lw);

		foreach(lc, window->partitionClause)
		{
			if (is_constant(query, lfirst_node(SortGroupClause, lc), constants))
				window->partitionClause = foreach_delete_current(window->partitionClause, lc);
		}
	}
	return false;
}

/*
 * A window over one partition needs no PARTITION BY.  Without it the executor
 * stops reading when a condition like rank <= 10 has become false; with it, it reads the
 * partition to its end (PostgreSQL 15).
 */
static Query *
drop_constant_partitions(const IvmView *view, List *constants)
{
	Query	   *query = view->upper;
	Constants	which = {view, constants};

	if (constants == NIL)
		return query;
	query = copyObject(query);
	drop_partitions_walker((Node *) query, &which);
	return query;
}

IvmUpperRead *
IvmUpperBegin(IvmView *view, List *quals, List *constants, List *sortcols, const bool *wanted)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw upper query",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	IvmUpperRead *upper = palloc0(sizeof(IvmUpperRead));

	upper->view = view;
	upper->cxt = cxt;
	upper->source = (IvmCoreSource) {next_of_core, restart_core, upper};
	upper->shape.rows = Max(IvmGenerationEstimateRows(view->id), 1);
	upper->shape.order = core_order(view, constants);
	upper->query = IvmLivePrepareUpper(view, drop_constant_partitions(view, constants),
									   &upper->shape, &upper->source, quals, sortcols, wanted);
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
