/*-------------------------------------------------------------------------
 *
 * keys.c
 *		Group keys as bytes: describing, encoding, decoding, comparing.
 *
 * A key is made of parts that the columns' codecs know (keycodec.h); this file
 * chooses the codecs and puts the parts together.  See keys.h for the layout.
 *
 * What a codec writes must never change while stores exist: a key written by
 * one backend is looked up by all others.  What may change without this code's
 * doing, the hashes of nondeterministic collations, is in IvmKeyDescVersion().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <langinfo.h>
#include <locale.h>

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "compat.h"
#include "miscadmin.h"
#include "store/keycodec.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* Codecs by the input type of the default btree operator class */
static const struct
{
	Oid			opintype;
	Oid			family;			/* types of one family can be compared with each other */
	const IvmKeyCodec *codec;
}			codecs[] =
{
	{INT2OID, INT8OID, &IvmKeyCodecInt},
	{INT4OID, INT8OID, &IvmKeyCodecInt},
	{INT8OID, INT8OID, &IvmKeyCodecInt},
	{TEXTOID, TEXTOID, &IvmKeyCodecText},
	{NAMEOID, TEXTOID, &IvmKeyCodecName},
	{FLOAT4OID, FLOAT8OID, &IvmKeyCodecFloat},
	{FLOAT8OID, FLOAT8OID, &IvmKeyCodecFloat},
	{NUMERICOID, NUMERICOID, &IvmKeyCodecNumeric},
	{BOOLOID, BOOLOID, &IvmKeyCodecByte},
	{CHAROID, CHAROID, &IvmKeyCodecByte},
	{DATEOID, DATEOID, &IvmKeyCodecInt32},
	{TIMEOID, TIMEOID, &IvmKeyCodecInt},
	{TIMETZOID, TIMETZOID, &IvmKeyCodecTimeTz},
	{TIMESTAMPOID, TIMESTAMPOID, &IvmKeyCodecInt},
	{TIMESTAMPTZOID, TIMESTAMPTZOID, &IvmKeyCodecInt},
	{INTERVALOID, INTERVALOID, &IvmKeyCodecInterval},
	{UUIDOID, UUIDOID, &IvmKeyCodecUuid},
	{OIDOID, OIDOID, &IvmKeyCodecWord32},
	{MONEYOID, MONEYOID, &IvmKeyCodecInt},
	{PG_LSNOID, PG_LSNOID, &IvmKeyCodecWord64},
	{XID8OID, XID8OID, &IvmKeyCodecWord64},
	{MACADDROID, MACADDROID, &IvmKeyCodecMacaddr},
	{MACADDR8OID, MACADDR8OID, &IvmKeyCodecMacaddr8},
	{INETOID, INETOID, &IvmKeyCodecInet},
	{BYTEAOID, BYTEAOID, &IvmKeyCodecBytea},
	{BITOID, BITOID, &IvmKeyCodecBit},
	{VARBITOID, VARBITOID, &IvmKeyCodecBit},
	{BPCHAROID, BPCHAROID, &IvmKeyCodecBpchar},
};

/* ----- describing ----- */

/* Codec of a base type, or NULL where it must be hashed; *family may be NULL. */
static const IvmKeyCodec *
find_codec(Oid base, Oid opintype, Oid *family)
{
	for (int i = 0; i < lengthof(codecs); i++)
	{
		if (codecs[i].opintype == opintype)
		{
			if (family)
				*family = codecs[i].family;
			return codecs[i].codec;
		}
	}
	if (family)
		*family = base;
	return get_typtype(base) == TYPTYPE_ENUM ? &IvmKeyCodecWord32 : NULL;
}

/*
 * Does a locale of the C library compare as strcmp?  glibc says how many
 * passes of collation rules a locale has; with none, strcoll is strcmp (that is
 * C.UTF-8 from 2.35 on).  Only names that promise it are asked.
 */
static bool
locale_is_bytewise(const char *name)
{
	bool		result = false;
#ifdef __GLIBC__
	locale_t	loc;
	union
	{
		char	   *string;
		unsigned int word;
	}			nrules;

	if (pg_strncasecmp(name, "C.", 2) != 0)
		return false;
	loc = newlocale(LC_COLLATE_MASK, name, (locale_t) 0);
	if (loc == (locale_t) 0)
		return false;
	nrules.string = nl_langinfo_l(_NL_COLLATE_NRULES, loc);
	result = nrules.word == 0;
	freelocale(loc);
#endif
	return result;
}

