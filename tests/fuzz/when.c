/*
 * when_parse and the like: a time that was read is within its range, and the
 * same once it was written and read again.
 */
#include "when.h"

#include <stdlib.h>

#include "fuzz.h"

#define NOW INT64_C(1795315680000000) /* 2026-11-22T02:48:00Z */

static void
check_time(int64_t us)
{
	char text[WHEN_SIZE];
	int64_t again;

	MUST(us >= WHEN_MIN && us <= WHEN_MAX);
	when_format(text, us);
	MUST(when_parse_time(text, &again) == 0 && again == us);
	when_format_ms(text, us);
	MUST(when_parse_time(text, &again) == 0 && again == us - us % 1000);
	when_format_s(text, us);
	MUST(when_parse_time(text, &again) == 0 &&
	    again == us - us % WHEN_SECOND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);
	char text[WHEN_SIZE];
	int64_t us, typed;

	if (when_parse_time(s, &us) == 0) {
		check_time(us);
		/* A person may type it as well. */
		MUST(when_parse(s, NOW, &typed) == 0 && typed == us);
	}
	if (when_parse(s, NOW, &us) == 0)
		check_time(us);
	if (when_parse(s, WHEN_MAX, &us) == 0)
		check_time(us);
	if (when_parse_duration(s, &us) == 0) {
		MUST(us >= 0);
		when_format_duration(text, us);
		MUST(when_parse_duration(text, &typed) == 0 && typed <= us);
	}
	free(s);
	return 0;
}
