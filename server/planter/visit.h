/* SPDX-License-Identifier: ISC
 *
 * What a planter keeps from one job to the next while its places lie on other hosts: the account, whom it trusts, and
 * a session that is still open. It makes no socket: `sundew` does, for the hosts of place and account. */
#ifndef PLANTER_VISIT_H
#define PLANTER_VISIT_H

#include <openssl/ssl.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/planter/credentials.h"
#include "server/planter/door.h"

#define VISIT_TIMEOUT_MS 60000

struct visit_session {
    char *key; /* whose it is; NULL: none */
    unsigned char mark[CREDENTIALS_MARK];
    void *session;
    void (*leave)(void *session); /* ends and frees it */
};

struct visit {
    struct credentials credentials;
    struct buffer bundle; /* the system's authorities, PEM */
    char *scratch;        /* a folder for copies (scratch.h); NULL: the place needs none */
    int64_t copy_left, copy_end; /* bytes and time (monotonic, microseconds) for what fills one */
    struct visit_session place, tokens;
};

void visit_init(struct visit *visit);
void visit_free(struct visit *visit);
/* Before the cage is shut: loads all that TLS needs later. */
int visit_prepare(struct visit *visit, struct error *error);

/* The session that is open, if it is this one's and the account is still the same; else it is left, and NULL. */
void *visit_session(struct visit *visit, const char *key);
/* Keeps a new one. `session` is left when this fails. */
int visit_keep(struct visit *visit, const char *key, void *session, void (*leave)(void *session), struct error *error);
void visit_leave(struct visit *visit);
/* The same for what gives out access tokens (oauth.h), which stays from one mailbox to the next. */
void *visit_tokens(struct visit *visit, const char *key);
int visit_keep_tokens(struct visit *visit, const char *key, void *session, void (*leave)(void *session),
                      struct error *error);

/* A connected socket, or -1 with what to do. */
int visit_connect(const char *host, uint16_t port, struct error *error);
/* A context that verifies, by the account's `ca` or the system's authorities, and shows the account's certificate
 * where it has one and `own`. SSL_CTX_free() it; NULL with what to do. */
SSL_CTX *visit_trust(const struct visit *visit, bool own, struct error *error);
/* How long, and how much, the servers of a copy may send from now on. */
void visit_allow(struct visit *visit, int timeout_ms, int64_t most);
/* Counts what one has sent. -1 where it is more, or later, than it may. */
int visit_count(struct visit *visit, size_t got, struct error *error);
/* Connects, plain. The door's calls end by VISIT_TIMEOUT_MS each. */
int visit_door(struct door *door, const char *host, uint16_t port, struct error *error);
/* TLS on it, with a certificate for that host that is trusted. */
int visit_tls(const struct visit *visit, struct door *door, const char *host, struct error *error);

#endif
