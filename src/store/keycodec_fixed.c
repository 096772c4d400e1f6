/*-------------------------------------------------------------------------
 *
 * keycodec_fixed.c
 *		Key codecs of fixed canonical length: integers, floats, date and time,
 *		interval, uuid, hardware addresses.
 *
 * All of them are ordered: memcmp of the canonical bytes is the order of the
 * type's default btree operator class.  Numbers are big-endian with the sign
 * bit flipped.  Only floats (-0) and intervals ('1 mon', '30 days') have forms.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "store/keycodec.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/timestamp.h"

/* A by-value datum of any width */
static inline int64
signed_datum(const IvmKeyColumn *col, Datum value)
{
	switch (col->typlen)
	{
		case sizeof(int16):
			return DatumGetInt16(value);
		case sizeof(int32):
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

static void
encode_int(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	key_put64(key_reserve(canon, 8), key_flip64((uint64) signed_datum(col, value)));
}

/*
 * A column of a narrower type never holds what it cannot: a wider value only
 * makes search keys (IvmKeyEncodeColumnAs).
 */
static Datum
decode_int(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	int64		n = (int64) key_flip64(key_get64(part->canon));

	switch (col->typlen)
	{
		case sizeof(int16):
			return Int16GetDatum((int16) n);
		case sizeof(int32):
			return Int32GetDatum((int32) n);
		default:
			return Int64GetDatum(n);
	}
}

const IvmKeyCodec IvmKeyCodecInt = {
	.canonlen = 8,
	.maxform = -1,
	.encode = encode_int,
	.decode = decode_int
};

static void
encode_int32(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	key_put32(key_reserve(canon, 4), key_flip32((uint32) DatumGetInt32(value)));
}

static Datum
decode_int32(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return Int32GetDatum((int32) key_flip32(key_get32(part->canon)));
}

const IvmKeyCodec IvmKeyCodecInt32 = {
	.canonlen = 4,
	.maxform = -1,
	.encode = encode_int32,
	.decode = decode_int32
};

static void
encode_word32(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	key_put32(key_reserve(canon, 4), DatumGetUInt32(value));
}

static Datum
decode_word32(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return UInt32GetDatum(key_get32(part->canon));
}

const IvmKeyCodec IvmKeyCodecWord32 = {
	.canonlen = 4,
	.maxform = -1,
	.encode = encode_word32,
	.decode = decode_word32
};

static void
encode_word64(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	key_put64(key_reserve(canon, 8), DatumGetUInt64(value));
}

static Datum
decode_word64(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return UInt64GetDatum(key_get64(part->canon));
}

const IvmKeyCodec IvmKeyCodecWord64 = {
	.canonlen = 8,
	.maxform = -1,
	.encode = encode_word64,
	.decode = decode_word64
};

static void
encode_byte(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	*key_reserve(canon, 1) = DatumGetChar(value);
}

static Datum
decode_byte(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return CharGetDatum(*part->canon);
}

const IvmKeyCodec IvmKeyCodecByte = {
	.canonlen = 1,
	.maxform = -1,
	.encode = encode_byte,
	.decode = decode_byte
};

/*
 * Floats: both widths as float8.  Positive numbers get the sign bit set,
 * negative ones are complemented.  All NaNs are one, above everything.  Zeros
 * are one as well; which of the two it was is a form that only zeros have.
 */
#define FLOAT_NAN_WORD	(~UINT64CONST(0))
#define FLOAT_ZERO_WORD (UINT64CONST(1) << 63)

static void
encode_float(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	double		d = col->typlen == sizeof(float4) ? (double) DatumGetFloat4(value) : DatumGetFloat8(value);
	uint64		word;

	if (d == 0)
	{
		word = FLOAT_ZERO_WORD;
		if (forms)
			appendStringInfoCharMacro(forms, signbit(d) ? 1 : 0);
	}
	else if (isnan(d))
		word = FLOAT_NAN_WORD;
	else
	{
		memcpy(&word, &d, sizeof(word));
		word = signbit(d) ? ~word : key_flip64(word);
	}
	key_put64(key_reserve(canon, 8), word);
}

static double
decode_float_word(uint64 word, const IvmKeyPart *part)
{
	double		d;

	if (word == FLOAT_NAN_WORD)
		return get_float8_nan();
	if (word == FLOAT_ZERO_WORD)
		return part->formlen > 0 && *part->form ? -0.0 : 0.0;
	word = word & FLOAT_ZERO_WORD ? key_flip64(word) : ~word;
	memcpy(&d, &word, sizeof(d));
	return d;
}

static Datum
decode_float(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	double		d = decode_float_word(key_get64(part->canon), part);

	if (col->typlen == sizeof(float8))
		return Float8GetDatum(d);
	return Float4GetDatum(isnan(d) ? get_float4_nan() : (float4) d);
}

static Size
measure_float_form(const IvmKeyColumn *col, const IvmKeyPart *part, Size avail)
{
	if (key_get64(part->canon) != FLOAT_ZERO_WORD)
		return 0;
	if (avail < 1)
		IvmPackedCorrupt();
	return 1;
}

const IvmKeyCodec IvmKeyCodecFloat = {
	.canonlen = 8,
	.maxform = 1,
	.encode = encode_float,
	.decode = decode_float,
	.measure_form = measure_float_form
};

/* timetz_cmp: by the moment in UTC, then by zone */
static void
encode_timetz(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	const TimeTzADT *t = DatumGetTimeTzADTP(value);
	char	   *p = key_reserve(canon, 12);

	key_put64(p, key_flip64((uint64) (t->time + t->zone * USECS_PER_SEC)));
	key_put32(p + 8, key_flip32((uint32) t->zone));
}

static Datum
decode_timetz(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	TimeTzADT  *t = palloc0(sizeof(TimeTzADT));

	t->zone = (int32) key_flip32(key_get32(part->canon + 8));
	t->time = (int64) key_flip64(key_get64(part->canon)) - t->zone * USECS_PER_SEC;
	return TimeTzADTPGetDatum(t);
}

const IvmKeyCodec IvmKeyCodecTimeTz = {
	.canonlen = 12,
	.maxform = -1,
	.encode = encode_timetz,
	.decode = decode_timetz
};

/*
 * interval_cmp_value adds months of 30 days, days of 24 hours and the time in
 * 128 bits.  Whole days and the microseconds left over (never negative) order
 * alike and fit 64 bits each.  The form keeps months and days; the time is
 * what is left of the sum.
 */
static void
encode_interval(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	const Interval *iv = DatumGetIntervalP(value);
	int64		days = iv->month * INT64CONST(30) + iv->day + iv->time / USECS_PER_DAY;
	int64		rest = iv->time % USECS_PER_DAY;
	char	   *p = key_reserve(canon, 16);

	if (rest < 0)
	{
		rest += USECS_PER_DAY;
		days--;
	}
	key_put64(p, key_flip64((uint64) days));
	key_put64(p + 8, (uint64) rest);
	if (forms)
	{
		uint8	   *form = IvmWriteBegin(forms, 2 * IVM_VARINT_MAX);

		IvmWriteEnd(forms, IvmWriteVarint(IvmWriteVarint(form, iv->month), iv->day));
	}
}

static Datum
decode_interval(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	Interval   *iv = palloc(sizeof(Interval));
	uint64		days = key_flip64(key_get64(part->canon));
	IvmReader	form = key_form_reader(part, part->formlen);

	iv->month = (int32) IvmReadVarint(&form);
	iv->day = (int32) IvmReadVarint(&form);

	/* unsigned: steps may overflow though the result never does */
	days -= (uint64) (iv->month * INT64CONST(30) + iv->day);
	iv->time = (int64) (days * (uint64) USECS_PER_DAY + key_get64(part->canon + 8));
	return IntervalPGetDatum(iv);
}

static Size
measure_interval_form(const IvmKeyColumn *col, const IvmKeyPart *part, Size avail)
{
	IvmReader	form = key_form_reader(part, avail);

	(void) IvmReadVarint(&form);
	(void) IvmReadVarint(&form);
	return (const char *) form.p - part->form;
}

const IvmKeyCodec IvmKeyCodecInterval = {
	.canonlen = 16,
	.maxform = 2 * KEY_VARINT32_MAX,
	.encode = encode_interval,
	.decode = decode_interval,
	.measure_form = measure_interval_form
};

/* Types whose image is its own key: uuid_cmp, macaddr_cmp, macaddr8_cmp are memcmp. */
static void
encode_image(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	memcpy(key_reserve(canon, col->typlen), DatumGetPointer(value), col->typlen);
}

static Datum
decode_image(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	char	   *image = palloc(part->canonlen);

	memcpy(image, part->canon, part->canonlen);
	return PointerGetDatum(image);
}

#define IMAGE_CODEC(length) { \
	.canonlen = (length), \
	.maxform = -1, \
	.encode = encode_image, \
	.decode = decode_image \
}

const IvmKeyCodec IvmKeyCodecUuid = IMAGE_CODEC(16);
const IvmKeyCodec IvmKeyCodecMacaddr = IMAGE_CODEC(6);
const IvmKeyCodec IvmKeyCodecMacaddr8 = IMAGE_CODEC(8);
