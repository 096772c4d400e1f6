/*-------------------------------------------------------------------------
 *
 * explain.c
 *		What EXPLAIN says about a read.
 *
 * Key Cond: the conditions pushed down.  Access: what was used, or, where the
 * node has not run, what would be used at this moment.  With ANALYZE, reads from the store
 * also tell how many deltas they merged.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "scan/explain.h"
#include "scan/paths.h"
#include "scan/scan.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "view/catalog.h"

/*
 * Finding a plan node's ancestors, closest first, as EXPLAIN keeps them: names
 * of parameters are looked up there, and PostgreSQL does not hand them to us.
 */
typedef struct AncestorSearch
{
	PlannedStmt *stmt;
	Plan	   *target;
	List	   *ancestors;
} AncestorSearch;

static bool find_below(Plan *plan, AncestorSearch *search);

static bool
find_in_list(List *plans, AncestorSearch *search)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		if (find_below(lfirst(lc), search))
			return true;
	}
	return false;
}

/* In the subplans that expressions refer to. */
static bool
find_in_subplans(Node *node, void *context)
{
	AncestorSearch *search = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
	{
		SubPlan    *subplan = (SubPlan *) node;

		if (find_below(list_nth(search->stmt->subplans, subplan->plan_id - 1), search))
		{
			search->ancestors = lappend(search->ancestors, subplan);
			return true;
		}
	}
	return expression_tree_walker(node, find_in_subplans, context);
}

/* In the children that plan nodes of some types have besides the usual two. */
static bool
find_in_special(Plan *plan, AncestorSearch *search)
{
	switch (nodeTag(plan))
	{
		case T_Append:
			return find_in_list(((Append *) plan)->appendplans, search);
		case T_MergeAppend:
			return find_in_list(((MergeAppend *) plan)->mergeplans, search);
		case T_SubqueryScan:
			return find_below(((SubqueryScan *) plan)->subplan, search);
		case T_CustomScan:
			return find_in_list(((CustomScan *) plan)->custom_plans, search);
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			return find_in_subplans((Node *) ((Join *) plan)->joinqual, search);
		case T_Result:
			return find_in_subplans(((Result *) plan)->resconstantqual, search);
		default:
			return false;
	}
}

static bool
find_below(Plan *plan, AncestorSearch *search)
{
	if (plan == NULL)
		return false;
	if (plan == search->target)
		return true;
	if (find_below(outerPlan(plan), search) || find_below(innerPlan(plan), search) ||
		find_in_special(plan, search) ||
		find_in_subplans((Node *) plan->initPlan, search) ||
		find_in_subplans((Node *) plan->targetlist, search) ||
		find_in_subplans((Node *) plan->qual, search))
	{
		search->ancestors = lappend(search->ancestors, plan);
		return true;
	}
	return false;
}

static void
explain_key_cond(ForeignScan *plan, ExplainState *es)
{
	AncestorSearch search = {es->pstmt, (Plan *) plan, NIL};
	List	   *context;
	bool		prefix = list_length(es->rtable) > 1 || es->verbose;

	find_below(es->pstmt->planTree, &search);
	context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, search.ancestors);
	ExplainPropertyText("Key Cond",
						deparse_expression((Node *) make_ands_explicit(plan->fdw_recheck_quals),
										   context, prefix, false),
						es);
}

/* Why the read is live, or NULL. */
static const char *
live_reason(ForeignScanState *node)
{
	IvmReader  *reader = IvmScanReader(node);
	const char *reason = NULL;

	if (reader != NULL)
		return IvmReaderLiveReason(reader);
	if (IvmReaderPick(IvmViewGet(RelationGetRelid(node->ss.ss_currentRelation)),
					  node->ss.ps.state->es_snapshot, NULL, &reason) != NULL)
		return NULL;
	return reason;
}

/* How the store is accessed. */
static const char *
store_access(ForeignScanState *node, ForeignScan *plan)
{
	IvmView    *view = IvmViewGet(RelationGetRelid(node->ss.ss_currentRelation));

	if (plan->fdw_recheck_quals == NIL)
		return "full scan";
	if (linitial_int(list_nth(plan->fdw_private, IVM_PLAN_NEQUAL)) == view->nkeys)
		return "key lookup";
	return "key range";
}

void
IvmExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *plan = castNode(ForeignScan, node->ss.ps.plan);
	IvmReader  *reader = IvmScanReader(node);
	const char *reason = live_reason(node);

	if (plan->fdw_recheck_quals != NIL)
		explain_key_cond(plan, es);
	if (reason != NULL)
		ExplainPropertyText("Access", psprintf("live query (%s)", reason), es);
	else
		ExplainPropertyText("Access", store_access(node, plan), es);
	if (es->analyze && reader != NULL && reason == NULL)
		ExplainPropertyInteger("Pending Deltas Merged", NULL, IvmReaderDeltas(reader), es);
}
