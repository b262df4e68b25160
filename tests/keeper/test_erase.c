/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/keeper/checkpoint.h"
#include "server/keeper/erase.h"
#include "server/keeper/leap.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

#define DAY (24 * WORLD_HOUR)
#define NOISE_KEPT (30 * DAY)
#define EVIDENCE_KEPT (730 * DAY)
#define STEPS 100000

static const struct login right = {"svc-ostrava-7q", "Kx7-vale.harbour-91"};
static const struct login strange = {"xvc-ostrava-7q", "Kx7-vale.harbour-92"};

static struct world *world;
static struct eraser eraser;
static int64_t now, monotonic;

static void set_up(void)
{
    struct token_result token = world_password(right.identity, right.secret);

    world = world_new(1 << 30, 600);
    world_mint(world, &token, "gitlab");
    world->configuration.retention_noise_s = NOISE_KEPT / 1000000;
    world->configuration.retention_observations_s = EVIDENCE_KEPT / 1000000;
    eraser_init(&eraser, &world->derivation, &world->configuration);
    now = WORLD_NOW;
    monotonic = WORLD_MINUTE;
}

static void tear_down(void)
{
    world_free(world);
}

/* ---- what happens ---- */

static void come(const struct login *login, const char *address, const char *agent)
{
    struct observation observation = world_login(login, address, now);
    char context[200];

    snprintf(context, sizeof context, "{\"http\":{\"user_agent\":\"%s\"}}", agent);
    observation.context = slice_of(context);
    world_see(world, &observation, now);
}

static void come_often(const struct login *login, int count)
{
    for (int i = 0; i < count; i++) {
        struct observation observation = world_login(login, "198.51.100.77", now);

        world_add(world, &observation);
    }
    ck_assert_int_eq(world_take(world, now), 0);
    world_derive(world, now);
}

static void run(const char *sql)
{
    ck_assert_msg(sqlite3_exec(world->ledger.db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world->ledger.db));
}

static void deliver(void)
{
    run("UPDATE delivery SET state = 'delivered', text = 'thanks for 203.0.113.99'");
}

static void pass(int64_t time)
{
    now += time;
    monotonic += time;
}

/* A running keeper looks at the clock again and again. */
static bool due(void)
{
    eraser_due(&eraser, now, monotonic);
    pass(2 * DAY);
    return eraser_due(&eraser, now, monotonic);
}

static int step(void)
{
    int result = eraser_step(&eraser, monotonic, &world->error);

    ck_assert_msg(result >= 0, "%s", world->error.text);
    return result;
}

/* 2 when something was erased. */
static int sweep(void)
{
    int result = 1;

    ck_assert(due());
    for (int i = 0; i < STEPS && result == 1; i++)
        result = step();
    ck_assert_int_ne(result, 1);
    if (result == 2)
        ck_assert_int_eq(ledger_settle(&world->ledger, &world->error), 0);
    return result;
}

/* ---- what is looked for ---- */

static bool file_holds(const char *name, const void *bytes, size_t count)
{
    static char content[64 << 20];
    char path[128];
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        return false;
    length = fread(content, 1, sizeof content, file);
    fclose(file);
    ck_assert_uint_lt(length, sizeof content);
    return memmem(content, length, bytes, count) != NULL;
}

static bool ledger_holds(const char *text)
{
    return file_holds("ledger.db", text, strlen(text)) || file_holds("ledger.db-wal", text, strlen(text));
}

static bool ledger_holds_address(const char *text)
{
    struct address address;

    ck_assert_int_eq(address_parse(text, &address), 0);
    return file_holds("ledger.db", &address, sizeof address) || file_holds("ledger.db-wal", &address, sizeof address);
}

static void expect_chains(int64_t observations)
{
    struct chain_fault fault;
    struct chain end;

    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OBSERVATION, NULL, &end, &fault, &world->error),
                     0);
    ck_assert_msg(fault.sequence == 0, "%s", fault.text);
    ck_assert_int_eq(end.sequence, observations);
    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OPERATION, NULL, &end, &fault, &world->error), 0);
    ck_assert_msg(fault.sequence == 0, "%s", fault.text);
}

