/* SPDX-License-Identifier: ISC
 *
 * Inside the LDAP service: one request at a time, answered as a slapd 2.5 answers a client that never gets to be more
 * than anonymous. Handlers write the answer at once; it leaves when the verdict on what was presented is there. */
#ifndef SENSOR_LDAP_H
#define SENSOR_LDAP_H

#include "server/sensor/credential.h"
#include "server/sensor/ldap_filter.h"
#include "server/sensor/ldap_message.h"
#include "server/sensor/session.h"

/* What a connection has been sent by the page. */
struct ldap_pages {
    uint64_t cookie; /* the last one; UINT64_MAX: none */
    ber_int_t count; /* of entries */
};

enum ldap_where { LDAP_AT_ROOT, LDAP_AT_SUBSCHEMA, LDAP_BELOW_SUFFIX, LDAP_BELOW_CONFIG, LDAP_ELSEWHERE };

/* Results by the page (RFC 2696). A cookie is the number of the last entry sent, as slapd's is its id. */
struct ldap_page {
    bool wanted;
    ber_int_t size;
    struct berval cookie;
};

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
    struct arena arena;        /* the filters' */
    long work;                 /* left for them */
    struct ldap_filter *assertion; /* of the assertion control, or NULL */
    struct ldap_filter *values;    /* of the control that leaves values out, or NULL */
    ber_int_t size_limit;      /* of a search */
    struct ldap_page page;
    struct ldap_pages *pages;  /* the connection's */
    struct ldap_sasl *sasl;    /* the connection's */
    bool subentries;           /* only those are to be seen, and there are none */
    bool manage;               /* referrals are entries like others (RFC 3296) */
    bool local;                /* no continuation references */
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

/* ---- names ---- */

/* Where a name leads. */
struct ldap_target {
    struct slice name;                /* as it was sent */
    enum ldap_where where;
    const struct ldap_entry *entry;   /* or NULL: there is none, or none that anonymous clients may see */
    const struct ldap_entry *nearest; /* the ancestor that an answer names, or NULL */
    const struct ldap_entry *refers;  /* what names other servers for it, the root DSE for what is elsewhere; or NULL */
};

/* The root DSE as this connection sees it. */
const struct ldap_entry *ldap_root(const struct ldap_call *call);
/* -1: it is no name, and "invalid DN" was said. */
int ldap_find(struct ldap_call *call, struct slice name, struct ldap_target *target);
/* Is the assertion control's filter true of the entry, if there is one? */
bool ldap_asserted(struct ldap_call *call, const struct ldap_entry *entry);
/* As ldap_say(), with the name of the entry that was found on the way; NULL: none. */
void ldap_say_nearest(struct ldap_call *call, int code, const struct ldap_entry *nearest, const char *text);

/* ---- referrals ---- */

enum ldap_scope { LDAP_BASE, LDAP_ONE, LDAP_SUBTREE, LDAP_CHILDREN, LDAP_NO_SCOPE };

/* Is the operation for other servers? Then that is said. `scope` is the search's. */
bool ldap_refer(struct ldap_call *call, const struct ldap_target *target, enum ldap_scope scope);
/* Names the servers that go on with a search of that scope at the entry. */
void ldap_continue(struct ldap_call *call, const struct ldap_entry *entry, enum ldap_scope scope);

#endif
