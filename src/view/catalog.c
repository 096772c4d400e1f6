/*-------------------------------------------------------------------------
 *
 * catalog.c
 *		The table ivm_fdw.view, and each backend's cache of definitions.
 *
 * Invariants:
 *	- A relcache callback marks, and does nothing else: it may run anywhere.
 *	  What was marked is forgotten at the next question (view/leaves.c keeps
 *	  what is known of base tables, and learns from here that views changed).
 *	- Rows change together with an invalidation of ivm_fdw.view itself, of the
 *	  view and of its base tables, so every backend asks anew.
 *	- A definition that was handed out lives until the transaction ends.
 *
 * Under binary upgrade the table's file is transferred after the schema has
 * been restored.  Views are then found by their server, and their trees come from option "query".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/catversion.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/sequence.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pg_list.h"
#include "rewrite/rewriteDefine.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ivm_fdw.h"
#include "view/catalog.h"
#include "view/keyoption.h"
#include "view/leaves.h"
#include "view/options.h"
#include "view/settings.h"

#define IVM_VIEW_TABLE		"view"
#define IVM_ID_SEQUENCE		"view_id"

PG_FUNCTION_INFO_V1(ivm_fdw_ignore);

enum view_columns
{
	COL_RELID = 1,
	COL_ID,
	COL_BASERELS,
	COL_CATVERSION,
	COL_TREE,
	COL_SETTINGS,
	NCOLS = COL_SETTINGS
};

/* A row of ivm_fdw.view. */
typedef struct ViewRow
{
	Oid			relid;
	uint32		id;
	List	   *baserels;
	int32		catversion;
	char	   *tree;
	char	   *settings;
} ViewRow;

/* What is known of each view without reading its tree. */
typedef struct ViewBrief
{
	Oid			relid;
	uint32		id;
	List	   *baserels;
	bool		foreign_tree;	/* of another version or cluster */
} ViewBrief;

typedef struct ViewEntry
{
	Oid			relid;			/* hash key */
	bool		stale;			/* set by the callback */
	IvmView    *view;			/* NULL: not loaded */
} ViewEntry;

static bool initialized = false;
static HTAB *views = NULL;		/* of ViewEntry */
static MemoryContext retired_cxt = NULL;	/* parent of what goes at transaction end */
static MemoryContext briefs_cxt = NULL;
static List *briefs = NIL;		/* of ViewBrief */
static bool briefs_valid = false;
static Oid	catalog_relid = InvalidOid; /* known oid of ivm_fdw.view */

/* set by the callback */
static bool rows_stale = false;
static bool some_view_stale = false;

/* ---- forgetting ---- */

static void
relcache_callback(Datum arg, Oid relid)
{
	ViewEntry  *entry;

	if (!OidIsValid(relid) || relid == catalog_relid)
	{
		rows_stale = true;
		catalog_relid = InvalidOid;
	}
	else if ((entry = hash_search(views, &relid, HASH_FIND, NULL)) != NULL)
		entry->stale = some_view_stale = true;
	IvmLeavesInvalidate(relid);
}

void
IvmRetireContext(MemoryContext cxt)
{
	if (IsTransactionState())
		MemoryContextSetParent(cxt, retired_cxt);
	else
		MemoryContextDelete(cxt);
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			MemoryContextDeleteChildren(retired_cxt);
			break;
		default:
			break;
	}
}

static void
initialize(void)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(ViewEntry)};

	if (initialized)
		return;
	if (CacheMemoryContext == NULL)
		CreateCacheMemoryContext();
	retired_cxt = AllocSetContextCreate(CacheMemoryContext, "ivm retired definitions",
										ALLOCSET_SMALL_SIZES);
	ctl.hcxt = CacheMemoryContext;
	views = hash_create("ivm views", 32, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	IvmLeavesInitialize();
	RegisterXactCallback(xact_callback, NULL);
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	initialized = true;
}

void
IvmCatalogSync(void)
{
	HASH_SEQ_STATUS seq;
	ViewEntry  *entry;
	bool		all = rows_stale;

	initialize();
	if (!rows_stale && !some_view_stale)
		return;
	rows_stale = some_view_stale = false;
	if (all && briefs_cxt != NULL)
	{
		MemoryContextDelete(briefs_cxt);
		briefs_cxt = NULL;
		briefs_valid = false;
	}
	hash_seq_init(&seq, views);
	while ((entry = hash_seq_search(&seq)) != NULL)
	{
		if (!all && !entry->stale)
			continue;
		entry->stale = false;
		if (entry->view != NULL)
			IvmRetireContext(entry->view->cxt);
		entry->view = NULL;
	}
	IvmLeavesForgetViews();
}

