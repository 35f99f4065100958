#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "when.h"

#define NAME_SHOWN  100 /* a longer name is not repeated in a message */
#define ITEMS_FIRST 4	/* items of the first allocation */

/* Where the reader is. */
struct parser {
	const char *text;
	size_t len;
	size_t at;
	struct buf scratch; /* the string being unescaped */
	struct json_error *error;
};

static int parse_value(struct parser *, struct json_value *, int);

static int fail(struct parser *, size_t, const char *, ...) MSG_PRINTF(3, 4);

/* Says what is wrong at a byte; returns -1, for the caller to do so too. */
static int
fail(struct parser *p, size_t at, const char *fmt, ...)
{
	va_list ap;

	p->error->at = at;
	va_start(ap, fmt);
	vsnprintf(p->error->what, sizeof(p->error->what), fmt, ap);
	va_end(ap);
	return -1;
}

/* The next byte, or -1 at the end; a NUL byte is one like any other. */
static int
peek(const struct parser *p)
{
	return p->at < p->len ? (unsigned char)p->text[p->at] : -1;
}

/* Takes the byte c if it is next: true if so. */
static int
take(struct parser *p, int c)
{
	if (peek(p) != c)
		return 0;
	p->at++;
	return 1;
}

static void
skip_space(struct parser *p)
{
	while (take(p, ' ') || take(p, '\t') || take(p, '\n') || take(p, '\r'))
		;
}

/* Makes a copy with a NUL behind it; 0 or -1. */
static int
copy(struct parser *p, const char *s, size_t len, char **out)
{
	*out = malloc(len + 1);
	if (*out == NULL)
		return fail(p, p->at, "out of memory");
	if (len > 0)
		memcpy(*out, s, len);
	(*out)[len] = '\0';
	return 0;
}

/* Four hex digits; 0 or -1, blamed on the escape at `from`. */
static int
parse_hex(struct parser *p, size_t from, unsigned long *unit)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *digit;
	unsigned long value = 0;
	int i, c;

	for (i = 0; i < 4; i++) {
		c = peek(p);
		digit = c > 0 ? strchr(digits, c) : NULL;
		if (digit == NULL)
			return fail(p, from, "\\u needs four hex digits");
		c = (int)(digit - digits);
		value = value * 16 + (unsigned long)(c < 16 ? c : c - 6);
		p->at++;
	}
	*unit = value;
	return 0;
}

static void
add_utf8(struct buf *out, unsigned long point)
{
	static const unsigned char leads[] = { 0, 0xc0, 0xe0, 0xf0 };
	int more; /* bytes after the first, of six bits each */

	if (point < 0x80)
		more = 0;
	else if (point < 0x800)
		more = 1;
	else
		more = point < 0x10000 ? 2 : 3;
	buf_putc(out, (char)(leads[more] | point >> 6 * more));
	while (more-- > 0)
		buf_putc(out, (char)(0x80 | (point >> 6 * more & 0x3f)));
}

