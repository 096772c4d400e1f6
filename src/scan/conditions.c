/*-------------------------------------------------------------------------
 *
 * conditions.c
 *		Conditions on key columns: recognised by the planner as an index would,
 *		carried in the plan, and turned into values at run time.
 *
 * A clause is a key condition if its truth for a group can be told from the
 * canonical bytes of one key column (for hashed columns: if those bytes are
 * necessary; such clauses are checked again on each row).  Operators must
 * belong to the key type's default operator class, collations must agree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "scan/conditions.h"
#include "utils/lsyscache.h"

/* What classification needs to know. */
typedef struct CondContext
{
	PlannerInfo *root;
	RelOptInfo *rel;
	const IvmView *view;
	const int  *outputs;
} CondContext;

int *
IvmOutputsOfColumns(TupleDesc desc)
{
	int		   *outputs = palloc(Max(desc->natts, 1) * sizeof(int));
	int			next = 0;

	for (int i = 0; i < desc->natts; i++)
		outputs[i] = TupleDescAttr(desc, i)->attisdropped ? -1 : next++;
	return outputs;
}

int *
IvmColumnsOfOutputs(TupleDesc desc)
{
	int		   *columns = palloc0(Max(desc->natts, 1) * sizeof(int));
	int			next = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped)
			columns[next++] = i;
	}
	return columns;
}

AttrNumber
IvmPlainColumn(Node *node, Index relid)
{
	Var		   *var;

	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node == NULL || !IsA(node, Var))
		return 0;
	var = (Var *) node;
	if (var->varno != relid || var->varlevelsup != 0)
		return 0;
	return Max(var->varattno, 0);
}

/* Is the expression a column that shows a key?  Sets cond->output and key. */
static bool
match_key(const CondContext *cxt, Node *node, IvmKeyCond *cond)
{
	AttrNumber	attno = IvmPlainColumn(node, cxt->rel->relid);

	if (attno == 0)
		return false;
	cond->output = cxt->outputs[attno - 1];
	if (cond->output < 0 || cond->output >= cxt->view->noutputs)
		return false;
	cond->key = cxt->view->outkey[cond->output];
	return cond->key >= 0;
}

/* Do comparisons under a collation agree with the key's bytes? */
static bool
collation_fits(const IvmKeyColumn *col, Oid inputcollid, IvmCondKind kind)
{
	if (!OidIsValid(inputcollid) || inputcollid == col->collation)
		return true;
	return !IvmCondIsRange(kind) && OidIsValid(col->collation) &&
		get_collation_isdeterministic(col->collation) &&
		get_collation_isdeterministic(inputcollid);
}

/* What kind of comparison is the operator for the key column, with the key on its left? */
static bool
operator_kind(const IvmKeyColumn *col, Oid opno, IvmCondKind *kind)
{
	int			strategy = 0;

	if (OidIsValid(col->opfamily))
		strategy = get_op_opfamily_strategy(opno, col->opfamily);
	if (strategy == 0 && opno == col->eqop)
		strategy = BTEqualStrategyNumber;

	switch (strategy)
	{
		case BTLessStrategyNumber:
			*kind = IVM_COND_LT;
			break;
		case BTLessEqualStrategyNumber:
			*kind = IVM_COND_LE;
			break;
		case BTEqualStrategyNumber:
			*kind = IVM_COND_EQ;
			break;
		case BTGreaterEqualStrategyNumber:
			*kind = IVM_COND_GE;
			break;
		case BTGreaterStrategyNumber:
			*kind = IVM_COND_GT;
			break;
		default:
			return false;
	}
	return !IvmCondIsRange(*kind) || col->klass == IVM_KEY_ORDERED;
}

/* The comparand may be anything that stands still during a scan. */
static bool
comparand_fits(const CondContext *cxt, Node *comparand)
{
	return !bms_is_member(cxt->rel->relid, pull_varnos(cxt->root, comparand)) &&
		!contain_volatile_functions(comparand);
}

