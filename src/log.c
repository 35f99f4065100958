#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "progress.h"
#include "text.h"
#include "when.h"

#define LOG_LINE_MAX 2048 /* bytes of formatted text */

/* Not fs_open: a log may well be a symbolic link. */
static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
	    0640);
}

int
log_open(struct log *log, const char *path)
{
	log->path = NULL;
	log->below = NULL;
	log->fd = STDERR_FILENO;
	if (path == NULL)
		return 0;
	/* A daemon changes its directory, and opens the log again later. */
	log->path = fs_absolute(path);
	if (log->path == NULL)
		return -1;
	log->fd = open_file(log->path);
	return log->fd == -1 ? -1 : 0;
}

void
log_close(struct log *log)
{
	if (log->path != NULL && log->fd != -1)
		(void)fs_close(log->fd);
	free(log->path);
	log->path = NULL;
}

void
log_reopen(struct log *log)
{
	int fd = log->path != NULL ? open_file(log->path) : -1;

	if (fd == -1)
		return;
	(void)fs_close(log->fd);
	log->fd = fd;
}

void
log_line_at(const struct log *log, int64_t us, const char *text)
{
	struct buf line = BUF_EMPTY;
	char time[WHEN_SIZE];

	when_format_ms(time, us);
	if (log->below != NULL)
		progress_lift(log->below, &line);
	buf_printf(&line, "%s %s\n", time, text);
	if (log->below != NULL)
		progress_lower(log->below, &line);
	(void)fs_write(log->fd, buf_text(&line), line.len);
	buf_free(&line);
}

void
log_line(const struct log *log, const char *text)
{
	log_line_at(log, fs_now(), text);
}

void
log_error(const struct log *log, const char *event, const char *text)
{
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "event=%s error=", event);
	text_logfmt(&line, text, strlen(text));
	log_line(log, buf_text(&line));
	buf_free(&line);
}

void
log_printf(const struct log *log, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_line(log, text);
}
