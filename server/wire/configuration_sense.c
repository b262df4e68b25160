/* SPDX-License-Identifier: ISC
 *
 * What sundew.yaml holds that is well written, and cannot be all the same. */
#include <stdlib.h>
#include <string.h>
#include "server/wire/loading.h"

#define ORGANISATION 255

bool loading_host_name(const char *name)
{
    return name[0] != '\0' && strlen(name) <= 253 &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:_")] == '\0';
}

bool loading_has_host(const char *url)
{
    const char *host = strstr(url, "://") + strlen("://"), *end = host + strcspn(host, "/?#");
    const char *login = memchr(host, '@', (size_t)(end - host)), *port;
    char *rest;

    host = login != NULL ? login + 1 : host;
    port = host[0] == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
    if (port == NULL || port + (host[0] == '[') == end)
        return port != NULL && host[0] == '[';
    port = memchr(port, ':', (size_t)(end - port));
    if (port == NULL || port == host)
        return port == NULL;
    return strtoul(port + 1, &rest, 10) - 1 < 65535 && rest == end;
}

int loading_house(struct loading *loading, const struct yaml *root)
{
    const struct configuration *configuration = loading->configuration;
    const struct yaml *organisation = yaml_get(root, "organisation"), *domain = yaml_get(root, "domain");
    size_t length = strlen(configuration->organisation);

    if (organisation != NULL && (length == 0 || length > ORGANISATION) &&
        loading_note(loading, yaml_fault(organisation, loading->error, "\"organisation\" must have 1 to %d bytes",
                                         ORGANISATION)) < 0)
        return -1;
    if (domain != NULL && (!loading_host_name(configuration->domain) || strpbrk(configuration->domain, ":_") != NULL))
        return loading_note(loading, yaml_fault(domain, loading->error, "\"%s\" is no domain; write one such as "
                                                "corp.example", configuration->domain));
    return 0;
}

/* Two listeners on one address and port can share it only when both are http with the same TLS mode, in one sensor. */
static int check_pair(struct loading *loading, const struct yaml *at, const struct decoy *decoy,
                      const struct decoy *other, const struct listener *listener)
{
    for (size_t i = 0; i < other->listener_count && &other->listeners[i] != listener; i++) {
        const struct listener *a = &other->listeners[i];
        bool shared = decoy != other && strcmp(decoy->service, "http") == 0 && strcmp(other->service, "http") == 0 &&
                      a->tls == listener->tls;

        if (a->port == 0 || a->port != listener->port || strcmp(a->address, listener->address) != 0)
            continue;
        if (!shared &&
            loading_note(loading, yaml_fault(at, loading->error, "decoys %s and %s both listen on %s port %u; give one "
                                             "another port", other->name, decoy->name, a->address, a->port)) < 0)
            return -1;
        if (shared && strcmp(decoy->isolate, other->isolate) != 0 &&
            loading_note(loading, yaml_fault(at, loading->error, "decoys %s and %s share port %u, but not a sensor; "
                                             "give both the same \"isolate\", or one another port", other->name,
                                             decoy->name, a->port)) < 0)
            return -1;
    }
    return 0;
}

int loading_collisions(struct loading *loading, const struct yaml *root)
{
    const struct configuration *c = loading->configuration;

    for (size_t i = 0; i < c->decoy_count; i++)
        for (size_t j = 0; j < c->decoys[i].listener_count; j++)
            for (size_t k = 0; k <= i; k++)
                if (check_pair(loading, yaml_get(root, "decoys")->items[i], &c->decoys[i], &c->decoys[k],
                               &c->decoys[i].listeners[j]) < 0)
                    return -1;
    return 0;
}
