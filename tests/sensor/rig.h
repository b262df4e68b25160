/* SPDX-License-Identifier: ISC
 *
 * A sensor's heart without a parent and with a keeper made of a socket pair, in one event loop. */
#ifndef TESTS_SENSOR_RIG_H
#define TESTS_SENSOR_RIG_H

#include "server/base/channel.h"
#include "server/sensor/sensor.h"

#define RIG_SEEN 64

struct rig_candidate {
    uint8_t part, pair;
    char where[64], value[256];
};

struct rig_observation {
    struct id id;
    bool again;
    char decoy[64], context[4096];
    struct address source;
    uint8_t via_count;
    size_t candidate_count;
    struct rig_candidate candidates[8]; /* the first of them */
};

struct rig {
    struct event_base *base;
    struct sensor *sensor;
    struct channel *keeper;
    bool hold; /* the keeper takes observations and says nothing */
    size_t observations, presentations;
    struct rig_observation seen[RIG_SEEN]; /* the last ones; number i is in i % RIG_SEEN */
    uint32_t tickets[RIG_SEEN];            /* of presentations that are held */
    size_t held;
    struct observation work;
    struct buffer message;
};

struct rig_options {
    const char *service, *name; /* host name of the decoy */
    enum tls_mode tls;
    bool proxy;          /* the decoy expects the PROXY protocol */
    const char *proxies; /* a network that is trusted, or NULL */
    char **referrals;    /* of the decoys */
    size_t referral_count;
    const char *face;    /* of the decoys: a JSON object, or NULL for an empty one */
};

/* Exits the test on failure. With TLS, two decoys share the door: `name`, and "second.corp.example". */
void rig_begin(struct rig *rig, const struct rig_options *options);
void rig_end(struct rig *rig);
/* The connection that was active last, of those that sent a whole request if there are any. */
struct connection *rig_newest(const struct rig *rig);
/* The client's end of a connection at the door; non-blocking. */
int rig_connect(struct rig *rig);
/* Turns the loop until nothing is ready for `quiet_ms`. */
void rig_turn(struct rig *rig, int quiet_ms);
/* Sends, turns, and receives what has come into `answer` (at most size - 1 bytes, a NUL behind). The number of
 * bytes; *closed says whether the sensor has closed. */
size_t rig_ask(struct rig *rig, int client, const void *data, size_t length, void *answer, size_t size, bool *closed);
/* The keeper dies, and a new one comes. */
void rig_kill_keeper(struct rig *rig);
void rig_new_keeper(struct rig *rig);
/* Sends the verdicts that were held. */
void rig_release(struct rig *rig);
const struct rig_observation *rig_last(const struct rig *rig);

#endif
