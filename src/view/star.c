/*-------------------------------------------------------------------------
 *
 * star.c
 *		Joins by the key of a group: each table is kept by itself, and a read
 *		multiplies.
 *
 * Where every join condition equates a column of another table (a satellite) with one that
 * the core's table (the hub) groups by, the rows of a group are the product of the hub's rows in it
 * and of the satellites' rows with that key.  So counts and sums over the join follow from those
 * of each table:
 *
 *		count(*) = nH * n1 * n2 …,  sum(x of table i) = Si * (the product of the others' n)
 *
 * and nothing is joined when rows are written.  With LEFT JOIN a satellite without
 * rows counts as one row of nulls; with an inner join there is no group then.
 *
 * A satellite is kept like a view that groups by its join columns.  Rows whose
 * join columns are null are left out.  (SHAPES.md calls this rule P.)
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"
#include "view/refuse.h"
#include "view/split.h"

/* The attempt with one table as the hub. */
typedef struct Star
{
	IvmSplit   *split;
	Index		hub;
	List	   *satellites;
	List	   *hubquals;
	List	   *pending;		/* equalities between satellites */
} Star;

/* ---- which tables an expression is over ---- */

int
IvmStarTableOf(Node *expr)
{
	Relids		varnos = pull_varnos(NULL, expr);

	if (contain_vars_of_level(expr, 1) || bms_membership(varnos) == BMS_MULTIPLE)
		return -1;
	return bms_is_empty(varnos) ? 0 : bms_singleton_member(varnos);
}

static IvmSatellite *
satellite_of(List *satellites, int varno)
{
	ListCell   *lc;

	foreach(lc, satellites)
	{
		IvmSatellite *satellite = lfirst(lc);

		if (satellite->varno == varno)
			return satellite;
	}
	return NULL;
}

/* ---- equalities ---- */

/* May the two sides of an equality be compared by their key bytes? */
static bool
is_key_equality(OpExpr *op)
{
	Oid			left;
	Oid			right;
	TypeCacheEntry *type;
	IvmKeyDesc *desc;
	int32		typmod;
	Oid			collation;

	if (!IsA(op, OpExpr) || list_length(op->args) != 2)
		return false;
	left = exprType(linitial(op->args));
	right = exprType(lsecond(op->args));
	type = lookup_type_cache(left, TYPECACHE_BTREE_OPFAMILY);
	if (!OidIsValid(type->btree_opf) ||
		get_op_opfamily_strategy(op->opno, type->btree_opf) != BTEqualStrategyNumber)
		return false;
	collation = exprCollation(linitial(op->args));
	if (collation != exprCollation(lsecond(op->args)) ||
		(OidIsValid(op->inputcollid) && op->inputcollid != collation))
		return false;
	typmod = exprTypmod(linitial(op->args));
	desc = IvmKeyDescMake(1, &left, &typmod, &collation);
	return desc->cols[0].klass != IVM_KEY_HASHED && IvmKeyCanEncodeAs(&desc->cols[0], right);
}

bool
IvmStarEquality(int hub, int other, Node *qual, Node **hubkey, Node **key)
{
	OpExpr	   *op = (OpExpr *) qual;
	int			left;
	int			right;

	if (!is_key_equality(op))
		return false;
	left = IvmStarTableOf(linitial(op->args));
	right = IvmStarTableOf(lsecond(op->args));
	*hubkey = left == hub ? linitial(op->args) : lsecond(op->args);
	*key = left == hub ? lsecond(op->args) : linitial(op->args);
	return (left == hub && right == other) || (left == other && right == hub);
}

static void
add_equality(IvmSatellite *satellite, Node *hubkey, Node *key)
{
	ListCell   *lh,
			   *lk;

	forboth(lh, satellite->hubkeys, lk, satellite->keys)
	{
		if (equal(lfirst(lh), hubkey) && equal(lfirst(lk), key))
			return;
	}
	satellite->hubkeys = lappend(satellite->hubkeys, hubkey);
	satellite->keys = lappend(satellite->keys, key);
}

