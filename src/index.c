#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "when.h"

#define INDEX_FIRST 64 /* buckets of an empty index */

/* ---- Order ---- */

/* True if a goes before b in the given heap. */
static int
before(const struct index *ix, const struct index_heap *heap,
    const struct index_entry *a, const struct index_entry *b)
{
	if (heap == &ix->later)
		return a->due < b->due;
	if (!ix->fifo && a->priority != b->priority)
		return a->priority > b->priority;
	if (a->created != b->created)
		return a->created < b->created;
	return strcmp(a->name, b->name) < 0;
}

static void
put_at(struct index_heap *h, size_t i, struct index_entry *e)
{
	h->entry[i] = e;
	e->slot = i;
}

static void
sift_up(const struct index *ix, struct index_heap *h, size_t i)
{
	struct index_entry *e = h->entry[i];
	size_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(ix, h, e, h->entry[up]))
			break;
		put_at(h, i, h->entry[up]);
	}
	put_at(h, i, e);
}

static void
sift_down(const struct index *ix, struct index_heap *h, size_t i)
{
	struct index_entry *e = h->entry[i];
	size_t down;

	for (;; i = down) {
		down = 2 * i + 1;
		if (down >= h->count)
			break;
		if (down + 1 < h->count &&
		    before(ix, h, h->entry[down + 1], h->entry[down]))
			down++;
		if (!before(ix, h, h->entry[down], e))
			break;
		put_at(h, i, h->entry[down]);
	}
	put_at(h, i, e);
}

/* Room in both heaps for every entry: a move between them cannot fail. */
static int
heap_reserve(struct index_heap *h, size_t count)
{
	struct index_entry **entry;
	size_t room = h->room > 0 ? h->room : INDEX_FIRST;

	if (count <= h->room)
		return 0;
	while (room < count)
		room *= 2;
	entry = realloc(h->entry, room * sizeof(struct index_entry *));
	if (entry == NULL)
		return -1;
	h->entry = entry;
	h->room = room;
	return 0;
}

static void
heap_push(const struct index *ix, struct index_heap *h, struct index_entry *e)
{
	put_at(h, h->count++, e);
	sift_up(ix, h, e->slot);
}

static void
heap_take(const struct index *ix, struct index_heap *h, struct index_entry *e)
{
	size_t i = e->slot;
	struct index_entry *last = h->entry[--h->count];

	if (last == e)
		return;
	put_at(h, i, last);
	sift_up(ix, h, i);
	sift_down(ix, h, last->slot);
}

static void
leave_place(struct index *ix, struct index_entry *e)
{
	if (e->place == INDEX_LATER)
		heap_take(ix, &ix->later, e);
	else if (e->place == INDEX_READY)
		heap_take(ix, &ix->ready, e);
	else if (e->place == INDEX_IGNORED)
		ix->ignored--;
}

/* ---- Finding ---- */

/* FNV-1a, as its authors describe it. */
static size_t
hash(int dir, const char *name)
{
	uint32_t h = 2166136261U ^ (uint32_t)dir;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h;
}

int
index_init(struct index *ix)
{
	memset(ix, 0, sizeof *ix);
	ix->buckets = INDEX_FIRST;
	ix->bucket = calloc(ix->buckets, sizeof(struct index_entry *));
	return ix->bucket != NULL ? 0 : -1;
}

void
index_free(struct index *ix)
{
	struct index_entry *e, *next;
	size_t i;

	for (i = 0; i < ix->buckets && ix->bucket != NULL; i++) {
		for (e = ix->bucket[i]; e != NULL; e = next) {
			next = e->next;
			free(e);
		}
	}
	free(ix->bucket);
	free(ix->ready.entry);
	free(ix->later.entry);
	memset(ix, 0, sizeof *ix);
}

struct index_entry *
index_find(const struct index *ix, int dir, const char *name)
{
	struct index_entry *e;

	e = ix->bucket[hash(dir, name) & (ix->buckets - 1)];
	while (e != NULL && (e->dir != dir || strcmp(e->name, name) != 0))
		e = e->next;
	return e;
}

