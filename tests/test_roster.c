#include "roster.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "fs.h"
#include "tests.h"

static struct roster roster;

/* Gives a file a time of change, in seconds. */
static void
set_time(int dir, const char *name, long seconds)
{
	struct timespec ts[2];

	ts[0].tv_sec = ts[1].tv_sec = seconds;
	ts[0].tv_nsec = ts[1].tv_nsec = 0;
	ck_assert_int_eq(utimensat(spool.dir[dir], name, ts, 0), 0);
}

static void
put_job(int dir, const char *name, long seconds)
{
	put_file(dir, name, "command=true\n");
	set_time(dir, name, seconds);
}

/* Sets back when the directory changed: what was read of it is trusted then. */
static void
age_dir(int dir, long seconds)
{
	struct timespec ts[2];

	ts[0].tv_sec = ts[1].tv_sec = seconds;
	ts[0].tv_nsec = ts[1].tv_nsec = 0;
	ck_assert_int_eq(futimens(spool.dir[dir], ts), 0);
}

static void
update(int dir)
{
	roster.look.next = 0; /* it has rested long enough */
	ck_assert_int_eq(roster_update(&roster, &spool, dir), 0);
}

/* It holds these names, in this order. */
static void
expect(const char *names)
{
	struct buf text = BUF_EMPTY;
	size_t i;

	for (i = 0; i < roster.count; i++) {
		buf_puts(&text, i > 0 ? " " : "");
		buf_puts(&text, roster_at(&roster, i)->name);
	}
	ck_assert_str_eq(buf_text(&text), names);
	buf_free(&text);
}

static void
empty(void)
{
	roster_free(&roster);
	memset(&roster, 0, sizeof roster);
}

START_TEST(newest_first)
{
	put_job(DONE, "b", 100);
	put_job(DONE, "a", 300);
	put_job(DONE, "c", 200);
	put_job(DONE, "d", 200);
	put_job(DONE, "a~20261122T024800.130", 50);
	put_job(DONE, ".hidden", 900);
	ck_assert_int_eq(mkdirat(spool.dir[DONE], "e", 0700), 0);
	update(DONE);
	expect("a d c b a~20261122T024800.130");
	ck_assert_uint_eq(roster_after(&roster, 1000 * WHEN_SECOND, "z"), 0);
	ck_assert_uint_eq(roster_after(&roster, 300 * WHEN_SECOND, "a"), 1);
	/* Gone or not, its place stays. */
	ck_assert_uint_eq(roster_after(&roster, 200 * WHEN_SECOND, "cc"), 2);
	ck_assert_uint_eq(roster_after(&roster, 200 * WHEN_SECOND, "c"), 3);
	ck_assert_uint_eq(roster_after(&roster, 1, "x"), 5);
	empty();
}
END_TEST

START_TEST(what_has_changed)
{
	unsigned long version;

	put_job(DEAD, "a", 100);
	put_job(DEAD, "b", 200);
	update(DEAD);
	version = roster.version;
	put_job(DEAD, "c", 150);
	update(DEAD);
	expect("b c a");
	ck_assert_uint_ne(roster.version, version);
	version = roster.version;
	ck_assert_int_eq(unlinkat(spool.dir[DEAD], "b", 0), 0);
	update(DEAD);
	expect("c a");
	ck_assert_uint_ne(roster.version, version);
	/* Another file of that name. */
	put_job(DEAD, "new", 400);
	ck_assert_int_eq(renameat(spool.dir[DEAD], "new", spool.dir[DEAD], "a"),
	    0);
	update(DEAD);
	expect("a c");
	version = roster.version;
	update(DEAD);
	ck_assert_uint_eq(roster.version, version);
	ck_assert_int_eq(unlinkat(spool.dir[DEAD], "a", 0), 0);
	ck_assert_int_eq(unlinkat(spool.dir[DEAD], "c", 0), 0);
	update(DEAD);
	expect("");
	empty();
}
END_TEST

/* A file is asked for its time once; the directory is read if it changes. */
START_TEST(what_is_not_asked_again)
{
	put_job(DONE, "a", 100);
	put_job(DONE, "b", 200);
	age_dir(DONE, 1000);
	update(DONE);
	expect("b a");
	put_job(DONE, "c", 300);
	set_time(DONE, "a", 500);
	age_dir(DONE, 1000);
	update(DONE);
	expect("b a"); /* it was not read */
	age_dir(DONE, 1001);
	update(DONE);
	expect("a c b"); /* it was, and all were asked */
	set_time(DONE, "b", 600);
	update(DONE);
	expect("a c b"); /* once */
	empty();
}
END_TEST

/* Of many, some are asked each time, until all were. */
START_TEST(in_turns)
{
	char name[16];
	int i;

	for (i = 0; i < 2 * ROSTER_ASK + 10; i++) {
		snprintf(name, sizeof name, "j%d", i);
		put_job(DONE, name, 1000 + i);
	}
	age_dir(DONE, 5000);
	update(DONE);
	for (i = 0; i < 2 * ROSTER_ASK + 10; i += 1000) {
		snprintf(name, sizeof name, "j%d", i);
		set_time(DONE, name, 100000 - i);
	}
	put_job(DONE, "z", 1);
	age_dir(DONE, 5001);
	for (i = 0; i < 3; i++)
		update(DONE);
	ck_assert_uint_eq(roster.left, 0);
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "j%d", 1000 * i);
		ck_assert_str_eq(roster_at(&roster, (size_t)i)->name, name);
	}
	for (i = 1; (size_t)i < roster.count; i++)
		ck_assert(roster_before(roster_at(&roster, (size_t)i - 1),
		    roster_at(&roster, (size_t)i)));
	empty();
}
END_TEST

