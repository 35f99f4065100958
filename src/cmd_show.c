/*
 * cmd_show - status, show, output.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "os.h"
#include "registry.h"
#include "text.h"

#define STATUS_DETAIL_MAX 1000 /* jobs of a state that status looks into */
#define SHOW_TAIL_LINES	  10   /* of an output that show prints, */
#define SHOW_TAIL_BYTES	  4096 /* and bytes at most */
#define PAUSED_MAX	  1024 /* bytes of SPOOL/paused that are shown */
#define OUTPUT_CHUNK	  65536

/* ---- What both status and show need ---- */

/* Appends the first line of SPOOL/paused, "yes" if there is none. */
static void
put_paused(struct buf *out, const struct spool *s)
{
	struct buf text = BUF_EMPTY;
	size_t len = 0;

	if (fs_read_file(s->fd, "paused", &text, PAUSED_MAX) == 0)
		len = strcspn(buf_text(&text), "\n");
	if (len > 0)
		text_show(out, buf_text(&text), len);
	else
		buf_puts(out, "yes");
	buf_free(&text);
}

static int
count_workers(void *arg, const struct registry_entry *entry)
{
	*(long *)arg += entry->count;
	return 0;
}

/* Workers of living supervisors; -1 and errno if that cannot be told. */
static long
all_workers(struct spool *s)
{
	long n = 0;

	return registry_each(s, count_workers, &n) == -1 ? -1 : n;
}

/* ---- status ---- */

/* What status says about a state. */
struct tally {
	struct spool *spool;
	struct conf conf;
	int64_t now;
	int dir;
	long count;
	char *names[STATUS_DETAIL_MAX];
	int nnames;
	int64_t oldest; /* created, or started if in processing/ */
	int64_t next;	/* due, of those that are not yet */
	long busy;	/* workers that have a job */
};

static int
count_job(void *arg, const char *name, uint64_t inode)
{
	struct tally *t = arg;
	char *copy;

	(void)inode;
	if (!spool_is_job(t->dir, name))
		return 0;
	t->count++;
	if (t->nnames == STATUS_DETAIL_MAX)
		return 0;
	copy = malloc(strlen(name) + 1);
	if (copy == NULL)
		return -1;
	memcpy(copy, name, strlen(name) + 1);
	t->names[t->nnames++] = copy;
	return 0;
}

/* Looks into a live job. */
static void
tally_job(struct tally *t, const char *name)
{
	const struct job_event *run;
	int64_t since, due = 0;
	struct cmd_job j;

	switch (cmd_job_read(t->spool, t->dir, name, &j)) {
	case SPOOL_OK:
		break;
	case SPOOL_ERROR: /* it is there, whatever is in it */
		return;
	default:
		t->count--;
		return;
	}
	run = cmd_run(&j);
	since = cmd_created(&j);
	if (t->dir == JOB_PROCESSING) {
		if (run != NULL)
			since = run->time;
		t->busy += run != NULL && cmd_run_alive(t->spool, run);
	} else {
		due = claim_due(&t->conf, &j.job, t->dir, t->now, 0);
	}
	if (since < t->oldest)
		t->oldest = since;
	if (due > t->now && due < t->next)
		t->next = due;
	cmd_job_free(&j);
}

/* Looks into the jobs of a state, if they are not too many. */
static void
tally_details(struct tally *t)
{
	struct stat st;
	int i;

	if (t->count > STATUS_DETAIL_MAX) {
		t->busy = t->dir == JOB_PROCESSING ? t->count : t->busy;
		return;
	}
	for (i = 0; i < t->nnames; i++) {
		if (t->dir != JOB_COMPLETED && t->dir != JOB_DEAD)
			tally_job(t, t->names[i]);
		else if (fstatat(t->spool->dir[t->dir], t->names[i], &st,
			     AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISREG(st.st_mode))
			t->count--;
	}
}

static void
print_tally(const struct tally *t)
{
	struct buf line = BUF_EMPTY;
	const char *between = " (";

	buf_printf(&line, "%s: %ld", job_state_name(t->dir), t->count);
	if (t->oldest != WHEN_NEVER && t->dir != JOB_FAILED) {
		buf_printf(&line, "%s%s ", between,
		    t->dir == JOB_PROCESSING ? "longest since" : "oldest");
		cmd_put_time(&line, t->oldest, t->now);
		between = ", ";
	}
	if (t->next != WHEN_NEVER) {
		buf_printf(&line, "%snext due ", between);
		cmd_put_time(&line, t->next, t->now);
		between = ", ";
	}
	if (between[0] == ',')
		buf_putc(&line, ')');
	cmd_print_row(&line);
	buf_free(&line);
}

/* Counts a state and prints its line; returns how many wait in it, or -1. */
static long
status_of_state(struct tally *t, int dir)
{
	int ret, i;

	t->dir = dir;
	t->count = 0;
	t->nnames = 0;
	t->oldest = t->next = WHEN_NEVER;
	ret = spool_scan(t->spool, dir, count_job, t);
	if (ret == 0) {
		tally_details(t);
		print_tally(t);
	} else {
		msg_warn("%s/%s", t->spool->path, spool_dir_name(dir));
	}
	for (i = 0; i < t->nnames; i++)
		free(t->names[i]);
	if (ret != 0)
		return -1;
	return dir == JOB_PENDING || dir == JOB_FAILED ? t->count : 0;
}

static void
print_workers(struct tally *t, long waiting)
{
	long all = all_workers(t->spool);
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "workers: %ld busy, %ld idle", t->busy,
	    all > t->busy ? all - t->busy : 0);
	cmd_print_row(&line);
	if (spool_paused(t->spool)) {
		buf_puts(&line, "paused: ");
		put_paused(&line, t->spool);
		cmd_print_row(&line);
	}
	buf_free(&line);
	if (all == -1)
		msg_warn("%s/workers", t->spool->path);
	if (all == 0 && waiting > 0)
		msg_warnx("no worker is running: start one with "
			  "'queuectl worker start'");
}

