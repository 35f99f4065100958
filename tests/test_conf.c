#include "conf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fixture.h"
#include "tests.h"

#define TEN_YEARS "315360000"
#if LONG_MAX > 2147483647
#define MOST	 "1000000000000000"
#define TOO_MANY "1000000000000001"
#else
#define MOST	 "2147483647"
#define TOO_MANY "2147483648"
#endif

/* The keys of the manual. */
static const struct {
	const char *name;
	const char *fallback;
	const char *low, *high; /* accepted */
	const char *below, *above;
	const char *want; /* how a refusal ends */
} keys[] = {
	{ "max_retries", "3", "0", "1000000", "-1", "1000001",
	    "must be a whole number from 0 to 1000000" },
	{ "backoff_base", "2", "1", "1000000", "0.9", "1000000.1",
	    "must be a decimal from 1 to 1000000" },
	{ "max_backoff_seconds", "300", "0", TEN_YEARS, "-1", "315360001",
	    "must be a whole number from 0 to 315360000" },
	{ "backoff_jitter", "0", "0", "100", "-1", "101",
	    "must be a whole number from 0 to 100" },
	{ "job_timeout_seconds", "3600", "0", TEN_YEARS, "-1", "315360001",
	    "must be a whole number from 0 to 315360000" },
	{ "kill_grace_seconds", "5", "0", "86400", "-1", "86401",
	    "must be a whole number from 0 to 86400" },
	{ "scheduling_mode", "priority", "fifo", "priority", "", "lifo",
	    "must be priority or fifo" },
	{ "lock_lease_seconds", "300", "1", TEN_YEARS, "0", "315360001",
	    "must be a whole number from 1 to 315360000" },
	{ "poll_interval_ms", "1000", "10", "3600000", "9", "3600001",
	    "must be a whole number from 10 to 3600000" },
	{ "max_interruptions", "3", "1", "1000000", "0", "1000001",
	    "must be a whole number from 1 to 1000000" },
	{ "max_stops", "20", "1", "1000000", "0", "1000001",
	    "must be a whole number from 1 to 1000000" },
	{ "stop_grace_seconds", "0", "0", TEN_YEARS, "-1", "315360001",
	    "must be a whole number from 0 to 315360000" },
	{ "max_output_bytes", "0", "0", MOST, "-1", TOO_MANY,
	    "must be a whole number from 0 to " MOST },
	{ "min_free_bytes", "1048576", "0", MOST, "-1", TOO_MANY,
	    "must be a whole number from 0 to " MOST },
	{ "retain_completed_seconds", "0", "0", TEN_YEARS, "-1", "315360001",
	    "must be a whole number from 0 to 315360000" },
	{ "retain_dead_seconds", "0", "0", TEN_YEARS, "-1", "315360001",
	    "must be a whole number from 0 to 315360000" },
	{ "durability", "full", "none", "full", "", "some",
	    "must be full or none" },
};

#define WAIT SPOOL_LOCK_MAX

static char why[CONF_ERROR_MAX];

static const struct conf_key *
key_of(const char *name)
{
	const struct conf_key *key = conf_find(name);

	ck_assert_msg(key != NULL, "%s: no such key", name);
	return key;
}

static void
set(const char *name, const char *value)
{
	int got = conf_set(spool.fd, key_of(name), value, WAIT, why);

	ck_assert_msg(got == 0, "%s=%s: %s", name, value ? value : "(unset)",
	    why);
}

/* The key's value in the file, or its default. */
static void
expect_value(const char *name, const char *want)
{
	struct buf out = BUF_EMPTY;
	int got = conf_load(spool.fd, &conf, why);

	ck_assert_msg(got == 0, "%s", why);
	conf_text(&conf, key_of(name), &out);
	ck_assert_msg(strcmp(buf_text(&out), want) == 0,
	    "%s: expected %s, got %s", name, want, buf_text(&out));
	buf_free(&out);
}

static void
expect_conf(const char *text)
{
	expect_at(spool.fd, "config", text);
	expect_count(SPOOL_TMP, 0);
}