/* Note hub.x = satellite.y.  False where it is no such thing. */
static bool
take_equality(Star *star, List *satellites, OpExpr *op)
{
	int			left;
	int			right;
	IvmSatellite *satellite;

	if (!is_key_equality(op))
		return false;
	left = IvmStarTableOf(linitial(op->args));
	right = IvmStarTableOf(lsecond(op->args));
	if (left == star->hub && (satellite = satellite_of(satellites, right)) != NULL)
		add_equality(satellite, linitial(op->args), lsecond(op->args));
	else if (right == star->hub && (satellite = satellite_of(satellites, left)) != NULL)
		add_equality(satellite, lsecond(op->args), linitial(op->args));
	else if (left > 0 && right > 0 && satellite_of(satellites, left) && satellite_of(satellites, right))
		star->pending = lappend(star->pending, op);
	else
		return false;
	return true;
}

/* What of the hub is equal to an expression of an inner-joined satellite; NULL: nothing known. */
static Node *
hub_equivalent(List *satellites, Node *expr)
{
	IvmSatellite *satellite = satellite_of(satellites, IvmStarTableOf(expr));
	ListCell   *lh,
			   *lk;

	if (satellite == NULL || satellite->optional)
		return NULL;
	forboth(lh, satellite->hubkeys, lk, satellite->keys)
	{
		if (equal(lfirst(lk), expr))
			return lfirst(lh);
	}
	return NULL;
}

/* Turn equalities between satellites into such with the hub.  False where one cannot be. */
static bool
resolve_pending(Star *star)
{
	bool		progress = true;

	while (star->pending != NIL && progress)
	{
		ListCell   *lc;

		progress = false;
		foreach(lc, star->pending)
		{
			OpExpr	   *op = lfirst_node(OpExpr, lc);
			Node	   *a = linitial(op->args);
			Node	   *b = lsecond(op->args);
			Node	   *hub_a = hub_equivalent(star->satellites, a);
			Node	   *hub_b = hub_equivalent(star->satellites, b);

			if (hub_a == NULL && hub_b == NULL)
				continue;
			if (hub_b == NULL)
				add_equality(satellite_of(star->satellites, IvmStarTableOf(b)), hub_a, b);
			else
				add_equality(satellite_of(star->satellites, IvmStarTableOf(a)), hub_b, a);
			star->pending = foreach_delete_current(star->pending, lc);
			progress = true;
		}
	}
	return star->pending == NIL;
}

/* ---- FROM and WHERE ---- */

/* Sort a condition of inner joins in. */
static bool
take_qual(Star *star, Node *qual)
{
	int			varno = IvmStarTableOf(qual);
	IvmSatellite *satellite = satellite_of(star->satellites, varno);

	if (varno == 0 || varno == star->hub)
		star->hubquals = lappend(star->hubquals, qual);
	else if (satellite != NULL && !satellite->optional)
		satellite->quals = lappend(satellite->quals, qual);
	else
		return take_equality(star, star->satellites, (OpExpr *) qual);
	return true;
}

static bool take_item(Star *star, Node *item);

/* LEFT JOIN of one table, by what it equates with the hub. */
static bool
take_left_join(Star *star, JoinExpr *join)
{
	IvmSatellite *satellite;
	ListCell   *lc;

	if (join->jointype != JOIN_LEFT || !IsA(join->rarg, RangeTblRef) ||
		!take_item(star, join->larg))
		return false;
	satellite = palloc0_object(IvmSatellite);
	satellite->varno = ((RangeTblRef *) join->rarg)->rtindex;
	satellite->optional = true;
	if (satellite->varno == star->hub)
		return false;
	star->satellites = lappend(star->satellites, satellite);
	foreach(lc, make_ands_implicit((Expr *) join->quals))
	{
		if (IvmStarTableOf(lfirst(lc)) == satellite->varno)
			satellite->quals = lappend(satellite->quals, lfirst(lc));
		else if (!take_equality(star, list_make1(satellite), lfirst(lc)))
			return false;
	}
	return true;
}

