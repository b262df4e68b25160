/* SPDX-License-Identifier: ISC
 *
 * Referrals (RFC 3296): URLs of other servers of the operator's, as the configuration has them. One without a name is
 * for whatever is not in the directory, as slapd's `referral`; one with a name is an entry below the suffix. */
#ifndef SENSOR_LDAP_REFER_H
#define SENSOR_LDAP_REFER_H

#include "server/sensor/ldap_directory.h"

/* The DN in "ldap://host/DN", or none. */
struct slice ldap_referral_name(struct slice url);
/* Adds what the decoy's referrals with names are as entries, LDIF (RFC 2849). They came after the last entry of the
 * directory, and are the same whenever it is loaded. */
int ldap_referral_entries(const struct ldap_directory *directory, struct buffer *ldif, struct error *error);

#endif
