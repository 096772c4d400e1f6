/*-------------------------------------------------------------------------
 *
 * paths.c
 *		Planning of reads: sizes, paths, plans.
 *
 * A view is planned like a table with one unique index on its key.  Whether
 * the store or a live query will answer is decided by each execution; here it
 * only makes costs differ.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "compat.h"
#include "foreign/fdwapi.h"
#include "ivm_fdw.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "scan/conditions.h"
#include "scan/paths.h"
#include "store/generation.h"
#include "store/store.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "view/catalog.h"

/* At most so many sets of other relations are tried as parameters. */
#define MAX_PARAMETERIZATIONS 16

/* The planner's knowledge of a view: rel->fdw_private. */
typedef struct PlanRel
{
	IvmView    *view;
	int		   *outputs;		/* output column of each column of the foreign table */
	AttrNumber *columns;		/* and back: column that shows each key, or 0 */
	bool		live;			/* reads are live at present */
} PlanRel;

/* The column of the foreign table that shows each key column. */
static AttrNumber *
columns_of_keys(const IvmView *view, const int *outputs, int natts)
{
	AttrNumber *columns = palloc0(Max(view->nkeys, 1) * sizeof(AttrNumber));

	for (int att = natts; att >= 1; att--)
	{
		int			output = outputs[att - 1];

		if (output >= 0 && output < view->noutputs && view->outkey[output] >= 0)
			columns[view->outkey[output]] = att;
	}
	return columns;
}

static PlanRel *
make_plan_rel(Oid relid)
{
	PlanRel    *planrel = palloc0(sizeof(PlanRel));
	Relation	rel = table_open(relid, NoLock);

	planrel->view = IvmViewGet(relid);
	planrel->outputs = IvmOutputsOfColumns(RelationGetDescr(rel));
	planrel->columns = columns_of_keys(planrel->view, planrel->outputs,
									   RelationGetNumberOfAttributes(rel));
	table_close(rel, NoLock);
	return planrel;
}

/* ---- uniqueness of keys ---- */

/* Is a key one row? */
static bool
is_unique(const IvmView *view)
{
	return !view->repeats && view->upper == NULL;
}

static get_relation_info_hook_type prev_get_relation_info = NULL;

/*
 * A description of the key as an index, for proofs of uniqueness only: it is
 * hypothetical, and index paths are not made for foreign tables.
 */
static IndexOptInfo *
key_as_index(RelOptInfo *rel, const PlanRel *planrel)
{
	const IvmView *view = planrel->view;
	IndexOptInfo *index = makeNode(IndexOptInfo);

	index->rel = rel;
	index->pages = 1;
	index->tuples = Max(rel->tuples, 1);
	index->ncolumns = index->nkeycolumns = view->nkeys;
	index->indexkeys = palloc(sizeof(int) * view->nkeys);
	index->indexcollations = palloc(sizeof(Oid) * view->nkeys);
	index->opfamily = palloc(sizeof(Oid) * view->nkeys);
	index->opcintype = palloc(sizeof(Oid) * view->nkeys);
	index->canreturn = palloc0(sizeof(bool) * view->nkeys);
	for (int i = 0; i < view->nkeys; i++)
	{
		IvmKeyColumn *col = &view->keydesc->cols[i];

		index->indexkeys[i] = planrel->columns[i];
		index->indexcollations[i] = col->collation;
		index->opfamily[i] = col->opfamily;
		index->opcintype[i] = col->type;
	}
	index->unique = true;
	index->immediate = true;
	index->hypothetical = true;
	return index;
}

static void
add_key_info(PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel)
{
	PlanRel    *planrel;

	if (prev_get_relation_info)
		prev_get_relation_info(root, relid, inhparent, rel);
	if (inhparent || rel->fdwroutine == NULL ||
		rel->fdwroutine->GetForeignRelSize != IvmGetForeignRelSize)
		return;

	planrel = make_plan_rel(relid);
	for (int i = 0; i < planrel->view->nkeys; i++)
	{
		if (planrel->columns[i] == 0 || !OidIsValid(planrel->view->keydesc->cols[i].opfamily))
			return;
	}
	if (planrel->view->nkeys > 0 && is_unique(planrel->view))
		rel->indexlist = lappend(rel->indexlist, key_as_index(rel, planrel));
}

void
IvmPathsInstallHooks(void)
{
	prev_get_relation_info = get_relation_info_hook;
	get_relation_info_hook = add_key_info;
}

/* ---- sizes ---- */

