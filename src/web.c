#include "web.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf.h"
#include "fs.h"
#include "metrics.h"
#include "tally.h"
#include "text.h"
#include "when.h"
#include "why.h"

/* One answer that is being made. */
struct answer {
	struct web *web;
	const struct http_request *request;
	int status;
	const char *type;
	struct buf body;
};

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_html[] = "text/html; charset=utf-8";
static const char type_json[] = "application/json";
static const char type_metrics[] = "text/plain; version=0.0.4; charset=utf-8";

static void
set_error(struct answer *a, int status, const char *text)
{
	buf_clear(&a->body);
	a->status = status;
	a->type = type_text;
	buf_printf(&a->body, "%s\n", text);
}

/* ---- Who may ask ---- */

int
web_is_here(const char *url, const char *host)
{
	static const char prefix[] = "http://";
	const char *own = url + sizeof prefix - 1, *own_end, *end;
	size_t len, own_len;
	int numbers;

	if (strncmp(url, prefix, sizeof prefix - 1) != 0)
		return 1; /* a socket in the file system: no name leads there */
	own_end = strrchr(own, ':');
	own_len = (size_t)(own_end - own);
	/* The port; without one it is 80. */
	end = strrchr(host, ':');
	if (end == NULL || end[1] == '\0' || strchr(end, ']') != NULL) {
		end = host + strlen(host);
		if (strcmp(own_end, ":80/") != 0)
			return 0;
	} else if (strlen(end) + 1 != strlen(own_end) ||
	    strncmp(end, own_end, strlen(end)) != 0) {
		return 0;
	}
	len = (size_t)(end - host);
	if (len == own_len && strncasecmp(host, own, len) == 0)
		return 1;
	if (len == 9 && strncasecmp(host, "localhost", 9) == 0 &&
	    (strncmp(own, "127.", 4) == 0 || strncmp(own, "[::1]", 5) == 0 ||
		strncmp(own, "0.0.0.0:", 8) == 0 ||
		strncmp(own, "[::]:", 5) == 0))
		return 1;
	/* A name has a letter in its last part; an address in numbers none. */
	numbers = len > 0 &&
	    (strspn(host, "0123456789.") == len ||
		(host[0] == '[' && host[len - 1] == ']' &&
		    strspn(host + 1, "0123456789abcdefABCDEF:.") == len - 2));
	return numbers &&
	    (strncmp(own, "0.0.0.0:", 8) == 0 || strncmp(own, "[::]:", 5) == 0);
}

/* ---- HTML ---- */

/* Appends text that a stranger may have written. */
static void
put_text(struct buf *out, const char *text, size_t len)
{
	struct buf shown = BUF_EMPTY;
	size_t i;

	text_show(&shown, text, len);
	for (i = 0; i < shown.len; i++) {
		switch (shown.data[i]) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			buf_putc(out, shown.data[i]);
			break;
		}
	}
	out->failed |= shown.failed;
	buf_free(&shown);
}

/* What keeps all jobs from running. */
static void
put_banner(struct buf *out, const struct spool *s, const struct tally *t)
{
	struct buf who = BUF_EMPTY;

	if (spool_paused(s)) {
		why_paused(s, &who);
		buf_puts(out, "<p role=\"status\"><strong>Paused:</strong> ");
		put_text(out, buf_text(&who), who.len);
		buf_puts(out, "</p>\n");
		buf_free(&who);
	}
	if (t->workers == 0 &&
	    t->state[JOB_PENDING].count + t->state[JOB_FAILED].count > 0)
		buf_puts(out,
		    "<p role=\"status\"><strong>No worker is running"
		    "</strong>, and jobs wait.</p>\n");
}

