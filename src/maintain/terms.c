/*-------------------------------------------------------------------------
 *
 * terms.c
 *		The terms of a join's change (see terms.h).
 *
 * Changed rows are named tuplestores in the place of tables.  A term's plan is
 * kept by the session, since planning takes a hundred times as long as joining a row.  A plan
 * for few changed rows must stay right as tables grow: it is made with sequential scans, hash and merge
 * joins discouraged, so that it goes from the changed rows to the others by
 * indexes.  For many rows there is a second plan, made as usual.
 *
 * A kept plan goes when anything that it depends on is changed: as PostgreSQL's plan cache
 * does it, by relcache invalidations of its tables, and by any of functions, operators and types.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "maintain/terms.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "parser/parsetree.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "view/namedrows.h"

#define MANY_ROWS		1000	/* from here on: the plan for many */
#define MAX_PLANS		256

typedef struct TermPlan
{
	uint32		view;			/* definition id */
	int			part;			/* which part */
	uint32		mask;			/* which occurrences are changed rows */
	int			edge;			/* number of the edge, of a step along it; 0: a term */
	bool		many;
	bool		stale;
	bool		busy;			/* being executed */
	MemoryContext cxt;
	PlannedStmt *plan;
} TermPlan;

static MemoryContext plans_cxt = NULL;
static List *plans = NIL;		/* of TermPlan *; newest last */

/* ---- forgetting plans ---- */

static void
relation_changed(Datum arg, Oid relid)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		TermPlan   *plan = lfirst(lc);

		if (!OidIsValid(relid) || list_member_oid(plan->plan->relationOids, relid))
			plan->stale = true;
	}
}

static void
object_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	relation_changed((Datum) 0, InvalidOid);
}

static void
watch(void)
{
	if (plans_cxt != NULL)
		return;
	plans_cxt = AllocSetContextCreate(CacheMemoryContext, "ivm term plans", ALLOCSET_SMALL_SIZES);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, object_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, object_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, object_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AMOPOPID, object_changed, (Datum) 0);
}

static void
drop_plan(TermPlan *plan)
{
	plans = list_delete_ptr(plans, plan);
	MemoryContextDelete(plan->cxt);
}

static void
drop_stale(void)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		TermPlan   *plan = lfirst(lc);

		if (!plan->stale || plan->busy)
			continue;
		plans = foreach_delete_current(plans, lc);
		MemoryContextDelete(plan->cxt);
	}
	if (list_length(plans) >= MAX_PLANS && !((TermPlan *) linitial(plans))->busy)
		drop_plan(linitial(plans));
}

/* ---- making plans ---- */

static char *
changed_name(int occurrence)
{
	return psprintf("ivm changed %d", occurrence);
}

/* Give the two columns of changed rows out. */
static void
add_targets(Query *query, Index varno, int natts)
{
	static const Oid types[] = {INT4OID, INT8OID};

	for (int i = 0; i < 2; i++)
	{
		Var		   *var = makeVar(varno, natts - 1 + i, types[i], -1, InvalidOid, 0);

		query->targetList = lappend(query->targetList,
									makeTargetEntry((Expr *) var,
													list_length(query->targetList) + 1, NULL, false));
	}
}

static Query *
term_query(const IvmView *part, IvmChangedRows *const *changed)
{
	Query	   *query = copyObject(part->source);

	for (int i = 0; i < part->noccurrences; i++)
	{
		int			varno = part->occurrences[i].varno;

		if (changed[i] == NULL)
			continue;
		IvmNamedRows(rt_fetch(varno, query->rtable), changed_name(i), changed[i]->desc,
					 changed[i]->nrows);
		add_targets(query, varno, changed[i]->desc->natts);
	}
	return query;
}

/* The columns of a table from which edges lead; the others are null. */
static List *
step_targets(IvmView *part, int occurrence, TupleDesc desc)
{
	Bitmapset  *columns = NULL;
	List	   *targets = NIL;
	ListCell   *lc;

	foreach(lc, IvmEdgesOf(part))
	{
		IvmEdge    *edge = lfirst(lc);

		if (edge->occurrence[0] == occurrence)
			columns = bms_add_member(columns, edge->column[0]);
	}
	for (int i = 1; i <= desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i - 1);
		Expr	   *expr = bms_is_member(i, columns) ?
		(Expr *) makeVar(part->occurrences[occurrence].varno, i, att->atttypid, att->atttypmod,
						 att->attcollation, 0) :
		(Expr *) makeNullConst(OidIsValid(att->atttypid) ? att->atttypid : INT4OID, -1, InvalidOid);

		targets = lappend(targets, makeTargetEntry(expr, i, NULL, false));
	}
	return targets;
}

