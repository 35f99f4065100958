/*
 * buf - a byte string that grows.
 *
 * Owns: the memory and the arithmetic of its size.  The data always ends in
 * a NUL that len does not count.  Running out of memory sets `failed`, after
 * which additions do nothing: check once, at the end.
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>

#include "msg.h"

struct buf {
	char *data; /* NULL until something was added */
	size_t len;
	size_t cap;
	int failed; /* memory ran out (errno was ENOMEM) */
};

/* clang-format off */
#define BUF_EMPTY { NULL, 0, 0, 0 }
/* clang-format on */

/* Appends n bytes. */
void buf_add(struct buf *b, const void *bytes, size_t n);

/* Appends a C string. */
void buf_puts(struct buf *b, const char *s);

/* Appends one byte. */
void buf_putc(struct buf *b, char c);

/* Appends formatted text. */
void buf_printf(struct buf *b, const char *fmt, ...) MSG_PRINTF(2, 3);

/* Makes room for n more bytes; 0, or -1 with errno ENOMEM. */
int buf_reserve(struct buf *b, size_t n);

/* The text so far as a C string, "" when empty. */
const char *buf_text(const struct buf *b);

/* Forgets the bytes and a failure, keeps the memory. */
void buf_clear(struct buf *b);

/* Gives the memory back; the buf may be used again. */
void buf_free(struct buf *b);

#endif
