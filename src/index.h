/*
 * index - what waits, and which of it is next.
 *
 * Owns: one entry a waiting job, found by directory and name, ordered by
 * when it is due, and once due by priority, then age, then ID.
 * Must not know: files, workers, what time it is.
 */
#ifndef INDEX_H
#define INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "when.h"

/* A million entries are to fit into 64 MB: hence the small numbers below. */

enum index_place {
	INDEX_NEW,     /* not in the order yet */
	INDEX_LATER,   /* waits for its time */
	INDEX_READY,   /* is due */
	INDEX_HELD,    /* a worker has it */
	INDEX_IGNORED, /* no job: not to be looked at again */
	INDEX_FREE     /* no entry: its memory waits for one */
};

#define INDEX_TICK (WHEN_SECOND / 16) /* that `seen` is counted in */

struct index_entry {
	int64_t due; /* wall clock, microseconds; 0: now */
	int64_t created;
	union {
		uint64_t digits; /* of a generated ID */
		char *text;	 /* of any other name */
	} name;			 /* index_name tells it */
	uint32_t tail;		 /* of a generated ID */
	uint32_t number;	 /* of the entry */
	uint32_t next;		 /* in its hash bucket; 0: none */
	uint32_t slot;		 /* in the heap of its place */
	uint32_t seen;		 /* monotonic clock: known since then */
	uint32_t inode;		 /* its low bits */
	uint32_t changed;	 /* made of the ctime of what was read, or 0 */
	unsigned mark : 8;	 /* the scan that saw it last */
	unsigned place : 3;
	unsigned dir : 4;
	unsigned priority : 4;
	unsigned busy : 1;    /* a namesake or a lock was in the way */
	unsigned again : 1;   /* while held: its name was given anew */
	unsigned written : 1; /* while held: it was written */
	unsigned half : 1;    /* half-written when it was last read */
	unsigned named : 1;   /* what is odd about it is in the log */
};

struct index_heap {
	uint32_t *entry; /* numbers */
	size_t count, room;
};

struct index {
	struct index_entry **chunk; /* entries stay where they are */
	size_t chunks;
	uint32_t used;	 /* numbers that were given to entries so far */
	uint32_t unused; /* the first of those that are free; 0: none */
	uint32_t *bucket;
	size_t buckets, count;
	size_t ignored; /* of count: those that are no jobs */
	uint32_t seed;	/* of the hash */
	int fifo;	/* order without priority */
	struct index_heap ready, later;
};

/* An empty index; 0, or -1 with errno ENOMEM. */
int index_init(struct index *ix);
void index_free(struct index *ix);

/* The entry of dir/name, or NULL. */
struct index_entry *index_find(const struct index *ix, int dir,
    const char *name);

/*
 * The entry of dir/name, made if need be (INDEX_NEW, seen at `mono`).  NULL
 * with errno ENOMEM.
 */
struct index_entry *index_add(struct index *ix, int dir, const char *name,
    int64_t mono);

/* The name of an entry, in `room` if it is not elsewhere. */
#define INDEX_ROOM 27
const char *index_name(const struct index_entry *e, char room[INDEX_ROOM]);

/* For how long an entry is known at `mono`, microseconds: not longer. */
int64_t index_known(const struct index_entry *e, int64_t mono);

/* Says that it is known from `mono` on. */
void index_see(struct index_entry *e, int64_t mono);

/* Says anew when an entry is due and how it is ordered then. */
void index_set(struct index *ix, struct index_entry *e, int64_t due,
    int64_t created, int priority);

/* Says anew when it is due. */
void index_delay(struct index *ix, struct index_entry *e, int64_t due);

/* Takes an entry out of the order: INDEX_HELD or INDEX_IGNORED. */
void index_set_aside(struct index *ix, struct index_entry *e,
    enum index_place place);

/* Forgets an entry. */
void index_remove(struct index *ix, struct index_entry *e);

/* The first of those that are due at `now`, or NULL. */
struct index_entry *index_next(struct index *ix, int64_t now);

/* The first of those that are not due yet, or NULL. */
struct index_entry *index_later(const struct index *ix);

/* When the next entry that is not due yet will be; WHEN_NEVER if none. */
int64_t index_next_due(const struct index *ix);

/* Changes the order: with or without priority. */
void index_set_fifo(struct index *ix, int fifo);

/* Forgets the entries of a directory that lack this mark and are not held. */
void index_sweep(struct index *ix, int dir, unsigned mark);

/*
 * Calls `found` for each entry that waits for its time; it may set or remove
 * that one.
 */
void index_each_later(struct index *ix,
    void (*found)(void *arg, struct index_entry *e), void *arg);

#endif
