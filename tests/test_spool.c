#include "spool.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "fs.h"
#include "os.h"
#include "tests.h"

#define T0   "2026-11-22T02:48:00.130112Z"
#define OLD  "~20261122T024800.130"
#define NEXT "~20261122T024800.131"

static const int states[] = { PENDING, RUNNING, DONE, FAILED, DEAD };

static char why[SPOOL_WHY_MAX];

/* ---- Opening ---- */

/* A path below the test's directory, until the next call. */
static const char *
path_of(const char *name)
{
	static char path[2048];

	snprintf(path, sizeof path, "%s/%s", fixture_path, name);
	return path;
}

/* Opens what must be refused, with this in the reason. */
static void
expect_refused(const char *name, enum spool_want want, const char *reason)
{
	struct spool s;
	int got;

	why[0] = '\0';
	got = spool_open(&s, path_of(name), want, why);
	ck_assert_msg(got == -1, "%s: was opened", name);
	ck_assert_msg(strstr(why, reason) != NULL &&
		strncmp(why, path_of(name), strlen(path_of(name))) == 0,
	    "%s: expected \"...%s\", got \"%s\"", name, reason, why);
	ck_assert_int_eq(s.fd, -1);
}

static void
expect_opened(const char *name, enum spool_want want)
{
	struct spool s;
	int got = spool_open(&s, path_of(name), want, why);

	ck_assert_msg(got == 0, "%s", why);
	ck_assert_int_eq(spool_intact(&s, why), 0);
	spool_close(&s);
}

