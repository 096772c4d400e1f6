/*-------------------------------------------------------------------------
 *
 * split.c
 *		Splitting the core block into the linear part (WHERE, keys,
 *		accumulators, arrangements) and the finishing part (targets and HAVING over a
 *		group's keys and aggregates).
 *
 * Expressions are matched with keys as they were written, as the parser
 * and the planner match them; each piece is planned (simplified) afterwards.
 *
 * A block without grouping is kept like one that groups by all its outputs, but its
 * keys are shown as often as they have rows.  Where an upper query has to see
 * more than the outputs (what windows and ORDER BY … LIMIT sort by), the keys are those expressions,
 * in the order in which they are needed, and then the columns that the others use.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_agg.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"
#include "view/functions.h"
#include "view/namedrows.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/split.h"

/* ---- planning expressions ---- */

static IvmTable *
table_of_var(IvmSplit *split, const Var *var)
{
	ListCell   *lc;

	foreach(lc, split->tables)
	{
		IvmTable   *table = lfirst(lc);

		if (var->varlevelsup == 0 && table->varno == var->varno)
			return table;
	}
	return NULL;
}

/* Refuse what is in a column reference but not in the row that a trigger gets. */
static bool
refuse_unfit_vars(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;
	Var		   *var = (Var *) node;
	IvmTable   *table;

	if (node == NULL)
		return false;
	if (!IsA(node, Var))
		return expression_tree_walker(node, refuse_unfit_vars, arg);
	table = table_of_var(split, var);
	if (table == NULL)
		return false;

	if (var->varattno < 0)
		IvmRefuse(split->text, var->location,
				  psprintf("system column \"%s\" is not supported in the query of a view",
						   NameStr(SystemAttributeDefinition(var->varattno)->attname)),
				  "Leave it out: it does not belong to a row's content.");
	if (IvmIsVirtualColumn(TupleDescAttr(RelationGetDescr(table->rel), var->varattno - 1)))
		IvmRefuse(split->text, var->location,
				  psprintf("virtual generated column \"%s\" is not supported in the query of a view",
						   get_attname(RelationGetRelid(table->rel), var->varattno, false)),
				  "Write its expression, or generate the column STORED.");
	return false;
}

/* Note the columns that an expression uses. */
static void
use_columns(IvmSplit *split, Node *expr)
{
	ListCell   *lc;

	foreach(lc, split->tables)
	{
		IvmTable   *table = lfirst(lc);

		pull_varattnos(expr, table->varno, &table->columns);
	}
}

void
IvmSplitNoteRead(IvmSplit *split, Node *planned, Node *written)
{
	IvmView    *view = split->view;

	if (split->text != NULL)
		IvmRefuseMutable(planned, written, split->text);

	/* planning may have inlined a user's function, or a built-in one */
	view->user_code |= IvmRunsUserCode(written) || IvmRunsUserCode(planned);
	view->needs_pins |= IvmDependsOnSettings(written) || IvmDependsOnSettings(planned);
}

/* Plan an expression, with the checks that the parts have in common. */
static Expr *
plan_expression(IvmSplit *split, Node *expr, Node *written)
{
	MemoryContext cxt = MemoryContextSwitchTo(split->scratch);
	Expr	   *planned = expression_planner((Expr *) copyObject(expr));

	IvmSplitNoteRead(split, (Node *) planned, written);
	MemoryContextSwitchTo(cxt);
	return copyObject(planned);
}

/* The column of a source row that holds an expression, added if there is none. */
static Expr *
source_column(IvmSplit *split, Node *written)
{
	MemoryContext cxt = MemoryContextSwitchTo(split->scratch);
	TargetEntry *tle = tlist_member((Expr *) written, split->source);

	if (tle == NULL)
	{
		tle = makeTargetEntry((Expr *) copyObject(written), list_length(split->source) + 1,
							  psprintf("c%d", list_length(split->source) + 1), false);
		split->source = lappend(split->source, tle);
	}
	MemoryContextSwitchTo(cxt);
	return (Expr *) makeVar(1, tle->resno, exprType(written), exprTypmod(written),
							exprCollation(written), 0);
}

Expr *
IvmSplitPlanLinear(IvmSplit *split, Node *written)
{
	Expr	   *planned;

	refuse_unfit_vars(written, split);
	planned = plan_expression(split, written, written);
	use_columns(split, (Node *) planned);
	if (split->expands)
		return source_column(split, written);
	if (split->varno != 1)
		ChangeVarNodes((Node *) planned, split->varno, 1, 0);
	return planned;
}

