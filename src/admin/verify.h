/*-------------------------------------------------------------------------
 *
 * verify.h
 *		ivm_fdw_verify(): does the store give the query's rows?  (SQL-callable only.)
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_VERIFY_H
#define IVM_VERIFY_H

#include "fmgr.h"

extern Datum ivm_fdw_verify(PG_FUNCTION_ARGS);

#endif							/* IVM_VERIFY_H */
