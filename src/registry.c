#include "registry.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"
#include "text.h"
#include "when.h"

#define REGISTRY_FILE_MAX 4096 /* bytes of an entry */
#define REGISTRY_TRIES	  16   /* to take the name of what the dead left */

/* ---- Names ---- */

/* Skips a number without leading zeros; NULL if there is none. */
static const char *
skip_number(const char *s)
{
	return *s >= '1' && *s <= '9' ? s + strspn(s, "0123456789") : NULL;
}

int
registry_is_name(const char *name)
{
	const char *p = strrchr(name, '.');

	if (p == NULL || !job_id_valid(name) ||
	    strlen(name) >= REGISTRY_NAME_MAX)
		return 0;
	p = skip_number(p + 1);
	if (p != NULL && *p == '-')
		p = skip_number(p + 1);
	return p != NULL && *p == '\0';
}

int
registry_is_local(const struct spool *s, const char *name)
{
	size_t len = strlen(s->host);
	const char *rest = name + len;

	if (strncmp(name, s->host, len) != 0 || *rest != '.')
		return 0;
	/* Not the host vm.example where this one is vm. */
	rest += 1 + strspn(rest + 1, "0123456789-");
	return *rest == '\0' || (*rest == '.' && strchr(rest + 1, '.') == NULL);
}

static int
find_other(void *arg, const char *name, uint64_t inode)
{
	(void)inode;
	return registry_is_name(name) && !registry_is_local(arg, name);
}

int
registry_others(struct spool *s)
{
	return spool_scan(s, SPOOL_WORKERS, find_other, s);
}

/* ---- Entries ---- */

/* Removes an entry that nobody has locked.  OK, GONE, BUSY, FOREIGN, ERROR. */
static enum spool_result
remove_dead(struct spool *s, const char *name)
{
	enum spool_result r;
	int fd;

	r = spool_take(s, SPOOL_WORKERS, name, &fd);
	if (r == SPOOL_OK) {
		r = spool_discard(s, fd, SPOOL_WORKERS, name);
		(void)fs_close(fd);
	}
	return r;
}

/*
 * Gives the file in tmp/ that name in workers/, unless that is taken.  link(2)
 * replaces nothing, and needs no lock that somebody may hold; but not every
 * file system has it.
 */
static enum spool_result
move_in(struct spool *s, int fd, const char *tmp_name, const char *name)
{
	if (linkat(s->dir[SPOOL_TMP], tmp_name, s->dir[SPOOL_WORKERS], name,
		0) == 0) {
		(void)unlinkat(s->dir[SPOOL_TMP], tmp_name, 0);
		return SPOOL_OK;
	}
	if (errno == EEXIST && spool_same(s, fd, SPOOL_WORKERS, name) != 1)
		return SPOOL_EXISTS;
	return spool_rename(s, fd, SPOOL_TMP, tmp_name, SPOOL_WORKERS, name);
}

/* Gives the file in tmp/ a name in workers/ that no living process has. */
static int
take_name(struct spool *s, int fd, const char *tmp_name, const char *name)
{
	enum spool_result r;
	int tries;

	for (tries = 0; tries < REGISTRY_TRIES; tries++) {
		r = move_in(s, fd, tmp_name, name);
		if (r != SPOOL_EXISTS)
			return r == SPOOL_OK ? 0 : -1;
		r = remove_dead(s, name);
		if (r == SPOOL_ERROR && errno != EACCES && errno != EPERM)
			return -1;
		if (r != SPOOL_OK && r != SPOOL_GONE)
			break;
	}
	errno = EEXIST;
	return -1;
}

int
registry_enter(struct spool *s, const char *name, const struct buf *text)
{
	char tmp_name[SPOOL_TMP_MAX];
	int fd = spool_create(s, name, text, tmp_name), got, saved;

	if (fd == -1)
		return -1;
	/* Locked before it is seen: an unlocked entry is a dead one's. */
	got = os_flock(fd, OS_LOCK_EXCLUSIVE);
	if (got == 0 && take_name(s, fd, tmp_name, name) == 0)
		return fd;
	saved = got == 1 ? EAGAIN : errno;
	(void)unlinkat(s->dir[SPOOL_TMP], tmp_name, 0);
	(void)fs_close(fd);
	errno = saved;
	return -1;
}

/* The n-th name of a supervisor. */
static void
nth_name(const struct spool *s, pid_t pid, int n, char out[REGISTRY_NAME_MAX])
{
	char twin[16] = "";

	if (n > 1)
		snprintf(twin, sizeof twin, "-%d", n);
	snprintf(out, REGISTRY_NAME_MAX, "%s.%ld%s", s->host, (long)pid, twin);
}

struct family {
	const struct spool *spool;
	const char *supervisor;
};

