#include "doctor.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "os.h"
#include "record.h"
#include "registry.h"
#include "text.h"

#define DOCTOR_LOOKS 10	 /* at a lock that may be let go at any moment, */
#define DOCTOR_MS    100 /* and so long between two */
#define DOCTOR_WHAT  256

struct doctor {
	struct spool *spool;
	const struct conf *conf;
	int repair;
	int dir; /* being scanned */
	int64_t now;
	struct stat top; /* of the spool */
	void (*found)(void *arg, const struct doctor_finding *f);
	void *arg;
};

/* ---- Telling ---- */

static void tell(const struct doctor *d, struct doctor_finding f,
    const char *name, const char *fmt, ...) MSG_PRINTF(4, 5);

/* Tells of SPOOL/dir/name, or of SPOOL/dir if name is NULL. */
static void
tell(const struct doctor *d, struct doctor_finding f, const char *name,
    const char *fmt, ...)
{
	char what[DOCTOR_WHAT];
	struct buf path = BUF_EMPTY;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (d->dir != SPOOL_TOP)
		buf_printf(&path, "%s%s", spool_dir_name(d->dir),
		    name != NULL ? "/" : "");
	if (name != NULL)
		buf_puts(&path, name);
	f.path = buf_text(&path);
	f.what = what;
	d->found(d->arg, &f);
	buf_free(&path);
}

static const struct doctor_finding foreign = { "foreign", NULL, NULL,
	"move it out of the spool", 1, 0, 0 };
static const struct doctor_finding mode = { "mode", NULL, NULL, "chmod go-w", 1,
	0, 0 };
static const struct doctor_finding twins = { "twins", NULL, NULL,
	"move one of them to dead/, or away", 1, 0, 0 };
static const struct doctor_finding torn = { "torn", NULL, NULL,
	"cut the line off", 1, 1, 0 };
static const struct doctor_finding unreadable = { "unreadable", NULL, NULL,
	"mend it, or let a worker move it to dead/", 1, 0, 0 };
static const struct doctor_finding moved = { "moved", NULL, NULL, NULL, 0, 0,
	0 };
static const struct doctor_finding attempts = { "attempts", NULL, NULL, NULL, 1,
	0, 0 };
static const struct doctor_finding future = { "future", NULL, NULL,
	"set the clock, or the time", 1, 0, 0 };
static const struct doctor_finding lost = { "lost", NULL, NULL,
	"put it back, as a supervisor would", 1, 1, 0 };
static const struct doctor_finding orphaned = { "orphaned", NULL, NULL,
	"end the process, or 'queuectl cancel --force'", 1, 0, 0 };
static const struct doctor_finding held = { "held", NULL, NULL,
	"end the process, or 'queuectl purge --force'", 1, 0, 0 };
static const struct doctor_finding output = { "output", NULL, NULL,
	"remove it, if nobody wants it", 1, 0, 0 };
static const struct doctor_finding archive = { "archive", NULL, NULL,
	"complete the renaming", 1, 1, 0 };
static const struct doctor_finding empty = { "empty", NULL, NULL, "remove it",
	1, 1, 0 };
static const struct doctor_finding request = { "request", NULL, NULL,
	"remove it", 1, 1, 0 };
static const struct doctor_finding worker = { "worker", NULL, NULL,
	"remove the entry", 1, 1, 0 };
static const struct doctor_finding left = { "left", NULL, NULL, "remove it", 1,
	1, 0 };

/* ---- Records ---- */

static void
check_mode(const struct doctor *d, const char *name, const struct stat *st)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		tell(d, mode, name, "%s may write it",
		    st->st_mode & S_IWOTH ? "others" : "its group");
	if (st->st_uid != d->top.st_uid)
		tell(d, mode, name, "belongs to user %ld, the spool to %ld",
		    (long)st->st_uid, (long)d->top.st_uid);
}

