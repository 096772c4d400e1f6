/*-------------------------------------------------------------------------
 *
 * flatten.c
 *		The query of a view without WITH, and with as few subqueries in FROM
 *		as can be.
 *
 * The rules of pulling up are those of PostgreSQL's prepjointree.c, and its
 * tree manipulation functions do the work.  Its own pull_up_subqueries cannot be used: it turns
 * sublinks of pulled up queries into semijoins, UNION ALL into append relations, and
 * leaves PlaceHolderVars, which nothing outside the planner understands.
 *
 * Each level is treated after the subqueries below it, so a pulled up subquery is flat already.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "view/flatten.h"
#include "view/refuse.h"

static Query *flatten_query(Query *query);

/* ---- WITH ---- */

typedef struct InlineContext
{
	const CommonTableExpr *cte;
	int			levelsup;		/* of the WITH, seen from the query being visited */
} InlineContext;

/* Replace a reference to the CTE by its query. */
static void
inline_reference(RangeTblEntry *rte, const InlineContext *context)
{
	if (rte->rtekind != RTE_CTE || rte->ctelevelsup != context->levelsup ||
		strcmp(rte->ctename, context->cte->ctename) != 0)
		return;
	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = copyObject(castNode(Query, context->cte->ctequery));
	if (context->levelsup > 0)
		IncrementVarSublevelsUp((Node *) rte->subquery, context->levelsup, 1);
	rte->security_barrier = false;
	rte->ctename = NULL;
	rte->ctelevelsup = 0;
	rte->self_reference = false;
	rte->coltypes = rte->coltypmods = rte->colcollations = NIL;
}

static bool
inline_walker(Node *node, void *arg)
{
	InlineContext *context = (InlineContext *) arg;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		inline_reference((RangeTblEntry *) node, context);
		return false;
	}
	if (!IsA(node, Query))
		return expression_tree_walker(node, inline_walker, arg);

	/* Entries after their contents: the query put there needs no visit. */
	context->levelsup++;
	query_tree_walker((Query *) node, inline_walker, arg, QTW_EXAMINE_RTES_AFTER);
	context->levelsup--;
	return false;
}

static void
refuse_cte(const CommonTableExpr *cte, const char *text)
{
	if (cte->cterecursive)
		IvmRefuse(text, cte->location,
				  "WITH RECURSIVE is not supported in the query of a view",
				  "Write the query without recursion, or apply the recursion when you read the view.");
	if (castNode(Query, cte->ctequery)->commandType != CMD_SELECT)
		IvmRefuse(text, cte->location,
				  "data-modifying statements in WITH are not supported in the query of a view",
				  "A view only reads: leave the statement out.");
}

/* Remove WITH from the query and everything in it, sublinks included; arg is the text. */
static bool
remove_with_walker(Node *node, void *arg)
{
	Query	   *query = (Query *) node;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, remove_with_walker, arg);
	foreach(lc, query->cteList)
		refuse_cte(lfirst_node(CommonTableExpr, lc), (const char *) arg);
	query_tree_walker(query, remove_with_walker, arg, 0);

	/* In order: each one's query refers to earlier ones only, which it then holds itself. */
	foreach(lc, query->cteList)
	{
		InlineContext context = {lfirst_node(CommonTableExpr, lc), -1};

		inline_walker(node, &context);
	}
	query->cteList = NIL;
	query->hasRecursive = false;
	return false;
}

/* ---- functions ---- */

static bool
reads_relation_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
		return ((RangeTblEntry *) node)->rtekind == RTE_RELATION;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, reads_relation_walker, arg,
								 QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, reads_relation_walker, arg);
}

/*
 * Replace a function by its body, where PostgreSQL would and the body reads no
 * table: of such tables the view's dependencies would not know.
 */
