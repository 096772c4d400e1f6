/*-------------------------------------------------------------------------
 *
 * check_parts.c
 *		What is kept of a view's query and what reads make of it, as rows of
 *		ivm_fdw_check: tables, WHERE, keys, aggregates, arrangements, outputs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "admin/check.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parse_agg.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "view/flatten.h"

/* ---- base tables and source rows ---- */

static char *
used_columns(const IvmBaseRel *rel)
{
	StringInfoData buf;
	int			member = -1;

	initStringInfo(&buf);
	while ((member = bms_next_member(rel->columns, member)) >= 0)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 quote_identifier(get_attname(rel->relid,
													  member + FirstLowInvalidHeapAttributeNumber,
													  false)));
	return buf.len > 0 ? buf.data : "none";
}

static void
describe_table(IvmCheck *check, const IvmBaseRel *rel)
{
	int			children = rel->inh ?
		list_length(find_all_inheritors(rel->relid, AccessShareLock, NULL)) - 1 : 0;

	IvmCheckPut(check, "table",
				quote_qualified_identifier(get_namespace_name(get_rel_namespace(rel->relid)),
										   get_rel_name(rel->relid)),
				children == 0 ? "captured by row triggers" :
				psprintf("captured by row triggers, with its partitions or children (%d now)", children),
				psprintf("a write evaluates each changed row once; rows unchanged in the used columns (%s) cost nothing further",
						 used_columns(rel)));
}

static bool
set_functions_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if ((IsA(node, FuncExpr) && ((FuncExpr *) node)->funcretset) ||
		(IsA(node, OpExpr) && ((OpExpr *) node)->opretset))
	{
		*(List **) arg = list_append_unique(*(List **) arg, node);
		return false;
	}
	return expression_tree_walker(node, set_functions_walker, arg);
}

static void
put_source(IvmCheck *check, const char *item)
{
	IvmCheckPut(check, "source query", item, "makes the rows that are kept of each row of the table",
				"runs once for each changed row; nothing at reads");
}

/* What stands beside the table in FROM. */
static void
describe_companion(IvmCheck *check, RangeTblEntry *rte)
{
	ListCell   *lc;

	switch (rte->rtekind)
	{
		case RTE_FUNCTION:
			foreach(lc, rte->functions)
				put_source(check, IvmCheckPrint(check->core,
												lfirst_node(RangeTblFunction, lc)->funcexpr));
			break;
		case RTE_VALUES:
			put_source(check, psprintf("VALUES, %d rows", list_length(rte->values_lists)));
			break;
		case RTE_TABLEFUNC:
			put_source(check, IvmCheckPrint(check->core, (Node *) rte->tablefunc));
			break;
		case RTE_SUBQUERY:
			put_source(check, psprintf("subquery %s", quote_identifier(rte->eref->aliasname)));
			break;
		default:
			break;
	}
}

static void
put_where(IvmCheck *check, Node *quals)
{
	if (quals != NULL)
		IvmCheckPut(check, "where",
					IvmCheckPrint(check->core, IsA(quals, List) ?
								  (Node *) make_ands_explicit((List *) quals) : quals),
					"applied to each changed row", "nothing at reads");
}

/* WHERE, and ON of the joins with what stands beside the table. */
static void
describe_quals(IvmCheck *check, Node *jointree)
{
	ListCell   *lc;

	if (IsA(jointree, FromExpr))
	{
		foreach(lc, ((FromExpr *) jointree)->fromlist)
			describe_quals(check, lfirst(lc));
		put_where(check, ((FromExpr *) jointree)->quals);
	}
	else if (IsA(jointree, JoinExpr))
	{
		describe_quals(check, ((JoinExpr *) jointree)->larg);
		describe_quals(check, ((JoinExpr *) jointree)->rarg);
		put_where(check, ((JoinExpr *) jointree)->quals);
	}
}

/* A table that is joined by the keys of the groups. */
static void
describe_satellite(IvmCheck *check, const IvmView *part)
{
	StringInfoData item;

	initStringInfo(&item);
	appendStringInfo(&item, "%s ON ", quote_identifier(get_rel_name(part->baserel)));
	for (int i = 0; i < part->nkeys; i++)
		appendStringInfo(&item, "%s%s = %s", i > 0 ? " AND " : "",
						 IvmCheckPrint(check->core, list_nth(check->view->written->keys, part->ownerkeys[i])),
						 IvmCheckPrintLinear(part, (Node *) part->keyexprs[i], true));
	if (part->where != NULL)
		appendStringInfo(&item, " WHERE %s", IvmCheckPrintLinear(part, (Node *) part->where, true));
	if (part->looked_up)
		IvmCheckPut(check, "lookup", item.data,
					"the subquery's groups are kept by themselves, by these columns",
					"no join at writes; a read looks each row's group up");
	else
		IvmCheckPut(check, part->optional ? "left join" : "join", item.data,
					"each table is kept by itself, by the columns of the join",
					"no join at writes; a read looks the key of each group up");
}

