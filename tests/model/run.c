/*
 * run - a worker's claim, run and record, recovery, and `conclude`, by which
 * all of them end.
 */
#include "model.h"

#include <string.h>

#define MAX_LOST 2 /* max_interruptions */

static void
next(struct turn *t, int pc)
{
	t->a->pc = (uint8_t)pc;
}

/* ---- What follows from a file's lines, once it is locked ---- */

static int
is_remote(const struct turn *t)
{
	return t->world->remote >> t->who & 1;
}

/* claim.c:is_leased */
static int
is_leased(const struct turn *t, const struct file *f)
{
	int other = ((f->now.flags & REMOTE) != 0) != is_remote(t);

	return f->now.last == PROCESSING && other && !broken(t, LEASE) &&
	    (f->notes & STALE) == 0;
}

/* claim.c:lost_event */
static int
lost_line(const struct file *f)
{
	return f->now.lost + 1 >= MAX_LOST ? LINE_DEAD : LINE_LOST;
}

static void
take_claim(struct turn *t)
{
	struct file *f = mine(t);

	if ((f->now.flags & TEXT) == 0 || torn_first(f)) {
		t->what = "same: ours, but half-written";
		conclude_recorded(t, DEAD);
		return;
	}
	f->now.flags &= (uint8_t)~TORN;
	next(t, ROOM_PROCESSING);
}

static void
take_recover(struct turn *t)
{
	struct file *f = mine(t);

	f->now.flags &= (uint8_t)~TORN;
	if (is_leased(t, f)) {
		t->what = "same: leased";
		leave(t);
	} else if (f->now.last == PROCESSING) {
		conclude(t, lost_line(f));
	} else {
		conclude_left(t,
		    f->now.last == NOWHERE ? PENDING : f->now.last);
	}
}

/* What comes after spool_take. */
void
taken(struct turn *t)
{
	if (t->a->op == CLAIM)
		take_claim(t);
	else if (t->a->op == RECOVER)
		take_recover(t);
	else if (t->a->op == CANCEL && t->a->from == PROCESSING &&
	    is_leased(t, mine(t)))
		next(t, CANCEL_SILENT);
	else
		command_taken(t);
}

/* ---- Claiming ---- */

void
begin_claim(struct turn *t, int place)
{
	t->what = place == PENDING ? "open pending/x" : "open failed/x";
	take(t, CLAIM, place, at(&t->s, place));
}

static void
busy(struct turn *t, const char *what)
{
	t->what = what;
	leave(t);
}

/* The last line names another state than the directory? */
static void
go_put_right(struct turn *t)
{
	int last = mine(t)->now.last;

	if (last == NOWHERE || last == t->a->from || broken(t, FIXUP))
		next(t, CLAIM_LOOK);
	else
		next(t, PUT_RIGHT);
}

static void
go_archive(struct turn *t)
{
	if (mine(t)->now.runs > 0) {
		go_put_right(t);
		return;
	}
	next(t, ROOM_ARCHIVE);
	archive_begin(t);
}

static void
room_processing(struct turn *t)
{
	if (at(&t->s, PROCESSING) != -1 && !broken(t, LIVE))
		busy(t, "a namesake is in processing/");
	else if (t->a->from == PENDING)
		next(t, ROOM_FAILED);
	else
		go_archive(t);
}

static void
room_failed(struct turn *t)
{
	if (at(&t->s, FAILED) != -1 && !broken(t, LIVE))
		busy(t, "a namesake is in failed/");
	else
		go_archive(t);
}

static void
room_archived(struct turn *t, enum result r)
{
	if (r == OK)
		go_put_right(t);
	else
		leave(t);
}

static void
put_right(struct turn *t)
{
	struct file *f = mine(t);

	if (f->now.last != PROCESSING) {
		tell(t, LINE_MOVED);
	} else if (lost_line(f) == LINE_DEAD) {
		conclude(t, LINE_DEAD);
		return;
	} else {
		tell(t, LINE_LOST);
	}
	next(t, CLAIM_LOOK);
}

/* A request that is there is for an earlier run, or for a namesake. */
static void
claim_look(struct turn *t)
{
	t->a->look = t->s.cancel;
	mine(t)->notes &= (uint8_t)~MEANT;
	next(t, CLAIM_MOVE);
}

static void
claim_move(struct turn *t)
{
	rename_begin(t, t->a->from, PROCESSING);
}

