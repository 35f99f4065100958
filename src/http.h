/*
 * http - requests in, heads of answers out: HTTP/1.1 as far as RFC 9112 asks
 * it of a small server.
 *
 * Owns: what a well-formed request is, and the words for what is wrong.
 * Must not know: sockets, what is asked for.
 *
 * Whatever is unusual is refused rather than guessed at: no chunked bodies, no
 * folded lines, no bare line feeds.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>

#include "buf.h"

#define HTTP_REQUEST_MAX 8192 /* bytes of a request, its body included */

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST
};

struct http_request {
	enum http_method method;
	const char *path;  /* decoded: begins with '/', no "." or ".." in it */
	const char *query; /* as it came, without the '?'; "" if none */
	const char *host;  /* the target's, if it has one; NULL: none (1.0) */
	const char *authority; /* the one of an absolute target, or NULL */
	const char *origin;    /* NULL: none */
	const char *site;      /* Sec-Fetch-Site, or NULL */
	const char *token;     /* X-Queuectl-Token, else as bearer, or NULL */
	const char *bearer;    /* Authorization, behind "Bearer" (RFC 6750) */
	const char *body;      /* not ended by a NUL */
	size_t length;	       /* of the body */
	size_t size;	       /* of the whole request */
	int old;	       /* HTTP/1.0 */
	int last;	       /* the connection is closed after it */
	char head[HTTP_REQUEST_MAX + 1]; /* what the texts above lie in */
};

/*
 * Reads the request at the start of a text, which is to stay there as long as
 * its body is used.  Returns 0 if it is whole; -1 if more must come; else the
 * status to answer with before closing: 400 malformed, 405 a method that is
 * never allowed here, 413 or 431 larger than HTTP_REQUEST_MAX, 417 with an
 * Expect, 501 a method or coding that is not known, 505.
 */
int http_parse(struct http_request *r, const char *text, size_t len);

/*
 * The decoded value of a parameter of a query (or of a form), appended to out.
 * Returns 1, 0 if there is none, -1 if it is malformed or has a NUL.
 */
int http_parameter(const char *query, size_t len, const char *name,
    struct buf *out);

/* "Not Found" and so on. */
const char *http_reason(int status);

#endif
