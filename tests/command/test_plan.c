/* SPDX-License-Identifier: ISC */
#include "server/command/plan.h"
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "tests/test.h"

#define NOW 1780000000000000 /* May 2026, in microseconds */

static char folder[64], file[128];
static struct configuration configuration;
static struct plan plan;
static struct plan_items items;
static struct error error;
static const unsigned char seed[PLAN_SEED] = {1}, other_seed[PLAN_SEED] = {2};

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/sundew-plan-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/plan.yaml", folder);
    memset(&configuration, 0, sizeof(configuration));
    ck_assert_int_eq(setenv("TZ", "Europe/Paris", 1), 0);
    tzset();
}

static int take_away(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void teardown(void)
{
    nftw(folder, take_away, 8, FTW_DEPTH | FTW_PHYS);
}

static int load(const char *text)
{
    FILE *out = fopen(file, "w");

    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
    return plan_load(file, &configuration, &plan, &error);
}

/* "plan: a", an entry of `count` files under `places`, and what else it says. */
static void load_files(int count, const char *rest)
{
    static char text[16384];
    int used = snprintf(text, sizeof(text), "plan: a\nentries:\n  x:\n%s    places: [", rest);

    for (int i = 0; i < count; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s\"file:f%d\"", i > 0 ? ", " : "", i);
    snprintf(text + used, sizeof(text) - (size_t)used, "]\n");
    ck_assert_msg(load(text) == 0, "%s", error.text);
}

static void draw_with(const unsigned char *by)
{
    ck_assert_msg(plan_draw(&plan, by, NOW, &items, &error) == 0, "%s", error.text);
}

static void clear(void)
{
    plan_items_free(&items);
    plan_free(&plan);
}

static bool is_drawn(const struct plan_items *among, const char *key)
{
    for (size_t i = 0; i < among->count; i++)
        if (strcmp(among->list[i].key, key) == 0)
            return true;
    return false;
}

START_TEST(a_place_has_its_keys)
{
    char key[256];

    load_files(2, "    kinds: password\n    density: 2\n");
    draw_with(seed);
    ck_assert_uint_eq(items.count, 4);
    snprintf(key, sizeof(key), "a/x/2/file:%s/f1", folder);
    ck_assert_str_eq(items.list[3].key, key);
    ck_assert_str_eq(items.list[3].kind->name, "password");
    ck_assert_int_eq(items.list[3].at, 0);
    clear();
}
END_TEST

START_TEST(faults_say_where_and_what_to_do)
{
    static const char *const faults[][2] = {
        {"entries: {}", "\"plan\" is missing"},
        {"plan: a", "\"entries\" must hold"},
        {"plan: \"a b\"\nentries: {x: {places: [\"file:f\"], kinds: [password]}}", ":1:7: \"a b\" is no name"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"]}", ":3:6: \"kinds\" is missing"},
        {"plan: a\nentries:\n  x: {kinds: [password]}", ":3:6: no places"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [passwort]}", "did you mean \"password\""},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [password/odd]}", "has no form \"odd\""},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: {password: 0}}", "whole number from 1"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [password], lures: [nope]}", "`sundew lures` lists"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [password], decoy: nope}", "`sundew decoys` lists"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [password], percent: 101}", "from 1 to 100"},
        {"plan: a\nentries:\n  x: {places: [\"fil:f\"], kinds: [password]}", ":3:16: \"fil:f\" is no place"},
        {"plan: a\nentries:\n  x: {places: [\"stdout:x\"], kinds: [password]}", "is no place"},
        {"plan: a\nentries:\n  x: {list: [none.txt], kinds: [password]}", "cannot be opened"},
        {"plan: a\nentries:\n  x: {glob: [\"file:*\"], kinds: [password]}", "only maildir, mbox and git"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [password], at: {until: 2026-01-01}}", "needs \"from\""},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], kinds: [password], at: {from: 2999-01-01}}", "in the past"},
        {"plan: a\nquiet: [sun, mon, tue, wed, thu, fri, sat]\nentries:\n  x: {places: [\"file:f\"], kinds: [password]}",
         "the whole week is quiet"},
        {"plan: a\ndirectory: maildir:x\nentries:\n  x: {places: [\"file:f\"], kinds: [password]}", ":2:12: \"maildir:x\" is "
                                                                                                  "no directory"},
        {"plan: a\ndirectory: ldaps://dc.example\nentries:\n  x: {places: [\"file:f\"], kinds: [password]}", "no account"},
        {"plan: a\nentries:\n  x: {group: cn=a, mailbox: \"maildir:{login}\", kinds: [password]}", "write directory:"},
        {"plan: a\nentries:\n  x: {places: [\"file:f\"], mailbox: \"maildir:{login}\", kinds: [password]}", "go together"},
        {"plan: a\nentries:\n  x: {group: [], mailbox: \"maildir:{login}\", kinds: [password]}", "or a list of names"},
        {"plan: a\nquiet: [\"25:00-26:00\"]\nentries:\n  x: {places: [\"file:f\"], kinds: [password]}", ":2:9:"},
        {"plan: a\nat-once: 17\nentries:\n  x: {places: [\"file:f\"], kinds: [password]}", "from 1 to 16"},
        {"plan: a\npac: 3\nentries:\n  x: {places: [\"file:f\"], kinds: [password]}", "did you mean \"pace\""},
    };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        ck_assert_msg(load(faults[i][0]) == -1, "%s", faults[i][0]);
        ck_assert_msg(strstr(error.text, faults[i][1]) != NULL, "%s\n%s", faults[i][0], error.text);
        plan_free(&plan);
    }
}
END_TEST

