/*
 * calls - spool_take, spool_rename and spool_archive, call by call.
 *
 * An actor that makes one of these goes on where its `pc` says once it has
 * the answer.  The archive makes renames of its own.
 */
#include "model.h"

#include <string.h>

enum rename_step {
	NO_RENAME,
	RENAME_SAME,
	RENAME_BACK
};
enum archive_step {
	NO_ARCHIVE,
	OPEN_COMPLETED,
	OPEN_DEAD,
	LOCK_COMPLETED,
	LOCK_DEAD,
	SAME_COMPLETED,
	SAME_DEAD,
	MOVE_COMPLETED,
	MOVE_DEAD,
	FREE_COMPLETED,
	FREE_DEAD
};

void
leave(struct turn *t)
{
	if (t->a->op != ENQUEUE)
		close_file(t, t->a->file);
	memset(t->a, 0, sizeof *t->a);
}

/* ---- spool_take ---- */

/* Opens a file; it is locked next. */
void
take(struct turn *t, int op, int from, int file)
{
	t->a->op = (uint8_t)op;
	t->a->from = (uint8_t)from;
	t->a->file = (uint8_t)file;
	t->a->pc = TAKE_LOCK;
	t->where = "spool.c:spool_take";
}

static void
take_lock(struct turn *t)
{
	struct actor *a = t->a;

	if (a->op == RECOVER && broken(t, RECOVER_LOCK)) {
		a->pc = TAKE_SAME;
	} else if (!locked(t, a->file)) {
		lock_file(t, a->file);
		a->pc = TAKE_SAME;
	} else if (a->op == CANCEL && a->from == PROCESSING) {
		cancel_held(t);
	} else if (a->op == CANCEL) {
		cancel_again(t);
	} else if (a->op == PURGE && (a->flags & FORCE) != 0) {
		t->what = "flock: busy, but --force";
		a->pc = PURGE_MOVE;
	} else {
		t->what = "flock: busy";
		leave(t);
	}
}

static void
take_same(struct turn *t)
{
	struct actor *a = t->a;

	if (mine(t)->place == a->from || broken(t, SAME_LOCK)) {
		taken(t);
	} else if (a->op == CANCEL) {
		close_file(t, a->file);
		cancel_again(t);
	} else {
		t->what = "same: gone";
		leave(t);
	}
}

/* ---- spool_rename ---- */

/* The descriptor that is asked about. */
static int
descriptor(const struct actor *a)
{
	return a->archive != NO_ARCHIVE ? a->old : a->file;
}

/* These names no other process uses. */
static int
is_own_name(int place)
{
	return place == TMP || place == OLD_COMPLETED || place == OLD_DEAD;
}

/*
 * The rename itself: the file that it took, or -1; *exists: because the name
 * was taken.
 */
static int
rename_noreplace(struct turn *t, int file, int from, int to, int *exists)
{
	int other = is_own_name(to) ? -1 : at(&t->s, to);

	if (!is_own_name(from))
		file = at(&t->s, from);
	*exists = 0;
	if (file == -1 || t->s.file[file].place != from)
		return -1;
	if (other != -1 && !broken(t, NOREPLACE)) {
		*exists = 1;
		return -1;
	}
	if (other != -1)
		put(t, other, REMOVED);
	put(t, file, to);
	return file;
}

static void archive_moved(struct turn *t);

static void
rename_ends(struct turn *t, enum result r)
{
	static const char *const names[] = { "renamed", "rename: gone",
		"rename: exists", "" };

	t->a->rename = NO_RENAME;
	t->a->route = t->a->taken = 0;
	t->what = names[r];
	if (t->a->archive != NO_ARCHIVE)
		archive_moved(t);
	else
		step_of(t->a->pc)->back(t, r);
}

/*
 * A rename goes by name: where a hand has put another file under it, that is
 * taken, and given back.  If its owner ends meanwhile, the job may run again;
 * that is the price of mv and rm in the same instant, and of nothing else.
 */
static void
snatch(struct turn *t, int file)
{
	uint32_t hands =
	    MAY_HAND | MAY_REPLACE | MAY_REMOVE | MAY_FORCE | MAY_UNLOCK;

	t->s.file[file].now.flags |= SNATCHED;
	if ((t->world->may & hands) == 0)
		t->fault = "a rename takes the file of another process";
}

/* Renames; whether it was our file is asked next. */
void
rename_begin(struct turn *t, int from, int to)
{
	struct actor *a = t->a;
	int exists;
	int file = rename_noreplace(t, descriptor(a), from, to, &exists);

	a->route = (uint8_t)(from | to << 4);
	a->taken = (uint8_t)(file + 1);
	a->rename = RENAME_SAME;
	if (file != -1 && file != descriptor(a))
		snatch(t, file);
	/* What lies in tmp/ is its maker's alone. */
	if (file != -1 && from == TMP)
		rename_ends(t, OK);
	/* Nothing but the answer is wanted, and it is known already. */
	if (file == -1 && t->s.file[descriptor(a)].place != to)
		rename_ends(t, exists ? EXISTS : GONE);
}

