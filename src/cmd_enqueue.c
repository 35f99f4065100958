/*
 * cmd_enqueue - enqueue: what is to be run, from arguments, files and
 * standard input.
 *
 * Everything is checked before the spool is opened: what is refused changes
 * nothing, and makes no spool.
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd_batch.h"
#include "cmd_submit.h"
#include "fs.h"

#define BATCH_MAX 1073741824 /* bytes of a batch */

/* What a command line says is to be run. */
struct source {
	enum {
		SOURCE_OPTION, /* --command alone */
		SOURCE_ARGUMENT,
		SOURCE_ARGV,
		SOURCE_FILE,
		SOURCE_SCRIPT,
		SOURCE_BATCH
	} kind;
	const char *path;    /* of what is read; "-": standard input */
	const char *name;    /* what messages call it */
	const char *command; /* --command, or NULL */
	struct buf text;     /* what was read */
};

/* ---- Choosing ---- */

/* What is wrong with the arguments; NULL if nothing is. */
static const char *
check_arguments(const struct opt_args *a)
{
	if (a->dashes > 0)
		return "--: the command stands before it: put all behind it";
	if (a->dashes == 0 && a->argc == 0)
		return "--: must be followed by a program";
	if (a->dashes == -1 && a->argc > 1)
		return "more than one argument: quote the command, or give "
		       "'-- PROG ARG...'";
	return NULL;
}

/* What contradicts what; NULL if nothing does. */
static const char *
check_source(const struct source *src, const struct opt_args *a)
{
	int argument = a->argc > 0 || a->dashes != -1;
	int to_change = src->kind == SOURCE_FILE ||
	    (src->kind == SOURCE_ARGUMENT && a->argv[0][0] == '{');
	const char *file = opt_value(a, "file");

	if (src->kind == SOURCE_BATCH && (file != NULL || argument))
		return "--batch: goes without a command and without --file";
	if (src->kind == SOURCE_BATCH &&
	    (src->command != NULL || opt_value(a, "id") != NULL))
		return "--batch: goes without --command and --id: each line "
		       "is a job of its own";
	if (file != NULL && argument)
		return "--file: goes without a command beside it";
	if (src->command != NULL && argument && !to_change)
		return "--command: goes without another command beside it";
	if (src->kind == SOURCE_OPTION && src->command == NULL)
		return "nothing to run: give JSON, 'COMMAND', "
		       "-- PROG ARG..., -, --file or --batch";
	if (src->path != NULL && src->path[0] == '\0')
		return "the file's name is empty: give FILE, or - for "
		       "standard input";
	return NULL;
}

static int
choose_source(struct source *src, const struct opt_args *a)
{
	const char *batch = opt_value(a, "batch"), *file = opt_value(a, "file");
	const char *first = a->argc > 0 ? a->argv[0] : NULL, *wrong;

	memset(src, 0, sizeof *src);
	src->command = opt_value(a, "command");
	if (batch != NULL) {
		src->kind = SOURCE_BATCH;
		src->path = batch;
	} else if (file != NULL ||
	    (a->dashes == -1 && first && *first == '@')) {
		src->kind = SOURCE_FILE;
		src->path = file != NULL ? file : first + 1;
	} else if (a->dashes != -1) {
		src->kind = SOURCE_ARGV;
	} else if (first != NULL && strcmp(first, "-") == 0) {
		src->kind = SOURCE_SCRIPT;
		src->path = first;
	} else if (first != NULL) {
		src->kind = SOURCE_ARGUMENT;
	}
	src->name = src->path != NULL && strcmp(src->path, "-") == 0 ?
	    "standard input" :
	    src->path;
	wrong = check_arguments(a);
	if (wrong == NULL)
		wrong = check_source(src, a);
	if (wrong == NULL)
		return MSG_OK;
	msg_warnx("%s", wrong);
	return MSG_USAGE;
}

/* ---- Reading ---- */

/* Somebody who types must be told what, and how to end it. */
static void
say_terminal(const struct source *src)
{
	if (isatty(STDIN_FILENO))
		msg_warnx("standard input: reading %s from the terminal: end "
			  "it with Ctrl-D on a line of its own",
		    src->kind == SOURCE_SCRIPT	 ? "a script for /bin/sh" :
			src->kind == SOURCE_FILE ? "a job file or JSON" :
						   "commands or JSON, one job "
						   "a line,");
}

