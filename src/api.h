/*
 * api - what is told about a spool as JSON.
 *
 * Owns: the members of each answer that are not record_json's or tally's.
 * Must not know: who may ask.  It only looks: nothing is changed.
 */
#ifndef API_H
#define API_H

#include "answer.h"
#include "record.h"
#include "view.h"

#define API_JOBS     20	   /* jobs of an answer unless said otherwise, */
#define API_JOBS_MAX 500   /* and at most */
#define API_OUTPUT   16384 /* bytes of an output in an answer, at most */
#define API_MINUTES  60	   /* that the throughput is told of */

/*
 * Each appends an answer to its path, whose query is a->request's; or the
 * answer is a refusal.
 */
void api_status(struct answer *a, struct view *v);     /* /api/status */
void api_jobs(struct answer *a, struct view *v);       /* /api/jobs */
void api_throughput(struct answer *a, struct view *v); /* /api/throughput */
void api_errors(struct answer *a, struct view *v);     /* /api/errors */
void api_job(struct answer *a, struct view *v, const char *id);
void api_output(struct answer *a, struct view *v, const char *id);

/*
 * Reads the job of an ID, or of an ID~TIME; 0: to be freed; -1: the answer is
 * why not.
 */
int api_find(struct answer *a, const struct view *v, const char *id,
    struct record *r);

/* The state that the query names, JOB_NO_STATE for none, or -2: refused. */
int api_state(struct answer *a);

/* How many ended in each of the last API_MINUTES minutes, this one last. */
struct api_minutes {
	int64_t from; /* when the first one began */
	long completed[API_MINUTES], dead[API_MINUTES];
};

/* 0, or -1 with errno. */
int api_count_minutes(struct view *v, struct api_minutes *m);

#endif
