/* SPDX-License-Identifier: ISC
 *
 * What does not go together in the configuration. */
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "server/command/check.h"

#define DAY (24 * 3600)
#define MIB (1024 * 1024)

static const struct yaml *name_at(const struct checking *checking, size_t decoy, size_t index)
{
    const struct yaml *names = check_entry(checking, "decoys", decoy, "names");

    return names != NULL && names->type == YAML_LIST && index < names->count ? names->items[index] : names;
}

static const struct yaml *listener_at(const struct checking *checking, size_t decoy, size_t index, const char *key)
{
    const struct yaml *list = check_entry(checking, "decoys", decoy, "listen"), *item, *found;

    if (list == NULL || list->type != YAML_LIST || index >= list->count)
        return list;
    item = list->items[index];
    found = yaml_get(item, key);
    return found != NULL ? found : item;
}

static bool has_tls(const struct decoy *decoy)
{
    for (size_t i = 0; i < decoy->listener_count; i++)
        if (decoy->listeners[i].tls != TLS_NONE)
            return true;
    return false;
}

/* ---- whose it is ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcasecmp(text + length - tail, end) == 0;
}

static void check_persona(struct checking *checking)
{
    static const char *const reserved[] = {"example", "example.com", "example.org", "example.net", "test", "invalid",
                                           "localhost"};
    const struct configuration *configuration = checking->configuration;
    const char *domain = configuration->domain;

    if (strncasecmp(configuration->organisation, "example", 7) == 0)
        check_tell(checking, CHECK_WARNING, "organisation", "", check_root(checking, "organisation"),
                   "write your organisation's name, as it stands on its pages and in its mails",
                   "\"%s\" looks like a manual's example: whoever sees it doubts the bait", configuration->organisation);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        size_t length = strlen(domain), tail = strlen(reserved[i]);

        if (ends_with(domain, reserved[i]) && (length == tail || domain[length - tail - 1] == '.'))
            check_tell(checking, CHECK_WARNING, "domain", domain, check_root(checking, "domain"),
                       "write a domain of your organisation's, in which the decoys' names can stand",
                       "%s is reserved for examples and tests: it resolves nowhere", domain);
    }
}

/* ---- names ---- */

static bool is_below(const char *name, const char *domain)
{
    size_t length = strlen(name), tail = strlen(domain);

    return strcasecmp(name, domain) == 0 ||
           (length > tail && name[length - tail - 1] == '.' && strcasecmp(name + length - tail, domain) == 0);
}

static bool share_listener(const struct decoy *a, const struct decoy *b)
{
    for (size_t i = 0; i < a->listener_count; i++)
        for (size_t k = 0; k < b->listener_count; k++)
            if (a->listeners[i].port == b->listeners[k].port)
                return true;
    return false;
}

static void check_twin(struct checking *checking, size_t index, size_t name)
{
    const struct configuration *configuration = checking->configuration;
    const struct decoy *decoy = &configuration->decoys[index];

    for (size_t i = 0; i <= index; i++) {
        const struct decoy *other = &configuration->decoys[i];

        for (size_t k = 0; k < (i == index ? name : other->name_count); k++)
            if (strcasecmp(other->names[k], decoy->names[name]) == 0)
                check_tell(checking, CHECK_WRONG, "names", decoy->name, name_at(checking, index, name),
                           "give each decoy names of its own", "%s stands twice, here and at %s%s", decoy->names[name],
                           other->name, i != index && share_listener(decoy, other)
                                            ? ": only one of the two can be reached by it" : "");
    }
}

