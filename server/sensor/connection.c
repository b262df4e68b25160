/* SPDX-License-Identifier: ISC */
#include "server/sensor/connection.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/sensor/proxy.h"
#include "server/sensor/tls.h"

#define SECOND 1000000LL
#define READ_PLAIN 4095 /* with the byte for a NUL, a buffer of 4 KiB */
#define READ_MORE 16384
#define READ_LEAST 512 /* room in a buffer for which it is not enlarged */
#define READ_TURNS 8 /* reads from one client before the others have their turn */
#define LINGER_IDLE_US (5 * SECOND)
#define LINGER_US (30 * SECOND)

static void touch(struct connection *c)
{
    c->active = clock_monotonic();
    crowd_touch(&c->session.sensor->crowd, c);
}

/* ---- buffers, lent from the sensor's pool while they hold anything ---- */

static void lend(struct sensor *sensor, struct buffer *buffer)
{
    size_t maximum = buffer->maximum;

    if (buffer->data != NULL || sensor->pool_count == 0)
        return;
    *buffer = sensor->pool[--sensor->pool_count];
    buffer->maximum = maximum;
}

static void give_back(struct sensor *sensor, struct buffer *buffer)
{
    size_t maximum = buffer->maximum;

    if (buffer->length > 0 || buffer->data == NULL)
        return;
    if (sensor->pool_count == SENSOR_POOL || buffer->capacity > SENSOR_POOL_BYTES) {
        buffer_free(buffer);
        return;
    }
    sensor->pool[sensor->pool_count++] = *buffer;
    buffer_init(buffer, maximum);
}

static void account(struct connection *c)
{
    struct sensor *sensor = c->session.sensor;
    size_t now = c->session.input.capacity + c->session.output.capacity + c->session.held;

    sensor->buffered += now - c->accounted;
    c->accounted = now;
}

/* ---- the service's turn ---- */

static void pump(struct connection *c)
{
    struct session *session = &c->session;

    if (c->stage != STAGE_OPEN || session->waiting || c->closing || c->broken || c->wants_tls ||
        session->input.length == 0)
        return;
    if (session->output.length >= SESSION_CONGESTED)
        c->congested = true;
    else
        session->service->input(session);
}

static void open_service(struct connection *c)
{
    struct session *session = &c->session;

    c->stage = STAGE_OPEN;
    if (c->opened)
        return;
    c->opened = true;
    if (session->service->open(session) < 0)
        c->closing = true;
}

void connection_verdict(void *connection, const struct verdict *verdict)
{
    struct connection *c = connection;

    c->ticket = NULL;
    c->session.waiting = false;
    c->active = clock_monotonic();
    c->session.service->verdict(&c->session, verdict);
    pump(c);
    connection_settle(c);
}

/* ---- deadlines ---- */

static int64_t due(const struct connection *c)
{
    int64_t idle = c->active + c->idle_us;

    if (c->session.waiting)
        return c->verdict_due;
    return idle < c->total_due ? idle : c->total_due;
}

void connection_schedule(struct connection *c)
{
    int64_t at = due(c);

    if (!wheel_holds(&c->timer) || at < c->timer.due)
        wheel_put(&c->session.sensor->wheel, &c->timer, at);
}

static void on_deadline(struct connection *c)
{
    struct session *session = &c->session;

    if (session->waiting) {
        session->waiting = false;
        session->slow = link_up(session->sensor->link);
        link_forget(session->sensor->link, c->ticket);
        c->ticket = NULL;
        c->active = clock_monotonic();
        session->service->unavailable(session);
        pump(c);
    } else if (c->stage != STAGE_OPEN || c->closing) {
        c->broken = true;
    } else {
        if (session->service->timeout != NULL)
            session->service->timeout(session);
        c->closing = true;
        c->active = clock_monotonic();
        c->idle_us = LINGER_IDLE_US;
    }
}

void connection_fire(struct wheel_entry *entry, int64_t now)
{
    struct connection *c = (struct connection *)((char *)entry - offsetof(struct connection, timer));

    if (due(c) <= now) {
        on_deadline(c);
        connection_settle(c);
    } else {
        connection_schedule(c);
    }
}

/* ---- reading ---- */

static void set_reading(struct connection *c, bool on)
{
    if (on == c->reads)
        return;
    c->reads = on;
    if (on)
        event_add(&c->reading, NULL);
    else
        event_del(&c->reading);
}

static void set_writing(struct connection *c, bool on)
{
    if (on == c->writes)
        return;
    c->writes = on;
    if (on)
        event_add(&c->writing, NULL);
    else
        event_del(&c->writing);
}

