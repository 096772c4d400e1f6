/*-------------------------------------------------------------------------
 *
 * custodian.h
 *		The custodian: a launcher, and a worker for each database that has
 *		something to do (DESIGN section 9).  Without it everything stays right.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CUSTODIAN_H
#define IVM_CUSTODIAN_H

#include "postgres_ext.h"

/* From _PG_init, in the postmaster: registers the launcher. */
extern void IvmCustodianRegister(void);

/*
 * Is somebody about to drop, copy, move or rename the database?  Such commands
 * lock it against connections and wait for the sessions in it to leave.
 */
extern bool IvmDatabaseIsWanted(Oid dboid);

/* Entry points of the processes. */
extern PGDLLEXPORT void IvmLauncherMain(Datum arg);
extern PGDLLEXPORT void IvmWorkerMain(Datum arg);	/* upkeep.c */

#endif							/* IVM_CUSTODIAN_H */
