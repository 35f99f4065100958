#include "claim.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "fs.h"
#include "os.h"
#include "registry.h"
#include "tests.h"

#define ME	"h.1.1"
#define ANY_AGE (10 * WHEN_SECOND) /* longer than any retry here takes */

/* A job file, and lines of its history, long ago. */
#define AT(t)	  "2001-01-01T00:00:0" #t "Z"
#define JOB	  "command=x\ncreated_at=" AT(0) "\n"
#define RUN(t, n) "processing=" AT(t) " attempt=" #n " worker=" ME "\n"
#define FAIL(t, n) \
	"failed=" AT(t) " attempt=" #n " exit_code=1 retry_at=" AT(t) "\n"
#define DIE(t, n)    "dead=" AT(t) " attempt=" #n " exit_code=1\n"
#define FINISH(t, n) "completed=" AT(t) " attempt=" #n " exit_code=0\n"
#define BACK(t, r)   "pending=" AT(t) " reason=" #r "\n"
#define CANCEL(t)    "dead=" AT(t) " error=cancelled\n"

/* The same as expect_history shows them. */
#define SAW_RUN(n) "processing attempt=" #n " worker=" ME "\n"
#define SAW_FAIL(n, after)                                    \
	"failed attempt=" #n " exit_code=1 retry_at=+" #after \
	" error=exit code 1\n"
#define SAW_FAILED(n) "failed attempt=" #n " exit_code=1 retry_at=+0\n"
#define SAW_DIE(n)    "dead attempt=" #n " exit_code=1 error=exit code 1\n"
#define SAW_DIED(n)   "dead attempt=" #n " exit_code=1\n"
#define SAW_FINISH(n) "completed attempt=" #n " exit_code=0\n"
#define SAW_BACK(r)   "pending reason=" #r "\n"
#define SAW_CANCEL    "dead error=cancelled\n"

#define SAW_NO_PLACE "dead error=two other jobs of this ID wait\n"

#define ERROR_LOST \
	"lost 3 times: its worker was killed or the machine went down"
#define BAD	  "command=x\npriority=11\n"
#define ERROR_BAD "line 2: priority: must be a whole number from 0 to 10"

static const struct claim_end success = { 0, 0, NULL, 0, 0 };
static const struct claim_end failure = { 1, 0, NULL, 0, 0 };

static struct claim claim;
static int64_t due;
static char why[SPOOL_WHY_MAX];

static void
setup(void)
{
	memset(&claim, 0, sizeof claim);
	claim.fd = -1;
	snprintf(spool.host, sizeof spool.host, "h");
	due = -1;
	why[0] = '\0';
}

static void
teardown(void)
{
	claim_drop(&claim);
}

static enum claim_result
take(int dir, const char *name, int64_t known)
{
	claim_drop(&claim);
	return claim_take(&claim, &spool, &conf, dir, name, known, &due);
}

static void
expect_take(int dir, const char *name, enum claim_result want)
{
	enum claim_result got = take(dir, name, 0);

	ck_assert_msg(got == want, "%s/%s: expected %d, got %d",
	    spool_dir_name(dir), name, (int)want, (int)got);
	ck_assert_msg((claim.fd != -1) == (want == CLAIM_OK),
	    "%s/%s: is it owned?", spool_dir_name(dir), name);
}

/* Takes a job and begins to run it. */
static void
begin(int dir, const char *name)
{
	enum claim_result got = take(dir, name, ANY_AGE);

	ck_assert_msg(got == CLAIM_OK, "%s/%s: take: %d", spool_dir_name(dir),
	    name, (int)got);
	ck_assert_int_eq(claim.where, RUNNING);
	ck_assert_int_eq(claim_begin(&claim, ME), CLAIM_OK);
	expect_none(dir, name);
	ck_assert_int_eq(spool_same(&spool, claim.fd, RUNNING, name), 1);
}

static void
finish(const struct claim_end *end, enum claim_result want)
{
	enum claim_result got = claim_finish(&claim, &conf, end);

	ck_assert_msg(got == want, "finish: expected %d, got %d", (int)want,
	    (int)got);
}

static int
is_locked(int dir, const char *name)
{
	enum spool_result r;
	int fd;

	r = spool_take(&spool, dir, name, &fd);
	if (r == SPOOL_OK)
		spool_release(fd);
	return r == SPOOL_BUSY;
}

/* ---- Taking ---- */

START_TEST(simple)
{
	const char *text;
	struct stat st;

	spool.durable = 1;
	put_file(PENDING, "a", "command=x\n");
	set_mtime(PENDING, "a", INT64_C(1000000000123456));
	expect_take(PENDING, "a", CLAIM_OK);
	ck_assert_str_eq(claim.name, "a");
	ck_assert_int_eq(claim.from, PENDING);
	ck_assert_int_eq(claim.where, RUNNING);
	ck_assert_int_eq(claim.attempt, 0);
	ck_assert_str_eq(claim.job.command, "x");
	/* Moved, locked, and not written yet. */
	expect_none(PENDING, "a");
	expect_file(RUNNING, "a", "command=x\n");
	ck_assert_int_eq(is_locked(RUNNING, "a"), 1);
	ck_assert_int_eq(claim_begin(&claim, ME), CLAIM_OK);
	ck_assert_int_eq(claim.attempt, 1);
	expect_begin(RUNNING, "a",
	    "command=x\ncreated_at=2001-09-09T01:46:40.123456Z\n"
	    "processing=20");
	expect_history(RUNNING, "a", SAW_RUN(1));
	/* Begun now. */
	ck_assert_int_eq(fstat(claim.fd, &st), 0);
	ck_assert_int_le(llabs((long long)(spool_changed(claim.fd) - fs_now())),
	    10 * WHEN_SECOND);
	finish(&success, CLAIM_OK);
	ck_assert_int_eq(claim.where, DONE);
	ck_assert_int_eq(claim.end.state, JOB_COMPLETED);
	ck_assert_int_eq(claim.fd, -1);
	expect_job(DONE, "a", SAW_RUN(1) SAW_FINISH(1));
	text = strstr(buf_text(text_at(spool.dir[DONE], "a")), "created_at=");
	ck_assert_ptr_null(strstr(text + 1, "created_at="));
}
END_TEST

/* created_at is stamped once, and not where it was given. */
START_TEST(created_at)
{
	const char *text;

	put_file(PENDING, "a", "command=x\n" RUN(1, 1));
	set_mtime(PENDING, "a", INT64_C(1000000000000000));
	begin(PENDING, "a");
	finish(&failure, CLAIM_OK);
	text = buf_text(text_at(spool.dir[FAILED], "a"));
	text = strstr(text, "created_at=2001-09-09T01:46:40.000000Z\n");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(strstr(text + 1, "created_at="));
	put_file(PENDING, "b", JOB);
	begin(PENDING, "b");
	finish(&success, CLAIM_OK);
	text = strstr(buf_text(text_at(spool.dir[DONE], "b")), "created_at=");
	ck_assert_ptr_null(strstr(text + 1, "created_at="));
}
END_TEST

START_TEST(not_there)
{
	struct holder child;

	expect_take(PENDING, "a", CLAIM_GONE);
	put_file(PENDING, "a", JOB);
	expect_take(FAILED, "a", CLAIM_GONE);
	child = hold(PENDING, "a");
	expect_take(PENDING, "a", CLAIM_BUSY);
	let_go(&child);
	expect_file(PENDING, "a", JOB);
	ck_assert_int_eq(mkdirat(spool.dir[PENDING], "dir", 0700), 0);
	expect_take(PENDING, "dir", CLAIM_FOREIGN);
	ck_assert_int_eq(symlinkat("a", spool.dir[PENDING], "link"), 0);
	expect_take(PENDING, "link", CLAIM_FOREIGN);
	ck_assert_int_eq(mkfifoat(spool.dir[PENDING], "fifo", 0600), 0);
	expect_take(PENDING, "fifo", CLAIM_FOREIGN);
	if (geteuid() != 0) {
		ck_assert_int_eq(fchmodat(spool.dir[PENDING], "a", 0, 0), 0);
		expect_take(PENDING, "a", CLAIM_FOREIGN);
	}
	expect_count(PENDING, 4);
}
END_TEST

START_TEST(not_due)
{
	static const char text[] = "command=x\nrun_at=2999-01-02T03:04:05Z\n";

	put_file(PENDING, "a", text);
	ck_assert_int_eq(take(PENDING, "a", ANY_AGE), CLAIM_LATER);
	ck_assert_int_eq(due, INT64_C(32472241445000000));
	expect_file(PENDING, "a", text);
	ck_assert_int_eq(is_locked(PENDING, "a"), 0);
	/* A time in the past is now. */
	put_file(PENDING, "b", JOB "run_at=1999-01-01T00:00:00Z\n");
	begin(PENDING, "b");
	finish(&success, CLAIM_OK);
	/* What was retried by command does not wait for run_at. */
	put_file(PENDING, "c",
	    JOB "run_at=2999-01-02T03:04:05Z\n" DIE(1, 1) BACK(2, retried));
	begin(PENDING, "c");
}
END_TEST

START_TEST(paused)
{
	put_file(PENDING, "a", JOB);
	put_file(PENDING, "b", JOB "run_at=2999-01-02T03:04:05Z\n");
	put_at(spool.fd, "paused", "");
	expect_take(PENDING, "a", CLAIM_BUSY);
	expect_take(PENDING, "b", CLAIM_LATER);
	expect_file(PENDING, "a", JOB);
	ck_assert_int_eq(unlinkat(spool.fd, "paused", 0), 0);
	expect_take(PENDING, "a", CLAIM_OK);
}
END_TEST

/* A request to cancel was for an earlier run. */
START_TEST(stale_cancel)
{
	put_file(PENDING, "a", JOB);
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_CANCEL, "a"), 0);
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_CANCEL, "b"), 0);
	expect_take(PENDING, "a", CLAIM_OK);
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, "a"), 0);
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, "b"), 1);
}
END_TEST

/* What was asked for a namesake before it is not for this one. */
START_TEST(cancel_for_other)
{
	struct stat st;

	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	ck_assert_int_eq(claim_is_cancelled(&claim), 0);
	ck_assert_int_eq(fstat(claim.fd, &st), 0);
	ck_assert_int_eq(registry_ask_cancel(&spool, "a", st.st_ino + 1), 0);
	ck_assert_int_eq(claim_is_cancelled(&claim), 0);
	ck_assert_int_eq(registry_ask_cancel(&spool, "a", st.st_ino), 0);
	ck_assert_int_eq(claim_is_cancelled(&claim), 1);
	registry_answer(&spool, REGISTRY_CANCEL, "a");
	ck_assert_int_eq(claim_is_cancelled(&claim), 0);
	put_file(SPOOL_CONTROL, "cancel.a", "");
	ck_assert_int_eq(claim_is_cancelled(&claim), 1);
}
END_TEST

