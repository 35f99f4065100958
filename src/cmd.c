#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "fs.h"
#include "os.h"
#include "registry.h"
#include "text.h"
#include "when.h"

#define CMD_FIND_TRIES 100 /* a job that moves whenever we look */

/* ---- Saying what is wrong ---- */

void
cmd_warn(const char *what, const char *fmt, ...)
{
	char why[OPT_WHY_MAX + SPOOL_WHY_MAX];
	struct buf shown = BUF_EMPTY;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	cmd_put(&shown, what);
	msg_warnx("%s: %s", buf_text(&shown), why);
	buf_free(&shown);
}

int
cmd_errno_status(int error)
{
	return error == ENOSPC || error == EDQUOT ? MSG_AGAIN : MSG_REFUSED;
}

/* ---- The spool ---- */

static int
open_spool(const struct opt_args *args, struct spool *s, enum spool_want want)
{
	const char *option = opt_value(args, "spool");
	char why[SPOOL_WHY_MAX];
	char *path;
	int ret;

	if (option != NULL && option[0] == '\0') {
		msg_warnx("--spool: the directory's name is empty");
		return MSG_USAGE;
	}
	path = spool_path(option);
	if (path == NULL) {
		msg_warnx("no spool: neither $QUEUECTL_SPOOL nor $HOME is "
			  "set: say where with -s DIR");
		return MSG_REFUSED;
	}
	errno = 0;
	ret = spool_open(s, path, want, why);
	free(path);
	if (ret == 0)
		return MSG_OK;
	ret = cmd_errno_status(errno);
	msg_warnx("%s", why);
	return ret;
}

int
cmd_open_read(const struct opt_args *args, struct spool *s)
{
	int status = open_spool(args, s, SPOOL_READ);

	if (status == MSG_OK && s->fd == -1)
		cmd_warn(s->path,
		    "there is no spool yet: 'queuectl enqueue' "
		    "or 'queuectl init' makes it");
	return status;
}

int
cmd_open_make(const struct opt_args *args, struct spool *s)
{
	return open_spool(args, s, SPOOL_MAKE);
}

int
cmd_open_write(const struct opt_args *args, struct spool *s, struct conf *conf)
{
	char why[CONF_ERROR_MAX];
	int status = cmd_open_make(args, s);

	if (status != MSG_OK)
		return status;
	if (conf_load(s->fd, conf, why) == -1) {
		msg_warnx("%s/%s: mend it, or move it away", s->path, why);
		spool_close(s);
		return MSG_REFUSED;
	}
	s->durable = conf->durability == CONF_FULL;
	return MSG_OK;
}

void
cmd_config(const struct spool *s, struct conf *conf)
{
	char why[CONF_ERROR_MAX];

	if (conf_load(s->fd, conf, why) == 0)
		return;
	msg_warnx("%s/%s: going on with the defaults", s->path, why);
	conf_defaults(conf);
}

/* ---- Options ---- */

int
cmd_number(const struct opt_args *args, const char *name, long min, long max,
    long *value)
{
	const char *text = opt_value(args, name);

	if (text == NULL || text_number(text, min, max, value) == 0)
		return MSG_OK;
	msg_warnx("--%s: must be a whole number from %ld to %ld", name, min,
	    max);
	return MSG_USAGE;
}

int
cmd_duration(const struct opt_args *args, const char *name, int64_t *value)
{
	const char *text = opt_value(args, name);

	if (text == NULL || when_parse_duration(text, value) == 0)
		return MSG_OK;
	msg_warnx("--%s: must be a duration like 90, 90s, 5m or 1h30m", name);
	return MSG_USAGE;
}

/* ---- Jobs ---- */

int
cmd_check_id(const char *id, int old)
{
	if (old ? job_name_valid(id) : job_id_valid(id))
		return MSG_OK;
	if (job_name_old(id)) {
		cmd_warn(id,
		    "is an older record, which stays as it is: "
		    "enqueue its command again");
		return MSG_REFUSED;
	}
	cmd_warn(id,
	    "not the ID of a job: 1 to %d of A-Z a-z 0-9 . _ -, not "
	    "beginning with . or -",
	    JOB_ID_MAX);
	return MSG_USAGE;
}

int64_t
cmd_changed(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * WHEN_SECOND +
	    st->st_mtim.tv_nsec / 1000;
}

