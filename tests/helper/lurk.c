/*
 * lurk [-g | -s] FIFO NAME
 *
 * A process that is hard to get rid of: it ignores TERM, writes
 * "NAME PID LOCK" to a FIFO and stays for a minute.  LOCK is `lock` if it
 * has the descriptor of its job's lock, else `-`.  Whoever reads the FIFO
 * sees its end when all who lurk are gone, zombies or not.
 *
 *	-g	in a process group of its own
 *	-s	as a daemon: in a session of its own; returns when it is there
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOCK_FD	    10 /* jobs have it here or above: spool.md, 4 */
#define LOCK_FD_MAX 64

static int
has_lock(void)
{
	int fd;

	for (fd = LOCK_FD; fd < LOCK_FD_MAX; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			return 1;
	return 0;
}

static int
lurk(const char *fifo, const char *name)
{
	char line[256];
	int fd, locked = has_lock();

	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	fd = open(fifo, O_WRONLY);
	if (fd == -1) {
		perror(fifo);
		return 1;
	}
	snprintf(line, sizeof line, "%s %ld %s\n", name, (long)getpid(),
	    locked ? "lock" : "-");
	if (write(fd, line, strlen(line)) == -1)
		perror(fifo);
	return 0;
}

/* The parent leaves when the child has written its line. */
static int
become_daemon(void)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) == -1 || (pid = fork()) == -1)
		return -1;
	if (pid == 0) {
		close(ready[0]);
		(void)setsid();
		return ready[1];
	}
	close(ready[1]);
	(void)!read(ready[0], &c, 1);
	_exit(0);
}

int
main(int argc, char **argv)
{
	int ready = -1, c;

	while ((c = getopt(argc, argv, "gs")) != -1) {
		if (c == 'g')
			(void)setpgid(0, 0);
		else if (c != 's' || (ready = become_daemon()) == -1)
			return 2;
	}
	if (argc - optind != 2)
		return 2;
	if (lurk(argv[optind], argv[optind + 1]) != 0)
		return 1;
	if (ready != -1)
		close(ready);
	alarm(60);
	for (;;)
		(void)pause();
}
