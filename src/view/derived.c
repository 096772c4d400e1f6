/*-------------------------------------------------------------------------
 *
 * derived.c
 *		Aggregates of another table that belong to a row: scalar subqueries, and
 *		subqueries in FROM that group, joined by what they group by.
 *
 * The block has one table, the hub; each such subquery is over one other table, and is either
 * correlated by equality with columns of the hub, or groups by columns that are
 * equated with such.  Its groups are kept as a satellite (see star.c) by those columns, and a read
 * looks the one up that belongs to the hub's row.  Unlike star.c's satellites they multiply nothing:
 * where there is no group, the aggregates are those of no rows.  The rest is said with expressions over aggregates:
 *
 *	- a scalar subquery, or a LATERAL one without GROUP BY, is its output;
 *	- one with GROUP BY has a row where count(*) > 0, and its HAVING and what else ON asks for holds.  That is a
 *	  condition on the hub's row for an inner join; for LEFT JOIN each output becomes
 *	  CASE WHEN the condition THEN output END.
 *
 * So the block's own WHERE, as far as it uses outputs, and these conditions become HAVING.  To tell
 * the subqueries' aggregates apart, aggno of each Aggref is the range table index of its table: nothing but the
 * planner uses that field, and it sets it anew.
 *
 * All is done on a copy of the block; where something does not fit, the block stays as it was, and is refused elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
#include "view/flatten.h"
#include "view/split.h"

/* A subquery. */
typedef struct Lookup
{
	int			rtindex;		/* Vars with this varno are its outputs */
	Query	   *sub;			/* merged into the block: its Vars are the block's */
	Index		varno;			/* its table */
	bool		optional;		/* LEFT JOIN */
	List	   *on;				/* of LEFT JOIN */
	IvmSatellite *satellite;	/* NULL: not known yet how it is joined */
	List	   *targets;		/* then: what its outputs are */
} Lookup;

typedef struct Derived
{
	IvmSplit   *split;
	Query	   *query;			/* copy of the block */
	Index		hub;
	List	   *lookups;
	List	   *quals;			/* WHERE and inner joins */
	List	   *having;
	bool		unfit;
} Derived;

/* ---- merging a subquery ---- */

/* Mark the aggregates of a subquery; true where one uses other tables, too. */
static bool
mark_aggregates(Node *node, void *arg)
{
	Lookup	   *lookup = arg;
	Aggref	   *aggref = (Aggref *) node;
	Bitmapset  *attnos = NULL;
	int			varno;

	if (node == NULL)
		return false;
	if (!IsA(node, Aggref))
		return expression_tree_walker(node, mark_aggregates, arg);
	varno = IvmStarTableOf((Node *) list_make2(aggref->args, aggref->aggfilter));
	if ((varno != 0 && varno != (int) lookup->varno) ||
		contain_var_clause((Node *) aggref->aggdirectargs))
		return true;
	pull_varattnos((Node *) list_make2(aggref->args, aggref->aggfilter), lookup->varno, &attnos);
	if (bms_is_member(-FirstLowInvalidHeapAttributeNumber, attnos))
		return true;			/* the whole row */
	aggref->aggno = lookup->varno;
	return false;
}

/* Is it FROM one table, WHERE, and grouping? */
static bool
is_lookup(Query *sub)
{
	RangeTblRef *ref = linitial(sub->jointree->fromlist);

	return (sub->hasAggs || sub->groupClause != NIL) && sub->groupingSets == NIL &&
		sub->distinctClause == NIL && sub->limitCount == NULL && sub->limitOffset == NULL &&
		sub->setOperations == NULL && !sub->hasWindowFuncs && !sub->hasTargetSRFs &&
		!sub->hasSubLinks && sub->rowMarks == NIL &&
		!contain_aggs_of_level((Node *) sub, 1) && !contain_vars_of_level((Node *) sub, 2) &&
		list_length(sub->jointree->fromlist) == 1 && IsA(ref, RangeTblRef) &&
		rt_fetch(ref->rtindex, sub->rtable)->rtekind == RTE_RELATION;
}

