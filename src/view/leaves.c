/*-------------------------------------------------------------------------
 *
 * leaves.c
 *		Leaf tables of views: which they are, which views care for them, and
 *		the fingerprint.
 *
 * Three caches, forgotten step by step as relcache invalidations come in:
 *
 *	trees	base table -> its leaves, and what in the tree forbids the store.
 *			Stale when a table that can have children changed.
 *	leaves	leaf -> hash of its storage and capture triggers.  Stale one by one.
 *	lists	leaf -> views.  Stale with the trees, and when a view changed.
 *
 * Invariant: a table is marked as interesting before it is looked at, so that
 * no change goes unnoticed.  No locks are taken: a reader holds one on the root,
 * and a change of a leaf that commits meanwhile is one that its snapshot does not see,
 * or that has left an invalidation in the store.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "view/catalog.h"
#include "view/leaves.h"
#include "view/triggers.h"

typedef struct TableEntry
{
	Oid			relid;			/* hash key */
	bool		in_tree;		/* a change of it can change a tree */

	/* as a leaf */
	bool		print_valid;
	uint64		print;
	const char *reason;			/* why the store cannot be used, or NULL */
	uint64		views_epoch;	/* uses are valid in this epoch of the lists */
	List	   *uses;			/* of IvmLeafUse * */
} TableEntry;

typedef struct TreeKey
{
	Oid			relid;
	uint32		inh;
} TreeKey;

typedef struct TreeEntry
{
	TreeKey		key;			/* hash key */
	uint64		leaves_epoch;	/* leaves are valid in this epoch of the lists */
	List	   *leaves;
	const char *obstacle;		/* why the store cannot be used, or NULL */
	uint64		print_epoch;	/* print and reason are valid in this one */
	uint64		print;
	const char *reason;
} TreeEntry;

static HTAB *tables = NULL;		/* of TableEntry */
static HTAB *trees = NULL;		/* of TreeEntry */

static MemoryContext lists_cxt = NULL;	/* the lists of the present epoch */
static uint64 lists_epoch = 1;
static uint64 prints_epoch = 1;

/* set by invalidations */
static bool lists_stale = false;
static bool prints_stale = false;
static bool all_stale = false;

void
IvmLeavesInitialize(void)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(TableEntry)};

	ctl.hcxt = CacheMemoryContext;
	tables = hash_create("ivm base tables", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	ctl.keysize = sizeof(TreeKey);
	ctl.entrysize = sizeof(TreeEntry);
	trees = hash_create("ivm base table trees", 32, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
IvmLeavesInvalidate(Oid relid)
{
	TableEntry *entry;

	if (!OidIsValid(relid))
		lists_stale = prints_stale = all_stale = true;
	else if ((entry = hash_search(tables, &relid, HASH_FIND, NULL)) != NULL)
	{
		entry->print_valid = false;
		prints_stale = true;
		if (entry->in_tree)
			lists_stale = true;
	}
}

void
IvmLeavesForgetViews(void)
{
	lists_stale = true;
}

/* Forget what was marked since the last question. */
static void
sync_leaves(void)
{
	/* Views first: they tell us when they change. */
	IvmCatalogSync();

	if (lists_cxt != NULL && !lists_stale && !prints_stale)
		return;
	if (all_stale)
	{
		HASH_SEQ_STATUS seq;
		TableEntry *entry;

		hash_seq_init(&seq, tables);
		while ((entry = hash_seq_search(&seq)) != NULL)
			entry->print_valid = false;
	}
	if (lists_stale && lists_cxt != NULL)
	{
		IvmRetireContext(lists_cxt);
		lists_cxt = NULL;
	}
	if (lists_stale)
		lists_epoch++;
	if (lists_stale || prints_stale)
		prints_epoch++;
	lists_stale = prints_stale = all_stale = false;

	if (lists_cxt == NULL)
		lists_cxt = AllocSetContextCreate(CacheMemoryContext, "ivm lists of leaves",
										  ALLOCSET_SMALL_SIZES);
}

static TableEntry *
watch_table(Oid relid)
{
	bool		found;
	TableEntry *entry = hash_search(tables, &relid, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) entry + sizeof(Oid), 0, sizeof(TableEntry) - sizeof(Oid));
		entry->in_tree = true;	/* until more is known */
	}
	return entry;
}

/* ---- trees ---- */

typedef struct TreeWalk
{
	List	   *leaves;
	const char *obstacle;
} TreeWalk;

/* What about a table of the tree forbids the store? */
static const char *
table_obstacle(Form_pg_class form)
{
	if (form->relkind == RELKIND_FOREIGN_TABLE)
		return "a partition or child table is a foreign table";
	if (form->relpersistence == RELPERSISTENCE_TEMP)
		return "a child table is temporary";
	if (form->relkind == RELKIND_RELATION && form->relam != HEAP_TABLE_AM_OID)
		return "a base table is not a heap table";
	return NULL;
}

