/*
 * fixture - a directory or a spool of its own for each test, removed
 * afterwards, and hands to put things into it and to look at them.
 *
 * What returns nothing ends the test if it fails.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <check.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "conf.h"
#include "spool.h"

#define LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define PENDING SPOOL_PENDING
#define RUNNING SPOOL_PROCESSING
#define DONE	SPOOL_COMPLETED
#define FAILED	SPOOL_FAILED
#define DEAD	SPOOL_DEAD

extern char fixture_path[]; /* the test's directory */
extern int fixture_fd;	    /* open on it */
extern struct spool spool;  /* in it, open, not durable */
extern struct conf conf;    /* the defaults */

/* Gives each test of a case a directory, or a spool in one. */
void fixture_dirs(TCase *t);
void fixture_spools(TCase *t);

/* ---- Files below a descriptor of a directory ---- */

void put_at(int fd, const char *name, const char *text);
void put_bytes_at(int fd, const char *name, const void *bytes, size_t len);

/* The text of a file, until the next call. */
const struct buf *text_at(int fd, const char *name);

void expect_at(int fd, const char *name, const char *text);
void expect_none_at(int fd, const char *name);

/* How many entries a directory has. */
int count_at(int fd);

/* ---- Files of the spool ---- */

void put_file(int dir, const char *name, const char *text);
void expect_file(int dir, const char *name, const char *text);
void expect_none(int dir, const char *name);
void expect_count(int dir, int count);

/* The file begins with this text. */
void expect_begin(int dir, const char *name, const char *text);

/*
 * The state lines of a job file are these, one a line, without their times,
 * which must ascend; a retry_at as "+SECONDS" after the time of its line, the
 * error without quotes.
 */
void expect_history(int dir, const char *name, const char *lines);

/* The job is in this directory, nobody has its lock, and its history. */
void expect_job(int dir, const char *name, const char *lines);

void set_mtime(int dir, const char *name, int64_t us);

/* ---- Limits ---- */

/*
 * No file may grow beyond so many bytes.  Until unlimit_size not even Check
 * can write: nothing may be asserted.
 */
void limit_size(long bytes);
void unlimit_size(void);

/* ---- Other processes ---- */

/* A child that exits with what `run` returns. */
pid_t child_start(int (*run)(void *arg), void *arg);

/* Its exit status. */
int child_end(pid_t pid);

/* A child that holds the lock on a file until it is let go. */
struct holder {
	pid_t pid;
	int go;
};
struct holder hold_at(int fd, const char *name);
struct holder hold(int dir, const char *name);
void let_go(struct holder *h);

/* Waits until `ready` says so: 1, or 0 after five seconds. */
int wait_until(int (*ready)(void *arg), void *arg);

#endif
