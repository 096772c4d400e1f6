/*-------------------------------------------------------------------------
 *
 * verify.c
 *		ivm_fdw_verify(view): the rows in which store and query differ.
 *
 * Invariants:
 *	- Both sides are read under one snapshot, the caller's, own changes included.
 *	- The store's side is the store's: where it cannot answer, that is an error,
 *	  never a comparison of the query with itself.  (ivm_fdw.use_store does not matter.)
 *	- Rows are compared as multisets of whole rows in text form, as the pinned
 *	  settings print them.  Where equal values may differ in form (1.0 and
 *	  1.00), of those that are one group, or that are the least of a group, either
 *	  side may show either: of such columns only the value counts.
 *
 * Both sides go into one sort, by row and then by side, so that memory is
 * bounded and equal rows come together.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplesort.h"
#include "utils/tuplestore.h"

#include "admin/verify.h"
#include "scan/live.h"
#include "scan/storescan.h"
#include "scan/upper.h"
#include "view/catalog.h"
#include "view/settings.h"

PG_FUNCTION_INFO_V1(ivm_fdw_verify);

/* Columns of the sort */
enum
{
	SORT_IDENTITY,				/* what decides whether rows are the same */
	SORT_SIDE,
	SORT_ROW,					/* as shown */
	NUM_SORT_COLS
};

#define SIDE_STORE	1
#define SIDE_QUERY	2

typedef struct Verify
{
	IvmView    *view;
	Snapshot	snapshot;
	MemoryContext row_cxt;
	TupleDesc	row_desc;		/* of the view's rows */
	TupleTableSlot *row;
	FmgrInfo	record_out;
	IvmKeyDesc **by_value;		/* of output columns that only count by value; NULL if none */
	Tuplesortstate *sort;
	TupleTableSlot *sorted;
} Verify;

/* ---- preparation ---- */

static TupleDesc
row_descriptor(const IvmView *view)
{
	TupleDesc	desc = CreateTemplateTupleDesc(view->noutputs);

	for (int i = 0; i < view->noutputs; i++)
	{
		Node	   *target = (Node *) list_nth_node(TargetEntry, view->query->targetList, i)->expr;

		TupleDescInitEntry(desc, i + 1, NULL, exprType(target), exprTypmod(target), 0);
		TupleDescInitEntryCollation(desc, i + 1, exprCollation(target));
	}
	return BlessTupleDesc(desc);
}

static bool
is_extremum(Oid aggfnoid)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggfnoid));
	bool		result = HeapTupleIsValid(tuple) &&
	OidIsValid(((Form_pg_aggregate) GETSTRUCT(tuple))->aggsortop);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/* Does the block group by the expression, be it by DISTINCT? */
static bool
is_grouped(Query *block, Node *expr)
{
	List	   *clauses = block->hasDistinctOn ? block->groupClause :
	list_concat_copy(block->groupClause, block->distinctClause);
	ListCell   *lc;

	foreach(lc, block->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, lc);

		if (target->ressortgroupref != 0 && equal(target->expr, expr) &&
			get_sortgroupref_clause_noerr(target->ressortgroupref, clauses) != NULL)
			return true;
	}
	return false;
}

/*
 * Does a block's output show one of several equal values, whose forms may differ?
 * A key of grouping does, a least or greatest value, be it a subquery's, what an
 * ordered-set aggregate picks, and a row of a set operation.
 */
static bool
shows_any_form(Query *block, TargetEntry *target)
{
	Node	   *expr = (Node *) target->expr;
	RangeTblEntry *rte;

	/* all but UNION ALL unite equal rows; no harm where that is all there is */
	if (block->setOperations != NULL)
		return true;
	if (IsA(expr, Aggref))
		return ((Aggref *) expr)->aggkind != AGGKIND_NORMAL ||
			is_extremum(((Aggref *) expr)->aggfnoid);
	if (IsA(expr, WindowFunc))
		return is_extremum(((WindowFunc *) expr)->winfnoid);
	if (is_grouped(block, expr))
		return true;
	if (!IsA(expr, Var) || ((Var *) expr)->varlevelsup > 0 || ((Var *) expr)->varattno <= 0)
		return false;
	rte = rt_fetch(((Var *) expr)->varno, block->rtable);
	return rte->rtekind == RTE_SUBQUERY &&
		shows_any_form(rte->subquery, get_tle_by_resno(rte->subquery->targetList,
													   ((Var *) expr)->varattno));
}

