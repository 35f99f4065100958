#include "when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MINUTE (60 * WHEN_SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define WEEK   (7 * DAY)

#define EPOCH_DAYS 719528 /* days from 0000-01-01 to 1970-01-01 */
#define CYCLE_DAYS 146097 /* days of the 400 years the calendar repeats in */

/* Ten thousand years of the mean length; times any unit, far from overflow. */
#define LONGEST (DAY * CYCLE_DAYS * (10000 / 400))

/* More seconds than any time or duration has; keeps sums from overflowing. */
#define MANY_SECONDS INT64_C(1000000000000)

/* A date and a time of day, in whatever zone the text is in. */
struct civil {
	int year;
	int month; /* 1 to 12 */
	int day;   /* from 1 */
	int hour;
	int minute;
	int second; /* 0 to 60 */
	int micro;
};

static int
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to January 1st of a year not before 0. */
static int
days_to_year(int year)
{
	int past = year - 1; /* the last year that is over */

	if (year == 0)
		return -EPOCH_DAYS;
	/* The 1 is the leap day of the year 0. */
	return 365 * year + past / 4 - past / 100 + past / 400 + 1 - EPOCH_DAYS;
}

/* The microseconds since 1970 at the beginning of this minute in UTC. */
static int64_t
utc_minute(const struct civil *c)
{
	int days = days_to_year(c->year) + c->day - 1;
	int month;

	for (month = 1; month < c->month; month++)
		days += days_in_month(c->year, month);
	return days * DAY + c->hour * HOUR + c->minute * MINUTE;
}

/* Takes a time apart into UTC; what cannot be written counts as the nearest. */
static void
utc_split(int64_t us, struct civil *c)
{
	int days, rest;

	if (us < WHEN_MIN)
		us = WHEN_MIN;
	if (us > WHEN_MAX)
		us = WHEN_MAX;
	days = (int)(us / DAY);
	us %= DAY;
	c->hour = (int)(us / HOUR);
	c->minute = (int)(us / MINUTE % 60);
	c->second = (int)(us / WHEN_SECOND % 60);
	c->micro = (int)(us % WHEN_SECOND);

	/* 366 is too long for a year, so this is too early by a few at most. */
	c->year = 1970 + days / 366;
	while (days_to_year(c->year + 1) <= days)
		c->year++;
	rest = days - days_to_year(c->year);
	for (c->month = 1; rest >= days_in_month(c->year, c->month); c->month++)
		rest -= days_in_month(c->year, c->month);
	c->day = rest + 1;
}

/*
 * Writes a time in a form whose letters stand for the digits of its parts: Y
 * year, M month, D day, h hour, m minute, s second, i milli-, u microsecond.
 * All else stands for itself.  From the right, a digit at a time: printf(3)
 * took a seventh of the instructions of an enqueue.
 */
static void
format(char out[WHEN_SIZE], int64_t us, const char *form)
{
	struct civil c;
	size_t i = strlen(form);
	int milli, *part;

	utc_split(us, &c);
	milli = c.micro / 1000;
	out[i] = '\0';
	while (i-- > 0) {
		switch (form[i]) {
		case 'Y':
			part = &c.year;
			break;
		case 'M':
			part = &c.month;
			break;
		case 'D':
			part = &c.day;
			break;
		case 'h':
			part = &c.hour;
			break;
		case 'm':
			part = &c.minute;
			break;
		case 's':
			part = &c.second;
			break;
		case 'i':
			part = &milli;
			break;
		case 'u':
			part = &c.micro;
			break;
		default:
			out[i] = form[i];
			continue;
		}
		out[i] = (char)('0' + *part % 10);
		*part /= 10;
	}
}

void
when_format(char out[WHEN_SIZE], int64_t us)
{
	format(out, us, "YYYY-MM-DDThh:mm:ss.uuuuuuZ");
}

void
when_format_ms(char out[WHEN_SIZE], int64_t us)
{
	format(out, us, "YYYY-MM-DDThh:mm:ss.iiiZ");
}

void
when_format_s(char out[WHEN_SIZE], int64_t us)
{
	format(out, us, "YYYY-MM-DDThh:mm:ssZ");
}

void
when_format_id(char out[WHEN_SIZE], int64_t us)
{
	format(out, us, "YYYYMMDDThhmmss.iii");
}

