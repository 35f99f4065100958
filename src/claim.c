#include "claim.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"
#include "record.h"
#include "registry.h"
#include "retry.h"

#define CLAIM_RETRY_MS 32 /* at most between two tries of a command */

/* ---- What a job file says ---- */

static void
claim_init(struct claim *c, struct spool *s, const char *name, int dir)
{
	static const struct claim empty;

	*c = empty;
	c->spool = s;
	c->fd = -1;
	c->from = c->where = dir;
	c->ending = JOB_NO_STATE;
	snprintf(c->name, sizeof c->name, "%s", name);
}

/* Gives up the lock, unless a process that is left is to keep it. */
static void
unlock(struct claim *c)
{
	if (c->left[0] != '\0')
		(void)fs_close(c->fd);
	else
		spool_release(c->fd);
	c->fd = -1;
}

void
claim_drop(struct claim *c)
{
	int saved = errno;

	if (c->fd != -1)
		unlock(c);
	job_free(&c->job);
	buf_free(&c->text);
	errno = saved;
}

/* Takes the lock, and makes sure that the name still means the file. */
static enum claim_result
own(struct claim *c)
{
	switch (spool_take(c->spool, c->from, c->name, &c->fd)) {
	case SPOOL_OK:
		return CLAIM_OK;
	case SPOOL_GONE:
		return CLAIM_GONE;
	case SPOOL_BUSY:
		return CLAIM_BUSY;
	case SPOOL_FOREIGN:
		return CLAIM_FOREIGN;
	default:
		return errno == EACCES || errno == EPERM ? CLAIM_FOREIGN :
							   CLAIM_TROUBLE;
	}
}

/* True if the last line of the file has its newline. */
static int
ends_whole(int fd)
{
	struct stat st;
	char last = '\0';

	return fstat(fd, &st) == 0 && st.st_size > 0 &&
	    pread(fd, &last, 1, st.st_size - 1) == 1 && last == '\n';
}

/*
 * Reads the owned file; cuts off a torn last line, which never counted.  A file
 * that is not trusted is JOB_BAD, whatever it says, and is not changed.
 */
static enum job_parsed
load(struct claim *c, struct job_error *error)
{
	enum job_parsed parsed;
	struct stat st;

	buf_clear(&c->text);
	job_free(&c->job);
	if (fstat(c->fd, &st) == -1 || spool_read(c->fd, &c->text) == -1)
		return JOB_NO_MEMORY;
	parsed = job_parse(&c->job, buf_text(&c->text), c->text.len, error);
	c->strange = !spool_trusts(c->spool->owner, &st);
	if (c->strange && parsed != JOB_NO_MEMORY) {
		c->half = 1;
		c->stamp = -1;
		spool_whose(c->spool->owner, &st, error->what);
		snprintf(c->error, sizeof c->error, "%s", error->what);
		return JOB_BAD;
	}
	/* Nothing is appended to a line that is open. */
	c->half = parsed == JOB_HALF ||
	    (c->text.len > JOB_FILE_MAX && !ends_whole(c->fd));
	c->stamp = -1;
	if (parsed == JOB_OK && c->job.created_at == -1)
		c->stamp = spool_changed(c->fd);
	/* Not of a file that is too large: it was not read to its end. */
	if ((parsed == JOB_OK || parsed == JOB_BAD) &&
	    c->job.whole < c->text.len && c->text.len <= JOB_FILE_MAX &&
	    ftruncate(c->fd, (off_t)c->job.whole) == -1)
		return JOB_NO_MEMORY;
	return parsed;
}

/*
 * Appends a state line to the owned file.  The first one takes the time of
 * submission along, which until then was the file's mtime.
 */
static int
append(struct claim *c, const struct job_event *e)
{
	struct buf line = BUF_EMPTY;
	char time[WHEN_SIZE];
	int ret, saved;

	if (c->stamp >= 0) {
		when_format(time, c->stamp);
		job_put(&line, "created_at", time);
	}
	job_put_event(&line, e);
	ret = spool_append(c->fd, &line);
	saved = errno;
	if (ret == 0) {
		c->stamp = -1;
		c->told += line.len;
	}
	buf_free(&line);
	errno = saved;
	return ret;
}

/*
 * Takes away the lines that told of a move which was not made, for `why`: what
 * failed has changed nothing.  They stay if it may have been made after all.
 * Our offset is where our last line ends; what others have appended to a file
 * that is not ours any more is theirs.
 */
static void
untell(struct claim *c, enum claim_result why)
{
	int saved = errno;
	struct stat st;
	off_t end;

	if (c->told > 0 &&
	    (why == CLAIM_GONE ||
		spool_same(c->spool, c->fd, c->from, c->name) == 1)) {
		end = lseek(c->fd, 0, SEEK_CUR);
		if (fstat(c->fd, &st) == 0 && st.st_size == end)
			(void)ftruncate(c->fd, end - (off_t)c->told);
	}
	c->told = 0;
	errno = saved;
}

struct retry_rule
claim_rule(const struct conf *conf, const struct job *job)
{
	struct retry_rule rule;
	long max = job->max_backoff >= 0 ? job->max_backoff :
					   conf->max_backoff_seconds;

	rule.max_retries =
	    job->max_retries >= 0 ? job->max_retries : (int)conf->max_retries;
	rule.base =
	    job->backoff_base >= 1 ? job->backoff_base : conf->backoff_base;
	rule.max_delay = max * WHEN_SECOND;
	rule.jitter_percent = (int)conf->backoff_jitter;
	return rule;
}

int64_t
claim_due(const struct conf *conf, const struct job *job, int dir, int64_t now,
    int64_t known_us)
{
	struct retry_rule rule = claim_rule(conf, job);
	int64_t due = job_due(job, dir);
	const struct job_event *e = job_last_event(job, JOB_NO_STATE);

	/* What cannot be started must not be in the way of what can. */
	if (dir == JOB_PENDING && e != NULL && e->reason == JOB_RETURNED) {
		due = e->time + CLAIM_RETURNED;
		if (due > now - known_us + CLAIM_RETURNED)
			due = now - known_us + CLAIM_RETURNED;
	}
	if (dir == JOB_FAILED)
		due = retry_clamp(&rule, job->counted, due, now - known_us);
	return due;
}

