#include "tally.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "json.h"
#include "record.h"
#include "registry.h"
#include "when.h"
#include "why.h"

/* A state that is being counted. */
struct count {
	struct spool *spool;
	const struct conf *conf;
	int64_t now;
	struct tally *tally;
	struct tally_state *state;
	int dir;
	char *name[TALLY_DETAIL_MAX];
	int names;
};

static int
count_job(void *arg, const char *name, uint64_t inode)
{
	struct count *c = arg;
	char *copy;

	(void)inode;
	if (!spool_is_job(c->dir, name))
		return 0;
	c->state->count++;
	if (c->names == TALLY_DETAIL_MAX)
		return 0;
	copy = malloc(strlen(name) + 1);
	if (copy == NULL)
		return -1;
	memcpy(copy, name, strlen(name) + 1);
	c->name[c->names++] = copy;
	return 0;
}

/* Looks into a live job. */
static void
look_into(struct count *c, const char *name)
{
	const struct job_event *run;
	int64_t since, due = 0;
	struct record r;

	switch (record_read(c->spool, c->dir, name, &r)) {
	case SPOOL_OK:
		break;
	case SPOOL_ERROR: /* it is there, whatever is in it */
		return;
	default:
		c->state->count--;
		return;
	}
	run = record_run(&r);
	since = record_created(&r);
	if (c->dir == JOB_PROCESSING) {
		if (run != NULL)
			since = run->time;
		c->tally->busy +=
		    run != NULL && record_run_alive(c->spool, run);
	} else {
		due = claim_due(c->conf, &r.job, c->dir, c->now, 0);
	}
	if (since < c->state->oldest)
		c->state->oldest = since;
	if (due > c->now && due < c->state->next)
		c->state->next = due;
	record_free(&r);
}

/* Looks at the jobs of a state, if they are not too many. */
static void
look_at(struct count *c)
{
	struct stat st;
	int i;

	if (c->state->count > TALLY_DETAIL_MAX) {
		if (c->dir == JOB_PROCESSING)
			c->tally->busy = c->state->count;
		return;
	}
	for (i = 0; i < c->names; i++) {
		if (c->dir != JOB_COMPLETED && c->dir != JOB_DEAD)
			look_into(c, c->name[i]);
		else if (fstatat(c->spool->dir[c->dir], c->name[i], &st,
			     AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISREG(st.st_mode))
			c->state->count--;
	}
}

static void
count_state(struct count *c, int dir)
{
	c->dir = dir;
	c->state = &c->tally->state[dir];
	c->state->oldest = c->state->next = WHEN_NEVER;
	if (spool_scan(c->spool, dir, count_job, c) == 0)
		look_at(c);
	else
		c->state->error = errno;
	while (c->names > 0)
		free(c->name[--c->names]);
}

/* True if what was counted is still so. */
static int
is_kept(const struct count *c, const struct look *look, int dir)
{
	const struct tally_state *t = &c->tally->state[dir];

	/* What is looked into is more than its directory tells. */
	if (dir != JOB_COMPLETED && dir != JOB_DEAD &&
	    (dir == JOB_PROCESSING || t->count <= TALLY_DETAIL_MAX))
		return 0;
	return t->error == 0 && !look_due(look, c->spool, dir);
}

int
tally_again(struct spool *s, const struct conf *conf, int64_t now,
    struct tally_kept *kept)
{
	struct count *c = calloc(1, sizeof *c);
	struct tally *t = &kept->tally;
	int dir, ret = 0;

	if (c == NULL) {
		for (dir = 0; dir < JOB_STATES; dir++)
			t->state[dir].error = ENOMEM;
		return -1;
	}
	c->spool = s;
	c->conf = conf;
	c->now = now;
	c->tally = t;
	t->busy = 0;
	for (dir = 0; dir < JOB_STATES; dir++) {
		if (is_kept(c, &kept->look[dir], dir))
			continue;
		memset(&t->state[dir], 0, sizeof t->state[dir]);
		look_begin(&kept->look[dir], s, dir);
		count_state(c, dir);
		errno = t->state[dir].error;
		look_end(&kept->look[dir], errno != 0 ? -1 : 0);
		ret = t->state[dir].error != 0 ? -1 : ret;
	}
	free(c);
	t->error = 0;
	t->workers = registry_workers(s);
	if (t->workers == -1) {
		t->error = errno;
		ret = -1;
	}
	return ret;
}

int
tally_count(struct spool *s, const struct conf *conf, int64_t now,
    struct tally *t)
{
	struct tally_kept kept;
	int ret;

	memset(&kept, 0, sizeof kept);
	ret = tally_again(s, conf, now, &kept);
	*t = kept.tally;
	return ret;
}

long
tally_idle(const struct tally *t)
{
	return t->workers > t->busy ? t->workers - t->busy : 0;
}

/* ---- The oldest, of any number ---- */

struct oldest {
	const struct spool *spool;
	int dir;
	int64_t time;
};

static int
older(void *arg, const char *name, uint64_t inode)
{
	struct oldest *o = arg;
	struct stat st;
	int64_t us;

	(void)inode;
	if (!spool_is_job(o->dir, name))
		return 0;
	us = job_id_time(name);
	if (us == -1 &&
	    fstatat(o->spool->dir[o->dir], name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		us = spool_time(&st);
	if (us != -1 && us < o->time)
		o->time = us;
	return 0;
}

int
tally_oldest(const struct spool *s, int dir, int64_t *oldest)
{
	struct oldest o;
	int ret;

	o.spool = s;
	o.dir = dir;
	o.time = WHEN_NEVER;
	ret = spool_scan(s, dir, older, &o);
	*oldest = o.time;
	return ret;
}

/* ---- For programs ---- */

static void
put_time(struct buf *out, const char *name, int64_t us)
{
	if (us != WHEN_NEVER)
		json_member_time(out, name, us);
}

void
tally_json(const struct spool *s, const struct tally *tally, struct buf *out)
{
	const struct tally_state *t = tally->state;
	struct buf paused = BUF_EMPTY;
	int dir;

	buf_putc(out, '{');
	for (dir = 0; dir < JOB_STATES; dir++)
		json_member_number(out, job_state_name(dir), t[dir].count);
	put_time(out, "oldest", t[JOB_PENDING].oldest);
	put_time(out, "longest_since", t[JOB_PROCESSING].oldest);
	put_time(out, "next_due",
	    t[JOB_FAILED].next < t[JOB_PENDING].next ? t[JOB_FAILED].next :
						       t[JOB_PENDING].next);
	if (tally->workers != -1) {
		json_member_number(out, "workers_busy", tally->busy);
		json_member_number(out, "workers_idle", tally_idle(tally));
	}
	json_name(out, "paused");
	if (spool_paused(s)) {
		why_paused(s, &paused);
		json_string(out, buf_text(&paused), paused.len);
	} else {
		buf_puts(out, "null");
	}
	buf_puts(out, "}\n");
	buf_free(&paused);
}
