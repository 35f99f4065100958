#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define HOST   "Host: a\r\n"
#define END    "\r\n"

static struct http_request r;

/* Parses a text that may hold NULs. */
static int
parse(const char *text, size_t len)
{
	return http_parse(&r, text, len);
}

static const struct {
	const char *text;
	int status;
	const char *path, *query;
} requests[] = {
	{ "GET / HTTP/1.1\r\n" HOST END, 0, "/", "" },
	{ "HEAD /api/jobs?state=dead&q=%20 HTTP/1.1\r\n" HOST END, 0,
	    "/api/jobs", "state=dead&q=%20" },
	{ "GET /api/jobs/a%7Eb%2fc HTTP/1.1\r\n" HOST END, 0, "/api/jobs/a~b/c",
	    "" },
	{ "GET /?? HTTP/1.0\r\n" END, 0, "/", "?" },
	{ "GET /... HTTP/1.1\r\n" HOST END, 0, "/...", "" },
	{ "POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 0\r\n" END, 0,
	    "/api/x", "" },
	{ "GET / HTTP/1.1\r\nhOsT:a\r\nX: \t b c \t\r\n" END, 0, "/", "" },
	{ "GET / HTTP/1.2\r\n" HOST END, 0, "/", "" },
	/* Absolute targets; an empty line before the request. */
	{ "GET http://a/ HTTP/1.1\r\n" HOST END, 0, "/", "" },
	{ "GET http://a:8080/b/c?d=e HTTP/1.1\r\n" HOST END, 0, "/b/c", "d=e" },
	{ "GET HTTPS://[::1]:80/%41 HTTP/1.1\r\n" HOST END, 0, "/A", "" },
	{ "GET http://a HTTP/1.1\r\n" HOST END, 0, "/", "" },
	{ "GET http://a?b HTTP/1.1\r\n" HOST END, 0, "/", "b" },
	{ "GET http://a/ HTTP/1.0\r\n" END, 0, "/", "" },
	{ "\r\nGET / HTTP/1.1\r\n" HOST END, 0, "/", "" },
	{ "\r\n\r\nGET /b HTTP/1.1\r\n" HOST END, 0, "/b", "" },
	/* Not whole yet. */
	{ "", -1, NULL, NULL },
	{ "\r", -1, NULL, NULL },
	{ "\r\n\r\n", -1, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST, -1, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "\r", -1, NULL, NULL },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END "x", -1, NULL,
	    NULL },
	/* Malformed. */
	{ "\n\nGET / HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "\rGET / HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET\r\n\r\n", 400, NULL, NULL },
	{ "GET /\r\n\r\n", 400, NULL, NULL },
	{ "GET  / HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /  HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ " GET / HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "G(T / HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\n" HOST END "\r\n\r\n", 400, NULL, NULL },
	{ "GET / http/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET / HTTP/1.10\r\n" HOST END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST HOST END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\nHost : a\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST " folded\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "no colon\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST ": none\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "X: \033[2J\r\n" END, 400, NULL, NULL },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n" END, 400, NULL,
	    NULL },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n" END, 400, NULL,
	    NULL },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n" END, 400, NULL,
	    NULL },
	{ "GET / HTTP/1.1\r\n" HOST
	  "Content-Length: 1\r\nContent-Length: 1\r\n" END,
	    400, NULL, NULL },
	/* Paths and targets. */
	{ "GET * HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http://a/ HTTP/1.1\r\n" END, 400, NULL, NULL },
	{ "GET http:/a/ HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http:///b HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http:// HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http://u@a/ HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http://a\033/ HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http://a/../b HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET http://a/#b HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET httpx://a/ HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET ftp://a/ HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET a HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /#a HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /.. HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /a/../b HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /a/./b HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /a%2f..%2fb HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /%00 HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /%0a HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /%7f HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /%4 HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	{ "GET /%g0 HTTP/1.1\r\n" HOST END, 400, NULL, NULL },
	/* Well-formed, and refused. */
	{ "PUT / HTTP/1.1\r\n" HOST END, 405, NULL, NULL },
	{ "DELETE / HTTP/1.1\r\n" HOST END, 405, NULL, NULL },
	{ "BREW / HTTP/1.1\r\n" HOST END, 501, NULL, NULL },
	{ "get / HTTP/1.1\r\n" HOST END, 501, NULL, NULL },
	{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END, 501,
	    NULL, NULL },
	{ "GET / HTTP/2.0\r\n" HOST END, 505, NULL, NULL },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 8193\r\n" END, 413, NULL,
	    NULL },
	{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 8180\r\n" END, 413, NULL,
	    NULL },
	{ "POST / HTTP/1.1\r\n" HOST
	  "Content-Length: 99999999999999999999999999\r\n" END,
	    413, NULL, NULL },
};

