/*
 * model - the protocol of src/claim.c and src/spool.c as a machine of small
 * states, for one job name.  Every interleaving of its steps is looked at.
 *
 * A step is one system call; anything may happen between two of them.  What
 * a process decides by itself, or reads of a file that it has locked, belongs
 * to the step before.  Steps name the function of src/ that they stand for;
 * tests/model/protocol lists the calls of those functions in order, and
 * tests/scenario/model.sh sees to it that src/ still has them so.
 *
 *	state.c		files, locks, state lines; what a power cut leaves
 *	calls.c		spool_take, spool_rename, spool_archive
 *	run.c		a worker: claim, run, record; recovery; `conclude`
 *	command.c	retry, cancel, purge, enqueue
 *	chance.c	what comes from outside: jobs end, hands, kills, cuts
 *	explore.c	the search, and what must hold in the end
 *	main.c		the worlds that are explored, the steps left out
 */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>

#define FILES	 3
#define ACTORS	 5
#define UNSYNCED 4  /* lines of a file that are not on disk yet */
#define JOURNAL	 12 /* moves that are not */

/* Where a file is.  The first five hold one file of the name. */
enum place {
	NOWHERE, /* not made yet; as a state: no state line */
	PENDING,
	PROCESSING,
	COMPLETED,
	FAILED,
	DEAD,
	OLD_COMPLETED, /* under ID~TIME */
	OLD_DEAD,
	TMP,
	REMOVED
};

/* What may be appended. */
enum line {
	NO_LINE,
	LINE_TEXT, /* the job itself */
	LINE_PROCESSING,
	LINE_COMPLETED,
	LINE_FAILED,
	LINE_DEAD,
	LINE_CANCELLED,
	LINE_LOST,
	LINE_MOVED,
	LINE_RETRIED,
	LINE_BACK,     /* pending: stopped, returned */
	LINE_ELSEWHERE /* failed, uncharged: pending/ was taken */
};

/* What the lines of a file say. */
struct lines {
	uint8_t last; /* enum place */
	uint8_t runs;
	uint8_t lost; /* interruptions */
	uint8_t flags;
};
#define TEXT	  1  /* the job is there */
#define TORN	  2  /* the last line is open */
#define DONE	  4  /* completed, and nobody asked for more */
#define CANCELLED 8  /* the last line says so */
#define REMOTE	  16 /* the last run is on the second host */
#define SNATCHED  32 /* a rename took it by mistake */

struct file {
	uint8_t place;
	struct lines now;
	uint8_t lock;  /* who shares the descriptor that holds it */
	uint8_t job;   /* its process: 1 + its worker, ORPHAN, or 0 */
	uint8_t begun; /* runs that took place, whatever the lines say */
	uint8_t notes; /* what the checks have to know */
};
#define JOB_LOCK    0x20 /* after one bit for each actor */
#define JOB_LOCK_B  0x40 /* of a job on the second host */
#define DAEMON_LOCK 0x80
#define ORPHAN	    9
/* notes */
#define ACKED	 0x01 /* enqueue has said so */
#define REPORTED 0x02 /* its end was recorded and synced */
#define AGAIN	 0x04 /* a retry has been acknowledged */
#define CHOSEN	 0x08 /* may go: purged, or removed by hand */
#define MEANT	 0x10 /* somebody wants this very job cancelled */
#define REPLACED 0x20 /* by a hand's mv: must never run */
#define STALE	 0x40 /* its lease has run out */
#define MISUSED	 0x80 /* a command or hand left a line behind */

/* A process: a worker, a recovering supervisor, a command. */
struct actor {
	uint8_t pc;   /* enum pc */
	uint8_t op;   /* enum op */
	uint8_t file; /* that it has open */
	uint8_t from, to;
	uint8_t line; /* to be appended */
	uint8_t flags;
	uint8_t look;	     /* looks made so far; 1 + the file that is meant */
	uint8_t rename;	     /* step of spool_rename */
	uint8_t route;	     /* its places: from, 16 * to */
	uint8_t taken;	     /* 1 + the file that it took */
	uint8_t archive;     /* step of spool_archive */
	uint8_t old;	     /* the file it has open */
	struct lines before; /* the lines that were not followed by a move */
};
/* flags */
#define RECORDED  0x01
#define ELSEWHERE 0x02
#define MOVED	  0x04
#define TOLD	  0x08 /* control/cancel.ID was made */
#define ORDERED	  0x10 /* the run was ended by cancel */
#define FORCE	  0x20
#define LOOPS	  0x40 /* looks again when this is done */
#define UNTOLD	  0x80 /* what it has appended may be cut off again */

