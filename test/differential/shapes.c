/*-------------------------------------------------------------------------
 *
 * shapes.c
 *		Random queries of every shape family.
 *
 * A query's result must be determined: where it depends on an order, that order
 * tells apart all rows that differ in an output (up to the form of equal values,
 * which canon takes care of).
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "differential.h"

View		views[MAX_VIEWS];
int			nviews;

const char *const family_names[NFAMILIES] = {
	"grouped", "minmax", "distinct", "ordered", "within", "custom", "mixed",
	"rows", "unique", "topk", "window", "groups", "sets", "nested", "subquery", "srf", "stable", "wholerow"
};

/* --- select lists --- */

static void
add_item(View *view, Expr e)
{
	Output	   *out = &view->out[view->nout];

	view->items[view->nout++] = e.sql;

	view->list = fmt("%s%s%s AS %c%d", view->list, *view->list ? ", " : "", e.sql, view->prefix, view->nout);
	view->oracle_list = fmt("%s%s%s AS %c%d", view->oracle_list, *view->oracle_list ? ", " : "", e.oracle, view->prefix, view->nout);
	strcpy(out->name, fmt("%c%d", view->prefix, view->nout));
	out->type = e.type;
	out->canon = e.canon;
	view->pinned = view->pinned || e.pinned;
}

static void
start_view(View *view, char prefix)
{
	view->list = view->oracle_list = "";
	view->prefix = prefix;
}

/* WHERE of the source and of the query */
static const char *
where(const Source *source)
{
	const char *more = percent(40) ? predicate(source) : NULL;

	if (source->where == NULL)
		return more ? fmt(" WHERE %s", more) : "";
	return fmt(" WHERE %s%s%s", source->where, more ? " AND " : "", more ? more : "");
}

static void
finish_view(View *view, const Source *source, const char *distinct, const char *tail)
{
	const char *from = fmt("%s%s", where(source), tail);

	view->query = fmt("%sSELECT %s%s FROM %s%s", source->with, distinct, view->list, source->from, from);
	view->oracle = fmt("%sSELECT %s%s FROM %s%s", source->oracle_with, distinct, view->oracle_list, source->oracle_from, from);
	view->pinned = view->pinned || source->pinned;
}

/* Add n random keys.  Returns their expressions, separated by commas. */
static char *
add_keys(View *view, const Source *source, int n, unsigned forbid)
{
	char	   *all = "";

	for (int i = 0; i < n; i++)
	{
		Expr		key = key_expression(source, forbid);

		add_item(view, key);
		all = fmt("%s%s%s", all, *all ? ", " : "", key.sql);
	}
	return all;
}

/* The outputs from first to last by position, each in a random direction */
static char *
positions(int first, int last)
{
	char	   *all = "";

	for (int i = first; i <= last; i++)
		all = fmt("%s%s%s", all, *all ? ", " : "", order_item(fmt("%d", i)));
	return all;
}

/* --- grouped queries --- */

static char *
group_by(const View *view, const char *keys)
{
	char	   *numbers = "";

	if (view->nkeys == 0)
		return "";
	for (int i = 1; i <= view->nkeys; i++)
		numbers = fmt("%s%s%d", numbers, i > 1 ? ", " : "", i);
	return fmt(" GROUP BY %s", percent(50) ? keys : numbers);
}

static void
grouped(View *view, const Source *source, Family family)
{
	bool		distinct = family == GROUPED && percent(8);
	int			naggs;
	char	   *keys;
	char	   *tail;

	view->nkeys = distinct ? 1 + below(3) : percent(12) && view->prefix == 'c' ? 0 : 1 + below(3);
	naggs = distinct || (family == GROUPED && view->nkeys > 0 && percent(8)) ? 0 : 1 + below(4);
	keys = add_keys(view, source, view->nkeys, view->prefix == 'c' ? T_NOEQ : T_NOSORT);
	for (int i = 0; i < naggs; i++)
		add_item(view, aggregate(source, i > 0 && percent(25) ? GROUPED : family));
	tail = distinct ? "" : group_by(view, keys);
	if (!distinct && percent(20))
		tail = fmt("%s HAVING %s", tail, having(source, family));
	view->unique_keys = true;
	finish_view(view, source, distinct ? "DISTINCT " : "", tail);
}

