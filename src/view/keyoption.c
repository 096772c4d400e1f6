/*-------------------------------------------------------------------------
 *
 * keyoption.c
 *		Option "key": the output columns that lead the key of a view without
 *		grouping.
 *
 * The option is always written at creation, since what it defaults to may
 * change later: a primary key can be dropped, and a dump restores it after the view.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/varlena.h"
#include "view/keyoption.h"
#include "view/options.h"

/* The position of a column by its name, not counting dropped ones; 0: none. */
static int
position_of(TupleDesc desc, const char *name)
{
	int			position = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		position++;
		if (namestrcmp(&att->attname, name) == 0)
			return position;
	}
	return 0;
}

static List *
positions_of(Relation rel, const char *text)
{
	List	   *names;
	List	   *positions = NIL;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(text), ',', &names) || names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", IVM_OPTION_KEY, text),
				 errhint("Write names of the view's columns, separated by commas.")));
	foreach(lc, names)
	{
		int			position = position_of(RelationGetDescr(rel), lfirst(lc));

		if (position == 0 || list_member_int(positions, position))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg(position == 0 ? "option \"%s\" names \"%s\", which is no column of view \"%s\"" :
							"option \"%s\" names \"%s\" more than once, in view \"%s\"",
							IVM_OPTION_KEY, (char *) lfirst(lc), RelationGetRelationName(rel)),
					 errhint("Write names of the view's columns, separated by commas.")));
		positions = lappend_int(positions, position);
	}
	return positions;
}

List *
IvmKeyOptionPositions(Oid relid)
{
	char	   *text = IvmOptionGet(relid, IVM_OPTION_KEY);
	Relation	rel;
	List	   *positions;

	if (text == NULL)
		return NIL;
	rel = table_open(relid, AccessShareLock);
	positions = positions_of(rel, text);
	table_close(rel, AccessShareLock);
	return positions;
}

char *
IvmKeyOptionText(Oid relid, List *positions)
{
	Relation	rel = table_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, positions)
	{
		int			position = 0;

		for (int i = 0; i < desc->natts; i++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, i);

			if (!att->attisdropped && ++position == lfirst_int(lc))
				appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
								 quote_identifier(NameStr(att->attname)));
		}
	}
	table_close(rel, AccessShareLock);
	return buf.data;
}

/* The output that shows a column of the base table unchanged; 0: none. */
static int
output_of(const IvmView *view, AttrNumber attno)
{
	for (int i = 0; i < view->noutputs; i++)
	{
		int			key = view->outkey[i];

		if (key >= 0 && IsA(view->keyexprs[key], Var) &&
			((Var *) view->keyexprs[key])->varattno == attno)
			return i + 1;
	}
	return 0;
}

List *
IvmKeyOptionDefault(const IvmView *view)
{
	Relation	rel;
	Bitmapset  *pk;
	List	   *positions = NIL;
	int			member = -1;

	if (view->source != NULL)
		return NIL;
	rel = table_open(view->baserel, AccessShareLock);
	pk = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_PRIMARY_KEY);
	table_close(rel, NoLock);
	while ((member = bms_next_member(pk, member)) >= 0)
	{
		int			output = output_of(view, member + FirstLowInvalidHeapAttributeNumber);

		if (output == 0)
			return NIL;
		positions = lappend_int(positions, output);
	}
	return positions;
}
