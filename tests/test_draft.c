#include "draft.h"

#include <string.h>

#include "tests.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* 2026-11-22T02:48:00Z */
#define NOW INT64_C(1795315680000000)

static struct draft draft;
static struct job_error error;

static void
setup(void)
{
	draft_init(&draft);
	error.what[0] = '\0';
}

static void
teardown(void)
{
	draft_free(&draft);
}

static void
set(const char *key, const char *value)
{
	int got = draft_set(&draft, key, value, strlen(value), &error);

	ck_assert_msg(got == 0, "%s=%s: %s", key, value, error.what);
}

static void
set_json(const char *text)
{
	int got = draft_set_json(&draft, text, strlen(text), NOW, &error);

	ck_assert_msg(got == 0, "%s: %s", text, error.what);
}

static void
expect_text(const char *want)
{
	struct buf out = BUF_EMPTY;

	draft_text(&draft, &out);
	ck_assert_str_eq(buf_text(&out), want);
	buf_free(&out);
}

/* In the order of a job file, whatever order they were set in. */
START_TEST(order)
{
	set("created_at", "2026-11-22T02:48:00Z");
	set("max_backoff", "90");
	set("backoff_base", "1.5");
	set("run_at", "2026-11-22T03:00:00Z");
	set("timeout", "60");
	set("max_retries", "5");
	set("priority", "7");
	set("umask", "022");
	set("cwd", "/tmp");
	set("env", "B=2");
	set("env", "A=1");
	set("command", "echo hi");
	expect_text("command=echo hi\n"
		    "env=B=2\n"
		    "env=A=1\n"
		    "cwd=/tmp\n"
		    "umask=022\n"
		    "priority=7\n"
		    "max_retries=5\n"
		    "timeout=60\n"
		    "run_at=2026-11-22T03:00:00Z\n"
		    "backoff_base=1.5\n"
		    "max_backoff=90\n"
		    "created_at=2026-11-22T02:48:00Z\n");
}
END_TEST

START_TEST(arguments)
{
	set("arg", "printf");
	set("env", "X=a\nb");
	set("arg", "");
	set("arg", "a\nb\n");
	set("priority", "1");
	expect_text("arg=printf\narg=\narg=a\n b\n \nenv=X=a\n b\n"
		    "priority=1\n");
}
END_TEST

START_TEST(later_replaces)
{
	ck_assert_int_eq(draft_has(&draft, "priority"), 0);
	ck_assert_int_eq(draft_has(&draft, "arg"), 0);
	ck_assert_int_eq(draft_has(&draft, "env"), 0);
	set("priority", "1");
	set("priority", "2");
	set("command", "a");
	set("command", "b\nc");
	ck_assert_int_eq(draft_has(&draft, "priority"), 1);
	ck_assert_int_eq(draft_has(&draft, "command"), 1);
	ck_assert_int_eq(draft_has(&draft, "cwd"), 0);
	ck_assert_int_eq(draft_has(&draft, "arg"), 0);
	set("arg", "x");
	ck_assert_int_eq(draft_has(&draft, "arg"), 1);
	ck_assert_int_eq(draft_has(&draft, "env"), 0);
	set("env", "A=");
	ck_assert_int_eq(draft_has(&draft, "env"), 1);
	expect_text("command=b\n c\narg=x\nenv=A=\npriority=2\n");
}
END_TEST

/* What is refused leaves what was set. */
START_TEST(refusals)
{
	static const struct {
		const char *key;
		const char *value;
		size_t len;
		const char *why;
	} rows[] = {
		{ "priority", "11", 2,
		    "priority: must be a whole number from 0 to 10" },
		{ "command", "", 0, "command: must not be empty" },
		{ "command", "a\0b", 3, "command: must not hold a NUL byte" },
		{ "arg", "a\0b", 3, "arg: must not hold a NUL byte" },
		{ "env", "A", 1, "env: must be NAME=VALUE" },
		{ "cwd", "here", 4, "cwd: must be an absolute path" },
		{ "umask", "9", 1, "umask: must be octal, 0 to 777" },
	};
	size_t i;

	set("command", "a");
	set("priority", "1");
	set("cwd", "/");
	for (i = 0; i < LEN(rows); i++) {
		ck_assert_int_eq(draft_set(&draft, rows[i].key, rows[i].value,
				     rows[i].len, &error),
		    -1);
		ck_assert_str_eq(error.what, rows[i].why);
	}
	expect_text("command=a\ncwd=/\npriority=1\n");
}
END_TEST

