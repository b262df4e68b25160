/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include "tests/keeper/world.h"
#include "tests/test.h"

#define ROW_SIZE                                                                                                       \
    "length(id)+length(matched)+length(digest)+length(link)+length(source)+length(decoy)+length(service)+"           \
    "length(flow)+length(presented)+length(context)"

static const struct login right = {"svc-ostrava-7q", "Kx7-vale.harbour-91"};
static const struct login wrong = {"svc-ostrava-7q", "Kx7-vale.harbour-92"};
static const struct login strange = {"xvc-ostrava-7q", "Kx7-vale.harbour-92"};

static struct world *world;

static void set_up_with(int64_t bytes, int64_t source)
{
    struct token_result token = world_password(right.identity, right.secret);

    world = world_new(bytes, source);
    world_mint(world, &token, "gitlab");
}

static void set_up(void)
{
    set_up_with(1 << 30, 600);
}

static void set_up_small(void)
{
    set_up_with(1 << 30, 3);
}

static void tear_down(void)
{
    world_free(world);
}

static void take(const struct login *login, const char *address)
{
    struct observation observation = world_login(login, address, WORLD_NOW);

    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
}

START_TEST(rows_are_equal_in_size)
{
    take(&right, "203.0.113.5");
    take(&wrong, "203.0.113.5");
    take(&strange, "203.0.113.5");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 3);
    ck_assert_int_eq(world_number(world, "SELECT count(DISTINCT " ROW_SIZE ") FROM observation"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation WHERE matched = zeroblob(128)"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count FROM noise"), 3);
    ck_assert_int_eq(world_number(world, "SELECT kept FROM noise"), 1);
}
END_TEST

START_TEST(verdicts_are_due_for_presentations_only)
{
    struct observation with = world_login(&wrong, "203.0.113.5", WORLD_NOW);
    struct observation without = world_observation("gitlab", "203.0.113.5", WORLD_NOW);
    unsigned char garbage[] = {0, MESSAGE_OBSERVATION, 1, 2, 3};

    with.ticket = 77;
    world_add(world, &with);
    world_add(world, &without);
    ck_assert_int_eq(batch_add(&world->batch, (struct slice){garbage, sizeof garbage}, NULL), 0);
    ck_assert_int_eq(observer_write(&world->observer, &world->batch, WORLD_NOW, &world->error), 0);
    ck_assert(world->batch.items[0].verdict);
    ck_assert_uint_eq(world->batch.items[0].ticket, 77);
    ck_assert(!world->batch.items[1].verdict);
    ck_assert(!world->batch.items[2].verdict);
    ck_assert_uint_eq(world->observer.refused, 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 2);
}
END_TEST

START_TEST(no_clear_text_is_kept)
{
    char *found;

    take(&strange, "203.0.113.5");
    take(&right, "203.0.113.5");
    found = world_text(world, "SELECT coalesce(group_concat(hex(id)||hex(matched)||hex(flow)||hex(presented)||"
                       "hex(context)), '') FROM observation");
    ck_assert_ptr_null(strstr(found, "76616C65")); /* "vale" */
    ck_assert_ptr_null(strstr(found, "6F7374726176")); /* "ostrav" */
    free(found);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM token WHERE instr(secret, CAST('vale' AS BLOB))"), 0);
}
END_TEST

