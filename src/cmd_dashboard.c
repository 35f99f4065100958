/*
 * cmd_dashboard - dashboard.
 */
#include "cmd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"
#include "web.h"

#define DASHBOARD_LISTEN "127.0.0.1:8080"

static volatile sig_atomic_t stopped;

static void
note_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* INT and TERM end it, but only while it waits; *waiting: the mask then. */
static int
set_signals(sigset_t *waiting)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa;
	sigset_t block;
	size_t i;

	memset(&sa, 0, sizeof sa);
	sigemptyset(&sa.sa_mask);
	sigemptyset(&block);
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return -1;
	sa.sa_handler = note_stop;
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (sigaction(ends[i], &sa, NULL) == -1)
			return -1;
		sigaddset(&block, ends[i]);
	}
	if (sigprocmask(SIG_BLOCK, &block, waiting) == -1)
		return -1;
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++)
		sigdelset(waiting, ends[i]);
	return 0;
}

/* Serves; the exit status. */
static int
serve(struct spool *s, int listener, char *url)
{
	struct web web;
	sigset_t waiting;
	int ret;

	web.spool = s;
	web.url = url;
	if (set_signals(&waiting) == -1) {
		msg_warn("dashboard");
		return MSG_REFUSED;
	}
	printf("%s\n", url);
	(void)fflush(stdout);
	ret = serve_run(listener, &stopped, &waiting, web_answer, &web);
	if (ret == -1)
		msg_warn("dashboard");
	if (strncmp(url, "unix:", 5) == 0)
		(void)unlink(url + 5);
	return ret == -1 ? MSG_REFUSED : MSG_OK;
}

static int
run_dashboard(const struct opt_args *args)
{
	const char *where = opt_value(args, "listen");
	char why[SERVE_WHY_MAX], *url = NULL;
	struct spool s;
	int listener, status = cmd_open_read(args, &s);

	if (status != MSG_OK)
		return status;
	listener = serve_listen(where != NULL ? where : DASHBOARD_LISTEN,
	    opt_value(args, "listen-anywhere") != NULL, &url, why);
	if (listener < 0) {
		msg_warnx("--listen: %s", why);
		status = listener == -2 ? MSG_USAGE : MSG_REFUSED;
	} else if (url == NULL) {
		msg_warn("dashboard");
		status = MSG_REFUSED;
	} else {
		status = serve(&s, listener, url);
	}
	if (listener >= 0)
		(void)close(listener);
	free(url);
	spool_close(&s);
	return status;
}

static const struct opt dashboard_opts[] = {
	{ "listen", 0, "WHERE", "ADDR:PORT, [ADDR]:PORT or unix:PATH" },
	{ "listen-anywhere", 0, NULL, "not on a loopback address alone" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_dashboard = { "dashboard", NULL, "",
	"serve a page about the queue", dashboard_opts, 0, 0, run_dashboard };
