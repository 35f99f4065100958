/*
 * cutpower DIR MS WATCHED FILE...
 *
 * Cuts the power of the file system that DIR is on, as far as that can be
 * done without a switch: from now on nothing is written to its device any
 * more, not even what its journal holds, and calls fail.  Only ext4, xfs and
 * f2fs can do this, and only root on Linux may ask for it.  What has reached
 * the device is what a mount finds afterwards.
 *
 * It does so at a random moment within MS milliseconds; unless WATCHED is
 * "-", within a fifth of a millisecond after that file has grown, which it
 * awaits from that moment on.
 *
 * It prints the sizes that the FILEs had just before: what they held by then
 * was written while there was power.  Processes live on for a moment, and an
 * fsync(2) of a directory of xfs succeeds even then.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of linux/ext4.h and xfs_fs.h: EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN. */
#define CUT_SHUTDOWN   _IOR('X', 125, uint32_t)
#define CUT_NOLOGFLUSH 2U

#define CUT_SOON   200 /* microseconds after WATCHED has grown, below */
#define CUT_WAIT   (2 * 1000000) /* microseconds that it may take to grow */
#define CUT_SECOND 1000000L
#define CUT_FILES  8

static long
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long)ts.tv_sec * CUT_SECOND + ts.tv_nsec / 1000;
}

static void
pause_us(long us)
{
	struct timespec ts;

	ts.tv_sec = us / CUT_SECOND;
	ts.tv_nsec = us % CUT_SECOND * 1000;
	nanosleep(&ts, NULL);
}

/* From 0 to below - 1. */
static long
draw(long below)
{
	static uint32_t state;
	struct timespec ts;

	if (state == 0) {
		clock_gettime(CLOCK_REALTIME, &ts);
		state = ((uint32_t)ts.tv_nsec ^ (uint32_t)ts.tv_sec) | 1;
	}
	state = state * 1664525U + 1013904223U;
	return below > 0 ? (long)(state >> 8) % below : 0;
}

static long
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

/* Busy: to sleep would be to come late. */
static void
await_growth(const char *path)
{
	long size = size_of(path), end = now() + CUT_WAIT;

	while (size_of(path) == size && now() < end)
		continue;
	for (end = now() + draw(CUT_SOON); now() < end;)
		continue;
}

int
main(int argc, char **argv)
{
	uint32_t how = CUT_NOLOGFLUSH;
	long size[CUT_FILES];
	int fd, i, n = argc - 4;

	if (n < 1 || n > CUT_FILES) {
		fprintf(stderr, "usage: cutpower DIR MS WATCHED FILE...\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd == -1) {
		perror(argv[1]);
		return 1;
	}
	pause_us(draw(atol(argv[2]) * 1000));
	if (strcmp(argv[3], "-") != 0)
		await_growth(argv[3]);
	for (i = 0; i < n; i++)
		size[i] = size_of(argv[4 + i]);
	if (ioctl(fd, CUT_SHUTDOWN, &how) == -1) {
		perror("the shutdown ioctl");
		return 1;
	}
	for (i = 0; i < n; i++)
		printf("%ld\n", size[i]);
	return fflush(stdout) == 0 ? 0 : 1;
}
