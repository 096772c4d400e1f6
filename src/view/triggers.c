/*-------------------------------------------------------------------------
 *
 * triggers.c
 *		The capture triggers on base tables: find, install, renew, remove.
 *
 * The triggers are internal ones (so dumps leave them out, DISABLE TRIGGER USER
 * and DROP OWNED do not touch them), fire always (also under
 * session_replication_role = replica), and sort first by name.  PostgreSQL does not
 * clone internal triggers to partitions: every leaf has its own pair.
 *
 * Invariant: a leaf that was out of the view's sight for a moment comes back
 * with a trigger of another oid, and so with another fingerprint.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "view/catalog.h"
#include "view/leaves.h"
#include "view/triggers.h"

#define CAPTURE_FUNCTION	"capture"
#define TRUNCATE_FUNCTION	"truncated"

void
IvmTriggersFind(Relation rel, IvmTriggerPair *pair)
{
	Oid			capture = IvmCatalogFunction(CAPTURE_FUNCTION);
	Oid			truncate = IvmCatalogFunction(TRUNCATE_FUNCTION);
	TriggerDesc *desc = rel->trigdesc;	/* last: a look-up may make it anew */

	memset(pair, 0, sizeof(IvmTriggerPair));
	if (desc == NULL)
		return;
	for (int i = 0; i < desc->numtriggers; i++)
	{
		Trigger    *trigger = &desc->triggers[i];

		/* A user's trigger that calls our function is none of ours. */
		if (!trigger->tgisinternal)
			continue;
		if (trigger->tgfoid == capture)
		{
			pair->capture = trigger->tgoid;
			pair->capture_state = trigger->tgenabled;
		}
		else if (trigger->tgfoid == truncate)
		{
			pair->truncate = trigger->tgoid;
			pair->truncate_state = trigger->tgenabled;
		}
	}
}

/* ---- making and dropping ---- */

static void
make_trigger(Oid relid, char *name, const char *function, bool row, int16 events)
{
	CreateTrigStmt *stmt = makeNode(CreateTrigStmt);

	stmt->trigname = name;
	stmt->row = row;
	stmt->timing = TRIGGER_TYPE_AFTER;
	stmt->events = events;
	(void) CreateTriggerFiringOn(stmt, NULL, relid, InvalidOid, InvalidOid, InvalidOid,
								 IvmCatalogFunction(function), InvalidOid, NULL,
								 true, false, TRIGGER_FIRES_ALWAYS);
	CommandCounterIncrement();
}

/*
 * Drop a trigger under ShareRowExclusiveLock, which keeps out everyone who
 * could fire it; RemoveTriggerById would take AccessExclusiveLock.
 */