/* Windows, DISTINCT and LIMIT over groups */
static void
over_groups(View *view, const Source *source)
{
	int			nkeys = 1 + below(2);
	char	   *keys = add_keys(view, source, nkeys, T_NOSORT);
	const char *measure = source->has_id ? "sum(id)" : "count(*)";
	Expr		e = {0};
	char	   *distinct = "";
	char	   *tail;

	view->nkeys = nkeys;
	tail = group_by(view, keys);
	e.canon = "%s";
	switch (below(5))
	{
		case 0:
			e.sql = fmt("%s() OVER (ORDER BY %s, %s)", percent(50) ? "rank" : "row_number", order_item(measure), keys);
			break;
		case 1:
			e.sql = fmt("rank() OVER (PARTITION BY %s ORDER BY %s)", view->items[0], order_item("count(*)"));
			break;
		case 2:
			e.sql = fmt("sum(count(*)) OVER (ORDER BY %s)", order_item(measure));
			break;
		case 3:					/* DISTINCT over what groups have in common */
			view->list = view->oracle_list = "";
			view->nout = view->nkeys = 0;
			e.sql = "count(*)";
			e.type = type_named("int8");
			e.oracle = e.sql;
			add_item(view, e);
			e.sql = percent(50) ? measure : fmt("count(%s)", random_column(source, 0, 0)->name);
			distinct = "DISTINCT ";
			tail = fmt(" GROUP BY %s", keys);
			break;
		default:
			add_item(view, aggregate(source, percent(50) ? MINMAX : GROUPED));
			e.sql = measure;
			tail = fmt("%s ORDER BY %s, %s LIMIT %d", tail, order_item(measure), keys, 1 + below(4));
			break;
	}
	e.oracle = e.sql;
	add_item(view, e);
	view->unique_keys = view->nkeys > 0;
	finish_view(view, source, distinct, tail);
}

static void
grouping_sets(View *view, const Source *source)
{
	int			n = 2 + below(2);
	Expr		keys[3];
	char	   *all = "";
	char	   *tail;
	Expr		e = {0};

	for (int i = 0; i < n; i++)
	{
		bool		again = false;

		keys[i] = column_expr(random_column(source, 0, T_NOSORT | T_HEAVY));
		for (int j = 0; j < i; j++)
			again = again || strcmp(keys[i].sql, keys[j].sql) == 0;
		if (again)				/* each another */
			keys[i].sql = keys[i].oracle = fmt("COALESCE(%s, %s)", keys[i].sql, literal(keys[i].type, keys[i].type->values[i]));
		else if (source->has_id && percent(40))
			keys[i] = (Expr) {fmt("id %% %d", 2 + i), fmt("id %% %d", 2 + i), type_named("int4"), "%s", false};
		all = fmt("%s%s%s", all, i ? ", " : "", keys[i].sql);
	}
	e.sql = e.oracle = fmt("GROUPING(%s)", all);
	e.type = type_named("int4");
	e.canon = "%s";
	add_item(view, e);
	for (int i = 0; i < n; i++)
		add_item(view, keys[i]);
	view->nkeys = view->nout;
	for (int i = 1 + below(2); i >= 0; i--)
		add_item(view, aggregate(source, percent(50) ? GROUPED : MIXED));
	switch (below(4))
	{
		case 0:
			tail = fmt(" GROUP BY ROLLUP (%s)", all);
			break;
		case 1:
			tail = fmt(" GROUP BY CUBE (%s)", all);
			break;
		case 2:
			tail = fmt(" GROUP BY GROUPING SETS ((%s), (%s), ())", keys[0].sql, all);
			break;
		default:
			tail = fmt(" GROUP BY %s, ROLLUP (%s%s%s)", keys[0].sql, keys[1].sql, n > 2 ? ", " : "", n > 2 ? keys[2].sql : "");
			break;
	}
	if (percent(20))
		tail = fmt("%s HAVING %s", tail, having(source, GROUPED));
	finish_view(view, source, "", tail);
}

