/*
 * pick - some jobs out of many: of a state or of all, newest first, from some
 * place on, and only those that have a text in their ID, command or error.
 *
 * Owns: their order, what matches, how a place in it is told.
 * Must not know: how they are shown.
 */
#ifndef PICK_H
#define PICK_H

#include <stddef.h>

#include "buf.h"
#include "record.h"
#include "view.h"

/* So much is read for one answer: the rest is to be asked for. */
#define PICK_LOOKS 2000	   /* files */
#define PICK_BYTES 8388608 /* of them */

/* A text that begins so is the whole error of a job, and nothing else. */
#define PICK_ERROR "error="

struct pick {
	struct view *view;
	const struct roster *roster[JOB_STATES]; /* NULL: not wanted */
	size_t at[JOB_STATES];
	struct buf text; /* that is searched for, in small letters; "": any */
	size_t looks;	 /* files that were read, */
	size_t bytes;	 /* and what they held */
	size_t total;	 /* jobs in these states */
	size_t excused;	 /* that could not be read */
	const struct roster_entry *last; /* that was looked at */
	struct record record;
	int filled; /* the record is to be freed */
};

/*
 * state: JOB_NO_STATE for all; after: a place as pick_place tells it, "" or
 * NULL for the start; text: what is searched for, "" or NULL for any job.
 * Returns 0; -1 with errno, EINVAL if that is no place.  Either: pick_end.
 */
int pick_begin(struct pick *p, struct view *v, int state, const char *after,
    const char *text);

/* True if that is a place as pick_place tells it, or "". */
int pick_is_place(const char *after);

/*
 * Finds the next one: 1, and it is in p->record; 0 if there is none, or if too
 * many were looked at: then pick_more tells so.
 */
int pick_next(struct pick *p);

/* True if there may be more behind the last one. */
int pick_more(const struct pick *p);

/* Appends the place behind the last one that was looked at. */
void pick_place(const struct pick *p, struct buf *out);

void pick_end(struct pick *p);

#endif
