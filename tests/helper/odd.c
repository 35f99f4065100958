/*
 * odd [-c] COMMAND [ARG...]
 *
 * Runs a command as a careless parent would start it: every signal blocked
 * and ignored, descriptors left open; with -c, 0 to 2 closed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int closed = argc > 1 && strcmp(argv[1], "-c") == 0;
	struct sigaction sa;
	sigset_t all;
	int fd, sig;

	argv += 1 + closed;
	if (argv[0] == NULL) {
		fprintf(stderr, "usage: odd [-c] COMMAND...\n");
		return 2;
	}
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_IGN;
	sigemptyset(&sa.sa_mask);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		(void)sigaction(sig, &sa, NULL); /* what can be */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	fd = open("/dev/null", O_RDWR);
	if (fd == -1 || dup2(fd, 5) == -1 || dup2(fd, 11) == -1 ||
	    dup2(fd, 200) == -1) {
		perror("odd");
		return 1;
	}
	for (fd = 0; closed && fd < 3; fd++)
		close(fd);
	execvp(argv[0], argv);
	return 127;
}
