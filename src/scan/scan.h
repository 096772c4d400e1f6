/*-------------------------------------------------------------------------
 *
 * scan.h
 *		The executor's side of reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SCAN_H
#define IVM_SCAN_H

#include "nodes/execnodes.h"
#include "scan/reader.h"

extern void IvmBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *IvmIterateForeignScan(ForeignScanState *node);
extern void IvmReScanForeignScan(ForeignScanState *node);
extern void IvmEndForeignScan(ForeignScanState *node);

/* For EXPLAIN: the node's reader, NULL where it has not run. */
extern IvmReader *IvmScanReader(ForeignScanState *node);

#endif							/* IVM_SCAN_H */
