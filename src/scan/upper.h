/*-------------------------------------------------------------------------
 *
 * upper.h
 *		Reading a view that has an upper query: it is run over the core's rows
 *		from the store.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SCAN_UPPER_H
#define IVM_SCAN_UPPER_H

#include "scan/live.h"
#include "scan/storescan.h"

typedef struct IvmUpperRead IvmUpperRead;

/*
 * Prepare to read; arguments as for IvmLivePrepare.  constants: key columns (from 0) that quals
 * compare with a single value.  Allocates in a child of CurrentMemoryContext.
 */
extern IvmUpperRead *IvmUpperBegin(IvmView *view, List *quals, List *constants, List *sortcols,
								   const bool *wanted);

/*
 * Run the query over the core's rows within the ranges (as for
 * IvmStoreScanBegin).  False where the store turned out unfit: *reason.
 */
extern bool IvmUpperRun(IvmUpperRead *upper, const IvmGeneration *gen, Snapshot snapshot,
						const IvmKeyRange *ranges, int nranges, ParamListInfo params,
						const char **reason);

/* The query, to fetch rows from. */
extern IvmLiveQuery *IvmUpperRows(IvmUpperRead *upper);
extern int64 IvmUpperDeltas(const IvmUpperRead *upper); /* merged so far */
extern void IvmUpperEnd(IvmUpperRead *upper);

#endif							/* IVM_SCAN_UPPER_H */
