/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/base/fault.h"

static const struct {
    const char *text, *json;
} faults[] = {
    {"a/b.yaml:12:3: no such key; did you mean \"x\"?",
     "{\"file\":\"a/b.yaml\",\"line\":12,\"column\":3,\"fault\":\"no such key\",\"remedy\":\"did you mean \\\"x\\\"?\"}"},
    {"c:1:d:7:1: odd; a; b",
     "{\"file\":\"c:1:d\",\"line\":7,\"column\":1,\"fault\":\"odd\",\"remedy\":\"a; b\"}"},
    {"out of memory", "{\"file\":\"\",\"line\":0,\"column\":0,\"fault\":\"out of memory\",\"remedy\":\"\"}"},
    {"", "{\"file\":\"\",\"line\":0,\"column\":0,\"fault\":\"\",\"remedy\":\"\"}"},
    {"x:1:2:", "{\"file\":\"\",\"line\":0,\"column\":0,\"fault\":\"x:1:2:\",\"remedy\":\"\"}"},
};

START_TEST(taken_apart)
{
    struct buffer out;

    buffer_init(&out, 4096);
    ck_assert_int_eq(fault_json(&out, faults[_i].text), 0);
    ck_assert_str_eq(buffer_text(&out), faults[_i].json);
    buffer_free(&out);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("fault");
    TCase *tests = tcase_create("fault");

    tcase_add_loop_test(tests, taken_apart, 0, sizeof faults / sizeof *faults);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
