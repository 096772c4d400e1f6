/*-------------------------------------------------------------------------
 *
 * grouping.h
 *		Columns that a query leaves out of GROUP BY because a primary key is in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_GROUPING_H
#define IVM_GROUPING_H

#include "nodes/parsenodes.h"

/*
 * Add to GROUP BY, in place and in all blocks, the columns that are left out because
 * they depend on a primary key.  The query then no longer relies on the key (which a dump
 * restores after foreign tables).  text as in IvmAnalyzeView: ERROR, with a position
 * in it, where a column cannot be added.
 */
extern void IvmSpellOutGrouping(Query *query, const char *text);

#endif							/* IVM_GROUPING_H */
