#include "view.h"

#include <fcntl.h>
#include <string.h>

#include "fs.h"

/* Forgets all that was seen. */
static void
forget(struct view *v)
{
	int dir;

	for (dir = 0; dir < JOB_STATES; dir++) {
		roster_free(&v->roster[dir]);
		memset(&v->roster[dir], 0, sizeof v->roster[dir]);
	}
	memset(&v->tally, 0, sizeof v->tally);
	memset(&v->conf_stat, 0, sizeof v->conf_stat);
	v->conf_stat.st_size = -1; /* of no file: it is to be read */
	buf_free(&v->groups);
	v->groups_version = 0;
}

void
view_open(struct view *v, const struct spool *s)
{
	memset(v, 0, sizeof *v);
	v->spool = *s;
	forget(v);
}

/* Reads the config if it has changed; a faulty one counts as empty. */
static void
load_conf(struct view *v)
{
	char why[CONF_ERROR_MAX];
	struct stat st;

	memset(&st, 0, sizeof st);
	if (v->spool.fd != -1)
		(void)fstatat(v->spool.fd, "config", &st, AT_SYMLINK_NOFOLLOW);
	if (v->conf_stat.st_nlink == st.st_nlink &&
	    v->conf_stat.st_ino == st.st_ino &&
	    v->conf_stat.st_size == st.st_size &&
	    v->conf_stat.st_mtim.tv_sec == st.st_mtim.tv_sec &&
	    v->conf_stat.st_mtim.tv_nsec == st.st_mtim.tv_nsec)
		return;
	v->conf_stat = st;
	if (conf_load(v->spool.fd, &v->conf, why) == -1) {
		conf_defaults(&v->conf);
		v->conf_stat.st_size = -1; /* again the next time */
	}
	v->spool.durable = v->conf.durability == CONF_FULL;
}

int
view_refresh(struct view *v, char why[SPOOL_WHY_MAX])
{
	struct spool fresh;

	v->now = fs_now();
	if (v->spool.fd == -1 || spool_intact(&v->spool, why) == -1) {
		if (spool_open(&fresh, v->spool.path, SPOOL_READ, why) == -1)
			return -1;
		spool_close(&v->spool);
		v->spool = fresh;
		forget(v);
	}
	v->spool.lock_wait = VIEW_LOCK;
	load_conf(v);
	return 0;
}

int
view_count(struct view *v)
{
	return tally_again(&v->spool, &v->conf, v->now, &v->tally);
}

const struct roster *
view_roster(struct view *v, int dir)
{
	struct roster *r = &v->roster[dir];

	return roster_update(r, &v->spool, dir) == 0 ? r : NULL;
}

void
view_close(struct view *v)
{
	forget(v);
	spool_close(&v->spool);
}
