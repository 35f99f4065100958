#include "when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define HOUR	 (3600 * WHEN_SECOND)
#define DAY	 (24 * HOUR)

#define S(seconds) (INT64_C(seconds) * WHEN_SECOND)

/* Local time is this, from here on, in this test. */
static void
set_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

static void
setup(void)
{
	set_zone("UTC0");
}

static const struct {
	int64_t us;
	const char *text;
} times[] = {
	{ WHEN_MIN, "1970-01-01T00:00:00.000000Z" },
	{ 1, "1970-01-01T00:00:00.000001Z" },
	{ S(1) - 1, "1970-01-01T00:00:00.999999Z" },
	{ DAY - 1, "1970-01-01T23:59:59.999999Z" },
	{ DAY, "1970-01-02T00:00:00.000000Z" },
	{ 31 * DAY, "1970-02-01T00:00:00.000000Z" },
	{ 365 * DAY - 1, "1970-12-31T23:59:59.999999Z" },
	{ 365 * DAY, "1971-01-01T00:00:00.000000Z" },
	{ S(68256000) - 1, "1972-02-29T23:59:59.999999Z" },
	{ S(68256000), "1972-03-01T00:00:00.000000Z" },
	{ S(946684800) - 1, "1999-12-31T23:59:59.999999Z" },
	{ S(946684800), "2000-01-01T00:00:00.000000Z" },
	{ S(951827696) + 123456, "2000-02-29T12:34:56.123456Z" },
	{ S(1709251199), "2024-02-29T23:59:59.000000Z" },
	{ S(1795315680) + 130112, "2026-11-22T02:48:00.130112Z" },
	{ S(2147483648), "2038-01-19T03:14:08.000000Z" },
	{ S(4107542400) - 1, "2100-02-28T23:59:59.999999Z" },
	{ S(4107542400), "2100-03-01T00:00:00.000000Z" },
	{ S(13574563200), "2400-02-29T00:00:00.000000Z" },
	{ WHEN_MAX, "9999-12-31T23:59:59.999999Z" },
};

START_TEST(format_and_back)
{
	char out[WHEN_SIZE];
	int64_t us;
	size_t i;

	for (i = 0; i < LEN(times); i++) {
		when_format(out, times[i].us);
		ck_assert_str_eq(out, times[i].text);
		ck_assert_msg(when_parse_time(out, &us) == 0, "%s", out);
		ck_assert_msg(us == times[i].us, "%s: expected %lld, got %lld",
		    out, (long long)times[i].us, (long long)us);
	}
}
END_TEST

/*
 * Each day of more than the 400 years after which the calendar repeats is the
 * one after the day before.  (An assertion that holds costs Check a write,
 * hence the ifs.)
 */
START_TEST(every_day)
{
	char out[WHEN_SIZE], last[WHEN_SIZE] = "";
	int64_t us, back = 0;
	long days = 0;

	for (us = WHEN_MIN; days < 150000; us += DAY, days++) {
		when_format_s(out, us);
		if (strcmp(out, last) <= 0)
			ck_abort_msg("%s after %s", out, last);
		if (when_parse_time(out, &back) == -1 || back != us)
			ck_abort_msg("%s: expected %lld, got %lld", out,
			    (long long)us, (long long)back);
		memcpy(last, out, sizeof(last));
	}
	ck_assert_str_eq(last, "2380-09-07T00:00:00Z");
}
END_TEST

START_TEST(format_forms)
{
	int64_t us = S(1795315680) + 130999;
	char out[WHEN_SIZE];

	when_format(out, us);
	ck_assert_str_eq(out, "2026-11-22T02:48:00.130999Z");
	when_format_ms(out, us);
	ck_assert_str_eq(out, "2026-11-22T02:48:00.130Z");
	when_format_s(out, us);
	ck_assert_str_eq(out, "2026-11-22T02:48:00Z");
	when_format_id(out, us);
	ck_assert_str_eq(out, "20261122T024800.130");
}
END_TEST

