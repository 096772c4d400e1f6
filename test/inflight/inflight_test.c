/*-------------------------------------------------------------------------
 *
 * inflight_test.c
 *		Drives store/inflight.h with real transactions (test/inflight/run).
 *
 * The view counts r JOIN s JOIN u on one column, though it is declared over another,
 * empty table: inflight_commit, the last statement of each writing
 * transaction, evaluates its terms by counting and publishes them.  So what a read of
 * the view gives must be the join, for every snapshot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "maintain/commit.h"
#include "maintain/linear.h"
#include "store/accum.h"
#include "store/inflight.h"
#include "view/catalog.h"

PG_MODULE_MAGIC;

#define NRELS	3
#define MAX_K	64

/* So many rows with a key, of nobody in particular (xid 0) or of one of the others. */
typedef struct Part
{
	uint64		xid;
	int64		n;
} Part;

typedef struct Job
{
	IvmView    *view;
	Oid			rels[NRELS];
	int			nrows;
	int		   *rows;			/* relation, key, sign */
	int64		own[NRELS][MAX_K];
	IvmInflightOwn reg;
	IvmDelta   *deltas;
	int			ndeltas;
	int			maxdeltas;
} Job;

static void
nap(int max_us)
{
	if (max_us > 0 && random() % 3 == 0)
		pg_usleep(random() % max_us);
}

