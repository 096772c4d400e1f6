/*-------------------------------------------------------------------------
 *
 * keys.h
 *		Keys as bytes: of groups, and of elements of arrangements.
 *
 * A key is the columns' canonical parts, one after the other, followed by the
 * columns' form suffixes:
 *
 *		canon(c1) canon(c2) … canon(cn) | form(c1) … form(cn)
 *
 * Two rows belong to one group if and only if their canonical parts are equal
 * as bytes and, for columns of class IVM_KEY_HASHED, the type's own equality
 * says so too.  Equal values of different form (1.0 and 1.00, 0 and -0) have
 * equal canonical parts and different suffixes: they are kept as rows of their
 * own in the store, adjacent, and a read merges them (IvmKeySameGroup).
 *
 * Canonical parts are self-delimiting: no key's canonical part is a proper
 * prefix of another's in the same view.  For class IVM_KEY_ORDERED byte order
 * (memcmp) is the type's default btree order ascending, NULLs last.
 *
 *	IVM_KEY_ORDERED	integers (one encoding for int2/4/8), bool, floats (one
 *					encoding for float4/8), numeric, date/time types, interval,
 *					uuid, oid, "char", name and text-like types under C, POSIX, bytea, money,
 *					pg_lsn, xid8, macaddr, bit…; decodable
 *	IVM_KEY_BYTES	equality only, canonical bytes: text-like types under
 *					deterministic non-C collations, enums (by oid), …
 *	IVM_KEY_HASHED	equality only: 128 bits of the type's extended hash (or
 *					nothing where the type has only a btree class), the value's
 *					whole image in the suffix, the type's own operator to compare:
 *					nondeterministic collations, jsonb, arrays, ranges, composites …
 *	IVM_KEY_IMAGE	identity only, of any type, also of one without equality
 *					(json, xml, point): the whole image is the canonical part;
 *					decodable
 *
 * The canonical part of a descending column is complemented, marker included:
 * byte order is then the descending one, NULLs first, and everything above
 * holds.  Forms are not complemented.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_KEYS_H
#define IVM_KEYS_H

#include "fmgr.h"
#include "lib/stringinfo.h"

typedef enum IvmKeyClass
{
	IVM_KEY_ORDERED,
	IVM_KEY_BYTES,
	IVM_KEY_HASHED,
	IVM_KEY_IMAGE
} IvmKeyClass;

/* What a column is wanted for */
typedef enum IvmKeyDemand
{
	IVM_KEY_DEMAND_EQUALITY,	/* keys of equal values are one group's */
	IVM_KEY_DEMAND_VALUE		/* the value is to be given back: identity will do */
} IvmKeyDemand;

typedef struct IvmKeyColumnSpec
{
	Oid			type;
	int32		typmod;
	Oid			collation;
	bool		descending;
	IvmKeyDemand demand;
} IvmKeyColumnSpec;

struct IvmKeyCodec;				/* encoder and decoder of a type, private to keys.c */

typedef struct IvmKeyColumn
{
	Oid			type;			/* as given, perhaps a domain */
	int32		typmod;			/* of the base type */
	Oid			collation;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	IvmKeyClass klass;
	bool		descending;		/* canonical part complemented */
	bool		has_rows;		/* HASHED, IMAGE: composites are in the values */
	bool		has_form;		/* form suffix present (ORDERED/BYTES: only where
								 * equal values may differ in form under this typmod) */
	Oid			eqop;			/* default equality operator; IMAGE: InvalidOid */
	Oid			opfamily;		/* default btree opfamily, or InvalidOid */
	int			maxlen;			/* upper bound of this column's bytes in a key, or 0 if unbounded */
	const struct IvmKeyCodec *codec;
	FmgrInfo	eqfn;			/* HASHED: equality */
	FmgrInfo	hashfn;			/* HASHED: extended hash; fn_oid invalid where none can be used */
} IvmKeyColumn;

typedef struct IvmKeyDesc
{
	int			ncols;
	IvmKeyColumn *cols;
	bool		has_forms;		/* of any column */
} IvmKeyDesc;

