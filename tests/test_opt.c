#include "opt.h"

#include <stdio.h>
#include <string.h>

#include "tests.h"

#define WORDS_MAX 20

static int
run_nothing(const struct opt_args *args)
{
	(void)args;
	return 0;
}

static const struct opt globals[] = { { "spool", 's', "DIR", "the spool" },
	{ "help", 'h', NULL, "help" }, { NULL, 0, NULL, NULL } };

static const struct opt add_opts[] = { { "priority", 0, "N", "the priority" },
	{ "max-retries", 'm', "N", "the retries" }, { "retries", 0, "N", NULL },
	{ "env", 'e', "NAME", "repeat" }, { "quiet", 'q', NULL, "a flag" },
	{ "silent", 0, NULL, NULL }, { NULL, 0, NULL, NULL } };

static const struct opt start_opts[] = { { "count", 'n', "N", "how many" },
	{ "drain", 'd', NULL, "a flag" },
	{ "a-name-that-is-too-long-for-it", 0, "VALUE", "on its own line" },
	{ NULL, 0, NULL, NULL } };

static const char *const add_aliases[] = { "enqueue", "put in", NULL };
static const char *const start_aliases[] = { "worker", NULL };

static const struct cmd add = { "add", add_aliases, "[ARG...]", "add a job",
	add_opts, 0, -1, run_nothing };
static const struct cmd show = { "show", NULL, "JOB", "show a job", NULL, 1, 1,
	run_nothing };
static const struct cmd move = { "move", NULL, "FROM TO", "move a job", NULL, 2,
	2, run_nothing };
static const struct cmd start = { "worker start", start_aliases, "",
	"start workers", start_opts, 0, 0, run_nothing };
static const struct cmd stop = { "worker stop", NULL, "[NAME...]",
	"stop workers", NULL, 0, -1, run_nothing };
static const struct cmd dlq = { "dlq list", NULL, "", "list the dead", NULL, 0,
	0, run_nothing };

static const struct cmd *const cmds[] = { &add, &show, &move, &start, &stop,
	&dlq, NULL };
static const struct opt_synonym synonyms[] = { { "erase", "list" },
	{ NULL, NULL } };

static const struct opt_table table = { "prog", cmds, globals, synonyms };

static char why[OPT_WHY_MAX];

/*
 * Parses words that are separated by blanks; "_" is an empty one.  They are
 * kept until the next call.
 */
