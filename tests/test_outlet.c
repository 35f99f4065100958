#include "outlet.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests.h"

#define LINE	 1000 /* bytes, and no divisor of the room of a pipe */
#define TOO_MUCH (1 << 20)

static int ends[2]; /* to be read, to be written */
static char text[TOO_MUCH];

enum kind {
	PIPE,
	POLLED, /* a pipe that could not be opened anew */
	SOCKET
};

static void
make(struct outlet *o, enum kind kind)
{
	static const struct outlet closed = OUTLET_CLOSED;
	size_t i;

	(void)signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	if (kind == SOCKET)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	else
		ck_assert_int_eq(pipe(ends), 0);
	*o = closed;
	outlet_use(o, ends[1]);
	if (kind == POLLED) {
		outlet_close(o);
		o->fd = ends[1];
		o->how = OUTLET_POLLED;
	}
}

/* Reads so many bytes, which follow `at` of the text over and over. */
static void
expect(size_t at, size_t n)
{
	char got[4096];
	ssize_t r;
	size_t i;

	while (n > 0) {
		r = read(ends[0], got, n < sizeof got ? n : sizeof got);
		ck_assert_int_gt(r, 0);
		for (i = 0; i < (size_t)r; i++, at++)
			ck_assert_int_eq(got[i], text[at % LINE]);
		n -= (size_t)r;
	}
}

/* Nobody reads: there is an end to what is taken, and nothing waits. */
START_TEST(full)
{
	struct outlet o;
	size_t lines = 0;

	make(&o, (enum kind)_i);
	/* Others share its flags. */
	ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	while (o.rest.len == 0 && outlet_put(&o, text, LINE) == 0)
		lines++;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_gt(lines, 2);
	if (o.rest.len > 0)
		ck_assert_int_eq(outlet_flush(&o), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* The rest, if there is one, follows where it was cut. */
	expect(0, lines * LINE - o.rest.len);
	lines = o.rest.len;
	ck_assert_int_eq(outlet_flush(&o), 0);
	expect(LINE - lines, lines);
	ck_assert_int_eq(outlet_flush(&o), 0);
	ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	outlet_close(&o);
}
END_TEST

/* What is larger than all room is taken in part, the rest bit by bit. */
START_TEST(large)
{
	struct outlet o;
	size_t got = 0;
	char c[3000];
	ssize_t n;

	make(&o, (enum kind)_i);
	ck_assert_int_eq(outlet_put(&o, text, TOO_MUCH), 0);
	ck_assert_uint_gt(o.rest.len, 0);
	ck_assert_uint_lt(o.rest.len, TOO_MUCH);
	while (got < TOO_MUCH) {
		n = read(ends[0], c, sizeof c);
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(memcmp(c, text + got, (size_t)n), 0);
		got += (size_t)n;
		(void)outlet_flush(&o);
	}
	ck_assert_uint_eq(o.rest.len, 0);
	outlet_close(&o);
}
END_TEST

START_TEST(nobody)
{
	struct outlet o;

	make(&o, (enum kind)_i);
	ck_assert_int_eq(close(ends[0]), 0);
	ck_assert_int_eq(outlet_put(&o, text, LINE), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_uint_eq(o.rest.len, 0);
	outlet_close(&o);
	/* It was not ours to close. */
	ck_assert_int_eq(close(ends[1]), 0);
}
END_TEST

START_TEST(opened)
{
	struct outlet o = OUTLET_CLOSED;
	char dir[] = "/tmp/queuectl-unit.XXXXXX", path[64];
	struct stat st;
	int reader;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/file", dir);
	(void)umask(0);
	ck_assert_int_eq(outlet_open(&o, path), 0);
	ck_assert_int_eq(outlet_put(&o, "one\n", 4), 0);
	outlet_close(&o);
	ck_assert_int_eq(outlet_open(&o, path), 0);
	ck_assert_int_eq(outlet_put(&o, "two\n", 4), 0);
	outlet_close(&o);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 8);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(unlink(path), 0);

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(outlet_open(&o, path), -1);
	ck_assert_int_eq(errno, ENXIO);
	ck_assert_int_eq(o.fd, -1);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_eq(outlet_open(&o, path), 0);
	ck_assert_int_eq(outlet_put(&o, text, TOO_MUCH), 0);
	ck_assert_uint_gt(o.rest.len, 0);
	outlet_close(&o);
	ck_assert_uint_eq(o.rest.len, 0);
	(void)close(reader);
	(void)unlink(path);
	(void)rmdir(dir);
}
END_TEST

Suite *
suite_outlet(void)
{
	Suite *s = suite_create("outlet");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, full, PIPE, SOCKET + 1);
	tcase_add_loop_test(t, large, PIPE, SOCKET + 1);
	tcase_add_loop_test(t, nobody, PIPE, SOCKET + 1);
	tcase_add_test(t, opened);
	suite_add_tcase(s, t);
	return s;
}