static void expect_broken(void)
{
    struct chain_fault fault;
    struct chain end;

    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OPERATION, NULL, &end, &fault, &world->error), 0);
    ck_assert_int_ne(fault.sequence, 0);
}

static void expect(const char *sql, int64_t number)
{
    ck_assert_msg(world_number(world, sql) == number, "%s: %lld", sql, (long long)world_number(world, sql));
}

/* ---- tests ---- */

START_TEST(noise_goes_first)
{
    int64_t bytes;

    come(&strange, "203.0.113.5", "Scanner-old/1");
    come(&right, "203.0.113.6", "Thief-old/1");
    come(&strange, "203.0.113.6", "Thief-old/2");
    deliver();
    bytes = world->observer.noise_bytes;
    pass(NOISE_KEPT + WORLD_HOUR);
    come(&strange, "203.0.113.7", "Scanner-new/1");
    ck_assert_int_eq(sweep(), 2);
    expect("SELECT count(*) FROM observation WHERE flow IS NULL AND length(source) = 0 AND context IS NULL AND "
           "presented IS NULL AND erased > time", 2);
    expect("SELECT count(*) FROM observation WHERE flow IS NOT NULL AND erased IS NULL", 2);
    expect("SELECT count(*) FROM noise", 2); /* the actor's and the new one */
    expect("SELECT count(*) FROM sighting WHERE length(source) = 16 AND erased IS NULL", 1);
    expect("SELECT count(*) FROM actor WHERE erased IS NULL", 1);
    ck_assert(!ledger_holds("Scanner-old/1"));
    ck_assert(!ledger_holds_address("203.0.113.5"));
    ck_assert(!ledger_holds("Thief-old/2"));
    ck_assert(ledger_holds("Thief-old/1"));
    ck_assert(ledger_holds("Scanner-new/1"));
    ck_assert_int_lt(world->observer.noise_bytes, 2 * bytes);
    bytes = world->observer.noise_bytes;
    expect_chains(4);
    world_restart(world);
    ck_assert_int_eq(world->observer.noise_bytes, bytes);
}
END_TEST

START_TEST(evidence_goes_when_it_is_old)
{
    come(&right, "203.0.113.6", "Thief-old/1");
    run("UPDATE incident SET state = 'closed'");
    deliver();
    pass(EVIDENCE_KEPT);
    come(&right, "203.0.113.8", "Thief-new/1");
    deliver();
    ck_assert_int_eq(sweep(), 2);
    ck_assert(!ledger_holds("Thief-old/1"));
    ck_assert(!ledger_holds("203.0.113.6"));
    ck_assert(!ledger_holds_address("203.0.113.6"));
    ck_assert(ledger_holds_address("203.0.113.8"));
    ck_assert(ledger_holds("Thief-new/1"));
    ck_assert(ledger_holds("203.0.113.8"));
    expect("SELECT count(*) FROM sighting WHERE length(source) = 0 AND client = '{}' AND port = 0 AND grade = 'secret' "
           "AND token = 1 AND erased IS NOT NULL", 1);
    expect("SELECT count(*) FROM alert WHERE record = 'null' AND title LIKE 'Planted password used at gitlab (erased on "
           "20__-__-__)'", 1);
    expect("SELECT count(*) FROM delivery WHERE text IS NULL AND state = 'delivered'", 2);
    expect("SELECT count(*) FROM actor WHERE length(address) = 0 AND length(prefix) <> 16", 1);
    expect_chains(2);
    /* Whoever comes again is somebody new, and alerts. */
    run("UPDATE incident SET state = 'closed'");
    come(&right, "203.0.113.6", "Thief-again/1");
    expect("SELECT count(*) FROM actor", 3);
    expect("SELECT count(*) FROM alert", 3);
}
END_TEST

