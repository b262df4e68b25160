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
    char *suffix;         /* "dc=corp,dc=example" */
    struct buffer normal; /* the same as ldap_dn() puts it */
    bool tls;             /* StartTLS is offered */
};

enum ldap_where { LDAP_AT_ROOT, LDAP_AT_SUBSCHEMA, LDAP_BELOW_SUFFIX, LDAP_BELOW_CONFIG, LDAP_ELSEWHERE };

enum ldap_truth { LDAP_FALSE, LDAP_TRUE, LDAP_UNDEFINED };

struct ldap_call {
    struct session *session;
    const struct ldap_directory *directory;
    BerElement *ber; /* stands behind the operation's tag's predecessor: the next element is the operation */
    ber_int_t id;
    ber_tag_t operation;
    struct buffer *answer;
    struct credentials *credentials;
    struct buffer *facts;      /* members of the context's "ldap" object */
    ber_int_t version;
    struct slice oid;          /* of an extended operation */
    enum ldap_truth assertion; /* of the assertion control, on the root DSE */
    const char *remark;        /* text that a control has left for a result to come */
    bool close;                /* after the answer */
    bool start_tls;
};

/* Ends a handler: all return nothing, for there is nobody to tell. */
void ldap_say(struct ldap_call *call, int code, const char *text);
/* The notice of disconnection, and the end. */
void ldap_disconnect(struct ldap_call *call, int code, const char *text);
/* Facts on a value that may not be kept: NAME_length and NAME_classes. */
void ldap_describe(struct ldap_call *call, const char *name, struct slice value);

/* Where a name lies; -1: it is none, and "invalid DN" was said. */
int ldap_place(struct ldap_call *call, struct slice name);
/* Reads the controls behind the operation. -1: refused; the answer is there. */
int ldap_controls(struct ldap_call *call);

void ldap_bind(struct ldap_call *call);
void ldap_search(struct ldap_call *call);
void ldap_compare(struct ldap_call *call);
void ldap_modify(struct ldap_call *call);
void ldap_add(struct ldap_call *call);
void ldap_delete(struct ldap_call *call);
void ldap_rename(struct ldap_call *call);
void ldap_extend(struct ldap_call *call);

/* ---- the root DSE, the one entry that everybody may read ---- */

#define LDAP_ROOT_VALUES 12

struct ldap_root_attribute {
    const char *name;
    bool operational;
    bool late; /* computed for the answer: can be asked for and be present, but equals nothing */
    const char *values[LDAP_ROOT_VALUES]; /* ended by NULL */
};

/* Attribute number i, NULL behind the last. `memory` holds what depends on the decoy. */
const struct ldap_root_attribute *ldap_root(const struct ldap_directory *directory, size_t i,
                                            struct ldap_root_attribute *memory);

/* Reads the filter at the element's front and says whether the root DSE matches. -1: the text of *fault goes into a
 * notice of disconnection. */
int ldap_filter(BerElement *ber, const struct ldap_directory *directory, enum ldap_truth *truth, const char **fault);
/* Compares as a filter's equality does. */
enum ldap_truth ldap_root_equals(const struct ldap_directory *directory, struct slice description, struct slice value);

#endif