static void check_names(struct checking *checking, size_t index)
{
    const struct configuration *configuration = checking->configuration;
    const struct decoy *decoy = &configuration->decoys[index];
    bool own = decoy->certificate[0] != '\0', tls = has_tls(decoy);
    struct address address;

    for (size_t k = 0; k < decoy->name_count; k++) {
        const char *name = decoy->names[k];

        check_twin(checking, index, k);
        if (address_parse(name, &address) == 0)
            check_tell(checking, CHECK_WARNING, "names", decoy->name, name_at(checking, index, k),
                       "give it a name; clients that are handed an address do not look like a company's",
                       "%s is an address, not a name", name);
        else if (configuration->domain[0] != '\0' && !is_below(name, configuration->domain))
            check_tell(checking, tls && !own ? CHECK_WRONG : CHECK_WARNING, "names", decoy->name,
                       name_at(checking, index, k),
                       "write a name below the domain, or give the decoy a certificate of your own",
                       "%s is not below %s%s", name, configuration->domain,
                       tls && !own ? ", and the installation's authority may only sign for names below that: clients "
                                     "refuse its certificate" : "");
    }
}

/* ---- listeners ---- */

static bool all_of_it(const struct network *network)
{
    struct network mapped;
    struct error ignored;

    return network->bits == 0 ||
           (network_parse("0.0.0.0/0", &mapped, &ignored) == 0 && network->bits <= mapped.bits &&
            network_holds(network, &mapped.address));
}

static void check_listeners(struct checking *checking, size_t index)
{
    const struct decoy *decoy = &checking->configuration->decoys[index];
    bool http = strcmp(decoy->service, "http") == 0;

    for (size_t i = 0; i < decoy->listener_count; i++)
        if (http && decoy->listeners[i].tls == TLS_STARTTLS)
            check_tell(checking, CHECK_WRONG, "listener", decoy->name, listener_at(checking, index, i, "tls"),
                       "write tls: tls, or tls: none for the plain port", "http knows no starttls");
    if (decoy->listener_count > 0 && !has_tls(decoy))
        check_tell(checking, CHECK_WARNING, "listener", decoy->name, check_entry(checking, "decoys", index, "listen"),
                   "add a listener with tls: tls", "it speaks no TLS, which no such service of a company does today");
    if (decoy->proxy && checking->configuration->proxy_count == 0)
        check_tell(checking, CHECK_WRONG, "proxy", decoy->name, check_entry(checking, "decoys", index, "proxy"),
                   "list the balancer's addresses under \"proxies:\"",
                   "it expects the PROXY protocol, but nobody is trusted to speak it: the balancer's header is taken "
                   "for the client's first bytes, and every client for the balancer");
}

/* Two of one product on one machine's address. */
static void check_together(struct checking *checking, size_t index)
{
    const struct configuration *configuration = checking->configuration;
    const struct decoy *decoy = &configuration->decoys[index];

    for (size_t i = 0; i < index; i++) {
        const struct decoy *other = &configuration->decoys[i];

        if (decoy->listener_count == 0 || other->listener_count == 0 ||
            strcmp(decoy->service, other->service) != 0 || strcmp(decoy->site, other->site) != 0 ||
            strcmp(decoy->listeners[0].address, other->listeners[0].address) != 0)
            continue;
        check_tell(checking, CHECK_WARNING, "together", decoy->name, check_entry(checking, "decoys", index, "site"),
                   "put one of them on an address of its own, or let it show another site",
                   "it is the same product as %s on the same address, which no machine has twice", other->name);
    }
}

static void check_proxies(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;
    const struct yaml *list = check_root(checking, "proxies");

    for (size_t i = 0; i < configuration->proxy_count; i++)
        if (all_of_it(&configuration->proxies[i]))
            check_tell(checking, CHECK_WRONG, "proxies", "", list->type == YAML_LIST ? list->items[i] : list,
                       "list the balancers' own addresses only",
                       "everybody is trusted to tell the client's address, so an attacker writes whose he likes");
}

/* ---- routes ---- */

static bool is_local(const char *url)
{
    static const char *const local[] = {"http://127.", "http://localhost", "http://[::1]"};

    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        if (strncmp(url, local[i], strlen(local[i])) == 0)
            return true;
    return false;
}

