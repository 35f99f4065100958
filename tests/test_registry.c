#include "registry.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "fs.h"
#include "tests.h"

#define ENTRY                                                       \
	"host=vm\npid=12\nstarted_at=2026-11-22T02:48:00.000000Z\n" \
	"count=3\nversion=0.1.0\ncompleted=0000000000\n"

static int
enter(const char *name, const char *text)
{
	struct buf b = BUF_EMPTY;
	int fd;

	buf_puts(&b, text);
	fd = registry_enter(&spool, name, &b);
	ck_assert_msg(fd != -1, "%s: %s", name, strerror(errno));
	buf_free(&b);
	return fd;
}

/* The child: tells how its parent sees that entry. */
static int
is_alive(void *arg)
{
	return registry_alive(&spool, arg);
}

static void
expect_alive(const char *name, int want)
{
	char copy[REGISTRY_NAME_MAX];

	snprintf(copy, sizeof copy, "%s", name);
	ck_assert_int_eq(registry_alive(&spool, name), want);
	ck_assert_int_eq(child_end(child_start(is_alive, copy)), want);
}

/* The child: enters itself and dies without leaving. */
static int
die_entered(void *arg)
{
	struct buf text = BUF_EMPTY;
	int fd;

	buf_puts(&text, ENTRY);
	fd = registry_enter(&spool, arg, &text);
	buf_free(&text);
	return fd == -1;
}

static void
put_dead(const char *name)
{
	char copy[REGISTRY_NAME_MAX];

	snprintf(copy, sizeof copy, "%s", name);
	ck_assert_int_eq(child_end(child_start(die_entered, copy)), 0);
	expect_file(SPOOL_WORKERS, name, ENTRY);
}

static int
enter_supervisor(pid_t pid, char name[REGISTRY_NAME_MAX])
{
	struct buf b = BUF_EMPTY;
	int fd;

	buf_puts(&b, ENTRY);
	fd = registry_enter_supervisor(&spool, pid, &b, name);
	buf_free(&b);
	return fd;
}

START_TEST(names)
{
	char name[REGISTRY_NAME_MAX], want[REGISTRY_NAME_MAX + 16];
	int fd = enter_supervisor(4711, name);

	snprintf(want, sizeof want, "%s.4711", spool.host);
	ck_assert_str_eq(name, want);
	expect_file(SPOOL_WORKERS, want, ENTRY);
	registry_leave(&spool, name, fd);
	/* The longest name of a host, whole. */
	memset(spool.host, 'h', SPOOL_HOST_MAX);
	spool.host[SPOOL_HOST_MAX] = '\0';
	fd = enter_supervisor(2147483647, name);
	ck_assert_uint_eq(strlen(name), SPOOL_HOST_MAX + 11);
	ck_assert_str_eq(name + SPOOL_HOST_MAX, ".2147483647");
	registry_leave(&spool, name, fd);
	expect_count(SPOOL_WORKERS, 0);
}
END_TEST

/* The name of a living process is never taken, by whomever it was made. */
START_TEST(twins)
{
	char name[4][REGISTRY_NAME_MAX];
	struct holder worker, other;
	int fd[2];

	snprintf(spool.host, sizeof spool.host, "vm");
	put_file(SPOOL_WORKERS, "vm.1.7", "");
	put_file(SPOOL_WORKERS, "vm.1", ENTRY); /* of a dead one */
	worker = hold(SPOOL_WORKERS, "vm.1.7");
	put_file(SPOOL_WORKERS, "vm.1-2", "mine");
	other = hold(SPOOL_WORKERS, "vm.1-2");
	ck_assert_int_eq(mkdirat(spool.dir[SPOOL_WORKERS], "vm.1-3", 0700), 0);
	fd[0] = enter_supervisor(1, name[0]);
	fd[1] = enter_supervisor(1, name[1]);
	ck_assert_str_eq(name[0], "vm.1-4");
	ck_assert_str_eq(name[1], "vm.1-5");
	expect_alive("vm.1-4", 1);
	expect_alive("vm.1-5", 1);
	expect_file(SPOOL_WORKERS, "vm.1-2", "mine");
	expect_count(SPOOL_WORKERS, 6);
	let_go(&worker);
	let_go(&other);
	registry_leave(&spool, name[0], fd[0]);
	fd[0] = enter_supervisor(1, name[2]);
	ck_assert_str_eq(name[2], "vm.1");
	expect_alive("vm.1", 1);
	registry_leave(&spool, name[1], fd[1]);
	registry_leave(&spool, name[2], fd[0]);
	expect_count(SPOOL_TMP, 0);
}
END_TEST