/* A ready file comes first; what is set later wins there, being last. */
START_TEST(base)
{
	buf_puts(&draft.base, "# mine\ncommand=a\npriority=1\n");
	ck_assert_int_eq(draft_has(&draft, "priority"), 0);
	set("priority", "2");
	expect_text("# mine\ncommand=a\npriority=1\npriority=2\n");
}
END_TEST

START_TEST(ids)
{
	ck_assert_str_eq(draft.id, "");
	ck_assert_int_eq(draft_set_id(&draft, "job-1", &error), 0);
	ck_assert_str_eq(draft.id, "job-1");
	ck_assert_int_eq(draft_set_id(&draft, "../x", &error), -1);
	ck_assert_str_eq(error.what,
	    "id: must be 1 to 128 of A-Z a-z 0-9 . _ -, not beginning with . "
	    "or -");
	ck_assert_int_eq(draft_set_id(&draft, "", &error), -1);
	ck_assert_int_eq(draft_set_id(&draft, "a~20261122T024800.130", &error),
	    -1);
	ck_assert_str_eq(draft.id, "job-1");
	expect_text("");
}
END_TEST

/* ---- JSON ---- */

START_TEST(json_forms)
{
	static const struct {
		const char *json;
		const char *text;
	} rows[] = {
		{ "{}", "" },
		{ "{\"command\":\"echo hi\"}", "command=echo hi\n" },
		{ "{\"command\":\"a\\nb \\u00e9\"}",
		    "command=a\n b \xc3\xa9\n" },
		{ "{\"command\":[\"printf\",\"%s\",\"\"]}",
		    "arg=printf\narg=%s\narg=\n" },
		{ "{\"argv\":[\"ls\",\"-l\"]}", "arg=ls\narg=-l\n" },
		{ "{\"priority\":10}", "priority=10\n" },
		{ "{\"max_retries\":0}", "max_retries=0\n" },
		{ "{\"timeout\":60}", "timeout=60\n" },
		{ "{\"timeout_seconds\":60}", "timeout=60\n" },
		{ "{\"backoff_base\":1.5}", "backoff_base=1.5\n" },
		{ "{\"backoff_base\":2}", "backoff_base=2\n" },
		{ "{\"cwd\":\"/srv\"}", "cwd=/srv\n" },
		{ "{\"umask\":\"027\"}", "umask=027\n" },
		{ "{\"max_backoff\":9}", "max_backoff=9\n" },
		/* What was lost is of no matter here. */
		{ "{\"not_utf8\":[]}", "" },
		{ "{\"notes\":[\"x\"],\"not_utf8\":[\"notes\",\"error\"]}",
		    "" },
		{ "{\"env\":{\"A\":\"1\",\"B\":\"x=y\",\"C\":\"\"}}",
		    "env=A=1\nenv=B=x=y\nenv=C=\n" },
		{ "{\"env\":{}}", "" },
		{ "{\"run_at\":\"2026-11-22T03:00:00+01:00\"}",
		    "run_at=2026-11-22T02:00:00.000000Z\n" },
		{ "{\"run_at\":\"+90\"}",
		    "run_at=2026-11-22T02:49:30.000000Z\n" },
		{ "{\"run_at\":\"now\"}",
		    "run_at=2026-11-22T02:48:00.000000Z\n" },
		{ "{\"run_at\":\"@1.5\"}",
		    "run_at=1970-01-01T00:00:01.500000Z\n" },
		/* What show --json tells of its past. */
		{ "{\"state\":\"dead\",\"attempts\":3,"
		  "\"created_at\":\"2026-11-22T02:48:00Z\","
		  "\"updated_at\":\"x\",\"retry_at\":null,"
		  "\"started_at\":1,\"finished_at\":true,\"exit_code\":2,"
		  "\"signal\":9,\"error\":\"e\",\"worker\":\"w\","
		  "\"runs\":[{\"attempt\":1,\"error\":null}],"
		  "\"command\":\"x\"}",
		    "command=x\n" },
		/* In any order, with any white space. */
		{ " {\n\"priority\" : 1 ,\t\"command\":\"x\"}\n",
		    "command=x\npriority=1\n" },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		draft_free(&draft);
		set_json(rows[i].json);
		expect_text(rows[i].text);
		ck_assert_str_eq(draft.id, "");
	}
}
END_TEST

START_TEST(json_id)
{
	set_json("{\"id\":\"job1\",\"command\":\"x\"}");
	ck_assert_str_eq(draft.id, "job1");
	expect_text("command=x\n");
	/* Of an older record: the job that it was of. */
	set_json("{\"id\":\"job2~20260101T000000.000\"}");
	ck_assert_str_eq(draft.id, "job2");
}
END_TEST

