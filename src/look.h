/*
 * look - whether a directory of the spool has to be read anew.
 *
 * Owns: what its time of change tells, and how often is often enough.
 * Must not know: what is made of the names.
 */
#ifndef LOOK_H
#define LOOK_H

#include <sys/stat.h>

#include <stdint.h>

#include "spool.h"

/*
 * To read a large directory takes long: for so many times as long as it took,
 * it is not read again.
 */
#define LOOK_REST 8

/*
 * Within one tick of its clock a file system gives all changes one time: what
 * was changed so shortly before it was read may have been changed since.
 */
#define LOOK_TICK (2 * WHEN_SECOND)

/* Zeroed, it was never read. */
struct look {
	int known;		 /* what was read stays so until it changes */
	int error;		 /* errno of the last reading, or 0 */
	struct timespec changed; /* the directory, before it was read */
	int64_t begun;		 /* the last reading, monotonic clock */
	int64_t next;		 /* none before that */
};

/* True if the directory is to be read: then look_begin, and look_end. */
int look_due(const struct look *l, const struct spool *s, int dir);
void look_begin(struct look *l, const struct spool *s, int dir);

/* result: -1 if it could not be read: errno says why. */
void look_end(struct look *l, int result);

#endif
