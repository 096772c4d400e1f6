/*-------------------------------------------------------------------------
 *
 * generate.c
 *		Random tables, views over them, writes, and comparisons, as SQL text.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "differential.h"

Table		tables[MAX_TABLES];
View		views[MAX_VIEWS];
int			ntables,
			nviews;

static int	next_id;

/* --- tables --- */

static void
add_column(Table *table, const char *name, const Type *type)
{
	Column	   *col = &table->cols[table->ncols++];

	strcpy(col->name, name);
	col->type = type;
}

void
generate_tables(void)
{
	next_id = 1;
	ntables = 1 + percent(40);
	for (int i = 0; i < ntables; i++)
	{
		Table	   *table = &tables[i];

		memset(table, 0, sizeof(*table));
		table->number = i + 1;
		add_column(table, "id", type_named("int4"));
		for (int k = 1; k <= 3; k++)
			add_column(table, fmt("k%d", k), percent(40) ? random_type(T_INT | T_TEXT | T_BOOL) : random_type(0));
		for (int a = 1; a <= 3; a++)
			add_column(table, fmt("a%d", a), random_type(T_SUM | T_BOOL));
		table->pk = percent(70);
		table->parent = percent(30);
		if (table->parent)
			add_column(table, "pid", type_named("int4"));
		if (percent(30))
			table->parts = 3;
		else if (percent(10))
			table->child = true;
	}
}

static char *
column_list(const Table *table, bool types, bool reverse)
{
	char	   *list = "";

	for (int i = 0; i < table->ncols; i++)
	{
		const Column *col = &table->cols[reverse ? table->ncols - 1 - i : i];

		list = fmt("%s%s%s%s%s", list, i ? ", " : "", col->name, types ? " " : "", types ? col->type->name : "");
	}
	return list;
}

static char *
partitions_ddl(Table *table)
{
	int			n = table->number;
	int			how = below(2);
	char	   *ddl = "";

	for (int i = 0; i < table->parts; i++)
	{
		char	   *bound;

		if (how == 0)
			bound = fmt("WITH (MODULUS 3, REMAINDER %d)", i);
		else
			bound = fmt("FROM (%s) TO (%s)", i == 0 ? "MINVALUE" : i == 1 ? "20" : "60", i == 0 ? "20" : i == 1 ? "60" : "MAXVALUE");
		table->bounds[i] = bound;
		if (i == 1)				/* other column numbers than the root's */
			ddl = fmt("%sCREATE TABLE d.t%d_%d (gone int, %s); ALTER TABLE d.t%d_%d DROP COLUMN gone, ALTER id SET NOT NULL;"
					  "ALTER TABLE d.t%d ATTACH PARTITION d.t%d_%d FOR VALUES %s;\n",
					  ddl, n, i, column_list(table, true, true), n, i, n, n, i, bound);
		else
			ddl = fmt("%sCREATE TABLE d.t%d_%d PARTITION OF d.t%d FOR VALUES %s;\n", ddl, n, i, n, bound);
	}
	return fmt("PARTITION BY %s (id);\n%s", how == 0 ? "HASH" : "RANGE", ddl);
}

/* Triggers that read the views within a statement, or write to the other table. */
char *
triggers_ddl(const Table *table)
{
	int			n = table->number;
	char	   *ddl = "";

	if (percent(15))
		ddl = fmt("%sCREATE TRIGGER reads AFTER INSERT OR UPDATE OR DELETE ON d.t%d FOR EACH ROW EXECUTE FUNCTION d.reads();\n", ddl, n);
	if (percent(15))
		ddl = fmt("%sCREATE TRIGGER reads_once AFTER INSERT OR UPDATE OR DELETE ON d.t%d FOR EACH STATEMENT EXECUTE FUNCTION d.reads();\n", ddl, n);
	if (n == 1 && ntables == 2 && percent(30))
		ddl = fmt("%sCREATE TRIGGER copies AFTER INSERT OR UPDATE ON d.t%d FOR EACH ROW EXECUTE FUNCTION d.copies();\n", ddl, n);
	if (n == 1 && ntables == 2 && percent(30))
		ddl = fmt("%sCREATE CONSTRAINT TRIGGER copies_late AFTER DELETE OR UPDATE ON d.t%d DEFERRABLE INITIALLY DEFERRED "
				  "FOR EACH ROW EXECUTE FUNCTION d.copies();\n", ddl, n);
	return ddl;
}

