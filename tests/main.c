/*
 * The unit tests: `unit [SUITE...]` runs all suites, or those named.
 * CK_FORK=no runs them in one process, for a debugger or valgrind.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

static const struct {
	const char *name;
	Suite *(*make)(void);
} suites[] = {
	{ "buf", suite_buf },
	{ "fs", suite_fs },
	{ "outlet", suite_outlet },
	{ "when", suite_when },
	{ "text", suite_text },
	{ "retry", suite_retry },
	{ "json", suite_json },
	{ "sha256", suite_sha256 },
	{ "job", suite_job },
	{ "draft", suite_draft },
	{ "conf", suite_conf },
	{ "spool", suite_spool },
	{ "registry", suite_registry },
	{ "claim", suite_claim },
	{ "index", suite_index },
	{ "proc", suite_proc },
	{ "sink", suite_sink },
	{ "progress", suite_progress },
	{ "doctor", suite_doctor },
	{ "http", suite_http },
	{ "roster", suite_roster },
	{ "opt", suite_opt },
};
#define SUITES (sizeof suites / sizeof suites[0])

static int
wanted(const char *name, char **names)
{
	int i;

	if (names[0] == NULL)
		return 1;
	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return 1;
	return 0;
}

static int
known(const char *name)
{
	size_t i;

	for (i = 0; i < SUITES; i++)
		if (strcmp(suites[i].name, name) == 0)
			return 1;
	fprintf(stderr, "unit: no suite '%s'; there are:", name);
	for (i = 0; i < SUITES; i++)
		fprintf(stderr, " %s", suites[i].name);
	fputc('\n', stderr);
	return 0;
}

int
main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	int failed, i;
	size_t n;

	/* Check's 4 seconds are few where other tests use both processors. */
	(void)setenv("CK_DEFAULT_TIMEOUT", "30", 0);
	for (i = 1; i < argc; i++)
		if (!known(argv[i]))
			return 2;
	for (n = 0; n < SUITES; n++)
		if (wanted(suites[n].name, argv + 1))
			srunner_add_suite(runner, suites[n].make());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