/* --- rows --- */

/* Add n random outputs that can be sorted. */
static void
add_sortable(View *view, const Source *source, int n)
{
	for (int i = 0; i < n; i++)
		add_item(view, percent(70) ? column_expr(random_column(source, 0, T_NOSORT)) : key_expression(source, T_NOSORT));
}

/* A set-returning function in the select list */
static Expr
expanding_item(const Source *source)
{
	const Column *col = random_column(source, 0, T_ARRAY | T_HEAVY);
	Expr		e = {0};

	e.canon = "%s";
	switch (below(3))
	{
		case 0:
			e.sql = fmt("generate_series(1, %s)", source->has_id ? "id % 4" : "2");
			e.type = type_named("int4");
			break;
		case 1:
			e.sql = fmt("unnest(ARRAY[%s, NULL, %s])", col->name, col->name);
			e.type = col->type;
			e.canon = col->type->canon;
			break;
		default:
			e.sql = fmt("jsonb_array_elements(CASE WHEN %s IS NULL THEN '[]' ELSE '[1, \"a\", [1], null]'::jsonb END)", col->name);
			e.type = type_named("jsonb");
			e.canon = e.type->canon;
			break;
	}
	e.oracle = e.sql;
	return e;
}

static void
rows(View *view, const Source *source, bool expands)
{
	const Column *heavy = random_column(source, T_HEAVY, 0);
	int			nkeys;

	if (source->has_id && percent(40))
		add_item(view, (Expr) {"id", "id", type_named("int4"), "%s", false});
	for (int i = below(3); i >= 0; i--)
		add_item(view, percent(70) ? column_expr(random_column(source, 0, T_NOEQ)) : key_expression(source, T_NOEQ));
	view->nkeys = view->nout;
	if (expands)
		add_item(view, expanding_item(source));
	else if (heavy != NULL && percent(50))
	{
		Expr		e = column_expr(heavy);

		e.type = NULL;
		add_item(view, e);
	}
	finish_view(view, source, "", "");
	if (!source->any_form && percent(40))	/* rows of groups have the groups' key */
	{
		const char *key = "c1";

		nkeys = 1 + below(view->nkeys);
		for (int i = 2; i <= nkeys; i++)
			key = fmt("%s, c%d", key, i);
		view->options = fmt(", key '%s'", key);
		view->nkeys = nkeys;
	}
}

/* SELECT DISTINCT and DISTINCT ON */
static void
unique(View *view, const Source *source)
{
	int			on = 1 + below(2);
	char	   *numbers = "";

	if (percent(50))
	{
		for (int i = below(3); i >= 0; i--)
			add_item(view, percent(70) ? column_expr(random_column(source, 0, T_NOEQ)) : key_expression(source, T_NOEQ));
		view->nkeys = view->nout;
		finish_view(view, source, "DISTINCT ", "");
		return;
	}
	add_sortable(view, source, on + 1 + below(2));
	view->nkeys = on;
	for (int i = 1; i <= on; i++)
		numbers = fmt("%s%s%d", numbers, i > 1 ? ", " : "", i);
	finish_view(view, source, fmt("DISTINCT ON (%s) ", numbers),
				fmt(" ORDER BY %s, %s", positions(1, on), source->unique_id && percent(50) ? order_item("id") : positions(on + 1, view->nout)));
}