/* ---- collecting keys and aggregates ---- */

int
IvmPositionInList(List *list, Node *node)
{
	for (int i = 0; i < list_length(list); i++)
	{
		if (equal(list_nth(list, i), node))
			return i;
	}
	return -1;
}

/* Refuse another equality than the type's default, as ORDER BY … USING can ask for. */
static void
refuse_unusual_equality(IvmSplit *split, SortGroupClause *clause, Node *key)
{
	Oid			type = exprType(key);

	if (clause->eqop != lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr)
		IvmRefuse(split->text, exprLocation(key),
				  psprintf("grouping by another equality than the usual one of type %s is not supported in the query of a view",
						   format_type_be(type)),
				  "Leave ORDER BY ... USING out.");
}

/* Anonymous rows have a type that only one session knows. */
static void
refuse_anonymous_rows(IvmSplit *split, Node *key)
{
	Oid			type = getBaseType(exprType(key));
	Oid			element = get_element_type(type);

	if (get_typtype(OidIsValid(element) ? element : type) == TYPTYPE_PSEUDO)
		IvmRefuse(split->text, exprLocation(key),
				  psprintf("values of type %s are not supported as keys of a view",
						   format_type_be(type)),
				  "Use the fields themselves.");
}

static void
collect_group_keys(IvmSplit *split)
{
	Query	   *query = split->query;
	bool		grouping = query->groupClause != NIL || query->hasAggs || query->groupingSets != NIL ||
	query->havingQual != NULL;
	List	   *clauses = grouping ? query->groupClause : query->distinctClause;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Node	   *key = get_sortgroupclause_expr(clause, query->targetList);

		refuse_anonymous_rows(split, key);
		refuse_unusual_equality(split, clause, key);
		split->keys = list_append_unique(split->keys, key);
	}
}

/* A column of the source row that is no key of a grouped block: the analysis is wrong. */
static void
refuse_ungrouped(IvmSplit *split, Var *var)
{
	IvmRefuse(split->text, var->location,
			  "a column that is not in GROUP BY is not supported in the query of a view",
			  "Add it to GROUP BY.");
}

static bool
collect_walker(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref) && ((Aggref *) node)->agglevelsup == 0 && !split->rows_only)
	{
		split->aggs = list_append_unique(split->aggs, node);
		return false;
	}
	if (IsA(node, GroupingFunc))
		return false;			/* computed from the set's number */
	if (IvmPositionInList(split->keys, node) >= 0)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0)
	{
		if (split->grouped)
			refuse_ungrouped(split, (Var *) node);
		else
			split->keys = lappend(split->keys, node);
		return false;
	}
	if ((IsA(node, FuncExpr) && ((FuncExpr *) node)->funcretset) ||
		(IsA(node, OpExpr) && ((OpExpr *) node)->opretset))
		split->has_upper = true;	/* it multiplies the core's rows */
	return expression_tree_walker(node, collect_walker, arg);
}

/* ---- keys of a block without grouping ---- */

/* What is only known at reads. */
static bool
is_computed_late(Node *node)
{
	return contain_window_function(node) || expression_returns_set(node) ||
		contain_aggs_of_level(node, 0);
}

/* What is sorted or partitioned by comes first; whatever a window computes cannot. */
static void
add_sort_keys(IvmSplit *split, List *clauses)
{
	ListCell   *lc;

	foreach(lc, clauses)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		Node	   *key = get_sortgroupclause_expr(clause, split->query->targetList);
		TypeCacheEntry *type = lookup_type_cache(exprType(key), TYPECACHE_GT_OPR);

		if (is_computed_late(key) || IvmPositionInList(split->keys, key) >= 0 ||
			!contain_var_clause(key))
			continue;
		split->keys = lappend(split->keys, key);
		if (OidIsValid(type->gt_opr) && clause->sortop == type->gt_opr && clause->nulls_first)
			split->descending = lappend(split->descending, key);
	}
}

/* The partition columns that all windows have in common. */
static List *
common_partition(Query *query)
{
	List	   *common = NIL;
	bool		first = true;
	ListCell   *lc,
			   *lp;

	foreach(lc, query->windowClause)
	{
		List	   *partition = lfirst_node(WindowClause, lc)->partitionClause;
		List	   *kept = NIL;

		foreach(lp, partition)
		{
			SortGroupClause *clause = lfirst_node(SortGroupClause, lp);

			if (first || get_sortgroupref_clause_noerr(clause->tleSortGroupRef, common) != NULL)
				kept = lappend(kept, clause);
		}
		common = kept;
		first = false;
	}
	return common;
}