/* Merge a subquery into the block's range table.  NULL where it is of another kind. */
static Lookup *
add_lookup(Derived *derived, Query *sub)
{
	Lookup	   *lookup = palloc0_object(Lookup);

	if (!is_lookup(sub))
	{
		derived->unfit = true;
		return NULL;
	}
	lookup->sub = sub = copyObject(sub);
	OffsetVarNodes((Node *) sub, list_length(derived->query->rtable), 0);
	IncrementVarSublevelsUp((Node *) sub, -1, 1);
	IvmAppendRangeTable(derived->query, sub);
	lookup->varno = ((RangeTblRef *) linitial(sub->jointree->fromlist))->rtindex;
	derived->unfit |= mark_aggregates((Node *) sub->targetList, lookup) ||
		mark_aggregates(sub->havingQual, lookup);
	derived->lookups = lappend(derived->lookups, lookup);
	return lookup;
}

static void
make_result(RangeTblEntry *rte)
{
	rte->rtekind = RTE_RESULT;
	rte->subquery = NULL;
	rte->lateral = false;
}

/* A subquery in FROM. */
static Lookup *
add_from_lookup(Derived *derived, int rtindex)
{
	RangeTblEntry *rte = rt_fetch(rtindex, derived->query->rtable);
	Lookup	   *lookup;

	if (rte->rtekind != RTE_SUBQUERY)
	{
		derived->unfit = true;
		return NULL;
	}
	lookup = add_lookup(derived, rte->subquery);
	if (lookup != NULL)
		lookup->rtindex = rtindex;
	make_result(rte);
	return lookup;
}

/* Replace scalar subqueries by Vars of entries that stand for them. */
static Node *
take_sublinks(Node *node, void *arg)
{
	Derived    *derived = arg;
	SubLink    *sublink = (SubLink *) node;
	RangeTblEntry *rte;
	Lookup	   *lookup;
	Node	   *target;

	if (node == NULL || derived->unfit)
		return node;
	if (!IsA(node, SubLink))
		return expression_tree_mutator(node, take_sublinks, arg);
	if (sublink->subLinkType != EXPR_SUBLINK)
	{
		derived->unfit = true;
		return node;
	}
	lookup = add_lookup(derived, IvmFlattenQuery(castNode(Query, sublink->subselect),
												 derived->split->text));
	if (lookup == NULL || lookup->sub->groupClause != NIL || lookup->sub->havingQual != NULL)
	{
		derived->unfit = true;
		return node;
	}
	rte = makeNode(RangeTblEntry);
	rte->eref = makeAlias("*SUBQUERY*", NIL);
	make_result(rte);
	derived->query->rtable = lappend(derived->query->rtable, rte);
	lookup->rtindex = list_length(derived->query->rtable);
	target = (Node *) linitial_node(TargetEntry, lookup->sub->targetList)->expr;
	return (Node *) makeVar(lookup->rtindex, 1, exprType(target), exprTypmod(target),
							exprCollation(target), 0);
}

/* ---- FROM ---- */

static void
take_item(Derived *derived, Node *item)
{
	ListCell   *lc;

	if (derived->unfit)
		return;
	if (IsA(item, RangeTblRef))
	{
		if (((RangeTblRef *) item)->rtindex != (int) derived->hub)
			(void) add_from_lookup(derived, ((RangeTblRef *) item)->rtindex);
	}
	else if (IsA(item, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) item;
		Lookup	   *lookup = NULL;

		take_item(derived, join->larg);
		if (join->jointype == JOIN_LEFT && IsA(join->rarg, RangeTblRef) && !derived->unfit &&
			((RangeTblRef *) join->rarg)->rtindex != (int) derived->hub)
			lookup = add_from_lookup(derived, ((RangeTblRef *) join->rarg)->rtindex);
		if (lookup == NULL)
		{
			derived->unfit = true;
			return;
		}
		lookup->optional = true;
		lookup->on = make_ands_implicit((Expr *) take_sublinks(join->quals, derived));
	}
	else
	{
		foreach(lc, castNode(FromExpr, item)->fromlist)
			take_item(derived, lfirst(lc));
		derived->unfit |= ((FromExpr *) item)->quals != NULL;
	}
}

/* ---- replacing outputs ---- */

typedef struct Replacing
{
	List	   *lookups;
	Lookup	   *own;			/* its outputs are replaced by what it computes, or NULL */
} Replacing;