static void
inline_function(RangeTblEntry *rte)
{
	PlannerInfo *root = makeNode(PlannerInfo);
	Query	   *body;

	root->glob = makeNode(PlannerGlobal);
	root->parse = makeNode(Query);
	root->query_level = 1;
	root->planner_cxt = CurrentMemoryContext;
	body = inline_set_returning_function(root, rte);
	if (body == NULL || reads_relation_walker((Node *) body, NULL))
		return;
	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = stringToNode(nodeToString(body));	/* forgets locations in another text */
	rte->security_barrier = false;
	rte->functions = NIL;
	rte->funcordinality = false;
	remove_with_walker((Node *) rte->subquery, NULL);
}

/* ---- may a subquery be pulled up? ---- */

/* Where in the join tree a subquery stands. */
typedef struct Place
{
	int			rtindex;
	JoinExpr   *outer;			/* lowest outer join above it, or NULL */
	JoinExpr   *nulling;		/* lowest one that can make its columns NULL, or NULL */
} Place;

/* Is it nothing but FROM, WHERE and expressions? */
static bool
is_plain(const Query *subquery)
{
	return subquery->setOperations == NULL &&
		!subquery->hasAggs && !subquery->hasWindowFuncs && !subquery->hasTargetSRFs &&
		subquery->groupClause == NIL && subquery->groupingSets == NIL &&
		subquery->havingQual == NULL && subquery->sortClause == NIL &&
		subquery->distinctClause == NIL && subquery->limitOffset == NULL &&
		subquery->limitCount == NULL && subquery->rowMarks == NIL &&
		!contain_volatile_functions((Node *) subquery->targetList);
}

static void
collect_relids(Node *jtnode, Relids *relids)
{
	ListCell   *lc;

	if (IsA(jtnode, RangeTblRef))
		*relids = bms_add_member(*relids, ((RangeTblRef *) jtnode)->rtindex);
	else if (IsA(jtnode, JoinExpr))
	{
		collect_relids(((JoinExpr *) jtnode)->larg, relids);
		collect_relids(((JoinExpr *) jtnode)->rarg, relids);
	}
	else
	{
		foreach(lc, castNode(FromExpr, jtnode)->fromlist)
			collect_relids(lfirst(lc), relids);
	}
}

static bool
refers_outside(Node *expr, Relids safe)
{
	return !bms_is_subset(pull_varnos_of_level(NULL, expr, 1), safe);
}

/* Would conditions of a LATERAL subquery refer to what is outside of a higher outer join? */
static bool
conditions_refer_outside(Node *jtnode, bool restricted, Relids safe)
{
	ListCell   *lc;

	if (IsA(jtnode, RangeTblRef))
		return false;
	if (IsA(jtnode, FromExpr))
	{
		foreach(lc, ((FromExpr *) jtnode)->fromlist)
		{
			if (conditions_refer_outside(lfirst(lc), restricted, safe))
				return true;
		}
		return restricted && refers_outside(((FromExpr *) jtnode)->quals, safe);
	}
	else
	{
		JoinExpr   *join = castNode(JoinExpr, jtnode);

		if (join->jointype != JOIN_INNER)
		{
			restricted = true;
			safe = NULL;
		}
		return conditions_refer_outside(join->larg, restricted, safe) ||
			conditions_refer_outside(join->rarg, restricted, safe) ||
			(restricted && refers_outside(join->quals, safe));
	}
}

static bool
is_lateral_safe(const Query *subquery, const Place *place)
{
	Relids		safe = NULL;

	if (place->outer != NULL)
		collect_relids((Node *) place->outer, &safe);
	return !conditions_refer_outside((Node *) subquery->jointree, place->outer != NULL, safe) &&
		!(place->outer != NULL && refers_outside((Node *) subquery->targetList, safe));
}

typedef struct UsesContext
{
	int			varno;
	int			levelsup;
	const JoinExpr *below;		/* what is in this join does not count */
	List	   *attnos;			/* of all uses, repeated */
} UsesContext;

static bool
uses_walker(Node *node, void *arg)
{
	UsesContext *context = (UsesContext *) arg;

	if (node == NULL || node == (const Node *) context->below)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varno == context->varno && var->varlevelsup == context->levelsup)
			context->attnos = lappend_int(context->attnos, var->varattno);
		return false;
	}
	if (IsA(node, Query))
	{
		context->levelsup++;
		query_tree_walker((Query *) node, uses_walker, arg, 0);
		context->levelsup--;
		return false;
	}
	return expression_tree_walker(node, uses_walker, arg);
}

