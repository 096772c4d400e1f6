/*-------------------------------------------------------------------------
 *
 * history.c
 *		Runs a seed's history: every statement is a step; comparisons are steps
 *		too.  One thread sends each step and waits for it, so nothing may
 *		block for long: lock_timeout turns a conflict into an error, which is
 *		as good a thing to test as any.
 *
 * Errors that a random statement may meet are tolerated; anything else fails
 * the seed, as a difference does.  A view that is refused as not supported when
 * it is created is counted, and left out of the history.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <libpq-fe.h>

#include "differential.h"

#define MAX_STEPS		20000
#define CONTROL			SESSIONS	/* the session that sets up and cleans up */

typedef struct Session
{
	PGconn	   *conn;
	int			depth;			/* savepoints s1 .. sN */
	bool		cursor;			/* a pair of cursors is open */
	uint64_t	fetched[2];		/* multiset hash of the rows fetched from view and query */
} Session;

Options		options;
long		total_checks,
			store_reads,
			live_reads,
			views_made[NFAMILIES],
			views_refused[NFAMILIES];
Step		steps[MAX_STEPS];
int			nsteps;
SetupStep	setup[64];
int			nsetup;
char		message[4000];

static Session sessions[SESSIONS + 1];
static View *made[MAX_VIEWS];	/* the views that were accepted */
static int	nmade;

static char *prepared[3];
static int	nprepared,
			next_prepared;

/* --- running one step --- */

static const char *const tolerated[] = {
	"22003",					/* out of range */
	"23502", "23503", "23505", "23514", /* constraints, and no partition for the row */
	"21000",					/* a row affected twice by ON CONFLICT or MERGE */
	"27000",					/* a tuple already changed by a trigger of the same statement */
	"25006", "25001", "25P01", "25P02", "3B001", "34000", "42P03",	/* state of the transaction */
	"24000", "55000", "55006",	/* cursor's state, object in use */
	"40001", "40P01", "55P03",	/* concurrency */
	"42704",					/* a prepared transaction that is gone */
	"42809", "42P01"			/* a partition is attached or detached already */
};

static Verdict
judge_error(PGconn *conn, PGresult *res, const char *sql)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	Verdict		verdict = FAILED;

	if (state != NULL && PQstatus(conn) == CONNECTION_OK)
		for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++)
			if (strcmp(state, tolerated[i]) == 0)
				verdict = TOLERATED;
	snprintf(message, sizeof(message), "%s %s: %s", state ? state : "", sql, PQresultErrorMessage(res));
	if (*PQresultErrorMessage(res) == '\0')
		snprintf(message, sizeof(message), "%s: %s", sql, PQerrorMessage(conn));
	return verdict;
}

static Verdict
run_copy(PGconn *conn, const char *sql, const char *data)
{
	PGresult   *res = PQexec(conn, sql);
	Verdict		verdict = FINE;

	if (PQresultStatus(res) != PGRES_COPY_IN)
		verdict = judge_error(conn, res, sql);
	else if (PQputCopyData(conn, data, (int) strlen(data)) != 1 || PQputCopyEnd(conn, NULL) != 1)
		verdict = FAILED;
	PQclear(res);
	while ((res = PQgetResult(conn)) != NULL)
	{
		if (PQresultStatus(res) == PGRES_FATAL_ERROR)
			verdict = judge_error(conn, res, sql);
		PQclear(res);
	}
	return verdict;
}

/* Run sql; where result is not NULL it gets the rows on success. */
static Verdict
run_sql(PGconn *conn, const char *sql, const char *param, PGresult **result)
{
	PGresult   *res;
	Verdict		verdict = FINE;

	res = param ? PQexecParams(conn, sql, 1, NULL, &param, NULL, NULL, 0) : PQexec(conn, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK &&
		PQresultStatus(res) != PGRES_EMPTY_QUERY)
		verdict = judge_error(conn, res, sql);
	if (result != NULL && verdict == FINE)
		*result = res;
	else
		PQclear(res);
	return verdict;
}

