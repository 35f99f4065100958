#include "msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
say(const char *why, const char *fmt, va_list ap)
{
	fputs("queuectl: ", stderr);
	vfprintf(stderr, fmt, ap);
	if (why != NULL)
		fprintf(stderr, ": %s", why);
	putc('\n', stderr);
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
