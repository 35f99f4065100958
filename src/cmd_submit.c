#include "cmd_submit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "when.h"

#define STAMPS_MAX 256 /* bytes that stamping adds, without cwd */

void
submit_init(struct submit *q, const struct opt_args *args)
{
	memset(q, 0, sizeof *q);
	q->args = args;
	q->now = fs_now();
	q->again = opt_value(args, "again") != NULL;
	snprintf(q->umask, sizeof q->umask, "%03lo", (unsigned long)fs_umask());
	q->cwd = fs_cwd();
	if (q->cwd != NULL && q->cwd[0] != '/')
		submit_free(q);
}

void
submit_free(struct submit *q)
{
	free(q->cwd);
	q->cwd = NULL;
}

int
submit_given(const struct submit *q, struct draft *d, const char *text,
    size_t len, struct job_error *error)
{
	if (len == 0 || text[0] != '{')
		return draft_set(d, "command", text, len, error);
	return draft_set_json(d, text, len, q->now, error);
}

/* ---- The options ---- */

int
submit_wrong(const char *option, const struct job_error *error)
{
	const char *why = strstr(error->what, ": ");

	msg_warnx("--%s: %s", option, why != NULL ? why + 2 : error->what);
	return MSG_USAGE;
}

/*
 * An option, the key that it sets, and what makes the key's value of the
 * option's: it appends it and returns an exit status.
 */
struct setter {
	const char *option;
	const char *key;
	int (*make)(const struct submit *q, const char *value, struct buf *out);
};

static int
make_same(const struct submit *q, const char *value, struct buf *out)
{
	(void)q;
	buf_puts(out, value);
	return MSG_OK;
}

static int
make_timeout(const struct submit *q, const char *value, struct buf *out)
{
	int64_t us = 0;
	int status = cmd_duration(q->args, "timeout", &us);

	(void)value;
	if (status == MSG_OK && us % WHEN_SECOND != 0) {
		msg_warnx("--timeout: must be whole seconds");
		status = MSG_USAGE;
	}
	buf_printf(out, "%lld", (long long)(us / WHEN_SECOND));
	return status;
}

static void
put_time(struct buf *out, int64_t us)
{
	char time[WHEN_SIZE];

	when_format(time, us);
	buf_puts(out, time);
}

static int
make_run_at(const struct submit *q, const char *value, struct buf *out)
{
	int64_t us;

	if (when_parse(value, q->now, &us) == -1) {
		msg_warnx("--run-at: must be a time like 2026-11-29T03:00, "
			  "'2026-11-29 03:00', 3:00, 'tomorrow 3:00', "
			  "tomorrow, noon, midnight, +2h or 'now + 2 hours'");
		return MSG_USAGE;
	}
	put_time(out, us);
	return MSG_OK;
}

static int
make_delay(const struct submit *q, const char *value, struct buf *out)
{
	int64_t us = 0;
	int status = cmd_duration(q->args, "delay", &us);

	(void)value;
	if (status != MSG_OK)
		return status;
	if (opt_value(q->args, "run-at") != NULL) {
		msg_warnx("--delay: --run-at was given too: give one of them");
		return MSG_USAGE;
	}
	if (us > (int64_t)JOB_SECONDS_MAX * WHEN_SECOND) {
		msg_warnx("--delay: must be at most %d seconds",
		    JOB_SECONDS_MAX);
		return MSG_USAGE;
	}
	put_time(out, q->now + us);
	return MSG_OK;
}

/* A relative one counts from here. */
static int
make_cwd(const struct submit *q, const char *value, struct buf *out)
{
	if (value[0] == '\0' || (value[0] != '/' && q->cwd == NULL)) {
		msg_warnx("--cwd: must be an absolute path");
		return MSG_USAGE;
	}
	if (value[0] != '/')
		buf_printf(out, "%s/", q->cwd);
	buf_puts(out, value);
	return MSG_OK;
}

/* NAME=VALUE, or NAME to pass the value on that it has here. */
static int
make_env(const struct submit *q, const char *value, struct buf *out)
{
	const char *here;

	(void)q;
	buf_puts(out, value);
	if (strchr(value, '=') != NULL || value[0] == '\0')
		return MSG_OK;
	here = getenv(value);
	if (here == NULL) {
		cmd_warn(value,
		    "--env: it is not set here: give its value too, as "
		    "NAME=VALUE");
		return MSG_USAGE;
	}
	buf_printf(out, "=%s", here);
	return MSG_OK;
}

