/* SPDX-License-Identifier: ISC */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "tests/keeper/world.h"
#include "tests/test.h"

#define SECRET "Kx7-vale.harbour-91"

static const struct login right = {"svc-ostrava-7q", SECRET};
static const struct login wrong = {"svc-ostrava-7q", "Kx7-vale.harbour-92"};
static const struct login second = {"svc-tulln-3k", "other-Secret-5512"};

static struct world *world;

static void set_up(void)
{
    struct token_result one = world_password(right.identity, right.secret);
    struct token_result other = world_password(second.identity, second.secret);

    world = world_new(1 << 30, 600);
    world_mint(world, &one, "gitlab");
    world_mint(world, &other, "gitlab");
}

static void tear_down(void)
{
    world_free(world);
}

static int see(const struct login *login, const char *address, int64_t now)
{
    struct observation observation = world_login(login, address, now);

    return world_see(world, &observation, now);
}

static int64_t alerts(void)
{
    return world_number(world, "SELECT count(*) FROM alert");
}

static json_t *last_record(void)
{
    char *text = world_text(world, "SELECT record FROM alert ORDER BY number DESC LIMIT 1");
    json_t *record = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(record != NULL, "%s", text);
    free(text);
    return record;
}

static const char *member(json_t *record, const char *one, const char *two)
{
    json_t *value = json_object_get(record, one);

    if (two != NULL)
        value = json_object_get(value, two);
    ck_assert_msg(json_is_string(value), "%s.%s", one, two != NULL ? two : "");
    return json_string_value(value);
}

START_TEST(noise_makes_nothing)
{
    const struct login nobody = {"nobody", "nothing"};

    ck_assert_int_eq(see(&nobody, "203.0.113.5", WORLD_NOW), 0);
    ck_assert_int_eq(alerts(), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM sighting"), 0);
    ck_assert_int_eq(derive_backlog(&world->derivation), 0);
}
END_TEST

START_TEST(a_first_use_alerts_at_once)
{
    json_t *record;
    char *text;

    ck_assert_int_eq(see(&right, "203.0.113.5", WORLD_NOW), 1);
    ck_assert_int_eq(alerts(), 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE due = 1 AND rank = 0"), 2);
    record = last_record();
    ck_assert_str_eq(member(record, "activity", NULL), "create");
    ck_assert_str_eq(member(record, "severity", NULL), "critical");
    ck_assert_str_eq(member(record, "grade", NULL), "secret");
    ck_assert_str_eq(member(record, "token", "identity"), right.identity);
    ck_assert_str_eq(member(record, "sighting", "found_in"), "Authorization: Basic");
    ck_assert_str_eq(member(record, "source", "address"), "203.0.113.5");
    ck_assert_str_eq(member(record, "installation", "organisation"), "Example Rail");
    ck_assert(json_is_null(json_object_get(record, "placement")));
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(record, "chain"), "sequence")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(record, "sequence")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json_object_get(record, "client"), "http"),
                                                       "method")), "POST");
    json_decref(record);
    text = world_text(world, "SELECT group_concat(record) FROM alert");
    ck_assert_ptr_null(strstr(text, SECRET));
    free(text);
}
END_TEST

START_TEST(what_is_new_alerts_at_once)
{
    see(&wrong, "203.0.113.5", WORLD_NOW);
    ck_assert_int_eq(alerts(), 1);
    see(&right, "203.0.113.5", WORLD_NOW + 1); /* a higher grade */
    ck_assert_int_eq(alerts(), 2);
    see(&right, "203.0.113.6", WORLD_NOW + 2); /* a new actor */
    ck_assert_int_eq(alerts(), 3);
    see(&second, "203.0.113.6", WORLD_NOW + 3); /* another token's first use */
    ck_assert_int_eq(alerts(), 4);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM incident"), 1);
    ck_assert_int_eq(world_number(world, "SELECT severity = 'critical' FROM incident"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM alert WHERE activity = 'create'"), 1);
    json_t *record = last_record();
    ck_assert_uint_eq(json_array_size(json_object_get(record, "others")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(record, "actor"), "tokens")), 2);
    json_decref(record);
}
END_TEST

START_TEST(unrelated_sightings_open_incidents_of_their_own)
{
    see(&right, "203.0.113.5", WORLD_NOW);
    see(&second, "203.0.113.6", WORLD_NOW);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM incident"), 2);
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "UPDATE incident SET state = 'closed'", NULL, NULL, NULL), 0);
    see(&right, "203.0.113.5", WORLD_NOW + 5);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM incident"), 3);
    ck_assert_int_eq(alerts(), 3);
}
END_TEST

