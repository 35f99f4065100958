#include "text.h"

#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests.h"

#define LEN(a)	  (sizeof(a) / sizeof((a)[0]))
#define BYTES(s)  (s), sizeof(s) - 1
#define NO_NUMBER (-99)

/* For messages: bytes as they may be shown, without asking text_show. */
static const char *
visible(const char *s, size_t len)
{
	static char out[4096];
	size_t i, n = 0;

	for (i = 0; i < len && n < sizeof(out) - 5; i++)
		if (s[i] > ' ' && s[i] < 0x7f)
			out[n++] = s[i];
		else
			n += (size_t)snprintf(out + n, 5, "<%02x>",
			    (unsigned char)s[i]);
	out[n] = '\0';
	return out;
}

static const struct {
	const char *s;
	size_t len, size;
	unsigned long point;
} sequences[] = {
	{ BYTES(""), 0, 0 },
	{ BYTES("a"), 1, 'a' },
	{ BYTES("ab"), 1, 'a' },
	{ BYTES("\0"), 1, 0 },
	{ BYTES("\x7f"), 1, 0x7f },
	{ BYTES("\xc2\x80"), 2, 0x80 },
	{ BYTES("\xc3\xa9t"), 2, 0xe9 },
	{ BYTES("\xdf\xbf"), 2, 0x7ff },
	{ BYTES("\xe0\xa0\x80"), 3, 0x800 },
	{ BYTES("\xe2\x82\xac"), 3, 0x20ac },
	{ BYTES("\xed\x9f\xbf"), 3, 0xd7ff },
	{ BYTES("\xee\x80\x80"), 3, 0xe000 },
	{ BYTES("\xef\xbf\xbf"), 3, 0xffff },
	{ BYTES("\xf0\x90\x80\x80"), 4, 0x10000 },
	{ BYTES("\xf0\x9f\x98\x80!"), 4, 0x1f600 },
	{ BYTES("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
	/* Not the shortest form. */
	{ BYTES("\xc0\x80"), 0, 0 },
	{ BYTES("\xc1\xbf"), 0, 0 },
	{ BYTES("\xe0\x80\x80"), 0, 0 },
	{ BYTES("\xe0\x9f\xbf"), 0, 0 },
	{ BYTES("\xf0\x80\x80\x80"), 0, 0 },
	{ BYTES("\xf0\x8f\xbf\xbf"), 0, 0 },
	/* Surrogates, and beyond the last code point. */
	{ BYTES("\xed\xa0\x80"), 0, 0 },
	{ BYTES("\xed\xbf\xbf"), 0, 0 },
	{ BYTES("\xf4\x90\x80\x80"), 0, 0 },
	{ BYTES("\xf5\x80\x80\x80"), 0, 0 },
	{ BYTES("\xf8\x88\x80\x80\x80"), 0, 0 },
	{ BYTES("\xfe"), 0, 0 },
	{ BYTES("\xff\xff\xff\xff"), 0, 0 },
	/* A continuation without a beginning, and the reverse. */
	{ BYTES("\x80"), 0, 0 },
	{ BYTES("\xbf\xbf"), 0, 0 },
	{ BYTES("\xc3"), 0, 0 },
	{ BYTES("\303a"), 0, 0 },
	{ BYTES("\xc3\xc3"), 0, 0 },
	{ BYTES("\xe2\x82"), 0, 0 },
	{ BYTES("\342\202a"), 0, 0 },
	{ BYTES("\xf0\x9f\x98"), 0, 0 },
	{ BYTES("\xf0\x9f\x98\xc0"), 0, 0 },
	/* The length counts, not what is behind it. */
	{ "\xc3\xa9", 1, 0, 0 },
	{ "\xe2\x82\xac", 2, 0, 0 },
	{ "\xf0\x9f\x98\x80", 3, 0, 0 },
	{ "a", 0, 0, 0 },
};

START_TEST(utf8)
{
	unsigned long point;
	size_t i, size;

	for (i = 0; i < LEN(sequences); i++) {
		point = 0;
		size = text_utf8(sequences[i].s, sequences[i].len, &point);
		ck_assert_msg(size == sequences[i].size &&
			(size == 0 || point == sequences[i].point),
		    "%s: expected %zu bytes and U+%04lX, got %zu and U+%04lX",
		    visible(sequences[i].s, sequences[i].len),
		    sequences[i].size, sequences[i].point, size, point);
	}
}
END_TEST

/* Of all sequences of two bytes, the valid ones are as many as they must. */
START_TEST(utf8_pairs)
{
	unsigned long point;
	int a, b, valid = 0;
	char s[2];

	for (a = 0x80; a < 0x100; a++) {
		for (b = 0; b < 0x100; b++) {
			s[0] = (char)a;
			s[1] = (char)b;
			valid += text_utf8(s, 2, &point) == 2;
		}
	}
	ck_assert_int_eq(valid, 0x800 - 0x80);
}
END_TEST

struct writing {
	const char *s;
	size_t len;
	const char *text;
};

static void
check_writing(const struct writing *row, struct buf *out)
{
	char s[512];

	snprintf(s, sizeof(s), "%s", visible(row->s, row->len));
	ck_assert_msg(!out->failed && strcmp(buf_text(out), row->text) == 0,
	    "%s: expected %s, got %s", s, row->text,
	    visible(buf_text(out), out->len));
	ck_assert_uint_eq(out->len, strlen(row->text));
}

START_TEST(show)
{
	static const struct writing rows[] = {
		{ BYTES(""), "" },
		{ BYTES("plain text ~"), "plain text ~" },
		{ BYTES("a\\b \"c\""), "a\\b \"c\"" },
		{ BYTES("a\nb\rc\td"), "a\\nb\\rc\\td" },
		{ BYTES("\0x"), "\\x00x" },
		{ BYTES("\x1b[31mred"), "\\x1b[31mred" },
		{ BYTES("\a\b\v\f"), "\\x07\\x08\\x0b\\x0c" },
		{ BYTES("\x1f \x7f"), "\\x1f \\x7f" },
		/* What turns the direction of text round. */
		{ BYTES("a\xe2\x80\xae z"), "a\\xe2\\x80\\xae z" },
		{ BYTES("\xe2\x81\xa6"), "\\xe2\\x81\\xa6" },
		{ BYTES("\xd8\x9c"), "\\xd8\\x9c" },
		/* C1 controls: U+009B is a CSI, to some terminals. */
		{ BYTES("\xc2\x80"), "\\xc2\\x80" },
		{ BYTES("\302\23331m"), "\\xc2\\x9b31m" },
		{ BYTES("\xc2\x9f"), "\\xc2\\x9f" },
		{ BYTES("\xc2\xa0"), "\xc2\xa0" },
		{ BYTES("\x9b"), "\\x9b" },
		/* UTF-8 is shown, what is not, is not. */
		{ BYTES("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ BYTES("caf\xe9!"), "caf\\xe9!" },
		{ BYTES("\xe2\x82"), "\\xe2\\x82" },
		{ BYTES("\xe2\x82\xc3\xa9"), "\\xe2\\x82\xc3\xa9" },
		{ BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80" },
		{ BYTES("\xff"), "\\xff" },
	};
	struct buf out = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&out);
		text_show(&out, rows[i].s, rows[i].len);
		check_writing(&rows[i], &out);
	}
	buf_clear(&out);
	buf_puts(&out, "before ");
	text_show(&out, BYTES("after"));
	ck_assert_str_eq(buf_text(&out), "before after");
	buf_free(&out);
}
END_TEST

/* Cut between characters only, be they shown as one byte or as eight. */
START_TEST(show_some)
{
	static const struct {
		const char *s;
		size_t len;
		size_t max;
		const char *shown;
	} rows[] = {
		{ BYTES(""), 0, "" },
		{ BYTES("a"), 0, "..." },
		{ BYTES("abc"), 3, "abc" },
		{ BYTES("abc"), 2, "ab..." },
		{ BYTES("a\xe2\x82\xac"), 4, "a\xe2\x82\xac" },
		{ BYTES("a\xe2\x82\xac"), 3, "a..." },
		{ BYTES("a\xff"), 5, "a\\xff" },
		{ BYTES("a\xff"), 4, "a..." },
		{ BYTES("a\xc2\x9b"), 9, "a\\xc2\\x9b" },
		{ BYTES("a\xc2\x9b"), 8, "a..." },
		{ BYTES("a\n"), 3, "a\\n" },
		{ BYTES("a\n"), 2, "a..." },
	};
	struct buf out = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&out);
		buf_puts(&out, "x");
		text_show_some(&out, rows[i].s, rows[i].len, rows[i].max);
		ck_assert_str_eq(buf_text(&out) + 1, rows[i].shown);
	}
	buf_free(&out);
}
END_TEST

START_TEST(logfmt)
{
	static const struct writing rows[] = {
		{ BYTES("plain"), "plain" },
		{ BYTES("2026-11-22T02:48:00Z"), "2026-11-22T02:48:00Z" },
		{ BYTES("a,b;c'd/e~!"), "a,b;c'd/e~!" },
		{ BYTES("caf\xc3\xa9"), "caf\xc3\xa9" },
		{ BYTES(""), "\"\"" },
		{ BYTES("exit code 2"), "\"exit code 2\"" },
		{ BYTES(" "), "\" \"" },
		{ BYTES("a=b"), "\"a=b\"" },
		{ BYTES("say \"hi\""), "\"say \\\"hi\\\"\"" },
		{ BYTES("\""), "\"\\\"\"" },
		{ BYTES("a\\b"), "\"a\\\\b\"" },
		{ BYTES("\\"), "\"\\\\\"" },
		{ BYTES("a\nb\rc\td"), "\"a\\nb\\rc\\td\"" },
		{ BYTES("\0"), "\"\\x00\"" },
		{ BYTES("\x1b[m"), "\"\\x1b[m\"" },
		{ BYTES("\x7f"), "\"\\x7f\"" },
		{ BYTES("\xc2\x9b"), "\"\\xc2\\x9b\"" },
		{ BYTES("\xff"), "\"\\xff\"" },
		{ BYTES("\xe2\x82\xac \xe2\x82"),
		    "\"\xe2\x82\xac \\xe2\\x82\"" },
	};
	struct buf out = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&out);
		text_logfmt(&out, rows[i].s, rows[i].len);
		check_writing(&rows[i], &out);
	}
	buf_free(&out);
}
END_TEST

