/*-------------------------------------------------------------------------
 *
 * live.h
 *		Queries that a read runs: the view's query, where it is read live, or
 *		its upper query, over the core's rows from the store; with conditions inside.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_LIVE_H
#define IVM_LIVE_H

#include "executor/tuptable.h"
#include "nodes/params.h"
#include "scan/corescan.h"
#include "utils/snapshot.h"
#include "view/definition.h"

typedef struct IvmLiveQuery IvmLiveQuery;

/*
 * Prepare the view's query with extra quals (expressions over output columns:
 * Vars of varno 1, attno = output column; PARAM_EXTERN params allowed) and an
 * order (sortcols: output columns, from 1, ascending with nulls last; negative: descending with
 * nulls first).  wanted: as for IvmFinishBegin.  Allocates in a child of CurrentMemoryContext.
 */
extern IvmLiveQuery *IvmLivePrepare(const IvmView *view, List *quals, List *sortcols,
									const bool *wanted);

/* The same for the view's upper query, in a form that quals and constants allow for.  The source is kept, not copied; each execution restarts it. */
extern IvmLiveQuery *IvmLivePrepareUpper(const IvmView *view, Query *query, const IvmCoreShape *shape,
										 IvmCoreSource *source, List *quals, List *sortcols,
										 const bool *wanted);

/* Run it under the snapshot; the rows are kept. */
extern void IvmLiveExecute(IvmLiveQuery *live, ParamListInfo params, Snapshot snapshot);

/*
 * Next row into slot, each output in the slot column that columns says (NULL:
 * the same), valid until the next call; false at the end.
 */
extern bool IvmLiveNext(IvmLiveQuery *live, TupleTableSlot *slot, const int *columns);
extern void IvmLiveRewind(IvmLiveQuery *live);	/* the same rows again */
extern void IvmLiveEnd(IvmLiveQuery *live);

#endif							/* IVM_LIVE_H */
