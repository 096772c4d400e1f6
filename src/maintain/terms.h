/*-------------------------------------------------------------------------
 *
 * terms.h
 *		The terms of a join's change: the source query of a part with some of its
 *		tables replaced by changed rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_TERMS_H
#define IVM_TERMS_H

#include "executor/tuptable.h"
#include "maintain/changed.h"
#include "maintain/edges.h"
#include "nodes/plannodes.h"
#include "store/visibility.h"
#include "utils/snapshot.h"
#include "view/definition.h"

/* Plan for a few rows: along indexes, and keeping nothing from one scan of the plan to the next. */
extern PlannedStmt *IvmTermPlanForFew(Query *query, const char *text);

/*
 * Evaluate one term under the snapshot, for each occurrence (by position) with these changed rows in
 * the place of the table, or, NULL, with the table itself.  Each row that comes out is given to the receiver:
 * the columns of the source query, the product of the signs, and the transactions of the
 * rows it is made of (without this one; each once, ascending).
 */
typedef void (*IvmTermReceiver) (void *arg, TupleTableSlot *row, int64 sign,
								 const FullTransactionId *xids, int nxids);

extern void IvmTermEvaluate(IvmView *part, IvmChangedRows *const *changed, Snapshot snapshot,
							IvmTermReceiver receive, void *arg);

/*
 * Add to `to` the table's rows, as the snapshot sees them, to which the edge leads from changed rows; of their columns
 * those from which further edges lead.
 */
extern void IvmTermStep(IvmView *part, const IvmEdge *edge, IvmChangedRows *from,
						Snapshot snapshot, IvmChangedRows *to);

#endif							/* IVM_TERMS_H */
