#include "progress.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define S(n)   ((n)*WHEN_SECOND)

static const struct {
	struct progress_counts counts; /* done running waiting later failed */
	double rate;
	const char *text;
} lines[] = {
	{ { 0, 0, 0, 0, 0 }, 0, "0 done, 0 running, 0 waiting, 0 failed" },
	{ { 12, 2, 40, 0, 1 }, 3.4,
	    "12 done, 2 running, 40 waiting, 1 failed, 3.4 jobs/s, "
	    "about 12s left" },
	/* Not known: no rate, no time. */
	{ { 0, 2, 40, 0, 0 }, 0, "0 done, 2 running, 40 waiting, 0 failed" },
	/* Nothing waits, or something waits for its time. */
	{ { 9, 2, 0, 0, 0 }, 3.4,
	    "9 done, 2 running, 0 waiting, 0 failed, 3.4 jobs/s" },
	{ { 9, 2, 40, 1, 0 }, 3.4,
	    "9 done, 2 running, 40 waiting, 0 failed, 3.4 jobs/s" },
	/* Three digits at most of a rate, and never no time at all. */
	{ { 1, 1, 1, 0, 0 }, 123.4,
	    "1 done, 1 running, 1 waiting, 0 failed, 123 jobs/s, "
	    "about 1s left" },
	{ { 1, 1, 3, 0, 0 }, 0.05,
	    "1 done, 1 running, 3 waiting, 0 failed, 0.05 jobs/s, "
	    "about 1m left" },
	{ { 1, 1, 100000, 0, 0 }, 2,
	    "1 done, 1 running, 100000 waiting, 0 failed, 2.0 jobs/s, "
	    "about 13h53m left" },
};

START_TEST(text)
{
	struct buf out = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(lines); i++) {
		progress_text(&out, &lines[i].counts, lines[i].rate);
		ck_assert_str_eq(buf_text(&out), lines[i].text);
		buf_clear(&out);
	}
	buf_free(&out);
}
END_TEST

START_TEST(summary)
{
	static const struct progress_counts all = { 53, 0, 0, 0, 1 };
	static const struct progress_counts some = { 12, 2, 40, 3, 0 };
	struct buf out = BUF_EMPTY;

	progress_summary(&out, &all, S(76));
	ck_assert_str_eq(buf_text(&out), "53 done, 1 failed in 1m16s");
	buf_clear(&out);
	progress_summary(&out, &some, S(5));
	ck_assert_str_eq(buf_text(&out), "12 done, 0 failed, 42 left in 5s");
	buf_free(&out);
}
END_TEST

static void
expect_rate(const struct progress *p, long ended, int64_t mono, double rate)
{
	double got = progress_rate(p, ended, mono);

	ck_assert_msg(got > rate - 0.001 && got < rate + 0.001,
	    "%ld at %lld: expected %g, got %g", ended, (long long)mono, rate,
	    got);
}

START_TEST(rate)
{
	struct progress p;
	int i;

	memset(&p, 0, sizeof p);
	expect_rate(&p, 5, S(10), 0); /* nothing is known */
	progress_sample(&p, 7, S(10));
	expect_rate(&p, 9, S(10), 0);
	expect_rate(&p, 9, S(11) - 1, 0);
	/* What had ended before does not count. */
	expect_rate(&p, 9, S(11), 2);
	expect_rate(&p, 7, S(11), 0);
	/* Within a second there is no other sample. */
	progress_sample(&p, 100, S(11) - 1);
	ck_assert_uint_eq(p.samples, 1);
	/* Of the last half minute: first one a second, then ten. */
	for (i = 1; i <= 30; i++)
		progress_sample(&p, 7 + i, S(10 + i));
	expect_rate(&p, 37, S(40), 1);
	for (i = 1; i <= 30; i++)
		progress_sample(&p, 37 + 10 * i, S(40 + i));
	expect_rate(&p, 337, S(70), 10);
	/* Nothing ends any more. */
	for (i = 1; i <= 31; i++)
		progress_sample(&p, 337, S(70 + i));
	expect_rate(&p, 337, S(101), 0);
}
END_TEST

/* What was written since the last time. */
static void
expect_written(int fd, const char *want)
{
	char got[4096];
	ssize_t n = pread(fd, got, sizeof got - 1, 0);

	ck_assert_int_ge(n, 0);
	got[n] = '\0';
	ck_assert_str_eq(got, want);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
}

#define LINE_1 "1 done, 2 running, 3 waiting, 0 failed\033[K\r"
#define LINE_2 "2 done, 2 running, 2 waiting, 0 failed\033[K\r"

START_TEST(drawing)
{
	struct progress_counts c = { 1, 2, 3, 0, 0 };
	struct buf out = BUF_EMPTY;
	struct progress p;
	FILE *f = tmpfile();
	int fd = fileno(f);

	progress_init(&p, fd, 1, S(10));
	ck_assert_int_eq(p.fd, -1); /* a file is no terminal */
	ck_assert_int_eq(progress_show(&p, &c, S(10)), WHEN_NEVER);
	progress_end(&p, &c, S(11));
	expect_written(fd, "");

	progress_init(&p, fd, 1, S(10));
	p.fd = fd;
	/* At once; then not before something has changed, */
	ck_assert_int_eq(progress_show(&p, &c, S(10)),
	    S(10) + PROGRESS_REFRESH);
	expect_written(fd, LINE_1);
	progress_show(&p, &c, S(10) + PROGRESS_REFRESH - 1);
	expect_written(fd, "");
	/* which must not be too soon. */
	c.done++;
	c.waiting--;
	ck_assert_int_eq(progress_show(&p, &c, S(10) + PROGRESS_REDRAW - 1),
	    S(10) + PROGRESS_REDRAW);
	expect_written(fd, "");
	progress_show(&p, &c, S(10) + PROGRESS_REDRAW);
	expect_written(fd, LINE_2);
	/* A line of the log takes its place, and stands whole above it. */
	progress_lift(&p, &out);
	buf_puts(&out, "log\n");
	progress_lower(&p, &out);
	ck_assert_str_eq(buf_text(&out), "\033[Klog\n" LINE_2);
	buf_clear(&out);
	/* Away, and back when it is time. */
	progress_hide(&p);
	expect_written(fd, "\033[K");
	progress_lift(&p, &out);
	progress_lower(&p, &out);
	ck_assert_uint_eq(out.len, 0);
	progress_show(&p, &c, S(10) + 2 * PROGRESS_REDRAW);
	expect_written(fd, LINE_2);
	progress_end(&p, &c, S(16));
	expect_written(fd, "\033[K2 done, 0 failed, 4 left in 6s\n");
	buf_free(&out);
	fclose(f);
}
END_TEST

Suite *
suite_progress(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");

	tcase_add_test(t, text);
	tcase_add_test(t, summary);
	tcase_add_test(t, rate);
	tcase_add_test(t, drawing);
	suite_add_tcase(s, t);
	return s;
}
