/* The portable variant: polling, rename under a lock, process groups. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define OS_FDS_MAX 65536 /* descriptors that os_close_from looks at */

int
os_rename_noreplace(int fromdir, const char *from, int todir, const char *to)
{
	(void)fromdir;
	(void)from;
	(void)todir;
	(void)to;
	errno = ENOSYS;
	return -1;
}

int
os_watch_open(void)
{
	errno = ENOSYS;
	return -1;
}

int
os_watch_add(int watch_fd, int fd, int leaving)
{
	(void)leaving;
	(void)watch_fd;
	(void)fd;
	errno = ENOSYS;
	return -1;
}

int
os_watch_sees_all(int fd)
{
	(void)fd;
	return 0;
}

int
os_watch_read(int watch_fd,
    void (*seen)(void *arg, const struct os_event *event), void *arg)
{
	(void)watch_fd;
	(void)seen;
	(void)arg;
	errno = ENOSYS;
	return -1;
}

int
os_mount_type(int fd, char *type, size_t size)
{
	(void)fd;
	(void)type;
	(void)size;
	errno = ENOSYS;
	return -1;
}

void
os_close_from(int lowest, int keep)
{
	long max = sysconf(_SC_OPEN_MAX);
	int fd;

	if (max < 0 || max > OS_FDS_MAX)
		max = OS_FDS_MAX;
	for (fd = lowest; fd < max; fd++)
		if (fd != keep)
			(void)close(fd);
}

int
os_kill_session(pid_t session, int sig, struct os_process *one)
{
	(void)one;
	/* A child that does not lead it yet is alone. */
	if (kill(-session, sig) == -1 && errno == ESRCH)
		(void)kill(session, sig);
	return 0;
}

void
os_mounts_open(struct os_mounts *m)
{
	m->fd = -1;
	m->known = m->local = 0;
}

int
os_mounts_local(struct os_mounts *m)
{
	(void)m;
	return 0;
}

int
os_random(void *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	errno = ENOSYS;
	return -1;
}

int
os_sync_all(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}

int
os_leases(int fd)
{
	(void)fd;
	return 0;
}

int
os_sole_open(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}

int
os_reopen(int fd)
{
	(void)fd;
	errno = ENOSYS;
	return -1;
}

int
os_cpus(void)
{
#ifdef _SC_NPROCESSORS_ONLN
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n > 0)
		return (int)n;
#endif
	return 1;
}
