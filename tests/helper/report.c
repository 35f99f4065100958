/*
 * report - prints what a job finds itself in, as key=value lines.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define FDS 1024

/* The descriptors above 2, and the inode of the last one. */
static void
report_fds(void)
{
	struct stat st;
	int fd, last = -1;

	printf("fds=");
	for (fd = 3; fd < FDS; fd++) {
		if (fcntl(fd, F_GETFD) == -1)
			continue;
		printf("%s%d", last == -1 ? "" : " ", fd);
		last = fd;
	}
	printf("\n");
	if (last != -1 && fstat(last, &st) == 0)
		printf("inode=%lu\n", (unsigned long)st.st_ino);
}

static void
report_signals(void)
{
	struct sigaction sa;
	sigset_t mask;
	int sig;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("blocked=");
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (sigismember(&mask, sig) == 1)
			printf("%d ", sig);
	printf("\nignored=");
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			printf("%d ", sig);
	printf("\n");
}

int
main(void)
{
	struct stat null, in;
	mode_t mask = umask(0);

	umask(mask);
	if (stat("/dev/null", &null) == -1 || fstat(0, &in) == -1)
		printf("stdin=unknown\n");
	else
		printf("stdin=%s\n",
		    in.st_rdev == null.st_rdev ? "null" : "other");
	printf("umask=%03o\n", (unsigned)mask);
	printf("leader=%s\n", getsid(0) == getpid() ? "yes" : "no");
	report_fds();
	report_signals();
	return 0;
}
