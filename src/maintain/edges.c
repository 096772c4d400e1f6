/*-------------------------------------------------------------------------
 *
 * edges.c
 *		Equalities between the tables of a join (see edges.h).
 *
 * Values are hashed in their canonical form as keys, which is the same for all
 * types of a family.  Columns whose equality bytes do not tell have no edges.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "maintain/edges.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

static int
occurrence_of(const IvmView *part, int varno)
{
	for (int i = 0; i < part->noccurrences; i++)
	{
		if (part->occurrences[i].varno == varno)
			return i;
	}
	return -1;
}

/* A column of one of the tables, but for its type's name. */
static Var *
plain_column(const IvmView *part, Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (!IsA(node, Var) || ((Var *) node)->varlevelsup != 0 || ((Var *) node)->varattno <= 0 ||
		occurrence_of(part, ((Var *) node)->varno) < 0)
		return NULL;
	return (Var *) node;
}

static IvmKeyDesc *
describe(Var *var)
{
	if (!OidIsValid(lookup_type_cache(var->vartype, TYPECACHE_EQ_OPR)->eq_opr))
		return NULL;
	return IvmKeyDescMake(1, &var->vartype, &var->vartypmod, &var->varcollid);
}

static IvmEdge *
make_edge(const IvmView *part, Node *qual, Var *from, Var *to)
{
	IvmEdge    *edge = palloc(sizeof(IvmEdge));

	edge->occurrence[0] = occurrence_of(part, from->varno);
	edge->occurrence[1] = occurrence_of(part, to->varno);
	edge->column[0] = from->varattno;
	edge->column[1] = to->varattno;
	edge->desc[0] = describe(from);
	edge->desc[1] = describe(to);
	edge->qual = qual;
	return edge;
}

/* Does the operator compare as the bytes of keys do? */
static bool
is_usable(const IvmEdge *edge, const OpExpr *op)
{
	const IvmKeyColumn *a = edge->desc[0] ? &edge->desc[0]->cols[0] : NULL;
	const IvmKeyColumn *b = edge->desc[1] ? &edge->desc[1]->cols[0] : NULL;

	return a && b && a->klass != IVM_KEY_HASHED && b->klass != IVM_KEY_HASHED &&
		OidIsValid(a->opfamily) &&
		get_op_opfamily_strategy(op->opno, a->opfamily) == BTEqualStrategyNumber &&
		IvmKeyCanEncodeAs(a, b->type);
}

static List *
add_qual(const IvmView *part, List *edges, Node *qual)
{
	OpExpr	   *op = (OpExpr *) qual;
	Var		   *a;
	Var		   *b;
	IvmEdge    *edge;

	if (!IsA(qual, OpExpr) || list_length(op->args) != 2)
		return edges;
	a = plain_column(part, linitial(op->args));
	b = plain_column(part, lsecond(op->args));
	if (a == NULL || b == NULL || a->varno == b->varno)
		return edges;
	edge = make_edge(part, qual, a, b);
	if (!is_usable(edge, op))
		return edges;
	return lappend(lappend(edges, edge), make_edge(part, qual, b, a));
}

List *
IvmEdgesOf(IvmView *part)
{
	MemoryContext old;
	List	   *edges = NIL;
	ListCell   *lc;

	if (part->edges_known)
		return part->edges;
	old = MemoryContextSwitchTo(part->cxt);
	foreach(lc, make_ands_implicit((Expr *) part->source->jointree->quals))
		edges = add_qual(part, edges, lfirst(lc));
	foreach(lc, edges)
		((IvmEdge *) lfirst(lc))->number = foreach_current_index(lc) + 1;
	MemoryContextSwitchTo(old);
	part->edges = edges;
	part->edges_known = true;
	return edges;
}

bool
IvmEdgeHash(const IvmEdge *edge, int side, Datum value, bool isnull, uint64 *hash)
{
	StringInfoData buf;

	if (isnull)
		return false;
	initStringInfo(&buf);
	IvmKeyEncodeColumn(&edge->desc[side]->cols[0], value, false, &buf);
	*hash = IvmProbeHash(buf.data, buf.len);
	pfree(buf.data);
	return true;
}
