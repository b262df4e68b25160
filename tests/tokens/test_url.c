/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"
#include "tests/tokens/draws.h"
#include "tokens/alphabet.h"
#include "tokens/identity.h"

#define DRAWS 5000

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

START_TEST(thousands_of_draws)
{
    struct counter counter = {(uint64_t)_i};
    struct draw draw = {counter_bytes, &counter};
    const char *form = kind_url.forms[_i];
    struct mint_request request = draws_request(&draw, form);
    char **secrets = calloc(DRAWS, sizeof *secrets);
    struct minted minted;
    struct error error;

    ck_assert_ptr_nonnull(secrets);
    draws_init(&minted);
    for (size_t i = 0; i < DRAWS; i++) {
        struct slice secret;

        ck_assert_int_eq(kind_url.mint(&request, &minted, &error), 0);
        secret = buffer_slice(&minted.secret);
        ck_assert(kind_url.valid(form, secret));
        ck_assert(!kind_filtered(secret));
        ck_assert(minted.distinctive && !identity_common(buffer_slice(&minted.identity)));
        ck_assert_uint_ge(minted.identity_bits, IDENTITY_BITS);
        /* What ends a user, a password, a host or a line of a settings file stands in neither. */
        ck_assert_ptr_null(strpbrk(buffer_text(&minted.secret), " :'\"\\`$#@/%"));
        ck_assert_ptr_null(strpbrk(buffer_text(&minted.identity), " :'\"\\`$#@/%?"));
        ck_assert_uint_le(secret.length, 50); /* the longest that scanners read in a URL */
        secrets[i] = slice_copy(secret);
        buffer_clear(&minted.identity);
        buffer_clear(&minted.secret);
    }
    qsort(secrets, DRAWS, sizeof *secrets, by_text);
    for (size_t i = 0; i < DRAWS; i++) {
        ck_assert(i == 0 || strcmp(secrets[i - 1], secrets[i]) != 0);
        if (i > 0)
            free(secrets[i - 1]);
    }
    free(secrets[DRAWS - 1]);
    free(secrets);
    draws_free(&minted);
}
END_TEST

/* A secret of form git needs no encoding, and its entropy is that of its length. */
START_TEST(machine_made_ones)
{
    struct counter counter = {77};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, "git");
    bool lengths[64] = {false};
    struct minted minted;
    struct error error;

    draws_init(&minted);
    for (size_t i = 0; i < 500; i++) {
        struct slice secret;

        ck_assert_int_eq(kind_url.mint(&request, &minted, &error), 0);
        secret = buffer_slice(&minted.secret);
        ck_assert(alphabet_holds(ALPHABET_BASE64URL, secret));
        ck_assert(strchr("-_", secret.data[0]) == NULL && strchr("-_", secret.data[secret.length - 1]) == NULL);
        ck_assert_uint_eq(minted.secret_bits, 6 * secret.length - 2);
        lengths[secret.length] = true;
        buffer_clear(&minted.identity);
        buffer_clear(&minted.secret);
    }
    for (size_t length = 0; length < 64; length++)
        ck_assert_int_eq(lengths[length], length >= 20 && length <= 26);
    draws_free(&minted);
}
END_TEST

START_TEST(chosen_identities)
{
    struct counter counter = {5};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, "basic");
    struct minted minted;
    struct error error;

    draws_init(&minted);
    request.identity = "feed+reader@quill.internal";
    ck_assert_int_eq(kind_url.mint(&request, &minted, &error), 0);
    ck_assert_str_eq(buffer_text(&minted.identity), "feed+reader@quill.internal");
    ck_assert_uint_eq(minted.identity_bits, 0);
    buffer_clear(&minted.identity);
    request.identity = "two:halves";
    ck_assert_int_eq(kind_url.mint(&request, &minted, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "colon"));
    draws_free(&minted);
}
END_TEST

START_TEST(valid_ones_only)
{
    static const struct {
        const char *form, *secret;
        bool valid;
    } cases[] = {
        {"git", "aZ3_-kLm9QwErTy7UiOp", true},         {"git", "aZ3_-kLm9QwErTy7UiO", false},
        {"git", "aZ3_-kLm9QwErTy7UiOpaZ3kLm9", false}, {"git", "aZ3_!kLm9QwErTy7UiOp", false},
        {"git", "aZ3 -kLm9QwErTy7UiOp", false},        {"basic", "Bovirel.Tanusor4172!", true},
        {"basic", "Bovirel:Tanusor4172!", false},      {"basic", "short1!", false},
    };

    ck_assert_int_eq(kind_url.valid(cases[_i].form, slice_of(cases[_i].secret)), cases[_i].valid);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("url");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, thousands_of_draws, 0, 2);
    tcase_add_test(tcase, machine_made_ones);
    tcase_add_test(tcase, chosen_identities);
    tcase_add_loop_test(tcase, valid_ones_only, 0, 8);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
