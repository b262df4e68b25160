/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/channel.h"
#include "server/base/paths.h"
#include "server/wire/configuration.h"

struct place {
    char folder[64], file[96];
};

/* A folder with sundew.yaml and a templates folder with the site "gitlab". */
static void place_make(struct place *place, const char *text)
{
    struct error error;
    char path[128];

    snprintf(place->folder, sizeof place->folder, "/tmp/sundew-configuration-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place->folder));
    snprintf(place->file, sizeof place->file, "%s/sundew.yaml", place->folder);
    ck_assert_int_eq(paths_create(place->file, text, strlen(text), 0600, &error), 0);
    snprintf(path, sizeof path, "%s/site", place->folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/site/gitlab", place->folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/site/gitlab/site.yaml", place->folder);
    ck_assert_int_eq(paths_create(path, "", 0, 0600, &error), 0);
    setenv("SUNDEW_DATADIR", place->folder, 1);
}

static void place_remove(const struct place *place)
{
    static const char *const parts[] = {"sundew.yaml", "site/gitlab/site.yaml", "site/gitlab", "site", ""};
    char path[128];

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s/%s", place->folder, parts[i]);
        if (unlink(path) < 0)
            rmdir(path);
    }
}

static const char whole[] = "organisation: Example Rail\n"
                            "domain: corp.example\n"
                            "language: fr\n"
                            "state: state\n"
                            "key: state/key\n"
                            "users: {keeper: sundew-keeper}\n"
                            "operators: sundew\n"
                            "proxies: [10.0.0.0/8]\n"
                            "decoys:\n"
                            "  gitlab:\n"
                            "    service: http\n"
                            "    site: gitlab\n"
                            "    names: [git.corp.example]\n"
                            "    listen: [{address: \"::\", port: 443, tls: tls}, {address: \"::\", port: 80}]\n"
                            "    grant: no\n"
                            "    proxy: yes\n"
                            "  ldap:\n"
                            "    service: ldap\n"
                            "    names: [ldap.corp.example, dir.corp.example]\n"
                            "    listen: [{port: 389, tls: starttls}, {port: 636, tls: tls}]\n"
                            "    referrals: [\"ldap://corp.example\",\n"
                            "      \"ldaps://DIR.corp.example:1/OU=a,dc=Corp,dc=example\"]\n"
                            "routes:\n"
                            "  soc: {format: cloudevents, url: \"https://soc.corp.example/hook\", secret: secrets/soc,"
                            " allow: [192.0.2.0/24]}\n"
                            "retention: {noise: 30d, observations: 2y}\n"
                            "budget: {noise: 1GiB, per-source: 600/h}\n";

static void check_whole(const struct configuration *c, const struct place *place)
{
    char path[128];

    snprintf(path, sizeof path, "%s/state/key", place->folder);
    ck_assert_str_eq(c->master_key, path);
    ck_assert_str_eq(c->language, "fr");
    ck_assert_uint_eq(c->decoy_count, 2);
    ck_assert(c->decoys[0].proxy && !c->decoys[1].proxy);
    ck_assert_str_eq(c->decoys[1].names[1], "dir.corp.example");
    ck_assert_int_eq(c->decoys[1].listeners[0].tls, TLS_STARTTLS);
    ck_assert_str_eq(c->decoys[1].listeners[0].address, "::");
    ck_assert_uint_eq(c->decoys[1].referral_count, 2);
    ck_assert_str_eq(c->decoys[1].referrals[0], "ldap://corp.example");
    ck_assert_uint_eq(c->route_count, 1);
    snprintf(path, sizeof path, "%s/secrets/soc", place->folder);
    ck_assert_str_eq(c->routes[0].secrets[0], path);
    ck_assert_uint_eq(c->routes[0].allow[0].bits, 120);
    ck_assert_int_eq(c->retention_observations_s, 2 * 365 * 86400);
    ck_assert_int_eq(c->budget_source_per_hour, 600);
    ck_assert_int_eq(c->budget_noise, 1 << 30);
    ck_assert_ptr_eq(configuration_decoy(c, slice_of("ldap")), &c->decoys[1]);
    ck_assert_ptr_null(configuration_decoy(c, slice_of("none")));
}

static void count_fault(const char *text, void *context)
{
    struct buffer *all = context;

    buffer_add_format(all, "%s\n", strstr(text, "sundew.yaml:"));
}