START_TEST(enter_taken)
{
	struct buf text = BUF_EMPTY;
	int fd = enter("vm.12.1", "");

	ck_assert_int_eq(registry_enter(&spool, "vm.12.1", &text), -1);
	ck_assert_int_eq(errno, EEXIST);
	expect_count(SPOOL_TMP, 0);
	ck_assert_int_eq(spool_same(&spool, fd, SPOOL_WORKERS, "vm.12.1"), 1);
	registry_leave(&spool, "vm.12.1", fd);
	expect_count(SPOOL_WORKERS, 0);
}
END_TEST

START_TEST(syntax)
{
	static const struct {
		const char *name;
		int valid, local; /* on the host vm-1.b */
	} rows[] = {
		{ "vm-1.b.12", 1, 1 },
		{ "vm-1.b.12-2", 1, 1 },
		{ "vm-1.b.12.3", 1, 1 },
		{ "vm-1.b.12-2.3", 1, 1 },
		{ "vm-1.12", 1, 0 },
		{ "vm-1.b.c.12", 1, 0 },
		{ "vm-1.b.c.12.3", 1, 0 },
		{ "vm-1.b-2.12", 1, 0 },
		{ "vm-1.bb.12", 1, 0 },
		{ "b.12", 1, 0 },
		{ "vm-1.b", 0, 0 },
		{ "vm-1.b.", 0, 0 },
		{ "vm-1.b.0", 0, 0 },
		{ "vm-1.b.012", 0, 0 },
		{ "vm-1.b.12-", 0, 0 },
		{ "vm-1.b.12-0", 0, 0 },
		{ "vm-1.b.12-2-3", 0, 0 },
		{ "vm-1.b.x", 0, 0 },
		{ "vm 1.12", 0, 0 },
		{ "vm\n.12", 0, 0 },
		{ "vm\033[2J.12", 0, 0 },
		{ ".12", 0, 0 },
		{ ".vm.12", 0, 0 },
		{ "../vm.12", 0, 0 },
		{ "../../dev/ptmx", 0, 0 },
		{ "12", 0, 0 },
		{ "", 0, 0 },
	};
	char name[REGISTRY_NAME_MAX + 1];
	size_t i;

	snprintf(spool.host, sizeof spool.host, "vm-1.b");
	for (i = 0; i < LEN(rows); i++) {
		ck_assert_msg(registry_is_name(rows[i].name) == rows[i].valid,
		    "is '%s' a name?", rows[i].name);
		ck_assert_msg(!rows[i].valid ||
			registry_is_local(&spool, rows[i].name) ==
			    rows[i].local,
		    "is '%s' of this host?", rows[i].name);
	}
	/* None is longer than there is room for. */
	memset(name, 'h', sizeof name);
	memcpy(name + REGISTRY_NAME_MAX - 3, ".1", 3);
	ck_assert_int_eq(registry_is_name(name), 1);
	memcpy(name + REGISTRY_NAME_MAX - 3, "h.1", 4);
	ck_assert_int_eq(registry_is_name(name), 0);
}
END_TEST

/* Entries of other hosts are found, whether their process lives or not. */
START_TEST(others)
{
	snprintf(spool.host, sizeof spool.host, "vm");
	ck_assert_int_eq(registry_others(&spool), 0);
	put_file(SPOOL_WORKERS, "vm.12", ENTRY);
	put_file(SPOOL_WORKERS, "vm.12.3", "");
	put_file(SPOOL_WORKERS, ".nfs1", "");
	put_file(SPOOL_WORKERS, "README", "");
	ck_assert_int_eq(registry_others(&spool), 0);
	put_file(SPOOL_WORKERS, "vm2.12", ENTRY);
	ck_assert_int_eq(registry_others(&spool), 1);
}
END_TEST

