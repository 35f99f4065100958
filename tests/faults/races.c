/*
 * races [-v] [-2] DIR [FIRST [SECOND [WORLD]]]
 *
 * Lets two operations meet on one ID: the first is stopped, by ptrace(2),
 * before each of its system calls in turn; there the second runs, until it has
 * ended or must wait for the first, which then goes on.  All ordered pairs, in
 * each of the worlds below, in a spool in DIR; or only those that are named.
 * With -2 the second is stopped as well, at each of its calls in turn, until
 * the first has ended.
 *
 * When both have ended the job's name is drained, by recovering and claiming
 * what there is.  Then no job may be lost or there twice, none may have run
 * twice at the same time or after an end that was recorded, what each record
 * tells must be true, and the doctor must find nothing.  Exit status 1 and a
 * line for each fault, if there is one.
 */
/* MAP_ANONYMOUS and ptrace(2) are not of POSIX. */
#define _DEFAULT_SOURCE
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "doctor.h"
#include "fs.h"
#include "registry.h"

#define NAME	    "x"
#define JOBS	    6	/* tokens */
#define STEPS_MAX   400 /* system calls of one operation */
#define POLLS_MAX   5	/* by then the first goes round in a loop */
#define PATIENCE_MS 8	/* of the second, until it is taken to be waiting */
#define SETTLE_MAX  3000
#define FAULTS_MAX  10

/* What the processes tell one another. */
struct shared {
	int running[JOBS];
	int overlaps;
	int runs[JOBS];
	int removed;	   /* records, by those who may */
	int replaced;	   /* by mv, perhaps */
	int put[JOBS];	   /* this job was put in */
	int refused[JOBS]; /* or was not, and must not be there */
	int alone;	   /* were put in as the only ones of their ID */
	int unrecorded;	   /* ends, since the job was not there any more */
};

struct world {
	const char *name;
	const char *file[4]; /* "DIR/NAME=TOKEN HISTORY" */
};

/* Histories: what they say is in tell(). */
static const struct world worlds[] = {
	{ "empty", { NULL } },
	{ "waiting", { "pending/x=0 -" } },
	{ "reused", { "pending/x=0 -", "completed/x=1 pc" } },
	{ "failed", { "failed/x=0 pf" } },
	{ "failed and new", { "failed/x=0 pf", "pending/x=1 -" } },
	{ "lost", { "processing/x=0 p" } },
	{ "lost and new", { "processing/x=0 p", "pending/x=1 -" } },
	{ "ended, not moved", { "processing/x=0 pc", "completed/x=1 c" } },
	{ "claimed, no more", { "processing/x=0 -", "pending/x=1 -" } },
	{ "dead", { "dead/x=0 pd" } },
	{ "dead and new", { "dead/x=0 pd", "pending/x=1 -" } },
	{ "moved by hand", { "pending/x=0 pd", "completed/x=1 c" } },
};

struct actor {
	struct spool spool;
	struct conf conf;
	struct claim claim;
	int holds; /* the claim, by prepare */
	int entry; /* in workers/ */
	int token; /* of the job that it puts in */
	char worker[REGISTRY_NAME_MAX];
};

static struct shared *shared;
static const char *directory, *doing_first, *doing_second, *doing_world;
static int doing_step, doing_other, faults, verbose, twice;

static void
fault(const char *what, long number)
{
	printf("FAULT: %s stopped before call %d, %s comes", doing_first,
	    doing_step, doing_second);
	if (twice)
		printf(" up to call %d", doing_other);
	printf(", world '%s': ", doing_world);
	printf(what, number);
	putchar('\n');
	if (++faults >= FAULTS_MAX)
		exit(1);
}

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- The spool ---- */

