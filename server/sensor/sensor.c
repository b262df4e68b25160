/* SPDX-License-Identifier: ISC */
#include "server/sensor/sensor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <sodium.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/base/role.h"
#include "server/sensor/connection.h"
#include "server/sensor/tls.h"

#define ACCEPTS 64         /* from one door before the others have their turn */
#define HANDSHAKES_US 2000 /* spent on TLS handshakes before all else has its turn */

static const struct timeval tick_interval = {0, WHEEL_SLOT_US};

/* ---- life ---- */

static void on_tick(evutil_socket_t fd, short what, void *context);
static void on_shaking(evutil_socket_t fd, short what, void *context);

/* As many descriptors as the hard limit allows; the number of connections that leaves. */
static size_t raise_limit(void)
{
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4 * SENSOR_SPARE)
        return SENSOR_SPARE;
    return limit.rlim_cur - SENSOR_SPARE < SENSOR_CONNECTIONS ? limit.rlim_cur - SENSOR_SPARE : SENSOR_CONNECTIONS;
}

static void on_mismatch(void *context)
{
    struct sensor *sensor = context;

    log_error("the keeper is of another build than this sensor; it ends, to be started anew");
    event_base_loopbreak(sensor->base);
}

static void on_keys(void *context, const struct decoy_keys *keys)
{
    sensor_renew(context, keys);
}

struct sensor *sensor_new(struct event_base *base, struct configuration *configuration)
{
    struct sensor *sensor = calloc(1, sizeof *sensor);
    struct link_events events = {connection_verdict, on_keys, on_mismatch, sensor};

    if (sensor == NULL) {
        configuration_free(configuration);
        return NULL;
    }
    sensor->base = base;
    sensor->configuration = configuration;
    crowd_init(&sensor->crowd, raise_limit());
    wheel_init(&sensor->wheel, clock_monotonic());
    buffer_init(&sensor->context, OBSERVATION_CONTEXT);
    sensor->faces = calloc(configuration->decoy_count + 1, sizeof *sensor->faces);
    sensor->doors = calloc(ROLE_DESCRIPTORS, sizeof *sensor->doors);
    sensor->tick = event_new(base, -1, EV_PERSIST, on_tick, sensor);
    sensor->shaking = event_new(base, -1, 0, on_shaking, sensor);
    sensor->link = link_new(base, &events);
    if (sensor->faces == NULL || sensor->doors == NULL || sensor->tick == NULL || sensor->shaking == NULL ||
        sensor->link == NULL) {
        sensor_free(sensor);
        return NULL;
    }
    return sensor;
}

static void face_free(struct face *face)
{
    if (face->service != NULL && face->decoy.state != NULL && face->service->unload != NULL)
        face->service->unload(&face->decoy);
    tls_context_free(face->tls);
    sodium_memzero(face->decoy.salt, sizeof face->decoy.salt);
    free(face->decoy.face);
}

static void door_free(struct door *door)
{
    if (door->reading != NULL)
        event_free(door->reading);
    if (door->fd >= 0)
        close(door->fd);
    free(door->faces);
}

void sensor_free(struct sensor *sensor)
{
    if (sensor == NULL)
        return;
    crowd_visit(&sensor->crowd, connection_free);
    for (size_t i = 0; i < sensor->door_count; i++)
        door_free(&sensor->doors[i]);
    for (size_t i = 0; i < sensor->face_count; i++)
        face_free(&sensor->faces[i]);
    while (sensor->pool_count > 0)
        buffer_free(&sensor->pool[--sensor->pool_count]);
    if (sensor->tick != NULL)
        event_free(sensor->tick);
    if (sensor->shaking != NULL)
        event_free(sensor->shaking);
    if (sensor->drain != NULL)
        event_free(sensor->drain);
    link_free(sensor->link);
    buffer_free(&sensor->context);
    configuration_free(sensor->configuration);
    free(sensor->faces);
    free(sensor->doors);
    free(sensor);
}

bool sensor_trusts(const struct sensor *sensor, const struct address *address)
{
    for (size_t i = 0; i < sensor->configuration->proxy_count; i++)
        if (network_holds(&sensor->configuration->proxies[i], address))
            return true;
    return false;
}

/* ---- doors ---- */

static struct face *face_of(struct sensor *sensor, const struct decoy *decoy, struct error *error)
{
    struct face *face;

