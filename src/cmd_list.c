/*
 * cmd_list - list, dlq list.
 *
 * Twice over the spool: first for what the jobs are sorted by, which is all
 * that is kept of them, then for those that are shown.
 */
#include "cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "fs.h"
#include "text.h"

/* What is kept of a job. */
struct key {
	int64_t created;
	uint64_t inode;
	char *name;
	int dir;
	unsigned short tries; /* columns of TRIES, */
	unsigned short error; /* and of ERROR */
};

struct list {
	struct spool spool;
	struct conf conf;
	int64_t now;
	int dlq;		/* as dlq list shows it */
	int ids;		/* IDs only */
	int wanted[JOB_STATES]; /* states */
	int dir;		/* being read */
	struct key *key;
	size_t count;
	size_t widest[3]; /* of what is shown: ID, TRIES, ERROR */
};

static void
put_tries(struct buf *out, const struct list *l, const struct record *j)
{
	buf_printf(out, "%d/%d", record_tries(j),
	    record_tries_max(j, &l->conf));
}

/* What it died of, quoted where it has spaces. */
static void
put_error(struct buf *out, const struct record *j)
{
	const struct job_event *e = job_last_event(&j->job, JOB_DEAD);
	const char *error = "-";

	if (e != NULL && e->error != NULL)
		error = e->error;
	else if (j->parsed != JOB_OK)
		error = j->error.what;
	text_logfmt(out, error, strlen(error));
}

/* ---- Reading ---- */

static int
by_age(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order;

	if (x->created != y->created)
		return x->created < y->created ? -1 : 1;
	order = strcmp(x->name, y->name);
	if (order != 0)
		return order;
	/* A job that moved while we read was seen twice: the later is true. */
	return x->dir > y->dir ? -1 : x->dir < y->dir;
}

static unsigned short
width_of(const struct buf *b)
{
	return (unsigned short)(b->len < USHRT_MAX ? b->len : USHRT_MAX);
}

/* Fills a key; 0, or -1 without memory. */
static int
set_key(struct key *k, const struct list *l, const struct record *j)
{
	struct buf text = BUF_EMPTY;

	k->created = record_created(j);
	k->inode = j->inode;
	k->dir = j->dir;
	put_tries(&text, l, j);
	k->tries = width_of(&text);
	buf_clear(&text);
	put_error(&text, j);
	k->error = width_of(&text);
	buf_free(&text);
	k->name = malloc(strlen(j->name) + 1);
	if (k->name == NULL)
		return -1;
	memcpy(k->name, j->name, strlen(j->name) + 1);
	return 0;
}

static int
add_job(void *arg, const char *name, uint64_t inode)
{
	struct list *l = arg;
	struct record j;
	struct key *grown;
	int ret = -1;

	(void)inode;
	if (!spool_is_job(l->dir, name))
		return 0;
	switch (record_read(&l->spool, l->dir, name, &j)) {
	case SPOOL_OK:
		break;
	case SPOOL_ERROR:
		msg_warn("%s/%s", spool_dir_name(l->dir), name);
		return 0;
	default: /* it has moved on, or is no job */
		return 0;
	}
	if ((l->count & (l->count + 1)) == 0) {
		grown = realloc(l->key, (l->count + 1) * 2 * sizeof *grown);
		if (grown == NULL)
			goto out;
		l->key = grown;
	}
	if (set_key(&l->key[l->count], l, &j) == 0) {
		l->count++;
		ret = 0;
	}
out:
	record_free(&j);
	return ret;
}

/* Sorts, and leaves out what was seen twice. */
static void
sort_jobs(struct list *l)
{
	size_t i, kept = 0;

	if (l->count == 0)
		return;
	qsort(l->key, l->count, sizeof *l->key, by_age);
	for (i = 1; i < l->count; i++) {
		if (l->key[i].inode == l->key[kept].inode &&
		    strcmp(l->key[i].name, l->key[kept].name) == 0)
			free(l->key[i].name);
		else
			l->key[++kept] = l->key[i];
	}
	l->count = kept + 1;
}

