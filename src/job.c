#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

static const char *const state_names[JOB_STATES] = { "pending", "processing",
	"completed", "failed", "dead" };

static const char *const reason_names[] = { NULL, "retried", "moved", "lost",
	"stopped", "returned" };
#define REASONS (int)(sizeof reason_names / sizeof reason_names[0])

const char *
job_state_name(int state)
{
	return state >= 0 && state < JOB_STATES ? state_names[state] : "none";
}

int
job_state_parse(const char *name)
{
	int i;

	for (i = 0; i < JOB_STATES; i++)
		if (strcasecmp(name, state_names[i]) == 0)
			return i;
	return JOB_NO_STATE;
}

const char *
job_reason_name(enum job_reason reason)
{
	return reason_names[reason];
}

/* ---- IDs ---- */

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* The length of the ID that s begins with, 0 if it begins with none. */
static size_t
id_length(const char *s)
{
	size_t n;

	if (!is_alnum(s[0]) && s[0] != '_')
		return 0;
	for (n = 1; is_alnum(s[n]) || (s[n] != '\0' && strchr("._-", s[n]));)
		n++;
	return n <= JOB_ID_MAX ? n : 0;
}

/* True for YYYYMMDDThhmmss.mmm and nothing behind it. */
static int
is_id_time(const char *s)
{
	static const char form[] = "ddddddddTdddddd.ddd";
	size_t i;

	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return 0;
	}
	return s[i] == '\0';
}

int
job_id_valid(const char *id)
{
	size_t n = id_length(id);

	return n > 0 && id[n] == '\0';
}

const char *
job_name_unfinished(const char *name)
{
	/* Of sftp clients, browsers and editors. */
	static const char *const suffixes[] = { ".filepart", ".part",
		".partial", ".tmp", ".swp" };
	size_t len = strlen(name), n, i;

	for (i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		n = strlen(suffixes[i]);
		if (len > n && strcmp(name + len - n, suffixes[i]) == 0)
			return suffixes[i];
	}
	return NULL;
}

int
job_name_old(const char *name)
{
	size_t n = id_length(name);

	return n > 0 && name[n] == '~' && is_id_time(name + n + 1);
}

int
job_name_valid(const char *name)
{
	return job_id_valid(name) || job_name_old(name);
}

void
job_id_make(char out[JOB_NAME_MAX + 1], int64_t now, uint32_t number)
{
	size_t i;

	when_format_id(out, now);
	i = strlen(out);
	memcpy(out + i, "-000000", 8);
	for (i += 6; number != 0 && out[i] != '-'; i--, number >>= 5)
		out[i] = JOB_LETTERS[number & 31];
}

int64_t
job_id_time(const char *name)
{
	static const char form[] = "00000000T000000.000-";
	char text[WHEN_SIZE];
	int64_t us;
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? name[i] < '0' || name[i] > '9' :
				     name[i] != form[i])
			return -1;
	snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%.3sZ", name,
	    name + 4, name + 6, name + 9, name + 11, name + 13, name + 16);
	return when_parse_time(text, &us) == 0 ? us : -1;
}

/* ---- The submitted keys ---- */

static int
refuse(struct job_error *error, const char *key, const char *why)
{
	snprintf(error->what, sizeof error->what, "%s: %s", key, why);
	return -1;
}

static int
set_command(struct job *job, char *value)
{
	job->command = value;
	return value[0] != '\0' ? 0 : -1;
}

/* Grows a vector that ends with NULL by one string. */
static int
push(char ***vector, size_t *count, char *value)
{
	char **v;

	/* Full at 0, 1, 3, 7, ...: there must be room for the NULL too. */
	if ((*count & (*count + 1)) == 0) {
		v = realloc(*vector, (*count + 1) * 2 * sizeof *v);
		if (v == NULL)
			return -2;
		*vector = v;
	}
	(*vector)[(*count)++] = value;
	(*vector)[*count] = NULL;
	return 0;
}

static int
set_arg(struct job *job, char *value)
{
	return push(&job->argv, &job->argc, value);
}

