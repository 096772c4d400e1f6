/*-------------------------------------------------------------------------
 *
 * overlay.c
 *		The transaction's own deltas, in backend memory.
 *
 * Every change is an entry in a log, tagged with the subtransaction that made
 * it.  What is logged since a subtransaction began carries its id or a higher
 * one, what was logged before carries lower ones; so undoing a subtransaction is
 * popping the log while the id is not below its own.
 *
 * Per view there are epochs: a TRUNCATE begins a new one, and the elements of
 * earlier epochs count only for cursors opened before it.  In an epoch, each
 * key has its elements (newest first) and their sum.  The sum serves everyone
 * except cursors older than the newest element.
 *
 * Invariant: a group's state is the sum of the states of its elements.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "ivm_fdw.h"
#include "maintain/groups.h"
#include "maintain/overlay.h"
#include "utils/memutils.h"

#define ELEMENTS_TO_TRY		4	/* for one of the same command to add to */
#define ADDS_PER_CHECK		64	/* of the memory limit */

typedef struct Element
{
	struct Element *older;		/* of the same key */
	IvmGroup   *group;
	SubTransactionId subid;
	CommandId	cid;
	CommandId	maxcid;			/* highest of this and the older elements */
	IvmState	state;			/* of variable length: last */
} Element;

typedef struct Epoch
{
	struct Epoch *older;
	CommandId	start;			/* the TRUNCATE's command; frozen rows that came later have a lower one */
	IvmGroups  *groups;			/* NULL until needed */
} Epoch;

typedef struct ViewOverlay
{
	uint32		id;
	IvmView    *view;			/* NULL until something is captured */
	Epoch	   *epoch;			/* newest */
	List	   *gens;			/* IvmGeneration *, newest last */
	bool		lost;			/* since the newest generation */
	bool		dropped;		/* content was given up for good */
	int			adds;
} ViewOverlay;

typedef enum UndoKind
{
	UNDO_ELEMENT,
	UNDO_EPOCH,
	UNDO_GENERATION,
	UNDO_LOST
} UndoKind;

typedef struct Undo
{
	UndoKind	kind;
	SubTransactionId subid;
	ViewOverlay *overlay;
	Element    *element;		/* UNDO_ELEMENT */
	bool		lost;			/* what overlay->lost was before */
} Undo;

static MemoryContext overlay_cxt = NULL;	/* below TopTransactionContext */
static List *overlays = NIL;	/* ViewOverlay *, few */
static Undo *undo_log = NULL;
static int	undo_count = 0;
static int	undo_space = 0;

/* ---- the log ---- */

static void
ensure_context(void)
{
	if (overlay_cxt == NULL)
		overlay_cxt = AllocSetContextCreate(TopTransactionContext, "ivm overlay",
											ALLOCSET_DEFAULT_SIZES);
}

/* Room for one more entry, so that logging what was done cannot fail. */
static void
reserve_undo(void)
{
	if (undo_count < undo_space)
		return;
	if (undo_log == NULL)
	{
		undo_space = 32;
		undo_log = MemoryContextAlloc(overlay_cxt, undo_space * sizeof(Undo));
	}
	else
	{
		undo_log = repalloc_huge(undo_log, (Size) undo_space * 2 * sizeof(Undo));
		undo_space *= 2;
	}
}

static void
log_undo(UndoKind kind, ViewOverlay *overlay, Element *element)
{
	Undo	   *undo = &undo_log[undo_count++];

	Assert(undo_count <= undo_space);
	undo->kind = kind;
	undo->subid = GetCurrentSubTransactionId();
	undo->overlay = overlay;
	undo->element = element;
	undo->lost = overlay->lost;
}

static void
undo_element(ViewOverlay *overlay, Element *element)
{
	IvmGroup   *group = element->group;
	MemoryContext old = MemoryContextSwitchTo(overlay_cxt);

	Assert(group->extra == element);
	IvmStateAdd(group->desc, group->state, &element->state, -1);
	group->extra = element->older;
	pfree(element);				/* rolled back savepoints can be many */
	MemoryContextSwitchTo(old);
}

