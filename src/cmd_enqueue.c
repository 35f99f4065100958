/*
 * cmd_enqueue - enqueue: from arguments, files and standard input to jobs.
 *
 * Everything is checked before the spool is opened: what is refused changes
 * nothing, and makes no spool.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draft.h"
#include "fs.h"
#include "when.h"

#define BATCH_MAX  1073741824 /* bytes of a batch */
#define STAMPS_MAX 256	      /* bytes that stamping adds, without cwd */

/* What a command line says, for one job or every line of a batch. */
struct request {
	const struct opt_args *args;
	int64_t now;	     /* that relative times count from */
	const char *command; /* --command, or NULL */
	const char *file;    /* --file, or NULL */
	const char *batch;   /* --batch, or NULL */
	struct buf text;     /* of the file or batch */
	char cwd[PATH_MAX];  /* of this process; "": it has none */
	char umask[16];
};

/* ---- The options ---- */

/* Says what is wrong with an option; the key it sets is not repeated. */
static int
wrong_option(const char *option, const struct job_error *error)
{
	const char *why = strstr(error->what, ": ");

	msg_warnx("--%s: %s", option, why != NULL ? why + 2 : error->what);
	return MSG_USAGE;
}

/* Options whose value is that of a key of the job file as it is. */
static const struct plain {
	const char *option;
	const char *key;
} plains[] = {
	{ "priority", "priority" },
	{ "max-retries", "max_retries" },
	{ "backoff-base", "backoff_base" },
};
#define PLAINS (sizeof plains / sizeof plains[0])

static int
set_plains(const struct request *q, struct draft *d)
{
	struct job_error error;
	const char *value;
	size_t i;

	for (i = 0; i < PLAINS; i++) {
		value = opt_value(q->args, plains[i].option);
		if (value != NULL &&
		    draft_set(d, plains[i].key, value, strlen(value), &error) ==
			-1)
			return wrong_option(plains[i].option, &error);
	}
	return MSG_OK;
}

static int
set_timeout(const struct request *q, struct draft *d)
{
	struct job_error error;
	char text[32];
	int64_t us = -1;
	int status = cmd_duration(q->args, "timeout", &us);

	if (status != MSG_OK || us == -1)
		return status;
	if (us % WHEN_SECOND != 0) {
		msg_warnx("--timeout: must be whole seconds");
		return MSG_USAGE;
	}
	snprintf(text, sizeof text, "%lld", (long long)(us / WHEN_SECOND));
	if (draft_set(d, "timeout", text, strlen(text), &error) == -1)
		return wrong_option("timeout", &error);
	return MSG_OK;
}

/* --run-at and --delay. */
static int
set_run_at(const struct request *q, struct draft *d)
{
	const char *at = opt_value(q->args, "run-at");
	const char *delay = opt_value(q->args, "delay");
	struct job_error error;
	char time[WHEN_SIZE];
	int64_t us = 0;
	int status;

	if (at == NULL && delay == NULL)
		return MSG_OK;
	if (at != NULL && delay != NULL) {
		msg_warnx("--delay: --run-at was given too: give one of them");
		return MSG_USAGE;
	}
	if (delay != NULL) {
		status = cmd_duration(q->args, "delay", &us);
		if (status != MSG_OK)
			return status;
		if (us > (int64_t)JOB_SECONDS_MAX * WHEN_SECOND) {
			msg_warnx("--delay: must be at most %d seconds",
			    JOB_SECONDS_MAX);
			return MSG_USAGE;
		}
		us += q->now;
	} else if (when_parse(at, q->now, &us) == -1) {
		msg_warnx("--run-at: must be a time like "
			  "2026-11-22T02:48:00Z, 14:30 or +5m");
		return MSG_USAGE;
	}
	when_format(time, us);
	if (draft_set(d, "run_at", time, strlen(time), &error) == -1)
		return wrong_option("run-at", &error);
	return MSG_OK;
}

