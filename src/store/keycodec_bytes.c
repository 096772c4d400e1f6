/*-------------------------------------------------------------------------
 *
 * keycodec_bytes.c
 *		Key codecs of byte strings: text and its like, bytea, name, bit
 *		strings, network addresses.
 *
 * A string's canonical bytes are the string itself, a zero byte in it written
 * as 00 FF, and the end 00 00.  So no string is a prefix of another, and
 * memcmp gives the order of unsigned bytes, the shorter first.  That is the
 * order of bytea, and of text where the collation compares bytes; under other
 * deterministic collations it is equality only.
 *
 * bpchar ignores blanks at the end: their number is the form, unless the
 * typmod fixes the length in characters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/socket.h>

#include "mb/pg_wchar.h"
#include "store/keycodec.h"
#include "utils/inet.h"
#include "utils/varbit.h"

#define END_SIZE	2			/* of the bytes that end a string */

/* ----- strings of bytes ----- */

static void
append_string(StringInfo buf, const char *s, Size len)
{
	const char *zero;
	char	   *p;

	while ((zero = memchr(s, 0, len)) != NULL)
	{
		Size		n = zero - s + 1;

		p = key_reserve(buf, n + 1);
		memcpy(p, s, n);
		p[n] = '\xFF';
		s += n;
		len -= n;
	}
	p = key_reserve(buf, len + END_SIZE);
	memcpy(p, s, len);
	p[len] = p[len + 1] = '\0';
}

static Size
measure_string(const char *canon, Size avail, uint8 flip)
{
	const char *p = canon;
	const char *end = canon + avail;

	for (;;)
	{
		p = memchr(p, flip, end - p);
		if (p == NULL || p + 1 >= end)
			IvmPackedCorrupt();
		if ((uint8) p[1] == flip)
			return p + END_SIZE - canon;
		p += 2;
	}
}

/* Undo append_string (len without the end) into dst, which has room for len bytes. */
static Size
read_string(char *dst, const char *src, Size len)
{
	const char *zero;
	char	   *p = dst;

	while ((zero = memchr(src, 0, len)) != NULL)
	{
		Size		n = zero - src + 1;

		memcpy(p, src, n);
		p += n;
		src += n + 1;
		len -= n + 1;
	}
	memcpy(p, src, len);
	return p + len - dst;
}

/* The string in a varlena, with room for "extra" bytes that the caller writes. */
static struct varlena *
read_varlena(const char *src, Size len, Size headsize, Size extra)
{
	struct varlena *result = palloc(headsize + len + extra);
	Size		n = read_string((char *) result + headsize, src, len);

	SET_VARSIZE(result, headsize + n + extra);
	return result;
}

