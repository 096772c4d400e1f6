/*-------------------------------------------------------------------------
 *
 * ddl_check.c
 *		Statements that are refused, with the reason and a way out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "maintain/ddl_check.h"
#include "view/catalog.h"
#include "view/leaves.h"

/* ---- views ---- */

void
IvmCheckAlterView(Oid relid, AlterTableStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		switch (lfirst_node(AlterTableCmd, lc)->subtype)
		{
			case AT_AddColumn:
			case AT_DropColumn:
			case AT_AlterColumnType:
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("columns of view \"%s\" cannot be added, dropped, or given another type",
								get_rel_name(relid)),
						 errdetail("They are the columns of its query."),
						 errhint("Drop the view and create it again.")));
				break;
			default:
				break;
		}
	}
}

static void
refuse_in_view(Relation rel, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("view \"%s\" cannot have %s", RelationGetRelationName(rel), what),
			 errdetail("The rows of a view are those of its query."),
			 errhint("Declare the columns with names and types only.")));
}

void
IvmCheckViewShape(Oid relid)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	if (rel->rd_rel->relispartition || has_superclass(relid))
		refuse_in_view(rel, "parent tables");
	if (rel->rd_rel->relchecks > 0)
		refuse_in_view(rel, "constraints");
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attnotnull)
			refuse_in_view(rel, "constraints");
		if (att->atthasdef || att->attidentity || att->attgenerated)
			refuse_in_view(rel, "column defaults");
	}
	relation_close(rel, NoLock);
}

static void
check_column_type(Form_pg_attribute att, TargetEntry *tle)
{
	Oid			type = exprType((Node *) tle->expr);
	int32		typmod = exprTypmod((Node *) tle->expr);
	char	   *declared;
	char	   *actual;

	if (att->atttypid == type && (att->atttypmod == -1 || att->atttypmod == typmod))
		return;
	declared = format_type_with_typemod(att->atttypid, att->atttypmod);
	actual = format_type_with_typemod(type, att->atttypid == type ? typmod : -1);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" is of type %s, but column %d of the query is of type %s",
					NameStr(att->attname), declared, tle->resno, actual),
			 errhint("Declare the column as %s, or cast the expression in the query.", actual)));
}

static void
check_column_collation(Form_pg_attribute att, TargetEntry *tle)
{
	Oid			collation = exprCollation((Node *) tle->expr);

	if (att->attcollation == collation)
		return;
	if (!OidIsValid(collation))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_COLLATION),
				 errmsg("could not determine the collation of column %d of the query", tle->resno),
				 errhint("Use the COLLATE clause in the query.")));
	ereport(ERROR,
			(errcode(ERRCODE_COLLATION_MISMATCH),
			 errmsg("column \"%s\" has collation \"%s\", but column %d of the query has collation \"%s\"",
					NameStr(att->attname), get_collation_name(att->attcollation),
					tle->resno, get_collation_name(collation)),
			 errhint("Declare the column with COLLATE %s.",
					 generate_collation_name(collation))));
}

void
IvmCheckViewColumns(Oid relid, Query *query)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	int			noutputs = 0;
	ListCell   *lc;

	foreach(lc, query->targetList)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		if (tle->resjunk)
			continue;
		if (noutputs < desc->natts)
		{
			check_column_type(TupleDescAttr(desc, noutputs), tle);
			check_column_collation(TupleDescAttr(desc, noutputs), tle);
		}
		noutputs++;
	}
	if (noutputs != desc->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("view \"%s\" has %d columns, but its query has %d",
						RelationGetRelationName(rel), desc->natts, noutputs),
				 errhint("Columns of a view match those of its query by position.")));
	relation_close(rel, NoLock);
}

/* ---- base tables ---- */

/* Refuse another type for a column that a view over the table, or over one below it, uses. */
static void
check_column_type_change(Oid relid, const char *column)
{
	List	   *tables = find_all_inheritors(relid, NoLock, NULL);
	ListCell   *tc;
	ListCell   *vc;

	foreach(tc, tables)
	{
		AttrNumber	attnum = get_attnum(lfirst_oid(tc), column);

		foreach(vc, IvmViewsOverTable(lfirst_oid(tc)))
		{
			IvmView    *view = IvmViewGetIfAny(lfirst_oid(vc));

			const IvmBaseRel *rel = view ? IvmViewBaseRel(view, lfirst_oid(tc)) : NULL;

			if (rel != NULL && attnum != InvalidAttrNumber &&
				bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, rel->columns))
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot alter the type of column \"%s\" of table \"%s\": view %s uses it",
								column, get_rel_name(lfirst_oid(tc)), view->name),
						 errhint("Drop the view, alter the column, and create the view again.")));
		}
	}
}

static void
check_detach(Oid relid, PartitionCmd *cmd)
{
	List	   *views = cmd->concurrent ? IvmLeafViewRelids(relid) : NIL;

	if (views != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot detach a partition of \"%s\" concurrently: view \"%s\" is over it",
						get_rel_name(relid), get_rel_name(linitial_oid(views))),
				 errhint("Use DETACH PARTITION without CONCURRENTLY.")));
}

static void
check_access_method(Oid relid, const char *name)
{
	List	   *views = IvmLeafViewRelids(relid);

	if (views != NIL && strcmp(name ? name : default_table_access_method, "heap") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot set the access method of \"%s\" to \"%s\": view \"%s\" is over it",
						get_rel_name(relid), name ? name : default_table_access_method,
						get_rel_name(linitial_oid(views))),
				 errhint("Views are kept over heap tables only.")));
}

void
IvmCheckAlterTable(Oid relid, AlterTableStmt *stmt)
{
	ListCell   *lc;

	if (IvmViewList() == NIL)
		return;
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		switch (cmd->subtype)
		{
			case AT_AlterColumnType:
				check_column_type_change(relid, cmd->name);
				break;
			case AT_DetachPartition:
				check_detach(relid, (PartitionCmd *) cmd->def);
				break;
			case AT_SetAccessMethod:
				check_access_method(relid, cmd->name);
				break;
			default:
				break;
		}
	}
}
