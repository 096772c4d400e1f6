/*-------------------------------------------------------------------------
 *
 * keyoption.h
 *		Option "key": the output columns that lead the key of a view without grouping.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_KEYOPTION_H
#define IVM_KEYOPTION_H

#include "view/definition.h"

/*
 * Positions (from 1) among the view's columns of those that its option names; NIL
 * where there is no option.  ERROR (ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE) for what is no
 * list of its columns.
 */
extern List *IvmKeyOptionPositions(Oid relid);

/* The option's text for these positions, with the columns' present names. */
extern char *IvmKeyOptionText(Oid relid, List *positions);

/* Positions of the outputs that show the base table's primary key; NIL where not all of it is shown. */
extern List *IvmKeyOptionDefault(const IvmView *view);

#endif							/* IVM_KEYOPTION_H */
