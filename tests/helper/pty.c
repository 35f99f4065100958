/*
 * pty COMMAND... - runs it at a terminal of its own, as the leader of the
 * session.  What comes on standard input is typed, what it prints goes to
 * standard output.  At the end of standard input the terminal goes away
 * ("hung up" is printed when it has).  Exits as the command did, or with 128
 * and the signal that ended it.
 */
#define _XOPEN_SOURCE 700

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "pty: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int
open_master(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd == -1 || grantpt(fd) == -1 || unlockpt(fd) == -1)
		die("no terminal");
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/* In the child: the terminal becomes its own, then the command runs. */
static void
run(const char *terminal, char **argv)
{
	sigset_t none;
	int fd, sig;

	/* A shell ignores SIGINT for what it starts in the background. */
	for (sig = 1; sig < 32; sig++)
		(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	fd = open(terminal, O_RDWR);
	if (fd == -1)
		die(terminal);
#ifdef TIOCSCTTY
	(void)ioctl(fd, TIOCSCTTY, 0);
#endif
	(void)dup2(fd, 0);
	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
	if (fd > 2)
		(void)close(fd);
	execvp(argv[0], argv);
	die(argv[0]);
}

/* Copies what there is; 0 at the end of it. */
static int
copy(int from, int to)
{
	char text[4096];
	ssize_t n = read(from, text, sizeof text);

	return n > 0 && write(to, text, (size_t)n) == n;
}

/* Passes everything on, until either side ends. */
static void
relay(int master)
{
	struct pollfd p[2];

	p[0].fd = STDIN_FILENO;
	p[1].fd = master;
	p[0].events = p[1].events = POLLIN;
	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			die("poll");
		if (p[1].revents != 0 && !copy(master, STDOUT_FILENO))
			return;
		if (p[0].revents != 0 && !copy(STDIN_FILENO, master))
			return;
	}
}

int
main(int argc, char **argv)
{
	int master, status;
	pid_t pid;

	if (argc < 2) {
		fputs("usage: pty COMMAND...\n", stderr);
		return 125;
	}
	master = open_master();
	pid = fork();
	if (pid == -1)
		die("fork");
	if (pid == 0)
		run(ptsname(master), argv + 1);
	relay(master);
	(void)close(master);
	puts("hung up");
	(void)fflush(stdout);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			die("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
