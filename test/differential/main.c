/*-------------------------------------------------------------------------
 *
 * main.c
 *		The randomized differential test: one history a seed, one TAP line each.
 *
 *	differential --dbname=D [--seeds=FIRST-LAST] [--seconds=N] [--steps=N]
 *				 [--failures=N] [--verbose] [--no-shrink] [--plain]
 *
 * It stops after five failures, or as many as --failures says.
 * --plain makes ordinary views instead of foreign tables, which tests the test.
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
read_options(int argc, char **argv)
{
	const char *value;

	options.dbname = "postgres";
	options.steps = 60;
	options.shrink = true;
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

int
main(int argc, char **argv)
{
	time_t		until;
	int			tests = 0,
				failures = 0;

	read_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!options.plain)
	{
		PGconn	   *conn = PQconnectdb(fmt("dbname=%s", options.dbname));

		PQclear(PQexec(conn, "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS ivm_fdw"));
		PQfinish(conn);
	}
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
	printf("1..%d\n", tests);
	return failures != 0;
}
