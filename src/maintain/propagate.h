/*-------------------------------------------------------------------------
 *
 * propagate.h
 *		Joins at publication: what a transaction's changed rows make of the views
 *		that join their tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_PROPAGATE_H
#define IVM_PROPAGATE_H

#include "maintain/overlay.h"

/*
 * Publish what the overlay has, together with what the transaction's join rows
 * amount to (maintain/joinrows.h has some).  ERROR where an expression of a join fails.
 * Allocates in CurrentMemoryContext.
 */
extern void IvmPropagate(IvmOverlayNet *net);

#endif							/* IVM_PROPAGATE_H */
