#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define LEN(a)	 (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) (s), sizeof(s) - 1

static struct json_value object;
static struct json_error error;

/* Parses what must be right; the test frees `object`. */
static void
parse(const char *text, int depth)
{
	int got = json_parse(text, strlen(text), depth, &object, &error);

	ck_assert_msg(got == 0, "%s: byte %zu: %s", text, error.at, error.what);
	ck_assert_int_eq(object.type, JSON_OBJECT);
}

/* The member of that name; NULL if there is none or it is no object. */
static const struct json_value *
member(const struct json_value *v, const char *name)
{
	size_t i;

	for (i = 0; v->type == JSON_OBJECT && i < v->count; i++)
		if (v->item[i].name_len == strlen(name) &&
		    memcmp(v->item[i].name, name, strlen(name)) == 0)
			return &v->item[i];
	return NULL;
}

/* The value of member "a" is a scalar of this type and text. */
static void
check_scalar(const char *json, enum json_type type, const char *text,
    size_t len)
{
	const struct json_value *v;
	struct buf whole = BUF_EMPTY;

	buf_printf(&whole, "{\"a\":%s}", json);
	parse(buf_text(&whole), 1);
	v = member(&object, "a");
	ck_assert_ptr_nonnull(v);
	ck_assert_msg(v->type == type, "%s: expected type %d, got %d", json,
	    (int)type, (int)v->type);
	ck_assert_msg(v->len == len && memcmp(v->text, text, len) == 0,
	    "%s: expected %s, got %s", json, text, v->text);
	ck_assert_int_eq(v->text[v->len], '\0');
	ck_assert_uint_eq(v->at, 5);
	ck_assert_uint_eq(v->name_at, 1);
	ck_assert_uint_eq(v->count, 0);
	json_free(&object);
	buf_free(&whole);
}

START_TEST(words_and_numbers)
{
	static const char *const numbers[] = { "0", "-0", "1", "-1", "10",
		"1234567890123456789012345678901234567890", "0.5", "-0.0",
		"1.50", "1e5", "1E5", "1e+5", "1e-05", "0e0", "-12.34E-56",
		"1E400", "-1e-400", "0e+1", "0.1e99999999999999999999" };
	size_t i;

	check_scalar("null", JSON_NULL, BYTES("null"));
	check_scalar("false", JSON_FALSE, BYTES("false"));
	check_scalar("true", JSON_TRUE, BYTES("true"));
	for (i = 0; i < LEN(numbers); i++)
		check_scalar(numbers[i], JSON_NUMBER, numbers[i],
		    strlen(numbers[i]));
}
END_TEST

START_TEST(strings)
{
	static const struct {
		const char *json;
		const char *text;
		size_t len;
	} rows[] = {
		{ "\"\"", BYTES("") },
		{ "\"text\"", BYTES("text") },
		{ "\"null\"", BYTES("null") },
		{ "\"{[]},:\"", BYTES("{[]},:") },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", BYTES("\"\\/\b\f\n\r\t") },
		{ "\"a/b\x7f\"", BYTES("a/b\x7f") },
		{ "\"\\u0041\\u00e9\\u00E9\"", BYTES("A\xc3\xa9\xc3\xa9") },
		{ "\"\\u0000\"", BYTES("\0") },
		{ "\"a\\u0000b\"", BYTES("a\0b") },
		{ "\"\\u007f\\u0080\"", BYTES("\x7f\xc2\x80") },
		{ "\"\\u07ff\\u0800\"", BYTES("\xdf\xbf\xe0\xa0\x80") },
		{ "\"\\ud7ff\\ue000\\uffff\"",
		    BYTES("\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf") },
		{ "\"\\ud800\\udc00\"", BYTES("\xf0\x90\x80\x80") },
		{ "\"\\uD83D\\uDE00!\"", BYTES("\xf0\x9f\x98\x80!") },
		{ "\"\\udbff\\udfff\"", BYTES("\xf4\x8f\xbf\xbf") },
		{ "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
		    BYTES("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") },
		{ "\"\\\\u0041\"", BYTES("\\u0041") },
		{ "\"\\u00411\"", BYTES("A1") },
		/* Noncharacters and private use are characters too. */
		{ "\"\\ufffe\\uFDD0\"", BYTES("\xef\xbf\xbe\xef\xb7\x90") },
		{ "\"\xf3\xb0\x80\x80\"", BYTES("\xf3\xb0\x80\x80") },
		{ "\"\xe2\x80\xa8\"", BYTES("\xe2\x80\xa8") },
	};
	size_t i;

	for (i = 0; i < LEN(rows); i++)
		check_scalar(rows[i].json, JSON_STRING, rows[i].text,
		    rows[i].len);
}
END_TEST