static int
parse(struct opt_args *args, const char *line)
{
	static char copy[512];
	static char empty[1];
	static char *argv[WORDS_MAX + 1];
	char *word, *rest = NULL;
	int argc = 1;

	ck_assert_uint_lt(strlen(line), sizeof copy);
	snprintf(copy, sizeof copy, "%s", line);
	why[0] = '\0';
	argv[0] = empty;
	for (word = strtok_r(copy, " ", &rest);
	     word != NULL && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(word, "_") == 0 ? empty : word;
	argv[argc] = NULL;
	return opt_parse(args, &table, argc, argv, why);
}

/* The line is wrong, and this is what is said about it. */
static void
check_wrong(const char *line, const char *message)
{
	struct opt_args args;
	int ret = parse(&args, line);

	if (ret == 0) {
		ck_assert_msg(args.cmd != NULL, "%s: no command", line);
		ret = opt_check(&args, why);
	}
	opt_free(&args);
	ck_assert_msg(ret == -1, "%s: accepted", line);
	ck_assert_str_eq(why, message);
}

/* The line gives that command, arguments, and value of an option. */
static void
check_line(const char *line, const struct cmd *cmd, const char *arguments,
    const char *option, const char *value)
{
	struct buf joined = BUF_EMPTY;
	struct opt_args args;
	const char *is;
	int i;

	ck_assert_msg(parse(&args, line) == 0, "%s: %s", line, why);
	ck_assert_msg(args.cmd == cmd, "%s: another command", line);
	for (i = 0; i < args.argc; i++)
		buf_printf(&joined, "%s%s", i > 0 ? "|" : "", args.argv[i]);
	ck_assert_str_eq(buf_text(&joined), arguments);
	ck_assert_ptr_null(args.argv[args.argc]);
	if (option != NULL) {
		is = opt_value(&args, option);
		ck_assert_msg(value == NULL ?
			is == NULL :
			is != NULL && strcmp(is, value) == 0,
		    "%s: %s is %s", line, option, is != NULL ? is : "(none)");
	}
	opt_free(&args);
	buf_free(&joined);
}

START_TEST(commands)
{
	check_line("add", &add, "", NULL, NULL);
	check_line("enqueue x", &add, "x", NULL, NULL);
	check_line("put in x", &add, "x", NULL, NULL);
	check_line("worker start", &start, "", NULL, NULL);
	check_line("worker", &start, "", NULL, NULL);
	check_line("worker -n 4", &start, "", "count", "4");
	check_line("worker stop a b", &stop, "a|b", NULL, NULL);
	check_line("-s d worker stop", &stop, "", "spool", "d");
	check_line("", NULL, "", NULL, NULL);
	check_line("-s d", NULL, "", "spool", "d");
	check_line("--", NULL, "", NULL, NULL);
	check_line("-- show x", &show, "x", NULL, NULL);
}
END_TEST

START_TEST(options)
{
	check_line("add --priority 5 x", &add, "x", "priority", "5");
	check_line("add x --priority 5", &add, "x", "priority", "5");
	check_line("add x --priority=5 y", &add, "x|y", "priority", "5");
	check_line("add --priority=", &add, "", "priority", "");
	check_line("add --priority _", &add, "", "priority", "");
	check_line("add --priority=a=b", &add, "", "priority", "a=b");
	check_line("add --priority -1", &add, "", "priority", "-1");
	check_line("add --priority --", &add, "", "priority", "--");
	check_line("add --max_retries 1", &add, "", "max-retries", "1");
	check_line("add --retries 1", &add, "", "max-retries", "1");
	check_line("add --retries=1", &add, "", "max-retries", "1");
	check_line("add -m 1", &add, "", "max-retries", "1");
	check_line("add -m1", &add, "", "max-retries", "1");
	check_line("add -qm1 x", &add, "x", "max-retries", "1");
	check_line("add -qm 1 x", &add, "x", "max-retries", "1");
	check_line("add -qm1 x", &add, "x", "quiet", "");
	check_line("add --silent", &add, "", "quiet", "");
	check_line("add", &add, "", "quiet", NULL);
	check_line("add -s d", &add, "", "spool", "d");
	check_line("-sd add", &add, "", "spool", "d");
	check_line("-sd add -se", &add, "", "spool", "e");
	check_line("add -m 1 -m 2", &add, "", "max-retries", "2");
}
END_TEST

START_TEST(not_options)
{
	check_line("add -", &add, "-", NULL, NULL);
	check_line("add -5", &add, "-5", NULL, NULL);
	check_line("add -- -q", &add, "-q", "quiet", NULL);
	check_line("add -- --", &add, "--", NULL, NULL);
	check_line("add a -- b -- --help", &add, "a|b|--|--help", NULL, NULL);
	check_line("add _", &add, "", NULL, NULL);
}
END_TEST

START_TEST(dashes)
{
	static const struct {
		const char *line;
		int dashes;
	} rows[] = { { "add", -1 }, { "add a b", -1 }, { "add --", 0 },
		{ "add -- a", 0 }, { "add a -- b", 1 }, { "add -- a --", 0 },
		{ "-- add a", -1 }, { "add -q --", 0 } };
	struct opt_args args;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_int_eq(parse(&args, rows[i].line), 0);
		ck_assert_msg(args.dashes == rows[i].dashes, "%s: %d",
		    rows[i].line, args.dashes);
		opt_free(&args);
	}
}
END_TEST