static void
undo_one(const Undo *undo)
{
	ViewOverlay *overlay = undo->overlay;

	switch (undo->kind)
	{
		case UNDO_ELEMENT:
			if (!overlay->dropped)
				undo_element(overlay, undo->element);
			break;
		case UNDO_EPOCH:
			if (!overlay->dropped)
				overlay->epoch = overlay->epoch->older;
			break;
		case UNDO_GENERATION:
			overlay->gens = list_delete_last(overlay->gens);
			overlay->lost = undo->lost || overlay->dropped;
			break;
		case UNDO_LOST:
			overlay->lost = undo->lost || overlay->dropped;
			break;
	}
}

void
IvmOverlayAbortSub(SubTransactionId subid)
{
	while (undo_count > 0 && undo_log[undo_count - 1].subid >= subid)
		undo_one(&undo_log[--undo_count]);
}

void
IvmOverlayForget(void)
{
	if (overlay_cxt)
		MemoryContextDelete(overlay_cxt);
	overlay_cxt = NULL;
	overlays = NIL;
	undo_log = NULL;
	undo_count = undo_space = 0;
}

/* ---- views ---- */

static ViewOverlay *
find_overlay(uint32 id)
{
	ListCell   *lc;

	foreach(lc, overlays)
	{
		ViewOverlay *overlay = lfirst(lc);

		if (overlay->id == id)
			return overlay;
	}
	return NULL;
}

static Epoch *
make_epoch(Epoch *older, CommandId start)
{
	Epoch	   *epoch = MemoryContextAllocZero(overlay_cxt, sizeof(Epoch));

	epoch->older = older;
	epoch->start = start;
	return epoch;
}

/* The view's overlay, made where there is none, with room in the log. */
static ViewOverlay *
get_overlay(uint32 id)
{
	ViewOverlay *overlay = find_overlay(id);

	ensure_context();
	reserve_undo();
	if (overlay == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(overlay_cxt);

		overlay = palloc0(sizeof(ViewOverlay));
		overlay->id = id;
		overlay->epoch = make_epoch(NULL, FirstCommandId);
		overlays = lappend(overlays, overlay);
		MemoryContextSwitchTo(old);
	}
	return overlay;
}

/* ---- capture's side ---- */

/* An element of the same subtransaction and command, among the newest few. */
static Element *
find_element(IvmGroup *group, SubTransactionId subid, CommandId cid)
{
	Element    *element = group->extra;

	for (int i = 0; element != NULL && i < ELEMENTS_TO_TRY; i++, element = element->older)
	{
		if (element->subid == subid && element->cid == cid)
			return element;
	}
	return NULL;
}

static Element *
push_element(ViewOverlay *overlay, IvmGroup *group, CommandId cid)
{
	const IvmStateDesc *desc = group->desc;
	Element    *element = palloc(offsetof(Element, state) + desc->size);
	Element    *older = group->extra;

	element->older = older;
	element->group = group;
	element->subid = GetCurrentSubTransactionId();
	element->cid = cid;
	element->maxcid = older ? Max(older->maxcid, cid) : cid;
	IvmStateInit(desc, &element->state);
	group->extra = element;
	log_undo(UNDO_ELEMENT, overlay, element);
	return element;
}

/* Give up the content for good, and tell so at commit. */
static void
drop_content(ViewOverlay *overlay)
{
	for (Epoch *epoch = overlay->epoch; epoch; epoch = epoch->older)
	{
		if (epoch->groups)
			IvmGroupsDestroy(epoch->groups);
		epoch->groups = NULL;
	}
	overlay->lost = overlay->dropped = true;
}

static void
check_limit(ViewOverlay *overlay)
{
	if (++overlay->adds % ADDS_PER_CHECK != 0)
		return;
	if (MemoryContextMemAllocated(overlay_cxt, true) > (Size) ivm_overlay_limit_kb * 1024)
		drop_content(overlay);
}

void
IvmOverlayAdd(IvmView *view, const char *key, uint32 keylen, const IvmState *delta, CommandId cid)
{
	ViewOverlay *overlay = get_overlay(view->id);
	Epoch	   *epoch = overlay->epoch; /* TRUNCATE waits for what is still to be captured */
	MemoryContext old;
	IvmGroup   *group;
	Element    *element;

	if (overlay->dropped)
		return;
	overlay->view = view;
	if (epoch->groups == NULL)
		epoch->groups = IvmGroupsCreate(overlay_cxt);

	old = MemoryContextSwitchTo(IvmGroupsContext(epoch->groups));
	group = IvmGroupsGet(epoch->groups, IvmViewStateDesc(view, key), key, keylen);
	element = find_element(group, GetCurrentSubTransactionId(), cid);
	if (element == NULL)
		element = push_element(overlay, group, cid);
	IvmStateAdd(group->desc, &element->state, delta, 1);
	IvmStateAdd(group->desc, group->state, delta, 1);
	MemoryContextSwitchTo(old);

	check_limit(overlay);
}

