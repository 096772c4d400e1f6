/*-------------------------------------------------------------------------
 *
 * storescan.h
 *		Rows of a view from the store: base, visible deltas and the
 *		transaction's own overlay merged, forms of one group united, finished.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_STORESCAN_H
#define IVM_STORESCAN_H

#include "executor/tuptable.h"
#include "store/generation.h"
#include "store/rows.h"
#include "view/definition.h"

typedef struct IvmStoreScan IvmStoreScan;

/*
 * May the store answer for this snapshot?  Returns the generation to read (in
 * CurrentMemoryContext), or NULL with *reason.  The caller holds
 * AccessShareLock on the view's base table.  (The setting ivm_fdw.use_store is the caller's matter.)
 *
 * *captured (may be NULL): set when all changes that the snapshot sees are found
 * to be captured, and then not asked again, since what comes later has later
 * command ids.  So a scan may go on while its own statement writes.
 */
extern IvmGeneration *IvmStorePick(const IvmView *view, Snapshot snapshot, bool *captured,
								   const char **reason);

/*
 * Begin to read a generation.  Ranges: as for IvmRowScanBegin, kept by the scan
 * (not copied).  wanted and columns: as for IvmFinishBegin.  Allocates in
 * a child of CurrentMemoryContext.
 */
extern IvmStoreScan *IvmStoreScanBegin(IvmView *view, const IvmGeneration *gen, Snapshot snapshot,
									   const IvmKeyRange *ranges, int nranges,
									   const bool *wanted, const int *columns);

typedef enum IvmStoreScanResult
{
	IVM_STORE_ROW,				/* slot has it, until the next call */
	IVM_STORE_END,
	IVM_STORE_UNFIT				/* the store cannot answer after all: *reason */
} IvmStoreScanResult;

extern IvmStoreScanResult IvmStoreScanNext(IvmStoreScan *scan, TupleTableSlot *slot,
										   const char **reason);

/* Read the same again, from the start, over other ranges. */
extern void IvmStoreScanRestart(IvmStoreScan *scan, const IvmGeneration *gen, Snapshot snapshot,
								const IvmKeyRange *ranges, int nranges);

/* Deltas (stored, and own keys) merged so far. */
extern int64 IvmStoreScanDeltas(const IvmStoreScan *scan);
extern void IvmStoreScanEnd(IvmStoreScan *scan);

#endif							/* IVM_STORESCAN_H */
