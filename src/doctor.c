#include "doctor.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "conf.h"
#include "fs.h"
#include "os.h"
#include "record.h"
#include "registry.h"
#include "text.h"

#define DOCTOR_LOOKS  8		  /* at a suspect, within the patience */
#define DOCTOR_ROUNDS 10	  /* of repairs */
#define DOCTOR_YOUNG  WHEN_SECOND /* an ended job may be about to move on */

enum kind {
	UNSAFE,
	CONFIG,
	FOREIGN,
	MODE,
	OWNER,
	UNREADABLE,
	TORN,
	ATTEMPTS,
	FUTURE,
	MOVED,
	LINKS,
	TWINS,
	LOST,
	LEASED,
	ORPHANED,
	HELD,
	OUTPUT,
	ARCHIVE,
	EMPTY,
	REQUEST,
	WORKER,
	LEFT
};

static const struct doctor_kind kinds[] = {
	{ "unsafe", "nothing is repaired as long as this is so", 1, 0 },
	{ "config", "mend it: nothing is repaired as long as this is so", 1,
	    0 },
	{ "foreign", "move it out of the spool", 1, 0 },
	{ "mode", "--repair forbids it", 1, 1 },
	{ "owner", "put a copy of it in its place, or move it away", 1, 0 },
	{ "unreadable", "mend it, or move it out of the spool", 1, 0 },
	{ "torn", "--repair cuts it off", 1, 1 },
	{ "attempts", "its history is not whole: look at its outputs", 1, 0 },
	{ "future", "set the clock, or let that time come", 1, 0 },
	{ "moved", NULL, 0, 0 },
	{ "links", NULL, 0, 0 },
	{ "twins", "move one of them to dead/, or away", 1, 0 },
	{ "lost", "--repair puts it back, as a supervisor would", 1, 1 },
	{ "leased", NULL, 0, 0 },
	{ "orphaned", "wait, end the process, or 'queuectl cancel --force'", 1,
	    0 },
	{ "held", "end the process, or 'queuectl purge --force' the ended job",
	    1, 0 },
	{ "output", "remove it, if nobody wants it", 1, 0 },
	{ "archive", "--repair renames the record too", 0, 1 },
	{ "empty", "--repair removes it", 0, 1 },
	{ "request", "--repair removes it", 0, 1 },
	{ "worker", "--repair removes it", 0, 1 },
	{ "left", "--repair removes it", 0, 1 },
};

/* An entry that something seems wrong with. */
struct suspect {
	size_t part; /* of the spool, see parts[] */
	uint64_t inode;
	int64_t changed;
	unsigned kinds; /* bits: found at each look so far */
	char *name;
};

struct doctor {
	struct spool *spool;
	struct conf conf;
	const struct doctor_options *options;
	void (*found)(void *arg, const struct doctor_finding *f);
	void *arg;
	uid_t owner; /* of the spool */
	int repairing;
	int repaired;	 /* something, in this round */
	struct buf left; /* what was not: kind, path NUL, what NUL, and so on */
	int error;	 /* errno, if something could not be seen */

	/* The present look. */
	int look; /* 0: the scan */
	size_t part;
	int dir;
	unsigned kinds;	 /* bits: found by it, */
	unsigned before; /* and at each look at this entry before */

	struct suspect *suspect;
	size_t nsuspects;
};

/* ---- Telling ---- */

/*
 * Notes that something seems wrong with the entry being looked at.  True if
 * it has seemed so long enough, and is to be told.
 */
static int
sure(struct doctor *d, enum kind kind)
{
	d->kinds |= 1U << kind;
	return d->look == DOCTOR_LOOKS && (d->before & 1U << kind);
}

static void tell(struct doctor *d, enum kind kind, int repaired,
    const char *name, const char *fmt, ...) MSG_PRINTF(5, 6);

