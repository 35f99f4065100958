#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define TIME(n) "2026-11-22T02:48:0" #n ".000000Z"
#define S(n)	(INT64_C(1795315680000000) + INT64_C(n) * WHEN_SECOND)

static struct job job;
static struct job_error error;

static void
teardown(void)
{
	job_free(&job);
}

static enum job_parsed
parse_bytes(const char *text, size_t len)
{
	job_free(&job);
	return job_parse(&job, text, len, &error);
}

static void
expect_parsed(const char *text, enum job_parsed want)
{
	enum job_parsed got = parse_bytes(text, strlen(text));

	ck_assert_msg(got == want, "expected %d, got %d (%s) of\n%s", (int)want,
	    (int)got, error.what, text);
}

static void
expect_bad(const char *text, const char *why)
{
	expect_parsed(text, JOB_BAD);
	ck_assert_msg(strcmp(error.what, why) == 0,
	    "expected \"%s\", got \"%s\" of\n%s", why, error.what, text);
}

/* ---- What was submitted ---- */

START_TEST(every_key)
{
	expect_parsed("command=echo hi\n"
		      "cwd=/tmp/a b\n"
		      "umask=027\n"
		      "env=A=1\n"
		      "env=B=x=y\n"
		      "priority=7\n"
		      "max_retries=5\n"
		      "timeout=60\n"
		      "run_at=2026-11-22T02:48:03Z\n"
		      "backoff_base=1.5\n"
		      "max_backoff=90\n"
		      "created_at=2026-11-22T02:48:00.000001Z\n",
	    JOB_OK);
	ck_assert_str_eq(job.command, "echo hi");
	ck_assert_ptr_null(job.argv);
	ck_assert_uint_eq(job.argc, 0);
	ck_assert_str_eq(job.cwd, "/tmp/a b");
	ck_assert_int_eq(job.umask, 027);
	ck_assert_uint_eq(job.envc, 2);
	ck_assert_str_eq(job.env[0], "A=1");
	ck_assert_str_eq(job.env[1], "B=x=y");
	ck_assert_ptr_null(job.env[2]);
	ck_assert_int_eq(job.priority, 7);
	ck_assert_int_eq(job.max_retries, 5);
	ck_assert_int_eq(job.timeout, 60);
	ck_assert_int_eq(job.run_at, S(3));
	ck_assert_double_eq(job.backoff_base, 1.5);
	ck_assert_int_eq(job.max_backoff, 90);
	ck_assert_int_eq(job.created_at, S(0) + 1);
	ck_assert_uint_eq(job.nevents, 0);
	ck_assert_str_eq(error.what, "");
}
END_TEST

START_TEST(defaults)
{
	expect_parsed("command=true\n", JOB_OK);
	ck_assert_ptr_null(job.cwd);
	ck_assert_int_eq(job.umask, -1);
	ck_assert_ptr_null(job.env);
	ck_assert_int_eq(job.priority, 0);
	ck_assert_int_eq(job.max_retries, -1);
	ck_assert_int_eq(job.timeout, -1);
	ck_assert_int_eq(job.run_at, -1);
	ck_assert_double_eq(job.backoff_base, 0);
	ck_assert_int_eq(job.max_backoff, -1);
	ck_assert_int_eq(job.created_at, -1);
	ck_assert_int_eq(job.last, JOB_NO_STATE);
	ck_assert_int_eq(job.attempts, 0);
	ck_assert_int_eq(job.counted, 0);
	ck_assert_int_eq(job.interruptions, 0);
	ck_assert_uint_eq(job.whole, strlen("command=true\n"));
	ck_assert_ptr_null(job_last_event(&job, JOB_NO_STATE));
}
END_TEST

/* An argument vector of each length, since it grows by doubling. */
START_TEST(vectors)
{
	struct buf text = BUF_EMPTY;
	char want[16];
	size_t n, i;

	for (n = 1; n <= 40; n++) {
		buf_printf(&text, "arg=a%zu\nenv=E%zu=v\n", n, n);
		expect_parsed(buf_text(&text), JOB_OK);
		ck_assert_uint_eq(job.argc, n);
		ck_assert_uint_eq(job.envc, n);
		ck_assert_ptr_null(job.argv[n]);
		ck_assert_ptr_null(job.env[n]);
		for (i = 0; i < n; i++) {
			snprintf(want, sizeof want, "a%zu", i + 1);
			if (strcmp(job.argv[i], want) != 0)
				ck_abort_msg("%zu of %zu: %s", i, n,
				    job.argv[i]);
		}
	}
	buf_free(&text);
	expect_parsed("arg=printf\narg=\narg= x \narg=a=b\n", JOB_OK);
	ck_assert_str_eq(job.argv[1], "");
	ck_assert_str_eq(job.argv[2], " x ");
	ck_assert_str_eq(job.argv[3], "a=b");
	ck_assert_ptr_null(job.command);
}
END_TEST

/* The number that a key sets, times as they are. */
static double
number_of(const char *key)
{
	switch (key[0]) {
	case 'u':
		return (double)job.umask;
	case 'p':
		return job.priority;
	case 't':
		return (double)job.timeout;
	case 'r':
		return (double)job.run_at;
	case 'c':
		return (double)job.created_at;
	case 'b':
		return job.backoff_base;
	default:
		return strncmp(key, "max_r", 5) == 0 ? job.max_retries :
						       (double)job.max_backoff;
	}
}

START_TEST(ranges_accepted)
{
	static const struct {
		const char *line;
		double value;
	} rows[] = {
		{ "priority=0", 0 },
		{ "priority=10", 10 },
		{ "max_retries=0", 0 },
		{ "max_retries=1000000", 1000000 },
		{ "timeout=0", 0 },
		{ "timeout=315360000", 315360000 },
		{ "max_backoff=0", 0 },
		{ "max_backoff=315360000", 315360000 },
		{ "backoff_base=1", 1 },
		{ "backoff_base=1.0", 1 },
		{ "backoff_base=2.25", 2.25 },
		{ "backoff_base=1000000", 1000000 },
		{ "umask=0", 0 },
		{ "umask=0000", 0 },
		{ "umask=22", 022 },
		{ "umask=0777", 0777 },
		{ "run_at=1970-01-01T00:00:00Z", 0 },
		{ "run_at=2026-11-22T03:48:00+01:00", (double)S(0) },
		{ "created_at=2026-11-22 02:48:01.5Z",
		    (double)(S(1) + 500000) },
	};
	struct buf text = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&text);
		buf_printf(&text, "command=x\n%s\n", rows[i].line);
		expect_parsed(buf_text(&text), JOB_OK);
		ck_assert_msg(number_of(rows[i].line) == rows[i].value,
		    "%s: got %f", rows[i].line, number_of(rows[i].line));
	}
	buf_free(&text);
}
END_TEST

