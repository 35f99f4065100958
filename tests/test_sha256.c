#include "sha256.h"

#include <string.h>

#include "tests.h"

/* FIPS 180-4's own examples (NIST, "Example values"), and lengths about the
 * edges of a block as openssl dgst -sha256 -binary | base64 has them. */
static const struct {
	const char *text;
	size_t times;
	const char *hash;
} examples[] = {
	{ "", 1, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" },
	{ "abc", 1, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	    "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=" },
	{ "a", 55, "n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg=" },
	{ "a", 56, "s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o=" },
	{ "a", 63, "fT50oF19sVvOStnsBljqmOPwbu7PFrTG//LaRX3cLzQ=" },
	{ "a", 64, "/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs=" },
	{ "a", 65, "Y1NhxIu56rFBmOduqKt/GkFoXWrWKqkUbTAdTxfrCuA=" },
	{ "a", 119, "MeulHDE6XAgiat8Y1KNZz9/Y0ugWsT9K+VL36mWE3Ps=" },
	{ "a", 120, "Lz0zVDLHC1gK8Ojhs2dKfAINaDql9zqq7f3FWvkEwhw=" },
	{ "a", 1000, "Qe3s5C1j6Nm/UVqbppMuHCDLyfWl0TRkWttdsblzfqM=" },
};

START_TEST(hashes)
{
	static char text[2048];
	char out[SHA256_BASE64];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < examples[_i].times; i++)
		strcat(text, examples[_i].text);
	sha256_base64(text, strlen(text), out);
	ck_assert_str_eq(out, examples[_i].hash);
}
END_TEST

Suite *
suite_sha256(void)
{
	Suite *s = suite_create("sha256");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, hashes, 0,
	    (int)(sizeof examples / sizeof examples[0]));
	suite_add_tcase(s, t);
	return s;
}
