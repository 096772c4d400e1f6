/*-------------------------------------------------------------------------
 *
 * layout.c
 *		Keys and values of the store's tables, as bytes (see layout.h).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"

#include "store/layout.h"
#include "store/rows.h"

StaticAssertDecl(IVM_HASH_LENGTH == PG_SHA256_DIGEST_LENGTH, "SHA-256 expected");
StaticAssertDecl(IVM_MAX_STORE_KEY <= 511, "LMDB's limit on keys");

static void
hash_key(const char *key, uint32 keylen, char *hash)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL ||
		pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, (const uint8 *) key, keylen) < 0 ||
		pg_cryptohash_final(ctx, (uint8 *) hash, IVM_HASH_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute the hash of a key of an incremental view")));
	pg_cryptohash_free(ctx);
}

Size
IvmStoreKeyMake(char *buf, uint32 prefix, const char *key, uint32 keylen)
{
	IvmPut32(buf, prefix);
	if (likely(!IvmKeyIsLong(keylen)))
	{
		memcpy(buf + 4, key, keylen);
		return 4 + keylen;
	}
	memcpy(buf + 4, key, IVM_KEY_LIMIT);
	hash_key(key, keylen, buf + 4 + IVM_KEY_LIMIT);
	return 4 + IVM_TRUNCATED_LENGTH;
}

int
IvmPhysicalKeyCompare(const char *a, Size alen, const char *b, Size blen)
{
	int			c = memcmp(a, b, Min(alen, blen));

	if (c != 0)
		return c;
	return alen < blen ? -1 : alen > blen;
}

void
IvmTotalsKeyWrite(char *to, const char *element, uint32 ownerlen)
{
	*to = IVM_SLOT_TOTALS;
	memcpy(to + 1, element, 1 + ownerlen);
}

/* What follows a value's head: the whole key of a truncated one, and the state. */
static bool
parse_tail(const char *value, Size valuelen, IvmRowParts *parts)
{
	if (IvmPhysicalIsTruncated(parts->physlen))
	{
		if (valuelen < sizeof(uint32))
			return false;
		memcpy(&parts->keylen, value, sizeof(uint32));
		parts->key = value + sizeof(uint32);
		value += sizeof(uint32);
		valuelen -= sizeof(uint32);
		if (!IvmKeyIsLong(parts->keylen) || valuelen < parts->keylen ||
			memcmp(parts->key, parts->phys, IVM_KEY_LIMIT) != 0)
			return false;
		value += parts->keylen;
		valuelen -= parts->keylen;
	}
	else
	{
		parts->key = parts->phys;
		parts->keylen = parts->physlen;
		if (IvmKeyIsLong(parts->keylen))
			return false;
	}
	parts->state = value;
	parts->statelen = valuelen;
	return true;
}

bool
IvmBaseParse(const char *key, Size keylen, const char *value, Size valuelen,
			 IvmRowParts *parts)
{
	if (keylen < 4)
		return false;
	parts->phys = key + 4;
	parts->physlen = keylen - 4;
	return parse_tail(value, valuelen, parts);
}

bool
IvmDeltaParse(const char *key, Size keylen, const char *value, Size valuelen,
			  IvmRowParts *parts)
{
	Size		head;

	if (keylen < 4 + IVM_DELTA_TAIL || valuelen < 1)
		return false;
	parts->phys = key + 4;
	parts->physlen = keylen - 4 - IVM_DELTA_TAIL;
	parts->xid = FullTransactionIdFromU64(IvmGet64(key + keylen - IVM_DELTA_TAIL));
	parts->nmore = (unsigned char) value[0];
	parts->more = value + 1;
	head = 1 + parts->nmore * sizeof(uint64);
	if (valuelen < head)
		return false;
	return parse_tail(value + head, valuelen - head, parts);
}