/* ---- Files that cannot be run ---- */

START_TEST(half_written)
{
	static const char *const texts[] = { "", "command=x", "priority=1\n",
		"command=x\n\n# c", "priority=11\ncomm" };
	int64_t before;
	size_t i;

	for (i = 0; i < LEN(texts); i++) {
		put_file(PENDING, "a", texts[i]);
		before = fs_now();
		ck_assert_int_eq(take(PENDING, "a", 0), CLAIM_LATER);
		ck_assert_int_ge(due, before + SPOOL_SETTLE);
		ck_assert_int_le(due, fs_now() + SPOOL_SETTLE);
		/* Known for long, and still it was changed just now. */
		ck_assert_int_eq(take(PENDING, "a", 2 * SPOOL_SETTLE),
		    CLAIM_LATER);
		ck_assert_int_ge(due, before + SPOOL_SETTLE - 2 * WHEN_SECOND);
		/* Unchanged for long, and not known for long enough. */
		spool.settle = 1;
		expect_take(PENDING, "a", CLAIM_LATER);
		expect_file(PENDING, "a", texts[i]);
		ck_assert_int_eq(is_locked(PENDING, "a"), 0);
		spool.settle = 0;
		expect_take(PENDING, "a", CLAIM_ENDED);
		spool.settle = SPOOL_SETTLE;
		expect_none(PENDING, "a");
		expect_file(DEAD, "a", texts[i]);
		ck_assert_int_eq(unlinkat(spool.dir[DEAD], "a", 0), 0);
	}
}
END_TEST

START_TEST(settled)
{
	int64_t now = fs_now();
	struct stat st;
	int fd;

	put_file(PENDING, "a", "command=x");
	/* Moved in just now, however old its text is. */
	set_mtime(PENDING, "a", 0);
	ck_assert_int_eq(spool_open_job(&spool, PENDING, "a", &fd), SPOOL_OK);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(claim_settled(&spool, fd, now, 0), now + SPOOL_SETTLE);
	now = (int64_t)st.st_ctime * WHEN_SECOND + 25 * WHEN_SECOND;
	ck_assert_int_eq(claim_settled(&spool, fd, now, 3 * WHEN_SECOND),
	    now + SPOOL_SETTLE - 3 * WHEN_SECOND);
	ck_assert_int_eq(claim_settled(&spool, fd, now, 99 * WHEN_SECOND),
	    now + SPOOL_SETTLE - 25 * WHEN_SECOND);
	/* Changed in the future: it cannot have been quiet. */
	now -= 50 * WHEN_SECOND;
	ck_assert_int_eq(claim_settled(&spool, fd, now, 99 * WHEN_SECOND),
	    now + SPOOL_SETTLE);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(claim_settled(&spool, fd, now, 0), -1);
}
END_TEST

/* Once it is whole it is run. */
START_TEST(half_written_then_whole)
{
	put_file(PENDING, "a", "command=x");
	expect_take(PENDING, "a", CLAIM_LATER);
	put_file(PENDING, "a", "command=xyz\n");
	begin(PENDING, "a");
	ck_assert_str_eq(claim.job.command, "xyz");
}
END_TEST

START_TEST(bad_file)
{
	put_file(PENDING, "a", BAD);
	put_file(FAILED, "b", BAD FAIL(1, 1));
	put_at(spool.fd, "paused", "");
	expect_take(PENDING, "a", CLAIM_ENDED);
	ck_assert_str_eq(claim.error, ERROR_BAD);
	expect_begin(DEAD, "a", BAD "dead=20");
	expect_job(DEAD, "a", "dead error=" ERROR_BAD "\n");
	expect_take(FAILED, "b", CLAIM_ENDED);
	expect_job(DEAD, "b", SAW_FAILED(1) "dead error=" ERROR_BAD "\n");
}
END_TEST

/* Its error is written once, whatever crashed or was done by hand. */
START_TEST(bad_once)
{
	static const char text[] =
	    BAD "dead=" AT(1) " error=\"" ERROR_BAD "\"\n";

	put_file(PENDING, "a", text);
	expect_take(PENDING, "a", CLAIM_ENDED);
	expect_file(DEAD, "a", text);
	ck_assert_int_eq(
	    renameat(spool.dir[DEAD], "a", spool.dir[PENDING], "a"), 0);
	expect_take(PENDING, "a", CLAIM_ENDED);
	expect_file(DEAD, "a", text);
}
END_TEST

/* A dead one of its name makes room. */
START_TEST(bad_namesake)
{
	put_file(PENDING, "a", BAD);
	put_file(DEAD, "a", JOB CANCEL(1));
	expect_take(PENDING, "a", CLAIM_ENDED);
	expect_job(DEAD, "a", "dead error=" ERROR_BAD "\n");
	expect_file(DEAD, "a~20010101T000001.000", JOB CANCEL(1));
}
END_TEST

/* What is too large is never run and never lost: not a byte of it. */
START_TEST(oversized)
{
	struct buf text = BUF_EMPTY;
	const struct buf *got;

	buf_puts(&text, JOB RUN(1, 1) BACK(2, stopped));
	while (text.len < JOB_FILE_MAX + 100000)
		buf_puts(&text, "# a comment of thirty-two bytes\n");
	put_bytes_at(spool.dir[PENDING], "a", text.data, text.len);
	expect_take(PENDING, "a", CLAIM_ENDED);
	got = text_at(spool.dir[DEAD], "a");
	ck_assert_msg(got->len >= text.len &&
		memcmp(got->data, text.data, text.len) == 0,
	    "of %zu bytes %zu are left", text.len, got->len);
	ck_assert_ptr_nonnull(strstr(got->data + text.len,
	    "the file is larger than 1048576 bytes"));
	buf_free(&text);
}
END_TEST

START_TEST(torn_line)
{
	put_file(PENDING, "a", JOB RUN(1, 1) BACK(2, stopped) "processing=20");
	expect_take(PENDING, "a", CLAIM_OK);
	expect_file(RUNNING, "a", JOB RUN(1, 1) BACK(2, stopped));
	ck_assert_int_eq(claim_begin(&claim, ME), CLAIM_OK);
	expect_history(RUNNING, "a", SAW_RUN(1) SAW_BACK(stopped) SAW_RUN(2));
	put_file(PENDING, "b", BAD FAIL(1, 1) "dead=");
	expect_take(PENDING, "b", CLAIM_ENDED);
	expect_job(DEAD, "b", SAW_FAILED(1) "dead error=" ERROR_BAD "\n");
}
END_TEST

/* ---- Putting right what a crash or a hand left ---- */

START_TEST(put_right)
{
	static const struct {
		int dir;
		const char *text;
		const char *history; /* up to the next run */
		int counted;
	} rows[] = {
		{ PENDING, "", "", 0 },
		{ PENDING, BACK(1, returned), SAW_BACK(returned), 0 },
		{ PENDING, FAIL(1, 1) BACK(2, retried),
		    SAW_FAILED(1) SAW_BACK(retried), 0 },
		{ FAILED, FAIL(1, 1), SAW_FAILED(1), 1 },
		/* Died before its end, and then was moved. */
		{ PENDING, RUN(1, 1), SAW_RUN(1) SAW_BACK(lost), 0 },
		{ FAILED, FAIL(1, 1) RUN(2, 2),
		    SAW_FAILED(1) SAW_RUN(2) SAW_BACK(lost), 1 },
		/* Moved by hand: a fresh start. */
		{ PENDING, RUN(1, 1) FINISH(2, 1),
		    SAW_RUN(1) SAW_FINISH(1) SAW_BACK(moved), 0 },
		{ PENDING, FAIL(1, 1) DIE(2, 2),
		    SAW_FAILED(1) SAW_DIED(2) SAW_BACK(moved), 0 },
		{ PENDING, FAIL(1, 1), SAW_FAILED(1) SAW_BACK(moved), 0 },
		{ PENDING, CANCEL(1), SAW_CANCEL SAW_BACK(moved), 0 },
		{ FAILED, FAIL(1, 1) DIE(2, 2),
		    SAW_FAILED(1) SAW_DIED(2) SAW_BACK(moved), 0 },
		/* A retry that crashed before its move. */
		{ FAILED, FAIL(1, 1) BACK(2, retried),
		    SAW_FAILED(1) SAW_BACK(retried) SAW_BACK(moved), 0 },
	};
	struct buf text = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&text);
		buf_printf(&text, "%s%s", JOB, rows[i].text);
		put_file(rows[i].dir, "a", buf_text(&text));
		ck_assert_msg(take(rows[i].dir, "a", ANY_AGE) == CLAIM_OK,
		    "row %zu", i);
		expect_history(RUNNING, "a", rows[i].history);
		ck_assert_int_eq(claim.job.counted, rows[i].counted);
		ck_assert_int_eq(unlinkat(spool.dir[RUNNING], "a", 0), 0);
	}
	buf_free(&text);
}
END_TEST

START_TEST(lost_too_often)
{
	static const char text[] =
	    JOB RUN(1, 1) BACK(2, lost) RUN(3, 2) BACK(4, lost) RUN(5, 3);

	put_file(PENDING, "a", text);
	expect_take(PENDING, "a", CLAIM_ENDED);
	expect_job(DEAD, "a",
	    SAW_RUN(1) SAW_BACK(lost) SAW_RUN(2) SAW_BACK(lost)
		SAW_RUN(3) "dead attempt=3 error=" ERROR_LOST "\n");
	/* Once more may be allowed. */
	conf.max_interruptions = 4;
	put_file(PENDING, "b", text);
	begin(PENDING, "b");
	expect_history(RUNNING, "b",
	    SAW_RUN(1) SAW_BACK(lost) SAW_RUN(2) SAW_BACK(lost) SAW_RUN(3)
		SAW_BACK(lost) SAW_RUN(4));
	/* They are counted from a fresh start. */
	conf.max_interruptions = 3;
	put_file(PENDING, "c",
	    JOB RUN(1, 1) BACK(2, lost) RUN(3, 2) BACK(4, lost) BACK(5, retried)
		RUN(6, 3));
	expect_take(PENDING, "c", CLAIM_OK);
}
END_TEST

/* ---- Namesakes ---- */

