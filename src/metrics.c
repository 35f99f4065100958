#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "registry.h"
#include "tally.h"
#include "when.h"

#ifndef QUEUECTL_VERSION
#define QUEUECTL_VERSION "unknown"
#endif

/* The two lines that come before the samples of a metric. */
static void
begin(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP queuectl_%s %s\n# TYPE queuectl_%s %s\n", name,
	    help, name, type);
}

static void
put_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	begin(out, name, "gauge", help);
	buf_printf(out, "queuectl_%s %lld\n", name, (long long)value);
}

/* ---- What is counted now ---- */

static void
put_states(struct buf *out, const struct tally *t)
{
	int dir;

	begin(out, "jobs", "gauge", "Jobs in each state.");
	for (dir = 0; dir < JOB_STATES; dir++)
		buf_printf(out, "queuectl_jobs{state=\"%s\"} %ld\n",
		    job_state_name(dir), t->state[dir].count);
}

/* 0, or -1 with errno. */
static int
put_oldest(struct buf *out, const struct spool *s, const struct tally *t,
    int64_t now)
{
	int64_t oldest = t->state[JOB_PENDING].oldest;

	if (t->state[JOB_PENDING].count > TALLY_DETAIL_MAX &&
	    tally_oldest(s, JOB_PENDING, &oldest) == -1)
		return -1;
	begin(out, "oldest_pending_seconds", "gauge",
	    "Age of the oldest job that is pending, 0 if there is none.");
	if (oldest == WHEN_NEVER || oldest > now)
		oldest = now;
	buf_printf(out, "queuectl_oldest_pending_seconds %lld.%06lld\n",
	    (long long)((now - oldest) / WHEN_SECOND),
	    (long long)((now - oldest) % WHEN_SECOND));
	return 0;
}

/* ---- What supervisors have counted ---- */

/* The number behind `key` at the start of a line of an entry, or -1. */
static int64_t
value_of(const char *text, const char *key)
{
	const char *p = text;
	size_t len = strlen(key);
	int64_t n = 0;

	while (p != NULL && strncmp(p, key, len) != 0) {
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	if (p == NULL || p[len] < '0' || p[len] > '9')
		return -1;
	for (p += len; *p >= '0' && *p <= '9' && n < INT64_MAX / 100; p++)
		n = n * 10 + (*p - '0');
	return n;
}

static void
put_ended(struct buf *out, const char *supervisor, const char *entry)
{
	char key[32];
	int64_t n;
	int dir;

	for (dir = 0; dir < JOB_STATES; dir++) {
		snprintf(key, sizeof key, "ended_%s=", job_state_name(dir));
		n = value_of(entry, key);
		if (n >= 0)
			buf_printf(out,
			    "queuectl_ended_jobs_total{outcome=\"%s\","
			    "supervisor=\"%s\"} %lld\n",
			    job_state_name(dir), supervisor, (long long)n);
	}
}

/* Each bucket holds what the smaller ones do as well. */
static void
put_durations(struct buf *out, const char *supervisor, const char *entry)
{
	static const char *const ends[] = { "0.1", "1", "10", "60", "600",
		"3600", "+Inf" };
	static const char metric[] = "queuectl_job_duration_seconds";
	char key[32];
	int64_t sum, n = 0, one;
	size_t i, last = sizeof ends / sizeof ends[0] - 1;

	for (i = 0; i <= last; i++) {
		snprintf(key, sizeof key,
		    "duration_%s=", i < last ? ends[i] : "more");
		one = value_of(entry, key);
		n += one > 0 ? one : 0;
		buf_printf(out, "%s_bucket{supervisor=\"%s\",le=\"%s\"} %lld\n",
		    metric, supervisor, ends[i], (long long)n);
	}
	sum = value_of(entry, "duration_sum_us=");
	sum = sum > 0 ? sum : 0;
	buf_printf(out, "%s_sum{supervisor=\"%s\"} %lld.%06lld\n", metric,
	    supervisor, (long long)(sum / WHEN_SECOND),
	    (long long)(sum % WHEN_SECOND));
	buf_printf(out, "%s_count{supervisor=\"%s\"} %lld\n", metric,
	    supervisor, (long long)n);
}

/* What is told of each supervisor. */
struct each {
	struct spool *spool;
	struct buf *out;
	void (*put)(struct buf *out, const char *supervisor, const char *entry);
};

/* Appends the value of a label: nothing in it may end it. */
static void
put_label(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			buf_putc(out, '\\');
		buf_putc(out, (char)(*value == '\n' ? 'n' : *value));
	}
}

static int
put_one(void *arg, const struct registry_entry *entry)
{
	const struct each *each = arg;
	struct buf text = BUF_EMPTY, label = BUF_EMPTY;

	put_label(&label, entry->name);
	/* It may leave just now: then it is told of no more. */
	if (registry_text(each->spool, entry->name, &text) == 0)
		each->put(each->out, buf_text(&label), buf_text(&text));
	buf_free(&text);
	buf_free(&label);
	return 0;
}

/* One metric after the other, as the format wants it; 0, or -1 with errno. */
static int
put_counters(struct buf *out, struct spool *s)
{
	struct each each;

	each.spool = s;
	each.out = out;
	each.put = put_ended;
	begin(out, "ended_jobs_total", "counter",
	    "Runs that have ended, by the state that the job went to.");
	if (registry_each(s, put_one, &each) == -1)
		return -1;
	each.put = put_durations;
	begin(out, "job_duration_seconds", "histogram", "How long runs took.");
	return registry_each(s, put_one, &each);
}

/* ---- All of it ---- */

/* What could not be counted; -1. */
static int
uncounted(const struct spool *s, const char *what, int error,
    char why[SPOOL_WHY_MAX])
{
	snprintf(why, SPOOL_WHY_MAX, "%.400s/%s: %s", s->path, what,
	    strerror(error));
	return -1;
}

int
metrics_text(struct spool *s, const struct conf *conf, int64_t now,
    struct buf *out, char why[SPOOL_WHY_MAX])
{
	struct tally t;
	int dir;

	if (tally_count(s, conf, now, &t) == -1) {
		for (dir = 0; dir < JOB_STATES; dir++)
			if (t.state[dir].error != 0)
				return uncounted(s, spool_dir_name(dir),
				    t.state[dir].error, why);
		return uncounted(s, "workers", t.error, why);
	}
	put_states(out, &t);
	if (put_oldest(out, s, &t, now) == -1)
		return uncounted(s, "pending", errno, why);
	put_gauge(out, "workers", "Worker processes of living supervisors.",
	    t.workers);
	put_gauge(out, "busy_workers", "Workers that have a job.", t.busy);
	if (put_counters(out, s) == -1)
		return uncounted(s, "workers", errno, why);
	put_gauge(out, "paused", "1 if nothing new may start.",
	    spool_paused(s));
	begin(out, "build_info", "gauge", "The version, as a label.");
	buf_puts(out,
	    "queuectl_build_info{version=\"" QUEUECTL_VERSION "\"} 1\n");
	return out->failed ? uncounted(s, "metrics", ENOMEM, why) : 0;
}
