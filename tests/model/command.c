/*
 * command - retry, cancel, purge and enqueue.
 *
 * A command that finds its job busy tries again for a while; here it gives
 * up, and a new one may come.  Only cancel goes on, since it has told a
 * worker to end the job.
 */
#include "model.h"

#include <string.h>

static void
next(struct turn *t, int pc)
{
	t->a->pc = (uint8_t)pc;
}

/* ---- Retry ---- */

static void
retry_look(struct turn *t)
{
	if (at(&t->s, PENDING) != -1) {
		t->what = "refuse: a new job of this ID is waiting";
		leave(t);
		return;
	}
	next(t, RETRY_APPEND);
}

static void
retry_append(struct turn *t)
{
	tell(t, LINE_RETRIED);
	mine(t)->notes &= (uint8_t) ~(REPORTED | AGAIN);
	t->a->look = mine(t)->now.runs;
	next(t, durable(t) ? RETRY_SYNC : RETRY_MOVE);
}

static void
retry_sync(struct turn *t)
{
	sync_file(t, t->a->file);
	next(t, RETRY_MOVE);
}

static void
retry_move(struct turn *t)
{
	rename_begin(t, t->a->from, PENDING);
}

static void
retry_moved(struct turn *t, enum result r)
{
	if (r == OK)
		next(t, RETRY_RELEASE);
	else if (!broken(t, UNDO_RETRY))
		next(t, RETRY_UNDO);
	else
		leave(t);
}

/* Refused after all: the line that it has appended goes. */
static void
retry_undo(struct turn *t)
{
	untell(t);
	leave(t);
}

static void
retry_release(struct turn *t)
{
	unlock_file(t, t->a->file);
	close_file(t, t->a->file);
	if (durable(t) && !broken(t, SYNC_RETRY))
		next(t, RETRY_SYNC_TO);
	else
		next(t, RETRY_DONE);
}

static void
retry_sync_to(struct turn *t)
{
	sync_place(t, PENDING);
	next(t, RETRY_SYNC_FROM);
}

static void
retry_sync_from(struct turn *t)
{
	sync_place(t, t->a->from);
	next(t, RETRY_DONE);
}

/* Acknowledged: it will run, unless it has begun by now. */
static void
retry_done(struct turn *t)
{
	if (mine(t)->now.runs == t->a->look &&
	    (t->s.left[CUTS] > 0 || !durable(t)))
		mine(t)->notes |= AGAIN;
	memset(t->a, 0, sizeof *t->a);
}

/* ---- Cancel ---- */

/* Nothing could be done: looks again where the job is. */
void
cancel_again(struct turn *t)
{
	struct actor *a = t->a;
	struct actor again;

	close_file(t, a->file);
	memset(&again, 0, sizeof again);
	again.op = CANCEL;
	again.pc = CANCEL_FIND;
	again.look = a->look;
	again.flags = a->flags & (TOLD | FORCE);
	*a = again;
}

static void
cancel_ends(struct turn *t)
{
	if ((t->a->flags & TOLD) != 0)
		next(t, CANCEL_ANSWER);
	else
		memset(t->a, 0, sizeof *t->a);
}

/* The job that was meant, wherever it is now. */
static void
cancel_find(struct turn *t)
{
	int place = t->s.file[t->a->look - 1].place;

	t->a->from = (uint8_t)place;
	if (place == PENDING || place == PROCESSING || place == FAILED)
		next(t, CANCEL_OPEN);
	else
		cancel_ends(t); /* ended, or archived, or gone */
}

static void
cancel_open(struct turn *t)
{
	int file = at(&t->s, t->a->from);

	if (file == -1)
		cancel_again(t);
	else
		take(t, CANCEL, t->a->from, file);
}

/* It is in processing/ and locked: by whom? */
void
cancel_held(struct turn *t)
{
	close_file(t, t->a->file);
	next(t, CANCEL_ALIVE);
}

/* claim.c:is_run_alive: the last run that the file there tells of. */
static int
is_run_alive(const struct turn *t)
{
	int file = at(&t->s, PROCESSING);

	return file == -1 || is_alive(&t->s, t->world, file);
}

