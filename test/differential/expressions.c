/*-------------------------------------------------------------------------
 *
 * expressions.c
 *		What queries are made of: conditions, keys, and aggregates of every
 *		kind, over the columns of a Source.
 *
 * An expression has two texts: as the query has it, and as the oracle has it,
 * which names an order where the query leaves one open.  Where a result shows
 * one of several equal values, canon gives all of them one form.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "differential.h"

/* --- columns and conditions --- */

Source
table_source(const Table *table)
{
	Source		source = {0};

	source.with = source.oracle_with = "";
	source.from = source.oracle_from = fmt("d.t%d t", table->number);
	source.ncols = table->ncols - table->parent;	/* pid is last */
	memcpy(source.cols, table->cols, source.ncols * sizeof(Column));
	source.has_id = true;
	source.unique_id = table->pk && !table->child;
	return source;
}

/* A column other than id that has one of the flags in want (0: any) and none in forbid. */
const Column *
random_column(const Source *source, unsigned want, unsigned forbid)
{
	const Column *fit[MAX_SOURCE];
	int			n = 0;

	for (int i = source->has_id; i < source->ncols; i++)
	{
		unsigned	flags = source->cols[i].type->flags;

		if ((want == 0 || (flags & want)) && (flags & forbid) == 0)
			fit[n++] = &source->cols[i];
	}
	return n > 0 ? fit[below(n)] : NULL;
}

static char *
comparison(const Column *col)
{
	return fmt("%s %s %s", col->name, percent(70) || (col->type->flags & T_NOSORT) ? "=" : percent(50) ? "<" : ">=",
			   literal(col->type, random_value(col->type)));
}

char *
predicate(const Source *source)
{
	const Column *col = random_column(source, 0, T_HEAVY);

	if (percent(3))
		return fmt("%s IS %sNULL", random_column(source, 0, 0)->name, percent(50) ? "NOT " : "");
	switch (below(7))
	{
		case 0:
			if (source->has_id)
				return fmt("id %% %d = %d", 2 + below(4), below(2));
			/* FALLTHROUGH */
		case 1:
			if (source->has_id)
				return fmt("id < %d", below(80));
			/* FALLTHROUGH */
		case 2:
			return fmt("%s IS %sNULL", col->name, percent(50) ? "NOT " : "");
		case 3:
			return fmt("(%s OR %s)", predicate(source), predicate(source));
		case 4:
			return fmt("(%s AND NOT %s)", predicate(source), predicate(source));
		default:
			return comparison(col);
	}
}

char *
order_item(const char *what)
{
	static const char *const directions[] = {"", "", "", " DESC", " DESC", " ASC NULLS FIRST", " DESC NULLS LAST"};

	return fmt("%s%s", what, directions[below(7)]);
}

static Expr
expression(const char *sql, const Type *type, const char *canon)
{
	return (Expr) {sql, sql, type, canon, false};
}

Expr
column_expr(const Column *column)
{
	return expression(column->name, column->type, column->type->canon);
}

Expr
key_expression(const Source *source, unsigned forbid)
{
	const Column *col = random_column(source, 0, forbid | T_HEAVY);

	if (percent(65))
		return column_expr(col);
	switch (below(7))
	{
		case 6:
			if (source->has_id)
				return expression("d.digit(id)", type_named("int4"), "%s");
			/* FALLTHROUGH */
		case 0:
			return expression(fmt("(%s IS NULL)", col->name), type_named("bool"), "%s");
		case 1:
			if (source->has_id)
				return expression(fmt("id %% %d", 2 + below(4)), type_named("int4"), "%s");
			/* FALLTHROUGH */
		case 2:
			if (source->has_id)
				return expression(fmt("CASE WHEN id %% 2 = 0 THEN %s END", col->name), col->type, col->type->canon);
			/* FALLTHROUGH */
		case 3:
			if (col->type->flags & T_TEXT)
				return expression(fmt("length(%s)", col->name), type_named("int4"), "%s");
			/* FALLTHROUGH */
		case 4:
			if (col->type->flags & T_INT)
				return expression(fmt("%s %% 3::%s", col->name, col->type->name), col->type, "%s");
			/* FALLTHROUGH */
		default:
			return expression(fmt("COALESCE(%s, %s)", col->name, literal(col->type, col->type->values[0])), col->type, col->type->canon);
	}
}

