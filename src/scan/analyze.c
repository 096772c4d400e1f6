/*-------------------------------------------------------------------------
 *
 * analyze.c
 *		ANALYZE of a view.
 *
 * All rows are read as any query would read them, and sampled with Vitter's
 * reservoir method, as file_fdw does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "commands/vacuum.h"
#include "executor/executor.h"
#include "scan/analyze.h"
#include "scan/conditions.h"
#include "scan/paths.h"
#include "scan/reader.h"
#include "store/generation.h"
#include "store/store.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"
#include "utils/snapmgr.h"
#include "view/catalog.h"

typedef struct Sample
{
	HeapTuple  *rows;
	int			target;
	int			count;
	double		seen;
	double		toskip;
	ReservoirStateData state;
} Sample;

/* Consider a row. */
static void
sample_row(Sample *sample, TupleTableSlot *slot)
{
	if (sample->count < sample->target)
		sample->rows[sample->count++] = ExecCopySlotHeapTuple(slot);
	else
	{
		if (sample->toskip < 0)
			sample->toskip = reservoir_get_next_S(&sample->state, sample->seen, sample->target);
		if (sample->toskip <= 0)
		{
			int			k = (int) (sample->target *
								   sampler_random_fract(&sample->state.randstate));

			heap_freetuple(sample->rows[k]);
			sample->rows[k] = ExecCopySlotHeapTuple(slot);
		}
		sample->toskip--;
	}
	sample->seen++;
}

static void
sample_view(Relation relation, Snapshot snapshot, Sample *sample)
{
	IvmReadRequest request = {.columns = IvmColumnsOfOutputs(RelationGetDescr(relation))};
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
	IvmReader  *reader = IvmReaderBegin(IvmViewGet(RelationGetRelid(relation)), &request);

	IvmReaderStart(reader, snapshot, NULL, NULL);
	while (IvmReaderNext(reader, slot))
	{
		vacuum_delay_point();
		sample_row(sample, slot);
	}
	IvmReaderEnd(reader);
	ExecDropSingleTupleTableSlot(slot);
}

static int
acquire_sample_rows(Relation relation, int elevel, HeapTuple *rows, int targrows,
					double *totalrows, double *totaldeadrows)
{
	Sample		sample = {.rows = rows, .target = targrows, .toskip = -1};

	reservoir_init_selection_state(&sample.state, targrows);
	PushActiveSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot());
	sample_view(relation, GetActiveSnapshot(), &sample);
	PopActiveSnapshot();

	*totalrows = sample.seen;
	*totaldeadrows = 0;
	ereport(elevel,
			(errmsg("\"%s\": view contains %.0f rows; %d rows in sample",
					RelationGetRelationName(relation), sample.seen, sample.count)));
	return sample.count;
}

bool
IvmAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	double		rows = -1;

	if (IvmStoreAvailable(NULL))
		rows = IvmGenerationEstimateRows(IvmViewGet(RelationGetRelid(relation))->id);
	*func = acquire_sample_rows;
	*totalpages = Max(1, ceil(rows * IVM_ROW_BYTES / BLCKSZ));
	return true;
}