/* UTC whatever the zone is; outside of the years, the nearest. */
START_TEST(format_edges)
{
	char out[WHEN_SIZE];

	set_zone(NEW_YORK);
	when_format_s(out, S(1795315680));
	ck_assert_str_eq(out, "2026-11-22T02:48:00Z");
	when_format(out, -1);
	ck_assert_str_eq(out, "1970-01-01T00:00:00.000000Z");
	when_format(out, INT64_MIN);
	ck_assert_str_eq(out, "1970-01-01T00:00:00.000000Z");
	when_format(out, WHEN_MAX + 1);
	ck_assert_str_eq(out, "9999-12-31T23:59:59.999999Z");
	when_format(out, WHEN_NEVER);
	ck_assert_str_eq(out, "9999-12-31T23:59:59.999999Z");
}
END_TEST

static const struct {
	int64_t us;
	const char *text;
} durations[] = {
	{ 0, "0s" },
	{ 1, "0s" },
	{ S(1) - 1, "0s" },
	{ S(1), "1s" },
	{ S(2) - 1, "1s" },
	{ S(59), "59s" },
	{ S(60) - 1, "59s" },
	{ S(60), "1m" },
	{ S(61), "1m1s" },
	{ S(125), "2m5s" },
	{ S(3599), "59m59s" },
	{ HOUR, "1h" },
	{ 3 * HOUR, "3h" },
	{ HOUR + S(59), "1h" },
	{ HOUR + S(60), "1h1m" },
	{ HOUR + S(125), "1h2m" },
	{ DAY - 1, "23h59m" },
	{ DAY, "1d" },
	{ DAY + S(3599), "1d" },
	{ 4 * DAY + 2 * HOUR + S(90), "4d2h" },
	{ 7 * DAY, "7d" },
	{ 400 * DAY + 23 * HOUR, "400d23h" },
	{ INT64_MAX, "106751991d4h" },
	{ -1, "0s" },
	{ -DAY, "0s" },
	{ INT64_MIN, "0s" },
};

START_TEST(format_duration)
{
	char out[WHEN_SIZE];
	size_t i;

	for (i = 0; i < LEN(durations); i++) {
		when_format_duration(out, durations[i].us);
		ck_assert_msg(strcmp(out, durations[i].text) == 0,
		    "%lld us: expected %s, got %s", (long long)durations[i].us,
		    durations[i].text, out);
	}
}
END_TEST

/* What a parser is to make of a text; -1: to refuse it. */
struct reading {
	const char *text;
	int64_t us;
};

static void
check_reading(const struct reading *row, int result, int64_t us)
{
	if (row->us == -1)
		ck_assert_msg(result == -1, "\"%s\": expected -1, got %lld",
		    row->text, (long long)us);
	else
		ck_assert_msg(result == 0 && us == row->us,
		    "\"%s\": expected %lld, got %d and %lld", row->text,
		    (long long)row->us, result, (long long)us);
}

