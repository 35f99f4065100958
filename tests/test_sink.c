#include "sink.h"

#include <sys/stat.h>

#include <fcntl.h>
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
		sinks_close(&k);
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
	sinks_close(&k);
	expect_ended(1, 1);
	ck_assert_int_eq(sinks_open(&k, "c", 1), 0);
	expect_file(SPOOL_OUTPUT, "b~20261122T024800.130.3.out", "x\n");
	expect_file(SPOOL_OUTPUT, "c.1.out", "");
	sinks_close(&k);
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
	sinks_close(&k);
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	ck_assert_int_eq(
	    fcntl(k.fd[SINK_OUT], F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND);
	sinks_close(&k);
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
	sinks_close(&k);
	expect_ended(0, 0);
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	sinks_close(&k);
	expect_ended(2, 0); /* of this one it knows nothing */
	ck_assert_int_eq(close(end[1]), 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_eq(close(end[0]), 0);
	sinks_free(&k);
}
END_TEST

/* Who reads an output would be shown the next one's. */
START_TEST(not_if_read)
{
	int fd;

	begin();
	fd = openat(spool.dir[SPOOL_OUTPUT], "a.1.err", O_RDONLY);
	ck_assert_int_ne(fd, -1);
	sinks_close(&k);
	expect_ended(1, 0);
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
	sinks_close(&k);
	expect_ended(0, 1);
	expect_file(SPOOL_OUTPUT, "mine", "");
	/* Grown and cut again; blocks may be left. */
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	ck_assert_int_eq(posix_fallocate(k.fd[SINK_OUT], 0, 8192), 0);
	ck_assert_int_eq(ftruncate(k.fd[SINK_OUT], 0), 0);
	sinks_close(&k);
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
	sinks_close(&k);
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
		sinks_close(&k);
		expect_ended(0, 0);
	}
	sinks_free(&k);
}
END_TEST

/* Somebody has cleaned up in tmp/. */
START_TEST(made_anew)
{
	begin();
	sinks_close(&k);
	if (keeps) {
		ck_assert_int_eq(
		    unlinkat(spool.dir[SPOOL_TMP], WORKER ".out", 0), 0);
		ck_assert_int_eq(
		    unlinkat(spool.dir[SPOOL_TMP], WORKER ".err", 0), 0);
	}
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	expect_file(SPOOL_OUTPUT, "b.1.out", "");
	expect_file(SPOOL_OUTPUT, "b.1.err", "");
	sinks_close(&k);
	expect_ended(2, 0);
	sinks_free(&k);
}
END_TEST

START_TEST(cannot_be_made)
{
	static const char *const names[] = { "b.1.err", "b.1.out" };
	size_t i;

	begin();
	sinks_close(&k);
	for (i = 0; i < LEN(names); i++) {
		ck_assert_int_eq(
		    mkdirat(spool.dir[SPOOL_OUTPUT], names[i], 0700), 0);
		ck_assert_int_eq(sinks_open(&k, "b", 1), -1);
		expect_count(SPOOL_OUTPUT, 1);
		ck_assert_int_eq(unlinkat(spool.dir[SPOOL_OUTPUT], names[i],
				     AT_REMOVEDIR),
		    0);
	}
	ck_assert_int_eq(sinks_open(&k, "b", 1), 0);
	expect_count(SPOOL_OUTPUT, 2);
	sinks_close(&k);
	expect_ended(2, 0);
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
	tcase_add_test(t, not_if_read);
	tcase_add_test(t, not_if_changed);
	tcase_add_test(t, not_if_another);
	tcase_add_test(t, not_if_given_away);
	tcase_add_test(t, made_anew);
	tcase_add_test(t, cannot_be_made);
	suite_add_tcase(s, t);
	return s;
}
