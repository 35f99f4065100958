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
#include "text.h"
#include "when.h"
#include "why.h"

#define CMD_IDS_MAX    67108864 /* bytes of standard input */
#define CMD_CANDIDATES 8	/* of an ambiguous ID that are told */
#define CMD_MOUNT_MAX  64	/* bytes of the type of a mount */

/* ---- Saying what is wrong ---- */

void
cmd_warn(const char *what, const char *fmt, ...)
{
	char why[OPT_WHY_MAX + SPOOL_WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	msg_warnx("%s: %s", what, why);
}

int
cmd_errno_status(int error)
{
	return error == ENOSPC || error == EDQUOT ? MSG_AGAIN : MSG_REFUSED;
}

int
cmd_undone(const struct spool *s, const char *what, const char *undone,
    int error)
{
	if (error != EWOULDBLOCK) {
		errno = error;
		msg_warn("%s: %s", what, undone);
		return cmd_errno_status(error);
	}
	cmd_warn(what,
	    "%s: another process has held the lock on %s/lock for %lld s: "
	    "find it with fuser(1), end it, and try again",
	    undone, s->path, (long long)(s->lock_wait / WHEN_SECOND));
	return MSG_AGAIN;
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

/* Opens it to look, and says if there is none. */
static int
open_to_look(const struct opt_args *args, struct spool *s, enum spool_want want)
{
	int status = open_spool(args, s, want);

	if (status == MSG_OK && s->fd == -1)
		cmd_warn(s->path,
		    "there is no spool yet: 'queuectl enqueue' "
		    "or 'queuectl init' makes it");
	return status;
}

int
cmd_open_read(const struct opt_args *args, struct spool *s)
{
	return open_to_look(args, s, SPOOL_READ);
}

int
cmd_open_examine(const struct opt_args *args, struct spool *s)
{
	return open_to_look(args, s, SPOOL_EXAMINE);
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
cmd_note_mount(const struct spool *s)
{
	/* Without more, fuse is what bindfs(1) and others call themselves. */
	static const char *const types[] = { "fuse", "fuse.bindfs",
		"fuse.sshfs", "fuse.unionfs", "fuse.unionfs-fuse", "9p" };
	char type[CMD_MOUNT_MAX];
	size_t i;

	if (os_mount_type(s->fd, type, sizeof type) == -1)
		return;
	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i], type) == 0)
			cmd_warn(s->path,
			    "is on a mount of type %s: its locks may keep "
			    "nobody out who uses the spool by another mount "
			    "or from another host, and then jobs run twice: "
			    "use it by this mount alone",
			    type);
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

static int
say_no_id(const char *text)
{
	cmd_warn(text,
	    "not the ID of a job: 1 to %d of A-Z a-z 0-9 . _ -, not "
	    "beginning with . or -",
	    JOB_ID_MAX);
	return MSG_USAGE;
}

int
cmd_check_id(const char *id)
{
	return job_name_valid(id) ? MSG_OK : say_no_id(id);
}

int
cmd_check_begun(const char *text)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789._-~";

	if (text[0] != '\0' && text[0] != '.' && text[0] != '-' &&
	    text[strspn(text, good)] == '\0' && strlen(text) <= JOB_NAME_MAX)
		return MSG_OK;
	return say_no_id(text);
}

/* Says that a job cannot be shown, and why; the exit status. */
static int
say_not_found(const char *id, enum spool_result result)
{
	switch (result) {
	case SPOOL_OK:
		return MSG_OK;
	case SPOOL_GONE:
		cmd_warn(id,
		    "no such job: 'queuectl list' shows all there are");
		return MSG_NO_JOB;
	case SPOOL_FOREIGN:
		cmd_warn(id, "is not a regular file: it is left alone");
		return MSG_REFUSED;
	default:
		cmd_warn(id, "cannot be read: %s", strerror(errno));
		return MSG_REFUSED;
	}
}

/* The IDs that begin with a text, as far as the search has come. */
struct begun {
	const char *text;
	size_t len;
	const char *end; /* of what is kept of a name: before these bytes */
	int dir;	 /* being searched */
	int count, more;
	char id[CMD_CANDIDATES + 1][JOB_NAME_MAX + 1]; /* the first, in order */
};

static int
look_begun(void *arg, const char *name, uint64_t inode)
{
	char id[JOB_NAME_MAX + 1];
	struct begun *b = arg;
	int i;

	(void)inode;
	if (strncmp(name, b->text, b->len) != 0 || !spool_is_job(b->dir, name))
		return 0;
	snprintf(id, sizeof id, "%.*s", (int)strcspn(name, b->end), name);
	for (i = b->count; i > 0 && strcmp(id, b->id[i - 1]) < 0; i--)
		continue;
	if (i > 0 && strcmp(id, b->id[i - 1]) == 0)
		return 0;
	memmove(b->id[i + 1], b->id[i],
	    (size_t)(CMD_CANDIDATES - i) * sizeof b->id[0]);
	memcpy(b->id[i], id, sizeof id);
	if (b->count < CMD_CANDIDATES)
		b->count++;
	else
		b->more = 1;
	return 0;
}

