/*
 * cutshort MICROSECONDS KILLS COMMAND [ARG...]
 *
 * Runs a command, and kills -9 it after a time drawn between 0 and the
 * number of MICROSECONDS, counted from when the command itself began.  If it
 * had not ended by itself it appends "command" to the file KILLS with one
 * write(2), and exits with 137; else it exits as the command did.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KILLED "command\n"

static void
die(const char *what)
{
	fprintf(stderr, "cutshort: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* 0 to below - 1. */
static uint32_t
draw(uint32_t below)
{
	int fd = open("/dev/urandom", O_RDONLY);
	uint32_t n = 0;

	if (fd == -1 || read(fd, &n, sizeof n) != (ssize_t)sizeof n)
		die("/dev/urandom");
	close(fd);
	return n % below;
}

/* Returns when the command has taken the place of our child. */
static pid_t
start(char **argv)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends) == -1)
		die("pipe");
	pid = fork();
	if (pid == -1)
		die("fork");
	if (pid == 0) {
		close(ends[0]);
		(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
		execvp(argv[0], argv);
		fprintf(stderr, "cutshort: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	while (read(ends[0], &c, 1) == -1 && errno == EINTR)
		continue;
	close(ends[0]);
	return pid;
}

static void
note(const char *file)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd == -1 ||
	    write(fd, KILLED, strlen(KILLED)) != (ssize_t)strlen(KILLED))
		die(file);
	close(fd);
}

int
main(int argc, char **argv)
{
	struct timespec ts;
	uint32_t us;
	int status;
	pid_t pid;

	if (argc < 4 || atol(argv[1]) <= 0) {
		fprintf(stderr,
		    "usage: cutshort MICROSECONDS KILLS COMMAND...\n");
		return 125;
	}
	us = draw((uint32_t)atol(argv[1]));
	ts.tv_sec = (time_t)(us / 1000000);
	ts.tv_nsec = (long)(us % 1000000) * 1000;
	pid = start(argv + 3);
	nanosleep(&ts, NULL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			die("waitpid");
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGKILL)
		note(argv[2]);
	return 128 + WTERMSIG(status);
}
