/*
 * cmd_status - status.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "fs.h"

#define STATUS_DETAIL_MAX 1000 /* jobs of a state that status looks into */

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
	struct record j;

	switch (record_read(t->spool, t->dir, name, &j)) {
	case SPOOL_OK:
		break;
	case SPOOL_ERROR: /* it is there, whatever is in it */
		return;
	default:
		t->count--;
		return;
	}
	run = record_run(&j);
	since = record_created(&j);
	if (t->dir == JOB_PROCESSING) {
		if (run != NULL)
			since = run->time;
		t->busy += run != NULL && record_run_alive(t->spool, run);
	} else {
		due = claim_due(&t->conf, &j.job, t->dir, t->now, 0);
	}
	if (since < t->oldest)
		t->oldest = since;
	if (due > t->now && due < t->next)
		t->next = due;
	record_free(&j);
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
	long all = cmd_workers(t->spool);
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "workers: %ld busy, %ld idle", t->busy,
	    all > t->busy ? all - t->busy : 0);
	cmd_print_row(&line);
	if (spool_paused(t->spool)) {
		buf_puts(&line, "paused: ");
		cmd_put_paused(&line, t->spool);
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

static int
run_status(const struct opt_args *args)
{
	return args->argc > 0 ? cmd_run_show(args) : print_status(args);
}

const struct cmd cmd_status = { "status", NULL, "[JOB]",
	"count the jobs and workers, or show a job", NULL, 0, 1, run_status };