/* A line, and its fields as key, value, key, value ... or why there is none. */
static const struct {
	const char *line;
	size_t len;
	const char *fields[9];
	int last; /* 0: the end, -1: an error */
} lines[] = {
	{ BYTES(""), { NULL }, 0 },
	{ BYTES("   "), { NULL }, 0 },
	{ BYTES("a=1"), { "a", "1", NULL }, 0 },
	{ BYTES("a=1 bc=23 d=x"), { "a", "1", "bc", "23", "d", "x", NULL }, 0 },
	{ BYTES("  a=1 \t b=2  "), { "a", "1", "b", "2", NULL }, 0 },
	{ BYTES("a"), { "a", "", NULL }, 0 },
	{ BYTES("a b=2 c"), { "a", "", "b", "2", "c", "", NULL }, 0 },
	{ BYTES("a= b=2"), { "a", "", "b", "2", NULL }, 0 },
	{ BYTES("a=\"\" b="), { "a", "", "b", "", NULL }, 0 },
	{ BYTES("a=\"b c\" d=e"), { "a", "b c", "d", "e", NULL }, 0 },
	{ BYTES("a=\"x=1 y=2\""), { "a", "x=1 y=2", NULL }, 0 },
	{ BYTES("a=\"\\\"\\\\\\n\\r\\t\""), { "a", "\"\\\n\r\t", NULL }, 0 },
	{ BYTES("a=\"\\x1b\\x7F\\xfF\""), { "a", "\x1b\x7f\xff", NULL }, 0 },
	{ BYTES("a=\"\\x411\""), { "a", "A1", NULL }, 0 },
	/* Without quotes, a value is what stands there. */
	{ BYTES("a=b=c d=e\"f g=\\n"),
	    { "a", "b=c", "d", "e\"f", "g", "\\n", NULL }, 0 },
	{ BYTES("caf\xc3\xa9=\xff"), { "caf\xc3\xa9", "\xff", NULL }, 0 },
	/* A quote that is open. */
	{ BYTES("a=\""), { NULL }, -1 },
	{ BYTES("a=1 b=\"c d=e"), { "a", "1", NULL }, -1 },
	{ BYTES("a=\"b\\\""), { NULL }, -1 },
	{ BYTES("a=\"b\\"), { NULL }, -1 },
	/* Text behind a quote. */
	{ BYTES("a=\"b\"c"), { NULL }, -1 },
	{ BYTES("a=\"b\"\"c\""), { NULL }, -1 },
	{ BYTES("a=\"b\"=c"), { NULL }, -1 },
	/* Unknown escapes. */
	{ BYTES("a=\"\\a\""), { NULL }, -1 },
	{ BYTES("a=\"\\u0041\""), { NULL }, -1 },
	{ BYTES("a=\"\\0\""), { NULL }, -1 },
	{ BYTES("a=\"\\X41\""), { NULL }, -1 },
	{ BYTES("a=\"\\x4\""), { NULL }, -1 },
	{ BYTES("a=\"\\xg0\""), { NULL }, -1 },
	{ BYTES("a=\"\\x0g\""), { NULL }, -1 },
	{ BYTES("a=\"\\x"), { NULL }, -1 },
	{ BYTES("a=\"\\x4"), { NULL }, -1 },
	{ BYTES("a=\"\\x41"), { NULL }, -1 },
	/* No key. */
	{ BYTES("="), { NULL }, -1 },
	{ BYTES("=a"), { NULL }, -1 },
	{ BYTES("a=1 =2"), { "a", "1", NULL }, -1 },
	{ BYTES("\"a\"=1"), { NULL }, -1 },
	{ BYTES("a\"b=1"), { NULL }, -1 },
	/* A NUL, wherever it is. */
	{ BYTES("\0"), { NULL }, -1 },
	{ BYTES("a\0=1"), { NULL }, -1 },
	{ BYTES("a=\0"), { NULL }, -1 },
	{ BYTES("a=1\0"), { NULL }, -1 },
	{ BYTES("a=1 \0"), { "a", "1", NULL }, -1 },
	{ BYTES("a=\"\0\""), { NULL }, -1 },
	{ BYTES("a=\"\\\0\""), { NULL }, -1 },
	{ BYTES("a=\"b\"\0"), { NULL }, -1 },
	/* The end is where it is, whatever comes behind. */
	{ "a=1 b=2", 5, { "a", "1", "b", "", NULL }, 0 },
	{ "a=12", 3, { "a", "1", NULL }, 0 },
	{ "a=\"1\"", 4, { NULL }, -1 },
	{ "a=\"\\\"\"", 4, { NULL }, -1 },
	{ "a=\"\\x41\"", 6, { NULL }, -1 },
};

