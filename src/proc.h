/*
 * proc - one run of a job: starting, ending and reaping its processes.
 *
 * Owns: what a job finds when it starts (session, signals, descriptors,
 * environment, directory), and how all that is left of it is killed.
 * Must not know: the spool's files, why a job is ended.
 */
#ifndef PROC_H
#define PROC_H

#include <sys/types.h>

#include "buf.h"
#include "job.h"
#include "os.h"
#include "when.h"

/* The job's descriptor of its own file is this or above. */
#define PROC_LOCK_FD 10

/* Descriptors of a worker by which others see that it lives. */
#define PROC_APART 2

/* After SIGKILL, until a process counts as one that cannot be killed. */
#define PROC_DEATH (5 * WHEN_SECOND)

/* Where a child says what kept it from becoming its job. */
struct proc_trouble;

struct proc_spec {
	struct proc_trouble *trouble;
	const struct job *job;
	const char *id;
	const char *spool;  /* path */
	const char *worker; /* HOST.PID.SLOT */
	int attempt;
	int max_retries;
	int lock_fd; /* whose flock the job shares */
	int out_fd, err_fd;
	struct os_mounts *mounts;
	int apart[PROC_APART]; /* open only as long as the worker lives */
};

/* How a run ended. */
struct proc_status {
	int exit_code; /* -1: by a signal */
	int signal;    /* 0: by exit */
};

/* Why a run could not begin. */
struct proc_failure {
	int exit_code; /* 126 or 127, as a shell would say */
	char what[JOB_ERROR_MAX];
};

/* For one run after the other; NULL with errno.  It is never given back. */
struct proc_trouble *proc_trouble(void);

/*
 * Starts a job in a session of its own.  Returns its PID, or -1 with errno if
 * no process could be made.  The process may still be on its way to become the
 * job, and hang there.
 */
pid_t proc_start(const struct proc_spec *spec);

/*
 * Whether a process that has ended had become the job.  Returns 0 if it had;
 * 1 if the program or its directory cannot be used, and fills *failure: that
 * is a failed run; -1 with errno if it lacked something else: that is not the
 * job's fault.
 */
int proc_failed(const struct proc_spec *spec, struct proc_failure *failure);

/*
 * 1 if the process has ended, and fills *status; it is still to be reaped,
 * so that its PID and process group cannot be taken by others.  0 if not.
 */
int proc_ended(pid_t pid, struct proc_status *status);

/* Asks the job to end: SIGTERM to all of its session. */
void proc_terminate(pid_t pid);

/* True if, its first process having ended, others of it are known to live. */
int proc_lingers(pid_t pid);

/*
 * SIGKILL to all of its session, until none of it is known to live; waits for
 * that, but no longer than PROC_DEATH.  *left is one that still lives, or its
 * PID is 0.
 */
void proc_kill(pid_t pid, struct os_process *left);

/* SIGKILL to what is left of the process group of a job that failed. */
void proc_kill_group(pid_t pid);

/* Takes the ended process away. */
void proc_reap(pid_t pid);

#endif