static void
put_page(struct buf *out, const struct spool *s, const struct tally *t)
{
	int dir;

	buf_puts(out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>queuectl</title>\n</head>\n<body>\n<h1>queuectl: ");
	put_text(out, s->path, strlen(s->path));
	buf_puts(out, "</h1>\n");
	put_banner(out, s, t);
	buf_puts(out, "<table>\n<caption>Jobs</caption>\n");
	for (dir = 0; dir < JOB_STATES; dir++)
		buf_printf(out,
		    "<tr><th scope=\"row\">%s</th><td>%ld</td></tr>\n",
		    job_state_name(dir), t->state[dir].count);
	buf_puts(out, "</table>\n");
	if (t->workers != -1)
		buf_printf(out, "<p>Workers: %ld busy, %ld idle.</p>\n",
		    t->busy, tally_idle(t));
	buf_puts(out,
	    "<p><a href=\"/api/status\">As JSON</a>, "
	    "<a href=\"/metrics\">for Prometheus</a>.</p>\n"
	    "</body>\n</html>\n");
}

/* ---- What is asked for ---- */

/* Counts; 0, or -1 and an error is the answer. */
static int
count(struct answer *a, struct tally *t)
{
	char why[CONF_ERROR_MAX];
	struct conf conf;

	/* A faulty config is for the CLI to complain of. */
	(void)conf_load(a->web->spool->fd, &conf, why);
	if (tally_count(a->web->spool, &conf, fs_now(), t) == 0)
		return 0;
	set_error(a, 500, "something in the spool cannot be read");
	return -1;
}

static void
answer_page(struct answer *a)
{
	struct tally t;

	if (count(a, &t) == -1)
		return;
	a->type = type_html;
	put_page(&a->body, a->web->spool, &t);
}

static void
answer_status(struct answer *a)
{
	struct tally t;

	if (count(a, &t) == -1)
		return;
	a->type = type_json;
	tally_json(a->web->spool, &t, &a->body);
}

static void
answer_metrics(struct answer *a)
{
	char why[SPOOL_WHY_MAX];
	struct conf conf;

	(void)conf_load(a->web->spool->fd, &conf, why);
	a->type = type_metrics;
	if (metrics_text(a->web->spool, &conf, fs_now(), &a->body, why) == -1)
		set_error(a, 500, why);
}

static const struct {
	const char *path;
	void (*answer)(struct answer *a);
} paths[] = { { "/", answer_page }, { "/api/status", answer_status },
	{ "/metrics", answer_metrics } };

static void
find_answer(struct answer *a)
{
	const struct http_request *r = a->request;
	size_t i;

	if (r->host != NULL && !web_is_here(a->web->url, r->host)) {
		set_error(a, 421, "this server is not of that name");
		return;
	}
	for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (strcmp(paths[i].path, r->path) != 0)
			continue;
		if (r->method == HTTP_POST)
			set_error(a, 405, "this can only be looked at");
		else
			paths[i].answer(a);
		return;
	}
	set_error(a, 404, "there is no such page");
}

void
web_answer(void *arg, const struct http_request *r, int error, struct buf *out)
{
	struct answer a;

	a.web = arg;
	a.request = r;
	a.status = 200;
	a.type = type_text;
	a.body = (struct buf)BUF_EMPTY;
	if (error != 0)
		set_error(&a, error, http_reason(error));
	else
		find_answer(&a);
	if (a.body.failed)
		set_error(&a, 503, "out of memory");
	buf_printf(out,
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %lu\r\n",
	    a.status, http_reason(a.status), a.type, (unsigned long)a.body.len);
	buf_puts(out,
	    "Cache-Control: no-store\r\n"
	    "Content-Security-Policy: default-src 'none'; "
	    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n");
	if (a.status == 405)
		buf_puts(out, "Allow: GET, HEAD\r\n");
	buf_printf(out, "Connection: %s\r\n\r\n",
	    r->last ? "close" : "keep-alive");
	if (error != 0 || r->method != HTTP_HEAD)
		buf_add(out, buf_text(&a.body), a.body.len);
	buf_free(&a.body);
}
