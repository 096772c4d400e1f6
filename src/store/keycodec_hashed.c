/*-------------------------------------------------------------------------
 *
 * keycodec_hashed.c
 *		Key codecs of types that have nothing but equality: 128 bits of the
 *		type's extended hash, or nothing, with the value's image as the form.
 *
 * Equal values have equal hashes, whatever their images; the reader compares
 * with the type's own operator (IvmKeySameGroup).  Still the image is a normal
 * one (keycodec_image.c), so that few rows of different form arise.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "store/keycodec.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Seeds: any two, but never 0, with which hashing is that of hash partitions and joins */
#define HASH_SEED_1 UINT64CONST(0x9E3779B97F4A7C15)
#define HASH_SEED_2 UINT64CONST(0xC2B2AE3D27D4EB4F)
#define HASH_SIZE	16

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
encode_hashed(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	Datum		whole = IvmKeyImageNormalise(col, value);

	if (col->codec->canonlen > 0)
		append_hash(col, whole, canon);
	if (forms)
		IvmKeyImageAppend(col, whole, forms);
}

static Datum
decode_hashed(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return IvmKeyImageRead(col, part->form, part->formlen);
}

static Size
measure_hashed_form(const IvmKeyColumn *col, const IvmKeyPart *part, Size avail)
{
	return IvmKeyImageMeasure(part->form, avail, 0);
}

#define HASHED_CODEC(length) { \
	.canonlen = (length), \
	.maxform = 0, \
	.encode = encode_hashed, \
	.decode = decode_hashed, \
	.measure_form = measure_hashed_form \
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