char *
table_ddl(Table *table)
{
	int			n = table->number;
	bool		gone = table->parts == 0 && percent(30);
	char	   *ddl;

	ddl = fmt("CREATE %sTABLE d.t%d (%s%s%s%s)%s", table->parts == 0 && percent(10) ? "UNLOGGED " : "", n,
			  gone ? "gone text, " : "", column_list(table, true, false),
			  table->pk ? ", PRIMARY KEY (id)" : "",
			  table->parent ? fmt(", FOREIGN KEY (pid) REFERENCES d.p ON DELETE %s ON UPDATE CASCADE%s", percent(60) ? "CASCADE" : "SET NULL",
								  percent(50) ? " DEFERRABLE INITIALLY DEFERRED" : "") : "",
			  table->parts ? " " : ";\n");
	if (table->parts)
		ddl = fmt("%s%s", ddl, partitions_ddl(table));
	if (table->child)
		ddl = fmt("%sCREATE TABLE d.t%d_c (extra text DEFAULT 'x') INHERITS (d.t%d);\n", ddl, n, n);
	if (gone)
		ddl = fmt("%sALTER TABLE d.t%d DROP COLUMN gone;\n", ddl, n);
	return ddl;
}

/* --- rows and conditions of base tables --- */

static const Column *
random_column(const Table *table)
{
	return &table->cols[1 + below(6)];	/* not id, not pid */
}

static char *
predicate(const Table *table)
{
	const Column *col = random_column(table);

	switch (below(7))
	{
		case 0:
			return fmt("id %% %d = %d", 2 + below(4), below(2));
		case 1:
			return fmt("id < %d", below(80));
		case 2:
			return fmt("%s IS %sNULL", col->name, percent(50) ? "NOT " : "");
		case 3:
			return fmt("(%s OR %s)", predicate(table), predicate(table));
		case 4:
			return fmt("(%s AND NOT %s)", predicate(table), predicate(table));
		default:
			return fmt("%s %s %s", col->name, percent(70) || (col->type->flags & T_NOSORT) ? "=" : percent(50) ? "<" : ">=",
					   literal(col->type, random_value(col->type)));
	}
}

static int
random_id(void)
{
	return percent(70) ? next_id++ : 1 + below(next_id + 5);
}

/* The values of a new row, without parentheses; id is given as an expression. */
static char *
row_values(const Table *table, const char *id)
{
	char	   *row = fmt("%s", id);

	for (int i = 1; i < table->ncols; i++)
	{
		const Column *col = &table->cols[i];

		if (strcmp(col->name, "pid") == 0)
			row = fmt("%s, %s", row, percent(30) ? "NULL" : fmt("%d", 1 + below(6)));
		else
			row = fmt("%s, %s", row, literal(col->type, random_value(col->type)));
	}
	return row;
}

static char *
target(const Table *table)
{
	if (table->child && percent(30))
		return fmt("d.t%d_c", table->number);
	return fmt("d.t%d", table->number);
}

static char *
insert(const Table *table)
{
	char	   *into = fmt("INSERT INTO %s (%s)", target(table), column_list(table, false, false));
	char	   *rows = "";
	int			n = 1 + below(4);

	if (percent(15))
	{
		int			first = next_id;

		n = 10 + below(60);
		next_id += n;
		return fmt("%s SELECT %s FROM generate_series(%d, %d) g", into, row_values(table, "g"), first, first + n - 1);
	}
	for (int i = 0; i < n; i++)
		rows = fmt("%s%s(%s)", rows, i ? ", " : "", row_values(table, fmt("%d", random_id())));
	return fmt("%s VALUES %s", into, rows);
}

