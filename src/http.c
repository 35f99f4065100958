#include "http.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* RFC 9110, 5.6.2: what methods and names of fields are made of. */
static const char token[] = "!#$%&'*+-.^_`|~0123456789"
			    "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = { { 200, "OK" }, { 202, "Accepted" },
		{ 400, "Bad Request" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 409, "Conflict" },
		{ 413, "Content Too Large" }, { 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" } };
	size_t i;

	for (i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* ---- Percent signs ---- */

/* The value of a hexadecimal digit, or -1. */
static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)((p - digits) & 15) : -1;
}

/* The byte at *p, decoded, and *p behind it; -1 if that is malformed. */
static int
decode(const char **p, const char *end)
{
	int high, low;

	if (**p != '%')
		return (unsigned char)*(*p)++;
	if (end - *p < 3)
		return -1;
	high = digit((*p)[1]);
	low = digit((*p)[2]);
	*p += 3;
	return high == -1 || low == -1 ? -1 : high << 4 | low;
}

int
http_parameter(const char *query, size_t len, const char *name, struct buf *out)
{
	const char *end = query + len, *p = query, *next;
	size_t size = strlen(name);
	int c;

	for (; p < end; p = next + 1) {
		next = memchr(p, '&', (size_t)(end - p));
		if (next == NULL)
			next = end;
		if ((size_t)(next - p) <= size || memcmp(p, name, size) != 0 ||
		    p[size] != '=')
			continue;
		for (p += size + 1; p < next;) {
			c = *p == '+' ? (p++, ' ') : decode(&p, next);
			if (c <= 0)
				return -1;
			buf_putc(out, (char)c);
		}
		return 1;
	}
	return 0;
}

/* ---- The request line ---- */

/*
 * Decodes the path in place.  0, or -1: it holds a control character or a
 * part that is "." or "..".
 */
