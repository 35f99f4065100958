#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"

#define SINK_MODE 0600
#define SPARE_MAX (REGISTRY_NAME_MAX + 8)

static const char *const streams[SINKS] = { "out", "err" };

/* The name under which a file waits in tmp/. */
static void
spare_name(const struct sinks *k, int i, char out[SPARE_MAX])
{
	snprintf(out, SPARE_MAX, "%s.%s", k->worker, streams[i]);
}

void
sinks_init(struct sinks *k, const struct spool *s, const char *worker)
{
	k->spool = s;
	k->worker = worker;
	k->keeps = os_leases(s->dir[SPOOL_OUTPUT]);
	k->fd[SINK_OUT] = k->fd[SINK_ERR] = -1;
}

static int
is_made(const struct stat *st, const struct stat *made)
{
	return st->st_dev == made->st_dev && st->st_ino == made->st_ino;
}

/* Gives up the one that waits; its name may be another's by now. */
static void
drop_spare(struct sinks *k, int i)
{
	int tmp = k->spool->dir[SPOOL_TMP];
	char spare[SPARE_MAX];
	struct stat st;

	spare_name(k, i, spare);
	if (fstatat(tmp, spare, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_made(&st, &k->made[i]))
		(void)unlinkat(tmp, spare, 0);
	(void)fs_close(k->fd[i]);
	k->fd[i] = -1;
}

/*
 * The one that waits becomes this run's; 0 or -1.  Its name in tmp/ may be
 * that of another file by now: that one goes back.
 */
static int
take_spare(struct sinks *k, int i)
{
	int output = k->spool->dir[SPOOL_OUTPUT];
	int tmp = k->spool->dir[SPOOL_TMP];
	char spare[SPARE_MAX];
	struct stat st;

	if (k->fd[i] == -1)
		return -1;
	spare_name(k, i, spare);
	if (os_rename_noreplace(tmp, spare, output, k->name[i]) == 0) {
		if (fstatat(output, k->name[i], &st, AT_SYMLINK_NOFOLLOW) ==
			0 &&
		    is_made(&st, &k->made[i]))
			return 0;
		(void)os_rename_noreplace(output, k->name[i], tmp, spare);
	}
	/* Somebody has removed or replaced it, or the place is taken. */
	drop_spare(k, i);
	return -1;
}

/*
 * Empties and takes what has the name of an output: a file that was left
 * there.  Anything else is refused, and never waited for: a FIFO would keep us
 * until somebody reads it.  The descriptor, or -1 with errno: EEXIST for these.
 */
static int
take_over(int dir, const char *name)
{
	int fd = fs_open(dir, name, O_WRONLY | O_APPEND | O_NONBLOCK, 0);
	struct stat st;
	int saved;

	if (fd == -1) {
		if (errno == ENXIO || errno == ELOOP || errno == EMLINK ||
		    errno == EISDIR || errno == ENODEV)
			errno = EEXIST;
		return -1;
	}
	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			errno = EEXIST;
		else if (ftruncate(fd, 0) == 0 &&
		    fcntl(fd, F_SETFL, O_APPEND) == 0)
			return fd;
	}
	saved = errno;
	(void)fs_close(fd);
	errno = saved;
	return -1;
}

/* Makes a file for a run; 0, or -1 with errno, and k->why. */
static int
make(struct sinks *k, int i)
{
	int dir = k->spool->dir[SPOOL_OUTPUT], saved;

	k->fd[i] = fs_open(dir, k->name[i],
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND, SINK_MODE);
	if (k->fd[i] == -1 && errno == EEXIST)
		k->fd[i] = take_over(dir, k->name[i]);
	if (k->fd[i] != -1 && fstat(k->fd[i], &k->made[i]) == 0)
		return 0;
	saved = errno;
	snprintf(k->why, sizeof k->why, "output/%s%s%s", k->name[i],
	    saved == EEXIST ? " is not a regular file: remove it" : ": ",
	    saved == EEXIST ? "" : strerror(saved));
	errno = saved;
	return -1;
}

/* Undoes what was done for a run that cannot begin; errno is kept. */
static void
unmake(struct sinks *k, int i)
{
	int saved = errno;

	if (k->fd[i] != -1) {
		(void)fs_close(k->fd[i]);
		(void)unlinkat(k->spool->dir[SPOOL_OUTPUT], k->name[i], 0);
	}
	k->fd[i] = -1;
	errno = saved;
}