/* The attribute numbers of all uses of an entry's columns outside of a join (NULL: everywhere). */
static List *
uses_of(Query *query, int varno, const JoinExpr *below)
{
	UsesContext context = {.varno = varno, .below = below};

	query_tree_walker(query, uses_walker, &context, 0);
	return context.attnos;
}

/* Is the expression NULL when the subquery's own row is replaced by NULLs? */
static bool
is_nulled_by_itself(Node *expr)
{
	if (IsA(expr, Var))
		return ((Var *) expr)->varlevelsup == 0;
	return contain_vars_of_level(expr, 0) && !contain_nonstrict_functions(expr);
}

static bool
is_nulling_safe(Query *query, const Query *subquery, const Place *place)
{
	ListCell   *lc;

	if (place->nulling == NULL)
		return true;
	foreach(lc, uses_of(query, place->rtindex, place->nulling))
	{
		TargetEntry *tle = get_tle_by_resno(subquery->targetList, lfirst_int(lc));

		if (tle == NULL || !is_nulled_by_itself((Node *) tle->expr))	/* NULL: the whole row */
			return false;
	}
	return true;
}

typedef struct CountContext
{
	Node	   *expr;
	int			count;
} CountContext;

static bool
count_walker(Node *node, void *arg)
{
	CountContext *context = (CountContext *) arg;

	if (node == NULL)
		return false;
	if (equal(node, context->expr))
		context->count++;
	return expression_tree_walker(node, count_walker, arg);
}

/*
 * Would an expression of the subquery, put in the place of a column, appear more
 * often in the grouped query than the column did?  Then grouped and ungrouped uses could not be told
 * apart.  before, after: target list and HAVING without and with the subquery pulled up.
 */
static bool
is_mistakable(List *before, List *after, Var *column, Node *expr)
{
	CountContext columns = {(Node *) column, 0};
	CountContext exprs = {expr, 0};

	count_walker((Node *) before, &columns);
	count_walker((Node *) after, &exprs);
	return exprs.count != columns.count || (columns.count > 0 && !contain_vars_of_level(expr, 0));
}

static List *
grouped_exprs(const Query *query)
{
	return list_make2(query->targetList, query->havingQual);
}

/* Under GROUPING SETS: are the columns as distinguishable after pulling up (tlist: as then) as before? */
static bool
is_grouping_safe(const Query *before, const Query *after, const List *tlist, int varno)
{
	ListCell   *lc;

	foreach(lc, tlist)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Var		   *column = makeVarFromTargetEntry(varno, tle);

		if (!tle->resjunk &&
			is_mistakable(grouped_exprs(before), grouped_exprs(after), column, (Node *) tle->expr))
			return false;
	}
	return true;
}

/* ---- pulling up ---- */

typedef struct ReplaceContext
{
	RangeTblEntry *rte;			/* of the subquery */
	List	   *targets;		/* its target list, as seen from the upper query */
} ReplaceContext;

/* The row of a subquery, as PostgreSQL builds it. */
static Node *
whole_row(Var *var, replace_rte_variables_context *context)
{
	ReplaceContext *replace = context->callback_arg;
	RowExpr    *row = makeNode(RowExpr);
	int			levelsup = context->sublevels_up;
	List	   *names;
	List	   *fields;

	expandRTE(replace->rte, var->varno, 0, var->location, var->vartype != RECORDOID,
			  &names, &fields);
	context->sublevels_up = 0;	/* expandRTE's Vars are of level 0 */
	row->args = (List *) replace_rte_variables_mutator((Node *) fields, context);
	context->sublevels_up = levelsup;
	row->row_typeid = var->vartype;
	row->row_format = COERCE_IMPLICIT_CAST;
	row->colnames = var->vartype == RECORDOID ? names : NIL;
	row->location = var->location;
	return (Node *) row;
}

