/* SPDX-License-Identifier: ISC
 *
 * All connections of a sensor, by how long they have been silent and by where they come from (IPv4 address or IPv6
 * /64): so that a crowd takes neither all places nor all time. Who has to go where all places are taken is the one that
 * has been silent longest, first among those that never sent a whole request; one source holds a part of all places at
 * most. TLS handshakes, which cost much, take turns by source. */
#ifndef SENSOR_CROWD_H
#define SENSOR_CROWD_H

#include <sodium.h>
#include "server/base/address.h"
#include "server/base/ring.h"

#define CROWD_SHARE 4 /* one source may hold this part of all places */
#define CROWD_SOURCES 4096

struct connection;
struct crowd_source;

/* A connection's place in the crowd. */
struct crowd_member {
    struct crowd_source *source;
    struct ring all;  /* among the known, or among the strangers; by last activity */
    struct ring own;  /* among those of its source, by last activity */
    struct ring turn; /* waits for its handshake's turn */
    bool known;       /* a whole request has come */
};

struct crowd {
    size_t count, maximum;
    struct ring strangers, known;
    struct ring turns; /* of sources with handshakes that wait */
    struct crowd_source *sources[CROWD_SOURCES]; /* chains by hash */
    unsigned char key[crypto_shorthash_KEYBYTES];
};

void crowd_init(struct crowd *crowd, size_t maximum);
/* As the most active one. -1 without memory. */
int crowd_join(struct crowd *crowd, struct connection *connection, const struct address *source);
void crowd_leave(struct crowd *crowd, struct connection *connection);
/* It was active just now. */
void crowd_touch(struct crowd *crowd, struct connection *connection);
/* It has sent a whole request. */
void crowd_know(struct crowd *crowd, struct connection *connection);
/* The one that has to go first, which waits for no verdict; NULL when there is none. */
struct connection *crowd_dispensable(const struct crowd *crowd);
/* The same among those of a source that holds all that it may; NULL when it may hold more. */
struct connection *crowd_greedy(struct crowd *crowd, const struct address *source);
/* Each connection once; `visit` may free that one. */
void crowd_visit(const struct crowd *crowd, void (*visit)(struct connection *connection));

/* Its handshake can go on: it waits for its turn. */
void crowd_queue(struct crowd *crowd, struct connection *connection);
bool crowd_queued(const struct connection *connection);
/* Takes out the one whose turn it is; NULL when none waits. */
struct connection *crowd_next(struct crowd *crowd);

#endif