    for (size_t i = 0; i < sensor->face_count; i++)
        if (sensor->faces[i].decoy.decoy == decoy)
            return &sensor->faces[i];
    face = &sensor->faces[sensor->face_count];
    face->service = service_find(decoy->service);
    if (face->service == NULL) {
        error_set(error, "decoy %s: this sensor does not speak %s", decoy->name, decoy->service);
        return NULL;
    }
    face->decoy.decoy = decoy;
    sensor->face_count++;
    return face;
}

/* All decoys of the same service that are to answer at this address and port. */
static int door_faces(struct sensor *sensor, struct door *door, const struct decoy *own, struct error *error)
{
    const struct configuration *configuration = sensor->configuration;

    door->faces = calloc(configuration->decoy_count, sizeof *door->faces);
    if (door->faces == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        const struct decoy *decoy = &configuration->decoys[i];

        for (size_t j = 0; j < decoy->listener_count; j++) {
            const struct listener *listener = &decoy->listeners[j];
            struct face *face;

            if (listener->port != door->listener->port || strcmp(listener->address, door->listener->address) != 0 ||
                strcmp(decoy->service, own->service) != 0)
                continue;
            face = face_of(sensor, decoy, error);
            if (face == NULL)
                return -1;
            if (door->face_count == 0)
                door->listener = listener;
            door->faces[door->face_count++] = face;
            break;
        }
    }
    return 0;
}

static bool unspecified(const struct address *address)
{
    static const struct address any = {{0}}, any4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

    return memcmp(address, &any, sizeof any) == 0 || memcmp(address, &any4, sizeof any4) == 0;
}

static int door_local(int fd, struct address *address, uint16_t *port)
{
    struct sockaddr_storage local;
    socklen_t length = sizeof local;

    if (getsockname(fd, (struct sockaddr *)&local, &length) < 0)
        return -1;
    return address_of((struct sockaddr *)&local, address, port);
}

/* The same address and port may be handed over once for each of its decoys. */
static bool known(const struct sensor *sensor, const struct listener *listener)
{
    for (size_t i = 0; i < sensor->door_count; i++)
        if (sensor->doors[i].listener->port == listener->port &&
            strcmp(sensor->doors[i].listener->address, listener->address) == 0 && listener->port != 0)
            return true;
    return false;
}

