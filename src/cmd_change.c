/*
 * cmd_change - retry, cancel, purge, and what of them is for the dead letter
 * queue alone.
 */
#include "cmd.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "fs.h"
#include "registry.h"

/* One command on some jobs. */
struct change {
	const struct opt_args *args;
	const struct verb *verb;
	struct spool spool;
	struct conf conf;
	int only;      /* the state that a job must be in, or JOB_NO_STATE */
	int force;     /* the option by which a verb may do more */
	uint64_t told; /* the inode of the job if it was told to end, or 0 */
	long count;    /* jobs that were changed */
};

/* What is done to one job, and what to say if it cannot be. */
struct verb {
	enum claim_result (
	    *act)(struct change *ch, const char *id, int dir, char *why);
	const char *undone; /* "not ..." */
	const char *busy;
	const char *more;    /* when refused: what would do it */
	const char *more_if; /* if the refusal begins so */
};

static enum claim_result
act_retry(struct change *ch, const char *id, int dir, char *why)
{
	(void)dir;
	return claim_retry(&ch->spool, &ch->conf, id, ch->force, SPOOL_WAIT,
	    why);
}

static const struct verb retry = { act_retry, "not retried",
	"its file is locked by somebody: try again",
	"--again runs it once more", "it is completed" };

static enum claim_result
act_cancel(struct change *ch, const char *id, int dir, char *why)
{
	(void)dir;
	return claim_cancel(&ch->spool, &ch->conf, id, ch->told, ch->force,
	    why);
}

static const struct verb cancel = { act_cancel, "not cancelled",
	"has not ended yet, or is locked by somebody: try again",
	"--force gives it up", "orphaned" };

static enum claim_result
act_purge(struct change *ch, const char *id, int dir, char *why)
{
	return claim_purge(&ch->spool, dir, id, SPOOL_WAIT, ch->force, why);
}

static const struct verb purge = { act_purge, "not purged",
	"a process that it left holds its lock: --force removes it all the "
	"same",
	NULL, NULL };

/* Says what came of it; the exit status. */
static int
say(struct change *ch, const char *id, enum claim_result r, const char *why)
{
	const struct verb *verb = ch->verb;
	int error = errno;

	switch (r) {
	case CLAIM_OK:
		ch->count++;
		return MSG_OK;
	case CLAIM_GONE:
		if (spool_find(&ch->spool, id) == JOB_NO_STATE) {
			cmd_warn(id,
			    "no such job: 'queuectl list' shows "
			    "all there are");
			return MSG_NO_JOB;
		}
		cmd_warn(id, "it is moving at this moment: try again");
		return MSG_AGAIN;
	case CLAIM_BUSY:
		cmd_warn(id, "%s", verb->busy);
		return MSG_AGAIN;
	case CLAIM_REFUSED:
		if (verb->more == NULL || ch->force ||
		    strncmp(why, verb->more_if, strlen(verb->more_if)) != 0)
			cmd_warn(id, "%s", why);
		else
			cmd_warn(id, "%s: %s", why, verb->more);
		return MSG_REFUSED;
	case CLAIM_FOREIGN:
		cmd_warn(id,
		    "not a regular file, or not yours to open: it is left "
		    "alone");
		return MSG_REFUSED;
	case CLAIM_UNSYNCED:
		cmd_warn(id, "done, but that could not be synced to disk");
		return MSG_REFUSED;
	default:
		return cmd_undone(&ch->spool, id, verb->undone, error);
	}
}

/* A job was cancelled; was there another one of its ID? */
static int
say_twin(const struct change *ch, const char *id)
{
	int dir = spool_find(&ch->spool, id);

	if (dir != JOB_PENDING && dir != JOB_PROCESSING && dir != JOB_FAILED)
		return MSG_OK;
	cmd_warn(id,
	    "is cancelled, but another job of this ID is %s: cancel that "
	    "too, if it is meant",
	    job_state_name(dir));
	return MSG_REFUSED;
}

