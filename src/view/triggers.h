/*-------------------------------------------------------------------------
 *
 * triggers.h
 *		The capture triggers on base tables: find, install, renew, remove.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_TRIGGERS_H
#define IVM_TRIGGERS_H

#include "view/definition.h"
#include "utils/relcache.h"

#define IVM_CAPTURE_TRIGGER		"!ivm_fdw_capture"	/* + "_" oid; '!' sorts it first */
#define IVM_TRUNCATE_TRIGGER	"!ivm_fdw_truncate"

/* A table's triggers; InvalidOid (and state 0) where there is none. */
typedef struct IvmTriggerPair
{
	Oid			capture;
	Oid			truncate;
	char		capture_state;	/* as pg_trigger.tgenabled */
	char		truncate_state;
} IvmTriggerPair;

extern void IvmTriggersFind(Relation rel, IvmTriggerPair *pair);

/* The table of a capture trigger; InvalidOid where it is none (any more). */
extern Oid	IvmTriggerTable(Oid tgoid);

/*
 * Install both triggers on every leaf of the view that lacks them.  Takes
 * ShareRowExclusiveLock on the base table and all below, always: parents first,
 * then by oid, as PostgreSQL does.
 */
extern void IvmTriggersInstall(const IvmView *view);

/*
 * Bring the triggers of a leaf of some view in order: make the missing ones, and
 * make anew those that are in a state other than ALWAYS or DISABLED; renew: all
 * that are not disabled, which changes the fingerprint.  Takes ShareRowExclusiveLock.
 */
extern void IvmTriggersEnsure(Oid leaf, bool renew);

/* Drop triggers of a table that no view uses any more, if its lock is free; returns false if not. */
extern bool IvmTriggersRemove(Oid leaf);

/*
 * For the custodian, in a transaction of its own: install what is missing and
 * remove what is left over (rows of ivm_fdw.view too), where locks are free.
 * Returns the number of changes.
 */
extern int	IvmTriggersTidy(void);

#endif							/* IVM_TRIGGERS_H */
