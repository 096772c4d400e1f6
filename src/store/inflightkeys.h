/*-------------------------------------------------------------------------
 *
 * inflightkeys.h
 *		Entries of the table of transactions in flight (private to inflight*.c).
 *
 * The table has four kinds of entries, told by their first byte; numbers in keys are big-endian:
 *
 *	1, relation, xid, publication, sequence
 *			-> sign, number of probes, these, the row's bytes
 *	2, relation, column, hash, xid, publication, sequence
 *			-> (nothing): leads to the row of that relation, xid, publication, sequence
 *	3, xid, publication
 *			-> header: position, then (relation, lost) for each relation
 *	4, relation
 *			-> position of the last header that has the relation
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_INFLIGHTKEYS_H
#define IVM_INFLIGHTKEYS_H

#include "store/inflight.h"
#include "store/layout.h"

#define KIND_ROW		1
#define KIND_PROBE		2
#define KIND_HEADER		3
#define KIND_LAST		4

#define TAIL_LENGTH		16		/* xid, publication, sequence */
#define WHO_LENGTH		12		/* of these, xid and publication */
#define ROW_PREFIX		5
#define PROBE_PREFIX	15
#define ROW_KEY			(ROW_PREFIX + TAIL_LENGTH)
#define PROBE_KEY		(PROBE_PREFIX + TAIL_LENGTH)
#define HEADER_KEY		13
#define LAST_KEY		5
#define PROBE_SIZE		(sizeof(uint16) + sizeof(uint64))	/* in a row's value */
#define ROW_HEAD		(sizeof(int32) + 1)
#define HEADER_ITEM		(2 * sizeof(uint32))

static inline void
put_who(char *to, FullTransactionId xid, uint32 publication)
{
	IvmPut64(to, U64FromFullTransactionId(xid));
	IvmPut32(to + 8, publication);
}

static inline void
row_prefix(char *to, uint32 relation)
{
	to[0] = KIND_ROW;
	IvmPut32(to + 1, relation);
}

static inline void
probe_prefix(char *to, uint32 relation, const IvmProbe *probe)
{
	to[0] = KIND_PROBE;
	IvmPut32(to + 1, relation);
	to[5] = (char) (probe->column >> 8);
	to[6] = (char) probe->column;
	IvmPut64(to + 7, probe->hash);
}

static inline void
header_key(char *to, FullTransactionId xid, uint32 publication)
{
	to[0] = KIND_HEADER;
	put_who(to + 1, xid, publication);
}

static inline void
last_key(char *to, uint32 relation)
{
	to[0] = KIND_LAST;
	IvmPut32(to + 1, relation);
}

#endif							/* IVM_INFLIGHTKEYS_H */
