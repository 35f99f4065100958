#include "msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#define MSG_LINE_MAX 4096 /* bytes of a message before they are made safe */

/*
 * One line in one write: others may share the standard error.  Whatever came
 * from elsewhere, a path or a name, is made safe to show here, for all callers.
 */
static void
say(const char *why, const char *fmt, va_list ap)
{
	struct buf shown = BUF_EMPTY;
	char line[MSG_LINE_MAX];

	(void)vsnprintf(line, sizeof line, fmt, ap);
	buf_puts(&shown, "queuectl: ");
	text_show(&shown, line, strlen(line));
	if (why != NULL)
		buf_printf(&shown, ": %s", why);
	buf_putc(&shown, '\n');
	if (shown.failed)
		(void)fputs("queuectl: out of memory\n", stderr);
	else
		(void)fputs(buf_text(&shown), stderr);
	buf_free(&shown);
}

void
msg_warnx(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	say(NULL, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
msg_warn(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	say(strerror(saved), fmt, ap);
	va_end(ap);
	errno = saved;
}
