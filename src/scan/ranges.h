/*-------------------------------------------------------------------------
 *
 * ranges.h
 *		From key conditions and the values of their comparands to key ranges.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_RANGES_H
#define IVM_RANGES_H

#include "scan/conditions.h"
#include "store/rows.h"

typedef struct IvmKeyRanges
{
	IvmKeyRange *ranges;		/* ascending, disjoint */
	int			nranges;
	bool		nothing;		/* no key can satisfy the conditions */
	bool		recheck;		/* keys in the ranges need not satisfy them */
} IvmKeyRanges;

/*
 * Ranges of the keys that satisfy the conditions (those of IvmKeyConds, with
 * cond->key set); values and nulls are their comparands', by position.
 * Allocates in CurrentMemoryContext.
 */
extern void IvmKeyRangesMake(const IvmKeyDesc *desc, List *conds,
							 const Datum *values, const bool *nulls, IvmKeyRanges *result);

/* The range of all keys that start with a prefix (kept; the upper end is in CurrentMemoryContext). */
extern void IvmPrefixRange(const char *prefix, uint32 prefixlen, IvmKeyRange *range);

#endif							/* IVM_RANGES_H */