static void
walk_tree(Oid relid, bool inh, TreeWalk *walk)
{
	TableEntry *entry = watch_table(relid);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	bool		detached = false;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		return;					/* dropped meanwhile */
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (form->relkind == RELKIND_RELATION)
	{
		walk->leaves = lappend_oid(walk->leaves, relid);
		/* A partition cannot become a parent, which spares much on busy trees. */
		entry->in_tree = !form->relispartition;
	}
	if (walk->obstacle == NULL)
		walk->obstacle = table_obstacle(form);
	ReleaseSysCache(tuple);

	if (!inh)
		return;
	foreach(lc, find_inheritance_children_extended(relid, false, NoLock, &detached, NULL))
		walk_tree(lfirst_oid(lc), true, walk);
	if (detached)
		walk->obstacle = "a partition is being detached";
}

static TreeEntry *
get_tree(Oid relid, bool inh)
{
	TreeKey		key = {.relid = relid,.inh = inh};
	TreeEntry  *entry;
	bool		found;
	TreeWalk	walk = {NIL, NULL};
	uint64		epoch;
	MemoryContext old;

	sync_leaves();
	entry = hash_search(trees, &key, HASH_ENTER, &found);
	if (!found)
		entry->leaves_epoch = entry->print_epoch = 0;
	if (entry->leaves_epoch == lists_epoch)
		return entry;

	epoch = lists_epoch;
	walk_tree(relid, inh, &walk);
	list_sort(walk.leaves, list_oid_cmp);
	list_deduplicate_oid(walk.leaves);	/* by several parents */

	old = MemoryContextSwitchTo(lists_cxt);
	entry->leaves = list_copy(walk.leaves);
	MemoryContextSwitchTo(old);
	entry->obstacle = walk.obstacle;
	entry->leaves_epoch = epoch;
	entry->print_epoch = 0;
	return entry;
}

List *
IvmLeavesOfTable(Oid relid, bool inh)
{
	return get_tree(relid, inh)->leaves;
}

List *
IvmViewLeaves(const IvmView *view)
{
	List	   *leaves = get_tree(view->rels[0].relid, view->rels[0].inh)->leaves;

	if (view->nrels == 1)
		return leaves;
	leaves = list_copy(leaves);
	for (int i = 1; i < view->nrels; i++)
		leaves = list_concat_unique_oid(leaves, get_tree(view->rels[i].relid, view->rels[i].inh)->leaves);
	list_sort(leaves, list_oid_cmp);
	return leaves;
}

/* ---- fingerprints ---- */

/* What is hashed of a leaf; no padding. */
typedef struct LeafImage
{
	Oid			relid;
	Oid			storage;
	Oid			capture;
	Oid			truncate;
	uint32		states;
} LeafImage;

static void
compute_leaf_print(TableEntry *entry)
{
	Relation	rel = RelationIdGetRelation(entry->relid);
	LeafImage	image = {.relid = entry->relid};
	IvmTriggerPair pair;

	if (rel == NULL)
	{
		entry->print = 0;
		entry->reason = "a base table was dropped";
		return;
	}
	IvmTriggersFind(rel, &pair);
	image.storage = rel->rd_rel->relfilenode;
	image.capture = pair.capture;
	image.truncate = pair.truncate;
	image.states = ((uint32) pair.capture_state << 8) | (uint8) pair.truncate_state;
	RelationClose(rel);

	entry->print = hash_bytes_extended((unsigned char *) &image, sizeof(image), 0);
	if (!OidIsValid(pair.capture) || !OidIsValid(pair.truncate))
		entry->reason = "a base table lacks its capture trigger";
	else if (pair.capture_state != TRIGGER_FIRES_ALWAYS ||
			 pair.truncate_state != TRIGGER_FIRES_ALWAYS)
		entry->reason = "a capture trigger is disabled";
	else
		entry->reason = NULL;
}

static TableEntry *
get_leaf_print(Oid leaf)
{
	TableEntry *entry = watch_table(leaf);

	if (!entry->print_valid)
	{
		/* First, so that what happens meanwhile unsets it. */
		entry->print_valid = true;
		compute_leaf_print(entry);
	}
	return entry;
}

static void
compute_tree_print(TreeEntry *tree)
{
	uint64		print = hash_bytes_extended((unsigned char *) &tree->key, sizeof(TreeKey), 0);
	const char *reason = tree->obstacle;
	ListCell   *lc;

	foreach(lc, tree->leaves)
	{
		TableEntry *leaf = get_leaf_print(lfirst_oid(lc));

		print = hash_combine64(print, leaf->print);
		if (reason == NULL)
			reason = leaf->reason;
	}
	tree->print = print;
	tree->reason = reason;
}

