#include "worker.h"

#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "guard.h"
#include "os.h"
#include "proc.h"
#include "sink.h"
#include "text.h"

#define WORKER_TICK    WHEN_SECOND /* looks for requests, checks output */
#define WORKER_LINGER  (WHEN_SECOND / 20) /* between looks at a session */
#define WORKER_TOUCHES 3		  /* of its job in a lease */
#define WORKER_RETRY   (2 * WHEN_SECOND)  /* between tries to record an end */
#define WORKER_TRIES   2		  /* to record it, once interrupted */
#define WORKER_SAY     (WHEN_SECOND / 20) /* until it is told that a job runs */
#define WORKER_LOCK    WHEN_SECOND	  /* for SPOOL/lock */

/* Why a run is being ended before its time. */
enum cause {
	CAUSE_NONE,
	CAUSE_TIMEOUT,
	CAUSE_OUTPUT,
	CAUSE_STOP,
	CAUSE_CANCEL,
	CAUSE_FENCE /* its lease is about to run out */
};

struct worker {
	int socket;    /* -1: the supervisor is gone */
	int entry;     /* of workers/ */
	int unentered; /* that it has none was told */
	const char *name;
	struct spool spool;
	struct order order;
	struct claim claim;
	struct sinks sinks;
	struct proc_trouble *trouble;
	struct os_mounts mounts;
	int64_t begun; /* not after the claim was recorded; monotonic clock */
	int others;    /* other hosts have entries in workers/ */
	int leaves;    /* a process that cannot be killed is a child of ours */
	struct buf unsaid; /* an answer that waits for the next */
	sigset_t waiting;  /* the mask to wait with: SIGCHLD comes through */
};

/* The job while it runs. */
struct run {
	pid_t pid;
	int64_t started;  /* all of these on the monotonic clock */
	int64_t deadline; /* of the timeout; WHEN_NEVER: none */
	int64_t kill_at;
	int64_t say;
	int64_t tick;
	int64_t touch;
	int64_t touched; /* when it is known to have been */
	int64_t wall;	 /* the same by the clock that goes on in suspend */
	struct guard guard;
	int fenced; /* the guard has ended it */
	enum cause cause;
	int leave; /* it was interrupted: the end is not tried for ever */
	struct os_process left; /* what SIGKILL did not end */
	struct proc_status status;
};

/* ---- Talking to the supervisor ---- */

static volatile sig_atomic_t told_to_end; /* SIGTERM, without a supervisor */

static void
note_term(int sig)
{
	(void)sig;
	told_to_end = 1;
}

/*
 * The supervisor is gone: from now on SIGTERM is for us.  One that came before
 * was the supervisor's affair.  It is seen where we wait.
 */
static void
lose_supervisor(struct worker *w)
{
	struct sigaction sa;
	sigset_t term;

	(void)fs_close(w->socket);
	w->socket = -1;
	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sa.sa_handler = SIG_IGN; /* what is pending goes */
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	sa.sa_handler = note_term;
	(void)sigaction(SIGTERM, &sa, NULL);
	sigdelset(&w->waiting, SIGTERM);
}

/* Sends what is unsaid. */
static void
send_unsaid(struct worker *w)
{
	if (w->socket != -1 &&
	    fs_write(w->socket, buf_text(&w->unsaid), w->unsaid.len) == -1)
		lose_supervisor(w);
	buf_clear(&w->unsaid);
}

/* Has an answer sent along with the next one. */
static void
leave_unsaid(struct worker *w, struct answer *a)
{
	a->time = fs_now();
	buf_add(&w->unsaid, a, ANSWER_HEAD + a->text_len);
}

static void
send_answer(struct worker *w, struct answer *a)
{
	leave_unsaid(w, a);
	send_unsaid(w);
}

