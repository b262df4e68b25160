/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "tests/test.h"
#include "tests/tokens/draws.h"
#include "tokens/identity.h"
#include "tokens/words.h"

#define DRAWS 10000

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void no_duplicates(char **texts, size_t count)
{
    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 1; i < count; i++)
        ck_assert_str_ne(texts[i - 1], texts[i]);
}

START_TEST(ten_thousand_draws)
{
    struct counter counter = {7};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, kind_password.forms[_i]);
    struct minted minted;
    struct error error;
    char **secrets = calloc(DRAWS, sizeof *secrets);

    ck_assert_ptr_nonnull(secrets);
    draws_init(&minted);
    for (size_t i = 0; i < DRAWS; i++) {
        request.language = i % 2 == 0 ? "en" : "fr";
        ck_assert_int_eq(kind_password.mint(&request, &minted, &error), 0);
        ck_assert(kind_password.valid(request.form, buffer_slice(&minted.secret)));
        ck_assert(!kind_filtered(buffer_slice(&minted.secret)));
        ck_assert_ptr_null(strpbrk(buffer_text(&minted.secret), " :'\"\\`$#@/%"));
        ck_assert_ptr_null(strchr(buffer_text(&minted.identity), ':'));
        ck_assert(minted.distinctive && !identity_common(buffer_slice(&minted.identity)));
        ck_assert_uint_ge(minted.identity_bits, IDENTITY_BITS);
        ck_assert_uint_ge(minted.secret_bits, 60);
        secrets[i] = slice_copy(buffer_slice(&minted.secret));
        buffer_clear(&minted.identity);
        buffer_clear(&minted.secret);
    }
    no_duplicates(secrets, DRAWS);
    for (size_t i = 0; i < DRAWS; i++)
        free(secrets[i]);
    free(secrets);
    draws_free(&minted);
}
END_TEST

/* Secretlint's pattern for a URL's user and Kingfisher's for AMQP's take no other characters but "_"; Google's service
 * accounts and Kubernetes' names not even that. */
START_TEST(services_fit_where_accounts_stand)
{
    struct counter counter = {11};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, kind_password.forms[0]);
    struct minted minted;
    struct error error;

    draws_init(&minted);
    for (size_t i = 0; i < DRAWS; i++) {
        ck_assert_int_eq(kind_password.mint(&request, &minted, &error), 0);
        ck_assert_uint_eq(strspn(buffer_text(&minted.identity), "abcdefghijklmnopqrstuvwxyz0123456789-"),
                          minted.identity.length);
        buffer_clear(&minted.identity);
        buffer_clear(&minted.secret);
    }
    draws_free(&minted);
}
END_TEST

START_TEST(human_ones_keep_a_companys_rules)
{
    struct counter counter = {3};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, "human");
    struct minted minted;
    struct error error;

    draws_init(&minted);
    for (size_t i = 0; i < 500; i++) {
        size_t upper = 0, lower = 0, digit = 0, sign = 0;

        ck_assert_int_eq(kind_password.mint(&request, &minted, &error), 0);
        for (const char *c = buffer_text(&minted.secret); *c != 0; c++) {
            upper += isupper((unsigned char)*c) != 0;
            lower += islower((unsigned char)*c) != 0;
            digit += isdigit((unsigned char)*c) != 0;
            sign += ispunct((unsigned char)*c) != 0;
        }
        ck_assert(upper >= 1 && lower >= 8 && digit == 4 && sign >= 2);
        buffer_clear(&minted.secret);
        buffer_clear(&minted.identity);
    }
    draws_free(&minted);
}
END_TEST

/* Rules of houses: how long, which classes; and at least what a style is worth under them. */
static const struct {
    struct password_policy policy;
    const char *form;
    unsigned bits, not_more;
} rules[] = {
    {{12, 12, 15}, "season", 5, 24},    {{12, 16, 15}, "keyboard", 15, 50}, {{14, 14, 15}, "company", 10, 40},
    {{14, 20, 15}, "human", 10, 61},    {{40, 0, 15}, "season", 61, 140},   {{12, 12, 15}, "random", 65, 70},
    {{30, 0, 15}, "random", 170, 200},  {{8, 12, 8}, "random", 65, 70},     {{0, 0, 15}, "random", 90, 145},
    {{64, 64, 15}, "keyboard", 61, 250}};

START_TEST(houses_rules_are_kept)
{
    const struct password_policy *policy = &rules[_i].policy;
    struct counter counter = {21};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, rules[_i].form);
    struct minted minted;
    struct error error;

    draws_init(&minted);
    request.passwords = *policy;
    for (size_t i = 0; i < 300; i++) {
        unsigned classes = 0;

        request.language = i % 2 == 0 ? "en" : "fr";
        ck_assert_int_eq(kind_password.mint(&request, &minted, &error), 0);
        for (const char *c = buffer_text(&minted.secret); *c != 0; c++)
            classes |= isupper((unsigned char)*c) ? 1 : islower((unsigned char)*c) ? 2 : isdigit((unsigned char)*c) ? 4 : 8;
        ck_assert_uint_eq(classes & policy->classes, policy->classes);
        ck_assert_uint_ge(minted.secret.length, policy->least);
        ck_assert(policy->most == 0 || minted.secret.length <= policy->most);
        ck_assert_msg(minted.secret_bits >= rules[_i].bits && minted.secret_bits <= rules[_i].not_more, "%u bits: %s",
                      minted.secret_bits, buffer_text(&minted.secret));
        ck_assert(minted.secret_bits <= 7 * minted.secret.length);
        buffer_clear(&minted.secret);
        buffer_clear(&minted.identity);
    }
    draws_free(&minted);
}
END_TEST