static void
drop_trigger(Relation rel, Oid tgoid)
{
	Relation	tgrel = table_open(TriggerRelationId, RowExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(tgoid));
	scan = systable_beginscan(tgrel, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		CatalogTupleDelete(tgrel, &tuple->t_self);
	systable_endscan(scan);
	table_close(tgrel, RowExclusiveLock);

	(void) deleteDependencyRecordsFor(TriggerRelationId, tgoid, false);
	DeleteComments(tgoid, TriggerRelationId, 0);
	CacheInvalidateRelcache(rel);
	CommandCounterIncrement();
}

static bool
is_in_order(Oid tgoid, char state, bool renew)
{
	return OidIsValid(tgoid) &&
		(state == TRIGGER_DISABLED || (state == TRIGGER_FIRES_ALWAYS && !renew));
}

void
IvmTriggersEnsure(Oid leaf, bool renew)
{
	Relation	rel = try_table_open(leaf, ShareRowExclusiveLock);
	IvmTriggerPair pair;

	if (rel == NULL)
		return;
	IvmTriggersFind(rel, &pair);
	if (!is_in_order(pair.capture, pair.capture_state, renew))
	{
		if (OidIsValid(pair.capture))
			drop_trigger(rel, pair.capture);
		make_trigger(leaf, IVM_CAPTURE_TRIGGER, CAPTURE_FUNCTION, true,
					 TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE);
	}
	if (!is_in_order(pair.truncate, pair.truncate_state, renew))
	{
		if (OidIsValid(pair.truncate))
			drop_trigger(rel, pair.truncate);
		make_trigger(leaf, IVM_TRUNCATE_TRIGGER, TRUNCATE_FUNCTION, false,
					 TRIGGER_TYPE_TRUNCATE);
	}
	table_close(rel, NoLock);
}

static void
install_on_tree(const IvmBaseRel *rel)
{
	List	   *tables;
	ListCell   *lc;

	LockRelationOid(rel->relid, ShareRowExclusiveLock);
	tables = rel->inh ? find_all_inheritors(rel->relid, ShareRowExclusiveLock, NULL) :
		list_make1_oid(rel->relid);
	foreach(lc, tables)
	{
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
			IvmTriggersEnsure(lfirst_oid(lc), false);
	}
}

void
IvmTriggersInstall(const IvmView *view)
{
	for (int i = 0; i < view->nrels; i++)
		install_on_tree(&view->rels[i]);
}

/* Is nobody in this transaction in the middle of something with the table? */
static bool
is_idle(Relation rel)
{
	return rel->rd_refcnt == 1 && !AfterTriggerPendingOnRel(RelationGetRelid(rel));
}

bool
IvmTriggersRemove(Oid leaf)
{
	Relation	rel;
	IvmTriggerPair pair;
	bool		done = true;

	if (!ConditionalLockRelationOid(leaf, ShareRowExclusiveLock))
		return false;
	rel = try_table_open(leaf, NoLock);
	if (rel == NULL)
	{
		UnlockRelationOid(leaf, ShareRowExclusiveLock);
		return true;
	}

	/* Who creates a view holds this lock until its end: only now is it certain that there is none. */
	IvmTriggersFind(rel, &pair);
	if ((!OidIsValid(pair.capture) && !OidIsValid(pair.truncate)) ||
		IvmLeafViewRelids(leaf) != NIL)
		UnlockRelationOid(leaf, ShareRowExclusiveLock);
	else if (is_idle(rel))
	{
		if (OidIsValid(pair.capture))
			drop_trigger(rel, pair.capture);
		if (OidIsValid(pair.truncate))
			drop_trigger(rel, pair.truncate);
	}
	else
		done = false;
	table_close(rel, NoLock);
	return done;
}

/* ---- tidying ---- */

/* Tables that have a capture trigger: by the triggers' dependency on the function. */
static List *
tables_with_triggers(void)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *triggers = NIL;
	List	   *tables = NIL;
	ListCell   *lc;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(IvmCatalogFunction(CAPTURE_FUNCTION)));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == TriggerRelationId)
			triggers = lappend_oid(triggers, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);

	foreach(lc, triggers)
	{
		Oid			table = IvmTriggerTable(lfirst_oid(lc));

		if (OidIsValid(table))
			tables = list_append_unique_oid(tables, table);
	}
	return tables;
}

Oid
IvmTriggerTable(Oid tgoid)
{
	Relation	tgrel = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			table = InvalidOid;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(tgoid));
	scan = systable_beginscan(tgrel, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (form->tgisinternal &&
			(form->tgfoid == IvmCatalogFunction(CAPTURE_FUNCTION) ||
			 form->tgfoid == IvmCatalogFunction(TRUNCATE_FUNCTION)))
			table = form->tgrelid;
	}
	systable_endscan(scan);
	table_close(tgrel, AccessShareLock);
	return table;
}

/* Both triggers there, each always firing or disabled on purpose? */
static bool
leaf_is_in_order(Oid leaf)
{
	Relation	rel = RelationIdGetRelation(leaf);
	IvmTriggerPair pair;

	if (rel == NULL)
		return true;
	IvmTriggersFind(rel, &pair);
	RelationClose(rel);
	return is_in_order(pair.capture, pair.capture_state, false) &&
		is_in_order(pair.truncate, pair.truncate_state, false);
}

static int
install_missing(IvmView *view)
{
	ListCell   *lc;
	int			changed = 0;

	foreach(lc, IvmViewLeaves(view))
	{
		Oid			leaf = lfirst_oid(lc);

		if (leaf_is_in_order(leaf) ||
			!ConditionalLockRelationOid(leaf, ShareRowExclusiveLock))
			continue;
		IvmTriggersEnsure(leaf, false);
		changed++;
	}
	return changed;
}

int
IvmTriggersTidy(void)
{
	int			changed = IvmCatalogTidy();
	ListCell   *lc;

	foreach(lc, IvmViewList())
	{
		IvmView    *view = IvmViewGetIfAny(lfirst_oid(lc));

		if (view != NULL)
			changed += install_missing(view);
	}
	foreach(lc, tables_with_triggers())
	{
		if (IvmLeafViewRelids(lfirst_oid(lc)) == NIL && IvmTriggersRemove(lfirst_oid(lc)))
			changed++;
	}
	return changed;
}