static int
print_status(const struct opt_args *args)
{
	struct tally *t = calloc(1, sizeof *t);
	struct spool s;
	long n, waiting = 0;
	int dir, status;

	if (t == NULL) {
		msg_warn("status");
		return MSG_REFUSED;
	}
	status = cmd_open_read(args, &s);
	if (status == MSG_OK) {
		t->spool = &s;
		t->now = fs_now();
		cmd_config(&s, &t->conf);
		for (dir = 0; dir < JOB_STATES; dir++) {
			n = status_of_state(t, dir);
			if (n == -1)
				status = MSG_REFUSED;
			else
				waiting += n;
		}
		print_workers(t, waiting);
		spool_close(&s);
	}
	free(t);
	return status;
}

/* ---- show: why it does not run ---- */

/* A job being shown. */
struct show {
	struct spool spool;
	struct conf conf;
	int64_t now;
	struct cmd_job j;
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
		put_paused(&who, &w->spool);
		note(w, "the queue is paused: %s", buf_text(&who));
		buf_free(&who);
	}
	if (room >= 0 && room < w->conf.min_free_bytes)
		note(w,
		    "only %lld bytes are free, fewer than min_free_bytes "
		    "(%ld)",
		    (long long)room, w->conf.min_free_bytes);
	if (all_workers(&w->spool) == 0)
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
	const struct job_event *run = cmd_run(&w->j);

	if (run != NULL && cmd_run_alive(&w->spool, run))
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

/* ---- show: the fields ---- */

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
	put_number(w, "attempts", cmd_tries(&w->j));
	put_number(w, "max_retries", cmd_tries_max(&w->j, &w->conf) - 1);
	put_number(w, "timeout",
	    job->timeout >= 0 ? job->timeout : w->conf.job_timeout_seconds);
	if (job->run_at >= 0)
		put_time(w, "run_at", job->run_at);
	put_time(w, "created_at", cmd_created(&w->j));
	put_time(w, "updated_at", cmd_updated(&w->j));
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

/* ---- Outputs ---- */

/* Opens an output; -1 with errno ENOENT if the run wrote nothing. */
static int
open_output(const struct spool *s, const char *name, int attempt,
    const char *stream)
{
	char file[SPOOL_OUTPUT_MAX];

	spool_output_name(file, name, attempt, stream);
	return fs_open(s->dir[SPOOL_OUTPUT], file, O_RDONLY | O_NONBLOCK, 0);
}

/*
 * Appends output for people: lines and tabs as they are, all else that could
 * move the cursor escaped.
 */
static void
put_output(struct buf *out, const char *text, size_t len)
{
	const char *end = text + len, *p;

	for (; text < end; text = p) {
		for (p = text; p < end && *p != '\n' && *p != '\t'; p++)
			continue;
		text_show(out, text, (size_t)(p - text));
		if (p < end)
			buf_putc(out, *p++);
	}
}

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
	int fd = open_output(&w->spool, w->j.name, attempt, stream);
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
		put_output(&w->out, p, (size_t)(eol - p));
		buf_putc(&w->out, '\n');
	}
out:
	(void)fs_close(fd);
}

/* ---- show: the attempts ---- */

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

static int
run_show(const struct opt_args *args)
{
	struct show w;
	int status;

	memset(&w, 0, sizeof w);
	status = cmd_check_id(args->argv[0], 1);
	if (status == MSG_OK)
		status = cmd_open_read(args, &w.spool);
	if (status != MSG_OK)
		return status;
	status = cmd_job_find(&w.spool, args->argv[0], &w.j);
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
		cmd_job_free(&w.j);
	}
	spool_close(&w.spool);
	return status;
}

const struct cmd cmd_show = { "show", NULL, "JOB",
	"show a job: its attempts, and why it does not run", NULL, 1, 1,
	run_show };

