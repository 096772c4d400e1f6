/*-------------------------------------------------------------------------
 *
 * differential.h
 *		The randomized differential test: random tables, views and histories
 *		of several sessions; a view must always equal its query.
 *
 * types.c		types, their values, how equal values of different form are compared
 * generate.c	random tables and statements that write to them, as text
 * expressions.c	what a query reads from, conditions, keys, aggregates
 * shapes.c		random queries of every shape family
 * checks.c		comparisons of a view with its query
 * history.c	runs steps, judges their results
 * failure.c	shrinks and prints a failing history
 * main.c		options, and one history a seed
 *
 * Everything of a seed lives in schema "d": table d.tN, query d.qN (an
 * ordinary view), view d.vN (the foreign table).  What SQL leaves open in a
 * query (the order in which string_agg meets its inputs) is settled in d.qN's
 * text as the extension promises to settle it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define MAX_COLUMNS		9
#define MAX_SOURCE		24		/* columns that a query can use */
#define MAX_OUTPUTS		12
#define MAX_TABLES		2
#define MAX_VIEWS		4
#define SESSIONS		3

/* --- chance and strings --- */
extern void chance_seed(uint64_t seed);
extern int	below(int n);		/* 0 .. n-1 */
extern bool percent(int p);
extern char *fmt(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void forget_strings(void);	/* frees all that fmt has made */

/* --- types --- */
#define T_SUM		1			/* has sum */
#define T_AVG		2			/* has avg */
#define T_STAT		4			/* has variance and its kin */
#define T_INEXACT	8			/* PostgreSQL's own statistics of it are rounded */
#define T_BOOL		16
#define T_INT		32
#define T_TEXT		64
#define T_NOSORT	128			/* no btree operator class */
#define T_PAIRS		256			/* worth giving to corr and its kin */
#define T_NOEQ		512			/* no equality operator: no key, no DISTINCT */
#define T_HEAVY		1024		/* only where asked for */
#define T_FORMS		2048		/* equal values can differ in form */
#define T_MINMAX	4096		/* has min and max */
#define T_BITS		8192		/* has bit_and and its kin */
#define T_CONT		16384		/* has percentile_cont */
#define T_ARRAY		32768
#define T_RANGE		65536
#define T_MONEY		131072

typedef struct Type
{
	const char *name;
	unsigned	flags;
	const char *canon;			/* one form for equal values; %s is the value */
	const char *values[12];
} Type;

extern const Type *type_named(const char *name);
extern const Type *random_type(unsigned flags); /* with at least one of them; 0: any */
extern const char *random_value(const Type *type);	/* NULL for SQL null */
extern char *literal(const Type *type, const char *value);

/* --- what a seed is about --- */
typedef struct Column
{
	const char *name;			/* or an expression in parentheses */
	const Type *type;
} Column;

typedef struct Table
{
	int			number;
	Column		cols[MAX_COLUMNS];
	int			ncols;
	bool		pk;				/* primary key (id) */
	bool		parent;			/* column pid references d.p */
	int			parts;			/* partitions d.tN_0 .. */
	char	   *bounds[3];
	bool		detached[3];
	bool		disabled;		/* triggers are */
	bool		child;			/* inheritance child d.tN_c */
} Table;

/* What a query reads from: a table, a subquery, a table with what its rows expand to. */
typedef struct Source
{
	const char *with;			/* before SELECT: "" or "WITH ... " */
	const char *from;
	const char *where;			/* NULL, or a condition that belongs to FROM */
	Column		cols[MAX_SOURCE];
	int			ncols;
	bool		has_id;			/* a column id of type int4 */
	bool		unique_id;		/* it is unique, and so is each row */
	bool		any_form;		/* values are shown in one of several equal forms */
	bool		pinned;			/* some column depends on settings */
	const char *oracle_with,	/* the same, for the query that is the oracle */
			   *oracle_from;
} Source;

/* An output of a query. */
typedef struct Expr
{
	const char *sql;
	const char *oracle;			/* the same with everything settled */
	const Type *type;			/* NULL: not to be computed with any further */
	const char *canon;
	bool		pinned;			/* depends on settings */
} Expr;

typedef struct Output
{
	char		name[8];
	const Type *type;			/* to make conditions; NULL where there are none */
	const char *canon;
} Output;

typedef enum Family
{
	GROUPED, MINMAX, DISTINCT, ORDERED, WITHIN, CUSTOM, MIXED,	/* what kinds of aggregates */
	ROWS, UNIQUE, TOPK, WINDOW, GROUPS, SETS, NESTED, SUBQUERY, SRF, STABLE, WHOLEROW,
	NFAMILIES
} Family;

typedef struct View
{
	int			number;
	Family		family;
	const Table *table;
	char	   *query;
	char	   *oracle;			/* the query with everything settled */
	char	   *list,
			   *oracle_list;	/* their select lists while they grow */
	const char *options;		/* further options of the foreign table */
	char		prefix;			/* of its outputs' names */
	Output		out[MAX_OUTPUTS];
	const char *items[MAX_OUTPUTS]; /* their expressions */
	int			nout;
	int			nkeys;			/* outputs that are the key, or can be searched by, come first */
	bool		unique_keys;	/* the key tells rows apart */
	bool		pinned;			/* some output depends on settings */
} View;

extern Table tables[MAX_TABLES];
extern View views[MAX_VIEWS];
extern int	ntables,
			nviews;

/* --- generate.c --- */
extern void generate_tables(void);
extern char *table_ddl(Table *table);
extern char *triggers_ddl(const Table *table);

extern char *random_write(const Table *table);
extern char *random_block(const Table *table);
extern char *random_copy(const Table *table, char **data);
extern char *random_ddl(Table *table, bool *alone);

/* --- expressions.c --- */
extern Source table_source(const Table *table);
extern const Column *random_column(const Source *source, unsigned want, unsigned forbid);	/* NULL: there is none */
extern char *predicate(const Source *source);
extern Expr column_expr(const Column *column);
extern Expr key_expression(const Source *source, unsigned forbid);
extern Expr aggregate(const Source *source, Family family);
extern char *having(const Source *source, Family family);
extern char *order_item(const char *what);	/* with a random direction */

/* --- shapes.c --- */
extern const char *const family_names[NFAMILIES];
extern void generate_views(void);	/* texts only: history.c creates them */

/* --- checks.c --- */
extern char *full_check(const View *view);
extern char *random_check(const View *view, char **param);
extern char *canonical_list(const View *view);

/* --- history --- */
typedef enum StepKind
{
	STEP_EXEC,
	STEP_COPY,					/* data: the lines */
	STEP_CHECK,					/* the result must be 0; data: parameter or NULL */
	STEP_DECLARE,				/* a cursor on each of view (sql) and query (data) */
	STEP_FETCH					/* sql: how many, of both; ALL compares */
} StepKind;

typedef struct Step
{
	int			session;
	StepKind	kind;
	char	   *sql;
	char	   *data;
} Step;

typedef struct Options
{
	const char *dbname;
	bool		plain;			/* views are ordinary views: tests the test */
	bool		verbose;
	bool		shrink;
	bool		require;		/* each family must be accepted now and then */
	bool		xml;			/* the server knows XML */
	bool		shapes[NFAMILIES];
	int			steps;
} Options;

extern Options options;

extern bool run_seed(uint64_t seed);	/* false: a difference; all is printed */
extern long total_checks,
			store_reads,
			live_reads,
			views_made[NFAMILIES],
			views_refused[NFAMILIES];
extern void print_refusals(void);

/* --- between history.c and failure.c --- */
typedef enum Verdict
{
	FINE,
	TOLERATED,
	FAILED
} Verdict;

typedef struct SetupStep
{
	char	   *sql;
	char	   *data;			/* of COPY */
	int			creates;		/* 1 + number in views[] of what it creates */
	int			needs;			/* likewise, of what it is left out without */
} SetupStep;

extern SetupStep setup[64];
extern int	nsetup;
extern Step steps[];
extern int	nsteps;
extern char message[4000];		/* of the failure */

extern bool start(void);
extern Verdict run_step(const Step *step);
extern void report_failure(uint64_t seed);

#endif							/* DIFFERENTIAL_H */
