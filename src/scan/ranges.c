/*-------------------------------------------------------------------------
 *
 * ranges.c
 *		From key conditions and the values of their comparands to key ranges.
 *
 * Column by column, the conditions on a key column come down to a sorted set
 * of byte strings (equality) or to an interval of them.  Leading columns with
 * sets are multiplied out to prefixes; an interval ends it.  Since no canonical
 * part is a prefix of another one of its column, prefixes made in this order are
 * ascending and their ranges disjoint.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "scan/ranges.h"
#include "view/definition.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

/* Beyond so many prefixes further columns are left to the recheck. */
#define MAX_PREFIXES 16384

/* Conditions are on groups. */
static const char group_slot = IVM_SLOT_GROUPS;

typedef struct Bytes
{
	const char *data;
	int			len;
} Bytes;

/* What the conditions on one column come down to. */
typedef struct ColumnBounds
{
	bool		equal;			/* a set: */
	Bytes	   *set;
	int			nset;
	bool		interval;		/* an interval: */
	Bytes		lower;			/* data NULL: none */
	Bytes		upper;			/* exclusive */
} ColumnBounds;

static int
compare_bytes(const Bytes *a, const Bytes *b)
{
	int			cmp = memcmp(a->data, b->data, Min(a->len, b->len));

	return cmp != 0 ? cmp : a->len - b->len;
}

static int
qsort_bytes(const void *a, const void *b)
{
	return compare_bytes(a, b);
}

/* The least byte string above all that start with these; data NULL where there is none. */
static Bytes
after_prefix(Bytes prefix)
{
	Bytes		next = {NULL, 0};
	int			len = prefix.len;
	char	   *data;

	while (len > 0 && (unsigned char) prefix.data[len - 1] == 0xFF)
		len--;
	if (len == 0)
		return next;
	data = palloc(len);
	memcpy(data, prefix.data, len);
	data[len - 1]++;
	next.data = data;
	next.len = len;
	return next;
}

static Bytes
concatenate(Bytes a, Bytes b)
{
	char	   *data = palloc(Max(a.len + b.len, 1));
	Bytes		result = {data, a.len + b.len};

	memcpy(data, a.data, a.len);
	if (b.len > 0)
		memcpy(data + a.len, b.data, b.len);
	return result;
}

/* Canonical bytes of a value. */
static Bytes
encode(const IvmKeyColumn *col, Oid valtype, Datum value, bool isnull)
{
	StringInfoData buf = {.data = palloc(64), .maxlen = 64};

	resetStringInfo(&buf);		/* smaller than usual: there may be many */
	if (isnull || valtype == col->type)
		IvmKeyEncodeColumn(col, value, isnull, &buf);
	else
		IvmKeyEncodeColumnAs(col, valtype, value, &buf);
	return (Bytes) {buf.data, buf.len};
}

/* Sort and make unique. */
static int
sort_set(Bytes *set, int n)
{
	int			kept = 0;

	if (n > 1)
		qsort(set, n, sizeof(Bytes), qsort_bytes);
	for (int i = 0; i < n; i++)
	{
		if (kept == 0 || compare_bytes(&set[kept - 1], &set[i]) != 0)
			set[kept++] = set[i];
	}
	return kept;
}

/* The bytes of an array's elements that are not null, as a set. */
static Bytes *
encode_array(const IvmKeyColumn *col, Oid valtype, Datum array, int *nset)
{
	ArrayType  *arr = DatumGetArrayTypeP(array);
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *elems;
	bool	   *nulls;
	int			nelems;
	Bytes	   *set;
	int			n = 0;

	get_typlenbyvalalign(ARR_ELEMTYPE(arr), &typlen, &typbyval, &typalign);
	deconstruct_array(arr, ARR_ELEMTYPE(arr), typlen, typbyval, typalign,
					  &elems, &nulls, &nelems);
	set = palloc(Max(nelems, 1) * sizeof(Bytes));
	for (int i = 0; i < nelems; i++)
	{
		if (!nulls[i])
			set[n++] = encode(col, valtype, elems[i], false);
	}
	*nset = sort_set(set, n);
	return set;
}

