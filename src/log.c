#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "when.h"

#define LOG_LINE_MAX 2048 /* bytes of formatted text */

int
log_open(struct log *log, const char *path)
{
	log->path = path;
	log->fd = STDERR_FILENO;
	if (path == NULL)
		return 0;
	/* Not fs_open: a log may well be a symbolic link. */
	log->fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	return log->fd == -1 ? -1 : 0;
}

void
log_reopen(struct log *log)
{
	struct log fresh;

	if (log->path == NULL || log_open(&fresh, log->path) == -1)
		return;
	(void)fs_close(log->fd);
	*log = fresh;
}

void
log_line(const struct log *log, const char *text)
{
	struct buf line = BUF_EMPTY;
	char time[WHEN_SIZE];

	when_format_ms(time, fs_now());
	buf_printf(&line, "%s %s\n", time, text);
	(void)fs_write(log->fd, buf_text(&line), line.len);
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
