/* SPDX-License-Identifier: ISC
 *
 * The sensor: speaks the decoys' protocols with whoever comes, and asks the keeper. Once caged it opens nothing. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/log.h"
#include "server/base/random.h"
#include "server/base/role.h"
#include "server/sensor/http/site_check.h"
#include "server/sensor/sensor.h"
#include "server/wire/help.h"

#define KEEPER_MS 60000 /* the keeper may have much to derive before it speaks */
#define DRAIN_S 10      /* after STOP, for requests under way */

/* ---- start: keys from the keeper, blocking ---- */

/* 1 at the end of the keys. */
static int take_keys(struct sensor *sensor, struct slice message, bool *greeted, struct error *error)
{
    struct reader reader = reader_of(message);
    struct decoy_keys keys;

    switch (message_type(&reader)) {
    case MESSAGE_HELLO:
        *greeted = hello_get(&reader) == 0;
        return *greeted ? 0 : error_set(error, "the keeper is of another build; install all parts together");
    case MESSAGE_DECOY_KEYS:
        if (decoy_keys_get(&reader, &keys) < 0)
            return error_set(error, "the keeper sent damaged keys");
        return sensor_keys(sensor, &keys, error);
    case MESSAGE_KEYS_DONE:
        return *greeted ? 1 : error_set(error, "the keeper did not say which build it is of");
    default:
        return error_set(error, "the keeper sent a message that does not belong at the start");
    }
}

static int ask_keeper(struct sensor *sensor, int keeper, struct error *error)
{
    struct buffer message;
    bool greeted = false;
    int result;

    buffer_init(&message, CHANNEL_MESSAGE);
    hello_add(&message);
    result = channel_send_now(keeper, buffer_slice(&message), -1, error);
    while (result == 0) {
        int fd, got = channel_receive_now(keeper, &message, &fd, KEEPER_MS, error);

        if (fd >= 0)
            close(fd);
        if (got == 1)
            error_set(error, "the keeper ended before it sent the decoys' keys");
        result = got != 0 ? -1 : take_keys(sensor, buffer_slice(&message), &greeted, error);
    }
    buffer_free(&message);
    return result < 0 ? -1 : 0;
}

static int take_keeper(struct role *role, int *keeper, struct error *error)
{
    for (size_t i = 0; i < role->peer_count; i++)
        if (strcmp(role->peers[i].name, "keeper") == 0) {
            *keeper = role->peers[i].fd;
            return 0;
        }
    return error_set(error, "the sensor was started without a channel to the keeper");
}

static int begin(struct role *role, struct sensor **sensor, struct error *error)
{
    struct configuration *configuration;
    int keeper = -1;

    if (configuration_unpack(buffer_slice(&role->setup), &configuration) < 0)
        return error_set(error, "the configuration that the sensor was handed is damaged");
    *sensor = sensor_new(role->base, configuration);
    if (*sensor == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < role->listener_count; i++)
        if (sensor_listen(*sensor, role->listeners[i].name, role->listeners[i].index, role->listeners[i].fd, error) < 0)
            return -1;
    if (take_keeper(role, &keeper, error) < 0 || ask_keeper(*sensor, keeper, error) < 0)
        return -1;
    if (link_attach((*sensor)->link, keeper, true) < 0)
        return error_set(error, "out of memory");
    return sensor_load(*sensor, error);
}

/* ---- running ---- */

static void on_peer(struct role *role, const char *name, int fd)
{
    struct sensor *sensor = role->context;

    if (strcmp(name, "keeper") != 0) {
        close(fd);
        return;
    }
    log_info("a new keeper is there");
    if (link_attach(sensor->link, fd, false) < 0)
        log_error("out of memory: no way to the new keeper");
}

static void on_drain(evutil_socket_t fd, short what, void *context)
{
    struct role *role = context;
    struct sensor *sensor = role->context;

    (void)fd;
    (void)what;
    if (sensor_drain(sensor) == 0 && (link_waiting(sensor->link) == 0 || !link_up(sensor->link)))
        event_base_loopbreak(role->base);
}

/* Requests under way may end; new clients are the next sensor's. */
static void on_stop(struct role *role)
{
    static const struct timeval often = {0, 100000}, limit = {DRAIN_S, 0};
    struct sensor *sensor = role->context;

    if (sensor->drain != NULL)
        return;
    sensor->drain = event_new(role->base, -1, EV_PERSIST, on_drain, role);
    sensor_shut(sensor);
    event_base_loopexit(role->base, &limit);
    if (sensor->drain == NULL || event_add(sensor->drain, &often) < 0)
        event_base_loopbreak(role->base);
}

int main(int argc, char **argv)
{
    struct role role;
    struct sensor *sensor = NULL;
    struct error error;
    int result = 1;

    if (help_asked("sensor", argc, argv))
        return 0;
    if (argc > 1 && strcmp(argv[1], "--check") == 0)
        return site_check(argc, argv);
    random_pooled(); /* an answer needs several small draws */
    if (sodium_init() < 0 || role_begin(&role, "sensor", &error) < 0 || begin(&role, &sensor, &error) < 0) {
        result = role_fail(&role, &error);
        goto out;
    }
    if (sensor_open(sensor, &error) < 0 || sensor_cage(&error) < 0) {
        result = role_fail(&role, &error);
        goto out;
    }
    role.peer = on_peer;
    role.stop = on_stop;
    role.context = sensor;
    result = role_run(&role) < 0 ? 1 : 0;
    sensor_free(sensor);
    sensor = NULL;
    role_end(&role);
out:
    sensor_free(sensor);
    return result;
}