static void check_route(struct checking *checking, size_t index)
{
    const struct configuration *configuration = checking->configuration;
    const struct route *route = &configuration->routes[index];
    const struct yaml *url = check_entry(checking, "routes", index, "url");
    const char *host = strstr(route->url, "://"), *at = host != NULL ? strpbrk(host + 3, "@/") : NULL;

    if (strncmp(route->url, "http://", 7) == 0 && !is_local(route->url))
        check_tell(checking, CHECK_WARNING, "route", route->name, url, "use https://",
                   "alerts go over the network unencrypted: they tell who was robbed, and where");
    if (at != NULL && *at == '@')
        check_tell(checking, CHECK_WARNING, "route", route->name, url,
                   "leave it out: alerts are signed, which the receiver checks", "the URL holds a credential");
    for (size_t i = 0; i < route->allow_count; i++)
        if (all_of_it(&route->allow[i]))
            check_tell(checking, CHECK_WARNING, "route", route->name, check_entry(checking, "routes", index, "allow"),
                       "list the receiver's own addresses",
                       "every address is allowed, so a changed DNS record sends alerts anywhere");
    for (size_t i = 0; i < index; i++)
        if (strcmp(configuration->routes[i].url, route->url) == 0 && route->url[0] != '\0')
            check_tell(checking, CHECK_WARNING, "route", route->name, url, "leave one of them out",
                       "it is the same receiver as route %s: each alert comes twice", configuration->routes[i].name);
    if (route->pins[0] != '\0' && strncmp(route->pins, "sha256//", 8) != 0)
        check_tell(checking, CHECK_WRONG, "route", route->name, check_entry(checking, "routes", index, "pins"),
                   "write \"sha256//\" and the key's digest in base64", "\"pins\" is not as curl reads it");
}

/* ---- limits ---- */

static void check_limits(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;
    const struct yaml *retention = check_root(checking, "retention"), *budget = check_root(checking, "budget");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (configuration->retention_noise_s > configuration->retention_observations_s)
        check_tell(checking, CHECK_WARNING, "retention", "", yaml_get(retention, "noise"),
                   "keep observations at least as long", "noise is kept longer than evidence");
    if (configuration->retention_observations_s < 90LL * DAY)
        check_tell(checking, CHECK_WARNING, "retention", "", yaml_get(retention, "observations"),
                   "keep them for a year or more: break-ins are often found months later",
                   "evidence is erased after %lld days", (long long)(configuration->retention_observations_s / DAY));
    if (configuration->budget_noise < 16LL * MIB)
        check_tell(checking, CHECK_WARNING, "budget", "", yaml_get(budget, "noise"), "give it 64MiB or more",
                   "what scanners do is counted only after %lld MiB, so little of an attack's beginning is seen",
                   (long long)(configuration->budget_noise / MIB));
    if (configuration->budget_source_per_hour < 10)
        check_tell(checking, CHECK_WARNING, "budget", "", yaml_get(budget, "per-source"), "give it 100/h or more",
                   "of one source only %lld presentations an hour are kept", (long long)configuration->budget_source_per_hour);
    if (processors > 0 && configuration->workers > 4 * processors)
        check_tell(checking, CHECK_WARNING, "workers", "", check_root(checking, "workers"),
                   "write 1, or as many as there are processors", "%lld sensors for each service on %ld processors",
                   (long long)configuration->workers, processors);
}

void check_sense(struct checking *checking)
{
    const struct configuration *configuration = checking->configuration;

    check_persona(checking);
    check_proxies(checking);
    for (size_t i = 0; i < configuration->decoy_count; i++) {
        check_names(checking, i);
        check_listeners(checking, i);
        check_together(checking, i);
    }
    if (configuration->decoy_count == 0)
        check_tell(checking, CHECK_WRONG, "decoys", "", check_root(checking, "decoys"),
                   "add one; `sundew services` and `sundew sites` list what there is",
                   "there are none, so no use of a token is seen");
    for (size_t i = 0; i < configuration->route_count; i++)
        check_route(checking, i);
    if (configuration->route_count == 0)
        check_tell(checking, CHECK_WRONG, "routes", "", check_root(checking, "routes"),
                   "add one: a name with url and secret (sundew.yaml(5))", "there are none, so nobody is told of a use");
    check_limits(checking);
}