START_TEST(live_namesake)
{
	put_file(PENDING, "a", JOB);
	put_file(RUNNING, "a", JOB RUN(1, 1));
	put_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_CANCEL, "a"), 0);
	expect_take(PENDING, "a", CLAIM_BUSY);
	/* Nothing was done yet, least of all to what runs. */
	expect_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, "a"), 1);
	put_file(PENDING, "b", JOB);
	put_file(FAILED, "b", JOB FAIL(1, 1));
	expect_take(PENDING, "b", CLAIM_BUSY);
	put_file(FAILED, "c", JOB FAIL(1, 1));
	put_file(RUNNING, "c", JOB RUN(1, 1));
	ck_assert_int_eq(take(FAILED, "c", ANY_AGE), CLAIM_BUSY);
	expect_file(PENDING, "a", JOB);
	expect_file(PENDING, "b", JOB);
	expect_file(FAILED, "c", JOB FAIL(1, 1));
	expect_file(RUNNING, "a", JOB RUN(1, 1));
	/* The older one goes first. */
	begin(FAILED, "b");
	finish(&success, CLAIM_OK);
	begin(PENDING, "b");
	expect_none(DONE, "b");
}
END_TEST

START_TEST(ended_namesake)
{
	struct holder child;

	put_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	put_file(SPOOL_OUTPUT, "a.1.out", "one");
	put_file(PENDING, "a", JOB);
	child = hold(DONE, "a");
	expect_take(PENDING, "a", CLAIM_BUSY);
	expect_file(PENDING, "a", JOB);
	let_go(&child);
	begin(PENDING, "a");
	expect_none(DONE, "a");
	expect_file(DONE, "a~20010101T000002.000", JOB RUN(1, 1) FINISH(2, 1));
	expect_file(SPOOL_OUTPUT, "a~20010101T000002.000.1.out", "one");
	finish(&success, CLAIM_OK);
	expect_job(DONE, "a", SAW_RUN(1) SAW_FINISH(1));
	/* Its own earlier runs are none of an ended namesake. */
	put_file(DEAD, "b", JOB CANCEL(1));
	put_file(FAILED, "b", JOB FAIL(1, 1));
	begin(FAILED, "b");
	expect_file(DEAD, "b", JOB CANCEL(1));
}
END_TEST

/* ---- Beginning ---- */

START_TEST(begin_disk_full)
{
	long room;
	enum claim_result r;

	for (room = 0; room <= 10; room += 10) {
		put_file(FAILED, "a", JOB FAIL(1, 1));
		ck_assert_int_eq(take(FAILED, "a", ANY_AGE), CLAIM_OK);
		limit_size((long)strlen(JOB FAIL(1, 1)) + room);
		r = claim_begin(&claim, ME);
		unlimit_size();
		ck_assert_int_eq(r, CLAIM_TROUBLE);
		ck_assert_int_eq(claim.fd, -1);
		expect_job(FAILED, "a", SAW_FAILED(1));
		expect_file(FAILED, "a", JOB FAIL(1, 1));
	}
	begin(FAILED, "a");
	ck_assert_int_eq(claim.attempt, 2);
}
END_TEST

/* Nor does the line stay that puts right what a hand has done. */
START_TEST(begin_disk_full_moved)
{
	enum claim_result r;
	struct stat st;

	put_file(FAILED, "a", JOB RUN(1, 1) DIE(2, 1));
	expect_take(FAILED, "a", CLAIM_OK);
	expect_history(RUNNING, "a", SAW_RUN(1) SAW_DIED(1) SAW_BACK(moved));
	ck_assert_int_eq(fstat(claim.fd, &st), 0);
	limit_size((long)st.st_size + 10);
	r = claim_begin(&claim, ME);
	unlimit_size();
	ck_assert_int_eq(r, CLAIM_TROUBLE);
	expect_job(FAILED, "a", SAW_RUN(1) SAW_DIED(1));
	expect_file(FAILED, "a", JOB RUN(1, 1) DIE(2, 1));
}
END_TEST

/* ---- Ending ---- */

START_TEST(all_retries)
{
	static const char *const histories[] = {
		SAW_RUN(1) SAW_FAIL(1, 2),
		SAW_RUN(1) SAW_FAIL(1, 2) SAW_RUN(2) SAW_FAIL(2, 4),
		SAW_RUN(1) SAW_FAIL(1, 2) SAW_RUN(2) SAW_FAIL(2, 4) SAW_RUN(3)
		    SAW_FAIL(3, 8),
		SAW_RUN(1) SAW_FAIL(1, 2) SAW_RUN(2) SAW_FAIL(2, 4) SAW_RUN(3)
		    SAW_FAIL(3, 8) SAW_RUN(4) SAW_DIE(4),
	};
	int64_t retry_at;
	int i;

	put_file(PENDING, "a", JOB "max_retries=3\n");
	for (i = 0; i < 4; i++) {
		begin(i == 0 ? PENDING : FAILED, "a");
		ck_assert_int_eq(claim.attempt, i + 1);
		finish(&failure, CLAIM_OK);
		ck_assert_int_eq(claim.where, i < 3 ? FAILED : DEAD);
		retry_at = claim.end.retry_at;
		expect_job(i < 3 ? FAILED : DEAD, "a", histories[i]);
		if (i == 3)
			break;
		/* Not before its time, and that is told. */
		expect_take(FAILED, "a", CLAIM_LATER);
		ck_assert_int_eq(due, retry_at);
	}
	expect_count(FAILED, 0);
	expect_count(RUNNING, 0);
}
END_TEST

START_TEST(no_retries)
{
	put_file(PENDING, "a", JOB "max_retries=0\n");
	begin(PENDING, "a");
	finish(&failure, CLAIM_OK);
	expect_job(DEAD, "a", SAW_RUN(1) SAW_DIE(1));
	conf.max_retries = 0;
	put_file(PENDING, "b", JOB);
	begin(PENDING, "b");
	finish(&failure, CLAIM_OK);
	expect_job(DEAD, "b", SAW_RUN(1) SAW_DIE(1));
	/* The job's own number beats the config. */
	put_file(PENDING, "c", JOB "max_retries=1\n");
	begin(PENDING, "c");
	finish(&failure, CLAIM_OK);
	expect_job(FAILED, "c", SAW_RUN(1) SAW_FAIL(1, 2));
}
END_TEST

START_TEST(backoff_of_job)
{
	put_file(PENDING, "a", JOB "backoff_base=3\nmax_backoff=5\n");
	begin(PENDING, "a");
	finish(&failure, CLAIM_OK);
	expect_history(FAILED, "a", SAW_RUN(1) SAW_FAIL(1, 3));
	begin(FAILED, "a");
	finish(&failure, CLAIM_OK);
	expect_history(FAILED, "a",
	    SAW_RUN(1) SAW_FAIL(1, 3) SAW_RUN(2) SAW_FAIL(2, 5));
	conf.backoff_base = 1.5;
	put_file(PENDING, "b", JOB);
	begin(PENDING, "b");
	finish(&failure, CLAIM_OK);
	expect_history(FAILED, "b", SAW_RUN(1) SAW_FAIL(1, 1.5));
	conf.max_backoff_seconds = 1;
	put_file(PENDING, "c", JOB);
	begin(PENDING, "c");
	finish(&failure, CLAIM_OK);
	expect_history(FAILED, "c", SAW_RUN(1) SAW_FAIL(1, 1));
}
END_TEST

START_TEST(jitter)
{
	int64_t wait, least = INT64_MAX, most = 0;
	char name[16];
	int i;

	conf.backoff_jitter = 50;
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "a%d", i);
		put_file(PENDING, name, JOB);
		begin(PENDING, name);
		finish(&failure, CLAIM_OK);
		wait = claim.end.retry_at - claim.end.time;
		ck_assert_int_ge(wait, WHEN_SECOND);
		ck_assert_int_le(wait, 3 * WHEN_SECOND);
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	/* Spread: this fails once in 2^30 times. */
	ck_assert_int_lt(least, 2 * WHEN_SECOND);
	ck_assert_int_gt(most, 2 * WHEN_SECOND);
}
END_TEST

START_TEST(ends)
{
	static const struct {
		struct claim_end end;
		int dir;
		const char *last;
	} rows[] = {
		{ { 0, 0, NULL, 0, 0 }, DONE,
		    "completed attempt=1 exit_code=0\n" },
		{ { 255, 0, NULL, 0, 0 }, FAILED,
		    "failed attempt=1 exit_code=255 retry_at=+2 error=exit "
		    "code 255\n" },
		{ { -1, 9, NULL, 0, 0 }, FAILED,
		    "failed attempt=1 signal=9 retry_at=+2 error=killed by "
		    "signal 9\n" },
		{ { 127, 0, "no such program", 0, 0 }, FAILED,
		    "failed attempt=1 exit_code=127 retry_at=+2 error=no such "
		    "program\n" },
		/* Timed out, though it then exits 0. */
		{ { 0, 0, "timed out after 30 s", 1, 0 }, FAILED,
		    "failed attempt=1 exit_code=0 retry_at=+2 error=timed out "
		    "after 30 s\n" },
		/* Dead, though it has retries left or even exits 0. */
		{ { -1, 15, "cancelled", 0, 1 }, DEAD,
		    "dead attempt=1 signal=15 error=cancelled\n" },
		{ { 0, 0, "cancelled", 0, 1 }, DEAD,
		    "dead attempt=1 exit_code=0 error=cancelled\n" },
	};
	struct buf want = BUF_EMPTY;
	char name[16];
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		snprintf(name, sizeof name, "a%zu", i);
		put_file(PENDING, name, JOB);
		begin(PENDING, name);
		finish(&rows[i].end, CLAIM_OK);
		buf_clear(&want);
		buf_printf(&want, "%s%s", SAW_RUN(1), rows[i].last);
		expect_job(rows[i].dir, name, buf_text(&want));
		ck_assert_int_eq(claim.where, rows[i].dir);
	}
	buf_free(&want);
}
END_TEST

START_TEST(finish_namesake)
{
	struct holder child;

	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	put_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	child = hold(DONE, "a");
	finish(&success, CLAIM_BUSY);
	ck_assert_int_eq(is_locked(RUNNING, "a"), 1);
	finish(&success, CLAIM_BUSY);
	let_go(&child);
	finish(&success, CLAIM_OK);
	expect_job(DONE, "a", SAW_RUN(1) SAW_FINISH(1));
	expect_file(DONE, "a~20010101T000002.000", JOB RUN(1, 1) FINISH(2, 1));
	/* The same in dead/. */
	put_file(PENDING, "b", JOB "max_retries=0\n");
	begin(PENDING, "b");
	put_file(DEAD, "b", JOB CANCEL(1));
	finish(&failure, CLAIM_OK);
	expect_job(DEAD, "b", SAW_RUN(1) SAW_DIE(1));
	expect_file(DEAD, "b~20010101T000001.000", JOB CANCEL(1));
	/* And when it was the same one that ran again by hand. */
	put_file(PENDING, "c", JOB RUN(1, 1) FINISH(2, 1));
	put_file(DONE, "c", JOB RUN(1, 1) FINISH(2, 1));
	begin(PENDING, "c");
	finish(&success, CLAIM_OK);
	expect_job(DONE, "c",
	    SAW_RUN(1) SAW_FINISH(1) SAW_BACK(moved) SAW_RUN(2) SAW_FINISH(2));
	expect_file(DONE, "c~20010101T000002.000", JOB RUN(1, 1) FINISH(2, 1));
}
END_TEST

