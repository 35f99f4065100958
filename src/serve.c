#include "serve.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fs.h"
#include "text.h"

#define SERVE_BACKLOG 256
#define SERVE_DEAF    (WHEN_SECOND / 10)   /* after a failed accept(2) */
#define SERVE_YOUNG   (WHEN_SECOND / 10)   /* a client is not idle yet */
#define SERVE_REST    (3600 * WHEN_SECOND) /* where nothing is due */

enum {
	POLLED_STOP,
	POLLED_LISTENER,
	POLLED_CLIENTS
};

struct client {
	int fd; /* -1: none */
	struct buf in, out;
	size_t sent;	  /* of out */
	int last;	  /* nothing is answered any more */
	int lingers;	  /* nothing is to be said any more */
	int64_t deadline; /* monotonic clock */
};

struct server {
	int listener;
	int count;
	int64_t deaf; /* nobody is accepted before that: there was a shortage */
	struct client client[SERVE_CLIENTS];
	struct pollfd polled[POLLED_CLIENTS + SERVE_CLIENTS];
	struct http_request request;
	serve_answer *answer;
	void *arg;
};

/* ---- Listening ---- */

static int
cannot(char why[SERVE_WHY_MAX], const char *where, const char *what)
{
	snprintf(why, SERVE_WHY_MAX, "%.300s: %s", where, what);
	return -1;
}

static int
wrong(char why[SERVE_WHY_MAX], const char *where, const char *what)
{
	(void)cannot(why, where, what);
	return -2;
}

static int
listen_unix(const char *path, char **url, char why[SERVE_WHY_MAX])
{
	struct sockaddr_un sun;
	struct buf text = BUF_EMPTY;
	struct stat st;
	mode_t mask;
	int fd, bound;

	memset(&sun, 0, sizeof sun);
	sun.sun_family = AF_UNIX;
	if (path[0] == '\0' || strlen(path) >= sizeof sun.sun_path)
		return wrong(why, path, "no path for a socket");
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	/* What an earlier one has left; not of one that lives. */
	if (fd != -1 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (struct sockaddr *)&sun, sizeof sun) == -1 &&
	    errno == ECONNREFUSED)
		(void)unlink(path);
	/* Nobody else may connect to it. */
	mask = umask(S_IRWXG | S_IRWXO);
	bound = fd != -1 && bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0;
	(void)umask(mask);
	if (!bound || listen(fd, SERVE_BACKLOG) == -1) {
		(void)cannot(why, path, strerror(errno));
		if (fd != -1)
			(void)fs_close(fd);
		return -1;
	}
	buf_printf(&text, "unix:%s", path);
	*url = text.data;
	return fd;
}

/* An address of either kind, and how long it is. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} is;
	socklen_t len;
};

/* Reads an address in numbers; 0 or -1. */
static int
read_address(const char *host, int port, struct address *a)
{
	memset(a, 0, sizeof *a);
	if (inet_pton(AF_INET, host, &a->is.v4.sin_addr) == 1) {
		a->is.v4.sin_family = AF_INET;
		a->is.v4.sin_port = htons((uint16_t)port);
		a->len = sizeof a->is.v4;
		return 0;
	}
	if (inet_pton(AF_INET6, host, &a->is.v6.sin6_addr) == 1) {
		a->is.v6.sin6_family = AF_INET6;
		a->is.v6.sin6_port = htons((uint16_t)port);
		a->len = sizeof a->is.v6;
		return 0;
	}
	return -1;
}

static int
is_loopback(const struct address *a)
{
	if (a->is.any.sa_family == AF_INET)
		return ntohl(a->is.v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->is.v6.sin6_addr);
}

/* Where a socket listens; NULL if that cannot be told. */
static char *
url_of(int fd)
{
	char host[INET6_ADDRSTRLEN];
	struct buf text = BUF_EMPTY;
	struct address a;

	a.len = sizeof a.is;
	if (getsockname(fd, &a.is.any, &a.len) == -1)
		return NULL;
	if (a.is.any.sa_family == AF_INET &&
	    inet_ntop(AF_INET, &a.is.v4.sin_addr, host, sizeof host) != NULL)
		buf_printf(&text, "http://%s:%d/", host,
		    ntohs(a.is.v4.sin_port));
	else if (a.is.any.sa_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &a.is.v6.sin6_addr, host, sizeof host) != NULL)
		buf_printf(&text, "http://[%s]:%d/", host,
		    ntohs(a.is.v6.sin6_port));
	return text.data;
}

/* Binds a socket to an address and listens; -1 with errno. */
static int
listen_at(const struct address *a)
{
	int fd = socket(a->is.any.sa_family, SOCK_STREAM, 0), one = 1, saved;

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, &a->is.any, a->len) == 0 && listen(fd, SERVE_BACKLOG) == 0)
		return fd;
	saved = errno;
	(void)fs_close(fd);
	errno = saved;
	return -1;
}

