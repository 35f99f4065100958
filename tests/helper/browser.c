/*
 * browser serve DIR COMMAND...: starts a Chromium and speaks its DevTools
 * protocol with it over --remote-debugging-pipe, which COMMAND must ask for.
 * DIR gets `socket`, where commands come from; `events`, what the pages tell
 * that a test may want to know, one JSON object a line; and `log`, what the
 * Chromium prints.  It ends when it is told to, when it loses its parent and
 * when the Chromium ends; then it kills the whole group of the Chromium.
 *
 * browser ask DIR METHOD [SESSION] <PARAMETERS: has it do this one command,
 * and prints the answer, one line.  Exits with 1 if that is an error, with 2
 * if there is nobody to ask.  An answer must come within 20 seconds.
 *
 * browser quote <TEXT: prints it as a string of JSON.
 *
 * A dialog of a page (alert, confirm, prompt, beforeunload) is accepted at
 * once, or dismissed if there is a file `dismiss` in DIR.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 20.0 /* seconds for an answer */
#define GRACE 2.0  /* seconds between TERM and KILL, and after it */
#define TICK  100  /* milliseconds between two looks for the parent */
#define FREE  10   /* the descriptors 3 and 4 are not for us */

struct text {
	char *at;
	size_t len, size;
};

/* Events that are worth a line. */
static const char *const noted[] = {
	"Audits.issueAdded",
	"Inspector.targetCrashed",
	"Log.entryAdded",
	"Network.loadingFailed",
	"Network.requestWillBeSent",
	"Network.responseReceived",
	"Page.javascriptDialogOpening",
	"Page.lifecycleEvent",
	"Runtime.consoleAPICalled",
	"Runtime.exceptionThrown",
};

static volatile sig_atomic_t told; /* to end */

static pid_t chromium;
static int to, from; /* the pipes */
static int events;   /* the file */
static int client = -1;
static int asked;	     /* the client has said all that it has to */
static double until;	     /* and must be answered by then */
static unsigned long id;     /* of the last command */
static unsigned long wanted; /* the one that the client waits for */