static bool
take_item(Star *star, Node *item)
{
	IvmSatellite *satellite;
	ListCell   *lc;

	if (IsA(item, JoinExpr))
		return take_left_join(star, (JoinExpr *) item);
	if (IsA(item, FromExpr))
	{
		foreach(lc, ((FromExpr *) item)->fromlist)
		{
			if (!take_item(star, lfirst(lc)))
				return false;
		}
		return ((FromExpr *) item)->quals == NULL;
	}
	if (rt_fetch(((RangeTblRef *) item)->rtindex, star->split->query->rtable)->rtekind != RTE_RELATION)
		return false;
	if (((RangeTblRef *) item)->rtindex == star->hub)
		return true;
	satellite = palloc0_object(IvmSatellite);
	satellite->varno = ((RangeTblRef *) item)->rtindex;
	star->satellites = lappend(star->satellites, satellite);
	return true;
}

static bool
take_from(Star *star)
{
	FromExpr   *from = star->split->query->jointree;
	ListCell   *lc;

	foreach(lc, from->fromlist)
	{
		if (!take_item(star, lfirst(lc)))
			return false;
	}
	foreach(lc, make_ands_implicit((Expr *) from->quals))
	{
		if (!take_qual(star, lfirst(lc)))
			return false;
	}
	return resolve_pending(star);
}

/* ---- keys and aggregates ---- */

/* Replace inner-joined satellites' join columns by the hub's, where the type is the same. */
static Node *
use_hub_columns(Node *node, void *arg)
{
	Star	   *star = arg;
	Node	   *hub;

	if (node == NULL || IsA(node, Aggref))
		return node;
	hub = IsA(node, Var) ? hub_equivalent(star->satellites, node) : NULL;
	if (hub != NULL && exprType(hub) == exprType(node) && exprTypmod(hub) == exprTypmod(node))
		return copyObject(hub);
	return expression_tree_mutator(node, use_hub_columns, arg);
}

static bool
is_group_key(Query *query, List *targets, Node *expr)
{
	ListCell   *lc;

	foreach(lc, query->groupClause)
	{
		if (equal(get_sortgroupclause_expr(lfirst_node(SortGroupClause, lc), targets), expr))
			return true;
	}
	return false;
}

/* Does the hub group by everything that is joined by, and by nothing else's columns? */
static bool
keys_fit(Star *star, List *targets)
{
	Query	   *query = star->split->query;
	ListCell   *lc,
			   *lk;

	foreach(lc, query->groupClause)
	{
		Node	   *key = get_sortgroupclause_expr(lfirst_node(SortGroupClause, lc), targets);
		int			varno = IvmStarTableOf(key);

		if (varno != star->hub && varno != 0)
			return false;
	}
	foreach(lc, star->satellites)
	{
		IvmSatellite *satellite = lfirst(lc);

		if (satellite->keys == NIL)
			return false;
		foreach(lk, satellite->hubkeys)
		{
			if (!is_group_key(query, targets, lfirst(lk)))
				return false;
		}
	}
	return true;
}

/* Arguments, order and FILTER are over one table; direct arguments are constants for satellites. */
static bool
aggregates_fit(Node *node, void *arg)
{
	Star	   *star = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		Aggref	   *aggref = (Aggref *) node;
		List	   *parts = list_make2(aggref->args, aggref->aggfilter);
		int			varno = IvmStarTableOf((Node *) parts);

		return varno < 0 || (varno > 0 && varno != star->hub &&
							 contain_var_clause((Node *) aggref->aggdirectargs));
	}
	return expression_tree_walker(node, aggregates_fit, arg);
}