/* Pages and tuples of the base tables together, as last counted. */
static void
base_table_size(const IvmView *view, double *pages, double *tuples)
{
	*pages = *tuples = 0;
	for (int i = 0; i < view->nrels; i++)
	{
		HeapTuple	tup = SearchSysCache1(RELOID, ObjectIdGetDatum(view->rels[i].relid));
		Form_pg_class form;

		if (!HeapTupleIsValid(tup))
			continue;
		form = (Form_pg_class) GETSTRUCT(tup);
		*pages += form->reltuples >= 0 ? Max(form->relpages, 1) : 10;
		*tuples += form->reltuples >= 0 ? Max(form->reltuples, 1) : 1000;
		ReleaseSysCache(tup);
	}
}

/* Number of groups: counted by the store, by ANALYZE, or guessed. */
static double
estimate_groups(PlanRel *planrel, double analyzed)
{
	double		rows = -1;
	double		basepages;
	double		basetuples;

	if (ivm_use_store && IvmStoreAvailable(NULL))
		rows = IvmGenerationEstimateRows(planrel->view->id);
	planrel->live = rows < 0;
	if (planrel->view->one_row)
		return 1;
	if (rows >= 0)
		return Max(rows, 1);
	if (analyzed > 0)
		return analyzed;
	base_table_size(planrel->view, &basepages, &basetuples);
	return Max(basetuples / 10, 1);
}

/* How many keys can equality conditions on all key columns select? */
static double
count_lookups(PlannerInfo *root, List *conds)
{
	double		lookups = 1;
	ListCell   *lc;

	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		if (cond->kind == IVM_COND_ANY)
			lookups *= Max(IvmEstimateArrayLength(root, (Node *) cond->comparand), 1);
	}
	return lookups;
}

void
IvmGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	PlanRel    *planrel = make_plan_rel(relid);
	List	   *conds;
	int			nequal;

	rel->fdw_private = planrel;
	rel->tuples = estimate_groups(planrel, rel->tuples);
	rel->pages = ceil(rel->tuples * IVM_ROW_BYTES / BLCKSZ);
	rel->rows = rel->tuples *
		clauselist_selectivity(root, rel->baserestrictinfo, 0, JOIN_INNER, NULL);

	conds = IvmKeyConds(root, rel, planrel->view, planrel->outputs,
						rel->baserestrictinfo, &nequal);
	if (nequal == planrel->view->nkeys && is_unique(planrel->view))
		rel->rows = Min(rel->rows, count_lookups(root, conds));
	rel->rows = clamp_row_est(rel->rows);
}

/* ---- costs ---- */

/* Cost of a live query: the base table is read and grouped whole before the first row comes. */
static Cost
cost_live(const PlanRel *planrel)
{
	const IvmView *view = planrel->view;
	double		pages;
	double		tuples;

	base_table_size(view, &pages, &tuples);
	return pages * seq_page_cost +
		tuples * (cpu_tuple_cost + cpu_operator_cost * (view->nkeys + view->naccums));
}

/* Cost of a scan that uses the key conditions and evaluates the other clauses on each row. */
static void
cost_scan(PlannerInfo *root, RelOptInfo *rel, List *conds, int nequal,
		  List *clauses, double rows, Cost *startup, Cost *total)
{
	PlanRel    *planrel = rel->fdw_private;
	List	   *rinfos = NIL;
	double		fetched;
	double		ranges = count_lookups(root, conds);
	QualCost	qual;
	ListCell   *lc;

	foreach(lc, conds)
		rinfos = lappend(rinfos, ((IvmKeyCond *) lfirst(lc))->rinfo);
	fetched = rel->tuples * clauselist_selectivity(root, rinfos, rel->relid, JOIN_INNER, NULL);
	if (nequal == planrel->view->nkeys && is_unique(planrel->view))
		fetched = Min(fetched, ranges);
	fetched = Max(clamp_row_est(fetched), rows);

	cost_qual_eval(&qual, clauses, root);
	*startup = (planrel->live ? cost_live(planrel) : 0.25) +
		rel->reltarget->cost.startup + qual.startup;
	*total = *startup +
		ranges * (0.25 + cpu_operator_cost * log(rel->tuples + 1)) +
		fetched * (2 * cpu_tuple_cost + qual.per_tuple) +
		fetched * IVM_ROW_BYTES / BLCKSZ * seq_page_cost +
		rows * rel->reltarget->cost.per_tuple;
}

/* ---- order ---- */

/* Is the key column compared with a single value, so that it does not matter to the order? */
static bool
is_constant(List *conds, int key)
{
	ListCell   *lc;

	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		if (cond->key == key && IvmCondIsConstant(cond->kind))
			return true;
	}
	return false;
}

