/*
 * crew - a supervisor's worker processes.
 *
 * Owns: forking them, the supervisor's ends of their sockets, who does what.
 * Must not know: what waits, why a job is to be run or ended.
 */
#ifndef CREW_H
#define CREW_H

#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "registry.h"
#include "worker.h"

#define CREW_MAX     4096	 /* workers of one supervisor */
#define CREW_RESPAWN WHEN_SECOND /* a worker is not replaced more often */

struct crew_member {
	pid_t pid;	 /* 0: none */
	int socket;	 /* -1: told to leave, or gone */
	int busy;	 /* an order is with it */
	int held;	 /* it cannot record the end of its job yet */
	int leaving;	 /* it was dismissed: not to be replaced */
	uint64_t entry;	 /* inode of its entry in workers/, 0: not seen yet */
	int entering;	 /* it was told to enter again, and has not answered */
	int leaves;	 /* it has said that it exits */
	int64_t started; /* monotonic clock */
	int dir;	 /* of the order */
	char job[JOB_NAME_MAX + 1];
	struct buf in; /* an answer that has come in part */
	char name[REGISTRY_NAME_MAX];
};

struct crew {
	struct crew_member *member;
	int count;
	int busy;  /* members with an order */
	int error; /* errno of the last start that failed, 0 */
	int named; /* members that were ever started: no name is used twice */
	const char *name; /* of the supervisor */
	const char *spool_path;
};

/*
 * A crew of `count` members, none of them started; name is the supervisor's.
 * 0, or -1 with errno.
 */
int crew_init(struct crew *crew, int count, const char *spool_path,
    const char *name);
void crew_free(struct crew *crew);

/*
 * Starts the members that are missing.  Returns when, on the monotonic clock,
 * to call it again; WHEN_NEVER if all are there.
 */
int64_t crew_fill(struct crew *crew, int64_t mono);

/* One that has nothing to do, or NULL. */
struct crew_member *crew_idle(struct crew *crew);

/* The one that has this job, or NULL. */
struct crew_member *crew_find(struct crew *crew, const char *job);

/* Gives a member something to do; 0, or -1: it did not take it. */
int crew_order(struct crew *crew, struct crew_member *m,
    const struct order *order);

/*
 * Takes in what a member has sent: 1 if there may be more, 0 if not, -1 if it
 * has closed its socket.
 */
int crew_receive(struct crew_member *m);

/* The next answer of what was taken in: 1, or 0 if there is none whole. */
int crew_answer(struct crew *crew, struct crew_member *m,
    struct answer *answer);

/*
 * Tells those whose entry in workers/ is gone to make it again.  One that has
 * just been started may not have it yet, and does nothing then.
 */
void crew_check_entries(struct crew *crew, const struct spool *s);

/* Tells those that are idle to leave, and none is to be replaced. */
void crew_dismiss(struct crew *crew);

/* Tells those that run a job to put it back. */
void crew_interrupt(struct crew *crew);

/* The member that is that process, or NULL. */
struct crew_member *crew_by_pid(struct crew *crew, pid_t pid);

/* The member whose socket that is, or NULL. */
struct crew_member *crew_by_socket(struct crew *crew, int socket);

/* Takes note that a member's process has ended. */
void crew_lost(struct crew *crew, struct crew_member *m);

/* True if a member cannot record the end of its job. */
int crew_held(const struct crew *crew);

/* Members whose process lives. */
int crew_alive(const struct crew *crew);

#endif
