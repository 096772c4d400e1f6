/*-------------------------------------------------------------------------
 *
 * groups.c
 *		A table in memory from group key to state, for overlays and builds.
 *
 * Invariant: a group, once made, stays where it is until the table is
 * destroyed, so that owners may keep pointers to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "maintain/groups.h"
#include "store/rows.h"
#include "utils/memutils.h"

typedef struct GroupSlot
{
	IvmGroup   *group;
	char		status;
} GroupSlot;

#define SH_PREFIX		grouptab
#define SH_ELEMENT_TYPE	GroupSlot
#define SH_KEY_TYPE		IvmGroup *
#define SH_KEY			group
#define SH_HASH_KEY(tb, k)	((k)->hash)
#define SH_EQUAL(tb, a, b)	((a)->keylen == (b)->keylen && \
							 memcmp((a)->key, (b)->key, (a)->keylen) == 0)
#define SH_SCOPE		static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, s)	((s)->group->hash)
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define INITIAL_GROUPS 8

struct IvmGroups
{
	MemoryContext cxt;
	grouptab_hash *table;
	IvmGroup  **all;			/* the first nsorted in order, the others as they came */
	int			nall;
	int			nsorted;
	int			space;
};

IvmGroups *
IvmGroupsCreate(MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "ivm groups", ALLOCSET_DEFAULT_SIZES);
	IvmGroups  *groups = MemoryContextAlloc(cxt, sizeof(IvmGroups));

	groups->cxt = cxt;
	groups->table = grouptab_create(cxt, INITIAL_GROUPS, NULL);
	groups->all = MemoryContextAlloc(cxt, INITIAL_GROUPS * sizeof(IvmGroup *));
	groups->nall = groups->nsorted = 0;
	groups->space = INITIAL_GROUPS;
	return groups;
}

void
IvmGroupsDestroy(IvmGroups *groups)
{
	MemoryContextDelete(groups->cxt);
}

/* A group of its own, with an empty state behind it and the key behind that. */
static IvmGroup *
make_group(IvmGroups *groups, const IvmGroup *probe)
{
	Size		statesize = MAXALIGN(probe->desc->size);
	char	   *chunk = MemoryContextAlloc(groups->cxt,
										   MAXALIGN(sizeof(IvmGroup)) + statesize + probe->keylen);
	IvmGroup   *group = (IvmGroup *) chunk;
	char	   *key = chunk + MAXALIGN(sizeof(IvmGroup)) + statesize;

	memcpy(key, probe->key, probe->keylen);
	group->key = key;
	group->keylen = probe->keylen;
	group->hash = probe->hash;
	group->desc = probe->desc;
	group->state = (IvmState *) (chunk + MAXALIGN(sizeof(IvmGroup)));
	group->extra = NULL;
	IvmStateInit(group->desc, group->state);
	return group;
}

/* Room for one more group in the list. */
static void
reserve_group(IvmGroups *groups)
{
	if (groups->nall < groups->space)
		return;
	groups->all = repalloc_huge(groups->all, (Size) groups->space * 2 * sizeof(IvmGroup *));
	groups->space *= 2;
}

IvmGroup *
IvmGroupsGet(IvmGroups *groups, const IvmStateDesc *desc, const char *key, uint32 keylen)
{
	IvmGroup	probe = {.key = key,.keylen = keylen,.desc = desc};
	GroupSlot  *slot;
	bool		found;

	probe.hash = hash_bytes((const unsigned char *) key, keylen);
	slot = grouptab_lookup(groups->table, &probe);
	if (slot)
		return slot->group;

	/* make the group first: running out of memory must not leave a slot without one */
	reserve_group(groups);
	slot = grouptab_insert(groups->table, make_group(groups, &probe), &found);
	groups->all[groups->nall++] = slot->group;
	return slot->group;
}

MemoryContext
IvmGroupsContext(const IvmGroups *groups)
{
	return groups->cxt;
}

Size
IvmGroupsMemory(const IvmGroups *groups)
{
	return MemoryContextMemAllocated(groups->cxt, true);
}

static int
compare_groups(const void *a, const void *b)
{
	const IvmGroup *ga = *(IvmGroup *const *) a;
	const IvmGroup *gb = *(IvmGroup *const *) b;

	return IvmPhysicalKeyCompare(ga->key, ga->keylen, gb->key, gb->keylen);
}

IvmGroup **
IvmGroupsAll(IvmGroups *groups, int *ngroups)
{
	*ngroups = groups->nall;
	return groups->all;
}

/* Merge the tail, sorted by itself, into the sorted part, from the end backwards. */
static void
merge_tail(IvmGroups *groups, int ntail)
{
	IvmGroup  **tail = palloc_extended(ntail * sizeof(IvmGroup *), MCXT_ALLOC_HUGE);
	int			left = groups->nsorted - 1;
	int			right = ntail - 1;

	memcpy(tail, groups->all + groups->nsorted, ntail * sizeof(IvmGroup *));
	for (int to = groups->nall - 1; right >= 0; to--)
	{
		if (left >= 0 && compare_groups(&groups->all[left], &tail[right]) > 0)
			groups->all[to] = groups->all[left--];
		else
			groups->all[to] = tail[right--];
	}
	pfree(tail);
}

/*
 * Sort what has come since the last time only: a transaction may read after
 * each write.
 */
IvmGroup **
IvmGroupsSorted(IvmGroups *groups, int *ngroups)
{
	int			ntail = groups->nall - groups->nsorted;

	if (ntail > 0)
	{
		qsort(groups->all + groups->nsorted, ntail, sizeof(IvmGroup *), compare_groups);
		if (groups->nsorted > 0)
			merge_tail(groups, ntail);
		groups->nsorted = groups->nall;
	}
	*ngroups = groups->nall;
	return groups->all;
}
