/*-------------------------------------------------------------------------
 *
 * namedrows.h
 *		Named tuplestores in the range tables of queries that are made here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_NAMEDROWS_H
#define IVM_NAMEDROWS_H

#include "access/tupdesc.h"
#include "nodes/parsenodes.h"

/* Make a range table entry, in place, one for a named tuplestore of these columns. */
extern void IvmNamedRows(RangeTblEntry *rte, const char *name, TupleDesc desc, double rows);

/* Columns that hold the values of expressions. */
extern TupleDesc IvmDescOfExprs(Expr *const *exprs, int nexprs);

#endif							/* IVM_NAMEDROWS_H */