static Node *
replace_var(Var *var, replace_rte_variables_context *context)
{
	ReplaceContext *replace = context->callback_arg;
	Node	   *expr;

	if (var->varattno == InvalidAttrNumber)
		expr = whole_row(var, context);
	else
		expr = copyObject((Node *) get_tle_by_resno(replace->targets, var->varattno)->expr);
	expr = IvmAddNullingRels(expr, var);
	if (var->varlevelsup > 0)
		IncrementVarSublevelsUp(expr, var->varlevelsup, 0);
	return expr;
}

/* What is LATERAL stays so, wherever it is moved. */
static void
pass_on_lateral(Query *subquery)
{
	ListCell   *lc;

	foreach(lc, subquery->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_SUBQUERY || rte->rtekind == RTE_FUNCTION ||
			rte->rtekind == RTE_VALUES || rte->rtekind == RTE_TABLEFUNC ||
			(rte->rtekind == RTE_RELATION && rte->tablesample != NULL))
			rte->lateral = true;
	}
}

/* An entry that stands for one row without columns. */
static void
make_result(RangeTblEntry *rte)
{
	rte->rtekind = RTE_RESULT;
	rte->subquery = NULL;
	rte->lateral = false;
}

/* SELECT without FROM: from one row. */
static void
fill_empty_from(Query *query)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	RangeTblRef *ref = makeNode(RangeTblRef);

	if (query->jointree->fromlist != NIL)
		return;
	make_result(rte);
	rte->eref = makeAlias("*RESULT*", NIL);
	query->rtable = lappend(query->rtable, rte);
	ref->rtindex = list_length(query->rtable);
	query->jointree->fromlist = list_make1(ref);
}

/* Put a join tree in the place of a range table entry. */
static Node *
replace_ref(Node *jtnode, int rtindex, Node *by)
{
	ListCell   *lc;

	if (IsA(jtnode, RangeTblRef))
		return ((RangeTblRef *) jtnode)->rtindex == rtindex ? by : jtnode;
	if (IsA(jtnode, JoinExpr))
	{
		((JoinExpr *) jtnode)->larg = replace_ref(((JoinExpr *) jtnode)->larg, rtindex, by);
		((JoinExpr *) jtnode)->rarg = replace_ref(((JoinExpr *) jtnode)->rarg, rtindex, by);
		return jtnode;
	}
	foreach(lc, castNode(FromExpr, jtnode)->fromlist)
		lfirst(lc) = replace_ref(lfirst(lc), rtindex, by);
	return jtnode;
}

/* The query with a subquery pulled up; NULL where that would change it. */
static Query *
pull_up(Query *query, const Place *place)
{
	RangeTblEntry *rte = rt_fetch(place->rtindex, query->rtable);
	Query	   *subquery = copyObject(rte->subquery);
	int			offset = list_length(query->rtable);
	ReplaceContext replace = {rte};
	Query	   *result;

	fill_empty_from(subquery);
	OffsetVarNodes((Node *) subquery, offset, 0);
	IncrementVarSublevelsUp((Node *) subquery, -1, 1);
	replace.targets = subquery->targetList;
	result = (Query *) replace_rte_variables((Node *) query, place->rtindex, 0, replace_var,
											 &replace, NULL);
	if (query->groupingSets != NIL &&
		!is_grouping_safe(query, result, replace.targets, place->rtindex))
		return NULL;

	if (rte->lateral)
		pass_on_lateral(subquery);
	make_result(rt_fetch(place->rtindex, result->rtable));
	IvmAppendRangeTable(result, subquery);
	result->hasSubLinks |= subquery->hasSubLinks;
	result->hasRowSecurity |= subquery->hasRowSecurity;
	replace_ref((Node *) result->jointree, place->rtindex, (Node *) subquery->jointree);
	return result;
}

/*
 * Find the first subquery in FROM that is not among those that stay.
 */
