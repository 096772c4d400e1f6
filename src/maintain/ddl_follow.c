/*-------------------------------------------------------------------------
 *
 * ddl_follow.c
 *		After a statement: bring triggers, definitions and texts in line with
 *		what it has touched.
 *
 * Invariants, when a statement has ended:
 *	- Each leaf of each view has both capture triggers, in state ALWAYS, or
 *	  DISABLED where somebody disabled them; tables of no view have none, or
 *	  lose them as soon as their lock is free (the custodian tidies).
 *	- A leaf that may have changed unseen (it had no parent, or a disabled
 *	  trigger, for a moment) has a trigger of a new oid, and its views are
 *	  invalid as of the transaction.
 *	- Option "query" of each view parses to its tree.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "maintain/commit.h"
#include "maintain/ddl_define.h"
#include "maintain/ddl_follow.h"
#include "maintain/overlay.h"
#include "view/catalog.h"
#include "view/functions.h"
#include "view/leaves.h"
#include "view/triggers.h"

/* ---- noting ---- */

void
IvmTouchedAdd(IvmTouched *touched, List **list, Oid oid)
{
	MemoryContext old = MemoryContextSwitchTo(touched->cxt);

	if (OidIsValid(oid))
		*list = list_append_unique_oid(*list, oid);
	MemoryContextSwitchTo(old);
}

void
IvmTouchedAddObject(IvmTouched *touched, Oid class_id, Oid object_id)
{
	MemoryContext old = MemoryContextSwitchTo(touched->cxt);
	ObjectAddress *object = palloc(sizeof(ObjectAddress));

	ObjectAddressSet(*object, class_id, object_id);
	touched->objects = lappend(touched->objects, object);
	MemoryContextSwitchTo(old);
}

void
IvmTouchedAddOrphans(IvmTouched *touched, Oid baserel)
{
	ListCell   *lc;

	foreach(lc, IvmLeavesOfTable(baserel, true))
		IvmTouchedAdd(touched, &touched->orphans, lfirst_oid(lc));
}

/* ---- tables and triggers ---- */

/* Does the view follow children of any of its tables? */
static bool
has_tree(const IvmView *view)
{
	for (int i = 0; i < view->nrels; i++)
	{
		if (view->rels[i].inh)
			return true;
	}
	return false;
}

/*
 * Changes of these views' base tables escaped capture, or what was captured is
 * no longer theirs (in_tree: because a child came or went): the views are invalid as of this transaction.  (The
 * fingerprint tells it too, but not to a reader that is so quick as to see the
 * transaction before its invalidation messages, nor to this transaction.)
 */
static void
views_escaped(List *relids, bool in_tree)
{
	ListCell   *lc;

	foreach(lc, relids)
	{
		IvmView    *view = IvmViewGetIfAny(lfirst_oid(lc));

		if (view == NULL || (in_tree && !has_tree(view)))
			continue;
		IvmOverlayLose(view->id);
	}
	if (relids != NIL)
		IvmCommitWakeCustodian();
	IvmCommitCaptured();
}

/*
 * A table may have lost its last view.  Waits for no lock: other tables'
 * writers would make a deadlock of it.
 */
static void
follow_orphan(Oid leaf)
{
	if (IvmLeafViewRelids(leaf) == NIL && !IvmTriggersRemove(leaf))
		IvmCommitWakeCustodian();	/* it tidies later */
}

/* A table's triggers, or its place in a tree, were altered: it is locked, or its parent is. */
static void
follow_leaf(Oid leaf)
{
	if (IvmLeafViewRelids(leaf) != NIL)
		IvmTriggersEnsure(leaf, true);
	else
		follow_orphan(leaf);
}

static void
follow_children(IvmTouched *touched)
{
	ListCell   *lc;
	ListCell   *leaf;

	foreach(lc, touched->children)
	{
		Oid			child = lfirst_oid(lc);

		if (IvmIsView(child))
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("view \"%s\" cannot be a partition or child table", get_rel_name(child)),
					 errhint("Select from the view itself, or combine it with others in an ordinary view.")));
		foreach(leaf, IvmLeavesOfTable(child, true))
			follow_leaf(lfirst_oid(leaf));
		if (IvmCatalogBaseTables(child) == NIL)
			views_escaped(IvmLeafViewRelids(child), true);
	}
	foreach(lc, touched->parents)
	{
		if (IvmIsView(lfirst_oid(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("view \"%s\" cannot have child tables", get_rel_name(lfirst_oid(lc)))));
		views_escaped(IvmLeafViewRelids(lfirst_oid(lc)), true);
	}
}

static void
follow_triggers(IvmTouched *touched)
{
	ListCell   *lc;

	foreach(lc, touched->triggers)
	{
		Oid			table = IvmTriggerTable(lfirst_oid(lc));

		if (!OidIsValid(table))
			continue;			/* none of ours, or renewed just now */
		follow_leaf(table);
		views_escaped(IvmLeafViewRelids(table), false);
	}
	foreach(lc, touched->bared)
	{
		if (!OidIsValid(get_rel_namespace(lfirst_oid(lc))))
			continue;			/* dropped with its triggers */
		follow_leaf(lfirst_oid(lc));
		views_escaped(IvmLeafViewRelids(lfirst_oid(lc)), false);
	}
}

static void
follow_tables(IvmTouched *touched)
{
	ListCell   *lc;

	follow_children(touched);
	follow_triggers(touched);
	views_escaped(touched->views, true);
	foreach(lc, touched->orphans)
		follow_orphan(lfirst_oid(lc));
}

