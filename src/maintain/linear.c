/*-------------------------------------------------------------------------
 *
 * linear.c
 *		The linear part of a view, compiled for one leaf table: from a row to
 *		its key and its contribution to the state.
 *
 * Compiled expressions are kept from statement to statement, which PostgreSQL
 * itself does not do.  It is safe for built-in functions, whose state is a mere
 * cache.  Functions in procedural languages may be left in the middle of a call
 * by an error, and so may the executor of a source query, so views that have such are
 * compiled once a (sub)transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "executor/executor.h"
#include "maintain/expand.h"
#include "maintain/linear.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "view/settings.h"

typedef struct AccumCode
{
	ExprState  *args[2];
	ExprState  *filter;
} AccumCode;

typedef struct SlotCode
{
	ExprState **cols;
	ExprState  *filter;
	Datum	   *values;
	bool	   *nulls;
} SlotCode;

struct IvmLinear
{
	IvmView    *view;
	MemoryContext cxt;			/* where all of it lives */
	Oid			leaf;
	TupleDesc	desc;			/* the leaf's, as compiled for */
	bool		busy;			/* between Get and Release, or left by an error */
	SubTransactionId user;		/* whose Get it was */
	uint64		epoch;			/* of user code */
	uint64		checked;		/* relcache_epoch when desc was last compared */
	ExprContext *econtext;
	ExprState  *where;
	ExprState **keys;
	AccumCode  *accums;
	SlotCode   *slots;
	Datum	   *keyvalues;		/* of the row */
	bool	   *keynulls;
	bool	   *setnulls;		/* of a grouping set */
	IvmExpand  *expand;			/* where a row makes several, or NULL */
	StringInfoData key;			/* of the row's group */
	StringInfoData element;		/* of one of its elements */
	int			ncolumns;		/* columns of the leaf that are used */
	AttrNumber *columns;
	AttrNumber	lastcolumn;		/* the highest of them */
	struct IvmLinear *next;		/* other leaves of the view */
};

/* Count the ends of (sub)transactions that may have interrupted user code, and of transactions. */
static uint64 user_code_epoch = 1;
static uint64 transaction_epoch = 1;

/* Counts the relations that were invalidated: while it stands, so do their columns. */
static uint64 relcache_epoch = 1;

static void
count_invalidation(Datum arg, Oid relid)
{
	relcache_epoch++;
}

static void
watch_relcache(void)
{
	static bool watching = false;

	if (!watching)
		CacheRegisterRelcacheCallback(count_invalidation, (Datum) 0);
	watching = true;
}

void
IvmLinearForgetUserCode(bool transaction_ended)
{
	user_code_epoch++;
	if (transaction_ended)
		transaction_epoch++;
}

/* Copy an expression over the root table, turned to the leaf's columns. */
static Expr *
expression_for_leaf(Expr *expr, Relation root, Relation leaf)
{
	Node	   *mapped = (Node *) copyObject(expr);

	if (RelationGetRelid(root) != RelationGetRelid(leaf))
		mapped = (Node *) map_partition_varattnos((List *) mapped, 1, leaf, root);
	fix_opfuncids(mapped);
	return (Expr *) mapped;
}

static ExprState *
compile(Expr *expr, Relation root, Relation leaf)
{
	if (expr == NULL)
		return NULL;
	return ExecInitExpr(expression_for_leaf(expr, root, leaf), NULL);
}

/* Which columns of the leaf does the view use? */
static void
map_columns(IvmLinear *linear, Relation root, Relation leaf)
{
	AttrMap    *map = build_attrmap_by_name(RelationGetDescr(leaf), RelationGetDescr(root));
	int			i = -1;

	linear->columns = palloc0(sizeof(AttrNumber) * (bms_num_members(linear->view->columns) + 1));
	while ((i = bms_next_member(linear->view->columns, i)) >= 0)
	{
		AttrNumber	rootattno = i + FirstLowInvalidHeapAttributeNumber;
		AttrNumber	attno = map->attnums[rootattno - 1];

		linear->columns[linear->ncolumns++] = attno;
		linear->lastcolumn = Max(linear->lastcolumn, attno);
	}
	free_attrmap(map);
}

/* Expressions over a row of the leaf, or over what the source query makes of it. */
static ExprState *
compile_linear_expr(IvmLinear *linear, Expr *expr, Relation root, Relation leaf)
{
	if (expr != NULL && linear->view->source != NULL)
	{
		expr = copyObject(expr);
		fix_opfuncids((Node *) expr);
		return ExecInitExpr(expr, NULL);
	}
	return compile(expr, root, leaf);
}