/* Puts a line for the log into an answer: the fields after the time. */
static void
set_text(struct worker *w, struct answer *a, const struct job_event *e,
    const char *event)
{
	struct buf b = BUF_EMPTY;

	buf_printf(&b, "worker=%s", w->name);
	if (w->claim.name[0] != '\0')
		buf_printf(&b, " job=%s", w->claim.name);
	buf_printf(&b, " event=%s", event);
	if (e != NULL && e->attempt > 0)
		buf_printf(&b, " attempt=%d", e->attempt);
	if (e != NULL && e->exit_code >= 0)
		buf_printf(&b, " exit_code=%d", e->exit_code);
	if (e != NULL && e->signal > 0)
		buf_printf(&b, " signal=%d", e->signal);
	if (a->ran)
		buf_printf(&b, " duration=%.3f", (double)a->duration / 1e6);
	if (e != NULL && e->retry_at >= 0)
		buf_printf(&b, " retry_in=%.10g",
		    (double)(e->retry_at - e->time) / 1e6);
	if (e != NULL && e->reason != JOB_NO_REASON)
		buf_printf(&b, " reason=%s", job_reason_name(e->reason));
	if (e != NULL && e->error != NULL) {
		buf_puts(&b, " error=");
		text_logfmt(&b, e->error, strlen(e->error));
	}
	a->text_len = b.len < ANSWER_TEXT ? b.len : ANSWER_TEXT - 1;
	memcpy(a->text, buf_text(&b), a->text_len);
	buf_free(&b);
}

static void
answer_init(struct answer *a, enum answer_kind kind)
{
	memset(a, 0, ANSWER_HEAD);
	a->kind = kind;
	a->state = JOB_NO_STATE;
}

/* An event with an error made of errno. */
static struct job_event
trouble_event(int error)
{
	struct job_event e = job_event_make(JOB_PENDING, 0);

	e.error = spool_strerror(error);
	return e;
}

/*
 * Takes an order from the socket: 1, or 0 if there is none (without
 * waiting) or the supervisor is gone.
 */
static int
take_order(struct worker *w, struct order *order)
{
	if (fs_read(w->socket, order, sizeof *order) == sizeof *order)
		return 1;
	lose_supervisor(w);
	return 0;
}

/* Somebody has removed or replaced the entry in workers/. */
static void
enter_again(struct worker *w)
{
	static const struct buf empty = BUF_EMPTY;
	int was = w->unentered;
	struct job_event e;
	struct answer a;

	answer_init(&a, ANSWER_ENTERED);
	w->unentered =
	    registry_reenter(&w->spool, w->name, &empty, &w->entry) == -1;
	if (w->unentered && !was) {
		e = trouble_event(errno);
		set_text(w, &a, &e, "no-worker");
	}
	send_answer(w, &a);
}

/* ---- While a job runs ---- */

