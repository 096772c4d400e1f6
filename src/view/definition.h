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
#include "nodes/plannodes.h"
#include "nodes/primnodes.h"
#include "store/accum.h"
#include "store/keys.h"
#include "store/rows.h"

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

/*
 * One arrangement: of each row that passes the filter, the element made of some
 * expressions is kept with its multiplicity, under the row's group.
 */
typedef struct IvmSlotSpec
{
	int			ncols;
	Expr	  **cols;			/* the element's columns; Vars as in accumulators */
	Expr	   *filter;			/* or NULL */
	bool		strict;			/* no element where a column is null */
	bool		canonical;		/* of equal values of different form one element is kept */
	bool		total;			/* the number of folded elements is kept, too */
	bool		once;			/* multiplicities beyond one do not matter */
	IvmKeyDesc *keydesc;
	IvmStateDesc *statedesc;	/* of an element's state */
	bool		has_null_element;	/* of an optional satellite: a row of nulls makes an element: */
	NullableDatum *null_element;
	List	   *calls;			/* IVM_AGG_ELEMENTS: Aggrefs over the element's columns (varno 1; key
								 * columns as external parameters, from 1) */
} IvmSlotSpec;

#define IVM_MAX_SLOTS 253		/* of a view with all its parts, groups included */

/*
 * The first byte of every key in the store: whose keys these are.  Those of the groups of the view itself is
 * IVM_SLOT_GROUPS; see also store/rows.h.
 */
#define IVM_GROUP_BYTE(part)	((char) (part)->slot_base)
#define IVM_SLOT_BYTE(part, i)	((char) ((part)->slot_base + 1 + (i)))	/* elements of arrangement i */

/* A table that a view is over. */
typedef struct IvmBaseRel
{
	Oid			relid;			/* as named in FROM */
	bool		inh;			/* with its partitions or children */
	Bitmapset  *columns;		/* attnos used, offset by FirstLowInvalidHeapAttributeNumber */
} IvmBaseRel;

/* A table in FROM of a part that joins several; one may be there more than once. */
typedef struct IvmOccurrence
{
	int			varno;			/* in the part's source query */
	Oid			relid;
	Bitmapset  *columns;		/* attnos used, offset by FirstLowInvalidHeapAttributeNumber */
} IvmOccurrence;

typedef enum IvmAggHow
{
	IVM_AGG_ROWS,				/* the group's row count */
	IVM_AGG_STATE,				/* from an accumulator */
	IVM_AGG_LEAST,				/* first element of an arrangement (its only column) */
	IVM_AGG_GREATEST,			/* last element */
	IVM_AGG_DISTINCT,			/* number of elements */
	IVM_AGG_ELEMENTS			/* PostgreSQL's own aggregate over the elements */
} IvmAggHow;

/* One aggregate of the finishing part. */
typedef struct IvmAggSpec
{
	IvmAggHow	how;
	int			part;			/* which part's arguments it has */
	Oid			aggfnoid;		/* as written in the query (PostgreSQL's own) */
	int			accum;			/* IVM_AGG_STATE: which accumulator it is computed from */
	int			slot;			/* from IVM_AGG_LEAST on: which arrangement */
	int			call;			/* IVM_AGG_ELEMENTS: which of the arrangement's calls */
	Oid			rettype;
	int32		rettypmod;
	Oid			retcollid;
} IvmAggSpec;

/* A key under which there is always a group, also when there are no rows. */
typedef struct IvmAlwaysKey
{
	char	   *key;
	uint32		keylen;
} IvmAlwaysKey;

/* A query as its author wrote it, but flattened: for ivm_fdw_check to tell of. */
typedef struct IvmWritten
{
	Query	   *whole;
	List	   *keys;			/* as view->keyexprs, without a grouping set's number */
	List	   *aggs;			/* as view->aggs */
} IvmWritten;

/*
 * An analysed view.
 *
 * Its query has an innermost block, the core: base table, WHERE, and perhaps
 * grouping.  What the core gives is kept.  Where there is more to the query
 * (windows, LIMIT, a query around it), that is the upper query, which is run at
 * each read over the core's rows; else the core's outputs are the view's.
 *
 * The linear expressions (where, keys, accumulators, slots) are over a source
 * row: one of the base table (varno 1, the root table's attnos), or, where there is a
 * source query, one of the rows that it makes of a base row.
 *
 * The finishing expressions (targets, having) contain Vars with varno 1 into
 * the "finish row": attno 1..nkeys are the key columns,
 * nkeys+1..nkeys+naggs the aggregates' results.
 */