/* Changes a job; dir: where it is, or JOB_NO_STATE. */
static int
change_one(struct change *ch, const char *id, int dir)
{
	char why[SPOOL_WHY_MAX] = "";
	enum claim_result r;
	int found;

	if (job_name_old(id) && ch->verb != &purge) {
		cmd_warn(id,
		    "is an older record, which stays as it is: enqueue its "
		    "command again");
		return MSG_REFUSED;
	}
	if (dir == JOB_NO_STATE && ch->only != JOB_NO_STATE) {
		found = spool_find(&ch->spool, id);
		if (found >= 0 && found != ch->only) {
			cmd_warn(id, "is %s, not in the dead letter queue",
			    job_state_name(found));
			return MSG_REFUSED;
		}
	}
	r = ch->verb->act(ch, id, dir, why);
	/* Of many, what somebody else has taken is not missed. */
	if (r == CLAIM_GONE && dir != JOB_NO_STATE)
		return MSG_OK;
	if (r == CLAIM_OK && ch->verb == &cancel)
		return say_twin(ch, id);
	return say(ch, id, r, why);
}

/* Opens the spool for a change of what may be in it: none is made. */
static int
open_change(struct change *ch)
{
	int status = cmd_open_read(ch->args, &ch->spool);

	if (status != MSG_OK)
		return status;
	cmd_config(&ch->spool, &ch->conf);
	ch->spool.durable = ch->conf.durability == CONF_FULL;
	return MSG_OK;
}

/* What was removed is to stay so: synced once for all. */
static void
close_change(struct change *ch)
{
	if (ch->verb == &purge && ch->count > 0) {
		(void)spool_sync_dir(&ch->spool, SPOOL_COMPLETED);
		(void)spool_sync_dir(&ch->spool, SPOOL_DEAD);
	}
	spool_close(&ch->spool);
}

static int
worse(int a, int b)
{
	return a > b ? a : b;
}

/*
 * Tells those that run all at once to end, so that each is waited for less.
 * Notes the inodes of these, else 0; NULL without memory: none was told.
 */
