/* SPDX-License-Identifier: ISC
 *
 * SASL binds (RFC 4513, section 5.2) as a slapd with Cyrus SASL 2.1.28 and Debian's libsasl2-modules takes them whose
 * names at SCRAM all lead to an account (authz-regexp), and those of other mechanisms to none: SCRAM asks everybody for
 * a proof and ends with "StoredKey mismatch", the others go on until a name is told and end with "no secret in
 * database", whoever it was. What a client sent as a proof by then goes to the keeper (ldap_sasl_present.h).
 * DIGEST-MD5 (RFC 2831), CRAM-MD5 (RFC 2195), SCRAM (RFC 5802), NTLM ([MS-NLMP]); PLAIN and LOGIN under TLS only. */
#ifndef SENSOR_LDAP_SASL_H
#define SENSOR_LDAP_SASL_H

#include <stdbool.h>
#include "server/sensor/credential.h"

struct ldap_call;
struct ldap_mechanism; /* one that is offered */

/* What a connection remembers. All zeros at its start. */
struct ldap_sasl {
    const struct ldap_mechanism *mechanism; /* under way; NULL: none */
    unsigned step;
    char *login; /* the name that LOGIN or SCRAM began with */
    /* What the client's next message is to answer, empty before there is something: the challenge of CRAM-MD5 and NTLM,
     * DIGEST-MD5's nonce, SCRAM's first messages: "n,,n=…,r=…,r=…,s=…,i=…". */
    struct buffer challenge;
    size_t header, server; /* SCRAM's: length of the gs2-header, and where the server's message starts */
    int code;              /* Cyrus keeps the last fault, and shows it beside challenges too */
    char *fault;
};

void ldap_sasl_free(struct ldap_sasl *sasl);
/* The mechanisms offered, one after the other; NULL behind the last, which comes earlier in clear than under TLS. */
const char *ldap_sasl_offer(size_t index, bool tls);
/* Answers the bind. `before`: the mechanism that the connection was at, which a client cannot change; `sent.data` is
 * NULL where no credentials came. */
void ldap_sasl_bind(struct ldap_call *call, const struct ldap_mechanism *before, const char *name, struct slice sent);
/* Names, passwords and proofs in a client's message. false: it is of no mechanism that is offered. */
bool ldap_sasl_present(struct ldap_call *call, const struct ldap_mechanism *before, const char *name, struct slice sent);

/* The name that a client has told at a mechanism where a proof or a password was to follow; NULL: none. */
const char *ldap_sasl_left(const struct ldap_sasl *sasl);

#endif