static char *
assignments(const Table *table)
{
	const Column *col = random_column(table);
	char	   *set;

	switch (below(6))
	{
		case 0:
			return fmt("id = id + %d", 1 + below(40));
		case 1:
			return fmt("%s = %s", col->name, col->name);
		case 2:
			if (table->parent)
				return fmt("pid = %d", 1 + below(6));
			/* FALLTHROUGH */
		default:
			set = fmt("%s = %s", col->name, literal(col->type, random_value(col->type)));
			if ((col->type->flags & T_SUM) && (col->type->flags & T_STAT) && percent(40))
				set = fmt("%s = %s + 1", col->name, col->name);
			if (percent(30))
				set = fmt("%s, id = id + 100", set);
			return set;
	}
}

/* A write to the table d.p that others reference. */
static char *
parent_write(void)
{
	switch (below(4))
	{
		case 0:
			return fmt("DELETE FROM d.p WHERE id = %d", 1 + below(6));
		case 1:
			return fmt("UPDATE d.p SET id = %d WHERE id = %d", 1 + below(8), 1 + below(6));
		default:
			return fmt("INSERT INTO d.p VALUES (%d), (%d) ON CONFLICT DO NOTHING", 1 + below(6), 1 + below(6));
	}
}

static char *
insert_on_conflict(const Table *table)
{
	char	   *row = row_values(table, fmt("%d", 1 + below(next_id)));
	const char *action = "NOTHING";

	if (percent(75))
	{
		const char *key = table->cols[1 + below(3)].name;

		action = fmt("UPDATE SET %s = excluded.%s, a1 = excluded.a1", key, key);
	}
	return fmt("INSERT INTO d.t%d (%s) VALUES (%s), (%s) ON CONFLICT (id) DO %s", table->number,
			   column_list(table, false, false), row, row_values(table, fmt("%d", next_id++)), action);
}

static char *
merge(const Table *table)
{
	int			low = below(next_id);

	return fmt("MERGE INTO d.t%d t USING (SELECT g AS g FROM generate_series(%d, %d) g) s ON t.id = s.g "
			   "WHEN MATCHED AND t.id %% 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET a1 = %s, k2 = %s "
			   "WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)", table->number, low, low + below(10),
			   literal(table->cols[4].type, random_value(table->cols[4].type)),
			   literal(table->cols[2].type, random_value(table->cols[2].type)),
			   column_list(table, false, false), row_values(table, "s.g"));
}

/* One statement with several data-modifying parts, perhaps on two tables. */
static char *
cte(const Table *table)
{
	const Table *other = &tables[below(ntables)];
	char	   *list = column_list(table, false, false);

	if (percent(50))
		return fmt("WITH gone AS (DELETE FROM d.t%d WHERE %s RETURNING *), changed AS (UPDATE d.t%d SET %s WHERE %s) "
				   "SELECT count(*) FROM gone", table->number, predicate(table), other->number, assignments(other), predicate(other));
	return fmt("WITH gone AS (DELETE FROM d.t%d WHERE %s RETURNING %s) INSERT INTO d.t%d (%s) SELECT id + 200%s FROM gone",
			   table->number, predicate(table), list, table->number, list, list + strlen("id"));
}

char *
random_write(const Table *table)
{
	int			dice = below(100);

	if (table->parent && dice < 15)
		return parent_write();
	if (dice < 40)
		return insert(table);
	if (dice < 62)
		return fmt("UPDATE %s SET %s WHERE %s", target(table), assignments(table), predicate(table));
	if (dice < 76)
		return fmt("DELETE FROM %s WHERE %s", target(table), predicate(table));
	if (dice < 84 && table->pk)
		return insert_on_conflict(table);
	if (dice < 90 && !table->child)
		return merge(table);
	if (dice < 96)
		return cte(table);
	if (dice < 97)
		return fmt("DELETE FROM d.t%d", table->number);
	return fmt("UPDATE d.t%d SET %s", table->number, assignments(table));
}

