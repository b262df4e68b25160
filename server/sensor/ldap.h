/* SPDX-License-Identifier: ISC
 *
 * Inside the LDAP service: one request at a time, answered as a slapd 2.5 answers a client that never gets to be more
 * than anonymous. Handlers write the answer at once; it leaves when the verdict on what was presented is there. */
#ifndef SENSOR_LDAP_H
#define SENSOR_LDAP_H

#include "server/sensor/credential.h"
#include "server/sensor/ldap_message.h"
#include "server/sensor/session.h"

/* What the decoy is, from its names. face->state. */
struct ldap_directory {
    char *suffix; /* "dc=corp,dc=example" */
};

struct ldap_call {
    struct session *session;
    const struct ldap_directory *directory;
    BerElement *ber; /* stands behind the operation's tag's predecessor: the next element is the operation */
    ber_int_t id;
    ber_tag_t operation;
    struct buffer *answer;
    struct credentials *credentials;
    struct buffer *facts; /* members of the context's "ldap" object */
    bool close;           /* after the answer */
    bool start_tls;
};

/* Ends a handler: all return nothing, for there is nobody to tell. */
void ldap_say(struct ldap_call *call, int code, const char *text);
/* The notice of disconnection, and the end. */
void ldap_disconnect(struct ldap_call *call, int code, const char *text);
/* Facts on a value that may not be kept: NAME_length and NAME_classes. */
void ldap_describe(struct ldap_call *call, const char *name, struct slice value);

void ldap_bind(struct ldap_call *call);

#endif
