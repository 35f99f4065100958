/*
 * cmd_list - list, dlq list.
 *
 * Takes the names of the jobs, then reads what they are sorted by, which is
 * all that is kept of them, then those that are shown.
 *
 * The newest few are found without opening all: a job counts as created no
 * later than its file was last changed, which the directory tells.  So the
 * files are read in the order of that, and as soon as the next one was
 * changed before the last of the few was created, the rest need no look.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "fs.h"
#include "names.h"
#include "record_json.h"
#include "text.h"

#define LIST_TICK 20000 /* microseconds that file systems' clocks are behind */

/* What is kept of a job. */
struct key {
	int64_t time; /* of creation, or no earlier than that */
	uint64_t inode;
	const char *name;
	unsigned short error; /* columns of ERROR, */
	unsigned char tries;  /* and of TRIES */
	unsigned char dir;
};

enum form {
	LIST_ROWS,
	LIST_IDS,
	LIST_JSON,
	LIST_JSONL
};

struct list {
	struct spool spool;
	struct conf conf;
	int64_t now;
	enum form form;
	int dlq;		/* as dlq list shows it */
	int reverse;		/* newest first */
	size_t limit;		/* of jobs */
	int wanted[JOB_STATES]; /* states */
	int dir;		/* being read */
	struct key *key;
	size_t count;
	struct names names;
	size_t widest[3]; /* of what is shown: ID, TRIES, ERROR */
	size_t shown;	  /* so far */
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

/* ---- Names ---- */

static int
add_name(void *arg, const char *name, uint64_t inode)
{
	struct list *l = arg;
	struct key *grown;

	if (!spool_is_job(l->dir, name))
		return 0;
	if ((l->count & (l->count + 1)) == 0) {
		grown = realloc(l->key, (l->count + 1) * 2 * sizeof *grown);
		if (grown == NULL)
			return -1;
		l->key = grown;
	}
	grown = &l->key[l->count];
	memset(grown, 0, sizeof *grown);
	grown->inode = inode;
	grown->dir = (unsigned char)l->dir;
	grown->name = names_keep(&l->names, name);
	if (grown->name == NULL)
		return -1;
	l->count++;
	return 0;
}

static int
by_inode(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Leaves out what was seen twice, as it moved meanwhile. */
static void
drop_twice(struct list *l)
{
	size_t i, kept = 0;

	if (l->count == 0)
		return;
	qsort(l->key, l->count, sizeof *l->key, by_inode);
	for (i = 1; i < l->count; i++)
		if (by_inode(&l->key[i], &l->key[kept]) != 0)
			l->key[++kept] = l->key[i];
	l->count = kept + 1;
}

/* Takes the names, state by state in the order in which jobs move. */
static int
take_names(struct list *l)
{
	static const int order[] = { JOB_PENDING, JOB_FAILED, JOB_PROCESSING,
		JOB_COMPLETED, JOB_DEAD };
	size_t i;

	for (i = 0; i < JOB_STATES; i++) {
		l->dir = order[i];
		if (!l->wanted[l->dir])
			continue;
		if (spool_scan(&l->spool, l->dir, add_name, l) == -1) {
			msg_warn("%s/%s", l->spool.path,
			    spool_dir_name(l->dir));
			return MSG_REFUSED;
		}
	}
	drop_twice(l);
	return MSG_OK;
}

/* ---- Reading ---- */

/* Reads the job of a key, wherever it is by now; 0, or -1 if it is gone. */
static int
find_job(const struct list *l, struct key *k, struct record *j)
{
	enum spool_result r = record_read(&l->spool, k->dir, k->name, j);
	int dir;

	if (r == SPOOL_GONE) {
		dir = spool_find(&l->spool, k->name);
		if (dir < 0 || !l->wanted[dir])
			return -1;
		k->dir = (unsigned char)dir;
		r = record_read(&l->spool, dir, k->name, j);
		/* Another one of that name has a key of its own. */
		if (r == SPOOL_OK && j->inode != k->inode) {
			record_free(j);
			return -1;
		}
	}
	if (r == SPOOL_ERROR)
		msg_warn("%s/%s", spool_dir_name(k->dir), k->name);
	return r == SPOOL_OK ? 0 : -1;
}

static int
by_age(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
by_youth(const void *a, const void *b)
{
	return by_age(b, a);
}

/* A job is no younger than its last change, nor than the time in its ID. */
static int64_t
no_later_than(const char *name, int64_t changed)
{
	int64_t made = job_id_time(name);

	return LIST_TICK + (made >= 0 && made < changed ? made : changed);
}

/* Fills in, for each job, when it was created at the latest. */
static void
look_at_times(struct list *l)
{
	struct stat st;
	struct key *k;

	for (k = l->key; k < l->key + l->count; k++)
		k->time = fstatat(l->spool.dir[k->dir], k->name, &st,
			      AT_SYMLINK_NOFOLLOW) == 0 ?
		    no_later_than(k->name, spool_time(&st)) :
		    WHEN_NEVER;
}

/* Fills in what a job is sorted by, and its columns; 0, or -1: it is gone. */
static int
read_key(const struct list *l, struct key *k)
{
	struct buf text = BUF_EMPTY;
	struct record j;

	if (find_job(l, k, &j) == -1)
		return -1;
	k->inode = j.inode;
	k->time = record_created(&j);
	if (no_later_than(k->name, j.mtime) < k->time)
		k->time = no_later_than(k->name, j.mtime);
	if (l->form == LIST_ROWS) {
		put_tries(&text, l, &j);
		k->tries = (unsigned char)text.len;
		buf_clear(&text);
		put_error(&text, &j);
		k->error = (unsigned short)(text.len < USHRT_MAX ? text.len :
								   USHRT_MAX);
		buf_free(&text);
	}
	record_free(&j);
	return 0;
}

/* Keeps the newest of the jobs, as many as are wanted, oldest first. */
static void
choose_newest(struct list *l)
{
	size_t next = 0, kept = 0, end, drop;

	if (l->limit < l->count) {
		look_at_times(l);
		qsort(l->key, l->count, sizeof *l->key, by_youth);
	}
	while (next < l->count &&
	    (kept < l->limit || l->key[next].time >= l->key[0].time)) {
		end = l->limit < l->count - next ? next + l->limit : l->count;
		for (; next < end; next++)
			if (read_key(l, &l->key[next]) == 0)
				l->key[kept++] = l->key[next];
		qsort(l->key, kept, sizeof *l->key, by_age);
		drop = kept > l->limit ? kept - l->limit : 0;
		kept -= drop;
		memmove(l->key, l->key + drop, kept * sizeof *l->key);
	}
	l->count = kept;
}

/* ---- Printing ---- */

static void
measure(struct list *l)
{
	size_t i, n;

	l->widest[0] = 2;
	l->widest[1] = l->widest[2] = 5;
	for (i = 0; i < l->count; i++) {
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
	cmd_print_header(line);
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

	cmd_put_state(line, j->dir);
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

static void
put_row(const struct list *l, const struct record *j, struct buf *line)
{
	buf_puts(line, j->name);
	cmd_pad(line, 0, l->widest[0]);
	if (l->dlq)
		put_dlq_row(l, j, line);
	else
		put_list_row(l, j, line);
	cmd_put_command(line, j);
	cmd_print_row(line);
}

/* What stands before an element of an array. */
static const char *
opening(const struct list *l)
{
	return l->shown == 0 ? "[" : ",\n";
}

/* Prints the job of a key; the exit status. */
static int
print_job(struct list *l, struct key *k, struct buf *line)
{
	int status = MSG_OK;
	struct record j;

	if (l->form == LIST_IDS) {
		buf_puts(line, k->name);
		cmd_print_row(line);
		return MSG_OK;
	}
	if (find_job(l, k, &j) == -1)
		return MSG_OK;
	if (l->form == LIST_ROWS) {
		put_row(l, &j, line);
	} else {
		if (l->form == LIST_JSON)
			buf_puts(line, opening(l));
		record_json(line, &j, &l->conf);
		if (l->form == LIST_JSONL)
			buf_putc(line, '\n');
		status = cmd_print_json(line);
	}
	if (status == MSG_OK)
		l->shown++;
	record_free(&j);
	return status;
}

static int
print_jobs(struct list *l, int header)
{
	struct buf line = BUF_EMPTY;
	int status = MSG_OK;
	size_t i;

	if (l->form == LIST_ROWS) {
		measure(l);
		if (header && l->count > 0)
			put_header(l, &line);
	}
	for (i = 0; i < l->count && status == MSG_OK; i++)
		status = print_job(l,
		    &l->key[l->reverse ? l->count - 1 - i : i], &line);
	if (l->form == LIST_JSON) {
		if (l->shown == 0)
			buf_puts(&line, opening(l));
		buf_puts(&line, "]\n");
		cmd_print(&line);
	}
	buf_free(&line);
	return status;
}

/* ---- The commands ---- */

static int
list_jobs(const struct opt_args *args, struct list *l)
{
	int status, printed;

	status = cmd_open_read(args, &l->spool);
	if (status != MSG_OK)
		return status;
	cmd_config(&l->spool, &l->conf);
	l->now = fs_now();
	if (l->limit > 0)
		status = take_names(l);
	/* Half a table tells that it is one; half an array does not. */
	if (status == MSG_OK || l->form == LIST_ROWS || l->form == LIST_IDS) {
		if (l->count > 0)
			choose_newest(l);
		printed = print_jobs(l, opt_value(args, "no-header") == NULL);
		if (printed > status)
			status = printed;
	}
	names_free(&l->names);
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

/* What list and dlq list have in common; the exit status. */
static int
read_options(const struct opt_args *args, struct list *l)
{
	static const struct {
		const char *option;
		enum form form;
	} forms[] = { { "quiet", LIST_IDS }, { "json", LIST_JSON },
		{ "jsonl", LIST_JSONL } };
	const char *chosen = NULL;
	long limit = LONG_MAX;
	size_t i;
	int status;

	for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (opt_value(args, forms[i].option) == NULL)
			continue;
		if (chosen != NULL) {
			msg_warnx("--%s: excludes --%s", forms[i].option,
			    chosen);
			return MSG_USAGE;
		}
		chosen = forms[i].option;
		l->form = forms[i].form;
	}
	l->reverse = opt_value(args, "reverse") != NULL;
	status = cmd_number(args, "limit", 0, LONG_MAX, &limit);
	l->limit = (size_t)limit;
	return status;
}

static int
run_list(const struct opt_args *args)
{
	struct list l;
	int status;

	memset(&l, 0, sizeof l);
	status = read_options(args, &l);
	if (status == MSG_OK)
		status = choose_states(args, &l);
	return status == MSG_OK ? list_jobs(args, &l) : status;
}

static int
run_dlq_list(const struct opt_args *args)
{
	struct list l;
	int status;

	memset(&l, 0, sizeof l);
	l.dlq = 1;
	l.wanted[JOB_DEAD] = 1;
	status = read_options(args, &l);
	return status == MSG_OK ? list_jobs(args, &l) : status;
}

static const struct opt list_opts[] = { { "state", 0, "STATE",
					    "only jobs in this state; repeat" },
	{ "dlq", 0, NULL, "the dead letter queue: --state dead" },
	/* dlq list has those from here on. */
	{ "limit", 0, "N", "only the newest N" },
	{ "reverse", 0, NULL, "newest first" },
	{ "no-header", 0, NULL, "without the first line" },
	{ "quiet", 'q', NULL, "IDs only" },
	{ "json", 0, NULL, "as a JSON array" },
	{ "jsonl", 0, NULL, "as JSON objects, one a line" },
	{ NULL, 0, NULL, NULL } };

const struct cmd cmd_list = { "list", NULL, "", "list the jobs, oldest first",
	list_opts, 0, 0, run_list };

const struct cmd cmd_dlq_list = { "dlq list", NULL, "",
	"list the dead letter queue, with the errors", list_opts + 2, 0, 0,
	run_dlq_list };