static uint64_t *
tell_all(struct change *ch, const struct cmd_ids *ids)
{
	uint64_t *inode = calloc(ids->count + 1, sizeof *inode);
	struct stat st;
	size_t i;

	for (i = 0; inode != NULL && i < ids->count; i++) {
		if (fstatat(ch->spool.dir[SPOOL_PROCESSING], ids->id[i], &st,
			AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		inode[i] = st.st_ino;
		(void)registry_ask_cancel(&ch->spool, ids->id[i], st.st_ino);
	}
	return inode;
}

/* Changes the JOBs of the command line; the exit status is the worst. */
static int
change_named(struct change *ch)
{
	struct cmd_ids ids;
	int status = cmd_ids_read(&ids, ch->args, cmd_check_id);
	uint64_t *told = NULL;
	size_t i;

	if (status != MSG_OK)
		return status;
	status = open_change(ch);
	if (status == MSG_OK) {
		if (ch->verb == &cancel)
			told = tell_all(ch, &ids);
		for (i = 0; i < ids.count; i++) {
			ch->told = told != NULL ? told[i] : 0;
			status = worse(status,
			    change_one(ch, ids.id[i], JOB_NO_STATE));
		}
		free(told);
		close_change(ch);
	}
	cmd_ids_free(&ids);
	return status;
}

/* ---- Many of a state ---- */

/* The jobs of a state that are to be changed. */
struct choice {
	struct change *change;
	int dir;
	int older;	/* the older records of an ID too */
	int64_t before; /* only those last changed before; WHEN_NEVER: all */
	int show;	/* print their names, change nothing */
	int status;
};

static int
choose_one(void *arg, const char *name, uint64_t inode)
{
	struct choice *c = arg;
	struct change *ch = c->change;
	struct stat st;

	(void)inode;
	if (!spool_is_job(c->dir, name) || (!c->older && !job_id_valid(name)))
		return 0;
	if (fstatat(ch->spool.dir[c->dir], name, &st, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    !S_ISREG(st.st_mode) || spool_time(&st) >= c->before)
		return 0;
	if (c->show) {
		puts(name);
		ch->count++;
		return 0;
	}
	c->status = worse(c->status, change_one(ch, name, c->dir));
	return 0;
}

static int
change_state(struct choice *c, int dir)
{
	c->dir = dir;
	if (spool_scan(&c->change->spool, dir, choose_one, c) == -1) {
		msg_warn("%s/%s", c->change->spool.path, spool_dir_name(dir));
		return MSG_REFUSED;
	}
	return c->status;
}

/* ---- retry ---- */

/* Retries the JOBs, or with --all the whole dead letter queue. */
static int
retry_jobs(struct change *ch)
{
	int all = opt_value(ch->args, "all") != NULL, status;
	struct choice c;

	if (all == (ch->args->argc > 0)) {
		msg_warnx("%s",
		    all ? "--all: goes without a JOB" :
			  "no job was named: give JOB... or --all");
		return MSG_USAGE;
	}
	if (!all)
		return change_named(ch);
	status = open_change(ch);
	if (status != MSG_OK)
		return status;
	memset(&c, 0, sizeof c);
	c.change = ch;
	c.before = WHEN_NEVER;
	status = change_state(&c, SPOOL_DEAD);
	close_change(ch);
	return status;
}

static void
change_init(struct change *ch, const struct opt_args *args,
    const struct verb *verb, int only)
{
	memset(ch, 0, sizeof *ch);
	ch->args = args;
	ch->verb = verb;
	ch->only = only;
}

static int
run_retry(const struct opt_args *args)
{
	struct change ch;

	change_init(&ch, args, &retry, JOB_NO_STATE);
	ch.force = opt_value(args, "again") != NULL;
	return retry_jobs(&ch);
}

static const struct opt retry_opts[] = { { "again", 0, NULL,
					     "also a job that is completed" },
	{ "all", 0, NULL, "all that are dead" }, { NULL, 0, NULL, NULL } };

static const char *const retry_aliases[] = { "requeue", NULL };

const struct cmd cmd_retry = { "retry", retry_aliases, "[JOB...]",
	"run failed or dead jobs again, with all retries", retry_opts, 0, -1,
	run_retry };

static int
run_dlq_retry(const struct opt_args *args)
{
	struct change ch;

	change_init(&ch, args, &retry, JOB_DEAD);
	return retry_jobs(&ch);
}

static const struct opt dlq_retry_opts[] = {
	{ "all", 0, NULL, "all that are there" }, { NULL, 0, NULL, NULL }
};

const struct cmd cmd_dlq_retry = { "dlq retry", NULL, "[JOB...]",
	"run jobs of the dead letter queue again", dlq_retry_opts, 0, -1,
	run_dlq_retry };

/* ---- cancel ---- */

static int
run_cancel(const struct opt_args *args)
{
	struct change ch;

	change_init(&ch, args, &cancel, JOB_NO_STATE);
	ch.force = opt_value(args, "force") != NULL;
	return change_named(&ch);
}

static const struct opt cancel_opts[] = {
	{ "force", 0, NULL, "give up what is orphaned, or another host left" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_cancel = { "cancel", NULL, "JOB...",
	"end jobs that wait or run: they are dead then", cancel_opts, 1, -1,
	run_cancel };

/* ---- purge ---- */

/* The states of --state, both if there are none; the exit status. */
static int
choose_states(const struct opt_args *args, int wanted[JOB_STATES])
{
	const char *text;
	size_t at = 0;
	int state, chosen = 0;

	memset(wanted, 0, JOB_STATES * sizeof *wanted);
	while ((text = opt_next(args, "state", &at)) != NULL) {
		state = job_state_parse(text);
		if (state != JOB_COMPLETED && state != JOB_DEAD) {
			msg_warnx("--state: must be completed or dead: only "
				  "what has ended can be purged");
			return MSG_USAGE;
		}
		wanted[state] = chosen = 1;
	}
	if (!chosen)
		wanted[JOB_COMPLETED] = wanted[JOB_DEAD] = 1;
	return MSG_OK;
}

/* Purges what the options choose of the states that are wanted. */
static int
purge_chosen(struct change *ch, const int wanted[JOB_STATES], int64_t age)
{
	struct choice c;
	int dir, status = open_change(ch);

	if (status != MSG_OK)
		return status;
	memset(&c, 0, sizeof c);
	c.change = ch;
	c.older = 1;
	c.show = opt_value(ch->args, "dry-run") != NULL;
	c.before = age == WHEN_NEVER ? WHEN_NEVER : fs_now() - age;
	for (dir = 0; dir < JOB_STATES; dir++)
		if (wanted[dir])
			status = worse(status, change_state(&c, dir));
	close_change(ch);
	return status;
}

/* Purges the JOBs, or what the options choose; says how many. */
static int
purge_jobs(struct change *ch, const int wanted[JOB_STATES], int chosen)
{
	const struct opt_args *args = ch->args;
	int64_t age = WHEN_NEVER;
	int show = opt_value(args, "dry-run") != NULL, status;

	ch->force = opt_value(args, "force") != NULL;
	status = cmd_duration(args, "older-than", &age);
	if (status != MSG_OK)
		return status;
	chosen |= age != WHEN_NEVER;
	if (chosen && args->argc > 0) {
		msg_warnx("JOB: goes without --state, --all and --older-than");
		return MSG_USAGE;
	}
	if (!chosen && args->argc == 0) {
		msg_warnx("nothing was chosen: give JOB..., %s or --older-than",
		    ch->only == JOB_NO_STATE ? "--state" : "--all");
		return MSG_USAGE;
	}
	if (show && args->argc > 0) {
		msg_warnx("--dry-run: goes without a JOB");
		return MSG_USAGE;
	}
	status = chosen ? purge_chosen(ch, wanted, age) : change_named(ch);
	if (status != MSG_USAGE)
		msg_warnx("%s %ld job%s", show ? "would purge" : "purged",
		    ch->count, ch->count == 1 ? "" : "s");
	return status;
}

static int
run_purge(const struct opt_args *args)
{
	int wanted[JOB_STATES], status;
	struct change ch;

	change_init(&ch, args, &purge, JOB_NO_STATE);
	status = choose_states(args, wanted);
	return status != MSG_OK ?
	    status :
	    purge_jobs(&ch, wanted, opt_value(args, "state") != NULL);
}

static const struct opt purge_opts[] = {
	{ "state", 0, "STATE", "all that are completed, or dead; repeat" },
	{ "older-than", 0, "DURATION", "only what ended that long ago" },
	{ "dry-run", 'n', NULL, "print their IDs, and remove nothing" },
	{ "force", 0, NULL, "also what a left-over process holds" },
	{ NULL, 0, NULL, NULL }
};

const struct cmd cmd_purge = { "purge", NULL, "[JOB...]",
	"remove ended jobs, and what they wrote", purge_opts, 0, -1,
	run_purge };

static int
run_dlq_purge(const struct opt_args *args)
{
	int wanted[JOB_STATES] = { 0 };
	struct change ch;

	change_init(&ch, args, &purge, JOB_DEAD);
	wanted[JOB_DEAD] = 1;
	return purge_jobs(&ch, wanted, opt_value(args, "all") != NULL);
}

static const struct opt dlq_purge_opts[] = { { "all", 0, NULL,
						 "all that are there" },
	{ "older-than", 0, "DURATION", "only what died that long ago" },
	{ "dry-run", 'n', NULL, "print their IDs, and remove nothing" },
	{ "force", 0, NULL, "also what a left-over process holds" },
	{ NULL, 0, NULL, NULL } };

const struct cmd cmd_dlq_purge = { "dlq purge", NULL, "[JOB...]",
	"remove jobs of the dead letter queue", dlq_purge_opts, 0, -1,
	run_dlq_purge };
