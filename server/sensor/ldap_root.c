/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_refer.h"
#include "server/sensor/ldap_sasl.h"

#define START_TLS "1.3.6.1.4.1.1466.20037"

/* As Debian's slapd 2.5 without overlays shows it; what is NULL depends on the decoy. */
static const struct {
    const char *name, *value;
} root[] = {
    {"objectClass", "top"},
    {"objectClass", "OpenLDAProotDSE"},
    {"structuralObjectClass", "OpenLDAProotDSE"},
    {"configContext", "cn=config"},
    {"namingContexts", NULL},
    {"supportedControl", "2.16.840.1.113730.3.4.18"},
    {"supportedControl", "2.16.840.1.113730.3.4.2"},
    {"supportedControl", "1.3.6.1.4.1.4203.1.10.1"},
    {"supportedControl", "1.3.6.1.1.22"},
    {"supportedControl", "1.2.840.113556.1.4.319"},
    {"supportedControl", "1.2.826.0.1.3344810.2.3"},
    {"supportedControl", "1.3.6.1.1.13.2"},
    {"supportedControl", "1.3.6.1.1.13.1"},
    {"supportedControl", "1.3.6.1.1.12"},
    {"supportedExtension", START_TLS},
    {"supportedExtension", "1.3.6.1.4.1.4203.1.11.1"},
    {"supportedExtension", "1.3.6.1.4.1.4203.1.11.3"},
    {"supportedExtension", "1.3.6.1.1.8"},
    {"supportedExtension", "1.3.6.1.1.21.3"},
    {"supportedExtension", "1.3.6.1.1.21.1"},
    {"supportedFeatures", "1.3.6.1.1.14"},
    {"supportedFeatures", "1.3.6.1.4.1.4203.1.5.1"},
    {"supportedFeatures", "1.3.6.1.4.1.4203.1.5.2"},
    {"supportedFeatures", "1.3.6.1.4.1.4203.1.5.3"},
    {"supportedFeatures", "1.3.6.1.4.1.4203.1.5.4"},
    {"supportedFeatures", "1.3.6.1.4.1.4203.1.5.5"},
    {"supportedLDAPVersion", "3"},
};

static int load(struct ldap_directory *directory, bool tls)
{
    struct ldap_entry *entry = &directory->roots[tls];
    const struct decoy *decoy = directory->face->decoy;
    const char *name;
    int result = ldap_entry_begin(directory, entry, SLICE_NONE);

    for (size_t i = 0; result == 0 && i < sizeof root / sizeof root[0]; i++) {
        const char *value = root[i].value != NULL ? root[i].value : directory->suffix;

        if (!slice_is(slice_of(value), START_TLS) || directory->tls)
            result = ldap_entry_add(directory, entry, ldap_attribute(slice_of(root[i].name)), slice_of(value));
    }
    for (size_t i = 0; result == 0 && (name = ldap_sasl_offer(i, tls)) != NULL; i++)
        result = ldap_entry_add(directory, entry, ldap_attribute(slice_of("supportedSASLMechanisms")), slice_of(name));
    for (size_t i = 0; result == 0 && i < decoy->referral_count; i++)
        if (ldap_referral_name(slice_of(decoy->referrals[i])).length == 0)
            result = ldap_entry_add(directory, entry, ldap_attribute(slice_of("ref")), slice_of(decoy->referrals[i]));
    return result == 0 ? ldap_entry_end(directory, entry) : -1;
}

int ldap_root_load(struct ldap_directory *directory)
{
    return load(directory, false) == 0 && load(directory, true) == 0 ? 0 : -1;
}
