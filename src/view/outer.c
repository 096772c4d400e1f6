/*-------------------------------------------------------------------------
 *
 * outer.c
 *		Outer joins, EXISTS and IN: rows that depend on whether others match.
 *
 * Let I be the tables that are inner-joined, and L1 … Lk those on the right of LEFT
 * JOINs.  A row of the join has a *pattern*, the set P of the Li that have matched in it; it is made
 * of rows of I and of the Li in P, and shown if it matches none of the others.  That is kept so:
 *
 *	- its key is what it shows (nulls for those that have not matched), the pattern, and
 *	  all columns that the ON conditions use;
 *	- its state has the number of such rows, and for each Lj a count of matches.
 *
 * Both are multilinear: the rows are those of the inner join of I and the Li in P; the matches
 * with Lj those of the inner join of I, the Li in P, and Lj.  Each of these joins is a part of the view that
 * counts under the same keys.  A read shows a key as often as it has rows, if its counts
 * of matches are zero (SHAPES.md calls this rule E).  EXISTS and IN are joins of which only the count of
 * matches is kept, and asked to be positive; NOT EXISTS asks it to be zero.  In FULL JOIN
 * each arm is a match of the other, and no row is without both.
 *
 * WHERE applies to rows, not to matches, with nulls for those that have not matched.  Patterns that it
 * can never let pass are left out, as are those whose ON conditions cannot hold.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "view/counts.h"
#include "view/flatten.h"
#include "view/outer.h"
#include "view/querytext.h"
#include "view/refuse.h"

#define MAX_OUTER_JOINS		3
#define MAX_COUNTS			16

typedef enum MatchKind
{
	MATCH_OUTER,				/* LEFT JOIN: a row without matches is shown with nulls */
	MATCH_SEMI,					/* EXISTS, IN */
	MATCH_ANTI					/* NOT EXISTS */
} MatchKind;

/* What is matched with. */
typedef struct Match
{
	MatchKind	kind;
	Bitmapset  *varnos;
	List	   *quals;			/* ON, or the subquery's WHERE; of FULL JOIN: the arm's own */
} Match;

typedef struct IvmOuter
{
	Bitmapset  *inner;			/* varnos of what is inner-joined */
	List	   *matches;		/* of Match *; outer joins first */
	int			nouter;
	List	   *joint;			/* FULL JOIN's ON: where both of its arms, the first two matches, are joined */
	List	   *quals;			/* WHERE, but for EXISTS and the like */
	List	   *extras;			/* columns that conditions of matches use */
} IvmOuter;

/* ---- EXISTS and IN ---- */

/* The subquery's FROM and WHERE say it all. */
static bool
is_simple_subquery(Query *sub)
{
	ListCell   *lc;

	if (sub->hasAggs || sub->groupClause != NIL || sub->groupingSets != NIL ||
		sub->havingQual != NULL || sub->limitCount != NULL || sub->limitOffset != NULL ||
		sub->setOperations != NULL || sub->hasWindowFuncs || sub->hasTargetSRFs ||
		sub->hasSubLinks || sub->rowMarks != NIL)
		return false;
	foreach(lc, sub->jointree->fromlist)
	{
		if (!IsA(lfirst(lc), RangeTblRef) ||
			rt_fetch(((RangeTblRef *) lfirst(lc))->rtindex, sub->rtable)->rtekind == RTE_SUBQUERY)
			return false;
	}
	return true;
}

/* IN's comparison, with the subquery's outputs in the place of its parameters. */
static Node *
in_condition(Node *node, void *arg)
{
	Query	   *sub = arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_SUBLINK)
		return copyObject((Node *) get_tle_by_resno(sub->targetList,
													((Param *) node)->paramid)->expr);
	return expression_tree_mutator(node, in_condition, arg);
}

/* Merge the subquery's range table and conditions into the block. */
static Match *
pull_subquery(Query *query, Query *sub, Node *testexpr, MatchKind kind)
{
	Match	   *match = palloc0_object(Match);
	List	   *quals = make_ands_implicit((Expr *) sub->jointree->quals);
	int			offset = list_length(query->rtable);
	ListCell   *lc;

	OffsetVarNodes((Node *) quals, offset, 0);
	foreach(lc, sub->rtable)
	{
		OffsetVarNodes((Node *) lfirst_node(RangeTblEntry, lc)->functions, offset, 0);
		OffsetVarNodes((Node *) lfirst_node(RangeTblEntry, lc)->values_lists, offset, 0);
	}
	OffsetVarNodes((Node *) sub->targetList, offset, 0);
	IncrementVarSublevelsUp((Node *) quals, -1, 1);
	IncrementVarSublevelsUp((Node *) sub->targetList, -1, 1);
	IncrementVarSublevelsUp_rtable(sub->rtable, -1, 1);
	if (testexpr != NULL)
		quals = list_concat(quals,
							make_ands_implicit((Expr *) in_condition(testexpr, sub)));
	match->kind = kind;
	match->quals = quals;
	foreach(lc, sub->jointree->fromlist)
		match->varnos = bms_add_member(match->varnos,
									   ((RangeTblRef *) lfirst(lc))->rtindex + offset);
	query->rtable = list_concat(query->rtable, sub->rtable);
	return match;
}

