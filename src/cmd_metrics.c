/*
 * cmd_metrics - metrics.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "metrics.h"

/*
 * Writes the text to a file beside `path`, which then replaces it: whoever
 * reads it never sees half of one.  Everybody may read it, as umask(2) allows,
 * for node_exporter is somebody else.  0, or -1 with errno.
 */
static int
write_textfile(const char *path, const struct buf *text)
{
	struct buf beside = BUF_EMPTY;
	int fd = -1, ret = -1, saved;

	/* It does not end as those do that are read. */
	buf_printf(&beside, "%s.%ld.tmp", path, (long)getpid());
	if (beside.failed)
		errno = ENOMEM;
	else
		fd = fs_create(AT_FDCWD, beside.data, buf_text(text), text->len,
		    FS_FLUSH);
	if (fd != -1) {
		if (fchmod(fd, 0644 & ~fs_umask()) == 0)
			ret = rename(beside.data, path);
		saved = errno;
		(void)fs_close(fd);
		if (ret == -1)
			(void)unlink(beside.data);
		errno = saved;
	}
	saved = errno;
	buf_free(&beside);
	errno = saved;
	return ret;
}

static int
run_metrics(const struct opt_args *args)
{
	const char *path = opt_value(args, "textfile");
	char why[SPOOL_WHY_MAX];
	struct buf text = BUF_EMPTY;
	struct conf conf;
	struct spool s;
	int status;

	if (path != NULL && path[0] == '\0') {
		msg_warnx("--textfile: must not be empty");
		return MSG_USAGE;
	}
	status = cmd_open_read(args, &s);
	if (status != MSG_OK)
		return status;
	cmd_config(&s, &conf);
	if (metrics_text(&s, &conf, fs_now(), &text, why) == -1) {
		msg_warnx("%s", why);
		status = MSG_REFUSED;
	} else if (path == NULL) {
		cmd_print(&text);
	} else if (write_textfile(path, &text) == -1) {
		status = cmd_errno_status(errno);
		msg_warn("%s", path);
	}
	buf_free(&text);
	spool_close(&s);
	return status;
}

static const struct opt metrics_opts[] = {
	{ "textfile", 0, "PATH", "into a file, as node_exporter reads them" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_metrics = { "metrics", NULL, "",
	"print what Prometheus wants to know", metrics_opts, 0, 0,
	run_metrics };
