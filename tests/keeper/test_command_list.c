/* SPDX-License-Identifier: ISC
 *
 * Listings and show, in the shapes of DESIGN 8. */
#include <string.h>
#include "tests/keeper/operator.h"
#include "tests/test.h"

static struct operator o;
static char *token;

static void with_sighting(void)
{
    operator_open(&o, true);
    token = operator_mint(&o, "password");
    operator_sighting(&o, token);
}

static void teardown(void)
{
    free(token);
    operator_close(&o);
}

enum type {
    TEXT = JSON_STRING,
    NUMBER = JSON_INTEGER,
    LIST = JSON_ARRAY,
    OBJECT = JSON_OBJECT,
    TIME = 100,
    FLAG,
    MAYBE,
};

static void check_member(const json_t *row, const char *name, int type)
{
    const json_t *value = json_object_get(row, name);

    ck_assert_msg(value != NULL, "no member %s", name);
    if (type == TIME) {
        ck_assert_msg(json_is_string(value), "%s is no time", name);
        ck_assert_msg(strlen(json_string_value(value)) == 27 && json_string_value(value)[26] == 'Z', "%s: %s", name,
                      json_string_value(value));
    } else if (type == FLAG) {
        ck_assert_msg(json_is_boolean(value), "%s is no boolean", name);
    } else if (type != MAYBE) {
        ck_assert_msg((int)json_typeof(value) == type, "%s has type %d", name, json_typeof(value));
    }
}

struct member {
    const char *name;
    int type;
};

static void check_listing(const char *command, const struct member *members)
{
    ck_assert_msg(operator_ask(&o, command, NULL) == 0, "%s: %s", command, o.text);
    ck_assert_msg(o.row_count > 0, "%s is empty", command);
    ck_assert_str_eq(o.rows[0].kind, "row");
    ck_assert_ptr_nonnull(o.rows[0].json);
    for (; members->name != NULL; members++)
        check_member(o.rows[0].json, members->name, members->type);
}

START_TEST(shapes)
{
    static const struct member tokens[] = {{"token", TEXT},  {"kind", TEXT},  {"form", TEXT},       {"identity", TEXT},
                                           {"decoy", TEXT},  {"state", TEXT}, {"placement", MAYBE}, {"minted", TIME},
                                           {"bound", FLAG},  {NULL, 0}};
    static const struct member sightings[] = {
        {"sighting", TEXT}, {"time", TIME},     {"token", TEXT},    {"placement", MAYBE}, {"grade", TEXT},
        {"decoy", TEXT},    {"service", TEXT},  {"source", OBJECT}, {"client", OBJECT},   {"context", LIST},
        {"drill", FLAG},    {"observation", TEXT}, {NULL, 0}};
    static const struct member incidents[] = {{"incident", TEXT}, {"state", TEXT},  {"severity", TEXT}, {"opened", TIME},
                                              {"updated", TIME},  {"tokens", LIST}, {"actors", LIST},   {NULL, 0}};
    static const struct member actors[] = {{"actor", TEXT}, {"address", TEXT}, {"tokens", LIST}, {NULL, 0}};
    static const struct member alerts[] = {
        {"alert", TEXT}, {"incident", TEXT}, {"time", TIME},      {"severity", TEXT}, {"grade", TEXT},
        {"title", TEXT}, {"token", TEXT},    {"placement", MAYBE}, {"sighting", TEXT}, {"deliveries", LIST}, {NULL, 0}};
    static const struct member deliveries[] = {{"delivery", TEXT}, {"alert", TEXT},      {"route", TEXT}, {"state", TEXT},
                                               {"attempts", NUMBER}, {"next", MAYBE}, {NULL, 0}};
    static const struct member routes[] = {{"route", TEXT}, {"format", TEXT}, {"url", TEXT}, {"waiting", NUMBER},
                                           {"dead", NUMBER}, {NULL, 0}};
    static const struct member operations[] = {{"operation", TEXT}, {"time", TIME},    {"who", TEXT},
                                               {"what", TEXT},      {"subject", TEXT}, {"details", OBJECT}, {NULL, 0}};

    check_listing("tokens", tokens);
    check_listing("sightings", sightings);
    ck_assert_str_eq(operator_text(&o, 0, "time"), "2023-11-14T22:13:20.123456Z");
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(o.rows[0].json, "source"), "address")),
                     "192.0.2.7");
    ck_assert_str_eq(operator_text(&o, 0, "token"), token);
    check_listing("incidents", incidents);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(o.rows[0].json, "tokens"), 0)), token);
    check_listing("actors", actors);
    check_listing("alerts", alerts);
    check_member(json_array_get(json_object_get(o.rows[0].json, "deliveries"), 0), "route", TEXT);
    check_listing("deliveries", deliveries);
    check_listing("routes", routes);
    ck_assert_str_eq(operator_text(&o, 0, "url"), "http://127.0.0.1:9/hook");
    check_listing("operations", operations);
    ck_assert_str_eq(operator_text(&o, 0, "what"), "init");
}
END_TEST

