/*-------------------------------------------------------------------------
 *
 * differential.h
 *		The randomized differential test: random tables, views and histories
 *		of several sessions; a view must always equal its query.
 *
 * types.c		types, their values, how equal values of different form are compared
 * generate.c	random tables, views and statements, as text
 * history.c	runs steps, judges their results, shrinks a failing history
 * main.c		options, and one history a seed
 *
 * Everything of a seed lives in schema "d": table d.tN, query d.qN (an
 * ordinary view), view d.vN (the foreign table).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define MAX_COLUMNS		8
#define MAX_OUTPUTS		10
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
	char		name[8];
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

typedef struct Output
{
	char		name[8];
	const Type *type;			/* to make conditions; NULL where there are none */
	const char *canon;
} Output;

typedef struct View
{
	int			number;
	Table	   *table;
	char	   *query;
	Output		out[MAX_OUTPUTS];
	int			nout;
	int			nkeys;			/* outputs that are the group key come first */
} View;

extern Table tables[MAX_TABLES];
extern View views[MAX_VIEWS];
extern int	ntables,
			nviews;

extern void generate_tables(void);
extern void generate_views(void);	/* texts only: history.c creates them */
extern char *table_ddl(Table *table);
extern char *triggers_ddl(const Table *table);

extern char *random_write(const Table *table);
extern char *random_block(const Table *table);
extern char *random_copy(const Table *table, char **data);
extern char *random_ddl(Table *table, bool *alone);
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
	int			steps;
} Options;

extern Options options;

extern bool run_seed(uint64_t seed);	/* false: a difference; all is printed */
extern long total_checks,
			store_reads,
			live_reads;

#endif							/* DIFFERENTIAL_H */