START_TEST(logfmt_next)
{
	struct text_field f = { NULL, 0, BUF_EMPTY };
	const char *const *want;
	const char *s, *end, *before;
	size_t i;
	int got;

	for (i = 0; i < LEN(lines); i++) {
		s = lines[i].line;
		end = s + lines[i].len;
		for (want = lines[i].fields; *want != NULL; want += 2) {
			got = text_logfmt_next(&s, end, &f);
			ck_assert_msg(got == 1, "%s: expected %s=%s, got %d",
			    visible(lines[i].line, lines[i].len), want[0],
			    want[1], got);
			ck_assert_msg(f.key_len == strlen(want[0]) &&
				memcmp(f.key, want[0], f.key_len) == 0 &&
				f.value.len == strlen(want[1]) &&
				strcmp(buf_text(&f.value), want[1]) == 0,
			    "line %zu: expected %s=%s, got %.*s=%s", i, want[0],
			    want[1], (int)f.key_len, f.key, buf_text(&f.value));
		}
		before = s;
		got = text_logfmt_next(&s, end, &f);
		ck_assert_msg(got == lines[i].last,
		    "%s: expected %d in the end, got %d",
		    visible(lines[i].line, lines[i].len), lines[i].last, got);
		if (got == 0)
			ck_assert_ptr_eq(s, end);
		else
			ck_assert_ptr_eq(s, before);
	}
	buf_free(&f.value);
}
END_TEST

