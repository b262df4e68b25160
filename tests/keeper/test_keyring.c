/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/keeper/keyring.h"
#include "tests/test.h"

static char folder[64], path[96];
static struct error error;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/keyring-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
}

START_TEST(makes_one_key_only)
{
    struct keyring first, second;
    struct stat status;

    ck_assert_int_eq(keyring_create(path, &error), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(status.st_size, KEYRING_BYTES);
    ck_assert_int_eq(keyring_create(path, &error), -1);
    ck_assert_int_eq(keyring_open(&first, path, &error), 0);
    ck_assert_int_eq(keyring_open(&second, path, &error), 0);
    ck_assert_mem_eq(&first, &second, sizeof first);
    keyring_wipe(&first);
    keyring_wipe(&second);
}
END_TEST

START_TEST(refuses_wrong_files)
{
    struct keyring keyring;

    ck_assert_int_eq(keyring_open(&keyring, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "sundew init"));
    ck_assert_int_eq(keyring_create(path, &error), 0);
    ck_assert_int_eq(chmod(path, 0604), 0);
    ck_assert_int_eq(keyring_open(&keyring, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "chmod 600"));
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(truncate(path, KEYRING_BYTES - 1), 0);
    ck_assert_int_eq(keyring_open(&keyring, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "not a master key"));
    ck_assert_int_eq(truncate(path, KEYRING_BYTES), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(path, 12345, 12345), 0);
        ck_assert_int_eq(keyring_open(&keyring, path, &error), -1);
        ck_assert_ptr_nonnull(strstr(error.text, "12345"));
    }
}
END_TEST

START_TEST(digests_are_keyed_and_tagged)
{
    const unsigned char a[KEYRING_BYTES] = {1}, b[KEYRING_BYTES] = {2};
    unsigned char text[600], chained[CHAIN_BYTES], expected[CHAIN_BYTES];
    crypto_generichash_state state;
    struct digest one, other;
    size_t i;
    struct keyring first, second;

    keyring_derive(&first, a);
    keyring_derive(&second, b);
    one = keyring_digest(&first, DIGEST_SECRET, slice_of("hunter2"));
    other = keyring_digest(&first, DIGEST_SECRET, slice_of("hunter2"));
    ck_assert_mem_eq(&one, &other, sizeof one);
    other = keyring_digest(&first, DIGEST_IDENTITY, slice_of("hunter2"));
    ck_assert_mem_ne(&one, &other, sizeof one);
    other = keyring_digest(&second, DIGEST_SECRET, slice_of("hunter2"));
    ck_assert_mem_ne(&one, &other, sizeof one);
    other = keyring_digest(&first, DIGEST_SECRET, slice_of("hunter3"));
    ck_assert_mem_ne(&one, &other, sizeof one);
    ck_assert_int_eq(crypto_generichash(other.bytes, sizeof other.bytes, (const unsigned char *)"Shunter2", 8,
                                        first.digest_key, KEYRING_BYTES), 0);
    ck_assert_mem_eq(&one, &other, sizeof one);
    for (i = 0; i < 520; i++) {
        memset(text, 'x', sizeof text);
        text[0] = 'S';
        one = keyring_digest(&first, DIGEST_SECRET, (struct slice){text + 1, i});
        ck_assert_int_eq(crypto_generichash(other.bytes, sizeof other.bytes, text, i + 1, first.digest_key,
                                            KEYRING_BYTES), 0);
        ck_assert_mem_eq(&one, &other, sizeof one);
    }
    keyring_chain(&first, &state);
    crypto_generichash_update(&state, text, sizeof text);
    crypto_generichash_final(&state, chained, sizeof chained);
    ck_assert_int_eq(crypto_generichash(expected, sizeof expected, text, sizeof text, first.chain_key, KEYRING_BYTES), 0);
    ck_assert_mem_eq(chained, expected, sizeof expected);
}
END_TEST