/* What a run writes: whose it is. */
static void
write_output(const struct spool *s, int attempt, int token)
{
	char name[SPOOL_OUTPUT_MAX], text[16];
	int fd;

	spool_output_name(name, NAME, attempt, "out");
	fd = fs_open(s->dir[SPOOL_OUTPUT], name, O_WRONLY | O_CREAT | O_TRUNC,
	    0600);
	(void)snprintf(text, sizeof text, "%d", token);
	if (fd == -1 || fs_write(fd, text, strlen(text)) == -1)
		die(name);
	(void)fs_close(fd);
}

/*
 * A history: p begins an attempt; c, f, d end it as the state of that name; -
 * is none.
 */
static void
tell(FILE *f, const char *history)
{
	static const char *const ends[] = { "completed", "failed", "dead" };
	const char *end;
	int second = 1, attempt = 0;

	for (; *history != '\0'; history++, second++) {
		if (*history == '-')
			continue;
		if (*history == 'p') {
			fprintf(f,
			    "processing=2026-01-01T00:00:%02d.000000Z "
			    "attempt=%d worker=nobody.1.1\n",
			    second, ++attempt);
			continue;
		}
		end = ends[*history == 'c' ? 0 : *history == 'f' ? 1 : 2];
		fprintf(f, "%s=2026-01-01T00:00:%02d.000000Z exit_code=%d", end,
		    second, *history != 'c');
		if (attempt > 0)
			fprintf(f, " attempt=%d", attempt);
		if (*history == 'f')
			fprintf(f, " retry_at=2026-01-01T00:00:%02d.000000Z",
			    second);
		fprintf(f, "%s\n",
		    *history != 'c' ? " error=\"exit code 1\"" : "");
	}
}

static void
put_file(const struct spool *s, const char *path, int token,
    const char *history)
{
	int fd = fs_open(s->fd, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "w");

	if (f == NULL)
		die(path);
	fprintf(f, "command=true\ntoken=%d\nmax_retries=2\n", token);
	tell(f, history);
	if (fclose(f) == EOF)
		die(path);
}

static int
remove_one(void *arg, const char *name, uint64_t inode)
{
	(void)inode;
	(void)unlinkat(*(int *)arg, name, 0);
	return 0;
}

static void
open_spool(struct spool *s)
{
	char why[SPOOL_WHY_MAX];

	if (spool_open(s, directory, SPOOL_MAKE, why) == -1) {
		fprintf(stderr, "races: %s\n", why);
		exit(2);
	}
	s->durable = 0;
}

/* Lays a world; a worker of its history is of this host, and dead. */
static void
lay(struct spool *s, const struct world *w)
{
	char path[64], history[16];
	int dir, i, token, attempt;
	const char *p;

	for (dir = 0; dir < SPOOL_DIRS; dir++)
		(void)spool_scan(s, dir, remove_one, &s->dir[dir]);
	memset(shared, 0, sizeof *shared);
	for (i = 0; i < 4 && w->file[i] != NULL; i++) {
		if (sscanf(w->file[i], "%63[^=]=%d %15s", path, &token,
			history) != 3)
			die(w->file[i]);
		put_file(s, path, token, history);
		for (p = history, attempt = 0; *p != '\0'; p++)
			if (*p == 'p')
				write_output(s, ++attempt, token);
		shared->put[token] = 1;
	}
}

/* ---- Operations; each ends with 0, or says in `shared` what it did ---- */

static int
token_of(const struct claim *c)
{
	const char *p = strstr(buf_text(&c->text), "token=");

	return p == NULL ? 0 : atoi(p + 6);
}

/* The job runs: for no time at all, but for long enough to be seen. */
static void
run(struct actor *a, struct claim_end *end)
{
	int token = token_of(&a->claim);

	memset(end, 0, sizeof *end);
	if (__sync_fetch_and_add(&shared->running[token], 1) != 0)
		(void)__sync_fetch_and_add(&shared->overlaps, 1);
	(void)__sync_fetch_and_add(&shared->runs[token], 1);
	write_output(&a->spool, a->claim.attempt, token);
	end->cancelled = claim_is_cancelled(&a->claim);
}

