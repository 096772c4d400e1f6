/*-------------------------------------------------------------------------
 *
 * status.h
 *		The view ivm_fdw_status: one row a view.  (SQL-callable only.)
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_STATUS_H
#define IVM_STATUS_H

#include "fmgr.h"

extern Datum ivm_fdw_status(PG_FUNCTION_ARGS);

#endif							/* IVM_STATUS_H */
