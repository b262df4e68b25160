/* SPDX-License-Identifier: ISC */
#include "server/command/options.h"
#include <string.h>
#include "tests/test.h"

static struct options options;
static struct error error;

/* Reads a command line given as NULL-ended words after "sundew". */
static int read_words(const char *const *words)
{
    char *argv[32] = {(char *)(uintptr_t) "sundew"};
    int argc = 1;

    while (*words != NULL)
        argv[argc++] = (char *)(uintptr_t)*words++;
    error.text[0] = '\0';
    return options_read(argc, argv, &options, &error);
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

START_TEST(options_stand_anywhere)
{
    ck_assert_int_eq(READ("--json", "mint", "--count", "3", "password", "-c", "f.yaml"), 0);
    ck_assert_str_eq(options.command->name, "mint");
    ck_assert(options.json);
    ck_assert_str_eq(options.config, "f.yaml");
    ck_assert_str_eq(options_value(&options, "kind"), "password");
    ck_assert_str_eq(options_value(&options, "count"), "3");
    ck_assert_int_eq(READ("-cf.yaml", "tokens", "--state=armed", "--config=g.yaml"), 0);
    ck_assert_str_eq(options.config, "g.yaml");
    ck_assert_str_eq(options_value(&options, "state"), "armed");
    ck_assert_ptr_null(options_value(&options, "decoy"));
}
END_TEST

START_TEST(operands_are_named_by_the_usage)
{
    ck_assert_int_eq(READ("plant", "gitlab-token", "git:/x", "--buried"), 0);
    ck_assert_str_eq(options_value(&options, "token"), "gitlab-token");
    ck_assert_str_eq(options_value(&options, "place"), "git:/x");
    ck_assert_str_eq(options_value(&options, "buried"), "true");
    ck_assert_int_eq(READ("inspect", "p-a", "p-b"), 0);
    ck_assert_uint_eq(options.count, 2);
    ck_assert_str_eq(options.values[0].name, "placement");
    ck_assert_str_eq(options.values[1].value, "p-b");
    ck_assert_int_eq(READ("inspect"), 0);
    ck_assert_int_eq(READ("show", "--", "--odd"), 0);
    ck_assert_str_eq(options_value(&options, "id"), "--odd");
}
END_TEST

START_TEST(a_value_may_be_a_command)
{
    ck_assert_int_eq(READ("mint", "password", "--memo", "plant"), 0);
    ck_assert_str_eq(options.command->name, "mint");
    ck_assert_str_eq(options_value(&options, "memo"), "plant");
}
END_TEST

static void refused(int result, const char *words)
{
    ck_assert_int_eq(result, -1);
    ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
}

START_TEST(faults_name_the_nearest)
{
    refused(READ("mnt"), "did you mean mint?");
    refused(READ("mint", "password", "--cuont", "3"), "did you mean --count?");
    refused(READ("tokens", "--jsn"), "did you mean --json?");
    refused(READ("zzzzzzzz"), "see: sundew --help");
    refused(READ("mint"), "needs its operand KIND");
    refused(READ("plant", "password"), "needs its operand PLACE");
    refused(READ("kinds", "more"), "takes no operand more");
    refused(READ("mint", "password", "--count"), "--count needs a value");
    refused(READ("plant", "password", "x:", "--buried=yes"), "takes no value");
    refused(READ("kinds", "--json=1"), "takes no value");
    refused(READ("kinds", "-x"), "unknown option -x");
    refused(READ("kinds", "-c"), "needs a file");
}
END_TEST

START_TEST(too_many_are_refused)
{
    const char *words[OPTIONS_ARGUMENTS + 4] = {"inspect"};
    char *argv[OPTIONS_ARGUMENTS + 4];
    int argc = 0;

    argv[argc++] = (char *)(uintptr_t) "sundew";
    argv[argc++] = (char *)(uintptr_t)words[0];
    while (argc < OPTIONS_ARGUMENTS + 3)
        argv[argc++] = (char *)(uintptr_t) "p-a";
    refused(options_read(argc, argv, &options, &error), "too many arguments");
}
END_TEST

START_TEST(help_needs_no_operands)
{
    ck_assert_int_eq(READ("mint", "--help"), 0);
    ck_assert(options.help);
    ck_assert_int_eq(READ("-h"), 0);
    ck_assert_ptr_null(options.command);
    ck_assert_int_eq(READ("help"), 0);
    ck_assert(options.help && options.command == NULL);
    ck_assert_int_eq(READ("help", "mint"), 0);
    ck_assert(options.help);
    ck_assert_str_eq(options.command->name, "mint");
    refused(READ("help", "mnt"), "did you mean mint?");
    ck_assert_int_eq(READ("mint", "password", "--memo", "help"), 0);
    ck_assert(!options.help);
}
END_TEST

/* Each line of commands.def can be read: names, operands before options, known brackets. */
START_TEST(every_usage_is_understood)
{
    const struct command_entry *command = command_at((size_t)_i);
    const char *usage = command->usage;
    struct usage_word word;

    ck_assert_ptr_eq(command_find(command->name), command);
    while ((usage = usage_next(usage, &word)) != NULL)
        ck_assert_msg(word.name[0] != '\0', "%.*s of %s has no name", (int)word.text.length,
                      (const char *)word.text.data, command->name);
    for (const char *at = command->usage; (at = strstr(at, "--")) != NULL; at += 2) {
        size_t length = strcspn(at, " ]");

        ck_assert(usage_find(command->usage, (struct slice){(const unsigned char *)at + 2, length - 2}, true, &word));
        ck_assert_int_eq(word.value.length > 0, at[length] == ' ');
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("options");
    TCase *tc = tcase_create("all");
    int count = 0;

    while (command_at((size_t)count) != NULL)
        count++;
    tcase_add_test(tc, options_stand_anywhere);
    tcase_add_test(tc, operands_are_named_by_the_usage);
    tcase_add_test(tc, a_value_may_be_a_command);
    tcase_add_test(tc, faults_name_the_nearest);
    tcase_add_test(tc, too_many_are_refused);
    tcase_add_test(tc, help_needs_no_operands);
    tcase_add_loop_test(tc, every_usage_is_understood, 0, count);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
