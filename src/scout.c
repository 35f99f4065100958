#include "scout.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "job.h"
#include "os.h"
#include "text.h"

/* The directories that are watched, in the order of scout.watch. */
enum {
	WATCH_PENDING,
	WATCH_FAILED,
	WATCH_CONTROL,
	WATCH_SPOOL,
	WATCH_WORKERS,
	WATCHES
};

int
scout_open(struct scout *sc, struct spool *spool, const struct conf *conf,
    struct log *log, struct index *index)
{
	const int fds[WATCHES] = { spool->dir[SPOOL_PENDING],
		spool->dir[SPOOL_FAILED], spool->dir[SPOOL_CONTROL], spool->fd,
		spool->dir[SPOOL_WORKERS] };
	int i;

	memset(sc, 0, sizeof *sc);
	sc->spool = spool;
	sc->conf = conf;
	sc->log = log;
	sc->index = index;
	sc->watch_fd = os_watch_open();
	for (i = 0; i < WATCHES && sc->watch_fd != -1; i++) {
		sc->watch[i] =
		    os_watch_add(sc->watch_fd, fds[i], i >= WATCH_SPOOL);
		if (sc->watch[i] == -1) {
			log_error(log, "polling", strerror(errno));
			scout_close(sc);
		}
	}
	sc->sees_all = sc->watch_fd != -1 && os_watch_sees_all(spool->fd);
	return 0;
}

void
scout_close(struct scout *sc)
{
	if (sc->watch_fd != -1)
		(void)fs_close(sc->watch_fd);
	sc->watch_fd = -1;
	sc->sees_all = 0;
}

void
scout_name(struct scout *sc, struct index_entry *e, const char *what)
{
	struct buf line = BUF_EMPTY, path = BUF_EMPTY;
	char room[INDEX_ROOM];

	if (e->named)
		return;
	e->named = 1;
	buf_printf(&path, "%s/%s", spool_dir_name((int)e->dir),
	    index_name(e, room));
	buf_puts(&line, "event=left-alone file=");
	text_logfmt(&line, buf_text(&path), path.len);
	buf_free(&path);
	buf_puts(&line, " error=");
	text_logfmt(&line, what, strlen(what));
	log_line(sc->log, buf_text(&line));
	buf_free(&line);
}

static void
ignore(struct scout *sc, struct index_entry *e, const char *what)
{
	scout_name(sc, e, what);
	index_set_aside(sc->index, e, INDEX_IGNORED);
}

/* Tells one time of change from another; never 0. */
static uint32_t
change_mark(const struct stat *st)
{
	uint64_t ns = (uint64_t)st->st_ctim.tv_sec * 1000000000U +
	    (uint64_t)st->st_ctim.tv_nsec;

	return (uint32_t)((ns * UINT64_C(0x9E3779B97F4A7C15)) >> 32) | 1;
}

/* Enters what the file says; what cannot be accepted is for the claim. */
static void
enter(struct scout *sc, struct index_entry *e, int fd)
{
	struct buf text = BUF_EMPTY;
	struct job_error error;
	enum job_parsed parsed;
	struct job job;
	int64_t now = fs_now(), known = index_known(e, fs_mono());
	int64_t due = 0, since;
	struct stat st;
	int priority;

	if (fstat(fd, &st) == -1 || spool_read(fd, &text) == -1) {
		scout_name(sc, e, strerror(errno));
		index_delay(sc->index, e, now + SCOUT_UNREADABLE);
		buf_free(&text);
		return;
	}
	e->changed = change_mark(&st);
	parsed = job_parse(&job, buf_text(&text), text.len, &error);
	if (!spool_trusts(sc->spool->owner, &st))
		parsed = JOB_BAD; /* dead at once, whatever it says */
	if (parsed == JOB_OK)
		due = claim_due(sc->conf, &job, (int)e->dir, now, known);
	else if (parsed == JOB_HALF)
		due = claim_settled(sc->spool, fd, now, known);
	job_order(&job, spool_time(&st), &since, &priority);
	e->half = parsed == JOB_HALF;
	index_set(sc->index, e, due > now ? due : 0, since, priority);
	job_free(&job);
	buf_free(&text);
}

/* Reads the file of an entry that is not held. */
static void
examine(struct scout *sc, struct index_entry *e)
{
	char room[INDEX_ROOM];
	const char *name = index_name(e, room);
	enum spool_result r;
	struct stat st;
	int fd = -1;

	if (!job_id_valid(name)) {
		ignore(sc, e, "not a job ID");
		return;
	}
	r = spool_open_job(sc->spool, (int)e->dir, name, &fd);
	if (r == SPOOL_OK) {
		e->busy = 0;
		enter(sc, e, fd);
		(void)fs_close(fd);
	} else if (r == SPOOL_GONE) {
		sc->gone = 1;
		index_remove(sc->index, e);
	} else if (r == SPOOL_FOREIGN) {
		ignore(sc, e, "not a regular file");
	} else if (spool_distrusts(sc->spool, (int)e->dir, name, &st)) {
		index_set(sc->index, e, 0, spool_time(&st), 0);
	} else {
		scout_name(sc, e, strerror(errno));
		index_delay(sc->index, e, fs_now() + SCOUT_UNREADABLE);
	}
}