/* One read into the session's input. The number of bytes, or a stream_result. */
static ssize_t read_some(struct connection *c, size_t *asked)
{
    struct buffer *input = &c->session.input;
    size_t room = input->maximum - input->length;
    unsigned char *at;
    ssize_t got;

    lend(c->session.sensor, input);
    if (input->length > 0 && input->capacity > input->length + READ_LEAST)
        *asked = input->capacity - input->length - 1;
    else
        *asked = input->length == 0 && c->stream.ssl == NULL ? READ_PLAIN : READ_MORE;
    if (*asked > room)
        *asked = room;
    at = buffer_reserve(input, *asked);
    if (at == NULL)
        return STREAM_BROKEN;
    got = stream_read(&c->stream, at, *asked);
    if (got > 0)
        buffer_grow(input, (size_t)got);
    return got;
}

/* Where all hold too much, who goes on sending much is closed first, so that those with little are still served. */
static bool too_much(const struct connection *c)
{
    size_t buffered = c->session.sensor->buffered;

    return buffered > 2 * SENSOR_BUFFERED || (buffered > SENSOR_BUFFERED && c->accounted > SENSOR_LITTLE);
}

static void read_input(struct connection *c)
{
    struct buffer *input = &c->session.input;
    ssize_t got = 1;
    size_t asked;

    touch(c);
    for (int turn = 0; turn < READ_TURNS && got > 0 && input->length < input->maximum; turn++) {
        got = read_some(c, &asked);
        if (got > 0 && c->stream.ssl == NULL && (size_t)got < asked)
            break;
    }
    c->more = c->stream.ssl != NULL && got > 0;
    if (got == STREAM_END)
        c->end = true;
    else if (got == STREAM_BROKEN || too_much(c))
        c->broken = true;
}

static void discard(struct connection *c)
{
    struct sensor *sensor = c->session.sensor;
    ssize_t got = 1;

    for (int turn = 0; turn < READ_TURNS && got > 0; turn++)
        got = stream_read(&c->stream, sensor->scratch, SENSOR_SCRATCH);
    touch(c);
    if (got != STREAM_AGAIN && got <= 0)
        c->broken = true;
}

/* ---- before the service: PROXY protocol and TLS ---- */

static void after_proxy(struct connection *c)
{
    if (c->door->listener->tls == TLS_DIRECT)
        c->stage = STAGE_PEEK;
    else
        open_service(c);
}

static void trust(struct connection *c, const struct proxy_source *source)
{
    if (!source->known)
        return;
    c->peer_via[0] = c->peer;
    c->peer_via_count = 1;
    c->peer = source->address;
    c->peer_port = source->port;
    c->session.local = source->local;
    c->session.local_port = source->local_port;
    session_forwarded(&c->session, SLICE_NONE);
}

static void read_proxy(struct connection *c)
{
    struct buffer *input = &c->session.input;
    struct proxy_source source;
    ssize_t got = 1;
    size_t wanted;
    int parsed = 0;

    while (got > 0 && (parsed = proxy_parse(buffer_slice(input), &wanted, &source)) == 0) {
        unsigned char *at = buffer_reserve(input, wanted);

        got = at == NULL ? STREAM_BROKEN : stream_read(&c->stream, at, wanted);
        if (got > 0)
            buffer_grow(input, (size_t)got);
    }
    if (parsed < 0 || (parsed == 0 && got != STREAM_AGAIN)) {
        c->broken = true;
    } else if (parsed == 1) {
        trust(c, &source);
        buffer_clear(input);
        after_proxy(c);
    }
}

static void begin_tls(struct connection *c)
{
    struct face *face = (struct face *)c->session.face;

    c->stream.ssl = face->tls == NULL ? NULL : tls_new(face->tls, c->stream.fd, c);
    c->stage = STAGE_HANDSHAKE;
    if (c->stream.ssl == NULL)
        c->broken = true;
}

/* As nginx: an SSLv2-like hello or a handshake record is TLS, anything else is not. */
static void peek(struct connection *c)
{
    unsigned char first;
    ssize_t got = recv(c->stream.fd, &first, 1, MSG_PEEK);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        c->broken = true;
    } else if (got == 1 && (first == 0x16 || (first & 0x80) != 0)) {
        begin_tls(c);
    } else if (got == 1) {
        c->session.plain_on_tls = true;
        open_service(c);
    }
}

static void shake_hands(struct connection *c)
{
    int done = stream_handshake(&c->stream);

    if (done == 1) {
        tls_facts(c->stream.ssl, &c->session.tls);
        open_service(c);
    } else if (done == STREAM_FULL) {
        set_writing(c, true);
    } else if (done != STREAM_AGAIN) {
        c->broken = true;
    }
}

static void serve(struct connection *c)
{
    if (c->stage != STAGE_OPEN || c->broken || c->closing)
        return;
    read_input(c);
    pump(c);
}

static void step(struct connection *c)
{
    if (c->stage == STAGE_PROXY)
        read_proxy(c);
    if (c->stage == STAGE_PEEK && !c->broken)
        peek(c);
    if (c->stage == STAGE_HANDSHAKE && !c->broken)
        sensor_queue(c->session.sensor, c);
    serve(c);
}

