/* SPDX-License-Identifier: ISC
 *
 * sundew.yaml → struct configuration, with faults that say where and what to do. */
#include "server/wire/configuration.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/wire/loading.h"

int loading_note(struct loading *loading, int result)
{
    if (result == 0 || loading->faults == NULL)
        return result;
    loading->faults->fault(loading->error->text, loading->faults->context);
    loading->faulty = true;
    return 0;
}

static const char *const services[] = {
#define SERVICE(symbol, name, summary, plain, tls) name,
#include "server/wire/tables/services.def"
#undef SERVICE
    NULL};

static const char *const formats[] = {
#define FORMAT(symbol, name, summary) name,
#include "server/wire/tables/formats.def"
#undef FORMAT
    NULL};

static const struct {
    const char *map, *name;
} keys[] = {
#define KEY(map, name, value, standard, explanation) {#map, name},
#include "server/wire/tables/keys.def"
#undef KEY
};

#define KEYS (sizeof keys / sizeof keys[0])

int loading_memory(struct loading *loading)
{
    return error_set(loading->error, "out of memory");
}

int loading_keys(struct loading *loading, const struct yaml *map, const char *type)
{
    const char *names[KEYS + 1];
    size_t count = 0;
    bool known = true;

    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].map, type) == 0)
            names[count++] = keys[i].name;
    names[count] = NULL;
    for (size_t i = 0; loading->faults != NULL && map->type == YAML_MAP && i < map->count; i++) {
        struct yaml one = *map;
        int result;

        one.count = 1;
        one.keys = &map->keys[i];
        result = yaml_only(&one, names, loading->error);
        known = known && result == 0;
        (void)loading_note(loading, result);
    }
    return known ? loading_note(loading, yaml_only(map, names, loading->error)) : 0;
}

int loading_text(struct loading *loading, const struct yaml *map, const char *key, const char *standard, char **out)
{
    const char *text = standard;

    int result = yaml_text(map, key, &text, loading->error);

    if (result == 0 && text == NULL)
        result = yaml_fault(map, loading->error, "\"%s\" is missing here", key);
    free(*out);
    *out = strdup(text != NULL ? text : "");
    if (*out == NULL)
        return loading_memory(loading);
    return loading_note(loading, result);
}

int loading_path(struct loading *loading, const struct yaml *map, const char *key, const char *standard, char **out)
{
    char *relative = NULL;
    int result = loading_text(loading, map, key, standard, &relative);

    if (result == 0) {
        free(*out);
        *out = relative[0] == '\0' ? strdup("") : paths_join(loading->folder, relative);
        if (*out == NULL)
            result = loading_memory(loading);
    }
    free(relative);
    return result;
}

int loading_texts(struct loading *loading, const struct yaml *node, const char *what, char ***texts, size_t *count)
{
    size_t n = node->type == YAML_LIST ? node->count : 1;

    if (node->type == YAML_MAP)
        return yaml_fault(node, loading->error, "%s must be a list of texts", what);
    *texts = calloc(n + 1, sizeof **texts);
    if (*texts == NULL)
        return loading_memory(loading);
    for (*count = 0; *count < n; (*count)++) {
        const struct yaml *item = node->type == YAML_LIST ? node->items[*count] : node;

        if (item->type != YAML_TEXT)
            return yaml_fault(item, loading->error, "%s must be a list of texts", what);
        (*texts)[*count] = strdup(item->text);
        if ((*texts)[*count] == NULL)
            return loading_memory(loading);
    }
    return 0;
}

int loading_networks(struct loading *loading, const struct yaml *map, const char *key, struct network **networks,
                     size_t *count)
{
    const struct yaml *node = yaml_get(map, key);
    struct error why;

    if (node == NULL)
        return 0;
    if (node->type != YAML_LIST)
        return loading_note(loading, yaml_fault(node, loading->error,
                                        "\"%s\" must be a list of networks, such as [192.0.2.0/24]", key));
    *networks = calloc(node->count + 1, sizeof **networks);
    if (*networks == NULL)
        return loading_memory(loading);
    for (*count = 0; *count < node->count; (*count)++) {
        const struct yaml *item = node->items[*count];

        int result = 0;

        if (item->type != YAML_TEXT)
            result = yaml_fault(item, loading->error, "expected a network, such as 192.0.2.0/24");
        else if (network_parse(item->text, &(*networks)[*count], &why) < 0)
            result = yaml_fault(item, loading->error, "%s", why.text);
        if (loading_note(loading, result) < 0)
            return -1;
    }
    return 0;
}

