/*
 * http_parse and http_parameter: what is accepted has a clean path and ends
 * where it says, no beginning of it is accepted or refused before, and what
 * comes behind changes nothing; web_is_here accepts no name but localhost.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "web.h"

static struct http_request r, again;

static void
check_path(const char *path)
{
	const char *p, *end;

	MUST(path[0] == '/');
	for (p = path; *p != '\0'; p = end) {
		p += *p == '/';
		end = p + strcspn(p, "/");
		MUST(!(end - p == 1 && p[0] == '.'));
		MUST(!(end - p == 2 && p[0] == '.' && p[1] == '.'));
	}
	for (p = path; *p != '\0'; p++)
		MUST((unsigned char)*p >= ' ' && *p != 127);
}

static void
check_host(const char *host)
{
	MUST(!web_is_here("http://127.0.0.1:80/", host) ||
	    strncmp(host, "127.0.0.1", 9) == 0 || (host[0] | 32) == 'l');
	MUST(!web_is_here("http://0.0.0.0:80/", host) || host[0] == '[' ||
	    (host[0] >= '0' && host[0] <= '9') || host[0] == '.' ||
	    (host[0] | 32) == 'l');
}

static void
check_parameter(const char *query, size_t len)
{
	struct buf out = BUF_EMPTY;

	if (http_parameter(query, len, "q", &out) == 1)
		MUST(out.len <= len &&
		    memchr(buf_text(&out), '\0', out.len) == NULL);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	int status = http_parse(&r, text, size);
	size_t i;

	MUST(status >= -1 && (status < 1 || status >= 400));
	MUST(status == -1 || status == 0 ||
	    strcmp(http_reason(status), "Unknown") != 0);
	check_parameter(text, size);
	if (status == 0) {
		MUST(r.size <= size && r.length <= r.size);
		check_path(r.path);
		check_parameter(r.query, strlen(r.query));
		MUST(r.host != NULL || r.old);
		MUST(r.token == NULL || strlen(r.token) < r.size);
		MUST(r.authority == NULL ||
		    (r.authority[0] != '\0' && r.host == r.authority));
		if (r.host != NULL)
			check_host(r.host);
		for (i = 0; i < r.size; i++)
			MUST(http_parse(&again, text, i) == -1);
		MUST(http_parse(&again, text, r.size) == 0);
		MUST(again.size == r.size && again.method == r.method);
		MUST(fuzz_same(again.path, r.path));
		MUST(fuzz_same(again.query, r.query));
	}
	free(text);
	return 0;
}
