#include "pick.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

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

int
pick_begin(struct pick *p, struct view *v, int state, const char *after,
    const char *text)
{
	const char *name = NULL;
	int64_t time = 0;
	int dir;

	memset(p, 0, sizeof *p);
	p->view = v;
	p->text = text;
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

/* True if the text, in letters of either case, has that part. */
static int
has(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (; *text != '\0'; text++)
		if (strncasecmp(text, part, len) == 0)
			return 1;
	return len == 0;
}

static int
has_command(const struct job *job, const char *part)
{
	struct buf command = BUF_EMPTY;
	int found;

	job_command_text(job, &command);
	found = has(buf_text(&command), part);
	buf_free(&command);
	return found;
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
	int dir;

	empty(p);
	while (p->looks < PICK_LOOKS && p->bytes < PICK_BYTES &&
	    (dir = newest(p)) != -1) {
		p->last = roster_at(p->roster[dir], p->at[dir]++);
		p->looks++;
		/* What has left meanwhile is seen where it went, next time. */
		if (record_read(&p->view->spool, dir, p->last->name,
			&p->record) != SPOOL_OK)
			continue;
		p->filled = 1;
		p->bytes += p->record.text.len;
		if (p->text == NULL || has(p->last->name, p->text) ||
		    has_command(&p->record.job, p->text))
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
}
