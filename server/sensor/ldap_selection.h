/* SPDX-License-Identifier: ISC
 *
 * Which attributes a search wants (RFC 4511, 4.5.1.8, RFC 3673, RFC 4529), and an entry written with these. */
#ifndef SENSOR_LDAP_SELECTION_H
#define SENSOR_LDAP_SELECTION_H

#include <lber.h>
#include "server/sensor/ldap_filter.h"

struct ldap_selection {
    bool types_only;
    const struct ldap_filter *values; /* only values that one of these is about; NULL: all */
    bool chosen[LDAP_ATTRIBUTES]; /* by ldap_attribute_number() */
};

/* `asked` ends with a NULL value; NULL: all that are not operational. A list too long for *work, which goes down by
 * what it cost, is not looked at to its end. */
void ldap_select(struct ldap_selection *selection, const struct berval *asked, bool types_only, long *work);
/* Adds the entry to `out`. 0 or -1. */
int ldap_send_entry(struct buffer *out, ber_int_t id, const struct ldap_directory *directory,
                    const struct ldap_entry *entry, const struct ldap_selection *selection, long *work);

#endif