static int
set_option(const struct submit *q, struct draft *d, const struct setter *setter,
    const char *value)
{
	struct buf text = BUF_EMPTY;
	struct job_error error;
	int status = setter->make(q, value, &text);

	if (status == MSG_OK && text.failed) {
		msg_warnx("--%s: out of memory", setter->option);
		status = MSG_REFUSED;
	}
	if (status == MSG_OK &&
	    draft_set(d, setter->key, buf_text(&text), text.len, &error) == -1)
		status = submit_wrong(setter->option, &error);
	buf_free(&text);
	return status;
}

int
submit_options(const struct submit *q, struct draft *d)
{
	static const struct setter setters[] = {
		{ "priority", "priority", make_same },
		{ "max-retries", "max_retries", make_same },
		{ "backoff-base", "backoff_base", make_same },
		{ "timeout", "timeout", make_timeout },
		{ "run-at", "run_at", make_run_at },
		{ "delay", "run_at", make_delay },
		{ "cwd", "cwd", make_cwd },
	};
	static const struct setter env = { "env", "env", make_env };
	const char *value;
	size_t i, at = 0;
	int status = MSG_OK;

	for (i = 0; i < sizeof setters / sizeof setters[0]; i++) {
		value = opt_value(q->args, setters[i].option);
		if (status == MSG_OK && value != NULL)
			status = set_option(q, d, &setters[i], value);
	}
	/* These add up. */
	while (
	    status == MSG_OK && (value = opt_next(q->args, "env", &at)) != NULL)
		status = set_option(q, d, &env, value);
	return status;
}

/* ---- Stamping and checking ---- */

/* `there`: a ready job file says it.  0, or -1 without memory. */
static int
stamp_if_missing(struct draft *d, int there, const char *key, const char *value)
{
	return there || draft_has(d, key) ? 0 : draft_stamp(d, key, value);
}

