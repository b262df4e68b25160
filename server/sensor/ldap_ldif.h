/* SPDX-License-Identifier: ISC
 *
 * LDIF (RFC 2849) as slapcat writes it: content records, folded lines, base64 values, comments; no changes, no URLs. */
#ifndef SENSOR_LDAP_LDIF_H
#define SENSOR_LDAP_LDIF_H

#include "server/base/buffer.h"
#include "server/base/error.h"

struct ldif {
    struct slice rest;
    size_t line;
    struct buffer text; /* of the line at hand, unfolded */
    struct buffer bytes; /* of its value, if it was in base64 */
};

void ldif_begin(struct ldif *ldif, struct slice text);
void ldif_end(struct ldif *ldif);
/* 1: an attribute and its value, valid until the next call; 0: the end of a record, or of all once nothing is left;
 * -1 with LINE in the text. */
int ldif_next(struct ldif *ldif, struct slice *attribute, struct slice *value, struct error *error);

#endif