START_TEST(request)
{
	int status = parse(requests[_i].text, strlen(requests[_i].text));

	ck_assert_msg(status == requests[_i].status,
	    "expected %d, got %d for:\n%s", requests[_i].status, status,
	    requests[_i].text);
	if (status != 0)
		return;
	ck_assert_str_eq(r.path, requests[_i].path);
	ck_assert_str_eq(r.query, requests[_i].query);
	ck_assert_uint_eq(r.size, strlen(requests[_i].text));
}
END_TEST

START_TEST(fields)
{
	static const char text[] = "POST /api HTTP/1.1\r\nHost: here:80\r\n"
				   "Origin: http://here:80\r\n"
				   "Content-Length: 3\r\n"
				   "Connection: close\r\n\r\na=bGET /";

	ck_assert_int_eq(parse(text, sizeof text - 1), 0);
	ck_assert_int_eq(r.method, HTTP_POST);
	ck_assert_str_eq(r.host, "here:80");
	ck_assert_str_eq(r.origin, "http://here:80");
	ck_assert_uint_eq(r.length, 3);
	ck_assert_int_eq(memcmp(r.body, "a=b", 3), 0);
	ck_assert_uint_eq(r.size, sizeof text - 1 - 5); /* pipelined */
	ck_assert_int_eq(r.last, 1);
	/* It says to close, or is of old. */
	ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r\n", 18), 0);
	ck_assert_int_eq(r.last, 1);
	ck_assert_int_eq(parse("GET / HTTP/1.1\r\n" HOST END, 27), 0);
	ck_assert_int_eq(r.last, 0);
	ck_assert_ptr_null(r.origin);
	ck_assert_ptr_null(r.token);
}
END_TEST

START_TEST(token)
{
#define WITH(field) "GET / HTTP/1.1\r\n" HOST field END
	static const char good[] = WITH("authorization: BEARER  x\r\n");
	static const char other[] = WITH("Authorization: Basic x\r\n");
	static const char none[] = WITH("Authorization: Bearer\r\n");
	static const char twice[] =
	    WITH("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n");
	static const char own[] =
	    WITH("x-queuectl-token: a\r\nAuthorization: Basic b\r\n");
	static const char both[] =
	    WITH("Authorization: Bearer b\r\nX-Queuectl-Token: a\r\n");
	static const char own_twice[] =
	    WITH("X-Queuectl-Token: a\r\nX-Queuectl-Token: a\r\n");

	ck_assert_int_eq(parse(good, sizeof good - 1), 0);
	ck_assert_str_eq(r.token, " x");
	ck_assert_int_eq(parse(other, sizeof other - 1), 0);
	ck_assert_ptr_null(r.token);
	ck_assert_int_eq(parse(none, sizeof none - 1), 0);
	ck_assert_ptr_null(r.token);
	ck_assert_int_eq(parse(twice, sizeof twice - 1), 400);
	/* A field of its own, which a proxy leaves alone, comes first. */
	ck_assert_int_eq(parse(own, sizeof own - 1), 0);
	ck_assert_str_eq(r.token, "a");
	ck_assert_int_eq(parse(both, sizeof both - 1), 0);
	ck_assert_str_eq(r.token, "a");
	ck_assert_int_eq(parse(own_twice, sizeof own_twice - 1), 400);
}
END_TEST