START_TEST(the_same_folds_into_updates)
{
    int64_t now = WORLD_NOW;
    json_t *record;
    int i;

    for (i = 0; i < 5; i++)
        see(&right, "203.0.113.5", now + i);
    ck_assert_int_eq(alerts(), 1);
    ck_assert(!derive_due(&world->derivation, now + 59 * 1000000));
    world_derive(world, now + WORLD_MINUTE - 1);
    ck_assert_int_eq(alerts(), 1);
    ck_assert(derive_due(&world->derivation, now + WORLD_MINUTE));
    world_derive(world, now + WORLD_MINUTE);
    ck_assert_int_eq(alerts(), 2);
    record = last_record();
    ck_assert_str_eq(member(record, "activity", NULL), "update");
    ck_assert_int_eq(json_integer_value(json_object_get(record, "count")), 4);
    json_decref(record);
    now += WORLD_MINUTE;
    see(&right, "203.0.113.5", now + 1);
    world_derive(world, now + 10 * WORLD_MINUTE - 1);
    ck_assert_int_eq(alerts(), 2);
    world_derive(world, now + 10 * WORLD_MINUTE);
    ck_assert_int_eq(alerts(), 3);
    now += 10 * WORLD_MINUTE;
    see(&right, "203.0.113.5", now + 1);
    world_derive(world, now + WORLD_HOUR - 1);
    ck_assert_int_eq(alerts(), 3);
    world_derive(world, now + WORLD_HOUR);
    ck_assert_int_eq(alerts(), 4);
    now += WORLD_HOUR;
    see(&right, "203.0.113.5", now + 3 * WORLD_HOUR); /* long quiet: told at once */
    ck_assert_int_eq(alerts(), 5);
}
END_TEST

START_TEST(a_clock_set_back_holds_nothing_up)
{
    see(&right, "203.0.113.5", WORLD_NOW);
    see(&right, "203.0.113.5", WORLD_NOW + 1);
    world_derive(world, WORLD_NOW - 24 * WORLD_HOUR);
    ck_assert_int_eq(alerts(), 2);
}
END_TEST

START_TEST(a_flood_becomes_one_update_a_minute)
{
    char address[32];
    json_t *record;
    int i;

    for (i = 0; i < 50; i++) {
        snprintf(address, sizeof address, "198.51.100.%d", i);
        see(&right, address, WORLD_NOW + i);
    }
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR);
    world_derive(world, WORLD_NOW + WORLD_MINUTE + 30);
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR + 1);
    record = last_record();
    ck_assert_uint_eq(json_array_size(json_object_get(record, "folded")), 20);
    ck_assert_int_eq(json_integer_value(json_object_get(record, "count")), 20);
    json_decref(record);
    for (i = 50; i < 60; i++) {
        snprintf(address, sizeof address, "198.51.100.%d", i);
        see(&right, address, WORLD_NOW + WORLD_MINUTE + 40);
    }
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR + 1);
    world_derive(world, WORLD_NOW + 2 * WORLD_MINUTE + 40);
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR + 2);
    see(&right, "192.0.2.1", WORLD_NOW + 2 * WORLD_HOUR);
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR + 3);
}
END_TEST

static void see_alone(uint8_t part, const char *value, const char *address, int64_t now)
{
    struct observation observation = world_observation("gitlab", address, now);

    world_present(&observation, part, 0, value);
    ck_assert_int_eq(world_see(world, &observation, now), 1);
}

static void expect_told_by(const char *grade, int64_t now)
{
    json_t *record;

    world_derive(world, now);
    record = last_record();
    ck_assert_uint_gt(json_array_size(json_object_get(record, "folded")), 1);
    ck_assert_str_eq(member(record, "grade", NULL), grade);
    json_decref(record);
}

