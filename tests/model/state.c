/*
 * state - files, locks and state lines, and the disk below them.
 *
 * What a power cut leaves: a move of a name is made whole or not at all, and
 * moves are undone from the last one backwards, as by a journal.  Lines are
 * lost from the last one backwards too, in each file by itself and whatever
 * became of the moves; the first one that is lost may be torn.  A sync of a
 * directory makes sure of all moves up to the last from or to it, a sync of a
 * file of its lines, and of nothing else: a file system that does more (most
 * do) leaves one of the same states.
 */
#include "model.h"

#include <string.h>

#define MAX_COUNT 7

int
broken(const struct turn *t, enum step_left_out what)
{
	return (t->world->broken >> what & 1) != 0;
}

int
at(const struct state *s, int place)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (s->file[i].place == place)
			return i;
	return -1;
}

struct file *
mine(struct turn *t)
{
	return &t->s.file[t->a->file];
}

/* True if what is not synced has to be known: a cut may come. */
static int
tracked(const struct turn *t)
{
	return t->s.left[CUTS] > 0;
}

/* Worlds without power cuts need no step that syncs. */
int
durable(const struct turn *t)
{
	return t->world->left[CUTS] > 0;
}

/* ---- Names ---- */

/* Makes sure of the first n moves of the journal. */
static void
commit(struct disk *d, int n)
{
	int i;

	for (i = 0; i < n; i++)
		d->place[(d->journal[i] & 15) - 1] = d->journal[i] >> 4;
	memmove(d->journal, d->journal + n, (size_t)(JOURNAL - n));
	memset(d->journal + JOURNAL - n, 0, (size_t)n);
}

static int
journal_length(const struct disk *d)
{
	int n = 0;

	while (n < JOURNAL && d->journal[n] != 0)
		n++;
	return n;
}

void
put(struct turn *t, int file, int place)
{
	struct disk *d = &t->s.disk;
	int n;

	t->s.file[file].place = (uint8_t)place;
	if (!tracked(t))
		return;
	n = journal_length(d);
	if (n == JOURNAL) {
		t->fault = "the model's journal is too short";
		return;
	}
	d->journal[n] = (uint8_t)((file + 1) | place << 4);
}

int
directory_of(int place)
{
	switch (place) {
	case OLD_COMPLETED:
		return COMPLETED;
	case OLD_DEAD:
		return DEAD;
	default:
		return place;
	}
}

void
sync_place(struct turn *t, int place)
{
	struct disk *d = &t->s.disk;
	uint8_t was[FILES];
	int i, file, to, n = 0;

	if (!tracked(t))
		return;
	memcpy(was, d->place, sizeof was);
	for (i = 0; i < journal_length(d); i++) {
		file = (d->journal[i] & 15) - 1;
		to = d->journal[i] >> 4;
		if (directory_of(to) == place ||
		    directory_of(was[file]) == place)
			n = i + 1;
		was[file] = (uint8_t)to;
	}
	commit(d, n);
}

/* ---- Lines ---- */

int
state_of(int line)
{
	static const uint8_t states[] = { NOWHERE, NOWHERE, PROCESSING,
		COMPLETED, FAILED, DEAD, DEAD, PENDING, PENDING, PENDING,
		PENDING, FAILED };

	return states[line];
}

static void
apply(struct lines *l, int line)
{
	l->flags &= (uint8_t) ~(TORN | CANCELLED);
	if (line == LINE_TEXT) {
		l->flags |= TEXT;
		return;
	}
	l->last = (uint8_t)state_of(line);
	if (line == LINE_PROCESSING && l->runs < MAX_COUNT)
		l->runs++;
	else if (line == LINE_LOST && l->lost < MAX_COUNT)
		l->lost++;
	else if (line == LINE_RETRIED)
		l->flags &= (uint8_t)~DONE;
	else if (line == LINE_COMPLETED)
		l->flags |= DONE;
	else if (line == LINE_CANCELLED)
		l->flags |= CANCELLED;
	if (line == LINE_RETRIED || line == LINE_MOVED)
		l->lost = 0;
}

/* A sync of the file makes sure of its first n lines that were not. */
static void
commit_lines(struct disk *d, int file, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (d->unsynced[file][i] != NO_LINE)
			apply(&d->lines[file], d->unsynced[file][i]);
	memmove(d->unsynced[file], d->unsynced[file] + n,
	    (size_t)(UNSYNCED - n));
	memset(d->unsynced[file] + UNSYNCED - n, 0, (size_t)n);
}

static int
unsynced(const struct disk *d, int file)
{
	int n = 0;

	while (n < UNSYNCED && d->unsynced[file][n] != NO_LINE)
		n++;
	return n;
}

void
append(struct turn *t, int file, int line)
{
	struct disk *d = &t->s.disk;
	struct file *f = &t->s.file[file];

	apply(&f->now, line);
	f->notes &= (uint8_t)~STALE;
	if (!tracked(t))
		return;
	if (unsynced(d, file) == UNSYNCED)
		t->fault = "the model keeps too few unsynced lines";
	else
		d->unsynced[file][unsynced(d, file)] = (uint8_t)line;
}

