#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

/* In the order of a job file; arguments and environment follow command. */
static const char *const draft_keys[DRAFT_KEYS] = { "command", "cwd", "umask",
	"priority", "max_retries", "timeout", "run_at", "backoff_base",
	"max_backoff", "created_at" };

void
draft_init(struct draft *d)
{
	static const struct draft empty;

	*d = empty;
}

void
draft_free(struct draft *d)
{
	int i;

	buf_free(&d->base);
	buf_free(&d->args);
	buf_free(&d->envs);
	for (i = 0; i < DRAFT_KEYS; i++)
		free(d->value[i]);
	draft_init(d);
}

static int
slot_of(const char *key)
{
	int i;

	for (i = 0; i < DRAFT_KEYS; i++)
		if (strcmp(draft_keys[i], key) == 0)
			return i;
	return -1;
}

int
draft_has(const struct draft *d, const char *key)
{
	int i = slot_of(key);

	if (i >= 0)
		return d->value[i] != NULL;
	return strcmp(key, "arg") == 0 ? d->args.len > 0 : d->envs.len > 0;
}

/* Copies a value into the place of its key; 0, or -1 without memory. */
static int
put_value(struct draft *d, int slot, const char *value, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy == NULL)
		return -1;
	memcpy(copy, value, len);
	copy[len] = '\0';
	free(d->value[slot]);
	d->value[slot] = copy;
	return 0;
}

int
draft_set(struct draft *d, const char *key, const char *value, size_t len,
    struct job_error *error)
{
	struct buf *list;
	int i = slot_of(key), ret;

	switch (job_check(key, value, len, error)) {
	case 1:
		break;
	case 0:
		snprintf(error->what, sizeof error->what, "%s: no such key",
		    key);
		return -1;
	default:
		return -1;
	}
	if (i == -1) {
		list = strcmp(key, "arg") == 0 ? &d->args : &d->envs;
		job_put(list, key, value);
		ret = list->failed ? -1 : 0;
	} else {
		ret = put_value(d, i, value, len);
	}
	if (ret == -1)
		snprintf(error->what, sizeof error->what, "out of memory");
	return ret;
}

int
draft_stamp(struct draft *d, const char *key, const char *value)
{
	return put_value(d, slot_of(key), value, strlen(value));
}

void
draft_drop_args(struct draft *d)
{
	const char *p = buf_text(&d->base), *end = p + d->base.len, *eol;
	struct buf kept = BUF_EMPTY;
	int dropped = 0;

	buf_clear(&d->args);
	for (; p < end; p = eol) {
		eol = memchr(p, '\n', (size_t)(end - p));
		eol = eol != NULL ? eol + 1 : end;
		/* What continues a line goes where that went. */
		if (*p != ' ')
			dropped = strncmp(p, "arg=", 4) == 0;
		if (!dropped)
			buf_add(&kept, p, (size_t)(eol - p));
	}
	buf_free(&d->base);
	d->base = kept;
}

int
draft_set_id(struct draft *d, const char *id, struct job_error *error)
{
	if (!job_id_valid(id)) {
		snprintf(error->what, sizeof error->what,
		    "id: must be 1 to %d of A-Z a-z 0-9 . _ -, "
		    "not beginning with . or -",
		    JOB_ID_MAX);
		return -1;
	}
	if (job_name_unfinished(id) != NULL) {
		snprintf(error->what, sizeof error->what,
		    "id: must not end in %s: such a file is no job until it "
		    "is renamed",
		    job_name_unfinished(id));
		return -1;
	}
	snprintf(d->id, sizeof d->id, "%s", id);
	return 0;
}

void
draft_text(const struct draft *d, struct buf *out)
{
	int i;

	buf_add(out, buf_text(&d->base), d->base.len);
	for (i = 0; i < DRAFT_KEYS; i++) {
		if (d->value[i] != NULL)
			job_put(out, draft_keys[i], d->value[i]);
		if (i == 0) {
			buf_add(out, buf_text(&d->args), d->args.len);
			buf_add(out, buf_text(&d->envs), d->envs.len);
		}
	}
}

/* ---- JSON ---- */

