/*-------------------------------------------------------------------------
 *
 * check.h
 *		ivm_fdw_check(): the rows that explain a query (private to check.c,
 *		check_parts.c, check_print.c, check_settings.c and check_upper.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CHECK_H
#define IVM_CHECK_H

#include "nodes/execnodes.h"
#include "view/definition.h"

/* What the parts are described from. */
typedef struct IvmCheck
{
	ReturnSetInfo *rsinfo;
	const char *text;			/* the query's */
	IvmView    *view;			/* with view->written */
	Query	   *core;			/* in view->written->whole: the block of which rows are kept; NULL: a set operation */
} IvmCheck;

/* --- check.c --- */

/* One row of the answer; NULL leaves a column empty. */
extern void IvmCheckPut(IvmCheck *check, const char *part, const char *item,
						const char *how, const char *cost);

/* --- check_print.c --- */

/* An expression of a block, as its author would write it. */
extern char *IvmCheckPrint(Query *block, Node *expr);

/* Several, separated by commas; the empty string for none. */
extern char *IvmCheckPrintList(Query *block, List *exprs);

/* What the clauses (SortGroupClauses) of a block sort or group by. */
extern char *IvmCheckPrintClauses(Query *block, List *clauses);

/* An expression of a part's linear part, with all casts; prefix: columns with the table's name. */
extern char *IvmCheckPrintLinear(const IvmView *part, Node *expr, bool prefix);

/* --- check_parts.c --- */

/* What is kept, and what reads make of it. */
extern void IvmCheckParts(IvmCheck *check);

/* The leading keys by which conditions on the view's columns can narrow a read: how many? */
extern int	IvmCheckNarrowingKeys(const IvmView *view);

/* --- check_joins.c --- */

/* Tables that are joined, branches of set operations, and rows that depend on matches. */
extern void IvmCheckJoins(IvmCheck *check);

/* Are keys shown by counts of their matches? */
extern bool IvmCheckCountsMatches(const IvmView *view);

/* --- check_settings.c --- */

/* Which expressions depend on which pinned settings. */
extern void IvmCheckSettings(IvmCheck *check);

/* --- check_upper.c --- */

/* The upper query, where there is one. */
extern void IvmCheckUpper(IvmCheck *check);

#endif							/* IVM_CHECK_H */
