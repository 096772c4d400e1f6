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
	int			accum;			/* which accumulator it is computed from */
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
} IvmView;

/*
 * Analyse query text (CREATE, ALTER, ivm_fdw_check): parse, analyse.
 * ERROR with position for whatever is wrong.
 */
extern Query *IvmParseQuery(const char *text);

/*
 * Split an analysed query.  ERROR ERRCODE_FEATURE_NOT_SUPPORTED (errmsg names the
 * construct or function, errposition, HINT) for what cannot be kept.
 * query_text, where not NULL, is what error positions refer to.  Allocates in a
 * new child of CacheMemoryContext's caller-chosen parent: CurrentMemoryContext.
 */
extern IvmView *IvmAnalyzeView(Query *query, const char *query_text);

#endif							/* IVM_DEFINITION_H */