enum op {
	NOTHING,
	CLAIM,
	RECOVER,
	RETRY,
	CANCEL,
	PURGE,
	ENQUEUE
};

/* What is on disk for certain, and what is on its way there. */
struct disk {
	uint8_t place[FILES];
	struct lines lines[FILES];
	uint8_t unsynced[FILES][UNSYNCED]; /* enum line */
	uint8_t journal[JOURNAL];	   /* file + 1, 16 * its new place */
};

/* What may still happen. */
enum budget {
	DROPS,
	KILLS,
	CUTS,
	COMMANDS,
	EXTRAS,
	ENQUEUES,
	BUDGETS
};

struct state {
	uint8_t left[BUDGETS];
	uint8_t cancel; /* control/cancel.ID: 1 + the file that it means */
	uint8_t lock;	/* SPOOL/lock: 1 + who holds it */
	struct file file[FILES];
	struct actor actor[ACTORS];
	struct disk disk;
};

enum kind {
	NOBODY,
	WORKER,
	RECOVERER,
	COMMANDER,
	ENQUEUER
};

/* What is explored: who is there, and how much may go wrong. */
struct world {
	const char *name;
	const char *about;
	uint8_t kind[ACTORS];
	uint8_t left[BUDGETS];
	uint32_t may;	 /* MAY_ bits */
	uint8_t remote;	 /* bit of each actor on the second host */
	uint32_t broken; /* bits of steps that are left out */
};
/* Commands, */
#define MAY_RETRY  0x0001
#define MAY_CANCEL 0x0002
#define MAY_PURGE  0x0004
#define MAY_HAND   0x0008 /* mv */
#define MAY_FORCE  0x0010
#define MAY_AGAIN  0x0020 /* enqueue --again */
/* and extras. */
#define MAY_STALE   0x0080 /* a name is looked up in a stale cache */
#define MAY_REPLACE 0x0100 /* mv over what waits */
#define MAY_REMOVE  0x0200 /* rm processing/ID, rm completed/ID */
#define MAY_DAEMON  0x0400 /* a job leaves one */
#define MAY_STOP    0x0800
#define MAY_RETURN  0x1000 /* it cannot be started */
#define MAY_FILL    0x2000 /* the disk is full as a run begins */
#define MAY_UNLOCK  0x4000 /* a host is cut off: its locks are lost */
#define MAY_DOWN    0x8000 /* a host goes down, others do not */

/* Steps that can be left out. */
enum step_left_out {
	SAME_LOCK,
	SAME_MOVE,
	NOREPLACE,
	LIVE,
	NAMESAKE,
	ARCHIVE_LOCK,
	RECOVER_LOCK,
	FIXUP,
	PUT_BACK,
	HALF_DEAD,
	LAST_RESORT,
	UNLOCK,
	GIVE_BACK,
	END_ORDER,
	STALE_CANCEL,
	CANCEL_INODE,
	FORCE_ALIVE,
	DISCARD,
	LEASE,
	TOUCH,
	SPOOL_LOCK,
	LOOK_TWICE,
	SYNC_TEXT,
	SYNC_ENQUEUE,
	SYNC_BEGIN,
	SYNC_END,
	SYNC_LEFT,
	SYNC_MOVE,
	SYNC_RETRY,
	UNDO_RETRY,
	UNTELL,
	LEFT_OUT
};

/* One step that is being made: from a copy of the state, by an actor. */
struct turn {
	const struct world *world;
	struct state s;
	struct actor *a; /* in s */
	int who;
	int blocked;	   /* it cannot be made now */
	const char *what;  /* for the trace */
	const char *where; /* the function of src/ */
	const char *fault; /* a promise was broken */
};

/* What a rename or the archive answers. */
enum result {
	OK,
	GONE,
	EXISTS,
	BUSY
};

