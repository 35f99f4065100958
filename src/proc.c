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

#define PROC_KILL_ROUNDS 100 /* sweeps through a session that forks */
#define PROC_KILL_MS	 5   /* between them */

/* What the child could not do. */
enum stage {
	STAGE_SETUP,
	STAGE_CWD,
	STAGE_EXEC
};

struct trouble {
	enum stage stage;
	int error;
};

/* The signals that a worker has changed; see worker.c. */
static const int changed_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE,
	SIGCHLD, SIGXFSZ };

static void
reset_signals(void)
{
	struct sigaction sa;
	sigset_t none;
	size_t i;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = SIG_DFL;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof changed_signals / sizeof *changed_signals; i++)
		(void)sigaction(changed_signals[i], &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
set_number(const char *name, int n)
{
	char text[16];

	snprintf(text, sizeof text, "%d", n);
	return setenv(name, text, 1);
}

static int
set_environment(const struct proc_spec *p)
{
	const char *pair;
	char *name;
	size_t i;
	int ret;

	for (i = 0; i < p->job->envc; i++) {
		pair = p->job->env[i];
		name = strdup(pair);
		if (name == NULL)
			return -1;
		*strchr(name, '=') = '\0';
		ret = setenv(name, strchr(pair, '=') + 1, 1);
		free(name);
		if (ret == -1)
			return -1;
	}
	if (setenv("QUEUECTL_JOB_ID", p->id, 1) == -1 ||
	    set_number("QUEUECTL_ATTEMPT", p->attempt) == -1 ||
	    set_number("QUEUECTL_MAX_RETRIES", p->max_retries) == -1 ||
	    setenv("QUEUECTL_SPOOL", p->spool, 1) == -1 ||
	    setenv("QUEUECTL_WORKER", p->worker, 1) == -1)
		return -1;
	return 0;
}

/* The home of the user whom we run as. */
static const char *
home(void)
{
	const char *dir = getenv("HOME");
	const struct passwd *pw;

	if (dir != NULL && dir[0] == '/')
		return dir;
	pw = getpwuid(geteuid());
	return pw != NULL && pw->pw_dir[0] == '/' ? pw->pw_dir : "/";
}

/* In the child: becomes the job, or says on the pipe why not. */
static void
become(const struct proc_spec *p, int report)
{
	struct trouble t = { STAGE_SETUP, 0 };

	(void)setsid();
	reset_signals();
	if (dup2(p->out_fd, STDOUT_FILENO) == -1 ||
	    dup2(p->err_fd, STDERR_FILENO) == -1 ||
	    fcntl(p->lock_fd, F_DUPFD, PROC_LOCK_FD) == -1 ||
	    set_environment(p) == -1)
		goto fail;
	if (p->job->umask >= 0)
		(void)umask((mode_t)p->job->umask);
	t.stage = STAGE_CWD;
	if (chdir(p->job->cwd != NULL ? p->job->cwd : home()) == -1)
		goto fail;
	t.stage = STAGE_EXEC;
	if (p->job->command != NULL)
		execl("/bin/sh", "sh", "-c", p->job->command, (char *)NULL);
	else
		execvp(p->job->argv[0], p->job->argv);
fail:
	t.error = errno;
	(void)fs_write(report, &t, sizeof t);
	_exit(127);
}

/* True if the machine lacks something just now: not the job's fault. */
static int
is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE ||
	    error == ENFILE;
}

/* Why the run could not begin, and what a shell would exit with. */
static void
explain(const struct proc_spec *p, const struct trouble *t,
    struct proc_failure *failure)
{
	const char *what =
	    p->job->command != NULL ? "/bin/sh" : p->job->argv[0];
	const char *verb = "cannot execute";

	if (t->stage == STAGE_CWD) {
		what = p->job->cwd != NULL ? p->job->cwd : home();
		verb = "cannot enter directory";
	}
	failure->exit_code =
	    t->error == ENOENT || t->error == ENOTDIR ? 127 : 126;
	snprintf(failure->what, sizeof failure->what, "%s %.150s: %s", verb,
	    what, strerror(t->error));
}

pid_t
proc_start(const struct proc_spec *spec, struct proc_failure *failure)
{
	struct trouble t;
	ssize_t n;
	pid_t pid;
	int report[2], saved;

	if (pipe(report) == -1)
		return -1;
	(void)fcntl(report[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(report[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	saved = errno;
	if (pid == 0) {
		(void)fs_close(report[0]); /* it may be one too many */
		become(spec, report[1]);
	}
	(void)fs_close(report[1]);
	/* The end of the pipe closes when exec(2) succeeds. */
	n = pid > 0 ? fs_read(report[0], &t, sizeof t) : 0;
	(void)fs_close(report[0]);
	errno = saved;
	if (n != (ssize_t)sizeof t)
		return pid;
	proc_reap(pid);
	if (t.stage == STAGE_SETUP || is_shortage(t.error)) {
		errno = t.error;
		return -1;
	}
	explain(spec, &t, failure);
	return 0;
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
	(void)os_kill_session(pid, SIGTERM);
	/* A stopped process would not see it. */
	(void)os_kill_session(pid, SIGCONT);
}

int
proc_lingers(pid_t pid)
{
	return os_session_alive(pid);
}

void
proc_kill(pid_t pid)
{
	int round;

	/* What forked meanwhile is found in the next round. */
	for (round = 0; round < PROC_KILL_ROUNDS; round++) {
		if (os_kill_session(pid, SIGKILL) == 0)
			return;
		(void)poll(NULL, 0, PROC_KILL_MS);
	}
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
