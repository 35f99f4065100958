#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "registry.h"

#define RECORD_FIND_TRIES 100 /* of a job that moves whenever we look */

/* What does not run because of whose it is, whatever else is wrong with it. */
static void
set_strange(const struct spool *s, struct record *r, const struct stat *st)
{
	r->user = st->st_uid;
	r->strange = !spool_trusts(s->owner, st) &&
	    r->dir != SPOOL_PROCESSING && r->dir != SPOOL_COMPLETED;
	if (r->strange && r->parsed != JOB_NO_MEMORY) {
		r->parsed = JOB_BAD;
		spool_whose(s->owner, st, r->error.what);
	}
}

/* What is known of a job whose file may not be opened: whose it is. */
static enum spool_result
read_unopened(const struct spool *s, struct record *r)
{
	int error = errno;
	struct stat st;

	if ((error == EACCES || error == EPERM) &&
	    spool_distrusts(s, r->dir, r->name, &st)) {
		r->inode = st.st_ino;
		r->mtime = spool_time(&st);
		r->parsed = job_parse(&r->job, "", 0, &r->error);
		set_strange(s, r, &st);
		if (r->strange && r->parsed == JOB_BAD)
			return SPOOL_OK;
		job_free(&r->job);
	}
	errno = error;
	return SPOOL_ERROR;
}

enum spool_result
record_read(const struct spool *s, int dir, const char *name, struct record *r)
{
	static const struct record empty;
	enum spool_result result = SPOOL_ERROR;
	struct stat st;
	int fd, saved;

	*r = empty;
	snprintf(r->name, sizeof r->name, "%s", name);
	r->dir = dir;
	/* NONBLOCK: what lies there may be a FIFO. */
	fd = fs_open(s->dir[dir], name, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -1) {
		if (errno == ENOENT)
			return SPOOL_GONE;
		return errno == ELOOP || errno == EMLINK || errno == ENXIO ?
		    SPOOL_FOREIGN :
		    read_unopened(s, r);
	}
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		result = SPOOL_FOREIGN;
	} else if (spool_read(fd, &r->text) == 0) {
		r->inode = st.st_ino;
		r->mtime = spool_time(&st);
		result = SPOOL_OK;
		r->parsed = job_parse(&r->job, buf_text(&r->text), r->text.len,
		    &r->error);
		set_strange(s, r, &st);
		if (r->parsed == JOB_NO_MEMORY) {
			job_free(&r->job);
			errno = ENOMEM;
			result = SPOOL_ERROR;
		}
	}
	saved = errno;
	if (result != SPOOL_OK)
		buf_free(&r->text);
	(void)fs_close(fd);
	errno = saved;
	return result;
}

void
record_free(struct record *r)
{
	job_free(&r->job);
	buf_free(&r->text);
}

/* The latest older record of an ID, as far as the search has come. */
struct latest {
	const char *id;
	size_t len;
	int dir; /* being searched */
	int found_in;
	char name[JOB_NAME_MAX + 1];
};

static int
look_older(void *arg, const char *name, uint64_t inode)
{
	struct latest *l = arg;

	(void)inode;
	/* The times have one length: their order is that of their bytes. */
	if (strncmp(name, l->id, l->len) == 0 && name[l->len] == '~' &&
	    job_name_old(name) && strcmp(name, l->name) > 0) {
		snprintf(l->name, sizeof l->name, "%s", name);
		l->found_in = l->dir;
	}
	return 0;
}

/* Where the record of that ID is; its name, perhaps ID~TIME, in `name`. */
static int
find_name(const struct spool *s, const char *id, char name[JOB_NAME_MAX + 1])
{
	struct latest l;
	int dir = spool_find(s, id);

	snprintf(name, JOB_NAME_MAX + 1, "%s", id);
	if (dir != JOB_NO_STATE || job_name_old(id))
		return dir;
	memset(&l, 0, sizeof l);
	l.id = id;
	l.len = strlen(id);
	l.found_in = JOB_NO_STATE;
	for (l.dir = SPOOL_COMPLETED; l.dir <= SPOOL_DEAD; l.dir++)
		if (l.dir != SPOOL_FAILED &&
		    spool_scan(s, l.dir, look_older, &l) == -1)
			return -2;
	if (l.found_in != JOB_NO_STATE)
		snprintf(name, JOB_NAME_MAX + 1, "%s", l.name);
	return l.found_in;
}

enum spool_result
record_find(const struct spool *s, const char *id, struct record *r)
{
	char name[JOB_NAME_MAX + 1];
	enum spool_result result;
	int dir, tries;

	for (tries = 0; tries < RECORD_FIND_TRIES; tries++) {
		dir = find_name(s, id, name);
		if (dir == JOB_NO_STATE)
			return SPOOL_GONE;
		if (dir < 0)
			return SPOOL_ERROR;
		result = record_read(s, dir, name, r);
		if (result != SPOOL_GONE)
			return result;
	}
	errno = EAGAIN;
	return SPOOL_ERROR;
}

