#include "text.h"

#include <float.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define TEXT_NEAR 2 /* edits at which a word is still taken for another */

/* The multi-byte sequences: what they may begin with and stand for. */
static const struct {
	unsigned char mask;
	unsigned char lead;
	unsigned long least; /* what is below has a shorter form */
} sequences[] = {
	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 },
	{ 0xf8, 0xf0, 0x10000 },
};

size_t
text_utf8(const char *s, size_t len, unsigned long *point)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned long value;
	size_t n, i;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*point = p[0];
		return 1;
	}
	for (n = 0; n < 3; n++)
		if ((p[0] & sequences[n].mask) == sequences[n].lead)
			break;
	if (n == 3 || len < n + 2)
		return 0;
	value = (unsigned long)(p[0] & ~sequences[n].mask & 0xff);
	for (i = 1; i < n + 2; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < sequences[n].least || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return n + 2;
}

size_t
text_whole(const char *s, size_t len)
{
	size_t n = len, need;
	unsigned char first;

	/* Back to the byte that the last character begins with. */
	while (n > 0 && len - n < 3 && ((unsigned char)s[n - 1] & 0xc0) == 0x80)
		n--;
	first = n > 0 ? (unsigned char)s[n - 1] : 0;
	need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	return len - n + 1 < need ? n - 1 : len;
}

int
text_is_utf8(const char *s, size_t len)
{
	unsigned long point;
	size_t n = 1;

	for (; len > 0 && n > 0; s += n, len -= n)
		n = text_utf8(s, len, &point);
	return n > 0;
}

int
text_is_plain(unsigned long point)
{
	if (point < 0x20 || (point >= 0x7f && point <= 0x9f))
		return 0;
	/* The rest makes a reader see another order than there is. */
	return point != 0x61c && point != 0x200e && point != 0x200f &&
	    (point < 0x2028 || point > 0x202e) &&
	    (point < 0x2066 || point > 0x2069);
}

/*
 * Length of what s begins with if it may be shown as it is; else 0, and *n
 * is how many bytes to escape.
 */
static size_t
shown_as_is(const char *s, size_t len, size_t *n)
{
	unsigned long point;

	*n = text_utf8(s, len, &point);
	if (*n == 0)
		*n = 1;
	else if (text_is_plain(point))
		return *n;
	return 0;
}

#define ESCAPED_MAX 4 /* bytes that stand for one that is escaped */

/* Puts n bytes as \n, \r, \t or \xNN; returns where they end. */
static char *
put_escaped(char *to, const char *s, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (; n > 0; n--, s++) {
		*to++ = '\\';
		if (*s == '\n' || *s == '\r' || *s == '\t') {
			*to++ = *s == '\n' ? 'n' : *s == '\r' ? 'r' : 't';
			continue;
		}
		*to++ = 'x';
		*to++ = digits[(unsigned char)*s >> 4];
		*to++ = digits[*s & 0xf];
	}
	return to;
}

static void
escape(struct buf *out, const char *s, size_t n)
{
	char text[4 * ESCAPED_MAX]; /* no character has more than 4 bytes */

	buf_add(out, text, (size_t)(put_escaped(text, s, n) - text));
}

void
text_show_some(struct buf *out, const char *s, size_t len, size_t max)
{
	size_t start = out->len, whole = start, n;

	for (; len > 0; s += n, len -= n) {
		if (shown_as_is(s, len, &n) > 0)
			buf_add(out, s, n);
		else
			escape(out, s, n);
		if (out->len - start > max) {
			out->len = whole;
			buf_puts(out, "...");
			return;
		}
		whole = out->len;
	}
}

#define SHOW_STEP 4096 /* bytes that room is made for at a time */
#define EACH_BYTE (~UINT64_C(0) / 255) /* times n: n in each of 8 bytes */

/*
 * The length of a beginning of s, in steps of 8, that is printable ASCII; the
 * rest may be as well.  A byte at a time, a gigabyte took ten times as long as
 * with cat(1).
 */
