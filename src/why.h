/*
 * why - why a job does not run.
 *
 * Owns: the reasons that a job which waits, or whose worker is gone, can
 * have, and how they are put in English.
 * Must not know: how they are shown; it changes nothing.
 */
#ifndef WHY_H
#define WHY_H

#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "record.h"
#include "spool.h"

/*
 * Calls `found` with each reason why the job does not run at `now`, or with
 * what is wrong with its file; not at all where there is nothing to say.  A
 * reason may hold any bytes that strangers wrote.
 */
void why_each(struct spool *s, const struct conf *conf, const struct record *r,
    int64_t now, void (*found)(void *arg, const char *reason), void *arg);

/* Calls `found` with each reason why no job at all can start. */
void why_stuck(struct spool *s, const struct conf *conf,
    void (*found)(void *arg, const char *reason), void *arg);

/*
 * Appends what SPOOL/paused is to say: who pauses, since when, and the reason,
 * if it is not NULL.
 */
void why_pausing(int64_t now, const char *reason, struct buf *out);

/* Appends the first line of SPOOL/paused as it is, "yes" if there is none. */
void why_paused(const struct spool *s, struct buf *out);

#endif
