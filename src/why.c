#include "why.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "os.h"
#include "registry.h"
#include "when.h"

#define WHY_PAUSED_MAX 1024 /* bytes of SPOOL/paused that are looked at */
#define WHY_LOCK_LOOKS 5    /* at a lock, until it is somebody's, */
#define WHY_LOCK_MS    8    /* and between two of them */

/* A job being asked about, and whom to tell. */
struct why {
	struct spool *spool;
	const struct conf *conf;
	const struct record *r;
	int64_t now;
	void (*found)(void *arg, const char *reason);
	void *arg;
	int count; /* of the reasons told */
};

/* Tells a reason, and empties it. */
static void
tell(struct why *w, struct buf *reason)
{
	w->found(w->arg, buf_text(reason));
	w->count++;
	buf_clear(reason);
}

/* True if there is an entry of the job's name in that state. */
static int
namesake(const struct why *w, int dir)
{
	struct stat st;

	return fstatat(w->spool->dir[dir], w->r->name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0;
}

/* Appends who calls us: the name of the user, or the number. */
static void
put_user(struct buf *out)
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw != NULL)
		buf_puts(out, pw->pw_name);
	else
		buf_printf(out, "user %ld", (long)getuid());
}

void
why_pausing(int64_t now, const char *reason, struct buf *out)
{
	char time[WHEN_SIZE];

	when_format_s(time, now);
	put_user(out);
	buf_printf(out, " since %s", time);
	if (reason != NULL) {
		buf_puts(out, ": ");
		buf_puts(out, reason);
	}
	buf_putc(out, '\n');
}

void
why_paused(const struct spool *s, struct buf *out)
{
	struct buf text = BUF_EMPTY;
	size_t len = 0;

	if (fs_read_file(s->fd, "paused", &text, WHY_PAUSED_MAX) == 0)
		len = strcspn(buf_text(&text), "\n");
	if (len > 0)
		buf_add(out, buf_text(&text), len);
	else
		buf_puts(out, "yes");
	buf_free(&text);
}

/* What keeps any job from starting. */
static void
ask_spool(struct why *w, struct buf *reason)
{
	int64_t room = spool_free_bytes(w->spool);

	if (spool_paused(w->spool)) {
		buf_puts(reason, "the queue is paused: ");
		why_paused(w->spool, reason);
		tell(w, reason);
	}
	if (room >= 0 && room < w->conf->min_free_bytes) {
		buf_printf(reason,
		    "only %lld bytes are free, fewer than min_free_bytes "
		    "(%ld)",
		    (long long)room, w->conf->min_free_bytes);
		tell(w, reason);
	}
	if (registry_workers(w->spool) == 0) {
		buf_puts(reason,
		    "no worker is running: start one with "
		    "'queuectl worker start'");
		tell(w, reason);
	}
}

/* Whose file it is that is not run, and what to do about it. */
static void
put_strange(const struct why *w, struct buf *out)
{
	const struct passwd *pw = getpwuid(w->r->user);
	int dead = w->r->dir == JOB_DEAD;

	buf_puts(out, "belongs to user ");
	if (pw != NULL)
		buf_printf(out, "%s (%ld)", pw->pw_name, (long)w->r->user);
	else
		buf_printf(out, "%ld", (long)w->r->user);
	buf_printf(out, ", not to the spool's owner: %s",
	    dead ? "to run it, put a copy of it into pending/" :
		   "a worker will move it to the dead letter queue");
}

/* What in its file keeps a job from starting. */
static void
ask_file(struct why *w, struct buf *reason)
{
	const struct record *r = w->r;
	int64_t due = claim_due(w->conf, &r->job, r->dir, w->now, 0);
	char time[WHEN_SIZE], left[WHEN_SIZE];

	if (r->parsed == JOB_HALF) {
		buf_printf(reason,
		    "%s; if it does not change for %lld s it goes to the "
		    "dead letter queue",
		    r->error.what, (long long)(w->spool->settle / WHEN_SECOND));
	} else if (r->strange) {
		put_strange(w, reason);
	} else if (r->parsed == JOB_BAD) {
		buf_printf(reason,
		    "unreadable: %s; a worker will move it to the dead "
		    "letter queue",
		    r->error.what);
	} else if (due > w->now) {
		when_format(time, due);
		when_format_duration(left, due - w->now);
		buf_printf(reason, "due at %s, in %s", time, left);
	} else {
		return;
	}
	tell(w, reason);
}

/*
 * True if somebody holds the lock of what has the job's name in that state,
 * were it a shared one: a worker needs it alone.  Others who look have it for
 * a moment only, as we do.
 */
static int
is_locked(const struct why *w, int dir)
{
	int fd =
	    fs_open(w->spool->dir[dir], w->r->name, O_RDONLY | O_NONBLOCK, 0);
	int held = 1, i;

	if (fd == -1)
		return 0;
	for (i = 0; held && i < WHY_LOCK_LOOKS; i++) {
		if (i > 0)
			(void)poll(NULL, 0, WHY_LOCK_MS + (int)getpid() % 4);
		held = os_flock(fd, OS_LOCK_EXCLUSIVE) == 1;
	}
	(void)fs_close(fd);
	return held;
}

