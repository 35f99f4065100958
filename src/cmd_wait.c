/*
 * cmd_wait - wait.
 *
 * What has not ended is in an index, by state and ID.  Where the system
 * tells of changes, each name that appears in the directory of a state says
 * where its job is now.  Besides, and elsewhere, jobs are looked for, those
 * first that were not looked for longest: a few that live, and any number
 * of those that turn out to have ended.  So the last end is noticed at the
 * next look, and a look costs the same for ten thousand jobs as for fifty.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "index.h"
#include "os.h"
#include "progress.h"

#define WAIT_POLL  (WHEN_SECOND / 10) /* between two looks, */
#define WAIT_WATCH WHEN_SECOND	      /* or where changes are told */
#define WAIT_ALIVE 50		      /* jobs found alive end a look */

struct waiting {
	struct spool spool;
	int all;		/* no job was named */
	struct index live;	/* what has not ended, by state and ID */
	long count[JOB_STATES]; /* of these, and of those that have ended */
	int status;		/* the worst so far */
	int dir;		/* being read */
	int watch_fd;		/* -1: changes are not told */
	int watch[JOB_STATES];
	int lost; /* of what was told */
	int64_t began;
	struct progress progress;
};

static void
set_status(struct waiting *w, int status)
{
	if (status > w->status)
		w->status = status;
}

static int
is_live(int dir)
{
	return dir == JOB_PENDING || dir == JOB_PROCESSING || dir == JOB_FAILED;
}

/* ---- What becomes of them ---- */

/* Says of what a job has died, which is in dead/ or was there just now. */
static void
take_dead(struct waiting *w, const char *id)
{
	const struct job_event *e = NULL;
	struct buf why = BUF_EMPTY;
	struct record r;

	progress_hide(&w->progress);
	if (record_read(&w->spool, SPOOL_DEAD, id, &r) == SPOOL_OK) {
		e = job_last_event(&r.job, JOB_DEAD);
		if (e != NULL && e->error != NULL)
			cmd_put(&why, e->error);
		record_free(&r);
	}
	if (why.len > 0)
		msg_warnx("%s: died: %s", id, buf_text(&why));
	else
		msg_warnx("%s: died", id);
	buf_free(&why);
	set_status(w, MSG_REFUSED);
}

/* A job that was waited for is nowhere: there is no way to tell its end. */
static void
take_gone(struct waiting *w, const char *id)
{
	if (w->all)
		return;
	progress_hide(&w->progress);
	msg_warnx("%s: was removed meanwhile", id);
	set_status(w, MSG_NO_JOB);
}

