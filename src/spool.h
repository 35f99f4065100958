/*
 * spool - the directories, and every legal move of a file between them.
 *
 * Owns: the names in SPOOL/, who may use it, locks on job files, same(),
 * renaming without replacing, the archive of reused IDs.
 * Must not know: what makes a job due, how it is run, retry rules.
 *
 * Whoever holds an exclusive flock on a job's inode owns the job; which
 * directory holds its name is its state.  A name can come to mean another
 * inode at any moment, so spool_same() is asked after every lock and rename.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "buf.h"
#include "job.h"

/* The first five are the states of a job. */
enum spool_dir {
	SPOOL_PENDING = JOB_PENDING,
	SPOOL_PROCESSING = JOB_PROCESSING,
	SPOOL_COMPLETED = JOB_COMPLETED,
	SPOOL_FAILED = JOB_FAILED,
	SPOOL_DEAD = JOB_DEAD,
	SPOOL_TMP,
	SPOOL_OUTPUT,
	SPOOL_WORKERS,
	SPOOL_CONTROL
};
#define SPOOL_DIRS 9
#define SPOOL_TOP  (-1) /* the spool itself, for spool_scan */

#define SPOOL_HOST_MAX 64			 /* bytes of a host name kept */
#define SPOOL_SETTLE   (60 * WHEN_SECOND)	 /* half-written, then dead */
#define SPOOL_TMP_AGE  (36 * 3600 * WHEN_SECOND) /* swept from tmp/ */
#define SPOOL_WAIT     WHEN_SECOND /* for a lock, of who asks by command */
#define SPOOL_LOCK_MAX (10 * WHEN_SECOND) /* the same, for SPOOL/lock */
#define SPOOL_WHY_MAX  512

struct spool {
	char *path;   /* absolute */
	int fd;	      /* of the directory; -1: there is none */
	dev_t device; /* the file system that all of it must be on */
	uid_t user;   /* whom we are */
	uid_t owner;  /* of the spool */
	int dir[SPOOL_DIRS];
	int durable;	/* sync what must not be lost */
	int64_t settle; /* microseconds until half-written is dead */
	int lock_fd;	/* of SPOOL/lock while held, else -1 */
	int lock_depth;
	int64_t lock_wait;  /* microseconds that it is waited for */
	int64_t lock_tired; /* monotonic clock: not waited for before that */
	int64_t stamped;    /* the last time handed out */
	uint32_t number; /* the next one for a name; 0: none was chosen yet */
	char host[SPOOL_HOST_MAX + 1];
};

enum spool_result {
	SPOOL_OK,
	SPOOL_GONE,	/* no such file, or another one by now */
	SPOOL_BUSY,	/* locked by somebody else */
	SPOOL_EXISTS,	/* the new name is taken */
	SPOOL_FOREIGN,	/* not a regular file: left alone */
	SPOOL_UNSYNCED, /* done, but a power cut may undo it: errno */
	SPOOL_ERROR	/* errno says what */
};

/* What spool_open does about a spool that is not there. */
enum spool_want {
	SPOOL_READ,   /* nothing: s->fd is -1, and all of it looks empty */
	SPOOL_MAKE,   /* makes it, 0700 */
	SPOOL_EXAMINE /* as READ, and opens what spool_unsafe warns of */
};

/*
 * The path of the spool: `option` if not NULL, $QUEUECTL_SPOOL, for root
 * /var/spool/queuectl, else below $XDG_STATE_HOME or $HOME/.local/state.
 * Returns memory to be freed, or NULL when none can be told.
 */
char *spool_path(const char *option);

/*
 * Opens a spool.  Refused (-1, `why` filled): one whose owner is neither the
 * caller nor root, or for root not root; one that group or others may write;
 * directories on several file systems; a directory that is no spool and
 * not empty.  Returns 0 otherwise.
 */
int spool_open(struct spool *s, const char *path, enum spool_want want,
    char why[SPOOL_WHY_MAX]);
void spool_close(struct spool *s);

/*
 * Why a directory of an open spool, or SPOOL_TOP, must not be used: its
 * owner, its mode, or its file system, as spool_open has it.  NULL: it may.
 */
const char *spool_unsafe(const struct spool *s, int dir);

/*
 * True if a file may say what is done in a spool of that owner: it is the
 * owner's or root's.  Every job, the config, requests and entries are asked.
 */
int spool_trusts(uid_t owner, const struct stat *st);