#define WANT_PRIORITY "priority: must be a whole number from 0 to 10"
#define WANT_RETRIES  "max_retries: must be a whole number from 0 to 1000000"
#define WANT_TIMEOUT                                    \
	"timeout: must be whole seconds from 0 (none) " \
	"to 315360000"
#define WANT_BASE "backoff_base: must be a decimal from 1 to 1000000"
#define WANT_MAX_BACKOFF                                \
	"max_backoff: must be whole seconds from 0 to " \
	"315360000"
#define WANT_UMASK   "umask: must be octal, 0 to 777"
#define WANT_RUN_AT  "run_at: must be a time like 2026-11-22T02:48:00Z"
#define WANT_CREATED "created_at: must be a time like 2026-11-22T02:48:00Z"
#define WANT_CWD     "cwd: must be an absolute path"
#define WANT_ENV     "env: must be NAME=VALUE"

/* Each is the second line of a file, and is refused with this. */
static const struct {
	const char *line;
	const char *why;
} bad_lines[] = {
	{ "priority=11", WANT_PRIORITY },
	{ "priority=-1", WANT_PRIORITY },
	{ "priority=", WANT_PRIORITY },
	{ "priority= 1", WANT_PRIORITY },
	{ "priority=1 ", WANT_PRIORITY },
	{ "priority=1.0", WANT_PRIORITY },
	{ "priority=high", WANT_PRIORITY },
	{ "priority=0x1", WANT_PRIORITY },
	{ "priority=4294967297", WANT_PRIORITY },
	{ "priority=18446744073709551617", WANT_PRIORITY },
	{ "max_retries=1000001", WANT_RETRIES },
	{ "max_retries=-1", WANT_RETRIES },
	{ "timeout=315360001", WANT_TIMEOUT },
	{ "timeout=1.5", WANT_TIMEOUT },
	{ "timeout=5m", WANT_TIMEOUT },
	{ "max_backoff=315360001", WANT_MAX_BACKOFF },
	{ "max_backoff=x", WANT_MAX_BACKOFF },
	{ "backoff_base=0.999", WANT_BASE },
	{ "backoff_base=1000000.5", WANT_BASE },
	{ "backoff_base=1e3", WANT_BASE },
	{ "backoff_base=nan", WANT_BASE },
	{ "backoff_base=2,5", WANT_BASE },
	{ "umask=1000", WANT_UMASK },
	{ "umask=8", WANT_UMASK },
	{ "umask=00777", WANT_UMASK },
	{ "umask=-1", WANT_UMASK },
	{ "umask=", WANT_UMASK },
	{ "run_at=tomorrow", WANT_RUN_AT },
	{ "run_at=2026-02-30T00:00:00Z", WANT_RUN_AT },
	{ "run_at=@5", WANT_RUN_AT },
	{ "run_at=", WANT_RUN_AT },
	{ "created_at=now", WANT_CREATED },
	{ "cwd=tmp", WANT_CWD },
	{ "cwd=", WANT_CWD },
	{ "env=A", WANT_ENV },
	{ "env==1", WANT_ENV },
	{ "env=", WANT_ENV },
	{ "command=", "command: must not be empty" },
	/* No lines of the form. */
	{ "nonsense", "nonsense: not a key=value line" },
	{ "=x", "=x: not a key=value line" },
	{ "Key=x", "Key=x: not a key=value line" },
	{ "1st=x", "1st=x: not a key=value line" },
	{ "_x=x", "_x=x: not a key=value line" },
	{ "a-b=x", "a-b=x: not a key=value line" },
	{ "a b=x", "a b=x: not a key=value line" },
	{ "\tcommand=x", "\\tcommand=x: not a key=value line" },
	{ "\033[2J\xff", "\\x1b[2J\\xff: not a key=value line" },
	{ "a234567890 234567890 234567890 234",
	    "a234567890 234567890 234567890 2: not a key=value line" },
	/* No history. */
	{ "processing=", "processing: malformed state line" },
	{ "processing=now", "processing: malformed state line" },
	{ "completed=2026-11-22T02:48:00.000000000000000000000000000Z",
	    "completed: malformed state line" },
	{ "failed=" TIME(0) " attempt=0", "failed: malformed state line" },
	{ "failed=" TIME(0) " attempt=x", "failed: malformed state line" },
	{ "failed=" TIME(0) " exit_code=256", "failed: malformed state line" },
	{ "failed=" TIME(0) " exit_code=-1", "failed: malformed state line" },
	{ "failed=" TIME(0) " signal=0", "failed: malformed state line" },
	{ "failed=" TIME(0) " retry_at=soon", "failed: malformed state line" },
	{ "dead=" TIME(0) " error=\"open", "dead: malformed state line" },
	{ "dead=" TIME(0) " error=\"a\"b", "dead: malformed state line" },
	{ "dead=" TIME(0) " error=\"\\q\"", "dead: malformed state line" },
	{ "pending=" TIME(0) " reason=why", "pending: malformed state line" },
};

START_TEST(lines_refused)
{
	struct buf text = BUF_EMPTY, why = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(bad_lines); i++) {
		buf_clear(&text);
		buf_clear(&why);
		buf_printf(&text, "command=x\n%s\n", bad_lines[i].line);
		buf_printf(&why, "line 2: %s", bad_lines[i].why);
		expect_bad(buf_text(&text), buf_text(&why));
	}
	buf_free(&text);
	buf_free(&why);
}
END_TEST

START_TEST(line_numbers)
{
	/* Comments, empty lines and continuation lines are lines. */
	expect_bad("# 1\n\ncommand=x\n 4\n 5\n\npriority=11\n",
	    "line 7: " WANT_PRIORITY);
	/* A value of several lines is named by its first. */
	expect_bad("command=x\ncwd=a\n b\n c\n", "line 2: " WANT_CWD);
	/* The first error counts, though a later line mends it. */
	expect_bad("priority=11\ncommand=x\npriority=1\numask=9\n",
	    "line 1: " WANT_PRIORITY);
	/* Bad, and still its history is read. */
	expect_bad(
	    "priority=11\ncommand=x\nprocessing=" TIME(
		1) " attempt=1\nfailed=" TIME(2) " attempt=1 exit_code=2\n",
	    "line 1: " WANT_PRIORITY);
	ck_assert_int_eq(job.last, JOB_FAILED);
	ck_assert_int_eq(job.attempts, 1);
	ck_assert_int_eq(job.counted, 1);
}
END_TEST