START_TEST(presented_and_flow_unpack)
{
    struct observation observation = world_login(&strange, "203.0.113.5", WORLD_NOW);
    struct presented presented;
    struct reader reader;
    struct flow flow;
    sqlite3_stmt *statement;

    observation.via_count = 1;
    ck_assert_int_eq(address_parse("10.0.0.1", &observation.via[0]), 0);
    observation.local_port = 443;
    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    statement = ledger_statement(&world->ledger, "SELECT flow, presented FROM observation", &world->error);
    ck_assert_int_eq(ledger_step(&world->ledger, statement, &world->error), 1);
    ck_assert_int_eq(flow_unpack(ledger_column(statement, 0), &flow), 0);
    ck_assert_uint_eq(flow.via_count, 1);
    ck_assert_mem_eq(&flow.via[0], &observation.via[0], sizeof flow.via[0]);
    ck_assert_uint_eq(flow.local_port, 443);
    ck_assert_uint_eq(flow.connection, 3);
    reader = reader_of(ledger_column(statement, 1));
    ck_assert(presented_next(&reader, &presented));
    ck_assert_uint_eq(presented.length, strlen(strange.identity));
    ck_assert_uint_eq(presented.classes, CLASS_LOWER | CLASS_DIGIT | CLASS_PUNCTUATION);
    ck_assert(slice_is(presented.where, "Authorization: Basic"));
    ck_assert(presented_next(&reader, &presented));
    ck_assert_uint_eq(presented.part, CANDIDATE_SECRET);
    ck_assert_uint_eq(presented.pair, 1);
    ck_assert(!presented_next(&reader, &presented));
    sqlite3_reset(statement);
}
END_TEST

START_TEST(beyond_the_budget_goes_into_the_ring)
{
    int i;

    for (i = 0; i < 5; i++)
        take(&strange, "203.0.113.5");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 3);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM surplus"), 2);
    take(&strange, "203.0.113.6");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 4);
    take(&right, "203.0.113.5");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 5);
    ck_assert_int_eq(world_number(world, "SELECT count(DISTINCT " ROW_SIZE ") FROM (SELECT * FROM surplus UNION ALL "
                                  "SELECT * FROM observation)"), 1);
    ck_assert_int_eq(world_number(world, "SELECT sum(count) FROM noise"), 7);
}
END_TEST

START_TEST(the_ring_is_bounded_and_outlives_a_restart)
{
    const char *last = "SELECT slot FROM surplus ORDER BY time DESC LIMIT 1";
    int i, k;

    for (i = 0; i < 3 + OBSERVE_RING / 64 + 1; i++) {
        for (k = 0; k < 64; k++) {
            struct observation observation = world_login(&strange, "203.0.113.5", WORLD_NOW + i * 64 + k);

            world_add(world, &observation);
        }
        ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    }
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM surplus"), OBSERVE_RING);
    ck_assert_int_eq(world_number(world, "SELECT max(time) - min(time) FROM surplus"), OBSERVE_RING - 1);
    i = (int)world->observer.ring_next;
    ck_assert_int_eq(world_number(world, last), i - 1);
    world_restart(world);
    ck_assert_int_eq(world->observer.ring_next, i);
    ck_assert_int_eq(ledger_execute(&world->ledger, "UPDATE surplus SET slot = slot + 1000000", &world->error), 0);
    world_restart(world);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM surplus WHERE slot < 4096"), OBSERVE_RING);
    ck_assert_int_eq(world_number(world, last) + 1, world->observer.ring_next);
}
END_TEST

START_TEST(a_source_is_a_prefix)
{
    take(&strange, "2001:db8:1:2::1");
    take(&strange, "2001:db8:1:2::2");
    take(&strange, "2001:db8:1:2:ffff::3");
    take(&strange, "2001:db8:1:2::4");
    take(&strange, "2001:db8:1:3::1");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 4);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM surplus"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM noise"), 2);
}
END_TEST

START_TEST(noise_in_all_is_bounded)
{
    int i;
    char address[32];

    world->observer.budget_bytes = world->observer.noise_bytes + 1500;
    for (i = 0; i < 20; i++) {
        snprintf(address, sizeof address, "198.51.100.%d", i);
        take(&strange, address);
    }
    ck_assert_int_gt(world_number(world, "SELECT count(*) FROM surplus"), 10);
    take(&right, "203.0.113.9");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation WHERE matched <> zeroblob(128)"), 1);
}
END_TEST

