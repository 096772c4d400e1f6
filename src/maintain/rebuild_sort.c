/*-------------------------------------------------------------------------
 *
 * rebuild_sort.c
 *		Group a build's rows by key and load them in key order, within
 *		maintenance_work_mem.
 *
 * Rows are summed in a table in memory.  When it is full, its groups go to a
 * tuplesort of (key, packed state), and equal keys are summed again when they
 * come out of it side by side.  All keys of a slot have states of one description.
 *
 * Elements of one owner come side by side too.  Those that are members are
 * counted, and the totals rows, which sort after everything else and among each
 * other like their owners, are loaded in the end.
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
#include "utils/tuplestore.h"

#define LOAD_ROWS		1024	/* at a time */
#define ROWS_PER_CHECK	256		/* of the memory limit */
#define SLOTS			256

struct IvmBuildSort
{
	MemoryContext cxt;
	IvmGroups  *groups;
	int			puts;
	Tuplesortstate *spill;		/* NULL until memory is full */
	TupleTableSlot *slot;
	const IvmStateDesc *descs[SLOTS];	/* of what was spilled */

	/* loading */
	uint32		number;
	MemoryContext batch_cxt;
	IvmBaseRow *batch;
	int			nbatch;
	int64		loaded;			/* groups */

	/* totals */
	StringInfoData owner;		/* key of the current owner's totals row */
	int64		members;		/* counted of it so far */
	Tuplestorestate *totals;	/* NULL until there is one */
	TupleTableSlot *total;		/* (key, count) */
};

IvmBuildSort *
IvmBuildSortBegin(void)
{
	IvmBuildSort *sort = palloc0(sizeof(IvmBuildSort));

	sort->cxt = CurrentMemoryContext;
	sort->groups = IvmGroupsCreate(sort->cxt);
	return sort;
}

static inline uint8
slot_of(const char *key, uint32 keylen)
{
	return keylen > 0 ? (uint8) key[0] : 0;
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
	IvmStatePack(group->desc, group->state, &packed);
	sort->descs[slot_of(group->key, group->keylen)] = group->desc;
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
	sort->groups = IvmGroupsCreate(sort->cxt);
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

/* ---- rows ---- */

static void
flush_batch(IvmBuildSort *sort)
{
	IvmGenerationLoad(sort->number, sort->batch, sort->nbatch);
	sort->nbatch = 0;
	MemoryContextReset(sort->batch_cxt);
	sort->batch = MemoryContextAlloc(sort->batch_cxt, sizeof(IvmBaseRow) * LOAD_ROWS);
}

/* The key must live until the batch is flushed. */
static void
load_row(IvmBuildSort *sort, const char *key, uint32 keylen,
		 const IvmStateDesc *desc, const IvmState *state)
{
	StringInfoData packed;
	MemoryContext old;

	if (sort->nbatch == LOAD_ROWS)
		flush_batch(sort);
	old = MemoryContextSwitchTo(sort->batch_cxt);
	initStringInfo(&packed);
	IvmStatePack(desc, state, &packed);
	sort->batch[sort->nbatch++] = (IvmBaseRow)
	{
		key, keylen, packed.data, packed.len
	};
	MemoryContextSwitchTo(old);
	sort->loaded += IvmKeyIsGroup(key, keylen);
}

/* Load a row whose key is copied. */
static void
load_copy(IvmBuildSort *sort, const char *key, uint32 keylen,
		  const IvmStateDesc *desc, const IvmState *state)
{
	char	   *copy;

	if (sort->nbatch == LOAD_ROWS)
		flush_batch(sort);
	copy = MemoryContextAlloc(sort->batch_cxt, keylen + 1);
	memcpy(copy, key, keylen);
	load_row(sort, copy, keylen, desc, state);
}

/* ---- totals ---- */

static void
begin_totals(IvmBuildSort *sort)
{
	TupleDesc	desc = CreateTemplateTupleDesc(2);

	TupleDescInitEntry(desc, 1, "key", BYTEAOID, -1, 0);
	TupleDescInitEntry(desc, 2, "members", INT8OID, -1, 0);
	sort->total = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	sort->totals = tuplestore_begin_heap(false, false, work_mem);
}

/* Put the current owner's total away. */
static void
end_owner(IvmBuildSort *sort)
{
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (sort->members == 0)
		return;
	if (sort->totals == NULL)
		begin_totals(sort);
	values[0] = bytes_datum(sort->owner.data, sort->owner.len);
	values[1] = Int64GetDatum(sort->members);
	tuplestore_putvalues(sort->totals, sort->total->tts_tupleDescriptor, values, nulls);
	pfree(DatumGetPointer(values[0]));
	sort->members = 0;
}

static void
count_member(IvmBuildSort *sort, const char *key, uint32 keylen,
			 const IvmStateDesc *desc, const IvmState *state)
{
	StringInfo	owner = &sort->owner;
	uint32		ownerlen;
	int			len;

	if (!IvmStateGetMember(desc, state, &ownerlen) || state->rows <= 0)
		return;
	Assert(keylen >= 1 + ownerlen);
	len = IvmTotalsKeyLength(ownerlen);
	if (owner->len != len || memcmp(owner->data + 1, key, len - 1) != 0)
	{
		end_owner(sort);
		resetStringInfo(owner);
		enlargeStringInfo(owner, len);
		IvmTotalsKeyWrite(owner->data, key, ownerlen);
		owner->len = len;
	}
	sort->members++;
}

static void
load_totals(IvmBuildSort *sort)
{
	IvmStateDesc *desc = IvmStateDescMake(0, NULL, NULL);

	end_owner(sort);
	if (sort->totals == NULL)
		return;
	while (tuplestore_gettupleslot(sort->totals, true, false, sort->total))
	{
		bool		isnull;
		bytea	   *key = (bytea *) DatumGetPointer(slot_getattr(sort->total, 1, &isnull));
		IvmState	count = {DatumGetInt64(slot_getattr(sort->total, 2, &isnull))};

		CHECK_FOR_INTERRUPTS();
		load_copy(sort, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), desc, &count);
	}
	tuplestore_end(sort->totals);
	ExecDropSingleTupleTableSlot(sort->total);
}

