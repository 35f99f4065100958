#include "retry.h"

#include <limits.h>
#include <math.h>

#include "tests.h"

#define SECOND INT64_C(1000000)
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	double base;
	int64_t max_delay;
	int n;
	int64_t delay; /* without jitter */
} delays[] = {
	{ 2, 300 * SECOND, 1, 2 * SECOND },
	{ 2, 300 * SECOND, 2, 4 * SECOND },
	{ 2, 300 * SECOND, 3, 8 * SECOND },
	{ 2, 300 * SECOND, 7, 128 * SECOND },
	{ 2, 300 * SECOND, 8, 256 * SECOND },
	{ 2, 300 * SECOND, 9, 300 * SECOND },
	{ 2, 300 * SECOND, 10, 300 * SECOND },
	{ 2, 256 * SECOND, 8, 256 * SECOND },
	{ 2, 256 * SECOND - 1, 8, 256 * SECOND - 1 },
	{ 2, 256 * SECOND + 1, 8, 256 * SECOND },
	{ 2, 300 * SECOND, 0, 2 * SECOND },
	{ 2, 300 * SECOND, -1, 2 * SECOND },
	{ 2, 300 * SECOND, INT_MIN, 2 * SECOND },
	{ 2, 300 * SECOND, INT_MAX, 300 * SECOND },
	{ 3, 100000 * SECOND, 10, 59049 * SECOND },
	{ 1.5, 300 * SECOND, 1, 1500000 },
	{ 1.5, 300 * SECOND, 3, 3375000 },
	{ 1.1, 300 * SECOND, 2, 1210000 },
	{ 10, 300 * SECOND, 2, 100 * SECOND },
	{ 10, 300 * SECOND, 3, 300 * SECOND },
	/* A base of 1 never grows; one just above does, after long. */
	{ 1, 300 * SECOND, 1, 1 * SECOND },
	{ 1, 300 * SECOND, INT_MAX, 1 * SECOND },
	{ 1.0000001, 300 * SECOND, INT_MAX, 300 * SECOND },
	/* Bases that no config allows. */
	{ 0, 300 * SECOND, 5, 1 * SECOND },
	{ -2, 300 * SECOND, 5, 1 * SECOND },
	{ 1e300, 300 * SECOND, 1, 300 * SECOND },
	{ 1e300, INT64_MAX, INT_MAX, INT64_MAX },
	{ 1e300, INT64_MAX, 2, INT64_MAX },
	/* The largest delay there is, and the smallest. */
	{ 2, INT64_MAX, 42, (INT64_C(1) << 42) * SECOND },
	{ 2, INT64_MAX, 43, (INT64_C(1) << 43) * SECOND },
	{ 2, INT64_MAX, 44, INT64_MAX },
	{ 2, INT64_MAX, INT_MAX, INT64_MAX },
	{ 2, 1, 1, 1 },
	{ 2, 500000, 2, 500000 },
	{ 2, 1500000, 2, 1500000 },
	{ 2, 0, 3, 0 },
	{ 2, -5, 3, 0 },
	{ 300, 300 * SECOND, 1, 300 * SECOND },
	{ 12345.678, 20000 * SECOND, 1, INT64_C(12345678000) },
};

START_TEST(plain)
{
	struct retry_rule rule = { 3, 0, 0, 0 };
	static const uint32_t randoms[] = { 0, 1, 0x80000000, UINT32_MAX };
	int64_t got;
	size_t i, k;

	for (i = 0; i < LEN(delays); i++) {
		rule.base = delays[i].base;
		rule.max_delay = delays[i].max_delay;
		for (k = 0; k < LEN(randoms); k++) {
			got = retry_delay(&rule, delays[i].n, randoms[k]);
			ck_assert_msg(got == delays[i].delay,
			    "row %zu: expected %lld, got %lld", i,
			    (long long)delays[i].delay, (long long)got);
		}
		got = retry_delay_max(&rule, delays[i].n);
		ck_assert_msg(got == delays[i].delay,
		    "row %zu: expected a maximum of %lld, got %lld", i,
		    (long long)delays[i].delay, (long long)got);
	}
}
END_TEST

