/*
 * cmd_doctor - doctor.
 */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "json.h"

/* What was found so far. */
struct report {
	int json;
	long told, faults, repaired;
};

static void
put_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",\"%s\":", name);
	json_string(out, value, strlen(value));
}

static void
put_json(const struct report *r, struct buf *out,
    const struct doctor_finding *f)
{
	buf_puts(out, r->told == 0 ? "\n{\"kind\":" : ",\n{\"kind\":");
	json_string(out, f->kind, strlen(f->kind));
	put_member(out, "path", f->path);
	put_member(out, "what", f->what);
	if (f->remedy != NULL)
		put_member(out, "remedy", f->remedy);
	buf_printf(out, ",\"fault\":%s,\"repairable\":%s,\"repaired\":%s}",
	    f->fault ? "true" : "false", f->repairable ? "true" : "false",
	    f->repaired ? "true" : "false");
}

static void
put_line(struct buf *out, const struct doctor_finding *f)
{
	buf_printf(out, "%s: ", f->kind);
	cmd_put(out, f->path);
	buf_puts(out, ": ");
	cmd_put(out, f->what);
	if (f->remedy != NULL)
		buf_printf(out, " (%s: %s)",
		    f->repaired	      ? "repaired" :
			f->repairable ? "--repair" :
					"to do",
		    f->remedy);
	buf_putc(out, '\n');
}

static void
report(void *arg, const struct doctor_finding *f)
{
	struct report *r = arg;
	struct buf out = BUF_EMPTY;

	if (r->json)
		put_json(r, &out, f);
	else
		put_line(&out, f);
	cmd_print(&out);
	buf_free(&out);
	r->told++;
	r->faults += f->fault;
	r->repaired += f->repaired;
}

static int
run_doctor(const struct opt_args *args)
{
	struct report r = { 0, 0, 0, 0 };
	struct conf conf;
	struct spool s;
	int status = cmd_open_read(args, &s);

	if (status != MSG_OK)
		return status;
	cmd_config(&s, &conf);
	s.durable = conf.durability == CONF_FULL;
	r.json = opt_value(args, "json") != NULL;
	if (r.json)
		fputs("[", stdout);
	if (doctor_run(&s, &conf, opt_value(args, "repair") != NULL, report,
		&r) == -1) {
		msg_warn("%s: could not be examined whole", s.path);
		status = MSG_REFUSED;
	}
	if (r.json)
		puts(r.told == 0 ? "]" : "\n]");
	if (r.faults > r.repaired)
		status = MSG_REFUSED;
	if (r.faults > 0)
		msg_warnx("%ld fault%s, %ld repaired", r.faults,
		    r.faults == 1 ? "" : "s", r.repaired);
	spool_close(&s);
	return status;
}

static const struct opt doctor_opts[] = { { "repair", 0, NULL,
					      "put right what is safe to" },
	{ "json", 0, NULL, "an array of what was found" },
	{ NULL, 0, NULL, NULL } };

const struct cmd cmd_doctor = { "doctor", NULL, "",
	"look for what is wrong in the spool", doctor_opts, 0, 0, run_doctor };
