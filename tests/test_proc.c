#include "tests.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"
#include "proc.h"

#define CHAINS 50

/* What the processes of a chain share with the test. */
struct chain {
	volatile long links; /* processes that there were */
	volatile int stop;   /* it is to end by itself */
};

/*
 * In the child: a process of its own group forks, and ends, and so does what
 * it has forked.
 */
static void
run_chain(void *arg)
{
	struct chain *chain = arg;

	(void)setsid();
	if (fork() > 0)
		(void)pause();
	while (!chain->stop) {
		(void)setpgid(0, 0);
		if (fork() != 0)
			break;
		chain->links++;
	}
	_exit(0);
}

/* What forks as fast as it can does not get away from being killed. */
START_TEST(kill_chain)
{
	struct chain *chain;
	struct os_process left;
	int caught = 0, i;
	int64_t until;
	long links;
	pid_t pid;

	for (i = 0; i < CHAINS; i++) {
		chain = os_shared(sizeof *chain);
		ck_assert_ptr_nonnull(chain);
		pid = os_fork(run_chain, chain, 0);
		ck_assert_int_gt(pid, 0);
		until = fs_mono() + 10 * WHEN_SECOND;
		while (chain->links < 20 && fs_mono() < until)
			(void)poll(NULL, 0, 1);
		ck_assert_int_ge(chain->links, 20);
		if (os_kill_session(pid, 0, NULL) == 0) {
			/* The system does not tell of a session. */
			chain->stop = 1;
			(void)kill(pid, SIGKILL);
			proc_reap(pid);
			return;
		}
		proc_kill(pid, &left);
		ck_assert_int_eq(left.pid, 0);
		links = chain->links;
		(void)poll(NULL, 0, 20);
		caught += chain->links == links;
		chain->stop = 1;
		proc_reap(pid);
	}
	/* Nothing makes it certain: queuectl-spool(5), CAVEATS. */
	ck_assert_int_ge(caught, CHAINS - 1);
}
END_TEST

/* A child that has not made its session yet is reached as well. */
static void
run_alone(void *arg)
{
	(void)arg;
	for (;;)
		(void)pause();
}

START_TEST(signal_early)
{
	static const int sigs[] = { SIGTERM, SIGKILL };
	struct proc_status status;
	struct os_process left;
	pid_t pid;
	int i;

	(void)signal(SIGTERM, SIG_DFL); /* Check has a handler */
	for (i = 0; i < 2; i++) {
		pid = os_fork(run_alone, NULL, 0);
		ck_assert_int_gt(pid, 0);
		if (sigs[i] == SIGTERM)
			proc_terminate(pid);
		else
			proc_kill(pid, &left);
		while (!proc_ended(pid, &status))
			(void)poll(NULL, 0, 1);
		ck_assert_int_eq(status.signal, sigs[i]);
		proc_reap(pid);
	}
}
END_TEST

Suite *
suite_proc(void)
{
	Suite *s = suite_create("proc");
	TCase *t = tcase_create("kill");

	tcase_add_test(t, kill_chain);
	tcase_add_test(t, signal_early);
	suite_add_tcase(s, t);
	return s;
}