/* Whatever came last. */
START_TEST(a_flood_is_told_by_its_gravest)
{
    struct token_result key = world_password("svc-brno-4d", "-----BEGIN x-----");
    const struct login login = {"svc-brno-4d", "-----BEGIN x-----"};
    struct buffer facts;
    char address[32];

    buffer_init(&facts, FACTS_BYTES);
    fact_add(&facts, FACT_PUBLIC, "fingerprint", slice_of("9f86d081884c7d65"));
    fact_add(&facts, FACT_ADDRESS, "slug", slice_of("xk29vbn3"));
    key.facts = buffer_slice(&facts);
    world_mint(world, &key, "gitlab");
    for (int i = 0; i < DERIVE_ALERTS_HOUR; i++) {
        snprintf(address, sizeof address, "198.51.100.%d", i);
        see(&login, address, WORLD_NOW + i);
    }
    see_alone(CANDIDATE_PUBLIC, "9f86d081884c7d65", "192.0.2.1", WORLD_NOW + 100);
    see_alone(CANDIDATE_IDENTITY, "svc-brno-4d", "192.0.2.2", WORLD_NOW + 101);
    see_alone(CANDIDATE_EITHER, "xk29vbn3", "192.0.2.3", WORLD_NOW + 102);
    expect_told_by("key-offered", WORLD_NOW + WORLD_MINUTE + 200);
    see_alone(CANDIDATE_IDENTITY, "svc-brno-4d", "192.0.2.4", WORLD_NOW + WORLD_MINUTE + 300);
    see_alone(CANDIDATE_EITHER, "xk29vbn3", "192.0.2.5", WORLD_NOW + WORLD_MINUTE + 301);
    expect_told_by("identity", WORLD_NOW + 3 * WORLD_MINUTE);
    buffer_free(&facts);
}
END_TEST

static void expect_words(const char *title, const char *certainty)
{
    json_t *record = last_record();

    ck_assert_msg(strstr(member(record, "title", NULL), title) != NULL, "%s", member(record, "title", NULL));
    ck_assert_msg(strstr(member(record, "certainty", NULL), certainty) != NULL, "%s", member(record, "certainty", NULL));
    json_decref(record);
}

/* An address that was fetched is no theft, and a name alone no wrong secret. */
START_TEST(titles_say_no_more_than_was_seen)
{
    struct token_result key = world_password("svc-brno-4d", "-----BEGIN x-----");
    struct buffer facts;

    buffer_init(&facts, FACTS_BYTES);
    fact_add(&facts, FACT_PUBLIC, "fingerprint", slice_of("9f86d081884c7d65"));
    fact_add(&facts, FACT_ADDRESS, "slug", slice_of("xk29vbn3"));
    key.facts = buffer_slice(&facts);
    world_mint(world, &key, "gitlab");
    see_alone(CANDIDATE_EITHER, "xk29vbn3", "192.0.2.1", WORLD_NOW);
    world_derive(world, WORLD_NOW);
    expect_words("password fetched at gitlab", "low: an address");
    see_alone(CANDIDATE_IDENTITY, "svc-brno-4d", "192.0.2.1", WORLD_NOW + 1);
    world_derive(world, WORLD_NOW + 1);
    expect_words("password identity named without its secret at gitlab", "high: an identity");
    see_alone(CANDIDATE_PUBLIC, "9f86d081884c7d65", "192.0.2.1", WORLD_NOW + 2);
    world_derive(world, WORLD_NOW + 2);
    expect_words("password offered without a proof at gitlab", "high: the public half");
    buffer_free(&facts);
}
END_TEST

START_TEST(a_long_list_comes_in_pages)
{
    char address[64];
    json_t *record;
    int i;

    for (i = 0; i < 300; i++) {
        snprintf(address, sizeof address, "2001:db8:%x::1", i);
        see(&right, address, WORLD_NOW + i);
    }
    world_derive(world, WORLD_NOW + 2 * WORLD_MINUTE);
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR + 3);
    record = last_record();
    ck_assert_uint_eq(json_array_size(json_object_get(record, "folded")), 300 - DERIVE_ALERTS_HOUR - 2 * DERIVE_LISTED);
    ck_assert_int_eq(json_integer_value(json_object_get(record, "count")), 300 - DERIVE_ALERTS_HOUR - 2 * DERIVE_LISTED);
    json_decref(record);
    world_derive(world, WORLD_NOW + 4 * WORLD_MINUTE);
    ck_assert_int_eq(alerts(), DERIVE_ALERTS_HOUR + 3);
}
END_TEST

START_TEST(a_flood_of_one_token_holds_up_no_other)
{
    struct observation observation;
    int i;

    for (i = 0; i < 10 * DERIVE_SIGHTINGS; i++) {
        observation = world_login(&right, "203.0.113.5", WORLD_NOW);
        world_add(world, &observation);
    }
    observation = world_login(&second, "203.0.113.6", WORLD_NOW);
    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    ck_assert_int_gt(world_derive(world, WORLD_NOW), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM alert a JOIN token t ON t.number = a.token "
                                  "WHERE t.identity = 'svc-tulln-3k'"), 1);
    ck_assert_int_gt(derive_backlog(&world->derivation), 8 * DERIVE_SIGHTINGS);
    while (derive_backlog(&world->derivation) > 0)
        ck_assert_int_ge(world_derive(world, WORLD_NOW), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM sighting"), 10 * DERIVE_SIGHTINGS + 1);
    ck_assert_int_eq(alerts(), 2);
}
END_TEST

