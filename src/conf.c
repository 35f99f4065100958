#include "conf.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fs.h"
#include "spool.h"
#include "text.h"

static const char *const mode_words[] = { "priority", "fifo", NULL };
static const char *const durability_words[] = { "full", "none", NULL };

#define TEN_YEARS 315360000
#define BYTES_MAX (sizeof(long) > 4 ? 1e15 : 2147483647.0)
#define AT(field) offsetof(struct conf, field)

/* clang-format off */
#define NUMBER(name, help, fallback, min, max) \
	{ #name, help, fallback, NULL, min, max, 0, AT(name) }
#define DECIMAL(name, help, fallback, min, max) \
	{ #name, help, fallback, NULL, min, max, 1, AT(name) }
#define WORD(name, help, fallback, words) \
	{ #name, help, fallback, words, 0, 0, 0, AT(name) }
/* clang-format on */

const struct conf_key conf_keys[] = {
	NUMBER(max_retries, "runs of a job after its first", "3", 0, 1000000),
	DECIMAL(backoff_base, "retry n waits this to the power of n seconds",
	    "2", 1, 1000000),
	NUMBER(max_backoff_seconds, "longest wait before a retry", "300", 0,
	    TEN_YEARS),
	NUMBER(backoff_jitter, "percent that a wait varies by", "0", 0, 100),
	NUMBER(job_timeout_seconds, "a run is ended after this (0: never)",
	    "3600", 0, TEN_YEARS),
	NUMBER(kill_grace_seconds, "between SIGTERM and SIGKILL", "5", 0,
	    86400),
	WORD(scheduling_mode, "what runs first", "priority", mode_words),
	NUMBER(lock_lease_seconds, "how long another host's job is left alone",
	    "300", 1, TEN_YEARS),
	NUMBER(poll_interval_ms, "between two looks, without inotify", "1000",
	    10, 3600000),
	NUMBER(max_interruptions, "lost runs after which a job is dead", "3", 1,
	    1000000),
	NUMBER(max_stops, "stops in a row after which a job is dead", "20", 1,
	    1000000),
	NUMBER(stop_grace_seconds,
	    "runs may take so long after a stop (0: any)", "0", 0, TEN_YEARS),
	NUMBER(max_output_bytes,
	    "of standard output or error of a run (0: any)", "0", 0, BYTES_MAX),
	NUMBER(min_free_bytes, "free space below which nothing starts",
	    "1048576", 0, BYTES_MAX),
	NUMBER(retain_completed_seconds, "completed jobs are kept (0: ever)",
	    "0", 0, TEN_YEARS),
	NUMBER(retain_dead_seconds, "dead jobs are kept (0: ever)", "0", 0,
	    TEN_YEARS),
	WORD(durability, "what is synced to disk", "full", durability_words),
	{ NULL, NULL, NULL, NULL, 0, 0, 0, 0 },
};

static int
same_name(const char *a, const char *b)
{
	for (; *a != '\0'; a++, b++)
		if (*a != *b && !(*a == '_' && *b == '-'))
			return 0;
	return *b == '\0';
}

const struct conf_key *
conf_find(const char *name)
{
	const struct conf_key *key;

	for (key = conf_keys; key->name != NULL; key++)
		if (same_name(key->name, name))
			return key;
	return NULL;
}

static long *
long_of(const struct conf *conf, const struct conf_key *key)
{
	return (long *)(void *)((char *)(uintptr_t)conf + key->offset);
}

static double *
double_of(const struct conf *conf, const struct conf_key *key)
{
	return (double *)(void *)((char *)(uintptr_t)conf + key->offset);
}

/* Sets a key from text; 0, or -1 and says in `why` what is allowed. */
static int
set_value(struct conf *conf, const struct conf_key *key, const char *value,
    char why[CONF_ERROR_MAX])
{
	struct buf words = BUF_EMPTY;
	int i;

	if (key->words != NULL) {
		for (i = 0; key->words[i] != NULL; i++) {
			if (strcasecmp(key->words[i], value) == 0) {
				*long_of(conf, key) = i;
				return 0;
			}
		}
		for (i = 0; key->words[i] != NULL; i++)
			buf_printf(&words, "%s%s", i > 0 ? " or " : "",
			    key->words[i]);
		snprintf(why, CONF_ERROR_MAX, "%s: must be %s", key->name,
		    buf_text(&words));
		buf_free(&words);
		return -1;
	}
	if (key->decimal ? text_decimal(value, key->min, key->max,
			       double_of(conf, key)) == 0 :
			   text_number(value, (long)key->min, (long)key->max,
			       long_of(conf, key)) == 0)
		return 0;
	snprintf(why, CONF_ERROR_MAX, "%s: must be a %s from %.0f to %.0f",
	    key->name, key->decimal ? "decimal" : "whole number", key->min,
	    key->max);
	return -1;
}

void
conf_defaults(struct conf *conf)
{
	const struct conf_key *key;
	char why[CONF_ERROR_MAX];

	memset(conf, 0, sizeof *conf);
	for (key = conf_keys; key->name != NULL; key++)
		(void)set_value(conf, key, key->fallback, why);
}

void
conf_text(const struct conf *conf, const struct conf_key *key, struct buf *out)
{
	if (key->words != NULL)
		buf_puts(out, key->words[*long_of(conf, key)]);
	else if (key->decimal)
		buf_printf(out, "%.10g", *double_of(conf, key));
	else
		buf_printf(out, "%ld", *long_of(conf, key));
}

int
conf_is_set(const struct conf *conf, const struct conf_key *key)
{
	return (conf->set >> (key - conf_keys) & 1) != 0;
}

/* The line that `line` is, without its newline, and the next one. */
static const char *
next_line(const char *line, char *copy, size_t size)
{
	size_t len = strcspn(line, "\n");

	snprintf(copy, size, "%.*s", (int)(len < size ? len : size - 1), line);
	return line + len + (line[len] == '\n');
}

/*
 * The key that a line sets, and its value in *value, a part of `line`.
 * Returns NULL for a comment or an empty line, and for an unknown key, which
 * *unknown then names.
 */
static const struct conf_key *
key_of_line(char *line, char **value, const char **unknown)
{
	char *eq = strchr(line, '=');

	*unknown = NULL;
	if (line[0] == '#' || line[0] == '\0')
		return NULL;
	*unknown = line;
	if (eq == NULL)
		return NULL;
	*eq = '\0';
	*value = eq + 1;
	return conf_find(line);
}

int
conf_parse(const char *text, struct conf *conf, char why[CONF_ERROR_MAX])
{
	struct buf shown = BUF_EMPTY;
	const struct conf_key *key;
	const char *unknown;
	char line[CONF_ERROR_MAX];
	char *value = NULL;
	char tail[CONF_ERROR_MAX];
	int number;

	conf_defaults(conf);
	for (number = 1; *text != '\0'; number++) {
		if (strcspn(text, "\n") >= sizeof line && *text != '#') {
			snprintf(why, CONF_ERROR_MAX,
			    "config line %d: longer than %d bytes", number,
			    CONF_ERROR_MAX - 1);
			return -1;
		}
		text = next_line(text, line, sizeof line);
		key = key_of_line(line, &value, &unknown);
		if (key == NULL && unknown != NULL) {
			text_show_some(&shown, unknown, strlen(unknown), 100);
			snprintf(why, CONF_ERROR_MAX,
			    "config line %d: unknown key %s", number,
			    buf_text(&shown));
			buf_free(&shown);
			return -1;
		}
		if (key == NULL)
			continue;
		if (set_value(conf, key, value, tail) == -1) {
			snprintf(why, CONF_ERROR_MAX, "config line %d: %.200s",
			    number, tail);
			return -1;
		}
		conf->set |= 1UL << (key - conf_keys);
	}
	return 0;
}

/* 0, or -1 and `why`: the open file is not of somebody who may say it. */
static int
check_owner(int spool, int fd, char why[CONF_ERROR_MAX])
{
	struct stat st, top;
	char whose[SPOOL_WHOSE_MAX];

	if (fstat(spool, &top) == -1 || fstat(fd, &st) == -1) {
		snprintf(why, CONF_ERROR_MAX, "config: %s", strerror(errno));
		return -1;
	}
	if (spool_trusts(top.st_uid, &st))
		return 0;
	spool_whose(top.st_uid, &st, whose);
	snprintf(why, CONF_ERROR_MAX,
	    "config: %s: put a copy of it in its place", whose);
	return -1;
}

/* Reads the file; a missing one is empty. */
static int
read_text(int spool, struct buf *text, char why[CONF_ERROR_MAX])
{
	/* NONBLOCK: a FIFO must not hang the reader. */
	int fd = fs_open(spool, "config", O_RDONLY | O_NONBLOCK, 0);
	int ret = fd == -1 && errno == ENOENT ? 0 : -1;
	int saved;

	if (fd != -1) {
		if (check_owner(spool, fd, why) == -1) {
			(void)fs_close(fd);
			return -1;
		}
		ret = fs_read_all(fd, text, CONF_FILE_MAX);
		saved = errno;
		(void)fs_close(fd);
		errno = saved;
	}
	if (ret == -1) {
		snprintf(why, CONF_ERROR_MAX, "config: %s", strerror(errno));
		return -1;
	}
	if (text->len > CONF_FILE_MAX || strlen(buf_text(text)) != text->len) {
		snprintf(why, CONF_ERROR_MAX,
		    "config: larger than %d bytes, or holds a NUL byte",
		    CONF_FILE_MAX);
		return -1;
	}
	return 0;
}

int
conf_load(int spool, struct conf *conf, char why[CONF_ERROR_MAX])
{
	struct buf text = BUF_EMPTY;
	int ret = 0;

	conf_defaults(conf);
	if (spool != -1) {
		ret = read_text(spool, &text, why);
		if (ret == 0)
			ret = conf_parse(buf_text(&text), conf, why);
	}
	buf_free(&text);
	return ret;
}

/* The file's text with the key set to value, or without it. */
static void
edit(const char *text, const struct conf_key *key, const char *value,
    struct buf *out)
{
	const char *next, *unknown;
	char line[CONF_ERROR_MAX];
	char *old;
	int done = value == NULL;

	for (; *text != '\0'; text = next) {
		next = next_line(text, line, sizeof line);
		if (key_of_line(line, &old, &unknown) != key) {
			buf_add(out, text, (size_t)(next - text));
			if (next[-1] != '\n')
				buf_putc(out, '\n');
		} else if (!done) {
			buf_printf(out, "%s=%s\n", key->name, value);
			done = 1;
		}
	}
	if (!done)
		buf_printf(out, "%s=%s\n", key->name, value);
}

/* Replaces the file by way of tmp/; the lock is held. */
static int
replace(int spool, const struct buf *text)
{
	char tmp[64];
	int fd, ret, saved;

	snprintf(tmp, sizeof tmp, "tmp/config.%ld", (long)getpid());
	(void)unlinkat(spool, tmp, 0);
	fd = fs_create(spool, tmp, buf_text(text), text->len, FS_SYNC);
	if (fd == -1)
		return -1;
	ret = fs_close(fd);
	if (ret == 0)
		ret = renameat(spool, tmp, spool, "config");
	saved = errno;
	if (ret == -1)
		(void)unlinkat(spool, tmp, 0);
	errno = saved;
	return ret == 0 ? fs_sync(spool) : -1;
}

static int
set_locked(int spool, const struct conf_key *key, const char *value,
    char why[CONF_ERROR_MAX])
{
	struct buf old = BUF_EMPTY, text = BUF_EMPTY;
	struct conf scratch;
	int ret = -1, saved;

	if (read_text(spool, &old, why) == -1)
		goto out;
	edit(buf_text(&old), key, value, &text);
	if (conf_parse(buf_text(&text), &scratch, why) == -1)
		goto out;
	if (text.failed || replace(spool, &text) == -1) {
		snprintf(why, CONF_ERROR_MAX, "config: %s", strerror(errno));
		goto out;
	}
	ret = 0;
out:
	saved = errno;
	buf_free(&old);
	buf_free(&text);
	errno = saved;
	return ret;
}

int
conf_check(const struct conf_key *key, const char *value,
    char why[CONF_ERROR_MAX])
{
	struct conf scratch;

	return set_value(&scratch, key, value, why);
}

int
conf_set(int spool, const struct conf_key *key, const char *value, int64_t wait,
    char why[CONF_ERROR_MAX])
{
	int fd, ret = -1, saved;

	if (value != NULL && conf_check(key, value, why) == -1)
		return -1;
	fd = fs_lock(spool, "lock", wait);
	if (fd == -1)
		snprintf(why, CONF_ERROR_MAX, "lock: %s", strerror(errno));
	else
		ret = set_locked(spool, key, value, why);
	saved = errno;
	if (fd != -1)
		(void)fs_close(fd);
	errno = saved;
	return ret;
}