START_TEST(removed_while_running)
{
	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	ck_assert_int_eq(unlinkat(spool.dir[RUNNING], "a", 0), 0);
	finish(&success, CLAIM_GONE);
	ck_assert_int_eq(claim.fd, -1);
	ck_assert_int_eq(spool_find(&spool, "a"), JOB_NO_STATE);
	/* Another one has its name by now. */
	put_file(PENDING, "b", JOB);
	begin(PENDING, "b");
	ck_assert_int_eq(
	    renameat(spool.dir[RUNNING], "b", spool.dir[SPOOL_TMP], "mine"), 0);
	put_file(RUNNING, "b", JOB RUN(1, 1));
	finish(&failure, CLAIM_GONE);
	expect_job(RUNNING, "b", SAW_RUN(1));
	expect_history(SPOOL_TMP, "mine", SAW_RUN(1));
	/* The same when it is put back. */
	put_file(PENDING, "c", JOB);
	begin(PENDING, "c");
	ck_assert_int_eq(unlinkat(spool.dir[RUNNING], "c", 0), 0);
	ck_assert_int_eq(claim_put_back(&claim, &conf, JOB_STOPPED),
	    CLAIM_GONE);
	ck_assert_int_eq(spool_find(&spool, "c"), JOB_NO_STATE);
}
END_TEST

START_TEST(finish_disk_full)
{
	enum claim_result r[3];
	struct stat st;
	int i;

	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	ck_assert_int_eq(fstat(claim.fd, &st), 0);
	for (i = 0; i < 3; i++) {
		limit_size((long)st.st_size + 10 * i);
		r[i] = claim_finish(&claim, &conf, &failure);
		unlimit_size();
	}
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(r[i], CLAIM_TROUBLE);
	/* Still owned, nothing written, then once. */
	ck_assert_int_eq(is_locked(RUNNING, "a"), 1);
	expect_history(RUNNING, "a", SAW_RUN(1));
	finish(&failure, CLAIM_OK);
	expect_job(FAILED, "a", SAW_RUN(1) SAW_FAIL(1, 2));
}
END_TEST

/* The child: a daemon that the job has left, with the lock's descriptor. */
static int
stay_behind(void *arg)
{
	const int *pipes = arg;
	char c;

	(void)close(pipes[1]);
	return fs_read(pipes[0], &c, 1) == -1;
}

START_TEST(daemon_left_behind)
{
	int pipes[2];
	pid_t pid;

	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	ck_assert_int_eq(pipe(pipes), 0);
	pid = child_start(stay_behind, pipes);
	finish(&success, CLAIM_OK);
	/* It does not hold the record for ever. */
	expect_job(DONE, "a", SAW_RUN(1) SAW_FINISH(1));
	ck_assert_int_eq(close(pipes[1]), 0);
	ck_assert_int_eq(close(pipes[0]), 0);
	ck_assert_int_eq(child_end(pid), 0);
}
END_TEST

START_TEST(touch)
{
	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	set_mtime(RUNNING, "a", 0);
	ck_assert_int_eq(spool_changed(claim.fd), 0);
	claim_touch(&claim);
	ck_assert_int_ge(spool_changed(claim.fd), fs_now() - 10 * WHEN_SECOND);
	expect_history(RUNNING, "a", SAW_RUN(1));
}
END_TEST

/* ---- Putting back ---- */

START_TEST(put_back)
{
	static const struct {
		enum job_reason reason;
		const char *history;
		int interruptions;
	} rows[] = {
		{ JOB_STOPPED, SAW_RUN(1) SAW_BACK(stopped), 0 },
		{ JOB_RETURNED, SAW_RUN(1) SAW_BACK(returned), 0 },
		{ JOB_LOST, SAW_RUN(1) SAW_BACK(lost), 1 },
	};
	char name[16];
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		snprintf(name, sizeof name, "a%zu", i);
		put_file(PENDING, name, JOB);
		begin(PENDING, name);
		ck_assert_int_eq(claim_put_back(&claim, &conf, rows[i].reason),
		    CLAIM_OK);
		ck_assert_int_eq(claim.where, PENDING);
		expect_job(PENDING, name, rows[i].history);
		/* What could not be started lets others go first. */
		if (rows[i].reason == JOB_RETURNED) {
			expect_take(PENDING, name, CLAIM_LATER);
			ck_assert(
			    due > fs_now() && due <= fs_now() + CLAIM_RETURNED);
			continue;
		}
		/* Due at once, and uncharged. */
		expect_take(PENDING, name, CLAIM_OK);
		ck_assert_int_eq(claim.job.counted, 0);
		ck_assert_int_eq(claim.job.interruptions,
		    rows[i].interruptions);
		ck_assert_int_eq(claim.job.attempts, 1);
	}
}
END_TEST

START_TEST(put_back_too_often)
{
	static const char text[] = JOB RUN(1, 1) BACK(2, stopped) RUN(3, 2)
	    BACK(4, lost) RUN(5, 3) BACK(6, stopped);

	conf.max_stops = 4;
	put_file(PENDING, "a", text);
	begin(PENDING, "a");
	ck_assert_int_eq(claim_put_back(&claim, &conf, JOB_STOPPED), CLAIM_OK);
	ck_assert_int_eq(claim.where, PENDING);
	begin(PENDING, "a");
	/* Not to be started is no stop. */
	ck_assert_int_eq(claim_put_back(&claim, &conf, JOB_RETURNED), CLAIM_OK);
	ck_assert_int_eq(claim.where, PENDING);

	conf.max_stops = 3;
	put_file(PENDING, "b", text);
	begin(PENDING, "b");
	ck_assert_int_eq(claim_put_back(&claim, &conf, JOB_STOPPED), CLAIM_OK);
	ck_assert_int_eq(claim.where, DEAD);
	expect_job(DEAD, "b",
	    SAW_RUN(1) SAW_BACK(stopped) SAW_RUN(2) SAW_BACK(lost) SAW_RUN(3)
		SAW_BACK(stopped)
		    SAW_RUN(4) "dead attempt=4 error=stopped 3 times in a row: "
			       "it may take down the workers; queuectl retry "
			       "runs it again\n");
	/* Which gives it a fresh start. */
	ck_assert_int_eq(claim_retry(&spool, &conf, "b", 0, 0, why), CLAIM_OK);
	begin(PENDING, "b");
	ck_assert_int_eq(claim_put_back(&claim, &conf, JOB_STOPPED), CLAIM_OK);
	ck_assert_int_eq(claim.where, PENDING);
}
END_TEST

/* A hand took the name in failed/: what failed waits in pending/. */
START_TEST(fail_name_taken)
{
	static const struct claim_end end = { 1, 0, NULL, 0, 0 };

	put_file(PENDING, "a", JOB);
	begin(PENDING, "a");
	put_file(FAILED, "a", JOB);
	ck_assert_int_eq(claim_finish(&claim, &conf, &end), CLAIM_OK);
	ck_assert_int_eq(claim.where, PENDING);
	expect_file(FAILED, "a", JOB);
	ck_assert_int_eq(take(PENDING, "a", WHEN_NEVER / 2), CLAIM_BUSY);

	/* Both are taken, and both wait for processing/ to be free. */
	put_file(PENDING, "b", JOB);
	begin(PENDING, "b");
	put_file(FAILED, "b", JOB);
	put_file(PENDING, "b", JOB);
	ck_assert_int_eq(claim_finish(&claim, &conf, &end), CLAIM_OK);
	expect_history(DEAD, "b",
	    SAW_RUN(1) SAW_FAIL(1, 2) SAW_BACK(returned) SAW_NO_PLACE);
	expect_file(PENDING, "b", JOB);
	expect_take(FAILED, "b", CLAIM_OK);
}
END_TEST

/* While a namesake is in the way the file is not written to. */
START_TEST(busy_unwritten)
{
	put_file(RUNNING, "a", JOB RUN(1, 1));
	put_file(FAILED, "a",
	    JOB RUN(1, 1) "dead=2001-01-01T00:00:02.000000Z "
			  "attempt=1 exit_code=1 error=x\n");
	expect_take(FAILED, "a", CLAIM_BUSY);
	expect_take(FAILED, "a", CLAIM_BUSY);
	expect_file(FAILED, "a",
	    JOB RUN(1, 1) "dead=2001-01-01T00:00:02."
			  "000000Z attempt=1 exit_code=1 error=x\n");
}
END_TEST

/* A new job of that name waits: ours waits in failed/, uncharged, due. */
START_TEST(put_back_name_taken)
{
	put_file(FAILED, "a", JOB FAIL(1, 1));
	begin(FAILED, "a");
	put_file(PENDING, "a", JOB);
	ck_assert_int_eq(claim_put_back(&claim, &conf, JOB_STOPPED), CLAIM_OK);
	ck_assert_int_eq(claim.where, FAILED);
	expect_file(PENDING, "a", JOB);
	ck_assert_int_eq(is_locked(FAILED, "a"), 0);
	expect_history(FAILED, "a",
	    SAW_FAILED(1) SAW_RUN(2)
		SAW_BACK(stopped) "failed retry_at=+0 reason=stopped\n");
	expect_take(FAILED, "a", CLAIM_OK);
	ck_assert_int_eq(claim.job.counted, 1);
	ck_assert_int_eq(claim.job.attempts, 2);
	ck_assert_int_eq(claim_begin(&claim, ME), CLAIM_OK);
	finish(&success, CLAIM_OK);
	begin(PENDING, "a");
}
END_TEST

/* ---- Recovery ---- */

static void
recover(const char *name, enum claim_result want)
{
	enum claim_result got;

	claim_drop(&claim);
	got = claim_recover(&claim, &spool, &conf, name);
	ck_assert_msg(got == want, "recover %s: expected %d, got %d", name,
	    (int)want, (int)got);
	if (got != CLAIM_OK)
		ck_assert_int_eq(claim.fd, -1);
}

