/*
 * cmd_show - show.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "os.h"

#define SHOW_TAIL_LINES 10   /* of an output that show prints, */
#define SHOW_TAIL_BYTES 4096 /* and bytes at most */

/* ---- why it does not run ---- */

/* A job being shown. */
struct show {
	struct spool spool;
	struct conf conf;
	int64_t now;
	struct record j;
	struct buf out;
	int notes; /* reasons given */
};

static void note(struct show *w, const char *fmt, ...) MSG_PRINTF(2, 3);

static void
note(struct show *w, const char *fmt, ...)
{
	char text[OPT_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_puts(&w->out, "note: ");
	cmd_put(&w->out, text);
	buf_putc(&w->out, '\n');
	w->notes++;
}

/* True if there is an entry of the job's name in that state. */
static int
namesake(const struct show *w, int dir)
{
	struct stat st;

	return fstatat(w->spool.dir[dir], w->j.name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0;
}

/* What keeps any job from starting. */
static void
note_spool(struct show *w)
{
	int64_t room = spool_free_bytes(&w->spool);
	struct buf who = BUF_EMPTY;

	if (spool_paused(&w->spool)) {
		cmd_put_paused(&who, &w->spool);
		note(w, "the queue is paused: %s", buf_text(&who));
		buf_free(&who);
	}
	if (room >= 0 && room < w->conf.min_free_bytes)
		note(w,
		    "only %lld bytes are free, fewer than min_free_bytes "
		    "(%ld)",
		    (long long)room, w->conf.min_free_bytes);
	if (cmd_workers(&w->spool) == 0)
		note(w,
		    "no worker is running: start one with "
		    "'queuectl worker start'");
}

static void
note_waiting(struct show *w)
{
	int64_t due = claim_due(&w->conf, &w->j.job, w->j.dir, w->now, 0);
	char time[WHEN_SIZE], left[WHEN_SIZE];

	if (w->j.parsed == JOB_HALF) {
		note(w,
		    "%s; if it does not change for %lld s it goes to the "
		    "dead letter queue",
		    w->j.error.what,
		    (long long)(w->spool.settle / WHEN_SECOND));
	} else if (w->j.parsed == JOB_BAD) {
		note(w,
		    "unreadable: %s; a worker will move it to the dead "
		    "letter queue",
		    w->j.error.what);
	} else if (due > w->now) {
		when_format(time, due);
		when_format_duration(left, due - w->now);
		note(w, "due at %s, in %s", time, left);
	}
	if (namesake(w, JOB_PROCESSING))
		note(w, "an older job of this ID is running: it waits for it");
	else if (w->j.dir == JOB_PENDING && namesake(w, JOB_FAILED))
		note(w,
		    "an older job of this ID is to be tried again: it "
		    "waits for it");
	note_spool(w);
	if (w->notes == 0)
		note(w, "due: it waits for an idle worker");
}

/* True if somebody holds the lock of the job. */
static int
is_locked(const struct show *w)
{
	int fd = fs_open(w->spool.dir[w->j.dir], w->j.name,
	    O_RDONLY | O_NONBLOCK, 0);
	int held;

	if (fd == -1)
		return 0;
	/* Shared, and for a moment: who wants it tries again. */
	held = os_flock(fd, OS_LOCK_SHARED, 0) == 1;
	(void)fs_close(fd);
	return held;
}

static void
note_processing(struct show *w)
{
	const struct job_event *run = record_run(&w->j);

	if (run != NULL && record_run_alive(&w->spool, run))
		return;
	if (is_locked(w))
		note(w,
		    "orphaned: its worker is gone, but the job, or a "
		    "process that it left, still holds its lock");
	else
		note(w, "its worker died: a supervisor will put it back");
}

static void
put_notes(struct show *w)
{
	switch (w->j.dir) {
	case JOB_PENDING:
	case JOB_FAILED:
		note_waiting(w);
		break;
	case JOB_PROCESSING:
		note_processing(w);
		break;
	default:
		if (w->j.parsed != JOB_OK)
			note(w, "%s%s",
			    w->j.parsed == JOB_BAD ? "unreadable: " : "",
			    w->j.error.what);
		break;
	}
}

/* ---- the fields ---- */

static void
put_field(struct show *w, const char *name, const char *value)
{
	buf_printf(&w->out, "%s: ", name);
	cmd_put(&w->out, value);
	buf_putc(&w->out, '\n');
}

static void
put_number(struct show *w, const char *name, long value)
{
	buf_printf(&w->out, "%s: %ld\n", name, value);
}

static void
put_time(struct show *w, const char *name, int64_t us)
{
	char text[WHEN_SIZE];

	when_format(text, us);
	put_field(w, name, text);
}

static void
put_submitted(struct show *w)
{
	const struct job *job = &w->j.job;

	buf_puts(&w->out,
	    job->command == NULL && job->argc > 0 ? "argv: " : "command: ");
	cmd_put_command(&w->out, &w->j);
	buf_putc(&w->out, '\n');
	put_number(w, "priority", job->priority);
	put_number(w, "attempts", record_tries(&w->j));
	put_number(w, "max_retries", record_tries_max(&w->j, &w->conf) - 1);
	put_number(w, "timeout",
	    job->timeout >= 0 ? job->timeout : w->conf.job_timeout_seconds);
	if (job->run_at >= 0)
		put_time(w, "run_at", job->run_at);
	put_time(w, "created_at", record_created(&w->j));
	put_time(w, "updated_at", record_updated(&w->j));
}

/* How the last run went. */
static void
put_last_run(struct show *w)
{
	const struct job *job = &w->j.job;
	const struct job_event *start = job_last_event(job, JOB_PROCESSING);
	const struct job_event *end = job_last_event(job, JOB_NO_STATE);

	if (w->j.dir == JOB_FAILED && end != NULL && end->retry_at >= 0)
		put_time(w, "retry_at", end->retry_at);
	if (start != NULL)
		put_time(w, "started_at", start->time);
	if (end == NULL)
		return;
	if (end->state != JOB_PROCESSING && end->state != JOB_PENDING)
		put_time(w, "finished_at", end->time);
	if (end->exit_code >= 0)
		put_number(w, "exit_code", end->exit_code);
	if (end->signal > 0)
		put_number(w, "signal", end->signal);
	if (end->error != NULL)
		put_field(w, "error", end->error);
	if (start != NULL && start->worker != NULL)
		put_field(w, "worker", start->worker);
}

static void
put_settings(struct show *w)
{
	const struct job *job = &w->j.job;
	size_t i;

	if (job->cwd != NULL)
		put_field(w, "cwd", job->cwd);
	if (job->umask >= 0)
		buf_printf(&w->out, "umask: %03lo\n",
		    (unsigned long)job->umask);
	if (job->backoff_base >= 1)
		buf_printf(&w->out, "backoff_base: %.10g\n", job->backoff_base);
	if (job->max_backoff >= 0)
		put_number(w, "max_backoff", job->max_backoff);
	for (i = 0; i < job->envc; i++)
		put_field(w, "env", job->env[i]);
}

/* ---- The ends of outputs ---- */

/* Where the last lines of a text begin. */
static const char *
last_lines(const char *text, size_t len, int lines)
{
	const char *p = text + len;

	if (p > text && p[-1] == '\n')
		p--;
	for (; p > text; p--)
		if (p[-1] == '\n' && --lines == 0)
			break;
	return p;
}

/* Appends the end of an output, indented; nothing if there is none. */
static void
put_tail(struct show *w, int attempt, const char *stream)
{
	int fd = cmd_open_output(&w->spool, w->j.name, attempt, stream);
	char text[SHOW_TAIL_BYTES];
	const char *p, *end, *eol;
	struct stat st;
	off_t from;
	ssize_t n;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size == 0)
		goto out;
	from = st.st_size > SHOW_TAIL_BYTES ? st.st_size - SHOW_TAIL_BYTES : 0;
	if (lseek(fd, from, SEEK_SET) == -1 ||
	    (n = fs_read(fd, text, sizeof text)) <= 0)
		goto out;
	end = text + n;
	p = last_lines(text, (size_t)n, SHOW_TAIL_LINES);
	buf_printf(&w->out, "  std%s%s:\n", stream,
	    from > 0 || p > text ? " (its end)" : "");
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		buf_puts(&w->out, "    ");
		cmd_put_output(&w->out, p, (size_t)(eol - p));
		buf_putc(&w->out, '\n');
	}
out:
	(void)fs_close(fd);
}

