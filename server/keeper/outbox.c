/* SPDX-License-Identifier: ISC */
#include "server/keeper/outbox.h"

#include <sodium.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"

#define SECOND_US 1000000LL
#define CRITICAL_WAIT_S 60
#define CRITICAL_RETRY_AFTER_S 600
#define RETRY_AFTER_S 3600
#define LONGEST_US (75 * 60 * SECOND_US) /* an hour and its jitter */
#define TEXT 300

int64_t outbox_wait(int64_t failures, bool critical, uint32_t retry_after_s, uint32_t random)
{
    static const int schedule_s[] = {2, 5, 15, 30, 60, 120, 300, 600, 1800};
    const int64_t steps = sizeof schedule_s / sizeof *schedule_s;
    uint32_t most = critical ? CRITICAL_RETRY_AFTER_S : RETRY_AFTER_S;
    int64_t wait = 3600 * SECOND_US, asked;

    if (failures < 1)
        failures = 1;
    if (failures <= steps)
        wait = schedule_s[failures - 1] * SECOND_US;
    wait = wait * 8 / 10 + wait * 4 / 10 * (int64_t)(random % 1001) / 1000;
    if (critical && wait > CRITICAL_WAIT_S * SECOND_US)
        wait = CRITICAL_WAIT_S * SECOND_US;
    asked = (retry_after_s < most ? retry_after_s : most) * SECOND_US;
    return asked > wait ? asked : wait;
}

int outbox_open(struct outbox *outbox, struct ledger *ledger, struct derivation *derivation,
                const struct configuration *configuration, int64_t monotonic, struct error *error)
{
    size_t i;

    memset(outbox, 0, sizeof *outbox);
    outbox->ledger = ledger;
    outbox->derivation = derivation;
    if (configuration->route_count > OUTBOX_ROUTES)
        return error_set(error, "there are more than %d routes", OUTBOX_ROUTES);
    for (i = 0; i < configuration->route_count; i++)
        outbox->routes[i].name = configuration->routes[i].name;
    outbox->route_count = configuration->route_count;
    outbox->running_before = ledger_setting(ledger, "running", 0);
    outbox->started = outbox->saved = monotonic;
    outbox_running(outbox, monotonic);
    if (ledger_begin(ledger, error) < 0)
        return -1;
    if (outbox_wake(outbox, NULL, error) < 0 || outbox_hand_over(outbox, clock_wall(), error) < 0 ||
        ledger_commit(ledger, error) < 0) {
        ledger_rollback(ledger);
        return -1;
    }
    return 0;
}

int64_t outbox_running(struct outbox *outbox, int64_t monotonic)
{
    outbox->derivation->running = outbox->running_before + (monotonic - outbox->started);
    return outbox->derivation->running;
}

int outbox_save(struct outbox *outbox, int64_t monotonic, struct error *error)
{
    outbox->saved = monotonic;
    return ledger_set(outbox->ledger, "running", outbox_running(outbox, monotonic), error);
}

static struct outbox_flight *flight_of(struct outbox_route *route, int64_t number)
{
    size_t i;

    for (i = 0; i < OUTBOX_FLIGHT; i++) {
        if (route->flight[i].number == number)
            return &route->flight[i];
    }
    return NULL;
}

/* 0: sent or nothing to send; 1: the courier takes no more; -1. */
static int dispatch_route(struct outbox *outbox, struct outbox_route *route, const struct outbox_send *send,
                          struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "SELECT d.number, d.id, d.attempts, a.id, a.record FROM delivery d "
        "JOIN alert a ON a.number = d.alert WHERE d.route = ? AND d.state = 'waiting' AND d.due = 1 "
        "ORDER BY d.rank, d.number DESC LIMIT ?", error);
    struct outbox_flight *flight;
    struct delivery delivery;
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route->name));
    sqlite3_bind_int(statement, 2, 2 * OUTBOX_FLIGHT);
    while ((found = ledger_step(outbox->ledger, statement, error)) == 1) {
        int64_t number = sqlite3_column_int64(statement, 0);

        if (flight_of(route, number) != NULL)
            continue;
        flight = flight_of(route, 0);
        if (flight == NULL)
            break;
        delivery.id = ledger_column_id(statement, 1);
        delivery.attempt = (uint32_t)sqlite3_column_int64(statement, 2) + 1;
        delivery.alert = ledger_column_id(statement, 3);
        delivery.record = ledger_column(statement, 4);
        delivery.route = slice_of(route->name);
        if (send->send(&delivery, send->context) < 0) {
            sqlite3_reset(statement);
            return 1;
        }
        flight->id = delivery.id;
        flight->number = number;
    }
    sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

int outbox_dispatch(struct outbox *outbox, const struct outbox_send *send, struct error *error)
{
    size_t i;

    for (i = 0; i < outbox->route_count; i++) {
        if (flight_of(&outbox->routes[i], 0) == NULL)
            continue;
        switch (dispatch_route(outbox, &outbox->routes[i], send, error)) {
        case 0:
            break;
        case 1:
            return 0;
        default:
            return -1;
        }
    }
    return 0;
}