/* A relative --cwd counts from here. */
static int
set_cwd(const struct request *q, struct draft *d)
{
	const char *cwd = opt_value(q->args, "cwd");
	struct buf path = BUF_EMPTY;
	struct job_error error;
	int ret;

	if (cwd == NULL)
		return MSG_OK;
	if (cwd[0] == '\0' || (cwd[0] != '/' && q->cwd[0] == '\0')) {
		msg_warnx("--cwd: must be an absolute path");
		return MSG_USAGE;
	}
	if (cwd[0] != '/')
		buf_printf(&path, "%s/", q->cwd);
	buf_puts(&path, cwd);
	ret = draft_set(d, "cwd", buf_text(&path), path.len, &error);
	buf_free(&path);
	return ret == 0 ? MSG_OK : wrong_option("cwd", &error);
}

/* --env NAME=VALUE, or NAME to pass the value on that it has here. */
static int
set_envs(const struct request *q, struct draft *d)
{
	struct buf pair = BUF_EMPTY;
	struct job_error error;
	const char *given, *here;
	size_t at = 0;
	int status = MSG_OK;

	while (status == MSG_OK &&
	    (given = opt_next(q->args, "env", &at)) != NULL) {
		buf_clear(&pair);
		buf_puts(&pair, given);
		if (strchr(given, '=') == NULL && given[0] != '\0') {
			here = getenv(given);
			if (here == NULL) {
				cmd_warn(given,
				    "--env: it is not set here: "
				    "give its value too, as "
				    "NAME=VALUE");
				status = MSG_USAGE;
				break;
			}
			buf_printf(&pair, "=%s", here);
		}
		if (draft_set(d, "env", buf_text(&pair), pair.len, &error) ==
		    -1)
			status = wrong_option("env", &error);
	}
	buf_free(&pair);
	return status;
}

/* An option beats what the JSON or the file says. */
static int
set_command(const struct request *q, struct draft *d)
{
	struct job_error error;

	if (q->command == NULL)
		return MSG_OK;
	draft_drop_args(d);
	if (draft_set(d, "command", q->command, strlen(q->command), &error) ==
	    -1)
		return wrong_option("command", &error);
	return MSG_OK;
}

static int
set_options(const struct request *q, struct draft *d)
{
	static int (*const setters[])(const struct request *,
	    struct draft *) = { set_command, set_plains, set_timeout,
		set_run_at, set_cwd, set_envs };
	const char *id = opt_value(q->args, "id");
	struct job_error error;
	int status = MSG_OK;
	size_t i;

	if (id != NULL && draft_set_id(d, id, &error) == -1)
		return wrong_option("id", &error);
	for (i = 0; i < sizeof setters / sizeof setters[0]; i++) {
		status = setters[i](q, d);
		if (status != MSG_OK)
			break;
	}
	return status;
}

/* ---- What is to be run ---- */

/* A job as it was given, JSON or a shell command; 0, or -1 and the error. */
static int
set_given(const struct request *q, struct draft *d, const char *text,
    size_t len, struct job_error *error)
{
	if (len == 0 || text[0] != '{')
		return draft_set(d, "command", text, len, error);
	return draft_set_json(d, text, len, q->now, error);
}

/* The line of the first state line, as `cat -n` counts them; 0: none. */
static long
find_state_line(const char *text, size_t len)
{
	const char *end = text + len, *eq, *eol;
	char name[16];
	long line;

	for (line = 1; text < end; line++, text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		eq = memchr(text, '=', (size_t)(eol - text));
		if (eq == NULL || (size_t)(eq - text) >= sizeof name)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(eq - text), text);
		/* Names are lower case in a file, in any case elsewhere. */
		if (job_state_parse(name) != JOB_NO_STATE &&
		    strcmp(name, job_state_name(job_state_parse(name))) == 0)
			return line;
	}
	return 0;
}

/* Takes a ready job file; the exit status. */
static int
set_file(const struct request *q, struct draft *d)
{
	struct job_error error;
	struct job job;
	long line = find_state_line(buf_text(&q->text), q->text.len);
	enum job_parsed parsed;
	int whole;

	if (line > 0) {
		cmd_warn(q->file,
		    "line %ld: a state line: only queuectl "
		    "writes these, remove it",
		    line);
		return MSG_USAGE;
	}
	buf_add(&d->base, buf_text(&q->text), q->text.len);
	parsed = job_parse(&job, buf_text(&d->base), d->base.len, &error);
	whole = job.whole == d->base.len;
	job_free(&job);
	/* A command that is missing may still come from an option. */
	if (parsed == JOB_OK || (parsed == JOB_HALF && whole))
		return MSG_OK;
	if (parsed == JOB_HALF)
		cmd_warn(q->file,
		    "its last line has no newline: it may have "
		    "been cut off");
	else
		cmd_warn(q->file, "%s",
		    parsed == JOB_NO_MEMORY ? "out of memory" : error.what);
	return MSG_USAGE;
}

