/*
 * registry - who is at work on a spool, and requests to them.
 *
 * Owns: the files in workers/ (each locked as long as its process lives) and
 * in control/ (each a request, to be touched by anybody).
 * Must not know: what a request leads to.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "buf.h"
#include "spool.h"
#include "when.h"

#define REGISTRY_NAME_MAX (SPOOL_HOST_MAX + 32) /* HOST.PID-N.SLOT */
#define REGISTRY_TWINS	  100 /* supervisors of one host and process ID */
#define REGISTRY_WATCHED  32  /* of other hosts, for registry_watch_others */

/* Times, in microseconds. */
#define REGISTRY_TOUCH (10 * WHEN_SECOND) /* between two registry_touch */
#define REGISTRY_QUIET (60 * WHEN_SECOND) /* then one elsewhere may be dead */

enum registry_request {
	REGISTRY_STOP,	    /* stop.HOST.PID: finish what runs, and leave */
	REGISTRY_INTERRUPT, /* interrupt.HOST.PID: put back what runs */
	REGISTRY_CANCEL	    /* cancel.ID */
};

/*
 * True if the name can be that of a supervisor, HOST.PID or HOST.PID-N, or of
 * one of its workers, which has .SLOT behind it.  A name that was read, from
 * workers/ or from a job file, is not opened or counted before this is true.
 */
int registry_is_name(const char *name);

/* True if such a name begins with the name of this host. */
int registry_is_local(const struct spool *s, const char *name);

/*
 * 1 if workers/ has an entry of another host, alive or not; 0 if it has none;
 * -1 with errno if that cannot be told.  It reads the directory, no more.
 */
int registry_others(struct spool *s);

/*
 * Enters a process: a file of that name in workers/, locked.  What a dead
 * process has left there is replaced.  Returns a descriptor to be kept open,
 * or -1 with errno: EEXIST if a living process has the name.
 */
int registry_enter(struct spool *s, const char *name, const struct buf *text);

/*
 * Enters a supervisor under the first name that neither a living one nor a
 * living worker of one has: HOST.PID, HOST.PID-2, and so on up to
 * REGISTRY_TWINS.  Requests to an earlier owner of the name, which were there
 * before the entry was, are removed, however young they are.
 * Returns a descriptor to be kept open, and the name; or -1 with errno.
 */
int registry_enter_supervisor(struct spool *s, pid_t pid,
    const struct buf *text, char name[REGISTRY_NAME_MAX]);

/*
 * True if the name still means the entry that fd is open on; 0 if it does not;
 * -1 with errno if that cannot be told.
 */
int registry_is_entered(const struct spool *s, const char *name, int fd);

/*
 * Makes an entry again whose name does not mean it any more, because somebody
 * has removed or replaced it; *fd is then open on the new one.  Returns 1; 0
 * if the name still means it; -1 with errno, as registry_enter: *fd may be -1
 * then, for there is no entry.
 */
int registry_reenter(struct spool *s, const char *name, const struct buf *text,
    int *fd);

/*
 * 1 if a living process has that entry, 0 if not, -1 with errno; as
 * registry_alive, but cheap as long as the entry has the inode in *inode (0:
 * none is known yet), which is then that of the entry.
 */
int registry_entered(const struct spool *s, const char *name, uint64_t *inode);

/* Writes the text anew, in place; it must have the length it had. */
int registry_update(int fd, const struct buf *text);

/* Takes the entry out, and closes. */
void registry_leave(struct spool *s, const char *name, int fd);

/*
 * 1 if a living process has that entry, 0 if not or if it is not trusted, -1
 * with errno.
 */
int registry_alive(const struct spool *s, const char *name);

/* One supervisor, as its file describes it. */
struct registry_entry {
	char name[REGISTRY_NAME_MAX];
	int64_t started_at;
	int count; /* of its workers */
};

/*
 * Calls `found` for each living supervisor, until it returns non-zero.
 * Returns that, 0, or -1 with errno.
 */
int registry_each(struct spool *s,
    int (*found)(void *arg, const struct registry_entry *entry), void *arg);

/* Appends the text of a supervisor's entry; 0, or -1 with errno. */
int registry_text(const struct spool *s, const char *name, struct buf *out);

/* Workers of living supervisors; -1 and errno if that cannot be told. */
long registry_workers(struct spool *s);

/*
 * Removes the entries of processes that are dead.  An entry of another host
 * that was touched within REGISTRY_QUIET stays, whatever its lock says; now is
 * the time of the file system.  True if there is one of these.
 */
int registry_sweep(struct spool *s, int64_t now);

/*
 * Touches an entry, as a sign of life for other hosts.  Returns the time on the
 * clock of the file system in microseconds, or -1 with errno.
 */
int64_t registry_touch(int fd);

/* Supervisors of other hosts, as they were seen before; first all zero. */
struct registry_watch {
	struct registry_watched {
		char name[REGISTRY_NAME_MAX];
		int64_t touched; /* when that was, 0: not seen yet */
		int free;	 /* times that its lock was free then */
		int here;	 /* it was seen by this look */
	} seen[REGISTRY_WATCHED];
};

/*
 * Looks at the entries of other hosts.  Returns 1 and its name if one was
 * touched twice while its lock was free: its process lives, and locks do not
 * exclude between its mount and ours.  Else 0, or -1 with errno.
 */
int registry_watch_others(struct spool *s, struct registry_watch *watch,
    char name[REGISTRY_NAME_MAX]);

/* Makes a request; 0 (also when it is there already) or -1 with errno. */
int registry_ask(const struct spool *s, enum registry_request what,
    const char *whom);

/*
 * True if the request is there, whoever made it; *st then tells it from a
 * later one.
 */
int registry_noted(const struct spool *s, enum registry_request what,
    const char *whom, struct stat *st);

/* True if the request was made, by somebody who is trusted. */
int registry_asked(const struct spool *s, enum registry_request what,
    const char *whom);

/*
 * Asks for the job of this ID and inode to be cancelled: another one that has
 * come to the ID by then is not meant.  0 or -1 with errno.
 */
int registry_ask_cancel(struct spool *s, const char *id, uint64_t inode);

/*
 * True if the job of this ID and inode is to be cancelled.  A request that
 * names no inode, as touch(1) makes it, is for any.
 */
int registry_cancels(const struct spool *s, const char *id, uint64_t inode);

/* Takes a request away. */
void registry_answer(const struct spool *s, enum registry_request what,
    const char *whom);

/* Takes the request away that was noted, not a later one in its place. */
void registry_answer_noted(const struct spool *s, enum registry_request what,
    const char *whom, const struct stat *noted);

#endif
