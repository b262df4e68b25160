/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/keeper/fingerprints.h"
#include "tests/test.h"

#define DIGESTS 20000

static struct fingerprints fingerprints;

static void tear_down(void)
{
    fingerprints_close(&fingerprints);
}

/* Uniform and the same in each run. */
static struct digest digest_of(uint64_t number)
{
    struct digest digest;

    crypto_generichash(digest.bytes, DIGEST_BYTES, (const unsigned char *)&number, sizeof number, NULL, 0);
    return digest;
}

static void fill(uint64_t sized)
{
    ck_assert_int_eq(fingerprints_open(&fingerprints, sized), 0);
    for (uint64_t i = 1; i <= DIGESTS; i++) {
        struct digest digest = digest_of(i);

        fingerprints_add(&fingerprints, &digest, (int64_t)i, 1 + i % 6);
        fingerprints_add(&fingerprints, &digest, (int64_t)i, 1 + i % 6);
    }
    fingerprints.complete = true;
}

START_TEST(whose_a_digest_is)
{
    struct bearer bearer;
    struct digest digest;
    unsigned asked = 0, mistaken = 0;

    fill(DIGESTS);
    ck_assert_uint_le(fingerprints.added, DIGESTS);
    for (uint64_t i = 1; i <= DIGESTS; i++) {
        digest = digest_of(i);
        ck_assert(fingerprints_find(&fingerprints, &digest, &bearer));
        ck_assert(bearer.token == 0 || (bearer.token == (int64_t)i && bearer.part == 1 + i % 6));
        asked += bearer.token == 0;
        digest = digest_of(DIGESTS + i);
        mistaken += fingerprints_find(&fingerprints, &digest, &bearer);
    }
    ck_assert_uint_lt(asked, DIGESTS / 1000);
    ck_assert_uint_lt(mistaken, DIGESTS / 1000);
}
END_TEST

START_TEST(the_index_is_asked)
{
    static const struct {
        int64_t token, other;
        unsigned part, other_part;
    } several[] = {{7, 8, 1, 1}, {7, 7, 1, 5}, {7, 0, 1, 1}, {0, 0, 1, 1}, {1 << 28, 1 << 28, 1, 1}, {7, 7, 16, 16},
                   {-1, -1, 1, 1}};
    struct digest digest = digest_of(1);
    struct bearer bearer;

    ck_assert_int_eq(fingerprints_open(&fingerprints, 100), 0);
    fingerprints_add(&fingerprints, &digest, several[_i].token, several[_i].part);
    fingerprints_add(&fingerprints, &digest, several[_i].other, several[_i].other_part);
    fingerprints.complete = true;
    ck_assert(fingerprints_find(&fingerprints, &digest, &bearer));
    ck_assert_int_eq(bearer.token, 0);
}
END_TEST

START_TEST(until_it_is_complete)
{
    struct digest digest = digest_of(1);
    struct bearer bearer;

    ck_assert(fingerprints_find(&fingerprints, &digest, &bearer));
    ck_assert(fingerprints_wanting(&fingerprints));
    fingerprints_add(&fingerprints, &digest, 7, 1);
    ck_assert_int_eq(fingerprints_open(&fingerprints, 100), 0);
    fingerprints_add(&fingerprints, &digest, 7, 1);
    ck_assert(fingerprints_find(&fingerprints, &digest, &bearer));
    ck_assert_int_eq(bearer.token, 0);
}
END_TEST

/* More than it has room for: nothing is said that is not so. */
START_TEST(one_that_is_too_small)
{
    struct bearer bearer;

    fill(100);
    ck_assert(fingerprints_crowded(&fingerprints) && fingerprints_wanting(&fingerprints));
    for (uint64_t i = 1; i <= DIGESTS; i++) {
        struct digest digest = digest_of(i);

        ck_assert(fingerprints_find(&fingerprints, &digest, &bearer));
        ck_assert_int_eq(bearer.token, 0);
    }
    fill(fingerprints.added * 20);
    ck_assert(!fingerprints_wanting(&fingerprints));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("fingerprints");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, NULL, tear_down);
    tcase_add_test(t, whose_a_digest_is);
    tcase_add_loop_test(t, the_index_is_asked, 0, 7);
    tcase_add_test(t, until_it_is_complete);
    tcase_add_test(t, one_that_is_too_small);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