/* ---- loading ---- */

static void
load_from_memory(IvmBuildSort *sort)
{
	int			n;
	IvmGroup  **groups = IvmGroupsSorted(sort->groups, &n);

	for (int i = 0; i < n; i++)
	{
		const IvmGroup *group = groups[i];

		load_row(sort, group->key, group->keylen, group->desc, group->state);
		count_member(sort, group->key, group->keylen, group->desc, group->state);
	}
}

/* The sum of what was spilled of one key. */
typedef struct SpillSum
{
	MemoryContext cxt;			/* of the state */
	StringInfoData key;
	const IvmStateDesc *desc;	/* NULL: no key yet */
	IvmState   *state;
} SpillSum;

static void
begin_sum(IvmBuildSort *sort, SpillSum *sum, const char *key, uint32 keylen)
{
	MemoryContextReset(sum->cxt);
	resetStringInfo(&sum->key);
	appendBinaryStringInfo(&sum->key, key, keylen);
	sum->desc = sort->descs[slot_of(key, keylen)];
	sum->state = MemoryContextAlloc(sum->cxt, sum->desc->size);
	IvmStateInit(sum->desc, sum->state);
}

static void
load_sum(IvmBuildSort *sort, const SpillSum *sum)
{
	if (sum->desc == NULL)
		return;
	load_copy(sort, sum->key.data, sum->key.len, sum->desc, sum->state);
	count_member(sort, sum->key.data, sum->key.len, sum->desc, sum->state);
}

static void
load_from_spill(IvmBuildSort *sort)
{
	SpillSum	sum = {AllocSetContextCreate(sort->cxt, "ivm sum", ALLOCSET_DEFAULT_SIZES)};

	initStringInfo(&sum.key);
	tuplesort_performsort(sort->spill);
	while (tuplesort_gettupleslot(sort->spill, true, false, sort->slot, NULL))
	{
		bool		isnull;
		bytea	   *k = (bytea *) DatumGetPointer(slot_getattr(sort->slot, 1, &isnull));
		bytea	   *s = (bytea *) DatumGetPointer(slot_getattr(sort->slot, 2, &isnull));
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (sum.desc == NULL || VARSIZE_ANY_EXHDR(k) != sum.key.len ||
			memcmp(VARDATA_ANY(k), sum.key.data, sum.key.len) != 0)
		{
			load_sum(sort, &sum);
			begin_sum(sort, &sum, VARDATA_ANY(k), VARSIZE_ANY_EXHDR(k));
		}
		old = MemoryContextSwitchTo(sum.cxt);
		IvmStateUnpackAdd(sum.desc, sum.state, VARDATA_ANY(s), VARSIZE_ANY_EXHDR(s));
		MemoryContextSwitchTo(old);
	}
	load_sum(sort, &sum);
}

int64
IvmBuildSortLoad(IvmBuildSort *sort, uint32 number)
{
	sort->number = number;
	sort->batch_cxt = AllocSetContextCreate(sort->cxt, "ivm load", ALLOCSET_DEFAULT_SIZES);
	sort->batch = MemoryContextAlloc(sort->batch_cxt, sizeof(IvmBaseRow) * LOAD_ROWS);
	initStringInfo(&sort->owner);
	if (sort->spill == NULL)
		load_from_memory(sort);
	else
	{
		spill(sort);
		load_from_spill(sort);
		tuplesort_end(sort->spill);
		ExecDropSingleTupleTableSlot(sort->slot);
	}
	load_totals(sort);
	flush_batch(sort);
	return sort->loaded;
}
