#include "progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "os.h"

#define PROGRESS_COLUMNS 80	  /* of a terminal that does not tell */
#define PROGRESS_ERASE	 "\033[K" /* to the end of the line */

/* ---- The texts ---- */

void
progress_sample(struct progress *p, long ended, int64_t mono)
{
	size_t last = (p->samples + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;

	if (p->samples > 0 && mono - p->sample[last].at < WHEN_SECOND)
		return;
	last = p->samples % PROGRESS_SAMPLES;
	p->sample[last].at = mono;
	p->sample[last].ended = ended;
	p->samples++;
}

double
progress_rate(const struct progress *p, long ended, int64_t mono)
{
	size_t first =
	    p->samples > PROGRESS_SAMPLES ? p->samples % PROGRESS_SAMPLES : 0;
	int64_t elapsed = mono - p->sample[first].at;

	if (p->samples == 0 || elapsed < WHEN_SECOND)
		return 0;
	return (double)(ended - p->sample[first].ended) * (double)WHEN_SECOND /
	    (double)elapsed;
}

void
progress_text(struct buf *out, const struct progress_counts *c, double rate)
{
	char left[WHEN_SIZE];

	buf_printf(out, "%ld done, %ld running, %ld waiting, %ld failed",
	    c->done, c->running, c->waiting, c->failed);
	if (rate <= 0)
		return;
	buf_printf(out, ", %.*f jobs/s",
	    rate >= 10	  ? 0 :
		rate >= 1 ? 1 :
			    2,
	    rate);
	if (c->waiting == 0 || c->later > 0)
		return;
	/* Rounded up: "about 0s" is none. */
	when_format_duration(left,
	    (int64_t)((double)c->waiting / rate * (double)WHEN_SECOND) +
		WHEN_SECOND - 1);
	buf_printf(out, ", about %s left", left);
}

void
progress_summary(struct buf *out, const struct progress_counts *c,
    int64_t duration)
{
	char took[WHEN_SIZE];

	when_format_duration(took, duration);
	buf_printf(out, "%ld done, %ld failed", c->done, c->failed);
	if (c->running + c->waiting > 0)
		buf_printf(out, ", %ld left", c->running + c->waiting);
	buf_printf(out, " in %s", took);
}

/* ---- The terminal ---- */

void
progress_init(struct progress *p, int fd, int wanted, int64_t mono)
{
	const char *term = getenv("TERM");

	memset(p, 0, sizeof *p);
	p->fd = -1;
	p->began = mono;
	p->drawn = mono - PROGRESS_REFRESH;
	p->counts.done = -1; /* whatever is drawn next differs */
	if (wanted && isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0))
		p->fd = fd;
}

void
progress_free(struct progress *p)
{
	buf_free(&p->line);
	p->fd = -1;
}

/* True if somebody else has the terminal: it is not ours to draw on. */
static int
in_background(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group > 0 && group != getpgrp();
}

/* 0, or -1 if it cannot be written now. */
static int
put(const struct progress *p, const struct buf *text)
{
	if (p->out == NULL)
		return fs_write(p->fd, buf_text(text), text->len);
	return outlet_flush(p->out) == -1 ?
	    -1 :
	    outlet_put(p->out, buf_text(text), text->len);
}

/* Draws the line anew, if it would not be the same. */
static void
draw(struct progress *p, const struct progress_counts *c, int64_t mono)
{
	struct buf text = BUF_EMPTY;
	size_t columns = os_columns(p->fd);
	long ended = c->done + c->failed;

	p->drawn = mono;
	p->counts = *c;
	progress_text(&text, c, progress_rate(p, ended, mono));
	if (columns == 0)
		columns = PROGRESS_COLUMNS;
	/* The last column stays free: some terminals would scroll. */
	if (text.len >= columns)
		text.len = columns - 1;
	if (!in_background(p->fd) &&
	    (text.len != p->line.len ||
		memcmp(buf_text(&text), buf_text(&p->line), text.len) != 0)) {
		buf_clear(&p->line);
		buf_add(&p->line, buf_text(&text), text.len);
		buf_clear(&text);
		progress_lower(p, &text);
		if (put(p, &text) == 0)
			p->shown = 1;
		else
			buf_clear(&p->line);
	}
	buf_free(&text);
}

int64_t
progress_show(struct progress *p, const struct progress_counts *c, int64_t mono)
{
	int changed = memcmp(c, &p->counts, sizeof *c) != 0;

	if (p->fd == -1)
		return WHEN_NEVER;
	progress_sample(p, c->done + c->failed, mono);
	if (mono - p->drawn >= (changed ? PROGRESS_REDRAW : PROGRESS_REFRESH)) {
		draw(p, c, mono);
		changed = 0;
	}
	return p->drawn + (changed ? PROGRESS_REDRAW : PROGRESS_REFRESH);
}

void
progress_lift(const struct progress *p, struct buf *out)
{
	if (p->line.len > 0 && !in_background(p->fd))
		buf_puts(out, PROGRESS_ERASE);
}

void
progress_lower(const struct progress *p, struct buf *out)
{
	if (p->line.len > 0 && !in_background(p->fd))
		buf_printf(out, "%s" PROGRESS_ERASE "\r", buf_text(&p->line));
}

void
progress_hide(struct progress *p)
{
	struct buf out = BUF_EMPTY;

	progress_lift(p, &out);
	if (out.len > 0)
		(void)put(p, &out);
	buf_free(&out);
	buf_clear(&p->line);
	p->counts.done = -1;
}

void
progress_end(struct progress *p, const struct progress_counts *c, int64_t mono)
{
	struct buf out = BUF_EMPTY;

	if (p->shown && !in_background(p->fd)) {
		progress_lift(p, &out);
		progress_summary(&out, c, mono - p->began);
		buf_putc(&out, '\n');
		(void)put(p, &out);
	}
	buf_free(&out);
	progress_free(p);
}
