/*
 * cmd_pause - pause, resume.
 */
#include "cmd.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

/* Appends who calls us: the name of the user, or the number. */
static void
put_user(struct buf *out)
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw != NULL)
		buf_puts(out, pw->pw_name);
	else
		buf_printf(out, "user %ld", (long)getuid());
}

static int
run_pause(const struct opt_args *args)
{
	struct buf text = BUF_EMPTY;
	char time[WHEN_SIZE];
	struct spool s;
	int i, status = cmd_open_make(args, &s);

	if (status != MSG_OK)
		return status;
	when_format_s(time, fs_now());
	put_user(&text);
	buf_printf(&text, " since %s", time);
	for (i = 0; i < args->argc; i++) {
		buf_puts(&text, i == 0 ? ": " : " ");
		buf_puts(&text, args->argv[i]);
	}
	buf_putc(&text, '\n');
	if (spool_pause(&s, &text) == -1) {
		status = cmd_errno_status(errno);
		msg_warn("%s/paused", s.path);
	}
	buf_free(&text);
	spool_close(&s);
	return status;
}

const struct cmd cmd_pause = { "pause", NULL, "[REASON...]",
	"start nothing new; what runs goes on", NULL, 0, -1, run_pause };

static int
run_resume(const struct opt_args *args)
{
	struct spool s;
	int status = cmd_open_read(args, &s);

	if (status != MSG_OK)
		return status;
	if (spool_resume(&s) == -1) {
		if (errno == ENOENT) {
			msg_warnx("the queue was not paused");
		} else {
			status = cmd_errno_status(errno);
			msg_warn("%s/paused", s.path);
		}
	}
	spool_close(&s);
	return status;
}

const struct cmd cmd_resume = { "resume", NULL, "",
	"start jobs again after a pause", NULL, 0, 0, run_resume };
