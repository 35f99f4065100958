/*
 * limit SECONDS FILE COMMAND [ARG...]
 *
 * Runs a command in a session of its own and writes one line to FILE: its
 * exit status (128 + n: killed by signal n), how long it took in seconds,
 * and "timeout" if that was too long.  Then, and when `limit` itself is
 * told to stop or loses its parent, its process group gets TERM, and what is
 * left of it two seconds later KILL.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GRACE 2.0      /* seconds between TERM and KILL */
#define TICK  50000000 /* nanoseconds between two looks */

static volatile sig_atomic_t told; /* the signal that limit got */

static void
on_signal(int sig)
{
	if (sig != SIGCHLD)
		told = sig;
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
catch_signals(void)
{
	static const int signals[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_signal;
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		sigaction(signals[i], &sa, NULL);
}

static pid_t
start(char **argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setsid();
	execvp(argv[0], argv);
	fprintf(stderr, "limit: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Waits for the child until a time; true when it has ended. */
static int
wait_until(pid_t pid, double end, int *status)
{
	const struct timespec tick = { 0, TICK };
	const pid_t parent = getppid();
	pid_t got;

	for (;;) {
		got = waitpid(pid, status, WNOHANG);
		if (got == pid)
			return 1;
		if (told || getppid() != parent || now() >= end)
			return 0;
		nanosleep(&tick, NULL);
	}
}

/* Ends a session leader and its process group. */
static void
end_group(pid_t pid, int *status)
{
	kill(-pid, SIGTERM);
	told = 0;
	if (!wait_until(pid, now() + GRACE, status)) {
		kill(-pid, SIGKILL);
		while (waitpid(pid, status, 0) == -1 && errno == EINTR)
			continue;
	}
}

int
main(int argc, char **argv)
{
	double begin = now();
	int status = 0, ended, code;
	FILE *result;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: limit SECONDS FILE COMMAND...\n");
		return 2;
	}
	catch_signals();
	pid = start(argv + 3);
	if (pid == -1) {
		perror("limit: fork");
		return 1;
	}
	ended = wait_until(pid, begin + atof(argv[1]), &status);
	if (!ended)
		end_group(pid, &status);
	kill(-pid, SIGKILL); /* what the command left behind */
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	result = fopen(argv[2], "w");
	if (result == NULL) {
		perror(argv[2]);
		return 1;
	}
	fprintf(result, "%d %.1f%s\n", code, now() - begin,
	    ended ? "" : " timeout");
	return fclose(result) == 0 ? 0 : 1;
}
