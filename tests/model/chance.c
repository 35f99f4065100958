/*
 * chance - all that may happen next: a step of each process, a process that
 * begins something, and what comes from outside.
 *
 * Certain is what happens sooner or later if nothing else does: processes go
 * on, workers take what waits, jobs end.  Everything else is chance, as often
 * as the world allows.
 */
#include "model.h"

#include <string.h>

#define MAX_RUNS 2 /* a job that has run so often succeeds or dies */

static void
idle(struct turn *t, int who)
{
	memset(&t->s.actor[who], 0, sizeof t->s.actor[who]);
}

static void
turn_init(struct turn *t, const struct turn *from, int who, const char *what)
{
	*t = *from;
	t->who = who;
	t->a = &t->s.actor[who];
	t->what = what;
	t->where = "";
}

/* ---- Processes ---- */

/* A worker whose run it is: it has said so in the file. */
int
is_alive(const struct state *s, const struct world *w, int file)
{
	const struct actor *a;
	int i;

	for (i = 0; i < ACTORS; i++) {
		a = &s->actor[i];
		if (w->kind[i] == WORKER && a->op == CLAIM && a->file == file &&
		    a->pc >= BEGIN_SYNC)
			return 1;
	}
	return 0;
}

/*
 * A job that has failed is due in a second at the earliest: that is longer
 * than enqueue takes to look where an ID is, and than a worker whose lock was
 * lost takes from the line to the move.
 */
static int
is_due(const struct state *s)
{
	const struct actor *a;
	int i, file = at(s, FAILED);

	if (file == -1)
		return 0;
	for (i = 0; i < ACTORS; i++) {
		a = &s->actor[i];
		if (a->pc == ENQUEUE_LOOK ||
		    (a->op == CLAIM && a->file == file && a->pc > RUN &&
			(s->file[file].lock & 1 << i) == 0))
			return 0;
	}
	return 1;
}

static void
worker_begins(const struct turn *from, int who, struct visitor *v)
{
	struct turn t;

	if (at(&from->s, PENDING) != -1) {
		turn_init(&t, from, who, "");
		begin_claim(&t, PENDING);
		v->visit(v, &t, 1);
	}
	if (is_due(&from->s)) {
		turn_init(&t, from, who, "");
		begin_claim(&t, FAILED);
		v->visit(v, &t, 1);
	}
}

static void
recoverer_begins(const struct turn *from, int who, struct visitor *v)
{
	struct turn t;

	turn_init(&t, from, who, "");
	if (at(&t.s, PROCESSING) == -1)
		return;
	begin_recover(&t);
	v->visit(v, &t, 1);
}

/* That the name does not mean the file any more is not seen: from a cache. */
static void
stale(const struct turn *from, int who, struct visitor *v)
{
	const struct actor *a = &from->s.actor[who];
	struct turn t;

	if (from->s.left[EXTRAS] == 0 || (from->world->may & MAY_STALE) == 0 ||
	    a->pc != TAKE_SAME || from->s.file[a->file].place == a->from)
		return;
	turn_init(&t, from, who, "same: a stale cache says so");
	t.where = "spool.c:spool_take";
	t.s.left[EXTRAS]--;
	taken(&t);
	v->visit(v, &t, 0);
}

static void
goes_on(const struct turn *from, int who, struct visitor *v)
{
	struct turn t;

	turn_init(&t, from, who, "");
	step(&t);
	if (!t.blocked)
		v->visit(v, &t, 1);
	stale(from, who, v);
	/* Its time is over. */
	if (from->s.actor[who].pc != CANCEL_FIND)
		return;
	turn_init(&t, from, who, "give up");
	t.where = "claim.c:insist";
	idle(&t, who);
	v->visit(v, &t, 1);
}

static void
process(const struct turn *from, int who, struct visitor *v)
{
	struct turn t;

	if (from->s.actor[who].pc != IDLE) {
		goes_on(from, who, v);
		return;
	}
	switch (from->world->kind[who]) {
	case WORKER:
		worker_begins(from, who, v);
		break;
	case RECOVERER:
		recoverer_begins(from, who, v);
		break;
	case COMMANDER:
	case ENQUEUER:
		turn_init(&t, from, who, "");
		command_begins(&t, v);
		break;
	default:
		break;
	}
}

/* ---- Jobs ---- */

/* The worker that waits for a job, or -1. */
static int
worker_of(const struct state *s, int file)
{
	int who = s->file[file].job - 1;

	return s->file[file].job != 0 && s->file[file].job != ORPHAN ? who : -1;
}

