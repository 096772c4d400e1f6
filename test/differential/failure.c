/*-------------------------------------------------------------------------
 *
 * failure.c
 *		What becomes of a failing history: it is run again with fewer steps
 *		while it still fails, and printed.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "differential.h"

#define SHRINK_SECONDS	40

static bool
replay(const Step *list, int n)
{
	if (!start())
		return false;
	for (int i = 0; i < n; i++)
		if (run_step(&list[i]) == FAILED)
			return true;
	return false;
}

/* Leave steps out while it still fails.  Returns the number of steps left. */
static int
shrink(Step *list, int n)
{
	time_t		until = time(NULL) + SHRINK_SECONDS;
	Step	   *trial = malloc(sizeof(Step) * (n + 1));
	char	   *first = fmt("%s", message);

	for (int chunk = n / 2; chunk > 0; chunk /= 2)
		for (int at = n - chunk - 1; at > -chunk && time(NULL) < until; at -= chunk)
		{
			int			from = at < 0 ? 0 : at;
			int			len = at < 0 ? chunk + at : chunk;
			int			m = n - len;

			memcpy(trial, list, from * sizeof(Step));
			memcpy(trial + from, list + from + len, (n - from - len) * sizeof(Step));
			if (replay(trial, m))
			{
				memcpy(list, trial, m * sizeof(Step));
				n = m;
			}
		}
	free(trial);
	snprintf(message, sizeof(message), "%s", first);
	return n;
}

static void
print_commented(const char *text)
{
	printf("# ");
	for (const char *s = text; *s; s++)
	{
		while (strncmp(s, "kilo-xkilo-xkilo-x", 18) == 0)	/* the long texts: show their end */
			s += 6;
		putchar(*s);
		if (*s == '\n' && s[1])
			printf("# ");
	}
	printf("\n");
}

void
report_failure(uint64_t seed)
{
	int			n = nsteps;
	bool		again = true;
	char	   *what = fmt("%s", message);

	if (options.shrink)
	{
		again = replay(steps, nsteps);
		if (again)
			n = shrink(steps, nsteps);
		else
			printf("# It did not fail again when repeated; the whole script, without its comparisons:\n");
	}
	printf("# seed %lu failed: ", (unsigned long) seed);
	print_commented(what);
	for (int i = 0; i < nsetup; i++)
	{
		print_commented(setup[i].sql);
		if (setup[i].data != NULL)
			print_commented(setup[i].data);
	}
	printf("#\n");
	for (int i = 0; i < n; i++)
		if ((again && options.shrink) || steps[i].kind != STEP_CHECK || i == n - 1)
			print_commented(fmt("s%d: %s%s%s;", steps[i].session,
							steps[i].kind == STEP_FETCH ? "FETCH from both: " : steps[i].kind == STEP_DECLARE ? "DECLARE: " : "",
							steps[i].sql, steps[i].data ? fmt(" -- %s", steps[i].data) : ""));
}
