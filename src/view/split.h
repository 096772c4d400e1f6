/*-------------------------------------------------------------------------
 *
 * split.h
 *		Splitting a query into its core, which is kept (the linear and the
 *		finishing part), and the upper query (private to definition.c, block.c, split.c,
 *		derived.c, accumulators.c, slots.c and upper.c).
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
	const char *text;			/* NULL: accepted before */
	List	   *key;			/* outputs that lead the key */
	Query	   *whole;			/* flattened; its parts may be changed */
	Query	   *query;			/* the core block: whole itself, or a subquery somewhere in it */
	Index		varno;			/* the base table in it */
	Relation	base;
	List	   *tables;			/* of IvmTable: that one, or all that the block joins */
	bool		joins;			/* they are joined when they are written */
	bool		grouped;		/* the core groups or aggregates, or is DISTINCT */
	bool		expands;		/* a base row makes several source rows, or fewer */
	bool		has_upper;
	List	   *source;			/* columns of source rows: TargetEntries, where it expands */
	List	   *keys;
	int			ngrouped;		/* how many of them are in GROUP BY; the others depend on these */
	List	   *descending;		/* keys that are to be kept in descending order */
	List	   *aggs;			/* Aggrefs, each once */
	struct IvmSetop *setop;		/* the block is a set operation; or NULL */
	struct IvmOuter *outer;		/* outer joins and the like, or NULL */
	bool		rows_only;		/* rows are kept, although the block groups: that is done at read */
	List	   *satellites;		/* of IvmSatellite: other tables of the block */
} IvmSplit;

/* A table whose columns the linear part may use. */
typedef struct IvmTable
{
	Index		varno;
	Relation	rel;
	Bitmapset  *columns;		/* as in IvmView */
} IvmTable;

/* A table that is joined with the core's by the keys of its groups. */
typedef struct IvmSatellite
{
	Index		varno;
	bool		optional;		/* LEFT JOIN: a group without its rows is shown, too */
	bool		looked_up;		/* multiplies nothing: only its aggregates are wanted (derived.c) */
	List	   *hubkeys;		/* what is equal: expressions over the core's table */
	List	   *keys;			/* and over this one */
	List	   *quals;			/* conditions on this table only */
} IvmSatellite;

/* --- block.c --- */

/* Find the core block and its table or tables; refuse what has none, and what cannot be kept. */
extern void IvmFindCore(IvmSplit *split);

/* Open the tables, in the view's (or a satellite's) order, and close them again. */
extern void IvmOpenTables(IvmSplit *split, List *varnos);
extern void IvmCloseTables(IvmSplit *split);

/* --- star.c --- */

/*
 * A block over several tables: can one of them be the core's and the others its satellites?
 * Takes these out of FROM and WHERE then.
 */
extern bool IvmStarFind(IvmSplit *split, List *varnos);

/* Which satellite's columns an aggregate uses (from 1; 0: none's, -1: those of several tables). */
extern int	IvmStarPart(const IvmSplit *split, const Aggref *aggref);

/* Split the satellites: the other parts of the view.  After the core's linear part. */
extern void IvmStarSplit(IvmSplit *split);

/* The only table (varno) of an expression; 0: none; -1: several, or others' columns. */
extern int	IvmStarTableOf(Node *expr);

/* Does a condition equate expressions over two tables, which can be told equal by their key bytes?  Gives these. */
extern bool IvmStarEquality(int hub, int other, Node *qual, Node **hubkey, Node **key);

/* --- derived.c --- */

/*
 * Is there a block over one table with subqueries that aggregate others, by columns of its rows?
 * Makes it split->query, with split->varno and split->satellites; else it leaves everything as it is.
 */
extern bool IvmDerivedFind(IvmSplit *split);

/* --- split.c --- */

/* Collect keys and aggregates. */
extern void IvmSplitCollect(IvmSplit *split);

/* The linear part: WHERE, keys, accumulators, arrangements.  After collecting. */
extern void IvmSplitLinear(IvmSplit *split);

/* The finishing part: targets, HAVING.  After the linear part. */
extern void IvmSplitFinish(IvmSplit *split);

/* Plan an expression of the linear part, check that it is immutable, and note what it uses. */
extern Expr *IvmSplitPlanLinear(IvmSplit *split, Node *written);

/* Replace keys and aggregates in an expression of the core block by Vars of the finish row. */
extern Node *IvmSplitMutate(IvmSplit *split, Node *written);

/* Check an expression that is evaluated at reads, after planning. */
extern void IvmSplitNoteRead(IvmSplit *split, Node *planned, Node *written);

extern int	IvmPositionInList(List *list, Node *node);	/* of an equal node, or -1 */

/* --- accumulators.c --- */

/* Fill view->aggs, accums and slots, one accumulator for all aggregates that it can serve. */
extern void IvmSplitAccumulators(IvmSplit *split);

/* --- slots.c --- */

/* Decide how an aggregate that is no sum is kept, and see to its arrangement. */
extern void IvmSplitArrange(IvmSplit *split, Aggref *aggref, IvmAggSpec *agg);

/* --- upper.c --- */

/* Set view->upper and the view's outputs.  After the finishing part. */
extern void IvmSplitUpper(IvmSplit *split);

#endif							/* IVM_SPLIT_H */