/* state.c */
int broken(const struct turn *t, enum step_left_out what);
int at(const struct state *s, int place); /* the file there, or -1 */
struct file *mine(struct turn *t);
void put(struct turn *t, int file, int place);
int directory_of(int place); /* that an old record is in */
int state_of(int line);
void append(struct turn *t, int file, int line);
void tell(struct turn *t, int line); /* append, and it may be undone */
void forget(struct turn *t);	     /* it may not any more */
void untell(struct turn *t);
void sync_file(struct turn *t, int file);
void sync_place(struct turn *t, int place);
int locked(const struct turn *t, int file);
void lock_file(struct turn *t, int file);
void unlock_file(struct turn *t, int file); /* for all who share it */
void close_file(struct turn *t, int file);
int durable(const struct turn *t);
int torn_first(const struct file *f);
/* The n-th way in which a power cut may leave the disk; 0: no such way. */
int cut(struct turn *t, unsigned n);

/* calls.c */
void take(struct turn *t, int op, int from, int file);
void rename_begin(struct turn *t, int from, int to);
void archive_begin(struct turn *t);
void leave(struct turn *t); /* closes the file, and has nothing to do */

/* run.c */
void taken(struct turn *t); /* what comes after spool_take */
void conclude(struct turn *t, int line);
void conclude_recorded(struct turn *t, int to);
void conclude_left(struct turn *t, int to);
int is_alive(const struct state *s, const struct world *w, int file);

/* command.c */
void command_taken(struct turn *t);
void cancel_held(struct turn *t);
void cancel_again(struct turn *t);

/* The steps by their numbers, in the order of the tables in each file. */
enum pc {
	IDLE,
	/* calls.c */
	TAKE_LOCK,
	TAKE_SAME,
	/* run.c: claim */
	ROOM_PROCESSING,
	ROOM_FAILED,
	ROOM_ARCHIVE,
	PUT_RIGHT,
	CLAIM_LOOK,
	CLAIM_MOVE,
	CLAIM_ANSWER,
	NAMESAKE_FAILED,
	NAMESAKE_COMPLETED,
	NAMESAKE_DEAD,
	CLAIM_UNDO,
	CLAIM_UNTELL,
	CLAIM_DROP,
	BEGIN_APPEND,
	BEGIN_SYNC,
	BEGIN_START,
	RUN,
	/* run.c: the end */
	FINISH_SAME,
	END_RECORD,
	END_SYNC,
	LEFT_SYNC,
	END_MOVE,
	END_ARCHIVE,
	END_MOVE_AGAIN,
	END_UNTELL,
	END_SYNC_TO,
	END_SYNC_FROM,
	END_RELEASE,
	FINISH_ANSWER,
	/* command.c */
	RETRY_LOOK,
	RETRY_APPEND,
	RETRY_SYNC,
	RETRY_MOVE,
	RETRY_UNDO,
	RETRY_RELEASE,
	RETRY_SYNC_TO,
	RETRY_SYNC_FROM,
	RETRY_DONE,
	CANCEL_FIND,
	CANCEL_OPEN,
	CANCEL_ALIVE,
	CANCEL_ASK,
	CANCEL_SILENT,
	CANCEL_SEIZE,
	CANCEL_FREE,
	CANCEL_ALIVE_STILL,
	CANCEL_ARCHIVE,
	CANCEL_ANSWER,
	PURGE_MOVE,
	PURGE_UNLINK,
	ENQUEUE_SYNC,
	ENQUEUE_LOCK,
	ENQUEUE_LOOK,
	ENQUEUE_ARCHIVE,
	ENQUEUE_MOVE,
	ENQUEUE_UNLOCK,
	ENQUEUE_SYNC_DIR,
	ENQUEUE_GIVE_UP,
	PCS
};

struct step {
	uint8_t pc;
	const char *call;
	const char *where; /* of src/ */
	void (*go)(struct turn *t);
	void (*back)(struct turn *t, enum result r); /* of what it called */
};
extern const struct step call_steps[], run_steps[], command_steps[];
const struct step *step_of(int pc);
void step(struct turn *t);
void begin_claim(struct turn *t, int place);
void begin_recover(struct turn *t);

/* chance.c, command.c: calls `visit` for each successor of a state. */
struct visitor {
	void (*visit)(struct visitor *v, const struct turn *t, int certain);
};
void successors(const struct world *w, const struct state *s,
    struct visitor *v);
void command_begins(struct turn *t, struct visitor *v);

/* explore.c */
struct outcome {
	uint32_t states, finals;
	const char *fault; /* NULL: none */
};
/* Prints the way to a fault if `verbose`. */
struct outcome explore(const struct world *w, int verbose);

#endif
