/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tests/test.h"
#include "tests/tokens/draws.h"
#include "tokens/checksum.h"

#define VECTOR "glpat-vSY1cyL948aAB440qB6L4zlu9OzsUmEV.01.0w0sfevch"

START_TEST(published_vector_is_valid)
{
    ck_assert(kind_gitlab_token.valid("pat-routable", slice_of(VECTOR)));
}
END_TEST

START_TEST(every_changed_character_is_noticed)
{
    char text[] = VECTOR;

    for (size_t i = 0; i < strlen(text); i++) {
        char saved = text[i];

        text[i] = saved == 'x' ? 'y' : 'x';
        ck_assert_msg(!kind_gitlab_token.valid("pat-routable", slice_of(text)), "character %zu may be anything", i);
        text[i] = saved;
    }
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    for (size_t length = 0; length < strlen(VECTOR); length++)
        ck_assert(!kind_gitlab_token.valid("pat-routable", (struct slice){(const unsigned char *)VECTOR, length}));
    ck_assert(!kind_gitlab_token.valid("pat", slice_of("glpat-")));
    ck_assert(!kind_gitlab_token.valid("pat", slice_of("glpat-0123456789abcdefghi!")));
    ck_assert(!kind_gitlab_token.valid("pat", slice_of(VECTOR)));
}
END_TEST

/* What the drawn ones hold inside: 16 bytes, then o:1 and u:…, then the length of that. */
START_TEST(payload_of_drawn_tokens)
{
    struct counter counter = {4};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, "pat-routable");
    struct minted minted;
    struct error error;
    struct buffer raw;
    struct slice secret;

    draws_init(&minted);
    buffer_init(&raw, 128);
    ck_assert_int_eq(kind_gitlab_token.mint(&request, &minted, &error), 0);
    secret = buffer_slice(&minted.secret);
    ck_assert_int_eq(checksum_base64url_decode(&raw, (struct slice){secret.data + 6, secret.length - 6 - 13}), 0);
    ck_assert(memcmp(raw.data + 16, "o:1\nu:", 6) == 0);
    ck_assert_uint_eq(raw.data[raw.length - 1], raw.length - 17);
    buffer_free(&raw);
    draws_free(&minted);
}
END_TEST

START_TEST(drawn_tokens_are_valid_and_never_twice)
{
    struct counter counter = {1};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, kind_gitlab_token.forms[_i]);
    struct minted minted;
    struct error error;
    char last[256] = "";

    draws_init(&minted);
    for (int i = 0; i < 2000; i++) {
        ck_assert_int_eq(kind_gitlab_token.mint(&request, &minted, &error), 0);
        ck_assert(kind_gitlab_token.valid(request.form, buffer_slice(&minted.secret)));
        ck_assert(!kind_filtered(buffer_slice(&minted.secret)));
        ck_assert_uint_ge(minted.secret_bits, 112);
        ck_assert(minted.distinctive);
        ck_assert_str_ne(last, buffer_text(&minted.secret));
        snprintf(last, sizeof last, "%s", buffer_text(&minted.secret));
        buffer_clear(&minted.identity);
        buffer_clear(&minted.secret);
    }
    draws_free(&minted);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("gitlab_token");
    TCase *tcase = tcase_create("all");

    tcase_add_test(tcase, published_vector_is_valid);
    tcase_add_test(tcase, every_changed_character_is_noticed);
    tcase_add_test(tcase, every_cut_is_noticed);
    tcase_add_test(tcase, payload_of_drawn_tokens);
    tcase_add_loop_test(tcase, drawn_tokens_are_valid_and_never_twice, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
