/*-------------------------------------------------------------------------
 *
 * ivm_fdw.h
 *		Names that every layer may use: settings of the extension.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_FDW_H
#define IVM_FDW_H

#define IVM_EXTENSION_NAME	"ivm_fdw"
#define IVM_CATALOG_SCHEMA	"ivm_fdw"

/* GUCs, defined in ivm_fdw.c */
extern bool ivm_use_store;			/* ivm_fdw.use_store: off answers live */
extern int	ivm_map_size_mb;		/* ivm_fdw.map_size: size of a database's store, MB */
extern int	ivm_overlay_limit_kb;	/* ivm_fdw.overlay_limit: memory of a transaction's overlay, kB */
extern int	ivm_custodian_naptime_ms;	/* ivm_fdw.custodian_naptime */

#endif							/* IVM_FDW_H */
