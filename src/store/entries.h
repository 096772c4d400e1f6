/*-------------------------------------------------------------------------
 *
 * entries.h
 *		Adjacent entries of a table: copied out of a short read transaction, or
 *		deleted in short write transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ENTRIES_H
#define IVM_ENTRIES_H

#include "store/env.h"

/*
 * Copies of adjacent entries.  The buffers are allocated in cxt, grow as
 * needed, and are used again by the next call.
 */
typedef struct IvmEntry
{
	const char *key;
	const char *value;
	uint32		keylen;
	uint32		valuelen;
} IvmEntry;

typedef struct IvmEntries
{
	MemoryContext cxt;
	IvmEntry   *entries;
	int			n;
	int			capacity;
	char	   *data;
	Size		size;
} IvmEntries;

extern void IvmEntriesInit(IvmEntries *entries, MemoryContext cxt, int capacity, Size size);

/*
 * Read up to max entries whose key starts with prefix, from the first one not
 * less (after: greater) than start on; start NULL: from the prefix on.  In one read transaction.
 */
extern void IvmEntriesRead(IvmEntries *entries, IvmDbi dbi,
						   const char *prefix, Size prefixlen,
						   const char *start, Size startlen, bool after, int max);

/* Delete all entries whose key starts with prefix, in chunks; how many. */
extern int64 IvmDeletePrefix(IvmDbi dbi, const char *prefix, Size prefixlen);

#endif							/* IVM_ENTRIES_H */
