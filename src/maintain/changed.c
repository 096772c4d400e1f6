/*-------------------------------------------------------------------------
 *
 * changed.c
 *		Changed rows of a table (see changed.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "maintain/changed.h"
#include "miscadmin.h"

TupleDesc
IvmChangedDesc(TupleDesc table)
{
	int			natts = table->natts;
	TupleDesc	desc = CreateTemplateTupleDesc(natts + 2);

	for (int i = 0; i < natts; i++)
		TupleDescCopyEntry(desc, i + 1, table, i + 1);
	TupleDescInitEntry(desc, natts + 1, "ivm sign", INT4OID, -1, 0);
	TupleDescInitEntry(desc, natts + 2, "ivm xid", INT8OID, -1, 0);
	return desc;
}

IvmChangedRows *
IvmChangedMake(TupleDesc desc, List **stores)
{
	IvmChangedRows *changed = palloc0(sizeof(IvmChangedRows));

	changed->desc = desc;
	changed->rows = tuplestore_begin_heap(true, false, work_mem);
	*stores = lappend(*stores, changed->rows);
	return changed;
}

static void
put_values(IvmChangedRows *changed, Datum *values, bool *nulls, int32 sign, uint64 xid)
{
	int			natts = changed->desc->natts - 2;

	values[natts] = Int32GetDatum(sign);
	values[natts + 1] = Int64GetDatum((int64) xid);
	nulls[natts] = nulls[natts + 1] = false;
	tuplestore_putvalues(changed->rows, changed->desc, values, nulls);
	changed->nrows++;
}

void
IvmChangedPutRow(IvmChangedRows *changed, TupleTableSlot *row, int32 sign, uint64 xid)
{
	int			natts = changed->desc->natts;
	Datum	   *values = palloc(sizeof(Datum) * natts);
	bool	   *nulls = palloc(sizeof(bool) * natts);

	slot_getallattrs(row);
	memcpy(values, row->tts_values, sizeof(Datum) * (natts - 2));
	memcpy(nulls, row->tts_isnull, sizeof(bool) * (natts - 2));
	put_values(changed, values, nulls, sign, xid);
	pfree(values);
	pfree(nulls);
}

void
IvmChangedDeform(TupleDesc desc, MinimalTuple tuple, Datum *values, bool *nulls)
{
	HeapTupleData heap;

	heap.t_len = tuple->t_len + MINIMAL_TUPLE_OFFSET;
	heap.t_data = (HeapTupleHeader) ((char *) tuple - MINIMAL_TUPLE_OFFSET);
	heap_deform_tuple(&heap, desc, values, nulls);
}

void
IvmChangedPut(IvmChangedRows *changed, MinimalTuple tuple, int32 sign, uint64 xid)
{
	int			natts = changed->desc->natts;
	Datum	   *values = palloc(sizeof(Datum) * natts);
	bool	   *nulls = palloc(sizeof(bool) * natts);

	IvmChangedDeform(changed->desc, tuple, values, nulls);
	put_values(changed, values, nulls, sign, xid);
	pfree(values);
	pfree(nulls);
}

void
IvmChangedPutTable(IvmChangedRows *changed, const IvmJoinTable *table)
{
	for (int i = 0; i < table->nrows; i++)
		IvmChangedPut(changed, table->rows[i].tuple, table->rows[i].sign, 0);
}
