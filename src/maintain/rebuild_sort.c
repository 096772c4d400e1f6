/*-------------------------------------------------------------------------
 *
 * rebuild_sort.c
 *		Group a build's rows by key and load them in key order, within
 *		maintenance_work_mem.
 *
 * Rows are summed in a table in memory.  When it is full, its groups go to a
 * tuplesort of (key, packed state), and equal keys are summed again when they
 * come out of it side by side.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "maintain/rebuild_sort.h"
#include "miscadmin.h"
#include "store/rows.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

#define LOAD_ROWS		1024	/* at a time */
#define ROWS_PER_CHECK	256		/* of the memory limit */

struct IvmBuildSort
{
	const IvmStateDesc *desc;
	MemoryContext cxt;
	IvmGroups  *groups;
	int			puts;
	Tuplesortstate *spill;		/* NULL until memory is full */
	TupleTableSlot *slot;

	/* loading */
	uint32		number;
	MemoryContext batch_cxt;
	IvmBaseRow *batch;
	int			nbatch;
	int64		loaded;
};

IvmBuildSort *
IvmBuildSortBegin(const IvmStateDesc *desc)
{
	IvmBuildSort *sort = palloc0(sizeof(IvmBuildSort));

	sort->desc = desc;
	sort->cxt = CurrentMemoryContext;
	sort->groups = IvmGroupsCreate(sort->cxt, desc);
	return sort;
}

/* ---- spilling ---- */

static void
begin_spill(IvmBuildSort *sort)
{
	TupleDesc	desc = CreateTemplateTupleDesc(2);
	AttrNumber	column = 1;
	Oid			op = ByteaLessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;

	TupleDescInitEntry(desc, 1, "key", BYTEAOID, -1, 0);
	TupleDescInitEntry(desc, 2, "state", BYTEAOID, -1, 0);
	sort->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	sort->spill = tuplesort_begin_heap(desc, 1, &column, &op, &collation, &nulls_first,
									   maintenance_work_mem, NULL, TUPLESORT_NONE);
}

static Datum
bytes_datum(const char *data, Size len)
{
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), data, len);
	return PointerGetDatum(result);
}

static void
spill_group(IvmBuildSort *sort, TupleTableSlot *virtual, const IvmGroup *group)
{
	StringInfoData packed;

	initStringInfo(&packed);
	IvmStatePack(sort->desc, group->state, &packed);
	ExecClearTuple(virtual);
	virtual->tts_values[0] = bytes_datum(group->key, group->keylen);
	virtual->tts_values[1] = bytes_datum(packed.data, packed.len);
	virtual->tts_isnull[0] = virtual->tts_isnull[1] = false;
	ExecStoreVirtualTuple(virtual);
	tuplesort_puttupleslot(sort->spill, virtual);
}

