#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Local time with a summer, whoever runs this and wherever. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
}

void
fuzz_broken(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
	abort();
}

char *
fuzz_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	MUST(s != NULL);
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

size_t
fuzz_sequence(const unsigned char *p, size_t len)
{
	static const struct {
		unsigned char first, last; /* the first byte */
		unsigned char low, high;   /* the second */
		size_t len;
	} rows[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, n;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last)
			continue;
		if (len < rows[i].len || p[1] < rows[i].low ||
		    p[1] > rows[i].high)
			return 0;
		for (n = 2; n < rows[i].len; n++)
			if (p[n] < 0x80 || p[n] > 0xbf)
				return 0;
		return rows[i].len;
	}
	return 0;
}

/* True for what ends a line, or changes the direction of text. */
static int
turns(const unsigned char *p, size_t n)
{
	if (n == 2)
		return p[0] == 0xd8 && p[1] == 0x9c;
	if (n != 3 || p[0] != 0xe2)
		return 0;
	if (p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f ||
		    (p[2] >= 0xa8 && p[2] <= 0xae);
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

int
fuzz_clean(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = 1;
		if (p[0] < 0x20 || p[0] == 0x7f)
			return 0;
		if (p[0] >= 0x80)
			n = fuzz_sequence(p, len);
		if (n == 0 || (p[0] == 0xc2 && p[1] < 0xa0) || turns(p, n))
			return 0;
	}
	return 1;
}

int
fuzz_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
