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
#include "json.h"
#include "registry.h"
#include "why.h"

#define STATUS_DETAIL_MAX 1000 /* jobs of a state that status looks into */

/* What status says about a state. */
struct tally {
	int failed; /* it could not be counted */
	long count;
	int64_t oldest; /* created, or started if in processing/ */
	int64_t next;	/* due, of those that are not yet */
};

struct status {
	struct spool spool;
	struct conf conf;
	int64_t now;
	struct tally tally[JOB_STATES];
	long workers; /* -1: that cannot be told */
	long busy;    /* workers that have a job */
	int dir;      /* being read */
	char *names[STATUS_DETAIL_MAX];
	int nnames;
};

/* ---- Counting ---- */

static int
count_job(void *arg, const char *name, uint64_t inode)
{
	struct status *s = arg;
	char *copy;

	(void)inode;
	if (!spool_is_job(s->dir, name))
		return 0;
	s->tally[s->dir].count++;
	if (s->nnames == STATUS_DETAIL_MAX)
		return 0;
	copy = malloc(strlen(name) + 1);
	if (copy == NULL)
		return -1;
	memcpy(copy, name, strlen(name) + 1);
	s->names[s->nnames++] = copy;
	return 0;
}

/* Looks into a live job. */
static void
tally_job(struct status *s, const char *name)
{
	struct tally *t = &s->tally[s->dir];
	const struct job_event *run;
	int64_t since, due = 0;
	struct record j;

	switch (record_read(&s->spool, s->dir, name, &j)) {
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
	if (s->dir == JOB_PROCESSING) {
		if (run != NULL)
			since = run->time;
		s->busy += run != NULL && record_run_alive(&s->spool, run);
	} else {
		due = claim_due(&s->conf, &j.job, s->dir, s->now, 0);
	}
	if (since < t->oldest)
		t->oldest = since;
	if (due > s->now && due < t->next)
		t->next = due;
	record_free(&j);
}

/* Looks into the jobs of a state, if they are not too many. */
static void
tally_details(struct status *s)
{
	struct tally *t = &s->tally[s->dir];
	struct stat st;
	int i;

	if (t->count > STATUS_DETAIL_MAX) {
		s->busy = s->dir == JOB_PROCESSING ? t->count : s->busy;
		return;
	}
	for (i = 0; i < s->nnames; i++) {
		if (s->dir != JOB_COMPLETED && s->dir != JOB_DEAD)
			tally_job(s, s->names[i]);
		else if (fstatat(s->spool.dir[s->dir], s->names[i], &st,
			     AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISREG(st.st_mode))
			t->count--;
	}
}

/* Counts a state; the exit status. */
static int
count_state(struct status *s, int dir)
{
	struct tally *t = &s->tally[dir];
	int i;

	s->dir = dir;
	s->nnames = 0;
	t->oldest = t->next = WHEN_NEVER;
	if (spool_scan(&s->spool, dir, count_job, s) == 0) {
		tally_details(s);
	} else {
		msg_warn("%s/%s", s->spool.path, spool_dir_name(dir));
		t->failed = 1;
	}
	for (i = 0; i < s->nnames; i++)
		free(s->names[i]);
	return t->failed ? MSG_REFUSED : MSG_OK;
}

static long
idle(const struct status *s)
{
	return s->workers > s->busy ? s->workers - s->busy : 0;
}

/* ---- For people ---- */

static void
print_tally(const struct status *s, int dir)
{
	const struct tally *t = &s->tally[dir];
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
		if (!s->tally[dir].failed)
			print_tally(s, dir);
	buf_printf(&line, "workers: %ld busy, %ld idle", s->busy, idle(s));
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

static void
put_time(struct buf *out, const char *name, int64_t us)
{
	if (us != WHEN_NEVER)
		json_member_time(out, name, us);
}

static int
print_json(const struct status *s)
{
	const struct tally *t = s->tally;
	struct buf out = BUF_EMPTY, paused = BUF_EMPTY;
	int dir, status;

	buf_putc(&out, '{');
	for (dir = 0; dir < JOB_STATES; dir++)
		json_member_number(&out, job_state_name(dir), t[dir].count);
	put_time(&out, "oldest", t[JOB_PENDING].oldest);
	put_time(&out, "longest_since", t[JOB_PROCESSING].oldest);
	put_time(&out, "next_due",
	    t[JOB_FAILED].next < t[JOB_PENDING].next ? t[JOB_FAILED].next :
						       t[JOB_PENDING].next);
	if (s->workers != -1) {
		json_member_number(&out, "workers_busy", s->busy);
		json_member_number(&out, "workers_idle", idle(s));
	}
	json_name(&out, "paused");
	if (spool_paused(&s->spool)) {
		why_paused(&s->spool, &paused);
		json_string(&out, buf_text(&paused), paused.len);
	} else {
		buf_puts(&out, "null");
	}
	buf_puts(&out, "}\n");
	status = cmd_print_json(&out);
	buf_free(&paused);
	buf_free(&out);
	return status;
}

/* ---- The command ---- */

/* Counts all and prints it; the exit status. */
static int
print_status(const struct opt_args *args, struct status *s)
{
	int dir, status = MSG_OK;

	s->now = fs_now();
	cmd_config(&s->spool, &s->conf);
	for (dir = 0; dir < JOB_STATES; dir++)
		if (count_state(s, dir) != MSG_OK)
			status = MSG_REFUSED;
	s->workers = registry_workers(&s->spool);
	if (s->workers == -1)
		msg_warn("%s/workers", s->spool.path);
	if (opt_value(args, "json") == NULL)
		print_plain(s);
	else if (status == MSG_OK)
		status = print_json(s);
	if (s->workers == 0 &&
	    s->tally[JOB_PENDING].count + s->tally[JOB_FAILED].count > 0)
		msg_warnx("no worker is running: start one with "
			  "'queuectl worker start'");
	return status;
}

static int
run_status(const struct opt_args *args)
{
	struct status *s;
	int status;

	if (args->argc > 0)
		return cmd_run_show(args);
	s = calloc(1, sizeof *s);
	if (s == NULL) {
		msg_warn("status");
		return MSG_REFUSED;
	}
	status = cmd_open_read(args, &s->spool);
	if (status == MSG_OK) {
		status = print_status(args, s);
		spool_close(&s->spool);
	}
	free(s);
	return status;
}

static const struct opt status_opts[] = {
	{ "json", 0, NULL, "as a JSON object" }, { NULL, 0, NULL, NULL }
};

const struct cmd cmd_status = { "status", NULL, "[JOB]",
	"count the jobs and workers, or show a job", status_opts, 0, 1,
	run_status };