START_TEST(enter_and_leave)
{
	int fd;

	expect_alive("vm.12", 0);
	fd = enter("vm.12", ENTRY);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	expect_file(SPOOL_WORKERS, "vm.12", ENTRY);
	expect_count(SPOOL_TMP, 0);
	expect_alive("vm.12", 1);
	expect_alive("vm.1", 0);
	registry_leave(&spool, "vm.12", fd);
	expect_alive("vm.12", 0);
	expect_none(SPOOL_WORKERS, "vm.12");
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

/* What a dead process of the same name left is replaced. */
START_TEST(enter_over_leftovers)
{
	int fd;

	put_dead("vm.12");
	expect_alive("vm.12", 0);
	fd = enter("vm.12", "count=1\n");
	expect_alive("vm.12", 1);
	expect_file(SPOOL_WORKERS, "vm.12", "count=1\n");
	expect_count(SPOOL_TMP, 0);
	registry_leave(&spool, "vm.12", fd);
}
END_TEST

START_TEST(enter_disk_full)
{
	struct buf text = BUF_EMPTY;
	int fd;

	buf_puts(&text, ENTRY);
	limit_size(10);
	fd = registry_enter(&spool, "vm.12", &text);
	unlimit_size();
	buf_free(&text);
	ck_assert_int_eq(fd, -1);
	expect_count(SPOOL_TMP, 0);
	expect_count(SPOOL_WORKERS, 0);
}
END_TEST

/* An entry that somebody else has made of that name meanwhile stays. */
START_TEST(leave_only_ours)
{
	int fd = enter("vm.12", ENTRY), other;

	ck_assert_int_eq(unlinkat(spool.dir[SPOOL_WORKERS], "vm.12", 0), 0);
	registry_leave(&spool, "vm.12", fd);
	fd = enter("vm.12", ENTRY);
	ck_assert_int_eq(unlinkat(spool.dir[SPOOL_WORKERS], "vm.12", 0), 0);
	other = enter("vm.12", "count=9\n");
	registry_leave(&spool, "vm.12", fd);
	expect_file(SPOOL_WORKERS, "vm.12", "count=9\n");
	expect_alive("vm.12", 1);
	registry_leave(&spool, "vm.12", other);
	expect_count(SPOOL_WORKERS, 0);
}
END_TEST

/* Who removes or replaces an entry hides a living process for a while only. */
START_TEST(reenter)
{
	struct buf text = BUF_EMPTY;
	int fd = enter("vm.12", ENTRY);
	struct holder other;
	uint64_t inode = 0;

	buf_puts(&text, "count=1\n");
	ck_assert_int_eq(registry_entered(&spool, "vm.12", &inode), 1);
	ck_assert_uint_ne(inode, 0);
	ck_assert_int_eq(registry_reenter(&spool, "vm.12", &text, &fd), 0);
	expect_file(SPOOL_WORKERS, "vm.12", ENTRY);
	/* Removed. */
	ck_assert_int_eq(unlinkat(spool.dir[SPOOL_WORKERS], "vm.12", 0), 0);
	ck_assert_int_eq(registry_entered(&spool, "vm.12", &inode), 0);
	ck_assert_int_eq(registry_reenter(&spool, "vm.12", &text, &fd), 1);
	expect_file(SPOOL_WORKERS, "vm.12", "count=1\n");
	expect_alive("vm.12", 1);
	ck_assert_int_eq(registry_entered(&spool, "vm.12", &inode), 1);
	/* Replaced by what nobody holds. */
	put_file(SPOOL_TMP, "x", "count=2\n");
	ck_assert_int_eq(renameat(spool.dir[SPOOL_TMP], "x",
			     spool.dir[SPOOL_WORKERS], "vm.12"),
	    0);
	ck_assert_int_eq(registry_entered(&spool, "vm.12", &inode), 0);
	ck_assert_int_eq(registry_reenter(&spool, "vm.12", &text, &fd), 1);
	expect_file(SPOOL_WORKERS, "vm.12", "count=1\n");
	expect_alive("vm.12", 1);
	/* And by what somebody does. */
	ck_assert_int_eq(unlinkat(spool.dir[SPOOL_WORKERS], "vm.12", 0), 0);
	put_file(SPOOL_WORKERS, "vm.12", "count=3\n");
	other = hold(SPOOL_WORKERS, "vm.12");
	ck_assert_int_eq(registry_reenter(&spool, "vm.12", &text, &fd), -1);
	ck_assert_int_eq(errno, EEXIST);
	expect_file(SPOOL_WORKERS, "vm.12", "count=3\n");
	ck_assert_int_eq(registry_entered(&spool, "vm.12", &inode), 1);
	let_go(&other);
	ck_assert_int_eq(registry_reenter(&spool, "vm.12", &text, &fd), 1);
	expect_count(SPOOL_TMP, 0);
	registry_leave(&spool, "vm.12", fd);
	expect_count(SPOOL_WORKERS, 0);
	buf_free(&text);
}
END_TEST

/* The text is written anew in place, under the same lock. */
START_TEST(update)
{
	static const char later[] =
	    "host=vm\npid=12\nstarted_at=2026-11-22T02:48:00.000000Z\n"
	    "count=3\nversion=0.1.0\ncompleted=0000000042\n";
	struct buf text = BUF_EMPTY;
	int fd = enter("vm.12", ENTRY), i;

	buf_puts(&text, later);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(registry_update(fd, &text), 0);
		expect_file(SPOOL_WORKERS, "vm.12", later);
	}
	expect_alive("vm.12", 1);
	registry_leave(&spool, "vm.12", fd);
	ck_assert_int_eq(registry_update(fd, &text), -1);
	buf_free(&text);
}
END_TEST

