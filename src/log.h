/*
 * log - the supervisor's log: one line an event, in logfmt behind the time.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include "msg.h"

struct progress;

struct log {
	char *path; /* absolute; NULL: standard error */
	int fd;
	const struct progress *below; /* a line at the same terminal; or NULL */
};

/* Opens the log (path NULL: standard error); 0, or -1 with errno. */
int log_open(struct log *log, const char *path);

/* Closes what log_open opened, if it did. */
void log_close(struct log *log);

/* Opens the file anew, after somebody has rotated it. */
void log_reopen(struct log *log);

/* Writes a line; text is what stands behind the time. */
void log_line(const struct log *log, const char *text);

/* The same, of something that happened at that time (fs_now). */
void log_line_at(const struct log *log, int64_t us, const char *text);

/* Writes "event=EVENT error=TEXT", the text quoted as logfmt wants it. */
void log_error(const struct log *log, const char *event, const char *text);

/* As log_line, formatted. */
void log_printf(const struct log *log, const char *fmt, ...) MSG_PRINTF(2, 3);

#endif