static int take_tls(struct loading *loading, const struct yaml *map, enum tls_mode *tls)
{
    const char *text = "none";

    if (yaml_text(map, "tls", &text, loading->error) < 0)
        return -1;
    for (int mode = TLS_NONE; mode <= TLS_STARTTLS; mode++) {
        if (strcmp(text, tls_mode_name((enum tls_mode)mode)) == 0) {
            *tls = (enum tls_mode)mode;
            return 0;
        }
    }
    return yaml_fault(yaml_get(map, "tls"), loading->error, "\"tls\" must be none, tls or starttls");
}

static int take_port(struct loading *loading, const struct yaml *map, uint16_t *out)
{
    int64_t port = 0;

    if (yaml_integer(map, "port", 1, 65535, &port, loading->error) < 0)
        return -1;
    if (port == 0)
        return yaml_fault(map, loading->error, "\"port\" is missing here");
    *out = (uint16_t)port;
    return 0;
}

static int take_listener(struct loading *loading, const struct yaml *node, struct listener *listener)
{
    struct address address;

    if (loading_keys(loading, node, "listener") < 0 ||
        loading_text(loading, node, "address", "::", &listener->address) < 0 ||
        loading_note(loading, take_port(loading, node, &listener->port)) < 0 ||
        loading_note(loading, take_tls(loading, node, &listener->tls)) < 0)
        return -1;
    if (listener->address[0] != '\0' && address_parse(listener->address, &address) < 0)
        return loading_note(loading, yaml_fault(yaml_get(node, "address"), loading->error,
                                        "\"%s\" is no IPv4 or IPv6 address", listener->address));
    return 0;
}

static int take_listeners(struct loading *loading, const struct yaml *map, struct decoy *decoy)
{
    const struct yaml *list = yaml_get(map, "listen");

    if (list == NULL || list->type != YAML_LIST || list->count == 0)
        return loading_note(loading, yaml_fault(list == NULL ? map : list, loading->error, "decoy %s needs \"listen\": a list "
                                        "such as [{address: \"::\", port: 443, tls: tls}]", decoy->name));
    decoy->listeners = calloc(list->count, sizeof *decoy->listeners);
    if (decoy->listeners == NULL)
        return loading_memory(loading);
    for (size_t i = 0; i < list->count; i++) {
        decoy->listener_count = i + 1;
        if (take_listener(loading, list->items[i], &decoy->listeners[i]) < 0)
            return -1;
    }
    return 0;
}

