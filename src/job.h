/*
 * job - a job as text: what was submitted, and the history appended to it.
 *
 * Owns: the names of the states, the syntax of IDs, the keys of a job file
 * and what they may hold, state lines, and all that is derived from them.
 * Must not know: directories, locks, what time it is.
 */
#ifndef JOB_H
#define JOB_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "when.h"

/* Limits; the manual names each. */
#define JOB_ID_MAX	 128		   /* bytes of an ID */
#define JOB_NAME_MAX	 (JOB_ID_MAX + 32) /* of ID~TIME */
#define JOB_SUBMIT_MAX	 65536	 /* bytes before the first state line */
#define JOB_FILE_MAX	 1048576 /* bytes in all */
#define JOB_ERROR_MAX	 256	 /* of an error in a state line */
#define JOB_PRIORITY_MAX 10
#define JOB_ATTEMPT_MAX	 100000
#define JOB_RETRIES_MAX	 1000000
#define JOB_SECONDS_MAX	 315360000 /* ten years: timeouts, delays */
#define JOB_BASE_MAX	 1000000   /* of backoff_base */
#define JOB_STOPS_BEHIND 3	   /* stops in a row: others go first */

/* The states, in the order in which they are listed. */
enum job_state {
	JOB_PENDING,
	JOB_PROCESSING,
	JOB_COMPLETED,
	JOB_FAILED,
	JOB_DEAD
};
#define JOB_STATES   5
#define JOB_NO_STATE (-1)

/* "pending" and so on. */
const char *job_state_name(int state);

/* The state of that name in any case, or JOB_NO_STATE. */
int job_state_parse(const char *name);

/* Why a job is in pending/ again. */
enum job_reason {
	JOB_NO_REASON,
	JOB_RETRIED, /* by command: with all its retries */
	JOB_MOVED,   /* by hand: the same */
	JOB_LOST,    /* its worker died */
	JOB_STOPPED, /* interrupted by a stop */
	JOB_RETURNED /* could not be started */
};

/* One state line.  What a line does not have is 0, -1 or NULL as said. */
struct job_event {
	int state; /* enum job_state */
	int64_t time;
	int attempt;	  /* 0: none */
	int exit_code;	  /* -1: none */
	int signal;	  /* 0: none */
	int64_t retry_at; /* -1: none */
	enum job_reason reason;
	const char *worker; /* NULL: none */
	const char *error;  /* NULL: none */
};

struct job {
	/* As submitted. */
	const char *command; /* for /bin/sh -c, or NULL */
	char **argv;	     /* ends with NULL; or NULL */
	size_t argc;
	const char *cwd; /* NULL: home */
	char **env;	 /* NAME=VALUE, ends with NULL; or NULL */
	size_t envc;
	long umask; /* -1: the worker's */
	int priority;
	int max_retries;     /* -1: config's */
	long timeout;	     /* seconds, 0 none, -1: config's */
	int64_t run_at;	     /* -1: now */
	int64_t created_at;  /* -1: not stamped yet */
	double backoff_base; /* 0: config's */
	long max_backoff;    /* seconds, -1: config's */

	/* Its history. */
	struct job_event *events;
	size_t nevents;

	/* Derived from it. */
	int last;	   /* state of the last line, or JOB_NO_STATE */
	int attempts;	   /* runs so far: the highest attempt */
	int counted;	   /* ended badly since the last fresh start */
	int interruptions; /* lost since then */
	int stops;	   /* in a row, losses not counted, since then */

	/* Of the text. */
	size_t whole; /* bytes up to the end of the last whole line */
	char *memory; /* of the strings above */
};

enum job_parsed {
	JOB_OK,
	JOB_HALF, /* being written: unterminated, or no command yet */
	JOB_BAD,  /* whole but not acceptable; the history is valid */
	JOB_NO_MEMORY
};

/* What is wrong with a job file: "line 3: priority: ..." */
struct job_error {
	char what[JOB_ERROR_MAX];
};

/*
 * Reads a job file.  Whatever it returns, *job must be given to job_free.
 * After JOB_BAD and JOB_HALF, *error says what is wrong or missing.
 */
enum job_parsed job_parse(struct job *job, const char *text, size_t len,
    struct job_error *error);

void job_free(struct job *job);

/*
 * Checks the value of a submitted key.  Returns 1 if it is a key of the job
 * file and the value will do, 0 if there is no such key, -1 and fills *error
 * ("priority: ...") if the value is not acceptable.
 */
int job_check(const char *key, const char *value, size_t len,
    struct job_error *error);

/*
 * Appends the line "key=value", a newline in the value as a continuation
 * line.  The value must hold no NUL.
 */
void job_put(struct buf *out, const char *key, const char *value);

/* Appends a state line with its newline; text is escaped and cut to size. */
void job_put_event(struct buf *out, const struct job_event *event);

/* An event with nothing in it but state and time. */
struct job_event job_event_make(int state, int64_t time);

/* The last event of that state (JOB_NO_STATE: of any), or NULL. */
const struct job_event *job_last_event(const struct job *job, int state);

/* "retried" and so on; NULL for JOB_NO_REASON. */
const char *job_reason_name(enum job_reason reason);

/* When it may run: run_at, or the retry_at of its last line; 0: now. */
int64_t job_due(const struct job *job, int state);

/*
 * Where a job stands among those that are due: the highest priority goes
 * first, then the earliest *since.  That is its created_at, or `changed` if it
 * has none; from its JOB_STOPS_BEHIND-th stop in a row on it is behind all that
 * waited when it was stopped last, whatever its priority.
 */
void job_order(const struct job *job, int64_t changed, int64_t *since,
    int *priority);

/* True if the text may be an ID: [A-Za-z0-9_][A-Za-z0-9._-]{0,127}. */
int job_id_valid(const char *id);

/*
 * The suffix of a name that a file has while it is being copied or edited
 * (".part" and so on), or NULL: in pending/ it is no job.
 */
const char *job_name_unfinished(const char *name);

/* True for an ID or an ID~TIME, the name of an older record. */
int job_name_valid(const char *name);

/* True for an ID~TIME. */
int job_name_old(const char *name);

/* Crockford's alphabet in lower case: no i, l, o, u to misread. */
#define JOB_LETTERS "0123456789abcdefghjkmnpqrstvwxyz"

/* A generated ID: the time and six base-32 letters of `number`. */
void job_id_make(char out[JOB_NAME_MAX + 1], int64_t now, uint32_t number);

/* The time in a generated ID, or in an ID~TIME of one; -1: it is none. */
int64_t job_id_time(const char *name);

/*
 * Writes the command for people: the command itself, or the argument vector
 * quoted for a shell where it needs it.
 */
void job_command_text(const struct job *job, struct buf *out);

#endif
