/*-------------------------------------------------------------------------
 *
 * checks.c
 *		Comparisons of a view with its query: each one statement, whose result
 *		is 0 when all is well.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "differential.h"

/* An output in its canonical form, as text */
static char *
output_value(const Output *out)
{
	return fmt("%.*s%s%s::text", (int) (strstr(out->canon, "%s") - out->canon), out->canon, out->name, strstr(out->canon, "%s") + 2);
}

/* Outputs as text, chosen by the bits of mask. */
static char *
outputs(const View *view, unsigned mask)
{
	char	   *list = "";

	for (int i = 0; i < view->nout; i++)
		if (mask & (1u << i))
			list = fmt("%s%s%s AS x%s", list, *list ? ", " : "", output_value(&view->out[i]), view->out[i].name);
	return *list ? list : "1";
}

char *
canonical_list(const View *view)
{
	return outputs(view, ~0u);
}

/* Compare "SELECT list FROM before {d.v | d.q} after" as multisets. */
static char *
compare(const View *view, const char *list, const char *before, const char *after)
{
	int			n = view->number;
	char	   *v = fmt("SELECT %s FROM %sd.v%d v %s", list, before, n, after);
	char	   *q = fmt("SELECT %s FROM %sd.q%d v %s", list, before, n, after);

	return fmt("SELECT count(*) FROM ((%s EXCEPT ALL %s) UNION ALL (%s EXCEPT ALL %s)) x", v, q, q, v);
}

char *
full_check(const View *view)
{
	return compare(view, canonical_list(view), "", "");
}

static char *
condition(const Output *out)
{
	static const char *const operators[] = {"<", "<=", ">", ">=", "="};
	const Type *type = out->type;
	bool		sorts = (type->flags & T_NOSORT) == 0;
	char	   *value = literal(type, random_value(type));
	char	   *other = literal(type, random_value(type));

	switch (below(sorts ? 7 : 4))
	{
		case 0:
			return fmt("v.%s IS %sNULL", out->name, percent(30) ? "NOT " : "");
		case 1:
			return fmt("v.%s IN (%s, %s)", out->name, value, other);
		case 2:
		case 3:
			return percent(80) ? fmt("v.%s = %s", out->name, value) : fmt("%s = v.%s", value, out->name);
		case 4:
			return fmt("v.%s BETWEEN %s AND %s", out->name, value, other);
		default:
			return fmt("v.%s %s %s", out->name, operators[below(5)], value);
	}
}

static char *
key_conditions(const View *view)
{
	char	   *all = "";

	for (int i = 0; i < view->nkeys; i++)
		if (i == 0 || percent(60))
			all = fmt("%s%s%s", all, *all ? " AND " : "WHERE ", condition(&view->out[percent(20) ? below(view->nkeys) : i]));
	return all;
}

/* ORDER BY the key, or its first columns, and then by all that is shown: rows that tie are the same. */
static char *
ordered_check(const View *view, const char *where)
{
	char	   *order = "";
	char	   *rows[2];
	int			limit = 1 + below(5);
	int			nkeys = percent(70) ? view->nkeys : 1 + below(view->nkeys);
	bool		down = percent(25);

	for (int i = 0; i < nkeys; i++)
		order = fmt("%sv.%s%s, ", order, view->out[i].name, down ? " DESC" : "");
	if (view->unique_keys && nkeys == view->nkeys)
		order = fmt("%.*s", (int) strlen(order) - 2, order);
	else
		for (int i = 0; i < view->nout; i++)
			order = fmt("%s%s%s", order, i ? ", " : "", output_value(&view->out[i]));
	for (int i = 0; i < 2; i++)
		rows[i] = fmt("(SELECT string_agg(x::text, ';') FROM (SELECT %s FROM d.%s%d v %s ORDER BY %s LIMIT %d) x)",
					  canonical_list(view), i ? "q" : "v", view->number, where, order, limit);
	return fmt("SELECT CASE WHEN %s IS NOT DISTINCT FROM %s THEN 0 ELSE 1 END", rows[0], rows[1]);
}

/* How many rows there are, up to a limit */
static char *
limited_check(const View *view, const char *where)
{
	char	   *counts[2];
	int			limit = 1 + below(5);

	for (int i = 0; i < 2; i++)
		counts[i] = fmt("(SELECT count(*) FROM (SELECT 1 FROM d.%s%d v %s LIMIT %d) x)", i ? "q" : "v", view->number, where, limit);
	return fmt("SELECT %s - %s", counts[0], counts[1]);
}

/* A comparison with conditions, order, a join, a parameter, or some of the columns. */
char *
random_check(const View *view, char **param)
{
	const Output *key = &view->out[0];
	bool		sorts = true;

	*param = NULL;
	for (int i = 0; i < view->nkeys; i++)
		sorts = sorts && (view->out[i].type->flags & T_NOSORT) == 0;
	if (view->nkeys == 0)
		return compare(view, outputs(view, (unsigned) below(1 << view->nout)), "", "");
	switch (below(9))
	{
		case 8:
			return limited_check(view, percent(50) ? "" : key_conditions(view));
		case 0:
			return compare(view, outputs(view, (unsigned) below(1 << view->nout)), "", percent(50) ? "" : key_conditions(view));
		case 1:
			if (sorts)
				return ordered_check(view, percent(50) ? "" : key_conditions(view));
			/* FALLTHROUGH */
		case 2:
			return compare(view, canonical_list(view),
						   fmt("(VALUES (%s), (%s), (%s)) p(x) JOIN ", literal(key->type, random_value(key->type)),
							   literal(key->type, random_value(key->type)), literal(key->type, random_value(key->type))),
						   fmt("ON v.%s = p.x", key->name));
		case 3:
			*param = (char *) random_value(key->type);
			if (*param != NULL)
			{
				char	   *cast = strstr(literal(key->type, "0"), "'::") + 1;

				return compare(view, canonical_list(view), "", fmt("WHERE v.%s %s $1%s", key->name,
																   percent(70) || !sorts ? "=" : ">", cast));
			}
			/* FALLTHROUGH */
		default:
			return compare(view, canonical_list(view), "", key_conditions(view));
	}
}