/* The outputs, those that are to lead the key first. */
static void
collect_outputs(IvmSplit *split)
{
	ListCell   *lc;

	foreach(lc, split->key)
	{
		TargetEntry *tle = get_tle_by_resno(split->query->targetList, lfirst_int(lc));

		if (contain_aggs_of_level((Node *) tle->expr, 0))
			IvmRefuse(split->text, exprLocation((Node *) tle->expr),
					  "a column that a subquery aggregates is not supported in option \"key\"",
					  "Name columns of the table in FROM.");
		split->keys = list_append_unique(split->keys, tle->expr);
		split->ngrouped++;
	}
	foreach(lc, split->query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (!tle->resjunk && !contain_aggs_of_level((Node *) tle->expr, 0))
			split->keys = list_append_unique(split->keys, tle->expr);
	}
	if (split->satellites == NIL)
		return;
	foreach(lc, split->query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (!tle->resjunk || split->has_upper)
			collect_walker((Node *) tle->expr, split);
	}
	collect_walker(split->query->havingQual, split);
}

/* What satellites are looked up by is kept such that its bytes tell equality. */
static void
collect_hub_keys(IvmSplit *split)
{
	ListCell   *lc,
			   *lk;

	foreach(lc, split->satellites)
	{
		foreach(lk, ((IvmSatellite *) lfirst(lc))->hubkeys)
		{
			int			i = IvmPositionInList(split->keys, lfirst(lk));

			split->descending = list_delete(split->descending, lfirst(lk));
			if (i >= 0 && i < split->ngrouped)
				continue;
			if (i >= 0)
				split->keys = list_delete_nth_cell(split->keys, i);
			split->keys = list_insert_nth(split->keys, split->ngrouped++, lfirst(lk));
		}
	}
}

static void
collect_row_keys(IvmSplit *split)
{
	Query	   *query = split->query;
	bool		sorted = split->rows_only || query->hasWindowFuncs || query->hasDistinctOn ||
	query->limitCount != NULL || query->limitOffset != NULL;
	ListCell   *lc;

	if (!sorted)
	{
		collect_outputs(split);
		return;
	}
	if (split->rows_only)
		add_sort_keys(split, query->groupClause != NIL ? query->groupClause : query->distinctClause);
	else if (query->hasWindowFuncs)
		add_sort_keys(split, common_partition(query));
	else if (query->hasDistinctOn)
		add_sort_keys(split, query->distinctClause);
	foreach(lc, query->windowClause)
		add_sort_keys(split, lfirst_node(WindowClause, lc)->orderClause);
	add_sort_keys(split, query->sortClause);
	split->ngrouped = list_length(split->keys);
	collect_walker((Node *) query->targetList, split);
	collect_walker(query->havingQual, split);
	foreach(lc, query->windowClause)
	{
		collect_walker(lfirst_node(WindowClause, lc)->startOffset, split);
		collect_walker(lfirst_node(WindowClause, lc)->endOffset, split);
	}
}

/* ---- whole-row references ---- */

static bool
is_whole_row(IvmSplit *split, Node *node)
{
	return node != NULL && IsA(node, Var) && ((Var *) node)->varattno == 0 &&
		table_of_var(split, (Var *) node) != NULL;
}

/* The row's columns; with the dropped ones, as its type has them, or as a record without. */
static Expr *
spelled_row(IvmSplit *split, Var *var, bool dropped)
{
	RowExpr    *row = makeNode(RowExpr);

	if (split->outer != NULL)
		IvmRefuse(split->text, var->location,
				  "a whole-row reference beside outer joins, EXISTS or IN is not supported in the query of a view",
				  "Name the columns.");
	expandRTE(rt_fetch(var->varno, split->query->rtable), var->varno, 0, var->location,
			  dropped, &row->colnames, &row->args);
	row->row_typeid = dropped ? var->vartype : RECORDOID;
	row->row_format = COERCE_IMPLICIT_CAST;
	row->location = var->location;
	split->view->whole_row = true;
	return (Expr *) row;
}

/*
 * Spell a reference to the whole base row out as its columns.  IS [NOT] NULL looks at
 * each of them, and not at those that were dropped.
 */