START_TEST(commands_refused)
{
	expect_bad("command=x\narg=y\n", "both command and arg");
	expect_bad("arg=\narg=y\n", "the program's name is empty");
	expect_bad("priority=1\npending=" TIME(0) " reason=moved\n",
	    "no command");
	/* Unless somebody may still write it. */
	expect_parsed("priority=1\n", JOB_HALF);
	ck_assert_str_eq(error.what, "half-written: no command yet");
}
END_TEST

START_TEST(continuation)
{
	expect_parsed("command=a\n b\n  c\n \n\td\n", JOB_BAD);
	expect_parsed("command=a\n b\n  c\n \n e\n", JOB_OK);
	ck_assert_str_eq(job.command, "a\nb\n c\n\ne");
	expect_parsed("arg=sh\narg=\n x\nenv=A=1\n 2\n# no\n", JOB_OK);
	ck_assert_str_eq(job.argv[1], "\nx");
	ck_assert_str_eq(job.env[0], "A=1\n2");
	/* Of keys that nobody knows, too. */
	expect_parsed("command=a\nmystery=1\n priority=5\npriority=3\n",
	    JOB_OK);
	ck_assert_int_eq(job.priority, 3);
	/* The value begins on the next line. */
	expect_parsed("command=\n echo\n", JOB_OK);
	ck_assert_str_eq(job.command, "\necho");
	expect_bad(" a\ncommand=x\n", "line 1: continues nothing");
	expect_bad("# c\n a\ncommand=x\n", "line 2: continues nothing");
	expect_bad("command=x\n\n a\n", "line 3: continues nothing");
	expect_bad("command=x\n# c\n a\n", "line 3: continues nothing");
	expect_bad("command=x\ndead=" TIME(0) "\n a\n",
	    "line 3: continues nothing");
}
END_TEST

START_TEST(comments_and_unknown)
{
	expect_parsed("#!/usr/bin/queuectl\n\n# command=no\n"
		      "command=# yes\n\nfuture_key2=anything = at all\n"
		      "priorit=99\npriority2=99\n#",
	    JOB_HALF);
	expect_parsed("#!/usr/bin/queuectl\n\n# command=no\n"
		      "command=# yes\n\nfuture_key2=anything = at all\n"
		      "priorit=99\npriority2=99\n#\n",
	    JOB_OK);
	ck_assert_str_eq(job.command, "# yes");
	ck_assert_int_eq(job.priority, 0);
}
END_TEST

START_TEST(duplicates)
{
	expect_parsed("command=a\npriority=1\ncommand=b\npriority=2\n"
		      "cwd=/a\ncwd=/b\nmax_retries=9\nmax_retries=0\n"
		      "env=A=1\nenv=A=2\n",
	    JOB_OK);
	ck_assert_str_eq(job.command, "b");
	ck_assert_str_eq(job.cwd, "/b");
	ck_assert_int_eq(job.priority, 2);
	ck_assert_int_eq(job.max_retries, 0);
	ck_assert_uint_eq(job.envc, 2);
	ck_assert_str_eq(job.env[1], "A=2");
}
END_TEST

/* Keys may follow state lines: that is how created_at comes. */
START_TEST(keys_after_history)
{
	expect_parsed("command=a\nprocessing=" TIME(
			  1) " attempt=1\n"
			     "created_at=" TIME(
				 0) "\npriority=4\n"
				    "failed=" TIME(
					2) " attempt=1 exit_code=1\n",
	    JOB_OK);
	ck_assert_int_eq(job.created_at, S(0));
	ck_assert_int_eq(job.priority, 4);
	ck_assert_uint_eq(job.nevents, 2);
}
END_TEST

/* ---- Bytes, sizes ---- */

#define BYTES(s) (s), sizeof(s) - 1

START_TEST(bytes)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why; /* NULL: accepted */
	} rows[] = {
		{ BYTES("command=a\0b\n"), "line 1: holds a NUL byte" },
		{ BYTES("command=a\n\n# \0\n"), "line 3: holds a NUL byte" },
		{ BYTES("command=a\n b\0\npriority=11\n"),
		    "line 2: holds a NUL byte" },
		{ BYTES("command=a\r\n"),
		    "line 1: carriage return before the newline" },
		{ BYTES("\r\ncommand=a\n"),
		    "line 1: carriage return before the newline" },
		{ BYTES("command=a\n b\r\n"),
		    "line 2: carriage return before the newline" },
		{ BYTES("command=a\ndead=" TIME(0) "\r\n"),
		    "line 2: carriage return before the newline" },
		{ BYTES("command=a\rb\r\r.\n"), NULL },
		{ BYTES("command=\1\x7f\xff\xfe\n"), NULL },
		/* What was torn does not count. */
		{ BYTES("command=a\ndead=" TIME(0) "\n\0\0\0\0"), NULL },
		{ BYTES("command=a\ndead=" TIME(0) "\nx\r"), NULL },
	};
	enum job_parsed got;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		got = parse_bytes(rows[i].text, rows[i].len);
		ck_assert_msg(got == (rows[i].why ? JOB_BAD : JOB_OK) &&
			strcmp(error.what, rows[i].why ? rows[i].why : "") == 0,
		    "row %zu: expected \"%s\", got %d \"%s\"", i,
		    rows[i].why ? rows[i].why : "", (int)got, error.what);
	}
	ck_assert_int_eq(parse_bytes(BYTES("command=\1\xff\n")), JOB_OK);
	ck_assert_str_eq(job.command, "\1\xff");
}
END_TEST

/* Pads with a comment line until the text has this length. */
static void
pad(struct buf *text, size_t len)
{
	buf_putc(text, '#');
	while (text->len < len - 1)
		buf_putc(text, 'x');
	buf_putc(text, '\n');
	ck_assert_uint_eq(text->len, len);
}

