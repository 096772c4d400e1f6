/*-------------------------------------------------------------------------
 *
 * main.c
 *		The randomized differential test: one history a seed, one TAP line each.
 *
 *	differential --dbname=D [--seeds=FIRST-LAST] [--seconds=N] [--steps=N]
 *				 [--failures=N] [--verbose] [--no-shrink] [--plain]
 *				 [--shapes=FAMILY,...] [--require]
 *
 * It stops after five failures, or as many as --failures says.
 * --plain makes ordinary views instead of foreign tables, which tests the test.
 * --shapes names the families of queries to make (shapes.c has the names); all
 * by default.  Views that are refused as not supported are counted;  --require
 * makes it a failure when a family had none but refused ones.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libpq-fe.h>

#include "differential.h"

static unsigned long first_seed = 1,
			last_seed = 100;
static int	seconds = 3600,
			max_failures = 5;

static bool
option(const char *arg, const char *name, const char **value)
{
	size_t		len = strlen(name);

	if (strncmp(arg, name, len) != 0)
		return false;
	*value = arg + len;
	return true;
}

static void
choose_shapes(const char *names)
{
	for (Family family = 0; family < NFAMILIES; family++)
		options.shapes[family] = *names == '\0';
	while (*names)
	{
		size_t		len = strcspn(names, ",");
		bool		known = false;

		for (Family family = 0; family < NFAMILIES; family++)
			if (strlen(family_names[family]) == len && strncmp(family_names[family], names, len) == 0)
				options.shapes[family] = known = true;
		if (!known)
		{
			fprintf(stderr, "unknown shapes: %s\n", names);
			exit(2);
		}
		names += len + (names[len] == ',');
	}
}

static void
read_options(int argc, char **argv)
{
	const char *value;

	options.dbname = "postgres";
	options.steps = 60;
	options.shrink = true;
	choose_shapes("");
	for (int i = 1; i < argc; i++)
	{
		if (option(argv[i], "--dbname=", &value))
			options.dbname = value;
		else if (option(argv[i], "--seeds=", &value))
		{
			if (sscanf(value, "%lu-%lu", &first_seed, &last_seed) == 1)
				last_seed = first_seed;
		}
		else if (option(argv[i], "--seconds=", &value))
			seconds = atoi(value);
		else if (option(argv[i], "--failures=", &value))
			max_failures = atoi(value);
		else if (option(argv[i], "--steps=", &value))
			options.steps = atoi(value);
		else if (option(argv[i], "--shapes=", &value))
			choose_shapes(value);
		else if (option(argv[i], "--require", &value))
			options.require = true;
		else if (option(argv[i], "--verbose", &value))
			options.verbose = true;
		else if (option(argv[i], "--no-shrink", &value))
			options.shrink = false;
		else if (option(argv[i], "--plain", &value))
			options.plain = true;
		else
		{
			fprintf(stderr, "unknown option %s\n", argv[i]);
			exit(2);
		}
	}
}

/* The extension, and what the server is able to do */
static void
prepare_database(void)
{
	PGconn	   *conn = PQconnectdb(fmt("dbname=%s", options.dbname));
	PGresult   *res = PQexec(conn, "SELECT xmlcomment('x')");

	options.xml = PQresultStatus(res) == PGRES_TUPLES_OK;
	PQclear(res);
	if (!options.plain)
		PQclear(PQexec(conn, "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS ivm_fdw"));
	PQfinish(conn);
}

/* How many families had none but refused views */
static int
families_refused(void)
{
	int			n = 0;

	for (Family family = 0; family < NFAMILIES; family++)
		n += views_refused[family] > 0 && views_made[family] == 0;
	return n;
}

int
main(int argc, char **argv)
{
	time_t		until;
	int			tests = 0,
				failures = 0;

	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare_database();
	until = time(NULL) + seconds;
	for (unsigned long seed = first_seed; seed <= last_seed && time(NULL) < until && failures < max_failures; seed++)
	{
		long		checks = total_checks,
					store = store_reads,
					live = live_reads;
		bool		ok = run_seed(seed);

		failures += !ok;
		printf("%s %d - seed %lu: %ld comparisons, reads from the store %ld, live %ld\n", ok ? "ok" : "not ok", ++tests, seed,
			   total_checks - checks, store_reads - store, live_reads - live);
	}
	if (!options.plain)
	{
		bool		enough = store_reads > live_reads;

		failures += !enough;
		printf("%s %d - most reads came from the store (%ld, live %ld)\n", enough ? "ok" : "not ok", ++tests, store_reads, live_reads);
	}
	print_refusals();
	if (options.require)
	{
		int			n = families_refused();

		failures += n > 0;
		printf("%s %d - families of which every view was refused: %d\n", n > 0 ? "not ok" : "ok", ++tests, n);
	}
	printf("1..%d\n", tests);
	return failures != 0;
}
