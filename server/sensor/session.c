/* SPDX-License-Identifier: ISC */
#include "server/sensor/session.h"

#include <string.h>
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/sensor/connection.h"
#include "server/sensor/proxy.h"

#define SECOND 1000000LL

static bool bears(const struct face *face, struct slice host)
{
    const struct decoy *decoy = face->decoy.decoy;

    for (size_t i = 0; i < decoy->name_count; i++)
        if (slice_is_nocase(host, decoy->names[i]))
            return true;
    return false;
}

struct decoy_face *session_choose(struct session *session, struct slice host)
{
    struct door *door = ((struct connection *)session)->door;

    session->face = &door->faces[0]->decoy;
    for (size_t i = 0; i < door->face_count; i++)
        if (bears(door->faces[i], host)) {
            session->face = &door->faces[i]->decoy;
            break;
        }
    return session->face;
}

SSL_CTX *connection_choose(void *connection, const char *server_name)
{
    struct connection *c = connection;

    session_choose(&c->session, slice_of(server_name));
    return ((struct face *)c->session.face)->tls;
}

void session_send(struct session *session)
{
    (void)session;
}

bool session_congested(struct session *session)
{
    struct connection *c = (struct connection *)session;

    if (session->output.length >= SESSION_CONGESTED)
        c->congested = true;
    return c->congested;
}

void session_yield(struct session *session)
{
    struct connection *c = (struct connection *)session;

    c->congested = c->yields = true;
}

void session_close(struct session *session, bool reset)
{
    struct connection *c = (struct connection *)session;

    c->closing = true;
    if (reset)
        c->broken = true;
}

int session_start_tls(struct session *session)
{
    struct connection *c = (struct connection *)session;

    if (session->tls.on || ((struct face *)session->face)->tls == NULL)
        return -1;
    c->wants_tls = true;
    return 0;
}

void session_deadline(struct session *session, int idle_s, int total_s)
{
    struct connection *c = (struct connection *)session;

    c->active = clock_monotonic();
    c->idle_us = (idle_s > 0 ? idle_s : session->service->idle_s) * SECOND;
    c->total_due = c->active + (total_s > 0 ? total_s : session->service->total_s) * SECOND;
    connection_schedule(c);
}

static void on_pause(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = context;

    (void)fd;
    (void)what;
    if (c->stage == STAGE_OPEN && !c->closing && !c->broken)
        c->session.service->resume(&c->session);
    connection_settle(c);
}

int session_pause(struct session *session, int milliseconds)
{
    struct connection *c = (struct connection *)session;
    struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};

    if (c->pause == NULL)
        c->pause = evtimer_new(session->sensor->base, on_pause, c);
    return c->pause == NULL ? -1 : evtimer_add(c->pause, &time);
}

/* ---- who the client is ---- */

void session_forwarded(struct session *session, struct slice header)
{
    const struct connection *c = (struct connection *)session;
    struct address via[OBSERVATION_VIA]; /* the nearest first */
    struct slice rest = header;
    size_t count = 0;

    session->source = c->peer;
    session->source_port = c->peer_port;
    while (rest.length > 0 && c->peer_via_count + count < OBSERVATION_VIA &&
           sensor_trusts(session->sensor, &session->source)) {
        const unsigned char *comma = memrchr(rest.data, ',', rest.length);
        size_t start = comma == NULL ? 0 : (size_t)(comma - rest.data) + 1;
        struct slice hop = {rest.data + start, rest.length - start};
        struct address address;
        uint16_t port;

        if (proxy_hop(hop, &address, &port) < 0)
            break;
        via[count++] = session->source;
        session->source = address;
        session->source_port = port;
        rest.length = comma == NULL ? 0 : start - 1;
    }
    session->via_count = (uint8_t)(c->peer_via_count + count);
    for (size_t i = 0; i < count; i++)
        session->via[i] = via[count - 1 - i];
    for (size_t i = 0; i < c->peer_via_count; i++)
        session->via[count + i] = c->peer_via[i];
}

/* ---- observations ---- */