/* The job's process has ended: its worker sees it, if there is one. */
static void
job_ends(struct turn *t, const struct turn *from, int file, int line,
    const char *what)
{
	int who = worker_of(&from->s, file);
	struct file *f;

	turn_init(t, from, who == -1 ? 0 : who, what);
	f = &t->s.file[file];
	t->where = "a job";
	f->job = 0;
	f->lock &= (uint8_t) ~(JOB_LOCK | JOB_LOCK_B);
	if (who != -1) {
		t->a->line = (uint8_t)line;
		t->a->pc = FINISH_SAME;
	}
}

static void
job(const struct turn *from, int file, struct visitor *v)
{
	const struct file *f = &from->s.file[file];
	uint32_t may = from->world->may;
	int extras = from->s.left[EXTRAS] > 0;
	struct turn t;

	if (f->job == 0)
		return;
	if (worker_of(&from->s, file) == -1) {
		job_ends(&t, from, file, NO_LINE, "an orphan ends");
		v->visit(v, &t, 1);
		return;
	}
	job_ends(&t, from, file, LINE_COMPLETED, "it succeeds");
	v->visit(v, &t, 1);
	if (extras && (may & MAY_DAEMON) != 0) {
		t.s.file[file].lock |= DAEMON_LOCK;
		t.s.left[EXTRAS]--;
		t.what = "it succeeds, and leaves a daemon";
		v->visit(v, &t, 0);
	}
	job_ends(&t, from, file,
	    f->now.runs < MAX_RUNS ? LINE_FAILED : LINE_DEAD, "it fails");
	v->visit(v, &t, 1);
	if (extras && (may & MAY_STOP) != 0) {
		job_ends(&t, from, file, LINE_BACK, "it is stopped");
		t.s.left[EXTRAS]--;
		v->visit(v, &t, 0);
	}
}

/* A worker that cannot do what it is about to do. */
static void
trouble(const struct turn *from, int who, struct visitor *v)
{
	const struct actor *a = &from->s.actor[who];
	uint32_t may = from->world->may;
	struct turn t;

	if (from->s.left[EXTRAS] == 0 || a->rename != 0 || a->archive != 0)
		return;
	if (a->pc == BEGIN_START && (may & MAY_RETURN) != 0) {
		turn_init(&t, from, who, "cannot be started");
		t.where = "worker.c:return_job";
		t.a->from = PROCESSING;
		t.a->line = LINE_BACK;
		t.a->pc = FINISH_SAME;
	} else if (a->pc == BEGIN_APPEND && (may & MAY_FILL) != 0) {
		turn_init(&t, from, who, "the disk is full");
		t.where = "claim.c:claim_begin";
		t.a->pc = CLAIM_UNDO;
	} else {
		return;
	}
	t.s.left[EXTRAS]--;
	v->visit(v, &t, 0);
}

/* ---- Hands ---- */

static void
drop(const struct turn *from, struct visitor *v)
{
	int file = at(&from->s, NOWHERE), old = at(&from->s, PENDING);
	struct turn t;

	turn_init(&t, from, 0, "drop into pending/");
	if (from->s.left[DROPS] == 0 || file == -1)
		return;
	t.where = "by hand";
	t.s.left[DROPS]--;
	if (old != -1) {
		if (t.s.left[EXTRAS] == 0 || (t.world->may & MAY_REPLACE) == 0)
			return;
		t.s.left[EXTRAS]--;
		t.what = "mv over pending/x";
		t.s.file[old].notes |= CHOSEN | REPLACED;
		put(&t, old, REMOVED);
	}
	append(&t, file, LINE_TEXT);
	put(&t, file, PENDING);
	v->visit(v, &t, 0);
}

static void
rm(const struct turn *from, int place, struct visitor *v)
{
	int file = at(&from->s, place);
	struct turn t;

	if (from->s.left[EXTRAS] == 0 || file == -1 ||
	    (from->world->may & MAY_REMOVE) == 0)
		return;
	turn_init(&t, from, 0,
	    place == PROCESSING ? "rm processing/x" : "rm completed/x");
	t.where = "by hand";
	t.s.left[EXTRAS]--;
	t.s.file[file].notes |= CHOSEN;
	put(&t, file, REMOVED);
	v->visit(v, &t, 0);
}

/* ---- Deaths ---- */

