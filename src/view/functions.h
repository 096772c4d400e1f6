/*-------------------------------------------------------------------------
 *
 * functions.h
 *		What code a view's expressions run: is it immutable, is it a user's,
 *		do its results depend on settings?
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_FUNCTIONS_H
#define IVM_FUNCTIONS_H

#include "nodes/primnodes.h"

/*
 * Refuse what is not immutable in an expression after expression_planner, but
 * for STABLE built-in functions that depend on pinned settings only, naming the
 * function; its position is looked up in the expression as written.  Aggregates and
 * window functions are judged by the functions that they run.  Looks into a Query, too;
 * functions in FROM should be given as RangeTblFunction, with their column definitions.
 */
extern void IvmRefuseMutable(Node *planned, Node *written, const char *text);

/* Does it run functions that are not built in (a type's own included)? */
extern bool IvmRunsUserCode(Node *expr);

/* The same for comparing values of a type. */
extern bool IvmTypeRunsUserCode(Oid type);

/*
 * May results depend on settings?  Output functions that are called immutable
 * do (float8out: extra_float_digits, interval_out: IntervalStyle).  False only
 * where it is certain that they do not.
 */
extern bool IvmDependsOnSettings(Node *expr);

/*
 * May it convert values to text or JSON, or read them from there?  What it does not,
 * labels of enums and names of columns do not matter to.
 */
extern bool IvmConvertsValues(Node *expr);

/*
 * Names of the pinned settings on which results depend, separated by commas;
 * NULL: none.  What user functions depend on is not known.
 */
extern char *IvmSettingsOf(Node *expr);

#endif							/* IVM_FUNCTIONS_H */
