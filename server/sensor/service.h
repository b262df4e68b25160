/* SPDX-License-Identifier: ISC
 *
 * A service speaks one protocol. It sees a session's bytes after TLS, cuts out what was presented, and answers when
 * the keeper's verdict is there. One file each, one line in server/wire/tables/services.def; ldap.c is the example. */
#ifndef SENSOR_SERVICE_H
#define SENSOR_SERVICE_H

#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/wire/configuration.h"
#include "server/wire/message.h"

struct session;
struct sensor;
struct event_base;

/* What one decoy needs to answer, made before the cage is shut. */
struct decoy_face {
    const struct decoy *decoy;
    unsigned char salt[32]; /* this decoy's own secret: cookies, CSRF fields */
    char *face;             /* JSON: what the seed drew */
    void *state;            /* the service's: a site, a directory */
};

struct service {
    const char *name;
    /* Seconds without a byte and in all before the session is closed, while it owes us a request. */
    int idle_s, total_s;
    bool parts_silently; /* ends TLS without a word with a client that ended the connection */
    /* Loads what the decoy shows (files may still be opened) into face->state. */
    int (*load)(struct decoy_face *face, struct error *error);
    void (*unload)(struct decoy_face *face);
    /* A connection is there, TLS included: set session->state. May send (greetings). 0, or -1 to close. */
    int (*open)(struct session *session);
    /* session->input has grown. Consumes what it can; calls session_present() for credentials and returns; is called
     * again with what is left once the verdict was handled. */
    void (*input)(struct session *session);
    /* The verdict on what session_present() was last called with. */
    void (*verdict)(struct session *session, const struct verdict *verdict);
    /* The keeper is gone or too slow: answer as the product whose backend is down, or close. */
    void (*unavailable)(struct session *session);
    /* The time of session_pause() is over. */
    void (*resume)(struct session *session);
    /* A deadline passed: close silently or with the product's words. NULL: close. */
    void (*timeout)(struct session *session);
    /* Frees session->state. The session is already closed; what its client left unfinished may still be presented. */
    void (*close)(struct session *session);
};

#define SERVICE(symbol, name, summary, plain, tls) extern const struct service service_##symbol;
#include "server/wire/tables/services.def"
#undef SERVICE

const struct service *service_find(const char *name);

#endif