static Query *
step_query(IvmView *part, const IvmEdge *edge, IvmChangedRows *const *changed)
{
	Query	   *query = copyObject(part->source);
	List	   *from = NIL;
	Relation	rel = RelationIdGetRelation(part->occurrences[edge->occurrence[1]].relid);

	for (int side = 0; side < 2; side++)
	{
		RangeTblRef *ref = makeNode(RangeTblRef);

		ref->rtindex = part->occurrences[edge->occurrence[side]].varno;
		from = lappend(from, ref);
	}
	query->targetList = step_targets(part, edge->occurrence[1], RelationGetDescr(rel));
	query->jointree = makeFromExpr(from, copyObject(edge->qual));
	IvmNamedRows(rt_fetch(part->occurrences[edge->occurrence[0]].varno, query->rtable),
				 changed_name(edge->occurrence[0]), changed[edge->occurrence[0]]->desc,
				 changed[edge->occurrence[0]]->nrows);
	RelationClose(rel);
	return query;
}

PlannedStmt *
IvmTermPlanForFew(Query *query, const char *text)
{
	bool		seqscan = enable_seqscan;
	bool		hashjoin = enable_hashjoin;
	bool		mergejoin = enable_mergejoin;
	bool		material = enable_material;
	PlannedStmt *plan;

	PG_TRY();
	{
		enable_seqscan = enable_hashjoin = enable_mergejoin = enable_material = false;
		plan = pg_plan_query(query, text, 0, NULL);
	}
	PG_FINALLY();
	{
		enable_seqscan = seqscan;
		enable_hashjoin = hashjoin;
		enable_mergejoin = mergejoin;
		enable_material = material;
	}
	PG_END_TRY();
	plan->jitFlags = 0;
	return plan;
}

static TermPlan *
make_plan(IvmView *part, const IvmEdge *edge, IvmChangedRows *const *changed, uint32 mask,
		  bool many)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm term plan",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old;
	Query	   *query = edge ? step_query(part, edge, changed) : term_query(part, changed);
	PlannedStmt *stmt = many ? pg_plan_query(query, part->name, 0, NULL) :
		IvmTermPlanForFew(query, part->name);
	TermPlan   *plan;

	old = MemoryContextSwitchTo(cxt);
	plan = palloc0(sizeof(TermPlan));
	plan->view = part->id;
	plan->part = part->number;
	plan->mask = mask;
	plan->edge = edge ? edge->number : 0;
	plan->many = many;
	plan->cxt = cxt;
	plan->plan = copyObject(stmt);

	/* it has the columns of the tables that are not in it, too */
	for (int i = 0; i < part->noccurrences; i++)
		plan->plan->relationOids = list_append_unique_oid(plan->plan->relationOids,
														  part->occurrences[i].relid);

	MemoryContextSwitchTo(plans_cxt);
	plans = lappend(plans, plan);
	MemoryContextSetParent(cxt, plans_cxt);
	MemoryContextSwitchTo(old);
	return plan;
}

static TermPlan *
get_plan(IvmView *part, const IvmEdge *edge, IvmChangedRows *const *changed)
{
	uint32		mask = 0;
	bool		many = false;
	ListCell   *lc;

	for (int i = 0; i < part->noccurrences; i++)
	{
		if (changed[i] == NULL)
			continue;
		mask |= (uint32) 1 << i;
		many |= changed[i]->nrows >= MANY_ROWS;
	}
	watch();
	drop_stale();
	foreach(lc, plans)
	{
		TermPlan   *plan = lfirst(lc);

		if (plan->view == part->id && plan->part == part->number && plan->mask == mask &&
			plan->edge == (edge ? edge->number : 0) && plan->many == many && !plan->stale)
			return plan;
	}
	return make_plan(part, edge, changed, mask, many);
}

/* Lock what the plan reads: of a kept one, partitions are not locked by planning.  False where it went stale meanwhile. */
static bool
lock_tables(const TermPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->plan->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_RELATION)
			LockRelationOid(rte->relid, AccessShareLock);
	}
	return !plan->stale;
}

