/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/base/id.h"

START_TEST(text_goes_both_ways)
{
    char text[ID_TEXT];

    for (int i = 0; i < 500; i++) {
        struct id id = id_random(), again;

        id_text(id, 't', text);
        ck_assert_uint_eq(strlen(text), 28);
        ck_assert_int_eq(id_parse(text, 't', &again), 0);
        ck_assert_mem_eq(id.bytes, again.bytes, ID_BYTES);
        ck_assert_int_eq(id_parse(text, 'p', &again), -1);
    }
}
END_TEST

START_TEST(known_texts)
{
    static const struct id zero = {{0}};
    struct id ones, id;
    char text[ID_TEXT];

    ck_assert_str_eq(id_text(zero, 'a', text), "a-aaaaaaaaaaaaaaaaaaaaaaaaaa");
    memset(&ones, 0xff, sizeof ones);
    /* base32 of sixteen 0xff bytes, RFC 4648: 25 times '7', then '4' */
    ck_assert_str_eq(id_text(ones, 'a', text), "a-7777777777777777777777777" "4");
    ck_assert_int_eq(id_parse("a-77777777777777777777777777", 'a', &id), -1);
    ck_assert_int_eq(id_parse("a-A7777777777777777777777774", 'a', &id), -1);
    ck_assert_int_eq(id_parse("", 'a', &id), -1);
}
END_TEST

START_TEST(later_ids_sort_later)
{
    struct id first = id_ordered(1700000000000000), second = id_ordered(1700000000001000);

    ck_assert_int_lt(memcmp(first.bytes, second.bytes, ID_BYTES), 0);
    ck_assert_int_ne(memcmp(first.bytes + 6, id_ordered(1700000000000000).bytes + 6, 10), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("id");
    TCase *tests = tcase_create("id");

    tcase_add_test(tests, text_goes_both_ways);
    tcase_add_test(tests, known_texts);
    tcase_add_test(tests, later_ids_sort_later);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
