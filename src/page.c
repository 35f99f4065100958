#include "page.h"

#include <string.h>

#include "api.h"
#include "pick.h"
#include "sha256.h"
#include "text.h"
#include "when.h"
#include "why.h"

/* Made by the Makefile from dashboard.html. */
static const char page[] = {
#include "dashboard.inc"
	0
};

static const char dash[] = "\xe2\x80\x93";

/* A page being made; what is in its query, and what was found. */
struct making {
	struct answer *a;
	struct buf *out; /* its body */
	struct view *view;
	const char *actions; /* as page_put has it */
	int state;	     /* JOB_NO_STATE: all */
	struct buf text, after, job;
	struct buf refused;   /* why there is no such list; "": there is */
	struct answer found;  /* why there is no such job */
	struct record record; /* else the job, if one is asked for */
	int has_record;
	long running;	  /* shown so far, */
	long listed;	  /* and in the list */
	long noted;	  /* reasons why a job does not run */
	struct buf place; /* where the rest begins; "": there is none */
};

/* ---- Pieces ---- */

static void
put(struct buf *out, const char *text)
{
	answer_put(out, text, strlen(text));
}

/* A number with thin spaces, as the script puts it. */
static void
put_count(struct buf *out, long n)
{
	if (n >= 1000) {
		put_count(out, n / 1000);
		buf_printf(out, "\xe2\x80\xaf%03ld", n % 1000);
	} else {
		buf_printf(out, "%ld", n);
	}
}

static void
put_command(struct buf *out, const struct record *r, size_t max)
{
	struct buf command = BUF_EMPTY;

	job_command_text(&r->job, &command);
	if (command.len > 0)
		answer_put(out, command.data,
		    command.len <= max ? command.len :
					 text_whole(command.data, max));
	else
		buf_puts(out, dash);
	buf_free(&command);
}

/* True if no more jobs should be added. */
static int
is_full(const struct making *m)
{
	return m->out->len > ANSWER_FULL;
}

/* " hidden" as an attribute. */
static void
hide(struct making *m, int hidden)
{
	if (hidden)
		buf_puts(m->out, " hidden");
}

/* Appends the place of a list, seen from the page. */
static void
put_list_url(struct buf *out, int state, const char *text, const char *after)
{
	const char *const value[] = {
		state != JOB_NO_STATE ? job_state_name(state) : "", text, after
	};
	static const char *const name[] = { "state", "q", "after" };
	const char *mark = "?";
	size_t i;

	for (i = 0; i < 3; i++) {
		if (value[i][0] == '\0')
			continue;
		buf_printf(out, "%s%s=", mark, name[i]);
		answer_put_value(out, value[i]);
		mark = "&amp;";
	}
	if (mark[0] == '?')
		buf_puts(out, "./");
}

/* A name of a job is in itself what it has to be in HTML and in a URL. */
static void
put_link(struct buf *out, const char *id)
{
	buf_printf(out, "<a href=\"?job=%s\" data-nav>%s</a>", id, id);
}

static void
put_time(struct buf *out, int64_t us, int64_t now)
{
	char time[WHEN_SIZE], text[WHEN_SIZE];

	when_format(time, us);
	when_format_duration(text, us > now ? us - now : now - us);
	buf_printf(out, "<time datetime=\"%s\">%s%s%s</time>", time,
	    us > now ? "in " : "", text, us > now ? "" : " ago");
}

/* ---- The head ---- */

/* What is asked for is shown before all else. */
static void
put_body(struct making *m)
{
	if (m->job.len > 0)
		buf_puts(m->out, " class=\"at-job\"");
	else if (m->a->request->query[0] != '\0')
		buf_puts(m->out, " class=\"at-list\"");
	if (m->actions != NULL)
		buf_printf(m->out, " data-actions=\"%s\"", m->actions);
}

static void
put_path(struct making *m)
{
	put(m->out, m->view->spool.path);
}

static void
put_now(struct making *m)
{
	char time[WHEN_SIZE];

	when_format_s(time, m->view->now);
	buf_printf(m->out, "<time>%s</time>", time);
}

static void
put_banner(struct making *m)
{
	const struct tally *t = &m->view->tally.tally;
	struct buf who = BUF_EMPTY;

	if (spool_paused(&m->view->spool)) {
		why_paused(&m->view->spool, &who);
		buf_puts(m->out,
		    "<p data-key=\"Paused\"><strong>Paused</strong> by ");
		put(m->out, buf_text(&who));
		buf_puts(m->out, ". What runs goes on.</p>");
		buf_free(&who);
	}
	if (t->workers == 0 &&
	    t->state[JOB_PENDING].count + t->state[JOB_FAILED].count +
		    t->state[JOB_PROCESSING].count >
		0)
		buf_puts(m->out,
		    "<p data-key=\"No worker is running\">"
		    "<strong>No worker is running</strong> "
		    "and jobs are there for one: queuectl worker start</p>");
}