static int64_t
earliest(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Begins to end the run; a stronger cause does not replace the first. */
static void
end_run(struct worker *w, struct run *r, enum cause cause, int64_t now)
{
	if (r->cause != CAUSE_NONE || r->pid <= 0)
		return;
	r->cause = cause;
	r->deadline = WHEN_NEVER;
	r->kill_at = now + w->order.conf.kill_grace_seconds * WHEN_SECOND;
	proc_terminate(r->pid);
}

static int
over_limit(int fd, long max)
{
	struct stat st;

	return max > 0 && fstat(fd, &st) == 0 && st.st_size > max;
}

static int64_t
lease(const struct worker *w)
{
	return w->order.conf.lock_lease_seconds * WHEN_SECOND;
}

/*
 * Has the run guarded as long as another host could take the job.  Called
 * before each use of the spool: that may hang.
 */
static void
keep_guard(struct worker *w, struct run *r)
{
	if (w->others && r->guard.pid == 0 && r->pid > 0 && !r->fenced)
		(void)guard_start(&r->guard, r->pid, r->touched, lease(w));
	else if (!w->others)
		r->fenced |= guard_stop(&r->guard);
}

/* If the guard has begun to end the run, so do we. */
static void
heed_guard(struct worker *w, struct run *r)
{
	if (r->fenced || !guard_fired(&r->guard))
		return;
	r->fenced = 1;
	end_run(w, r, CAUSE_FENCE, fs_mono());
	if (r->kill_at != WHEN_NEVER)
		r->kill_at = earliest(r->kill_at,
		    r->touched + lease(w) / 6 * GUARD_KILL);
}

/* Keeps the lease; what that did not do is tried again soon. */
static void
touch(struct worker *w, struct run *r)
{
	int64_t now = fs_mono(), wall = fs_now();
	int others;

	keep_guard(w, r);
	if (claim_touch(&w->claim) == 0) {
		r->touched = now;
		r->wall = wall;
		r->touch = now + lease(w) / WORKER_TOUCHES;
		guard_touched(&r->guard, now);
	} else {
		r->touch = now + lease(w) / WORKER_TOUCHES / 4;
	}
	others = registry_others(&w->spool);
	if (others != -1)
		w->others = others;
	keep_guard(w, r);
}

/*
 * True if another host may have taken a job that was claimed at `begun`, since
 * a call took so long that a guard would have ended the run by now.
 */
static int
is_late(const struct worker *w, int64_t begun)
{
	return w->others && fs_mono() - begun >= lease(w) / 6 * GUARD_TERM;
}

/*
 * True if another host may have taken the job: the lease was not kept for so
 * long that a guard would have ended it, or the machine slept.
 */
static int
is_doubtful(const struct worker *w, const struct run *r)
{
	return r->fenced ||
	    fs_mono() - r->touched >= lease(w) / 6 * GUARD_TERM ||
	    fs_now() - r->wall >= lease(w) / 6 * GUARD_TERM;
}

/* What is looked at once a second while a job runs. */
static void
tick(struct worker *w, struct run *r, int64_t now)
{
	const struct conf *conf = &w->order.conf;

	r->tick = now + WORKER_TICK;
	keep_guard(w, r);
	heed_guard(w, r);
	if (claim_is_cancelled(&w->claim))
		end_run(w, r, CAUSE_CANCEL, now);
	if (over_limit(w->sinks.fd[SINK_OUT], conf->max_output_bytes) ||
	    over_limit(w->sinks.fd[SINK_ERR], conf->max_output_bytes))
		end_run(w, r, CAUSE_OUTPUT, now);
	/* Else the supervisor sees to it. */
	if (w->socket == -1)
		enter_again(w);
}

/* Somebody wants us to leave. */
static void
interrupt(struct worker *w, struct run *r, int64_t now)
{
	r->leave = 1;
	end_run(w, r, CAUSE_STOP, now);
}

static void
obey(struct worker *w, struct run *r, int64_t now)
{
	struct order order;

	if (!take_order(w, &order))
		return;
	keep_guard(w, r);
	if (order.kind == ORDER_INTERRUPT)
		interrupt(w, r, now);
	else if (order.kind == ORDER_CANCEL && claim_is_cancelled(&w->claim))
		end_run(w, r, CAUSE_CANCEL, now);
	else if (order.kind == ORDER_ENTER)
		enter_again(w);
}

/* Waits for an order, the job's end (SIGCHLD), or the time given. */
static void
wait_for(struct worker *w, struct run *r, int64_t until)
{
	int64_t now = fs_mono();
	struct timespec ts;
	fd_set in;

	if (until < now)
		until = now;
	ts.tv_sec = (time_t)((until - now) / WHEN_SECOND);
	ts.tv_nsec = (long)((until - now) % WHEN_SECOND) * 1000;
	FD_ZERO(&in);
	if (w->socket != -1)
		FD_SET((size_t)w->socket, &in);
	if (pselect(w->socket + 1, &in, NULL, NULL, &ts, &w->waiting) > 0)
		obey(w, r, fs_mono());
	if (told_to_end)
		interrupt(w, r, fs_mono());
}

/* Watches over the job until its process has ended, or will not. */
static int
watch_process(struct worker *w, struct run *r)
{
	int64_t now;

	/* First wait: its SIGCHLD is blocked but then, and so never missed. */
	do {
		now = fs_mono();
		if (now >= r->tick)
			tick(w, r, now);
		if (now >= r->touch)
			touch(w, r);
		if (now >= r->say) {
			send_unsaid(w);
			r->say = WHEN_NEVER;
		}
		if (now >= r->deadline)
			end_run(w, r, CAUSE_TIMEOUT, now);
		if (now >= r->kill_at) {
			r->kill_at = WHEN_NEVER;
			proc_kill(r->pid, &r->left);
			if (r->left.pid != 0)
				return proc_ended(r->pid, &r->status);
		}
		wait_for(w, r,
		    earliest(earliest(earliest(r->tick, r->touch), r->say),
			earliest(r->deadline, r->kill_at)));
	} while (!proc_ended(r->pid, &r->status));
	return 1;
}

/* Watches over the job, until nothing of it is left that is to go. */
static void
watch_run(struct worker *w, struct run *r)
{
	int ended = watch_process(w, r);

	heed_guard(w, r);
	/* What it started has the same grace; SIGTERM was for all. */
	while (r->cause != CAUSE_NONE && fs_mono() < r->kill_at &&
	    r->kill_at != WHEN_NEVER && proc_lingers(r->pid)) {
		if (fs_mono() >= r->touch)
			touch(w, r);
		heed_guard(w, r);
		wait_for(w, r, fs_mono() + WORKER_LINGER);
	}
	/* All that is left of it goes, unless it did what it was to do. */
	if (r->cause == CAUSE_NONE && r->status.exit_code != 0)
		proc_kill_group(r->pid);
	else if (r->cause != CAUSE_NONE && r->left.pid == 0)
		proc_kill(r->pid, &r->left);
	r->fenced |= guard_stop(&r->guard);
	if (ended)
		proc_reap(r->pid);
	else
		r->status.exit_code = -1;
	w->leaves = !ended;
	r->pid = 0; /* may be anybody's by now */
}

/* ---- Recording ---- */

static void
describe_end(const struct worker *w, const struct run *r, struct claim_end *end,
    char *text, size_t size)
{
	const struct job *job = &w->claim.job;

	end->exit_code = r->status.exit_code;
	end->signal = r->status.signal;
	end->error = NULL;
	end->cancelled = r->cause == CAUSE_CANCEL;
	end->failed = r->cause == CAUSE_TIMEOUT || r->cause == CAUSE_OUTPUT;
	if (end->cancelled)
		end->error = "cancelled";
	else if (r->cause == CAUSE_OUTPUT)
		end->error = "output limit";
	if (r->cause != CAUSE_TIMEOUT)
		return;
	snprintf(text, size, "timed out after %ld s",
	    job->timeout >= 0 ? job->timeout :
				w->order.conf.job_timeout_seconds);
	end->error = text;
}

/*
 * Records the end, trying until it can be done: the result is known to
 * nobody else.  Meanwhile the supervisor is told to start nothing.  After an
 * interrupt it is tried WORKER_TRIES times, then what has failed is returned.
 */
static enum claim_result
record(struct worker *w, struct run *r, const struct claim_end *end,
    enum job_reason back)
{
	struct answer held;
	struct job_event e;
	enum claim_result result;
	int said = CLAIM_OK, tries = 0;

	for (;;) {
		w->claim.doubtful |= is_doubtful(w, r);
		tries += r->leave;
		if (back == JOB_RETURNED)
			result = claim_return(&w->claim, end->error);
		else if (back != JOB_NO_REASON)
			result =
			    claim_put_back(&w->claim, &w->order.conf, back);
		else
			result = claim_finish(&w->claim, &w->order.conf, end);
		if (result != CLAIM_TROUBLE && result != CLAIM_BUSY)
			return result;
		/* If it is written down, recovery makes the move. */
		if (r->leave && (w->claim.recorded || tries >= WORKER_TRIES))
			return result;
		e = trouble_event(result == CLAIM_BUSY ? EBUSY : errno);
		if (said != (int)result) {
			/* A name that is taken is no trouble of the others. */
			answer_init(&held,
			    result == CLAIM_BUSY ? ANSWER_LOG : ANSWER_HELD);
			set_text(w, &held, &e, "unrecorded");
			send_answer(w, &held);
			said = (int)result;
		}
		wait_for(w, r, fs_mono() + WORKER_RETRY);
	}
}

/* The answer that tells how an order that led to a run has ended. */
static void
answer_ran(struct worker *w, enum claim_result result, struct answer *a)
{
	const struct job_event *e = &w->claim.end;

	a->result = result;
	if (result == CLAIM_GONE) {
		set_text(w, a, NULL,
		    w->claim.taken ? "taken-while-running" :
				     "removed-while-running");
		return;
	}
	a->state = e->state;
	set_text(w, a, e, job_state_name(e->state));
}

/*
 * The end of the job is known, but does not stand in its file, or not on the
 * disk.  Only the lock is let go, by closing: nothing of it is ours to change.
 */
static void
leave_unrecorded(struct worker *w, const struct claim_end *end, int error,
    struct answer *a)
{
	struct job_event e = job_event_make(JOB_PROCESSING, 0);
	struct answer left;
	char why[JOB_ERROR_MAX], how[32];

	(void)fs_close(w->claim.fd);
	w->claim.fd = -1;
	snprintf(why, sizeof why,
	    "%s: it will be found lost and run again when the spool can be "
	    "written, unless it is cancelled by then",
	    spool_strerror(error));
	snprintf(how, sizeof how, "%s %d",
	    end->signal > 0 ? "signal" : "exit status",
	    end->signal > 0 ? end->signal : end->exit_code);
	answer_init(&left, ANSWER_LEFT);
	snprintf(left.text, sizeof left.text,
	    "job %s: has ended with %s, which could not be recorded: %s",
	    w->claim.name, how, why);
	left.text_len = strlen(left.text);
	send_answer(w, &left);
	e.attempt = w->claim.attempt;
	e.exit_code = end->exit_code;
	e.signal = end->signal;
	e.error = why;
	a->result = CLAIM_TROUBLE;
	set_text(w, a, &e, "end-unrecorded");
}

/* What SIGKILL did not end keeps the lock: nothing may run beside it. */
static void
leave_lock(struct worker *w, const struct run *r)
{
	static const char lacks[] = "did not end after SIGKILL and keeps its "
				    "lock";
	char *text = w->claim.left;

	if (r->left.pid == 0)
		return;
	if (r->left.state != '\0')
		snprintf(text, sizeof w->claim.left,
		    "process %ld (state %c) %s", (long)r->left.pid,
		    r->left.state, lacks);
	else
		snprintf(text, sizeof w->claim.left, "process %ld %s",
		    (long)r->left.pid, lacks);
}

/* The job was ended, lest another host run it at the same time. */
static void
log_fenced(struct worker *w)
{
	struct answer a;

	answer_init(&a, ANSWER_LOG);
	set_text(w, &a, NULL, "fenced");
	send_answer(w, &a);
}

/* failure: why it could not begin, or NULL if it ran. */
static void
finish_run(struct worker *w, struct run *r, const struct proc_failure *failure,
    struct answer *a)
{
	struct claim_end end;
	char text[64];
	enum job_reason back = JOB_NO_REASON;
	enum claim_result result;

	leave_lock(w, r);
	describe_end(w, r, &end, text, sizeof text);
	if (failure != NULL && end.error == NULL) {
		end.exit_code = failure->exit_code;
		end.error = failure->what;
	}
	/* What was interrupted runs again, unless it got done after all. */
	if (r->cause == CAUSE_STOP && r->status.exit_code != 0)
		back = JOB_STOPPED;
	if (r->cause == CAUSE_FENCE && r->status.exit_code != 0)
		back = JOB_LOST;
	if (r->fenced)
		log_fenced(w);
	a->ran = 1;
	a->duration = fs_mono() - r->started;
	result = record(w, r, &end, back);
	if (result == CLAIM_TROUBLE &&
	    (!w->claim.recorded || w->claim.unsynced))
		leave_unrecorded(w, &end, errno, a);
	else
		answer_ran(w, result, a);
	if (r->cause == CAUSE_CANCEL)
		registry_answer(&w->spool, REGISTRY_CANCEL, w->claim.name);
}

/*
 * The run could not begin, through no fault of the job's: why.  CLAIM_TROUBLE
 * holds the other jobs up too, which lack the same.
 */
static void
return_job(struct worker *w, struct run *r, const char *why,
    enum claim_result result, struct answer *a)
{
	struct job_event e = job_event_make(JOB_PENDING, 0);
	enum claim_result returned;
	struct claim_end end;

	e.error = why;
	set_text(w, a, &e, "not-started");
	memset(&end, 0, sizeof end);
	end.error = why;
	returned = record(w, r, &end, JOB_RETURNED);
	a->result = result == CLAIM_TROUBLE ? result : returned;
	a->state = w->claim.end.state;
}

/*
 * Most jobs have ended soon: that one has begun is told with its end, so that
 * the supervisor is not woken twice, unless that takes longer.
 */
static void
log_start(struct worker *w)
{
	struct job_event e = job_event_make(JOB_PROCESSING, 0);
	struct answer a;

	answer_init(&a, ANSWER_LOG);
	e.attempt = w->claim.attempt;
	set_text(w, &a, &e, "processing");
	leave_unsaid(w, &a);
}

static void
run_init(struct worker *w, struct run *r)
{
	long timeout = w->claim.job.timeout >= 0 ?
	    w->claim.job.timeout :
	    w->order.conf.job_timeout_seconds;

	memset(r, 0, sizeof *r);
	r->started = fs_mono();
	r->touched = w->begun;
	r->wall = fs_now() - (r->started - w->begun);
	r->deadline =
	    timeout > 0 ? r->started + timeout * WHEN_SECOND : WHEN_NEVER;
	r->kill_at = WHEN_NEVER;
	r->say = r->started + WORKER_SAY;
	r->tick = r->started + WORKER_TICK;
	r->touch = r->touched + lease(w) / WORKER_TOUCHES;
}

/* Runs the job that was claimed and begun. */
static void
run_job(struct worker *w, struct answer *a)
{
	struct proc_failure failure;
	struct proc_spec spec;
	struct run r;
	pid_t session;
	int failed = -1, error;

	run_init(w, &r);
	if (sinks_open(&w->sinks, w->claim.name, w->claim.attempt) == -1) {
		return_job(w, &r, w->sinks.why,
		    errno == EEXIST ? CLAIM_OK : CLAIM_TROUBLE, a);
		return;
	}
	if (is_late(w, r.touched)) {
		sinks_close(&w->sinks, 0);
		return_job(w, &r, "the file system was too slow for the lease",
		    CLAIM_OK, a);
		return;
	}
	spec.trouble = w->trouble;
	spec.job = &w->claim.job;
	spec.id = w->claim.name;
	spec.spool = w->spool.path;
	spec.worker = w->name;
	spec.attempt = w->claim.attempt;
	spec.max_retries = claim_rule(&w->order.conf, spec.job).max_retries;
	spec.lock_fd = w->claim.fd;
	spec.out_fd = w->sinks.fd[SINK_OUT];
	spec.err_fd = w->sinks.fd[SINK_ERR];
	spec.mounts = &w->mounts;
	spec.apart[0] = w->socket;
	spec.apart[1] = w->entry;
	session = r.pid = proc_start(&spec);
	error = errno;
	log_start(w);
	if (r.pid > 0) {
		watch_run(w, &r);
		failed = proc_failed(&spec, &failure);
		error = errno;
	}
	sinks_close(&w->sinks, session);
	if (failed == -1)
		return_job(w, &r, strerror(error), CLAIM_TROUBLE, a);
	else
		finish_run(w, &r, failed == 1 ? &failure : NULL, a);
}

/* ---- Orders ---- */

static void
work(struct worker *w)
{
	struct claim *c = &w->claim;
	struct job_event e;
	struct answer a;

	answer_init(&a, ANSWER_DONE);
	w->leaves = 0;
	w->spool.durable = w->order.conf.durability == CONF_FULL;
	w->others = w->order.others;
	w->begun = fs_mono();
	a.result = claim_take(c, &w->spool, &w->order.conf, w->order.dir,
	    w->order.name, w->order.known_us, &a.due);
	if (a.result == CLAIM_OK && is_late(w, w->begun)) {
		/* Not even a line may be appended: recovery sees to it. */
		claim_drop(c);
		a.result = CLAIM_BUSY;
	}
	if (a.result == CLAIM_OK)
		a.result = claim_begin(c, w->name);
	if (a.result == CLAIM_OK) {
		run_job(w, &a);
	} else if (a.result == CLAIM_ENDED) {
		a.state = JOB_DEAD;
		set_text(w, &a, &c->end, "dead");
	} else if (a.result == CLAIM_TROUBLE) {
		e = trouble_event(errno);
		set_text(w, &a, &e, "not-claimed");
	}
	a.leaves = w->leaves;
	send_answer(w, &a);
	claim_drop(c);
	c->name[0] = '\0'; /* what is told from now on is not of it */
}

static void
do_nothing(int sig)
{
	(void)sig; /* SIGCHLD ends pselect(2): that is all it is for */
}

/*
 * Leaves the terminal's signals to the supervisor, and wakes for SIGCHLD.
 * They are blocked, not ignored or caught: one that is for the job, but comes
 * before its process is that, waits there and then has its effect.
 */
static void
set_signals(struct worker *w)
{
	/* SIGPOLL: somebody opens what os_sole_open is looking at. */
	static const int deaf[] = {
		SIGINT,
		SIGTERM,
		SIGHUP,
		SIGPIPE,
		SIGXFSZ,
#ifdef SIGPOLL
		SIGPOLL,
#endif
	};
	struct sigaction sa;
	sigset_t block;
	size_t i;

	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_DFL;
	sigemptyset(&w->waiting);
	for (i = 0; i < sizeof deaf / sizeof deaf[0]; i++) {
		(void)sigaction(deaf[i], &sa, NULL);
		sigaddset(&w->waiting, deaf[i]);
	}
	sa.sa_handler = do_nothing;
	(void)sigaction(SIGCHLD, &sa, NULL);
	block = w->waiting;
	sigaddset(&block, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &block, NULL);
}

/* Nothing of the supervisor's may stay open here: not its lock, no socket. */
static int
set_descriptors(int socket)
{
	int fd;

	/* A low number: select(2) takes none from FD_SETSIZE up. */
	if (socket != 3 && dup2(socket, 3) == -1)
		return -1;
	os_close_from(4, -1);
	(void)fcntl(3, F_SETFD, FD_CLOEXEC);
	fd = open("/dev/null", O_RDWR);
	if (fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1 ||
	    dup2(fd, 2) == -1)
		return -1;
	return close(fd);
}

/* Without an entry nobody could tell that the worker lives. */
static int
enter(struct worker *w)
{
	static const struct buf empty = BUF_EMPTY;
	struct job_event e;
	struct answer a;

	sinks_init(&w->sinks, &w->spool, w->name);
	w->entry = -1;
	w->trouble = proc_trouble();
	/* Room for all that is unsaid: to tell an end needs no memory. */
	if (w->trouble != NULL &&
	    buf_reserve(&w->unsaid, 2 * sizeof(struct answer)) == 0)
		w->entry = registry_enter(&w->spool, w->name, &empty);
	if (w->entry != -1)
		return 0;
	e = trouble_event(errno);
	answer_init(&a, ANSWER_LOG);
	set_text(w, &a, &e, "no-worker");
	send_answer(w, &a);
	return -1;
}

void
worker_main(int socket, const char *spool_path, const char *name)
{
	struct worker w;
	char why[SPOOL_WHY_MAX];

	memset(&w, 0, sizeof w);
	w.socket = 3; /* by set_descriptors */
	w.name = name;
	set_signals(&w);
	if (set_descriptors(socket) == -1 ||
	    spool_open(&w.spool, spool_path, SPOOL_READ, why) == -1 ||
	    w.spool.fd == -1)
		_exit(1);
	w.spool.lock_wait = WORKER_LOCK;
	if (enter(&w) == -1)
		_exit(1);
	os_mounts_open(&w.mounts);
	while (!w.leaves && w.socket != -1 && take_order(&w, &w.order)) {
		if (w.order.kind == ORDER_RUN)
			work(&w);
		else if (w.order.kind == ORDER_ENTER)
			enter_again(&w);
	}
	sinks_free(&w.sinks);
	registry_leave(&w.spool, name, w.entry);
	_exit(0);
}