/* The end is decided: from here on the next one may run. */
static void
finish(struct actor *a, struct claim_end *end)
{
	enum claim_result r;
	int tries = 0;

	(void)__sync_fetch_and_sub(&shared->running[token_of(&a->claim)], 1);
	do
		r = claim_finish(&a->claim, &a->conf, end);
	while ((r == CLAIM_BUSY || r == CLAIM_TROUBLE) && ++tries < 1000 &&
	    poll(NULL, 0, 1) == 0);
	if (r == CLAIM_GONE)
		(void)__sync_fetch_and_add(&shared->unrecorded, 1);
	claim_drop(&a->claim);
}

/* Claims what waits, as a worker does. */
static int
take(struct actor *a)
{
	static const int from[] = { SPOOL_PENDING, SPOOL_FAILED };
	int64_t due;
	int i;

	for (i = 0; i < 2; i++)
		if (claim_take(&a->claim, &a->spool, &a->conf, from[i], NAME,
			60 * WHEN_SECOND, &due) == CLAIM_OK)
			return claim_begin(&a->claim, a->worker) == CLAIM_OK;
	return 0;
}

static void
do_claim(struct actor *a)
{
	struct claim_end end;

	if (!take(a))
		return;
	run(a, &end);
	finish(a, &end);
}

static void
prepare_held(struct actor *a)
{
	struct claim_end end;

	a->holds = take(a);
	if (a->holds)
		run(a, &end);
}

static void
do_finish(struct actor *a)
{
	static struct claim_end end;

	end.cancelled = claim_is_cancelled(&a->claim);
	if (a->holds)
		finish(a, &end);
}

static void
do_fail(struct actor *a)
{
	static struct claim_end end;

	end.exit_code = 1;
	if (a->holds)
		finish(a, &end);
}

static void
do_put_back(struct actor *a)
{
	enum claim_result r;
	int tries = 0;

	if (!a->holds)
		return;
	(void)__sync_fetch_and_sub(&shared->running[token_of(&a->claim)], 1);
	do
		r = claim_put_back(&a->claim, &a->conf, JOB_STOPPED);
	while ((r == CLAIM_BUSY || r == CLAIM_TROUBLE) && ++tries < 1000 &&
	    poll(NULL, 0, 1) == 0);
	claim_drop(&a->claim);
}

/* As a supervisor does; then a worker of it claims what there is. */
static void
do_recover(struct actor *a)
{
	if (claim_recover(&a->claim, &a->spool, &a->conf, NAME) == CLAIM_OK)
		claim_drop(&a->claim);
	do_claim(a);
}

static void
do_archive(struct actor *a)
{
	(void)spool_archive(&a->spool, NAME);
}

static void
do_retry(struct actor *a)
{
	char why[SPOOL_WHY_MAX];

	(void)claim_retry(&a->spool, &a->conf, NAME, 1, SPOOL_WAIT, why);
}

static void
do_cancel(struct actor *a)
{
	char why[SPOOL_WHY_MAX];

	(void)claim_cancel(&a->spool, &a->conf, NAME, 0, 0, why);
}

static void
do_purge(struct actor *a)
{
	char why[SPOOL_WHY_MAX];

	if (claim_purge(&a->spool, JOB_NO_STATE, NAME, SPOOL_WAIT, 0, why) ==
	    CLAIM_OK)
		(void)__sync_fetch_and_add(&shared->removed, 1);
}

static void
ignore(void *arg, const struct doctor_finding *f)
{
	(void)arg;
	(void)f;
}

static void
do_doctor(struct actor *a)
{
	struct doctor_options o = { 1, 0, fs_now() };

	(void)doctor_run(&a->spool, &o, ignore, NULL);
}

