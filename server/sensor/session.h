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
    struct buffer input;  /* service consumes from its front */
    struct buffer output; /* service adds, then session_send() */
    struct address source, local;
    uint16_t source_port, local_port;
    struct address via[OBSERVATION_VIA];
    uint8_t via_count;
    struct tls_facts tls;
    uint64_t connection; /* number */
    uint32_t request;    /* counted by the service, from 1 */
    bool waiting;        /* for a verdict: input is not called */
    void *state;         /* the service's */
};

/* The decoy among the listener's that bears the name; else the listener's first. */
struct decoy_face *session_choose(struct session *session, struct slice host);
/* Writes out what is in output, as far as the socket takes it now, the rest later. */
void session_send(struct session *session);
/* Closes after everything in output is written; input is ignored from now on. With `reset`, at once. */
void session_close(struct session *session, bool reset);
/* Begins TLS on a plain stream (StartTLS); bytes of input not consumed are dropped. */
int session_start_tls(struct session *session);
/* Restarts the deadlines: a new request is awaited (idle for keep-alive). seconds 0: the service's own. */
void session_deadline(struct session *session, int idle_s, int total_s);
/* Sends an observation with these credentials and waits: service->verdict or ->unavailable follows, never from
 * within this call. `context` is the JSON object of the service ("http":{…}); tls is added here.
 * Without any candidate the observation goes out one-way, may be shed, and nothing is waited for. */
void session_present(struct session *session, const struct credentials *credentials, struct slice context);

#endif