/* Whose a file is that is not trusted: "belongs to user 1000, not to ..." */
#define SPOOL_WHOSE_MAX 100
void spool_whose(uid_t owner, const struct stat *st, char why[SPOOL_WHOSE_MAX]);

/*
 * True, and *st is filled, if dir/name is a regular file that is not trusted.
 */
int spool_distrusts(const struct spool *s, int dir, const char *name,
    struct stat *st);

/* "pending" and so on. */
const char *spool_dir_name(int dir);

/* 0, or -1 and `why`: a directory of the open spool was removed or replaced. */
int spool_intact(const struct spool *s, char why[SPOOL_WHY_MAX]);

/* The time, never the same twice from one process. */
int64_t spool_now(struct spool *s);

/*
 * Takes the lock on SPOOL/lock; may be nested.  Waits for it up to lock_wait,
 * but not again for as long when that was in vain.  Returns 0, or -1 with
 * errno: EWOULDBLOCK if somebody else held it all the time.  Whatever needs
 * this lock then answers SPOOL_ERROR with that errno, and nothing else does.
 */
int spool_lock(struct spool *s);
void spool_unlock(struct spool *s);

/* strerror(3) for what failed in a spool: tells of SPOOL/lock. */
const char *spool_strerror(int error);

/*
 * The clock of the spool's file system, in microseconds; -1 with errno if it
 * cannot be told.  Touches SPOOL/lock.
 */
int64_t spool_clock(const struct spool *s);

/*
 * Opens a job file for reading: OK and the descriptor in *fd; GONE, FOREIGN,
 * ERROR.
 */
enum spool_result spool_open_job(const struct spool *s, int dir,
    const char *name, int *fd);

/*
 * Opens a job file for reading and appending, locks it (never waiting), and
 * makes sure that the name still means it: OK and the descriptor in *fd;
 * GONE, BUSY, FOREIGN, ERROR.
 */
enum spool_result spool_take(const struct spool *s, int dir, const char *name,
    int *fd);

/*
 * The same without the lock: for what a left-over process holds, and only
 * when somebody insists.  OK, GONE, FOREIGN, ERROR.
 */
enum spool_result spool_seize(const struct spool *s, int dir, const char *name,
    int *fd);

/* Gives up the lock for all who share it, and closes. */
void spool_release(int fd);

/*
 * True for the errors that say that a file was removed: on a network also to
 * who has it open.
 */
int spool_is_gone(int error);

/*
 * True if dir/name is the file that fd is open on; 0 if it is another one or
 * none; -1 with errno if that cannot be told.
 */
int spool_same(const struct spool *s, int fd, int dir, const char *name);

/*
 * Renames from/name to to/new_name, never replacing anything, and never
 * anything but the file that fd is open on.  OK, EXISTS, GONE, ERROR.
 */
enum spool_result spool_rename(struct spool *s, int fd, int from,
    const char *name, int to, const char *new_name);

/*
 * The same of a file that may not be opened, and that nobody here can hold
 * therefore: *st tells which one it is.
 */
enum spool_result spool_rename_unopened(struct spool *s, const struct stat *st,
    int from, const char *name, int to, const char *new_name);

/* spool_rename to the same name in another directory. */
enum spool_result spool_move(struct spool *s, int fd, int from, int to,
    const char *name);

/* Reads a job file whole (at most JOB_FILE_MAX + 1 bytes); 0 or -1. */
int spool_read(int fd, struct buf *text);

/*
 * When a file was last changed, in microseconds since 1970: no earlier than
 * WHEN_MIN, no later than WHEN_MAX.  Of a descriptor: -1 if unknown.
 */
int64_t spool_time(const struct stat *st);
int64_t spool_changed(int fd);

/*
 * Appends whole lines in one write; their end is the file offset then.  A
 * short write is undone.  Returns 0 or -1 with errno.
 */
int spool_append(int fd, const struct buf *lines);

/*
 * Makes a file of that text in tmp/, under a name that no other process has:
 * `what`, at most JOB_NAME_MAX bytes, and a number.  Returns a descriptor, or
 * -1 with errno and nothing left behind.
 */
#define SPOOL_TMP_MAX (JOB_NAME_MAX + 16)
int spool_create(struct spool *s, const char *what, const struct buf *text,
    char tmp_name[SPOOL_TMP_MAX]);

/* Syncs a directory if the spool is durable; 0 or -1 with errno. */
int spool_sync_dir(const struct spool *s, int dir);

