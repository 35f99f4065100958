/*
 * view - a spool as one sees it who is asked about it again and again.
 *
 * Owns: what is still known of the last look, and noticing that the spool or
 * its config is another one by now.
 * Must not know: who asks, and how it is told.
 */
#ifndef VIEW_H
#define VIEW_H

#include <sys/stat.h>

#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "roster.h"
#include "spool.h"
#include "tally.h"

#define VIEW_GROUPS 1000 /* dead jobs whose errors are looked at */
#define VIEW_LOCK   (WHEN_SECOND / 10) /* for SPOOL/lock: all others wait */

struct view {
	struct spool spool;
	struct conf conf;
	struct stat conf_stat; /* of what it was read from */
	int64_t now;
	struct tally_kept tally;
	struct roster roster[JOB_STATES];
	struct buf groups;	      /* of errors, as JSON, */
	unsigned long groups_version; /* made of that version of the roster */
};

/* Takes over an open spool: view_close closes it. */
void view_open(struct view *v, const struct spool *s);

/*
 * To be called before each use: sets v->now, and opens the spool anew if there
 * is another one in its place, or one where there was none.  Returns 0, or -1
 * and `why`.
 */
int view_refresh(struct view *v, char why[SPOOL_WHY_MAX]);

/* Counts into v->tally.tally; as tally_again. */
int view_count(struct view *v);

/* The jobs of a state, brought up to date; NULL with errno. */
const struct roster *view_roster(struct view *v, int dir);

void view_close(struct view *v);

#endif