int sensor_listen(struct sensor *sensor, const char *name, uint16_t index, int fd, struct error *error)
{
    const struct decoy *decoy = configuration_decoy(sensor->configuration, slice_of(name));
    struct door *door = &sensor->doors[sensor->door_count];
    int on = 1;

    if (decoy == NULL || index >= decoy->listener_count) {
        close(fd);
        return error_set(error, "a listener was handed over for decoy %s, which the configuration does not have", name);
    }
    if (known(sensor, &decoy->listeners[index]) || sensor->door_count == ROLE_DESCRIPTORS) {
        close(fd);
        return 0;
    }
    *door = (struct door){.sensor = sensor, .fd = fd, .listener = &decoy->listeners[index]};
    sensor->door_count++;
    if (door_local(fd, &door->local, &door->port) == 0)
        door->any = unspecified(&door->local);
    evutil_make_socket_nonblocking(fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    return door_faces(sensor, door, decoy, error);
}

/* ---- faces ---- */

/* Takes the place of a context that is there already, once it is made. */
static int make_tls(struct face *face, struct slice certificate, struct slice key, struct error *error)
{
    static const struct tls_chooser chooser = {connection_choose};
    const struct decoy *decoy = face->decoy.decoy;
    unsigned char digest[sizeof face->certificate];
    crypto_generichash_state state;
    SSL_CTX *made;

    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    crypto_generichash_update(&state, certificate.data, certificate.length);
    crypto_generichash_update(&state, key.data, key.length);
    crypto_generichash_final(&state, digest, sizeof digest);
    if (face->tls != NULL && memcmp(digest, face->certificate, sizeof digest) == 0)
        return 0;
    if (tls_context(certificate, key, strcmp(decoy->service, "http") == 0, &chooser, &made, error) < 0)
        return error_prefix(error, "decoy %s", decoy->name);
    tls_context_free(face->tls);
    face->tls = made;
    memcpy(face->certificate, digest, sizeof digest);
    return 1;
}

static struct face *face_by_name(struct sensor *sensor, struct slice name)
{
    const struct decoy *decoy = configuration_decoy(sensor->configuration, name);

    for (size_t i = 0; i < sensor->face_count && decoy != NULL; i++)
        if (sensor->faces[i].decoy.decoy == decoy)
            return &sensor->faces[i];
    return NULL;
}

int sensor_keys(struct sensor *sensor, const struct decoy_keys *keys, struct error *error)
{
    struct face *face = face_by_name(sensor, keys->decoy);

    if (face == NULL)
        return 0;
    if (keys->salt.length != sizeof face->decoy.salt)
        return error_set(error, "decoy %s: the keeper sent no salt", face->decoy.decoy->name);
    memcpy(face->decoy.salt, keys->salt.data, sizeof face->decoy.salt);
    free(face->decoy.face);
    face->decoy.face = slice_copy(keys->face);
    if (face->decoy.face == NULL)
        return error_set(error, "out of memory");
    return keys->certificate.length > 0 && make_tls(face, keys->certificate, keys->key, error) < 0 ? -1 : 0;
}

void sensor_renew(struct sensor *sensor, const struct decoy_keys *keys)
{
    struct face *face = face_by_name(sensor, keys->decoy);
    struct error error;
    int made;

    if (face == NULL || face->tls == NULL || keys->certificate.length == 0)
        return;
    made = make_tls(face, keys->certificate, keys->key, &error);
    if (made < 0)
        log_error("%s", error.text);
    else if (made > 0)
        log_info("decoy %s has a new certificate", face->decoy.decoy->name);
}

static bool speaks_tls(const struct decoy *decoy)
{
    for (size_t i = 0; i < decoy->listener_count; i++)
        if (decoy->listeners[i].tls != TLS_NONE)
            return true;
    return false;
}

/* The operator's own certificate, where the keeper sent none. */
static int own_certificate(struct face *face, struct error *error)
{
    const struct decoy *decoy = face->decoy.decoy;
    struct buffer certificate, key;
    int result;

    buffer_init(&certificate, CHANNEL_MESSAGE);
    buffer_init(&key, CHANNEL_MESSAGE);
    if (decoy->certificate == NULL || decoy->certificate[0] == '\0')
        result = error_set(error, "decoy %s speaks TLS but has no certificate; run sundew init, or set "
                                  "certificate: and key:", decoy->name);
    else if (paths_read(decoy->certificate, &certificate, error) < 0 || paths_read(decoy->key, &key, error) < 0)
        result = error_prefix(error, "decoy %s", decoy->name);
    else
        result = make_tls(face, buffer_slice(&certificate), buffer_slice(&key), error) < 0 ? -1 : 0;
    buffer_free(&certificate);
    buffer_free(&key);
    return result;
}

static int load_face(struct face *face, struct error *error)
{
    const struct decoy *decoy = face->decoy.decoy;

    if (face->decoy.face == NULL)
        return error_set(error, "decoy %s: the ledger does not know it; run sundew reload after adding a decoy",
                         decoy->name);
    if (speaks_tls(decoy) && face->tls == NULL && own_certificate(face, error) < 0)
        return -1;
    if (face->service->load != NULL && face->service->load(&face->decoy, error) < 0)
        return error_prefix(error, "decoy %s", decoy->name);
    return 0;
}

int sensor_load(struct sensor *sensor, struct error *error)
{
    for (size_t i = 0; i < sensor->face_count; i++)
        if (load_face(&sensor->faces[i], error) < 0)
            return -1;
    return 0;
}

/* ---- connections ---- */

static bool full(const struct sensor *sensor)
{
    return sensor->crowd.count >= sensor->crowd.maximum;
}

/* Proxies that are trusted speak for many sources. */
static void make_room(struct sensor *sensor, const struct address *peer)
{
    struct connection *c = full(sensor) ? crowd_dispensable(&sensor->crowd) : NULL;

    if (c == NULL && !sensor_trusts(sensor, peer))
        c = crowd_greedy(&sensor->crowd, peer);
    if (c == NULL)
        return;
    if (sensor->evicted++ == 0)
        log_warning("all %zu places for connections are taken, or one source's part of them; those silent longest are "
                    "closed", sensor->crowd.maximum);
    connection_free(c);
}

void sensor_adopt(struct sensor *sensor, struct door *door, int fd, const struct sockaddr *peer)
{
    struct connection *c = calloc(1, sizeof *c);
    struct session *session;

    if (c == NULL) {
        close(fd);
        return;
    }
    session = &c->session;
    c->door = door;
    c->stream.fd = fd;
    if (peer == NULL || address_of(peer, &c->peer, &c->peer_port) < 0)
        address_parse("127.0.0.1", &c->peer);
    session->sensor = sensor;
    session->face = &door->faces[0]->decoy;
    session->service = door->faces[0]->service;
    session->listener = door->listener;
    session->source = c->peer;
    session->source_port = c->peer_port;
    session->local = door->local;
    session->local_port = door->port;
    if (door->any)
        door_local(fd, &session->local, &session->local_port);
    make_room(sensor, &c->peer);
    if (crowd_join(&sensor->crowd, c, &c->peer) < 0) {
        close(fd);
        free(c);
        return;
    }
    session->connection = ++sensor->connections;
    buffer_init(&session->input, SESSION_INPUT);
    buffer_init(&session->output, SESSION_OUTPUT);
    connection_start(c);
}

static void pause_door(struct door *door)
{
    event_del(door->reading);
    door->paused = true;
}

static void start_tick(struct sensor *sensor)
{
    if (!event_pending(sensor->tick, EV_TIMEOUT, NULL))
        event_add(sensor->tick, &tick_interval);
}

static void on_client(evutil_socket_t listener, short what, void *context)
{
    struct door *door = context;
    struct sensor *sensor = door->sensor;
    int fd = 0;

    (void)what;
    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof peer;

        if (full(sensor) && crowd_dispensable(&sensor->crowd) == NULL) {
            pause_door(door);
            break;
        }
        fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
            continue;
        if (fd < 0)
            break;
        sensor_adopt(sensor, door, fd, (struct sockaddr *)&peer);
    }
    /* Out of descriptors or memory: the clients wait in the backlog until the next tick. */
    if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
        pause_door(door);
    start_tick(sensor);
}

