/*-------------------------------------------------------------------------
 *
 * keycodec.h
 *		Encoders and decoders of key columns, one a family of types.  Private
 *		to keys.c and keycodec_*.c.
 *
 * In a key a column's canonical part is a marker byte (VALUE or NULL; NULLs
 * sort last) and, for a value, the codec's canonical bytes.  Those must be
 * self-delimiting (fixed in length, or an end that measure() finds), equal for
 * equal values, and for ordered types they must compare as the values do.  A
 * form is what must be known beyond that to give back the very same value; its
 * bytes are self-delimiting too, given the canonical ones.
 *
 * measure() and measure_form() never look past "avail" and call
 * IvmPackedCorrupt() when the bytes end too early; decode() may rely on what they found.
 * measure() sees the bytes as they are in the key: those of a descending column
 * are complemented, which xor with "flip" undoes.  All others get them plain.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_KEYCODEC_H
#define IVM_KEYCODEC_H

#include "port/pg_bswap.h"
#include "store/keys.h"
#include "store/varint.h"

#define IVM_KEY_MARK_VALUE	'\x01'
#define IVM_KEY_MARK_NULL	'\x02'

/* Canonical and form bytes of one value */
typedef struct IvmKeyPart
{
	const char *canon;			/* after the marker */
	Size		canonlen;
	const char *form;
	Size		formlen;
} IvmKeyPart;

typedef struct IvmKeyCodec
{
	int			canonlen;		/* length of the canonical bytes, or -1: measure() */
	int			maxform;		/* upper bound of the form's length; -1: none */
	bool		form_by_typmod; /* a typmod fixes the form: no suffix then */
	bool		collated;		/* order and equality depend on the collation */

	/* Append the canonical bytes, and the form's to forms unless that is NULL. */
	void		(*encode) (const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms);
	Datum		(*decode) (const IvmKeyColumn *col, const IvmKeyPart *part);

	Size		(*measure) (const char *canon, Size avail, uint8 flip); /* where canonlen is -1 */
	Size		(*measure_form) (const IvmKeyColumn *col, const IvmKeyPart *part, Size avail);	/* NULL: no forms */
	int			(*maxcanon) (const IvmKeyColumn *col);	/* bound where canonlen is -1; 0 or NULL: none */
} IvmKeyCodec;

/* keycodec_fixed.c */
extern const IvmKeyCodec IvmKeyCodecInt;	/* signed integers of 2, 4, 8 bytes, on 8 */
extern const IvmKeyCodec IvmKeyCodecInt32;
extern const IvmKeyCodec IvmKeyCodecWord32; /* unsigned */
extern const IvmKeyCodec IvmKeyCodecWord64;
extern const IvmKeyCodec IvmKeyCodecByte;	/* bool, "char" */
extern const IvmKeyCodec IvmKeyCodecFloat;
extern const IvmKeyCodec IvmKeyCodecTimeTz;
extern const IvmKeyCodec IvmKeyCodecInterval;
extern const IvmKeyCodec IvmKeyCodecUuid;
extern const IvmKeyCodec IvmKeyCodecMacaddr;
extern const IvmKeyCodec IvmKeyCodecMacaddr8;

/* keycodec_numeric.c */
extern const IvmKeyCodec IvmKeyCodecNumeric;

/* keycodec_bytes.c */
extern const IvmKeyCodec IvmKeyCodecText;	/* text, varchar */
extern const IvmKeyCodec IvmKeyCodecBytea;
extern const IvmKeyCodec IvmKeyCodecName;
extern const IvmKeyCodec IvmKeyCodecBpchar;
extern const IvmKeyCodec IvmKeyCodecBit;
extern const IvmKeyCodec IvmKeyCodecInet;

/* keycodec_image.c */
extern const IvmKeyCodec IvmKeyCodecImage;	/* any type, by identity */
extern bool IvmKeyImageHasRows(Oid type);
extern Datum IvmKeyImageNormalise(const IvmKeyColumn *col, Datum value);
extern void IvmKeyImageAppend(const IvmKeyColumn *col, Datum normal, StringInfo buf);
extern Datum IvmKeyImageRead(const IvmKeyColumn *col, const char *image, Size len);
extern Size IvmKeyImageMeasure(const char *image, Size avail, uint8 flip);

/* keycodec_hashed.c */
/* hashproc: extended hash function of the type, or InvalidOid */
extern const IvmKeyCodec *IvmKeyHashedCodec(Oid base, Oid collation, Oid hashproc);

typedef bool (*IvmKeyCollationVisitor) (Oid type, Oid collation, void *arg);
extern bool IvmKeyVisitCollations(Oid type, Oid collation, IvmKeyCollationVisitor visit, void *arg);

/* Make room for n bytes at the end of buf, and count them as written. */
static inline char *
key_reserve(StringInfo buf, Size n)
{
	char	   *p;

	enlargeStringInfo(buf, (int) n);
	p = buf->data + buf->len;
	buf->len += (int) n;
	buf->data[buf->len] = '\0';
	return p;
}

static inline void
key_put32(char *p, uint32 word)
{
	word = pg_hton32(word);
	memcpy(p, &word, sizeof(word));
}

static inline uint32
key_get32(const char *p)
{
	uint32		word;

	memcpy(&word, p, sizeof(word));
	return pg_ntoh32(word);
}

static inline void
key_put64(char *p, uint64 word)
{
	word = pg_hton64(word);
	memcpy(p, &word, sizeof(word));
}

static inline uint64
key_get64(const char *p)
{
	uint64		word;

	memcpy(&word, p, sizeof(word));
	return pg_ntoh64(word);
}

/* Signed numbers: with the sign bit flipped they compare as unsigned ones. */
static inline uint64
key_flip64(uint64 word)
{
	return word ^ (UINT64CONST(1) << 63);
}

static inline uint32
key_flip32(uint32 word)
{
	return word ^ ((uint32) 1 << 31);
}

/* Small numbers in forms */
#define KEY_VARINT32_MAX	5	/* bytes used; writers need room for IVM_VARINT_MAX */

static inline void
key_append_varint(StringInfo buf, uint32 n)
{
	IvmWriteEnd(buf, IvmWriteUvarint(IvmWriteBegin(buf, IVM_VARINT_MAX), n));
}

static inline IvmReader
key_form_reader(const IvmKeyPart *part, Size avail)
{
	IvmReader	reader;

	reader.p = (const uint8 *) part->form;
	reader.end = reader.p + avail;
	return reader;
}

static inline uint32
key_form_number(const IvmKeyPart *part)
{
	IvmReader	reader = key_form_reader(part, part->formlen);

	return (uint32) IvmReadUvarint(&reader);
}

static inline Size
key_measure_number(const IvmKeyPart *part, Size avail)
{
	IvmReader	reader = key_form_reader(part, avail);

	(void) IvmReadUvarint(&reader);
	return (const char *) reader.p - part->form;
}

#endif							/* IVM_KEYCODEC_H */
