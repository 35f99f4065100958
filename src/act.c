#include "act.h"

#include <errno.h>
#include <string.h>

#include "claim.h"
#include "why.h"

static void
done(struct answer *a, int status)
{
	a->status = status;
	a->type = answer_json;
	buf_puts(&a->body, "{}\n");
}

/* Answers what came of it. */
static void
tell(struct answer *a, enum claim_result r, const char *why)
{
	switch (r) {
	case CLAIM_OK:
		done(a, 200);
		break;
	case CLAIM_LATER:
		done(a, 202);
		break;
	case CLAIM_GONE:
		answer_refuse(a, 404, "no such job");
		break;
	case CLAIM_BUSY:
		answer_refuse(a, 503,
		    "its file is locked by somebody, or by a process that it "
		    "left: try again, or by the commands of queuectl");
		break;
	case CLAIM_REFUSED:
		answer_refuse(a, 409, "%s", why);
		break;
	case CLAIM_FOREIGN:
		answer_refuse(a, 409,
		    "not a regular file, or not ours to open: it is left "
		    "alone");
		break;
	case CLAIM_UNSYNCED:
		answer_refuse(a, 503,
		    "done, but that could not be synced to disk");
		break;
	default:
		answer_refuse(a, 503, "%s", spool_strerror(errno));
		break;
	}
}

/* True if the ID may be that of a job that is live, or is to be again. */
static int
is_id(struct answer *a, const char *id)
{
	if (job_id_valid(id))
		return 1;
	if (job_name_old(id))
		answer_refuse(a, 409,
		    "an older record stays as it is: enqueue its command "
		    "again");
	else
		answer_refuse(a, 404, "that cannot be the ID of a job");
	return 0;
}

void
act_retry(struct answer *a, struct view *v, const char *id)
{
	char why[SPOOL_WHY_MAX] = "";
	long again = 0;

	if (is_id(a, id) && answer_number(a, "again", 0, 1, &again) != -1)
		tell(a,
		    claim_retry(&v->spool, &v->conf, id, again == 1, ACT_WAIT,
			why),
		    why);
}

void
act_cancel(struct answer *a, struct view *v, const char *id)
{
	char why[SPOOL_WHY_MAX] = "";

	if (is_id(a, id))
		tell(a,
		    claim_ask_cancel(&v->spool, &v->conf, id, ACT_WAIT, why),
		    why);
}

void
act_purge(struct answer *a, struct view *v, const char *id)
{
	char why[SPOOL_WHY_MAX] = "";
	enum claim_result r;

	if (!job_name_valid(id)) {
		answer_refuse(a, 404, "that cannot be the ID of a job");
		return;
	}
	r = claim_purge(&v->spool, JOB_NO_STATE, id, ACT_WAIT, 0, why);
	/* What was removed is to stay so. */
	if (r == CLAIM_OK &&
	    (spool_sync_dir(&v->spool, SPOOL_COMPLETED) == -1 ||
		spool_sync_dir(&v->spool, SPOOL_DEAD) == -1))
		r = CLAIM_UNSYNCED;
	tell(a, r, why);
}

void
act_pause(struct answer *a, struct view *v)
{
	struct buf reason = BUF_EMPTY, text = BUF_EMPTY;
	const struct http_request *r = a->request;
	size_t len = 0;

	/* It is one line. */
	while (len < r->length && r->body[len] != '\n' &&
	    r->body[len] != '\r' && r->body[len] != '\0')
		len++;
	buf_add(&reason, r->body, len);
	why_pausing(v->now, len > 0 ? buf_text(&reason) : NULL, &text);
	if (v->spool.fd == -1)
		answer_refuse(a, 409, "there is no spool yet");
	else if (reason.failed || text.failed ||
	    spool_pause(&v->spool, &text) == -1)
		answer_refuse(a, 503, "not paused: %s", strerror(errno));
	else
		done(a, 200);
	buf_free(&reason);
	buf_free(&text);
}

void
act_resume(struct answer *a, struct view *v)
{
	if (v->spool.fd == -1)
		answer_refuse(a, 409, "there is no spool yet");
	else if (spool_resume(&v->spool) == 0 || errno == ENOENT)
		done(a, 200);
	else
		answer_refuse(a, 503, "not resumed: %s", strerror(errno));
}
