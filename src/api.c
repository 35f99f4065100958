#include "api.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "json.h"
#include "pick.h"
#include "record_json.h"
#include "text.h"
#include "when.h"

#define API_MINUTE (60 * WHEN_SECOND)

/* The spool could not be read. */
static void
refuse_errno(struct answer *a, const char *what)
{
	answer_refuse(a, 503, "%s: %s", what, strerror(errno));
}

void
api_status(struct answer *a, struct view *v)
{
	if (view_count(v) == -1) {
		answer_refuse(a, 503,
		    "something in the spool cannot be read: 'queuectl status' "
		    "says more");
		return;
	}
	a->type = answer_json;
	tally_json(&v->spool, &v->tally.tally, &a->body);
}

/* ---- Jobs ---- */

int
api_state(struct answer *a)
{
	struct buf text = BUF_EMPTY;
	int state = JOB_NO_STATE, ret = answer_parameter(a, "state", &text);

	if (ret == 1 && text.len > 0) {
		state = job_state_parse(buf_text(&text));
		if (state == JOB_NO_STATE) {
			answer_refuse(a, 400,
			    "state: must be pending, processing, completed, "
			    "failed or dead");
			ret = -1;
		}
	}
	buf_free(&text);
	return ret == -1 ? -2 : state;
}

/* Appends a job, or of one that is too large what tells which it is. */
static void
put_job(struct answer *a, const struct record *r, const struct conf *conf)
{
	size_t start = a->body.len;

	record_json(&a->body, r, conf);
	if (a->body.failed || a->body.len - start <= ANSWER_JOB)
		return;
	a->body.len = start;
	buf_putc(&a->body, '{');
	json_member_string(&a->body, "id", r->name);
	json_member_string(&a->body, "state", job_state_name(r->dir));
	json_member_number(&a->body, "attempts", record_tries(r));
	json_member_number(&a->body, "max_retries",
	    record_tries_max(r, conf) - 1);
	json_member_number(&a->body, "timeout", record_timeout(r, conf));
	json_member_time(&a->body, "created_at", record_created(r));
	json_member_time(&a->body, "updated_at", record_updated(r));
	json_member_string(&a->body, "error",
	    "too large to be shown here: 'queuectl show' does");
	buf_putc(&a->body, '}');
}

/* Appends the jobs that were picked, and where those behind them begin. */
static void
put_jobs(struct answer *a, struct pick *p, long limit)
{
	struct buf place = BUF_EMPTY;
	long n = 0;

	a->type = answer_json;
	buf_puts(&a->body, "{\"jobs\":[");
	while (n < limit && a->body.len < ANSWER_FULL && pick_next(p)) {
		buf_puts(&a->body, n++ == 0 ? "" : ",\n");
		put_job(a, &p->record, &p->view->conf);
	}
	buf_putc(&a->body, ']');
	json_member_number(&a->body, "looked_at", (long long)p->looks);
	json_member_number(&a->body, "total", (long long)p->total);
	json_name(&a->body, "next");
	if (pick_more(p) && p->last != NULL) {
		pick_place(p, &place);
		json_string(&a->body, buf_text(&place), place.len);
	} else {
		buf_puts(&a->body, "null");
	}
	buf_puts(&a->body, "}\n");
	buf_free(&place);
}

void
api_jobs(struct answer *a, struct view *v)
{
	struct buf after = BUF_EMPTY, text = BUF_EMPTY;
	int state = api_state(a);
	long limit = API_JOBS;
	struct pick p;

	if (state != -2 &&
	    answer_number(a, "limit", 1, API_JOBS_MAX, &limit) != -1 &&
	    answer_parameter(a, "after", &after) != -1 &&
	    answer_parameter(a, "q", &text) != -1) {
		if (pick_begin(&p, v, state, buf_text(&after),
			buf_text(&text)) == 0)
			put_jobs(a, &p, limit);
		else if (errno == EINVAL)
			answer_refuse(a, 400,
			    "after: must be what 'next' of an answer was");
		else
			refuse_errno(a, "the jobs cannot be listed");
		pick_end(&p);
	}
	buf_free(&after);
	buf_free(&text);
}

int
api_find(struct answer *a, const struct view *v, const char *id,
    struct record *r)
{
	if (!job_name_valid(id)) {
		answer_refuse(a, 404, "that cannot be the ID of a job");
		return -1;
	}
	switch (
	    v->spool.fd == -1 ? SPOOL_GONE : record_find(&v->spool, id, r)) {
	case SPOOL_OK:
		return 0;
	case SPOOL_GONE:
		answer_refuse(a, 404, "no such job");
		break;
	case SPOOL_FOREIGN:
		answer_refuse(a, 404, "not a regular file: it is left alone");
		break;
	default:
		refuse_errno(a, "the job cannot be read");
		break;
	}
	return -1;
}

