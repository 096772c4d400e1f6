/*-------------------------------------------------------------------------
 *
 * upperplans.c
 *		Plans of upper queries, kept by the session from read to read.
 *
 * Planning costs more than a short read.  Only plans that read no table are kept, so
 * none of their locks is ours to take; what else they depend on is invalidated as in PostgreSQL's
 * plancache.c.  A definition's id is never used again, so plans of an old one just age out.
 *
 * An invalidation only marks: a plan that is running goes when its last user has gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "nodes/pathnodes.h"
#include "scan/upperplans.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* So many plans are kept; the least recently used goes. */
#define MAX_PLANS 64

typedef struct UpperPlan
{
	dlist_node	node;
	MemoryContext cxt;			/* all of it */
	IvmUpperPlanKey key;
	PlannedStmt *plan;
	int			users;
	bool		valid;
	bool		listed;
} UpperPlan;

static dlist_head plans = DLIST_STATIC_INIT(plans); /* latest use first */
static int	nplans = 0;
static uint64 invalidations = 0;	/* so many have come */

/* ---- invalidation ---- */

static void
invalidate_all(Datum arg, int cacheid, uint32 hash)
{
	dlist_iter	iter;

	invalidations++;
	dlist_foreach(iter, &plans)
		dlist_container(UpperPlan, node, iter.cur)->valid = false;
}

static bool
depends_on(const PlannedStmt *plan, int cacheid, uint32 hash)
{
	ListCell   *lc;

	foreach(lc, plan->invalItems)
	{
		PlanInvalItem *item = lfirst_node(PlanInvalItem, lc);

		if (item->cacheId == cacheid && (hash == 0 || item->hashValue == hash))
			return true;
	}
	return false;
}

/* Of a function or type: only what depends on it. */
static void
invalidate_object(Datum arg, int cacheid, uint32 hash)
{
	dlist_iter	iter;

	invalidations++;
	dlist_foreach(iter, &plans)
	{
		UpperPlan  *entry = dlist_container(UpperPlan, node, iter.cur);

		if (depends_on(entry->plan, cacheid, hash))
			entry->valid = false;
	}
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	CacheRegisterSyscacheCallback(PROCOID, invalidate_object, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, invalidate_object, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, invalidate_all, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, invalidate_all, (Datum) 0);
	CacheRegisterSyscacheCallback(AMOPOPID, invalidate_all, (Datum) 0);
	registered = true;
}

/* ---- entries ---- */

static void
delete_if_unused(UpperPlan *entry)
{
	if (!entry->listed && entry->users == 0)
		MemoryContextDelete(entry->cxt);
}

static void
take_off_list(UpperPlan *entry)
{
	dlist_delete(&entry->node);
	entry->listed = false;
	nplans--;
	delete_if_unused(entry);
}

static void
release(void *arg)
{
	UpperPlan  *entry = arg;

	entry->users--;
	delete_if_unused(entry);
}

static void
pin(UpperPlan *entry, MemoryContext user)
{
	MemoryContextCallback *callback = MemoryContextAlloc(user, sizeof(MemoryContextCallback));

	callback->func = release;
	callback->arg = entry;
	MemoryContextRegisterResetCallback(user, callback);
	entry->users++;
}

static bool
matches(const UpperPlan *entry, const IvmUpperPlanKey *key)
{
	return entry->key.view == key->view && entry->key.owner == key->owner &&
		entry->key.rows <= 10 * key->rows && key->rows <= 10 * entry->key.rows &&
		equal(entry->key.request, key->request);
}

PlannedStmt *
IvmUpperPlanFind(IvmUpperPlanKey *key, MemoryContext user)
{
	dlist_mutable_iter iter;

	register_callbacks();
	key->epoch = invalidations;
	dlist_foreach_modify(iter, &plans)
	{
		UpperPlan  *entry = dlist_container(UpperPlan, node, iter.cur);

		if (!entry->valid)
			take_off_list(entry);
		else if (matches(entry, key))
		{
			dlist_move_head(&plans, &entry->node);
			pin(entry, user);
			return entry->plan;
		}
	}
	return NULL;
}

void
IvmUpperPlanKeep(const IvmUpperPlanKey *key, PlannedStmt *plan)
{
	MemoryContext cxt;
	MemoryContext oldcxt;
	UpperPlan  *entry;

	if (plan->relationOids != NIL || plan->transientPlan || plan->dependsOnRole ||
		key->epoch != invalidations)
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm_fdw upper plan", ALLOCSET_SMALL_SIZES);
	oldcxt = MemoryContextSwitchTo(cxt);
	entry = palloc0(sizeof(UpperPlan));
	entry->cxt = cxt;
	entry->key = *key;
	entry->key.request = copyObject(key->request);
	entry->plan = copyObject(plan);
	entry->valid = true;
	entry->listed = true;
	MemoryContextSwitchTo(oldcxt);

	MemoryContextSetParent(cxt, CacheMemoryContext);
	dlist_push_head(&plans, &entry->node);
	if (++nplans > MAX_PLANS)
		take_off_list(dlist_tail_element(UpperPlan, node, &plans));
}