/* What a crash leaves in processing/; section 5 of the design. */
START_TEST(recover_crashes)
{
	static const struct {
		const char *text;
		int dir;
		const char *history;
	} rows[] = {
		/* claim, after its move */
		{ "command=x\n", PENDING, "" },
		{ JOB BACK(1, stopped), PENDING, SAW_BACK(stopped) },
		{ JOB FAIL(1, 1), FAILED, SAW_FAILED(1) },
		{ JOB FAIL(1, 1) BACK(2, retried), PENDING,
		    SAW_FAILED(1) SAW_BACK(retried) },
		/* claim, after its append */
		{ JOB RUN(1, 1), PENDING, SAW_RUN(1) SAW_BACK(lost) },
		{ JOB FAIL(1, 1) RUN(2, 2), PENDING,
		    SAW_FAILED(1) SAW_RUN(2) SAW_BACK(lost) },
		{ JOB RUN(1, 1) BACK(2, lost) RUN(3, 2) BACK(4, lost) RUN(5, 3),
		    DEAD,
		    SAW_RUN(1) SAW_BACK(lost) SAW_RUN(2) SAW_BACK(lost)
			SAW_RUN(3) "dead attempt=3 error=" ERROR_LOST "\n" },
		/* finish, after its append */
		{ JOB RUN(1, 1) FINISH(2, 1), DONE, SAW_RUN(1) SAW_FINISH(1) },
		{ JOB RUN(1, 1) FAIL(2, 1), FAILED, SAW_RUN(1) SAW_FAILED(1) },
		{ JOB RUN(1, 1) DIE(2, 1), DEAD, SAW_RUN(1) SAW_DIED(1) },
		/* put back, after its append */
		{ JOB RUN(1, 1) BACK(2, stopped), PENDING,
		    SAW_RUN(1) SAW_BACK(stopped) },
		{ JOB RUN(1, 1) BACK(2, lost) "failed=" AT(3) " retry_at=" AT(
		      3) " reason=lost\n",
		    FAILED,
		    SAW_RUN(1)
			SAW_BACK(lost) "failed retry_at=+0 reason=lost\n" },
		/* a torn line never counted */
		{ JOB RUN(1, 1) "completed=2001", PENDING,
		    SAW_RUN(1) SAW_BACK(lost) },
		{ JOB RUN(1, 1) FINISH(2, 1) "x", DONE,
		    SAW_RUN(1) SAW_FINISH(1) },
		/* a bad file: its history counts */
		{ BAD RUN(1, 1), PENDING, SAW_RUN(1) SAW_BACK(lost) },
	};
	size_t i;
	int dir;

	for (i = 0; i < LEN(rows); i++) {
		put_file(RUNNING, "a", rows[i].text);
		recover("a", CLAIM_OK);
		ck_assert_msg(claim.where == rows[i].dir,
		    "row %zu: expected %s, got %s", i,
		    job_state_name(rows[i].dir), job_state_name(claim.where));
		ck_assert_int_eq(claim.end.state, rows[i].dir);
		claim_drop(&claim);
		expect_job(rows[i].dir, "a", rows[i].history);
		for (dir = 0; dir < JOB_STATES; dir++)
			expect_count(dir, dir == rows[i].dir);
		ck_assert_int_eq(unlinkat(spool.dir[rows[i].dir], "a", 0), 0);
	}
}
END_TEST

/* Half-written and moved there by hand: back, as it is. */
START_TEST(recover_half)
{
	struct holder child;

	put_file(RUNNING, "a", "comma");
	recover("a", CLAIM_OK);
	expect_file(PENDING, "a", "comma");
	/* Where a namesake waits, that waits for it in turn: dead, as it is. */
	put_file(RUNNING, "a", "comm");
	put_file(DEAD, "a", JOB CANCEL(1));
	child = hold(DEAD, "a");
	recover("a", CLAIM_BUSY);
	expect_file(RUNNING, "a", "comm");
	let_go(&child);
	recover("a", CLAIM_OK);
	expect_file(PENDING, "a", "comma");
	expect_file(DEAD, "a", "comm");
	expect_count(RUNNING, 0);
}
END_TEST

/* What was claimed before its text was on disk: a power cut left it empty. */
START_TEST(recover_empty_namesake)
{
	put_file(RUNNING, "a", "");
	put_file(PENDING, "a", JOB);
	expect_take(PENDING, "a", CLAIM_BUSY);
	recover("a", CLAIM_OK);
	expect_file(DEAD, "a", "");
	expect_take(PENDING, "a", CLAIM_OK);
}
END_TEST

/* The very first state line was torn by a power cut: the job is whole. */
START_TEST(recover_torn_first)
{
	put_file(RUNNING, "a", JOB "created_at=2001-01-01T00:00:00.0000");
	recover("a", CLAIM_OK);
	expect_file(PENDING, "a", JOB);
}
END_TEST

START_TEST(recover_not_ours)
{
	struct holder child;

	recover("a", CLAIM_GONE);
	put_file(RUNNING, "a", JOB RUN(1, 1));
	child = hold(RUNNING, "a");
	recover("a", CLAIM_BUSY);
	expect_file(RUNNING, "a", JOB RUN(1, 1));
	let_go(&child);
	recover("a", CLAIM_OK);
	ck_assert_int_eq(mkdirat(spool.dir[RUNNING], "dir", 0700), 0);
	recover("dir", CLAIM_FOREIGN);
}
END_TEST

START_TEST(recover_namesake)
{
	struct holder child;

	/* An ended one makes room, once it is free. */
	put_file(RUNNING, "a", JOB RUN(3, 1) FINISH(4, 1));
	put_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	child = hold(DONE, "a");
	recover("a", CLAIM_BUSY);
	expect_file(RUNNING, "a", JOB RUN(3, 1) FINISH(4, 1));
	let_go(&child);
	recover("a", CLAIM_OK);
	expect_file(DONE, "a", JOB RUN(3, 1) FINISH(4, 1));
	expect_file(DONE, "a~20010101T000002.000", JOB RUN(1, 1) FINISH(2, 1));
}
END_TEST

/* A new job of its name waits: it waits in failed/, and was lost once. */
START_TEST(recover_name_taken)
{
	put_file(RUNNING, "a", JOB RUN(1, 1));
	put_file(PENDING, "a", JOB);
	recover("a", CLAIM_OK);
	ck_assert_int_eq(claim.where, FAILED);
	expect_file(PENDING, "a", JOB);
	expect_history(FAILED, "a",
	    SAW_RUN(1) SAW_BACK(lost) "failed retry_at=+0 reason=lost\n");
	/* After a crash of that, too. */
	put_file(RUNNING, "b", JOB RUN(1, 1) BACK(2, lost));
	put_file(PENDING, "b", JOB);
	recover("b", CLAIM_OK);
	expect_history(FAILED, "b",
	    SAW_RUN(1) SAW_BACK(lost) "failed retry_at=+0 reason=returned\n");
	ck_assert_int_eq(take(FAILED, "b", 0), CLAIM_OK);
	ck_assert_int_eq(claim.job.interruptions, 1);
	ck_assert_int_eq(claim.job.counted, 0);
	ck_assert_int_eq(take(FAILED, "a", 0), CLAIM_OK);
	ck_assert_int_eq(claim.job.counted, 0);
	ck_assert_int_eq(claim.job.interruptions, 1);
}
END_TEST

/* Two of its name wait: it is dead, and gets no line each second. */
START_TEST(recover_no_place)
{
	struct holder child;

	put_file(RUNNING, "a", JOB RUN(1, 1));
	put_file(PENDING, "a", JOB);
	put_file(FAILED, "a", JOB);
	put_file(DEAD, "a", JOB CANCEL(1));
	child = hold(DEAD, "a");
	recover("a", CLAIM_BUSY);
	recover("a", CLAIM_BUSY);
	let_go(&child);
	recover("a", CLAIM_OK);
	claim_drop(&claim);
	expect_history(DEAD, "a",
	    SAW_RUN(1)
		SAW_BACK(lost) "failed retry_at=+0 reason=lost\n" SAW_NO_PLACE);
	expect_file(PENDING, "a", JOB);
	expect_take(FAILED, "a", CLAIM_OK);
}
END_TEST

/* ---- Leases ---- */

#define RUN_AT(worker) JOB "processing=" AT(1) " attempt=1 worker=" worker "\n"

START_TEST(lease)
{
	static const char text[] = RUN_AT("otherhost.1.1");

	put_file(RUNNING, "a", text);
	recover("a", CLAIM_BUSY);
	set_mtime(RUNNING, "a", fs_now() - 280 * WHEN_SECOND);
	recover("a", CLAIM_BUSY);
	expect_file(RUNNING, "a", text);
	set_mtime(RUNNING, "a", fs_now() - 320 * WHEN_SECOND);
	recover("a", CLAIM_OK);
	expect_job(PENDING, "a",
	    "processing attempt=1 worker=otherhost.1.1\n" SAW_BACK(lost));
	/* The lease is the config's. */
	conf.lock_lease_seconds = 60;
	put_file(RUNNING, "b", text);
	set_mtime(RUNNING, "b", fs_now() - 40 * WHEN_SECOND);
	recover("b", CLAIM_BUSY);
	set_mtime(RUNNING, "b", fs_now() - 80 * WHEN_SECOND);
	recover("b", CLAIM_OK);
	/* What is written that it ended is not leased any more. */
	put_file(RUNNING, "c", RUN_AT("otherhost.1.1") FINISH(2, 1));
	recover("c", CLAIM_OK);
	expect_none(RUNNING, "c");
}
END_TEST

/* Not a part of a second less, whatever the second is. */
START_TEST(lease_parts)
{
	enum claim_result got;
	int64_t now, took;
	int i;

	conf.lock_lease_seconds = 60;
	put_file(RUNNING, "a", RUN_AT("otherhost.1.1"));
	for (i = 0; i < 20; i++) {
		while ((now = fs_now()) % WHEN_SECOND > WHEN_SECOND / 10)
			(void)poll(NULL, 0, 10);
		set_mtime(RUNNING, "a", now - 60 * WHEN_SECOND + 700000);
		got = claim_recover(&claim, &spool, &conf, "a");
		took = fs_now() - now;
		if (took < 600000)
			break;
		/* Held up for longer than was left. */
		claim_drop(&claim);
		put_file(RUNNING, "a", RUN_AT("otherhost.1.1"));
	}
	ck_assert_int_eq(got, CLAIM_BUSY);
	set_mtime(RUNNING, "a", fs_now() - 60 * WHEN_SECOND - 100000);
	recover("a", CLAIM_OK);
}
END_TEST

/*
 * When the lease was not kept, the lock may be another one's by now, or have
 * been; then nothing is recorded, and the file is left as it is.
 */
