#include "spool.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"

#define SPOOL_ARCHIVE_TRIES 1000 /* names looked at for one record */
#define SPOOL_RETRY_MS	    20

static const char *const dir_names[SPOOL_DIRS] = { "pending", "processing",
	"completed", "failed", "dead", "tmp", "output", "workers", "control" };

const char *
spool_dir_name(int dir)
{
	return dir_names[dir];
}

/* ---- Opening ---- */

static char *
join(const char *dir, const char *rest)
{
	struct buf b = BUF_EMPTY;

	buf_printf(&b, "%s%s", dir, rest);
	if (b.failed)
		buf_free(&b);
	return b.data;
}

char *
spool_path(const char *option)
{
	const char *dir = option != NULL ? option : getenv("QUEUECTL_SPOOL");

	if (dir != NULL && dir[0] != '\0')
		return join(dir, "");
	if (geteuid() == 0)
		return join("/var/spool/queuectl", "");
	dir = getenv("XDG_STATE_HOME");
	if (dir != NULL && dir[0] == '/')
		return join(dir, "/queuectl");
	dir = getenv("HOME");
	if (dir != NULL && dir[0] == '/')
		return join(dir, "/.local/state/queuectl");
	return NULL;
}

/*
 * Makes a directory and those above it, as mkdir -p does.  Returns 0, or -1
 * with the errno of the first that could not be made.
 */
static int
make_path(const char *path)
{
	char *copy = join(path, "");
	char *slash;
	int error = copy == NULL ? ENOMEM : 0;
	size_t len;

	/* With a slash behind it, it would look like a parent. */
	for (len = copy == NULL ? 0 : strlen(copy);
	     len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	for (slash = copy; error == 0 && slash != NULL;) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(copy, slash != NULL ? 0777 : 0700) == -1 &&
		    errno != EEXIST && errno != EISDIR)
			error = errno;
		if (slash != NULL)
			*slash = '/';
	}
	free(copy);
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
refuse(char why[SPOOL_WHY_MAX], const char *path, const char *what)
{
	snprintf(why, SPOOL_WHY_MAX, "%.400s: %s", path, what);
	return -1;
}

/* Where the directories must be, who may own them, who may write them. */
const char *
spool_unsafe(const struct spool *s, int dir)
{
	uid_t me = s->user;
	struct stat st;

	if (fstat(dir == SPOOL_TOP ? s->fd : s->dir[dir], &st) == -1)
		return strerror(errno);
	if (st.st_dev != s->device)
		return "all directories of a spool must be on one file system";
	if (st.st_uid != me && (me == 0 || st.st_uid != 0))
		return me == 0 ? "does not belong to root: run as its owner" :
				 "belongs to somebody else";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "group or others may write it: chmod go-w it";
	return NULL;
}

int
spool_trusts(uid_t owner, const struct stat *st)
{
	return st->st_uid == owner || st->st_uid == 0;
}

void
spool_whose(uid_t owner, const struct stat *st, char why[SPOOL_WHOSE_MAX])
{
	snprintf(why, SPOOL_WHOSE_MAX,
	    "belongs to user %ld, not to the spool's owner, user %ld",
	    (long)st->st_uid, (long)owner);
}

int
spool_distrusts(const struct spool *s, int dir, const char *name,
    struct stat *st)
{
	return fstatat(s->dir[dir], name, st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st->st_mode) && !spool_trusts(s->owner, st);
}

/* "SPOOL/pending" and so on, for what is told of it. */
static void
dir_path(char path[SPOOL_WHY_MAX], const struct spool *s, int dir)
{
	snprintf(path, SPOOL_WHY_MAX, "%.400s%s%s", s->path,
	    dir == SPOOL_TOP ? "" : "/",
	    dir == SPOOL_TOP ? "" : dir_names[dir]);
}

/* 0, or -1 and `why`: the spool, or this directory of it, is not to be used. */
static int
check_safe(const struct spool *s, int dir, enum spool_want want,
    char why[SPOOL_WHY_MAX])
{
	const char *what = want != SPOOL_EXAMINE ? spool_unsafe(s, dir) : NULL;
	char path[SPOOL_WHY_MAX];

	if (what == NULL)
		return 0;
	dir_path(path, s, dir);
	return refuse(why, path, what);
}

static int
is_ours(const char *name)
{
	int i;

	for (i = 0; i < SPOOL_DIRS; i++)
		if (strcmp(dir_names[i], name) == 0)
			return 1;
	return 0;
}