const char *session_classes(struct slice value, char text[SESSION_CLASSES])
{
    static const char *const names[] = {"lower", "upper", "digit", "space", "symbol", "control", "high"};
    unsigned seen = 0;
    char *end = text;

    for (size_t i = 0; i < value.length; i++) {
        unsigned char b = value.data[i];

        seen |= b >= 'a' && b <= 'z'   ? 1
                : b >= 'A' && b <= 'Z' ? 2
                : b >= '0' && b <= '9' ? 4
                : b == ' '             ? 8
                : b < 32 || b == 127   ? 32
                : b >= 128             ? 64
                                       : 16;
    }
    *end = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((seen & 1U << i) != 0) {
            if (end != text)
                *end++ = ',';
            end = stpcpy(end, names[i]);
        }
    return text;
}

static void describe_tls(struct buffer *out, const struct tls_facts *tls)
{
    if (!tls->on)
        return;
    json_member_open(out, "tls");
    buffer_add_char(out, '{');
    json_member_text(out, "version", tls->version);
    json_member_text(out, "cipher", tls->cipher);
    json_member_text(out, "sni", tls->server_name);
    json_member_text(out, "alpn", tls->alpn);
    buffer_add_char(out, '}');
}

static const char *local_text(struct session *session)
{
    struct sensor *sensor = session->sensor;

    if (sensor->told_text[0] == '\0' || memcmp(&sensor->told, &session->local, sizeof sensor->told) != 0) {
        sensor->told = session->local;
        address_text(&sensor->told, sensor->told_text);
    }
    return sensor->told_text;
}

/* The service's object is joined into ours: its opening brace is left out. */
static struct slice describe(struct session *session, struct slice context)
{
    struct buffer *out = &session->sensor->context;
    uint64_t shed = link_shed(session->sensor->link);

    buffer_clear(out);
    buffer_add_char(out, '{');
    describe_tls(out, &session->tls);
    json_key(out, "connection");
    json_write_number(out, (int64_t)session->connection);
    json_key(out, "request");
    json_write_number(out, session->request);
    json_key(out, "local");
    buffer_add_char(out, '{');
    json_key(out, "address");
    json_write_string(out, slice_of(local_text(session)));
    json_key(out, "port");
    json_write_number(out, session->local_port);
    buffer_add_char(out, '}');
    if (shed > 0)
        json_member_number(out, "shed", (int64_t)shed);
    if (session->plain_on_tls)
        json_member_bool(out, "plain_on_tls", true);
    if (context.length > 2 && out->length + context.length < out->maximum) {
        buffer_add_char(out, ',');
        buffer_add(out, context.data + 1, context.length - 1);
    } else {
        if (context.length > 2)
            json_member_bool(out, "truncated", true);
        buffer_add_char(out, '}');
    }
    return buffer_slice(out);
}

static void fill(struct session *session, struct observation *o)
{
    o->time = clock_wall();
    o->id = id_ordered(o->time);
    o->decoy = slice_of(session->face->decoy->name);
    o->service = slice_of(session->service->name);
    o->source = session->source;
    o->source_port = session->source_port;
    memcpy(o->via, session->via, sizeof o->via);
    o->via_count = session->via_count;
    o->local = session->local;
    o->local_port = session->local_port;
    o->connection = session->connection;
    o->request = session->request;
    o->candidate_count = 0;
    o->login = 0;
}

void session_present(struct session *session, const struct credentials *credentials, struct slice context)
{
    struct connection *c = (struct connection *)session;
    struct observation *o = &session->sensor->observation;

    crowd_know(&session->sensor->crowd, c);
    fill(session, o);
    o->context = describe(session, context);
    if (credentials != NULL)
        credentials_list(credentials, o);
    if (o->candidate_count == 0) {
        link_observe(session->sensor->link, o);
    } else {
        session->waiting = true;
        c->ticket = link_present(session->sensor->link, o, c);
        c->verdict_due = clock_monotonic() + (c->ticket == NULL ? 0 : LINK_WAIT_US);
        connection_schedule(c);
    }
    buffer_clear(&session->sensor->context);
}