static const struct reading utc_times[] = {
	{ "2026-11-22T02:48:00Z", S(1795315680) },
	{ "2026-11-22t02:48:00z", S(1795315680) },
	{ "2026-11-22 02:48:00Z", S(1795315680) },
	{ "2026-11-22T02:48:00", S(1795315680) },
	{ "2026-11-22 02:48:00", S(1795315680) },
	{ "2026-11-22", S(1795315680) - 2 * HOUR - 48 * S(60) },
	/* Without seconds. */
	{ "2026-11-22T02:48", S(1795315680) },
	{ "2026-11-22 02:48", S(1795315680) },
	{ "2026-11-22T02:48Z", S(1795315680) },
	{ "2026-11-22 03:48+01:00", S(1795315680) },
	{ "2026-11-22T02:48:", -1 },
	{ "2026-11-22T02:48.5", -1 },
	/* Decimals: any number, the seventh is cut. */
	{ "2026-11-22T02:48:00.1Z", S(1795315680) + 100000 },
	{ "2026-11-22T02:48:00.13", S(1795315680) + 130000 },
	{ "2026-11-22T02:48:00.130112Z", S(1795315680) + 130112 },
	{ "2026-11-22T02:48:00.1301129Z", S(1795315680) + 130112 },
	{ "2026-11-22T02:48:00.0000009999999999999Z", S(1795315680) },
	{ "2026-11-22T02:48:00.Z", -1 },
	{ "2026-11-22T02:48:00.", -1 },
	{ "2026-11-22T02:48:00,5Z", -1 },
	/* Zones. */
	{ "2026-11-22T02:48:00+00:00", S(1795315680) },
	{ "2026-11-22T02:48:00-00:00", S(1795315680) },
	{ "2026-11-22T03:48:00+01:00", S(1795315680) },
	{ "2026-11-21T21:18:00.5-05:30", S(1795315680) + 500000 },
	{ "2026-11-23T02:47:00+23:59", S(1795315680) },
	{ "2026-11-22T02:48:00+24:00", -1 },
	{ "2026-11-22T02:48:00+01:60", -1 },
	{ "2026-11-22T02:48:00+0100", -1 },
	{ "2026-11-22T02:48:00+01", -1 },
	{ "2026-11-22T02:48:00+1:00", -1 },
	{ "2026-11-22T02:48:00 Z", -1 },
	{ "2026-11-22T02:48:00ZZ", -1 },
	{ "2026-11-22T02:48:00+01:00Z", -1 },
	{ "2026-11-22T02:48:00CET", -1 },
	{ "2026-11-22Z", -1 },
	{ "2026-11-22+01:00", -1 },
	/* A second of 60 is the next minute; more are none. */
	{ "2026-11-22T02:47:60Z", S(1795315680) },
	{ "2026-11-22T02:47:60.25Z", S(1795315680) + 250000 },
	{ "2026-11-22T02:47:60", S(1795315680) },
	{ "1999-12-31T23:59:60Z", S(946684800) },
	{ "9999-12-31T23:59:60Z", -1 },
	{ "2026-11-22T02:48:61Z", -1 },
	{ "2026-11-22T02:60:00Z", -1 },
	{ "2026-11-22T24:00:00Z", -1 },
	{ "2026-11-22T23:59:59Z", S(1795391999) },
	/* Days that exist and some that do not. */
	{ "2024-02-29", S(1709164800) },
	{ "2000-02-29", S(951782400) },
	{ "2023-02-29", -1 },
	{ "2100-02-29", -1 },
	{ "2100-02-29T00:00:00Z", -1 },
	{ "2026-04-31", -1 },
	{ "2026-06-31T00:00:00Z", -1 },
	{ "2026-01-32", -1 },
	{ "2026-01-00", -1 },
	{ "2026-00-01", -1 },
	{ "2026-13-01", -1 },
	/* The years that can be written; the zone counts. */
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01", 0 },
	{ "1969-12-31T23:59:59.999999Z", -1 },
	{ "1969-12-31T23:59:60Z", 0 },
	{ "1970-01-01T00:59:59+01:00", -1 },
	{ "1970-01-01T01:00:00+01:00", 0 },
	{ "1969-12-31T23:00:00-01:00", 0 },
	{ "1969-12-31", -1 },
	{ "0000-02-29T00:00:00Z", -1 },
	{ "0000-01-01", -1 },
	{ "0001-01-01T00:00:00Z", -1 },
	{ "9999-12-31T23:59:59.999999Z", WHEN_MAX },
	{ "9999-12-31T23:59:59.9999999Z", WHEN_MAX },
	{ "9999-12-31T23:59:59-00:01", -1 },
	{ "10000-01-01T00:00:00Z", -1 },
	/* Nothing of the kind. */
	{ "", -1 },
	{ "now", -1 },
	{ "@5", -1 },
	{ "12:30", -1 },
	{ "2026", -1 },
	{ "2026-11", -1 },
	{ "2026-11-2", -1 },
	{ "2026-11-22T", -1 },
	{ "2026-11-22 ", -1 },
	{ " 2026-11-22", -1 },
	{ "2026-11-22T02", -1 },
	{ "2026-11-22T2:48:00Z", -1 },
	{ "2026-11-22T02:48:0Z", -1 },
	{ "2026-11-22T024800Z", -1 },
	{ "2026-11-22  02:48:00", -1 },
	{ "2026-11-22_02:48:00", -1 },
	{ "20261122", -1 },
	{ "20261122T024800.130", -1 },
	{ "2026/11/22", -1 },
	{ "26-11-22", -1 },
	{ "-2026-11-22", -1 },
	{ "+026-11-22", -1 },
	{ "2026-+1-22", -1 },
	{ "2026-11- 2", -1 },
	{ "2026-11-22\n", -1 },
};

START_TEST(parse_time_utc)
{
	int64_t us = 0;
	size_t i;
	int result;

	for (i = 0; i < LEN(utc_times); i++) {
		result = when_parse_time(utc_times[i].text, &us);
		check_reading(&utc_times[i], result, us);
	}
}
END_TEST