static void
describe_source(IvmCheck *check)
{
	List	   *set_functions = NIL;
	ListCell   *lc;

	foreach(lc, check->core->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (list_member_int(IvmFromEntries(check->core, rte->rtekind), foreach_current_index(lc) + 1))
			describe_companion(check, rte);
	}
	set_functions_walker((Node *) check->view->written->keys, &set_functions);
	foreach(lc, set_functions)
		put_source(check, IvmCheckPrint(check->core, lfirst(lc)));
	describe_quals(check, (Node *) check->core->jointree);
}

static void
describe_satellites(IvmCheck *check)
{
	for (int i = 1; i < check->view->nparts; i++)
	{
		if (!check->view->parts[i]->branch)
			describe_satellite(check, check->view->parts[i]);
	}
}

/* ---- keys ---- */

/* Does an output of the view show the key, so that conditions on it reach it? */
static bool
is_reachable(const IvmView *view, int key)
{
	if (view->keydesc->cols[key].klass == IVM_KEY_IMAGE)
		return false;
	for (int i = 0; i < view->noutputs; i++)
	{
		if (view->outkey[i] == key)
			return true;
	}
	return false;
}

int
IvmCheckNarrowingKeys(const IvmView *view)
{
	int			n = 0;

	while (n < view->nkeys && is_reachable(view, n))
		n++;
	return n;
}

static const char *
key_order(const IvmKeyColumn *col)
{
	if (col->klass == IVM_KEY_ORDERED)
		return col->descending ? "in descending order of its values" : "in order of its values";
	return col->klass == IVM_KEY_IMAGE ? "whole, in no order" : "by equality, in no order";
}

static const char *
key_cost(const IvmView *view, int key)
{
	bool		ordered = view->keydesc->cols[key].klass == IVM_KEY_ORDERED;

	if (!is_reachable(view, key))
		return "no condition on a column of the view narrows a read by it";
	if (key >= IvmCheckNarrowingKeys(view))
		return "conditions on it narrow no read, since a key before it cannot";
	return psprintf("%s%s narrow a read%s",
					ordered ? "=, = ANY, IS NULL, <, <=, >, >= and BETWEEN" : "=, = ANY and IS NULL",
					key == 0 ? "" : " after = on the keys before it",
					ordered && key == 0 && view->upper == NULL ? "; ORDER BY it needs no sort" : "");
}

/* (a, b), (a), () */
static char *
print_sets(IvmCheck *check)
{
	IvmView    *view = check->view;
	StringInfoData buf;

	initStringInfo(&buf);
	for (int set = 0; set < view->nsets; set++)
	{
		List	   *keys = NIL;

		for (int i = 0; i < view->nkeys - 1; i++)
		{
			if (view->inset[set * view->nkeys + i])
				keys = lappend(keys, list_nth(view->written->keys, i));
		}
		appendStringInfo(&buf, "%s(%s)", set > 0 ? ", " : "", IvmCheckPrintList(check->core, keys));
	}
	return buf.data;
}

static void
describe_keys(IvmCheck *check)
{
	IvmView    *view = check->view;
	ListCell   *lc;

	if (view->one_row)
		IvmCheckPut(check, "key", NULL, "none: always one row", "a read is one lookup");
	foreach(lc, view->written->keys)
	{
		int			key = foreach_current_index(lc);

		IvmCheckPut(check, psprintf("key %d", key + 1), IvmCheckPrint(check->core, lfirst(lc)),
					key_order(&view->keydesc->cols[key]), key_cost(view, key));
	}
	if (view->nsets > 0)
		IvmCheckPut(check, "grouping sets", print_sets(check),
					"each row is counted into a group of each set",
					"a write changes a group in each set; conditions on keys narrow reads of all sets alike");
	if (view->repeats)
		IvmCheckPut(check, "rows", NULL, "equal rows are kept once, with their number", NULL);
}

/* ---- aggregates ---- */

/* Numbers, from 1, of a part's first accumulator and arrangement among those of all parts. */
static int
first_accumulator(const IvmView *view, int part)
{
	int			n = 1;

	for (int i = 0; i < part; i++)
		n += view->parts[i]->naccums;
	return n;
}

static int
first_arrangement(const IvmView *view, int part)
{
	int			n = 1;

	for (int i = 0; i < part; i++)
		n += view->parts[i]->nslots;
	return n;
}

static const char *
accumulator_words(IvmAccumKind kind)
{
	switch (kind)
	{
		case IVM_ACC_COUNT:
			return "a count";
		case IVM_ACC_BOOL:
			return "a count, and a count of true";
		case IVM_ACC_INT:
			return "a count and an exact sum";
		case IVM_ACC_INT_SQ:
			return "a count, and exact sums of values and squares";
		case IVM_ACC_NUMERIC:
			return "an exact sum, and a count for each display scale";
		case IVM_ACC_NUMERIC_SQ:
			return "exact sums of values and squares, and a count for each display scale";
		case IVM_ACC_FLOAT:
			return "a count and an exact sum, the same in any order";
		case IVM_ACC_FLOAT_SQ:
			return "a count, and exact sums of values and squares, the same in any order";
		case IVM_ACC_FLOAT_XY:
			return "a count, and exact sums of both values, their squares and products";
		case IVM_ACC_INTERVAL:
			return "a count, and exact sums of months, days and microseconds";
		case IVM_ACC_MEMBER:
			break;				/* of elements only */
	}
	return "a sum";
}

