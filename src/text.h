/*
 * text - strings that strangers wrote, made safe to show and to store.
 *
 * Owns: UTF-8, what a terminal may be shown, logfmt values.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include "buf.h"

/*
 * Length in bytes of the UTF-8 sequence (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF) that s begins with, and its code point;
 * 0 if it begins with none.  A NUL is a byte like any other.
 */
size_t text_utf8(const char *s, size_t len, unsigned long *point);

/* True if all of s is UTF-8. */
int text_is_utf8(const char *s, size_t len);

/*
 * How many of the bytes do not end within a character of UTF-8, which the next
 * bytes may complete.
 */
size_t text_whole(const char *s, size_t len);

/*
 * True if a code point may be shown as it is: no control, no C1 control
 * (U+0080 to U+009F), none that ends a line or changes the direction of text
 * (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069).
 */
int text_is_plain(unsigned long point);

/*
 * Appends s so that a terminal cannot be moved by it: what is not plain, and
 * bytes that are not UTF-8, as \xNN for each byte,
 * newline, carriage return and tab as \n, \r, \t, backslash as itself.
 */
void text_show(struct buf *out, const char *s, size_t len);

/* The same of a text of many lines: newlines and tabs stay as they are. */
void text_show_lines(struct buf *out, const char *s, size_t len);

/* The same, but at most max bytes of it, and then "..." if that cut it. */
void text_show_some(struct buf *out, const char *s, size_t len, size_t max);

/*
 * Appends s as the value of a logfmt field: as it is if it is not empty and
 * has no space, '"', '=', '\' nor what text_show would escape; else in double
 * quotes, with \" \\ \n \r \t and \xNN.
 */
void text_logfmt(struct buf *out, const char *s, size_t len);

/* A field of a logfmt line, as text_logfmt_next finds it. */
struct text_field {
	const char *key; /* not terminated */
	size_t key_len;
	struct buf value; /* unquoted; kept and reused between calls */
};

/*
 * Takes the next KEY=VALUE (or bare KEY: an empty value) from *s, which ends
 * at `end`, and moves *s behind it.  Blanks and tabs separate fields.  A value
 * without quotes is taken as it is.  Returns 1, 0 at the end, -1 if it is not
 * logfmt (an open quote, text behind a quote, an unknown escape, no key, a
 * NUL other than \x00 in quotes) or memory ran out.
 */
int text_logfmt_next(const char **s, const char *end, struct text_field *f);

/*
 * Reads a whole number in decimal, no sign, no space, nothing behind it.
 * Returns 0, or -1 if it is none or not within min..max.
 */
int text_number(const char *s, long min, long max, long *value);

/*
 * Reads a decimal like 2 or 1.5 (no sign, no exponent, no locale).
 * Returns 0, or -1 if it is none or not within min..max.
 */
int text_decimal(const char *s, double min, double max, double *value);

/*
 * The word of `words` (ended by NULL) that is nearest to `word`: by the
 * fewest insertions, deletions, replacements and swaps, at most 2 and fewer
 * than either has bytes; the first of several; NULL if none is near.
 */
const char *text_nearest(const char *word, const char *const *words);

#endif
