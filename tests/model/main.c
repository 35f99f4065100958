/*
 * main - the worlds, and the steps to be left out.
 *
 *	model			explores all worlds, then leaves each step out:
 *				then some world must show a fault
 *	model [-v] NAME...	only these; -v prints the way to a fault
 *
 * Prints a line for each, with the seconds of processor time that it took,
 * and "N passed, N failed".
 */
#include "model.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct world worlds[] = {
	{ "claim", "two workers, recovery, a command; one of them killed",
	    { WORKER, WORKER, RECOVERER, COMMANDER }, { 2, 1, 0, 1, 0, 0 },
	    MAY_RETRY | MAY_CANCEL | MAY_PURGE | MAY_HAND, 0, 0 },
	{ "hands", "mv over a job, rm of one that runs, a daemon left",
	    { WORKER, WORKER, RECOVERER, COMMANDER }, { 2, 0, 0, 1, 1, 0 },
	    MAY_RETRY | MAY_CANCEL | MAY_PURGE | MAY_HAND | MAY_REPLACE |
		MAY_REMOVE | MAY_DAEMON,
	    0, 0 },
	{ "daemon", "a daemon left, and a kill",
	    { WORKER, RECOVERER, COMMANDER }, { 2, 1, 0, 1, 1, 0 },
	    MAY_RETRY | MAY_CANCEL | MAY_PURGE | MAY_HAND | MAY_DAEMON |
		MAY_STOP | MAY_RETURN | MAY_FILL,
	    0, 0 },
	{ "commands", "two commands at once",
	    { WORKER, RECOVERER, COMMANDER, COMMANDER }, { 2, 0, 0, 2, 0, 0 },
	    MAY_RETRY | MAY_CANCEL | MAY_PURGE | MAY_HAND, 0, 0 },
	{ "cut", "a power cut", { WORKER, RECOVERER, COMMANDER, ENQUEUER },
	    { 1, 0, 1, 1, 0, 1 }, MAY_RETRY | MAY_CANCEL | MAY_PURGE | MAY_HAND,
	    0, 0 },
	{ "cuts", "two power cuts, and two jobs that no one has synced",
	    { WORKER, WORKER, RECOVERER }, { 2, 0, 2, 0, 0, 0 }, 0, 0, 0 },
	{ "cut-killed", "a power cut and a kill, two that recover",
	    { WORKER, RECOVERER, RECOVERER }, { 2, 1, 1, 0, 0, 0 }, 0, 0, 0 },
	{ "recovery", "two workers, two that recover, two kills",
	    { WORKER, WORKER, RECOVERER, RECOVERER }, { 2, 2, 0, 0, 0, 0 }, 0,
	    0, 0 },
	{ "three", "three jobs of the name, and a kill",
	    { WORKER, WORKER, RECOVERER }, { 3, 1, 0, 0, 0, 0 }, 0, 0, 0 },
	{ "down", "two hosts, of which one goes down",
	    { WORKER, RECOVERER, WORKER, RECOVERER }, { 2, 0, 0, 0, 2, 0 },
	    MAY_DOWN, 0x0c, 0 },
	{ "leases", "two hosts, of which one goes down or is cut off",
	    { WORKER, WORKER, RECOVERER }, { 2, 0, 0, 0, 1, 0 },
	    MAY_UNLOCK | MAY_DOWN, 0x06, 0 },
	{ "silent", "cancel of what another host has left, and --force",
	    { WORKER, RECOVERER, COMMANDER }, { 2, 0, 0, 1, 1, 0 },
	    MAY_CANCEL | MAY_FORCE | MAY_UNLOCK | MAY_DOWN, 0x06, 0 },
	{ "stale", "one job, whose name is looked up in a stale cache",
	    { WORKER, WORKER, RECOVERER, COMMANDER }, { 1, 0, 0, 1, 2, 0 },
	    MAY_RETRY | MAY_CANCEL | MAY_STALE, 0, 0 },
	{ "cancel", "cancel of what runs, with and without --force",
	    { WORKER, RECOVERER, COMMANDER }, { 2, 1, 0, 1, 1, 0 },
	    MAY_CANCEL | MAY_FORCE | MAY_DAEMON, 0, 0 },
	{ "enqueue", "chosen IDs from two sides",
	    { WORKER, WORKER, RECOVERER, ENQUEUER, ENQUEUER },
	    { 0, 0, 0, 0, 0, 3 }, MAY_AGAIN, 0, 0 },
	{ "enqueue-killed", "the same, with a kill",
	    { WORKER, RECOVERER, ENQUEUER, ENQUEUER }, { 0, 1, 0, 0, 0, 3 },
	    MAY_AGAIN, 0, 0 },
	{ "enqueue-change", "chosen IDs, and commands",
	    { WORKER, RECOVERER, ENQUEUER, COMMANDER }, { 0, 0, 0, 1, 0, 3 },
	    MAY_CANCEL | MAY_PURGE | MAY_AGAIN, 0, 0 },
};
#define WORLDS (sizeof worlds / sizeof worlds[0])

