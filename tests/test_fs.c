#include "fs.h"

#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"
#include "tests.h"

/* ---- Interrupted, short ---- */

#define PIECES 30     /* what the other end of a pipe does in */
#define MUCH   300000 /* bytes: more than a pipe holds */

static volatile sig_atomic_t interruptions;

static void
interrupted(int sig)
{
	(void)sig;
	interruptions++;
}

/* SIGUSR1 makes system calls fail with EINTR. */
static void
expect_interruptions(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_handler = interrupted;
	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	interruptions = 0;
}

static char
pattern(size_t i)
{
	return (char)(i * 7 + i / 251);
}

/* The child: interrupts its parent, then writes a byte, again and again. */
static int
write_slowly(void *arg)
{
	const int *fds = arg;
	size_t i;
	char c;

	for (i = 0; i < PIECES; i++) {
		(void)kill(getppid(), SIGUSR1);
		(void)poll(NULL, 0, 1);
		c = pattern(i);
		if (write(fds[1], &c, 1) != 1)
			return 1;
	}
	return 0;
}

START_TEST(read_pieces)
{
	char got[PIECES + 10];
	int fds[2];
	pid_t pid;
	size_t i;

	expect_interruptions();
	ck_assert_int_eq(pipe(fds), 0);
	pid = child_start(write_slowly, fds);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_int_eq(fs_read(fds[0], got, 10), 10);
	ck_assert_int_eq(fs_read(fds[0], got + 10, PIECES), PIECES - 10);
	for (i = 0; i < PIECES; i++)
		ck_assert_int_eq(got[i], pattern(i));
	ck_assert_int_eq(fs_read(fds[0], got, 1), 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_gt(interruptions, 0);
	ck_assert_int_eq(close(fds[0]), 0);
}
END_TEST

START_TEST(read_all_pieces)
{
	struct buf out = BUF_EMPTY;
	int fds[2];
	pid_t pid;

	expect_interruptions();
	ck_assert_int_eq(pipe(fds), 0);
	pid = child_start(write_slowly, fds);
	ck_assert_int_eq(close(fds[1]), 0);
	buf_puts(&out, "begin ");
	ck_assert_int_eq(fs_read_all(fds[0], &out, 1000), 0);
	ck_assert_uint_eq(out.len, 6 + PIECES);
	ck_assert_int_eq(memcmp(out.data, "begin ", 6), 0);
	ck_assert_int_eq(out.data[out.len - 1], pattern(PIECES - 1));
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_gt(interruptions, 0);
	ck_assert_int_eq(close(fds[0]), 0);
	buf_free(&out);
}
END_TEST

/* The child: reads in pieces; 0 if all of it came as it was written. */
static int
read_slowly(void *arg)
{
	static char piece[MUCH / PIECES];
	const int *fds = arg;
	size_t done = 0, i;
	ssize_t n;

	(void)close(fds[1]);
	for (;;) {
		(void)kill(getppid(), SIGUSR1);
		(void)poll(NULL, 0, 1);
		n = read(fds[0], piece, sizeof piece);
		if (n <= 0)
			return n == 0 && done == MUCH ? 0 : 1;
		for (i = 0; i < (size_t)n; i++)
			if (piece[i] != pattern(done + i))
				return 2;
		done += (size_t)n;
	}
}

/* Writes what a pipe takes without waiting; how much that was. */
static size_t
fill(int fd, const char *bytes)
{
	size_t done = 0;
	ssize_t n;

	ck_assert_int_ne(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
	while ((n = write(fd, bytes + done, MUCH - done)) > 0)
		done += (size_t)n;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_ne(fcntl(fd, F_SETFL, 0), -1);
	return done;
}

START_TEST(write_pieces)
{
	char *bytes = malloc(MUCH);
	int fds[2], got;
	size_t i;
	pid_t pid;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < MUCH; i++)
		bytes[i] = pattern(i);
	expect_interruptions();
	ck_assert_int_eq(pipe(fds), 0);
	/* It is full, so that the first write is interrupted with nothing. */
	i = fill(fds[1], bytes);
	pid = child_start(read_slowly, fds);
	got = fs_write(fds[1], bytes + i, MUCH - i);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_int_eq(got, 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_gt(interruptions, 0);
	free(bytes);
}
END_TEST

START_TEST(read_write_errors)
{
	struct buf out = BUF_EMPTY;
	char c = 'x';
	int fd;

	put_at(fixture_fd, "f", "text");
	fd = fs_open(fixture_fd, "f", O_RDONLY, 0);
	ck_assert_int_eq(fs_write(fd, &c, 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(fs_write(fd, &c, 0), 0);
	ck_assert_int_eq(fs_close(fd), 0);
	ck_assert_int_eq(fs_close(fd), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(fs_read(fd, &c, 1), -1);
	ck_assert_int_eq(fs_read_all(fd, &out, 10), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(fs_read_all(fixture_fd, &out, 10), -1);
	ck_assert_int_eq(errno, EISDIR);
	buf_free(&out);
}
END_TEST

/* ---- Reading whole ---- */

START_TEST(read_all_limit)
{
	static const size_t sizes[] = { 0, 1, 1023, 1024, 1025, 4096, 5120,
		5121, 20480, 20481, 100000 };
	struct buf out = BUF_EMPTY;
	char *bytes = malloc(100000);
	size_t i, max, want;
	int fd, k;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < 100000; i++)
		bytes[i] = pattern(i);
	for (i = 0; i < LEN(sizes); i++) {
		put_bytes_at(fixture_fd, "f", bytes, sizes[i]);
		for (k = -1; k <= 1; k++) {
			if (k == -1 && sizes[i] == 0)
				continue;
			max = k == -1 ? sizes[i] - 1 : sizes[i] + (size_t)k;
			want = max < sizes[i] ? max + 1 : sizes[i];
			buf_clear(&out);
			ck_assert_int_eq(
			    fs_read_file(fixture_fd, "f", &out, max), 0);
			ck_assert_msg(out.len == want &&
				memcmp(buf_text(&out), bytes, want) == 0,
			    "%zu bytes, at most %zu: expected %zu, got %zu",
			    sizes[i], max, want, out.len);
		}
	}
	/* From the start, wherever the descriptor stands; appended. */
	buf_clear(&out);
	buf_puts(&out, "x");
	fd = fs_open(fixture_fd, "f", O_RDONLY, 0);
	ck_assert_int_eq(lseek(fd, 50000, SEEK_SET), 50000);
	ck_assert_int_eq(fs_read_all(fd, &out, 9), 0);
	ck_assert_uint_eq(out.len, 11);
	ck_assert_int_eq(memcmp(out.data + 1, bytes, 10), 0);
	ck_assert_int_eq(out.data[out.len], '\0');
	ck_assert_int_eq(fs_close(fd), 0);
	free(bytes);
	buf_free(&out);
}
END_TEST

START_TEST(read_all_pipe_limit)
{
	struct buf out = BUF_EMPTY;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(fs_write(fds[1], "0123456789", 10), 0);
	ck_assert_int_eq(fs_read_all(fds[0], &out, 5), 0);
	ck_assert_str_eq(buf_text(&out), "012345");
	/* What was left is still there. */
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_int_eq(fs_read_all(fds[0], &out, 100), 0);
	ck_assert_str_eq(buf_text(&out), "0123456789");
	ck_assert_int_eq(close(fds[0]), 0);
	buf_free(&out);
}
END_TEST

START_TEST(read_file_refusals)
{
	struct buf out = BUF_EMPTY;

	ck_assert_int_eq(fs_read_file(fixture_fd, "none", &out, 10), -1);
	ck_assert_int_eq(errno, ENOENT);
	put_at(fixture_fd, "f", "text");
	ck_assert_int_eq(symlinkat("f", fixture_fd, "link"), 0);
	ck_assert_int_eq(fs_read_file(fixture_fd, "link", &out, 10), -1);
	ck_assert_int_eq(errno, ELOOP);
	/* A FIFO that nobody writes to does not hang the reader. */
	ck_assert_int_eq(mkfifoat(fixture_fd, "fifo", 0600), 0);
	ck_assert_int_eq(fs_read_file(fixture_fd, "fifo", &out, 10), 0);
	ck_assert_uint_eq(out.len, 0);
	buf_free(&out);
}
END_TEST

START_TEST(open_flags)
{
	int fd = fs_open(fixture_fd, "f", O_RDWR | O_CREAT | O_EXCL, 0640);
	struct stat st;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777 & ~0640U, 0);
	ck_assert_int_eq(
	    fs_open(fixture_fd, "f", O_RDWR | O_CREAT | O_EXCL, 0640), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(fs_close(fd), 0);
	ck_assert_int_eq(symlinkat("f", fixture_fd, "link"), 0);
	ck_assert_int_eq(fs_open(fixture_fd, "link", O_RDONLY, 0), -1);
	ck_assert_int_eq(errno, ELOOP);
}
END_TEST

/* Deeper than what it begins with, and where there is no name any more. */
START_TEST(cwd)
{
	int here = open(".", O_RDONLY | O_DIRECTORY), i;
	char name[201], *got, *outer;

	memset(name, 'd', 200);
	name[200] = '\0';
	ck_assert_int_eq(fchdir(fixture_fd), 0);
	outer = fs_cwd();
	ck_assert_ptr_nonnull(outer);
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(chdir(name), 0);
	}
	got = fs_cwd();
	ck_assert_ptr_nonnull(got);
	ck_assert_int_eq(strncmp(got, outer, strlen(outer)), 0);
	ck_assert_uint_eq(strlen(got), strlen(outer) + 5 * 201);
	free(got);
	free(outer);
	/* Where nobody could go by its name. */
	for (; i < 21; i++) {
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(chdir(name), 0);
	}
	ck_assert_ptr_null(fs_cwd());
	ck_assert_int_eq(errno, ENAMETOOLONG);
	for (; i > 5; i--) {
		ck_assert_int_eq(chdir(".."), 0);
		ck_assert_int_eq(rmdir(name), 0);
	}
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(mkdir("gone", 0700), 0);
	ck_assert_int_eq(chdir("gone"), 0);
	ck_assert_int_eq(rmdir("../gone"), 0);
	ck_assert_ptr_null(fs_cwd());
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(fchdir(here), 0);
	ck_assert_int_eq(close(here), 0);
}
END_TEST

START_TEST(absolute)
{
	int here = open(".", O_RDONLY | O_DIRECTORY);
	char *got, want[1024];

	got = fs_absolute("/a/../b");
	ck_assert_str_eq(got, "/a/../b");
	free(got);
	ck_assert_int_eq(fchdir(fixture_fd), 0);
	ck_assert_ptr_nonnull(getcwd(want, sizeof want - 16));
	got = fs_absolute("a/b");
	ck_assert_int_eq(fchdir(here), 0);
	ck_assert_int_eq(close(here), 0);
	strcat(want, "/a/b");
	ck_assert_str_eq(got, want);
	free(got);
}
END_TEST

/* ---- Making ---- */

START_TEST(create)
{
	mode_t mask = umask(0);
	struct buf out = BUF_EMPTY;
	struct stat st;
	int fd;

	fd = fs_create(fixture_fd, "f", "one\n", 4, 1);
	(void)umask(mask);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	/* Appends, wherever it stands, and reads. */
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(fs_write(fd, "two\n", 4), 0);
	ck_assert_int_eq(fs_read_all(fd, &out, 100), 0);
	ck_assert_str_eq(buf_text(&out), "one\ntwo\n");
	ck_assert_int_eq(fs_close(fd), 0);
	buf_free(&out);

	ck_assert_int_eq(fs_create(fixture_fd, "f", "other", 5, 0), -1);
	ck_assert_int_eq(errno, EEXIST);
	expect_at(fixture_fd, "f", "one\ntwo\n");
	ck_assert_int_eq(fs_create(fixture_fd, "none/f", "x", 1, 0), -1);
	ck_assert_int_eq(errno, ENOENT);
	fd = fs_create(fixture_fd, "empty", NULL, 0, 0);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fs_close(fd), 0);
	expect_at(fixture_fd, "empty", "");
}
END_TEST

/* The disk is full after ten bytes. */
START_TEST(create_fails)
{
	int fd, err;

	limit_size(10);
	fd = fs_create(fixture_fd, "f", "0123456789abcdef", 16, 1);
	err = errno;
	unlimit_size();
	ck_assert_int_eq(fd, -1);
	ck_assert_msg(err == EFBIG || err == ENOSPC, "errno %d", err);
	expect_none_at(fixture_fd, "f");
	ck_assert_int_eq(count_at(fixture_fd), 0);
}
END_TEST

START_TEST(sync_special)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(fs_sync(fds[0]), 0);
	ck_assert_int_eq(fs_sync(fixture_fd), 0);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_int_eq(fs_sync(fds[0]), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* ---- Descriptors 0, 1 and 2 ---- */

static int
lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)close(fd);
	return fd;
}

/*
 * The child: closes those in the mask, has them opened; 0 if those are, the
 * others are what they were, and no other was.
 */
static int
std_fds_run(void *arg)
{
	const int *mask = arg;
	struct stat before, after;
	int fds[2], fd, free_before;

	/* Something to tell them by. */
	if (pipe(fds) == -1)
		return 1;
	for (fd = 0; fd <= 2; fd++)
		if (dup2(fds[1], fd) == -1)
			return 2;
	if (fstat(fds[1], &before) == -1)
		return 3;
	free_before = lowest_free();
	for (fd = 0; fd <= 2; fd++)
		if ((*mask >> fd & 1) != 0)
			(void)close(fd);
	if (fs_std_fds() != 0)
		return 4;
	if (lowest_free() != free_before)
		return 5;
	for (fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &after) == -1)
			return 6;
		if ((*mask >> fd & 1) == 0 && after.st_ino != before.st_ino)
			return 7;
		if ((*mask >> fd & 1) != 0 &&
		    (!S_ISCHR(after.st_mode) ||
			(fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDWR))
			return 8;
	}
	return 0;
}

START_TEST(std_fds)
{
	int mask, status;

	for (mask = 0; mask < 8; mask++) {
		status = child_end(child_start(std_fds_run, &mask));
		ck_assert_msg(status == 0, "closed %d%d%d: check %d", mask & 1,
		    mask >> 1 & 1, mask >> 2 & 1, status);
	}
}
END_TEST

/* ---- Clocks, chance ---- */

START_TEST(clocks)
{
	int64_t now = fs_now(), last, next;
	int i;

	ck_assert_int_le(
	    llabs((long long)now / 1000000 - (long long)time(NULL)), 2);
	last = fs_mono();
	for (i = 0; i < 1000; i++, last = next) {
		next = fs_mono();
		if (next < last)
			ck_abort_msg("%lld after %lld", (long long)next,
			    (long long)last);
	}
}
END_TEST

START_TEST(chance)
{
	unsigned char a[64], b[64];
	unsigned ones = 0;
	size_t i, bit;

	memset(a, 0, sizeof a);
	memset(b, 0, sizeof b);
	fs_random(a, sizeof a);
	fs_random(b, sizeof b);
	ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
	for (i = 0; i < sizeof a; i++)
		for (bit = 0; bit < 8; bit++)
			ones += a[i] >> bit & 1;
	/* Of 512: this fails once in 10^16 times. */
	ck_assert_uint_gt(ones, 160);
	ck_assert_uint_lt(ones, 352);
}
END_TEST

Suite *
suite_fs(void)
{
	Suite *s = suite_create("fs");
	TCase *t = tcase_create("fs");

	fixture_dirs(t);
	tcase_add_test(t, read_pieces);
	tcase_add_test(t, read_all_pieces);
	tcase_add_test(t, write_pieces);
	tcase_add_test(t, read_write_errors);
	tcase_add_test(t, read_all_limit);
	tcase_add_test(t, read_all_pipe_limit);
	tcase_add_test(t, read_file_refusals);
	tcase_add_test(t, open_flags);
	tcase_add_test(t, cwd);
	tcase_add_test(t, absolute);
	tcase_add_test(t, create);
	tcase_add_test(t, create_fails);
	tcase_add_test(t, sync_special);
	tcase_add_test(t, std_fds);
	tcase_add_test(t, clocks);
	tcase_add_test(t, chance);
	suite_add_tcase(s, t);
	return s;
}
