/*-------------------------------------------------------------------------
 *
 * canonical.c
 *		What SQL leaves open in a query is settled (see canonical.h).
 *
 * An order is made total by sorting by everything that is output, too; where
 * equal values may differ in form (1.0 and 1.00), or a type has no order, by their texts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parse_oper.h"
#include "store/keys.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "view/aggregates.h"
#include "view/canonical.h"

/* ---- sorting by expressions ---- */

static bool
is_sortable(Oid type)
{
	return OidIsValid(lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr);
}

/* May values that are equal look different? */
static bool
has_forms(Node *expr)
{
	Oid			type = exprType(expr);
	int32		typmod = exprTypmod(expr);
	Oid			collation = exprCollation(expr);

	if (get_typtype(getBaseType(type)) == TYPTYPE_PSEUDO ||
		(type_is_collatable(type) && !OidIsValid(collation)))
		return false;
	return IvmKeyDescMake(1, &type, &typmod, &collation)->has_forms;
}

static SortGroupClause *
sort_by(TargetEntry *tle, List *tlist)
{
	SortGroupClause *clause = makeNode(SortGroupClause);

	clause->tleSortGroupRef = assignSortGroupRef(tle, tlist);
	get_sort_group_operators(exprType((Node *) tle->expr), true, true, false,
							 &clause->sortop, &clause->eqop, NULL, &clause->hashable);
	return clause;
}

/* The expression's text, in the order of its bytes. */
static Expr *
text_of(Node *expr)
{
	CoerceViaIO *coerce = makeNode(CoerceViaIO);

	coerce->arg = (Expr *) copyObject(expr);
	coerce->resulttype = TEXTOID;
	coerce->resultcollid = C_COLLATION_OID;
	coerce->coerceformat = COERCE_EXPLICIT_CAST;
	coerce->location = -1;
	return (Expr *) coerce;
}

/* Add an expression of the target list to what is sorted by, unless it is there. */
static void
add_sort(List **clauses, List **tlist, TargetEntry *tle)
{
	Node	   *expr = (Node *) tle->expr;

	if (IsA(expr, Const) || get_typtype(getBaseType(exprType(expr))) == TYPTYPE_PSEUDO)
		return;
	if (is_sortable(exprType(expr)) &&
		(tle->ressortgroupref == 0 ||
		 get_sortgroupref_clause_noerr(tle->ressortgroupref, *clauses) == NULL))
		*clauses = lappend(*clauses, sort_by(tle, *tlist));
	if (!is_sortable(exprType(expr)) || has_forms(expr))
	{
		TargetEntry *text = makeTargetEntry(text_of(expr), list_length(*tlist) + 1, NULL, true);

		*tlist = lappend(*tlist, text);
		*clauses = lappend(*clauses, sort_by(text, *tlist));
	}
}

/* ---- aggregates ---- */

static bool
is_bit_xor(Oid aggfnoid)
{
	return aggfnoid == F_BIT_XOR_INT2 || aggfnoid == F_BIT_XOR_INT4 ||
		aggfnoid == F_BIT_XOR_INT8 || aggfnoid == F_BIT_XOR_BIT;
}

/* Does the order of its input not matter to the aggregate? */
static bool
ignores_order(const Aggref *aggref)
{
	IvmAccumKind kind;
	HeapTuple	tuple;
	bool		extremum;

	if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggdistinct != NIL || aggref->args == NIL ||
		IvmAggregateKind(aggref->aggfnoid, &kind))
		return true;
	if (IvmAggregateIsIdempotent(aggref->aggfnoid) || is_bit_xor(aggref->aggfnoid))
		return true;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	extremum = OidIsValid(((Form_pg_aggregate) GETSTRUCT(tuple))->aggsortop);
	ReleaseSysCache(tuple);
	return extremum;
}

void
IvmCanonicalAggref(Aggref *aggref)
{
	Oid			exact = IvmExactAggregate(aggref->aggfnoid);
	int			nargs = list_length(aggref->args);

	if (OidIsValid(exact))
		aggref->aggfnoid = exact;
	if (ignores_order(aggref))
		return;
	for (int i = 0; i < nargs; i++)
		add_sort(&aggref->aggorder, &aggref->args, list_nth_node(TargetEntry, aggref->args, i));
}

/* ---- queries ---- */

/*
 * ORDER BY goes, with what is in the target list for its sake only: a reader
 * of a view has no claim to an order, and it would cost a sort.
 */
static void
drop_order(Query *query)
{
	List	   *targets = NIL;
	ListCell   *lc;

	query->sortClause = NIL;
	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		ListCell   *lw;
		bool		used = !tle->resjunk ||
		get_sortgroupref_clause_noerr(tle->ressortgroupref, query->groupClause) != NULL;

		foreach(lw, query->windowClause)
		{
			WindowClause *window = lfirst_node(WindowClause, lw);

			used = used ||
				get_sortgroupref_clause_noerr(tle->ressortgroupref, window->partitionClause) ||
				get_sortgroupref_clause_noerr(tle->ressortgroupref, window->orderClause);
		}
		if (!used)
			continue;
		tle->resno = list_length(targets) + 1;
		targets = lappend(targets, tle);
	}
	query->targetList = targets;
}

static bool
order_matters(Query *query)
{
	return query->hasDistinctOn || query->limitCount != NULL || query->limitOffset != NULL;
}

/* Which rows DISTINCT ON and LIMIT keep shall not be chance. */
static void
make_order_total(Query *query)
{
	int			ntargets = list_length(query->targetList);

	if (query->limitOption == LIMIT_OPTION_WITH_TIES)
		return;					/* the ties are what is asked for */
	if (query->hasDistinctOn && query->sortClause == NIL)
		query->sortClause = copyObject(query->distinctClause);
	if (query->distinctClause != NIL && !query->hasDistinctOn)
		return;					/* ORDER BY expressions must be outputs there */
	for (int i = 0; i < ntargets; i++)
	{
		TargetEntry *tle = list_nth_node(TargetEntry, query->targetList, i);

		if (!tle->resjunk && !expression_returns_set((Node *) tle->expr))
			add_sort(&query->sortClause, &query->targetList, tle);
	}
}

static bool
canonical_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		IvmCanonicalQuery((Query *) node);
		return false;
	}
	if (IsA(node, Aggref))
		IvmCanonicalAggref((Aggref *) node);
	return expression_tree_walker(node, canonical_walker, arg);
}

void
IvmCanonicalQuery(Query *query)
{
	query_tree_walker(query, canonical_walker, NULL, 0);
	if (query->setOperations != NULL)
		return;
	if (order_matters(query))
		make_order_total(query);
	else
		drop_order(query);
}