static void
top_k(View *view, const Source *source)
{
	char	   *tail;

	add_sortable(view, source, 2 + below(2));
	view->nkeys = view->nout;
	tail = fmt(" ORDER BY %s", order_item(fmt("%d", 1 + below(view->nout))));
	if (percent(25))			/* all rows that tie with the last: no total order needed */
		tail = fmt("%s FETCH FIRST %d ROWS WITH TIES", tail, 1 + below(4));
	else
	{
		tail = fmt("%s, %s", tail, source->unique_id && percent(50) ? order_item("id") : positions(1, view->nout));
		tail = fmt("%s LIMIT %d%s", tail, 1 + below(6), percent(40) ? fmt(" OFFSET %d", below(4)) : "");
	}
	finish_view(view, source, "", tail);
}

/* --- windows --- */

/* A function whose result is the same for all peers: any order will do. */
static Expr
peer_function(const Source *source)
{
	static const char *const names[] = {"rank()", "dense_rank()", "percent_rank()", "cume_dist()", "count(*)"};
	const Column *col;
	Expr		e = {0};

	e.canon = "%s";
	e.sql = names[below(5)];
	switch (below(4))
	{
		case 0:
			col = random_column(source, T_SUM, 0);
			if (col == NULL)
				break;
			e.sql = fmt("sum(%s)%s", col->name, percent(20) ? fmt(" FILTER (WHERE %s)", predicate(source)) : "");
			e.canon = col->type->flags & T_INEXACT || source->any_form ? col->type->canon : "%s";
			break;
		case 1:
			col = random_column(source, T_MINMAX, 0);
			if (col == NULL)
				break;
			e.sql = fmt("%s(%s)", percent(50) ? "min" : "max", col->name);
			e.canon = col->type->canon;
			break;
		default:
			break;
	}
	return e;
}

/* A value that the order of rows determines: an output, or any where id tells rows apart */
static Expr
value_of_row(const Source *source, const View *view, int nplain)
{
	int			i = below(nplain);

	if (source->unique_id && percent(70))
		return column_expr(random_column(source, 0, T_HEAVY));
	return (Expr) {view->items[i], view->items[i], NULL, view->out[i].canon, false};
}

/* A function that wants an order of all rows.  *frame: it may have one */
static Expr
row_function(const Source *source, const View *view, int nplain, bool *frame)
{
	static const char *const names[] = {"lag", "lead", "first_value", "last_value", "nth_value"};
	Expr		e = {0};
	int			dice = below(8);

	*frame = false;
	if (dice >= 3 && dice < 6)
	{
		int			i = below(5);

		e = value_of_row(source, view, nplain);
		e.sql = fmt("%s(%s%s)", names[i], e.sql, i == 4 || (i < 2 && percent(30)) ? ", 2" : "");
		*frame = i >= 2;
		return e;
	}
	e.canon = "%s";
	*frame = dice >= 6;
	if (dice < 2)
		e.sql = "row_number()";
	else if (dice < 3)
		e.sql = fmt("ntile(%d)", 1 + below(4));
	else
		e.sql = source->unique_id ? "sum(id)" : "count(*)";
	return e;
}

/*
 * Something to sort or part rows by: an output where rows may be the same in
 * all outputs, since a row's other results must not tell these apart again.
 */
static const char *
known_value(const View *view, const Source *source, int n)
{
	return source->unique_id ? random_column(source, 0, T_NOSORT | T_HEAVY)->name : view->items[below(n)];
}

/* What tells apart all rows that differ in one of the first n outputs */
static char *
total_order(const View *view, const Source *source, int n)
{
	char	   *all = "";

	if (source->unique_id)
		return order_item("id");
	for (int i = 0; i < n; i++)
		all = fmt("%s%s%s", all, i ? ", " : "", order_item(view->items[i]));
	return all;
}