static int
read_source(struct source *src)
{
	size_t max = src->kind == SOURCE_BATCH ? BATCH_MAX : JOB_SUBMIT_MAX;
	int input = strcmp(src->path, "-") == 0;
	int fd, ret = -1;

	if (input)
		say_terminal(src);
	fd = input ? STDIN_FILENO :
		     open(src->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd != -1)
		ret = fs_read_all(fd, &src->text, max);
	if (ret == -1)
		cmd_warn(src->name, "%s", strerror(errno));
	if (fd > STDIN_FILENO)
		(void)fs_close(fd);
	if (ret == -1)
		return MSG_USAGE;
	if (src->text.len > max) {
		cmd_warn(src->name, "more than %lu bytes", (unsigned long)max);
		return MSG_USAGE;
	}
	return MSG_OK;
}

/* ---- What is to be run ---- */

static int
wrong(struct job_error *error, const char *what)
{
	snprintf(error->what, sizeof error->what, "%s", what);
	return -1;
}

/* Takes a ready job file; 0, or -1 and the error. */
static int
set_file(struct draft *d, const struct buf *text, struct job_error *error)
{
	enum job_parsed parsed;
	struct job job;
	int state = JOB_NO_STATE, whole;

	buf_add(&d->base, buf_text(text), text->len);
	parsed = job_parse(&job, buf_text(&d->base), d->base.len, error);
	whole = job.whole == d->base.len;
	if (job.nevents > 0)
		state = job.events[0].state;
	job_free(&job);
	if (parsed == JOB_NO_MEMORY)
		return wrong(error, "out of memory");
	if (parsed == JOB_BAD)
		return -1;
	if (!whole)
		return wrong(error,
		    "its last line has no newline: it may have been cut off");
	if (state == JOB_NO_STATE) /* the command may come from an option */
		return 0;
	snprintf(error->what, sizeof error->what,
	    "%s=...: a state line: only queuectl writes these, remove it",
	    job_state_name(state));
	return -1;
}

/*
 * Takes a script.  Its #! line would have no effect: one that asks for
 * something else than is done is refused.
 */