START_TEST(seals)
{
    const unsigned char a[KEYRING_BYTES] = {1}, b[KEYRING_BYTES] = {2};
    struct buffer sealed, plain;
    struct keyring first, second;
    unsigned char out[32];
    size_t i;

    keyring_derive(&first, a);
    keyring_derive(&second, b);
    buffer_init(&sealed, 1024);
    buffer_init(&plain, 1024);
    ck_assert_int_eq(keyring_seal(&first, slice_of("hunter2"), &sealed), 0);
    ck_assert_uint_eq(sealed.length, 7 + SEAL_OVERHEAD);
    ck_assert_uint_eq(sealed.data[0], KEYRING_NUMBER);
    ck_assert_int_eq(keyring_open_sealed(&first, buffer_slice(&sealed), &plain), 0);
    ck_assert(slice_is(buffer_slice(&plain), "hunter2"));
    ck_assert_int_eq(keyring_unseal(&first, buffer_slice(&sealed), out, 7), 7);
    ck_assert_int_eq(keyring_unseal(&first, buffer_slice(&sealed), out, 6), -1);
    ck_assert_int_eq(keyring_open_sealed(&second, buffer_slice(&sealed), &plain), -1);
    for (i = 0; i < sealed.length; i++) {
        sealed.data[i] ^= 1;
        ck_assert_int_eq(keyring_open_sealed(&first, buffer_slice(&sealed), &plain), -1);
        ck_assert_int_eq(keyring_open_sealed(&first, (struct slice){sealed.data, i}, &plain), -1);
        sealed.data[i] ^= 1;
    }
    buffer_clear(&sealed);
    buffer_clear(&plain);
    ck_assert_int_eq(keyring_seal(&first, SLICE_NONE, &sealed), 0);
    ck_assert_int_eq(keyring_open_sealed(&first, buffer_slice(&sealed), &plain), 0);
    ck_assert_uint_eq(plain.length, 0);
    buffer_free(&sealed);
    buffer_free(&plain);
}
END_TEST

START_TEST(opens_the_beginning)
{
    static const size_t lengths[] = {1, 32, 33, KEYRING_HEAD, KEYRING_HEAD + 1, 4000};
    unsigned char master[KEYRING_BYTES] = {3}, plain[4000], head[KEYRING_HEAD];
    struct keyring keyring;
    struct buffer sealed;
    size_t length = lengths[_i];

    keyring_derive(&keyring, master);
    randombytes_buf(plain, sizeof plain);
    buffer_init(&sealed, 8192);
    ck_assert_int_eq(keyring_seal(&keyring, (struct slice){plain, length}, &sealed), 0);
    ck_assert_uint_eq(keyring_head(&keyring, buffer_slice(&sealed), head), length);
    ck_assert_mem_eq(head, plain, length < sizeof head ? length : sizeof head);
    ck_assert_uint_eq(keyring_head(&keyring, (struct slice){sealed.data, SEAL_OVERHEAD}, head), 0);
    sealed.data[0]++;
    ck_assert_uint_eq(keyring_head(&keyring, buffer_slice(&sealed), head), 0);
    buffer_free(&sealed);
    keyring_wipe(&keyring);
}
END_TEST

START_TEST(check_value_tells_keys_apart)
{
    const unsigned char a[KEYRING_BYTES] = {1}, b[KEYRING_BYTES] = {2};
    unsigned char one[KEYRING_BYTES], other[KEYRING_BYTES];
    struct keyring first, second;

    keyring_derive(&first, a);
    keyring_derive(&second, b);
    keyring_check(&first, one);
    keyring_check(&first, other);
    ck_assert_mem_eq(one, other, sizeof one);
    keyring_check(&second, other);
    ck_assert_mem_ne(one, other, sizeof one);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keyring");
    TCase *t = tcase_create("keyring");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, makes_one_key_only);
    tcase_add_test(t, refuses_wrong_files);
    tcase_add_test(t, digests_are_keyed_and_tagged);
    tcase_add_test(t, seals);
    tcase_add_loop_test(t, opens_the_beginning, 0, 6);
    tcase_add_test(t, check_value_tells_keys_apart);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