START_TEST(repeated)
{
	struct opt_args args;
	size_t at = 0;

	ck_assert_int_eq(parse(&args, "add -e a -m1 --env=b x -ec"), 0);
	ck_assert_str_eq(opt_next(&args, "env", &at), "a");
	ck_assert_str_eq(opt_next(&args, "env", &at), "b");
	ck_assert_str_eq(opt_next(&args, "env", &at), "c");
	ck_assert_ptr_null(opt_next(&args, "env", &at));
	ck_assert_ptr_null(opt_next(&args, "env", &at));
	ck_assert_uint_eq(args.ngiven, 4);
	opt_free(&args);
}
END_TEST

START_TEST(wrong_commands)
{
	check_wrong("enqeue x",
	    "enqeue: no such command: did you mean "
	    "'enqueue'?");
	check_wrong("sohw", "sohw: no such command: did you mean 'show'?");
	check_wrong("erase x", "erase: no such command: did you mean 'list'?");
	check_wrong("nothing",
	    "nothing: no such command: 'prog help' lists "
	    "what there is");
	check_wrong("nothing x",
	    "nothing: no such command: 'prog help' lists "
	    "what there is");
	check_wrong("worker strat",
	    "worker strat: no such command: did you "
	    "mean 'worker start'?");
	check_wrong("wroker start",
	    "wroker: no such command: did you mean "
	    "'worker start'?");
	check_wrong("worker xyz",
	    "worker xyz: no such command: 'prog help "
	    "worker' lists what there is");
	check_wrong("dlq",
	    "dlq: one word more is needed: 'prog help dlq' "
	    "lists them");
	check_wrong("dlq foo",
	    "dlq foo: no such command: 'prog help dlq' "
	    "lists what there is");
	check_wrong("_",
	    ": no such command: 'prog help' lists what there "
	    "is");
	check_wrong("\033[2Jx",
	    "\\x1b[2Jx: no such command: 'prog help' "
	    "lists what there is");
}
END_TEST

START_TEST(wrong_options)
{
	check_wrong("add --max-retires 3",
	    "--max-retires: add has no such "
	    "option: did you mean "
	    "'--max-retries'?");
	check_wrong("add --prioritty=3",
	    "--prioritty: add has no such "
	    "option: did you mean '--priority'?");
	check_wrong("add --spol d",
	    "--spol: add has no such option: did you "
	    "mean '--spool'?");
	check_wrong("add --xyz",
	    "--xyz: add has no such option: 'prog help "
	    "add' lists them");
	check_wrong("add --priorit 3 x",
	    "--priorit: add has no such option: "
	    "did you mean '--priority'?");
	check_wrong("--xyz",
	    "--xyz: prog has no such option: 'prog help' "
	    "lists them");
	check_wrong("--priority 3 add",
	    "--priority: prog has no such option: "
	    "'prog help' lists them");
	check_wrong("show --priority 3",
	    "--priority: show has no such "
	    "option: 'prog help show' lists "
	    "them");
	check_wrong("add -x",
	    "-x: add has no such option: 'prog help add' "
	    "lists them");
	check_wrong("add -qx",
	    "-x: add has no such option: 'prog help add' "
	    "lists them");
	check_wrong("add -quiett",
	    "-u: add has no such option: 'prog help "
	    "add' lists them");
	check_wrong("add -priority",
	    "-p: add has no such option: did you "
	    "mean '--priority'?");
	check_wrong("add --priority",
	    "--priority: needs a value: --priority "
	    "N");
	check_wrong("add -m", "-m: needs a value: --max-retries N");
	check_wrong("add --quiet=1", "--quiet: takes no value");
	check_wrong("add --=1",
	    "--: add has no such option: 'prog help add' "
	    "lists them");
}
END_TEST

