/*-------------------------------------------------------------------------
 *
 * satellites.c
 *		A group of a view over several tables (see satellites.h; view/star.c
 *		tells why it is right).
 *
 * A satellite's key is made of the canonical parts of the hub's key columns
 * that it is equal to: the bytes of equal values are the same, whatever
 * their types.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "scan/ranges.h"
#include "scan/satellites.h"
#include "utils/memutils.h"

struct IvmSatellites
{
	const IvmView *view;
	IvmMerge   *merge;
};

IvmSatellites *
IvmSatellitesBegin(const IvmView *view, const IvmGeneration *gen, Snapshot snapshot)
{
	IvmSatellites *satellites = palloc0(sizeof(IvmSatellites));

	satellites->view = view;
	satellites->merge = IvmMergeBegin(view, gen, snapshot);
	return satellites;
}

void
IvmSatellitesEnd(IvmSatellites *satellites)
{
	IvmMergeEnd(satellites->merge);
	pfree(satellites);
}

int64
IvmSatellitesDeltas(const IvmSatellites *satellites)
{
	return IvmMergeDeltas(satellites->merge);
}

/* The key of the satellite's group that belongs to a group of the hub. */
static IvmGroupKey *
satellite_key(const IvmView *view, const IvmView *part, const IvmGroupKey *hub)
{
	IvmGroupKey *key = palloc(sizeof(IvmGroupKey));
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, IVM_GROUP_BYTE(part));
	for (int i = 0; i < part->nkeys; i++)
	{
		Size		len;
		const char *canon = IvmKeyCanonicalColumn(view->keydesc, hub->key + 1, hub->keylen - 1,
												  part->ownerkeys[i], &len);

		appendBinaryStringInfo(&buf, canon, len);
	}
	key->key = buf.data;
	key->keylen = buf.len;
	return key;
}

/* The satellite's state under a key, all forms together. */
static IvmState *
read_state(IvmSatellites *satellites, const IvmView *part, const IvmGroupKey *key)
{
	IvmState   *state = palloc(part->statedesc->size);
	IvmKeyRange range;
	const char *found;
	uint32		foundlen;

	IvmStateInit(part->statedesc, state);
	IvmPrefixRange(key->key, key->keylen, &range);
	IvmMergeStart(satellites->merge, &range, 1, false);
	while (IvmMergePeek(satellites->merge, &found, &foundlen))
		IvmMergeTake(satellites->merge, state);
	if (state->rows < 0)
		IvmMergeSetUnfit(satellites->merge, IVM_REASON_DAMAGED);
	return state;
}

/* Find the satellites' states.  False where an inner-joined one has no rows. */
static bool
read_parts(IvmSatellites *satellites, List *keys, IvmWholeGroup *whole)
{
	const IvmView *view = satellites->view;

	for (int i = 1; i < view->nparts; i++)
	{
		const IvmView *part = view->parts[i];
		IvmGroupKey *key = satellite_key(view, part, linitial(keys));

		whole->states[i] = read_state(satellites, part, key);
		whole->parts[i].keys = list_make1(key);
		whole->parts[i].is_null = whole->states[i]->rows == 0 && !part->looked_up;
		if (!whole->parts[i].is_null)
			continue;
		if (!part->optional || IvmMergeUnfit(satellites->merge) != NULL)
			return false;
		whole->states[i] = part->null_state;
	}
	return IvmMergeUnfit(satellites->merge) == NULL;
}

static int64
multiply(int64 a, int64 b)
{
	int64		result;

	if (pg_mul_s64_overflow(a, b, &result))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range"),
				 errdetail("A group of the join has too many rows.")));
	return result;
}

/* Each row of a part meets the product of the others' rows. */
static void
multiply_parts(const IvmView *view, IvmWholeGroup *whole)
{
	whole->rows = 1;
	for (int i = 0; i < view->nparts; i++)
	{
		if (!view->parts[i]->looked_up)
			whole->rows = multiply(whole->rows, whole->states[i]->rows);
	}
	for (int i = 0; i < view->nparts; i++)
	{
		const IvmStateDesc *desc = view->parts[i]->statedesc;
		IvmState   *sum;

		whole->parts[i].times = view->parts[i]->looked_up ? 1 :
			whole->rows / whole->states[i]->rows;
		if (whole->parts[i].times == 1 || desc->naccums == 0)
			continue;
		sum = palloc(desc->size);
		IvmStateInit(desc, sum);
		IvmStateAddTimes(desc, sum, whole->states[i], whole->parts[i].times);
		whole->states[i] = sum;
	}
}

bool
IvmSatellitesJoin(IvmSatellites *satellites, List *keys, IvmState *hub,
				  IvmWholeGroup *whole, const char **reason)
{
	const IvmView *view = satellites->view;
	bool		found;

	whole->states = palloc(sizeof(IvmState *) * view->nparts);
	whole->parts = palloc0(sizeof(IvmPartGroup) * view->nparts);
	whole->states[0] = hub;
	whole->parts[0].keys = keys;
	found = read_parts(satellites, keys, whole);
	*reason = IvmMergeUnfit(satellites->merge);
	if (!found)
		return false;
	multiply_parts(view, whole);
	return true;
}
