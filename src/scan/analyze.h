/*-------------------------------------------------------------------------
 *
 * analyze.h
 *		ANALYZE of a view.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ANALYZE_H
#define IVM_ANALYZE_H

#include "foreign/fdwapi.h"

extern bool IvmAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func,
								   BlockNumber *totalpages);

#endif							/* IVM_ANALYZE_H */