static int
is_living_worker(void *arg, const char *name, uint64_t inode)
{
	const struct family *f = arg;
	size_t len = strlen(f->supervisor);

	(void)inode;
	return strncmp(name, f->supervisor, len) == 0 && name[len] == '.' &&
	    registry_alive(f->spool, name) == 1;
}

/* What may be asked of a supervisor. */
static const enum registry_request asked[] = { REGISTRY_STOP,
	REGISTRY_INTERRUPT };
#define ASKED (sizeof asked / sizeof asked[0])

int
registry_enter_supervisor(struct spool *s, pid_t pid, const struct buf *text,
    char name[REGISTRY_NAME_MAX])
{
	struct family family = { s, name };
	struct stat noted[ASKED];
	int fd = -1, n, used, there[ASKED];
	size_t i;

	errno = EEXIST;
	for (n = 1; n <= REGISTRY_TWINS && fd == -1 && errno == EEXIST; n++) {
		nth_name(s, pid, n, name);
		/* Before anybody can mean us by that name. */
		for (i = 0; i < ASKED; i++)
			there[i] = registry_noted(s, asked[i], name, &noted[i]);
		/* Workers may outlive their supervisor: they keep the name. */
		used = spool_scan(s, SPOOL_WORKERS, is_living_worker, &family);
		errno = EEXIST;
		if (used == 0)
			fd = registry_enter(s, name, text);
	}
	for (i = 0; i < ASKED && fd != -1; i++)
		if (there[i])
			registry_answer_noted(s, asked[i], name, &noted[i]);
	return fd;
}

int
registry_is_entered(const struct spool *s, const char *name, int fd)
{
	int same = fd == -1 ? 0 : spool_same(s, fd, SPOOL_WORKERS, name);

	/* What another host has removed may have left its descriptor, too. */
	return same == -1 && (errno == ENOENT || errno == ESTALE) ? 0 : same;
}

int
registry_reenter(struct spool *s, const char *name, const struct buf *text,
    int *fd)
{
	int same = registry_is_entered(s, name, *fd);

	if (same != 0)
		return same == 1 ? 0 : -1;
	/* First, as FUSE lets nothing have the name of what is open. */
	if (*fd != -1)
		(void)fs_close(*fd);
	*fd = registry_enter(s, name, text);
	return *fd == -1 ? -1 : 1;
}

int
registry_update(int fd, const struct buf *text)
{
	ssize_t n;

	/* O_APPEND would make pwrite append on Linux. */
	if (fcntl(fd, F_SETFL, 0) == -1)
		return -1;
	do
		n = pwrite(fd, buf_text(text), text->len, 0);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)text->len ? 0 : -1;
}

void
registry_leave(struct spool *s, const char *name, int fd)
{
	if (registry_is_entered(s, name, fd) == 1)
		(void)unlinkat(s->dir[SPOOL_WORKERS], name, 0);
	if (fd != -1)
		(void)fs_close(fd);
}

int
registry_alive(const struct spool *s, const char *name)
{
	enum spool_result r;
	int fd, held, saved;
	struct stat st;

	if (!registry_is_name(name))
		return 0;
	r = spool_open_job(s, SPOOL_WORKERS, name, &fd);
	if (r != SPOOL_OK) {
		saved = errno;
		if (r != SPOOL_ERROR ||
		    spool_distrusts(s, SPOOL_WORKERS, name, &st))
			return 0;
		errno = saved;
		return -1;
	}
	/* Shared: two who look do not see each other. */
	if (fstat(fd, &st) == -1)
		held = -1;
	else if (!spool_trusts(s->owner, &st))
		held = 0; /* no worker of this spool is somebody else's */
	else
		held = os_flock(fd, OS_LOCK_SHARED);
	saved = errno;
	(void)fs_close(fd);
	errno = saved;
	return held;
}

int
registry_entered(const struct spool *s, const char *name, uint64_t *inode)
{
	struct stat st;
	int alive;

	if (fstatat(s->dir[SPOOL_WORKERS], name, &st, AT_SYMLINK_NOFOLLOW) ==
	    -1)
		return errno == ENOENT ? 0 : -1;
	/* Its process has that inode open: no other file can get it. */
	if (st.st_ino == *inode)
		return 1;
	alive = registry_alive(s, name);
	if (alive == 1)
		*inode = st.st_ino;
	return alive;
}

int
registry_text(const struct spool *s, const char *name, struct buf *out)
{
	return fs_read_file(s->dir[SPOOL_WORKERS], name, out,
	    REGISTRY_FILE_MAX);
}

