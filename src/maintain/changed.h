/*-------------------------------------------------------------------------
 *
 * changed.h
 *		Changed rows of a table, in a form in which they can be joined.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CHANGED_H
#define IVM_CHANGED_H

#include "executor/tuptable.h"
#include "maintain/joinrows.h"
#include "utils/tuplestore.h"

/* The table's columns, then sign (int4) and transaction (int8; 0: this one). */
typedef struct IvmChangedRows
{
	TupleDesc	desc;
	Tuplestorestate *rows;
	int64		nrows;
} IvmChangedRows;

/* The description of changed rows of a table with these columns. */
extern TupleDesc IvmChangedDesc(TupleDesc table);

/*
 * None yet, in CurrentMemoryContext; the tuplestore is appended to stores, for
 * whoever ends them.
 */
extern IvmChangedRows *IvmChangedMake(TupleDesc desc, List **stores);

/* Add a row (which may have the two columns already, or not). */
extern void IvmChangedPutRow(IvmChangedRows *changed, TupleTableSlot *row, int32 sign, uint64 xid);
extern void IvmChangedPut(IvmChangedRows *changed, MinimalTuple tuple, int32 sign, uint64 xid);
extern void IvmChangedPutTable(IvmChangedRows *changed, const IvmJoinTable *table); /* own rows */

/* Take a row of changed rows, or of their table, apart. */
extern void IvmChangedDeform(TupleDesc desc, MinimalTuple tuple, Datum *values, bool *nulls);

#endif							/* IVM_CHANGED_H */