/* What has changed just now may change again without another time. */
START_TEST(what_is_not_trusted)
{
	struct timespec then[2];
	struct stat st;

	put_job(DONE, "a", 100);
	update(DONE);
	expect("a");
	ck_assert_int_eq(fstat(spool.dir[DONE], &st), 0);
	put_job(DONE, "b", 200);
	then[0] = st.st_atim;
	then[1] = st.st_mtim;
	ck_assert_int_eq(futimens(spool.dir[DONE], then), 0);
	update(DONE);
	expect("b a");
	empty();
}
END_TEST

/* Jobs that run are touched while they do. */
START_TEST(what_runs)
{
	put_job(RUNNING, "a", 100);
	put_job(RUNNING, "b", 200);
	age_dir(RUNNING, 1000);
	update(RUNNING);
	expect("b a");
	set_time(RUNNING, "a", 300);
	age_dir(RUNNING, 1001);
	update(RUNNING);
	expect("a b");
	empty();
}
END_TEST

/* It rests for as long as it was told to. */
START_TEST(how_often)
{
	update(DONE);
	roster.look.next = INT64_MAX;
	put_job(DONE, "a", 100);
	ck_assert_int_eq(roster_update(&roster, &spool, DONE), 0);
	expect("");
	update(DONE);
	expect("a");
	empty();
}
END_TEST

/* What took long is not done again soon. */
START_TEST(rests)
{
	struct look look;
	int64_t now;

	memset(&look, 0, sizeof look);
	look_begin(&look, &spool, JOB_PENDING);
	look.begun -= WHEN_SECOND;
	now = fs_mono();
	look_end(&look, 0);
	ck_assert_int_ge(look.next, now + LOOK_REST * WHEN_SECOND);
	ck_assert(!look_due(&look, &spool, JOB_PENDING));
	look.next = now;
	ck_assert(look_due(&look, &spool, JOB_PENDING));
}
END_TEST

/* What could not be read is not told of as it was, nor as nothing. */
START_TEST(unreadable)
{
	int dir = spool.dir[JOB_DEAD];

	put_job(JOB_DEAD, "a", 1);
	update(JOB_DEAD);
	roster.look.next = 0;
	spool.dir[JOB_DEAD] = -1;
	ck_assert_int_eq(roster_update(&roster, &spool, JOB_DEAD), -1);
	ck_assert_int_eq(errno, EBADF);
	spool.dir[JOB_DEAD] = dir;
	roster.look.next = INT64_MAX;
	errno = 0;
	ck_assert_int_eq(roster_update(&roster, &spool, JOB_DEAD), -1);
	ck_assert_int_eq(errno, EBADF);
	roster.look.next = 0;
	update(JOB_DEAD);
	expect("a");
	empty();
}
END_TEST

/* Many come and go, in runs and alone, and it says what a first look would. */
START_TEST(as_a_first_look)
{
	struct roster fresh;
	char name[16];
	int round, i;
	size_t k;

	srand(7);
	for (round = 0; round < 60; round++) {
		for (i = 0; i < 40; i++) {
			snprintf(name, sizeof name, "j%d", rand() % 200);
			if (rand() % 2 == 0)
				(void)unlinkat(spool.dir[DONE], name, 0);
			else
				put_job(DONE, name, 1000 + rand() % 50);
		}
		for (i = rand() % 200; round % 3 == 0 && i < 200; i++) {
			snprintf(name, sizeof name, "j%d", i);
			(void)unlinkat(spool.dir[DONE], name, 0);
		}
		age_dir(DONE, 5000 + round);
		update(DONE);
		/* The same file with another time is not seen: not asked for. */
		memset(&fresh, 0, sizeof fresh);
		ck_assert_int_eq(roster_update(&fresh, &spool, DONE), 0);
		ck_assert_uint_eq(fresh.count, roster.count);
		for (k = 0; k < fresh.count; k++) {
			ck_assert_ptr_nonnull(roster_at(&roster, k)->name);
			if (k > 0)
				ck_assert(
				    roster_before(roster_at(&roster, k - 1),
					roster_at(&roster, k)));
			ck_assert_str_eq(fresh.entry[k].name,
			    roster.entry[k].name);
			ck_assert_uint_eq(fresh.entry[k].inode,
			    roster.entry[k].inode);
		}
		roster_free(&fresh);
	}
	empty();
}
END_TEST

Suite *
suite_roster(void)
{
	Suite *s = suite_create("roster");
	TCase *t = tcase_create("all");

	fixture_spools(t);
	tcase_add_test(t, newest_first);
	tcase_add_test(t, what_has_changed);
	tcase_add_test(t, what_is_not_asked_again);
	tcase_add_test(t, in_turns);
	tcase_add_test(t, what_is_not_trusted);
	tcase_add_test(t, what_runs);
	tcase_add_test(t, how_often);
	tcase_add_test(t, rests);
	tcase_add_test(t, unreadable);
	tcase_add_test(t, as_a_first_look);
	suite_add_tcase(s, t);
	return s;
}
