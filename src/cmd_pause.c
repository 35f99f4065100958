/*
 * cmd_pause - pause, resume.
 */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>

#include "fs.h"
#include "why.h"

static int
run_pause(const struct opt_args *args)
{
	struct buf text = BUF_EMPTY, reason = BUF_EMPTY;
	struct spool s;
	int i, status = cmd_open_make(args, &s);

	if (status != MSG_OK)
		return status;
	for (i = 0; i < args->argc; i++) {
		buf_puts(&reason, i == 0 ? "" : " ");
		buf_puts(&reason, args->argv[i]);
	}
	why_pausing(fs_now(), args->argc > 0 ? buf_text(&reason) : NULL, &text);
	if (spool_pause(&s, &text) == -1) {
		status = cmd_errno_status(errno);
		msg_warn("%s/paused", s.path);
	}
	buf_free(&text);
	buf_free(&reason);
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
