/*
 * queuectl - a job queue in a directory.
 *
 * The command line: the options of all commands, and the table of commands.
 */
#include <signal.h>
#include <stdio.h>

#include "cmd.h"
#include "fs.h"
#include "msg.h"
#include "opt.h"

static const struct opt options[] = {
	{ "spool", 's', "DIR", "the spool; else $QUEUECTL_SPOOL or a default" },
	{ "help", 'h', NULL, "tell what can be given, and do nothing" },
	{ "version", 'V', NULL, "tell which version this is" },
	{ NULL, 0, NULL, NULL }
};

/* In the order of the help.  Each is a cmd_*.c's. */
static const struct cmd *const commands[] = { &cmd_enqueue, &cmd_list,
	&cmd_status, &cmd_show, &cmd_output, &cmd_wait, &cmd_retry, &cmd_cancel,
	&cmd_purge, &cmd_pause, &cmd_resume, &cmd_worker_start,
	&cmd_worker_stop, &cmd_worker_status, &cmd_dlq_list, &cmd_dlq_show,
	&cmd_dlq_retry, &cmd_dlq_purge, &cmd_config_list, &cmd_config_get,
	&cmd_config_set, &cmd_config_unset, &cmd_init, &cmd_doctor,
	&cmd_metrics, &cmd_dashboard, &cmd_completion, &cmd_version, &cmd_help,
	NULL };

/* What other queues call it, and what people try. */
static const struct opt_synonym synonyms[] = { { "stop", "worker stop" },
	{ "start", "worker start" }, { "run", "enqueue" },
	{ "submit", "enqueue" }, { "push", "enqueue" }, { "info", "show" },
	{ "inspect", "show" }, { "cat", "output" }, { "tail", "output -f" },
	{ "log", "output" }, { "follow", "output -f" }, { "jobs", "list" },
	{ "queue", "list" }, { "ls", "list" }, { "ps", "worker status" },
	{ "workers", "worker status" }, { "kill", "cancel" },
	{ "abort", "cancel" }, { "delete", "purge" }, { "remove", "purge" },
	{ "rm", "purge" }, { "clear", "purge" }, { "clean", "purge" },
	{ "restart", "retry" }, { "hold", "pause" }, { "continue", "resume" },
	{ "unpause", "resume" }, { "dlq clear", "dlq purge" },
	{ "dlq delete", "dlq purge" }, { "dlq rm", "dlq purge" },
	{ "dlq requeue", "dlq retry" }, { "dlq get", "dlq show" },
	{ "worker run", "worker start" }, { "worker kill", "worker stop" },
	{ "worker list", "worker status" }, { "config reset", "config unset" },
	{ "config rm", "config unset" }, { NULL, NULL } };

static const struct opt_table table = { "queuectl", commands, options,
	synonyms };

static void
print_help(const struct opt_args *args)
{
	struct buf text = BUF_EMPTY;

	if (args->family != NULL) {
		(void)cmd_help_named(&table, args->family);
		return;
	}
	if (args->cmd != NULL)
		opt_help(&table, args->cmd, &text);
	else
		opt_help_all(&table, &text);
	cmd_print(&text);
	buf_free(&text);
}

static int
run(int argc, char **argv, struct opt_args *args)
{
	char why[OPT_WHY_MAX];

	if (opt_parse(args, &table, argc, argv, why) == -1) {
		msg_warnx("%s", why);
		return MSG_USAGE;
	}
	if (opt_value(args, "help") != NULL) {
		print_help(args);
		return MSG_OK;
	}
	if (opt_value(args, "version") != NULL)
		return cmd_version.run(args);
	if (args->cmd == NULL) {
		fputs("usage: queuectl [-s DIR] COMMAND [OPTION...] [ARG...]\n"
		      "'queuectl help' lists the commands.\n",
		    stderr);
		return MSG_USAGE;
	}
	if (opt_check(args, why) == -1) {
		msg_warnx("%s", why);
		return MSG_USAGE;
	}
	return args->cmd->run(args);
}

int
main(int argc, char **argv)
{
	struct opt_args args;
	int status;

	if (fs_std_fds() == -1) {
		msg_warn("/dev/null");
		return MSG_REFUSED;
	}
	fs_clear_umask();
	(void)signal(SIGXFSZ, SIG_IGN); /* ulimit -f: EFBIG will do */
	status = run(argc, argv, &args);
	opt_free(&args);
	/* What could not be printed was not done. */
	if (fflush(stdout) == EOF || ferror(stdout)) {
		msg_warn("standard output");
		if (status == MSG_OK)
			status = MSG_REFUSED;
	}
	return status;
}
