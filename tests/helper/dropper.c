/*
 * dropper SPOOL FIRST LAST SECONDS NAME LINE...
 *
 * Drops jobs of one name as `ln tmp/NAME pending/NAME && rm tmp/NAME` does,
 * numbers FIRST to LAST, each as soon as the name is free.  A % in a LINE of
 * the job file becomes NAME.NUMBER.  Gives up when the name was not free for
 * that many seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
die(const char *what)
{
	fprintf(stderr, "dropper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
write_job(const char *path, const char *name, long number, char **lines)
{
	FILE *f;
	const char *p;
	int fd;

	/* A new file each time: the last one may be running. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	f = fd == -1 ? NULL : fdopen(fd, "w");
	if (f == NULL)
		die(path);
	for (; *lines != NULL; lines++) {
		for (p = *lines; *p != '\0'; p++)
			if (*p == '%')
				fprintf(f, "%s.%ld", name, number);
			else
				putc(*p, f);
		putc('\n', f);
	}
	if (fclose(f) == EOF)
		die(path);
}

int
main(int argc, char **argv)
{
	char tmp[4096], pending[4096];
	long n, last, looks, waited;

	if (argc < 7) {
		fprintf(stderr,
		    "usage: dropper SPOOL FIRST LAST SECONDS NAME "
		    "LINE...\n");
		return 2;
	}
	last = atol(argv[3]);
	looks = atol(argv[4]) * 1000;
	snprintf(tmp, sizeof tmp, "%s/tmp/%s", argv[1], argv[5]);
	snprintf(pending, sizeof pending, "%s/pending/%s", argv[1], argv[5]);
	for (n = atol(argv[2]); n <= last; n++) {
		write_job(tmp, argv[5], n, argv + 6);
		for (waited = 0; link(tmp, pending) == -1; waited++) {
			if (errno != EEXIST || waited == looks)
				die(pending);
			(void)poll(NULL, 0, 1);
		}
		if (unlink(tmp) == -1)
			die(tmp);
	}
	return 0;
}