enum spool_result
cmd_job_read(const struct spool *s, int dir, const char *name,
    struct cmd_job *j)
{
	static const struct cmd_job empty;
	enum spool_result r = SPOOL_ERROR;
	struct stat st;
	int fd, saved;

	*j = empty;
	snprintf(j->name, sizeof j->name, "%s", name);
	j->dir = dir;
	/* NONBLOCK: what lies there may be a FIFO. */
	fd = fs_open(s->dir[dir], name, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -1) {
		if (errno == ENOENT)
			return SPOOL_GONE;
		return errno == ELOOP || errno == EMLINK || errno == ENXIO ?
		    SPOOL_FOREIGN :
		    SPOOL_ERROR;
	}
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		r = SPOOL_FOREIGN;
	} else if (spool_read(fd, &j->text) == 0) {
		j->inode = st.st_ino;
		j->mtime = cmd_changed(&st);
		r = SPOOL_OK;
		j->parsed = job_parse(&j->job, buf_text(&j->text), j->text.len,
		    &j->error);
		if (j->parsed == JOB_NO_MEMORY) {
			job_free(&j->job);
			errno = ENOMEM;
			r = SPOOL_ERROR;
		}
	}
	saved = errno;
	if (r != SPOOL_OK)
		buf_free(&j->text);
	(void)fs_close(fd);
	errno = saved;
	return r;
}

void
cmd_job_free(struct cmd_job *j)
{
	job_free(&j->job);
	buf_free(&j->text);
}

/* The latest older record of an ID, as far as the search has come. */
struct latest {
	const char *id;
	size_t len;
	int dir; /* being searched */
	int found_in;
	char name[JOB_NAME_MAX + 1];
};

static int
look_older(void *arg, const char *name, uint64_t inode)
{
	struct latest *l = arg;

	(void)inode;
	/* The times have one length: their order is that of their bytes. */
	if (strncmp(name, l->id, l->len) == 0 && name[l->len] == '~' &&
	    job_name_old(name) && strcmp(name, l->name) > 0) {
		snprintf(l->name, sizeof l->name, "%s", name);
		l->found_in = l->dir;
	}
	return 0;
}

/* Where the record of that ID is; its name, perhaps ID~TIME, in `name`. */
static int
find_record(const struct spool *s, const char *id, char name[JOB_NAME_MAX + 1])
{
	struct latest l;
	int dir = spool_find(s, id);

	snprintf(name, JOB_NAME_MAX + 1, "%s", id);
	if (dir != JOB_NO_STATE || job_name_old(id))
		return dir;
	memset(&l, 0, sizeof l);
	l.id = id;
	l.len = strlen(id);
	l.found_in = JOB_NO_STATE;
	for (l.dir = SPOOL_COMPLETED; l.dir <= SPOOL_DEAD; l.dir++)
		if (l.dir != SPOOL_FAILED &&
		    spool_scan(s, l.dir, look_older, &l) == -1)
			return -2;
	if (l.found_in != JOB_NO_STATE)
		snprintf(name, JOB_NAME_MAX + 1, "%s", l.name);
	return l.found_in;
}

int
cmd_job_find(const struct spool *s, const char *id, struct cmd_job *j)
{
	char name[JOB_NAME_MAX + 1];
	enum spool_result r = SPOOL_GONE;
	int dir = JOB_NO_STATE, tries;

	for (tries = 0; tries < CMD_FIND_TRIES && r == SPOOL_GONE; tries++) {
		dir = find_record(s, id, name);
		if (dir == JOB_NO_STATE) {
			cmd_warn(id,
			    "no such job: 'queuectl list' shows "
			    "all there are");
			return MSG_NO_JOB;
		}
		r = dir < 0 ? SPOOL_ERROR : cmd_job_read(s, dir, name, j);
	}
	switch (r) {
	case SPOOL_OK:
		return MSG_OK;
	case SPOOL_FOREIGN:
		cmd_warn(id, "%s/%s is not a regular file: it is left alone",
		    spool_dir_name(dir), name);
		return MSG_REFUSED;
	default:
		cmd_warn(id, "cannot be read: %s",
		    r == SPOOL_GONE ? "it keeps moving" : strerror(errno));
		return MSG_REFUSED;
	}
}

