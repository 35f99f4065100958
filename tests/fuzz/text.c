/*
 * text: what is shown moves no cursor, what is stored comes back; and JSON
 * strings for any bytes.
 */
#include "text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "json.h"

static void
check_show(const char *s, size_t len)
{
	struct buf once = BUF_EMPTY, twice = BUF_EMPTY;

	text_show(&once, s, len);
	MUST(fuzz_clean(buf_text(&once), once.len));
	MUST(!fuzz_clean(s, len) ||
	    (once.len == len && memcmp(buf_text(&once), s, len) == 0));
	text_show(&twice, buf_text(&once), once.len);
	MUST(fuzz_same(buf_text(&once), buf_text(&twice)));
	buf_free(&once);
	buf_free(&twice);
}

static void
check_logfmt(const char *s, size_t len)
{
	struct text_field f = { NULL, 0, BUF_EMPTY };
	struct buf line = BUF_EMPTY;
	const char *at;

	buf_puts(&line, "key=");
	text_logfmt(&line, s, len);
	MUST(fuzz_clean(buf_text(&line), line.len));
	buf_puts(&line, " next");
	at = buf_text(&line);
	MUST(text_logfmt_next(&at, line.data + line.len, &f) == 1);
	MUST(f.key_len == 3 && memcmp(f.key, "key", 3) == 0);
	MUST(f.value.len == len && memcmp(buf_text(&f.value), s, len) == 0);
	MUST(text_logfmt_next(&at, line.data + line.len, &f) == 1);
	MUST(f.key_len == 4 && f.value.len == 0);
	MUST(text_logfmt_next(&at, line.data + line.len, &f) == 0);
	buf_free(&f.value);
	buf_free(&line);
}

/* Any line is read to its end, or refused. */
static void
check_fields(const char *s, size_t len)
{
	struct text_field f = { NULL, 0, BUF_EMPTY };
	const char *end = s + len, *from = s;
	int got;

	while ((got = text_logfmt_next(&s, end, &f)) == 1) {
		MUST(f.key >= from && f.key_len > 0 && s <= end);
		MUST(f.key + f.key_len + f.value.len <= s);
		from = s;
	}
	MUST(got == -1 || s == end);
	buf_free(&f.value);
}

static void
check_json(const char *s, size_t len)
{
	struct buf text = BUF_EMPTY;
	struct json_value object;
	struct json_error error;

	buf_puts(&text, "{\"a\":");
	json_string(&text, s, len);
	buf_puts(&text, "}");
	MUST(json_parse(buf_text(&text), text.len, 1, &object, &error) == 0);
	if (fuzz_clean(s, len))
		MUST(object.item[0].len == len &&
		    memcmp(object.item[0].text, s, len) == 0);
	json_free(&object);
	buf_free(&text);
}

static void
check_numbers(const char *s)
{
	static const char *const words[] = { "enqueue", "list", "status",
		"show", "config set", NULL };
	const char *nearest = text_nearest(s, words);
	char again[32];
	double d = 0;
	long n = 0, m = 0;
	int i, found = nearest == NULL;

	for (i = 0; words[i] != NULL; i++)
		found |= nearest == words[i];
	MUST(found);
	if (text_number(s, 10, LONG_MAX, &n) == 0) {
		MUST(n >= 10);
		snprintf(again, sizeof again, "%ld", n);
		MUST(text_number(again, n, n, &m) == 0 && m == n);
	}
	if (text_decimal(s, 1, 1e6, &d) == 0)
		MUST(d >= 1 && d <= 1e6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	char *string = fuzz_string(data, size);

	check_show(s, size);
	check_logfmt(s, size);
	check_fields(s, size);
	check_json(s, size);
	check_numbers(string);
	free(string);
	return 0;
}
