/*-------------------------------------------------------------------------
 *
 * joinrows.c
 *		Changed rows of tables that are joined when they are written (see
 *		joinrows.h).
 *
 * Rows are in the order of capture, each with its subtransaction: what was
 * captured since a subtransaction began carries its id or a higher one, what came before
 * lower ones, so its abort drops them from the end.
 *
 * At a table's first row all tables of its join views are locked, to the end of the
 * transaction: their rows are going to be joined at its commit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "ivm_fdw.h"
#include "maintain/joinrows.h"
#include "maintain/overlay.h"
#include "utils/datum.h"
#include "utils/memutils.h"

typedef struct CapturedRow
{
	MinimalTuple tuple;
	int32		sign;
	SubTransactionId subid;
} CapturedRow;

/* How rows of one leaf become rows of the table as named in FROM. */
typedef struct LeafMap
{
	Oid			leaf;
	AttrMap    *map;			/* by the table's columns; NULL: the same */
	Bitmapset  *columns;		/* needed ones of the table, from 0 */
} LeafMap;

typedef struct Table
{
	Oid			relid;
	TupleDesc	desc;
	List	   *views;			/* of IvmView *: those that join it */
	List	   *leaves;			/* of LeafMap * */
	SubTransactionId subid;		/* which locked the views' tables */
	bool		lost;
	CapturedRow *rows;
	int			nrows;
	int			space;
} Table;

static MemoryContext rows_cxt = NULL;	/* below TopTransactionContext */
static List *tables = NIL;		/* of Table * */

/* ---- tables ---- */

static Table *
find_table(Oid relid)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		if (((Table *) lfirst(lc))->relid == relid)
			return lfirst(lc);
	}
	return NULL;
}

static Table *
make_table(Oid relid)
{
	Table	   *table = palloc0(sizeof(Table));
	Relation	rel = relation_open(relid, AccessShareLock);

	table->relid = relid;
	table->subid = GetCurrentSubTransactionId();
	table->desc = CreateTupleDescCopy(RelationGetDescr(rel));
	relation_close(rel, NoLock);
	table->space = 16;
	table->rows = palloc(sizeof(CapturedRow) * table->space);
	return table;
}

/* The views that join the table, locking all of their tables. */
static List *
lock_views(Oid relid, List *uses)
{
	List	   *views = NIL;
	ListCell   *lc;

	foreach(lc, uses)
	{
		IvmLeafUse *use = lfirst(lc);

		if (use->relid != relid || use->part->noccurrences == 0)
			continue;
		IvmViewLockTables(use->view);
		views = list_append_unique_ptr(views, use->view);
	}
	return views;
}

static Table *
get_table(Oid relid, List *uses)
{
	Table	   *table = find_table(relid);
	MemoryContext old;

	if (table != NULL)
		return table;
	if (rows_cxt == NULL)
		rows_cxt = AllocSetContextCreate(TopTransactionContext, "ivm join rows",
										 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(rows_cxt);
	table = make_table(relid);
	table->views = lock_views(relid, uses);
	tables = lappend(tables, table);
	MemoryContextSwitchTo(old);
	return table;
}

/* Needed columns of a table: those that any of its join views uses. */
static Bitmapset *
needed_columns(const Table *table)
{
	Bitmapset  *columns = NULL;
	ListCell   *lc;

	foreach(lc, table->views)
	{
		const IvmBaseRel *rel = IvmViewBaseRel(lfirst(lc), table->relid);
		int			member = -1;

		while ((member = bms_next_member(rel->columns, member)) >= 0)
			columns = bms_add_member(columns, member + FirstLowInvalidHeapAttributeNumber - 1);
	}
	return columns;
}

static LeafMap *
get_leaf(Table *table, Relation leaf)
{
	ListCell   *lc;
	LeafMap    *map;
	MemoryContext old;

	foreach(lc, table->leaves)
	{
		map = lfirst(lc);
		if (map->leaf == RelationGetRelid(leaf))
			return map;
	}
	old = MemoryContextSwitchTo(rows_cxt);
	map = palloc0(sizeof(LeafMap));
	map->leaf = RelationGetRelid(leaf);
	map->columns = needed_columns(table);
	if (map->leaf != table->relid)
		map->map = build_attrmap_by_name(RelationGetDescr(leaf), table->desc);
	table->leaves = lappend(table->leaves, map);
	MemoryContextSwitchTo(old);
	return map;
}

/* ---- rows ---- */

static inline AttrNumber
leaf_column(const LeafMap *map, int column)
{
	return map->map ? map->map->attnums[column] : column + 1;
}

static bool
same_in_needed(const Table *table, const LeafMap *map, TupleTableSlot *a, TupleTableSlot *b)
{
	int			column = -1;

	while ((column = bms_next_member(map->columns, column)) >= 0)
	{
		Form_pg_attribute att = TupleDescAttr(table->desc, column);
		bool		anull;
		bool		bnull;
		Datum		x = slot_getattr(a, leaf_column(map, column), &anull);
		Datum		y = slot_getattr(b, leaf_column(map, column), &bnull);

		if (anull != bnull || (!anull && !datumIsEqual(x, y, att->attbyval, att->attlen)))
			return false;
	}
	return true;
}

/* The needed columns of a row, with nothing out of line. */
static MinimalTuple
reduce_row(const Table *table, const LeafMap *map, TupleTableSlot *slot)
{
	int			natts = table->desc->natts;
	Datum	   *values = palloc0(sizeof(Datum) * natts);
	bool	   *nulls = palloc(sizeof(bool) * natts);
	int			column = -1;
	MinimalTuple tuple;
	MemoryContext old;

	memset(nulls, true, sizeof(bool) * natts);
	while ((column = bms_next_member(map->columns, column)) >= 0)
	{
		values[column] = slot_getattr(slot, leaf_column(map, column), &nulls[column]);
		if (!nulls[column] && TupleDescAttr(table->desc, column)->attlen == -1)
			values[column] = PointerGetDatum(PG_DETOAST_DATUM(values[column]));
	}
	old = MemoryContextSwitchTo(rows_cxt);
	tuple = heap_form_minimal_tuple(table->desc, values, nulls);
	MemoryContextSwitchTo(old);
	return tuple;
}

/* Too much to be kept: the views are invalid as of this transaction. */
static void
lose_table(Table *table)
{
	ListCell   *lc;

	foreach(lc, table->views)
		IvmOverlayLose(((IvmView *) lfirst(lc))->id);
	table->lost = true;
	table->nrows = 0;
}

static void
add_row(Table *table, const LeafMap *map, TupleTableSlot *slot, int sign)
{
	if (table->nrows == table->space)
	{
		table->rows = repalloc_huge(table->rows, sizeof(CapturedRow) * table->space * 2);
		table->space *= 2;
	}
	table->rows[table->nrows].tuple = reduce_row(table, map, slot);
	table->rows[table->nrows].sign = sign;
	table->rows[table->nrows++].subid = GetCurrentSubTransactionId();
	if (MemoryContextMemAllocated(rows_cxt, false) > (Size) ivm_overlay_limit_kb * 1024)
		lose_table(table);
}

static void
capture_for_table(Table *table, Relation leaf, TupleTableSlot *oldslot, TupleTableSlot *newslot)
{
	LeafMap    *map = get_leaf(table, leaf);

	if (table->lost || (oldslot && newslot && same_in_needed(table, map, oldslot, newslot)))
		return;
	if (oldslot)
		add_row(table, map, oldslot, -1);
	if (newslot && !table->lost)
		add_row(table, map, newslot, 1);
}

void
IvmJoinRowsCapture(List *uses, Relation leaf, TupleTableSlot *oldslot,
				   TupleTableSlot *newslot, CommandId cid)
{
	List	   *done = NIL;
	ListCell   *lc;

	foreach(lc, uses)
	{
		IvmLeafUse *use = lfirst(lc);

		if (use->part->noccurrences == 0 || list_member_oid(done, use->relid))
			continue;
		capture_for_table(get_table(use->relid, uses), leaf, oldslot, newslot);
		done = lappend_oid(done, use->relid);
	}
}

bool
IvmJoinRowsPending(const IvmView *view)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		Table	   *table = lfirst(lc);

		if ((table->nrows > 0 || table->lost) && IvmViewBaseRel(view, table->relid) != NULL)
			return true;
	}
	return false;
}

