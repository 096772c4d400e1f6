/*-------------------------------------------------------------------------
 *
 * catalog.h
 *		Views as the database knows them: the table ivm_fdw.view, and each
 *		backend's cache of analysed definitions.
 *
 * ivm_fdw.view (relid oid primary key, id int8 unique, baserels oid[], catversion int4,
 * tree text, settings text).  tree is the analysed query (nodeToString, with
 * PostgreSQL's own aggregates), so that renames need no work; where catversion
 * is not the server's (pg_upgrade) the text of option "query" is parsed instead.
 *
 * A stale definition stays allocated until the transaction ends, so a pointer
 * from IvmViewGet is good for the transaction in which it was got.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CATALOG_H
#define IVM_CATALOG_H

#include "view/definition.h"

extern Oid	IvmCatalogRelid(void);	/* of ivm_fdw.view; InvalidOid where the extension is not created */
extern Oid	IvmCatalogObject(const char *name); /* any relation in schema ivm_fdw; InvalidOid: none */
extern Oid	IvmCatalogFunction(const char *name);	/* a function in it without arguments */
extern bool IvmIsServer(Oid serverid);	/* does the server use our handler? */
extern bool IvmIsView(Oid relid);	/* is it a foreign table of ours (by its server's wrapper)? */
extern void IvmRequireView(Oid relid);	/* ERROR where it is not */

/* Definition of a view; ERROR where it has none. */
extern IvmView *IvmViewGet(Oid relid);

/* The same, but NULL where there is none: who holds no lock on the view asks like this. */
extern IvmView *IvmViewGetIfAny(Oid relid);

/* All views as relids (list of Oid), and those over a given root table. */
extern List *IvmViewList(void);
extern List *IvmViewsOverTable(Oid baserel);

/*
 * The parts of views (list of IvmLeafUse *) to which changes of a leaf table matter: those over
 * the table itself, and, with inh, over its ancestors.  Cached; the list is good for the
 * current transaction.
 */
typedef struct IvmLeafUse
{
	IvmView    *view;
	IvmView    *part;
	Oid			relid;			/* the leaf or its ancestor, as named in FROM */
} IvmLeafUse;

extern List *IvmUsesOfLeaf(Oid leaf);

/* Leaf tables (plain, with storage) of a view: list of Oid ascending. */
extern List *IvmViewLeaves(const IvmView *view);

/*
 * Fingerprint of the base tables: leaves, relfilenodes, capture triggers.  Returns false
 * with *reason where the store cannot be used whatever its content (a capture
 * trigger missing or not in state 'A').  Cached, cheap.
 */
extern bool IvmViewFingerprint(const IvmView *view, uint64 *fingerprint, const char **reason);

/* Base tables of a view, without loading it (NIL: not a view), and those of a query. */
extern List *IvmCatalogBaseTables(Oid relid);
extern List *IvmBaseTables(Query *query);
extern List *IvmBaseEntries(Query *query);	/* their RangeTblEntries, in all blocks */

/* The analysed query as stored, or as parsed from option "query". */
extern Query *IvmCatalogQuery(Oid relid);
extern Query *IvmCatalogQueryOfText(Oid relid);

/*
 * Before names change: replace trees that another version or cluster wrote
 * (pg_upgrade), since only their texts can be read, and texts have names.
 */
extern void IvmCatalogRenewTrees(void);

/* Remove rows of views that were dropped while the library was not preloaded; returns how many. */
extern int	IvmCatalogTidy(void);

/* Forget what was marked as changed since the last call (every question does so by itself). */
extern void IvmCatalogSync(void);

/* Delete a memory context at the end of the transaction. */
extern void IvmRetireContext(MemoryContext cxt);

/* Rows of ivm_fdw.view; a new definition gets a new id each time. */
extern uint32 IvmCatalogStore(Oid relid, Query *query, List *baserels, const char *settings);
extern void IvmCatalogDelete(Oid relid);

#endif							/* IVM_CATALOG_H */
