/*
 * doctor - whether a spool is as it must be, and what can safely be put right.
 *
 * Owns: the kinds of what may be wrong.
 * Must not know: how it is told.
 *
 * It may look while workers work, and takes no lock to look but on what seems
 * wrong, and on jobs that have ended.  What seems wrong is told only if the
 * same file has seemed so at every look for some time, and was not locked at
 * the last one.  It repairs nothing that is locked, and removes nothing that
 * it cannot explain.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdint.h>

#include "spool.h"

#define DOCTOR_FUTURE	(3600 * WHEN_SECOND) /* a clock may be that far ahead */
#define DOCTOR_PATIENCE (2 * WHEN_SECOND)    /* for what may be under way */

/* What may be wrong; the manual lists all kinds. */
struct doctor_kind {
	const char *name;   /* one word */
	const char *remedy; /* what can be done about it; NULL: nothing need */
	int fault;	    /* 0: odd, but harmless or as somebody wants it */
	int repairable;	    /* that is done by a repair */
};

struct doctor_finding {
	const struct doctor_kind *kind;
	const char *path; /* below the spool; "." is the spool */
	const char *what;
	int repaired;
};

struct doctor_options {
	int repair;
	int64_t patience; /* microseconds that what seems wrong is watched */
	int64_t now;	  /* the time */
};

/*
 * Examines the spool, and puts right what is safe if that is wanted: `found`
 * is called first for all that was, then for all that is left.  In a spool
 * that is unsafe, or whose config is faulty, nothing is repaired.  Returns 0,
 * or -1 with errno if it could not see all.
 */
int doctor_run(struct spool *s, const struct doctor_options *options,
    void (*found)(void *arg, const struct doctor_finding *f), void *arg);

#endif
