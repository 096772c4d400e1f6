/*-------------------------------------------------------------------------
 *
 * paths.h
 *		Planning of reads: sizes, paths, plans.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_PATHS_H
#define IVM_PATHS_H

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

extern void IvmGetForeignRelSize(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern void IvmGetForeignPaths(PlannerInfo *root, RelOptInfo *rel, Oid relid);
extern ForeignScan *IvmGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid relid,
									  ForeignPath *path, List *tlist, List *clauses,
									  Plan *outer_plan);

/* Tell the planner that keys are unique (from _PG_init). */
extern void IvmPathsInstallHooks(void);

/* Guess of a stored group's size, where pages are asked for. */
#define IVM_ROW_BYTES 64

/* What a plan's fdw_private holds. */
typedef enum IvmPlanItem
{
	IVM_PLAN_VIEW,				/* definition id, as a list of one Oid */
	IVM_PLAN_CONDS,				/* key conditions: IvmKeyCondsToPlan */
	IVM_PLAN_NEQUAL,			/* leading key columns compared for equality, list of one int */
	IVM_PLAN_WANTED,			/* output columns asked for (0-based), list of int */
	IVM_PLAN_SORTCOLS			/* output columns (from 1) of the promised order, list of int */
} IvmPlanItem;

#endif							/* IVM_PATHS_H */
