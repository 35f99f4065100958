#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/* The one that waits becomes this run's; 0 or -1. */
static int
take_spare(struct sinks *k, int i)
{
	char spare[SPARE_MAX];

	if (k->fd[i] == -1)
		return -1;
	spare_name(k, i, spare);
	if (renameat(k->spool->dir[SPOOL_TMP], spare,
		k->spool->dir[SPOOL_OUTPUT], k->name[i]) == 0)
		return 0;
	/* Somebody has removed it, or the place is taken. */
	(void)fs_close(k->fd[i]);
	(void)unlinkat(k->spool->dir[SPOOL_TMP], spare, 0);
	k->fd[i] = -1;
	return -1;
}

/* Makes a file for a run; 0, or -1 with errno. */
static int
make(struct sinks *k, int i)
{
	k->fd[i] = fs_open(k->spool->dir[SPOOL_OUTPUT], k->name[i],
	    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, SINK_MODE);
	return k->fd[i] == -1 ? -1 : fstat(k->fd[i], &k->made[i]);
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

static int
is_made(const struct stat *st, const struct stat *made)
{
	return st->st_dev == made->st_dev && st->st_ino == made->st_ino;
}

/* True if nothing but its times was changed. */
static int
is_as_made(const struct stat *st, const struct stat *made)
{
	return is_made(st, made) && st->st_size == 0 && st->st_blocks == 0 &&
	    st->st_nlink == 1 && st->st_mode == made->st_mode &&
	    st->st_uid == made->st_uid && st->st_gid == made->st_gid;
}

/*
 * Keeps a file that has come into tmp/ for the next run, if it is as it was
 * made; first it is made sure that nobody can change that any more.  It is
 * opened anew, since the job may have changed the flags of the old descriptor.
 * Returns 1; 0 if it is not to be kept; -1 if it is another one.
 */
static int
accept(struct sinks *k, int i, const char *spare)
{
	int fd = fs_open(k->spool->dir[SPOOL_TMP], spare,
	    O_WRONLY | O_APPEND | O_NONBLOCK, 0);
	int sole = fd != -1 && os_sole_open(fd) == 0;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		st = k->made[i];
	else if (sole && is_as_made(&st, &k->made[i]) &&
	    fcntl(fd, F_SETFL, O_APPEND) == 0) {
		k->fd[i] = fd;
		return 1;
	}
	if (fd != -1)
		(void)fs_close(fd);
	return is_made(&st, &k->made[i]) ? 0 : -1;
}

/*
 * Keeps an empty file for the next run, or removes it.  First it leaves the
 * name by which others open it.
 */
static void
keep(struct sinks *k, int i)
{
	char spare[SPARE_MAX];
	int output = k->spool->dir[SPOOL_OUTPUT];
	int tmp = k->spool->dir[SPOOL_TMP];

	spare_name(k, i, spare);
	if (!k->keeps || renameat(output, k->name[i], tmp, spare) == -1) {
		(void)unlinkat(output, k->name[i], 0);
		return;
	}
	switch (accept(k, i, spare)) {
	case 1:
		break;
	case -1: /* it has taken the name while we looked */
		(void)os_rename_noreplace(tmp, spare, output, k->name[i]);
		break;
	default:
		(void)unlinkat(tmp, spare, 0);
		break;
	}
}

void
sinks_close(struct sinks *k)
{
	struct stat st;
	int i;

	for (i = 0; i < SINKS; i++) {
		(void)fs_close(k->fd[i]);
		k->fd[i] = -1;
		/* By name: it may be another job's by now, of the same ID. */
		if (fstatat(k->spool->dir[SPOOL_OUTPUT], k->name[i], &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_made(&st, &k->made[i]) && st.st_size == 0)
			keep(k, i);
	}
}

void
sinks_free(struct sinks *k)
{
	char spare[SPARE_MAX];
	int i;

	for (i = 0; i < SINKS; i++) {
		if (k->fd[i] == -1)
			continue;
		(void)fs_close(k->fd[i]);
		spare_name(k, i, spare);
		(void)unlinkat(k->spool->dir[SPOOL_TMP], spare, 0);
		k->fd[i] = -1;
	}
}
