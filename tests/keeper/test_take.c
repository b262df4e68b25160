/* SPDX-License-Identifier: ISC
 *
 * Nothing is told to anybody before it is durable. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/keeper/keeper.h"
#include "tests/keeper/world.h"
#include "tests/test.h"

static char folder[64], state[80], key[80];
static struct configuration configuration;
static struct keeper *keeper;
static struct error error;
static int sensor; /* its end */
static uint32_t told[1024]; /* tickets of verdicts that came */
static size_t told_count, asked;

static void set_up(void)
{
    static char organisation[] = "Example Rail", domain[] = "corp.example", name[] = "soc";
    static struct route route = {.name = name};
    struct buffer hello;
    int fds[2];

    snprintf(folder, sizeof folder, "/tmp/keeper-take-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(key, sizeof key, "%s/key", folder);
    ck_assert_int_eq(mkdir(state, 0700), 0);
    configuration = (struct configuration){.organisation = organisation, .domain = domain, .state = state,
                                           .routes = &route, .route_count = 1, .master_key = key,
                                           .budget_noise = 1 << 30, .budget_source_per_hour = 100};
    keeper = calloc(1, sizeof *keeper);
    ck_assert_ptr_nonnull(keeper);
    keeper->configuration = &configuration;
    keeper->base = event_base_new();
    ck_assert_msg(keeper_open(keeper, true, &error) == 0, "%s", error.text);
    ck_assert_int_eq(keeper_start(keeper, &error), 0);
    ck_assert_int_eq(channel_pair(fds, &error), 0);
    sensor = fds[1];
    fcntl(sensor, F_SETFL, O_NONBLOCK);
    ck_assert_int_eq(keeper_peer(keeper, "sensor", fds[0]), 0);
    buffer_init(&hello, CHANNEL_MESSAGE);
    hello_add(&hello);
    ck_assert_int_eq(channel_send_now(sensor, buffer_slice(&hello), -1, &error), 0);
    buffer_free(&hello);
    event_base_loop(keeper->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert(keeper->sensors[0].greeted);
}

static void tear_down(void)
{
    static const char *const names[] = {"state/ledger.db", "state/ledger.db-wal", "state/lock", "state/reserve", "key",
                                        "state"};
    char path[128];

    keeper_close(keeper);
    event_base_free(keeper->base);
    free(keeper);
    if (sensor >= 0)
        close(sensor);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) < 0)
            rmdir(path);
    }
    rmdir(folder);
}

static void present_login(const struct login *login, uint32_t ticket)
{
    struct observation observation = world_login(login, "203.0.113.5", clock_wall());
    struct buffer message;

    observation.ticket = ticket;
    buffer_init(&message, CHANNEL_MESSAGE);
    observation_add(&message, &observation);
    ck_assert_int_eq(batch_add(&keeper->batch, buffer_slice(&message), &keeper->sensors[0]), 0);
    buffer_free(&message);
}

static void present(uint32_t ticket)
{
    static const struct login login = {"nobody", "nothing"};

    present_login(&login, ticket);
}

static void mint(const struct login *login)
{
    struct token_result token = world_password(login->identity, login->secret);
    struct token_details details = {.id = id_random(), .decoy = slice_of("gitlab"), .minted = WORLD_NOW};
    int64_t number;

    ck_assert_int_eq(ledger_begin(&keeper->ledger, &error), 0);
    ck_assert_int_eq(token_insert(&keeper->ledger, &keeper->keyring, &token, &details, &number, &error), 0);
    ck_assert_int_eq(ledger_commit(&keeper->ledger, &error), 0);
}

static void on_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct reader reader = reader_of(message);
    struct verdict verdict;

    (void)channel;
    (void)fd;
    (void)context;
    if (message_type(&reader) == MESSAGE_VERDICT && verdict_get(&reader, &verdict) == 0)
        told[told_count++] = verdict.ticket;
}

/* The ticket of the next verdict; 0: there is none. */
static uint32_t next_verdict(void)
{
    struct event_base *base = event_base_new();
    const struct channel_events events = {on_message, NULL, NULL};
    struct channel *channel = channel_new(base, dup(sensor), &events, NULL);

    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    channel_free(channel);
    event_base_free(base);
    return asked < told_count ? told[asked++] : 0;
}

