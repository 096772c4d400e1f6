/*-------------------------------------------------------------------------
 *
 * accum.c
 *		States of groups: layout, packing, and the kinds of accumulators that
 *		are a few integers.  Numerics and floats are in files of their own.
 *
 * Packed form: row count, then for each accumulator its kind (one byte) and
 * what that kind writes.  There is no count of accumulators: they fill the
 * bytes to the end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "datatype/timestamp.h"
#include "store/accumkinds.h"
#include "utils/cash.h"
#include "utils/timestamp.h"

/* ---------------------------------------------------------------------
 * Integers
 * ---------------------------------------------------------------------
 */

static void
count_accum(void *acc, const Datum *args, Oid argtype, int sign)
{
	((IvmCountAccum *) acc)->n += sign;
}

static void
count_add(void *dst, const void *src, int sign)
{
	((IvmCountAccum *) dst)->n += sign * ((const IvmCountAccum *) src)->n;
}

static bool
count_iszero(const void *acc)
{
	return ((const IvmCountAccum *) acc)->n == 0;
}

static void
count_pack(const void *acc, StringInfo buf)
{
	uint8	   *p = IvmWriteBegin(buf, IVM_VARINT_MAX);

	IvmWriteEnd(buf, IvmWriteVarint(p, ((const IvmCountAccum *) acc)->n));
}

static void
count_unpack(void *acc, IvmReader *r)
{
	((IvmCountAccum *) acc)->n += IvmReadVarint(r);
}

static void
bool_accum(void *acc, const Datum *args, Oid argtype, int sign)
{
	IvmBoolAccum *b = acc;

	b->n += sign;
	if (DatumGetBool(args[0]))
		b->ntrue += sign;
}

static void
bool_add(void *dst, const void *src, int sign)
{
	IvmBoolAccum *d = dst;
	const IvmBoolAccum *s = src;

	d->n += sign * s->n;
	d->ntrue += sign * s->ntrue;
}

static bool
bool_iszero(const void *acc)
{
	const IvmBoolAccum *b = acc;

	return (b->n | b->ntrue) == 0;
}

static void
bool_pack(const void *acc, StringInfo buf)
{
	const IvmBoolAccum *b = acc;
	uint8	   *p = IvmWriteBegin(buf, 2 * IVM_VARINT_MAX);

	p = IvmWriteVarint(p, b->n);
	IvmWriteEnd(buf, IvmWriteVarint(p, b->ntrue));
}

static void
bool_unpack(void *acc, IvmReader *r)
{
	IvmBoolAccum *b = acc;

	b->n += IvmReadVarint(r);
	b->ntrue += IvmReadVarint(r);
}

static inline int64
int_argument(Datum value, Oid argtype)
{
	switch (argtype)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case CASHOID:
			return DatumGetCash(value);
		default:
			Assert(argtype == INT8OID);
			return DatumGetInt64(value);
	}
}

static void
int_accum(void *acc, const Datum *args, Oid argtype, int sign)
{
	IvmIntAccum *a = acc;

	a->n += sign;
	a->sum += (int128) int_argument(args[0], argtype) * sign;
}

static void
int_add(void *dst, const void *src, int sign)
{
	IvmIntAccum *d = dst;
	const IvmIntAccum *s = src;

	d->n += sign * s->n;
	d->sum += sign * s->sum;
}

static bool
int_iszero(const void *acc)
{
	const IvmIntAccum *a = acc;

	return a->n == 0 && a->sum == 0;
}

static void
int_pack(const void *acc, StringInfo buf)
{
	const IvmIntAccum *a = acc;
	uint8	   *p = IvmWriteBegin(buf, IVM_VARINT_MAX + IVM_VARINT128_MAX);

	p = IvmWriteVarint(p, a->n);
	IvmWriteEnd(buf, IvmWriteVarint128(p, a->sum));
}

static void
int_unpack(void *acc, IvmReader *r)
{
	IvmIntAccum *a = acc;

	a->n += IvmReadVarint(r);
	a->sum += IvmReadVarint128(r);
}

static void
intsq_accum(void *acc, const Datum *args, Oid argtype, int sign)
{
	IvmIntSqAccum *a = acc;
	int128		value = int_argument(args[0], argtype);

	a->base.n += sign;
	a->base.sum += value * sign;
	a->sumsq += value * value * sign;
}