/* The program and its arguments behind "--". */
static int
set_argv(const struct request *q, struct draft *d)
{
	struct job_error error;
	int i;

	for (i = 0; i < q->args->argc; i++) {
		if (draft_set(d, "arg", q->args->argv[i],
			strlen(q->args->argv[i]), &error) == -1) {
			msg_warnx("argument %d: %s", i + 1, error.what);
			return MSG_USAGE;
		}
	}
	return MSG_OK;
}

/* The one argument, or a file that is JSON. */
static int
set_one(const struct request *q, struct draft *d, const char *what,
    const char *text, size_t len)
{
	struct job_error error;

	if (set_given(q, d, text, len, &error) == 0)
		return MSG_OK;
	if (what != NULL)
		cmd_warn(what, "%s", error.what);
	else if (strncmp(error.what, "JSON error", 10) == 0)
		msg_warnx("%s (a command that begins with { is given with "
			  "--command)",
		    error.what);
	else
		msg_warnx("%s", error.what);
	return MSG_USAGE;
}

/* ---- A job ---- */

static int
set_if_missing(struct draft *d, int there, const char *key, const char *value)
{
	struct job_error error;

	if (there || draft_has(d, key) ||
	    draft_set(d, key, value, strlen(value), &error) == 0)
		return MSG_OK;
	msg_warnx("%s", error.what);
	return MSG_REFUSED;
}

/* Stamps what later changes of the config must not change. */
static int
stamp(const struct request *q, struct draft *d, const struct conf *conf,
    int64_t now)
{
	char time[WHEN_SIZE], retries[32], timeout[32];
	struct job_error error;
	struct job job;
	int base = d->base.len > 0;
	int status = MSG_OK;

	when_format(time, now);
	snprintf(retries, sizeof retries, "%ld", conf->max_retries);
	snprintf(timeout, sizeof timeout, "%ld", conf->job_timeout_seconds);
	(void)job_parse(&job, buf_text(&d->base), d->base.len, &error);
	if (job.cwd == NULL && q->cwd[0] == '\0' && !draft_has(d, "cwd")) {
		msg_warnx("the current directory has no name any more: "
			  "give --cwd DIR");
		status = MSG_REFUSED;
	}
	if (status == MSG_OK)
		status = set_if_missing(d, job.cwd != NULL, "cwd", q->cwd);
	if (status == MSG_OK)
		status = set_if_missing(d, job.umask != -1, "umask", q->umask);
	if (status == MSG_OK) /* the default is always 0 */
		status = set_if_missing(d, base, "priority", "0");
	if (status == MSG_OK)
		status = set_if_missing(d, job.max_retries != -1, "max_retries",
		    retries);
	if (status == MSG_OK)
		status =
		    set_if_missing(d, job.timeout != -1, "timeout", timeout);
	if (status == MSG_OK)
		status =
		    set_if_missing(d, job.created_at != -1, "created_at", time);
	job_free(&job);
	return status;
}

/* Makes the text of the file, and checks it as a worker will. */
static int
finish_text(const struct draft *d, struct buf *text, struct job_error *error)
{
	enum job_parsed parsed;
	struct job job;

	buf_clear(text);
	draft_text(d, text);
	parsed = job_parse(&job, buf_text(text), text->len, error);
	if (parsed == JOB_HALF && job.whole == text->len)
		snprintf(error->what, sizeof error->what,
		    "there is no command in it");
	job_free(&job);
	if (text->failed || parsed == JOB_NO_MEMORY)
		snprintf(error->what, sizeof error->what, "out of memory");
	return parsed == JOB_OK && !text->failed ? 0 : -1;
}