static void expect_answers_once_durable(void)
{
    present(7);
    keeper_take(keeper);
    ck_assert_uint_eq(keeper->flight_count, 1);
    ck_assert_uint_eq(next_verdict(), 0);
    ck_assert_int_eq(keeper->observer.chain.sequence, keeper->observer.durable.sequence + 1);
    ck_assert_int_eq(derive_backlog(&keeper->derivation), 0);
    keeper_settle(keeper);
    ck_assert_uint_eq(keeper->flight_count, 0);
    ck_assert_uint_eq(next_verdict(), 7);
    ck_assert_int_eq(derive_backlog(&keeper->derivation), 1);
}

START_TEST(a_verdict_waits_for_the_disk)
{
    expect_answers_once_durable();
}
END_TEST

START_TEST(so_it_does_where_the_kernel_cannot_help)
{
    syscall(SYS_io_destroy, keeper->ledger.flusher.context);
    keeper->ledger.flusher.context = 0;
    expect_answers_once_durable();
}
END_TEST

START_TEST(what_comes_meanwhile_goes_together)
{
    present(1);
    keeper_take_soon(keeper);
    ck_assert_uint_eq(keeper->flight_count, 1);
    present(2);
    keeper_take_soon(keeper);
    present(3);
    keeper_take_soon(keeper);
    ck_assert_uint_eq(keeper->flight_count, 1);
    ck_assert_uint_eq(keeper->batch.count, 2);
    while (keeper->flight_count > 0)
        event_base_loop(keeper->base, EVLOOP_ONCE);
    ck_assert_uint_eq(keeper->counts.batches, 2);
    for (uint32_t ticket = 1; ticket <= 3; ticket++)
        ck_assert_uint_eq(next_verdict(), ticket);
}
END_TEST

START_TEST(full_batches_do_not_wait_and_are_answered_in_order)
{
    for (uint32_t ticket = 1; ticket <= 5 * BATCH_MESSAGES; ticket++) {
        present(ticket);
        if (keeper->batch.count == BATCH_MESSAGES)
            keeper_take_soon(keeper);
        ck_assert_uint_le(keeper->flight_count, FLUSHER_DEPTH);
    }
    keeper_settle(keeper);
    for (uint32_t ticket = 1; ticket <= 5 * BATCH_MESSAGES; ticket++)
        ck_assert_uint_eq(next_verdict(), ticket);
    ck_assert_uint_eq(next_verdict(), 0);
}
END_TEST

static int tick(void)
{
    return keeper_tick(keeper, clock_wall(), clock_monotonic(), &error);
}

/* While answers are waited for little of a backlog is derived, until it reaches its bound: then taking waits for it. */
START_TEST(what_is_not_derived_yet_stays_bounded)
{
    static const struct login planted = {"svc-graz-7q", "Kmw-55-tausend"};

    mint(&planted);
    keeper->backlog = 2 * BATCH_MESSAGES;
    for (int i = 0; i < 10; i++) {
        for (uint32_t ticket = 1; ticket <= BATCH_MESSAGES; ticket++)
            present_login(&planted, ticket);
        keeper_take(keeper);
        ck_assert_int_le(derive_backlog(&keeper->derivation), keeper->backlog);
    }
    present(1);
    ck_assert_int_eq(tick(), DERIVE_BUSY);
    batch_clear(&keeper->batch);
    keeper_settle(keeper);
    ck_assert_int_eq(tick(), DERIVE_SIGHTINGS);
}
END_TEST

START_TEST(a_sensor_that_is_gone_gets_nothing)
{
    present(1);
    keeper_take(keeper);
    present(2);
    close(sensor);
    sensor = -1;
    while (keeper->sensors[0].channel != NULL)
        event_base_loop(keeper->base, EVLOOP_ONCE);
    keeper_take(keeper);
    keeper_settle(keeper);
    ck_assert_int_eq(keeper->observer.durable.sequence, 2);
}
END_TEST

/* What a sensor sent before it went wrong is kept at once, not with whatever comes next. */
START_TEST(a_sensor_that_goes_wrong_leaves_nothing_waiting)
{
    struct buffer message;

    present(1);
    buffer_init(&message, CHANNEL_MESSAGE);
    message_begin(&message, MESSAGE_KEYS_DONE);
    ck_assert_int_eq(channel_send_now(sensor, buffer_slice(&message), -1, &error), 0);
    buffer_free(&message);
    event_base_loop(keeper->base, EVLOOP_ONCE);
    ck_assert_ptr_null(keeper->sensors[0].channel);
    keeper_settle(keeper);
    ck_assert_int_eq(keeper->observer.durable.sequence, 1);
}
END_TEST