static int
set_script(struct draft *d, const struct buf *text, struct job_error *error)
{
	static const char *const harmless[] = { "#!/bin/sh\n", "#! /bin/sh\n",
		"#!/usr/bin/env sh\n" };
	const char *script = buf_text(text);
	size_t len = text->len, i;

	if (len > 0 && script[len - 1] == '\n')
		len--;
	if (len == 0)
		return wrong(error, "nothing to run: it is empty");
	for (i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		if (strncmp(script, harmless[i], strlen(harmless[i])) == 0)
			break;
	if (i == sizeof harmless / sizeof harmless[0] &&
	    strncmp(script, "#!", 2) == 0)
		return wrong(error,
		    "line 1: /bin/sh runs it, whatever #! says: remove that "
		    "line, or give '-- FILE' to run a file");
	return draft_set(d, "command", script, len, error);
}

/* The program and its arguments behind "--"; 0, or -1 and the error. */
static int
set_argv(struct draft *d, const struct opt_args *a, struct job_error *error)
{
	int i;

	for (i = 0; i < a->argc; i++)
		if (draft_set(d, "arg", a->argv[i], strlen(a->argv[i]),
			error) == -1)
			return -1;
	return 0;
}

static int
set_source(const struct source *src, const struct submit *q, struct draft *d,
    struct job_error *error)
{
	const struct opt_args *a = q->args;

	switch (src->kind) {
	case SOURCE_ARGUMENT:
		return submit_given(q, d, a->argv[0], strlen(a->argv[0]),
		    error);
	case SOURCE_ARGV:
		return set_argv(d, a, error);
	case SOURCE_FILE:
		if (src->text.len > 0 && src->text.data[0] == '{')
			return submit_given(q, d, src->text.data, src->text.len,
			    error);
		return set_file(d, &src->text, error);
	case SOURCE_SCRIPT:
		return set_script(d, &src->text, error);
	default:
		return 0;
	}
}

/* ---- One job ---- */

static int
say_wrong(const struct source *src, const struct job_error *error)
{
	if (src->name != NULL)
		cmd_warn(src->name, "%s", error->what);
	else if (strncmp(error->what, "JSON error", 10) == 0)
		msg_warnx("%s (a command that begins with { is given with "
			  "--command)",
		    error->what);
	else
		msg_warnx("%s", error->what);
	return MSG_USAGE;
}

/* What beats the source: the options for one job, then those for any. */
static int
set_options(const struct source *src, const struct submit *q, struct draft *d)
{
	const char *id = opt_value(q->args, "id");
	struct job_error error;

	if (id != NULL && draft_set_id(d, id, &error) == -1)
		return submit_wrong("id", &error);
	if (src->command != NULL) {
		draft_drop_args(d);
		if (draft_set(d, "command", src->command, strlen(src->command),
			&error) == -1)
			return submit_wrong("command", &error);
	}
	return submit_options(q, d);
}

static int
make_draft(const struct source *src, const struct submit *q, struct draft *d)
{
	struct job_error error;
	int status;

	if (set_source(src, q, d, &error) == -1)
		return say_wrong(src, &error);
	status = set_options(src, q, d);
	if (status == MSG_OK && submit_check(q, d, &error) == -1)
		status = say_wrong(src, &error);
	return status;
}

static int
enqueue_one(const struct source *src, const struct submit *q)
{
	struct spool_new new_job;
	struct conf conf;
	struct draft d;
	struct spool s;
	size_t in;
	int status;

	draft_init(&d);
	status = make_draft(src, q, &d);
	if (status == MSG_OK)
		status = cmd_open_write(q->args, &s, &conf);
	if (status == MSG_OK) {
		status = submit_space(&s, &conf);
		if (status == MSG_OK)
			status = submit_prepare(q, &s, &conf, &d, 1, &new_job);
		if (status == MSG_OK)
			status = submit_put(q, &s, &new_job, 1, &in);
		spool_close(&s);
	}
	draft_free(&d);
	return status;
}

/* ---- The command ---- */

static int
run_enqueue(const struct opt_args *args)
{
	struct source src;
	struct submit q;
	int status;

	/* A closed pipe must not end us between two jobs of a batch. */
	(void)signal(SIGPIPE, SIG_IGN);
	submit_init(&q, args);
	status = choose_source(&src, args);
	if (status == MSG_OK && src.path != NULL)
		status = read_source(&src);
	if (status == MSG_OK)
		status = src.kind == SOURCE_BATCH ?
		    batch_enqueue(&q, src.name, &src.text) :
		    enqueue_one(&src, &q);
	buf_free(&src.text);
	submit_free(&q);
	return status;
}

static const struct opt enqueue_opts[] = {
	{ "id", 0, "ID", "its ID; else one is made of the time" },
	{ "again", 0, NULL, "an ended job of this ID makes room" },
	{ "command", 0, "COMMAND", "a shell command, whatever it begins with" },
	{ "cmd", 0, "COMMAND", NULL },
	{ "priority", 0, "N", "0 to 10, higher first; 0 if not given" },
	{ "max-retries", 0, "N", "runs after the first one" },
	{ "retries", 0, "N", NULL },
	{ "run-at", 0, "TIME", "not before this time" },
	{ "delay", 0, "DURATION", "not before that long from now" },
	{ "timeout", 0, "DURATION", "end a run after this long; 0: never" },
	{ "backoff-base", 0, "B", "retry n waits B to the power of n seconds" },
	{ "cwd", 0, "DIR", "run there; else in the current directory" },
	{ "env", 0, "NAME[=VALUE]", "set a variable, or pass it on; repeat" },
	{ "file", 0, "FILE", "a job file or JSON; - is standard input" },
	{ "batch", 0, "FILE", "one job a line, JSON or shell command" },
	{ NULL, 0, NULL, NULL }
};

static const char *const enqueue_aliases[] = { "add", NULL };

const struct cmd cmd_enqueue = { "enqueue", enqueue_aliases,
	"[JSON | 'COMMAND' | -- PROG ARG... | - | @FILE]",
	"put a job into the queue, and print its ID", enqueue_opts, 0, -1,
	run_enqueue };
