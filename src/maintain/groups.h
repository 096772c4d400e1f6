/*-------------------------------------------------------------------------
 *
 * groups.h
 *		A table in memory from group key to state, for overlays and builds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_GROUPS_H
#define IVM_GROUPS_H

#include "store/accum.h"

typedef struct IvmGroup
{
	const char *key;
	uint32		keylen;
	uint32		hash;			/* of the key */
	const IvmStateDesc *desc;	/* of the state */
	IvmState   *state;			/* sum of what was added */
	void	   *extra;			/* the owner's, initially NULL */
} IvmGroup;

typedef struct IvmGroups IvmGroups;

/* A table in a memory context of its own below parent. */
extern IvmGroups *IvmGroupsCreate(MemoryContext parent);
extern void IvmGroupsDestroy(IvmGroups *groups);

/* The group of a key, made empty where there is none, with a state of that description (not copied). */
extern IvmGroup *IvmGroupsGet(IvmGroups *groups, const IvmStateDesc *desc,
							  const char *key, uint32 keylen);

/* Where the table, its states and what owners attach are allocated. */
extern MemoryContext IvmGroupsContext(const IvmGroups *groups);
extern Size IvmGroupsMemory(const IvmGroups *groups);	/* bytes */

/* All groups; the array is the table's, until a group is added. */
extern IvmGroup **IvmGroupsAll(IvmGroups *groups, int *ngroups);
extern IvmGroup **IvmGroupsSorted(IvmGroups *groups, int *ngroups); /* in physical key order */

#endif							/* IVM_GROUPS_H */