static Node *
replace_mutator(Node *node, void *arg)
{
	Replacing  *replacing = arg;
	Var		   *var = (Var *) node;
	ListCell   *lc;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, replace_mutator, arg);
	foreach(lc, replacing->lookups)
	{
		Lookup	   *lookup = lfirst(lc);

		if (lookup->rtindex != var->varno || var->varlevelsup != 0 || var->varattno <= 0)
			continue;
		if (lookup == replacing->own)
			return copyObject((Node *) get_tle_by_resno(lookup->sub->targetList, var->varattno)->expr);
		if (lookup->satellite != NULL)
			return copyObject((Node *) list_nth(lookup->targets, var->varattno - 1));
	}
	return copyObject(node);
}

/* Replace outputs of the subqueries that are known, and of one more. */
static Node *
replace_outputs(Derived *derived, Lookup *own, Node *node)
{
	Replacing	replacing = {derived->lookups, own};

	return replace_mutator(node, &replacing);
}

/* ---- keys ---- */

/* What a subquery groups by. */
static bool
is_grouped_by(Lookup *lookup, Node *expr)
{
	ListCell   *lc;

	while (IsA(expr, RelabelType) &&
		   exprCollation(expr) == exprCollation((Node *) ((RelabelType *) expr)->arg))
		expr = (Node *) ((RelabelType *) expr)->arg;
	foreach(lc, lookup->sub->groupClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);

		if (clause->eqop == lookup_type_cache(exprType(expr), TYPECACHE_EQ_OPR)->eq_opr &&
			equal(get_sortgroupclause_expr(clause, lookup->sub->targetList), expr))
			return true;
	}
	return false;
}

/* What of the hub is equal to an expression of the subquery's table, so that their values look the same; or NULL. */
static Node *
hub_equivalent(const IvmSatellite *satellite, Node *expr)
{
	Oid			type = exprType(expr);
	int32		typmod = exprTypmod(expr);
	Oid			collation = exprCollation(expr);
	ListCell   *lh,
			   *lk;

	forboth(lh, satellite->hubkeys, lk, satellite->keys)
	{
		if (equal(lfirst(lk), expr) && exprType(lfirst(lh)) == type &&
			exprTypmod(lfirst(lh)) == typmod &&
			!IvmKeyDescMake(1, &type, &typmod, &collation)->has_forms)
			return lfirst(lh);
	}
	return NULL;
}

typedef struct Mapping
{
	const IvmSatellite *satellite;
} Mapping;

/* Replace what the subquery groups by. */
static Node *
use_hub_columns(Node *node, void *arg)
{
	Mapping    *mapping = arg;
	Node	   *hub;

	if (node == NULL || IsA(node, Aggref))
		return node;
	if (!IsA(node, List) && !IsA(node, TargetEntry) && !IsA(node, CaseWhen) &&
		(hub = hub_equivalent(mapping->satellite, node)) != NULL)
		return copyObject(hub);
	return expression_tree_mutator(node, use_hub_columns, arg);
}

/* Add hub.x = subquery.y to the keys.  False where the condition is no such thing. */
static bool
take_key(Derived *derived, IvmSatellite *satellite, Lookup *lookup, Node *qual, bool grouped)
{
	Node	   *hubkey;
	Node	   *key;

	if (contain_aggs_of_level(qual, 0) ||
		!IvmStarEquality(derived->hub, lookup->varno, qual, &hubkey, &key) ||
		(grouped && !is_grouped_by(lookup, key)))
		return false;
	satellite->hubkeys = lappend(satellite->hubkeys, hubkey);
	satellite->keys = lappend(satellite->keys, key);
	return true;
}

/* WHERE of a subquery: its own conditions, and correlation. */
static bool
take_where(Derived *derived, IvmSatellite *satellite, Lookup *lookup)
{
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) lookup->sub->jointree->quals))
	{
		Node	   *qual = replace_outputs(derived, NULL, lfirst(lc));
		int			varno = IvmStarTableOf(qual);

		if (contain_aggs_of_level(qual, 0))
			return false;
		if (varno == 0 || varno == (int) lookup->varno)
			satellite->quals = lappend(satellite->quals, qual);
		else if (!take_key(derived, satellite, lookup, qual, false))
			return false;
	}
	return true;
}

