/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "server/keeper/host_key.h"
#include "tests/test.h"

static const char *key_of(unsigned char master, const char *host, struct buffer *out)
{
    const unsigned char bytes[KEYRING_BYTES] = {master};
    struct keyring keyring;

    keyring_derive(&keyring, bytes);
    ck_assert_int_eq(host_key_public(&keyring, host, out), 0);
    return buffer_text(out);
}

START_TEST(a_host_keeps_its_key)
{
    struct buffer first, again, other, elsewhere;

    buffer_init(&first, 256);
    buffer_init(&again, 256);
    buffer_init(&other, 256);
    buffer_init(&elsewhere, 256);
    /* The type's name and length, then 32 bytes: "AAAAC3NzaC1lZDI1NTE5AAAAI" and what is drawn. */
    ck_assert_int_eq(strncmp(key_of(1, "a.corp.example", &first), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", 37), 0);
    ck_assert_uint_eq(first.length, 12 + 68);
    ck_assert_str_eq(key_of(1, "a.corp.example", &again), buffer_text(&first));
    ck_assert_str_ne(key_of(1, "b.corp.example", &other), buffer_text(&first));
    ck_assert_str_ne(key_of(2, "a.corp.example", &elsewhere), buffer_text(&first));
    buffer_free(&first);
    buffer_free(&again);
    buffer_free(&other);
    buffer_free(&elsewhere);
}
END_TEST

START_TEST(a_full_buffer_is_an_error)
{
    const unsigned char bytes[KEYRING_BYTES] = {1};
    struct keyring keyring;
    struct buffer out;

    keyring_derive(&keyring, bytes);
    buffer_init(&out, 20);
    ck_assert_int_eq(host_key_public(&keyring, "a.corp.example", &out), -1);
    buffer_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("host_key");
    TCase *tcase = tcase_create("host_key");

    tcase_add_test(tcase, a_host_keeps_its_key);
    tcase_add_test(tcase, a_full_buffer_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
