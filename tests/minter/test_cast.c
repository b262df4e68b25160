/* SPDX-License-Identifier: ISC
 *
 * Real people in lures. */
#include <regex.h>
#include "server/minter/lure.h"
#include "tests/minter/jobs.h"
#include "tests/test.h"

static struct jobs jobs;
static json_t *persona;

static void setup(void)
{
    jobs_open(&jobs);
    persona = jobs_persona(&jobs, "en");
}

static void teardown(void)
{
    json_decref(persona);
    jobs_close(&jobs);
}

static json_t *parameters(const char *secret)
{
    return json_pack("{ss ss ss ss ss sO so}", "kind", "password", "form", "human", "identity", "svc-1", "secret", secret,
                     "place", "maildir", "persona", persona, "decoy", jobs_decoy("http", 21001, true));
}

static json_t *with(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    ck_assert_msg(text != NULL, "no '%s'", key);
    return text;
}

static const char colleagues[] =
    "[{\"name\":\"Lind, Bo\",\"mail\":\"bo@corp.marais.internal\",\"title\":\"Controller\",\"department\":\"Finance\","
    "\"is\":\"owner\"},{\"name\":\"Gil Vane\",\"mail\":\"gil@corp.marais.internal\",\"is\":\"manager\"},"
    "{\"name\":\"Cy S\u00f6der\",\"mail\":\"cy@corp.marais.internal\",\"phone\":\"+44 1632 960417\"},"
    "{\"name\":\"Di O'Neil (Audit)\",\"mail\":\"di@corp.marais.internal\",\"department\":\"Audit\"}]";

static void make_with_people(const char *secret, const char *lure, const char *people)
{
    json_t *asked = with(with(parameters(secret), "owner",
                              "Lind, Bo <bo@corp.marais.internal>"), "people", people);

    ck_assert_msg(jobs_run(&jobs, "lure", lure != NULL ? with(asked, "lure", lure) : asked) == 0, "%s", jobs.error.text);
}

/* All who stand in the heads of the thread are of those, and nobody of the persona. */
START_TEST(real_people_play)
{
    const char *outside = text_of(json_object_get(json_object_get(persona, "supplier"), "person"), "name");
    char secret[32];

    for (int i = 0; i < 20; i++) {
        json_t *meta, *message, *person;
        size_t index, who;

        snprintf(secret, sizeof secret, "Bovirel.Tanusor%d!", i);
        make_with_people(secret, NULL, colleagues);
        meta = jobs_json(&jobs, "meta");
        ck_assert_str_eq(text_of(meta, "to"), "bo@corp.marais.internal");
        ck_assert_str_ne(text_of(meta, "from"), "bo@corp.marais.internal");
        ck_assert_str_ne(text_of(meta, "from"), "gil@corp.marais.internal"); /* there are others */
        ck_assert_uint_eq(json_array_size(json_object_get(meta, "people")), 3);
        json_array_foreach(json_object_get(meta, "messages"), index, message)
        {
            const char *raw = jobs_text(&jobs, "file", text_of(message, "file"));

            ck_assert_msg(strstr(raw, "Lind,,") == NULL && strstr(raw, "Hi Lind") == NULL, "%s", raw);
            json_array_foreach(json_object_get(persona, "people"), who, person)
            {
                ck_assert_msg(strstr(raw, text_of(person, "mail")) == NULL, "%s in\n%s", text_of(person, "mail"), raw);
                if (strcmp(text_of(person, "name"), outside) != 0) /* the supplier's may be called so by chance */
                    ck_assert_msg(strstr(raw, text_of(person, "name")) == NULL, "%s in\n%s", text_of(person, "name"), raw);
            }
        }
        json_decref(meta);
    }
}
END_TEST

/* A token's lure that is made again names the same ones. */
START_TEST(a_token_draws_the_same_people)
{
    for (int i = 0; i < 20; i++) {
        char secret[32];
        json_t *one, *again;

        snprintf(secret, sizeof secret, "Bovirel.Tanusor%d!", i);
        make_with_people(secret, "handover", colleagues);
        one = jobs_json(&jobs, "meta");
        make_with_people(secret, "handover", colleagues);
        again = jobs_json(&jobs, "meta");
        ck_assert(json_equal(json_object_get(one, "people"), json_object_get(again, "people")));
        json_decref(one);
        json_decref(again);
    }
}
END_TEST

/* The persona's take the parts that are left, and meta says who is real. */
START_TEST(a_few_real_people_do_not_do)
{
    static const struct {
        const char *people;
        size_t real;
    } cases[] = {{"[]", 0},
                 {"[{\"name\":\"Lind, Bo\",\"mail\":\"BO@corp.marais.internal\"}]", 1},
                 {"[{\"name\":\"Cy Low\",\"mail\":\"cy@corp.marais.internal\"}]", 1},
                 {"[{\"name\":\"X\\r\\nBcc: y\",\"mail\":\"x@y\"},{\"name\":\"A B\",\"mail\":\"a b@c\"},{},7]", 0}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *meta;

        make_with_people("Bovirel.Tanusor4172!", NULL, cases[i].people);
        meta = jobs_json(&jobs, "meta");
        ck_assert_uint_eq(json_array_size(json_object_get(meta, "people")), cases[i].real);
        ck_assert_ptr_null(strstr(jobs_text(&jobs, "file", text_of(meta, "secret_file")), "Bcc"));
        json_decref(meta);
    }
    ck_assert_int_ne(jobs_run(&jobs, "lure", with(parameters("secret-12"), "people",
                                                  "{\"x\"")), 0);
    ck_assert_ptr_nonnull(strstr(jobs.error.text, "--people"));
}
END_TEST

/* Numbers of orders are made of extensions. */
START_TEST(an_owner_of_whom_only_the_name_is_known_has_an_extension)
{
    regex_t broken;

    ck_assert_int_eq(regcomp(&broken, "order[ \n]([0-9]{4}-[^0-9]|/[0-9]{4})", REG_EXTENDED | REG_NOSUB), 0);
    for (int i = 0; i < 40; i++) {
        char secret[32];
        json_t *asked, *meta, *message;
        size_t index;

        snprintf(secret, sizeof secret, "Bovirel.Tanusor%d!", i);
        asked = with(with(parameters(secret), "owner", "Ann Roe"), "lure", "invoice");
        with(json_object_get(asked, "decoy"), "site", "portal");
        ck_assert_msg(jobs_run(&jobs, "lure", asked) == 0, "%s", jobs.error.text);
        meta = jobs_json(&jobs, "meta");
        json_array_foreach(json_object_get(meta, "messages"), index, message)
        {
            const char *raw = jobs_text(&jobs, "file", text_of(message, "file"));

            ck_assert_msg(regexec(&broken, raw, 0, NULL, 0) != 0, "%s", raw);
        }
        json_decref(meta);
    }
    regfree(&broken);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("cast");
    TCase *tcase = tcase_create("all");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, real_people_play);
    tcase_add_test(tcase, a_token_draws_the_same_people);
    tcase_add_test(tcase, a_few_real_people_do_not_do);
    tcase_add_test(tcase, an_owner_of_whom_only_the_name_is_known_has_an_extension);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