START_TEST(submit_limit)
{
	static const char why[] =
	    "more than 65536 bytes before the first state line";
	static const char line[] = "pending=" TIME(0) " reason=returned\n";
	struct buf text = BUF_EMPTY;

	buf_puts(&text, "command=x\n");
	pad(&text, 65536);
	expect_parsed(buf_text(&text), JOB_OK);
	buf_puts(&text, line);
	pad(&text, 70000);
	expect_parsed(buf_text(&text), JOB_OK);
	ck_assert_uint_eq(job.nevents, 1);

	buf_clear(&text);
	buf_puts(&text, "command=x\n");
	pad(&text, 65537);
	expect_bad(buf_text(&text), why);
	buf_puts(&text, line);
	expect_bad(buf_text(&text), why);
	ck_assert_uint_eq(job.nevents, 1);

	/* The stamp that the first claim adds is not counted. */
	buf_clear(&text);
	buf_puts(&text, "command=x\n");
	pad(&text, 65536);
	buf_puts(&text, "created_at=" TIME(0) "\n");
	buf_puts(&text, line);
	expect_parsed(buf_text(&text), JOB_OK);
	buf_clear(&text);
	buf_puts(&text, "command=x\n");
	pad(&text, 65537);
	buf_puts(&text, "created_at=" TIME(0) "\n");
	buf_puts(&text, line);
	expect_bad(buf_text(&text), why);
	buf_free(&text);
}
END_TEST

START_TEST(file_limit)
{
	struct buf text = BUF_EMPTY;

	buf_puts(&text, "command=x\npending=" TIME(0) " reason=returned\n");
	pad(&text, 1048576);
	expect_parsed(buf_text(&text), JOB_OK);
	buf_clear(&text);
	buf_puts(&text, "command=x\npending=" TIME(0) " reason=returned\n");
	pad(&text, 1048577);
	expect_bad(buf_text(&text), "the file is larger than 1048576 bytes");
	ck_assert_int_eq(job.last, JOB_PENDING);
	buf_clear(&text);
	buf_puts(&text, "command=x\n");
	pad(&text, 1048577);
	expect_bad(buf_text(&text), "the file is larger than 1048576 bytes");
	buf_free(&text);
}
END_TEST

/* ---- Half-written ---- */

/* Each beginning that cuts a line, or has no command yet, is not run. */
START_TEST(every_prefix)
{
	static const struct {
		const char *text;
		size_t enough; /* bytes from which a cut at a line is a job */
	} rows[] = {
		{ "command=echo hi\n", 16 },
		{ "priority=5\n# c\n\ncwd=/\ncommand=x\nenv=A=1\n", 32 },
		{ "arg=printf\narg=%s\narg=\n x\n", 11 },
		/* Nonsense is waited for as well. */
		{ "priority=99\nnonsense\ncommand=x\n", 31 },
	};
	enum job_parsed got, want;
	size_t i, n;
	int cut;

	for (i = 0; i < LEN(rows); i++) {
		for (n = 0; n <= strlen(rows[i].text); n++) {
			cut = n == 0 || rows[i].text[n - 1] != '\n';
			got = parse_bytes(rows[i].text, n);
			want = cut || n < rows[i].enough ? JOB_HALF :
			    i == 3			 ? JOB_BAD :
							   JOB_OK;
			ck_assert_msg(got == want,
			    "%.*s|: expected %d, got %d (%s)", (int)n,
			    rows[i].text, (int)want, (int)got, error.what);
			if (cut && n > 0)
				ck_assert_str_eq(error.what,
				    "half-written: the last line has no "
				    "newline");
		}
	}
	expect_parsed("", JOB_HALF);
	ck_assert_str_eq(error.what, "half-written: no command yet");
	expect_parsed("# just this\n", JOB_HALF);
	ck_assert_str_eq(error.what, "half-written: no command yet");
}
END_TEST

/* Of a file with history, only the whole lines count. */
START_TEST(torn)
{
	static const char head[] =
	    "command=x\npending=" TIME(0) " reason=returned\n";
	static const char tail[] = "processing=" TIME(1) " attempt=1\n";
	struct buf text = BUF_EMPTY;
	size_t n;

	for (n = 0; n < sizeof tail - 1; n++) {
		buf_clear(&text);
		buf_puts(&text, head);
		buf_add(&text, tail, n);
		expect_parsed(buf_text(&text), JOB_OK);
		ck_assert_uint_eq(job.whole, sizeof head - 1);
		ck_assert_uint_eq(job.nevents, 1);
		ck_assert_int_eq(job.last, JOB_PENDING);
	}
	buf_puts(&text, "\n");
	expect_parsed(buf_text(&text), JOB_OK);
	ck_assert_uint_eq(job.whole, text.len);
	ck_assert_int_eq(job.attempts, 1);
	buf_free(&text);
	/* A history that is malformed is one: nobody is writing the job. */
	expect_bad("command=x\nprocessing=now\nfail",
	    "line 2: processing: malformed state line");
}
END_TEST

/* ---- History ---- */

