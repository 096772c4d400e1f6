/*-------------------------------------------------------------------------
 *
 * rebuild_sort.h
 *		Group a build's rows by key and load them in key order, within
 *		maintenance_work_mem.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_REBUILD_SORT_H
#define IVM_REBUILD_SORT_H

#include "maintain/groups.h"

typedef struct IvmBuildSort IvmBuildSort;

/* Allocates in children of CurrentMemoryContext. */
extern IvmBuildSort *IvmBuildSortBegin(void);

/* The table to put the next row into; the one before may have been spilled. */
extern IvmGroups *IvmBuildSortGroups(IvmBuildSort *sort);

/*
 * Load everything as rows of a reserved generation, and the totals rows of its
 * elements (rows.h); returns the number of groups.  Ends the sort.
 */
extern int64 IvmBuildSortLoad(IvmBuildSort *sort, uint32 number);

#endif							/* IVM_REBUILD_SORT_H */