/* Every string of two bytes is read as it was written. */
START_TEST(logfmt_and_back)
{
	struct text_field f = { NULL, 0, BUF_EMPTY };
	struct buf line = BUF_EMPTY;
	const char *s;
	char value[2];
	int a, b, got;

	for (a = 0; a < 256; a++) {
		for (b = 0; b < 256; b++) {
			value[0] = (char)a;
			value[1] = (char)b;
			buf_clear(&line);
			buf_puts(&line, "k=");
			text_logfmt(&line, value, 2);
			buf_puts(&line, " z");
			s = line.data;
			got = text_logfmt_next(&s, line.data + line.len, &f);
			if (got != 1 || f.value.len != 2 ||
			    memcmp(f.value.data, value, 2) != 0 ||
			    strcmp(s, " z") != 0)
				ck_abort_msg("%02x %02x: not read from %s", a,
				    b, buf_text(&line));
		}
	}
	buf_free(&line);
	buf_free(&f.value);
}
END_TEST

START_TEST(number)
{
	static const struct {
		const char *s;
		long min, max, value;
	} rows[] = {
		{ "0", 0, 10, 0 },
		{ "10", 0, 10, 10 },
		{ "11", 0, 10, NO_NUMBER },
		{ "1", 2, 10, NO_NUMBER },
		{ "2", 2, 2, 2 },
		{ "0", 1, 0, NO_NUMBER },
		{ "007", 0, 10, 7 },
		{ "08", 0, 10, 8 },
		{ "0000000000000000000000000000000000000005", 0, 10, 5 },
		{ "5", LONG_MIN, LONG_MAX, 5 },
		{ "2147483647", 0, LONG_MAX, 2147483647L },
		{ "99999999999999999999", 0, LONG_MAX, NO_NUMBER },
		{ "18446744073709551621", 0, LONG_MAX, NO_NUMBER },
		{ "4294967301", 0, 10, NO_NUMBER },
		{ "", 0, 10, NO_NUMBER },
		{ "-1", -5, 10, NO_NUMBER },
		{ "-0", 0, 10, NO_NUMBER },
		{ "+1", 0, 10, NO_NUMBER },
		{ " 1", 0, 10, NO_NUMBER },
		{ "1 ", 0, 10, NO_NUMBER },
		{ "1\n", 0, 10, NO_NUMBER },
		{ "1x", 0, 10, NO_NUMBER },
		{ "x", 0, 10, NO_NUMBER },
		{ "1.0", 0, 10, NO_NUMBER },
		{ "1e1", 0, 10, NO_NUMBER },
		{ "0x5", 0, 10, NO_NUMBER },
		{ "1,000", 0, 1000, NO_NUMBER },
	};
	long value;
	size_t i;
	int got;

	for (i = 0; i < LEN(rows); i++) {
		value = NO_NUMBER;
		got = text_number(rows[i].s, rows[i].min, rows[i].max, &value);
		ck_assert_msg(got == (rows[i].value == NO_NUMBER ? -1 : 0) &&
			value == rows[i].value,
		    "\"%s\" in %ld..%ld: expected %ld, got %d and %ld",
		    rows[i].s, rows[i].min, rows[i].max, rows[i].value, got,
		    value);
	}
}
END_TEST

