/*-------------------------------------------------------------------------
 *
 * ddl_define.c
 *		Making and remaking the definition of a view.
 *
 * A definition is in four places, which change together: option "query" (the
 * text, with every name qualified), the row of ivm_fdw.view (the tree), the
 * foreign table's dependencies, and the triggers on the leaves.
 *
 * Under binary upgrade there is no row: its table's file comes later.
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
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_namespace.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "maintain/capture.h"
#include "maintain/commit.h"
#include "maintain/ddl_check.h"
#include "maintain/ddl_define.h"
#include "view/catalog.h"
#include "view/grouping.h"
#include "view/keyoption.h"
#include "view/options.h"
#include "view/privileges.h"
#include "view/settings.h"
#include "view/triggers.h"

/* The query's text, to be read under the same pins and the fixed search_path. */
static char *
deparse(Query *query, IvmPins *pins)
{
	int			nestlevel = IvmPinsApply(pins);
	char	   *text;

	IvmSearchPathApply();
	IvmTextFormatApply();
	text = pg_get_querydef(copyObject(query), false);
	AtEOXact_GUC(false, nestlevel);
	while (*text == ' ')
		text++;
	return text;
}

static Query *
parse(const char *text, IvmPins *pins, bool pinned_literals)
{
	int			nestlevel;
	Query	   *query;

	if (!pinned_literals)
		return IvmParseQuery(text);
	nestlevel = IvmPinsApply(pins);
	query = IvmParseQuery(text);
	AtEOXact_GUC(false, nestlevel);
	return query;
}

/*
 * Analyse as a new definition, in the owner's environment, since folding constants
 * can run code.  Leaves it with what the triggers need to know.
 */
static IvmView *
analyze(Oid relid, Query *query, const char *text, Oid owner, IvmPins *pins, List *key)
{
	IvmView		owner_and_pins = {.owner = owner,.pins = pins};
	IvmEvalEnv	env;
	IvmView    *view;

	IvmEvalEnterOwner(&owner_and_pins, &env);
	view = IvmAnalyzeView(query, text, key);
	IvmEvalLeave(&env);
	return view;
}

static Oid
owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;

	ReleaseSysCache(tuple);
	return owner;
}

/* Only a view whose rows are those of its table has a key to choose. */
static void
refuse_key_option(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("option \"%s\" is for views without grouping, windows, DISTINCT and LIMIT", IVM_OPTION_KEY),
			 errhint("The key of other views follows from the query (see ivm_fdw_check): leave the option out.")));
}

/*
 * Analyse, and see which columns lead the key: those of the option, or else the
 * primary key.  *key: the option's text to be, or NULL.
 */
static IvmView *
analyze_with_key(Oid relid, Query *query, const char *text, IvmPins *pins, char **key)
{
	List	   *positions = IvmKeyOptionPositions(relid);
	Oid			owner = owner_of(relid);
	IvmView    *view = analyze(relid, query, text, owner, pins, positions);
	bool		has_key = view->repeats && view->upper == NULL;

	if (!has_key && positions != NIL)
		refuse_key_option();
	if (has_key && positions == NIL)
	{
		positions = IvmKeyOptionDefault(view);
		if (positions != NIL)
			view = analyze(relid, query, text, owner, pins, positions);
	}
	*key = positions != NIL ? IvmKeyOptionText(relid, positions) : NULL;
	return view;
}

/* ---- dependencies ---- */

/* Is it one that every foreign table has? */
static bool
is_own_dependency(Form_pg_depend form)
{
	return form->deptype != DEPENDENCY_NORMAL ||
		(form->refclassid == NamespaceRelationId &&
		 form->refobjid == get_rel_namespace(form->objid)) ||
		(form->refclassid == ForeignServerRelationId &&
		 form->refobjid == GetForeignTable(form->objid)->serverid);
}

static void
forget_dependencies(Oid relid)
{
	Relation	depend = table_open(DependRelationId, RowExclusiveLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->objsubid == 0 && !is_own_dependency(form))
			CatalogTupleDelete(depend, &tuple->t_self);
	}
	systable_endscan(scan);
	table_close(depend, RowExclusiveLock);
}

