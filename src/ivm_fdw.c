/*-------------------------------------------------------------------------
 *
 * ivm_fdw.c
 *		Entry of the library: settings, hooks, background workers, and the
 *		functions that rebuild views.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "admin/custodian.h"
#include "compat.h"
#include "fmgr.h"
#include "ivm_fdw.h"
#include "maintain/commit.h"
#include "maintain/ddl.h"
#include "maintain/rebuild.h"
#include "miscadmin.h"
#include "scan/corescan.h"
#include "scan/paths.h"
#include "store/shared.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "view/catalog.h"
#include "view/options.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(ivm_fdw_rebuild);
PG_FUNCTION_INFO_V1(ivm_fdw_rebuild_all);

bool		ivm_use_store = true;
int			ivm_map_size_mb;
int			ivm_overlay_limit_kb;
int			ivm_custodian_naptime_ms;

void		_PG_init(void);

static void
define_settings(void)
{
	DefineCustomBoolVariable("ivm_fdw.use_store",
							 "Answers reads of views from the store where possible.",
							 "Off: every read runs the view's query.",
							 &ivm_use_store, true,
							 PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	/* Loaded later, such a setting would be refused with a message that helps nobody. */
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable("ivm_fdw.map_size",
								"Largest size of a database's store.",
								"The file is sparse: it takes only the space that is used.",
								&ivm_map_size_mb, 1024 * 1024, 16, INT_MAX / 2,
								PGC_POSTMASTER, GUC_UNIT_MB, NULL, NULL, NULL);
	DefineCustomIntVariable("ivm_fdw.overlay_limit",
							"Memory for the pending changes of one transaction to views.",
							"A transaction that needs more leaves its views to be rebuilt after it.",
							&ivm_overlay_limit_kb, 256 * 1024, 64, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("ivm_fdw.custodian_naptime",
							"Time between the custodian's looks at a database with pending changes.",
							NULL,
							&ivm_custodian_naptime_ms, 200, 1, 60 * 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	if (process_shared_preload_libraries_in_progress)
		MarkGUCPrefixReserved("ivm_fdw");
}

void
_PG_init(void)
{
	define_settings();
	if (!process_shared_preload_libraries_in_progress)
		return;					/* whatever needs more says so when it is used */
	IvmSharedInstallHooks();
	IvmDdlInstallHooks();
	IvmPathsInstallHooks();
	IvmCoreScanInstallHooks();
	IvmCustodianRegister();
	IvmCommitRegister();
}

/* ---- rebuild ---- */

static void
check_may_rebuild(Oid relid)
{
	IvmRequireView(relid);
	if (!IvmIsOwner(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
}

/* Rebuild one view; -1, with a notice, where that has to wait. */
static int64
rebuild(Oid relid)
{
	const char *why;
	int64		rows = IvmRebuildView(relid, true, &why);

	if (rows < 0)
		ereport(NOTICE,
				(errmsg("view \"%s\" was not rebuilt: %s", get_rel_name(relid), why),
				 errhint("Reads of the view run its query until it is rebuilt after this transaction.")));
	return rows;
}

/*
 * ivm_fdw_rebuild(regclass): groups of the view, or NULL where it could
 * not be rebuilt now (a notice says why).
 */
Datum
ivm_fdw_rebuild(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	int64		rows;

	IvmRequirePreloaded();
	check_may_rebuild(relid);
	PreventCommandIfReadOnly("ivm_fdw_rebuild()");
	PreventCommandDuringRecovery("ivm_fdw_rebuild()");
	rows = rebuild(relid);
	if (rows < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(rows);
}

/*
 * ivm_fdw_rebuild(): all views that the caller owns; returns the sum of their groups.
 */
Datum
ivm_fdw_rebuild_all(PG_FUNCTION_ARGS)
{
	int64		rows = 0;
	ListCell   *lc;

	IvmRequirePreloaded();
	PreventCommandIfReadOnly("ivm_fdw_rebuild()");
	PreventCommandDuringRecovery("ivm_fdw_rebuild()");
	foreach(lc, IvmViewList())
	{
		Oid			relid = lfirst_oid(lc);

		if (IvmIsOwner(relid, GetUserId()))
			rows += Max(rebuild(relid), 0);
	}
	PG_RETURN_INT64(rows);
}
