/*
 * json_parse against a second reader of RFC 8259 that only says yes or no;
 * what was read must lie where it says, and be the same once it was written
 * and read again.
 */
#include "json.h"

#include <string.h>

#include "buf.h"
#include "fuzz.h"

/* ---- The second reader: what is behind the thing, NULL if it is none. ---- */

static const char *
space(const char *p, const char *end)
{
	while (p < end && *p != '\0' && strchr(" \t\r\n", *p) != NULL)
		p++;
	return p;
}

static const char *
digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > from ? p : NULL;
}

static const char *
number(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else
		p = digits(p, end);
	if (p != NULL && p < end && *p == '.')
		p = digits(p + 1, end);
	if (p != NULL && p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = digits(p, end);
	}
	return p;
}

/* The value of \uXXXX at p, or -1. */
static long
unit(const char *p, const char *end)
{
	long value = 0;
	int i;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		value *= 16;
		if (p[i] >= '0' && p[i] <= '9')
			value += p[i] - '0';
		else if (p[i] >= 'a' && p[i] <= 'f')
			value += p[i] - 'a' + 10;
		else if (p[i] >= 'A' && p[i] <= 'F')
			value += p[i] - 'A' + 10;
		else
			return -1;
	}
	return value;
}

static const char *
escape(const char *p, const char *end)
{
	long first = unit(p, end), second;

	if (first == -1)
		return end - p >= 2 && p[1] != '\0' &&
			strchr("\"\\/bfnrt", p[1]) != NULL ?
		    p + 2 :
		    NULL;
	p += 6;
	if (first < 0xd800 || first > 0xdfff)
		return p;
	second = unit(p, end);
	return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff ? p + 6 :
									NULL;
}

/* True if the bytes are UTF-8 without controls of ASCII, but for DEL. */
static int
plain(const char *from, const char *to)
{
	const unsigned char *p = (const unsigned char *)from;
	size_t len = (size_t)(to - from), n;

	for (; len > 0; p += n, len -= n) {
		n = *p < 0x80 ? *p >= ' ' : fuzz_sequence(p, len);
		if (n == 0)
			return 0;
	}
	return 1;
}

static const char *
string(const char *p, const char *end)
{
	const char *from;

	if (p == end || *p++ != '"')
		return NULL;
	while (p != NULL && p < end && *p != '"') {
		if (*p == '\\') {
			p = escape(p, end);
			continue;
		}
		for (from = p; p < end && *p != '"' && *p != '\\';)
			p++;
		if (!plain(from, p))
			return NULL;
	}
	return p != NULL && p < end ? p + 1 : NULL;
}

static const char *
value(const char *p, const char *end, int depth)
{
	static const char *const words[] = { "null", "true", "false" };
	size_t i, n;
	char last;

	for (i = 0; i < 3; i++) {
		n = strlen(words[i]);
		if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
			return p + n;
	}
	if (p < end && *p == '"')
		return string(p, end);
	if (p == end || (*p != '{' && *p != '['))
		return number(p, end);
	if (depth == 0)
		return NULL;
	last = *p == '{' ? '}' : ']';
	p = space(p + 1, end);
	if (p < end && *p == last)
		return p + 1;
	for (;;) {
		if (last == '}') {
			p = string(p, end);
			if (p == NULL || (p = space(p, end)) == end ||
			    *p != ':')
				return NULL;
			p = space(p + 1, end);
		}
		p = value(p, end, depth - 1);
		if (p == NULL || (p = space(p, end)) == end ||
		    (*p != ',' && *p != last))
			return NULL;
		if (*p++ == last)
			return p;
		p = space(p, end);
	}
}

static int
is_object(const char *text, size_t len, int depth)
{
	const char *end = text + len;
	const char *p = space(text, end);

	if (p == end || *p != '{')
		return 0;
	p = value(p, end, depth);
	return p != NULL && space(p, end) == end;
}

/* ---- What was read ---- */

