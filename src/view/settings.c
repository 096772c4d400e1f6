/*-------------------------------------------------------------------------
 *
 * settings.c
 *		Pinned settings, and the environment in which a view's code runs.
 *
 * Invariants:
 *	- The text form is complete and canonical: every setting of pin_names, each
 *	  value as its check hook left it, so that equal pins have equal texts.
 *	- Entering an environment is undone by leaving it, or by the abort of the
 *	  (sub)transaction: settings are set in a GUC nest level with
 *	  GUC_ACTION_SAVE, and PostgreSQL restores the user and the security
 *	  context at abort.
 *	- Nothing is set that holds already; whether it does is told from the C
 *	  variables behind the settings, because this runs for every captured row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "tsearch/ts_cache.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/pg_locale.h"
#include "utils/xml.h"

#include "view/definition.h"
#include "view/settings.h"

#define FIXED_SEARCH_PATH	"pg_catalog, pg_temp"

static const char *const pin_names[IVM_NPINS] = {
	[IVM_PIN_TIMEZONE] = "TimeZone",
	[IVM_PIN_DATESTYLE] = "DateStyle",
	[IVM_PIN_INTERVALSTYLE] = "IntervalStyle",
	[IVM_PIN_FLOAT_DIGITS] = "extra_float_digits",
	[IVM_PIN_BYTEA_OUTPUT] = "bytea_output",
	[IVM_PIN_LC_MONETARY] = "lc_monetary",
	[IVM_PIN_LC_NUMERIC] = "lc_numeric",
	[IVM_PIN_LC_TIME] = "lc_time",
	[IVM_PIN_XMLBINARY] = "xmlbinary",
	[IVM_PIN_XMLOPTION] = "xmloption",
	[IVM_PIN_TS_CONFIG] = "default_text_search_config",
	[IVM_PIN_ARRAY_NULLS] = "array_nulls",
	[IVM_PIN_QUOTE_ALL] = "quote_all_identifiers"
};

/* The settings as C sees them: what is compared before anything is set. */
typedef struct PinImage
{
	pg_tz	   *timezone;
	int			date_style;
	int			date_order;
	int			interval_style;
	int			extra_float_digits;
	int			bytea_output;
	int			xmlbinary;
	int			xmloption;
	bool		array_nulls;
	bool		quote_all_identifiers;
	char	   *lc_monetary;	/* strings: of the session, not to be kept */
	char	   *lc_numeric;
	char	   *lc_time;
	char	   *ts_config;
} PinImage;

struct IvmPins
{
	char	   *values[IVM_NPINS];	/* NULL: not pinned */
	bool		image_known;	/* image is what the values amount to */
	PinImage	image;			/* its strings are copies in cxt */
	MemoryContext cxt;			/* where the pins live */
};

static PinImage
session_image(void)
{
	PinImage	image;

	memset(&image, 0, sizeof(image));
	image.timezone = session_timezone;
	image.date_style = DateStyle;
	image.date_order = DateOrder;
	image.interval_style = IntervalStyle;
	image.extra_float_digits = extra_float_digits;
	image.bytea_output = bytea_output;
	image.xmlbinary = xmlbinary;
	image.xmloption = xmloption;
	image.array_nulls = Array_nulls;
	image.quote_all_identifiers = quote_all_identifiers;
	image.lc_monetary = locale_monetary;
	image.lc_numeric = locale_numeric;
	image.lc_time = locale_time;
	image.ts_config = TSCurrentConfig;
	return image;
}

/* Does the session have the pinned settings right now? */
static bool
session_matches(const PinImage *want)
{
	return want->timezone == session_timezone &&
		want->date_style == DateStyle &&
		want->date_order == DateOrder &&
		want->interval_style == IntervalStyle &&
		want->extra_float_digits == extra_float_digits &&
		want->bytea_output == bytea_output &&
		want->xmlbinary == xmlbinary &&
		want->xmloption == xmloption &&
		want->array_nulls == Array_nulls &&
		want->quote_all_identifiers == quote_all_identifiers &&
		strcmp(want->lc_monetary, locale_monetary) == 0 &&
		strcmp(want->lc_numeric, locale_numeric) == 0 &&
		strcmp(want->lc_time, locale_time) == 0 &&
		strcmp(want->ts_config, TSCurrentConfig) == 0;
}

static bool
search_path_is_fixed(void)
{
	return strcmp(namespace_search_path, FIXED_SEARCH_PATH) == 0;
}

static void
set_setting(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Set all pins in the current GUC nest level. */
static void
set_pins(IvmPins *pins)
{
	MemoryContext oldcxt;

	for (int i = 0; i < IVM_NPINS; i++)
		if (pins->values[i] != NULL)
			set_setting(pin_names[i], pins->values[i]);

	/* Learn what they amount to; only where nothing was left to the session. */
	if (pins->image_known)
		return;
	for (int i = 0; i < IVM_NPINS; i++)
		if (pins->values[i] == NULL)
			return;
	oldcxt = MemoryContextSwitchTo(pins->cxt);
	pins->image = session_image();
	pins->image.lc_monetary = pstrdup(pins->image.lc_monetary);
	pins->image.lc_numeric = pstrdup(pins->image.lc_numeric);
	pins->image.lc_time = pstrdup(pins->image.lc_time);
	pins->image.ts_config = pstrdup(pins->image.ts_config);
	pins->image_known = true;
	MemoryContextSwitchTo(oldcxt);
}

static bool
pins_hold(const IvmPins *pins)
{
	return pins->image_known && session_matches(&pins->image);
}

char *
IvmPinNames(uint32 pins)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < IVM_NPINS; i++)
	{
		if (pins & (uint32) 1 << i)
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", pin_names[i]);
	}
	return names.len > 0 ? names.data : NULL;
}

