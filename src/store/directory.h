/*-------------------------------------------------------------------------
 *
 * directory.h
 *		A view's directory in the store: generations, markers, invalidations
 *		and the numbers of dead generations.
 *
 *	view be32, 'G', number be32			-> generation record
 *	view be32, 'I', xid be64			-> (nothing): invalid as of xid
 *	view be32, 'M', number be32, xid be64	-> (nothing): number reserved by xid, folding paused
 *	view be32, 'X', number be32			-> (nothing): base rows of number are garbage
 *
 * A reserved number stays under 'M' until its maker has ended; then it is
 * either a generation or dead.  A dead one goes when its last base row has gone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_DIRECTORY_H
#define IVM_DIRECTORY_H

#include "store/env.h"
#include "store/generation.h"

typedef struct IvmMarker
{
	uint32		number;
	FullTransactionId maker;
} IvmMarker;

typedef struct IvmDirectory
{
	uint32		view;
	int			ngens;			/* ascending by number */
	IvmGeneration *gens;
	bool	   *settled;		/* every snapshot sees the maker */
	int			nmarkers;
	IvmMarker  *markers;
	int			ninvalid;
	FullTransactionId *invalid;
	int			ndead;
	uint32	   *dead;
	char	   *signature;		/* generations and markers, as bytes: what folding depends on */
	Size		signaturelen;
} IvmDirectory;

/* Read it, in one read transaction.  Allocated in CurrentMemoryContext. */
extern IvmDirectory *IvmDirectoryRead(uint32 view);

/* Does the marker's number stand for a generation in the directory? */
extern bool IvmDirectoryHasNumber(const IvmDirectory *dir, uint32 number);

/* Does a transaction run that has reserved a number? */
extern bool IvmDirectoryBuilding(const IvmDirectory *dir);

/*
 * Inside a write transaction: has the directory still the same generations and
 * markers as when it was read?
 */
extern int	IvmDirectoryUnchanged(MDB_txn *txn, const IvmDirectory *dir, bool *unchanged);

/* Entries, inside a write transaction; each one operation. */
extern int	IvmDirectoryPutMarker(MDB_txn *txn, uint32 view, uint32 number, FullTransactionId maker);
extern int	IvmDirectoryDeleteMarker(MDB_txn *txn, uint32 view, const IvmMarker *marker);
extern int	IvmDirectoryPutInvalid(MDB_txn *txn, uint32 view, FullTransactionId xid);
extern int	IvmDirectoryDeleteInvalid(MDB_txn *txn, uint32 view, FullTransactionId xid);
extern int	IvmDirectoryPutDead(MDB_txn *txn, uint32 view, uint32 number);
extern int	IvmDirectoryDeleteDead(MDB_txn *txn, uint32 view, uint32 number);
extern int	IvmDirectoryPutGeneration(MDB_txn *txn, const IvmGeneration *gen);
extern int	IvmDirectoryDeleteGeneration(MDB_txn *txn, uint32 view, uint32 number);

/* Change the record of a generation that was read (MDB_NOTFOUND: it is gone). */
extern int	IvmDirectorySettle(MDB_txn *txn, const IvmGeneration *gen);
extern int	IvmDirectoryAddRows(MDB_txn *txn, const IvmGeneration *gen, int64 rows);

/* Bytes that a generation's record takes. */
extern Size IvmGenerationRecordSize(const IvmGeneration *gen);

#endif							/* IVM_DIRECTORY_H */