START_TEST(another_installation_draws_otherwise)
{
    struct plan_items first;
    size_t same = 0;

    load_files(60, "    kinds: password\n    percent: 50\n");
    draw_with(seed);
    first = items;
    draw_with(seed);
    ck_assert_uint_eq(items.count, 30);
    for (size_t i = 0; i < items.count; i++)
        ck_assert_str_eq(items.list[i].key, first.list[i].key);
    plan_items_free(&items);
    draw_with(other_seed);
    for (size_t i = 0; i < items.count; i++)
        same += is_drawn(&first, items.list[i].key);
    ck_assert_uint_lt(same, 30);
    plan_items_free(&first);
    clear();
}
END_TEST

START_TEST(more_percent_keeps_what_was_drawn)
{
    struct plan_items few;
    struct plan small;

    load_files(61, "    kinds: password\n    percent: 20\n");
    draw_with(seed);
    few = items;
    small = plan;
    ck_assert_uint_eq(few.count, 13); /* 12.2, rounded up */
    load_files(61, "    kinds: password\n    percent: 40\n    density: 2\n");
    draw_with(seed);
    for (size_t i = 0; i < few.count; i++)
        ck_assert(is_drawn(&items, few.list[i].key));
    plan_items_free(&few);
    plan_free(&small);
    clear();
}
END_TEST

START_TEST(limits_cut_the_later_ones_of_a_place_first)
{
    load_files(10, "    kinds: password\n    density: 3\n    most: 12\n");
    draw_with(seed);
    ck_assert_uint_eq(items.count, 12);
    for (size_t i = 0, firsts = 0; i <= items.count; i++) {
        if (i == items.count)
            ck_assert_uint_eq(firsts, 10);
        else
            firsts += items.list[i].index == 1;
    }
    clear();
}
END_TEST

/* Of 400, three of four by weight; and a third kind takes from both, but changes nothing among them. */
START_TEST(kinds_are_mixed_by_weight)
{
    size_t passwords = 0, moved = 0;
    struct plan_items before;
    struct plan small;

    load_files(400, "    kinds: {password: 3, gitlab-token: 1}\n");
    draw_with(seed);
    before = items;
    small = plan;
    for (size_t i = 0; i < items.count; i++)
        passwords += strcmp(items.list[i].kind->name, "password") == 0;
    ck_assert_uint_gt(passwords, 250);
    ck_assert_uint_lt(passwords, 350);
    load_files(400, "    kinds: {password: 3, gitlab-token: 1, url: 1}\n");
    draw_with(seed);
    for (size_t i = 0; i < items.count; i++) {
        bool same = strcmp(items.list[i].kind->name, before.list[i].kind->name) == 0;

        ck_assert(same || strcmp(items.list[i].kind->name, "url") == 0);
        moved += !same;
    }
    ck_assert_uint_gt(moved, 30);
    ck_assert_uint_lt(moved, 130);
    plan_items_free(&before);
    plan_free(&small);
    clear();
}
END_TEST