/* Name of the C library's locale behind a collation; NULL where another provider has it. */
static char *
libc_locale(Oid collation)
{
	bool		is_default = collation == DEFAULT_COLLATION_OID;
	int			cache = is_default ? DATABASEOID : COLLOID;
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(is_default ? MyDatabaseId : collation));
	char	   *name = NULL;
	char		provider;
	Datum		datum;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	if (is_default)
	{
		provider = ((Form_pg_database) GETSTRUCT(tuple))->datlocprovider;
		datum = SysCacheGetAttr(cache, tuple, Anum_pg_database_datcollate, &isnull);
	}
	else
	{
		provider = ((Form_pg_collation) GETSTRUCT(tuple))->collprovider;
		datum = SysCacheGetAttr(cache, tuple, Anum_pg_collation_collcollate, &isnull);
	}
	if (provider == COLLPROVIDER_LIBC && !isnull)
		name = TextDatumGetCString(datum);
	ReleaseSysCache(tuple);
	return name;
}

static bool
collation_is_bytewise(Oid collation)
{
	char	   *name;

	if (IvmCollationIsC(collation))
		return true;
	name = libc_locale(collation);
	return name != NULL && locale_is_bytewise(name);
}

/* The class of a column under a codec; a collation may leave nothing but hashing. */
static IvmKeyClass
choose_class(const IvmKeyColumn *col, Oid base, const IvmKeyCodec *codec)
{
	if (codec == NULL)
		return IVM_KEY_HASHED;
	if (!codec->collated)
		return get_typtype(base) == TYPTYPE_ENUM ? IVM_KEY_BYTES : IVM_KEY_ORDERED;
	if (!OidIsValid(col->collation) || !get_collation_isdeterministic(col->collation))
		return IVM_KEY_HASHED;
	return collation_is_bytewise(col->collation) ? IVM_KEY_ORDERED : IVM_KEY_BYTES;
}

/* cstring is the one pseudo-type whose values mean something by themselves. */
static void
refuse_type(Oid type, Oid collation, IvmKeyDemand demand)
{
	bool		is_value = demand == IVM_KEY_DEMAND_VALUE;

	if (get_typtype(type) == TYPTYPE_PSEUDO && !(is_value && type == CSTRINGOID))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 is_value ? errmsg("values of pseudo-type %s cannot be kept", format_type_be(type)) :
				 errmsg("a group key of pseudo-type %s cannot be kept", format_type_be(type)),
				 is_value ? errhint("Cast it to a named composite type, or use its fields one by one.") :
				 errhint("Cast it to a named composite type, or group by its fields.")));
	if (!is_value && type_is_collatable(type) && !OidIsValid(collation))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_COLLATION),
				 errmsg("could not determine which collation to use for a group key of type %s",
						format_type_be(type)),
				 errhint("Use the COLLATE clause to set the collation explicitly.")));
}

/* The base type's default equality operator, and its operator class' properties. */
static TypeCacheEntry *
equality_of(Oid type, Oid base, IvmKeyDemand demand)
{
	TypeCacheEntry *entry = lookup_type_cache(base, TYPECACHE_EQ_OPR | TYPECACHE_BTREE_OPFAMILY |
											  TYPECACHE_HASH_EXTENDED_PROC);

	if (!OidIsValid(entry->eq_opr) && demand == IVM_KEY_DEMAND_EQUALITY)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an equality operator for type %s", format_type_be(type)),
				 errhint("Group by a type that has a default btree or hash operator class.")));
	return entry;
}

static int
max_length(const IvmKeyColumn *col)
{
	const IvmKeyCodec *codec = col->codec;
	int			canon = codec->canonlen;

	if (col->klass == IVM_KEY_HASHED)
		return 0;
	if (canon < 0)
		canon = codec->maxcanon ? codec->maxcanon(col) : 0;
	if (canon == 0)
		return 0;
	return 1 + canon + (col->has_form ? codec->maxform : 0);
}

/* What a column needs that has no codec of its own: hash and operator, or nothing but its image. */
static void
describe_codeless(IvmKeyColumn *col, Oid base, const TypeCacheEntry *entry, IvmKeyDemand demand)
{
	col->has_rows = IvmKeyImageHasRows(base);
	if (demand == IVM_KEY_DEMAND_VALUE)
	{
		col->klass = IVM_KEY_IMAGE;
		col->codec = &IvmKeyCodecImage;
		col->eqop = col->opfamily = InvalidOid;
		return;
	}
	fmgr_info(get_opcode(col->eqop), &col->eqfn);
	col->codec = IvmKeyHashedCodec(base, col->collation, entry->hash_extended_proc);
	if (col->codec->canonlen > 0)
		fmgr_info(entry->hash_extended_proc, &col->hashfn);
}