START_TEST(doubtful)
{
	static const struct {
		const char *added; /* by another host */
		int held;	   /* its lock, too */
		enum claim_result want;
	} rows[] = {
		{ "", 0, CLAIM_OK },
		{ "", 1, CLAIM_GONE },
		{ "# a note\n", 0, CLAIM_OK },
		{ BACK(2, lost), 0, CLAIM_GONE },
		{ BACK(2, lost) RUN(3, 2), 0, CLAIM_GONE },
		{ BACK(2, lost) RUN(3, 2), 1, CLAIM_GONE },
		{ RUN(3, 2), 0, CLAIM_GONE },
	};
	struct buf added = BUF_EMPTY, was = BUF_EMPTY;
	struct holder child;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		put_file(PENDING, "a", JOB);
		begin(PENDING, "a");
		buf_clear(&added);
		buf_puts(&added, rows[i].added);
		ck_assert_int_eq(spool_append(claim.fd, &added), 0);
		ck_assert_int_eq(os_flock(claim.fd, OS_UNLOCK), 0);
		if (rows[i].held)
			child = hold(RUNNING, "a");
		buf_clear(&was);
		ck_assert_int_eq(spool_read(claim.fd, &was), 0);
		claim.doubtful = 1;
		finish(&success, rows[i].want);
		ck_assert_int_eq(claim.fd, -1);
		ck_assert_int_eq(claim.taken, rows[i].want == CLAIM_GONE);
		claim_drop(&claim);
		if (rows[i].want == CLAIM_GONE)
			expect_file(RUNNING, "a", buf_text(&was));
		else
			expect_none(RUNNING, "a");
		if (rows[i].held)
			let_go(&child);
		(void)unlinkat(spool.dir[RUNNING], "a", 0);
		(void)unlinkat(spool.dir[SPOOL_COMPLETED], "a", 0);
	}
	buf_free(&added);
	buf_free(&was);
}
END_TEST

START_TEST(lease_hosts)
{
	static const struct {
		const char *text;
		enum claim_result want;
	} rows[] = {
		{ RUN_AT("host.lan.4711.2"), CLAIM_OK },
		{ RUN_AT("host.lan.1.1"), CLAIM_OK },
		{ RUN_AT("host.1.1"), CLAIM_BUSY },
		{ RUN_AT("xhost.lan.1.1"), CLAIM_BUSY },
		{ RUN_AT("host.lan2.1.1"), CLAIM_BUSY },
		{ RUN_AT("lan.1.1"), CLAIM_BUSY },
		{ RUN_AT("host.lan"), CLAIM_BUSY },
		{ RUN_AT("host.lan.1.1.1"), CLAIM_BUSY },
		{ RUN_AT("x"), CLAIM_BUSY },
		{ RUN_AT("\"\""), CLAIM_BUSY },
		{ JOB "processing=" AT(1) " attempt=1\n", CLAIM_OK },
	};
	enum claim_result got;
	size_t i;

	snprintf(spool.host, sizeof spool.host, "host.lan");
	for (i = 0; i < LEN(rows); i++) {
		put_file(RUNNING, "a", rows[i].text);
		got = claim_recover(&claim, &spool, &conf, "a");
		claim_drop(&claim);
		ck_assert_msg(got == rows[i].want, "%sexpected %d, got %d",
		    rows[i].text, (int)rows[i].want, (int)got);
		if (got == CLAIM_OK)
			ck_assert_int_eq(unlinkat(spool.dir[PENDING], "a", 0),
			    0);
	}
}
END_TEST

/* ---- Retrying by command ---- */

static void
retry(const char *name, int again, enum claim_result want)
{
	enum claim_result got;

	why[0] = '\0';
	got = claim_retry(&spool, &conf, name, again, SPOOL_WAIT, why);
	ck_assert_msg(got == want, "retry %s: expected %d, got %d (%s)", name,
	    (int)want, (int)got, why);
	ck_assert_int_eq(why[0] != '\0', want == CLAIM_REFUSED);
}