/* What follows the \u of the escape at `from`: a code point, or two halves. */
static int
parse_unicode(struct parser *p, size_t from)
{
	unsigned long high, low;

	if (parse_hex(p, from, &high) == -1)
		return -1;
	if (high >= 0xdc00 && high <= 0xdfff)
		return fail(p, from, "half of a surrogate pair");
	if (high >= 0xd800 && high <= 0xdbff) {
		if (!take(p, '\\') || !take(p, 'u'))
			return fail(p, from, "half of a surrogate pair");
		if (parse_hex(p, p->at - 2, &low) == -1)
			return -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(p, from, "half of a surrogate pair");
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(&p->scratch, high);
	return 0;
}

/* An escape, its backslash being next. */
static int
parse_escape(struct parser *p)
{
	static const char names[] = "\"\\/bfnrt";
	static const char bytes[] = "\"\\/\b\f\n\r\t";
	size_t from = p->at++;
	const char *name;
	int c = peek(p);

	if (take(p, 'u'))
		return parse_unicode(p, from);
	name = c > 0 ? strchr(names, c) : NULL;
	if (name == NULL)
		return fail(p, from, "unknown escape in a string");
	p->at++;
	buf_putc(&p->scratch, bytes[name - names]);
	return 0;
}

/* A string, its first quote being next, into *out. */
static int
parse_string(struct parser *p, char **out, size_t *len)
{
	size_t from = p->at++, n;
	unsigned long point;
	int c;

	buf_clear(&p->scratch);
	while (!take(p, '"')) {
		c = peek(p);
		if (c == -1)
			return fail(p, from, "this string has no end");
		if (c < 0x20)
			return fail(p, p->at,
			    "control byte 0x%02x in a string: write \\u%04x",
			    (unsigned)c, (unsigned)c);
		if (c == '\\') {
			if (parse_escape(p) == -1)
				return -1;
			continue;
		}
		n = text_utf8(p->text + p->at, p->len - p->at, &point);
		if (n == 0)
			return fail(p, p->at,
			    "byte 0x%02x in a string is not UTF-8",
			    (unsigned)c);
		buf_add(&p->scratch, p->text + p->at, n);
		p->at += n;
	}
	if (p->scratch.failed)
		return fail(p, from, "out of memory");
	*len = p->scratch.len;
	return copy(p, buf_text(&p->scratch), *len, out);
}

/* At least one digit; 0 or -1. */
static int
parse_digits(struct parser *p)
{
	size_t from = p->at;

	while (peek(p) >= '0' && peek(p) <= '9')
		p->at++;
	if (p->at == from)
		return fail(p, p->at, "a digit is missing in this number");
	return 0;
}

static int
parse_number(struct parser *p, struct json_value *v)
{
	size_t from = p->at;

	v->type = JSON_NUMBER;
	take(p, '-');
	if (take(p, '0')) {
		if (peek(p) >= '0' && peek(p) <= '9')
			return fail(p, p->at - 1,
			    "a number cannot begin with 0");
	} else if (parse_digits(p) == -1)
		return -1;
	if (take(p, '.') && parse_digits(p) == -1)
		return -1;
	if (take(p, 'e') || take(p, 'E')) {
		if (!take(p, '+'))
			take(p, '-');
		if (parse_digits(p) == -1)
			return -1;
	}
	v->len = p->at - from;
	return copy(p, p->text + from, v->len, &v->text);
}

/* null, false or true. */
static int
parse_word(struct parser *p, struct json_value *v)
{
	static const struct {
		const char *word;
		enum json_type type;
	} words[] = {
		{ "null", JSON_NULL },
		{ "false", JSON_FALSE },
		{ "true", JSON_TRUE },
	};
	const char *word;
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		word = words[i].word;
		n = strlen(word);
		if (n > p->len - p->at || memcmp(p->text + p->at, word, n) != 0)
			continue;
		p->at += n;
		v->type = words[i].type;
		v->len = n;
		return copy(p, word, n, &v->text);
	}
	return fail(p, p->at, "expected a value");
}

/* Moves *item to the end of v's; 0 or -1.  The room doubles when it is full. */
static int
append(struct parser *p, struct json_value *v, struct json_value *item)
{
	size_t n = v->count, room = 0;
	struct json_value *items;

	if (n == 0)
		room = ITEMS_FIRST;
	else if (n >= ITEMS_FIRST && (n & (n - 1)) == 0)
		room = 2 * n;
	if (room > 0) {
		if (room > (size_t)-1 / sizeof(*items))
			return fail(p, item->at, "out of memory");
		items = realloc(v->item, room * sizeof(*items));
		if (items == NULL)
			return fail(p, item->at, "out of memory");
		v->item = items;
	}
	v->item[v->count++] = *item;
	return 0;
}

/* Orders members by name; those of the same name as they were written. */
static int
compare_names(const void *a, const void *b)
{
	const struct json_value *x = *(const struct json_value *const *)a;
	const struct json_value *y = *(const struct json_value *const *)b;
	int order;

	if (x->name_len != y->name_len)
		return x->name_len < y->name_len ? -1 : 1;
	order = memcmp(x->name, y->name, x->name_len);
	if (order != 0)
		return order;
	return x->name_at < y->name_at ? -1 : x->name_at > y->name_at;
}

static int
fail_duplicate(struct parser *p, const struct json_value *member)
{
	buf_clear(&p->scratch);
	text_show(&p->scratch, member->name, member->name_len);
	if (p->scratch.failed || p->scratch.len > NAME_SHOWN)
		return fail(p, member->name_at, "duplicate member");
	return fail(p, member->name_at, "duplicate member \"%s\"",
	    buf_text(&p->scratch));
}

/* Fails at the first member that repeats a name.  Sorts, so as not to take
 * the square of the time on a long object. */
static int
check_duplicates(struct parser *p, const struct json_value *object)
{
	const struct json_value **sorted, *x, *y, *bad = NULL;
	size_t i;

	if (object->count < 2)
		return 0;
	sorted = malloc(object->count * sizeof(*sorted));
	if (sorted == NULL)
		return fail(p, object->at, "out of memory");
	for (i = 0; i < object->count; i++)
		sorted[i] = &object->item[i];
	qsort(sorted, object->count, sizeof(*sorted), compare_names);
	for (i = 1; i < object->count; i++) {
		x = sorted[i - 1];
		y = sorted[i];
		if (x->name_len == y->name_len &&
		    memcmp(x->name, y->name, x->name_len) == 0 &&
		    (bad == NULL || y->name_at < bad->name_at))
			bad = y;
	}
	free(sorted);
	return bad != NULL ? fail_duplicate(p, bad) : 0;
}

