/*
 * cmd_retry - retry, dlq retry.
 */
#include "cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "claim.h"

/* Says what came of a retry; the exit status. */
static int
say_retried(const struct spool *s, const char *id, enum claim_result r,
    const char *why, int again)
{
	switch (r) {
	case CLAIM_OK:
		return MSG_OK;
	case CLAIM_GONE:
		if (spool_find(s, id) == JOB_NO_STATE) {
			cmd_warn(id,
			    "no such job: 'queuectl list' shows "
			    "all there are");
			return MSG_NO_JOB;
		}
		cmd_warn(id, "it is moving at this moment: try again");
		return MSG_AGAIN;
	case CLAIM_BUSY:
		cmd_warn(id, "its file is locked by somebody: try again");
		return MSG_AGAIN;
	case CLAIM_REFUSED:
		cmd_warn(id, "%s%s", why,
		    !again && spool_find(s, id) == SPOOL_COMPLETED ?
			": give --again to run it once more" :
			"");
		return MSG_REFUSED;
	case CLAIM_FOREIGN:
		cmd_warn(id,
		    "not a regular file, or not yours to open: it is left "
		    "alone");
		return MSG_REFUSED;
	case CLAIM_UNSYNCED:
		msg_warn("%s: will run again, but that could not be synced to "
			 "disk",
		    id);
		return MSG_REFUSED;
	default:
		msg_warn("%s: not retried", id);
		return cmd_errno_status(errno);
	}
}

/* Retries one job, which must be in `only` unless that is JOB_NO_STATE. */
static int
retry(struct spool *s, const char *id, int only, int again)
{
	char why[SPOOL_WHY_MAX] = "";
	int dir = spool_find(s, id);

	if (only != JOB_NO_STATE && dir >= 0 && dir != only) {
		cmd_warn(id, "is %s, not in the dead letter queue",
		    job_state_name(dir));
		return MSG_REFUSED;
	}
	if (dir == JOB_NO_STATE)
		return say_retried(s, id, CLAIM_GONE, why, again);
	return say_retried(s, id, claim_retry(s, id, again, why), why, again);
}

/* Tries each; the exit status is the worst. */
static int
retry_all(const struct opt_args *args, int only, int again)
{
	struct cmd_ids ids;
	struct conf conf;
	struct spool s;
	int status, worst = MSG_OK;
	size_t i;

	status = cmd_ids_read(&ids, args, cmd_check_id);
	if (status != MSG_OK)
		return status;
	/* To read: a spool is not made for a job that cannot be in it. */
	worst = cmd_open_read(args, &s);
	if (worst == MSG_OK) {
		cmd_config(&s, &conf);
		s.durable = conf.durability == CONF_FULL;
		for (i = 0; i < ids.count; i++) {
			status = retry(&s, ids.id[i], only, again);
			if (status > worst)
				worst = status;
		}
		spool_close(&s);
	}
	cmd_ids_free(&ids);
	return worst;
}

static int
run_retry(const struct opt_args *args)
{
	return retry_all(args, JOB_NO_STATE, opt_value(args, "again") != NULL);
}

static const struct opt retry_opts[] = { { "again", 0, NULL,
					     "also a job that is completed" },
	{ NULL, 0, NULL, NULL } };

static const char *const retry_aliases[] = { "requeue", NULL };

const struct cmd cmd_retry = { "retry", retry_aliases, "JOB...",
	"run failed or dead jobs again, with all retries", retry_opts, 1, -1,
	run_retry };

static int
run_dlq_retry(const struct opt_args *args)
{
	return retry_all(args, JOB_DEAD, 0);
}

const struct cmd cmd_dlq_retry = { "dlq retry", NULL, "JOB...",
	"run jobs of the dead letter queue again", NULL, 1, -1, run_dlq_retry };
