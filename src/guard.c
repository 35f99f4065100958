#include "guard.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"
#include "when.h"

#define GUARD_AGAIN   (WHEN_SECOND / 20) /* between two SIGKILLs */
#define GUARD_ENDS_MS 500		 /* for its own end */

/* ---- In the guard ---- */

/* Takes the last time that the worker has told; exits if that is gone. */
static void
hear(int fd, int64_t *touched)
{
	int64_t told[16];
	ssize_t n;

	do
		n = read(fd, told, sizeof told);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		_exit(0);
	*touched = told[(size_t)n / sizeof told[0] - 1];
}

/* Waits for the worker, or until a time on the monotonic clock. */
static int
heard(int fd, int64_t until)
{
	int64_t left = until - fs_mono();
	struct pollfd p;

	p.fd = fd;
	p.events = POLLIN;
	p.revents = 0;
	if (left > WHEN_SECOND * 3600)
		left = WHEN_SECOND * 3600;
	return poll(&p, 1, left <= 0 ? 0 : (int)((left + 999) / 1000)) > 0;
}

static void
watch(int fd, pid_t session, int64_t touched, int64_t lease)
{
	int64_t ignored, pause;

	while (fs_mono() < touched + lease / 6 * GUARD_TERM)
		if (heard(fd, touched + lease / 6 * GUARD_TERM))
			hear(fd, &touched);
	(void)fs_write(fd, "", 1);
	(void)os_kill_session(session, SIGTERM, NULL);
	(void)os_kill_session(session, SIGCONT, NULL);
	/* Too late for a touch: the job is on its way out. */
	while (fs_mono() < touched + lease / 6 * GUARD_KILL)
		if (heard(fd, touched + lease / 6 * GUARD_KILL))
			hear(fd, &ignored);
	for (;;) {
		pause = os_kill_session(session, SIGKILL, NULL) > 0 ?
		    GUARD_AGAIN :
		    WHEN_SECOND;
		if (heard(fd, fs_mono() + pause))
			hear(fd, &ignored);
	}
}

/* ---- In the worker ---- */

int
guard_start(struct guard *g, pid_t session, int64_t touched, int64_t lease)
{
	int pair[2], saved, i;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		(void)fcntl(pair[i], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	saved = errno;
	if (pid == 0) {
		/*
		 * All else stays open: to close a file may wait for a server.
		 * It ends with the worker, so nobody takes it for that.
		 */
		(void)close(pair[0]);
		watch(pair[1], session, touched, lease);
	}
	(void)close(pair[1]);
	if (pid == -1) {
		(void)close(pair[0]);
		errno = saved;
		return -1;
	}
	g->pid = pid;
	g->fd = pair[0];
	return 0;
}

void
guard_touched(struct guard *g, int64_t touched)
{
	if (g->pid != 0)
		(void)!write(g->fd, &touched, sizeof touched);
}

int
guard_fired(struct guard *g)
{
	char c;

	return g->pid != 0 && read(g->fd, &c, 1) == 1;
}

int
guard_stop(struct guard *g)
{
	int fired, ms;

	if (g->pid == 0)
		return 0;
	(void)kill(g->pid, SIGKILL);
	/* Its files may wait for a server to be closed: it does no harm. */
	for (ms = 0; ms < GUARD_ENDS_MS && waitpid(g->pid, NULL, WNOHANG) == 0;
	     ms++)
		(void)poll(NULL, 0, 1);
	fired = guard_fired(g);
	(void)close(g->fd);
	g->pid = 0;
	return fired;
}
