/*-------------------------------------------------------------------------
 *
 * pending.h
 *		An owner's total, and those of its elements that may differ from what
 *		the total was counted from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_PENDING_H
#define IVM_PENDING_H

#include "store/rows.h"

typedef struct IvmKeyBytes
{
	const char *key;
	uint32		len;
} IvmKeyBytes;

/*
 * Read, in one LMDB read transaction: the total under a totals row's key
 * (negative: damage); of every key in the range that has deltas, and of every
 * extra key (all in the range, ascending, each once), the base state and the
 * deltas that count, as IvmRowScanNext gives them.  Elements of the base without
 * deltas are not visited, however many there are.
 *
 * *rows come in the order of IvmPhysicalKeyCompare; keys that have neither base
 * nor visible deltas are left out.  All is allocated in CurrentMemoryContext.
 * Returns false where a tag has outlived the commit log: the caller must answer live.
 */
extern bool IvmPendingRead(const IvmGeneration *gen, Snapshot snapshot,
						   const char *totalkey, uint32 totalkeylen, const IvmKeyRange *range,
						   const IvmKeyBytes *extra, int nextra,
						   int64 *total, IvmStoredRow **rows, int *nrows);

#endif							/* IVM_PENDING_H */
