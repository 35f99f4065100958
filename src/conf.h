/*
 * conf - the configuration of a spool: a table of typed keys.
 *
 * Owns: the names, ranges and defaults of the keys, the file SPOOL/config and
 * how it is replaced.  Must not know: what the settings are used for.
 */
#ifndef CONF_H
#define CONF_H

#include <stdint.h>

#include "buf.h"

#define CONF_FILE_MAX  65536 /* bytes of the file */
#define CONF_ERROR_MAX 256

enum conf_mode {
	CONF_PRIORITY,
	CONF_FIFO
};
enum conf_durability {
	CONF_FULL,
	CONF_NONE
};

struct conf {
	long max_retries;
	double backoff_base;
	long max_backoff_seconds;
	long backoff_jitter; /* percent */
	long job_timeout_seconds;
	long kill_grace_seconds;
	long scheduling_mode; /* enum conf_mode */
	long lock_lease_seconds;
	long poll_interval_ms;
	long max_interruptions;
	long max_stops;
	long stop_grace_seconds; /* 0: no limit */
	long max_output_bytes;	 /* 0: no limit */
	long min_free_bytes;
	long retain_completed_seconds;
	long retain_dead_seconds;
	long durability;   /* enum conf_durability */
	unsigned long set; /* bit i: key i of the table is in the file */
};

/* One key, as the table has it. */
struct conf_key {
	const char *name;
	const char *help;
	const char *fallback;	  /* the default, as text */
	const char *const *words; /* ended by NULL: an enumeration */
	double min, max;	  /* else a number within these */
	int decimal;		  /* may have decimals */
	size_t offset;		  /* of a long, or double if decimal */
};

/* The keys in the order of the manual; ended by a NULL name. */
extern const struct conf_key conf_keys[];

/* The key of that name, '-' and '_' being the same; NULL if there is none. */
const struct conf_key *conf_find(const char *name);

/* All defaults. */
void conf_defaults(struct conf *conf);

/* Appends the value of a key as text. */
void conf_text(const struct conf *conf, const struct conf_key *key,
    struct buf *out);

/* True if the key stands in the file. */
int conf_is_set(const struct conf *conf, const struct conf_key *key);

/*
 * Reads the text of such a file; what it does not set has its default.
 * Returns 0, or -1 and fills `why` with what is wrong, and where.
 */
int conf_parse(const char *text, struct conf *conf, char why[CONF_ERROR_MAX]);

/*
 * Reads SPOOL/config; spool is a descriptor of the directory (-1: there is
 * none, all defaults).  Returns 0, or -1 and fills `why` with what is wrong.
 */
int conf_load(int spool, struct conf *conf, char why[CONF_ERROR_MAX]);

/* 0 if the key may have that value, or -1 and fills `why`. */
int conf_check(const struct conf_key *key, const char *value,
    char why[CONF_ERROR_MAX]);

/*
 * Sets a key in SPOOL/config (value NULL: removes it), keeping all other
 * lines, under an exclusive lock on SPOOL/lock, for which it waits up to `wait`
 * microseconds; the file is synced.  Returns 0, or -1 with errno and fills
 * `why`: nothing was changed then.  EWOULDBLOCK: somebody else holds the lock.
 */
int conf_set(int spool, const struct conf_key *key, const char *value,
    int64_t wait, char why[CONF_ERROR_MAX]);

#endif
