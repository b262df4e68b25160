/* SPDX-License-Identifier: ISC
 *
 * The sensor's heart: decoys' faces, doors (listening sockets), connections. main.c gives it descriptors and a cage;
 * tests give it socket pairs. */
#ifndef SENSOR_SENSOR_H
#define SENSOR_SENSOR_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include "server/base/error.h"
#include "server/sensor/crowd.h"
#include "server/sensor/keeper_link.h"
#include "server/sensor/service.h"
#include "server/sensor/wheel.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

#define SENSOR_CONNECTIONS 65536                  /* at most, whatever RLIMIT_NOFILE says */
#define SENSOR_SPARE 64                           /* descriptors kept free for channels, restarts of the keeper */
#define SENSOR_BUFFERED (256UL * 1024 * 1024)     /* bytes of clients' input and output in all */
#define SENSOR_LITTLE 65536                       /* of one client's, that are taken beyond that still */
#define SENSOR_POOL 64                            /* buffers kept for the next request */
#define SENSOR_POOL_BYTES 16384                   /* the largest that is kept */
#define SENSOR_SCRATCH 65536

struct face {
    struct decoy_face decoy; /* what services see; first, so that one leads to the other */
    const struct service *service;
    SSL_CTX *tls; /* NULL: none of its listeners speaks TLS */
    unsigned char certificate[32]; /* digest of what `tls` was made of */
};

struct door {
    struct sensor *sensor;
    int fd;
    struct event *reading;
    const struct listener *listener; /* of the first decoy */
    struct face **faces;             /* the decoys behind this address, in the configuration's order */
    size_t face_count;
    struct address local;
    uint16_t port;
    bool any;    /* bound to the unspecified address: each connection is asked for its own */
    bool paused; /* no descriptors left: until the next tick */
};

struct sensor {
    struct event_base *base;
    struct configuration *configuration;
    struct face *faces;
    size_t face_count;
    struct door *doors;
    size_t door_count;
    struct keeper_link *link;
    struct wheel wheel;
    struct event *tick;
    struct event *drain; /* after STOP */
    struct crowd crowd;
    struct event *shaking; /* handshakes wait for their turn */
    uint64_t connections;  /* so far */
    size_t buffered;
    uint64_t evicted;
    struct buffer pool[SENSOR_POOL];
    size_t pool_count;
    struct observation observation; /* the one that is being made */
    struct buffer context;
    struct address told; /* the local address that was told of last, as text: mostly the next one's, too */
    char told_text[ADDRESS_TEXT];
    unsigned char scratch[SENSOR_SCRATCH];
};

/* Takes over the configuration. `link` stays the caller's to set before connections come. NULL without memory. */
struct sensor *sensor_new(struct event_base *base, struct configuration *configuration);
void sensor_free(struct sensor *sensor);
/* A listening socket of this decoy. The sensor shows this decoy, and all others that share the address and port. Takes
 * over fd, also on failure. */
int sensor_listen(struct sensor *sensor, const char *decoy, uint16_t index, int fd, struct error *error);
/* What the keeper says of one decoy; of others than this sensor's, nothing is kept. */
int sensor_keys(struct sensor *sensor, const struct decoy_keys *keys, struct error *error);
/* A certificate that took another's place while the sensor runs: new handshakes get it, connections go on. What cannot
 * be used is logged, and changes nothing. */
void sensor_renew(struct sensor *sensor, const struct decoy_keys *keys);
/* After all doors and keys: every face loaded and, where a listener speaks TLS, with a certificate. */
int sensor_load(struct sensor *sensor, struct error *error);
/* Shuts the cage: from now on no file is opened, no socket made, nothing connected to. Everything is loaded. */
int sensor_cage(struct error *error);
/* Starts accepting. */
int sensor_open(struct sensor *sensor, struct error *error);
/* Stops accepting; connections go on. */
void sensor_shut(struct sensor *sensor);
/* Closes the connections on which nothing is under way. The number of the others. */
size_t sensor_drain(struct sensor *sensor);
/* A client at a door. Takes over fd, which is non-blocking. */
void sensor_adopt(struct sensor *sensor, struct door *door, int fd, const struct sockaddr *peer);
/* The client has sent what its TLS handshake needs to go on: connection_shake() follows, in its turn. */
void sensor_queue(struct sensor *sensor, struct connection *connection);
bool sensor_trusts(const struct sensor *sensor, const struct address *address);

#endif
