/*
 * answer - an answer to a request, while it is being made.
 *
 * Owns: its types, how a refusal is put, how strangers' text gets into HTML.
 * Must not know: what is asked for.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>

#include "buf.h"
#include "http.h"

/*
 * Bytes of a body after which nothing is begun any more (of a list the rest
 * is to be asked for), of one job in a list, and of a body at most: as many
 * connections as there may be hold a few megabytes then.
 */
#define ANSWER_FULL 65536
#define ANSWER_JOB  163840
#define ANSWER_MAX  262144

struct answer {
	const struct http_request *request;
	int status;
	const char *type;
	struct buf body;
};

extern const char answer_text[], answer_html[], answer_json[], answer_metrics[];

/* An empty one of status 200. */
void answer_init(struct answer *a, const struct http_request *r);

/*
 * Makes it a refusal, whatever it was: plain text, or for paths below /api/
 * the JSON object {"error": ...}.
 */
void answer_refuse(struct answer *a, int status, const char *fmt, ...)
    MSG_PRINTF(3, 4);

/*
 * The value of a parameter of the query: 1, and it is in `value`; 0 if there
 * is none; -1 if it is malformed: that is the answer then.
 */
int answer_parameter(struct answer *a, const char *name, struct buf *value);

/* The same for a number; *n stays as it is if there is none. */
int answer_number(struct answer *a, const char *name, long min, long max,
    long *n);

/* Appends text of any bytes to HTML: shown as text_show does, and escaped. */
void answer_put(struct buf *out, const char *text, size_t len);

/* Appends text as the value of a parameter of a URL (RFC 3986, 2.1). */
void answer_put_value(struct buf *out, const char *text);

#endif