/* Syncs a file's data if the spool is durable; 0 or -1 with errno. */
int spool_sync_file(const struct spool *s, int fd);

/*
 * Where the name is, looking in the order in which jobs move: a directory of
 * a state; JOB_NO_STATE if nowhere; -2 with errno if that cannot be told.
 */
int spool_find(const struct spool *s, const char *name);

/*
 * Makes room for a new record of this ID: an ended one goes to ID~TIME with
 * its outputs.  OK (also when there is none), BUSY if its lock is held,
 * FOREIGN, ERROR.  Doing it again after a crash ends the same.
 */
enum spool_result spool_archive(struct spool *s, const char *id);

/*
 * The name that spool_archive gives to a record whose last state line, or last
 * change if it has none, is of that time.  0; -1 with errno if that cannot be
 * told, EEXIST if a thousand names from there on are taken.
 */
int spool_archive_name(const struct spool *s, const char *id, int64_t us,
    char old[JOB_NAME_MAX + 1]);

/* Removes the outputs of the attempts 1 to `attempts`; 0 or -1 with errno. */
int spool_remove_outputs(const struct spool *s, const char *name, int attempts);

/*
 * Removes the file that fd is open on, if dir/name still means it.  OK, GONE,
 * ERROR.
 */
enum spool_result spool_discard(struct spool *s, int fd, int dir,
    const char *name);

/* The same of a file that may not be opened, *st being of it. */
enum spool_result spool_discard_unopened(struct spool *s, const struct stat *st,
    int dir, const char *name);

/* A new job file: in tmp/, on its way to pending/. */
struct spool_new {
	char tmp_name[JOB_NAME_MAX + 16];
	char id[JOB_NAME_MAX + 1]; /* "": to be made when it is moved */
	int fd;			   /* open on it; -1: it is in */
	int synced;
};

/*
 * Writes a new job file into tmp/, for spool_enqueue or spool_withdraw.  id:
 * the ID, or "" to have one made.  alone: it is synced at once, not with
 * others.  Returns 0, or -1 with errno and nothing left behind.
 */
int spool_prepare(struct spool *s, struct spool_new *n, const struct buf *text,
    const char *id, int alone);

/*
 * Moves prepared files into pending/, in their order, up to one that cannot
 * be; *in tells how many are in.  again: an ended record of the ID is
 * archived.  OK: all are there for good; UNSYNCED: those that are in may be
 * lost in a power cut; else why the next one is not in.  EXISTS: its ID is in
 * use in some state; BUSY: the ended record's lock was held for a second;
 * FOREIGN: there is something else in the place of that record; ERROR.
 */
enum spool_result spool_enqueue(struct spool *s, struct spool_new *n,
    size_t count, int again, size_t *in);

/* Removes a prepared file that is not in; errno is kept. */
void spool_withdraw(struct spool *s, struct spool_new *n);

/*
 * True if a file of that name in the directory of a state may be a job: it is
 * named by an ID, or, where it has ended, by ID~TIME; and not, in pending/, by
 * one of job_name_unfinished.
 */
int spool_is_job(int dir, const char *name);

/*
 * Calls `found` for each entry of a directory but "." and "..", until it
 * returns non-zero.  Returns that, 0 at the end, or -1 with errno if the
 * directory could not be read to its end.
 */
int spool_scan(const struct spool *s, int dir,
    int (*found)(void *arg, const char *name, uint64_t inode), void *arg);

/* The name of an output file of an attempt; stream is "out" or "err". */
#define SPOOL_OUTPUT_MAX (JOB_NAME_MAX + 20)
void spool_output_name(char out[SPOOL_OUTPUT_MAX], const char *name,
    int attempt, const char *stream);

/* True if nothing new may start, or if that cannot be told. */
int spool_paused(const struct spool *s);

/*
 * Has nothing new start: SPOOL/paused, with a text that says who, when and why.
 * 0 or -1 with errno.
 */
int spool_pause(struct spool *s, const struct buf *text);

/* Lets jobs start again; 0, or -1 with errno: ENOENT if it was not paused. */
int spool_resume(const struct spool *s);

/* Bytes that are free for the caller, or -1 where nobody knows. */
int64_t spool_free_bytes(const struct spool *s);

/* Removes files from tmp/ that are older than SPOOL_TMP_AGE and unlocked. */
void spool_sweep(struct spool *s);

#endif
