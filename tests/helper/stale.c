/*
 * stale - what a file system on a network may answer, for programs run with
 * LD_PRELOAD=stale.so:
 *
 *	STALE_IN	a directory whose names are answered for from a stale
 *	STALE_AS	cache: one that has gone from it still means the file
 *			of that name in the directory STALE_AS
 *	STALE_HIDDEN	the path of a name that is there, and said not to be
 *	STALE_ERROR	ESTALE or ENOENT: what becomes of those who have a file
 *			open that has no name any more
 *
 * Renames are made by the server, which knows better.  It is no program; who
 * needs it makes it with cc -shared -fPIC.
 */
#define _GNU_SOURCE
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The function of libc that one of these stands for. */
#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* True if the descriptor is open on the directory of the first n bytes. */
static int
is_directory(int dir, const char *path, size_t n)
{
	struct stat there, here;
	char copy[4096];

	if (n >= sizeof copy)
		return 0;
	memcpy(copy, path, n);
	copy[n] = '\0';
	return stat(copy, &there) == 0 && REAL(fstat)(dir, &here) == 0 &&
	    there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

static int
is_hidden(int dir, const char *name)
{
	const char *path = getenv("STALE_HIDDEN");
	const char *base = path != NULL ? strrchr(path, '/') : NULL;

	return base != NULL && strcmp(base + 1, name) == 0 &&
	    is_directory(dir, path, (size_t)(base - path));
}

/*
 * What the cache says of a name, after a real call that returned `ret`: 0 if
 * that stands, -1 with errno if nothing is there, 1 if it is `file`.
 */
static int
cached(int dir, const char *name, int ret, char file[4096])
{
	const char *in = getenv("STALE_IN"), *as = getenv("STALE_AS");
	int saved = errno, answer = 0;

	if (ret != -1 && is_hidden(dir, name)) {
		answer = -1;
		saved = ENOENT;
	} else if (ret == -1 && saved == ENOENT && in != NULL && as != NULL &&
	    is_directory(dir, in, strlen(in))) {
		snprintf(file, 4096, "%s/%s", as, name);
		answer = 1;
	}
	errno = saved;
	return answer;
}

/* True if a file that is open has no name any more, and that is told. */
static int
is_removed(int fd)
{
	const char *error = getenv("STALE_ERROR");
	struct stat st;

	if (error == NULL || REAL(fstat)(fd, &st) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_nlink > 0)
		return 0;
	errno = strcmp(error, "ENOENT") == 0 ? ENOENT : ESTALE;
	return 1;
}

#define FSTATAT(fstatat, stat)                                             \
	int fstatat(int dir, const char *name, struct stat *st, int flags) \
	{                                                                  \
		int ret = REAL(fstatat)(dir, name, st, flags);             \
		char file[4096];                                           \
                                                                           \
		switch (cached(dir, name, ret, file)) {                    \
		case 1:                                                    \
			return REAL(fstatat)(AT_FDCWD, file, st, flags);   \
		case -1:                                                   \
			return -1;                                         \
		default:                                                   \
			return ret;                                        \
		}                                                          \
	}

#define OPENAT(openat)                                                    \
	int openat(int dir, const char *name, int flags, ...)             \
	{                                                                 \
		char file[4096];                                          \
		mode_t mode;                                              \
		va_list ap;                                               \
		int fd;                                                   \
                                                                          \
		va_start(ap, flags);                                      \
		mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;          \
		va_end(ap);                                               \
		fd = REAL(openat)(dir, name, flags, mode);                \
		switch (cached(dir, name, fd, file)) {                    \
		case 1:                                                   \
			return REAL(openat)(AT_FDCWD, file, flags, mode); \
		case -1:                                                  \
			if (fd != -1)                                     \
				close(fd);                                \
			errno = ENOENT;                                   \
			return -1;                                        \
		default:                                                  \
			return fd;                                        \
		}                                                         \
	}

#define FSTAT(fstat, stat)                                        \
	int fstat(int fd, struct stat *st)                        \
	{                                                         \
		return is_removed(fd) ? -1 : REAL(fstat)(fd, st); \
	}

/* Both names of each, whichever the program was made to call. */
FSTATAT(fstatat, stat)
OPENAT(openat)
FSTAT(fstat, stat)
#ifdef __GLIBC__
FSTATAT(fstatat64, stat64)
OPENAT(openat64)
FSTAT(fstat64, stat64)
#endif

ssize_t
write(int fd, const void *bytes, size_t n)
{
	return is_removed(fd) ? -1 : REAL(write)(fd, bytes, n);
}

int
fsync(int fd)
{
	return is_removed(fd) ? -1 : REAL(fsync)(fd);
}
