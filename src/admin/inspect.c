/*-------------------------------------------------------------------------
 *
 * inspect.c
 *		Which views there are, and what state each is in.
 *
 * Invariant: the list is read from the rows of ivm_fdw.view alone, so one
 * broken definition never hides the other views.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "admin/inspect.h"
#include "maintain/overlay.h"
#include "store/generation.h"
#include "store/store.h"
#include "view/catalog.h"

/* Columns of ivm_fdw.view */
#define ANUM_RELID		1
#define ANUM_ID			2
#define ANUM_SETTINGS	6

static IvmViewEntry *
make_entry(TupleTableSlot *slot)
{
	IvmViewEntry *entry = palloc(sizeof(IvmViewEntry));
	bool		isnull;
	Datum		settings;

	entry->relid = DatumGetObjectId(slot_getattr(slot, ANUM_RELID, &isnull));
	entry->id = (uint32) DatumGetInt64(slot_getattr(slot, ANUM_ID, &isnull));
	settings = slot_getattr(slot, ANUM_SETTINGS, &isnull);
	entry->settings = isnull ? NULL : TextDatumGetCString(settings);
	return entry;
}

List *
IvmViewEntries(Snapshot snapshot)
{
	Oid			catalog = IvmCatalogRelid();
	Relation	rel;
	TableScanDesc scan;
	TupleTableSlot *slot;
	List	   *entries = NIL;

	if (!OidIsValid(catalog))
		return NIL;
	rel = table_open(catalog, AccessShareLock);
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		entries = lappend(entries, make_entry(slot));
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
	return entries;
}

bool
IvmViewIdIsIn(const List *entries, uint32 id)
{
	ListCell   *lc;

	foreach(lc, entries)
	{
		if (((IvmViewEntry *) lfirst(lc))->id == id)
			return true;
	}
	return false;
}

IvmViewState
IvmInspectView(Oid relid, Snapshot snapshot, const char **reason)
{
	IvmView    *view;
	IvmGeneration **own;
	int			nown;
	uint64		fingerprint;

	*reason = NULL;
	if (!IvmStoreAvailable(reason))
		return IVM_VIEW_LIVE;
	view = IvmViewGet(relid);
	if (!IvmViewFingerprint(view, &fingerprint, reason))
		return IVM_VIEW_LIVE;
	own = IvmOverlayGenerations(view->id, &nown);
	if (IvmGenerationPick(view->id, snapshot, fingerprint, own, nown,
						  IvmOverlayLost(view->id), reason) != NULL)
		return IVM_VIEW_ACTIVE;
	return IVM_VIEW_BUILDING;
}
