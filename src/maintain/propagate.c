/*-------------------------------------------------------------------------
 *
 * propagate.c
 *		Joins at publication (see propagate.h; DESIGN section 8).
 *
 * A join is multilinear in its tables' occurrences.  With O the rows that the snapshot S
 * sees without this transaction's changes, W this transaction's signed rows and X those of others that are
 * in flight (store/inflight.h), what is to be emitted is
 *
 *		product of (O + X + W)  -  product of (O + X)
 *
 * that is, for each set D of occurrences, and each of D's members as the first with a row of our own, the term
 *
 *		before it in D: X,  it: W,  after it in D: W + X,  not in D: O
 *
 * Each row that a term gives is tagged with the transactions of its rows.  Where
 * nothing matters in flight and one table was changed, that is one term for each of the table's occurrences,
 * and for each set of them.
 *
 * First it is tried without registering: evaluate, then publish if nobody has
 * registered meanwhile.  Else rows and header come first, and all is evaluated anew.
 *
 * Where evaluation fails beside others' rows, their ends are awaited (beside.h).
 *
 * Whose rows are lost (too many to be kept) is not joined with: the views that would have
 * are invalidated as of all that take part.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "maintain/beside.h"
#include "maintain/edges.h"
#include "maintain/groups.h"
#include "maintain/joinrows.h"
#include "maintain/linear.h"
#include "maintain/others.h"
#include "maintain/propagate.h"
#include "maintain/terms.h"
#include "miscadmin.h"
#include "store/inflight.h"
#include "port/pg_bitutils.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "view/catalog.h"
#include "view/settings.h"

#define MAX_TERMS	4096

/* Registrations of this transaction before. */
static FullTransactionId registrant = {0};
static uint32 registrations = 0;

/* Contributions with one tag. */
typedef struct TagGroups
{
	uint32		view;
	int			nxids;
	FullTransactionId *xids;	/* of others, ascending */
	IvmGroups  *groups;
} TagGroups;

/* One publication's work. */
typedef struct Propagation
{
	FullTransactionId xid;
	List	   *tables;			/* own rows: of IvmJoinTable * */
	List	   *parts;			/* of IvmView *: those that join them */
	IvmInflightOwn own;
	uint32	   *partners;
	int			npartners;

	/* of the present attempt */
	MemoryContext cxt;			/* reset with each attempt */
	IvmInflight *inflight;
	List	   *stores;			/* Tuplestorestates to be ended */
	List	   *own_rows;		/* of OwnRows *, made when needed */
	List	   *tags;			/* of TagGroups * */
	List	   *lost;			/* ids of views that are to be invalidated */
} Propagation;

/* Own rows of a table, ready to be joined. */
typedef struct OwnRows
{
	Oid			relid;
	IvmChangedRows *changed;
} OwnRows;

/* What a part's occurrence can be in a term. */
typedef struct Choices
{
	IvmChangedRows *own;		/* NULL: none */
	IvmChangedRows *others;		/* NULL: none */
	IvmChangedRows *both;		/* NULL: not made yet */
} Choices;

/* The part that is evaluated, for the receiver. */
typedef struct PartRun
{
	Propagation *prop;
	IvmView    *part;
	IvmLinear  *linear;
	TagGroups  *tag;			/* of the present row */
} PartRun;

/* ---- what takes part ---- */

static IvmJoinTable *
own_table(const Propagation *prop, Oid relid)
{
	ListCell   *lc;

	foreach(lc, prop->tables)
	{
		if (((IvmJoinTable *) lfirst(lc))->relid == relid)
			return lfirst(lc);
	}
	return NULL;
}

/* Count a table among the changed ones, as one whose changes are not known. */
static void
add_lost_table(Propagation *prop, Oid relid)
{
	IvmJoinTable *table = own_table(prop, relid);

	if (table == NULL)
	{
		table = palloc0(sizeof(IvmJoinTable));
		table->relid = relid;
		prop->tables = lappend(prop->tables, table);
	}
	table->lost = true;
	table->nrows = 0;
}

/*
 * Changes of these views' tables were not captured.  Others in flight have to
 * hear of it, where their rows would be joined with what is not known.
 */
static void
add_lost_views(Propagation *prop, const IvmOverlayNet *net)
{
	ListCell   *lc;

	if (net->ninvalid == 0)
		return;
	foreach(lc, IvmViewList())
	{
		IvmView    *view = IvmViewGetIfAny(lfirst_oid(lc));
		bool		joins = false;

		for (int i = 0; view != NULL && i < view->nparts; i++)
			joins |= view->parts[i]->noccurrences > 0;
		for (int i = 0; joins && i < net->ninvalid; i++)
		{
			if (net->invalid[i] != view->id)
				continue;
			for (int r = 0; r < view->nrels; r++)
				add_lost_table(prop, view->rels[r].relid);
		}
	}
}

