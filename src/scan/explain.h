/*-------------------------------------------------------------------------
 *
 * explain.h
 *		What EXPLAIN says about a read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_EXPLAIN_H
#define IVM_EXPLAIN_H

#include "commands/explain.h"
#include "nodes/execnodes.h"

extern void IvmExplainForeignScan(ForeignScanState *node, ExplainState *es);

#endif							/* IVM_EXPLAIN_H */
