/*
 * away - a file system that goes away, for programs run with
 * LD_PRELOAD=away.so: while there is a file $AWAY/ID, the job of that ID in
 * processing/ cannot be touched.  If that file says "hang", then whoever
 * touches the job, or looks for a request to cancel it, waits until the file
 * is gone; else to touch it is an error at once.
 *
 * It is no program; who needs it makes it with cc -shared -fPIC.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A test that sees this file knows that it is in the program. */
__attribute__((constructor)) static void
say_loaded(void)
{
	const char *dir = getenv("AWAY");
	char path[512];
	int fd;

	snprintf(path, sizeof path, "%s/is-loaded", dir != NULL ? dir : "");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1)
		(void)close(fd);
}

/* 1 after a wait, -1 if there is to be an error, else 0. */
static int
ask(const char *id)
{
	const char *dir = getenv("AWAY");
	char path[512], text[8];
	int fd, waited = 0;
	ssize_t n;

	for (;;) {
		snprintf(path, sizeof path, "%s/%s", dir != NULL ? dir : "",
		    id);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			return waited;
		n = read(fd, text, sizeof text);
		(void)close(fd);
		if (n < 4 || memcmp(text, "hang", 4) != 0)
			return -1;
		waited = 1;
		(void)poll(NULL, 0, 20);
	}
}

int
futimens(int fd, const struct timespec times[2])
{
	char link[64], path[512];
	const char *id;
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	id = strstr(path, "/processing/");
	if (id != NULL && ask(id + 12) == -1) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}

/* The name that fstatat(2) has in a program with 64-bit offsets. */
#if defined(__GLIBC__) && defined(SYS_newfstatat)
int
fstatat64(int dir, const char *restrict name, struct stat64 *restrict st,
    int flags)
{
	if (strncmp(name, "cancel.", 7) == 0)
		(void)ask(name + 7);
	return (int)syscall(SYS_newfstatat, dir, name, st, flags);
}
#endif
