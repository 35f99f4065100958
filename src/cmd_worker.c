/*
 * cmd_worker - worker start, stop, status.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "fs.h"
#include "json.h"
#include "os.h"
#include "registry.h"
#include "supervisor.h"
#include "text.h"

#define STOP_LOOK_MS 50 /* between two looks if it has stopped */

/* ---- worker start ---- */

static int
read_count(const struct opt_args *args, int *count)
{
	const char *text = opt_value(args, "count");
	long n = 1;
	int status;

	if (text != NULL && strcmp(text, "auto") == 0) {
		n = os_cpus();
		*count = (int)(n < CREW_MAX ? n : CREW_MAX);
		return MSG_OK;
	}
	status = cmd_number(args, "count", 1, CREW_MAX, &n);
	*count = (int)n;
	return status;
}

static int
run_start(const struct opt_args *args)
{
	const char *base = opt_value(args, "backoff-base");
	struct supervisor_options o;
	struct conf conf;
	struct spool s;
	const char *id;
	int status;

	memset(&o, 0, sizeof o);
	o.drain = opt_value(args, "drain") != NULL;
	o.daemon = opt_value(args, "daemon") != NULL;
	o.log_path = opt_value(args, "log");
	o.grace = -1;
	status = read_count(args, &o.count);
	if (status == MSG_OK)
		status = cmd_duration(args, "grace", &o.grace);
	if (status != MSG_OK)
		return status;
	if (base != NULL &&
	    text_decimal(base, 1, JOB_BASE_MAX, &o.backoff_base) == -1) {
		msg_warnx("--backoff-base: must be a decimal from 1 to %d",
		    JOB_BASE_MAX);
		return MSG_USAGE;
	}
	if (o.log_path != NULL && o.log_path[0] == '\0') {
		msg_warnx("--log: the file's name is empty");
		return MSG_USAGE;
	}
	status = cmd_open_write(args, &s, &conf);
	if (status != MSG_OK)
		return status;
	cmd_note_mount(&s);
	o.spool_path = s.path;
	id = o.drain && !o.daemon ? cmd_inside(&s) : NULL;
	if (id != NULL)
		msg_warnx("running inside job %s, which cannot wait for "
			  "itself: omit --drain, or give --daemon",
		    id);
	status = id != NULL ? MSG_REFUSED : supervisor_run(&s, &o);
	spool_close(&s);
	return status;
}

static const struct opt start_opts[] = {
	{ "count", 'n', "N|auto", "this many workers; auto: one a CPU" },
	{ "daemon", 0, NULL, "in the background; print HOST.PID" },
	{ "detach", 0, NULL, NULL },
	{ "log", 0, "FILE", "log there, not on standard error" },
	{ "drain", 0, NULL, "leave when no job is live any more" },
	{ "grace", 0, "DURATION", "when stopped, interrupt after that long" },
	{ "backoff-base", 0, "B", "in place of what the config says" },
	{ NULL, 0, NULL, NULL }
};

static const char *const start_aliases[] = { "worker", NULL };

const struct cmd cmd_worker_start = { "worker start", start_aliases, "",
	"run jobs until told to stop (Ctrl-C)", start_opts, 0, 0, run_start };

/* ---- worker stop ---- */

struct stop {
	struct spool spool;
	enum registry_request request;
	char (*name)[REGISTRY_NAME_MAX]; /* of those that still run */
	size_t count;
};