static int
run_status(const struct opt_args *args)
{
	return args->argc > 0 ? run_show(args) : print_status(args);
}

const struct cmd cmd_status = { "status", NULL, "[JOB]",
	"count the jobs and workers, or show a job", NULL, 0, 1, run_status };

/* ---- output ---- */

/*
 * How many of the bytes can be shown without knowing what follows: up to a
 * line end, or at least not into a character.
 */
static size_t
whole_part(const char *text, size_t len, size_t room)
{
	size_t n = len;

	while (n > 0 && text[n - 1] != '\n')
		n--;
	if (n > 0 || len < room)
		return n;
	for (n = len - 1;
	     n > len - 4 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		continue;
	return n;
}

/* Prints an output: its very bytes, or for people; 0 or -1 with errno. */
static int
copy_output(int fd, int raw)
{
	static char text[OUTPUT_CHUNK];
	struct buf out = BUF_EMPTY;
	size_t have = 0, n;
	char last = '\n';
	ssize_t got;

	while ((got = fs_read(fd, text + have, sizeof text - have)) > 0) {
		have += (size_t)got;
		last = text[have - 1];
		n = raw ? have : whole_part(text, have, sizeof text);
		if (raw)
			buf_add(&out, text, n);
		else
			put_output(&out, text, n);
		cmd_print(&out);
		memmove(text, text + n, have - n);
		have -= n;
	}
	if (!raw) {
		put_output(&out, text, have);
		if (last != '\n')
			buf_putc(&out, '\n');
		cmd_print(&out);
	}
	buf_free(&out);
	return got == 0 ? 0 : -1;
}

/* Prints one stream of an attempt, nothing if it is not there. */
static int
print_output(const struct spool *s, const struct cmd_job *j, const char *stream,
    int raw)
{
	int fd = open_output(s, j->name, j->job.attempts, stream);
	int ret;

	if (fd == -1 && errno == ENOENT)
		return MSG_OK;
	ret = fd == -1 ? -1 : copy_output(fd, raw);
	if (ret == -1)
		msg_warn("%s: std%s", j->name, stream);
	if (fd != -1)
		(void)fs_close(fd);
	return ret == 0 ? MSG_OK : MSG_REFUSED;
}

/* Prints how the last attempt ended. */
static void
print_end(const struct cmd_job *j)
{
	const struct job_event *start = job_last_event(&j->job, JOB_PROCESSING);
	const struct job_event *end;
	struct buf out = BUF_EMPTY;
	char time[WHEN_SIZE];

	if (start == NULL)
		return;
	end = start + 1;
	if (end == j->job.events + j->job.nevents) {
		when_format(time, start->time);
		buf_printf(&out, "started_at: %s\n", time);
		msg_warnx("%s: has not ended yet", j->name);
	} else {
		if (end->exit_code >= 0)
			buf_printf(&out, "exit_code: %d\n", end->exit_code);
		if (end->signal > 0)
			buf_printf(&out, "signal: %d\n", end->signal);
		when_format(time, end->time);
		buf_printf(&out, "finished_at: %s\n", time);
	}
	cmd_print(&out);
	buf_free(&out);
}

static int
print_outputs(const struct opt_args *args, const struct spool *s,
    const struct cmd_job *j)
{
	int out = opt_value(args, "stdout") != NULL;
	int err = opt_value(args, "stderr") != NULL;
	int status = MSG_OK, more;

	if (j->job.attempts == 0) {
		msg_warnx("%s: has not run yet: 'queuectl show %s' says more",
		    j->name, j->name);
		return MSG_REFUSED;
	}
	if (out || err) {
		if (out)
			status = print_output(s, j, "out", 1);
		more = err ? print_output(s, j, "err", 1) : MSG_OK;
		return status != MSG_OK ? status : more;
	}
	puts("STDOUT:");
	status = print_output(s, j, "out", 0);
	puts("STDERR:");
	more = print_output(s, j, "err", 0);
	print_end(j);
	return status != MSG_OK ? status : more;
}

static int
run_output(const struct opt_args *args)
{
	struct cmd_job j;
	struct spool s;
	int status = cmd_check_id(args->argv[0], 1);

	if (status == MSG_OK)
		status = cmd_open_read(args, &s);
	if (status != MSG_OK)
		return status;
	status = cmd_job_find(&s, args->argv[0], &j);
	if (status == MSG_OK) {
		status = print_outputs(args, &s, &j);
		cmd_job_free(&j);
	}
	spool_close(&s);
	return status;
}

static const struct opt output_opts[] = {
	{ "stdout", 0, NULL, "only what it wrote there, byte for byte" },
	{ "stderr", 0, NULL, "only what it wrote there, byte for byte" },
	{ NULL, 0, NULL, NULL }
};

static const char *const output_aliases[] = { "output get", "logs", NULL };

const struct cmd cmd_output = { "output", output_aliases, "JOB",
	"print what the last attempt wrote, and how it ended", output_opts, 1,
	1, run_output };