static void
encode_varlena(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

	append_string(canon, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

static Datum
decode_varlena(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	return PointerGetDatum(read_varlena(part->canon, part->canonlen - END_SIZE, VARHDRSZ, 0));
}

/* Characters (a zero byte is none) that varchar(n) and bpchar(n) can hold */
static int
max_text(const IvmKeyColumn *col)
{
	int			nchars = col->typmod - VARHDRSZ;

	if (nchars < 0 || nchars > 1000000)
		return 0;
	return nchars * pg_database_encoding_max_length() + END_SIZE;
}

const IvmKeyCodec IvmKeyCodecText = {
	.canonlen = -1,
	.maxform = -1,
	.collated = true,
	.encode = encode_varlena,
	.decode = decode_varlena,
	.measure = measure_string,
	.maxcanon = max_text
};

const IvmKeyCodec IvmKeyCodecBytea = {
	.canonlen = -1,
	.maxform = -1,
	.encode = encode_varlena,
	.decode = decode_varlena,
	.measure = measure_string
};

/* ----- name ----- */

static void
encode_name(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	const char *name = NameStr(*DatumGetName(value));

	append_string(canon, name, strnlen(name, NAMEDATALEN));
}

static Datum
decode_name(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	Name		name = palloc0(sizeof(NameData));

	if (part->canonlen - END_SIZE >= NAMEDATALEN)
		IvmPackedCorrupt();
	read_string(NameStr(*name), part->canon, part->canonlen - END_SIZE);
	return NameGetDatum(name);
}

static int
max_name(const IvmKeyColumn *col)
{
	return NAMEDATALEN - 1 + END_SIZE;
}

const IvmKeyCodec IvmKeyCodecName = {
	.canonlen = -1,
	.maxform = -1,
	.collated = true,
	.encode = encode_name,
	.decode = decode_name,
	.measure = measure_string,
	.maxcanon = max_name
};

/* ----- bpchar ----- */

static void
encode_bpchar(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	const char *s = VARDATA_ANY(packed);
	Size		len = VARSIZE_ANY_EXHDR(packed);
	Size		truelen = len;

	while (truelen > 0 && s[truelen - 1] == ' ')
		truelen--;
	append_string(canon, s, truelen);
	if (forms)
		key_append_varint(forms, (uint32) (len - truelen));
}

static Datum
decode_bpchar(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	Size		len = part->canonlen - END_SIZE;
	Size		blanks;
	struct varlena *result;

	if (col->has_form)
		blanks = key_form_number(part);
	else
	{
		int			nchars = col->typmod - VARHDRSZ;
		int			used = pg_mbstrlen_with_len(part->canon, (int) len);

		blanks = Max(nchars - used, 0);
	}
	result = read_varlena(part->canon, len, VARHDRSZ, blanks);
	memset((char *) result + VARSIZE(result) - blanks, ' ', blanks);
	return PointerGetDatum(result);
}

static Size
measure_bpchar_form(const IvmKeyColumn *col, const IvmKeyPart *part, Size avail)
{
	return key_measure_number(part, avail);
}

const IvmKeyCodec IvmKeyCodecBpchar = {
	.canonlen = -1,
	.maxform = KEY_VARINT32_MAX,
	.form_by_typmod = true,
	.collated = true,
	.encode = encode_bpchar,
	.decode = decode_bpchar,
	.measure = measure_string,
	.measure_form = measure_bpchar_form,
	.maxcanon = max_text
};

/* ----- bit strings ----- */

/*
 * bit_cmp compares bytes (unused bits are zero), then lengths in bits: the
 * bytes as a string, then the number of bits used in the last one.
 */
static void
encode_bit(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	VarBit	   *bits = DatumGetVarBitP(value);
	int			nbytes = VARBITBYTES(bits);

	append_string(canon, (char *) VARBITS(bits), nbytes);
	*key_reserve(canon, 1) = (char) (nbytes == 0 ? 0 : VARBITLEN(bits) - (nbytes - 1) * BITS_PER_BYTE);
}

static Datum
decode_bit(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	Size		len = part->canonlen - END_SIZE - 1;
	VarBit	   *bits = (VarBit *) read_varlena(part->canon, len, VARBITHDRSZ + VARHDRSZ, 0);
	int			nbytes = VARBITBYTES(bits);

	VARBITLEN(bits) = nbytes == 0 ? 0 : (nbytes - 1) * BITS_PER_BYTE + part->canon[part->canonlen - 1];
	return VarBitPGetDatum(bits);
}

static Size
measure_bit(const char *canon, Size avail, uint8 flip)
{
	Size		n = measure_string(canon, avail, flip) + 1;

	if (n > avail)
		IvmPackedCorrupt();
	return n;
}

static int
max_bit(const IvmKeyColumn *col)
{
	/* a byte may be zero, and takes two then */
	if (col->typmod < 0 || col->typmod > 1000000)
		return 0;
	return 2 * VARBITTOTALLEN(col->typmod) + END_SIZE + 1;
}

const IvmKeyCodec IvmKeyCodecBit = {
	.canonlen = -1,
	.maxform = -1,
	.encode = encode_bit,
	.decode = decode_bit,
	.measure = measure_bit,
	.maxcanon = max_bit
};

/* ----- inet, cidr ----- */

/*
 * network_cmp compares the family, the bits of the network as far as both have
 * them, the length of the netmask, the whole address.  With the bits outside
 * the network set to zero that is memcmp of family, network, length and host,
 * where the host part starts with the byte in which the network ends.
 */
static Size
inet_addrsize(unsigned char family)
{
	return family == PGSQL_AF_INET ? 4 : 16;
}

static void
encode_inet(const IvmKeyColumn *col, Datum value, StringInfo canon, StringInfo forms)
{
	inet	   *in = DatumGetInetPP(value);
	Size		addrsize = inet_addrsize(ip_family(in));
	int			whole = ip_bits(in) / 8;
	Size		hostsize = addrsize - whole;
	char	   *p = key_reserve(canon, 1 + addrsize + 1 + hostsize);

	*p++ = (char) ip_family(in);
	memcpy(p, ip_addr(in), whole);
	memset(p + whole, 0, hostsize);
	if (hostsize > 0)
		p[whole] = (char) (ip_addr(in)[whole] & ~(0xFF >> (ip_bits(in) % 8)));
	p += addrsize;
	*p++ = (char) ip_bits(in);
	memcpy(p, ip_addr(in) + whole, hostsize);
}

static Datum
decode_inet(const IvmKeyColumn *col, const IvmKeyPart *part)
{
	inet	   *in = palloc0(sizeof(inet));
	const char *p = part->canon;
	Size		addrsize;
	int			whole;

	ip_family(in) = (unsigned char) *p++;
	addrsize = inet_addrsize(ip_family(in));
	ip_bits(in) = (unsigned char) p[addrsize];
	whole = ip_bits(in) / 8;
	memcpy(ip_addr(in), p, whole);
	memcpy(ip_addr(in) + whole, p + addrsize + 1, addrsize - whole);
	SET_INET_VARSIZE(in);
	return InetPGetDatum(in);
}

static Size
measure_inet(const char *canon, Size avail, uint8 flip)
{
	Size		addrsize;
	uint8		bits;
	Size		n;

	if (avail < 1)
		IvmPackedCorrupt();
	addrsize = inet_addrsize((uint8) canon[0] ^ flip);
	n = 1 + addrsize + 1;
	if (avail < n)
		IvmPackedCorrupt();
	bits = (uint8) canon[n - 1] ^ flip;
	if (bits > addrsize * 8)
		IvmPackedCorrupt();
	n += addrsize - bits / 8;
	if (avail < n)
		IvmPackedCorrupt();
	return n;
}

static int
max_inet(const IvmKeyColumn *col)
{
	return 1 + 16 + 1 + 16;
}

const IvmKeyCodec IvmKeyCodecInet = {
	.canonlen = -1,
	.maxform = -1,
	.encode = encode_inet,
	.decode = decode_inet,
	.measure = measure_inet,
	.maxcanon = max_inet
};