START_TEST(the_bytes_of_noise_outlive_a_restart)
{
    struct error error;
    int64_t bytes;

    take(&strange, "198.51.100.1");
    take(&strange, "198.51.100.2");
    ck_assert_int_eq(observer_save(&world->observer, &error), 0);
    bytes = world->observer.noise_bytes;
    take(&strange, "198.51.100.3");
    take(&right, "198.51.100.3");
    ck_assert_int_gt(world->observer.noise_bytes, bytes);
    bytes = world->observer.noise_bytes;
    world_restart(world);
    ck_assert_int_eq(world->observer.noise_bytes, bytes);
}
END_TEST

START_TEST(what_comes_again_is_kept_once)
{
    struct observation observation = world_login(&right, "203.0.113.5", WORLD_NOW);
    int turn;

    for (turn = 0; turn < 3; turn++) {
        observation.again = turn > 0;
        world_add(world, &observation);
        ck_assert_int_eq(observer_write(&world->observer, &world->batch, WORLD_NOW, &world->error), 0);
        ck_assert(world->batch.items[0].verdict);
        batch_clear(&world->batch);
        world_restart(world);
    }
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 1);
    observation.id = id_ordered(WORLD_NOW);
    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 2);
}
END_TEST

static struct chain_fault audit(const struct chain *anchor)
{
    struct chain_fault fault;
    struct chain end;

    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OBSERVATION, anchor, &end, &fault,
                                 &world->error), 0);
    return fault;
}

static void run(const char *sql)
{
    ck_assert_int_eq(sqlite3_exec(world->ledger.db, sql, NULL, NULL, NULL), SQLITE_OK);
}

START_TEST(the_chain_shows_what_was_done_to_it)
{
    struct chain anchor, parsed;
    char text[CHAIN_TEXT];
    int i;

    ck_assert_int_eq(audit(NULL).sequence, 0);
    for (i = 0; i < 5; i++)
        take(i == 2 ? &right : &strange, i < 3 ? "203.0.113.5" : "203.0.113.6");
    world_derive(world, WORLD_NOW);
    anchor = world->observer.chain;
    ck_assert_int_eq(anchor.sequence, 5);
    ck_assert_int_eq(audit(&anchor).sequence, 0);
    ck_assert_int_eq(chain_parse(chain_text(&anchor, text), &parsed), 0);
    ck_assert_mem_eq(&parsed, &anchor, sizeof anchor);
    ck_assert_int_eq(chain_parse("5", &parsed), -1);
    ck_assert_int_eq(chain_parse("5:00", &parsed), -1);
    ck_assert_int_eq(chain_parse("x:00", &parsed), -1);
    run("SAVEPOINT a; UPDATE observation SET time = time + 1 WHERE seq = 3");
    ck_assert_int_eq(audit(NULL).sequence, 3);
    run("ROLLBACK TO a; UPDATE observation SET matched = zeroblob(128) WHERE seq = 3");
    ck_assert_int_eq(audit(NULL).sequence, 3);
    run("ROLLBACK TO a; DELETE FROM observation WHERE seq = 2");
    ck_assert_int_eq(audit(NULL).sequence, 2);
    run("ROLLBACK TO a; UPDATE observation SET digest = zeroblob(32), flow = NULL WHERE seq = 4");
    ck_assert_int_eq(audit(NULL).sequence, 4);
    run("ROLLBACK TO a; UPDATE observation SET flow = NULL, context = NULL, presented = NULL, source = zeroblob(16) "
        "WHERE seq = 4");
    ck_assert_int_eq(audit(&anchor).sequence, 0);
    run("ROLLBACK TO a; DELETE FROM observation WHERE seq >= 4");
    ck_assert_int_eq(audit(NULL).sequence, 0);
    ck_assert_int_eq(audit(&anchor).sequence, 4);
    run("DELETE FROM observation WHERE seq >= 3");
    ck_assert_int_eq(audit(NULL).sequence, 3);
    run("ROLLBACK TO a; RELEASE a");
    anchor.head[0] ^= 1;
    ck_assert_int_eq(audit(&anchor).sequence, 5);
}
END_TEST