/* The pathkey of ascending order, nulls last, by a key column, if the query knows one. */
static PathKey *
key_pathkey(PlannerInfo *root, RelOptInfo *rel, int key)
{
	PlanRel    *planrel = rel->fdw_private;
	IvmKeyColumn *col = &planrel->view->keydesc->cols[key];
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	AttrNumber	attno = planrel->columns[key];
	Oid			type;
	int32		typmod;
	Oid			collation;
	Oid			ltop;
	List	   *pathkeys;

	if (attno == 0)
		return NULL;
	get_atttypetypmodcoll(rte->relid, attno, &type, &typmod, &collation);
	ltop = lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr;
	if (collation != col->collation || !OidIsValid(ltop))
		return NULL;
	pathkeys = IvmExistingPathkey(root, (Expr *) makeVar(rel->relid, attno, type, typmod,
														  collation, 0), ltop, rel);
	return pathkeys != NIL ? linitial_node(PathKey, pathkeys) : NULL;
}

/*
 * The order in which rows come, as far as it is useful.  *sortcols gets the
 * output columns (from 1) that a live query must sort by to deliver the same.
 */
static List *
scan_order(PlannerInfo *root, RelOptInfo *rel, List *conds, List **sortcols)
{
	PlanRel    *planrel = rel->fdw_private;
	List	   *pathkeys = NIL;
	List	   *columns = NIL;

	for (int key = 0; key < planrel->view->nkeys; key++)
	{
		bool		constant = is_constant(conds, key);
		PathKey    *pathkey = key_pathkey(root, rel, key);

		if (constant || (pathkey != NULL && EC_MUST_BE_REDUNDANT(pathkey->pk_eclass)))
			continue;
		if (pathkey == NULL || planrel->view->keydesc->cols[key].klass != IVM_KEY_ORDERED)
			break;
		if (list_member_ptr(pathkeys, pathkey))
			continue;
		pathkeys = lappend(pathkeys, pathkey);
		columns = lappend_int(columns, planrel->outputs[planrel->columns[key] - 1] + 1);
	}
	pathkeys = truncate_useless_pathkeys(root, rel, pathkeys);
	*sortcols = list_truncate(columns, list_length(pathkeys));
	return pathkeys;
}

/* ---- paths ---- */

/* The path for a set of parameters (NULL: none); NULL where the parameters are of no use. */
static Path *
make_path(PlannerInfo *root, RelOptInfo *rel, Relids required_outer)
{
	PlanRel    *planrel = rel->fdw_private;
	List	   *clauses = rel->baserestrictinfo;
	double		rows = rel->rows;
	List	   *conds;
	int			nequal;
	List	   *pathkeys;
	List	   *sortcols;
	Cost		startup;
	Cost		total;
	Relids		used = NULL;
	ListCell   *lc;

	if (required_outer != NULL)
	{
		ParamPathInfo *ppi = get_baserel_parampathinfo(root, rel, required_outer);

		clauses = list_concat_copy(clauses, ppi->ppi_clauses);
		rows = ppi->ppi_rows;
	}
	conds = IvmKeyConds(root, rel, planrel->view, planrel->outputs, clauses, &nequal);
	if (nequal == planrel->view->nkeys && is_unique(planrel->view))
		rows = Min(rows, count_lookups(root, conds));
	rows = clamp_row_est(rows);

	foreach(lc, conds)
		used = bms_add_members(used, ((IvmKeyCond *) lfirst(lc))->rinfo->clause_relids);
	used = bms_add_members(used, rel->lateral_relids);
	if (!bms_is_subset(required_outer, used))
		return NULL;

	pathkeys = scan_order(root, rel, conds, &sortcols);
	cost_scan(root, rel, conds, nequal, clauses, rows, &startup, &total);
	return (Path *) IvmForeignScanPath(root, rel, rows, startup, total, pathkeys,
									   required_outer, list_make1(sortcols));
}

/* For generate_implied_equalities_for_column: is this member the wanted column? */
static bool
is_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
		  EquivalenceMember *em, void *arg)
{
	return IvmPlainColumn((Node *) em->em_expr, rel->relid) == *(AttrNumber *) arg;
}

/* Join clauses that could be key conditions, given rows of other relations. */
static List *
usable_join_clauses(PlannerInfo *root, RelOptInfo *rel)
{
	PlanRel    *planrel = rel->fdw_private;
	List	   *candidates = NIL;
	List	   *usable = NIL;
	ListCell   *lc;

	foreach(lc, rel->joininfo)
	{
		if (join_clause_is_movable_to(lfirst_node(RestrictInfo, lc), rel))
			candidates = lappend(candidates, lfirst(lc));
	}
	for (int key = 0; rel->has_eclass_joins && key < planrel->view->nkeys; key++)
	{
		if (planrel->columns[key] != 0)
			candidates = list_concat(candidates,
									 generate_implied_equalities_for_column(root, rel, is_column,
																			&planrel->columns[key],
																			rel->lateral_referencers));
	}
	foreach(lc, candidates)
	{
		if (IvmIsKeyCond(root, rel, planrel->view, planrel->outputs, lfirst(lc), -1))
			usable = lappend(usable, lfirst(lc));
	}
	return usable;
}

