/*-------------------------------------------------------------------------
 *
 * inflight.h
 *		The meeting place of transactions that write base tables of join views
 *		(DESIGN section 8; test/model/join_protocol.py is its executable form).
 *
 * V is multilinear in its relation occurrences, so each combination of
 * transactions contributes products of their signed rows.  What must hold:
 *
 *	A product whose rows come from transactions T1 ... Tn is emitted exactly
 *	once, with the tag {T1 ... Tn}, by the one of them that registers last.
 *
 * To register is to put one's signed rows of base tables here and then, in one
 * write transaction, a header with a position.  Whoever evaluates joins them as
 * its own rows with
 *	- what the snapshot S sees (with curcid 0: without its own changes), and
 *	- the "others": rows of headers before its position whose transactions S does
 *	  not see; rows that the same transaction registered before are among them.
 *
 * Why exactly once, for any two transactions A and T where A's header comes first.
 * T takes S *before* its own header is written, and looks for others afterwards:
 *	- T either sees A or finds its header, which is there as long as T's S does not see A.
 *	- A does not see T, which had not even registered when A's S was taken; nor
 *	  does it find T's header, which comes after A's position.
 * The optimistic form has the same order: S, then the headers as of a position p
 * (IvmInflightLook); at last header and deltas in one write transaction, if nobody who
 * matters has registered after p (IvmInflightPublish), so that p counts as its position.
 *
 * Entries go when their transaction precedes the horizon (IvmInflightPrune): it has
 * then ended, each snapshot that anybody still evaluates under sees it if it committed, and so
 * does every later one.  So S must stay registered until the evaluation is over.  The entries of a prepared
 * transaction stay until it has ended.
 *
 * Rows that are not there.  A transaction that has captured more than it can
 * keep registers the relation as *lost*, without rows, and invalidates the
 * relation's join views instead of evaluating.  So does who finds a lost relation among the others
 * (and who runs beside a prepared transaction that is older than the store, whose rows went
 * with the old one: every relation counts as lost then).  Each of these invalidates its views as
 * of itself *and as of all of the others*: the product of the two is published by nobody, so a
 * generation must have either both or, for who does not see both, anything.
 *
 * Relations, columns and row contents are the caller's business.  All transactions in flight must agree
 * about them: whoever defines a join view locks its base tables against writers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_INFLIGHT_H
#define IVM_INFLIGHT_H

#include "store/publish.h"
#include "utils/snapshot.h"

/*
 * One way to find a row: a join column (or group of columns; any number the caller gives it) and its
 * value's hash.  Values that join must hash alike, across the types that join: hash a canonical
 * form.  A row has no probe for a column that is NULL in it, if NULL does not join.
 */
typedef struct IvmProbe
{
	uint16		column;
	uint64		hash;
} IvmProbe;

extern uint64 IvmProbeHash(const char *value, Size len);

#define IVM_MAX_PROBES		128

typedef struct IvmInflightRow
{
	uint32		relation;
	int32		sign;			/* signed multiplicity, not 0 */
	const char *data;
	Size		len;
	const IvmProbe *probes;
	int			nprobes;
} IvmInflightRow;

/* What a transaction registers: net rows, in any order. */
typedef struct IvmInflightOwn
{
	FullTransactionId xid;		/* top-level */
	uint32		publication;	/* number of registrations of this transaction before */
	const IvmInflightRow *rows;
	int			nrows;
	const uint32 *lost;			/* relations whose rows are more than could be kept */
	int			nlost;
} IvmInflightOwn;

/* A relation's rows of one registration that matters. */
typedef struct IvmOther
{
	uint32		relation;
	FullTransactionId xid;
	uint32		publication;
	bool		lost;			/* it has none of the relation's rows, but should */
} IvmOther;

/* What to evaluate with; in a child of CurrentMemoryContext. */
typedef struct IvmInflight
{
	MemoryContext cxt;
	Snapshot	snapshot;		/* S, registered with CurrentResourceOwner, curcid 0 */
	uint64		position;		/* headers before it count */
	int			nothers;		/* 0: nothing is in flight that matters */
	IvmOther   *others;			/* by relation, xid, publication */
	bool		all_lost;
	const uint32 *partners;		/* sorted */
	int			npartners;
} IvmInflight;

/*
 * `partners` are the relations whose rows the caller's own rows can meet: over all
 * its join views and each occurrence that it has rows of, the relations of the
 * *other* occurrences (so a relation joined with itself is among them).  Others are looked for in these only.
 *
 * Register rows.  May write several transactions; what an error leaves
 * behind is garbage of a transaction that will not commit.
 */
extern IvmInflight *IvmInflightRegister(const IvmInflightOwn *own,
										const uint32 *partners, int npartners);

/*
 * Without registering: S, and the others as of now.  When the evaluation is over, IvmInflightPublish
 * registers and publishes in one; or, where it returns false (somebody who matters has registered meanwhile,
 * or it is too much for one write transaction), nothing has happened: end it, register, evaluate anew and publish.
 */
extern IvmInflight *IvmInflightLook(FullTransactionId xid, const uint32 *partners, int npartners);
extern bool IvmInflightPublish(const IvmInflight *inflight, const IvmInflightOwn *own,
							   const IvmPublication *pub);

extern void IvmInflightEnd(IvmInflight *inflight);

/* Has any of the others rows of the relation (or lost them)? */
extern bool IvmInflightHas(const IvmInflight *inflight, uint32 relation);
extern bool IvmInflightLost(const IvmInflight *inflight, uint32 relation);

/*
 * Leave out others that have aborted by now.  (Not needed for the result, but their rows
 * may be such that evaluation fails.)  Returns whether there were any.
 */
extern bool IvmInflightForgetAborted(IvmInflight *inflight);

/*
 * The others' rows of a relation: all of them, or those with that probe (and now and
 * then one whose hash only is the same).  In batches, each in a short read transaction of its own;
 * a probe is a range seek, whatever else is in flight.
 */
typedef struct IvmInflightScan IvmInflightScan;

typedef struct IvmInflightItem
{
	FullTransactionId xid;
	int32		sign;
	const char *data;			/* good until the next call; MAXALIGNed */
	Size		len;
} IvmInflightItem;

extern IvmInflightScan *IvmInflightScanBegin(const IvmInflight *inflight, uint32 relation,
											 const IvmProbe *probe);

/* The same scan with another probe. */
extern void IvmInflightScanAgain(IvmInflightScan *scan, const IvmProbe *probe);
extern bool IvmInflightScanNext(IvmInflightScan *scan, IvmInflightItem *item);
extern void IvmInflightScanEnd(IvmInflightScan *scan);

/*
 * Remove the entries of transactions before the horizon; returns how many.
 * *more: there are others, for a higher horizon.
 */
extern int64 IvmInflightPrune(FullTransactionId horizon, bool *more);

#endif							/* IVM_INFLIGHT_H */