/* The largest long there is, and one more in its last digit. */
START_TEST(number_largest)
{
	char s[64];
	size_t last;
	long value = 0;

	snprintf(s, sizeof(s), "%ld", LONG_MAX);
	last = strlen(s) - 1;
	ck_assert_int_eq(text_number(s, 0, LONG_MAX, &value), 0);
	ck_assert_int_eq(value, LONG_MAX);
	ck_assert_int_eq(text_number(s, 0, LONG_MAX - 1, &value), -1);
	s[last]++;
	ck_assert_int_eq(text_number(s, 0, LONG_MAX, &value), -1);
	snprintf(s, sizeof(s), "%ld0", LONG_MAX);
	ck_assert_int_eq(text_number(s, 0, LONG_MAX, &value), -1);
}
END_TEST

static const struct {
	const char *s;
	double min, max, value;
} decimals[] = {
	{ "2", 1, 10, 2 },
	{ "1.5", 1, 10, 1.5 },
	{ "1", 1, 10, 1 },
	{ "10", 1, 10, 10 },
	{ "10.0", 1, 10, 10 },
	{ "10.0001", 1, 10, NO_NUMBER },
	{ "0.9999", 1, 10, NO_NUMBER },
	{ "0", 0, 10, 0 },
	{ "0.1", 0, 10, 0.1 },
	{ "0.2", 0, 10, 0.2 },
	{ "0.30", 0, 10, 0.3 },
	{ "1.1", 0, 10, 1.1 },
	{ "3.14159265358979", 0, 10, 3.14159265358979 },
	{ "007.25", 0, 10, 7.25 },
	{ "0.333333333333333333333333333333333333333", 0, 10,
	    0.3333333333333333 },
	{ "0.00000000000000000000000000000000000000000000001", 0, 10, 0 },
	{ "123456789.125", 0, 1e9, 123456789.125 },
	{ "1000000000000000000000", 0, 1e30, 1e21 },
	{ "1000000000000000000000", 0, 1e20, NO_NUMBER },
	{ "", 0, 10, NO_NUMBER },
	{ ".", 0, 10, NO_NUMBER },
	{ ".5", 0, 10, NO_NUMBER },
	{ "5.", 0, 10, NO_NUMBER },
	{ "5.x", 0, 10, NO_NUMBER },
	{ "1.2.3", 0, 10, NO_NUMBER },
	{ "1,5", 0, 10, NO_NUMBER },
	{ "-1", -10, 10, NO_NUMBER },
	{ "-0", 0, 10, NO_NUMBER },
	{ "+1", 0, 10, NO_NUMBER },
	{ " 1", 0, 10, NO_NUMBER },
	{ "1 ", 0, 10, NO_NUMBER },
	{ "1e1", 0, 10, NO_NUMBER },
	{ "1.5e0", 0, 10, NO_NUMBER },
	{ "0x5", 0, 10, NO_NUMBER },
	{ "nan", 0, 10, NO_NUMBER },
	{ "inf", 0, DBL_MAX, NO_NUMBER },
	{ "infinity", 0, DBL_MAX, NO_NUMBER },
};