/* After a look for a namesake in one directory comes the next one. */
static void
look_after(struct turn *t, int pc)
{
	int fresh = mine(t)->now.runs == 0;

	if (broken(t, NAMESAKE))
		next(t, BEGIN_APPEND);
	else if (pc == CLAIM_MOVE && t->a->from == PENDING)
		next(t, NAMESAKE_FAILED);
	else if (pc <= NAMESAKE_FAILED && fresh)
		next(t, NAMESAKE_COMPLETED);
	else if (pc == NAMESAKE_COMPLETED)
		next(t, NAMESAKE_DEAD);
	else
		next(t, BEGIN_APPEND);
}

/* What was told is cut off where the file is still there, or never was. */
static void
claim_fails(struct turn *t, int gone)
{
	struct actor *a = t->a;

	if ((a->flags & UNTOLD) != 0 && !broken(t, UNTELL) &&
	    (gone || mine(t)->place == a->from))
		next(t, CLAIM_UNTELL);
	else
		leave(t);
}

static void
claim_untell(struct turn *t)
{
	untell(t);
	leave(t);
}

static void
claim_moved(struct turn *t, enum result r)
{
	if (r != OK)
		claim_fails(t, r == GONE);
	else if (t->a->look != 0 && !broken(t, STALE_CANCEL))
		next(t, CLAIM_ANSWER);
	else
		look_after(t, CLAIM_MOVE);
}

/* A later one is in its place: command.c:cancel_ask. */
static void
claim_answer(struct turn *t)
{
	if (t->a->look != 0 && t->a->look == t->s.cancel)
		t->s.cancel = 0;
	look_after(t, CLAIM_MOVE);
}

static void
namesake(struct turn *t)
{
	static const uint8_t places[] = { FAILED, COMPLETED, DEAD };
	int pc = t->a->pc;

	if (at(&t->s, places[pc - NAMESAKE_FAILED]) == -1) {
		look_after(t, pc);
		return;
	}
	t->what = "a namesake has slipped by";
	next(t, CLAIM_UNDO);
}

static void
claim_undo(struct turn *t)
{
	rename_begin(t, PROCESSING, t->a->from);
}

static void
claim_undone(struct turn *t, enum result r)
{
	(void)r;
	claim_fails(t, 0);
}

/* ---- The run ---- */

static void
begin_append(struct turn *t)
{
	struct file *f = mine(t);

	append(t, t->a->file, LINE_PROCESSING);
	forget(t);
	t->a->look = 0;
	f->notes &= (uint8_t)~AGAIN;
	f->now.flags &= (uint8_t)~REMOTE;
	if (is_remote(t))
		f->now.flags |= REMOTE;
	next(t,
	    durable(t) && !broken(t, SYNC_BEGIN) ? BEGIN_SYNC : BEGIN_START);
}

static void
begin_sync(struct turn *t)
{
	sync_file(t, t->a->file);
	next(t, BEGIN_START);
}

/* A first run writes ID.1.out: another record's, if that has run as ID. */
static int
clobbers(const struct turn *t, const struct file *f)
{
	const struct file *o;
	int i;

	for (i = 0; i < FILES; i++) {
		o = &t->s.file[i];
		if (o != f && o->now.runs >= f->now.runs &&
		    (o->place == COMPLETED || o->place == DEAD ||
			o->place == FAILED))
			return 1;
	}
	return 0;
}

static void
begin_start(struct turn *t)
{
	struct file *f = mine(t);

	if (f->job != 0)
		t->fault = "a job runs twice at the same time";
	else if ((f->now.flags & (DONE | SNATCHED)) == DONE)
		t->fault = "a recorded success is run again";
	else if ((f->notes & REPORTED) != 0)
		t->fault = "a reported end is run again";
	else if ((f->notes & REPLACED) != 0)
		t->fault = "a job that mv had replaced is run";
	else if (f->now.runs == 1 && f->place == PROCESSING && clobbers(t, f))
		t->fault = "a run overwrites the output of a namesake";
	f->job = (uint8_t)(1 + t->who);
	if ((f->lock & 1 << t->who) != 0)
		f->lock |= is_remote(t) ? JOB_LOCK_B : JOB_LOCK;
	if (t->s.left[CUTS] > 0 || !durable(t))
		f->begun = f->now.runs;
	t->a->from = PROCESSING;
	next(t, RUN);
}

/* Looks for control/cancel.ID; the rest of a run comes from outside. */
static void
run(struct turn *t)
{
	struct file *f = mine(t);

	if (t->s.cancel == 0 ||
	    (t->s.cancel != 1 + t->a->file && !broken(t, CANCEL_INODE))) {
		t->blocked = 1;
		return;
	}
	if ((f->notes & MEANT) == 0)
		t->fault = "a job ends by a request that was not for it";
	f->job = 0;
	f->lock &= (uint8_t) ~(is_remote(t) ? JOB_LOCK_B : JOB_LOCK);
	t->a->line = LINE_DEAD;
	t->a->flags |= ORDERED;
	next(t, FINISH_SAME);
}

