/*
 * fs - files, with every EINTR, short read and short write dealt with here.
 *
 * Owns: reading whole, writing all, syncing, safe descriptors.
 * Must not know: what is in the files, or where they are.
 */
#ifndef FS_H
#define FS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"

/* The time of day in microseconds since 1970. */
int64_t fs_now(void);

/* A clock that is never set, in microseconds. */
int64_t fs_mono(void);

/*
 * Fills bytes with random ones (not fit for secrets where the system has none).
 */
void fs_random(void *bytes, size_t n);

/*
 * Clears the bits of the umask that would keep us from what we make ourselves:
 * all modes here are meant as they are given.  fs_umask: what it was before,
 * for jobs.
 */
void fs_clear_umask(void);
mode_t fs_umask(void);

/*
 * openat(2) with CLOEXEC, NOFOLLOW and NOCTTY added.
 * Returns the descriptor or -1 with errno.
 */
int fs_open(int dir, const char *name, int flags, mode_t mode);

/*
 * Opens a file, which is made if it is missing, and takes the exclusive
 * flock(2) on it, waiting up to `wait` microseconds.  Returns the descriptor,
 * or -1 with errno: EWOULDBLOCK if somebody else held it all the time.
 */
int fs_lock(int dir, const char *name, int64_t wait);

/* Reads until n bytes are there or the file ends: how many, or -1. */
ssize_t fs_read(int fd, void *bytes, size_t n);

/*
 * Appends the file from its start to `out`; at most max + 1 bytes, so that
 * out->len > max tells that there is more.  Returns 0 or -1 with errno.
 */
int fs_read_all(int fd, struct buf *out, size_t max);

/* Opens, reads and closes; as fs_read_all. */
int fs_read_file(int dir, const char *name, struct buf *out, size_t max);

/* Writes all n bytes; 0, or -1 with errno (ENOSPC after a short write). */
int fs_write(int fd, const void *bytes, size_t n);

enum fs_sync {
	FS_FLUSH, /* what close(2) has against the writes is an error */
	FS_SYNC,  /* fsync(2) */
	FS_LATER  /* the caller syncs it */
};

/*
 * Makes a file that must not exist yet, mode 0600, with these bytes in it.
 * Returns a descriptor open for reading and appending, or -1 with errno: then
 * there is no such file.
 */
int fs_create(int dir, const char *name, const void *bytes, size_t n,
    enum fs_sync sync);

/*
 * The current directory, in memory to be freed; NULL with errno: ENAMETOOLONG
 * if its path has PATH_MAX bytes or more, so that nobody could enter it.
 */
char *fs_cwd(void);

/*
 * The path from the root, in memory to be freed; symbolic links in it are
 * left as they are.  NULL with errno.
 */
char *fs_absolute(const char *path);

/* fsync(2); what cannot be synced (EINVAL: a special file) needs none. */
int fs_sync(int fd);

/* close(2), after which the descriptor is gone whatever it returns. */
int fs_close(int fd);

/* Opens /dev/null on those of 0, 1 and 2 that are closed; 0 or -1. */
int fs_std_fds(void);

#endif
