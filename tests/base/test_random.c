/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/random.h"

#define DRAWS 5000
#define BYTES 13 /* of one draw: no divisor of the pool, so that some reach over its end */

static void set_up(void)
{
    random_pooled();
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert_str_eq(randombytes_implementation_name(), "pooled");
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, BYTES);
}

START_TEST(never_the_same_twice)
{
    static unsigned char draws[DRAWS][BYTES];

    for (size_t i = 0; i < DRAWS; i++)
        randombytes_buf(draws[i], BYTES);
    qsort(draws, DRAWS, BYTES, compare);
    for (size_t i = 1; i < DRAWS; i++)
        ck_assert_int_ne(compare(draws[i - 1], draws[i]), 0);
}
END_TEST

START_TEST(every_bit_falls_both_ways)
{
    static unsigned char draw[100000];
    size_t ones[8] = {0};

    randombytes_buf(draw, sizeof draw);
    for (size_t i = 0; i < sizeof draw; i++)
        for (int bit = 0; bit < 8; bit++)
            ones[bit] += draw[i] >> bit & 1;
    for (int bit = 0; bit < 8; bit++) {
        ck_assert_uint_gt(ones[bit], 48000); /* thirteen deviations from the middle */
        ck_assert_uint_lt(ones[bit], 52000);
    }
}
END_TEST

START_TEST(numbers_stay_below_their_bound)
{
    for (int i = 0; i < DRAWS; i++)
        ck_assert_uint_lt(randombytes_uniform(10), 10);
    ck_assert_uint_ne(randombytes_random(), randombytes_random());
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("random");
    TCase *tests = tcase_create("random");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, never_the_same_twice);
    tcase_add_test(tests, every_bit_falls_both_ways);
    tcase_add_test(tests, numbers_stay_below_their_bound);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
