/*
 * roster - the jobs of one state by their last change, newest first, for who
 * asks again and again.
 *
 * Owns: when a directory has to be read anew, and what is still known of it.
 * Must not know: what is in the files: none is opened.
 *
 * It takes about 80 bytes a job.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "look.h"
#include "names.h"
#include "spool.h"

/*
 * A job that has left and come back, as another attempt of it has failed, may
 * have its name and inode as before.  So after each reading those that were
 * known are asked for their time of change again: so many at each update.
 */
#define ROSTER_ASK 2000

struct roster_entry {
	int64_t time; /* of the file's last change */
	uint64_t inode;
	const char *name;
	uint32_t hash; /* of the name, which lies elsewhere in memory */
	uint32_t next; /* for roster_update: where it is in the next reading */
};

/* Zeroed, it is one that was never updated. */
struct roster {
	struct look look;
	unsigned long version;	    /* another one whenever it has changed */
	struct roster_entry *entry; /* in the order of the directory */
	uint32_t *order;	    /* indexes of these, the newest first */
	size_t count;
	struct names names;
	uint32_t *slot; /* by inode: 1 + an index of an entry, or 0 */
	size_t slots;	/* a power of two, or 0: not made yet */
	size_t at;	/* the entry that is asked for its time next */
	size_t left;	/* so many are to be asked */
};

/* Brings it up to date; 0, or -1 with errno: then it is as it was. */
int roster_update(struct roster *r, const struct spool *s, int dir);

/* The entry that has i before it that are newer. */
const struct roster_entry *roster_at(const struct roster *r, size_t i);

/* How many come before what has that time and name, and it itself. */
size_t roster_after(const struct roster *r, int64_t time, const char *name);

/* True if an entry comes before another one in such an order. */
int roster_before(const struct roster_entry *a, const struct roster_entry *b);

void roster_free(struct roster *r);

#endif