/* ---- Carrying out an end: append, sync, move, sync, unlock ---- */

/* A name that is no job's in pending/ waits in failed/. */
static void
set_end(struct claim *c, struct job_event e)
{
	if (e.state == JOB_PENDING && job_name_unfinished(c->name) != NULL) {
		e.state = JOB_FAILED;
		e.retry_at = e.time;
		if (e.reason == JOB_NO_REASON)
			e.reason = JOB_RETURNED;
	}
	c->end = e;
	c->ending = e.state;
	c->recorded = 0;
}

/* Moves the job to where it ends; an ended namesake makes room. */
static enum claim_result
move_to_end(struct claim *c)
{
	enum spool_result r;

	r = spool_move(c->spool, c->fd, c->where, c->ending, c->name);
	if (r == SPOOL_EXISTS &&
	    (c->ending == JOB_COMPLETED || c->ending == JOB_DEAD)) {
		r = spool_archive(c->spool, c->name);
		if (r == SPOOL_OK)
			r = spool_move(c->spool, c->fd, c->where, c->ending,
			    c->name);
	}
	switch (r) {
	case SPOOL_OK:
		return CLAIM_OK;
	case SPOOL_GONE:
		return CLAIM_GONE;
	case SPOOL_BUSY:
	case SPOOL_EXISTS:
	case SPOOL_FOREIGN:
		return CLAIM_BUSY;
	default:
		return CLAIM_TROUBLE;
	}
}

/*
 * Somebody else's file has the name where this job is to wait, be it in
 * pending/ or in failed/: it waits in the other one of them.  If that has a
 * third one, or if this one is half-written, as a power cut may leave it in
 * processing/, it is dead: they would wait for each other for ever.
 */
static void
wait_elsewhere(struct claim *c)
{
	struct job_event e = c->end;

	e.time = spool_now(c->spool);
	if (c->half || c->elsewhere) {
		e = job_event_make(JOB_DEAD, e.time);
		e.error = "two other jobs of this ID wait";
	} else if (c->ending == JOB_PENDING) {
		e.state = JOB_FAILED;
		e.retry_at = e.time;
		if (e.reason == JOB_NO_REASON)
			e.reason = JOB_RETURNED;
	} else {
		e = job_event_make(JOB_PENDING, e.time);
		e.reason = JOB_RETURNED;
	}
	c->elsewhere = 1;
	set_end(c, e);
	c->recorded = c->half; /* nothing may be appended */
}

/* Writes down how the job ends, unless that was done; 0 or -1. */
static int
record(struct claim *c)
{
	if (c->recorded)
		return 0;
	if (append(c, &c->end) == -1)
		return -1;
	c->recorded = 1;
	/*
	 * A sync that failed is not tried again: the kernel may have dropped
	 * the pages and would report success.  The job is moved all the same.
	 */
	if (!c->unsynced && spool_sync_file(c->spool, c->fd) == -1)
		c->unsynced = 1;
	return 0;
}

/*
 * Carries out c->end.  Crash after the append: the file is where it was,
 * unlocked, and its last line names where it goes; recover (or, from a
 * waiting directory, the next claim) completes the move.
 *
 * CLAIM_GONE: the name did not mean the file any more, or never did: on a
 * network a look may be answered from a cache.  Then it is elsewhere, and has
 * another end; that of a run stays all the same, since nobody else knows it.
 */
static enum claim_result
conclude(struct claim *c)
{
	enum claim_result r;
	int from = c->where;

	for (;;) {
		if (record(c) == -1 && !spool_is_gone(errno))
			return CLAIM_TROUBLE;
		r = c->recorded ? move_to_end(c) : CLAIM_GONE;
		if (r != CLAIM_BUSY ||
		    (c->ending != JOB_PENDING && c->ending != JOB_FAILED))
			break;
		wait_elsewhere(c);
	}
	if (r != CLAIM_OK && r != CLAIM_GONE)
		return r;
	if (r == CLAIM_GONE && c->attempt == 0)
		untell(c, r);
	c->told = 0;
	if (r == CLAIM_OK) {
		c->where = c->ending;
		if (spool_sync_dir(c->spool, c->ending) == -1 ||
		    spool_sync_dir(c->spool, from) == -1)
			c->unsynced = 1;
	}
	unlock(c);
	if (r == CLAIM_OK && c->unsynced)
		return CLAIM_UNSYNCED;
	return r;
}

/* The end of a run that its worker did not live to see. */
static struct job_event
lost_event(struct claim *c, const struct conf *conf)
{
	struct job_event e;
	int times = c->job.interruptions + 1;

	e = job_event_make(JOB_PENDING, spool_now(c->spool));
	e.reason = JOB_LOST;
	if (times >= conf->max_interruptions) {
		snprintf(c->error, sizeof c->error,
		    "lost %d times: its worker was killed or the machine "
		    "went down",
		    times);
		e = job_event_make(JOB_DEAD, e.time);
		e.attempt = c->job.attempts;
		e.error = c->error;
	}
	return e;
}

/* ---- What is somebody else's ---- */

/* It goes to dead/ as it is. */
static void
end_strange(struct claim *c)
{
	struct job_event e = job_event_make(JOB_DEAD, spool_now(c->spool));

	e.error = c->error;
	set_end(c, e);
	c->recorded = 1;
}

/*
 * The same, of a file that may not even be opened: nobody here can hold its
 * lock.  One that is trusted is left alone until it can be opened.
 */