/* Stamps what later changes of the config must not change. */
static int
stamp(const struct submit *q, struct draft *d, const struct conf *conf,
    int64_t now)
{
	char time[WHEN_SIZE], retries[32], timeout[32];
	struct job_error error;
	struct job job;
	int base = d->base.len > 0, cwd, ret;

	when_format(time, now);
	snprintf(retries, sizeof retries, "%ld", conf->max_retries);
	snprintf(timeout, sizeof timeout, "%ld", conf->job_timeout_seconds);
	(void)job_parse(&job, buf_text(&d->base), d->base.len, &error);
	cwd = job.cwd != NULL || draft_has(d, "cwd");
	if (!cwd && q->cwd == NULL) {
		snprintf(error.what, sizeof error.what,
		    "the current directory has no name any more: give "
		    "--cwd DIR");
		ret = -1;
	} else if (!cwd &&
	    draft_set(d, "cwd", q->cwd, strlen(q->cwd), &error) == -1) {
		ret = -1; /* its name may hold anything */
	} else {
		snprintf(error.what, sizeof error.what, "out of memory");
		/* The default of priority is always 0. */
		ret = stamp_if_missing(d, job.umask != -1, "umask", q->umask) |
		    stamp_if_missing(d, base, "priority", "0") |
		    stamp_if_missing(d, job.max_retries != -1, "max_retries",
			retries) |
		    stamp_if_missing(d, job.timeout != -1, "timeout", timeout) |
		    stamp_if_missing(d, job.created_at != -1, "created_at",
			time);
	}
	if (ret != 0)
		msg_warnx("%s", error.what);
	job_free(&job);
	return ret == 0 ? MSG_OK : MSG_REFUSED;
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

int
submit_check(const struct submit *q, const struct draft *d,
    struct job_error *error)
{
	struct buf text = BUF_EMPTY;
	int ret = finish_text(d, &text, error);

	/* There must be room for the stamps. */
	if (ret == 0 &&
	    text.len + (q->cwd != NULL ? strlen(q->cwd) * 2 : 0) + STAMPS_MAX >
		JOB_SUBMIT_MAX) {
		snprintf(error->what, sizeof error->what,
		    "larger than a job may be (%d bytes)", JOB_SUBMIT_MAX);
		ret = -1;
	}
	if (ret == 0 && q->again && d->id[0] == '\0') {
		snprintf(error->what, sizeof error->what,
		    "--again: there is no ID: give --id, or \"id\" in JSON");
		ret = -1;
	}
	buf_free(&text);
	return ret;
}

/* ---- Putting in ---- */

/* Says what came of an attempt to enqueue; the exit status. */
static int
say_enqueued(const struct submit *q, struct spool *s, const struct spool_new *d,
    enum spool_result r)
{
	int state, ended, saved = errno;

	switch (r) {
	case SPOOL_OK:
		printf("%s\n", d->id);
		return MSG_OK;
	case SPOOL_EXISTS:
		state = spool_find(s, d->id);
		ended = state == JOB_COMPLETED || state == JOB_DEAD;
		msg_warnx("%s: there is a job of this ID already (%s): "
			  "choose another --id%s",
		    d->id, state >= 0 ? job_state_name(state) : "just gone",
		    ended && !q->again ? ", or give --again" : "");
		return MSG_REFUSED;
	case SPOOL_BUSY:
		msg_warnx("%s: something that the ended job of this ID left "
			  "running holds its record: end that, or see "
			  "'queuectl purge --force %s'",
		    d->id, d->id);
		return MSG_AGAIN;
	case SPOOL_FOREIGN:
		msg_warnx("%s: in the place of the ended job of this ID there "
			  "is something that is no file, or that may not be "
			  "written: move it away",
		    d->id);
		return MSG_REFUSED;
	case SPOOL_UNSYNCED:
		errno = saved;
		msg_warn("%s: is enqueued, but could not be synced to disk: a "
			 "power cut may lose it",
		    d->id);
		return MSG_REFUSED;
	default:
		return cmd_undone(s, d->id[0] != '\0' ? d->id : "the job",
		    "not enqueued", saved);
	}
}

int
submit_space(const struct spool *s, const struct conf *conf)
{
	int64_t room = spool_free_bytes(s);

	if (room < 0 || room >= conf->min_free_bytes)
		return MSG_OK;
	msg_warnx("%s: %lld bytes are free, fewer than min_free_bytes (%ld): "
		  "make room, or try again later",
	    s->path, (long long)room, conf->min_free_bytes);
	return MSG_AGAIN;
}

int
submit_prepare(const struct submit *q, struct spool *s, const struct conf *conf,
    struct draft *d, int alone, struct spool_new *n)
{
	struct buf text = BUF_EMPTY;
	int status = stamp(q, d, conf, spool_now(s));

	/* It was read once, and each stamp is one that is read back. */
	draft_text(d, &text);
	if (status == MSG_OK && text.failed) {
		msg_warnx("out of memory");
		status = MSG_REFUSED;
	}
	if (status == MSG_OK && spool_prepare(s, n, &text, d->id, alone) == -1)
		status = say_enqueued(q, s, n, SPOOL_ERROR);
	buf_free(&text);
	return status;
}

/* Tells the IDs of those that are in. */
static int
say_in(const struct submit *q, struct spool *s, const struct spool_new *n,
    size_t count, enum spool_result r)
{
	int status = MSG_OK, saved = errno;
	size_t i;

	for (i = 0; i < count; i++) {
		errno = saved;
		status = say_enqueued(q, s, &n[i], r);
	}
	/* What a full buffer could not get rid of shows in ferror alone. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (count == 1)
		msg_warn("standard output: %s is enqueued, but could not be "
			 "told",
		    n[0].id);
	else
		msg_warn("standard output: the jobs from %s to %s are "
			 "enqueued, but not all could be told",
		    n[0].id, n[count - 1].id);
	clearerr(stdout);
	return MSG_REFUSED;
}

int
submit_put(const struct submit *q, struct spool *s, struct spool_new *n,
    size_t count, size_t *in)
{
	enum spool_result r = spool_enqueue(s, n, count, q->again, in);
	int saved = errno, status = MSG_OK;
	size_t i;

	if (*in > 0) {
		errno = saved;
		status =
		    say_in(q, s, n, *in, r == SPOOL_UNSYNCED ? r : SPOOL_OK);
	}
	for (i = *in; i < count; i++)
		spool_withdraw(s, &n[i]);
	errno = saved;
	if (status == MSG_OK && *in < count)
		status = say_enqueued(q, s, &n[*in], r);
	return status;
}