#define BIT(step) (1U << (step))

/*
 * Each is named after what is left out.  One is missing: still_ours, before
 * the end of a run is written, is backed up by spool_rename.  And make_room by
 * has_namesake: so "live" leaves out both.
 */
static const struct {
	const char *name;
	const char *world; /* the smallest one that shows it */
	uint32_t steps;	   /* bits of enum step_left_out */
} breaks[] = {
	{ "same-lock", "claim", BIT(SAME_LOCK) },
	{ "same-move", "hands", BIT(SAME_MOVE) },
	{ "noreplace", "claim", BIT(NOREPLACE) },
	{ "live", "claim", BIT(LIVE) | BIT(NAMESAKE) },
	{ "namesake", "claim", BIT(NAMESAKE) },
	{ "archive-lock", "claim", BIT(ARCHIVE_LOCK) },
	{ "recover-lock", "recovery", BIT(RECOVER_LOCK) },
	{ "fixup", "claim", BIT(FIXUP) },
	{ "put-back", "recovery", BIT(PUT_BACK) },
	{ "last-resort", "three", BIT(LAST_RESORT) },
	{ "half-dead", "cuts", BIT(HALF_DEAD) },
	{ "unlock", "daemon", BIT(UNLOCK) },
	{ "give-back", "hands", BIT(GIVE_BACK) },
	{ "end-order", "recovery", BIT(END_ORDER) },
	{ "undo-retry", "claim", BIT(UNDO_RETRY) },
	{ "untell", "stale", BIT(UNTELL) },
	{ "stale-cancel", "cancel", BIT(STALE_CANCEL) },
	{ "cancel-inode", "cancel", BIT(CANCEL_INODE) },
	{ "force-alive", "cancel", BIT(FORCE_ALIVE) },
	{ "discard", "hands", BIT(DISCARD) },
	{ "lease", "leases", BIT(LEASE) },
	{ "touch", "leases", BIT(TOUCH) },
	{ "spool-lock", "enqueue", BIT(SPOOL_LOCK) },
	{ "look-twice", "enqueue", BIT(LOOK_TWICE) },
	{ "sync-text", "cut", BIT(SYNC_TEXT) },
	{ "sync-enqueue", "cut", BIT(SYNC_ENQUEUE) },
	{ "sync-begin", "cut", BIT(SYNC_BEGIN) },
	{ "sync-end", "cut", BIT(SYNC_END) },
	{ "sync-left", "cut-killed", BIT(SYNC_LEFT) },
	{ "sync-move", "cut", BIT(SYNC_MOVE) },
	{ "sync-retry", "cut", BIT(SYNC_RETRY) },
};
#define BREAKS (sizeof breaks / sizeof breaks[0])

static const struct world *
world_named(const char *name)
{
	size_t i;

	for (i = 0; i < WORLDS; i++)
		if (strcmp(worlds[i].name, name) == 0)
			return &worlds[i];
	return NULL;
}

static void
report(int good, const char *name, clock_t begun, const char *note)
{
	double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;

	printf("%-4s %-24s %6.2f s  (%s)\n", good ? "ok" : "FAIL", name,
	    seconds, note);
	fflush(stdout);
}

/* A world must hold. */
static int
try_world(const struct world *w, int verbose)
{
	clock_t begun = clock();
	struct outcome o = explore(w, verbose);
	char note[160];

	if (o.fault == NULL)
		snprintf(note, sizeof note, "%lu states, %lu at rest: %s",
		    (unsigned long)o.states, (unsigned long)o.finals, w->about);
	else
		snprintf(note, sizeof note, "%s", o.fault);
	report(o.fault == NULL, w->name, begun, note);
	return o.fault == NULL;
}

/* A step is left out: a fault must be found. */
static int
try_break(size_t i, int verbose)
{
	struct world w = *world_named(breaks[i].world);
	clock_t begun = clock();
	char name[32], note[160];
	struct outcome o;

	w.broken |= breaks[i].steps;
	o = explore(&w, verbose);
	snprintf(name, sizeof name, "no %s", breaks[i].name);
	snprintf(note, sizeof note, "%s: %s", w.name,
	    o.fault != NULL ? o.fault : "no fault is found");
	report(o.fault != NULL, name, begun, note);
	return o.fault != NULL;
}

static int
wanted(const char *name, char **names)
{
	if (*names == NULL)
		return 1;
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	char **names = argv + 1;
	unsigned passed = 0, tried = 0;
	int verbose = 0;
	size_t i;

	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = 1;
		names++;
	}
	for (i = 0; i < WORLDS; i++) {
		if (!wanted(worlds[i].name, names))
			continue;
		tried++;
		passed += (unsigned)try_world(&worlds[i], 1);
	}
	for (i = 0; i < BREAKS; i++) {
		if (!wanted(breaks[i].name, names))
			continue;
		tried++;
		passed += (unsigned)try_break(i, verbose);
	}
	printf("%u passed, %u failed\n", passed, tried - passed);
	return tried == 0 || passed < tried;
}
