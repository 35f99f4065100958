#include "roster.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/* The directory being read. */
struct pass {
	struct roster *old;
	const struct spool *spool;
	int dir;
	struct roster fresh; /* those that were not known */
	size_t room;	     /* for so many of them */
	size_t kept;	     /* known ones that are still there */
};

/* ---- By inode ---- */

static size_t
home(const struct roster *r, uint64_t inode)
{
	/* Neighbours come to lie far apart (Knuth: The Art, volume 3, 6.4). */
	return (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
	    (r->slots - 1);
}

/* The entry of that name and inode, or NULL. */
static struct roster_entry *
find(const struct roster *r, const char *name, uint64_t inode)
{
	struct roster_entry *e;
	size_t i;

	if (r->slots == 0)
		return NULL;
	for (i = home(r, inode); r->slot[i] != 0;
	     i = (i + 1) & (r->slots - 1)) {
		e = &r->entry[r->slot[i] - 1];
		if (e->inode == inode && strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

/* Makes the table of all entries; 0 or -1. */
static int
make_slots(struct roster *r)
{
	size_t i, at;

	for (r->slots = 16; r->slots < 2 * r->count; r->slots *= 2)
		continue;
	r->slot = calloc(r->slots, sizeof *r->slot);
	if (r->slot == NULL)
		return -1;
	for (i = 0; i < r->count; i++) {
		at = home(r, r->entry[i].inode);
		while (r->slot[at] != 0)
			at = (at + 1) & (r->slots - 1);
		r->slot[at] = (uint32_t)i + 1;
	}
	return 0;
}

/* ---- Looking ---- */

static int
add_fresh(struct pass *p, const char *name, uint64_t inode, int64_t time)
{
	struct roster_entry *e;
	size_t room;

	if (p->fresh.count == p->room) {
		room = p->room > 0 ? 2 * p->room : 64;
		e = realloc(p->fresh.entry, room * sizeof *e);
		if (e == NULL)
			return -1;
		p->fresh.entry = e;
		p->room = room;
	}
	e = &p->fresh.entry[p->fresh.count];
	e->time = time;
	e->inode = inode;
	e->seen = 0;
	e->name = names_keep(&p->fresh.names, name);
	if (e->name == NULL)
		return -1;
	p->fresh.count++;
	return 0;
}

static int
see(void *arg, const char *name, uint64_t inode)
{
	struct pass *p = arg;
	struct roster_entry *e;
	struct stat st;

	if (!spool_is_job(p->dir, name))
		return 0;
	/* A job that runs is touched, for its lease. */
	e = p->dir != SPOOL_PROCESSING ? find(p->old, name, inode) : NULL;
	if (e != NULL) {
		p->kept += !e->seen;
		e->seen = 1;
		return 0;
	}
	if (fstatat(p->spool->dir[p->dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    !S_ISREG(st.st_mode))
		return 0;
	return add_fresh(p, name, inode, record_changed(&st));
}

/* ---- Order ---- */

static int
compare(const void *a, const void *b)
{
	const struct roster_entry *x = a, *y = b;

	if (x->time != y->time)
		return x->time > y->time ? -1 : 1;
	return strcmp(y->name, x->name);
}

int
roster_before(const struct roster_entry *a, const struct roster_entry *b)
{
	return compare(a, b) < 0;
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
		if (compare(&r->entry[middle], &e) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- Putting it together ---- */

/* Puts those that are still there and the fresh ones in order; 0 or -1. */
static int
merge(struct pass *p, struct roster *to)
{
	const struct roster_entry *old = p->old->entry;
	const struct roster_entry *old_end = old + p->old->count;
	const struct roster_entry *fresh = p->fresh.entry;
	const struct roster_entry *fresh_end = fresh + p->fresh.count;
	struct roster_entry *e;

	to->entry = malloc((p->kept + p->fresh.count + 1) * sizeof *to->entry);
	if (to->entry == NULL)
		return -1;
	while (old < old_end || fresh < fresh_end) {
		if (old < old_end && !old->seen) {
			old++;
			continue;
		}
		e = &to->entry[to->count];
		if (fresh == fresh_end ||
		    (old < old_end && roster_before(old, fresh)))
			*e = *old++;
		else
			*e = *fresh++;
		e->seen = 0;
		e->name = names_keep(&to->names, e->name);
		if (e->name == NULL)
			return -1;
		to->count++;
	}
	return make_slots(to);
}

int
roster_update(struct roster *r, const struct spool *s, int dir)
{
	struct roster made = { 0 };
	struct pass p = { 0 };
	int ret, saved;
	size_t i;

	if (!look_due(&r->look, s, dir))
		return 0;
	p.old = r;
	p.spool = s;
	p.dir = dir;
	for (i = 0; i < r->count; i++)
		r->entry[i].seen = 0;
	look_begin(&r->look, s, dir);
	ret = spool_scan(s, dir, see, &p);
	if (ret == 0 && p.fresh.count > 0)
		qsort(p.fresh.entry, p.fresh.count, sizeof *p.fresh.entry,
		    compare);
	if (ret == 0 && (p.fresh.count > 0 || p.kept < r->count))
		ret = merge(&p, &made);
	saved = errno;
	if (ret == 0 && made.entry != NULL) {
		made.version = r->version + 1;
		made.look = r->look;
		roster_free(r);
		*r = made;
	} else {
		roster_free(&made);
	}
	look_end(&r->look, ret);
	roster_free(&p.fresh);
	errno = saved;
	return ret;
}

void
roster_free(struct roster *r)
{
	free(r->entry);
	free(r->slot);
	names_free(&r->names);
	r->entry = NULL;
	r->slot = NULL;
	r->count = r->slots = 0;
}
