#include "pick.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PICK_DIGITS 20 /* of a time in microseconds */

/* Reads "TIME.NAME"; 0 or -1. */
static int
read_place(const char *place, int64_t *time, const char **name)
{
	const char *dot = strchr(place, '.');
	int64_t us = 0;

	if (dot == NULL || dot == place || dot - place > PICK_DIGITS - 2 ||
	    !job_name_valid(dot + 1))
		return -1;
	for (; place < dot; place++) {
		if (*place < '0' || *place > '9')
			return -1;
		us = us * 10 + (*place - '0');
	}
	*time = us;
	*name = dot + 1;
	return 0;
}

int
pick_is_place(const char *after)
{
	const char *name;
	int64_t time;

	return *after == '\0' || read_place(after, &time, &name) == 0;
}

/* Makes the letters A to Z of a text small. */
static void
lower(struct buf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++)
		if (text->data[i] >= 'A' && text->data[i] <= 'Z')
			text->data[i] += 'a' - 'A';
}

int
pick_begin(struct pick *p, struct view *v, int state, const char *after,
    const char *text)
{
	const char *name = NULL;
	int64_t time = 0;
	int dir;

	memset(p, 0, sizeof *p);
	p->view = v;
	if (text != NULL)
		buf_puts(&p->text, text);
	lower(&p->text);
	if (p->text.failed)
		return -1;
	if (after != NULL && *after != '\0' &&
	    read_place(after, &time, &name) == -1) {
		errno = EINVAL;
		return -1;
	}
	for (dir = 0; dir < JOB_STATES; dir++) {
		if (state != JOB_NO_STATE && state != dir)
			continue;
		p->roster[dir] = view_roster(v, dir);
		if (p->roster[dir] == NULL)
			return -1;
		p->total += p->roster[dir]->count;
		if (name != NULL)
			p->at[dir] = roster_after(p->roster[dir], time, name);
	}
	return 0;
}

/* The directory that has the newest of those that are left, or -1. */
static int
newest(const struct pick *p)
{
	const struct roster *r;
	int dir, found = -1;

	for (dir = 0; dir < JOB_STATES; dir++) {
		r = p->roster[dir];
		if (r == NULL || p->at[dir] == r->count)
			continue;
		if (found == -1 ||
		    roster_before(roster_at(r, p->at[dir]),
			roster_at(p->roster[found], p->at[found])))
			found = dir;
	}
	return found;
}

/* True if the text, which it makes small, has what is searched for. */
static int
has(const struct pick *p, struct buf *text)
{
	lower(text);
	return strstr(buf_text(text), buf_text(&p->text)) != NULL;
}

/* True if the job that was read is one of those that are searched for. */
static int
is_wanted(const struct pick *p)
{
	const char *error = record_error(&p->record);
	struct buf text = BUF_EMPTY;
	int found;

	error = error != NULL ? error : "";
	if (strncmp(buf_text(&p->text), PICK_ERROR, strlen(PICK_ERROR)) == 0) {
		buf_printf(&text, "%s%s", PICK_ERROR, error);
		lower(&text);
		found = strcmp(buf_text(&text), buf_text(&p->text)) == 0;
		buf_free(&text);
		return found;
	}
	buf_puts(&text, p->record.name);
	found = has(p, &text);
	if (!found) {
		buf_clear(&text);
		job_command_text(&p->record.job, &text);
		found = has(p, &text);
	}
	if (!found) {
		buf_clear(&text);
		buf_puts(&text, error);
		found = has(p, &text);
	}
	buf_free(&text);
	return found;
}

/* Makes a record of what is there but cannot be read: it says why. */
static void
excuse(struct record *r, const struct roster_entry *e)
{
	int error = errno;

	(void)job_parse(&r->job, "", 0, &r->error);
	r->parsed = JOB_BAD;
	r->mtime = e->time;
	snprintf(r->error.what, sizeof r->error.what, "cannot be read: %s",
	    strerror(error));
}

static void
empty(struct pick *p)
{
	if (p->filled)
		record_free(&p->record);
	p->filled = 0;
}

int
pick_next(struct pick *p)
{
	enum spool_result result;
	int dir;

	empty(p);
	while (p->looks < PICK_LOOKS && p->bytes < PICK_BYTES &&
	    (dir = newest(p)) != -1) {
		p->last = roster_at(p->roster[dir], p->at[dir]++);
		p->looks++;
		/* What has left meanwhile is seen where it went, next time. */
		result = record_read(&p->view->spool, dir, p->last->name,
		    &p->record);
		if (result == SPOOL_ERROR) {
			excuse(&p->record, p->last);
			p->excused++;
		} else if (result != SPOOL_OK) {
			continue;
		}
		p->filled = 1;
		p->bytes += p->record.text.len;
		if (is_wanted(p))
			return 1;
		empty(p);
	}
	return 0;
}

int
pick_more(const struct pick *p)
{
	return newest(p) != -1;
}

void
pick_place(const struct pick *p, struct buf *out)
{
	if (p->last != NULL)
		buf_printf(out, "%lld.%s", (long long)p->last->time,
		    p->last->name);
}

void
pick_end(struct pick *p)
{
	empty(p);
	buf_free(&p->text);
}