void
api_job(struct answer *a, struct view *v, const char *id)
{
	struct record r;

	if (api_find(a, v, id, &r) == -1)
		return;
	a->type = answer_json;
	record_json_whole(&a->body, &v->spool, &r, &v->conf, v->now);
	buf_putc(&a->body, '\n');
	record_free(&r);
}

/* ---- Output ---- */

/*
 * Reads a piece of an output: from *from on, or its end if that is -1 or it
 * has become shorter.  Sets *from; returns its size, or -1 with errno.
 */
static off_t
read_piece(int fd, long *from, struct buf *piece)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		*from = 0;
		return 0;
	}
	if (*from < 0 || *from > st.st_size)
		*from = st.st_size > API_OUTPUT ?
		    (long)(st.st_size - API_OUTPUT) :
		    0;
	if (buf_reserve(piece, API_OUTPUT) == -1)
		return -1;
	n = pread(fd, piece->data, API_OUTPUT, (off_t)*from);
	if (n == -1)
		return -1;
	piece->len = (size_t)n;
	return st.st_size;
}

/* Appends the member of a stream; `over`: nothing will be added to it. */
static void
put_stream(struct answer *a, const struct view *v, const struct record *r,
    int attempt, const char *stream, int over)
{
	int fd = record_open_output(&v->spool, r->name, attempt, stream);
	struct buf piece = BUF_EMPTY;
	off_t size = 0;
	long from = -1, wanted;
	size_t skip = 0, len;
	int error = errno;

	if (answer_number(a, stream, 0, LONG_MAX, &from) == -1)
		goto out;
	wanted = from;
	errno = error;
	if (fd != -1)
		size = read_piece(fd, &from, &piece);
	else if (errno != ENOENT)
		size = -1;
	else
		from = 0; /* nor is the place there that was asked for */
	if (size == -1) {
		refuse_errno(a, "the output cannot be read");
		goto out;
	}
	from = from > 0 ? from : 0;
	len = piece.len;
	if (!over || (off_t)from + (off_t)len < size)
		len = text_whole(buf_text(&piece), len);
	json_name(&a->body, stream);
	buf_printf(&a->body, "{\"size\":%lld,\"from\":%ld,\"to\":%lld",
	    (long long)size, from, (long long)from + (long long)len);
	json_name(&a->body, "text");
	/* The end may begin within a character. */
	while (from != wanted && from > 0 && skip < len && skip < 3 &&
	    ((unsigned char)piece.data[skip] & 0xc0) == 0x80)
		skip++;
	json_string(&a->body, buf_text(&piece) + skip, len - skip);
	buf_putc(&a->body, '}');
out:
	buf_free(&piece);
	if (fd != -1)
		(void)fs_close(fd);
}

/* The attempt of that number, or the last one for 0; 0 if there is none. */
static int
find_attempt(const struct record *r, long number, struct record_attempt *found)
{
	struct record_attempt one;
	size_t at = 0;
	int ret = 0;

	while (record_next_attempt(r, &at, &one)) {
		if (number != 0 && one.start->attempt != number)
			continue;
		*found = one;
		ret = 1;
	}
	return ret;
}

void
api_output(struct answer *a, struct view *v, const char *id)
{
	struct record_attempt run;
	long number = 0;
	struct record r;
	int over;

	if (answer_number(a, "attempt", 0, JOB_ATTEMPT_MAX, &number) == -1 ||
	    api_find(a, v, id, &r) == -1)
		return;
	if (!find_attempt(&r, number, &run)) {
		answer_refuse(a, 404,
		    r.job.attempts == 0 ? "it has not run yet" :
					  "there is no such attempt");
		record_free(&r);
		return;
	}
	over = run.end != NULL || r.dir != JOB_PROCESSING;
	a->type = answer_json;
	buf_putc(&a->body, '{');
	json_member_number(&a->body, "attempt", run.start->attempt);
	json_name(&a->body, "running");
	buf_puts(&a->body, over ? "false" : "true");
	put_stream(a, v, &r, run.start->attempt, "out", over);
	if (a->status == 200)
		put_stream(a, v, &r, run.start->attempt, "err", over);
	if (a->status == 200)
		buf_puts(&a->body, "}\n");
	record_free(&r);
}

/* ---- The last hour ---- */

/* Counts those of a state, newest first; 0 or -1. */
static int
count_minutes(struct view *v, int dir, int64_t from, long count[API_MINUTES])
{
	const struct roster *r = view_roster(v, dir);
	int64_t minute;
	size_t i;

	if (r == NULL)
		return -1;
	for (i = 0; i < r->count && roster_at(r, i)->time >= from; i++) {
		minute = (roster_at(r, i)->time - from) / API_MINUTE;
		/* By a clock that is ahead of ours. */
		if (minute < API_MINUTES)
			count[minute]++;
	}
	return 0;
}

