/*-------------------------------------------------------------------------
 *
 * options.c
 *		Options of foreign tables: the validator, reading and rewriting them.
 *
 * The validator sees the options as text only; what the query means is
 * checked where the view is defined (maintain/ddl_define.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_foreign_table.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "store/shared.h"
#include "view/options.h"
#include "view/settings.h"

PG_FUNCTION_INFO_V1(ivm_fdw_validator);

void
IvmRequirePreloaded(void)
{
	if (!IvmSharedReady())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("ivm_fdw is not preloaded"),
				 errhint("Add ivm_fdw to shared_preload_libraries and restart the server.")));
}

static void
check_table_option(DefElem *def)
{
	if (strcmp(def->defname, IVM_OPTION_SETTINGS) == 0)
		(void) IvmPinsParse(defGetString(def));
	else if (strcmp(def->defname, IVM_OPTION_QUERY) != 0 &&
			 strcmp(def->defname, IVM_OPTION_KEY) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("invalid option \"%s\"", def->defname),
				 errhint("Options of a view are: %s, %s, %s.",
						 IVM_OPTION_QUERY, IVM_OPTION_KEY, IVM_OPTION_SETTINGS)));
}

/* The message for an option of anything but a foreign table: there are none. */
static void
refuse_option(DefElem *def, Oid catalog)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", def->defname),
			 catalog == AttributeRelationId ?
			 errhint("Columns of a view have no options.") :
			 errhint("Only foreign tables have options here: %s, %s, %s.",
					 IVM_OPTION_QUERY, IVM_OPTION_KEY, IVM_OPTION_SETTINGS)));
}

Datum
ivm_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *options = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			catalog = PG_GETARG_OID(1);
	bool		has_query = false;
	ListCell   *lc;

	/* Without the hooks a foreign table would be created that is no view. */
	IvmRequirePreloaded();

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (catalog != ForeignTableRelationId)
			refuse_option(def, catalog);
		check_table_option(def);
		if (strcmp(def->defname, IVM_OPTION_QUERY) == 0)
			has_query = true;
	}

	if (catalog == ForeignTableRelationId && !has_query)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("option \"%s\" is required", IVM_OPTION_QUERY),
				 errhint("Write OPTIONS (query 'SELECT … FROM …').")));
	PG_RETURN_VOID();
}

char *
IvmOptionGet(Oid relid, const char *name)
{
	ListCell   *lc;

	foreach(lc, GetForeignTable(relid)->options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

static List *
replace_option(List *options, const char *name, const char *value)
{
	DefElem    *new = makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1);
	ListCell   *lc;

	foreach(lc, options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
		{
			lfirst(lc) = new;
			return options;
		}
	}
	return lappend(options, new);
}

void
IvmOptionsSet(Oid relid, const char *query, const char *settings, const char *key)
{
	Relation	ftrel = table_open(ForeignTableRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(FOREIGNTABLEREL, ObjectIdGetDatum(relid));
	Datum		values[Natts_pg_foreign_table] = {0};
	bool		nulls[Natts_pg_foreign_table] = {0};
	bool		replaces[Natts_pg_foreign_table] = {0};
	List	   *options = GetForeignTable(relid)->options;

	options = replace_option(options, IVM_OPTION_QUERY, query);
	options = replace_option(options, IVM_OPTION_SETTINGS, settings);
	if (key != NULL)
		options = replace_option(options, IVM_OPTION_KEY, key);

	values[Anum_pg_foreign_table_ftoptions - 1] =
		transformGenericOptions(ForeignTableRelationId, PointerGetDatum(NULL),
								options, InvalidOid);
	replaces[Anum_pg_foreign_table_ftoptions - 1] = true;
	tuple = heap_modify_tuple(tuple, RelationGetDescr(ftrel), values, nulls, replaces);
	CatalogTupleUpdate(ftrel, &tuple->t_self, tuple);

	/* Plans made from the old options must go. */
	CacheInvalidateRelcacheByRelid(relid);
	table_close(ftrel, RowExclusiveLock);
	CommandCounterIncrement();
}
