/* SPDX-License-Identifier: ISC
 *
 * One connection to a listener, as a client has it: PROXY header where a trusted proxy is expected, TLS with the name
 * that was asked for. Nothing is believed of the other end: certificates are looked at, not checked, but by
 * door_tls_trusted(). All calls end by the deadline that door_connect() or door_wait() set, and by that of the turn. */
#ifndef PLANTER_DOOR_H
#define PLANTER_DOOR_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/address.h"
#include "server/base/buffer.h"
#include "server/base/error.h"

#define DOOR_READ (64 * 1024) /* bytes kept of an answer, where input.maximum says no other */

struct door {
    int fd;
    SSL_CTX *tls;
    SSL *ssl; /* NULL: plain */
    int64_t deadline; /* monotonic, microseconds */
    int64_t end;      /* the turn's */
    int64_t left;     /* bytes that the turn still takes */
    struct address address; /* our end */
    uint16_t port;
    struct address peer;
    uint16_t peer_port;
    struct buffer input; /* read and not yet taken */
};

void door_init(struct door *door);
void door_close(struct door *door);
/* Loads all that TLS needs later, inside the cage. */
int door_prepare(struct door *door, struct error *error);
/* For readers of PEM (pem_password_cb): nobody is there to be asked for a passphrase. */
int door_no_passphrase(char *buffer, int size, int writing, void *context);
/* "::" and "0.0.0.0" are this host: its loopback address. */
int door_connect(struct door *door, const char *address, uint16_t port, int timeout_ms, struct error *error);
/* PROXY protocol, version 1 (haproxy.org/download/2.8/doc/proxy-protocol.txt): the client is this end itself. */
int door_proxy(struct door *door, struct error *error);
/* The handshake, with `name` as SNI where it is a host name. */
int door_tls(struct door *door, const char *name, struct error *error);
/* The same, where the context verifies: for that host, a name or an address. */
int door_tls_trusted(struct door *door, const char *host, struct error *error);
/* Until the next one, the other end has so long and so many bytes for what it sends, however often it is waited for: one
 * that answers without end holds nobody. Before the first there is no such bound. */
void door_turn(struct door *door, int timeout_ms, int64_t most);
/* A new deadline, that long from now, and not after the turn's. */
void door_wait(struct door *door, int timeout_ms);
int door_write(struct door *door, struct slice data, struct error *error);
/* Reads more into `input`: 1, 0 at the end of the stream, -1. */
int door_read(struct door *door, struct error *error);

#endif