/* The condition as a match, or NULL. */
static Match *
match_of_qual(IvmSplit *split, Node *qual)
{
	bool		negated = is_notclause(qual);
	SubLink    *sublink = (SubLink *) (negated ? (Node *) get_notclausearg(qual) : qual);
	Query	   *sub;

	if (!IsA(sublink, SubLink) ||
		!(sublink->subLinkType == EXISTS_SUBLINK ||
		  (sublink->subLinkType == ANY_SUBLINK && !negated)))
		return NULL;
	sub = IvmFlattenQuery(castNode(Query, sublink->subselect), split->text);
	if (!is_simple_subquery(sub))
		return NULL;
	return pull_subquery(split->query, sub, sublink->testexpr,
						 negated ? MATCH_ANTI : MATCH_SEMI);
}

/* ---- FROM ---- */

static bool take_item(IvmOuter *outer, Node *item, Bitmapset **varnos);

static bool
take_left_join(IvmOuter *outer, JoinExpr *join, Bitmapset **varnos)
{
	Match	   *match = palloc0_object(Match);

	if (join->jointype != JOIN_LEFT || !take_item(outer, join->larg, varnos))
		return false;
	if (IsA(join->rarg, JoinExpr) || !take_item(NULL, join->rarg, &match->varnos))
		return false;
	match->kind = MATCH_OUTER;
	match->quals = make_ands_implicit((Expr *) join->quals);
	outer->matches = lappend(outer->matches, match);
	outer->nouter++;
	return true;
}

/* Sort an item of FROM in; outer NULL: only plain ones will do. */
static bool
take_item(IvmOuter *outer, Node *item, Bitmapset **varnos)
{
	ListCell   *lc;

	if (IsA(item, RangeTblRef))
	{
		*varnos = bms_add_member(*varnos, ((RangeTblRef *) item)->rtindex);
		return true;
	}
	if (IsA(item, JoinExpr))
		return outer != NULL && take_left_join(outer, (JoinExpr *) item, varnos);
	foreach(lc, castNode(FromExpr, item)->fromlist)
	{
		if (!take_item(outer, lfirst(lc), varnos))
			return false;
	}
	return castNode(FromExpr, item)->quals == NULL;
}

/* An arm of FULL JOIN: a table, or several with their conditions. */
static bool
take_arm(IvmOuter *outer, Node *arm)
{
	Match	   *match = palloc0_object(Match);

	if (IsA(arm, FromExpr))
	{
		match->quals = make_ands_implicit((Expr *) ((FromExpr *) arm)->quals);
		((FromExpr *) arm)->quals = NULL;
	}
	match->kind = MATCH_OUTER;
	outer->matches = lappend(outer->matches, match);
	outer->nouter++;
	return !IsA(arm, JoinExpr) && take_item(NULL, arm, &match->varnos);
}

/* FULL JOIN by itself in FROM. */
static bool
take_full_join(IvmOuter *outer, FromExpr *from)
{
	JoinExpr   *join = linitial(from->fromlist);

	if (list_length(from->fromlist) != 1 || !IsA(join, JoinExpr) || join->jointype != JOIN_FULL)
		return false;
	outer->joint = make_ands_implicit((Expr *) join->quals);
	return take_arm(outer, join->larg) && take_arm(outer, join->rarg);
}

/* The items of FROM. */
static void
take_from(IvmSplit *split, IvmOuter *outer)
{
	FromExpr   *from = split->query->jointree;
	ListCell   *lc;

	if (take_full_join(outer, from))
		return;
	foreach(lc, from->fromlist)
	{
		if (outer->joint != NIL || !take_item(outer, lfirst(lc), &outer->inner))
			IvmRefuse(split->text, IvmFromLocation(split->text, 0),
					  "a FULL JOIN beside other joins, or an outer join on the right of another, is not supported in the query of a view",
					  "Use LEFT JOINs one after the other.");
	}
}

static void
check_count(IvmSplit *split, const IvmOuter *outer)
{
	if (outer->nouter > MAX_OUTER_JOINS || list_length(outer->matches) > MAX_COUNTS)
		IvmRefuse(split->text, IvmFromLocation(split->text, 0),
				  psprintf("more than %d outer joins in one SELECT are not supported in the query of a view",
						   MAX_OUTER_JOINS),
				  "Make views of parts of the query, and join them when you read.");
}