START_TEST(dates_are_working_hours)
{
    int64_t from, until;

    ck_assert_int_eq(clock_parse("2026-01-05", &from), 0);
    ck_assert_int_eq(clock_parse("2026-03-01", &until), 0);
    load_files(300, "    kinds: password\n    at: {from: 2026-01-05, until: 2026-03-01}\n");
    draw_with(seed);
    for (size_t i = 0; i < items.count; i++) {
        time_t seconds = (time_t)(items.list[i].at / 1000000);
        struct tm when;

        ck_assert_ptr_nonnull(localtime_r(&seconds, &when));
        ck_assert(items.list[i].at >= from && items.list[i].at <= until);
        ck_assert(when.tm_wday != 0 && when.tm_wday != 6);
        ck_assert_int_ge(when.tm_hour * 60 + when.tm_min, 8 * 60 + 30);
        ck_assert_int_lt(when.tm_hour, 18);
    }
    clear();
}
END_TEST

static void make_maildir(const char *name)
{
    static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
    char path[256];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s%s", folder, name, parts[i]);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
}

START_TEST(places_come_from_patterns_and_lists)
{
    char path[256];
    FILE *list;

    make_maildir("one");
    make_maildir("two");
    make_maildir("audit");
    snprintf(path, sizeof(path), "%s/no-mailbox", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/list.txt", folder);
    list = fopen(path, "w");
    ck_assert_ptr_nonnull(list);
    fputs("# people\n\nmaildir:two\tRoe@corp.example\nmaildir:three\r\n", list);
    fclose(list);
    ck_assert_msg(load("plan: a\nexclude: [\"*/aud*\"]\nentries:\n  x:\n    glob: [\"maildir:*\"]\n    list: [list.txt]\n"
                       "    kinds: [password]\n") == 0, "%s", error.text);
    ck_assert_uint_eq(plan.entries[0].place_count, 3);
    snprintf(path, sizeof(path), "maildir:%s/three", folder);
    ck_assert_str_eq(plan.entries[0].places[1].place, path);
    ck_assert_ptr_null(plan.entries[0].places[1].owner);
    ck_assert_str_eq(plan.entries[0].places[2].owner, "Roe@corp.example");
    plan_free(&plan);
}
END_TEST

/* ---- people ---- */

static void check_mailbox(const char *pattern, json_t *person, const char *wanted)
{
    char *place = plan_people_mailbox(pattern, person);

    if (wanted == NULL)
        ck_assert_ptr_null(place);
    else
        ck_assert_str_eq(place, wanted);
    free(place);
    json_decref(person);
}

static json_t *bo(void)
{
    return json_pack("{s:s, s:s, s:s}", "login", "Bo", "mail", "Bo.Lind@corp.example", "name", "Bo Lind");
}

START_TEST(a_person_has_a_mailbox)
{
    check_mailbox("maildir:/var/mail/{login}/Maildir", bo(), "maildir:/var/mail/bo/Maildir");
    check_mailbox("imaps://{mail}@mail.example/Old", bo(), "imaps://bo.lind@corp.example@mail.example/Old");
    check_mailbox("maildir:/m/{login}-{local}", bo(), "maildir:/m/bo-bo.lind");
    check_mailbox("imaps://{login}@m.example", json_pack("{s:s}", "login", "d'o\xc3\xa9%41:x@y"),
                  "imaps://d%27o%C3%A9%2541%3Ax@y@m.example");
}
END_TEST

START_TEST(a_name_chooses_nothing_but_a_mailbox)
{
    static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "../x", "a\\b", "a b", "a\tb", "a#b", "a<b", "\x7f"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_mailbox("maildir:/m/{login}", json_pack("{s:s}", "login", bad[i]), NULL);
        check_mailbox("imaps://{login}@m.example", json_pack("{s:s}", "login", bad[i]), NULL);
    }
    check_mailbox("maildir:/m/{mail}", json_pack("{s:s}", "login", "bo"), NULL);
    check_mailbox("maildir:/m/{local}", json_pack("{s:s}", "mail", "@corp.example"), NULL);
    check_mailbox("maildir:/m/{login}", json_pack("{s:i}", "login", 7), NULL);
    check_mailbox("maildir:/m/{login}", json_null(), NULL);
}
END_TEST

static void load_people(const char *rest)
{
    static struct account account;
    static char *places[] = {NULL};
    char text[1024];

    places[0] = strdup("ldaps://dc.example");
    account = (struct account){.places = places, .place_count = 1};
    configuration.accounts = &account;
    configuration.account_count = 1;
    snprintf(text, sizeof(text), "plan: a\ndirectory: ldaps://dc.example\nentries:\n  x:\n    group: cn=finance\n"
                                 "    mailbox: \"maildir:m/{login}\"\n    kinds: [password]\n%s", rest);
    ck_assert_msg(load(text) == 0, "%s", error.text);
}