static size_t
ascii_prefix(const char *s, size_t len)
{
	uint64_t eight, wrong;
	size_t i;

	for (i = 0; i + sizeof eight <= len; i += sizeof eight) {
		memcpy(&eight, s + i, sizeof eight);
		wrong = eight - EACH_BYTE * 0x20;  /* the highest bit: < 0x20 */
		wrong |= eight + EACH_BYTE * 0x01; /* or 0x7f */
		wrong |= eight;			   /* or no ASCII */
		if ((wrong & EACH_BYTE * 0x80) != 0)
			break;
	}
	return i;
}

/*
 * Puts at least n bytes of s, and no more than the character that the last of
 * these belongs to; bytes of `also` stay as they are.  *to is where that ends.
 * Returns how many bytes of s were put.
 */
static size_t
put_shown(char **to, const char *s, size_t len, size_t n, const char *also)
{
	size_t i, part;

	for (i = 0; i < n; i += part) {
		part = 1;
		if (s[i] >= 0x20 && s[i] < 0x7f) {
			part += ascii_prefix(s + i + 1, n - i - 1);
			memcpy(*to, s + i, part);
			*to += part;
		} else if (s[i] != '\0' && strchr(also, s[i]) != NULL) {
			*(*to)++ = s[i];
		} else if (shown_as_is(s + i, len - i, &part) > 0) {
			memcpy(*to, s + i, part);
			*to += part;
		} else {
			*to = put_escaped(*to, s + i, part);
		}
	}
	return i;
}

static void
show(struct buf *out, const char *s, size_t len, const char *also)
{
	size_t n;
	char *to;

	for (; len > 0; s += n, len -= n) {
		n = len < SHOW_STEP ? len : SHOW_STEP;
		/* One character may reach beyond the step. */
		if (buf_reserve(out, (n + 3) * ESCAPED_MAX) == -1)
			return;
		to = out->data + out->len;
		n = put_shown(&to, s, len, n, also);
		*to = '\0';
		out->len = (size_t)(to - out->data);
	}
}

void
text_show(struct buf *out, const char *s, size_t len)
{
	show(out, s, len, "");
}

void
text_show_lines(struct buf *out, const char *s, size_t len)
{
	show(out, s, len, "\n\t");
}

/* True if s can be the value of a field without quotes. */
static int
is_bare(const char *s, size_t len)
{
	size_t n;

	if (len == 0)
		return 0;
	for (; len > 0; s += n, len -= n)
		if (shown_as_is(s, len, &n) == 0 || *s == ' ' || *s == '"' ||
		    *s == '=' || *s == '\\')
			return 0;
	return 1;
}