START_TEST(not_a_number)
{
	struct retry_rule rule = { 3, 0, 300 * SECOND, 0 };

	rule.base = (double)NAN;
	ck_assert_int_eq(retry_delay(&rule, 3, 0), SECOND);
	rule.base = (double)INFINITY;
	ck_assert_int_eq(retry_delay(&rule, 3, 0), 300 * SECOND);
}
END_TEST

static const struct {
	int64_t max_delay;
	int percent;
	int n;
	uint32_t random;
	int64_t delay;
} jitters[] = {
	{ 300 * SECOND, 10, 1, 0, 1800000 },
	{ 300 * SECOND, 10, 1, UINT32_MAX, 2200000 },
	{ 300 * SECOND, 10, 1, 0x80000000, 2000000 },
	{ 300 * SECOND, 10, 1, 0x40000000, 1900000 },
	{ 300 * SECOND, 100, 1, 0, 0 },
	{ 300 * SECOND, 100, 1, UINT32_MAX, 4 * SECOND },
	{ 300 * SECOND, 1, 1, 0, 1980000 },
	/* Around the longest delay, which the jitter may pass. */
	{ 300 * SECOND, 10, 20, 0, 270 * SECOND },
	{ 300 * SECOND, 10, 20, UINT32_MAX, 330 * SECOND },
	/* Percentages that no config allows. */
	{ 300 * SECOND, -10, 1, 0, 2 * SECOND },
	{ 300 * SECOND, -10, 1, UINT32_MAX, 2 * SECOND },
	{ 300 * SECOND, 250, 1, 0, 0 },
	{ 300 * SECOND, 250, 1, UINT32_MAX, 4 * SECOND },
	{ 300 * SECOND, INT_MAX, 1, UINT32_MAX, 4 * SECOND },
	/* No overflow. */
	{ INT64_MAX, 100, 99, 0, 0 },
	{ INT64_MAX, 100, 99, UINT32_MAX, INT64_MAX },
	{ INT64_MAX, 50, 99, UINT32_MAX, INT64_MAX },
	{ 7, 50, 1, 0, 4 },
	{ 7, 50, 1, UINT32_MAX, 10 },
};

START_TEST(jitter)
{
	struct retry_rule rule = { 3, 2, 0, 0 };
	int64_t got;
	size_t i;

	for (i = 0; i < LEN(jitters); i++) {
		rule.max_delay = jitters[i].max_delay;
		rule.jitter_percent = jitters[i].percent;
		got = retry_delay(&rule, jitters[i].n, jitters[i].random);
		ck_assert_msg(got == jitters[i].delay,
		    "row %zu: expected %lld, got %lld", i,
		    (long long)jitters[i].delay, (long long)got);
		ck_assert_msg(got <= retry_delay_max(&rule, jitters[i].n),
		    "row %zu: beyond retry_delay_max", i);
	}
}
END_TEST

/* A tenth of the random numbers gives a tenth of the range, in order. */
START_TEST(jitter_even)
{
	struct retry_rule rule = { 3, 2, INT64_MAX, 30 };
	int counts[10] = { 0 };
	int64_t low = 0, range, got, last;
	uint32_t random;
	int n, i, k;

	for (n = 1; n < 43; n++) {
		low = retry_delay(&rule, n, 0);
		range = retry_delay_max(&rule, n) - low + 1;
		last = low;
		for (k = 0; k < 10; k++)
			counts[k] = 0;
		for (i = 0; i < 1000; i++) {
			random = (uint32_t)i * (UINT32_MAX / 1000) + 2000000;
			got = retry_delay(&rule, n, random);
			if (got < last || got - low >= range)
				ck_abort_msg("retry %d: %lld after %lld", n,
				    (long long)got, (long long)last);
			counts[(got - low) / (range / 10 + 1)]++;
			last = got;
		}
		for (k = 0; k < 10; k++)
			ck_assert_msg(counts[k] >= 98 && counts[k] <= 102,
			    "retry %d: expected about 100 of 1000 in tenth "
			    "%d, got %d",
			    n, k, counts[k]);
	}
}
END_TEST

