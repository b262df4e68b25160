/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "server/keeper/leap.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

#define SECOND 1000000LL
#define HOUR (3600 * SECOND)
#define KEPT (730 * 24 * HOUR)

/* What the courier was handed. */
struct sent {
    struct id id;
    char route[16];
    uint32_t attempt;
    int64_t number; /* the alert's */
};

struct carrier {
    struct sent items[256];
    size_t count, refuse_after;
};

static struct world *world;
static struct carrier carrier;
static int64_t now, monotonic;

static void set_up(void)
{
    world = world_new(1 << 30, 600);
    memset(&carrier, 0, sizeof carrier);
    carrier.refuse_after = sizeof carrier.items / sizeof *carrier.items;
    now = WORLD_NOW;
    monotonic = 0;
}

static void tear_down(void)
{
    world_free(world);
}

static int on_send(const struct delivery *delivery, void *context)
{
    struct carrier *to = context;
    struct sent *sent = &to->items[to->count];

    if (to->count == to->refuse_after)
        return -1;
    sent->id = delivery->id;
    sent->attempt = delivery->attempt;
    snprintf(sent->route, sizeof sent->route, "%.*s", (int)delivery->route.length,
             (const char *)delivery->route.data);
    if (sscanf((const char *)delivery->record.data, "{\"n\":%lld", (long long *)&sent->number) != 1)
        sent->number = 0; /* an alert about a route */
    to->count++;
    return 0;
}

static size_t dispatch(void)
{
    const struct outbox_send send = {on_send, &carrier};

    carrier.count = 0;
    ck_assert_int_eq(outbox_dispatch(&world->outbox, &send, &world->error), 0);
    return carrier.count;
}

static void run(const char *sql)
{
    ck_assert_msg(sqlite3_exec(world->ledger.db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world->ledger.db));
}

/* An alert with one delivery on `route`. */
static void alert(const char *route, enum severity severity)
{
    char sql[1024];

    snprintf(sql, sizeof sql,
             "INSERT INTO alert (id, time, type, activity, severity, grade, title, record) VALUES (randomblob(16), 0, "
             "'sighting', 'create', '%s', 'secret', '', ''); "
             "UPDATE alert SET record = '{\"n\":' || number || '}' WHERE number = last_insert_rowid(); "
             "INSERT INTO delivery (id, alert, route, rank, state, next, deadline, made) VALUES (randomblob(16), "
             "(SELECT max(number) FROM alert), '%s', %d, 'waiting', %lld, %lld, 0)",
             severity_name(severity), route, (int)severity, (long long)now,
             (long long)(world->derivation.running + DERIVE_KEPT_US));
    run(sql);
}

static void answer(size_t index, enum outcome_result result, uint32_t retry_after)
{
    struct outcome outcome = {carrier.items[index].id, (uint8_t)result, result == OUTCOME_DELIVERED ? 200 : 503,
                              retry_after, slice_of("the receiver said 503")};

    outbox_running(&world->outbox, monotonic);
    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_msg(outbox_outcome(&world->outbox, &outcome, now, &world->error) == 0, "%s", world->error.text);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    outbox_settle(&world->outbox, true);
}

static int promote(void)
{
    int count;

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    count = outbox_promote(&world->outbox, now, &world->error);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    return count;
}

START_TEST(waits_follow_the_schedule)
{
    static const int expected_s[] = {2, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 3600};
    size_t i;

    for (i = 0; i < sizeof expected_s / sizeof *expected_s; i++) {
        int64_t least = outbox_wait((int64_t)i + 1, false, 0, 0), most = outbox_wait((int64_t)i + 1, false, 0, 1000);

        ck_assert_int_eq(least, expected_s[i] * SECOND * 8 / 10);
        ck_assert_int_eq(most, expected_s[i] * SECOND * 12 / 10);
        ck_assert_int_le(outbox_wait((int64_t)i + 1, true, 0, 1000), 60 * SECOND);
    }
    ck_assert_int_eq(outbox_wait(1, false, 120, 0), 120 * SECOND);
    ck_assert_int_eq(outbox_wait(1, true, 120, 0), 120 * SECOND);
    ck_assert_int_eq(outbox_wait(1, true, 86400, 0), 600 * SECOND);
    ck_assert_int_eq(outbox_wait(1, false, 86400, 0), 3600 * SECOND);
    ck_assert_int_eq(outbox_wait(9, false, 10, 0), 1800 * SECOND * 8 / 10);
}
END_TEST