/*
 * Describe a key.  Allocates in CurrentMemoryContext, which must live as long.
 * ERROR (names the type) when a type is a pseudo-type such as record, whose
 * values no other session could read (ERRCODE_FEATURE_NOT_SUPPORTED); and, where
 * equality is demanded, when it has neither a default btree nor a default hash
 * operator class (ERRCODE_UNDEFINED_FUNCTION), or lacks a collation that it needs
 * (ERRCODE_INDETERMINATE_COLLATION).
 *
 * Where a value only is demanded, columns are never HASHED, but IMAGE.
 */
extern IvmKeyDesc *IvmKeyDescMakeColumns(int ncols, const IvmKeyColumnSpec *specs);

/* The same with ascending columns, of which equality is demanded. */
extern IvmKeyDesc *IvmKeyDescMake(int ncols, const Oid *types, const int32 *typmods,
								  const Oid *collations);

/*
 * Append the key of the values to buf (reset by the caller).  Detoasts; what
 * that takes is left in CurrentMemoryContext, here and in the functions below.
 */
extern void IvmKeyEncode(const IvmKeyDesc *desc, const Datum *values, const bool *nulls,
						 StringInfo buf);

/*
 * Append the canonical part of a key alone: one for all forms of equal values.
 * There must be no HASHED column.
 */
extern void IvmKeyEncodeCanonical(const IvmKeyDesc *desc, const Datum *values, const bool *nulls,
								  StringInfo buf);

/*
 * Append the canonical part of one column's value: the piece from which key
 * lookups and ranges are made.
 */
extern void IvmKeyEncodeColumn(const IvmKeyColumn *col, Datum value, bool isnull, StringInfo buf);

/* Do different values differ in it?  Not where the type has no hash: then it is empty. */
extern bool IvmKeyTellsValues(const IvmKeyColumn *col);

/*
 * The same for a value of another type of the column's family (int2/4/8 among
 * each other, float4/8 among each other, text/varchar, the same type always).
 * Returns false where valtype is not such a type, and for columns of class
 * IMAGE, whose bytes tell nothing about equality.
 */
extern bool IvmKeyCanEncodeAs(const IvmKeyColumn *col, Oid valtype);
extern void IvmKeyEncodeColumnAs(const IvmKeyColumn *col, Oid valtype, Datum value, StringInfo buf);

/*
 * Values of a key; pass-by-reference values are allocated in
 * CurrentMemoryContext.  wanted[i] false: column i may be left out (values[i]
 * undefined); wanted NULL: all.
 */
extern void IvmKeyDecode(const IvmKeyDesc *desc, const char *key, Size len,
						 const bool *wanted, Datum *values, bool *nulls);

/* Length of a whole key, forms included, at the start of avail bytes. */
extern Size IvmKeyLength(const IvmKeyDesc *desc, const char *key, Size avail);

/* The canonical part of one column of a key. */
extern const char *IvmKeyCanonicalColumn(const IvmKeyDesc *desc, const char *key, Size len,
										 int column, Size *collen);

/* Length of the canonical part of a key. */
extern Size IvmKeyCanonicalLength(const IvmKeyDesc *desc, const char *key, Size len);

/* Do two keys denote the same group?  (Trivially memcmp where no column has a form or is hashed.) */
extern bool IvmKeySameGroup(const IvmKeyDesc *desc, const char *a, Size alen,
							const char *b, Size blen);

/* Is a column of that class in it? */
extern bool IvmKeyHasClass(const IvmKeyDesc *desc, IvmKeyClass klass);

/*
 * True where distinct keys are always distinct groups, so that the reader need
 * not look for neighbours to merge.
 */
extern bool IvmKeyIsUnique(const IvmKeyDesc *desc);

/*
 * A number that changes when the same values would get other keys or form
 * other groups: versions of nondeterministic collations.  A generation made
 * under another number is of no use.
 */
extern uint64 IvmKeyDescVersion(const IvmKeyDesc *desc);

#endif							/* IVM_KEYS_H */