static int
add_name(struct stop *p, const char *name)
{
	char(*grown)[REGISTRY_NAME_MAX];

	grown = realloc(p->name, (p->count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	p->name = grown;
	snprintf(grown[p->count++], sizeof *grown, "%s", name);
	return 0;
}

static int
add_supervisor(void *arg, const struct registry_entry *entry)
{
	return add_name(arg, entry->name);
}

/* Takes a HOST.PID of the command line. */
static int
add_named(struct stop *p, const char *name)
{
	int alive;

	if (!registry_is_name(name)) {
		cmd_warn(name,
		    "not a HOST.PID: 'queuectl worker status' "
		    "shows them");
		return MSG_USAGE;
	}
	alive = p->spool.fd == -1 ? 0 : registry_alive(&p->spool, name);
	if (alive == 0) {
		cmd_warn(name, "is not running");
		return MSG_OK;
	}
	if (alive == -1 || add_name(p, name) == -1) {
		msg_warn("%s", name);
		return MSG_REFUSED;
	}
	return MSG_OK;
}

/*
 * True, and said, if we are a part of a job that one of them runs: it would
 * wait for us, as we for it.
 */
static int
is_endless(const struct stop *p)
{
	const char *id = cmd_inside(&p->spool);
	const char *worker = getenv("QUEUECTL_WORKER");
	const char *slot = worker != NULL ? strrchr(worker, '.') : NULL;
	size_t i, len;

	if (id == NULL || slot == NULL)
		return 0;
	len = (size_t)(slot - worker); /* HOST.PID of HOST.PID.SLOT */
	for (i = 0; i < p->count; i++) {
		if (strlen(p->name[i]) != len ||
		    memcmp(p->name[i], worker, len) != 0)
			continue;
		msg_warnx("running inside job %s, which cannot wait for "
			  "itself: %s runs it; give --timeout 0, or touch "
			  "control/stop.%s",
		    id, p->name[i], p->name[i]);
		return 1;
	}
	return 0;
}

/* Finds whom to stop. */
static int
choose(struct stop *p, const struct opt_args *args)
{
	int i, status = MSG_OK;

	for (i = 0; i < args->argc && status == MSG_OK; i++)
		status = add_named(p, args->argv[i]);
	if (args->argc > 0)
		return status;
	if (p->spool.fd != -1 &&
	    registry_each(&p->spool, add_supervisor, p) == -1) {
		msg_warn("%s/workers", p->spool.path);
		return MSG_REFUSED;
	}
	if (p->count == 0)
		msg_warnx("no worker is running");
	return MSG_OK;
}

static int
ask(const struct stop *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (registry_ask(&p->spool, p->request, p->name[i]) == 0)
			continue;
		msg_warn("%s: cannot be asked to stop", p->name[i]);
		return cmd_errno_status(errno);
	}
	return MSG_OK;
}

/* Forgets those that are gone, with what was asked of them. */
static void
look(struct stop *p)
{
	size_t i, kept = 0;

	for (i = 0; i < p->count; i++) {
		if (registry_alive(&p->spool, p->name[i]) != 0)
			memmove(p->name[kept++], p->name[i], sizeof *p->name);
		else
			registry_answer(&p->spool, p->request, p->name[i]);
	}
	p->count = kept;
}

/* Waits until all are gone, or for `timeout` microseconds. */
static int
wait_for(struct stop *p, int64_t timeout)
{
	int64_t begin = fs_mono();
	size_t i;

	for (;;) {
		look(p);
		if (p->count == 0)
			return MSG_OK;
		if (fs_mono() - begin >= timeout)
			break;
		(void)poll(NULL, 0, STOP_LOOK_MS);
	}
	for (i = 0; i < p->count; i++)
		msg_warnx("%s: still finishing what it runs: wait, or give "
			  "--now",
		    p->name[i]);
	return MSG_AGAIN;
}

static int
run_stop(const struct opt_args *args)
{
	int64_t timeout = WHEN_NEVER;
	struct stop p;
	int status;

	memset(&p, 0, sizeof p);
	p.request =
	    opt_value(args, "now") != NULL ? REGISTRY_INTERRUPT : REGISTRY_STOP;
	status = cmd_duration(args, "timeout", &timeout);
	if (status != MSG_OK)
		return status;
	status = cmd_open_read(args, &p.spool);
	if (status != MSG_OK)
		return status;
	status = choose(&p, args);
	if (status == MSG_OK && timeout > 0 && is_endless(&p))
		status = MSG_REFUSED;
	if (status == MSG_OK)
		status = ask(&p);
	if (status == MSG_OK)
		status = wait_for(&p, timeout);
	free(p.name);
	spool_close(&p.spool);
	return status;
}

static const struct opt stop_opts[] = {
	{ "now", 0, NULL, "interrupt what runs; it goes back to pending" },
	{ "force", 0, NULL, NULL },
	{ "timeout", 0, "DURATION", "wait no longer than this" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_worker_stop = { "worker stop", NULL, "[HOST.PID...]",
	"have workers finish what they run, and leave", stop_opts, 0, -1,
	run_stop };

/* ---- worker status ---- */

/* A job in processing/ and who runs it. */
struct busy {
	char job[JOB_NAME_MAX + 1];
	char worker[REGISTRY_NAME_MAX];
	int64_t since;
};

/* A process that is entered in workers/. */
struct entry {
	char name[REGISTRY_NAME_MAX];
	int64_t since;
	int count; /* of a supervisor's workers; -1: it is a worker */
};

struct roll {
	struct spool spool;
	int64_t now;
	struct busy *busy;
	size_t nbusy;
	struct entry *entry;
	size_t nentry;
	size_t widest[2]; /* name, job */
};

static int
add_busy(void *arg, const char *name, uint64_t inode)
{
	struct roll *r = arg;
	const struct job_event *e;
	struct busy *grown;
	struct record j;

	(void)inode;
	if (!job_id_valid(name) ||
	    record_read(&r->spool, SPOOL_PROCESSING, name, &j) != SPOOL_OK)
		return 0;
	e = record_run(&j);
	if (e != NULL && record_run_alive(&r->spool, e)) {
		grown = realloc(r->busy, (r->nbusy + 1) * sizeof *grown);
		if (grown == NULL) {
			record_free(&j);
			return -1;
		}
		r->busy = grown;
		grown += r->nbusy++;
		snprintf(grown->job, sizeof grown->job, "%s", name);
		snprintf(grown->worker, sizeof grown->worker, "%s", e->worker);
		grown->since = e->time;
		if (strlen(name) > r->widest[1])
			r->widest[1] = strlen(name);
	}
	record_free(&j);
	return 0;
}

static int
add_entry(struct roll *r, const char *name, int64_t since, int count)
{
	struct entry *grown;

	grown = realloc(r->entry, (r->nentry + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	r->entry = grown;
	grown += r->nentry++;
	snprintf(grown->name, sizeof grown->name, "%s", name);
	grown->since = since;
	grown->count = count;
	if (strlen(name) > r->widest[0])
		r->widest[0] = strlen(name);
	return 0;
}

static int
enter_supervisor(void *arg, const struct registry_entry *e)
{
	return add_entry(arg, e->name, e->started_at, e->count);
}

/* The entry of a worker is empty, and as old as the worker. */
static int
enter_worker(void *arg, const char *name, uint64_t inode)
{
	struct roll *r = arg;
	struct stat st;

	(void)inode;
	if (strlen(name) >= REGISTRY_NAME_MAX ||
	    fstatat(r->spool.dir[SPOOL_WORKERS], name, &st,
		AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_size > 0 || registry_alive(&r->spool, name) != 1)
		return 0;
	return add_entry(r, name, spool_time(&st), -1);
}

/* By name, numbers in it by value: vm.9 before vm.10, vm.9 before vm.9.1. */
static int
by_name(const void *a, const void *b)
{
	const char *x = ((const struct entry *)a)->name;
	const char *y = ((const struct entry *)b)->name;
	size_t n, m;

	while (*x != '\0' && *x == *y) {
		x++;
		y++;
	}
	n = strspn(x, "0123456789");
	m = strspn(y, "0123456789");
	if (n != m && n > 0 && m > 0)
		return n < m ? -1 : 1;
	return (unsigned char)*x - (unsigned char)*y;
}

static void
put_cell(struct buf *line, const char *text, size_t width)
{
	size_t start = line->len;

	cmd_put(line, text);
	cmd_pad(line, start, width);
}

static void
put_time_cell(const struct roll *r, struct buf *line, int64_t us)
{
	size_t start = line->len;

	cmd_put_time(line, us, r->now);
	cmd_pad(line, start, cmd_terminal() ? 7 : 20);
}

/* What a worker runs, or NULL. */
static const struct busy *
find_busy(const struct roll *r, const char *worker)
{
	size_t i;

	for (i = 0; i < r->nbusy; i++)
		if (strcmp(r->busy[i].worker, worker) == 0)
			return &r->busy[i];
	return NULL;
}

/* Appends since when a worker runs which job; `idle`: what if it does not. */
static void
put_busy(const struct roll *r, struct buf *line, const char *worker,
    const char *idle)
{
	const struct busy *b = find_busy(r, worker);
	struct record j;

	if (b == NULL) {
		put_cell(line, "-", cmd_terminal() ? 7 : 20);
		put_cell(line, "-", r->widest[1]);
		buf_puts(line, idle);
		return;
	}
	put_time_cell(r, line, b->since);
	put_cell(line, b->job, r->widest[1]);
	if (record_read(&r->spool, SPOOL_PROCESSING, b->job, &j) == SPOOL_OK) {
		cmd_put_command(line, &j);
		record_free(&j);
	} else {
		buf_puts(line, "-");
	}
}

static void
print_roll(const struct roll *r)
{
	struct buf line = BUF_EMPTY;
	char idle[64];
	size_t i;

	put_cell(&line, "WORKER", r->widest[0]);
	put_cell(&line, "UP", cmd_terminal() ? 7 : 20);
	put_cell(&line, "RUNS", cmd_terminal() ? 7 : 20);
	put_cell(&line, "JOB", r->widest[1]);
	buf_puts(&line, "COMMAND");
	cmd_print_header(&line);
	for (i = 0; i < r->nentry; i++) {
		put_cell(&line, r->entry[i].name, r->widest[0]);
		put_time_cell(r, &line, r->entry[i].since);
		snprintf(idle, sizeof idle, "-");
		if (r->entry[i].count >= 0)
			snprintf(idle, sizeof idle, "(supervisor of %d)",
			    r->entry[i].count);
		put_busy(r, &line, r->entry[i].name, idle);
		cmd_print_row(&line);
	}
	buf_free(&line);
}

static int
print_roll_json(const struct roll *r)
{
	struct buf out = BUF_EMPTY;
	const struct busy *b;
	const struct entry *e;
	size_t i;
	int status;

	buf_putc(&out, '[');
	for (i = 0; i < r->nentry; i++) {
		e = &r->entry[i];
		json_next(&out);
		buf_putc(&out, '{');
		json_member_string(&out, "name", e->name);
		json_member_string(&out, "role",
		    e->count >= 0 ? "supervisor" : "worker");
		json_member_time(&out, "started_at", e->since);
		if (e->count >= 0)
			json_member_number(&out, "workers", e->count);
		b = find_busy(r, e->name);
		if (b != NULL) {
			json_member_string(&out, "job", b->job);
			json_member_time(&out, "job_started_at", b->since);
		}
		buf_putc(&out, '}');
	}
	buf_puts(&out, "]\n");
	status = cmd_print_json(&out);
	buf_free(&out);
	return status;
}

/* Finds out who works, and what each runs; 0 or -1. */
static int
take_roll(struct roll *r)
{
	if (r->spool.fd == -1)
		return 0;
	if (registry_each(&r->spool, enter_supervisor, r) == -1 ||
	    spool_scan(&r->spool, SPOOL_WORKERS, enter_worker, r) == -1 ||
	    spool_scan(&r->spool, SPOOL_PROCESSING, add_busy, r) == -1)
		return -1;
	if (r->nentry > 0)
		qsort(r->entry, r->nentry, sizeof *r->entry, by_name);
	return 0;
}

static int
run_status(const struct opt_args *args)
{
	struct roll r;
	int status;

	memset(&r, 0, sizeof r);
	r.widest[0] = 6;
	r.widest[1] = 3;
	status = cmd_open_read(args, &r.spool);
	if (status != MSG_OK)
		return status;
	r.now = fs_now();
	if (take_roll(&r) == -1) {
		msg_warn("%s", r.spool.path);
		status = MSG_REFUSED;
	} else {
		if (r.nentry == 0)
			msg_warnx("no worker is running: start one with "
				  "'queuectl worker start'");
		if (opt_value(args, "json") != NULL)
			status = print_roll_json(&r);
		else if (r.nentry > 0)
			print_roll(&r);
	}
	free(r.entry);
	free(r.busy);
	spool_close(&r.spool);
	return status;
}

static const struct opt status_opts[] = {
	{ "json", 0, NULL, "as a JSON array" }, { NULL, 0, NULL, NULL }
};

const struct cmd cmd_worker_status = { "worker status", NULL, "",
	"list supervisors and workers, and what they run", status_opts, 0, 0,
	run_status };