/* Tells one inode from another, as far as 32 bits can; 0: not known. */
static uint32_t
inode_mark(uint64_t inode)
{
	return (uint32_t)(inode ^ inode >> 32);
}

void
scout_enter(struct scout *sc, int dir, const char *name, uint64_t inode)
{
	struct index_entry *e;

	/* In silence: it is being copied or edited, and will be renamed. */
	if (name[0] == '.' ||
	    (dir == SPOOL_PENDING && job_name_unfinished(name) != NULL))
		return;
	e = index_add(sc->index, dir, name, fs_mono());
	if (e == NULL)
		return; /* out of memory: the next scan finds it */
	e->mark = sc->mark & 255;
	if (e->place == INDEX_HELD) {
		e->again = 1;
		return;
	}
	if (inode != 0 && inode_mark(inode) != e->inode)
		e->named = 0;
	e->inode = inode_mark(inode);
	index_see(e, fs_mono());
	examine(sc, e);
}

void
scout_examine(struct scout *sc, int dir, const char *name)
{
	struct index_entry *e = index_find(sc->index, dir, name);

	if (e == NULL)
		scout_enter(sc, dir, name, 0);
	else if (e->place != INDEX_HELD)
		examine(sc, e);
}

static void
examine_one(void *arg, struct index_entry *e)
{
	examine(arg, e);
}

void
scout_clock_set(struct scout *sc)
{
	index_each_later(sc->index, examine_one, sc);
}

/* ---- Scanning ---- */

static int
scan_one(void *arg, const char *name, uint64_t inode)
{
	struct scout *sc = arg;
	struct index_entry *e = index_find(sc->index, sc->dir, name);
	struct stat st;

	/* One that is known by an event has none. */
	if (e != NULL && e->inode == 0 && e->place != INDEX_HELD)
		e->inode = inode_mark(inode);
	if (e == NULL || e->inode != inode_mark(inode)) {
		scout_enter(sc, sc->dir, name, inode);
		return 0;
	}
	/*
	 * The same file need not be read again, unless it was half there.  An
	 * inode number says little: a new file often gets that of the last
	 * one removed.
	 */
	e->mark = sc->mark & 255;
	if (e->place != INDEX_HELD && e->place != INDEX_IGNORED &&
	    e->changed != 0 &&
	    fstatat(sc->spool->dir[sc->dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
		0 &&
	    change_mark(&st) != e->changed) {
		scout_enter(sc, sc->dir, name, inode);
		return 0;
	}
	if (e->half)
		scout_examine(sc, sc->dir, name);
	return 0;
}

void
scout_scan(struct scout *sc)
{
	static const int dirs[] = { SPOOL_PENDING, SPOOL_FAILED };
	int i;

	sc->lost = 0;
	sc->trouble = 0;
	for (i = 0; i < 2; i++) {
		sc->mark++;
		sc->dir = dirs[i];
		/* A directory that cannot be read is not an empty one. */
		if (spool_scan(sc->spool, dirs[i], scan_one, sc) == -1)
			sc->trouble = errno;
		else
			index_sweep(sc->index, dirs[i], sc->mark);
	}
}

/* ---- Events ---- */

/*
 * A file was closed after writing: somebody has edited it, or has just
 * finished it; or a worker had it open to claim it.  The last must not make
 * a busy job look new, or it would be tried without end.
 */
static void
file_written(struct scout *sc, int dir, const char *name)
{
	struct index_entry *e = index_find(sc->index, dir, name);

	if (e != NULL && e->place == INDEX_HELD)
		e->written = 1;
	else if (e == NULL || !e->busy)
		scout_examine(sc, dir, name);
}

static void
seen(void *arg, const struct os_event *event)
{
	struct scout *sc = arg;
	int dir = event->watch == sc->watch[WATCH_FAILED] ? SPOOL_FAILED :
							    SPOOL_PENDING;

	if (event->watch == -1 || event->name[0] == '\0')
		sc->lost = 1; /* events, or the directory itself */
	else if (event->watch == sc->watch[WATCH_CONTROL])
		sc->control = 1;
	else if (event->watch == sc->watch[WATCH_SPOOL])
		sc->config = 1;
	else if (event->watch == sc->watch[WATCH_WORKERS])
		sc->workers = 1;
	else if (event->written)
		file_written(sc, dir, event->name);
	else
		scout_enter(sc, dir, event->name, 0);
}

void
scout_look(struct scout *sc)
{
	if (sc->watch_fd == -1 || os_watch_read(sc->watch_fd, seen, sc) == 0)
		return;
	/* It would say so again at once: look at the directories instead. */
	log_error(sc->log, "polling", strerror(errno));
	scout_close(sc);
	sc->lost = 1;
}
