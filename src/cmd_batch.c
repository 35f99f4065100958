#include "cmd_batch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_GROUP 512 /* jobs, at most, that are synced together */

/* An ID that a line chose. */
struct chosen {
	char *id;
	long line;
};

/* Jobs that are synced together. */
struct group {
	struct spool_new *job;
	long *line; /* that it is of */
	size_t count, room;
};

struct batch {
	const struct submit *submit;
	const char *name;
	int put; /* the lines are put in, not only checked */
	struct spool spool;
	struct conf conf;
	struct group group;
	long line;
	struct chosen *chosen;
	size_t nchosen;
};

static int
wrong_line(const struct batch *b, long line, const char *why)
{
	cmd_warn(b->name, "line %ld: %s; nothing was enqueued", line, why);
	return MSG_USAGE;
}

/* ---- Chosen IDs ---- */

/* Notes the ID of a line, if it chose one; 0, or -1 without memory. */
static int
note_id(struct batch *b, const char *id)
{
	struct chosen *grown = b->chosen;
	size_t size = strlen(id) + 1;

	if (size == 1)
		return 0;
	if ((b->nchosen & (b->nchosen + 1)) == 0) {
		grown = realloc(grown, (b->nchosen + 1) * 2 * sizeof *grown);
		if (grown == NULL)
			return -1;
		b->chosen = grown;
	}
	grown[b->nchosen].line = b->line;
	grown[b->nchosen].id = malloc(size);
	if (grown[b->nchosen].id == NULL)
		return -1;
	memcpy(grown[b->nchosen++].id, id, size);
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (order != 0)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* No ID may be there twice. */
static int
check_twice(struct batch *b)
{
	char why[JOB_NAME_MAX + 80];
	const struct chosen *c = b->chosen;
	size_t i;

	if (b->nchosen > 0)
		qsort(b->chosen, b->nchosen, sizeof *b->chosen, by_id);
	for (i = 1; i < b->nchosen; i++) {
		if (strcmp(c[i].id, c[i - 1].id) != 0)
			continue;
		snprintf(why, sizeof why, "%s is the ID of line %ld too",
		    c[i].id, c[i - 1].line);
		return wrong_line(b, c[i].line, why);
	}
	return MSG_OK;
}

/* None may be in the spool, or with --again none that is live. */
static int
check_taken(const struct batch *b)
{
	char why[JOB_NAME_MAX + 80];
	size_t i;
	int state;

	for (i = 0; i < b->nchosen; i++) {
		state = spool_find(&b->spool, b->chosen[i].id);
		if (state < 0 ||
		    (b->submit->again &&
			(state == JOB_COMPLETED || state == JOB_DEAD)))
			continue;
		snprintf(why, sizeof why,
		    "there is a job of the ID %s already (%s)", b->chosen[i].id,
		    job_state_name(state));
		(void)wrong_line(b, b->chosen[i].line, why);
		return MSG_REFUSED;
	}
	return MSG_OK;
}

/* ---- Groups ---- */

/*
 * Each has a descriptor: no more of them than half of those that are left, to
 * judge by the next one.
 */
static int
group_init(struct group *g)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	long max = sysconf(_SC_OPEN_MAX), left = max - fd;

	if (fd != -1)
		(void)close(fd);
	g->count = 0;
	g->room = BATCH_GROUP;
	if (max != -1 && left / 2 < BATCH_GROUP)
		g->room = left < 4 ? 1 : (size_t)left / 2;
	g->job = calloc(g->room, sizeof *g->job);
	g->line = calloc(g->room, sizeof *g->line);
	if (g->job != NULL && g->line != NULL)
		return MSG_OK;
	msg_warn("a batch");
	return MSG_REFUSED;
}

static void
group_free(struct group *g)
{
	free(g->job);
	free(g->line);
}

/* Puts in what was prepared; b->line is that of one that fails. */
static int
put_group(struct batch *b)
{
	struct group *g = &b->group;
	size_t in, count = g->count;
	int status;

	g->count = 0;
	if (count == 0)
		return MSG_OK;
	status = submit_put(b->submit, &b->spool, g->job, count, &in);
	if (status != MSG_OK)
		b->line = g->line[in < count ? in : count - 1];
	return status;
}

/* Prepares the job of a line. */
static int
prepare(struct batch *b, struct draft *d)
{
	struct group *g = &b->group;
	int status = submit_space(&b->spool, &b->conf);

	if (status == MSG_OK)
		status = submit_prepare(b->submit, &b->spool, &b->conf, d,
		    g->room == 1, &g->job[g->count]);
	if (status != MSG_OK)
		return status;
	g->line[g->count++] = b->line;
	return g->count == g->room ? put_group(b) : MSG_OK;
}

/* ---- The lines ---- */

/* Makes the draft of a line, and checks it or puts it in. */
static int
do_line(struct batch *b, const char *line, size_t len)
{
	const struct submit *q = b->submit;
	struct job_error error;
	struct draft d;
	int status;

	draft_init(&d);
	status = submit_given(q, &d, line, len, &error) == -1 ?
	    wrong_line(b, b->line, error.what) :
	    submit_options(q, &d);
	if (status == MSG_OK && b->put)
		status = prepare(b, &d);
	else if (status == MSG_OK && submit_check(q, &d, &error) == -1)
		status = wrong_line(b, b->line, error.what);
	else if (status == MSG_OK && note_id(b, d.id) == -1)
		status = wrong_line(b, b->line, "out of memory");
	draft_free(&d);
	return status;
}

/* Goes through the lines until one fails; empty ones are no jobs. */
static int
do_lines(struct batch *b, const struct buf *text)
{
	const char *p = buf_text(text), *end = p + text->len, *eol;
	int status = MSG_OK;

	for (b->line = 1; p < end; b->line++, p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		if (eol > p)
			status = do_line(b, p, (size_t)(eol - p));
		if (status != MSG_OK)
			break;
	}
	return status;
}

/* Puts all in; where it has to stop is said. */
static int
put_lines(struct batch *b, const struct buf *text)
{
	int status = cmd_open_write(b->submit->args, &b->spool, &b->conf);
	int last;

	if (status != MSG_OK)
		return status;
	status = check_taken(b);
	if (status == MSG_OK) {
		b->put = 1;
		status = group_init(&b->group);
		if (status == MSG_OK)
			status = do_lines(b, text);
		/* What is before a line that fails is put in all the same. */
		last = put_group(b);
		status = status == MSG_OK ? last : status;
		group_free(&b->group);
		if (status != MSG_OK)
			cmd_warn(b->name,
			    "line %ld: nothing behind it was enqueued",
			    b->line);
	}
	spool_close(&b->spool);
	return status;
}

int
batch_enqueue(const struct submit *submit, const char *name,
    const struct buf *text)
{
	struct batch b;
	struct draft d;
	int status;

	memset(&b, 0, sizeof b);
	b.submit = submit;
	b.name = name;
	draft_init(&d); /* wrong options are wrong even if there are no lines */
	status = submit_options(submit, &d);
	draft_free(&d);
	if (status == MSG_OK)
		status = do_lines(&b, text);
	if (status == MSG_OK)
		status = check_twice(&b);
	if (status == MSG_OK)
		status = put_lines(&b, text);
	while (b.nchosen > 0)
		free(b.chosen[--b.nchosen].id);
	free(b.chosen);
	return status;
}
