/*
 * history [-o] SPOOL
 *
 * Judges what `cat` shows of every job in the five directories of a spool:
 * that the state lines are well-formed and in an order that spool.md allows,
 * attempts count 1, 2, ..., times do not decrease, retries and losses are
 * counted, the last line names the directory, and an older record has the
 * time of its last line in its name.  With -o each completed job must have
 * printed the last argument of its command.  It knows nothing of src/.
 *
 * Faults go to standard error, as DIR/NAME: what.  To standard output, for
 * each run that a history tells of: TOKEN ATTEMPT HOW CODE, where TOKEN is
 * the last argument, HOW is `ended`, `cancelled` or why it was put back, and
 * CODE the exit status (128 + n: signal n) or -.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX   1048576
#define TEXT_MAX   512
#define TIME_LEN   27 /* 2026-11-22T02:48:00.130112Z */
#define SAME_MS	   50 /* an end takes the next millisecond that is free */
#define LOSSES_MAX 3  /* max_interruptions */

enum state {
	NONE,
	PENDING,
	PROCESSING,
	COMPLETED,
	FAILED,
	DEAD,
	STATES
};
static const char *const states[STATES] = { "none", "pending", "processing",
	"completed", "failed", "dead" };

struct record {
	const char *dir, *name;
	char token[TEXT_MAX]; /* the last arg= */
	long max_retries;     /* -1: not said */
	enum state last;
	char reason[TEXT_MAX]; /* of the last line */
	char time[TIME_LEN + 1];
	long attempt; /* the last one */
	long counted, lost;
};

static int faults;
static const char *spool;

static void
fault(const struct record *r, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s/%s: ", r->dir, r->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	putc('\n', stderr);
	faults++;
}

/* ---- Fields of a line: key=value or key="va\"lue" ---- */

/* Copies the value of a key, quotes and all undone; true if it is there. */
static int
get(const char *line, const char *key, char out[TEXT_MAX])
{
	size_t len = strlen(key), n;
	int mine, quoted;

	while (*line != '\0') {
		mine = strncmp(line, key, len) == 0 && line[len] == '=';
		while (*line != '\0' && *line != '=' && *line != ' ')
			line++;
		if (*line == '=')
			line++;
		quoted = *line == '"';
		line += quoted;
		for (n = 0; *line != '\0' && *line != (quoted ? '"' : ' ');
		     line++) {
			if (quoted && *line == '\\' && line[1] != '\0')
				line++;
			if (mine && n < TEXT_MAX - 1)
				out[n++] = *line;
		}
		line += quoted && *line == '"';
		line += *line == ' ';
		if (mine) {
			out[n] = '\0';
			return 1;
		}
	}
	return 0;
}

static int
has(const char *line, const char *key)
{
	char value[TEXT_MAX];

	return get(line, key, value);
}

/* A whole number, or -1 if it is not there or none. */
static long
number(const char *line, const char *key)
{
	char value[TEXT_MAX], *end;
	long n;

	if (!get(line, key, value) || !isdigit((unsigned char)value[0]))
		return -1;
	n = strtol(value, &end, 10);
	return *end == '\0' ? n : -1;
}

static int
is_time(const char *text)
{
	const char *shape = "dddd-dd-ddTdd:dd:dd.ddddddZ";

	for (; *shape != '\0'; shape++, text++)
		if (*shape == 'd' ? !isdigit((unsigned char)*text) :
				    *text != *shape)
			return 0;
	return *text == '\0';
}

/* ---- The order of events ---- */

static void
begin_run(struct record *r, const char *line)
{
	if (r->last != NONE && r->last != PENDING && r->last != FAILED)
		fault(r, "runs while it is %s", states[r->last]);
	if (number(line, "attempt") != r->attempt + 1)
		fault(r, "after attempt %ld: %s", r->attempt, line);
	if (!has(line, "worker"))
		fault(r, "who runs it? %s", line);
	r->attempt++;
}

/* Prints how a run ended that the ran file should know of. */
static void
print_run(const struct record *r, const char *how, long code)
{
	if (code >= 0)
		printf("%s %ld %s %ld\n", r->token, r->attempt, how, code);
	else
		printf("%s %ld %s -\n", r->token, r->attempt, how);
}

/* The retry rule: failed while retries are left, then dead. */
static void
count_end(struct record *r, enum state state, const char *error)
{
	r->counted++;
	if (r->max_retries < 0)
		return;
	if (state == FAILED && r->counted > r->max_retries)
		fault(r, "failed for the %ldth time, may retry %ld times",
		    r->counted, r->max_retries);
	if (state == DEAD && r->counted <= r->max_retries &&
	    strcmp(error, "cancelled") != 0)
		fault(r, "dead with retries left");
}

