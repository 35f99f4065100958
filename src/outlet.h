/*
 * outlet - a descriptor that is written to without ever waiting.
 *
 * Owns: how that is done for each kind of file, and the rest of a text that
 * was taken in part.  Must not know: what the texts are, when to try again.
 *
 * An inherited descriptor shares its file status flags with other processes,
 * so O_NONBLOCK is never set on it.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <stddef.h>

#include "buf.h"

enum outlet_how {
	OUTLET_PLAIN,  /* a regular file, or opened with O_NONBLOCK */
	OUTLET_SOCKET, /* shared with others: asked at each call not to wait */
	OUTLET_POLLED  /* shared with others: asked first if there is room */
};

struct outlet {
	int fd; /* -1: not open */
	enum outlet_how how;
	int own;	 /* to be closed */
	struct buf rest; /* of the last text */
};

/* clang-format off */
#define OUTLET_CLOSED { -1, OUTLET_PLAIN, 0, BUF_EMPTY }
/* clang-format on */

/*
 * Opens a file to append to, made with mode 0640 if it is missing.  0, or -1
 * with errno: ENXIO for a FIFO that nobody reads.
 */
int outlet_open(struct outlet *o, const char *path);

/* Uses a descriptor that was inherited; it stays open. */
void outlet_use(struct outlet *o, int fd);

/* Closes what outlet_open opened, and forgets the rest of a text. */
void outlet_close(struct outlet *o);

/*
 * Writes a text.  Returns 0 if it was taken, at least in part: then the rest
 * is kept; -1 with errno (EAGAIN: no room) if nothing of it was.  There must
 * be no rest of an earlier one.
 */
int outlet_put(struct outlet *o, const char *text, size_t n);

/* Writes the rest: 0 if there is none any more, -1 with errno. */
int outlet_flush(struct outlet *o);

#endif
