/*
 * runonce DIR TOKEN	a job that leaves traces
 * runonce -r DIR TOKEN	the same, but dangerous to those who run it
 * runonce -f N DIR TOKEN	fails in the attempts 1 to N
 * runonce -t DIR TOKEN	runs, in its first attempt, until a signal ends it
 * runonce -s		prints the session that it runs in, for -r
 *
 * In DIR it appends, each with one write(2),
 *	ran		"TOKEN ATTEMPT CODE": that it runs, and how it will end
 *	overlaps	its ID, if another run of this ID has not ended
 *	kills		"worker", "supervisor", "job": whom -r has killed
 * and it prints TOKEN.
 *
 * If $RUNONCE_GATE names a FIFO it ends when nobody holds that open for
 * writing any more; it has opened it before it appends to `ran`.
 *
 * With -r it works for up to 8 ms, fails now and then, and may kill -9 its
 * worker, or the supervisor, or both, or its worker and itself: while it
 * runs, or just after it has ended.  It kills only what is in the session
 * $RUNONCE_SESSION.  Once there is a file DIR/calm it does nothing of this, and
 * -t does not last.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLOSE_MAX 64 /* descriptors that the killer closes */

enum {
	KILL_WORKER = 1,
	KILL_SUPERVISOR = 2
};

static const char *dir;
static uint32_t state;

/* Marsaglia's xorshift: 0 to below - 1. */
static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void
seed(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	state = (uint32_t)ts.tv_nsec ^ (uint32_t)getpid() * 2654435761U;
	if (state == 0)
		state = 1;
	(void)draw(2);
}

static void
die(const char *what)
{
	perror(what);
	_exit(99);
}

static int
open_in_dir(const char *name, const char *suffix, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
	fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		die(path);
	return fd;
}

static void
note(const char *file, const char *text)
{
	int fd = open_in_dir(file, "", O_WRONLY | O_APPEND);
	size_t len = strlen(text);

	if (write(fd, text, len) != (ssize_t)len)
		die(file);
	close(fd);
}

static void
pause_us(uint32_t us)
{
	struct timespec ts;

	ts.tv_sec = 0;
	ts.tv_nsec = (long)us * 1000;
	nanosleep(&ts, NULL);
}

/* Notes it if another run of this ID is alive; the lock ends with us. */
static void
look_for_overlap(const char *id)
{
	int fd = open_in_dir("lock.", id, O_RDWR);
	char line[256];
	struct flock l;

	memset(&l, 0, sizeof l);
	l.l_type = F_WRLCK;
	l.l_whence = SEEK_SET;
	if (fcntl(fd, F_SETLK, &l) == 0)
		return;
	snprintf(line, sizeof line, "%s\n", id);
	note("overlaps", line);
}

static void
kill_if_ours(pid_t pid, const char *what)
{
	const char *session = getenv("RUNONCE_SESSION");

	if (session == NULL || pid <= 1 || getsid(pid) != atol(session))
		return;
	if (kill(pid, SIGKILL) == 0)
		note("kills", what);
}

static void
kill_them(int whom, pid_t worker)
{
	const char *name = getenv("QUEUECTL_WORKER"); /* HOST.PID.SLOT */
	const char *p = name != NULL ? strrchr(name, '.') : NULL;

	if (whom & KILL_WORKER)
		kill_if_ours(worker, "worker\n");
	if (!(whom & KILL_SUPERVISOR) || p == NULL)
		return;
	while (p > name && *--p != '.')
		continue;
	kill_if_ours((pid_t)atol(p + 1), "supervisor\n");
}

/* Forks one that kills some microseconds from now, or after our end. */
static void
kill_later(int whom, int after_end, uint32_t us)
{
	pid_t worker = getppid();
	struct pollfd p;
	int ends[2], fd;

	if (pipe(ends) == -1)
		die("pipe");
	if (fork() != 0)
		return; /* our end of the pipe closes when we exit */
	(void)setsid();
	for (fd = 0; fd < CLOSE_MAX; fd++)
		if (fd != ends[0])
			close(fd);
	p.fd = ends[0];
	p.events = POLLIN;
	if (after_end)
		(void)poll(&p, 1, 1000);
	pause_us(us);
	kill_them(whom, worker);
	_exit(0);
}

/* Returns the exit status, 137 for one who kills himself. */
static int
choose_code(void)
{
	uint32_t n = draw(10);

	return n < 6 ? 0 : n < 9 ? 7 : 137;
}

static void
live_dangerously(int code)
{
	pid_t worker = getppid();

	switch (draw(12)) {
	case 0:
		kill_later(KILL_WORKER, 1, draw(1500));
		break;
	case 1:
		kill_later(KILL_SUPERVISOR, 1, draw(1500));
		break;
	case 2:
		kill_later(KILL_WORKER | KILL_SUPERVISOR, 1, draw(800));
		break;
	case 3:
		kill_later(KILL_WORKER, 0, draw(8000));
		break;
	case 4:
		kill_later(KILL_SUPERVISOR, 0, draw(8000));
		break;
	default:
		break;
	}
	pause_us(draw(8000));
	if (code != 137)
		return;
	if (draw(2) == 0)
		kill_them(KILL_WORKER, worker);
	note("kills", "job\n");
	raise(SIGKILL);
}

static int
open_gate(void)
{
	const char *path = getenv("RUNONCE_GATE");
	int fd = -1;

	if (path != NULL && (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		die(path);
	return fd;
}

static void
wait_at(int gate)
{
	char c;

	while (gate != -1 && read(gate, &c, 1) > 0)
		continue;
}

static int
usage(void)
{
	fprintf(stderr,
	    "usage: runonce [-r | -t | -f N] DIR TOKEN, as a job\n");
	return 2;
}

int
main(int argc, char **argv)
{
	const char *id = getenv("QUEUECTL_JOB_ID");
	const char *attempt = getenv("QUEUECTL_ATTEMPT");
	int opt, risky = 0, endless = 0, code = 0, gate;
	long failing = 0;
	char line[512];
	struct stat st;

	while ((opt = getopt(argc, argv, "srtf:")) != -1) {
		if (opt == 's')
			return printf("%ld\n", (long)getsid(0)) > 0 ? 0 : 1;
		risky |= opt == 'r';
		endless |= opt == 't' && attempt != NULL && atol(attempt) == 1;
		if (opt == 'f')
			failing = atol(optarg);
	}
	if (argc - optind != 2 || id == NULL || attempt == NULL)
		return usage();
	dir = argv[optind];
	gate = open_gate();
	look_for_overlap(id);
	seed();
	snprintf(line, sizeof line, "%s/calm", dir);
	if (stat(line, &st) == 0)
		risky = endless = 0;
	if (risky)
		code = choose_code();
	else if (endless)
		code = 128 + SIGTERM;
	else if (atol(attempt) <= failing)
		code = 7;
	snprintf(line, sizeof line, "%s %s %d\n", argv[argc - 1], attempt,
	    code);
	note("ran", line);
	if (puts(argv[argc - 1]) == EOF || fflush(stdout) == EOF)
		die("stdout");
	while (endless)
		(void)pause();
	if (risky)
		live_dangerously(code);
	wait_at(gate);
	return code;
}