/* Both sets are sorted; the result replaces the bounds' own. */
static void
intersect(ColumnBounds *bounds, Bytes *set, int nset)
{
	int			kept = 0;
	int			j = 0;

	if (!bounds->equal)
	{
		bounds->equal = true;
		bounds->set = set;
		bounds->nset = nset;
		return;
	}
	for (int i = 0; i < bounds->nset; i++)
	{
		while (j < nset && compare_bytes(&set[j], &bounds->set[i]) < 0)
			j++;
		if (j < nset && compare_bytes(&set[j], &bounds->set[i]) == 0)
			bounds->set[kept++] = bounds->set[i];
	}
	bounds->nset = kept;
}

static void
raise_lower(ColumnBounds *bounds, Bytes lower)
{
	if (bounds->lower.data == NULL || compare_bytes(&lower, &bounds->lower) > 0)
		bounds->lower = lower;
}

static void
drop_upper(ColumnBounds *bounds, Bytes upper)
{
	if (bounds->upper.data == NULL || compare_bytes(&upper, &bounds->upper) < 0)
		bounds->upper = upper;
}

/* Narrow the bounds by an equality condition. */
static void
add_equality(ColumnBounds *bounds, const IvmKeyColumn *col, const IvmKeyCond *cond, Datum value)
{
	Bytes	   *set;
	int			nset = 1;

	if (cond->kind == IVM_COND_ANY)
		set = encode_array(col, cond->valtype, value, &nset);
	else
	{
		set = palloc(sizeof(Bytes));
		if (cond->kind == IVM_COND_EQ)
			set[0] = encode(col, cond->valtype, value, false);
		else if (cond->kind == IVM_COND_NULL)
			set[0] = encode(col, col->type, (Datum) 0, true);
		else
			set[0] = encode(col, col->type, BoolGetDatum(cond->kind == IVM_COND_TRUE), false);
	}
	intersect(bounds, set, nset);
}

/* Narrow the bounds by a range condition; it excludes NULL, which sorts last. */
static void
add_range(ColumnBounds *bounds, const IvmKeyColumn *col, const IvmKeyCond *cond, Datum value)
{
	Bytes		bytes;

	bounds->interval = true;
	drop_upper(bounds, encode(col, col->type, (Datum) 0, true));
	if (cond->kind == IVM_COND_NOT_NULL)
		return;

	bytes = encode(col, cond->valtype, value, false);
	if (cond->kind == IVM_COND_LE || cond->kind == IVM_COND_GT)
		bytes = after_prefix(bytes);	/* the null marker is below 0xFF, so it exists */
	if (cond->kind == IVM_COND_LT || cond->kind == IVM_COND_LE)
		drop_upper(bounds, bytes);
	else
		raise_lower(bounds, bytes);
}

/* Leave out what the interval excludes. */
static void
filter_set(ColumnBounds *bounds)
{
	int			kept = 0;

	for (int i = 0; i < bounds->nset; i++)
	{
		Bytes	   *bytes = &bounds->set[i];

		if ((bounds->lower.data == NULL || compare_bytes(bytes, &bounds->lower) >= 0) &&
			(bounds->upper.data == NULL || compare_bytes(bytes, &bounds->upper) < 0))
			bounds->set[kept++] = *bytes;
	}
	bounds->nset = kept;
}

/* Bounds of a column; false where a comparand is NULL, so that nothing qualifies. */
static bool
column_bounds(const IvmKeyColumn *col, int key, List *conds, const Datum *values,
			  const bool *nulls, ColumnBounds *bounds)
{
	ListCell   *lc;

	memset(bounds, 0, sizeof(ColumnBounds));
	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);
		int			i = foreach_current_index(lc);

		if (cond->key != key)
			continue;
		if (IvmCondHasComparand(cond->kind) && nulls[i])
			return false;
		if (IvmCondIsRange(cond->kind))
			add_range(bounds, col, cond, values[i]);
		else
			add_equality(bounds, col, cond, values[i]);
	}
	if (bounds->equal && bounds->interval)
		filter_set(bounds);
	return !bounds->equal || bounds->nset > 0;
}