/* True if there is something else than a file: no job, and left alone. */
static int
is_foreign(const struct waiting *w, const char *name, int dir)
{
	struct stat st;

	return fstatat(w->spool.dir[dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
	    0 &&
	    !S_ISREG(st.st_mode);
}

static struct index_entry *
find_live(const struct waiting *w, const char *id)
{
	struct index_entry *e = index_find(&w->live, JOB_PROCESSING, id);

	if (e == NULL)
		e = index_find(&w->live, JOB_PENDING, id);
	return e != NULL ? e : index_find(&w->live, JOB_FAILED, id);
}

/* Notes a job that lives, to be looked at soon; 0, or -1 without memory. */
static int
note_live(struct waiting *w, const char *id, int dir)
{
	struct index_entry *e = index_add(&w->live, dir, id, 0);

	if (e == NULL)
		return -1;
	index_set(&w->live, e, 0, 0, 0);
	return 0;
}

/*
 * A job is in that state now, or JOB_NO_STATE: it is nowhere.  One that is
 * not known is of interest only if all are, and it lives.
 */
static void
place(struct waiting *w, const char *id, int dir)
{
	struct index_entry *e = find_live(w, id);

	if (e != NULL && (int)e->dir == dir)
		return;
	if (e == NULL && (!w->all || !is_live(dir) || is_foreign(w, id, dir)))
		return;
	if (is_live(dir) && note_live(w, id, dir) == -1) {
		w->lost = 1; /* out of memory: it is found again */
		return;
	}
	if (dir == JOB_NO_STATE)
		take_gone(w, id);
	else
		w->count[dir]++;
	if (dir == JOB_DEAD)
		take_dead(w, id);
	if (e != NULL) {
		w->count[e->dir]--;
		index_remove(&w->live, e);
	}
}

/* ---- Finding out ---- */

/* Looks where jobs are, as said at the top of this file. */
static void
look(struct waiting *w, int64_t mono)
{
	char id[JOB_NAME_MAX + 1], room[INDEX_ROOM];
	struct index_entry *e;
	struct stat st;
	int alive = 0, dir;

	while (alive < WAIT_ALIVE && (e = index_next(&w->live, mono)) != NULL) {
		snprintf(id, sizeof id, "%s", index_name(e, room));
		dir = (int)e->dir;
		if (fstatat(w->spool.dir[dir], id, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1)
			dir = spool_find(&w->spool, id);
		if (dir != -2) /* else nobody knows: later, perhaps */
			place(w, id, dir);
		e = find_live(w, id);
		if (e == NULL)
			continue;
		index_set(&w->live, e, mono + 1, mono, 0);
		alive++;
	}
}

static int
enter(void *arg, const char *name, uint64_t inode)
{
	struct waiting *w = arg;

	(void)inode;
	if (job_id_valid(name) && spool_is_job(w->dir, name))
		place(w, name, w->dir);
	return 0;
}

/* Reads the directories of what lives. */
static void
scan(struct waiting *w)
{
	/* Twice where they wait: a job may go back while we look. */
	static const int order[] = { JOB_PENDING, JOB_FAILED, JOB_PROCESSING,
		JOB_FAILED, JOB_PENDING };
	size_t i;

	w->lost = 0;
	for (i = 0; i < sizeof order / sizeof order[0]; i++) {
		w->dir = order[i];
		if (spool_scan(&w->spool, w->dir, enter, w) == 0)
			continue;
		progress_hide(&w->progress);
		msg_warn("%s/%s", w->spool.path, spool_dir_name(w->dir));
		set_status(w, MSG_REFUSED);
	}
}

static int
count_death(void *arg, const char *name)
{
	take_dead(arg, name);
	return 0;
}

/*
 * Nothing lives any more, of all that there was: what came and died between
 * two looks counts too.
 */
static void
end_all(struct waiting *w)
{
	char why[SPOOL_WHY_MAX];

	if (!w->all || w->spool.fd == -1)
		return;
	if (spool_intact(&w->spool, why) == -1) {
		msg_warnx("%s", why);
		set_status(w, MSG_REFUSED);
		return;
	}
	if (w->status == MSG_OK)
		(void)record_deaths(&w->spool, w->began, count_death, w);
}

/* ---- Being told ---- */

static void
open_watch(struct waiting *w)
{
	int dir;

	w->watch_fd = w->spool.fd != -1 ? os_watch_open() : -1;
	for (dir = 0; dir < JOB_STATES && w->watch_fd != -1; dir++) {
		w->watch[dir] = os_watch_add(w->watch_fd, w->spool.dir[dir], 0);
		if (w->watch[dir] == -1) {
			(void)fs_close(w->watch_fd);
			w->watch_fd = -1;
		}
	}
}

static void
seen(void *arg, const struct os_event *event)
{
	struct waiting *w = arg;
	int dir;

	for (dir = 0; dir < JOB_STATES && w->watch[dir] != event->watch; dir++)
		continue;
	if (dir == JOB_STATES || event->name[0] == '\0')
		w->lost = 1;
	else if (!event->written && job_id_valid(event->name) &&
	    spool_is_job(dir, event->name))
		place(w, event->name, dir);
}

/* ---- Waiting ---- */

static void
count_jobs(const struct waiting *w, struct progress_counts *c)
{
	c->done = w->count[JOB_COMPLETED];
	c->running = w->count[JOB_PROCESSING];
	c->waiting = w->count[JOB_PENDING] + w->count[JOB_FAILED];
	c->later = w->count[JOB_FAILED];
	c->failed = w->count[JOB_DEAD];
}

/* Takes what was told, and looks if it is time; when to look again. */
static int64_t
take_changes(struct waiting *w, int64_t mono, int64_t next)
{
	if (w->watch_fd != -1 && os_watch_read(w->watch_fd, seen, w) == -1)
		w->lost = 1;
	if (mono >= next || w->lost) {
		look(w, mono);
		next = mono + (w->watch_fd != -1 ? WAIT_WATCH : WAIT_POLL);
	}
	if (w->all && (w->lost || w->live.count == 0))
		scan(w);
	w->lost = 0;
	return next;
}

/* Waits until nothing lives that is waited for, or for that long. */
static void
wait_for_end(struct waiting *w, int64_t timeout)
{
	int64_t begin = fs_mono(), mono, next = begin, until;
	struct progress_counts counts;
	struct pollfd p;

	p.fd = w->watch_fd;
	p.events = POLLIN;
	for (;;) {
		mono = fs_mono();
		next = take_changes(w, mono, next);
		if (w->live.count == 0 || mono - begin >= timeout)
			break;
		count_jobs(w, &counts);
		until = progress_show(&w->progress, &counts, mono);
		if (next < until)
			until = next;
		if (timeout < until - begin)
			until = begin + timeout;
		(void)poll(&p, 1, (int)((until - mono + 999) / 1000));
	}
	count_jobs(w, &counts);
	progress_end(&w->progress, &counts, mono);
	if (w->live.count == 0) {
		end_all(w);
		return;
	}
	msg_warnx("%lu %s not ended yet", (unsigned long)w->live.count,
	    w->live.count == 1 ? "job has" : "jobs have");
	set_status(w, MSG_AGAIN);
}

/* Finds those that were named. */
static void
find_all(struct waiting *w, const struct cmd_ids *ids)
{
	struct record r;
	size_t i;
	int status;

	for (i = 0; i < ids->count; i++) {
		status = cmd_find(&w->spool, ids->id[i], &r);
		set_status(w, status);
		if (status != MSG_OK)
			continue;
		if (is_live(r.dir) && find_live(w, r.name) != NULL) {
			record_free(&r);
			continue;
		}
		w->count[r.dir]++;
		if (r.dir == JOB_DEAD)
			take_dead(w, r.name);
		if (is_live(r.dir) && note_live(w, r.name, r.dir) == -1) {
			msg_warn("%s", r.name);
			set_status(w, MSG_REFUSED);
		}
		record_free(&r);
	}
}

/* True, and said, if we are a part of what is to be waited for. */
static int
is_endless(const struct waiting *w)
{
	const char *id = cmd_inside(&w->spool);

	if (id == NULL || find_live(w, id) == NULL)
		return 0;
	msg_warnx("running inside job %s, which cannot wait for itself: %s", id,
	    w->all ? "name the jobs to wait for" :
		     "omit it, or have its last command enqueue the next job");
	return 1;
}

/* Waits in the spool that was opened; the exit status. */
static int
wait_for_jobs(struct waiting *w, const struct cmd_ids *ids, int64_t timeout)
{
	if (index_init(&w->live) == -1) {
		msg_warn("wait");
		return MSG_REFUSED;
	}
	w->began = fs_now();
	progress_init(&w->progress, STDERR_FILENO, 1, fs_mono());
	/* First the watch: nothing falls between. */
	open_watch(w);
	find_all(w, ids);
	if (w->all)
		scan(w);
	if (timeout > 0 && is_endless(w)) {
		set_status(w, MSG_REFUSED);
	} else {
		if (w->live.count > 0)
			cmd_note_stuck(&w->spool);
		wait_for_end(w, timeout);
	}
	index_free(&w->live);
	if (w->watch_fd != -1)
		(void)fs_close(w->watch_fd);
	return w->status;
}

static int
run_wait(const struct opt_args *args)
{
	int64_t timeout = WHEN_NEVER;
	struct cmd_ids ids;
	struct waiting w;
	int status = cmd_duration(args, "timeout", &timeout);

	if (status == MSG_OK)
		status = cmd_ids_read(&ids, args, cmd_check_begun);
	if (status != MSG_OK)
		return status;
	memset(&w, 0, sizeof w);
	w.all = args->argc == 0;
	status = cmd_open_read(args, &w.spool);
	if (status == MSG_OK) {
		status = wait_for_jobs(&w, &ids, timeout);
		spool_close(&w.spool);
	}
	cmd_ids_free(&ids);
	return status;
}

static const struct opt wait_opts[] = { { "timeout", 0, "DURATION",
					    "wait no longer than this" },
	{ NULL, 0, NULL, NULL } };

const struct cmd cmd_wait = { "wait", NULL, "[JOB...]",
	"wait until these jobs, or all, have ended", wait_opts, 0, -1,
	run_wait };
