/* SPDX-License-Identifier: ISC */
#include "server/command/colleagues.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tests/test.h"

static const unsigned char key[COLLEAGUES_KEY] = {1};
static char file[64];
static struct error error;
static json_t *people;

static json_t *add(const char *name, const char *mail, const char *department, const char *language)
{
    json_t *person = json_pack("{s:s, s:s, s:s*, s:s*}", "name", name, "mail", mail, "department", department, "language",
                               language);

    json_array_append_new(people, person);
    return person;
}

static void setup(void)
{
    people = json_array();
    snprintf(file, sizeof(file), "/tmp/sundew-people-XXXXXX");
    close(mkstemp(file));
}

static void teardown(void)
{
    json_decref(people);
    unlink(file);
}

/* How many of those that were chosen have that member with that value; NULL: any. */
static size_t count(const json_t *chosen, const char *member, const char *value)
{
    size_t index, found = 0;
    json_t *person;

    json_array_foreach(chosen, index, person)
    {
        const char *text = json_string_value(json_object_get(person, member));

        found += text != NULL && (value == NULL || strcmp(text, value) == 0);
    }
    return found;
}

static json_t *choose(const json_t *owner)
{
    char *text = colleagues_choose(people, owner, key);
    json_t *chosen = json_loads(text, 0, NULL);

    ck_assert_uint_le(strlen(text), COLLEAGUES_BYTES);
    ck_assert(json_is_array(chosen));
    free(text);
    return chosen;
}

static void add_many(const char *department, const char *language, int number)
{
    char name[64], mail[64];

    for (int i = 0; i < number; i++) {
        snprintf(name, sizeof(name), "%s N%d", department, i);
        snprintf(mail, sizeof(mail), "%s.%s%d@corp.example", department, language, i);
        add(name, mail, department, language);
    }
}

START_TEST(a_department_comes_first)
{
    json_t *owner = add("Bo Lind", "bo@corp.example", "Finance", "fr-CH, en;q=0.4"), *chosen;

    add_many("Works", "fr", 40);
    add_many("Finance", "en", 3);
    chosen = choose(owner);
    ck_assert_uint_eq(json_array_size(chosen), 1 + COLLEAGUES_MOST);
    ck_assert_uint_eq(count(chosen, "department", "Finance"), 1 + 3);
    ck_assert_uint_eq(count(chosen, "is", "owner"), 1);
    ck_assert_uint_eq(count(chosen, "mail", "bo@corp.example"), 1);
    json_decref(chosen);
}
END_TEST

START_TEST(among_them_a_language_does)
{
    json_t *owner = add("Bo Lind", "bo@corp.example", "Finance", "fr"), *chosen;

    add_many("Finance", "en", 40);
    add("Zoe Oui", "zoe@corp.example", "finance", "de, fr;q=0.9");
    add("Yan Non", "yan@corp.example", "Finance", NULL);
    chosen = choose(owner);
    ck_assert_uint_eq(count(chosen, "mail", "zoe@corp.example"), 1);
    ck_assert_uint_eq(count(chosen, "mail", "yan@corp.example"), 1);
    ck_assert_uint_eq(count(chosen, "language", NULL), 0);
    json_decref(chosen);
}
END_TEST

START_TEST(who_must_not_be_named_is_not)
{
    json_t *owner = add("Bo Lind", "Bo@corp.example", "Finance", NULL), *chosen;

    add("Bo Lind", "bo.admin@corp.example", "Finance", NULL);
    add("Bo Other", "BO@CORP.example", "Finance", NULL);
    json_object_set_new(add("Di Gone", "di@corp.example", "Finance", NULL), "disabled", json_true());
    json_object_set_new(add("Ed Audit", "ed@corp.example", "Finance", NULL), "excluded", json_true());
    add("Gast Guest", "guest@partner.example", "Finance", NULL);
    add("scanner", "scanner@corp.example", "Finance", NULL);
    json_array_append_new(people, json_pack("{s:s}", "name", "No Mail"));
    add("Fay Mold", "fay@sub.corp.example", "Finance", NULL);
    add("Fay Mold", "fay@sub.corp.example", "Finance", NULL);
    chosen = choose(owner);
    ck_assert_uint_eq(json_array_size(chosen), 2);
    ck_assert_uint_eq(count(chosen, "mail", "fay@sub.corp.example"), 1);
    json_decref(chosen);
}
END_TEST

