/*
 * opt_parse with the program's own tables; the words of a command line are
 * the lines of the input.
 */
int queuectl_main(int argc, char **argv);

#define main queuectl_main
#include "main.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void
check_args(const struct opt_args *args, int argc)
{
	const struct opt_given *g;
	size_t i;
	int k;

	MUST(args->argc >= 0 && args->argc < argc);
	MUST(args->argv[args->argc] == NULL);
	for (k = 0; k < args->argc; k++)
		MUST(args->argv[k] != NULL && args->cmd != NULL);
	MUST(args->dashes >= -1 && args->dashes <= args->argc);
	for (i = 0; i < args->ngiven; i++) {
		g = &args->given[i];
		/* One that is only another name stands for the one above it. */
		MUST(g->opt->help != NULL);
		MUST(g->value != NULL);
		MUST(g->opt->arg != NULL || g->value[0] == '\0');
		MUST(opt_value(args, g->opt->name) != NULL);
	}
}

static void
check_why(const char *why)
{
	MUST(memchr(why, '\0', OPT_WHY_MAX) != NULL);
	MUST(why[0] != '\0' && fuzz_clean(why, strlen(why)));
}

static void
check(int argc, char **argv)
{
	char why[OPT_WHY_MAX];
	struct opt_args args;

	if (opt_parse(&args, &table, argc, argv, why) == -1)
		check_why(why);
	else
		check_args(&args, argc);
	if (args.cmd != NULL && opt_check(&args, why) == -1)
		check_why(why);
	opt_free(&args);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	char **argv = calloc(size + 3, sizeof *argv);
	size_t i;
	int argc = 0;

	MUST(argv != NULL);
	argv[argc++] = text; /* is not looked at */
	argv[argc++] = text;
	for (i = 0; i < size; i++) {
		if (text[i] != '\n' && text[i] != '\0')
			continue;
		text[i] = '\0';
		argv[argc++] = text + i + 1;
	}
	check(argc, argv);
	free(argv);
	free(text);
	return 0;
}