void
IvmOverlayTruncate(IvmView *view, CommandId cid)
{
	ViewOverlay *overlay = get_overlay(view->id);

	overlay->view = view;
	overlay->epoch = make_epoch(overlay->epoch, cid);
	log_undo(UNDO_EPOCH, overlay, NULL);
}

void
IvmOverlayLose(uint32 view)
{
	ViewOverlay *overlay = get_overlay(view);

	if (overlay->lost)
		return;
	log_undo(UNDO_LOST, overlay, NULL);
	overlay->lost = true;
}

/* ---- generations ---- */

static IvmGeneration *
copy_generation(const IvmGeneration *gen)
{
	IvmGeneration *copy = palloc(sizeof(IvmGeneration));

	*copy = *gen;
	copy->b = palloc(sizeof(IvmXidSet));
	*copy->b = *gen->b;
	copy->b->xip = palloc(sizeof(FullTransactionId) * (gen->b->nxip + 1));
	memcpy(copy->b->xip, gen->b->xip, sizeof(FullTransactionId) * gen->b->nxip);
	return copy;
}

void
IvmOverlayAddGeneration(const IvmGeneration *gen)
{
	ViewOverlay *overlay = get_overlay(gen->view);
	MemoryContext old = MemoryContextSwitchTo(overlay_cxt);

	overlay->gens = lappend(overlay->gens, copy_generation(gen));
	log_undo(UNDO_GENERATION, overlay, NULL);
	overlay->lost = overlay->dropped;
	MemoryContextSwitchTo(old);
}

IvmGeneration **
IvmOverlayGenerations(uint32 view, int *ngens)
{
	ViewOverlay *overlay = find_overlay(view);
	IvmGeneration **gens;
	ListCell   *lc;
	int			n = 0;

	*ngens = 0;
	if (overlay == NULL || overlay->gens == NIL)
		return NULL;
	gens = palloc(sizeof(IvmGeneration *) * list_length(overlay->gens));
	foreach(lc, overlay->gens)
		gens[n++] = lfirst(lc);
	*ngens = n;
	return gens;
}

bool
IvmOverlayLost(uint32 view)
{
	ViewOverlay *overlay = find_overlay(view);

	return overlay != NULL && overlay->lost;
}

/* ---- readers' side ---- */