/* Reads one member; 0, or -1 with the error's text without the place. */
typedef int member_reader(struct draft *d, const char *key,
    const struct json_value *v, int64_t now, struct job_error *error);

static int
ill_typed(struct job_error *error, const char *want)
{
	snprintf(error->what, sizeof error->what, "must be %s", want);
	return -1;
}

/* Two members may set the same key, like timeout and timeout_seconds. */
static int
set_twice(struct job_error *error)
{
	snprintf(error->what, sizeof error->what, "set by another member");
	return -1;
}

/* Cuts "key: " off: the caller names the member. */
static void
without_key(struct job_error *error)
{
	const char *why = strstr(error->what, ": ");

	if (why != NULL)
		memmove(error->what, why + 2, strlen(why + 2) + 1);
}

/* As draft_set, of what another member may have set. */
static int
set_quietly(struct draft *d, const char *key, const char *value, size_t len,
    struct job_error *error)
{
	if (slot_of(key) != -1 && draft_has(d, key))
		return set_twice(error);
	if (draft_set(d, key, value, len, error) == 0)
		return 0;
	without_key(error);
	return -1;
}

static int
member_number(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	(void)now;
	if (v->type != JSON_NUMBER)
		return ill_typed(error, "a number");
	return set_quietly(d, key, v->text, v->len, error);
}

static int
member_string(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	(void)now;
	if (v->type != JSON_STRING)
		return ill_typed(error, "a string");
	return set_quietly(d, key, v->text, v->len, error);
}

static int
member_argv(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	size_t i;

	(void)now;
	(void)key;
	if (v->type != JSON_ARRAY || v->count == 0)
		return ill_typed(error, "an array of strings, not empty");
	if (draft_has(d, "arg"))
		return set_twice(error);
	for (i = 0; i < v->count; i++) {
		if (v->item[i].type != JSON_STRING)
			return ill_typed(error, "an array of strings");
		if (set_quietly(d, "arg", v->item[i].text, v->item[i].len,
			error) == -1)
			return -1;
	}
	return 0;
}

static int
member_command(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	if (v->type == JSON_ARRAY)
		return member_argv(d, key, v, now, error);
	if (v->type != JSON_STRING)
		return ill_typed(error, "a string or an array of strings");
	return member_string(d, key, v, now, error);
}

static int
member_time(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	char time[WHEN_SIZE];
	int64_t us;

	if (v->type != JSON_STRING)
		return ill_typed(error, "a string");
	if (strlen(v->text) != v->len || when_parse(v->text, now, &us) == -1)
		return ill_typed(error, "a time like 2026-11-22T02:48:00Z");
	when_format(time, us);
	return set_quietly(d, key, time, strlen(time), error);
}

static int
member_env(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	const struct json_value *m;
	struct buf pair = BUF_EMPTY;
	size_t i;
	int ret = 0;

	(void)now;
	if (v->type != JSON_OBJECT)
		return ill_typed(error, "an object of strings");
	for (i = 0; i < v->count && ret == 0; i++) {
		m = &v->item[i];
		if (m->type != JSON_STRING)
			ret = ill_typed(error, "an object of strings");
		else if (m->name_len == 0 ||
		    memchr(m->name, '=', m->name_len) != NULL)
			ret = ill_typed(error, "named without =");
		if (ret == -1)
			break;
		buf_clear(&pair);
		buf_add(&pair, m->name, m->name_len);
		buf_putc(&pair, '=');
		buf_add(&pair, m->text, m->len);
		ret = set_quietly(d, key, buf_text(&pair), pair.len, error);
	}
	buf_free(&pair);
	return ret;
}

static int
member_id(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	char id[JOB_NAME_MAX + 1];
	size_t len = JOB_NAME_MAX;

	(void)key;
	(void)now;
	if (v->type != JSON_STRING)
		return ill_typed(error, "a string");
	/* That it is an older record is of its past. */
	if (job_name_old(v->text))
		len = strcspn(v->text, "~");
	snprintf(id, sizeof id, "%.*s", (int)len, v->text);
	if (strlen(v->text) != v->len)
		id[0] = '\0'; /* it holds a NUL */
	if (draft_set_id(d, id, error) == 0)
		return 0;
	without_key(error);
	return -1;
}