static enum claim_result
end_unopened(struct claim *c)
{
	struct spool *s = c->spool;
	enum spool_result r;
	struct stat st;

	if (!spool_distrusts(s, c->from, c->name, &st))
		return CLAIM_FOREIGN;
	spool_whose(s->owner, &st, c->error);
	end_strange(c);
	r = spool_rename_unopened(s, &st, c->from, c->name, JOB_DEAD, c->name);
	if (r == SPOOL_EXISTS) {
		if (spool_archive(s, c->name) != SPOOL_OK)
			return CLAIM_BUSY;
		r = spool_rename_unopened(s, &st, c->from, c->name, JOB_DEAD,
		    c->name);
	}
	if (r != SPOOL_OK)
		return r == SPOOL_GONE ? CLAIM_GONE :
		    r == SPOOL_EXISTS  ? CLAIM_BUSY :
					 CLAIM_TROUBLE;
	c->where = JOB_DEAD;
	return spool_sync_dir(s, JOB_DEAD) == -1 ||
		spool_sync_dir(s, c->from) == -1 ?
	    CLAIM_UNSYNCED :
	    CLAIM_OK;
}

/* ---- Claiming ---- */

/* The end of a job that is not run, carried out with that result. */
static enum claim_result
unrun(enum claim_result r)
{
	return r == CLAIM_OK || r == CLAIM_UNSYNCED ? CLAIM_ENDED : r;
}

static enum claim_result
end_unrun(struct claim *c)
{
	return unrun(conclude(c));
}

/* A file that cannot be accepted goes to dead/, and says why. */
static enum claim_result
bury(struct claim *c, const struct job_error *error)
{
	struct job_event e = job_event_make(JOB_DEAD, spool_now(c->spool));
	enum claim_result r;

	snprintf(c->error, sizeof c->error, "%s", error->what);
	e.error = c->error;
	set_end(c, e);
	/* As it is if half-written or strange; not twice after a crash. */
	c->recorded = c->half || c->job.last == JOB_DEAD;
	r = end_unrun(c);
	/* It stays true, and is not written anew at each try. */
	if (r == CLAIM_BUSY)
		c->told = 0;
	return r;
}

int64_t
claim_settled(const struct spool *s, int fd, int64_t now, int64_t known_us)
{
	int64_t changed, quiet;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	/* ctime: when it was moved in, however old its text is. */
	changed = st.st_ctime > st.st_mtime ? st.st_ctime : st.st_mtime;
	quiet = now - changed * WHEN_SECOND;
	if (quiet < 0)
		quiet = 0;
	if (known_us < quiet)
		quiet = known_us;
	return now + s->settle - quiet;
}

/* Somebody may still be writing it: wait until it has been quiet. */
static enum claim_result
await_writer(struct claim *c, int64_t known_us, int64_t *due,
    const struct job_error *error)
{
	int64_t now = fs_now();

	*due = claim_settled(c->spool, c->fd, now, known_us);
	if (*due == -1)
		return CLAIM_TROUBLE;
	return *due > now ? CLAIM_LATER : bury(c, error);
}

/*
 * Puts right what a crash or a hand left: a last line that names another
 * state than the directory.
 */
static enum claim_result
put_right(struct claim *c, const struct conf *conf)
{
	struct job_event e;
	struct job_error error;

	if (c->job.last == JOB_NO_STATE || c->job.last == c->from)
		return CLAIM_OK;
	if (c->job.last == JOB_PROCESSING) {
		e = lost_event(c, conf);
		if (e.state == JOB_DEAD) {
			set_end(c, e);
			return end_unrun(c);
		}
	} else {
		e = job_event_make(JOB_PENDING, spool_now(c->spool));
		e.reason = JOB_MOVED;
	}
	if (append(c, &e) == -1 || load(c, &error) != JOB_OK)
		return CLAIM_TROUBLE;
	return CLAIM_OK;
}

