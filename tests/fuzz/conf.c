/*
 * conf_parse: every setting is one that it may have, and can be written.
 */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void
check_again(const struct conf *conf)
{
	struct buf text = BUF_EMPTY, value = BUF_EMPTY, other = BUF_EMPTY;
	const struct conf_key *key;
	char why[CONF_ERROR_MAX];
	struct conf again;

	for (key = conf_keys; key->name != NULL; key++) {
		buf_clear(&value);
		conf_text(conf, key, &value);
		MUST(conf_check(key, buf_text(&value), why) == 0);
		buf_printf(&text, "%s=%s\n", key->name, buf_text(&value));
	}
	MUST(conf_parse(buf_text(&text), &again, why) == 0);
	for (key = conf_keys; key->name != NULL; key++) {
		buf_clear(&value);
		buf_clear(&other);
		conf_text(conf, key, &value);
		conf_text(&again, key, &other);
		MUST(fuzz_same(buf_text(&value), buf_text(&other)));
		MUST(conf_is_set(&again, key));
	}
	buf_free(&text);
	buf_free(&value);
	buf_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	char why[CONF_ERROR_MAX];
	struct conf conf;

	why[0] = '\0';
	if (conf_parse(text, &conf, why) == 0)
		check_again(&conf);
	else
		MUST(why[0] != '\0' && fuzz_clean(why, strlen(why)));
	free(text);
	return 0;
}