typedef struct IvmView
{
	MemoryContext cxt;			/* all of it */
	Oid			relid;			/* foreign table; InvalidOid while only being checked */
	uint32		id;				/* definition id: prefix in the store; new with each definition */
	Oid			owner;
	char	   *name;			/* qualified and quoted, for messages */

	Query	   *query;			/* what a live read runs: float aggregates replaced by exact ones,
								 * order made total where results depend on it */
	struct IvmPins *pins;		/* settings under which everything is evaluated */
	bool		user_code;		/* expressions call functions that are not built in */
	bool		needs_pins;		/* results may depend on settings */
	bool		whole_row;		/* results depend on the names and types of all columns */

	/* base tables: of all parts, each once */
	int			nrels;
	IvmBaseRel *rels;

	/*
	 * Parts.  The first is the view itself.  Others are either satellites, which keep what belongs to another
	 * table of its query, or branches, which count other rows under the view's keys.  They have of
	 * these fields only the linear part, their key, and aggs.
	 */
	int			nparts;
	struct IvmView **parts;
	bool		branch;			/* no satellite: counts under the view's own keys */
	bool		no_rows;		/* counts into accumulators only */
	bool		optional;		/* a satellite by LEFT JOIN */
	bool		looked_up;		/* a satellite whose rows multiply nothing, whether there are any or not */
	int		   *ownerkeys;		/* key columns of the view that a satellite's key is equal to */
	IvmState   *null_state;		/* of a satellite's row of nulls */
	int			number;			/* of the part among the parts */
	uint8		slot_base;		/* slot byte of the part's groups; those of its arrangements follow */
	IvmStateDesc **descs;		/* of states, by slot byte; shared by all parts */

	/*
	 * A part over several tables that are joined when they are written: its source query is the
	 * join, over the tables themselves.  It has no base table of its own.
	 */
	int			noccurrences;	/* 0: no such part */
	IvmOccurrence *occurrences;

	/* base table of the part */
	Oid			baserel;		/* as named in FROM */
	bool		inh;			/* with its partitions or children */
	Bitmapset  *columns;		/* attnos of baserel used, offset by FirstLowInvalidHeapAttributeNumber;
								 * whole-row references are spelled out as all columns */

	/* linear part */
	Query	   *source;			/* what makes source rows of a base row, or NULL.  The base table is
								 * RTE number source_base, a named tuplestore */
	int			source_base;
	PlannedStmt *source_plan;	/* maintain/expand.c's own */
	Expr	   *where;			/* or NULL */
	int			nkeys;
	Expr	  **keyexprs;		/* with grouping sets the last key, the set's number, has none */
	IvmKeyDesc *keydesc;
	int			nsets;			/* grouping sets; 0: none */
	bool	   *inset;			/* [set * nkeys + key]: does the set group by the key? */
	int			naccums;
	IvmAccumSpec *accums;
	IvmStateDesc *statedesc;
	int			nslots;
	IvmSlotSpec *slots;
	bool		owner_has_forms;	/* an element's key starts with the whole group key, not its
									 * canonical part only */

	/* finishing part */
	bool		one_row;		/* aggregation without GROUP BY: always exactly one group */
	bool		repeats;		/* no grouping: a key is shown as often as it has rows */
	int			nalways;
	IvmAlwaysKey *always;
	int			naggs;
	IvmAggSpec *aggs;
	int			ntargets;
	Expr	  **targets;		/* the core's outputs over the finish row */
	Expr	   *having;			/* or NULL */

	/* upper part */
	Query	   *upper;			/* or NULL.  The core is an RTE for a named tuplestore, IVM_CORE_NAME */
	int			nordered;		/* so many leading keys are in the order that the upper query likes */

	IvmWritten *written;		/* NULL where the definition was read back */

	/* the view's columns */
	int			noutputs;
	int		   *outkey;			/* key column by which a condition on the output can narrow the read, or -1 */

	List	   *edges;			/* maintain/edges.c's own */
	bool		edges_known;

	/* compiled forms, maintain/linear.c's own */
	struct IvmLinear *linears;
	uint64		linears_epoch;
} IvmView;

#define IVM_CORE_NAME	"ivm core"
#define IVM_ROW_NAME	"ivm row"	/* the base row in a source query */

/* The table of that oid among the view's; NULL: none. */
extern const IvmBaseRel *IvmViewBaseRel(const IvmView *view, Oid relid);

/* The key column that one of the core's outputs (from 0) shows as it is, or -1. */
extern int	IvmViewKeyOfTarget(const IvmView *view, int target);

/* AccessShareLock on all of the view's tables, in the order of oids. */
extern void IvmViewLockTables(const IvmView *view);

/* Description of the state under a key. */
static inline const IvmStateDesc *
IvmViewStateDesc(const IvmView *view, const char *key)
{
	return view->descs[(uint8) key[0]];
}

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
 * key: positions (from 1) of the output columns that lead the key of a query
 * without grouping; NIL: in the order of the outputs.  Ignored for other queries (view->repeats tells).
 *
 * Leaves the query as it is and takes AccessShareLock on the base table.
 * Allocates in CurrentMemoryContext.  Sets everything but relid, id, owner, name and pins.
 * Folds constants, which can run functions of the query: the caller has to
 * be in the view's evaluation environment (its owner, its settings).
 */
extern IvmView *IvmAnalyzeView(Query *query, const char *query_text, List *key);

#endif							/* IVM_DEFINITION_H */