START_TEST(decimal)
{
	double value;
	size_t i;
	int got;

	for (i = 0; i < LEN(decimals); i++) {
		value = NO_NUMBER;
		got = text_decimal(decimals[i].s, decimals[i].min,
		    decimals[i].max, &value);
		ck_assert_msg(got ==
			    (decimals[i].value <= NO_NUMBER ? -1 : 0) &&
			value >= decimals[i].value &&
			value <= decimals[i].value,
		    "\"%s\" in %g..%g: expected %.17g, got %d and %.17g",
		    decimals[i].s, decimals[i].min, decimals[i].max,
		    decimals[i].value, got, value);
	}
}
END_TEST

/* Digits without end are no infinity. */
START_TEST(decimal_long)
{
	char s[2001];
	double value = NO_NUMBER;

	memset(s, '9', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	ck_assert_int_eq(text_decimal(s, 0, DBL_MAX, &value), -1);
	ck_assert_int_eq(text_decimal(s, 0, 10, &value), -1);
	s[1] = '.';
	ck_assert_int_eq(text_decimal(s, 0, 10, &value), 0);
	ck_assert_msg(value > 9.99999999999 && value <= 10, "got %.17g", value);
	memset(s + 2, '0', sizeof(s) - 3);
	ck_assert_int_eq(text_decimal(s, 0, 10, &value), 0);
	ck_assert_msg(value >= 9 && value <= 9, "got %.17g", value);
}
END_TEST

START_TEST(nearest)
{
	static const char *const commands[] = { "enqueue", "list", "status",
		"show", "output", "retry", "cancel", "wait", "purge", "pause",
		"resume", "worker", "dlq", "config", NULL };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "list", "list" },
		{ "lists", "list" },
		{ "lst", "list" },
		{ "lisst", "list" },
		{ "lits", "list" },
		{ "mist", "list" },
		{ "ilst", "list" },
		{ "liszzt", "list" },
		{ "enqeueu", "enqueue" },
		{ "enqueu", "enqueue" },
		{ "stauts", "status" },
		{ "satuts", "status" },
		{ "statsu", "status" },
		{ "cancell", "cancel" },
		{ "workers", "worker" },
		{ "qdl", "dlq" },
		{ "dql", "dlq" },
		{ "dl", "dlq" },
		{ "pursue", "purge" },
		{ "wiat", "wait" },
		{ "ouput", "output" },
		{ "confg", "config" },
		{ "cnofgi", "config" },
		/* Three edits are too many. */
		{ "listing", NULL },
		{ "sattxz", NULL },
		{ "frobnicate", NULL },
		{ "LIST", NULL },
		/* As many edits as a word has bytes are no likeness. */
		{ "", NULL },
		{ "d", NULL },
		{ "x", NULL },
		{ "xx", NULL },
		{ "xlx", "dlq" },
		{ "xyz", NULL },
	};
	const char *got;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		got = text_nearest(rows[i].word, commands);
		ck_assert_msg((got == NULL) == (rows[i].nearest == NULL) &&
			(got == NULL || strcmp(got, rows[i].nearest) == 0),
		    "\"%s\": expected %s, got %s", rows[i].word,
		    rows[i].nearest != NULL ? rows[i].nearest : "none",
		    got != NULL ? got : "none");
	}
}
END_TEST