/*
 * Counts what is in a directory: names of ours, and all but dot-files.
 * Returns 0, or -1 if it cannot be read.
 */
static int
look_into(int fd, int *ours, int *all)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy != -1 ? fdopendir(copy) : NULL;
	const struct dirent *entry;

	*ours = *all = 0;
	if (dir == NULL) {
		if (copy != -1)
			(void)close(copy);
		return -1;
	}
	rewinddir(dir);
	while ((entry = readdir(dir)) != NULL) {
		*ours += is_ours(entry->d_name);
		*all += entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "lost+found") != 0;
	}
	closedir(dir);
	return 0;
}

/*
 * True if the directory may become a spool: it has a directory of ours in it
 * or nothing at all.  Keeps a mistyped -s from littering /etc.
 */
static int
may_become_spool(int fd)
{
	int ours, all;

	return look_into(fd, &ours, &all) == 0 && (ours > 0 || all == 0);
}

static int
is_empty(int fd)
{
	int ours, all;

	return look_into(fd, &ours, &all) == 0 && all == 0;
}

static int
open_dir(int at, const char *name)
{
	int fd;

	do
		fd = openat(at, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	while (fd == -1 && errno == EINTR);
	return fd;
}

/* Says why a directory of the spool cannot be opened; errno is kept. */
static int
cannot_open(const struct spool *s, int dir, char why[SPOOL_WHY_MAX])
{
	char path[SPOOL_WHY_MAX];
	int error = errno;
	int init = error == ENOENT && may_become_spool(s->fd);

	dir_path(path, s, dir);
	snprintf(why, SPOOL_WHY_MAX, "%.450s: %s%s", path, strerror(error),
	    init ? " (queuectl init makes it)" : "");
	errno = error;
	return -1;
}

/* Opens the directories below SPOOL, and makes them if that is wanted. */
static int
open_dirs(struct spool *s, enum spool_want want, char why[SPOOL_WHY_MAX])
{
	struct stat st;
	int i;

	if (fstat(s->fd, &st) == -1)
		return refuse(why, s->path, strerror(errno));
	s->device = st.st_dev;
	s->owner = st.st_uid;
	s->user = geteuid();
	if (check_safe(s, SPOOL_TOP, want, why) == -1)
		return -1;
	for (i = 0; i < SPOOL_DIRS; i++) {
		s->dir[i] = open_dir(s->fd, dir_names[i]);
		if (s->dir[i] == -1 && errno == ENOENT && want == SPOOL_MAKE) {
			if (!may_become_spool(s->fd))
				return refuse(why, s->path,
				    "not a spool, and not empty");
			(void)mkdirat(s->fd, dir_names[i], 0700);
			s->dir[i] = open_dir(s->fd, dir_names[i]);
		}
		if (s->dir[i] == -1)
			return cannot_open(s, i, why);
		if (check_safe(s, i, want, why) == -1)
			return -1;
	}
	return 0;
}

/* The host's name, in the alphabet of IDs. */
static void
set_host(struct spool *s)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t i;

	if (gethostname(s->host, sizeof s->host) == -1)
		s->host[0] = '\0';
	s->host[SPOOL_HOST_MAX] = '\0';
	if (s->host[0] == '\0')
		snprintf(s->host, sizeof s->host, "localhost");
	i = strspn(s->host, "._-") > 0 ? 0 : strspn(s->host, good);
	for (; s->host[i] != '\0'; i += 1 + strspn(s->host + i + 1, good))
		s->host[i] = '_';
}

/* One that is not open. */
static void
spool_reset(struct spool *s)
{
	int i;

	memset(s, 0, sizeof *s);
	s->fd = s->lock_fd = -1;
	for (i = 0; i < SPOOL_DIRS; i++)
		s->dir[i] = -1;
	s->durable = 1;
	s->settle = SPOOL_SETTLE;
	s->lock_wait = SPOOL_LOCK_MAX;
}

int
spool_open(struct spool *s, const char *path, enum spool_want want,
    char why[SPOOL_WHY_MAX])
{
	spool_reset(s);
	set_host(s);
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd == -1 && errno == ENOENT && want != SPOOL_MAKE) {
		s->path = join(path, "");
		return 0;
	}
	if (s->fd == -1 && errno == ENOENT) {
		if (make_path(path) == 0)
			s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (s->fd == -1)
		return refuse(why, path, strerror(errno));
	s->path = fs_absolute(path);
	if (s->path == NULL) {
		refuse(why, path, strerror(errno));
		spool_close(s);
		return -1;
	}
	if (open_dirs(s, want, why) == 0)
		return 0;
	if (want != SPOOL_MAKE && is_empty(s->fd)) {
		(void)close(s->fd);
		s->fd = -1; /* not a spool yet, but it may become one */
		return 0;
	}
	spool_close(s);
	return -1;
}