START_TEST(every_default)
{
	size_t i;

	for (i = 0; i < LEN(keys); i++) {
		expect_value(keys[i].name, keys[i].fallback);
		ck_assert_str_eq(conf_keys[i].name, keys[i].name);
		ck_assert_str_eq(conf_keys[i].fallback, keys[i].fallback);
		ck_assert_int_eq(conf_is_set(&conf, &conf_keys[i]), 0);
		ck_assert_ptr_nonnull(conf_keys[i].help);
	}
	ck_assert_ptr_null(conf_keys[LEN(keys)].name);
	/* The same without any spool. */
	memset(&conf, 0xff, sizeof conf);
	ck_assert_int_eq(conf_load(-1, &conf, why), 0);
	ck_assert_int_eq(conf.max_retries, 3);
	ck_assert_double_eq(conf.backoff_base, 2);
	ck_assert_int_eq(conf.scheduling_mode, CONF_PRIORITY);
	ck_assert_int_eq(conf.durability, CONF_FULL);
	ck_assert_uint_eq(conf.set, 0);
}
END_TEST

/* Each key is kept where its name says: the others keep their defaults. */
START_TEST(every_range)
{
	struct buf want = BUF_EMPTY;
	size_t i, k;

	for (i = 0; i < LEN(keys); i++) {
		set(keys[i].name, keys[i].low);
		expect_value(keys[i].name, keys[i].low);
		set(keys[i].name, keys[i].high);
		expect_value(keys[i].name, keys[i].high);
		for (k = 0; k < LEN(keys); k++) {
			ck_assert_int_eq(conf_is_set(&conf, &conf_keys[k]),
			    k == i);
			if (k != i)
				expect_value(keys[k].name, keys[k].fallback);
		}
		buf_clear(&want);
		buf_printf(&want, "%s=%s\n", keys[i].name, keys[i].high);
		expect_conf(buf_text(&want));
		set(keys[i].name, NULL);
		expect_value(keys[i].name, keys[i].fallback);
		expect_conf("");
	}
	buf_free(&want);
}
END_TEST

START_TEST(out_of_range)
{
	static const char *const junk[] = { "", " 1", "1 ", "x", "1\n2", "1e1",
		"0x10", "99999999999999999999999" };
	struct buf want = BUF_EMPTY;
	const char *value;
	size_t i, k;

	put_at(spool.fd, "config", "# mine\nmax_retries=4");
	for (i = 0; i < LEN(keys); i++) {
		ck_assert_int_eq(
		    conf_check(key_of(keys[i].name), keys[i].high, why), 0);
		buf_clear(&want);
		buf_printf(&want, "%s: %s", keys[i].name, keys[i].want);
		for (k = 0; k < LEN(junk) + 2; k++) {
			value = k == 0 ? keys[i].below :
			    k == 1     ? keys[i].above :
					 junk[k - 2];
			why[0] = '\0';
			ck_assert_msg(conf_set(spool.fd, key_of(keys[i].name),
					  value, WAIT, why) == -1,
			    "%s=%s", keys[i].name, value);
			ck_assert_str_eq(why, buf_text(&want));
			ck_assert_int_eq(
			    conf_check(key_of(keys[i].name), value, why), -1);
		}
	}
	expect_conf("# mine\nmax_retries=4");
	buf_free(&want);
}
END_TEST

START_TEST(key_names)
{
	ck_assert_ptr_eq(conf_find("max-retries"), key_of("max_retries"));
	ck_assert_ptr_eq(conf_find("retain-completed_seconds"),
	    key_of("retain_completed_seconds"));
	ck_assert_ptr_eq(conf_find("durability"), key_of("durability"));
	ck_assert_ptr_null(conf_find(""));
	ck_assert_ptr_null(conf_find("max"));
	ck_assert_ptr_null(conf_find("max_retries2"));
	ck_assert_ptr_null(conf_find("max_retrie"));
	ck_assert_ptr_null(conf_find("Max_retries"));
	ck_assert_ptr_null(conf_find("max retries"));
	/* Words in any case; a decimal as short as it can be. */
	set("scheduling_mode", "FIFO");
	expect_value("scheduling_mode", "fifo");
	ck_assert_int_eq(conf.scheduling_mode, CONF_FIFO);
	set("durability", "None");
	expect_value("durability", "none");
	set("backoff_base", "1.50");
	expect_value("backoff_base", "1.5");
}
END_TEST