/* Puts a job in by `how`, and says if it is there. */
static void
put_in(struct actor *a, int (*how)(struct actor *a, const char *tmp))
{
	char tmp[32];

	snprintf(tmp, sizeof tmp, "tmp/drop.%d", a->token);
	put_file(&a->spool, tmp, a->token, "-");
	if (how(a, tmp) == 0)
		shared->put[a->token] = 1;
	else
		shared->refused[a->token] = 1;
	(void)unlinkat(a->spool.fd, tmp, 0);
}

static int
by_ln(struct actor *a, const char *tmp)
{
	return linkat(a->spool.fd, tmp, a->spool.fd, "pending/" NAME, 0);
}

static void
do_ln(struct actor *a)
{
	put_in(a, by_ln);
}

/* What waits is replaced: that is what mv does. */
static int
by_mv(struct actor *a, const char *tmp)
{
	(void)__sync_fetch_and_add(&shared->replaced, 1);
	return renameat(a->spool.fd, tmp, a->spool.fd, "pending/" NAME);
}

static void
do_mv(struct actor *a)
{
	put_in(a, by_mv);
}

static void
enqueue(struct actor *a, int again)
{
	struct buf text = BUF_EMPTY;
	struct spool_new new_job;
	size_t in = 0;

	buf_printf(&text, "command=true\ntoken=%d\n", a->token);
	if (spool_prepare(&a->spool, &new_job, &text, NAME, 1) == 0 &&
	    spool_enqueue(&a->spool, &new_job, 1, again, &in) != SPOOL_OK &&
	    in == 0)
		spool_withdraw(&a->spool, &new_job);
	if (in == 1) {
		shared->put[a->token] = 1;
		if (!again)
			(void)__sync_fetch_and_add(&shared->alone, 1);
	} else {
		shared->refused[a->token] = 1;
	}
	buf_free(&text);
}

static void
do_enqueue(struct actor *a)
{
	enqueue(a, 0);
}

/* With a fast worker. */
static void
do_enqueue_run(struct actor *a)
{
	enqueue(a, 0);
	do_claim(a);
}

static void
do_again(struct actor *a)
{
	enqueue(a, 1);
}

static void
remove_from(struct actor *a, int dir)
{
	if (unlinkat(a->spool.dir[dir], NAME, 0) == 0)
		(void)__sync_fetch_and_add(&shared->removed, 1);
}

static void
do_rm_pending(struct actor *a)
{
	remove_from(a, SPOOL_PENDING);
}

static void
do_rm_processing(struct actor *a)
{
	remove_from(a, SPOOL_PROCESSING);
}

static const struct operation {
	const char *name;
	void (*prepare)(struct actor *a); /* before the other one begins */
	void (*perform)(struct actor *a);
} operations[] = {
	{ "claim", NULL, do_claim },
	{ "finish", prepare_held, do_finish },
	{ "fail", prepare_held, do_fail },
	{ "put-back", prepare_held, do_put_back },
	{ "recover", NULL, do_recover },
	{ "archive", NULL, do_archive },
	{ "retry", NULL, do_retry },
	{ "cancel", NULL, do_cancel },
	{ "purge", NULL, do_purge },
	{ "doctor", NULL, do_doctor },
	{ "ln", NULL, do_ln },
	{ "mv", NULL, do_mv },
	{ "enqueue", NULL, do_enqueue },
	{ "enqueue-run", NULL, do_enqueue_run },
	{ "again", NULL, do_again },
	{ "rm-pending", NULL, do_rm_pending },
	{ "rm-processing", NULL, do_rm_processing },
};
#define OPERATIONS (sizeof operations / sizeof operations[0])
#define WORLDS	   (sizeof worlds / sizeof worlds[0])

/* ---- Two processes ---- */