static Node *
spell_whole_row(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, NullTest) && is_whole_row(split, (Node *) ((NullTest *) node)->arg))
	{
		NullTest   *test = copyObject((NullTest *) node);

		test->arg = spelled_row(split, (Var *) test->arg, false);
		return (Node *) test;
	}
	if (is_whole_row(split, node))
		return (Node *) spelled_row(split, (Var *) node, true);
	return expression_tree_mutator(node, spell_whole_row, arg);
}

void
IvmSplitCollect(IvmSplit *split)
{
	Query	   *query = split->query;
	ListCell   *lc;

	query->targetList = (List *) spell_whole_row((Node *) query->targetList, split);
	query->havingQual = spell_whole_row(query->havingQual, split);
	query->jointree = (FromExpr *) spell_whole_row((Node *) query->jointree, split);

	if (!split->grouped)
	{
		collect_row_keys(split);
		collect_hub_keys(split);
		split->view->repeats = true;
		return;
	}
	collect_group_keys(split);
	split->ngrouped = list_length(split->keys);
	split->view->one_row = split->keys == NIL && query->groupingSets == NIL;
	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		/* junk: keys that are not shown, and ORDER BY, which only an upper query heeds */
		if (!tle->resjunk || split->has_upper)
			collect_walker((Node *) tle->expr, split);
	}
	collect_walker(query->havingQual, split);
}

/* ---- linear part ---- */

static void
split_keys(IvmSplit *split)
{
	IvmView    *view = split->view;
	bool		sets = split->query->groupingSets != NIL;
	int			nkeys = list_length(split->keys) + sets;
	IvmKeyColumnSpec *specs = palloc0_array(IvmKeyColumnSpec, Max(nkeys, 1));

	view->nkeys = nkeys;
	view->keyexprs = palloc0_array(Expr *, Max(nkeys, 1));
	for (int i = 0; i < list_length(split->keys); i++)
	{
		Node	   *key = (Node *) list_nth(split->keys, i);

		view->keyexprs[i] = IvmSplitPlanLinear(split, key);
		specs[i].type = exprType(key);
		specs[i].typmod = exprTypmod(key);
		specs[i].collation = exprCollation(key);
		specs[i].descending = IvmPositionInList(split->descending, key) >= 0;
		specs[i].demand = view->repeats && i >= split->ngrouped ?
			IVM_KEY_DEMAND_VALUE : IVM_KEY_DEMAND_EQUALITY;
		view->user_code |= IvmTypeRunsUserCode(specs[i].type);
	}
	if (sets)
		specs[nkeys - 1] = (IvmKeyColumnSpec)
	{
		.type = INT4OID,.typmod = -1,.demand = IVM_KEY_DEMAND_EQUALITY
	};
	view->keydesc = IvmKeyDescMakeColumns(nkeys, specs);
	view->owner_has_forms = IvmKeyHasClass(view->keydesc, IVM_KEY_HASHED);
	if (view->repeats)
		view->nordered = split->ngrouped;
}

/* There is always a group under this key. */
static void
add_always(IvmView *view, int set)
{
	Datum	   *values = palloc0_array(Datum, view->nkeys + 1);
	bool	   *nulls = palloc_array(bool, view->nkeys + 1);
	IvmAlwaysKey *always = &view->always[view->nalways++];
	StringInfoData buf;

	memset(nulls, true, view->nkeys + 1);
	if (view->nsets > 0)
	{
		values[view->nkeys - 1] = Int32GetDatum(set);
		nulls[view->nkeys - 1] = false;
	}
	initStringInfo(&buf);
	appendStringInfoChar(&buf, IVM_SLOT_GROUPS);
	IvmKeyEncode(view->keydesc, values, nulls, &buf);
	always->key = buf.data;
	always->keylen = buf.len;
}

/* Which keys does each grouping set group by? */
static void
split_sets(IvmSplit *split)
{
	IvmView    *view = split->view;
	Query	   *query = split->query;
	List	   *sets = expand_grouping_sets(query->groupingSets, query->groupDistinct, 4096);
	ListCell   *lc,
			   *lr;

	view->nsets = list_length(sets);
	view->inset = palloc0_array(bool, view->nsets * view->nkeys);
	view->always = palloc_array(IvmAlwaysKey, view->nsets);
	foreach(lc, sets)
	{
		int			set = foreach_current_index(lc);

		foreach(lr, (List *) lfirst(lc))
		{
			Node	   *key = get_sortgroupref_tle(lfirst_int(lr), query->targetList) ?
			(Node *) get_sortgroupref_tle(lfirst_int(lr), query->targetList)->expr : NULL;

			view->inset[set * view->nkeys + IvmPositionInList(split->keys, key)] = true;
		}
		if (lfirst(lc) == NIL)
			add_always(view, set);
	}
}