static bool
try_hub(IvmSplit *split, Index hub)
{
	Star		star = {.split = split,.hub = hub};
	Query	   *query = split->query;
	List	   *targets;
	Node	   *having;
	RangeTblRef *ref;

	if (!take_from(&star))
		return false;
	targets = (List *) use_hub_columns((Node *) query->targetList, &star);
	having = use_hub_columns(query->havingQual, &star);
	if (!keys_fit(&star, targets) || aggregates_fit((Node *) targets, &star) ||
		aggregates_fit(having, &star))
		return false;

	ref = makeNode(RangeTblRef);
	ref->rtindex = hub;
	query->targetList = targets;
	query->havingQual = having;
	query->jointree = makeFromExpr(list_make1(ref), star.hubquals == NIL ? NULL :
								   (Node *) make_ands_explicit(star.hubquals));
	split->varno = hub;
	split->satellites = star.satellites;
	return true;
}

bool
IvmStarFind(IvmSplit *split, List *varnos)
{
	Query	   *query = split->query;
	ListCell   *lc;

	if (query->groupClause == NIL || query->groupingSets != NIL || query->hasTargetSRFs)
		return false;
	foreach(lc, varnos)
	{
		if (try_hub(split, lfirst_int(lc)))
			return true;
	}
	return false;
}

int
IvmStarPart(const IvmSplit *split, const Aggref *aggref)
{
	int			varno;
	ListCell   *lc;

	if (split->satellites == NIL)
		return 0;
	varno = aggref->aggno > 0 ? aggref->aggno :	/* marked by derived.c */
		IvmStarTableOf((Node *) list_make2(aggref->args, aggref->aggfilter));
	foreach(lc, split->satellites)
	{
		if (((IvmSatellite *) lfirst(lc))->varno == varno)
			return foreach_current_index(lc) + 1;
	}
	return varno < 0 ? -1 : 0;
}

/* ---- splitting ---- */

/* Conditions of a satellite: its own, and that its join columns are not null. */
static Node *
satellite_where(const IvmSatellite *satellite)
{
	List	   *quals = list_copy(satellite->quals);
	ListCell   *lc;

	foreach(lc, satellite->keys)
	{
		NullTest   *test = makeNode(NullTest);

		test->arg = lfirst(lc);
		test->nulltesttype = IS_NOT_NULL;
		test->location = -1;
		quals = lappend(quals, test);
	}
	return (Node *) make_ands_explicit(quals);
}

/* Replace a table's columns by nulls. */
static Node *
null_mutator(Node *node, void *arg)
{
	Var		   *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return (Node *) makeNullConst(var->vartype, var->vartypmod, var->varcollid);
	return expression_tree_mutator(node, null_mutator, arg);
}

/* An expression's value for a row of nulls.  What the planner does not fold depends on pinned settings. */
static Const *
value_for_nulls(Expr *expr)
{
	Node	   *value = eval_const_expressions(NULL, null_mutator((Node *) expr, NULL));

	if (!IsA(value, Const))
		value = (Node *) evaluate_expr((Expr *) value, exprType(value), exprTypmod(value),
									   exprCollation(value));
	return castNode(Const, value);
}

static bool
passes_for_nulls(Expr *filter)
{
	Const	   *value = filter ? value_for_nulls(filter) : NULL;

	return filter == NULL || (value != NULL && !value->constisnull && DatumGetBool(value->constvalue));
}

/* What an optional satellite counts as where it has no rows: one row of nulls. */
static void
count_null_row(IvmView *part)
{
	part->null_state = palloc(part->statedesc->size);
	IvmStateInit(part->statedesc, part->null_state);
	part->null_state->rows = 1;
	for (int i = 0; i < part->naccums; i++)
	{
		const IvmAccumSpec *spec = &part->accums[i];
		Datum		args[2];
		bool		counts = passes_for_nulls(spec->filter);

		for (int a = 0; a < spec->nargs && counts; a++)
		{
			Const	   *value = value_for_nulls(spec->args[a]);

			counts = value != NULL && !value->constisnull;
			args[a] = counts ? value->constvalue : (Datum) 0;
		}
		if (counts)
			IvmStateAccumRow(part->statedesc, part->null_state, i, args, 1);
	}
}

