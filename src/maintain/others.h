/*-------------------------------------------------------------------------
 *
 * others.h
 *		Rows of others in flight that own rows can meet in a join.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_OTHERS_H
#define IVM_OTHERS_H

#include "maintain/changed.h"
#include "store/inflight.h"

typedef struct IvmOthersSearch
{
	const IvmInflight *inflight;
	IvmView    *part;
	List	   *tables;			/* own rows: of IvmJoinTable * */
	List	  **stores;			/* see IvmChangedMake */
} IvmOthersSearch;

/*
 * At least those rows of others at an occurrence that can be in one row of the join with an own row
 * at another occurrence; NULL: none.  What it takes depends on what own rows lead to, not on
 * how many rows are in flight, where equalities lead from all own rows to there.
 */
extern IvmChangedRows *IvmOthersFind(const IvmOthersSearch *search, int occurrence);

#endif							/* IVM_OTHERS_H */