/* "NAME" and the colon. */
static int
parse_name(struct parser *p, struct json_value *v)
{
	v->name_at = p->at;
	if (peek(p) != '"')
		return fail(p, p->at, "expected a member name in quotes");
	if (parse_string(p, &v->name, &v->name_len) == -1)
		return -1;
	skip_space(p);
	if (!take(p, ':'))
		return fail(p, p->at, "expected ':' after a member name");
	skip_space(p);
	return 0;
}

/*
 * An array or object, its bracket being next; `depth` is how deep the values
 * in it may nest.  What was read before an error stays in v, to be freed.
 */
static int
parse_items(struct parser *p, struct json_value *v, int depth)
{
	static const struct json_value none;
	struct json_value item;
	int is_object = peek(p) == '{';
	int last = is_object ? '}' : ']';

	v->type = is_object ? JSON_OBJECT : JSON_ARRAY;
	v->at = p->at++;
	skip_space(p);
	if (take(p, last))
		return 0;
	for (;;) {
		item = none;
		if ((is_object && parse_name(p, &item) == -1) ||
		    parse_value(p, &item, depth) == -1 ||
		    append(p, v, &item) == -1) {
			json_free(&item);
			return -1;
		}
		skip_space(p);
		if (take(p, last))
			break;
		if (!take(p, ','))
			return fail(p, p->at, "expected ',' or '%c'", last);
		skip_space(p);
	}
	return is_object ? check_duplicates(p, v) : 0;
}

static int
parse_value(struct parser *p, struct json_value *v, int depth)
{
	int c = peek(p);

	v->at = p->at;
	if (c == '{' || c == '[') {
		if (depth <= 1)
			return fail(p, p->at, "nested too deep");
		return parse_items(p, v, depth - 1);
	}
	if (c == '"') {
		v->type = JSON_STRING;
		return parse_string(p, &v->text, &v->len);
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return parse_number(p, v);
	return parse_word(p, v);
}

int
json_parse(const char *text, size_t len, int depth, struct json_value *object,
    struct json_error *error)
{
	struct parser p = { text, len, 0, BUF_EMPTY, error };
	int result;

	memset(object, 0, sizeof(*object));
	if (depth > JSON_DEPTH)
		depth = JSON_DEPTH;
	skip_space(&p);
	if (peek(&p) == '{')
		result = parse_items(&p, object, depth);
	else
		result = fail(&p, p.at, "expected '{'");
	if (result == 0) {
		skip_space(&p);
		if (p.at < len)
			result = fail(&p, p.at, "text after the object");
	}
	if (result == -1)
		json_free(object);
	buf_free(&p.scratch);
	return result;
}

void
json_free(struct json_value *value)
{
	size_t i;

	for (i = 0; i < value->count; i++)
		json_free(&value->item[i]);
	free(value->item);
	free(value->text);
	free(value->name);
	memset(value, 0, sizeof(*value));
}

/* Appends the escape of a byte or code point below U+10000. */
static void
add_escape(struct buf *out, unsigned long point)
{
	static const char names[] = "\"\\bfnrt";
	static const char bytes[] = "\"\\\b\f\n\r\t";
	const char *byte = NULL;

	if (point > 0 && point < 0x80)
		byte = strchr(bytes, (int)point);
	if (byte != NULL)
		buf_printf(out, "\\%c", names[byte - bytes]);
	else
		buf_printf(out, "\\u%04lx", point);
}

void
json_string(struct buf *out, const char *s, size_t len)
{
	unsigned long point;
	size_t n;

	buf_putc(out, '"');
	for (; len > 0; s += n, len -= n) {
		n = text_utf8(s, len, &point);
		if (n == 0) {
			buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
			n = 1;
		} else if (point == '"' || point == '\\' ||
		    !text_is_plain(point)) {
			add_escape(out, point);
		} else {
			buf_add(out, s, n);
		}
	}
	buf_putc(out, '"');
}

void
json_next(struct buf *out)
{
	char last = out->len > 0 ? out->data[out->len - 1] : '\0';

	if (last != '[' && last != '{')
		buf_putc(out, ',');
}

void
json_name(struct buf *out, const char *name)
{
	json_next(out);
	json_string(out, name, strlen(name));
	buf_putc(out, ':');
}

void
json_member_string(struct buf *out, const char *name, const char *value)
{
	json_name(out, name);
	json_string(out, value, strlen(value));
}

void
json_member_number(struct buf *out, const char *name, long long value)
{
	json_name(out, name);
	buf_printf(out, "%lld", value);
}

void
json_member_time(struct buf *out, const char *name, int64_t us)
{
	char text[WHEN_SIZE];

	when_format(text, us);
	json_member_string(out, name, text);
}
