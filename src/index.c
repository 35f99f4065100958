#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "job.h"

#define INDEX_FIRST 64	 /* buckets of an empty index */
#define INDEX_CHUNK 8192 /* entries that are allocated together */

#define NOT_GENERATED UINT32_MAX /* instead of a tail */

/* ---- Names ---- */

/* 0: digits; a: letters of JOB_LETTERS. */
static const char form[] = "00000000T000000.000-aaaaaa";

static const char letters[] = JOB_LETTERS;

/* Packs a generated ID; 0, or -1 if the name is none. */
static int
pack(const char *name, uint64_t *digits, uint32_t *tail)
{
	const char *letter;
	size_t i;

	*digits = 0;
	*tail = 0;
	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == '0') {
			if (name[i] < '0' || name[i] > '9')
				return -1;
			*digits = *digits * 10 + (uint64_t)(name[i] - '0');
		} else if (form[i] == 'a') {
			if (name[i] == '\0')
				return -1;
			letter = strchr(letters, name[i]);
			if (letter == NULL)
				return -1;
			*tail = *tail << 5 | (uint32_t)(letter - letters);
		} else if (name[i] != form[i]) {
			return -1;
		}
	}
	return name[i] == '\0' ? 0 : -1;
}

const char *
index_name(const struct index_entry *e, char room[INDEX_ROOM])
{
	uint64_t digits = e->name.digits;
	uint32_t tail = e->tail;
	size_t i = sizeof form - 1;

	if (tail == NOT_GENERATED)
		return e->name.text;
	memcpy(room, form, sizeof form);
	while (i-- > 0) {
		if (form[i] == '0') {
			room[i] = (char)('0' + digits % 10);
			digits /= 10;
		} else if (form[i] == 'a') {
			room[i] = letters[tail & 31];
			tail >>= 5;
		}
	}
	return room;
}

/* A name that is looked for. */
struct key {
	const char *text;
	uint64_t digits;
	uint32_t tail;
	uint32_t hash;
	int dir;
};

/*
 * FNV-1a of the directory and the name, begun with a number that each index
 * draws: names that collide in one do not in another, so nobody can choose
 * names that make a search slow.
 */
static uint32_t
hash_text(const struct index *ix, unsigned dir, const char *text)
{
	uint32_t h = ix->seed ^ dir;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619U;
	return h;
}

/* The same of a name that is packed. */
static uint32_t
hash_packed(const struct index *ix, unsigned dir, uint64_t digits,
    uint32_t tail)
{
	uint32_t h = ix->seed ^ dir;
	int i;

	for (i = 0; i < 8; i++, digits >>= 8)
		h = (h ^ (uint32_t)(digits & 255)) * 16777619U;
	for (i = 0; i < 4; i++, tail >>= 8)
		h = (h ^ (tail & 255)) * 16777619U;
	return h;
}

static void
key_make(struct key *k, const struct index *ix, int dir, const char *name)
{
	k->text = name;
	k->dir = dir;
	if (pack(name, &k->digits, &k->tail) == 0) {
		k->hash = hash_packed(ix, (unsigned)dir, k->digits, k->tail);
		return;
	}
	k->tail = NOT_GENERATED;
	k->hash = hash_text(ix, (unsigned)dir, name);
}

static uint32_t
hash_of(const struct index *ix, const struct index_entry *e)
{
	return e->tail != NOT_GENERATED ?
	    hash_packed(ix, e->dir, e->name.digits, e->tail) :
	    hash_text(ix, e->dir, e->name.text);
}

static int
is_key(const struct index_entry *e, const struct key *k)
{
	if ((int)e->dir != k->dir || e->tail != k->tail)
		return 0;
	return k->tail != NOT_GENERATED ? e->name.digits == k->digits :
					  strcmp(e->name.text, k->text) == 0;
}

static int
compare_names(const struct index_entry *a, const struct index_entry *b)
{
	char room[2][INDEX_ROOM];

	return strcmp(index_name(a, room[0]), index_name(b, room[1]));
}

/* ---- When it was seen ---- */

void
index_see(struct index_entry *e, int64_t mono)
{
	/* Rounded up: it is not known for longer than it is. */
	e->seen = (uint32_t)((mono + INDEX_TICK - 1) / INDEX_TICK);
}

int64_t
index_known(const struct index_entry *e, int64_t mono)
{
	/* Both may have run over, at different times. */
	uint32_t ticks = (uint32_t)(mono / INDEX_TICK) - e->seen;

	return ticks <= INT32_MAX ?
	    (int64_t)ticks * INDEX_TICK + mono % INDEX_TICK :
	    0;
}

/* ---- Memory ---- */

