/*
 * act - what may be done to a spool by request: retry, cancel, purge, pause,
 * resume.
 *
 * Owns: what is answered when it is done, or why it is not.
 * Must not know: who may.
 */
#ifndef ACT_H
#define ACT_H

#include "answer.h"
#include "view.h"
#include "when.h"

#define ACT_WAIT (WHEN_SECOND / 10) /* for a lock: all others wait too */

/*
 * Each answers {} when it is done; 202 if a job that runs was told to end; else
 * it refuses: 404 no such job, 409 not in that state, 503 try again.
 */
void act_retry(struct answer *a, struct view *v, const char *id);
void act_cancel(struct answer *a, struct view *v, const char *id);
void act_purge(struct answer *a, struct view *v, const char *id);

/* The body of the request is the reason, if it is not empty. */
void act_pause(struct answer *a, struct view *v);
void act_resume(struct answer *a, struct view *v);

#endif
