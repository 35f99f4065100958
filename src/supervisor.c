#include "supervisor.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "crew.h"
#include "fs.h"
#include "index.h"
#include "log.h"
#include "os.h"
#include "progress.h"
#include "record.h"
#include "registry.h"
#include "scout.h"
#include "text.h"

#ifndef QUEUECTL_VERSION
#define QUEUECTL_VERSION "unknown"
#endif

#ifdef SIGRTMAX
#define SIGNAL_MAX SIGRTMAX
#else
#define SIGNAL_MAX 31
#endif

/* Upper ends of the duration buckets of the counters, in seconds. */
static const int bucket_ends[] = { 0, 1, 10, 60, 600, 3600 }; /* 0: 0.1 */
#define BUCKETS 7 /* one more for what takes longer */

struct supervisor {
	struct spool *spool;
	const struct supervisor_options *options;
	struct conf conf;
	struct stat conf_stat; /* of the config that was read */
	struct log log;
	struct index index;
	struct scout scout;
	struct crew crew;
	struct progress progress;
	struct registry_watch others;
	struct pollfd *polled;
	char name[REGISTRY_NAME_MAX]; /* HOST.PID or HOST.PID-N */
	int entry;		      /* of workers/ */
	int64_t started_at;
	int64_t ahead; /* of the monotonic clock: the wall clock */

	int stopping;	     /* nothing new; leave when nothing runs */
	int interrupted;     /* what runs was told to go back */
	int hurried;	     /* before the grace of the stop was over */
	int died;	     /* jobs that went to dead/ */
	int failed;	     /* an error: exit 1 */
	int unentered;	     /* that it has no entry was logged */
	int foreign;	     /* processing/ holds what is not ours */
	int waiting;	     /* why nothing starts was logged */
	size_t said_waiting; /* draining: what the log has */

	/* When to do what, on the monotonic clock. */
	int64_t resume;	 /* nothing new before */
	int64_t tick;	 /* look at everything */
	int64_t stopped; /* when it was told to stop */
	int64_t grace;	 /* until when what runs may take after that */
	int64_t verify;	 /* draining: see if what waits is still there */
	int64_t recover; /* look at processing/ */
	int64_t respawn; /* replace workers */
	int64_t entries; /* see if those in workers/ are still there */
	int64_t touch;	 /* a sign of life for other hosts */
	int64_t checked; /* free space was looked at */
	int64_t sweep;	 /* remove what the dead have left */
	int64_t purge;	 /* what was kept long enough */
	int64_t write;	 /* counters, not before */
	int64_t show;	 /* the progress */
	int dirty;	 /* they changed */

	int64_t ended[JOB_STATES];
	int64_t bucket[BUCKETS];
	int64_t total; /* microseconds that runs took */
};

/* ---- Signals: the one global, a pipe that the handler writes to ---- */

static int signal_pipe[2] = { -1, -1 };

static void
note_signal(int sig)
{
	int saved = errno;
	char c = (char)sig;

	(void)!write(signal_pipe[1], &c, 1); /* full: one is enough */
	errno = saved;
}