START_TEST(what_is_still_needed_stays)
{
    come(&right, "203.0.113.6", "Thief-waits/1");
    pass(EVIDENCE_KEPT);
    sweep();
    ck_assert(ledger_holds("Thief-waits/1")); /* nobody was told */
    expect("SELECT count(*) FROM alert WHERE erased IS NULL", 1);
    expect("SELECT count(*) FROM sighting WHERE erased IS NULL", 0);
    deliver();
    sweep();
    ck_assert(ledger_holds("Thief-waits/1")); /* the open incident's last alert */
    run("UPDATE incident SET state = 'closed'");
    ck_assert_int_eq(sweep(), 2);
    ck_assert(!ledger_holds("Thief-waits/1"));
    expect("SELECT count(*) FROM alert WHERE erased IS NULL", 0);
}
END_TEST

static void acknowledge(const char *details)
{
    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_int_eq(operation_add(&world->ledger, &world->keyring, slice_of("root"), slice_of("ack"), slice_of("i-x"),
                                   slice_of(details), &world->error), 0);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
}

/* Operations have this machine's time. */
START_TEST(notes_go_with_the_evidence)
{
    now = clock_wall();
    come(&right, "203.0.113.6", "Thief/1");
    deliver();
    acknowledge("{\"note\":\"Ann-saw-198.51.100.7\"}");
    acknowledge("{\"verdict\":\"true-positive\"}");
    run("UPDATE incident SET note = 'Ann-saw-198.51.100.7'");
    pass(EVIDENCE_KEPT - 10 * DAY);
    sweep();
    ck_assert(ledger_holds("Ann-saw-198.51.100.7"));
    pass(20 * DAY);
    sweep();
    expect("SELECT count(*) FROM incident WHERE note IS NOT NULL", 1); /* it is open */
    expect("SELECT count(*) FROM operation WHERE details LIKE '%Ann-saw%'", 0);
    run("UPDATE incident SET state = 'closed'");
    sweep();
    ck_assert(!ledger_holds("Ann-saw-198.51.100.7"));
    expect("SELECT count(*) FROM operation WHERE details = '{\"verdict\":\"true-positive\"}'", 1);
    expect_chains(1);
    run("UPDATE operation SET details = '{\"verdict\":\"nothing\"}' WHERE details LIKE '%verdict%'");
    expect_broken();
}
END_TEST

/* The second use waits to be told in an update: what that tells must be there still. */
START_TEST(an_update_can_be_told)
{
    char *record;

    world->configuration.retention_observations_s = 1;
    eraser_init(&eraser, &world->derivation, &world->configuration);
    come(&right, "203.0.113.6", "Thief/1");
    come(&right, "203.0.113.6", "Thief/2");
    eraser_due(&eraser, now, monotonic);
    pass(50 * 1000000);
    ck_assert(eraser_due(&eraser, now, monotonic));
    while (step() == 1)
        ;
    expect("SELECT count(*) FROM sighting WHERE erased IS NULL", 2);
    pass(WORLD_MINUTE);
    world_derive(world, now);
    expect("SELECT count(*) FROM alert", 2);
    record = world_text(world, "SELECT record FROM alert ORDER BY number DESC LIMIT 1");
    ck_assert_ptr_nonnull(strstr(record, "203.0.113.6"));
    free(record);
    ck_assert(eraser_due(&eraser, now, monotonic));
    while (step() == 1)
        ;
    expect("SELECT count(*) FROM sighting WHERE erased IS NULL", 0);
}
END_TEST

START_TEST(the_oldest_are_dropped_behind_a_checkpoint)
{
    struct checkpoint checkpoint;
    struct chain_fault fault;
    struct chain end, anchor;

    come_often(&strange, 300);
    anchor = world->observer.chain;
    come_often(&right, 3);
    run("UPDATE incident SET state = 'closed'");
    deliver();
    pass(EVIDENCE_KEPT);
    come(&strange, "203.0.113.8", "Scanner-new/1");
    ck_assert_int_eq(sweep(), 2);
    expect("SELECT count(*) FROM observation", 1);
    ck_assert_int_eq(checkpoint_load(&world->ledger, &world->keyring, &checkpoint, &world->error), 0);
    ck_assert_int_eq(checkpoint.chain.sequence, 303);
    expect_chains(304);
    world_restart(world);
    come(&right, "203.0.113.9", "Thief-new/1");
    expect_chains(305);
    expect("SELECT max(seq) FROM observation", 305);
    /* An anchor at the checkpoint can be compared. */
    anchor.sequence = 303;
    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OBSERVATION, &anchor, &end, &fault,
                                 &world->error), 0);
    ck_assert_int_eq(fault.sequence, 303);
    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OBSERVATION, &checkpoint.chain, &end, &fault,
                                 &world->error), 0);
    ck_assert_int_eq(fault.sequence, 0);
}
END_TEST