/* Reads the states in the order in which jobs move; the exit status. */
static int
read_jobs(struct list *l)
{
	static const int order[] = { JOB_PENDING, JOB_FAILED, JOB_PROCESSING,
		JOB_COMPLETED, JOB_DEAD };
	size_t i;

	for (i = 0; i < JOB_STATES; i++) {
		l->dir = order[i];
		if (!l->wanted[l->dir])
			continue;
		if (spool_scan(&l->spool, l->dir, add_job, l) == -1) {
			msg_warn("%s/%s", l->spool.path,
			    spool_dir_name(l->dir));
			return MSG_REFUSED;
		}
	}
	sort_jobs(l);
	return MSG_OK;
}

/* ---- Printing ---- */

static void
measure(struct list *l, size_t first)
{
	size_t i, n;

	l->widest[0] = 2;
	l->widest[1] = l->widest[2] = 5;
	for (i = first; i < l->count; i++) {
		n = strlen(l->key[i].name);
		if (n > l->widest[0])
			l->widest[0] = n;
		if (l->key[i].tries > l->widest[1])
			l->widest[1] = l->key[i].tries;
		if (l->key[i].error > l->widest[2])
			l->widest[2] = l->key[i].error;
	}
}

/* Columns of a time: 20 in RFC 3339. */
static size_t
time_width(void)
{
	return cmd_terminal() ? 7 : 20;
}

static void
put_header(struct list *l, struct buf *line)
{
	static const char *const list_names[] = { "ID", "STATE", "PRI", "TRIES",
		"AGE/DUE" };
	static const char *const dlq_names[] = { "ID", "DIED", "TRIES",
		"ERROR" };
	const size_t list_widths[] = { l->widest[0], 10, 3, l->widest[1],
		time_width() };
	const size_t dlq_widths[] = { l->widest[0], time_width(), l->widest[1],
		l->widest[2] };
	size_t i, start;

	for (i = 0; i < (l->dlq ? 4U : 5U); i++) {
		start = line->len;
		buf_puts(line, l->dlq ? dlq_names[i] : list_names[i]);
		cmd_pad(line, start, l->dlq ? dlq_widths[i] : list_widths[i]);
	}
	buf_puts(line, "COMMAND");
	cmd_print_row(line);
}

/* When it is due if that is still to come, else when it was created. */
static int64_t
age_or_due(const struct list *l, const struct record *j)
{
	int64_t due;

	if (j->dir == JOB_PENDING || j->dir == JOB_FAILED) {
		due = claim_due(&l->conf, &j->job, j->dir, l->now, 0);
		if (due > l->now)
			return due;
	}
	return record_created(j);
}

static void
put_list_row(const struct list *l, const struct record *j, struct buf *line)
{
	size_t start = line->len;

	buf_puts(line, job_state_name(j->dir));
	cmd_pad(line, start, 10);
	start = line->len;
	buf_printf(line, "%d", j->job.priority);
	cmd_pad(line, start, 3);
	start = line->len;
	put_tries(line, l, j);
	cmd_pad(line, start, l->widest[1]);
	start = line->len;
	cmd_put_time(line, age_or_due(l, j), l->now);
	cmd_pad(line, start, time_width());
}

static void
put_dlq_row(const struct list *l, const struct record *j, struct buf *line)
{
	const struct job_event *e = job_last_event(&j->job, JOB_DEAD);
	size_t start = line->len;

	cmd_put_time(line, e != NULL ? e->time : j->mtime, l->now);
	cmd_pad(line, start, time_width());
	start = line->len;
	put_tries(line, l, j);
	cmd_pad(line, start, l->widest[1]);
	start = line->len;
	put_error(line, j);
	cmd_pad(line, start, l->widest[2]);
}

/* Prints the job of a key, wherever it is by now. */
static void
print_job(const struct list *l, const struct key *k, struct buf *line)
{
	enum spool_result r;
	struct record j;
	int dir = k->dir;

	r = record_read(&l->spool, dir, k->name, &j);
	if (r == SPOOL_GONE) {
		dir = spool_find(&l->spool, k->name);
		if (dir < 0 || !l->wanted[dir])
			return;
		r = record_read(&l->spool, dir, k->name, &j);
	}
	if (r != SPOOL_OK)
		return;
	buf_puts(line, k->name);
	if (!l->ids) {
		cmd_pad(line, 0, l->widest[0]);
		if (l->dlq)
			put_dlq_row(l, &j, line);
		else
			put_list_row(l, &j, line);
		cmd_put_command(line, &j);
	}
	cmd_print_row(line);
	record_free(&j);
}

