/*-------------------------------------------------------------------------
 *
 * inspect.h
 *		Which views there are, and what state each is in: what the custodian acts
 *		upon and ivm_fdw_status shows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_INSPECT_H
#define IVM_INSPECT_H

#include "nodes/pg_list.h"
#include "utils/snapshot.h"

typedef struct IvmViewEntry
{
	Oid			relid;
	uint32		id;
	char	   *settings;		/* pinned settings, as kept */
} IvmViewEntry;

/*
 * Rows of ivm_fdw.view that the snapshot sees (list of IvmViewEntry *), without
 * looking at the definitions.  NIL where the extension is not created.
 */
extern List *IvmViewEntries(Snapshot snapshot);

/* Is the definition id among the entries? */
extern bool IvmViewIdIsIn(const List *entries, uint32 id);

typedef enum IvmViewState
{
	IVM_VIEW_ACTIVE,			/* answered from the store */
	IVM_VIEW_BUILDING,			/* live; a build will change that */
	IVM_VIEW_LIVE				/* live; no build can change that now */
} IvmViewState;

/* State of a view under a snapshot; *reason is NULL for an active one.  ERROR for a broken definition. */
extern IvmViewState IvmInspectView(Oid relid, Snapshot snapshot, const char **reason);

#endif							/* IVM_INSPECT_H */
