/*
 * ask PORT [BYTES MS]: connects to 127.0.0.1:PORT, sends it standard input, so
 * many bytes at a time with so many milliseconds between them, and prints what
 * comes back until the other side closes, or nothing has come for ten seconds
 * (exit 1).
 *
 * ask deaf PORT N MS: sends standard input and the end of it on N connections,
 * one after the other, and reads nothing for so long.
 *
 * ask sip PORT N BYTES: sends standard input on N connections and reads so many
 * bytes of each every tenth of a second, until all are closed; and prints how
 * many that were.
 *
 * ask fill PATH MS: connects to a socket that nobody accepts at until it takes
 * no more, prints how many it took, and holds them for so long.
 *
 * ask hold PORT N MS [TEXT]: opens N connections that say nothing, or TEXT and
 * no more, holds them for so long, and prints how many of them the other side
 * has closed by then.  Once it has opened the last one it says so on standard
 * error.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOLD_MAX 1000

/* buffer: bytes that the system takes for us, 0 for as many as it likes. */
static int
dial(int port, int buffer)
{
	struct sockaddr_in a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (buffer > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer,
		    sizeof buffer);

	memset(&a, 0, sizeof a);
	a.sin_family = AF_INET;
	a.sin_port = htons((unsigned short)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || connect(fd, (struct sockaddr *)&a, sizeof a) == -1) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static int
hold(int port, int count, int ms, const char *text)
{
	static struct pollfd p[HOLD_MAX];
	size_t len = strlen(text);
	int i, closed = 0;
	char c;

	for (i = 0; i < count && i < HOLD_MAX; i++) {
		p[i].fd = dial(port, 0);
		p[i].events = POLLIN;
		if (len > 0 && write(p[i].fd, text, len) != (ssize_t)len)
			return 1;
	}
	fputs("held\n", stderr);
	(void)poll(NULL, 0, ms);
	(void)poll(p, (nfds_t)i, 0);
	while (i-- > 0)
		closed += p[i].revents != 0 && read(p[i].fd, &c, 1) <= 0;
	printf("%d\n", closed);
	return 0;
}

static int
fill(const char *path, int ms)
{
	struct sockaddr_un a;
	int fd, count = 0;

	memset(&a, 0, sizeof a);
	a.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof a.sun_path)
		return 2;
	memcpy(a.sun_path, path, strlen(path) + 1);
	while ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		count++;
	printf("%d\n", count);
	(void)fflush(stdout);
	(void)poll(NULL, 0, ms);
	return 0;
}

static int
deaf(int port, int count, int ms)
{
	static char text[8192];
	size_t len = fread(text, 1, sizeof text, stdin);
	int fd;

	while (count-- > 0) {
		fd = dial(port, 0);
		if (write(fd, text, len) != (ssize_t)len)
			return 1;
		(void)shutdown(fd, SHUT_WR);
	}
	(void)poll(NULL, 0, ms);
	return 0;
}

static int
sip(int port, int count, size_t bytes)
{
	static char text[65536];
	size_t len = fread(text, 1, 8192, stdin);
	int fd[HOLD_MAX], i, left = 0;
	long total = 0;
	ssize_t n;

	(void)signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < count && i < HOLD_MAX; i++) {
		fd[i] = dial(port, 65536);
		left += write(fd[i], text, len) == (ssize_t)len;
	}
	while (left > 0) {
		(void)poll(NULL, 0, 100);
		for (i = 0; i < count; i++) {
			if (fd[i] == -1)
				continue;
			n = read(fd[i], text, bytes);
			total += n > 0 ? n : 0;
			if (n > 0)
				continue;
			(void)close(fd[i]);
			fd[i] = -1;
			left--;
		}
	}
	printf("%ld\n", total);
	return 0;
}

int
main(int argc, char **argv)
{
	static char text[1 << 20];
	struct pollfd p;
	size_t len, sent, piece;
	ssize_t n;

	if ((argc == 5 || argc == 6) && strcmp(argv[1], "hold") == 0)
		return hold(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]),
		    argc == 6 ? argv[5] : "");
	if (argc == 4 && strcmp(argv[1], "fill") == 0)
		return fill(argv[2], atoi(argv[3]));
	if (argc == 5 && strcmp(argv[1], "sip") == 0)
		return sip(atoi(argv[2]), atoi(argv[3]), (size_t)atoi(argv[4]));
	if (argc == 5 && strcmp(argv[1], "deaf") == 0)
		return deaf(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	if (argc != 2 && argc != 4)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	p.fd = dial(atoi(argv[1]), 0);
	p.events = POLLIN;
	len = fread(text, 1, sizeof text, stdin);
	piece = argc == 4 ? (size_t)atoi(argv[2]) : sizeof text;
	for (sent = 0; sent < len; sent += (size_t)n) {
		n = write(p.fd, text + sent,
		    len - sent < piece ? len - sent : piece);
		if (n <= 0)
			break; /* it has heard enough */
		if (argc == 4)
			(void)poll(NULL, 0, atoi(argv[3]));
	}
	while (poll(&p, 1, 10000) == 1) {
		n = read(p.fd, text, sizeof text);
		if (n <= 0)
			return 0;
		(void)fwrite(text, 1, (size_t)n, stdout);
	}
	return 1;
}
