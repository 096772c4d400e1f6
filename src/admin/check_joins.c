/*-------------------------------------------------------------------------
 *
 * check_joins.c
 *		Joins and set operations, as rows of ivm_fdw_check.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "admin/check.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

bool
IvmCheckCountsMatches(const IvmView *view)
{
	return view->nparts > 1 && view->parts[1]->branch;
}

static char *
table_names(const IvmView *part)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < part->noccurrences; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(get_rel_name(part->occurrences[i].relid)));
	if (part->noccurrences == 0)
		appendStringInfoString(&buf, quote_identifier(get_rel_name(part->baserel)));
	return buf.data;
}

static void
describe_part(IvmCheck *check, const IvmView *part)
{
	if (part->noccurrences > 0)
		IvmCheckPut(check, part->no_rows ? "matches" : "join", table_names(part),
					part->no_rows ? "counted for each row, by the transactions that change them" :
					"joined by the transactions that change them, when they commit",
					"a commit joins its changed rows with the other tables, by indexes on the columns of the join where there are any");
	else if (part->branch || IvmCheckCountsMatches(check->view))
		IvmCheckPut(check, part->no_rows ? "matches" : "rows", table_names(part),
					part->no_rows ? "counted for each row" : "kept by themselves",
					"a write changes one entry for each changed row");
}

void
IvmCheckJoins(IvmCheck *check)
{
	const IvmView *view = check->view;

	for (int i = 0; i < view->nparts; i++)
		describe_part(check, view->parts[i]);
	if (IvmCheckCountsMatches(view) && view->having != NULL)
		IvmCheckPut(check, "matches", NULL, "decide at reads which of the rows are shown",
					"a read passes over rows that are not shown");
}