/* Later retries never wait less. */
START_TEST(grows)
{
	static const double bases[] = { 1, 1.01, 1.5, 2, 3.7, 60 };
	struct retry_rule rule = { 3, 0, 86400 * SECOND, 0 };
	int64_t last, got;
	size_t i;
	int n;

	for (i = 0; i < LEN(bases); i++) {
		rule.base = bases[i];
		last = 0;
		for (n = 1; n < 2000; n++) {
			got = retry_delay(&rule, n, 0);
			if (got < last)
				ck_abort_msg("base %g: retry %d waits %lld, "
					     "the one before %lld",
				    bases[i], n, (long long)got,
				    (long long)last);
			last = got;
		}
	}
}
END_TEST

START_TEST(exhausted)
{
	static const struct {
		int max_retries, counted, exhausted;
	} rows[] = {
		{ 3, 0, 0 },
		{ 3, 1, 0 },
		{ 3, 3, 0 },
		{ 3, 4, 1 },
		{ 3, 5, 1 },
		{ 0, 0, 0 },
		{ 0, 1, 1 },
		{ 1, 1, 0 },
		{ 1, 2, 1 },
		{ INT_MAX, INT_MAX, 0 },
		{ 0, INT_MAX, 1 },
	};
	struct retry_rule rule = { 0, 2, 300 * SECOND, 0 };
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		rule.max_retries = rows[i].max_retries;
		ck_assert_msg(!retry_exhausted(&rule, rows[i].counted) ==
			!rows[i].exhausted,
		    "%d failures of a job with %d retries: expected %d",
		    rows[i].counted, rows[i].max_retries, rows[i].exhausted);
	}
}
END_TEST

START_TEST(clamp)
{
	static const int64_t now = 1700000000 * SECOND;
	static const struct {
		int percent, n;
		int64_t retry_at, now, due;
	} rows[] = {
		/* In the past, now, and as far away as allowed: kept. */
		{ 0, 1, 0, now, 0 },
		{ 0, 1, now - 1, now, now - 1 },
		{ 0, 1, now, now, now },
		{ 0, 1, now + 2 * SECOND, now, now + 2 * SECOND },
		{ 10, 1, now + 2200000, now, now + 2200000 },
		/* Further: moved near. */
		{ 0, 1, now + 2 * SECOND + 1, now, now + 2 * SECOND },
		{ 10, 1, now + 2200001, now, now + 2200000 },
		{ 0, 9, now + 86400 * SECOND, now, now + 300 * SECOND },
		{ 0, 1, INT64_MAX, now, now + 2 * SECOND },
		/* The clock has been set back by years. */
		{ 0, 2, now, 5, 5 + 4 * SECOND },
		/* No overflow. */
		{ 0, 1, INT64_MAX, INT64_MAX - 5, INT64_MAX },
		{ 0, 1, 7, INT64_MAX, 7 },
		{ 0, 1, 0, INT64_MIN, INT64_MIN + 2 * SECOND },
	};
	struct retry_rule rule = { 3, 2, 300 * SECOND, 0 };
	int64_t got;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		rule.jitter_percent = rows[i].percent;
		got = retry_clamp(&rule, rows[i].n, rows[i].retry_at,
		    rows[i].now);
		ck_assert_msg(got == rows[i].due,
		    "row %zu: expected %lld, got %lld", i,
		    (long long)rows[i].due, (long long)got);
	}
}
END_TEST

Suite *
suite_retry(void)
{
	Suite *s = suite_create("retry");
	TCase *t = tcase_create("retry");

	tcase_add_test(t, plain);
	tcase_add_test(t, not_a_number);
	tcase_add_test(t, jitter);
	tcase_add_test(t, jitter_even);
	tcase_add_test(t, grows);
	tcase_add_test(t, exhausted);
	tcase_add_test(t, clamp);
	suite_add_tcase(s, t);
	return s;
}