static member_reader member_not_utf8;

/* The members, and the key of the job file that each sets. */
static const struct member {
	const char *name;
	const char *key;
	member_reader *read; /* NULL: tells of a job's past, ignored */
} members[] = {
	{ "id", "", member_id },
	{ "command", "command", member_command },
	{ "argv", "arg", member_argv },
	{ "priority", "priority", member_number },
	{ "max_retries", "max_retries", member_number },
	{ "timeout", "timeout", member_number },
	{ "timeout_seconds", "timeout", member_number },
	{ "run_at", "run_at", member_time },
	{ "cwd", "cwd", member_string },
	{ "env", "env", member_env },
	{ "backoff_base", "backoff_base", member_number },
	{ "max_backoff", "max_backoff", member_number },
	{ "umask", "umask", member_string },
	{ "not_utf8", "", member_not_utf8 },
	{ "state", NULL, NULL },
	{ "attempts", NULL, NULL },
	{ "created_at", NULL, NULL },
	{ "updated_at", NULL, NULL },
	{ "retry_at", NULL, NULL },
	{ "started_at", NULL, NULL },
	{ "finished_at", NULL, NULL },
	{ "exit_code", NULL, NULL },
	{ "signal", NULL, NULL },
	{ "error", NULL, NULL },
	{ "worker", NULL, NULL },
	{ "runs", NULL, NULL },
	{ "notes", NULL, NULL },
};
#define MEMBERS	    (sizeof members / sizeof members[0])
#define JSON_LEVELS 4 /* runs is an array of objects with scalars */

/* The member of that name, or NULL. */
static const struct member *
find_member(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		if (strlen(members[i].name) == len &&
		    memcmp(members[i].name, name, len) == 0)
			return &members[i];
	return NULL;
}

/* What JSON could not say of the job itself cannot be had back from it. */
static int
member_not_utf8(struct draft *d, const char *key, const struct json_value *v,
    int64_t now, struct job_error *error)
{
	const struct json_value *name;
	const struct member *m;
	size_t i;

	(void)d;
	(void)key;
	(void)now;
	if (v->type != JSON_ARRAY)
		return ill_typed(error, "an array of strings");
	for (i = 0; i < v->count; i++) {
		name = &v->item[i];
		if (name->type != JSON_STRING)
			return ill_typed(error, "an array of strings");
		m = find_member(name->text, name->len);
		if (m != NULL && m->read == NULL)
			continue;
		snprintf(error->what, sizeof error->what,
		    "'%s' is not what the job has, which is not UTF-8: give "
		    "the job file with --file",
		    m != NULL ? m->name : "a member");
		return -1;
	}
	return 0;
}

static int
set_member(struct draft *d, const struct json_value *v, int64_t now,
    struct job_error *error)
{
	const struct member *m = find_member(v->name, v->name_len);
	struct job_error why = { "unknown member" };
	struct buf name = BUF_EMPTY;

	if (m != NULL &&
	    (m->read == NULL || m->read(d, m->key, v, now, &why) == 0))
		return 0;
	text_show_some(&name, v->name, v->name_len, 80);
	snprintf(error->what, sizeof error->what,
	    "JSON member \"%s\" at byte %lu: %.120s", buf_text(&name),
	    (unsigned long)(m != NULL ? v->at : v->name_at), why.what);
	buf_free(&name);
	return -1;
}

int
draft_set_json(struct draft *d, const char *text, size_t len, int64_t now,
    struct job_error *error)
{
	struct json_value object;
	struct json_error why;
	size_t i;
	int ret = 0;

	if (json_parse(text, len, JSON_LEVELS, &object, &why) == -1) {
		snprintf(error->what, sizeof error->what,
		    "JSON error at byte %lu: %s", (unsigned long)why.at,
		    why.what);
		return -1;
	}
	for (i = 0; i < object.count && ret == 0; i++)
		ret = set_member(d, &object.item[i], now, error);
	json_free(&object);
	return ret;
}