static void
describe_column(IvmKeyColumn *col, const IvmKeyColumnSpec *spec)
{
	int32		typmod = spec->typmod;
	Oid			base = getBaseTypeAndTypmod(spec->type, &typmod);
	TypeCacheEntry *entry;

	refuse_type(base, spec->collation, spec->demand);
	entry = equality_of(spec->type, base, spec->demand);

	col->type = spec->type;
	col->typmod = typmod;
	col->collation = spec->collation;
	col->descending = spec->descending;
	get_typlenbyvalalign(base, &col->typlen, &col->typbyval, &col->typalign);
	col->eqop = entry->eq_opr;
	col->opfamily = entry->btree_opf;
	col->codec = find_codec(base, entry->btree_opintype, NULL);
	col->klass = choose_class(col, base, col->codec);
	if (col->klass == IVM_KEY_HASHED)
		describe_codeless(col, base, entry, spec->demand);
	col->has_form = col->codec->measure_form != NULL &&
		!(col->codec->form_by_typmod && typmod >= (int32) VARHDRSZ);
	col->maxlen = max_length(col);
}

bool
IvmKeyTellsValues(const IvmKeyColumn *col)
{
	return col->codec->canonlen != 0;
}

IvmKeyDesc *
IvmKeyDescMakeColumns(int ncols, const IvmKeyColumnSpec *specs)
{
	IvmKeyDesc *desc = palloc0(sizeof(IvmKeyDesc));

	desc->ncols = ncols;
	desc->cols = palloc0(sizeof(IvmKeyColumn) * Max(ncols, 1));
	for (int i = 0; i < ncols; i++)
	{
		describe_column(&desc->cols[i], &specs[i]);
		desc->has_forms |= desc->cols[i].has_form;
	}
	return desc;
}

IvmKeyDesc *
IvmKeyDescMake(int ncols, const Oid *types, const int32 *typmods, const Oid *collations)
{
	IvmKeyColumnSpec *specs = palloc0(sizeof(IvmKeyColumnSpec) * Max(ncols, 1));
	IvmKeyDesc *desc;

	for (int i = 0; i < ncols; i++)
	{
		specs[i].type = types[i];
		specs[i].typmod = typmods[i];
		specs[i].collation = collations[i];
		specs[i].demand = IVM_KEY_DEMAND_EQUALITY;
	}
	desc = IvmKeyDescMakeColumns(ncols, specs);
	pfree(specs);
	return desc;
}

bool
IvmKeyHasClass(const IvmKeyDesc *desc, IvmKeyClass klass)
{
	for (int i = 0; i < desc->ncols; i++)
		if (desc->cols[i].klass == klass)
			return true;
	return false;
}

bool
IvmKeyIsUnique(const IvmKeyDesc *desc)
{
	return !desc->has_forms;
}

/* Mix into *arg ICU's version of a nondeterministic collation. */
static bool
add_collation_version(Oid type, Oid collation, void *arg)
{
	uint64	   *result = arg;
	Datum		version;
	LOCAL_FCINFO(fcinfo, 1);

	if (!OidIsValid(collation) || get_collation_isdeterministic(collation))
		return true;
	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(collation);
	fcinfo->args[0].isnull = false;
	version = pg_collation_actual_version(fcinfo);
	if (!fcinfo->isnull)
		*result = hash_bytes_extended((unsigned char *) VARDATA_ANY(DatumGetPointer(version)),
									  VARSIZE_ANY_EXHDR(DatumGetPointer(version)), *result);
	return true;
}

uint64
IvmKeyDescVersion(const IvmKeyDesc *desc)
{
	uint64		result = 0;

	for (int i = 0; i < desc->ncols; i++)
	{
		const IvmKeyColumn *col = &desc->cols[i];

		if (col->klass == IVM_KEY_HASHED)
			IvmKeyVisitCollations(col->type, col->collation, add_collation_version, &result);
	}
	return result;
}

/* ----- encoding ----- */

/* Complement len bytes; dst may be src. */
static void
complement(char *dst, const char *src, Size len)
{
	for (Size i = 0; i < len; i++)
		dst[i] = (char) ~src[i];
}

static inline void
encode_column(const IvmKeyColumn *col, Datum value, bool isnull, StringInfo canon, StringInfo forms)
{
	int			start = canon->len;

	appendStringInfoCharMacro(canon, isnull ? IVM_KEY_MARK_NULL : IVM_KEY_MARK_VALUE);
	if (!isnull)
		col->codec->encode(col, value, canon, col->has_form ? forms : NULL);
	if (col->descending)
		complement(canon->data + start, canon->data + start, canon->len - start);
}

