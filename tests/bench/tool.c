/*
 * tool - what tests/bench/run measures with, and what it measures against.
 *
 *	tool floor P N CMD	runs CMD N times as `sh -c CMD`, P at a time, by
 *				vfork and exec and nothing else
 *	tool files N DIR	makes N files of 200 bytes in DIR/a, each moved
 *				to DIR/b at once
 *	tool fsync N DIR	appends N times to a file and syncs it
 *	tool repeat N PROG...	runs it N times, one after the other
 *	tool time PROG...	runs it once
 *	tool now		the monotonic clock
 *	tool latency N SPOOL	drops N jobs, each when the one before is done,
 *				and measures from mv to the first instruction
 *	tool stamp FILE		is such a job
 *	tool enqueue SPOOL N	the system calls of one `queuectl enqueue`, and
 *				nothing else, under the ID b.N
 *	tool enqueues N SPOOL	runs N of those
 *	tool get PORT PATH	asks 127.0.0.1 by HTTP
 *
 * Each prints microseconds: of all; latency, the median and the 99th
 * percentile.  What is run has /dev/null for its standard output.
 */
#define _DEFAULT_SOURCE
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096

static const char *self;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static long long
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
silence(void)
{
	int fd = open("/dev/null", O_WRONLY);

	if (fd == -1 || dup2(fd, 1) == -1)
		die("/dev/null");
	close(fd);
}

/* Waits for a child; one that fails ends all, unless that is expected. */
static void
reap(void)
{
	int status;

	if (wait(&status) == -1)
		die("wait");
	if (status != 0) {
		fprintf(stderr, "%s: what was run failed: %#x\n", self, status);
		exit(1);
	}
}

/* Starts a program, by the cheapest means that there are. */
static void
start(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid == -1)
		die("vfork");
}

static void
floor_of_all(int parallel, int count, char *command)
{
	char *argv[] = { "/bin/sh", "-c", NULL, NULL };
	int running = 0;

	argv[2] = command;
	for (; count > 0 || running > 0; running--) {
		for (; count > 0 && running < parallel; count--, running++)
			start(argv);
		reap();
	}
}

static void
repeat(int count, char **argv)
{
	int out = dup(1);

	silence();
	for (; count > 0; count--) {
		start(argv);
		reap();
	}
	dup2(out, 1);
}

static void
create(int dir, const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name,
	    O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		die(name);
	close(fd);
}

static int
directory(const char *path)
{
	int fd;

	(void)mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		die(path);
	return fd;
}

static void
files(int count, const char *dir)
{
	char path[PATH_SIZE], text[200];
	int a, b;

	snprintf(path, sizeof path, "%s/a", dir);
	a = directory(path);
	snprintf(path, sizeof path, "%s/b", dir);
	b = directory(path);
	memset(text, 'x', sizeof text);
	for (; count > 0; count--) {
		snprintf(path, sizeof path, "file%d", count);
		create(a, path, text, sizeof text);
		if (renameat(a, path, b, path) == -1)
			die(path);
	}
}

static void
syncs(int count, const char *dir)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof path, "%s/synced", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	for (; count > 0; count--)
		if (write(fd, path, 200) != 200 || fsync(fd) == -1)
			die(path);
}

/* ---- The time from mv to the job ---- */

static int
compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

static void
stamp(const char *path)
{
	long long t = now();
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, &t, sizeof t) != (ssize_t)sizeof t)
		_exit(1);
	_exit(0);
}

static void
wait_for(int dir, const char *name, int size)
{
	struct stat st;
	int i;

	for (i = 0; i < 30000; i++) {
		if (fstatat(dir, name, &st, 0) == 0 && st.st_size >= size)
			return;
		(void)poll(NULL, 0, 1);
	}
	errno = ETIMEDOUT;
	die(name);
}

static void
latency(int count, const char *path)
{
	int spool = directory(path), fd, i;
	char text[2 * PATH_SIZE], from[64], to[64], done[64], out[64];
	long long *took = calloc((size_t)count, sizeof *took), begun, began;

	if (took == NULL || chdir(path) == -1)
		die(path);
	for (i = 0; i < count; i++) {
		snprintf(from, sizeof from, "tmp/late%d", i);
		snprintf(to, sizeof to, "pending/late%d", i);
		snprintf(done, sizeof done, "completed/late%d", i);
		snprintf(out, sizeof out, "stamp%d", i);
		snprintf(text, sizeof text,
		    "arg=%s\narg=stamp\narg=%s\ncwd=%s\n", self, out, path);
		create(spool, from, text, strlen(text));
		begun = now();
		if (renameat(spool, from, spool, to) == -1)
			die(to);
		wait_for(spool, out, sizeof began);
		wait_for(spool, done, 0);
		fd = openat(spool, out, O_RDONLY);
		if (read(fd, &began, sizeof began) != (ssize_t)sizeof began)
			die(out);
		close(fd);
		unlinkat(spool, out, 0);
		took[i] = began - begun;
		(void)poll(NULL, 0, 2); /* it is idle again */
	}
	qsort(took, (size_t)count, sizeof *took, compare);
	printf("%lld %lld\n", took[count / 2], took[count * 99 / 100]);
	free(took);
}

