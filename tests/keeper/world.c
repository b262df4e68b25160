/* SPDX-License-Identifier: ISC */
#include "tests/keeper/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/channel.h"

static void open_all(struct world *world, int64_t budget_bytes, int64_t budget_source, bool create)
{
    ck_assert_msg(ledger_open(&world->ledger, world->folder, &world->keyring, create, &world->error) == 0, "%s",
                  world->error.text);
    ck_assert_int_eq(observer_open(&world->observer, &world->ledger, &world->keyring, budget_bytes, budget_source,
                                   &world->error), 0);
    ck_assert_int_eq(derivation_open(&world->derivation, &world->ledger, &world->keyring, &world->observer,
                                     &world->configuration, &world->error), 0);
    ck_assert_int_eq(outbox_open(&world->outbox, &world->ledger, &world->derivation, &world->configuration, 0,
                                 &world->error), 0);
}

static void close_all(struct world *world)
{
    derivation_close(&world->derivation);
    observer_close(&world->observer);
    ledger_close(&world->ledger);
}

struct world *world_new(int64_t budget_bytes, int64_t budget_source)
{
    static const unsigned char master[KEYRING_BYTES] = {7};
    static char soc[] = "soc", siem[] = "siem", organisation[] = "Example Rail", domain[] = "corp.example";
    struct world *world = calloc(1, sizeof *world);
    const char *base = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";

    ck_assert_ptr_nonnull(world);
    snprintf(world->folder, sizeof world->folder, "%.40s/keeper-XXXXXX", base);
    ck_assert_ptr_nonnull(mkdtemp(world->folder));
    keyring_derive(&world->keyring, master);
    world->routes[0].name = soc;
    world->routes[1].name = siem;
    world->configuration.routes = world->routes;
    world->configuration.route_count = 2;
    world->configuration.organisation = organisation;
    world->configuration.domain = domain;
    batch_init(&world->batch);
    open_all(world, budget_bytes, budget_source, true);
    return world;
}

void world_restart(struct world *world)
{
    int64_t bytes = world->observer.budget_bytes, source = world->observer.budget_source;

    close_all(world);
    open_all(world, bytes, source, false);
}

/* What is kept of sightings beside them. */
static const char miscounted[] =
    "SELECT (SELECT count(*) FROM token t WHERE uses <> (SELECT count(*) FROM sighting WHERE token = t.number AND NOT drill)"
    " OR drilled IS NOT (SELECT max(time) FROM sighting WHERE token = t.number AND drill)) +"
    " (SELECT count(*) FROM incident i WHERE uses <> (SELECT count(*) FROM sighting WHERE incident = i.number))";

void world_free(struct world *world)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "lock", "reserve"};
    char path[128];
    size_t i;

    ck_assert_int_eq(world_number(world, miscounted), 0);
    close_all(world);
    batch_free(&world->batch);
    keyring_wipe(&world->keyring);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", world->folder, names[i]);
        unlink(path);
    }
    rmdir(world->folder);
    free(world);
}

struct token_result world_password(const char *identity, const char *secret)
{
    return (struct token_result){slice_of("password"), slice_of("random"), slice_of(identity), slice_of(secret),
                                 80, 40, true, true};
}

int64_t world_mint(struct world *world, const struct token_result *token, const char *decoy)
{
    struct token_details details = {.id = id_random(), .decoy = slice_of(decoy), .minted = WORLD_NOW};
    int64_t number = 0;

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    ck_assert_msg(token_insert(&world->ledger, &world->keyring, token, &details, &number, &world->error) == 0, "%s",
                  world->error.text);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    return number;
}

struct observation world_observation(const char *decoy, const char *address, int64_t time)
{
    struct observation observation;

    memset(&observation, 0, sizeof observation);
    observation.id = id_ordered(time);
    observation.ticket = 1;
    observation.time = time;
    observation.decoy = slice_of(decoy);
    observation.service = slice_of("http");
    observation.source_port = 40112;
    observation.connection = 3;
    observation.request = 1;
    observation.context = slice_of("{\"http\":{\"method\":\"POST\"}}");
    ck_assert_int_eq(address_parse(address, &observation.source), 0);
    return observation;
}

void world_present(struct observation *observation, uint8_t part, uint8_t pair, const char *value)
{
    observation->candidates[observation->candidate_count++] =
        (struct candidate){part, pair, slice_of("Authorization: Basic"), slice_of(value)};
}

struct observation world_login(const struct login *login, const char *address, int64_t time)
{
    struct observation observation = world_observation("gitlab", address, time);

    if (login->identity != NULL)
        world_present(&observation, CANDIDATE_IDENTITY, 1, login->identity);
    if (login->secret != NULL)
        world_present(&observation, CANDIDATE_SECRET, 1, login->secret);
    return observation;
}

void world_add(struct world *world, const struct observation *observation)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    observation_add(&message, observation);
    ck_assert(!message.failed);
    /* As the keeper does with a full batch: it is taken first. */
    if (batch_add(&world->batch, buffer_slice(&message), NULL) < 0) {
        ck_assert_msg(world_take(world, observation->time) == 0, "%s", world->error.text);
        ck_assert_int_eq(batch_add(&world->batch, buffer_slice(&message), NULL), 0);
    }
    buffer_free(&message);
}

int world_take(struct world *world, int64_t now)
{
    int result = observer_write(&world->observer, &world->batch, now, &world->error);

    batch_clear(&world->batch);
    if (result == 0) {
        ck_assert_int_eq(flusher_begin(&world->ledger.flusher, &world->error), 0);
        ck_assert_int_eq(flusher_end(&world->ledger.flusher, true, &world->error), 1);
        world->observer.durable = world->observer.chain;
    }
    return result;
}

int world_derive(struct world *world, int64_t now)
{
    int made;

    ck_assert_int_eq(ledger_begin(&world->ledger, &world->error), 0);
    made = derive_step(&world->derivation, now, &world->error);
    ck_assert_msg(made >= 0, "%s", world->error.text);
    ck_assert_int_eq(ledger_commit(&world->ledger, &world->error), 0);
    return made;
}

int world_see(struct world *world, const struct observation *observation, int64_t now)
{
    world_add(world, observation);
    ck_assert_msg(world_take(world, now) == 0, "%s", world->error.text);
    return world_derive(world, now);
}

int64_t world_number(struct world *world, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number;

    ck_assert_msg(sqlite3_prepare_v2(world->ledger.db, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world->ledger.db));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

char *world_text(struct world *world, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    char *text;

    ck_assert_int_eq(sqlite3_prepare_v2(world->ledger.db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}
