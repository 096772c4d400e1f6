/*-------------------------------------------------------------------------
 *
 * compat.h
 *		What differs between PostgreSQL's major versions: the only place that
 *		tests PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_COMPAT_H
#define IVM_COMPAT_H

#include "catalog/pg_attribute.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/rel.h"

/*
 * From 18 on the parser replaces grouped expressions in the target list and
 * HAVING by references to a range table entry of their own.  Undo that, in place.
 */
static inline void
IvmFlattenGroupExprs(Query *query)
{
#if PG_VERSION_NUM >= 180000
	if (query->hasGroupRTE)
	{
		query->targetList = (List *)
			flatten_group_exprs(NULL, query, (Node *) query->targetList);
		query->havingQual = flatten_group_exprs(NULL, query, query->havingQual);
	}
#endif
}

/* Is the column computed at each read (18 and later), so that stored rows lack it? */
static inline bool
IvmIsVirtualColumn(Form_pg_attribute att)
{
#if PG_VERSION_NUM >= 180000
	return att->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	return false;
#endif
}

/* Has the current transaction given the relation new storage? */
static inline bool
IvmRelationHasNewStorage(Relation rel)
{
#if PG_VERSION_NUM >= 160000
	return rel->rd_firstRelfilelocatorSubid != InvalidSubTransactionId;
#else
	return rel->rd_firstRelfilenodeSubid != InvalidSubTransactionId;
#endif
}

static inline bool
IvmIsOwner(Oid relid, Oid userid)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relid, userid);
#else
	return pg_class_ownercheck(relid, userid);
#endif
}

#endif							/* IVM_COMPAT_H */