char *
IvmPinsCurrent(void)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < IVM_NPINS; i++)
	{
		const char *value = GetConfigOption(pin_names[i], false, false);

		appendStringInfo(&buf, "%s%s='", i > 0 ? ", " : "", pin_names[i]);
		for (const char *p = value; *p; p++)
		{
			if (*p == '\'')
				appendStringInfoChar(&buf, '\'');
			appendStringInfoChar(&buf, *p);
		}
		appendStringInfoChar(&buf, '\'');
	}
	return buf.data;
}

static void
pg_attribute_noreturn()
syntax_error(const char *text, const char *at)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value for option \"settings\" near \"%s\"", at),
			 errdetail("The value is: %s", text),
			 errhint("Write name='value' pairs separated by commas, such as %s.",
					 "TimeZone='UTC', DateStyle='ISO, MDY'")));
}

static int
pin_by_name(const char *name, int len)
{
	for (int i = 0; i < IVM_NPINS; i++)
		if (strlen(pin_names[i]) == len && pg_strncasecmp(pin_names[i], name, len) == 0)
			return i;

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("option \"settings\" cannot pin \"%s\"", pnstrdup(name, len)),
			 errhint("Settings that are pinned: %s.", IvmPinNames(~(uint32) 0))));
}

/* A quoted value at *pp; moves *pp behind it. */
static char *
parse_value(const char *text, const char **pp)
{
	const char *p = *pp;
	StringInfoData value;

	if (*p != '\'')
		syntax_error(text, p);
	initStringInfo(&value);
	for (p++;; p++)
	{
		if (*p == '\0')
			syntax_error(text, *pp);
		if (*p == '\'' && *++p != '\'')
			break;
		appendStringInfoChar(&value, *p);
	}
	*pp = p;
	return value.data;
}

static const char *
skip_space(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

IvmPins *
IvmPinsParse(const char *text)
{
	IvmPins    *pins = palloc0(sizeof(IvmPins));
	const char *p = skip_space(text);

	pins->cxt = CurrentMemoryContext;
	while (*p)
	{
		const char *name = p;
		int			pin;

		while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_')
			p++;
		if (p == name)
			syntax_error(text, name);
		pin = pin_by_name(name, p - name);
		p = skip_space(p);
		if (*p != '=')
			syntax_error(text, p);
		p = skip_space(p + 1);
		pins->values[pin] = parse_value(text, &p);
		p = skip_space(p);
		if (*p == ',')
			p = skip_space(p + 1);
		else if (*p != '\0')
			syntax_error(text, p);
	}
	return pins;
}

int
IvmPinsApply(IvmPins *pins)
{
	int			nestlevel = NewGUCNestLevel();

	set_pins(pins);
	return nestlevel;
}

void
IvmSearchPathApply(void)
{
	if (!search_path_is_fixed())
		set_setting("search_path", FIXED_SEARCH_PATH);
}

void
IvmTextFormatApply(void)
{
	set_setting("DateStyle", "ISO");	/* keeps the order of day and month */
	set_setting("IntervalStyle", "postgres");
	set_setting("extra_float_digits", "3");
	set_setting("bytea_output", "hex");
}

char *
IvmPinsComplete(const char *text)
{
	int			nestlevel = IvmPinsApply(IvmPinsParse(text));
	char	   *complete = IvmPinsCurrent();

	AtEOXact_GUC(false, nestlevel);
	return complete;
}

void
IvmEvalEnter(const IvmView *view, IvmEvalEnv *env)
{
	env->switched = false;
	env->save_nestlevel = 0;
	if (view->user_code)
		IvmEvalEnterOwner(view, env);
	else if (view->needs_pins && !pins_hold(view->pins))
		env->save_nestlevel = IvmPinsApply(view->pins);
}

void
IvmEvalEnterOwner(const IvmView *view, IvmEvalEnv *env)
{
	env->switched = true;
	GetUserIdAndSecContext(&env->save_userid, &env->save_sec_context);
	SetUserIdAndSecContext(view->owner,
						   env->save_sec_context | SECURITY_RESTRICTED_OPERATION);

	/* A level of its own always: what user code sets ends with it. */
	env->save_nestlevel = NewGUCNestLevel();
	IvmSearchPathApply();
	if (!pins_hold(view->pins))
		set_pins(view->pins);
}

void
IvmEvalLeave(IvmEvalEnv *env)
{
	if (env->save_nestlevel != 0)
		AtEOXact_GUC(false, env->save_nestlevel);
	if (env->switched)
		SetUserIdAndSecContext(env->save_userid, env->save_sec_context);
}