START_TEST(parse_time_local)
{
	static const struct reading rows[] = {
		{ "2026-01-15", S(1768453200) },
		{ "2026-01-15T00:00:00", S(1768453200) },
		{ "2026-01-14 23:59:60.5", S(1768453200) + 500000 },
		{ "2026-01-15T00:00:00Z", S(1768453200) - 5 * HOUR },
		{ "2026-07-01T12:00:00.25", S(1782921600) + 250000 },
		{ "2026-07-01T12:00:00-04:00", S(1782921600) },
		/* The days on which clocks are set. */
		{ "2026-03-08", S(1772946000) },
		{ "2026-03-08T01:59:59", S(1772955000) - S(1801) },
		{ "2026-03-08T03:00:00", S(1772955000) - S(1800) },
		{ "2026-03-08T03:30:00", S(1772955000) },
		{ "2026-11-01", S(1793505600) },
		{ "2026-11-01T00:59:59", S(1793511000) - S(1801) },
		{ "2026-11-01T02:00:00", S(1793511000) + S(5400) },
		/* Twice that day: the first. */
		{ "2026-11-01T01:30:00", S(1793511000) },
		/* The evening before, in New York, it was 1970 in London. */
		{ "1969-12-31T19:00:00", 0 },
		{ "1969-12-31T18:59:59", -1 },
		{ "1969-12-31T18:59:60", 0 },
	};
	int64_t us = 0;
	size_t i;
	int result;

	set_zone(NEW_YORK);
	for (i = 0; i < LEN(rows); i++) {
		result = when_parse_time(rows[i].text, &us);
		check_reading(&rows[i], result, us);
	}
	/* The zone is looked at each time. */
	set_zone("ABC-9:30");
	ck_assert_int_eq(when_parse_time("2026-11-22T02:48:00", &us), 0);
	ck_assert_int_eq(us, S(1795315680) - 9 * HOUR - HOUR / 2);
	set_zone("UTC0");
	ck_assert_int_eq(when_parse_time("2026-11-22T02:48:00", &us), 0);
	ck_assert_int_eq(us, S(1795315680));
}
END_TEST

/* No clock shows 02:30 on that day: what comes out is near, at least. */
START_TEST(parse_time_gap)
{
	int64_t us = 0;

	set_zone(NEW_YORK);
	ck_assert_int_eq(when_parse_time("2026-03-08T02:30:00", &us), 0);
	ck_assert_int_ge(us, S(1772955000) - HOUR);
	ck_assert_int_le(us, S(1772955000));
}
END_TEST

static const int64_t now = S(1795315680) + 130112; /* at 02:48 UTC */