/* Of other hosts, those that somebody may have touched just now stay. */
START_TEST(sweep)
{
	int64_t now = fs_now();
	int fd, worker;
	struct holder other;

	snprintf(spool.host, sizeof spool.host, "vm");
	fd = enter("vm.1", ENTRY);
	worker = enter("vm.1.2", "");
	put_dead("vm.2");
	put_dead("other.3");
	put_file(SPOOL_WORKERS, "vm.2.1", "");
	put_file(SPOOL_WORKERS, "vm.4", ENTRY);
	put_file(SPOOL_WORKERS, "README", "keep out\n");
	other = hold(SPOOL_WORKERS, "vm.4");
	ck_assert_int_eq(registry_sweep(&spool, now), 1);
	expect_file(SPOOL_WORKERS, "vm.1", ENTRY);
	expect_file(SPOOL_WORKERS, "vm.1.2", "");
	expect_file(SPOOL_WORKERS, "vm.4", ENTRY);
	expect_file(SPOOL_WORKERS, "other.3", ENTRY);
	expect_file(SPOOL_WORKERS, "README", "keep out\n");
	expect_count(SPOOL_WORKERS, 5);
	let_go(&other);
	other = hold(SPOOL_WORKERS, "other.3");
	now += REGISTRY_QUIET + WHEN_SECOND;
	ck_assert_int_eq(registry_sweep(&spool, now), 0);
	expect_file(SPOOL_WORKERS, "other.3", ENTRY);
	expect_count(SPOOL_WORKERS, 4);
	let_go(&other);
	ck_assert_int_eq(registry_sweep(&spool, now), 0);
	expect_count(SPOOL_WORKERS, 3);
	expect_alive("vm.1", 1);
	expect_alive("vm.1.2", 1);
	registry_leave(&spool, "vm.1", fd);
	registry_leave(&spool, "vm.1.2", worker);
}
END_TEST

static void
touch_at(const char *name, long at)
{
	struct timespec times[2] = { { at, 0 }, { at, 0 } };

	ck_assert_int_eq(utimensat(spool.dir[SPOOL_WORKERS], name, times, 0),
	    0);
}

/* What is seen of other hosts when their entries were touched at that time. */
static void
expect_watched(struct registry_watch *w, const char *touched, long at,
    const char *want)
{
	char name[REGISTRY_NAME_MAX] = "";

	touch_at(touched, at);
	ck_assert_int_eq(registry_watch_others(&spool, w, name), *want != '\0');
	ck_assert_str_eq(name, want);
	/* To look again tells nothing new. */
	ck_assert_int_eq(registry_watch_others(&spool, w, name), *want != '\0');
}

