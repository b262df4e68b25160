/* SPDX-License-Identifier: ISC
 *
 * A directory's referrals: they lead clients on, so to hosts of the operator's alone. */
#include <string.h>
#include "server/wire/loading.h"

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
#define NAME_CHARACTERS HOST_CHARACTERS "_"
#define LONGEST 253

static bool below_domain(const struct configuration *configuration, const char *host, size_t length)
{
    size_t domain = strlen(configuration->domain);
    const char *end = host + length - (length < domain ? length : domain);

    return domain > 0 && length >= domain && strncasecmp(end, configuration->domain, domain) == 0 &&
           (length == domain || end[-1] == '.');
}

static bool is_own(const struct configuration *configuration, const char *host, size_t length)
{
    for (size_t i = 0; i < configuration->decoy_count; i++)
        for (size_t k = 0; k < configuration->decoys[i].name_count; k++)
            if (strlen(configuration->decoys[i].names[k]) == length &&
                strncasecmp(configuration->decoys[i].names[k], host, length) == 0)
                return true;
    return below_domain(configuration, host, length);
}

/* Behind the host: [:PORT]. NULL: no port. */
static const char *skip_port(const char *at)
{
    unsigned port = 0;

    if (*at != ':')
        return at;
    for (at++; *at >= '0' && *at <= '9' && port < 65536; at++)
        port = 10 * port + (unsigned)(*at - '0');
    return port > 0 && port < 65536 ? at : NULL;
}

/* "ou=lab,dc=corp,dc=example" right below the suffix; units and domains are what is handed to other servers. */
static bool is_below(const char *name, const char *suffix)
{
    size_t value;

    if (strncasecmp(name, "ou=", 3) != 0 && strncasecmp(name, "dc=", 3) != 0)
        return false;
    value = strspn(name + 3, NAME_CHARACTERS);
    return value > 0 && name[3 + value] == ',' && strcasecmp(name + 3 + value + 1, suffix) == 0;
}

static const char *fault_of(const struct configuration *configuration, const char *url, const char *suffix)
{
    const char *host = strncmp(url, "ldap://", 7) == 0 ? url + 7 : strncmp(url, "ldaps://", 8) == 0 ? url + 8 : NULL;
    size_t length = host == NULL ? 0 : strspn(host, HOST_CHARACTERS);
    const char *end = length == 0 || length > LONGEST ? NULL : skip_port(host + length);

    if (end == NULL || (*end != '\0' && *end != '/'))
        return "write ldap://HOST, or ldap://HOST/ou=UNIT and the suffix";
    if (!is_own(configuration, host, length))
        return "its host is neither a decoy's nor below the domain, and clients would be led there";
    if (end[0] == '\0' || end[1] == '\0' || is_below(end + 1, suffix))
        return NULL;
    return "its name must be ou= or dc= right below the suffix";
}

static int check(struct loading *loading, const struct yaml *node, const struct decoy *decoy)
{
    struct buffer suffix;
    int result = 0;

    buffer_init(&suffix, 4096);
    decoy_suffix(decoy, &suffix);
    for (size_t i = 0; result == 0 && i < decoy->referral_count; i++) {
        const char *fault = strcmp(decoy->service, "ldap") != 0
                                ? "directories alone have them"
                                : fault_of(loading->configuration, decoy->referrals[i], buffer_text(&suffix));

        if (fault != NULL)
            result = loading_note(loading, yaml_fault(node->type == YAML_LIST ? node->items[i] : node, loading->error,
                                                      "the referral \"%s\" is no good: %s", decoy->referrals[i], fault));
    }
    buffer_free(&suffix);
    return result;
}

int loading_referrals(struct loading *loading, const struct yaml *root)
{
    const struct yaml *map = yaml_get(root, "decoys");
    int result = 0;

    for (size_t i = 0; result == 0 && map != NULL && i < loading->configuration->decoy_count; i++) {
        const struct yaml *node = yaml_get(map->items[i], "referrals");
        struct decoy *decoy = &loading->configuration->decoys[i];

        if (node != NULL)
            result = loading_note(loading, loading_texts(loading, node, "\"referrals\"", &decoy->referrals,
                                                         &decoy->referral_count));
        if (node != NULL && result == 0)
            result = check(loading, node, decoy);
    }
    return result;
}
