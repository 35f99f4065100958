#include "sink.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "os.h"
#include "tests.h"

#define WORKER "host.1.1"

static struct sinks k;
static int keeps; /* the system tells who else has a file open */

static ino_t
inode_of(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

/* A first run has begun, which will write nothing. */
static void
begin(void)
{
	spool.durable = 0;
	keeps = os_leases(spool.dir[SPOOL_TMP]);
	sinks_init(&k, &spool, WORKER);
	ck_assert_int_eq(sinks_open(&k, "a", 1), 0);
	expect_file(SPOOL_OUTPUT, "a.1.out", "");
	expect_file(SPOOL_OUTPUT, "a.1.err", "");
	expect_count(SPOOL_TMP, 0);
}

/* So many files wait for the next run, and so many are outputs. */
static void
expect_ended(int waiting, int outputs)
{
	expect_count(SPOOL_TMP, keeps ? waiting : 0);
	expect_count(SPOOL_OUTPUT, outputs);
}

START_TEST(kept_if_empty)
{
	ino_t out, err;
	int i;

	begin();
	out = inode_of(k.fd[SINK_OUT]);
	err = inode_of(k.fd[SINK_ERR]);
	for (i = 0; i < 3; i++) {
		sinks_close(&k, 0);
		expect_ended(2, 0);
		ck_assert_int_eq(sinks_open(&k, "b~20261122T024800.130", i + 1),
		    0);
		expect_count(SPOOL_TMP, 0);
		expect_count(SPOOL_OUTPUT, 2);
		if (!keeps)
			continue;
		ck_assert_uint_eq(inode_of(k.fd[SINK_OUT]), out);
		ck_assert_uint_eq(inode_of(k.fd[SINK_ERR]), err);
		ck_assert_int_eq(fcntl(k.fd[SINK_OUT], F_GETFL) & ~O_ACCMODE &
			(O_APPEND | O_NONBLOCK),
		    O_APPEND);
	}
	ck_assert_int_eq(write(k.fd[SINK_OUT], "x\n", 2), 2);
	expect_file(SPOOL_OUTPUT, "b~20261122T024800.130.3.out", "x\n");
	sinks_close(&k, 0);
	expect_ended(1, 1);
	ck_assert_int_eq(sinks_open(&k, "c", 1), 0);
	expect_file(SPOOL_OUTPUT, "b~20261122T024800.130.3.out", "x\n");
	expect_file(SPOOL_OUTPUT, "c.1.out", "");
	sinks_close(&k, 0);
	sinks_free(&k);
	expect_count(SPOOL_TMP, 0);
	sinks_free(&k); /* of what is not there */
}
END_TEST

/* What the job did to its own descriptor is not for the next one. */
START_TEST(opened_anew)
{
	begin();
	ck_assert_int_eq(fcntl(k.fd[SINK_OUT], F_SETFL, O_NONBLOCK), 0);
	sinks_close(&k, 0);
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	ck_assert_int_eq(
	    fcntl(k.fd[SINK_OUT], F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND);
	sinks_close(&k, 0);
	sinks_free(&k);
}
END_TEST

static int
live_on(void *arg)
{
	const int *end = arg;
	char c;

	(void)close(end[1]);
	return read(end[0], &c, 1) == 0 ? 0 : 1; /* until that is closed */
}

/* A process that the job has left could write into the next one's output. */
START_TEST(not_if_inherited)
{
	pid_t pid;
	int end[2];

	begin();
	ck_assert_int_eq(pipe(end), 0);
	pid = child_start(live_on, end);
	sinks_close(&k, 0);
	expect_ended(0, keeps ? 2 : 0);
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	sinks_close(&k, 0);
	/* Of this one it knows nothing. */
	expect_ended(2, keeps ? 2 : 0);
	ck_assert_int_eq(close(end[1]), 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_eq(close(end[0]), 0);
	sinks_free(&k);
}
END_TEST

/* Where nobody tells who has a file open, it stays while the session lives. */
START_TEST(stays_while_session_lives)
{
	pid_t pid;
	int end[2];

	begin();
	k.keeps = 0;
	ck_assert_int_eq(pipe(end), 0);
	pid = child_start(live_on, end);
	ck_assert_int_eq(setpgid(pid, pid), 0);
	sinks_close(&k, pid);
	expect_count(SPOOL_OUTPUT, 2);
	ck_assert_int_eq(close(end[1]), 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_eq(close(end[0]), 0);
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	ck_assert_int_eq(write(k.fd[SINK_ERR], "x", 1), 1);
	sinks_close(&k, pid);
	expect_count(SPOOL_OUTPUT, 3);
	expect_file(SPOOL_OUTPUT, "b.1.err", "x");
	expect_count(SPOOL_TMP, 0);
}
END_TEST

/* Who reads an output would be shown the next one's. */
START_TEST(not_if_read)
{
	int fd;

	begin();
	fd = openat(spool.dir[SPOOL_OUTPUT], "a.1.err", O_RDONLY);
	ck_assert_int_ne(fd, -1);
	sinks_close(&k, 0);
	expect_ended(1, keeps ? 1 : 0);
	ck_assert_int_eq(close(fd), 0);
	sinks_free(&k);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

START_TEST(not_if_changed)
{
	int dir = spool.dir[SPOOL_OUTPUT];

	begin();
	ck_assert_int_eq(linkat(dir, "a.1.out", dir, "mine", 0), 0);
	ck_assert_int_eq(fchmodat(dir, "a.1.err", 0644, 0), 0);
	sinks_close(&k, 0);
	expect_ended(0, 1);
	expect_file(SPOOL_OUTPUT, "mine", "");
	/* Grown and cut again; blocks may be left. */
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	ck_assert_int_eq(posix_fallocate(k.fd[SINK_OUT], 0, 8192), 0);
	ck_assert_int_eq(ftruncate(k.fd[SINK_OUT], 0), 0);
	sinks_close(&k, 0);
	expect_ended(2, 1);
	sinks_free(&k);
}
END_TEST

/* A new run of the same ID has its own files there by now. */
START_TEST(not_if_another)
{
	int dir = spool.dir[SPOOL_OUTPUT];

	begin();
	ck_assert_int_eq(unlinkat(dir, "a.1.out", 0), 0);
	ck_assert_int_eq(unlinkat(dir, "a.1.err", 0), 0);
	put_file(SPOOL_OUTPUT, "a.1.out", "other\n");
	put_file(SPOOL_OUTPUT, "a.1.err", "");
	sinks_close(&k, 0);
	expect_ended(0, 2);
	expect_file(SPOOL_OUTPUT, "a.1.out", "other\n");
	sinks_free(&k);
}
END_TEST

START_TEST(not_if_given_away)
{
	begin();
	if (geteuid() == 0) {
		ck_assert_int_eq(fchown(k.fd[SINK_OUT], 1, (gid_t)-1), 0);
		ck_assert_int_eq(fchown(k.fd[SINK_ERR], (uid_t)-1, 1), 0);
		sinks_close(&k, 0);
		expect_ended(0, 0);
	}
	sinks_free(&k);
}
END_TEST

/* Somebody has cleaned up in tmp/. */
START_TEST(made_anew)
{
	begin();
	sinks_close(&k, 0);
	if (keeps) {
		ck_assert_int_eq(
		    unlinkat(spool.dir[SPOOL_TMP], WORKER ".out", 0), 0);
		ck_assert_int_eq(
		    unlinkat(spool.dir[SPOOL_TMP], WORKER ".err", 0), 0);
	}
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	expect_file(SPOOL_OUTPUT, "b.1.out", "");
	expect_file(SPOOL_OUTPUT, "b.1.err", "");
	sinks_close(&k, 0);
	expect_ended(2, 0);
	sinks_free(&k);
}
END_TEST

/* Another process has put its own file under the name of what waits. */
START_TEST(not_if_replaced)
{
	int tmp = spool.dir[SPOOL_TMP];

	begin();
	sinks_close(&k, 0);
	if (keeps) {
		ck_assert_int_eq(unlinkat(tmp, WORKER ".out", 0), 0);
		put_file(SPOOL_TMP, WORKER ".out", "other\n");
	}
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	ck_assert_int_eq(write(k.fd[SINK_OUT], "mine\n", 5), 5);
	expect_file(SPOOL_OUTPUT, "b.1.out", "mine\n");
	expect_file(SPOOL_OUTPUT, "b.1.err", "");
	if (keeps)
		expect_file(SPOOL_TMP, WORKER ".out", "other\n");
	sinks_close(&k, 0);
	expect_ended(2, 1);
	sinks_free(&k);
	/* It stays when this worker leaves. */
	expect_ended(1, 1);
}
END_TEST

static void
put_fifo(int dir, const char *name)
{
	ck_assert_int_eq(mkfifoat(dir, name, 0600), 0);
}

static void
put_directory(int dir, const char *name)
{
	ck_assert_int_eq(mkdirat(dir, name, 0700), 0);
}

static void
put_link(int dir, const char *name)
{
	ck_assert_int_eq(symlinkat("mine", dir, name), 0);
}

static void
put_socket(int dir, const char *name)
{
	struct sockaddr_un sun;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(&sun, 0, sizeof sun);
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", name);
	ck_assert_int_eq(fchdir(dir), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* Something else is there: it stays, and nothing is left of the other one. */
START_TEST(cannot_be_made)
{
	static const char *const names[] = { "b.1.err", "b.1.out" };
	static void (*const put[])(int, const char *) = { put_fifo,
		put_directory, put_link, put_socket, put_fifo };
	int dir = spool.dir[SPOOL_OUTPUT], fd = -1;
	struct stat st;
	char want[64];
	size_t i;

	begin();
	put_file(SPOOL_OUTPUT, "mine", "mine\n");
	sinks_close(&k, 0);
	for (i = 0; i < 2 * LEN(put); i++) {
		put[i / 2](dir, names[i % 2]);
		if (i / 2 == LEN(put) - 1) /* which somebody reads */
			fd = openat(dir, names[i % 2], O_RDONLY | O_NONBLOCK);
		ck_assert_int_eq(sinks_open(&k, "b", 1), -1);
		ck_assert_int_eq(errno, EEXIST);
		snprintf(want, sizeof want,
		    "output/%s is not a regular file: remove it", names[i % 2]);
		ck_assert_str_eq(k.why, want);
		ck_assert_int_eq(
		    fstatat(dir, names[i % 2], &st, AT_SYMLINK_NOFOLLOW), 0);
		ck_assert(!S_ISREG(st.st_mode));
		expect_count(SPOOL_OUTPUT, 2);
		ck_assert_int_eq(unlinkat(dir, names[i % 2],
				     S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0),
		    0);
		if (fd != -1)
			(void)close(fd);
	}
	expect_file(SPOOL_OUTPUT, "mine", "mine\n");
	put_file(SPOOL_OUTPUT, "b.1.out", "of an earlier try\n");
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	expect_file(SPOOL_OUTPUT, "b.1.out", "");
	ck_assert_int_eq(fcntl(k.fd[SINK_OUT], F_GETFL) & ~O_ACCMODE &
		(O_APPEND | O_NONBLOCK),
	    O_APPEND);
	expect_count(SPOOL_OUTPUT, 3);
	sinks_close(&k, 0);
	expect_ended(2, 1);
	sinks_free(&k);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

Suite *
suite_sink(void)
{
	Suite *s = suite_create("sink");
	TCase *t = tcase_create("sink");

	fixture_spools(t);
	tcase_add_test(t, kept_if_empty);
	tcase_add_test(t, opened_anew);
	tcase_add_test(t, not_if_inherited);
	tcase_add_test(t, stays_while_session_lives);
	tcase_add_test(t, not_if_read);
	tcase_add_test(t, not_if_changed);
	tcase_add_test(t, not_if_another);
	tcase_add_test(t, not_if_given_away);
	tcase_add_test(t, made_anew);
	tcase_add_test(t, not_if_replaced);
	tcase_add_test(t, cannot_be_made);
	suite_add_tcase(s, t);
	return s;
}
