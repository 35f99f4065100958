#include "proc.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"

#define PROC_QUIET    4	 /* looks that find nothing, until all is killed */
#define PROC_PAUSE_MS 64 /* at most between two looks */

/* What the child could not do. */
enum stage {
	STAGE_SETUP,
	STAGE_CWD,
	STAGE_EXEC
};

/* In memory that it shares with us, however it is made. */
struct proc_trouble {
	enum stage stage;
	int error;     /* 0: none */
	char dir[152]; /* that could not be entered, or how it begins */
};

/* ---- What it finds ---- */

extern char **environ; /* POSIX has it in no header */

#define PROC_OWN 5 /* variables that each job has */

/*
 * The environment of a job, made before its process is: until exec(2) that
 * one may be in our memory, and may not change it.
 */
struct setting {
	char **env;
	size_t count;
	struct buf own[PROC_OWN];
};

/* A later one of a name replaces an earlier one. */
static void
put_variable(struct setting *s, char *pair)
{
	size_t len = strcspn(pair, "="), i;

	for (i = 0; i < s->count; i++)
		if (strncmp(s->env[i], pair, len) == 0 && s->env[i][len] == '=')
			break;
	s->env[i] = pair;
	if (i == s->count)
		s->env[++s->count] = NULL;
}

static void
setting_free(struct setting *s)
{
	int i;

	for (i = 0; i < PROC_OWN; i++)
		buf_free(&s->own[i]);
	free(s->env);
}

/* 0, or -1 with errno ENOMEM; s is to be freed. */
static int
setting_make(struct setting *s, const struct proc_spec *p)
{
	static const struct setting empty;
	size_t inherited = 0, i;

	*s = empty;
	while (environ != NULL && environ[inherited] != NULL)
		inherited++;
	s->env =
	    malloc((inherited + p->job->envc + PROC_OWN + 1) * sizeof(char *));
	buf_printf(&s->own[0], "QUEUECTL_JOB_ID=%s", p->id);
	buf_printf(&s->own[1], "QUEUECTL_ATTEMPT=%d", p->attempt);
	buf_printf(&s->own[2], "QUEUECTL_MAX_RETRIES=%d", p->max_retries);
	buf_printf(&s->own[3], "QUEUECTL_SPOOL=%s", p->spool);
	buf_printf(&s->own[4], "QUEUECTL_WORKER=%s", p->worker);
	for (i = 0; i < PROC_OWN && !s->own[i].failed; i++)
		;
	if (s->env == NULL || i < PROC_OWN) {
		errno = ENOMEM;
		return -1;
	}
	for (i = 0; i < inherited; i++)
		s->env[i] = environ[i];
	s->env[i] = NULL;
	s->count = inherited;
	for (i = 0; i < p->job->envc; i++)
		put_variable(s, p->job->env[i]);
	for (i = 0; i < PROC_OWN; i++)
		put_variable(s, s->own[i].data);
	return 0;
}

/* Where it runs; NULL: at home, which the user's database knows. */
static const char *
directory(const struct job *job)
{
	const char *dir = job->cwd != NULL ? job->cwd : getenv("HOME");

	return dir != NULL && dir[0] == '/' ? dir : NULL;
}

static const char *
home(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw != NULL && pw->pw_dir[0] == '/' ? pw->pw_dir : "/";
}

/* ---- Starting ---- */

struct child {
	const struct proc_spec *spec;
	const char *dir;
	int apart; /* in memory of its own: it may take as long as it likes */
};

struct proc_trouble *
proc_trouble(void)
{
	return os_shared(sizeof(struct proc_trouble));
}

/*
 * In the child: becomes the job, or says why not.  What the worker catches,
 * exec(2) sets to the default.
 */