static int
is_there(const struct spool *s, int dir, const char *name)
{
	struct stat st;

	return fstatat(s->dir[dir], name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT;
}

/* No other job of this name may be live; an ended one makes room. */
static enum claim_result
make_room(struct claim *c)
{
	enum spool_result r;

	if (is_there(c->spool, SPOOL_PROCESSING, c->name) ||
	    (c->from == SPOOL_PENDING &&
		is_there(c->spool, SPOOL_FAILED, c->name)))
		return CLAIM_BUSY;
	if (c->job.attempts > 0)
		return CLAIM_OK;
	r = spool_archive(c->spool, c->name);
	if (r == SPOOL_OK)
		return CLAIM_OK;
	return r == SPOOL_BUSY || r == SPOOL_FOREIGN ? CLAIM_BUSY :
						       CLAIM_TROUBLE;
}

/*
 * To processing/.  Crash after the move: the file is there, unlocked, with
 * its old last line: recover moves it back to where that says.
 *
 * A request to cancel that was there before is for an earlier run, or for a
 * namesake that runs now: only once we are in its place is it void.  One that
 * is made from then on is for this run, and stays.
 */
static enum claim_result
move_to_processing(struct claim *c)
{
	enum spool_result r;
	struct stat old;
	int asked;

	asked = registry_noted(c->spool, REGISTRY_CANCEL, c->name, &old);
	r = spool_move(c->spool, c->fd, c->from, SPOOL_PROCESSING, c->name);
	switch (r) {
	case SPOOL_OK:
		c->where = SPOOL_PROCESSING;
		if (asked)
			registry_answer_noted(c->spool, REGISTRY_CANCEL,
			    c->name, &old);
		return CLAIM_OK;
	case SPOOL_GONE:
		return CLAIM_GONE;
	case SPOOL_EXISTS:
		return CLAIM_BUSY;
	default:
		return CLAIM_TROUBLE;
	}
}

/*
 * make_room() looked at one directory after the other, and a namesake may
 * have slipped by between them.  While we have processing/ID none can run.
 */
static int
has_namesake(const struct claim *c)
{
	if (c->from == SPOOL_PENDING &&
	    is_there(c->spool, SPOOL_FAILED, c->name))
		return 1;
	return c->job.attempts == 0 &&
	    (is_there(c->spool, SPOOL_COMPLETED, c->name) ||
		is_there(c->spool, SPOOL_DEAD, c->name));
}

/* The steps that need the lock; whatever they return, c->fd may be held. */
static enum claim_result
take_owned(struct claim *c, const struct conf *conf, int64_t known_us,
    int64_t *due)
{
	struct job_error error;
	enum claim_result r;
	int64_t now;

	switch (load(c, &error)) {
	case JOB_OK:
		break;
	case JOB_HALF:
		return await_writer(c, known_us, due, &error);
	case JOB_BAD:
		return bury(c, &error);
	default:
		return CLAIM_TROUBLE;
	}
	now = fs_now();
	*due = claim_due(conf, &c->job, c->from, now, known_us);
	if (*due > now)
		return CLAIM_LATER;
	if (spool_paused(c->spool))
		return CLAIM_BUSY;
	r = make_room(c);
	if (r == CLAIM_OK)
		r = put_right(c, conf);
	if (r == CLAIM_OK)
		r = move_to_processing(c);
	if (r == CLAIM_OK && has_namesake(c)) {
		(void)spool_move(c->spool, c->fd, SPOOL_PROCESSING, c->from,
		    c->name);
		r = CLAIM_BUSY;
	}
	if (r != CLAIM_OK)
		untell(c, r);
	return r;
}

enum claim_result
claim_take(struct claim *c, struct spool *s, const struct conf *conf, int dir,
    const char *name, int64_t known_us, int64_t *due)
{
	enum claim_result r;

	claim_init(c, s, name, dir);
	r = own(c);
	if (r == CLAIM_OK)
		r = take_owned(c, conf, known_us, due);
	else if (r == CLAIM_FOREIGN)
		r = unrun(end_unopened(c));
	if (r != CLAIM_OK)
		claim_drop(c);
	return r;
}

/*
 * Crash after the append: processing/, unlocked, last line `processing`:
 * recover finds it lost.  It is synced first, so that a job that takes the
 * machine down with it is counted.
 */
enum claim_result
claim_begin(struct claim *c, const char *worker)
{
	struct job_event e;
	int saved;

	e = job_event_make(JOB_PROCESSING, spool_now(c->spool));
	e.attempt = c->job.attempts + 1;
	e.worker = worker;
	if (append(c, &e) == 0) {
		c->told = 0;
		c->attempt = e.attempt;
		if (spool_sync_file(c->spool, c->fd) == 0)
			return CLAIM_OK;
		saved = errno;
		c->unsynced = 1;
		(void)claim_put_back(c, NULL, JOB_RETURNED);
	} else {
		saved = errno;
		(void)spool_move(c->spool, c->fd, SPOOL_PROCESSING, c->from,
		    c->name);
		untell(c, CLAIM_TROUBLE);
	}
	claim_drop(c);
	errno = saved;
	return CLAIM_TROUBLE;
}

/* ---- The end of a run ---- */

/* Adds what is left of a run to its error. */
static void
add_left(struct claim *c)
{
	size_t len = strlen(c->error);

	if (c->left[0] != '\0')
		snprintf(c->error + len, sizeof c->error - len, "; %s",
		    c->left);
}

/* What the run's end means for the job: completed, tried again, or dead. */
static struct job_event
end_event(struct claim *c, const struct conf *conf, const struct claim_end *end)
{
	struct retry_rule rule = claim_rule(conf, &c->job);
	struct job_event e = job_event_make(JOB_COMPLETED, spool_now(c->spool));
	uint32_t random = 0;
	int counted = c->job.counted + 1;

	e.attempt = c->attempt;
	e.exit_code = end->exit_code;
	e.signal = end->signal;
	if (end->exit_code == 0 && !end->failed && !end->cancelled)
		return e;
	if (end->error != NULL)
		snprintf(c->error, sizeof c->error, "%s", end->error);
	else if (end->signal > 0)
		snprintf(c->error, sizeof c->error, "killed by signal %d",
		    end->signal);
	else
		snprintf(c->error, sizeof c->error, "exit code %d",
		    end->exit_code);
	add_left(c);
	e.error = c->error;
	e.state = JOB_DEAD;
	if (end->cancelled || retry_exhausted(&rule, counted))
		return e;
	e.state = JOB_FAILED;
	if (rule.jitter_percent > 0)
		fs_random(&random, sizeof random);
	e.retry_at = e.time + retry_delay(&rule, counted, random);
	return e;
}

/* 1 if what the file tells last is of our run, 0 if not, -1 with errno. */
static int
tells_of_us(const struct claim *c)
{
	struct buf text = BUF_EMPTY;
	const struct job_event *e;
	struct job_error error;
	struct job job;
	int ours = -1;

	if (spool_read(c->fd, &text) == 0 &&
	    job_parse(&job, buf_text(&text), text.len, &error) !=
		JOB_NO_MEMORY) {
		e = job_last_event(&job, JOB_NO_STATE);
		ours = e != NULL && job.attempts == c->attempt &&
		    (c->recorded ? e->time == c->end.time :
				   e->state == JOB_PROCESSING);
		job_free(&job);
	}
	buf_free(&text);
	return ours;
}

/*
 * The lease was not kept, so the file system may have given the lock to
 * another host: takes it anew, and sees whether it was used.  With a lock that
 * is lost a descriptor may be spoilt: after an error the file is opened anew.
 */
static enum claim_result
take_again(struct claim *c)
{
	int got = 0; /* -1: an error, 1: it is another one's */

	if (c->fd != -1)
		got = os_flock(c->fd, OS_LOCK_EXCLUSIVE);
	else
		switch (
		    spool_take(c->spool, SPOOL_PROCESSING, c->name, &c->fd)) {
		case SPOOL_OK:
			break;
		case SPOOL_ERROR:
			return CLAIM_TROUBLE;
		default:
			got = 1;
			break;
		}
	if (got == 0) {
		got = tells_of_us(c);
		if (got != -1)
			got = !got;
	}
	if (got == 0)
		return CLAIM_OK;
	if (c->fd != -1)
		unlock(c);
	c->taken = got == 1;
	return got == 1 ? CLAIM_GONE : CLAIM_TROUBLE;
}

/* True if the job may still be moved; else it is let go. */
static enum claim_result
still_ours(struct claim *c)
{
	enum claim_result r = c->doubtful ? take_again(c) : CLAIM_OK;
	int same;

	if (r != CLAIM_OK)
		return r;
	same = spool_same(c->spool, c->fd, SPOOL_PROCESSING, c->name);
	if (same == -1)
		return CLAIM_TROUBLE;
	if (same == 1) {
		c->doubtful = 0;
		return CLAIM_OK;
	}
	unlock(c);
	return CLAIM_GONE;
}

enum claim_result
claim_finish(struct claim *c, const struct conf *conf,
    const struct claim_end *end)
{
	enum claim_result r = still_ours(c);

	if (r != CLAIM_OK)
		return r;
	if (c->ending == JOB_NO_STATE)
		set_end(c, end_event(c, conf, end));
	return conclude(c);
}

/* A job that takes down its own workers must not do so for ever. */
static struct job_event
put_back_event(struct claim *c, const struct conf *conf, enum job_reason reason)
{
	struct job_event e = job_event_make(JOB_PENDING, spool_now(c->spool));
	int times = c->job.stops + 1;

	if (reason == JOB_LOST) {
		e = lost_event(c, conf);
		if (e.state == JOB_DEAD)
			e.attempt = c->attempt;
		return e;
	}
	e.reason = reason;
	if (reason == JOB_RETURNED && c->error[0] != '\0')
		e.error = c->error;
	else if (c->left[0] != '\0')
		e.error = c->left;
	if (reason != JOB_STOPPED || times < conf->max_stops)
		return e;
	snprintf(c->error, sizeof c->error,
	    "stopped %d times in a row: it may take down the workers; "
	    "queuectl retry runs it again",
	    times);
	add_left(c);
	e = job_event_make(JOB_DEAD, e.time);
	e.attempt = c->attempt;
	e.error = c->error;
	return e;
}

enum claim_result
claim_put_back(struct claim *c, const struct conf *conf, enum job_reason reason)
{
	enum claim_result r = still_ours(c);

	if (r != CLAIM_OK)
		return r;
	if (c->ending == JOB_NO_STATE)
		set_end(c, put_back_event(c, conf, reason));
	return conclude(c);
}

enum claim_result
claim_return(struct claim *c, const char *error)
{
	if (c->ending == JOB_NO_STATE)
		snprintf(c->error, sizeof c->error, "%s", error);
	return claim_put_back(c, NULL, JOB_RETURNED);
}

int
claim_touch(const struct claim *c)
{
	return futimens(c->fd, NULL);
}

int
claim_is_cancelled(const struct claim *c)
{
	struct stat st;

	return registry_asked(c->spool, REGISTRY_CANCEL, c->name) &&
	    fstat(c->fd, &st) == 0 &&
	    registry_cancels(c->spool, c->name, st.st_ino);
}

/* ---- Recovery ---- */

/* Bytes of HOST in HOST.PID.SLOT. */
static size_t
host_length(const char *worker)
{
	size_t len = strlen(worker);
	int dots;

	for (dots = 0; len > 0 && dots < 2; len--)
		dots += worker[len - 1] == '.';
	return len;
}

int
claim_is_local(const struct spool *s, const char *worker)
{
	size_t len = host_length(worker);

	return strlen(s->host) == len && memcmp(s->host, worker, len) == 0;
}

/* On this host the lock alone decides; between hosts it may not be seen. */
int
claim_leased(const struct spool *s, const struct conf *conf,
    const struct job *job, int64_t touched, struct claim_lease *lease)
{
	const struct job_event *e = job_last_event(job, JOB_PROCESSING);
	int64_t now;

	if (e == NULL || e->worker == NULL || job->last != JOB_PROCESSING ||
	    claim_is_local(s, e->worker))
		return 0;
	lease->host[0] = '\0';
	if (job_id_valid(e->worker) && host_length(e->worker) <= SPOOL_HOST_MAX)
		snprintf(lease->host, sizeof lease->host, "%.*s",
		    (int)host_length(e->worker), e->worker);
	lease->silent_since = touched;
	lease->back_at = touched + conf->lock_lease_seconds * WHEN_SECOND;
	/* Where it cannot be told nobody takes it. */
	now = spool_clock(s);
	return now == -1 || now < lease->back_at;
}

void
claim_lease_text(struct spool *s, const char *name,
    const struct claim_lease *lease, char why[SPOOL_WHY_MAX])
{
	char since[WHEN_SIZE], back[WHEN_SIZE];

	when_format_s(since, lease->silent_since);
	when_format_s(back, lease->back_at);
	snprintf(why, SPOOL_WHY_MAX,
	    "its host%s%s has been silent since %s: unless it is heard of, a "
	    "supervisor will put the job back at %s%s; 'queuectl cancel "
	    "--force %.*s' gives it up now",
	    lease->host[0] != '\0' ? " " : "", lease->host, since, back,
	    registry_workers(s) == 0 ? ", but none is running" : "",
	    JOB_NAME_MAX, name);
}

/* claim_leased, of a job that is owned. */
static int
is_leased(const struct claim *c, const struct conf *conf,
    struct claim_lease *lease)
{
	int64_t touched = spool_changed(c->fd);

	return !c->strange &&
	    claim_leased(c->spool, conf, &c->job, touched, lease);
}

/*
 * Only whole files are claimed: one in processing/ that is acceptable but for
 * an open last line had its first state line torn, which never counted.
 */
static enum job_parsed
load_claimed(struct claim *c)
{
	struct job_error error;
	enum job_parsed parsed = load(c, &error);
	size_t whole = c->job.whole;

	if (parsed != JOB_HALF || whole == c->text.len)
		return parsed;
	job_free(&c->job);
	parsed = job_parse(&c->job, buf_text(&c->text), whole, &error);
	if (parsed != JOB_OK)
		return parsed;
	return ftruncate(c->fd, (off_t)whole) == -1 ? JOB_NO_MEMORY :
						      load(c, &error);
}

/*
 * Its last line was written, its move was not made.  The line may not be on
 * disk: whoever wrote it may have been killed before the sync.
 */
static void
set_recorded(struct claim *c)
{
	if (spool_sync_file(c->spool, c->fd) == -1)
		c->unsynced = 1;
	set_end(c,
	    job_event_make(c->job.last == JOB_NO_STATE ? JOB_PENDING :
							 c->job.last,
		spool_now(c->spool)));
	c->recorded = 1;
}

enum claim_result
claim_recover(struct claim *c, struct spool *s, const struct conf *conf,
    const char *name)
{
	struct claim_lease lease;
	enum claim_result r;

	claim_init(c, s, name, SPOOL_PROCESSING);
	r = own(c);
	if (r == CLAIM_FOREIGN)
		return end_unopened(c);
	if (r != CLAIM_OK)
		return r;
	if (load_claimed(c) == JOB_NO_MEMORY) {
		r = CLAIM_TROUBLE;
	} else if (is_leased(c, conf, &lease)) {
		r = CLAIM_BUSY;
	} else {
		if (c->strange) {
			end_strange(c);
		} else if (c->job.last == JOB_PROCESSING) {
			set_end(c, lost_event(c, conf));
		} else {
			set_recorded(c);
		}
		r = conclude(c);
	}
	if (r != CLAIM_OK && r != CLAIM_UNSYNCED)
		claim_drop(c);
	return r;
}

/* ---- By command ---- */

/* What a command wants of one job, and how far it has come. */
struct request {
	struct spool *spool;
	const struct conf *conf;
	const char *name;
	int dir;	  /* where it is; JOB_NO_STATE: to be found */
	unsigned prefer;  /* bits of directories to be looked into first */
	int force;	  /* whatever the command calls so */
	int64_t begun;	  /* monotonic clock */
	int64_t deadline; /* the same */
	int64_t orphaned; /* the same: seen to be since then, or 0 */
	uint64_t inode;	  /* of the file that was meant; 0: not seen yet */
	int told;	  /* its worker was told to cancel it */
	int ask;	  /* that will do: nobody waits until it has */
	char *why;	  /* SPOOL_WHY_MAX bytes: a refusal */
};

static enum claim_result refuse(const struct request *q, const char *fmt, ...)
    MSG_PRINTF(2, 3);

static enum claim_result
refuse(const struct request *q, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(q->why, SPOOL_WHY_MAX, fmt, ap);
	va_end(ap);
	return CLAIM_REFUSED;
}

/* Where the record that is meant is now, as spool_find tells it. */
static int
find(const struct request *q)
{
	struct stat st;
	int dir, i;

	if (q->dir != JOB_NO_STATE || q->spool->fd == -1)
		return q->dir;
	/* Twice: it may go back while we look. */
	for (i = 0; q->inode != 0 && i < 2 * JOB_STATES; i++) {
		dir = i % JOB_STATES;
		if (fstatat(q->spool->dir[dir], q->name, &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ino == q->inode)
			return dir;
	}
	for (dir = 0; dir < JOB_STATES; dir++)
		if ((q->prefer >> dir & 1) != 0 &&
		    is_there(q->spool, dir, q->name))
			return dir;
	return spool_find(q->spool, q->name);
}

/*
 * Makes an attempt, and again as long as something may be out of the way in
 * a moment, up to the deadline.
 */
static enum claim_result
insist(struct request *q,
    enum claim_result (*attempt)(struct claim *c, struct request *q))
{
	enum claim_result r;
	struct claim c;
	int dir, saved, ms = 1;

	for (;; ms = ms < CLAIM_RETRY_MS ? 2 * ms : ms) {
		dir = find(q);
		if (dir == JOB_NO_STATE)
			return CLAIM_GONE;
		if (dir < 0)
			return CLAIM_TROUBLE;
		claim_init(&c, q->spool, q->name, dir);
		r = attempt(&c, q);
		saved = errno;
		claim_drop(&c);
		errno = saved;
		if ((r != CLAIM_BUSY && r != CLAIM_GONE) ||
		    fs_mono() >= q->deadline)
			return r;
		(void)poll(NULL, 0, ms);
	}
}

static void
request_init(struct request *q, struct spool *s, const char *name, char *why)
{
	memset(q, 0, sizeof *q);
	q->spool = s;
	q->name = name;
	q->dir = JOB_NO_STATE;
	q->begun = fs_mono();
	q->deadline = q->begun + SPOOL_WAIT;
	q->why = why;
}

/* Refuses to run what could not be accepted. */
static enum claim_result
refuse_file(const struct claim *c, const struct request *q,
    const struct job_error *error)
{
	if (c->strange)
		return refuse(q,
		    "its file %s: to run it, put a copy of it into pending/",
		    error->what);
	return refuse(q, "its file cannot be accepted (%s): mend it first",
	    error->what);
}

/* The same of a file that could not be opened, if it is somebody else's. */
static enum claim_result
refuse_unopened(struct claim *c, const struct request *q)
{
	struct job_error error;
	struct stat st;

	if (!spool_distrusts(c->spool, c->from, c->name, &st))
		return CLAIM_FOREIGN;
	c->strange = 1;
	spool_whose(c->spool->owner, &st, error.what);
	return refuse_file(c, q, &error);
}

/* True if the last run that a file tells of is some living worker's. */
static int
is_run_alive(const struct claim *c)
{
	const struct job_event *run;
	struct record record;
	int alive = 1; /* unless it can be read */

	if (record_read(c->spool, c->from, c->name, &record) == SPOOL_OK) {
		run = job_last_event(&record.job, JOB_PROCESSING);
		alive = run != NULL && record_run_alive(c->spool, run);
		record_free(&record);
	}
	return alive;
}

/* It is in processing/: what runs need not be retried, what is lost will be. */
static enum claim_result
refuse_running(struct claim *c, const struct request *q)
{
	struct claim_lease lease;
	enum claim_result r;

	if (is_run_alive(c))
		return refuse(q, "it is running");
	r = own(c);
	if (r == CLAIM_BUSY)
		return refuse(q, "it is running");
	if (r != CLAIM_OK)
		return r;
	if (load_claimed(c) == JOB_NO_MEMORY)
		return CLAIM_TROUBLE;
	if (!is_leased(c, q->conf, &lease))
		return refuse(q,
		    "its worker died: a supervisor will put it back");
	claim_lease_text(c->spool, c->name, &lease, q->why);
	return CLAIM_REFUSED;
}

/* CLAIM_OK if its state and name allow a retry; else it is refused. */
static enum claim_result
may_retry(struct claim *c, const struct request *q)
{
	if (c->from == SPOOL_PENDING)
		return refuse(q,
		    "it is pending: queuectl show tells what it waits for");
	if (c->from == SPOOL_PROCESSING)
		return refuse_running(c, q);
	if (c->from == SPOOL_COMPLETED && !q->force)
		return refuse(q, "it is completed");
	if (job_name_unfinished(c->name) != NULL)
		return refuse(q,
		    "a name that ends in %s is no job's in pending/: move its "
		    "file there by another one",
		    job_name_unfinished(c->name));
	return CLAIM_OK;
}

static enum claim_result
try_retry(struct claim *c, struct request *q)
{
	struct job_error error;
	struct job_event e;
	enum claim_result r = may_retry(c, q);

	if (r != CLAIM_OK)
		return r;
	r = own(c);
	if (r == CLAIM_FOREIGN)
		return refuse_unopened(c, q);
	if (r != CLAIM_OK)
		return r;
	switch (load(c, &error)) {
	case JOB_OK:
		break;
	case JOB_NO_MEMORY:
		return CLAIM_TROUBLE;
	default:
		return refuse_file(c, q, &error);
	}
	if (is_there(c->spool, SPOOL_PENDING, c->name))
		return refuse(q, "a new job of this ID is waiting");
	e = job_event_make(JOB_PENDING, spool_now(c->spool));
	e.reason = JOB_RETRIED;
	if (append(c, &e) == -1)
		return CLAIM_TROUBLE;
	if (spool_sync_file(c->spool, c->fd) == -1) {
		untell(c, CLAIM_TROUBLE);
		return CLAIM_TROUBLE;
	}
	switch (spool_move(c->spool, c->fd, c->from, SPOOL_PENDING, c->name)) {
	case SPOOL_OK:
		break;
	case SPOOL_GONE:
		untell(c, CLAIM_GONE);
		return CLAIM_GONE;
	case SPOOL_EXISTS: /* it came after we had looked */
		untell(c, CLAIM_REFUSED);
		return refuse(q, "a new job of this ID is waiting");
	default:
		untell(c, CLAIM_TROUBLE);
		return CLAIM_TROUBLE;
	}
	/* Not needed any more, and a worker would find the job busy. */
	spool_release(c->fd);
	c->fd = -1;
	return spool_sync_dir(c->spool, SPOOL_PENDING) == 0 &&
		spool_sync_dir(c->spool, c->from) == 0 ?
	    CLAIM_OK :
	    CLAIM_UNSYNCED;
}

enum claim_result
claim_retry(struct spool *s, const struct conf *conf, const char *name,
    int again, int64_t wait, char why[SPOOL_WHY_MAX])
{
	struct request q;

	request_init(&q, s, name, why);
	q.conf = conf;
	q.deadline = q.begun + wait;
	q.force = again;
	return insist(&q, try_retry);
}

/* ---- Cancelling ---- */

/* True if the record tells that it was cancelled before it ran again. */
static int
is_cancelled(const struct job *job)
{
	const struct job_event *e = job_last_event(job, JOB_NO_STATE);

	return e != NULL && e->state == JOB_DEAD && e->attempt == 0 &&
	    e->error != NULL && strncmp(e->error, "cancelled", 9) == 0;
}

/*
 * Ends the job where it is.  Room is made before the append: while an ended
 * namesake is held nothing is changed.  Crash after the append: the claim of a
 * job that waits takes the line for a move by hand and runs it, recover
 * completes the move; the command has not said that it is done.
 */
static enum claim_result
cancel_owned(struct claim *c, const struct request *q, const char *error)
{
	struct job_event e = job_event_make(JOB_DEAD, spool_now(c->spool));
	enum claim_result r;

	if (c->strange)
		return refuse(q,
		    "it %s: remove the file, or wait until it is dead",
		    c->error);
	if (c->half)
		return refuse(q,
		    "it is half-written: remove the file, or wait until it "
		    "is dead");
	if (c->from == SPOOL_PROCESSING &&
	    (c->job.last == JOB_COMPLETED || c->job.last == JOB_DEAD)) {
		/* It has ended, and only has to be moved. */
		set_recorded(c);
		r = conclude(c);
		return r == CLAIM_OK || r == CLAIM_UNSYNCED ? CLAIM_BUSY : r;
	}
	switch (spool_archive(c->spool, c->name)) {
	case SPOOL_OK:
		break;
	case SPOOL_BUSY:
	case SPOOL_FOREIGN:
		return CLAIM_BUSY;
	default:
		return CLAIM_TROUBLE;
	}
	e.error = error;
	set_end(c, e);
	c->recorded = is_cancelled(&c->job);
	r = conclude(c);
	if ((r == CLAIM_TROUBLE || r == CLAIM_BUSY) &&
	    c->from != SPOOL_PROCESSING)
		untell(c, r);
	return r;
}

/*
 * Gives up what was orphaned for a while.  It may have been let go and taken
 * by a new run just now: then it has a lock to be had, or a living worker.
 */
static enum claim_result
cancel_orphan(struct claim *c, const struct request *q)
{
	struct job_error error;

	if (spool_seize(c->spool, c->from, c->name, &c->fd) != SPOOL_OK ||
	    load(c, &error) == JOB_NO_MEMORY)
		return CLAIM_GONE;
	if (os_flock(c->fd, OS_LOCK_EXCLUSIVE) != 1 || is_run_alive(c))
		return CLAIM_BUSY;
	return cancel_owned(c, q, "cancelled: given up while orphaned");
}

/*
 * It is in processing/ and locked.  Its worker, if that lives, ends it; one
 * that looks dead is looked at for a while, since a job that has just been
 * claimed tells of none yet, and one whose worker has just died is being
 * recovered.
 */
static enum claim_result
cancel_held(struct claim *c, struct request *q)
{
	if (is_run_alive(c)) {
		q->orphaned = 0;
		q->deadline = q->begun + CLAIM_ENDING +
		    q->conf->kill_grace_seconds * WHEN_SECOND;
		q->told = 1;
		/* By inode: the job may end, and another have its ID, now. */
		if (!registry_cancels(c->spool, c->name, q->inode) &&
		    registry_ask_cancel(c->spool, c->name, q->inode) == -1)
			return CLAIM_TROUBLE;
		return q->ask ? CLAIM_LATER : CLAIM_BUSY;
	}
	if (q->ask)
		return CLAIM_BUSY;
	if (q->orphaned == 0)
		q->orphaned = fs_mono();
	if (fs_mono() - q->orphaned < SPOOL_WAIT) {
		q->deadline = q->orphaned + 2 * SPOOL_WAIT;
		return CLAIM_BUSY;
	}
	if (q->force)
		return cancel_orphan(c, q);
	return refuse(q,
	    "orphaned: its worker is gone, but the job, or a process that it "
	    "left, still holds its lock");
}

/*
 * Another host left it in processing/, and is silent: it is nobody's, or that
 * host is cut off and still runs it.
 */
static enum claim_result
cancel_silent(struct claim *c, struct request *q,
    const struct claim_lease *lease)
{
	if (is_run_alive(c))
		return cancel_held(c, q);
	if (q->force)
		return cancel_owned(c, q,
		    "cancelled: given up while its host was silent");
	claim_lease_text(c->spool, c->name, lease, q->why);
	return CLAIM_REFUSED;
}

static enum claim_result
try_cancel(struct claim *c, struct request *q)
{
	struct claim_lease lease;
	struct job_error error;
	enum claim_result r;
	struct stat st;

	if (fstatat(c->spool->dir[c->from], c->name, &st,
		AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? CLAIM_GONE : CLAIM_TROUBLE;
	if (q->inode != 0 && q->inode != st.st_ino)
		return refuse(q, "it has ended, and another job has its ID");
	q->inode = st.st_ino;
	/* What was asked to end has ended by itself, or was cancelled. */
	if (c->from == SPOOL_DEAD && q->told)
		return CLAIM_OK;
	if (c->from == SPOOL_DEAD || c->from == SPOOL_COMPLETED)
		return refuse(q, "it is %s%s", job_state_name(c->from),
		    q->told ? ": it ended by itself" : " already");
	r = own(c);
	if (r == CLAIM_BUSY && c->from == SPOOL_PROCESSING)
		return cancel_held(c, q);
	if (r != CLAIM_OK)
		return r;
	if ((c->from == SPOOL_PROCESSING ? load_claimed(c) : load(c, &error)) ==
	    JOB_NO_MEMORY)
		return CLAIM_TROUBLE;
	if (c->from == SPOOL_PROCESSING && is_leased(c, q->conf, &lease))
		return cancel_silent(c, q, &lease);
	return cancel_owned(c, q, "cancelled");
}

enum claim_result
claim_cancel(struct spool *s, const struct conf *conf, const char *name,
    uint64_t told, int force, char why[SPOOL_WHY_MAX])
{
	enum claim_result r;
	struct request q;
	int saved;

	request_init(&q, s, name, why);
	q.conf = conf;
	q.inode = told;
	q.told = told != 0;
	q.force = force;
	r = insist(&q, try_cancel);
	saved = errno;
	/* Nobody is to obey it later. */
	if (q.told && r != CLAIM_BUSY)
		registry_answer(s, REGISTRY_CANCEL, name);
	errno = saved;
	return r;
}

enum claim_result
claim_ask_cancel(struct spool *s, const struct conf *conf, const char *name,
    int64_t wait, char why[SPOOL_WHY_MAX])
{
	struct request q;

	request_init(&q, s, name, why);
	q.deadline = q.begun + wait;
	q.conf = conf;
	q.ask = 1;
	return insist(&q, try_cancel);
}

/* ---- Purging ---- */

/* One that may not be opened can be removed if it is somebody else's. */
static enum claim_result
purge_unopened(struct claim *c)
{
	struct stat st;

	if (!spool_distrusts(c->spool, c->from, c->name, &st))
		return CLAIM_FOREIGN;
	switch (spool_discard_unopened(c->spool, &st, c->from, c->name)) {
	case SPOOL_OK:
		return CLAIM_OK;
	case SPOOL_GONE:
		return CLAIM_GONE;
	default:
		return CLAIM_TROUBLE;
	}
}

/*
 * First the outputs, then the record.  Crash in between: a record without
 * outputs, which can be purged again.
 */
static enum claim_result
try_purge(struct claim *c, struct request *q)
{
	struct job_error error;
	enum claim_result r;

	if (c->from != SPOOL_COMPLETED && c->from != SPOOL_DEAD)
		return refuse(q, "it is %s: cancel it first",
		    job_state_name(c->from));
	r = own(c);
	/* Not before the time has passed: many a lock is held for a moment. */
	if (r == CLAIM_BUSY && q->force && fs_mono() >= q->deadline &&
	    spool_seize(c->spool, c->from, c->name, &c->fd) == SPOOL_OK)
		r = CLAIM_OK;
	if (r == CLAIM_FOREIGN)
		return purge_unopened(c);
	if (r != CLAIM_OK)
		return r;
	if (load(c, &error) == JOB_NO_MEMORY ||
	    spool_remove_outputs(c->spool, c->name, c->job.attempts) == -1)
		return CLAIM_TROUBLE;
	switch (spool_discard(c->spool, c->fd, c->from, c->name)) {
	case SPOOL_OK:
		return CLAIM_OK;
	case SPOOL_GONE:
		return CLAIM_GONE;
	default:
		return CLAIM_TROUBLE;
	}
}

enum claim_result
claim_purge(struct spool *s, int dir, const char *name, int64_t wait, int force,
    char why[SPOOL_WHY_MAX])
{
	struct request q;

	request_init(&q, s, name, why);
	q.dir = dir;
	/* Whoever waits for its name. */
	q.prefer = 1U << SPOOL_COMPLETED | 1U << SPOOL_DEAD;
	q.deadline = q.begun + wait;
	q.force = force;
	return insist(&q, try_purge);
}
