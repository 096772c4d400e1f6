/*-------------------------------------------------------------------------
 *
 * ddl.c
 *		Hooks: which statements and which object changes concern views.
 *
 * The object access hook notes what a statement creates, alters and drops,
 * however it came to do so (cascades, recursion to partitions).  When the
 * statement has run, ddl_follow.c brings views and triggers in line with
 * it.  Only the rows of dropped views go at once.  ddl_check.c refuses
 * statements beforehand; ddl_define.c makes definitions.
 *
 * Invariants:
 *	- A statement costs nothing where the extension is not created, and a
 *	  switch where it cannot concern a view.
 *	- What was noted belongs to one statement; an error forgets it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/tablecmds.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"

#include "maintain/commit.h"
#include "maintain/ddl.h"
#include "maintain/ddl_check.h"
#include "maintain/ddl_define.h"
#include "maintain/ddl_follow.h"
#include "view/catalog.h"
#include "view/leaves.h"
#include "view/keyoption.h"
#include "view/options.h"
#include "view/privileges.h"
#include "view/triggers.h"

static ProcessUtility_hook_type next_utility = NULL;
static object_access_hook_type next_object_access = NULL;

/* What the running statement has touched; NULL: none that we follow is running. */
static IvmTouched *touched = NULL;

/* ---- what objects go through ---- */

static void
note_dropped_relation(Oid relid)
{
	List	   *baserels;
	List	   *concerned;
	ListCell   *lc;

	if (!OidIsValid(IvmCatalogRelid()) || relid == IvmCatalogRelid())
		return;

	/* A view: its row goes, and maybe the triggers on its base tables. */
	baserels = IvmCatalogBaseTables(relid);
	if (baserels != NIL)
	{
		IvmCatalogDelete(relid);
		IvmCommitWakeCustodian();
		if (touched != NULL)
			foreach(lc, baserels)
				IvmTouchedAddOrphans(touched, lfirst_oid(lc));
		return;
	}

	/* A partition or child: its captured rows are no longer the view's. */
	concerned = touched ? IvmLeafViewRelids(relid) : NIL;
	foreach(lc, concerned)
		IvmTouchedAdd(touched, &touched->views, lfirst_oid(lc));
}

static void
note_alter(Oid class_id, Oid object_id, int sub_id, const ObjectAccessPostAlter *arg)
{
	if (class_id == InheritsRelationId)
	{
		IvmTouchedAdd(touched, &touched->children, object_id);
		IvmTouchedAdd(touched, &touched->parents, arg->auxiliary_id);
	}
	else if (class_id == TriggerRelationId)
		IvmTouchedAdd(touched, &touched->triggers, object_id);
	else
		IvmTouchedAddObject(touched, class_id, object_id);
}

static void
note_object_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *arg)
{
	if (next_object_access)
		next_object_access(access, class_id, object_id, sub_id, arg);

	switch (access)
	{
		case OAT_DROP:
			if (class_id == RelationRelationId && sub_id == 0)
				note_dropped_relation(object_id);
			else if (class_id == RelationRelationId && touched != NULL)
				IvmTouchedAddObject(touched, class_id, object_id);	/* a column */
			else if (class_id == TriggerRelationId && touched != NULL)
				IvmTouchedAdd(touched, &touched->bared, IvmTriggerTable(object_id));
			break;
		case OAT_POST_CREATE:
			if (touched == NULL)
				break;
			if (class_id == RelationRelationId && sub_id == 0)
				IvmTouchedAdd(touched, &touched->created, object_id);
			else
				IvmTouchedAddObject(touched, class_id, object_id);	/* CREATE OR REPLACE */
			break;
		case OAT_POST_ALTER:
			if (touched != NULL)
				note_alter(class_id, object_id, sub_id, arg);
			break;
		default:
			break;
	}
}

/* ---- statements ---- */

/* How a statement's effects on objects can concern views. */
static int
effects_of(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CreateForeignTableStmt:
		case T_CreateStmt:
			return IVM_EFFECT_TABLES;
		case T_AlterTableStmt:	/* ALTER TYPE of a composite one, too */
		case T_DropStmt:
		case T_DropOwnedStmt:
			return IVM_EFFECT_TABLES | IVM_EFFECT_ROWS;
		case T_RenameStmt:
			return IVM_EFFECT_NAMES | IVM_EFFECT_TABLES | IVM_EFFECT_LABELS;
		case T_AlterEnumStmt:
			return IVM_EFFECT_NAMES | IVM_EFFECT_LABELS;
		case T_AlterObjectSchemaStmt:
			return IVM_EFFECT_NAMES;
		case T_CreateFunctionStmt:
		case T_AlterFunctionStmt:
		case T_AlterTSConfigurationStmt:
		case T_AlterTSDictionaryStmt:
			return IVM_EFFECT_CODE;
		default:
			return 0;
	}
}

static bool
is_for_our_server(CreateForeignTableStmt *stmt)
{
	ForeignServer *server = GetForeignServerByName(stmt->servername, true);

	return server != NULL && IvmIsServer(server->serverid);
}

