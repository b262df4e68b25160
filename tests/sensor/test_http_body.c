/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/sensor/http/body.h"
#include "server/sensor/http/text.h"

#define ROW(text, kept, status, left)                                                                                  \
    {                                                                                                                  \
        text, sizeof(text) - 1, kept, status, left                                                                     \
    }

/* What nginx 1.22.1 does with chunked bodies; status 0: complete, -1: waits; left: bytes of the next request. */
static const struct row {
    const char *text;
    size_t length;
    const char *kept;
    int status;
    size_t left;
} rows[] = {
    ROW("3\r\nabc\r\n0\r\n\r\n", "abc", 0, 0),
    ROW("3\nabc\n0\n\nGET", "abc", 0, 3),
    ROW("3;a=b\r\nabc\r\n1 x\r\nd\r\n0;x\r\nT: v\r\nU: w\r\n\r\nGET", "abcd", 0, 3),
    ROW("00A\r\n0123456789\r\n000\r\n\r\n", "0123456789", 0, 0),
    ROW("xx\r\n", "", 400, 0),
    ROW("\r\n", "", 400, 0),
    ROW("1\r\nab", "a", 400, 0),
    ROW("1;\rx", "", 400, 0),
    ROW("0\r\na\rb", "", 400, 0),
    ROW("0\r\n\rx", "", 400, 0),
    ROW("0fffffffffffffff1\r\n", "", 400, 0),
    ROW("7fffffffffffffff\r\nx", "", 400, 0),
    ROW("800000000000000\r\nx", "", 400, 0),
    ROW("ffffffffffffffffffffff\r\nx", "", 400, 0),
    ROW("1x\r\n", "", 400, 0),
    ROW("3\r\nab", "ab", -1, 0),
    ROW("0\r\nT: v\r\n", "", -1, 0),
};

static enum body_result feed(struct body *body, const char *text, size_t length, size_t step, struct buffer *kept,
                             size_t *taken)
{
    enum body_result result = BODY_MORE;
    struct slice all = {(const unsigned char *)text, length};
    size_t used;

    *taken = 0;
    do {
        result = body_take(body, text_before(text_from(all, *taken), step), &used, kept);
        *taken += used;
    } while (result == BODY_MORE && *taken < length);
    return result;
}

static void check_row(const struct row *row, size_t step)
{
    struct body body;
    struct buffer kept;
    size_t taken;
    enum body_result result;

    buffer_init(&kept, BODY_KEPT);
    body_begin(&body, true, 0, 0);
    result = feed(&body, row->text, row->length, step, &kept, &taken);
    ck_assert_msg(result == (row->status == 0  ? BODY_DONE
                             : row->status < 0 ? BODY_MORE
                                               : BODY_REFUSED),
                  "%s", row->text);
    if (result == BODY_REFUSED)
        ck_assert_int_eq(body.status, row->status);
    if (result == BODY_DONE)
        ck_assert_uint_eq(row->length - taken, row->left);
    ck_assert(slice_is(buffer_slice(&kept), row->kept));
    buffer_free(&kept);
}

START_TEST(test_rows)
{
    check_row(&rows[_i], SIZE_MAX / 2);
    check_row(&rows[_i], 1);
    check_row(&rows[_i], 3);
}
END_TEST

START_TEST(test_sized)
{
    struct body body;
    struct buffer kept;
    size_t taken;

    buffer_init(&kept, BODY_KEPT);
    body_begin(&body, false, 5, 0);
    ck_assert_int_eq(feed(&body, "abc", 3, 1, &kept, &taken), BODY_MORE);
    ck_assert_int_eq(feed(&body, "defg", 4, 4, &kept, &taken), BODY_DONE);
    ck_assert_uint_eq(taken, 2);
    ck_assert(slice_is(buffer_slice(&kept), "abcde"));
    body_begin(&body, false, 0, 0);
    ck_assert_int_eq(body_take(&body, SLICE_NONE, &taken, &kept), BODY_DONE);
    buffer_free(&kept);
}
END_TEST

START_TEST(test_more_than_is_kept)
{
    static unsigned char block[4096];
    struct body body;
    struct buffer kept;
    size_t used, i, blocks = BODY_KEPT / sizeof(block) + 8;
    enum body_result result = BODY_MORE;

    buffer_init(&kept, BODY_KEPT + 1);
    body_begin(&body, false, blocks * sizeof(block), 0);
    for (i = 0; i < blocks; i++) {
        memset(block, (int)i, sizeof(block));
        result = body_take(&body, (struct slice){block, sizeof(block) - (i == 0)}, &used, &kept);
    }
    result = body_take(&body, (struct slice){block, 1}, &used, &kept);
    ck_assert_int_eq(result, BODY_DONE);
    ck_assert_uint_eq(kept.length, BODY_KEPT);
    ck_assert_uint_eq(body.length, blocks * sizeof(block));
    for (i = 0; i < 2; i++) {
        body_settle(&body, &kept);
        ck_assert_uint_eq(kept.data[BODY_KEPT - BODY_TAIL - 1], (BODY_KEPT - BODY_TAIL) / sizeof(block));
        ck_assert_uint_eq(kept.data[BODY_KEPT - 1], blocks - 1);
        ck_assert_uint_eq(kept.data[BODY_KEPT - BODY_TAIL], blocks - BODY_TAIL / sizeof(block));
    }
    buffer_free(&kept);
}
END_TEST

START_TEST(test_limit)
{
    struct body body;
    struct buffer kept;
    size_t taken;

    buffer_init(&kept, BODY_KEPT);
    body_begin(&body, true, 0, 4);
    ck_assert_int_eq(feed(&body, "4\r\nabcd\r\n1\r\n", 12, 1, &kept, &taken), BODY_MORE);
    ck_assert_int_eq(feed(&body, "e", 1, 1, &kept, &taken), BODY_REFUSED);
    ck_assert_int_eq(body.status, 413);
    buffer_free(&kept);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http_body");
    TCase *c = tcase_create("body");

    tcase_add_loop_test(c, test_rows, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(c, test_sized);
    tcase_add_test(c, test_more_than_is_kept);
    tcase_add_test(c, test_limit);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