static uint64_t
rows_hash(PGresult *res)
{
	uint64_t	sum = 0;

	for (int row = 0; row < PQntuples(res); row++)
	{
		uint64_t	hash = UINT64_C(14695981039346656037);

		for (int col = 0; col < PQnfields(res); col++)
		{
			for (const char *s = PQgetvalue(res, row, col); *s; s++)
				hash = (hash ^ (unsigned char) *s) * UINT64_C(1099511628211);
			hash = (hash ^ (PQgetisnull(res, row, col) ? 257 : 256)) * UINT64_C(1099511628211);
		}
		sum += hash ^ (hash >> 29);
	}
	return sum;
}

static Verdict
run_fetch(Session *session, const char *count)
{
	for (int i = 0; i < 2; i++)
	{
		PGresult   *res;
		Verdict		verdict = run_sql(session->conn, fmt("FETCH %s FROM %s", count, i ? "of_query" : "of_view"), NULL, &res);

		if (verdict != FINE)
			return verdict;
		session->fetched[i] += rows_hash(res);
		PQclear(res);
	}
	if (strcmp(count, "ALL") != 0 || session->fetched[0] == session->fetched[1])
		return FINE;
	snprintf(message, sizeof(message), "cursors of view and query gave different rows");
	return FAILED;
}

static Verdict
run_check(PGconn *conn, const Step *step)
{
	PGresult   *res;
	Verdict		verdict = run_sql(conn, step->sql, step->data, &res);

	total_checks++;
	if (verdict != FINE)
		return verdict;
	if (strcmp(PQgetvalue(res, 0, 0), "0") != 0)
	{
		snprintf(message, sizeof(message), "difference: %.3900s", step->sql);
		verdict = FAILED;
	}
	PQclear(res);
	return verdict;
}

Verdict
run_step(const Step *step)
{
	Session    *session = &sessions[step->session];
	Verdict		verdict;

	if (options.verbose)
		printf("# s%d: %.400s\n", step->session, step->sql);
	switch (step->kind)
	{
		case STEP_COPY:
			return run_copy(session->conn, step->sql, step->data);
		case STEP_CHECK:
			return run_check(session->conn, step);
		case STEP_DECLARE:
			session->fetched[0] = session->fetched[1] = 0;
			verdict = run_sql(session->conn, fmt("DECLARE of_view CURSOR FOR %s", step->sql), NULL, NULL);
			if (verdict == FINE)
				verdict = run_sql(session->conn, fmt("DECLARE of_query CURSOR FOR %s", step->data), NULL, NULL);
			return verdict;
		case STEP_FETCH:
			return run_fetch(session, step->sql);
		default:
			return run_sql(session->conn, step->sql, NULL, NULL);
	}
}

/* --- the scene: connections, schema, views --- */

static void
disconnect_all(void)
{
	for (int i = 0; i <= SESSIONS; i++)
	{
		PQfinish(sessions[i].conn);
		memset(&sessions[i], 0, sizeof(Session));
	}
}

/* A server that crashed in an earlier history may still be starting. */
static bool
connect_one(int i)
{
	for (int attempts = 0; attempts < 100; attempts++)
	{
		sessions[i].conn = PQconnectdb(fmt("dbname=%s application_name=s%d", options.dbname, i));
		if (PQstatus(sessions[i].conn) == CONNECTION_OK || attempts == 99)
			break;
		PQfinish(sessions[i].conn);
		usleep(200000);
	}
	if (PQstatus(sessions[i].conn) == CONNECTION_OK)
		return run_sql(sessions[i].conn, fmt("SET client_min_messages = error; SET statement_timeout = '60s'; SET lock_timeout = '%s'",
											 i == CONTROL ? "10s" : "6ms"), NULL, NULL) == FINE;
	snprintf(message, sizeof(message), "%s", PQerrorMessage(sessions[i].conn));
	return false;
}