int
cmd_tries(const struct cmd_job *j)
{
	const struct job_event *e = job_last_event(&j->job, JOB_NO_STATE);
	int state = e != NULL ? e->state : JOB_NO_STATE;

	/* Moved there by hand: it will start afresh. */
	if ((j->dir == JOB_PENDING || j->dir == JOB_FAILED) &&
	    state != j->dir &&
	    (state == JOB_COMPLETED || state == JOB_FAILED ||
		state == JOB_DEAD))
		return 0;
	if (e != NULL && e->attempt > 0 && state == j->dir &&
	    (state == JOB_PROCESSING || state == JOB_COMPLETED))
		return j->job.counted + 1;
	return j->job.counted;
}

int
cmd_tries_max(const struct cmd_job *j, const struct conf *conf)
{
	return 1 + claim_rule(conf, &j->job).max_retries;
}

const struct job_event *
cmd_run(const struct cmd_job *j)
{
	const struct job_event *e = job_last_event(&j->job, JOB_NO_STATE);

	return e != NULL && e->state == JOB_PROCESSING ? e : NULL;
}

int
cmd_run_alive(const struct spool *s, const struct job_event *run)
{
	size_t len = strlen(s->host);
	struct stat st;

	if (run->worker == NULL || registry_alive(s, run->worker) != 1)
		return 0;
	/*
	 * The worker that takes a dead one's place has its name, but was not
	 * there yet when the run began.  Clocks of other hosts prove nothing.
	 */
	if (strncmp(run->worker, s->host, len) != 0 ||
	    run->worker[len] != '.' ||
	    fstatat(s->dir[SPOOL_WORKERS], run->worker, &st,
		AT_SYMLINK_NOFOLLOW) == -1)
		return 1;
	return cmd_changed(&st) <= run->time;
}

int64_t
cmd_created(const struct cmd_job *j)
{
	return j->job.created_at >= 0 ? j->job.created_at : j->mtime;
}

int64_t
cmd_updated(const struct cmd_job *j)
{
	int64_t created = cmd_created(j);

	/* The clock of a file system may be a tick behind. */
	return j->mtime > created ? j->mtime : created;
}

void
cmd_put_command(struct buf *out, const struct cmd_job *j)
{
	struct buf command = BUF_EMPTY;

	job_command_text(&j->job, &command);
	cmd_put(out, command.len > 0 ? buf_text(&command) : "-");
	out->failed |= command.failed;
	buf_free(&command);
}

/* ---- Standard output ---- */

int
cmd_terminal(void)
{
	static int terminal = -1;

	if (terminal == -1)
		terminal = isatty(STDOUT_FILENO);
	return terminal;
}

void
cmd_put(struct buf *out, const char *text)
{
	text_show(out, text, strlen(text));
}

void
cmd_put_time(struct buf *out, int64_t us, int64_t now)
{
	char text[WHEN_SIZE];

	if (!cmd_terminal()) {
		when_format_s(text, us);
	} else if (us > now) {
		buf_putc(out, '+');
		when_format_duration(text, us - now);
	} else {
		when_format_duration(text, now - us);
	}
	buf_puts(out, text);
}

/* The columns of the terminal, 0 if it is none or does not tell. */
static size_t
columns(void)
{
	const char *text = getenv("COLUMNS");
	long n;

	if (!cmd_terminal())
		return 0;
	if (text != NULL && text_number(text, 1, 10000, &n) == 0)
		return (size_t)n;
	return os_columns(STDOUT_FILENO);
}

/* Bytes of one character at s. */
static size_t
character(const char *s, size_t len)
{
	unsigned long point;
	size_t n = text_utf8(s, len, &point);

	return n > 0 ? n : 1;
}

void
cmd_pad(struct buf *out, size_t start, size_t want)
{
	size_t have = 0, at;

	for (at = start; at < out->len; have++)
		at += character(out->data + at, out->len - at);
	do {
		buf_putc(out, ' ');
		have++;
	} while (have <= want && !out->failed);
}

/* Forgets a text that was printed, or says that there was no memory for it. */
static void
forget(struct buf *text)
{
	if (text->failed)
		msg_warnx("out of memory: something is not shown");
	buf_clear(text);
}

void
cmd_print_row(struct buf *line)
{
	size_t room = columns(), at = 0;

	if (room == 0) {
		at = line->len;
	} else {
		for (; room > 0 && at < line->len; room--)
			at += character(line->data + at, line->len - at);
	}
	fwrite(buf_text(line), 1, at, stdout);
	putchar('\n');
	forget(line);
}

void
cmd_print(struct buf *text)
{
	fwrite(buf_text(text), 1, text->len, stdout);
	forget(text);
}
