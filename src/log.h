/*
 * log - the supervisor's log: one line an event, in logfmt behind the time.
 *
 * Owns: the file or standard error that it goes to, and what is to be made up
 * for: the rest of a line, and how many could not be written.  Nothing here
 * waits for whoever reads the log.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include "msg.h"
#include "outlet.h"
#include "when.h"

#define LOG_RETRY  WHEN_SECOND /* after an error, until the next try */
#define LOG_LINGER WHEN_SECOND /* at the end, for what is not written yet */

struct progress;

struct log {
	char *path;		/* absolute; NULL: standard error */
	struct outlet file;	/* of path */
	struct outlet error;	/* standard error, from its first use on */
	struct progress *below; /* a line at the same terminal; or NULL */
	long lost;		/* lines that it does not have, untold */
	int full;		/* no room: it tells when there is some */
	int gone;		/* what was inherited has no other end */
	int64_t retry;		/* monotonic clock: no try before; 0: none */
};

/*
 * Opens the log (path NULL: standard error).  0, or -1 with errno; 1 for a
 * FIFO that nobody reads, which is opened as soon as somebody does.
 */
int log_open(struct log *log, const char *path);

/*
 * Writes what can still be written within LOG_LINGER, tells on standard error
 * how many lines are lost from a file, and closes what log_open opened.
 */
void log_close(struct log *log);

/*
 * Opens the file anew, after somebody has rotated it.  If that fails, both
 * standard error and the old file are told, and the old one stays in use.
 */
void log_reopen(struct log *log);

/* Writes a line, or counts it as lost; text is what stands behind the time. */
void log_line(struct log *log, const char *text);

/* The same, of something that happened at that time (fs_now). */
void log_line_at(struct log *log, int64_t us, const char *text);

/* Writes "event=EVENT error=TEXT", the text quoted as logfmt wants it. */
void log_error(struct log *log, const char *event, const char *text);

/* As log_line, formatted. */
void log_printf(struct log *log, const char *fmt, ...) MSG_PRINTF(2, 3);

/*
 * Writes a message to standard error, if the log goes elsewhere; it is lost if
 * that has no room.
 */
void log_notice(struct log *log, const char *fmt, ...) MSG_PRINTF(2, 3);

/* Where a progress line at standard error is to be written. */
struct outlet *log_terminal(struct log *log);

/*
 * What to wait for before log_catch_up is called.  Returns a descriptor to
 * wait on until it can be written to, or -1; and the time on the monotonic
 * clock in *until, or WHEN_NEVER.
 */
int log_wait(const struct log *log, int64_t *until);

/* Writes what is to be made up for, as far as that is possible now. */
void log_catch_up(struct log *log);

#endif