/* A run's end that was recorded by its worker. */
static void
end_run(struct record *r, enum state state, const char *line)
{
	long code = number(line, "exit_code"), sig = number(line, "signal");
	char error[TEXT_MAX] = "";

	if (r->last != PROCESSING)
		fault(r, "ends while it is %s: %s", states[r->last], line);
	if (number(line, "attempt") != r->attempt)
		fault(r, "attempt %ld ends as: %s", r->attempt, line);
	if (state == COMPLETED) {
		if (code != 0 || has(line, "signal") || has(line, "error"))
			fault(r, "not a success: %s", line);
		print_run(r, "ended", code);
		return;
	}
	if (!get(line, "error", error) || error[0] == '\0')
		fault(r, "without error: %s", line);
	if (state == DEAD && strncmp(error, "lost ", 5) == 0) {
		if (++r->lost != LOSSES_MAX || code != -1 || sig != -1)
			fault(r, "lost %ld times: %s", r->lost, line);
		print_run(r, "lost", -1);
		return;
	}
	if ((code == -1) == (sig == -1))
		fault(r, "neither or both of exit and signal: %s", line);
	count_end(r, state, error);
	if (state == DEAD && strcmp(error, "cancelled") == 0)
		print_run(r, "cancelled", -1);
	else
		print_run(r, "ended", sig > 0 ? 128 + sig : code);
}

static void
check_retry_at(const struct record *r, const char *line)
{
	char at[TEXT_MAX];

	if (!get(line, "retry_at", at) || !is_time(at))
		fault(r, "no retry_at: %s", line);
	else if (strcmp(at, r->time) < 0)
		fault(r, "retry_at in the past: %s", line);
}

static int
is_put_back(const char *reason)
{
	return strcmp(reason, "lost") == 0 || strcmp(reason, "stopped") == 0 ||
	    strcmp(reason, "returned") == 0;
}

static void
end_without_run(struct record *r, enum state state, const char *line)
{
	char reason[TEXT_MAX] = "", error[TEXT_MAX] = "";

	if (state == DEAD) {
		if (!get(line, "error", error))
			fault(r, "without error: %s", line);
		/* Its worker was killed, and it was cancelled before put back. */
		if (r->last == PROCESSING && strcmp(error, "cancelled") == 0)
			print_run(r, "cancelled", -1);
		else if (r->last != NONE && r->last != PENDING &&
		    r->last != FAILED)
			fault(r, "given up while %s", states[r->last]);
		return;
	}
	/* Put back, but a new job of its name waited in pending/. */
	if (state != FAILED || !get(line, "reason", reason) ||
	    !is_put_back(reason) || r->last != PENDING ||
	    strcmp(reason, r->reason) != 0)
		fault(r, "an end of nothing: %s", line);
}

static void
go_back(struct record *r, const char *line)
{
	char reason[TEXT_MAX] = "";
	int fresh;

	(void)get(line, "reason", reason);
	fresh = strcmp(reason, "retried") == 0 || strcmp(reason, "moved") == 0;
	if (!fresh && !is_put_back(reason)) {
		fault(r, "unknown reason: %s", line);
	} else if (fresh) {
		if (r->last == NONE || r->last == PROCESSING ||
		    (r->last == PENDING && strcmp(r->reason, "moved") == 0))
			fault(r, "%s while it is %s", reason, states[r->last]);
		r->counted = r->lost = 0;
	} else {
		if (r->last != PROCESSING)
			fault(r, "%s while it is %s", reason, states[r->last]);
		if (strcmp(reason, "lost") == 0 && ++r->lost >= LOSSES_MAX)
			fault(r, "lost once too often, yet not dead");
		print_run(r, reason, -1);
	}
}

static void
state_line(struct record *r, enum state state, const char *line)
{
	char time[TEXT_MAX] = "";

	(void)get(line, states[state], time);
	if (!is_time(time))
		fault(r, "not a time: %s", line);
	else if (strcmp(time, r->time) < 0)
		fault(r, "earlier than the line above: %s", line);
	snprintf(r->time, sizeof r->time, "%.*s", TIME_LEN, time);
	if (state == PROCESSING)
		begin_run(r, line);
	else if (state == PENDING)
		go_back(r, line);
	else if (has(line, "attempt"))
		end_run(r, state, line);
	else
		end_without_run(r, state, line);
	if (state == FAILED)
		check_retry_at(r, line);
	r->last = state;
	r->reason[0] = '\0';
	(void)get(line, "reason", r->reason);
}