static void
compile_keys(IvmLinear *linear, Relation root, Relation leaf)
{
	IvmView    *view = linear->view;

	linear->keyvalues = palloc0(sizeof(Datum) * (view->nkeys + 1));
	linear->keynulls = palloc0(sizeof(bool) * (view->nkeys + 1));
	linear->setnulls = palloc0(sizeof(bool) * (view->nkeys + 1));
	linear->keys = palloc0(sizeof(ExprState *) * (view->nkeys + 1));
	for (int i = 0; i < view->nkeys; i++)
		linear->keys[i] = compile_linear_expr(linear, view->keyexprs[i], root, leaf);
}

static void
compile_accums(IvmLinear *linear, Relation root, Relation leaf)
{
	IvmView    *view = linear->view;

	linear->accums = palloc0(sizeof(AccumCode) * (view->naccums + 1));
	for (int i = 0; i < view->naccums; i++)
	{
		const IvmAccumSpec *spec = &view->accums[i];

		for (int a = 0; a < spec->nargs; a++)
			linear->accums[i].args[a] = compile_linear_expr(linear, spec->args[a], root, leaf);
		linear->accums[i].filter = compile_linear_expr(linear, spec->filter, root, leaf);
	}
}

static void
compile_slots(IvmLinear *linear, Relation root, Relation leaf)
{
	IvmView    *view = linear->view;

	linear->slots = palloc0(sizeof(SlotCode) * (view->nslots + 1));
	for (int i = 0; i < view->nslots; i++)
	{
		const IvmSlotSpec *spec = &view->slots[i];
		SlotCode   *code = &linear->slots[i];

		code->cols = palloc(sizeof(ExprState *) * (spec->ncols + 1));
		code->values = palloc(sizeof(Datum) * (spec->ncols + 1));
		code->nulls = palloc(sizeof(bool) * (spec->ncols + 1));
		for (int c = 0; c < spec->ncols; c++)
			code->cols[c] = compile_linear_expr(linear, spec->cols[c], root, leaf);
		code->filter = compile_linear_expr(linear, spec->filter, root, leaf);
	}
}

/* Compile everything into the current memory context. */
static IvmLinear *
make_linear(IvmView *view, Relation root, Relation leaf)
{
	IvmLinear  *linear = palloc0(sizeof(IvmLinear));

	linear->view = view;
	linear->epoch = user_code_epoch;
	linear->checked = relcache_epoch;
	linear->econtext = CreateStandaloneExprContext();
	initStringInfo(&linear->key);
	initStringInfo(&linear->element);
	if (leaf != NULL)
	{
		linear->leaf = RelationGetRelid(leaf);
		linear->desc = CreateTupleDescCopyConstr(RelationGetDescr(leaf));	/* as still_good compares it */
		map_columns(linear, root, leaf);
		if (view->source != NULL)
			linear->expand = IvmExpandMake(view, root, leaf);
	}
	linear->where = compile_linear_expr(linear, view->where, root, leaf);
	compile_keys(linear, root, leaf);
	compile_accums(linear, root, leaf);
	compile_slots(linear, root, leaf);
	return linear;
}

/* Does it run what an error may leave in the middle: user code, or an executor? */
static bool
is_interruptible(const IvmView *view)
{
	return view->user_code || view->source != NULL;
}

/* Has an error, since it was compiled, perhaps left user code in the middle? */
static bool
is_stale(const IvmLinear *linear)
{
	return is_interruptible(linear->view) && linear->epoch != user_code_epoch;
}

/*
 * Is the compiled form still good?  A view's definition goes stale with its
 * root table's, but a leaf's columns may change by themselves.
 */
static bool
still_good(IvmLinear *linear, Relation leaf)
{
	if (is_stale(linear))
		return false;
	if (leaf == NULL || linear->checked == relcache_epoch)
		return true;
	if (!equalTupleDescs(RelationGetDescr(leaf), linear->desc))
		return false;
	linear->checked = relcache_epoch;
	return true;
}

