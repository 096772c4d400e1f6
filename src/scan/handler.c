/*-------------------------------------------------------------------------
 *
 * handler.c
 *		The foreign-data wrapper's entry points, and refusal of writes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "nodes/plannodes.h"
#include "parser/parsetree.h"
#include "scan/analyze.h"
#include "scan/explain.h"
#include "scan/paths.h"
#include "scan/scan.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "view/catalog.h"

/* No command may change a view. */
static int
is_updatable(Relation rel)
{
	return 0;
}

static void
refuse_change(Oid relid)
{
	IvmView    *view = IvmViewGet(relid);

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot change view %s", view->name),
			 view->nrels > 1 ? errhint("Change its base tables; the view follows.") :
			 errhint("Change its base table %s; the view follows.",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(view->rels[0].relid)),
												get_rel_name(view->rels[0].relid)))));
}

/* INSERT, UPDATE, DELETE: the earliest point at which we are asked. */
static List *
refuse_modify(PlannerInfo *root, ModifyTable *plan, Index resultRelation, int subplan_index)
{
	refuse_change(planner_rt_fetch(resultRelation, root)->relid);
	return NIL;
}

static void
refuse_truncate(List *rels, DropBehavior behavior, bool restart_seqs)
{
	refuse_change(RelationGetRelid((Relation) linitial(rels)));
}

PG_FUNCTION_INFO_V1(ivm_fdw_handler);

Datum
ivm_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = IvmGetForeignRelSize;
	routine->GetForeignPaths = IvmGetForeignPaths;
	routine->GetForeignPlan = IvmGetForeignPlan;

	routine->BeginForeignScan = IvmBeginForeignScan;
	routine->IterateForeignScan = IvmIterateForeignScan;
	routine->ReScanForeignScan = IvmReScanForeignScan;
	routine->EndForeignScan = IvmEndForeignScan;

	routine->IsForeignRelUpdatable = is_updatable;
	routine->PlanForeignModify = refuse_modify;
	routine->ExecForeignTruncate = refuse_truncate;

	routine->ExplainForeignScan = IvmExplainForeignScan;
	routine->AnalyzeForeignTable = IvmAnalyzeForeignTable;

	PG_RETURN_POINTER(routine);
}