/* --- aggregates --- */

/*
 * A call.  order: the ORDER BY that it has, or NULL; args also say what the
 * oracle orders by where there is none and the order matters.
 */
static Expr
call(const char *function, bool distinct, const char *args, const char *order, bool matters, const char *filter)
{
	Expr		e = {0};
	const char *head = fmt("%s(%s%s", function, distinct ? "DISTINCT " : "", args);

	e.sql = fmt("%s%s%s)%s", head, order ? " ORDER BY " : "", order ? order : "", filter);
	e.oracle = order || distinct || !matters ? e.sql : fmt("%s ORDER BY %s)%s", head, args, filter);
	e.canon = "%s";
	return e;
}

static const char *const stats[] = {"stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp"};
static const char *const pairs[] = {"corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept",
"regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy"};

#define ROUNDED	"round((%s * 0.7310585786)::numeric, 6)"	/* off the dyadic borders of rounding */

/* The canonical form of a sum of values that may themselves be shown in different forms. */
static const char *
sum_canon(const Type *type)
{
	return (type->flags & T_FORMS) ? type->canon : "%s";
}

/* The type of sum(column), as far as nested queries may compute with it */
static const Type *
sum_type(const Type *type)
{
	if (type->flags & T_INT)
		return type_named("int8");
	return strcmp(type->name, "int8") == 0 || strcmp(type->name, "numeric") == 0 ? type_named("numeric") : NULL;
}

static Expr
counted(const Source *source, const char *filter)
{
	Expr		e = {0};

	e.canon = "%s";
	switch (below(source->has_id ? 5 : 3))
	{
		case 0:
			e.sql = fmt("count(*)%s * 2 + 1", filter);
			e.type = type_named("int8");
			break;
		case 1:
			e.sql = fmt("CASE WHEN count(*) > 2 THEN 'many' ELSE 'few' END");
			break;
		case 2:
			e.sql = fmt("bool_or(%s)", predicate(source));
			e.type = type_named("bool");
			break;
		default:
			e.sql = fmt("sum(id) - count(*)%s", filter);
			e.type = type_named("int8");
			break;
	}
	e.oracle = e.sql;
	return e;
}

static Expr
additive(const Source *source, const char *filter)
{
	const Column *col = random_column(source, T_SUM | T_BOOL, 0);
	unsigned	flags = col ? col->type->flags : 0;
	bool		inexact = (flags & T_INEXACT) != 0;
	bool		open = source->any_form && (flags & T_FORMS) && !inexact;
	int			dice = below(10);
	Expr		e;

	if (open)					/* nothing but its sum is known up to the form */
		flags &= ~(T_STAT | T_AVG);
	if ((flags & T_PAIRS) && dice < 2)
	{
		e = call(pairs[below(12)], false, fmt("%s, %s", col->name, source->has_id && percent(50) ? "id % 10" : col->name), NULL, false, filter);
		e.canon = ROUNDED;
		return e;
	}
	if ((flags & T_STAT) && dice < 4)
	{
		e = call(stats[below(6)], false, col->name, NULL, false, filter);
		e.canon = inexact ? ROUNDED : "%s";
		return e;
	}
	if ((flags & T_BOOL) && dice < 7)
	{
		e = call(percent(30) ? "every" : percent(50) ? "bool_and" : "bool_or", false, col->name, NULL, false, filter);
		e.type = type_named("bool");
		return e;
	}
	if ((flags & T_SUM) && dice < 8)
	{
		bool		avg = (flags & T_AVG) && percent(40);

		e = call(avg ? "avg" : "sum", false, col->name, NULL, false, filter);
		e.canon = open || inexact ? col->type->canon : "%s";
		e.type = avg ? NULL : sum_type(col->type);
		return e;
	}
	if (dice == 9)
		return counted(source, filter);
	e = call("count", false, random_column(source, 0, 0)->name, NULL, false, filter);
	e.type = type_named("int8");
	return e;
}

