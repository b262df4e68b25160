/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/courier/sign.h"
#include "tests/test.h"

#define SECRET_1 "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SECRET_2 "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
#define PRIVATE "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
#define ID_1 "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY_1 "{\"test\": 2432232314}"
#define V1_1 "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define V1A_1 "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

static void expect(struct sign_keys *keys, const char *id, int64_t time, const char *body, const char *signature)
{
    struct buffer out;

    buffer_init(&out, 4096);
    ck_assert_int_eq(sign_body(keys, id, time, slice_of(body), &out), 0);
    ck_assert_str_eq(buffer_text(&out), signature);
    buffer_free(&out);
}

static void add_key(struct sign_keys *keys, const char *text)
{
    struct error error;

    ck_assert_msg(sign_key_parse(slice_of(text), &keys->keys[keys->count], &error) == 0, "%s", error.text);
    keys->count++;
}

/* Vectors of the Standard Webhooks libraries and of svix-server (worker.rs). */
START_TEST(vectors)
{
    struct sign_keys one = {.count = 0}, two = {.count = 0}, asymmetric = {.count = 0};

    add_key(&one, SECRET_1);
    expect(&one, ID_1, 1614265330, BODY_1, V1_1);
    add_key(&two, SECRET_2);
    expect(&two, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
           "{\"email\":\"test@example.com\",\"username\":\"test_user\"}",
           "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    add_key(&asymmetric, "whsk_" PRIVATE);
    expect(&asymmetric, ID_1, 1614265330, BODY_1, V1A_1);
}
END_TEST

START_TEST(rotation_signs_with_each_key)
{
    struct sign_keys keys = {.count = 0};

    add_key(&keys, SECRET_1);
    add_key(&keys, "whsk_" PRIVATE);
    expect(&keys, ID_1, 1614265330, BODY_1, V1_1 " " V1A_1);
}
END_TEST

START_TEST(seed_alone_is_the_same_key)
{
    struct sign_keys keys = {.count = 0};
    unsigned char both[64];
    char seed[64];
    size_t length;

    ck_assert_int_eq(sodium_base642bin(both, sizeof(both), PRIVATE, strlen(PRIVATE), NULL, &length, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    memcpy(seed, "whsk_", 5);
    sodium_bin2base64(seed + 5, sizeof(seed) - 5, both, 32, sodium_base64_VARIANT_ORIGINAL);
    add_key(&keys, seed);
    expect(&keys, ID_1, 1614265330, BODY_1, V1A_1);
}
END_TEST

START_TEST(bad_keys_are_refused)
{
    static const char *const bad[] = {"",
                                      "whsec_",
                                      "whsec_AAAA",
                                      "whsec_!!!!",
                                      "whsk_AAAA",
                                      "whpk_AAAA",
                                      "secret",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw extra",
                                      "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9"
                                      "lMicMFs6KvA=="};
    struct sign_key key;
    struct error error;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(sign_key_parse(slice_of(bad[i]), &key, &error) == -1, "%s", bad[i]);
}
END_TEST

START_TEST(id_with_a_dot_and_no_key_are_refused)
{
    struct sign_keys keys = {.count = 0};
    struct buffer out;

    buffer_init(&out, 4096);
    ck_assert_int_eq(sign_body(&keys, ID_1, 1, slice_of("x"), &out), -1);
    add_key(&keys, SECRET_1);
    ck_assert_int_eq(sign_body(&keys, "a.b", 1, slice_of("x"), &out), -1);
    buffer_free(&out);
}
END_TEST

START_TEST(files_hold_one_key_a_line)
{
    char path[] = "/tmp/sundew-sign-XXXXXX";
    static const char text[] = "# old and new\n" SECRET_1 "\r\n\n  whsk_" PRIVATE "\n";
    struct sign_keys keys = {.count = 0};
    struct error error;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_msg(sign_keys_load(path, &keys, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(keys.count, 2);
    expect(&keys, ID_1, 1614265330, BODY_1, V1_1 " " V1A_1);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq(sign_keys_load(path, &keys, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    close(fd);
    unlink(path);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("courier/sign");
    TCase *tests = tcase_create("sign");

    tcase_add_test(tests, vectors);
    tcase_add_test(tests, rotation_signs_with_each_key);
    tcase_add_test(tests, seed_alone_is_the_same_key);
    tcase_add_test(tests, bad_keys_are_refused);
    tcase_add_test(tests, id_with_a_dot_and_no_key_are_refused);
    tcase_add_test(tests, files_hold_one_key_a_line);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