/* Takes "ADDR:PORT", ":PORT" or "[ADDR]:PORT" apart; 0 or -1. */
static int
split(const char *where, char host[128], const char **port)
{
	const char *colon = strrchr(where, ':'), *from = where, *end = colon;

	if (colon == NULL || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return -1;
	if (where[0] == '[') {
		from = where + 1;
		end = colon - 1;
		if (end < from || *end != ']')
			return -1;
	} else if (memchr(where, ':', (size_t)(colon - where)) != NULL) {
		return -1; /* which of the colons is it? */
	} else if (colon == where ||
	    (colon - where == 9 && strncasecmp(where, "localhost", 9) == 0)) {
		from = SERVE_LOOPBACK;
		end = from + strlen(from);
	}
	if (end <= from || end - from >= 128)
		return -1;
	memcpy(host, from, (size_t)(end - from));
	host[end - from] = '\0';
	*port = colon + 1;
	return 0;
}

int
serve_listen(const char *where, int anywhere, char **url,
    char why[SERVE_WHY_MAX])
{
	struct address a;
	const char *port;
	char host[128];
	long number;
	int fd;

	if (strncmp(where, "unix:", 5) == 0)
		return listen_unix(where + 5, url, why);
	if (split(where, host, &port) == -1)
		return wrong(why, where,
		    "must be ADDR:PORT, [ADDR]:PORT or unix:PATH");
	if (text_number(port, 0, 65535, &number) == -1 ||
	    read_address(host, (int)number, &a) == -1)
		return wrong(why, where,
		    "must be localhost or an address in numbers, and a port "
		    "up to 65535");
	if (!anywhere && !is_loopback(&a))
		return wrong(why, where,
		    "others could see the queue there: give --listen-anywhere "
		    "as well if they may");
	fd = listen_at(&a);
	if (fd == -1)
		return cannot(why, where, strerror(errno));
	*url = url_of(fd);
	return fd;
}

/* ---- Clients ---- */

static void
drop(struct server *s, struct client *c)
{
	(void)fs_close(c->fd);
	c->fd = -1;
	buf_free(&c->in);
	buf_free(&c->out);
	c->sent = 0;
	c->last = c->lingers = 0;
	s->count--;
}

static int
set_up(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
		fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ?
	    0 :
	    -1;
}

/* What poll(2) is asked about a client. */
static struct pollfd *
polled(struct server *s, const struct client *c)
{
	return &s->polled[POLLED_CLIENTS + (c - s->client)];
}

/*
 * The client that can make room: of those that are not being answered, the one
 * that has waited for, or sent, its request for the longest.  NULL: none.
 */
static struct client *
idlest(struct server *s)
{
	struct client *c, *found = NULL;
	int i;

	for (i = 0; i < SERVE_CLIENTS; i++) {
		c = &s->client[i];
		if (c->fd != -1 && c->out.len == 0 &&
		    (found == NULL || c->deadline < found->deadline))
			found = c;
	}
	return found;
}

/* When one more may be accepted: WHEN_NEVER if only others can tell. */
static int64_t
next_accept(struct server *s)
{
	const struct client *idle = idlest(s);
	int64_t when = 0;

	/* Who has just come may be about to say something. */
	if (s->count == SERVE_CLIENTS)
		when = idle == NULL ? WHEN_NEVER :
		    idle->lingers   ? 0 :
				      idle->deadline - SERVE_TIME + SERVE_YOUNG;
	return when > s->deaf ? when : s->deaf;
}

/* Who has not sent a whole request makes room for who comes. */
static void
take_client(struct server *s, int64_t now)
{
	struct client *c = s->client;
	int fd;

	if (s->count == SERVE_CLIENTS) {
		c = idlest(s);
		/*
		 * It has just said its first words: in another round.  Who
		 * goes on with a request has had that, or a client that sends
		 * byte by byte would keep its place.
		 */
		if (c == NULL ||
		    (polled(s, c)->revents != 0 &&
			(c->lingers ? now < c->deadline : c->in.len == 0)))
			return;
		drop(s, c);
	}
	fd = accept(s->listener, NULL, NULL);
	if (fd == -1) {
		/* It has gone again, or there is a shortage: a bit later. */
		s->deaf = now + SERVE_DEAF;
		return;
	}
	if (set_up(fd) == -1) {
		(void)fs_close(fd);
		return;
	}
	c = s->client;
	while (c->fd != -1)
		c++;
	c->fd = fd;
	c->deadline = now + SERVE_TIME;
	s->count++;
}

/* Answers what has come whole, one request at a time. */
static void
answer(struct server *s, struct client *c, int64_t now)
{
	struct http_request *r = &s->request;
	int status;

	if (c->last || c->out.len > 0)
		return;
	status = http_parse(r, buf_text(&c->in), c->in.len);
	if (status == -1)
		return;
	/* Where the next one begins is not known, or others have waited. */
	if (status > 0 || s->count == SERVE_CLIENTS)
		r->last = 1;
	s->answer(s->arg, r, status, &c->out);
	c->last = r->last || c->out.failed;
	if (status == 0) {
		c->in.len -= r->size;
		memmove(c->in.data, c->in.data + r->size, c->in.len);
	}
	c->deadline = now + SERVE_TIME;
}

static void
receive(struct server *s, struct client *c, int64_t now)
{
	char chunk[2048];
	ssize_t n = read(c->fd, chunk, sizeof chunk);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(s, c);
		return;
	}
	if (c->last)
		return;
	if (c->in.len == 0)
		c->deadline = now + SERVE_TIME; /* a request begins */
	buf_add(&c->in, chunk, (size_t)n);
	if (c->in.failed)
		drop(s, c);
	else
		answer(s, c, now);
}

