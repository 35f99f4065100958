/*
 * cmd_submit - how one job comes into the spool: what the options of enqueue
 * say about it, what is stamped on it, and the putting in.
 *
 * Owns: the options that set keys of a job, and the stamps.
 * Must not know: where a job comes from, or that there may be more.
 *
 * Functions that return an exit status have said why unless it is MSG_OK.
 */
#ifndef CMD_SUBMIT_H
#define CMD_SUBMIT_H

#include <stddef.h>
#include <stdint.h>

#include "cmd.h"
#include "draft.h"

/* What is the same for all jobs of a command line. */
struct submit {
	const struct opt_args *args;
	int64_t now; /* that relative times count from */
	int again;   /* an ended job of the same ID makes room */
	char *cwd;   /* of this process; NULL: it has no usable name */
	char umask[16];
};

void submit_init(struct submit *q, const struct opt_args *args);
void submit_free(struct submit *q);

/* Sets a JSON object or a shell command; 0, or -1 and the error. */
int submit_given(const struct submit *q, struct draft *d, const char *text,
    size_t len, struct job_error *error);

/* Sets what the options say, which beats what was set before. */
int submit_options(const struct submit *q, struct draft *d);

/* Checks a draft that is not stamped yet; 0, or -1 and the error. */
int submit_check(const struct submit *q, const struct draft *d,
    struct job_error *error);

/* Refuses what is to come if the disk is too full for it. */
int submit_space(const struct spool *s, const struct conf *conf);

/* Stamps a checked draft and writes its file, as spool_prepare does. */
int submit_prepare(const struct submit *q, struct spool *s,
    const struct conf *conf, struct draft *d, int alone, struct spool_new *n);

/*
 * Puts prepared files into the spool and prints their IDs; *in tells how many
 * are in, and no other is left anywhere.
 */
int submit_put(const struct submit *q, struct spool *s, struct spool_new *n,
    size_t count, size_t *in);

/* Says what is wrong with an option; the key it sets is not repeated. */
int submit_wrong(const char *option, const struct job_error *error);

#endif