static Expr
over(Expr e, const char *partition, const char *order, const char *frame)
{
	e.sql = e.oracle = fmt("%s OVER (%s%s%sORDER BY %s%s)", e.sql, *partition ? "PARTITION BY " : "", partition,
						   *partition ? " " : "", order, frame);
	e.type = NULL;
	return e;
}

/*
 * Where rows can be the same in all outputs, only one function may tell them
 * apart: two would do so each in its own way.  *told: one does.
 */
static void
add_window(View *view, const Source *source, const char *partition, int nplain, bool *told)
{
	static const char *const frames[] = {
		" ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
		" GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING", " ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING EXCLUDE CURRENT ROW", ""
	};
	char	   *order = order_item(known_value(view, source, nplain));
	bool		frame;
	Expr		e;

	if (*told || percent(40))
		add_item(view, over(peer_function(source), partition, order, ""));
	else
	{
		*told = !source->unique_id;
		e = row_function(source, view, nplain, &frame);
		order = fmt("%s, %s", order, total_order(view, source, nplain));
		add_item(view, over(e, partition, order, frame ? frames[below(5)] : ""));
	}
}

/* The first of each partition: add their number, and a query around that filters by it. */
static void
grouped_top_k(View *view, const Source *source, const char *partition, int nplain, bool told)
{
	static const char *const numbers[] = {"row_number()", "row_number()", "rank()", "dense_rank()"};
	int			number = told ? 2 + below(2) : below(4);
	char	   *order = order_item(known_value(view, source, nplain));
	Expr		e = {0};
	char	   *list = "*";
	char	   *filter;

	e.sql = numbers[number];
	e.canon = "%s";
	if (number < 2 || percent(30))
		order = fmt("%s, %s", order, total_order(view, source, nplain));
	add_item(view, over(e, partition, order, ""));
	finish_view(view, source, "", "");
	filter = fmt("c%d %s", view->nout, percent(80) ? fmt("<= %d", 1 + below(3)) : "= 1");
	if (percent(40))			/* without the number */
	{
		view->nout--;
		list = "";
		for (int i = 0; i < view->nout; i++)
			list = fmt("%s%s%s", list, i ? ", " : "", view->out[i].name);
	}
	view->query = fmt("SELECT %s FROM (%s) s WHERE %s", list, view->query, filter);
	view->oracle = fmt("SELECT %s FROM (%s) s WHERE %s", list, view->oracle, filter);
}

static void
windowed(View *view, const Source *source)
{
	int			nparts = percent(15) ? 0 : 1 + below(2);
	char	   *partition = add_keys(view, source, nparts, T_NOSORT);
	bool		top = percent(45);
	bool		told = false;
	int			nplain;

	add_sortable(view, source, 1 + below(2));
	nplain = view->nout;
	view->nkeys = nparts;
	for (int i = top ? below(2) : 1 + below(3); i > 0; i--)
		add_window(view, source, percent(85) ? partition : known_value(view, source, nplain), nplain, &told);
	if (top)
		grouped_top_k(view, source, partition, nplain, told);
	else
		finish_view(view, source, "", "");
}

/* --- sources --- */

/* A table, seldom without its child tables */
static Source
plain_source(const Table *table)
{
	Source		source = table_source(table);

	if (table->child && percent(20))
		source.from = source.oracle_from = fmt("ONLY %s", source.from);
	return source;
}

static char *
all_columns(const Source *source)
{
	char	   *all = "";

	for (int i = 0; i < source->ncols; i++)
		all = fmt("%s%s%s", all, i ? ", " : "", source->cols[i].name);
	return all;
}

/* A subquery that can be flattened: in FROM, LATERAL, or a CTE */
static Source
subquery_source(const Table *table)
{
	Source		source = plain_source(table);
	char	   *query = fmt("SELECT %s FROM %s%s", all_columns(&source), source.from, percent(60) ? fmt(" WHERE %s", predicate(&source)) : "");

	switch (below(4))
	{
		case 0:
			source.with = fmt("WITH w AS (%s) ", query);
			source.from = "w";
			break;
		case 1:
			source.with = fmt("WITH w AS (%s), w2 AS (SELECT * FROM w WHERE %s) ", query, predicate(&source));
			source.from = "w2";
			break;
		default:
			source.from = fmt("(%s) s", query);
			break;
	}
	source.oracle_with = source.with;
	source.oracle_from = source.from;
	return source;
}