/* The parts of all views that join one of the changed tables. */
static void
find_parts(Propagation *prop)
{
	ListCell   *lt,
			   *lv;

	foreach(lt, prop->tables)
	{
		foreach(lv, IvmViewsOverTable(((IvmJoinTable *) lfirst(lt))->relid))
		{
			IvmView    *view = IvmViewGetIfAny(lfirst_oid(lv));

			for (int i = 0; view != NULL && i < view->nparts; i++)
			{
				if (view->parts[i]->noccurrences > 0)
					prop->parts = list_append_unique_ptr(prop->parts, view->parts[i]);
			}
		}
	}
}

static int
compare_uint32(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return (x > y) - (x < y);
}

/* The tables whose rows own rows can meet: those of the other occurrences. */
static void
find_partners(Propagation *prop)
{
	List	   *partners = NIL;
	ListCell   *lc;

	foreach(lc, prop->parts)
	{
		IvmView    *part = lfirst(lc);

		for (int i = 0; i < part->noccurrences; i++)
		{
			if (own_table(prop, part->occurrences[i].relid) == NULL)
				continue;
			for (int j = 0; j < part->noccurrences; j++)
			{
				if (j != i)
					partners = list_append_unique_oid(partners, part->occurrences[j].relid);
			}
		}
	}
	prop->partners = palloc(sizeof(uint32) * (list_length(partners) + 1));
	foreach(lc, partners)
		prop->partners[prop->npartners++] = lfirst_oid(lc);
	qsort(prop->partners, prop->npartners, sizeof(uint32), compare_uint32);
}

/* ---- rows to be registered ---- */

/* The edges that lead to a table, of all parts; one for each of its columns. */
static List *
edges_to(const Propagation *prop, Oid relid)
{
	List	   *result = NIL;
	Bitmapset  *columns = NULL;
	ListCell   *lp,
			   *le;

	foreach(lp, prop->parts)
	{
		IvmView    *part = lfirst(lp);

		foreach(le, IvmEdgesOf(part))
		{
			IvmEdge    *edge = lfirst(le);

			if (part->occurrences[edge->occurrence[1]].relid != relid ||
				bms_is_member(edge->column[1], columns))
				continue;
			columns = bms_add_member(columns, edge->column[1]);
			result = lappend(result, edge);
		}
	}
	return result;
}

/* The ways to find a row: one for each column by which it is joined. */
static void
set_probes(IvmInflightRow *row, List *edges, const Datum *values, const bool *nulls)
{
	IvmProbe   *probes = palloc(sizeof(IvmProbe) * (list_length(edges) + 1));
	ListCell   *lc;

	row->probes = probes;
	foreach(lc, edges)
	{
		IvmEdge    *edge = lfirst(lc);
		AttrNumber	column = edge->column[1];
		IvmProbe   *probe = &probes[row->nprobes];

		probe->column = column;
		if (IvmEdgeHash(edge, 1, values[column - 1], nulls[column - 1], &probe->hash))
			row->nprobes++;
	}
}

static void
add_inflight_rows(Propagation *prop, const IvmJoinTable *table, List *edges, IvmInflightRow *rows)
{
	Datum	   *values = palloc(sizeof(Datum) * table->desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * table->desc->natts);

	for (int i = 0; i < table->nrows; i++)
	{
		IvmInflightRow *row = &rows[prop->own.nrows++];

		*row = (IvmInflightRow)
		{
			.relation = table->relid,.sign = table->rows[i].sign,
			.data = (char *) table->rows[i].tuple,.len = table->rows[i].tuple->t_len
		};
		if (edges == NIL)
			continue;
		IvmChangedDeform(table->desc, table->rows[i].tuple, values, nulls);
		set_probes(row, edges, values, nulls);
	}
}

static void
prepare_own(Propagation *prop)
{
	IvmInflightRow *rows;
	uint32	   *lost = palloc(sizeof(uint32) * (list_length(prop->tables) + 1));
	Size		nrows = 0;
	ListCell   *lc;

	if (!FullTransactionIdEquals(registrant, prop->xid))
		registrations = 0;
	registrant = prop->xid;
	prop->own.xid = prop->xid;
	prop->own.publication = registrations;
	foreach(lc, prop->tables)
		nrows += ((IvmJoinTable *) lfirst(lc))->nrows;
	rows = palloc_extended(sizeof(IvmInflightRow) * (nrows + 1), MCXT_ALLOC_HUGE);
	foreach(lc, prop->tables)
	{
		IvmJoinTable *table = lfirst(lc);
		List	   *edges = edges_to(prop, table->relid);

		/* who could not find the rows in all ways must not look for them at all */
		if (table->lost || list_length(edges) > IVM_MAX_PROBES)
			lost[prop->own.nlost++] = table->relid;
		else
			add_inflight_rows(prop, table, edges, rows);
	}
	prop->own.rows = rows;
	prop->own.lost = lost;
}

