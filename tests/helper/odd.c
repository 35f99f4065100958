/*
 * odd [-b] [-c] [-i] COMMAND [ARG...]
 *
 * Runs a command as a careless parent would start it: every signal blocked
 * and ignored (-b: only blocked; -i: only ignored), descriptors left open;
 * with -c, 0 to 2 closed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

static void
ignore_all(void)
{
	struct sigaction sa;
	int sig;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_IGN;
	sigemptyset(&sa.sa_mask);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		(void)sigaction(sig, &sa, NULL); /* what can be */
}

static int
open_some(void)
{
	int fd = open("/dev/null", O_RDWR);

	return fd == -1 || dup2(fd, 5) == -1 || dup2(fd, 11) == -1 ||
		dup2(fd, 200) == -1 ?
	    -1 :
	    0;
}

int
main(int argc, char **argv)
{
	int block = 0, closed = 0, ignore = 0, c, fd;

	while ((c = getopt(argc, argv, "+bci")) != -1) {
		block |= c == 'b';
		closed |= c == 'c';
		ignore |= c == 'i';
	}
	if (optind >= argc) {
		fprintf(stderr, "usage: odd [-b] [-c] [-i] COMMAND...\n");
		return 2;
	}
	if (ignore || !block)
		ignore_all();
	if (block || !ignore)
		block_all();
	if (open_some() == -1) {
		perror("odd");
		return 1;
	}
	for (fd = 0; closed && fd < 3; fd++)
		close(fd);
	execvp(argv[optind], argv + optind);
	return 127;
}