START_TEST(open_makes)
{
	static const char *const names[] = { "pending", "processing",
		"completed", "failed", "dead", "tmp", "output", "workers",
		"control" };
	mode_t mask = umask(0);
	struct spool s;
	struct stat st;
	size_t i;
	int got;

	got = spool_open(&s, path_of("a/b/new"), SPOOL_MAKE, why);
	(void)umask(mask);
	ck_assert_msg(got == 0, "%s", why);
	ck_assert_str_eq(s.path, path_of("a/b/new"));
	ck_assert_int_eq(count_at(s.fd), LEN(names));
	ck_assert_int_eq(fstat(s.fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	for (i = 0; i < LEN(names); i++) {
		ck_assert_int_eq(fstatat(s.fd, names[i], &st, 0), 0);
		ck_assert_int_eq(st.st_mode & 07777, 0700);
		ck_assert_str_eq(spool_dir_name((int)i), names[i]);
		ck_assert_int_eq(count_at(s.dir[i]), 0);
	}
	ck_assert_int_eq(s.durable, 1);
	ck_assert_int_eq(s.settle, 60 * WHEN_SECOND);
	/* A directory that is missing is made anew. */
	ck_assert_int_eq(unlinkat(s.fd, "control", AT_REMOVEDIR), 0);
	expect_refused("a/b/new", SPOOL_READ, "control");
	spool_close(&s);
	expect_opened("a/b/new", SPOOL_MAKE);
	expect_opened("a/b/new", SPOOL_READ);
}
END_TEST

static int
count_entry(void *arg, const char *name, uint64_t inode)
{
	int *n = arg;

	(void)name;
	(void)inode;
	return ++*n == -1;
}

START_TEST(open_reads_none)
{
	struct spool s;
	int n = 0, dir, fd;

	ck_assert_int_eq(spool_open(&s, path_of("none"), SPOOL_READ, why), 0);
	ck_assert_int_eq(s.fd, -1);
	for (dir = 0; dir < SPOOL_DIRS; dir++)
		ck_assert_int_eq(spool_scan(&s, dir, count_entry, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(spool_find(&s, "job"), JOB_NO_STATE);
	ck_assert_int_eq(spool_paused(&s), 0);
	ck_assert_int_eq(spool_open_job(&s, PENDING, "job", &fd) == SPOOL_OK,
	    0);
	spool_close(&s);
	expect_none_at(fixture_fd, "none");
}
END_TEST

START_TEST(open_permissions)
{
	static const struct {
		const char *dir;
		mode_t mode;
		int refused;
	} rows[] = {
		{ "spool", 0770, 1 },
		{ "spool", 0702, 1 },
		{ "spool", 01777, 1 },
		{ "spool", 0755, 0 },
		{ "spool/pending", 0720, 1 },
		{ "spool/control", 0777, 1 },
		{ "spool/output", 0755, 0 },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		ck_assert_int_eq(chmod(path_of(rows[i].dir), rows[i].mode), 0);
		if (rows[i].refused) {
			expect_refused("spool", SPOOL_MAKE,
			    "group or others may write");
			expect_refused("spool", SPOOL_READ,
			    "group or others may write");
		} else {
			expect_opened("spool", SPOOL_MAKE);
		}
		ck_assert_int_eq(chmod(path_of(rows[i].dir), 0700), 0);
	}
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path_of("spool"), 12345, (gid_t)-1), 0);
	expect_refused("spool", SPOOL_MAKE, "does not belong to root");
	ck_assert_int_eq(chown(path_of("spool"), 0, (gid_t)-1), 0);
	ck_assert_int_eq(chown(path_of("spool/dead"), 12345, (gid_t)-1), 0);
	expect_refused("spool", SPOOL_READ, "does not belong to root");
}
END_TEST

START_TEST(open_other_directories)
{
	struct spool s;

	/* Somebody's directory is not littered. */
	ck_assert_int_eq(mkdirat(fixture_fd, "etc", 0700), 0);
	put_at(fixture_fd, "etc/passwd", "root\n");
	expect_refused("etc", SPOOL_MAKE, "not a spool, and not empty");
	expect_refused("etc", SPOOL_READ, "pending");
	expect_at(fixture_fd, "etc/passwd", "root\n");
	ck_assert_int_eq(faccessat(fixture_fd, "etc/pending", F_OK, 0), -1);
	/* An empty one may become a spool; until then it reads as none. */
	ck_assert_int_eq(mkdirat(fixture_fd, "empty", 0700), 0);
	ck_assert_int_eq(mkdirat(fixture_fd, "empty/lost+found", 0700), 0);
	put_at(fixture_fd, "empty/.keep", "");
	ck_assert_int_eq(spool_open(&s, path_of("empty"), SPOOL_READ, why), 0);
	ck_assert_int_eq(s.fd, -1);
	ck_assert_str_eq(s.path, path_of("empty"));
	ck_assert_int_eq(spool_find(&s, "job"), JOB_NO_STATE);
	spool_close(&s);
	ck_assert_int_eq(faccessat(fixture_fd, "empty/pending", F_OK, 0), -1);
	expect_opened("empty", SPOOL_MAKE);
	put_at(fixture_fd, "file", "");
	expect_refused("file", SPOOL_MAKE, strerror(ENOTDIR));
	expect_refused("file", SPOOL_READ, strerror(ENOTDIR));
	/* A spool may be a link, its directories may not. */
	ck_assert_int_eq(symlinkat("spool", fixture_fd, "link"), 0);
	expect_opened("link", SPOOL_MAKE);
	ck_assert_int_eq(renameat(spool.fd, "dead", fixture_fd, "away"), 0);
	ck_assert_int_eq(symlinkat("../away", spool.fd, "dead"), 0);
	expect_refused("spool", SPOOL_MAKE, "/dead");
}
END_TEST

START_TEST(open_relative)
{
	struct spool s;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	ck_assert_int_ne(here, -1);
	ck_assert_int_eq(chdir(fixture_path), 0);
	ck_assert_int_eq(spool_open(&s, "spool", SPOOL_READ, why), 0);
	ck_assert_int_eq(fchdir(here), 0);
	ck_assert_int_eq(close(here), 0);
	/* The path from the root, behind any links in it. */
	ck_assert_int_eq(s.path[0], '/');
	ck_assert_int_eq(access(s.path, F_OK), 0);
	ck_assert_str_eq(strrchr(s.path, '/'), "/spool");
	spool_close(&s);
}
END_TEST

START_TEST(path_rules)
{
	static const struct {
		const char *option, *spool, *state, *home;
		const char *path;
	} rows[] = {
		{ "o", "/s", "/x", "/h", "o" },
		{ NULL, "/s", "/x", "/h", "/s" },
		{ NULL, "rel", "/x", "/h", "rel" },
		{ NULL, NULL, "/x", "/h", "/x/queuectl" },
		{ NULL, "", "/x", "/h", "/x/queuectl" },
		{ NULL, NULL, "rel", "/h", "/h/.local/state/queuectl" },
		{ NULL, NULL, "", "/h", "/h/.local/state/queuectl" },
		{ NULL, NULL, NULL, "/h", "/h/.local/state/queuectl" },
		{ NULL, NULL, NULL, "h", NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	static const char *const names[] = { "QUEUECTL_SPOOL", "XDG_STATE_HOME",
		"HOME" };
	uid_t me = geteuid();
	const char *values[3];
	char *got;
	size_t i, k;

	/* The rules for people; root has one of its own. */
	if (me == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	for (i = 0; i < LEN(rows); i++) {
		values[0] = rows[i].spool;
		values[1] = rows[i].state;
		values[2] = rows[i].home;
		for (k = 0; k < 3; k++)
			ck_assert_int_eq(values[k] == NULL ?
				unsetenv(names[k]) :
				setenv(names[k], values[k], 1),
			    0);
		got = spool_path(rows[i].option);
		ck_assert_msg((got == NULL) == (rows[i].path == NULL) &&
			(got == NULL || strcmp(got, rows[i].path) == 0),
		    "row %zu: expected %s, got %s", i,
		    rows[i].path ? rows[i].path : "none", got ? got : "none");
		free(got);
	}
	if (me == 0) {
		ck_assert_int_eq(seteuid(0), 0);
		got = spool_path(NULL);
		ck_assert_str_eq(got, "/var/spool/queuectl");
		free(got);
	}
}
END_TEST

START_TEST(intact)
{
	size_t i;

	ck_assert_int_eq(spool_intact(&spool, why), 0);
	for (i = 0; i < SPOOL_DIRS; i++) {
		const char *name = spool_dir_name((int)i);

		ck_assert_int_eq(renameat(spool.fd, name, spool.fd, "x"), 0);
		ck_assert_int_eq(spool_intact(&spool, why), -1);
		ck_assert_msg(strstr(why, name) != NULL, "%s", why);
		/* Another one of that name is not it. */
		ck_assert_int_eq(mkdirat(spool.fd, name, 0700), 0);
		ck_assert_int_eq(spool_intact(&spool, why), -1);
		ck_assert_int_eq(unlinkat(spool.fd, name, AT_REMOVEDIR), 0);
		ck_assert_int_eq(renameat(spool.fd, "x", spool.fd, name), 0);
		ck_assert_int_eq(spool_intact(&spool, why), 0);
	}
}
END_TEST

START_TEST(host_name)
{
	char id[SPOOL_HOST_MAX + 16];

	snprintf(id, sizeof id, "%s.1.2", spool.host);
	ck_assert_msg(job_id_valid(id), "%s", id);
}
END_TEST

/* ---- Time, locks ---- */

START_TEST(now_never_twice)
{
	int64_t last = 0, now, begin = fs_now();
	int i;

	for (i = 0; i < 20000; i++, last = now) {
		now = spool_now(&spool);
		if (now <= last)
			ck_abort_msg("%lld after %lld", (long long)now,
			    (long long)last);
	}
	ck_assert_int_ge(last, begin);
	ck_assert_int_le(last, fs_now() + 20000);
	/* The clock was set back by less than a second. */
	spool.stamped = fs_now() + WHEN_SECOND / 2;
	last = spool.stamped;
	ck_assert_int_eq(spool_now(&spool), last + 1);
	ck_assert_int_eq(spool_now(&spool), last + 2);
	/* By more: it is followed. */
	spool.stamped = fs_now() + 3600 * WHEN_SECOND;
	ck_assert_int_le(spool_now(&spool), fs_now());
}
END_TEST

/* 0: locked by somebody, as another process sees it; 1: free. */
static int
lock_is_free(void *arg)
{
	int fd = openat(spool.fd, "lock", O_RDWR);

	(void)arg;
	return fd != -1 && os_flock(fd, OS_LOCK_EXCLUSIVE) == 0;
}

START_TEST(lock_nested)
{
	ck_assert_int_eq(spool_lock(&spool), 0);
	ck_assert_int_eq(spool_lock(&spool), 0);
	ck_assert_int_eq(child_end(child_start(lock_is_free, NULL)), 0);
	spool_unlock(&spool);
	ck_assert_int_eq(child_end(child_start(lock_is_free, NULL)), 0);
	spool_unlock(&spool);
	ck_assert_int_eq(child_end(child_start(lock_is_free, NULL)), 1);
	ck_assert_int_eq(spool.lock_fd, -1);
}
END_TEST

/* Nobody waits for it longer than is set, nor again at once. */
START_TEST(lock_bounded)
{
	struct holder child;
	int64_t begun;

	put_at(spool.fd, "lock", "");
	child = hold_at(spool.fd, "lock");
	spool.lock_wait = WHEN_SECOND / 2;
	begun = fs_mono();
	ck_assert_int_eq(spool_lock(&spool), -1);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	ck_assert_int_ge(fs_mono() - begun, spool.lock_wait);
	ck_assert_int_lt(fs_mono() - begun, 20 * spool.lock_wait);
	spool.lock_tired = INT64_MAX;
	begun = fs_mono();
	ck_assert_int_eq(spool_lock(&spool), -1);
	ck_assert_int_lt(fs_mono() - begun, spool.lock_wait);
	/* The clock does without it. */
	ck_assert_int_le(llabs((long long)(spool_clock(&spool) - fs_now())),
	    10 * WHEN_SECOND);
	let_go(&child);
	ck_assert_int_eq(spool_lock(&spool), 0);
	spool_unlock(&spool);
}
END_TEST

/* A file, taken; its descriptor. */
static int
taken(int dir, const char *name)
{
	enum spool_result r;
	int fd;

	put_file(dir, name, "command=x\n");
	r = spool_take(&spool, dir, name, &fd);
	ck_assert_msg(r == SPOOL_OK, "%s/%s: %d", spool_dir_name(dir), name,
	    (int)r);
	return fd;
}

static void
expect_take(int dir, const char *name, enum spool_result want)
{
	enum spool_result got;
	int fd = -2;

	got = spool_take(&spool, dir, name, &fd);
	ck_assert_msg(got == want, "%s/%s: expected %d, got %d",
	    spool_dir_name(dir), name, (int)want, (int)got);
	if (got == SPOOL_OK)
		spool_release(fd);
	else
		ck_assert_int_eq(fd, -1);
}

START_TEST(take)
{
	struct buf text = BUF_EMPTY;
	struct holder child;
	int fd = taken(PENDING, "a");

	/* For reading and appending, and closed by exec. */
	buf_puts(&text, "priority=1\n");
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(spool_append(fd, &text), 0);
	buf_clear(&text);
	ck_assert_int_eq(spool_read(fd, &text), 0);
	ck_assert_str_eq(buf_text(&text), "command=x\npriority=1\n");
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	expect_take(PENDING, "a", SPOOL_BUSY);
	spool_release(fd);
	expect_take(PENDING, "a", SPOOL_OK);
	child = hold(PENDING, "a");
	expect_take(PENDING, "a", SPOOL_BUSY);
	let_go(&child);
	expect_take(PENDING, "a", SPOOL_OK);
	expect_take(PENDING, "b", SPOOL_GONE);
	expect_take(FAILED, "a", SPOOL_GONE);
	buf_free(&text);
}
END_TEST

/* What is no regular file is left alone, and hangs nobody. */
START_TEST(take_foreign)
{
	static const char *const names[] = { "link", "dangling", "loop", "fifo",
		"dir", "socket" };
	struct sockaddr_un address = { 0 };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);
	int dir = spool.dir[PENDING];
	int here = open(".", O_RDONLY | O_DIRECTORY);
	size_t i;
	int fd;

	put_file(DEAD, "a", "command=x\n");
	ck_assert_int_eq(symlinkat("../dead/a", dir, "link"), 0);
	ck_assert_int_eq(symlinkat("nowhere", dir, "dangling"), 0);
	ck_assert_int_eq(symlinkat("loop", dir, "loop"), 0);
	ck_assert_int_eq(mkfifoat(dir, "fifo", 0600), 0);
	ck_assert_int_eq(mkdirat(dir, "dir", 0700), 0);
	/* Bound by a short name: a long path does not fit. */
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, "socket", sizeof "socket");
	ck_assert_int_eq(fchdir(dir), 0);
	ck_assert_int_eq(
	    bind(sock, (const struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(fchdir(here), 0);
	ck_assert_int_eq(close(sock), 0);
	ck_assert_int_eq(close(here), 0);
	for (i = 0; i < LEN(names); i++) {
		expect_take(PENDING, names[i], SPOOL_FOREIGN);
		ck_assert_msg(spool_open_job(&spool, PENDING, names[i], &fd) ==
			SPOOL_FOREIGN,
		    "%s", names[i]);
	}
	expect_count(PENDING, (int)LEN(names));
}
END_TEST

START_TEST(open_job)
{
	struct holder child;
	char c;
	int fd;

	put_file(PENDING, "a", "command=x\n");
	child = hold(PENDING, "a");
	ck_assert_int_eq(spool_open_job(&spool, PENDING, "a", &fd), SPOOL_OK);
	ck_assert_int_eq(fs_read(fd, &c, 1), 1);
	ck_assert_int_eq(fs_write(fd, &c, 1), -1);
	ck_assert_int_eq(fs_close(fd), 0);
	let_go(&child);
	ck_assert_int_eq(spool_open_job(&spool, PENDING, "b", &fd), SPOOL_GONE);
}
END_TEST

/* The child: has the lock with its parent, as a daemon of a job may. */
static int
share_lock(void *arg)
{
	const int *pipes = arg;
	char c;

	(void)close(pipes[1]);
	return fs_read(pipes[0], &c, 1) == -1;
}

START_TEST(release_for_all)
{
	int pipes[2], fd = taken(PENDING, "a");
	pid_t pid;

	ck_assert_int_eq(pipe(pipes), 0);
	pid = child_start(share_lock, pipes);
	expect_take(PENDING, "a", SPOOL_BUSY);
	spool_release(fd);
	expect_take(PENDING, "a", SPOOL_OK);
	ck_assert_int_eq(close(pipes[0]), 0);
	ck_assert_int_eq(close(pipes[1]), 0);
	ck_assert_int_eq(child_end(pid), 0);
}
END_TEST

START_TEST(same)
{
	int fd = taken(PENDING, "a");

	ck_assert_int_eq(spool_same(&spool, fd, PENDING, "a"), 1);
	ck_assert_int_eq(spool_same(&spool, fd, FAILED, "a"), 0);
	ck_assert_int_eq(spool_same(&spool, fd, PENDING, "b"), 0);
	ck_assert_int_eq(
	    linkat(spool.dir[PENDING], "a", spool.dir[DEAD], "b", 0), 0);
	ck_assert_int_eq(spool_same(&spool, fd, DEAD, "b"), 1);
	/* Replaced, as mv does it. */
	put_file(SPOOL_TMP, "a", "command=y\n");
	ck_assert_int_eq(
	    renameat(spool.dir[SPOOL_TMP], "a", spool.dir[PENDING], "a"), 0);
	ck_assert_int_eq(spool_same(&spool, fd, PENDING, "a"), 0);
	/* A link to it is not it. */
	ck_assert_int_eq(symlinkat("b", spool.dir[DEAD], "link"), 0);
	ck_assert_int_eq(spool_same(&spool, fd, DEAD, "link"), 0);
	spool_release(fd);
	ck_assert_int_eq(spool_same(&spool, -1, PENDING, "a"), -1);
}
END_TEST

/* ---- Renames ---- */

START_TEST(rename_plain)
{
	int fd = taken(PENDING, "a");

	ck_assert_int_eq(spool_move(&spool, fd, PENDING, RUNNING, "a"),
	    SPOOL_OK);
	ck_assert_int_eq(spool_same(&spool, fd, RUNNING, "a"), 1);
	expect_none(PENDING, "a");
	ck_assert_int_eq(spool_rename(&spool, fd, RUNNING, "a", DEAD, "b"),
	    SPOOL_OK);
	expect_none(RUNNING, "a");
	expect_file(DEAD, "b", "command=x\n");
	ck_assert_int_eq(spool_move(&spool, fd, PENDING, RUNNING, "a"),
	    SPOOL_GONE);
	/* The lock went with it. */
	expect_take(DEAD, "b", SPOOL_BUSY);
	spool_release(fd);
}
END_TEST

START_TEST(rename_never_replaces)
{
	int fd = taken(PENDING, "a");

	put_file(DONE, "a", "other\n");
	ck_assert_int_eq(spool_move(&spool, fd, PENDING, DONE, "a"),
	    SPOOL_EXISTS);
	expect_file(PENDING, "a", "command=x\n");
	expect_file(DONE, "a", "other\n");
	ck_assert_int_eq(symlinkat("nowhere", spool.dir[DEAD], "a"), 0);
	ck_assert_int_eq(spool_move(&spool, fd, PENDING, DEAD, "a"),
	    SPOOL_EXISTS);
	ck_assert_int_eq(mkdirat(spool.dir[FAILED], "a", 0700), 0);
	ck_assert_int_eq(spool_move(&spool, fd, PENDING, FAILED, "a"),
	    SPOOL_EXISTS);
	ck_assert_int_eq(spool_same(&spool, fd, PENDING, "a"), 1);
	spool_release(fd);
}
END_TEST

/* A rename goes by name: what it took by mistake goes back. */
START_TEST(rename_gives_back)
{
	int fd = taken(PENDING, "a");

	ck_assert_int_eq(
	    renameat(spool.dir[PENDING], "a", spool.dir[DEAD], "mine"), 0);
	put_file(PENDING, "a", "theirs\n");
	ck_assert_int_eq(spool_move(&spool, fd, PENDING, RUNNING, "a"),
	    SPOOL_GONE);
	expect_file(PENDING, "a", "theirs\n");
	expect_none(RUNNING, "a");
	expect_file(DEAD, "mine", "command=x\n");
	ck_assert_int_eq(spool_rename(&spool, fd, PENDING, "a", DONE, "b"),
	    SPOOL_GONE);
	expect_file(PENDING, "a", "theirs\n");
	expect_count(DONE, 0);
	spool_release(fd);
}
END_TEST

/* Several move one file away, each from a process of its own: one does. */
static int
move_away(void *arg)
{
	const char *name = arg;
	int fd;

	if (spool_take(&spool, PENDING, name, &fd) != SPOOL_OK)
		return 0;
	return spool_move(&spool, fd, PENDING, RUNNING, name) == SPOOL_OK;
}

START_TEST(rename_race)
{
	char name[16];
	pid_t pid[4];
	int round, i, moved;

	for (round = 0; round < 25; round++) {
		snprintf(name, sizeof name, "a%d", round);
		put_file(PENDING, name, "command=x\n");
		for (i = 0; i < 4; i++)
			pid[i] = child_start(move_away, name);
		for (i = moved = 0; i < 4; i++)
			moved += child_end(pid[i]);
		ck_assert_int_eq(moved, 1);
		expect_file(RUNNING, name, "command=x\n");
	}
	expect_count(PENDING, 0);
}
END_TEST

/* ---- Reading and writing ---- */

START_TEST(append)
{
	struct buf lines = BUF_EMPTY;
	int fd = taken(PENDING, "a"), got, err;

	buf_puts(&lines, "one\n");
	ck_assert_int_eq(spool_append(fd, &lines), 0);
	expect_file(PENDING, "a", "command=x\none\n");
	lines.failed = 1;
	ck_assert_int_eq(spool_append(fd, &lines), -1);
	ck_assert_int_eq(errno, ENOMEM);
	lines.failed = 0;
	/* The disk is full after two bytes, then after none. */
	limit_size(16);
	got = spool_append(fd, &lines);
	err = errno;
	unlimit_size();
	ck_assert_int_eq(got, -1);
	ck_assert_int_eq(err, ENOSPC);
	expect_file(PENDING, "a", "command=x\none\n");
	limit_size(14);
	got = spool_append(fd, &lines);
	err = errno;
	unlimit_size();
	ck_assert_int_eq(got, -1);
	ck_assert_int_ne(err, 0);
	expect_file(PENDING, "a", "command=x\none\n");
	ck_assert_int_eq(spool_append(fd, &lines), 0);
	expect_file(PENDING, "a", "command=x\none\none\n");
	spool_release(fd);
	buf_free(&lines);
}
END_TEST

START_TEST(read_limit)
{
	struct buf text = BUF_EMPTY;
	int fd = taken(PENDING, "a");

	ck_assert_int_eq(ftruncate(fd, JOB_FILE_MAX), 0);
	ck_assert_int_eq(spool_read(fd, &text), 0);
	ck_assert_uint_eq(text.len, JOB_FILE_MAX);
	buf_clear(&text);
	ck_assert_int_eq(ftruncate(fd, JOB_FILE_MAX + 1000), 0);
	ck_assert_int_eq(spool_read(fd, &text), 0);
	ck_assert_uint_eq(text.len, JOB_FILE_MAX + 1);
	spool_release(fd);
	buf_free(&text);
}
END_TEST

/* What some file systems keep is no time of ours. */
START_TEST(far_times)
{
	struct stat st;

	memset(&st, 0, sizeof st);
	st.st_mtim.tv_sec = 1;
	st.st_mtim.tv_nsec = 999999999;
	ck_assert_int_eq(spool_time(&st), 1999999);
	st.st_mtim.tv_sec = -1;
	ck_assert_int_eq(spool_time(&st), WHEN_MIN);
	st.st_mtim.tv_sec = (time_t)INT64_C(9223372036854775);
	ck_assert_int_eq(spool_time(&st), WHEN_MAX);
	st.st_mtim.tv_sec = (time_t)(WHEN_MAX / WHEN_SECOND);
	ck_assert_int_eq(spool_time(&st), WHEN_MAX);
}
END_TEST

START_TEST(changed)
{
	int fd = taken(PENDING, "a");

	ck_assert_int_le(llabs((long long)(spool_changed(fd) - fs_now())),
	    10 * WHEN_SECOND);
	set_mtime(PENDING, "a", INT64_C(1234567890123456));
	ck_assert_int_eq(spool_changed(fd), INT64_C(1234567890123456));
	spool_release(fd);
	ck_assert_int_eq(spool_changed(fd), -1);
}
END_TEST

/* What a scan has found. */
struct found {
	struct buf names;
	int stop_after;
	int count;
};

static int
note_name(void *arg, const char *name, uint64_t inode)
{
	struct found *f = arg;
	struct stat st;

	buf_printf(&f->names, "%s ", name);
	ck_assert_int_eq(
	    fstatat(spool.dir[PENDING], name, &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_uint_eq((uint64_t)st.st_ino, inode);
	return ++f->count == f->stop_after ? 7 : 0;
}

START_TEST(scan)
{
	struct found f = { BUF_EMPTY, 0, 0 };
	char name[16];
	int i;

	put_file(PENDING, ".hidden", "");
	put_file(PENDING, ".nfs123", "");
	for (i = 10; i < 60; i++) {
		snprintf(name, sizeof name, "job%d", i);
		put_file(PENDING, name, "");
	}
	put_file(PENDING, "strange name", "");
	/* Twice: each begins anew. */
	ck_assert_int_eq(spool_scan(&spool, PENDING, note_name, &f), 0);
	ck_assert_int_eq(f.count, 53);
	ck_assert_int_eq(spool_scan(&spool, PENDING, note_name, &f), 0);
	ck_assert_int_eq(f.count, 106);
	ck_assert_ptr_nonnull(strstr(buf_text(&f.names), "strange name "));
	ck_assert_ptr_nonnull(strstr(buf_text(&f.names), "job37 "));
	ck_assert_ptr_nonnull(strstr(buf_text(&f.names), ".hidden "));
	ck_assert_ptr_null(strstr(buf_text(&f.names), " . "));
	ck_assert_ptr_null(strstr(buf_text(&f.names), " .. "));
	f.stop_after = 109;
	ck_assert_int_eq(spool_scan(&spool, PENDING, note_name, &f), 7);
	ck_assert_int_eq(f.count, 109);
	buf_free(&f.names);
}
END_TEST

/* Which names of a directory may be jobs. */
START_TEST(is_job)
{
	static const struct {
		const char *name;
		int live, ended;
	} rows[] = {
		{ "a", 1, 1 },
		{ "a" OLD, 0, 1 },
		{ ".a", 0, 0 },
		{ "a b", 0, 0 },
		{ "a~", 0, 0 },
		{ "a" OLD "x", 0, 0 },
	};
	size_t i, k;
	int ended;

	for (i = 0; i < LEN(rows); i++) {
		for (k = 0; k < LEN(states); k++) {
			ended = states[k] == DONE || states[k] == DEAD;
			ck_assert_msg(spool_is_job(states[k], rows[i].name) ==
				(ended ? rows[i].ended : rows[i].live),
			    "%s/%s", spool_dir_name(states[k]), rows[i].name);
		}
	}
}
END_TEST

START_TEST(find)
{
	size_t i;

	ck_assert_int_eq(spool_find(&spool, "a"), JOB_NO_STATE);
	for (i = 0; i < LEN(states); i++) {
		put_file(states[i], "a", "");
		ck_assert_int_eq(spool_find(&spool, "a"), states[i]);
		ck_assert_int_eq(spool_find(&spool, "aa"), JOB_NO_STATE);
		ck_assert_int_eq(unlinkat(spool.dir[states[i]], "a", 0), 0);
	}
	put_file(SPOOL_TMP, "a", "");
	put_file(SPOOL_OUTPUT, "a", "");
	put_file(SPOOL_CONTROL, "a", "");
	put_file(SPOOL_WORKERS, "a", "");
	ck_assert_int_eq(spool_find(&spool, "a"), JOB_NO_STATE);
	/* The live record before ended ones. */
	put_file(DEAD, "b", "");
	put_file(DONE, "b", "");
	put_file(FAILED, "b", "");
	ck_assert_int_eq(spool_find(&spool, "b"), FAILED);
}
END_TEST

START_TEST(small_things)
{
	char out[SPOOL_OUTPUT_MAX];

	spool_output_name(out, "job.1", 12, "err");
	ck_assert_str_eq(out, "job.1.12.err");
	ck_assert_int_eq(spool_paused(&spool), 0);
	put_at(spool.fd, "paused", "");
	ck_assert_int_eq(spool_paused(&spool), 1);
	ck_assert_int_ne(spool_free_bytes(&spool), 0);
	ck_assert_int_eq(spool_sync_dir(&spool, PENDING), 0);
	ck_assert_int_eq(spool_sync_file(&spool, -1), 0);
	spool.durable = 1;
	ck_assert_int_eq(spool_sync_dir(&spool, PENDING), 0);
	ck_assert_int_eq(spool_sync_file(&spool, -1), -1);
}
END_TEST

/* What cannot be looked at is not taken for what is not there. */
START_TEST(blind)
{
	char old[JOB_NAME_MAX + 1];
	int fd = spool.fd, dir = spool.dir[DEAD];
	int file = openat(spool.fd, "lock", O_RDONLY | O_CREAT, 0600);

	ck_assert_int_ne(file, -1);
	spool.fd = spool.dir[DEAD] = file; /* ENOTDIR */
	ck_assert_int_eq(spool_paused(&spool), 1);
	ck_assert_int_eq(spool_archive_name(&spool, "a", 0, old), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_int_eq(spool_resume(&spool), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	spool.fd = fd;
	spool.dir[DEAD] = dir;
	close(file);
	ck_assert_int_eq(spool_archive_name(&spool, "a", 0, old), 0);
	ck_assert_str_eq(old, "a~19700101T000000.000");
	ck_assert_int_eq(spool_resume(&spool), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* ---- The archive ---- */

#define RECORD                                                   \
	"command=x\nprocessing=2026-11-22T02:47:00Z attempt=1\n" \
	"failed=2026-11-22T02:47:01Z attempt=1 exit_code=1\n"    \
	"processing=2026-11-22T02:47:02Z attempt=2\n"

static void
put_outputs(const char *name)
{
	char file[64];
	int n;

	for (n = 1; n <= 2; n++) {
		snprintf(file, sizeof file, "%s.%d.out", name, n);
		put_file(SPOOL_OUTPUT, file, file);
		snprintf(file, sizeof file, "%s.%d.err", name, n);
		put_file(SPOOL_OUTPUT, file, file);
	}
}

static void
expect_outputs(const char *name, const char *was)
{
	char file[64], text[64];
	int n;

	for (n = 1; n <= 2; n++) {
		snprintf(file, sizeof file, "%s.%d.out", name, n);
		snprintf(text, sizeof text, "%s.%d.out", was, n);
		expect_file(SPOOL_OUTPUT, file, text);
		snprintf(file, sizeof file, "%s.%d.err", name, n);
		snprintf(text, sizeof text, "%s.%d.err", was, n);
		expect_file(SPOOL_OUTPUT, file, text);
	}
}

START_TEST(archive)
{
	static const char done[] = RECORD "completed=" T0 " attempt=2\n";
	static const char dead[] = RECORD "dead=" T0 " attempt=2\n";

	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	put_file(DONE, "a", done);
	put_file(DEAD, "b", dead);
	put_file(PENDING, "b", "command=y\n");
	put_file(DONE, "aa", done);
	put_outputs("a");
	put_outputs("b");
	put_outputs("aa");
	put_outputs("a.1");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	ck_assert_int_eq(spool_archive(&spool, "b"), SPOOL_OK);
	expect_file(DONE, "a" OLD, done);
	expect_none(DONE, "a");
	expect_outputs("a" OLD, "a");
	expect_file(DEAD, "b" OLD, dead);
	expect_outputs("b" OLD, "b");
	/* Nobody else's. */
	expect_outputs("aa", "aa");
	expect_outputs("a.1", "a.1");
	expect_file(DONE, "aa", done);
	expect_file(PENDING, "b", "command=y\n");
	expect_count(SPOOL_OUTPUT, 16);
	/* The lock is given up. */
	expect_take(DONE, "a" OLD, SPOOL_OK);
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	expect_count(DONE, 2);
}
END_TEST

/* A crash between any two of its renames, and then again. */
START_TEST(archive_after_crash)
{
	static const char text[] = RECORD "dead=" T0 " attempt=2\n";
	static const char *const order[] = { "1.out", "1.err", "2.out",
		"2.err" };
	char from[64], to[64];
	size_t crash, i;

	for (crash = 0; crash <= LEN(order); crash++) {
		put_file(DEAD, "a", text);
		put_outputs("a");
		for (i = 0; i < crash; i++) {
			snprintf(from, sizeof from, "a.%s", order[i]);
			snprintf(to, sizeof to, "a" OLD ".%s", order[i]);
			ck_assert_int_eq(renameat(spool.dir[SPOOL_OUTPUT], from,
					     spool.dir[SPOOL_OUTPUT], to),
			    0);
		}
		ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
		expect_file(DEAD, "a" OLD, text);
		expect_outputs("a" OLD, "a");
		expect_count(DEAD, 1);
		expect_count(SPOOL_OUTPUT, 4);
		ck_assert_int_eq(unlinkat(spool.dir[DEAD], "a" OLD, 0), 0);
	}
}
END_TEST

START_TEST(archive_same_millisecond)
{
	static const char text[] = RECORD "completed=" T0 " attempt=2\n";

	put_file(DONE, "a", text);
	put_outputs("a");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	put_file(DONE, "a", text);
	put_outputs("a");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	/* The outputs of a name are those of one record. */
	put_file(DEAD, "a", RECORD "dead=" T0 " attempt=2\n");
	put_outputs("a");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	expect_file(DONE, "a" OLD, text);
	expect_file(DONE, "a" NEXT, text);
	expect_none(DEAD, "a" NEXT);
	expect_file(DEAD, "a~20261122T024800.132",
	    RECORD "dead=" T0 " attempt=2\n");
	expect_outputs("a" OLD, "a");
	expect_outputs("a" NEXT, "a");
	expect_outputs("a~20261122T024800.132", "a");
	expect_count(SPOOL_OUTPUT, 12);
}
END_TEST

/* Both an ended and a dead record: both go. */
START_TEST(archive_two)
{
	put_file(DONE, "a", RECORD "completed=" T0 " attempt=2\n");
	put_file(DEAD, "a", "command=x\ndead=" T0 " error=cancelled\n");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	expect_none(DONE, "a");
	expect_none(DEAD, "a");
	expect_file(DONE, "a" OLD, RECORD "completed=" T0 " attempt=2\n");
	expect_file(DEAD, "a" NEXT, "command=x\ndead=" T0 " error=cancelled\n");
}
END_TEST

/* A record without history goes by its mtime, unreadable or not. */
START_TEST(archive_no_history)
{
	put_file(DEAD, "a", "comma");
	set_mtime(DEAD, "a", INT64_C(1795315680130112));
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	expect_file(DEAD, "a" OLD, "comma");
	put_file(DEAD, "a", "priority=11\ncommand=x\ndead=" T0 "\n");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	expect_file(DEAD, "a" NEXT, "priority=11\ncommand=x\ndead=" T0 "\n");
}
END_TEST

START_TEST(archive_busy)
{
	static const char text[] = RECORD "completed=" T0 " attempt=2\n";
	struct holder child;

	put_file(DONE, "a", text);
	put_outputs("a");
	child = hold(DONE, "a");
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_BUSY);
	expect_file(DONE, "a", text);
	expect_outputs("a", "a");
	let_go(&child);
	ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
	expect_outputs("a" OLD, "a");
	/* What is no record is in the way for good. */
	ck_assert_int_eq(mkdirat(spool.dir[DEAD], "b", 0700), 0);
	ck_assert_int_eq(spool_archive(&spool, "b"), SPOOL_FOREIGN);
}
END_TEST

/* ---- Enqueueing ---- */

static enum spool_result
enqueue_as(const char *text, char id[JOB_NAME_MAX + 1], int again)
{
	struct buf b = BUF_EMPTY;
	struct spool_new n;
	enum spool_result r;
	size_t in;
	int prepared;

	buf_puts(&b, text);
	prepared = spool_prepare(&spool, &n, &b, id, 1);
	buf_free(&b);
	if (prepared == -1)
		return SPOOL_ERROR;
	r = spool_enqueue(&spool, &n, 1, again, &in);
	snprintf(id, JOB_NAME_MAX + 1, "%s", n.id);
	if (in == 0)
		spool_withdraw(&spool, &n);
	return r;
}

static enum spool_result
enqueue(const char *text, char id[JOB_NAME_MAX + 1])
{
	return enqueue_as(text, id, 0);
}

START_TEST(enqueue_chosen)
{
	char id[JOB_NAME_MAX + 1] = "a";
	struct stat st;
	size_t i;

	spool.durable = 1;
	ck_assert_int_eq(enqueue("command=x\n", id), SPOOL_OK);
	ck_assert_str_eq(id, "a");
	expect_file(PENDING, "a", "command=x\n");
	ck_assert_int_eq(fstatat(spool.dir[PENDING], "a", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	expect_take(PENDING, "a", SPOOL_OK);
	ck_assert_int_eq(unlinkat(spool.dir[PENDING], "a", 0), 0);
	for (i = 0; i < LEN(states); i++) {
		put_file(states[i], "a", "old\n");
		ck_assert_int_eq(enqueue("command=y\n", id), SPOOL_EXISTS);
		ck_assert_str_eq(id, "a");
		expect_file(states[i], "a", "old\n");
		ck_assert_int_eq(spool_find(&spool, "a"), states[i]);
		expect_count(SPOOL_TMP, 0);
		ck_assert_int_eq(unlinkat(spool.dir[states[i]], "a", 0), 0);
	}
	expect_count(PENDING, 0);
	/* An archived one is not in the way. */
	put_file(DONE, "a" OLD, "old\n");
	ck_assert_int_eq(enqueue("command=y\n", id), SPOOL_OK);
}
END_TEST

START_TEST(enqueue_generated)
{
	static char ids[300][JOB_NAME_MAX + 1];
	int i;

	spool.number = 1;
	for (i = 0; i < 300; i++) {
		ids[i][0] = '\0';
		ck_assert_int_eq(enqueue("command=x\n", ids[i]), SPOOL_OK);
		ck_assert_msg(job_id_valid(ids[i]), "%s", ids[i]);
		/* In order of arrival, and none twice. */
		ck_assert_msg(i == 0 || strcmp(ids[i - 1], ids[i]) < 0,
		    "%s after %s", ids[i], ids[i - 1]);
	}
	expect_count(PENDING, 300);
	expect_count(SPOOL_TMP, 0);
	expect_file(PENDING, ids[299], "command=x\n");
}
END_TEST

/* Somebody else has chosen the same number for what it writes in tmp/. */
START_TEST(enqueue_same_number)
{
	char id[JOB_NAME_MAX + 1] = "", chosen[JOB_NAME_MAX + 1] = "a";

	put_file(SPOOL_TMP, "new.00000005", "other\n");
	put_file(SPOOL_TMP, "a.00000008", "other\n");
	spool.number = 5;
	ck_assert_int_eq(enqueue("command=x\n", id), SPOOL_OK);
	ck_assert_uint_eq(spool.number, 8);
	ck_assert_int_eq(enqueue("command=y\n", chosen), SPOOL_OK);
	expect_file(PENDING, id, "command=x\n");
	expect_file(PENDING, "a", "command=y\n");
	expect_file(SPOOL_TMP, "new.00000005", "other\n");
	expect_count(SPOOL_TMP, 2);
	/* Never none at all: from each, others go on. */
	spool.number = UINT32_MAX;
	id[0] = '\0';
	ck_assert_int_eq(enqueue("command=z\n", id), SPOOL_OK);
	expect_count(PENDING, 3);
}
END_TEST

START_TEST(enqueue_disk_full)
{
	char id[JOB_NAME_MAX + 1] = "";
	enum spool_result r;
	int err;

	limit_size(5);
	r = enqueue("command=x\n", id);
	err = errno;
	unlimit_size();
	ck_assert_int_eq(r, SPOOL_ERROR);
	ck_assert_int_ne(err, 0);
	expect_count(PENDING, 0);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

/* A caller may hold SPOOL/lock around it: it is held afterwards, too. */
START_TEST(enqueue_nested)
{
	char id[JOB_NAME_MAX + 1] = "a", none[JOB_NAME_MAX + 1] = "";

	ck_assert_int_eq(spool_lock(&spool), 0);
	ck_assert_int_eq(enqueue("command=x\n", id), SPOOL_OK);
	ck_assert_int_eq(spool.lock_depth, 1);
	ck_assert_int_eq(enqueue("command=x\n", id), SPOOL_EXISTS);
	ck_assert_int_eq(spool.lock_depth, 1);
	ck_assert_int_eq(child_end(child_start(lock_is_free, NULL)), 0);
	ck_assert_int_eq(enqueue("command=x\n", none), SPOOL_OK);
	ck_assert_int_eq(spool.lock_depth, 1);
	ck_assert_int_eq(child_end(child_start(lock_is_free, NULL)), 0);
	spool_unlock(&spool);
	ck_assert_int_eq(child_end(child_start(lock_is_free, NULL)), 1);
}
END_TEST

/* Of several that choose the same ID at once, one has it. */
static int
enqueue_run(void *arg)
{
	char id[JOB_NAME_MAX + 1];
	enum spool_result r;

	snprintf(id, sizeof id, "%s", (const char *)arg);
	r = enqueue("command=x\n", id);
	return r == SPOOL_OK ? 1 : r == SPOOL_EXISTS ? 0 : 100;
}

START_TEST(enqueue_race)
{
	char name[16];
	pid_t pid[4];
	int round, i, entered;

	for (round = 0; round < 25; round++) {
		snprintf(name, sizeof name, "a%d", round);
		for (i = 0; i < 4; i++)
			pid[i] = child_start(enqueue_run, name);
		for (i = entered = 0; i < 4; i++)
			entered += child_end(pid[i]);
		ck_assert_int_eq(entered, 1);
	}
	expect_count(PENDING, 25);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

static int
is_on_its_way(void *arg)
{
	(void)arg;
	return count_at(spool.dir[SPOOL_TMP]) + count_at(spool.dir[PENDING]) >
	    0;
}

/* Between looking and moving, nobody can carry a namesake past it. */
START_TEST(enqueue_locks)
{
	char name[] = "a";
	struct holder lock;
	pid_t pid;

	put_at(spool.fd, "lock", "");
	lock = hold_at(spool.fd, "lock");
	pid = child_start(enqueue_run, name);
	ck_assert_int_eq(wait_until(is_on_its_way, NULL), 1);
	put_file(DONE, "a", "command=x\n");
	let_go(&lock);
	ck_assert_int_eq(child_end(pid), 0);
	expect_none(PENDING, "a");
	expect_count(SPOOL_TMP, 0);
}
END_TEST

/* With `again` what has ended makes room; what is live does not. */
START_TEST(enqueue_again)
{
	static const int live[] = { PENDING, FAILED, RUNNING };
	static const char done[] = RECORD "completed=" T0 " attempt=2\n";
	static const char dead[] = RECORD "dead=" T0 " attempt=2\n";
	char id[JOB_NAME_MAX + 1] = "a";
	size_t i;

	spool.durable = 1;
	put_file(DONE, "a", done);
	put_outputs("a");
	ck_assert_int_eq(enqueue("command=y\n", id), SPOOL_EXISTS);
	expect_file(DONE, "a", done);
	ck_assert_int_eq(enqueue_as("command=y\n", id, 1), SPOOL_OK);
	expect_file(PENDING, "a", "command=y\n");
	expect_none(DONE, "a");
	expect_file(DONE, "a" OLD, done);
	expect_outputs("a" OLD, "a");
	ck_assert_int_eq(unlinkat(spool.dir[PENDING], "a", 0), 0);
	put_file(DEAD, "a", dead);
	for (i = 0; i < LEN(live); i++) {
		put_file(live[i], "a", "command=y\n");
		ck_assert_int_eq(enqueue_as("command=z\n", id, 1),
		    SPOOL_EXISTS);
		expect_file(live[i], "a", "command=y\n");
		expect_file(DEAD, "a", dead);
		ck_assert_int_eq(unlinkat(spool.dir[live[i]], "a", 0), 0);
	}
	/* Both of two ended ones, and none at all. */
	put_file(DONE, "a", done);
	ck_assert_int_eq(enqueue_as("command=z\n", id, 1), SPOOL_OK);
	expect_count(DONE, 2);
	expect_count(DEAD, 1);
	expect_none(DONE, "a");
	expect_none(DEAD, "a");
	snprintf(id, sizeof id, "b");
	ck_assert_int_eq(enqueue_as("command=z\n", id, 1), SPOOL_OK);
	expect_count(PENDING, 2);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

/* A crash with the archive half done, or all done but the move; then again. */
START_TEST(enqueue_again_after_crash)
{
	static const char dead[] = RECORD "dead=" T0 " attempt=2\n";
	char id[JOB_NAME_MAX + 1] = "a";
	int crash;

	for (crash = 0; crash <= 2; crash++) {
		put_file(DEAD, "a", dead);
		put_outputs("a");
		if (crash == 1)
			ck_assert_int_eq(renameat(spool.dir[SPOOL_OUTPUT],
					     "a.1.out", spool.dir[SPOOL_OUTPUT],
					     "a" OLD ".1.out"),
			    0);
		if (crash == 2)
			ck_assert_int_eq(spool_archive(&spool, "a"), SPOOL_OK);
		ck_assert_int_eq(enqueue_as("command=y\n", id, 1), SPOOL_OK);
		expect_file(PENDING, "a", "command=y\n");
		expect_file(DEAD, "a" OLD, dead);
		expect_outputs("a" OLD, "a");
		expect_count(DEAD, 1);
		expect_count(SPOOL_OUTPUT, 4);
		ck_assert_int_eq(unlinkat(spool.dir[DEAD], "a" OLD, 0), 0);
		ck_assert_int_eq(unlinkat(spool.dir[PENDING], "a", 0), 0);
	}
}
END_TEST

static int
enqueue_again_run(void *arg)
{
	char id[JOB_NAME_MAX + 1];
	enum spool_result r;

	snprintf(id, sizeof id, "%s", (const char *)arg);
	r = enqueue_as("command=x\n", id, 1);
	return r == SPOOL_OK ? 1 : r == SPOOL_EXISTS ? 0 : 100;
}

/* Of several at once one has the ID, and no record is lost. */
START_TEST(enqueue_again_race)
{
	char name[16];
	pid_t pid[4];
	int round, i, entered;

	for (round = 0; round < 25; round++) {
		snprintf(name, sizeof name, "a%d", round);
		put_file(round % 2 == 0 ? DONE : DEAD, name, "command=x\n");
		for (i = 0; i < 4; i++)
			pid[i] = child_start(enqueue_again_run, name);
		for (i = entered = 0; i < 4; i++)
			entered += child_end(pid[i]);
		ck_assert_int_eq(entered, 1);
	}
	expect_count(PENDING, 25);
	expect_count(DONE, 13);
	expect_count(DEAD, 12);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

/* A lock on the ended record is waited for, for a while. */
START_TEST(enqueue_again_busy)
{
	static const char done[] = RECORD "completed=" T0 " attempt=2\n";
	char id[JOB_NAME_MAX + 1] = "a", name[] = "a";
	struct holder child;
	pid_t pid;

	put_file(DONE, "a", done);
	put_outputs("a");
	child = hold(DONE, "a");
	ck_assert_int_eq(enqueue_as("command=y\n", id, 1), SPOOL_BUSY);
	expect_file(DONE, "a", done);
	expect_outputs("a", "a");
	expect_count(PENDING, 0);
	expect_count(SPOOL_TMP, 0);
	pid = child_start(enqueue_again_run, name);
	ck_assert_int_eq(wait_until(is_on_its_way, NULL), 1);
	let_go(&child);
	ck_assert_int_eq(child_end(pid), 1);
	expect_file(DONE, "a" OLD, done);
	expect_outputs("a" OLD, "a");
	/* Whoever had the lock was retrying it. */
	ck_assert_int_eq(unlinkat(spool.dir[PENDING], "a", 0), 0);
	put_file(DEAD, "b", "command=x\n");
	snprintf(name, sizeof name, "b");
	child = hold(DEAD, "b");
	pid = child_start(enqueue_again_run, name);
	ck_assert_int_eq(wait_until(is_on_its_way, NULL), 1);
	ck_assert_int_eq(
	    renameat(spool.dir[DEAD], "b", spool.dir[RUNNING], "b"), 0);
	let_go(&child);
	ck_assert_int_eq(child_end(pid), 0);
	expect_file(RUNNING, "b", "command=x\n");
	expect_none(PENDING, "b");
	expect_count(DEAD, 0);
}
END_TEST

/* ---- Sweeping ---- */

START_TEST(sweep)
{
	struct holder child;

	put_file(SPOOL_TMP, "young", "x");
	put_file(SPOOL_TMP, "held", "x");
	/* Its ctime counts: an old mtime proves nothing. */
	set_mtime(SPOOL_TMP, "young", 0);
	set_mtime(SPOOL_TMP, "held", 0);
	child = hold(SPOOL_TMP, "held");
	ck_assert_int_eq(mkdirat(spool.dir[SPOOL_TMP], "dir", 0700), 0);
	spool_sweep(&spool);
	expect_count(SPOOL_TMP, 3);
	/* Nobody's lock is left behind. */
	expect_take(SPOOL_TMP, "young", SPOOL_OK);
	let_go(&child);
	spool_sweep(&spool);
	expect_count(SPOOL_TMP, 3);
}
END_TEST

static void
add_files(TCase *t)
{
	tcase_add_test(t, append);
	tcase_add_test(t, read_limit);
	tcase_add_test(t, far_times);
	tcase_add_test(t, changed);
	tcase_add_test(t, scan);
	tcase_add_test(t, is_job);
	tcase_add_test(t, find);
	tcase_add_test(t, small_things);
	tcase_add_test(t, blind);
	tcase_add_test(t, archive);
	tcase_add_test(t, archive_after_crash);
	tcase_add_test(t, archive_same_millisecond);
	tcase_add_test(t, archive_two);
	tcase_add_test(t, archive_no_history);
	tcase_add_test(t, archive_busy);
	tcase_add_test(t, enqueue_chosen);
	tcase_add_test(t, enqueue_generated);
	tcase_add_test(t, enqueue_same_number);
	tcase_add_test(t, enqueue_disk_full);
	tcase_add_test(t, enqueue_nested);
	tcase_add_test(t, enqueue_race);
	tcase_add_test(t, enqueue_locks);
	tcase_add_test(t, enqueue_again);
	tcase_add_test(t, enqueue_again_after_crash);
	tcase_add_test(t, enqueue_again_race);
	tcase_add_test(t, enqueue_again_busy);
	tcase_add_test(t, sweep);
}

Suite *
suite_spool(void)
{
	Suite *s = suite_create("spool");
	TCase *t = tcase_create("spool");

	fixture_spools(t);
	tcase_add_test(t, open_makes);
	tcase_add_test(t, open_reads_none);
	tcase_add_test(t, open_permissions);
	tcase_add_test(t, open_other_directories);
	tcase_add_test(t, open_relative);
	tcase_add_test(t, path_rules);
	tcase_add_test(t, intact);
	tcase_add_test(t, host_name);
	tcase_add_test(t, now_never_twice);
	tcase_add_test(t, lock_nested);
	tcase_add_test(t, lock_bounded);
	tcase_add_test(t, take);
	tcase_add_test(t, take_foreign);
	tcase_add_test(t, open_job);
	tcase_add_test(t, release_for_all);
	tcase_add_test(t, same);
	tcase_add_test(t, rename_plain);
	tcase_add_test(t, rename_never_replaces);
	tcase_add_test(t, rename_gives_back);
	tcase_add_test(t, rename_race);
	add_files(t);
	suite_add_tcase(s, t);
	return s;
}
