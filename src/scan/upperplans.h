/*-------------------------------------------------------------------------
 *
 * upperplans.h
 *		Plans of upper queries, kept by the session from read to read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_UPPERPLANS_H
#define IVM_UPPERPLANS_H

#include "nodes/plannodes.h"

/* What a plan is for. */
typedef struct IvmUpperPlanKey
{
	uint32		view;			/* definition id: stands for query and pinned settings */
	Oid			owner;
	double		rows;			/* estimate for the core: of the same order of magnitude will do */
	List	   *request;		/* all else, to be compared by equal() */
	uint64		epoch;			/* Find's, for Keep */
} IvmUpperPlanKey;

/* A plan, or NULL.  It lives at least as long as the user, a memory context. */
extern PlannedStmt *IvmUpperPlanFind(IvmUpperPlanKey *key, MemoryContext user);

/* Keep a copy of the plan made where Find gave none, unless something changed since. */
extern void IvmUpperPlanKeep(const IvmUpperPlanKey *key, PlannedStmt *plan);

#endif							/* IVM_UPPERPLANS_H */
