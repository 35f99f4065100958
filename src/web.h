/*
 * web - what is answered to requests about a spool: a page, JSON, metrics.
 *
 * Owns: the paths, who may ask, how text gets into HTML.
 * Must not know: connections.  It only looks: nothing is changed.
 */
#ifndef WEB_H
#define WEB_H

#include "buf.h"
#include "http.h"
#include "spool.h"

struct web {
	struct spool *spool;
	const char *url; /* that it is served at, as serve_listen tells it */
};

/* A serve_answer; arg is a struct web. */
void web_answer(void *arg, const struct http_request *r, int error,
    struct buf *out);

/*
 * True if a Host field names what is served at `url`: its address, if that is
 * a loopback one also localhost, any address in numbers if it is all of them,
 * each with its port.  Names that others choose are refused: a page of theirs
 * could have its name point here (DNS rebinding).
 */
int web_is_here(const char *url, const char *host);

#endif