int
api_count_minutes(struct view *v, struct api_minutes *m)
{
	memset(m, 0, sizeof *m);
	m->from = v->now - v->now % API_MINUTE - (API_MINUTES - 1) * API_MINUTE;
	return count_minutes(v, JOB_COMPLETED, m->from, m->completed) == 0 ?
	    count_minutes(v, JOB_DEAD, m->from, m->dead) :
	    -1;
}

static void
put_minutes(struct buf *out, const char *name, const long count[API_MINUTES])
{
	int i;

	json_name(out, name);
	buf_putc(out, '[');
	for (i = 0; i < API_MINUTES; i++)
		buf_printf(out, "%s%ld", i == 0 ? "" : ",", count[i]);
	buf_putc(out, ']');
}

void
api_throughput(struct answer *a, struct view *v)
{
	struct api_minutes m;

	if (api_count_minutes(v, &m) == -1) {
		refuse_errno(a, "what has ended cannot be counted");
		return;
	}
	a->type = answer_json;
	buf_putc(&a->body, '{');
	json_member_time(&a->body, "from", m.from);
	json_member_number(&a->body, "step", API_MINUTE / WHEN_SECOND);
	put_minutes(&a->body, "completed", m.completed);
	put_minutes(&a->body, "dead", m.dead);
	buf_puts(&a->body, "}\n");
}

/* ---- What jobs died of ---- */

/* Dead jobs of one error. */
struct group {
	char *error;
	long count;
	int64_t last; /* when the newest one died */
	char id[JOB_NAME_MAX + 1];
};

struct groups {
	struct group *group;
	size_t count;
};

/* Counts a job, which is older than those before; 0 or -1. */
static int
add_to_group(struct groups *g, const struct record *r)
{
	const char *error = record_error(r);
	struct group *grown;
	size_t i;

	error = error != NULL ? error : "";
	for (i = 0; i < g->count; i++) {
		if (strcmp(g->group[i].error, error) == 0) {
			g->group[i].count++;
			return 0;
		}
	}
	grown = realloc(g->group, (g->count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	g->group = grown;
	grown += g->count;
	grown->error = malloc(strlen(error) + 1);
	if (grown->error == NULL)
		return -1;
	memcpy(grown->error, error, strlen(error) + 1);
	grown->count = 1;
	grown->last = record_updated(r);
	memcpy(grown->id, r->name, sizeof grown->id);
	g->count++;
	return 0;
}

/* The most frequent first, then the newest. */
static int
by_count(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->last < y->last) - (x->last > y->last);
}

static void
put_groups(struct buf *out, struct groups *g, size_t looks, size_t total)
{
	size_t i;

	buf_clear(out);
	buf_puts(out, "{\"errors\":[");
	if (g->count > 0)
		qsort(g->group, g->count, sizeof *g->group, by_count);
	for (i = 0; i < g->count && out->len < ANSWER_FULL; i++) {
		json_next(out);
		buf_putc(out, '{');
		json_member_string(out, "error", g->group[i].error);
		json_member_number(out, "count", g->group[i].count);
		json_member_time(out, "last_at", g->group[i].last);
		json_member_string(out, "id", g->group[i].id);
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
	json_member_number(out, "looked_at", (long long)looks);
	json_member_number(out, "total", (long long)total);
	buf_puts(out, "}\n");
}

/* Groups the newest of the dead into v->groups; 0 or -1. */
static int
group_dead(struct view *v)
{
	struct groups g = { NULL, 0 };
	struct pick p;
	int ret;

	ret = pick_begin(&p, v, JOB_DEAD, NULL, NULL);
	if (ret == 0 &&
	    (v->groups.len == 0 ||
		v->groups_version != p.roster[JOB_DEAD]->version)) {
		while (ret == 0 && p.looks < VIEW_GROUPS && pick_next(&p))
			ret = add_to_group(&g, &p.record);
		if (ret == 0)
			put_groups(&v->groups, &g, p.looks, p.total);
		/* What cannot be read may be readable the next time. */
		if (ret == 0 && p.excused == 0)
			v->groups_version = p.roster[JOB_DEAD]->version;
	}
	pick_end(&p);
	while (g.count > 0)
		free(g.group[--g.count].error);
	free(g.group);
	return v->groups.failed ? -1 : ret;
}

void
api_errors(struct answer *a, struct view *v)
{
	if (group_dead(v) == -1) {
		refuse_errno(a, "what jobs died of cannot be told");
		return;
	}
	a->type = answer_json;
	buf_add(&a->body, buf_text(&v->groups), v->groups.len);
}
