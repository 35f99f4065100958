/*
 * cmd_misc - init, version, help.
 */
#include "cmd.h"

#include <stdio.h>

static int
run_init(const struct opt_args *args)
{
	struct conf conf;
	struct spool s;
	int status = cmd_open_write(args, &s, &conf);

	if (status != MSG_OK)
		return status;
	cmd_note_mount(&s);
	spool_close(&s);
	return MSG_OK;
}

static const char *const init_aliases[] = { "initdb", "init-db", NULL };

const struct cmd cmd_init = { "init", init_aliases, "",
	"make the spool now; harmless when it is there", NULL, 0, 0, run_init };

static int
run_version(const struct opt_args *args)
{
	(void)args;
	puts("queuectl " QUEUECTL_VERSION);
	return MSG_OK;
}

const struct cmd cmd_version = { "version", NULL, "",
	"tell which version this is", NULL, 0, 0, run_version };

int
cmd_help_named(const struct opt_table *table, const char *name)
{
	const struct cmd *const *cmd;
	const char *nearest;
	struct buf text = BUF_EMPTY;

	for (cmd = table->cmds; *cmd != NULL; cmd++) {
		if (!opt_is_named(*cmd, name))
			continue;
		if (text.len > 0)
			buf_putc(&text, '\n');
		opt_help(table, *cmd, &text);
	}
	if (text.len > 0) {
		cmd_print(&text);
		buf_free(&text);
		return MSG_OK;
	}
	nearest = opt_nearest(table, name);
	if (nearest != NULL)
		cmd_warn(name, "no such command: did you mean '%s'?", nearest);
	else
		cmd_warn(name,
		    "no such command: 'queuectl help' lists what there is");
	return MSG_USAGE;
}

static int
run_help(const struct opt_args *args)
{
	struct buf text = BUF_EMPTY;
	int status = MSG_OK;

	if (args->argc == 0) {
		opt_help_all(args->table, &text);
		cmd_print(&text);
	} else if (args->argc == 1) {
		status = cmd_help_named(args->table, args->argv[0]);
	} else {
		buf_printf(&text, "%s %s", args->argv[0], args->argv[1]);
		status = cmd_help_named(args->table, buf_text(&text));
	}
	buf_free(&text);
	return status;
}

const struct cmd cmd_help = { "help", NULL, "[COMMAND]",
	"tell more about a command", NULL, 0, 2, run_help };
