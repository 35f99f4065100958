#include "crew.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

/* The supervisor needs some for other things: two at the least. */
#define CREW_SPARE_FDS 8
#define CREW_LEAST_FDS 2 /* as long as it has no worker */

int
crew_init(struct crew *crew, int count, const char *spool_path,
    const char *name)
{
	int i;

	memset(crew, 0, sizeof *crew);
	crew->member = calloc((size_t)count, sizeof(struct crew_member));
	if (crew->member == NULL)
		return -1;
	crew->count = count;
	crew->spool_path = spool_path;
	crew->name = name;
	for (i = 0; i < count; i++) {
		crew->member[i].socket = -1;
		crew->member[i].started = INT64_MIN / 2;
	}
	return 0;
}

void
crew_free(struct crew *crew)
{
	int i;

	for (i = 0; i < crew->count; i++) {
		if (crew->member[i].socket != -1)
			(void)fs_close(crew->member[i].socket);
		buf_free(&crew->member[i].in);
	}
	free(crew->member);
	crew->member = NULL;
	crew->count = 0;
}

static int
start(struct crew *crew, struct crew_member *m, int64_t mono)
{
	int spare = crew_alive(crew) > 0 ? CREW_SPARE_FDS : CREW_LEAST_FDS;
	sigset_t all, old;
	int pair[2], saved;
	pid_t pid;

	m->started = mono;
	snprintf(m->name, sizeof m->name, "%s.%d", crew->name, crew->named + 1);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return -1;
	if (pair[1] + spare >= sysconf(_SC_OPEN_MAX)) {
		(void)fs_close(pair[0]);
		(void)fs_close(pair[1]);
		errno = EMFILE;
		return -1;
	}
	(void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	/* Blocked, so that our handlers never run in the child. */
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	pid = fork();
	if (pid == 0)
		worker_main(pair[1], crew->spool_path, m->name);
	saved = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)fs_close(pair[1]);
	if (pid == -1) {
		(void)fs_close(pair[0]);
		errno = saved;
		return -1;
	}
	crew->named++;
	m->entry = 0;
	m->leaves = 0;
	m->entering = 0;
	m->pid = pid;
	m->socket = pair[0];
	return 0;
}

int64_t
crew_fill(struct crew *crew, int64_t mono)
{
	struct crew_member *m;
	int64_t again = WHEN_NEVER, at;
	int i;

	crew->error = 0;

	for (i = 0; i < crew->count; i++) {
		m = &crew->member[i];
		if (m->pid != 0 || m->leaving)
			continue;
		at = m->started + CREW_RESPAWN;
		if (at <= mono && start(crew, m, mono) == 0)
			continue;
		if (at <= mono) {
			crew->error = errno;
			at = mono + CREW_RESPAWN;
		}
		if (at < again)
			again = at;
	}
	return again;
}

struct crew_member *
crew_idle(struct crew *crew)
{
	int i;

	if (crew->busy == crew->count)
		return NULL;
	for (i = 0; i < crew->count; i++)
		if (crew->member[i].socket != -1 && !crew->member[i].busy &&
		    !crew->member[i].leaves)
			return &crew->member[i];
	return NULL;
}

struct crew_member *
crew_find(struct crew *crew, const char *job)
{
	int i;

	for (i = 0; i < crew->count && crew->busy > 0; i++)
		if (crew->member[i].busy &&
		    strcmp(crew->member[i].job, job) == 0)
			return &crew->member[i];
	return NULL;
}

int
crew_order(struct crew *crew, struct crew_member *m, const struct order *order)
{
	/* So small that it is sent whole or not at all: nobody waits. */
	if (fs_write(m->socket, order, sizeof *order) == -1)
		return -1;
	if (order->kind != ORDER_RUN)
		return 0;
	m->busy = 1;
	crew->busy++;
	m->dir = order->dir;
	memcpy(m->job, order->name, sizeof m->job);
	return 0;
}