START_TEST(empty_object)
{
	parse("{}", 1);
	ck_assert_uint_eq(object.count, 0);
	ck_assert_uint_eq(object.at, 0);
	ck_assert_ptr_null(member(&object, "a"));
	ck_assert_ptr_null(member(&object, ""));
	json_free(&object);

	parse(" \t\r\n{ \n } \t\r\n", 1);
	ck_assert_uint_eq(object.count, 0);
	ck_assert_uint_eq(object.at, 4);
	json_free(&object);
}
END_TEST

START_TEST(members)
{
	const struct json_value *v;

	parse(" { \"id\" : \"job1\" , \"n\":5,\"\":true, \"a b\\n\": null } ",
	    1);
	ck_assert_uint_eq(object.count, 4);
	ck_assert_str_eq(object.item[0].name, "id");
	ck_assert_str_eq(object.item[1].name, "n");
	ck_assert_str_eq(object.item[2].name, "");
	ck_assert_str_eq(object.item[3].name, "a b\n");
	v = member(&object, "id");
	ck_assert_ptr_eq(v, &object.item[0]);
	ck_assert_str_eq(v->text, "job1");
	ck_assert_uint_eq(v->name_at, 3);
	ck_assert_uint_eq(v->at, 10);
	ck_assert_uint_eq(v->name_len, 2);
	v = member(&object, "n");
	ck_assert_ptr_eq(v, &object.item[1]);
	ck_assert_str_eq(v->text, "5");
	ck_assert_uint_eq(v->name_at, 19);
	ck_assert_uint_eq(v->at, 23);
	ck_assert_ptr_eq(member(&object, ""), &object.item[2]);
	ck_assert_ptr_eq(member(&object, "a b\n"), &object.item[3]);
	ck_assert_ptr_null(member(&object, "i"));
	ck_assert_ptr_null(member(&object, "idx"));
	ck_assert_ptr_null(member(&object, "ID"));
	ck_assert_ptr_null(member(v, "n"));
	json_free(&object);
}
END_TEST

/* A name with a NUL in it is not the name before the NUL. */
START_TEST(nul_in_name)
{
	parse("{\"a\\u0000b\": 1, \"a\": 2, \"a\\u0000c\": 3}", 1);
	ck_assert_uint_eq(object.item[0].name_len, 3);
	ck_assert_ptr_eq(member(&object, "a"), &object.item[1]);
	json_free(&object);
}
END_TEST

START_TEST(nested)
{
	const struct json_value *v;

	parse("{\"argv\": [\"ls\", 5, null], \"env\":{\"A\":\"1\",\"B\":\"2\"},"
	      "\"none\":[ ], \"no\":{ }}",
	    2);
	v = member(&object, "argv");
	ck_assert_int_eq(v->type, JSON_ARRAY);
	ck_assert_uint_eq(v->count, 3);
	ck_assert_uint_eq(v->at, 9);
	ck_assert_ptr_null(v->text);
	ck_assert_str_eq(v->item[0].text, "ls");
	ck_assert_ptr_null(v->item[0].name);
	ck_assert_uint_eq(v->item[0].at, 10);
	ck_assert_int_eq(v->item[1].type, JSON_NUMBER);
	ck_assert_int_eq(v->item[2].type, JSON_NULL);
	ck_assert_ptr_null(member(v, "ls"));

	v = member(&object, "env");
	ck_assert_int_eq(v->type, JSON_OBJECT);
	ck_assert_uint_eq(v->count, 2);
	ck_assert_str_eq(member(v, "A")->text, "1");
	ck_assert_str_eq(member(v, "B")->text, "2");
	ck_assert_uint_eq(member(v, "B")->name_at, 41);

	v = member(&object, "none");
	ck_assert_int_eq(v->type, JSON_ARRAY);
	ck_assert_uint_eq(v->count, 0);
	v = member(&object, "no");
	ck_assert_int_eq(v->type, JSON_OBJECT);
	ck_assert_uint_eq(v->count, 0);
	json_free(&object);
}
END_TEST