/* First group at or after a key. */
static int
lower_bound(IvmGroup **groups, int n, const char *key, uint32 keylen)
{
	int			lo = 0,
				hi = n;

	while (lo < hi)
	{
		int			mid = lo + (hi - lo) / 2;

		if (IvmPhysicalKeyCompare(groups[mid]->key, groups[mid]->keylen, key, keylen) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Add to a state that is made when there is something to add. */
static IvmState *
add_to(const IvmStateDesc *desc, IvmState *sum, const IvmState *state)
{
	if (sum == NULL)
	{
		sum = palloc(desc->size);
		IvmStateInit(desc, sum);
	}
	IvmStateAdd(desc, sum, state, 1);
	return sum;
}

/*
 * The sum of a group's elements below curcid; NULL where there are none.  A
 * copy: a cursor must not see what is captured later.
 */
static const IvmState *
state_below(IvmGroup *group, CommandId curcid)
{
	const IvmStateDesc *desc = group->desc;
	Element    *element = group->extra;
	IvmState   *sum = NULL;

	if (element == NULL)
		return NULL;
	if (element->maxcid < curcid)
		return add_to(desc, NULL, group->state);
	for (; element; element = element->older)
	{
		if (element->cid < curcid)
			sum = add_to(desc, sum, &element->state);
	}
	return sum;
}

static const char *
copy_key(const IvmGroup *group)
{
	char	   *key = palloc(group->keylen + 1);

	memcpy(key, group->key, group->keylen);
	return key;
}

typedef struct RowList
{
	IvmOverlayRow *rows;
	int			n;
	int			space;
} RowList;

/* Append the visible rows among groups [from, to). */
static void
take_rows(IvmGroup **groups, int from, int to, CommandId curcid, RowList *list)
{
	if (list->n + (to - from) > list->space)
	{
		list->space = Max(list->space * 2, list->n + (to - from));
		list->rows = repalloc_huge(list->rows, sizeof(IvmOverlayRow) * list->space);
	}
	for (int i = from; i < to; i++)
	{
		const IvmState *state = state_below(groups[i], curcid);

		if (state)
			list->rows[list->n++] = (IvmOverlayRow)
		{
			copy_key(groups[i]), groups[i]->keylen, state
		};
	}
}

/* The groups of the newest epoch that the snapshot sees; NULL where there are none. */
static IvmGroups *
groups_below(const ViewOverlay *overlay, CommandId curcid)
{
	Epoch	   *epoch;

	if (overlay == NULL || overlay->dropped)
		return NULL;
	for (epoch = overlay->epoch; epoch->older && curcid <= epoch->start; epoch = epoch->older)
		 /* a TRUNCATE that the snapshot does not see yet */ ;
	return epoch->groups;
}

IvmOverlayRow *
IvmOverlayRows(const IvmView *view, CommandId curcid, const IvmKeyRange *ranges, int nranges, int *nrows)
{
	IvmGroups  *table = groups_below(find_overlay(view->id), curcid);
	IvmGroup  **groups;
	RowList		list = {.space = 4};
	int			ngroups;

	*nrows = 0;
	if (table == NULL)
		return NULL;
	groups = IvmGroupsSorted(table, &ngroups);
	list.rows = palloc(sizeof(IvmOverlayRow) * list.space);
	if (nranges == 0)
		take_rows(groups, 0, ngroups, curcid, &list);
	for (int i = 0; i < nranges; i++)
	{
		const IvmKeyRange *range = &ranges[i];
		int			from = lower_bound(groups, ngroups, range->lower, range->lowerlen);
		int			to = range->upperlen == 0 ? ngroups :
			lower_bound(groups, ngroups, range->upper, range->upperlen);

		take_rows(groups, from, to, curcid, &list);
	}
	*nrows = list.n;
	return list.rows;
}

/* ---- commit's side ---- */

bool
IvmOverlayIsEmpty(void)
{
	return overlays == NIL;
}

/* Append the view's net deltas. */
static void
net_of_view(ViewOverlay *overlay, IvmOverlayNet *net)
{
	IvmGroup  **groups;
	int			ngroups;

	if (overlay->dropped || overlay->epoch->groups == NULL)
		return;
	groups = IvmGroupsSorted(overlay->epoch->groups, &ngroups);
	net->deltas = net->deltas == NULL ?
		palloc_extended(sizeof(IvmDelta) * ngroups, MCXT_ALLOC_HUGE) :
		repalloc_huge(net->deltas, sizeof(IvmDelta) * ((Size) net->ndeltas + ngroups));
	for (int i = 0; i < ngroups; i++)
	{
		IvmGroup   *group = groups[i];
		StringInfoData packed;

		if (IvmStateIsZero(group->desc, group->state))
			continue;
		initStringInfo(&packed);
		IvmStatePack(group->desc, group->state, &packed);
		net->deltas[net->ndeltas++] = (IvmDelta)
		{
			overlay->id, group->key, group->keylen, packed.data, packed.len
		};
	}
}

void
IvmOverlayNetContent(IvmOverlayNet *net)
{
	ListCell   *lc,
			   *lg;

	memset(net, 0, sizeof(*net));
	net->invalid = palloc(sizeof(uint32) * (list_length(overlays) + 1));
	foreach(lc, overlays)
	{
		ViewOverlay *overlay = lfirst(lc);

		/* whoever sees this transaction sees its generation; but what came after that was lost */
		if (overlay->lost)
			net->invalid[net->ninvalid++] = overlay->id;
		net_of_view(overlay, net);
		foreach(lg, overlay->gens)
		{
			if (net->gens == NULL)
				net->gens = palloc(sizeof(IvmGeneration *));
			else
				net->gens = repalloc(net->gens, sizeof(IvmGeneration *) * (net->ngens + 1));
			net->gens[net->ngens++] = lfirst(lg);
		}
	}
}