bool
IvmJoinRowsIsEmpty(void)
{
	return tables == NIL;
}

/* ---- net rows ---- */

typedef struct NetEntry
{
	MinimalTuple tuple;
	int32		sign;
	char		status;
	uint32		hash;
} NetEntry;

#define SH_PREFIX		nettab
#define SH_ELEMENT_TYPE	NetEntry
#define SH_KEY_TYPE		MinimalTuple
#define SH_KEY			tuple
#define SH_HASH_KEY(tb, k)	hash_bytes((unsigned char *) (k), (k)->t_len)
#define SH_EQUAL(tb, a, b)	((a)->t_len == (b)->t_len && memcmp((a), (b), (a)->t_len) == 0)
#define SH_SCOPE		static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, e)	((e)->hash)
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Rows that differ in nothing are one with the sum of their signs. */
static IvmJoinTable *
net_table(const Table *table)
{
	IvmJoinTable *net = palloc0(sizeof(IvmJoinTable));
	nettab_hash *hash = nettab_create(CurrentMemoryContext, table->nrows, NULL);
	nettab_iterator it;
	NetEntry   *entry;

	for (int i = 0; i < table->nrows; i++)
	{
		bool		found;

		entry = nettab_insert(hash, table->rows[i].tuple, &found);
		entry->sign = (found ? entry->sign : 0) + table->rows[i].sign;
	}
	net->relid = table->relid;
	net->desc = table->desc;
	net->lost = table->lost;
	net->rows = palloc_extended(sizeof(IvmJoinRow) * (table->nrows + 1), MCXT_ALLOC_HUGE);
	nettab_start_iterate(hash, &it);
	while ((entry = nettab_iterate(hash, &it)) != NULL)
	{
		if (entry->sign != 0)
			net->rows[net->nrows++] = (IvmJoinRow) {entry->tuple, entry->sign};
	}
	return net;
}

List *
IvmJoinRowsNet(void)
{
	List	   *nets = NIL;
	ListCell   *lc;

	foreach(lc, tables)
	{
		IvmJoinTable *net = net_table(lfirst(lc));

		if (net->nrows > 0 || net->lost)
			nets = lappend(nets, net);
	}
	return nets;
}

/* ---- ends ---- */

void
IvmJoinRowsForget(void)
{
	if (rows_cxt)
		MemoryContextDelete(rows_cxt);
	rows_cxt = NULL;
	tables = NIL;
}

void
IvmJoinRowsAbortSub(SubTransactionId subid)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		Table	   *table = lfirst(lc);

		if (table->subid >= subid)
		{
			/* the locks go with it */
			tables = foreach_delete_current(tables, lc);
			continue;
		}
		if (table->lost)
			lose_table(table);	/* rows of before are lost, too */
		while (table->nrows > 0 && table->rows[table->nrows - 1].subid >= subid)
			pfree(table->rows[--table->nrows].tuple);
	}
}