/*
 * What keeps a worker, who is the owner of the spool, from writing what has the
 * job's name in that state: the job, or an ended one that is to make room.
 */
static void
ask_mode(struct why *w, int dir, struct buf *reason)
{
	const struct spool *s = w->spool;
	const char *name = w->r->name;
	struct stat st;

	if (s->user != s->owner || spool_distrusts(s, dir, name, &st) ||
	    faccessat(s->dir[dir], name, R_OK | W_OK, AT_EACCESS) == 0 ||
	    (errno != EACCES && errno != EPERM) ||
	    fstatat(s->dir[dir], name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	buf_printf(reason,
	    "a worker cannot write %s/%s (mode %04lo, of user %ld): %s",
	    spool_dir_name(dir), name, (unsigned long)(st.st_mode & 07777),
	    (long)st.st_uid,
	    st.st_uid == s->owner ? "'chmod u+rw' lets it" :
				    "put a copy of it in its place");
	tell(w, reason);
}

/* Whose lock is in the way; a worker has it for a moment only. */
static void
ask_locks(struct why *w, struct buf *reason)
{
	if (is_locked(w, w->r->dir)) {
		buf_puts(reason, "its file is locked by somebody");
		tell(w, reason);
	}
	if (w->r->job.attempts == 0 &&
	    (is_locked(w, JOB_COMPLETED) || is_locked(w, JOB_DEAD))) {
		buf_printf(reason,
		    "a process that an ended job of this ID left holds its "
		    "lock: 'queuectl purge --force %s' removes that job",
		    w->r->name);
		tell(w, reason);
	}
}

static void
ask_waiting(struct why *w, struct buf *reason)
{
	ask_file(w, reason);
	ask_mode(w, w->r->dir, reason);
	if (w->r->job.attempts == 0) {
		ask_mode(w, JOB_COMPLETED, reason);
		ask_mode(w, JOB_DEAD, reason);
	}
	if (namesake(w, JOB_PROCESSING)) {
		buf_puts(reason,
		    "an older job of this ID is running: it waits for it");
		tell(w, reason);
	} else if (w->r->dir == JOB_PENDING && namesake(w, JOB_FAILED)) {
		buf_puts(reason,
		    "an older job of this ID is to be tried again: it "
		    "waits for it");
		tell(w, reason);
	}
	ask_locks(w, reason);
	ask_spool(w, reason);
	if (w->count == 0) {
		buf_puts(reason, "due: it waits for an idle worker");
		tell(w, reason);
	}
	if (w->r->job.stops >= JOB_STOPS_BEHIND) {
		buf_printf(reason,
		    "it was stopped %d times in a row: what waited before "
		    "the last of them goes first",
		    w->r->job.stops);
		tell(w, reason);
	}
}

static void
ask_processing(struct why *w, struct buf *reason)
{
	const struct job_event *run = record_run(w->r);
	struct claim_lease lease;
	char text[SPOOL_WHY_MAX];

	if (run != NULL && record_run_alive(w->spool, run))
		return;
	if (is_locked(w, JOB_PROCESSING)) {
		buf_puts(reason,
		    "orphaned: its worker is gone, but the job, or a "
		    "process that it left, still holds its lock");
	} else if (!w->r->strange &&
	    claim_leased(w->spool, w->conf, &w->r->job, w->r->mtime, &lease)) {
		claim_lease_text(w->spool, w->r->name, &lease, text);
		buf_puts(reason, text);
	} else {
		buf_puts(reason,
		    "its worker died: a supervisor will put it back");
	}
	tell(w, reason);
}

void
why_stuck(struct spool *s, const struct conf *conf,
    void (*found)(void *arg, const char *reason), void *arg)
{
	struct why w = { s, conf, NULL, 0, found, arg, 0 };
	struct buf reason = BUF_EMPTY;

	ask_spool(&w, &reason);
	buf_free(&reason);
}

void
why_each(struct spool *s, const struct conf *conf, const struct record *r,
    int64_t now, void (*found)(void *arg, const char *reason), void *arg)
{
	struct why w = { s, conf, r, now, found, arg, 0 };
	struct buf reason = BUF_EMPTY;

	switch (r->dir) {
	case JOB_PENDING:
	case JOB_FAILED:
		ask_waiting(&w, &reason);
		break;
	case JOB_PROCESSING:
		ask_processing(&w, &reason);
		break;
	default:
		if (r->parsed == JOB_OK)
			break;
		if (r->strange)
			put_strange(&w, &reason);
		else
			buf_printf(&reason, "%s%s",
			    r->parsed == JOB_BAD ? "unreadable: " : "",
			    r->error.what);
		tell(&w, &reason);
		break;
	}
	buf_free(&reason);
}
