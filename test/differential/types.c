/*-------------------------------------------------------------------------
 *
 * types.c
 *		Types and their values.  Few values a type, so that groups collide;
 *		among them those that have caught others: equal values of different
 *		form, NaN, infinities, empty and very long ones.
 *
 * Floats are dyadic, so that PostgreSQL's own sums of them are exact too.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "differential.h"

#define X10(s) s s s s s s s s s s
#define LONG_TEXT X10(X10("kilo-x"))
#define WIDE_TEXT X10(LONG_TEXT)

static const Type types[] = {
	{"int2", T_SUM | T_AVG | T_STAT | T_INT | T_MINMAX | T_BITS | T_CONT, "%s", {"0", "1", "2", "-3", "32767"}},
	{"int4", T_SUM | T_AVG | T_STAT | T_INT | T_MINMAX | T_BITS | T_CONT, "%s", {"0", "1", "2", "-3", "7", "2147483647", "-2147483647"}},
	{"int8", T_SUM | T_AVG | T_STAT | T_MINMAX | T_BITS | T_CONT, "%s", {"0", "1", "-3", "9007199254740993", "9223372036854775807", "-9223372036854775808"}},
	{"numeric", T_SUM | T_AVG | T_STAT | T_MINMAX | T_CONT | T_FORMS, "trim_scale(%s)", {"0", "1", "1.0", "1.00", "-2.5", "0.001", "NaN", "100000000000000000000", "-0.0000000001", "123456789012345678901234567890.5"}},
	{"numeric", T_SUM | T_AVG | T_STAT | T_MINMAX | T_CONT | T_FORMS, "trim_scale(%s)", {"1.5", "2.25", "-2.250", "10", "Infinity", "-Infinity"}},
	{"numeric(8,2)", T_SUM | T_AVG | T_STAT | T_MINMAX | T_CONT, "%s", {"0", "1.5", "-2.25", "99999.99"}},
	{"float8", T_SUM | T_AVG | T_STAT | T_INEXACT | T_PAIRS | T_MINMAX | T_CONT | T_FORMS, "(%s + 0)", {"0", "-0", "1.5", "-2.25", "1024", "0.125"}},
	{"float8", T_SUM | T_AVG | T_STAT | T_INEXACT | T_PAIRS | T_MINMAX | T_CONT | T_FORMS, "(%s + 0)", {"NaN", "Infinity", "-Infinity", "0.5", "3"}},
	{"float4", T_SUM | T_AVG | T_STAT | T_INEXACT | T_PAIRS | T_MINMAX | T_CONT | T_FORMS, "(%s + 0)", {"0", "-0", "1.5", "-2.25", "NaN", "Infinity", "0.125"}},
	{"interval", T_SUM | T_AVG | T_MINMAX | T_CONT | T_FORMS, "interval_hash(%s)", {"1 day", "24:00:00", "1 mon", "30 days", "-1 day", "00:00:01.5", "1 year 2 days"}},
	{"money", T_SUM | T_MINMAX | T_MONEY, "%s", {"0", "1.50", "-2.25", "100000"}},
	{"bool", T_BOOL, "%s", {"t", "f"}},
	{"text", T_TEXT | T_MINMAX, "%s", {"a", "b", "A", "\303\251", "", "ab", "Zo\303\253", LONG_TEXT "1", LONG_TEXT "2", "back\\slash\ttab"}},
	{"text COLLATE \"C\"", T_TEXT | T_MINMAX, "%s", {"a", "b", "A", "\303\251", "", LONG_TEXT "1", LONG_TEXT "2"}},
	{"text COLLATE \"en-x-icu\"", T_TEXT | T_MINMAX, "%s", {"a", "b", "A", "\303\251", "", "ab", LONG_TEXT "1", LONG_TEXT "2"}},
	{"text COLLATE d.ci", T_TEXT | T_MINMAX | T_FORMS, "lower(%s COLLATE \"en-x-icu\")", {"a", "A", "b", "B", "\303\251", "\303\211", ""}},
	{"varchar(10)", T_TEXT | T_MINMAX, "%s", {"a", "b", "ab", "abc"}},
	{"bpchar(6)", T_MINMAX, "%s", {"a", "a  ", "b", ""}},
	{"name", 0, "%s", {"a", "b", "Some Name"}},
	{"\"char\"", 0, "%s", {"a", "b", ""}},
	{"date", T_MINMAX, "%s", {"2024-02-29", "1999-12-31", "infinity", "-infinity", "2000-01-01", "0044-03-15 BC"}},
	{"time", T_MINMAX, "%s", {"00:00", "12:34:56.789", "24:00"}},
	{"timetz", T_MINMAX, "%s", {"12:00+00", "13:00+01", "11:00-01"}},
	{"timestamp", T_MINMAX, "%s", {"2024-02-29 12:00", "1999-12-31 23:59:59.999999", "infinity", "2000-01-01"}},
	{"timestamptz", T_MINMAX, "%s", {"2024-02-29 12:00+00", "2024-02-29 13:00+01", "-infinity", "2000-01-01 00:00+00"}},
	{"uuid", 0, "%s", {"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
	{"bytea", 0, "%s", {"\\x", "\\x00", "\\x0000", "\\x00ff", "\\xff"}},
	{"jsonb", T_FORMS, "jsonb_hash(%s)", {"{\"a\": 1}", "{\"a\": 1.0}", "[1, 2]", "null", "\"x\""}},
	{"int4[]", T_MINMAX | T_ARRAY, "%s", {"{}", "{1,2}", "{NULL,1}", "{{1},{2}}"}},
	{"numeric[]", T_MINMAX | T_ARRAY | T_FORMS, "hash_array(%s)", {"{1.0}", "{1.00}", "{2}"}},
	{"d.mood", T_MINMAX, "%s", {"sad", "ok", "happy"}},
	{"d.pair", 0, "%s", {"(1,a)", "(,)", "(1,b)"}},
	{"int4range", T_RANGE, "%s", {"[1,5)", "empty", "[3,)", "(,)"}},
	{"inet", T_MINMAX, "%s", {"10.0.0.1", "10.0.0.0/8", "::1"}},
	{"macaddr", 0, "%s", {"08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"}},
	{"oid", T_MINMAX, "%s", {"0", "1", "4294967295"}},
	{"bit(3)", T_BITS, "%s", {"101", "000", "111"}},
	{"varbit", 0, "%s", {"", "1", "10", "100"}},
	{"pg_lsn", T_MINMAX, "%s", {"0/0", "16/B374D848"}},
	{"xid", T_NOSORT, "%s", {"3", "4", "4294967295"}},
	{"xid8", T_MINMAX, "%s", {"3", "18446744073709551615"}},
	{"tsvector", 0, "%s", {"a b", "", "x:1"}},
	{"text", T_HEAVY, "%s", {"", "w", WIDE_TEXT "1", WIDE_TEXT "2"}},
	{"json", T_HEAVY | T_NOSORT | T_NOEQ, "%s", {"{\"a\": 1, \"a\": 2}", "[1, 2.50]", "null", "\"x\"", "[\"" LONG_TEXT "\"]"}},
	{"point", T_HEAVY | T_NOSORT | T_NOEQ, "%s", {"(0,0)", "(1.5,-2)", "(0,-0)"}}
};

#define NTYPES ((int) (sizeof(types) / sizeof(types[0])))

/* --- chance: splitmix64, the same everywhere --- */