/* Add the column x that a row expands to. */
static Source
expanding_source(const Table *table)
{
	Source		source = plain_source(table);
	const Column *col = random_column(&source, 0, T_ARRAY | T_HEAVY);
	Column	   *x = &source.cols[source.ncols++];
	const char *lateral = percent(50) ? ", LATERAL" : percent(50) ? "," : " CROSS JOIN LATERAL";

	x->name = "x";
	x->type = type_named("int4");
	switch (below(6))
	{
		case 0:
			source.from = fmt("%s%s generate_series(1, t.id %% 4) g(x)", source.from, lateral);
			break;
		case 1:
			x->type = col->type;
			source.from = fmt("%s%s unnest(ARRAY[t.%s, NULL, t.%s]) g(x)", source.from, lateral, col->name, col->name);
			break;
		case 2:
			x->type = type_named("jsonb");
			source.from = fmt("%s%s jsonb_array_elements(CASE WHEN t.id %% 3 = 0 THEN '[]' ELSE '[1, 1.0, \"a\", null]'::jsonb END) g(x)", source.from, lateral);
			break;
		case 3:
			x->type = col->type;
			source.cols[source.ncols++] = (Column) {"o", type_named("int8")};
			source.from = fmt("%s%s unnest(ARRAY[t.%s, %s]) WITH ORDINALITY g(x, o)", source.from, lateral, col->name,
							  literal(col->type, col->type->values[0]));
			break;
		case 4:
			source.from = fmt("%s CROSS JOIN (VALUES (1), (2), (2), (NULL)) g(x)", source.from);
			break;
		default:
			source.cols[source.ncols++] = (Column) {"y", type_named("text")};
			source.from = fmt("%s, (VALUES (0, 'a'), (1, 'b'), (1, NULL), (7, 'c')) g(x, y)", source.from);
			source.where = "g.x = t.id % 3";
			break;
	}
	source.oracle_from = source.from;
	source.unique_id = false;
	return source;
}

#define MOMENT	"('2024-03-30 12:00+00'::timestamptz + id * interval '7 hours')"

/* k1 and k2 become expressions that depend on settings. */
static Source
stable_source(const Table *table)
{
	Source		source = plain_source(table);

	for (int i = 1; i <= 2; i++)
	{
		const Column *from = &table->cols[i == 1 ? 3 : 4 + below(3)];
		Column	   *to = &source.cols[i];

		to->type = type_named("text");
		switch (below(9))
		{
			case 0:
				*to = (Column) {fmt("date_trunc('%s', %s)", percent(50) ? "day" : "month", MOMENT), type_named("timestamptz")};
				break;
			case 1:
				to->name = fmt("to_char(%s, 'YYYY-MM-DD HH24 TMDay')", MOMENT);
				break;
			case 2:
				*to = (Column) {fmt("(%s::date)", MOMENT), type_named("date")};
				break;
			case 3:
				*to = (Column) {fmt("extract(%s FROM %s)", percent(50) ? "hour" : "dow", MOMENT), type_named("numeric")};
				break;
			case 4:
				*to = (Column) {fmt("jsonb_build_object('a', %s, 'b', id %% 3)", from->name), type_named("jsonb")};
				break;
			case 5:
				*to = (Column) {fmt("to_jsonb(%s)", from->name), type_named("jsonb")};
				break;
			case 6:
				to->name = fmt("concat(id %% 3, '-', %s)", from->name);
				break;
			case 7:
				to->name = fmt("format('%%s|%%s', %s, id %% 2)", from->name);
				break;
			default:
				to->name = fmt("(%s::text)", percent(50) ? from->name : MOMENT);
				break;
		}
	}
	source.pinned = true;
	return source;
}