static void
expect_string(const char *got, const char *want)
{
	if (want == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(got, want);
}

static void
expect_round(const struct job_event *e)
{
	struct buf text = BUF_EMPTY;
	const struct job_event *got;

	buf_puts(&text, "command=x\n");
	job_put_event(&text, e);
	/* One line, ready to be shown. */
	ck_assert_ptr_eq(strchr(buf_text(&text) + 10, '\n'),
	    text.data + text.len - 1);
	expect_parsed(buf_text(&text), JOB_OK);
	ck_assert_uint_eq(job.nevents, 1);
	got = job_last_event(&job, JOB_NO_STATE);
	ck_assert_int_eq(got->state, e->state);
	ck_assert_int_eq(got->time, e->time);
	ck_assert_int_eq(got->attempt, e->attempt);
	ck_assert_int_eq(got->exit_code, e->exit_code);
	ck_assert_int_eq(got->signal, e->signal);
	ck_assert_int_eq(got->retry_at, e->retry_at);
	ck_assert_int_eq(got->reason, e->reason);
	expect_string(got->worker, e->worker);
	expect_string(got->error, e->error);
	buf_free(&text);
}

START_TEST(events_and_back)
{
	static const struct job_event rows[] = {
		{ JOB_PROCESSING, S(0) + 130112, 1, -1, 0, -1, JOB_NO_REASON,
		    "vm.4711.2", NULL },
		{ JOB_COMPLETED, S(1), 12, 0, 0, -1, JOB_NO_REASON, NULL,
		    NULL },
		{ JOB_FAILED, S(2), 1, 255, 0, S(4), JOB_NO_REASON, NULL,
		    "exit code 255" },
		{ JOB_DEAD, S(2), JOB_ATTEMPT_MAX, -1, 15, -1, JOB_NO_REASON,
		    NULL, "timed out after 30 s" },
		{ JOB_DEAD, 0, 0, -1, 0, -1, JOB_NO_REASON, NULL, "" },
		{ JOB_FAILED, S(1), 0, -1, 0, 0, JOB_STOPPED, "", NULL },
		{ JOB_PENDING, S(1), 0, -1, 0, -1, JOB_RETRIED, NULL, NULL },
		{ JOB_PENDING, S(1), 0, -1, 0, -1, JOB_MOVED, NULL, NULL },
		{ JOB_PENDING, S(1), 0, -1, 0, -1, JOB_LOST, NULL, NULL },
		{ JOB_PENDING, S(1), 0, -1, 0, -1, JOB_RETURNED, NULL, NULL },
		{ JOB_PENDING, WHEN_MAX, 0, -1, 0, WHEN_MAX, JOB_NO_REASON,
		    NULL, NULL },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		expect_round(&rows[i]);
}
END_TEST

START_TEST(nasty_errors)
{
	static const char *const nasty[] = { "", " ", "a b", "a=b", "\"", "\\",
		"\\n", "\"quoted\" \\ and 'so'", "two\nlines\n",
		"\r\n\t\b\033[2Jgone", "\x80\xff\xc3", "\xc3\xa9\xe2\x82\xac",
		"\xc2\x9b!", "error=\"x\" attempt=5\ndead=2026", "x\n",
		"\ncompleted=" TIME(9) " attempt=1\n" };
	struct job_event e = job_event_make(JOB_DEAD, S(1));
	char one[2] = "", all[256];
	size_t i;

	for (i = 0; i < LEN(nasty); i++) {
		e.error = nasty[i];
		e.worker = i % 2 == 0 ? nasty[i] : NULL;
		expect_round(&e);
	}
	e.worker = NULL;
	for (i = 1; i < 256; i++) {
		one[0] = (char)i;
		e.error = one;
		expect_round(&e);
		all[i - 1] = (char)i;
	}
	all[255] = '\0';
	e.error = all;
	expect_round(&e);
}
END_TEST

START_TEST(long_error)
{
	struct job_event e = job_event_make(JOB_DEAD, S(1));
	struct buf text = BUF_EMPTY;
	char much[1000];

	memset(much, '\n', sizeof much);
	much[999] = '\0';
	e.error = much;
	buf_puts(&text, "command=x\n");
	job_put_event(&text, &e);
	expect_parsed(buf_text(&text), JOB_OK);
	ck_assert_uint_eq(strlen(job.events[0].error), JOB_ERROR_MAX - 1);
	buf_free(&text);
}
END_TEST

START_TEST(event_text)
{
	struct job_event e = job_event_make(JOB_FAILED, S(2));
	struct buf text = BUF_EMPTY;

	e.attempt = 1;
	e.exit_code = 2;
	e.retry_at = S(4);
	e.error = "exit code 2";
	job_put_event(&text, &e);
	e = job_event_make(JOB_PROCESSING, S(3) + 205340);
	e.attempt = 2;
	e.worker = "vm.4711.1";
	job_put_event(&text, &e);
	e = job_event_make(JOB_DEAD, S(4));
	e.attempt = 2;
	e.signal = 15;
	e.error = "a \"b\"\n";
	job_put_event(&text, &e);
	e = job_event_make(JOB_PENDING, S(5));
	e.reason = JOB_RETRIED;
	job_put_event(&text, &e);
	ck_assert_str_eq(buf_text(&text),
	    "failed=2026-11-22T02:48:02.000000Z attempt=1 exit_code=2 "
	    "retry_at=2026-11-22T02:48:04.000000Z error=\"exit code 2\"\n"
	    "processing=2026-11-22T02:48:03.205340Z attempt=2 "
	    "worker=vm.4711.1\n"
	    "dead=2026-11-22T02:48:04.000000Z attempt=2 signal=15 "
	    "error=\"a \\\"b\\\"\\n\"\n"
	    "pending=2026-11-22T02:48:05.000000Z reason=retried\n");
	buf_free(&text);
}
END_TEST

START_TEST(event_unknown_fields)
{
	expect_parsed(
	    "command=x\nfailed=" TIME(
		1) " attempts=9 x=\"y z\" attempt=1 exit_code=3 new\n",
	    JOB_OK);
	ck_assert_int_eq(job.events[0].attempt, 1);
	ck_assert_int_eq(job.events[0].exit_code, 3);
}
END_TEST

#define RUN(n)	"processing=" TIME(1) " attempt=" #n " worker=h.1.1\n"
#define FAIL(n) "failed=" TIME(1) " attempt=" #n " exit_code=1\n"
#define DIE(n)	"dead=" TIME(1) " attempt=" #n " exit_code=1\n"
#define CANCEL	"dead=" TIME(1) " error=cancelled\n"
#define BACK(r) "pending=" TIME(1) " reason=" #r "\n"

START_TEST(derived)
{
	static const struct {
		const char *history;
		int last;
		int attempts;
		int counted;
		int interruptions;
	} rows[] = {
		{ RUN(1), JOB_PROCESSING, 1, 0, 0 },
		{ RUN(1) FAIL(1), JOB_FAILED, 1, 1, 0 },
		{ RUN(1) FAIL(1) RUN(2), JOB_PROCESSING, 2, 1, 0 },
		{ RUN(1) FAIL(1) RUN(2) FAIL(2), JOB_FAILED, 2, 2, 0 },
		{ RUN(1) FAIL(1) RUN(2) DIE(2), JOB_DEAD, 2, 2, 0 },
		/* What is uncharged. */
		{ RUN(1) BACK(lost), JOB_PENDING, 1, 0, 1 },
		{ RUN(1) BACK(lost) RUN(2) BACK(lost), JOB_PENDING, 2, 0, 2 },
		{ RUN(1) BACK(stopped), JOB_PENDING, 1, 0, 0 },
		{ RUN(1) BACK(returned), JOB_PENDING, 1, 0, 0 },
		{ RUN(1) FAIL(1) RUN(2) BACK(stopped), JOB_PENDING, 2, 1, 0 },
		{ CANCEL, JOB_DEAD, 0, 0, 0 },
		{ RUN(1) FAIL(1) CANCEL, JOB_DEAD, 1, 1, 0 },
		{ "failed=" TIME(1) " reason=stopped\n", JOB_FAILED, 0, 0, 0 },
		/* A fresh start; attempts go on. */
		{ RUN(1) FAIL(1) RUN(2) DIE(2) BACK(retried), JOB_PENDING, 2, 0,
		    0 },
		{ RUN(1) BACK(lost) RUN(2) FAIL(2) BACK(moved), JOB_PENDING, 2,
		    0, 0 },
		{ RUN(1) DIE(1) BACK(retried) RUN(2) FAIL(2) BACK(lost),
		    JOB_PENDING, 2, 1, 1 },
		{ RUN(1) DIE(1) BACK(retried)
			RUN(2) "completed=" TIME(2) " attempt=2 exit_code=0\n",
		    JOB_COMPLETED, 2, 0, 0 },
	};
	struct buf text = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&text);
		buf_printf(&text, "command=x\n%s", rows[i].history);
		expect_parsed(buf_text(&text), JOB_OK);
		ck_assert_msg(job.last == rows[i].last &&
			job.attempts == rows[i].attempts &&
			job.counted == rows[i].counted &&
			job.interruptions == rows[i].interruptions,
		    "%sexpected %s %d %d %d, got %s %d %d %d", rows[i].history,
		    job_state_name(rows[i].last), rows[i].attempts,
		    rows[i].counted, rows[i].interruptions,
		    job_state_name(job.last), job.attempts, job.counted,
		    job.interruptions);
	}
	buf_free(&text);
}
END_TEST