static void
intsq_add(void *dst, const void *src, int sign)
{
	int_add(dst, src, sign);
	((IvmIntSqAccum *) dst)->sumsq += sign * ((const IvmIntSqAccum *) src)->sumsq;
}

static bool
intsq_iszero(const void *acc)
{
	return int_iszero(acc) && ((const IvmIntSqAccum *) acc)->sumsq == 0;
}

static void
intsq_pack(const void *acc, StringInfo buf)
{
	int_pack(acc, buf);
	IvmWriteEnd(buf, IvmWriteVarint128(IvmWriteBegin(buf, IVM_VARINT128_MAX),
									   ((const IvmIntSqAccum *) acc)->sumsq));
}

static void
intsq_unpack(void *acc, IvmReader *r)
{
	int_unpack(acc, r);
	((IvmIntSqAccum *) acc)->sumsq += IvmReadVarint128(r);
}

/* ---------------------------------------------------------------------
 * Intervals
 * ---------------------------------------------------------------------
 */

static void
interval_accum_row(void *acc, const Datum *args, Oid argtype, int sign)
{
	IvmIntervalAccum *a = acc;
	const Interval *value = DatumGetIntervalP(args[0]);

	a->n += sign;
#ifdef INTERVAL_NOT_FINITE
	/* servers that have infinite intervals */
	if (INTERVAL_IS_NOBEGIN(value))
	{
		a->ninf += sign;
		return;
	}
	if (INTERVAL_IS_NOEND(value))
	{
		a->pinf += sign;
		return;
	}
#endif
	a->month += (int128) value->month * sign;
	a->day += (int128) value->day * sign;
	a->time += (int128) value->time * sign;
}

static void
interval_add(void *dst, const void *src, int sign)
{
	IvmIntervalAccum *d = dst;
	const IvmIntervalAccum *s = src;

	d->n += sign * s->n;
	d->pinf += sign * s->pinf;
	d->ninf += sign * s->ninf;
	d->month += sign * s->month;
	d->day += sign * s->day;
	d->time += sign * s->time;
}

static bool
interval_iszero(const void *acc)
{
	const IvmIntervalAccum *a = acc;

	return (a->n | a->pinf | a->ninf) == 0 && (a->month | a->day | a->time) == 0;
}

static void
interval_pack(const void *acc, StringInfo buf)
{
	const IvmIntervalAccum *a = acc;
	uint8	   *p = IvmWriteBegin(buf, 3 * IVM_VARINT_MAX + 3 * IVM_VARINT128_MAX);

	p = IvmWriteVarint(p, a->n);
	p = IvmWriteVarint(p, a->pinf);
	p = IvmWriteVarint(p, a->ninf);
	p = IvmWriteVarint128(p, a->month);
	p = IvmWriteVarint128(p, a->day);
	IvmWriteEnd(buf, IvmWriteVarint128(p, a->time));
}

static void
interval_unpack(void *acc, IvmReader *r)
{
	IvmIntervalAccum *a = acc;

	a->n += IvmReadVarint(r);
	a->pinf += IvmReadVarint(r);
	a->ninf += IvmReadVarint(r);
	a->month += IvmReadVarint128(r);
	a->day += IvmReadVarint128(r);
	a->time += IvmReadVarint128(r);
}

/* ---------------------------------------------------------------------
 * Membership, which is the same in all states of one key: it is taken over
 * rather than added up.
 * ---------------------------------------------------------------------
 */

static void
member_accum(void *acc, const Datum *args, Oid argtype, int sign)
{
}

static void
member_take(IvmMemberAccum *dst, uint32 ownerlen)
{
	if (dst->ownerlen == 0)
		dst->ownerlen = ownerlen;
}

static void
member_add(void *dst, const void *src, int sign)
{
	member_take(dst, ((const IvmMemberAccum *) src)->ownerlen);
}

static bool
member_iszero(const void *acc)
{
	return true;
}

