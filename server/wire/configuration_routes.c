/* SPDX-License-Identifier: ISC
 *
 * "routes": of sundew.yaml. */
#include <stdlib.h>
#include <string.h>
#include "server/base/paths.h"
#include "server/base/yaml.h"
#include "server/wire/loading.h"

static const char *const formats[] = {
#define FORMAT(symbol, name, summary) name,
#include "server/wire/tables/formats.def"
#undef FORMAT
    NULL};

static int check_route(struct loading *loading, const struct yaml *map, const struct route *route)
{
    bool plain = strncmp(route->url, "http://", 7) == 0;

    if (!loading_listed(formats, route->format) &&
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

int loading_routes(struct loading *loading, const struct yaml *root)
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