void outbox_courier_gone(struct outbox *outbox)
{
    size_t i;

    for (i = 0; i < outbox->route_count; i++)
        memset(outbox->routes[i].flight, 0, sizeof outbox->routes[i].flight);
}

/* The delivery under way has landed; its row's number, or 0. */
static int64_t land(struct outbox *outbox, const struct id *id, struct outbox_route **route)
{
    size_t i, k;
    int64_t number;

    for (i = 0; i < outbox->route_count; i++) {
        for (k = 0; k < OUTBOX_FLIGHT; k++) {
            struct outbox_flight *flight = &outbox->routes[i].flight[k];

            if (flight->number == 0 || flight->landed || memcmp(&flight->id, id, sizeof *id) != 0)
                continue;
            number = flight->number;
            flight->landed = true;
            *route = &outbox->routes[i];
            return number;
        }
    }
    return 0;
}

void outbox_settle(struct outbox *outbox, bool committed)
{
    size_t i, k;

    for (i = 0; i < outbox->route_count; i++) {
        for (k = 0; k < OUTBOX_FLIGHT; k++) {
            struct outbox_flight *flight = &outbox->routes[i].flight[k];

            if (flight->landed && committed)
                memset(flight, 0, sizeof *flight);
            flight->landed = false;
        }
    }
}

static struct slice short_text(struct slice text)
{
    if (text.length > TEXT)
        text.length = TEXT;
    return text.data != NULL ? text : slice_of("");
}

static int succeeded(struct outbox *outbox, const struct outbox_route *route, int64_t number,
                     const struct outcome *outcome, int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "UPDATE delivery SET state = 'delivered', attempts = attempts + 1, done = ?2, status = ?3, "
        "text = ?4 WHERE number = ?1 AND state = 'waiting'", error);
    bool failing;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, now);
    sqlite3_bind_int(statement, 3, outcome->status);
    ledger_bind_text(statement, 4, short_text(outcome->text));
    if (ledger_run(outbox->ledger, statement, error) < 0)
        return -1;
    outbox->delivered++;
    statement = ledger_statement(outbox->ledger, "SELECT failures FROM route WHERE name = ?", error);
    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route->name));
    failing = ledger_step(outbox->ledger, statement, error) == 1 && sqlite3_column_int64(statement, 0) > 0;
    sqlite3_reset(statement);
    statement = ledger_statement(
        outbox->ledger, "INSERT INTO route (name, succeeded, status, text) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) "
        "DO UPDATE SET failures = 0, alerted = 0, succeeded = ?2, status = ?3, text = ?4", error);
    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route->name));
    sqlite3_bind_int64(statement, 2, now);
    sqlite3_bind_int(statement, 3, outcome->status);
    ledger_bind_text(statement, 4, short_text(outcome->text));
    if (ledger_run(outbox->ledger, statement, error) < 0)
        return -1;
    return failing ? outbox_wake(outbox, route->name, error) : 0;
}

/* Counts the failure; alerts it on the other routes once, at once where the receiver refuses. */
static int route_failed(struct outbox *outbox, const struct outbox_route *route, const struct outcome *outcome,
                        int64_t now, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "INSERT INTO route (name, failures, failed, status, text) VALUES (?1, 1, ?2, ?3, ?4) "
        "ON CONFLICT (name) DO UPDATE SET failures = failures + 1, failed = ?2, status = ?3, text = ?4 "
        "RETURNING failures, alerted", error);
    char text[TEXT + 1] = "";
    struct slice why = short_text(outcome->text);
    int64_t failures;
    bool alerted;

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route->name));
    sqlite3_bind_int64(statement, 2, now);
    sqlite3_bind_int(statement, 3, outcome->status);
    ledger_bind_text(statement, 4, why);
    if (ledger_step(outbox->ledger, statement, error) != 1)
        return -1;
    failures = sqlite3_column_int64(statement, 0);
    alerted = sqlite3_column_int(statement, 1) != 0;
    sqlite3_reset(statement);
    if (alerted || (failures < OUTBOX_ALARM && outcome->result != OUTCOME_REFUSED))
        return 0;
    memcpy(text, why.data, why.length);
    log_warning("route %s fails (%lld in a row): %s", route->name, (long long)failures, text);
    statement = ledger_statement(outbox->ledger, "UPDATE route SET alerted = 1 WHERE name = ?", error);
    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, slice_of(route->name));
    if (ledger_run(outbox->ledger, statement, error) < 0)
        return -1;
    return derive_route_alert(outbox->derivation, route->name, failures, text, now, error);
}

