/*-------------------------------------------------------------------------
 *
 * block.c
 *		Finding the core of a query: the block whose rows or groups are kept.
 *
 * It is the one block (SELECT) of the flattened query with a table in FROM.
 * Whatever else stands in its FROM must belong to the table's row: functions,
 * VALUES, subqueries without tables, laterally or crosswise joined.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/rel.h"
#include "view/flatten.h"
#include "view/outer.h"
#include "view/querytext.h"
#include "view/refuse.h"
#include "view/setop.h"
#include "view/split.h"

/* ---- which RTEs are in use ---- */

static void
used_rtes(Node *jointree, Bitmapset **used)
{
	ListCell   *lc;

	if (jointree == NULL)
		return;
	if (IsA(jointree, RangeTblRef))
		*used = bms_add_member(*used, ((RangeTblRef *) jointree)->rtindex);
	else if (IsA(jointree, JoinExpr))
	{
		used_rtes(((JoinExpr *) jointree)->larg, used);
		used_rtes(((JoinExpr *) jointree)->rarg, used);
	}
	else
	{
		foreach(lc, castNode(FromExpr, jointree)->fromlist)
			used_rtes(lfirst(lc), used);
	}
}

/* ---- the search ---- */

typedef struct Search
{
	IvmSplit   *split;
	Query	   *query;			/* the block with tables */
	List	   *varnos;			/* of the tables in it */
} Search;

/* A table in FROM of a block. */
static void
found_table(Search *search, Query *query, Index varno)
{
	if (search->query != NULL && search->query != query)
		IvmRefuse(search->split->text, IvmFromLocation(search->split->text, 0),
				  "joining a table with the result of grouping, DISTINCT, LIMIT or windows over another is not supported in the query of a view",
				  "Make a view of the inner query, and join it when you read it.");
	search->query = query;
	search->varnos = lappend_int(search->varnos, varno);
}

static void
search_block(Search *search, Query *query)
{
	Bitmapset  *used = NULL;
	int			varno = -1;

	used_rtes((Node *) query->jointree, &used);
	while ((varno = bms_next_member(used, varno)) >= 0)
	{
		RangeTblEntry *rte = rt_fetch(varno, query->rtable);

		if (rte->rtekind == RTE_SUBQUERY && rte->subquery->setOperations != NULL)
			found_table(search, rte->subquery, 0);
		else if (rte->rtekind == RTE_SUBQUERY)
			search_block(search, rte->subquery);
		else if (rte->rtekind == RTE_RELATION)
			found_table(search, query, varno);
	}
}

/* Find the block; its tables' varnos are returned. */
static List *
search_core(IvmSplit *split)
{
	Search		search = {split, NULL, NIL};

	if (split->whole->setOperations != NULL)
		found_table(&search, split->whole, 0);
	else
		search_block(&search, split->whole);
	if (search.query == NULL)
		IvmRefuse(split->text, IvmFromLocation(split->text, 0),
				  "the query of a view has no table in FROM", "Write the query over a table.");
	split->query = search.query;
	split->varno = linitial_int(search.varnos);
	return search.varnos;
}

/* ---- the core's FROM ---- */

/* Is the base table on a side of the joins whose rows all come out, each by itself? */
static bool
is_preserved(Node *jointree, Index varno)
{
	Bitmapset  *used = NULL;
	JoinExpr   *join;
	ListCell   *lc;

	used_rtes(jointree, &used);
	if (!bms_is_member(varno, used) || IsA(jointree, RangeTblRef))
		return true;
	if (IsA(jointree, FromExpr))
	{
		foreach(lc, ((FromExpr *) jointree)->fromlist)
		{
			if (!is_preserved(lfirst(lc), varno))
				return false;
		}
		return true;
	}
	join = castNode(JoinExpr, jointree);
	used = NULL;
	used_rtes(join->larg, &used);
	if (join->jointype == JOIN_FULL ||
		(join->jointype == JOIN_LEFT && !bms_is_member(varno, used)) ||
		(join->jointype == JOIN_RIGHT && bms_is_member(varno, used)))
		return false;
	return is_preserved(join->larg, varno) && is_preserved(join->rarg, varno);
}

static bool
is_plain_from(Query *query)
{
	List	   *from = query->jointree->fromlist;

	return list_length(from) == 1 && IsA(linitial(from), RangeTblRef);
}