/* Each prefix followed by each member of the set. */
static Bytes *
multiply(Bytes *prefixes, int *nprefixes, const ColumnBounds *bounds)
{
	Bytes	   *result = palloc_extended((Size) *nprefixes * bounds->nset * sizeof(Bytes),
										 MCXT_ALLOC_HUGE);
	int			n = 0;

	for (int i = 0; i < *nprefixes; i++)
	{
		for (int j = 0; j < bounds->nset; j++)
			result[n++] = concatenate(prefixes[i], bounds->set[j]);
	}
	*nprefixes = n;
	return result;
}

/* The range of keys that start with a prefix, narrowed by an interval (or NULL) of the next column. */
static bool
make_range(Bytes prefix, const ColumnBounds *interval, IvmKeyRange *range)
{
	Bytes		lower = prefix;
	Bytes		upper = {NULL, 0};

	if (interval != NULL && interval->lower.data != NULL)
		lower = concatenate(prefix, interval->lower);
	if (interval != NULL && interval->upper.data != NULL)
		upper = concatenate(prefix, interval->upper);
	else
		upper = after_prefix(prefix);

	range->lower = lower.data;
	range->lowerlen = lower.len;
	range->upper = upper.data;
	range->upperlen = upper.len;
	return upper.data == NULL || compare_bytes(&lower, &upper) < 0;
}

void
IvmPrefixRange(const char *prefix, uint32 prefixlen, IvmKeyRange *range)
{
	(void) make_range((Bytes) {prefix, prefixlen}, NULL, range);
}

static void
make_ranges(Bytes *prefixes, int nprefixes, const ColumnBounds *interval, IvmKeyRanges *result)
{
	result->ranges = palloc_extended(nprefixes * sizeof(IvmKeyRange), MCXT_ALLOC_HUGE);
	for (int i = 0; i < nprefixes; i++)
	{
		if (make_range(prefixes[i], interval, &result->ranges[result->nranges]))
			result->nranges++;
	}
	result->nothing = result->nranges == 0;
}

/* Does a condition on a hashed column need the value itself? */
static bool
needs_recheck(const IvmKeyDesc *desc, List *conds)
{
	ListCell   *lc;

	foreach(lc, conds)
	{
		IvmKeyCond *cond = lfirst(lc);

		if (IvmCondHasComparand(cond->kind) && desc->cols[cond->key].klass == IVM_KEY_HASHED)
			return true;
	}
	return false;
}

void
IvmKeyRangesMake(const IvmKeyDesc *desc, List *conds,
				 const Datum *values, const bool *nulls, IvmKeyRanges *result)
{
	Bytes		groups = {&group_slot, 1};
	Bytes	   *prefixes = &groups;
	int			nprefixes = 1;
	ColumnBounds bounds;
	bool		more = true;

	memset(result, 0, sizeof(IvmKeyRanges));
	result->recheck = needs_recheck(desc, conds);
	memset(&bounds, 0, sizeof(bounds));
	for (int key = 0; key < desc->ncols && more; key++)
	{
		if (!column_bounds(&desc->cols[key], key, conds, values, nulls, &bounds))
		{
			result->nothing = true;
			return;
		}
		more = bounds.equal;
		if (more && nprefixes > 1 && bounds.nset > 1 &&
			(int64) nprefixes * bounds.nset > MAX_PREFIXES)
		{
			result->recheck = true;
			more = false;
		}
		if (more)
			prefixes = multiply(prefixes, &nprefixes, &bounds);
	}
	make_ranges(prefixes, nprefixes,
				!bounds.equal && bounds.interval ? &bounds : NULL, result);
}