START_TEST(nearest_choice)
{
	static const char *const none[] = { NULL };
	static const char *const words[] = { "", "a", "abcd", "abcx", "abc",
		NULL };

	ck_assert_ptr_null(text_nearest("abc", none));
	/* The nearest, not the first that is near. */
	ck_assert_ptr_eq(text_nearest("abc", words), words[4]);
	/* Of equals the first. */
	ck_assert_ptr_eq(text_nearest("abcy", words), words[2]);
	ck_assert_ptr_eq(text_nearest("a", words), words[1]);
	ck_assert_ptr_null(text_nearest("", words));
}
END_TEST

START_TEST(is_utf8)
{
	ck_assert(text_is_utf8("", 0));
	ck_assert(text_is_utf8(BYTES("a\x1b\0\xc3\xa9\xf0\x9f\x98\x80")));
	ck_assert(!text_is_utf8(BYTES("\xff")));
	ck_assert(!text_is_utf8(BYTES("a\xc3")));
	ck_assert(!text_is_utf8(BYTES("\xc3\xa9\x80z")));
	ck_assert(!text_is_utf8(BYTES("\xed\xa0\x80")));
}
END_TEST

/* Of a piece of text, as much as ends with a whole character. */
static const struct {
	const char *text;
	size_t whole;
} pieces[] = { { "", 0 }, { "a", 1 }, { "a\xc3", 1 }, { "a\xc3\xa4", 3 },
	{ "\xe2\x82", 0 }, { "\xe2\x82\xac", 3 }, { "x\xf0\x9f\x98", 1 },
	{ "x\xf0\x9f\x98\x80", 5 }, { "\x80\x80\x80\x80", 4 },
	{ "\xc3\xa4\xc3", 2 } };

START_TEST(whole)
{
	ck_assert_uint_eq(text_whole(pieces[_i].text, strlen(pieces[_i].text)),
	    pieces[_i].whole);
}
END_TEST

Suite *
suite_text(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");

	tcase_add_test(t, utf8);
	tcase_add_test(t, utf8_pairs);
	tcase_add_test(t, is_utf8);
	tcase_add_test(t, show);
	tcase_add_test(t, show_some);
	tcase_add_test(t, logfmt);
	tcase_add_test(t, logfmt_next);
	tcase_add_test(t, logfmt_and_back);
	tcase_add_test(t, number);
	tcase_add_test(t, number_largest);
	tcase_add_test(t, decimal);
	tcase_add_test(t, decimal_long);
	tcase_add_test(t, nearest);
	tcase_add_test(t, nearest_choice);
	tcase_add_loop_test(t, whole, 0, (int)LEN(pieces));
	suite_add_tcase(s, t);
	return s;
}