static void
init_actor(struct actor *a, int token)
{
	static const struct buf entry = BUF_EMPTY;

	memset(a, 0, sizeof *a);
	a->claim.fd = -1;
	a->token = token;
	open_spool(&a->spool);
	conf_defaults(&a->conf);
	a->conf.max_backoff_seconds = 0;
	a->conf.kill_grace_seconds = 0;
	a->conf.lock_lease_seconds = 0;
	(void)snprintf(a->worker, sizeof a->worker, "%s.%ld.%d", a->spool.host,
	    (long)getpid(), token);
	a->entry = registry_enter(&a->spool, a->worker, &entry);
}

/* The child: prepares itself, and waits to be let go. */
static void
act(const struct operation *o, int token, int traced, int ready, int go)
{
	struct actor a;
	char c = 0;

	init_actor(&a, token);
	if (o->prepare != NULL)
		o->prepare(&a);
	if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
		_exit(2);
	if (write(ready, &c, 1) != 1 || (!traced && read(go, &c, 1) != 1))
		_exit(2);
	if (traced)
		(void)raise(SIGSTOP);
	o->perform(&a);
	(void)getppid(); /* the mark of the end, for the tracer */
	registry_leave(&a.spool, a.worker, a.entry);
	_exit(0);
}

static pid_t
start(const struct operation *o, int token, int traced, int *go)
{
	int ready[2], gate[2];
	pid_t pid = -1;
	char c;

	if (pipe(ready) == -1 || pipe(gate) == -1 || (pid = fork()) == -1)
		die("races");
	if (pid == 0) {
		close(gate[1]);
		close(ready[0]);
		act(o, token, traced, ready[1], gate[0]);
	}
	close(ready[1]);
	close(gate[0]);
	if (read(ready[0], &c, 1) != 1)
		die("races: not ready");
	close(ready[0]);
	*go = gate[1];
	return pid;
}

/* Each ends by itself, and well. */
static void
check_status(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fault("one of them ends badly, wait status %ld", status);
}

/* Goes on to the next stop at a system call; 0 when it has ended. */
static int
next_call(pid_t pid)
{
	int status, sig = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig) == -1 ||
		    waitpid(pid, &status, 0) != pid)
			return 0;
		if (!WIFSTOPPED(status)) {
			check_status(status);
			return 0;
		}
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80))
			return 1;
	}
}

/* True if it is at the entry of poll(2): it waits for somebody. */
static int
is_waiting(pid_t pid)
{
	struct __ptrace_syscall_info info;

	memset(&info, 0, sizeof info);
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	    (info.entry.nr == SYS_poll || info.entry.nr == SYS_ppoll);
}

enum led {
	LED_END,   /* it has fewer calls, and has ended */
	LED_ASIDE, /* it waits, and will go on doing so */
	LED_THERE
};

/*
 * Leads the first to its call number `step`.  A call stops twice, when it is
 * entered and when it returns.
 */
static enum led
lead(pid_t pid, int step)
{
	int status, i, polls = 0;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return LED_END;
	/* Without it is_waiting() would be told nothing. */
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD) == -1)
		die("PTRACE_SETOPTIONS");
	for (i = 0; i < 2 * step - 1; i++) {
		if (!next_call(pid))
			return LED_END;
		polls += is_waiting(pid);
		if (polls > POLLS_MAX)
			return LED_ASIDE;
	}
	return LED_THERE;
}

/* ---- Judging ---- */

/* Drains the name: recovers and claims until there is nothing to do. */
static int
settle(void)
{
	static const int live[] = { SPOOL_PENDING, SPOOL_PROCESSING,
		SPOOL_FAILED };
	struct actor a;
	struct stat st;
	int round, i, left = 1;

	init_actor(&a, JOBS - 1);
	for (round = 0; left && round < SETTLE_MAX; round++) {
		do_recover(&a);
		for (i = left = 0; i < 3; i++)
			left |= fstatat(a.spool.dir[live[i]], NAME, &st,
				    AT_SYMLINK_NOFOLLOW) == 0;
		if (left && round > 10)
			(void)poll(NULL, 0, 1);
	}
	registry_leave(&a.spool, a.worker, a.entry);
	spool_close(&a.spool);
	return !left;
}

