/*-------------------------------------------------------------------------
 *
 * namedrows.c
 *		Named tuplestores in the range tables of queries that are made here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "view/namedrows.h"

void
IvmNamedRows(RangeTblEntry *rte, const char *name, TupleDesc desc, double rows)
{
	rte->rtekind = RTE_NAMEDTUPLESTORE;
	rte->relid = InvalidOid;
	rte->inh = false;
	rte->inFromCl = true;
	rte->enrname = pstrdup(name);
	rte->enrtuples = rows;
	rte->eref = makeAlias(rte->eref ? rte->eref->aliasname : name, NIL);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool		dropped = att->attisdropped;

		rte->eref->colnames = lappend(rte->eref->colnames,
									  makeString(pstrdup(NameStr(att->attname))));
		rte->coltypes = lappend_oid(rte->coltypes, dropped ? InvalidOid : att->atttypid);
		rte->coltypmods = lappend_int(rte->coltypmods, dropped ? 0 : att->atttypmod);
		rte->colcollations = lappend_oid(rte->colcollations,
										 dropped ? InvalidOid : att->attcollation);
	}
}

TupleDesc
IvmDescOfExprs(Expr *const *exprs, int nexprs)
{
	TupleDesc	desc = CreateTemplateTupleDesc(nexprs);

	for (int i = 0; i < nexprs; i++)
	{
		Node	   *expr = (Node *) exprs[i];

		TupleDescInitEntry(desc, i + 1, psprintf("c%d", i + 1), exprType(expr), exprTypmod(expr), 0);
		TupleDescInitEntryCollation(desc, i + 1, exprCollation(expr));
	}
	return desc;
}