static int
set_env(struct job *job, char *value)
{
	if (value[0] == '=' || strchr(value, '=') == NULL)
		return -1;
	return push(&job->env, &job->envc, value);
}

static int
set_cwd(struct job *job, char *value)
{
	job->cwd = value;
	return value[0] == '/' ? 0 : -1;
}

static int
set_umask(struct job *job, char *value)
{
	char *end;

	if (strlen(value) > 4 || strspn(value, "01234567") != strlen(value))
		return -1;
	job->umask = strtol(value, &end, 8);
	return end != value && job->umask <= 0777 ? 0 : -1;
}

static int
set_int(int *to, const char *value, long max)
{
	long n;

	if (text_number(value, 0, max, &n) == -1)
		return -1;
	*to = (int)n;
	return 0;
}

static int
set_priority(struct job *job, char *value)
{
	return set_int(&job->priority, value, JOB_PRIORITY_MAX);
}

static int
set_max_retries(struct job *job, char *value)
{
	return set_int(&job->max_retries, value, JOB_RETRIES_MAX);
}

static int
set_timeout(struct job *job, char *value)
{
	return text_number(value, 0, JOB_SECONDS_MAX, &job->timeout);
}

static int
set_max_backoff(struct job *job, char *value)
{
	return text_number(value, 0, JOB_SECONDS_MAX, &job->max_backoff);
}

static int
set_backoff_base(struct job *job, char *value)
{
	return text_decimal(value, 1, JOB_BASE_MAX, &job->backoff_base);
}

static int
set_run_at(struct job *job, char *value)
{
	return when_parse_time(value, &job->run_at);
}

static int
set_created_at(struct job *job, char *value)
{
	return when_parse_time(value, &job->created_at);
}

/*
 * The keys, how each is read (0, -1 not acceptable, -2 out of memory), and
 * what to say when it is not acceptable.
 */
static const struct key {
	const char *name;
	int (*set)(struct job *job, char *value);
	const char *want;
} keys[] = {
	{ "command", set_command, "must not be empty" },
	{ "arg", set_arg, "" },
	{ "cwd", set_cwd, "must be an absolute path" },
	{ "umask", set_umask, "must be octal, 0 to 777" },
	{ "env", set_env, "must be NAME=VALUE" },
	{ "priority", set_priority, "must be a whole number from 0 to 10" },
	{ "max_retries", set_max_retries,
	    "must be a whole number from 0 to 1000000" },
	{ "timeout", set_timeout,
	    "must be whole seconds from 0 (none) to 315360000" },
	{ "run_at", set_run_at, "must be a time like 2026-11-22T02:48:00Z" },
	{ "backoff_base", set_backoff_base,
	    "must be a decimal from 1 to 1000000" },
	{ "max_backoff", set_max_backoff,
	    "must be whole seconds from 0 to 315360000" },
	{ "created_at", set_created_at,
	    "must be a time like 2026-11-22T02:48:00Z" },
};
#define KEYS (sizeof keys / sizeof keys[0])

static const struct key *
find_key(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (strncmp(keys[i].name, name, len) == 0 &&
		    keys[i].name[len] == '\0')
			return &keys[i];
	return NULL;
}