/* A PL/pgSQL block: exception blocks that undo, and reads between. */
char *
random_block(const Table *table)
{
	const Table *other = &tables[below(ntables)];

	if (percent(20))			/* more subtransactions than a snapshot holds */
		return fmt("DO $do$ BEGIN FOR i IN 1 .. 70 LOOP BEGIN UPDATE d.t%d SET %s WHERE id = i; "
				   "IF i %% 3 = 0 THEN RAISE EXCEPTION USING ERRCODE = 'IVM02'; END IF; "
				   "EXCEPTION WHEN SQLSTATE 'IVM02' THEN NULL; END; END LOOP; PERFORM d.same(); END $do$",
				   table->number, assignments(table));
	return fmt("DO $do$ BEGIN %s; PERFORM d.same(); BEGIN %s; PERFORM d.same(); "
			   "BEGIN %s; %s EXCEPTION WHEN SQLSTATE 'IVM02' THEN PERFORM d.same(); END; "
			   "%s EXCEPTION WHEN SQLSTATE 'IVM02' THEN NULL; END; PERFORM d.same(); END $do$",
			   insert(table), fmt("DELETE FROM d.t%d WHERE %s", other->number, predicate(other)),
			   fmt("UPDATE d.t%d SET %s WHERE %s", table->number, assignments(table), predicate(table)),
			   percent(60) ? "RAISE EXCEPTION USING ERRCODE = 'IVM02';" : "",
			   percent(60) ? "RAISE EXCEPTION USING ERRCODE = 'IVM02';" : "");
}

static char *
copy_field(const char *value)
{
	char	   *out;
	char	   *to;

	if (value == NULL)
		return "\\N";
	out = to = fmt("%*s", (int) (2 * strlen(value) + 1), "");
	for (const char *s = value; *s; s++)
	{
		if (*s == '\\' || *s == '\t')
		{
			*to++ = '\\';
			*to++ = *s == '\t' ? 't' : '\\';
		}
		else
			*to++ = *s;
	}
	*to = '\0';
	return out;
}

char *
random_copy(const Table *table, char **data)
{
	int			n = 1 + below(30);
	char	   *lines = "";

	for (int i = 0; i < n; i++)
	{
		lines = fmt("%s%d", lines, next_id++);
		for (int c = 1; c < table->ncols; c++)
		{
			const Type *type = table->cols[c].type;

			lines = fmt("%s\t%s", lines, strcmp(table->cols[c].name, "pid") == 0 ? "\\N" : copy_field(random_value(type)));
		}
		lines = fmt("%s\n", lines);
	}
	*data = lines;
	return fmt("COPY %s (%s) FROM STDIN", target(table), column_list(table, false, false));
}

/* DDL and maintenance; *alone: not within a transaction. */
char *
random_ddl(Table *table, bool *alone)
{
	int			n = table->number;
	int			part = below(3);

	*alone = false;
	switch (below(9))
	{
		case 0:
			return fmt("TRUNCATE d.t%d", n);
		case 1:
			if (table->parts)
				return fmt("TRUNCATE d.t%d_%d", n, part);
			return fmt("TRUNCATE ONLY d.t%d", n);
		case 2:
			*alone = true;
			return fmt("VACUUM %s d.t%d", table->parts == 0 && percent(50) ? "FULL" : "ANALYZE", n);
		case 3:
			table->disabled = !table->disabled;
			return fmt("ALTER TABLE d.t%d %s TRIGGER ALL", n, table->disabled ? "DISABLE" : "ENABLE");
		case 4:
			return fmt("ALTER TABLE d.t%d ADD COLUMN extra%d int DEFAULT length(clock_timestamp()::text)", n, next_id++);
		case 5:
		case 6:
			if (table->parts == 0)
				return fmt("ALTER TABLE d.t%d SET (fillfactor = %d)", n, 50 + below(50));
			table->detached[part] = !table->detached[part];
			if (table->detached[part])
				return fmt("ALTER TABLE d.t%d DETACH PARTITION d.t%d_%d", n, n, part);
			return fmt("ALTER TABLE d.t%d ATTACH PARTITION d.t%d_%d FOR VALUES %s", n, n, part, table->bounds[part]);
		case 7:
			return fmt("LOCK TABLE d.t%d IN SHARE MODE", n);
		default:
			*alone = true;
			return fmt("ANALYZE d.t%d", n);
	}
}