static bool
find_subquery(const Query *query, Node *jtnode, const Bitmapset *stay, Place *place)
{
	Place		here = *place;
	ListCell   *lc;

	if (IsA(jtnode, RangeTblRef))
	{
		place->rtindex = ((RangeTblRef *) jtnode)->rtindex;
		return rt_fetch(place->rtindex, query->rtable)->rtekind == RTE_SUBQUERY &&
			!bms_is_member(place->rtindex, stay);
	}
	if (IsA(jtnode, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) jtnode;

		if (join->jointype != JOIN_INNER)
			place->outer = join;
		if (join->jointype == JOIN_RIGHT || join->jointype == JOIN_FULL)
			place->nulling = join;
		if (find_subquery(query, join->larg, stay, place))
			return true;
		place->outer = join->jointype != JOIN_INNER ? join : here.outer;
		place->nulling = join->jointype == JOIN_LEFT || join->jointype == JOIN_FULL ?
			join : here.nulling;
		return find_subquery(query, join->rarg, stay, place);
	}
	foreach(lc, castNode(FromExpr, jtnode)->fromlist)
	{
		*place = here;
		if (find_subquery(query, lfirst(lc), stay, place))
			return true;
	}
	return false;
}

static Query *
pull_up_all(Query *query)
{
	Bitmapset  *stay = NULL;

	for (;;)
	{
		Place		place = {0};
		Query	   *subquery;
		Query	   *result = NULL;

		if (!find_subquery(query, (Node *) query->jointree, stay, &place))
			return query;
		subquery = rt_fetch(place.rtindex, query->rtable)->subquery;
		if (is_plain(subquery) &&
			(!rt_fetch(place.rtindex, query->rtable)->lateral ||
			 is_lateral_safe(subquery, &place)) &&
			is_nulling_safe(query, subquery, &place))
			result = pull_up(query, &place);
		if (result != NULL)
			query = result;
		else
			stay = bms_add_member(stay, place.rtindex);
	}
}

/* ---- joins ---- */

/* Replace Vars of joins by what they stand for; then nothing refers to a join's columns. */
static void
flatten_aliases(Query *query)
{
	ListCell   *lc;

	query->targetList = (List *) IvmFlattenJoinAliases(query, (Node *) query->targetList);
	query->havingQual = IvmFlattenJoinAliases(query, query->havingQual);
	query->jointree = (FromExpr *) IvmFlattenJoinAliases(query, (Node *) query->jointree);
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (!rte->lateral)
			continue;
		rte->subquery = (Query *) IvmFlattenJoinAliases(query, (Node *) rte->subquery);
		rte->functions = (List *) IvmFlattenJoinAliases(query, (Node *) rte->functions);
		rte->values_lists = (List *) IvmFlattenJoinAliases(query, (Node *) rte->values_lists);
		rte->tablefunc = (TableFunc *) IvmFlattenJoinAliases(query, (Node *) rte->tablefunc);
		rte->tablesample = (TableSampleClause *)
			IvmFlattenJoinAliases(query, (Node *) rte->tablesample);
	}
	foreach(lc, query->rtable)
		lfirst_node(RangeTblEntry, lc)->joinaliasvars = NIL;
}

/* Add the parts of a condition to a list. */
static List *
add_quals(List *quals, Node *cond)
{
	return list_concat(quals, list_copy(make_ands_implicit((Expr *) cond)));
}

static Node *
all_quals(List *quals)
{
	return quals == NIL ? NULL : (Node *) make_ands_explicit(quals);
}

/* LEFT for RIGHT. */
static void
turn_around(Query *query, JoinExpr *join)
{
	Node	   *left = join->larg;

	if (join->jointype != JOIN_RIGHT)
		return;
	join->larg = join->rarg;
	join->rarg = left;
	join->jointype = JOIN_LEFT;
	if (join->rtindex != 0)
		rt_fetch(join->rtindex, query->rtable)->jointype = JOIN_LEFT;
}

