/*
 * retry - when a job that failed is tried again, and when it is given up.
 *
 * Pure arithmetic: must not know files, clocks or where randomness is from.
 */
#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

/* What decides about a job; from the job file first, then the config. */
struct retry_rule {
	int max_retries;    /* runs after the first one */
	double base;	    /* seconds, >= 1 */
	int64_t max_delay;  /* microseconds */
	int jitter_percent; /* 0 to 100 */
};

/*
 * The delay in microseconds before retry n (from 1): base ^ n seconds, at
 * most max_delay, then plus or minus up to jitter_percent of it, evenly
 * spread by `random`.  n < 1 counts as 1.
 */
int64_t retry_delay(const struct retry_rule *rule, int n, uint32_t random);

/* The longest delay that retry_delay can give for retry n. */
int64_t retry_delay_max(const struct retry_rule *rule, int n);

/*
 * True if a job that has failed `counted` times, this one included, has
 * used up its retries.
 */
int retry_exhausted(const struct retry_rule *rule, int counted);

/*
 * When a retry that was planned for retry_at is due at the latest, seen at
 * `now`: a time further away than the rule allows was written under a clock
 * that has jumped since, and is moved near: to now + retry_delay_max.
 */
int64_t retry_clamp(const struct retry_rule *rule, int n, int64_t retry_at,
    int64_t now);

#endif
