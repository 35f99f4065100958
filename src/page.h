/*
 * page - the page: src/dashboard.html, with what is known already in its
 * places, so that it says something before its script runs, and without.
 *
 * Owns: what stands in these places, and which style and script are ours.
 * Must not know: who may ask.  It only looks: nothing is changed.
 */
#ifndef PAGE_H
#define PAGE_H

#include "answer.h"
#include "view.h"

#define PAGE_RUNNING 8	  /* jobs that are shown running, */
#define PAGE_JOBS    20	  /* and in the list; */
#define PAGE_COMMAND 1000 /* bytes of a command there */

/*
 * Appends the page that the query asks for: state, q and after as /api/jobs
 * has them, or job; one that says so if there is no such thing.  actions: what
 * its script may keep a token under, if it may offer to act; else NULL.
 */
void page_put(struct answer *a, struct view *v, const char *actions);

/*
 * Appends the directives that let its style and script through, and no others
 * (W3C Content Security Policy Level 3, 2.3.1).
 */
void page_policy(struct buf *out);

#endif
