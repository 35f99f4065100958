/*
 * supervisor - one process that has jobs run by its workers.
 *
 * Owns: the loop, signals, requests in control/, recovery, draining, the
 * entry in workers/ with its counters.  Must not know: how a job is run; it
 * never runs one itself.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "spool.h"

/* Times, in microseconds. */
#define SUPERVISOR_SLEEP   (30 * WHEN_SECOND)	/* longest, whatever happens */
#define SUPERVISOR_BUSY	   WHEN_SECOND		/* a busy job is tried again */
#define SUPERVISOR_TWICE   (WHEN_SECOND / 4)	/* two signals are one */
#define SUPERVISOR_STEP	   WHEN_SECOND		/* more: the clock was set */
#define SUPERVISOR_RECOVER WHEN_SECOND		/* looks at orphans */
#define SUPERVISOR_TROUBLE (3 * WHEN_SECOND)	/* after an error: a pause */
#define SUPERVISOR_ENTRIES (WHEN_SECOND / 10)	/* looks at changed workers/ */
#define SUPERVISOR_SWEEP   (3600 * WHEN_SECOND) /* between two of tmp/ */
#define SUPERVISOR_WRITE   (10 * WHEN_SECOND)	/* between writing counters */
#define SUPERVISOR_LOCK	   (WHEN_SECOND / 10)	/* for SPOOL/lock */

/* It does not look at everything again for so many times as that took. */
#define SUPERVISOR_REST 4

/* Retention. */
#define SUPERVISOR_PURGE      1000 /* records that are removed at a time */
#define SUPERVISOR_HELD	      (60 * WHEN_SECOND) /* until what is locked */
#define SUPERVISOR_PURGE_PART 20 /* they stay longer by up to this part */

struct supervisor_options {
	int count;		/* of workers */
	int drain;		/* leave when nothing is live any more */
	int daemon;		/* leave the terminal */
	const char *log_path;	/* NULL: standard error */
	double backoff_base;	/* 0: as the config says */
	int64_t grace;		/* of a stop; 0: no limit, -1: as the config */
	const char *spool_path; /* for messages */
};

/*
 * Runs until told to stop or drained.  Returns the exit status: 0, or 1 if
 * jobs were interrupted (but not as the grace of a stop was over), died while
 * draining, or it had to give up.  With
 * `daemon` returns in the parent, once the child is registered.
 */
int supervisor_run(struct spool *s, const struct supervisor_options *o);

#endif
