/* SPDX-License-Identifier: ISC
 *
 * What the directory knows of attributes and object classes: enough to find the same names and values invalid that
 * slapd finds invalid. */
#ifndef SENSOR_LDAP_SCHEMA_H
#define SENSOR_LDAP_SCHEMA_H

#include <stdbool.h>
#include "server/base/buffer.h"

enum ldap_syntax {
    LDAP_SYNTAX_TEXT,
    LDAP_SYNTAX_IA5,
    LDAP_SYNTAX_PRINTABLE,
    LDAP_SYNTAX_COUNTRY,
    LDAP_SYNTAX_PHONE,
    LDAP_SYNTAX_NUMERIC,
    LDAP_SYNTAX_INTEGER,
    LDAP_SYNTAX_BOOLEAN,
    LDAP_SYNTAX_TIME,
    LDAP_SYNTAX_OID,
    LDAP_SYNTAX_DN,
    LDAP_SYNTAX_BITS,
    LDAP_SYNTAX_UUID,
    LDAP_SYNTAX_NETGROUP,
    LDAP_SYNTAX_BOOT,
    LDAP_SYNTAX_DELIVERY,
    LDAP_SYNTAX_OCTETS,
    LDAP_SYNTAX_BINARY, /* never written as text */
    LDAP_SYNTAX_ANY,
};

struct ldap_attribute {
    const char *names; /* separated by spaces; the first is used in answers */
    const char *oid;
    enum ldap_syntax syntax;
    const char *matching; /* E equality, O ordering, S substrings */
};

/* By name (any case) or OID, without options. NULL: unknown. */
const struct ldap_attribute *ldap_attribute(struct slice name);
/* Is this one of the names, or the OID? */
bool ldap_attribute_is(const struct ldap_attribute *attribute, struct slice name);
/* The class's OID, or NULL. */
const char *ldap_class(struct slice name);
bool ldap_rule(struct slice name);
/* "cn;lang-de": the part before the options; options: whether there are any. */
struct slice ldap_base_type(struct slice description, bool *options);
/* Letters, digits and hyphens after a letter, or a numeric OID, and options. */
bool ldap_well_formed(struct slice description);
/* Does a value without escapes obey the attribute's syntax? */
bool ldap_valid(const struct ldap_attribute *attribute, struct slice value);
/* Values that are names again are looked into this deep. */
#define LDAP_NESTING 8
bool ldap_valid_at(const struct ldap_attribute *attribute, struct slice value, unsigned depth);

/* Checks a DN (RFC 4514, and slapd's leniency) and appends it in a form that can be compared: types by their first
 * name, values in lower case with single spaces, each RDN after the byte 1. -1: invalid. */
int ldap_dn(struct slice text, struct buffer *normal);
int ldap_dn_at(struct slice text, struct buffer *normal, unsigned depth);
/* Number of RDNs of a DN in that form. */
size_t ldap_dn_depth(struct slice normal);

#endif
