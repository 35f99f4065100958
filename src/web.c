#include "web.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "act.h"
#include "answer.h"
#include "api.h"
#include "fs.h"
#include "metrics.h"
#include "page.h"

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

/* True if a page of another origin (RFC 6454) had this asked. */
static int
is_foreign(const struct http_request *r)
{
	const char *origin = r->origin;

	/* The browser knows, whatever a proxy has made of Host. */
	if (r->site != NULL)
		return strcmp(r->site, "same-origin") != 0;
	if (origin == NULL)
		return 0; /* no browser */
	if (strncmp(origin, "http://", 7) == 0)
		origin += 7;
	else if (strncmp(origin, "https://", 8) == 0)
		origin += 8; /* somebody stands between who speaks TLS */
	else
		return 1;
	return r->host == NULL || strcasecmp(origin, r->host) != 0;
}

/* In a time that does not tell how much of it is right. */
static int
is_token(const char *token, const char *given)
{
	size_t len = strlen(token), i;
	unsigned differ = 0;

	if (given == NULL || strlen(given) != len)
		return 0;
	for (i = 0; i < len; i++)
		differ |= (unsigned char)token[i] ^ (unsigned char)given[i];
	return differ == 0;
}

/* True if the request may change something; else the answer is why not. */
static int
may_act(struct answer *a, const struct web *w)
{
	if (w->token == NULL)
		answer_refuse(a, 403,
		    "nothing can be changed here: 'queuectl dashboard "
		    "--allow-actions' lets one");
	else if (is_foreign(a->request))
		answer_refuse(a, 403, "a page of another origin asks for it");
	else if (!is_token(w->token, a->request->token))
		answer_refuse(a, 403,
		    "the token is missing or wrong: open the URL that "
		    "'queuectl dashboard' printed");
	else
		return 1;
	return 0;
}

/* ---- What is asked for ---- */

static void
answer_page(struct answer *a, struct web *w)
{
	page_put(a, &w->view, w->token != NULL ? w->token_name : NULL);
}

static void
tell_metrics(struct answer *a, struct view *v)
{
	char why[SPOOL_WHY_MAX];

	a->type = answer_metrics;
	if (metrics_text(&v->spool, &v->conf, v->now, &a->body, why) == -1)
		answer_refuse(a, 503, "%s", why);
}

/* What can be looked at. */
static const struct {
	const char *path;
	void (*answer)(struct answer *a, struct view *v);
} looks[] = { { "/api/status", api_status }, { "/api/jobs", api_jobs },
	{ "/api/throughput", api_throughput }, { "/api/errors", api_errors },
	{ "/metrics", tell_metrics } };

/* What can be done to the queue. */
static const struct {
	const char *path;
	void (*act)(struct answer *a, struct view *v);
} acts[] = { { "/api/pause", act_pause }, { "/api/resume", act_resume } };

/* What can be looked at, or done, of a job: /api/jobs/ID and this. */
static const struct {
	const char *rest;
	int acts;
	void (*answer)(struct answer *a, struct view *v, const char *id);
} jobs[] = { { "", 0, api_job }, { "/output", 0, api_output },
	{ "/retry", 1, act_retry }, { "/cancel", 1, act_cancel },
	{ "/purge", 1, act_purge } };

#define WEB_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* True if it is asked for with the method that the path takes. */
static int
is_method(struct answer *a, int posted)
{
	if (posted == (a->request->method == HTTP_POST))
		return 1;
	answer_refuse(a, 405,
	    posted ? "this is done by POST" : "this can only be looked at");
	return 0;
}

/* A path that names a job; 0 if it is none. */
static int
answer_job(struct answer *a, struct web *w)
{
	static const char prefix[] = "/api/jobs/";
	const char *path = a->request->path, *rest;
	char id[JOB_NAME_MAX + 1];
	size_t i, len;

	if (strncmp(path, prefix, sizeof prefix - 1) != 0)
		return 0;
	path += sizeof prefix - 1;
	rest = strchr(path, '/');
	len = rest != NULL ? (size_t)(rest - path) : strlen(path);
	if (len == 0 || len > JOB_NAME_MAX)
		return 0;
	memcpy(id, path, len);
	id[len] = '\0';
	for (i = 0; i < WEB_LEN(jobs); i++) {
		if (strcmp(jobs[i].rest, path + len) != 0)
			continue;
		if (is_method(a, jobs[i].acts) &&
		    (!jobs[i].acts || may_act(a, w)))
			jobs[i].answer(a, &w->view, id);
		return 1;
	}
	return 0;
}