bool
IvmOuterFind(IvmSplit *split)
{
	IvmOuter   *outer = palloc0_object(IvmOuter);
	FromExpr   *from = split->query->jointree;
	List	   *semis = NIL;
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) from->quals))
	{
		Match	   *match = match_of_qual(split, lfirst(lc));

		if (match != NULL)
			semis = lappend(semis, match);
		else
			outer->quals = lappend(outer->quals, lfirst(lc));
	}
	take_from(split, outer);
	outer->matches = list_concat(outer->matches, semis);
	if (outer->matches == NIL)
		return false;
	check_count(split, outer);
	split->outer = outer;
	return true;
}

/* ---- patterns ---- */

static Match *
match_number(const IvmOuter *outer, int i)
{
	return list_nth(outer->matches, i);
}

/* What is joined in a pattern, with one more match (-1: none). */
static Bitmapset *
varnos_of(const IvmOuter *outer, uint32 pattern, int more)
{
	Bitmapset  *varnos = bms_copy(outer->inner);

	for (int i = 0; i < list_length(outer->matches); i++)
	{
		if ((pattern & ((uint32) 1 << i)) || i == more)
			varnos = bms_add_members(varnos, match_number(outer, i)->varnos);
	}
	return varnos;
}

/* Replace columns of what is not joined by nulls. */
static Node *
null_mutator(Node *node, void *arg)
{
	Bitmapset  *varnos = arg;
	Var		   *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && var->varlevelsup == 0 && !bms_is_member(var->varno, varnos))
		return (Node *) makeNullConst(var->vartype, var->vartypmod, var->varcollid);
	return expression_tree_mutator(node, null_mutator, arg);
}

/* Add conditions as they are there.  False where one of them never holds. */
static bool
add_quals(List **to, List *quals, Bitmapset *varnos)
{
	ListCell   *lc;

	foreach(lc, quals)
	{
		Node	   *qual = null_mutator(lfirst(lc), varnos);
		Node	   *folded = eval_const_expressions(NULL, copyObject(qual));

		if (IsA(folded, Const) &&
			(((Const *) folded)->constisnull || !DatumGetBool(((Const *) folded)->constvalue)))
			return false;
		*to = lappend(*to, qual);
	}
	return true;
}

/* Conditions of WHERE that only concern what is always there. */
static bool
is_inner_qual(const IvmOuter *outer, Node *qual)
{
	return bms_is_subset(pull_varnos(NULL, qual), outer->inner);
}

/*
 * FROM and WHERE of a part: the rows of a pattern (more -1), or their matches.
 * NULL where there are never any.
 */
static FromExpr *
part_from(const IvmOuter *outer, uint32 pattern, int more)
{
	Bitmapset  *varnos = varnos_of(outer, pattern, more);
	List	   *quals = NIL;
	List	   *items = NIL;
	int			varno = -1;
	ListCell   *lc;

	if (bms_is_empty(varnos))
		return NULL;
	if (outer->joint != NIL && bms_overlap(match_number(outer, 0)->varnos, varnos) &&
		bms_overlap(match_number(outer, 1)->varnos, varnos) &&
		!add_quals(&quals, outer->joint, varnos))
		return NULL;
	for (int i = 0; i < list_length(outer->matches); i++)
	{
		if (((pattern & ((uint32) 1 << i)) || i == more) &&
			!add_quals(&quals, match_number(outer, i)->quals, varnos))
			return NULL;
	}
	foreach(lc, outer->quals)
	{
		if ((more < 0 || is_inner_qual(outer, lfirst(lc))) &&
			!add_quals(&quals, list_make1(lfirst(lc)), varnos))
			return NULL;
	}
	while ((varno = bms_next_member(varnos, varno)) >= 0)
	{
		RangeTblRef *ref = makeNode(RangeTblRef);

		ref->rtindex = varno;
		items = lappend(items, ref);
	}
	return makeFromExpr(items, quals == NIL ? NULL : (Node *) make_ands_explicit(quals));
}

/* ---- keys ---- */

static bool
extras_walker(Node *node, void *arg)
{
	IvmSplit   *split = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0)
	{
		/* the semi-joined tables' own columns are not the row's */
		for (int i = split->outer->nouter; i < list_length(split->outer->matches); i++)
		{
			if (bms_is_member(((Var *) node)->varno, match_number(split->outer, i)->varnos))
				return false;
		}
		if (IvmPositionInList(split->keys, node) < 0)
			split->outer->extras = list_append_unique(split->outer->extras, node);
		return false;
	}
	return expression_tree_walker(node, extras_walker, arg);
}