/* Says which jobs a text may mean; the exit status. */
static int
say_ambiguous(const struct begun *b)
{
	struct buf list = BUF_EMPTY;
	int i;

	for (i = 0; i < b->count; i++)
		buf_printf(&list, " %s", b->id[i]);
	cmd_warn(b->text, "is the beginning of several IDs:%s%s",
	    buf_text(&list), b->more ? " ..." : "");
	buf_free(&list);
	return MSG_REFUSED;
}

int
cmd_find(const struct spool *s, const char *id, struct record *r)
{
	enum spool_result result = SPOOL_GONE;
	struct begun b;
	int ret = 0;

	if (job_name_valid(id))
		result = record_find(s, id, r);
	if (result != SPOOL_GONE)
		return say_not_found(id, result);
	memset(&b, 0, sizeof b);
	b.text = id;
	b.len = strlen(id);
	/* Older records count as their job, unless one of them is meant. */
	b.end = strchr(id, '~') != NULL ? "" : "~";
	for (b.dir = 0; b.dir < JOB_STATES && ret == 0; b.dir++)
		ret = spool_scan(s, b.dir, look_begun, &b);
	if (ret == -1)
		return say_not_found(id, SPOOL_ERROR);
	if (b.count > 1)
		return say_ambiguous(&b);
	if (b.count == 1)
		return say_not_found(b.id[0], record_find(s, b.id[0], r));
	return say_not_found(id, SPOOL_GONE);
}

/* True if the path is that of the open spool. */
static int
is_spool(const struct spool *s, const char *path)
{
	struct stat mine, there;

	return s->fd != -1 && fstat(s->fd, &mine) == 0 &&
	    stat(path, &there) == 0 && mine.st_dev == there.st_dev &&
	    mine.st_ino == there.st_ino;
}

const char *
cmd_inside(const struct spool *s)
{
	const char *id = getenv("QUEUECTL_JOB_ID");
	const char *attempt = getenv("QUEUECTL_ATTEMPT");
	const char *path = getenv("QUEUECTL_SPOOL");
	const char *worker = getenv("QUEUECTL_WORKER");
	const struct job_event *run;
	struct record r;
	char number[16];
	int inside;

	/* A daemon that a job has left has its variables too. */
	if (id == NULL || attempt == NULL || path == NULL || worker == NULL ||
	    !job_id_valid(id) || !is_spool(s, path) ||
	    record_read(s, SPOOL_PROCESSING, id, &r) != SPOOL_OK)
		return NULL;
	run = record_run(&r);
	snprintf(number, sizeof number, "%d", run != NULL ? run->attempt : 0);
	inside = run != NULL && run->worker != NULL &&
	    strcmp(run->worker, worker) == 0 && strcmp(number, attempt) == 0;
	record_free(&r);
	return inside ? id : NULL;
}

/* ---- The JOBs of a command line ---- */

/* Takes the IDs of standard input, one a line, into ids->text. */
static int
read_stdin(struct cmd_ids *ids)
{
	char chunk[4096];
	ssize_t n = 0;

	while (ids->text.len <= CMD_IDS_MAX &&
	    (n = fs_read(STDIN_FILENO, chunk, sizeof chunk)) > 0)
		buf_add(&ids->text, chunk, (size_t)n);
	if (ids->text.len > CMD_IDS_MAX) {
		msg_warnx("standard input: longer than %d bytes: give fewer "
			  "IDs at a time",
		    CMD_IDS_MAX);
		return MSG_USAGE;
	}
	if (n == -1 || ids->text.failed) {
		msg_warn("standard input");
		return MSG_REFUSED;
	}
	if (memchr(buf_text(&ids->text), '\0', ids->text.len) != NULL) {
		msg_warnx("standard input: has a NUL: give one ID a line");
		return MSG_USAGE;
	}
	return MSG_OK;
}

static int
add_id(struct cmd_ids *ids, char *id)
{
	char **grown;
	int status = ids->check != NULL ? ids->check(id) : MSG_OK;

	if (status != MSG_OK)
		return status;
	if ((ids->count & (ids->count + 1)) == 0) {
		grown = realloc(ids->id, (ids->count + 1) * 2 * sizeof *grown);
		if (grown == NULL) {
			msg_warn("the list of jobs");
			return MSG_REFUSED;
		}
		ids->id = grown;
	}
	ids->id[ids->count++] = id;
	return MSG_OK;
}

