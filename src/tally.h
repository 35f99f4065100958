/*
 * tally - how many jobs are in each state, and who works on them.
 *
 * Owns: counting, by names as far as that will do.
 * Must not know: how it is shown; it changes nothing.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "job.h"
#include "look.h"
#include "spool.h"

#define TALLY_DETAIL_MAX 1000 /* jobs of a state that are looked into */

struct tally_state {
	int error; /* errno: it could not be counted; 0 */
	long count;
	/* Of no more than TALLY_DETAIL_MAX; WHEN_NEVER: none, or not known. */
	int64_t oldest; /* created, or started if in processing/ */
	int64_t next;	/* due, of those that are not yet */
};

struct tally {
	struct tally_state state[JOB_STATES];
	long workers; /* of living supervisors; -1: that cannot be told */
	int error;    /* then: errno */
	long busy;    /* workers that have a job */
};

/* Counts all, at `now`; 0, or -1: an error is set somewhere. */
int tally_count(struct spool *s, const struct conf *conf, int64_t now,
    struct tally *t);

/* What has been counted, for who counts again and again; zeroed: nothing. */
struct tally_kept {
	struct tally tally;
	struct look look[JOB_STATES];
};

/*
 * The same, but what has ended, and what waits if it is not looked into, is
 * only counted where its directory has changed.
 */
int tally_again(struct spool *s, const struct conf *conf, int64_t now,
    struct tally_kept *kept);

/* Workers that have none. */
long tally_idle(const struct tally *t);

/* Appends it as a JSON object, with what pauses the queue. */
void tally_json(const struct spool *s, const struct tally *t, struct buf *out);

/*
 * When the oldest job of a state was enqueued, however many there are, by the
 * time in its ID or by its mtime; WHEN_NEVER if there is none.  Opens no
 * file.  0, or -1 with errno.
 */
int tally_oldest(const struct spool *s, int dir, int64_t *oldest);

#endif