START_TEST(all_faults_are_told)
{
    static const char wrong[] = "organisation: Example Rail\n"
                                "langage: en\n"
                                "proxies: [10.0.0.0/8, 10.0.0.0/99]\n"
                                "users: {kepper: x, sensor: nobody}\n"
                                "decoys:\n"
                                "  a: {service: htttp, names: [\"a b\"], listen: [{port: 0, tls: maybe, adress: \"::\"}]}\n"
                                "  b: {service: http, site: gitlba, names: [], grant: perhaps}\n"
                                "  c: 7\n"
                                "routes:\n"
                                "  r: {format: cef, url: \"ftp://soc\", key: k}\n"
                                "retention: {noise: long}\n"
                                "budget: {per-source: 600}\n";
    static const char *const told[] = {"2:1: unknown key", "3:23: \"10.0.0.0/99\"", "4:9: unknown key", "\"domain\" is missing",
        "\"nobody\"", "there is no service \"htttp\"", "\"a b\" is no host name", "\"port\" must be",
        "\"tls\" must be", "unknown key \"adress\"", "7:28: there is no site gitlba", "decoy b needs \"names\"",
        "decoy b needs \"listen\"", "\"grant\" must be", "8:6: expected", "no format \"cef\"", "\"url\" must begin",
        "needs \"secret\"", "go together", "11:20: \"noise\"", "\"per-source\" must be"};
    struct configuration *c = NULL;
    struct error error = {""};
    struct buffer all;
    struct place place;

    buffer_init(&all, 65536);
    place_make(&place, wrong);
    ck_assert_int_eq(configuration_examine(place.file, &(struct configuration_faults){count_fault, &all}, &c, &error), 0);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        ck_assert_msg(strstr(buffer_text(&all), told[i]) != NULL, "%s is not in:\n%s", told[i], buffer_text(&all));
    ck_assert_uint_eq(c->decoy_count, 3);
    ck_assert_str_eq(c->decoys[2].service, "");
    configuration_free(c);
    buffer_free(&all);
    place_remove(&place);
}
END_TEST

START_TEST(the_documented_file_is_read_and_packed)
{
    unsigned all = CONFIGURATION_INSTALLATION | CONFIGURATION_DECOYS | CONFIGURATION_ROUTES | CONFIGURATION_PROXIES;
    struct configuration *c = NULL, *again = NULL;
    struct error error = {""};
    struct buffer packed;
    struct place place;

    place_make(&place, whole);
    ck_assert_msg(configuration_load(place.file, &c, &error) == 0, "%s", error.text);
    check_whole(c, &place);
    buffer_init(&packed, CHANNEL_MESSAGE);
    ck_assert_int_eq(configuration_pack(&packed, c, all), 0);
    ck_assert_int_eq(configuration_unpack(buffer_slice(&packed), &again), 0);
    check_whole(again, &place);
    ck_assert_uint_eq(again->proxy_count, 1);
    for (size_t cut = 0; cut < packed.length; cut++) {
        struct configuration *none = NULL;
        ck_assert_int_eq(configuration_unpack((struct slice){packed.data, cut}, &none), -1);
    }
    buffer_free(&packed);
    configuration_free(c);
    configuration_free(again);
    place_remove(&place);
}
END_TEST

#define HEAD "organisation: X\ndomain: corp.example\n"
#define DECOY HEAD "decoys:\n  g:\n    service: "
#define REFERRALS DECOY "ldap\n    names: [ldap.corp.example]\n    listen: [{port: 1}]\n    referrals: ["