START_TEST(worst_first_then_newest)
{
    alert("soc", SEVERITY_HIGH);
    alert("soc", SEVERITY_CRITICAL);
    alert("soc", SEVERITY_LOW);
    alert("soc", SEVERITY_CRITICAL);
    alert("soc", SEVERITY_HIGH);
    ck_assert_uint_eq(dispatch(), OUTBOX_FLIGHT);
    ck_assert_int_eq(carrier.items[0].number, 4);
    ck_assert_int_eq(carrier.items[1].number, 2);
    ck_assert_int_eq(carrier.items[2].number, 5);
    ck_assert_int_eq(carrier.items[3].number, 1);
    ck_assert_uint_eq(dispatch(), 0);
}
END_TEST

START_TEST(delivered_is_done)
{
    alert("soc", SEVERITY_CRITICAL);
    dispatch();
    ck_assert_uint_eq(carrier.items[0].attempt, 1);
    answer(0, OUTCOME_DELIVERED, 0);
    ck_assert_int_eq(world_number(world, "SELECT state = 'delivered' AND attempts = 1 FROM delivery"), 1);
    ck_assert_uint_eq(dispatch(), 0);
    ck_assert_int_eq(world_number(world, "SELECT succeeded IS NOT NULL FROM route WHERE name = 'soc'"), 1);
    answer(0, OUTCOME_AGAIN, 0); /* a late second word changes nothing */
    ck_assert_int_eq(world_number(world, "SELECT state = 'delivered' FROM delivery"), 1);
}
END_TEST

START_TEST(a_failing_one_blocks_no_other)
{
    int i;

    for (i = 0; i < 6; i++)
        alert("soc", SEVERITY_CRITICAL);
    alert("siem", SEVERITY_LOW);
    ck_assert_uint_eq(dispatch(), OUTBOX_FLIGHT + 1); /* the other route is not held up */
    for (i = 0; i < OUTBOX_FLIGHT; i++)
        answer((size_t)i, OUTCOME_AGAIN, 0);
    ck_assert_uint_eq(dispatch(), 2 + 1); /* and the alert about this route, on the other */
    ck_assert_int_eq(carrier.items[0].number, 2);
    alert("soc", SEVERITY_CRITICAL);
    ck_assert_uint_eq(dispatch(), 1);
}
END_TEST

START_TEST(retries_until_72_hours_of_running)
{
    int tries = 0;

    alert("soc", SEVERITY_HIGH);
    world->outbox.routes[1].name = "other"; /* no route alerts in this test */
    world->configuration.route_count = 1;
    while (world_number(world, "SELECT state = 'waiting' FROM delivery") == 1) {
        ck_assert_uint_eq(dispatch(), 1);
        ck_assert_uint_eq(carrier.items[0].attempt, ++tries);
        answer(0, OUTCOME_AGAIN, 0);
        ck_assert_uint_eq(dispatch(), 0);
        now += 75 * 60 * SECOND;
        monotonic += 75 * 60 * SECOND;
        promote();
        ck_assert_int_lt(tries, 100);
    }
    ck_assert_int_eq(tries, 72 * 60 / 75 + 1 + 1);
    ck_assert_int_eq(world_number(world, "SELECT state = 'dead' FROM delivery"), 1);
    ck_assert_uint_eq(world->outbox.dead, 1);
}
END_TEST