struct census {
	struct spool *spool;
	int dir;
	int found[JOBS];
};

/* The output of a run that was made here is of the job whose name it has. */
static void
check_output(const struct census *c, const char *record, int attempt, int token)
{
	char name[SPOOL_OUTPUT_MAX];
	struct buf text = BUF_EMPTY;

	spool_output_name(name, record, attempt, "out");
	if (fs_read_file(c->spool->dir[SPOOL_OUTPUT], name, &text, 16) == -1)
		fault("an output of job %ld is lost", token);
	else if (atoi(buf_text(&text)) != token)
		fault("an output of job %ld is another's", token);
	buf_free(&text);
}

/* What the record tells: its runs, and no run after its success. */
static void
check_history(const struct census *c, const char *name, const struct job *job,
    int token)
{
	const struct job_event *e;
	int begun = 0, success = 0;
	size_t i;

	for (i = 0; i < job->nevents; i++) {
		e = &job->events[i];
		if (e->state == JOB_PROCESSING) {
			if (success)
				fault("job %ld runs after its success", token);
			begun += strcmp(e->worker, "nobody.1.1") != 0;
			check_output(c, name, e->attempt, token);
		}
		success = e->state == JOB_COMPLETED ||
		    (success && e->state != JOB_PENDING);
	}
	if (begun != shared->runs[token])
		fault("of job %ld the runs are not those told", token);
	if (job->last != c->dir)
		fault("job %ld is not where its last line says", token);
}

static int
count_one(void *arg, const char *name, uint64_t inode)
{
	struct census *c = arg;
	struct buf text = BUF_EMPTY;
	struct job_error error;
	struct job job;
	const char *p;
	int token;

	(void)inode;
	if (fs_read_file(c->spool->dir[c->dir], name, &text, JOB_FILE_MAX) ==
		0 &&
	    (p = strstr(buf_text(&text), "token=")) != NULL) {
		token = atoi(p + 6);
		c->found[token]++;
		if (job_parse(&job, buf_text(&text), text.len, &error) !=
		    JOB_OK)
			fault("job %ld cannot be read", token);
		else
			check_history(c, name, &job, token);
		job_free(&job);
	}
	buf_free(&text);
	return 0;
}

static void
found_fault(void *arg, const struct doctor_finding *f)
{
	(void)arg;
	/* Who removes a job by hand leaves its outputs. */
	if (!f->kind->fault ||
	    (strcmp(f->kind->name, "output") == 0 &&
		shared->removed + shared->replaced > 0))
		return;
	printf("doctor: %s: %s: %s\n", f->kind->name, f->path, f->what);
	fault("the doctor finds a fault", 0);
}

static void
judge(struct spool *s)
{
	struct doctor_options o = { 0, 0, fs_now() };
	struct census c;
	int token, missing = 0;

	if (!settle())
		fault("it does not come to rest", 0);
	if (shared->overlaps)
		fault("a job ran twice at the same time", 0);
	if (shared->unrecorded > shared->removed + shared->replaced)
		fault("the end of a run was not recorded", 0);
	if (shared->alone > 1 && shared->removed == 0)
		fault("%ld jobs were let have the ID", shared->alone);
	memset(&c, 0, sizeof c);
	c.spool = s;
	for (c.dir = 0; c.dir < JOB_STATES; c.dir++)
		(void)spool_scan(s, c.dir, count_one, &c);
	for (token = 0; token < JOBS; token++) {
		if (c.found[token] > 1)
			fault("job %ld is there twice", token);
		if (shared->refused[token] && c.found[token] > 0)
			fault("job %ld was refused, and is there", token);
		missing += shared->put[token] && c.found[token] == 0;
	}
	if (missing > shared->removed + shared->replaced)
		fault("%ld jobs are lost", missing);
	if (missing < shared->removed)
		fault("what was removed is there (%ld missing)", missing);
	(void)doctor_run(s, &o, found_fault, NULL);
}