static Expr
min_or_max(const Source *source, const char *filter)
{
	const Column *col = random_column(source, T_MINMAX, 0);
	Expr		e;

	if (col == NULL)
		return counted(source, filter);
	e = call(percent(50) ? "min" : "max", false, percent(85) || !(col->type->flags & T_TEXT) ? col->name : fmt("lower(%s)", col->name), NULL, false, filter);
	e.canon = col->type->canon;
	if (strchr(col->type->name, '(') == NULL)	/* not where the typmod goes */
		e.type = col->type;
	return e;
}

/* Aggregates with DISTINCT, but those of ordered() */
static Expr
distinct(const Source *source, const char *filter)
{
	const Column *col = random_column(source, 0, T_NOSORT);
	const Column *num = random_column(source, T_SUM, 0);
	Expr		e;

	switch (num == NULL ? 0 : below(5))
	{
		case 1:
			e = call("sum", true, num->name, NULL, false, filter);
			e.canon = sum_canon(num->type);
			e.type = sum_type(num->type);
			return e;
		case 2:					/* digits of avg(numeric) depend on the forms of its inputs */
			if ((num->type->flags & T_FORMS) && !(num->type->flags & T_INEXACT))
				break;
			if (num->type->flags & T_STAT)
			{
				e = percent(50) ? call("avg", true, num->name, NULL, false, filter) : call(stats[below(6)], true, num->name, NULL, false, filter);
				e.canon = num->type->flags & T_INEXACT ? strncmp(e.sql, "avg", 3) == 0 ? "(%s + 0)" : ROUNDED : "%s";
				return e;
			}
			break;
		case 3:
			if (num->type->flags & T_PAIRS)
				return call("regr_count", true, fmt("%s, %s", num->name, num->name), NULL, false, filter);
			break;
		default:
			break;
	}
	e = call("count", true, percent(90) ? col->name : fmt("(%s, %s)", col->name, random_column(source, 0, T_NOSORT)->name), NULL, false, filter);
	e.type = type_named("int8");
	return e;
}

/* A total order for an aggregate's input, or NULL; by args where id does not tell rows apart. */
static const char *
input_order(const Source *source, bool is_distinct, const char *args, bool sorts)
{
	const Column *first = random_column(source, 0, T_NOSORT | T_HEAVY);

	if (is_distinct)
		return percent(50) ? order_item(args) : NULL;
	if (!source->unique_id && !sorts)
		return NULL;
	if (sorts && percent(40))
		return percent(40) ? order_item(args) : NULL;
	return fmt("%s, %s", order_item(first->name), source->unique_id && (!sorts || percent(60)) ? order_item("id") : args);
}

static Expr
json_object(const Source *source, const char *filter)
{
	const Column *key = random_column(source, T_TEXT, T_FORMS);
	const Column *value = random_column(source, 0, T_NOSORT | T_FORMS);
	const char *args;

	if (value == NULL)
		return counted(source, filter);
	args = fmt("%s, %s", key ? fmt("COALESCE(%s, '-')", key->name) : "'key'::text", value->name);
	return call(percent(50) ? "jsonb_object_agg" : "json_object_agg", false, args,
				percent(50) ? NULL : source->unique_id && percent(50) ? order_item("id") : args, true, filter);
}