/* Doubles the buckets when they are full; without memory chains grow. */
static void
spread(struct index *ix)
{
	struct index_entry **bucket, *e, *next;
	size_t i, n = ix->buckets * 2, at;

	if (ix->count < ix->buckets)
		return;
	bucket = calloc(n, sizeof(struct index_entry *));
	if (bucket == NULL)
		return;
	for (i = 0; i < ix->buckets; i++) {
		for (e = ix->bucket[i]; e != NULL; e = next) {
			next = e->next;
			at = hash(e->dir, e->name) & (n - 1);
			e->next = bucket[at];
			bucket[at] = e;
		}
	}
	free(ix->bucket);
	ix->bucket = bucket;
	ix->buckets = n;
}

struct index_entry *
index_add(struct index *ix, int dir, const char *name, int64_t mono)
{
	struct index_entry *e = index_find(ix, dir, name);
	size_t len = strlen(name) + 1, at;

	if (e != NULL)
		return e;
	if (heap_reserve(&ix->ready, ix->count + 1) == -1 ||
	    heap_reserve(&ix->later, ix->count + 1) == -1)
		return NULL;
	e = calloc(1, sizeof *e + len);
	if (e == NULL)
		return NULL;
	memcpy(e->name, name, len);
	e->dir = (unsigned char)dir;
	e->seen = mono;
	e->place = INDEX_LATER;
	spread(ix);
	at = hash(dir, name) & (ix->buckets - 1);
	e->next = ix->bucket[at];
	ix->bucket[at] = e;
	ix->count++;
	heap_push(ix, &ix->later, e);
	return e;
}

void
index_remove(struct index *ix, struct index_entry *e)
{
	struct index_entry **p;

	leave_place(ix, e);
	p = &ix->bucket[hash(e->dir, e->name) & (ix->buckets - 1)];
	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	ix->count--;
	free(e);
}

/* ---- Changing ---- */

void
index_set(struct index *ix, struct index_entry *e, int64_t due, int64_t created,
    int priority)
{
	leave_place(ix, e);
	e->due = due;
	e->created = created;
	e->priority = (unsigned char)priority;
	e->place = INDEX_LATER;
	heap_push(ix, &ix->later, e);
}

void
index_delay(struct index *ix, struct index_entry *e, int64_t due)
{
	index_set(ix, e, due, e->created, e->priority);
}

void
index_set_aside(struct index *ix, struct index_entry *e, enum index_place place)
{
	leave_place(ix, e);
	e->place = place;
	if (place == INDEX_IGNORED)
		ix->ignored++;
}

struct index_entry *
index_next(struct index *ix, int64_t now)
{
	struct index_entry *e;

	while (ix->later.count > 0 && ix->later.entry[0]->due <= now) {
		e = ix->later.entry[0];
		heap_take(ix, &ix->later, e);
		e->place = INDEX_READY;
		heap_push(ix, &ix->ready, e);
	}
	return ix->ready.count > 0 ? ix->ready.entry[0] : NULL;
}

struct index_entry *
index_later(const struct index *ix)
{
	return ix->later.count > 0 ? ix->later.entry[0] : NULL;
}

int64_t
index_next_due(const struct index *ix)
{
	return ix->later.count > 0 ? ix->later.entry[0]->due : WHEN_NEVER;
}

void
index_set_fifo(struct index *ix, int fifo)
{
	size_t i;

	if (ix->fifo == fifo)
		return;
	ix->fifo = fifo;
	for (i = ix->ready.count / 2; i > 0; i--)
		sift_down(ix, &ix->ready, i - 1);
}

void
index_sweep(struct index *ix, int dir, unsigned mark)
{
	struct index_entry *e, *next;
	size_t i;

	for (i = 0; i < ix->buckets; i++) {
		for (e = ix->bucket[i]; e != NULL; e = next) {
			next = e->next;
			if (e->dir == dir && e->mark != mark &&
			    e->place != INDEX_HELD)
				index_remove(ix, e);
		}
	}
}

void
index_each_later(struct index *ix,
    void (*found)(void *arg, struct index_entry *e), void *arg)
{
	struct index_entry *e, *next;
	size_t i;

	for (i = 0; i < ix->buckets; i++) {
		for (e = ix->bucket[i]; e != NULL; e = next) {
			next = e->next;
			if (e->place == INDEX_LATER)
				found(arg, e);
		}
	}
}
