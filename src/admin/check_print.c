/*-------------------------------------------------------------------------
 *
 * check_print.c
 *		Expressions of a view's query in the words of their author, for
 *		ivm_fdw_check.
 *
 * PostgreSQL prints whole queries as they were analysed, and expressions of plans; what
 * is to be printed here are expressions of the flattened query, so each block
 * is passed off as a plan that has its range table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "admin/check.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

/* ---- expressions as they can be printed ---- */

/* The table of a spelled-out reference to its whole row; 0 where the node is none. */
static Index
whole_row_of(RowExpr *row)
{
	ListCell   *lc;

	if (row->row_typeid == RECORDOID || row->row_format != COERCE_IMPLICIT_CAST)
		return 0;
	foreach(lc, row->args)
	{
		if (IsA(lfirst(lc), Var))
			return ((Var *) lfirst(lc))->varno;
	}
	return 0;
}

/* Vars name what they refer to now, and whole rows are references again. */
static Node *
printable_mutator(Node *node, void *arg)
{
	Index		table;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);

		var->varnosyn = 0;
		var->varattnosyn = 0;
		return (Node *) var;
	}
	if (IsA(node, RowExpr) && (table = whole_row_of((RowExpr *) node)) != 0)
	{
		Var		   *var = makeVar(table, 0, ((RowExpr *) node)->row_typeid, -1, InvalidOid, 0);

		var->varnosyn = 0;
		return (Node *) var;
	}
	return expression_tree_mutator(node, printable_mutator, arg);
}

/* ---- blocks ---- */

/* Entries of the range table with columns of their own; joins only pass on others'. */
static List *
entries_with_columns(Query *block)
{
	List	   *entries = NIL;
	ListCell   *lc;

	foreach(lc, block->rtable)
	{
		RTEKind		kind = lfirst_node(RangeTblEntry, lc)->rtekind;

		if (kind != RTE_JOIN && kind != RTE_RESULT)
			entries = lappend_int(entries, foreach_current_index(lc) + 1);
	}
	return entries;
}

static List *
context_of(Query *block, List *entries)
{
	PlannedStmt *plan = makeNode(PlannedStmt);
	Bitmapset  *used = NULL;
	ListCell   *lc;

	foreach(lc, entries)
		used = bms_add_member(used, lfirst_int(lc));
	plan->rtable = block->rtable;
	return deparse_context_for_plan_tree(plan, select_rtable_names_for_explain(block->rtable, used));
}

static char *
print_expression(Query *block, Node *expr, bool implicit_casts)
{
	List	   *entries = entries_with_columns(block);

	return deparse_expression(printable_mutator(expr, NULL), context_of(block, entries),
							  list_length(entries) > 1, implicit_casts);
}

char *
IvmCheckPrint(Query *block, Node *expr)
{
	return print_expression(block, expr, false);
}

char *
IvmCheckPrintList(Query *block, List *exprs)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, exprs)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", IvmCheckPrint(block, lfirst(lc)));
	return buf.data;
}

char *
IvmCheckPrintClauses(Query *block, List *clauses)
{
	return IvmCheckPrintList(block, get_sortgrouplist_exprs(clauses, block->targetList));
}

/* ---- the linear part ---- */

/* Columns of source rows as the source query computes them. */
static Node *
source_mutator(Node *node, void *arg)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return (Node *) get_tle_by_resno(arg, ((Var *) node)->varattno)->expr;
	return expression_tree_mutator(node, source_mutator, arg);
}

char *
IvmCheckPrintLinear(const IvmView *part, Node *expr, bool prefix)
{
	if (part->source != NULL)
		return print_expression(part->source, source_mutator(expr, part->source->targetList), true);
	return deparse_expression(printable_mutator(expr, NULL),
							  deparse_context_for(get_rel_name(part->baserel), part->baserel),
							  prefix, true);
}
