/*-------------------------------------------------------------------------
 *
 * refuse.h
 *		What a view's query must not contain, and which tables it must not be
 *		over.  (Functions: see functions.h.)
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_REFUSE_H
#define IVM_REFUSE_H

#include "nodes/parsenodes.h"

/* ERROR ERRCODE_FEATURE_NOT_SUPPORTED at a parse location (or -1) in the text (or NULL). */
extern void IvmRefuse(const char *text, int location, const char *message,
					  const char *hint) pg_attribute_noreturn();

/* Refuse a query that is not a grouped query over one table. */
extern void IvmRefuseShape(Query *query, const char *text);

/* Refuse what PostgreSQL's planner would refuse to group, in a query as a live read runs it. */
extern void IvmRefuseGrouping(Query *query, const char *text);

/*
 * Refuse a base table (an RTE_RELATION) that cannot be captured, or whose
 * columns cannot; locks it, and its children, with AccessShareLock.
 */
extern void IvmRefuseTable(RangeTblEntry *rte, const char *text);

#endif							/* IVM_REFUSE_H */
