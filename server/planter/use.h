/* SPDX-License-Identifier: ISC
 *
 * What is said at a door: how a client of each service uses a credential, and what comes back. */
#ifndef PLANTER_USE_H
#define PLANTER_USE_H

#include <jansson.h>
#include "server/planter/door.h"

/* The members that a drill's options give. */
struct use {
    const char *kind, *identity, *site, *host, *domain;
    uint16_t port;
    bool tls;
    struct slice secret;
};

/* The request that a site's `drill:` gives for the kind, else Basic authentication at /; reads site.yaml, so before
 * the cage. */
int use_http_request(const struct use *use, struct buffer *request, struct error *error);
/* Sends the request and reads the answer's status line: *answered becomes such as "401 Unauthorized". */
int use_http(struct door *door, const struct buffer *request, char answered[80], struct error *error);

/* RFC 4511. StartTLS ends with door_tls() due. */
int use_ldap_starttls(struct door *door, struct error *error);
/* Searches the root entry, without a bind. `answered` is "" before. */
int use_ldap_anonymous(struct door *door, char answered[80], struct error *error);
/* A simple bind; *answered becomes such as "49 invalidCredentials". */
int use_ldap(struct door *door, const struct use *use, char answered[80], struct error *error);

#endif