START_TEST(watch_others)
{
	static struct registry_watch w;
	char name[REGISTRY_NAME_MAX];
	struct holder other;
	int i;

	snprintf(spool.host, sizeof spool.host, "vm");
	put_file(SPOOL_WORKERS, "vm.1", ENTRY);
	put_file(SPOOL_WORKERS, "a.1", ENTRY);
	put_file(SPOOL_WORKERS, "a.1.1", "");
	put_file(SPOOL_WORKERS, "b.1", ENTRY);
	/* Set back is not touched, and ours are of no interest. */
	for (i = 9; i > 0; i--) {
		expect_watched(&w, "a.1", 1000 + i, "");
		expect_watched(&w, "vm.1", 3000 - i, "");
		expect_watched(&w, "a.1.1", 3000 - i, "");
	}
	expect_watched(&w, "a.1", 1010, "");
	expect_watched(&w, "b.1", 1010, "");
	/* That it was held makes up for what was seen before. */
	other = hold(SPOOL_WORKERS, "a.1");
	for (i = 1; i < 9; i++)
		expect_watched(&w, "a.1", 1010 + i, "");
	let_go(&other);
	expect_watched(&w, "a.1", 1020, "");
	expect_watched(&w, "b.1", 1020, "");
	expect_watched(&w, "a.1", 1021, "a.1");
	/* One that is gone is forgotten. */
	ck_assert_int_eq(unlinkat(spool.dir[SPOOL_WORKERS], "a.1", 0), 0);
	ck_assert_int_eq(registry_watch_others(&spool, &w, name), 0);
	put_file(SPOOL_WORKERS, "a.1", ENTRY);
	expect_watched(&w, "a.1", 2020, "");
	expect_watched(&w, "a.1", 2021, "");
	/* Of more than there is room for, some are seen. */
	for (i = 0; i < REGISTRY_WATCHED; i++) {
		snprintf(name, sizeof name, "c.%d", i + 1);
		put_file(SPOOL_WORKERS, name, ENTRY);
	}
	ck_assert_int_eq(registry_watch_others(&spool, &w, name), 0);
	expect_watched(&w, "a.1", 2022, "a.1");
}
END_TEST

START_TEST(touch)
{
	int fd;
	int64_t now;

	fd = enter("vm.1", ENTRY);
	touch_at("vm.1", 1000);
	now = registry_touch(fd);
	ck_assert_int_ge(now, fs_now() - WHEN_SECOND);
	ck_assert_int_eq(now, spool_changed(fd));
	expect_file(SPOOL_WORKERS, "vm.1", ENTRY);
	registry_leave(&spool, "vm.1", fd);
	ck_assert_int_eq(registry_touch(fd), -1);
}
END_TEST

/*
 * What was asked of an earlier owner of the name goes, even if it was asked
 * within the same tick of the clock; what is asked from now on stays.
 */
START_TEST(requests_to_others)
{
	struct buf text = BUF_EMPTY;
	char name[REGISTRY_NAME_MAX], own[REGISTRY_NAME_MAX];
	int fd;

	buf_puts(&text, ENTRY);
	snprintf(own, sizeof own, "%s.12", spool.host);
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_STOP, own), 0);
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_INTERRUPT, own), 0);
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_STOP, "other.12"), 0);
	fd = registry_enter_supervisor(&spool, 12, &text, name);
	ck_assert_int_ne(fd, -1);
	ck_assert_str_eq(name, own);
	expect_count(SPOOL_CONTROL, 1);
	ck_assert(registry_asked(&spool, REGISTRY_STOP, "other.12"));
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_STOP, own), 0);
	ck_assert(registry_asked(&spool, REGISTRY_STOP, own));
	registry_leave(&spool, name, fd);
	buf_free(&text);
}
END_TEST

/* ---- All supervisors ---- */

struct seen {
	int count;
	int stop_after;
	struct registry_entry entry[8];
};

static int
see(void *arg, const struct registry_entry *entry)
{
	struct seen *seen = arg;

	seen->entry[seen->count++] = *entry;
	return seen->count == seen->stop_after ? 5 : 0;
}