/* ---- All of them ---- */

static void
let_loose(pid_t pid)
{
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL) == -1)
		die("PTRACE_DETACH");
}

/* Waits for an end, for as long as the patience lasts or, 0, for ever. */
static int
wait_end(pid_t pid, int ms)
{
	int status, i;

	for (i = 0; ms == 0 || i < ms * 10; i++) {
		if (waitpid(pid, &status, ms == 0 ? 0 : WNOHANG) == pid) {
			check_status(status);
			return 1;
		}
		usleep(100);
	}
	return 0;
}

/*
 * One meeting: how far the first got, and in *other, with -2, how far the
 * second did until the first had ended.
 */
static enum led
meet(struct spool *s, const struct world *w, const struct operation *first,
    const struct operation *second, enum led *other)
{
	int go, unused, a_ended, b_ended = 0;
	enum led led;
	pid_t a, b;

	lay(s, w);
	b = start(second, 4, twice, &go);
	a = start(first, 3, 1, &unused);
	led = lead(a, doing_step);
	*other = twice ? lead(b, doing_other) : LED_END;
	if (twice)
		b_ended = *other == LED_END;
	else if (write(go, "", 1) == 1)
		b_ended = wait_end(b, PATIENCE_MS);
	a_ended = led == LED_END;
	if (!a_ended)
		let_loose(a);
	if (twice && !b_ended) {
		a_ended = a_ended || wait_end(a, PATIENCE_MS);
		let_loose(b);
	}
	if ((!b_ended && !wait_end(b, 0)) || (!a_ended && !wait_end(a, 0)))
		die("races: waitpid");
	close(go);
	close(unused);
	judge(s);
	return led;
}

static long
all_steps(struct spool *s, const struct world *w, const struct operation *first,
    const struct operation *second)
{
	enum led led, other;
	long meetings = 0;

	doing_first = first->name;
	doing_second = second->name;
	doing_world = w->name;
	doing_step = 0;
	do {
		doing_step++;
		doing_other = 0;
		do {
			doing_other++;
			led = meet(s, w, first, second, &other);
			meetings++;
		} while (other == LED_THERE && doing_other < STEPS_MAX);
	} while (led == LED_THERE && doing_step < STEPS_MAX);
	if (doing_step == STEPS_MAX || doing_other == STEPS_MAX)
		fault("it does not end after %ld calls", STEPS_MAX);
	if (verbose)
		printf("%s, %s in '%s': %ld\n", first->name, second->name,
		    w->name, meetings);
	return meetings;
}

static int
wanted(const char *name, int argc, char **argv, int i)
{
	return i >= argc || strcmp(argv[i], "-") == 0 ||
	    strcmp(argv[i], name) == 0;
}

int
main(int argc, char **argv)
{
	size_t i, j, k;
	struct spool s;
	long meetings = 0;
	int opt;

	while ((opt = getopt(argc, argv, "v2")) != -1) {
		verbose |= opt == 'v';
		twice |= opt == '2';
	}
	argc -= optind - 1;
	argv += optind - 1;
	if (argc < 2)
		return 2;
	directory = argv[1];
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_spool(&s);
	for (i = 0; i < OPERATIONS; i++)
		for (j = 0; j < OPERATIONS; j++)
			for (k = 0; k < WORLDS; k++)
				if (wanted(operations[i].name, argc, argv, 2) &&
				    wanted(operations[j].name, argc, argv, 3) &&
				    wanted(worlds[k].name, argc, argv, 4))
					meetings += all_steps(&s, &worlds[k],
					    &operations[i], &operations[j]);
	printf("%ld meetings, %d faults\n", meetings, faults);
	return faults > 0;
}
