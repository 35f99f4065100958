/*
 * cmd_show - show, dlq show, and status of a job.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "text.h"
#include "record_json.h"
#include "why.h"

#define SHOW_TAIL_LINES 10   /* of an output that show prints, */
#define SHOW_TAIL_BYTES 4096 /* and bytes at most */

/* A job being shown. */
struct show {
	struct spool spool;
	struct conf conf;
	int64_t now;
	struct record j;
	struct buf out;
};

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
	put_number(w, "timeout", record_timeout(&w->j, &w->conf));
	if (job->run_at >= 0)
		put_time(w, "run_at", job->run_at);
	put_time(w, "created_at", record_created(&w->j));
	put_time(w, "updated_at", record_updated(&w->j));
}

static void
put_last_run(struct show *w)
{
	struct record_last last;

	record_last(&w->j, &last);
	if (last.retry_at >= 0)
		put_time(w, "retry_at", last.retry_at);
	if (last.started_at >= 0)
		put_time(w, "started_at", last.started_at);
	if (last.finished_at >= 0)
		put_time(w, "finished_at", last.finished_at);
	if (last.exit_code >= 0)
		put_number(w, "exit_code", last.exit_code);
	if (last.signal > 0)
		put_number(w, "signal", last.signal);
	if (last.error != NULL)
		put_field(w, "error", last.error);
	if (last.worker != NULL)
		put_field(w, "worker", last.worker);
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

static void
put_note(void *arg, const char *reason)
{
	put_field(arg, "note", reason);
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
	int fd = record_open_output(&w->spool, w->j.name, attempt, stream);
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
		text_show_lines(&w->out, p, (size_t)(eol - p));
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

static void
put_attempt(struct show *w, const struct record_attempt *a)
{
	const struct job_event *start = a->start, *end = a->end;
	int64_t us = (end != NULL ? end->time : w->now) - start->time;
	int state = job_state_parse(a->how);

	buf_printf(&w->out, "attempt %d: ", start->attempt);
	if (state != JOB_NO_STATE)
		cmd_put_state(&w->out, state);
	else
		buf_puts(&w->out, a->how);
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

/* ---- the commands ---- */

static void
print_job(struct show *w)
{
	struct record_attempt a;
	size_t at = 0;

	put_field(w, "id", w->j.name);
	buf_puts(&w->out, "state: ");
	cmd_put_state(&w->out, w->j.dir);
	buf_putc(&w->out, '\n');
	put_submitted(w);
	put_last_run(w);
	put_settings(w);
	why_each(&w->spool, &w->conf, &w->j, w->now, put_note, w);
	cmd_print(&w->out);
	while (record_next_attempt(&w->j, &at, &a))
		put_attempt(w, &a);
}

static int
print_json(struct show *w)
{
	record_json_whole(&w->out, &w->spool, &w->j, &w->conf, w->now);
	buf_putc(&w->out, '\n');
	return cmd_print_json(&w->out);
}

/* Shows a job, if it is in the state `only`, or JOB_NO_STATE: in any. */
static int
show_job(const struct opt_args *args, int only)
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
	if (status != MSG_OK)
		goto out;
	w.now = fs_now();
	cmd_config(&w.spool, &w.conf);
	if (only != JOB_NO_STATE && w.j.dir != only) {
		cmd_warn(w.j.name, "is %s, not %s: 'queuectl show' shows it",
		    job_state_name(w.j.dir), job_state_name(only));
		status = MSG_REFUSED;
	} else if (opt_value(args, "json") != NULL) {
		status = print_json(&w);
	} else {
		print_job(&w);
	}
	buf_free(&w.out);
	record_free(&w.j);
out:
	spool_close(&w.spool);
	return status;
}

int
cmd_run_show(const struct opt_args *args)
{
	return show_job(args, JOB_NO_STATE);
}

static int
run_dlq_show(const struct opt_args *args)
{
	return show_job(args, JOB_DEAD);
}

static const struct opt show_opts[] = {
	{ "json", 0, NULL, "as a JSON object, which enqueue takes" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_show = { "show", NULL, "JOB",
	"show a job: its attempts, and why it does not run", show_opts, 1, 1,
	cmd_run_show };

const struct cmd cmd_dlq_show = { "dlq show", NULL, "JOB",
	"show a job of the dead letter queue", show_opts, 1, 1, run_dlq_show };
