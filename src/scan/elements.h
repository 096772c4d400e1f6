/*-------------------------------------------------------------------------
 *
 * elements.h
 *		Aggregates over arrangements: read from the elements of a group.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ELEMENTS_H
#define IVM_ELEMENTS_H

#include "store/generation.h"
#include "view/definition.h"
#include "view/finish.h"

typedef struct IvmElements IvmElements;

/*
 * Prepare to read what the finishing part needs; NULL where it needs no arrangement.  gen and
 * snapshot must outlive it.  Allocates in a child of CurrentMemoryContext.
 */
extern IvmElements *IvmElementsBegin(const IvmView *view, const IvmGeneration *gen,
									 Snapshot snapshot, const IvmFinish *finish);

/* Read under another generation and snapshot; plans that were made are kept. */
extern void IvmElementsRestart(IvmElements *elements, const IvmGeneration *gen, Snapshot snapshot);

typedef struct IvmGroupKey
{
	const char *key;			/* as in the store */
	uint32		keylen;
} IvmGroupKey;

/* What a group has of one part of the view. */
typedef struct IvmPartGroup
{
	List	   *keys;			/* of IvmGroupKey; several where equal values differ in form */
	bool		is_null;		/* nothing: counts as one row of nulls */
	int64		times;			/* each of its rows counts so often */
} IvmPartGroup;

/*
 * Read the aggregates of a group, given by part.  Results, by aggregate, live in
 * CurrentMemoryContext.  NULL where the store turned out unfit: *reason.
 */
extern const NullableDatum *IvmElementsRead(IvmElements *elements, const IvmPartGroup *groups,
											const char **reason);

extern int64 IvmElementsDeltas(const IvmElements *elements);	/* merged so far */
extern void IvmElementsEnd(IvmElements *elements);

#endif							/* IVM_ELEMENTS_H */
