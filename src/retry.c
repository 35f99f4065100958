#include "retry.h"

#define MICRO  1e6  /* microseconds of a second */
#define ENOUGH 1e13 /* seconds: more than microseconds in an int64_t */

/* base ^ n seconds in microseconds, at most max_delay. */
static int64_t
delay_plain(const struct retry_rule *rule, int n)
{
	double factor = rule->base, power = 1, us = 0;
	int64_t delay;

	if (rule->max_delay <= 0)
		return 0;
	if (!(factor >= 1)) /* so written, it is true of a NaN as well */
		factor = 1;
	if (n < 1)
		n = 1;
	/* By squaring; what is cut to ENOUGH is never multiplied by more. */
	for (; n > 0; n /= 2) {
		if (factor > ENOUGH)
			factor = ENOUGH;
		if (n % 2 == 1)
			power *= factor;
		us = power * MICRO;
		if (us >= (double)rule->max_delay)
			return rule->max_delay;
		factor *= factor;
	}
	delay = (int64_t)us;
	if (us - (double)delay >= 0.5)
		delay++;
	return delay;
}

/* How far the jitter may move a delay, either way. */
static int64_t
jitter_width(const struct retry_rule *rule, int64_t delay)
{
	int percent = rule->jitter_percent;

	if (percent < 0)
		percent = 0;
	if (percent > 100)
		percent = 100;
	return delay / 100 * percent + delay % 100 * percent / 100;
}

int64_t
retry_delay(const struct retry_rule *rule, int n, uint32_t random)
{
	int64_t delay = delay_plain(rule, n);
	int64_t width = jitter_width(rule, delay);
	uint64_t range = (uint64_t)width * 2;
	uint64_t move;

	/* range * random / UINT32_MAX, in two parts that fit. */
	move = range / UINT32_MAX * random +
	    range % UINT32_MAX * random / UINT32_MAX;
	move += (uint64_t)(delay - width);
	return move < INT64_MAX ? (int64_t)move : INT64_MAX;
}

int64_t
retry_delay_max(const struct retry_rule *rule, int n)
{
	return retry_delay(rule, n, UINT32_MAX);
}

int
retry_exhausted(const struct retry_rule *rule, int counted)
{
	return counted > rule->max_retries;
}

int64_t
retry_clamp(const struct retry_rule *rule, int n, int64_t retry_at, int64_t now)
{
	int64_t delay = retry_delay_max(rule, n);
	int64_t latest;

	latest = now > INT64_MAX - delay ? INT64_MAX : now + delay;
	return retry_at < latest ? retry_at : latest;
}
