/* SPDX-License-Identifier: ISC
 *
 * "decoys": of sundew.yaml. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/wire/loading.h"

static const char *const services[] = {
#define SERVICE(symbol, name, summary, plain, tls) name,
#include "server/wire/tables/services.def"
#undef SERVICE
    NULL};

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
    if (decoy->service[0] != '\0' && !loading_listed(services, decoy->service) &&
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

int loading_decoys(struct loading *loading, const struct yaml *root)
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