/* The entry of that number. */
static struct index_entry *
entry(const struct index *ix, uint32_t number)
{
	return &ix->chunk[number / INDEX_CHUNK][number % INDEX_CHUNK];
}

/* Another chunk; 0 or -1. */
static int
grow(struct index *ix)
{
	struct index_entry **chunk;

	chunk =
	    realloc(ix->chunk, (ix->chunks + 1) * sizeof(struct index_entry *));
	if (chunk == NULL)
		return -1;
	ix->chunk = chunk;
	chunk[ix->chunks] = malloc(INDEX_CHUNK * sizeof(struct index_entry));
	if (chunk[ix->chunks] == NULL)
		return -1;
	ix->chunks++;
	return 0;
}

/* An empty entry that has a number, or NULL. */
static struct index_entry *
take_unused(struct index *ix)
{
	static const struct index_entry empty;
	struct index_entry *e;
	uint32_t number = ix->unused;

	if (number != 0) {
		e = entry(ix, number);
		ix->unused = e->next;
	} else {
		if (ix->used == UINT32_MAX ||
		    (ix->used / INDEX_CHUNK == ix->chunks && grow(ix) == -1)) {
			errno = ENOMEM;
			return NULL;
		}
		number = ix->used++;
		e = entry(ix, number);
	}
	*e = empty;
	e->number = number;
	return e;
}

static void
give_back(struct index *ix, struct index_entry *e)
{
	if (e->tail == NOT_GENERATED)
		free(e->name.text);
	e->place = INDEX_FREE;
	e->next = ix->unused;
	ix->unused = e->number;
}

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
	return compare_names(a, b) < 0;
}

/* The entry in that slot. */
static struct index_entry *
in_slot(const struct index *ix, const struct index_heap *h, size_t i)
{
	return entry(ix, h->entry[i]);
}

static void
put_at(struct index_heap *h, size_t i, struct index_entry *e)
{
	h->entry[i] = e->number;
	e->slot = (uint32_t)i;
}

static void
sift_up(const struct index *ix, struct index_heap *h, size_t i)
{
	struct index_entry *e = in_slot(ix, h, i);
	size_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(ix, h, e, in_slot(ix, h, up)))
			break;
		put_at(h, i, in_slot(ix, h, up));
	}
	put_at(h, i, e);
}

static void
sift_down(const struct index *ix, struct index_heap *h, size_t i)
{
	struct index_entry *e = in_slot(ix, h, i);
	size_t down;

	for (;; i = down) {
		down = 2 * i + 1;
		if (down >= h->count)
			break;
		if (down + 1 < h->count &&
		    before(ix, h, in_slot(ix, h, down + 1),
			in_slot(ix, h, down)))
			down++;
		if (!before(ix, h, in_slot(ix, h, down), e))
			break;
		put_at(h, i, in_slot(ix, h, down));
	}
	put_at(h, i, e);
}