#define STOP(t, n) RUN(n) "pending=" TIME(t) " reason=stopped\n"

START_TEST(stops)
{
	static const struct {
		const char *history;
		int stops;
		int64_t since;
		int priority;
	} rows[] = {
		{ "", 0, S(3), 7 },
		{ STOP(4, 1), 1, S(3), 7 },
		{ STOP(4, 1) STOP(5, 2), 2, S(3), 7 },
		/* From the third on behind what waited then. */
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3), 3, S(6), 0 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) RUN(4), 3, S(6), 0 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) STOP(7, 4), 4, S(7), 0 },
		/* A loss, or not to be started, does not make up for it. */
		{ STOP(4, 1) STOP(5, 2) RUN(3) BACK(lost), 2, S(3), 7 },
		{ STOP(4, 1) STOP(5, 2) RUN(3) BACK(lost) STOP(7, 4), 3, S(7),
		    0 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) RUN(4) BACK(lost), 3, S(6),
		    0 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) BACK(returned), 3, S(6), 0 },
		/* Its name was taken in pending/: one stop, two lines. */
		{ STOP(4, 1) "failed=" TIME(5) " reason=stopped\n", 1, S(3),
		    7 },
		/* What does. */
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) RUN(4) FAIL(4), 0, S(3), 7 },
		{ STOP(4, 1) RUN(2) FAIL(2) STOP(6, 3) STOP(7, 4), 2, S(3), 7 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) DIE(3), 0, S(3), 7 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) BACK(retried), 0, S(3), 7 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) BACK(moved), 0, S(3), 7 },
		{ STOP(4, 1) STOP(5, 2) STOP(6, 3) BACK(retried) STOP(8, 4), 1,
		    S(3), 7 },
	};
	struct buf text = BUF_EMPTY;
	int64_t since;
	int priority;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&text);
		buf_printf(&text,
		    "command=x\npriority=7\ncreated_at=" TIME(3) "\n%s",
		    rows[i].history);
		expect_parsed(buf_text(&text), JOB_OK);
		job_order(&job, S(9), &since, &priority);
		ck_assert_msg(job.stops == rows[i].stops &&
			since == rows[i].since && priority == rows[i].priority,
		    "%sexpected %d stops, since %lld, priority %d; got %d, "
		    "%lld, %d",
		    rows[i].history, rows[i].stops, (long long)rows[i].since,
		    rows[i].priority, job.stops, (long long)since, priority);
	}
	buf_free(&text);
	/* Without created_at it is the file's time that counts. */
	expect_parsed("command=x\n", JOB_OK);
	job_order(&job, S(9), &since, &priority);
	ck_assert_int_eq(since, S(9));
	ck_assert_int_eq(priority, 0);
}
END_TEST

START_TEST(last_event)
{
	expect_parsed("command=x\n" RUN(1) FAIL(1) RUN(2) FAIL(2) BACK(lost),
	    JOB_OK);
	ck_assert_ptr_eq(job_last_event(&job, JOB_NO_STATE), &job.events[4]);
	ck_assert_ptr_eq(job_last_event(&job, JOB_FAILED), &job.events[3]);
	ck_assert_ptr_eq(job_last_event(&job, JOB_PROCESSING), &job.events[2]);
	ck_assert_ptr_null(job_last_event(&job, JOB_DEAD));
}
END_TEST

START_TEST(due)
{
	static const struct {
		const char *text;
		int dir;
		int64_t due;
	} rows[] = {
		{ "", JOB_PENDING, 0 },
		{ "run_at=" TIME(5) "\n", JOB_PENDING, S(5) },
		{ "run_at=" TIME(5) "\n" RUN(1) BACK(lost), JOB_PENDING, S(5) },
		{ "run_at=" TIME(5) "\n" RUN(1) DIE(1) BACK(retried),
		    JOB_PENDING, 0 },
		{ RUN(1) "failed=" TIME(2) " attempt=1 exit_code=1 "
					   "retry_at=" TIME(4) "\n",
		    JOB_FAILED, S(4) },
		{ "run_at=" TIME(9) "\n" RUN(1) "failed=" TIME(
		      2) " attempt=1 "
			 "retry_at=" TIME(4) "\n",
		    JOB_FAILED, S(4) },
		/* Moved to pending/ by hand: not its time in failed/. */
		{ RUN(1) "failed=" TIME(2) " attempt=1 retry_at=" TIME(4) "\n",
		    JOB_PENDING, 0 },
		{ FAIL(1), JOB_FAILED, 0 },
		{ "run_at=" TIME(9) "\n" FAIL(1), JOB_FAILED, 0 },
		{ FAIL(1) BACK(retried), JOB_FAILED, 0 },
	};
	struct buf text = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&text);
		buf_printf(&text, "command=x\n%s", rows[i].text);
		expect_parsed(buf_text(&text), JOB_OK);
		ck_assert_msg(job_due(&job, rows[i].dir) == rows[i].due,
		    "%sin %s: expected %lld, got %lld", rows[i].text,
		    job_state_name(rows[i].dir), (long long)rows[i].due,
		    (long long)job_due(&job, rows[i].dir));
	}
	buf_free(&text);
}
END_TEST