static void
spill(IvmBuildSort *sort)
{
	MemoryContext cxt;
	MemoryContext old;
	TupleTableSlot *virtual;
	IvmGroup  **groups;
	int			n;

	if (sort->spill == NULL)
		begin_spill(sort);
	virtual = MakeSingleTupleTableSlot(sort->slot->tts_tupleDescriptor, &TTSOpsVirtual);
	groups = IvmGroupsAll(sort->groups, &n);
	cxt = AllocSetContextCreate(sort->cxt, "ivm spill", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	for (int i = 0; i < n; i++)
	{
		spill_group(sort, virtual, groups[i]);
		MemoryContextReset(cxt);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	ExecDropSingleTupleTableSlot(virtual);
	IvmGroupsDestroy(sort->groups);
	sort->groups = IvmGroupsCreate(sort->cxt, sort->desc);
}

IvmGroups *
IvmBuildSortGroups(IvmBuildSort *sort)
{
	if (++sort->puts % ROWS_PER_CHECK == 0 &&
		IvmGroupsMemory(sort->groups) > (Size) maintenance_work_mem * 1024)
	{
		MemoryContext old = MemoryContextSwitchTo(sort->cxt);

		spill(sort);
		MemoryContextSwitchTo(old);
	}
	return sort->groups;
}

/* ---- loading ---- */

static void
flush_batch(IvmBuildSort *sort)
{
	IvmGenerationLoad(sort->number, sort->batch, sort->nbatch);
	sort->loaded += sort->nbatch;
	sort->nbatch = 0;
	MemoryContextReset(sort->batch_cxt);
	sort->batch = MemoryContextAlloc(sort->batch_cxt, sizeof(IvmBaseRow) * LOAD_ROWS);
}

/* The key must live until the batch is flushed. */
static void
load_row(IvmBuildSort *sort, const char *key, uint32 keylen, const IvmState *state)
{
	StringInfoData packed;
	MemoryContext old;

	if (sort->nbatch == LOAD_ROWS)
		flush_batch(sort);
	old = MemoryContextSwitchTo(sort->batch_cxt);
	initStringInfo(&packed);
	IvmStatePack(sort->desc, state, &packed);
	sort->batch[sort->nbatch++] = (IvmBaseRow)
	{
		key, keylen, packed.data, packed.len
	};
	MemoryContextSwitchTo(old);
}

static void
load_from_memory(IvmBuildSort *sort)
{
	int			n;
	IvmGroup  **groups = IvmGroupsSorted(sort->groups, &n);

	for (int i = 0; i < n; i++)
		load_row(sort, groups[i]->key, groups[i]->keylen, groups[i]->state);
	flush_batch(sort);
}

/* Load one key with its sum; both are copied. */
static void
load_sum(IvmBuildSort *sort, StringInfo key, const IvmState *sum)
{
	char	   *copy;

	if (sort->nbatch == LOAD_ROWS)
		flush_batch(sort);
	copy = MemoryContextAlloc(sort->batch_cxt, key->len + 1);
	memcpy(copy, key->data, key->len);
	load_row(sort, copy, key->len, sum);
}

static void
load_from_spill(IvmBuildSort *sort)
{
	MemoryContext sum_cxt = AllocSetContextCreate(sort->cxt, "ivm sum", ALLOCSET_DEFAULT_SIZES);
	IvmState   *sum = palloc(sort->desc->size);
	StringInfoData key;
	bool		have = false;

	initStringInfo(&key);
	tuplesort_performsort(sort->spill);
	while (tuplesort_gettupleslot(sort->spill, true, false, sort->slot, NULL))
	{
		bool		isnull;
		bytea	   *k = (bytea *) DatumGetPointer(slot_getattr(sort->slot, 1, &isnull));
		bytea	   *s = (bytea *) DatumGetPointer(slot_getattr(sort->slot, 2, &isnull));
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (!have || VARSIZE_ANY_EXHDR(k) != key.len ||
			memcmp(VARDATA_ANY(k), key.data, key.len) != 0)
		{
			if (have)
				load_sum(sort, &key, sum);
			MemoryContextReset(sum_cxt);
			IvmStateInit(sort->desc, sum);
			resetStringInfo(&key);
			appendBinaryStringInfo(&key, VARDATA_ANY(k), VARSIZE_ANY_EXHDR(k));
			have = true;
		}
		old = MemoryContextSwitchTo(sum_cxt);
		IvmStateUnpackAdd(sort->desc, sum, VARDATA_ANY(s), VARSIZE_ANY_EXHDR(s));
		MemoryContextSwitchTo(old);
	}
	if (have)
		load_sum(sort, &key, sum);
	flush_batch(sort);
}

int64
IvmBuildSortLoad(IvmBuildSort *sort, uint32 number)
{
	sort->number = number;
	sort->batch_cxt = AllocSetContextCreate(sort->cxt, "ivm load", ALLOCSET_DEFAULT_SIZES);
	sort->batch = MemoryContextAlloc(sort->batch_cxt, sizeof(IvmBaseRow) * LOAD_ROWS);
	if (sort->spill == NULL)
		load_from_memory(sort);
	else
	{
		spill(sort);
		load_from_spill(sort);
		tuplesort_end(sort->spill);
		ExecDropSingleTupleTableSlot(sort->slot);
	}
	return sort->loaded;
}