static const struct reading typed[] = {
	{ "now", S(1795315680) + 130112 },
	{ "NOW", S(1795315680) + 130112 },
	{ "nowhere", -1 },
	{ "now 5", -1 },
	/* After now. */
	{ "+0", S(1795315680) + 130112 },
	{ "+90", S(1795315770) + 130112 },
	{ "+1.5", S(1795315681) + 630112 },
	{ "+5m", S(1795315980) + 130112 },
	{ "+1h30m", S(1795321080) + 130112 },
	{ "now + 2 hours", S(1795322880) + 130112 },
	{ "now+2hours", S(1795322880) + 130112 },
	{ "+ 2h", S(1795322880) + 130112 },
	{ "Now +1 day 6 hours", S(1795315680) + 30 * HOUR + 130112 },
	{ "now + 90", S(1795315770) + 130112 },
	{ "now +", -1 },
	{ "now - 1 hour", -1 },
	{ "now + 2 fortnights", -1 },
	{ "+", -1 },
	{ "+-5", -1 },
	{ "++5", -1 },
	{ "+5x", -1 },
	{ "-5", -1 },
	{ "+7000w", S(1795315680) + 130112 + 49000 * DAY },
	{ "+3000000d", -1 },
	{ "+99999999999999999999", -1 },
	/* Since 1970. */
	{ "@0", 0 },
	{ "@1", S(1) },
	{ "@1.25", S(1) + 250000 },
	{ "@1.0000019", S(1) + 1 },
	{ "@1795315680", S(1795315680) },
	{ "@0001", S(1) },
	{ "@253402300799", WHEN_MAX - 999999 },
	{ "@253402300799.999999", WHEN_MAX },
	{ "@253402300800", -1 },
	{ "@1000000000000", -1 },
	{ "@9223372036855", -1 },
	{ "@18446744073709551617", -1 },
	{ "@", -1 },
	{ "@.5", -1 },
	{ "@5.", -1 },
	{ "@-1", -1 },
	{ "@ 1", -1 },
	{ "@1s", -1 },
	/* The next one. */
	{ "02:49", S(1795315740) },
	{ "02:48", S(1795315680) + DAY },
	{ "02:47", S(1795315620) + DAY },
	{ "23:59", S(1795391940) },
	{ "00:00", S(1795392000) },
	{ "24:00", -1 },
	{ "12:60", -1 },
	{ "2:49", S(1795315740) },
	{ "02:48:01", S(1795315681) },
	{ "02:48:00", S(1795315680) + DAY },
	{ "0:00", S(1795392000) },
	{ "noon", S(1795348800) },
	{ "Midnight", S(1795392000) },
	{ "3pm", S(1795359600) },
	{ "3:30 pm", S(1795361400) },
	{ "12am", S(1795392000) },
	{ "12pm", S(1795348800) },
	/* Of a day. */
	{ "tomorrow", S(1795315680) + DAY },
	{ "today", S(1795315680) },
	{ "tomorrow 3:00", S(1795316400) + DAY },
	{ "3:00 tomorrow", S(1795316400) + DAY },
	{ "tomorrow noon", S(1795348800) + DAY },
	{ "noon tomorrow", S(1795348800) + DAY },
	{ "midnight tomorrow", S(1795305600) + DAY },
	{ "today 1:00", S(1795309200) },
	{ "2026-11-29 3:00", S(1795316400) + 7 * DAY },
	{ "2026-11-29 3am", S(1795316400) + 7 * DAY },
	{ "02:4", -1 },
	{ "3", -1 },
	{ "0am", -1 },
	{ "13pm", -1 },
	{ "002:49", -1 },
	{ "2:49:5", -1 },
	{ "2:49:60", -1 },
	{ "tomorrow 3", -1 },
	{ "tomorrow tomorrow", -1 },
	{ "3:00 4:00", -1 },
	{ "tomorrowish", -1 },
	{ "next week", -1 },
	{ "2026-02-30 3:00", -1 },
	{ "02:49Z", -1 },
	{ " 02:49", -1 },
	/* All that when_parse_time takes. */
	{ "2026-11-22", S(1795305600) },
	{ "2026-11-22T02:48:00.5Z", S(1795315680) + 500000 },
	{ "2026-11-22 03:48:00+01:00", S(1795315680) },
	{ "1999-12-31T23:59:60Z", S(946684800) },
	{ "2026-02-29", -1 },
	{ "", -1 },
	{ "90", -1 },
	{ "5m", -1 },
};

START_TEST(parse)
{
	int64_t us = 0;
	size_t i;
	int result;

	for (i = 0; i < LEN(typed); i++) {
		result = when_parse(typed[i].text, now, &us);
		check_reading(&typed[i], result, us);
	}
}
END_TEST

/* HH:MM at exactly that time is tomorrow; at the end of a month too. */
START_TEST(parse_clock_boundaries)
{
	static const struct {
		const char *now, *text, *due;
	} rows[] = {
		{ "2026-11-22T02:48:00Z", "02:48", "2026-11-23T02:48:00Z" },
		{ "2026-11-22T02:47:59.999999Z", "02:48",
		    "2026-11-22T02:48:00Z" },
		{ "2026-11-30T12:00:00Z", "11:00", "2026-12-01T11:00:00Z" },
		{ "2026-12-31T23:59:59Z", "00:00", "2027-01-01T00:00:00Z" },
		{ "2024-02-28T12:00:00Z", "06:00", "2024-02-29T06:00:00Z" },
		{ "2023-02-28T12:00:00Z", "06:00", "2023-03-01T06:00:00Z" },
		{ "1970-01-01T00:00:00Z", "00:00", "1970-01-02T00:00:00Z" },
		{ "1970-01-01T00:00:00Z", "00:01", "1970-01-01T00:01:00Z" },
	};
	char out[WHEN_SIZE];
	int64_t at = 0, us = 0;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		ck_assert_int_eq(when_parse_time(rows[i].now, &at), 0);
		ck_assert_int_eq(when_parse(rows[i].text, at, &us), 0);
		when_format_s(out, us);
		ck_assert_msg(strcmp(out, rows[i].due) == 0,
		    "%s at %s: expected %s, got %s", rows[i].text, rows[i].now,
		    rows[i].due, out);
	}
}
END_TEST