static void
find_answer(struct answer *a, struct web *w)
{
	const char *path = a->request->path;
	size_t i;

	if (strcmp(path, "/") == 0) {
		if (is_method(a, 0))
			answer_page(a, w);
		return;
	}
	for (i = 0; i < WEB_LEN(looks); i++) {
		if (strcmp(looks[i].path, path) == 0) {
			if (is_method(a, 0))
				looks[i].answer(a, &w->view);
			return;
		}
	}
	for (i = 0; i < WEB_LEN(acts); i++) {
		if (strcmp(acts[i].path, path) == 0) {
			if (is_method(a, 1) && may_act(a, w))
				acts[i].act(a, &w->view);
			return;
		}
	}
	if (!answer_job(a, w))
		answer_refuse(a, 404, "there is no such page");
}

/* Who asks by a name that is not ours is told nothing. */
static void
make_answer(struct answer *a, struct web *w)
{
	const struct http_request *r = a->request;
	char why[SPOOL_WHY_MAX];

	if (r->host != NULL && !web_is_here(w->url, r->host))
		answer_refuse(a, 421, "this server is not of that name");
	else if (view_refresh(&w->view, why) == -1)
		answer_refuse(a, 503, "%s", why);
	else
		find_answer(a, w);
}

/* ---- The whole of it ---- */

/* Appends "Date: ..." (RFC 9110, 5.6.7); the program has no locale. */
static void
put_date(struct buf *out)
{
	time_t now = (time_t)(fs_now() / WHEN_SECOND);
	char text[64];
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL &&
	    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		buf_printf(out, "Date: %s\r\n", text);
}

void
web_answer(void *arg, const struct http_request *r, int error, struct buf *out)
{
	struct web *w = arg;
	struct answer a;

	answer_init(&a, error == 0 ? r : NULL);
	if (error != 0)
		answer_refuse(&a, error, "%s", http_reason(error));
	else
		make_answer(&a, w);
	if (a.body.failed)
		answer_refuse(&a, 503, "out of memory");
	else if (a.body.len > ANSWER_MAX)
		answer_refuse(&a, 500,
		    "too large to be shown here: 'queuectl show --json' does");
	buf_printf(out,
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %lu\r\n",
	    a.status, http_reason(a.status), a.type, (unsigned long)a.body.len);
	put_date(out);
	buf_printf(out,
	    "Cache-Control: no-store\r\n"
	    "Content-Security-Policy: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n",
	    buf_text(&w->policy));
	if (a.status == 405 && error != 0)
		buf_puts(out, "Allow: GET, HEAD, POST\r\n");
	else if (a.status == 405)
		buf_printf(out, "Allow: %s\r\n",
		    r->method != HTTP_POST ? "POST" : "GET, HEAD");
	buf_printf(out, "Connection: %s\r\n\r\n",
	    r->last ? "close" : "keep-alive");
	if (r->method != HTTP_HEAD)
		buf_add(out, buf_text(&a.body), a.body.len);
	buf_free(&a.body);
}

void
web_open(struct web *w, const struct spool *s, const char *url,
    const char *token)
{
	memset(w, 0, sizeof *w);
	view_open(&w->view, s);
	w->url = url;
	w->token = token;
	if (token != NULL)
		sha256_base64(token, strlen(token), w->token_name);
	buf_puts(&w->policy, "default-src 'none'; ");
	page_policy(&w->policy);
	buf_puts(&w->policy,
	    "connect-src 'self'; form-action 'self'; base-uri 'none'; "
	    "frame-ancestors 'none'; require-trusted-types-for 'script'");
}

void
web_close(struct web *w)
{
	view_close(&w->view);
	buf_free(&w->policy);
}