static Source
whole_row_source(const Table *table)
{
	Source		source = plain_source(table);
	Column	   *to = &source.cols[1];

	switch (below(3))
	{
		case 0:
			*to = (Column) {"to_jsonb(t)", type_named("jsonb")};
			break;
		case 1:
			*to = (Column) {"(t::text)", type_named("text")};
			break;
		default:
			*to = (Column) {"(t IS NOT NULL)", type_named("bool")};
			break;
	}
	source.cols[2] = *to;
	source.pinned = true;
	return source;
}

/* The groups of a lower query as a source */
static Source
nested_source(const Table *table)
{
	Source		base = plain_source(table);
	Source		source = {0};
	View		lower = {0};

	start_view(&lower, 'g');
	do
	{
		start_view(&lower, 'g');
		lower.nout = 0;
		grouped(&lower, &base, percent(60) ? GROUPED : percent(50) ? MINMAX : MIXED);
	} while (lower.nkeys == 0);
	for (int i = 0; i < lower.nout; i++)
		if (lower.out[i].type != NULL)
			source.cols[source.ncols++] = (Column) {fmt("%s", lower.out[i].name), lower.out[i].type};
	source.with = source.oracle_with = "";
	if (percent(30))
	{
		source.with = fmt("WITH w AS (%s) ", lower.query);
		source.oracle_with = fmt("WITH w AS (%s) ", lower.oracle);
		source.from = source.oracle_from = "w";
	}
	else
	{
		source.from = fmt("(%s) w", lower.query);
		source.oracle_from = fmt("(%s) w", lower.oracle);
	}
	source.any_form = true;
	source.pinned = lower.pinned;
	return source;
}

/* --- views --- */

static void
generate_shape(View *view, const Source *source, Family family)
{
	switch (family)
	{
		case ROWS:
			rows(view, source, false);
			break;
		case UNIQUE:
			unique(view, source);
			break;
		case TOPK:
			top_k(view, source);
			break;
		case WINDOW:
			windowed(view, source);
			break;
		case GROUPS:
			over_groups(view, source);
			break;
		case SETS:
			grouping_sets(view, source);
			break;
		default:
			grouped(view, source, family);
			break;
	}
}

/* A wanted family that is no source's; GROUPED where there is none */
static Family
inner_family(void)
{
	for (int i = 0; i < 100; i++)
	{
		Family		family = below(NESTED);

		if (options.shapes[family])
			return family;
	}
	return GROUPED;
}

static void
generate_view(View *view)
{
	Source		source;
	Family		inner = inner_family();

	start_view(view, 'c');
	switch (view->family)
	{
		case NESTED:
			source = nested_source(view->table);
			break;
		case SUBQUERY:
			source = subquery_source(view->table);
			break;
		case SRF:
			source = percent(70) ? expanding_source(view->table) : plain_source(view->table);
			if (strstr(source.from, " g(x") == NULL)
			{
				rows(view, &source, true);
				return;
			}
			break;
		case STABLE:
			source = stable_source(view->table);
			break;
		case WHOLEROW:
			source = whole_row_source(view->table);
			break;
		default:
			source = plain_source(view->table);
			inner = view->family;
			break;
	}
	generate_shape(view, &source, inner);
}

void
generate_views(void)
{
	nviews = 1 + below(MAX_VIEWS);
	for (int i = 0; i < nviews; i++)
	{
		Family		family;

		do
			family = percent(20) ? GROUPED : below(NFAMILIES);
		while (!options.shapes[family]);
		memset(&views[i], 0, sizeof(View));
		views[i].number = i + 1;
		views[i].family = family;
		views[i].options = "";
		views[i].table = &tables[below(ntables)];
		generate_view(&views[i]);
	}
}