/* Reads "key=value" lines of an entry; unknown keys are counters. */
static void
read_entry(const struct spool *s, struct registry_entry *e)
{
	struct buf text = BUF_EMPTY;
	char *line, *rest = NULL;
	long n;

	if (registry_text(s, e->name, &text) == 0 && text.data != NULL) {
		for (line = strtok_r(text.data, "\n", &rest); line != NULL;
		     line = strtok_r(NULL, "\n", &rest)) {
			if (strncmp(line, "started_at=", 11) == 0)
				(void)when_parse_time(line + 11,
				    &e->started_at);
			else if (strncmp(line, "count=", 6) == 0 &&
			    text_number(line + 6, 0, 1000000, &n) == 0)
				e->count = (int)n;
		}
	}
	buf_free(&text);
}

/* The entry of a worker process, HOST.PID.SLOT, is empty. */
static int
is_supervisor(const struct spool *s, const char *name)
{
	struct stat st;

	return registry_is_name(name) &&
	    fstatat(s->dir[SPOOL_WORKERS], name, &st, AT_SYMLINK_NOFOLLOW) ==
	    0 &&
	    st.st_size > 0;
}

struct each {
	struct spool *spool;
	int (*found)(void *arg, const struct registry_entry *entry);
	void *arg;
};

static int
each_one(void *arg, const char *name, uint64_t inode)
{
	const struct each *e = arg;
	struct registry_entry entry;
	int alive;

	(void)inode;
	if (!is_supervisor(e->spool, name))
		return 0;
	alive = registry_alive(e->spool, name);
	if (alive != 1)
		return alive; /* -1: that it is not there cannot be said */
	memset(&entry, 0, sizeof entry);
	snprintf(entry.name, sizeof entry.name, "%s", name);
	read_entry(e->spool, &entry);
	return e->found(e->arg, &entry);
}

int
registry_each(struct spool *s,
    int (*found)(void *arg, const struct registry_entry *entry), void *arg)
{
	struct each e;

	e.spool = s;
	e.found = found;
	e.arg = arg;
	return spool_scan(s, SPOOL_WORKERS, each_one, &e);
}

static int
add_count(void *arg, const struct registry_entry *entry)
{
	*(long *)arg += entry->count;
	return 0;
}

long
registry_workers(struct spool *s)
{
	long n = 0;

	return registry_each(s, add_count, &n) == -1 ? -1 : n;
}

struct sweep {
	struct spool *spool;
	int64_t now;
	int spared;
};

static int
sweep_one(void *arg, const char *name, uint64_t inode)
{
	struct sweep *w = arg;
	struct stat st;

	(void)inode;
	if (!registry_is_name(name))
		return 0;
	if (!registry_is_local(w->spool, name) &&
	    fstatat(w->spool->dir[SPOOL_WORKERS], name, &st,
		AT_SYMLINK_NOFOLLOW) == 0 &&
	    w->now - spool_time(&st) < REGISTRY_QUIET)
		w->spared = 1;
	else
		(void)remove_dead(w->spool, name);
	return 0;
}

int
registry_sweep(struct spool *s, int64_t now)
{
	struct sweep w;

	w.spool = s;
	w.now = now;
	w.spared = 0;
	(void)spool_scan(s, SPOOL_WORKERS, sweep_one, &w);
	return w.spared;
}

/* ---- Other hosts ---- */

int64_t
registry_touch(int fd)
{
	return futimens(fd, NULL) == 0 ? spool_changed(fd) : -1;
}

struct watching {
	struct spool *spool;
	struct registry_watch *watch;
	char *name;
};

/* What is known of an entry, or room for it; NULL if there is none left. */
static struct registry_watched *
find_watched(struct registry_watch *watch, const char *name)
{
	struct registry_watched *unused = NULL, *w = watch->seen;
	int i;

	for (i = 0; i < REGISTRY_WATCHED; i++, w++) {
		if (strcmp(w->name, name) == 0)
			return w;
		if (w->name[0] == '\0')
			unused = w;
	}
	if (unused != NULL)
		snprintf(unused->name, sizeof unused->name, "%s", name);
	return unused;
}