/* ---- The end ---- */

static void
finish_same(struct turn *t)
{
	if (mine(t)->place != PROCESSING) {
		t->what = "same: removed while running";
		t->a->flags &= (uint8_t)~MOVED;
		next(t, END_RELEASE);
	} else if ((t->a->flags & RECORDED) != 0) {
		next(t, END_MOVE);
	} else {
		conclude(t, t->a->line);
	}
}

/* Appends, moves, unlocks. */
void
conclude(struct turn *t, int line)
{
	t->a->line = (uint8_t)line;
	t->a->to = (uint8_t)state_of(line);
	t->a->flags &= (uint8_t)~RECORDED;
	next(t, broken(t, END_ORDER) ? END_MOVE : END_RECORD);
}

/* The line is there, or there is to be none: only the move is left. */
void
conclude_recorded(struct turn *t, int to)
{
	t->a->to = (uint8_t)to;
	t->a->flags |= RECORDED;
	next(t, END_MOVE);
}

/* The same of a line that somebody else has left; is it on disk? */
void
conclude_left(struct turn *t, int to)
{
	conclude_recorded(t, to);
	if (durable(t) && !broken(t, SYNC_LEFT))
		next(t, LEFT_SYNC);
}

static void
after_record(struct turn *t)
{
	if ((t->a->flags & MOVED) == 0)
		next(t, END_MOVE);
	else
		next(t,
		    durable(t) && !broken(t, SYNC_MOVE) ? END_SYNC_TO :
							  END_RELEASE);
}

/* The end of a run is known to nobody else. */
static int
is_run(const struct actor *a)
{
	return a->op == CLAIM && a->from == PROCESSING;
}

static void
end_record(struct turn *t)
{
	if (is_run(t->a))
		append(t, t->a->file, t->a->line);
	else
		tell(t, t->a->line);
	t->a->flags |= RECORDED;
	if (durable(t) && !broken(t, SYNC_END))
		next(t, END_SYNC);
	else
		after_record(t);
}

static void
end_sync(struct turn *t)
{
	sync_file(t, t->a->file);
	after_record(t);
}

static void
end_move(struct turn *t)
{
	rename_begin(t, t->a->from, t->a->to);
}

/* The place is taken, and stays so for now: claim.c:wait_elsewhere. */
static void
end_taken(struct turn *t)
{
	struct actor *a = t->a;
	int waits = a->to == PENDING || a->to == FAILED;
	int half = (mine(t)->now.flags & TEXT) == 0;

	if (waits && broken(t, PUT_BACK)) {
		next(t, END_RELEASE);
	} else if (waits && half && !broken(t, HALF_DEAD)) {
		conclude_recorded(t, DEAD); /* unmodified */
	} else if (waits && !half && (a->flags & ELSEWHERE) == 0) {
		a->flags |= ELSEWHERE;
		conclude(t, a->to == PENDING ? LINE_ELSEWHERE : LINE_BACK);
	} else if (waits && !half && !broken(t, LAST_RESORT)) {
		conclude(t, LINE_DEAD);
	} else if (is_run(a)) {
		next(t, FINISH_SAME);
	} else if (a->op != RECOVER && a->from != PROCESSING &&
	    (a->flags & UNTOLD) != 0 && !broken(t, UNTELL)) {
		next(t, END_UNTELL);
	} else if (a->op == CANCEL) {
		cancel_again(t);
	} else {
		leave(t);
	}
}

/* The place was taken, or the file was not there. */
static void
end_untell(struct turn *t)
{
	int gone = mine(t)->place != t->a->from;

	untell(t);
	if (gone)
		next(t, END_RELEASE);
	else if (t->a->op == CANCEL)
		cancel_again(t);
	else
		leave(t);
}

static void
end_moved(struct turn *t, enum result r)
{
	struct actor *a = t->a;

	if (r == EXISTS && (a->to == COMPLETED || a->to == DEAD) &&
	    a->pc == END_MOVE) {
		next(t, END_ARCHIVE);
		archive_begin(t);
	} else if (r == EXISTS) {
		end_taken(t);
	} else if (r == OK) {
		forget(t);
		a->flags |= MOVED;
		if ((a->flags & RECORDED) == 0)
			next(t, END_RECORD);
		else
			after_record(t);
	} else if ((a->flags & UNTOLD) != 0 && !broken(t, UNTELL)) {
		next(t, END_UNTELL);
	} else {
		next(t, END_RELEASE);
	}
}