/* ---- the attempts ---- */

/* Appends ", exit code 2" or the like. */
static void
put_end(struct buf *out, const struct job_event *end)
{
	if (end->exit_code >= 0)
		buf_printf(out, ", exit code %d", end->exit_code);
	if (end->signal > 0)
		buf_printf(out, ", signal %d", end->signal);
}

/* A run from its first line to the next one; end NULL: there is none. */
static void
put_attempt(struct show *w, const struct job_event *start,
    const struct job_event *end)
{
	int64_t us = (end != NULL ? end->time : w->now) - start->time;
	const char *how = "running";

	if (end != NULL)
		how = end->reason != JOB_NO_REASON ?
		    job_reason_name(end->reason) :
		    job_state_name(end->state);
	else if (w->j.dir != JOB_PROCESSING)
		how = "not ended";
	buf_printf(&w->out, "attempt %d: %s", start->attempt, how);
	if (end != NULL)
		put_end(&w->out, end);
	buf_printf(&w->out, ", %.3f s\n", (double)us / (double)WHEN_SECOND);
	put_time(w, "  started_at", start->time);
	if (end != NULL)
		put_time(w, "  finished_at", end->time);
	if (start->worker != NULL)
		put_field(w, "  worker", start->worker);
	if (end != NULL && end->error != NULL)
		put_field(w, "  error", end->error);
	put_tail(w, start->attempt, "out");
	put_tail(w, start->attempt, "err");
	cmd_print(&w->out);
}

static void
put_attempts(struct show *w)
{
	const struct job *job = &w->j.job;
	size_t i;

	for (i = 0; i < job->nevents; i++)
		if (job->events[i].state == JOB_PROCESSING)
			put_attempt(w, &job->events[i],
			    i + 1 < job->nevents ? &job->events[i + 1] : NULL);
}

int
cmd_run_show(const struct opt_args *args)
{
	struct show w;
	int status;

	memset(&w, 0, sizeof w);
	status = cmd_check_begun(args->argv[0]);
	if (status == MSG_OK)
		status = cmd_open_read(args, &w.spool);
	if (status != MSG_OK)
		return status;
	status = cmd_find(&w.spool, args->argv[0], &w.j);
	if (status == MSG_OK) {
		w.now = fs_now();
		cmd_config(&w.spool, &w.conf);
		put_field(&w, "id", w.j.name);
		put_field(&w, "state", job_state_name(w.j.dir));
		put_submitted(&w);
		put_last_run(&w);
		put_settings(&w);
		put_notes(&w);
		cmd_print(&w.out);
		put_attempts(&w);
		buf_free(&w.out);
		record_free(&w.j);
	}
	spool_close(&w.spool);
	return status;
}

const struct cmd cmd_show = { "show", NULL, "JOB",
	"show a job: its attempts, and why it does not run", NULL, 1, 1,
	cmd_run_show };
