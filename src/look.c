#include "look.h"

#include <errno.h>

#include "fs.h"
#include "when.h"

int
look_due(const struct look *l, const struct spool *s, int dir)
{
	struct stat st;

	if (fs_mono() < l->next)
		return 0;
	return !l->known || s->fd == -1 || fstat(s->dir[dir], &st) == -1 ||
	    st.st_mtim.tv_sec != l->changed.tv_sec ||
	    st.st_mtim.tv_nsec != l->changed.tv_nsec;
}

void
look_begin(struct look *l, const struct spool *s, int dir)
{
	struct stat st;

	l->begun = fs_mono();
	l->known = 0;
	if (s->fd == -1 || fstat(s->dir[dir], &st) == -1)
		return;
	l->changed = st.st_mtim;
	l->known = spool_time(&st) < fs_now() - LOOK_TICK;
}

void
look_end(struct look *l, int result)
{
	int64_t now = fs_mono();

	l->error = result == -1 ? errno : 0;
	if (l->error != 0)
		l->known = 0;
	l->next = now + (now - l->begun) * LOOK_REST;
}
