/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <string.h>
#include "server/base/yaml.h"

START_TEST(typed_values)
{
    static const char text[] = "a: text\nb: 42\nc: yes\nd: 5m\ne: 2KiB\nl: [x, 'y']\nm: |\n  one\n  two\n";
    struct yaml *root;
    struct error error;
    const char *a = NULL, *missing = "standard";
    int64_t b = 0, d = 0, e = 0;
    bool c = false;

    ck_assert_int_eq(yaml_load(slice_of(text), "f.yaml", &root, &error), 0);
    ck_assert_int_eq(yaml_text(root, "a", &a, &error), 0);
    ck_assert_str_eq(a, "text");
    ck_assert_int_eq(yaml_text(root, "zz", &missing, &error), 0);
    ck_assert_str_eq(missing, "standard");
    ck_assert_int_eq(yaml_integer(root, "b", 0, 100, &b, &error), 0);
    ck_assert_int_eq(b, 42);
    ck_assert_int_eq(yaml_bool(root, "c", &c, &error), 0);
    ck_assert(c);
    ck_assert_int_eq(yaml_duration(root, "d", &d, &error), 0);
    ck_assert_int_eq(d, 300);
    ck_assert_int_eq(yaml_size(root, "e", &e, &error), 0);
    ck_assert_int_eq(e, 2048);
    ck_assert_uint_eq(yaml_get(root, "l")->count, 2);
    ck_assert(yaml_get(root, "l")->items[1]->quoted);
    ck_assert(!yaml_get(root, "l")->items[1]->block);
    ck_assert(yaml_get(root, "m")->block);
    ck_assert_int_eq(yaml_get(root, "b")->line, 2);
    ck_assert_int_eq(yaml_get(root, "b")->column, 4);
    yaml_discard(root);
}
END_TEST

struct fault {
    const char *text, *says;
};

static const struct fault faults[] = {
    {"a: 1\nprot: 2\n", "f.yaml:2:1: unknown key \"prot\"; did you mean \"port\"?"},
    {"port: x\n", "f.yaml:1:7: \"port\" must be a whole number from 1 to 65535"},
    {"port: 70000\n", "f.yaml:1:7: \"port\" must be a whole number from 1 to 65535"},
    {"a: 1\nport: 1\na: 2\n", "f.yaml:3:1: \"a\" stands here twice (first in line 1)"},
    {"a: [1, 2\n", "f.yaml:2:1: "},
    {"a: &x 1\nport: *x\n", "f.yaml:2:7: aliases"},
    {"just text\n", "f.yaml:1:1: expected \"key: value\" lines"},
    {"- a\n- b\n", "f.yaml:1:1: expected \"key: value\" lines here"},
    {"a: 1\n\tport: 2\n", "f.yaml:2:1: a tab cannot indent YAML; use spaces"},
    {"a:\n  b: 1\n\tc: 2\n", "f.yaml:3:1: a tab cannot indent YAML; use spaces"},
    {"a: 1\nport: \xe9t\xe9\n", "f.yaml:2:8: this byte is not UTF-8"},
    {"a: \"x\nport: 1\n", "f.yaml:"},
    {"[a]: b\n", "f.yaml:1:1: a key must be plain text"},
    {"a: \"x\\0y\"\n", "f.yaml:1:4: text must not hold a NUL"},
};

START_TEST(faults_say_where)
{
    static const char *const allowed[] = {"a", "port", NULL};
    struct yaml *root = NULL;
    struct error error = {""};
    int64_t port = 1;
    int result = yaml_load(slice_of(faults[_i].text), "f.yaml", &root, &error);

    if (result == 0)
        result = yaml_only(root, allowed, &error);
    if (result == 0)
        result = yaml_integer(root, "port", 1, 65535, &port, &error);
    ck_assert_int_eq(result, -1);
    ck_assert_msg(strncmp(error.text, faults[_i].says, strlen(faults[_i].says)) == 0, "said: %s", error.text);
    yaml_discard(root);
}
END_TEST

START_TEST(limits)
{
    struct buffer deep;
    struct yaml *root = NULL;
    struct error error;

    buffer_init(&deep, 2 << 20);
    for (int i = 0; i < 100; i++)
        buffer_add_char(&deep, '[');
    for (int i = 0; i < 100; i++)
        buffer_add_char(&deep, ']');
    ck_assert_int_eq(yaml_load(buffer_slice(&deep), "f", &root, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "too deep"));
    buffer_clear(&deep);
    for (int i = 0; i < 70000; i++)
        buffer_add_text(&deep, "- a\n");
    ck_assert_int_eq(yaml_load(buffer_slice(&deep), "f", &root, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "too large"));
    ck_assert_int_eq(yaml_load(slice_of(""), "f", &root, &error), 0);
    ck_assert_uint_eq(root->count, 0);
    yaml_discard(root);
    buffer_free(&deep);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("yaml");
    TCase *tests = tcase_create("yaml");

    tcase_add_test(tests, typed_values);
    tcase_add_loop_test(tests, faults_say_where, 0, sizeof faults / sizeof *faults);
    tcase_add_test(tests, limits);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
