/* SPDX-License-Identifier: ISC
 *
 * The entries that a directory decoy shows to anybody: those of its face, and the root DSE. Entries below `hidden` are
 * not among them: the sensor does not know what lies there, and answers for all names there alike, as slapd does where
 * a rule gives no access. */
#ifndef SENSOR_LDAP_DIRECTORY_H
#define SENSOR_LDAP_DIRECTORY_H

#include "server/base/error.h"
#include "server/sensor/ldap_arena.h"
#include "server/sensor/ldap_schema.h"
#include "server/sensor/service.h"

#define LDAP_ENTRIES 512 /* at most */

/* One attribute of an entry, its values as they are shown, and as they are compared for equality. */
struct ldap_values {
    const struct ldap_attribute *attribute;
    const struct ldap_attribute *superior; /* the type that it is a subtype of, or NULL */
    struct slice *shown, *normal;
    size_t count, normal_count; /* behind the former, the superiors of classes */
};

struct ldap_entry {
    struct slice name, normal; /* as it is shown, and as ldap_dn() puts it */
    struct ldap_values *attributes;
    size_t attribute_count;
    const struct ldap_values *urls; /* of the servers that it refers to (RFC 3296); NULL: it is no referral */
    size_t parent;      /* index; its own for the first */
    size_t below;       /* entries of its subtree, itself included */
    size_t child_count;
    size_t *children;   /* in the order of slapd's tree: by length of the RDN, then by its bytes */
};

/* What the decoy is. face->state. Entries are numbered as in the LDIF, the suffix first: slapd's ids are one more. */
struct ldap_directory {
    char *suffix;         /* "dc=corp,dc=example" */
    struct buffer normal; /* the same as ldap_dn() puts it */
    bool tls;             /* StartTLS is offered */
    struct buffer hidden; /* the name whose subtree is for known users only, as ldap_dn() puts it; or empty */
    const char *host;      /* the decoy's */
    const struct decoy_face *face;
    struct ldap_entry roots[2]; /* the root DSE in clear and under TLS */
    struct ldap_entry *entries;
    size_t entry_count;
    struct arena arena;
};

/* Reads the face: {"directory": LDIF (RFC 2849), "hidden": DN}; without them nothing but the root DSE is shown. What
 * the decoy refers to comes behind. */
int ldap_directory_load(struct ldap_directory *directory, struct error *error);
/* Makes the root DSE of the suffix, already set. -1 without memory. */
int ldap_root_load(struct ldap_directory *directory);
void ldap_directory_free(struct ldap_directory *directory);
/* By a name as ldap_dn() puts it; NULL: not among the entries. */
const struct ldap_entry *ldap_directory_find(const struct ldap_directory *directory, struct slice normal);
/* The entry's nearest ancestor that is there; NULL: none, or one that is hidden. */
const struct ldap_entry *ldap_directory_nearest(const struct ldap_directory *directory, struct slice normal);

static inline bool ldap_is_root(const struct ldap_directory *directory, const struct ldap_entry *entry)
{
    return entry == &directory->roots[0] || entry == &directory->roots[1];
}

/* For loading: an entry without attributes, and one more value for it. The values' bytes are copied. */
int ldap_entry_begin(struct ldap_directory *directory, struct ldap_entry *entry, struct slice name);
int ldap_entry_add(struct ldap_directory *directory, struct ldap_entry *entry, const struct ldap_attribute *attribute,
                   struct slice value);
/* After its last value. */
int ldap_entry_end(struct ldap_directory *directory, struct ldap_entry *entry);
/* NULL: it has none of that very type. */
struct ldap_values *ldap_entry_values(const struct ldap_entry *entry, const struct ldap_attribute *attribute);

#endif