static int
is_there(const struct doctor *d, int dir, const char *name)
{
	struct stat st;

	return fstatat(d->spool->dir[dir], name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Two live records of an ID, the one in pending/ that waits for its namesake
 * excepted.  Looked at twice: a job moves.
 */
static void
check_twins(const struct doctor *d, const char *name)
{
	int looks;

	if (d->dir != SPOOL_FAILED)
		return;
	for (looks = 0; looks < DOCTOR_LOOKS; looks++) {
		if (!is_there(d, SPOOL_FAILED, name) ||
		    !is_there(d, SPOOL_PROCESSING, name))
			return;
		(void)poll(NULL, 0, DOCTOR_MS);
	}
	tell(d, twins, name, "is also in processing/");
}

/* Attempts are counted from 1, and none is left out. */
static void
check_attempts(const struct doctor *d, const struct record *r)
{
	size_t i;
	int last = 0;

	for (i = 0; i < r->job.nevents; i++) {
		if (r->job.events[i].state != JOB_PROCESSING)
			continue;
		if (r->job.events[i].attempt != last + 1) {
			tell(d, attempts, r->name, "attempt %d follows %d",
			    r->job.events[i].attempt, last);
			return;
		}
		last++;
	}
}

static void
check_times(const struct doctor *d, const struct record *r)
{
	const struct job_event *e = job_last_event(&r->job, JOB_NO_STATE);
	int64_t latest = r->mtime;
	char time[WHEN_SIZE];

	if (e != NULL && e->time > latest)
		latest = e->time;
	if (r->job.created_at > latest)
		latest = r->job.created_at;
	if (latest <= d->now + DOCTOR_FUTURE)
		return;
	when_format_s(time, latest);
	tell(d, future, r->name, "tells of %s, which is still to come", time);
}

/* A last line without its newline, after whole state lines. */
static int
is_torn(const struct record *r)
{
	return r->parsed == JOB_OK && r->job.nevents > 0 &&
	    r->job.whole < r->text.len;
}

/* Under the lock: cuts the torn line off; returns if that was done. */
static int
cut(const struct doctor *d, const char *name)
{
	struct record r;
	int fd, done = 0;

	if (spool_take(d->spool, d->dir, name, &fd) != SPOOL_OK)
		return 0;
	if (record_read(d->spool, d->dir, name, &r) == SPOOL_OK) {
		done = is_torn(&r) && ftruncate(fd, (off_t)r.job.whole) == 0;
		record_free(&r);
	}
	spool_release(fd);
	return done;
}

static void
check_torn(const struct doctor *d, const struct record *r)
{
	struct doctor_finding f = torn;

	if (!is_torn(r))
		return;
	f.repaired = d->repair && cut(d, r->name);
	tell(d, f, r->name, "its last line has no end, and does not count");
}

/* True if somebody has kept the lock of a file for a second. */
static int
is_held(const struct doctor *d, const char *name)
{
	int fd, looks, taken = 1;

	for (looks = 0; taken == 1 && looks < DOCTOR_LOOKS; looks++) {
		if (spool_open_job(d->spool, d->dir, name, &fd) != SPOOL_OK)
			return 0;
		taken = os_flock(fd, OS_LOCK_SHARED, 0);
		(void)fs_close(fd);
		if (taken == 1)
			(void)poll(NULL, 0, DOCTOR_MS);
	}
	return taken == 1;
}

/* True if the file is where it was, as it was: what was read still holds. */
static int
is_still(const struct doctor *d, const struct record *r)
{
	struct stat st;

	return fstatat(d->spool->dir[d->dir], r->name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == r->inode && record_changed(&st) == r->mtime;
}

static void
check_record(const struct doctor *d, const struct record *r)
{
	if (!is_still(d, r))
		return;
	if (r->parsed == JOB_BAD && d->dir != SPOOL_DEAD)
		tell(d, unreadable, r->name, "%s", r->error.what);
	else if (r->job.last != JOB_NO_STATE && r->job.last != d->dir)
		tell(d, moved, r->name,
		    "its last line says %s: it was moved by hand, or a "
		    "command was killed",
		    job_state_name(r->job.last));
	check_torn(d, r);
	check_attempts(d, r);
	check_times(d, r);
	check_twins(d, r->name);
	if ((d->dir == SPOOL_COMPLETED || d->dir == SPOOL_DEAD) &&
	    is_held(d, r->name))
		tell(d, held, r->name,
		    "a process that the job left holds its lock: no job of "
		    "this ID can start");
}

/* What is in processing/ is somebody's, or it is to be recovered. */
static void
check_processing(const struct doctor *d, const struct record *r)
{
	const struct job_event *run = record_run(r);
	struct doctor_finding f = lost;
	struct claim c;

	if (run != NULL && record_run_alive(d->spool, run))
		return;
	if (is_held(d, r->name)) {
		if (run != NULL)
			tell(d, orphaned, r->name,
			    "its worker is gone, but the job, or a process "
			    "that it left, holds its lock");
		return;
	}
	if (!is_there(d, SPOOL_PROCESSING, r->name))
		return;
	if (d->repair &&
	    claim_recover(&c, d->spool, d->conf, r->name) == CLAIM_OK) {
		f.repaired = 1;
		claim_drop(&c);
	}
	tell(d, f, r->name, "nobody runs it");
}

static int
check_entry(void *arg, const char *name, uint64_t inode)
{
	struct doctor *d = arg;
	struct record r;
	struct stat st;

	(void)inode;
	if (fstatat(d->spool->dir[d->dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
	    -1)
		return 0;
	if (!S_ISREG(st.st_mode) || !spool_is_job(d->dir, name)) {
		tell(d, foreign, name, "is no job");
		return 0;
	}
	check_mode(d, name, &st);
	switch (record_read(d->spool, d->dir, name, &r)) {
	case SPOOL_OK:
		break;
	case SPOOL_GONE:
		return 0;
	default:
		tell(d, unreadable, name, "%s", strerror(errno));
		return 0;
	}
	if (d->dir == SPOOL_PROCESSING)
		check_processing(d, &r);
	else
		check_record(d, &r);
	record_free(&r);
	return 0;
}

/* ---- Outputs ---- */

/*
 * Reads ID.N.out or ID.N.err from the right; returns the attempt, and cuts
 * `name` to the ID; 0 if it is none.
 */
static int
parse_output(char *name)
{
	char *dot = strrchr(name, '.');
	long n;

	if (dot == NULL ||
	    (strcmp(dot, ".out") != 0 && strcmp(dot, ".err") != 0))
		return 0;
	*dot = '\0';
	dot = strrchr(name, '.');
	if (dot == NULL || text_number(dot + 1, 1, JOB_ATTEMPT_MAX, &n) == -1)
		return 0;
	*dot = '\0';
	return job_name_valid(name) ? (int)n : 0;
}

/*
 * True if outputs of ID~TIME are without their record because the archive of
 * ID was not completed: then ID is what it names.
 */
static int
is_archiving(const struct doctor *d, char *old)
{
	char *tilde = strchr(old, '~');
	const struct job_event *e;
	char time[WHEN_SIZE] = "";
	struct record r;
	int dir;

	if (tilde == NULL)
		return 0;
	*tilde = '\0';
	dir = spool_find(d->spool, old);
	if ((dir == SPOOL_COMPLETED || dir == SPOOL_DEAD) &&
	    record_read(d->spool, dir, old, &r) == SPOOL_OK) {
		e = job_last_event(&r.job, JOB_NO_STATE);
		when_format_id(time, e != NULL ? e->time : r.mtime);
		record_free(&r);
	}
	return strcmp(time, tilde + 1) == 0;
}

/* The outputs of a run that has ended are not empty. */
static void
check_empty(const struct doctor *d, const char *name, int dir)
{
	struct doctor_finding f = empty;
	struct stat st;

	if (dir == SPOOL_PROCESSING ||
	    fstatat(d->spool->dir[SPOOL_OUTPUT], name, &st,
		AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_size > 0)
		return;
	f.repaired =
	    d->repair && unlinkat(d->spool->dir[SPOOL_OUTPUT], name, 0) == 0;
	tell(d, f, name, "is empty, and its run has ended");
}

static int
check_output(void *arg, const char *name, uint64_t inode)
{
	const struct doctor *d = arg;
	char id[SPOOL_OUTPUT_MAX] = "";
	struct doctor_finding f = archive;
	int attempt = 0, dir;
	struct record r;

	(void)inode;
	if (strlen(name) < sizeof id) {
		snprintf(id, sizeof id, "%s", name);
		attempt = parse_output(id);
	}
	if (attempt == 0) {
		tell(d, foreign, name, "is no output of a job");
		return 0;
	}
	dir = spool_find(d->spool, id);
	if (dir >= 0 && record_read(d->spool, dir, id, &r) == SPOOL_OK) {
		if (attempt > r.job.attempts)
			tell(d, output, name, "its job has run only %d times",
			    r.job.attempts);
		record_free(&r);
		check_empty(d, name, dir);
		return 0;
	}
	if (dir != JOB_NO_STATE || !is_there(d, SPOOL_OUTPUT, name))
		return 0;
	if (is_archiving(d, id)) {
		f.repaired =
		    d->repair && spool_archive(d->spool, id) == SPOOL_OK;
		tell(d, f, name, "the record of %s was not renamed with it",
		    id);
	} else {
		tell(d, output, name, "its job is gone");
	}
	return 0;
}

/* ---- The rest of the spool ---- */

static int
check_request(void *arg, const char *name, uint64_t inode)
{
	const struct doctor *d = arg;
	const char *whom = strchr(name, '.');
	struct doctor_finding f = request;
	int wanted = 0;

	(void)inode;
	if (whom != NULL && job_name_valid(whom + 1)) {
		whom++;
		if (strncmp(name, "cancel.", 7) == 0)
			wanted = is_there(d, SPOOL_PROCESSING, whom);
		else if (strncmp(name, "stop.", 5) == 0 ||
		    strncmp(name, "interrupt.", 10) == 0)
			wanted = registry_alive(d->spool, whom) != 0;
		else
			whom = NULL;
	}
	if (whom == NULL || wanted) {
		if (whom == NULL)
			tell(d, foreign, name, "is no request");
		return 0;
	}
	f.repaired =
	    d->repair && unlinkat(d->spool->dir[SPOOL_CONTROL], name, 0) == 0;
	tell(d, f, name, "there is nobody to obey it");
	return 0;
}

static int
check_worker(void *arg, const char *name, uint64_t inode)
{
	const struct doctor *d = arg;
	struct doctor_finding f = worker;

	(void)inode;
	if (registry_alive(d->spool, name) != 0)
		return 0;
	if (d->repair) {
		registry_sweep(d->spool);
		f.repaired = !is_there(d, SPOOL_WORKERS, name);
	}
	tell(d, f, name, "its process is dead");
	return 0;
}

/* What was being written 36 hours ago is not any more. */
static int
check_tmp(void *arg, const char *name, uint64_t inode)
{
	const struct doctor *d = arg;
	struct doctor_finding f = left;
	struct stat st;

	(void)inode;
	if (fstatat(d->spool->dir[SPOOL_TMP], name, &st, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    (int64_t)st.st_ctime * WHEN_SECOND >= d->now - SPOOL_TMP_AGE)
		return 0;
	if (d->repair) {
		spool_sweep(d->spool);
		f.repaired = !is_there(d, SPOOL_TMP, name);
	}
	tell(d, f, name, "was left there");
	return 0;
}

/* True if a name belongs into SPOOL itself. */
static int
is_part(const char *name)
{
	int i;

	for (i = 0; i < SPOOL_DIRS; i++)
		if (strcmp(name, spool_dir_name(i)) == 0)
			return 1;
	return strcmp(name, "config") == 0 || strcmp(name, "lock") == 0 ||
	    strcmp(name, "paused") == 0;
}

static int
check_part(void *arg, const char *name, uint64_t inode)
{
	const struct doctor *d = arg;
	struct stat st;

	(void)inode;
	if (!is_part(name))
		tell(d, foreign, name, "is no part of a spool");
	else if (fstatat(d->spool->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		check_mode(d, name, &st);
	return 0;
}

/* ---- All of it ---- */

int
doctor_run(struct spool *s, const struct conf *conf, int repair,
    void (*found)(void *arg, const struct doctor_finding *f), void *arg)
{
	static const struct {
		int dir;
		int (*check)(void *arg, const char *name, uint64_t inode);
	} part[] = { { SPOOL_TOP, check_part }, { SPOOL_TMP, check_tmp },
		{ SPOOL_WORKERS, check_worker },
		{ SPOOL_CONTROL, check_request },
		{ SPOOL_PROCESSING, check_entry },
		{ SPOOL_PENDING, check_entry }, { SPOOL_FAILED, check_entry },
		{ SPOOL_COMPLETED, check_entry }, { SPOOL_DEAD, check_entry },
		{ SPOOL_OUTPUT, check_output } };
	struct doctor d;
	size_t i;
	int ret = 0;

	if (s->fd == -1)
		return 0;
	memset(&d, 0, sizeof d);
	d.spool = s;
	d.conf = conf;
	d.repair = repair;
	d.now = fs_now();
	d.found = found;
	d.arg = arg;
	if (fstat(s->fd, &d.top) == -1)
		return -1;
	for (i = 0; i < sizeof part / sizeof part[0]; i++) {
		d.dir = part[i].dir;
		if (spool_scan(s, d.dir, part[i].check, &d) == -1)
			ret = -1;
	}
	return ret;
}