START_TEST(operations_are_chained)
{
    struct chain_fault fault;
    struct chain end;

    ck_assert_int_eq(operation_add(&world->ledger, &world->keyring, slice_of("root"), slice_of("mint"),
                                   slice_of("t-1"), slice_of("{}"), &world->error), 0);
    ck_assert_int_eq(operation_add(&world->ledger, &world->keyring, slice_of("root"), slice_of("retire"), SLICE_NONE,
                                   SLICE_NONE, &world->error), 0);
    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OPERATION, NULL, &end, &fault, &world->error),
                     0);
    ck_assert_int_eq(fault.sequence, 0);
    ck_assert_int_eq(end.sequence, 2);
    run("UPDATE operation SET who = 'nobody' WHERE seq = 1");
    ck_assert_int_eq(chain_audit(&world->ledger, &world->keyring, CHAIN_OPERATION, NULL, &end, &fault, &world->error),
                     0);
    ck_assert_int_eq(fault.sequence, 1);
}
END_TEST

START_TEST(a_full_disk_costs_noise_first)
{
    world->ledger.full = true;
    take(&strange, "203.0.113.5");
    take(&right, "203.0.113.5");
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 1);
    ck_assert_int_eq(world_number(world, "SELECT count FROM noise"), 2);
    ck_assert_uint_eq(world->observer.unkept, 1);
    ledger_reserve_restore(&world->ledger);
    ck_assert(!world->ledger.full);
}
END_TEST

START_TEST(a_failed_batch_leaves_nothing)
{
    struct observation observation = world_login(&right, "203.0.113.5", WORLD_NOW);

    run("CREATE TEMP TRIGGER refuse BEFORE INSERT ON noise BEGIN SELECT raise(ABORT, 'refused'); END");
    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, WORLD_NOW), -1);
    ck_assert_int_eq(world->observer.chain.sequence, 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 0);
    run("DROP TRIGGER refuse");
    observation.again = true;
    world_add(world, &observation);
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    ck_assert_int_eq(world_number(world, "SELECT count(*) FROM observation"), 1);
    ck_assert_int_eq(audit(NULL).sequence, 0);
}
END_TEST

START_TEST(batches_are_bounded)
{
    struct observation observation = world_login(&strange, "203.0.113.5", WORLD_NOW);
    struct buffer message;
    int i;

    buffer_init(&message, 65536);
    observation_add(&message, &observation);
    for (i = 0; i < BATCH_MESSAGES; i++)
        ck_assert_int_eq(batch_add(&world->batch, buffer_slice(&message), NULL), 0);
    ck_assert_int_eq(batch_add(&world->batch, buffer_slice(&message), NULL), -1);
    ck_assert_int_eq(world_take(world, WORLD_NOW), 0);
    ck_assert_int_eq(batch_add(&world->batch, buffer_slice(&message), NULL), 0);
    buffer_free(&message);
}
END_TEST

static void add_case(Suite *s, const char *name, void (*begin)(void), const TTest *const *tests)
{
    TCase *t = tcase_create(name);

    tcase_add_checked_fixture(t, begin, tear_down);
    for (; *tests != NULL; tests++)
        tcase_add_test(t, *tests);
    suite_add_tcase(s, t);
}

static Suite *suite(void)
{
    const TTest *const wide[] = {
        rows_are_equal_in_size, verdicts_are_due_for_presentations_only, no_clear_text_is_kept,
        presented_and_flow_unpack, noise_in_all_is_bounded, the_bytes_of_noise_outlive_a_restart,
        what_comes_again_is_kept_once,
        the_chain_shows_what_was_done_to_it, operations_are_chained, a_full_disk_costs_noise_first,
        a_failed_batch_leaves_nothing, batches_are_bounded, NULL};
    const TTest *const small[] = {
        beyond_the_budget_goes_into_the_ring, the_ring_is_bounded_and_outlives_a_restart, a_source_is_a_prefix, NULL};
    Suite *s = suite_create("observe");

    add_case(s, "wide budget", set_up, wide);
    add_case(s, "small budget", set_up_small, small);
    return s;
}

TEST_MAIN(suite)