/* A comparison's right side: its type must be one that key bytes can be made of. */
static bool
set_comparand(const CondContext *cxt, IvmKeyCond *cond, Node *comparand, Oid opno, Oid inputcollid)
{
	const IvmKeyColumn *col = &cxt->view->keydesc->cols[cond->key];
	Oid			lefttype;
	Oid			righttype;

	if (!collation_fits(col, inputcollid, cond->kind) || !comparand_fits(cxt, comparand))
		return false;

	op_input_types(opno, &lefttype, &righttype);
	if (IsPolymorphicType(righttype) || righttype == RECORDOID)
	{
		righttype = exprType(comparand);
		if (cond->kind == IVM_COND_ANY)
			righttype = get_base_element_type(righttype);
	}
	cond->valtype = OidIsValid(righttype) ? getBaseType(righttype) : InvalidOid;
	cond->comparand = (Expr *) comparand;
	return OidIsValid(cond->valtype) && IvmKeyCanEncodeAs(col, cond->valtype);
}

/* key op expr, or expr op key */
static bool
match_comparison(const CondContext *cxt, OpExpr *op, IvmKeyCond *cond)
{
	const IvmKeyColumn *col;
	Node	   *left;
	Node	   *right;
	Oid			opno = op->opno;

	if (list_length(op->args) != 2)
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);

	if (!match_key(cxt, left, cond))
	{
		if (!match_key(cxt, right, cond))
			return false;
		cond->commuted = true;
		opno = get_commutator(opno);
		right = left;
	}
	col = &cxt->view->keydesc->cols[cond->key];
	return OidIsValid(opno) && operator_kind(col, opno, &cond->kind) &&
		set_comparand(cxt, cond, right, opno, op->inputcollid);
}

/* key = ANY (array) */
static bool
match_any(const CondContext *cxt, ScalarArrayOpExpr *op, IvmKeyCond *cond)
{
	if (!op->useOr || !match_key(cxt, linitial(op->args), cond) ||
		!operator_kind(&cxt->view->keydesc->cols[cond->key], op->opno, &cond->kind) ||
		cond->kind != IVM_COND_EQ)
		return false;
	cond->kind = IVM_COND_ANY;
	return set_comparand(cxt, cond, lsecond(op->args), op->opno, op->inputcollid);
}

/* key IS [NOT] NULL */
static bool
match_null_test(const CondContext *cxt, NullTest *test, IvmKeyCond *cond)
{
	if (test->argisrow || !match_key(cxt, (Node *) test->arg, cond))
		return false;
	cond->kind = test->nulltesttype == IS_NULL ? IVM_COND_NULL : IVM_COND_NOT_NULL;
	return cond->kind == IVM_COND_NULL ||
		cxt->view->keydesc->cols[cond->key].klass == IVM_KEY_ORDERED;
}

/* A boolean key by itself, negated, or with IS TRUE and its like. */
static bool
match_boolean(const CondContext *cxt, Node *clause, IvmKeyCond *cond)
{
	Node	   *column = clause;

	cond->kind = IVM_COND_TRUE;
	if (is_notclause(clause))
	{
		cond->kind = IVM_COND_FALSE;
		column = (Node *) get_notclausearg(clause);
	}
	else if (IsA(clause, BooleanTest))
	{
		BooleanTest *test = (BooleanTest *) clause;

		column = (Node *) test->arg;
		if (test->booltesttype == IS_TRUE)
			cond->kind = IVM_COND_TRUE;
		else if (test->booltesttype == IS_FALSE)
			cond->kind = IVM_COND_FALSE;
		else if (test->booltesttype == IS_UNKNOWN)
			cond->kind = IVM_COND_NULL;
		else
			return false;
	}
	return match_key(cxt, column, cond) &&
		cxt->view->keydesc->cols[cond->key].type == BOOLOID;
}

/* Classify a clause; NULL where it is no key condition. */
static IvmKeyCond *
classify(const CondContext *cxt, RestrictInfo *rinfo)
{
	IvmKeyCond *cond = palloc0(sizeof(IvmKeyCond));
	Node	   *clause = (Node *) rinfo->clause;
	bool		matched;

	cond->rinfo = rinfo;
	if (rinfo->pseudoconstant || !restriction_is_securely_promotable(rinfo, cxt->rel))
		matched = false;
	else if (IsA(clause, OpExpr))
		matched = match_comparison(cxt, (OpExpr *) clause, cond);
	else if (IsA(clause, ScalarArrayOpExpr))
		matched = match_any(cxt, (ScalarArrayOpExpr *) clause, cond);
	else if (IsA(clause, NullTest))
		matched = match_null_test(cxt, (NullTest *) clause, cond);
	else
		matched = match_boolean(cxt, clause, cond);
	return matched ? cond : NULL;
}

