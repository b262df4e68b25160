/* SPDX-License-Identifier: ISC
 *
 * The tables that help, manual and completion are made of are whole, and fit to each other. */
#include "server/wire/help.h"
#include <stdlib.h>
#include <string.h>
#include "server/wire/usage.h"
#include "tests/test.h"

static const struct help_entry *entry_of(const char *name)
{
    for (size_t i = 0; help_entry(i) != NULL; i++)
        if (strcmp(help_entry(i)->name, name) == 0)
            return help_entry(i);
    return NULL;
}

/* Does the usage hold that word? */
static bool has_word(const char *usage, const char *text)
{
    struct usage_word word;

    while ((usage = usage_next(usage, &word)) != NULL)
        if (slice_is(word.text, text))
            return true;
    return false;
}

START_TEST(every_word_is_explained)
{
    struct usage_word word;

    for (size_t i = 0; help_entry(i) != NULL; i++)
        for (const char *usage = help_entry(i)->usage; (usage = usage_next(usage, &word)) != NULL;)
            ck_assert_msg(help_explain(help_entry(i)->name, (const char *)word.text.data, word.text.length) != NULL,
                          "options.def does not explain %.*s of %s", (int)word.text.length,
                          (const char *)word.text.data, help_entry(i)->name);
}
END_TEST

START_TEST(nothing_else_is_explained)
{
    for (size_t i = 0; help_option(i) != NULL; i++) {
        const struct help_option *option = help_option(i);
        char *names = strdup(option->commands), *rest = names, *name;

        while ((name = strsep(&rest, " ")) != NULL) {
            const struct help_entry *entry = entry_of(name);

            ck_assert_msg(entry != NULL, "options.def explains %s of %s, which is unknown", option->word, name);
            ck_assert_msg(has_word(entry->usage, option->word), "%s has no %s", name, option->word);
        }
        free(names);
    }
}
END_TEST

START_TEST(explanations_are_of_one_style)
{
    static const char *const values[] = {"file", "folder", "kind",      "site",     "service",  "place", "lure",   "format",
                                         "decoy", "route", "token", "placement", "incident", "delivery", "id",    "command"};

    for (size_t i = 0; help_option(i) != NULL; i++) {
        const struct help_option *option = help_option(i);
        char *words = strndup(option->values, strcspn(option->values, "=")), *rest = words, *word;

        ck_assert_msg(option->explanation[0] != '\0' && option->explanation[strlen(option->explanation) - 1] != '.',
                      "%s: \"%s\" is empty or ends with a full stop", option->word, option->explanation);
        while ((word = strsep(&rest, " ")) != NULL) {
            size_t j = 0;

            while (word[0] != '\0' && j < sizeof(values) / sizeof(values[0]) && strcmp(values[j], word) != 0)
                j++;
            ck_assert_msg(j < sizeof(values) / sizeof(values[0]), "%s: no values are called \"%s\"", option->word, word);
        }
        free(words);
    }
}
END_TEST

START_TEST(every_command_has_details_and_an_example)
{
    for (size_t i = 0; help_entry(i) != NULL; i++) {
        const struct help_entry *entry = help_entry(i);
        size_t texts = 0, examples = 0;

        for (size_t j = 0; help_text(j) != NULL; j++)
            texts += strcmp(help_text(j)->name, entry->name) == 0;
        for (size_t j = 0; help_example(j) != NULL; j++)
            examples += strcmp(help_example(j)->name, entry->name) == 0;
        ck_assert_msg(texts == 1, "help.def has %zu texts for %s", texts, entry->name);
        ck_assert_msg(examples > 0 || entry->type == HELP_ROLE, "help.def has no example for %s", entry->name);
    }
    for (size_t i = 0; help_text(i) != NULL; i++)
        ck_assert_msg(entry_of(help_text(i)->name) != NULL, "help.def: there is no %s", help_text(i)->name);
    for (size_t i = 0; help_example(i) != NULL; i++)
        ck_assert_msg(entry_of(help_example(i)->name) != NULL, "help.def: there is no %s", help_example(i)->name);
}
END_TEST

/* What help_write() prints; to be freed. */
static char *written(const char *name)
{
    size_t size = 0;
    char *text = NULL;
    FILE *file = open_memstream(&text, &size);

    help_write(file, name);
    fclose(file);
    return text;
}

START_TEST(help_says_all)
{
    char *text = written("plant");

    ck_assert(strncmp(text, "usage: sundew [-c FILE] [--json] plant TOKEN|KIND PLACE [--lure L]", 65) == 0);
    ck_assert_ptr_nonnull(strstr(text, "\n  --buried                In a repository: take it out again"));
    ck_assert_ptr_nonnull(strstr(text, "\n  # A password, in a mail of a thread that looks old\n  sundew plant password "));
    ck_assert_ptr_nonnull(strstr(text, "Exit status:\n  0   done\n"));
    ck_assert_ptr_nonnull(strstr(text, "See also:\n  sundew(1) sundew-lure(5)\n"));
    ck_assert_ptr_null(strchr(text, '\033'));
    free(text);
}
END_TEST

START_TEST(help_fits_a_page)
{
    for (size_t i = 0; help_entry(i) != NULL; i++) {
        char *text = written(help_entry(i)->name), *rest = text, *line;

        while ((line = strsep(&rest, "\n")) != NULL)
            ck_assert_msg(strlen(line) <= 80 || strncmp(line, "  sundew", 8) == 0, "%s: too wide: %s",
                          help_entry(i)->name, line);
        free(text);
    }
}
END_TEST

START_TEST(asked_for_help_alone)
{
    char *help[] = {(char *)(uintptr_t) "keeper", (char *)(uintptr_t) "--help", NULL};
    char *odd[] = {(char *)(uintptr_t) "keeper", (char *)(uintptr_t) "--hel", NULL};

    ck_assert(help_asked("keeper", 2, help));
    ck_assert(!help_asked("keeper", 2, odd));
    ck_assert(!help_asked("keeper", 1, help));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("help");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, every_word_is_explained);
    tcase_add_test(tc, nothing_else_is_explained);
    tcase_add_test(tc, explanations_are_of_one_style);
    tcase_add_test(tc, every_command_has_details_and_an_example);
    tcase_add_test(tc, help_says_all);
    tcase_add_test(tc, help_fits_a_page);
    tcase_add_test(tc, asked_for_help_alone);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