int
record_tries(const struct record *r)
{
	const struct job_event *e = job_last_event(&r->job, JOB_NO_STATE);
	int state = e != NULL ? e->state : JOB_NO_STATE;

	/* Moved there by hand: it will start afresh. */
	if ((r->dir == JOB_PENDING || r->dir == JOB_FAILED) &&
	    state != r->dir &&
	    (state == JOB_COMPLETED || state == JOB_FAILED ||
		state == JOB_DEAD))
		return 0;
	if (e != NULL && e->attempt > 0 && state == r->dir &&
	    (state == JOB_PROCESSING || state == JOB_COMPLETED))
		return r->job.counted + 1;
	return r->job.counted;
}

int
record_tries_max(const struct record *r, const struct conf *conf)
{
	return 1 + claim_rule(conf, &r->job).max_retries;
}

const struct job_event *
record_run(const struct record *r)
{
	const struct job_event *e = job_last_event(&r->job, JOB_NO_STATE);

	return e != NULL && e->state == JOB_PROCESSING ? e : NULL;
}

int
record_next_attempt(const struct record *r, size_t *at,
    struct record_attempt *a)
{
	const struct job *job = &r->job;

	while (*at < job->nevents && job->events[*at].state != JOB_PROCESSING)
		++*at;
	if (*at == job->nevents)
		return 0;
	a->start = &job->events[(*at)++];
	a->end = *at < job->nevents ? &job->events[*at] : NULL;
	if (a->end == NULL)
		a->how = r->dir == JOB_PROCESSING ? "running" : "not ended";
	else if (a->end->reason != JOB_NO_REASON)
		a->how = job_reason_name(a->end->reason);
	else
		a->how = job_state_name(a->end->state);
	return 1;
}

void
record_last(const struct record *r, struct record_last *last)
{
	static const struct record_last none = { -1, -1, -1, -1, 0, NULL,
		NULL };
	const struct job_event *start = job_last_event(&r->job, JOB_PROCESSING);
	const struct job_event *end = job_last_event(&r->job, JOB_NO_STATE);

	*last = none;
	if (end == NULL)
		return;
	if (r->dir == JOB_FAILED)
		last->retry_at = end->retry_at;
	if (start != NULL) {
		last->started_at = start->time;
		last->worker = start->worker;
	}
	if (end->state != JOB_PROCESSING && end->state != JOB_PENDING)
		last->finished_at = end->time;
	last->exit_code = end->exit_code;
	last->signal = end->signal;
	last->error = end->error;
}

const char *
record_error(const struct record *r)
{
	struct record_last last;

	record_last(r, &last);
	return last.error == NULL && r->parsed != JOB_OK ? r->error.what :
							   last.error;
}

long
record_timeout(const struct record *r, const struct conf *conf)
{
	return r->job.timeout >= 0 ? r->job.timeout : conf->job_timeout_seconds;
}

int
record_run_alive(const struct spool *s, const struct job_event *run)
{
	return run->worker != NULL && registry_alive(s, run->worker) == 1;
}

int64_t
record_created(const struct record *r)
{
	if (r->job.created_at >= 0)
		return r->job.created_at;
	return r->mtime > WHEN_MIN ? r->mtime : WHEN_MIN;
}

int64_t
record_updated(const struct record *r)
{
	int64_t created = record_created(r);

	/* The clock of a file system may be a tick behind. */
	return r->mtime > created ? r->mtime : created;
}

int
record_open_output(const struct spool *s, const char *name, int attempt,
    const char *stream)
{
	char file[SPOOL_OUTPUT_MAX];
	int fd;

	spool_output_name(file, name, attempt, stream);
	fd = fs_open(s->dir[SPOOL_OUTPUT], file, O_RDONLY | O_NONBLOCK, 0);
	/* From here on a worker that would give it to another job sees us. */
	if (fd != -1 && spool_same(s, fd, SPOOL_OUTPUT, file) == 0) {
		(void)fs_close(fd);
		fd = -1;
		errno = ENOENT;
	}
	return fd;
}

/* ---- The dead of late ---- */

struct deaths {
	const struct spool *spool;
	int64_t since;
	int (*found)(void *arg, const char *name);
	void *arg;
};

static int
look_dead(void *arg, const char *name, uint64_t inode)
{
	const struct deaths *d = arg;
	const struct job_event *e;
	struct record r;
	struct stat st;
	int late;

	(void)inode;
	/* Two seconds: some file systems keep no fractions. */
	if (!job_id_valid(name) ||
	    fstatat(d->spool->dir[SPOOL_DEAD], name, &st,
		AT_SYMLINK_NOFOLLOW) == -1 ||
	    (int64_t)st.st_ctime * WHEN_SECOND < d->since - 2 * WHEN_SECOND ||
	    record_read(d->spool, SPOOL_DEAD, name, &r) != SPOOL_OK)
		return 0;
	e = job_last_event(&r.job, JOB_DEAD);
	late = e != NULL && e->time >= d->since;
	record_free(&r);
	return late ? d->found(d->arg, name) : 0;
}

int
record_deaths(const struct spool *s, int64_t since,
    int (*found)(void *arg, const char *name), void *arg)
{
	struct deaths d = { s, since, found, arg };
	struct stat st;

	if (fstat(s->dir[SPOOL_DEAD], &st) == 0 &&
	    spool_time(&st) < since - 2 * WHEN_SECOND)
		return 0; /* none has come */
	return spool_scan(s, SPOOL_DEAD, look_dead, &d);
}