START_TEST(the_manager_is_told_apart)
{
    json_t *owner = add("Bo Lind", "bo@corp.example", "Finance", NULL), *chosen, *manager;

    json_object_set_new(owner, "manager", json_pack("{s:s, s:s}", "name", "G. Vane", "mail", "gil@corp.example"));
    add_many("Finance", "en", 20);
    manager = add("Gil Vane", "gil@corp.example", "Board", NULL);
    json_object_set_new(manager, "title", json_string("Head of Finance"));
    chosen = choose(owner);
    ck_assert_uint_eq(json_array_size(chosen), 2 + COLLEAGUES_MOST);
    ck_assert_uint_eq(count(chosen, "is", "manager"), 1);
    ck_assert_uint_eq(count(chosen, "title", "Head of Finance"), 1); /* as the manager's own entry has it */
    json_decref(chosen);
    json_object_set_new(manager, "disabled", json_true());
    chosen = choose(owner);
    ck_assert_uint_eq(count(chosen, "is", "manager"), 0);
    ck_assert_uint_eq(count(chosen, "mail", "gil@corp.example"), 0);
    json_decref(chosen);
}
END_TEST

START_TEST(the_same_people_are_drawn_again)
{
    json_t *owner = add("Bo Lind", "bo@corp.example", "Finance", NULL);
    char *one, *again, *left;

    add_many("Finance", "en", 60);
    one = colleagues_choose(people, owner, key);
    again = colleagues_choose(people, owner, key);
    ck_assert_str_eq(one, again);
    add_many("Works", "en", 60); /* who comes elsewhere changes nothing */
    left = colleagues_choose(people, owner, key);
    ck_assert_str_eq(one, left);
    free(one);
    free(again);
    free(left);
}
END_TEST

START_TEST(long_texts_stay_within_bounds)
{
    char text[201], name[201], mail[201];
    json_t *chosen;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "N%d %.190s", i, text);
        snprintf(mail, sizeof(mail), "%d%.150s@corp.example", i, text);
        json_object_update_new(add(name, mail, text, NULL), json_pack("{s:s, s:s, s:s, s:s}", "given", text, "family", text,
                                                                      "title", text, "phone", text));
    }
    chosen = choose(NULL);
    ck_assert_uint_ge(json_array_size(chosen), 5);
    json_decref(chosen);
}
END_TEST

static json_t *read_file(const char *text)
{
    FILE *out = fopen(file, "w");

    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
    return colleagues_read(file, &error);
}

START_TEST(a_file_names_people)
{
    json_t *read = read_file("# the board\r\n\nAnn Roe\tann@corp.example\tSecretary\tBoard\tgil@corp.example\r\n"
                             "Gil Vane\tgil@corp.example\nCy S\xc3\xb6" "der\tcy@corp.example\t\tFinance");
    const json_t *ann = colleagues_find(read, "Ann Roe <ANN@corp.example>");

    ck_assert_msg(read != NULL, "%s", error.text);
    ck_assert_uint_eq(json_array_size(read), 3);
    ck_assert_str_eq(json_string_value(json_object_get(ann, "title")), "Secretary");
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(ann, "manager"), "mail")), "gil@corp.example");
    ck_assert_ptr_null(json_object_get(colleagues_find(read, "cy@corp.example"), "title"));
    ck_assert_ptr_null(colleagues_find(read, "nobody@corp.example"));
    ck_assert_ptr_null(colleagues_find(read, ""));
    json_decref(read);
}
END_TEST

START_TEST(a_faulty_file_says_where)
{
    static const char *const faults[][2] = {
        {"", "names nobody"},          {"# none\n", "names nobody"},
        {"Ann Roe\n", ":1: "},         {"Ann Roe\ta@b\nscanner\ts@b\n", ":2: "},
        {"Ann Roe\ta b@c\n", ":1: "},  {"Ann Roe <x>\ta@b\n", ":1: "},
        {"Ann Roe\ta@b\t\t\tx\n", ":1: "}, {"\xff\xff x\ta@b\n", ":1: "}};

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        error.text[0] = '\0';
        ck_assert_ptr_null(read_file(faults[i][0]));
        ck_assert_msg(strstr(error.text, faults[i][1]) != NULL && strstr(error.text, file) != NULL, "%zu: %s", i, error.text);
    }
    unlink(file);
    ck_assert_ptr_null(colleagues_read(file, &error));
}
END_TEST

static Suite *suite(void)
{
    Suite *whole = suite_create("colleagues");
    TCase *one = tcase_create("colleagues");

    tcase_add_checked_fixture(one, setup, teardown);
    tcase_add_test(one, a_department_comes_first);
    tcase_add_test(one, among_them_a_language_does);
    tcase_add_test(one, who_must_not_be_named_is_not);
    tcase_add_test(one, the_manager_is_told_apart);
    tcase_add_test(one, the_same_people_are_drawn_again);
    tcase_add_test(one, long_texts_stay_within_bounds);
    tcase_add_test(one, a_file_names_people);
    tcase_add_test(one, a_faulty_file_says_where);
    suite_add_tcase(whole, one);
    return whole;
}

TEST_MAIN(suite)
