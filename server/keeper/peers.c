/* SPDX-License-Identifier: ISC
 *
 * The part of keeper.h that talks to sensors and the courier. */
#include <string.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/keeper/keeper.h"
#include "server/wire/message.h"

#define PEM 49152

static int send_hello(struct channel *channel)
{
    struct buffer message;
    int result;

    buffer_init(&message, CHANNEL_MESSAGE);
    hello_add(&message);
    result = message.failed ? -1 : channel_send(channel, buffer_slice(&message), -1);
    buffer_free(&message);
    return result;
}

/* A peer of another build means that the programs were replaced under us: all must start again. */
static void mismatch(struct keeper *keeper)
{
    log_error("a peer was built from another release: starting again");
    keeper->mismatched = true;
    event_base_loopbreak(keeper->base);
}

/* ---- decoys' keys ---- */

static int unseal(struct keeper *keeper, struct slice sealed, struct buffer *out)
{
    buffer_clear(out);
    return sealed.length == 0 ? 0 : keyring_open_sealed(&keeper->keyring, sealed, out);
}

static int send_decoy(struct keeper *keeper, struct channel *channel, sqlite3_stmt *row, struct buffer *message,
                      struct error *error)
{
    struct buffer key, salt;
    struct decoy_keys keys;
    int result = -1;

    buffer_init(&key, PEM);
    buffer_init(&salt, 256);
    keys.decoy = ledger_column(row, 0);
    keys.certificate = ledger_column(row, 1);
    keys.face = ledger_column(row, 4);
    if (unseal(keeper, ledger_column(row, 2), &key) < 0 || unseal(keeper, ledger_column(row, 3), &salt) < 0) {
        error_set(error, "the sealed keys of decoy %.*s cannot be opened: the ledger is damaged",
                  (int)keys.decoy.length, (const char *)keys.decoy.data);
        goto out;
    }
    keys.key = buffer_slice(&key);
    keys.salt = buffer_slice(&salt);
    buffer_clear(message);
    decoy_keys_add(message, &keys);
    if (message->failed || channel_send(channel, buffer_slice(message), -1) < 0)
        error_set(error, "a sensor does not take its decoys' keys");
    else
        result = 0;
    buffer_clear(message);
out:
    buffer_free(&key);
    buffer_free(&salt);
    return result;
}

static int send_keys(struct keeper *keeper, struct channel *channel, struct error *error)
{
    sqlite3_stmt *statement = ledger_statement(
        &keeper->ledger, "SELECT name, certificate, key, salt, face FROM decoy ORDER BY name", error);
    struct buffer message;
    int found = -1, result = 0;

    if (statement == NULL)
        return -1;
    buffer_init(&message, CHANNEL_MESSAGE);
    while (result == 0 && (found = ledger_step(&keeper->ledger, statement, error)) == 1)
        result = send_decoy(keeper, channel, statement, &message, error);
    sqlite3_reset(statement);
    if (result == 0 && found == 0) {
        message_begin(&message, MESSAGE_KEYS_DONE);
        result = channel_send(channel, buffer_slice(&message), -1);
    }
    buffer_free(&message);
    return found < 0 ? -1 : result;
}

static void sensor_keys(struct keeper *keeper, struct keeper_sensor *sensor)
{
    struct error error = {{0}};

    if (!keeper->open || !keeper->ready || sensor->channel == NULL || !sensor->greeted)
        return;
    if (send_keys(keeper, sensor->channel, &error) < 0)
        keeper_complain(keeper, &error);
}

void keeper_send_keys(struct keeper *keeper)
{
    size_t i;

    for (i = 0; i < KEEPER_SENSORS; i++)
        sensor_keys(keeper, &keeper->sensors[i]);
}

/* ---- sensors ---- */

static void sensor_close(struct keeper *keeper, struct keeper_sensor *sensor)
{
    keeper_forget(keeper, sensor);
    channel_free(sensor->channel);
    sensor->channel = NULL;
    sensor->greeted = false;
}

static void sensor_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct keeper_sensor *sensor = context;
    struct keeper *keeper = sensor->keeper;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == MESSAGE_HELLO && !sensor->greeted) {
        if (hello_get(&reader) < 0) {
            mismatch(keeper);
            return;
        }
        sensor->greeted = true;
        sensor_keys(keeper, sensor);
        return;
    }
    if (type != MESSAGE_OBSERVATION || !sensor->greeted || !keeper->open) {
        log_warning("a sensor sent what it should not: it is let go");
        sensor_close(keeper, sensor);
        keeper_take_soon(keeper); /* what it sent before: no drained() follows */
        return;
    }
    if (batch_add(&keeper->batch, message, sensor) < 0) {
        keeper_take(keeper);
        if (sensor->channel != NULL) /* else it was let go, and its message is gone */
            batch_add(&keeper->batch, message, sensor);
    }
}