/* Tells of an entry of the directory, or of that itself if name is NULL. */
static void
tell(struct doctor *d, enum kind kind, int repaired, const char *name,
    const char *fmt, ...)
{
	char what[JOB_ERROR_MAX + CONF_ERROR_MAX];
	struct buf path = BUF_EMPTY;
	struct doctor_finding f;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (d->dir != SPOOL_TOP)
		buf_printf(&path, "%s%s", spool_dir_name(d->dir),
		    name != NULL ? "/" : "");
	buf_puts(&path, name != NULL ? name : d->dir == SPOOL_TOP ? "." : "");
	if (repaired) {
		d->repaired = 1;
		f.kind = &kinds[kind];
		f.path = buf_text(&path);
		f.what = what;
		f.repaired = 1;
		d->found(d->arg, &f);
	} else {
		buf_putc(&d->left, (char)kind);
		buf_add(&d->left, buf_text(&path), path.len + 1);
		buf_add(&d->left, what, strlen(what) + 1);
	}
	if (path.failed || d->left.failed)
		d->error = ENOMEM;
	buf_free(&path);
}

/* Tells of what could not be repaired, or was not to be. */
static void
tell_left(struct doctor *d)
{
	const char *p = buf_text(&d->left), *end = p + d->left.len;
	struct doctor_finding f;

	f.repaired = 0;
	while (p < end && !d->left.failed) {
		f.kind = &kinds[(int)*p++];
		f.path = p;
		p += strlen(p) + 1;
		f.what = p;
		p += strlen(p) + 1;
		d->found(d->arg, &f);
	}
	buf_clear(&d->left);
}

/* ---- Any entry ---- */

static int
fd_of(const struct doctor *d, int dir)
{
	return dir == SPOOL_TOP ? d->spool->fd : d->spool->dir[dir];
}

