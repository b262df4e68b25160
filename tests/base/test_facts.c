/* SPDX-License-Identifier: ISC */
#include "server/base/facts.h"
#include "tests/test.h"

static struct buffer facts;

static void set_up(void)
{
    buffer_init(&facts, FACTS_BYTES);
    ck_assert_int_eq(fact_add(&facts, FACT_PLAIN, "kid", slice_of("4f2a")), 0);
    ck_assert_int_eq(fact_add(&facts, FACT_PUBLIC, "fingerprint", slice_of("00ff")), 0);
    ck_assert_int_eq(fact_add(&facts, FACT_PLAIN, "kid", slice_of("later")), 0);
}

static void tear_down(void)
{
    buffer_free(&facts);
}

START_TEST(come_back_in_their_order)
{
    struct reader reader = reader_of(buffer_slice(&facts));
    struct token_fact fact;

    ck_assert(fact_next(&reader, &fact) && fact.role == FACT_PLAIN && slice_is(fact.name, "kid"));
    ck_assert(fact_next(&reader, &fact) && fact.role == FACT_PUBLIC && slice_is(fact.value, "00ff"));
    ck_assert(fact_next(&reader, &fact) && !fact_next(&reader, &fact));
    ck_assert_int_eq(reader_end(&reader), 0);
}
END_TEST

START_TEST(are_found_by_name)
{
    ck_assert(slice_is(fact_value(buffer_slice(&facts), "kid"), "4f2a"));
    ck_assert_ptr_null(fact_value(buffer_slice(&facts), "ki").data);
    ck_assert_ptr_null(fact_value(SLICE_NONE, "kid").data);
}
END_TEST

START_TEST(damage_ends_the_list)
{
    for (size_t length = 1; length < facts.length; length++) {
        struct reader reader = reader_of((struct slice){facts.data, length});
        struct token_fact fact;
        int count = 0;

        while (fact_next(&reader, &fact))
            count++;
        ck_assert_int_lt(count, 3);
    }
}
END_TEST

START_TEST(a_full_list_takes_no_more)
{
    struct buffer small;

    buffer_init(&small, 16);
    ck_assert_int_eq(fact_add(&small, FACT_PLAIN, "certificate", slice_of("too long for it")), -1);
    buffer_free(&small);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("facts");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, come_back_in_their_order);
    tcase_add_test(tcase, are_found_by_name);
    tcase_add_test(tcase, damage_ends_the_list);
    tcase_add_test(tcase, a_full_list_takes_no_more);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
