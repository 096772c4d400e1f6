/*-------------------------------------------------------------------------
 *
 * accum.h
 *		Accumulators: the additive state of aggregates, and the state of a
 *		group, which is its row count and its accumulators.
 *
 * A state is a sum of signed rows.  States add, in any order, and a state and
 * its negation add up to zero.  There are two forms: in memory (IvmState, as
 * laid out by an IvmStateDesc) and packed (bytes, self-describing: each
 * accumulator starts with its kind, so that packed states can be added by
 * code that has no view definition at hand).
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_ACCUM_H
#define IVM_ACCUM_H

#include "lib/stringinfo.h"

typedef enum IvmAccumKind
{
	IVM_ACC_COUNT = 1,			/* N: rows with all arguments not null */
	IVM_ACC_BOOL,				/* N, and how many are true */
	IVM_ACC_INT,				/* N, sum (int128) of int2, int4, int8, money */
	IVM_ACC_INT_SQ,				/* N, sum, sum of squares (int2, int4) */
	IVM_ACC_NUMERIC,			/* N, exact sum, count of inputs per display
								 * scale, counts of NaN, +Inf, -Inf */
	IVM_ACC_NUMERIC_SQ,			/* the same, and the sum of squares (numeric, int8) */
	IVM_ACC_FLOAT,				/* N, exact sum (superaccumulator), counts of NaN, +Inf, -Inf */
	IVM_ACC_FLOAT_SQ,			/* the same, and the exact sum of squares */
	IVM_ACC_FLOAT_XY,			/* exact sums of x, y, xx, yy, xy over pairs (regr_*, corr, covar_*) */
	IVM_ACC_INTERVAL,			/* N, sums of months, days, microseconds */
	IVM_ACC_MEMBER				/* no sum: how long the owner is in an element's key (rows.h) */
} IvmAccumKind;

typedef struct IvmStateDesc
{
	int			naccums;
	IvmAccumKind *kinds;
	Oid		   *argtypes;		/* input type of each accumulator's arguments */
	Size	   *offsets;		/* of the accumulators in an IvmState */
	Size		size;			/* of an IvmState */
} IvmStateDesc;

/*
 * A state may own memory outside of itself: copy it with IvmStateInit and
 * IvmStateAdd, not as bytes, and after a reset of the memory context in which
 * it was added to, initialize it again.
 */
typedef struct IvmState
{
	int64		rows;			/* signed number of rows */
	/* accumulators follow at desc->offsets[] from the start of the struct */
} IvmState;

#define IvmStateAccum(desc, state, i)  ((void *) ((char *) (state) + (desc)->offsets[i]))

/* Lay out a state; allocates in CurrentMemoryContext. */
extern IvmStateDesc *IvmStateDescMake(int naccums, const IvmAccumKind *kinds, const Oid *argtypes);

/* Make all zero (no allocation).  A zeroed struct (memset 0) is a zero state. */
extern void IvmStateInit(const IvmStateDesc *desc, IvmState *state);

/*
 * Count one row into accumulator i with sign +1 or -1.  args[] has one datum
 * (two for IVM_ACC_FLOAT_XY; none for count(*)), none of them null: the caller
 * has already applied FILTER and strictness.  state->rows is the caller's.
 * What must be allocated comes from CurrentMemoryContext and lives with the state.
 */
extern void IvmStateAccumRow(const IvmStateDesc *desc, IvmState *state, int i,
							 const Datum *args, int sign);

/* dst += src (sign +1) or dst -= src (sign -1); not the same state */
extern void IvmStateAdd(const IvmStateDesc *desc, IvmState *dst, const IvmState *src, int sign);

/* dst += factor times src (factor >= 0); not the same state */
extern void IvmStateAddTimes(const IvmStateDesc *desc, IvmState *dst, const IvmState *src,
							 int64 factor);

extern bool IvmStateIsZero(const IvmStateDesc *desc, const IvmState *state);

/*
 * Accumulator 0 of an element's state: its key's bytes [1, 1 + ownerlen) name
 * the owner.  Adding keeps it, whatever the sign, and a state that has nothing
 * else is zero.  Get: false where the state has no such accumulator.
 */
extern void IvmStateSetMember(const IvmStateDesc *desc, IvmState *state, uint32 ownerlen);
extern bool IvmStateGetMember(const IvmStateDesc *desc, const IvmState *state, uint32 *ownerlen);

/* Append the packed form to buf. */
extern void IvmStatePack(const IvmStateDesc *desc, const IvmState *state, StringInfo buf);

/*
 * dst += packed state.  ERROR (ERRCODE_DATA_CORRUPTED) when the bytes are not
 * a packed state of this description; never reads past len.
 */
extern void IvmStateUnpackAdd(const IvmStateDesc *desc, IvmState *dst,
							  const char *packed, Size len);

/* A description of the packed state's own layout (kinds only; argtypes InvalidOid), for folding. */
extern IvmStateDesc *IvmStateDescOfPacked(const char *packed, Size len);

#endif							/* IVM_ACCUM_H */