/* Are there keys, and does each group have its own? */
static bool
keys_suffice(const IvmSatellite *satellite, Lookup *lookup)
{
	ListCell   *lc,
			   *lk;

	foreach(lc, lookup->sub->groupClause)
	{
		Node	   *group = get_sortgroupclause_expr(lfirst_node(SortGroupClause, lc),
													 lookup->sub->targetList);
		bool		found = false;

		foreach(lk, satellite->keys)
		{
			Node	   *key = lfirst(lk);

			while (IsA(key, RelabelType))
				key = (Node *) ((RelabelType *) key)->arg;
			found |= equal(key, group);
		}
		if (!found)
			return false;
	}
	return satellite->keys != NIL;
}

/* ---- what outputs are ---- */

/* count(*) > 0 over a subquery's rows. */
static Node *
has_rows(Lookup *lookup)
{
	Aggref	   *count = makeNode(Aggref);

	count->aggfnoid = F_COUNT_;
	count->aggtype = INT8OID;
	count->aggtranstype = InvalidOid;
	count->aggstar = true;
	count->aggkind = AGGKIND_NORMAL;
	count->aggsplit = AGGSPLIT_SIMPLE;
	count->aggno = lookup->varno;
	count->aggtransno = -1;
	count->location = -1;
	return (Node *) make_opclause(Int8LessOperator, BOOLOID, false,
								  (Expr *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
													 Int64GetDatum(0), false, FLOAT8PASSBYVAL),
								  (Expr *) count, InvalidOid, InvalidOid);
}

static Node *
null_unless(List *conditions, Node *expr)
{
	CaseExpr   *result = makeNode(CaseExpr);
	CaseWhen   *when = makeNode(CaseWhen);

	when->expr = (Expr *) copyObject(make_ands_explicit(conditions));
	when->result = (Expr *) expr;
	when->location = -1;
	result->casetype = exprType(expr);
	result->casecollid = exprCollation(expr);
	result->args = list_make1(when);
	result->defresult = (Expr *) makeNullConst(exprType(expr), exprTypmod(expr), exprCollation(expr));
	result->location = -1;
	return (Node *) result;
}

/* The conditions, beside its keys, under which a subquery has a row; rest: of ON. */
static List *
row_conditions(Lookup *lookup, List *rest)
{
	List	   *conditions = NIL;

	if (lookup->sub->groupClause != NIL)
		conditions = list_make1(has_rows(lookup));
	conditions = list_concat(conditions,
							 make_ands_implicit((Expr *) lookup->sub->havingQual));
	return list_concat(conditions, rest);
}

/* Say what a subquery's outputs are. */
static void
set_targets(Derived *derived, Lookup *lookup, const IvmSatellite *satellite, List *rest)
{
	Mapping		mapping = {satellite};
	List	   *conditions = row_conditions(lookup, rest);
	ListCell   *lc;

	conditions = (List *) replace_outputs(derived, lookup, (Node *) conditions);
	conditions = (List *) use_hub_columns((Node *) conditions, &mapping);
	foreach(lc, lookup->sub->targetList)
	{
		Node	   *expr = replace_outputs(derived, NULL,
										   (Node *) lfirst_node(TargetEntry, lc)->expr);

		expr = use_hub_columns(expr, &mapping);
		if (lookup->optional && conditions != NIL)
			expr = null_unless(conditions, expr);
		lookup->targets = lappend(lookup->targets, expr);
	}
	if (!lookup->optional)
		derived->having = list_concat(derived->having, conditions);
}

/* Find out how a subquery is joined.  False: not yet. */
static bool
resolve(Derived *derived, Lookup *lookup)
{
	IvmSatellite *satellite = palloc0_object(IvmSatellite);
	List	   *rest = NIL;
	ListCell   *lc;

	satellite->varno = lookup->varno;
	satellite->looked_up = true;
	if (!take_where(derived, satellite, lookup))
		return false;
	foreach(lc, lookup->optional ? lookup->on : derived->quals)
	{
		if (!take_key(derived, satellite, lookup, replace_outputs(derived, lookup, lfirst(lc)), true))
			rest = lappend(rest, lfirst(lc));
	}
	if (!keys_suffice(satellite, lookup))
		return false;
	if (!lookup->optional)
	{
		derived->quals = rest;
		rest = NIL;
	}
	set_targets(derived, lookup, satellite, rest);
	lookup->satellite = satellite;
	return true;
}