static void expect_fault(const char *sql, const char *text)
{
    struct chain_fault fault;
    struct chain end;

    run(sql);
    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OBSERVATION, NULL, &end, &fault, &world->error),
                     0);
    ck_assert_int_ne(fault.sequence, 0);
    ck_assert_msg(strstr(fault.text, text) != NULL, "%s", fault.text);
}

START_TEST(a_prefix_that_another_cut_is_seen)
{
    come_often(&strange, 100);
    pass(EVIDENCE_KEPT);
    come_often(&strange, 20);
    sweep();
    expect("SELECT seq FROM checkpoint", 100);
    run("CREATE TEMP TABLE kept AS SELECT * FROM checkpoint");
    expect_fault("UPDATE checkpoint SET seq = 101; DELETE FROM observation WHERE seq = 101", "no keeper made");
    expect_fault("UPDATE checkpoint SET head = (SELECT link FROM observation WHERE seq = 110), seq = 110;"
                 " DELETE FROM observation WHERE seq <= 110", "no keeper made");
    expect_fault("DELETE FROM checkpoint", "is missing");
    expect_fault("INSERT INTO checkpoint SELECT * FROM kept", "is missing");
}
END_TEST

START_TEST(a_changed_row_is_not_dropped)
{
    come_often(&strange, 100);
    run("UPDATE observation SET digest = randomblob(32) WHERE seq = 70");
    pass(EVIDENCE_KEPT);
    come_often(&strange, 20);
    sweep();
    expect("SELECT min(seq) FROM observation", 65); /* the step before was whole */
    expect("SELECT count(*) FROM observation WHERE flow IS NULL", 36);
}
END_TEST

START_TEST(a_clock_that_leapt_is_not_believed)
{
    come(&right, "203.0.113.6", "Thief/1");
    deliver();
    ck_assert(!eraser_due(&eraser, now, monotonic));
    monotonic += WORLD_HOUR - WORLD_MINUTE / 2;
    now += WORLD_HOUR - WORLD_MINUTE / 2;
    ck_assert(!eraser_due(&eraser, now, monotonic));
    pass(WORLD_MINUTE / 2);
    ck_assert(eraser_due(&eraser, now, monotonic));
    ck_assert(!eraser_due(&eraser, now + 100 * EVIDENCE_KEPT, monotonic));
    ck_assert(!eraser_due(&eraser, now, monotonic)); /* and back: from here on */
    pass(WORLD_MINUTE / 2);
    ck_assert(!eraser_due(&eraser, now, monotonic));
    pass(WORLD_HOUR);
    ck_assert(eraser_due(&eraser, now, monotonic));
    ck_assert_int_eq(sweep(), 0);
    expect("SELECT count(*) FROM operation WHERE what = 'erase'", 0);
}
END_TEST

/* Nor one that is wrong by years for weeks: see leap.h. */
START_TEST(nothing_is_erased_for_a_leap_in_doubt)
{
    struct leap leap;
    int64_t by = 10 * EVIDENCE_KEPT;

    leap_init(&leap, EVIDENCE_KEPT);
    leap_look(&leap, now, monotonic);
    come(&right, "203.0.113.6", "Thief/1");
    come_often(&strange, 5);
    deliver();
    now += by;
    ck_assert_int_eq(leap_look(&leap, now, monotonic), by);
    ck_assert_int_eq(leap_take(&leap, &world->outbox, &world->keyring, by, now, monotonic, &world->error), 0);
    for (int i = 0; i < 4; i++) {
        pass(7 * DAY);
        leap_look(&leap, now, monotonic);
        if (eraser_due(&eraser, leap_believed(&leap, now), monotonic))
            while (step() == 1)
                ;
    }
    ck_assert_int_ne(eraser.swept, 0);
    expect("SELECT count(*) FROM observation WHERE flow IS NULL", 0);
    expect("SELECT count(*) FROM sighting WHERE erased IS NOT NULL", 0);
    expect("SELECT count(*) FROM operation WHERE what = 'erase'", 0);
}
END_TEST

