/*
 * brief READY FIFO	a job that takes a byte from the one FIFO, tells its
 *			ID on the other, and ends by itself within 10 ms, one
 *			time in three as failed
 *
 * For who wants to cancel it at that very moment.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	const char *id = getenv("QUEUECTL_JOB_ID");
	struct timespec now, length = { 0, 0 };
	char line[256];
	int ready, fd, n;
	char c;

	if (argc != 3 || id == NULL)
		return 2;
	ready = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (ready == -1 || read(ready, &c, 1) != 1)
		return 2;
	n = snprintf(line, sizeof line, "%s\n", id);
	fd = open(argv[2], O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, line, (size_t)n) != n)
		return 2;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	length.tv_nsec = now.tv_nsec % 10000000;
	(void)nanosleep(&length, NULL);
	return now.tv_nsec / 1000 % 3 == 0;
}
