#include "buf.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests.h"

START_TEST(empty)
{
	struct buf b = BUF_EMPTY;

	ck_assert_str_eq(buf_text(&b), "");
	ck_assert_uint_eq(b.len, 0);
	buf_add(&b, NULL, 0);
	buf_puts(&b, "");
	ck_assert_str_eq(buf_text(&b), "");
	ck_assert_uint_eq(b.len, 0);
	ck_assert(!b.failed);
	buf_free(&b);
}
END_TEST

START_TEST(additions)
{
	struct buf b = BUF_EMPTY;

	buf_puts(&b, "one");
	buf_putc(&b, ' ');
	buf_add(&b, "twofold", 3);
	buf_printf(&b, " %d%s", 3, "!");
	ck_assert_str_eq(buf_text(&b), "one two 3!");
	ck_assert_uint_eq(b.len, 10);
	buf_free(&b);
}
END_TEST

START_TEST(nul_bytes)
{
	struct buf b = BUF_EMPTY;

	buf_add(&b, "a\0b", 3);
	buf_putc(&b, '\0');
	ck_assert_uint_eq(b.len, 4);
	ck_assert_mem_eq(b.data, "a\0b\0", 5);
	buf_free(&b);
}
END_TEST

/* At every length: the bytes are kept, and a NUL that is not counted. */
START_TEST(growth)
{
	struct buf b = BUF_EMPTY;
	size_t i, k;

	for (i = 0; i < 5000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		if (b.len != i + 1 || b.cap <= b.len || b.data[b.len] != '\0')
			ck_abort_msg("after %zu bytes: len %zu, cap %zu", i + 1,
			    b.len, b.cap);
	}
	for (k = 0; k < b.len; k++)
		if (b.data[k] != (char)('a' + k % 26))
			ck_abort_msg("byte %zu: got %d", k, b.data[k]);
	buf_free(&b);
}
END_TEST

/* Formatted text that just fits, and that just does not. */
START_TEST(printf_lengths)
{
	struct buf b = BUF_EMPTY;
	int n;

	for (n = 0; n < 300; n++) {
		buf_free(&b);
		buf_printf(&b, "%*s", n, "");
		ck_assert_uint_eq(b.len, (size_t)n);
		ck_assert_uint_eq(strlen(buf_text(&b)), (size_t)n);
		buf_printf(&b, "%c", 'x');
		ck_assert_uint_eq(b.len, (size_t)n + 1);
		ck_assert_int_eq(b.data[n], 'x');
	}
	buf_free(&b);
}
END_TEST

START_TEST(reserve)
{
	struct buf b = BUF_EMPTY;
	char *data;

	ck_assert_int_eq(buf_reserve(&b, 1000), 0);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(buf_text(&b), "");
	data = b.data;
	buf_printf(&b, "%1000s", "x");
	ck_assert_msg(b.data == data, "expected room for 1000 bytes, it moved");
	buf_free(&b);
}
END_TEST

/* After a failure nothing is added, not even what would fit. */
START_TEST(failure)
{
	struct buf b = BUF_EMPTY;

	buf_puts(&b, "kept");
	errno = 0;
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert(b.failed);
	ck_assert_int_eq(buf_reserve(&b, 0), -1);
	buf_puts(&b, "a");
	buf_putc(&b, 'b');
	buf_add(&b, "c", 1);
	buf_printf(&b, "%s", "d");
	ck_assert_str_eq(buf_text(&b), "kept");
	ck_assert_uint_eq(b.len, 4);

	buf_clear(&b);
	ck_assert(!b.failed);
	ck_assert_str_eq(buf_text(&b), "");
	buf_puts(&b, "again");
	ck_assert_str_eq(buf_text(&b), "again");
	buf_free(&b);
}
END_TEST

/* Sizes near the largest must not wrap around to small ones. */
START_TEST(huge_sizes)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 4,
		SIZE_MAX - 5, SIZE_MAX / 2, SIZE_MAX / 2 + 1 };
	struct buf b = BUF_EMPTY;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_clear(&b);
		buf_puts(&b, "four");
		ck_assert_msg(buf_reserve(&b, sizes[i]) == -1,
		    "expected no room for %zu bytes", sizes[i]);
		ck_assert_str_eq(buf_text(&b), "four");
	}
	buf_free(&b);
}
END_TEST

START_TEST(clear_and_free)
{
	struct buf b = BUF_EMPTY;
	char *data;

	buf_clear(&b);
	ck_assert_str_eq(buf_text(&b), "");
	buf_puts(&b, "text");
	data = b.data;
	buf_clear(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(buf_text(&b), "");
	ck_assert_msg(b.data == data, "expected buf_clear to keep the memory");
	buf_free(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.len + b.cap, 0);
	ck_assert_str_eq(buf_text(&b), "");
	buf_puts(&b, "reused");
	ck_assert_str_eq(buf_text(&b), "reused");
	buf_free(&b);
	buf_free(&b);
}
END_TEST

Suite *
suite_buf(void)
{
	Suite *s = suite_create("buf");
	TCase *t = tcase_create("buf");

	tcase_add_test(t, empty);
	tcase_add_test(t, additions);
	tcase_add_test(t, nul_bytes);
	tcase_add_test(t, growth);
	tcase_add_test(t, printf_lengths);
	tcase_add_test(t, reserve);
	tcase_add_test(t, failure);
	tcase_add_test(t, huge_sizes);
	tcase_add_test(t, clear_and_free);
	suite_add_tcase(s, t);
	return s;
}