static void
die(const char *what)
{
	fprintf(stderr, "browser: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* All of it, or as much as somebody wants to have. */
static int
put(int fd, const char *at, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Adds what there is to read; 0 at the end, -1 for an error. */
static ssize_t
get(int fd, struct text *t)
{
	ssize_t n;

	if (t->size - t->len < 65536) {
		t->size = t->size * 2 + 65537;
		t->at = realloc(t->at, t->size);
		if (t->at == NULL)
			die("memory");
	}
	do
		n = read(fd, t->at + t->len, t->size - t->len - 1);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		t->len += (size_t)n;
	t->at[t->len] = '\0';
	return n;
}

/* Where the path is relative to the directory, since it may not be long. */
static struct sockaddr_un
address(const char *dir)
{
	struct sockaddr_un a;

	if (chdir(dir) == -1)
		die(dir);
	memset(&a, 0, sizeof a);
	a.sun_family = AF_UNIX;
	strcpy(a.sun_path, "socket");
	return a;
}

/* ---- The one that asks */

static int
ask(const char *dir, const char *method, const char *session)
{
	struct sockaddr_un a = address(dir);
	static struct text t;
	struct pollfd p;
	char head[512];

	p.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	p.events = POLLIN;
	if (p.fd == -1 || connect(p.fd, (struct sockaddr *)&a, sizeof a) == -1)
		die("nobody to ask");
	(void)signal(SIGPIPE, SIG_IGN);
	while (get(STDIN_FILENO, &t) > 0)
		continue;
	(void)snprintf(head, sizeof head, "%s %s\n", method, session);
	if (put(p.fd, head, strlen(head)) == -1 ||
	    put(p.fd, t.at, t.len) == -1 || shutdown(p.fd, SHUT_WR) == -1)
		die("cannot ask");
	t.len = 0;
	do {
		if (poll(&p, 1, (int)LIMIT * 1000 + 5000) != 1)
			die("no answer");
	} while (get(p.fd, &t) > 0);
	if (t.len == 0) {
		fputs("browser: it has ended\n", stderr);
		return 2;
	}
	if (put(STDOUT_FILENO, t.at, t.len) == -1)
		die("standard output");
	return strncmp(t.at + strcspn(t.at, ","), ",\"error\"", 8) == 0;
}

static int
quote(void)
{
	static struct text t;
	size_t i;

	while (get(STDIN_FILENO, &t) > 0)
		continue;
	(void)putchar('"');
	for (i = 0; i < t.len; i++)
		if (t.at[i] == '"' || t.at[i] == '\\')
			printf("\\%c", t.at[i]);
		else if ((unsigned char)t.at[i] < 32)
			printf("\\u%04x", (unsigned)t.at[i]);
		else
			(void)putchar(t.at[i]);
	puts("\"");
	return fflush(stdout) == 0 ? 0 : 2;
}

/* ---- The one that is asked */

static void
on_signal(int sig)
{
	told = sig;
}

static void
start(char **argv)
{
	int in[2], out[2], log;

	if (pipe(in) == -1 || pipe(out) == -1)
		die("pipe");
	to = fcntl(in[1], F_DUPFD, FREE);
	from = fcntl(out[0], F_DUPFD, FREE);
	in[0] = fcntl(in[0], F_DUPFD, FREE);
	out[1] = fcntl(out[1], F_DUPFD, FREE);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (to == -1 || from == -1 || in[0] == -1 || out[1] == -1 || log == -1)
		die("descriptors");
#ifdef __linux__
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
	chromium = fork();
	if (chromium == -1)
		die("fork");
	if (chromium == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		(void)setsid();
		(void)dup2(log, STDOUT_FILENO);
		(void)dup2(log, STDERR_FILENO);
		(void)dup2(in[0], 3);
		(void)dup2(out[1], 4);
		for (log = 5; log < 64; log++)
			(void)close(log);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	for (log = 3; log < FREE; log++)
		(void)close(log);
}

static void
command(const char *method, const char *session, const char *params)
{
	char head[512];
	int n;

	n = snprintf(head, sizeof head,
	    "{\"id\":%lu,%s%s%s\"method\":\"%s\",\"params\":", ++id,
	    *session != '\0' ? "\"sessionId\":\"" : "", session,
	    *session != '\0' ? "\"," : "", method);
	if (n < 0 || (size_t)n >= sizeof head)
		n = 0;
	if (params[strspn(params, " \t\n")] == '\0')
		params = "{}";
	if (put(to, head, (size_t)n) == -1 ||
	    put(to, params, strlen(params)) == -1 || put(to, "}", 2) == -1)
		told = 1;
}

static void
answer(const char *text, size_t len)
{
	(void)put(client, text, len);
	(void)put(client, "\n", 1);
	(void)close(client);
	client = -1;
}

static void
refuse(const char *why)
{
	char text[200];

	(void)snprintf(text, sizeof text,
	    "{\"id\":0,\"error\":{\"message\":\"%s\"}}", why);
	answer(text, strlen(text));
}

/* Its session is the last thing that an event tells. */
static void
close_dialog(const char *event)
{
	const char *p, *session = NULL;
	char name[100] = "";

	for (p = event; (p = strstr(p, "\"sessionId\":\"")) != NULL;)
		session = p += 13;
	if (session != NULL)
		(void)snprintf(name, sizeof name, "%.*s",
		    (int)strcspn(session, "\""), session);
	command("Page.handleJavaScriptDialog", name,
	    access("dismiss", F_OK) == 0 ? "{\"accept\":false}" :
					   "{\"accept\":true}");
}

/* A message of the Chromium. */
static void
hear(char *text, size_t len)
{
	static const char method[] = "{\"method\":\"", answered[] = "{\"id\":";
	const char *name = text + sizeof method - 1;
	size_t i;

	if (strncmp(text, answered, sizeof answered - 1) == 0) {
		if (client != -1 && asked &&
		    strtoul(text + sizeof answered - 1, NULL, 10) == wanted)
			answer(text, len);
		return;
	}
	if (strncmp(text, method, sizeof method - 1) != 0)
		return;
	if (strncmp(name, "Page.javascriptDialogOpening\"", 29) == 0)
		close_dialog(text);
	for (i = 0; i < sizeof noted / sizeof noted[0]; i++)
		if (strncmp(name, noted[i], strlen(noted[i])) == 0) {
			text[len] = '\n';
			(void)put(events, text, len + 1);
			text[len] = '\0';
		}
}

/* Takes the messages that are complete; 0 when there will be no more. */
static int
listen_to(void)
{
	static struct text t;
	char *end;
	size_t len, done = 0;

	if (get(from, &t) <= 0)
		return 0;
	while ((end = memchr(t.at + done, '\0', t.len - done)) != NULL) {
		len = (size_t)(end - (t.at + done));
		hear(t.at + done, len);
		done += len + 1;
	}
	memmove(t.at, t.at + done, t.len - done);
	t.len -= done;
	return 1;
}

/* What a client wants: METHOD SESSION, newline, parameters, end. */
static void
hear_client(void)
{
	static struct text t;
	char *session, *params;

	if (asked) { /* and now it is gone */
		(void)close(client);
		client = -1;
		return;
	}
	if (get(client, &t) > 0)
		return;
	asked = 1;
	t.len = 0;
	session = strchr(t.at, ' ');
	params = strchr(t.at, '\n');
	if (session == NULL || params == NULL || session > params) {
		refuse("not a command");
		return;
	}
	*session++ = *params++ = '\0';
	command(t.at, session, params);
	wanted = id;
}

static void
serve(int listener)
{
	const pid_t parent = getppid();
	struct pollfd p[3];

	p[0].fd = from;
	p[0].events = p[1].events = POLLIN;
	while (!told && getppid() == parent) {
		p[1].fd = client == -1 ? listener : -1;
		p[2].fd = client;
		p[2].events = asked ? 0 : POLLIN;
		p[0].revents = p[1].revents = p[2].revents = 0;
		if (poll(p, 3, TICK) == -1 && errno != EINTR)
			die("poll");
		if (p[0].revents != 0 && !listen_to())
			return;
		if (client != -1 && p[2].revents != 0)
			hear_client();
		if (client != -1 && now() >= until)
			refuse("no answer within 20 seconds");
		if (p[1].revents != 0) {
			client = accept(listener, NULL, NULL);
			asked = 0;
			until = now() + LIMIT;
		}
	}
}

/* Waits until no child is left; that is all there were, on Linux. */
static int
all_ended(void)
{
	const struct timespec tick = { 0, 10000000 };
	double end = now() + GRACE;
	pid_t got;

	for (;;) {
		got = waitpid(-1, NULL, WNOHANG);
		if (got == -1 && errno == ECHILD)
			return 1;
		if (got != 0)
			continue;
		if (now() >= end)
			return 0;
		(void)nanosleep(&tick, NULL);
	}
}

static int
serve_in(const char *dir, char **argv)
{
	struct sockaddr_un a = address(dir);
	struct sigaction sa;
	int listener, s, ended;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_signal;
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	listener = fcntl(s, F_DUPFD, FREE);
	events = open("events", O_WRONLY | O_CREAT | O_APPEND, 0666);
	events = fcntl(events, F_DUPFD, FREE);
	if (listener == -1 || events == -1)
		die("descriptors");
	start(argv);
	(void)unlink(a.sun_path);
	if (bind(listener, (struct sockaddr *)&a, sizeof a) == -1 ||
	    listen(listener, 10) == -1)
		told = 1;
	serve(listener);
	(void)unlink(a.sun_path);
	(void)kill(-chromium, SIGTERM);
	ended = all_ended();
	(void)kill(-chromium, SIGKILL);
	return ended || all_ended() ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "serve") == 0)
		return serve_in(argv[2], argv + 3);
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3], argc == 5 ? argv[4] : "");
	if (argc == 2 && strcmp(argv[1], "quote") == 0)
		return quote();
	fputs("usage: browser serve DIR COMMAND...\n"
	      "       browser ask DIR METHOD [SESSION]\n"
	      "       browser quote\n",
	    stderr);
	return 2;
}
