/*-------------------------------------------------------------------------
 *
 * finish.c
 *		The finishing part: from a group's key and state to an output row.
 *
 * A group is turned into the "finish row" (key columns, then the aggregates'
 * results), of which only what the wanted outputs and HAVING refer to is
 * computed.  Outputs that are a plain column of it are copied; only the rest
 * goes through expression evaluation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "view/aggregates.h"
#include "view/finish.h"
#include "view/settings.h"

typedef struct FinishCopy
{
	int			from;			/* column of the finish row */
	int			to;				/* column of the slot */
} FinishCopy;

typedef struct FinishExpr
{
	ExprState  *state;
	int			to;
} FinishExpr;

struct IvmFinish
{
	const IvmView *view;

	/* the finish row */
	Datum	   *values;
	bool	   *nulls;
	bool	   *needed;			/* per column of the finish row */
	bool		keys_needed;	/* any key column? */

	int			ncopies;
	FinishCopy *copies;
	int			nexprs;
	FinishExpr *exprs;
	ExprState  *having;

	/* only where there is something to evaluate */
	bool		evaluates;
	bool		enters;			/* in the view's own environment */
	ExprContext *econtext;
	TupleTableSlot *row;
};

/* Mark the columns of the finish row that an expression refers to. */
static void
mark_needed(IvmFinish *finish, Expr *expr)
{
	Bitmapset  *attrs = NULL;
	int			i = -1;

	pull_varattnos((Node *) expr, 1, &attrs);
	while ((i = bms_next_member(attrs, i)) >= 0)
	{
		int			column = i + FirstLowInvalidHeapAttributeNumber - 1;

		Assert(column >= 0 && column < finish->view->nkeys + finish->view->naggs);
		finish->needed[column] = true;
		if (column < finish->view->nkeys)
			finish->keys_needed = true;
	}
	bms_free(attrs);
}

