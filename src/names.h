/*
 * names - strings that are kept until all of them are given up.
 *
 * Owns: their memory: pieces that never move, so what points there stays.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>

#define NAMES_PIECE 65500 /* bytes: no name may be longer */

struct names_piece {
	struct names_piece *next;
	size_t used;
	char text[NAMES_PIECE];
};

/* Zeroed, there are none. */
struct names {
	struct names_piece *last;
};

/* Keeps a copy, which is returned; NULL with errno ENOMEM. */
const char *names_keep(struct names *n, const char *name);

void names_free(struct names *n);

#endif