/* One row without columns adds nothing to a product. */
static List *
drop_results(const Query *query, List *items)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		Node	   *item = lfirst(lc);

		if (list_length(items) > 1 && IsA(item, RangeTblRef) &&
			rt_fetch(((RangeTblRef *) item)->rtindex, query->rtable)->rtekind == RTE_RESULT)
			items = foreach_delete_current(items, lc);
	}
	return items;
}

/* An arm of an outer join. */
static Node *
make_arm(const Query *query, List *items, List *quals)
{
	items = drop_results(query, items);
	if (list_length(items) == 1 && quals == NIL)
		return linitial(items);
	return (Node *) makeFromExpr(items, all_quals(quals));
}

/*
 * Take a join tree apart into items whose product it is, and conditions on them.
 */
static void
dissolve(Query *query, Node *jtnode, List **items, List **quals)
{
	if (IsA(jtnode, RangeTblRef))
		*items = lappend(*items, jtnode);
	else if (IsA(jtnode, FromExpr))
	{
		FromExpr   *from = (FromExpr *) jtnode;
		ListCell   *lc;

		foreach(lc, from->fromlist)
			dissolve(query, lfirst(lc), items, quals);
		*quals = add_quals(*quals, from->quals);
	}
	else
	{
		JoinExpr   *join = castNode(JoinExpr, jtnode);
		List	   *left = NIL;
		List	   *right = NIL;
		List	   *left_quals = NIL;
		List	   *right_quals = NIL;

		turn_around(query, join);
		dissolve(query, join->larg, &left, &left_quals);
		dissolve(query, join->rarg, &right, &right_quals);
		if (join->jointype == JOIN_FULL)
		{
			join->larg = make_arm(query, left, left_quals);
			join->rarg = make_arm(query, right, right_quals);
			*items = lappend(*items, join);
			return;
		}
		*quals = list_concat(*quals, left_quals);
		if (join->jointype == JOIN_INNER)
		{
			*items = list_concat(list_concat(*items, left), right);
			*quals = add_quals(list_concat(*quals, right_quals), join->quals);
			return;
		}
		join->larg = make_arm(query, left, NIL);
		join->rarg = make_arm(query, right, NIL);
		join->quals = all_quals(list_concat(add_quals(NIL, join->quals), right_quals));
		*items = lappend(*items, join);
	}
}

/* ---- all of it ---- */

static Query *
flatten_query(Query *query)
{
	List	   *items = NIL;
	List	   *quals = NIL;
	ListCell   *lc;

	check_stack_depth();
	IvmFlattenGroupExprs(query);
	flatten_aliases(query);
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_FUNCTION)
			inline_function(rte);
		if (rte->rtekind == RTE_SUBQUERY)
			rte->subquery = flatten_query(rte->subquery);
	}
	query = pull_up_all(query);
	dissolve(query, (Node *) query->jointree, &items, &quals);
	query->jointree = makeFromExpr(drop_results(query, items), all_quals(quals));
	return query;
}

Query *
IvmFlattenQuery(Query *query, const char *text)
{
	query = copyObject(query);
	remove_with_walker((Node *) query, unconstify(char *, text));
	return flatten_query(query);
}

static void
collect_entries(const Query *query, Node *jtnode, RTEKind kind, List **entries)
{
	ListCell   *lc;

	if (IsA(jtnode, RangeTblRef))
	{
		int			rtindex = ((RangeTblRef *) jtnode)->rtindex;

		if (rt_fetch(rtindex, query->rtable)->rtekind == kind)
			*entries = lappend_int(*entries, rtindex);
	}
	else if (IsA(jtnode, JoinExpr))
	{
		collect_entries(query, ((JoinExpr *) jtnode)->larg, kind, entries);
		collect_entries(query, ((JoinExpr *) jtnode)->rarg, kind, entries);
	}
	else
	{
		foreach(lc, castNode(FromExpr, jtnode)->fromlist)
			collect_entries(query, lfirst(lc), kind, entries);
	}
}

List *
IvmFromEntries(const Query *query, RTEKind kind)
{
	List	   *entries = NIL;

	collect_entries(query, (Node *) query->jointree, kind, &entries);
	return entries;
}
