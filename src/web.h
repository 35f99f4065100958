/*
 * web - what is answered to requests about a spool.
 *
 * Owns: the paths, and who may ask for what.
 * Must not know: connections; how any answer is made.
 */
#ifndef WEB_H
#define WEB_H

#include "buf.h"
#include "http.h"
#include "sha256.h"
#include "view.h"

struct web {
	struct view view;
	const char *url;   /* that it is served at, as serve_listen tells it */
	const char *token; /* that lets others act; NULL: nobody may */
	char token_name[SHA256_BASE64]; /* its hash, which all may know */
	struct buf policy;		/* a Content-Security-Policy */
};

/* Takes over an open spool: web_close closes it. */
void web_open(struct web *w, const struct spool *s, const char *url,
    const char *token);
void web_close(struct web *w);

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