/* ---- the extension's own objects ---- */

Oid
IvmCatalogObject(const char *name)
{
	Oid			nspid = get_namespace_oid(IVM_CATALOG_SCHEMA, true);

	return OidIsValid(nspid) ? get_relname_relid(name, nspid) : InvalidOid;
}

Oid
IvmCatalogRelid(void)
{
	Oid			relid;

	if (OidIsValid(catalog_relid))
		return catalog_relid;
	initialize();
	relid = IvmCatalogObject(IVM_VIEW_TABLE);

	/* Somebody's table of this name is none of ours. */
	if (!OidIsValid(relid) ||
		getExtensionOfObject(RelationRelationId, relid) != get_extension_oid(IVM_EXTENSION_NAME, true))
		return InvalidOid;
	catalog_relid = relid;
	return relid;
}

Oid
IvmCatalogFunction(const char *name)
{
	/* Not by LookupFuncName: everyone who writes to a base table comes here, with or without rights to the schema. */
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(NULL, 0)),
						   ObjectIdGetDatum(get_namespace_oid(IVM_CATALOG_SCHEMA, true)));
}

bool
IvmIsServer(Oid serverid)
{
	ForeignServer *server = GetForeignServer(serverid);
	ForeignDataWrapper *wrapper = GetForeignDataWrapper(server->fdwid);

	return OidIsValid(wrapper->fdwhandler) &&
		wrapper->fdwhandler == IvmCatalogFunction("handler");
}

bool
IvmIsView(Oid relid)
{
	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE || !OidIsValid(IvmCatalogRelid()) ||
		!SearchSysCacheExists1(FOREIGNTABLEREL, ObjectIdGetDatum(relid)))
		return false;
	return IvmIsServer(GetForeignTable(relid)->serverid);
}

void
IvmRequireView(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (!IvmIsView(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a view of ivm_fdw", name),
				 errhint("Views are foreign tables of a server that uses the wrapper ivm_fdw, such as \"ivm\".")));
}

/* ---- rows ---- */

/*
 * Tells whose oids a stored tree uses: the catalogs' layout, and the cluster
 * (pg_upgrade within a version gives functions new oids).
 */
static int32
catalog_version(void)
{
	uint64		cluster = GetSystemIdentifier();

	return (int32) hash_combine(murmurhash32(CATALOG_VERSION_NO),
								hash_bytes((unsigned char *) &cluster, sizeof(cluster)));
}

static List *
oid_list(Datum array)
{
	Datum	   *elems;
	int			nelems;
	List	   *list = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), OIDOID, sizeof(Oid), true, TYPALIGN_INT,
					  &elems, NULL, &nelems);
	for (int i = 0; i < nelems; i++)
		list = lappend_oid(list, DatumGetObjectId(elems[i]));
	return list;
}

static Datum
oid_array(List *list)
{
	Datum	   *elems = palloc(sizeof(Datum) * list_length(list));
	ListCell   *lc;

	foreach(lc, list)
		elems[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(elems, list_length(list), OIDOID,
										   sizeof(Oid), true, TYPALIGN_INT));
}