void
tell(struct turn *t, int line)
{
	if ((t->a->flags & UNTOLD) == 0)
		t->a->before = mine(t)->now;
	t->a->flags |= UNTOLD;
	append(t, t->a->file, line);
}

void
forget(struct turn *t)
{
	t->a->flags &= (uint8_t)~UNTOLD;
	memset(&t->a->before, 0, sizeof t->a->before);
}

/* Of a file that was synced nobody syncs that it is shorter again. */
void
untell(struct turn *t)
{
	struct disk *d = &t->s.disk;
	struct file *f = mine(t);
	int n = unsynced(d, t->a->file);

	f->now.last = t->a->before.last;
	f->now.lost = t->a->before.lost;
	f->now.flags &= (uint8_t)~CANCELLED;
	f->now.flags |= t->a->before.flags & CANCELLED;
	if (tracked(t) && n > 0)
		d->unsynced[t->a->file][n - 1] = NO_LINE;
	else if (tracked(t))
		d->lines[t->a->file].last = f->now.last;
	if (durable(t))
		f->notes |= MISUSED;
	forget(t);
}

void
sync_file(struct turn *t, int file)
{
	if (tracked(t))
		commit_lines(&t->s.disk, file, UNSYNCED);
}

/* Its first state line is open: who finds it waiting cannot know. */
int
torn_first(const struct file *f)
{
	return (f->now.flags & TORN) != 0 && f->now.last == NOWHERE;
}

/* ---- Locks ---- */

static int
is_remote(const struct turn *t)
{
	return t->world->remote >> t->who & 1;
}

int
locked(const struct turn *t, int file)
{
	return t->s.file[file].lock != 0;
}

void
lock_file(struct turn *t, int file)
{
	t->s.file[file].lock |= (uint8_t)(1 << t->who);
}

void
unlock_file(struct turn *t, int file)
{
	struct file *f = &t->s.file[file];
	int bit = 1 << t->who;
	int job = is_remote(t) ? JOB_LOCK_B : JOB_LOCK;

	if (broken(t, UNLOCK))
		f->lock &= (uint8_t)~bit;
	else if ((f->lock & bit) != 0)
		f->lock &= (uint8_t) ~(bit | job | DAEMON_LOCK);
}

void
close_file(struct turn *t, int file)
{
	t->s.file[file].lock &= (uint8_t) ~(1 << t->who);
}

/* ---- A power cut ---- */

/* What is left of a file of which n lines of those unsynced are kept. */
static void
cut_lines(struct state *s, int file, int n, int torn)
{
	commit_lines(&s->disk, file, n);
	memset(s->disk.unsynced[file], 0, UNSYNCED);
	if (torn)
		s->disk.lines[file].flags |= TORN;
	s->file[file].now = s->disk.lines[file];
	/* What was not reported yet may have come back to pending/. */
	s->file[file].now.flags &= (uint8_t)~DONE;
}

/* What may be gone: what nobody was told of, or what was to go. */
static void
check_cut(struct turn *t, int file)
{
	struct file *f = &t->s.file[file];
	int ended = f->place == COMPLETED || f->place == DEAD;

	if ((f->notes & CHOSEN) != 0)
		return;
	if ((f->notes & REPORTED) != 0 && f->place == NOWHERE)
		t->fault = "a recorded end is lost";
	if ((f->notes & ACKED) != 0 && (f->place == NOWHERE || f->place == TMP))
		t->fault = "an acknowledged job is lost";
	else if ((f->notes & ACKED) != 0 && (f->now.flags & TEXT) == 0)
		t->fault = "an acknowledged job is empty";
	else if ((f->notes & AGAIN) != 0 && ended)
		t->fault = "an acknowledged retry is lost";
	else if (f->place != NOWHERE && f->begun > f->now.runs)
		t->fault = "a run is not counted";
	if (f->place == NOWHERE) {
		f->place = REMOVED;
		f->notes |= CHOSEN;
	}
}

int
cut(struct turn *t, unsigned n)
{
	struct state *s = &t->s;
	unsigned ways = (unsigned)journal_length(&s->disk) + 1;
	unsigned file, lines;

	commit(&s->disk, (int)(n % ways));
	n /= ways;
	memset(s->disk.journal, 0, JOURNAL);
	for (file = 0; file < FILES; file++) {
		/* So many lines are kept, of the next one a part or none. */
		lines = (unsigned)unsynced(&s->disk, (int)file);
		ways = 2 * lines + 1;
		cut_lines(s, (int)file, (int)(n % ways / 2), n % ways % 2 != 0);
		n /= ways;
		s->file[file].place = s->disk.place[file];
		check_cut(t, (int)file);
	}
	return n == 0;
}