START_TEST(running_time_outlives_a_restart)
{
    alert("soc", SEVERITY_HIGH);
    ck_assert_int_eq(outbox_save(&world->outbox, 71 * 3600 * SECOND, &world->error), 0);
    now += 3000 * 3600 * SECOND; /* switched off for long */
    world_restart(world);
    dispatch();
    monotonic = 1800 * SECOND;
    answer(0, OUTCOME_AGAIN, 0);
    ck_assert_int_eq(world_number(world, "SELECT state = 'waiting' FROM delivery"), 1);
    now += 3600 * SECOND;
    monotonic = 3601 * SECOND;
    promote();
    dispatch();
    answer(0, OUTCOME_AGAIN, 0);
    ck_assert_int_eq(world_number(world, "SELECT state = 'dead' FROM delivery WHERE route = 'soc'"), 1);
}
END_TEST

START_TEST(a_start_makes_all_due)
{
    alert("soc", SEVERITY_HIGH);
    dispatch();
    answer(0, OUTCOME_AGAIN, 3000);
    ck_assert_uint_eq(dispatch(), 0);
    world_restart(world);
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_uint_eq(carrier.items[0].attempt, 2);
}
END_TEST

START_TEST(a_first_success_makes_all_due)
{
    alert("soc", SEVERITY_HIGH);
    alert("soc", SEVERITY_HIGH);
    dispatch();
    answer(0, OUTCOME_AGAIN, 3000);
    answer(1, OUTCOME_AGAIN, 3000);
    ck_assert_uint_eq(dispatch(), 0);
    alert("soc", SEVERITY_HIGH);
    ck_assert_uint_eq(dispatch(), 1);
    answer(0, OUTCOME_DELIVERED, 0);
    ck_assert_uint_eq(dispatch(), 2);
}
END_TEST

START_TEST(a_route_that_keeps_failing_is_alerted_once)
{
    int i;

    alert("soc", SEVERITY_CRITICAL);
    for (i = 0; i < 8; i++) {
        carrier.count = 0;
        dispatch();
        ck_assert_uint_ge(carrier.count, 1);
        ck_assert_str_eq(carrier.items[0].route, "soc");
        answer(0, OUTCOME_AGAIN, 0);
        ck_assert_int_eq(world_number(world, "SELECT count(*) FROM alert WHERE type = 'route'"), i + 1 >= OUTBOX_ALARM);
        run("UPDATE alert SET record = '{\"n\":0}' WHERE type = 'route'");
        now += 120 * SECOND;
        promote();
    }
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE route = 'siem'"), 1);
    dispatch();
    answer(0, OUTCOME_DELIVERED, 0);
    ck_assert_int_eq(world_number(world, "SELECT failures + alerted FROM route WHERE name = 'soc'"), 0);
}
END_TEST

START_TEST(a_refusal_is_alerted_at_once)
{
    alert("soc", SEVERITY_CRITICAL);
    dispatch();
    answer(0, OUTCOME_REFUSED, 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM alert WHERE type = 'route'"), 1);
    ck_assert_int_eq(world_number(world, "SELECT state = 'waiting' FROM delivery WHERE route = 'soc'"), 1);
}
END_TEST

START_TEST(a_dead_courier_loses_nothing)
{
    alert("soc", SEVERITY_CRITICAL);
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_uint_eq(dispatch(), 0);
    outbox_courier_gone(&world->outbox);
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_uint_eq(carrier.items[0].attempt, 1);
}
END_TEST

START_TEST(a_full_courier_loses_nothing)
{
    alert("soc", SEVERITY_CRITICAL);
    alert("soc", SEVERITY_CRITICAL);
    carrier.refuse_after = 1;
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_uint_eq(dispatch(), 0);
}
END_TEST

START_TEST(a_clock_set_back_holds_nothing_up)
{
    alert("soc", SEVERITY_HIGH);
    dispatch();
    answer(0, OUTCOME_AGAIN, 0);
    now -= 48 * 3600 * SECOND;
    ck_assert(outbox_ripe(&world->outbox, now));
    ck_assert_int_eq(promote(), 1);
    ck_assert_uint_eq(dispatch(), 1);
}
END_TEST

/* How many are chained whose details say so. */
static int64_t leaps(const char *what, int number)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM operation WHERE what = 'clock' AND details ->> '$.%s' = %d", what,
             number);
    return world_number(world, sql);
}