static void
become(void *arg)
{
	const struct child *c = arg;
	const struct proc_spec *p = c->spec;
	const char *dir = c->dir;
	enum stage stage = STAGE_SETUP;
	sigset_t none;
	int i;

	(void)setsid();
	/* It may hang in what follows, and is not to look like the worker. */
	for (i = 0; c->apart && i < PROC_APART; i++)
		(void)close(p->apart[i]);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(p->out_fd, STDOUT_FILENO) == -1 ||
	    dup2(p->err_fd, STDERR_FILENO) == -1 ||
	    fcntl(p->lock_fd, F_DUPFD, PROC_LOCK_FD) == -1)
		goto fail;
	(void)umask(p->job->umask >= 0 ? (mode_t)p->job->umask : fs_umask());
	stage = STAGE_CWD;
	if (dir == NULL)
		dir = home();
	if (chdir(dir) == -1)
		goto fail;
	stage = STAGE_EXEC;
	if (p->job->command != NULL)
		execl("/bin/sh", "sh", "-c", p->job->command, (char *)NULL);
	else
		execvp(p->job->argv[0], p->job->argv);
fail:
	p->trouble->error = errno;
	p->trouble->stage = stage;
	strncpy(p->trouble->dir, dir != NULL ? dir : "",
	    sizeof p->trouble->dir - 1);
	_exit(127);
}

/* True if the machine lacks something just now: not the job's fault. */
static int
is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE ||
	    error == ENFILE;
}

int
proc_failed(const struct proc_spec *spec, struct proc_failure *failure)
{
	const struct proc_trouble *t = spec->trouble;
	const struct job *job = spec->job;
	const char *what = job->command != NULL ? "/bin/sh" : job->argv[0];
	const char *verb = "cannot execute";

	if (t->error == 0)
		return 0;
	if (t->stage == STAGE_SETUP || is_shortage(t->error)) {
		errno = t->error;
		return -1;
	}
	if (t->stage == STAGE_CWD) {
		what = t->dir;
		verb = "cannot enter directory";
	}
	failure->exit_code =
	    t->error == ENOENT || t->error == ENOTDIR ? 127 : 126;
	snprintf(failure->what, sizeof failure->what, "%s %.150s: %s", verb,
	    what, strerror(t->error));
	return 1;
}

pid_t
proc_start(const struct proc_spec *spec)
{
	char **ours = environ;
	struct setting setting;
	struct child c;
	pid_t pid = -1;
	int saved;

	spec->trouble->error = 0;
	c.spec = spec;
	if (setting_make(&setting, spec) == 0) {
		/* Where execvp(3) looks for programs is the job's PATH. */
		environ = setting.env;
		c.dir = directory(spec->job);
		/*
		 * chdir, exec and getpwuid may wait for some server; and a
		 * program of the job's for whoever holds a lease on it.
		 */
		c.apart = c.dir == NULL || spec->job->command == NULL ||
		    !os_mounts_local(spec->mounts);
		pid = os_fork(become, &c, !c.apart);
		environ = ours;
	}
	saved = errno;
	setting_free(&setting);
	errno = saved;
	return pid;
}

int
proc_ended(pid_t pid, struct proc_status *status)
{
	siginfo_t si;

	si.si_pid = 0;
	if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT | WNOHANG) == -1) {
		if (errno == EINTR)
			return 0;
		/* Not ours to wait for any more: nothing can be known. */
		status->exit_code = -1;
		status->signal = SIGKILL;
		return 1;
	}
	if (si.si_pid == 0)
		return 0;
	status->exit_code = si.si_code == CLD_EXITED ? si.si_status : -1;
	status->signal = si.si_code == CLD_EXITED ? 0 : si.si_status;
	return 1;
}

void
proc_terminate(pid_t pid)
{
	(void)os_kill_session(pid, SIGTERM, NULL);
	/* A stopped process would not see it. */
	(void)os_kill_session(pid, SIGCONT, NULL);
}

int
proc_lingers(pid_t pid)
{
	return os_kill_session(pid, 0, NULL) > 0;
}

void
proc_kill(pid_t pid, struct os_process *left)
{
	int64_t until = fs_mono() + PROC_DEATH;
	struct proc_status status;
	int quiet = 0, ms = 1;

	while (quiet < PROC_QUIET) {
		left->pid = pid;
		left->state = '\0';
		/* What forked while we looked is found by the next look. */
		if (os_kill_session(pid, SIGKILL, left) == 0 &&
		    proc_ended(pid, &status)) {
			quiet++;
			continue;
		}
		if (fs_mono() >= until)
			return;
		quiet = 0;
		(void)poll(NULL, 0, ms);
		ms = ms < PROC_PAUSE_MS ? 2 * ms : ms;
	}
	left->pid = 0;
}

void
proc_kill_group(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
}

void
proc_reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}
