/*
 * explore - breadth first through all states of a world, so that the first
 * way to a fault that is found is a shortest one.
 *
 * Checked in every state: no job vanishes (the steps check the rest); in
 * every state at rest: the records say where they are; and that from every
 * state rest is reached by what is certain to happen.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STATES 12000000U /* less than 2 GB */
#define HEAD	   offsetof(struct state, actor)

struct search {
	struct visitor visitor; /* first: it is what `visit` is given */
	const struct world *world;
	size_t size;	/* of a state as it is kept */
	uint8_t *kept;	/* the states, in order of discovery */
	uint32_t *from; /* of each: the one before it */
	uint32_t count, room;
	uint32_t *table; /* 1 + number of a state, by its hash */
	uint32_t slots;
	uint32_t *edges; /* to what is certain, by the state they are from */
	uint32_t *edge;	 /* of each state: the first one */
	uint32_t edges_used, edges_room;
	uint32_t current;
	const char *fault;
	struct turn last; /* the step into the fault */
};

static void *
grow(void *old, size_t count, size_t size)
{
	void *p = realloc(old, count * size);

	if (p == NULL) {
		fputs("model: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

/* ---- States, without what a world has no use for ---- */

static size_t
actors(const struct world *w)
{
	size_t n = 0;

	while (n < ACTORS && w->kind[n] != NOBODY)
		n++;
	return n * sizeof(struct actor);
}

/* Exchanges the first two workers. */
static void
exchange(struct state *s)
{
	struct actor a = s->actor[0];
	struct file *f;
	int i;

	s->actor[0] = s->actor[1];
	s->actor[1] = a;
	for (i = 0; i < FILES; i++) {
		f = &s->file[i];
		f->lock = (uint8_t)((f->lock & ~3) | (f->lock & 1) << 1 |
		    (f->lock & 2) >> 1);
		if (f->job == 1 || f->job == 2)
			f->job = (uint8_t)(3 - f->job);
	}
}

/*
 * Which of two workers of a host does what makes no difference: only one of
 * two such states is kept, so on the way to a fault they may change places.
 */
static void
pack(const struct search *x, const struct state *s, uint8_t *out)
{
	const struct world *w = x->world;
	size_t n = actors(w);
	struct state other;

	if (w->kind[1] == WORKER && (w->remote & 3) != 2 &&
	    memcmp(&s->actor[0], &s->actor[1], sizeof s->actor[0]) > 0) {
		other = *s;
		exchange(&other);
		s = &other;
	}
	memcpy(out, s, HEAD);
	memcpy(out + HEAD, s->actor, n);
	if (w->left[CUTS] > 0)
		memcpy(out + HEAD + n, &s->disk, sizeof s->disk);
}

static void
unpack(const struct search *x, uint32_t i, struct state *s)
{
	const uint8_t *in = x->kept + i * x->size;
	size_t n = actors(x->world);

	memset(s, 0, sizeof *s);
	memcpy(s, in, HEAD);
	memcpy(s->actor, in + HEAD, n);
	if (x->world->left[CUTS] > 0)
		memcpy(&s->disk, in + HEAD + n, sizeof s->disk);
}

static uint32_t
hash(const uint8_t *p, size_t len)
{
	uint64_t h = len, word;

	for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
		memcpy(&word, p, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15U;
		h ^= h >> 29;
	}
	for (; len > 0; p++, len--)
		h = (h ^ *p) * 0x9e3779b97f4a7c15U;
	return (uint32_t)(h >> 32 ^ h >> 7);
}

static void
more_slots(struct search *x)
{
	uint32_t i, slot;

	x->slots = x->slots == 0 ? 1U << 16 : 2 * x->slots;
	free(x->table);
	x->table = grow(NULL, x->slots, sizeof *x->table);
	memset(x->table, 0, x->slots * sizeof *x->table);
	for (i = 0; i < x->count; i++) {
		slot = hash(x->kept + i * x->size, x->size);
		while (x->table[slot &= x->slots - 1] != 0)
			slot++;
		x->table[slot] = i + 1;
	}
}

static void
more_states(struct search *x)
{
	x->room = x->room == 0 ? 1U << 16 : x->room + x->room / 2;
	x->kept = grow(x->kept, x->room, x->size);
	x->from = grow(x->from, x->room, sizeof *x->from);
	x->edge = grow(x->edge, (size_t)x->room + 1, sizeof *x->edge);
}

/* The number of a state; a new one gets the next. */
static uint32_t
number_of(struct search *x, const struct state *s)
{
	uint8_t *p;
	uint32_t slot;

	if (x->count == MAX_STATES) {
		fprintf(stderr, "model: %s has too many states\n",
		    x->world->name);
		exit(2);
	}
	if (x->count == x->room)
		more_states(x);
	if (2 * x->count >= x->slots)
		more_slots(x);
	p = x->kept + x->count * x->size;
	pack(x, s, p);
	slot = hash(p, x->size);
	while (x->table[slot &= x->slots - 1] != 0) {
		if (memcmp(x->kept + (x->table[slot] - 1) * x->size, p,
			x->size) == 0)
			return x->table[slot] - 1;
		slot++;
	}
	x->table[slot] = x->count + 1;
	x->from[x->count] = x->current;
	return x->count++;
}

static void
add_edge(struct search *x, uint32_t to)
{
	if (x->edges_used == x->edges_room) {
		x->edges_room = x->edges_room == 0 ?
		    1U << 18 :
		    x->edges_room + x->edges_room / 2;
		x->edges = grow(x->edges, x->edges_room, sizeof *x->edges);
	}
	x->edges[x->edges_used++] = to;
}

/* ---- What must hold ---- */

/*
 * A daemon has the lock of a record whose worker was killed before it could
 * unlock it: orphaned, for a person to judge.
 */
static int
is_held(const struct world *w, const struct state *s)
{
	int i;

	for (i = 0; i < FILES && s->left[KILLS] < w->left[KILLS]; i++)
		if ((s->file[i].lock & DAEMON_LOCK) != 0)
			return 1;
	return 0;
}

static int
at_rest(const struct world *w, const struct state *s)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (s->actor[i].pc != IDLE)
			return 0;
	for (i = 0; i < FILES; i++)
		if (s->file[i].job != 0)
			return 0;
	return is_held(w, s) ||
	    (at(s, PENDING) == -1 && at(s, PROCESSING) == -1 &&
		at(s, FAILED) == -1);
}

static int
is_ended(const struct file *f)
{
	int place = directory_of(f->place);

	return place == COMPLETED || place == DEAD;
}

static const char *
check(const struct turn *t)
{
	const struct file *f;
	int i, rest = at_rest(t->world, &t->s) && !is_held(t->world, &t->s);

	if (t->fault != NULL)
		return t->fault;
	for (i = 0; i < FILES; i++) {
		f = &t->s.file[i];
		if (f->place == REMOVED && (f->notes & CHOSEN) == 0)
			return "a job vanished";
		if (!rest || (f->notes & MISUSED) != 0 ||
		    (f->now.flags & (TEXT | TORN)) != TEXT)
			continue;
		if (is_ended(f) && f->now.last != directory_of(f->place))
			return "a record says that it is elsewhere";
		if (is_ended(f) && (f->notes & AGAIN) != 0 &&
		    (f->now.flags & (CANCELLED | SNATCHED)) == 0)
			return "what was to run again did not";
		if (f->place == TMP && (f->notes & (ACKED | CHOSEN)) == ACKED)
			return "a job was left in tmp/";
	}
	return NULL;
}

static void
visit(struct visitor *v, const struct turn *t, int certain)
{
	struct search *x = (struct search *)v;
	uint32_t to;

	if (x->fault != NULL)
		return;
	x->fault = check(t);
	if (x->fault != NULL) {
		x->last = *t;
		return;
	}
	to = number_of(x, &t->s);
	if (certain && to != x->current)
		add_edge(x, to);
}

/*
 * Marks what leads to rest, backwards until nothing is added; most edges
 * lead to a state with a higher number.  The first that is not marked, or
 * x->count.  *finals: the states at rest.
 */
static uint32_t
find_stuck(struct search *x, uint32_t *finals)
{
	uint8_t *leads = grow(NULL, x->count, 1);
	uint32_t i, j, stuck;
	struct state s;
	int more = 1;

	*finals = 0;
	for (i = 0; i < x->count; i++) {
		unpack(x, i, &s);
		leads[i] = (uint8_t)at_rest(x->world, &s);
		*finals += leads[i];
	}
	while (more) {
		more = 0;
		for (i = x->count; i-- > 0;) {
			for (j = x->edge[i]; !leads[i] && j < x->edge[i + 1];
			     j++)
				if (leads[x->edges[j]])
					more = leads[i] = 1;
		}
	}
	for (stuck = 0; stuck < x->count && leads[stuck]; stuck++)
		continue;
	free(leads);
	return stuck;
}

/* ---- The way to a fault ---- */

static void
print_state(const struct state *s)
{
	static const char *const names[] = { "", "pending", "processing",
		"completed", "failed", "dead", "completed~", "dead~", "tmp",
		"removed" };
	const struct file *f;
	int i;

	for (i = 0; i < FILES; i++) {
		f = &s->file[i];
		if (f->place == NOWHERE)
			continue;
		printf("  %c:%s", 'A' + i, names[f->place]);
		if (f->now.last != NOWHERE)
			printf("(%s %d)", names[f->now.last], f->now.runs);
		if (f->job != 0)
			printf("*");
		if (f->lock != 0)
			printf(" lock %02x", (unsigned)f->lock);
	}
	putchar('\n');
}

/* Finds the step between two states again, to print it. */
struct finder {
	struct visitor visitor;
	const struct search *search;
	const uint8_t *wanted;
	struct turn found;
};

static void
find(struct visitor *v, const struct turn *t, int certain)
{
	struct finder *f = (struct finder *)v;
	uint8_t packed[sizeof(struct state)];

	(void)certain;
	pack(f->search, &t->s, packed);
	if (memcmp(packed, f->wanted, f->search->size) == 0)
		f->found = *t;
}

static void
print_turn(const struct turn *t)
{
	static const char *const kinds[] = { "?", "worker", "recoverer",
		"command", "enqueue" };
	char who[16];

	snprintf(who, sizeof who, "%s %d", kinds[t->world->kind[t->who]],
	    t->who);
	printf("  %-12s %-32s %-28s", who, t->what, t->where);
	print_state(&t->s);
}

/* Prints the steps from the first state to state i. */
static void
print_way(const struct search *x, uint32_t i)
{
	uint32_t *way, n = 0, j;
	struct finder f;
	struct state s;

	for (j = i; j != 0; j = x->from[j])
		n++;
	way = grow(NULL, n + 1, sizeof *way);
	for (way[n] = i, j = n; j > 0; j--)
		way[j - 1] = x->from[way[j]];
	memset(&f, 0, sizeof f);
	f.visitor.visit = find;
	f.search = x;
	for (j = 0; j < n; j++) {
		unpack(x, way[j], &s);
		f.wanted = x->kept + way[j + 1] * x->size;
		successors(x->world, &s, &f.visitor);
		print_turn(&f.found);
	}
	free(way);
}

/* ---- The search ---- */

static void
search_free(struct search *x)
{
	free(x->kept);
	free(x->from);
	free(x->table);
	free(x->edges);
	free(x->edge);
}

struct outcome
explore(const struct world *w, int verbose)
{
	struct outcome o = { 0, 0, NULL };
	struct search x;
	struct state s;
	uint32_t stuck;

	memset(&x, 0, sizeof x);
	x.visitor.visit = visit;
	x.world = w;
	x.size =
	    HEAD + actors(w) + (w->left[CUTS] > 0 ? sizeof(struct disk) : 0);
	memset(&s, 0, sizeof s);
	memcpy(s.left, w->left, sizeof s.left);
	(void)number_of(&x, &s);
	for (; x.current < x.count && x.fault == NULL; x.current++) {
		x.edge[x.current] = x.edges_used;
		unpack(&x, x.current, &s);
		successors(w, &s, &x.visitor);
	}
	if (x.fault != NULL && verbose) {
		print_way(&x, x.current - 1);
		print_turn(&x.last);
	}
	if (x.fault == NULL) {
		x.edge[x.count] = x.edges_used;
		stuck = find_stuck(&x, &o.finals);
		if (stuck < x.count)
			x.fault = "something waits for ever";
		if (stuck < x.count && verbose)
			print_way(&x, stuck);
	}
	if (x.fault != NULL && verbose)
		printf("  %s\n", x.fault);
	o.fault = x.fault;
	o.states = x.count;
	search_free(&x);
	return o;
}