/*
 * It is orphaned if nothing but a job or its daemon has the lock.  The
 * command looks for a second, which is longer than a worker has a job's lock
 * before it says so in the file.
 */
static int
is_orphaned(const struct turn *t)
{
	int file = at(&t->s, PROCESSING);

	return file != -1 && t->s.file[file].lock >= JOB_LOCK &&
	    (t->s.file[file].lock & (JOB_LOCK - 1)) == 0;
}

static void
cancel_alive(struct turn *t)
{
	if (is_run_alive(t))
		next(t, CANCEL_ASK);
	else if ((t->a->flags & FORCE) != 0 && is_orphaned(t))
		next(t, CANCEL_SEIZE);
	else
		cancel_again(t);
}

static void
cancel_ask(struct turn *t)
{
	int i;

	/* What a claim has seen before is not this one. */
	for (i = 0; i < ACTORS; i++)
		if (t->s.actor[i].op == CLAIM)
			t->s.actor[i].look = 0;
	t->s.cancel = t->a->look;
	t->s.file[t->a->look - 1].notes |= MEANT;
	t->a->flags |= TOLD;
	cancel_again(t);
}

/* Another host has left it there, and its lease is not over. */
static void
cancel_silent(struct turn *t)
{
	if (is_run_alive(t)) {
		cancel_held(t);
	} else if ((t->a->flags & FORCE) != 0) {
		command_taken(t);
	} else {
		t->what = "refuse: its host is silent";
		close_file(t, t->a->file);
		cancel_ends(t);
	}
}

static void
cancel_seize(struct turn *t)
{
	int file = at(&t->s, PROCESSING);

	if (file == -1) {
		cancel_again(t);
		return;
	}
	t->a->from = PROCESSING;
	t->a->file = (uint8_t)file;
	next(t, CANCEL_FREE);
}

static void
cancel_free(struct turn *t)
{
	if (!locked(t, t->a->file))
		cancel_again(t);
	else if (broken(t, FORCE_ALIVE))
		command_taken(t);
	else
		next(t, CANCEL_ALIVE_STILL);
}

static void
cancel_alive_still(struct turn *t)
{
	if (is_run_alive(t))
		cancel_again(t);
	else
		command_taken(t);
}

static void
cancel_archived(struct turn *t, enum result r)
{
	mine(t)->notes &= (uint8_t)~AGAIN;
	/* Without the lock it may not be the last to append. */
	if ((mine(t)->lock & 1 << t->who) == 0)
		mine(t)->notes |= MISUSED;
	if (r != OK)
		cancel_again(t);
	else if ((mine(t)->now.flags & CANCELLED) != 0)
		conclude_recorded(t, DEAD);
	else
		conclude(t, LINE_CANCELLED);
}

static void
cancel_answer(struct turn *t)
{
	t->s.cancel = 0;
	memset(t->a, 0, sizeof *t->a);
}

/* claim.c:cancel_owned */
static void
cancel_owned(struct turn *t)
{
	struct file *f = mine(t);

	if ((f->now.flags & TEXT) == 0 ||
	    (torn_first(f) && t->a->from != PROCESSING)) {
		t->what = "refuse: half-written";
		leave(t);
		return;
	}
	f->now.flags &= (uint8_t)~TORN;
	if ((f->lock & 1 << t->who) == 0 && is_run_alive(t))
		t->fault = "what is given up has a worker again";
	if (t->a->from == PROCESSING &&
	    (f->now.last == COMPLETED || f->now.last == DEAD)) {
		t->a->flags |= LOOPS;
		conclude_left(t, f->now.last);
		return;
	}
	next(t, CANCEL_ARCHIVE);
	archive_begin(t);
}

/* ---- Purge ---- */

static void
purge_move(struct turn *t)
{
	if (mine(t)->place == t->a->from)
		mine(t)->notes |= CHOSEN;
	if (broken(t, DISCARD))
		next(t, PURGE_UNLINK);
	else
		rename_begin(t, t->a->from, TMP);
}