/* Put a named tuplestore in the place of the base table. */
static void
replace_base(IvmSplit *split, Query *source)
{
	IvmNamedRows(rt_fetch(split->varno, source->rtable), IVM_ROW_NAME,
				 RelationGetDescr(split->base), 1);
	split->view->source_base = split->varno;
}

static void
list_occurrences(IvmSplit *split)
{
	IvmView    *view = split->view;
	ListCell   *lc;

	view->occurrences = palloc_array(IvmOccurrence, list_length(split->tables));
	foreach(lc, split->tables)
	{
		IvmTable   *table = lfirst(lc);

		view->occurrences[view->noccurrences++] = (IvmOccurrence)
		{
			table->varno, RelationGetRelid(table->rel), bms_copy(table->columns)
		};
	}
}

/* The source query: the core's FROM and WHERE with the columns that were asked for. */
static void
make_source(IvmSplit *split)
{
	Query	   *source = makeNode(Query);
	Query	   *query = split->query;
	ListCell   *lc;

	source->commandType = CMD_SELECT;
	source->querySource = QSRC_ORIGINAL;
	source->canSetTag = true;
	source->rtable = copyObject(query->rtable);
	source->jointree = copyObject(query->jointree);
	source->targetList = copyObject(split->source);
	source->hasTargetSRFs = expression_returns_set((Node *) source->targetList);

	/* writers are not asked whether the owner may still read */
	foreach(lc, source->rtable)
		lfirst_node(RangeTblEntry, lc)->requiredPerms = 0;
	split->view->source = source;
	if (split->joins)
		list_occurrences(split);
	else
		replace_base(split, source);
}

static void
check_source_part(IvmSplit *split, Node *part)
{
	if (part == NULL)
		return;
	IvmSplitNoteRead(split, eval_const_expressions(NULL, copyObject(part)), part);
	use_columns(split, part);
}

/* A subquery that could not be pulled up may use any column. */
static void
use_all_columns(IvmSplit *split)
{
	ListCell   *lc;

	foreach(lc, split->tables)
	{
		IvmTable   *table = lfirst(lc);
		TupleDesc	desc = RelationGetDescr(table->rel);

		for (int i = 0; i < desc->natts; i++)
		{
			if (!TupleDescAttr(desc, i)->attisdropped)
				table->columns = bms_add_member(table->columns,
												i + 1 - FirstLowInvalidHeapAttributeNumber);
		}
	}
}

/* FROM and WHERE, which a source query evaluates. */
static void
check_source_quals(IvmSplit *split)
{
	Query	   *query = split->query;
	ListCell   *lc;

	refuse_unfit_vars((Node *) query->jointree, split);
	check_source_part(split, (Node *) query->jointree);
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		check_source_part(split, (Node *) rte->functions);
		check_source_part(split, (Node *) rte->values_lists);
		check_source_part(split, (Node *) rte->tablefunc);
		if (rte->rtekind == RTE_SUBQUERY)
			use_all_columns(split);
	}
}

void
IvmSplitLinear(IvmSplit *split)
{
	IvmView    *view = split->view;
	Node	   *where = split->query->jointree->quals;

	if (split->expands)
		check_source_quals(split);
	else if (where != NULL)
		view->where = IvmSplitPlanLinear(split, where);
	split_keys(split);
	if (split->query->groupingSets != NIL)
		split_sets(split);
	else if (view->one_row)
	{
		view->always = palloc_array(IvmAlwaysKey, 1);
		add_always(view, 0);
	}
	IvmSplitAccumulators(split);
	if (split->expands)
		make_source(split);
	if (!split->joins)
		view->columns = bms_copy(((IvmTable *) linitial(split->tables))->columns);
}

/* ---- finishing part ---- */

static Var *
finish_var(Node *replaced, int attno)
{
	return makeVar(1, attno, exprType(replaced), exprTypmod(replaced),
				   exprCollation(replaced), 0);
}