/* What the client has not read yet would be lost with close(2). */
static void
linger(struct server *s, struct client *c, int64_t now)
{
	if (shutdown(c->fd, SHUT_WR) == -1) {
		drop(s, c);
		return;
	}
	c->lingers = 1;
	c->deadline = now + SERVE_LINGER;
}

static void
send_some(struct server *s, struct client *c, int64_t now)
{
	ssize_t n = write(c->fd, c->out.data + c->sent, c->out.len - c->sent);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		drop(s, c);
		return;
	}
	c->sent += (size_t)n;
	if (c->sent < c->out.len)
		return;
	buf_free(&c->out);
	c->sent = 0;
	c->deadline = now + SERVE_TIME;
	if (c->last)
		linger(s, c, now);
	else
		answer(s, c, now); /* the next may have come with it */
}

static void
time_out(struct server *s, struct client *c, int64_t now)
{
	if (c->in.len == 0 || c->last || c->out.len > 0) {
		drop(s, c);
		return;
	}
	s->request.method = HTTP_GET;
	s->request.last = 1;
	s->answer(s->arg, &s->request, 408, &c->out);
	c->last = 1;
	c->deadline = now + SERVE_TIME;
}

/* ---- The loop ---- */

/* What is waited for; returns how many descriptors those may be. */
static int
fill_polled(struct server *s, int64_t now, int64_t *until)
{
	struct pollfd *p = &s->polled[POLLED_LISTENER];
	const struct client *c;
	int i, used = POLLED_CLIENTS;

	p->fd = s->listener;
	p->events = POLLIN;
	if (next_accept(s) > now) {
		p->fd = -1; /* poll(2) passes over it */
		*until = next_accept(s) < *until ? next_accept(s) : *until;
	}
	for (i = 0; i < SERVE_CLIENTS; i++) {
		c = &s->client[i];
		p = polled(s, c);
		p->fd = c->fd;
		p->events = c->out.len > 0 ? POLLOUT : POLLIN;
		if (c->fd == -1)
			continue;
		used = POLLED_CLIENTS + i + 1;
		*until = c->deadline < *until ? c->deadline : *until;
	}
	return used;
}

static void
look_at(struct server *s, int used)
{
	int64_t now = fs_mono();
	struct client *c;
	int i;

	/* First, while what poll(2) has told is still so. */
	if (s->polled[POLLED_LISTENER].revents != 0)
		take_client(s, now);
	for (i = 0; i < used - POLLED_CLIENTS; i++) {
		c = &s->client[i];
		if (c->fd == -1)
			continue;
		if (polled(s, c)->revents == 0) {
			if (now >= c->deadline)
				time_out(s, c, now);
		} else if (c->out.len > 0) {
			send_some(s, c, now);
		} else {
			receive(s, c, now);
		}
	}
}

int
serve_run(int listener, int stop, serve_answer *answer_one, void *arg)
{
	struct server s;
	int64_t now, until;
	int i, used, size = SERVE_BUFFER;

	if (set_up(listener) == -1)
		return -1;
	/* Those that it accepts have it too. */
	(void)setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	memset(&s, 0, sizeof s);
	s.listener = listener;
	s.answer = answer_one;
	s.arg = arg;
	s.polled[POLLED_STOP].fd = stop;
	s.polled[POLLED_STOP].events = POLLIN;
	for (i = 0; i < SERVE_CLIENTS; i++)
		s.client[i].fd = -1;
	for (;;) {
		now = fs_mono();
		until = now + SERVE_REST;
		used = fill_polled(&s, now, &until);
		/* Rounded up: a millisecond early would spin until then. */
		until = until > now ? (until - now + 999) / 1000 : 0;
		if (poll(s.polled, (nfds_t)used, (int)until) == -1) {
			if (errno != EINTR)
				return -1;
			continue;
		}
		if (s.polled[POLLED_STOP].revents != 0)
			break;
		look_at(&s, used);
	}
	for (i = 0; i < SERVE_CLIENTS; i++)
		if (s.client[i].fd != -1)
			drop(&s, &s.client[i]);
	return 0;
}