/* ---- Names ---- */

START_TEST(state_names)
{
	static const char *const names[] = { "pending", "processing",
		"completed", "failed", "dead" };
	size_t i;

	for (i = 0; i < LEN(names); i++) {
		ck_assert_str_eq(job_state_name((int)i), names[i]);
		ck_assert_int_eq(job_state_parse(names[i]), (int)i);
	}
	ck_assert_int_eq(job_state_parse("DEAD"), JOB_DEAD);
	ck_assert_int_eq(job_state_parse("Completed"), JOB_COMPLETED);
	ck_assert_int_eq(job_state_parse("deadly"), JOB_NO_STATE);
	ck_assert_int_eq(job_state_parse("dea"), JOB_NO_STATE);
	ck_assert_int_eq(job_state_parse(""), JOB_NO_STATE);
	ck_assert_str_eq(job_reason_name(JOB_RETRIED), "retried");
	ck_assert_str_eq(job_reason_name(JOB_RETURNED), "returned");
	ck_assert_ptr_null(job_reason_name(JOB_NO_REASON));
}
END_TEST

#define X16  "x123456789abcdef"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16
#define OLD  "~20261122T024800.130"

START_TEST(ids)
{
	static const struct {
		const char *name;
		int id;
		int old;
	} rows[] = {
		{ "a", 1, 0 },
		{ "_", 1, 0 },
		{ "0", 1, 0 },
		{ "Az09._-", 1, 0 },
		{ "a.b-c_d", 1, 0 },
		{ "a..b", 1, 0 },
		{ "a.", 1, 0 },
		{ "job1.2.out", 1, 0 },
		{ X128, 1, 0 },
		{ X128 "x", 0, 0 },
		{ "", 0, 0 },
		{ ".", 0, 0 },
		{ "..", 0, 0 },
		{ ".a", 0, 0 },
		{ "-a", 0, 0 },
		{ "a/b", 0, 0 },
		{ "/", 0, 0 },
		{ "a b", 0, 0 },
		{ "a\n", 0, 0 },
		{ "a\x7f", 0, 0 },
		{ "\xc3\xa9", 0, 0 },
		{ "a\xc3\xa9", 0, 0 },
		{ "a+b", 0, 0 },
		{ "a@b", 0, 0 },
		{ "a~b", 0, 0 },
		{ "a~", 0, 0 },
		{ "[", 0, 0 },
		{ "a" OLD, 0, 1 },
		{ X128 OLD, 0, 1 },
		{ X128 "x" OLD, 0, 0 },
		{ OLD, 0, 0 },
		{ ".a" OLD, 0, 0 },
		{ "a" OLD "x", 0, 0 },
		{ "a" OLD OLD, 0, 0 },
		{ "a~20261122T024800.13", 0, 0 },
		{ "a~20261122t024800.130", 0, 0 },
		{ "a~20261122T024800,130", 0, 0 },
		{ "a~2026112xT024800.130", 0, 0 },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		ck_assert_msg(job_id_valid(rows[i].name) == rows[i].id,
		    "%s: as an ID", rows[i].name);
		ck_assert_msg(job_name_old(rows[i].name) == rows[i].old,
		    "%s: as an older record", rows[i].name);
		ck_assert_msg(job_name_valid(rows[i].name) ==
			(rows[i].id || rows[i].old),
		    "%s: as a name", rows[i].name);
	}
}
END_TEST

START_TEST(unfinished)
{
	static const struct {
		const char *name;
		const char *suffix; /* NULL: it may be a job's */
	} rows[] = {
		{ "a.filepart", ".filepart" },
		{ "a.part", ".part" },
		{ "a.b.partial", ".partial" },
		{ "a..tmp", ".tmp" },
		{ "a.tmp.swp", ".swp" },
		{ "a", NULL },
		{ "", NULL },
		{ "tmp", NULL },
		{ ".tmp", NULL },
		{ "atmp", NULL },
		{ "a.TMP", NULL },
		{ "a.tmp.1", NULL },
		{ "a.tmpx", NULL },
		{ "a.part" OLD, NULL },
	};
	const char *suffix;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		suffix = job_name_unfinished(rows[i].name);
		ck_assert_msg((suffix == NULL) == (rows[i].suffix == NULL) &&
			(suffix == NULL || strcmp(suffix, rows[i].suffix) == 0),
		    "%s: %s", rows[i].name, suffix != NULL ? suffix : "none");
	}
}
END_TEST

START_TEST(id_make)
{
	char out[JOB_NAME_MAX + 1], other[JOB_NAME_MAX + 1];

	job_id_make(out, S(0) + 130999, 0);
	ck_assert_str_eq(out, "20261122T024800.130-000000");
	job_id_make(out, S(0) + 130999, UINT32_MAX);
	ck_assert_int_eq(job_id_valid(out), 1);
	ck_assert_uint_eq(strlen(out), 26);
	ck_assert_uint_eq(strspn(out + 20, "0123456789abcdefghjkmnpqrstvwxyz"),
	    6);
	/* In order of time. */
	job_id_make(other, S(0) + 131000, 0);
	ck_assert_int_lt(strcmp(out, other), 0);
	/* And of number, within a millisecond. */
	job_id_make(out, S(0), 31);
	job_id_make(other, S(0), 32);
	ck_assert_int_lt(strcmp(out, other), 0);
	/* All thirty bits count that six letters can hold. */
	job_id_make(out, S(0), UINT32_C(1) << 29);
	job_id_make(other, S(0), 0);
	ck_assert_str_ne(out, other);
	/* And back. */
	job_id_make(out, S(0) + 130999, 7);
	ck_assert_int_eq(job_id_time(out), S(0) + 130000);
	ck_assert_int_eq(job_id_time(
			     "20261122T024800.130-x~20261122T024801.000"),
	    S(0) + 130000);
	ck_assert_int_eq(job_id_time("20261122T024800.130"), -1);
	ck_assert_int_eq(job_id_time("20261322T024800.130-000000"), -1);
	ck_assert_int_eq(job_id_time("job-20261122T024800.130-000000"), -1);
	ck_assert_int_eq(job_id_time(""), -1);
}
END_TEST

/* ---- Writing ---- */

