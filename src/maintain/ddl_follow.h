/*-------------------------------------------------------------------------
 *
 * ddl_follow.h
 *		What a statement has touched, and what follows from it for views.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_DDL_FOLLOW_H
#define IVM_DDL_FOLLOW_H

#include "nodes/pg_list.h"

/* Effects of a statement, by its kind */
#define IVM_EFFECT_TABLES	1	/* children, triggers, tables and views come and go */
#define IVM_EFFECT_NAMES	2	/* objects have other names */
#define IVM_EFFECT_CODE		4	/* functions and the like do other things */
#define IVM_EFFECT_ROWS		8	/* types of rows have other columns */
#define IVM_EFFECT_LABELS	16	/* values print and become JSON differently: labels of enums, names of columns */

typedef struct IvmTouched
{
	MemoryContext cxt;			/* of the lists */
	bool		had_xid;		/* the transaction may have written before */

	/* lists of Oid */
	List	   *created;		/* relations */
	List	   *children;		/* tables that have won or lost a parent … */
	List	   *parents;		/* … and these */
	List	   *triggers;		/* triggers altered */
	List	   *bared;			/* tables whose capture trigger was dropped */
	List	   *orphans;		/* leaves of views that are gone or redefined */
	List	   *views;			/* views that have lost a leaf */
	List	   *objects;		/* ObjectAddress *: anything else created or altered */
} IvmTouched;

extern void IvmTouchedAdd(IvmTouched *touched, List **list, Oid oid);
extern void IvmTouchedAddObject(IvmTouched *touched, Oid class_id, Oid object_id);
extern void IvmTouchedAddOrphans(IvmTouched *touched, Oid baserel);

/* Bring triggers, definitions and texts in line with what was touched. */
extern void IvmFollow(IvmTouched *touched, int effects);

#endif							/* IVM_DDL_FOLLOW_H */