#define MEMBER(name, byte) "JSON member \"" name "\" at byte " #byte ": "
#define WANT_ID \
	"must be 1 to 128 of A-Z a-z 0-9 . _ -, not beginning with . or -"
#define WANT_TIME  "must be a time like 2026-11-22T02:48:00Z"
#define WANT_EMPTY "must be an array of strings, not empty"

START_TEST(json_errors)
{
	static const struct {
		const char *json;
		const char *why;
	} rows[] = {
		{ "", "JSON error at byte 0: expected '{'" },
		{ "[1]", "JSON error at byte 0: expected '{'" },
		{ "{\"command\":\"x\"} x",
		    "JSON error at byte 16: text after the object" },
		{ "{\"a\":1,\"a\":2}",
		    "JSON error at byte 7: duplicate member \"a\"" },
		{ "{\"comand\":\"x\"}", MEMBER("comand", 1) "unknown member" },
		{ "{\"priority\":1, \"\\u001b\":2}",
		    MEMBER("\\x1b", 15) "unknown member" },
		{ "{\"command\\u0000\":2}",
		    MEMBER("command\\x00", 1) "unknown member" },
		/* What a terminal could take for ESC [. */
		{ "{\"\\u009b7m\":2}",
		    MEMBER("\\xc2\\x9b7m", 1) "unknown member" },
		{ "{\"command\":5}",
		    MEMBER("command",
			11) "must be a string or an array of strings" },
		{ "{\"command\":null}",
		    MEMBER("command",
			11) "must be a string or an array of strings" },
		{ "{\"command\":\"\"}",
		    MEMBER("command", 11) "must not be empty" },
		{ "{\"command\":\"a\\u0000b\"}",
		    MEMBER("command", 11) "must not hold a NUL byte" },
		{ "{\"command\":[]}", MEMBER("command", 11) WANT_EMPTY },
		{ "{\"command\":[\"a\",1]}",
		    MEMBER("command", 11) "must be an array of strings" },
		{ "{\"argv\":\"ls\"}", MEMBER("argv", 8) WANT_EMPTY },
		{ "{\"argv\":[]}", MEMBER("argv", 8) WANT_EMPTY },
		{ "{\"argv\":[[\"ls\"]]}",
		    MEMBER("argv", 8) "must be an array of strings" },
		{ "{ \"priority\" : \"5\" }",
		    MEMBER("priority", 15) "must be a number" },
		{ "{\"priority\":11}",
		    MEMBER("priority",
			12) "must be a whole number from 0 to 10" },
		{ "{\"priority\":-1}",
		    MEMBER("priority",
			12) "must be a whole number from 0 to 10" },
		{ "{\"priority\":1.5}",
		    MEMBER("priority",
			12) "must be a whole number from 0 to 10" },
		{ "{\"priority\":-0}",
		    MEMBER("priority",
			12) "must be a whole number from 0 to 10" },
		{ "{\"priority\":1e1}",
		    MEMBER("priority",
			12) "must be a whole number from 0 to 10" },
		{ "{\"priority\":18446744073709551616}",
		    MEMBER("priority",
			12) "must be a whole number from 0 to 10" },
		{ "{\"priority\":true}",
		    MEMBER("priority", 12) "must be a number" },
		{ "{\"max_retries\":1000001}",
		    MEMBER("max_retries",
			15) "must be a whole number from 0 to 1000000" },
		{ "{\"timeout_seconds\":-5}",
		    MEMBER("timeout_seconds",
			19) "must be whole seconds from 0 (none) to "
			    "315360000" },
		{ "{\"timeout\":1E400}",
		    MEMBER("timeout",
			11) "must be whole seconds from 0 (none) to "
			    "315360000" },
		{ "{\"timeout\":1,\"timeout_seconds\":2}",
		    MEMBER("timeout_seconds", 31) "set by another member" },
		{ "{\"command\":[\"a\"],\"argv\":[\"b\"]}",
		    MEMBER("argv", 24) "set by another member" },
		{ "{\"argv\":[\"a\"],\"command\":[\"b\"]}",
		    MEMBER("command", 24) "set by another member" },
		{ "{\"backoff_base\":1e3}",
		    MEMBER("backoff_base",
			16) "must be a decimal from 1 to 1000000" },
		{ "{\"backoff_base\":1000000.5}",
		    MEMBER("backoff_base",
			16) "must be a decimal from 1 to 1000000" },
		{ "{\"backoff_base\":0.5}",
		    MEMBER("backoff_base",
			16) "must be a decimal from 1 to 1000000" },
		{ "{\"run_at\":5}", MEMBER("run_at", 10) "must be a string" },
		{ "{\"run_at\":\"soon\"}", MEMBER("run_at", 10) WANT_TIME },
		{ "{\"run_at\":\"now\\u0000\"}",
		    MEMBER("run_at", 10) WANT_TIME },
		{ "{\"cwd\":\"here\"}",
		    MEMBER("cwd", 7) "must be an absolute path" },
		{ "{\"cwd\":{}}", MEMBER("cwd", 7) "must be a string" },
		{ "{\"umask\":27}", MEMBER("umask", 9) "must be a string" },
		{ "{\"not_utf8\":\"env\"}",
		    MEMBER("not_utf8", 12) "must be an array of strings" },
		{ "{\"not_utf8\":[1]}",
		    MEMBER("not_utf8", 12) "must be an array of strings" },
		{ "{\"not_utf8\":[\"runs\",\"env\"]}",
		    MEMBER("not_utf8", 12) "'env' is not what the job has, "
					   "which is not UTF-8: give the job "
					   "file with --file" },
		{ "{\"id\":\"a~2026\"}", MEMBER("id", 6) WANT_ID },
		{ "{\"env\":[\"A=1\"]}",
		    MEMBER("env", 7) "must be an object of strings" },
		{ "{\"env\":{\"A\":1}}",
		    MEMBER("env", 7) "must be an object of strings" },
		{ "{\"env\":{\"\":\"1\"}}",
		    MEMBER("env", 7) "must be named without =" },
		{ "{\"env\":{\"A=B\":\"1\"}}",
		    MEMBER("env", 7) "must be named without =" },
		{ "{\"env\":{\"A\\u0000B\":\"1\"}}",
		    MEMBER("env", 7) "must not hold a NUL byte" },
		{ "{\"id\":5}", MEMBER("id", 6) "must be a string" },
		{ "{\"id\":\"a b\"}", MEMBER("id", 6) WANT_ID },
		{ "{\"id\":\"\"}", MEMBER("id", 6) WANT_ID },
		{ "{\"id\":\"a\\u0000\"}", MEMBER("id", 6) WANT_ID },
		/* Whole characters before it are counted in bytes. */
		{ "{\"command\":\"\xc3\xa9\",\"x\":1}",
		    MEMBER("x", 16) "unknown member" },
	};
	size_t i;
	int got;

	for (i = 0; i < LEN(rows); i++) {
		draft_free(&draft);
		error.what[0] = '\0';
		got = draft_set_json(&draft, rows[i].json, strlen(rows[i].json),
		    NOW, &error);
		ck_assert_msg(got == -1 && strcmp(error.what, rows[i].why) == 0,
		    "%s: expected \"%s\", got %d \"%s\"", rows[i].json,
		    rows[i].why, got, error.what);
	}
}
END_TEST

