/*-------------------------------------------------------------------------
 *
 * triggers.h
 *		The capture triggers on base tables: install, repair, remove.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_TRIGGERS_H
#define IVM_TRIGGERS_H

#include "view/definition.h"
#include "utils/relcache.h"

#define IVM_CAPTURE_TRIGGER		"!ivm_fdw_capture"	/* + "_" oid; '!' sorts it first */
#define IVM_TRUNCATE_TRIGGER	"!ivm_fdw_truncate"

/* Oid and state of the table's capture (row) trigger; false where there is none. */
extern bool IvmTriggerFind(Relation rel, Oid *tgoid, char *tgenabled);

/* Install both triggers on every leaf of the view that lacks them (ShareRowExclusiveLock on all leaves, always). */
extern void IvmTriggersInstall(const IvmView *view);

/* Drop triggers of a table that no view uses any more, if its lock is free; returns false if not. */
extern bool IvmTriggersRemove(Oid leaf);

#endif							/* IVM_TRIGGERS_H */