START_TEST(retry_states)
{
	struct holder child;

	put_file(DEAD, "dead", JOB FAIL(1, 1) DIE(2, 2));
	retry("dead", 0, CLAIM_OK);
	expect_job(PENDING, "dead",
	    SAW_FAILED(1) SAW_DIED(2) SAW_BACK(retried));
	put_file(FAILED, "failed", JOB FAIL(1, 1));
	retry("failed", 0, CLAIM_OK);
	expect_job(PENDING, "failed", SAW_FAILED(1) SAW_BACK(retried));
	put_file(DEAD, "cancelled", JOB CANCEL(1));
	retry("cancelled", 0, CLAIM_OK);
	expect_job(PENDING, "cancelled", SAW_CANCEL SAW_BACK(retried));
	put_file(DONE, "done", JOB RUN(1, 1) FINISH(2, 1));
	retry("done", 0, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is completed");
	expect_job(DONE, "done", SAW_RUN(1) SAW_FINISH(1));
	retry("done", 1, CLAIM_OK);
	expect_job(PENDING, "done", SAW_RUN(1) SAW_FINISH(1) SAW_BACK(retried));
	put_file(PENDING, "waits", JOB);
	retry("waits", 1, CLAIM_REFUSED);
	ck_assert_str_eq(why,
	    "it is pending: queuectl show tells what it waits for");
	expect_file(PENDING, "waits", JOB);
	put_file(RUNNING, "runs", JOB RUN(1, 1));
	child = hold(RUNNING, "runs");
	retry("runs", 1, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is running");
	let_go(&child);
	retry("runs", 1, CLAIM_REFUSED);
	ck_assert_str_eq(why, "its worker died: a supervisor will put it back");
	expect_file(RUNNING, "runs", JOB RUN(1, 1));
}
END_TEST

/* With all its retries, though attempts go on counting. */
START_TEST(retry_starts_afresh)
{
	put_file(DEAD, "a", JOB FAIL(1, 1) FAIL(2, 2) FAIL(3, 3) DIE(4, 4));
	retry("a", 0, CLAIM_OK);
	begin(PENDING, "a");
	ck_assert_int_eq(claim.attempt, 5);
	finish(&failure, CLAIM_OK);
	expect_job(FAILED, "a",
	    SAW_FAILED(1) SAW_FAILED(2) SAW_FAILED(3) SAW_DIED(4)
		SAW_BACK(retried) SAW_RUN(5) SAW_FAIL(5, 2));
}
END_TEST

START_TEST(retry_refused)
{
	static const char bad[] = BAD "dead=" AT(1) "\n";

	put_file(DEAD, "bad", bad);
	retry("bad", 0, CLAIM_REFUSED);
	ck_assert_str_eq(why,
	    "its file cannot be accepted (" ERROR_BAD "): mend it first");
	expect_file(DEAD, "bad", bad);
	put_file(DEAD, "half", "comma");
	retry("half", 0, CLAIM_REFUSED);
	expect_file(DEAD, "half", "comma");
	ck_assert_int_eq(is_locked(DEAD, "half"), 0);
}
END_TEST

/* The child: has the lock for a moment. */
static int
hold_briefly(void *arg)
{
	const int *ready = arg;
	int fd = openat(spool.dir[DEAD], "a", O_RDWR);

	if (fd == -1 || os_flock(fd, OS_LOCK_EXCLUSIVE) != 0 ||
	    fs_write(ready[1], "x", 1) == -1)
		return 1;
	(void)poll(NULL, 0, 100);
	return 0;
}

START_TEST(retry_waits)
{
	struct holder child;
	int64_t begun;
	int ready[2];
	pid_t pid;
	char c;

	put_file(DEAD, "a", JOB CANCEL(1));
	ck_assert_int_eq(pipe(ready), 0);
	pid = child_start(hold_briefly, ready);
	ck_assert_int_eq(fs_read(ready[0], &c, 1), 1);
	retry("a", 0, CLAIM_OK);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_eq(close(ready[0]), 0);
	ck_assert_int_eq(close(ready[1]), 0);
	expect_job(PENDING, "a", SAW_CANCEL SAW_BACK(retried));
	/* Not for ever. */
	put_file(DEAD, "b", JOB CANCEL(1));
	child = hold(DEAD, "b");
	begun = fs_mono();
	retry("b", 0, CLAIM_BUSY);
	ck_assert_int_ge(fs_mono() - begun, SPOOL_WAIT);
	let_go(&child);
	expect_file(DEAD, "b", JOB CANCEL(1));
	/* Of what is nowhere nothing is awaited. */
	begun = fs_mono();
	retry("c", 0, CLAIM_GONE);
	ck_assert_int_lt(fs_mono() - begun, SPOOL_WAIT / 2);
}
END_TEST

#define RETRIES 1000

/*
 * The child: a new job of the name comes and goes.  Under the lock, since
 * where a rename cannot be told not to replace it looks first, under that.
 */
static int
come_and_go(void *arg)
{
	const int *stop = arg;
	int came;
	char c;

	while (poll(&(struct pollfd) { stop[0], POLLIN, 0 }, 1, 0) == 0) {
		if (spool_lock(&spool) == -1)
			return 1;
		came = linkat(spool.dir[SPOOL_TMP], "new", spool.dir[PENDING],
			   "a", 0) == 0;
		spool_unlock(&spool);
		if (came)
			(void)unlinkat(spool.dir[PENDING], "a", 0);
	}
	return fs_read(stop[0], &c, 1) == 1 ? 0 : 1;
}

/* What is refused stays as it is, also if a new job came at the last moment. */
START_TEST(retry_overtaken)
{
	int stop[2], i;
	pid_t pid;

	ck_assert_int_eq(pipe(stop), 0);
	put_file(SPOOL_TMP, "new", JOB);
	pid = child_start(come_and_go, stop);
	for (i = 0; i < RETRIES; i++) {
		put_file(DEAD, "a", JOB CANCEL(1));
		if (claim_retry(&spool, &conf, "a", 0, SPOOL_WAIT, why) ==
		    CLAIM_REFUSED)
			expect_file(DEAD, "a", JOB CANCEL(1));
		(void)unlinkat(spool.dir[DEAD], "a", 0);
	}
	ck_assert_int_eq(fs_write(stop[1], "x", 1), 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_eq(close(stop[0]), 0);
	ck_assert_int_eq(close(stop[1]), 0);
}
END_TEST

/* ---- Cancelling ---- */

static void
cancel(const char *name, int force, enum claim_result want)
{
	enum claim_result got;

	why[0] = '\0';
	got = claim_cancel(&spool, &conf, name, 0, force, why);
	ck_assert_msg(got == want, "cancel %s: expected %d, got %d (%s)", name,
	    (int)want, (int)got, why);
	ck_assert_int_eq(why[0] != '\0', want == CLAIM_REFUSED);
}

START_TEST(cancel_states)
{
	put_file(PENDING, "waits", JOB);
	cancel("waits", 0, CLAIM_OK);
	expect_job(DEAD, "waits", SAW_CANCEL);
	cancel("waits", 1, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is dead already");
	put_file(FAILED, "failed", JOB RUN(1, 1) FAIL(2, 1));
	cancel("failed", 0, CLAIM_OK);
	expect_job(DEAD, "failed", SAW_RUN(1) SAW_FAILED(1) SAW_CANCEL);
	put_file(DONE, "done", JOB RUN(1, 1) FINISH(2, 1));
	cancel("done", 1, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is completed already");
	expect_job(DONE, "done", SAW_RUN(1) SAW_FINISH(1));
	cancel("none", 0, CLAIM_GONE);
	put_file(PENDING, "bad", BAD);
	cancel("bad", 0, CLAIM_OK);
	expect_begin(DEAD, "bad", BAD "dead=");
	/* Somebody may be writing it. */
	put_file(PENDING, "half", "comma");
	cancel("half", 1, CLAIM_REFUSED);
	expect_file(PENDING, "half", "comma");
}
END_TEST

/* What a crash of the command, or of a worker, has left. */
START_TEST(cancel_crashes)
{
	/* The line was written, the move was not made. */
	put_file(PENDING, "a", JOB CANCEL(1));
	cancel("a", 0, CLAIM_OK);
	expect_job(DEAD, "a", SAW_CANCEL);
	/* The same, and a worker was first: not acknowledged, so it runs. */
	put_file(PENDING, "b", JOB CANCEL(1));
	begin(PENDING, "b");
	claim_drop(&claim);
	/* Its worker has died, and nobody has recovered it yet. */
	cancel("b", 0, CLAIM_OK);
	expect_job(DEAD, "b", SAW_CANCEL SAW_BACK(moved) SAW_RUN(1) SAW_CANCEL);
	/* An ended namesake makes room. */
	put_file(DEAD, "c", JOB CANCEL(1));
	put_file(PENDING, "c", JOB);
	cancel("c", 0, CLAIM_OK);
	expect_job(DEAD, "c", SAW_CANCEL);
	expect_job(DEAD, "c~20010101T000001.000", SAW_CANCEL);
	/* Its end was recorded, and stands; the move was not made. */
	put_file(RUNNING, "d", JOB RUN(1, 1) FINISH(2, 1));
	cancel("d", 0, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is completed already");
	expect_job(DONE, "d", SAW_RUN(1) SAW_FINISH(1));
	put_file(RUNNING, "e", JOB RUN(1, 1) DIE(2, 1));
	cancel("e", 0, CLAIM_REFUSED);
	expect_job(DEAD, "e", SAW_RUN(1) SAW_DIED(1));
	/* To be tried again: that can still be cancelled. */
	put_file(RUNNING, "f", JOB RUN(1, 1) FAIL(2, 1));
	cancel("f", 0, CLAIM_OK);
	expect_job(DEAD, "f", SAW_RUN(1) SAW_FAILED(1) SAW_CANCEL);
}
END_TEST

/* What is in its way is held: nothing is changed, however often it is tried. */
START_TEST(cancel_no_room)
{
	struct holder child;

	put_file(DEAD, "a", JOB RUN(1, 1) DIE(2, 1));
	put_file(PENDING, "a", JOB);
	child = hold(DEAD, "a");
	cancel("a", 0, CLAIM_BUSY);
	expect_file(PENDING, "a", JOB);
	let_go(&child);
	cancel("a", 0, CLAIM_OK);
	expect_job(DEAD, "a", SAW_CANCEL);
}
END_TEST

/* Its worker is gone, but its lock is held: only by force. */
START_TEST(cancel_orphan)
{
	struct holder child;
	int64_t begun = fs_mono();

	put_file(RUNNING, "a", JOB RUN(1, 1));
	child = hold(RUNNING, "a");
	cancel("a", 0, CLAIM_REFUSED);
	ck_assert_int_ge(fs_mono() - begun, SPOOL_WAIT);
	ck_assert_ptr_eq(strstr(why, "orphaned: "), why);
	expect_file(RUNNING, "a", JOB RUN(1, 1));
	cancel("a", 1, CLAIM_OK);
	expect_none(RUNNING, "a");
	expect_history(DEAD, "a",
	    SAW_RUN(1) "dead error=cancelled: given up while orphaned\n");
	ck_assert_int_eq(is_locked(DEAD, "a"), 1);
	let_go(&child);
	/* Killed between the last line and the move. */
	put_file(RUNNING, "b", JOB RUN(1, 1) FAIL(2, 1));
	child = hold(RUNNING, "b");
	cancel("b", 0, CLAIM_REFUSED);
	cancel("b", 1, CLAIM_OK);
	expect_none(RUNNING, "b");
	let_go(&child);
	expect_job(DEAD, "b",
	    SAW_RUN(1) SAW_FAILED(
		1) "dead error=cancelled: given up while orphaned\n");
	/* That it has ended stands. */
	put_file(RUNNING, "c", JOB RUN(1, 1) FINISH(2, 1));
	child = hold(RUNNING, "c");
	cancel("c", 1, CLAIM_REFUSED);
	let_go(&child);
	expect_job(DONE, "c", SAW_RUN(1) SAW_FINISH(1));
	ck_assert_int_eq(count_at(spool.dir[SPOOL_CONTROL]), 0);
}
END_TEST

/* The child: is entered as that worker until told to go. */
static int
be_entered(void *arg)
{
	const int *pipes = arg;
	struct buf none = BUF_EMPTY;
	char c;

	return registry_enter(&spool, ME, &none) == -1 ||
	    fs_write(pipes[1], "x", 1) == -1 || fs_read(pipes[0], &c, 1) != 1;
}

/* A worker that is there is alive, whatever clocks say of its entry. */
START_TEST(cancel_clocks)
{
	int ready[2], go[2], pipes[2];
	struct holder child;
	pid_t pid;
	char c;

	put_file(RUNNING, "a", JOB RUN(1, 1));
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	pipes[0] = go[0];
	pipes[1] = ready[1];
	pid = child_start(be_entered, pipes);
	ck_assert_int_eq(fs_read(ready[0], &c, 1), 1);
	child = hold(RUNNING, "a");
	conf.kill_grace_seconds = -10; /* so long it waits for the end */
	cancel("a", 1, CLAIM_BUSY);
	expect_file(RUNNING, "a", JOB RUN(1, 1));
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, "a"), 1);
	ck_assert_int_eq(fs_write(go[1], "x", 1), 0);
	ck_assert_int_eq(child_end(pid), 0);
	let_go(&child);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)close(go[0]);
	(void)close(go[1]);
}
END_TEST

/* A waiting job whose lock somebody keeps. */
START_TEST(cancel_busy)
{
	struct holder child;

	put_file(PENDING, "a", JOB);
	child = hold(PENDING, "a");
	cancel("a", 1, CLAIM_BUSY);
	expect_file(PENDING, "a", JOB);
	let_go(&child);
	cancel("a", 0, CLAIM_OK);
}
END_TEST

/* Begun when its worker was there: that is younger than most of this. */
#define RUN_LATER(n) \
	"processing=2101-01-01T00:00:00Z attempt=" #n " worker=" ME "\n"

/* The child: a worker whose job ends when it is told to cancel it. */
static int
be_worker(void *arg)
{
	const int *ready = arg;
	int fd, entry = registry_enter(&spool, ME, &(struct buf)BUF_EMPTY);
	char c;

	if (entry == -1 || spool_take(&spool, RUNNING, "a", &fd) != SPOOL_OK ||
	    fs_write(ready[1], "x", 1) == -1)
		return 1;
	/* Our side is closed when the test has seen enough. */
	while (!registry_asked(&spool, REGISTRY_CANCEL, "a"))
		(void)poll(NULL, 0, 5);
	/* A new job of this name, which the request is not for. */
	if (renameat(spool.dir[RUNNING], "a", spool.dir[DONE], "a") == -1)
		return 2;
	put_file(SPOOL_TMP, "a", JOB RUN_LATER(2));
	if (renameat(spool.dir[SPOOL_TMP], "a", spool.dir[RUNNING], "a") == -1)
		return 3;
	return fs_read(ready[0], &c, 1) == -1;
}

static int
runs(void *arg)
{
	(void)arg;
	return faccessat(spool.dir[RUNNING], "a", F_OK, 0) == 0;
}

/* It ends, and its ID is given anew, all between two looks. */
START_TEST(cancel_other)
{
	int ready[2], go[2], child[2];
	pid_t pid;
	char c;

	put_file(RUNNING, "a", JOB RUN_LATER(1));
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	child[0] = go[0];
	child[1] = ready[1];
	pid = child_start(be_worker, child);
	ck_assert_int_eq(fs_read(ready[0], &c, 1), 1);
	cancel("a", 0, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is completed: it ended by itself");
	ck_assert_int_eq(wait_until(runs, NULL), 1);
	expect_file(RUNNING, "a", JOB RUN_LATER(2));
	ck_assert_int_eq(count_at(spool.dir[SPOOL_CONTROL]), 0);
	ck_assert_int_eq(fs_write(go[1], "x", 1), 0);
	ck_assert_int_eq(child_end(pid), 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)close(go[0]);
	(void)close(go[1]);
}
END_TEST

/* ---- Purging ---- */

static void
purge(const char *name, int force, enum claim_result want)
{
	enum claim_result got;

	why[0] = '\0';
	got = claim_purge(&spool, JOB_NO_STATE, name, 0, force, why);
	ck_assert_msg(got == want, "purge %s: expected %d, got %d (%s)", name,
	    (int)want, (int)got, why);
	ck_assert_int_eq(why[0] != '\0', want == CLAIM_REFUSED);
}

START_TEST(purge_outputs)
{
	put_file(DONE, "a", JOB RUN(1, 1) FAIL(2, 1) RUN(3, 2) FINISH(4, 2));
	put_file(SPOOL_OUTPUT, "a.1.out", "one");
	put_file(SPOOL_OUTPUT, "a.1.err", "one");
	put_file(SPOOL_OUTPUT, "a.2.err", "two");
	put_file(SPOOL_OUTPUT, "a.b.1.out", "another's");
	put_file(SPOOL_OUTPUT, "aa.1.out", "another's");
	purge("a", 0, CLAIM_OK);
	expect_none(DONE, "a");
	expect_count(SPOOL_OUTPUT, 2);
	expect_file(SPOOL_OUTPUT, "a.b.1.out", "another's");
	expect_count(SPOOL_TMP, 0);
	purge("a", 0, CLAIM_GONE);
	/* An older record, and not the newer one. */
	put_file(DEAD, "b", JOB RUN(1, 1) DIE(2, 1));
	put_file(SPOOL_OUTPUT, "b.1.out", "new");
	put_file(DEAD, "b~20010101T000001.000", JOB RUN(1, 1) DIE(2, 1));
	put_file(SPOOL_OUTPUT, "b~20010101T000001.000.1.out", "old");
	purge("b~20010101T000001.000", 0, CLAIM_OK);
	expect_file(SPOOL_OUTPUT, "b.1.out", "new");
	expect_count(SPOOL_OUTPUT, 3);
	expect_count(DEAD, 1);
}
END_TEST

START_TEST(purge_refused)
{
	struct holder child;

	put_file(PENDING, "waits", JOB);
	purge("waits", 1, CLAIM_REFUSED);
	ck_assert_str_eq(why, "it is pending: cancel it first");
	put_file(RUNNING, "runs", JOB RUN(1, 1));
	purge("runs", 1, CLAIM_REFUSED);
	put_file(FAILED, "failed", JOB RUN(1, 1) FAIL(2, 1));
	purge("failed", 1, CLAIM_REFUSED);
	expect_file(PENDING, "waits", JOB);
	/* A daemon that it left has its lock. */
	put_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	put_file(SPOOL_OUTPUT, "a.1.out", "one");
	child = hold(DONE, "a");
	purge("a", 0, CLAIM_BUSY);
	expect_count(SPOOL_OUTPUT, 1);
	expect_file(DONE, "a", JOB RUN(1, 1) FINISH(2, 1));
	purge("a", 1, CLAIM_OK);
	expect_count(SPOOL_OUTPUT, 0);
	expect_none(DONE, "a");
	let_go(&child);
	/* The ended one is meant, whoever waits for its name. */
	put_file(DEAD, "b", JOB RUN(1, 1) DIE(2, 1));
	put_file(PENDING, "b", JOB);
	purge("b", 0, CLAIM_OK);
	expect_none(DEAD, "b");
	expect_file(PENDING, "b", JOB);
	/* What cannot be read can go. */
	put_file(DEAD, "bad", BAD "dead=" AT(1) "\n");
	purge("bad", 0, CLAIM_OK);
	put_file(DEAD, "half", "comma");
	purge("half", 0, CLAIM_OK);
	expect_count(DEAD, 0);
}
END_TEST

/* ---- When it is due ---- */

/* Parses a job of these lines and says when it is due in failed/. */
static int64_t
due_of(const char *lines, int64_t at, int64_t known)
{
	struct buf text = BUF_EMPTY;
	struct job_error error;
	struct job job;
	int64_t us;

	buf_printf(&text, "%s%s", JOB, lines);
	ck_assert_int_eq(job_parse(&job, buf_text(&text), text.len, &error),
	    JOB_OK);
	us = claim_due(&conf, &job, FAILED, at, known);
	job_free(&job);
	buf_free(&text);
	return us;
}

#define S(n) (INT64_C(978307200000000) + INT64_C(n) * WHEN_SECOND) /* AT(0) */
#define LATER(n, t) \
	"failed=" AT(1) " attempt=" #n " exit_code=1 retry_at=" t "\n"

START_TEST(due_clamped)
{
	/* As written while the clock was right. */
	ck_assert_int_eq(due_of(LATER(1, AT(3)), S(1), 0), S(3));
	ck_assert_int_eq(due_of(LATER(1, AT(3)), S(2), S(1) - S(0)), S(3));
	/* It was set back: at most the delay from when it was seen. */
	ck_assert_int_eq(due_of(LATER(1, "2099-01-01T00:00:00Z"), S(5), 0),
	    S(7));
	ck_assert_int_eq(due_of(LATER(1, "2099-01-01T00:00:00Z"), S(9),
			     4 * WHEN_SECOND),
	    S(7));
	ck_assert_int_eq(
	    due_of(FAIL(0, 1) LATER(2, "2099-01-01T00:00:00Z"), S(5), 0), S(9));
	/* A time long past stays that. */
	ck_assert_int_eq(due_of(LATER(1, AT(3)), S(100), 0), S(3));
}
END_TEST

START_TEST(clock_has_jumped)
{
	int64_t before = fs_now();

	put_file(FAILED, "a", JOB LATER(1, "2999-01-01T00:00:00Z"));
	expect_take(FAILED, "a", CLAIM_LATER);
	ck_assert_int_ge(due, before + 2 * WHEN_SECOND);
	ck_assert_int_le(due, fs_now() + 2 * WHEN_SECOND);
	ck_assert_int_eq(take(FAILED, "a", 1900000), CLAIM_LATER);
	ck_assert_int_eq(take(FAILED, "a", 2 * WHEN_SECOND), CLAIM_OK);
}
END_TEST

START_TEST(rules)
{
	struct retry_rule rule;
	struct job_error error;
	struct job job;

	conf.max_retries = 7;
	conf.backoff_base = 1.5;
	conf.max_backoff_seconds = 9;
	conf.backoff_jitter = 11;
	ck_assert_int_eq(job_parse(&job, JOB, strlen(JOB), &error), JOB_OK);
	rule = claim_rule(&conf, &job);
	ck_assert_int_eq(rule.max_retries, 7);
	ck_assert_double_eq(rule.base, 1.5);
	ck_assert_int_eq(rule.max_delay, 9 * WHEN_SECOND);
	ck_assert_int_eq(rule.jitter_percent, 11);
	job.max_retries = 0;
	job.backoff_base = 1;
	job.max_backoff = 0;
	rule = claim_rule(&conf, &job);
	ck_assert_int_eq(rule.max_retries, 0);
	ck_assert_double_eq(rule.base, 1);
	ck_assert_int_eq(rule.max_delay, 0);
	job_free(&job);
}
END_TEST

/* ---- Several at once ---- */

#define JOBS 40

/* The child: runs what it can get, until nothing waits; how many those were. */
static int
work(void *arg)
{
	char name[16];
	int i, ran = 0, round;

	(void)arg;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < JOBS; i++) {
			snprintf(name, sizeof name, "a%d", i);
			if (take(round == 0 ? PENDING : FAILED, name,
				ANY_AGE) != CLAIM_OK)
				continue;
			if (claim_begin(&claim, ME) != CLAIM_OK ||
			    claim_finish(&claim, &conf,
				round == 0 ? &failure : &success) != CLAIM_OK)
				return 255;
			ran++;
		}
	}
	claim_drop(&claim);
	return ran;
}

START_TEST(race)
{
	char name[16];
	pid_t pid[4];
	int i, n, ran = 0;

	for (i = 0; i < JOBS; i++) {
		snprintf(name, sizeof name, "a%d", i);
		put_file(PENDING, name, JOB);
	}
	for (i = 0; i < 4; i++)
		pid[i] = child_start(work, NULL);
	for (i = 0; i < 4; i++) {
		n = child_end(pid[i]);
		ck_assert_int_ne(n, 255);
		ran += n;
	}
	/* One may have seen a job before it had failed: none is left over. */
	ran += work(NULL);
	ck_assert_int_eq(ran, 2 * JOBS);
	for (i = 0; i < JOBS; i++) {
		snprintf(name, sizeof name, "a%d", i);
		expect_job(DONE, name,
		    SAW_RUN(1) SAW_FAIL(1, 2) SAW_RUN(2) SAW_FINISH(2));
	}
}
END_TEST

static void
add_ends(TCase *t)
{
	tcase_add_test(t, all_retries);
	tcase_add_test(t, no_retries);
	tcase_add_test(t, backoff_of_job);
	tcase_add_test(t, jitter);
	tcase_add_test(t, ends);
	tcase_add_test(t, finish_namesake);
	tcase_add_test(t, removed_while_running);
	tcase_add_test(t, finish_disk_full);
	tcase_add_test(t, daemon_left_behind);
	tcase_add_test(t, touch);
	tcase_add_test(t, put_back);
	tcase_add_test(t, put_back_too_often);
	tcase_add_test(t, fail_name_taken);
	tcase_add_test(t, busy_unwritten);
	tcase_add_test(t, put_back_name_taken);
	tcase_add_test(t, recover_crashes);
	tcase_add_test(t, recover_no_place);
	tcase_add_test(t, recover_half);
	tcase_add_test(t, recover_empty_namesake);
	tcase_add_test(t, recover_torn_first);
	tcase_add_test(t, recover_not_ours);
	tcase_add_test(t, recover_namesake);
	tcase_add_test(t, recover_name_taken);
	tcase_add_test(t, lease);
	tcase_add_test(t, lease_parts);
	tcase_add_test(t, doubtful);
	tcase_add_test(t, lease_hosts);
	tcase_add_test(t, retry_states);
	tcase_add_test(t, retry_starts_afresh);
	tcase_add_test(t, retry_refused);
	tcase_add_test(t, retry_waits);
	tcase_add_test(t, retry_overtaken);
	tcase_add_test(t, cancel_states);
	tcase_add_test(t, cancel_crashes);
	tcase_add_test(t, cancel_no_room);
	tcase_add_test(t, cancel_orphan);
	tcase_add_test(t, cancel_clocks);
	tcase_add_test(t, cancel_busy);
	tcase_add_test(t, cancel_other);
	tcase_add_test(t, purge_outputs);
	tcase_add_test(t, purge_refused);
	tcase_add_test(t, due_clamped);
	tcase_add_test(t, clock_has_jumped);
	tcase_add_test(t, rules);
	tcase_add_test(t, race);
}

Suite *
suite_claim(void)
{
	Suite *s = suite_create("claim");
	TCase *t = tcase_create("claim");

	fixture_spools(t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, simple);
	tcase_add_test(t, created_at);
	tcase_add_test(t, not_there);
	tcase_add_test(t, not_due);
	tcase_add_test(t, paused);
	tcase_add_test(t, stale_cancel);
	tcase_add_test(t, cancel_for_other);
	tcase_add_test(t, half_written);
	tcase_add_test(t, settled);
	tcase_add_test(t, half_written_then_whole);
	tcase_add_test(t, bad_file);
	tcase_add_test(t, bad_once);
	tcase_add_test(t, bad_namesake);
	tcase_add_test(t, oversized);
	tcase_add_test(t, torn_line);
	tcase_add_test(t, put_right);
	tcase_add_test(t, lost_too_often);
	tcase_add_test(t, live_namesake);
	tcase_add_test(t, ended_namesake);
	tcase_add_test(t, begin_disk_full);
	tcase_add_test(t, begin_disk_full_moved);
	add_ends(t);
	suite_add_tcase(s, t);
	return s;
}