void
text_logfmt(struct buf *out, const char *s, size_t len)
{
	size_t n;

	if (is_bare(s, len)) {
		buf_add(out, s, len);
		return;
	}
	buf_putc(out, '"');
	for (; len > 0; s += n, len -= n) {
		if (shown_as_is(s, len, &n) == 0) {
			escape(out, s, n);
			continue;
		}
		if (*s == '"' || *s == '\\')
			buf_putc(out, '\\');
		buf_add(out, s, n);
	}
	buf_putc(out, '"');
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads what follows a backslash at *s and moves *s behind it; 0 or -1. */
static int
unescape(const char **s, const char *end, struct buf *out)
{
	static const char names[] = "nrt\"\\";
	static const char bytes[] = "\n\r\t\"\\";
	const char *p = *s, *name;
	int high, low;

	if (p == end || *p == '\0')
		return -1;
	name = strchr(names, *p);
	if (name != NULL) {
		buf_putc(out, bytes[name - names]);
		*s = p + 1;
		return 0;
	}
	if (*p != 'x' || end - p < 3)
		return -1;
	high = hex_digit(p[1]);
	low = hex_digit(p[2]);
	if (high == -1 || low == -1)
		return -1;
	buf_putc(out, (char)(unsigned char)(high * 16 + low));
	*s = p + 3;
	return 0;
}

/* Reads a value behind its first quote, up to behind its last; 0 or -1. */
static int
unquote(const char **s, const char *end, struct buf *out)
{
	const char *p = *s;

	while (p < end && *p != '"' && *p != '\0') {
		if (*p != '\\') {
			buf_putc(out, *p++);
			continue;
		}
		p++;
		if (unescape(&p, end, out) == -1)
			return -1;
	}
	if (p == end || *p != '"')
		return -1;
	*s = p + 1;
	return 0;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int
text_logfmt_next(const char **s, const char *end, struct text_field *f)
{
	const char *p = *s, *from;

	buf_clear(&f->value);
	while (p < end && is_blank(*p))
		p++;
	if (p == end) {
		*s = p;
		return 0;
	}
	f->key = p;
	while (p < end && !is_blank(*p) && *p != '=' && *p != '"' && *p != '\0')
		p++;
	f->key_len = (size_t)(p - f->key);
	if (f->key_len == 0)
		return -1;
	if (p < end && *p == '=') {
		from = ++p;
		if (p < end && *p == '"') {
			p++;
			if (unquote(&p, end, &f->value) == -1)
				return -1;
		} else {
			while (p < end && !is_blank(*p) && *p != '\0')
				p++;
			buf_add(&f->value, from, (size_t)(p - from));
		}
	}
	/* Anything but a blank here: a NUL, or text after a quote. */
	if (f->value.failed || (p < end && !is_blank(*p)))
		return -1;
	*s = p;
	return 1;
}

/* isdigit(3) without the locale. */
static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
text_number(const char *s, long min, long max, long *value)
{
	long v = 0, digit;

	if (!is_digit(*s))
		return -1;
	for (; is_digit(*s); s++) {
		digit = *s - '0';
		if (v > (LONG_MAX - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	if (*s != '\0' || v < min || v > max)
		return -1;
	*value = v;
	return 0;
}

int
text_decimal(const char *s, double min, double max, double *value)
{
	double v = 0, scale = 1;

	if (!is_digit(*s))
		return -1;
	for (; is_digit(*s); s++) {
		if (v > DBL_MAX / 20)
			return -1;
		v = v * 10 + (*s - '0');
	}
	if (*s == '.') {
		s++;
		if (!is_digit(*s))
			return -1;
		/* Both stay whole numbers that a double holds exactly. */
		for (; is_digit(*s); s++) {
			if (v >= 9e14 || scale >= 1e22)
				continue;
			v = v * 10 + (*s - '0');
			scale *= 10;
		}
	}
	v /= scale;
	if (*s != '\0' || v < min || v > max)
		return -1;
	*value = v;
	return 0;
}

/* The fewest edits that make a into b, or most + 1 if that takes more. */
static int
edits(const char *a, const char *b, int most)
{
	int best, n;

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (most == 0)
		return 1;
	best = most;
	/* Each try has one edit less, so this is never deeper than `most`. */
	if (*a != '\0' && (n = edits(a + 1, b, most - 1)) < best)
		best = n;
	if (*b != '\0' && (n = edits(a, b + 1, most - 1)) < best)
		best = n;
	if (*a != '\0' && *b != '\0' &&
	    (n = edits(a + 1, b + 1, most - 1)) < best)
		best = n;
	if (*a != '\0' && *b != '\0' && a[0] == b[1] && a[1] == b[0] &&
	    (n = edits(a + 2, b + 2, most - 1)) < best)
		best = n;
	return best + 1;
}

const char *
text_nearest(const char *word, const char *const *words)
{
	const char *nearest = NULL;
	int best = TEXT_NEAR + 1, n;
	size_t len;

	for (; *words != NULL; words++) {
		n = edits(word, *words, TEXT_NEAR);
		len = strlen(*words);
		if (strlen(word) < len)
			len = strlen(word);
		if (n < best && (size_t)n < len) {
			best = n;
			nearest = *words;
		}
	}
	return nearest;
}