START_TEST(file_forms)
{
	static const struct {
		const char *text;
		const char *why; /* NULL: accepted */
	} rows[] = {
		{ "", NULL },
		{ "# a\n\nmax_retries=5\n", NULL },
		{ "max-retries=5", NULL },
		{ "max_retries=4\nmax_retries=5\n", NULL },
		{ "# a\nmax_tries=5\n",
		    "config line 2: unknown key max_tries" },
		{ "max_retries\n", "config line 1: unknown key max_retries" },
		{ " max_retries=5\n",
		    "config line 1: unknown key  max_retries" },
		{ "max_retries=5\nmax_retries=x\n",
		    "config line 2: max_retries: must be a whole number from "
		    "0 to 1000000" },
		{ "max_retries=5\r\n",
		    "config line 1: max_retries: must be a whole number from "
		    "0 to 1000000" },
		{ "max_retries = 5\n",
		    "config line 1: unknown key max_retries " },
		{ "\033[2J=5\n", "config line 1: unknown key \\x1b[2J" },
	};
	size_t i;
	int got;

	for (i = 0; i < LEN(rows); i++) {
		put_at(spool.fd, "config", rows[i].text);
		why[0] = '\0';
		got = conf_load(spool.fd, &conf, why);
		ck_assert_msg(got == (rows[i].why ? -1 : 0) &&
			strcmp(why, rows[i].why ? rows[i].why : "") == 0,
		    "%s: expected \"%s\", got %d \"%s\"", rows[i].text,
		    rows[i].why ? rows[i].why : "", got, why);
		if (got == 0)
			ck_assert_int_eq(conf.max_retries, i == 0 ? 3 : 5);
		/* Nobody sets a key in a file that cannot be read. */
		if (got == -1) {
			ck_assert_int_eq(conf_set(spool.fd,
					     key_of("durability"), "none", WAIT,
					     why),
			    -1);
			expect_conf(rows[i].text);
		}
	}
}
END_TEST

START_TEST(file_refused)
{
	struct buf text = BUF_EMPTY;

	put_bytes_at(spool.fd, "config", "max_retries=5\0\n", 15);
	ck_assert_int_eq(conf_load(spool.fd, &conf, why), -1);
	ck_assert_str_eq(why,
	    "config: larger than 65536 bytes, or holds a NUL byte");
	while (text.len < CONF_FILE_MAX)
		buf_puts(&text, "#23456\n\n");
	put_at(spool.fd, "config", buf_text(&text));
	ck_assert_int_eq(conf_load(spool.fd, &conf, why), 0);
	buf_putc(&text, '\n');
	put_at(spool.fd, "config", buf_text(&text));
	ck_assert_int_eq(conf_load(spool.fd, &conf, why), -1);
	/* A line that is too long to be looked at whole. */
	buf_clear(&text);
	buf_puts(&text, "\nmax_retries=");
	while (text.len < CONF_ERROR_MAX)
		buf_putc(&text, '0');
	put_at(spool.fd, "config", buf_text(&text));
	ck_assert_int_eq(conf_load(spool.fd, &conf, why), 0);
	buf_putc(&text, '1');
	put_at(spool.fd, "config", buf_text(&text));
	ck_assert_int_eq(conf_load(spool.fd, &conf, why), -1);
	ck_assert_str_eq(why, "config line 2: longer than 255 bytes");
	buf_free(&text);
}
END_TEST

