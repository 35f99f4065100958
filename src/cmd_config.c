/*
 * cmd_config - config list, get, set, unset.
 */
#include "cmd.h"

#include <errno.h>

#include <stdio.h>
#include <string.h>

#include "text.h"

/* The key of that name; NULL, having said that there is none. */
static const struct conf_key *
find_key(const char *name)
{
	const char *names[sizeof(long) * 8 + 1]; /* conf.set has a bit each */
	const struct conf_key *key = conf_find(name);
	const char *nearest;
	size_t n = 0;

	if (key != NULL)
		return key;
	for (key = conf_keys; key->name != NULL; key++)
		names[n++] = key->name;
	names[n] = NULL;
	nearest = text_nearest(name, names);
	if (nearest != NULL)
		cmd_warn(name, "no such key: did you mean '%s'?", nearest);
	else
		cmd_warn(name,
		    "no such key: 'queuectl config list' shows "
		    "all there are");
	return NULL;
}

/* ---- list, get ---- */

static void
print_keys(const struct conf *conf)
{
	const struct conf_key *key;
	struct buf line = BUF_EMPTY;
	size_t start;

	for (key = conf_keys; key->name != NULL; key++) {
		buf_puts(&line, key->name);
		cmd_pad(&line, 0, 24);
		start = line.len;
		conf_text(conf, key, &line);
		cmd_pad(&line, start, 10);
		buf_puts(&line, conf_is_set(conf, key) ? "set" : "default");
		cmd_print_row(&line);
	}
	buf_free(&line);
}

static int
run_list(const struct opt_args *args)
{
	struct conf conf;
	struct spool s;
	int status = cmd_open_read(args, &s);

	if (status != MSG_OK)
		return status;
	cmd_config(&s, &conf);
	print_keys(&conf);
	spool_close(&s);
	return MSG_OK;
}

static const char *const list_aliases[] = { "config show", "config", NULL };

const struct cmd cmd_config_list = { "config list", list_aliases, "",
	"list all keys: value, and if it is set or a default", NULL, 0, 0,
	run_list };

static int
run_get(const struct opt_args *args)
{
	const struct conf_key *key;
	struct buf value = BUF_EMPTY;
	struct conf conf;
	struct spool s;
	int status;

	if (args->argc == 0)
		return run_list(args);
	key = find_key(args->argv[0]);
	if (key == NULL)
		return MSG_USAGE;
	status = cmd_open_read(args, &s);
	if (status != MSG_OK)
		return status;
	cmd_config(&s, &conf);
	conf_text(&conf, key, &value);
	buf_putc(&value, '\n');
	cmd_print(&value);
	buf_free(&value);
	spool_close(&s);
	return MSG_OK;
}

const struct cmd cmd_config_get = { "config get", NULL, "[KEY]",
	"print the value of a key", NULL, 0, 1, run_get };

/* ---- set, unset ---- */

/* Opens the spool without its config, which may be what is to be mended. */
static int
change(const struct opt_args *args, const struct conf_key *key,
    const char *value)
{
	char why[CONF_ERROR_MAX];
	struct spool s;
	int status = cmd_open_make(args, &s);

	if (status != MSG_OK)
		return status;
	errno = 0;
	if (conf_set(s.fd, key, value, s.lock_wait, why) == -1) {
		status = cmd_errno_status(errno);
		if (errno == EWOULDBLOCK)
			status =
			    cmd_undone(&s, key->name, "not changed", errno);
		else
			msg_warnx("%s/%s", s.path, why);
	}
	spool_close(&s);
	return status;
}

static int
run_set(const struct opt_args *args)
{
	const struct conf_key *key = find_key(args->argv[0]);
	char why[CONF_ERROR_MAX] = "";

	if (key == NULL)
		return MSG_USAGE;
	if (conf_check(key, args->argv[1], why) == -1) {
		msg_warnx("%s", why);
		return MSG_USAGE;
	}
	return change(args, key, args->argv[1]);
}

const struct cmd cmd_config_set = { "config set", NULL, "KEY VALUE",
	"set a key; supervisors follow within a second", NULL, 2, 2, run_set };

static int
run_unset(const struct opt_args *args)
{
	const struct conf_key *key = find_key(args->argv[0]);

	return key != NULL ? change(args, key, NULL) : MSG_USAGE;
}

const struct cmd cmd_config_unset = { "config unset", NULL, "KEY",
	"back to the default", NULL, 1, 1, run_unset };
