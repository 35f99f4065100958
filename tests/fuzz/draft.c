/*
 * draft_set_json, and a job file that options are added to: what comes out
 * is a job file that job_parse accepts, or lacks a command.
 */
#include "draft.h"

#include <string.h>

#include "fuzz.h"
#include "job.h"

#define NOW INT64_C(1795315680000000) /* 2026-11-22T02:48:00Z */

/* What is right line by line may still be no job. */
static void
check_no_job(enum job_parsed parsed, const struct job_error *error)
{
	static const char *const whys[] = { "half-written: no command yet",
		"both command and arg", "the program's name is empty",
		"more than 65536 bytes before the first state line" };
	size_t i;

	MUST(parsed != JOB_NO_MEMORY);
	for (i = 0; i < sizeof whys / sizeof whys[0]; i++)
		if (strcmp(error->what, whys[i]) == 0)
			return;
	fuzz_broken(__FILE__, __LINE__, error->what);
}

static void
check_json(const char *text, size_t size)
{
	struct buf out = BUF_EMPTY;
	struct job_error error;
	struct draft draft;
	struct job job;
	enum job_parsed parsed;

	draft_init(&draft);
	if (draft_set_json(&draft, text, size, NOW, &error) == -1) {
		MUST(error.what[0] != '\0' &&
		    fuzz_clean(error.what, strlen(error.what)));
	} else {
		MUST(draft.id[0] == '\0' || job_id_valid(draft.id));
		draft_text(&draft, &out);
		parsed = job_parse(&job, buf_text(&out), out.len, &error);
		if (parsed != JOB_OK)
			check_no_job(parsed, &error);
		MUST(job.nevents == 0 && job.whole == out.len);
		job_free(&job);
	}
	draft_free(&draft);
	buf_free(&out);
}

/* A job file becomes another command's, and keeps all else. */
static void
check_file(const char *text, size_t size)
{
	struct buf out = BUF_EMPTY;
	struct job_error error;
	struct draft draft;
	struct job before, after;
	size_t i;

	if (job_parse(&before, text, size, &error) == JOB_OK &&
	    before.nevents == 0 && before.whole == size) {
		draft_init(&draft);
		buf_add(&draft.base, text, size);
		draft_drop_args(&draft);
		MUST(draft_set(&draft, "command", "x", 1, &error) == 0);
		draft_text(&draft, &out);
		MUST(job_parse(&after, buf_text(&out), out.len, &error) ==
		    JOB_OK);
		MUST(fuzz_same(after.command, "x") && after.argc == 0);
		MUST(fuzz_same(after.cwd, before.cwd));
		MUST(after.envc == before.envc);
		for (i = 0; i < before.envc; i++)
			MUST(fuzz_same(after.env[i], before.env[i]));
		MUST(after.run_at == before.run_at);
		MUST(after.timeout == before.timeout);
		job_free(&after);
		draft_free(&draft);
		buf_free(&out);
	}
	job_free(&before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == '{')
		check_json((const char *)data, size);
	else
		check_file((const char *)data, size);
	return 0;
}
