/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include "server/base/clock.h"

struct row {
    const char *text, *utc; /* utc NULL: refused */
};

static const struct row rows[] = {
    {"2026-11-23T09:14:03.217Z", "2026-11-23T09:14:03.217000Z"},
    {"2026-11-23T09:14:03.217+01:00", "2026-11-23T08:14:03.217000Z"},
    {"2026-11-23T09:14:03-05:30", "2026-11-23T14:44:03.000000Z"},
    {"2026-11-23 09:14", "2026-11-23T09:14:00.000000Z"},
    {"2026-11-23", "2026-11-23T00:00:00.000000Z"},
    {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"},
    {"2024-02-29", "2024-02-29T00:00:00.000000Z"},
    {"2025-02-29", NULL},
    {"2026-13-01", NULL},
    {"2026-11-23T24:00", NULL},
    {"yesterday", NULL},
    {"", NULL},
    {"2026-11-23T09:14:03+25:00", NULL},
    {"2026-11-23x", NULL},
};

START_TEST(parses_and_writes)
{
    char text[CLOCK_TEXT];
    int64_t wall = 0;
    int result = clock_parse(rows[_i].text, &wall);

    ck_assert_int_eq(result, rows[_i].utc == NULL ? -1 : 0);
    if (rows[_i].utc != NULL)
        ck_assert_str_eq(clock_text(wall, text), rows[_i].utc);
}
END_TEST

START_TEST(goes_on)
{
    int64_t before = clock_monotonic();

    ck_assert_int_ge(clock_monotonic(), before);
    ck_assert_int_gt(clock_wall(), 1700000000000000);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *tests = tcase_create("clock");

    tcase_add_loop_test(tests, parses_and_writes, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tests, goes_on);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