static void
put_counts(struct making *m)
{
	int dir;

	for (dir = 0; dir < JOB_STATES; dir++) {
		buf_printf(m->out,
		    "<a class=\"%s\" data-state=\"%s\" data-nav "
		    "href=\"?state=%s\"%s><b>",
		    job_state_name(dir), job_state_name(dir),
		    job_state_name(dir),
		    dir == m->state ? " aria-current=\"true\"" : "");
		put_count(m->out, m->view->tally.tally.state[dir].count);
		buf_printf(m->out, "</b><span>%s</span></a>",
		    job_state_name(dir));
	}
}

static void
put_workers(struct making *m)
{
	const struct tally *t = &m->view->tally.tally;

	if (t->workers != -1)
		buf_printf(m->out, "%ld of %ld worker%s busy", t->busy,
		    t->busy + tally_idle(t),
		    t->busy + tally_idle(t) == 1 ? "" : "s");
}

/* ---- What runs ---- */

static void
put_running(struct making *m)
{
	const struct job_event *run;
	char text[WHEN_SIZE];
	struct pick p;
	long limit;

	if (pick_begin(&p, m->view, JOB_PROCESSING, NULL, NULL) == -1) {
		pick_end(&p);
		return;
	}
	for (; m->running < PAGE_RUNNING && !is_full(m) && pick_next(&p);
	     m->running++) {
		run = record_run(&p.record);
		buf_printf(m->out,
		    "<tr role=\"row\" data-key=\"%s\">"
		    "<td role=\"cell\" class=\"c-worker\">",
		    p.record.name);
		put(m->out,
		    run != NULL && run->worker != NULL ? run->worker : dash);
		buf_puts(m->out, "</td><td role=\"cell\" class=\"cmd\">");
		put_link(m->out, p.record.name);
		buf_puts(m->out, "<span class=\"sub\">");
		put_command(m->out, &p.record, PAGE_COMMAND);
		buf_puts(m->out,
		    "</span></td><td role=\"cell\" class=\"c-time\">");
		when_format_duration(text,
		    run != NULL ? m->view->now - run->time : 0);
		buf_printf(m->out, "<span>%s", text);
		limit = record_timeout(&p.record, &m->view->conf);
		when_format_duration(text, limit * WHEN_SECOND);
		if (limit > 0)
			buf_printf(m->out, " of %s", text);
		buf_printf(m->out,
		    "</span><progress max=\"%ld\" value=\"0\"%s></progress>"
		    "</td></tr>",
		    limit > 0 ? limit : 1, limit > 0 ? "" : " hidden");
	}
	pick_end(&p);
}

static void
put_idle(struct making *m)
{
	hide(m, m->running > 0);
}

static void
put_hour(struct making *m)
{
	struct api_minutes minutes;
	long completed = 0, dead = 0;
	int i;

	if (api_count_minutes(m->view, &minutes) == -1)
		return;
	for (i = 0; i < API_MINUTES; i++) {
		completed += minutes.completed[i];
		dead += minutes.dead[i];
	}
	buf_puts(m->out,
	    "<span class=\"completed\"><i class=\"sw\"></i>"
	    "<span id=\"hour-c\">");
	put_count(m->out, completed);
	buf_puts(m->out,
	    " completed</span></span> <span class=\"dead\">"
	    "<i class=\"sw\"></i><span id=\"hour-d\">");
	put_count(m->out, dead);
	buf_puts(m->out, " died</span></span>");
}

/* ---- The list ---- */

static void
hide_list(struct making *m)
{
	hide(m, m->job.len > 0);
}

static void
put_heading(struct making *m)
{
	static const char *const heading[] = { "Pending jobs",
		"Processing jobs", "Completed jobs", "Failed jobs",
		"Dead jobs" };

	buf_puts(m->out, m->state == JOB_NO_STATE ? "Jobs" : heading[m->state]);
}

static void
hide_all(struct making *m)
{
	hide(m, m->state == JOB_NO_STATE);
}

static void
put_state_field(struct making *m)
{
	if (m->state != JOB_NO_STATE)
		buf_printf(m->out,
		    "<input type=\"hidden\" name=\"state\" value=\"%s\">",
		    job_state_name(m->state));
}

