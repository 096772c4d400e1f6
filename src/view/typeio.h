/*-------------------------------------------------------------------------
 *
 * typeio.h
 *		How values of a type are converted to text and back: does it depend
 *		on anything but the value and pinned settings?
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_TYPEIO_H
#define IVM_TYPEIO_H

#include "nodes/nodes.h"

typedef enum IvmTypeUse
{
	IVM_TYPE_PRINTED,			/* output functions */
	IVM_TYPE_READ,				/* input functions */
	IVM_TYPE_JSON,				/* as to_json does it */
	IVM_TYPE_XML				/* as XMLELEMENT does it */
} IvmTypeUse;

/* What stands in the way */
typedef struct IvmTypeFault
{
	Oid			type;
	Oid			func;			/* its conversion function, or InvalidOid */
	IvmTypeUse	use;
} IvmTypeFault;

/*
 * False, and *fault, where a conversion depends on more.  Adds to *pins (1 <<
 * IvmPin) the settings that it depends on.  Looks into arrays, ranges, domains
 * and rows; expr, of that type or NULL, tells of which columns an anonymous row is.
 */
extern bool IvmTypeConverts(Oid type, Node *expr, IvmTypeUse use, uint32 *pins, IvmTypeFault *fault);

#endif							/* IVM_TYPEIO_H */