/* Key descriptions of the columns that only count by value (others: NULL); NULL where there are none. */
static IvmKeyDesc **
columns_by_value(const IvmView *view)
{
	IvmKeyDesc **by_value = palloc0(view->noutputs * sizeof(IvmKeyDesc *));
	bool		any = false;

	for (int i = 0; i < view->noutputs; i++)
	{
		TargetEntry *target = list_nth_node(TargetEntry, view->query->targetList, i);
		Oid			type = exprType((Node *) target->expr);
		int32		typmod = exprTypmod((Node *) target->expr);
		Oid			collation = exprCollation((Node *) target->expr);
		IvmKeyDesc *desc;

		if (!shows_any_form(view->query, target))
			continue;
		desc = IvmKeyDescMake(1, &type, &typmod, &collation);
		/* without a hash the canonical bytes are empty: the text has to tell */
		if (desc->has_forms && IvmKeyTellsValues(&desc->cols[0]))
		{
			by_value[i] = desc;
			any = true;
		}
	}
	return any ? by_value : NULL;
}

static TupleDesc
sort_descriptor(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(NUM_SORT_COLS);

	TupleDescInitEntry(desc, SORT_IDENTITY + 1, "identity", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, SORT_IDENTITY + 1, C_COLLATION_OID);
	TupleDescInitEntry(desc, SORT_SIDE + 1, "side", INT4OID, -1, 0);
	TupleDescInitEntry(desc, SORT_ROW + 1, "row", TEXTOID, -1, 0);
	TupleDescInitEntryCollation(desc, SORT_ROW + 1, C_COLLATION_OID);
	return desc;
}

static void
begin_sort(Verify *v)
{
	TupleDesc	desc = sort_descriptor();
	AttrNumber	attnums[] = {SORT_IDENTITY + 1, SORT_SIDE + 1};
	Oid			operators[] = {TextLessOperator, Int4LessOperator};
	Oid			collations[] = {C_COLLATION_OID, InvalidOid};
	bool		nulls_first[] = {false, false};

	v->sort = tuplesort_begin_heap(desc, 2, attnums, operators, collations, nulls_first,
								   work_mem, NULL, TUPLESORT_NONE);
	v->sorted = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

static void
begin_verify(Verify *v, IvmView *view)
{
	v->view = view;
	v->snapshot = GetActiveSnapshot();
	v->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm verify row",
									   ALLOCSET_DEFAULT_SIZES);
	v->row_desc = row_descriptor(view);
	v->row = MakeSingleTupleTableSlot(v->row_desc, &TTSOpsVirtual);
	fmgr_info(F_RECORD_OUT, &v->record_out);
	v->by_value = columns_by_value(view);
	begin_sort(v);
}

/* ---- one row ---- */

static char *
row_text(Verify *v, const Datum *values, const bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(v->row_desc, (Datum *) values, (bool *) nulls);

	return OutputFunctionCall(&v->record_out, HeapTupleGetDatum(tuple));
}

/*
 * The row's text with the columns that count by value left out, and their
 * canonical key bytes instead.
 */
static char *
row_identity(Verify *v)
{
	int			ncols = v->view->noutputs;
	bool	   *nulls = palloc(ncols * sizeof(bool));
	StringInfoData canon;
	StringInfoData identity;

	memcpy(nulls, v->row->tts_isnull, ncols * sizeof(bool));
	initStringInfo(&canon);
	for (int i = 0; i < ncols; i++)
	{
		if (v->by_value[i] == NULL)
			continue;
		IvmKeyEncodeColumn(&v->by_value[i]->cols[0],
						   v->row->tts_values[i], v->row->tts_isnull[i], &canon);
		nulls[i] = true;
	}
	initStringInfo(&identity);
	appendStringInfoString(&identity, row_text(v, v->row->tts_values, nulls));
	for (int i = 0; i < canon.len; i++)
		appendStringInfo(&identity, "%02x", (unsigned char) canon.data[i]);
	return identity.data;
}

/* Count v->row for a side; the caller is in the view's environment. */
static void
put_row(Verify *v, int side)
{
	MemoryContext old;
	char	   *text;
	char	   *identity;

	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(v->row_cxt);
	old = MemoryContextSwitchTo(v->row_cxt);
	text = row_text(v, v->row->tts_values, v->row->tts_isnull);
	identity = v->by_value ? row_identity(v) : text;

	ExecClearTuple(v->sorted);
	memset(v->sorted->tts_isnull, false, NUM_SORT_COLS * sizeof(bool));
	v->sorted->tts_values[SORT_IDENTITY] = CStringGetTextDatum(identity);
	v->sorted->tts_values[SORT_SIDE] = Int32GetDatum(side);
	v->sorted->tts_values[SORT_ROW] = CStringGetTextDatum(text);
	ExecStoreVirtualTuple(v->sorted);
	tuplesort_puttupleslot(v->sort, v->sorted);
	MemoryContextSwitchTo(old);
}

/* ---- the two sides ---- */

static void
refuse(const Verify *v, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("view %s cannot be read from its store now: %s", v->view->name, reason),
			 errhint("There is nothing to verify: reads run the view's query. See ivm_fdw_status.")));
}