/* --- views --- */

static char *
key_expression(const Table *table, const Type **type)
{
	const Column *col = random_column(table);

	*type = col->type;
	if (percent(65))
		return fmt("%s", col->name);
	switch (below(7))
	{
		case 6:
			*type = type_named("int4");
			return fmt("d.digit(id)");
		case 0:
			*type = type_named("bool");
			return fmt("(%s IS NULL)", col->name);
		case 1:
			*type = type_named("int4");
			return fmt("id %% %d", 2 + below(4));
		case 2:
			return fmt("CASE WHEN id %% 2 = 0 THEN %s END", col->name);
		case 3:
			if (col->type->flags & T_TEXT)
			{
				*type = type_named("int4");
				return fmt("length(%s)", col->name);
			}
			/* FALLTHROUGH */
		case 4:
			if (col->type->flags & T_INT)
				return fmt("%s %% 3::%s", col->name, col->type->name);
			/* FALLTHROUGH */
		default:
			return fmt("COALESCE(%s, %s)", col->name, literal(col->type, col->type->values[0]));
	}
}

static const char *const stats[] = {"stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp"};
static const char *const pairs[] = {"corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept",
"regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy"};

#define ROUNDED	"round((%s * 0.7310585786)::numeric, 6)"	/* off the dyadic borders of rounding */

static char *
aggregate(const Table *table, const char **canon)
{
	const Column *col = &table->cols[4 + below(3)];
	unsigned	flags = col->type->flags;
	bool		inexact = (flags & T_INEXACT) != 0;
	char	   *filter = percent(20) ? fmt(" FILTER (WHERE %s)", predicate(table)) : "";
	int			dice = below(10);

	*canon = "%s";
	if ((flags & T_PAIRS) && dice < 2)
	{
		*canon = ROUNDED;
		return fmt("%s(%s, %s)%s", pairs[below(12)], col->name, percent(50) ? "id % 10" : col->name, filter);
	}
	if ((flags & T_STAT) && dice < 4)
	{
		*canon = inexact ? ROUNDED : "%s";
		return fmt("%s(%s)%s", stats[below(6)], col->name, filter);
	}
	if ((flags & T_BOOL) && dice < 7)
		return fmt("%s(%s)%s", percent(30) ? "every" : percent(50) ? "bool_and" : "bool_or", col->name, filter);
	if ((flags & T_SUM) && dice < 8)
	{
		*canon = inexact ? "(%s + 0)" : "%s";
		return fmt("%s(%s)%s", (flags & T_AVG) && percent(40) ? "avg" : "sum", col->name, filter);
	}
	if (dice < 9)
		return fmt("count(%s)%s", random_column(table)->name, filter);
	switch (below(4))
	{
		case 0:
			return fmt("count(*)%s * 2 + 1", filter);
		case 1:
			return fmt("CASE WHEN count(*) > 2 THEN 'many' ELSE 'few' END");
		case 2:
			return fmt("sum(id) - count(*)%s", filter);
		default:
			return fmt("bool_or(%s)", predicate(table));
	}
}

