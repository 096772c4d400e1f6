/*-------------------------------------------------------------------------
 *
 * split.h
 *		Splitting a grouped query into the linear and the finishing part
 *		(private to definition.c, split.c and accumulators.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SPLIT_H
#define IVM_SPLIT_H

#include "utils/relcache.h"
#include "view/definition.h"

/* Work in progress.  Lists hold expressions as written, not yet planned. */
typedef struct IvmSplit
{
	IvmView    *view;			/* being filled */
	MemoryContext scratch;		/* for what does not stay */
	Query	   *query;			/* of a shape that IvmRefuseShape lets pass */
	const char *text;			/* NULL: accepted before */
	Relation	base;
	List	   *keys;
	int			ngrouped;		/* how many of them are in GROUP BY; the others depend on these */
	List	   *aggs;			/* Aggrefs, each once */
} IvmSplit;

/* Collect keys and aggregates. */
extern void IvmSplitCollect(IvmSplit *split);

/* The linear part: WHERE, keys, accumulators.  After collecting. */
extern void IvmSplitLinear(IvmSplit *split);

/* The finishing part: targets, HAVING.  After the linear part. */
extern void IvmSplitFinish(IvmSplit *split);

/*
 * Plan an expression of the linear part, check that it is immutable, and note what it uses.
 */
extern Expr *IvmSplitPlanLinear(IvmSplit *split, Node *written);

/* Refuse aggregates that are not kept as sums. */
extern void IvmRefuseAggregate(Aggref *aggref, const char *text);

/* Fill view->aggs and accums, one accumulator for all aggregates that it can serve. */
extern void IvmSplitAccumulators(IvmSplit *split);

#endif							/* IVM_SPLIT_H */