static int
watch_one(void *arg, const char *name, uint64_t inode)
{
	const struct watching *p = arg;
	struct registry_watched *w;
	struct stat st;

	(void)inode;
	/* Of supervisors alone: workers, whose are empty, do not touch them. */
	if (!registry_is_name(name) || registry_is_local(p->spool, name) ||
	    fstatat(p->spool->dir[SPOOL_WORKERS], name, &st,
		AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_size == 0 || (w = find_watched(p->watch, name)) == NULL)
		return 0;
	w->here = 1;
	if (w->touched != 0 && spool_time(&st) > w->touched)
		w->free = registry_alive(p->spool, name) == 0 ? w->free + 1 : 0;
	w->touched = spool_time(&st);
	if (w->free < 2)
		return 0;
	memcpy(p->name, w->name, sizeof w->name);
	return 1;
}

int
registry_watch_others(struct spool *s, struct registry_watch *watch,
    char name[REGISTRY_NAME_MAX])
{
	struct watching p = { s, watch, name };
	struct registry_watched *w = watch->seen;
	int i, ret;

	for (i = 0; i < REGISTRY_WATCHED; i++)
		watch->seen[i].here = 0;
	ret = spool_scan(s, SPOOL_WORKERS, watch_one, &p);
	for (i = 0; ret == 0 && i < REGISTRY_WATCHED; i++, w++)
		if (!w->here)
			memset(w, 0, sizeof *w);
	return ret;
}

/* ---- Requests ---- */

static void
request_name(enum registry_request what, const char *whom,
    char out[JOB_NAME_MAX + 16])
{
	static const char *const names[] = { "stop", "interrupt", "cancel" };

	snprintf(out, JOB_NAME_MAX + 16, "%s.%s", names[what], whom);
}

int
registry_ask(const struct spool *s, enum registry_request what,
    const char *whom)
{
	char name[JOB_NAME_MAX + 16];
	struct stat st;
	int fd;

	request_name(what, whom, name);
	/* Somebody else's would be ignored. */
	if (spool_distrusts(s, SPOOL_CONTROL, name, &st))
		(void)unlinkat(s->dir[SPOOL_CONTROL], name, 0);
	fd = fs_open(s->dir[SPOOL_CONTROL], name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);
	return fd == -1 ? -1 : fs_close(fd);
}

int
registry_noted(const struct spool *s, enum registry_request what,
    const char *whom, struct stat *st)
{
	char name[JOB_NAME_MAX + 16];

	request_name(what, whom, name);
	return fstatat(s->dir[SPOOL_CONTROL], name, st, AT_SYMLINK_NOFOLLOW) ==
	    0;
}

int
registry_asked(const struct spool *s, enum registry_request what,
    const char *whom)
{
	struct stat st;

	return registry_noted(s, what, whom, &st) &&
	    spool_trusts(s->owner, &st);
}

int
registry_ask_cancel(struct spool *s, const char *id, uint64_t inode)
{
	char name[JOB_NAME_MAX + 16], tmp_name[SPOOL_TMP_MAX];
	struct buf text = BUF_EMPTY;
	int fd, ret, saved;

	request_name(REGISTRY_CANCEL, id, name);
	buf_printf(&text, "%llu\n", (unsigned long long)inode);
	/* By way of tmp/: an empty one would be for any job. */
	fd = spool_create(s, id, &text, tmp_name);
	buf_free(&text);
	/* On a full disk for any job of the ID: better than for none. */
	if (fd == -1)
		return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ?
		    registry_ask(s, REGISTRY_CANCEL, id) :
		    -1;
	(void)fs_close(fd);
	ret =
	    renameat(s->dir[SPOOL_TMP], tmp_name, s->dir[SPOOL_CONTROL], name);
	saved = errno;
	if (ret == -1)
		(void)unlinkat(s->dir[SPOOL_TMP], tmp_name, 0);
	errno = saved;
	return ret;
}

int
registry_cancels(const struct spool *s, const char *id, uint64_t inode)
{
	char name[JOB_NAME_MAX + 16], text[32], own[32];
	ssize_t n;
	int fd;

	if (!registry_asked(s, REGISTRY_CANCEL, id))
		return 0;
	request_name(REGISTRY_CANCEL, id, name);
	fd = fs_open(s->dir[SPOOL_CONTROL], name, O_RDONLY | O_NONBLOCK, 0);
	/* By touch(1) of somebody else: it has no text, as far as we know. */
	if (fd == -1)
		return errno == EACCES || errno == EPERM;
	n = fs_read(fd, text, sizeof text - 1);
	(void)fs_close(fd);
	if (n == -1)
		return 0; /* it is looked at again */
	text[n] = '\0';
	snprintf(own, sizeof own, "%llu\n", (unsigned long long)inode);
	return strspn(text, "0123456789") == 0 || strcmp(text, own) == 0;
}

void
registry_answer(const struct spool *s, enum registry_request what,
    const char *whom)
{
	char name[JOB_NAME_MAX + 16];

	request_name(what, whom, name);
	(void)unlinkat(s->dir[SPOOL_CONTROL], name, 0);
}

void
registry_answer_noted(const struct spool *s, enum registry_request what,
    const char *whom, const struct stat *noted)
{
	struct stat st;

	/* The time: touch(1) makes a request anew in the same file. */
	if (registry_noted(s, what, whom, &st) && st.st_ino == noted->st_ino &&
	    st.st_ctim.tv_sec == noted->st_ctim.tv_sec &&
	    st.st_ctim.tv_nsec == noted->st_ctim.tv_nsec)
		registry_answer(s, what, whom);
}