static int
is_there(const struct doctor *d, int dir, const char *name, struct stat *st)
{
	return fstatat(fd_of(d, dir), name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int64_t
change_time(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * WHEN_SECOND +
	    st->st_ctim.tv_nsec / 1000;
}

/* 1 if somebody holds the lock of a job's file, 0 if not, -1: it is gone. */
static int
is_held(struct doctor *d, int dir, const char *name)
{
	int fd, held;

	switch (spool_open_job(d->spool, dir, name, &fd)) {
	case SPOOL_OK:
		break;
	case SPOOL_ERROR:
		d->error = errno;
		return -1;
	default:
		return -1;
	}
	/* Shared, and for a moment: who wants it tries again. */
	held = os_flock(fd, OS_LOCK_SHARED);
	if (held == -1)
		d->error = errno;
	(void)fs_close(fd);
	return held;
}

/* Takes the permission to write away from others, unless it is locked. */
static int
protect(const struct doctor *d, const char *name, const struct stat *st)
{
	int fd = fs_open(fd_of(d, d->dir), name, O_RDONLY | O_NONBLOCK, 0);
	int done = 0;
	struct stat now;

	if (fd == -1)
		return 0;
	if (fstat(fd, &now) == 0 && now.st_ino == st->st_ino &&
	    os_flock(fd, OS_LOCK_SHARED) == 0)
		done = fchmod(fd,
			   now.st_mode & 07777 &
			       ~(mode_t)(S_IWGRP | S_IWOTH)) == 0;
	(void)fs_close(fd);
	return done;
}

/* Removes a file that nobody holds; true if that was done. */
static int
discard(const struct doctor *d, const char *name, const struct stat *st)
{
	int fd, done = 0;
	struct stat now;

	if (spool_take(d->spool, d->dir, name, &fd) != SPOOL_OK)
		return 0;
	if (fstat(fd, &now) == 0 && now.st_ino == st->st_ino)
		done = unlinkat(d->spool->dir[d->dir], name, 0) == 0;
	spool_release(fd);
	return done;
}

/* Root may put its files anywhere, but no worker can write to its jobs. */
static void
check_mode(struct doctor *d, const char *name, const struct stat *st)
{
	int is_job = d->dir >= 0 && d->dir < JOB_STATES;

	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && sure(d, MODE))
		tell(d, MODE, d->repairing && protect(d, name, st), name,
		    "%s may write it",
		    st->st_mode & S_IWOTH ? "others" : "its group");
	/* What is dead because of that was dealt with. */
	if (st->st_uid != d->owner && (st->st_uid != 0 || is_job) &&
	    (d->dir != SPOOL_DEAD || st->st_uid == 0) && sure(d, OWNER))
		tell(d, OWNER, 0, name,
		    "belongs to user %ld, but the spool to user %ld",
		    (long)st->st_uid, (long)d->owner);
}

/* Backups by cp -al have linked all that has ended: that is not told. */
static void
check_links(struct doctor *d, const char *name, const struct stat *st)
{
	if (st->st_nlink < 2 || d->dir == SPOOL_COMPLETED ||
	    d->dir == SPOOL_DEAD || !sure(d, LINKS))
		return;
	tell(d, LINKS, 0, name,
	    "has %lu names, which are one job: they share its lock and its "
	    "history",
	    (unsigned long)st->st_nlink);
}

/* ---- What a job file says ---- */

/* A job that runs while another one of its ID is to be tried again. */
static void
check_twins(struct doctor *d, const char *name, const struct stat *st)
{
	struct stat other, again;

	if (d->dir != SPOOL_FAILED ||
	    !is_there(d, SPOOL_PROCESSING, name, &other) ||
	    !is_there(d, SPOOL_FAILED, name, &again) ||
	    again.st_ino != st->st_ino)
		return;
	/* The same file, seen twice, has only moved. */
	if ((other.st_ino != st->st_ino || st->st_nlink > 1) && sure(d, TWINS))
		tell(d, TWINS, 0, name, "is also in processing/");
}

/* Attempts are counted from 1, none is left out, and each ends once. */
static void
check_attempts(struct doctor *d, const struct record *r)
{
	int begun = 0, ended = 0, wrong = 0;
	const struct job_event *e = NULL;
	size_t i;

	for (i = 0; i < r->job.nevents && !wrong; i++) {
		e = &r->job.events[i];
		if (e->state == JOB_PROCESSING) {
			wrong = e->attempt != begun + 1;
			begun += !wrong;
		} else if (e->attempt > 0) {
			wrong = e->attempt != begun || ended == begun;
			ended = begun;
		}
	}
	if (!wrong || !sure(d, ATTEMPTS))
		return;
	if (e->state == JOB_PROCESSING)
		tell(d, ATTEMPTS, 0, r->name, "attempt %d begins after %d",
		    e->attempt, begun);
	else
		tell(d, ATTEMPTS, 0, r->name,
		    "attempt %d ends, but the last one was %d%s", e->attempt,
		    begun, e->attempt == begun ? ", which has ended" : "");
}

static void
check_times(struct doctor *d, const struct record *r)
{
	int64_t latest = r->mtime;
	char time[WHEN_SIZE];
	size_t i;

	for (i = 0; i < r->job.nevents; i++)
		if (r->job.events[i].time > latest)
			latest = r->job.events[i].time;
	if (r->job.created_at > latest)
		latest = r->job.created_at;
	if (latest <= d->options->now + DOCTOR_FUTURE || !sure(d, FUTURE))
		return;
	when_format_s(time, latest);
	tell(d, FUTURE, 0, r->name, "tells of %s, which is still to come",
	    time);
}

/* A last line without its newline, after whole state lines. */
static int
is_torn(const struct record *r)
{
	return r->parsed != JOB_HALF && r->job.nevents > 0 &&
	    r->text.len <= JOB_FILE_MAX && r->job.whole < r->text.len;
}

/* Under the lock: cuts the torn line off; true if that was done. */
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

/* Whoever writes a file that is only half there may still be at it. */
static void
check_text(struct doctor *d, const struct record *r, const struct stat *st)
{
	int64_t changed = change_time(st);

	if (r->mtime > changed)
		changed = r->mtime;
	if (is_torn(r) && sure(d, TORN))
		tell(d, TORN, d->repairing && cut(d, r->name), r->name,
		    "its last line has no end, and does not count");
	if (d->dir == SPOOL_DEAD || r->parsed == JOB_OK || r->strange ||
	    (r->parsed == JOB_HALF &&
		d->options->now - changed < d->spool->settle))
		return;
	if (sure(d, UNREADABLE))
		tell(d, UNREADABLE, 0, r->name, "%s%s", r->error.what,
		    d->dir == SPOOL_COMPLETED ?
			"" :
			"; a worker will move it to dead/");
}

static void
check_place(struct doctor *d, const struct record *r)
{
	int last = r->job.last;

	if (last == JOB_NO_STATE || last == d->dir || !sure(d, MOVED))
		return;
	tell(d, MOVED, 0, r->name,
	    "its last line says %s: it was moved by hand, or a command was "
	    "cut short",
	    job_state_name(last));
}

/* ---- Jobs ---- */

/*
 * Of an ended job that moves on in this moment, when a new one gets its ID,
 * not even the lock is looked at: not before the next look.
 */
static int
is_young(const struct doctor *d, const struct stat *st)
{
	return d->look == 0 && d->options->now - change_time(st) < DOCTOR_YOUNG;
}

/*
 * True if the lock of a job that is not being run is held; then it is let
 * alone.  To look would keep a worker from a job that waits: this is done
 * only if there is something wrong with it.
 */
static int
check_held(struct doctor *d, const struct record *r, const struct stat *st)
{
	int ended = d->dir == SPOOL_COMPLETED || d->dir == SPOOL_DEAD;
	int held;

	if (d->look == 0 && !ended && r->job.last != JOB_PROCESSING)
		return 0;
	if (d->look == 0 && (!ended || is_young(d, st))) {
		(void)sure(d, HELD);
		return 0;
	}
	held = is_held(d, d->dir, r->name);
	if (held == 1 && sure(d, HELD))
		tell(d, HELD, 0, r->name,
		    "a process that it left holds its lock: no job of this "
		    "ID can start");
	return held != 0;
}

static int
recover(const struct doctor *d, const char *name)
{
	enum claim_result result;
	struct claim c;

	result = claim_recover(&c, d->spool, &d->conf, name);
	if (result != CLAIM_OK && result != CLAIM_UNSYNCED)
		return 0;
	claim_drop(&c);
	return 1;
}

/* What is in processing/ is somebody's, or it is to be recovered. */
static void
check_running(struct doctor *d, const struct record *r)
{
	const struct job_event *run = record_run(r);
	struct claim_lease lease;
	char text[SPOOL_WHY_MAX];
	int held;

	if (run != NULL && record_run_alive(d->spool, run))
		return;
	held = is_held(d, SPOOL_PROCESSING, r->name);
	if (held == 1 && run != NULL && sure(d, ORPHANED))
		tell(d, ORPHANED, 0, r->name,
		    "its worker is gone, but the job, or a process that it "
		    "left, holds its lock");
	if (held != 0)
		return;
	if (r->strange ||
	    !claim_leased(d->spool, &d->conf, &r->job, r->mtime, &lease)) {
		if (sure(d, LOST))
			tell(d, LOST, d->repairing && recover(d, r->name),
			    r->name, "nobody runs it");
	} else if (sure(d, LEASED)) {
		claim_lease_text(d->spool, r->name, &lease, text);
		tell(d, LEASED, 0, r->name, "%s", text);
	}
}

static void
check_record(struct doctor *d, const struct record *r, const struct stat *st)
{
	if (d->dir == SPOOL_PROCESSING) {
		check_running(d, r);
	} else if (!check_held(d, r, st)) {
		check_text(d, r, st);
		check_place(d, r);
		check_attempts(d, r);
		check_times(d, r);
		check_twins(d, r->name, st);
	}
}

static void
check_job(struct doctor *d, const char *name, const struct stat *st)
{
	struct record r;

	if (job_id_valid(name) && !spool_is_job(d->dir, name)) {
		if (d->options->now - change_time(st) > SPOOL_TMP_AGE &&
		    sure(d, FOREIGN))
			tell(d, FOREIGN, 0, name,
			    "ends in %s: it is no job until it is renamed",
			    job_name_unfinished(name));
		return;
	}
	if (!spool_is_job(d->dir, name)) {
		if (sure(d, FOREIGN))
			tell(d, FOREIGN, 0, name, "%s",
			    job_name_old(name) ?
				"is the name of an older record, which is "
				"never run" :
				"is not the ID of a job");
		return;
	}
	check_links(d, name, st);
	switch (record_read(d->spool, d->dir, name, &r)) {
	case SPOOL_OK:
		/* Another one by now?  It will be seen, if it stays. */
		if (r.inode == st->st_ino)
			check_record(d, &r, st);
		record_free(&r);
		break;
	case SPOOL_ERROR:
		if (sure(d, UNREADABLE))
			tell(d, UNREADABLE, 0, name, "%s", strerror(errno));
		break;
	default:
		break;
	}
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
 * The state of the job that has made such an attempt, or JOB_NO_STATE.  A new
 * job may wait while an ended one has its ID; *ran: the most that any of them
 * has made, -1 if there is none.
 */
static int
find_job(struct doctor *d, const char *id, int attempt, int *ran)
{
	struct record r;
	int dir;

	*ran = -1;
	for (dir = 0; dir < JOB_STATES; dir++) {
		switch (record_read(d->spool, dir, id, &r)) {
		case SPOOL_OK:
			if (r.job.attempts > *ran)
				*ran = r.job.attempts;
			record_free(&r);
			if (*ran >= attempt)
				return dir;
			break;
		case SPOOL_ERROR:
			*ran = attempt; /* nobody can tell */
			break;
		default:
			break;
		}
	}
	return JOB_NO_STATE;
}

/*
 * The state of the record of ID if it is to be renamed to `old`, an ID~TIME
 * whose outputs are there already; or JOB_NO_STATE.  Cuts `old` to the ID.
 */
static int
find_archived(struct doctor *d, char *old)
{
	static const int ended[] = { SPOOL_COMPLETED, SPOOL_DEAD };
	char wanted[SPOOL_OUTPUT_MAX], name[JOB_NAME_MAX + 1];
	const struct job_event *e;
	struct record r;
	int i;

	snprintf(wanted, sizeof wanted, "%s", old);
	old[strcspn(old, "~")] = '\0';
	for (i = 0; i < 2 && strcmp(old, wanted) != 0; i++) {
		if (record_read(d->spool, ended[i], old, &r) != SPOOL_OK)
			continue;
		e = job_last_event(&r.job, JOB_NO_STATE);
		if (spool_archive_name(d->spool, old,
			e != NULL ? e->time : r.mtime, name) == -1)
			name[0] = '\0';
		record_free(&r);
		if (strcmp(name, wanted) == 0)
			return ended[i];
	}
	return JOB_NO_STATE;
}

/* True if a process is known to have an output open. */
static int
is_open(const struct doctor *d, const char *name)
{
	int fd = fs_open(d->spool->dir[SPOOL_OUTPUT], name,
	    O_WRONLY | O_APPEND | O_NONBLOCK, 0);
	int open;

	if (fd == -1)
		return 0;
	open = os_sole_open(fd) == -1 && errno == EAGAIN;
	(void)fs_close(fd);
	return open;
}

/*
 * Removes an output that is still empty, under the lock of its job: that
 * cannot begin again, nor leave its ID to another one, meanwhile.  One that
 * somebody has open, a process that the job has left, stays.
 */
static int
remove_empty(const struct doctor *d, int dir, const char *id, const char *name)
{
	int fd, done;
	struct stat st;

	if (spool_take(d->spool, dir, id, &fd) != SPOOL_OK)
		return 0;
	done = !is_open(d, name) && is_there(d, SPOOL_OUTPUT, name, &st) &&
	    st.st_size == 0 &&
	    unlinkat(d->spool->dir[SPOOL_OUTPUT], name, 0) == 0;
	spool_release(fd);
	return done;
}

/* An output whose job there is not. */
static void
check_stray(struct doctor *d, const char *name, char *id)
{
	int dir = find_archived(d, id);

	if (dir == JOB_NO_STATE) {
		if (sure(d, OUTPUT))
			tell(d, OUTPUT, 0, name, "its job is gone");
	} else if (is_held(d, dir, id) == 0 && sure(d, ARCHIVE)) {
		tell(d, ARCHIVE,
		    d->repairing && spool_archive(d->spool, id) == SPOOL_OK,
		    name, "the record of %s was not renamed with it", id);
	}
}

static void
check_output(struct doctor *d, const char *name, const struct stat *st)
{
	char id[SPOOL_OUTPUT_MAX] = "";
	int attempt, dir, ran;

	if (strlen(name) < sizeof id)
		snprintf(id, sizeof id, "%s", name);
	attempt = parse_output(id);
	if (attempt == 0) {
		if (sure(d, FOREIGN))
			tell(d, FOREIGN, 0, name, "is no output of a job");
		return;
	}
	dir = find_job(d, id, attempt, &ran);
	if (dir == JOB_NO_STATE && ran == -1) {
		check_stray(d, name, id);
	} else if (ran < attempt) {
		if (sure(d, OUTPUT))
			tell(d, OUTPUT, 0, name, "its job has run %d time%s",
			    ran, ran == 1 ? "" : "s");
	} else if (dir != JOB_NO_STATE && dir != SPOOL_PROCESSING &&
	    st->st_size == 0 && sure(d, EMPTY) && !is_open(d, name)) {
		tell(d, EMPTY, d->repairing && remove_empty(d, dir, id, name),
		    name, "is empty, and its run is over");
	}
}

/* ---- The rest of the spool ---- */

/* True if it is a request, and somebody may obey it: -1 if it is none. */
static int
is_wanted(const struct doctor *d, const char *name)
{
	const char *whom = strchr(name, '.');
	struct stat st;

	if (whom == NULL || !job_name_valid(++whom))
		return -1;
	if (strncmp(name, "cancel.", 7) == 0)
		return is_there(d, SPOOL_PROCESSING, whom, &st);
	if (strncmp(name, "stop.", 5) == 0 ||
	    strncmp(name, "interrupt.", 10) == 0)
		return registry_alive(d->spool, whom) != 0;
	return -1;
}

static void
check_request(struct doctor *d, const char *name, const struct stat *st)
{
	int wanted = is_wanted(d, name);

	if (wanted == -1 && sure(d, FOREIGN))
		tell(d, FOREIGN, 0, name, "is no request");
	if (wanted == 0 && sure(d, REQUEST))
		tell(d, REQUEST, d->repairing && discard(d, name, st), name,
		    "there is nobody to obey it");
}

/* True if another host has touched the entry, whatever its lock says here. */
static int
may_live_elsewhere(const struct doctor *d, const char *name,
    const struct stat *st)
{
	return !registry_is_local(d->spool, name) &&
	    d->options->now - spool_time(st) < REGISTRY_QUIET;
}

/* A name that no entry can have is not opened. */
static void
check_worker(struct doctor *d, const char *name, const struct stat *st)
{
	if (!registry_is_name(name)) {
		if (sure(d, FOREIGN))
			tell(d, FOREIGN, 0, name, "is no worker");
	} else if (!may_live_elsewhere(d, name, st) &&
	    registry_alive(d->spool, name) == 0 && sure(d, WORKER)) {
		tell(d, WORKER, d->repairing && discard(d, name, st), name,
		    "its process is dead");
	}
}

/* True for WORKER.out and WORKER.err of a worker that may live. */
static int
is_spare(const struct doctor *d, const char *name)
{
	char worker[REGISTRY_NAME_MAX] = "";
	const char *dot = strrchr(name, '.');

	if (dot == NULL || (size_t)(dot - name) >= sizeof worker)
		return 0;
	memcpy(worker, name, (size_t)(dot - name));
	return (strcmp(dot, ".out") == 0 || strcmp(dot, ".err") == 0) &&
	    registry_alive(d->spool, worker) != 0;
}

/* What was being written 36 hours ago is not any more. */
static void
check_tmp(struct doctor *d, const char *name, const struct stat *st)
{
	if (d->options->now - change_time(st) <= SPOOL_TMP_AGE ||
	    is_held(d, SPOOL_TMP, name) != 0 || is_spare(d, name))
		return;
	if (sure(d, LEFT))
		tell(d, LEFT, d->repairing && discard(d, name, st), name,
		    "was left there");
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
	    strcmp(name, "paused") == 0 || strcmp(name, "lost+found") == 0;
}

static void
check_part(struct doctor *d, const char *name, const struct stat *st)
{
	(void)st;
	if (!is_part(name) && sure(d, FOREIGN))
		tell(d, FOREIGN, 0, name, "is no part of a spool");
}

/* ---- All of it ---- */

/* In an order in which one repair seldom brings another to light. */
static const struct {
	int dir;
	void (
	    *check)(struct doctor *d, const char *name, const struct stat *st);
} parts[] = { { SPOOL_TOP, check_part }, { SPOOL_TMP, check_tmp },
	{ SPOOL_WORKERS, check_worker }, { SPOOL_CONTROL, check_request },
	{ SPOOL_PROCESSING, check_job }, { SPOOL_PENDING, check_job },
	{ SPOOL_FAILED, check_job }, { SPOOL_COMPLETED, check_job },
	{ SPOOL_DEAD, check_job }, { SPOOL_OUTPUT, check_output } };
#define PARTS (sizeof parts / sizeof parts[0])

/*
 * When it was last changed, as far as that tells one file from the next one
 * of its name, which may well have the inode of the last.
 */
static int64_t
version(const struct doctor *d, const struct stat *st)
{
	return d->dir == SPOOL_OUTPUT ||
		(d->dir >= 0 && d->dir < JOB_STATES && S_ISREG(st->st_mode)) ?
	    change_time(st) :
	    0;
}

/* Looks at an entry: d->kinds is what is found. */
static void
look_at(struct doctor *d, const char *name, const struct stat *st)
{
	d->kinds = 0;
	/* Temporary files of rsync(1), of NFS and the like. */
	if (name[0] == '.' && d->dir != SPOOL_TMP)
		return;
	if (S_ISREG(st->st_mode) && d->dir != SPOOL_TMP)
		check_mode(d, name, st);
	if (!S_ISREG(st->st_mode) && d->dir != SPOOL_TOP) {
		if (d->dir != SPOOL_TMP && sure(d, FOREIGN))
			tell(d, FOREIGN, 0, name, "is no regular file");
		return;
	}
	parts[d->part].check(d, name, st);
}

static int
add_suspect(struct doctor *d, const char *name, const struct stat *st)
{
	struct suspect *s;

	if ((d->nsuspects & (d->nsuspects + 1)) == 0) {
		s = realloc(d->suspect, (d->nsuspects + 1) * 2 * sizeof *s);
		if (s == NULL)
			return -1;
		d->suspect = s;
	}
	s = &d->suspect[d->nsuspects];
	s->part = d->part;
	s->inode = st->st_ino;
	s->changed = version(d, st);
	s->kinds = d->kinds;
	s->name = strdup(name);
	if (s->name == NULL)
		return -1;
	d->nsuspects++;
	return 0;
}

static int
scan_one(void *arg, const char *name, uint64_t inode)
{
	struct doctor *d = arg;
	struct stat st;

	(void)inode;
	if (!is_there(d, d->dir, name, &st))
		return 0;
	look_at(d, name, &st);
	return d->kinds != 0 ? add_suspect(d, name, &st) : 0;
}

/* Looks again at a suspect; true if it still is one. */
static int
look_again(struct doctor *d, struct suspect *s)
{
	struct stat st;

	d->part = s->part;
	d->dir = parts[s->part].dir;
	d->before = s->kinds;
	if (!is_there(d, d->dir, s->name, &st) || st.st_ino != s->inode ||
	    version(d, &st) != s->changed)
		return 0;
	look_at(d, s->name, &st);
	s->kinds &= d->kinds;
	return s->kinds != 0;
}

static void
forget_suspects(struct doctor *d)
{
	while (d->nsuspects > 0)
		free(d->suspect[--d->nsuspects].name);
	free(d->suspect);
	d->suspect = NULL;
}

/* Scans the spool, and watches what seems wrong until it is sure. */
static void
examine(struct doctor *d)
{
	struct suspect *s;
	size_t i, kept;

	d->look = d->repaired = 0;
	buf_clear(&d->left);
	d->before = 0;
	for (d->part = 0; d->part < PARTS; d->part++) {
		d->dir = parts[d->part].dir;
		if (spool_scan(d->spool, d->dir, scan_one, d) == -1)
			d->error = errno;
	}
	for (d->look = 1; d->look <= DOCTOR_LOOKS && d->nsuspects > 0;
	     d->look++) {
		(void)poll(NULL, 0,
		    (int)(d->options->patience / DOCTOR_LOOKS / 1000));
		for (i = kept = 0; i < d->nsuspects; i++) {
			s = &d->suspect[i];
			if (look_again(d, s))
				d->suspect[kept++] = *s;
			else
				free(s->name);
		}
		d->nsuspects = kept;
	}
	forget_suspects(d);
}

/* True if nothing speaks against a repair: who may write, what is set. */
static int
is_sound(struct doctor *d)
{
	char error[CONF_ERROR_MAX];
	const char *why;
	int sound = 1;

	for (d->dir = SPOOL_TOP; d->dir < SPOOL_DIRS; d->dir++) {
		why = spool_unsafe(d->spool, d->dir);
		if (why == NULL)
			continue;
		tell(d, UNSAFE, 0, NULL, "%s", why);
		sound = 0;
	}
	d->dir = SPOOL_TOP;
	if (conf_load(d->spool->fd, &d->conf, error) == -1) {
		conf_defaults(&d->conf);
		tell(d, CONFIG, 0, "config", "%s", error);
		sound = 0;
	}
	d->spool->durable = d->conf.durability == CONF_FULL;
	return sound;
}

int
doctor_run(struct spool *s, const struct doctor_options *options,
    void (*found)(void *arg, const struct doctor_finding *f), void *arg)
{
	struct doctor d;
	struct stat st;
	int rounds;

	if (s->fd == -1)
		return 0;
	memset(&d, 0, sizeof d);
	d.spool = s;
	d.options = options;
	d.found = found;
	d.arg = arg;
	if (fstat(s->fd, &st) == -1)
		return -1;
	d.owner = st.st_uid;
	d.repairing = is_sound(&d) && options->repair;
	tell_left(&d);
	/* One repair may bring another to light. */
	for (rounds = 0; rounds < DOCTOR_ROUNDS; rounds++) {
		examine(&d);
		if (!d.repaired)
			break;
	}
	tell_left(&d);
	buf_free(&d.left);
	errno = d.error;
	return d.error == 0 ? 0 : -1;
}
