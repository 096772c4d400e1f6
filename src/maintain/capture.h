/*-------------------------------------------------------------------------
 *
 * capture.h
 *		The capture triggers' functions are SQL-callable (capture.c); here is
 *		what the code that defines views needs of capture.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_CAPTURE_H
#define IVM_CAPTURE_H

#include "view/definition.h"

/*
 * A view has just been defined, or capture begins anew, in this transaction:
 * if the transaction may have changed the base tables before, those changes
 * were not captured, and the view is invalid as of this transaction.
 * had_xid: the transaction had an xid before the defining command began.
 */
extern void IvmCaptureBegins(const IvmView *view, bool had_xid);

#endif							/* IVM_CAPTURE_H */
