/* SPDX-License-Identifier: ISC
 *
 * Who is in a group of Active Directory: by its rule for members of members, and by what accounts say of their first
 * group, which no group says. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/planter/people_ask.h"

#define SID_BYTES 28 /* of a group within a domain: S-1-5-21-X-Y-Z-ID */
#define ID_BYTES 4
#define TERM_MOST 40 /* characters, with what ends the filter */

static const char *const wanted_of_groups[] = {"objectClass", "objectSid", NULL};

/* The last part of a group's SID within a domain, by which its members' primaryGroupID names it ([MS-DTYP] 2.4.2.2). */
int asking_note_group(struct asking *asking, LDAPMessage *entry, struct error *error)
{
    static const unsigned char domains[] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0};
    struct berval **values = ldap_get_values_len(asking->directory->ld, entry, "objectSid");
    const unsigned char *sid = values != NULL && values[0] != NULL ? (const unsigned char *)values[0]->bv_val : NULL;
    int rc = asking_look(asking, error);

    if (rc == 0 && sid != NULL && values[0]->bv_len == SID_BYTES && memcmp(sid, domains, sizeof domains) == 0 &&
        buffer_add(&asking->groups, sid + SID_BYTES - ID_BYTES, ID_BYTES) != 0)
        rc = error_set(error, "out of memory");
    ldap_value_free_len(values);
    return rc;
}

/* Those whose first group is one of the groups that were noted: they are not among its members. */
static int add_first_members(struct asking *asking, struct error *error)
{
    size_t count = asking->groups.length / ID_BYTES, at = 0;
    int rc = 0;

    while (at < count && rc == 0) {
        char filter[FILTER_MOST] = "(&" ACTIVE_PERSON "(|";
        size_t length = strlen(filter);

        for (; at < count && length + TERM_MOST < sizeof filter; at++) {
            const unsigned char *id = asking->groups.data + at * ID_BYTES;

            length += (size_t)snprintf(filter + length, sizeof filter - length, "(primaryGroupID=%" PRIu32 ")",
                                       id[0] | (uint32_t)id[1] << 8 | (uint32_t)id[2] << 16 | (uint32_t)id[3] << 24);
        }
        snprintf(filter + length, sizeof filter - length, "))");
        rc = asking_find(asking, asking->directory->suffix, filter, NULL, NESTED, error);
    }
    return rc;
}

int asking_active_group(struct asking *asking, const char *dn, LDAPMessage *group, struct error *error)
{
    const char *suffix = asking->directory->suffix;
    char people[FILTER_MOST], groups[FILTER_MOST];
    int rc;

    if (asking_filter(people, "(&" ACTIVE_PERSON "(" IN_CHAIN, dn, "))") != 0 ||
        asking_filter(groups, "(&(objectClass=group)(" IN_CHAIN, dn, "))") != 0)
        return asking_fault(asking, "is too long", error);
    rc = asking_find(asking, suffix, people, NULL, NESTED, error);
    if (rc == 0 && asking_is_class(asking, ldap_first_entry(asking->directory->ld, group), "group"))
        rc = asking_add(asking, group, 0, error);
    if (rc == 0)
        rc = asking_find(asking, suffix, groups, wanted_of_groups, NESTED, error);
    if (rc == 0)
        rc = add_first_members(asking, error);
    return rc;
}