static void sensor_drained(struct channel *channel, void *context)
{
    struct keeper_sensor *sensor = context;

    (void)channel;
    keeper_take_soon(sensor->keeper);
}

static void sensor_closed(struct channel *channel, void *context)
{
    struct keeper_sensor *sensor = context;

    (void)channel;
    sensor_close(sensor->keeper, sensor);
}

static int add_sensor(struct keeper *keeper, int fd)
{
    static const struct channel_events events = {sensor_message, sensor_drained, sensor_closed};
    size_t i;

    for (i = 0; i < KEEPER_SENSORS && keeper->sensors[i].channel != NULL; i++)
        ;
    if (i == KEEPER_SENSORS) {
        log_error("there are more than %d sensors", KEEPER_SENSORS);
        close(fd);
        return 0;
    }
    keeper->sensors[i] = (struct keeper_sensor){keeper, NULL, false};
    keeper->sensors[i].channel = channel_new(keeper->base, fd, &events, &keeper->sensors[i]);
    if (keeper->sensors[i].channel == NULL)
        log_error("out of memory for a sensor");
    else
        send_hello(keeper->sensors[i].channel);
    return 0;
}

/* ---- courier ---- */

static void courier_gone(struct keeper *keeper)
{
    channel_free(keeper->courier);
    keeper->courier = NULL;
    keeper->courier_greeted = false;
    keeper->outcome_count = 0; /* what they are of is due again */
    if (keeper->open)
        outbox_courier_gone(&keeper->outbox);
}

static void keep_outcome(struct keeper *keeper, const struct outcome *outcome)
{
    struct keeper_outcome *kept;

    if (keeper->outcome_count == KEEPER_OUTCOMES)
        return;
    kept = &keeper->outcomes[keeper->outcome_count++];
    kept->delivery = outcome->delivery;
    kept->result = outcome->result;
    kept->status = outcome->status;
    kept->retry_after = outcome->retry_after;
    kept->length = (uint16_t)(outcome->text.length < sizeof kept->text ? outcome->text.length : sizeof kept->text);
    if (kept->length > 0)
        memcpy(kept->text, outcome->text.data, kept->length);
    keeper_stir(keeper);
}

static void courier_message(struct channel *channel, struct slice message, int fd, void *context)
{
    struct keeper *keeper = context;
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);
    struct outcome outcome;

    (void)channel;
    if (fd >= 0)
        close(fd);
    if (type == MESSAGE_HELLO && !keeper->courier_greeted) {
        if (hello_get(&reader) < 0) {
            mismatch(keeper);
            return;
        }
        keeper->courier_greeted = true;
        keeper_dispatch(keeper);
    } else if (type == MESSAGE_OUTCOME && keeper->courier_greeted && outcome_get(&reader, &outcome) == 0) {
        keep_outcome(keeper, &outcome);
    } else {
        log_warning("the courier sent what it should not: it is let go");
        courier_gone(keeper);
    }
}

static void courier_closed(struct channel *channel, void *context)
{
    (void)channel;
    courier_gone(context);
}

static int add_courier(struct keeper *keeper, int fd)
{
    static const struct channel_events events = {courier_message, NULL, courier_closed};

    courier_gone(keeper);
    keeper->courier = channel_new(keeper->base, fd, &events, keeper);
    if (keeper->courier == NULL)
        log_error("out of memory for the courier");
    else
        send_hello(keeper->courier);
    return 0;
}

static int send_delivery(const struct delivery *delivery, void *context)
{
    struct keeper *keeper = context;
    struct buffer message;
    int result = -1;

    buffer_init(&message, CHANNEL_MESSAGE);
    delivery_add(&message, delivery);
    if (!message.failed)
        result = channel_send(keeper->courier, buffer_slice(&message), -1);
    buffer_free(&message);
    return result;
}

void keeper_dispatch(struct keeper *keeper)
{
    const struct outbox_send send = {send_delivery, keeper};
    struct error error;

    if (!keeper->open || keeper->courier == NULL || !keeper->courier_greeted)
        return;
    if (outbox_dispatch(&keeper->outbox, &send, &error) < 0)
        keeper_complain(keeper, &error);
    channel_flush(keeper->courier);
}

/* ---- all ---- */

int keeper_peer(struct keeper *keeper, const char *name, int fd)
{
    if (strcmp(name, "sensor") == 0)
        return add_sensor(keeper, fd);
    if (strcmp(name, "courier") == 0)
        return add_courier(keeper, fd);
    return -1;
}

void keeper_peers_close(struct keeper *keeper)
{
    size_t i;

    for (i = 0; i < KEEPER_SENSORS; i++)
        sensor_close(keeper, &keeper->sensors[i]);
    courier_gone(keeper);
}
