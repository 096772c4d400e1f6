/*-------------------------------------------------------------------------
 *
 * reader.h
 *		Rows of a view, from the store where it can answer, live otherwise.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_READER_H
#define IVM_READER_H

#include "nodes/params.h"
#include "scan/ranges.h"
#include "scan/storescan.h"

typedef struct IvmReader IvmReader;

/* What is asked for, the same for all starts of a reader; kept, not copied. */
typedef struct IvmReadRequest
{
	const bool *wanted;			/* as for IvmFinishBegin */
	const int  *columns;		/* as for IvmFinishBegin */
	List	   *sortcols;		/* order that a live query must produce: output columns, from 1 */
	List	   *quals;			/* conditions inside a live query, as for IvmLivePrepare */
	List	   *constants;		/* key columns (from 0) that quals compare with a single value */
	const char *live_reason;	/* not NULL: do not use the store, because */
} IvmReadRequest;

/*
 * Where would a read under this snapshot find its rows?  As IvmStorePick, with
 * the setting ivm_fdw.use_store.  Takes AccessShareLock on the base table.
 */
extern IvmGeneration *IvmReaderPick(const IvmView *view, Snapshot snapshot, bool *captured,
									const char **reason);

/* Allocates in a child of CurrentMemoryContext.  ERROR where the view may not be read. */
extern IvmReader *IvmReaderBegin(IvmView *view, const IvmReadRequest *request);

/*
 * Start (again; always with the same snapshot): rows in these ranges (NULL: all), which must be what quals
 * with params say, and stay until the next start.
 */
extern void IvmReaderStart(IvmReader *reader, Snapshot snapshot,
						   const IvmKeyRanges *ranges, ParamListInfo params);

/* The rows of the last start once more, from the first. */
extern void IvmReaderRewind(IvmReader *reader);

/* Next row into slot, valid until the next call; false at the end. */
extern bool IvmReaderNext(IvmReader *reader, TupleTableSlot *slot);
extern void IvmReaderEnd(IvmReader *reader);

/* For EXPLAIN: why the last start was live (NULL: it was not); deltas merged by all starts. */
extern const char *IvmReaderLiveReason(const IvmReader *reader);
extern int64 IvmReaderDeltas(const IvmReader *reader);

#endif							/* IVM_READER_H */