void
IvmKeyEncode(const IvmKeyDesc *desc, const Datum *values, const bool *nulls, StringInfo buf)
{
	StringInfoData forms;

	if (!desc->has_forms)
	{
		IvmKeyEncodeCanonical(desc, values, nulls, buf);
		return;
	}

	initStringInfo(&forms);
	for (int i = 0; i < desc->ncols; i++)
		encode_column(&desc->cols[i], values[i], nulls[i], buf, &forms);
	appendBinaryStringInfo(buf, forms.data, forms.len);
	pfree(forms.data);
}

void
IvmKeyEncodeCanonical(const IvmKeyDesc *desc, const Datum *values, const bool *nulls, StringInfo buf)
{
	for (int i = 0; i < desc->ncols; i++)
	{
		Assert(desc->cols[i].klass != IVM_KEY_HASHED);
		encode_column(&desc->cols[i], values[i], nulls[i], buf, NULL);
	}
}

void
IvmKeyEncodeColumn(const IvmKeyColumn *col, Datum value, bool isnull, StringInfo buf)
{
	encode_column(col, value, isnull, buf, NULL);
}

/*
 * Describe a value of type valtype as a column of col's family; false where it
 * is not of the family.
 */
static bool
column_as(const IvmKeyColumn *col, Oid valtype, IvmKeyColumn *as)
{
	Oid			colbase;
	Oid			valbase;
	Oid			colopintype;
	Oid			valopintype;
	Oid			colfamily;
	Oid			valfamily;
	const IvmKeyCodec *codec;

	*as = *col;
	if (col->klass == IVM_KEY_IMAGE)
		return false;
	if (valtype == col->type)
		return true;
	colbase = getBaseType(col->type);
	valbase = getBaseType(valtype);
	if (colbase == valbase)
		return true;
	colopintype = lookup_type_cache(colbase, TYPECACHE_BTREE_OPFAMILY)->btree_opintype;
	valopintype = lookup_type_cache(valbase, TYPECACHE_BTREE_OPFAMILY)->btree_opintype;
	codec = find_codec(valbase, valopintype, &valfamily);
	if (find_codec(colbase, colopintype, &colfamily) == NULL || codec == NULL || colfamily != valfamily)
		return false;

	/* hash functions take the operator class' own type only (text and varchar, not name) */
	if (col->klass == IVM_KEY_HASHED)
		return colopintype == valopintype;
	as->codec = codec;
	get_typlenbyvalalign(valbase, &as->typlen, &as->typbyval, &as->typalign);
	return true;
}

bool
IvmKeyCanEncodeAs(const IvmKeyColumn *col, Oid valtype)
{
	IvmKeyColumn as;

	return column_as(col, valtype, &as);
}

void
IvmKeyEncodeColumnAs(const IvmKeyColumn *col, Oid valtype, Datum value, StringInfo buf)
{
	IvmKeyColumn as;

	if (!column_as(col, valtype, &as))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a value of type %s is no key of type %s",
						format_type_be(valtype), format_type_be(col->type))));
	encode_column(&as, value, false, buf, NULL);
}

/* ----- decoding ----- */

static inline uint8
column_flip(const IvmKeyColumn *col)
{
	return col->descending ? 0xFF : 0;
}

static inline bool
is_null_mark(const IvmKeyColumn *col, const char *p)
{
	return ((uint8) *p ^ column_flip(col)) == IVM_KEY_MARK_NULL;
}

/* Length of a column's canonical part, marker included */
static inline Size
canonical_length(const IvmKeyColumn *col, const char *p, const char *end)
{
	Size		avail = end - p;
	Size		len;

	if (unlikely(avail < 1))
		IvmPackedCorrupt();
	if (is_null_mark(col, p))
		return 1;
	if (unlikely(((uint8) *p ^ column_flip(col)) != IVM_KEY_MARK_VALUE))
		IvmPackedCorrupt();
	if (col->codec->canonlen >= 0)
		len = col->codec->canonlen;
	else
		len = col->codec->measure(p + 1, avail - 1, column_flip(col));
	if (unlikely(1 + len > avail))
		IvmPackedCorrupt();
	return 1 + len;
}

static Size
canonical_part_length(const IvmKeyDesc *desc, const char *key, Size len)
{
	const char *p = key;

	for (int i = 0; i < desc->ncols; i++)
		p += canonical_length(&desc->cols[i], p, key + len);
	return p - key;
}