static int add(const char *login, const char *name, const char *language)
{
    json_t *person = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s}}", "login", login, "name", name, "mail", "x@y.example",
                               "language", language, "department", "Finance", "manager", "name", "Gil Vane");
    int rc = plan_people_add(&plan, &plan.entries[0], &configuration, plan.root, person, NULL, &error);

    json_decref(person);
    return rc;
}

START_TEST(people_own_their_mailboxes)
{
    const struct plan_place *places;

    load_people("    exclude: [\"*/cy\"]\n");
    ck_assert_int_eq(add("bo", "Bo Lind", "de, fr-CH;q=0.8, en"), 0);
    ck_assert_int_eq(add("cy", "Cy Low", "en"), 0);
    ck_assert_int_eq(add("BO", "Bo Lind", "fr"), 0);
    ck_assert_int_eq(add("a/b", "Al Ray", "en"), 1);
    ck_assert_int_eq(add("al", "Al Ray", "french, english, enx"), 0);
    plan_places_tidy(&plan.entries[0]);
    ck_assert_uint_eq(plan.entries[0].place_count, 2);
    places = plan.entries[0].places;
    ck_assert_str_eq(places[1].owner, "Bo Lind <x@y.example>");
    ck_assert_str_eq(places[1].department, "Finance");
    ck_assert_str_eq(places[1].manager, "Gil Vane");
    ck_assert_str_eq(places[1].language, "fr");
    ck_assert_ptr_null(places[0].language);
    plan_free(&plan);
    free(configuration.accounts[0].places[0]);
}
END_TEST

static int64_t quiet_left(const char *when)
{
    int64_t time;

    ck_assert_int_eq(clock_parse(when, &time), 0);
    return plan_quiet_left(&plan, time / 1000000);
}

START_TEST(quiet_hours_end)
{
    ck_assert_msg(load("plan: a\nquiet: [\"18:00-07:30\", sat, sun]\nentries:\n  x: {places: [\"file:f\"], kinds: "
                       "[password]}") == 0, "%s", error.text);
    ck_assert_int_eq(quiet_left("2026-01-07T12:00:00Z"), 0); /* a Wednesday in Paris, 13:00 */
    ck_assert_int_eq(quiet_left("2026-01-07T17:00:30Z"), 13 * 3600 + 1800 - 30);
    ck_assert_int_eq(quiet_left("2026-01-07T06:29:59Z"), 1);
    ck_assert_int_eq(quiet_left("2026-01-07T06:30:00Z"), 0);
    ck_assert_int_eq(quiet_left("2026-01-09T17:00:00Z"), (2 * 24 + 13) * 3600 + 1800); /* Friday evening */
    plan_free(&plan);
}
END_TEST

START_TEST(a_place_lies_on_a_ground)
{
    static const char *const grounds[][2] = {
        {"imaps://a.b@mail.corp.example:993/Archive/2026", "imaps://a.b@mail.corp.example:993"},
        {"imaps://a.b@mail.corp.example", "imaps://a.b@mail.corp.example"},
        {"graph:a.b@corp.example/Archive", "graph:a.b@corp.example"},
        {"gitlab://git.corp.example/group/app#main", "gitlab://git.corp.example"},
        {"ldaps://dc.corp.example/ou=Old", "ldaps://dc.corp.example"},
        {"git+ssh://git@git.corp.example/srv/app.git#main", "git+ssh://git@git.corp.example/srv/app.git"},
        {"git:/srv/app.git#main", "git:/srv/app.git"},
        {"maildir:/var/mail/a.b/Maildir", "maildir:/var/mail/a.b/Maildir"},
    };

    for (size_t i = 0; i < sizeof(grounds) / sizeof(grounds[0]); i++)
        ck_assert_uint_eq(plan_ground(grounds[i][0]), strlen(grounds[i][1]));
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        a_place_has_its_keys, faults_say_where_and_what_to_do, another_installation_draws_otherwise,
        more_percent_keeps_what_was_drawn, limits_cut_the_later_ones_of_a_place_first, kinds_are_mixed_by_weight,
        dates_are_working_hours, places_come_from_patterns_and_lists, a_person_has_a_mailbox,
        a_name_chooses_nothing_but_a_mailbox, people_own_their_mailboxes, quiet_hours_end,
        a_place_lies_on_a_ground,
    };
    Suite *whole = suite_create("plan");
    TCase *one = tcase_create("plan");

    tcase_add_checked_fixture(one, setup, teardown);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(one, tests[i]);
    suite_add_tcase(whole, one);
    return whole;
}

TEST_MAIN(suite)
