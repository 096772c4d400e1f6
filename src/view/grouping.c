/*-------------------------------------------------------------------------
 *
 * grouping.c
 *		Columns that a query leaves out of GROUP BY because a primary key is in
 *		it (see grouping.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parse_oper.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "view/grouping.h"
#include "view/querytext.h"
#include "view/refuse.h"

typedef struct Grouping
{
	Query	   *query;			/* the block */
	const char *text;
	List	   *missing;		/* Vars outside of aggregates that no key covers */
} Grouping;

/* Can the column stand in GROUP BY, and does that change nothing? */
static void
check_column(const Grouping *grouping, Var *var)
{
	RangeTblEntry *rte = rt_fetch(var->varno, grouping->query->rtable);
	char	   *name = get_rte_attribute_name(rte, var->varattno);

	if (grouping->query->groupingSets != NIL)
		IvmRefuse(grouping->text, var->location,
				  psprintf("column \"%s\" is not in the grouping sets", name),
				  "Add it to each of them.");

	/* With children, rows of one primary key can be many, and PostgreSQL shows any of them. */
	if (rte->rtekind == RTE_RELATION && rte->inh && rte->relkind == RELKIND_RELATION &&
		has_subclass(rte->relid))
		IvmRefuse(grouping->text, var->location,
				  psprintf("column \"%s\" is not in GROUP BY, and its table has child tables", name),
				  "Add it to GROUP BY: the primary key is not unique over the child tables.");
	if (!OidIsValid(lookup_type_cache(var->vartype, TYPECACHE_EQ_OPR)->eq_opr))
		IvmRefuse(grouping->text, var->location,
				  psprintf("column \"%s\" of type %s, which has no equality operator, is not supported beside the keys of a view",
						   name, format_type_be(var->vartype)),
				  "Leave it out, or cast it to a type with equality, such as jsonb for json.");
}

static bool
is_key(const Grouping *grouping, Node *node)
{
	ListCell   *lc;

	foreach(lc, grouping->query->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);

		if (equal(get_sortgroupclause_expr(clause, grouping->query->targetList), node))
			return true;
	}
	return false;
}

static bool
missing_walker(Node *node, void *arg)
{
	Grouping   *grouping = arg;

	if (node == NULL || IsA(node, Aggref) || IsA(node, GroupingFunc) || is_key(grouping, node))
		return false;
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0)
	{
		check_column(grouping, (Var *) node);
		grouping->missing = list_append_unique(grouping->missing, node);
		return false;
	}
	return expression_tree_walker(node, missing_walker, arg);
}

static void
add_to_group_by(Query *query, Var *var)
{
	SortGroupClause *clause = makeNode(SortGroupClause);
	TargetEntry *tle = tlist_member((Expr *) var, query->targetList);

	if (tle == NULL)
	{
		tle = makeTargetEntry((Expr *) var, list_length(query->targetList) + 1, NULL, true);
		query->targetList = lappend(query->targetList, tle);
	}
	clause->tleSortGroupRef = assignSortGroupRef(tle, query->targetList);
	get_sort_group_operators(var->vartype, false, true, false,
							 &clause->sortop, &clause->eqop, NULL, &clause->hashable);
	query->groupClause = lappend(query->groupClause, clause);
}

static bool
block_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		IvmSpellOutGrouping((Query *) node, arg);
		return false;
	}
	return expression_tree_walker(node, block_walker, arg);
}

void
IvmSpellOutGrouping(Query *query, const char *text)
{
	Grouping	grouping = {query, text, NIL};
	ListCell   *lc;

	query_tree_walker(query, block_walker, (void *) text, 0);
	if (query->constraintDeps == NIL)
		return;
	missing_walker((Node *) query->targetList, &grouping);
	missing_walker(query->havingQual, &grouping);
	foreach(lc, grouping.missing)
		add_to_group_by(query, copyObject(lfirst_node(Var, lc)));
	list_free(query->constraintDeps);
	query->constraintDeps = NIL;
}
