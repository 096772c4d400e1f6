/*-------------------------------------------------------------------------
 *
 * edges.h
 *		Equalities between the tables of a join, by which rows in flight are found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_EDGES_H
#define IVM_EDGES_H

#include "access/htup.h"
#include "store/inflight.h"
#include "view/definition.h"

/* occurrence a's column = occurrence b's column */
typedef struct IvmEdge
{
	int			number;			/* in the part, from 1 */
	int			occurrence[2];
	AttrNumber	column[2];
	IvmKeyDesc *desc[2];		/* of one column each, as keys */
	Node	   *qual;			/* in the source query */
} IvmEdge;

/* Edges of a part, in both directions each (occurrence[0] to [1]): List of IvmEdge *.  They live as long as the part. */
extern List *IvmEdgesOf(IvmView *part);

/* Hash of a row's value, the same for all values that are equal under the edge; false: null, which equals nothing. */
extern bool IvmEdgeHash(const IvmEdge *edge, int side, Datum value, bool isnull, uint64 *hash);

#endif							/* IVM_EDGES_H */