/* {"a":[[...]]} with so many brackets. */
static int
parse_brackets(int brackets, int depth)
{
	struct buf b = BUF_EMPTY;
	int i, got;

	buf_puts(&b, "{\"a\":");
	for (i = 0; i < brackets; i++)
		buf_putc(&b, '[');
	for (i = 0; i < brackets; i++)
		buf_putc(&b, ']');
	buf_putc(&b, '}');
	got = json_parse(b.data, b.len, depth, &object, &error);
	json_free(&object);
	buf_free(&b);
	return got;
}

START_TEST(depth)
{
	int limit, brackets, most, got;

	for (limit = -1; limit < JSON_DEPTH + 3; limit++) {
		most = limit < JSON_DEPTH ? limit - 1 : JSON_DEPTH - 1;
		if (most < 0)
			most = 0;
		for (brackets = 1; brackets < JSON_DEPTH + 3; brackets++) {
			got = parse_brackets(brackets, limit);
			ck_assert_msg(got == (brackets <= most ? 0 : -1),
			    "%d brackets at depth %d: got %d", brackets, limit,
			    got);
			/* The first bracket too many is to blame. */
			if (brackets > most)
				ck_assert_uint_eq(error.at, 5 + (size_t)most);
		}
	}
	ck_assert_int_eq(parse_brackets(100000, 1000000), -1);
	parse("{\"runs\":[{\"env\":{\"a\":[1]}}]}", 5);
	json_free(&object);
}
END_TEST

