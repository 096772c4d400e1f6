/*-------------------------------------------------------------------------
 *
 * expand.h
 *		The source query of a view: the rows that it makes of one row of the
 *		base table (set-returning functions, LATERAL, VALUES).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_EXPAND_H
#define IVM_EXPAND_H

#include "executor/tuptable.h"
#include "utils/rel.h"
#include "view/definition.h"

typedef struct IvmExpand IvmExpand;

/*
 * Prepare for rows of a leaf.  Allocates in CurrentMemoryContext.  After an error that
 * came between Start and Close it must not be used any more.
 */
extern IvmExpand *IvmExpandMake(IvmView *view, Relation root, Relation leaf);

/* Begin with a row of the leaf. */
extern void IvmExpandStart(IvmExpand *expand, TupleTableSlot *row);

/* The next row made of it (valid until the next call), or NULL. */
extern TupleTableSlot *IvmExpandNext(IvmExpand *expand);

/* Give back what is held; may be started again. */
extern void IvmExpandClose(IvmExpand *expand);

#endif							/* IVM_EXPAND_H */