static int
set_path(struct http_request *r, char *path)
{
	const char *p = path, *end = path + strlen(path), *part;
	char *to = path;
	size_t len;
	int c;

	r->path = path;
	while (p < end) {
		c = decode(&p, end);
		if (c < ' ' || c == 127)
			return -1;
		*to++ = (char)c;
	}
	*to = '\0';
	for (part = path; *part == '/'; part += len) {
		len = strcspn(++part, "/");
		if ((len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return -1;
	}
	return 0;
}

/* The method, which ends at `end`; 0 or a status. */
static int
set_method(struct http_request *r, const char *text, const char *end)
{
	static const struct {
		const char *name;
		int method; /* -1: known, and not allowed */
	} methods[] = { { "GET", HTTP_GET }, { "HEAD", HTTP_HEAD },
		{ "POST", HTTP_POST }, { "PUT", -1 }, { "DELETE", -1 },
		{ "CONNECT", -1 }, { "OPTIONS", -1 }, { "TRACE", -1 },
		{ "PATCH", -1 } };
	size_t i, len = (size_t)(end - text);

	if (len == 0 || strspn(text, token) != len)
		return 400;
	for (i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if (strlen(methods[i].name) != len ||
		    memcmp(methods[i].name, text, len) != 0)
			continue;
		if (methods[i].method == -1)
			return 405;
		r->method = (enum http_method)methods[i].method;
		return 0;
	}
	return 501;
}

/*
 * Of a target of the form http://authority/path (RFC 9112, 3.2.2) the authority
 * goes to r->authority, and *target to what is behind it.  0 or a status.
 */
static int
take_authority(struct http_request *r, char **target)
{
	char *from = *target;
	size_t i, len;

	if (strncasecmp(from, "http", 4) != 0)
		return 0;
	from += from[4] == 's' || from[4] == 'S' ? 5 : 4;
	if (strncmp(from, "://", 3) != 0)
		return 400;
	from += 3;
	len = strcspn(from, "/?");
	if (len == 0)
		return 400;
	for (i = 0; i < len; i++)
		if ((unsigned char)from[i] <= ' ' || from[i] == 127 ||
		    from[i] == '@')
			return 400;
	*target = from + len;
	/* Moved by a byte, so that there is one for the NUL. */
	memmove(from - 1, from, len);
	from[len - 1] = '\0';
	r->authority = from - 1;
	return 0;
}

/* "METHOD /path?query HTTP/1.1", ended by a NUL; 0 or a status. */
static int
take_line(struct http_request *r, char *line)
{
	char *target = strchr(line, ' '), *version, *mark;
	int status;

	if (target == NULL)
		return 400;
	version = strchr(++target, ' ');
	if (version == NULL)
		return 400;
	*version++ = '\0';
	if (strlen(version) != 8 || strncmp(version, "HTTP/", 5) != 0 ||
	    version[5] < '0' || version[5] > '9' || version[6] != '.' ||
	    version[7] < '0' || version[7] > '9')
		return 400;
	if (version[5] != '1')
		return 505;
	r->old = r->last = version[7] == '0';
	status = set_method(r, line, target - 1);
	if (status != 0)
		return status;
	if (strchr(target, '#') != NULL)
		return 400;
	status = take_authority(r, &target);
	if (status != 0)
		return status;
	mark = strchr(target, '?');
	r->query = mark != NULL ? mark + 1 : "";
	if (mark != NULL)
		*mark = '\0';
	if (target[0] == '\0' && r->authority != NULL) {
		r->path = "/"; /* RFC 9110, 4.2.3 */
		return 0;
	}
	return target[0] == '/' && set_path(r, target) == 0 ? 0 : 400;
}

/* ---- Fields ---- */

/* The length of the body; 0 or a status. */
static int
set_length(struct http_request *r, const char *value)
{
	size_t n = 0;

	if (*value == '\0' || r->length != SIZE_MAX)
		return 400; /* none, or a second one */
	for (; *value != '\0'; value++) {
		if (*value < '0' || *value > '9')
			return 400;
		n = n * 10 + (size_t)(*value - '0');
		if (n > HTTP_REQUEST_MAX)
			return 413;
	}
	r->length = n;
	return 0;
}

/* One that may be there once; 0 or a status. */
static int
set_once(const char **where, const char *value)
{
	if (*where != NULL)
		return 400;
	*where = value;
	return 0;
}

/* "Name: value", ended by a NUL; 0 or a status. */
static int
take_field(struct http_request *r, char *line)
{
	char *colon = strchr(line, ':'), *value, *end;

	/* Of what follows another line, a blank is the first byte. */
	if (colon == NULL || colon == line ||
	    strspn(line, token) != (size_t)(colon - line))
		return 400;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (end = value + strlen(value);
	     end > value && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	for (end = value; *end != '\0'; end++)
		if (((unsigned char)*end < ' ' && *end != '\t') || *end == 127)
			return 400;
	if (strcasecmp(line, "host") == 0)
		return set_once(&r->host, value);
	if (strcasecmp(line, "origin") == 0)
		return set_once(&r->origin, value);
	if (strcasecmp(line, "sec-fetch-site") == 0)
		return set_once(&r->site, value);
	if (strcasecmp(line, "x-queuectl-token") == 0)
		return set_once(&r->token, value);
	if (strcasecmp(line, "authorization") == 0 &&
	    strncasecmp(value, "bearer ", 7) == 0)
		return set_once(&r->bearer, value + 7);
	if (strcasecmp(line, "content-length") == 0)
		return set_length(r, value);
	if (strcasecmp(line, "expect") == 0)
		return 417; /* a body is short: it may come at once */
	if (strcasecmp(line, "transfer-encoding") == 0)
		return 501;
	if (strcasecmp(line, "connection") == 0 &&
	    strcasecmp(value, "keep-alive") != 0)
		r->last = 1;
	return 0;
}

/* ---- All of it ---- */

/* Bytes of the head with its empty line; 0: that is not there yet. */
static size_t
head_size(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i + 4 <= len; i++)
		if (memcmp(text + i, "\r\n\r\n", 4) == 0)
			return i + 4;
	return 0;
}

/* The lines of a head, each ended by CR and LF; 0 or a status. */
static int
take_head(struct http_request *r, char *text, const char *end)
{
	char *line, *next;
	int status = 0;

	for (line = text; status == 0 && line < end - 2; line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == line || next[-1] != '\r')
			return 400;
		*next++ = '\0';
		next[-2] = '\0';
		if (strlen(line) != (size_t)(next - 2 - line))
			return 400; /* a NUL */
		status =
		    line == text ? take_line(r, line) : take_field(r, line);
	}
	return status;
}

int
http_parse(struct http_request *r, const char *text, size_t len)
{
	size_t skip = 0, head;
	int status;

	memset(r, 0, offsetof(struct http_request, head));
	r->length = SIZE_MAX; /* not told */
	/* Some send an empty line behind a body (RFC 9112, 2.2). */
	while (len - skip >= 2 && memcmp(text + skip, "\r\n", 2) == 0)
		skip += 2;
	head = head_size(text + skip, len - skip);
	if (head == 0)
		return len >= HTTP_REQUEST_MAX ? 431 : -1;
	if (skip + head > HTTP_REQUEST_MAX)
		return 431;
	memcpy(r->head, text + skip, head);
	r->head[head] = '\0';
	status = take_head(r, r->head, r->head + head);
	if (status != 0)
		return status;
	if (r->host == NULL && !r->old)
		return 400;
	if (r->authority != NULL)
		r->host = r->authority;
	if (r->token == NULL)
		r->token = r->bearer;
	if (r->length == SIZE_MAX)
		r->length = 0;
	r->size = skip + head + r->length;
	if (r->size > HTTP_REQUEST_MAX)
		return 413;
	r->body = text + skip + head;
	return len >= r->size ? 0 : -1;
}
