#include "opt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define OPT_HELP_COLUMN 28 /* where the texts of help begin */

/* Where the reader of a command line stands. */
struct reader {
	struct opt_args *args;
	int argc;
	char **argv;
	int at; /* the next word */
	char *why;
};

static int fail(const struct reader *r, const char *what, const char *fmt, ...)
    MSG_PRINTF(3, 4);

/* ---- Messages ---- */

/* Fills `why` with "what: " and the text; returns -1. */
static int
vfail(char *why, const char *what, const char *fmt, va_list ap)
{
	struct buf b = BUF_EMPTY;
	size_t len;

	/* Whatever was typed, the reason must have room too. */
	text_show_some(&b, what, strlen(what), OPT_WHY_MAX / 2);
	snprintf(why, OPT_WHY_MAX, "%s: ", buf_text(&b));
	len = strlen(why);
	vsnprintf(why + len, OPT_WHY_MAX - len, fmt, ap);
	buf_free(&b);
	return -1;
}

static int
fail(const struct reader *r, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(r->why, what, fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- Commands ---- */

static int
has_alias(const struct cmd *cmd, const char *name)
{
	const char *const *alias;

	if (cmd->aliases == NULL)
		return 0;
	for (alias = cmd->aliases; *alias != NULL; alias++)
		if (strcmp(*alias, name) == 0)
			return 1;
	return 0;
}

/* True if `word` is the first of the two words of a name. */
static int
is_first_word(const char *name, const char *word)
{
	size_t len = strlen(word);

	return strncmp(name, word, len) == 0 && name[len] == ' ';
}

static const struct cmd *
find_cmd(const struct opt_table *table, const char *name)
{
	const struct cmd *const *cmd;

	for (cmd = table->cmds; *cmd != NULL; cmd++)
		if (strcmp((*cmd)->name, name) == 0 || has_alias(*cmd, name))
			return *cmd;
	return NULL;
}

int
opt_is_named(const struct cmd *cmd, const char *name)
{
	return strcmp(cmd->name, name) == 0 || has_alias(cmd, name) ||
	    is_first_word(cmd->name, name);
}

/* True if `word` begins the names of several commands, as "worker" does. */
static int
is_family(const struct opt_table *table, const char *word)
{
	const struct cmd *const *cmd;

	for (cmd = table->cmds; *cmd != NULL; cmd++)
		if (is_first_word((*cmd)->name, word))
			return 1;
	return 0;
}

/* What another program calls `name`, here; or NULL. */
static const char *
find_synonym(const struct opt_table *table, const char *name)
{
	const struct opt_synonym *s = table->synonyms;

	for (; s != NULL && s->typed != NULL; s++)
		if (strcmp(s->typed, name) == 0)
			return s->meant;
	return NULL;
}

const char *
opt_nearest(const struct opt_table *table, const char *name)
{
	const char *meant = find_synonym(table, name);
	const struct cmd *const *cmd;
	const char *const *alias;
	const char *nearest = NULL;
	const char **names;
	size_t n = 0;

	if (meant != NULL)
		return meant;
	for (cmd = table->cmds; *cmd != NULL; cmd++) {
		n++;
		for (alias = (*cmd)->aliases; alias != NULL && *alias != NULL;
		     alias++)
			n++;
	}
	names = malloc((n + 1) * sizeof *names);
	if (names == NULL)
		return NULL;
	/* The names before all aliases: the first of the nearest is taken. */
	n = 0;
	for (cmd = table->cmds; *cmd != NULL; cmd++)
		names[n++] = (*cmd)->name;
	for (cmd = table->cmds; *cmd != NULL; cmd++)
		for (alias = (*cmd)->aliases; alias != NULL && *alias != NULL;
		     alias++)
			names[n++] = *alias;
	names[n] = NULL;
	nearest = text_nearest(name, names);
	free(names);
	return nearest;
}

/* Says that there is no such command; `second` may be NULL. */
static int
no_command(const struct reader *r, const char *first, const char *second)
{
	const struct opt_table *table = r->args->table;
	struct buf both = BUF_EMPTY;
	const char *nearest;

	buf_printf(&both, "%s%s%s", first, second != NULL ? " " : "",
	    second != NULL ? second : "");
	nearest = opt_nearest(table, buf_text(&both));
	if (nearest == NULL && !is_family(table, first))
		nearest = opt_nearest(table, first);
	if (second == NULL && is_family(table, first))
		fail(r, first,
		    "one word more is needed: '%s help %s' lists them",
		    table->program, first);
	else if (nearest != NULL)
		fail(r, is_family(table, first) ? buf_text(&both) : first,
		    "no such command: did you mean '%s'?", nearest);
	else if (is_family(table, first))
		fail(r, buf_text(&both),
		    "no such command: '%s help %s' lists what there is",
		    table->program, first);
	else
		fail(r, first, "no such command: '%s help' lists what there is",
		    table->program);
	buf_free(&both);
	return -1;
}

/* True if the next word asks for help. */
static int
asks_help(const struct reader *r)
{
	return r->at < r->argc &&
	    (strcmp(r->argv[r->at], "--help") == 0 ||
		strcmp(r->argv[r->at], "-h") == 0);
}

/* Takes the one or two words that name a command; 0 or -1. */
static int
read_command(struct reader *r)
{
	const struct opt_table *table = r->args->table;
	const char *first = r->argv[r->at];
	const char *second = r->at + 1 < r->argc ? r->argv[r->at + 1] : NULL;
	const struct cmd *cmd = NULL;
	struct buf both = BUF_EMPTY;

	if (second != NULL && second[0] == '-')
		second = NULL;
	if (second != NULL) {
		buf_printf(&both, "%s %s", first, second);
		cmd = find_cmd(table, buf_text(&both));
		buf_free(&both);
	}
	if (cmd != NULL) {
		r->at += 2;
	} else {
		cmd = find_cmd(table, first);
		r->at++;
		if (second == NULL && is_family(table, first))
			r->args->family = first;
		if (cmd == NULL && r->args->family != NULL && asks_help(r))
			return 0;
		/* "worker" does something, "worker strat" is a mistake. */
		if (cmd == NULL ||
		    (second != NULL && cmd->max == 0 &&
			is_family(table, first)))
			return no_command(r, first, second);
	}
	r->args->cmd = cmd;
	return 0;
}

/* ---- Options ---- */

/* True if the len bytes typed are the option's name. */
static int
is_name(const struct opt *opt, const char *typed, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (opt->name[i] != (typed[i] == '_' ? '-' : typed[i]))
			return 0;
	return opt->name[len] == '\0';
}

/* The option of that name, or else letter, in one list; NULL: none. */
static const struct opt *
find_in(const struct opt *opts, const char *name, size_t len, char letter)
{
	const struct opt *meant = NULL;

	for (; opts != NULL && opts->name != NULL; opts++) {
		if (opts->help != NULL)
			meant = opts;
		if (letter != 0 ? opts->letter == letter :
				  is_name(opts, name, len))
			return meant;
	}
	return NULL;
}

static const struct opt *
find_opt(const struct opt_args *args, const char *name, size_t len, char letter)
{
	const struct opt *opt = NULL;

	if (args->cmd != NULL)
		opt = find_in(args->cmd->opts, name, len, letter);
	return opt != NULL ? opt :
			     find_in(args->table->globals, name, len, letter);
}

/* The name of the option that was probably meant, or NULL. */
static const char *
nearest_opt(const struct opt_args *args, const char *typed)
{
	const struct opt *lists[2] = { NULL, args->table->globals };
	const struct opt *opt;
	const char *nearest, **names;
	size_t n = 0;
	int i;

	if (args->cmd != NULL)
		lists[0] = args->cmd->opts;
	for (i = 0; i < 2; i++)
		for (opt = lists[i]; opt != NULL && opt->name != NULL; opt++)
			n++;
	names = malloc((n + 1) * sizeof *names);
	if (names == NULL)
		return NULL;
	n = 0;
	for (i = 0; i < 2; i++)
		for (opt = lists[i]; opt != NULL && opt->name != NULL; opt++)
			names[n++] = opt->name;
	names[n] = NULL;
	nearest = text_nearest(typed, names);
	free(names);
	return nearest;
}

/* Says that there is no such option; `shown` is it with its dashes. */
static int
no_option(const struct reader *r, const char *shown, const char *name)
{
	const struct cmd *cmd = r->args->cmd;
	const char *who = cmd != NULL ? cmd->name : r->args->table->program;
	const char *nearest = name != NULL ? nearest_opt(r->args, name) : NULL;

	if (nearest != NULL)
		return fail(r, shown,
		    "%s has no such option: did you mean '--%s'?", who,
		    nearest);
	return fail(r, shown, "%s has no such option: '%s help%s%s' lists them",
	    who, r->args->table->program, cmd != NULL ? " " : "",
	    cmd != NULL ? cmd->name : "");
}

static void
add_given(struct opt_args *args, const struct opt *opt, const char *value)
{
	struct opt_given *g = &args->given[args->ngiven++];

	g->opt = opt;
	g->value = value;
}

/* Takes the next word as the value of an option; 0 or -1. */
static int
take_value(struct reader *r, const struct opt *opt, const char *shown)
{
	if (r->at >= r->argc)
		return fail(r, shown, "needs a value: --%s %s", opt->name,
		    opt->arg);
	add_given(r->args, opt, r->argv[r->at++]);
	return 0;
}

/* Reads --NAME, --NAME=VALUE or --NAME VALUE; 0 or -1. */
static int
read_long(struct reader *r)
{
	const char *word = r->argv[r->at++];
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	const struct opt *opt = find_opt(r->args, name, len, 0);
	char *copy;
	int ret;

	if (opt != NULL && opt->arg != NULL && name[len] == '=') {
		add_given(r->args, opt, name + len + 1);
		return 0;
	}
	if (opt != NULL && opt->arg == NULL && name[len] == '\0') {
		add_given(r->args, opt, "");
		return 0;
	}
	if (opt != NULL && opt->arg != NULL)
		return take_value(r, opt, word);
	copy = malloc(len + 3);
	if (copy == NULL)
		return fail(r, "out of memory", "nothing was done");
	memcpy(copy, word, len + 2);
	copy[len + 2] = '\0';
	ret = opt != NULL ? fail(r, copy, "takes no value") :
			    no_option(r, copy, copy + 2);
	free(copy);
	return ret;
}

/* Reads -n4, -n 4, or flags like -qr; 0 or -1. */
static int
read_short(struct reader *r)
{
	const char *p = r->argv[r->at++] + 1;
	char shown[3] = "-";
	const struct opt *opt;

	for (; *p != '\0'; p++) {
		shown[1] = *p;
		shown[2] = '\0';
		opt = find_opt(r->args, "", 0, *p);
		if (opt == NULL) /* -drain: perhaps a dash was forgotten */
			return no_option(r, shown,
			    p == r->argv[r->at - 1] + 1 && p[1] != '\0' ? p :
									  NULL);
		if (opt->arg == NULL) {
			add_given(r->args, opt, "");
			continue;
		}
		if (p[1] == '\0')
			return take_value(r, opt, shown);
		add_given(r->args, opt, p + 1);
		return 0;
	}
	return 0;
}

/* ---- The command line ---- */

/* True for -x and --xyz, but not for "-" and numbers like -5. */
static int
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' &&
	    (word[1] < '0' || word[1] > '9');
}

/* Reads one word, with the value of an option two; 0 or -1. */
static int
read_word(struct reader *r)
{
	struct opt_args *args = r->args;
	const char *word = r->argv[r->at];

	if (args->dashes == -1 && strcmp(word, "--") == 0) {
		/* Before a command it has nothing to end. */
		if (args->cmd != NULL)
			args->dashes = args->argc;
		r->at++;
		return 0;
	}
	if (args->dashes == -1 && is_option(word))
		return word[1] == '-' ? read_long(r) : read_short(r);
	if (args->cmd == NULL)
		return read_command(r);
	args->argv[args->argc++] = r->argv[r->at++];
	return 0;
}

int
opt_parse(struct opt_args *args, const struct opt_table *table, int argc,
    char **argv, char why[OPT_WHY_MAX])
{
	static const struct opt_args empty;
	struct reader r;
	size_t letters = 1;
	int i;

	*args = empty;
	args->table = table;
	args->dashes = -1;
	r.args = args;
	r.argc = argc;
	r.argv = argv;
	r.at = 1;
	r.why = why;
	/* No more options than there are bytes: -abc are three. */
	for (i = 1; i < argc; i++)
		letters += strlen(argv[i]);
	args->given = malloc(letters * sizeof *args->given);
	args->argv = calloc((size_t)argc + 1, sizeof *args->argv);
	if (args->given == NULL || args->argv == NULL)
		return fail(&r, "out of memory", "nothing was done");
	while (r.at < argc)
		if (read_word(&r) == -1)
			return -1;
	args->argv[args->argc] = NULL;
	return 0;
}

int
opt_check(const struct opt_args *args, char why[OPT_WHY_MAX])
{
	const struct cmd *cmd = args->cmd;
	struct buf usage = BUF_EMPTY;
	struct reader r;

	r.why = why;
	if (args->argc >= cmd->min &&
	    (cmd->max == -1 || args->argc <= cmd->max))
		return 0;
	opt_usage(args->table, cmd, &usage);
	if (args->argc < cmd->min)
		fail(&r, cmd->name, "an argument is missing: %s",
		    buf_text(&usage));
	else if (cmd->max == 0)
		fail(&r, args->argv[0], "%s takes no arguments: %s", cmd->name,
		    buf_text(&usage));
	else
		fail(&r, args->argv[cmd->max], "one argument too many: %s",
		    buf_text(&usage));
	buf_free(&usage);
	return -1;
}

void
opt_free(struct opt_args *args)
{
	free(args->given);
	free(args->argv);
	args->given = NULL;
	args->argv = NULL;
	args->ngiven = 0;
	args->argc = 0;
}

const char *
opt_next(const struct opt_args *args, const char *name, size_t *at)
{
	const struct opt_given *g;

	while (*at < args->ngiven) {
		g = &args->given[(*at)++];
		if (strcmp(g->opt->name, name) == 0)
			return g->value;
	}
	return NULL;
}

const char *
opt_value(const struct opt_args *args, const char *name)
{
	const char *value, *last = NULL;
	size_t at = 0;

	while ((value = opt_next(args, name, &at)) != NULL)
		last = value;
	return last;
}

/* ---- Help ---- */

/* Appends blanks up to the column where the texts begin. */
static void
pad(struct buf *out, size_t line)
{
	size_t width = out->len - line;

	if (width + 2 > OPT_HELP_COLUMN) {
		buf_putc(out, '\n');
		width = 0;
	}
	buf_printf(out, "%*s", OPT_HELP_COLUMN - (int)width, "");
}

static void
help_opts(const struct opt *opt, struct buf *out)
{
	size_t line;

	for (; opt != NULL && opt->name != NULL; opt++) {
		if (opt->help == NULL)
			continue;
		line = out->len;
		if (opt->letter != 0)
			buf_printf(out, "  -%c, ", opt->letter);
		else
			buf_puts(out, "      ");
		buf_printf(out, "--%s%s%s", opt->name,
		    opt->arg != NULL ? " " : "",
		    opt->arg != NULL ? opt->arg : "");
		pad(out, line);
		buf_printf(out, "%s\n", opt->help);
	}
}

void
opt_usage(const struct opt_table *table, const struct cmd *cmd, struct buf *out)
{
	buf_printf(out, "usage: %s %s%s%s%s", table->program, cmd->name,
	    cmd->opts != NULL ? " [OPTION...]" : "",
	    cmd->args[0] != '\0' ? " " : "", cmd->args);
}

void
opt_help(const struct opt_table *table, const struct cmd *cmd, struct buf *out)
{
	opt_usage(table, cmd, out);
	buf_printf(out, "\n  %s\n", cmd->summary);
	help_opts(cmd->opts, out);
}

void
opt_help_all(const struct opt_table *table, struct buf *out)
{
	const struct cmd *const *cmd;
	size_t line;

	buf_printf(out, "usage: %s [OPTION...] COMMAND [OPTION...] [ARG...]\n",
	    table->program);
	for (cmd = table->cmds; *cmd != NULL; cmd++) {
		line = out->len;
		buf_printf(out, "  %s", (*cmd)->name);
		pad(out, line);
		buf_printf(out, "%s\n", (*cmd)->summary);
	}
	buf_puts(out, "options of every command:\n");
	help_opts(table->globals, out);
	buf_printf(out, "'%s help COMMAND' tells more about one.\n",
	    table->program);
}
