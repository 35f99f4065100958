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
#include "record.h"
#include "spool.h"

#ifndef QUEUECTL_VERSION
#define QUEUECTL_VERSION "0"
#endif

/* The commands, each in the cmd_*.c of its family. */
extern const struct cmd cmd_init, cmd_version, cmd_help;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_enqueue;
extern const struct cmd cmd_list, cmd_dlq_list;
extern const struct cmd cmd_status;
extern const struct cmd cmd_show, cmd_dlq_show;
extern const struct cmd cmd_output;
extern const struct cmd cmd_wait;
extern const struct cmd cmd_retry, cmd_dlq_retry;
extern const struct cmd cmd_cancel, cmd_purge, cmd_dlq_purge;
extern const struct cmd cmd_pause, cmd_resume;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_metrics;
extern const struct cmd cmd_dashboard;
extern const struct cmd cmd_worker_start, cmd_worker_stop, cmd_worker_status;
extern const struct cmd cmd_config_list, cmd_config_get, cmd_config_set,
    cmd_config_unset;

/* ---- Saying what is wrong ---- */

/* msg_warnx of "what: why". */
void cmd_warn(const char *what, const char *fmt, ...) MSG_PRINTF(2, 3);

/* The exit status for an errno: MSG_AGAIN for a full disk, or MSG_REFUSED. */
int cmd_errno_status(int error);

/*
 * Says that something was not done to `what`, for an error of the spool: with
 * EWOULDBLOCK, which process to look for.  The exit status.
 */
int cmd_undone(const struct spool *s, const char *what, const char *undone,
    int error);

/* ---- The spool ---- */

/*
 * Opens the spool to look at it; where there is none it says so, and s is
 * one that looks empty.  Returns an exit status; if it is MSG_OK, s must be
 * given to spool_close.
 */
int cmd_open_read(const struct opt_args *args, struct spool *s);

/* The same, but also one that nobody should use (spool_unsafe). */
int cmd_open_examine(const struct opt_args *args, struct spool *s);

/* Opens the spool, and makes it if there is none. */
int cmd_open_make(const struct opt_args *args, struct spool *s);

/* The same, and reads its config: one that is faulty is refused. */
int cmd_open_write(const struct opt_args *args, struct spool *s,
    struct conf *conf);

/* Warns if the spool is on a mount whose locks are known not to exclude. */
void cmd_note_mount(const struct spool *s);

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

/* MSG_OK if the text may be an ID or ID~TIME, for a command that changes it; */
int cmd_check_id(const char *id);

/* or the beginning of one, or of an ID~TIME, for a command that reads. */
int cmd_check_begun(const char *text);

/*
 * Finds and reads the job of an ID or of a unique beginning of one: its live
 * record, else the latest ended one; or the record of an ID~TIME.  Returns an
 * exit status; MSG_OK: to be freed.
 */
int cmd_find(const struct spool *s, const char *id, struct record *r);

/*
 * The ID of the job of this spool that we are a part of, as our environment
 * says and its file confirms; or NULL.  Whoever would wait for its end waits
 * for himself.
 */
const char *cmd_inside(const struct spool *s);

/* The JOBs of a command line. */
struct cmd_ids {
	char **id;
	size_t count;
	struct buf text;	      /* what standard input had */
	int (*check)(const char *id); /* the exit status */
};

/*
 * Takes the arguments; "-" stands for the lines of standard input.  All are
 * checked (cmd_check_id, cmd_check_begun) before any is returned.  Returns
 * an exit status; MSG_OK: to be freed.
 */
int cmd_ids_read(struct cmd_ids *ids, const struct opt_args *args,
    int (*check)(const char *id));
void cmd_ids_free(struct cmd_ids *ids);

/* Appends the command, made safe to show; "-" where there is none. */
void cmd_put_command(struct buf *out, const struct record *j);

/* What `show JOB` does, and `status JOB` too. */
int cmd_run_show(const struct opt_args *args);

/* ---- Who works ---- */

/* Says what keeps every job from starting: a pause, no room, no worker. */
void cmd_note_stuck(struct spool *s);

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

/*
 * Appends the name of a state, and text that stands out, coloured where that
 * is wanted (a terminal, and neither NO_COLOR nor TERM=dumb).  Only these
 * may put escape sequences into a text.
 */
void cmd_put_state(struct buf *out, int state);
void cmd_put_bold(struct buf *out, const char *text);

/* Appends blanks until the text behind `start` has that many columns. */
void cmd_pad(struct buf *out, size_t start, size_t columns);

/*
 * Prints the text, a newline, and forgets it.  On a terminal it is cut to
 * its width.
 */
void cmd_print_row(struct buf *line);

/* cmd_print_row of the names of columns. */
void cmd_print_header(struct buf *line);

/* Prints the text and forgets it. */
void cmd_print(struct buf *text);

/*
 * Prints the help of every command of that name, or that it is the first word
 * of.  Returns the exit status.
 */
int cmd_help_named(const struct opt_table *table, const char *name);

/*
 * The same for JSON, which is printed whole or, without memory, not at all.
 * Returns the exit status.
 */
int cmd_print_json(struct buf *json);

#endif
