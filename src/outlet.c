#include "outlet.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"

#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif

int
outlet_open(struct outlet *o, const char *path)
{
	/* Not fs_open: a log may well be a symbolic link. */
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    0640);

	if (fd == -1)
		return -1;
	o->fd = fd;
	o->how = OUTLET_PLAIN;
	o->own = 1;
	return 0;
}

/*
 * After su(1) the terminal belongs to another user, who alone may open it; but
 * anybody may open /dev/tty, which is the same one if it controls our session.
 */
static int
reopen_terminal(int fd)
{
	if (!isatty(fd) || tcgetsid(fd) != getsid(0))
		return -1;
	return open("/dev/tty",
	    O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void
outlet_use(struct outlet *o, int fd)
{
	struct stat st;
	int fresh;

	o->fd = fd;
	o->how = OUTLET_PLAIN;
	o->own = 0;
	if (fstat(fd, &st) == -1)
		return;
	if (S_ISSOCK(st.st_mode))
		o->how = OUTLET_SOCKET;
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return;
	fresh = os_reopen(fd);
	if (fresh == -1)
		fresh = reopen_terminal(fd);
	if (fresh == -1) {
		o->how = OUTLET_POLLED;
		return;
	}
	o->fd = fresh;
	o->own = 1;
}

void
outlet_close(struct outlet *o)
{
	if (o->own && o->fd != -1)
		(void)fs_close(o->fd);
	o->fd = -1;
	o->own = 0;
	buf_free(&o->rest);
}

/* One call of the system's; returns as write(2) does. */
static ssize_t
write_some(const struct outlet *o, const char *text, size_t n)
{
	struct pollfd p;

	if (o->how == OUTLET_SOCKET)
		return os_send(o->fd, text, n);
	if (o->how == OUTLET_POLLED) {
		p.fd = o->fd;
		p.events = POLLOUT;
		p.revents = 0;
		if (poll(&p, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		/* A pipe with room takes as much at once. */
		if (n > PIPE_BUF)
			n = PIPE_BUF;
	}
	return write(o->fd, text, n);
}

/* Writes as much as is taken; returns that, and -1 only if it is nothing. */
static ssize_t
write_most(const struct outlet *o, const char *text, size_t n)
{
	size_t done = 0;
	ssize_t put;

	while (done < n) {
		put = write_some(o, text + done, n - done);
		if (put > 0) {
			done += (size_t)put;
		} else if (put == 0) {
			errno = ENOSPC;
			break;
		} else if (errno != EINTR) {
			break;
		}
	}
	return done > 0 ? (ssize_t)done : -1;
}

int
outlet_put(struct outlet *o, const char *text, size_t n)
{
	ssize_t put;

	/* Before anything of it is written, or a torn text might stay. */
	if (buf_reserve(&o->rest, n) == -1) {
		buf_clear(&o->rest);
		return -1;
	}
	put = write_most(o, text, n);
	if (put == -1)
		return -1;
	buf_add(&o->rest, text + put, n - (size_t)put);
	return 0;
}

int
outlet_flush(struct outlet *o)
{
	ssize_t put;

	if (o->rest.len == 0)
		return 0;
	put = write_most(o, o->rest.data, o->rest.len);
	if (put == -1)
		return -1;
	o->rest.len -= (size_t)put;
	memmove(o->rest.data, o->rest.data + put, o->rest.len);
	if (o->rest.len == 0)
		return 0;
	errno = EAGAIN;
	return -1;
}
