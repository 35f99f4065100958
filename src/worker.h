/*
 * worker - a process that runs one job at a time: claim, run, record.
 *
 * Owns: the worker's side of its socket to the supervisor, what happens to
 * a job while it runs (timeout, cancel, interrupt, output limit).
 * Must not know: what else waits, who else works.
 *
 * A worker whose supervisor is gone finishes and records its job, then exits;
 * a SIGTERM then interrupts it as the supervisor would.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdint.h>

#include "claim.h"
#include "conf.h"
#include "job.h"
#include "registry.h"

enum order_kind {
	ORDER_RUN,	 /* claim and run a job */
	ORDER_INTERRUPT, /* put back what runs */
	ORDER_CANCEL,	 /* look for control/cancel.ID now */
	ORDER_ENTER	 /* your entry in workers/ is gone: make it again */
};

/* Supervisor to worker; both are the same program, so a struct will do. */
struct order {
	enum order_kind kind;
	int dir;
	int others;	  /* other hosts have entries in workers/ */
	int64_t known_us; /* for how long the file has been known */
	struct conf conf;
	char name[JOB_NAME_MAX + 1];
};

enum answer_kind {
	ANSWER_LOG,	/* text is a line for the log; more will come */
	ANSWER_HELD,	/* the end cannot be recorded yet: start nothing new */
	ANSWER_LEFT,	/* it was not: text is a message for standard error */
	ANSWER_ENTERED, /* to ORDER_ENTER; text tells of an error */
	ANSWER_DONE	/* with the order: result tells how it went */
};

#define ANSWER_TEXT 1024

/* Worker to supervisor; only text_len bytes of text are sent. */
struct answer {
	enum answer_kind kind;
	enum claim_result result;
	int ran;	  /* it was run */
	int leaves;	  /* the worker exits now, and is to be replaced */
	int state;	  /* where the job is now, or JOB_NO_STATE */
	int64_t time;	  /* when it was given */
	int64_t due;	  /* with CLAIM_LATER */
	int64_t duration; /* of the run, microseconds */
	size_t text_len;
	char text[ANSWER_TEXT];
};

/* Bytes of an answer without its text. */
#define ANSWER_HEAD offsetof(struct answer, text)

/*
 * The life of a worker process, in the child after fork: closes all
 * descriptors but `socket`, which becomes 3, takes orders until that closes,
 * and exits.
 */
void worker_main(int socket, const char *spool_path, const char *name);

#endif