START_TEST(deriving_again_changes_nothing)
{
    char *before, *after;

    see(&right, "203.0.113.5", WORLD_NOW);
    before = world_text(world, "SELECT hex(s.id) || hex(a.id) FROM sighting s, alert a");
    world->derivation.watermark = 0;
    ck_assert_int_eq(world_derive(world, WORLD_NOW), 0);
    ck_assert_int_eq(alerts(), 1);
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "DELETE FROM delivery; DELETE FROM alert; DELETE FROM fold; "
                                  "DELETE FROM sighting; DELETE FROM incident; DELETE FROM actor; "
                                  "UPDATE token SET uses = 0", NULL, NULL, NULL), 0);
    world->derivation.watermark = 0;
    ck_assert_int_eq(world_derive(world, WORLD_NOW + 5), 1);
    after = world_text(world, "SELECT hex(s.id) || hex(a.id) FROM sighting s, alert a");
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

/* All that is derived, but for the records' texts. */
static char *derived(void)
{
    return world_text(
        world,
        "SELECT group_concat(line, char(10)) FROM ("
        "SELECT json_array(number, hex(id), observation, token, actor, incident, grade) AS line FROM sighting "
        "UNION ALL SELECT json_array(incident, token, actor, grade, first_seen, last_seen, count, unsent, sent, step, "
        "next, sighting) FROM fold UNION ALL SELECT json_array(number, hex(id), first_seen, last_seen, sightings, "
        "incident) FROM actor UNION ALL SELECT json_array(number, hex(id), severity, opened, updated, hour_alerts) FROM "
        "incident UNION ALL SELECT json_array(number, hex(id), incident, sighting, activity, grade) FROM alert)");
}

START_TEST(what_is_counted_together_is_as_one_by_one)
{
    const struct login *const logins[] = {&right, &right, &right, &wrong, &right, &second, &second, &wrong, &wrong};
    char *together, *single;
    int64_t last;

    for (int i = 0; i < DERIVE_SIGHTINGS; i++) {
        const struct login *login = logins[i % 9];
        const char *address = i < 20 || i % 7 < 5 ? "203.0.113.5" : "203.0.113.6";
        struct observation observation = world_login(login, address, WORLD_NOW + i * 7 % 11);

        world_add(world, &observation);
    }
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    ck_assert_int_eq(world_derive(world, WORLD_NOW), DERIVE_SIGHTINGS);
    together = derived();
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "DELETE FROM delivery; DELETE FROM alert; DELETE FROM fold; "
                                  "DELETE FROM sighting; UPDATE token SET incident = NULL, uses = 0; "
                                  "DELETE FROM incident; "
                                  "DELETE FROM actor", NULL, NULL, NULL), 0);
    last = world->observer.durable.sequence;
    world->derivation.watermark = 0;
    for (int64_t seq = 1; seq <= last; seq++) {
        world->observer.durable.sequence = seq;
        ck_assert_int_eq(world_derive(world, WORLD_NOW), 1);
    }
    single = derived();
    ck_assert_str_eq(together, single);
    free(together);
    free(single);
}
END_TEST

START_TEST(a_start_derives_what_is_behind)
{
    int i;

    for (i = 0; i < 200; i++) {
        struct observation observation = world_login(&right, "203.0.113.5", WORLD_NOW + i);

        world_add(world, &observation);
    }
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    world_restart(world);
    ck_assert_int_eq(derive_backlog(&world->derivation), 200);
    ck_assert_int_eq(derive_behind(&world->derivation, WORLD_NOW, &world->error), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM sighting"), 200);
    ck_assert_int_eq(alerts(), 1);
    world_restart(world);
    ck_assert_int_eq(derive_backlog(&world->derivation), 0);
}
END_TEST

START_TEST(context_raises_and_explains)
{
    char *text;

    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "UPDATE token SET state = 'retired', expires = 1", NULL, NULL,
                                  NULL), 0);
    see(&right, "203.0.113.5", WORLD_NOW);
    ck_assert_int_eq(alerts(), 1);
    text = world_text(world, "SELECT context FROM sighting");
    ck_assert_str_eq(text, "[\"retired\",\"expired\",\"not-planted\"]");
    free(text);
}
END_TEST

START_TEST(weak_secrets_are_high)
{
    struct token_result weak = world_password("svc-weak-9", "Summer2026!");
    const struct login login = {"svc-weak-9", "Summer2026!"};
    json_t *record;

    weak.secret_bits = 30;
    world_mint(world, &weak, "gitlab");
    see(&login, "203.0.113.5", WORLD_NOW);
    record = last_record();
    ck_assert_str_eq(member(record, "severity", NULL), "high");
    json_decref(record);
    ck_assert_int_eq(world_number(world, "SELECT instr(context, 'guessable') > 0 FROM sighting"), 1);
}
END_TEST