/* A delivery waits for its next try, and the clock is looked at. */
static void wait_watched(struct leap *leap)
{
    leap_init(leap, KEPT);
    ck_assert_int_eq(leap_look(leap, now, monotonic), 0);
    alert("soc", SEVERITY_CRITICAL);
    dispatch();
    answer(0, OUTCOME_AGAIN, 0);
}

/* By less than any wait: nothing in what stands there tells. */
START_TEST(a_clock_set_back_a_little_holds_nothing_up)
{
    struct leap leap;
    int64_t by = -1800 * SECOND;

    wait_watched(&leap);
    ck_assert_int_eq(leap_look(&leap, now + SECOND, monotonic), 0); /* as clocks are set by */
    ck_assert_int_eq(leap_look(&leap, now, monotonic), 0);
    now += by;
    ck_assert(!outbox_ripe(&world->outbox, now));
    ck_assert_int_eq(leap_look(&leap, now, monotonic), by);
    ck_assert_int_eq(leap_take(&leap, &world->outbox, &world->keyring, by, now, monotonic, &world->error), 0);
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_int_eq(leap_look(&leap, now, monotonic), 0);
    ck_assert_int_eq(leaps("seconds", -1800), 1);
}
END_TEST

/* As when the disk was full. */
START_TEST(a_leap_that_could_not_be_taken_is_found_again)
{
    struct leap leap;
    int64_t by = -1800 * SECOND;

    wait_watched(&leap);
    now += by;
    ck_assert_int_eq(leap_look(&leap, now, monotonic), by);
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "PRAGMA query_only = 1", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(leap_take(&leap, &world->outbox, &world->keyring, by, now, monotonic, &world->error), -1);
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, "PRAGMA query_only = 0", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_uint_eq(dispatch(), 0);
    ck_assert_int_eq(leap_look(&leap, now, monotonic), by);
    ck_assert_int_eq(leap_take(&leap, &world->outbox, &world->keyring, by, now, monotonic, &world->error), 0);
    ck_assert_uint_eq(dispatch(), 1);
}
END_TEST

START_TEST(replays)
{
    struct id unknown = id_random();

    alert("soc", SEVERITY_HIGH);
    dispatch();
    answer(0, OUTCOME_DELIVERED, 0);
    ck_assert_int_eq(outbox_replay(&world->outbox, unknown, now, monotonic, &world->error), 1);
    ck_assert_int_eq(outbox_replay(&world->outbox, carrier.items[0].id, now, monotonic, &world->error), 0);
    ck_assert_uint_eq(dispatch(), 1);
    ck_assert_uint_eq(carrier.items[0].attempt, 2);
}
END_TEST

static int hand_over(void)
{
    int result;

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    result = outbox_hand_over(&world->outbox, now, &world->error);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    return result;
}

START_TEST(what_waits_for_a_removed_route_goes_to_the_others)
{
    alert("old", SEVERITY_LOW);
    alert("old", SEVERITY_CRITICAL);
    alert("older", SEVERITY_HIGH);
    alert("soc", SEVERITY_HIGH);
    run("UPDATE delivery SET attempts = 3 WHERE number = 2");
    run("INSERT INTO delivery (id, alert, route, rank, state, next, deadline, made) "
        "SELECT randomblob(16), 3, 'siem', 1, 'delivered', 0, 0, 0");
    ck_assert_int_eq(hand_over(), 0);
    ck_assert_uint_eq(dispatch(), 4 + 2);
    ck_assert_int_eq(carrier.items[0].number, 2);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE state = 'dead' AND route LIKE 'old%' AND "
                                         "text LIKE 'the configuration has no route%'"), 3);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE state = 'waiting'"), 6);
    ck_assert_int_eq(hand_over(), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery"), 10);
}
END_TEST