/* Scan for the rows with one value of a column; relid InvalidOid: all rows. */
static SysScanDesc
begin_row_scan(Relation rel, Oid relid, ScanKey key)
{
	ScanKeyInit(key, COL_RELID, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	return systable_beginscan(rel, InvalidOid, false, NULL, OidIsValid(relid) ? 1 : 0, key);
}

static ViewRow *
read_row(Oid relid)
{
	Relation	rel = table_open(IvmCatalogRelid(), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan = begin_row_scan(rel, relid, &key);
	HeapTuple	tuple = systable_getnext(scan);
	ViewRow    *row = NULL;

	if (HeapTupleIsValid(tuple))
	{
		Datum		values[NCOLS];
		bool		nulls[NCOLS];

		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		row = palloc(sizeof(ViewRow));
		row->relid = relid;
		row->id = (uint32) DatumGetInt64(values[COL_ID - 1]);
		row->baserels = oid_list(values[COL_BASERELS - 1]);
		row->catversion = DatumGetInt32(values[COL_CATVERSION - 1]);
		row->tree = TextDatumGetCString(values[COL_TREE - 1]);
		row->settings = TextDatumGetCString(values[COL_SETTINGS - 1]);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return row;
}

/* ---- briefs ---- */

static void
add_brief(Oid relid, uint32 id, List *baserels, bool foreign_tree)
{
	MemoryContext old = MemoryContextSwitchTo(briefs_cxt);
	ViewBrief  *brief = palloc(sizeof(ViewBrief));

	brief->relid = relid;
	brief->id = id;
	brief->baserels = list_copy(baserels);
	brief->foreign_tree = foreign_tree;
	briefs = lappend(briefs, brief);
	MemoryContextSwitchTo(old);
}

static void
read_briefs_from_rows(void)
{
	Relation	rel = table_open(IvmCatalogRelid(), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan = begin_row_scan(rel, InvalidOid, &key);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Datum		values[NCOLS];
		bool		nulls[NCOLS];

		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		/* A view that was dropped while we were not preloaded has left its row. */
		if (!IvmIsView(DatumGetObjectId(values[COL_RELID - 1])))
			continue;
		add_brief(DatumGetObjectId(values[COL_RELID - 1]),
				  (uint32) DatumGetInt64(values[COL_ID - 1]),
				  oid_list(values[COL_BASERELS - 1]),
				  DatumGetInt32(values[COL_CATVERSION - 1]) != catalog_version());
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* Binary upgrade: by server, and from their texts. */
static void
read_briefs_from_options(void)
{
	Relation	rel = table_open(ForeignTableRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	List	   *relids = NIL;
	ListCell   *lc;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_foreign_table form = (Form_pg_foreign_table) GETSTRUCT(tuple);

		if (IvmIsServer(form->ftserver))
			relids = lappend_oid(relids, form->ftrelid);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);

	foreach(lc, relids)
	{
		Query	   *query = IvmCatalogQueryOfText(lfirst_oid(lc));

		add_brief(lfirst_oid(lc), 0, IvmBaseTables(query), false);
	}
}

static List *
get_briefs(void)
{
	IvmCatalogSync();
	if (briefs_valid)
		return briefs;
	if (briefs_cxt != NULL)
		MemoryContextDelete(briefs_cxt);
	briefs = NIL;
	briefs_cxt = AllocSetContextCreate(CacheMemoryContext, "ivm list of views",
									   ALLOCSET_SMALL_SIZES);
	if (OidIsValid(IvmCatalogRelid()))
	{
		if (IsBinaryUpgrade)
			read_briefs_from_options();
		else
			read_briefs_from_rows();
		briefs_valid = true;
	}
	return briefs;
}

static bool
base_tables_walker(Node *node, void *arg)
{
	List	  **entries = arg;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		if (((RangeTblEntry *) node)->rtekind == RTE_RELATION)
			*entries = lappend(*entries, node);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, base_tables_walker, arg,
								 QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, base_tables_walker, arg);
}

List *
IvmBaseEntries(Query *query)
{
	List	   *entries = NIL;

	base_tables_walker((Node *) query, &entries);
	return entries;
}

List *
IvmBaseTables(Query *query)
{
	List	   *baserels = NIL;
	ListCell   *lc;

	foreach(lc, IvmBaseEntries(query))
		baserels = list_append_unique_oid(baserels, lfirst_node(RangeTblEntry, lc)->relid);
	return baserels;
}

List *
IvmViewList(void)
{
	List	   *relids = NIL;
	ListCell   *lc;

	foreach(lc, get_briefs())
		relids = lappend_oid(relids, ((ViewBrief *) lfirst(lc))->relid);
	return relids;
}

List *
IvmViewsOverTable(Oid baserel)
{
	List	   *relids = NIL;
	ListCell   *lc;

	foreach(lc, get_briefs())
	{
		ViewBrief  *brief = lfirst(lc);

		if (list_member_oid(brief->baserels, baserel))
			relids = lappend_oid(relids, brief->relid);
	}
	return relids;
}

static ViewBrief *
find_brief(Oid relid)
{
	ListCell   *lc;

	foreach(lc, get_briefs())
	{
		if (((ViewBrief *) lfirst(lc))->relid == relid)
			return lfirst(lc);
	}
	return NULL;
}

List *
IvmCatalogBaseTables(Oid relid)
{
	ViewBrief  *brief = find_brief(relid);

	return brief ? list_copy(brief->baserels) : NIL;
}

/* ---- definitions ---- */

static void
load_error_context(void *arg)
{
	errcontext("definition of the view with OID %u", *(Oid *) arg);
}

static Query *
parse_option(Oid relid, IvmPins *pins)
{
	int			nestlevel = IvmPinsApply(pins);
	Query	   *query;

	IvmSearchPathApply();
	query = IvmParseQuery(IvmOptionGet(relid, IVM_OPTION_QUERY));
	AtEOXact_GUC(false, nestlevel);
	return query;
}

Query *
IvmCatalogQueryOfText(Oid relid)
{
	return parse_option(relid, IvmPinsParse(IvmOptionGet(relid, IVM_OPTION_SETTINGS)));
}

/*
 * The row of a view, in effect as PostgreSQL's catalogs have it now.  NULL where
 * there is none: the view may just have been dropped by somebody else.
 */
static ViewRow *
row_of_view(Oid relid)
{
	ViewRow    *row;

	if (!IvmIsView(relid))
		return NULL;
	if (!IsBinaryUpgrade)
		return read_row(relid);
	row = palloc0(sizeof(ViewRow));
	row->relid = relid;
	row->settings = IvmOptionGet(relid, IVM_OPTION_SETTINGS);
	return row;
}

static ViewRow *
require_row(Oid relid)
{
	ViewRow    *row = row_of_view(relid);
	char	   *name = get_rel_name(relid);

	if (row == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" is not a view of ivm_fdw, or has no definition",
						name ? name : psprintf("%u", relid)),
				 errhint("If it was created while ivm_fdw was not preloaded, drop it and create it again.")));
	return row;
}

static Query *
query_of_row(const ViewRow *row, IvmPins *pins)
{
	if (row->tree != NULL && row->catversion == catalog_version())
		return stringToNode(row->tree);
	return parse_option(row->relid, pins);
}

Query *
IvmCatalogQuery(Oid relid)
{
	ViewRow    *row = require_row(relid);

	return query_of_row(row, IvmPinsParse(row->settings));
}

/* Owner and name of the foreign table; false where it is gone. */
static bool
describe_table(Oid relid, IvmView *view)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	view->owner = form->relowner;
	view->name = quote_qualified_identifier(get_namespace_name(form->relnamespace),
											NameStr(form->relname));
	ReleaseSysCache(tuple);
	return true;
}

/*
 * Load a definition; all that stays is in the current memory context.  NULL
 * where the view is gone.  Nobody need hold a lock on it (writers do not), so
 * what is asked of the catalogs is asked once.
 */
static IvmView *
load_view(Oid relid)
{
	MemoryContext cxt = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(cxt, "ivm view row", ALLOCSET_DEFAULT_SIZES);
	IvmView		facts = {0};
	IvmEvalEnv	env;
	IvmView    *view;
	ViewRow    *row;
	Query	   *query;

	MemoryContextSwitchTo(scratch);
	row = row_of_view(relid);
	MemoryContextSwitchTo(cxt);
	if (row == NULL || !describe_table(relid, &facts))
		return NULL;
	facts.pins = IvmPinsParse(row->settings);

	/* Constants are folded, which may run the query's functions. */
	IvmEvalEnterOwner(&facts, &env);
	MemoryContextSwitchTo(scratch);
	query = query_of_row(row, facts.pins);
	MemoryContextSwitchTo(cxt);
	view = IvmAnalyzeView(query, NULL, IvmKeyOptionPositions(relid));
	IvmEvalLeave(&env);

	view->relid = relid;
	view->id = row->id;
	view->owner = facts.owner;
	view->name = facts.name;
	view->pins = facts.pins;
	for (int i = 1; i < view->nparts; i++)
	{
		view->parts[i]->relid = relid;
		view->parts[i]->id = view->id;
		view->parts[i]->owner = view->owner;
		view->parts[i]->name = view->name;
		view->parts[i]->pins = view->pins;
	}
	setRuleCheckAsUser((Node *) view->query, view->owner);
	MemoryContextDelete(scratch);
	return view;
}

/* Load a definition in a memory context of its own, under CacheMemoryContext. */
static IvmView *
load_view_for_keeps(Oid relid)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm view",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ErrorContextCallback callback;
	IvmView    *view;

	callback.callback = load_error_context;
	callback.arg = &relid;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	view = load_view(relid);
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);

	if (view == NULL)
	{
		MemoryContextDelete(cxt);
		return NULL;
	}
	MemoryContextSetParent(cxt, CacheMemoryContext);
	MemoryContextSetIdentifier(cxt, view->name);
	return view;
}

