/*-------------------------------------------------------------------------
 *
 * live.h
 *		Live reads: run the view's query, with conditions inside.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_LIVE_H
#define IVM_LIVE_H

#include "executor/tuptable.h"
#include "nodes/params.h"
#include "utils/snapshot.h"
#include "view/definition.h"

typedef struct IvmLiveQuery IvmLiveQuery;

/*
 * Plan the view's query with extra quals (expressions over output columns: Vars of
 * varno 1, attno = output column; PARAM_EXTERN params allowed) and an order
 * (sortcols: output columns, ascending, nulls last; 0 = none).
 */
extern IvmLiveQuery *IvmLivePlan(const IvmView *view, List *quals, const AttrNumber *sortcols, int nsort);
extern void IvmLiveExecute(IvmLiveQuery *live, ParamListInfo params, Snapshot snapshot);
/* Next row into slot; false at the end. */
extern bool IvmLiveNext(IvmLiveQuery *live, TupleTableSlot *slot);
extern void IvmLiveRewind(IvmLiveQuery *live);	/* the same rows again */
extern void IvmLiveEnd(IvmLiveQuery *live);

#endif							/* IVM_LIVE_H */
