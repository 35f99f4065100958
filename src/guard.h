/*
 * guard - a process that ends a job before its lease runs out.
 *
 * Owns: that process.  It touches no file of the spool, so that a file system
 * that hangs cannot keep it from its work.
 * Must not know: why the lease is not renewed, what becomes of the job.
 *
 * When two thirds of the lease have passed since the job was touched, the job
 * gets SIGTERM, and at five sixths SIGKILL: by the end of the lease, when
 * another host may take it, nothing of it runs here.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>
#include <sys/types.h>

struct guard {
	pid_t pid; /* 0: none */
	int fd;	   /* to it */
};

/* Sixths of the lease without a touch, until each of the signals. */
#define GUARD_TERM 4
#define GUARD_KILL 5

/*
 * Starts one for a session that is led by a child of this process.  touched:
 * when it was last touched, on the monotonic clock; lease: microseconds.
 * 0, or -1 with errno.
 */
int guard_start(struct guard *g, pid_t session, int64_t touched, int64_t lease);

/* Tells it, if there is one, that the job was touched at that time. */
void guard_touched(struct guard *g, int64_t touched);

/* True if it has sent SIGTERM; it tells that once. */
int guard_fired(struct guard *g);

/*
 * Ends it, if there is one: from then on it sends no signal, and the leader of
 * the session may be reaped.  Returns as guard_fired.
 */
int guard_stop(struct guard *g);

#endif