/* Rows of a query that was run. */
static void
put_rows_of(Verify *v, IvmLiveQuery *query, int side)
{
	IvmEvalEnv	env;

	IvmEvalEnterOwner(v->view, &env);
	while (IvmLiveNext(query, v->row, NULL))
		put_row(v, side);
	IvmEvalLeave(&env);
}

static void
read_groups(Verify *v, const IvmGeneration *gen)
{
	IvmStoreScan *scan;
	IvmStoreScanResult result;
	const char *reason;
	IvmEvalEnv	env;

	IvmEvalEnterOwner(v->view, &env);
	scan = IvmStoreScanBegin(v->view, gen, v->snapshot, NULL, 0, NULL, NULL);
	while ((result = IvmStoreScanNext(scan, v->row, &reason)) == IVM_STORE_ROW)
		put_row(v, SIDE_STORE);
	IvmEvalLeave(&env);
	if (result == IVM_STORE_UNFIT)
		refuse(v, reason);
	IvmStoreScanEnd(scan);
}

static void
read_upper(Verify *v, const IvmGeneration *gen)
{
	IvmUpperRead *upper = IvmUpperBegin(v->view, NIL, NIL, NIL, NULL);
	const char *reason;

	if (!IvmUpperRun(upper, gen, v->snapshot, NULL, 0, NULL, &reason))
		refuse(v, reason);
	put_rows_of(v, IvmUpperRows(upper), SIDE_STORE);
	IvmUpperEnd(upper);
}

static void
read_store(Verify *v)
{
	const char *reason = NULL;
	IvmGeneration *gen = IvmStorePick(v->view, v->snapshot, NULL, &reason);

	if (gen == NULL)
		refuse(v, reason);
	if (v->view->upper != NULL)
		read_upper(v, gen);
	else
		read_groups(v, gen);
}

static void
read_query(Verify *v)
{
	IvmLiveQuery *live = IvmLivePrepare(v->view, NIL, NIL, NULL);

	IvmLiveExecute(live, NULL, v->snapshot);
	put_rows_of(v, live, SIDE_QUERY);
	IvmLiveEnd(live);
}

/* ---- the differences ---- */

/* Rows with the same identity, as counted so far. */
typedef struct RowCount
{
	text	   *identity;		/* NULL: none yet */
	text	   *row;			/* as the side shows it that has it first */
	int64		surplus;		/* copies in the store less those in the query */
} RowCount;

static void
report(const RowCount *count, ReturnSetInfo *rsinfo)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	if (count->identity == NULL || count->surplus == 0)
		return;
	values[0] = CStringGetTextDatum(count->surplus > 0 ? "store" : "query");
	values[1] = PointerGetDatum(count->row);
	values[2] = Int64GetDatum(count->surplus > 0 ? count->surplus : -count->surplus);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static bool
same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static void
compare(Verify *v, ReturnSetInfo *rsinfo)
{
	RowCount	count = {NULL, NULL, 0};
	MemoryContext old = MemoryContextSwitchTo(v->row_cxt);

	ExecClearTuple(v->sorted);
	tuplesort_performsort(v->sort);
	while (tuplesort_gettupleslot(v->sort, true, false, v->sorted, NULL))
	{
		bool		isnull;
		text	   *identity = (text *) DatumGetPointer(slot_getattr(v->sorted, SORT_IDENTITY + 1, &isnull));
		int			side = DatumGetInt32(slot_getattr(v->sorted, SORT_SIDE + 1, &isnull));
		text	   *row = (text *) DatumGetPointer(slot_getattr(v->sorted, SORT_ROW + 1, &isnull));

		CHECK_FOR_INTERRUPTS();
		if (count.identity == NULL || !same_text(count.identity, identity))
		{
			report(&count, rsinfo);
			MemoryContextReset(v->row_cxt);
			count.identity = DatumGetTextPCopy(PointerGetDatum(identity));
			count.row = DatumGetTextPCopy(PointerGetDatum(row));
			count.surplus = 0;
		}
		count.surplus += side == SIDE_STORE ? 1 : -1;
	}
	report(&count, rsinfo);
	MemoryContextSwitchTo(old);
}

static IvmView *
open_view(Oid relid)
{
	IvmView    *view;
	AclResult	acl;

	LockRelationOid(relid, AccessShareLock);
	IvmRequireView(relid);
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	view = IvmViewGet(relid);
	IvmViewLockTables(view);
	return view;
}

Datum
ivm_fdw_verify(PG_FUNCTION_ARGS)
{
	Verify		v;

	InitMaterializedSRF(fcinfo, 0);
	begin_verify(&v, open_view(PG_GETARG_OID(0)));
	read_store(&v);
	read_query(&v);
	compare(&v, (ReturnSetInfo *) fcinfo->resultinfo);

	ExecDropSingleTupleTableSlot(v.sorted);
	ExecDropSingleTupleTableSlot(v.row);
	tuplesort_end(v.sort);
	MemoryContextDelete(v.row_cxt);
	return (Datum) 0;
}