void connection_shake(struct connection *c)
{
    shake_hands(c);
    serve(c);
    connection_settle(c);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;

    (void)fd;
    (void)what;
    if (c->stage == STAGE_LINGER)
        discard(c);
    else
        step(c);
    connection_settle(c);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;

    (void)fd;
    (void)what;
    c->yields = false;
    set_writing(c, false);
    if (c->stage == STAGE_HANDSHAKE)
        step(c);
    connection_settle(c);
}

/* ---- settling ---- */

static void flush(struct connection *c)
{
    struct buffer *output = &c->session.output;
    size_t done = 0;
    ssize_t put = 1;

    if (c->stage != STAGE_OPEN || c->writes || output->length == 0)
        return;
    if (output->failed) {
        c->broken = true;
        return;
    }
    while (done < output->length && (put = stream_write(&c->stream, output->data + done, output->length - done)) > 0)
        done += (size_t)put;
    if (done > 0)
        c->active = clock_monotonic();
    if (done == output->length)
        buffer_clear(output);
    else
        buffer_consume(output, done);
    if (output->length > 0 && put == STREAM_FULL)
        set_writing(c, true);
    else if (output->length > 0 && put != STREAM_AGAIN)
        c->broken = true;
}

/* The answer is out. */
static void finish(struct connection *c)
{
    bool more = c->session.linger || c->session.input.length > 0;

    if (!c->session.silent)
        stream_farewell(&c->stream);
    if (c->end || !more) {
        c->broken = true;
        return;
    }
    stream_finish(&c->stream);
    c->stage = STAGE_LINGER;
    c->active = clock_monotonic();
    c->idle_us = LINGER_IDLE_US;
    c->total_due = c->active + LINGER_US;
    buffer_clear(&c->session.input);
    connection_schedule(c);
}

static void start_tls(struct connection *c)
{
    c->wants_tls = false;
    buffer_clear(&c->session.input);
    begin_tls(c);
    if (!c->broken)
        step(c);
}

static void set_events(struct connection *c)
{
    struct session *session = &c->session;
    bool full = c->stage == STAGE_OPEN && session->input.length >= session->input.maximum;
    bool waits = c->stage == STAGE_OPEN && c->closing;

    set_reading(c, !c->end && !full && !waits && !crowd_queued(c));
    if (c->reads && c->stage == STAGE_OPEN && c->more)
        event_active(&c->reading, EV_READ, 0);
    if (c->yields)
        set_writing(c, true);
    if (waits && c->idle_us > LINGER_US) {
        c->idle_us = LINGER_US;
        connection_schedule(c);
    }
}

void connection_settle(struct connection *c)
{
    struct session *session = &c->session;

    do {
        if (!c->broken)
            flush(c);
        if (!c->broken && c->wants_tls && session->output.length == 0)
            start_tls(c);
        if (!c->congested || c->broken || c->yields || session->output.length > 0)
            break;
        c->congested = false;
        pump(c);
    } while (!c->broken);
    if (c->end && !c->closing && !session->waiting && !c->yields && session->output.length == 0) {
        c->closing = true;
        session->silent = session->service->parts_silently;
    }
    if (c->closing && !c->broken && c->stage != STAGE_LINGER && session->output.length == 0)
        finish(c);
    if (c->broken) {
        connection_free(c);
        return;
    }
    set_events(c);
    give_back(session->sensor, &session->input);
    give_back(session->sensor, &session->output);
    account(c);
    if (!wheel_holds(&c->timer))
        connection_schedule(c);
}

void connection_start(struct connection *c)
{
    struct sensor *sensor = c->session.sensor;
    const struct service *service = c->session.service;

    event_assign(&c->reading, sensor->base, c->stream.fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->writing, sensor->base, c->stream.fd, EV_WRITE | EV_PERSIST, on_writable, c);
    c->active = clock_monotonic();
    c->idle_us = service->idle_s * SECOND;
    c->total_due = c->active + service->total_s * SECOND;
    if (c->session.face->decoy->proxy && sensor_trusts(sensor, &c->peer))
        c->stage = STAGE_PROXY;
    else
        after_proxy(c);
    connection_settle(c);
}

void connection_free(struct connection *c)
{
    struct sensor *sensor = c->session.sensor;

    if (c->opened && c->session.service->close != NULL)
        c->session.service->close(&c->session);
    wheel_remove(&c->timer);
    event_del(&c->reading);
    event_del(&c->writing);
    if (c->pause != NULL)
        event_free(c->pause);
    link_forget(sensor->link, c->ticket);
    stream_close(&c->stream);
    buffer_clear(&c->session.input);
    buffer_clear(&c->session.output);
    give_back(sensor, &c->session.input);
    give_back(sensor, &c->session.output);
    c->session.held = 0;
    account(c);
    crowd_leave(&sensor->crowd, c);
    free(c);
}
