/*-------------------------------------------------------------------------
 *
 * aggregate.c
 *		PostgreSQL's own aggregates, run over the elements of one group after
 *		the other.
 *
 * The calls of an arrangement make up "SELECT calls FROM elements", which is
 * planned and started once a scan.  For each group the tuplestore of the elements is
 * filled anew and the plan is scanned again, so that a group costs no more than its
 * elements.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "scan/aggregate.h"
#include "tcop/tcopprot.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"
#include "view/namedrows.h"

#define ELEMENTS_NAME "ivm elements"

struct IvmAggregate
{
	const IvmView *view;
	const IvmSlotSpec *slot;
	MemoryContext cxt;			/* as long as the aggregate */
	TupleDesc	desc;			/* of an element */
	Tuplestorestate *rows;
	int			ncalls;			/* wanted ones: */
	int		   *calls;			/* their positions among the arrangement's */
	ParamListInfo params;		/* key columns, for direct arguments; or NULL */
	EphemeralNamedRelation elements;
	QueryDesc  *query;
};

/* SELECT the wanted calls FROM elements */
static Query *
make_query(IvmAggregate *aggregate)
{
	Query	   *query = makeNode(Query);
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *ref = makeNode(RangeTblRef);

	IvmNamedRows(rte, ELEMENTS_NAME, aggregate->desc, 100);
	ref->rtindex = 1;
	query->commandType = CMD_SELECT;
	query->querySource = QSRC_ORIGINAL;
	query->canSetTag = true;
	query->hasAggs = true;
	query->rtable = list_make1(rte);
	query->jointree = makeFromExpr(list_make1(ref), NULL);
	for (int i = 0; i < aggregate->ncalls; i++)
	{
		Expr	   *call = copyObject(list_nth(aggregate->slot->calls, aggregate->calls[i]));

		query->targetList = lappend(query->targetList, makeTargetEntry(call, i + 1, NULL, false));
	}
	return query;
}

static void
start_plan(IvmAggregate *aggregate)
{
	PlannedStmt *plan = pg_plan_query(make_query(aggregate), "aggregates of a view", 0, NULL);
	QueryEnvironment *env = create_queryEnv();

	aggregate->elements = palloc0(sizeof(EphemeralNamedRelationData));
	aggregate->elements->md.name = ELEMENTS_NAME;
	aggregate->elements->md.tupdesc = aggregate->desc;
	aggregate->elements->md.enrtype = ENR_NAMED_TUPLESTORE;
	aggregate->elements->reldata = aggregate->rows;
	register_ENR(env, aggregate->elements);

	aggregate->query = CreateQueryDesc(plan, "aggregates of a view", GetActiveSnapshot(),
									   InvalidSnapshot, None_Receiver, aggregate->params, env, 0);
	standard_ExecutorStart(aggregate->query, 0);
}

/* Parameters for the key columns, where a direct argument has one. */
static ParamListInfo
key_params(const IvmAggregate *aggregate)
{
	ParamListInfo params;
	bool		used = false;

	for (int i = 0; i < aggregate->ncalls; i++)
	{
		Aggref	   *call = list_nth_node(Aggref, aggregate->slot->calls, aggregate->calls[i]);

		used |= call->aggdirectargs != NIL;
	}
	if (!used)
		return NULL;
	params = makeParamList(aggregate->view->nkeys);
	for (int i = 0; i < aggregate->view->nkeys; i++)
		params->params[i] = (ParamExternData)
	{
		.isnull = true,.ptype = aggregate->view->keydesc->cols[i].type
	};
	return params;
}

IvmAggregate *
IvmAggregateBegin(const IvmView *view, int slot, const bool *wanted)
{
	IvmAggregate *aggregate = palloc0(sizeof(IvmAggregate));

	aggregate->view = view;
	aggregate->slot = &view->slots[slot];
	aggregate->cxt = CurrentMemoryContext;
	aggregate->desc = IvmDescOfExprs(aggregate->slot->cols, aggregate->slot->ncols);
	aggregate->rows = tuplestore_begin_heap(true, false, work_mem);
	aggregate->calls = palloc(sizeof(int) * list_length(aggregate->slot->calls));
	for (int i = 0; i < list_length(aggregate->slot->calls); i++)
	{
		if (wanted[i])
			aggregate->calls[aggregate->ncalls++] = i;
	}
	aggregate->params = key_params(aggregate);
	start_plan(aggregate);
	return aggregate;
}

void
IvmAggregateClear(IvmAggregate *aggregate)
{
	tuplestore_clear(aggregate->rows);
}

void
IvmAggregateAdd(IvmAggregate *aggregate, const Datum *values, const bool *nulls, int64 copies)
{
	if (aggregate->slot->once)
		copies = 1;
	for (int64 i = 0; i < copies; i++)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(aggregate->rows, aggregate->desc, (Datum *) values, (bool *) nulls);
	}
}

/* The key columns as parameters; their values live in CurrentMemoryContext. */
static void
set_params(IvmAggregate *aggregate, const char *key, Size keylen)
{
	int			nkeys = aggregate->view->nkeys;
	Datum	   *values = palloc(sizeof(Datum) * (nkeys + 1));
	bool	   *nulls = palloc(sizeof(bool) * (nkeys + 1));

	IvmKeyDecode(aggregate->view->keydesc, key, keylen, NULL, values, nulls);
	for (int i = 0; i < nkeys; i++)
	{
		aggregate->params->params[i].value = values[i];
		aggregate->params->params[i].isnull = nulls[i];
	}
}

void
IvmAggregateResults(IvmAggregate *aggregate, const char *key, Size keylen, NullableDatum *results)
{
	PlanState  *plan = aggregate->query->planstate;
	TupleTableSlot *slot;
	MemoryContext old;

	if (aggregate->params != NULL)
		set_params(aggregate, key, keylen);
	old = MemoryContextSwitchTo(aggregate->query->estate->es_query_cxt);
	ExecReScan(plan);
	slot = ExecProcNode(plan);
	slot_getallattrs(slot);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < aggregate->ncalls; i++)
	{
		Form_pg_attribute att = TupleDescAttr(slot->tts_tupleDescriptor, i);
		NullableDatum *result = &results[aggregate->calls[i]];

		result->isnull = slot->tts_isnull[i];
		if (!result->isnull)
			result->value = datumCopy(slot->tts_values[i], att->attbyval, att->attlen);
	}
}

void
IvmAggregateEnd(IvmAggregate *aggregate)
{
	standard_ExecutorFinish(aggregate->query);
	standard_ExecutorEnd(aggregate->query);
	FreeQueryDesc(aggregate->query);
	tuplestore_end(aggregate->rows);
}