START_TEST(put_and_back)
{
	static const char *const values[] = { "x", " x ", "\n", "a\n", "\na",
		"a\nb", "a\n\nb", "a\n b\n  c\n", "#a\n#b", "a\ncommand=b",
		"a\r b", "=", "\\n \"q\"" };
	struct buf text = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(values); i++) {
		buf_clear(&text);
		job_put(&text, "command", values[i]);
		job_put(&text, "priority", "3");
		expect_parsed(buf_text(&text), JOB_OK);
		ck_assert_str_eq(job.command, values[i]);
		ck_assert_int_eq(job.priority, 3);
	}
	buf_clear(&text);
	job_put(&text, "arg", "a\nb\n");
	ck_assert_str_eq(buf_text(&text), "arg=a\n b\n \n");
	buf_free(&text);
}
END_TEST

START_TEST(check)
{
	static const struct {
		const char *key;
		const char *value;
		size_t len;
		int result;
		const char *why;
	} rows[] = {
		{ "command", BYTES("x"), 1, "" },
		{ "command", BYTES(""), -1, "command: must not be empty" },
		{ "command", BYTES("a\0b"), -1,
		    "command: must not hold a NUL byte" },
		{ "command", BYTES("a\nb"), 1, "" },
		{ "command", BYTES("a\rb"), 1, "" },
		{ "command", BYTES("a\r\nb"), -1,
		    "command: must not hold a carriage return before a line "
		    "end" },
		{ "arg", BYTES("a\r"), -1,
		    "arg: must not hold a carriage return before a line end" },
		{ "arg", BYTES(""), 1, "" },
		{ "env", BYTES("A="), 1, "" },
		{ "env", BYTES("A"), -1, WANT_ENV },
		{ "priority", BYTES("10"), 1, "" },
		{ "priority", BYTES("11"), -1, WANT_PRIORITY },
		{ "priority", BYTES("1\0"), -1,
		    "priority: must not hold a NUL byte" },
		{ "cwd", BYTES("here"), -1, WANT_CWD },
		{ "max_backoff", BYTES("-1"), -1, WANT_MAX_BACKOFF },
		{ "no_such_key", BYTES("x"), 0, "" },
		{ "", BYTES("x"), 0, "" },
		{ "prio", BYTES("1"), 0, "" },
		{ "pending", BYTES("x"), 0, "" },
	};
	size_t i;
	int got;

	for (i = 0; i < LEN(rows); i++) {
		error.what[0] = '\0';
		got =
		    job_check(rows[i].key, rows[i].value, rows[i].len, &error);
		ck_assert_msg(got == rows[i].result &&
			strcmp(error.what, rows[i].why) == 0,
		    "%s=%s: expected %d \"%s\", got %d \"%s\"", rows[i].key,
		    rows[i].value, rows[i].result, rows[i].why, got,
		    error.what);
	}
}
END_TEST

/* What a shell makes of it is the argument vector again. */
START_TEST(command_text)
{
	static const char *const args[] = { "plain", "", " ", "a b", "'", "''",
		"it's", "\"$HOME\"", "`id`", "$(id)", "\\", "a\nb", "*", "~",
		"-n", "!", "#x", "a;b&c|d", "\xff\1", "%s", "{a,b}", "A=1" };
	struct buf text = BUF_EMPTY, want = BUF_EMPTY, shell = BUF_EMPTY;
	char got[1024];
	size_t i, n;
	FILE *pipe;

	buf_puts(&text, "arg=printf\narg=<%s>\\n\n");
	for (i = 0; i < LEN(args); i++) {
		job_put(&text, "arg", args[i]);
		buf_printf(&want, "<%s>\n", args[i]);
	}
	expect_parsed(buf_text(&text), JOB_OK);
	job_command_text(&job, &shell);
	pipe = popen(buf_text(&shell), "r");
	ck_assert_ptr_nonnull(pipe);
	n = fread(got, 1, sizeof got - 1, pipe);
	ck_assert_int_eq(pclose(pipe), 0);
	got[n] = '\0';
	ck_assert_str_eq(got, buf_text(&want));

	/* What needs no quotes has none. */
	expect_parsed("arg=rsync\narg=-a\narg=/srv/x_1\narg=h:p@%+=,.\n",
	    JOB_OK);
	buf_clear(&shell);
	job_command_text(&job, &shell);
	ck_assert_str_eq(buf_text(&shell), "rsync -a /srv/x_1 h:p@%+=,.");
	expect_parsed("command=echo 'a  b'; exit\n", JOB_OK);
	buf_clear(&shell);
	job_command_text(&job, &shell);
	ck_assert_str_eq(buf_text(&shell), "echo 'a  b'; exit");
	buf_free(&text);
	buf_free(&want);
	buf_free(&shell);
}
END_TEST

/* A program whose name looks like an assignment is still a program. */
START_TEST(command_text_assignment)
{
	struct buf shell = BUF_EMPTY;

	expect_parsed("arg=A=1\narg=B=2\n", JOB_OK);
	job_command_text(&job, &shell);
	ck_assert_str_eq(buf_text(&shell), "'A=1' B=2");
	buf_free(&shell);
}
END_TEST

Suite *
suite_job(void)
{
	Suite *s = suite_create("job");
	TCase *t = tcase_create("job");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, every_key);
	tcase_add_test(t, defaults);
	tcase_add_test(t, vectors);
	tcase_add_test(t, ranges_accepted);
	tcase_add_test(t, lines_refused);
	tcase_add_test(t, line_numbers);
	tcase_add_test(t, commands_refused);
	tcase_add_test(t, continuation);
	tcase_add_test(t, comments_and_unknown);
	tcase_add_test(t, duplicates);
	tcase_add_test(t, keys_after_history);
	tcase_add_test(t, bytes);
	tcase_add_test(t, submit_limit);
	tcase_add_test(t, file_limit);
	tcase_add_test(t, every_prefix);
	tcase_add_test(t, torn);
	tcase_add_test(t, events_and_back);
	tcase_add_test(t, nasty_errors);
	tcase_add_test(t, long_error);
	tcase_add_test(t, event_text);
	tcase_add_test(t, event_unknown_fields);
	tcase_add_test(t, derived);
	tcase_add_test(t, stops);
	tcase_add_test(t, last_event);
	tcase_add_test(t, due);
	tcase_add_test(t, state_names);
	tcase_add_test(t, ids);
	tcase_add_test(t, unfinished);
	tcase_add_test(t, id_make);
	tcase_add_test(t, put_and_back);
	tcase_add_test(t, check);
	tcase_add_test(t, command_text);
	tcase_add_test(t, command_text_assignment);
	suite_add_tcase(s, t);
	return s;
}
