#include "fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "job.h"
#include "os.h"

#define PATH_SIZE 1024
#define FILE_MAX  (4 * 1048576)

char fixture_path[PATH_SIZE];
int fixture_fd = -1;
struct spool spool;
struct conf conf;

static char base[PATH_SIZE / 2]; /* of all tests of a case */
static struct buf text;
static struct rlimit size_before;
static int limited;

/* ---- Setting up ---- */

/* Removes what is in a directory; a test may have changed its mode. */
static void
empty(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			continue;
		(void)fchmodat(dirfd(dir), entry->d_name, 0700, 0);
		empty(dirfd(dir), entry->d_name);
		(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* Around all tests of a case, in Check's own process. */
static void
base_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base, sizeof base, "%s/queuectl-unit.XXXXXX",
	    tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	ck_assert_msg(mkdtemp(base) != NULL, "%s: %s", base, strerror(errno));
}

/* Also after a test that failed, whose own teardown is not run. */
static void
base_teardown(void)
{
	empty(AT_FDCWD, base);
	(void)rmdir(base);
}

static void
dir_setup(void)
{
	snprintf(fixture_path, sizeof fixture_path, "%s/XXXXXX", base);
	ck_assert_msg(mkdtemp(fixture_path) != NULL, "%s: %s", fixture_path,
	    strerror(errno));
	fixture_fd = open(fixture_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ne(fixture_fd, -1);
}

static void
dir_teardown(void)
{
	unlimit_size();
	(void)close(fixture_fd);
	buf_free(&text);
	empty(AT_FDCWD, fixture_path);
	(void)rmdir(fixture_path);
}

static void
spool_setup(void)
{
	char path[PATH_SIZE + 16], why[SPOOL_WHY_MAX] = "";

	dir_setup();
	snprintf(path, sizeof path, "%s/spool", fixture_path);
	ck_assert_msg(spool_open(&spool, path, SPOOL_MAKE, why) == 0, "%s",
	    why);
	spool.durable = 0;
	conf_defaults(&conf);
}

static void
spool_teardown(void)
{
	spool_close(&spool);
	dir_teardown();
}

void
fixture_dirs(TCase *t)
{
	tcase_add_unchecked_fixture(t, base_setup, base_teardown);
	tcase_add_checked_fixture(t, dir_setup, dir_teardown);
	tcase_set_timeout(t, 30);
}

void
fixture_spools(TCase *t)
{
	tcase_add_unchecked_fixture(t, base_setup, base_teardown);
	tcase_add_checked_fixture(t, spool_setup, spool_teardown);
	tcase_set_timeout(t, 30);
}

/* ---- Files ---- */

void
put_bytes_at(int fd, const char *name, const void *bytes, size_t len)
{
	int out = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_msg(out != -1, "%s: %s", name, strerror(errno));
	ck_assert_msg(fs_write(out, bytes, len) == 0, "%s: %s", name,
	    strerror(errno));
	ck_assert_int_eq(close(out), 0);
}

void
put_at(int fd, const char *name, const char *bytes)
{
	put_bytes_at(fd, name, bytes, strlen(bytes));
}

const struct buf *
text_at(int fd, const char *name)
{
	buf_clear(&text);
	ck_assert_msg(fs_read_file(fd, name, &text, FILE_MAX) == 0, "%s: %s",
	    name, strerror(errno));
	return &text;
}

void
expect_at(int fd, const char *name, const char *want)
{
	const struct buf *got = text_at(fd, name);

	ck_assert_uint_eq(strlen(buf_text(got)), got->len);
	ck_assert_msg(strcmp(buf_text(got), want) == 0,
	    "%s: expected\n%s\ngot\n%s", name, want, buf_text(got));
}

void
expect_none_at(int fd, const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 &&
		errno == ENOENT,
	    "%s is there", name);
}

int
count_at(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(copy);
	const struct dirent *entry;
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

void
put_file(int dir, const char *name, const char *bytes)
{
	put_at(spool.dir[dir], name, bytes);
}

void
expect_file(int dir, const char *name, const char *want)
{
	struct stat st;

	ck_assert_msg(fstatat(spool.dir[dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
		0,
	    "%s/%s: %s", spool_dir_name(dir), name, strerror(errno));
	expect_at(spool.dir[dir], name, want);
}

void
expect_none(int dir, const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(spool.dir[dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1 &&
		errno == ENOENT,
	    "%s/%s is there", spool_dir_name(dir), name);
}

void
expect_count(int dir, int count)
{
	int n = count_at(spool.dir[dir]);

	ck_assert_msg(n == count, "%s/: expected %d entries, got %d",
	    spool_dir_name(dir), count, n);
}

void
expect_begin(int dir, const char *name, const char *want)
{
	const struct buf *got = text_at(spool.dir[dir], name);

	ck_assert_msg(strncmp(buf_text(got), want, strlen(want)) == 0,
	    "%s/%s: expected to begin with\n%s\ngot\n%s", spool_dir_name(dir),
	    name, want, buf_text(got));
}

void
set_mtime(int dir, const char *name, int64_t us)
{
	struct timespec times[2];

	times[0].tv_sec = times[1].tv_sec = (time_t)(us / WHEN_SECOND);
	times[0].tv_nsec = times[1].tv_nsec = (long)(us % WHEN_SECOND) * 1000;
	ck_assert_int_eq(utimensat(spool.dir[dir], name, times, 0), 0);
}

/* ---- Histories ---- */

static void
put_event(struct buf *out, const struct job_event *e)
{
	buf_puts(out, job_state_name(e->state));
	if (e->attempt > 0)
		buf_printf(out, " attempt=%d", e->attempt);
	if (e->exit_code >= 0)
		buf_printf(out, " exit_code=%d", e->exit_code);
	if (e->signal > 0)
		buf_printf(out, " signal=%d", e->signal);
	if (e->retry_at >= 0)
		buf_printf(out, " retry_at=+%.10g",
		    (double)(e->retry_at - e->time) / 1e6);
	if (e->reason != JOB_NO_REASON)
		buf_printf(out, " reason=%s", job_reason_name(e->reason));
	if (e->worker != NULL)
		buf_printf(out, " worker=%s", e->worker);
	if (e->error != NULL)
		buf_printf(out, " error=%s", e->error);
	buf_putc(out, '\n');
}

void
expect_history(int dir, const char *name, const char *lines)
{
	const struct buf *got = text_at(spool.dir[dir], name);
	struct buf shown = BUF_EMPTY;
	struct job_error error;
	int64_t last = -1;
	struct job job;
	size_t i;

	(void)job_parse(&job, buf_text(got), got->len, &error);
	for (i = 0; i < job.nevents; i++) {
		ck_assert_msg(job.events[i].time > last,
		    "%s/%s: times do not ascend:\n%s", spool_dir_name(dir),
		    name, buf_text(got));
		last = job.events[i].time;
		put_event(&shown, &job.events[i]);
	}
	ck_assert_msg(job.whole == got->len, "%s/%s: a torn last line:\n%s",
	    spool_dir_name(dir), name, buf_text(got));
	ck_assert_msg(strcmp(buf_text(&shown), lines) == 0,
	    "%s/%s: expected\n%s\ngot\n%s", spool_dir_name(dir), name, lines,
	    buf_text(&shown));
	job_free(&job);
	buf_free(&shown);
}

void
expect_job(int dir, const char *name, const char *lines)
{
	int found = spool_find(&spool, name);
	enum spool_result r;
	int fd;

	ck_assert_msg(found == dir, "%s: expected in %s/, found in %s", name,
	    spool_dir_name(dir), job_state_name(found));
	r = spool_take(&spool, dir, name, &fd);
	ck_assert_msg(r == SPOOL_OK, "%s/%s: its lock is held (%d)",
	    spool_dir_name(dir), name, (int)r);
	spool_release(fd);
	expect_history(dir, name, lines);
}

/* ---- Limits ---- */

void
limit_size(long bytes)
{
	struct rlimit now;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &size_before), 0);
	now = size_before;
	now.rlim_cur = (rlim_t)bytes;
	(void)fflush(NULL);
	limited = 1;
	if (setrlimit(RLIMIT_FSIZE, &now) == -1)
		abort();
}

void
unlimit_size(void)
{
	if (!limited)
		return;
	limited = 0;
	if (setrlimit(RLIMIT_FSIZE, &size_before) == -1)
		abort();
	(void)signal(SIGXFSZ, SIG_DFL);
}

/* ---- Other processes ---- */

pid_t
child_start(int (*run)(void *arg), void *arg)
{
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(run(arg));
	ck_assert_int_ne(pid, -1);
	return pid;
}

int
child_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_msg(WIFEXITED(status), "a child died of signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WEXITSTATUS(status);
}

/* What the child of hold_at gets. */
struct held {
	int fd;
	const char *name;
	int ready[2];
	int go[2];
};

static int
hold_run(void *arg)
{
	const struct held *h = arg;
	int fd = openat(h->fd, h->name, O_RDWR);
	char c = 'x';

	(void)close(h->go[1]);
	if (fd == -1 || os_flock(fd, OS_LOCK_EXCLUSIVE) != 0)
		return 1;
	if (fs_write(h->ready[1], &c, 1) == -1)
		return 1;
	/* Also ends when the test has died. */
	return fs_read(h->go[0], &c, 1) == -1;
}

struct holder
hold_at(int fd, const char *name)
{
	struct holder holder;
	struct held h;
	char c;

	h.fd = fd;
	h.name = name;
	ck_assert_int_eq(pipe(h.ready), 0);
	ck_assert_int_eq(pipe(h.go), 0);
	holder.pid = child_start(hold_run, &h);
	holder.go = h.go[1];
	(void)close(h.ready[1]);
	(void)close(h.go[0]);
	ck_assert_msg(fs_read(h.ready[0], &c, 1) == 1, "%s: cannot be locked",
	    name);
	(void)close(h.ready[0]);
	return holder;
}

struct holder
hold(int dir, const char *name)
{
	return hold_at(spool.dir[dir], name);
}

void
let_go(struct holder *h)
{
	ck_assert_int_eq(fs_write(h->go, "x", 1), 0);
	(void)close(h->go);
	ck_assert_int_eq(child_end(h->pid), 0);
}

int
wait_until(int (*ready)(void *arg), void *arg)
{
	int64_t deadline = fs_mono() + 5 * WHEN_SECOND;

	while (!ready(arg)) {
		if (fs_mono() > deadline)
			return 0;
		(void)poll(NULL, 0, 1);
	}
	return 1;
}