static void
put_aggregate(IvmCheck *check, Aggref *aggref, const IvmAggSpec *agg)
{
	const IvmView *part = check->view->parts[agg->part];
	int			slot = first_arrangement(check->view, agg->part) + agg->slot;
	const char *item = IvmCheckPrint(check->core, (Node *) aggref);
	const char *finished = "computed from it for each row read, where asked for";
	const char *how = NULL;
	const char *cost = NULL;

	switch (agg->how)
	{
		case IVM_AGG_ROWS:
			how = "the group's row count";
			cost = finished;
			break;
		case IVM_AGG_STATE:
			how = psprintf("accumulator %d: %s", first_accumulator(check->view, agg->part) + agg->accum,
						   accumulator_words(part->accums[agg->accum].kind));
			cost = finished;
			break;
		case IVM_AGG_LEAST:
			how = psprintf("arrangement %d: the first element", slot);
			cost = "for each row read, where asked for, one look at the first element";
			break;
		case IVM_AGG_GREATEST:
			how = psprintf("arrangement %d: the last element", slot);
			cost = "for each row read, where asked for, one look at the last element";
			break;
		case IVM_AGG_DISTINCT:
			how = psprintf("arrangement %d: the number of elements", slot);
			cost = "for each row read, where asked for, the total and the elements with pending changes";
			break;
		case IVM_AGG_ELEMENTS:
			how = psprintf("PostgreSQL's own aggregate over arrangement %d", slot);
			cost = "for each row read, where asked for, all elements of the group";
			break;
	}
	IvmCheckPut(check, "aggregate", item, how, cost);
}

/* ---- arrangements ---- */

static char *
print_slot(const IvmView *part, const IvmSlotSpec *slot, bool prefix)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < slot->ncols; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "",
						 IvmCheckPrintLinear(part, (Node *) slot->cols[i], prefix));
	if (slot->ncols == 0)
		appendStringInfoString(&buf, "(no columns)");
	if (slot->filter != NULL)
		appendStringInfo(&buf, " FILTER (WHERE %s)", IvmCheckPrintLinear(part, (Node *) slot->filter, prefix));
	return buf.data;
}

static void
put_slot(IvmCheck *check, int part, int i)
{
	const IvmView *view = check->view;
	const IvmSlotSpec *slot = &view->parts[part]->slots[i];
	StringInfoData how;

	initStringInfo(&how);
	appendStringInfo(&how, "for each group, the distinct %s%s with the number of rows that have them",
					 slot->ncols == 1 ? "values" : "rows of values", slot->strict ? " that are not null" : "");
	if (slot->canonical)
		appendStringInfoString(&how, "; equal values of different form count as one");
	if (slot->total)
		appendStringInfoString(&how, "; and how many there are");
	IvmCheckPut(check, psprintf("arrangement %d", first_arrangement(view, part) + i),
				print_slot(view->parts[part], slot, view->nparts > 1), how.data,
				"a write changes one element for each changed row");
}

static void
describe_aggregates(IvmCheck *check)
{
	IvmView    *view = check->view;

	for (int i = 0; i < view->naggs; i++)
		put_aggregate(check, list_nth_node(Aggref, view->written->aggs, i), &view->aggs[i]);
	for (int p = 0; p < view->nparts; p++)
	{
		for (int i = 0; i < view->parts[p]->nslots; i++)
			put_slot(check, p, i);
	}
}

/* ---- finishing ---- */

/* Outputs that are more than a key or an aggregate, and HAVING. */
static void
describe_finishing(IvmCheck *check)
{
	IvmView    *view = check->view;
	int			i = 0;
	ListCell   *lc;

	foreach(lc, check->core->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk || view->upper != NULL)
			continue;
		if (!IsA(view->targets[i++], Var))
			IvmCheckPut(check, psprintf("column %d", i), IvmCheckPrint(check->core, (Node *) tle->expr),
						"not kept", "computed for each row read, where asked for");
	}
	if (view->having != NULL)
		IvmCheckPut(check, "having", IvmCheckPrint(check->core, check->core->havingQual),
					"not kept: all groups are", "computed for each group read");
}

void
IvmCheckParts(IvmCheck *check)
{
	for (int i = 0; i < check->view->nrels; i++)
		describe_table(check, &check->view->rels[i]);
	if (check->core != NULL)
		describe_source(check);
	describe_satellites(check);
	IvmCheckJoins(check);
	if (check->core != NULL)
		describe_keys(check);
	if (IvmCheckCountsMatches(check->view))
		return;					/* its counts and HAVING are not the query's */
	describe_aggregates(check);
	if (check->core != NULL)
		describe_finishing(check);
}
