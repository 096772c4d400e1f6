/*-------------------------------------------------------------------------
 *
 * keycodec_image.c
 *		Images of values: the key codec of columns of which nothing but
 *		identity is asked, whatever their type.
 *
 * An image is the length of its bytes and the bytes: a variable-length value
 * without its header, another one as it is.  Two values of a column are taken
 * for the same where their images are; the type's own idea of equality, if it
 * has one, does not matter.
 *
 * Images are normal: wherever a value was read from, and however it was stored
 * there (out of line, compressed, with a short header, expanded), it has the
 * same image, and that refers to nothing outside of it.  So composites are
 * formed anew from detoasted fields, in arrays and ranges as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store/keycodec.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#define IMAGE_HEAD	sizeof(uint32)

static Datum normalise(Oid type, Datum value);

/* ----- normal values ----- */

static Datum
normalise_row(Datum value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
												 HeapTupleHeaderGetTypMod(header));
	Datum	   *values = palloc(sizeof(Datum) * tupdesc->natts);
	bool	   *nulls = palloc(sizeof(bool) * tupdesc->natts);
	HeapTupleData tuple;
	HeapTuple	fresh;

	memset(&tuple, 0, sizeof(tuple));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_data = header;
	heap_deform_tuple(&tuple, tupdesc, values, nulls);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (att->attisdropped)
			nulls[i] = true;
		else if (!nulls[i] && att->attlen == -1)
			values[i] = normalise(att->atttypid, values[i]);
	}
	fresh = heap_form_tuple(tupdesc, values, nulls);
	ReleaseTupleDesc(tupdesc);
	return HeapTupleGetDatum(fresh);
}

static Datum
normalise_array(Oid elemtype, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *elems;
	bool	   *nulls;
	int			nelems;

	get_typlenbyvalalign(elemtype, &typlen, &typbyval, &typalign);
	deconstruct_array(array, elemtype, typlen, typbyval, typalign, &elems, &nulls, &nelems);
	for (int i = 0; i < nelems; i++)
	{
		if (!nulls[i])
			elems[i] = normalise(elemtype, elems[i]);
	}
	return PointerGetDatum(construct_md_array(elems, nulls, ARR_NDIM(array), ARR_DIMS(array),
											  ARR_LBOUND(array), elemtype, typlen, typbyval, typalign));
}

static RangeType *
normalise_range(TypeCacheEntry *typcache, RangeType *range)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(typcache, range, &lower, &upper, &empty);
	if (empty)
		return range;
	if (!lower.infinite)
		lower.val = normalise(typcache->rngelemtype->type_id, lower.val);
	if (!upper.infinite)
		upper.val = normalise(typcache->rngelemtype->type_id, upper.val);
	return range_serialize(typcache, &lower, &upper, empty);
}

static Datum
normalise_multirange(TypeCacheEntry *typcache, Datum value)
{
	TypeCacheEntry *rangetype = typcache->rngtype;
	RangeType **ranges;
	int32		n;

	multirange_deserialize(rangetype, DatumGetMultirangeTypeP(value), &n, &ranges);
	for (int i = 0; i < n; i++)
		ranges[i] = normalise_range(rangetype, ranges[i]);
	return MultirangeTypePGetDatum(make_multirange(typcache->type_id, rangetype, n, ranges));
}

/* Are there composites in the values of a type? */
bool
IvmKeyImageHasRows(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			elemtype = get_element_type(base);

	if (OidIsValid(elemtype))
		return IvmKeyImageHasRows(elemtype);
	switch (get_typtype(base))
	{
		case TYPTYPE_COMPOSITE:
			return true;
		case TYPTYPE_RANGE:
			return IvmKeyImageHasRows(get_range_subtype(base));
		case TYPTYPE_MULTIRANGE:
			return IvmKeyImageHasRows(get_multirange_range(base));
		default:
			return false;
	}
}

/* The normal form of a variable-length value; may be the value itself. */
static Datum
normalise(Oid type, Datum value)
{
	Oid			base = getBaseType(type);
	TypeCacheEntry *typcache;

	check_stack_depth();
	if (IvmKeyImageHasRows(base))
	{
		switch (get_typtype(base))
		{
			case TYPTYPE_COMPOSITE:
				return normalise_row(value);
			case TYPTYPE_RANGE:
				typcache = lookup_type_cache(base, TYPECACHE_RANGE_INFO);
				return RangeTypePGetDatum(normalise_range(typcache, DatumGetRangeTypeP(value)));
			case TYPTYPE_MULTIRANGE:
				typcache = lookup_type_cache(base, TYPECACHE_MULTIRANGE_INFO);
				return normalise_multirange(typcache, value);
			default:
				return normalise_array(get_element_type(base), value);
		}
	}
	return PointerGetDatum(PG_DETOAST_DATUM(value));
}

Datum
IvmKeyImageNormalise(const IvmKeyColumn *col, Datum value)
{
	if (col->has_rows)
		return normalise(col->type, value);
	return col->typlen == -1 ? PointerGetDatum(PG_DETOAST_DATUM(value)) : value;
}

/* ----- images ----- */

/* Append the image of a normal value. */
void
IvmKeyImageAppend(const IvmKeyColumn *col, Datum normal, StringInfo buf)
{
	Size		head = col->typlen == -1 ? VARHDRSZ : 0;
	Size		len = datumGetSize(normal, col->typbyval, col->typlen) - head;
	char	   *p = key_reserve(buf, IMAGE_HEAD + len);

	key_put32(p, (uint32) len);
	p += IMAGE_HEAD;
	if (col->typbyval)
	{
		char		image[sizeof(Datum)];

		store_att_byval(image, normal, col->typlen);
		memcpy(p, image, len);
	}
	else
		memcpy(p, DatumGetPointer(normal) + head, len);
}

/* The value of an image of len bytes in all. */
Datum
IvmKeyImageRead(const IvmKeyColumn *col, const char *image, Size len)
{
	Size		head = col->typlen == -1 ? VARHDRSZ : 0;
	char	   *value;

	image += IMAGE_HEAD;
	len -= IMAGE_HEAD;
	if (col->typlen > 0 && len != col->typlen)
		IvmPackedCorrupt();
	if (col->typbyval)
	{
		Datum		aligned = 0;

		memcpy(&aligned, image, len);
		return fetch_att(&aligned, true, col->typlen);
	}
	value = palloc(head + len);
	if (head > 0)
		SET_VARSIZE(value, head + len);
	memcpy(value + head, image, len);
	return PointerGetDatum(value);
}

/* The length of an image in all; xor with flip makes it plain. */
Size
IvmKeyImageMeasure(const char *image, Size avail, uint8 flip)
{
	Size		len;

	if (avail < IMAGE_HEAD)
		IvmPackedCorrupt();
	len = key_get32(image) ^ (flip * (uint32) 0x01010101);
	if (avail - IMAGE_HEAD < len)
		IvmPackedCorrupt();
	return IMAGE_HEAD + len;
}

/* ----- the codec ----- */

static void
encode_by_image(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	IvmKeyImageAppend(col, IvmKeyImageNormalise(col, value), canon);
}

static Datum
decode_by_image(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return IvmKeyImageRead(col, part->canon, part->canonlen);
}

static int
max_image(const IvmKeyColumn *col)
{
	return col->typlen > 0 ? (int) IMAGE_HEAD + col->typlen : 0;
}

const IvmKeyCodec IvmKeyCodecImage = {
	.canonlen = -1,
	.maxform = -1,
	.encode = encode_by_image,
	.decode = decode_by_image,
	.measure = IvmKeyImageMeasure,
	.maxcanon = max_image
};