START_TEST(parse_clock_local)
{
	static const struct {
		const char *now, *text, *due;
	} rows[] = {
		{ "2026-01-15T03:00:00Z", "22:30", "2026-01-15T03:30:00Z" },
		{ "2026-01-15T04:00:00Z", "22:30", "2026-01-16T03:30:00Z" },
		/* In the evening there it is tomorrow in UTC. */
		{ "2026-01-15T03:00:00Z", "00:00", "2026-01-15T05:00:00Z" },
		/* Across both settings of the clock. */
		{ "2026-03-07T18:00:00Z", "12:00", "2026-03-08T16:00:00Z" },
		{ "2026-10-31T17:00:00Z", "12:00", "2026-11-01T17:00:00Z" },
		/* 01:30 twice: both are a next one. */
		{ "2026-11-01T04:00:00Z", "01:30", "2026-11-01T05:30:00Z" },
		{ "2026-11-01T05:30:00Z", "01:30", "2026-11-01T06:30:00Z" },
		{ "2026-11-01T06:30:00Z", "01:30", "2026-11-02T06:30:00Z" },
		/* The first evening of all: the day before in New York. */
		{ "1970-01-01T00:00:00Z", "19:01", "1970-01-01T00:01:00Z" },
		{ "1970-01-01T00:00:00Z", "19:00", "1970-01-02T00:00:00Z" },
	};
	char out[WHEN_SIZE];
	int64_t at = 0, us = 0;
	size_t i;

	set_zone(NEW_YORK);
	for (i = 0; i < LEN(rows); i++) {
		ck_assert_int_eq(when_parse_time(rows[i].now, &at), 0);
		ck_assert_int_eq(when_parse(rows[i].text, at, &us), 0);
		when_format_s(out, us);
		ck_assert_msg(strcmp(out, rows[i].due) == 0,
		    "%s at %s: expected %s, got %s", rows[i].text, rows[i].now,
		    rows[i].due, out);
	}
}
END_TEST

START_TEST(parse_now_edges)
{
	int64_t us = 0;

	ck_assert_int_eq(when_parse("now", WHEN_MIN, &us), 0);
	ck_assert_int_eq(us, WHEN_MIN);
	ck_assert_int_eq(when_parse("now", WHEN_MAX, &us), 0);
	ck_assert_int_eq(us, WHEN_MAX);
	ck_assert_int_eq(when_parse("+1", WHEN_MAX - S(1), &us), 0);
	ck_assert_int_eq(us, WHEN_MAX);
	ck_assert_int_eq(when_parse("+1", WHEN_MAX - S(1) + 1, &us), -1);
	ck_assert_int_eq(when_parse("12:00", WHEN_MAX, &us), -1);
	ck_assert_int_eq(when_parse("now", -1, &us), -1);
	ck_assert_int_eq(when_parse("+5", INT64_MIN, &us), -1);
	ck_assert_int_eq(when_parse("+5", INT64_MAX, &us), -1);
}
END_TEST