static int
add_lines(struct cmd_ids *ids)
{
	char *line = ids->text.data, *end;
	int status = MSG_OK;

	while (status == MSG_OK && line != NULL && *line != '\0') {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		if (*line != '\0')
			status = add_id(ids, line);
		line = end;
	}
	return status;
}

int
cmd_ids_read(struct cmd_ids *ids, const struct opt_args *args,
    int (*check)(const char *id))
{
	int i, status = MSG_OK, read = 0;

	memset(ids, 0, sizeof *ids);
	ids->check = check;
	for (i = 0; i < args->argc && status == MSG_OK; i++) {
		if (strcmp(args->argv[i], "-") != 0) {
			status = add_id(ids, args->argv[i]);
			continue;
		}
		if (read++) /* there is only one standard input */
			continue;
		status = read_stdin(ids);
		if (status == MSG_OK)
			status = add_lines(ids);
	}
	if (status != MSG_OK)
		cmd_ids_free(ids);
	return status;
}

void
cmd_ids_free(struct cmd_ids *ids)
{
	buf_free(&ids->text);
	free(ids->id);
	ids->id = NULL;
	ids->count = 0;
}

void
cmd_put_command(struct buf *out, const struct record *j)
{
	struct buf command = BUF_EMPTY;

	job_command_text(&j->job, &command);
	cmd_put(out, command.len > 0 ? buf_text(&command) : "-");
	out->failed |= command.failed;
	buf_free(&command);
}

/* ---- Who works ---- */

static void
note_reason(void *arg, const char *reason)
{
	(void)arg;
	msg_warnx("%s", reason);
}

void
cmd_note_stuck(struct spool *s)
{
	struct conf conf;

	cmd_config(s, &conf);
	why_stuck(s, &conf, note_reason, NULL);
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

/* True if escape sequences are wanted that colour the text. */
static int
coloured(void)
{
	static int wanted = -1;
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (wanted == -1)
		wanted = cmd_terminal() && (no == NULL || no[0] == '\0') &&
		    term != NULL && term[0] != '\0' &&
		    strcmp(term, "dumb") != 0;
	return wanted;
}

/* Appends text in one of the colours of ECMA-48; "": as it is. */
static void
put_coloured(struct buf *out, const char *colour, const char *text)
{
	if (colour[0] != '\0' && coloured())
		buf_printf(out, "\033[%sm%s\033[0m", colour, text);
	else
		buf_puts(out, text);
}

void
cmd_put_state(struct buf *out, int state)
{
	static const char *const colours[JOB_STATES] = { "", "36", "32", "33",
		"31" }; /* none, cyan, green, yellow, red */

	put_coloured(out, colours[state], job_state_name(state));
}

void
cmd_put_bold(struct buf *out, const char *text)
{
	put_coloured(out, "1", text);
}

/*
 * Bytes of one character at s, and how many columns it takes: none if it is
 * an escape sequence, which only put_coloured makes.
 */
static size_t
character(const char *s, size_t len, size_t *width)
{
	unsigned long point;
	size_t n;

	*width = s[0] != '\033';
	if (*width == 0) {
		for (n = 1; n < len && s[n - 1] != 'm';)
			n++;
		return n;
	}
	n = text_utf8(s, len, &point);
	return n > 0 ? n : 1;
}

void
cmd_pad(struct buf *out, size_t start, size_t want)
{
	size_t have = 0, at, width;

	for (at = start; at < out->len; have += width)
		at += character(out->data + at, out->len - at, &width);
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
	size_t room = columns(), used = 0, at = 0, n, width;

	if (room == 0)
		at = fwrite(buf_text(line), 1, line->len, stdout);
	/* What ends a colour is printed even behind the edge. */
	for (; room > 0 && at < line->len; at += n) {
		n = character(line->data + at, line->len - at, &width);
		if (width == 0 || used < room)
			fwrite(line->data + at, 1, n, stdout);
		used += width;
	}
	putchar('\n');
	forget(line);
}

void
cmd_print_header(struct buf *line)
{
	struct buf bold = BUF_EMPTY;

	cmd_put_bold(&bold, buf_text(line));
	bold.failed |= line->failed;
	cmd_print_row(&bold);
	buf_free(&bold);
	buf_clear(line);
}

void
cmd_print(struct buf *text)
{
	fwrite(buf_text(text), 1, text->len, stdout);
	forget(text);
}

int
cmd_print_json(struct buf *json)
{
	int failed = json->failed;

	if (failed)
		msg_warnx("out of memory: something is not printed");
	else
		fwrite(buf_text(json), 1, json->len, stdout);
	buf_clear(json);
	return failed ? MSG_AGAIN : MSG_OK;
}
