#include "log.h"

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "progress.h"
#include "text.h"

#define LOG_LINE_MAX 2048 /* bytes of formatted text */

/* ---- Opening ---- */

int
log_open(struct log *log, const char *path)
{
	static const struct log empty = { NULL, OUTLET_CLOSED, OUTLET_CLOSED,
		NULL, 0, 0, 0, 0 };

	*log = empty;
	if (path == NULL)
		return 0;
	/* A daemon changes its directory, and opens the log again later. */
	log->path = fs_absolute(path);
	if (log->path == NULL)
		return -1;
	if (outlet_open(&log->file, log->path) == 0)
		return 0;
	return errno == ENXIO ? 1 : -1;
}

/* Standard error: not before a daemon has put another file there. */
struct outlet *
log_terminal(struct log *log)
{
	if (log->error.fd == -1)
		outlet_use(&log->error, STDERR_FILENO);
	return &log->error;
}

/* ---- Writing ---- */

/* True if something is to be made up for. */
static int
owes(const struct log *log)
{
	const struct outlet *o = log->path != NULL ? &log->file : &log->error;

	return log->lost > 0 || o->rest.len > 0;
}

/* Nothing was written: takes note of when there is to be another try. */
static void
put_off(struct log *log, struct outlet *o)
{
	int error = errno;

	log->full = error == EAGAIN && o->fd != -1;
	if (log->full)
		return;
	log->retry = fs_mono() + LOG_RETRY;
	/* Of a pipe or a terminal that was inherited there is no other end. */
	log->gone = log->path == NULL && (error == EPIPE || error == EIO);
	/* Who reads a FIFO next is not to begin in the midst of a line. */
	if (error == EPIPE && log->path != NULL) {
		log->lost += o->rest.len > 0;
		outlet_close(o);
	}
}

/* Writes a line whole, or so that its rest is kept; 0 or -1. */
static int
put_line(struct log *log, struct outlet *o, int64_t us, const char *text)
{
	struct buf line = BUF_EMPTY;
	char time[WHEN_SIZE];
	int ret = -1;

	when_format_ms(time, us);
	if (log->path == NULL && log->below != NULL)
		progress_lift(log->below, &line);
	buf_printf(&line, "%s %s\n", time, text);
	if (log->path == NULL && log->below != NULL)
		progress_lower(log->below, &line);
	if (line.failed)
		errno = ENOMEM;
	else
		ret = outlet_put(o, line.data, line.len);
	if (ret == -1)
		put_off(log, o);
	buf_free(&line);
	return ret;
}

static struct outlet *
outlet_of(struct log *log)
{
	return log->path != NULL ? &log->file : log_terminal(log);
}

/* Makes up for everything: 0, or -1 if that is not possible now. */
static int
catch_up(struct log *log, struct outlet *o)
{
	char text[64];

	if (log->retry != 0 && fs_mono() < log->retry)
		return -1;
	log->retry = 0;
	if ((o->fd == -1 && outlet_open(o, log->path) == -1) ||
	    outlet_flush(o) == -1) {
		put_off(log, o);
		return -1;
	}
	if (log->lost > 0) {
		snprintf(text, sizeof text, "event=log-lost lines=%ld",
		    log->lost);
		if (put_line(log, o, fs_now(), text) == -1)
			return -1;
		log->lost = 0;
	}
	log->full = o->rest.len > 0;
	return log->full ? -1 : 0;
}

void
log_line_at(struct log *log, int64_t us, const char *text)
{
	struct outlet *o = outlet_of(log);

	if (catch_up(log, o) == -1 || put_line(log, o, us, text) == -1)
		log->lost++;
	else
		log->full = o->rest.len > 0;
}

void
log_line(struct log *log, const char *text)
{
	log_line_at(log, fs_now(), text);
}

void
log_error(struct log *log, const char *event, const char *text)
{
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "event=%s error=", event);
	text_logfmt(&line, text, strlen(text));
	log_line(log, buf_text(&line));
	buf_free(&line);
}

void
log_printf(struct log *log, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_line(log, text);
}

void
log_notice(struct log *log, const char *fmt, ...)
{
	struct buf line = BUF_EMPTY;
	char text[LOG_LINE_MAX];
	struct outlet *o;
	va_list ap;

	if (log->path == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	o = log_terminal(log);
	if (log->below != NULL)
		progress_lift(log->below, &line);
	buf_puts(&line, "queuectl: ");
	text_show(&line, text, strlen(text)); /* it may have a path in it */
	buf_putc(&line, '\n');
	if (log->below != NULL)
		progress_lower(log->below, &line);
	if (!line.failed && outlet_flush(o) == 0)
		(void)outlet_put(o, line.data, line.len);
	buf_free(&line);
}

/* ---- Making up ---- */

int
log_wait(const struct log *log, int64_t *until)
{
	*until = WHEN_NEVER;
	if (!owes(log))
		return -1;
	if (log->full)
		return log->path != NULL ? log->file.fd : log->error.fd;
	if (!log->gone)
		*until = log->retry;
	return -1;
}

void
log_catch_up(struct log *log)
{
	struct outlet *o = outlet_of(log);
	size_t rest = o->rest.len;
	int was_full = log->full;

	/* What says that it has room and takes nothing is not asked at once. */
	if (owes(log) && catch_up(log, o) == -1 && log->full && was_full &&
	    o->rest.len == rest) {
		log->full = 0;
		log->retry = fs_mono() + LOG_RETRY;
	}
}

/* ---- Opening anew, closing ---- */

static int
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

void
log_reopen(struct log *log)
{
	struct outlet fresh = OUTLET_CLOSED;
	const char *why;

	if (log->path == NULL)
		return;
	if (outlet_open(&fresh, log->path) == -1) {
		why = strerror(errno);
		log_notice(log,
		    "%s: cannot be opened anew, the log goes on "
		    "in the old file: %s",
		    log->path, why);
		log_error(log, "log-not-reopened", why);
		return;
	}
	if (log->file.fd != -1 && same_file(log->file.fd, fresh.fd)) {
		outlet_close(&fresh);
		return;
	}
	log->lost += outlet_flush(&log->file) == -1;
	outlet_close(&log->file);
	log->file = fresh;
	log->full = 0;
	log->retry = 0;
	log_catch_up(log);
}

/* Makes up for what it can; waits for room, if that is all that is missing. */
static void
linger(struct log *log)
{
	int64_t now = fs_mono(), end = now + LOG_LINGER;
	struct pollfd p;

	log->retry = 0;
	if (!log->full)
		log_catch_up(log);
	for (; owes(log) && log->full && now < end; now = fs_mono()) {
		p.fd = outlet_of(log)->fd;
		p.events = POLLOUT;
		if (poll(&p, 1, (int)((end - now) / 1000) + 1) > 0)
			log_catch_up(log);
	}
}

void
log_close(struct log *log)
{
	if (owes(log))
		linger(log);
	if (owes(log))
		log_notice(log, "%s: %ld lines of the log could not be written",
		    log->path, log->lost + (log->file.rest.len > 0));
	outlet_close(&log->file);
	outlet_close(&log->error);
	free(log->path);
	log->path = NULL;
}