/* Items of FROM beside the table. */
static void
check_companions(IvmSplit *split)
{
	Query	   *query = split->query;

	if (!split->joins && split->outer == NULL && !is_preserved((Node *) query->jointree, split->varno))
		IvmRefuse(split->text, IvmFromLocation(split->text, 0),
				  "an outer join that makes up rows of the table is not supported in the query of a view",
				  "Put the table on the preserved side of the join.");
	if (contain_vars_of_level((Node *) query, 1))
		IvmRefuse(split->text, IvmFromLocation(split->text, 0),
				  "a LATERAL subquery over a table is not supported in the query of a view",
				  "Write the condition in WHERE of the table's own block.");
}

static bool
has_limit(Query *query)
{
	return query->limitCount != NULL || query->limitOffset != NULL;
}

/* DISTINCT of a block without anything else is grouping by all outputs. */
static bool
is_plain_distinct(Query *query)
{
	return query->distinctClause != NIL && !query->hasDistinctOn && !query->hasWindowFuncs &&
		!has_limit(query);
}

void
IvmOpenTables(IvmSplit *split, List *varnos)
{
	ListCell   *lc;

	foreach(lc, varnos)
	{
		IvmTable   *table = palloc0_object(IvmTable);
		RangeTblEntry *rte = rt_fetch(lfirst_int(lc), split->query->rtable);

		if (split->text != NULL)
			IvmRefuseTable(rte, split->text);
		table->varno = lfirst_int(lc);
		table->rel = table_open(rte->relid, AccessShareLock);
		split->tables = lappend(split->tables, table);
	}
	split->base = ((IvmTable *) linitial(split->tables))->rel;
}

void
IvmCloseTables(IvmSplit *split)
{
	ListCell   *lc;

	foreach(lc, split->tables)
		table_close(((IvmTable *) lfirst(lc))->rel, NoLock);
}

/* The core's FROM: one table, a hub with satellites, a join, or what outer.c makes of it. */
static void
choose_tables(IvmSplit *split, List *varnos)
{
	if (list_length(varnos) > 1 && IvmStarFind(split, varnos))
		varnos = list_make1_int(split->varno);
	else if ((list_length(varnos) > 1 || split->query->hasSubLinks) && IvmOuterFind(split))
		varnos = IvmFromEntries(split->query, RTE_RELATION);
	split->joins = list_length(varnos) > 1;
	IvmOpenTables(split, varnos);
}

/* What is left after the core was found must not have these. */
static bool
refuse_rest(Node *node, void *arg)
{
	IvmSplit   *split = arg;

	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		IvmRefuse(split->text, exprLocation(node),
				  "a subquery in an expression is not supported in the query of a view, but for EXISTS, NOT EXISTS and IN by themselves in WHERE",
				  "Write it as a join, or NOT IN as NOT EXISTS, or apply the subquery when you read the view.");
	if (!IsA(node, Query))
		return expression_tree_walker(node, refuse_rest, arg);
	if (((Query *) node)->setOperations != NULL && node != (Node *) split->query)
		IvmRefuse(split->text, IvmSetOperationLocation(split->text),
				  "a set operation inside of another query over it is not supported in the query of a view",
				  "Make a view of each part, and combine them in the query that reads the views.");
	return query_tree_walker((Query *) node, refuse_rest, arg, 0);
}

/* Take outer joins and the like out of the block, so that no condition of theirs is left in it. */
static void
strip_outer(IvmSplit *split)
{
	if (split->outer != NULL)
		split->query->jointree->quals = NULL;
	refuse_rest((Node *) split->whole, split);
}

void
IvmFindCore(IvmSplit *split)
{
	bool		derived = IvmDerivedFind(split);
	List	   *varnos = derived ? list_make1_int(split->varno) : search_core(split);
	Query	   *query = split->query;
	bool		aggregates = !derived &&
	(query->groupClause != NIL || query->groupingSets != NIL || query->hasAggs ||
	 query->havingQual != NULL);

	if (query->setOperations != NULL)
	{
		IvmSetopFind(split);
		strip_outer(split);
		split->has_upper = query != split->whole || has_limit(query);
		return;
	}
	if (derived)
		IvmOpenTables(split, varnos);
	else
		choose_tables(split, varnos);
	strip_outer(split);
	split->expands = split->joins || !is_plain_from(query) || query->hasTargetSRFs;
	split->grouped = aggregates || (is_plain_distinct(query) && !derived);
	split->rows_only = split->grouped && split->outer != NULL;
	split->has_upper = query != split->whole || query->hasWindowFuncs || has_limit(query) ||
		query->hasDistinctOn || ((aggregates || derived) && query->distinctClause != NIL) || split->rows_only;
	if (split->rows_only)
		split->grouped = false;
	check_companions(split);
}
