/*
 * sink - the files that take what a job writes.
 *
 * Owns: making them for a run, removing those that stayed empty or keeping
 * them for the next run.
 * Must not know: who writes, how a run ends.
 *
 * Most jobs write nothing, and to make and remove a file costs more than all
 * else that is done for them: ext4 does not give a new file the place of one
 * that was removed within the last minutes, and searches for another.  So a
 * file that stayed empty waits in tmp/, as WORKER.out or WORKER.err, and is
 * renamed for the next run; but only if it is as it was made, and nobody else
 * has it open.
 */
#ifndef SINK_H
#define SINK_H

#include <sys/stat.h>
#include <sys/types.h>

#include "registry.h"
#include "spool.h"

enum sink_stream {
	SINK_OUT,
	SINK_ERR
};
#define SINKS	     2
#define SINK_WHY_MAX (SPOOL_OUTPUT_MAX + 64)

struct sinks {
	const struct spool *spool;
	const char *worker;
	int keeps;		 /* it can be told who has a file open */
	int fd[SINKS];		 /* during a run; else of what waits, or -1 */
	struct stat made[SINKS]; /* as the file was when it was made */
	char name[SINKS][SPOOL_OUTPUT_MAX];
	char why[SINK_WHY_MAX]; /* sinks_open has failed */
};

/* None yet.  worker: whose files these are. */
void sinks_init(struct sinks *k, const struct spool *s, const char *worker);

/*
 * Makes both for a run: k->fd is open on them.  0, or -1 with errno, and k->why
 * says which could not be had; EEXIST: something that is no file is there.
 */
int sinks_open(struct sinks *k, const char *job, int attempt);

/*
 * The run has ended: what it has written stays, and so does what somebody may
 * still write to.  session: that of the run, 0 if there was none.
 */
void sinks_close(struct sinks *k, pid_t session);

/* Removes what waits for a next run. */
void sinks_free(struct sinks *k);

#endif
