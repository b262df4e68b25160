/* SPDX-License-Identifier: ISC
 *
 * When a call to an API is tried again, and after how long. */
#include "server/planter/web.h"
#include "tests/test.h"

#define SECONDARY                                                                                                      \
    "{\"documentation_url\":\"https://docs.github.com/rest\",\"message\":\"You have exceeded a secondary rate limit. "  \
    "Please wait a few minutes before you try again.\"}"

static const struct {
    const char *answer;
    int status;
    int64_t later;
    bool once;
    int tries;
    int64_t pause;
} cases[] = {
    {SECONDARY, 403, 0, true, 0, 60},
    {SECONDARY, 403, 0, false, 1, 120},
    {SECONDARY, 429, 0, false, 0, 60},
    {SECONDARY, 403, 7, false, 0, 7},
    {"{\"message\":\"You have triggered an abuse detection mechanism.\"}", 403, 0, true, 0, 60},
    {"{\"message\":\"Resource not accessible by personal access token\"}", 403, 0, false, 0, 0},
    {"", 403, 0, false, 0, 0},
    {SECONDARY, 404, 0, false, 0, 0},
    {"", 429, 0, true, 2, 4},
    {"", 503, 0, true, 0, 0},
    {"", 503, 3, true, 0, 3},
    {"", 502, 0, false, 1, 2},
    {"", 501, 0, false, 0, 0},
    {"", 200, 0, false, 0, 0},
};

START_TEST(a_limit_is_waited_for)
{
    const struct web_call call = {.method = "GET", .once = cases[_i].once};
    struct web web = {.status = cases[_i].status, .later = cases[_i].later};

    buffer_init(&web.answer, 1024);
    buffer_add_text(&web.answer, cases[_i].answer);
    ck_assert_int_eq(web_pause(&web, &call, cases[_i].tries), cases[_i].pause);
    buffer_free(&web.answer);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("web");
    TCase *tests = tcase_create("web");

    tcase_add_loop_test(tests, a_limit_is_waited_for, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