/* The column of the finish row that an expression shows unchanged, or -1. */
static int
plain_column(Expr *expr)
{
	while (expr != NULL && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	if (expr != NULL && IsA(expr, Var))
		return ((Var *) expr)->varattno - 1;
	return -1;
}

static ExprState *
compile(IvmFinish *finish, Expr *expr)
{
	ExprState  *state;
	IvmEvalEnv	env;

	expr = copyObject(expr);
	fix_opfuncids((Node *) expr);
	finish->evaluates = true;
	IvmEvalEnterOwner(finish->view, &env);	/* the right to call a function is checked here */
	state = ExecInitExpr(expr, NULL);
	IvmEvalLeave(&env);
	return state;
}

/* Description of the finish row, for expressions to read from. */
static TupleDesc
finish_row_desc(const IvmView *view)
{
	TupleDesc	desc = CreateTemplateTupleDesc(view->nkeys + view->naggs);

	for (int i = 0; i < view->nkeys; i++)
	{
		IvmKeyColumn *col = &view->keydesc->cols[i];

		TupleDescInitEntry(desc, i + 1, NULL, col->type, col->typmod, 0);
		TupleDescInitEntryCollation(desc, i + 1, col->collation);
	}
	for (int i = 0; i < view->naggs; i++)
	{
		TupleDescInitEntry(desc, view->nkeys + i + 1, NULL, view->aggs[i].rettype,
						   view->aggs[i].rettypmod, 0);
		TupleDescInitEntryCollation(desc, view->nkeys + i + 1, view->aggs[i].retcollid);
	}
	return desc;
}

/* What evaluating expressions takes. */
static void
prepare_evaluation(IvmFinish *finish)
{
	const IvmView *view = finish->view;

	finish->enters = view->user_code || view->needs_pins;
	finish->econtext = CreateStandaloneExprContext();
	finish->row = MakeSingleTupleTableSlot(finish_row_desc(view), &TTSOpsVirtual);
	finish->values = finish->row->tts_values;
	finish->nulls = finish->row->tts_isnull;
	finish->econtext->ecxt_scantuple = finish->row;
}

IvmFinish *
IvmFinishBegin(const IvmView *view, const bool *wanted, const int *columns)
{
	IvmFinish  *finish = palloc0(sizeof(IvmFinish));
	int			width = Max(view->nkeys + view->naggs, 1);

	finish->view = view;
	finish->needed = palloc0(width * sizeof(bool));
	finish->copies = palloc(Max(view->ntargets, 1) * sizeof(FinishCopy));
	finish->exprs = palloc(Max(view->ntargets, 1) * sizeof(FinishExpr));

	for (int i = 0; i < view->ntargets; i++)
	{
		int			to = columns ? columns[i] : i;
		int			from = plain_column(view->targets[i]);

		if (wanted != NULL && !wanted[i])
			continue;
		mark_needed(finish, view->targets[i]);
		if (from >= 0)
			finish->copies[finish->ncopies++] = (FinishCopy) {from, to};
		else
			finish->exprs[finish->nexprs++] = (FinishExpr) {compile(finish, view->targets[i]), to};
	}
	if (view->having)
	{
		mark_needed(finish, view->having);
		finish->having = compile(finish, view->having);
	}

	if (finish->evaluates)
		prepare_evaluation(finish);
	else
	{
		finish->values = palloc0(width * sizeof(Datum));
		finish->nulls = palloc0(width * sizeof(bool));
	}
	memset(finish->nulls, true, (view->nkeys + view->naggs) * sizeof(bool));
	return finish;
}

bool
IvmFinishNeeds(const IvmFinish *finish, int agg)
{
	return finish->needed[finish->view->nkeys + agg];
}

/* Compute the needed columns of the finish row. */
static void
fill_finish_row(IvmFinish *finish, const char *key, Size keylen, int64 rows,
				IvmState *const *states, const NullableDatum *arranged)
{
	const IvmView *view = finish->view;

	if (finish->keys_needed)
		IvmKeyDecode(view->keydesc, key + 1, keylen - 1, finish->needed, finish->values, finish->nulls);

	for (int i = 0; i < view->naggs; i++)
	{
		IvmAggSpec *agg = &view->aggs[i];
		int			column = view->nkeys + i;

		if (!finish->needed[column])
			continue;
		if (agg->how == IVM_AGG_ROWS)
		{
			finish->values[column] = Int64GetDatum(agg->part > 0 ? states[agg->part]->rows : rows);
			finish->nulls[column] = false;
		}
		else if (agg->how == IVM_AGG_STATE)
			finish->values[column] = IvmAggregateFinal(agg->aggfnoid,
													   view->parts[agg->part]->statedesc,
													   states[agg->part], agg->accum,
													   &finish->nulls[column]);
		else
		{
			finish->values[column] = arranged[i].value;
			finish->nulls[column] = arranged[i].isnull;
		}
	}
}

/* HAVING and the computed outputs.  False where HAVING is not true. */
static bool
evaluate(IvmFinish *finish, TupleTableSlot *slot)
{
	Datum		value;
	bool		isnull;

	ResetExprContext(finish->econtext);
	ExecClearTuple(finish->row);
	ExecStoreVirtualTuple(finish->row);

	if (finish->having)
	{
		value = ExecEvalExpr(finish->having, finish->econtext, &isnull);
		if (isnull || !DatumGetBool(value))
			return false;
	}
	for (int i = 0; i < finish->nexprs; i++)
	{
		int			to = finish->exprs[i].to;

		slot->tts_values[to] = ExecEvalExpr(finish->exprs[i].state, finish->econtext,
											&slot->tts_isnull[to]);
	}
	return true;
}

bool
IvmFinishRow(IvmFinish *finish, const char *key, Size keylen,
			 int64 rows, IvmState *const *states, const NullableDatum *arranged,
			 TupleTableSlot *slot)
{
	const IvmView *view = finish->view;
	IvmEvalEnv	env;
	bool		shown = true;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	fill_finish_row(finish, key, keylen, rows, states, arranged);

	if (finish->evaluates)
	{
		if (finish->enters)
			IvmEvalEnter(view, &env);
		shown = evaluate(finish, slot);
		if (finish->enters)
			IvmEvalLeave(&env);
		if (!shown)
			return false;
	}
	for (int i = 0; i < finish->ncopies; i++)
	{
		FinishCopy *copy = &finish->copies[i];

		slot->tts_values[copy->to] = finish->values[copy->from];
		slot->tts_isnull[copy->to] = finish->nulls[copy->from];
	}
	ExecStoreVirtualTuple(slot);
	return true;
}

void
IvmFinishEnd(IvmFinish *finish)
{
	if (!finish->evaluates)
		return;
	ExecDropSingleTupleTableSlot(finish->row);
	FreeExprContext(finish->econtext, true);
}
