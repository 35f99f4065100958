/*
 * cmd_output - output, and following it.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "text.h"

#define OUTPUT_CHUNK   65536
#define OUTPUT_LOOK_MS 100 /* between two looks for more */

/* ---- The attempts of a job ---- */

/* The run of that number, or the last one if it is 0; NULL: there is none. */
static const struct job_event *
find_run(const struct job *job, int attempt)
{
	const struct job_event *e;
	size_t i;

	for (i = job->nevents; i > 0; i--) {
		e = &job->events[i - 1];
		if (e->state == JOB_PROCESSING && e->attempt > 0 &&
		    (attempt == 0 || e->attempt == attempt))
			return e;
	}
	return NULL;
}

/* The first run after that number, or NULL. */
static const struct job_event *
next_run(const struct job *job, int attempt)
{
	size_t i;

	for (i = 0; i < job->nevents; i++)
		if (job->events[i].state == JOB_PROCESSING &&
		    job->events[i].attempt > attempt)
			return &job->events[i];
	return NULL;
}

/* How a run ended, or NULL if it has not. */
static const struct job_event *
run_end(const struct job *job, const struct job_event *run)
{
	return run + 1 < job->events + job->nevents ? run + 1 : NULL;
}

static int
say_no_run(const struct record *j, int attempt)
{
	if (j->job.attempts == 0)
		cmd_warn(j->name,
		    "has not run yet: 'queuectl show %s' says more", j->name);
	else
		cmd_warn(j->name, "there is no attempt %d: the last one is %d",
		    attempt, j->job.attempts);
	return MSG_REFUSED;
}

/* ---- As far as it has come ---- */

/* Prints an output: its very bytes, or for people; 0 or -1 with errno. */
static int
copy_output(int fd, int raw)
{
	char text[OUTPUT_CHUNK];
	struct buf out = BUF_EMPTY;
	size_t have = 0, n, want;
	char last = '\n';
	struct stat st;
	ssize_t got = 0;
	off_t left;

	/* No further than it reaches now: its job may go on writing. */
	if (fstat(fd, &st) == -1)
		return -1;
	for (left = st.st_size; left > 0; left -= got) {
		want = sizeof text - have;
		if ((off_t)want > left)
			want = (size_t)left;
		got = fs_read(fd, text + have, want);
		if (got <= 0)
			break;
		have += (size_t)got;
		last = text[have - 1];
		n = raw ? have : text_whole(text, have);
		if (raw)
			buf_add(&out, text, n);
		else
			text_show_lines(&out, text, n);
		cmd_print(&out);
		memmove(text, text + n, have - n);
		have -= n;
	}
	if (!raw) {
		text_show_lines(&out, text, have);
		if (last != '\n')
			buf_putc(&out, '\n');
		cmd_print(&out);
	}
	buf_free(&out);
	return got == -1 ? -1 : 0;
}