static void
member_pack(const void *acc, StringInfo buf)
{
	uint8	   *p = IvmWriteBegin(buf, IVM_VARINT_MAX);

	IvmWriteEnd(buf, IvmWriteUvarint(p, ((const IvmMemberAccum *) acc)->ownerlen));
}

static void
member_unpack(void *acc, IvmReader *r)
{
	uint64		ownerlen = IvmReadUvarint(r);

	if (ownerlen > PG_UINT32_MAX)
		IvmPackedCorrupt();
	member_take(acc, (uint32) ownerlen);
}

static const IvmAccumOps count_ops = {
	sizeof(IvmCountAccum), count_accum, count_add, count_iszero, count_pack, count_unpack
};
static const IvmAccumOps bool_ops = {
	sizeof(IvmBoolAccum), bool_accum, bool_add, bool_iszero, bool_pack, bool_unpack
};
static const IvmAccumOps int_ops = {
	sizeof(IvmIntAccum), int_accum, int_add, int_iszero, int_pack, int_unpack
};
static const IvmAccumOps intsq_ops = {
	sizeof(IvmIntSqAccum), intsq_accum, intsq_add, intsq_iszero, intsq_pack, intsq_unpack
};
static const IvmAccumOps interval_ops = {
	sizeof(IvmIntervalAccum), interval_accum_row, interval_add, interval_iszero,
	interval_pack, interval_unpack
};
static const IvmAccumOps member_ops = {
	sizeof(IvmMemberAccum), member_accum, member_add, member_iszero, member_pack, member_unpack
};

/* ---------------------------------------------------------------------
 * States
 * ---------------------------------------------------------------------
 */

static const IvmAccumOps *const ops_by_kind[] = {
	[IVM_ACC_COUNT] = &count_ops,
	[IVM_ACC_BOOL] = &bool_ops,
	[IVM_ACC_INT] = &int_ops,
	[IVM_ACC_INT_SQ] = &intsq_ops,
	[IVM_ACC_NUMERIC] = &IvmNumericOps,
	[IVM_ACC_NUMERIC_SQ] = &IvmNumericSqOps,
	[IVM_ACC_FLOAT] = &IvmFloatOps,
	[IVM_ACC_FLOAT_SQ] = &IvmFloatSqOps,
	[IVM_ACC_FLOAT_XY] = &IvmFloatXYOps,
	[IVM_ACC_INTERVAL] = &interval_ops,
	[IVM_ACC_MEMBER] = &member_ops,
};

static inline bool
is_kind(int kind)
{
	return kind >= IVM_ACC_COUNT && kind < lengthof(ops_by_kind);
}

IvmStateDesc *
IvmStateDescMake(int naccums, const IvmAccumKind *kinds, const Oid *argtypes)
{
	IvmStateDesc *desc;
	char	   *at;

	/* one chunk, widest members first */
	desc = palloc0(MAXALIGN(sizeof(IvmStateDesc)) +
				   naccums * (sizeof(Size) + sizeof(IvmAccumKind) + sizeof(Oid)));
	at = (char *) desc + MAXALIGN(sizeof(IvmStateDesc));
	desc->naccums = naccums;
	desc->offsets = (Size *) at;
	at += naccums * sizeof(Size);
	desc->kinds = (IvmAccumKind *) at;
	at += naccums * sizeof(IvmAccumKind);
	desc->argtypes = (Oid *) at;

	desc->size = MAXALIGN(sizeof(IvmState));
	for (int i = 0; i < naccums; i++)
	{
		Assert(is_kind(kinds[i]));
		desc->kinds[i] = kinds[i];
		desc->argtypes[i] = argtypes ? argtypes[i] : InvalidOid;
		desc->offsets[i] = desc->size;
		desc->size += MAXALIGN(ops_by_kind[kinds[i]]->size);
	}
	return desc;
}

void
IvmStateInit(const IvmStateDesc *desc, IvmState *state)
{
	memset(state, 0, desc->size);
}

void
IvmStateAccumRow(const IvmStateDesc *desc, IvmState *state, int i, const Datum *args, int sign)
{
	ops_by_kind[desc->kinds[i]]->accum(IvmStateAccum(desc, state, i), args,
									   desc->argtypes[i], sign);
}

