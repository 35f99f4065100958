/*
 * snatch COUNT STEP FILE - drops copies of a job file into spool/pending, one
 * after the other, as s0001, s0002 and so on, and takes each away again to
 * ./elsewhere by a plain rename, at the very moment when a worker takes it:
 * the time between is made longer by STEP microseconds after each that was
 * still there, and shorter after each that was not.  Every 16th is taken at
 * once, every 16th only when a worker has it.  Prints each with the word
 * "taken" or "missed".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE 16
#define PATH_SIZE 64

static void
die(const char *what)
{
	fprintf(stderr, "snatch: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
doze(long us)
{
	struct timespec ts;

	ts.tv_sec = us / 1000000;
	ts.tv_nsec = us % 1000000 * 1000;
	(void)nanosleep(&ts, NULL);
}

static void
drop(const char *name, const char *text, size_t len)
{
	char tmp[PATH_SIZE], pending[PATH_SIZE];
	int fd;

	snprintf(tmp, sizeof tmp, "spool/tmp/%s", name);
	snprintf(pending, sizeof pending, "spool/pending/%s", name);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    close(fd) == -1 || rename(tmp, pending) == -1)
		die(name);
}

/* Returns 1 if it was still there. */
static int
take(const char *name)
{
	char pending[PATH_SIZE], elsewhere[PATH_SIZE];

	snprintf(pending, sizeof pending, "spool/pending/%s", name);
	snprintf(elsewhere, sizeof elsewhere, "elsewhere/%s", name);
	if (rename(pending, elsewhere) == 0)
		return 1;
	if (errno != ENOENT)
		die(name);
	return 0;
}

static void
await_claim(const char *name)
{
	char pending[PATH_SIZE];
	int looks;

	snprintf(pending, sizeof pending, "spool/pending/%s", name);
	for (looks = 0; looks < 10000 && access(pending, F_OK) == 0; looks++)
		doze(1000);
}

/* Waits without giving the processor away: sleeping is not exact enough. */
static void
spin(long us)
{
	struct timespec from, now;

	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	do
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - from.tv_sec) * 1000000 +
		(now.tv_nsec - from.tv_nsec) / 1000 <
	    us);
}

/* Drops the job, and takes it away `aim` microseconds later or so. */
static int
race(const char *name, int i, long aim, long step)
{
	if (i % 16 == 1)
		await_claim(name);
	else if (i % 16 != 0)
		spin(aim + rand() % (4 * step) - 2 * step);
	return take(name);
}

int
main(int argc, char **argv)
{
	char text[4096], name[NAME_SIZE];
	long aim = 0, step;
	int count, i, fd, taken;
	ssize_t len;

	if (argc != 4) {
		fputs("usage: snatch COUNT STEP FILE\n", stderr);
		return 1;
	}
	count = atoi(argv[1]);
	step = atol(argv[2]);
	fd = open(argv[3], O_RDONLY);
	len = fd != -1 ? read(fd, text, sizeof text) : -1;
	if (len == -1)
		die(argv[3]);
	srand((unsigned)getpid());
	for (i = 1; i <= count; i++) {
		snprintf(name, sizeof name, "s%04d", i);
		drop(name, text, (size_t)len);
		taken = race(name, i, aim, step);
		printf("%s %s\n", name, taken ? "taken" : "missed");
		if (i % 16 > 1)
			aim += taken ? step : -step;
	}
	return 0;
}
