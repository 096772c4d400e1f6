/*-------------------------------------------------------------------------
 *
 * settings.h
 *		Pinned settings: those that can change a result are fixed when a view
 *		is created, and hold for every evaluation.
 *
 * Text form: name=value pairs, quoted and separated by commas, as kept in the
 * option "settings" and in ivm_fdw.view.
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVM_SETTINGS_H
#define IVM_SETTINGS_H

typedef struct IvmPins IvmPins;

/* The settings that are pinned */
typedef enum IvmPin
{
	IVM_PIN_TIMEZONE,
	IVM_PIN_DATESTYLE,
	IVM_PIN_INTERVALSTYLE,
	IVM_PIN_FLOAT_DIGITS,
	IVM_PIN_BYTEA_OUTPUT,
	IVM_PIN_LC_MONETARY,
	IVM_PIN_LC_NUMERIC,
	IVM_PIN_LC_TIME,
	IVM_PIN_XMLBINARY,
	IVM_PIN_XMLOPTION,
	IVM_PIN_TS_CONFIG,
	IVM_PIN_ARRAY_NULLS,
	IVM_PIN_QUOTE_ALL
} IvmPin;

#define IVM_NPINS	(IVM_PIN_QUOTE_ALL + 1)

/* Names of the settings of a set (1 << IvmPin), separated by commas; NULL where it is empty. */
extern char *IvmPinNames(uint32 pins);

extern char *IvmPinsCurrent(void);			/* text of the session's present values */
extern IvmPins *IvmPinsParse(const char *text); /* ERROR on unknown names; values are checked when set */

/* Text of all pins: those given in text, the others as in the session; ERROR on bad values. */
extern char *IvmPinsComplete(const char *text);

/* Set the pins in a new GUC nest level, which it returns (end it by AtEOXact_GUC(false, level)). */
extern int	IvmPinsApply(IvmPins *pins);

/* Set the fixed search_path in the current GUC nest level. */
extern void IvmSearchPathApply(void);

/* The same for the formats in which literals are written, to be read back exactly under any pins. */
extern void IvmTextFormatApply(void);

/*
 * Evaluation environment of a view's code: its owner, SECURITY_RESTRICTED_OPERATION,
 * fixed search_path, pinned settings.  Enter does only what is needed (compares C
 * globals first; nothing for views without user code or settings).  A transaction abort undoes it by itself.
 */
typedef struct IvmEvalEnv
{
	Oid			save_userid;
	int			save_sec_context;
	int			save_nestlevel;	/* 0: no settings were changed */
	bool		switched;
} IvmEvalEnv;

struct IvmView;
extern void IvmEvalEnter(const struct IvmView *view, IvmEvalEnv *env);
/* For live queries and builds: always the owner and the restricted context. */
extern void IvmEvalEnterOwner(const struct IvmView *view, IvmEvalEnv *env);
extern void IvmEvalLeave(IvmEvalEnv *env);

#endif							/* IVM_SETTINGS_H */
