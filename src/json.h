/*
 * json - RFC 8259: one object in, escaped text out.
 *
 * The reader makes a tree of the object, no deeper than it is told to.
 * Strict: no trailing text, no duplicate members, no comments, no lone
 * surrogates, no control bytes or bad UTF-8 in strings.
 * Must not know: what the members mean.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER, /* text as written, RFC 8259 syntax checked */
	JSON_STRING, /* unescaped UTF-8; may hold NULs: see len */
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_value {
	enum json_type type;
	char *text; /* of a scalar, NUL-terminated; else NULL */
	size_t len;
	size_t at;  /* byte offset in the input where the value begins */
	char *name; /* of a member, NULL in an array; may hold NULs */
	size_t name_len;
	size_t name_at; /* byte offset where the name's string begins */
	struct json_value *item; /* of an array or object */
	size_t count;
};

struct json_error {
	size_t at; /* byte offset, from 0 */
	char what[160];
};

#define JSON_DEPTH 16 /* the deepest nesting that can be asked for */

/*
 * Reads one object and nothing else but white space around it.  Returns 0
 * and fills *object (to be given to json_free), or -1 and fills *error, and
 * there is nothing to free; "out of memory" is one of the errors.
 *
 * depth: how deep values may nest: 1 for scalars only, 2 for arrays and
 * objects of scalars, more for what `show --json` prints; at most JSON_DEPTH.
 * Deeper is an error.
 */
int json_parse(const char *text, size_t len, int depth,
    struct json_value *object, struct json_error *error);

/* Frees what json_parse made, and empties it. */
void json_free(struct json_value *value);

/*
 * Appends s as a JSON string with its quotes: '"', '\' and what is not
 * text_is_plain() escaped, other UTF-8 as it is, any other byte as U+FFFD.
 */
void json_string(struct buf *out, const char *s, size_t len);

/*
 * Appends the comma that the next element of an array or object needs: none
 * if the text ends with its opening bracket.
 */
void json_next(struct buf *out);

/* json_next, and the name of a member with its colon. */
void json_name(struct buf *out, const char *name);

/* The same, and the member's value. */
void json_member_string(struct buf *out, const char *name, const char *value);
void json_member_number(struct buf *out, const char *name, long long value);
void json_member_time(struct buf *out, const char *name, int64_t us);

#endif
