#include "msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MSG_LINE_MAX 4096 /* bytes of a message; a longer one is cut */

/* One line in one write: others may share the standard error. */
static void
say(const char *why, const char *fmt, va_list ap)
{
	static const char name[] = "queuectl: ";
	char line[MSG_LINE_MAX];
	size_t len = sizeof name - 1, room = sizeof line - 1;

	memcpy(line, name, sizeof name);
	(void)vsnprintf(line + len, room - len, fmt, ap);
	len = strlen(line);
	if (why != NULL)
		(void)snprintf(line + len, room - len, ": %s", why);
	len = strlen(line);
	line[len] = '\n';
	line[len + 1] = '\0';
	(void)fputs(line, stderr);
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
