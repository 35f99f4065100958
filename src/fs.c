#include "fs.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

#define FS_LOCK_MS 16 /* at most between two tries to take a lock */

static int64_t
clock_us(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) == -1)
		return 0;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
fs_now(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t
fs_mono(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* Without a random device: a xorshift generator, seeded by clock and pid. */
static void
random_weak(unsigned char *p, size_t n)
{
	static uint64_t x;
	size_t i;

	if (x == 0)
		x = (uint64_t)fs_now() * 2654435761U ^ (uint64_t)fs_mono();
	x ^= (uint64_t)getpid() << 32;
	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (unsigned char)(x >> 24);
	}
}

void
fs_random(void *bytes, size_t n)
{
	ssize_t got = -1;
	int fd;

	if (os_random(bytes, n) == 0)
		return;
	fd = fs_open(AT_FDCWD, "/dev/urandom", O_RDONLY, 0);
	if (fd != -1) {
		got = fs_read(fd, bytes, n);
		fs_close(fd);
	}
	if (got != (ssize_t)n)
		random_weak(bytes, n);
}

static mode_t given_umask = (mode_t)-1; /* not cleared */

void
fs_clear_umask(void)
{
	given_umask = umask(S_IRWXG | S_IRWXO);
	(void)umask(given_umask & (S_IRWXG | S_IRWXO));
}

mode_t
fs_umask(void)
{
	mode_t mask;

	if (given_umask != (mode_t)-1)
		return given_umask;
	mask = umask(S_IRWXG | S_IRWXO);
	(void)umask(mask);
	return mask;
}

int
fs_open(int dir, const char *name, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dir, name,
		    flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode);
	while (fd == -1 && errno == EINTR);
	return fd;
}

int
fs_lock(int dir, const char *name, int64_t wait)
{
	int64_t deadline = fs_mono() + wait;
	int fd, got, saved, ms = 1;

	/* NONBLOCK: somebody may have put a FIFO there, or hold a lease. */
	fd = fs_open(dir, name, O_RDWR | O_CREAT | O_NONBLOCK, 0600);
	if (fd == -1)
		return -1;
	/* Not flock(2) that waits: nothing but a signal would end that. */
	while ((got = os_flock(fd, OS_LOCK_EXCLUSIVE)) == 1 &&
	    fs_mono() < deadline) {
		(void)poll(NULL, 0, ms);
		ms = ms < FS_LOCK_MS ? 2 * ms : ms;
	}
	if (got == 0)
		return fd;
	saved = got == 1 ? EWOULDBLOCK : errno;
	(void)fs_close(fd);
	errno = saved;
	return -1;
}

ssize_t
fs_read(int fd, void *bytes, size_t n)
{
	char *p = bytes;
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = read(fd, p + done, n - done);
		if (got == 0)
			break;
		if (got > 0)
			done += (size_t)got;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)done;
}

int
fs_read_all(int fd, struct buf *out, size_t max)
{
	char first[1024], *into = first; /* most are smaller */
	size_t room = sizeof first;
	size_t done = 0;
	int stream = 0; /* a pipe or terminal: has no positions */
	ssize_t got;

	while (done <= max) {
		if (room > max + 1 - done)
			room = max + 1 - done;
		if (done > 0) {
			if (buf_reserve(out, room) == -1)
				return -1;
			into = out->data + out->len;
		}
		got = stream ? read(fd, into, room) :
			       pread(fd, into, room, (off_t)done);
		if (got == -1 && errno == ESPIPE)
			stream = 1;
		else if (got == -1 && errno != EINTR)
			return -1;
		if (got == -1)
			continue;
		if (got == 0)
			break;
		if (done == 0) {
			buf_add(out, first, (size_t)got);
			if (out->failed)
				return -1;
		} else {
			out->len += (size_t)got;
			out->data[out->len] = '\0';
		}
		done += (size_t)got;
		if ((size_t)got == room)
			room *= 4;
	}
	return 0;
}

int
fs_read_file(int dir, const char *name, struct buf *out, size_t max)
{
	/* NONBLOCK: a FIFO must not hang the reader. */
	int fd = fs_open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	int ret, saved;

	if (fd == -1)
		return -1;
	ret = fs_read_all(fd, out, max);
	saved = errno;
	fs_close(fd);
	errno = saved;
	return ret;
}

int
fs_write(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t done = 0;
	ssize_t put;

	while (done < n) {
		put = write(fd, p + done, n - done);
		if (put > 0) {
			done += (size_t)put;
		} else if (put == 0) {
			errno = ENOSPC;
			return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

/*
 * What a network file system or a quota has against the writes close(2) tells,
 * of a duplicate as well, and the descriptor is still needed.
 */
static int
flush(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy == -1 ? -1 : fs_close(copy);
}

int
fs_create(int dir, const char *name, const void *bytes, size_t n,
    enum fs_sync sync)
{
	int fd, saved;

	fd = fs_open(dir, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600);
	if (fd == -1)
		return -1;
	if (fs_write(fd, bytes, n) == 0 &&
	    (sync == FS_LATER ||
		(sync == FS_SYNC ? fs_sync(fd) : flush(fd)) == 0))
		return fd;
	saved = errno;
	(void)fs_close(fd);
	(void)unlinkat(dir, name, 0);
	errno = saved;
	return -1;
}

char *
fs_cwd(void)
{
	struct buf b = BUF_EMPTY;
	size_t room = 128; /* most are shorter */
	int saved;

	for (; buf_reserve(&b, room) == 0; room *= 2) {
		if (getcwd(b.data, b.cap) != NULL) {
			if (strlen(b.data) < PATH_MAX)
				return b.data;
			errno = ENAMETOOLONG;
			break;
		}
		if (errno != ERANGE)
			break;
	}
	saved = errno;
	buf_free(&b);
	errno = saved;
	return NULL;
}

char *
fs_absolute(const char *path)
{
	struct buf b = BUF_EMPTY;
	char *here;

	if (path[0] != '/') {
		here = fs_cwd();
		if (here == NULL)
			return NULL;
		buf_printf(&b, "%s/", here);
		free(here);
	}
	buf_puts(&b, path);
	if (b.failed) {
		buf_free(&b);
		errno = ENOMEM;
	}
	return b.data;
}

int
fs_sync(int fd)
{
	int ret;

	/* Interrupted it has not failed yet; what failed is not repeated. */
	do
		ret = fsync(fd);
	while (ret == -1 && errno == EINTR);
	return ret == -1 && errno != EINVAL && errno != ENOTSUP ? -1 : 0;
}

int
fs_close(int fd)
{
	/* Never again after EINTR: on most systems the fd is free by then. */
	if (close(fd) == -1 && errno != EINTR)
		return -1;
	return 0;
}

int
fs_std_fds(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) == -1)
			return -1;
	return 0;
}
