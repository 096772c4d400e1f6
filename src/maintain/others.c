/*-------------------------------------------------------------------------
 *
 * others.c
 *		Rows of others in flight that own rows can meet (see others.h).
 *
 * From own rows a path of equalities leads to the occurrence.  Along it goes a
 * set of rows: those of the next table that join the set, be they seen by the
 * snapshot, of others in flight, or own.  At its end others' rows are probed with
 * the values that have come up.  Where there is no path from some own rows, all rows of others are taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "maintain/edges.h"
#include "maintain/others.h"
#include "maintain/terms.h"
#include "miscadmin.h"
#include "utils/rel.h"

/* Hashes of values, each once when sorted. */
typedef struct Hashes
{
	uint64	   *values;
	int			n;
	int			space;
} Hashes;

static const IvmJoinTable *
own_table(const IvmOthersSearch *search, int occurrence)
{
	ListCell   *lc;

	foreach(lc, search->tables)
	{
		IvmJoinTable *table = lfirst(lc);

		if (table->relid == search->part->occurrences[occurrence].relid)
			return table->nrows > 0 ? table : NULL;
	}
	return NULL;
}

/* No rows yet, of an occurrence's table. */
static IvmChangedRows *
make_rows(const IvmOthersSearch *search, int occurrence)
{
	Relation	rel = RelationIdGetRelation(search->part->occurrences[occurrence].relid);
	IvmChangedRows *rows = IvmChangedMake(IvmChangedDesc(RelationGetDescr(rel)), search->stores);

	RelationClose(rel);
	return rows;
}

/* ---- hashes ---- */