/* ---- changed rows ---- */

/* The own rows of a table, made once an attempt; NULL: none. */
static IvmChangedRows *
get_own(Propagation *prop, Oid relid)
{
	IvmJoinTable *table = own_table(prop, relid);
	OwnRows    *own;
	ListCell   *lc;

	if (table == NULL || table->nrows == 0)
		return NULL;
	foreach(lc, prop->own_rows)
	{
		own = lfirst(lc);
		if (own->relid == relid)
			return own->changed;
	}
	own = palloc(sizeof(OwnRows));
	own->relid = relid;
	own->changed = IvmChangedMake(IvmChangedDesc(table->desc), &prop->stores);
	IvmChangedPutTable(own->changed, table);
	prop->own_rows = lappend(prop->own_rows, own);
	return own->changed;
}

static IvmChangedRows *
get_both(Propagation *prop, Choices *choices)
{
	TupleTableSlot *slot;

	if (choices->others == NULL)
		return choices->own;
	if (choices->own == NULL)
		return choices->others;
	if (choices->both != NULL)
		return choices->both;
	choices->both = IvmChangedMake(choices->own->desc, &prop->stores);
	choices->both->nrows = choices->own->nrows + choices->others->nrows;
	slot = MakeSingleTupleTableSlot(choices->own->desc, &TTSOpsMinimalTuple);
	for (int i = 0; i < 2; i++)
	{
		Tuplestorestate *from = i == 0 ? choices->own->rows : choices->others->rows;

		tuplestore_rescan(from);
		while (tuplestore_gettupleslot(from, true, false, slot))
			tuplestore_puttupleslot(choices->both->rows, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	return choices->both;
}

/* ---- contributions ---- */

static TagGroups *
get_tag(Propagation *prop, uint32 view, const FullTransactionId *xids, int nxids)
{
	ListCell   *lc;
	TagGroups  *tag;

	foreach(lc, prop->tags)
	{
		tag = lfirst(lc);
		if (tag->view == view && tag->nxids == nxids &&
			memcmp(tag->xids, xids, sizeof(FullTransactionId) * nxids) == 0)
			return tag;
	}
	tag = MemoryContextAlloc(prop->cxt, sizeof(TagGroups));
	tag->view = view;
	tag->nxids = nxids;
	tag->xids = MemoryContextAlloc(prop->cxt, sizeof(FullTransactionId) * (nxids + 1));
	memcpy(tag->xids, xids, sizeof(FullTransactionId) * nxids);
	tag->groups = IvmGroupsCreate(prop->cxt);
	prop->tags = lappend(prop->tags, tag);
	return tag;
}

/* IvmLinearSink */
static IvmState *
tagged_group(void *arg, const char *key, uint32 keylen, const IvmStateDesc *desc)
{
	PartRun    *run = arg;

	return IvmGroupsGet(run->tag->groups, desc, key, keylen)->state;
}

/* IvmTermReceiver: count a row of the join. */
static void
receive_row(void *arg, TupleTableSlot *row, int64 sign, const FullTransactionId *xids, int nxids)
{
	PartRun    *run = arg;
	FullTransactionId *others = palloc(sizeof(FullTransactionId) * (nxids + 1));
	int			n = 0;
	MemoryContext old;

	/* rows that this transaction has registered before are found as others', too */
	for (int i = 0; i < nxids; i++)
	{
		if (!FullTransactionIdEquals(xids[i], run->prop->xid))
			others[n++] = xids[i];
	}
	old = MemoryContextSwitchTo(run->prop->cxt);
	run->tag = get_tag(run->prop, run->part->id, others, n);
	MemoryContextSwitchTo(IvmGroupsContext(run->tag->groups));
	for (int64 i = 0; i < Abs(sign); i++)
		IvmLinearCount(run->linear, row, sign < 0 ? -1 : 1, tagged_group, run);
	MemoryContextSwitchTo(old);
	pfree(others);
}

/* ---- terms ---- */

/* Evaluate the terms of one set of occurrences: each member in turn is the first with own rows. */
static void
evaluate_set(PartRun *run, Choices *choices, uint32 mask)
{
	IvmView    *part = run->part;
	IvmChangedRows **changed = palloc0(sizeof(IvmChangedRows *) * part->noccurrences);

	for (int first = 0; first < part->noccurrences; first++)
	{
		bool		empty = false;

		if (!(mask & ((uint32) 1 << first)) || choices[first].own == NULL)
			continue;
		for (int i = 0; i < part->noccurrences && !empty; i++)
		{
			if (!(mask & ((uint32) 1 << i)))
				continue;
			changed[i] = i < first ? choices[i].others : i == first ? choices[i].own :
				get_both(run->prop, &choices[i]);
			empty = changed[i] == NULL;
		}
		if (!empty)
			IvmTermEvaluate(part, changed, run->prop->inflight->snapshot, receive_row, run);
	}
}

/* Which occurrences can be changed rows? */
static uint32
find_choices(Propagation *prop, IvmView *part, Choices *choices)
{
	IvmOthersSearch search = {prop->inflight, part, prop->tables, &prop->stores};
	uint32		mask = 0;

	for (int i = 0; i < part->noccurrences; i++)
	{
		Oid			relid = part->occurrences[i].relid;

		choices[i].own = get_own(prop, relid);
		choices[i].others = IvmOthersFind(&search, i);
		if (choices[i].own != NULL || choices[i].others != NULL)
			mask |= (uint32) 1 << i;
	}
	return mask;
}

/* Has any table of the part rows that are lost, of this transaction or of others in flight? */
static bool
part_is_lost(const Propagation *prop, const IvmView *part)
{
	for (int i = 0; i < part->noccurrences; i++)
	{
		Oid			relid = part->occurrences[i].relid;
		IvmJoinTable *table = own_table(prop, relid);

		if ((table != NULL && table->lost) || IvmInflightLost(prop->inflight, relid))
			return true;
	}
	return false;
}

static void
term_error_context(void *arg)
{
	PartRun    *run = arg;
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, run->prop->tables)
	{
		char	   *name = get_rel_name(((IvmJoinTable *) lfirst(lc))->relid);

		if (own_table(run->prop, ((IvmJoinTable *) lfirst(lc))->relid) != NULL && name != NULL)
			appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", name);
	}
	errcontext("maintenance of view %s at commit, by changes of %s", run->part->name, names.data);
}

static void
evaluate_part(Propagation *prop, IvmView *part)
{
	Choices    *choices = palloc0(sizeof(Choices) * part->noccurrences);
	PartRun		run = {.prop = prop,.part = part};
	ErrorContextCallback callback;
	IvmEvalEnv	env;
	uint32		mask;

	if (part_is_lost(prop, part))
	{
		prop->lost = list_append_unique_int(prop->lost, part->id);
		return;
	}
	mask = find_choices(prop, part, choices);
	if (pg_popcount32(mask) > 0 && ((int64) 1 << pg_popcount32(mask)) > MAX_TERMS)
	{
		prop->lost = list_append_unique_int(prop->lost, part->id);
		return;
	}

	callback.callback = term_error_context;
	callback.arg = &run;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	IvmEvalEnterOwner(part, &env);
	run.linear = IvmLinearGet(part, NULL);
	for (uint32 set = mask; set != 0; set = (set - 1) & mask)
		evaluate_set(&run, choices, set);
	IvmLinearRelease(run.linear);
	IvmEvalLeave(&env);
	error_context_stack = callback.previous;
}

/* Evaluate everything under the snapshot of prop->inflight. */
static void
evaluate(void *arg)
{
	Propagation *prop = arg;
	MemoryContext old = MemoryContextSwitchTo(prop->cxt);
	ListCell   *lc;

	prop->stores = prop->own_rows = prop->tags = prop->lost = NIL;
	PushActiveSnapshot(prop->inflight->snapshot);
	foreach(lc, prop->parts)
		evaluate_part(prop, lfirst(lc));
	PopActiveSnapshot();
	foreach(lc, prop->stores)
		tuplestore_end(lfirst(lc));
	MemoryContextSwitchTo(old);
}

/* ---- publishing ---- */

static void
add_deltas(Propagation *prop, const TagGroups *tag, IvmOverlayNet *net)
{
	int			ngroups;
	IvmGroup  **groups = IvmGroupsSorted(tag->groups, &ngroups);

	net->deltas = net->deltas == NULL ?
		palloc_extended(sizeof(IvmDelta) * (ngroups + 1), MCXT_ALLOC_HUGE) :
		repalloc_huge(net->deltas, sizeof(IvmDelta) * ((Size) net->ndeltas + ngroups + 1));
	for (int i = 0; i < ngroups; i++)
	{
		StringInfoData packed;

		if (IvmStateIsZero(groups[i]->desc, groups[i]->state))
			continue;
		initStringInfo(&packed);
		IvmStatePack(groups[i]->desc, groups[i]->state, &packed);
		net->deltas[net->ndeltas++] = (IvmDelta)
		{
			.view = tag->view,.key = groups[i]->key,.keylen = groups[i]->keylen,
			.state = packed.data,.statelen = packed.len,
			.nmore = tag->nxids,.more = tag->xids
		};
	}
}

/* A view that was not joined is invalid for who sees any of those that take part. */
static int
list_invalid(Propagation *prop, const IvmOverlayNet *net, IvmInvalidation **invalid)
{
	int			nothers = prop->inflight ? prop->inflight->nothers : 0;
	int			n = 0;
	ListCell   *lc;

	*invalid = palloc(sizeof(IvmInvalidation) *
					  (net->ninvalid + list_length(prop->lost) * (nothers + 1) + 1));
	for (int i = 0; i < net->ninvalid; i++)
		(*invalid)[n++] = (IvmInvalidation)
	{
		net->invalid[i], prop->xid
	};
	foreach(lc, prop->lost)
	{
		(*invalid)[n++] = (IvmInvalidation)
		{
			(uint32) lfirst_int(lc), prop->xid
		};
		for (int i = 0; i < nothers; i++)
			(*invalid)[n++] = (IvmInvalidation)
		{
			(uint32) lfirst_int(lc), prop->inflight->others[i].xid
		};
	}
	return n;
}

/* The whole publication: the overlay's content and what was evaluated. */
static IvmPublication
make_publication(Propagation *prop, const IvmOverlayNet *overlay)
{
	IvmOverlayNet net = *overlay;
	IvmPublication pub;
	IvmInvalidation *invalid;
	ListCell   *lc;

	if (net.ndeltas > 0)
	{
		net.deltas = palloc_extended(sizeof(IvmDelta) * net.ndeltas, MCXT_ALLOC_HUGE);
		memcpy(net.deltas, overlay->deltas, sizeof(IvmDelta) * net.ndeltas);
	}
	else
		net.deltas = NULL;
	foreach(lc, prop->tags)
		add_deltas(prop, lfirst(lc), &net);
	pub = (IvmPublication)
	{
		.xid = prop->xid,.deltas = net.deltas,.ndeltas = net.ndeltas,
		.gens = net.gens,.ngens = net.ngens
	};
	pub.ninvalid = list_invalid(prop, &net, &invalid);
	pub.invalid = invalid;
	return pub;
}

/* Without registering first.  False where that did not do. */
static bool
publish_at_once(Propagation *prop, const IvmOverlayNet *net)
{
	IvmPublication pub;
	MemoryContext old;
	bool		done;

	prop->inflight = IvmInflightLook(prop->xid, prop->partners, prop->npartners);
	IvmEvaluateBeside(prop->inflight, prop->xid, evaluate, prop, prop->cxt);
	old = MemoryContextSwitchTo(prop->cxt);
	pub = make_publication(prop, net);
	done = IvmInflightPublish(prop->inflight, &prop->own, &pub);
	MemoryContextSwitchTo(old);
	IvmInflightEnd(prop->inflight);
	return done;
}

static void
register_and_publish(Propagation *prop, const IvmOverlayNet *net)
{
	IvmPublication pub;

	prop->inflight = IvmInflightRegister(&prop->own, prop->partners, prop->npartners);
	IvmEvaluateBeside(prop->inflight, prop->xid, evaluate, prop, prop->cxt);
	pub = make_publication(prop, net);
	IvmStorePublish(&pub);
	IvmInflightEnd(prop->inflight);
}

void
IvmPropagate(IvmOverlayNet *net)
{
	Propagation prop = {.xid = IvmTopFullXid(),.tables = IvmJoinRowsNet()};

	add_lost_views(&prop, net);
	if (prop.tables != NIL)
		find_parts(&prop);
	if (prop.parts == NIL)
	{
		IvmPublication pub = make_publication(&prop, net);

		if (pub.ndeltas + pub.ngens + pub.ninvalid > 0)
			IvmStorePublish(&pub);
		return;
	}
	CommandCounterIncrement();
	find_partners(&prop);
	prepare_own(&prop);
	prop.cxt = AllocSetContextCreate(CurrentMemoryContext, "ivm propagation",
									 ALLOCSET_DEFAULT_SIZES);
	if (!publish_at_once(&prop, net))
	{
		MemoryContextReset(prop.cxt);
		register_and_publish(&prop, net);
	}
	registrations++;
}