static int delivery_failed(struct outbox *outbox, int64_t number, const struct outcome *outcome, int64_t now,
                           struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "SELECT rank, step, deadline FROM delivery WHERE number = ? AND state = 'waiting'", error);
    int64_t rank, step, deadline, wait;
    bool dead;
    int found;

    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    found = ledger_step(outbox->ledger, statement, error);
    if (found <= 0)
        return found;
    rank = sqlite3_column_int64(statement, 0);
    step = sqlite3_column_int64(statement, 1) + 1;
    deadline = sqlite3_column_int64(statement, 2);
    sqlite3_reset(statement);
    dead = outbox->derivation->running >= deadline;
    wait = outbox_wait(step, rank == SEVERITY_CRITICAL, outcome->retry_after, randombytes_random());
    statement = ledger_statement(
        outbox->ledger, "UPDATE delivery SET state = CASE WHEN ?2 THEN 'dead' ELSE 'waiting' END, due = 0, "
        "attempts = attempts + 1, step = ?3, next = ?4, status = ?5, text = ?6, "
        "done = CASE WHEN ?2 THEN ?7 ELSE NULL END WHERE number = ?1", error);
    if (statement == NULL)
        return -1;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int(statement, 2, dead);
    sqlite3_bind_int64(statement, 3, step);
    sqlite3_bind_int64(statement, 4, now + wait);
    sqlite3_bind_int(statement, 5, outcome->status);
    ledger_bind_text(statement, 6, short_text(outcome->text));
    sqlite3_bind_int64(statement, 7, now);
    outbox->failed++;
    outbox->dead += dead;
    if (dead)
        log_error("a delivery was given up after 72 hours; sundew deliveries --state dead lists it");
    return ledger_run(outbox->ledger, statement, error);
}

int outbox_outcome(struct outbox *outbox, const struct outcome *outcome, int64_t now, struct error *error)
{
    struct outbox_route *route = NULL;
    int64_t number = land(outbox, &outcome->delivery, &route);

    if (number == 0)
        return 0;
    if (outcome->result == OUTCOME_DELIVERED)
        return succeeded(outbox, route, number, outcome, now, error);
    if (delivery_failed(outbox, number, outcome, now, error) < 0)
        return -1;
    return route_failed(outbox, route, outcome, now, error);
}

int outbox_promote(struct outbox *outbox, int64_t now, struct error *error)
{
    sqlite3_stmt *statement;
    int count = 0;
    size_t i;

    for (i = 0; i < outbox->route_count; i++) {
        statement = ledger_statement(outbox->ledger, "UPDATE delivery SET due = 1 WHERE route = ?1 AND "
                                     "state = 'waiting' AND due = 0 AND (next <= ?2 OR next > ?3)", error);
        if (statement == NULL)
            return -1;
        ledger_bind_text(statement, 1, slice_of(outbox->routes[i].name));
        sqlite3_bind_int64(statement, 2, now);
        sqlite3_bind_int64(statement, 3, now + LONGEST_US);
        if (ledger_run(outbox->ledger, statement, error) < 0)
            return -1;
        count += sqlite3_changes(outbox->ledger->db);
    }
    return count;
}

bool outbox_ripe(struct outbox *outbox, int64_t now)
{
    struct error ignored;
    bool ripe = false;
    size_t i;

    for (i = 0; i < outbox->route_count && !ripe; i++) {
        sqlite3_stmt *statement = ledger_statement(
            outbox->ledger, "SELECT 1 FROM delivery WHERE route = ?1 AND state = 'waiting' AND due = 0 AND "
            "(next <= ?2 OR next > ?3) LIMIT 1", &ignored);

        if (statement == NULL)
            return false;
        ledger_bind_text(statement, 1, slice_of(outbox->routes[i].name));
        sqlite3_bind_int64(statement, 2, now);
        sqlite3_bind_int64(statement, 3, now + LONGEST_US);
        ripe = ledger_step(outbox->ledger, statement, &ignored) == 1;
        sqlite3_reset(statement);
    }
    return ripe;
}

int outbox_wake(struct outbox *outbox, const char *route, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "UPDATE delivery SET due = 1 WHERE state = 'waiting' AND due = 0 AND "
        "(?1 IS NULL OR route = ?1)", error);

    if (statement == NULL)
        return -1;
    ledger_bind_text(statement, 1, route != NULL ? slice_of(route) : SLICE_NONE);
    return ledger_run(outbox->ledger, statement, error);
}

int outbox_replay(struct outbox *outbox, struct id delivery, int64_t now, int64_t monotonic, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        outbox->ledger, "UPDATE delivery SET state = 'waiting', due = 1, step = 0, next = ?2, deadline = ?3, "
        "done = NULL WHERE id = ?1 RETURNING route, (SELECT a.erased FROM alert a WHERE a.number = alert) IS NULL", error);
    bool known, whole;
    int found;

    if (statement == NULL)
        return -1;
    ledger_bind_id(statement, 1, &delivery);
    sqlite3_bind_int64(statement, 2, now);
    sqlite3_bind_int64(statement, 3, outbox_running(outbox, monotonic) + DERIVE_KEPT_US);
    found = ledger_step(outbox->ledger, statement, error);
    if (found < 0)
        return -1;
    known = found == 1 && outbox_has(outbox, ledger_column(statement, 0));
    whole = found == 1 && sqlite3_column_int(statement, 1) != 0;
    sqlite3_reset(statement);
    if (found == 1 && !whole)
        return 3;
    return found == 0 ? 1 : known ? 0 : 2;
}
