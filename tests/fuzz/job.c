/*
 * job_parse: what was read is the same once it was written and read again.
 */
#include "job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void
put_number(struct buf *out, const char *key, long n)
{
	char text[32];

	snprintf(text, sizeof text, "%ld", n);
	if (n >= 0)
		job_put(out, key, text);
}

static void
put_time(struct buf *out, const char *key, int64_t us)
{
	char text[WHEN_SIZE];

	when_format(text, us);
	if (us >= 0)
		job_put(out, key, text);
}

static void
put_job(struct buf *out, const struct job *job)
{
	char text[32];
	size_t i;

	if (job->command != NULL)
		job_put(out, "command", job->command);
	for (i = 0; i < job->argc; i++)
		job_put(out, "arg", job->argv[i]);
	for (i = 0; i < job->envc; i++)
		job_put(out, "env", job->env[i]);
	if (job->cwd != NULL)
		job_put(out, "cwd", job->cwd);
	snprintf(text, sizeof text, "%lo", (unsigned long)job->umask);
	if (job->umask >= 0)
		job_put(out, "umask", text);
	put_number(out, "priority", job->priority);
	put_number(out, "max_retries", job->max_retries);
	put_number(out, "timeout", job->timeout);
	put_number(out, "max_backoff", job->max_backoff);
	put_time(out, "run_at", job->run_at);
	put_time(out, "created_at", job->created_at);
	snprintf(text, sizeof text, "%.17g", job->backoff_base);
	if (job->backoff_base > 0)
		job_put(out, "backoff_base", text);
}

static void
check_same(const struct job *a, const struct job *b)
{
	size_t i;

	MUST(fuzz_same(a->command, b->command) && fuzz_same(a->cwd, b->cwd));
	MUST(a->argc == b->argc && a->envc == b->envc);
	for (i = 0; i < a->argc; i++)
		MUST(fuzz_same(a->argv[i], b->argv[i]));
	for (i = 0; i < a->envc; i++)
		MUST(fuzz_same(a->env[i], b->env[i]));
	MUST(a->argc == 0 || a->argv[a->argc] == NULL);
	MUST(a->envc == 0 || a->env[a->envc] == NULL);
	MUST(a->umask == b->umask && a->priority == b->priority);
	MUST(a->max_retries == b->max_retries && a->timeout == b->timeout);
	MUST(a->max_backoff == b->max_backoff);
	MUST(a->run_at == b->run_at && a->created_at == b->created_at);
	MUST(
	    fabs(a->backoff_base - b->backoff_base) <= 1e-12 * a->backoff_base);
}

/* An error is cut when it is written. */
static void
check_error(const char *before, const char *after)
{
	if (before == NULL || strlen(before) < JOB_ERROR_MAX)
		MUST(fuzz_same(before, after));
	else
		MUST(strlen(after) == JOB_ERROR_MAX - 1 &&
		    memcmp(before, after, JOB_ERROR_MAX - 1) == 0);
}

static void
check_same_events(const struct job *a, const struct job *b)
{
	const struct job_event *x, *y;
	size_t i;

	MUST(a->nevents == b->nevents && a->last == b->last);
	MUST(a->attempts == b->attempts && a->counted == b->counted);
	MUST(a->interruptions == b->interruptions && a->stops == b->stops);
	for (i = 0; i < a->nevents; i++) {
		x = &a->events[i];
		y = &b->events[i];
		MUST(x->state == y->state && x->time == y->time);
		MUST(x->attempt == y->attempt && x->reason == y->reason);
		MUST(x->exit_code == y->exit_code && x->signal == y->signal);
		MUST(x->retry_at == y->retry_at);
		MUST(fuzz_same(x->worker, y->worker));
		check_error(x->error, y->error);
	}
}

/* Writes the job, or only its history, and reads that. */
static void
check_again(const struct job *job, int all)
{
	struct buf out = BUF_EMPTY;
	struct job_error error;
	struct job again;
	size_t i;

	if (all)
		put_job(&out, job);
	else
		job_put(&out, "command", "x");
	for (i = 0; i < job->nevents; i++)
		job_put_event(&out, &job->events[i]);
	MUST(job_parse(&again, buf_text(&out), out.len, &error) == JOB_OK);
	if (all)
		check_same(job, &again);
	check_same_events(job, &again);
	MUST(again.whole == out.len);
	job_free(&again);
	buf_free(&out);
}

static void
check_derived(const struct job *job)
{
	struct buf out = BUF_EMPTY;
	int state;

	for (state = JOB_NO_STATE; state < JOB_STATES; state++) {
		MUST(job_due(job, state) >= 0);
		(void)job_last_event(job, state);
	}
	MUST((job_last_event(job, JOB_NO_STATE) != NULL) == (job->nevents > 0));
	job_command_text(job, &out);
	MUST(out.len > 0);
	buf_free(&out);
}

static void
check_name(const uint8_t *data, size_t size)
{
	char *name = fuzz_string(data, size);

	MUST(!job_id_valid(name) || !job_name_old(name));
	MUST(!job_name_valid(name) || strlen(name) <= JOB_NAME_MAX);
	MUST(!job_name_valid(name) || strchr(name, '/') == NULL);
	MUST(!job_name_valid(name) || fuzz_clean(name, strlen(name)));
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job_error error;
	struct job job;
	enum job_parsed parsed;

	check_name(data, size);
	parsed = job_parse(&job, (const char *)data, size, &error);
	MUST(parsed != JOB_NO_MEMORY);
	MUST(job.whole <= size);
	MUST(job.whole == 0 || data[job.whole - 1] == '\n');
	MUST(memchr(data + job.whole, '\n', size - job.whole) == NULL);
	if (parsed != JOB_OK)
		MUST(error.what[0] != '\0' &&
		    fuzz_clean(error.what, strlen(error.what)));
	else
		check_derived(&job);
	check_again(&job, parsed == JOB_OK);
	job_free(&job);
	return 0;
}