static const char *const faults[][2] = {
    {"domain: x\n", ":1:1: \"organisation\" is missing"},
    {HEAD "langage: fr\n", ":3:1: unknown key \"langage\"; did you mean \"language\"?"},
    {HEAD "language: de\n", ":3:11: \"language\" must be en or fr"},
    {HEAD "users: {keeper: nobody}\n", ":3:17: \"nobody\" is shared"},
    {HEAD "users: {keper: x}\n", ":3:9: unknown key \"keper\"; did you mean \"keeper\"?"},
    {HEAD "proxies: [10.0.0.0/40]\n", ":3:11: \"10.0.0.0/40\": the prefix length"},
    {DECOY "htp\n    names: [a]\n    listen: [{port: 1}]\n", ":5:14: there is no service \"htp\""},
    {DECOY "http\n    site: gitlap\n    names: [a]\n    listen: [{port: 1}]\n", ":6:11: there is no site gitlap"},
    {DECOY "ldap\n    names: [a]\n    listen: [{port: 0}]\n", ":7:21: \"port\" must be a whole number"},
    {DECOY "ldap\n    names: [a]\n    listen: []\n", ":7:13: decoy g needs \"listen\""},
    {HEAD "decoys:\n  a b: {service: ldap, listen: [{port: 1}]}\n",
     ":4:8: \"a b.corp.example\" is no host name; give decoy a b \"names\""},
    {DECOY "ldap\n    names: [a b]\n    listen: [{port: 1}]\n", ":6:13: \"a b\" is no host name"},
    {DECOY "ldap\n    names: [a]\n    listen: [{port: 1, tls: ssl}]\n", ":7:29: \"tls\" must be none, tls or starttls"},
    {DECOY "ldap\n    names: [a]\n    listen: [{port: 1}, {port: 1}]\n", ": decoys g and g both listen"},
    {DECOY "http\n    site: gitlab\n    listen: [{port: 1}]\n  h:\n    service: http\n    site: gitlab\n"
           "    isolate: alone\n    listen: [{port: 1}]\n",
     ":9:5: decoys g and h share port 1, but not a sensor; give both"},
    {REFERRALS "http://ldap.corp.example]\n",
     ":8:17: the referral \"http://ldap.corp.example\" is no good: write ldap://HOST"},
    {REFERRALS "\"ldap://ldap.corp.example:0\"]\n",
     ":8:17: the referral \"ldap://ldap.corp.example:0\" is no good: write ldap://HOST"},
    {REFERRALS "ldap://ldap.other.example]\n",
     ":8:17: the referral \"ldap://ldap.other.example\" is no good: its host is neither"},
    {REFERRALS "ldap://evilcorp.example]\n",
     ":8:17: the referral \"ldap://evilcorp.example\" is no good: its host is neither"},
    {REFERRALS "\"ldap://a.corp.example/ou=x,dc=other\"]\n",
     ":8:17: the referral \"ldap://a.corp.example/ou=x,dc=other\" is no good: its name must be"},
    {REFERRALS "\"ldap://a.corp.example/dc=corp,dc=example\"]\n",
     ":8:17: the referral \"ldap://a.corp.example/dc=corp,dc=example\" is no good: its name must be"},
    {DECOY "http\n    site: gitlab\n    names: [a]\n    listen: [{port: 1}]\n    referrals: [\"ldap://a.corp.example\"]\n",
     "is no good: directories alone have them"},
    {DECOY "ldap\n    names: [a]\n    grant: yes\n    listen: [{port: 1}]\n", ":7:12: only a site can let"},
    {HEAD "routes:\n  s: {url: \"ftp://x\", secret: s}\n", ":4:12: \"url\" must begin with"},
    {HEAD "routes:\n  s: {url: \"https:///hook\", secret: s}\n", ":4:12: \"https:///hook\" names no host"},
    {HEAD "routes:\n  s: {url: \"https://soc:66000/\", secret: s}\n", ":4:12: \"https://soc:66000/\" names no host"},
    {HEAD "routes:\n  s: {url: \"https://[::1\", secret: s}\n", ":4:12: \"https://[::1\" names no host"},
    {"organisation: \"\"\ndomain: x\n", ":1:15: \"organisation\" must have"},
    {"organisation: X\ndomain: \"a b\"\n", ":2:9: \"a b\" is no domain"},
    {HEAD "routes:\n  s: {url: \"http://x\", secret: s}\n", ":4:6: a plain http:// route needs \"allow\""},
    {HEAD "routes:\n  s: {url: \"https://x\"}\n", ":4:6: route s needs \"secret\""},
    {HEAD "routes:\n  s: {url: \"https://x\", secret: s, format: xml}\n", ":4:44: there is no format \"xml\""},
    {HEAD "passwords: {least: 20, most: 16}\n", ":3:20: no password has 20 characters at least and 16 at most"},
    {HEAD "passwords: {most: 8}\n", ":3:19: "},
    {HEAD "passwords: {classes: [upper, letters]}\n", ":3:30: \"classes\" holds"},
    {HEAD "budget: {per-source: 10}\n", ":3:22: \"per-source\" must be a rate"},
    {HEAD "retention: {noise: 3 days}\n", ":3:20: \"noise\" must be a time"},
    {HEAD "key: credential:a/b\n", ":3:6: \"key\" must be a path, or credential: and a name"},
    {HEAD "key: 'credential:'\n", ":3:6: \"key\" must be a path, or credential: and a name"},
    {HEAD "a: [\n", ": "},
};

START_TEST(faults_say_where)
{
    struct configuration *c = NULL;
    struct error error = {""};
    struct place place;

    place_make(&place, faults[_i][0]);
    ck_assert_int_eq(configuration_load(place.file, &c, &error), -1);
    ck_assert_msg(strstr(error.text, faults[_i][1]) != NULL && strstr(error.text, "sundew.yaml:") != NULL, "said: %s",
                  error.text);
    place_remove(&place);
}
END_TEST

START_TEST(a_decoy_without_names_is_called_by_its_own)
{
    struct configuration *c = NULL;
    struct error error = {""};
    struct place place;

    place_make(&place, DECOY "ldap\n    listen: [{address: \"::\", port: 389, tls: starttls}]\n");
    ck_assert_msg(configuration_load(place.file, &c, &error) == 0, "said: %s", error.text);
    ck_assert_uint_eq(c->decoys[0].name_count, 1);
    ck_assert_str_eq(c->decoys[0].names[0], "g.corp.example");
    configuration_free(c);
    place_remove(&place);
}
END_TEST

START_TEST(a_missing_file_says_what_to_do)
{
    struct configuration *c = NULL;
    struct error error = {""};

    ck_assert_int_eq(configuration_load("/nowhere/sundew.yaml", &c, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "sundew init"));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("configuration");
    TCase *tests = tcase_create("configuration");

    tcase_add_test(tests, the_documented_file_is_read_and_packed);
    tcase_add_test(tests, all_faults_are_told);
    tcase_add_loop_test(tests, faults_say_where, 0, sizeof faults / sizeof *faults);
    tcase_add_test(tests, a_decoy_without_names_is_called_by_its_own);
    tcase_add_test(tests, a_missing_file_says_what_to_do);
    suite_add_tcase(suite, tests);
    return suite;
}

TEST_MAIN(suite)