/* The keys of a part: what is shown, the pattern, and what the conditions of matches use. */
static List *
part_keys(IvmSplit *split, List *shown, uint32 pattern)
{
	Bitmapset  *varnos = varnos_of(split->outer, pattern, -1);
	List	   *keys = (List *) null_mutator((Node *) shown, varnos);

	keys = lappend(keys, makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
								   Int32GetDatum((int32) pattern), false, true));
	return list_concat(keys, (List *) null_mutator((Node *) split->outer->extras, varnos));
}

/* ---- parts ---- */

/* Entries of joins are not to be there where the joins are not. */
static void
forget_joins(Query *query)
{
	ListCell   *lc;

	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind != RTE_JOIN)
			continue;
		rte->rtekind = RTE_RESULT;
		rte->jointype = JOIN_INNER;
		rte->joinaliasvars = NIL;
	}
}

static void
split_part(IvmSplit *split, List *shown, FromExpr *from, uint32 pattern, int more)
{
	Query	   *query = copyObject(split->query);

	query->jointree = from;
	forget_joins(query);
	IvmCountsSplitPart(split, query, IvmFromEntries(query, RTE_RELATION),
					   part_keys(split, shown, pattern), split->ngrouped,
					   list_length(split->outer->matches), more);
}

/* The parts of a pattern: its rows, and the matches that rows must not, or must, have. */
static void
split_pattern(IvmSplit *split, List *shown, uint32 pattern)
{
	IvmOuter   *outer = split->outer;
	FromExpr   *rows = part_from(outer, pattern, -1);

	if (rows == NULL)
		return;
	split_part(split, shown, rows, pattern, -1);
	for (int i = 0; i < list_length(outer->matches); i++)
	{
		FromExpr   *matches;

		if (pattern & ((uint32) 1 << i))
			continue;
		matches = part_from(outer, pattern, i);
		if (matches != NULL)
			split_part(split, shown, matches, pattern, i);
	}
}

/* ---- what is shown ---- */

/* Is the row's pattern one that has the match? */
static Expr *
pattern_has(const IvmOuter *outer, int patternkey, int match)
{
	ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);
	Datum	   *patterns = palloc_array(Datum, (Size) 1 << outer->nouter);
	int			n = 0;

	for (uint32 pattern = 0; pattern < (uint32) 1 << outer->nouter; pattern++)
	{
		if (pattern & ((uint32) 1 << match))
			patterns[n++] = Int32GetDatum((int32) pattern);
	}
	any->opno = Int4EqualOperator;
	any->opfuncid = F_INT4EQ;
	any->useOr = true;
	any->location = -1;
	any->args = list_make2(makeVar(1, patternkey + 1, INT4OID, -1, InvalidOid, 0),
						   makeConst(INT4ARRAYOID, -1, InvalidOid, -1,
									 PointerGetDatum(construct_array(patterns, n, INT4OID, 4,
																	 true, TYPALIGN_INT)),
									 false, false));
	return (Expr *) any;
}

static void
make_condition(IvmSplit *split, int patternkey)
{
	IvmView    *view = split->view;
	IvmOuter   *outer = split->outer;
	List	   *conditions = NIL;

	for (int i = 0; i < list_length(outer->matches); i++)
	{
		Expr	   *condition;

		switch (match_number(outer, i)->kind)
		{
			case MATCH_OUTER:
				condition = makeBoolExpr(OR_EXPR, list_make2(pattern_has(outer, patternkey, i),
															 IvmCountIsZero(view, i)), -1);
				break;
			case MATCH_SEMI:
				condition = IvmCountIsPositive(view, i);
				break;
			default:
				condition = IvmCountIsZero(view, i);
				break;
		}
		conditions = lappend(conditions, condition);
	}
	view->having = (Expr *) make_ands_explicit(conditions);
}

void
IvmOuterSplit(IvmSplit *split)
{
	IvmView    *view = split->view;
	IvmOuter   *outer = split->outer;
	uint32		npatterns = (uint32) 1 << outer->nouter;
	ListCell   *lc;

	foreach(lc, outer->matches)
		extras_walker((Node *) ((Match *) lfirst(lc))->quals, split);
	extras_walker((Node *) outer->joint, split);
	view->parts = palloc_array(IvmView *, npatterns * (list_length(outer->matches) + 1));
	for (uint32 pattern = 0; pattern < npatterns; pattern++)
		split_pattern(split, split->keys, pattern);
	if (view->nparts == 0)
		IvmRefuse(split->text, IvmFromLocation(split->text, 0),
				  "the query of a view can never have a row", "Look at its conditions.");
	IvmCountsShow(view);
	make_condition(split, list_length(split->keys));
}
