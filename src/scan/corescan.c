/*-------------------------------------------------------------------------
 *
 * corescan.c
 *		The core's rows in the plan of an upper query (see corescan.h).
 *
 * The planner knows no paths for a named tuplestore but its scan.  The hook
 * puts ours in its place, while a query of ours is being planned: core_shape tells.
 *
 * Never parallel: the planner takes named tuplestores for parallel restricted,
 * and workers would have no source.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "scan/corescan.h"
#include "tcop/tcopprot.h"
#include "utils/typcache.h"
#include "view/definition.h"

/* Of the query that is being planned; NULL: none of ours. */
static const IvmCoreShape *core_shape = NULL;

static set_rel_pathlist_hook_type prev_set_rel_pathlist = NULL;

/* Those of transition tables belong to a table. */
static bool
is_core(const RangeTblEntry *rte)
{
	return rte->rtekind == RTE_NAMEDTUPLESTORE && !OidIsValid(rte->relid) &&
		strcmp(rte->enrname, IVM_CORE_NAME) == 0;
}

/* ---- execution ---- */

typedef struct CoreScan
{
	CustomScanState css;
	IvmCoreSource *source;
	bool		started;
} CoreScan;

static void
begin_scan(CustomScanState *node, EState *estate, int eflags)
{
	EphemeralNamedRelation relation = get_ENR(estate->es_queryEnv, IVM_CORE_NAME);

	/* Without an environment the plan is being explained, not run. */
	if (relation != NULL)
		((CoreScan *) node)->source = relation->reldata;
}

/* For ExecScan. */
static TupleTableSlot *
next_row(ScanState *node)
{
	CoreScan   *scan = (CoreScan *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	if (!scan->started)
		scan->source->restart(scan->source->arg);
	scan->started = true;
	if (!scan->source->next(scan->source->arg, slot))
		ExecClearTuple(slot);
	return slot;
}

static bool
recheck_row(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

static TupleTableSlot *
exec_scan(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

static void
rescan(CustomScanState *node)
{
	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	((CoreScan *) node)->started = false;
	ExecScanReScan(&node->ss);
}

static void
end_scan(CustomScanState *node)
{
}

static const CustomExecMethods exec_methods = {
	.CustomName = "IvmCore",
	.BeginCustomScan = begin_scan,
	.ExecCustomScan = exec_scan,
	.EndCustomScan = end_scan,
	.ReScanCustomScan = rescan
};

static Node *
create_state(CustomScan *cscan)
{
	CoreScan   *scan = (CoreScan *) newNode(sizeof(CoreScan), T_CustomScanState);

	scan->css.methods = &exec_methods;
	return (Node *) scan;
}

/* ---- planning ---- */

static const CustomScanMethods scan_methods = {"IvmCore", create_state};

static Var *
core_var(const RangeTblEntry *rte, Index varno, AttrNumber attno)
{
	return makeVar(varno, attno, list_nth_oid(rte->coltypes, attno - 1),
				   list_nth_int(rte->coltypmods, attno - 1),
				   list_nth_oid(rte->colcollations, attno - 1), 0);
}

/* The whole row: what the source gives. */
static List *
core_targets(const RangeTblEntry *rte, Index varno)
{
	List	   *targets = NIL;

	for (AttrNumber attno = 1; attno <= list_length(rte->coltypes); attno++)
		targets = lappend(targets, makeTargetEntry((Expr *) core_var(rte, varno, attno), attno,
												   NULL, false));
	return targets;
}

static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->flags = path->flags;
	scan->custom_scan_tlist = core_targets(planner_rt_fetch(rel->relid, root), rel->relid);
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "IvmCore",
	.PlanCustomPath = make_plan
};

/* The pathkey of one column's order, if the query knows one. */
static PathKey *
column_pathkey(PlannerInfo *root, RelOptInfo *rel, const RangeTblEntry *rte, int column)
{
	Var		   *var = core_var(rte, rel->relid, abs(column));
	TypeCacheEntry *type = lookup_type_cache(var->vartype, TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
	Oid			op = column > 0 ? type->lt_opr : type->gt_opr;
	List	   *pathkeys = NIL;

	/* Nulls are first where the operator is "greater". */
	if (OidIsValid(op))
		pathkeys = IvmExistingPathkey(root, (Expr *) var, op, rel);
	return pathkeys != NIL ? linitial_node(PathKey, pathkeys) : NULL;
}

/* The order in which rows come, as far as it is useful. */
static List *
core_pathkeys(PlannerInfo *root, RelOptInfo *rel, const RangeTblEntry *rte)
{
	List	   *pathkeys = NIL;
	ListCell   *lc;

	foreach(lc, core_shape->order)
	{
		PathKey    *pathkey = column_pathkey(root, rel, rte, lfirst_int(lc));

		if (pathkey == NULL)
			break;
		if (!EC_MUST_BE_REDUNDANT(pathkey->pk_eclass))
			pathkeys = list_append_unique_ptr(pathkeys, pathkey);
	}
	return truncate_useless_pathkeys(root, rel, pathkeys);
}

static Path *
make_path(PlannerInfo *root, RelOptInfo *rel, const RangeTblEntry *rte)
{
	CustomPath *path = makeNode(CustomPath);
	QualCost	qual = rel->baserestrictcost;

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->path.param_info = get_baserel_parampathinfo(root, rel, rel->lateral_relids);
	path->path.rows = path->path.param_info ? path->path.param_info->ppi_rows : rel->rows;
	path->path.startup_cost = 0.25 + qual.startup + rel->reltarget->cost.startup;
	path->path.total_cost = path->path.startup_cost +
		rel->tuples * (2 * cpu_tuple_cost + qual.per_tuple) +
		path->path.rows * rel->reltarget->cost.per_tuple;
	path->path.pathkeys = core_pathkeys(root, rel, rte);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->methods = &path_methods;
	return &path->path;
}

static void
set_core_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	if (prev_set_rel_pathlist)
		prev_set_rel_pathlist(root, rel, rti, rte);
	if (core_shape == NULL || !is_core(rte) || IS_DUMMY_REL(rel))
		return;
	rel->pathlist = NIL;
	rel->partial_pathlist = NIL;
	add_path(rel, make_path(root, rel, rte));
}

void
IvmCoreScanInstallHooks(void)
{
	prev_set_rel_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_core_paths;
}

/* Tell the core's entry how many rows to expect. */
static bool
set_rows_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		if (is_core((RangeTblEntry *) node))
			((RangeTblEntry *) node)->enrtuples = *(double *) arg;
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, set_rows_walker, arg, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, set_rows_walker, arg);
}

PlannedStmt *
IvmCorePlan(Query *query, const char *text, const IvmCoreShape *shape)
{
	const IvmCoreShape *save = core_shape;
	double		rows = shape->rows;
	PlannedStmt *plan;

	set_rows_walker((Node *) query, &rows);
	PG_TRY();
	{
		core_shape = shape;
		plan = pg_plan_query(query, text, 0, NULL);
	}
	PG_FINALLY();
	{
		core_shape = save;
	}
	PG_END_TRY();
	return plan;
}

QueryEnvironment *
IvmCoreEnvironment(IvmCoreSource *source)
{
	QueryEnvironment *environment = create_queryEnv();
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = pstrdup(IVM_CORE_NAME);
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->reldata = source;
	register_ENR(environment, relation);
	return environment;
}
