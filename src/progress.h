/*
 * progress - one line at the foot of a terminal that tells how far it has
 * come.
 *
 * Owns: the text of the line, the rate and the time left, when it is drawn.
 * Must not know: where the counts come from.  Other lines for the terminal
 * are written between progress_lift and progress_lower.
 *
 * The cursor rests at the start of the line, so that whatever else is
 * printed takes its place.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "outlet.h"
#include "when.h"

#define PROGRESS_REDRAW	 (WHEN_SECOND / 5) /* at the soonest */
#define PROGRESS_REFRESH WHEN_SECOND	   /* for what time alone changes */
#define PROGRESS_SAMPLES 31		   /* a second apart: of the rate */

struct progress_counts {
	long done;    /* completed */
	long running; /* at this moment */
	long waiting; /* pending and to be tried again, */
	long later;   /* of these: not due yet */
	long failed;  /* dead */
};

struct progress {
	int fd;		    /* of the terminal; -1: nothing is shown */
	struct outlet *out; /* to write to it without waiting; or NULL */
	int64_t began, drawn;
	struct progress_counts counts; /* as drawn */
	struct buf line;	       /* as drawn; empty: it is not there */
	int shown;		       /* it was, once */

	/* When so many had ended, a ring. */
	struct {
		int64_t at;
		long ended;
	} sample[PROGRESS_SAMPLES];
	size_t samples; /* taken so far */
};

/*
 * Begins; the line will be shown if fd is a terminal that understands it, and
 * `wanted` is set.  Times are those of a clock that is never set.
 */
void progress_init(struct progress *p, int fd, int wanted, int64_t mono);
void progress_free(struct progress *p);

/*
 * To be called when the counts may have changed; draws the line if they have
 * and it is time.  Returns when to call again at the latest; WHEN_NEVER if
 * nothing is shown.
 */
int64_t progress_show(struct progress *p, const struct progress_counts *counts,
    int64_t mono);

/*
 * Appends what takes the line off the terminal before another text, and what
 * puts it back behind that; nothing if it is not there.
 */
void progress_lift(const struct progress *p, struct buf *out);
void progress_lower(const struct progress *p, struct buf *out);

/* Takes the line off until it is drawn again. */
void progress_hide(struct progress *p);

/* Leaves a summary in its place, if it was ever drawn. */
void progress_end(struct progress *p, const struct progress_counts *counts,
    int64_t mono);

/* ---- The texts, as functions ---- */

/* Takes note that so many have ended; does nothing within a second. */
void progress_sample(struct progress *p, long ended, int64_t mono);

/* Those ended a second, of late; 0 if that is not known. */
double progress_rate(const struct progress *p, long ended, int64_t mono);

/*
 * Appends the line.  Of the rate and the time left only what is known is in
 * it: a rate of 0 is not, and the time is not if jobs wait that are not due.
 */
void progress_text(struct buf *out, const struct progress_counts *counts,
    double rate);

/* Appends the summary after that long. */
void progress_summary(struct buf *out, const struct progress_counts *counts,
    int64_t duration);

#endif