static IvmLinear *
compile_linear(IvmView *view, Relation leaf)
{
	MemoryContext home = is_interruptible(view) ? TopTransactionContext : view->cxt;
	MemoryContext cxt = AllocSetContextCreate(home, "ivm linear", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	IvmLinear  *linear;
	IvmEvalEnv	env;

	watch_relcache();
	IvmEvalEnterOwner(view, &env);	/* compiling checks EXECUTE */
	if (leaf == NULL || view->baserel == RelationGetRelid(leaf))
		linear = make_linear(view, leaf, leaf);
	else
	{
		Relation	root = relation_open(view->baserel, AccessShareLock);

		linear = make_linear(view, root, leaf);
		relation_close(root, AccessShareLock);
	}
	linear->cxt = cxt;
	IvmEvalLeave(&env);
	MemoryContextSwitchTo(old);
	return linear;
}

/* Is somebody further up in the call stack at work with it? */
static bool
in_use(const IvmLinear *linear)
{
	return linear->busy && is_interruptible(linear->view) && SubTransactionIsActive(linear->user);
}

IvmLinear *
IvmLinearGet(IvmView *view, Relation leaf)
{
	IvmLinear **link = &view->linears;
	IvmLinear  *linear;

	/* an entry of an ended transaction is not even looked at */
	if (is_interruptible(view) && view->linears_epoch != transaction_epoch)
		view->linears = NULL;
	view->linears_epoch = transaction_epoch;

	while ((linear = *link) != NULL)
	{
		bool		wanted = linear->leaf == (leaf ? RelationGetRelid(leaf) : InvalidOid);

		if (in_use(linear) || (!wanted && !is_stale(linear)))
			link = &linear->next;
		else if (wanted && still_good(linear, leaf))
			break;
		else
		{
			*link = linear->next;
			MemoryContextDelete(linear->cxt);
		}
	}
	if (linear == NULL)
	{
		linear = compile_linear(view, leaf);
		linear->next = view->linears;
		view->linears = linear;
	}
	linear->busy = true;
	linear->user = GetCurrentSubTransactionId();
	return linear;
}

void
IvmLinearRelease(IvmLinear *linear)
{
	if (linear->expand != NULL)
		IvmExpandClose(linear->expand);
	linear->busy = false;
}

bool
IvmLinearSameInput(IvmLinear *linear, TupleTableSlot *a, TupleTableSlot *b)
{
	slot_getsomeattrs(a, linear->lastcolumn);
	slot_getsomeattrs(b, linear->lastcolumn);
	for (int i = 0; i < linear->ncolumns; i++)
	{
		int			c = linear->columns[i] - 1;
		Form_pg_attribute att = TupleDescAttr(linear->desc, c);

		if (a->tts_isnull[c] != b->tts_isnull[c])
			return false;
		if (!a->tts_isnull[c] &&
			!datumIsEqual(a->tts_values[c], b->tts_values[c], att->attbyval, att->attlen))
			return false;
	}
	return true;
}

/* The result lives in per-tuple memory, until the next row's key. */
static inline Datum
evaluate(IvmLinear *linear, ExprState *state, bool *isnull)
{
	return ExecEvalExprSwitchContext(state, linear->econtext, isnull);
}

/* A condition holds only where it is true, not where it is null. */
static inline bool
holds(IvmLinear *linear, ExprState *state)
{
	bool		isnull;

	if (state == NULL)
		return true;
	return DatumGetBool(evaluate(linear, state, &isnull)) && !isnull;
}

/* ---- counting a source row ---- */

typedef struct Count
{
	int			sign;
	IvmLinearSink sink;
	void	   *arg;
} Count;

/* The slots of expression evaluation are reset with each source row. */
static inline MemoryContext
row_memory(IvmLinear *linear)
{
	return linear->econtext->ecxt_per_tuple_memory;
}

static void
count_group(IvmLinear *linear, const Count *count)
{
	IvmView    *view = linear->view;
	IvmState   *state = count->sink(count->arg, linear->key.data, linear->key.len,
									view->statedesc);

	if (!view->no_rows)
		state->rows += count->sign;
	for (int i = 0; i < view->naccums; i++)
	{
		const IvmAccumSpec *spec = &view->accums[i];
		AccumCode  *code = &linear->accums[i];
		Datum		args[2];
		bool		isnull = false;

		if (!holds(linear, code->filter))
			continue;
		for (int a = 0; a < spec->nargs && !isnull; a++)
			args[a] = evaluate(linear, code->args[a], &isnull);
		if (!isnull)
			IvmStateAccumRow(view->statedesc, state, i, args, count->sign);
	}
}

/* The columns of an element.  False where there is none. */
static bool
evaluate_element(IvmLinear *linear, int i)
{
	const IvmSlotSpec *spec = &linear->view->slots[i];
	SlotCode   *code = &linear->slots[i];

	if (!holds(linear, code->filter))
		return false;
	for (int c = 0; c < spec->ncols; c++)
	{
		code->values[c] = evaluate(linear, code->cols[c], &code->nulls[c]);
		if (code->nulls[c] && spec->strict)
			return false;
	}
	return true;
}

/* Count an element of the group in linear->key. */
static void
count_element(IvmLinear *linear, int i, Size ownerlen, const Count *count)
{
	const IvmSlotSpec *spec = &linear->view->slots[i];
	SlotCode   *code = &linear->slots[i];
	StringInfo	key = &linear->element;
	MemoryContext old;
	IvmState   *state;

	resetStringInfo(key);
	appendStringInfoChar(key, IVM_SLOT_BYTE(linear->view, i));
	appendBinaryStringInfo(key, linear->key.data + 1, ownerlen);
	old = MemoryContextSwitchTo(row_memory(linear));
	if (spec->canonical)
		IvmKeyEncodeCanonical(spec->keydesc, code->values, code->nulls, key);
	else
		IvmKeyEncode(spec->keydesc, code->values, code->nulls, key);
	MemoryContextSwitchTo(old);

	state = count->sink(count->arg, key->data, key->len, spec->statedesc);
	state->rows += count->sign;
	if (spec->total)
		IvmStateSetMember(spec->statedesc, state, ownerlen);
}

static void
encode_key(IvmLinear *linear, const bool *nulls)
{
	MemoryContext old;

	resetStringInfo(&linear->key);
	appendStringInfoChar(&linear->key, IVM_GROUP_BYTE(linear->view));
	old = MemoryContextSwitchTo(row_memory(linear));
	IvmKeyEncode(linear->view->keydesc, linear->keyvalues, nulls, &linear->key);
	MemoryContextSwitchTo(old);
}

/* Count the group whose key is encoded, and its elements. */
static void
count_key(IvmLinear *linear, const bool *is_element, const Count *count)
{
	IvmView    *view = linear->view;
	Size		ownerlen;

	count_group(linear, count);
	if (view->nslots == 0)
		return;
	ownerlen = linear->key.len - 1;
	if (!view->owner_has_forms)
		ownerlen = IvmKeyCanonicalLength(view->keydesc, linear->key.data + 1, ownerlen);
	for (int i = 0; i < view->nslots; i++)
	{
		if (is_element[i])
			count_element(linear, i, ownerlen, count);
	}
}

/* Under the key of each grouping set: a set's columns and its number, all others null. */
static void
count_sets(IvmLinear *linear, const bool *is_element, const Count *count)
{
	IvmView    *view = linear->view;

	for (int set = 0; set < view->nsets; set++)
	{
		for (int i = 0; i < view->nkeys - 1; i++)
			linear->setnulls[i] = linear->keynulls[i] || !view->inset[set * view->nkeys + i];
		linear->keyvalues[view->nkeys - 1] = Int32GetDatum(set);
		encode_key(linear, linear->setnulls);
		count_key(linear, is_element, count);
	}
}

static void
count_source_row(IvmLinear *linear, TupleTableSlot *slot, const Count *count)
{
	IvmView    *view = linear->view;
	bool		is_element[IVM_MAX_SLOTS];

	ResetExprContext(linear->econtext);
	linear->econtext->ecxt_scantuple = slot;
	if (!holds(linear, linear->where))
		return;
	for (int i = 0; i < view->nkeys; i++)
	{
		if (linear->keys[i] != NULL)
			linear->keyvalues[i] = evaluate(linear, linear->keys[i], &linear->keynulls[i]);
	}
	for (int i = 0; i < view->nslots; i++)
		is_element[i] = evaluate_element(linear, i);
	if (view->nsets > 0)
		count_sets(linear, is_element, count);
	else
	{
		encode_key(linear, linear->keynulls);
		count_key(linear, is_element, count);
	}
}

void
IvmLinearCount(IvmLinear *linear, TupleTableSlot *slot, int sign,
			   IvmLinearSink sink, void *arg)
{
	Count		count = {sign, sink, arg};
	TupleTableSlot *source;

	if (linear->expand == NULL)
	{
		count_source_row(linear, slot, &count);
		return;
	}
	IvmExpandStart(linear->expand, slot);
	while ((source = IvmExpandNext(linear->expand)) != NULL)
		count_source_row(linear, source, &count);
}