IvmView *
IvmViewGetIfAny(Oid relid)
{
	ViewEntry  *entry;
	bool		found;
	IvmView    *view;

	IvmCatalogSync();
	entry = hash_search(views, &relid, HASH_ENTER, &found);
	if (found && entry->view != NULL)
		return entry->view;

	/* The entry comes first, so that what happens meanwhile makes it stale. */
	if (!found)
		entry->stale = false;
	entry->view = NULL;
	view = load_view_for_keeps(relid);

	/* Loading can have asked for this very view (user code): keep the last one. */
	entry = hash_search(views, &relid, HASH_FIND, NULL);
	if (entry->view != NULL)
		IvmRetireContext(entry->view->cxt);
	entry->view = view;
	return view;
}

IvmView *
IvmViewGet(Oid relid)
{
	IvmView    *view = IvmViewGetIfAny(relid);

	if (view == NULL)
		(void) require_row(relid);
	if (view == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("view with OID %u does not exist", relid)));
	return view;
}

/* ---- changing rows ---- */

static void
invalidate_view(Oid relid, List *baserels)
{
	ListCell   *lc;

	CacheInvalidateRelcacheByRelid(IvmCatalogRelid());
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		CacheInvalidateRelcacheByRelid(relid);
	foreach(lc, baserels)
	{
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(lc))))
			CacheInvalidateRelcacheByRelid(lfirst_oid(lc));
	}
}

