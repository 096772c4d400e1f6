/*-------------------------------------------------------------------------
 *
 * rebuild.h
 *		Building a generation of a view beside running writers (DESIGN section 10).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_REBUILD_H
#define IVM_REBUILD_H


/*
 * Build a new generation of the view in the current transaction.  Returns the
 * number of rows.  wait: wait for another rebuild of the view, else return -1
 * at once; also -1 where the store cannot take one now (reason in *why, may be NULL).
 */
extern int64 IvmRebuildView(Oid relid, bool wait, const char **why);

#endif							/* IVM_REBUILD_H */