/* The value lies where it says it does, and so does all that is in it. */
static void
check_value(const struct json_value *v, const char *text, size_t len)
{
	static const char *const begins[] = { "n", "f", "t", "-0123456789",
		"\"", "[", "{" };
	size_t i, k;

	MUST(v->at < len && strchr(begins[v->type], text[v->at]) != NULL);
	if (v->type == JSON_ARRAY || v->type == JSON_OBJECT) {
		MUST(v->text == NULL);
	} else {
		MUST(v->count == 0 && v->item == NULL);
		MUST(v->text[v->len] == '\0');
	}
	if (v->type < JSON_STRING)
		MUST(len - v->at >= v->len &&
		    memcmp(text + v->at, v->text, v->len) == 0);
	for (i = 0; i < v->count; i++) {
		check_value(&v->item[i], text, len);
		MUST(v->item[i].at > v->at);
		MUST(i == 0 || v->item[i].at > v->item[i - 1].at);
		MUST((v->item[i].name != NULL) == (v->type == JSON_OBJECT));
		if (v->type == JSON_ARRAY)
			continue;
		MUST(text[v->item[i].name_at] == '"');
		MUST(v->item[i].name_at < v->item[i].at);
		MUST(v->item[i].name[v->item[i].name_len] == '\0');
		for (k = 0; k < i; k++)
			MUST(v->item[i].name_len != v->item[k].name_len ||
			    memcmp(v->item[i].name, v->item[k].name,
				v->item[i].name_len) != 0);
	}
}

static void
write_value(const struct json_value *v, struct buf *out)
{
	size_t i;

	if (v->type < JSON_STRING)
		buf_add(out, v->text, v->len);
	else if (v->type == JSON_STRING)
		json_string(out, v->text, v->len);
	else
		buf_putc(out, v->type == JSON_ARRAY ? '[' : '{');
	for (i = 0; i < v->count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		if (v->type == JSON_OBJECT) {
			json_string(out, v->item[i].name, v->item[i].name_len);
			buf_putc(out, ':');
		}
		write_value(&v->item[i], out);
	}
	if (v->type >= JSON_ARRAY)
		buf_putc(out, v->type == JSON_ARRAY ? ']' : '}');
}

static void
check_same(const struct json_value *a, const struct json_value *b)
{
	size_t i;

	MUST(a->type == b->type && a->count == b->count && a->len == b->len);
	if (a->text != NULL)
		MUST(memcmp(a->text, b->text, a->len) == 0);
	MUST(a->name_len == b->name_len);
	if (a->name != NULL)
		MUST(memcmp(a->name, b->name, a->name_len) == 0);
	for (i = 0; i < a->count; i++)
		check_same(&a->item[i], &b->item[i]);
}

static void
check_again(const struct json_value *v)
{
	struct buf out = BUF_EMPTY;
	struct json_value again;
	struct json_error error;

	write_value(v, &out);
	MUST(json_parse(buf_text(&out), out.len, JSON_DEPTH, &again, &error) ==
	    0);
	check_same(v, &again);
	json_free(&again);
	buf_free(&out);
}

/* Reads the string at `at` as the only name of an object; 0 or -1. */
static int
read_name(const char *text, size_t len, size_t at, struct json_value *object)
{
	const char *end = string(text + at, text + len);
	struct buf alone = BUF_EMPTY;
	struct json_error error;
	int ret;

	if (end == NULL)
		return -1;
	buf_putc(&alone, '{');
	buf_add(&alone, text + at, (size_t)(end - text) - at);
	buf_puts(&alone, ":0}");
	ret = json_parse(buf_text(&alone), alone.len, 1, object, &error);
	buf_free(&alone);
	return ret;
}

/* The name at `at` has been there before, escaped or not. */
static void
check_duplicate(const char *text, size_t len, size_t at)
{
	struct json_value name, other;
	size_t i;
	int same = 0;

	MUST(read_name(text, len, at, &name) == 0);
	for (i = 0; i < at && !same; i++) {
		if (read_name(text, len, i, &other) == -1)
			continue;
		same = other.item[0].name_len == name.item[0].name_len &&
		    memcmp(other.item[0].name, name.item[0].name,
			name.item[0].name_len) == 0;
		json_free(&other);
	}
	MUST(same);
	json_free(&name);
}

static void
check(const char *text, size_t len, int depth)
{
	struct json_value object;
	struct json_error error;
	int wanted = is_object(text, len, depth);

	if (json_parse(text, len, depth, &object, &error) == -1) {
		MUST(error.at <= len);
		MUST(object.count == 0 && object.item == NULL);
		MUST(error.what[0] != '\0' &&
		    fuzz_clean(error.what, strlen(error.what)));
		if (strncmp(error.what, "duplicate ", 10) == 0)
			check_duplicate(text, len, error.at);
		else
			MUST(!wanted);
		return;
	}
	MUST(wanted);
	check_value(&object, text, len);
	check_again(&object);
	json_free(&object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check((const char *)data, size, 2);
	check((const char *)data, size, JSON_DEPTH);
	return 0;
}