void
spool_close(struct spool *s)
{
	int i;

	for (i = 0; i < SPOOL_DIRS; i++)
		if (s->dir[i] != -1)
			(void)close(s->dir[i]);
	if (s->fd != -1)
		(void)close(s->fd);
	if (s->lock_fd != -1)
		(void)close(s->lock_fd);
	free(s->path);
	spool_reset(s);
}

int
spool_intact(const struct spool *s, char why[SPOOL_WHY_MAX])
{
	struct stat mine, there;
	int i;

	if (fstat(s->fd, &mine) == -1 || stat(s->path, &there) == -1 ||
	    mine.st_dev != there.st_dev || mine.st_ino != there.st_ino)
		return refuse(why, s->path, "was removed or replaced");
	for (i = 0; i < SPOOL_DIRS; i++) {
		if (fstat(s->dir[i], &mine) == 0 &&
		    fstatat(s->fd, dir_names[i], &there, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    mine.st_dev == there.st_dev && mine.st_ino == there.st_ino)
			continue;
		snprintf(why, SPOOL_WHY_MAX,
		    "%.400s/%s was removed or replaced", s->path, dir_names[i]);
		return -1;
	}
	return 0;
}

int64_t
spool_now(struct spool *s)
{
	int64_t now = fs_now();

	if (now <= s->stamped && s->stamped - now < WHEN_SECOND)
		now = s->stamped + 1;
	s->stamped = now;
	return now;
}

/* ---- Locks and renames ---- */

int
spool_lock(struct spool *s)
{
	int tired = fs_mono() < s->lock_tired;

	if (s->lock_depth == 0) {
		s->lock_fd = fs_lock(s->fd, "lock", tired ? 0 : s->lock_wait);
		if (s->lock_fd == -1) {
			/* Of many moves in a row only the first one waits. */
			if (errno == EWOULDBLOCK && !tired)
				s->lock_tired = fs_mono() + s->lock_wait;
			return -1;
		}
	}
	s->lock_depth++;
	return 0;
}

void
spool_unlock(struct spool *s)
{
	if (--s->lock_depth == 0) {
		(void)close(s->lock_fd);
		s->lock_fd = -1;
	}
}

const char *
spool_strerror(int error)
{
	return error == EWOULDBLOCK ?
	    "another process holds the lock on SPOOL/lock" :
	    strerror(error);
}

int64_t
spool_clock(const struct spool *s)
{
	/* Not locked: who holds that lock may do so for ever. */
	int fd = fs_open(s->fd, "lock", O_RDWR | O_CREAT | O_NONBLOCK, 0600);
	int64_t now = -1;
	int saved;

	if (fd == -1)
		return -1;
	if (futimens(fd, NULL) == 0)
		now = spool_changed(fd);
	saved = errno;
	(void)fs_close(fd);
	errno = saved;
	return now;
}

/* Opens what is a regular file; anything else is left alone. */
static enum spool_result
open_regular(const struct spool *s, int dir, const char *name, int flags,
    int *fd)
{
	enum spool_result r = SPOOL_ERROR;
	struct stat st;
	int saved;

	/* NONBLOCK: what lies there may be a FIFO or a device. */
	*fd = fs_open(s->dir[dir], name, flags | O_NONBLOCK, 0);
	if (*fd == -1) {
		switch (errno) {
		case ENOENT:
			return SPOOL_GONE;
		case ELOOP:  /* a symbolic link */
		case EMLINK: /* the same, on FreeBSD */
		case EISDIR:
		case ENXIO: /* a socket */
		case ENODEV:
			return SPOOL_FOREIGN;
		case EWOULDBLOCK: /* a lease: fcntl(2) */
			return SPOOL_BUSY;
		default:
			return SPOOL_ERROR;
		}
	}
	if (fstat(*fd, &st) == 0) {
		if (S_ISREG(st.st_mode))
			return SPOOL_OK;
		r = SPOOL_FOREIGN;
	}
	saved = errno;
	(void)fs_close(*fd);
	*fd = -1;
	errno = saved;
	return r;
}

enum spool_result
spool_open_job(const struct spool *s, int dir, const char *name, int *fd)
{
	return open_regular(s, dir, name, O_RDONLY, fd);
}

enum spool_result
spool_take(const struct spool *s, int dir, const char *name, int *fd)
{
	enum spool_result r = open_regular(s, dir, name, O_RDWR | O_APPEND, fd);
	int got, saved;

	if (r != SPOOL_OK)
		return r;
	got = os_flock(*fd, OS_LOCK_EXCLUSIVE);
	if (got == 0) {
		got = spool_same(s, *fd, dir, name);
		if (got == 1)
			return SPOOL_OK;
		r = got == 0 ? SPOOL_GONE : SPOOL_ERROR;
	} else {
		r = got == 1 ? SPOOL_BUSY : SPOOL_ERROR;
	}
	saved = errno;
	(void)fs_close(*fd);
	*fd = -1;
	errno = saved;
	return r;
}

enum spool_result
spool_seize(const struct spool *s, int dir, const char *name, int *fd)
{
	return open_regular(s, dir, name, O_RDWR | O_APPEND, fd);
}

void
spool_release(int fd)
{
	/* Before closing: a daemon that a job left may share the lock. */
	(void)os_flock(fd, OS_UNLOCK);
	(void)fs_close(fd);
}

int
spool_is_gone(int error)
{
	return error == ENOENT || error == ESTALE;
}

int
spool_same(const struct spool *s, int fd, int dir, const char *name)
{
	struct stat mine, there;

	/* What was removed through another mount cannot be looked at. */
	if (fstat(fd, &mine) == -1 ||
	    fstatat(s->dir[dir], name, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return spool_is_gone(errno) ? 0 : -1;
	return mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

/* As os_rename_noreplace, by way of SPOOL/lock where that is missing. */
static int
rename_noreplace(struct spool *s, int from, const char *name, int to,
    const char *new_name)
{
	struct stat st;
	int ret = -1, saved;

	if (os_rename_noreplace(s->dir[from], name, s->dir[to], new_name) == 0)
		return 0;
	if (errno != ENOSYS)
		return -1;
	if (spool_lock(s) == -1)
		return -1;
	if (fstatat(s->dir[to], new_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	else if (errno == ENOENT)
		ret = renameat(s->dir[from], name, s->dir[to], new_name);
	saved = errno;
	spool_unlock(s);
	errno = saved;
	return ret;
}

enum spool_result
spool_rename(struct spool *s, int fd, int from, const char *name, int to,
    const char *new_name)
{
	int ret = rename_noreplace(s, from, name, to, new_name);
	int why = errno, same;

	/*
	 * What lies in tmp/ is its maker's alone: it was ours that went.  By
	 * now a worker may have taken it further, as nobody locks a new job.
	 */
	if (ret == 0 && from == SPOOL_TMP)
		return SPOOL_OK;
	/* A rename over a network may say no and have happened. */
	same = spool_same(s, fd, to, new_name);
	if (same == 1)
		return SPOOL_OK;
	if (ret == 0) {
		/* It took somebody else's file, who had the name by then. */
		if (same == 0)
			(void)rename_noreplace(s, to, new_name, from, name);
		return same == 0 ? SPOOL_GONE : SPOOL_ERROR;
	}
	errno = why;
	if (why == EEXIST)
		return SPOOL_EXISTS;
	return spool_is_gone(why) ? SPOOL_GONE : SPOOL_ERROR;
}

enum spool_result
spool_rename_unopened(struct spool *s, const struct stat *st, int from,
    const char *name, int to, const char *new_name)
{
	struct stat there;

	if (rename_noreplace(s, from, name, to, new_name) == -1) {
		if (errno == EEXIST)
			return SPOOL_EXISTS;
		return errno == ENOENT ? SPOOL_GONE : SPOOL_ERROR;
	}
	if (fstatat(s->dir[to], new_name, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? SPOOL_GONE : SPOOL_ERROR;
	if (there.st_dev == st->st_dev && there.st_ino == st->st_ino)
		return SPOOL_OK;
	/* It took another file, which had the name by then. */
	(void)rename_noreplace(s, to, new_name, from, name);
	return SPOOL_GONE;
}

enum spool_result
spool_move(struct spool *s, int fd, int from, int to, const char *name)
{
	return spool_rename(s, fd, from, name, to, name);
}

/* For a name that nobody else makes: one after the other, from anywhere. */
static uint32_t
next_number(struct spool *s)
{
	/* Not near the end of what an ID can hold: they are in order. */
	while (s->number == 0) {
		fs_random(&s->number, sizeof s->number);
		s->number >>= 3;
	}
	return s->number++;
}

/* ---- Reading and writing ---- */

int
spool_create(struct spool *s, const char *what, const struct buf *text,
    char tmp_name[SPOOL_TMP_MAX])
{
	int fd;

	if (text->failed) {
		errno = ENOMEM;
		return -1;
	}
	/* Not by process ID: in another namespace it is another process. */
	do {
		snprintf(tmp_name, SPOOL_TMP_MAX, "%s.%08lx", what,
		    (unsigned long)next_number(s));
		fd = fs_create(s->dir[SPOOL_TMP], tmp_name, buf_text(text),
		    text->len, FS_FLUSH);
	} while (fd == -1 && errno == EEXIST);
	return fd;
}

int
spool_read(int fd, struct buf *text)
{
	return fs_read_all(fd, text, JOB_FILE_MAX);
}

int64_t
spool_time(const struct stat *st)
{
	if (st->st_mtim.tv_sec < 0)
		return WHEN_MIN;
	if (st->st_mtim.tv_sec > WHEN_MAX / WHEN_SECOND)
		return WHEN_MAX;
	return (int64_t)st->st_mtim.tv_sec * WHEN_SECOND +
	    st->st_mtim.tv_nsec / 1000;
}

int64_t
spool_changed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? spool_time(&st) : -1;
}

int
spool_append(int fd, const struct buf *lines)
{
	struct stat st;
	ssize_t n;

	if (lines->failed) {
		errno = ENOMEM;
		return -1;
	}
	do
		n = write(fd, lines->data, lines->len);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)lines->len)
		return 0;
	if (n >= 0) { /* a part of it: nobody may see that */
		if (fstat(fd, &st) == 0)
			(void)ftruncate(fd, st.st_size - (off_t)n);
		(void)lseek(fd, -(off_t)n, SEEK_CUR);
		errno = ENOSPC;
	}
	return -1;
}

int
spool_sync_dir(const struct spool *s, int dir)
{
	return s->durable ? fs_sync(s->dir[dir]) : 0;
}

int
spool_sync_file(const struct spool *s, int fd)
{
	return s->durable ? fs_sync(fd) : 0;
}

int
spool_is_job(int dir, const char *name)
{
	if (dir == SPOOL_PENDING && job_name_unfinished(name) != NULL)
		return 0;
	return job_id_valid(name) ||
	    ((dir == SPOOL_COMPLETED || dir == SPOOL_DEAD) &&
		job_name_old(name));
}

int
spool_scan(const struct spool *s, int dir,
    int (*found)(void *arg, const char *name, uint64_t inode), void *arg)
{
	const struct dirent *entry;
	int fd, ret = 0, saved;
	DIR *d;

	if (s->fd == -1)
		return 0;
	fd = open_dir(dir == SPOOL_TOP ? s->fd : s->dir[dir], ".");
	if (fd == -1)
		return -1;
	d = fdopendir(fd);
	if (d == NULL) {
		(void)close(fd);
		return -1;
	}
	for (;;) {
		errno = 0;
		entry = readdir(d);
		if (entry == NULL) {
			if (errno != 0)
				ret = -1;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		ret = found(arg, entry->d_name, entry->d_ino);
		if (ret != 0)
			break;
	}
	saved = errno;
	closedir(d);
	errno = saved;
	return ret;
}

int
spool_find(const struct spool *s, const char *name)
{
	/* Some twice: a job may go back, or be retried, while we look. */
	static const int order[] = { SPOOL_PENDING, SPOOL_FAILED,
		SPOOL_PROCESSING, SPOOL_FAILED, SPOOL_PENDING, SPOOL_COMPLETED,
		SPOOL_DEAD, SPOOL_PENDING, SPOOL_PROCESSING };
	struct stat st;
	size_t i;

	if (s->fd == -1)
		return JOB_NO_STATE;
	for (i = 0; i < sizeof order / sizeof order[0]; i++) {
		if (!spool_is_job(order[i], name))
			continue;
		if (fstatat(s->dir[order[i]], name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0)
			return order[i];
		if (errno != ENOENT)
			return -2;
	}
	return JOB_NO_STATE;
}

void
spool_output_name(char out[SPOOL_OUTPUT_MAX], const char *name, int attempt,
    const char *stream)
{
	snprintf(out, SPOOL_OUTPUT_MAX, "%s.%d.%s", name, attempt, stream);
}

int
spool_paused(const struct spool *s)
{
	struct stat st;

	/* If it cannot be told, nothing starts: that harms nobody. */
	return s->fd != -1 &&
	    (fstatat(s->fd, "paused", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
		errno != ENOENT);
}

int
spool_pause(struct spool *s, const struct buf *text)
{
	char name[32];
	int fd, ret = -1, saved;

	/* By way of tmp/: nobody reads half a text. */
	snprintf(name, sizeof name, "paused.%08lx",
	    (unsigned long)next_number(s));
	fd = fs_create(s->dir[SPOOL_TMP], name, buf_text(text), text->len,
	    s->durable ? FS_SYNC : FS_FLUSH);
	if (fd != -1) {
		ret = renameat(s->dir[SPOOL_TMP], name, s->fd, "paused");
		saved = errno;
		if (ret == -1)
			(void)unlinkat(s->dir[SPOOL_TMP], name, 0);
		(void)fs_close(fd);
		errno = saved;
	}
	return ret == 0 && s->durable ? fs_sync(s->fd) : ret;
}

int
spool_resume(const struct spool *s)
{
	if (s->fd == -1) {
		errno = ENOENT;
		return -1;
	}
	return unlinkat(s->fd, "paused", 0);
}

int64_t
spool_free_bytes(const struct spool *s)
{
	struct statvfs v;

	if (fstatvfs(s->fd, &v) == -1 || v.f_blocks == 0 || v.f_frsize == 0)
		return -1;
	if (v.f_bavail > (uint64_t)INT64_MAX / v.f_frsize)
		return INT64_MAX;
	return (int64_t)(v.f_bavail * v.f_frsize);
}

/* ---- The archive ---- */

/* 1 if no ended record has this name, 0, or -1 if that cannot be told. */
static int
name_free(const struct spool *s, const char *name)
{
	static const int ended[] = { SPOOL_COMPLETED, SPOOL_DEAD };
	struct stat st;
	int i;

	for (i = 0; i < 2; i++) {
		if (fstatat(s->dir[ended[i]], name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0)
			return 0;
		if (errno != ENOENT)
			return -1;
	}
	return 1;
}

/*
 * Renames the outputs of a record to those of `old`, or removes them if that
 * is NULL; 0 or -1.
 */
static int
each_output(const struct spool *s, const char *id, const char *old,
    int attempts)
{
	static const char *const streams[] = { "out", "err" };
	char from[SPOOL_OUTPUT_MAX], to[SPOOL_OUTPUT_MAX];
	int n, i, dir = s->dir[SPOOL_OUTPUT], ret;

	for (n = 1; n <= attempts; n++) {
		for (i = 0; i < 2; i++) {
			spool_output_name(from, id, n, streams[i]);
			if (old == NULL) {
				ret = unlinkat(dir, from, 0);
			} else {
				spool_output_name(to, old, n, streams[i]);
				ret = renameat(dir, from, dir, to);
			}
			if (ret == -1 && errno != ENOENT)
				return -1;
		}
	}
	return 0;
}

int
spool_remove_outputs(const struct spool *s, const char *name, int attempts)
{
	return each_output(s, name, NULL, attempts);
}

int
spool_archive_name(const struct spool *s, const char *id, int64_t us,
    char old[JOB_NAME_MAX + 1])
{
	char time[WHEN_SIZE];
	int tries, unused;

	/* A second end within one millisecond takes the next free one. */
	for (tries = 0; tries < SPOOL_ARCHIVE_TRIES; tries++, us += 1000) {
		when_format_id(time, us);
		snprintf(old, JOB_NAME_MAX + 1, "%s~%s", id, time);
		unused = name_free(s, old);
		if (unused != 0)
			return unused == 1 ? 0 : -1;
	}
	errno = EEXIST;
	return -1;
}

/* Archives the record that fd is open on and has locked. */
static enum spool_result
archive_record(struct spool *s, int fd, int dir, const char *id)
{
	char old[JOB_NAME_MAX + 1];
	struct buf text = BUF_EMPTY;
	const struct job_event *e;
	struct job_error error;
	enum spool_result r = SPOOL_ERROR;
	struct job job;

	/* Whatever is wrong with it: what history it has counts. */
	if (spool_read(fd, &text) == -1 ||
	    job_parse(&job, buf_text(&text), text.len, &error) ==
		JOB_NO_MEMORY) {
		buf_free(&text);
		return SPOOL_ERROR;
	}
	e = job_last_event(&job, JOB_NO_STATE);
	if (spool_archive_name(s, id, e != NULL ? e->time : spool_changed(fd),
		old) == 0 &&
	    each_output(s, id, old, job.attempts) == 0)
		r = spool_rename(s, fd, dir, id, dir, old);
	job_free(&job);
	buf_free(&text);
	return r;
}

/*
 * Archives a record that may not be opened, if it is somebody else's: nothing
 * is known of it but when it was changed, and it has no outputs.
 */
static enum spool_result
archive_unopened(struct spool *s, int dir, const char *id)
{
	char old[JOB_NAME_MAX + 1];
	struct stat st;

	if (!spool_distrusts(s, dir, id, &st))
		return SPOOL_FOREIGN;
	if (spool_archive_name(s, id, spool_time(&st), old) == -1)
		return SPOOL_ERROR;
	return spool_rename_unopened(s, &st, dir, id, dir, old);
}

enum spool_result
spool_archive(struct spool *s, const char *id)
{
	static const int ended[] = { SPOOL_COMPLETED, SPOOL_DEAD };
	enum spool_result r;
	int i, fd;

	for (i = 0; i < 2; i++) {
		r = spool_take(s, ended[i], id, &fd);
		if (r == SPOOL_ERROR && (errno == EACCES || errno == EPERM)) {
			r = archive_unopened(s, ended[i], id);
			if (r == SPOOL_OK)
				continue;
		}
		if (r == SPOOL_GONE)
			continue;
		if (r != SPOOL_OK)
			return r;
		r = archive_record(s, fd, ended[i], id);
		spool_release(fd);
		if (r == SPOOL_EXISTS)
			return SPOOL_BUSY;
		if (r == SPOOL_ERROR)
			return r;
	}
	return SPOOL_OK;
}

/* ---- Removing ---- */

enum spool_result
spool_discard(struct spool *s, int fd, int dir, const char *name)
{
	char tmp_name[JOB_NAME_MAX + 16];
	enum spool_result r;

	/* By way of tmp/: a name may be another's by the time of unlink. */
	snprintf(tmp_name, sizeof tmp_name, "%s.%08lx", name,
	    (unsigned long)next_number(s));
	r = spool_rename(s, fd, dir, name, SPOOL_TMP, tmp_name);
	if (r == SPOOL_OK && unlinkat(s->dir[SPOOL_TMP], tmp_name, 0) == -1)
		r = SPOOL_ERROR;
	return r;
}

enum spool_result
spool_discard_unopened(struct spool *s, const struct stat *st, int dir,
    const char *name)
{
	char tmp_name[JOB_NAME_MAX + 16];
	enum spool_result r;

	snprintf(tmp_name, sizeof tmp_name, "%s.%08lx", name,
	    (unsigned long)next_number(s));
	r = spool_rename_unopened(s, st, dir, name, SPOOL_TMP, tmp_name);
	if (r == SPOOL_OK && unlinkat(s->dir[SPOOL_TMP], tmp_name, 0) == -1)
		r = SPOOL_ERROR;
	return r;
}

/* ---- Enqueueing ---- */

/*
 * Moves tmp/tmp_name to pending/, under an ID that is made here.  This process
 * makes none twice; that another one makes it in the same millisecond is one
 * case in 2^29, and if that job does not wait any more, both still run: the
 * record of the first is archived.
 */
static enum spool_result
move_in_new(struct spool *s, int fd, const char *tmp_name, char *id)
{
	enum spool_result r;

	do {
		job_id_make(id, spool_now(s), next_number(s));
		r = spool_rename(s, fd, SPOOL_TMP, tmp_name, SPOOL_PENDING, id);
	} while (r == SPOOL_EXISTS);
	return r;
}

/*
 * The same under a chosen ID, which must be in no state.  With `again` what
 * has ended makes room first; one that was retried meanwhile is live, and
 * refused.  The caller holds SPOOL/lock: between looking and moving, a fast
 * worker could otherwise carry a namesake past us.
 */
static enum spool_result
move_in_chosen(struct spool *s, int fd, const char *tmp_name, const char *id,
    int again)
{
	enum spool_result r;
	int found = spool_find(s, id);

	while (again && (found == SPOOL_COMPLETED || found == SPOOL_DEAD)) {
		r = spool_archive(s, id);
		if (r != SPOOL_OK)
			return r;
		found = spool_find(s, id);
	}
	if (found == -2)
		return SPOOL_ERROR;
	return found != JOB_NO_STATE ?
	    SPOOL_EXISTS :
	    spool_rename(s, fd, SPOOL_TMP, tmp_name, SPOOL_PENDING, id);
}

/* Tries that for a while if a lock on the ended record is in the way. */
static enum spool_result
move_in_locked(struct spool *s, int fd, const char *tmp_name, const char *id,
    int again)
{
	int64_t deadline = fs_mono() + SPOOL_WAIT;
	enum spool_result r;
	int saved;

	for (;;) {
		if (spool_lock(s) == -1)
			return SPOOL_ERROR;
		r = move_in_chosen(s, fd, tmp_name, id, again);
		saved = errno;
		spool_unlock(s);
		errno = saved;
		if (r != SPOOL_BUSY || fs_mono() >= deadline)
			return r;
		(void)poll(NULL, 0, SPOOL_RETRY_MS);
	}
}

int
spool_prepare(struct spool *s, struct spool_new *n, const struct buf *text,
    const char *id, int alone)
{
	enum fs_sync sync = !s->durable ? FS_FLUSH : alone ? FS_SYNC : FS_LATER;

	snprintf(n->id, sizeof n->id, "%s", id);
	do {
		snprintf(n->tmp_name, sizeof n->tmp_name, "%s.%08lx",
		    id[0] != '\0' ? id : "new", (unsigned long)next_number(s));
		n->fd = fs_create(s->dir[SPOOL_TMP], n->tmp_name,
		    buf_text(text), text->len, sync);
	} while (n->fd == -1 && errno == EEXIST);
	n->synced = n->fd != -1 && sync != FS_LATER;
	return n->fd == -1 ? -1 : 0;
}

void
spool_withdraw(struct spool *s, struct spool_new *n)
{
	int saved = errno;

	(void)unlinkat(s->dir[SPOOL_TMP], n->tmp_name, 0);
	(void)fs_close(n->fd);
	n->fd = -1;
	errno = saved;
}

/* The text of each is on disk, or need not be; 0 or -1. */
static int
sync_new(const struct spool *s, const struct spool_new *n, size_t count)
{
	size_t i, left = 0;

	for (i = 0; i < count; i++)
		left += !n[i].synced;
	/* All at once costs as much as one. */
	if (left > 1 && os_sync_all(s->fd) == 0)
		return 0;
	if (left > 1 && errno != ENOSYS)
		return -1;
	for (i = 0; i < count; i++)
		if (!n[i].synced && fs_sync(n[i].fd) == -1)
			return -1;
	return 0;
}

enum spool_result
spool_enqueue(struct spool *s, struct spool_new *n, size_t count, int again,
    size_t *in)
{
	enum spool_result r = SPOOL_OK;
	int saved;

	*in = 0;
	if (sync_new(s, n, count) == -1)
		return SPOOL_ERROR;
	while (*in < count && r == SPOOL_OK) {
		r = n->id[0] != '\0' ?
		    move_in_locked(s, n->fd, n->tmp_name, n->id, again) :
		    move_in_new(s, n->fd, n->tmp_name, n->id);
		if (r != SPOOL_OK)
			break;
		(void)fs_close(n->fd);
		n->fd = -1;
		n++;
		++*in;
	}
	saved = errno;
	if (*in > 0 && spool_sync_dir(s, SPOOL_PENDING) == -1)
		return SPOOL_UNSYNCED;
	errno = saved;
	return r;
}

/* ---- Sweeping ---- */

struct sweep {
	struct spool *spool;
	int64_t now;
};

static int
sweep_one(void *arg, const char *name, uint64_t inode)
{
	const struct sweep *w = arg;
	struct stat st;
	int fd;

	(void)inode;
	/* A young file may be on its way to pending/: not even a lock. */
	if (fstatat(w->spool->dir[SPOOL_TMP], name, &st, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    (int64_t)st.st_ctime * WHEN_SECOND >= w->now - SPOOL_TMP_AGE)
		return 0;
	if (spool_take(w->spool, SPOOL_TMP, name, &fd) != SPOOL_OK)
		return 0;
	(void)unlinkat(w->spool->dir[SPOOL_TMP], name, 0);
	(void)fs_close(fd);
	return 0;
}

void
spool_sweep(struct spool *s)
{
	struct sweep w;

	w.spool = s;
	w.now = fs_now();
	(void)spool_scan(s, SPOOL_TMP, sweep_one, &w);
}