static uint64_t chance_state;

static uint64_t
mix(uint64_t z)
{
	z ^= z >> 30;
	z *= UINT64_C(0xBF58476D1CE4E5B9);
	z ^= z >> 27;
	z *= UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Mixed, since neighbouring states give one sequence, shifted. */
void
chance_seed(uint64_t seed)
{
	chance_state = mix(seed * UINT64_C(0xD1342543DE82EF95) + 1);
}

int
below(int n)
{
	return (int) (mix(chance_state += UINT64_C(0x9E3779B97F4A7C15)) % (uint64_t) n);
}

bool
percent(int p)
{
	return below(100) < p;
}

/* --- strings of one seed --- */

static char **strings;
static int	nstrings,
			maxstrings;

char *
fmt(const char *format,...)
{
	va_list		args;
	char	   *s;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		abort();
	va_end(args);
	if (nstrings == maxstrings)
	{
		maxstrings = maxstrings ? 2 * maxstrings : 1024;
		strings = realloc(strings, maxstrings * sizeof(char *));
		if (strings == NULL)
			abort();
	}
	strings[nstrings++] = s;
	return s;
}

void
forget_strings(void)
{
	while (nstrings > 0)
		free(strings[--nstrings]);
}

/* --- types --- */

const Type *
type_named(const char *name)
{
	for (int i = 0; i < NTYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	abort();
}

const Type *
random_type(unsigned flags)
{
	const Type *type;

	do
		type = &types[below(NTYPES)];
	while ((flags != 0 && (type->flags & flags) == 0) || (type->flags & T_HEAVY & ~flags) != 0);
	return type;
}

const char *
random_value(const Type *type)
{
	int			n = 0;

	while (n < 12 && type->values[n] != NULL)
		n++;
	return percent(12) ? NULL : type->values[below(n)];
}

/* The value as SQL; without a collation, which would be an explicit one. */
char *
literal(const Type *type, const char *value)
{
	char	   *quoted,
			   *to;
	const char *name = type->name;
	char	   *space = strstr(name, " COLLATE");

	if (space != NULL)
		name = fmt("%.*s", (int) (space - type->name), type->name);
	if (value == NULL)
		return fmt("NULL::%s", name);
	quoted = fmt("%*s", (int) (2 * strlen(value) + 1), "");
	to = quoted;
	for (const char *s = value; *s; s++)
	{
		if (*s == '\'')
			*to++ = '\'';
		*to++ = *s;
	}
	*to = '\0';
	return fmt("'%s'::%s", quoted, name);
}
