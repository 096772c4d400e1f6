/*-------------------------------------------------------------------------
 *
 * definition.h
 *		What a view is: its query, analysed, and split into the linear part
 *		(what is stored) and the finishing part (what a read computes).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_DEFINITION_H
#define IVM_DEFINITION_H

#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "store/accum.h"
#include "store/keys.h"

struct IvmPins;

/* One accumulator: what a row contributes. Vars have varno 1 and the base (root) table's attnos. */
typedef struct IvmAccumSpec
{
	IvmAccumKind kind;
	int			nargs;			/* 0 for count(*) */
	Oid			argtype;		/* type of the arguments */
	Expr	   *args[2];
	Expr	   *filter;			/* FILTER, or NULL */
} IvmAccumSpec;

/* One aggregate of the finishing part. */
typedef struct IvmAggSpec
{
	Oid			aggfnoid;		/* as written in the query (PostgreSQL's own) */
	int			accum;			/* which accumulator it is computed from; -1: the
								 * group's row count (count(*) without FILTER) */
	Oid			rettype;
	Oid			retcollid;
} IvmAggSpec;

/*
 * An analysed view.  The finishing expressions (targets, having) contain Vars
 * with varno 1 into the "finish row": attno 1..nkeys are the key columns,
 * nkeys+1..nkeys+naggs the aggregates' results.
 */
typedef struct IvmView
{
	MemoryContext cxt;			/* all of it */
	Oid			relid;			/* foreign table; InvalidOid while only being checked */
	uint32		id;				/* definition id: prefix in the store; new with each definition */
	Oid			owner;
	char	   *name;			/* qualified and quoted, for messages */

	Query	   *query;			/* what a live read runs: float aggregates replaced by exact ones */
	struct IvmPins *pins;		/* settings under which everything is evaluated */
	bool		user_code;		/* expressions call functions that are not built in */
	bool		needs_pins;		/* results may depend on settings */

	/* base table */
	Oid			baserel;		/* as named in FROM */
	bool		inh;			/* with its partitions or children */
	Bitmapset  *columns;		/* attnos of baserel used, offset by FirstLowInvalidHeapAttributeNumber;
								 * whole-row references are spelled out as all columns */

	/* linear part */
	Expr	   *where;			/* or NULL */
	int			nkeys;
	Expr	  **keyexprs;
	IvmKeyDesc *keydesc;
	int			naccums;
	IvmAccumSpec *accums;
	IvmStateDesc *statedesc;

	/* finishing part */
	bool		one_row;		/* aggregation without GROUP BY: always exactly one group */
	int			naggs;
	IvmAggSpec *aggs;
	int			noutputs;
	Expr	  **targets;		/* noutputs expressions over the finish row */
	Expr	   *having;			/* or NULL */
	int		   *outkey;			/* per output column: key column it shows unchanged, or -1 */

	/* compiled forms, maintain/linear.c's own */
	struct IvmLinear *linears;
	uint64		linears_epoch;
} IvmView;

/*
 * Parse and analyse query text under the session's search_path (CREATE, ALTER,
 * ivm_fdw_check).  ERROR with position for whatever is wrong: PostgreSQL's own,
 * pointing into the text.
 */
extern Query *IvmParseQuery(const char *text);

/*
 * Split an analysed query.  query_text says which definition it is:
 *
 * not NULL, a new one: what cannot be kept is refused (mostly
 * ERRCODE_FEATURE_NOT_SUPPORTED; errmsg names the construct or function, with
 * HINT), at a position that refers to this text.
 *
 * NULL, one accepted before and read back: functions and the base table's
 * children are not judged again, so that a writer is never stopped by what became of them.
 *
 * Leaves the query as it is and takes AccessShareLock on the base table.
 * Allocates in CurrentMemoryContext.  Sets everything but relid, id, owner, name and pins.
 * Folds constants, which can run functions of the query: the caller has to
 * be in the view's evaluation environment (its owner, its settings).
 */
extern IvmView *IvmAnalyzeView(Query *query, const char *query_text);

/*
 * Add to GROUP BY, in place, the columns that it leaves out because they
 * depend on a primary key.  The query then no longer relies on the key (which a dump
 * restores after foreign tables).  For a query that IvmAnalyzeView accepts; it is split in the
 * same way afterwards.
 */
extern void IvmSpellOutGrouping(Query *query);

#endif							/* IVM_DEFINITION_H */