/* True for [a-z][a-z0-9_]* */
static int
key_valid(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (s[i] >= 'a' && s[i] <= 'z')
			continue;
		if (i > 0 && ((s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
			continue;
		return 0;
	}
	return len > 0;
}

static void
job_init(struct job *job)
{
	memset(job, 0, sizeof *job);
	job->umask = -1;
	job->max_retries = -1;
	job->timeout = -1;
	job->run_at = -1;
	job->created_at = -1;
	job->max_backoff = -1;
	job->last = JOB_NO_STATE;
}

int
job_check(const char *key, const char *value, size_t len,
    struct job_error *error)
{
	const struct key *k = find_key(key, strlen(key));
	struct job scratch;
	char *copy;
	int ret;

	if (k == NULL)
		return 0;
	if (memchr(value, '\0', len) != NULL)
		return refuse(error, key, "must not hold a NUL byte");
	copy = malloc(len + 1);
	if (copy == NULL)
		return refuse(error, key, "out of memory");
	memcpy(copy, value, len);
	copy[len] = '\0';
	job_init(&scratch);
	ret = k->set(&scratch, copy);
	job_free(&scratch);
	/* A file cannot say it: the CR would be taken for a DOS line end. */
	if (ret == 0 &&
	    (strstr(copy, "\r\n") != NULL ||
		(len > 0 && copy[len - 1] == '\r')))
		ret = refuse(error, key,
		    "must not hold a carriage return before a line end");
	else if (ret != 0)
		refuse(error, key, ret == -1 ? k->want : "out of memory");
	free(copy);
	return ret == 0 ? 1 : -1;
}

/* ---- State lines ---- */

struct job_event
job_event_make(int state, int64_t time)
{
	struct job_event e = { 0, 0, 0, -1, 0, -1, JOB_NO_REASON, NULL, NULL };

	e.state = state;
	e.time = time;
	return e;
}

/* The state whose name is a key, or JOB_NO_STATE. */
static int
state_of_key(const char *name, size_t len)
{
	int i;

	for (i = 0; i < JOB_STATES; i++)
		if (strlen(state_names[i]) == len &&
		    memcmp(state_names[i], name, len) == 0)
			return i;
	return JOB_NO_STATE;
}

/* Keeps a value in the job's memory, *room being its free part. */
static const char *
keep(char **room, const struct buf *value)
{
	char *at = *room;

	memcpy(at, buf_text(value), value->len + 1);
	*room += value->len + 1;
	return at;
}

static int
event_reason(const char *value, enum job_reason *reason)
{
	int i;

	for (i = 1; i < REASONS; i++) {
		if (strcmp(value, reason_names[i]) == 0) {
			*reason = (enum job_reason)i;
			return 0;
		}
	}
	return -1;
}

/* Reads one field of a state line; unknown ones are ignored. */
static int
event_field(struct job_event *e, const struct text_field *f, char **room)
{
	const char *value = buf_text(&f->value);
	long n = 0;

#define IS(name)                           \
	(f->key_len == sizeof(name) - 1 && \
	    memcmp(f->key, (name), sizeof(name) - 1) == 0)
	if (IS("attempt")) {
		if (text_number(value, 1, JOB_ATTEMPT_MAX, &n) == -1)
			return -1;
		e->attempt = (int)n;
	} else if (IS("exit_code")) {
		if (text_number(value, 0, 255, &n) == -1)
			return -1;
		e->exit_code = (int)n;
	} else if (IS("signal")) {
		if (text_number(value, 1, 255, &n) == -1)
			return -1;
		e->signal = (int)n;
	} else if (IS("retry_at")) {
		return when_parse_time(value, &e->retry_at);
	} else if (IS("reason")) {
		return event_reason(value, &e->reason);
	} else if (IS("worker")) {
		e->worker = keep(room, &f->value);
	} else if (IS("error")) {
		e->error = keep(room, &f->value);
	}
#undef IS
	return 0;
}

/* What the history says after one more event. */
static void
derive(struct job *job, const struct job_event *e)
{
	job->last = e->state;
	if (e->attempt > job->attempts)
		job->attempts = e->attempt;
	if ((e->state == JOB_FAILED || e->state == JOB_DEAD) && e->attempt > 0)
		job->counted++;
	/* One put back to failed/ for want of a free name has two lines. */
	if (e->state == JOB_PENDING && e->reason == JOB_LOST)
		job->interruptions++;
	if (e->state == JOB_PENDING && e->reason == JOB_STOPPED)
		job->stops++;
	else if (e->state != JOB_PROCESSING && e->attempt > 0)
		job->stops = 0;
	if (e->reason == JOB_RETRIED || e->reason == JOB_MOVED)
		job->counted = job->interruptions = job->stops = 0;
}

/*
 * Reads a state line: value..end is what stands behind "state=", room the
 * memory for its strings.  Returns 0, -1 if it is malformed, -2 without
 * memory.
 */
static int
add_event(struct job *job, int state, const char *value, const char *end,
    char *room)
{
	struct text_field f = { NULL, 0, BUF_EMPTY };
	struct job_event e = job_event_make(state, 0);
	struct job_event *events;
	char time[WHEN_SIZE];
	size_t n;
	int more = -1;

	for (n = 0; value + n < end && value[n] != ' ';)
		n++;
	if (n < sizeof time) {
		memcpy(time, value, n);
		time[n] = '\0';
		if (when_parse_time(time, &e.time) == 0)
			more = 1;
	}
	for (value += n; more == 1;) {
		more = text_logfmt_next(&value, end, &f);
		if (more == 1 && event_field(&e, &f, &room) == -1)
			more = -1;
	}
	buf_free(&f.value);
	if (more == -1)
		return -1;
	if ((job->nevents & (job->nevents + 1)) == 0) {
		events = realloc(job->events,
		    (job->nevents + 1) * 2 * sizeof *events);
		if (events == NULL)
			return -2;
		job->events = events;
	}
	job->events[job->nevents++] = e;
	derive(job, &e);
	return 0;
}

/* ---- Reading a file ---- */

/* Where the reader stands. */
struct reader {
	struct job *job;
	struct job_error *error;
	enum job_parsed result;
	size_t line;	 /* number of the line, from 1 */
	size_t state_at; /* offset of the first state line, or the length */
	size_t stamp;	 /* bytes of a created_at line before that */
	const char *text;
	const char *end;
	char *room; /* free part of job->memory */
};

/* Notes what is wrong; the first one counts, the rest is read for history. */
static void
bad(struct reader *r, const char *what, size_t what_len, const char *why)
{
	struct buf shown = BUF_EMPTY;
	size_t at;

	if (r->result != JOB_OK)
		return;
	r->result = JOB_BAD;
	text_show(&shown, what, what_len > 32 ? 32 : what_len);
	r->error->what[0] = '\0';
	if (r->line > 0)
		snprintf(r->error->what, sizeof r->error->what,
		    "line %lu: ", (unsigned long)r->line);
	at = strlen(r->error->what);
	snprintf(r->error->what + at, sizeof r->error->what - at, "%s%s%s",
	    buf_text(&shown), what_len > 0 ? ": " : "", why);
	buf_free(&shown);
}

/*
 * Copies a value with its continuation lines, each without its first space,
 * to the job's memory; returns it and moves *next behind it.
 */
static char *
take_value(struct reader *r, const char *value, const char *eol,
    const char **next)
{
	char *start = r->room;

	for (;;) {
		memcpy(r->room, value, (size_t)(eol - value));
		r->room += eol - value;
		value = eol + 1;
		if (value >= r->end || *value != ' ')
			break;
		*r->room++ = '\n';
		value++;
		eol = memchr(value, '\n', (size_t)(r->end - value));
		r->line++;
	}
	*r->room++ = '\0';
	*next = value;
	return start;
}

/* Reads one key=value with its continuation lines; returns what is next. */
static const char *
read_key(struct reader *r, const char *line, const char *eol)
{
	const char *eq = memchr(line, '=', (size_t)(eol - line));
	const struct key *k;
	const char *next;
	size_t at = r->line, last;
	size_t len;
	char *value;
	int state, ret;

	if (eq == NULL || !key_valid(line, (size_t)(eq - line))) {
		bad(r, line, (size_t)(eol - line), "not a key=value line");
		return eol + 1;
	}
	len = (size_t)(eq - line);
	state = state_of_key(line, len);
	if (state != JOB_NO_STATE) {
		if (r->state_at > (size_t)(line - r->text))
			r->state_at = (size_t)(line - r->text);
		ret = add_event(r->job, state, eq + 1, eol, r->room);
		/* Unquoted text is no longer than the line that holds it. */
		r->room += eol - line + 1;
		if (ret == -1)
			bad(r, line, len, "malformed state line");
		else if (ret == -2)
			r->result = JOB_NO_MEMORY;
		return eol + 1;
	}
	value = take_value(r, eq + 1, eol, &next);
	k = find_key(line, len);
	if (k != NULL && k->set == set_created_at && r->job->nevents == 0)
		r->stamp = (size_t)(next - line);
	ret = k != NULL ? k->set(r->job, value) : 0;
	last = r->line;
	r->line = at; /* the key's line, not its last continuation */
	if (ret == -2)
		r->result = JOB_NO_MEMORY;
	else if (ret == -1)
		bad(r, line, len, k->want);
	r->line = last;
	return next;
}

static void
read_lines(struct reader *r)
{
	const char *line = r->text;
	const char *eol;

	while (line < r->end && r->result != JOB_NO_MEMORY) {
		r->line++;
		eol = memchr(line, '\n', (size_t)(r->end - line));
		if (*line == ' ') {
			bad(r, NULL, 0, "continues nothing");
			line = eol + 1;
		} else if (*line == '#' || line == eol) {
			line = eol + 1;
		} else {
			line = read_key(r, line, eol);
		}
	}
}

/* Where the first byte is that no job file may hold, or NULL. */
static const char *
find_bad_byte(const char *p, const char *end)
{
	const char *nul = memchr(p, '\0', (size_t)(end - p));

	if (nul != NULL)
		return nul;
	while ((p = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		p++;
		if (p < end && *p == '\n')
			return p - 1;
	}
	return NULL;
}

static void
check_bytes(struct reader *r)
{
	const char *found = find_bad_byte(r->text, r->end);
	const char *p;

	if (found == NULL)
		return;
	r->line = 1;
	for (p = r->text; p < found; p++)
		r->line += *p == '\n';
	bad(r, NULL, 0,
	    *found == '\0' ? "holds a NUL byte" :
			     "carriage return before the newline");
	r->line = 0;
}

/* Why a file without history is still being written, or NULL. */
static const char *
why_half(const struct reader *r, size_t len)
{
	const struct job *job = r->job;

	if (job->nevents > 0 || r->state_at < job->whole || len > JOB_FILE_MAX)
		return NULL;
	if (job->whole < len)
		return "half-written: the last line has no newline";
	if (job->command == NULL && job->argv == NULL)
		return "half-written: no command yet";
	return NULL;
}

/* What is left to say once all lines were read. */
static void
check_whole(struct reader *r, size_t len)
{
	const struct job *job = r->job;
	const char *half = why_half(r, len);

	if (r->result == JOB_NO_MEMORY)
		return;
	r->line = 0;
	if (half != NULL) {
		r->result = JOB_HALF;
		snprintf(r->error->what, sizeof r->error->what, "%s", half);
	} else if (r->state_at - r->stamp > JOB_SUBMIT_MAX) {
		bad(r, NULL, 0,
		    "more than 65536 bytes before the first state line");
	} else if (job->command == NULL && job->argv == NULL) {
		bad(r, NULL, 0, "no command");
	} else if (job->command != NULL && job->argv != NULL) {
		bad(r, NULL, 0, "both command and arg");
	} else if (job->argv != NULL && job->argv[0][0] == '\0') {
		bad(r, NULL, 0, "the program's name is empty");
	}
}

enum job_parsed
job_parse(struct job *job, const char *text, size_t len,
    struct job_error *error)
{
	struct reader r;

	job_init(job);
	error->what[0] = '\0';
	/* Each line's string needs at most its length and a NUL. */
	job->memory = malloc(len + 1);
	if (job->memory == NULL)
		return JOB_NO_MEMORY;
	for (job->whole = len; job->whole > 0; job->whole--)
		if (text[job->whole - 1] == '\n')
			break;
	r.job = job;
	r.error = error;
	r.result = JOB_OK;
	r.line = 0;
	r.text = text;
	r.end = text + job->whole;
	r.room = job->memory;
	r.state_at = job->whole;
	r.stamp = 0;
	if (len > JOB_FILE_MAX)
		bad(&r, NULL, 0, "the file is larger than 1048576 bytes");
	check_bytes(&r);
	read_lines(&r);
	check_whole(&r, len);
	return r.result;
}

void
job_free(struct job *job)
{
	free(job->argv);
	free(job->env);
	free(job->events);
	free(job->memory);
	job_init(job);
}

/* ---- What the history says ---- */

const struct job_event *
job_last_event(const struct job *job, int state)
{
	size_t i;

	for (i = job->nevents; i > 0; i--)
		if (state == JOB_NO_STATE || job->events[i - 1].state == state)
			return &job->events[i - 1];
	return NULL;
}

int64_t
job_due(const struct job *job, int state)
{
	const struct job_event *e = job_last_event(job, JOB_NO_STATE);

	/* A retry by command is for now, whatever was planned. */
	if (e != NULL && e->reason == JOB_RETRIED)
		return 0;
	if (state == JOB_FAILED && e != NULL && e->state == JOB_FAILED &&
	    e->retry_at >= 0)
		return e->retry_at;
	return state == JOB_PENDING && job->run_at >= 0 ? job->run_at : 0;
}

/* When it was last put back as stopped; it has been. */
static int64_t
last_stop(const struct job *job)
{
	size_t i = job->nevents;

	while (i > 1 && job->events[i - 1].reason != JOB_STOPPED)
		i--;
	return job->events[i - 1].time;
}

void
job_order(const struct job *job, int64_t changed, int64_t *since, int *priority)
{
	*since = job->created_at >= 0 ? job->created_at : changed;
	*priority = job->priority;
	if (job->stops < JOB_STOPS_BEHIND)
		return;
	*since = last_stop(job);
	*priority = 0;
}

/* ---- Writing ---- */

void
job_put(struct buf *out, const char *key, const char *value)
{
	const char *eol;

	buf_puts(out, key);
	buf_putc(out, '=');
	while ((eol = strchr(value, '\n')) != NULL) {
		buf_add(out, value, (size_t)(eol - value) + 1);
		buf_putc(out, ' ');
		value = eol + 1;
	}
	buf_puts(out, value);
	buf_putc(out, '\n');
}

static void
put_time(struct buf *out, int64_t us)
{
	char time[WHEN_SIZE];

	when_format(time, us);
	buf_puts(out, time);
}

void
job_put_event(struct buf *out, const struct job_event *e)
{
	size_t len;

	buf_printf(out, "%s=", job_state_name(e->state));
	put_time(out, e->time);
	if (e->attempt > 0)
		buf_printf(out, " attempt=%d", e->attempt);
	if (e->exit_code >= 0)
		buf_printf(out, " exit_code=%d", e->exit_code);
	if (e->signal > 0)
		buf_printf(out, " signal=%d", e->signal);
	if (e->retry_at >= 0) {
		buf_puts(out, " retry_at=");
		put_time(out, e->retry_at);
	}
	if (e->reason != JOB_NO_REASON)
		buf_printf(out, " reason=%s", reason_names[e->reason]);
	if (e->worker != NULL) {
		buf_puts(out, " worker=");
		text_logfmt(out, e->worker, strlen(e->worker));
	}
	if (e->error != NULL) {
		len = strlen(e->error);
		buf_puts(out, " error=");
		text_logfmt(out, e->error,
		    len < JOB_ERROR_MAX ? len : JOB_ERROR_MAX - 1);
	}
	buf_putc(out, '\n');
}

/* Appends one argument as a shell would need it; the first is no A=1. */
static void
put_quoted(struct buf *out, const char *arg, int first)
{
	if (arg[0] != '\0' && (!first || strchr(arg, '=') == NULL) &&
	    strspn(arg,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789@%+=:,./_-") == strlen(arg)) {
		buf_puts(out, arg);
		return;
	}
	buf_putc(out, '\'');
	for (; *arg != '\0'; arg++) {
		if (*arg == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *arg);
	}
	buf_putc(out, '\'');
}

void
job_command_text(const struct job *job, struct buf *out)
{
	size_t i;

	if (job->command != NULL)
		buf_puts(out, job->command);
	for (i = 0; i < job->argc; i++) {
		if (i > 0)
			buf_putc(out, ' ');
		put_quoted(out, job->argv[i], i == 0);
	}
}