const char *
IvmKeyCanonicalColumn(const IvmKeyDesc *desc, const char *key, Size len, int column, Size *collen)
{
	const char *p = key;

	for (int i = 0; i < column; i++)
		p += canonical_length(&desc->cols[i], p, key + len);
	*collen = canonical_length(&desc->cols[column], p, key + len);
	return p;
}

Size
IvmKeyCanonicalLength(const IvmKeyDesc *desc, const char *key, Size len)
{
	return desc->has_forms ? canonical_part_length(desc, key, len) : len;
}

/* Complemented canonical bytes, made plain in memory of their own. */
static void
make_plain(const IvmKeyColumn *col, IvmKeyPart *part)
{
	char	   *plain;

	if (!col->descending)
		return;
	plain = palloc(part->canonlen + 1);
	complement(plain, part->canon, part->canonlen);
	part->canon = plain;
}

/*
 * Walk through a key of at most avail bytes: values of the wanted columns
 * (NULL: all) to values and nulls, unless values is NULL.  Returns the key's length.
 */
static Size
read_key(const IvmKeyDesc *desc, const char *key, Size avail,
		 const bool *wanted, Datum *values, bool *nulls)
{
	const char *end = key + avail;
	const char *canon = key;
	const char *form = desc->has_forms ? key + canonical_part_length(desc, key, avail) : NULL;

	for (int i = 0; i < desc->ncols; i++)
	{
		const IvmKeyColumn *col = &desc->cols[i];
		Size		partlen = canonical_length(col, canon, end);
		IvmKeyPart	part = {canon + 1, partlen - 1, form, 0};
		bool		isnull = is_null_mark(col, canon);
		bool		decode = values != NULL && (wanted == NULL || wanted[i]);

		canon += partlen;
		if (nulls)
			nulls[i] = isnull;
		if (isnull)
			continue;
		if (decode || col->has_form)
			make_plain(col, &part);
		if (col->has_form)
		{
			part.formlen = col->codec->measure_form(col, &part, end - form);
			form += part.formlen;
		}
		if (decode)
			values[i] = col->codec->decode(col, &part);
	}
	return (desc->has_forms ? form : canon) - key;
}

Size
IvmKeyLength(const IvmKeyDesc *desc, const char *key, Size avail)
{
	return read_key(desc, key, avail, NULL, NULL, NULL);
}

void
IvmKeyDecode(const IvmKeyDesc *desc, const char *key, Size len,
			 const bool *wanted, Datum *values, bool *nulls)
{
	/* the last column's bytes must end where the key does */
	if (unlikely(read_key(desc, key, len, wanted, values, nulls) != len))
		IvmPackedCorrupt();
}

/* ----- comparing ----- */

/* Are the values of hashed columns equal by their types' operators? */
static bool
hashed_columns_equal(const IvmKeyDesc *desc, const bool *hashed,
					 const char *a, Size alen, const char *b, Size blen)
{
	Datum	   *values = palloc0(sizeof(Datum) * desc->ncols * 2);
	bool	   *nulls = palloc(sizeof(bool) * desc->ncols * 2);
	Datum	   *bvalues = values + desc->ncols;

	IvmKeyDecode(desc, a, alen, hashed, values, nulls);
	IvmKeyDecode(desc, b, blen, hashed, bvalues, nulls + desc->ncols);
	for (int i = 0; i < desc->ncols; i++)
	{
		const IvmKeyColumn *col = &desc->cols[i];

		/* NULLs are equal already: the markers are in the canonical part */
		if (!hashed[i] || nulls[i])
			continue;
		if (!DatumGetBool(FunctionCall2Coll(unconstify(FmgrInfo *, &col->eqfn), col->collation,
											values[i], bvalues[i])))
			return false;
	}
	return true;
}

bool
IvmKeySameGroup(const IvmKeyDesc *desc, const char *a, Size alen, const char *b, Size blen)
{
	Size		canonlen;
	bool	   *hashed;
	bool		any = false;

	if (alen == blen && memcmp(a, b, alen) == 0)
		return true;
	if (!desc->has_forms)
		return false;
	canonlen = canonical_part_length(desc, a, alen);
	if (blen < canonlen || memcmp(a, b, canonlen) != 0)
		return false;

	hashed = palloc(sizeof(bool) * desc->ncols);
	for (int i = 0; i < desc->ncols; i++)
		any |= hashed[i] = desc->cols[i].klass == IVM_KEY_HASHED;
	return !any || hashed_columns_equal(desc, hashed, a, alen, b, blen);
}
