/* SPDX-License-Identifier: ISC */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <unistd.h>
#include "server/minter/supply.h"
#include "tests/test.h"

static struct error error;

static void takes_a_key(struct supply *supply, unsigned bits, struct buffer *der)
{
    const unsigned char *at;
    PKCS8_PRIV_KEY_INFO *info;
    EVP_PKEY *key;

    buffer_init(der, 4096);
    ck_assert_int_eq(supply_rsa(supply, bits, der, &error), 0);
    at = der->data;
    info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der->length);
    ck_assert_ptr_nonnull(info);
    ck_assert_ptr_eq(at, der->data + der->length);
    key = EVP_PKCS82PKEY(info);
    ck_assert_int_eq(EVP_PKEY_get_bits(key), (int)bits);
    EVP_PKEY_free(key);
    PKCS8_PRIV_KEY_INFO_free(info);
}

START_TEST(no_two_keys_are_alike)
{
    struct supply *supply = supply_new();
    struct buffer keys[4];

    ck_assert_int_eq(supply_start(supply, NULL, &error), 0);
    for (size_t i = 0; i < 4; i++) {
        takes_a_key(supply, 2048, &keys[i]);
        for (size_t k = 0; k < i; k++)
            ck_assert(!slice_equal(buffer_slice(&keys[i]), buffer_slice(&keys[k])));
    }
    for (size_t i = 0; i < 4; i++)
        buffer_free(&keys[i]);
    supply_free(supply);
}
END_TEST

/* What nobody asks for is not made; what somebody asked for is made ahead. */
START_TEST(a_stock_is_kept_of_what_was_asked_for)
{
    struct supply *supply = supply_new();
    struct buffer key;

    ck_assert_int_eq(supply_start(supply, NULL, &error), 0);
    ck_assert_uint_eq(supply_ready(supply, 2048), 0);
    takes_a_key(supply, 2048, &key);
    buffer_free(&key);
    while (supply_ready(supply, 2048) == 0)
        usleep(10000);
    ck_assert_uint_eq(supply_ready(supply, 4096), 0);
    supply_free(supply);
}
END_TEST

START_TEST(without_a_thread_keys_are_made_at_once)
{
    struct supply *supply = supply_new();
    struct buffer key;

    takes_a_key(supply, 2048, &key);
    buffer_clear(&key);
    ck_assert_int_eq(supply_rsa(supply, 1024, &key, &error), -1);
    buffer_free(&key);
    supply_free(supply);
}
END_TEST

static int no_cage(struct error *why)
{
    return error_set(why, "no cage here");
}

START_TEST(a_thread_without_a_cage_is_none)
{
    struct supply *supply = supply_new();

    ck_assert_int_eq(supply_start(supply, no_cage, &error), -1);
    ck_assert_str_eq(error.text, "no cage here");
    supply_free(supply);
}
END_TEST

/* A key of 4,096 bits takes seconds. */
START_TEST(it_ends_in_the_middle_of_a_key)
{
    struct supply *supply = supply_new();
    struct buffer key;

    ck_assert_int_eq(supply_start(supply, NULL, &error), 0);
    takes_a_key(supply, 4096, &key);
    buffer_free(&key);
    supply_free(supply);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("supply");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, no_two_keys_are_alike);
    tcase_add_test(tcase, a_stock_is_kept_of_what_was_asked_for);
    tcase_add_test(tcase, without_a_thread_keys_are_made_at_once);
    tcase_add_test(tcase, a_thread_without_a_cage_is_none);
    tcase_add_test(tcase, it_ends_in_the_middle_of_a_key);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
