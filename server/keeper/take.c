/* SPDX-License-Identifier: ISC
 *
 * The part of keeper.h that takes observations: a batch is written, then made durable while the next one is prepared,
 * and only then answered. */
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/keeper/keeper.h"

static void let_go(struct keeper *keeper, struct keeper_sensor *sensor)
{
    log_warning("a sensor does not take its verdicts: it is let go");
    keeper_forget(keeper, sensor);
    channel_free(sensor->channel);
    sensor->channel = NULL;
}

/* Before any background work, whose length may tell. */
static void flush_sensors(struct keeper *keeper)
{
    for (size_t i = 0; i < KEEPER_SENSORS; i++)
        if (keeper->sensors[i].channel != NULL)
            channel_flush(keeper->sensors[i].channel);
}

/* The same for who is refused, whatever was presented. */
static void add_verdict(struct buffer *message, uint32_t ticket, const struct grant *grant)
{
    struct verdict verdict = {ticket, grant->kind[0] != '\0', SLICE_NONE};
    unsigned char world[SESSION_SEAL + GRANT_KIND];

    if (verdict.grant) {
        memcpy(world, grant->seal, SESSION_SEAL);
        memcpy(world + SESSION_SEAL, grant->kind, GRANT_KIND);
        verdict.world = (struct slice){world, SESSION_SEAL + strlen(grant->kind)};
    }
    verdict_add(message, &verdict);
}

static void send_verdicts(struct keeper *keeper, struct keeper_flight *flight)
{
    struct buffer message;

    buffer_init(&message, CHANNEL_MESSAGE);
    for (size_t i = 0; i < flight->count; i++) {
        struct keeper_sensor *sensor = flight->verdicts[i].sensor;

        buffer_clear(&message);
        add_verdict(&message, flight->verdicts[i].ticket, &flight->verdicts[i].grant);
        if (sensor != NULL && (message.failed || channel_send_packed(sensor->channel, buffer_slice(&message)) < 0))
            let_go(keeper, sensor);
    }
    keeper->counts.presentations += flight->count;
    buffer_free(&message);
}

/* What was committed and cannot be made durable must not be answered, by us or by who would read it from this memory:
 * the next keeper writes it anew first (ledger_open()). */
static void break_off(struct keeper *keeper, const struct error *error)
{
    log_error("%s", error->text);
    keeper->broken = true;
    if (keeper->base != NULL)
        event_base_loopbreak(keeper->base);
}

/* Answers what has become durable; with `wait` at least the oldest that was under way. */
static void land(struct keeper *keeper, bool wait)
{
    struct error error;
    int count = keeper->broken ? 0 : flusher_end(&keeper->ledger.flusher, wait && keeper->flight_count > 0, &error);

    if (count < 0) {
        break_off(keeper, &error);
        return;
    }
    for (int i = 0; i < count; i++) {
        keeper->observer.durable = keeper->flights[i].chain;
        send_verdicts(keeper, &keeper->flights[i]);
    }
    keeper->flight_count -= (size_t)count;
    for (size_t i = 0; count > 0 && i < keeper->flight_count; i++)
        keeper->flights[i] = keeper->flights[i + (size_t)count];
    if (count > 0) {
        flush_sensors(keeper);
        keeper_stir(keeper);
    }
}

static void take_off(struct keeper *keeper)
{
    struct keeper_flight *flight = &keeper->flights[keeper->flight_count++];
    struct error error;

    flight->chain = keeper->observer.chain;
    flight->count = 0;
    for (size_t i = 0; i < keeper->batch.count; i++) {
        if (!keeper->batch.items[i].verdict)
            continue;
        flight->verdicts[flight->count].sensor = keeper->batch.items[i].from;
        flight->verdicts[flight->count].grant = keeper->batch.items[i].grant;
        flight->verdicts[flight->count++].ticket = keeper->batch.items[i].ticket;
    }
    if (flusher_begin(&keeper->ledger.flusher, &error) < 0)
        break_off(keeper, &error);
}

/* With too much behind, taking waits for derivation. */
static void bound_backlog(struct keeper *keeper)
{
    struct error error;

    while (keeper_is_behind(keeper)) {
        if (keeper_tick(keeper, clock_wall(), clock_monotonic(), &error) < 0) {
            keeper_complain(keeper, &error);
            break;
        }
    }
}

void keeper_take(struct keeper *keeper)
{
    struct error error;

    if (keeper->open && keeper->flight_count == FLUSHER_DEPTH)
        land(keeper, true);
    if (!keeper->open || keeper->broken)
        batch_clear(&keeper->batch);
    if (keeper->batch.count == 0)
        return;
    keeper->counts.batches++;
    if (observer_write(&keeper->observer, &keeper->batch, clock_wall(), &error) < 0) {
        keeper->counts.failures++;
        error_prefix(&error, "observations were not kept and stay unanswered");
        keeper_complain(keeper, &error);
    } else {
        take_off(keeper);
    }
    batch_clear(&keeper->batch);
    if (keeper->ended == NULL)
        keeper_settle(keeper);
    bound_backlog(keeper);
}

void keeper_take_soon(struct keeper *keeper)
{
    if (keeper->flight_count == 0 || keeper->batch.count == BATCH_MESSAGES)
        keeper_take(keeper);
}

void keeper_settle(struct keeper *keeper)
{
    while (keeper->flight_count > 0 && !keeper->broken)
        land(keeper, true);
}

void keeper_forget(struct keeper *keeper, const struct keeper_sensor *sensor)
{
    for (size_t i = 0; i < keeper->batch.count; i++)
        if (keeper->batch.items[i].from == sensor)
            keeper->batch.items[i].from = NULL;
    for (size_t i = 0; i < keeper->flight_count; i++)
        for (size_t k = 0; k < keeper->flights[i].count; k++)
            if (keeper->flights[i].verdicts[k].sensor == sensor)
                keeper->flights[i].verdicts[k].sensor = NULL;
}

static void on_ended(evutil_socket_t fd, short what, void *context)
{
    struct keeper *keeper = context;

    (void)fd;
    (void)what;
    land(keeper, false);
    event_active(keeper->due, EV_TIMEOUT, 0);
}

/* Behind the sensors' messages that came in the same turn of the loop. */
static void on_due(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    keeper_take_soon(context);
}

int keeper_await(struct keeper *keeper, struct error *error)
{
    keeper->ended = event_new(keeper->base, keeper->ledger.flusher.ended, EV_READ | EV_PERSIST, on_ended, keeper);
    keeper->due = event_new(keeper->base, -1, 0, on_due, keeper);
    if (keeper->ended == NULL || keeper->due == NULL || event_add(keeper->ended, NULL) < 0)
        return error_set(error, "out of memory");
    return 0;
}