static void
purge_moved(struct turn *t, enum result r)
{
	if (r != OK) {
		leave(t);
		return;
	}
	next(t, PURGE_UNLINK);
}

static void
purge_unlink(struct turn *t)
{
	int file = broken(t, DISCARD) ? at(&t->s, t->a->from) : t->a->file;

	if (file != -1) {
		if (file != t->a->file)
			t->fault = "purge removed what it had not chosen";
		put(t, file, REMOVED);
		t->s.file[file].notes |= CHOSEN;
	}
	leave(t);
}

/* What follows from a file's lines, once it is locked. */
void
command_taken(struct turn *t)
{
	if (t->a->op == CANCEL) {
		cancel_owned(t);
	} else if (t->a->op == PURGE) {
		next(t, PURGE_MOVE);
	} else if ((mine(t)->now.flags & TEXT) == 0 || torn_first(mine(t))) {
		t->what = "refuse: cannot be accepted";
		leave(t);
	} else {
		mine(t)->now.flags &= (uint8_t)~TORN;
		next(t, RETRY_LOOK);
	}
}

/* ---- Enqueue ---- */

/* As in spool_find, and as it would be with one look at each. */
static const uint8_t looks[] = { PENDING, FAILED, PROCESSING, FAILED, PENDING,
	COMPLETED, DEAD, PENDING, PROCESSING };
static const uint8_t once[] = { PENDING, FAILED, PROCESSING, COMPLETED, DEAD };

static void
enqueue_begins(struct turn *t, int again)
{
	int file = at(&t->s, NOWHERE);

	t->where = "spool.c:spool_enqueue";
	t->what = again ? "make tmp/x (--again)" : "make tmp/x";
	t->s.left[ENQUEUES]--;
	put(t, file, TMP);
	append(t, file, LINE_TEXT);
	t->a->op = ENQUEUE;
	t->a->file = (uint8_t)file;
	t->a->flags = again ? FORCE : 0;
	next(t,
	    durable(t) && !broken(t, SYNC_TEXT) ? ENQUEUE_SYNC : ENQUEUE_LOCK);
}

static void
enqueue_sync(struct turn *t)
{
	sync_file(t, t->a->file);
	next(t, ENQUEUE_LOCK);
}

static void
enqueue_lock(struct turn *t)
{
	if (!broken(t, SPOOL_LOCK)) {
		t->blocked = t->s.lock != 0;
		t->s.lock = (uint8_t)(1 + t->who);
	}
	next(t, ENQUEUE_LOOK);
}

static void
enqueue_look(struct turn *t)
{
	struct actor *a = t->a;
	int single = broken(t, LOOK_TWICE);
	int place = single ? once[a->look] : looks[a->look];

	if (at(&t->s, place) == -1) {
		if (++a->look == (single ? sizeof once : sizeof looks)) {
			a->look = 0;
			next(t, ENQUEUE_MOVE);
		}
		return;
	}
	t->what = "stat: it is there";
	a->look = 0;
	if ((a->flags & FORCE) != 0 && (place == COMPLETED || place == DEAD)) {
		archive_begin(t);
		next(t, ENQUEUE_ARCHIVE);
	} else {
		next(t, ENQUEUE_GIVE_UP);
	}
}

static void
enqueue_archived(struct turn *t, enum result r)
{
	next(t, r == OK ? ENQUEUE_LOOK : ENQUEUE_GIVE_UP);
}

/*
 * It is in pending/ now: nothing else may have the ID, but for what a hand has
 * put there.  A job that is put back and run again while enqueue looks could
 * pass it by: that takes longer than nine looks, and is not asked for here.
 */
static void
check_alone(struct turn *t, int file)
{
	const struct world *w = t->world;
	int i;

	if (w->left[DROPS] > 0 || t->s.left[KILLS] < w->left[KILLS] ||
	    t->s.left[CUTS] < w->left[CUTS] ||
	    (w->may & (MAY_RETRY | MAY_HAND)) != 0)
		return;
	for (i = 0; i < FILES; i++)
		if (i != file && t->s.file[i].place >= PENDING &&
		    t->s.file[i].place <= DEAD)
			t->fault = "an ID that is in use is given again";
}

