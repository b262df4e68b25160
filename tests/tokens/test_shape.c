/* SPDX-License-Identifier: ISC */
#include "tests/test.h"
#include "tests/tokens/draws.h"
#include "tokens/shape.h"

static const struct shape shapes[] = {{.form = "good", .secret = "gk_%20w"},
                                      {.form = "begun", .secret = "test_%20w"},
                                      {.form = "dropped", .secret = "gk_%4dtest%16w"},
                                      {.form = "across", .secret = "tes%<tt>%20w"},
                                      {.form = "nameless", .secret = "gk_%20w", .identity = "guest%8d"},
                                      {.form = NULL}};

static int mint(const char *form, struct minted *minted, struct error *error)
{
    struct counter counter = {7};
    struct draw draw = {counter_bytes, &counter};
    struct mint_request request = draws_request(&draw, form);

    draws_init(minted);
    return shape_mint(shapes, &request, minted, error);
}

START_TEST(draws_fit_their_pattern)
{
    struct minted minted;
    struct error error;

    ck_assert_int_eq(mint("good", &minted, &error), 0);
    ck_assert(shape_valid(shapes, "good", buffer_slice(&minted.secret)));
    draws_free(&minted);
    ck_assert_int_eq(mint("begun", &minted, &error), 0);
    ck_assert(shape_valid(shapes, "begun", buffer_slice(&minted.secret)));
    draws_free(&minted);
    ck_assert_int_eq(mint("unknown", &minted, &error), -1);
    draws_free(&minted);
}
END_TEST

/* It would be drawn for ever. */
START_TEST(a_pattern_that_scanners_drop_is_refused)
{
    static const char *const forms[] = {"dropped", "across", "nameless"};
    struct minted minted;
    struct error error;

    ck_assert_int_eq(mint(forms[_i], &minted, &error), -1);
    ck_assert_msg(strstr(error.text, "choose another form") != NULL, "%s", error.text);
    draws_free(&minted);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("shape");
    TCase *t = tcase_create("shape");

    tcase_add_test(t, draws_fit_their_pattern);
    tcase_add_loop_test(t, a_pattern_that_scanners_drop_is_refused, 0, 3);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
