/* SPDX-License-Identifier: ISC
 *
 * Paths as nginx 1.22 joined them (asked for $uri), and as a product reads them. */
#include <string.h>
#include "server/sensor/http/path.h"
#include "tests/test.h"

static const struct {
    const char *path, *joined; /* NULL: nginx answers 400 */
} joins[] = {
#include "tests/sensor/nginx_paths.def"
};

START_TEST(test_join)
{
    static struct path_text joined;
    struct slice path = slice_of(joins[_i].path);

    if (joins[_i].joined == NULL) {
        ck_assert_msg(path_join(path, &joined) == -1, "%s", joins[_i].path);
        return;
    }
    ck_assert_msg(path_join(path, &joined) == 0, "%s", joins[_i].path);
    ck_assert_msg(slice_is((struct slice){joined.data, joined.length}, joins[_i].joined), "%s: %.*s", joins[_i].path,
                  (int)joined.length, (const char *)joined.data);
}
END_TEST

static const struct {
    const char *path, *counted, *merged;
} reads[] = {
    {"/", "/", "/"},
    {"/a/b", "/a/b", "/a/b"},
    {"/a/", "/a", "/a"},
    {"//a///b//", "//a///b/", "/a/b"},
    {"/%61%2Fb%2f", "/a%2Fb%2f", "/a%2Fb%2f"},
    {"/a/./../b%2e", "/a/./../b.", "/a/./../b."},
    {"/%252f%4", "/%2f%4", "/%2f%4"},
    {"///", "//", "/"},
};

START_TEST(test_read)
{
    static struct path_text text;

    ck_assert(slice_is(path_decode(slice_of(reads[_i].path), false, &text), reads[_i].counted));
    ck_assert(slice_is(path_decode(slice_of(reads[_i].path), true, &text), reads[_i].merged));
}
END_TEST

/* The longest, and what no head can hold. */
START_TEST(test_bounds)
{
    static unsigned char data[PATH_MAXIMUM + 1];
    static struct path_text text;

    memset(data, 'a', sizeof(data));
    ck_assert_int_eq(path_join((struct slice){data, PATH_MAXIMUM + 1}, &text), -1);
    ck_assert_int_eq(path_join((struct slice){data, PATH_MAXIMUM}, &text), 0);
    ck_assert_uint_eq(text.length, PATH_MAXIMUM);
    ck_assert_int_eq(path_join(SLICE_NONE, &text), 0);
    ck_assert_uint_eq(path_decode((struct slice){data, PATH_MAXIMUM + 1}, true, &text).length, PATH_MAXIMUM);
    ck_assert_uint_eq(path_decode(SLICE_NONE, true, &text).length, 0);
    memset(data, '/', sizeof(data));
    ck_assert_int_eq(path_join((struct slice){data, PATH_MAXIMUM}, &text), 0);
    ck_assert_uint_eq(text.length, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("path");
    TCase *c = tcase_create("paths");

    tcase_add_loop_test(c, test_join, 0, sizeof(joins) / sizeof(*joins));
    tcase_add_loop_test(c, test_read, 0, sizeof(reads) / sizeof(*reads));
    tcase_add_test(c, test_bounds);
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