START_TEST(each)
{
	struct seen seen = { 0, 0, { { "", 0, 0 } } };
	int fd[3], i;

	ck_assert_int_eq(registry_each(&spool, see, &seen), 0);
	ck_assert_int_eq(seen.count, 0);
	fd[0] = enter("vm.12", ENTRY);
	fd[1] = enter("vm.12.1", ""); /* a worker process */
	put_dead("vm.13");
	put_file(SPOOL_WORKERS, ".nfs1", ENTRY);
	ck_assert_int_eq(registry_each(&spool, see, &seen), 0);
	ck_assert_int_eq(seen.count, 1);
	ck_assert_str_eq(seen.entry[0].name, "vm.12");
	ck_assert_int_eq(seen.entry[0].count, 3);
	ck_assert_int_eq(seen.entry[0].started_at, INT64_C(1795315680000000));
	/* An entry that is no sense is one all the same. */
	fd[2] = enter("vm.14", "started_at=x\ncount=-1\n\n\nmore");
	seen.count = 0;
	ck_assert_int_eq(registry_each(&spool, see, &seen), 0);
	ck_assert_int_eq(seen.count, 2);
	i = strcmp(seen.entry[0].name, "vm.14") == 0 ? 0 : 1;
	ck_assert_str_eq(seen.entry[i].name, "vm.14");
	ck_assert_int_eq(seen.entry[i].count, 0);
	ck_assert_int_eq(seen.entry[i].started_at, 0);
	seen.count = 0;
	seen.stop_after = 1;
	ck_assert_int_eq(registry_each(&spool, see, &seen), 5);
	ck_assert_int_eq(seen.count, 1);
	registry_leave(&spool, "vm.12", fd[0]);
	registry_leave(&spool, "vm.12.1", fd[1]);
	registry_leave(&spool, "vm.14", fd[2]);
}
END_TEST

/* ---- Requests ---- */

START_TEST(requests)
{
	static const struct {
		enum registry_request what;
		const char *file;
	} rows[] = {
		{ REGISTRY_STOP, "stop.vm.12" },
		{ REGISTRY_INTERRUPT, "interrupt.vm.12" },
		{ REGISTRY_CANCEL, "cancel.vm.12" },
	};
	size_t i, k;

	for (i = 0; i < LEN(rows); i++) {
		ck_assert_int_eq(registry_asked(&spool, rows[i].what, "vm.12"),
		    0);
		ck_assert_int_eq(registry_ask(&spool, rows[i].what, "vm.12"),
		    0);
		/* Twice is once. */
		ck_assert_int_eq(registry_ask(&spool, rows[i].what, "vm.12"),
		    0);
		expect_file(SPOOL_CONTROL, rows[i].file, "");
		expect_count(SPOOL_CONTROL, 1);
		for (k = 0; k < LEN(rows); k++)
			ck_assert_int_eq(registry_asked(&spool, rows[k].what,
					     "vm.12"),
			    k == i);
		ck_assert_int_eq(registry_asked(&spool, rows[i].what, "vm.1"),
		    0);
		ck_assert_int_eq(registry_asked(&spool, rows[i].what, "vm.123"),
		    0);
		registry_answer(&spool, rows[i].what, "vm.1");
		expect_count(SPOOL_CONTROL, 1);
		registry_answer(&spool, rows[i].what, "vm.12");
		registry_answer(&spool, rows[i].what, "vm.12");
		expect_count(SPOOL_CONTROL, 0);
	}
	/* As touch(1) makes it. */
	put_file(SPOOL_CONTROL, "cancel.job-1", "now!\n");
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, "job-1"), 1);
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_CANCEL, "job-1"), 0);
}
END_TEST

/* A request to cancel is for one job of the ID, or for any. */
START_TEST(cancel_of_inode)
{
	static const char *const any[] = { "", "now!\n", "\n" };
	static const char *const none[] = { "8\n", "77\n", "7", "7 \n" };
	size_t i;

	ck_assert_int_eq(registry_cancels(&spool, "a", 7), 0);
	ck_assert_int_eq(registry_ask_cancel(&spool, "a", 7), 0);
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, "a"), 1);
	ck_assert_int_eq(registry_cancels(&spool, "a", 7), 1);
	ck_assert_int_eq(registry_cancels(&spool, "a", 8), 0);
	ck_assert_int_eq(registry_cancels(&spool, "b", 7), 0);
	/* The last one counts. */
	ck_assert_int_eq(registry_ask_cancel(&spool, "a", UINT64_MAX), 0);
	ck_assert_int_eq(registry_cancels(&spool, "a", 7), 0);
	ck_assert_int_eq(registry_cancels(&spool, "a", UINT64_MAX), 1);
	expect_file(SPOOL_CONTROL, "cancel.a", "18446744073709551615\n");
	expect_count(SPOOL_CONTROL, 1);
	expect_count(SPOOL_TMP, 0);
	for (i = 0; i < LEN(any); i++) {
		put_file(SPOOL_CONTROL, "cancel.a", any[i]);
		ck_assert_int_eq(registry_cancels(&spool, "a", 7), 1);
	}
	for (i = 0; i < LEN(none); i++) {
		put_file(SPOOL_CONTROL, "cancel.a", none[i]);
		ck_assert_int_eq(registry_cancels(&spool, "a", 7), 0);
	}
}
END_TEST

