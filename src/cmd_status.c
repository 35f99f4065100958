/*
 * cmd_status - status.
 */
#include "cmd.h"

#include <errno.h>
#include <string.h>

#include "fs.h"
#include "tally.h"
#include "why.h"

struct status {
	struct spool spool;
	struct conf conf;
	int64_t now;
	struct tally tally;
};

/* ---- For people ---- */

static void
print_tally(const struct status *s, int dir)
{
	const struct tally_state *t = &s->tally.state[dir];
	struct buf line = BUF_EMPTY;
	const char *between = " (";

	if (t->count > 0)
		cmd_put_state(&line, dir);
	else
		buf_puts(&line, job_state_name(dir));
	buf_printf(&line, ": %ld", t->count);
	if (t->oldest != WHEN_NEVER && dir != JOB_FAILED) {
		buf_printf(&line, "%s%s ", between,
		    dir == JOB_PROCESSING ? "longest since" : "oldest");
		cmd_put_time(&line, t->oldest, s->now);
		between = ", ";
	}
	if (t->next != WHEN_NEVER) {
		buf_printf(&line, "%snext due ", between);
		cmd_put_time(&line, t->next, s->now);
		between = ", ";
	}
	if (between[0] == ',')
		buf_putc(&line, ')');
	cmd_print_row(&line);
	buf_free(&line);
}

static void
print_plain(const struct status *s)
{
	struct buf line = BUF_EMPTY, who = BUF_EMPTY;
	int dir;

	for (dir = 0; dir < JOB_STATES; dir++)
		if (s->tally.state[dir].error == 0)
			print_tally(s, dir);
	buf_printf(&line, "workers: %ld busy, %ld idle", s->tally.busy,
	    tally_idle(&s->tally));
	cmd_print_row(&line);
	if (spool_paused(&s->spool)) {
		buf_puts(&line, "paused: ");
		why_paused(&s->spool, &who);
		cmd_put(&line, buf_text(&who));
		cmd_print_row(&line);
	}
	buf_free(&line);
	buf_free(&who);
}

/* ---- For programs ---- */

static int
print_json(struct status *s)
{
	struct buf out = BUF_EMPTY;
	int status;

	tally_json(&s->spool, &s->tally, &out);
	status = cmd_print_json(&out);
	buf_free(&out);
	return status;
}

/* ---- The command ---- */

/* Counts all and prints it; the exit status. */
static int
print_status(const struct opt_args *args, struct status *s)
{
	const struct tally_state *t = s->tally.state;
	int dir, status = MSG_OK;

	s->now = fs_now();
	cmd_config(&s->spool, &s->conf);
	(void)tally_count(&s->spool, &s->conf, s->now, &s->tally);
	for (dir = 0; dir < JOB_STATES; dir++) {
		if (t[dir].error == 0)
			continue;
		errno = t[dir].error;
		msg_warn("%s/%s", s->spool.path, spool_dir_name(dir));
		status = MSG_REFUSED;
	}
	if (s->tally.workers == -1) {
		errno = s->tally.error;
		msg_warn("%s/workers", s->spool.path);
	}
	if (opt_value(args, "json") == NULL)
		print_plain(s);
	else if (status == MSG_OK)
		status = print_json(s);
	if (s->tally.workers == 0 &&
	    t[JOB_PENDING].count + t[JOB_FAILED].count > 0)
		msg_warnx("no worker is running: start one with "
			  "'queuectl worker start'");
	return status;
}

static int
run_status(const struct opt_args *args)
{
	struct status s;
	int status;

	if (args->argc > 0)
		return cmd_run_show(args);
	memset(&s, 0, sizeof s);
	status = cmd_open_read(args, &s.spool);
	if (status == MSG_OK) {
		status = print_status(args, &s);
		spool_close(&s.spool);
	}
	return status;
}

static const struct opt status_opts[] = {
	{ "json", 0, NULL, "as a JSON object" }, { NULL, 0, NULL, NULL }
};

const struct cmd cmd_status = { "status", NULL, "[JOB]",
	"count the jobs and workers, or show a job", status_opts, 0, 1,
	run_status };