int
sinks_open(struct sinks *k, const char *job, int attempt)
{
	int i;

	for (i = 0; i < SINKS; i++) {
		spool_output_name(k->name[i], job, attempt, streams[i]);
		if (take_spare(k, i) == -1 && make(k, i) == -1)
			break;
	}
	if (i == SINKS)
		return 0;
	/* What waits behind this one still does. */
	for (; i >= 0; i--)
		unmake(k, i);
	return -1;
}

/*
 * True if something of a run may be left, that has its outputs open: where
 * nobody tells who has.  What has made a session of its own is not seen.
 */
static int
is_left(pid_t session)
{
	return session > 0 &&
	    (kill(-session, 0) == 0 || errno == EPERM ||
		os_kill_session(session, 0, NULL) > 0);
}

/* True if nothing but its times was changed. */
static int
is_as_made(const struct stat *st, const struct stat *made)
{
	return is_made(st, made) && st->st_size == 0 && st->st_blocks == 0 &&
	    st->st_nlink == 1 && st->st_mode == made->st_mode &&
	    st->st_uid == made->st_uid && st->st_gid == made->st_gid;
}

/* What becomes of an empty file. */
enum fate {
	FATE_SPARE, /* it waits for the next run */
	FATE_GONE,  /* nobody can write to it any more */
	FATE_STAYS  /* somebody may, or has; or it is another one */
};

/*
 * Decides about a file that has come into tmp/: it waits for the next run if it
 * is as it was made; first it is made sure that nobody can change that any
 * more.  It is opened anew, since the job may have changed the flags of the old
 * descriptor.
 */
static enum fate
accept(struct sinks *k, int i, const char *spare, pid_t session)
{
	int fd = fs_open(k->spool->dir[SPOOL_TMP], spare,
	    O_WRONLY | O_APPEND | O_NONBLOCK, 0);
	int sole = fd != -1 && os_sole_open(fd) == 0;
	int alone = sole || (errno != EAGAIN && !is_left(session));
	struct stat st;

	/* Only now: what was left may have written something and ended. */
	memset(&st, 0, sizeof st);
	if (fd != -1 && fstat(fd, &st) == 0 && sole &&
	    is_as_made(&st, &k->made[i]) && fcntl(fd, F_SETFL, O_APPEND) == 0) {
		k->fd[i] = fd;
		return FATE_SPARE;
	}
	if (fd != -1)
		(void)fs_close(fd);
	return alone && is_made(&st, &k->made[i]) && st.st_size == 0 ?
	    FATE_GONE :
	    FATE_STAYS;
}

/*
 * Keeps an empty file for the next run, or removes it, unless somebody has it
 * open.  First it leaves the name by which others open it.
 */
static void
keep(struct sinks *k, int i, pid_t session)
{
	char spare[SPARE_MAX];
	int output = k->spool->dir[SPOOL_OUTPUT];
	int tmp = k->spool->dir[SPOOL_TMP];

	spare_name(k, i, spare);
	if (renameat(output, k->name[i], tmp, spare) == -1)
		return;
	switch (accept(k, i, spare, session)) {
	case FATE_SPARE:
		break;
	case FATE_GONE:
		(void)unlinkat(tmp, spare, 0);
		break;
	default:
		(void)os_rename_noreplace(tmp, spare, output, k->name[i]);
		break;
	}
}

/* By name: it may be another job's by now, of the same ID. */
static int
is_empty(const struct sinks *k, int i)
{
	struct stat st;

	return fstatat(k->spool->dir[SPOOL_OUTPUT], k->name[i], &st,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_made(&st, &k->made[i]) && st.st_size == 0;
}

void
sinks_close(struct sinks *k, pid_t session)
{
	int i, left = -1; /* not known yet */

	for (i = 0; i < SINKS; i++) {
		(void)fs_close(k->fd[i]);
		k->fd[i] = -1;
		if (!is_empty(k, i))
			continue;
		if (k->keeps) {
			keep(k, i, session);
			continue;
		}
		if (left == -1)
			left = is_left(session);
		/* Again: what was left may have written and ended. */
		if (!left && is_empty(k, i))
			(void)unlinkat(k->spool->dir[SPOOL_OUTPUT], k->name[i],
			    0);
	}
}

void
sinks_free(struct sinks *k)
{
	int i;

	for (i = 0; i < SINKS; i++)
		if (k->fd[i] != -1)
			drop_spare(k, i);
}
