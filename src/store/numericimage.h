/*-------------------------------------------------------------------------
 *
 * numericimage.h
 *		The stored image of numeric, which numeric.c keeps to itself: reading
 *		and making it without going through arithmetic.
 *
 * The layout is part of the on-disk format (pg_upgrade carries it along) and
 * so does not change.  See the comments on NumericShort and NumericLong in
 * numeric.c.  What is read is the payload of a detoasted datum, which may have a
 * short header and so be unaligned.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_NUMERICIMAGE_H
#define IVM_NUMERICIMAGE_H

#include "fmgr.h"

#define IVM_NUMERIC_SPECIAL_MASK	0xC000
#define IVM_NUMERIC_LONG_NEGATIVE	0x4000
#define IVM_NUMERIC_SHORT			0x8000
#define IVM_NUMERIC_SHORT_NEGATIVE	0x2000
#define IVM_NUMERIC_SHORT_SHIFT		7	/* of the display scale, six bits */
#define IVM_NUMERIC_SHORT_MAX		0x3F	/* display scale and weight */
#define IVM_NUMERIC_LONG_SCALE_MASK 0x3FFF

typedef enum IvmNumericKind		/* the header word of a special value */
{
	IVM_NUMERIC_FINITE = 0,
	IVM_NUMERIC_NAN = 0xC000,
	IVM_NUMERIC_PINF = 0xD000,
	IVM_NUMERIC_NINF = 0xF000
} IvmNumericKind;

typedef struct IvmNumericImage
{
	IvmNumericKind kind;
	bool		negative;		/* false for zero */
	int			weight;			/* power of 10000 of the first digit */
	int			dscale;
	int			ndigits;		/* no zero digits at either end; 0 for zero */
	const char *digits;			/* int16 each, perhaps unaligned */
} IvmNumericImage;

static inline int
IvmNumericDigit(const IvmNumericImage *num, int i)
{
	int16		digit;

	memcpy(&digit, num->digits + i * sizeof(digit), sizeof(digit));
	return digit;
}

/* Read a numeric that PG_DETOAST_DATUM_PACKED has returned. */
static inline void
IvmNumericRead(const struct varlena *packed, IvmNumericImage *num)
{
	const char *p = VARDATA_ANY(packed);
	Size		len = VARSIZE_ANY_EXHDR(packed);
	uint16		head;
	int16		weight;

	memset(num, 0, sizeof(*num));
	memcpy(&head, p, sizeof(head));
	if ((head & IVM_NUMERIC_SPECIAL_MASK) == IVM_NUMERIC_SPECIAL_MASK)
	{
		num->kind = (IvmNumericKind) (head & 0xF000);
		return;
	}
	if (head & IVM_NUMERIC_SHORT)
	{
		num->negative = (head & IVM_NUMERIC_SHORT_NEGATIVE) != 0;
		num->dscale = (head >> IVM_NUMERIC_SHORT_SHIFT) & IVM_NUMERIC_SHORT_MAX;
		/* seven bits, the highest is the sign */
		num->weight = ((head & 0x7F) ^ 0x40) - 0x40;
		num->digits = p + sizeof(head);
	}
	else
	{
		num->negative = (head & IVM_NUMERIC_LONG_NEGATIVE) != 0;
		num->dscale = head & IVM_NUMERIC_LONG_SCALE_MASK;
		memcpy(&weight, p + sizeof(head), sizeof(weight));
		num->weight = weight;
		num->digits = p + sizeof(head) + sizeof(weight);
	}
	num->ndigits = (int) (len - (num->digits - p)) / (int) sizeof(int16);

	/* numeric.c strips zeros at both ends, but does not rely on it either */
	while (num->ndigits > 0 && IvmNumericDigit(num, 0) == 0)
	{
		num->digits += sizeof(int16);
		num->weight--;
		num->ndigits--;
	}
	while (num->ndigits > 0 && IvmNumericDigit(num, num->ndigits - 1) == 0)
		num->ndigits--;
	if (num->ndigits == 0)
	{
		num->negative = false;
		num->weight = 0;
	}
}

/* NaN or an infinity, allocated in CurrentMemoryContext */
static inline struct varlena *
IvmNumericMakeSpecial(IvmNumericKind kind)
{
	struct varlena *result = palloc(VARHDRSZ + sizeof(uint16));
	uint16		head = (uint16) kind;

	SET_VARSIZE(result, VARHDRSZ + sizeof(uint16));
	memcpy(VARDATA(result), &head, sizeof(head));
	return result;
}

/*
 * A finite numeric as numeric.c's make_result would build it, in
 * CurrentMemoryContext.  The caller fills in *digits, ndigits of them, with no
 * zero first or last; zero has no digits, weight 0 and is not negative.
 */
static inline struct varlena *
IvmNumericMake(bool negative, int weight, int dscale, int ndigits, int16 **digits)
{
	bool		is_short = dscale <= IVM_NUMERIC_SHORT_MAX &&
		weight <= IVM_NUMERIC_SHORT_MAX && weight >= -(IVM_NUMERIC_SHORT_MAX + 1);
	Size		headsize = VARHDRSZ + (is_short ? sizeof(uint16) : 2 * sizeof(uint16));
	Size		size = headsize + ndigits * sizeof(int16);
	struct varlena *result = palloc(size);
	uint16	   *head = (uint16 *) VARDATA(result);

	SET_VARSIZE(result, size);
	if (is_short)
		head[0] = IVM_NUMERIC_SHORT | (negative ? IVM_NUMERIC_SHORT_NEGATIVE : 0) |
			dscale << IVM_NUMERIC_SHORT_SHIFT | (weight & 0x7F);
	else
	{
		head[0] = (negative ? IVM_NUMERIC_LONG_NEGATIVE : 0) | dscale;
		head[1] = (uint16) (int16) weight;
	}
	*digits = (int16 *) ((char *) result + headsize);
	return result;
}

/* Precision and display scale that a typmod (not -1) gives every value */
static inline int
IvmNumericTypmodPrecision(int32 typmod)
{
	return ((typmod - VARHDRSZ) >> 16) & 0xFFFF;
}

static inline int
IvmNumericTypmodScale(int32 typmod)
{
	int			scale = (((typmod - VARHDRSZ) & 0x7FF) ^ 1024) - 1024;

	return Max(scale, 0);
}

#endif							/* IVM_NUMERICIMAGE_H */
