/*
 * claim - the protocol: taking a job, and every way of giving it up.
 *
 * Owns: the order of locks, appends, syncs and renames that lets nothing be
 * lost or run twice, whatever is killed in between.  Each function's comment
 * in claim.c says what a crash after each step leaves, and who mends it.
 * Must not know: how a job is run, which job should be next.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "job.h"
#include "retry.h"
#include "spool.h"

enum claim_result {
	CLAIM_OK,
	CLAIM_GONE,	/* not there any more: somebody else was first */
	CLAIM_BUSY,	/* locked, or its namesake is live: in a second */
	CLAIM_LATER,	/* not before the time given */
	CLAIM_ENDED,	/* it is dead: it could not be accepted */
	CLAIM_FOREIGN,	/* no regular file, or may not be opened: left alone */
	CLAIM_UNSYNCED, /* done, but an fsync failed: start nothing new */
	CLAIM_REFUSED,	/* not in a state for that: `why` says */
	CLAIM_TROUBLE	/* errno says what; nothing is lost, try again */
};

#define CLAIM_LEFT_MAX 96 /* bytes that tell of a process that is left */

/* A job that this process owns. */
struct claim {
	struct spool *spool;
	char name[JOB_NAME_MAX + 1];
	int fd;		 /* locked; -1: nothing is owned */
	int from;	 /* directory that it was taken from */
	int where;	 /* directory that it is in */
	int attempt;	 /* of the run that was begun; 0: none yet */
	struct buf text; /* of the file */
	struct job job;
	/* The lease was not kept: another host may have taken it. */
	int doubtful;
	int taken; /* it has */
	/* What is left of its run and is to keep the lock; "": nothing. */
	char left[CLAIM_LEFT_MAX];
	/* How it ends, once decided: to carry that out may take tries. */
	int ending;    /* the directory it goes to, or JOB_NO_STATE */
	int recorded;  /* the state line is in the file */
	int64_t stamp; /* created_at to be added, or -1 */
	int elsewhere; /* its place was taken: it waits in the other one */
	int half;      /* half-written: nothing may be appended */
	int strange;   /* somebody else's: the same, and it is never run */
	int unsynced;  /* an fsync failed on the way */
	size_t told;   /* bytes of lines whose move was not made yet */
	struct job_event end;
	char error[JOB_ERROR_MAX];
};

/* How a run ended. */
struct claim_end {
	int exit_code;	   /* -1: by a signal */
	int signal;	   /* 0: by exit */
	const char *error; /* NULL: tells itself from the two above */
	int failed;	   /* failed even with exit code 0 */
	int cancelled;	   /* dead, whatever retries are left */
};

/*
 * Takes a job from pending/ or failed/ and moves it to processing/.
 * known_us: for how long its file has been known to be there.  CLAIM_LATER
 * sets *due.  After CLAIM_OK call claim_begin; otherwise nothing is owned.
 */
enum claim_result claim_take(struct claim *c, struct spool *s,
    const struct conf *conf, int dir, const char *name, int64_t known_us,
    int64_t *due);

/*
 * Records that a run begins: c->attempt is its number.  CLAIM_OK, or
 * CLAIM_TROUBLE: the job is back where it was and not owned any more.
 */
enum claim_result claim_begin(struct claim *c, const char *worker);

/*
 * Records how the run ended and moves the job to completed/, failed/ or
 * dead/ (c->end says which).  CLAIM_OK, CLAIM_UNSYNCED, CLAIM_GONE (it was
 * removed while it ran): then it is not owned any more.  CLAIM_TROUBLE,
 * CLAIM_BUSY: still owned, call again with the same arguments.
 */
enum claim_result claim_finish(struct claim *c, const struct conf *conf,
    const struct claim_end *end);

/*
 * Puts a job back to pending/, uncharged, for a reason (JOB_LOST,
 * JOB_STOPPED or JOB_RETURNED).  At the max_stops-th stop in a row it is dead;
 * conf may be NULL for another reason.  Returns as claim_finish.
 */
enum claim_result claim_put_back(struct claim *c, const struct conf *conf,
    enum job_reason reason);

/*
 * The same of a job that could not be started, JOB_RETURNED: `error` says why,
 * and is written down.
 */
enum claim_result claim_return(struct claim *c, const char *error);

/*
 * Keeps the job's lease: other hosts see that its worker lives.  0, or -1 with
 * errno: the lease is running out.
 */
int claim_touch(const struct claim *c);

/* True if somebody asks for this very job to be cancelled. */
int claim_is_cancelled(const struct claim *c);

/*
 * Puts right what is in processing/ and nobody's: back as lost, dead at
 * max_interruptions, or on to where its last line says.  CLAIM_OK (c->end
 * and c->where tell what was done: to be released with claim_drop),
 * CLAIM_GONE, CLAIM_BUSY (somebody has it), CLAIM_FOREIGN, CLAIM_TROUBLE.
 */