/* Checks a draft that is not stamped yet: there must be room for that. */
static int
check_draft(const struct request *q, const struct draft *d,
    struct job_error *error)
{
	struct buf text = BUF_EMPTY;
	int ret = finish_text(d, &text, error);

	if (ret == 0 &&
	    text.len + strlen(q->cwd) * 2 + STAMPS_MAX > JOB_SUBMIT_MAX) {
		snprintf(error->what, sizeof error->what,
		    "larger than a job may be (%d bytes)", JOB_SUBMIT_MAX);
		ret = -1;
	}
	buf_free(&text);
	return ret;
}

/* Says what came of an attempt to enqueue; the exit status. */
static int
say_enqueued(struct spool *s, const struct draft *d, enum spool_result r)
{
	int state, saved = errno;

	switch (r) {
	case SPOOL_OK:
		printf("%s\n", d->id);
		/* At once: in a batch each ID is told when it is durable. */
		if (fflush(stdout) == 0)
			return MSG_OK;
		msg_warn("standard output: %s is enqueued, but could not be "
			 "told",
		    d->id);
		clearerr(stdout);
		return MSG_REFUSED;
	case SPOOL_EXISTS:
		state = spool_find(s, d->id);
		msg_warnx("%s: there is a job of this ID already (%s): "
			  "choose another --id",
		    d->id, state >= 0 ? job_state_name(state) : "just gone");
		return MSG_REFUSED;
	default:
		errno = saved;
		msg_warn("%s: not enqueued",
		    d->id[0] != '\0' ? d->id : "the job");
		return cmd_errno_status(saved);
	}
}

static int
check_space(const struct spool *s, const struct conf *conf)
{
	int64_t room = spool_free_bytes(s);

	if (room < 0 || room >= conf->min_free_bytes)
		return MSG_OK;
	msg_warnx("%s: %lld bytes are free, fewer than min_free_bytes (%ld): "
		  "make room, or try again later",
	    s->path, (long long)room, conf->min_free_bytes);
	return MSG_AGAIN;
}

/* Puts a checked draft into the spool. */
static int
put_in(const struct request *q, struct spool *s, const struct conf *conf,
    struct draft *d)
{
	struct buf text = BUF_EMPTY;
	struct job_error error;
	int status = check_space(s, conf);

	if (status == MSG_OK)
		status = stamp(q, d, conf, spool_now(s));
	if (status == MSG_OK && finish_text(d, &text, &error) == -1) {
		msg_warnx("%s", error.what);
		status = MSG_USAGE;
	}
	if (status == MSG_OK)
		status = say_enqueued(s, d, spool_enqueue(s, &text, d->id));
	buf_free(&text);
	return status;
}

static int
make_one(const struct request *q, struct draft *d)
{
	struct job_error error;
	int status = MSG_OK;

	if (q->file != NULL)
		status = q->text.len > 0 && q->text.data[0] == '{' ?
		    set_one(q, d, q->file, q->text.data, q->text.len) :
		    set_file(q, d);
	else if (q->args->dashes != -1)
		status = set_argv(q, d);
	else if (q->args->argc == 1)
		status = set_one(q, d, NULL, q->args->argv[0],
		    strlen(q->args->argv[0]));
	if (status == MSG_OK)
		status = set_options(q, d);
	if (status == MSG_OK && check_draft(q, d, &error) == -1) {
		cmd_warn(q->file != NULL ? q->file : "the job", "%s",
		    error.what);
		status = MSG_USAGE;
	}
	return status;
}

static int
enqueue_one(const struct request *q)
{
	struct conf conf;
	struct draft d;
	struct spool s;
	int status;

	draft_init(&d);
	status = make_one(q, &d);
	if (status == MSG_OK) {
		status = cmd_open_write(q->args, &s, &conf);
		if (status == MSG_OK) {
			status = put_in(q, &s, &conf, &d);
			spool_close(&s);
		}
	}
	draft_free(&d);
	return status;
}

/* ---- A batch ---- */

/* An ID that a line of a batch chose. */
struct chosen {
	char *id;
	long line;
};

struct batch {
	const struct request *request;
	struct spool *spool; /* NULL: the lines are only checked */
	struct conf conf;
	long line;
	struct chosen *chosen;
	size_t nchosen;
};