/* ---- A job file ---- */

static void
one_line(struct record *r, const char *line)
{
	size_t len = strcspn(line, "=");
	int i;

	for (i = PENDING; i < STATES; i++) {
		if (strlen(states[i]) == len &&
		    strncmp(line, states[i], len) == 0) {
			state_line(r, (enum state)i, line);
			return;
		}
	}
	if (r->last != NONE)
		fault(r, "among the state lines: %s", line);
	if (strncmp(line, "arg=", 4) == 0)
		snprintf(r->token, sizeof r->token, "%s", line + 4);
	else if (strncmp(line, "max_retries=", 12) == 0)
		r->max_retries = number(line, "max_retries");
}

/* The milliseconds of a day; `format` reads hour, minute, second, ms. */
static long
milliseconds(const char *text, const char *format)
{
	long h = 0, m = 0, s = 0, ms = 0;

	if (sscanf(text, format, &h, &m, &s, &ms) != 4)
		return -1000000;
	return ((h * 60 + m) * 60 + s) * 1000 + ms;
}

/* ID~YYYYMMDDThhmmss.mmm: the time of its last line. */
static void
check_name(const struct record *r)
{
	const char *old = strchr(r->name, '~'), *t = r->time;
	char day[TIME_LEN];
	long late;

	if (old == NULL)
		return;
	old++;
	if (r->last != COMPLETED && r->last != DEAD) {
		fault(r, "archived while %s", states[r->last]);
		return;
	}
	snprintf(day, sizeof day, "%.4s%.2s%.2sT", t, t + 5, t + 8);
	late = milliseconds(old, "%*8dT%2ld%2ld%2ld.%3ld") -
	    milliseconds(t, "%*4d-%*2d-%*2dT%2ld:%2ld:%2ld.%3ld");
	if (strlen(old) != 19 || strncmp(old, day, 9) != 0 || late < 0 ||
	    late > SAME_MS)
		fault(r, "its last line is of %s", t);
}

/* Reads a file whole, NULL if it is not there; a NUL ends it. */
static char *
read_file(const char *path)
{
	static char text[FILE_MAX + 1];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(text, 1, FILE_MAX, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
check_output(const struct record *r)
{
	char path[4096];
	const char *text;
	size_t len = strlen(r->token);

	snprintf(path, sizeof path, "%s/output/%s.%ld.out", spool, r->name,
	    r->attempt);
	text = read_file(path);
	if (text == NULL)
		fault(r, "its output is missing");
	else if (strncmp(text, r->token, len) != 0 ||
	    strcmp(text + len, "\n") != 0)
		fault(r, "wants the output %s, has %s", r->token, text);
}

static void
check_file(const char *dir, const char *name, int outputs)
{
	struct record r;
	char path[4096], *text, *end;

	memset(&r, 0, sizeof r);
	r.dir = dir;
	r.name = name;
	r.max_retries = -1;
	snprintf(path, sizeof path, "%s/%s/%s", spool, dir, name);
	text = read_file(path);
	if (text == NULL) {
		fault(&r, "cannot be read");
		return;
	}
	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		*end = '\0';
		one_line(&r, text);
	}
	if (*text != '\0')
		fault(&r, "a torn line: %s", text);
	if (strcmp(dir, states[r.last]) != 0 &&
	    !(r.last == NONE && strcmp(dir, "pending") == 0))
		fault(&r, "its last line says %s", states[r.last]);
	check_name(&r);
	if (outputs && r.last == COMPLETED)
		check_output(&r);
}

static void
check_dir(const char *dir, int outputs)
{
	char path[4096];
	const struct dirent *entry;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", spool, dir);
	d = opendir(path);
	if (d == NULL) {
		perror(path);
		exit(2);
	}
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.')
			check_file(dir, entry->d_name, outputs);
	closedir(d);
}

int
main(int argc, char **argv)
{
	int i, outputs = argc == 3 && strcmp(argv[1], "-o") == 0;

	if (argc != 2 + outputs) {
		fprintf(stderr, "usage: history [-o] SPOOL\n");
		return 2;
	}
	spool = argv[argc - 1];
	for (i = PENDING; i < STATES; i++)
		check_dir(states[i], outputs);
	return faults > 0 || fflush(stdout) == EOF;
}
