/*
 * draft - a job that is being put together, before it is a file.
 *
 * Owns: the order of the lines of a new job file, and the JSON form of one.
 * Must not know: where the values come from, defaults.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include <stddef.h>

#include "buf.h"
#include "job.h"

#define DRAFT_KEYS 10 /* keys that hold one value each */

struct draft {
	struct buf base; /* a ready job file that the rest is added to */
	struct buf args; /* "arg" lines */
	struct buf envs; /* "env" lines */
	char *value[DRAFT_KEYS];
	char id[JOB_NAME_MAX + 1]; /* "": to be generated */
};

/* An empty draft. */
void draft_init(struct draft *d);
void draft_free(struct draft *d);

/*
 * Sets a key; `arg` and `env` add up, any other replaces what was set before.
 * Returns 0, or -1 and fills *error.
 */
int draft_set(struct draft *d, const char *key, const char *value, size_t len,
    struct job_error *error);

/*
 * Sets a key to a value that is right, whatever it was set to.  The key is one
 * of those that hold one.  0, or -1 without memory.
 */
int draft_stamp(struct draft *d, const char *key, const char *value);

/* Takes the arguments out again, those of the base too. */
void draft_drop_args(struct draft *d);

/* True if the key was set (the base is not looked at). */
int draft_has(const struct draft *d, const char *key);

/* Sets the ID; 0, or -1 and fills *error if it is none. */
int draft_set_id(struct draft *d, const char *id, struct job_error *error);

/*
 * Sets what a JSON object says: id, command (string, or array: argv), argv,
 * priority, max_retries, timeout or timeout_seconds, run_at, cwd, env,
 * backoff_base, max_backoff, umask; members that only tell of a job's past
 * are ignored.  not_utf8 is refused if it names any other: the job would not
 * be the same.  The draft must be empty.  now: for times relative to it.
 * Returns 0, or -1 and fills *error, which names the member and the byte.
 */
int draft_set_json(struct draft *d, const char *text, size_t len, int64_t now,
    struct job_error *error);

/* Appends the text of the job file. */
void draft_text(const struct draft *d, struct buf *out);

#endif