bool
IvmIsKeyCond(PlannerInfo *root, RelOptInfo *rel, const IvmView *view,
			 const int *outputs, RestrictInfo *rinfo, int output)
{
	CondContext cxt = {root, rel, view, outputs};
	IvmKeyCond *cond = classify(&cxt, rinfo);

	return cond != NULL && (output < 0 || cond->output == output);
}

/* Move the conditions on a key column from one list to the end of another. */
static List *
take_conds(List *chosen, List *conds, int key, bool *equal, bool *range)
{
	ListCell   *lc;

	*equal = *range = false;
	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		if (cond->key != key)
			continue;
		chosen = lappend(chosen, cond);
		if (IvmCondIsRange(cond->kind))
			*range = true;
		else
			*equal = true;
	}
	return chosen;
}

List *
IvmKeyConds(PlannerInfo *root, RelOptInfo *rel, const IvmView *view,
			const int *outputs, List *rinfos, int *nequal)
{
	CondContext cxt = {root, rel, view, outputs};
	List	   *conds = NIL;
	List	   *chosen = NIL;
	ListCell   *lc;

	*nequal = 0;
	foreach(lc, rinfos)
	{
		IvmKeyCond *cond = classify(&cxt, lfirst_node(RestrictInfo, lc));

		if (cond != NULL)
			conds = lappend(conds, cond);
	}
	for (int key = 0; key < view->nkeys; key++)
	{
		bool		equal;
		bool		range;

		chosen = take_conds(chosen, conds, key, &equal, &range);
		if (!equal)
			break;
		(*nequal)++;
	}
	return chosen;
}

/* ---- in and out of plans ---- */

List *
IvmKeyCondsToPlan(List *conds)
{
	List	   *shapes = NIL;
	List	   *types = NIL;
	ListCell   *lc;

	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		shapes = lappend_int(shapes, cond->kind);
		shapes = lappend_int(shapes, cond->output);
		types = lappend_oid(types, cond->valtype);
	}
	return list_make2(shapes, types);
}

List *
IvmKeyCondsFromPlan(List *private, List *comparands)
{
	List	   *shapes = linitial(private);
	List	   *types = lsecond(private);
	ListCell   *comparand = list_head(comparands);
	List	   *conds = NIL;

	for (int i = 0; i < list_length(types); i++)
	{
		IvmKeyCond *cond = palloc0(sizeof(IvmKeyCond));

		cond->kind = list_nth_int(shapes, 2 * i);
		cond->output = list_nth_int(shapes, 2 * i + 1);
		cond->valtype = list_nth_oid(types, i);
		if (IvmCondHasComparand(cond->kind))
		{
			cond->comparand = lfirst(comparand);
			comparand = lnext(comparands, comparand);
		}
		conds = lappend(conds, cond);
	}
	return conds;
}

/* ---- for live queries ---- */

typedef struct LiveVars
{
	Index		varno;
	const int  *outputs;
} LiveVars;

/* Turn the foreign table's columns into output columns of the view's query. */
static Node *
live_vars_mutator(Node *node, void *context)
{
	LiveVars   *vars = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varno == vars->varno)
	{
		Var		   *var = copyObject((Var *) node);

		var->varno = 1;
		var->varattno = vars->outputs[var->varattno - 1] + 1;
		return (Node *) var;
	}
	return expression_tree_mutator(node, live_vars_mutator, context);
}

static Node *
live_param(int number, Node *comparand)
{
	Param	   *param = makeNode(Param);

	param->paramkind = PARAM_EXTERN;
	param->paramid = number;
	param->paramtype = exprType(comparand);
	param->paramtypmod = exprTypmod(comparand);
	param->paramcollid = exprCollation(comparand);
	param->location = -1;
	return (Node *) param;
}

List *
IvmKeyCondsForLive(List *conds, List *clauses, Index varno, const int *outputs)
{
	LiveVars	vars = {varno, outputs};
	List	   *quals = NIL;
	int			number = 0;
	ListCell   *lc;
	ListCell   *lc2;

	forboth(lc, conds, lc2, clauses)
	{
		IvmKeyCond *cond = lfirst(lc);
		Node	   *clause = copyObject(lfirst(lc2));

		number++;
		if (cond->comparand != NULL)
		{
			List	   *args = IsA(clause, OpExpr) ? ((OpExpr *) clause)->args :
				castNode(ScalarArrayOpExpr, clause)->args;

			lsecond(args) = live_param(number, (Node *) cond->comparand);
		}
		quals = lappend(quals, live_vars_mutator(clause, &vars));
	}
	return quals;
}