static int
compare_hashes(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

static void
add_hash(Hashes *hashes, uint64 hash)
{
	if (hashes->n == hashes->space)
	{
		hashes->space = Max(64, hashes->space * 2);
		hashes->values = hashes->values == NULL ?
			palloc(sizeof(uint64) * hashes->space) :
			repalloc_huge(hashes->values, sizeof(uint64) * hashes->space);
	}
	hashes->values[hashes->n++] = hash;
}

/* Add the hashes of the values that an edge compares, of a set of rows. */
static void
add_hashes(Hashes *hashes, const IvmEdge *edge, IvmChangedRows *rows)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(rows->desc, &TTSOpsMinimalTuple);

	tuplestore_rescan(rows->rows);
	while (tuplestore_gettupleslot(rows->rows, true, false, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, edge->column[0], &isnull);
		uint64		hash;

		if (IvmEdgeHash(edge, 0, value, isnull, &hash))
			add_hash(hashes, hash);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
sort_hashes(Hashes *hashes)
{
	int			n = 0;

	if (hashes->n > 1)
		qsort(hashes->values, hashes->n, sizeof(uint64), compare_hashes);
	for (int i = 0; i < hashes->n; i++)
	{
		if (n == 0 || hashes->values[n - 1] != hashes->values[i])
			hashes->values[n++] = hashes->values[i];
	}
	hashes->n = n;
}

/* ---- others' rows ---- */

static void
take_scan(IvmChangedRows *rows, IvmInflightScan *scan)
{
	IvmInflightItem item;

	while (IvmInflightScanNext(scan, &item))
	{
		CHECK_FOR_INTERRUPTS();
		IvmChangedPut(rows, (MinimalTuple) item.data, item.sign, U64FromFullTransactionId(item.xid));
	}
}

static void
take_all(const IvmOthersSearch *search, int occurrence, IvmChangedRows *rows)
{
	IvmInflightScan *scan = IvmInflightScanBegin(search->inflight,
												 search->part->occurrences[occurrence].relid, NULL);

	take_scan(rows, scan);
	IvmInflightScanEnd(scan);
}

static void
take_probed(const IvmOthersSearch *search, const IvmEdge *edge, Hashes *hashes,
			IvmChangedRows *rows)
{
	Oid			relid = search->part->occurrences[edge->occurrence[1]].relid;
	IvmProbe	probe = {.column = edge->column[1]};
	IvmInflightScan *scan;

	sort_hashes(hashes);
	if (hashes->n == 0 || !IvmInflightHas(search->inflight, relid))
		return;
	scan = IvmInflightScanBegin(search->inflight, relid, &probe);
	for (int i = 0; i < hashes->n; i++)
	{
		probe.hash = hashes->values[i];
		IvmInflightScanAgain(scan, &probe);
		take_scan(rows, scan);
	}
	IvmInflightScanEnd(scan);
}

/* ---- paths ---- */

/* A shortest path of edges to an occurrence (over the column, if that is not 0); NIL: none. */
static List *
find_path(IvmView *part, int from, int to, AttrNumber column)
{
	IvmEdge   **reached_by = palloc0(sizeof(IvmEdge *) * part->noccurrences);
	bool	   *reached = palloc0(sizeof(bool) * part->noccurrences);
	bool		more = true;
	List	   *path = NIL;
	ListCell   *lc;

	reached[from] = true;
	while (more && !reached[to])
	{
		List	   *fresh = NIL;

		foreach(lc, IvmEdgesOf(part))
		{
			IvmEdge    *edge = lfirst(lc);
			int			next = edge->occurrence[1];

			if (!reached[edge->occurrence[0]] || reached[next] || reached_by[next] != NULL ||
				(next == to && column != 0 && edge->column[1] != column))
				continue;
			reached_by[next] = edge;
			fresh = lappend_int(fresh, next);
		}
		foreach(lc, fresh)
			reached[lfirst_int(lc)] = true;
		more = fresh != NIL;
	}
	if (!reached[to])
		return NIL;
	for (int at = to; at != from; at = reached_by[at]->occurrence[0])
		path = lcons(reached_by[at], path);
	return path;
}

/* All rows at the edge's end that join the set. */
static IvmChangedRows *
follow(const IvmOthersSearch *search, const IvmEdge *edge, IvmChangedRows *from)
{
	int			occurrence = edge->occurrence[1];
	IvmChangedRows *to = make_rows(search, occurrence);
	const IvmJoinTable *own = own_table(search, occurrence);
	Hashes		hashes = {NULL};

	if (from->nrows > 0)
		IvmTermStep(search->part, edge, from, search->inflight->snapshot, to);
	add_hashes(&hashes, edge, from);
	take_probed(search, edge, &hashes, to);
	if (own != NULL)
		IvmChangedPutTable(to, own);
	return to;
}

/* Add the hashes with which own rows at an occurrence arrive at the path's end. */
static void
walk(const IvmOthersSearch *search, int from, List *path, Hashes *hashes)
{
	IvmChangedRows *rows = make_rows(search, from);
	ListCell   *lc;

	IvmChangedPutTable(rows, own_table(search, from));
	foreach(lc, path)
	{
		const IvmEdge *edge = lfirst(lc);

		if (lnext(path, lc) != NULL)
			rows = follow(search, edge, rows);
		else
			add_hashes(hashes, edge, rows);
	}
}

/*
 * Probe with what own rows lead to.  All paths have to end at the same column, so that no row is found
 * twice.  False where there is an own row without a path.
 */
static bool
probe(const IvmOthersSearch *search, int occurrence, IvmChangedRows *rows)
{
	IvmView    *part = search->part;
	const IvmEdge *last = NULL;
	Hashes		hashes = {NULL};
	List	  **paths = palloc0(sizeof(List *) * part->noccurrences);

	for (int i = 0; i < part->noccurrences; i++)
	{
		if (i == occurrence || own_table(search, i) == NULL)
			continue;
		paths[i] = find_path(part, i, occurrence, last ? last->column[1] : 0);
		if (paths[i] == NIL)
			return false;
		last = llast(paths[i]);
	}
	for (int i = 0; i < part->noccurrences; i++)
	{
		if (paths[i] != NIL)
			walk(search, i, paths[i], &hashes);
	}
	if (last != NULL)
		take_probed(search, last, &hashes, rows);
	return true;
}

IvmChangedRows *
IvmOthersFind(const IvmOthersSearch *search, int occurrence)
{
	IvmChangedRows *rows;

	if (!IvmInflightHas(search->inflight, search->part->occurrences[occurrence].relid))
		return NULL;
	rows = make_rows(search, occurrence);
	if (!probe(search, occurrence, rows))
		take_all(search, occurrence, rows);
	return rows->nrows > 0 ? rows : NULL;
}
