#include "roster.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "when.h"

#define ROSTER_GONE  UINT32_MAX /* it is not in the next reading */
#define ROSTER_AHEAD 8		/* entries that may have gone, one by one */

/*
 * The directory being read.  It names most of what it named before, and in the
 * same order: so each entry is looked for where the last one was found.
 */
struct reading {
	const struct spool *spool;
	int dir;
	struct roster *old;
	size_t at;   /* in old: what should come next */
	size_t kept; /* of its entries */
	struct roster made;
	size_t room;		     /* for entries */
	struct roster_entry **fresh; /* those that are not in old */
	size_t count;
};

/* ---- What is known ---- */

/* FNV-1a, of 32 bits (draft-eastlake-fnv). */
static uint32_t
hash_name(const char *name)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
	return hash;
}

/*
 * Two names of one hash that were given to one inode, one after the other,
 * count as one until it changes again; nobody will find a file of the first.
 */
static int
is_same(const struct roster_entry *e, uint64_t inode, uint32_t hash)
{
	return e->inode == inode && e->hash == hash && e->next == ROSTER_GONE;
}

static size_t
home(const struct roster *r, uint64_t inode)
{
	/* Neighbours come to lie far apart (Knuth: The Art, volume 3, 6.4). */
	return (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
	    (r->slots - 1);
}

/* Makes the table of all entries; 0 or -1. */
static int
make_slots(struct roster *r)
{
	size_t i, at, slots = 16;

	while (slots < 2 * r->count)
		slots *= 2;
	r->slot = calloc(slots, sizeof *r->slot);
	if (r->slot == NULL)
		return -1;
	r->slots = slots;
	for (i = 0; i < r->count; i++) {
		at = home(r, r->entry[i].inode);
		while (r->slot[at] != 0)
			at = (at + 1) & (slots - 1);
		r->slot[at] = (uint32_t)i + 1;
	}
	return 0;
}

/* The known entry of that inode and hash, wherever it is, or NULL. */
static struct roster_entry *
find(struct reading *rd, uint64_t inode, uint32_t hash)
{
	struct roster *r = rd->old;
	size_t i, end = rd->at + ROSTER_AHEAD;

	for (i = rd->at; i < r->count && i < end; i++)
		if (is_same(&r->entry[i], inode, hash))
			return &r->entry[i];
	if (r->count == 0 || (r->slots == 0 && make_slots(r) == -1))
		return NULL;
	for (i = home(r, inode); r->slot[i] != 0; i = (i + 1) & (r->slots - 1))
		if (is_same(&r->entry[r->slot[i] - 1], inode, hash))
			return &r->entry[r->slot[i] - 1];
	return NULL;
}

/* ---- Reading ---- */

/* Makes room for one more entry; 0 or -1. */
static int
make_room(struct reading *rd)
{
	struct roster *r = &rd->made;
	struct roster_entry *grown;
	size_t room = rd->room > 0 ? 2 * rd->room : 64;

	if (r->count < rd->room)
		return 0;
	if (room >= ROSTER_GONE) {
		errno = ENOMEM;
		return -1;
	}
	grown = realloc(r->entry, room * sizeof *grown);
	if (grown == NULL)
		return -1;
	r->entry = grown;
	rd->room = room;
	return 0;
}

static int
add_name(void *arg, const char *name, uint64_t inode)
{
	struct reading *rd = arg;
	struct roster_entry *known = NULL, *e;
	uint32_t hash = hash_name(name);
	struct stat st;

	if (!spool_is_job(rd->dir, name))
		return 0;
	/* A job that runs is touched, for its lease. */
	if (rd->dir != SPOOL_PROCESSING)
		known = find(rd, inode, hash);
	if (known == NULL &&
	    (fstatat(rd->spool->dir[rd->dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1 ||
		!S_ISREG(st.st_mode)))
		return 0;
	if (make_room(rd) == -1)
		return -1;
	e = &rd->made.entry[rd->made.count];
	e->time = known != NULL ? known->time : spool_time(&st);
	e->inode = inode;
	e->hash = hash;
	/* Tells that it is fresh, until all have their places in the order. */
	e->next = known != NULL ? 0 : ROSTER_GONE;
	e->name = names_keep(&rd->made.names, name);
	if (e->name == NULL)
		return -1;
	if (known != NULL) {
		known->next = (uint32_t)rd->made.count;
		rd->at = (size_t)(known - rd->old->entry) + 1;
		rd->kept++;
	}
	rd->made.count++;
	return 0;
}

/* ---- Order ---- */

int
roster_before(const struct roster_entry *a, const struct roster_entry *b)
{
	return a->time != b->time ? a->time > b->time :
				    strcmp(a->name, b->name) > 0;
}

static int
compare(const void *a, const void *b)
{
	const struct roster_entry *const *x = a, *const *y = b;

	return roster_before(*y, *x) - roster_before(*x, *y);
}

const struct roster_entry *
roster_at(const struct roster *r, size_t i)
{
	return &r->entry[r->order[i]];
}

size_t
roster_after(const struct roster *r, int64_t time, const char *name)
{
	size_t low = 0, high = r->count, middle;
	struct roster_entry e;

	e.time = time;
	e.name = name;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (!roster_before(&e, roster_at(r, middle)))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Collects the fresh entries in order; 0 or -1. */
static int
sort_fresh(struct reading *rd)
{
	struct roster *r = &rd->made;
	size_t i;

	rd->fresh = malloc((r->count - rd->kept + 1) * sizeof *rd->fresh);
	if (rd->fresh == NULL)
		return -1;
	for (i = 0; i < r->count; i++)
		if (r->entry[i].next == ROSTER_GONE)
			rd->fresh[rd->count++] = &r->entry[i];
	if (rd->count > 0)
		qsort(rd->fresh, rd->count, sizeof *rd->fresh, compare);
	return 0;
}

/* Orders what was read: what was known is in order; 0 or -1. */
static int
make_order(struct reading *rd)
{
	struct roster *r = &rd->made;
	const struct roster *old = rd->old;
	size_t i, next = 0, n = 0;
	uint32_t known;

	r->order = malloc((r->count + 1) * sizeof *r->order);
	if (r->order == NULL || sort_fresh(rd) == -1)
		return -1;
	for (i = 0; i < old->count; i++) {
		known = roster_at(old, i)->next;
		if (known == ROSTER_GONE)
			continue;
		while (next < rd->count &&
		    roster_before(rd->fresh[next], &r->entry[known]))
			r->order[n++] =
			    (uint32_t)(rd->fresh[next++] - r->entry);
		r->order[n++] = known;
	}
	while (next < rd->count)
		r->order[n++] = (uint32_t)(rd->fresh[next++] - r->entry);
	for (i = 0; i < rd->count; i++)
		rd->fresh[i]->next = 0;
	return 0;
}

/* ---- What has come back ---- */

/* Entries that have another time by now. */
struct moved {
	struct roster_entry *entry[ROSTER_ASK];
	int64_t time[ROSTER_ASK];
	size_t count;
};

/* Gives them these times, and puts them into their places; 0 or -1. */
static int
put_again(struct roster *r, struct moved *m)
{
	uint32_t *order = malloc((r->count + 1) * sizeof *order);
	size_t i, next = 0, n = 0;

	if (order == NULL)
		return -1;
	for (i = 0; i < m->count; i++) {
		m->entry[i]->time = m->time[i];
		m->entry[i]->next = ROSTER_GONE; /* from where it was */
	}
	qsort(m->entry, m->count, sizeof *m->entry, compare);
	for (i = 0; i < r->count; i++) {
		if (roster_at(r, i)->next == ROSTER_GONE)
			continue;
		while (next < m->count &&
		    roster_before(m->entry[next], roster_at(r, i)))
			order[n++] = (uint32_t)(m->entry[next++] - r->entry);
		order[n++] = r->order[i];
	}
	while (next < m->count)
		order[n++] = (uint32_t)(m->entry[next++] - r->entry);
	for (i = 0; i < m->count; i++)
		m->entry[i]->next = 0;
	free(r->order);
	r->order = order;
	r->version++;
	return 0;
}

/* Asks for the times of some that were known; 0 or -1. */
static int
ask_again(struct roster *r, const struct spool *s, int dir)
{
	struct roster_entry *e;
	struct moved m;
	struct stat st;
	size_t asked;

	m.count = 0;
	for (asked = 0; r->left > 0 && asked < ROSTER_ASK; asked++) {
		e = &r->entry[r->at];
		r->at = (r->at + 1) % r->count;
		r->left--;
		e->next = 0;
		if (fstatat(s->dir[dir], e->name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    spool_time(&st) == e->time)
			continue;
		m.time[m.count] = spool_time(&st);
		m.entry[m.count++] = e;
	}
	return m.count > 0 ? put_again(r, &m) : 0;
}

/* ---- All of it ---- */

int
roster_update(struct roster *r, const struct spool *s, int dir)
{
	struct reading rd;
	int ret, saved;
	size_t i;

	if (!look_due(&r->look, s, dir)) {
		/* What is known of it may be wrong: it is no answer. */
		errno = r->look.error;
		return errno != 0 ? -1 : ask_again(r, s, dir);
	}
	memset(&rd, 0, sizeof rd);
	rd.spool = s;
	rd.dir = dir;
	rd.old = r;
	for (i = 0; i < r->count; i++)
		r->entry[i].next = ROSTER_GONE;
	look_begin(&r->look, s, dir);
	ret = spool_scan(s, dir, add_name, &rd);
	if (ret == 0)
		ret = make_order(&rd);
	saved = errno;
	if (ret == 0) {
		rd.made.look = r->look;
		rd.made.version =
		    r->version + (rd.count > 0 || rd.kept < r->count);
		rd.made.left = rd.kept > 0 ? rd.made.count : 0;
		rd.made.at = rd.made.count > 0 ? r->at % rd.made.count : 0;
		roster_free(r);
		*r = rd.made;
	} else {
		roster_free(&rd.made);
	}
	errno = saved;
	look_end(&r->look, ret);
	free(rd.fresh);
	errno = saved;
	return ret == 0 ? ask_again(r, s, dir) : -1;
}

void
roster_free(struct roster *r)
{
	free(r->entry);
	free(r->order);
	free(r->slot);
	names_free(&r->names);
	r->entry = NULL;
	r->order = NULL;
	r->slot = NULL;
	r->count = r->slots = r->at = r->left = 0;
}
