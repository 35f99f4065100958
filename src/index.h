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

enum index_place {
	INDEX_LATER,  /* waits for its time */
	INDEX_READY,  /* is due */
	INDEX_HELD,   /* a worker has it */
	INDEX_IGNORED /* no job: not to be looked at again */
};

struct index_entry {
	struct index_entry *next; /* in its hash bucket */
	int64_t due;		  /* wall clock, microseconds; 0: now */
	int64_t created;
	int64_t seen; /* monotonic clock: known since then */
	uint64_t inode;
	int64_t changed; /* ctime of what was read; 0: nothing was */
	size_t slot;	 /* in the heap of its place */
	unsigned mark;	 /* the scan that saw it last */
	enum index_place place;
	unsigned char dir;
	unsigned char priority;
	unsigned char busy;    /* a namesake or a lock was in the way */
	unsigned char again;   /* while held: its name was given anew */
	unsigned char written; /* while held: it was written */
	unsigned char half;    /* half-written when it was last read */
	unsigned char named;   /* what is odd about it is in the log */
	char name[];
};

struct index_heap {
	struct index_entry **entry;
	size_t count, room;
};

struct index {
	struct index_entry **bucket;
	size_t buckets, count;
	size_t ignored; /* of count: those that are no jobs */
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
 * The entry of dir/name, made if need be (INDEX_LATER, due now, seen
 * at `mono`).  NULL with errno ENOMEM.
 */
struct index_entry *index_add(struct index *ix, int dir, const char *name,
    int64_t mono);

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