/* Does ALTER TABLE have a subcommand of this type? */
static bool
has_command(AlterTableStmt *stmt, AlterTableType type)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		if (lfirst_node(AlterTableCmd, lc)->subtype == type)
			return true;
	}
	return false;
}

static bool
sets_option(AlterTableStmt *stmt, const char *name)
{
	ListCell   *lc;
	ListCell   *oc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype != AT_GenericOptions)
			continue;
		foreach(oc, (List *) cmd->def)
		{
			if (strcmp(lfirst_node(DefElem, oc)->defname, name) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Before: refuse what cannot be followed.  Returns the view that ALTER TABLE
 * is about, or InvalidOid.
 */
static Oid
before_statement(Node *stmt)
{
	if (IsA(stmt, AlterTableStmt))
	{
		AlterTableStmt *alter = (AlterTableStmt *) stmt;
		Oid			relid;

		if (alter->objtype != OBJECT_TABLE && alter->objtype != OBJECT_FOREIGN_TABLE)
			return InvalidOid;
		relid = AlterTableLookupRelation(alter, AlterTableGetLockLevel(alter->cmds));
		if (!OidIsValid(relid))
			return InvalidOid;
		if (IvmIsView(relid))
		{
			IvmCheckAlterView(relid, alter);
			return relid;
		}
		IvmCheckAlterTable(relid, alter);
	}
	else if (effects_of(stmt) & IVM_EFFECT_NAMES)
		IvmCatalogRenewTrees();
	return InvalidOid;
}

static void
after_statement(Node *stmt, Oid altered_view, IvmTouched *mine)
{
	ListCell   *lc;

	CommandCounterIncrement();
	if (!OidIsValid(IvmCatalogRelid()))
		return;					/* DROP EXTENSION */

	if (IsA(stmt, CreateForeignTableStmt) &&
		is_for_our_server((CreateForeignTableStmt *) stmt))
	{
		/* IF NOT EXISTS may have created nothing. */
		foreach(lc, mine->created)
		{
			if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_FOREIGN_TABLE)
				IvmDefineView(lfirst_oid(lc), true, mine->had_xid);
		}
	}
	else if (OidIsValid(altered_view))
	{
		AlterTableStmt *alter = (AlterTableStmt *) stmt;

		IvmCheckViewShape(altered_view);
		if (has_command(alter, AT_GenericOptions))
		{
			foreach(lc, IvmCatalogBaseTables(altered_view))
				IvmTouchedAddOrphans(mine, lfirst_oid(lc));
			IvmDefineView(altered_view, sets_option(alter, IVM_OPTION_SETTINGS), mine->had_xid);
		}
		else if (has_command(alter, AT_ChangeOwner) && !superuser())
			IvmCheckDefiner(IvmCatalogQuery(altered_view),
							IvmViewGet(altered_view)->owner);
	}
	IvmFollow(mine, effects_of(stmt));
}

/* The view of which a column is renamed, with the positions that its option "key" names; or InvalidOid. */
static Oid
renamed_column_of(Node *stmt, List **key)
{
	RenameStmt *rename = (RenameStmt *) stmt;
	Oid			relid;

	if (!IsA(stmt, RenameStmt) || rename->renameType != OBJECT_COLUMN || rename->relation == NULL)
		return InvalidOid;
	relid = RangeVarGetRelid(rename->relation, NoLock, true);
	if (!OidIsValid(relid) || !IvmIsView(relid))
		return InvalidOid;
	*key = IvmKeyOptionPositions(relid);
	return *key != NIL ? relid : InvalidOid;
}

static void
process_utility(PlannedStmt *pstmt, const char *query_string, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *query_env, DestReceiver *dest, QueryCompletion *qc)
{
	ProcessUtility_hook_type run = next_utility ? next_utility : standard_ProcessUtility;
	Node	   *stmt = pstmt->utilityStmt;
	IvmTouched	mine = {0};
	IvmTouched *outer = touched;
	Oid			altered_view;
	Oid			renamed;
	List	   *key = NIL;

	if (effects_of(stmt) == 0 || !OidIsValid(IvmCatalogRelid()))
	{
		run(pstmt, query_string, read_only_tree, context, params, query_env, dest, qc);
		return;
	}

	/* The tree may be changed by those who run it. */
	stmt = copyObject(stmt);
	mine.cxt = CurrentMemoryContext;
	mine.had_xid = TransactionIdIsValid(GetTopTransactionIdIfAny());
	altered_view = before_statement(stmt);
	renamed = renamed_column_of(stmt, &key);

	touched = &mine;
	PG_TRY();
	{
		run(pstmt, query_string, read_only_tree, context, params, query_env, dest, qc);
	}
	PG_FINALLY();
	{
		touched = outer;
	}
	PG_END_TRY();
	after_statement(stmt, altered_view, &mine);
	if (OidIsValid(renamed))
		IvmRenewKeyOption(renamed, key);
}

void
IvmDdlInstallHooks(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	next_object_access = object_access_hook;
	object_access_hook = note_object_access;
}