/* A file that cannot be made durable stands for a disk that fails. */
START_TEST(a_failing_disk_ends_the_keeper_and_answers_nothing)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[0], keeper->ledger.flusher.log), 0);
    present(7);
    keeper_take(keeper);
    keeper_settle(keeper);
    ck_assert(keeper->broken);
    ck_assert_uint_eq(next_verdict(), 0);
    ck_assert_int_eq(keeper->observer.durable.sequence, 0);
    present(8);
    keeper_take(keeper);
    ck_assert_int_eq(keeper->observer.chain.sequence, 1);
    ck_assert(event_base_got_break(keeper->base) || event_base_loop(keeper->base, EVLOOP_NONBLOCK) == 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* ---- outcomes ---- */

static void run(const char *sql)
{
    ck_assert_msg(sqlite3_exec(keeper->ledger.db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(keeper->ledger.db));
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value;

    ck_assert_int_eq(sqlite3_prepare_v2(keeper->ledger.db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* A courier that has said HELLO; its end. */
static int add_courier(void)
{
    struct buffer hello;
    int fds[2];

    ck_assert_int_eq(channel_pair(fds, &error), 0);
    ck_assert_int_eq(keeper_peer(keeper, "courier", fds[0]), 0);
    buffer_init(&hello, CHANNEL_MESSAGE);
    hello_add(&hello);
    ck_assert_int_eq(channel_send_now(fds[1], buffer_slice(&hello), -1, &error), 0);
    buffer_free(&hello);
    event_base_loop(keeper->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert(keeper->courier_greeted);
    return fds[1];
}

/* A delivery whose outcome could not be kept must not be under way for ever: that is an alert lost. */
START_TEST(an_outcome_is_kept_once_the_ledger_takes_it)
{
    struct outcome outcome = {.result = OUTCOME_AGAIN, .text = slice_of("the receiver closed the connection")};
    struct outbox_flight *flight = &keeper->outbox.routes[0].flight[0];
    struct buffer message;
    int courier = add_courier();

    run("INSERT INTO alert (id, time, type, activity, severity, grade, title, record) VALUES (randomblob(16), 0, "
        "'sighting', 'create', 'high', 'secret', '', '{}'); INSERT INTO delivery (id, alert, route, rank, state, due, next, "
        "deadline, made) VALUES (randomblob(16), last_insert_rowid(), 'soc', 1, 'waiting', 1, 0, 1 << 60, 0)");
    ck_assert_int_ge(tick(), 0);
    ck_assert_int_ne(flight->number, 0);
    outcome.delivery = flight->id;
    buffer_init(&message, CHANNEL_MESSAGE);
    ck_assert_int_eq(outcome_add(&message, &outcome), 0);
    ck_assert_int_eq(channel_send_now(courier, buffer_slice(&message), -1, &error), 0);
    buffer_free(&message);
    event_base_loop(keeper->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_eq(keeper->outcome_count, 1);
    run("PRAGMA query_only = 1");
    ck_assert_int_lt(tick(), 0);
    run("PRAGMA query_only = 0");
    ck_assert_int_ge(tick(), 0);
    ck_assert_int_eq(number("SELECT attempts FROM delivery WHERE state = 'waiting' AND due = 0"), 1);
    ck_assert_int_eq(flight->number, 0);
    ck_assert_uint_eq(keeper->outcome_count, 0);
    close(courier);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {a_verdict_waits_for_the_disk, so_it_does_where_the_kernel_cannot_help,
                                  what_comes_meanwhile_goes_together,
                                  full_batches_do_not_wait_and_are_answered_in_order,
                                  what_is_not_derived_yet_stays_bounded, a_sensor_that_is_gone_gets_nothing,
                                  a_sensor_that_goes_wrong_leaves_nothing_waiting,
                                  a_failing_disk_ends_the_keeper_and_answers_nothing,
                                  an_outcome_is_kept_once_the_ledger_takes_it};
    Suite *s = suite_create("take");
    TCase *t = tcase_create("take");

    tcase_add_checked_fixture(t, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}

TEST_MAIN(suite)