/* Notes the ID of a line; 0, or -1 without memory. */
static int
note_id(struct batch *b, const char *id)
{
	struct chosen *grown = b->chosen;

	if ((b->nchosen & (b->nchosen + 1)) == 0) {
		grown = realloc(grown, (b->nchosen + 1) * 2 * sizeof *grown);
		if (grown == NULL)
			return -1;
		b->chosen = grown;
	}
	grown[b->nchosen].line = b->line;
	grown[b->nchosen].id = malloc(strlen(id) + 1);
	if (grown[b->nchosen].id == NULL)
		return -1;
	memcpy(grown[b->nchosen++].id, id, strlen(id) + 1);
	return 0;
}

static int
wrong_line(const struct batch *b, long line, const char *why)
{
	cmd_warn(b->request->batch, "line %ld: %s; nothing was enqueued", line,
	    why);
	return MSG_USAGE;
}

/* Makes the draft of a line, and checks or enqueues it. */
static int
batch_line(struct batch *b, const char *line, size_t len)
{
	const struct request *q = b->request;
	struct job_error error;
	struct draft d;
	int status = MSG_OK;

	draft_init(&d);
	if (set_given(q, &d, line, len, &error) == -1)
		status = wrong_line(b, b->line, error.what);
	if (status == MSG_OK)
		status = set_options(q, &d);
	if (status == MSG_OK && b->spool != NULL) {
		status = put_in(q, b->spool, &b->conf, &d);
	} else if (status == MSG_OK) {
		if (check_draft(q, &d, &error) == -1)
			status = wrong_line(b, b->line, error.what);
		else if (d.id[0] != '\0' && note_id(b, d.id) == -1)
			status = wrong_line(b, b->line, "out of memory");
	}
	draft_free(&d);
	return status;
}

/* Goes through the lines until one fails; empty ones are no jobs. */
static int
batch_lines(struct batch *b)
{
	const char *p = buf_text(&b->request->text);
	const char *end = p + b->request->text.len, *eol;
	int status = MSG_OK;

	for (b->line = 1; p < end && status == MSG_OK; b->line++) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		if (eol > p)
			status = batch_line(b, p, (size_t)(eol - p));
		p = eol + 1;
	}
	return status;
}

