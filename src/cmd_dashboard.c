/*
 * cmd_dashboard - dashboard.
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"
#include "serve.h"
#include "web.h"

#define DASHBOARD_PORT	8080
#define DASHBOARD_TOKEN 33 /* bytes, with the NUL */

static int stop_pipe[2];

static void
note_stop(int sig)
{
	int saved = errno;

	(void)!write(stop_pipe[1], &sig, 1); /* full: one is enough */
	errno = saved;
}

/*
 * INT, TERM and HUP end it where it waits: they make stop_pipe readable.  An
 * ignored HUP (nohup) or INT (background of a script) stays ignored.
 */
static int
set_signals(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction sa, was;
	sigset_t none;
	size_t i;

	if (pipe(stop_pipe) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		(void)fcntl(stop_pipe[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK);
	}
	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return -1;
	sa.sa_handler = note_stop;
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (sigaction(ends[i], NULL, &was) == -1 ||
		    ((ends[i] == SIGTERM || was.sa_handler != SIG_IGN) &&
			sigaction(ends[i], &sa, NULL) == -1))
			return -1;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Makes what lets somebody act: 128 random bits in hexadecimal.  A weak one is
 * none: -1 where the system gives no random bytes that are fit for secrets.
 */
static int
make_token(char token[DASHBOARD_TOKEN])
{
	unsigned char bytes[(DASHBOARD_TOKEN - 1) / 2];
	size_t i;
	int fd = -1;

	if (os_random(bytes, sizeof bytes) == -1) {
		fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
		if (fd == -1 ||
		    fs_read(fd, bytes, sizeof bytes) != sizeof bytes) {
			msg_warn("--allow-actions: no token can be made: "
				 "/dev/urandom");
			if (fd != -1)
				(void)fs_close(fd);
			return -1;
		}
		(void)fs_close(fd);
	}
	for (i = 0; i < sizeof bytes; i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* Removes the socket, unless another one is in its place by now. */
static void
remove_socket(const char *url, const struct stat *made)
{
	struct stat st;

	if (strncmp(url, "unix:", 5) == 0 && lstat(url + 5, &st) == 0 &&
	    st.st_dev == made->st_dev && st.st_ino == made->st_ino)
		(void)unlink(url + 5);
}

/* Serves, and closes the spool; the exit status. */
static int
serve(struct spool *s, int listener, const char *url, const char *token)
{
	struct buf line = BUF_EMPTY;
	struct web web;
	struct stat made;
	int ret;

	memset(&made, 0, sizeof made);
	if (strncmp(url, "unix:", 5) == 0)
		(void)lstat(url + 5, &made);
	web_open(&web, s, url, token);
	cmd_put(&line, url); /* it may have a path in it */
	if (token != NULL)
		buf_printf(&line, "#token=%s", token);
	buf_putc(&line, '\n');
	cmd_print(&line);
	buf_free(&line);
	(void)fflush(stdout);
	ret = serve_run(listener, stop_pipe[0], web_answer, &web);
	if (ret == -1)
		msg_warn("dashboard");
	remove_socket(url, &made);
	web_close(&web);
	return ret == -1 ? MSG_REFUSED : MSG_OK;
}

/*
 * Appends where it is to listen, as serve_listen takes it; *by: the option that
 * says so.  Returns an exit status.
 */
static int
find_place(const struct opt_args *args, struct buf *where, const char **by)
{
	const char *listen = opt_value(args, "listen");
	const char *host = opt_value(args, "host");
	const char *port = opt_value(args, "port");
	long number = DASHBOARD_PORT;
	int status;

	*by = host != NULL ? "--host" : port != NULL ? "--port" : "--listen";
	if (listen != NULL && (host != NULL || port != NULL)) {
		msg_warnx("%s: not together with --listen, which has an "
			  "address and a port",
		    *by);
		return MSG_USAGE;
	}
	status = cmd_number(args, "port", 0, 65535, &number);
	if (status != MSG_OK)
		return status;
	if (listen != NULL)
		buf_puts(where, listen);
	else if (host != NULL && host[0] != '[' && strchr(host, ':') != NULL)
		buf_printf(where, "[%s]:%ld", host, number);
	else
		buf_printf(where, "%s:%ld", host != NULL ? host : "", number);
	return MSG_OK;
}

/* Listens; a socket, or -1 with what was told of it: *status, a message. */
static int
start_listening(const struct opt_args *args, char **url, int *status)
{
	char why[SERVE_WHY_MAX];
	struct buf where = BUF_EMPTY;
	const char *by;
	int listener = -1;

	*status = find_place(args, &where, &by);
	if (*status == MSG_OK) {
		listener = serve_listen(buf_text(&where),
		    opt_value(args, "listen-anywhere") != NULL, url, why);
		if (listener < 0) {
			msg_warnx("%s: %s", by, why);
			*status = listener == -2 ? MSG_USAGE : MSG_REFUSED;
		}
	}
	buf_free(&where);
	return listener;
}

static int
run_dashboard(const struct opt_args *args)
{
	int actions = opt_value(args, "allow-actions") != NULL;
	char token[DASHBOARD_TOKEN], *url = NULL;
	struct spool s;
	int listener, status;

	/* What may fail comes before the socket, which would be left. */
	if (set_signals() == -1) {
		msg_warn("dashboard");
		return MSG_REFUSED;
	}
	if (actions && make_token(token) == -1)
		return MSG_REFUSED;
	status = cmd_open_read(args, &s);
	if (status != MSG_OK)
		return status;
	listener = start_listening(args, &url, &status);
	if (listener >= 0 && url == NULL) {
		msg_warn("dashboard");
		status = MSG_REFUSED;
	} else if (listener >= 0) {
		status = serve(&s, listener, url, actions ? token : NULL);
		s.path = NULL;
	}
	if (listener >= 0)
		(void)close(listener);
	free(url);
	if (s.path != NULL)
		spool_close(&s);
	return status;
}

static const struct opt dashboard_opts[] = {
	{ "port", 0, "N", "8080 unless told; 0: any that is free" },
	{ "host", 0, "ADDR|localhost", "the loopback address unless told" },
	{ "listen", 0, "WHERE", "ADDR:PORT, [ADDR]:PORT or unix:PATH" },
	{ "listen-anywhere", 0, NULL, "not on a loopback address alone" },
	{ "allow-actions", 0, NULL,
	    "let who has the URL that is printed change jobs" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_dashboard = { "dashboard", NULL, "",
	"serve a page about the queue", dashboard_opts, 0, 0, run_dashboard };