/* Only what was seen is answered, not a request that has come since. */
START_TEST(answer_old)
{
	struct stat noted;

	ck_assert_int_eq(registry_noted(&spool, REGISTRY_CANCEL, "a", &noted),
	    0);
	ck_assert_int_eq(registry_ask_cancel(&spool, "a", 7), 0);
	ck_assert_int_eq(registry_noted(&spool, REGISTRY_CANCEL, "a", &noted),
	    1);
	/* A later one has come. */
	ck_assert_int_eq(registry_ask_cancel(&spool, "a", 7), 0);
	registry_answer_noted(&spool, REGISTRY_CANCEL, "a", &noted);
	expect_file(SPOOL_CONTROL, "cancel.a", "7\n");
	ck_assert_int_eq(registry_noted(&spool, REGISTRY_CANCEL, "a", &noted),
	    1);
	registry_answer_noted(&spool, REGISTRY_CANCEL, "b", &noted);
	registry_answer_noted(&spool, REGISTRY_CANCEL, "a", &noted);
	expect_count(SPOOL_CONTROL, 0);
	registry_answer_noted(&spool, REGISTRY_CANCEL, "a", &noted);
}
END_TEST

/* On a full disk a name can still be made. */
START_TEST(cancel_on_full_disk)
{
	int got;

	limit_size(0);
	got = registry_ask_cancel(&spool, "a", 7);
	unlimit_size();
	ck_assert_int_eq(got, 0);
	expect_file(SPOOL_CONTROL, "cancel.a", "");
	ck_assert_int_eq(registry_cancels(&spool, "a", 8), 1);
}
END_TEST

/* The name of a request is longer than an ID by its verb: it all fits. */
START_TEST(request_for_long_id)
{
	char id[JOB_ID_MAX + 1], file[JOB_ID_MAX + 16];

	memset(id, 'x', JOB_ID_MAX);
	id[JOB_ID_MAX] = '\0';
	ck_assert_int_eq(registry_ask(&spool, REGISTRY_CANCEL, id), 0);
	snprintf(file, sizeof file, "cancel.%s", id);
	expect_file(SPOOL_CONTROL, file, "");
	ck_assert_int_eq(registry_asked(&spool, REGISTRY_CANCEL, id), 1);
	ck_assert_int_eq(registry_ask_cancel(&spool, id, 7), 0);
	expect_file(SPOOL_CONTROL, file, "7\n");
}
END_TEST

Suite *
suite_registry(void)
{
	Suite *s = suite_create("registry");
	TCase *t = tcase_create("registry");

	fixture_spools(t);
	tcase_add_test(t, names);
	tcase_add_test(t, twins);
	tcase_add_test(t, enter_taken);
	tcase_add_test(t, syntax);
	tcase_add_test(t, others);
	tcase_add_test(t, enter_and_leave);
	tcase_add_test(t, enter_over_leftovers);
	tcase_add_test(t, enter_disk_full);
	tcase_add_test(t, leave_only_ours);
	tcase_add_test(t, reenter);
	tcase_add_test(t, update);
	tcase_add_test(t, sweep);
	tcase_add_test(t, watch_others);
	tcase_add_test(t, touch);
	tcase_add_test(t, requests_to_others);
	tcase_add_test(t, each);
	tcase_add_test(t, requests);
	tcase_add_test(t, cancel_of_inode);
	tcase_add_test(t, answer_old);
	tcase_add_test(t, cancel_on_full_disk);
	tcase_add_test(t, request_for_long_id);
	suite_add_tcase(s, t);
	return s;
}
