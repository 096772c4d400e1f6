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
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store/keycodec.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
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
	uint64		hash1;
	uint64		hash2;
	char	   *p;

	/* under nondeterministic collations it forgets that blanks at the end do not count */
	if (hashfn->fn_oid == F_HASHBPCHAREXTENDED)
		value = DirectFunctionCall1(rtrim1, value);
	hash1 = DatumGetUInt64(FunctionCall2Coll(hashfn, col->collation, value,
											 Int64GetDatum((int64) HASH_SEED_1)));
	hash2 = DatumGetUInt64(FunctionCall2Coll(hashfn, col->collation, value,
											 Int64GetDatum((int64) HASH_SEED_2)));
	p = key_reserve(canon, HASH_SIZE);
	key_put64(p, hash1);
	key_put64(p + 8, hash2);
}

static void
append_image(const IvmKeyColumn *col, Datum value, StringInfo forms)
{
	Size		len = datumGetSize(value, col->typbyval, col->typlen);
	char	   *p = key_reserve(forms, IMAGE_HEAD + len);

	key_put32(p, (uint32) len);
	p += IMAGE_HEAD;
	if (col->typbyval)
	{
		char		image[sizeof(Datum)];

		store_att_byval(image, value, col->typlen);
		memcpy(p, image, len);
	}
	else
		memcpy(p, DatumGetPointer(value), len);
}

static void
encode_hashed(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	Datum		whole = value;

	if (col->typlen == -1)
		whole = normalise(col->type, value);
	if (col->codec->canonlen > 0)
		append_hash(col, whole, canon);
	if (forms)
		append_image(col, whole, forms);
}

static Datum
decode_hashed(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	const char *src = part->form + IMAGE_HEAD;
	Size		len = part->formlen - IMAGE_HEAD;
	char	   *image;

	if (col->typbyval)
	{
		Datum		aligned = 0;

		memcpy(&aligned, src, len);
		return fetch_att(&aligned, true, col->typlen);
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
	if (avail - IMAGE_HEAD < len || (col->typlen > 0 && len != col->typlen))
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

static const IvmKeyCodec hashed_codec = HASHED_CODEC(HASH_SIZE);
static const IvmKeyCodec unhashed_codec = HASHED_CODEC(0);

/*
 * Call visit for each type and collation by which values of a type are
 * compared, down to what is no container.  Stops with false when it does.
 */
bool
IvmKeyVisitCollations(Oid type, Oid collation, IvmKeyCollationVisitor visit, void *arg)
{
	Oid			base = getBaseType(type);
	Oid			elemtype = get_element_type(base);
	TupleDesc	tupdesc;
	bool		result = true;

	check_stack_depth();
	if (OidIsValid(elemtype))
		return IvmKeyVisitCollations(elemtype, collation, visit, arg);
	switch (get_typtype(base))
	{
		case TYPTYPE_RANGE:
			return IvmKeyVisitCollations(get_range_subtype(base), get_range_collation(base), visit, arg);
		case TYPTYPE_MULTIRANGE:
			return IvmKeyVisitCollations(get_multirange_range(base), InvalidOid, visit, arg);
		case TYPTYPE_COMPOSITE:
			tupdesc = lookup_rowtype_tupdesc(base, -1);
			for (int i = 0; i < tupdesc->natts && result; i++)
			{
				Form_pg_attribute att = TupleDescAttr(tupdesc, i);

				if (!att->attisdropped)
					result = IvmKeyVisitCollations(att->atttypid, att->attcollation, visit, arg);
			}
			ReleaseTupleDesc(tupdesc);
			return result;
		default:
			return visit(base, collation, arg);
	}
}

/* The extended hashes of name and bpchar do not follow nondeterministic collations. */
static bool
hash_follows_collation(Oid type, Oid collation, void *arg)
{
	return (type != NAMEOID && type != BPCHAROID) ||
		!OidIsValid(collation) || get_collation_isdeterministic(collation);
}

const IvmKeyCodec *
IvmKeyHashedCodec(Oid base, Oid collation, Oid hashproc)
{
	if (!OidIsValid(hashproc))
		return &unhashed_codec;
	if (base != BPCHAROID && !IvmKeyVisitCollations(base, collation, hash_follows_collation, NULL))
		return &unhashed_codec;	/* a column of bpchar is provided for in append_hash */
	return &hashed_codec;
}
