/*
 * record - a job as it is found in the spool, for those who only look.
 *
 * Owns: finding the record of an ID, what is derived from a job together with
 * the place where it lies.
 * Must not know: how any of it is shown; it locks and changes nothing.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "job.h"
#include "spool.h"

struct record {
	char name[JOB_NAME_MAX + 1];
	int dir; /* of a state */
	uint64_t inode;
	int64_t mtime;
	uid_t user;	 /* whose it is */
	int strange;	 /* not trusted: never run, and JOB_BAD */
	struct buf text; /* of the file */
	struct job job;
	enum job_parsed parsed;
	struct job_error error; /* unless JOB_OK */
};

/* Reads a job file.  OK, GONE, FOREIGN or ERROR; OK: to be freed. */
enum spool_result record_read(const struct spool *s, int dir, const char *name,
    struct record *r);
void record_free(struct record *r);

/*
 * Finds and reads the job of a valid ID: its live record, else the latest
 * ended one; or the record of an ID~TIME.  OK (to be freed), GONE (no such
 * job), FOREIGN, or ERROR with errno (EAGAIN: it keeps moving).
 */
enum spool_result record_find(const struct spool *s, const char *id,
    struct record *r);

/*
 * Runs so far as the retry rule counts them, the one that runs or was
 * successful included, and the runs that there may be at most.
 */
int record_tries(const struct record *r);
int record_tries_max(const struct record *r, const struct conf *conf);

/*
 * The run that a job's last line began, if that is what it says; NULL
 * otherwise.
 */
const struct job_event *record_run(const struct record *r);

/* One run of a job, from its first line to the next one. */
struct record_attempt {
	const struct job_event *start;
	const struct job_event *end; /* NULL: there is none */
	const char *how;	     /* what came of it, in a word or two */
};

/*
 * The next run, in their order; *at is 0 at first.  Returns 1, or 0 at the
 * end.
 */
int record_next_attempt(const struct record *r, size_t *at,
    struct record_attempt *a);

/* How the last run went; what is not known is -1, 0 or NULL as said. */
struct record_last {
	int64_t retry_at;    /* -1: none */
	int64_t started_at;  /* -1 */
	int64_t finished_at; /* -1 */
	int exit_code;	     /* -1 */
	int signal;	     /* 0 */
	const char *error;   /* NULL */
	const char *worker;  /* NULL */
};

void record_last(const struct record *r, struct record_last *last);

/* What the last run ended badly with, or why the file is no job; or NULL. */
const char *record_error(const struct record *r);

/* Seconds that a run may take, 0 for any number. */
long record_timeout(const struct record *r, const struct conf *conf);

/* True if the worker that began a run is alive. */
int record_run_alive(const struct spool *s, const struct job_event *run);

/*
 * Opens an output of an attempt, stream "out" or "err"; -1 with errno, ENOENT
 * if the run wrote nothing.
 */
int record_open_output(const struct spool *s, const char *name, int attempt,
    const char *stream);

/*
 * Calls `found` for each job that has died since then and is in dead/ under its
 * ID, until that returns non-zero.  Returns that, 0, or -1 with errno.
 */
int record_deaths(const struct spool *s, int64_t since,
    int (*found)(void *arg, const char *name), void *arg);

/* When it was created, as far as is known, and last changed. */
int64_t record_created(const struct record *r);
int64_t record_updated(const struct record *r);

#endif