/* The units of durations, the longest first. */
static const struct unit {
	char letter;
	const char *word;  /* in the singular */
	const char *brief; /* the same */
	int64_t us;
} units[] = {
	{ 'w', "week", "wk", WEEK },
	{ 'd', "day", "day", DAY },
	{ 'h', "hour", "hr", HOUR },
	{ 'm', "minute", "min", MINUTE },
	{ 's', "second", "sec", WHEN_SECOND },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

void
when_format_duration(char out[WHEN_SIZE], int64_t us)
{
	size_t i = 1; /* days are easier to compare than weeks */
	long long first, second;

	if (us < 0)
		us = 0;
	while (i < UNITS - 1 && us < units[i].us)
		i++;
	first = us / units[i].us;
	second = i < UNITS - 1 ? us % units[i].us / units[i + 1].us : 0;
	if (second == 0)
		snprintf(out, WHEN_SIZE, "%lld%c", first, units[i].letter);
	else
		snprintf(out, WHEN_SIZE, "%lld%c%lld%c", first, units[i].letter,
		    second, units[i + 1].letter);
}

/* isdigit(3) without the locale. */
static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes exactly n digits, a number within min to max; 0 or -1. */
static int
take_digits(const char **s, int n, int min, int max, int *value)
{
	int v = 0;

	for (; n > 0; n--, (*s)++) {
		if (!is_digit(**s))
			return -1;
		v = v * 10 + (**s - '0');
	}
	*value = v;
	return v >= min && v <= max ? 0 : -1;
}

/* Takes the one byte c; 0 or -1. */
static int
take_char(const char **s, char c)
{
	if (**s != c)
		return -1;
	(*s)++;
	return 0;
}

/* Takes ".DIGITS" if a point is next, else makes it 0; 0 or -1. */
static int
take_decimals(const char **s, int *micro)
{
	int weight = 100000;

	*micro = 0;
	if (take_char(s, '.') == -1)
		return 0;
	if (!is_digit(**s))
		return -1;
	for (; is_digit(**s); (*s)++, weight /= 10)
		*micro += (**s - '0') * weight;
	return 0;
}

/* Takes as many digits as there are, at least one; 0 or -1. */
static int
take_whole(const char **s, int64_t *value)
{
	int64_t v = 0;

	if (!is_digit(**s))
		return -1;
	for (; is_digit(**s); (*s)++) {
		v = v * 10 + (**s - '0');
		if (v > MANY_SECONDS)
			return -1;
	}
	*value = v;
	return 0;
}

/* YYYY-MM-DD of a day that exists. */
static int
take_date(const char **s, struct civil *c)
{
	if (take_digits(s, 4, 0, 9999, &c->year) == -1 ||
	    take_char(s, '-') == -1 ||
	    take_digits(s, 2, 1, 12, &c->month) == -1 ||
	    take_char(s, '-') == -1)
		return -1;
	return take_digits(s, 2, 1, days_in_month(c->year, c->month), &c->day);
}

/* HH:MM */
static int
take_clock(const char **s, struct civil *c)
{
	if (take_digits(s, 2, 0, 23, &c->hour) == -1 || take_char(s, ':') == -1)
		return -1;
	return take_digits(s, 2, 0, 59, &c->minute);
}

/* :SS or :SS.DECIMALS */
static int
take_second(const char **s, struct civil *c)
{
	if (take_char(s, ':') == -1 ||
	    take_digits(s, 2, 0, 60, &c->second) == -1)
		return -1;
	return take_decimals(s, &c->micro);
}

/* "Z", +HH:MM or -HH:MM: how far the zone is ahead of UTC. */
static int
take_zone(const char **s, int64_t *ahead)
{
	struct civil c;
	int sign;

	*ahead = 0;
	if (take_char(s, 'Z') == 0 || take_char(s, 'z') == 0)
		return 0;
	sign = **s == '-' ? -1 : 1;
	if (take_char(s, '+') == -1 && take_char(s, '-') == -1)
		return -1;
	if (take_clock(s, &c) == -1)
		return -1;
	*ahead = sign * (c.hour * HOUR + c.minute * MINUTE);
	return 0;
}

static int
is_writable(int64_t us)
{
	return us >= WHEN_MIN && us <= WHEN_MAX;
}

/*
 * The first time after `after` at which local clocks begin this minute.
 * Where they are set back there are two such times, of which one is summer
 * time and one is not; where they are set forward there is none, and mktime
 * decides what was meant.  A day behind the end of the month is one of the
 * next.  Returns 0, or -1 if there is none or time_t cannot hold it.
 */
static int
local_minute(const struct civil *c, int64_t after, int64_t *us)
{
	static const int is_dst[] = { 1, 0, -1 };
	int64_t best = WHEN_NEVER, found;
	struct tm tm;
	time_t t;
	size_t i;

	for (i = 0; i < sizeof(is_dst) / sizeof(is_dst[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		tm.tm_year = c->year - 1900;
		tm.tm_mon = c->month - 1;
		tm.tm_mday = c->day;
		tm.tm_hour = c->hour;
		tm.tm_min = c->minute;
		tm.tm_isdst = is_dst[i];
		t = mktime(&tm);
		if (t == (time_t)-1)
			continue;
		/* With the wrong idea of summer time it is another hour. */
		if (is_dst[i] != -1 &&
		    (tm.tm_hour != c->hour || tm.tm_min != c->minute))
			continue;
		found = (int64_t)t * WHEN_SECOND;
		if (found > after && found < best)
			best = found;
	}
	*us = best;
	return best != WHEN_NEVER ? 0 : -1;
}

int
when_parse_time(const char *text, int64_t *us)
{
	struct civil c = { 0, 0, 0, 0, 0, 0, 0 };
	int64_t t, ahead;

	if (take_date(&text, &c) == -1)
		return -1;
	if (*text != '\0') {
		if (*text != 'T' && *text != 't' && *text != ' ')
			return -1;
		text++;
		if (take_clock(&text, &c) == -1 ||
		    (*text == ':' && take_second(&text, &c) == -1))
			return -1;
	}
	if (*text == '\0') {
		if (local_minute(&c, INT64_MIN, &t) == -1)
			return -1;
	} else {
		if (take_zone(&text, &ahead) == -1 || *text != '\0')
			return -1;
		t = utc_minute(&c) - ahead;
	}
	t += c.second * WHEN_SECOND + c.micro;
	if (!is_writable(t))
		return -1;
	*us = t;
	return 0;
}

static void
skip_blanks(const char **s)
{
	while (**s == ' ' || **s == '\t')
		(*s)++;
}

static int
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes a lower-case word, written in any case, and the blanks after it. */
static int
take_word(const char **s, const char *word)
{
	const char *p = *s;

	for (; *word != '\0'; word++, p++)
		if (*p != *word && *p != *word - 'a' + 'A')
			return -1;
	if (is_letter(*p))
		return -1;
	*s = p;
	skip_blanks(s);
	return 0;
}

/*
 * Takes "noon", "midnight", H:MM or H:MM:SS with or without "am" or "pm", or
 * an hour with one of these; 0 or -1.
 */
static int
take_typed_clock(const char **s, struct civil *c)
{
	int digits = is_digit(**s) && is_digit((*s)[1]) ? 2 : 1;
	int is_pm, has_minutes;

	c->hour = c->minute = c->second = 0;
	if (take_word(s, "midnight") == 0)
		return 0;
	if (take_word(s, "noon") == 0) {
		c->hour = 12;
		return 0;
	}
	if (take_digits(s, digits, 0, 23, &c->hour) == -1)
		return -1;
	has_minutes = take_char(s, ':') == 0;
	if (has_minutes && take_digits(s, 2, 0, 59, &c->minute) == -1)
		return -1;
	if (has_minutes && take_char(s, ':') == 0 &&
	    take_digits(s, 2, 0, 59, &c->second) == -1)
		return -1;
	skip_blanks(s);
	is_pm = take_word(s, "pm") == 0;
	if (!is_pm && take_word(s, "am") == -1)
		return has_minutes ? 0 : -1;
	if (c->hour < 1 || c->hour > 12)
		return -1;
	c->hour = c->hour % 12 + (is_pm ? 12 : 0);
	return 0;
}

/* Takes a date, or "today" or "tomorrow" where c is today; 0 or -1. */
static int
take_typed_day(const char **s, struct civil *c)
{
	const char *p = *s;

	if (take_word(s, "today") == 0)
		return 0;
	if (take_word(s, "tomorrow") == 0) {
		c->day++; /* local_minute knows where months end */
		return 0;
	}
	if (take_date(&p, c) == -1 || *p != ' ')
		return -1;
	*s = p;
	skip_blanks(s);
	return 0;
}

/* The date and time of day that local clocks show at `now`; 0 or -1. */
static int
local_split(int64_t now, struct civil *c)
{
	time_t t = (time_t)(now / WHEN_SECOND);
	struct tm tm;

	tzset(); /* localtime_r need not do it */
	if ((int64_t)t != now / WHEN_SECOND || localtime_r(&t, &tm) == NULL)
		return -1;
	c->year = tm.tm_year + 1900;
	c->month = tm.tm_mon + 1;
	c->day = tm.tm_mday;
	c->hour = tm.tm_hour;
	c->minute = tm.tm_min;
	c->second = tm.tm_sec;
	c->micro = 0;
	return 0;
}

/*
 * A day and a time of day in either order.  Without a time it is that of now;
 * without a day, the next time after now that local clocks show it.
 */
static int
parse_typed(const char *text, int64_t now, int64_t *us)
{
	struct civil c, today;
	int64_t after;
	int has_day, tries;

	if (local_split(now, &today) == -1)
		return -1;
	c = today;
	has_day = take_typed_day(&text, &c) == 0;
	if (!has_day)
		c = today;
	if ((!has_day || *text != '\0') && take_typed_clock(&text, &c) == -1)
		return -1;
	if (!has_day)
		has_day = take_typed_day(&text, &c) == 0;
	if (*text != '\0')
		return -1;
	after = has_day ? INT64_MIN : now - c.second * WHEN_SECOND;
	for (tries = 0; tries < 2; tries++, c.day++) {
		if (local_minute(&c, after, us) == -1)
			continue;
		*us += c.second * WHEN_SECOND;
		return is_writable(*us) ? 0 : -1;
	}
	return -1;
}

/* SECONDS or SECONDS.DECIMALS since 1970. */
static int
parse_epoch(const char *text, int64_t *us)
{
	int64_t seconds;
	int micro;

	if (take_whole(&text, &seconds) == -1 ||
	    take_decimals(&text, &micro) == -1 || *text != '\0')
		return -1;
	*us = seconds * WHEN_SECOND + micro;
	return is_writable(*us) ? 0 : -1;
}

int
when_parse(const char *text, int64_t now, int64_t *us)
{
	const char *rest = text;
	int64_t t;

	if (!is_writable(now))
		return -1;
	if (take_word(&rest, "now") == 0 && *rest == '\0') {
		t = now;
	} else if (*rest == '+') {
		rest++;
		skip_blanks(&rest);
		if (when_parse_duration(rest, &t) == -1 || t > WHEN_MAX - now)
			return -1;
		t += now;
	} else if (text[0] == '@') {
		if (parse_epoch(text + 1, &t) == -1)
			return -1;
	} else if (when_parse_time(text, &t) == -1 &&
	    parse_typed(text, now, &t) == -1) {
		return -1;
	}
	*us = t;
	return 0;
}

/* True if the word of `len` letters is this one, or its plural. */
static int
is_word(const char *word, const char *s, size_t len)
{
	size_t n = strlen(word);

	return strncmp(word, s, n) == 0 &&
	    (len == n || (len == n + 1 && s[n] == 's'));
}

/* Takes a letter or a word for a unit; its index, or UNITS if it is none. */
static size_t
take_unit(const char **s)
{
	const char *p = *s;
	size_t len = 0, i;

	while (is_letter(p[len]))
		len++;
	for (i = 0; i < UNITS; i++)
		if ((len == 1 && *p == units[i].letter) ||
		    is_word(units[i].word, p, len) ||
		    is_word(units[i].brief, p, len))
			break;
	*s += len;
	skip_blanks(s);
	return i;
}

int
when_parse_duration(const char *text, int64_t *us)
{
	int64_t sum = 0, whole;
	size_t i, least = 0; /* the longest unit that may still come */
	int micro, is_decimal;

	do {
		if (take_whole(&text, &whole) == -1)
			return -1;
		is_decimal = *text == '.';
		if (take_decimals(&text, &micro) == -1)
			return -1;
		skip_blanks(&text);
		/* In 1h30 it cannot be told thirty of what. */
		if (*text == '\0' && least > 0)
			return -1;
		i = *text == '\0' ? UNITS - 1 : take_unit(&text);
		if (i == UNITS || i < least || (is_decimal && *text != '\0') ||
		    whole > LONGEST / units[i].us)
			return -1;
		sum +=
		    whole * units[i].us + micro * (units[i].us / WHEN_SECOND);
		if (sum > LONGEST)
			return -1;
		least = i + 1;
	} while (*text != '\0');
	*us = sum;
	return 0;
}
