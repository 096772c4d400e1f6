/*-------------------------------------------------------------------------
 *
 * mutable.h
 *		Is a node of an expression more than immutable under pinned settings?
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_MUTABLE_H
#define IVM_MUTABLE_H

#include "nodes/primnodes.h"
#include "view/typeio.h"

/* What makes a node mutable */
typedef struct IvmMutable
{
	Node	   *node;
	Oid			func;			/* a function it calls, or InvalidOid */
	char		volatility;
	IvmTypeFault type;			/* type.type valid: the function is, for values of this type */
} IvmMutable;

/*
 * Judge a node by itself, not its arguments: whether it is mutable, and then
 * *found.  Adds to *pins (1 << IvmPin) the settings that an acceptable one depends on,
 * as far as built-in functions go.
 *
 * Column definition lists (json_to_record) belong to RangeTblFunction: the call alone is mutable.
 */
extern bool IvmNodeIsMutable(Node *node, IvmMutable *found, uint32 *pins);

/* Arguments of a node that calls a function or an aggregate; NIL for others. */
extern List *IvmNodeArguments(Node *node);

/*
 * Call checker for the functions that an aggregate (Aggref, WindowFunc) runs: as
 * check_functions_in_node does for other nodes.
 */
typedef bool (*IvmFunctionChecker) (Oid func, void *arg);
extern bool IvmCheckAggregateFunctions(Node *node, IvmFunctionChecker checker, void *arg);

/* A call with a column definition list that says all about its columns; NULL for other nodes. */
extern FuncExpr *IvmCallWithColumns(Node *node);

#endif							/* IVM_MUTABLE_H */