/* ---- evaluating ---- */

static QueryEnvironment *
make_environment(const IvmView *part, IvmChangedRows *const *changed)
{
	QueryEnvironment *env = create_queryEnv();

	for (int i = 0; i < part->noccurrences; i++)
	{
		EphemeralNamedRelation enr;

		if (changed[i] == NULL)
			continue;
		enr = palloc0(sizeof(EphemeralNamedRelationData));
		enr->md.name = changed_name(i);
		enr->md.tupdesc = changed[i]->desc;
		enr->md.enrtype = ENR_NAMED_TUPLESTORE;
		enr->reldata = changed[i]->rows;
		register_ENR(env, enr);
	}
	return env;
}

/* Add a transaction to a set, ascending. */
static int
add_xid(FullTransactionId *xids, int n, FullTransactionId xid)
{
	int			at = 0;

	while (at < n && FullTransactionIdPrecedes(xids[at], xid))
		at++;
	if (at < n && FullTransactionIdEquals(xids[at], xid))
		return n;
	memmove(&xids[at + 1], &xids[at], sizeof(FullTransactionId) * (n - at));
	xids[at] = xid;
	return n + 1;
}

/* Sign and transactions of a row, from the columns behind those of the source query. */
static int64
take_tag(const IvmView *part, TupleTableSlot *slot, FullTransactionId *xids, int *nxids)
{
	int			ncols = list_length(part->source->targetList);
	int64		sign = 1;

	*nxids = 0;
	slot_getallattrs(slot);
	for (int i = ncols; i < slot->tts_tupleDescriptor->natts; i += 2)
	{
		int64		xid = DatumGetInt64(slot->tts_values[i + 1]);

		sign *= DatumGetInt32(slot->tts_values[i]);
		if (xid != 0)
			*nxids = add_xid(xids, *nxids, FullTransactionIdFromU64((uint64) xid));
	}
	return sign;
}

/* Who gets the rows of a term. */
typedef struct TermSink
{
	const IvmView *part;
	IvmTermReceiver receive;
	void	   *arg;
	FullTransactionId *xids;
} TermSink;

static void
give_term_row(void *arg, TupleTableSlot *slot)
{
	TermSink   *sink = arg;
	int			nxids;
	int64		sign = take_tag(sink->part, slot, sink->xids, &nxids);

	sink->receive(sink->arg, slot, sign, sink->xids, nxids);
}

/* Run a kept plan. */
static void
run_plan(IvmView *part, const IvmEdge *edge, IvmChangedRows *const *changed, Snapshot snapshot,
		 void (*give) (void *arg, TupleTableSlot *slot), void *arg)
{
	TermPlan   *plan;
	QueryDesc  *query;
	TupleTableSlot *slot;

	do
		plan = get_plan(part, edge, changed);
	while (!lock_tables(plan));
	query = CreateQueryDesc(plan->plan, part->name, snapshot, InvalidSnapshot, None_Receiver, NULL,
							make_environment(part, changed), 0);
	plan->busy = true;
	PG_TRY();
	{
		standard_ExecutorStart(query, 0);
		while (slot = ExecProcNode(query->planstate), !TupIsNull(slot))
		{
			CHECK_FOR_INTERRUPTS();
			give(arg, slot);
		}
		standard_ExecutorFinish(query);
		standard_ExecutorEnd(query);
	}
	PG_FINALLY();
	{
		plan->busy = false;
	}
	PG_END_TRY();
	FreeQueryDesc(query);
}

void
IvmTermEvaluate(IvmView *part, IvmChangedRows *const *changed, Snapshot snapshot,
				IvmTermReceiver receive, void *arg)
{
	TermSink	sink = {part, receive, arg};

	sink.xids = palloc(sizeof(FullTransactionId) * (part->noccurrences + 1));
	run_plan(part, NULL, changed, snapshot, give_term_row, &sink);
}

static void
give_step_row(void *arg, TupleTableSlot *slot)
{
	IvmChangedPutRow(arg, slot, 1, 0);
}

void
IvmTermStep(IvmView *part, const IvmEdge *edge, IvmChangedRows *from, Snapshot snapshot,
			IvmChangedRows *to)
{
	IvmChangedRows **changed = palloc0(sizeof(IvmChangedRows *) * part->noccurrences);

	changed[edge->occurrence[0]] = from;
	run_plan(part, edge, changed, snapshot, give_step_row, to);
}
