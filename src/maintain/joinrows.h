/*-------------------------------------------------------------------------
 *
 * joinrows.h
 *		Changed rows of tables that are joined when they are written: kept from
 *		their capture to the transaction's publication.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_JOINROWS_H
#define IVM_JOINROWS_H

#include "executor/tuptable.h"
#include "utils/rel.h"
#include "view/catalog.h"

/* A row, in the columns of the table as named in FROM; columns that no view needs are null. */
typedef struct IvmJoinRow
{
	MinimalTuple tuple;
	int32		sign;
} IvmJoinRow;

/* What the transaction has changed in a table. */
typedef struct IvmJoinTable
{
	Oid			relid;
	TupleDesc	desc;
	bool		lost;			/* more than is kept; or changes that were not captured */
	int			nrows;
	IvmJoinRow *rows;
} IvmJoinTable;

/*
 * Keep the old and new version (either may be NULL) of a row of a leaf for the uses (of
 * List of IvmLeafUse) whose parts join.
 */
extern void IvmJoinRowsCapture(List *uses, Relation leaf, TupleTableSlot *oldslot,
							   TupleTableSlot *newslot, CommandId cid);

/* Has the transaction rows for a view that are still to be joined? */
extern bool IvmJoinRowsPending(const IvmView *view);

extern bool IvmJoinRowsIsEmpty(void);

/* The tables with changes: List of IvmJoinTable *, rows that cancel out left out.  In CurrentMemoryContext. */
extern List *IvmJoinRowsNet(void);

extern void IvmJoinRowsForget(void);	/* published, or the transaction has ended */
extern void IvmJoinRowsAbortSub(SubTransactionId subid);

#endif							/* IVM_JOINROWS_H */
