/* SPDX-License-Identifier: ISC
 *
 * One connection: its stream (TCP, or TLS by OpenSSL), its buffers, its deadlines, and the way to the keeper. */
#ifndef SENSOR_SESSION_H
#define SENSOR_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/address.h"
#include "server/base/buffer.h"
#include "server/sensor/credential.h"
#include "server/sensor/service.h"

#define SESSION_INPUT (64 * 1024 + 4096) /* bytes that wait for the service; reading stops there */
#define SESSION_OUTPUT (4 * 1024 * 1024)
#define SESSION_CONGESTED (64 * 1024) /* bytes of output that wait; a service should make no more until they are gone */

struct tls_facts {
    bool on;
    const char *version; /* "TLSv1.3" */
    const char *cipher;
    char server_name[256]; /* SNI as sent, or "" */
    char alpn[32];
};

struct session {
    const struct service *service;
    struct sensor *sensor;
    struct decoy_face *face; /* by SNI; a service may change it (Host) by session_choose() */
    const struct listener *listener;
    struct buffer input;  /* service consumes from its front; its maximum may be set by service->open */
    struct buffer output; /* service adds, then session_send() */
    struct address source, local; /* local: where the client connected to, at a proxy where that tells it */
    uint16_t source_port, local_port;
    struct address via[OBSERVATION_VIA];
    uint8_t via_count;
    struct tls_facts tls;
    uint64_t connection; /* number */
    uint32_t request;    /* counted by the service, from 1 */
    bool waiting;        /* for a verdict: input is not called */
    bool slow;           /* for unavailable: the keeper is there, and past its limit */
    bool plain_on_tls;   /* the first byte on a TLS port was none of TLS: nginx answers 400, slapd closes */
    bool linger;         /* set by the service: the client may still be sending; discard that before closing */
    bool silent;         /* set by the service, too: TLS ends without a word */
    size_t held;         /* set by the service: bytes of the client's that it keeps beside input and output */
    bool busy;           /* set by the service: part of a request was taken from input; a sensor that stops waits for it */
    void *state;         /* the service's */
};

/* The decoy among the listener's that bears the name; else the listener's first. */
struct decoy_face *session_choose(struct session *session, struct slice host);
/* Writes out what is in output when the service's callback returns, as far as the socket takes it, the rest later. */
void session_send(struct session *session);
/* Is so much output waiting that a pipelining client should not be answered further? Then return from input: it is
 * called again when the output is gone. */
bool session_congested(struct session *session);
/* Much of input is left and others have their turn: return from input, which is called again soon. */
void session_yield(struct session *session);
/* Closes after everything in output is written; input is ignored from now on. What a client still sends is discarded
 * for a while if input was left over or session->linger is set, so that it can read the answer. With `reset`, closes
 * at once and drops what was not written. */
void session_close(struct session *session, bool reset);
/* Begins TLS on a plain stream (StartTLS) once output is written; bytes of input not consumed are dropped. -1 where
 * the decoy has no certificate or TLS is on already. */
int session_start_tls(struct session *session);
/* The client's true address by an X-Forwarded-For (its values joined by commas), walked from right to left as long as
 * trusted proxies speak: sets source and via for the observations that follow. Starts from the connection's own
 * addresses each time, so an empty header undoes it. Changes nothing where the peer is not a trusted proxy. */
void session_forwarded(struct session *session, struct slice header);
/* Restarts the deadlines: a new request is awaited (idle for keep-alive). seconds 0: the service's own. */
void session_deadline(struct session *session, int idle_s, int total_s);
/* Has service->resume called once after so many milliseconds, whatever else happens until then. -1: out of memory. */
int session_pause(struct session *session, int milliseconds);
/* Sends an observation with these credentials and waits: service->verdict or ->unavailable follows, never from
 * within this call. `context` is a JSON object with the service's own member ({"http":{…}}); tls, connection, request
 * and local are added here. Without any candidate (or credentials NULL) the observation goes out one-way, may be shed,
 * and nothing is waited for. */
void session_present(struct session *session, const struct credentials *credentials, struct slice context);
/* The classes of characters in a value, for contexts that may not hold the value: "lower,digit,symbol". */
#define SESSION_CLASSES 64
const char *session_classes(struct slice value, char text[SESSION_CLASSES]);

#endif
