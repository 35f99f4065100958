/*
 * proxy PORT PREFIX: what stands before a dashboard: listens on a port of
 * 127.0.0.1, which it prints, and passes requests for paths below PREFIX to
 * 127.0.0.1:PORT without it, with the Host of that, and with the Authorization
 * of its own that it has asked a password for.  All others are answered with
 * 404.  Each connection is served by a process, for one request.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define REQUEST_MAX 16384

static struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in a;

	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_port = htons((unsigned short)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* Whole, or this process ends. */
static void
put(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n <= 0)
			exit(1);
	}
}

static void
put_string(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

/* Reads until the end of the head; what it has of the body is behind it. */
static char *
read_head(int fd, char text[REQUEST_MAX + 1], size_t *len)
{
	char *end;
	ssize_t n;

	for (*len = 0; *len < REQUEST_MAX; *len += (size_t)n) {
		n = read(fd, text + *len, REQUEST_MAX - *len);
		if (n <= 0)
			exit(0);
		text[*len + (size_t)n] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (end != NULL) {
			*len += (size_t)n;
			return end;
		}
	}
	exit(1);
}

static int
is_field(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0;
}

/* Passes the fields on that are not the proxy's own; the length of the body. */
static size_t
pass_fields(int fd, char *line, const char *end)
{
	size_t body = 0;
	char *next;

	for (; line < end; line = next) {
		next = strstr(line, "\r\n") + 2;
		if (is_field(line, "Content-Length:"))
			body = strtoul(line + 15, NULL, 10);
		if (!is_field(line, "Host:") &&
		    !is_field(line, "Connection:") &&
		    !is_field(line, "Authorization:"))
			put(fd, line, (size_t)(next - line));
	}
	return body;
}

static void
serve(int client, int port, const char *prefix)
{
	struct sockaddr_in a = loopback(port);
	char text[REQUEST_MAX + 1], fields[128], *end, *target;
	int server = socket(AF_INET, SOCK_STREAM, 0);
	size_t len, body, has, below = strlen(prefix);
	ssize_t n;

	end = read_head(client, text, &len);
	target = strchr(text, ' ');
	if (target == NULL || strncmp(++target, prefix, below) != 0 ||
	    target[below] != '/') {
		put_string(client,
		    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
		    "Connection: close\r\n\r\n");
		exit(0);
	}
	if (server == -1 ||
	    connect(server, (struct sockaddr *)&a, sizeof a) == -1)
		exit(1);
	put(server, text, (size_t)(target - text));
	target += below;
	put(server, target, (size_t)(strstr(target, "\r\n") + 2 - target));
	snprintf(fields, sizeof fields,
	    "Host: 127.0.0.1:%d\r\nAuthorization: Basic dTpw\r\n", port);
	put_string(server, fields);
	body = pass_fields(server, strstr(target, "\r\n") + 2, end);
	put_string(server, "Connection: close\r\n\r\n");
	has = len - (size_t)(end + 4 - text);
	put(server, end + 4, has);
	for (; has < body; has += (size_t)n) {
		n = read(client, text, sizeof text);
		if (n <= 0)
			exit(1);
		put(server, text, (size_t)n);
	}
	while ((n = read(server, text, sizeof text)) > 0)
		put(client, text, (size_t)n);
	exit(0);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0), client;

	if (argc != 3)
		return 2;
	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof a) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1) {
		perror("proxy");
		return 1;
	}
	printf("%d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	(void)signal(SIGCHLD, SIG_IGN); /* none is waited for */
	(void)signal(SIGPIPE, SIG_IGN);
	while ((client = accept(fd, NULL, NULL)) != -1) {
		if (fork() == 0)
			serve(client, atoi(argv[1]), argv[2]);
		(void)close(client);
	}
	return 1;
}
