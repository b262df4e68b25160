/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap.h"

#include "server/sensor/ldap_schema.h"

#define START_TLS "1.3.6.1.4.1.1466.20037"

/* As Debian's slapd 2.5 without overlays shows it; what is NULL depends on the decoy. */
static const struct ldap_root_attribute root[] = {
    {"objectClass", false, false, {"top", "OpenLDAProotDSE"}},
    {"structuralObjectClass", true, false, {"OpenLDAProotDSE"}},
    {"configContext", true, false, {"cn=config"}},
    {"namingContexts", true, false, {NULL}},
    {"supportedControl",
     true,
     false,
     {"2.16.840.1.113730.3.4.18", "2.16.840.1.113730.3.4.2", "1.3.6.1.4.1.4203.1.10.1", "1.3.6.1.1.22",
      "1.2.840.113556.1.4.319", "1.2.826.0.1.3344810.2.3", "1.3.6.1.1.13.2", "1.3.6.1.1.13.1", "1.3.6.1.1.12"}},
    {"supportedExtension",
     true,
     false,
     {START_TLS, "1.3.6.1.4.1.4203.1.11.1", "1.3.6.1.4.1.4203.1.11.3", "1.3.6.1.1.8", "1.3.6.1.1.21.3",
      "1.3.6.1.1.21.1"}},
    {"supportedFeatures",
     true,
     false,
     {"1.3.6.1.1.14", "1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.2", "1.3.6.1.4.1.4203.1.5.3",
      "1.3.6.1.4.1.4203.1.5.4", "1.3.6.1.4.1.4203.1.5.5"}},
    {"supportedLDAPVersion", true, false, {"3"}},
    {"entryDN", true, true, {""}},
    {"subschemaSubentry", true, true, {"cn=Subschema"}},
};

const struct ldap_root_attribute *ldap_root(const struct ldap_directory *directory, size_t i,
                                            struct ldap_root_attribute *memory)
{
    if (i >= sizeof root / sizeof root[0])
        return NULL;
    *memory = root[i];
    if (memory->values[0] == NULL)
        memory->values[0] = directory->suffix;
    if (memory->values[0] == root[5].values[0] && !directory->tls)
        for (size_t v = 0; v + 1 < LDAP_ROOT_VALUES; v++)
            memory->values[v] = memory->values[v + 1];
    return memory;
}

static bool same_dn(struct slice a, struct slice b)
{
    struct buffer one, other;
    bool same;

    buffer_init(&one, 65536);
    buffer_init(&other, 65536);
    same = ldap_dn(a, &one) == 0 && ldap_dn(b, &other) == 0 && slice_equal(buffer_slice(&one), buffer_slice(&other));
    buffer_free(&one);
    buffer_free(&other);
    return same;
}

static bool same_value(const struct ldap_attribute *attribute, struct slice asserted, const char *value)
{
    const char *class = ldap_class(slice_of(value));

    if (attribute->syntax == LDAP_SYNTAX_DN)
        return same_dn(asserted, slice_of(value));
    if (attribute->syntax == LDAP_SYNTAX_OID && class != NULL)
        return ldap_class(asserted) == class;
    return slice_is_nocase(asserted, value);
}

enum ldap_truth ldap_root_equals(const struct ldap_directory *directory, struct slice description, struct slice value)
{
    struct ldap_root_attribute memory;
    bool options;
    const struct ldap_attribute *attribute = ldap_attribute(ldap_base_type(description, &options));
    const struct ldap_root_attribute *own;

    if (attribute == NULL || attribute->matching[0] != 'E' || !ldap_valid(attribute, value))
        return LDAP_UNDEFINED;
    for (size_t i = 0; !options && (own = ldap_root(directory, i, &memory)) != NULL; i++) {
        if (!ldap_attribute_is(attribute, slice_of(own->name)) || (own->late && own->values[0][0] != '\0'))
            continue;
        for (size_t v = 0; own->values[v] != NULL; v++)
            if (same_value(attribute, value, own->values[v]))
                return LDAP_TRUE;
    }
    return LDAP_FALSE;
}
