/* SPDX-License-Identifier: ISC
 *
 * Values brought into a form in which equal ones are the same bytes (RFC 4518 as far as slapd goes), and compared. */
#ifndef SENSOR_LDAP_VALUE_H
#define SENSOR_LDAP_VALUE_H

#include "server/sensor/ldap_schema.h"

/* A whole value, or a piece of one in a substring assertion, whose spaces count on some sides. */
enum ldap_piece { LDAP_WHOLE, LDAP_INITIAL, LDAP_ANY, LDAP_FINAL };

/* Appends the form in which the rule compares. The value obeys the rule's syntax. -1: no room, or a damaged value. */
int ldap_normalize(enum ldap_rule rule, struct slice value, enum ldap_piece piece, struct buffer *out);
/* Below, at or above 0, as memcmp; both in that form. */
int ldap_order(enum ldap_rule rule, struct slice a, struct slice b);

/* Pieces of a substring assertion, in that form. */
struct ldap_pieces {
    struct slice initial, final; /* data NULL: none */
    struct slice *any;
    size_t any_count;
};

bool ldap_contains(struct slice value, const struct ldap_pieces *pieces);

#endif
