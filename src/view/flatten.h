/*-------------------------------------------------------------------------
 *
 * flatten.h
 *		The query of a view without WITH, and with as few subqueries in FROM
 *		as can be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_FLATTEN_H
#define IVM_FLATTEN_H

#include "nodes/parsenodes.h"

/*
 * A flattened copy of an analysed (not rewritten) query, with the same result.
 * At every level of FROM (the query itself, subqueries that stay, branches of UNION):
 *
 * - there is no WITH: its queries are subqueries where they are named;
 * - functions in FROM whose SQL body reads no table are replaced by that body;
 * - subqueries that the planner would pull up are pulled up, unless that took a PlaceHolderVar.
 *   What stays: grouping, aggregates, DISTINCT, LIMIT, ORDER BY, window functions, set operations, row
 *   locks, sets in the target list; on the nullable side of an outer join those of
 *   whose columns one that is used above the join is not strict (coalesce, constants);
 *   under GROUPING SETS those whose expressions could be mistaken for one another;
 * - Vars refer to tables, functions, subqueries, VALUES, never to joins;
 * - the join tree is a FromExpr whose items are RangeTblRefs and JoinExprs of type LEFT or FULL
 *   (RIGHT is turned around, inner joins are dissolved).  The arms of a JoinExpr are an item or a
 *   FromExpr of several items without quals; FULL's may have quals.  All other conditions are
 *   in the top FromExpr or, from the right arm of LEFT, in its ON.  AND is flat; no condition is NULL.
 *
 * Subqueries in expressions stay as they are, but for WITH.  The range table may have
 * entries that nothing refers to (replaced ones become RTE_RESULT); RTE_RESULT is in the join tree where
 * a FROM would be empty otherwise.  joinaliasvars are gone: the copy can be planned, but not deparsed.
 * Parse locations stay (-1 in bodies of functions).  Views in FROM stay what they are.
 *
 * ERROR for WITH RECURSIVE and data-modifying WITH, at positions in text (or NULL).
 */
extern Query *IvmFlattenQuery(Query *query, const char *text);

/* Range table indexes of a kind in the join tree (of the query itself, not of subqueries), in order. */
extern List *IvmFromEntries(const Query *query, RTEKind kind);

#endif							/* IVM_FLATTEN_H */