static void
end_archived(struct turn *t, enum result r)
{
	if (r == OK)
		next(t, END_MOVE_AGAIN);
	else
		end_taken(t);
}

static void
end_sync_to(struct turn *t)
{
	sync_place(t, t->a->to);
	next(t, END_SYNC_FROM);
}

static void
end_sync_from(struct turn *t)
{
	sync_place(t, t->a->from);
	next(t, END_RELEASE);
}

static void
end_release(struct turn *t)
{
	struct actor *a = t->a;
	struct file *f = mine(t);

	if ((a->flags & MOVED) != 0 && f->place == a->to &&
	    (f->lock & 1 << t->who) != 0 &&
	    (a->to == COMPLETED || a->to == DEAD))
		f->notes |= REPORTED;
	unlock_file(t, a->file);
	close_file(t, a->file);
	if (a->op == CLAIM && (a->flags & ORDERED) != 0)
		next(t, FINISH_ANSWER);
	else if (a->op == CANCEL && (a->flags & LOOPS) != 0)
		cancel_again(t);
	else if (a->op == CANCEL && (a->flags & TOLD) != 0)
		next(t, CANCEL_ANSWER);
	else
		memset(a, 0, sizeof *a);
}

static void
finish_answer(struct turn *t)
{
	t->s.cancel = 0;
	memset(t->a, 0, sizeof *t->a);
}

void
begin_recover(struct turn *t)
{
	t->what = "open processing/x";
	take(t, RECOVER, PROCESSING, at(&t->s, PROCESSING));
}

const struct step run_steps[] = {
	{ ROOM_PROCESSING, "stat processing/x", "claim.c:make_room",
	    room_processing, NULL },
	{ ROOM_FAILED, "stat failed/x", "claim.c:make_room", room_failed,
	    NULL },
	{ ROOM_ARCHIVE, "archive", "claim.c:make_room", NULL, room_archived },
	{ PUT_RIGHT, "append pending", "claim.c:put_right", put_right, NULL },
	{ CLAIM_LOOK, "stat control/cancel.x", "claim.c:move_to_processing",
	    claim_look, NULL },
	{ CLAIM_MOVE, "rename to processing/", "claim.c:move_to_processing",
	    claim_move, claim_moved },
	{ CLAIM_ANSWER, "unlink control/cancel.x", "claim.c:move_to_processing",
	    claim_answer, NULL },
	{ NAMESAKE_FAILED, "stat failed/x", "claim.c:has_namesake", namesake,
	    NULL },
	{ NAMESAKE_COMPLETED, "stat completed/x", "claim.c:has_namesake",
	    namesake, NULL },
	{ NAMESAKE_DEAD, "stat dead/x", "claim.c:has_namesake", namesake,
	    NULL },
	{ CLAIM_UNDO, "rename back", "claim.c:take_owned", claim_undo,
	    claim_undone },
	{ CLAIM_UNTELL, "cut off the line", "claim.c:untell", claim_untell,
	    NULL },
	{ BEGIN_APPEND, "append processing", "claim.c:claim_begin",
	    begin_append, NULL },
	{ BEGIN_SYNC, "sync the file", "claim.c:claim_begin", begin_sync,
	    NULL },
	{ BEGIN_START, "fork", "worker.c:run_job", begin_start, NULL },
	{ RUN, "control/cancel.x is there: kill", "worker.c:tick", run, NULL },
	{ FINISH_SAME, "same processing/x", "claim.c:still_ours", finish_same,
	    NULL },
	{ END_RECORD, "append the end", "claim.c:record", end_record, NULL },
	{ END_SYNC, "sync the file", "claim.c:record", end_sync, NULL },
	{ LEFT_SYNC, "sync the file", "claim.c:set_recorded", end_sync, NULL },
	{ END_MOVE, "rename to where it ends", "claim.c:move_to_end", end_move,
	    end_moved },
	{ END_ARCHIVE, "archive", "claim.c:move_to_end", NULL, end_archived },
	{ END_MOVE_AGAIN, "rename to where it ends", "claim.c:move_to_end",
	    end_move, end_moved },
	{ END_UNTELL, "cut off the line", "claim.c:untell", end_untell, NULL },
	{ END_SYNC_TO, "sync its directory", "claim.c:conclude", end_sync_to,
	    NULL },
	{ END_SYNC_FROM, "sync processing/", "claim.c:conclude", end_sync_from,
	    NULL },
	{ END_RELEASE, "unlock", "claim.c:conclude", end_release, NULL },
	{ FINISH_ANSWER, "unlink control/cancel.x", "worker.c:finish_run",
	    finish_answer, NULL },
	{ 0, NULL, NULL, NULL, NULL },
};
