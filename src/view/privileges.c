/*-------------------------------------------------------------------------
 *
 * privileges.c
 *		What a view's owner must be allowed to do.
 *
 * Reads check SELECT and row-level security each time; maintenance never
 * checks, so that a REVOKE does not break the writers' commits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteDefine.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "compat.h"
#include "view/catalog.h"
#include "view/privileges.h"

/*
 * Row-level security that applies to the owner would make the view's rows
 * depend on settings and on policies that nobody tracks.
 */
static void
refuse_row_security(Query *query, Oid owner)
{
	ListCell   *lc;

	foreach(lc, IvmBaseTables(query))
	{
		Oid			relid = lfirst_oid(lc);

		if (check_enable_rls(relid, owner, true) == RLS_ENABLED)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("row-level security of table \"%s\" applies to the view's owner \"%s\"",
							get_rel_name(relid), GetUserNameFromId(owner, false)),
					 errdetail("A view holds all rows that its query sees, whoever reads it."),
					 errhint("Let a role own the view to which the policies do not apply: the table's owner, or one with BYPASSRLS.")));
	}
}

/* The rights to what a query names in FROM, in all its blocks. */
static bool
check_permissions(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, check_permissions, arg);
	IvmCheckQueryPermissions((Query *) node);
	return query_tree_walker((Query *) node, check_permissions, arg, 0);
}

void
IvmCheckReadable(const IvmView *view)
{
	/* The definition's range table names the owner as the one to check. */
	check_permissions((Node *) view->query, NULL);
	refuse_row_security(view->query, view->owner);
}

static bool
check_function(Oid funcid, void *context)
{
	Oid			owner = *(Oid *) context;
	AclResult	result = IvmFunctionAclCheck(funcid, owner);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FUNCTION, get_func_name(funcid));
	return false;
}

static bool
check_functions_walker(Node *node, void *owner)
{
	if (node == NULL)
		return false;
	(void) check_functions_in_node(node, check_function, owner);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, check_functions_walker, owner, 0);
	return expression_tree_walker(node, check_functions_walker, owner);
}

void
IvmCheckDefiner(Query *query, Oid owner)
{
	ListCell   *lc;

	query = copyObject(query);
	setRuleCheckAsUser((Node *) query, owner);
	check_permissions((Node *) query, NULL);
	refuse_row_security(query, owner);
	(void) check_functions_walker((Node *) query, &owner);

	foreach(lc, IvmBaseTables(query))
	{
		Oid			relid = lfirst_oid(lc);
		AclResult	result = pg_class_aclcheck(relid, owner, ACL_TRIGGER);

		if (result != ACLCHECK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for table %s", get_rel_name(relid)),
					 errdetail("A view over a table needs the privilege TRIGGER on it."),
					 errhint("GRANT TRIGGER ON %s TO %s.", get_rel_name(relid),
							 quote_identifier(GetUserNameFromId(owner, false)))));
	}
}
