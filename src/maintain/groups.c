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
	const IvmStateDesc *desc;
	grouptab_hash *table;
	IvmGroup  **all;			/* all nall groups, if that is their number still */
	uint32		nall;
	bool		sorted;			/* they are in order */
};

IvmGroups *
IvmGroupsCreate(MemoryContext parent, const IvmStateDesc *desc)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "ivm groups", ALLOCSET_DEFAULT_SIZES);
	IvmGroups  *groups = MemoryContextAlloc(cxt, sizeof(IvmGroups));

	groups->cxt = cxt;
	groups->desc = desc;
	groups->table = grouptab_create(cxt, INITIAL_GROUPS, NULL);
	groups->all = NULL;
	groups->nall = 0;
	groups->sorted = false;
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
	Size		statesize = MAXALIGN(groups->desc->size);
	char	   *chunk = MemoryContextAlloc(groups->cxt,
										   MAXALIGN(sizeof(IvmGroup)) + statesize + probe->keylen);
	IvmGroup   *group = (IvmGroup *) chunk;
	char	   *key = chunk + MAXALIGN(sizeof(IvmGroup)) + statesize;

	memcpy(key, probe->key, probe->keylen);
	group->key = key;
	group->keylen = probe->keylen;
	group->hash = probe->hash;
	group->state = (IvmState *) (chunk + MAXALIGN(sizeof(IvmGroup)));
	group->extra = NULL;
	IvmStateInit(groups->desc, group->state);
	return group;
}

IvmGroup *
IvmGroupsGet(IvmGroups *groups, const char *key, uint32 keylen)
{
	IvmGroup	probe = {.key = key,.keylen = keylen};
	GroupSlot  *slot;
	bool		found;

	probe.hash = hash_bytes((const unsigned char *) key, keylen);
	slot = grouptab_lookup(groups->table, &probe);
	if (slot)
		return slot->group;

	/* make the group first: running out of memory must not leave a slot without one */
	slot = grouptab_insert(groups->table, make_group(groups, &probe), &found);
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

uint32
IvmGroupsCount(const IvmGroups *groups)
{
	return groups->table->members;
}

static int
compare_groups(const void *a, const void *b)
{
	const IvmGroup *ga = *(IvmGroup *const *) a;
	const IvmGroup *gb = *(IvmGroup *const *) b;

	return IvmPhysicalKeyCompare(ga->key, ga->keylen, gb->key, gb->keylen);
}

static void
list_groups(IvmGroups *groups)
{
	grouptab_iterator it;
	GroupSlot  *slot;
	uint32		n = 0;

	if (groups->all)
		pfree(groups->all);
	groups->nall = 0;
	groups->sorted = false;
	groups->all = MemoryContextAllocHuge(groups->cxt,
										 (groups->table->members + 1) * sizeof(IvmGroup *));
	grouptab_start_iterate(groups->table, &it);
	while ((slot = grouptab_iterate(groups->table, &it)) != NULL)
		groups->all[n++] = slot->group;
	groups->nall = n;
}

IvmGroup **
IvmGroupsAll(IvmGroups *groups, int *ngroups)
{
	/* groups are never taken out, so an equal number means the same groups */
	if (groups->all == NULL || groups->nall != groups->table->members)
		list_groups(groups);
	*ngroups = groups->nall;
	return groups->all;
}

IvmGroup **
IvmGroupsSorted(IvmGroups *groups, int *ngroups)
{
	IvmGroup  **all = IvmGroupsAll(groups, ngroups);

	if (!groups->sorted && *ngroups > 1)
		qsort(all, *ngroups, sizeof(IvmGroup *), compare_groups);
	groups->sorted = true;
	return all;
}