START_TEST(wrong_numbers)
{
	check_wrong("show",
	    "show: an argument is missing: usage: prog show "
	    "JOB");
	check_wrong("show a b",
	    "b: one argument too many: usage: prog show "
	    "JOB");
	check_wrong("move a",
	    "move: an argument is missing: usage: prog move "
	    "FROM TO");
	check_wrong("move a b c d",
	    "c: one argument too many: usage: prog "
	    "move FROM TO");
	check_wrong("dlq list x",
	    "x: dlq list takes no arguments: usage: "
	    "prog dlq list");
}
END_TEST

START_TEST(long_words)
{
	char line[500];
	struct opt_args args;
	size_t i, n;

	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	ck_assert_int_eq(parse(&args, line), -1);
	opt_free(&args);
	ck_assert_ptr_nonnull(strstr(why,
	    "x...: no such command: 'prog help' "
	    "lists what there is"));

	/* Cut between characters, wherever the first one begins. */
	for (i = 0; i < 2; i++) {
		line[0] = 'x';
		for (n = i; n + 2 < sizeof line; n += 2)
			memcpy(line + n, "\xc3\xa9", 2);
		line[n] = '\0';
		ck_assert_int_eq(parse(&args, line), -1);
		opt_free(&args);
		ck_assert_ptr_nonnull(strstr(why, "\xc3\xa9...: no such"));
	}
}
END_TEST

START_TEST(names)
{
	ck_assert(opt_is_named(&add, "add"));
	ck_assert(opt_is_named(&add, "enqueue"));
	ck_assert(opt_is_named(&stop, "worker"));
	ck_assert(opt_is_named(&start, "worker"));
	ck_assert(opt_is_named(&stop, "worker stop"));
	ck_assert(!opt_is_named(&stop, "stop"));
	ck_assert(!opt_is_named(&stop, "work"));
	ck_assert_str_eq(opt_nearest(&table, "wroker"), "worker");
	ck_assert_ptr_null(opt_nearest(&table, "nothing"));
}
END_TEST

START_TEST(help)
{
	struct buf text = BUF_EMPTY;

	opt_usage(&table, &stop, &text);
	ck_assert_str_eq(buf_text(&text),
	    "usage: prog worker stop "
	    "[NAME...]");
	buf_clear(&text);
	opt_help(&table, &start, &text);
	ck_assert_str_eq(buf_text(&text),
	    "usage: prog worker start [OPTION...]\n"
	    "  start workers\n"
	    "  -n, --count N             how many\n"
	    "  -d, --drain               a flag\n"
	    "      --a-name-that-is-too-long-for-it VALUE\n"
	    "                            on its own line\n");
	buf_clear(&text);
	opt_help(&table, &add, &text);
	ck_assert_ptr_null(strstr(buf_text(&text), "silent"));
	ck_assert_ptr_null(strstr(buf_text(&text), "enqueue"));
	buf_clear(&text);
	opt_help_all(&table, &text);
	ck_assert_str_eq(buf_text(&text),
	    "usage: prog [OPTION...] COMMAND [OPTION...] [ARG...]\n"
	    "  add                       add a job\n"
	    "  show                      show a job\n"
	    "  move                      move a job\n"
	    "  worker start              start workers\n"
	    "  worker stop               stop workers\n"
	    "  dlq list                  list the dead\n"
	    "options of every command:\n"
	    "  -s, --spool DIR           the spool\n"
	    "  -h, --help                help\n"
	    "'prog help COMMAND' tells more about one.\n");
	buf_free(&text);
}
END_TEST

Suite *
suite_opt(void)
{
	Suite *suite = suite_create("opt");
	TCase *tcase = tcase_create("opt");

	tcase_add_test(tcase, commands);
	tcase_add_test(tcase, options);
	tcase_add_test(tcase, not_options);
	tcase_add_test(tcase, dashes);
	tcase_add_test(tcase, repeated);
	tcase_add_test(tcase, wrong_commands);
	tcase_add_test(tcase, wrong_options);
	tcase_add_test(tcase, wrong_numbers);
	tcase_add_test(tcase, long_words);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, help);
	suite_add_tcase(suite, tcase);
	return suite;
}
