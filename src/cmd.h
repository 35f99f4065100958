/*
 * cmd - what the commands share: opening the spool, finding a job, saying
 * what is wrong, and printing.
 *
 * Owns: the look of times and of strangers' text on standard output.
 * Must not know: what any one command does.
 *
 * Functions that return an exit status have said why unless it is MSG_OK.
 */
#ifndef CMD_H
#define CMD_H

#include <sys/stat.h>

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "job.h"
#include "msg.h"
#include "opt.h"
#include "spool.h"

#ifndef QUEUECTL_VERSION
#define QUEUECTL_VERSION "0"
#endif

/* The commands, each in the cmd_*.c of its family. */
extern const struct cmd cmd_init, cmd_version, cmd_help;
extern const struct cmd cmd_enqueue;
extern const struct cmd cmd_list, cmd_dlq_list;
extern const struct cmd cmd_status, cmd_show, cmd_output;
extern const struct cmd cmd_retry, cmd_dlq_retry;
extern const struct cmd cmd_worker_start, cmd_worker_stop, cmd_worker_status;
extern const struct cmd cmd_config_list, cmd_config_get, cmd_config_set,
    cmd_config_unset;

/* ---- Saying what is wrong ---- */

/* msg_warnx of "what: why", whatever bytes are in `what`. */
void cmd_warn(const char *what, const char *fmt, ...) MSG_PRINTF(2, 3);

/* The exit status for an errno: MSG_AGAIN for a full disk, or MSG_REFUSED. */
int cmd_errno_status(int error);

/* ---- The spool ---- */

/*
 * Opens the spool to look at it; where there is none it says so, and s is
 * one that looks empty.  Returns an exit status; if it is MSG_OK, s must be
 * given to spool_close.
 */
int cmd_open_read(const struct opt_args *args, struct spool *s);

/* Opens the spool, and makes it if there is none. */
int cmd_open_make(const struct opt_args *args, struct spool *s);

/* The same, and reads its config: one that is faulty is refused. */
int cmd_open_write(const struct opt_args *args, struct spool *s,
    struct conf *conf);

/* The config, for a look: a faulty one is warned of and left out. */
void cmd_config(const struct spool *s, struct conf *conf);

/* ---- Options ---- */

/*
 * Reads the value of an option, if it was given, as a whole number within
 * min..max, or as a duration in microseconds.  Returns an exit status.
 */
int cmd_number(const struct opt_args *args, const char *name, long min,
    long max, long *value);
int cmd_duration(const struct opt_args *args, const char *name, int64_t *value);

/* ---- Jobs ---- */

/* A job as it was found. */
struct cmd_job {
	char name[JOB_NAME_MAX + 1];
	int dir; /* of a state */
	uint64_t inode;
	int64_t mtime;
	struct buf text; /* of the file */
	struct job job;
	enum job_parsed parsed;
	struct job_error error; /* unless JOB_OK */
};

/* When a file was last changed. */
int64_t cmd_changed(const struct stat *st);

/* Reads a job file.  OK, GONE, FOREIGN or ERROR; OK: to be freed. */
enum spool_result cmd_job_read(const struct spool *s, int dir, const char *name,
    struct cmd_job *j);
void cmd_job_free(struct cmd_job *j);

/*
 * Finds and reads the job of a valid ID: its live record, else the latest ended
 * one; or the record of an ID~TIME.  Returns an exit status; MSG_OK: to be
 * freed.
 */
int cmd_job_find(const struct spool *s, const char *id, struct cmd_job *j);

/* MSG_OK if the text may be the ID of a job (of an older one, if `old`). */
int cmd_check_id(const char *id, int old);

/*
 * Runs so far as the retry rule counts them, the one that runs or was
 * successful included, and the runs that there may be at most.
 */
int cmd_tries(const struct cmd_job *j);
int cmd_tries_max(const struct cmd_job *j, const struct conf *conf);

/*
 * The run that a job's last line began, if that is what it says; NULL
 * otherwise.
 */
const struct job_event *cmd_run(const struct cmd_job *j);

/* True if the worker that began a run is alive. */
int cmd_run_alive(const struct spool *s, const struct job_event *run);

/* When it was created, as far as is known, and last changed. */
int64_t cmd_created(const struct cmd_job *j);
int64_t cmd_updated(const struct cmd_job *j);

/* Appends the command, made safe to show; "-" where there is none. */
void cmd_put_command(struct buf *out, const struct cmd_job *j);

/* ---- Standard output ---- */

/* True if standard output is a terminal. */
int cmd_terminal(void);

/* Appends text made safe to show. */
void cmd_put(struct buf *out, const char *text);

/*
 * Appends a time for a table: RFC 3339; on a terminal how long ago it is,
 * or +HOW LONG until then.
 */
void cmd_put_time(struct buf *out, int64_t us, int64_t now);

/* Appends blanks until the text behind `start` has that many columns. */
void cmd_pad(struct buf *out, size_t start, size_t columns);

/*
 * Prints the text, a newline, and forgets it.  On a terminal it is cut to
 * its width.
 */
void cmd_print_row(struct buf *line);

/* Prints the text and forgets it. */
void cmd_print(struct buf *text);

#endif
