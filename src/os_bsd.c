/* In 4.4BSD and everything since, but not in POSIX.1-2008. */
#define _DEFAULT_SOURCE
#include "os.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

int
os_flock(int fd, enum os_lock how)
{
	static const int op[] = {
		[OS_LOCK_SHARED] = LOCK_SH,
		[OS_LOCK_EXCLUSIVE] = LOCK_EX,
		[OS_UNLOCK] = LOCK_UN,
	};

	while (flock(fd, op[how] | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		/* EACCES is what CIFS says of a lock that is held. */
		return errno == EWOULDBLOCK || errno == EACCES ? 1 : -1;
	}
	return 0;
}

pid_t
os_fork(void (*child)(void *arg), void *arg, int borrow)
{
	/* fork(2) copies the tables of our memory: a fifth of the speed. */
	pid_t pid = borrow ? vfork() : fork();

	if (pid == 0) {
		child(arg);
		_exit(127);
	}
	return pid;
}

void *
os_shared(size_t n)
{
	void *p =
	    mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);

	return p != MAP_FAILED ? p : NULL;
}

ssize_t
os_send(int socket, const void *bytes, size_t n)
{
	return send(socket, bytes, n, MSG_DONTWAIT);
}

size_t
os_columns(int fd)
{
#ifdef TIOCGWINSZ
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
#endif
	(void)fd;
	return 0;
}