START_TEST(near_misses_say_how_near)
{
    json_t *record, *near;

    see(&wrong, "203.0.113.5", WORLD_NOW);
    record = last_record();
    ck_assert_str_eq(member(record, "severity", NULL), "high");
    near = json_object_get(json_object_get(record, "sighting"), "near");
    ck_assert_int_eq(json_integer_value(json_object_get(near, "distance")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(near, "length")), strlen(SECRET));
    json_decref(record);
}
END_TEST

START_TEST(hostile_context_stays_out_of_the_record)
{
    struct observation observation = world_login(&right, "203.0.113.5", WORLD_NOW);
    json_t *record;

    observation.context = slice_of("{\"a\":1},\"grade\":\"noise\",\"x\":{");
    world_see(world, &observation, WORLD_NOW);
    record = last_record();
    ck_assert_str_eq(member(record, "grade", NULL), "secret");
    ck_assert_uint_eq(json_object_size(json_object_get(record, "client")), 0);
    json_decref(record);
}
END_TEST

START_TEST(no_length_of_texts_stops_alerts)
{
    json_t *record;

    ck_assert(sqlite3_exec(world->ledger.db,
                           "UPDATE token SET memo = replace(hex(zeroblob(8000)), '0', char(1)), "
                           "owner = replace(hex(zeroblob(8000)), '0', '\"')", NULL, NULL, NULL) == SQLITE_OK);
    ck_assert_msg(see(&right, "203.0.113.5", WORLD_NOW) == 1, "%s", world->error.text);
    record = last_record();
    ck_assert_uint_eq(strlen(member(record, "token", "memo")), 200);
    ck_assert_str_eq(member(record, "token", "identity"), right.identity);
    json_decref(record);
}
END_TEST

START_TEST(the_placement_is_told)
{
    json_t *record;

    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "INSERT INTO placement (id, token, place, location, lure, meta, "
                                  "state, planted) VALUES (zeroblob(16), 1, 'git:/srv/app.git', "
                                  "'{\"path\":\"deploy/.env\",\"line\":7}', 'rotate', '{}', 'there', 1)", NULL, NULL,
                                  NULL), 0);
    see(&right, "203.0.113.5", WORLD_NOW);
    record = last_record();
    ck_assert_str_eq(member(record, "placement", "place"), "git:/srv/app.git");
    ck_assert_int_eq(json_integer_value(json_object_get(
                         json_object_get(json_object_get(record, "placement"), "where"), "line")), 7);
    json_decref(record);
}
END_TEST

START_TEST(earlier_observations_are_counted)
{
    const struct login nobody = {"nobody", "nothing"};
    json_t *record;
    int i;

    for (i = 0; i < 4; i++)
        see(&nobody, "203.0.113.5", WORLD_NOW + i);
    see(&right, "203.0.113.5", WORLD_NOW + 10);
    record = last_record();
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(json_object_get(record, "source"), "earlier"),
                                                        "observations")), 4);
    json_decref(record);
}
END_TEST

START_TEST(a_failing_route_is_told_on_the_others)
{
    json_t *record;

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_int_eq(derive_route_alert(&world->derivation, "soc", 4, "connection \"refused\"", WORLD_NOW,
                                        &world->error), 0);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE route = 'siem'"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE route = 'soc'"), 0);
    record = last_record();
    ck_assert_str_eq(member(record, "type", NULL), "route");
    ck_assert_str_eq(member(record, "route", "name"), "soc");
    json_decref(record);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        noise_makes_nothing, a_first_use_alerts_at_once, what_is_new_alerts_at_once,
        unrelated_sightings_open_incidents_of_their_own, the_same_folds_into_updates,
        a_clock_set_back_holds_nothing_up, a_flood_becomes_one_update_a_minute, a_flood_is_told_by_its_gravest,
        titles_say_no_more_than_was_seen,
        a_long_list_comes_in_pages, a_flood_of_one_token_holds_up_no_other,
        deriving_again_changes_nothing, what_is_counted_together_is_as_one_by_one, a_start_derives_what_is_behind,
        context_raises_and_explains,
        weak_secrets_are_high, near_misses_say_how_near, hostile_context_stays_out_of_the_record,
        no_length_of_texts_stops_alerts,
        the_placement_is_told, earlier_observations_are_counted, a_failing_route_is_told_on_the_others};
    Suite *s = suite_create("derive");
    TCase *t = tcase_create("derive");
    size_t i;

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 60);
    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
