/*-------------------------------------------------------------------------
 *
 * querytext.h
 *		The text of a view's query: parsing it, and error positions in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_QUERYTEXT_H
#define IVM_QUERYTEXT_H

#include "utils/elog.h"

/*
 * Between Push and Pop, error positions refer to the text, which is reported as
 * an internal query, because it is not the statement that the client sent.  text may be NULL.
 */
typedef struct IvmQueryText
{
	const char *text;
	ErrorContextCallback callback;
} IvmQueryText;

extern void IvmQueryTextPush(IvmQueryText *frame, const char *text);
extern void IvmQueryTextPop(IvmQueryText *frame);

/* errposition() for a parse location (byte offset, or -1) in the text (or NULL). */
extern int	IvmErrLocation(const char *text, int location);

/*
 * Analysed queries have no locations for the parts of FROM and for set operations: parse the
 * text again and look.  The n-th FROM item (joins: the joined table); -1 where there is none.
 */
extern int	IvmFromLocation(const char *text, int n);

/* The second branch of a set operation; -1 where there is none. */
extern int	IvmSetOperationLocation(const char *text);

#endif							/* IVM_QUERYTEXT_H */
