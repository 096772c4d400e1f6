/*-------------------------------------------------------------------------
 *
 * ddl.h
 *		Hooks that make views of foreign tables, and keep them right when
 *		what they stand on is altered.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_DDL_H
#define IVM_DDL_H

/* From _PG_init, in the postmaster. */
extern void IvmDdlInstallHooks(void);

#endif							/* IVM_DDL_H */