/* Rows that were written while the clock was years ahead do not hold up the others. */
START_TEST(rows_of_a_clock_that_was_ahead_go_with_the_next)
{
    come_often(&strange, 10);
    now += 10 * EVIDENCE_KEPT;
    come_often(&strange, 200);
    now -= 10 * EVIDENCE_KEPT;
    come_often(&strange, 10);
    pass(NOISE_KEPT);
    come_often(&strange, 10);
    sweep();
    expect("SELECT count(*) FROM observation WHERE flow IS NULL", 220);
    expect_chains(230);
}
END_TEST

/* As a kill between two steps. */
START_TEST(a_sweep_that_was_cut_short_goes_on)
{
    char *details;
    int count = 0;

    come_often(&strange, 200);
    come_often(&right, 1);
    pass(NOISE_KEPT);
    ck_assert(due());
    while (world_number(world, "SELECT count(*) FROM observation WHERE flow IS NULL") < 100 && count++ < STEPS)
        ck_assert_int_eq(step(), 1);
    world_restart(world);
    eraser_init(&eraser, &world->derivation, &world->configuration);
    expect("SELECT count(*) FROM operation", 0);
    expect_chains(201);
    ck_assert_int_eq(sweep(), 2);
    expect("SELECT count(*) FROM observation WHERE flow IS NULL", 200);
    expect("SELECT count(*) FROM operation WHERE what = 'erase' AND who = 'sundewd'", 1);
    details = world_text(world, "SELECT details FROM operation");
    ck_assert_msg(strstr(details, "\"noise\":200,") != NULL, "%s", details);
    ck_assert_msg(strstr(details, "\"evidence\":0,") != NULL, "%s", details);
    free(details);
    ck_assert_int_eq(sweep(), 0);
    expect("SELECT count(*) FROM operation", 1);
}
END_TEST

START_TEST(what_is_not_derived_stays)
{
    struct observation observation = world_login(&right, "203.0.113.6", now);

    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, now), 0);
    pass(EVIDENCE_KEPT);
    ck_assert_int_eq(sweep(), 2); /* its counter */
    expect("SELECT count(*) FROM observation WHERE flow IS NOT NULL", 1);
    ck_assert_int_eq(world_derive(world, now), 1);
    expect("SELECT count(*) FROM alert", 1);
}
END_TEST

START_TEST(an_erased_alert_is_not_replayed)
{
    struct id id;

    come(&right, "203.0.113.6", "Thief/1");
    deliver();
    run("UPDATE incident SET state = 'closed'");
    pass(EVIDENCE_KEPT);
    sweep();
    memset(&id, 7, sizeof id);
    run("UPDATE delivery SET id = x'07070707070707070707070707070707' WHERE number = 1");
    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_int_eq(outbox_replay(&world->outbox, id, now, monotonic, &world->error), 3);
    ledger_rollback(&world->ledger);
    expect("SELECT count(*) FROM delivery WHERE state = 'waiting'", 0);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        noise_goes_first, evidence_goes_when_it_is_old, what_is_still_needed_stays, notes_go_with_the_evidence,
        an_update_can_be_told,
        the_oldest_are_dropped_behind_a_checkpoint, a_prefix_that_another_cut_is_seen, a_changed_row_is_not_dropped,
        a_clock_that_leapt_is_not_believed, nothing_is_erased_for_a_leap_in_doubt,
        rows_of_a_clock_that_was_ahead_go_with_the_next,
        a_sweep_that_was_cut_short_goes_on, what_is_not_derived_stays, an_erased_alert_is_not_replayed,
    };
    Suite *s = suite_create("erase");
    TCase *t = tcase_create("erase");
    size_t i;

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_set_timeout(t, 120);
    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
