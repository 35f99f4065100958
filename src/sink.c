#include "sink.h"

#include <sys/stat.h>

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
	(void)fs_close(k->fd[i]); /* somebody has removed it */
	k->fd[i] = -1;
	return -1;
}

int
sinks_open(struct sinks *k, const char *job, int attempt)
{
	int i, saved;

	for (i = 0; i < SINKS; i++) {
		spool_output_name(k->name[i], job, attempt, streams[i]);
		if (take_spare(k, i) == 0)
			continue;
		k->fd[i] = fs_open(k->spool->dir[SPOOL_OUTPUT], k->name[i],
		    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, SINK_MODE);
		if (k->fd[i] == -1)
			break;
	}
	if (i == SINKS)
		return 0;
	saved = errno;
	if (i > 0)
		(void)unlinkat(k->spool->dir[SPOOL_OUTPUT], k->name[0], 0);
	for (i = 0; i < SINKS; i++) {
		if (k->fd[i] != -1)
			(void)fs_close(k->fd[i]);
		k->fd[i] = -1;
	}
	errno = saved;
	return -1;
}

/*
 * True if what fd is open on is empty, ours, and known to nobody else.  First
 * it is made sure that nobody can write to it any more.
 */
static int
is_as_new(int fd)
{
	struct stat st;

	return os_sole_open(fd) == 0 && fstat(fd, &st) == 0 &&
	    st.st_size == 0 && st.st_nlink == 1 &&
	    st.st_mode == (S_IFREG | SINK_MODE);
}

/* Keeps an empty file for the next run; 0 or -1. */
static int
keep(struct sinks *k, int i)
{
	char spare[SPARE_MAX];

	/* Opened anew: the job may have changed the flags of the old one. */
	k->fd[i] = fs_open(k->spool->dir[SPOOL_OUTPUT], k->name[i],
	    O_WRONLY | O_APPEND | O_NONBLOCK, 0);
	if (k->fd[i] == -1)
		return -1;
	spare_name(k, i, spare);
	if (is_as_new(k->fd[i]) && fcntl(k->fd[i], F_SETFL, O_APPEND) == 0 &&
	    renameat(k->spool->dir[SPOOL_OUTPUT], k->name[i],
		k->spool->dir[SPOOL_TMP], spare) == 0)
		return 0;
	(void)fs_close(k->fd[i]);
	k->fd[i] = -1;
	return -1;
}

void
sinks_close(struct sinks *k)
{
	struct stat st;
	int i, empty;

	for (i = 0; i < SINKS; i++) {
		empty = fstat(k->fd[i], &st) == 0 && st.st_size == 0;
		(void)fs_close(k->fd[i]);
		k->fd[i] = -1;
		if (empty && keep(k, i) == -1)
			(void)unlinkat(k->spool->dir[SPOOL_OUTPUT], k->name[i],
			    0);
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
