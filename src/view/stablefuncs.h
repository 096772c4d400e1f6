/*-------------------------------------------------------------------------
 *
 * stablefuncs.h
 *		Built-in functions whose results depend on pinned settings, and on
 *		how the types of their arguments print, and on nothing else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_STABLEFUNCS_H
#define IVM_STABLEFUNCS_H

/* What a result depends on, besides the settings in "pins" */
typedef enum IvmStableKind
{
	IVM_STABLE_PINS,			/* nothing */
	IVM_STABLE_PRINTS,			/* how the arguments print */
	IVM_STABLE_JSON,			/* how they become JSON */
	IVM_STABLE_READS,			/* how text is read as the result's type */
	IVM_STABLE_READS_COLUMNS,	/* … as the columns that a column definition list gives */
	IVM_STABLE_CONVERTS			/* conversions between encodings, which search_path finds */
} IvmStableKind;

typedef struct IvmStableFunc
{
	Oid			func;
	IvmStableKind kind;
	uint32		pins;			/* 1 << IvmPin */
} IvmStableFunc;

/*
 * NULL where the function is not in the list: an IMMUTABLE one is then taken at
 * its word, any other depends on what a view cannot follow.
 */
extern const IvmStableFunc *IvmStableFuncFind(Oid func);

#endif							/* IVM_STABLEFUNCS_H */