/* The foreign table stands on everything in its query. */
static void
record_dependencies(Oid relid, Query *query)
{
	ObjectAddress view;

	forget_dependencies(relid);
	ObjectAddressSet(view, RelationRelationId, relid);
	recordDependencyOnExpr(&view, (Node *) query, NIL, DEPENDENCY_NORMAL);
	CommandCounterIncrement();
}

/* ---- definitions ---- */

/* Keep the tree under a new id, and see to it that capture begins. */
static void
begin_definition(Oid relid, Query *query, IvmView *view, const char *settings, bool had_xid)
{
	IvmTriggersInstall(view);
	if (IsBinaryUpgrade)
		return;
	(void) IvmCatalogStore(relid, query, IvmBaseTables(query), settings);
	IvmCaptureBegins(IvmViewGet(relid), had_xid);
	IvmCommitWakeCustodian();
}

static void
define_view(Oid relid, bool pinned_literals, bool had_xid)
{
	char	   *text = IvmOptionGet(relid, IVM_OPTION_QUERY);
	char	   *settings = IvmOptionGet(relid, IVM_OPTION_SETTINGS);
	Oid			owner = owner_of(relid);
	IvmPins    *pins;
	Query	   *query;
	IvmView    *view;
	char	   *key;

	IvmCheckViewShape(relid);
	settings = settings ? IvmPinsComplete(settings) : IvmPinsCurrent();
	pins = IvmPinsParse(settings);
	query = parse(text, pins, pinned_literals);
	IvmSpellOutGrouping(query, text);
	view = analyze_with_key(relid, query, text, pins, &key);
	IvmCheckViewColumns(relid, query);
	IvmCheckDefiner(query, owner);

	IvmOptionsSet(relid, deparse(query, pins), settings, key);
	record_dependencies(relid, query);
	begin_definition(relid, query, view, settings, had_xid);
}

static void
redefine_view(Oid relid, bool had_xid)
{
	Query	   *query = IvmCatalogQuery(relid);
	char	   *settings = IvmOptionGet(relid, IVM_OPTION_SETTINGS);
	IvmView    *view = analyze(relid, query, IvmOptionGet(relid, IVM_OPTION_QUERY),
							   owner_of(relid), IvmPinsParse(settings),
							   IvmKeyOptionPositions(relid));

	begin_definition(relid, query, view, settings, had_xid);
}

/* Run one of them in memory of its own. */
void
IvmDefineView(Oid relid, bool pinned_literals, bool had_xid)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm define view",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);

	define_view(relid, pinned_literals, had_xid);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

static void
redefine_error_context(void *arg)
{
	errcontext("view \"%s\" uses what the statement has changed", get_rel_name(*(Oid *) arg));
}

void
IvmRedefineView(Oid relid, bool had_xid)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm redefine view",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ErrorContextCallback callback;

	callback.callback = redefine_error_context;
	callback.arg = &relid;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	/*
	 * Readers keep their lock on the view to the transaction's end, so none of
	 * them is left in the middle of the old definition's rows when the custodian
	 * removes these, nor goes on with the old definition unaware.
	 */
	LockRelationOid(relid, AccessExclusiveLock);
	redefine_view(relid, had_xid);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

void
IvmRefreshQueryText(Oid relid)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm refresh text",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	char	   *settings = IvmOptionGet(relid, IVM_OPTION_SETTINGS);
	char	   *text = deparse(IvmCatalogQuery(relid), IvmPinsParse(settings));

	if (strcmp(text, IvmOptionGet(relid, IVM_OPTION_QUERY)) != 0)
	{
		/* One at a time: two tuples cannot both be the newest. */
		LockRelationOid(relid, ShareUpdateExclusiveLock);
		text = deparse(IvmCatalogQuery(relid), IvmPinsParse(settings));
		IvmOptionsSet(relid, text, settings, NULL);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

void
IvmRenewKeyOption(Oid relid, List *positions)
{
	IvmOptionsSet(relid, IvmOptionGet(relid, IVM_OPTION_QUERY),
				  IvmOptionGet(relid, IVM_OPTION_SETTINGS), IvmKeyOptionText(relid, positions));
}