START_TEST(an_empty_listing_is_no_fault)
{
    ck_assert_int_eq(operator_ask(&o, "placements", NULL), 0);
    ck_assert_uint_eq(o.row_count, 0);
    ck_assert_int_eq(operator_ask(&o, "tokens", "state", "retired", NULL), 0);
    ck_assert_uint_eq(o.row_count, 0);
}
END_TEST

START_TEST(filters_choose)
{
    char *other = operator_mint(&o, "gitlab-token");

    ck_assert_int_eq(operator_ask(&o, "tokens", "kind", "gitlab-token", NULL), 0);
    ck_assert_uint_eq(o.row_count, 1);
    ck_assert_str_eq(operator_text(&o, 0, "token"), other);
    ck_assert_int_eq(operator_ask(&o, "tokens", "decoy", "gitlab", NULL), 0);
    ck_assert_uint_eq(o.row_count, 2);
    ck_assert_int_eq(operator_ask(&o, "sightings", "token", other, NULL), 0);
    ck_assert_uint_eq(o.row_count, 0);
    ck_assert_int_eq(operator_ask(&o, "sightings", "token", token, "grade", "secret", "since", "2023-11-14", NULL), 0);
    ck_assert_uint_eq(o.row_count, 1);
    ck_assert_int_eq(operator_ask(&o, "alerts", "since", "2024-01-01T00:00:00Z", NULL), 0);
    ck_assert_uint_eq(o.row_count, 0);
    ck_assert_int_eq(operator_ask(&o, "deliveries", "route", "soc", "state", "dead", NULL), 0);
    ck_assert_uint_eq(o.row_count, 1);
    free(other);
}
END_TEST

