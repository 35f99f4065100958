/*
 * serve - the connections of a small HTTP server: one process, no threads.
 *
 * Owns: accepting, the time that a client has, how many there may be.
 * Must not know: what is asked for.
 */
#ifndef SERVE_H
#define SERVE_H

#include "buf.h"
#include "http.h"
#include "when.h"

#define SERVE_CLIENTS 32		/* connections at a time */
#define SERVE_TIME    (5 * WHEN_SECOND) /* for a request, an answer, or idle */
#define SERVE_LINGER  WHEN_SECOND	/* until a client has read its last */
#define SERVE_BUFFER  65536 /* bytes that the system holds for each */

/*
 * Appends the whole answer to a request.  error: 0, or the status to answer a
 * request with that is not to be served; then nothing but r->method, r->last
 * may be used of it.
 */
typedef void serve_answer(void *arg, const struct http_request *r, int error,
    struct buf *out);

#define SERVE_LOOPBACK "127.0.0.1" /* what localhost or no address means */

/*
 * Listens on ADDR:PORT, [ADDR]:PORT or unix:PATH, where ADDR is in numbers,
 * localhost or nothing; `anywhere`: not on a loopback address or a socket
 * alone.  *url: where it is to be found,
 * to be freed.  Returns a socket; -1 and `why` if that cannot be had, -2 if it
 * is not to be asked for so.
 */
#define SERVE_WHY_MAX 512
int serve_listen(const char *where, int anywhere, char **url,
    char why[SERVE_WHY_MAX]);

/* Serves until `stop` can be read from.  Returns 0, or -1 with errno. */
int serve_run(int listener, int stop, serve_answer *answer, void *arg);

#endif
