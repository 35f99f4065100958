/*
 * micros - times in microseconds since 1970, for a shell to calculate with.
 *
 *	micros			prints the time
 *	micros mv FROM TO	prints the time and renames a file
 *	micros in MS		prints the time in so many milliseconds as a job
 *				file has it: 2026-11-22T02:48:00.130112Z
 *	micros at TIME...	prints such times in microseconds
 *	micros of FILE		prints when it was last changed
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long long
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static long
days(int y, int m, int d)
{
	int year = m > 2 ? y : y - 1; /* years begin in March here */
	int month = (m + 9) % 12;

	return 365L * year + year / 4 - year / 100 + year / 400 +
	    (153 * month + 2) / 5 + d - 1 - 719468;
}

static int
print_at(const char *text)
{
	int y, m, d, hour, min, sec, micros, end = 0;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ%n", &y, &m, &d, &hour,
		&min, &sec, &micros, &end) != 7 ||
	    end != 27) {
		fprintf(stderr, "micros: not a time of a job: '%s'\n", text);
		return 1;
	}
	printf("%lld\n",
	    ((days(y, m, d) * 24LL + hour) * 3600 + min * 60 + sec) * 1000000 +
		micros);
	return 0;
}

static void
print_in(long ms)
{
	long long t = now() + ms * 1000LL;
	time_t seconds = (time_t)(t / 1000000);
	char text[32];

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
	printf("%s.%06dZ\n", text, (int)(t % 1000000));
}

static int
print_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1) {
		perror(path);
		return 1;
	}
	printf("%lld\n",
	    (long long)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000);
	return 0;
}

int
main(int argc, char **argv)
{
	int i, bad = 0;

	if (argc == 1) {
		printf("%lld\n", now());
	} else if (argc == 4 && strcmp(argv[1], "mv") == 0) {
		printf("%lld\n", now());
		bad = rename(argv[2], argv[3]);
		if (bad)
			perror(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "in") == 0) {
		print_in(atol(argv[2]));
	} else if (argc == 3 && strcmp(argv[1], "of") == 0) {
		bad = print_of(argv[2]);
	} else if (argc > 2 && strcmp(argv[1], "at") == 0) {
		for (i = 2; i < argc; i++)
			bad |= print_at(argv[i]);
	} else {
		fprintf(stderr,
		    "usage: micros [mv FROM TO | in MS | at TIME... | "
		    "of FILE]\n");
		return 2;
	}
	return bad != 0;
}