static TreeEntry *
get_tree_print(const IvmBaseRel *rel)
{
	TreeEntry  *tree = get_tree(rel->relid, rel->inh);

	if (tree->print_epoch != prints_epoch)
	{
		uint64		epoch = prints_epoch;

		compute_tree_print(tree);
		tree->print_epoch = epoch;
	}
	return tree;
}

bool
IvmViewFingerprint(const IvmView *view, uint64 *fingerprint, const char **reason)
{
	const char *obstacle = NULL;

	/*
	 * The reader's snapshot may be newer than its last lock, where a plan or a
	 * transaction goes on: hear of all that the snapshot sees.
	 */
	AcceptInvalidationMessages();
	for (int i = 0; i < view->nrels; i++)
	{
		TreeEntry  *tree = get_tree_print(&view->rels[i]);

		*fingerprint = i == 0 ? tree->print : hash_combine64(*fingerprint, tree->print);
		if (obstacle == NULL)
			obstacle = tree->reason;
	}
	if (obstacle != NULL && reason != NULL)
		*reason = obstacle;
	return obstacle == NULL;
}

/* ---- views of a leaf ---- */

static List *
parents_of(Oid relid)
{
	Relation	rel = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *parents = NIL;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(rel, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		parents = lappend_oid(parents, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return parents;
}

/* A table and all its ancestors, each once, all of them watched. */
static List *
lineage_of(Oid leaf)
{
	List	   *lineage = list_make1_oid(leaf);

	/* The list grows while it is walked. */
	for (int i = 0; i < list_length(lineage); i++)
	{
		Oid			relid = list_nth_oid(lineage, i);

		(void) watch_table(relid);
		lineage = list_concat_unique_oid(lineage, parents_of(relid));
	}
	return lineage;
}

List *
IvmLeafViewRelids(Oid leaf)
{
	List	   *relids = NIL;
	ListCell   *lc;

	if (IvmViewList() == NIL)
		return NIL;
	foreach(lc, lineage_of(leaf))
		relids = list_concat_unique_oid(relids, IvmViewsOverTable(lfirst_oid(lc)));
	return relids;
}

/* Is a table of the view the leaf, or one of its ancestors with children? */
static bool
is_over(const IvmView *view, Oid relid, List *lineage)
{
	return relid == linitial_oid(lineage) ||
		(IvmViewBaseRel(view, relid)->inh && list_member_oid(lineage, relid));
}

static IvmLeafUse *
make_use(IvmView *view, IvmView *part, Oid relid)
{
	IvmLeafUse *use = palloc(sizeof(IvmLeafUse));

	use->view = view;
	use->part = part;
	use->relid = relid;
	return use;
}

/* The parts of a view that are over one of these tables, or the first of them itself. */
static List *
uses_by_view(IvmView *view, List *lineage)
{
	List	   *uses = NIL;

	for (int i = 0; i < view->nparts; i++)
	{
		IvmView    *part = view->parts[i];

		if (part->noccurrences == 0 && is_over(view, part->baserel, lineage))
			uses = lappend(uses, make_use(view, part, part->baserel));
		for (int r = 0; r < view->nrels && part->noccurrences > 0; r++)
		{
			if (is_over(view, view->rels[r].relid, lineage))
				uses = lappend(uses, make_use(view, part, view->rels[r].relid));
		}
	}
	return uses;
}

List *
IvmUsesOfLeaf(Oid leaf)
{
	TableEntry *entry;
	List	   *relids;
	List	   *lineage;
	List	   *uses = NIL;
	uint64		epoch;
	ListCell   *lc;
	MemoryContext old;

	sync_leaves();
	entry = hash_search(tables, &leaf, HASH_FIND, NULL);
	if (entry != NULL && entry->views_epoch == lists_epoch)
		return entry->uses;

	epoch = lists_epoch;
	relids = IvmLeafViewRelids(leaf);
	lineage = relids == NIL ? NIL : lineage_of(leaf);
	foreach(lc, relids)
		(void) IvmViewGetIfAny(lfirst_oid(lc)); /* loading may forget lists */
	old = MemoryContextSwitchTo(lists_cxt);
	foreach(lc, relids)
	{
		IvmView    *view = IvmViewGetIfAny(lfirst_oid(lc));

		if (view != NULL)
			uses = list_concat(uses, uses_by_view(view, lineage));
	}
	MemoryContextSwitchTo(old);
	entry = watch_table(leaf);
	entry->uses = uses;
	entry->views_epoch = epoch;
	return entry->uses;
}