/* ---- The calls of one enqueue ---- */

static void
enqueue(const char *path, const char *number)
{
	static const char *const dirs[] = { "pending", "processing",
		"completed", "failed", "dead", "tmp", "output", "workers",
		"control" };
	char text[256], id[64], temporary[64];
	unsigned char random[16];
	struct statvfs v;
	struct stat st;
	int spool, fd, i, dir[9];

	umask(umask(077));
	if (getcwd(text, sizeof text) == NULL)
		die("getcwd");
	spool = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fstat(spool, &st);
	fstat(spool, &st);
	for (i = 0; i < 9; i++) {
		dir[i] = openat(spool, dirs[i],
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		fstat(dir[i], &st);
	}
	fd = openat(spool, "config", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd != -1) {
		(void)!pread(fd, text, sizeof text, 0);
		close(fd);
	}
	fstatvfs(spool, &v);
	(void)!getrandom(random, 4, 0);
	snprintf(temporary, sizeof temporary, "new.%s", number);
	snprintf(id, sizeof id, "b.%s", number);
	memset(text, 'x', 150);
	fd = openat(dir[5], temporary,
	    O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, text, 150) != 150)
		die(temporary);
	close(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (renameat(dir[5], temporary, dir[0], id) == -1)
		die(id);
	close(fd);
	(void)!write(1, id, strlen(id));
	for (i = 0; i < 9; i++)
		close(dir[i]);
	close(spool);
}

/* Many of them, each a process of its own. */
static void
enqueues(int count, char *path)
{
	char number[32],
	    *argv[] = { (char *)self, "enqueue", path, number, NULL };
	int out = dup(1);

	silence();
	for (; count > 0; count--) {
		snprintf(number, sizeof number, "%d", count);
		start(argv);
		reap();
	}
	dup2(out, 1);
}

/* Reads the whole answer; it is to be one of status 200. */
static void
get(int port, const char *path)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a;
	char text[65536];
	ssize_t n;
	int len;

	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_port = htons((unsigned short)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	len = snprintf(text, sizeof text,
	    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	    "Connection: close\r\n\r\n",
	    path, port);
	if (fd == -1 || connect(fd, (struct sockaddr *)&a, sizeof a) == -1 ||
	    write(fd, text, (size_t)len) != len ||
	    read(fd, text, sizeof text) < 16 ||
	    memcmp(text, "HTTP/1.1 200", 12) != 0)
		die(path);
	do
		n = read(fd, text, sizeof text);
	while (n > 0);
	close(fd);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;
	long long begun = now();

	self = argv[0];
	if (strcmp(what, "now") == 0)
		begun = 0;
	else if (strcmp(what, "floor") == 0 && argc == 5)
		floor_of_all(n, atoi(argv[3]), argv[4]);
	else if (strcmp(what, "files") == 0 && argc == 4)
		files(n, argv[3]);
	else if (strcmp(what, "fsync") == 0 && argc == 4)
		syncs(n, argv[3]);
	else if (strcmp(what, "repeat") == 0 && argc > 3)
		repeat(n, argv + 3);
	else if (strcmp(what, "time") == 0 && argc > 2)
		repeat(1, argv + 2);
	else if (strcmp(what, "enqueues") == 0 && argc == 4)
		enqueues(n, argv[3]);
	else if (strcmp(what, "enqueue") == 0 && argc == 4)
		enqueue(argv[2], argv[3]);
	else if (strcmp(what, "get") == 0 && argc == 4)
		get(n, argv[3]);
	else if (strcmp(what, "stamp") == 0 && argc == 3)
		stamp(argv[2]);
	else if (strcmp(what, "latency") == 0 && argc == 4)
		latency(n, argv[3]);
	else
		die("usage");
	if (strcmp(what, "latency") != 0 && strcmp(what, "enqueue") != 0)
		printf("%lld\n", now() - begun);
	return 0;
}
