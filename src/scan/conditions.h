/*-------------------------------------------------------------------------
 *
 * conditions.h
 *		Conditions on key columns: recognised by the planner as an index would,
 *		carried in the plan, and turned into values at run time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CONDITIONS_H
#define IVM_CONDITIONS_H

#include "nodes/pathnodes.h"
#include "utils/relcache.h"
#include "view/definition.h"

typedef enum IvmCondKind
{
	IVM_COND_EQ,
	IVM_COND_ANY,				/* = ANY (array) */
	IVM_COND_NULL,				/* IS NULL */
	IVM_COND_TRUE,				/* a boolean column is true */
	IVM_COND_FALSE,
	/* from here on: a range */
	IVM_COND_LT,
	IVM_COND_LE,
	IVM_COND_GE,
	IVM_COND_GT,
	IVM_COND_NOT_NULL
} IvmCondKind;

#define IvmCondIsRange(kind)		((kind) >= IVM_COND_LT)
#define IvmCondIsConstant(kind)		(!IvmCondIsRange(kind) && (kind) != IVM_COND_ANY)
#define IvmCondHasComparand(kind)	((kind) <= IVM_COND_ANY || \
									 ((kind) >= IVM_COND_LT && (kind) <= IVM_COND_GT))

typedef struct IvmKeyCond
{
	IvmCondKind kind;
	int			output;			/* output column (0-based) on the key's side */
	int			key;			/* key column */
	Oid			valtype;		/* type of the comparand (ANY: of its elements) */
	Expr	   *comparand;		/* or NULL */

	/* planner only */
	RestrictInfo *rinfo;
	bool		commuted;		/* the comparand stands on the left */
} IvmKeyCond;

/*
 * Output column (0-based) that each column of the foreign table is, -1 for
 * dropped ones; array of natts in CurrentMemoryContext.
 */
extern int *IvmOutputsOfColumns(TupleDesc desc);

/* And back: the column (0-based) that each output column is. */
extern int *IvmColumnsOfOutputs(TupleDesc desc);

/* The column (attno) of a relation that an expression is, but for its type's name; 0: none. */
extern AttrNumber IvmPlainColumn(Node *node, Index relid);

/*
 * The key conditions among RestrictInfos that a scan of the store can use:
 * those on leading key columns, where all but the last are compared with
 * single values.  In key order.  *nequal: so many leading key columns are
 * compared for equality.
 */
extern List *IvmKeyConds(PlannerInfo *root, RelOptInfo *rel, const IvmView *view,
						 const int *outputs, List *rinfos, int *nequal);

/* Is the clause a key condition, on this output column (-1: any)? */
extern bool IvmIsKeyCond(PlannerInfo *root, RelOptInfo *rel, const IvmView *view,
						 const int *outputs, RestrictInfo *rinfo, int output);

/* In and out of a plan's fdw_private; comparands travel in fdw_exprs. */
extern List *IvmKeyCondsToPlan(List *conds);
extern List *IvmKeyCondsFromPlan(List *private, List *comparands);

/*
 * The plan's clauses (keys on the left) for a live query: Vars are output columns (varno 1), the
 * comparand of the n-th condition is PARAM_EXTERN number n.
 */
extern List *IvmKeyCondsForLive(List *conds, List *clauses, Index varno, const int *outputs);

#endif							/* IVM_CONDITIONS_H */