static int
was_ignored(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

/*
 * Whoever started us may have blocked or ignored anything.  An ignored HUP
 * (nohup) or INT (background of a script) stays ignored here; jobs get all
 * defaults.
 */
static int
set_signals(void)
{
	static const int noted[] = { SIGTERM, SIGCHLD, SIGHUP, SIGINT };
	int keep_hup = was_ignored(SIGHUP), keep_int = was_ignored(SIGINT);
	struct sigaction sa;
	sigset_t none;
	size_t i;
	int sig;

	if (pipe(signal_pipe) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		(void)fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
	}
	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_DFL;
	for (sig = 1; sig <= SIGNAL_MAX; sig++)
		(void)sigaction(sig, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGXFSZ, &sa, NULL); /* ulimit -f: EFBIG will do */
	if (keep_hup)
		(void)sigaction(SIGHUP, &sa, NULL);
	if (keep_int)
		(void)sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = note_signal;
	sa.sa_flags = SA_RESTART;
	for (i = 0; i < sizeof noted / sizeof noted[0]; i++)
		if (!(noted[i] == SIGHUP && keep_hup) &&
		    !(noted[i] == SIGINT && keep_int))
			(void)sigaction(noted[i], &sa, NULL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- Configuration ---- */

static int
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Reads the config; what cannot be accepted leaves the old one in force. */
static int
load_config(struct supervisor *sv, char why[CONF_ERROR_MAX])
{
	struct conf fresh;

	memset(&sv->conf_stat, 0, sizeof sv->conf_stat);
	(void)fstatat(sv->spool->fd, "config", &sv->conf_stat,
	    AT_SYMLINK_NOFOLLOW);
	if (conf_load(sv->spool->fd, &fresh, why) == -1)
		return -1;
	if (sv->options->backoff_base > 0)
		fresh.backoff_base = sv->options->backoff_base;
	sv->conf = fresh;
	sv->spool->durable = fresh.durability == CONF_FULL;
	index_set_fifo(&sv->index, fresh.scheduling_mode == CONF_FIFO);
	sv->purge = 0;
	return 0;
}

static void
reload_config(struct supervisor *sv, int force)
{
	char why[CONF_ERROR_MAX];
	struct stat st;

	memset(&st, 0, sizeof st);
	(void)fstatat(sv->spool->fd, "config", &st, AT_SYMLINK_NOFOLLOW);
	if (!force && same_file(&st, &sv->conf_stat))
		return;
	if (load_config(sv, why) == -1)
		log_error(&sv->log, "config-refused", why);
	else
		log_line(&sv->log, "event=config-read");
}

/* ---- The entry in workers/ ---- */

static void
entry_text(const struct supervisor *sv, struct buf *out)
{
	char time[WHEN_SIZE];
	int i;

	when_format(time, sv->started_at);
	buf_printf(out,
	    "host=%s\npid=%ld\nstarted_at=%s\ncount=%d\n"
	    "version=%s\n",
	    sv->spool->host, (long)getpid(), time, sv->options->count,
	    QUEUECTL_VERSION);
	for (i = 0; i < JOB_STATES; i++)
		if (i != JOB_PENDING && i != JOB_PROCESSING)
			buf_printf(out, "ended_%s=%019lld\n", job_state_name(i),
			    (long long)sv->ended[i]);
	for (i = 0; i < BUCKETS; i++) {
		if (i == BUCKETS - 1)
			buf_puts(out, "duration_more");
		else if (i == 0)
			buf_puts(out, "duration_0.1");
		else
			buf_printf(out, "duration_%d", bucket_ends[i]);
		buf_printf(out, "=%019lld\n", (long long)sv->bucket[i]);
	}
	buf_printf(out, "duration_sum_us=%019lld\n", (long long)sv->total);
}

static void
write_counters(struct supervisor *sv, int64_t mono)
{
	struct buf text = BUF_EMPTY;

	if (!sv->dirty || mono < sv->write)
		return;
	sv->dirty = 0;
	sv->write = mono + SUPERVISOR_WRITE;
	entry_text(sv, &text);
	(void)registry_update(sv->entry, &text);
	buf_free(&text);
}

static void
count_run(struct supervisor *sv, const struct answer *a)
{
	int i;

	if (a->state != JOB_NO_STATE)
		sv->ended[a->state]++;
	for (i = 0; i < BUCKETS - 1; i++)
		if (a->duration <=
		    (i == 0 ? WHEN_SECOND / 10 : bucket_ends[i] * WHEN_SECOND))
			break;
	sv->bucket[i]++;
	sv->total += a->duration;
	sv->dirty = 1;
}

static int
enter(struct supervisor *sv)
{
	struct buf text = BUF_EMPTY;

	sv->started_at = fs_now();
	sv->ahead = sv->started_at - fs_mono();
	entry_text(sv, &text);
	sv->entry =
	    registry_enter_supervisor(sv->spool, getpid(), &text, sv->name);
	buf_free(&text);
	return sv->entry == -1 ? -1 : 0;
}

/* Makes the entry again, under another name if that is taken; 0 or -1. */
static int
enter_again(struct supervisor *sv)
{
	char was[REGISTRY_NAME_MAX];
	struct buf text = BUF_EMPTY;
	int got, fd;

	memcpy(was, sv->name, sizeof was);
	entry_text(sv, &text);
	got = registry_reenter(sv->spool, sv->name, &text, &sv->entry);
	if (got == -1 && errno == EEXIST) {
		fd = registry_enter_supervisor(sv->spool, getpid(), &text,
		    sv->name);
		if (fd != -1) {
			sv->entry = fd;
			got = 1;
		} else {
			memcpy(sv->name, was, sizeof was);
		}
	}
	buf_free(&text);
	if (got == 1)
		log_printf(&sv->log, "event=entered-again supervisor=%s was=%s",
		    sv->name, was);
	return got == -1 ? -1 : 0;
}

/* ---- Stopping ---- */

static void
stop(struct supervisor *sv, const char *why)
{
	if (sv->stopping)
		return;
	sv->stopping = 1;
	sv->stopped = fs_mono();
	log_printf(&sv->log, "event=stopping reason=%s running=%d", why,
	    sv->crew.busy);
	crew_dismiss(&sv->crew);
}

/* As whoever runs the supervisor asks for: what runs has a time for it. */
static void
stop_gently(struct supervisor *sv, const char *why)
{
	int64_t grace = sv->options->grace;

	if (sv->stopping)
		return;
	stop(sv, why);
	if (grace < 0)
		grace = sv->conf.stop_grace_seconds * WHEN_SECOND;
	if (grace > 0)
		sv->grace = sv->stopped + grace;
}

static void
put_back_all(struct supervisor *sv, const char *why)
{
	sv->grace = WHEN_NEVER;
	if (sv->interrupted)
		return;
	sv->interrupted = 1;
	log_printf(&sv->log, "event=interrupting reason=%s running=%d", why,
	    sv->crew.busy);
	crew_interrupt(&sv->crew);
}

static void
interrupt(struct supervisor *sv, const char *why)
{
	stop(sv, why);
	sv->hurried |= !sv->interrupted;
	put_back_all(sv, why);
}

/* Gives up: what runs may end, then exit 1. */
static void
give_up(struct supervisor *sv, const char *what, const char *why)
{
	if (!sv->failed)
		log_error(&sv->log, what, why);
	sv->failed = 1;
	stop(sv, what);
}

/* ---- Entries in workers/, ours and those of other hosts ---- */

/*
 * Other hosts rely on locks as we do.  That these do not work between their
 * mounts and ours is seen when the entry of a process that lives is not locked.
 */
static void
check_others(struct supervisor *sv)
{
	char name[REGISTRY_NAME_MAX], why[SPOOL_WHY_MAX];
	int64_t mono = fs_mono();

	if (registry_others(sv->spool) == 0) {
		sv->touch = WHEN_NEVER;
		return;
	}
	if (sv->touch == WHEN_NEVER || mono >= sv->touch) {
		sv->touch = mono + REGISTRY_TOUCH;
		(void)registry_touch(sv->entry);
	}
	if (registry_watch_others(sv->spool, &sv->others, name) != 1 ||
	    sv->failed)
		return;
	snprintf(why, sizeof why,
	    "workers/%s is touched by a supervisor of another host, but its "
	    "lock is free here: locks do not work between that host's mount "
	    "and this one, and jobs may have run twice: let one host alone "
	    "use the spool, or move it to a file system whose locks work "
	    "between hosts",
	    name);
	log_notice(&sv->log, "%s: %s", sv->spool->path, why);
	give_up(sv, "locks-fail", why);
}

/*
 * Who removes or replaces the entries in workers/ must not hide from others
 * that we and our workers live.
 */
static void
check_entries(struct supervisor *sv)
{
	sv->entries = WHEN_NEVER;
	if (registry_is_entered(sv->spool, sv->name, sv->entry) == 0 &&
	    enter_again(sv) == -1) {
		if (!sv->unentered)
			log_error(&sv->log, "no-entry", strerror(errno));
		sv->unentered = 1;
	} else {
		sv->unentered = 0;
	}
	crew_check_entries(&sv->crew, sv->spool);
	check_others(sv);
}

/* ---- Recovery ---- */

static void
log_recovered(struct supervisor *sv, const struct claim *c)
{
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "job=%s event=recovered state=%s", c->name,
	    job_state_name(c->where));
	if (c->end.reason != JOB_NO_REASON)
		buf_printf(&line, " reason=%s", job_reason_name(c->end.reason));
	if (c->end.error != NULL) {
		buf_puts(&line, " error=");
		text_logfmt(&line, c->end.error, strlen(c->end.error));
	}
	log_line(&sv->log, buf_text(&line));
	buf_free(&line);
}

/* Something of processing/ that none of our workers has. */
static int
recover_one(void *arg, const char *name, uint64_t inode)
{
	struct supervisor *sv = arg;
	enum claim_result r;
	struct claim c;

	(void)inode;
	if (!job_id_valid(name) || crew_find(&sv->crew, name) != NULL)
		return 0;
	r = claim_recover(&c, sv->spool, &sv->conf, name);
	if (r == CLAIM_BUSY || r == CLAIM_TROUBLE)
		sv->foreign = 1;
	if (r != CLAIM_OK && r != CLAIM_UNSYNCED)
		return 0;
	log_recovered(sv, &c);
	if (c.where == JOB_DEAD)
		sv->died++;
	if (c.where == JOB_PENDING || c.where == JOB_FAILED)
		scout_enter(&sv->scout, c.where, name, 0);
	claim_drop(&c);
	if (r == CLAIM_UNSYNCED)
		give_up(sv, "sync-failed", "see the kernel's log");
	return 0;
}

static void
recover_all(struct supervisor *sv)
{
	sv->foreign = 0;
	if (spool_scan(sv->spool, SPOOL_PROCESSING, recover_one, sv) == -1)
		sv->foreign = 1;
	sv->recover = sv->foreign || sv->crew.busy > 0 ?
	    fs_mono() + SUPERVISOR_RECOVER :
	    WHEN_NEVER;
}

/* ---- Requests ---- */

static int
cancel_one(void *arg, const char *name, uint64_t inode)
{
	struct supervisor *sv = arg;
	struct crew_member *m;
	struct order order;

	(void)inode;
	if (strncmp(name, "cancel.", 7) != 0)
		return 0;
	m = crew_find(&sv->crew, name + 7);
	memset(&order, 0, sizeof order);
	order.kind = ORDER_CANCEL;
	if (m != NULL && m->socket != -1)
		(void)crew_order(&sv->crew, m, &order);
	return 0;
}

static void
obey_control(struct supervisor *sv)
{
	sv->scout.control = 0;
	if (registry_asked(sv->spool, REGISTRY_INTERRUPT, sv->name)) {
		registry_answer(sv->spool, REGISTRY_INTERRUPT, sv->name);
		interrupt(sv, "asked");
	}
	if (registry_asked(sv->spool, REGISTRY_STOP, sv->name)) {
		registry_answer(sv->spool, REGISTRY_STOP, sv->name);
		stop_gently(sv, "asked");
	}
	if (sv->crew.busy > 0)
		(void)spool_scan(sv->spool, SPOOL_CONTROL, cancel_one, sv);
}

/* ---- Answers of the workers ---- */

/* Lets what waited for a namesake of this job go on. */
static void
wake_namesakes(struct supervisor *sv, const char *name)
{
	static const int dirs[] = { SPOOL_PENDING, SPOOL_FAILED };
	struct index_entry *e;
	int i;

	for (i = 0; i < 2; i++) {
		e = index_find(&sv->index, dirs[i], name);
		if (e != NULL && e->place == INDEX_LATER && e->busy) {
			e->busy = 0;
			index_delay(&sv->index, e, 0);
		}
	}
}

/* What becomes of the entry whose order was answered. */
static void
settle_entry(struct supervisor *sv, struct index_entry *e,
    const struct answer *a)
{
	char room[INDEX_ROOM];
	const char *name = index_name(e, room);
	int dir = (int)e->dir;
	int64_t now = fs_now();

	switch (a->result) {
	case CLAIM_LATER:
		index_delay(&sv->index, e, a->due);
		break;
	case CLAIM_BUSY:
		e->busy = 1;
		index_delay(&sv->index, e, now + SUPERVISOR_BUSY);
		break;
	case CLAIM_FOREIGN:
		scout_name(&sv->scout, e, "cannot be opened for writing");
		index_delay(&sv->index, e, now + SCOUT_UNREADABLE);
		break;
	case CLAIM_TROUBLE:
		/* After the others, who are held up for half of this. */
		e->busy = 1;
		index_delay(&sv->index, e, now + 2 * SUPERVISOR_TROUBLE);
		break;
	default:
		if (!e->again) {
			index_remove(&sv->index, e);
			return;
		}
		index_delay(&sv->index, e, 0);
		break;
	}
	/* To answer busy, the worker itself had it open for writing. */
	if (e->again)
		scout_enter(&sv->scout, dir, name, 0);
	else if (e->written && a->result == CLAIM_LATER)
		scout_examine(&sv->scout, dir, name);
}

/* Something is or may be in processing/: it is to be looked at soon. */
static void
recover_soon(struct supervisor *sv)
{
	int64_t soon = fs_mono() + SUPERVISOR_RECOVER;

	if (soon < sv->recover)
		sv->recover = soon;
}

static void
take_done(struct supervisor *sv, struct crew_member *m, const struct answer *a)
{
	struct index_entry *e = index_find(&sv->index, m->dir, m->job);

	if (e != NULL)
		settle_entry(sv, e, a);
	/* Another supervisor has it, or had it: does that one live? */
	if (a->result == CLAIM_BUSY || (a->result == CLAIM_GONE && !a->ran))
		recover_soon(sv);
	if (a->ran)
		count_run(sv, a);
	if (a->state == JOB_DEAD)
		sv->died++;
	/* Without a watch nobody else tells that it waits again. */
	if (sv->scout.watch_fd == -1 &&
	    (a->state == JOB_FAILED || a->state == JOB_PENDING))
		scout_enter(&sv->scout, a->state, m->job, 0);
	if (a->ran)
		wake_namesakes(sv, m->job);
	if (a->result == CLAIM_TROUBLE) {
		sv->resume = fs_mono() + SUPERVISOR_TROUBLE;
		sv->recover = 0;
	}
	if (a->result == CLAIM_UNSYNCED)
		give_up(sv, "sync-failed", "see the kernel's log");
}

static void
take_answers(struct supervisor *sv, struct crew_member *m)
{
	struct answer a;
	int more;

	do {
		more = crew_receive(m);
		while (crew_answer(&sv->crew, m, &a) == 1) {
			if (a.kind == ANSWER_LEFT) {
				sv->failed = 1;
				log_notice(&sv->log, "%s", a.text);
			} else if (a.text_len > 0) {
				log_line_at(&sv->log, a.time, a.text);
			}
			if (a.kind == ANSWER_DONE)
				take_done(sv, m, &a);
		}
	} while (more == 1);
	if (more == -1 && m->socket != -1) {
		(void)fs_close(m->socket);
		m->socket = -1; /* SIGCHLD tells the rest */
	}
}

/* ---- Obeying signals ---- */

/* What a worker that has ended leaves to be done. */
static void
lose_worker(struct supervisor *sv, struct crew_member *m)
{
	struct index_entry *e;
	int busy;

	take_answers(sv, m); /* it may have been done, and said so */
	busy = m->busy;
	crew_lost(&sv->crew, m);
	sv->respawn = 0;
	if (!busy && (m->leaving || m->leaves))
		return;
	log_printf(&sv->log, "worker=%s event=worker-died%s%s", m->name,
	    busy ? " job=" : "", busy ? m->job : "");
	if (!busy)
		return;
	e = index_find(&sv->index, m->dir, m->job);
	if (e != NULL)
		index_delay(&sv->index, e, 0); /* if it is still there */
	sv->recover = 0;
}

static void
reap_workers(struct supervisor *sv)
{
	struct crew_member *m;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		m = crew_by_pid(&sv->crew, pid);
		if (m != NULL)
			lose_worker(sv, m);
	}
}

static void
obey_signals(struct supervisor *sv)
{
	char sigs[64];
	ssize_t n, i;

	while ((n = read(signal_pipe[0], sigs, sizeof sigs)) > 0) {
		for (i = 0; i < n; i++) {
			if (sigs[i] == SIGCHLD) {
				reap_workers(sv);
			} else if (sigs[i] == SIGHUP &&
			    (sv->options->daemon || sv->log.path != NULL)) {
				log_reopen(&sv->log);
				reload_config(sv, 1);
			} else if (sigs[i] == SIGHUP) {
				/* Shell and kernel may both send one. */
				stop_gently(sv, "hangup");
			} else if (sv->stopping) {
				/* timeout(1) sends one to us and one to all. */
				if (fs_mono() - sv->stopped >= SUPERVISOR_TWICE)
					interrupt(sv, "signal");
			} else {
				stop_gently(sv, "signal");
			}
		}
	}
}

/* ---- Handing out ---- */

/* True, and said once in the log, if nothing may start now. */
static int
is_held_up(struct supervisor *sv, int64_t mono)
{
	const char *why = NULL;
	int64_t space;

	if (crew_held(&sv->crew)) {
		sv->resume = mono + SUPERVISOR_TROUBLE;
		return 1;
	}
	if (spool_paused(sv->spool)) {
		why = "paused";
	} else if (mono >= sv->checked) {
		sv->checked = mono + WHEN_SECOND;
		space = spool_free_bytes(sv->spool);
		if (space >= 0 && space < sv->conf.min_free_bytes)
			why = "disk-full";
	}
	if (why == NULL) {
		sv->waiting = 0;
		return 0;
	}
	if (!sv->waiting)
		log_printf(&sv->log, "event=holding reason=%s", why);
	sv->waiting = 1;
	sv->resume = mono + WHEN_SECOND;
	return 1;
}

static void
hand_out(struct supervisor *sv)
{
	struct crew_member *m;
	struct index_entry *e;
	struct order order;
	char room[INDEX_ROOM];
	const char *name;
	int64_t mono = fs_mono();

	memset(&order, 0, sizeof order);
	while (!sv->stopping && mono >= sv->resume &&
	    (m = crew_idle(&sv->crew)) != NULL &&
	    (e = index_next(&sv->index, fs_now())) != NULL) {
		if (is_held_up(sv, mono))
			return;
		name = index_name(e, room);
		if (crew_find(&sv->crew, name) != NULL) {
			e->busy = 1; /* a namesake is at work here */
			index_delay(&sv->index, e, fs_now() + SUPERVISOR_BUSY);
			continue;
		}
		order.kind = ORDER_RUN;
		order.dir = (int)e->dir;
		order.others = sv->touch != WHEN_NEVER;
		order.known_us = index_known(e, mono);
		order.conf = sv->conf;
		memset(order.name, 0, sizeof order.name);
		memcpy(order.name, name, strlen(name));
		if (crew_order(&sv->crew, m, &order) == -1) {
			(void)fs_close(m->socket);
			m->socket = -1;
			continue;
		}
		e->again = e->written = 0;
		index_set_aside(&sv->index, e, INDEX_HELD);
		recover_soon(sv);
	}
}

/* ---- Draining ---- */

static void
say_draining(struct supervisor *sv)
{
	size_t waiting = sv->index.count - sv->index.ignored;
	int64_t due = index_next_due(&sv->index);
	char time[WHEN_SIZE] = "now";

	if (waiting + (size_t)sv->foreign == sv->said_waiting)
		return;
	sv->said_waiting = waiting + (size_t)sv->foreign;
	if (due != WHEN_NEVER && due > fs_now())
		when_format_ms(time, due);
	log_printf(&sv->log,
	    "event=draining waiting=%lu next_due=%s "
	    "running_elsewhere=%s",
	    (unsigned long)waiting, time, sv->foreign ? "yes" : "no");
}

/* Forgets what was to run later and is not there any more. */
static void
verify_later(struct supervisor *sv, int64_t mono)
{
	struct index_entry *e;
	char room[INDEX_ROOM];
	struct stat st;

	if (mono < sv->verify)
		return;
	while ((e = index_later(&sv->index)) != NULL &&
	    fstatat(sv->spool->dir[e->dir], index_name(e, room), &st,
		AT_SYMLINK_NOFOLLOW) == -1 &&
	    errno == ENOENT)
		index_remove(&sv->index, e);
	sv->verify = mono + WHEN_SECOND;
}

/* One died elsewhere: cancelled, or under another supervisor. */
static int
count_death(void *arg, const char *name)
{
	struct supervisor *sv = arg;

	(void)name;
	sv->died = 1;
	return 1;
}

/* Stops when nothing of any state is live, here or elsewhere. */
static void
drain(struct supervisor *sv, int64_t mono)
{
	if (sv->stopping || sv->crew.busy > 0)
		return;
	verify_later(sv, mono);
	if (sv->index.count == sv->index.ignored &&
	    (!sv->foreign || mono >= sv->recover)) {
		scout_scan(&sv->scout);
		recover_all(sv);
		if (sv->index.count == sv->index.ignored && !sv->foreign &&
		    sv->scout.trouble == 0) {
			if (sv->died == 0)
				(void)record_deaths(sv->spool, sv->started_at,
				    count_death, sv);
			stop(sv, "drained");
			return;
		}
	}
	if (sv->index.ready.count == 0)
		say_draining(sv);
}

/* ---- Retention ---- */

/* The ended records of a state, of which the old ones go. */
struct old {
	struct supervisor *sv;
	int dir;
	int64_t before; /* they were last changed before this time */
	int64_t oldest; /* of those that stay */
	long removed;
	int held; /* some should have gone, but are locked */
};

static int
purge_one(void *arg, const char *name, uint64_t inode)
{
	struct old *old = arg;
	char why[SPOOL_WHY_MAX];
	struct stat st;
	int64_t changed;

	(void)inode;
	if (!spool_is_job(old->dir, name) ||
	    fstatat(old->sv->spool->dir[old->dir], name, &st,
		AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return 0;
	changed = spool_time(&st);
	if (changed >= old->before)
		old->oldest = changed < old->oldest ? changed : old->oldest;
	else if (claim_purge(old->sv->spool, old->dir, name, 0, 0, why) ==
	    CLAIM_OK)
		old->removed++;
	else
		old->held = 1;
	return old->removed == SUPERVISOR_PURGE;
}

/*
 * Removes what has ended for longer than it is to be kept.  Returns when to
 * look again: what ends from now on is due no earlier than `keep` from now.
 */
static int64_t
purge_state(struct supervisor *sv, int dir, int64_t keep, int64_t mono)
{
	struct old old = { sv, dir, fs_now() - keep, WHEN_NEVER, 0, 0 };
	int64_t next, least = keep / SUPERVISOR_PURGE_PART;
	int ret;

	if (keep == 0)
		return WHEN_NEVER;
	ret = spool_scan(sv->spool, dir, purge_one, &old);
	if (old.removed > 0)
		log_printf(&sv->log, "event=purged state=%s jobs=%ld",
		    job_state_name(dir), old.removed);
	if (ret == 1)
		return mono; /* there is more */
	next = old.oldest == WHEN_NEVER ? keep : old.oldest - old.before;
	if (old.held && next > SUPERVISOR_HELD)
		next = SUPERVISOR_HELD;
	if (next < least)
		next = least;
	if (next < WHEN_SECOND)
		next = WHEN_SECOND;
	if (next > SUPERVISOR_SWEEP) /* clocks are set, hands move files */
		next = SUPERVISOR_SWEEP;
	return mono + next;
}

static void
purge_old(struct supervisor *sv, int64_t mono)
{
	int64_t dead;

	sv->purge = purge_state(sv, SPOOL_COMPLETED,
	    sv->conf.retain_completed_seconds * WHEN_SECOND, mono);
	dead = purge_state(sv, SPOOL_DEAD,
	    sv->conf.retain_dead_seconds * WHEN_SECOND, mono);
	if (dead < sv->purge)
		sv->purge = dead;
}

/* ---- Progress ---- */

static void
count_jobs(struct supervisor *sv, struct progress_counts *c)
{
	(void)index_next(&sv->index, fs_now()); /* parts what is due */
	c->done = (long)sv->ended[JOB_COMPLETED];
	c->running = sv->crew.busy;
	c->later = (long)sv->index.later.count;
	c->waiting = (long)sv->index.ready.count + c->later;
	c->failed = sv->died;
}

static void
show_progress(struct supervisor *sv, int64_t mono)
{
	struct progress_counts counts;

	if (sv->progress.fd == -1)
		return;
	count_jobs(sv, &counts);
	sv->show = progress_show(&sv->progress, &counts, mono);
}

/* The last thing that is said. */
static void
end_progress(struct supervisor *sv)
{
	struct progress_counts counts;

	count_jobs(sv, &counts);
	progress_end(&sv->progress, &counts, fs_mono());
}

/* ---- The loop ---- */

/* Gives up if the spool or a part of it is gone; 0 or -1. */
static int
check_spool(struct supervisor *sv)
{
	char why[SPOOL_WHY_MAX];

	if (spool_intact(sv->spool, why) == 0)
		return 0;
	give_up(sv, "spool-gone", why);
	return -1;
}

/* Looks at everything, whatever was or was not reported. */
static void
look_around(struct supervisor *sv, int64_t mono)
{
	int64_t interval = sv->conf.poll_interval_ms * (WHEN_SECOND / 1000);
	int64_t begun = mono, now;

	sv->tick = mono + SUPERVISOR_SLEEP;
	sv->scout.lost = 0;
	log_catch_up(&sv->log);
	reap_workers(sv);
	if (check_spool(sv) == -1)
		return;
	if (mono >= sv->sweep) {
		sv->sweep = mono + SUPERVISOR_SWEEP;
		spool_sweep(sv->spool);
		now = registry_touch(sv->entry);
		if (registry_sweep(sv->spool, now != -1 ? now : fs_now()))
			sv->sweep = mono + REGISTRY_QUIET;
	}
	reload_config(sv, 0);
	check_entries(sv);
	obey_control(sv);
	scout_scan(&sv->scout);
	if (sv->scout.trouble != 0)
		log_error(&sv->log, "unreadable", strerror(sv->scout.trouble));
	if (sv->recover == WHEN_NEVER)
		sv->recover = mono;
	/* Of a million jobs that takes seconds, and at first a minute. */
	mono = fs_mono();
	if (interval < SUPERVISOR_REST * (mono - begun))
		interval = SUPERVISOR_REST * (mono - begun);
	if (sv->scout.sees_all || interval > SUPERVISOR_SLEEP)
		interval = SUPERVISOR_SLEEP;
	sv->tick = mono + interval;
}

/* What waits for a time does so by the clock, which somebody may have set. */
static void
look_at_clock(struct supervisor *sv, int64_t mono)
{
	int64_t ahead = fs_now() - mono, step = ahead - sv->ahead;

	/* Held up between the two looks: they say nothing. */
	if (fs_mono() - mono > SUPERVISOR_STEP / 2)
		return;
	sv->ahead = ahead;
	if (step >= -SUPERVISOR_STEP && step <= SUPERVISOR_STEP)
		return;
	log_printf(&sv->log, "event=clock-set by=%.0f", (double)step / 1e6);
	scout_clock_set(&sv->scout);
}

static int64_t
sleep_until(struct supervisor *sv, int64_t mono)
{
	int64_t now = fs_now(), due = index_next_due(&sv->index);
	int64_t until, log;

	(void)log_wait(&sv->log, &log);
	until = sv->tick < log ? sv->tick : log;
	if (sv->recover < until)
		until = sv->recover;
	if (sv->respawn < until)
		until = sv->respawn;
	if (sv->entries < until)
		until = sv->entries;
	if (sv->touch < until)
		until = sv->touch;
	if (sv->purge < until)
		until = sv->purge;
	if (sv->grace < until)
		until = sv->grace;
	if (sv->dirty && sv->write < until)
		until = sv->write;
	if (sv->show < until)
		until = sv->show;
	if (sv->stopping || crew_idle(&sv->crew) == NULL)
		return until;
	if (sv->options->drain && sv->crew.busy == 0 &&
	    index_later(&sv->index) != NULL && sv->verify < until)
		until = sv->verify;
	if (sv->resume > mono) /* held up, whatever becomes due */
		return sv->resume < until ? sv->resume : until;
	if (due != WHEN_NEVER && due - now < until - mono)
		until = due <= now ? mono : mono + (due - now);
	return until;
}

/* Waits, and takes what has come. */
static void
wait_and_take(struct supervisor *sv)
{
	int64_t mono = fs_mono(), left = sleep_until(sv, mono) - mono;
	struct pollfd *p = sv->polled;
	struct crew_member *m;
	int64_t until;
	int i, n = 2, log = log_wait(&sv->log, &until);

	p[0].fd = signal_pipe[0];
	p[1].fd = sv->scout.watch_fd;
	/* Only what is open: poll(2) takes no more than may be open. */
	for (i = 0; i < sv->crew.count; i++)
		if (sv->crew.member[i].socket != -1)
			p[n++].fd = sv->crew.member[i].socket;
	for (i = 0; i < n; i++) {
		p[i].events = POLLIN;
		p[i].revents = 0;
	}
	if (log != -1) {
		p[n].fd = log;
		p[n].events = POLLOUT;
		p[n++].revents = 0;
	}
	/* Rounded up: a millisecond early would spin until it is due. */
	left = left <= 0 ? 0 : (left + 999) / 1000;
	if (poll(p, (nfds_t)n, (int)left) <= 0)
		return;
	if (log != -1 && p[n - 1].revents != 0)
		log_catch_up(&sv->log);
	for (i = 2; i < n; i++) {
		m = crew_by_socket(&sv->crew, p[i].fd);
		if (p[i].revents != 0 && m != NULL)
			take_answers(sv, m);
	}
	if (p[0].revents != 0)
		obey_signals(sv);
	if (p[1].revents != 0)
		scout_look(&sv->scout);
}

/* Replaces workers that are missing; says once why that cannot be done. */
static void
fill_crew(struct supervisor *sv, int64_t mono)
{
	int error = sv->crew.error;

	sv->respawn = crew_fill(&sv->crew, mono);
	if (sv->crew.error != 0 && sv->crew.error != error)
		log_error(&sv->log, "no-worker", strerror(sv->crew.error));
}

static void
loop(struct supervisor *sv)
{
	int64_t mono, log;

	for (;;) {
		mono = fs_mono();
		look_at_clock(sv, mono);
		(void)log_wait(&sv->log, &log);
		if (mono >= log)
			log_catch_up(&sv->log);
		if (sv->stopping)
			crew_dismiss(&sv->crew);
		if (mono >= sv->grace)
			put_back_all(sv, "grace");
		if (mono >= sv->respawn)
			fill_crew(sv, mono);
		if (sv->stopping && crew_alive(&sv->crew) == 0)
			return;
		if (mono >= sv->tick || sv->scout.lost)
			look_around(sv, mono);
		if (sv->scout.config) {
			sv->scout.config = 0;
			check_spool(sv);
			reload_config(sv, 0);
		}
		if (sv->scout.workers) {
			sv->scout.workers = 0;
			if (sv->entries == WHEN_NEVER)
				sv->entries = mono + SUPERVISOR_ENTRIES;
		}
		if (mono >= sv->entries || mono >= sv->touch)
			check_entries(sv);
		if (sv->scout.control)
			obey_control(sv);
		if (sv->scout.gone) {
			sv->scout.gone = 0;
			recover_soon(sv);
		}
		if (mono >= sv->recover)
			recover_all(sv);
		hand_out(sv);
		if (mono >= sv->purge)
			purge_old(sv, mono);
		if (sv->options->drain)
			drain(sv, mono);
		show_progress(sv, mono);
		write_counters(sv, mono);
		wait_and_take(sv);
	}
}

static int
run(struct supervisor *sv)
{
	sv->polled = calloc((size_t)sv->options->count + 3, sizeof *sv->polled);
	if (sv->polled == NULL ||
	    crew_init(&sv->crew, sv->options->count, sv->spool->path,
		sv->name) == -1) {
		msg_warn("worker start");
		return MSG_REFUSED;
	}
	progress_init(&sv->progress, STDERR_FILENO, sv->options->drain,
	    fs_mono());
	sv->show = sv->grace = sv->touch = WHEN_NEVER;
	sv->progress.out = log_terminal(&sv->log);
	sv->log.below = &sv->progress;
	log_printf(&sv->log, "event=started supervisor=%s workers=%d", sv->name,
	    sv->options->count);
	/* Workers first: they need no copy of the index. */
	fill_crew(sv, fs_mono());
	/* First the watch, then the scan: nothing falls between. */
	scout_open(&sv->scout, sv->spool, &sv->conf, &sv->log, &sv->index);
	loop(sv);
	log_printf(&sv->log, "event=stopped supervisor=%s", sv->name);
	end_progress(sv);
	crew_free(&sv->crew);
	scout_close(&sv->scout);
	free(sv->polled);
	return sv->failed || sv->hurried || (sv->options->drain && sv->died) ?
	    MSG_REFUSED :
	    MSG_OK;
}

/* ---- Starting ---- */

/*
 * Leaves the terminal: in the child returns the end of a pipe to say on that
 * it is at work; in the parent waits for that, and exits through *status.
 */
static int
become_daemon(int *status)
{
	char name[REGISTRY_NAME_MAX];
	int ready[2];
	ssize_t n;
	pid_t pid;

	if (pipe(ready) == -1 || (pid = fork()) == -1) {
		msg_warn("worker start: cannot become a daemon");
		*status = MSG_REFUSED;
		return -1;
	}
	if (pid == 0) {
		(void)fs_close(ready[0]);
		(void)fcntl(ready[1], F_SETFD, FD_CLOEXEC);
		(void)setsid();
		return ready[1];
	}
	(void)fs_close(ready[1]);
	n = fs_read(ready[0], name, sizeof name - 1);
	(void)fs_close(ready[0]);
	if (n > 0)
		printf("%.*s\n", (int)n, name);
	*status = n > 0 ? MSG_OK : MSG_REFUSED;
	return -1;
}

/* The daemon is registered: tells the parent, and lets go of the terminal. */
static void
detach(const struct supervisor *sv, int ready)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd != -1) {
		(void)dup2(fd, STDIN_FILENO);
		(void)dup2(fd, STDOUT_FILENO);
		(void)dup2(fd, STDERR_FILENO);
		(void)close(fd);
	}
	(void)chdir("/");
	(void)fs_write(ready, sv->name, strlen(sv->name));
	(void)fs_close(ready);
}

/* Closes what was inherited, and opens the spool anew. */
static int
reopen_spool(struct spool *s)
{
	struct spool fresh;
	char why[SPOOL_WHY_MAX];
	char *path = s->path;
	int ret;

	s->path = NULL;
	spool_close(s);
	os_close_from(3, -1);
	ret = spool_open(&fresh, path, SPOOL_MAKE, why);
	free(path);
	if (ret == -1) {
		msg_warnx("%s", why);
		return -1;
	}
	*s = fresh;
	return 0;
}

static int
start(struct supervisor *sv)
{
	char why[CONF_ERROR_MAX];
	int opened;

	if (index_init(&sv->index) == -1 || set_signals() == -1) {
		msg_warn("worker start");
		return -1;
	}
	if (load_config(sv, why) == -1) {
		msg_warnx("%s: %s", sv->spool->path, why);
		return -1;
	}
	opened = log_open(&sv->log, sv->options->log_path);
	if (opened == -1) {
		msg_warn("%s", sv->options->log_path);
		return -1;
	}
	if (opened == 1)
		msg_warnx("%s: nobody reads this FIFO: the log is lost until "
			  "somebody does",
		    sv->options->log_path);
	if (enter(sv) == -1) {
		msg_warn("%s/workers", sv->spool->path);
		return -1;
	}
	return 0;
}

int
supervisor_run(struct spool *s, const struct supervisor_options *o)
{
	struct supervisor sv;
	int ready = -1, status = MSG_REFUSED;

	if (reopen_spool(s) == -1)
		return MSG_REFUSED;
	if (o->daemon) {
		ready = become_daemon(&status);
		if (ready == -1)
			return status;
	}
	memset(&sv, 0, sizeof sv);
	s->lock_wait = SUPERVISOR_LOCK;
	sv.spool = s;
	sv.options = o;
	errno = 0;
	if (start(&sv) == 0) {
		if (o->daemon)
			detach(&sv, ready);
		status = run(&sv);
		registry_leave(s, sv.name, sv.entry);
	} else if (errno == ENOSPC || errno == EDQUOT) {
		status = MSG_AGAIN;
	}
	index_free(&sv.index);
	log_close(&sv.log);
	return status;
}