/* Inputs that cannot be sorted: only rows that can be told apart are ordered, else just the length is known. */
static Expr
unsortable(const Source *source, const char *filter)
{
	const Column *col = random_column(source, T_NOSORT, 0);
	bool		xml = options.xml && percent(50);
	const char *order;
	Expr		e;

	if (col == NULL || xml)
		col = random_column(source, T_TEXT | T_SUM, T_FORMS);	/* XML has no infinite dates */
	if (col == NULL)
		return counted(source, filter);
	order = input_order(source, false, "", false);
	if (xml)
		e = call("xmlagg", false, fmt("xmlelement(name e, %s)", col->name), order, false, filter);
	else
		e = call(percent(50) ? "json_agg" : "array_agg", false, col->name, order, false, filter);
	if (order == NULL)
		e.canon = "length(%s::text)";
	return e;
}

static Expr
ordered(const Source *source, const char *filter)
{
	const Column *col = NULL;
	bool		is_distinct = percent(20);
	const char *args;
	Expr		e;

	switch (below(7))
	{
		case 0:
		case 1:
			col = random_column(source, T_TEXT, 0);
			if (col == NULL)
				args = source->has_id ? "(id % 7)::text" : "'x'::text";
			else
				args = strncmp(col->type->name, "varchar", 7) == 0 ? fmt("%s::text", col->name) : col->name;
			e = call("string_agg", is_distinct, fmt("%s, %s", args, percent(80) ? "','" : "''"),
					 input_order(source, is_distinct, args, true), true, filter);
			if (col != NULL)
				e.canon = col->type->canon;
			return e;
		case 2:
		case 3:
			col = random_column(source, 0, T_ARRAY | T_NOSORT);
			if (col == NULL)
				break;
			e = call("array_agg", is_distinct, col->name, input_order(source, is_distinct, col->name, true), true, filter);
			if (col->type->flags & T_FORMS)
				e.canon = "hash_array(%s)";
			return e;
		case 4:
			col = random_column(source, 0, T_NOSORT | T_FORMS);
			if (col == NULL)
				break;
			e = call(percent(50) ? "jsonb_agg" : "json_agg", is_distinct, col->name, input_order(source, is_distinct, col->name, true), true, filter);
			e.pinned = true;
			return e;
		case 5:
			e = json_object(source, filter);
			e.pinned = true;
			return e;
		default:
			break;
	}
	e = unsortable(source, filter);
	e.pinned = true;
	return e;
}

static Expr
hypothetical(const Source *source, const char *filter)
{
	static const char *const names[] = {"rank", "dense_rank", "percent_rank", "cume_dist"};
	const Column *a = random_column(source, 0, T_NOSORT | T_HEAVY);
	const Column *b = random_column(source, 0, T_NOSORT | T_HEAVY);
	bool		two = percent(30);

	return call(names[below(4)], false, fmt("%s%s%s) WITHIN GROUP (ORDER BY %s%s%s", literal(a->type, random_value(a->type)),
											two ? ", " : "", two ? literal(b->type, random_value(b->type)) : "",
											order_item(a->name), two ? ", " : "", two ? order_item(b->name) : ""), NULL, false, filter);
}

static Expr
within(const Source *source, const char *filter)
{
	static const char *const fractions[] = {"0", "0.25", "0.5", "0.75", "1"};
	const Column *col = random_column(source, 0, T_NOSORT);
	const char *fraction = fractions[below(5)];
	Expr		e;

	switch (below(5))
	{
		case 0:
			col = random_column(source, T_CONT, 0);
			if (col == NULL)
				break;
			e = call("percentile_cont", false, fmt("%s) WITHIN GROUP (ORDER BY %s", fraction, order_item(col->name)), NULL, false, filter);
			e.canon = strcmp(col->type->name, "interval") == 0 ? col->type->canon : "(%s + 0)";
			return e;
		case 1:
			if (!(col->type->flags & (T_FORMS | T_ARRAY)))
				return call("percentile_disc", false, fmt("ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY %s", order_item(col->name)), NULL, false, filter);
			/* FALLTHROUGH */
		case 2:
			e = call("percentile_disc", false, fmt("%s) WITHIN GROUP (ORDER BY %s", fraction, order_item(col->name)), NULL, false, filter);
			e.canon = col->type->canon;
			return e;
		case 3:
			e = call("mode", false, fmt(") WITHIN GROUP (ORDER BY %s", order_item(col->name)), NULL, false, filter);
			e.canon = col->type->canon;
			return e;
		default:
			break;
	}
	return hypothetical(source, filter);
}

