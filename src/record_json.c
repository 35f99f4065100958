#include "record_json.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "why.h"

/* An object being written. */
struct writer {
	struct buf *out;
	const char *within; /* the member that holds what is written, or NULL */
	const char *marked; /* the last one that is in `marks` */
	struct buf marks;   /* members with bytes that JSON cannot say */
};

/* Notes that a member does not say what the job has. */
static void
mark(struct writer *w, const char *name)
{
	if (w->within != NULL)
		name = w->within;
	if (w->marked == name)
		return;
	w->marked = name;
	buf_putc(&w->marks, w->marks.len > 0 ? ',' : '[');
	json_string(&w->marks, name, strlen(name));
}

/* Appends a string of the member of that name. */
static void
put_text(struct writer *w, const char *name, const char *text)
{
	size_t len = strlen(text);

	json_string(w->out, text, len);
	if (!text_is_utf8(text, len))
		mark(w, name);
}

/* The put_ functions below append a member, if there is something to say. */

static void
put_string(struct writer *w, const char *name, const char *text)
{
	if (text == NULL)
		return;
	json_name(w->out, name);
	put_text(w, name, text);
}

static void
put_time(struct writer *w, const char *name, int64_t us)
{
	if (us >= 0)
		json_member_time(w->out, name, us);
}

static void
put_argv(struct writer *w, const struct job *job)
{
	static const char name[] = "argv";
	size_t i;

	if (job->argc == 0)
		return;
	json_name(w->out, name);
	buf_putc(w->out, '[');
	for (i = 0; i < job->argc; i++) {
		json_next(w->out);
		put_text(w, name, job->argv[i]);
	}
	buf_putc(w->out, ']');
}

/* By name, and of one name in their order: the entries lie in an array. */
static int
compare_env(const void *a, const void *b)
{
	char **x = *(char ***)(uintptr_t)a, **y = *(char ***)(uintptr_t)b;
	const char *p = *x, *q = *y;

	while (*p == *q && *p != '=') {
		p++;
		q++;
	}
	if (*p == *q)
		return x < y ? -1 : x > y;
	if (*p == '=' || *q == '=')
		return *p == '=' ? -1 : 1;
	return (unsigned char)*p < (unsigned char)*q ? -1 : 1;
}

/*
 * Drops the entries that a later one of the same name replaces, by making them
 * NULL in a copy that is to be freed.  NULL: no memory.
 */
static char **
last_of_each(const struct job *job)
{
	char ***sorted = malloc(job->envc * sizeof *sorted);
	char **last = malloc(job->envc * sizeof *last);
	size_t i, len;

	if (sorted == NULL || last == NULL) {
		free(sorted);
		free(last);
		return NULL;
	}
	memcpy(last, job->env, job->envc * sizeof *last);
	for (i = 0; i < job->envc; i++)
		sorted[i] = &job->env[i];
	qsort(sorted, job->envc, sizeof *sorted, compare_env);
	for (i = 1; i < job->envc; i++) {
		len = strcspn(*sorted[i], "=") + 1;
		if (strncmp(*sorted[i - 1], *sorted[i], len) == 0)
			last[sorted[i - 1] - job->env] = NULL;
	}
	free(sorted);
	return last;
}

/* No name twice; one that cannot be said is left out, for it might be. */
static void
put_env(struct writer *w, const struct job *job)
{
	static const char name[] = "env";
	char **last;
	size_t i, len;

	if (job->envc == 0)
		return;
	last = last_of_each(job);
	if (last == NULL) {
		w->out->failed = 1;
		return;
	}
	json_name(w->out, name);
	buf_putc(w->out, '{');
	for (i = 0; i < job->envc; i++) {
		if (last[i] == NULL)
			continue;
		len = strcspn(last[i], "=");
		if (!text_is_utf8(last[i], len)) {
			mark(w, name);
			continue;
		}
		json_next(w->out);
		json_string(w->out, last[i], len);
		buf_putc(w->out, ':');
		put_text(w, name, last[i] + len + 1);
	}
	buf_putc(w->out, '}');
	free(last);
}