static int
by_id(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (order != 0)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* No ID may be there twice, or be in the spool already. */
static int
check_ids(struct batch *b, const struct spool *s)
{
	char why[JOB_NAME_MAX + 80];
	const struct chosen *c = b->chosen;
	size_t i;
	int state;

	for (i = 1; s == NULL && i < b->nchosen; i++) {
		if (strcmp(c[i].id, c[i - 1].id) != 0)
			continue;
		snprintf(why, sizeof why, "%s is the ID of line %ld too",
		    c[i].id, c[i - 1].line);
		return wrong_line(b, c[i].line, why);
	}
	for (i = 0; s != NULL && i < b->nchosen; i++) {
		state = spool_find(s, c[i].id);
		if (state < 0)
			continue;
		snprintf(why, sizeof why,
		    "there is a job of the ID %s already (%s)", c[i].id,
		    job_state_name(state));
		(void)wrong_line(b, c[i].line, why);
		return MSG_REFUSED;
	}
	return MSG_OK;
}

static int
enqueue_batch(const struct request *q)
{
	struct batch b;
	struct draft d;
	struct spool s;
	int status;
	size_t i;

	memset(&b, 0, sizeof b);
	b.request = q;
	draft_init(&d);
	status = set_options(q, &d); /* wrong even if there are no lines */
	draft_free(&d);
	if (status == MSG_OK)
		status = batch_lines(&b);
	if (status == MSG_OK && b.nchosen > 0) {
		qsort(b.chosen, b.nchosen, sizeof *b.chosen, by_id);
		status = check_ids(&b, NULL);
	}
	if (status == MSG_OK)
		status = cmd_open_write(q->args, &s, &b.conf);
	if (status == MSG_OK) {
		status = check_ids(&b, &s);
		b.spool = &s;
		if (status == MSG_OK) {
			status = batch_lines(&b);
			if (status != MSG_OK)
				cmd_warn(q->batch,
				    "line %ld: nothing behind "
				    "it was enqueued",
				    b.line - 1);
		}
		spool_close(&s);
	}
	for (i = 0; i < b.nchosen; i++)
		free(b.chosen[i].id);
	free(b.chosen);
	return status;
}

/* ---- The command ---- */

/* Reads a file, or standard input if it is "-", of at most max bytes. */
static int
read_input(const char *path, size_t max, struct buf *text)
{
	int fd = strcmp(path, "-") == 0 ?
	    STDIN_FILENO :
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int ret = -1;

	if (fd != -1)
		ret = fs_read_all(fd, text, max);
	if (ret == -1)
		cmd_warn(path, "%s", strerror(errno));
	if (fd > STDIN_FILENO)
		(void)fs_close(fd);
	if (ret == -1)
		return MSG_USAGE;
	if (text->len > max) {
		cmd_warn(path, "more than %lu bytes", (unsigned long)max);
		return MSG_USAGE;
	}
	return MSG_OK;
}

/* How many of the ways to say what to run were taken; more is an error. */
static int
check_sources(const struct request *q)
{
	const struct opt_args *a = q->args;
	int argument = a->argc > 0 || a->dashes != -1;
	int json = a->argc == 1 && a->dashes == -1 && a->argv[0][0] == '{';
	const char *wrong = NULL;

	if (q->batch != NULL && (q->file != NULL || argument))
		wrong = "--batch: goes without a command and without --file";
	else if (q->batch != NULL &&
	    (q->command != NULL || opt_value(a, "id") != NULL))
		wrong = "--batch: goes without --command and --id: each line "
			"is a job of its own";
	else if (q->file != NULL && argument)
		wrong = "--file: goes without a command beside it";
	else if (q->command != NULL && argument && !json)
		wrong = "--command: goes without another command beside it";
	else if (a->dashes > 0)
		wrong = "--: the command stands before it: put all behind it";
	else if (a->dashes == 0 && a->argc == 0)
		wrong = "--: must be followed by a program";
	else if (a->dashes == -1 && a->argc > 1)
		wrong = "more than one argument: quote the command, or give "
			"'-- PROG ARG...'";
	else if (a->dashes == -1 && a->argc == 1 &&
	    (strcmp(a->argv[0], "-") == 0 || a->argv[0][0] == '@'))
		/* Kept free: a script from stdin, and a job file. */
		wrong = "- and @FILE: not a command: give --file FILE";
	else if (!argument && q->batch == NULL && q->file == NULL &&
	    q->command == NULL)
		wrong = "nothing to run: give JSON, 'COMMAND', "
			"-- PROG ARG..., --file or --batch";
	if (wrong == NULL)
		return MSG_OK;
	msg_warnx("%s", wrong);
	return MSG_USAGE;
}

static void
look_around(struct request *q)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	snprintf(q->umask, sizeof q->umask, "%03lo", (unsigned long)mask);
	if (getcwd(q->cwd, sizeof q->cwd) == NULL || q->cwd[0] != '/')
		q->cwd[0] = '\0';
}

static int
run_enqueue(const struct opt_args *args)
{
	struct request q;
	int status;

	memset(&q, 0, sizeof q);
	q.args = args;
	q.now = fs_now();
	q.command = opt_value(args, "command");
	q.file = opt_value(args, "file");
	q.batch = opt_value(args, "batch");
	/* A closed pipe must not end us between two jobs of a batch. */
	(void)signal(SIGPIPE, SIG_IGN);
	look_around(&q);
	status = check_sources(&q);
	if (status == MSG_OK && q.batch != NULL)
		status = read_input(q.batch, BATCH_MAX, &q.text);
	else if (status == MSG_OK && q.file != NULL)
		status = read_input(q.file, JOB_SUBMIT_MAX, &q.text);
	if (status == MSG_OK)
		status = q.batch != NULL ? enqueue_batch(&q) : enqueue_one(&q);
	buf_free(&q.text);
	return status;
}

static const struct opt enqueue_opts[] = {
	{ "id", 0, "ID", "its ID; else one is made of the time" },
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
	"[JSON | 'COMMAND' | -- PROG ARG...]",
	"put a job into the queue, and print its ID", enqueue_opts, 0, -1,
	run_enqueue };
