/*-------------------------------------------------------------------------
 *
 * options.h
 *		Options of foreign tables: their names, the validator, reading and
 *		rewriting them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_OPTIONS_H
#define IVM_OPTIONS_H

#define IVM_OPTION_QUERY		"query"
#define IVM_OPTION_KEY			"key"
#define IVM_OPTION_SETTINGS		"settings"

/* ERROR with a HINT where the library is not in shared_preload_libraries. */
extern void IvmRequirePreloaded(void);

/* Value of an option of a foreign table; NULL where it has none. */
extern char *IvmOptionGet(Oid relid, const char *name);

/*
 * Set options "query", "settings" and, unless NULL, "key" of a foreign table, in place of the
 * present ones.  Other options stay.
 */
extern void IvmOptionsSet(Oid relid, const char *query, const char *settings, const char *key);

#endif							/* IVM_OPTIONS_H */