/* Bits, ranges, and aggregates that users made */
static Expr
custom(const Source *source, const char *filter)
{
	const Column *bits = random_column(source, T_BITS, 0);
	const Column *range = random_column(source, T_RANGE, 0);
	const Column *text = random_column(source, T_TEXT, T_FORMS);
	const char *number = source->has_id ? "id % 50" : bits && (bits->type->flags & T_INT) ? fmt("%s", bits->name) : NULL;

	switch (below(6))
	{
		case 0:
			if (range != NULL)
				return call(percent(50) ? "range_agg" : "range_intersect_agg", false, range->name, NULL, false, filter);
			/* FALLTHROUGH */
		case 1:
		case 2:
			if (bits != NULL)
				return call(percent(30) ? "bit_and" : percent(50) ? "bit_or" : "bit_xor", percent(20), bits->name, NULL, false, filter);
			/* FALLTHROUGH */
		case 3:
			if (text != NULL)
				return call("d.joined", percent(20), fmt("%s::text", text->name), NULL, true, filter);
			/* FALLTHROUGH */
		case 4:
			if (number != NULL)
				return call("d.parity", percent(20), number, NULL, false, filter);
			/* FALLTHROUGH */
		default:
			if (number != NULL)
				return call("d.spread", false, fmt("(%s)::int8", number), NULL, false, filter);
			return counted(source, filter);
	}
}

/* An aggregate that belongs to the family; MIXED: of any of them that is wanted. */
Expr
aggregate(const Source *source, Family family)
{
	char	   *filter = percent(20) ? fmt(" FILTER (WHERE %s)", predicate(source)) : "";

	while (family == MIXED)
	{
		family = below(MIXED);
		if (family != GROUPED && !options.shapes[family])
			family = MIXED;
	}
	switch (family)
	{
		case MINMAX:
			return min_or_max(source, filter);
		case DISTINCT:
			return distinct(source, filter);
		case ORDERED:
			return ordered(source, filter);
		case WITHIN:
			return within(source, filter);
		case CUSTOM:
			return custom(source, filter);
		default:
			return additive(source, filter);
	}
}

static bool
wanted(Family family, Family one)
{
	return family == one || (family == MIXED && options.shapes[one]);
}

char *
having(const Source *source, Family family)
{
	const Column *col;

	if (wanted(family, MINMAX) && (col = random_column(source, T_MINMAX, T_HEAVY)) != NULL && percent(50))
		return fmt("min(%s) %s %s", col->name, percent(50) ? "<" : ">=", literal(col->type, random_value(col->type)));
	if (wanted(family, DISTINCT) && (col = random_column(source, 0, T_NOSORT)) != NULL && percent(50))
		return fmt("count(DISTINCT %s) > 1", col->name);
	if (wanted(family, WITHIN) && (col = random_column(source, 0, T_NOSORT)) != NULL && percent(50))
		return fmt("mode() WITHIN GROUP (ORDER BY %s) IS NOT NULL", col->name);
	switch (below(4))
	{
		case 0:
			return fmt("count(*) > %d", 1 + below(3));
		case 1:
			if (source->has_id)
				return fmt("sum(id) > %d", below(100));
			/* FALLTHROUGH */
		case 2:
			return fmt("count(%s) < count(*)", random_column(source, 0, 0)->name);
		default:
			return fmt("bool_and(%s)", predicate(source));
	}
}