/* Insert a view's row, or put it in the place of the present one. */
static void
store_row(Oid relid, uint32 id, Query *query, List *baserels, const char *settings)
{
	Relation	rel = table_open(IvmCatalogRelid(), RowExclusiveLock);
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {0};
	HeapTuple	newtup;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	oldtup;

	values[COL_RELID - 1] = ObjectIdGetDatum(relid);
	values[COL_ID - 1] = Int64GetDatum(id);
	values[COL_BASERELS - 1] = oid_array(baserels);
	values[COL_CATVERSION - 1] = Int32GetDatum(catalog_version());
	values[COL_TREE - 1] = CStringGetTextDatum(nodeToString(query));
	values[COL_SETTINGS - 1] = CStringGetTextDatum(settings);
	newtup = heap_form_tuple(RelationGetDescr(rel), values, nulls);

	scan = begin_row_scan(rel, relid, &key);
	oldtup = systable_getnext(scan);
	if (HeapTupleIsValid(oldtup))
		CatalogTupleUpdate(rel, &oldtup->t_self, newtup);
	else
		CatalogTupleInsert(rel, newtup);
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);

	invalidate_view(relid, baserels);
	CommandCounterIncrement();
}

uint32
IvmCatalogStore(Oid relid, Query *query, List *baserels, const char *settings)
{
	uint32		id = (uint32) nextval_internal(IvmCatalogObject(IVM_ID_SEQUENCE), false);

	store_row(relid, id, query, baserels, settings);
	return id;
}

void
IvmCatalogRenewTrees(void)
{
	List	   *relids = NIL;
	ListCell   *lc;

	foreach(lc, get_briefs())
	{
		ViewBrief  *brief = lfirst(lc);

		if (brief->foreign_tree)
			relids = lappend_oid(relids, brief->relid);
	}
	foreach(lc, relids)
	{
		ViewRow    *row = require_row(lfirst_oid(lc));

		store_row(row->relid, row->id, query_of_row(row, IvmPinsParse(row->settings)),
				  row->baserels, row->settings);
	}
}

void
IvmCatalogDelete(Oid relid)
{
	List	   *baserels = IvmCatalogBaseTables(relid);
	Relation	rel = table_open(IvmCatalogRelid(), RowExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan = begin_row_scan(rel, relid, &key);
	HeapTuple	tuple = systable_getnext(scan);

	if (HeapTupleIsValid(tuple))
		CatalogTupleDelete(rel, &tuple->t_self);
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	invalidate_view(relid, baserels);
}

int
IvmCatalogTidy(void)
{
	Relation	rel = table_open(IvmCatalogRelid(), RowExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan = begin_row_scan(rel, InvalidOid, &key);
	HeapTuple	tuple;
	int			removed = 0;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(heap_getattr(tuple, COL_RELID,
														  RelationGetDescr(rel), &isnull));

		if (IvmIsView(relid))
			continue;
		CatalogTupleDelete(rel, &tuple->t_self);
		removed++;
	}
	systable_endscan(scan);
	table_close(rel, RowExclusiveLock);
	return removed;
}

/*
 * Row trigger on ivm_fdw.view: nobody but us (who fire no triggers) writes to
 * it.  Logical replication of all tables would bring in another database's rows.
 */
Datum
ivm_fdw_ignore(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(NULL);
}