static void
enqueue_move(struct turn *t)
{
	int file = t->a->file;

	rename_begin(t, TMP, PENDING);
	if (t->s.file[file].place == PENDING)
		check_alone(t, file);
}

static void
enqueue_moved(struct turn *t, enum result r)
{
	next(t, r == OK ? ENQUEUE_UNLOCK : ENQUEUE_GIVE_UP);
}

static void
enqueue_done(struct turn *t)
{
	mine(t)->notes |= ACKED;
	leave(t);
}

static void
enqueue_unlock(struct turn *t)
{
	if (t->s.lock == 1 + t->who)
		t->s.lock = 0;
	if (durable(t) && !broken(t, SYNC_ENQUEUE))
		next(t, ENQUEUE_SYNC_DIR);
	else
		enqueue_done(t);
}

static void
enqueue_sync_dir(struct turn *t)
{
	sync_place(t, PENDING);
	enqueue_done(t);
}

static void
enqueue_give_up(struct turn *t)
{
	if (t->s.lock == 1 + t->who)
		t->s.lock = 0;
	put(t, t->a->file, REMOVED);
	mine(t)->notes |= CHOSEN;
	leave(t);
}

/* ---- What a command may begin with ---- */

static void
command(const struct turn *from, struct visitor *v, int op, int place,
    int force)
{
	struct turn t = *from;
	int file = at(&t.s, place);

	t.a = &t.s.actor[t.who]; /* in this copy */
	if (file == -1)
		return;
	t.s.left[COMMANDS]--;
	t.a->flags = force ? FORCE : 0;
	t.what = op == PURGE ? "purge: open" : "retry: open";
	if (op == CANCEL) {
		t.what = force ? "cancel --force: stat" : "cancel: stat";
		t.where = "claim.c:try_cancel";
		t.a->op = CANCEL;
		t.a->from = (uint8_t)place;
		t.a->look = (uint8_t)(file + 1);
		/* What runs is told at once: cmd_change.c:tell_all. */
		next(&t, place == PROCESSING ? CANCEL_ASK : CANCEL_OPEN);
	} else {
		take(&t, op, place, file);
	}
	v->visit(v, &t, 0);
}

static void
by_force(const struct turn *from, struct visitor *v, int op, int place)
{
	command(from, v, op, place, 0);
	if ((from->world->may & MAY_FORCE) != 0)
		command(from, v, op, place, 1);
}

/* mv to pending/ by hand: it may run again. */
static void
hand(const struct turn *from, struct visitor *v, int place)
{
	struct turn t = *from;
	int file = at(&t.s, place);

	if (file == -1 || at(&t.s, PENDING) != -1)
		return;
	t.s.left[COMMANDS]--;
	put(&t, file, PENDING);
	t.s.file[file].now.flags &= (uint8_t)~DONE;
	t.s.file[file].notes &= (uint8_t)~REPORTED;
	t.s.file[file].notes |= durable(&t) ? MISUSED : AGAIN; /* no sync */
	t.what = "mv to pending/";
	t.where = "by hand";
	v->visit(v, &t, 0);
}

static void
enqueue(const struct turn *from, struct visitor *v, int again)
{
	struct turn t = *from;

	t.a = &t.s.actor[t.who]; /* in this copy */
	enqueue_begins(&t, again);
	v->visit(v, &t, 0);
}

void
command_begins(struct turn *t, struct visitor *v)
{
	uint32_t may = t->world->may;
	int place;

	if (t->world->kind[t->who] == ENQUEUER) {
		if (t->s.left[ENQUEUES] == 0 || at(&t->s, NOWHERE) == -1)
			return;
		enqueue(t, v, 0);
		if ((may & MAY_AGAIN) != 0)
			enqueue(t, v, 1);
		return;
	}
	if (t->s.left[COMMANDS] == 0)
		return;
	for (place = PENDING; place <= DEAD; place++) {
		if ((may & MAY_RETRY) != 0 && place >= FAILED)
			command(t, v, RETRY, place, 0);
		if ((may & MAY_CANCEL) != 0 && place != COMPLETED &&
		    place != DEAD)
			by_force(t, v, CANCEL, place);
		if (place != COMPLETED && place != DEAD)
			continue;
		if ((may & MAY_PURGE) != 0)
			by_force(t, v, PURGE, place);
		if ((may & MAY_HAND) != 0)
			hand(t, v, place);
	}
}