static void
put_search(struct making *m)
{
	put(m->out, buf_text(&m->text));
}

/* When it is to run, if that is still to come; -1 otherwise. */
static int64_t
due_later(const struct record *r, int64_t now)
{
	struct record_last last;
	int64_t due = -1;

	record_last(r, &last);
	if (r->dir == JOB_PENDING)
		due = r->job.run_at;
	else if (r->dir == JOB_FAILED)
		due = last.retry_at;
	return due > now ? due : -1;
}

static void
put_job_row(struct making *m, const struct record *r)
{
	const char *error = r->dir == JOB_COMPLETED ? NULL : record_error(r);
	int64_t due;

	buf_printf(m->out,
	    "<tr role=\"row\" data-key=\"%s\"><td role=\"cell\" class=\"id\">",
	    r->name);
	put_link(m->out, r->name);
	buf_printf(m->out,
	    "</td><td role=\"cell\" class=\"c-state %s\">%s</td>"
	    "<td role=\"cell\" class=\"c-tries\">%d/%d</td>"
	    "<td role=\"cell\" class=\"c-when\">",
	    job_state_name(r->dir), job_state_name(r->dir), record_tries(r),
	    record_tries_max(r, &m->view->conf));
	due = due_later(r, m->view->now);
	put_time(m->out, due >= 0 ? due : record_updated(r), m->view->now);
	buf_puts(m->out, "</td><td role=\"cell\" class=\"cmd\">");
	put_command(m->out, r, PAGE_COMMAND);
	if (error != NULL) {
		buf_puts(m->out, "<span class=\"err\">");
		put(m->out, error);
		buf_puts(m->out, "</span>");
	}
	buf_puts(m->out, "</td></tr>");
}

static void
put_jobs(struct making *m)
{
	struct pick p;

	if (m->job.len > 0 || m->refused.len > 0)
		return;
	if (pick_begin(&p, m->view, m->state, buf_text(&m->after),
		buf_text(&m->text)) == -1) {
		pick_end(&p);
		return;
	}
	for (; m->listed < PAGE_JOBS && !is_full(m) && pick_next(&p);
	     m->listed++)
		put_job_row(m, &p.record);
	if (pick_more(&p))
		pick_place(&p, &m->place);
	pick_end(&p);
}

static void
hide_none(struct making *m)
{
	hide(m, m->listed > 0);
}

static void
put_none(struct making *m)
{
	if (m->refused.len > 0)
		put(m->out, buf_text(&m->refused));
	else
		buf_puts(m->out, "There are none.");
}

static void
put_newest(struct making *m)
{
	buf_puts(m->out, " href=\"");
	put_list_url(m->out, m->state, buf_text(&m->text), "");
	buf_putc(m->out, '"');
	hide(m, m->after.len == 0);
}

static void
put_older(struct making *m)
{
	buf_puts(m->out, " href=\"");
	put_list_url(m->out, m->state, buf_text(&m->text), buf_text(&m->place));
	buf_putc(m->out, '"');
	hide(m, m->place.len == 0);
}

/* ---- A job ---- */

static void
hide_job(struct making *m)
{
	hide(m, m->job.len == 0);
}

static void
put_note(void *arg, const char *reason)
{
	struct making *m = arg;

	buf_puts(m->out, m->noted++ == 0 ? "<ul class=\"notes\"><li>" : "<li>");
	put(m->out, reason);
	buf_puts(m->out, "</li>");
}

static void
put_job(struct making *m)
{
	const struct record *r = &m->record;

	if (m->job.len == 0)
		return;
	buf_puts(m->out, "<div class=\"head\"><h2 id=\"h-job\" class=\"id\">");
	put(m->out, buf_text(&m->job));
	buf_puts(m->out, "</h2> ");
	if (!m->has_record) {
		if (m->found.status == 503)
			put(m->out, buf_text(&m->found.body));
		else
			buf_puts(m->out, "no such job");
		buf_puts(m->out, "</div>");
		return;
	}
	buf_printf(m->out, "<strong class=\"%s\">%s</strong></div>",
	    job_state_name(r->dir), job_state_name(r->dir));
	why_each(&m->view->spool, &m->view->conf, r, m->view->now, put_note, m);
	buf_puts(m->out, m->noted > 0 ? "</ul><dl>" : "<dl>");
	buf_puts(m->out, "<dt>Command</dt><dd>");
	put_command(m->out, r, 20 * PAGE_COMMAND);
	buf_puts(m->out, "</dd><dt>Created</dt><dd>");
	put_time(m->out, record_created(r), m->view->now);
	buf_puts(m->out, "</dd><dt>Changed</dt><dd>");
	put_time(m->out, record_updated(r), m->view->now);
	buf_puts(m->out, "</dd>");
	if (record_error(r) != NULL) {
		buf_puts(m->out, "<dt>Error</dt><dd>");
		put(m->out, record_error(r));
		buf_puts(m->out, "</dd>");
	}
	buf_puts(m->out, "</dl>");
}