static void
put_submitted(struct writer *w, const struct record *r, const struct conf *conf)
{
	const struct job *job = &r->job;

	put_string(w, "command", job->command);
	put_argv(w, job);
	json_member_number(w->out, "priority", job->priority);
	json_member_number(w->out, "attempts", record_tries(r));
	json_member_number(w->out, "max_retries",
	    record_tries_max(r, conf) - 1);
	json_member_number(w->out, "timeout", record_timeout(r, conf));
	put_time(w, "run_at", job->run_at);
	put_time(w, "created_at", record_created(r));
	put_time(w, "updated_at", record_updated(r));
}

static void
put_exit(struct writer *w, int exit_code, int sig)
{
	if (exit_code >= 0)
		json_member_number(w->out, "exit_code", exit_code);
	if (sig > 0)
		json_member_number(w->out, "signal", sig);
}

static void
put_last_run(struct writer *w, const struct record *r)
{
	struct record_last last;

	record_last(r, &last);
	put_time(w, "retry_at", last.retry_at);
	put_time(w, "started_at", last.started_at);
	put_time(w, "finished_at", last.finished_at);
	put_exit(w, last.exit_code, last.signal);
	if (last.error == NULL && r->parsed != JOB_OK)
		last.error = r->error.what;
	put_string(w, "error", last.error);
	put_string(w, "worker", last.worker);
}

static void
put_settings(struct writer *w, const struct job *job)
{
	put_string(w, "cwd", job->cwd);
	put_env(w, job);
	if (job->umask >= 0) {
		json_name(w->out, "umask");
		buf_printf(w->out, "\"%03lo\"", (unsigned long)job->umask);
	}
	if (job->backoff_base >= 1) {
		/* As many digits as come back the same. */
		json_name(w->out, "backoff_base");
		buf_printf(w->out, "%.15g", job->backoff_base);
	}
	if (job->max_backoff >= 0)
		json_member_number(w->out, "max_backoff", job->max_backoff);
}

static void
put_runs(struct writer *w, const struct record *r)
{
	struct record_attempt a;
	size_t at = 0;

	w->within = "runs";
	json_name(w->out, w->within);
	buf_putc(w->out, '[');
	while (record_next_attempt(r, &at, &a)) {
		json_next(w->out);
		buf_putc(w->out, '{');
		json_member_number(w->out, "attempt", a.start->attempt);
		put_string(w, "state", a.how);
		put_time(w, "started_at", a.start->time);
		if (a.end != NULL) {
			put_time(w, "finished_at", a.end->time);
			put_exit(w, a.end->exit_code, a.end->signal);
			put_string(w, "error", a.end->error);
		}
		put_string(w, "worker", a.start->worker);
		buf_putc(w->out, '}');
	}
	buf_putc(w->out, ']');
	w->within = NULL;
}

static void
put_note(void *arg, const char *reason)
{
	struct writer *w = arg;

	json_next(w->out);
	put_text(w, "notes", reason);
}

static void
begin(struct writer *w, const struct record *r, const struct conf *conf)
{
	buf_putc(w->out, '{');
	put_string(w, "id", r->name);
	put_string(w, "state", job_state_name(r->dir));
	put_submitted(w, r, conf);
	put_last_run(w, r);
	put_settings(w, &r->job);
}

static void
end(struct writer *w)
{
	if (w->marks.len > 0) {
		json_name(w->out, "not_utf8");
		buf_add(w->out, buf_text(&w->marks), w->marks.len);
		buf_putc(w->out, ']');
	}
	buf_putc(w->out, '}');
	w->out->failed |= w->marks.failed;
	buf_free(&w->marks);
}

void
record_json(struct buf *out, const struct record *r, const struct conf *conf)
{
	struct writer w = { out, NULL, NULL, BUF_EMPTY };

	begin(&w, r, conf);
	end(&w);
}

void
record_json_whole(struct buf *out, struct spool *s, const struct record *r,
    const struct conf *conf, int64_t now)
{
	struct writer w = { out, NULL, NULL, BUF_EMPTY };

	begin(&w, r, conf);
	put_runs(&w, r);
	json_name(out, "notes");
	buf_putc(out, '[');
	why_each(s, conf, r, now, put_note, &w);
	buf_putc(out, ']');
	end(&w);
}