/* GROUPING(…) as a function of the set's number: an array's element. */
static Node *
grouping_expr(IvmSplit *split, GroupingFunc *grouping)
{
	IvmView    *view = split->view;
	Datum	   *masks = palloc0_array(Datum, Max(view->nsets, 1));
	SubscriptingRef *sub = makeNode(SubscriptingRef);
	ListCell   *lc;

	if (view->nsets == 0)
		return (Node *) makeConst(INT4OID, -1, InvalidOid, 4, Int32GetDatum(0), false, true);
	for (int set = 0; set < view->nsets; set++)
	{
		int32		mask = 0;

		foreach(lc, grouping->refs)
		{
			Node	   *key = (Node *) get_sortgroupref_tle(lfirst_int(lc),
															split->query->targetList)->expr;

			mask = mask << 1 |
				!view->inset[set * view->nkeys + IvmPositionInList(split->keys, key)];
		}
		masks[set] = Int32GetDatum(mask);
	}
	sub->refcontainertype = INT4ARRAYOID;
	sub->refelemtype = INT4OID;
	sub->refrestype = INT4OID;
	sub->reftypmod = -1;
	sub->refcollid = InvalidOid;
	sub->refexpr = (Expr *) makeConst(INT4ARRAYOID, -1, InvalidOid, -1,
									  PointerGetDatum(construct_md_array(masks, NULL, 1, &view->nsets, (int[]) {0},
																		 INT4OID, 4, true, TYPALIGN_INT)),
									  false, false);
	sub->refupperindexpr = list_make1(makeVar(1, view->nkeys, INT4OID, -1, InvalidOid, 0));
	return (Node *) sub;
}

/* Replace keys and aggregates by Vars of the finish row. */
static Node *
finish_mutator(Node *node, void *arg)
{
	IvmSplit   *split = (IvmSplit *) arg;
	int			i;

	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref) && !split->rows_only)
	{
		i = IvmPositionInList(split->aggs, node);
		return (Node *) finish_var(node, split->view->nkeys + i + 1);
	}
	if (IsA(node, GroupingFunc) && !split->rows_only)
		return grouping_expr(split, (GroupingFunc *) node);
	if (!IsA(node, TargetEntry) && !IsA(node, List) &&
		(i = IvmPositionInList(split->keys, node)) >= 0)
		return (Node *) finish_var(node, i + 1);
	return expression_tree_mutator(node, finish_mutator, arg);
}

Node *
IvmSplitMutate(IvmSplit *split, Node *written)
{
	MemoryContext cxt = MemoryContextSwitchTo(split->scratch);
	Node	   *expr = finish_mutator(written, split);

	MemoryContextSwitchTo(cxt);
	return expr;
}

static Expr *
finish_expression(IvmSplit *split, Node *written)
{
	return plan_expression(split, IvmSplitMutate(split, written), written);
}

static int
key_shown_by(IvmView *view, Expr *target)
{
	if (!IsA(target, Var) || ((Var *) target)->varattno > view->nkeys)
		return -1;
	return ((Var *) target)->varattno - 1;
}

/* For an upper query the core gives the finish row as it is. */
static void
give_finish_row(IvmSplit *split)
{
	IvmView    *view = split->view;
	int			n = 0;
	ListCell   *lc;

	view->targets = palloc0_array(Expr *, Max(view->nkeys + view->naggs, 1));
	foreach(lc, split->keys)
	{
		view->targets[n] = (Expr *) finish_var(lfirst(lc), n + 1);
		n++;
	}
	if (view->nsets > 0)
	{
		view->targets[n] = (Expr *) makeVar(1, n + 1, INT4OID, -1, InvalidOid, 0);
		n++;
	}
	foreach(lc, split->aggs)
	{
		view->targets[n] = (Expr *) finish_var(lfirst(lc), n + 1);
		n++;
	}
	view->ntargets = n;
}

/* Else its outputs are the view's. */
static void
give_outputs(IvmSplit *split)
{
	IvmView    *view = split->view;
	int			ntargets = list_length(split->query->targetList);
	ListCell   *lc;

	view->targets = palloc_array(Expr *, Max(ntargets, 1));
	view->outkey = palloc_array(int, Max(ntargets, 1));
	foreach(lc, split->query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Expr	   *target;

		if (tle->resjunk)
			continue;
		target = finish_expression(split, (Node *) tle->expr);
		view->targets[view->noutputs] = target;
		view->outkey[view->noutputs++] = key_shown_by(view, target);
	}
	view->ntargets = view->noutputs;
}

void
IvmSplitFinish(IvmSplit *split)
{
	if (split->query->havingQual != NULL && !split->rows_only)
		split->view->having = finish_expression(split, split->query->havingQual);
	if (split->has_upper)
		give_finish_row(split);
	else
		give_outputs(split);
}
