/*
 * cmd_output - output.
 */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs.h"

#define OUTPUT_CHUNK 65536

/*
 * How many of the bytes can be shown without knowing what follows: up to a
 * line end, or at least not into a character.
 */
static size_t
whole_part(const char *text, size_t len, size_t room)
{
	size_t n = len;

	while (n > 0 && text[n - 1] != '\n')
		n--;
	if (n > 0 || len < room)
		return n;
	for (n = len - 1;
	     n > len - 4 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		continue;
	return n;
}

/* Prints an output: its very bytes, or for people; 0 or -1 with errno. */
static int
copy_output(int fd, int raw)
{
	static char text[OUTPUT_CHUNK];
	struct buf out = BUF_EMPTY;
	size_t have = 0, n;
	char last = '\n';
	ssize_t got;

	while ((got = fs_read(fd, text + have, sizeof text - have)) > 0) {
		have += (size_t)got;
		last = text[have - 1];
		n = raw ? have : whole_part(text, have, sizeof text);
		if (raw)
			buf_add(&out, text, n);
		else
			cmd_put_output(&out, text, n);
		cmd_print(&out);
		memmove(text, text + n, have - n);
		have -= n;
	}
	if (!raw) {
		cmd_put_output(&out, text, have);
		if (last != '\n')
			buf_putc(&out, '\n');
		cmd_print(&out);
	}
	buf_free(&out);
	return got == 0 ? 0 : -1;
}

/* Prints one stream of an attempt, nothing if it is not there. */
static int
print_output(const struct spool *s, const struct record *j, const char *stream,
    int raw)
{
	int fd = cmd_open_output(s, j->name, j->job.attempts, stream);
	int ret;

	if (fd == -1 && errno == ENOENT)
		return MSG_OK;
	ret = fd == -1 ? -1 : copy_output(fd, raw);
	if (ret == -1)
		msg_warn("%s: std%s", j->name, stream);
	if (fd != -1)
		(void)fs_close(fd);
	return ret == 0 ? MSG_OK : MSG_REFUSED;
}

/* Prints how the last attempt ended. */
static void
print_end(const struct record *j)
{
	const struct job_event *start = job_last_event(&j->job, JOB_PROCESSING);
	const struct job_event *end;
	struct buf out = BUF_EMPTY;
	char time[WHEN_SIZE];

	if (start == NULL)
		return;
	end = start + 1;
	if (end == j->job.events + j->job.nevents) {
		when_format(time, start->time);
		buf_printf(&out, "started_at: %s\n", time);
		msg_warnx("%s: has not ended yet", j->name);
	} else {
		if (end->exit_code >= 0)
			buf_printf(&out, "exit_code: %d\n", end->exit_code);
		if (end->signal > 0)
			buf_printf(&out, "signal: %d\n", end->signal);
		when_format(time, end->time);
		buf_printf(&out, "finished_at: %s\n", time);
	}
	cmd_print(&out);
	buf_free(&out);
}

static int
print_outputs(const struct opt_args *args, const struct spool *s,
    const struct record *j)
{
	int out = opt_value(args, "stdout") != NULL;
	int err = opt_value(args, "stderr") != NULL;
	int status = MSG_OK, more;

	if (j->job.attempts == 0) {
		msg_warnx("%s: has not run yet: 'queuectl show %s' says more",
		    j->name, j->name);
		return MSG_REFUSED;
	}
	if (out || err) {
		if (out)
			status = print_output(s, j, "out", 1);
		more = err ? print_output(s, j, "err", 1) : MSG_OK;
		return status != MSG_OK ? status : more;
	}
	puts("STDOUT:");
	status = print_output(s, j, "out", 0);
	puts("STDERR:");
	more = print_output(s, j, "err", 0);
	print_end(j);
	return status != MSG_OK ? status : more;
}

static int
run_output(const struct opt_args *args)
{
	struct record j;
	struct spool s;
	int status = cmd_check_begun(args->argv[0]);

	if (status == MSG_OK)
		status = cmd_open_read(args, &s);
	if (status != MSG_OK)
		return status;
	status = cmd_find(&s, args->argv[0], &j);
	if (status == MSG_OK) {
		status = print_outputs(args, &s, &j);
		record_free(&j);
	}
	spool_close(&s);
	return status;
}

static const struct opt output_opts[] = {
	{ "stdout", 0, NULL, "only what it wrote there, byte for byte" },
	{ "stderr", 0, NULL, "only what it wrote there, byte for byte" },
	{ NULL, 0, NULL, NULL }
};

static const char *const output_aliases[] = { "output get", "logs", NULL };

const struct cmd cmd_output = { "output", output_aliases, "JOB",
	"print what the last attempt wrote, and how it ended", output_opts, 1,
	1, run_output };
