/* SPDX-License-Identifier: ISC */
#include "server/planter/modules.h"
#include "tests/test.h"

#define LIBRARY "[submodule \"lib\"]\n    path = vendor/lib\n    url = ../lib.git\n"
#define OTHER "[submodule \"other\"]\n\tpath = \"other\"\n"

static void expect_section(const char *text, const char *path, const char *wanted)
{
    struct slice section = SLICE_NONE;
    bool found = modules_find(slice_of(text), path, &section);

    ck_assert_int_eq(found, wanted != NULL);
    if (wanted != NULL)
        ck_assert_msg(slice_is(section, wanted), "%.*s", (int)section.length, (const char *)section.data);
}

START_TEST(sections_are_found_by_path_and_by_name)
{
    expect_section(LIBRARY OTHER, "vendor/lib", LIBRARY);
    expect_section(LIBRARY OTHER, "lib", LIBRARY);
    expect_section(LIBRARY OTHER, "other", OTHER);
    expect_section("# ours\n" OTHER LIBRARY, "vendor/lib", LIBRARY);
    expect_section("[submodule \"a\"]\r\n\tPATH=b\r\n", "b", "[submodule \"a\"]\r\n\tPATH=b\r\n");
    expect_section(LIBRARY OTHER, "vendor", NULL);
    expect_section("path = vendor/lib\n", "vendor/lib", NULL);
    expect_section("", "vendor/lib", NULL);
}
END_TEST

START_TEST(one_more_is_written_as_the_others_are)
{
    struct buffer out;

    buffer_init(&out, MODULES_BYTES);
    modules_add(&out, slice_of("[submodule \"lib\"]\n    path = vendor/lib"), "b", slice_of("https://h/b.git"));
    ck_assert_str_eq(buffer_text(&out), "[submodule \"lib\"]\n    path = vendor/lib\n"
                                        "[submodule \"b\"]\n    path = b\n    url = https://h/b.git\n");
    buffer_clear(&out);
    modules_add(&out, SLICE_NONE, "b", slice_of("https://h/b.git"));
    ck_assert_str_eq(buffer_text(&out), "[submodule \"b\"]\n\tpath = b\n\turl = https://h/b.git\n");
    buffer_free(&out);
}
END_TEST

START_TEST(one_is_taken_out_alone)
{
    const char *text = LIBRARY OTHER;
    struct slice section = SLICE_NONE;
    struct buffer out;

    buffer_init(&out, MODULES_BYTES);
    ck_assert(modules_find(slice_of(text), "vendor/lib", &section));
    modules_remove(&out, slice_of(text), section);
    ck_assert_str_eq(buffer_text(&out), OTHER);
    buffer_free(&out);
}
END_TEST

START_TEST(what_git_would_quote_is_not_plain)
{
    ck_assert(modules_plain(slice_of("https://a%40b:c@git.example:8443/a/b.git")));
    ck_assert(!modules_plain(slice_of("a b")));
    ck_assert(!modules_plain(slice_of("a\"b")));
    ck_assert(!modules_plain(slice_of("a#b")));
    ck_assert(!modules_plain(slice_of("a\nb")));
    ck_assert(!modules_plain(slice_of("")));
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {sections_are_found_by_path_and_by_name, one_more_is_written_as_the_others_are,
                                  one_is_taken_out_alone, what_git_would_quote_is_not_plain};
    Suite *s = suite_create("modules");
    TCase *t = tcase_create("modules");

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