static bool listed(const char *const *list, const char *name)
{
    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

/* An http decoy's site must be a folder with a site.yaml: the data's, or the operator's own by path. */
static int check_site(struct loading *loading, const struct yaml *map, struct decoy *decoy)
{
    char *folder = NULL, *file = NULL, *sites = paths_join(paths_data(), "site");
    const struct yaml *node = yaml_get(map, "site");
    int result = -1;

    if (sites != NULL)
        folder = paths_join(strchr(decoy->site, '/') != NULL ? loading->folder : sites, decoy->site);
    if (folder != NULL)
        file = paths_join(folder, "site.yaml");
    if (file == NULL)
        loading_memory(loading);
    else if (decoy->site[0] == '\0')
        yaml_fault(map, loading->error, "decoy %s needs \"site\"; `sundew sites` lists them", decoy->name);
    else if (access(file, R_OK) < 0)
        yaml_fault(node, loading->error, "there is no site %s (%s cannot be read); `sundew sites` lists them",
                   decoy->site, file);
    else
        result = 0;
    if (result == 0 && strchr(decoy->site, '/') != NULL) {
        free(decoy->site);
        decoy->site = folder;
        folder = NULL;
    }
    free(sites);
    free(folder);
    free(file);
    return result;
}

/* Does some route of the decoy's site say what the right secret opens? What else is wrong with it, the sensor says. */
static bool site_lets_in(const struct decoy *decoy)
{
    char *sites = paths_join(paths_data(), "site");
    char *folder = sites == NULL ? NULL : paths_join(sites, decoy->site);
    char *file = folder == NULL ? NULL : paths_join(folder, "site.yaml");
    struct yaml *root = NULL;
    const struct yaml *routes;
    struct error ignored;
    bool does = false;

    if (file != NULL && yaml_load_file(file, &root, &ignored) == 0 && (routes = yaml_get(root, "routes")) != NULL &&
        routes->type == YAML_LIST)
        for (size_t i = 0; !does && i < routes->count; i++)
            does = routes->items[i]->type == YAML_MAP && yaml_get(routes->items[i], "granted") != NULL;
    yaml_discard(root);
    free(file);
    free(folder);
    free(sites);
    return does;
}

static int check_grant(struct loading *loading, const struct yaml *map, const struct decoy *decoy)
{
    bool site = strcmp(decoy->service, "http") == 0;

    if (!decoy->grant || (site && site_lets_in(decoy)))
        return 0;
    return loading_note(loading, yaml_fault(yaml_get(map, "grant"), loading->error,
                                            "%s let anybody in; write \"grant: no\"",
                                            site ? "no form of this site can" : "only a site can"));
}

/* DECOY.DOMAIN, where that is a host name and the domain is there. */
static int name_decoy(struct loading *loading, const struct yaml *map, struct decoy *decoy)
{
    const char *domain = loading->configuration->domain;

    decoy->names = calloc(2, sizeof *decoy->names);
    if (decoy->names == NULL || asprintf(&decoy->names[0], "%s.%s", decoy->name, domain) < 0)
        return loading_memory(loading);
    decoy->name_count = 1;
    return loading_host_name(decoy->names[0])
               ? 0
               : loading_note(loading, yaml_fault(map, loading->error, "\"%s\" is no host name; give decoy %s "
                                                  "\"names\"", decoy->names[0], decoy->name));
}

static int take_names(struct loading *loading, const struct yaml *map, struct decoy *decoy)
{
    const struct yaml *node = yaml_get(map, "names");

    if (node == NULL)
        return name_decoy(loading, map, decoy);
    if (node->type == YAML_LIST && node->count == 0)
        return loading_note(loading, yaml_fault(map, loading->error, "decoy %s needs \"names\": the host names that reach it",
                                        decoy->name));
    if (loading_note(loading, loading_texts(loading, node, "\"names\"", &decoy->names, &decoy->name_count)) < 0)
        return -1;
    for (size_t i = 0; i < decoy->name_count; i++)
        if (!loading_host_name(decoy->names[i]) &&
            loading_note(loading, yaml_fault(node->type == YAML_LIST ? node->items[i] : node, loading->error,
                                     "\"%s\" is no host name", decoy->names[i])) < 0)
            return -1;
    return 0;
}

static int take_decoy(struct loading *loading, const struct yaml *key, const struct yaml *map, struct decoy *decoy)
{
    decoy->name = strdup(key->text);
    if (decoy->name == NULL)
        return loading_memory(loading);
    if ((key->text[0] == '\0' || strlen(key->text) > 63) &&
        loading_note(loading, yaml_fault(key, loading->error, "a decoy's name has 1 to 63 characters")) < 0)
        return -1;
    if (loading_keys(loading, map, "decoy") < 0 || loading_text(loading, map, "service", NULL, &decoy->service) < 0 ||
        loading_text(loading, map, "site", "", &decoy->site) < 0 ||
        loading_text(loading, map, "isolate", "", &decoy->isolate) < 0 ||
        loading_path(loading, map, "certificate", "", &decoy->certificate) < 0 ||
        loading_path(loading, map, "key", "", &decoy->key) < 0 ||
        loading_note(loading, yaml_bool(map, "grant", &decoy->grant, loading->error)) < 0 ||
        loading_note(loading, yaml_bool(map, "proxy", &decoy->proxy, loading->error)) < 0 ||
        take_names(loading, map, decoy) < 0 ||
        take_listeners(loading, map, decoy) < 0)
        return -1;
    if (decoy->service[0] != '\0' && !listed(services, decoy->service) &&
        loading_note(loading, yaml_fault(yaml_get(map, "service"), loading->error,
                                 "there is no service \"%s\"; `sundew services` lists them", decoy->service)) < 0)
        return -1;
    if ((decoy->certificate[0] == '\0') != (decoy->key[0] == '\0') &&
        loading_note(loading, yaml_fault(map, loading->error, "\"certificate\" and \"key\" go together")) < 0)
        return -1;
    if (strcmp(decoy->service, "http") == 0 && loading_note(loading, check_site(loading, map, decoy)) < 0)
        return -1;
    return check_grant(loading, map, decoy);
}

static int take_decoys(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;
    const struct yaml *map = yaml_get(root, "decoys");

    if (map == NULL)
        return 0;
    if (map->type != YAML_MAP)
        return yaml_fault(map, loading->error, "\"decoys\" must be a map of names");
    configuration->decoys = calloc(map->count + 1, sizeof *configuration->decoys);
    if (configuration->decoys == NULL)
        return loading_memory(loading);
    for (size_t i = 0; i < map->count; i++) {
        configuration->decoy_count = i + 1;
        if (take_decoy(loading, map->keys[i], map->items[i], &configuration->decoys[i]) < 0)
            return -1;
        for (size_t j = 0; j < i; j++)
            if (strcmp(configuration->decoys[j].name, configuration->decoys[i].name) == 0 &&
                loading_note(loading, yaml_fault(map->keys[i], loading->error, "decoy %s stands here twice",
                                         configuration->decoys[i].name)) < 0)
                return -1;
    }
    return 0;
}

static int check_route(struct loading *loading, const struct yaml *map, const struct route *route)
{
    bool plain = strncmp(route->url, "http://", 7) == 0;

    if (!listed(formats, route->format) &&
        loading_note(loading, yaml_fault(yaml_get(map, "format"), loading->error,
                                 "there is no format \"%s\"; `sundew formats` lists them", route->format)) < 0)
        return -1;
    if (route->url[0] != '\0' && !plain && strncmp(route->url, "https://", 8) != 0 &&
        loading_note(loading, yaml_fault(yaml_get(map, "url"), loading->error,
                                 "\"url\" must begin with https:// (or http:// on a trusted network)")) < 0)
        return -1;
    if (strstr(route->url, "://") != NULL && !loading_has_host(route->url) &&
        loading_note(loading, yaml_fault(yaml_get(map, "url"), loading->error,
                                 "\"%s\" names no host and port; write one such as https://soc.corp.example/hook",
                                 route->url)) < 0)
        return -1;
    if (plain && route->allow_count == 0 &&
        loading_note(loading, yaml_fault(map, loading->error, "a plain http:// route needs \"allow\" with the receiver's "
                                                      "address")) < 0)
        return -1;
    if ((route->certificate[0] == '\0') != (route->key[0] == '\0'))
        return loading_note(loading, yaml_fault(map, loading->error, "\"certificate\" and \"key\" go together"));
    return 0;
}

static int take_secrets(struct loading *loading, const struct yaml *map, struct route *route)
{
    const struct yaml *secret = yaml_get(map, "secret");

    if (secret == NULL)
        return yaml_fault(map, loading->error, "route %s needs \"secret\": the file with its signing key", route->name);
    if (loading_texts(loading, secret, "\"secret\"", &route->secrets, &route->secret_count) < 0)
        return -1;
    if (route->secret_count == 0 || route->secret_count > 4)
        return yaml_fault(secret, loading->error, "\"secret\" takes one to four files");
    return 0;
}

/* Often enough that silence is noticed, not so often that alerts wait behind it. */
static int take_heartbeat(struct loading *loading, const struct yaml *map, struct route *route)
{
    if (yaml_get(map, "heartbeat") == NULL)
        return 0;
    if (yaml_duration(map, "heartbeat", &route->heartbeat_s, loading->error) < 0)
        return -1;
    if (route->heartbeat_s >= 60 && route->heartbeat_s <= 7 * 86400)
        return 0;
    route->heartbeat_s = 0;
    return yaml_fault(yaml_get(map, "heartbeat"), loading->error, "\"heartbeat\" takes from 1m to 7d");
}

static int take_route(struct loading *loading, const struct yaml *key, const struct yaml *map, struct route *route)
{
    route->name = strdup(key->text);
    if (route->name == NULL)
        return loading_memory(loading);
    if ((key->text[0] == '\0' || strlen(key->text) > 63) &&
        loading_note(loading, yaml_fault(key, loading->error, "a route's name has 1 to 63 characters")) < 0)
        return -1;
    if (loading_keys(loading, map, "route") < 0 ||
        loading_text(loading, map, "format", "cloudevents", &route->format) < 0 ||
        loading_text(loading, map, "url", NULL, &route->url) < 0 || loading_path(loading, map, "ca", "", &route->ca) < 0 ||
        loading_path(loading, map, "certificate", "", &route->certificate) < 0 ||
        loading_path(loading, map, "key", "", &route->key) < 0 || loading_text(loading, map, "pins", "", &route->pins) < 0 ||
        loading_networks(loading, map, "allow", &route->allow, &route->allow_count) < 0)
        return -1;
    if (loading_note(loading, take_secrets(loading, map, route)) < 0 ||
        loading_note(loading, take_heartbeat(loading, map, route)) < 0)
        return -1;
    for (size_t i = 0; i < route->secret_count; i++) {
        char *absolute = paths_join(loading->folder, route->secrets[i]);

        if (absolute == NULL)
            return loading_memory(loading);
        free(route->secrets[i]);
        route->secrets[i] = absolute;
    }
    return check_route(loading, map, route);
}

static int take_routes(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;
    const struct yaml *map = yaml_get(root, "routes");

    if (map == NULL)
        return 0;
    if (map->type != YAML_MAP)
        return yaml_fault(map, loading->error, "\"routes\" must be a map of names");
    configuration->routes = calloc(map->count + 1, sizeof *configuration->routes);
    if (configuration->routes == NULL)
        return loading_memory(loading);
    for (size_t i = 0; i < map->count; i++) {
        configuration->route_count = i + 1;
        if (take_route(loading, map->keys[i], map->items[i], &configuration->routes[i]) < 0)
            return -1;
    }
    return 0;
}

static int take_all(struct loading *loading, const struct yaml *root)
{
    struct configuration *configuration = loading->configuration;

    if (loading_keys(loading, root, "root") < 0 ||
        loading_text(loading, root, "organisation", NULL, &configuration->organisation) < 0 ||
        loading_text(loading, root, "domain", NULL, &configuration->domain) < 0 ||
        loading_house(loading, root) < 0 ||
        loading_text(loading, root, "language", "en", &configuration->language) < 0 ||
        loading_path(loading, root, "state", "state", &configuration->state) < 0 ||
        loading_note(loading, loading_key(loading, root)) < 0 ||
        loading_text(loading, root, "operators", "", &configuration->operators) < 0 || loading_users(loading, root) < 0 ||
        loading_networks(loading, root, "proxies", &configuration->proxies, &configuration->proxy_count) < 0 ||
        loading_note(loading, take_decoys(loading, root)) < 0 ||
        loading_referrals(loading, root) < 0 || loading_note(loading, take_routes(loading, root)) < 0 ||
        loading_note(loading, loading_accounts(loading, root)) < 0 ||
        loading_limits(loading, root) < 0)
        return -1;
    if (strcmp(configuration->language, "en") != 0 && strcmp(configuration->language, "fr") != 0 &&
        loading_note(loading, yaml_fault(yaml_get(root, "language"), loading->error, "\"language\" must be en or fr")) < 0)
        return -1;
    return loading_collisions(loading, root);
}

static int load(const char *file, const struct configuration_faults *faults, struct configuration **configuration,
                struct error *error)
{
    struct loading loading = {.error = error, .faults = faults};
    struct yaml *root = NULL;
    char *slash;
    int result = -1;

    loading.configuration = calloc(1, sizeof *loading.configuration);
    if (loading.configuration == NULL)
        return error_set(error, "out of memory");
    loading.configuration->file = realpath(file, NULL);
    if (loading.configuration->file == NULL) {
        error_errno(error, "cannot open the configuration %s (give it by -c FILE, or make an installation by `sundew init DIR`)",
                    file);
        goto out;
    }
    loading.folder = strdup(loading.configuration->file);
    if (loading.folder == NULL || (slash = strrchr(loading.folder, '/')) == NULL) {
        loading_memory(&loading);
        goto out;
    }
    slash[slash == loading.folder ? 1 : 0] = '\0';
    if (yaml_load_file(file, &root, error) == 0)
        result = take_all(&loading, root);
out:
    yaml_discard(root);
    free(loading.folder);
    if (result == 0)
        *configuration = loading.configuration;
    else
        configuration_free(loading.configuration);
    return result;
}

int configuration_load(const char *file, struct configuration **configuration, struct error *error)
{
    return load(file, NULL, configuration, error);
}

int configuration_examine(const char *file, const struct configuration_faults *faults,
                          struct configuration **configuration, struct error *error)
{
    return load(file, faults, configuration, error);
}

const char *configuration_file(const char *given)
{
    const char *variable = getenv("SUNDEW_CONFIG");

    if (given != NULL)
        return given;
    if (variable != NULL && variable[0] != '\0')
        return variable;
    return access("./sundew.yaml", F_OK) == 0 ? "./sundew.yaml" : "/etc/sundew/sundew.yaml";
}
