/*
 * scout - keeps the index in step with pending/ and failed/.
 *
 * Owns: watching and scanning the directories, reading what is new in them.
 * Must not know: workers.  It never changes the spool: what it reads without a
 * lock is a hint for the order, which the claim checks under the lock.
 */
#ifndef SCOUT_H
#define SCOUT_H

#include <stdint.h>

#include "conf.h"
#include "index.h"
#include "log.h"
#include "spool.h"

#define SCOUT_UNREADABLE (30 * WHEN_SECOND) /* until it is tried again */

struct scout {
	struct spool *spool;
	const struct conf *conf;
	struct log *log;
	struct index *index;
	int watch_fd;  /* -1: poll */
	int sees_all;  /* else poll as well */
	int watch[5];  /* numbers of the watches below */
	unsigned mark; /* of the last scan */
	int dir;       /* being scanned */
	int lost;      /* events were lost: scan all */
	int control;   /* something changed in control/ */
	int config;    /* or in SPOOL itself */
	int workers;   /* or in workers/ */
	int gone;      /* somebody took a job before it could be read */
	int trouble;   /* errno of a scan that failed, 0 */
};

/* Begins to watch; without inotify there is nothing to do.  0 or -1. */
int scout_open(struct scout *scout, struct spool *spool,
    const struct conf *conf, struct log *log, struct index *index);
void scout_close(struct scout *scout);

/* Takes the events that are waiting. */
void scout_look(struct scout *scout);

/* Reads both directories, and forgets what is gone. */
void scout_scan(struct scout *scout);

/*
 * A name has appeared, or was given to another file (inode 0: not known):
 * enters it, or forgets it if it is gone already.
 */
void scout_enter(struct scout *scout, int dir, const char *name,
    uint64_t inode);

/* The file of a name that is known was changed: reads it anew. */
void scout_examine(struct scout *scout, int dir, const char *name);

/* The clock was set: asks all that wait for their time when that is now. */
void scout_clock_set(struct scout *scout);

/* Says once what is odd about an entry. */
void scout_name(struct scout *scout, struct index_entry *e, const char *what);

#endif