START_TEST(without_routes_all_keeps_waiting)
{
    alert("old", SEVERITY_LOW);
    world->outbox.route_count = 0;
    ck_assert_int_eq(hand_over(), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE state = 'waiting'"), 1);
}
END_TEST

START_TEST(nothing_is_replayed_to_a_removed_route)
{
    struct id id;
    sqlite3_stmt *statement;

    alert("old", SEVERITY_LOW);
    statement = ledger_statement(&world->ledger, "SELECT id FROM delivery", &world->error);
    ck_assert_int_eq(ledger_step(&world->ledger, statement, &world->error), 1);
    id = ledger_column_id(statement, 0);
    sqlite3_reset(statement);
    ck_assert_int_eq(outbox_replay(&world->outbox, id, now, monotonic, &world->error), 2);
}
END_TEST

static int beat(void)
{
    int64_t before = world_number(world, "SELECT coalesce(min(number), 0) FROM alert WHERE number < 0");

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_msg(outbox_beat(&world->outbox, now, &world->error) == 0, "%s", world->error.text);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    ck_assert(!outbox_beat_due(&world->outbox, now));
    return world_number(world, "SELECT coalesce(min(number), 0) FROM alert WHERE number < 0") != before;
}

/* One at most, to the route that wants it, and outside the alerts' sequence. */
START_TEST(heartbeats_replace_each_other)
{
    char *text;

    ck_assert(!outbox_beat_due(&world->outbox, now));
    world->routes[0].heartbeat_s = 3600;
    alert("soc", SEVERITY_HIGH);
    ck_assert(outbox_beat_due(&world->outbox, now));
    ck_assert_int_eq(beat(), 1);
    text = world_text(world, "SELECT json_extract(record, '$.sequence', '$.heartbeat.waiting', '$.chain.sequence', '$.type')"
                             " FROM alert WHERE number < 0");
    ck_assert_str_eq(text, "[1,1,0,\"heartbeat\"]");
    free(text);
    ck_assert_uint_eq(dispatch(), 2);
    now += 2 * WORLD_HOUR;
    ck_assert_int_eq(beat(), 0); /* the first one waits */
    answer(1, OUTCOME_DELIVERED, 0);
    ck_assert(outbox_beat_due(&world->outbox, now));
    ck_assert_int_eq(beat(), 0); /* in the first one's place */
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM alert WHERE type = 'heartbeat'"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM delivery WHERE alert < 0 AND state = 'waiting'"), 1);
    alert("soc", SEVERITY_HIGH);
    ck_assert_int_eq(world_number(world, "SELECT max(number) FROM alert"), 2);
}
END_TEST

START_TEST(a_clock_set_back_stops_no_heartbeat)
{
    world->routes[0].heartbeat_s = 60;
    ck_assert_int_eq(beat(), 1);
    dispatch();
    answer(0, OUTCOME_DELIVERED, 0);
    ck_assert(!outbox_beat_due(&world->outbox, now + 59 * SECOND));
    ck_assert(outbox_beat_due(&world->outbox, now + 60 * SECOND));
    ck_assert(outbox_beat_due(&world->outbox, now - 3600 * SECOND));
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        waits_follow_the_schedule, heartbeats_replace_each_other,
        a_clock_set_back_stops_no_heartbeat, worst_first_then_newest, delivered_is_done, a_failing_one_blocks_no_other,
        retries_until_72_hours_of_running, running_time_outlives_a_restart, a_start_makes_all_due,
        a_first_success_makes_all_due, a_route_that_keeps_failing_is_alerted_once, a_refusal_is_alerted_at_once,
        a_dead_courier_loses_nothing, a_full_courier_loses_nothing, a_clock_set_back_holds_nothing_up,
        a_clock_set_back_a_little_holds_nothing_up,
        a_leap_that_could_not_be_taken_is_found_again, replays,
        what_waits_for_a_removed_route_goes_to_the_others, without_routes_all_keeps_waiting,
        nothing_is_replayed_to_a_removed_route};
    Suite *s = suite_create("outbox");
    TCase *t = tcase_create("outbox");
    size_t i;

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