/* Prints one stream of an attempt, nothing if it is not there. */
static int
print_output(const struct spool *s, const struct record *j, int attempt,
    const char *stream, int raw)
{
	int fd = record_open_output(s, j->name, attempt, stream);
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

/* Prints how an attempt ended. */
static void
print_end(const struct record *j, const struct job_event *run)
{
	const struct job_event *end = run_end(&j->job, run);
	struct buf out = BUF_EMPTY;
	char time[WHEN_SIZE];

	if (end == NULL) {
		when_format(time, run->time);
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
    const struct record *j, int attempt)
{
	const struct job_event *run = find_run(&j->job, attempt);
	int out = opt_value(args, "stdout") != NULL;
	int err = opt_value(args, "stderr") != NULL;
	int status = MSG_OK, more = MSG_OK;

	if (run == NULL)
		return say_no_run(j, attempt);
	attempt = run->attempt;
	if (out || err) {
		if (out)
			status = print_output(s, j, attempt, "out", 1);
		if (err)
			more = print_output(s, j, attempt, "err", 1);
		return status != MSG_OK ? status : more;
	}
	puts("STDOUT:");
	status = print_output(s, j, attempt, "out", 0);
	puts("STDERR:");
	more = print_output(s, j, attempt, "err", 0);
	print_end(j, run);
	return status != MSG_OK ? status : more;
}

/* ---- Following it ---- */

/* One output of the attempt that is shown. */
struct stream {
	const char *name; /* "out" or "err" */
	FILE *to;
	int raw;  /* its very bytes */
	int fd;	  /* -1: not there, or not yet */
	off_t at; /* so much was shown */
	char last;
};

struct follow {
	struct spool *spool;
	struct record j;
	int only;      /* this attempt alone; 0: until the job ends */
	int attempt;   /* that is shown; 0: none yet */
	int64_t began; /* when it did */
	int over;      /* it has ended, and all of it was shown */
	int said;      /* and how it ended was said */
	struct stream stream[2];
	int streams;
};

static int
has_ended(const struct record *j)
{
	return j->dir == JOB_COMPLETED || j->dir == JOB_DEAD;
}

/* Shows what there is more of an output; `all`: nothing will be added. */
static int
show_more(const struct follow *f, struct stream *s, int all)
{
	char text[OUTPUT_CHUNK];
	struct buf out = BUF_EMPTY;
	struct stat st;
	ssize_t n = 0;

	if (s->fd == -1)
		s->fd = record_open_output(f->spool, f->j.name, f->attempt,
		    s->name);
	if (s->fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(s->fd, &st) == -1)
		return -1;
	if (st.st_size < s->at) {
		msg_warnx("%s: std%s was truncated: it is shown from its start",
		    f->j.name, s->name);
		s->at = 0;
	}
	/* No further than it reached just now: it may grow without end. */
	while (s->at < st.st_size &&
	    (n = pread(s->fd, text, sizeof text, s->at)) > 0) {
		if (!s->raw && !(all && s->at + n >= st.st_size))
			n = (ssize_t)text_whole(text, (size_t)n);
		if (n == 0)
			break;
		if (s->raw)
			buf_add(&out, text, (size_t)n);
		else
			text_show_lines(&out, text, (size_t)n);
		s->last = text[n - 1];
		s->at += n;
		fwrite(buf_text(&out), 1, out.len, s->to);
		buf_clear(&out);
	}
	buf_free(&out);
	return n == -1 && errno != EINTR ? -1 : 0;
}

/* Shows more of the attempt; all that there will be if it has ended. */
static int
show_outputs(struct follow *f, int ended)
{
	struct stream *s;
	int status = MSG_OK;

	for (s = f->stream; s < f->stream + f->streams && !f->over; s++) {
		if (show_more(f, s, ended) == -1) {
			msg_warn("%s: std%s", f->j.name, s->name);
			status = MSG_REFUSED;
		}
		if (!ended)
			continue;
		if (!s->raw && s->at > 0 && s->last != '\n')
			putc('\n', s->to);
		if (s->fd != -1)
			(void)fs_close(s->fd);
		s->fd = -1;
	}
	f->over |= ended;
	(void)fflush(stdout);
	return ferror(stdout) ? MSG_REFUSED : status;
}

/* Turns to another attempt. */
static void
begin_run(struct follow *f, const struct job_event *run)
{
	int i;

	f->attempt = run->attempt;
	f->began = run->time;
	f->over = f->said = 0;
	for (i = 0; i < f->streams; i++) {
		f->stream[i].fd = -1;
		f->stream[i].at = 0;
	}
}

/* Says how a run, or a job, has ended: "failed, exit code 2". */
static void
say_end(const struct follow *f, const char *how, const struct job_event *end,
    int attempt)
{
	struct buf text = BUF_EMPTY;
	char time[WHEN_SIZE];

	if (attempt > 0)
		buf_printf(&text, "attempt %d: ", attempt);
	buf_puts(&text, how);
	if (end != NULL && end->exit_code >= 0)
		buf_printf(&text, ", exit code %d", end->exit_code);
	if (end != NULL && end->signal > 0)
		buf_printf(&text, ", signal %d", end->signal);
	/* Unless it tells the same once more. */
	if (end != NULL && end->error != NULL &&
	    strncmp(end->error, "exit code ", 10) != 0 &&
	    strncmp(end->error, "killed by signal ", 17) != 0) {
		buf_puts(&text, ": ");
		cmd_put(&text, end->error);
	}
	if (end != NULL && end->state == JOB_FAILED && end->retry_at >= 0) {
		when_format_s(time, end->retry_at);
		buf_printf(&text, "; again at %s", time);
	}
	msg_warnx("%s: %s", f->j.name, buf_text(&text));
	buf_free(&text);
}

static void
say_run_end(const struct follow *f, const struct job_event *end)
{
	say_end(f,
	    end->reason != JOB_NO_REASON ? job_reason_name(end->reason) :
					   job_state_name(end->state),
	    end, f->attempt);
}

/* Says how the job has ended; the exit status. */
static int
say_job_end(const struct follow *f)
{
	const struct job_event *end = job_last_event(&f->j.job, JOB_NO_STATE);

	if (f->only > 0 && f->attempt == 0)
		return say_no_run(&f->j, f->only);
	if (end != NULL && end->state != f->j.dir)
		end = NULL; /* moved there by hand */
	say_end(f, job_state_name(f->j.dir), end, 0);
	return f->j.dir == JOB_COMPLETED ? MSG_OK : MSG_REFUSED;
}

/* True if a record is still that of the job that is followed. */
static int
is_same(const struct follow *f, const struct record *r)
{
	const struct job_event *run = find_run(&r->job, f->attempt);

	return strcmp(r->name, f->j.name) == 0 &&
	    (f->attempt == 0 || (run != NULL && run->time == f->began));
}

/* Reads the job's file again if it has moved or changed; an exit status. */
static int
read_again(struct follow *f)
{
	enum spool_result r;
	struct record fresh;
	struct stat st;

	if (fstatat(f->spool->dir[f->j.dir], f->j.name, &st,
		AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == f->j.inode && spool_time(&st) == f->j.mtime &&
	    st.st_size == (off_t)f->j.text.len)
		return MSG_OK;
	r = record_find(f->spool, f->j.name, &fresh);
	if (r == SPOOL_ERROR && errno == EAGAIN)
		return MSG_OK; /* it moves: the next look will do */
	if (r == SPOOL_ERROR) {
		msg_warn("%s", f->j.name);
		return MSG_REFUSED;
	}
	if (r == SPOOL_OK && is_same(f, &fresh)) {
		record_free(&f->j);
		f->j = fresh;
		return MSG_OK;
	}
	if (r == SPOOL_OK)
		record_free(&fresh);
	msg_warnx("%s: was removed, or replaced by a new job, meanwhile",
	    f->j.name);
	return MSG_NO_JOB;
}

/* Goes as far as the job has come; an exit status, or -1: not at the end. */
static int
step(struct follow *f)
{
	const struct job_event *run, *end;
	int status;

	if (f->attempt == 0) {
		run = f->only > 0 ? find_run(&f->j.job, f->only) :
				    next_run(&f->j.job, 0);
		if (run == NULL)
			return has_ended(&f->j) ? say_job_end(f) : -1;
		begin_run(f, run);
	}
	for (;;) {
		run = find_run(&f->j.job, f->attempt);
		end = run_end(&f->j.job, run);
		status = show_outputs(f, end != NULL || has_ended(&f->j));
		if (status != MSG_OK)
			return status;
		if (end != NULL && f->only > 0) {
			say_run_end(f, end);
			return end->state == JOB_COMPLETED ? MSG_OK :
							     MSG_REFUSED;
		}
		run = next_run(&f->j.job, f->attempt);
		if (run == NULL && has_ended(&f->j))
			return say_job_end(f);
		/* Recorded, but not moved yet: it may be the end of the job. */
		if (end == NULL || (run == NULL && f->j.dir == JOB_PROCESSING))
			return -1;
		if (!f->said)
			say_run_end(f, end);
		f->said = 1;
		if (run == NULL)
			return -1;
		begin_run(f, run);
		msg_warnx("%s: attempt %d", f->j.name, f->attempt);
	}
}

/* Follows the job to its end; the exit status. */
static int
follow(struct follow *f)
{
	struct pollfd out;
	struct stat st;
	int status;

	/* Only a pipe tells that nobody reads any more. */
	out.fd = fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode) ?
	    STDOUT_FILENO :
	    -1;
	out.events = 0;
	for (;;) {
		status = step(f);
		if (status != -1)
			return status;
		if (poll(&out, 1, OUTPUT_LOOK_MS) > 0)
			return MSG_REFUSED;
		status = read_again(f);
		if (status != MSG_OK) {
			(void)show_outputs(f, f->attempt > 0);
			return status;
		}
	}
}

static void
add_stream(struct follow *f, const char *name, FILE *to, int raw)
{
	struct stream *s = &f->stream[f->streams++];

	s->name = name;
	s->to = to;
	s->raw = raw;
}

/* Follows a job whose record was found, and frees that. */
static int
follow_outputs(const struct opt_args *args, struct spool *s,
    const struct record *j, int attempt)
{
	int out = opt_value(args, "stdout") != NULL;
	int err = opt_value(args, "stderr") != NULL;
	const struct job_event *last;
	struct follow f;
	int status;

	memset(&f, 0, sizeof f);
	f.spool = s;
	f.j = *j;
	f.only = attempt;
	if (out || !err)
		add_stream(&f, "out", stdout, out);
	if (err || !out)
		add_stream(&f, "err", err ? stdout : stderr, err);
	last = find_run(&f.j.job, 0);
	if (attempt == 0 && last != NULL)
		begin_run(&f, last);
	if (!has_ended(&f.j) && last == NULL)
		msg_warnx("%s: has not run yet: 'queuectl show %s' says why",
		    f.j.name, f.j.name);
	if (f.j.dir == JOB_PENDING || f.j.dir == JOB_FAILED)
		cmd_note_stuck(s);
	status = follow(&f);
	record_free(&f.j);
	return status;
}

/* True, and said, if we are a part of the job that is to be followed. */
static int
is_own(const struct spool *s, const struct record *j)
{
	const char *id = cmd_inside(s);

	if (id == NULL || strcmp(id, j->name) != 0)
		return 0;
	msg_warnx("running inside job %s, which cannot wait for itself: omit "
		  "--follow",
	    id);
	return 1;
}

static int
run_output(const struct opt_args *args)
{
	struct record j;
	struct spool s;
	long attempt = 0; /* the last one */
	int status = cmd_check_begun(args->argv[0]);

	if (status == MSG_OK)
		status =
		    cmd_number(args, "attempt", 1, JOB_ATTEMPT_MAX, &attempt);
	if (status == MSG_OK)
		status = cmd_open_read(args, &s);
	if (status != MSG_OK)
		return status;
	status = cmd_find(&s, args->argv[0], &j);
	if (status == MSG_OK && opt_value(args, "follow") != NULL &&
	    is_own(&s, &j)) {
		record_free(&j);
		status = MSG_REFUSED;
	} else if (status == MSG_OK && opt_value(args, "follow") != NULL) {
		status = follow_outputs(args, &s, &j, (int)attempt);
	} else if (status == MSG_OK) {
		status = print_outputs(args, &s, &j, (int)attempt);
		record_free(&j);
	}
	spool_close(&s);
	return status;
}

static const struct opt output_opts[] = { { "follow", 'f', NULL,
					      "go on until the job has ended" },
	{ "attempt", 0, "N", "of that attempt, not the last one" },
	{ "stdout", 0, NULL, "only what it wrote there, byte for byte" },
	{ "stderr", 0, NULL, "only what it wrote there, byte for byte" },
	{ NULL, 0, NULL, NULL } };

static const char *const output_aliases[] = { "output get", "logs", NULL };

const struct cmd cmd_output = { "output", output_aliases, "JOB",
	"print what the last attempt wrote, and how it ended", output_opts, 1,
	1, run_output };
