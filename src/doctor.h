/*
 * doctor - whether a spool is as it must be, and what can safely be put right.
 *
 * Owns: the list of what may be wrong.
 * Must not know: how it is told; it touches nothing that is locked, and
 * removes nothing that it cannot explain.
 *
 * It may look while workers work: what seems wrong is looked at again under
 * the job's lock before it is told.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "conf.h"
#include "spool.h"

#define DOCTOR_FUTURE (3600 * WHEN_SECOND) /* a clock may be that far ahead */

struct doctor_finding {
	const char *kind; /* one word; the manual lists them */
	const char *path; /* below the spool */
	const char *what;
	const char *remedy; /* what --repair does, or a person may; or NULL */
	int fault;	    /* 0: odd, but as somebody may want it */
	int repairable;
	int repaired;
};

/*
 * Examines the spool, and with `repair` puts right what is safe.  Calls
 * `found` for each finding.  Returns 0, or -1 with errno if it could not see
 * all.
 */
int doctor_run(struct spool *s, const struct conf *conf, int repair,
    void (*found)(void *arg, const struct doctor_finding *f), void *arg);

#endif
