/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <jansson.h>
#include <string.h>
#include "server/base/json.h"

START_TEST(an_object_is_read_by_another_reader)
{
    struct buffer buffer;
    json_t *root;

    buffer_init(&buffer, 10000);
    buffer_add_char(&buffer, '{');
    json_member_text(&buffer, "a", "x\"\\\n\t\x01");
    json_member_number(&buffer, "b", -42);
    json_member_bool(&buffer, "c", true);
    json_member_open(&buffer, "d");
    buffer_add_char(&buffer, '[');
    json_element(&buffer, slice_of("one"));
    json_element(&buffer, slice_of("two"));
    buffer_add_text(&buffer, "]}");
    root = json_loads(buffer_text(&buffer), JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_string_value(json_object_get(root, "a")), "x\"\\\n\t\x01");
    ck_assert_int_eq(json_integer_value(json_object_get(root, "b")), -42);
    ck_assert(json_is_true(json_object_get(root, "c")));
    ck_assert_uint_eq(json_array_size(json_object_get(root, "d")), 2);
    json_decref(root);
    buffer_free(&buffer);
}
END_TEST

START_TEST(any_bytes_make_valid_json)
{
    unsigned char bytes[64];
    struct buffer buffer;

    buffer_init(&buffer, 10000);
    for (int round = 0; round < 5000; round++) {
        json_t *value;

        randombytes_buf(bytes, sizeof bytes);
        for (int i = 0; i < 8; i++)
            bytes[i] |= 0xc0;
        buffer_clear(&buffer);
        ck_assert_int_eq(json_write_string(&buffer, (struct slice){bytes, randombytes_uniform(sizeof bytes)}), 0);
        value = json_loadb((const char *)buffer.data, buffer.length, JSON_DECODE_ANY, NULL);
        ck_assert_ptr_nonnull(value);
        json_decref(value);
    }
    buffer_free(&buffer);
}
END_TEST

START_TEST(what_is_no_utf_8_is_known)
{
    static const char *const good[] = {"", "plain", "G\xc3\xbcnter \"x\"\\\n", "eight by\xe2\x82\xacte", "\xf0\x9f\x98\x80"};
    static const char *const bad[] = {"\xff", "a longer one \xe9", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert(json_is_text(slice_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert(!json_is_text(slice_of(bad[i])));
}
END_TEST

START_TEST(misleading_marks_are_escaped)
{
    struct buffer buffer;

    buffer_init(&buffer, 1000);
    json_write_string(&buffer, slice_of("a\xe2\x80\xae" "b\xc3\xa9\xff"));
    ck_assert_str_eq(buffer_text(&buffer), "\"a\\u202eb\xc3\xa9\xef\xbf\xbd\"");
    buffer_free(&buffer);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
    struct buffer buffer;

    buffer_init(&buffer, 5);
    ck_assert_int_eq(json_write_string(&buffer, slice_of("abcdef")), -1);
    ck_assert_uint_eq(buffer.length, 0);
    ck_assert(buffer.failed);
    buffer_free(&buffer);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");

    tcase_add_test(tests, an_object_is_read_by_another_reader);
    tcase_add_test(tests, any_bytes_make_valid_json);
    tcase_add_test(tests, what_is_no_utf_8_is_known);
    tcase_add_test(tests, misleading_marks_are_escaped);
    tcase_add_test(tests, what_does_not_fit_is_left_out);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
