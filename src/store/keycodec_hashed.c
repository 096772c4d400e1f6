/*-------------------------------------------------------------------------
 *
 * keycodec_hashed.c
 *		Key codecs of types that have nothing but equality: 128 bits of the
 *		type's extended hash, or nothing, with the value's image as the form.
 *
 * Equal values have equal hashes, whatever their images; the reader compares
 * with the type's own operator (IvmKeySameGroup).  Still the image is
 * normalised (detoasted, with a four-byte header, composites formed anew), so
 * that one value has one image wherever it was read from and few rows of
 * different form arise.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "store/keycodec.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Seeds: any two, but never 0, with which hashing is that of hash partitions and joins */
#define HASH_SEED_1 UINT64CONST(0x9E3779B97F4A7C15)
#define HASH_SEED_2 UINT64CONST(0xC2B2AE3D27D4EB4F)
#define HASH_SIZE	16

/* An image starts with its length, so that forms are self-delimiting. */
#define IMAGE_HEAD	sizeof(uint32)

static Datum normalise(Oid type, Datum value);

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

/* The normal image of a variable-length value; may be the value itself. */
static Datum
normalise(Oid type, Datum value)
{
	Oid			base = getBaseType(type);
	Oid			elemtype;

	check_stack_depth();
	if (get_typtype(base) == TYPTYPE_COMPOSITE)
		return normalise_row(value);
	elemtype = get_element_type(base);
	if (OidIsValid(elemtype) && get_typtype(getBaseType(elemtype)) == TYPTYPE_COMPOSITE)
		return normalise_array(elemtype, value);
	return PointerGetDatum(PG_DETOAST_DATUM(value));
}

static void
append_hash(const IvmKeyColumn *col, Datum value, StringInfo canon)
{
	FmgrInfo   *hashfn = unconstify(FmgrInfo *, &col->hashfn);	/* it caches things */
	uint64		hash1 = DatumGetUInt64(FunctionCall2Coll(hashfn, col->collation, value,
														 Int64GetDatum((int64) HASH_SEED_1)));
	uint64		hash2 = DatumGetUInt64(FunctionCall2Coll(hashfn, col->collation, value,
														 Int64GetDatum((int64) HASH_SEED_2)));
	char	   *p = key_reserve(canon, HASH_SIZE);

	key_put64(p, hash1);
	key_put64(p + 8, hash2);
}

static void
append_image(StringInfo forms, const void *image, Size len)
{
	char	   *p = key_reserve(forms, IMAGE_HEAD + len);

	key_put32(p, (uint32) len);
	memcpy(p + IMAGE_HEAD, image, len);
}

static void
encode_hashed(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	Datum		whole = value;

	if (col->typlen == -1)
		whole = normalise(col->type, value);
	if (OidIsValid(col->hashfn.fn_oid))
		append_hash(col, whole, canon);
	if (forms)
	{
		if (col->typbyval)
			append_image(forms, &whole, sizeof(Datum));
		else
			append_image(forms, DatumGetPointer(whole), datumGetSize(whole, false, col->typlen));
	}
}

static Datum
decode_hashed(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	const char *src = part->form + IMAGE_HEAD;
	Size		len = part->formlen - IMAGE_HEAD;
	char	   *image;

	if (col->typbyval)
	{
		Datum		value;

		memcpy(&value, src, sizeof(Datum));
		return value;
	}
	image = palloc(len);
	memcpy(image, src, len);
	return PointerGetDatum(image);
}

static Size
measure_image(const IvmKeyColumn *col, const IvmKeyPart *part, Size avail)
{
	Size		len;

	if (avail < IMAGE_HEAD)
		IvmPackedCorrupt();
	len = key_get32(part->form);
	if (avail - IMAGE_HEAD < len || (col->typbyval && len != sizeof(Datum)))
		IvmPackedCorrupt();
	return IMAGE_HEAD + len;
}

#define HASHED_CODEC(length) { \
	.canonlen = (length), \
	.maxform = 0, \
	.encode = encode_hashed, \
	.decode = decode_hashed, \
	.measure_form = measure_image \
}

const IvmKeyCodec IvmKeyCodecHashed = HASHED_CODEC(HASH_SIZE);
const IvmKeyCodec IvmKeyCodecUnhashed = HASHED_CODEC(0);
