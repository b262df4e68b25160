/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/sensor/http/range.h"

#define MODIFIED "Wed, 26 Feb 2025 15:41:12 GMT"
#define LATER "Wed, 26 Feb 2025 15:41:13 GMT"
#define EARLIER "Wed, 26 Feb 2025 15:41:11 GMT"
#define STAMP 1740584472

static const struct range_file file = {STAMP, "\"67bf3618-64\"", 100};
static struct http_request request;

static void header(const char *name, const char *value)
{
    if (value != NULL)
        request.headers[request.header_count++] = (struct http_header){slice_of(name), slice_of(value)};
}

static const struct date {
    const char *text;
    int64_t seconds;
} dates[] = {
    {MODIFIED, STAMP},
    {"Wednesday, 26-Feb-25 15:41:12 GMT", STAMP},
    {"Wed Feb 26 15:41:12 2025", STAMP},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
    {"Sat, 29 Feb 2025 00:00:00 GMT", -1},
    {"Wed, 26 Fab 2025 15:41:12 GMT", -1},
    {"Wed, 26 ebM 2025 15:41:12 GMT", -1},
    {"Wed, 32 Jan 2025 15:41:12 GMT", -1},
    {"Wed, 26 Feb 2025 25:41:12 GMT", -1},
    {"Wed, 26 Feb 1969 15:41:12 GMT", -1},
    {"", -1},
    {"now", -1},
    {"Wed, 26 Feb 2025 15:41:12 GMT and more of it than any date has, so that it does not fit", -1},
};

START_TEST(test_dates)
{
    ck_assert_int_eq(range_date(slice_of(dates[_i].text)), dates[_i].seconds);
}
END_TEST

static const struct condition {
    const char *since, *none, *unmodified, *match;
    unsigned status;
} conditions[] = {
    {NULL, NULL, NULL, NULL, 200},
    {MODIFIED, NULL, NULL, NULL, 304},
    {LATER, NULL, NULL, NULL, 200},
    {"never", NULL, NULL, NULL, 200},
    {NULL, "*", NULL, NULL, 304},
    {NULL, "\"67bf3618-64\"", NULL, NULL, 304},
    {NULL, "\"a\", W/\"67bf3618-64\" , \"b\"", NULL, NULL, 304},
    {NULL, "\"67bf3618-6\"", NULL, NULL, 200},
    {NULL, "\"67bf3618-64\"x", NULL, NULL, 200},
    {NULL, "", NULL, NULL, 200},
    {MODIFIED, "\"other\"", NULL, NULL, 200},
    {LATER, "*", NULL, NULL, 200},
    {NULL, NULL, MODIFIED, NULL, 200},
    {NULL, NULL, LATER, NULL, 200},
    {NULL, NULL, EARLIER, NULL, 412},
    {NULL, NULL, "never", NULL, 412},
    {NULL, NULL, NULL, "*", 200},
    {NULL, NULL, NULL, "\"67bf3618-64\"", 200},
    {NULL, NULL, NULL, "W/\"67bf3618-64\"", 412},
    {NULL, NULL, NULL, "\"other\"", 412},
    {MODIFIED, NULL, NULL, "\"other\"", 412},
};

START_TEST(test_conditions)
{
    const struct condition *c = &conditions[_i];

    request = (struct http_request){.version = 11};
    header("If-Modified-Since", c->since);
    header("If-None-Match", c->none);
    header("If-Unmodified-Since", c->unmodified);
    header("If-Match", c->match);
    ck_assert_uint_eq(range_condition(&request, &file), c->status);
}
END_TEST

static const struct asked {
    const char *range, *same;
    unsigned status;
    struct range ranges[2]; /* first and last */
} asked[] = {
    {"bytes=0-0", NULL, 206, {{0, 1}, {0, 1}}},
    {"BYTES=5-", NULL, 206, {{5, 100}, {5, 100}}},
    {"bytes= 5 - 9 ", NULL, 206, {{5, 10}, {5, 10}}},
    {"bytes=-1", NULL, 206, {{99, 100}, {99, 100}}},
    {"bytes=-200", NULL, 206, {{0, 100}, {0, 100}}},
    {"bytes=90-200", NULL, 206, {{90, 100}, {90, 100}}},
    {"bytes=0-1,5-6", NULL, 206, {{0, 2}, {5, 7}}},
    {"bytes=0-1,200-,-3", NULL, 206, {{0, 2}, {97, 100}}},
    {"bytes=0-49,50-99", NULL, 206, {{0, 50}, {50, 100}}},
    {"bytes=0-50,50-99", NULL, 200, {{0, 0}, {0, 0}}}, /* more than there is */
    {"bytes=100-", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=-0", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=9-5", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=0-1,", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=x-1", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=1", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=1-2-3", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=--1", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=99999999999999999999-", NULL, 416, {{0, 0}, {0, 0}}},
    {"bytes=", NULL, 200, {{0, 0}, {0, 0}}},
    {"octets=0-1", NULL, 200, {{0, 0}, {0, 0}}},
    {"bytes=0-0", MODIFIED, 206, {{0, 1}, {0, 1}}},
    {"bytes=0-0", LATER, 200, {{0, 0}, {0, 0}}},
    {"bytes=0-0", "\"67bf3618-64\"", 206, {{0, 1}, {0, 1}}},
    {"bytes=0-0", "W/\"67bf3618-64\"", 200, {{0, 0}, {0, 0}}},
};

START_TEST(test_ranges)
{
    const struct asked *a = &asked[_i];
    struct buffer ranges;

    request = (struct http_request){.version = 11};
    header("Range", a->range);
    header("If-Range", a->same);
    buffer_init(&ranges, 65536);
    ck_assert_uint_eq(range_parse(&request, &file, &ranges), a->status);
    if (a->status == 206) {
        ck_assert_mem_eq(ranges.data, &a->ranges[0], sizeof(struct range));
        ck_assert_mem_eq(ranges.data + ranges.length - sizeof(struct range), &a->ranges[1], sizeof(struct range));
    }
    buffer_clear(&ranges);
    request.version = 9;
    ck_assert_uint_eq(range_parse(&request, &file, &ranges), 200);
    buffer_free(&ranges);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("range");
    TCase *c = tcase_create("files");

    tcase_add_loop_test(c, test_dates, 0, sizeof(dates) / sizeof(*dates));
    tcase_add_loop_test(c, test_conditions, 0, sizeof(conditions) / sizeof(*conditions));
    tcase_add_loop_test(c, test_ranges, 0, sizeof(asked) / sizeof(*asked));
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