/* Remove what an earlier history left behind. */
static bool
clean_up(void)
{
	PGconn	   *conn = sessions[CONTROL].conn;
	PGresult   *res;

	if (run_sql(conn, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()", NULL, &res) != FINE)
		return false;
	for (int i = 0; i < PQntuples(res); i++)
		run_sql(conn, fmt("ROLLBACK PREPARED '%s'", PQgetvalue(res, i, 0)), NULL, NULL);
	PQclear(res);
	return run_sql(conn, "DROP SCHEMA IF EXISTS d CASCADE", NULL, NULL) == FINE;
}

static const char scene[] =
"CREATE SCHEMA d;\n"
"CREATE COLLATION d.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);\n"
"CREATE TYPE d.mood AS ENUM ('sad', 'ok', 'happy'); CREATE TYPE d.pair AS (a int, b text);\n"
"CREATE SEQUENCE d.copy_id START 100000; CREATE TABLE d.checks (sql text);\n"
"CREATE TABLE d.p (id int PRIMARY KEY); INSERT INTO d.p SELECT generate_series(1, 6);\n"
"CREATE FUNCTION d.same() RETURNS void LANGUAGE plpgsql AS $$\n"
"DECLARE c record; n bigint;\n"
"BEGIN FOR c IN SELECT sql FROM d.checks LOOP EXECUTE c.sql INTO n;\n"
"IF n <> 0 THEN RAISE EXCEPTION 'difference: %', c.sql USING ERRCODE = 'IVM01'; END IF; END LOOP; END $$;\n"
"CREATE FUNCTION d.reads() RETURNS trigger LANGUAGE plpgsql AS $$\n"
"BEGIN IF nextval('d.copy_id') % 3 = 0 THEN PERFORM d.same(); END IF; RETURN NULL; END $$;\n"
"CREATE FUNCTION d.copies() RETURNS trigger LANGUAGE plpgsql AS $$\n"
"BEGIN INSERT INTO d.t2 (id) VALUES (nextval('d.copy_id')); RETURN NULL; END $$;\n"
"CREATE FUNCTION d.digit(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 / 10 % 10; END';\n"
"CREATE PROCEDURE d.commits() LANGUAGE plpgsql AS $$\n"
"BEGIN DELETE FROM d.t1 WHERE id % 7 = 0; PERFORM d.same(); COMMIT; PERFORM d.same();\n"
"UPDATE d.t1 SET id = id + 1000 WHERE id % 5 = 0; PERFORM d.same(); ROLLBACK; PERFORM d.same(); END $$;\n";

/* The settings under which views that depend on them are made, and their oracles run */
#define PINS	"SET TimeZone = 'Europe/Berlin' SET DateStyle = 'ISO, DMY' SET IntervalStyle = 'postgres' " \
				"SET extra_float_digits = 1 SET bytea_output = 'hex'"

static const char scene_of_shapes[] =
"CREATE FUNCTION d.pinned(sql text) RETURNS void LANGUAGE plpgsql " PINS " AS $$ BEGIN EXECUTE sql; END $$;\n"
"CREATE FUNCTION d.joined_step(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT coalesce($1 || '|', '') || coalesce($2, '~') $$;\n"
"CREATE AGGREGATE d.joined(text) (sfunc = d.joined_step, stype = text);\n"
"CREATE FUNCTION d.parity_step(int8, int4) RETURNS int8 IMMUTABLE LANGUAGE sql AS $$ SELECT $1 # coalesce($2, 77) $$;\n"
"CREATE AGGREGATE d.parity(int4) (sfunc = d.parity_step, stype = int8, initcond = '0');\n"
"CREATE FUNCTION d.spread_step(int8[], int8) RETURNS int8[] IMMUTABLE STRICT LANGUAGE plpgsql AS\n"
"$$ BEGIN RETURN ARRAY[least($1[1], $2), greatest($1[2], $2)]; END $$;\n"
"CREATE FUNCTION d.spread_final(int8[]) RETURNS int8 IMMUTABLE STRICT LANGUAGE sql AS $$ SELECT $1[2] - $1[1] $$;\n"
"CREATE AGGREGATE d.spread(int8) (sfunc = d.spread_step, stype = int8[], initcond = '{}', finalfunc = d.spread_final);\n";

static SetupStep *
add_setup(char *sql)
{
	SetupStep  *added = &setup[nsetup++];

	*added = (SetupStep) {sql, NULL, 0, 0};
	return added;
}

/* In --plain, a view reads its table in another order than its query, which must not matter. */
static char *
shuffled(const char *query, int table)
{
	char	   *from = fmt("d.t%d ", table);
	char	   *text = "";
	const char *at;

	if (strstr(query, "ONLY d.t") != NULL)
		return fmt("%s", query);
	while ((at = strstr(query, from)) != NULL)
	{
		text = fmt("%s%.*sd.s%d ", text, (int) (at - query), query, table);
		query = at + strlen(from);
	}
	return fmt("%s%s", text, query);
}

static char *
view_ddl(const View *view)
{
	char	   *cols = fmt("(SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) || "
						   "CASE WHEN attcollation <> 0 AND attcollation <> typcollation THEN ' COLLATE ' || attcollation::regcollation ELSE '' END, ', ' ORDER BY attnum) "
						   "FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid WHERE attrelid = 'd.q%d'::regclass AND attnum > 0)", view->number);
	char	   *ddl;

	if (options.plain && view->pinned)
		return fmt("CREATE VIEW d.v%d AS TABLE d.q%d; SELECT * FROM d.v%d LIMIT 1", view->number, view->number, view->number);
	if (options.plain)
		return fmt("CREATE VIEW d.v%d AS %s; SELECT * FROM d.v%d LIMIT 1", view->number, shuffled(view->oracle, view->table->number), view->number);
	ddl = fmt("'CREATE FOREIGN TABLE d.v%d (' || %s || ') SERVER ivm OPTIONS (query ' || quote_literal($q$%s$q$) || $o$%s)$o$",
			  view->number, cols, view->query, view->options);
	if (view->pinned)
		return fmt("SELECT d.pinned(%s)", ddl);
	return fmt("DO $do$ BEGIN EXECUTE %s; END $do$", ddl);
}

/* d.qN: runs the query; under the pinned settings where it depends on them. */
static char *
oracle_ddl(const View *view)
{
	int			n = view->number;

	if (!view->pinned)
		return fmt("CREATE VIEW d.q%d AS %s", n, view->oracle);
	return fmt("CREATE VIEW d.o%d AS %s;\nCREATE FUNCTION d.f%d() RETURNS SETOF d.o%d STABLE LANGUAGE sql " PINS " AS 'TABLE d.o%d';\n"
			   "CREATE VIEW d.q%d AS SELECT * FROM d.f%d()", n, view->oracle, n, n, n, n, n);
}

static void
prepare_setup(void)
{
	nsetup = 0;
	add_setup(fmt("%s%s", scene, scene_of_shapes));
	for (int i = 0; i < ntables; i++)
	{
		SetupStep  *copy;

		add_setup(table_ddl(&tables[i]));
		copy = add_setup(NULL);
		copy->sql = random_copy(&tables[i], &copy->data);
		if (options.plain)
			add_setup(fmt("CREATE VIEW d.s%d AS SELECT * FROM d.t%d t ORDER BY hashtext(t::text)", i + 1, i + 1));
	}
	for (int i = 0; i < nviews; i++)
	{
		add_setup(oracle_ddl(&views[i]));
		add_setup(view_ddl(&views[i]))->creates = i + 1;
		add_setup(fmt("INSERT INTO d.checks VALUES ($check$%s$check$)", full_check(&views[i])))->needs = i + 1;
	}
	for (int i = 0; i < ntables; i++)
		add_setup(triggers_ddl(&tables[i]));
	if (!options.plain && percent(85))
		add_setup("SELECT public.ivm_fdw_rebuild()");
}

static bool
is_made(int number)
{
	for (int i = 0; i < nmade; i++)
		if (made[i] == &views[number - 1])
			return true;
	return false;
}

/* What was refused, and why */
static struct
{
	Family		family;
	int			count;
	char		why[200];
}			refusals[100];
static int	nrefusals;

static void
note_refusal(Family family, const char *why)
{
	int			i = 0;
	size_t		len = strcspn(why, "\n");

	if (strncmp(why, "ERROR:  ", 8) == 0)
	{
		why += 8;
		len -= 8;
	}
	if (len > sizeof(refusals[0].why) - 1)
		len = sizeof(refusals[0].why) - 1;
	while (i < nrefusals && (refusals[i].family != family || strncmp(refusals[i].why, why, len) != 0))
		i++;
	if (i == 100)
		return;
	if (i == nrefusals)
	{
		nrefusals++;
		refusals[i].family = family;
		memcpy(refusals[i].why, why, len);
	}
	refusals[i].count++;
}

void
print_refusals(void)
{
	for (Family family = 0; family < NFAMILIES; family++)
	{
		if (views_made[family] + views_refused[family] > 0)
			printf("# %s: %ld views, %ld refused\n", family_names[family], views_made[family] + views_refused[family], views_refused[family]);
		for (int i = 0; i < nrefusals; i++)
			if (refusals[i].family == family)
				printf("#     %d: %s\n", refusals[i].count, refusals[i].why);
	}
}

/* Create a view; one that is refused does not fail. */
static Verdict
create_view(PGconn *conn, const SetupStep *step)
{
	PGresult   *res = PQexec(conn, step->sql);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	Verdict		verdict = FINE;

	if (state == NULL)
		made[nmade++] = &views[step->creates - 1];
	else if (strcmp(state, "0A000") != 0)
		verdict = judge_error(conn, res, step->sql);
	else if (nsteps == 0)		/* not when a failing history is repeated */
		note_refusal(views[step->creates - 1].family, PQresultErrorMessage(res));
	PQclear(res);
	return verdict;
}

static bool
run_setup(void)
{
	PGconn	   *conn = sessions[CONTROL].conn;

	nmade = 0;
	for (int i = 0; i < nsetup; i++)
	{
		const SetupStep *step = &setup[i];
		Verdict		verdict = FINE;

		if (step->creates)
			verdict = create_view(conn, step);
		else if (step->data != NULL)
			verdict = run_copy(conn, step->sql, step->data);
		else if (step->needs == 0 || is_made(step->needs))
			verdict = run_sql(conn, step->sql, NULL, NULL);
		if (verdict != FINE)
			return false;
	}
	return true;
}

/* Connect, and set the scene up from nothing. */
bool
start(void)
{
	disconnect_all();
	for (int i = 0; i <= SESSIONS; i++)
		if (!connect_one(i))
			return false;
	return clean_up() && run_setup();
}

static void
count_reads(void)
{
	for (int i = 0; i <= SESSIONS && !options.plain; i++)
	{
		PGresult   *res;

		if (PQtransactionStatus(sessions[i].conn) == PQTRANS_IDLE &&
			run_sql(sessions[i].conn, "SELECT * FROM ivm_fdw.session_reads()", NULL, &res) == FINE)
		{
			store_reads += atol(PQgetvalue(res, 0, 0));
			live_reads += atol(PQgetvalue(res, 0, 1));
			PQclear(res);
		}
	}
}

/* --- making up a history --- */

/* Record a step and run it; false when the seed has failed. */
static bool
take(int session, StepKind kind, char *sql, char *data)
{
	Step	   *step = &steps[nsteps];
	Verdict		verdict;

	if (nsteps == MAX_STEPS)
		return true;
	nsteps++;
	step->session = session;
	step->kind = kind;
	step->sql = sql;
	step->data = data;
	verdict = run_step(step);
	if (kind == STEP_DECLARE)
		sessions[session].cursor = (verdict == FINE);
	return verdict != FAILED;
}

static bool
in_error(int session)
{
	return PQtransactionStatus(sessions[session].conn) == PQTRANS_INERROR;
}

static bool
in_transaction(int session)
{
	return PQtransactionStatus(sessions[session].conn) != PQTRANS_IDLE;
}

static bool
end_transaction(int session, char *how)
{
	Session    *s = &sessions[session];

	if (s->cursor && !in_error(session) && percent(70))
	{
		if (!take(session, STEP_FETCH, "ALL", NULL))
			return false;
	}
	s->cursor = false;
	s->depth = 0;
	return take(session, STEP_EXEC, how, NULL);
}

static bool
begin_transaction(int session)
{
	static const char *const levels[] = {"READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};

	sessions[session].depth = 0;
	return take(session, STEP_EXEC, fmt("BEGIN ISOLATION LEVEL %s", levels[below(4)]), NULL);
}

static bool
random_setting(int session)
{
	static const char *const settings[] = {
		"TimeZone = 'Asia/Kolkata'", "DateStyle = 'German'", "IntervalStyle = 'iso_8601'", "bytea_output = 'escape'",
		"extra_float_digits = -5", "enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off",
		"enable_sort = off", "enable_hashagg = off", "search_path = 'd'", "session_replication_role = 'replica'",
		"session_replication_role = 'origin'", "synchronous_commit = off", "plan_cache_mode = force_generic_plan",
		"ivm_fdw.overlay_limit = '64kB'", "ivm_fdw.use_store = off", "ivm_fdw.use_store = on"
	};

	return take(session, STEP_EXEC, fmt("SET %s%s", in_transaction(session) && percent(50) ? "LOCAL " : "",
										settings[below(sizeof(settings) / sizeof(settings[0]))]), NULL);
}

static bool
finish_prepared(int session)
{
	int			i = below(nprepared);
	char	   *gid = prepared[i];

	prepared[i] = prepared[--nprepared];
	return take(session, STEP_EXEC, fmt("%s PREPARED '%s'", percent(60) ? "COMMIT" : "ROLLBACK", gid), NULL);
}

static bool
declare_cursors(int session)
{
	const View *view = made[below(nmade)];
	char	   *list = canonical_list(view);

	return take(session, STEP_DECLARE, fmt("SELECT %s FROM d.v%d", list, view->number), fmt("SELECT %s FROM d.q%d", list, view->number));
}

static bool
rebuild(int session)
{
	if (options.plain)
		return true;
	return take(session, STEP_EXEC, fmt("SELECT public.ivm_fdw_rebuild('d.v%d')", made[below(nmade)]->number), NULL);
}

static bool
write_something(int session)
{
	const Table *table = &tables[below(ntables)];
	char	   *data;
	char	   *sql;

	if (percent(5))
	{
		sql = random_copy(table, &data);
		return take(session, STEP_COPY, sql, data);
	}
	if (percent(7))
		return take(session, STEP_EXEC, random_block(table), NULL);
	return take(session, STEP_EXEC, random_write(table), NULL);
}

static bool
ddl(int session)
{
	bool		alone;
	char	   *sql = random_ddl(&tables[below(ntables)], &alone);

	if (alone && in_transaction(session))
		return true;
	return take(session, STEP_EXEC, sql, NULL);
}

/* A view is made anew, perhaps beside writers. */
static bool
recreate(int session)
{
	const View *view = made[below(nmade)];

	if (options.plain)
		return true;
	return take(session, STEP_EXEC, fmt("DROP FOREIGN TABLE d.v%d; %s", view->number, view_ddl(view)), NULL);
}

static bool
check_from(int session, bool thorough)
{
	int			one = below(nmade);

	for (int i = 0; i < nmade; i++)
		if (!in_error(session) && (thorough || i == one))
			if (!take(session, STEP_CHECK, full_check(made[i]), NULL))
				return false;
	if (!in_error(session))
	{
		char	   *param;
		char	   *sql = random_check(made[below(nmade)], &param);

		return take(session, STEP_CHECK, sql, param);
	}
	return true;
}

/*
 * The race that a rebuild's marker is for: a writer older than the rebuild commits after
 * the rebuild took its snapshot, and its change could be folded while the rebuild is open.
 */
static bool
rebuild_beside(int session)
{
	int			other = (session + 1) % SESSIONS;

	if (options.plain || in_transaction(other))
		return true;
	return write_something(session) &&
		take(other, STEP_EXEC, "BEGIN", NULL) && rebuild(other) &&
		(in_error(session) || end_transaction(session, "COMMIT")) &&
		take(CONTROL, STEP_EXEC, "SELECT pg_sleep(0.12)", NULL) &&
		(in_error(other) || check_from(other, true)) &&
		end_transaction(other, in_error(other) ? "ROLLBACK" : "COMMIT") &&
		check_from(other, true);
}

static bool
step_outside(int session)
{
	int			dice = below(100);

	if (dice < 45)
		return begin_transaction(session);
	if (dice < 80)
		return write_something(session);
	if (dice < 86)
		return rebuild(session);
	if (dice < 90)
		return ddl(session);
	if (dice < 92)
		return take(session, STEP_EXEC, "CALL d.commits()", NULL);
	if (dice < 93)
		return recreate(session);
	if (dice < 96)
		return take(CONTROL, STEP_EXEC, "SELECT pg_sleep(0.06)", NULL); /* the custodian's turn */
	if (nprepared > 0)
		return finish_prepared(session);
	return random_setting(session);
}

static bool
step_inside(int session)
{
	Session    *s = &sessions[session];
	int			dice = below(100);

	if (dice < 58)
		return write_something(session);
	if (dice < 66)
		return take(session, STEP_EXEC, fmt("SAVEPOINT s%d", ++s->depth), NULL);
	if (dice < 74 && s->depth > 0)
	{
		s->depth = 1 + below(s->depth);
		return take(session, STEP_EXEC, fmt("ROLLBACK TO s%d", s->depth), NULL);
	}
	if (dice < 76 && s->depth > 0)
		return take(session, STEP_EXEC, fmt("RELEASE s%d", s->depth--), NULL);
	if (dice < 80 && !s->cursor)
		return declare_cursors(session);
	if (dice < 83 && s->cursor)
		return take(session, STEP_FETCH, fmt("%d", 1 + below(3)), NULL);
	if (dice < 85)
		return rebuild(session);
	if (dice < 86)
		return rebuild_beside(session);
	if (dice < 87)
		return ddl(session);
	if (dice < 88)
		return percent(50) ? random_setting(session) : take(CONTROL, STEP_EXEC, "SELECT pg_sleep(0.12)", NULL);
	if (dice < 90 && nprepared < 3)
	{
		char	   *gid = fmt("p%d", ++next_prepared);
		bool		ok = end_transaction(session, fmt("PREPARE TRANSACTION '%s'", gid));

		prepared[nprepared++] = gid;
		return ok;
	}
	return end_transaction(session, percent(70) ? "COMMIT" : "ROLLBACK");
}

static bool
step_in_error(int session)
{
	Session    *s = &sessions[session];

	s->cursor = false;
	if (s->depth > 0 && percent(60))
	{
		s->depth = 1 + below(s->depth);
		return take(session, STEP_EXEC, fmt("ROLLBACK TO s%d", s->depth), NULL);
	}
	return end_transaction(session, "ROLLBACK");
}

/* One statement of one session, and comparisons from it and from others. */
static bool
step(void)
{
	int			session = below(SESSIONS);
	bool		ok;

	if (in_error(session))
		ok = step_in_error(session);
	else if (in_transaction(session))
		ok = step_inside(session);
	else
		ok = step_outside(session);
	if (!ok || !check_from(session, true))
		return false;
	for (int other = 0; other < SESSIONS; other++)
		if (other != session && percent(25) && !check_from(other, false))
			return false;
	return true;
}

/* End everything; the last comparison is also made by the extension itself. */
static bool
the_end(void)
{
	for (int i = 0; i < SESSIONS; i++)
		if (in_transaction(i) && !end_transaction(i, in_error(i) || percent(30) ? "ROLLBACK" : "COMMIT"))
			return false;
	while (nprepared > 0)
		if (!finish_prepared(CONTROL))
			return false;
	for (int i = 0; i < SESSIONS; i++)
		if (!check_from(i, true))
			return false;
	for (int i = 0; i < nmade && !options.plain; i++)
		if (!take(CONTROL, STEP_CHECK, fmt("SELECT count(*) FROM public.ivm_fdw_verify('d.v%d')", made[i]->number), NULL))
			return false;
	return check_from(CONTROL, true);
}

static void
count_views(void)
{
	for (int i = 0; i < nviews; i++)
		if (is_made(i + 1))
			views_made[views[i].family]++;
		else
			views_refused[views[i].family]++;
}

bool
run_seed(uint64_t seed)
{
	bool		ok;

	chance_seed(seed);
	nsteps = nprepared = 0;
	generate_tables();
	generate_views();
	prepare_setup();
	ok = start();
	if (ok)
		count_views();
	for (int i = 0; i < options.steps && ok && nmade > 0; i++)
		ok = step();
	ok = ok && (nmade == 0 || the_end());
	if (ok)
		count_reads();
	else
		report_failure(seed);
	disconnect_all();
	forget_strings();
	return ok;
}
