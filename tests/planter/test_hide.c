/* SPDX-License-Identifier: ISC */
#include "server/planter/hide.h"
#include <stdio.h>
#include <string.h>
#include "tests/test.h"

#define SECRET "p%ss w+rd/9=\xc3\xbf\xc3\xbe"

static struct credentials credentials;

static void hold(enum account_file file, const char *secret)
{
    credentials_init(&credentials);
    buffer_add_text(&credentials.files[file].data, secret);
}

/* What is left of the text. */
static const char *hidden(const char *said)
{
    static char text[1024];

    snprintf(text, sizeof text, "%s", said);
    hide_secrets(&credentials, text);
    return text;
}

START_TEST(a_secret_is_hidden_in_each_form)
{
    static const enum account_file files[] = {ACCOUNT_PASSWORD, ACCOUNT_TOKEN, ACCOUNT_SECRET};

    hold(files[_i], SECRET);
    ck_assert_str_eq(hidden("no " SECRET ", (" SECRET ")"), "no ****************, (****************)");
    ck_assert_str_eq(hidden("no p%25ss%20w%2Brd%2F9%3D%C3%BF%C3%BE."),
                     "no **********************************.");
    ck_assert_str_eq(hidden("no p%ss w+rd/"), "no **********"); /* cut off */
    ck_assert_str_eq(hidden("no p%ss w"), "no p%ss w");
    credentials_free(&credentials);
}
END_TEST

START_TEST(an_access_token_that_was_given_out_is_hidden)
{
    credentials_init(&credentials);
    buffer_add_text(&credentials.granted, "eyJhbGciOi.eyJzdWIi.c2ln");
    ck_assert_str_eq(hidden("bad token eyJhbGciOi.eyJzdWIi.c2ln"), "bad token ************************");
    credentials_free(&credentials);
    ck_assert_uint_eq(credentials.granted.length, 0);
}
END_TEST

START_TEST(a_secret_in_base64_is_hidden_wherever_it_begins)
{
    static const int variants[] = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_URLSAFE};
    char whole[256], coded[512];

    hold(ACCOUNT_PASSWORD, SECRET);
    for (int before = 0; before < 9; before++)
        for (int after = 0; after < 4; after++) {
            snprintf(whole, sizeof whole, "%.*s%s%.*s", before, "xxxxxxxxx", SECRET, after, "yyyy");
            sodium_bin2base64(coded, sizeof coded, (const unsigned char *)whole, strlen(whole), variants[_i]);
            ck_assert_msg(strstr(hidden(coded), "****************") != NULL, "%s", hidden(coded));
        }
    credentials_free(&credentials);
}
END_TEST

START_TEST(what_is_too_short_is_left)
{
    hold(ACCOUNT_TOKEN, "mail");
    ck_assert_str_eq(hidden("the mail stays"), "the mail stays");
    credentials_free(&credentials);
    hold(ACCOUNT_CERTIFICATE, "a certificate is public");
    ck_assert_str_eq(hidden("a certificate is public"), "a certificate is public");
    credentials_free(&credentials);
}
END_TEST

/* What hides it would be found again and again. */
START_TEST(a_secret_of_stars_ends)
{
    hold(ACCOUNT_PASSWORD, "********");
    ck_assert_str_eq(hidden("no *********"), "no *********");
    credentials_free(&credentials);
}
END_TEST

static Suite *suite(void)
{
    Suite *hide = suite_create("hide");
    TCase *tcase = tcase_create("hide");

    tcase_add_loop_test(tcase, a_secret_is_hidden_in_each_form, 0, 3);
    tcase_add_loop_test(tcase, a_secret_in_base64_is_hidden_wherever_it_begins, 0, 2);
    tcase_add_test(tcase, an_access_token_that_was_given_out_is_hidden);
    tcase_add_test(tcase, what_is_too_short_is_left);
    tcase_add_test(tcase, a_secret_of_stars_ends);
    suite_add_tcase(hide, tcase);
    return hide;
}

TEST_MAIN(suite)