/* A process is gone; a job that it ran goes on. */
static void
dies(struct turn *t, int who)
{
	struct actor *a = &t->s.actor[who];
	struct file *f;
	int i;

	for (i = 0; i < FILES; i++) {
		f = &t->s.file[i];
		f->lock &= (uint8_t) ~(1 << who);
		if (f->job == 1 + who)
			f->job = ORPHAN;
	}
	if (a->op == RETRY && a->pc > RETRY_APPEND)
		t->s.file[a->file].notes |= MISUSED;
	/* A hand's mv and a kill, both within one rename: nobody gives back. */
	if (a->rename != 0 && a->taken != 0)
		t->s.file[a->taken - 1].notes |= MISUSED;
	if (t->s.lock == 1 + who)
		t->s.lock = 0;
	idle(t, who);
}

static void
kill_one(const struct turn *from, int who, struct visitor *v)
{
	struct turn t;

	turn_init(&t, from, who, "KILLED");
	if (from->s.left[KILLS] == 0 || from->s.actor[who].pc == IDLE)
		return;
	t.s.left[KILLS]--;
	dies(&t, who);
	v->visit(v, &t, 0);
}

/* The machine, or the first of two hosts, goes down with all its jobs. */
static void
all_die(struct turn *t)
{
	struct file *f;
	int i;

	for (i = 0; i < ACTORS; i++)
		if ((t->world->remote >> i & 1) == 0)
			dies(t, i);
	for (i = 0; i < FILES; i++) {
		f = &t->s.file[i];
		f->lock &= (uint8_t) ~(JOB_LOCK | DAEMON_LOCK);
		if (f->job == ORPHAN)
			f->job = 0;
	}
}

static void
power_cut(const struct turn *from, struct visitor *v)
{
	struct turn t;
	unsigned n;
	int i, more = 1;

	if (from->s.left[CUTS] == 0)
		return;
	for (n = 0; more; n++) {
		turn_init(&t, from, 0, "POWER CUT");
		all_die(&t);
		t.s.left[CUTS]--;
		more = cut(&t, n);
		if (t.s.left[CUTS] == 0)
			memset(&t.s.disk, 0, sizeof t.s.disk);
		for (i = 0; i < FILES && t.s.left[CUTS] == 0; i++) {
			t.s.file[i].begun = 0;
			t.s.file[i].notes &= (uint8_t)~AGAIN;
		}
		if (more)
			v->visit(v, &t, 0);
	}
}

/* ---- Two hosts ---- */

static int
is_owned(const struct state *s, int file)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (s->actor[i].op == CLAIM && s->actor[i].file == file)
			return 1;
	return 0;
}

/* A worker touches its job, so that this does not happen while it lives. */
static void
lease_ends(const struct turn *from, struct visitor *v)
{
	int file = at(&from->s, PROCESSING);
	struct turn t;

	turn_init(&t, from, 0, "the lease runs out");
	if (from->world->remote == 0 || file == -1 ||
	    (t.s.file[file].notes & STALE) != 0 ||
	    t.s.file[file].now.last != PROCESSING ||
	    (is_owned(&t.s, file) && !broken(from, TOUCH)))
		return;
	t.where = "claim.c:claim_touch";
	t.s.file[file].notes |= STALE;
	v->visit(v, &t, 1);
}

static void
host_trouble(const struct turn *from, struct visitor *v)
{
	uint32_t may = from->world->may;
	struct turn t;
	int i;

	if (from->s.left[EXTRAS] == 0)
		return;
	if ((may & MAY_DOWN) != 0) {
		turn_init(&t, from, 0, "THE HOST GOES DOWN");
		t.s.left[EXTRAS]--;
		all_die(&t);
		v->visit(v, &t, 0);
	}
	for (i = 0; i < FILES && (may & MAY_UNLOCK) != 0; i++) {
		if (from->s.file[i].job == 0 ||
		    (from->s.file[i].lock & JOB_LOCK) == 0)
			continue;
		turn_init(&t, from, 0, "the host is cut off: its lock is lost");
		t.s.left[EXTRAS]--;
		t.s.file[i].lock = 0;
		v->visit(v, &t, 0);
	}
}

void
successors(const struct world *w, const struct state *s, struct visitor *v)
{
	struct turn t;
	int i;

	memset(&t, 0, sizeof t);
	t.world = w;
	t.s = *s;
	for (i = 0; i < ACTORS; i++)
		process(&t, i, v);
	for (i = 0; i < FILES; i++)
		job(&t, i, v);
	for (i = 0; i < ACTORS; i++) {
		trouble(&t, i, v);
		kill_one(&t, i, v);
	}
	drop(&t, v);
	rm(&t, PROCESSING, v);
	rm(&t, COMPLETED, v);
	power_cut(&t, v);
	lease_ends(&t, v);
	host_trouble(&t, v);
}
