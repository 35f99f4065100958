#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "fixture.h"
#include "fs.h"
#include "job.h"
#include "tests.h"

#define HOUR  (3600 * WHEN_SECOND)
#define LINES 32 /* of findings */

#define JOB   "command=true\n"
#define BEGUN "processing=2026-11-01T00:00:01.000000Z attempt=1 worker=x.1.1\n"
#define ENDED "completed=2026-11-01T00:00:02.345000Z attempt=1 exit_code=0\n"
#define LATER "retry_at=2999-01-01T00:00:00.000000Z"
#define TRIED \
	"failed=2026-11-01T00:00:02.000000Z attempt=1 exit_code=1 " LATER "\n"
#define GAVE_UP "dead=2026-11-01T00:00:02.000000Z attempt=1 exit_code=1\n"
#define OLD	"~20261101T000002.345" /* when ENDED */

/* ---- What is found, one line a finding, sorted ---- */

struct findings {
	char *line[LINES];
	int count;
};

static void
found(void *arg, const struct doctor_finding *f)
{
	struct findings *all = arg;
	struct buf line = BUF_EMPTY;

	ck_assert_int_lt(all->count, LINES);
	ck_assert_msg(!f->repaired || f->kind->repairable,
	    "%s is not repairable", f->kind->name);
	buf_printf(&line, "%s %s %s\n",
	    f->repaired	       ? "repaired" :
		f->kind->fault ? "fault" :
				 "note",
	    f->kind->name, f->path);
	all->line[all->count++] = line.data;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
forget(struct findings *all)
{
	while (all->count > 0)
		free(all->line[--all->count]);
}

/* Examines the spool at that time; the findings, until the next call. */
static const char *
examine(int repair, int64_t now)
{
	static struct buf text;
	struct doctor_options o;
	struct findings all;
	int i;

	memset(&all, 0, sizeof all);
	o.repair = repair;
	o.patience = 0;
	o.now = now;
	ck_assert_int_eq(doctor_run(&spool, &o, found, &all), 0);
	qsort(all.line, (size_t)all.count, sizeof all.line[0], compare);
	buf_clear(&text);
	for (i = 0; i < all.count; i++)
		buf_puts(&text, all.line[i]);
	forget(&all);
	return buf_text(&text);
}

/* ---- One fault after the other ---- */

static void
put_healthy(void)
{
	put_file(PENDING, "new", JOB);
	put_file(PENDING, "again", JOB); /* waits for its namesakes */
	put_file(FAILED, "again", JOB BEGUN TRIED);
	put_file(SPOOL_OUTPUT, "again.1.out", "x");
	put_file(PENDING, "reused", JOB);
	put_file(DONE, "reused", JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "reused.1.err", "x");
	put_file(DONE, "reused" OLD, JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "reused" OLD ".1.out", "x");
	put_file(DEAD, "dead", JOB BEGUN GAVE_UP);
	put_file(DEAD, "half", "command=");
	put_file(DEAD, "bad", JOB "priority=11\n");
	put_file(PENDING, ".new.aBcDeF", "comm");
	put_file(SPOOL_TMP, "x y", "");
	put_at(spool.fd, "paused", "ann\n");
	put_at(spool.fd, "config", "max_retries=1\n");
}

static void
put_foreign(void)
{
	put_file(PENDING, "a b", JOB);
	put_file(FAILED, "a" OLD, JOB);
	put_file(SPOOL_OUTPUT, "a.out", "x");
	put_file(SPOOL_CONTROL, "start.a", "");
	put_file(SPOOL_WORKERS, "me", "");
	put_at(spool.fd, "log", "x");
	ck_assert_int_eq(mkdirat(spool.dir[DONE], "dir", 0700), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", spool.dir[DEAD], "link"), 0);
	ck_assert_int_eq(mkfifoat(spool.dir[RUNNING], "fifo", 0600), 0);
}

static void
put_modes(void)
{
	put_file(DONE, "a", JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "a.1.out", "x");
	put_at(spool.fd, "config", "");
	ck_assert_int_eq(fchmodat(spool.dir[DONE], "a", 0620, 0), 0);
	ck_assert_int_eq(fchmodat(spool.dir[SPOOL_OUTPUT], "a.1.out", 0602, 0),
	    0);
	ck_assert_int_eq(fchmodat(spool.fd, "config", 0666, 0), 0);
}

static void
put_unreadable(void)
{
	put_file(PENDING, "wrong", JOB "priority=11\n");
	put_file(FAILED, "empty", "");
	put_file(DONE, "zeros", JOB BEGUN ENDED "comp\n");
}

static void
put_half(void)
{
	put_file(PENDING, "half", "command=tru");
}

static void
put_torn(void)
{
	put_file(FAILED, "a", JOB BEGUN TRIED "pend");
	put_file(DEAD, "b", JOB BEGUN GAVE_UP "pending=2026-11-");
}

static void
put_attempts(void)
{
	put_file(DONE, "skips",
	    JOB "processing=2026-11-01T00:00:01.000000Z attempt=2\n"
		"completed=2026-11-01T00:00:02.000000Z attempt=2\n");
	put_file(DONE, "twice",
	    JOB BEGUN
	    "processing=2026-11-01T00:00:01.500000Z attempt=1\n" ENDED);
	put_file(DONE, "ends", JOB BEGUN TRIED ENDED);
	put_file(DEAD, "unbegun", JOB GAVE_UP);
}

static void
put_future(void)
{
	put_file(DONE, "a",
	    JOB BEGUN "completed=2999-01-01T00:00:00.000000Z attempt=1\n");
	put_file(PENDING, "b", "created_at=2999-01-01T00:00:00Z\n" JOB);
	put_file(PENDING, "c", JOB);
	set_mtime(PENDING, "c", fs_now() + 2 * HOUR);
	put_file(PENDING, "d", JOB "run_at=2999-01-01T00:00:00Z\n");
	set_mtime(PENDING, "d", fs_now() + HOUR / 2);
}

static void
put_moved(void)
{
	put_file(PENDING, "a", JOB BEGUN ENDED);
	put_file(DEAD, "b",
	    JOB BEGUN GAVE_UP
	    "pending=2026-11-01T00:00:03.000000Z reason=retried\n");
}

static void
put_twins(void)
{
	put_file(FAILED, "a", JOB BEGUN TRIED);
	/* Of another host, as far as one can see: not to be recovered. */
	put_file(RUNNING, "a", JOB BEGUN);
}

static void
put_lost(void)
{
	static const char *const names[] = { "lost", "ended", "claimed" };
	size_t i;

	put_file(RUNNING, "lost", JOB BEGUN);
	put_file(RUNNING, "ended", JOB BEGUN ENDED);
	put_file(RUNNING, "claimed", JOB);
	put_file(RUNNING, "leased", JOB BEGUN);
	put_file(SPOOL_OUTPUT, "lost.1.out", "");
	put_file(SPOOL_OUTPUT, "leased.1.out", "");
	for (i = 0; i < LEN(names); i++)
		set_mtime(RUNNING, names[i], fs_now() - HOUR);
}

static void
put_outputs(void)
{
	put_file(SPOOL_OUTPUT, "gone.1.out", "x");
	put_file(SPOOL_OUTPUT, "gone.2.err", "");
	put_file(SPOOL_OUTPUT, "gone" OLD ".1.out", "");
	put_file(SPOOL_OUTPUT, "a.2.out", "");
	put_file(DONE, "a", JOB BEGUN ENDED);
}

/* Killed while it renamed the second output. */
static void
put_archive(void)
{
	put_file(PENDING, "a", JOB);
	put_file(DONE, "a", JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "a" OLD ".1.out", "");
	put_file(SPOOL_OUTPUT, "a.1.err", "");
	put_file(DONE, "b", JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "b~20261101T000002.346.1.out", "x");
}

static void
put_empty(void)
{
	put_file(DONE, "a", JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "a.1.out", "");
	put_file(PENDING, "b",
	    JOB BEGUN "pending=2026-11-01T00:00:03.000000Z reason=stopped\n");
	put_file(SPOOL_OUTPUT, "b.1.err", "");
}

/* Names that are no jobs, but only in pending/. */
static void
put_unfinished(void)
{
	put_file(PENDING, "a.part", JOB);
	put_file(DEAD, "b.part", JOB BEGUN GAVE_UP);
}

/* Jobs with two names: those that have ended are in some backup. */
static void
put_links(void)
{
	static const struct {
		int dir;
		const char *name;
		const char *text;
	} jobs[] = {
		{ PENDING, "a", JOB },
		{ FAILED, "b", JOB },
		{ DONE, "c", JOB BEGUN ENDED },
		{ DEAD, "d", JOB BEGUN GAVE_UP },
	};
	size_t i;

	for (i = 0; i < LEN(jobs); i++) {
		put_file(jobs[i].dir, jobs[i].name, jobs[i].text);
		ck_assert_int_eq(linkat(spool.dir[jobs[i].dir], jobs[i].name,
				     spool.dir[SPOOL_TMP], jobs[i].name, 0),
		    0);
	}
}

static void
put_requests(void)
{
	put_file(PENDING, "a", JOB);
	put_file(RUNNING, "b", JOB BEGUN);
	put_file(SPOOL_CONTROL, "cancel.a", "");
	put_file(SPOOL_CONTROL, "cancel.b", "");
	put_file(SPOOL_CONTROL, "stop.x.1", "");
	put_file(SPOOL_CONTROL, "interrupt.x.1", "");
	put_file(SPOOL_WORKERS, "x.1", "count=1\n");
	set_mtime(SPOOL_WORKERS, "x.1", fs_now() - HOUR);
	put_file(SPOOL_WORKERS, "x.1.1", "");
	set_mtime(SPOOL_WORKERS, "x.1.1", fs_now() - HOUR);
	put_file(SPOOL_WORKERS, "x.2", "count=1\n"); /* it may live */
}

static void
put_left(void)
{
	put_file(SPOOL_TMP, "a b", "");
	put_file(SPOOL_TMP, ".c", "");
}

static void
put_config(void)
{
	put_at(spool.fd, "config", "max_retries=many\n");
	put_torn();
}

static void
put_unsafe(void)
{
	ck_assert_int_eq(fchmod(spool.dir[DONE], 0770), 0);
	ck_assert_int_eq(fchmod(spool.fd, 0707), 0);
	put_torn();
}

/* `left` is what a repair leaves of `first`. */
static const struct {
	void (*put)(void);
	int64_t later; /* examined so much later */
	const char *first;
	const char *repairs;
	const char *left;
} rows[] = {
	{ put_healthy, 61 * WHEN_SECOND, "", "", "" },
	{ put_foreign, 0,
	    "fault foreign completed/dir\n"
	    "fault foreign control/start.a\n"
	    "fault foreign dead/link\n"
	    "fault foreign failed/a" OLD "\n"
	    "fault foreign log\n"
	    "fault foreign output/a.out\n"
	    "fault foreign pending/a b\n"
	    "fault foreign processing/fifo\n"
	    "fault foreign workers/me\n",
	    "",
	    "fault foreign completed/dir\n"
	    "fault foreign control/start.a\n"
	    "fault foreign dead/link\n"
	    "fault foreign failed/a" OLD "\n"
	    "fault foreign log\n"
	    "fault foreign output/a.out\n"
	    "fault foreign pending/a b\n"
	    "fault foreign processing/fifo\n"
	    "fault foreign workers/me\n" },
	{ put_modes, 0,
	    "fault mode completed/a\n"
	    "fault mode config\n"
	    "fault mode output/a.1.out\n",
	    "repaired mode completed/a\n"
	    "repaired mode config\n"
	    "repaired mode output/a.1.out\n",
	    "" },
	{ put_unreadable, 61 * WHEN_SECOND,
	    "fault unreadable completed/zeros\n"
	    "fault unreadable failed/empty\n"
	    "fault unreadable pending/wrong\n",
	    "",
	    "fault unreadable completed/zeros\n"
	    "fault unreadable failed/empty\n"
	    "fault unreadable pending/wrong\n" },
	{ put_half, 58 * WHEN_SECOND, "", "", "" },
	{ put_half, 61 * WHEN_SECOND, "fault unreadable pending/half\n", "",
	    "fault unreadable pending/half\n" },
	{ put_torn, 0, "fault torn dead/b\nfault torn failed/a\n",
	    "repaired torn dead/b\nrepaired torn failed/a\n", "" },
	{ put_attempts, 0,
	    "fault attempts completed/ends\n"
	    "fault attempts completed/skips\n"
	    "fault attempts completed/twice\n"
	    "fault attempts dead/unbegun\n",
	    "",
	    "fault attempts completed/ends\n"
	    "fault attempts completed/skips\n"
	    "fault attempts completed/twice\n"
	    "fault attempts dead/unbegun\n" },
	{ put_future, 0,
	    "fault future completed/a\n"
	    "fault future pending/b\n"
	    "fault future pending/c\n",
	    "",
	    "fault future completed/a\n"
	    "fault future pending/b\n"
	    "fault future pending/c\n" },
	{ put_moved, 0, "note moved dead/b\nnote moved pending/a\n", "",
	    "note moved dead/b\nnote moved pending/a\n" },
	{ put_twins, 0, "fault twins failed/a\nnote leased processing/a\n", "",
	    "fault twins failed/a\nnote leased processing/a\n" },
	{ put_lost, 0,
	    "fault lost processing/claimed\n"
	    "fault lost processing/ended\n"
	    "fault lost processing/lost\n"
	    "note leased processing/leased\n",
	    "repaired empty output/lost.1.out\n"
	    "repaired lost processing/claimed\n"
	    "repaired lost processing/ended\n"
	    "repaired lost processing/lost\n",
	    "note leased processing/leased\n" },
	{ put_outputs, 0,
	    "fault output output/a.2.out\n"
	    "fault output output/gone.1.out\n"
	    "fault output output/gone.2.err\n"
	    "fault output output/gone" OLD ".1.out\n",
	    "",
	    "fault output output/a.2.out\n"
	    "fault output output/gone.1.out\n"
	    "fault output output/gone.2.err\n"
	    "fault output output/gone" OLD ".1.out\n" },
	{ put_archive, 0,
	    "fault output output/b~20261101T000002.346.1.out\n"
	    "note archive output/a" OLD ".1.out\n"
	    "note empty output/a.1.err\n",
	    "repaired archive output/a" OLD ".1.out\n"
	    "repaired empty output/a.1.err\n"
	    "repaired empty output/a" OLD ".1.out\n",
	    "fault output output/b~20261101T000002.346.1.out\n" },
	{ put_empty, 0,
	    "note empty output/a.1.out\nnote empty output/b.1.err\n",
	    "repaired empty output/a.1.out\n"
	    "repaired empty output/b.1.err\n",
	    "" },
	{ put_requests, 0,
	    "note leased processing/b\n"
	    "note request control/cancel.a\n"
	    "note request control/interrupt.x.1\n"
	    "note request control/stop.x.1\n"
	    "note worker workers/x.1\n"
	    "note worker workers/x.1.1\n",
	    "repaired request control/cancel.a\n"
	    "repaired request control/interrupt.x.1\n"
	    "repaired request control/stop.x.1\n"
	    "repaired worker workers/x.1\n"
	    "repaired worker workers/x.1.1\n",
	    "note leased processing/b\n" },
	{ put_unfinished, 35 * HOUR, "", "", "" },
	{ put_unfinished, 37 * HOUR, "fault foreign pending/a.part\n", "",
	    "fault foreign pending/a.part\n" },
	{ put_links, 0, "note links failed/b\nnote links pending/a\n", "",
	    "note links failed/b\nnote links pending/a\n" },
	{ put_left, 35 * HOUR, "", "", "" },
	{ put_left, 37 * HOUR, "note left tmp/.c\nnote left tmp/a b\n",
	    "repaired left tmp/.c\nrepaired left tmp/a b\n", "" },
	{ put_config, 0,
	    "fault config config\n"
	    "fault torn dead/b\n"
	    "fault torn failed/a\n",
	    "",
	    "fault config config\n"
	    "fault torn dead/b\n"
	    "fault torn failed/a\n" },
	{ put_unsafe, 0,
	    "fault torn dead/b\n"
	    "fault torn failed/a\n"
	    "fault unsafe .\n"
	    "fault unsafe completed\n",
	    "",
	    "fault torn dead/b\n"
	    "fault torn failed/a\n"
	    "fault unsafe .\n"
	    "fault unsafe completed\n" },
};

/* The lines of two texts, sorted. */
static const char *
merge(const char *a, const char *b)
{
	static struct buf text;
	const char *next;
	size_t len;

	buf_clear(&text);
	while (*a != '\0' || *b != '\0') {
		next = *b == '\0' || (*a != '\0' && strcmp(a, b) < 0) ? a : b;
		len = strcspn(next, "\n") + 1;
		buf_add(&text, next, len);
		if (next == a)
			a += len;
		else
			b += len;
	}
	return buf_text(&text);
}

START_TEST(row)
{
	int64_t now;

	rows[_i].put();
	now = fs_now() + rows[_i].later;
	ck_assert_str_eq(examine(0, now), rows[_i].first);
	ck_assert_str_eq(examine(0, now), rows[_i].first); /* only looks */
	ck_assert_str_eq(examine(1, now),
	    merge(rows[_i].left, rows[_i].repairs));
	ck_assert_str_eq(examine(1, now), rows[_i].left);
	ck_assert_str_eq(examine(1, now), rows[_i].left);
	ck_assert_str_eq(examine(0, now), rows[_i].left);
}
END_TEST

/* ---- What the repairs make ---- */

START_TEST(recovers)
{
	put_lost();
	(void)examine(1, fs_now());
	expect_job(PENDING, "lost",
	    "processing attempt=1 worker=x.1.1\npending reason=lost\n");
	expect_job(DONE, "ended",
	    "processing attempt=1 worker=x.1.1\n"
	    "completed attempt=1 exit_code=0\n");
	expect_job(PENDING, "claimed", "");
	expect_file(RUNNING, "leased", JOB BEGUN);
}
END_TEST

START_TEST(completes_archive)
{
	put_archive();
	(void)examine(1, fs_now());
	expect_file(PENDING, "a", JOB);
	expect_file(DONE, "a" OLD, JOB BEGUN ENDED);
	expect_none(DONE, "a");
	expect_count(SPOOL_OUTPUT, 1);
}
END_TEST

START_TEST(cuts)
{
	put_torn();
	(void)examine(1, fs_now());
	expect_file(FAILED, "a", JOB BEGUN TRIED);
	expect_file(DEAD, "b", JOB BEGUN GAVE_UP);
}
END_TEST

START_TEST(forbids)
{
	struct stat st;

	put_modes();
	(void)examine(1, fs_now());
	ck_assert_int_eq(fstatat(spool.dir[DONE], "a", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(fstatat(spool.fd, "config", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
}
END_TEST

START_TEST(belongs_to_others)
{
	static const char *const left = "fault owner completed/a\n";

	if (geteuid() != 0)
		return;
	put_file(DONE, "a", JOB BEGUN ENDED);
	ck_assert_int_eq(fchownat(spool.dir[DONE], "a", 1, 1, 0), 0);
	ck_assert_str_eq(examine(1, fs_now()), left);
	ck_assert_str_eq(examine(1, fs_now()), left);
}
END_TEST

/* ---- Locks ---- */

/* An ended job, and one that was moved while it ran. */
START_TEST(held)
{
	static const char *const found = "fault held completed/a\n"
					 "fault held failed/b\n";
	struct holder a, b;

	put_file(DONE, "a", JOB BEGUN ENDED "pend");
	put_file(FAILED, "b", JOB BEGUN);
	put_file(SPOOL_OUTPUT, "a.1.out", "");
	a = hold(DONE, "a");
	b = hold(FAILED, "b");
	ck_assert_str_eq(examine(0, fs_now()),
	    merge(found, "note empty output/a.1.out\n"));
	/* Neither the torn line nor the output is touched. */
	ck_assert_str_eq(examine(1, fs_now()),
	    merge(found, "note empty output/a.1.out\n"));
	expect_file(DONE, "a", JOB BEGUN ENDED "pend");
	let_go(&a);
	let_go(&b);
	ck_assert_str_eq(examine(1, fs_now()),
	    "note moved failed/b\n"
	    "repaired empty output/a.1.out\n"
	    "repaired torn completed/a\n");
}
END_TEST

/* What somebody works on is well, however it looks just now. */
START_TEST(locked)
{
	struct holder a, b, c;

	put_file(FAILED, "a",
	    JOB BEGUN TRIED
	    "pending=2026-11-01T00:00:03.000000Z reason=retried\n");
	put_file(DEAD, "b" OLD, JOB);
	put_file(RUNNING, "c", JOB);
	put_file(SPOOL_TMP, "d", JOB);
	a = hold(FAILED, "a");
	b = hold(RUNNING, "c");
	c = hold(SPOOL_TMP, "d");
	ck_assert_str_eq(examine(0, fs_now() + 37 * HOUR), "");
	ck_assert_str_eq(examine(1, fs_now() + 37 * HOUR), "");
	let_go(&a);
	let_go(&b);
	let_go(&c);
}
END_TEST

START_TEST(orphaned)
{
	struct holder h;

	put_file(RUNNING, "a", JOB BEGUN);
	h = hold(RUNNING, "a");
	ck_assert_str_eq(examine(1, fs_now()), "fault orphaned processing/a\n");
	expect_file(RUNNING, "a", JOB BEGUN);
	let_go(&h);
}
END_TEST

/* What an idle worker keeps for its next job may be old. */
START_TEST(spare)
{
	struct holder worker;

	put_file(SPOOL_WORKERS, "x.1.1", "");
	put_file(SPOOL_TMP, "x.1.1.out", "");
	put_file(SPOOL_TMP, "x.1.1.err", "");
	put_file(SPOOL_TMP, "x.1.1.log", "");
	put_file(SPOOL_TMP, "x.1.2.out", "");
	worker = hold(SPOOL_WORKERS, "x.1.1");
	ck_assert_str_eq(examine(0, fs_now() + 37 * HOUR),
	    "note left tmp/x.1.1.log\n"
	    "note left tmp/x.1.2.out\n");
	let_go(&worker);
}
END_TEST

/* A worker that lives has its entry locked. */
START_TEST(runs)
{
	struct holder job, worker;

	put_file(SPOOL_WORKERS, "x.1.1", "");
	put_file(RUNNING, "a", JOB BEGUN "fail");
	put_file(SPOOL_OUTPUT, "a.1.out", "");
	put_file(SPOOL_CONTROL, "cancel.a", "");
	put_file(SPOOL_CONTROL, "stop.x.1.1", "");
	job = hold(RUNNING, "a");
	worker = hold(SPOOL_WORKERS, "x.1.1");
	ck_assert_str_eq(examine(0, fs_now()), "");
	ck_assert_str_eq(examine(1, fs_now()), "");
	let_go(&job);
	let_go(&worker);
}
END_TEST

/* An archive under way: the record is locked, the outputs are renamed. */
START_TEST(archiving)
{
	struct holder h;

	put_file(DONE, "a", JOB BEGUN ENDED);
	put_file(SPOOL_OUTPUT, "a" OLD ".1.out", "x");
	h = hold(DONE, "a");
	ck_assert_str_eq(examine(1, fs_now()), "fault held completed/a\n");
	let_go(&h);
}
END_TEST

/* ---- What changes while it is looked at ---- */

/* Touches a job again and again, until it is told to end. */
static int
touch(void *arg)
{
	const int *go = arg;
	char end;

	(void)fcntl(go[0], F_SETFL, O_NONBLOCK);
	while (read(go[0], &end, 1) == -1)
		(void)utimensat(spool.dir[PENDING], "a", NULL, 0);
	return 0;
}

START_TEST(written_to)
{
	struct doctor_options o = { 0, 40000, 0 };
	struct findings all;
	int go[2], i;
	pid_t pid;

	put_file(PENDING, "a", JOB BEGUN ENDED);
	ck_assert_int_eq(pipe(go), 0);
	pid = child_start(touch, go);
	memset(&all, 0, sizeof all);
	o.now = fs_now();
	/* Now and then the toucher may not have run in time. */
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(doctor_run(&spool, &o, found, &all), 0);
	ck_assert_int_eq(fs_write(go[1], "x", 1), 0);
	ck_assert_int_eq(child_end(pid), 0);
	ck_assert_int_lt(all.count, 5);
	forget(&all);
}
END_TEST

/* After a while, begins to run a namesake of what is looked at. */
static int
begin(void *arg)
{
	(void)arg;
	(void)poll(NULL, 0, 200);
	return renameat(spool.dir[SPOOL_TMP], "a", spool.dir[RUNNING], "a");
}

/* Told is only what was so at each look. */
START_TEST(late)
{
	struct doctor_options o = { 0, 400000, 0 };
	struct findings all;
	int i, told = 2;
	pid_t pid;

	put_file(FAILED, "a", JOB BEGUN);
	/* Five times, as the other process may be far too early. */
	for (i = 0; i < 5 && told > 1; i++) {
		(void)unlinkat(spool.dir[RUNNING], "a", 0);
		put_file(SPOOL_TMP, "a", JOB BEGUN);
		memset(&all, 0, sizeof all);
		o.now = fs_now();
		pid = child_start(begin, NULL);
		ck_assert_int_eq(doctor_run(&spool, &o, found, &all), 0);
		ck_assert_int_eq(child_end(pid), 0);
		told = all.count;
		forget(&all);
	}
	ck_assert_int_eq(told, 1);
	ck_assert_str_eq(examine(0, fs_now()),
	    "fault twins failed/a\nnote leased processing/a\n"
	    "note moved failed/a\n");
}
END_TEST

Suite *
suite_doctor(void)
{
	Suite *s = suite_create("doctor");
	TCase *t = tcase_create("doctor");

	fixture_spools(t);
	tcase_add_loop_test(t, row, 0, (int)LEN(rows));
	tcase_add_test(t, recovers);
	tcase_add_test(t, completes_archive);
	tcase_add_test(t, cuts);
	tcase_add_test(t, forbids);
	tcase_add_test(t, belongs_to_others);
	tcase_add_test(t, held);
	tcase_add_test(t, locked);
	tcase_add_test(t, orphaned);
	tcase_add_test(t, spare);
	tcase_add_test(t, runs);
	tcase_add_test(t, archiving);
	tcase_add_test(t, written_to);
	tcase_add_test(t, late);
	suite_add_tcase(s, t);
	return s;
}
