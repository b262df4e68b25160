/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include "tests/minter/jobs.h"
#include "tests/test.h"

static struct jobs jobs;

static void set_up(void)
{
    jobs_open(&jobs);
}

static void tear_down(void)
{
    jobs_close(&jobs);
}

/* A face for the persona, which stays the caller's. */
static json_t *draw(const json_t *persona, const char *host)
{
    ck_assert_msg(jobs_run(&jobs, "face", json_pack("{ss ss sO s{ss ss ss}}", "service", "ldap", "site", "", "persona",
                                                    persona, "decoy", "name", "ldap", "service", "ldap", "host",
                                                    host)) == 0, "%s", jobs.error.text);
    return jobs_json(&jobs, "json");
}

static const char *text(const json_t *face, const char *key)
{
    const char *value = json_string_value(json_object_get(face, key));

    ck_assert_ptr_nonnull(value);
    return value;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

START_TEST(shows_the_persona_and_nothing_secret)
{
    json_t *persona = jobs_persona(&jobs, _i == 0 ? "en" : "fr"), *person;
    json_t *face = draw(persona, "ldap.corp.marais.internal");
    const char *ldif = text(face, "directory");
    char line[300];
    size_t index;

    ck_assert_ptr_nonnull(strstr(ldif, "dn: dc=corp,dc=marais,dc=internal\n"));
    json_array_foreach(json_object_get(persona, "people"), index, person)
    {
        snprintf(line, sizeof line, "\nmail: %s\n", json_string_value(json_object_get(person, "mail")));
        ck_assert_msg(strstr(ldif, line) != NULL, "%s is not there", line);
        snprintf(line, sizeof line, "\ntelephoneNumber: %s\n", json_string_value(json_object_get(person, "phone")));
        ck_assert_msg(strstr(ldif, line) != NULL, "%s is not there", line);
    }
    ck_assert_uint_eq(count(ldif, "\nstructuralObjectClass: inetOrgPerson\n"), index);
    ck_assert_ptr_null(strstr(ldif, "userPassword"));
    ck_assert_ptr_null(strstr(ldif, text(face, "hidden")));
    json_decref(face);
    json_decref(persona);
}
END_TEST

START_TEST(no_two_are_alike)
{
    json_t *persona = jobs_persona(&jobs, "en"), *other = jobs_persona(&jobs, "en");
    json_t *a = draw(persona, "ldap.corp.marais.internal"), *b = draw(other, "ldap.corp.marais.internal");
    char line[200];
    size_t shared = 0;

    /* No identifier, time or change number of one stands in the other. */
    for (const char *at = text(a, "directory"); (at = strstr(at, "\nentry")) != NULL; at++) {
        snprintf(line, sizeof line, "%.*s\n", (int)strcspn(at + 1, "\n") + 1, at);
        shared += count(text(b, "directory"), line);
    }
    ck_assert_uint_eq(shared, 0);
    json_decref(a);
    json_decref(b);
    json_decref(persona);
    json_decref(other);
}
END_TEST

START_TEST(is_of_the_past)
{
    json_t *persona = jobs_persona(&jobs, "en"), *face = draw(persona, "ldap.corp.marais.internal");

    for (const char *at = text(face, "directory"); (at = strstr(at, "Timestamp: ")) != NULL; at++)
        ck_assert_int_lt(strncmp(at + 11, "20261119000000Z", 15), 0);
    json_decref(face);
    json_decref(persona);
}
END_TEST

START_TEST(fits_into_one_message)
{
    static const char *const hosts[] = {
        "ldap.a.b", "ldap.corp.marais.internal",
        "ldap.a-very-long-name-of-a-department.of-a-very-long-name-of-an-organisation.with-many-words.in-its-name.example",
    };

    for (size_t i = 0; i < 30; i++) {
        json_t *persona = jobs_persona(&jobs, i % 2 == 0 ? "en" : "fr"),
               *face = draw(persona, hosts[i % (sizeof hosts / sizeof *hosts)]);
        char *json = json_dumps(face, JSON_COMPACT);

        ck_assert_uint_lt(strlen(json), 50000);
        ck_assert_uint_gt(count(text(face, "directory"), "\ndn: "), 12); /* of some 40; long names leave fewer */
        free(json);
        json_decref(face);
        json_decref(persona);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("directory");
    TCase *tcase = tcase_create("all");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, shows_the_persona_and_nothing_secret, 0, 2);
    tcase_add_test(tcase, no_two_are_alike);
    tcase_add_test(tcase, is_of_the_past);
    tcase_add_test(tcase, fits_into_one_message);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(suite)
