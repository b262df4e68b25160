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

/* How values are compared; ldap_value.h does it. */
enum ldap_rule {
    LDAP_RULE_NONE,
    LDAP_RULE_OID,
    LDAP_RULE_DN,
    LDAP_RULE_FOLD, /* caseIgnore, and so on */
    LDAP_RULE_EXACT,
    LDAP_RULE_FOLD_IA5,
    LDAP_RULE_EXACT_IA5,
    LDAP_RULE_LIST,
    LDAP_RULE_PHONE,
    LDAP_RULE_NUMERIC,
    LDAP_RULE_INTEGER,
    LDAP_RULE_BOOLEAN,
    LDAP_RULE_TIME,
    LDAP_RULE_UUID,
    LDAP_RULE_CSN,
    LDAP_RULE_OCTETS,
    LDAP_RULE_BITS,
    LDAP_RULE_UNIQUE,
    LDAP_RULE_BIT_AND, /* these two in extensible matches only */
    LDAP_RULE_BIT_OR,
    LDAP_RULE_OTHER,
};

struct ldap_attribute {
    const char *names; /* separated by spaces; the first is used in answers */
    const char *oid;
    const char *superior; /* name, or "" */
    enum ldap_syntax syntax;
    enum ldap_rule equality;
    const char *matching; /* O ordering, S substrings */
    bool operational;
};

struct ldap_class {
    const char *names, *oid;
    const char *superior;   /* name, or "" */
    const char *attributes; /* required and allowed, without the superior's */
};

/* By name (any case) or OID, without options. NULL: unknown. */
const struct ldap_attribute *ldap_attribute(struct slice name);
/* Its number in the table, below LDAP_ATTRIBUTES. */
#define LDAP_ATTRIBUTES 256
size_t ldap_attribute_number(const struct ldap_attribute *attribute);
const struct ldap_attribute *ldap_attribute_at(size_t number); /* NULL behind the last */
/* The first name. */
struct slice ldap_attribute_name(const struct ldap_attribute *attribute);
/* Is it `above`, or one of its subtypes? */
bool ldap_attribute_below(const struct ldap_attribute *attribute, const struct ldap_attribute *above);
/* By name with options, as far as slapd knows these. NULL: unknown; *fault says why, as slapd does. */
const struct ldap_attribute *ldap_describe_type(struct slice description, const char **fault);
/* Is this one of the names, or the OID? */
bool ldap_attribute_is(const struct ldap_attribute *attribute, struct slice name);
/* By name (any case) or OID. NULL: unknown. */
const struct ldap_class *ldap_class(struct slice name);
const struct ldap_class *ldap_class_superior(const struct ldap_class *class);
/* What an extensible match by the rule of this name or OID does; LDAP_RULE_NONE: unknown. */
enum ldap_rule ldap_rule(struct slice name);
/* May the rule be used on the attribute? */
bool ldap_rule_fits(enum ldap_rule rule, const struct ldap_attribute *attribute);
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
/* The same name as slapd shows it: types by their first name and in order, what is special as "\\2C". `out` is empty. */
int ldap_dn_show(struct slice text, struct buffer *out);
/* Number of RDNs of a DN in that form. */
size_t ldap_dn_depth(struct slice normal);

#endif