/* The same for its arrangements: the element of a row of nulls, where there is one. */
static void
note_null_elements(IvmView *part)
{
	for (int i = 0; i < part->nslots; i++)
	{
		IvmSlotSpec *slot = &part->slots[i];

		slot->null_element = palloc_array(NullableDatum, slot->ncols + 1);
		slot->has_null_element = passes_for_nulls(slot->filter);
		for (int c = 0; c < slot->ncols; c++)
		{
			Const	   *value = value_for_nulls(slot->cols[c]);

			slot->null_element[c].isnull = value == NULL || value->constisnull;
			slot->null_element[c].value = value ? value->constvalue : (Datum) 0;
			if (slot->strict && slot->null_element[c].isnull)
				slot->has_null_element = false;
		}
	}
}

static List *
aggregates_of(IvmSplit *split, int part)
{
	List	   *aggs = NIL;
	ListCell   *lc;

	foreach(lc, split->aggs)
	{
		if (IvmStarPart(split, lfirst_node(Aggref, lc)) == part)
			aggs = lappend(aggs, lfirst(lc));
	}
	return aggs;
}

/* Give the aggregates of a part their places among the view's. */
static void
place_aggregates(IvmSplit *split, int number, const IvmView *part)
{
	IvmView    *view = split->view;
	int			next = 0;

	for (int i = 0; i < view->naggs; i++)
	{
		if (IvmStarPart(split, list_nth_node(Aggref, split->aggs, i)) != number)
			continue;
		view->aggs[i] = part->aggs[next++];
		view->aggs[i].part = number;
	}
}

static void
split_satellite(IvmSplit *split, const IvmSatellite *satellite, int number)
{
	IvmView    *view = split->view;
	IvmView    *part = palloc0_object(IvmView);
	Query	   *query = copyObject(split->query);
	RangeTblEntry *rte = rt_fetch(satellite->varno, query->rtable);
	IvmSplit	sub = {.view = part,.scratch = split->scratch,.text = split->text,.query = query,
		.varno = satellite->varno,.grouped = true,.keys = satellite->keys,
		.ngrouped = list_length(satellite->keys),.aggs = aggregates_of(split, number)
	};
	ListCell   *lc;

	query->jointree->quals = satellite_where(satellite);
	part->cxt = view->cxt;
	part->baserel = rte->relid;
	part->inh = rte->inh;
	part->optional = satellite->optional;
	part->looked_up = satellite->looked_up;
	part->ownerkeys = palloc_array(int, list_length(satellite->hubkeys));
	foreach(lc, satellite->hubkeys)
		part->ownerkeys[foreach_current_index(lc)] = IvmPositionInList(split->keys, lfirst(lc));

	IvmOpenTables(&sub, list_make1_int(satellite->varno));
	IvmSplitLinear(&sub);
	IvmCloseTables(&sub);
	count_null_row(part);
	note_null_elements(part);
	place_aggregates(split, number, part);
	view->user_code |= part->user_code;
	view->needs_pins |= part->needs_pins;
	view->parts[number] = part;
	view->nparts = number + 1;
}

void
IvmStarSplit(IvmSplit *split)
{
	IvmView    *view = split->view;
	ListCell   *lc;

	view->parts = palloc_array(IvmView *, list_length(split->satellites) + 1);
	view->parts[0] = view;
	view->nparts = 1;
	foreach(lc, split->satellites)
		split_satellite(split, lfirst(lc), foreach_current_index(lc) + 1);
}