enum claim_result claim_recover(struct claim *c, struct spool *s,
    const struct conf *conf, const char *name);

/* True if HOST.PID.SLOT is a worker of this host: the lock alone decides. */
int claim_is_local(const struct spool *s, const char *worker);

/* A job in processing/ that is left alone, since another host may run it. */
struct claim_lease {
	char host[SPOOL_HOST_MAX + 1]; /* "": it has no proper name */
	int64_t
	    silent_since; /* the file was touched; the file system's clock */
	int64_t back_at;  /* it is taken for lost; the same */
};

/*
 * True if a worker of another host began the last run of a job in processing/
 * whose file was last changed at `touched`, and the lease is not over: fills
 * *lease.  Only the lock and the entry in workers/ tell if it still runs.
 */
int claim_leased(const struct spool *s, const struct conf *conf,
    const struct job *job, int64_t touched, struct claim_lease *lease);

/* What that means, and what can be done, in a sentence. */
void claim_lease_text(struct spool *s, const char *name,
    const struct claim_lease *lease, char why[SPOOL_WHY_MAX]);

/*
 * Lets a failed or dead job (with `again`, a completed one) run again now,
 * with all its retries.  Waits up to `wait` microseconds for its lock.
 * CLAIM_OK, CLAIM_UNSYNCED (it will, but that is not on disk), CLAIM_GONE (no
 * such job), CLAIM_BUSY, CLAIM_FOREIGN, CLAIM_REFUSED and `why`, CLAIM_TROUBLE.
 */
enum claim_result claim_retry(struct spool *s, const struct conf *conf,
    const char *name, int again, int64_t wait, char why[SPOOL_WHY_MAX]);

/*
 * Cancels a job: one that waits is dead at once; one that runs is told to end
 * through control/ (SIGTERM, then SIGKILL), and this returns when it has.
 * `told`: the inode of the job if the caller saw it run and has asked for that
 * already, else 0.
 * What is in processing/ and locked although its worker is gone (orphaned) is
 * refused; with `force` it is given up: recorded as dead without the lock.  The
 * same of what another host has left there, not locked, until its lease is
 * over.
 * CLAIM_OK, CLAIM_UNSYNCED, CLAIM_GONE (no such job), CLAIM_BUSY (locked, or
 * not ended within kill_grace_seconds and CLAIM_ENDING), CLAIM_FOREIGN,
 * CLAIM_REFUSED and `why`: it has ended by itself or before, CLAIM_TROUBLE.
 */
#define CLAIM_ENDING (10 * WHEN_SECOND)
enum claim_result claim_cancel(struct spool *s, const struct conf *conf,
    const char *name, uint64_t told, int force, char why[SPOOL_WHY_MAX]);

/*
 * The same for who cannot wait, or up to `wait` microseconds for its lock: of
 * one that runs it returns CLAIM_LATER as soon as that was told to end.  What
 * looks orphaned is CLAIM_BUSY: to tell takes longer.
 */
enum claim_result claim_ask_cancel(struct spool *s, const struct conf *conf,
    const char *name, int64_t wait, char why[SPOOL_WHY_MAX]);

/*
 * Removes the record of an ended job (an ID, or an ID~TIME) and its outputs.
 * dir: where it is, or JOB_NO_STATE to have it found.  Waits up to `wait`
 * microseconds for its lock; `force` does without.  CLAIM_OK, CLAIM_GONE,
 * CLAIM_BUSY (a process that the job left holds it), CLAIM_FOREIGN,
 * CLAIM_REFUSED and `why`: it is live, CLAIM_TROUBLE.
 */
enum claim_result claim_purge(struct spool *s, int dir, const char *name,
    int64_t wait, int force, char why[SPOOL_WHY_MAX]);

/* How long a job that could not be started waits: others go first. */
#define CLAIM_RETURNED (6 * WHEN_SECOND)

/* What the retry rule says for a job. */
struct retry_rule claim_rule(const struct conf *conf, const struct job *job);

/*
 * When a job in `dir` is due, seen at `now` and known since known_us before;
 * a retry_at that a jump of the clock has put too far away is moved near, and
 * one that could not be started waits CLAIM_RETURNED.
 */
int64_t claim_due(const struct conf *conf, const struct job *job, int dir,
    int64_t now, int64_t known_us);

/*
 * Until when a half-written file is left to whoever may be writing it, seen at
 * `now` and known since known_us before: spool.settle after its last change
 * and after it was first seen.  -1 with errno if it cannot be looked at.
 */
int64_t claim_settled(const struct spool *s, int fd, int64_t now,
    int64_t known_us);

/* Frees the memory, and gives up the lock if it is still held. */
void claim_drop(struct claim *c);

#endif