START_TEST(word_lists_are_worth_ten_bits)
{
    const char *const *lists[] = {words_english, words_french};
    char *sorted[WORDS];

    for (size_t i = 0; i < WORDS; i++) {
        sorted[i] = slice_copy(slice_of(lists[_i][i]));
        ck_assert(strlen(sorted[i]) >= 4 && strlen(sorted[i]) <= 9);
        ck_assert_msg(!kind_filtered(slice_of(sorted[i])), "%s is filtered", sorted[i]);
        for (const char *c = sorted[i]; *c != 0; c++)
            ck_assert(islower((unsigned char)*c));
    }
    no_duplicates(sorted, WORDS);
    for (size_t i = 0; i < WORDS; i++)
        free(sorted[i]);
}
END_TEST

/* What the generator's own comment counts, and what filtering takes off it: of unfiltered draws of the styles' alphabet
 * the share that is thrown away, measured by the draws that a given number of secrets took. */
START_TEST(entropy_is_what_is_stated)
{
    double words = 4 * log2(WORDS) + log2(4) * 3 + log2(9000) + log2(6);
    double names = 2 * (3 * log2(16 * 5) + log2(6)) + log2(4) + log2(2) + log2(9000) + log2(6);
    struct counter counter = {11};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, "human");
    struct minted minted;
    struct error error;
    uint64_t before, least = UINT64_MAX, sum = 0;

    draws_init(&minted);
    request.identity = "chosen-4711-one";
    for (size_t i = 0; i < 4000; i++) {
        before = counter.count;
        ck_assert_int_eq(kind_password.mint(&request, &minted, &error), 0);
        least = counter.count - before < least ? counter.count - before : least;
        sum += counter.count - before;
        buffer_clear(&minted.secret);
        buffer_clear(&minted.identity);
    }
    /* The words style takes 10 numbers, the names style 19; were a third thrown away the mean would be above 21. */
    ck_assert_uint_eq(least, 10);
    ck_assert_msg(sum < 4000 * 16, "%lu numbers for 4000 secrets", (unsigned long)sum);
    ck_assert(words - 0.6 > minted.secret_bits && names - 0.6 > minted.secret_bits);
    ck_assert_uint_ge(minted.secret_bits, 60);
    draws_free(&minted);
}
END_TEST

static const struct {
    const char *identity;
    bool common;
} identities[] = {
    {"admin", true},
    {"Administrator", true},
    {"CORP\\backup", true},
    {"root@corp.internal", true},
    {"john.smith", true},
    {"jsmith", true},
    {"j.smith", true},
    {"anna2", true},
    {"test123", true},
    {"bob", true},
    {"", true},
    {"x", true},
    {"git-admin", true},
    {"postgres2024", true},
    {"office", true},
    {"12345678", true},
    {"svc-mirror-dwh417", false},
    {"aquill40312", false},
    {"jmartin48213", false},
    {"sa-crane-etl883", false},
    {"hedwig.oxenstierna", false},
    {"app-audit-web421", false},
};

START_TEST(common_identities_are_not_distinctive)
{
    ck_assert_msg(identity_common(slice_of(identities[_i].identity)) == identities[_i].common, "%s",
                  identities[_i].identity);
}
END_TEST

START_TEST(chosen_identities)
{
    struct counter counter = {5};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, "human");
    struct minted minted;
    struct error error;

    draws_init(&minted);
    request.identity = "admin";
    ck_assert_int_eq(kind_password.mint(&request, &minted, &error), 0);
    ck_assert(!minted.distinctive);
    ck_assert_str_eq(buffer_text(&minted.identity), "admin");
    buffer_clear(&minted.identity);
    request.identity = "two:halves";
    ck_assert_int_eq(kind_password.mint(&request, &minted, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "colon"));
    request.identity = "line\nbreak";
    ck_assert_int_eq(kind_password.mint(&request, &minted, &error), -1);
    request.identity = "";
    ck_assert_int_eq(kind_password.mint(&request, &minted, &error), -1);
    draws_free(&minted);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("password");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, ten_thousand_draws, 0, 5);
    tcase_add_loop_test(tcase, houses_rules_are_kept, 0, sizeof rules / sizeof *rules);
    tcase_add_test(tcase, services_fit_where_accounts_stand);
    tcase_add_test(tcase, human_ones_keep_a_companys_rules);
    tcase_add_loop_test(tcase, word_lists_are_worth_ten_bits, 0, 2);
    tcase_add_test(tcase, entropy_is_what_is_stated);
    tcase_add_loop_test(tcase, common_identities_are_not_distinctive, 0, sizeof identities / sizeof *identities);
    tcase_add_test(tcase, chosen_identities);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
