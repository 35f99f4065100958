#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"

const char answer_text[] = "text/plain; charset=utf-8";
const char answer_html[] = "text/html; charset=utf-8";
const char answer_json[] = "application/json";
const char answer_metrics[] = "text/plain; version=0.0.4; charset=utf-8";

void
answer_init(struct answer *a, const struct http_request *r)
{
	a->request = r;
	a->status = 200;
	a->type = answer_text;
	a->body = (struct buf)BUF_EMPTY;
}

void
answer_refuse(struct answer *a, int status, const char *fmt, ...)
{
	const char *path = a->request != NULL ? a->request->path : NULL;
	char why[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	buf_clear(&a->body);
	a->status = status;
	if (path == NULL || strncmp(path, "/api/", 5) != 0) {
		a->type = answer_text;
		buf_printf(&a->body, "%s\n", why);
		return;
	}
	a->type = answer_json;
	buf_putc(&a->body, '{');
	json_member_string(&a->body, "error", why);
	buf_puts(&a->body, "}\n");
}

int
answer_parameter(struct answer *a, const char *name, struct buf *value)
{
	const char *query = a->request->query;
	int ret = http_parameter(query, strlen(query), name, value);

	if (ret == -1)
		answer_refuse(a, 400, "%s: malformed", name);
	return ret;
}

int
answer_number(struct answer *a, const char *name, long min, long max, long *n)
{
	struct buf value = BUF_EMPTY;
	int ret = answer_parameter(a, name, &value);

	if (ret == 1 && text_number(buf_text(&value), min, max, n) == -1) {
		answer_refuse(a, 400, "%s: must be a number from %ld to %ld",
		    name, min, max);
		ret = -1;
	}
	buf_free(&value);
	return ret;
}

void
answer_put(struct buf *out, const char *text, size_t len)
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

void
answer_put_value(struct buf *out, const char *text)
{
	static const char plain[] = "0123456789-._~abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_putc(out, *text);
		else
			buf_printf(out, "%%%02X",
			    (unsigned)(unsigned char)*text);
	}
}