int
crew_receive(struct crew_member *m)
{
	size_t room;
	ssize_t n;

	if (m->socket == -1)
		return -1;
	if (buf_reserve(&m->in, sizeof(struct answer)) == -1)
		return 0;
	room = sizeof(struct answer) - m->in.len;
	do
		n = read(m->socket, m->in.data + m->in.len, room);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		m->in.len += (size_t)n;
	if (n > 0 || (n == -1 && errno == EAGAIN))
		return n == (ssize_t)room;
	return -1;
}

/* Takes a whole answer out of what has come; 1 or 0. */
static int
extract(struct crew_member *m, struct answer *a)
{
	size_t len;

	if (m->in.len < ANSWER_HEAD)
		return 0;
	memcpy(a, m->in.data, ANSWER_HEAD);
	len = ANSWER_HEAD + a->text_len;
	if (a->text_len >= ANSWER_TEXT || m->in.len < len)
		return 0;
	memcpy(a->text, m->in.data + ANSWER_HEAD, a->text_len);
	a->text[a->text_len] = '\0';
	m->in.len -= len;
	memmove(m->in.data, m->in.data + len, m->in.len);
	return 1;
}

int
crew_answer(struct crew *crew, struct crew_member *m, struct answer *answer)
{
	if (!extract(m, answer))
		return 0;
	if (answer->kind == ANSWER_ENTERED)
		m->entering = 0;
	else
		m->held = answer->kind == ANSWER_HELD;
	m->leaves = answer->leaves;
	if (answer->kind == ANSWER_DONE && m->busy) {
		m->busy = 0;
		crew->busy--;
	}
	return 1;
}

void
crew_check_entries(struct crew *crew, const struct spool *s)
{
	struct crew_member *m;
	struct order order;
	int i;

	memset(&order, 0, sizeof order);
	order.kind = ORDER_ENTER;
	for (i = 0; i < crew->count; i++) {
		m = &crew->member[i];
		/* Orders must not pile up with one that takes none. */
		if (m->socket == -1 || m->entering ||
		    registry_entered(s, m->name, &m->entry) != 0)
			continue;
		m->entering = 1;
		if (crew_order(crew, m, &order) == -1) {
			(void)fs_close(m->socket);
			m->socket = -1;
		}
	}
}

void
crew_dismiss(struct crew *crew)
{
	struct crew_member *m;
	int i;

	for (i = 0; i < crew->count; i++) {
		m = &crew->member[i];
		m->leaving = 1;
		if (!m->busy && m->socket != -1) {
			(void)fs_close(m->socket);
			m->socket = -1;
		}
	}
}

void
crew_interrupt(struct crew *crew)
{
	struct order order;
	int i;

	memset(&order, 0, sizeof order);
	order.kind = ORDER_INTERRUPT;
	for (i = 0; i < crew->count; i++)
		if (crew->member[i].busy && crew->member[i].socket != -1)
			(void)crew_order(crew, &crew->member[i], &order);
}

struct crew_member *
crew_by_pid(struct crew *crew, pid_t pid)
{
	int i;

	for (i = 0; i < crew->count; i++)
		if (crew->member[i].pid == pid)
			return &crew->member[i];
	return NULL;
}

struct crew_member *
crew_by_socket(struct crew *crew, int socket)
{
	int i;

	for (i = 0; i < crew->count; i++)
		if (crew->member[i].socket == socket)
			return &crew->member[i];
	return NULL;
}

void
crew_lost(struct crew *crew, struct crew_member *m)
{
	if (m->socket != -1)
		(void)fs_close(m->socket);
	m->socket = -1;
	m->pid = 0;
	m->in.len = 0;
	m->held = 0;
	crew->busy -= m->busy;
	m->busy = 0;
}

int
crew_held(const struct crew *crew)
{
	int i, held = 0;

	for (i = 0; i < crew->count && crew->busy > 0; i++)
		held |= crew->member[i].held;
	return held;
}

int
crew_alive(const struct crew *crew)
{
	int i, n = 0;

	for (i = 0; i < crew->count; i++)
		n += crew->member[i].pid != 0;
	return n;
}