/* ---- names and code ---- */

/* Classes through which a change makes itself felt in a query. */
static bool
passes_on(Oid class_id)
{
	return class_id == ProcedureRelationId || class_id == OperatorRelationId ||
		class_id == TypeRelationId || class_id == OperatorClassRelationId ||
		class_id == OperatorFamilyRelationId || class_id == CastRelationId ||
		class_id == CollationRelationId || class_id == ConstraintRelationId ||
		class_id == TSConfigRelationId || class_id == TSDictionaryRelationId ||
		class_id == TSTemplateRelationId;
}

static bool
is_member(List *objects, Oid class_id, Oid object_id)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		ObjectAddress *object = lfirst(lc);

		if (object->classId == class_id && object->objectId == object_id)
			return true;
	}
	return false;
}

static List *
add_object(List *objects, Oid class_id, Oid object_id)
{
	ObjectAddress *object;

	if (!OidIsValid(object_id) || is_member(objects, class_id, object_id))
		return objects;
	object = palloc(sizeof(ObjectAddress));
	ObjectAddressSet(*object, class_id, object_id);
	return lappend(objects, object);
}

/*
 * Add what depends on an object to *objects, and views among it to *views.  A
 * view over a column depends on the column only, not on its type.
 */
static void
add_dependents(Relation depend, const ObjectAddress *on, List **objects, List **views)
{
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(on->classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(on->objectId));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == RelationRelationId)
		{
			if (IvmCatalogBaseTables(form->objid) != NIL)
				*views = list_append_unique_oid(*views, form->objid);
			else if (on->classId == TypeRelationId)
			{
				*views = list_concat_unique_oid(*views, IvmLeafViewRelids(form->objid));
				*objects = add_object(*objects, TypeRelationId, get_rel_type_id(form->objid));
			}
		}
		else if (passes_on(form->classid))
			*objects = add_object(*objects, form->classid, form->objid);
	}
	systable_endscan(scan);
}

/* Views whose queries use any of the objects, be it through others. */
static List *
views_using(List *objects)
{
	Relation	depend;
	List	   *views = NIL;

	depend = table_open(DependRelationId, AccessShareLock);
	objects = list_copy(objects);
	for (int i = 0; i < list_length(objects); i++)	/* the list grows */
	{
		ObjectAddress *object = list_nth(objects, i);

		if (object->classId == NamespaceRelationId)
		{
			views = IvmViewList();
			break;
		}
		if (object->classId == RelationRelationId || passes_on(object->classId))
			add_dependents(depend, object, &objects, &views);
	}
	table_close(depend, AccessShareLock);
	return views;
}

/* The types of the rows of the relations among the objects. */
static List *
row_types(List *objects)
{
	List	   *types = NIL;
	ListCell   *lc;

	foreach(lc, objects)
	{
		ObjectAddress *object = lfirst(lc);

		if (object->classId == RelationRelationId)
			types = add_object(types, TypeRelationId, get_rel_type_id(object->objectId));
	}
	return types;
}

/* Values of enums or rows are other text now. */
static void
follow_labels(List *objects, bool had_xid)
{
	List	   *types = row_types(objects);
	List	   *concerned;
	ListCell   *lc;

	foreach(lc, objects)
	{
		ObjectAddress *object = lfirst(lc);

		if (object->classId == TypeRelationId)
			types = add_object(types, TypeRelationId, object->objectId);
	}
	concerned = views_using(types);
	foreach(lc, concerned)
	{
		IvmView    *view = IvmViewGetIfAny(lfirst_oid(lc));

		if (view != NULL && IvmConvertsValues((Node *) view->query))
			IvmRedefineView(lfirst_oid(lc), had_xid);
	}
}

/* Columns of these relations came, went, or were changed: rows as a whole are others now. */
static void
follow_whole_rows(IvmTouched *touched)
{
	ListCell   *lc;

	foreach(lc, IvmViewList())
	{
		List	   *baserels = IvmCatalogBaseTables(lfirst_oid(lc));
		IvmView    *view;
		ListCell   *lr;

		foreach(lr, baserels)
		{
			if (!is_member(touched->objects, RelationRelationId, lfirst_oid(lr)))
				continue;
			view = IvmViewGetIfAny(lfirst_oid(lc));
			if (view != NULL && view->whole_row)
				IvmRedefineView(lfirst_oid(lc), touched->had_xid);
			break;
		}
	}
}

static void
follow_objects(IvmTouched *touched, int effects)
{
	ListCell   *lc;

	if (effects & (IVM_EFFECT_LABELS | IVM_EFFECT_ROWS))
		follow_whole_rows(touched);
	if (effects & IVM_EFFECT_LABELS)
		follow_labels(touched->objects, touched->had_xid);
	if (effects & IVM_EFFECT_ROWS)
		foreach(lc, views_using(row_types(touched->objects)))
			IvmRedefineView(lfirst_oid(lc), touched->had_xid);
	if (effects & IVM_EFFECT_CODE)
		foreach(lc, views_using(touched->objects))
			IvmRedefineView(lfirst_oid(lc), touched->had_xid);
	else if (effects & IVM_EFFECT_NAMES)
		foreach(lc, views_using(touched->objects))
			IvmRefreshQueryText(lfirst_oid(lc));
}

void
IvmFollow(IvmTouched *touched, int effects)
{
	if (effects & IVM_EFFECT_TABLES)
		follow_tables(touched);
	if (touched->objects != NIL && IvmViewList() != NIL)
		follow_objects(touched, effects);
}