static const struct reading typed_durations[] = {
	{ "0", 0 },
	{ "90", S(90) },
	{ "90s", S(90) },
	{ "090", S(90) },
	{ "1.5", S(1) + 500000 },
	{ "1.5s", S(1) + 500000 },
	{ "0.000001", 1 },
	{ "0.0000019", 1 },
	{ "0.0000009", 0 },
	{ "5m", S(300) },
	{ "2h", 2 * HOUR },
	{ "1d", DAY },
	{ "1w", 7 * DAY },
	{ "1h30m", HOUR + S(1800) },
	{ "1w2d3h4m5s", 9 * DAY + 3 * HOUR + S(245) },
	{ "1w5s", 7 * DAY + S(5) },
	{ "1m1.25s", S(61) + 250000 },
	{ "90m", S(5400) },
	{ "100h0m", 100 * HOUR },
	{ "0w0d0h0m0s", 0 },
	/* The longest: ten thousand years. */
	{ "3652425d", 3652425 * DAY },
	{ "315569520000", 3652425 * DAY },
	{ "315569520000.000001", -1 },
	{ "315569520001", -1 },
	{ "3652425d1s", -1 },
	{ "3652424d24h", 3652425 * DAY },
	{ "3652424d24h1s", -1 },
	{ "521775w", 521775 * 7 * DAY },
	{ "521776w", -1 },
	{ "999999999999w", -1 },
	{ "1000000000001", -1 },
	{ "9223372036854775807", -1 },
	{ "9223372036854775808s", -1 },
	{ "18446744073709551616", -1 },
	{ "100000000000000000000000000000000000000000m", -1 },
	/* Units descend, each at most once. */
	{ "30m1h", -1 },
	{ "1h1h", -1 },
	{ "1s1s", -1 },
	{ "1s1m", -1 },
	/* Decimals only of the last number. */
	{ "1.5m", S(90) },
	{ "1.5h", S(5400) },
	{ "1h1.5m", S(3690) },
	{ "1.0d", DAY },
	{ "0.000001w", 604800 },
	{ "1.5h30m", -1 },
	/* Words. */
	{ "10min", S(600) },
	{ "10 minutes", S(600) },
	{ "1 hour 30 mins", S(5400) },
	{ "2hrs", 2 * HOUR },
	{ "1day", DAY },
	{ "2weeks", 14 * DAY },
	{ "45 secs", S(45) },
	{ "5 s", S(5) },
	{ "5m 3s", S(303) },
	{ "5 ", S(5) },
	{ "10minute s", -1 },
	{ "10minutess", -1 },
	{ "10mi", -1 },
	{ "1h 30", -1 },
	{ "1h 30 ", -1 },
	{ "1.", -1 },
	{ "1.s", -1 },
	{ ".5", -1 },
	{ "1.5.5", -1 },
	{ "1,5", -1 },
	/* A number without a unit stands alone. */
	{ "1h30", -1 },
	{ "1h1.5", -1 },
	{ "1s5", -1 },
	/* No such thing. */
	{ "", -1 },
	{ "s", -1 },
	{ "h5", -1 },
	{ "-5", -1 },
	{ "+5", -1 },
	{ " 5", -1 },
	{ "5M", -1 },
	{ "5S", -1 },
	{ "5y", -1 },
	{ "5ms", -1 },
	{ "1e3", -1 },
	{ "0x10", -1 },
	{ "inf", -1 },
	{ "nan", -1 },
	{ "5\n", -1 },
};

START_TEST(parse_duration)
{
	int64_t us = 0;
	size_t i;
	int result;

	for (i = 0; i < LEN(typed_durations); i++) {
		result = when_parse_duration(typed_durations[i].text, &us);
		check_reading(&typed_durations[i], result, us);
	}
}
END_TEST

/* What is printed can be typed again, and prints the same. */
START_TEST(duration_and_back)
{
	char out[WHEN_SIZE], again[WHEN_SIZE];
	int64_t us, back = 0;

	for (us = 0; us < 5000 * DAY; us = us * 9 / 8 + 400000) {
		when_format_duration(out, us);
		ck_assert_msg(when_parse_duration(out, &back) == 0, "%s", out);
		ck_assert_msg(back <= us, "%s is more than it was", out);
		when_format_duration(again, back);
		ck_assert_str_eq(out, again);
	}
}
END_TEST

Suite *
suite_when(void)
{
	Suite *s = suite_create("when");
	TCase *t = tcase_create("when");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, format_and_back);
	tcase_add_test(t, every_day);
	tcase_add_test(t, format_forms);
	tcase_add_test(t, format_edges);
	tcase_add_test(t, format_duration);
	tcase_add_test(t, parse_time_utc);
	tcase_add_test(t, parse_time_local);
	tcase_add_test(t, parse_time_gap);
	tcase_add_test(t, parse);
	tcase_add_test(t, parse_clock_boundaries);
	tcase_add_test(t, parse_clock_local);
	tcase_add_test(t, parse_now_edges);
	tcase_add_test(t, parse_duration);
	tcase_add_test(t, duration_and_back);
	suite_add_tcase(s, t);
	return s;
}
