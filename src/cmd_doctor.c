/*
 * cmd_doctor - doctor.
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "fs.h"
#include "json.h"

/* What was found so far. */
struct report {
	struct buf json; /* the array, if that is wanted; else empty */
	long faults, repaired;
};

static void
put_bool(struct buf *out, const char *name, int value)
{
	json_name(out, name);
	buf_puts(out, value ? "true" : "false");
}

static void
put_json(struct buf *out, const struct doctor_finding *f)
{
	json_next(out);
	buf_puts(out, "\n{");
	json_member_string(out, "kind", f->kind->name);
	json_member_string(out, "path", f->path);
	json_member_string(out, "what", f->what);
	if (f->kind->remedy != NULL)
		json_member_string(out, "remedy", f->kind->remedy);
	put_bool(out, "fault", f->kind->fault);
	put_bool(out, "repairable", f->kind->repairable);
	put_bool(out, "repaired", f->repaired);
	buf_putc(out, '}');
}

static void
print_line(const struct doctor_finding *f)
{
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "%s: %s: ",
	    f->repaired	       ? "repaired" :
		f->kind->fault ? "fault" :
				 "note",
	    f->kind->name);
	cmd_put(&line, f->path);
	buf_puts(&line, ": ");
	cmd_put(&line, f->what);
	if (f->kind->remedy != NULL && !f->repaired)
		buf_printf(&line, " (%s)", f->kind->remedy);
	cmd_print_row(&line);
	buf_free(&line);
}

static void
report(void *arg, const struct doctor_finding *f)
{
	struct report *r = arg;

	if (r->json.len > 0)
		put_json(&r->json, f);
	else
		print_line(f);
	r->faults += f->kind->fault && !f->repaired;
	r->repaired += f->repaired;
}

/* Ends the array; the exit status. */
static int
print_array(struct buf *json)
{
	int empty = json->len == 1;

	buf_puts(json, empty ? "]\n" : "\n]\n");
	return cmd_print_json(json);
}

/* For whoever reads only standard error. */
static void
say_sum(const struct report *r)
{
	const char *s = r->faults == 1 ? "" : "s";

	if (r->repaired > 0)
		msg_warnx("%ld repaired, %ld fault%s left", r->repaired,
		    r->faults, s);
	else if (r->faults > 0)
		msg_warnx("%ld fault%s", r->faults, s);
}

static int
run_doctor(const struct opt_args *args)
{
	struct report r = { BUF_EMPTY, 0, 0 };
	struct doctor_options o;
	struct spool s;
	int status = cmd_open_examine(args, &s);

	if (status != MSG_OK)
		return status;
	o.repair = opt_value(args, "repair") != NULL;
	o.patience = DOCTOR_PATIENCE;
	o.now = fs_now();
	if (opt_value(args, "json") != NULL)
		buf_putc(&r.json, '[');
	if (doctor_run(&s, &o, report, &r) == -1) {
		msg_warn("%s: cannot be examined whole", s.path);
		status = MSG_REFUSED;
	} else if (r.faults > 0) {
		status = MSG_REFUSED;
	}
	if (opt_value(args, "json") != NULL && print_array(&r.json) != MSG_OK)
		status = MSG_REFUSED;
	say_sum(&r);
	buf_free(&r.json);
	spool_close(&s);
	return status;
}

static const struct opt doctor_opts[] = { { "repair", 0, NULL,
					      "put right what is safe to" },
	{ "json", 0, NULL, "an array of what was found" },
	{ NULL, 0, NULL, NULL } };

const struct cmd cmd_doctor = { "doctor", NULL, "",
	"look for what is wrong in the spool", doctor_opts, 0, 0, run_doctor };