/* The text, the byte at which it is wrong, and a part of what is said. */
static const struct {
	const char *text;
	size_t len;
	size_t at;
	const char *what;
} wrong[] = {
	/* No object. */
	{ BYTES(""), 0, "expected '{'" },
	{ BYTES("  "), 2, "expected '{'" },
	{ BYTES("[]"), 0, "expected '{'" },
	{ BYTES(" 5"), 1, "expected '{'" },
	{ BYTES("\"a\""), 0, "expected '{'" },
	{ BYTES("null"), 0, "expected '{'" },
	{ BYTES("\xef\xbb\xbf{}"), 0, "expected '{'" },
	{ BYTES("\f{}"), 0, "expected '{'" },
	{ BYTES("\xff\xfe{\0}\0"), 0, "expected '{'" },
	{ BYTES("\0{\0}"), 0, "expected '{'" },
	{ BYTES("\xc2\xa0{}"), 0, "expected '{'" },
	{ BYTES("\xe2\x81\xa0{}"), 0, "expected '{'" },
	{ BYTES("}"), 0, "expected '{'" },
	{ BYTES("]"), 0, "expected '{'" },
	{ BYTES("<null>"), 0, "expected '{'" },
	{ BYTES("a"), 0, "expected '{'" },
	{ BYTES("// {}"), 0, "expected '{'" },
	{ BYTES("\\{}"), 0, "expected '{'" },
	/* Something behind it. */
	{ BYTES("{}x"), 2, "text after" },
	{ BYTES("{} {}"), 3, "text after" },
	{ BYTES("{},"), 2, "text after" },
	{ BYTES("{}\0"), 2, "text after" },
	{ BYTES("{}}"), 2, "text after" },
	{ BYTES("{} // no"), 3, "text after" },
	{ BYTES("{}#"), 2, "text after" },
	{ BYTES("{}/**/"), 2, "text after" },
	{ BYTES("{}]"), 2, "text after" },
	{ BYTES("{}\xef\xbb\xbf"), 2, "text after" },
	{ BYTES("{}\x1a"), 2, "text after" },
	/* It ends too early. */
	{ BYTES("{"), 1, "expected a member name" },
	{ BYTES("{ "), 2, "expected a member name" },
	{ BYTES("{\"a"), 1, "has no end" },
	{ BYTES("{\"a\""), 4, "expected ':'" },
	{ BYTES("{\"a\":"), 5, "expected a value" },
	{ BYTES("{\"a\":1"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":1,"), 7, "expected a member name" },
	{ BYTES("{\"a\":\"b}"), 5, "has no end" },
	{ BYTES("{\"a\":[1"), 7, "expected ',' or ']'" },
	{ BYTES("{\"a\":[1}"), 7, "expected ',' or ']'" },
	{ BYTES("{\"a\":tru"), 5, "expected a value" },
	{ BYTES("{\"a\":\"\\"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\u12"), 6, "four hex" },
	{ BYTES("{\"a\":\"\xc3"), 6, "byte 0xc3" },
	{ BYTES("{\"a\":-"), 6, "a digit is missing" },
	{ BYTES("{\"a\":1."), 7, "a digit is missing" },
	{ BYTES("{\"a\":1e"), 7, "a digit is missing" },
	{ BYTES("{\"a\":["), 6, "expected a value" },
	{ BYTES("{\"a\":[\"b\""), 9, "expected ',' or ']'" },
	{ BYTES("{\"a\":[1,"), 8, "expected a value" },
	{ BYTES("{\"a\":{"), 6, "expected a member name" },
	{ BYTES("{\"a\":\"\\ud800"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\\"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\\u"), 12, "four hex" },
	{ BYTES("{\"a\":\"\\\""), 5, "has no end" },
	{ "{\"a\":true}", 8, 5, "expected a value" },
	{ "{\"a\":12}", 6, 6, "expected ',' or '}'" },
	/* Commas and colons. */
	{ BYTES("{,}"), 1, "expected a member name" },
	{ BYTES("{\"a\":1,}"), 7, "expected a member name" },
	{ BYTES("{\"a\":1,,\"b\":2}"), 7, "expected a member name" },
	{ BYTES("{\"a\":1 \"b\":2}"), 7, "expected ',' or '}'" },
	{ BYTES("{\"a\" 1}"), 5, "expected ':'" },
	{ BYTES("{\"a\"::1}"), 5, "expected a value" },
	{ BYTES("{\"a\":}"), 5, "expected a value" },
	{ BYTES("{\"a\";1}"), 4, "expected ':'" },
	{ BYTES("{\"a\":[,]}"), 6, "expected a value" },
	{ BYTES("{\"a\":[1,]}"), 8, "expected a value" },
	{ BYTES("{\"a\":[1 2]}"), 8, "expected ',' or ']'" },
	{ BYTES("{\"a\":[1:2]}"), 7, "expected ',' or ']'" },
	{ BYTES("{\"a\":{\"b\"}}"), 9, "expected ':'" },
	{ BYTES("{\"a\":[}"), 6, "expected a value" },
	{ BYTES("{]"), 1, "expected a member name" },
	{ BYTES("{:1}"), 1, "expected a member name" },
	{ BYTES("{\"a\"}"), 4, "expected ':'" },
	{ BYTES("{\"a\",1}"), 4, "expected ':'" },
	{ BYTES("{\"a\" b}"), 5, "expected ':'" },
	{ BYTES("{\"a\":\"b\" 1}"), 9, "expected ',' or '}'" },
	{ BYTES("{\"a\":1,,,}"), 7, "expected a member name" },
	{ BYTES("{\"a\":[,1]}"), 6, "expected a value" },
	{ BYTES("{\"a\":[1,,2]}"), 8, "expected a value" },
	{ BYTES("{\"a\":[1]]}"), 8, "expected ',' or '}'" },
	{ BYTES("{\"a\":[1[2]]}"), 7, "expected ',' or ']'" },
	{ BYTES("{\"a\":[:]}"), 6, "expected a value" },
	{ BYTES("{\"a\":[*]}"), 6, "expected a value" },
	{ BYTES("{\"a\"\f:1}"), 4, "expected ':'" },
	{ BYTES("{\"a\":\v1}"), 5, "expected a value" },
	{ BYTES("{\"a\":\xc2\xa0"
		"1}"),
	    5, "expected a value" },
	{ BYTES("{\"a\":\\n1}"), 5, "expected a value" },
	/* Names. */
	{ BYTES("{a:1}"), 1, "expected a member name" },
	{ BYTES("{'a':1}"), 1, "expected a member name" },
	{ BYTES("{1:1}"), 1, "expected a member name" },
	{ BYTES("{null:1}"), 1, "expected a member name" },
	{ BYTES("{[1]:1}"), 1, "expected a member name" },
	{ BYTES("{{}:1}"), 1, "expected a member name" },
	{ BYTES("{9E9:1}"), 1, "expected a member name" },
	{ BYTES("{\xf0\x9f\x8c\x80:1}"), 1, "expected a member name" },
	{ BYTES("{\"a\":1,b:2}"), 7, "expected a member name" },
	{ BYTES("{\"a:1}"), 1, "has no end" },
	/* Comments. */
	{ BYTES("{/**/}"), 1, "expected a member name" },
	{ BYTES("{\"a\":1 // x\n}"), 7, "expected ',' or '}'" },
	{ BYTES("{\"a\": # x\n1}"), 6, "expected a value" },
	/* Words. */
	{ BYTES("{\"a\":True}"), 5, "expected a value" },
	{ BYTES("{\"a\":nul}"), 5, "expected a value" },
	{ BYTES("{\"a\":nullx}"), 9, "expected ',' or '}'" },
	{ BYTES("{\"a\":NaN}"), 5, "expected a value" },
	{ BYTES("{\"a\":Infinity}"), 5, "expected a value" },
	{ BYTES("{\"a\":undefined}"), 5, "expected a value" },
	{ BYTES("{\"a\":Inf}"), 5, "expected a value" },
	{ BYTES("{\"a\":nulL}"), 5, "expected a value" },
	{ BYTES("{\"a\":truefalse}"), 9, "expected ',' or '}'" },
	{ BYTES("{\"a\":b}"), 5, "expected a value" },
	{ BYTES("{\"a\":\"b\"c}"), 8, "expected ',' or '}'" },
	{ BYTES("{\"a\":\xff}"), 5, "expected a value" },
	{ BYTES("{\"a\":\xef\xbc\x91}"), 5, "expected a value" },
	{ BYTES("{\"a\":'b'}"), 5, "expected a value" },
	{ BYTES("{\"a\":\0}"), 5, "expected a value" },
	/* Numbers. */
	{ BYTES("{\"a\":+1}"), 5, "expected a value" },
	{ BYTES("{\"a\":.5}"), 5, "expected a value" },
	{ BYTES("{\"a\":01}"), 5, "begin with 0" },
	{ BYTES("{\"a\":-01}"), 6, "begin with 0" },
	{ BYTES("{\"a\":00}"), 5, "begin with 0" },
	{ BYTES("{\"a\":1.}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":1.e5}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":1e}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":1e+}"), 8, "a digit is missing" },
	{ BYTES("{\"a\":1e+-5}"), 8, "a digit is missing" },
	{ BYTES("{\"a\":1e5.5}"), 8, "expected ',' or '}'" },
	{ BYTES("{\"a\":-}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":--1}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":-Infinity}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":0x10}"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":1_000}"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":1 000}"), 7, "expected ',' or '}'" },
	{ BYTES("{\"a\":- 1}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":-.5}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":.-1}"), 5, "expected a value" },
	{ BYTES("{\"a\":-+1}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":++1}"), 5, "expected a value" },
	{ BYTES("{\"a\":0.}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":0.1.2}"), 8, "expected ',' or '}'" },
	{ BYTES("{\"a\":0e}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":0.3e+}"), 10, "a digit is missing" },
	{ BYTES("{\"a\":1eE2}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":1e1e1}"), 8, "expected ',' or '}'" },
	{ BYTES("{\"a\":1ea}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":-1x}"), 7, "expected ',' or '}'" },
	{ BYTES("{\"a\":1+2}"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":0x1}"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":1\0}"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":1\xe5}"), 6, "expected ',' or '}'" },
	{ BYTES("{\"a\":-foo}"), 6, "a digit is missing" },
	{ BYTES("{\"a\":1.-5}"), 7, "a digit is missing" },
	{ BYTES("{\"a\":0,5}"), 7, "expected a member name" },
	/* Strings: control bytes, escapes, surrogates, UTF-8. */
	{ BYTES("{\"a\":\"b\nc\"}"), 7, "control byte 0x0a" },
	{ BYTES("{\"a\":\"b\tc\"}"), 7, "control byte 0x09" },
	{ BYTES("{\"a\":\"\0\"}"), 6, "control byte 0x00" },
	{ BYTES("{\"a\":\"\x1f\"}"), 6, "control byte 0x1f" },
	{ BYTES("{\"a\nb\":1}"), 3, "control byte 0x0a" },
	{ BYTES("{\"a\":\"x\\a\"}"), 7, "unknown escape" },
	{ BYTES("{\"a\":\"\\x41\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\'\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\U0041\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\\0\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\u004\"}"), 6, "four hex" },
	{ BYTES("{\"a\":\"\\u00g1\"}"), 6, "four hex" },
	{ BYTES("{\"a\":\"\\u\0\0\0\0\"}"), 6, "four hex" },
	{ BYTES("{\"a\":\"\\u-001\"}"), 6, "four hex" },
	{ BYTES("{\"a\":\"x\\ud800\"}"), 7, "surrogate" },
	{ BYTES("{\"a\":\"\\udbffx\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\\n\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\\u0041\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\\ud800\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\\u12\"}"), 12, "four hex" },
	{ BYTES("{\"a\":\"\\udc00\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\udfff\\ud800\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"b\xff\"}"), 7, "byte 0xff" },
	{ BYTES("{\"a\":\"\xc0\x80\"}"), 6, "byte 0xc0" },
	{ BYTES("{\"a\":\"\xc3\"}"), 6, "byte 0xc3" },
	{ BYTES("{\"a\":\"\xed\xa0\x80\"}"), 6, "byte 0xed" },
	{ BYTES("{\"a\":\"\xf4\x90\x80\x80\"}"), 6, "byte 0xf4" },
	{ BYTES("{\"\x80\":1}"), 2, "byte 0x80" },
	{ BYTES("{\"a\":\"\\v\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\0\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\u{41}\"}"), 6, "four hex" },
	{ BYTES("{\"a\":\"\\u 041\"}"), 6, "four hex" },
	{ BYTES("{\"a\":\"\\\xf0\x9f\x8c\x80\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\\n\"}"), 6, "unknown escape" },
	{ BYTES("{\"a\":\"\\ud834\\udd\"}"), 12, "four hex" },
	{ BYTES("{\"a\":\"\\ud800\\\\\"}"), 6, "surrogate" },
	{ BYTES("{\"a\":\"\\ud800\xed\xb0\x80\"}"), 6, "surrogate" },
	{ BYTES("{\"\\ud800\":1}"), 2, "surrogate" },
	{ BYTES("{\"\\x\":1}"), 2, "unknown escape" },
	{ BYTES("{\"a\":\"\x80\"}"), 6, "byte 0x80" },
	{ BYTES("{\"a\":\"\xe0\x80\xaf\"}"), 6, "byte 0xe0" },
	{ BYTES("{\"a\":\"\xf0\x80\x80\xaf\"}"), 6, "byte 0xf0" },
	{ BYTES("{\"a\":\"\xf8\x88\x80\x80\x80\"}"), 6, "byte 0xf8" },
	{ BYTES("{\"a\":\"\xe2\x82\"}"), 6, "byte 0xe2" },
	{ BYTES("{\"a\":\"\xf0\x9f\x98\"}"), 6, "byte 0xf0" },
	{ BYTES("{\"a\":\"\xfe\"}"), 6, "byte 0xfe" },
	{ BYTES("{\"a\":\"\xed\xa0\x80\xed\xb0\x80\"}"), 6, "byte 0xed" },
	/* Too deep, for 2. */
	{ BYTES("{\"a\":[1,[2]]}"), 8, "nested too deep" },
	{ BYTES("{\"a\":[{}]}"), 6, "nested too deep" },
	{ BYTES("{\"a\":{\"b\":{}}}"), 10, "nested too deep" },
	{ BYTES("{\"a\":{\"b\":[]}}"), 10, "nested too deep" },
	/* Members twice: the first one that repeats. */
	{ BYTES("{\"a\":1,\"a\":1}"), 7, "duplicate member \"a\"" },
	{ BYTES("{\"a\":1,\"b\":2,\"c\":3,\"b\":2,\"a\":1}"), 19,
	    "duplicate member \"b\"" },
	{ BYTES("{\"a\":1,\"a\":2,\"a\":3}"), 7, "duplicate member \"a\"" },
	{ BYTES("{\"\":1,\"\":1}"), 6, "duplicate member \"\"" },
	{ BYTES("{\"a\":1,\"\\u0061\":1}"), 7, "duplicate member \"a\"" },
	{ BYTES("{\"a\\u0000\":1,\"a\":1,\"a\\u0000\":1}"), 19,
	    "duplicate member \"a\\x00\"" },
	{ BYTES("{\"x\":{\"a\":1, \"a\":1}}"), 13, "duplicate member \"a\"" },
	{ BYTES("{\"a\\/b\":1,\"a/b\":1}"), 10, "duplicate member \"a/b\"" },
	{ BYTES("{\"\\u00e9\":1,\"\xc3\xa9\":1}"), 12,
	    "duplicate member \"\303\251\"" },
	{ BYTES("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}"), 18,
	    "duplicate member \"\360\237\230\200\"" },
	{ BYTES("{\"\\u0041\":1,\"\\u0041\":1}"), 12,
	    "duplicate member \"A\"" },
	{ BYTES("{\"a\":{},\"a\":[]}"), 8, "duplicate member \"a\"" },
};

START_TEST(errors)
{
	size_t i, len;
	char *copy;
	int got;

	for (i = 0; i < LEN(wrong); i++) {
		/* In memory of its own, so that a sanitizer sees its end. */
		len = wrong[i].len;
		copy = malloc(len + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, wrong[i].text, len);
		copy = realloc(copy, len > 0 ? len : 1);
		ck_assert_ptr_nonnull(copy);
		memset(&error, 0, sizeof(error));
		got = json_parse(copy, len, 2, &object, &error);
		ck_assert_msg(got == -1, "%s: expected an error at byte %zu",
		    wrong[i].text, wrong[i].at);
		ck_assert_msg(error.at == wrong[i].at,
		    "%s: expected an error at byte %zu, got %zu: %s",
		    wrong[i].text, wrong[i].at, error.at, error.what);
		ck_assert_msg(strstr(error.what, wrong[i].what) != NULL,
		    "%s: expected \"%s\", got: %s", wrong[i].text,
		    wrong[i].what, error.what);
		ck_assert_msg(object.count == 0 && object.item == NULL,
		    "%s: something is left to be freed", wrong[i].text);
		free(copy);
	}
}
END_TEST

/* Any beginning of a right text is wrong, at its end or before. */
START_TEST(beginnings)
{
	static const char text[] =
	    "{\"id\":\"\\ud83d\\ude00\",\"n\":[-1.5e+3,null],"
	    "\"e\":{\"A\":\"\"}}";
	size_t len;

	for (len = 0; len < sizeof(text) - 1; len++) {
		ck_assert_msg(json_parse(text, len, 2, &object, &error) == -1,
		    "the first %zu bytes of %s are no object", len, text);
		ck_assert_uint_le(error.at, len);
	}
	parse(text, 2);
	json_free(&object);
}
END_TEST

START_TEST(same_name_elsewhere)
{
	parse("{\"a\":{\"a\":1,\"b\":2},\"b\":{\"a\":1}}", 2);
	json_free(&object);
}
END_TEST

/* The message names a member only if that is short, and safely. */
START_TEST(duplicate_names)
{
	static const char text[] = "{\"\\u001b[31m\":1,\"\\u001b[31m\":2}";
	struct buf b = BUF_EMPTY, name = BUF_EMPTY;
	int i;

	ck_assert_int_eq(json_parse(text, sizeof(text) - 1, 1, &object, &error),
	    -1);
	ck_assert_str_eq(error.what, "duplicate member \"\\x1b[31m\"");

	for (i = 0; i < 1000; i++)
		buf_putc(&name, 'x');
	buf_printf(&b, "{\"%s\":1,\"%s\":1}", buf_text(&name), buf_text(&name));
	ck_assert_int_eq(json_parse(b.data, b.len, 1, &object, &error), -1);
	ck_assert_str_eq(error.what, "duplicate member");
	ck_assert_uint_eq(error.at, 1006);
	buf_free(&name);
	buf_free(&b);
}
END_TEST

/* Megabytes are read in no more than their share of time. */
START_TEST(large)
{
	struct buf b = BUF_EMPTY;
	const struct json_value *v;
	long i;

	buf_puts(&b, "{\"argv\":[0");
	for (i = 1; i < 200000; i++)
		buf_printf(&b, ",%ld", i);
	buf_puts(&b, "],\"env\":{\"N0\":0");
	for (i = 1; i < 200000; i++)
		buf_printf(&b, ",\"N%ld\":%ld", i, i);
	buf_puts(&b, "}}");
	parse(buf_text(&b), 2);
	v = member(&object, "argv");
	ck_assert_uint_eq(v->count, 200000);
	ck_assert_str_eq(v->item[199999].text, "199999");
	v = member(&object, "env");
	ck_assert_uint_eq(v->count, 200000);
	ck_assert_str_eq(v->item[123456].name, "N123456");
	ck_assert_str_eq(member(v, "N123456")->text, "123456");
	json_free(&object);
	buf_free(&b);
}
END_TEST

START_TEST(free_twice)
{
	parse("{\"a\":[1]}", 2);
	json_free(&object);
	ck_assert_uint_eq(object.count, 0);
	json_free(&object);
}
END_TEST

START_TEST(string_out)
{
	static const struct {
		const char *s;
		size_t len;
		const char *json;
	} rows[] = {
		{ BYTES(""), "\"\"" },
		{ BYTES("plain / text"), "\"plain / text\"" },
		{ BYTES("\"\\"), "\"\\\"\\\\\"" },
		{ BYTES("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
		{ BYTES("\0\x01\x1b\x1f"), "\"\\u0000\\u0001\\u001b\\u001f\"" },
		{ BYTES("\x7f\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"),
		    "\"\\u007f\\u0080\\u009b\\u009f\xc2\xa0\"" },
		{ BYTES("caf\xc3\xa9 \xf0\x9f\x98\x80"),
		    "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"" },
		{ BYTES("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
		    "\"\xe2\x80\xa7\\u2028\\u2029\\u202a\"" },
		{ BYTES("a\377b"), "\"a\357\277\275b\"" },
		{ BYTES("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ BYTES("\xed\xa0\x80"),
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	struct buf out = BUF_EMPTY;
	size_t i;

	for (i = 0; i < LEN(rows); i++) {
		buf_clear(&out);
		json_string(&out, rows[i].s, rows[i].len);
		ck_assert_str_eq(buf_text(&out), rows[i].json);
		ck_assert_uint_eq(out.len, strlen(rows[i].json));
	}
	buf_free(&out);
}
END_TEST

/*
 * The one value in the JSON text is these bytes.  (An assertion that holds
 * costs Check a write, hence the if.)
 */
static void
check_point(const struct buf *json, const char *s, size_t n)
{
	if (json_parse(json->data, json->len, 1, &object, &error) == -1 ||
	    object.item[0].len != n || memcmp(object.item[0].text, s, n) != 0)
		ck_abort_msg("not read as it was written: %s", buf_text(json));
	json_free(&object);
}

/* A comma where there is something before. */
START_TEST(members_out)
{
	struct buf out = BUF_EMPTY;

	buf_putc(&out, '{');
	json_member_string(&out, "a{", "x[");
	json_member_number(&out, "b", -5);
	json_member_time(&out, "c", 0);
	json_name(&out, "d");
	buf_putc(&out, '[');
	json_next(&out);
	json_string(&out, "[", 1);
	json_next(&out);
	buf_puts(&out, "{}]}");
	ck_assert_str_eq(buf_text(&out),
	    "{\"a{\":\"x[\",\"b\":-5,\"c\":\"1970-01-01T00:00:00.000000Z\","
	    "\"d\":[\"[\",{}]}");
	buf_free(&out);
}
END_TEST

/* The bytes of a code point. */
static size_t
encode(unsigned long c, char s[4])
{
	size_t n = 0;

	if (c < 0x80) {
		s[n++] = (char)c;
		return n;
	}
	if (c < 0x800) {
		s[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		s[n++] = (char)(0xe0 | c >> 12);
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		s[n++] = (char)(0xf0 | c >> 18);
		s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	s[n++] = (char)(0x80 | (c & 0x3f));
	return n;
}

/* Each code point is read as it was written, and as its escape. */
START_TEST(string_and_back)
{
	struct buf out = BUF_EMPTY;
	unsigned long c;
	char s[4];
	size_t n;

	for (c = 0; c <= 0x10ffff; c += c < 0x3000 ? 1 : 61) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = encode(c, s);
		buf_clear(&out);
		buf_puts(&out, "{\"a\":");
		json_string(&out, s, n);
		buf_putc(&out, '}');
		check_point(&out, s, n);

		buf_clear(&out);
		if (c < 0x10000)
			buf_printf(&out, "{\"a\":\"\\u%04lX\"}", c);
		else
			buf_printf(&out, "{\"a\":\"\\u%04lx\\u%04lx\"}",
			    0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
		check_point(&out, s, n);
	}
	buf_free(&out);
}
END_TEST

Suite *
suite_json(void)
{
	Suite *s = suite_create("json");
	TCase *t = tcase_create("json");

	tcase_add_test(t, words_and_numbers);
	tcase_add_test(t, strings);
	tcase_add_test(t, empty_object);
	tcase_add_test(t, members);
	tcase_add_test(t, nul_in_name);
	tcase_add_test(t, nested);
	tcase_add_test(t, depth);
	tcase_add_test(t, errors);
	tcase_add_test(t, beginnings);
	tcase_add_test(t, same_name_elsewhere);
	tcase_add_test(t, duplicate_names);
	tcase_add_test(t, large);
	tcase_add_test(t, free_twice);
	tcase_add_test(t, string_out);
	tcase_add_test(t, string_and_back);
	tcase_add_test(t, members_out);
	suite_add_tcase(s, t);
	return s;
}
