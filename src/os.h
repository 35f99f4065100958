/*
 * os - what POSIX.1-2008 does not have.
 *
 * os_linux.c uses the system's own calls, os_posix.c does without; the
 * Makefile chooses one (make OS=posix).  os_bsd.c is used with either: of it,
 * flock(2) is the one extension that the spool cannot do without.
 */
#ifndef OS_H
#define OS_H

#include <stddef.h>
#include <sys/types.h>

enum os_lock {
	OS_LOCK_SHARED,
	OS_LOCK_EXCLUSIVE,
	OS_UNLOCK
};

/*
 * flock(2), which never waits here.  Returns 0 when done, 1 when somebody else
 * holds the lock, -1 with errno otherwise.
 */
int os_flock(int fd, enum os_lock how);

/*
 * renameat2(2) with RENAME_NOREPLACE.  Returns 0 or -1 with errno: EEXIST if
 * the new name is taken, ENOSYS if the system or the file system lacks it.
 */
int os_rename_noreplace(int fromdir, const char *from, int todir,
    const char *to);

/* A change that was seen in a watched directory. */
struct os_event {
	int watch;	  /* what os_watch_add returned; -1: events were lost */
	const char *name; /* of the entry, "" for the directory itself */
	int written; /* or changed in mode or owner; else it has appeared */
};

/* inotify(7) descriptor, non-blocking; -1 with errno ENOSYS: poll instead. */
int os_watch_open(void);

/*
 * Watches the directory that `fd` is open on for entries that appear (made,
 * linked or moved in) or were written; with `leaving` also for those that go,
 * else also for those whose mode or owner was changed.
 * Returns the number of the watch, or -1 with errno.
 */
int os_watch_add(int watch_fd, int fd, int leaving);

/*
 * True if a watch tells of every change on the file system that fd is on: no
 * other host can make one, nor a process here by another way than this mount.
 */
int os_watch_sees_all(int fd);

/*
 * Calls `seen` for each event that is waiting.  Returns 0, or -1 with errno.
 */
int os_watch_read(int watch_fd,
    void (*seen)(void *arg, const struct os_event *event), void *arg);

/*
 * Writes the type of the mount that fd is on, as "ext4" or "fuse.sshfs", cut to
 * `size` bytes.  0, or -1 with errno: ENOSYS if the system does not tell.
 */
int os_mount_type(int fd, char *type, size_t size);

/* Closes every descriptor from `lowest` up but `keep` (-1: none). */
void os_close_from(int lowest, int keep);

/* A process that lives. */
struct os_process {
	pid_t pid;  /* 0: none */
	char state; /* one letter, as ps(1) has it; '\0': unknown */
};

/*
 * Sends a signal (0: none) to every process of a session: to the process
 * group of its leader, which is a child of ours, and, where the system tells
 * who belongs to a session, to the others.  Returns how many were found that
 * are more than zombies, and one of them in *one unless that is NULL; 0 where
 * the system does not tell.
 */
int os_kill_session(pid_t session, int sig, struct os_process *one);

/*
 * Runs `child` in a new process until it calls exec(2) or _exit(2).  With
 * `borrow` that may be a vfork(2): it runs in our memory, of which it may
 * change nothing, and we wait for it.  Returns the PID, or -1 with errno.
 */
pid_t os_fork(void (*child)(void *arg), void *arg, int borrow);

/* What is known of the file systems that are mounted. */
struct os_mounts {
	int fd; /* tells of changes; -1: nothing can be known */
	int known;
	int local;
};

void os_mounts_open(struct os_mounts *m);

/*
 * True if no file system is mounted whose files may hang because a server
 * does not answer: every one is of a kind that is known to have none.
 */
int os_mounts_local(struct os_mounts *m);

/*
 * Zeroed memory that a child process shares with us; NULL with errno.  It is
 * never given back.
 */
void *os_shared(size_t n);

/* getrandom(2); 0, or -1 if the system has none (yet). */
int os_random(void *bytes, size_t n);

/*
 * Syncs the whole file system that fd is on.  Returns 0 when all that was
 * written since fd was opened is on disk, or -1 with errno: ENOSYS if the
 * system cannot do that or would not tell of an error.
 */
int os_sync_all(int fd);

/*
 * True if, on the file system that fd is on, os_sole_open tells of everybody
 * who can have a file open.
 */
int os_leases(int fd);

/*
 * 0 if nobody else has the file open that fd is open on, neither by another
 * open(2) here nor in another process; -1 with errno: EAGAIN, somebody has;
 * else that cannot be told.  The process may be sent a SIGPOLL by it.
 */
int os_sole_open(int fd);

/*
 * Opens what fd is on anew, to append to it: the new descriptor has
 * O_NONBLOCK, while the file status flags of fd stay as they are for all who
 * share them.  -1 with errno: ENOSYS if the system cannot do that.
 */
int os_reopen(int fd);

/* send(2) without waiting; returns as that does. */
ssize_t os_send(int socket, const void *bytes, size_t n);

/* The columns of a terminal, 0 if it is none or does not tell. */
size_t os_columns(int fd);

/* Processors that are online, at least 1. */
int os_cpus(void);

#endif