/* Only the lines of the key change. */
START_TEST(other_lines)
{
	static const char x300[] =
	    "# a comment that is much longer than any value could be, so "
	    "long that it does not fit into the line buffer of whoever "
	    "reads this file, which would be a pity, since it tells why "
	    "max_retries is what it is: and here it goes on and on, until "
	    "it has said all: max_retries=1\n";
	struct buf text = BUF_EMPTY, want = BUF_EMPTY;

	buf_printf(&text,
	    "# first\n\n%smax-retries=1\ndurability=none\n"
	    "# max_retries=2\nmax_retries=3\nbackoff_base=3",
	    x300);
	put_at(spool.fd, "config", buf_text(&text));
	set("max_retries", "7");
	buf_printf(&want,
	    "# first\n\n%smax_retries=7\ndurability=none\n"
	    "# max_retries=2\nbackoff_base=3\n",
	    x300);
	expect_conf(buf_text(&want));
	set("kill_grace_seconds", "1");
	buf_puts(&want, "kill_grace_seconds=1\n");
	expect_conf(buf_text(&want));
	set("max_retries", NULL);
	set("retain_dead_seconds", NULL);
	buf_clear(&want);
	buf_printf(&want,
	    "# first\n\n%sdurability=none\n"
	    "# max_retries=2\nbackoff_base=3\nkill_grace_seconds=1\n",
	    x300);
	expect_conf(buf_text(&want));
	buf_free(&text);
	buf_free(&want);
}
END_TEST

/* The disk is full: the old file stays, and nothing else. */
START_TEST(disk_full)
{
	static const char text[] = "# 9012345678901234567890\nmax_retries=4\n";
	int got;

	put_at(spool.fd, "config", text);
	limit_size(30);
	got = conf_set(spool.fd, conf_find("durability"), "none", WAIT, why);
	unlimit_size();
	ck_assert_int_eq(got, -1);
	ck_assert_msg(strncmp(why, "config: ", 8) == 0, "%s", why);
	expect_conf(text);
}
END_TEST

START_TEST(file_mode)
{
	struct stat st;

	set("max_retries", "1");
	ck_assert_int_eq(fstatat(spool.fd, "config", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

/* ---- Several at once ---- */

#define TIMES 100

/* The child: counts its key up to TIMES, and reads each back. */
static int
count_up(void *arg)
{
	const struct conf_key *key = arg;
	char problem[CONF_ERROR_MAX];
	struct buf value = BUF_EMPTY, got = BUF_EMPTY;
	int i, status = 0;

	for (i = 1; i <= TIMES && status == 0; i++) {
		buf_clear(&value);
		buf_clear(&got);
		buf_printf(&value, "%d", i);
		if (conf_set(spool.fd, key, buf_text(&value), WAIT, problem) ==
		    -1)
			status = 1;
		else if (conf_load(spool.fd, &conf, problem) == -1)
			status = 2;
		conf_text(&conf, key, &got);
		if (strcmp(buf_text(&value), buf_text(&got)) != 0)
			status = 3;
	}
	buf_free(&value);
	buf_free(&got);
	return status;
}

START_TEST(two_writers)
{
	static const char *const names[] = { "kill_grace_seconds",
		"max_retries" };
	struct holder lock;
	pid_t pid[2];
	size_t i;

	/* Both wait for the lock, to begin at once. */
	put_at(spool.fd, "lock", "");
	lock = hold_at(spool.fd, "lock");
	for (i = 0; i < 2; i++)
		pid[i] =
		    child_start(count_up, (void *)(uintptr_t)key_of(names[i]));
	let_go(&lock);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(child_end(pid[i]), 0);
	expect_value("kill_grace_seconds", "100");
	expect_value("max_retries", "100");
	expect_count(SPOOL_TMP, 0);
}
END_TEST

Suite *
suite_conf(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");

	fixture_spools(t);
	tcase_add_test(t, every_default);
	tcase_add_test(t, every_range);
	tcase_add_test(t, out_of_range);
	tcase_add_test(t, key_names);
	tcase_add_test(t, file_forms);
	tcase_add_test(t, file_refused);
	tcase_add_test(t, other_lines);
	tcase_add_test(t, disk_full);
	tcase_add_test(t, file_mode);
	tcase_add_test(t, two_writers);
	suite_add_tcase(s, t);
	return s;
}