/* ---- The commands ---- */

static int
list_jobs(const struct opt_args *args, struct list *l)
{
	struct buf line = BUF_EMPTY;
	long limit = LONG_MAX;
	size_t i, first = 0;
	int status;

	status = cmd_number(args, "limit", 0, LONG_MAX, &limit);
	if (status != MSG_OK)
		return status;
	status = cmd_open_read(args, &l->spool);
	if (status != MSG_OK)
		return status;
	cmd_config(&l->spool, &l->conf);
	l->now = fs_now();
	status = read_jobs(l);
	if (l->count > (size_t)limit)
		first = l->count - (size_t)limit;
	measure(l, first);
	if (first < l->count && !l->ids && opt_value(args, "no-header") == NULL)
		put_header(l, &line);
	for (i = first; i < l->count; i++)
		print_job(l, &l->key[i], &line);
	buf_free(&line);
	for (i = 0; i < l->count; i++)
		free(l->key[i].name);
	free(l->key);
	spool_close(&l->spool);
	return status;
}

/* The states of --state and --dlq; all if there are none. */
static int
choose_states(const struct opt_args *args, struct list *l)
{
	static const char *const names[] = { "pending", "processing",
		"completed", "failed", "dead", NULL };
	const char *text, *nearest;
	int state, chosen = 0;
	size_t at = 0;

	while ((text = opt_next(args, "state", &at)) != NULL) {
		state = job_state_parse(text);
		if (state == JOB_NO_STATE) {
			nearest = text_nearest(text, names);
			msg_warnx("--state: must be pending, processing, "
				  "completed, failed or dead%s%s%s",
			    nearest != NULL ? ": did you mean '" : "",
			    nearest != NULL ? nearest : "",
			    nearest != NULL ? "'?" : "");
			return MSG_USAGE;
		}
		l->wanted[state] = chosen = 1;
	}
	if (opt_value(args, "dlq") != NULL)
		l->wanted[JOB_DEAD] = chosen = 1;
	for (state = 0; !chosen && state < JOB_STATES; state++)
		l->wanted[state] = 1;
	return MSG_OK;
}

static int
run_list(const struct opt_args *args)
{
	struct list l;
	int status;

	memset(&l, 0, sizeof l);
	l.ids = opt_value(args, "quiet") != NULL;
	status = choose_states(args, &l);
	return status == MSG_OK ? list_jobs(args, &l) : status;
}

static const struct opt list_opts[] = { { "state", 0, "STATE",
					    "only jobs in this state; repeat" },
	{ "dlq", 0, NULL, "the dead letter queue: --state dead" },
	{ "limit", 0, "N", "only the newest N" },
	{ "no-header", 0, NULL, "without the first line" },
	{ "quiet", 'q', NULL, "IDs only" }, { NULL, 0, NULL, NULL } };

const struct cmd cmd_list = { "list", NULL, "", "list the jobs, oldest first",
	list_opts, 0, 0, run_list };

static int
run_dlq_list(const struct opt_args *args)
{
	struct list l;

	memset(&l, 0, sizeof l);
	l.dlq = 1;
	l.ids = opt_value(args, "quiet") != NULL;
	l.wanted[JOB_DEAD] = 1;
	return list_jobs(args, &l);
}

static const struct opt dlq_list_opts[] = { { "limit", 0, "N",
						"only the newest N" },
	{ "no-header", 0, NULL, "without the first line" },
	{ "quiet", 'q', NULL, "IDs only" }, { NULL, 0, NULL, NULL } };

const struct cmd cmd_dlq_list = { "dlq list", NULL, "",
	"list the dead letter queue, with the errors", dlq_list_opts, 0, 0,
	run_dlq_list };
