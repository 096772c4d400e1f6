/*-------------------------------------------------------------------------
 *
 * satellites.h
 *		A group of a view over several tables: what each part has of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SATELLITES_H
#define IVM_SATELLITES_H

#include "scan/elements.h"
#include "scan/merge.h"

/* A group with all its parts. */
typedef struct IvmWholeGroup
{
	int64		rows;			/* of the join */
	IvmState  **states;			/* by part; sums over the rows of the join */
	IvmPartGroup *parts;
} IvmWholeGroup;

typedef struct IvmSatellites IvmSatellites;

/* Prepare for a view with several parts; arguments as for IvmMergeBegin. */
extern IvmSatellites *IvmSatellitesBegin(const IvmView *view, const IvmGeneration *gen,
										 Snapshot snapshot);

/*
 * Find what the satellites have for a group of the hub, whose keys and state are
 * given, and multiply.  In CurrentMemoryContext.  False where the join has no row, or the
 * store turned out unfit: *reason.
 */
extern bool IvmSatellitesJoin(IvmSatellites *satellites, List *keys, IvmState *hub,
							  IvmWholeGroup *whole, const char **reason);

extern int64 IvmSatellitesDeltas(const IvmSatellites *satellites);	/* merged so far */
extern void IvmSatellitesEnd(IvmSatellites *satellites);

#endif							/* IVM_SATELLITES_H */
