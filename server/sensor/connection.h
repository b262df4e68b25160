/* SPDX-License-Identifier: ISC
 *
 * What stands behind a session: socket, events, deadlines. Each event ends in connection_settle(), the only place that
 * writes, closes and frees; so services may call any session_ function at any time. */
#ifndef SENSOR_CONNECTION_H
#define SENSOR_CONNECTION_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include "server/sensor/crowd.h"
#include "server/sensor/keeper_link.h"
#include "server/sensor/sensor.h"
#include "server/sensor/session.h"
#include "server/sensor/stream.h"
#include "server/sensor/wheel.h"

enum connection_stage {
    STAGE_PROXY,     /* the PROXY protocol's header is awaited */
    STAGE_PEEK,      /* a TLS port: is the first byte TLS? */
    STAGE_HANDSHAKE, /* TLS */
    STAGE_OPEN,      /* bytes go to the service */
    STAGE_LINGER,    /* all is written; what still comes is discarded */
};

struct connection {
    struct session session; /* first */
    struct door *door;
    struct stream stream;
    struct event reading, writing;
    struct wheel_entry timer;
    struct event *pause; /* NULL until session_pause() was called */
    int64_t active, idle_us, total_due; /* monotonic microseconds */
    int64_t verdict_due;                /* while session.waiting */
    struct link_ticket *ticket;
    struct crowd_member member;
    struct address peer, peer_via[OBSERVATION_VIA]; /* as the connection came, before any X-Forwarded-For */
    uint16_t peer_port;
    uint8_t peer_via_count;
    uint8_t stage;
    size_t accounted; /* of sensor->buffered */
    bool opened;      /* service->open was called: so must be close */
    bool reads;       /* the reading event is added */
    bool writes;
    bool more;        /* TLS may hold bytes that the socket will not be reported readable for */
    bool end;         /* the client has sent its last byte */
    bool broken;
    bool closing;
    bool congested;
    bool yields;      /* the service goes on once others had their turn: when the socket is found to be writable */
    bool wants_tls;
};

/* Starts a connection whose socket is set; frees it on failure. */
void connection_start(struct connection *connection);
void connection_free(struct connection *connection);
void connection_settle(struct connection *connection);
/* Its handshake's turn has come. */
void connection_shake(struct connection *connection);
/* The events of link and wheel. */
void connection_verdict(void *connection, const struct verdict *verdict);
void connection_fire(struct wheel_entry *entry, int64_t now);
/* Sets the timer for the earliest deadline, if it is not earlier already. */
void connection_schedule(struct connection *connection);
SSL_CTX *connection_choose(void *connection, const char *server_name);

#endif
