/*-------------------------------------------------------------------------
 *
 * expand.c
 *		The source query of a view: the rows that it makes of one row of the
 *		base table.
 *
 * The query is planned once a definition, over a named tuplestore in the place
 * of the base table.  It is started when the first row comes and ended by
 * IvmExpandClose, before control returns to whoever changes rows: snapshots and
 * files that an executor holds must not outlive a statement.  For each row the
 * tuplestore is filled anew and the plan is scanned again; so it must have no
 * node that would keep the rows of an earlier scan, as a hash join does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupconvert.h"
#include "executor/executor.h"
#include "maintain/expand.h"
#include "maintain/terms.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

struct IvmExpand
{
	IvmView    *view;
	TupleDesc	rootdesc;
	TupleConversionMap *map;	/* from the leaf's columns, or NULL */
	TupleTableSlot *rootslot;

	/* while open */
	MemoryContext cxt;
	QueryDesc  *query;
	Tuplestorestate *row;
};

static PlannedStmt *
get_plan(IvmView *view)
{
	MemoryContext old;
	Query	   *query;

	if (view->source_plan != NULL)
		return view->source_plan;
	query = copyObject(view->source);
	old = MemoryContextSwitchTo(view->cxt);
	view->source_plan = copyObject(IvmTermPlanForFew(query, view->name));
	MemoryContextSwitchTo(old);
	return view->source_plan;
}

IvmExpand *
IvmExpandMake(IvmView *view, Relation root, Relation leaf)
{
	IvmExpand  *expand = palloc0(sizeof(IvmExpand));

	expand->view = view;
	expand->rootdesc = CreateTupleDescCopy(RelationGetDescr(root));
	expand->rootslot = MakeSingleTupleTableSlot(expand->rootdesc, &TTSOpsVirtual);
	expand->map = convert_tuples_by_name(CreateTupleDescCopy(RelationGetDescr(leaf)),
										 expand->rootdesc);
	return expand;
}

static void
open_query(IvmExpand *expand)
{
	MemoryContext old;
	QueryEnvironment *env;
	EphemeralNamedRelation enr;
	PlannedStmt *plan;

	expand->cxt = AllocSetContextCreate(CurTransactionContext, "ivm expansion",
										ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(expand->cxt);
	plan = get_plan(expand->view);
	expand->row = tuplestore_begin_heap(true, false, work_mem);
	env = create_queryEnv();
	enr = palloc0(sizeof(EphemeralNamedRelationData));
	enr->md.name = IVM_ROW_NAME;
	enr->md.tupdesc = expand->rootdesc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->reldata = expand->row;
	register_ENR(env, enr);
	expand->query = CreateQueryDesc(plan, expand->view->name, GetActiveSnapshot(),
									InvalidSnapshot, None_Receiver, NULL, env, 0);
	standard_ExecutorStart(expand->query, 0);
	MemoryContextSwitchTo(old);
}

void
IvmExpandStart(IvmExpand *expand, TupleTableSlot *row)
{
	MemoryContext old;

	if (expand->query == NULL)
		open_query(expand);
	tuplestore_clear(expand->row);
	old = MemoryContextSwitchTo(expand->cxt);
	if (expand->map != NULL)
		row = execute_attr_map_slot(expand->map->attrMap, row, expand->rootslot);
	tuplestore_puttupleslot(expand->row, row);

	/* What the executor remembers between rows has to live as long as the query. */
	MemoryContextSwitchTo(expand->query->estate->es_query_cxt);
	ExecReScan(expand->query->planstate);
	MemoryContextSwitchTo(old);
}

TupleTableSlot *
IvmExpandNext(IvmExpand *expand)
{
	/* What nodes allocate (hash tables, say) lives as long as the query, not the caller's row. */
	MemoryContext old = MemoryContextSwitchTo(expand->query->estate->es_query_cxt);
	TupleTableSlot *slot = ExecProcNode(expand->query->planstate);

	MemoryContextSwitchTo(old);
	CHECK_FOR_INTERRUPTS();
	return TupIsNull(slot) ? NULL : slot;
}

void
IvmExpandClose(IvmExpand *expand)
{
	if (expand->query == NULL)
		return;
	standard_ExecutorFinish(expand->query);
	standard_ExecutorEnd(expand->query);
	FreeQueryDesc(expand->query);
	tuplestore_end(expand->row);
	MemoryContextDelete(expand->cxt);
	expand->query = NULL;
}