void sensor_queue(struct sensor *sensor, struct connection *connection)
{
    crowd_queue(&sensor->crowd, connection);
    if (!event_pending(sensor->shaking, EV_TIMEOUT, NULL))
        event_active(sensor->shaking, EV_TIMEOUT, 0);
}

static void on_shaking(evutil_socket_t fd, short what, void *context)
{
    static const struct timeval next_turn = {0, 0};
    struct sensor *sensor = context;
    int64_t end = clock_monotonic() + HANDSHAKES_US;
    struct connection *c;

    (void)fd;
    (void)what;
    while ((c = crowd_next(&sensor->crowd)) != NULL) {
        connection_shake(c);
        if (clock_monotonic() < end)
            continue;
        event_add(sensor->shaking, &next_turn);
        break;
    }
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct sensor *sensor = context;
    bool idle;

    (void)fd;
    (void)what;
    wheel_turn(&sensor->wheel, clock_monotonic(), connection_fire);
    link_retry(sensor->link);
    idle = sensor->crowd.count == 0 && link_waiting(sensor->link) == 0;
    for (size_t i = 0; i < sensor->door_count; i++) {
        struct door *door = &sensor->doors[i];

        if (!door->paused)
            continue;
        door->paused = false;
        event_add(door->reading, NULL);
        idle = false;
    }
    if (idle)
        event_del(sensor->tick);
}

int sensor_open(struct sensor *sensor, struct error *error)
{
    for (size_t i = 0; i < sensor->door_count; i++) {
        struct door *door = &sensor->doors[i];

        door->reading = event_new(sensor->base, door->fd, EV_READ | EV_PERSIST, on_client, door);
        if (door->reading == NULL || event_add(door->reading, NULL) < 0)
            return error_set(error, "cannot wait for clients");
    }
    start_tick(sensor);
    return 0;
}

void sensor_shut(struct sensor *sensor)
{
    for (size_t i = 0; i < sensor->door_count; i++) {
        struct door *door = &sensor->doors[i];

        if (door->reading != NULL)
            event_free(door->reading);
        door->reading = NULL;
        door->paused = false;
        close(door->fd);
        door->fd = -1;
    }
}

static void drain_one(struct connection *c)
{
    const struct session *session = &c->session;

    if (!session->waiting && !session->busy && session->input.length == 0 && session->output.length == 0)
        connection_free(c);
}

size_t sensor_drain(struct sensor *sensor)
{
    crowd_visit(&sensor->crowd, drain_one);
    return sensor->crowd.count;
}