static int64
count_old(Oid relid, Snapshot snapshot, int k)
{
	Relation	rel = table_open(relid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	int64		n = 0;
	bool		isnull;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		n += (DatumGetInt32(slot_getattr(slot, 1, &isnull)) == k);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
	return n;
}

/* Old rows and the others' with a key. */
static int
old_parts(const Job *job, const IvmInflight *in, int rel, int k, Part *parts)
{
	IvmProbe	probe = {1, IvmProbeHash((char *) &k, sizeof(k))};
	bool		by_probe = random() % 4 != 0;
	IvmInflightScan *scan = IvmInflightScanBegin(in, job->rels[rel], by_probe ? &probe : NULL);
	IvmInflightItem item;
	int			n = 1;

	parts[0].xid = 0;
	parts[0].n = count_old(job->rels[rel], in->snapshot, k);
	while (IvmInflightScanNext(scan, &item))
	{
		int			value;

		memcpy(&value, item.data, sizeof(value));
		if (item.len < sizeof(value))
			elog(ERROR, "wrong length");
		if (value != k)
		{
			if (by_probe)
				elog(ERROR, "wrong probe");
			continue;
		}
		if (n == 1000)
			elog(ERROR, "too many");
		parts[n].xid = U64FromFullTransactionId(item.xid);
		parts[n++].n = item.sign;
	}
	IvmInflightScanEnd(scan);
	return n;
}

/* Add a product to the delta of its key and tag. */
static void
emit(Job *job, int k, int64 n, uint64 x, uint64 y)
{
	uint64		own = U64FromFullTransactionId(job->reg.xid);
	uint64		more[2];
	int			nmore = 0;
	IvmDelta   *delta = NULL;

	if (x == own)
		x = 0;
	if (y == own || y == x)
		y = 0;
	if (x != 0)
		more[nmore++] = x;
	if (y != 0)
		more[nmore++] = y;
	if (nmore == 2 && more[0] > more[1])
	{
		more[0] = y;
		more[1] = x;
	}
	for (int i = 0; i < job->ndeltas && delta == NULL; i++)
	{
		if (job->deltas[i].keylen == k && job->deltas[i].nmore == nmore &&
			memcmp(job->deltas[i].more, more, nmore * 8) == 0)
			delta = &job->deltas[i];
	}
	if (delta == NULL)
	{
		if (job->ndeltas == job->maxdeltas)
			job->deltas = repalloc(job->deltas, (job->maxdeltas *= 2) * sizeof(IvmDelta));
		delta = &job->deltas[job->ndeltas++];
		memset(delta, 0, sizeof(*delta));
		delta->view = job->view->id;
		delta->keylen = k;		/* for now */
		delta->state = palloc0(job->view->statedesc->size);
		IvmStateInit(job->view->statedesc, (IvmState *) delta->state);
		delta->more = memcpy(palloc(16), more, nmore * 8);
		delta->nmore = nmore;
	}
	((IvmState *) delta->state)->rows += n;
}

/* The products of three lists. */
static void
multiply(Job *job, int k, const Part *a, int na, const Part *b, int nb, int64 own)
{
	for (int i = 0; i < na; i++)
	{
		for (int j = 0; j < nb; j++)
		{
			if (a[i].n * b[j].n * own != 0)
				emit(job, k, a[i].n * b[j].n * own, a[i].xid, b[j].xid);
		}
	}
}

/* IvmLinearSink: only the key is wanted. */
static IvmState *
take_key(void *arg, const char *key, uint32 keylen, const IvmStateDesc *desc)
{
	IvmState   *state = palloc0(desc->size);

	appendBinaryStringInfo(arg, key, keylen);
	IvmStateInit(desc, state);
	return state;
}

static void
evaluate(Job *job, const IvmInflight *in)
{
	Part		parts[NRELS][1001];
	int			n[NRELS];
	Relation	rel = table_open(job->view->baserel, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IvmLinear  *linear = IvmLinearGet(job->view, rel);

	job->ndeltas = 0;
	for (int k = 0; k < MAX_K; k++)
	{
		if (job->own[0][k] == 0 && job->own[1][k] == 0 && job->own[2][k] == 0)
			continue;
		for (int r = 0; r < NRELS; r++)
			n[r] = old_parts(job, in, r, k, parts[r]);
		multiply(job, k, parts[1], n[1], parts[2], n[2], job->own[0][k]);
		parts[0][n[0]++] = (Part) {0, job->own[0][k]};
		multiply(job, k, parts[0], n[0], parts[2], n[2], job->own[1][k]);
		parts[1][n[1]++] = (Part) {0, job->own[1][k]};
		multiply(job, k, parts[0], n[0], parts[1], n[1], job->own[2][k]);
	}
	for (int i = 0; i < job->ndeltas; i++)
	{
		IvmDelta   *delta = &job->deltas[i];
		StringInfoData key;
		StringInfoData state;

		ExecClearTuple(slot);
		slot->tts_values[0] = Int32GetDatum(delta->keylen);
		slot->tts_isnull[0] = false;
		ExecStoreVirtualTuple(slot);
		initStringInfo(&key);
		IvmLinearCount(linear, slot, 1, take_key, &key);
		initStringInfo(&state);
		IvmStatePack(job->view->statedesc, (IvmState *) delta->state, &state);
		delta->key = key.data;
		delta->keylen = key.len;
		delta->state = state.data;
		delta->statelen = state.len;
	}
	IvmLinearRelease(linear);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
}

static void
read_job(Job *job, Oid view, Oid rels[NRELS], ArrayType *array, int publication)
{
	Datum	   *elems;
	int			n;
	IvmInflightRow *rows;

	memset(job, 0, sizeof(*job));
	job->view = IvmViewGet(view);
	memcpy(job->rels, rels, sizeof(job->rels));
	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &elems, NULL, &n);
	job->nrows = n / 3;
	rows = palloc0(job->nrows * sizeof(IvmInflightRow) + 1);
	for (int i = 0; i < job->nrows; i++)
	{
		int			rel = DatumGetInt32(elems[3 * i]);
		int		   *k = palloc(sizeof(int) + 4000);
		IvmProbe   *probes = palloc(2 * sizeof(IvmProbe));

		*k = DatumGetInt32(elems[3 * i + 1]);
		job->own[rel][*k] += DatumGetInt32(elems[3 * i + 2]);
		probes[0] = (IvmProbe) {1, IvmProbeHash((char *) k, sizeof(int))};
		probes[1] = (IvmProbe) {2, random()};
		rows[i].relation = job->rels[rel];
		rows[i].sign = DatumGetInt32(elems[3 * i + 2]);
		rows[i].data = (char *) k;
		rows[i].len = sizeof(int) + (random() % 10 == 0 ? random() % 4000 : 0);
		rows[i].probes = probes;
		rows[i].nprobes = 1 + random() % 2;
	}
	job->reg.xid = IvmTopFullXid();
	job->reg.publication = publication;
	job->reg.rows = rows;
	job->reg.nrows = job->nrows;
	job->deltas = palloc((job->maxdeltas = 16) * sizeof(IvmDelta));
}

/* inflight_commit(view, r, s, u, rows int[], publication, mode, nap_us) -> what happened; mode 1: optimistic */
PG_FUNCTION_INFO_V1(inflight_commit);
Datum
inflight_commit(PG_FUNCTION_ARGS)
{
	Oid			rels[NRELS] = {PG_GETARG_OID(1), PG_GETARG_OID(2), PG_GETARG_OID(3)};
	int			nap_us = PG_GETARG_INT32(7);
	uint32		partners[NRELS];
	int			npartners = 0;
	bool		changed[NRELS] = {0};
	IvmInflight *in;
	Job			job;
	IvmPublication pub = {0};
	int			result;

	read_job(&job, PG_GETARG_OID(0), rels, PG_GETARG_ARRAYTYPE_P(4), PG_GETARG_INT32(5));
	for (int r = 0; r < NRELS; r++)
	{
		for (int k = 0; k < MAX_K; k++)
			changed[r] |= job.own[r][k] != 0;
	}
	for (int r = 0; r < NRELS; r++)
	{
		if (changed[(r + 1) % NRELS] || changed[(r + 2) % NRELS])
			partners[npartners++] = rels[r];
	}
	pub.xid = job.reg.xid;
	IvmCommitWakeCustodian();
	if (PG_GETARG_INT32(6) == 1)
	{
		in = IvmInflightLook(job.reg.xid, partners, npartners);
		nap(nap_us);
		evaluate(&job, in);
		nap(nap_us);
		pub.deltas = job.deltas;
		pub.ndeltas = job.ndeltas;
		result = in->nothers > 0 ? 2 : 1;
		if (IvmInflightPublish(in, &job.reg, &pub))
		{
			IvmInflightEnd(in);
			PG_RETURN_INT32(result);
		}
		IvmInflightEnd(in);
	}
	in = IvmInflightRegister(&job.reg, partners, npartners);
	nap(nap_us);
	evaluate(&job, in);
	nap(nap_us);
	pub.deltas = job.deltas;
	pub.ndeltas = job.ndeltas;
	IvmStorePublish(&pub);
	result = in->nothers > 0 ? 4 : 3;
	IvmInflightEnd(in);
	PG_RETURN_INT32(result + (PG_GETARG_INT32(6) == 1 ? 2 : 0));
}

/* Time of so many looks, in microseconds each; one probe with each. */
PG_FUNCTION_INFO_V1(inflight_look);
Datum
inflight_look(PG_FUNCTION_ARGS)
{
	uint32		partners[1] = {PG_GETARG_OID(0)};
	int			k = PG_GETARG_INT32(1);
	IvmProbe	probe = {1, IvmProbeHash((char *) &k, sizeof(k))};
	int			n = PG_GETARG_INT32(2);
	TimestampTz start = GetCurrentTimestamp();
	int64		found = 0;

	for (int i = 0; i < n; i++)
	{
		IvmInflight *in = IvmInflightLook(IvmTopFullXid(), partners, 1);
		IvmInflightScan *scan = IvmInflightScanBegin(in, partners[0], &probe);
		IvmInflightItem item;

		while (IvmInflightScanNext(scan, &item))
			found++;
		IvmInflightScanEnd(scan);
		IvmInflightEnd(in);
	}
	elog(NOTICE, "%d looks: %.3f us each, %.1f rows each, xid %u", n,
		 (double) (GetCurrentTimestamp() - start) / n, (double) found / n, XidFromFullTransactionId(IvmTopFullXid()));
	PG_RETURN_INT64(found);
}