/* ---- Putting it together ---- */

static const struct {
	const char *name;
	void (*put)(struct making *m);
} places[] = { { "body", put_body }, { "path", put_path }, { "now", put_now },
	{ "banner", put_banner }, { "counts", put_counts },
	{ "workers", put_workers }, { "running", put_running },
	{ "idle", put_idle }, { "hour", put_hour },
	{ "list-hidden", hide_list }, { "heading", put_heading },
	{ "all-hidden", hide_all }, { "state-field", put_state_field },
	{ "q", put_search }, { "jobs", put_jobs }, { "none-hidden", hide_none },
	{ "none", put_none }, { "newest", put_newest }, { "older", put_older },
	{ "job-hidden", hide_job }, { "job", put_job } };

/* Fills in what stands in the place of that name. */
static void
fill(struct making *m, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof places / sizeof places[0]; i++)
		if (strlen(places[i].name) == len &&
		    memcmp(places[i].name, name, len) == 0)
			places[i].put(m);
}

static void
put_page(struct making *m)
{
	static const char begin[] = "<!--q:", end[] = "-->";
	const char *p = page, *mark, *name;

	while ((mark = strstr(p, begin)) != NULL) {
		buf_add(m->out, p, (size_t)(mark - p));
		name = mark + sizeof begin - 1;
		p = strstr(name, end);
		fill(m, name, (size_t)(p - name));
		p += sizeof end - 1;
	}
	buf_puts(m->out, p);
}

/* Reads what the query asks for; 0, or -1: the answer is why not. */
static int
read_query(struct making *m)
{
	struct answer *a = m->a;
	int state = api_state(a);

	if (state == -2 || answer_parameter(a, "q", &m->text) == -1 ||
	    answer_parameter(a, "after", &m->after) == -1 ||
	    answer_parameter(a, "job", &m->job) == -1)
		return -1;
	m->state = state;
	if (!pick_is_place(buf_text(&m->after))) {
		answer_refuse(a, 400,
		    "after: must be what a link of this page has");
		return -1;
	}
	if (m->job.len > 0) {
		m->has_record = api_find(&m->found, m->view, buf_text(&m->job),
				    &m->record) == 0;
		a->status = m->has_record ? 200 : m->found.status;
	}
	return 0;
}

/* Makes it the page of nothing but why there is no other. */
static void
refuse(struct making *m)
{
	const char *why = buf_text(&m->a->body);

	buf_add(&m->refused, why, strcspn(why, "\n"));
	buf_clear(&m->a->body);
	buf_clear(&m->text);
	buf_clear(&m->after);
	buf_clear(&m->job);
}

void
page_put(struct answer *a, struct view *v, const char *actions)
{
	struct making m;

	memset(&m, 0, sizeof m);
	m.a = a;
	m.out = &a->body;
	m.view = v;
	m.actions = actions;
	m.state = JOB_NO_STATE;
	answer_init(&m.found, a->request);
	if (read_query(&m) == -1)
		refuse(&m);
	/* What cannot be counted is 0, and the script will say why. */
	(void)view_count(v);
	a->type = answer_html;
	put_page(&m);
	if (m.has_record)
		record_free(&m.record);
	buf_free(&m.found.body);
	buf_free(&m.text);
	buf_free(&m.after);
	buf_free(&m.job);
	buf_free(&m.refused);
	buf_free(&m.place);
}

/* Appends the source of what stands between two tags. */
static void
put_source(struct buf *out, const char *directive, const char *begin,
    const char *end)
{
	const char *p = strstr(page, begin) + strlen(begin);
	char hash[SHA256_BASE64];

	sha256_base64(p, (size_t)(strstr(p, end) - p), hash);
	buf_printf(out, "%s 'sha256-%s'; ", directive, hash);
}

void
page_policy(struct buf *out)
{
	put_source(out, "style-src", "<style>", "</style>");
	put_source(out, "script-src", "<script>", "</script>");
}