/* Room in both heaps for every entry: a move between them cannot fail. */
static int
heap_reserve(struct index_heap *h, size_t count)
{
	uint32_t *grown;
	size_t room = h->room > 0 ? h->room : INDEX_FIRST;

	if (count <= h->room)
		return 0;
	while (room < count)
		room *= 2;
	grown = realloc(h->entry, room * sizeof *grown);
	if (grown == NULL)
		return -1;
	h->entry = grown;
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
	struct index_entry *last = in_slot(ix, h, --h->count);

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

int
index_init(struct index *ix)
{
	memset(ix, 0, sizeof *ix);
	fs_random(&ix->seed, sizeof ix->seed);
	ix->used = 1; /* 0 is none */
	ix->buckets = INDEX_FIRST;
	ix->bucket = calloc(ix->buckets, sizeof *ix->bucket);
	return ix->bucket != NULL ? 0 : -1;
}

void
index_free(struct index *ix)
{
	struct index_entry *e;
	uint32_t i;

	for (i = 1; i < ix->used; i++) {
		e = entry(ix, i);
		if (e->place != INDEX_FREE && e->tail == NOT_GENERATED)
			free(e->name.text);
	}
	while (ix->chunks > 0)
		free(ix->chunk[--ix->chunks]);
	free(ix->chunk);
	free(ix->bucket);
	free(ix->ready.entry);
	free(ix->later.entry);
	memset(ix, 0, sizeof *ix);
}

static struct index_entry *
find(const struct index *ix, const struct key *k)
{
	uint32_t i = ix->bucket[k->hash & (ix->buckets - 1)];

	while (i != 0 && !is_key(entry(ix, i), k))
		i = entry(ix, i)->next;
	return i != 0 ? entry(ix, i) : NULL;
}

struct index_entry *
index_find(const struct index *ix, int dir, const char *name)
{
	struct key k;

	key_make(&k, ix, dir, name);
	return find(ix, &k);
}

static void
put_in_bucket(const struct index *ix, uint32_t *bucket, size_t buckets,
    struct index_entry *e)
{
	uint32_t *first = &bucket[hash_of(ix, e) & (buckets - 1)];

	e->next = *first;
	*first = e->number;
}

/* Doubles the buckets when they are full; without memory chains grow. */
static void
spread(struct index *ix)
{
	size_t n = ix->buckets * 2;
	uint32_t *bucket, i;

	if (ix->count < ix->buckets)
		return;
	bucket = calloc(n, sizeof *bucket);
	if (bucket == NULL)
		return;
	for (i = 1; i < ix->used; i++)
		if (entry(ix, i)->place != INDEX_FREE)
			put_in_bucket(ix, bucket, n, entry(ix, i));
	free(ix->bucket);
	ix->bucket = bucket;
	ix->buckets = n;
}

/* Gives an entry its name; 0 or -1. */
static int
set_name(struct index_entry *e, const struct key *k)
{
	size_t size = strlen(k->text) + 1;

	e->tail = k->tail;
	e->name.digits = k->digits;
	if (k->tail != NOT_GENERATED)
		return 0;
	e->name.text = malloc(size);
	if (e->name.text == NULL)
		return -1;
	memcpy(e->name.text, k->text, size);
	return 0;
}

struct index_entry *
index_add(struct index *ix, int dir, const char *name, int64_t mono)
{
	struct index_entry *e;
	struct key k;

	key_make(&k, ix, dir, name);
	e = find(ix, &k);
	if (e != NULL)
		return e;
	if (heap_reserve(&ix->ready, ix->count + 1) == -1 ||
	    heap_reserve(&ix->later, ix->count + 1) == -1)
		return NULL;
	spread(ix);
	e = take_unused(ix);
	if (e == NULL)
		return NULL;
	if (set_name(e, &k) == -1) {
		give_back(ix, e);
		errno = ENOMEM;
		return NULL;
	}
	e->dir = (unsigned)dir & 15;
	e->place = INDEX_NEW;
	index_see(e, mono);
	put_in_bucket(ix, ix->bucket, ix->buckets, e);
	ix->count++;
	return e;
}

void
index_remove(struct index *ix, struct index_entry *e)
{
	uint32_t *p;

	leave_place(ix, e);
	p = &ix->bucket[hash_of(ix, e) & (ix->buckets - 1)];
	while (*p != e->number)
		p = &entry(ix, *p)->next;
	*p = e->next;
	ix->count--;
	give_back(ix, e);
}

/* ---- Changing ---- */

/* Into the order; what is due now need not wait for that. */
static void
put_in_order(struct index *ix, struct index_entry *e, int64_t due)
{
	e->due = due;
	e->place = due <= 0 ? INDEX_READY : INDEX_LATER;
	heap_push(ix, due <= 0 ? &ix->ready : &ix->later, e);
}

void
index_set(struct index *ix, struct index_entry *e, int64_t due, int64_t created,
    int priority)
{
	leave_place(ix, e);
	e->created = created;
	e->priority = (unsigned)priority & 15;
	put_in_order(ix, e, due);
}

void
index_delay(struct index *ix, struct index_entry *e, int64_t due)
{
	leave_place(ix, e);
	put_in_order(ix, e, due);
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
index_later(const struct index *ix)
{
	return ix->later.count > 0 ? in_slot(ix, &ix->later, 0) : NULL;
}

int64_t
index_next_due(const struct index *ix)
{
	const struct index_entry *e = index_later(ix);

	return e != NULL ? e->due : WHEN_NEVER;
}

struct index_entry *
index_next(struct index *ix, int64_t now)
{
	struct index_entry *e;

	while ((e = index_later(ix)) != NULL && e->due <= now) {
		heap_take(ix, &ix->later, e);
		e->place = INDEX_READY;
		heap_push(ix, &ix->ready, e);
	}
	return ix->ready.count > 0 ? in_slot(ix, &ix->ready, 0) : NULL;
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
	struct index_entry *e;
	uint32_t i;

	for (i = 1; i < ix->used; i++) {
		e = entry(ix, i);
		if (e->place != INDEX_FREE && e->place != INDEX_HELD &&
		    (int)e->dir == dir && e->mark != (mark & 255))
			index_remove(ix, e);
	}
}

void
index_each_later(struct index *ix,
    void (*found)(void *arg, struct index_entry *e), void *arg)
{
	uint32_t i;

	for (i = 1; i < ix->used; i++)
		if (entry(ix, i)->place == INDEX_LATER)
			found(arg, entry(ix, i));
}
