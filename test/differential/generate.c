/*-------------------------------------------------------------------------
 *
 * generate.c
 *		Random tables, and statements that write to them, as SQL text.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "differential.h"

Table		tables[MAX_TABLES];
int			ntables;

static int	next_id;

/* --- tables --- */

static void
add_column(Table *table, const char *name, const Type *type)
{
	table->cols[table->ncols++] = (Column) {name, type};
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
		add_column(table, "w1", random_type(T_HEAVY));
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
	for (int i = 1; i < table->ncols; i++)	/* long values out of line */
		if (strncmp(table->cols[i].type->name, "text", 4) == 0 && percent(30))
			ddl = fmt("%sALTER TABLE d.t%d ALTER %s SET STORAGE EXTERNAL;\n", ddl, n, table->cols[i].name);
	return ddl;
}

/* --- rows and conditions of base tables --- */

static char *
table_predicate(const Table *table)
{
	Source		source = table_source(table);

	return predicate(&source);
}

/* A column to be changed: seldom the wide one, never id and pid. */
static const Column *
changed_column(const Table *table)
{
	return &table->cols[1 + below(percent(20) ? 7 : 6)];
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
	const Column *col = changed_column(table);
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
				   "SELECT count(*) FROM gone", table->number, table_predicate(table), other->number, assignments(other), table_predicate(other));
	return fmt("WITH gone AS (DELETE FROM d.t%d WHERE %s RETURNING %s) INSERT INTO d.t%d (%s) SELECT id + 200%s FROM gone",
			   table->number, table_predicate(table), list, table->number, list, list + strlen("id"));
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
		return fmt("UPDATE %s SET %s WHERE %s", target(table), assignments(table), table_predicate(table));
	if (dice < 76)
		return fmt("DELETE FROM %s WHERE %s", target(table), table_predicate(table));
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
			   insert(table), fmt("DELETE FROM d.t%d WHERE %s", other->number, table_predicate(other)),
			   fmt("UPDATE d.t%d SET %s WHERE %s", table->number, assignments(table), table_predicate(table)),
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