static char *
having(const Table *table)
{
	switch (below(4))
	{
		case 0:
			return fmt("count(*) > %d", 1 + below(3));
		case 1:
			return fmt("sum(id) > %d", below(100));
		case 2:
			return fmt("count(%s) < count(*)", random_column(table)->name);
		default:
			return fmt("bool_and(%s)", predicate(table));
	}
}

static void
add_output(View *view, const Type *type, const char *canon)
{
	Output	   *out = &view->out[view->nout];

	strcpy(out->name, fmt("c%d", ++view->nout));
	out->type = type;
	out->canon = canon;
}

static void
generate_view(View *view)
{
	Table	   *table = view->table;
	char	   *list = "";
	char	   *group = "";
	int			naggs;
	bool		distinct = percent(8);

	view->nkeys = distinct ? 1 + below(3) : percent(12) ? 0 : 1 + below(3);
	naggs = distinct || (view->nkeys > 0 && percent(8)) ? 0 : 1 + below(4);
	for (int i = 0; i < view->nkeys; i++)
	{
		const Type *type;
		char	   *expr = key_expression(table, &type);

		list = fmt("%s%s%s AS c%d", list, i ? ", " : "", expr, i + 1);
		group = fmt("%s%s%s", group, i ? ", " : "", percent(50) ? expr : fmt("%d", i + 1));
		add_output(view, type, type->canon);
	}
	for (int i = 0; i < naggs; i++)
	{
		const char *canon;
		char	   *expr = aggregate(table, &canon);

		list = fmt("%s%s%s AS c%d", list, view->nout ? ", " : "", expr, view->nout + 1);
		add_output(view, NULL, canon);
	}
	view->query = fmt("SELECT %s%s FROM %sd.t%d%s%s%s%s%s", distinct ? "DISTINCT " : "", list,
					  table->child && percent(20) ? "ONLY " : "", table->number,
					  percent(40) ? fmt(" WHERE %s", predicate(table)) : "",
					  view->nkeys && !distinct ? " GROUP BY " : "", distinct ? "" : group,
					  !distinct && percent(20) ? " HAVING " : "", "");
	if (strstr(view->query, " HAVING ") != NULL)
		view->query = fmt("%s%s", view->query, having(table));
}

void
generate_views(void)
{
	nviews = 1 + below(MAX_VIEWS);
	for (int i = 0; i < nviews; i++)
	{
		memset(&views[i], 0, sizeof(View));
		views[i].number = i + 1;
		views[i].table = &tables[below(ntables)];
		generate_view(&views[i]);
	}
}

/* --- comparisons: each one statement, whose result is 0 when all is well --- */

static char *
output_text(const Output *out)
{
	return fmt("%.*s%s%s::text AS x%s", (int) (strstr(out->canon, "%s") - out->canon), out->canon,
			   out->name, strstr(out->canon, "%s") + 2, out->name);
}

/* Outputs as text, chosen by the bits of mask. */
static char *
outputs(const View *view, unsigned mask)
{
	char	   *list = "";

	for (int i = 0; i < view->nout; i++)
		if (mask & (1u << i))
			list = fmt("%s%s%s", list, *list ? ", " : "", output_text(&view->out[i]));
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

static char *
ordered_check(const View *view, const char *where)
{
	char	   *order = "";
	char	   *rows[2];
	int			limit = 1 + below(5);
	bool		down = percent(25);

	for (int i = 0; i < view->nkeys; i++)
		order = fmt("%s%sv.%s%s", order, i ? ", " : "", view->out[i].name, down ? " DESC" : "");
	for (int i = 0; i < 2; i++)
		rows[i] = fmt("(SELECT string_agg(x::text, ';') FROM (SELECT %s FROM d.%s%d v %s ORDER BY %s LIMIT %d) x)",
					  canonical_list(view), i ? "q" : "v", view->number, where, order, limit);
	return fmt("SELECT CASE WHEN %s IS NOT DISTINCT FROM %s THEN 0 ELSE 1 END", rows[0], rows[1]);
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
	switch (below(8))
	{
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