/* The authority of the target counts, not Host (RFC 9112, 3.2.2). */
START_TEST(authority)
{
	static const char with[] =
	    "GET http://other:1/ HTTP/1.1\r\nHost: here:80\r\n\r\n";
	static const char without[] = "GET / HTTP/1.1\r\nHost: here:80\r\n\r\n";

	ck_assert_int_eq(parse(with, sizeof with - 1), 0);
	ck_assert_str_eq(r.host, "other:1");
	ck_assert_int_eq(parse(without, sizeof without - 1), 0);
	ck_assert_str_eq(r.host, "here:80");
}
END_TEST

/* Byte by byte: never an answer before it is whole, nor another one then. */
START_TEST(in_pieces)
{
	static const char text[] = "\r\nPOST http://a/ HTTP/1.1\r\nHost: b\r\n"
				   "Content-Length: 4\r\n\r\nbody";
	size_t i;

	for (i = 0; i < sizeof text - 1; i++)
		ck_assert_int_eq(parse(text, i), -1);
	ck_assert_int_eq(parse(text, i), 0);
}
END_TEST

START_TEST(nul)
{
	static const char line[] = "GET /\0 HTTP/1.1\r\n" HOST END;
	static const char field[] = "GET / HTTP/1.1\r\n" HOST "X: \0\r\n" END;

	ck_assert_int_eq(parse(line, sizeof line - 1), 400);
	ck_assert_int_eq(parse(field, sizeof field - 1), 400);
}
END_TEST

START_TEST(large)
{
	static char text[2 * HTTP_REQUEST_MAX];
	int head;

	memset(text, 'a', sizeof text);
	ck_assert_int_eq(parse(text, HTTP_REQUEST_MAX - 1), -1);
	ck_assert_int_eq(parse(text, HTTP_REQUEST_MAX), 431);
	head = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "X: ");
	text[head] = 'a';
	memcpy(text + HTTP_REQUEST_MAX - 4, "\r\n\r\n", 4);
	ck_assert_int_eq(parse(text, sizeof text), 0);
	memmove(text + 2, text, HTTP_REQUEST_MAX);
	memcpy(text, "\r\n", 2);
	ck_assert_int_eq(parse(text, sizeof text), 431);
	memmove(text, text + 2, HTTP_REQUEST_MAX);
	memset(text + head, 'a', sizeof text - (size_t)head);
	memcpy(text + HTTP_REQUEST_MAX - 3, "\r\n\r\n", 4);
	ck_assert_int_eq(parse(text, sizeof text), 431);
}
END_TEST

static const struct {
	const char *query, *name;
	int found;
	const char *value;
} parameters[] = {
	{ "", "a", 0, "" },
	{ "a=1", "a", 1, "1" },
	{ "a=", "a", 1, "" },
	{ "b=2&a=1&a=3", "a", 1, "1" },
	{ "aa=2&xa=3", "a", 0, "" },
	{ "a", "a", 0, "" },
	{ "a&a=1", "a", 1, "1" },
	{ "q=a%20b+c%26%3D", "q", 1, "a b c&=" },
	{ "q=%c3%a4", "q", 1, "\303\244" },
	{ "q=%", "q", -1, NULL },
	{ "q=%4&b=41", "q", -1, NULL },
	{ "q=%zz", "q", -1, NULL },
	{ "q=%00", "q", -1, NULL },
};

START_TEST(parameter)
{
	struct buf out = BUF_EMPTY;

	ck_assert_int_eq(http_parameter(parameters[_i].query,
			     strlen(parameters[_i].query), parameters[_i].name,
			     &out),
	    parameters[_i].found);
	if (parameters[_i].found != -1)
		ck_assert_str_eq(buf_text(&out), parameters[_i].value);
	buf_free(&out);
}
END_TEST

START_TEST(reasons)
{
	ck_assert_str_eq(http_reason(404), "Not Found");
	ck_assert_str_eq(http_reason(999), "Unknown");
}
END_TEST

Suite *
suite_http(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_add_loop_test(t, request, 0, LEN(requests));
	tcase_add_test(t, fields);
	tcase_add_test(t, token);
	tcase_add_test(t, authority);
	tcase_add_test(t, in_pieces);
	tcase_add_test(t, nul);
	tcase_add_test(t, large);
	tcase_add_loop_test(t, parameter, 0, LEN(parameters));
	tcase_add_test(t, reasons);
	suite_add_tcase(s, t);
	return s;
}
