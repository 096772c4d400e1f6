/*-------------------------------------------------------------------------
 *
 * keycodec_numeric.c
 *		Key codec of numeric.
 *
 * Canonical bytes: a class byte in the order of numeric_cmp (-Infinity,
 * negative, zero, positive, Infinity, NaN) and, for a nonzero finite number,
 * its weight and its base-10000 digits, most significant first, without zero
 * digits at either end.  A digit takes 14 bits, shifted left by one: the lowest
 * bit tells that another one follows, so that a longer number with the same
 * leading digits is the greater one.  Negative numbers are complemented.
 *
 * The form is the display scale, unless the typmod fixes it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/keycodec.h"
#include "store/numericimage.h"

typedef enum NumericClass
{
	CLASS_NINF = 1,
	CLASS_NEGATIVE,
	CLASS_ZERO,
	CLASS_POSITIVE,
	CLASS_PINF,
	CLASS_NAN
} NumericClass;

#define HEAD_SIZE	3			/* class and weight */
#define WEIGHT_BIAS 0x8000

static inline bool
class_has_digits(char klass)
{
	return klass == CLASS_NEGATIVE || klass == CLASS_POSITIVE;
}

static NumericClass
class_of(const IvmNumericImage *num)
{
	switch (num->kind)
	{
		case IVM_NUMERIC_NAN:
			return CLASS_NAN;
		case IVM_NUMERIC_PINF:
			return CLASS_PINF;
		case IVM_NUMERIC_NINF:
			return CLASS_NINF;
		default:
			if (num->ndigits == 0)
				return CLASS_ZERO;
			return num->negative ? CLASS_NEGATIVE : CLASS_POSITIVE;
	}
}

static void
encode_digits(const IvmNumericImage *num, StringInfo canon)
{
	uint16		flip = num->negative ? 0xFFFF : 0;
	char	   *p = key_reserve(canon, 2 + 2 * num->ndigits);
	uint16		word = pg_hton16((uint16) (num->weight + WEIGHT_BIAS) ^ flip);

	memcpy(p, &word, 2);
	for (int i = 0; i < num->ndigits; i++)
	{
		uint16		more = i + 1 < num->ndigits;

		word = pg_hton16((uint16) (IvmNumericDigit(num, i) << 1 | more) ^ flip);
		memcpy(p + 2 + 2 * i, &word, 2);
	}
}

static void
encode_numeric(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	IvmNumericImage num;

	IvmNumericRead(packed, &num);
	*key_reserve(canon, 1) = class_of(&num);
	if (num.kind == IVM_NUMERIC_FINITE)
	{
		if (num.ndigits > 0)
			encode_digits(&num, canon);
		if (forms)
			key_append_varint(forms, num.dscale);
	}
}

static inline int
get_digit(const IvmKeyPart *part, int i, uint16 flip)
{
	uint16		word;

	memcpy(&word, part->canon + HEAD_SIZE + 2 * i, sizeof(word));
	return (pg_ntoh16(word) ^ flip) >> 1;
}

/*
 * The typmod's scale.  Every value of the column has it; should one not, digits
 * must not be hidden, so they are shown up to the last one that is not zero.
 */
static int
scale_by_typmod(int32 typmod, int weight, int ndigits, int last_digit)
{
	int			scale = IvmNumericTypmodScale(typmod);
	int			needed = 4 * (ndigits - weight - 1);

	if (ndigits == 0 || needed <= scale)
		return scale;
	for (int d = last_digit; d > 0 && d % 10 == 0; d /= 10)
		needed--;
	return Max(scale, needed);
}

static Datum
decode_finite(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	bool		negative = part->canon[0] == CLASS_NEGATIVE;
	uint16		flip = negative ? 0xFFFF : 0;
	int			ndigits = 0;
	int			weight = 0;
	int			dscale;
	int16	   *digits;
	struct varlena *result;

	if (part->canonlen > 1)
	{
		uint16		word;

		memcpy(&word, part->canon + 1, sizeof(word));
		weight = (int) (pg_ntoh16(word) ^ flip) - WEIGHT_BIAS;
		ndigits = (int) (part->canonlen - HEAD_SIZE) / 2;
	}
	if (col->has_form)
		dscale = (int) key_form_number(part);
	else
		dscale = scale_by_typmod(col->typmod, weight, ndigits,
								 ndigits > 0 ? get_digit(part, ndigits - 1, flip) : 0);
	result = IvmNumericMake(negative, weight, dscale, ndigits, &digits);
	for (int i = 0; i < ndigits; i++)
		digits[i] = (int16) get_digit(part, i, flip);
	return PointerGetDatum(result);
}

static Datum
decode_numeric(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	switch (part->canon[0])
	{
		case CLASS_NAN:
			return PointerGetDatum(IvmNumericMakeSpecial(IVM_NUMERIC_NAN));
		case CLASS_PINF:
			return PointerGetDatum(IvmNumericMakeSpecial(IVM_NUMERIC_PINF));
		case CLASS_NINF:
			return PointerGetDatum(IvmNumericMakeSpecial(IVM_NUMERIC_NINF));
		default:
			return decode_finite(col, part);
	}
}

static Size
measure_numeric(const char *canon, Size avail, uint8 flip)
{
	Size		n = HEAD_SIZE;
	uint8		klass;
	uint8		last;

	if (avail < 1)
		IvmPackedCorrupt();
	klass = (uint8) canon[0] ^ flip;
	if (klass < CLASS_NINF || klass > CLASS_NAN)
		IvmPackedCorrupt();
	if (!class_has_digits((char) klass))
		return 1;
	last = ((klass == CLASS_NEGATIVE ? 1 : 0) ^ flip) & 1;
	do
	{
		n += 2;
		if (n > avail)
			IvmPackedCorrupt();
	} while ((canon[n - 1] & 1) != last);
	return n;
}

static Size
measure_numeric_form(const IvmKeyColumn *col, const IvmKeyPart *part, Size avail)
{
	char		klass = part->canon[0];

	if (klass == CLASS_ZERO || class_has_digits(klass))
		return key_measure_number(part, avail);
	return 0;
}

static int
max_numeric(const IvmKeyColumn *col)
{
	if (col->has_form)
		return 0;

	/* both ends may take a part of a digit */
	return HEAD_SIZE + 2 * (IvmNumericTypmodPrecision(col->typmod) / 4 + 2);
}

const IvmKeyCodec IvmKeyCodecNumeric = {
	.canonlen = -1,
	.maxform = KEY_VARINT32_MAX,
	.form_by_typmod = true,
	.encode = encode_numeric,
	.decode = decode_numeric,
	.measure = measure_numeric,
	.measure_form = measure_numeric_form,
	.maxcanon = max_numeric
};
