/* SPDX-License-Identifier: ISC
 *
 * Faces: what is drawn for the portal, from which persona, and faults in a site's face. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/minter/desk.h"
#include "server/minter/face.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"

static struct jobs jobs;
static json_t *persona;

static void setup(void)
{
    jobs_open(&jobs);
    persona = jobs_persona(&jobs, "fr");
}

static void teardown(void)
{
    json_decref(persona);
    jobs_close(&jobs);
}

static json_t *portal(json_t *whose)
{
    ck_assert_msg(jobs_run(&jobs, "face", json_pack("{ss ss sO so}", "service", "http", "site", "portal", "persona",
                                                    whose, "decoy", jobs_decoy("http", 443, true))) == 0,
                  "%s", jobs.error.text);
    return jobs_json(&jobs, "json");
}

static const char *fact(const json_t *face, const char *group, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(face, group), name));

    ck_assert_msg(text != NULL, "%s.%s", group, name);
    return text;
}

START_TEST(a_portal_is_the_personas)
{
    json_t *face = portal(persona);

    ck_assert_str_eq(json_string_value(json_object_get(face, "organisation")), "Société Marais & Fils");
    ck_assert_str_eq(json_string_value(json_object_get(face, "monogram")), "SM");
    ck_assert_str_eq(fact(face, "desk", "mail"), fact(persona, "desk", "mail"));
    ck_assert_str_eq(fact(face, "desk", "phone"), fact(persona, "desk", "phone"));
    ck_assert_ptr_nonnull(strstr(fact(face, "t", "product"), "Société Marais & Fils"));
    ck_assert_str_eq(fact(face, "t", "language"), "fr");
    ck_assert_int_gt(json_object_size(json_object_get(face, "t")), 60);
    json_decref(face);
}
END_TEST

/* No fact is left open in any text, in either language. */
START_TEST(texts_are_whole)
{
    json_t *whose = jobs_persona(&jobs, _i % 2 == 0 ? "en" : "fr"), *face = portal(whose), *text;
    const char *name;

    json_object_foreach(json_object_get(face, "t"), name, text)
    {
        const char *words = json_string_value(text);

        ck_assert_msg(words != NULL && words[0] != 0, "%s", name);
        ck_assert_msg(strstr(words, "{{") == NULL && strstr(words, "  ") == NULL && strstr(words, " .") == NULL &&
                          strstr(words, " ,") == NULL && words[strlen(words) - 1] != ' ' && words[0] != ' ',
                      "%s: %s", name, words);
    }
    json_decref(face);
    json_decref(whose);
}
END_TEST

START_TEST(no_two_portals_are_alike)
{
    json_t *faces[2] = {portal(persona), portal(persona)}, *value;
    size_t alike = 0, count = 0;
    const char *name;

    json_object_foreach(faces[0], name, value)
    {
        count++;
        alike += json_equal(value, json_object_get(faces[1], name)) != 0;
    }
    ck_assert_uint_gt(count, 30);
    ck_assert_msg(alike < count * 2 / 3, "%zu of %zu facts", alike, count);
    ck_assert_str_ne(fact(faces[0], "signing", "n"), fact(faces[1], "signing", "n"));
    ck_assert_uint_eq(strlen(fact(faces[0], "signing", "n")), 342);
    ck_assert_str_eq(fact(faces[0], "signing", "e"), "AQAB");
    ck_assert_int_eq(strncmp(fact(faces[0], "signing", "certificate"), "MII", 3), 0);
    json_decref(faces[0]);
    json_decref(faces[1]);
}
END_TEST

START_TEST(an_order_holds_each_word_once)
{
    json_t *face = portal(persona), *list = json_object_get(face, "services"), *item;
    size_t index, found = 0;

    ck_assert_uint_eq(json_array_size(list), 6);
    json_array_foreach(list, index, item)
    {
        ck_assert_uint_eq(json_object_size(item), 1);
        found += json_is_true(json_object_get(item, "sign")) + 10 * json_is_true(json_object_get(item, "print"));
    }
    ck_assert_uint_eq(found, 11);
    json_decref(face);
}
END_TEST

/* A ledger of an earlier version has no desk in its persona. */
START_TEST(an_older_persona_gets_one_desk)
{
    json_t *older[2] = {json_deep_copy(persona), json_deep_copy(persona)}, *face;

    for (int i = 0; i < 2; i++) {
        json_object_del(older[i], "desk");
        ck_assert_int_eq(desk_complete(older[i]), 0);
    }
    ck_assert(json_equal(older[0], older[1]) != 0);
    json_object_del(older[1], "desk");
    face = portal(older[1]);
    ck_assert_str_eq(fact(face, "desk", "mail"), fact(older[0], "desk", "mail"));
    ck_assert_ptr_nonnull(strstr(fact(face, "desk", "remote"), ".corp.marais.internal"));
    json_decref(face);
    json_decref(older[0]);
    json_decref(older[1]);
}
END_TEST

static const struct {
    const char *text, *fault;
} faults[] = {
    {"a: {hex: 0}\n", ":1:10: "},
    {"a: {hexes: 3}\n", ":1:4: "},
    {"a: 3\n", "{choice: […]}"},
    {"- a\n", ":1:1: "},
    {"a: {choice: []}\n", ":1:13: "},
    {"a: {choice: [b, \"{{c\"]}\n", ":1:17: "},
    {"a: {integer: [4, 3]}\n", ":1:18: "},
    {"a: {uuid: fixed}\n", ":1:11: "},
    {"a: {texts: [b]}\n", ":1:12: "},
    {"a: {texts: {b: {c: d}}}\n", ":1:16: "},
    {"a: {order: [b]}\n", ":1:12: "},
    {"a: {order: [b, [c]]}\n", ":1:16: "},
    {"a: {initials: 9}\n", ":1:15: "},
    {"a: {key: [b]}\n", ":1:10: "},
};

START_TEST(faults_say_where)
{
    static const char *const files[] = {"face.yaml", "face.fr.yaml"};
    char folder[] = "/tmp/sundew-face-XXXXXX", site[64], path[96];
    struct faces *faces = NULL;
    struct error error = {""};
    FILE *file;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(site, sizeof site, "%s/site", folder);
    ck_assert_int_eq(mkdir(site, 0700), 0);
    snprintf(site, sizeof site, "%s/site/x", folder);
    ck_assert_int_eq(mkdir(site, 0700), 0);
    snprintf(path, sizeof path, "%s/%s", site, files[_i % 2]);
    file = fopen(path, "w");
    ck_assert(file != NULL && fputs(faults[_i].text, file) >= 0 && fclose(file) == 0);
    ck_assert_int_eq(faces_load(folder, &faces, &error), -1);
    ck_assert_msg(strstr(error.text, faults[_i].fault) != NULL && strstr(error.text, files[_i % 2]) != NULL, "%s: %s",
                  faults[_i].text, error.text);
    unlink(path);
    rmdir(site);
    snprintf(site, sizeof site, "%s/site", folder);
    rmdir(site);
    rmdir(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("face");
    TCase *tcase = tcase_create("all"), *broken = tcase_create("faults");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_portal_is_the_personas);
    tcase_add_loop_test(tcase, texts_are_whole, 0, 12);
    tcase_add_test(tcase, no_two_portals_are_alike);
    tcase_add_test(tcase, an_order_holds_each_word_once);
    tcase_add_test(tcase, an_older_persona_gets_one_desk);
    tcase_add_loop_test(broken, faults_say_where, 0, sizeof faults / sizeof *faults);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, broken);
    return suite;
}

TEST_MAIN(suite)