static void
rename_same(struct turn *t)
{
	struct actor *a = t->a;
	int to = a->route >> 4;

	if (t->s.file[descriptor(a)].place == to ||
	    (a->taken != 0 && broken(t, SAME_MOVE)))
		rename_ends(t, OK);
	else if (a->taken == 0)
		rename_ends(t, GONE);
	else if (broken(t, GIVE_BACK))
		rename_ends(t, GONE);
	else
		a->rename = RENAME_BACK;
}

/*
 * If ours was renamed, and replaced by a hand's mv before we looked, this
 * takes away what the hand has put there: the one thing that nobody mends.
 */
static void
rename_back(struct turn *t)
{
	int exists;
	int file = rename_noreplace(t, t->a->taken - 1, t->a->route >> 4,
	    t->a->route & 15, &exists);

	if (file != -1 && file != t->a->taken - 1) {
		t->s.file[file].notes |= MISUSED;
		t->s.file[file].now.flags |= SNATCHED;
	}
	rename_ends(t, GONE);
	t->what = "give back what was another's";
}

/* ---- spool_archive ---- */

void
archive_begin(struct turn *t)
{
	t->a->archive = OPEN_COMPLETED;
	t->a->old = 0;
}

static int
is_dead_step(const struct actor *a)
{
	return (a->archive - OPEN_COMPLETED) % 2;
}

static void
archive_ends(struct turn *t, enum result r)
{
	t->a->archive = NO_ARCHIVE;
	t->a->old = 0;
	step_of(t->a->pc)->back(t, r);
}

static void
archive_next(struct turn *t)
{
	if (is_dead_step(t->a)) {
		archive_ends(t, OK);
	} else {
		t->a->archive = OPEN_DEAD;
		t->a->old = 0;
	}
}

static void
archive_open(struct turn *t)
{
	int dead = is_dead_step(t->a);
	int file = at(&t->s, dead ? DEAD : COMPLETED);

	t->what = "open an ended namesake";
	if (file == -1) {
		archive_next(t);
		t->what = "no ended namesake";
		return;
	}
	t->a->old = (uint8_t)file;
	t->a->archive = dead ? LOCK_DEAD : LOCK_COMPLETED;
}

static void
archive_lock(struct turn *t)
{
	t->what = "flock the namesake";
	if (locked(t, t->a->old) && !broken(t, ARCHIVE_LOCK)) {
		archive_ends(t, BUSY);
		t->what = "the namesake is busy";
		return;
	}
	lock_file(t, t->a->old);
	t->a->archive += SAME_DEAD - LOCK_DEAD;
}

static void
archive_same(struct turn *t)
{
	int place = is_dead_step(t->a) ? DEAD : COMPLETED;

	t->what = "same namesake";
	if (t->s.file[t->a->old].place != place && !broken(t, SAME_LOCK)) {
		close_file(t, t->a->old);
		archive_next(t);
		t->what = "the namesake is gone";
		return;
	}
	t->a->archive += MOVE_DEAD - SAME_DEAD;
}

static void
archive_move(struct turn *t)
{
	int dead = is_dead_step(t->a);

	rename_begin(t, dead ? DEAD : COMPLETED,
	    dead ? OLD_DEAD : OLD_COMPLETED);
	t->what = "archive it";
}

static void
archive_moved(struct turn *t)
{
	t->a->archive += FREE_DEAD - MOVE_DEAD;
}

static void
archive_free(struct turn *t)
{
	unlock_file(t, t->a->old);
	close_file(t, t->a->old);
	archive_next(t);
	t->what = "unlock the namesake";
}

/* ---- Which step is next ---- */

const struct step call_steps[] = {
	{ TAKE_LOCK, "flock", "spool.c:spool_take", take_lock, NULL },
	{ TAKE_SAME, "same", "spool.c:spool_take", take_same, NULL },
	{ 0, NULL, NULL, NULL, NULL },
};

static void
archive_step(struct turn *t)
{
	static void (*const go[])(struct turn * t) = { archive_open,
		archive_lock, archive_same, archive_move, archive_free };

	go[(t->a->archive - OPEN_COMPLETED) / 2](t);
}

const struct step *
step_of(int pc)
{
	static const struct step *const tables[] = { call_steps, run_steps,
		command_steps };
	static const struct step *found[PCS];
	const struct step *s;
	size_t i;

	for (i = 0; found[pc] == NULL && i < 3; i++)
		for (s = tables[i]; s->call != NULL; s++)
			if (s->pc == pc)
				found[pc] = s;
	return found[pc];
}

/* Lets an actor that is in the middle of something make one call. */
void
step(struct turn *t)
{
	const struct step *s = step_of(t->a->pc);

	if (t->a->rename != NO_RENAME) {
		t->where = "spool.c:spool_rename";
		t->what = "same";
		if (t->a->rename == RENAME_SAME)
			rename_same(t);
		else
			rename_back(t);
	} else if (t->a->archive != NO_ARCHIVE) {
		t->where = t->a->archive >= MOVE_COMPLETED ?
		    "spool.c:archive_record" :
		    "spool.c:spool_archive";
		archive_step(t);
	} else {
		t->where = s->where;
		t->what = s->call;
		s->go(t);
	}
}