const struct step command_steps[] = {
	{ RETRY_LOOK, "stat pending/x", "claim.c:try_retry", retry_look, NULL },
	{ RETRY_APPEND, "append pending", "claim.c:try_retry", retry_append,
	    NULL },
	{ RETRY_SYNC, "sync the file", "claim.c:try_retry", retry_sync, NULL },
	{ RETRY_MOVE, "rename to pending/", "claim.c:try_retry", retry_move,
	    retry_moved },
	{ RETRY_UNDO, "cut off the line", "claim.c:untell", retry_undo, NULL },
	{ RETRY_RELEASE, "unlock", "claim.c:try_retry", retry_release, NULL },
	{ RETRY_SYNC_TO, "sync pending/", "claim.c:try_retry", retry_sync_to,
	    NULL },
	{ RETRY_SYNC_FROM, "sync where it was", "claim.c:try_retry",
	    retry_sync_from, NULL },
	{ RETRY_DONE, "say so", "claim.c:claim_retry", retry_done, NULL },
	{ CANCEL_FIND, "stat", "claim.c:try_cancel", cancel_find, NULL },
	{ CANCEL_OPEN, "open", "spool.c:spool_take", cancel_open, NULL },
	{ CANCEL_ALIVE, "does its worker live?", "claim.c:cancel_held",
	    cancel_alive, NULL },
	{ CANCEL_ASK, "make control/cancel.x", "claim.c:cancel_held",
	    cancel_ask, NULL },
	{ CANCEL_SILENT, "does its worker live?", "claim.c:cancel_silent",
	    cancel_silent, NULL },
	{ CANCEL_SEIZE, "open", "claim.c:cancel_orphan", cancel_seize, NULL },
	{ CANCEL_FREE, "flock?", "claim.c:cancel_orphan", cancel_free, NULL },
	{ CANCEL_ALIVE_STILL, "does its worker live?", "claim.c:cancel_orphan",
	    cancel_alive_still, NULL },
	{ CANCEL_ARCHIVE, "archive", "claim.c:cancel_owned", NULL,
	    cancel_archived },
	{ CANCEL_ANSWER, "unlink control/cancel.x", "claim.c:claim_cancel",
	    cancel_answer, NULL },
	{ PURGE_MOVE, "rename to tmp/", "spool.c:spool_discard", purge_move,
	    purge_moved },
	{ PURGE_UNLINK, "unlink", "spool.c:spool_discard", purge_unlink, NULL },
	{ ENQUEUE_SYNC, "sync the file", "spool.c:spool_enqueue", enqueue_sync,
	    NULL },
	{ ENQUEUE_LOCK, "flock SPOOL/lock", "spool.c:move_in_locked",
	    enqueue_lock, NULL },
	{ ENQUEUE_LOOK, "stat: not there", "spool.c:spool_find", enqueue_look,
	    NULL },
	{ ENQUEUE_ARCHIVE, "archive", "spool.c:move_in_chosen", NULL,
	    enqueue_archived },
	{ ENQUEUE_MOVE, "rename to pending/", "spool.c:move_in_chosen",
	    enqueue_move, enqueue_moved },
	{ ENQUEUE_UNLOCK, "unlock SPOOL/lock", "spool.c:move_in_locked",
	    enqueue_unlock, NULL },
	{ ENQUEUE_SYNC_DIR, "sync pending/", "spool.c:spool_enqueue",
	    enqueue_sync_dir, NULL },
	{ ENQUEUE_GIVE_UP, "unlink tmp/x", "spool.c:spool_enqueue",
	    enqueue_give_up, NULL },
	{ 0, NULL, NULL, NULL, NULL },
};