START_TEST(unknown_values_name_the_allowed)
{
    ck_assert_int_eq(operator_ask(&o, "tokens", "kind", "pasword", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "gitlab-token"));
    ck_assert_int_eq(operator_ask(&o, "tokens", "state", "lost", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "armed, retired"));
    ck_assert_int_eq(operator_ask(&o, "tokens", "decoy", "portal", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "ldap, gitlab"));
    ck_assert_int_eq(operator_ask(&o, "deliveries", "route", "nowhere", NULL), 2);
    ck_assert_ptr_nonnull(strstr(o.text, "soc"));
    ck_assert_int_eq(operator_ask(&o, "sightings", "since", "yesterday", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "sightings", "token", "t-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
}
END_TEST

START_TEST(show_finds_every_letter)
{
    static const char *const listings[][2] = {
        {"tokens", "token"},   {"sightings", "sighting"},   {"incidents", "incident"},  {"actors", "actor"},
        {"alerts", "alert"},   {"deliveries", "delivery"},  {"operations", "operation"},
    };
    char id[ID_TEXT];

    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        ck_assert_int_eq(operator_ask(&o, listings[i][0], NULL), 0);
        (void)snprintf(id, sizeof id, "%s", operator_text(&o, 0, listings[i][1]));
        ck_assert_msg(operator_ask(&o, "show", "id", id, NULL) == 0, "show %s: %s", id, o.text);
        ck_assert_uint_eq(o.row_count, 1);
        ck_assert_str_eq(operator_text(&o, 0, listings[i][1]), id);
    }
    ck_assert_int_eq(operator_ask(&o, "show", "id", token, NULL), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(o.rows[0].json, "sightings")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(o.rows[0].json, "alerts")), 1);
    check_member(json_array_get(json_object_get(o.rows[0].json, "sightings"), 0), "source", OBJECT);
    ck_assert_int_eq(operator_ask(&o, "show", "id", "t-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
    ck_assert_int_eq(operator_ask(&o, "show", "id", "o-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
    ck_assert_int_eq(operator_ask(&o, "show", "id", "q-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 2);
    ck_assert_int_eq(operator_ask(&o, "show", "id", "nothing", NULL), 2);
}
END_TEST

START_TEST(show_an_observation)
{
    operator_sql(&o, "INSERT INTO observation (seq, id, time, decoy, service, source, port, flow, context, presented,"
                     " matched, digest, link) SELECT observation, observation_id, time, decoy, service, source, port,"
                     " x'', CAST('{\"http\":{}}' AS BLOB), x'', x'', randomblob(32), randomblob(32) FROM sighting");
    ck_assert_int_eq(operator_ask(&o, "sightings", NULL), 0);
    {
        char id[ID_TEXT];

        (void)snprintf(id, sizeof id, "%s", operator_text(&o, 0, "observation"));
        ck_assert_msg(operator_ask(&o, "show", "id", id, NULL) == 0, "%s", o.text);
        ck_assert_str_eq(operator_text(&o, 0, "observation"), id);
        check_member(o.rows[0].json, "client", OBJECT);
        check_member(o.rows[0].json, "presented", LIST);
        ck_assert_uint_eq(json_array_size(json_object_get(o.rows[0].json, "sightings")), 1);
    }
}
END_TEST

/* A use that was answered may not have been derived yet. In the second round it stays so: a flood. */
START_TEST(waits_for_what_is_behind)
{
    int64_t *durable = &o.keeper.observer.durable.sequence;

    ++*durable;
    operator_send(&o, "sightings", NULL);
    operator_turn(&o, 1);
    commands_derived(o.keeper.control, true);
    operator_turn(&o, 1);
    ck_assert_uint_eq(o.row_count, 0);
    ck_assert(!o.done);
    *durable -= _i == 0;
    for (int i = 0; i < (_i == 0 ? 1 : 3); i++)
        commands_derived(o.keeper.control, false);
    ck_assert_int_eq(operator_wait(&o), 0);
    ck_assert_uint_gt(o.row_count, 0);
    *durable -= _i != 0;
}
END_TEST

START_TEST(watch_shows_what_comes)
{
    operator_send(&o, "watch", NULL);
    operator_turn(&o, 1);
    ck_assert_uint_eq(o.row_count, 1); /* behind which sighting it begins */
    ck_assert_str_eq(o.rows[0].kind, "behind");
    operator_sighting(&o, token);
    commands_derived(o.keeper.control, true);
    operator_turn(&o, 2);
    ck_assert_uint_eq(o.row_count, 2);
    operator_sighting(&o, token);
    operator_sighting(&o, token);
    commands_derived(o.keeper.control, true);
    operator_turn(&o, 4);
    ck_assert_uint_eq(o.row_count, 4);
    ck_assert(!o.done);
    ck_assert_str_eq(operator_text(&o, 3, "token"), token);
}
END_TEST

START_TEST(watch_begins_behind_a_sighting)
{
    char first[ID_TEXT];

    ck_assert_int_eq(operator_ask(&o, "sightings", NULL), 0);
    (void)snprintf(first, sizeof first, "%s", operator_text(&o, 0, "sighting"));
    operator_sighting(&o, token);
    operator_send(&o, "watch", "after", first, NULL);
    operator_turn(&o, 2);
    ck_assert_uint_gt(o.row_count, 0);
    for (size_t i = 0; i < o.row_count; i++)
        ck_assert_str_ne(operator_text(&o, i, "sighting"), first);
    ck_assert(!o.done);
}
END_TEST

START_TEST(watch_knows_no_such_sighting)
{
    ck_assert_int_ne(operator_ask(&o, "watch", "after", "s-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 0);
    ck_assert_msg(strstr(o.text, "sighting") != NULL, "%s", o.text);
}
END_TEST

START_TEST(retire_is_idempotent)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(operator_ask(&o, "retire", "token", token, NULL), 0);
        ck_assert_str_eq(operator_text(&o, 0, "state"), "retired");
    }
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'retire'"), 1);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM token WHERE retired IS NOT NULL"), 1);
}
END_TEST

START_TEST(replay_makes_due)
{
    char id[ID_TEXT];

    ck_assert_int_eq(operator_ask(&o, "deliveries", NULL), 0);
    (void)snprintf(id, sizeof id, "%s", operator_text(&o, 0, "delivery"));
    ck_assert_msg(operator_ask(&o, "replay", "delivery", id, NULL) == 0, "%s", o.text);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "waiting");
    ck_assert_int_eq(json_integer_value(json_object_get(o.rows[0].json, "attempts")), 9);
    check_member(o.rows[0].json, "next", TIME);
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'replay'"), 1);
    ck_assert_int_eq(operator_ask(&o, "replay", "delivery", "d-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
}
END_TEST

START_TEST(ack_notes_and_closes)
{
    char id[ID_TEXT];

    ck_assert_int_eq(operator_ask(&o, "incidents", NULL), 0);
    (void)snprintf(id, sizeof id, "%s", operator_text(&o, 0, "incident"));
    ck_assert_int_eq(operator_ask(&o, "ack", "incident", id, "note", "looking", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "open");
    ck_assert_str_eq(operator_text(&o, 0, "note"), "looking");
    ck_assert_int_eq(operator_ask(&o, "ack", "incident", id, "verdict", "confirmed", NULL), 0);
    ck_assert_str_eq(operator_text(&o, 0, "state"), "closed");
    ck_assert_str_eq(operator_text(&o, 0, "note"), "looking");
    ck_assert_int_eq(operator_number(&o, "SELECT count(*) FROM operation WHERE what = 'ack'"), 2);
    ck_assert_int_eq(operator_ask(&o, "ack", "incident", "i-aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL), 3);
}
END_TEST

START_TEST(audit_finds_a_changed_operation)
{
    char head[128];

    /* The fixture's sighting has no observation: as if the chain's tail had been cut. */
    ck_assert_int_eq(operator_ask(&o, "audit", NULL), 1);
    ck_assert_ptr_nonnull(strstr(o.text, "observation"));
    operator_sql(&o, "DELETE FROM delivery; DELETE FROM alert; DELETE FROM fold; DELETE FROM sighting");
    ck_assert_int_eq(operator_ask(&o, "audit", NULL), 0);
    ck_assert_uint_eq(o.row_count, 2);
    ck_assert_str_eq(operator_text(&o, 0, "chain"), "observation");
    ck_assert_str_eq(operator_text(&o, 1, "chain"), "operation");
    check_member(o.rows[1].json, "rows", NUMBER);
    check_member(o.rows[1].json, "ok", FLAG);
    (void)snprintf(head, sizeof head, "%s", operator_text(&o, 0, "head"));
    ck_assert_ptr_nonnull(strchr(head, ':'));
    ck_assert_int_eq(operator_ask(&o, "audit", "anchor", "1:zz", NULL), 2);
    operator_sql(&o, "UPDATE operation SET who = 'nobody' WHERE seq = 1");
    ck_assert_int_eq(operator_ask(&o, "audit", NULL), 1);
    ck_assert(json_is_false(json_object_get(o.rows[1].json, "ok")));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("command_list");
    TCase *t = tcase_create("listings");

    tcase_add_checked_fixture(t, with_sighting, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, shapes);
    tcase_add_test(t, an_empty_listing_is_no_fault);
    tcase_add_test(t, filters_choose);
    tcase_add_test(t, unknown_values_name_the_allowed);
    tcase_add_test(t, show_finds_every_letter);
    tcase_add_test(t, show_an_observation);
    tcase_add_loop_test(t, waits_for_what_is_behind, 0, 2);
    tcase_add_test(t, watch_shows_what_comes);
    tcase_add_test(t, watch_begins_behind_a_sighting);
    tcase_add_test(t, watch_knows_no_such_sighting);
    tcase_add_test(t, retire_is_idempotent);
    tcase_add_test(t, replay_makes_due);
    tcase_add_test(t, ack_notes_and_closes);
    tcase_add_test(t, audit_finds_a_changed_operation);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