/* Those that depend on others come after them. */
static bool
resolve_all(Derived *derived)
{
	bool		progress = true;
	bool		missing = true;
	ListCell   *lc;

	while (progress && missing)
	{
		progress = missing = false;
		foreach(lc, derived->lookups)
		{
			Lookup	   *lookup = lfirst(lc);

			if (lookup->satellite != NULL)
				continue;
			if (resolve(derived, lookup))
				progress = true;
			else
				missing = true;
		}
	}
	return !missing;
}

/* ---- the block ---- */

/* Are there columns of other tables than the hub, but for those in aggregates? */
static bool
uses_others(Node *node, void *arg)
{
	const Derived *derived = arg;

	if (node == NULL || IsA(node, Aggref))
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varlevelsup == 0 && ((Var *) node)->varno != (int) derived->hub;
	return expression_tree_walker(node, uses_others, arg);
}

static Node *
all_quals(List *quals)
{
	return quals == NIL ? NULL : (Node *) make_ands_explicit(quals);
}

/* Put the block together: FROM the hub, with the subqueries' aggregates in its expressions. */
static bool
finish_block(Derived *derived)
{
	Query	   *query = derived->query;
	RangeTblRef *ref = makeNode(RangeTblRef);
	List	   *where = NIL;
	ListCell   *lc;

	query->targetList = (List *) replace_outputs(derived, NULL, (Node *) query->targetList);
	foreach(lc, derived->quals)
	{
		Node	   *qual = replace_outputs(derived, NULL, lfirst(lc));

		if (contain_aggs_of_level(qual, 0))
			derived->having = lappend(derived->having, qual);
		else
			where = lappend(where, qual);
	}
	if (uses_others((Node *) query->targetList, derived) ||
		uses_others((Node *) derived->having, derived) || uses_others((Node *) where, derived))
		return false;
	ref->rtindex = derived->hub;
	query->jointree = makeFromExpr(list_make1(ref), all_quals(where));
	query->havingQual = all_quals(derived->having);
	query->hasSubLinks = false;
	return true;
}

/* The block that has a table in FROM, if there is only one in all; not in set operations. */
static Query *
block_with_table(Query *query)
{
	List	   *subqueries = IvmFromEntries(query, RTE_SUBQUERY);
	int			ntables = list_length(IvmFromEntries(query, RTE_RELATION));

	if (query->setOperations != NULL || ntables > 1)
		return NULL;
	if (ntables == 1)
		return subqueries != NIL || query->hasSubLinks ? query : NULL;
	if (list_length(subqueries) != 1)
		return NULL;
	return block_with_table(rt_fetch(linitial_int(subqueries), query->rtable)->subquery);
}

bool
IvmDerivedFind(IvmSplit *split)
{
	Query	   *block = block_with_table(split->whole);
	Derived		derived = {.split = split};
	ListCell   *lc;

	if (block == NULL || block->groupClause != NIL || block->groupingSets != NIL ||
		block->hasAggs || block->havingQual != NULL || block->hasTargetSRFs)
		return false;
	derived.query = copyObject(block);
	derived.hub = linitial_int(IvmFromEntries(block, RTE_RELATION));
	foreach(lc, derived.query->jointree->fromlist)
		take_item(&derived, lfirst(lc));
	derived.query->targetList = (List *) take_sublinks((Node *) derived.query->targetList, &derived);
	derived.quals = make_ands_implicit((Expr *) take_sublinks(derived.query->jointree->quals, &derived));
	if (derived.unfit || derived.lookups == NIL || !resolve_all(&derived) || !finish_block(&derived))
		return false;

	*block = *derived.query;
	split->query = block;
	split->varno = derived.hub;
	foreach(lc, derived.lookups)
		split->satellites = lappend(split->satellites, ((Lookup *) lfirst(lc))->satellite);
	return true;
}
