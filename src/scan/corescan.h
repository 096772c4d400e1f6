/*-------------------------------------------------------------------------
 *
 * corescan.h
 *		The core's rows in the plan of an upper query.
 *
 * An upper query has one range table entry for a named tuplestore of the name
 * IVM_CORE_NAME.  Nothing is stored there: its plan node takes rows from a source as
 * they are asked for, so that LIMIT and run conditions of windows end the reading.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CORESCAN_H
#define IVM_CORESCAN_H

#include "executor/tuptable.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "utils/queryenvironment.h"

/*
 * Where rows come from.  restart is called before the first next, again by each
 * execution and each rescan: the first row is next then.  next stores a row in the slot (virtual,
 * of the core's columns), valid until the following call, or returns false at the end.  Both are
 * called in the executor's memory context, which lives too long for what they allocate.
 */
typedef struct IvmCoreSource
{
	bool		(*next) (void *arg, TupleTableSlot *slot);
	void		(*restart) (void *arg);
	void	   *arg;
} IvmCoreSource;

/* What the planner is told about the rows. */
typedef struct IvmCoreShape
{
	double		rows;			/* estimate */
	List	   *order;			/* integers: core columns (from 1) by which rows are sorted; ascending with
								 * nulls last, or, where negative, descending with nulls first */
} IvmCoreShape;

extern void IvmCoreScanInstallHooks(void);

/* Plan a rewritten query, which is scribbled on, over a core. */
extern PlannedStmt *IvmCorePlan(Query *query, const char *text, const IvmCoreShape *shape);

/* The environment in which such a plan finds its source.  Both are kept, not copied. */
extern QueryEnvironment *IvmCoreEnvironment(IvmCoreSource *source);

#endif							/* IVM_CORESCAN_H */