/* Add a set of relations to the list, unless it is there. */
static List *
add_relids(List *sets, Relids set)
{
	ListCell   *lc;

	foreach(lc, sets)
	{
		if (bms_equal(lfirst(lc), set))
			return sets;
	}
	return list_length(sets) < MAX_PARAMETERIZATIONS ? lappend(sets, set) : sets;
}

/* Sets of other relations that could give parameters: each clause's own, and their unions. */
static List *
parameter_sets(PlannerInfo *root, RelOptInfo *rel)
{
	List	   *sets = NIL;
	ListCell   *lc;

	foreach(lc, usable_join_clauses(root, rel))
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Relids		outer = bms_union(rinfo->clause_relids, rel->lateral_relids);
		int			nsets = list_length(sets);

		outer = bms_del_member(outer, rel->relid);
		if (bms_is_empty(outer))
			continue;
		sets = add_relids(sets, outer);
		for (int i = 0; i < nsets; i++)
			sets = add_relids(sets, bms_union(list_nth(sets, i), outer));
	}
	return sets;
}

void
IvmGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	ListCell   *lc;

	add_path(rel, make_path(root, rel, rel->lateral_relids));
	foreach(lc, parameter_sets(root, rel))
	{
		Path	   *path = make_path(root, rel, lfirst(lc));

		if (path != NULL)
			add_path(rel, path);
	}
}

/* ---- plans ---- */

/* The output columns that the query asks for. */
static List *
wanted_outputs(RelOptInfo *rel, List *clauses)
{
	PlanRel    *planrel = rel->fdw_private;
	Bitmapset  *attrs = NULL;
	List	   *wanted = NIL;
	ListCell   *lc;
	int			i = -1;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &attrs);
	foreach(lc, clauses)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &attrs);

	if (bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, attrs))
	{
		for (int output = 0; output < planrel->view->noutputs; output++)
			wanted = lappend_int(wanted, output);
		return wanted;
	}
	while ((i = bms_next_member(attrs, i)) >= 0)
	{
		int			attno = i + FirstLowInvalidHeapAttributeNumber;

		if (attno > 0 && planrel->outputs[attno - 1] >= 0)
			wanted = lappend_int(wanted, planrel->outputs[attno - 1]);
		else if (attno < 0 && attno != TableOidAttributeNumber)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("view %s has no system columns but tableoid", planrel->view->name),
					 errhint("Its rows are computed; select its own columns.")));
	}
	return wanted;
}

/* The clauses that are not among the key conditions. */
static List *
other_clauses(List *clauses, List *conds)
{
	List	   *others = list_copy(clauses);
	ListCell   *lc;

	foreach(lc, conds)
		others = list_delete_ptr(others, ((IvmKeyCond *) lfirst(lc))->rinfo);
	return others;
}

/* The condition with the key on the left, as EXPLAIN shows index conditions. */
static Expr *
key_first(const IvmKeyCond *cond)
{
	OpExpr	   *clause;

	if (!cond->commuted)
		return cond->rinfo->clause;
	clause = copyObject(castNode(OpExpr, cond->rinfo->clause));
	CommuteOpExpr(clause);
	return (Expr *) clause;
}

ForeignScan *
IvmGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
				  ForeignPath *path, List *tlist, List *clauses, Plan *outer_plan)
{
	PlanRel    *planrel = rel->fdw_private;
	int			nequal;
	List	   *conds = IvmKeyConds(root, rel, planrel->view, planrel->outputs,
									clauses, &nequal);
	List	   *comparands = NIL;
	List	   *quals = NIL;
	ListCell   *lc;

	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		quals = lappend(quals, key_first(cond));
		if (cond->comparand != NULL)
			comparands = lappend(comparands, cond->comparand);
	}
	return make_foreignscan(tlist,
							extract_actual_clauses(other_clauses(clauses, conds), false),
							rel->relid,
							comparands,
							list_make5(list_make1_oid(planrel->view->id),
									   IvmKeyCondsToPlan(conds),
									   list_make1_int(nequal),
									   wanted_outputs(rel, clauses),
									   linitial(path->fdw_private)),
							NIL, quals, outer_plan);
}