/* A name as long as can be does not push the reason out of the message. */
START_TEST(json_long_name)
{
	struct buf text = BUF_EMPTY;
	int i;

	buf_puts(&text, "{\"");
	for (i = 0; i < 300; i++)
		buf_puts(&text, "\\u0001");
	buf_puts(&text, "\":1}");
	ck_assert_int_eq(
	    draft_set_json(&draft, buf_text(&text), text.len, NOW, &error), -1);
	ck_assert_msg(strstr(error.what, "at byte 1: unknown member") != NULL,
	    "%s", error.what);
	buf_free(&text);
}
END_TEST

/* An option that is set after it beats the JSON. */
START_TEST(option_beats_json)
{
	set_json("{\"command\":\"x\",\"priority\":1,\"timeout\":5,"
		 "\"env\":{\"A\":\"1\"}}");
	set("priority", "9");
	set("command", "y");
	set("env", "A=2");
	expect_text("command=y\nenv=A=1\nenv=A=2\npriority=9\ntimeout=5\n");
}
END_TEST

Suite *
suite_draft(void)
{
	Suite *s = suite_create("draft");
	TCase *t = tcase_create("draft");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, order);
	tcase_add_test(t, arguments);
	tcase_add_test(t, later_replaces);
	tcase_add_test(t, refusals);
	tcase_add_test(t, base);
	tcase_add_test(t, ids);
	tcase_add_test(t, json_forms);
	tcase_add_test(t, json_id);
	tcase_add_test(t, json_errors);
	tcase_add_test(t, json_long_name);
	tcase_add_test(t, option_beats_json);
	suite_add_tcase(s, t);
	return s;
}
