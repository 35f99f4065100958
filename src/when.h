/*
 * when - points in time and durations, as text and back.
 *
 * All times are microseconds since 1970-01-01T00:00:00Z, leap seconds not
 * counted, in an int64_t; all durations are microseconds too.
 * Must not know: what time it is (callers say so).
 */
#ifndef WHEN_H
#define WHEN_H

#include <stdint.h>

#include "buf.h"

#define WHEN_SECOND INT64_C(1000000)
#define WHEN_NEVER  INT64_MAX
#define WHEN_SIZE   48 /* bytes that any of the formats below needs */

/* The years that can be written: RFC 3339 has four digits. */
#define WHEN_MIN INT64_C(0)		     /* 1970-01-01T00:00:00Z */
#define WHEN_MAX INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

/*
 * RFC 3339 in UTC with six decimals: 2026-11-22T02:48:00.130112Z
 * Here and below, a time outside WHEN_MIN to WHEN_MAX counts as the nearer.
 */
void when_format(char out[WHEN_SIZE], int64_t us);

/* The same with three decimals, as the log has it. */
void when_format_ms(char out[WHEN_SIZE], int64_t us);

/* The same without decimals, for tables. */
void when_format_s(char out[WHEN_SIZE], int64_t us);

/* As in IDs, which may not hold a colon: 20261122T024800.130 */
void when_format_id(char out[WHEN_SIZE], int64_t us);

/*
 * A duration for people: 0s, 59s, 2m5s, 3h, 4d2h; days at most, and of the
 * smaller units only the next one.  What is less is cut; a negative duration
 * counts as 0s.
 */
void when_format_duration(char out[WHEN_SIZE], int64_t us);

/*
 * Reads an RFC 3339 time: any number of decimals (those after the sixth are
 * cut), "T", "t" or a space between date and time, zone "Z", "z", +HH:MM or
 * -HH:MM.  Beyond that RFC, the seconds and the zone may be missing: without a
 * zone it is local time, the first of two where clocks are set back.
 * "YYYY-MM-DD" alone is its midnight, local.  A second of 60 counts as the next
 * minute.  Returns 0, or -1 if the text is nothing of the kind, a day that does
 * not exist, or outside WHEN_MIN to WHEN_MAX.
 */
int when_parse_time(const char *text, int64_t *us);

/*
 * Reads what a person types: all that when_parse_time takes; "now",
 * "+DURATION", "now + DURATION"; "@SECONDS" since 1970, with decimals or
 * without; a time of day ("H:MM", "H:MM:SS", "3pm", "3:30 pm", "noon",
 * "midnight"), a day ("today", "tomorrow", "YYYY-MM-DD"), or both in either
 * order, local.  A time of day alone is the next one after now; today and
 * tomorrow alone have the time of day of now, as with at(1).  Words may be in
 * any case.  Returns 0, or -1 also if now or the result is outside WHEN_MIN to
 * WHEN_MAX.
 */
int when_parse(const char *text, int64_t now, int64_t *us);

/*
 * Reads a duration: 90, 1.5, 90s, 5m, 2h, 1d, 1w, 1h30m, 10min, "2 hours".
 * Units descend and may be words; only the last number may have decimals.
 * Returns 0, or -1 if it is no such thing or longer than ten thousand years.
 */
int when_parse_duration(const char *text, int64_t *us);

#endif