void
IvmStateAdd(const IvmStateDesc *desc, IvmState *dst, const IvmState *src, int sign)
{
	dst->rows += sign * src->rows;
	for (int i = 0; i < desc->naccums; i++)
		ops_by_kind[desc->kinds[i]]->add(IvmStateAccum(desc, dst, i),
										 IvmStateAccum(desc, src, i), sign);
}

/* By doubling: all kinds of accumulators can add, and only that. */
void
IvmStateAddTimes(const IvmStateDesc *desc, IvmState *dst, const IvmState *src, int64 factor)
{
	IvmState   *power = palloc(desc->size);
	IvmState   *twice = palloc(desc->size);

	IvmStateInit(desc, power);
	IvmStateAdd(desc, power, src, 1);
	while (factor > 0)
	{
		IvmState   *swap = power;

		if (factor & 1)
			IvmStateAdd(desc, dst, power, 1);
		factor >>= 1;
		if (factor == 0)
			break;
		IvmStateInit(desc, twice);
		IvmStateAdd(desc, twice, power, 1);
		IvmStateAdd(desc, twice, power, 1);
		power = twice;
		twice = swap;
	}
}

bool
IvmStateIsZero(const IvmStateDesc *desc, const IvmState *state)
{
	if (state->rows != 0)
		return false;
	for (int i = 0; i < desc->naccums; i++)
	{
		if (!ops_by_kind[desc->kinds[i]]->iszero(IvmStateAccum(desc, state, i)))
			return false;
	}
	return true;
}

void
IvmStateSetMember(const IvmStateDesc *desc, IvmState *state, uint32 ownerlen)
{
	Assert(desc->naccums > 0 && desc->kinds[0] == IVM_ACC_MEMBER);
	((IvmMemberAccum *) IvmStateAccum(desc, state, 0))->ownerlen = ownerlen;
}

bool
IvmStateGetMember(const IvmStateDesc *desc, const IvmState *state, uint32 *ownerlen)
{
	if (desc->naccums == 0 || desc->kinds[0] != IVM_ACC_MEMBER)
		return false;
	*ownerlen = ((const IvmMemberAccum *) IvmStateAccum(desc, state, 0))->ownerlen;
	return true;
}

void
IvmStatePack(const IvmStateDesc *desc, const IvmState *state, StringInfo buf)
{
	IvmWriteEnd(buf, IvmWriteVarint(IvmWriteBegin(buf, IVM_VARINT_MAX), state->rows));
	for (int i = 0; i < desc->naccums; i++)
	{
		appendStringInfoChar(buf, (char) desc->kinds[i]);
		ops_by_kind[desc->kinds[i]]->pack(IvmStateAccum(desc, state, i), buf);
	}
}

void
IvmStateUnpackAdd(const IvmStateDesc *desc, IvmState *dst, const char *packed, Size len)
{
	IvmReader	r = {(const uint8 *) packed, (const uint8 *) packed + len};

	dst->rows += IvmReadVarint(&r);
	for (int i = 0; i < desc->naccums; i++)
	{
		if (r.p >= r.end || *r.p != desc->kinds[i])
			IvmPackedCorrupt();
		r.p++;
		ops_by_kind[desc->kinds[i]]->unpack(IvmStateAccum(desc, dst, i), &r);
	}
	if (r.p != r.end)
		IvmPackedCorrupt();
}

IvmStateDesc *
IvmStateDescOfPacked(const char *packed, Size len)
{
	IvmReader	r = {(const uint8 *) packed, (const uint8 *) packed + len};
	IvmAccumKind *kinds;
	IvmStateDesc *desc;
	int			naccums = 0;

	/* each accumulator has its kind and at least one byte more */
	kinds = palloc((len / 2 + 1) * sizeof(IvmAccumKind));
	(void) IvmReadVarint(&r);
	while (r.p < r.end)
	{
		int			kind = *r.p++;
		void	   *scratch;

		if (!is_kind(kind))
			IvmPackedCorrupt();
		scratch = palloc0(ops_by_kind[kind]->size);
		ops_by_kind[kind]->unpack(scratch, &r);
		pfree(scratch);
		kinds[naccums++] = kind;
	}
	desc = IvmStateDescMake(naccums, kinds, NULL);
	pfree(kinds);
	return desc;
}

